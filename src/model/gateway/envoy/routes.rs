//! Routes of Envoy: virtual hosts, matches and actions. The first route of a virtual host that matches wins.

use std::collections::HashMap;

use super::super::host::{Depth, HostPattern};
use super::super::path::{Anchoring, Flavour, PathPattern, Trick};
use super::super::routes::Policy;
use super::super::{
    Action, Admin, Applied, Gateway, LimitInForce, Methods, Node, Path, PathGuard, Power, Precedence, Rewrite, Route,
    Scope, Set, Stated, Upstream,
};
use super::filters::{self, Filter, Layer};
use super::texts::Matcher;
use super::{World, jwt, limits};
use crate::model::Why;
use crate::span::{At, Place};

/// What a listener says of its connection manager.
pub(super) struct ManagerFacts {
    pub(super) listener: u32,
    /// The address of the listener.
    pub(super) place: Place,
    pub(super) public: bool,
    pub(super) plaintext: bool,
    /// Access policies of the filters before it.
    pub(super) network: Vec<Applied>,
    /// A filter before it that may refuse connections, in a way that is not read.
    pub(super) unread: Option<(Why, Place)>,
}

/// A connection manager, and what its routes share.
pub(super) struct Manager<'s, 'w> {
    pub(super) world: &'w World<'s>,
    pub(super) node: Node<'s>,
    pub(super) facts: ManagerFacts,
    pub(super) filters: Vec<Filter<'s>>,
    /// Whether there are filters that are not looked at.
    pub(super) cut: bool,
    /// Rules of the filters that verify tokens, by the number of the filter.
    pub(super) tokens: HashMap<usize, jwt::Tokens<'s>>,
    /// Policies by what defines them.
    pub(super) made: HashMap<(Policy, At), u32>,
    /// Paths that rules of access refuse, by what defines them.
    pub(super) refused: HashMap<At, Vec<PathGuard>>,
    /// Whether a later check refuses requests without a verified client certificate.
    pub(super) checks_certificate: bool,
    /// Whether a rate is counted by the address of the client.
    pub(super) counts_by_address: bool,
    limits: Vec<LimitInForce>,
    logged: Set<bool>,
    upgrades: bool,
    spellings: Vec<Trick>,
}

impl<'s, 'w> Manager<'s, 'w> {
    pub(super) fn new(world: &'w World<'s>, node: Node<'s>, facts: ManagerFacts, gateway: &mut Gateway) -> Self {
        let (filters, cut) = filters::read(node);
        let log = node.get("access_log");
        let mut manager = Self {
            world,
            node,
            filters,
            cut,
            tokens: HashMap::new(),
            made: HashMap::new(),
            refused: HashMap::new(),
            checks_certificate: false,
            counts_by_address: false,
            limits: limits::of_manager(node, gateway),
            logged: log.map_or(Set::default(false, facts.place), |log| Set::written(true, log.key_place())),
            upgrades: upgrades(node),
            spellings: spellings(node),
            facts,
        };
        manager.note_filters(gateway);
        manager
    }

    /// Reads a route configuration.
    pub(super) fn routes(&mut self, config: Node<'s>, gateway: &mut Gateway) {
        let whole = Layer::of(config, Scope::Listener, &self.filters);
        for host in config.list("virtual_hosts") {
            let domains = Domains::read(host);
            let layer = Layer::of(host, Scope::Host, &self.filters);
            for (order, route) in host.list("routes").into_iter().enumerate() {
                if gateway.is_full(route.place()) {
                    return;
                }
                self.route(route, order, host, &domains, [&layer, &whole], gateway);
            }
        }
    }

    fn route(
        &mut self,
        node: Node<'s>,
        order: usize,
        host: Node<'s>,
        domains: &Domains,
        outer: [&Layer<'s>; 2],
        gateway: &mut Gateway,
    ) {
        let matched = Match::read(node.get("match"), node);
        let mut route = route(node, order, &matched, domains);
        route.listeners = Stated::Known(vec![self.facts.listener]);
        let secured = matches!(host.str("require_tls"), Some("ALL" | "EXTERNAL_ONLY"));
        route.plaintext = Stated::Known(self.facts.plaintext && !secured);
        route.access_log = Stated::Known(self.logged.clone());
        route.spellings = Stated::Known(self.spellings.clone());
        let own = Layer::of(node, Scope::Route, &self.filters);
        let layers = [&own, outer[0], outer[1]];
        self.apply(&mut route, node, host, &matched, &layers, gateway);
        if let Some(action) = node.get("route") {
            route.streams |= self.upgrades || upgrades(action);
            route.limits.extend(limits::of_route(action, &self.limits, gateway));
            route.upstreams = self.upstreams(action, &layers, gateway);
            self.note_admin(action, &route, gateway);
        }
        gateway.add_route(route);
    }

    /// The upstreams of a route: those that a fixed host is set for are not chosen by the client.
    fn upstreams(&self, action: Node<'s>, layers: &[&Layer<'s>], gateway: &mut Gateway) -> Vec<u32> {
        let mut found = upstreams(self.world, action, gateway);
        let proxy = self.filters.iter().position(|filter| filter.kind == "dynamic_forward_proxy");
        let fixed = proxy.and_then(|number| match filters::in_force(number, &self.filters[number], layers) {
            filters::InForce::Replaced(config, _) => config.get("host_rewrite_literal"),
            _ => None,
        });
        if let Some(fixed) = fixed {
            for number in &mut found {
                let upstream = &gateway.upstreams[*number as usize];
                if upstream.chosen_by_client.is_some() {
                    let host = fixed.text().unwrap_or_default();
                    let hosts = vec![host.split(':').next().unwrap_or(host).to_owned()];
                    let upstream = Upstream { chosen_by_client: None, hosts, place: fixed.place(), ..upstream.clone() };
                    *number = gateway.add_upstream(upstream);
                }
            }
        }
        found
    }

    /// Notes the administration interface, if a route leads to its port.
    fn note_admin(&self, action: Node<'s>, route: &Route, gateway: &mut Gateway) {
        let leads = action.str("cluster").is_some_and(|cluster| self.world.admin_clusters.contains(cluster));
        if !leads {
            return;
        }
        // A prefix only lets in what is below it.
        let start = route.paths.first().map(|path| path.pattern.literal_prefix()).unwrap_or_default();
        let power = match start.as_str() {
            "/ready" => Power::Ping,
            _ if ["/stats", "/server_info", "/clusters", "/certs", "/listeners", "/config_dump"]
                .iter()
                .any(|read| start.starts_with(read)) =>
            {
                Power::Read
            }
            _ => Power::Change,
        };
        let protected = !matches!(&route.auth, Stated::Absent) || !matches!(&route.access, Stated::Absent);
        gateway.admins.push(Admin {
            name: "admin interface of Envoy".to_owned(),
            place: route.place,
            power,
            bind: Stated::Absent,
            route: Some(gateway.routes.len() as u32),
            protected: Stated::Known(protected || !self.facts.public),
            published: Stated::Absent,
        });
    }
}

/// Routes of a list that no listener in view uses: what filters do with them is out of view.
pub(super) fn without_listener(world: &World<'_>, config: Node<'_>, gateway: &mut Gateway) {
    for host in config.list("virtual_hosts") {
        let domains = Domains::read(host);
        for (order, node) in host.list("routes").into_iter().enumerate() {
            if gateway.is_full(node.place()) {
                return;
            }
            let matched = Match::read(node.get("match"), node);
            let mut route = route(node, order, &matched, &domains);
            let place = config.get("name").map(Node::place);
            route.listeners = Stated::Unknown(Why::Elsewhere, place);
            route.plaintext = Stated::Unknown(Why::Elsewhere, place);
            route.auth = Stated::Unknown(Why::Elsewhere, place);
            route.access = Stated::Unknown(Why::Elsewhere, place);
            route.rates = Stated::Unknown(Why::Elsewhere, place);
            route.cors = Stated::Unknown(Why::Elsewhere, place);
            route.access_log = Stated::Unknown(Why::Elsewhere, place);
            if let Some(action) = node.get("route") {
                route.streams |= upgrades(action);
                route.limits.extend(limits::of_route(action, &[], gateway));
                route.upstreams = upstreams(world, action, gateway);
            }
            gateway.add_route(route);
        }
    }
}

/// What stands in a route itself.
fn route(node: Node<'_>, order: usize, matched: &Match, domains: &Domains) -> Route {
    let name = node.get("name").filter(|name| name.text().is_some_and(|name| !name.is_empty()));
    let place = name.map_or(matched.place, Node::place);
    let shown = name.and_then(Node::text).map_or_else(|| super::super::path_text(&matched.path), str::to_owned);
    let mut route = Route::new(shown, place);
    route.hosts.clone_from(&domains.hosts);
    route.paths = vec![Path { pattern: matched.path.clone(), place: matched.place }];
    route.methods = matched.methods.clone();
    route.conditions.clone_from(&matched.conditions);
    let (kind, length) = domains.rank;
    route.precedence = Precedence::Rank(vec![kind, length, -(order as i64)]);
    route.streams = matched.is_grpc;
    (route.action, route.rewrite) = action(node, &matched.path);
    route
}

fn action(node: Node<'_>, path: &PathPattern) -> (Action, Rewrite) {
    if let Some(route) = node.get("route") {
        let whole = matches!(path.language, super::super::path::Language::Exact(_));
        let rewrite = match route.str("prefix_rewrite") {
            Some(text) if whole => Rewrite::Whole(text.to_owned()),
            Some(text) => Rewrite::Prefix(text.to_owned()),
            None if route.get("regex_rewrite").is_some() || route.get("path_rewrite_policy").is_some() => {
                Rewrite::Unknown
            }
            None => Rewrite::None,
        };
        return (Action::Proxy, rewrite);
    }
    if let Some(redirect) = node.get("redirect") {
        let to_https = redirect.is_true("https_redirect") || redirect.str("scheme_redirect") == Some("https");
        return (if to_https { Action::HttpsRedirect } else { Action::Redirect }, Rewrite::None);
    }
    if let Some(answer) = node.get("direct_response") {
        let status = answer.get("status").and_then(Node::number).unwrap_or(200.0);
        return (if status >= 400.0 { Action::Refuse } else { Action::Respond }, Rewrite::None);
    }
    (Action::Unknown, Rewrite::None)
}

/// Upstreams by the clusters that an action names.
fn upstreams(world: &World<'_>, action: Node<'_>, gateway: &mut Gateway) -> Vec<u32> {
    if let Some(cluster) = action.get("cluster") {
        return world.upstream(cluster, gateway).into_iter().collect();
    }
    if let Some(header) = action.get("cluster_header") {
        let name = header.text().unwrap_or_default();
        let mut upstream = Upstream::new(format!("cluster named by the header {name}"), header.place());
        upstream.chosen_by_client = Some((header.place(), format!("the header `{name}`")));
        return vec![gateway.add_upstream(upstream)];
    }
    let weighted = action.get("weighted_clusters").map_or_else(Vec::new, |weighted| weighted.list("clusters"));
    let mut found: Vec<u32> = Vec::new();
    for cluster in weighted {
        if let Some(number) = cluster.get("name").and_then(|name| world.upstream(name, gateway))
            && !found.contains(&number)
        {
            found.push(number);
        }
    }
    found
}

/// Paths are compared as they come, unless the connection manager is told to normalise them:
/// <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/header_sanitizing>.
fn spellings(manager: Node<'_>) -> Vec<Trick> {
    let mut tricks = vec![Trick::TrailingSlash];
    if !manager.is_true("merge_slashes") {
        tricks.push(Trick::DoubleSlash);
    }
    if keeps_escaped_slashes(manager) {
        tricks.push(Trick::EscapedSlash);
    }
    if !manager.is_true("normalize_path") {
        tricks.extend([Trick::Dot, Trick::DotDot]);
    }
    tricks.extend([Trick::Semicolon, Trick::Case]);
    tricks
}

/// Whether slashes that are escaped stay so: nothing else is done unless it is said.
pub(super) fn keeps_escaped_slashes(manager: Node<'_>) -> bool {
    let action = manager.str("path_with_escaped_slashes_action");
    action.is_none_or(|action| matches!(action, "KEEP_UNCHANGED" | "IMPLEMENTATION_SPECIFIC_DEFAULT"))
}

/// Whether upgrades, of WebSocket for one, are let through.
fn upgrades(node: Node<'_>) -> bool {
    node.list("upgrade_configs").into_iter().any(|upgrade| upgrade.flag("enabled") != Some(false))
}

/// The hosts of a virtual host. The most specific virtual host is chosen first, then a route in it.
struct Domains {
    hosts: Vec<HostPattern>,
    rank: (i64, i64),
}

impl Domains {
    fn read(host: Node<'_>) -> Self {
        let domains = host.list("domains").into_iter().filter_map(Node::text).map(|domain| {
            // A port may follow, and no address of version 6 ends in one without brackets.
            let bare = match domain.rsplit_once(':') {
                Some((name, port)) if !port.is_empty() && port.bytes().all(|c| c.is_ascii_digit() || c == b'*') => name,
                _ => domain,
            };
            HostPattern::wildcard(bare, Depth::Many)
        });
        let mut hosts: Vec<HostPattern> = domains.collect();
        // The same name with several ports.
        hosts.dedup();
        // Two virtual hosts meet where the least specific domain of one meets the other.
        let (kind, length) = hosts.iter().map(HostPattern::specificity).min().unwrap_or((0, 0));
        if hosts.contains(&HostPattern::Any) {
            hosts.clear();
        }
        Self { hosts, rank: (i64::from(kind), length as i64) }
    }
}

/// What a route or a rule matches: <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-routematch>.
#[derive(Clone)]
pub(super) struct Match {
    pub(super) path: PathPattern,
    /// What says the path.
    pub(super) place: Place,
    pub(super) methods: Stated<Methods>,
    /// Further conditions.
    pub(super) conditions: Vec<Place>,
    is_grpc: bool,
}

impl Match {
    /// Reads a `RouteMatch`; `owner` stands for one that is missing.
    pub(super) fn read(node: Option<Node<'_>>, owner: Node<'_>) -> Self {
        let first = owner.children().next().map_or(owner.place(), Node::key_place);
        let mut found = Self {
            path: PathPattern::any(),
            place: node.map_or(first, Node::key_place),
            methods: Stated::Known(Methods::All),
            conditions: Vec::new(),
            is_grpc: false,
        };
        let Some(node) = node else { return found };
        if let Some((path, value)) = path(node) {
            found.path = path;
            found.place = value.place();
        }
        if let Some(connect) = node.get("connect_matcher") {
            found.place = connect.key_place();
            found.methods = Stated::Known(Methods::Only(vec![("CONNECT".to_owned(), connect.key_place())]));
        }
        for header in node.list("headers") {
            match header.str("name") {
                Some(":method") => found.methods = methods(header),
                _ => found.conditions.push(header.place()),
            }
        }
        found.is_grpc = node.get("grpc").is_some();
        const FURTHER: [&str; 6] =
            ["grpc", "query_parameters", "cookies", "tls_context", "runtime_fraction", "dynamic_metadata"];
        found.conditions.extend(FURTHER.iter().filter_map(|key| node.get(key)).map(Node::key_place));
        found
    }
}

/// The path of a match, and the value that says it.
fn path(node: Node<'_>) -> Option<(PathPattern, Node<'_>)> {
    let text = |key: &str| node.get(key).and_then(|value| Some((value.text()?, value)));
    let found = if let Some((text, value)) = text("prefix") {
        // No characters and a slash are the same: every path begins with one.
        (PathPattern::raw_prefix(if text.is_empty() { "/" } else { text }), value)
    } else if let Some((text, value)) = text("path") {
        (PathPattern::exact(text), value)
    } else if let Some((text, value)) = text("path_separated_prefix") {
        (PathPattern::segment_prefix(text), value)
    } else if let Some(value) = node.path(&["safe_regex", "regex"]).or_else(|| node.get("regex")) {
        (PathPattern::regex(value.text().unwrap_or_default(), Flavour::Re2, Anchoring::Full), value)
    } else if let Some(value) = node.path(&["path_match_policy", "typed_config", "path_template"]) {
        (PathPattern::braces(value.text().unwrap_or_default()), value)
    } else {
        let policy = node.get("path_match_policy")?;
        (PathPattern::opaque(policy.str("name").unwrap_or("path_match_policy")), policy)
    };
    let is_regex = node.get("safe_regex").is_some() || node.get("regex").is_some();
    let (pattern, value) = found;
    let ignores_case = node.flag("case_sensitive") == Some(false) && !is_regex;
    Some((if ignores_case { pattern.ignoring_case() } else { pattern }, value))
}

/// The methods that a matcher of the header `:method` admits.
fn methods(header: Node<'_>) -> Stated<Methods> {
    // The matchers of older versions stand in the header itself.
    let old = header.get("exact_match").and_then(|value| Some((Matcher::Exact(value.text()?), value)));
    let old = old.or_else(|| {
        let regex = header.path(&["safe_regex_match", "regex"])?;
        Some((Matcher::Regex(regex.text()?), regex))
    });
    let found = header.get("string_match").and_then(Matcher::read).or(old);
    let names: Option<Vec<(String, Place)>> = found.and_then(|(matcher, value)| match matcher {
        Matcher::Exact(text) => Some(vec![(text.to_owned(), value.place())]),
        Matcher::Regex(text) => {
            let bare = text.trim_start_matches('^').trim_end_matches('$');
            let bare = bare.strip_prefix('(').and_then(|bare| bare.strip_suffix(')')).unwrap_or(bare);
            let bare = bare.strip_prefix("?:").unwrap_or(bare);
            let is_list = bare.split('|').all(|name| !name.is_empty() && name.bytes().all(|c| c.is_ascii_uppercase()));
            is_list.then(|| bare.split('|').map(|name| (name.to_owned(), value.place())).collect())
        }
        _ => None,
    });
    match (names, header.is_true("invert_match")) {
        (Some(names), false) => Stated::Known(Methods::Only(names)),
        (Some(names), true) => Stated::Known(Methods::AllBut(names.into_iter().map(|(name, _)| name).collect())),
        (None, _) if header.is_true("present_match") => Stated::Known(Methods::All),
        (None, _) => Stated::Unknown(Why::NotRead, Some(header.place())),
    }
}

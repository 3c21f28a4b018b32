//! `VirtualService` of Istio: routes of the gateways that it is bound to. What is bound to the mesh alone is about
//! calls between services, and no client reaches it.

use std::collections::HashMap;

use super::super::duration;
use super::super::host::{Depth, HostPattern};
use super::super::origin::OriginPattern;
use super::super::path::{Anchoring, Flavour, PathPattern};
use super::super::{
    Action, Applied, Consequence, Cors, DanglingName, Gateway, Limit, LimitInForce, Measure, Methods, Node, Object,
    Path, Precedence, Protocol, Rewrite, Route, Scope, Set, Setting, Stated, envoy,
};
use super::gateways::{Gateways, Server};
use super::guards::Guards;
use super::upstreams::Upstreams;
use super::{NETWORKING, World};
use crate::model::Why;

/// A virtual service that gateways serve.
pub(super) struct Bound<'s> {
    pub(super) object: &'s Object,
    spec: Node<'s>,
    pub(super) folder: &'s str,
    /// Gateways in view: index, and the value that names it.
    pub(super) gateways: Vec<(usize, Node<'s>)>,
    /// A name of a gateway that is not in view.
    unresolved: Option<Node<'s>>,
    hosts: Vec<HostPattern>,
    /// Whether another virtual service has the same host at the same gateway: which goes first is nobody's to say.
    shares_host: bool,
}

impl<'s> Bound<'s> {
    /// Hosts that its routes lead to, as written.
    pub(super) fn hosts_of_routes(&self) -> Vec<&'s str> {
        let targets = self.spec.list("http").into_iter().flat_map(|http| http.list("route"));
        targets.filter_map(|target| target.path(&["destination", "host"])).filter_map(Node::text).collect()
    }

    /// Namespaces and names of services that its routes lead to.
    pub(super) fn destinations(&self) -> Vec<(&'s str, &'s str)> {
        let hosts = self.hosts_of_routes().into_iter();
        let mut found: Vec<(&str, &str)> = hosts.filter_map(|host| service(host, self.object.namespace())).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// So many gateways and hosts of a virtual service are looked at, and so many servers of a gateway.
const MOST_NAMES: usize = 128;

/// Namespace and name of the service that a host stands for; none for one outside of the cluster.
pub(super) fn service<'s>(host: &'s str, namespace: &'s str) -> Option<(&'s str, &'s str)> {
    let bare = host.trim_end_matches('.');
    if let Some((name, rest)) = bare.split_once('.') {
        let (namespace, suffix) = rest.split_once('.').unwrap_or((rest, ""));
        return (suffix == "svc" || suffix.starts_with("svc.")).then_some((namespace, name));
    }
    Some((namespace, bare))
}

/// The virtual services that gateways serve.
pub(super) fn bound<'s>(world: World<'s>, gateways: &Gateways<'s>) -> Vec<Bound<'s>> {
    let mut found = Vec::new();
    let mut users: HashMap<(usize, &str), u32> = HashMap::new();
    for (object, _, spec) in world.of(NETWORKING, "VirtualService") {
        let Some(spec) = spec else { continue };
        let names = spec.list("gateways").into_iter().filter(|name| name.text().is_some_and(|name| name != "mesh"));
        let names: Vec<Node<'s>> = names.take(MOST_NAMES).collect();
        let mut hosts = spec.list("hosts");
        hosts.truncate(MOST_NAMES);
        // Without hosts it is a part that others delegate to.
        if names.is_empty() || hosts.is_empty() {
            continue;
        }
        let (mut bound, mut unresolved) = (Vec::new(), None);
        for name in names {
            let text = name.text().unwrap_or_default();
            let (namespace, bare) = text.split_once('/').unwrap_or((object.namespace(), text));
            match gateways.find(world, namespace, bare, object.at.file) {
                Some(number) => bound.push((number, name)),
                None => unresolved = unresolved.or(Some(name)),
            }
        }
        for (number, _) in &bound {
            for host in hosts.iter().filter_map(|host| host.text()) {
                *users.entry((*number, host)).or_default() += 1;
            }
        }
        let patterns = hosts.iter().filter_map(|host| host.text());
        found.push(Bound {
            object,
            spec,
            folder: world.folder(object),
            gateways: bound,
            unresolved,
            hosts: patterns.map(|host| HostPattern::wildcard(host, Depth::Many)).collect(),
            shares_host: false,
        });
    }
    for bound in &mut found {
        let hosts = bound.spec.list("hosts").into_iter().take(MOST_NAMES);
        let hosts: Vec<&str> = hosts.filter_map(Node::text).collect();
        let mut meets = bound.gateways.iter().flat_map(|(number, _)| hosts.iter().map(move |host| (*number, *host)));
        bound.shares_host = meets.any(|key| users.get(&key).is_some_and(|count| *count > 1));
    }
    found
}

pub(super) fn lower<'s>(
    world: World<'s>,
    gateways: &Gateways<'s>,
    bound: &[Bound<'s>],
    guards: &mut Guards<'s>,
    upstreams: &mut Upstreams<'s>,
    gateway: &mut Gateway,
) {
    let mut reader = Reader { world, gateways, guards, upstreams, gateway };
    for service in bound {
        reader.service(service);
    }
}

struct Reader<'s, 'a> {
    world: World<'s>,
    gateways: &'a Gateways<'s>,
    guards: &'a mut Guards<'s>,
    upstreams: &'a mut Upstreams<'s>,
    gateway: &'a mut Gateway,
}

impl<'s> Reader<'s, '_> {
    fn service(&mut self, bound: &Bound<'s>) {
        let served: Vec<(usize, Vec<(u32, bool)>)> =
            bound.gateways.iter().map(|(number, _)| (*number, self.served(bound, *number))).collect();
        if let Some(name) = bound.unresolved {
            let text = name.text().unwrap_or_default();
            let (namespace, _) = text.split_once('/').unwrap_or((bound.object.namespace(), text));
            let input = self.world.input;
            let kind = (NETWORKING, "Gateway");
            // Others of its kind stand beside it: then it is expected here.
            if !name.is_template() && input.objects.any_around(input.sources, kind, namespace, name.file()) {
                self.gateway.dangling.push(DanglingName {
                    name: text.to_owned(),
                    what: "gateway".to_owned(),
                    place: name.place(),
                    consequence: Consequence::Dead,
                });
            }
        }
        for (order, http) in bound.spec.list("http").into_iter().enumerate() {
            match http.get("delegate").and_then(|to| self.delegate(bound, to)) {
                Some(part) => {
                    for (inner, http_inner) in part.list("http").into_iter().enumerate() {
                        if self.gateway.is_full(http.place()) {
                            return;
                        }
                        self.http(
                            bound,
                            &served,
                            (order, inner),
                            http_inner,
                            http.get("match").is_some().then_some(http),
                        );
                    }
                }
                None => self.http(bound, &served, (order, 0), http, None),
            }
        }
    }

    /// The specification of a part that a virtual service delegates to. Such parts delegate no further.
    fn delegate(&self, bound: &Bound<'s>, to: Node<'s>) -> Option<Node<'s>> {
        let namespace = to.str("namespace").unwrap_or(bound.object.namespace());
        let input = self.world.input;
        let kind = (NETWORKING, "VirtualService");
        let object = input.objects.find(input.sources, kind, namespace, to.str("name")?, to.file())?;
        object.node(input.sources).get("spec")
    }

    /// Routes of an entry of `http`: one for each match. `outer` delegates to it.
    fn http(
        &mut self,
        bound: &Bound<'s>,
        served: &[(usize, Vec<(u32, bool)>)],
        order: (usize, usize),
        http: Node<'s>,
        outer: Option<Node<'s>>,
    ) {
        let mut matches: Vec<Option<Node<'s>>> = http.list("match").into_iter().map(Some).collect();
        if matches.is_empty() {
            matches = outer.map_or_else(Vec::new, |outer| outer.list("match").into_iter().map(Some).collect());
        }
        if matches.is_empty() {
            matches.push(None);
        }
        let (cors, timeout) = (self.cors(http), self.timeout(http));
        let targets = self.upstreams.of(self.world, bound, http, self.gateway);
        for found in matches {
            if self.gateway.is_full(http.place()) {
                return;
            }
            // A match may be for some of the gateways only.
            let only: Vec<&str> = found
                .map_or_else(Vec::new, |found| found.list("gateways"))
                .into_iter()
                .filter_map(Node::text)
                .collect();
            let is_for = |name: &Node<'s>| only.is_empty() || name.text().is_some_and(|name| only.contains(&name));
            let gateways: Vec<usize> =
                bound.gateways.iter().filter(|(_, name)| is_for(name)).map(|(number, _)| *number).collect();
            let unresolved = bound.unresolved.filter(|name| is_for(name));
            if gateways.is_empty() && unresolved.is_none() {
                continue;
            }
            let mut route = route(bound, order, http, found);
            listeners(served, &gateways, unresolved, &mut route);
            route.upstreams.clone_from(&targets);
            route.cors = cors.clone().map_or(Stated::Absent, |applied| Stated::Known(vec![applied]));
            let unseen = |measure| LimitInForce { measure, limit: Stated::Unknown(Why::Elsewhere, Some(route.place)) };
            route.limits = vec![
                LimitInForce { measure: Measure::Upstream, limit: timeout.map(Some).into() },
                // Only filters of the mesh bound these, and they may stand anywhere.
                unseen(Measure::Body),
                unseen(Measure::Request),
                unseen(Measure::Headers),
            ];
            let elsewhere = Some(route.place);
            route.rates = Stated::Unknown(Why::Elsewhere, elsewhere);
            route.access_log = Stated::Unknown(Why::Elsewhere, elsewhere);
            self.guards.judge(&gateways, unresolved, bound, http, &mut route, self.gateway);
            if self.world.is_templated(bound.object) && route.cors.is_absent() {
                route.cors = Stated::Unknown(Why::Template, elsewhere);
            }
            if self.world.is_templated(bound.object) && route.methods == Stated::Known(Methods::All) {
                route.methods = Stated::Unknown(Why::Template, elsewhere);
            }
            if let Some(found) = found {
                self.claims(found, &gateways, bound);
            }
            self.gateway.add_route(route);
        }
    }

    /// Listeners of a gateway that serve a host of a virtual service, and whether they do so in plain text.
    fn served(&self, bound: &Bound<'s>, number: usize) -> Vec<(u32, bool)> {
        let servers = self.gateways.all[number].servers.iter().take(MOST_NAMES);
        let serving = servers.filter(|server| {
            let http = !matches!(server.protocol, Some(Protocol::Passthrough | Protocol::Tcp));
            let meets = |host: &HostPattern| bound.hosts.iter().any(|own| own.overlaps(host).is_some());
            http && (server.hosts.is_empty() || server.hosts.iter().take(MOST_NAMES).any(meets))
        });
        let plain = |server: &Server| server.protocol.is_some_and(Protocol::is_plaintext) && !server.redirects;
        serving.map(|server| (server.listener, plain(server))).collect()
    }

    /// The policy of an entry. The proxy repeats the origin, as it does in Envoy.
    fn cors(&mut self, http: Node<'s>) -> Option<Applied> {
        let node = http.get("corsPolicy")?;
        let mut cors = Cors::new(node.key_place());
        for matcher in node.list("allowOrigins") {
            let parts = [
                ("exact", OriginPattern::wildcard as fn(&str) -> OriginPattern),
                ("prefix", OriginPattern::prefix),
                ("regex", OriginPattern::full),
            ];
            for (key, pattern) in parts {
                if let Some((value, text)) = matcher.get(key).and_then(|value| Some((value, value.text()?))) {
                    envoy::admit(&mut cors, &pattern(text), value);
                }
            }
        }
        for origin in node.list("allowOrigin") {
            envoy::admit(&mut cors, &OriginPattern::wildcard(origin.text().unwrap_or_default()), origin);
        }
        let credentials = node.get("allowCredentials").and_then(|it| Some(Set::written(it.bool()?, it.key_place())));
        cors.credentials = Stated::Known(credentials.unwrap_or(Set::default(false, node.key_place())));
        let policy = self.gateway.add_cors(cors);
        Some(Applied { policy, place: node.key_place(), scope: Scope::Route })
    }

    fn timeout(&mut self, http: Node<'s>) -> Option<u32> {
        let node = http.get("timeout")?;
        let seconds = duration::seconds(node.text()?)?;
        let value = if seconds > 0.0 { seconds } else { f64::INFINITY };
        let limit = Limit { measure: Measure::Upstream, value, place: node.place(), name: "timeout".to_owned() };
        Some(self.gateway.add_limit(limit))
    }

    /// Notes matches on claims at gateways where nobody in view verifies tokens.
    fn claims(&mut self, found: Node<'s>, gateways: &[usize], bound: &Bound<'s>) {
        let headers = ["headers", "withoutHeaders"].into_iter().filter_map(|key| found.get(key));
        let mut claims = headers
            .flat_map(Node::children)
            .filter(|header| header.key().is_some_and(|key| key.starts_with("@request.auth.")));
        let Some(claim) = claims.next() else { return };
        let all_in_view = !gateways.is_empty() && bound.unresolved.is_none();
        if all_in_view && !gateways.iter().any(|number| self.guards.may_verify(*number)) {
            self.gateway.settings.push(Setting {
                routes: vec![self.gateway.routes.len() as u32],
                ..Setting::new("virtualService.http.match.headers", claim.key().unwrap_or_default(), claim.key_place())
            });
        }
    }
}

/// Notes the listeners of those gateways that a route is served by.
fn listeners(
    served: &[(usize, Vec<(u32, bool)>)],
    gateways: &[usize],
    unresolved: Option<Node<'_>>,
    route: &mut Route,
) {
    if let Some(name) = unresolved {
        route.listeners = Stated::Unknown(Why::UnresolvedName, Some(name.place()));
        route.plaintext = Stated::Unknown(Why::UnresolvedName, Some(name.place()));
        return;
    }
    let own = served.iter().filter(|(number, _)| gateways.contains(number)).flat_map(|(_, servers)| servers);
    route.plaintext = Stated::Known(own.clone().any(|(_, plain)| *plain));
    route.listeners = Stated::Known(own.map(|(listener, _)| *listener).collect());
}

/// What stands in a route itself.
fn route<'s>(bound: &Bound<'s>, order: (usize, usize), http: Node<'s>, found: Option<Node<'s>>) -> Route {
    let uri = found.and_then(|found| path(found));
    let first = http.children().next().map_or(http.place(), Node::key_place);
    let named = http.get("name").map(Node::place);
    let place = uri.as_ref().map_or(named.unwrap_or(first), |path| path.place);
    let name = http.str("name").unwrap_or(bound.object.name.as_str());
    let mut route = Route::new(name, place);
    route.hosts = if bound.hosts.contains(&HostPattern::Any) { Vec::new() } else { bound.hosts.clone() };
    route.methods = found.and_then(|found| found.get("method")).map_or(Stated::Known(Methods::All), methods);
    if let Some(found) = found {
        let simple = ["name", "uri", "method", "ignoreUriCase", "gateways"];
        let further = found.children().filter(|part| !simple.contains(&part.key().unwrap_or_default()));
        route.conditions = further.map(Node::key_place).collect();
    }
    let (kind, length) = bound.hosts.iter().map(HostPattern::specificity).min().unwrap_or((0, 0));
    if !bound.shares_host {
        route.precedence = Precedence::Rank(vec![i64::from(kind), length as i64, -(order.0 as i64), -(order.1 as i64)]);
    }
    let exact = found.is_some_and(|found| found.path(&["uri", "exact"]).is_some());
    (route.action, route.rewrite) = action(http, exact);
    route.paths = uri.into_iter().collect();
    route
}

/// The path of a match. Prefixes compare characters, expressions the whole path.
fn path(found: Node<'_>) -> Option<Path> {
    let uri = found.get("uri")?;
    let value = |key: &str| uri.get(key).and_then(|value| Some((value.text()?, value.place())));
    let (pattern, place) = if let Some((text, place)) = value("exact") {
        (PathPattern::exact(text), place)
    } else if let Some((text, place)) = value("prefix") {
        (PathPattern::raw_prefix(text), place)
    } else {
        let (text, place) = value("regex")?;
        (PathPattern::regex(text, Flavour::Re2, Anchoring::Full), place)
    };
    let ignores_case = found.is_true("ignoreUriCase") && uri.get("regex").is_none();
    Some(Path { pattern: if ignores_case { pattern.ignoring_case() } else { pattern }, place })
}

fn methods(node: Node<'_>) -> Stated<Methods> {
    let place = |value: Node<'_>| value.place();
    if let Some((text, value)) = node.get("exact").and_then(|value| Some((value.text()?, value))) {
        return Stated::Known(Methods::Only(vec![(text.to_ascii_uppercase(), place(value))]));
    }
    if let Some((text, value)) = node.get("regex").and_then(|value| Some((value.text()?, value))) {
        let bare = text.trim_start_matches('^').trim_end_matches('$').trim_matches(['(', ')']);
        let is_list = bare.split('|').all(|name| !name.is_empty() && name.bytes().all(|c| c.is_ascii_uppercase()));
        if is_list {
            let listed = bare.split('|').map(|name| (name.to_owned(), place(value)));
            return Stated::Known(Methods::Only(listed.collect()));
        }
    }
    Stated::Unknown(Why::NotRead, Some(node.key_place()))
}

fn action(http: Node<'_>, exact: bool) -> (Action, Rewrite) {
    if let Some(redirect) = http.get("redirect") {
        let to_https = redirect.str("scheme") == Some("https");
        return (if to_https { Action::HttpsRedirect } else { Action::Redirect }, Rewrite::None);
    }
    if let Some(answer) = http.get("directResponse") {
        let status = answer.get("status").and_then(Node::number).unwrap_or(200.0);
        return (if status >= 400.0 { Action::Refuse } else { Action::Respond }, Rewrite::None);
    }
    let rewrite = match http.get("rewrite") {
        None => Rewrite::None,
        Some(rewrite) => match rewrite.str("uri") {
            Some(text) if exact => Rewrite::Whole(text.to_owned()),
            Some(text) => Rewrite::Prefix(text.to_owned()),
            None if rewrite.get("uriRegexRewrite").is_some() => Rewrite::Unknown,
            None => Rewrite::None,
        },
    };
    let forwards = http.get("route").is_some();
    (if forwards { Action::Proxy } else { Action::Unknown }, rewrite)
}

//! What the HTTP filters of Envoy do for a route: who may call it, how often, and what is sent across origins.

use super::super::routes::Policy;
use super::super::{
    Applied, Auth, AuthServer, Gateway, Idle, IdlePolicy, LimitInForce, Measure, Mechanism, Node, PathGuard,
    PolicyConcern, Purpose, Route, Scope, Set, Stated,
};
use super::filters::{Filter, InForce, Layer};
use super::routes::{Manager, Match};
use super::texts::{Matcher, is_some_of};
use super::{World, settings};
use crate::model::{Why, net};
use crate::span::Place;

/// Filters that say nothing of who may call.
const OTHER: &[&str] = &[
    "adaptive_concurrency",
    "admission_control",
    "alternate_protocols_cache",
    "aws_request_signing",
    "bandwidth_limit",
    "buffer",
    "cache",
    "cache_v2",
    "cdn_loop",
    "compressor",
    "connect_grpc_bridge",
    "cors",
    "credential_injector",
    "csrf",
    "custom_response",
    "decompressor",
    "dynamic_forward_proxy",
    "dynamo",
    "http_dynamo_filter",
    "fault",
    "file_system_buffer",
    "gcp_authn",
    "geoip",
    "grpc_field_extraction",
    "grpc_http1_bridge",
    "grpc_http1_reverse_bridge",
    "grpc_json_transcoder",
    "grpc_stats",
    "grpc_web",
    "gzip",
    "header_mutation",
    "header_to_metadata",
    "health_check",
    "ip_tagging",
    "json_to_metadata",
    "kill_request",
    "local_ratelimit",
    "on_demand",
    "original_src",
    "proto_message_extraction",
    "rate_limit_quota",
    "ratelimit",
    "router",
    "set_filter_state",
    "set_metadata",
    "squash",
    "stateful_session",
    "tap",
    "thrift_to_metadata",
    "upstream_codec",
];

/// Filters that run code, here or in another process.
pub(super) const CODE: [&str; 6] = ["lua", "wasm", "ext_proc", "golang", "dynamic_modules", "cel"];

/// Filters that authenticate.
const AUTHENTICATION: [&str; 5] = ["jwt_authn", "ext_authz", "oauth2", "basic_auth", "api_key_auth"];

/// What the filters add up to for a route.
#[derive(Default)]
pub(super) struct Found {
    pub(super) auth: Vec<Applied>,
    pub(super) access: Vec<Applied>,
    /// Why more authentication may apply.
    pub(super) unknown: Option<(Why, Place)>,
    /// Why more of any kind may apply.
    pub(super) unread: Option<(Why, Place)>,
    pub(super) off: Option<Place>,
    /// Paths for which more is asked than for others of the route.
    pub(super) guards: Vec<PathGuard>,
}

impl Found {
    pub(super) fn doubt(&mut self, why: Why, place: Place) {
        self.unknown.get_or_insert((why, place));
    }
}

impl<'s> Manager<'s, '_> {
    /// Fills in what the filters do for a route that is not in the table yet.
    pub(super) fn apply(
        &mut self,
        route: &mut Route,
        node: Node<'s>,
        host: Node<'s>,
        matched: &Match,
        layers: &[&Layer<'s>],
        gateway: &mut Gateway,
    ) {
        let mut found = Found { access: self.facts.network.clone(), unread: self.facts.unread, ..Found::default() };
        let (mut rates, mut cors, mut body) = (Vec::new(), Vec::new(), None);
        for number in 0..self.filters.len() {
            let filter = self.filters[number];
            let force = super::filters::in_force(number, &filter, layers);
            match filter.kind {
                "jwt_authn" => self.tokens(number, force, matched, &mut found, gateway),
                "rbac" => self.rbac(&filter, force, &mut found, gateway),
                "ext_authz" | "oauth2" | "basic_auth" | "api_key_auth" => {
                    self.simple(&filter, force, &mut found, gateway);
                }
                "cors" => cors.extend(self.cors(force, node, host, gateway)),
                "local_ratelimit" => rates.extend(self.local_rate(&filter, force, gateway)),
                "ratelimit" => rates.extend(self.shared_rate(&filter, force, node, host, gateway)),
                "buffer" => body = body.or(self.body(&filter, force, gateway)),
                kind if OTHER.contains(&kind) => {}
                kind => {
                    let off = matches!(force, InForce::Off(..))
                        || matches!(force, InForce::Replaced(config, _) if config.is_true("disabled"));
                    let is_code = CODE.contains(&kind);
                    if !off && (!is_code || settings::may_decide(&filter)) {
                        let why = if is_code { Why::Code } else { Why::NotRead };
                        found.unread.get_or_insert((why, filter.place()));
                    }
                }
            }
        }
        if self.cut {
            found.unread.get_or_insert((Why::NotRead, self.facts.place));
        }
        if let Some(place) = self.weighted(node) {
            found.unread.get_or_insert((Why::NotRead, place));
        }
        let Found { auth, access, unknown, unread, off, guards } = found;
        // What else decides here may be for all paths.
        let is_lenient = |it: &Applied| gateway.access[it.policy as usize].restricts == Stated::Known(false);
        if auth.is_empty() && unread.is_none() && access.iter().all(is_lenient) {
            route.guards = guards;
        }
        let of = |list: Vec<Applied>, unknown: Option<(Why, Place)>| match unknown {
            _ if !list.is_empty() => Stated::Known(list),
            Some((why, place)) => Stated::Unknown(why, Some(place)),
            None => Stated::Absent,
        };
        (route.auth, route.access, route.auth_off) = (of(auth, unknown.or(unread)), of(access, unread), off);
        // Code can count requests and refuse large ones as well.
        (route.rates, route.cors) = (of(rates, unread), of(cors, unread));
        let limit = match (body, unread) {
            (None, Some((why, place))) => Stated::Unknown(why, Some(place)),
            (body, _) => body.map(Some).into(),
        };
        route.limits.push(LimitInForce { measure: Measure::Body, limit });
    }

    /// Where one of several clusters has a configuration of its own for a filter that authenticates.
    fn weighted(&self, route: Node<'s>) -> Option<Place> {
        let clusters = route.path(&["route", "weighted_clusters"])?.list("clusters");
        clusters.into_iter().filter_map(|cluster| cluster.get("typed_per_filter_config")).find_map(|map| {
            let own = self.filters.iter().filter(|it| AUTHENTICATION.contains(&it.kind) || it.kind == "rbac");
            own.filter_map(|filter| map.get(filter.name)).map(Node::key_place).next()
        })
    }

    fn simple(&mut self, filter: &Filter<'s>, force: InForce<'s>, found: &mut Found, gateway: &mut Gateway) {
        let (config, scope) = match force {
            InForce::Off(place, by_filter) => {
                found.off = found.off.or((!by_filter).then_some(place));
                return;
            }
            InForce::Replaced(config, _) if config.is_true("disabled") => {
                found.off = found.off.or(config.get("disabled").map(Node::key_place));
                return;
            }
            // What a route says of `ext_authz` besides does not switch it off.
            InForce::Replaced(config, scope) if filter.kind != "ext_authz" => (Some(config), scope),
            _ => (filter.config, Scope::Listener),
        };
        if filter.node.get("config_discovery").is_some() {
            found.doubt(Why::Elsewhere, filter.place());
        }
        let Some(config) = config else { return };
        if config.get("filter_enabled").is_some_and(|enabled| !is_some_of(enabled)) {
            return;
        }
        // Requests that a matcher lets through ask for nothing; those of preflights are none of a caller's.
        if let Some(passes) = config.path(&["config", "pass_through_matcher"]) {
            let preflight = passes.children().all(|matcher| {
                let text = matcher.get("string_match").and_then(Matcher::read).map(|(matcher, _)| matcher);
                let exact = matcher.str("exact_match");
                matcher.str("name") == Some(":method")
                    && (exact == Some("OPTIONS") || matches!(text, Some(Matcher::Exact("OPTIONS"))))
            });
            if !preflight {
                found.doubt(Why::NotRead, passes.key_place());
                return;
            }
        }
        let key = (Policy::Auth, config.entry());
        let number = match self.made.get(&key) {
            Some(number) => *number,
            None => {
                if matches!(force, InForce::Replaced(..)) {
                    credentials(filter, config, gateway);
                }
                let auth = read(self.world, filter, config, gateway);
                let number = gateway.add_auth(auth);
                self.made.insert(key, number);
                number
            }
        };
        found.auth.push(Applied { policy: number, place: filter.place(), scope });
    }

    /// Notes what the filters are, apart from routes.
    pub(super) fn note_filters(&mut self, gateway: &mut Gateway) {
        for number in 0..self.filters.len() {
            let filter = self.filters[number];
            settings::filter(&filter, gateway);
            if let Some(config) = filter.config {
                credentials(&filter, config, gateway);
            }
            if AUTHENTICATION.contains(&filter.kind)
                && let Some(place) = filter.off
            {
                let others = self.filters.iter().filter(|it| AUTHENTICATION.contains(&it.kind) && it.off.is_none());
                gateway.idle.push(IdlePolicy {
                    name: filter.kind.to_owned(),
                    concern: PolicyConcern::Authentication,
                    reason: Idle::Off,
                    place,
                    replaced: others.count() > 0,
                    routes: Vec::new(),
                });
            }
        }
        self.note_access(gateway);
    }
}

/// An authentication that needs nothing but its own settings.
fn read(world: &World<'_>, filter: &Filter<'_>, config: Node<'_>, gateway: &mut Gateway) -> Auth {
    let mechanism = match filter.kind {
        "ext_authz" => Mechanism::External,
        "oauth2" => Mechanism::OAuth2,
        "basic_auth" => Mechanism::Basic,
        _ => Mechanism::ApiKey,
    };
    let mut auth = Auth::new(filter.kind, mechanism, filter.place());
    match filter.kind {
        "ext_authz" => {
            let open = config.get("failure_mode_allow").filter(|node| node.bool() == Some(true));
            auth.fail_open = open.map(Node::key_place);
            if let Some(uri) = config.path(&["http_service", "server_uri"]) {
                server(world, uri, Purpose::Decision, gateway);
            }
        }
        "oauth2" => {
            let inner = config.get("config").unwrap_or(config);
            if let Some(uri) = inner.get("token_endpoint") {
                server(world, uri, Purpose::Tokens, gateway);
            }
            let forwards = inner.get("forward_bearer_token").and_then(|node| Some((node, node.bool()?)));
            auth.forwards = forwards.map(|(node, forwards)| Set::written(forwards, node.key_place()));
        }
        "basic_auth" => auth.forwards = Some(Set::default(true, filter.place())),
        _ => {
            let query = config.list("key_sources").into_iter().find_map(|source| source.get("query"));
            auth.query = query.map(|node| Set::written(node.text().unwrap_or_default().to_owned(), node.place()));
            let hides = config.path(&["forwarding", "hide_credentials"]).filter(|node| node.bool() == Some(true));
            auth.forwards =
                Some(hides.map_or(Set::default(true, filter.place()), |node| Set::written(false, node.key_place())));
        }
    }
    auth
}

/// Credentials of callers that stand in a configuration.
fn credentials(filter: &Filter<'_>, config: Node<'_>, gateway: &mut Gateway) {
    if let Some(users) = config.path(&["users", "inline_string"]).filter(|_| filter.kind == "basic_auth") {
        for line in users.text().unwrap_or_default().lines() {
            let (name, hash) = line.trim().split_once(':').unwrap_or_default();
            if !hash.is_empty() {
                gateway.add_credential(format!("password of the user `{name}`"), hash, users.place());
            }
        }
    }
    let keys = config.list("credentials").into_iter().filter_map(|credential| credential.get("key"));
    for key in keys.filter(|_| filter.kind == "api_key_auth") {
        gateway.add_credential("API key", key.text().unwrap_or_default(), key.place());
    }
}

/// A server that a filter asks. What is connected to is the cluster, whatever the URI says.
pub(super) fn server(world: &World<'_>, uri: Node<'_>, purpose: Purpose, gateway: &mut Gateway) {
    let Some(written) = uri.get("uri") else { return };
    let text = written.text().unwrap_or_default();
    let cluster = uri.str("cluster").and_then(|cluster| world.upstreams.get(cluster));
    let upstream = cluster.and_then(|(number, _)| gateway.upstreams.get(*number as usize));
    let (mut url, mut unverified) = (text.to_owned(), None);
    if let Some(upstream) = upstream
        && let Some(protocol) = upstream.protocol.known()
    {
        let scheme = if protocol.is_tls() { "https" } else { "http" };
        let (_, rest) = text.split_once("://").unwrap_or(("", text));
        let host = upstream.hosts.first().map_or_else(|| net::parse(text).host.unwrap_or_default(), Clone::clone);
        let path = rest.find('/').map_or("", |at| &rest[at..]);
        if !text.starts_with(&format!("{scheme}://{host}")) {
            url = format!("{scheme}://{host}{path}");
        }
        let open = upstream.verified.known().filter(|set| protocol.is_tls() && !set.value);
        unverified = open.map(|set| set.place);
    }
    gateway.auth_servers.push(AuthServer { url, place: written.place(), purpose, unverified });
}

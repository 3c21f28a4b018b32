//! KrakenD: one file is one gateway, closed: what it does not list is not served, and what may authenticate stands
//! in it. Read against the JSON schema of KrakenD 2.13, <https://www.krakend.io/docs/>.

mod identity;
mod names;
mod policies;
mod server;

use super::adapters::{Adapter, Grouping, Input};
use super::cipher::{self, Weak};
use super::defaults::default;
use super::duration;
use super::path::PathPattern;
use super::tls::TlsVersion;
use super::{
    Action, Applied, Bind, ClientCertificate, Concern, Exposure, Gateway, Limit, LimitInForce, Listener, Measure,
    MethodBinding, Methods, Node, Path, Precedence, Protocol, RateKey, Route, Scope, Set, Stated, Tls, TlsSide,
    Upstream,
};
use crate::discover::Format;
use crate::model::{Why, net};
use crate::span::Place;
use names::{component, component_of};
use server::Server;

pub(super) const ADAPTER: Adapter =
    Adapter { format: Format::Krakend, grouping: Grouping::File, images: &["krakend", "krakend-ee"], lower };

fn lower(input: Input<'_>, gateway: &mut Gateway) {
    gateway.closed = true;
    gateway.method_binding = MethodBinding::One;
    let roots = input.files.iter().flat_map(|&file| Node::roots(input.sources, file));
    gateway.partial = partial(input);
    for root in roots.filter(|root| root.is_map()) {
        let service = Service::read(root, gateway);
        for endpoint in root.list("endpoints") {
            service.endpoint(endpoint, gateway);
        }
        identity::note(root, gateway);
        service.note_trust(gateway);
        policies::service_settings(root, gateway);
    }
}

/// Why part of the configuration is out of view: templates of flexible configuration, or text that could not be read.
fn partial(input: Input<'_>) -> Option<(Why, Place)> {
    let file = input.sources.file(*input.files.first()?);
    let place = Node::roots(input.sources, file.id).next()?.place();
    if file.templated {
        return Some((Why::Template, place));
    }
    (!file.problems.is_empty()).then_some((Why::Unread, place))
}

/// Whether the file is for KrakenD Enterprise: it uses what only that has. <https://www.krakend.io/enterprise/>
fn is_enterprise(root: Node<'_>) -> bool {
    let schema = root.str("$schema").unwrap_or_default();
    let uses = |node: Node<'_>| {
        let extra = node.get("extra_config");
        ["auth/api-keys", "auth/basic", "security/policies"]
            .iter()
            .any(|key| extra.is_some_and(|extra| extra.get(key).is_some()))
    };
    let mut endpoints = root.list("endpoints").into_iter();
    let has_wildcard = |node: Node<'_>| node.str("endpoint").is_some_and(|path| path.ends_with("/*"));
    schema.contains("enterprise") || uses(root) || endpoints.any(|node| uses(node) || has_wildcard(node))
}

/// What holds for all endpoints.
struct Service<'s> {
    root: Node<'s>,
    listener: u32,
    plaintext: bool,
    rates: Vec<Applied>,
    cors: Vec<Applied>,
    auth: Vec<Applied>,
    timeout: Option<u32>,
    body: Stated<Option<u32>>,
    server: Server,
    access_log: Set<bool>,
    /// Where forwarded addresses are taken from anyone.
    trusts_anyone: Option<Place>,
}

impl<'s> Service<'s> {
    fn read(root: Node<'s>, gateway: &mut Gateway) -> Self {
        gateway.version = root.str("version").map(str::to_owned);
        let extra = root.get("extra_config");
        let (listener, plaintext) = listener(root, gateway);
        let mut service = Self {
            root,
            listener,
            plaintext,
            rates: Vec::new(),
            cors: Vec::new(),
            auth: Vec::new(),
            timeout: root.get("timeout").and_then(|node| timeout(node, "timeout", gateway)),
            body: Stated::Absent,
            server: Server::default(),
            access_log: Set::default(true, gateway.place),
            trusts_anyone: None,
        };
        if !is_enterprise(root) {
            // The open edition has no such limit, so nobody can be told to set one.
            service.body = Stated::Unknown(Why::NotRead, None);
        }
        if let Some(extra) = extra {
            service.rates.extend(policies::rates(extra, Scope::Global, gateway));
            service.cors.extend(policies::cors(extra, gateway));
            service.auth.extend(policies::basic(extra, Scope::Global, gateway));
            policies::keys(extra, gateway);
            service.read_router(extra, gateway);
            service.server = Server::read(extra, gateway);
            service.auth.extend(service.server.auth.iter().cloned());
            service.server.hook = service.server.hook.or(policies::hook(extra));
            policies::scripts_of(extra, gateway);
        }
        service
    }

    fn read_router(&mut self, extra: Node<'s>, gateway: &mut Gateway) {
        let Some(router) = component(extra, "router") else { return };
        if let Some(node) = router.get("max_payload")
            && let Some(bytes) = node.number()
        {
            let value = if bytes > 0.0 { bytes } else { f64::INFINITY };
            let name = "router.max_payload".to_owned();
            let limit = Limit { measure: Measure::Body, value, place: node.key_place(), name };
            self.body = Stated::Known(Some(gateway.add_limit(limit)));
        }
        if let Some(node) = router.get("disable_access_log").filter(|node| node.bool() == Some(true)) {
            self.access_log = Set::written(false, node.key_place());
        }
        let trusts = router.get("forwarded_by_client_ip").filter(|node| node.bool() == Some(true));
        let everyone = |range: &Node<'_>| matches!(range.text(), Some("0.0.0.0/0" | "::/0"));
        let proxies = router.list("trusted_proxies");
        self.trusts_anyone = match proxies.iter().find(|range| everyone(range)) {
            Some(range) => trusts.map(|_| range.place()),
            None => trusts.filter(|_| proxies.is_empty()).map(Node::key_place),
        };
    }

    /// Notes that forwarded addresses are taken from anyone, if something depends on them.
    fn note_trust(&self, gateway: &mut Gateway) {
        let Some(place) = self.trusts_anyone else { return };
        let counts = gateway.rates.iter().any(|rate| rate.key.known() == Some(&RateKey::Address));
        if self.server.lists_addresses || counts {
            let grave = self.server.lists_addresses;
            let concern = Some(Concern::TrustForwarded);
            policies::note(gateway, "router.forwarded_by_client_ip", "true", place, concern, grave);
        }
    }

    fn endpoint(&self, endpoint: Node<'s>, gateway: &mut Gateway) {
        let Some(named) = endpoint.get("endpoint") else { return };
        let path = named.text().unwrap_or_default();
        let mut route = Route::new(path, named.place());
        route.listeners = Stated::Known(vec![self.listener]);
        route.plaintext = Stated::Known(self.plaintext);
        route.paths = vec![Path { pattern: PathPattern::krakend(path), place: named.place() }];
        let method = endpoint.get("method");
        let usual = default(Format::Krakend, "endpoints.method", None).unwrap_or_default();
        let verb = method.and_then(Node::text).unwrap_or(usual).to_ascii_uppercase();
        route.methods = Stated::Known(Methods::Only(vec![(verb, method.unwrap_or(named).place())]));
        // The router (gin) prefers static segments to parameters, and those to a `*`.
        let (kind, length) = route.paths[0].pattern.specificity();
        route.precedence = Precedence::Rank(vec![i64::from(kind), length as i64]);
        route.action = Action::Proxy;
        let extra = endpoint.get("extra_config");
        let mut auth = self.auth.clone();
        let (mut rates, mut access) = (self.rates.clone(), self.server.access.clone());
        let mut hook = self.server.hook;
        if let Some(extra) = extra {
            auth.extend(policies::auth(extra, gateway));
            rates.extend(policies::rates(extra, Scope::Route, gateway));
            access.extend(policies::access(extra, gateway));
            policies::endpoint_settings(extra, gateway);
            hook = hook.or(policies::hook(extra));
        }
        for name in ["input_headers", "input_query_strings"] {
            let wildcard = endpoint.list(name).into_iter().find(|item| item.text() == Some("*"));
            if let Some(item) = wildcard {
                let validator = extra.and_then(|extra| component(extra, "auth/validator"));
                let claims = validator.is_some_and(|validator| validator.get("propagate_claims").is_some());
                let grave = name == "input_headers" && claims;
                policies::note(gateway, name, "*", item.place(), None, grave);
            }
        }
        for backend in endpoint.list("backend") {
            if let Some(extra) = backend.get("extra_config") {
                rates.extend(policies::rates(extra, Scope::Rule, gateway));
                policies::endpoint_settings(extra, gateway);
            }
            route.upstreams.extend(self.upstream(backend, gateway));
        }
        let hidden = hook.map(|place| (Why::Code, place)).or(gateway.partial);
        route.auth = list(auth, hidden);
        route.access = list(access, hidden);
        route.rates = list(rates, gateway.partial);
        route.cors = list(self.cors.clone(), gateway.partial);
        route.access_log = Stated::Known(self.access_log.clone());
        let own = endpoint.get("timeout").and_then(|node| timeout(node, "timeout", gateway));
        route.limits = vec![
            LimitInForce { measure: Measure::Body, limit: self.body.clone() },
            LimitInForce { measure: Measure::Upstream, limit: Stated::Known(own.or(self.timeout)) },
            LimitInForce {
                measure: Measure::Headers,
                limit: self.root.get("read_header_timeout").map(|_| None).into(),
            },
        ];
        route.streams =
            endpoint.str("output_encoding") == Some("no-op") && extra.is_some_and(|e| e.get("websocket").is_some());
        gateway.add_route(route);
    }

    fn upstream(&self, backend: Node<'s>, gateway: &mut Gateway) -> Option<u32> {
        let mut hosts = backend.list("host");
        if hosts.is_empty() {
            hosts = self.root.list("host");
        }
        let first = *hosts.first()?;
        let url = first.text()?;
        let mut upstream = Upstream::new(url, first.place());
        // A host without a scheme gets `http://`: https://www.krakend.io/docs/backends/
        let parts = hosts.iter().filter_map(|host| host.text()).map(|text| match text.contains("://") {
            true => net::parse(text),
            false => net::parse(&format!("http://{text}")),
        });
        let parts: Vec<net::Parts> = parts.collect();
        upstream.hosts = parts.iter().filter_map(|parts| parts.host.clone()).collect();
        let clear = parts.iter().any(|parts| parts.scheme.is_none_or(net::Scheme::is_cleartext));
        upstream.protocol = match hosts.iter().find(|host| host.is_template()) {
            Some(host) => Stated::Unknown(Why::Template, Some(host.place())),
            None => Stated::Known(if clear { Protocol::Http } else { Protocol::Https }),
        };
        let own = backend.path(&["extra_config", "backend/http/client", "client_tls", "allow_insecure_connections"]);
        let client = self.root.path(&["client_tls", "allow_insecure_connections"]);
        let insecure = own.or(client).or(self.root.get("allow_insecure_connections"));
        upstream.verified = Stated::Known(match insecure.filter(|node| node.bool() == Some(true)) {
            Some(node) => Set::written(false, node.key_place()),
            None => Set::default(true, first.place()),
        });
        Some(gateway.add_upstream(upstream))
    }
}

/// What holds of a list of policies: an empty one is an absence, where nothing is out of view.
fn list(applied: Vec<Applied>, unknown: Option<(Why, Place)>) -> Stated<Vec<Applied>> {
    match unknown {
        _ if !applied.is_empty() => Stated::Known(applied),
        Some((why, place)) => Stated::Unknown(why, Some(place)),
        None => Stated::Absent,
    }
}

/// The one socket, and whether it speaks plain text.
fn listener(root: Node<'_>, gateway: &mut Gateway) -> (u32, bool) {
    let tls = root.get("tls").filter(|tls| !tls.is_true("disabled"));
    let address = root.get("listen_ip");
    let port = root.get("port");
    let stands = port.or(address).map_or(gateway.place, |node| node.place());
    let usual = |name: &str| default(Format::Krakend, name, None).unwrap_or_default();
    let ip = address.and_then(Node::text).unwrap_or(usual("listen_ip"));
    let bind = match ip {
        "" | "0.0.0.0" | "::" => Bind::Any,
        ip if net::host_class(ip) == net::HostClass::Loopback => Bind::Loopback,
        _ => Bind::Address,
    };
    let number = port.and_then(Node::text).unwrap_or(usual("port"));
    let disabled = root.path(&["tls", "disabled"]).filter(|node| node.bool() == Some(true));
    let tls = tls.map(|tls| {
        let place = tls.key_place();
        let min_version = match tls.get("min_version") {
            Some(node) => node.text().and_then(TlsVersion::parse).map(|version| Set::written(version, node.place())),
            None => TlsVersion::parse(usual("tls.min_version")).map(|version| Set::default(version, place)),
        };
        let mutual = tls.get("enable_mtls").filter(|node| node.bool() == Some(true));
        gateway.add_tls(Tls {
            place,
            side: TlsSide::Client,
            min_version: min_version.into(),
            ciphers: ciphers(tls),
            client_certificate: mutual.map(|node| Set::written(ClientCertificate::Required, node.key_place())).into(),
        })
    });
    let plaintext = tls.is_none();
    let hsts = component_of(root, "security/http")
        .and_then(|secure| secure.get("sts_seconds")?.number())
        .filter(|&age| age > 0.0);
    let number = gateway.add_listener(Listener {
        name: format!("{ip}:{number}"),
        place: disabled.map_or(stands, |node| node.key_place()),
        bind: Stated::Known(bind),
        port: number.parse().ok(),
        protocol: Stated::Known(match plaintext {
            true if root.is_true("use_h2c") => Protocol::H2c,
            true => Protocol::Http,
            false => Protocol::Https,
        }),
        hosts: Vec::new(),
        tls,
        redirects_to_https: Stated::Known(false),
        exposure: if bind == Bind::Loopback { Exposure::Internal } else { Exposure::Public },
        hsts: hsts.map(|_| true).into(),
        serves_browsers: false,
    });
    (number, plaintext)
}

/// Weak suites by their numbers, which are those of the IANA registry: <https://www.iana.org/assignments/tls-parameters/>.
const WEAK_SUITES: [(&str, &str); 5] = [
    ("5", "TLS_RSA_WITH_RC4_128_SHA"),
    ("10", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
    ("49159", "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"),
    ("49169", "TLS_ECDHE_RSA_WITH_RC4_128_SHA"),
    ("49170", "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
];

fn ciphers(tls: Node<'_>) -> Option<(Place, Vec<Weak>)> {
    let list = tls.get("cipher_suites")?;
    let numbers: Vec<&str> = tls.list("cipher_suites").into_iter().filter_map(Node::text).collect();
    let names = WEAK_SUITES.iter().filter(|(number, _)| numbers.contains(number)).map(|(_, name)| *name);
    Some((list.key_place(), cipher::suites(names)))
}

fn timeout(node: Node<'_>, name: &str, gateway: &mut Gateway) -> Option<u32> {
    let value = duration::seconds(node.text()?)?;
    let name = name.to_owned();
    Some(gateway.add_limit(Limit { measure: Measure::Upstream, value, place: node.place(), name }))
}

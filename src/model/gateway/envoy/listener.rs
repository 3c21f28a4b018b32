//! Listeners of Envoy: a socket with filter chains, each with TLS settings of its own and, where HTTP is spoken, a
//! connection manager.

use std::collections::{HashMap, HashSet};

use super::super::cipher;
use super::super::defaults::default;
use super::super::tls::TlsVersion;
use super::super::{
    Applied, ClientCertificate, Exposure, Gateway, Listener, Node, PolicyConcern, Protocol, Set, Stated, Tls, TlsSide,
};
use super::filters::typed;
use super::routes::{Manager, ManagerFacts};
use super::{Address, World, rbac, settings};
use crate::discover::Format;
use crate::model::Why;
use crate::model::gateway::host::{Depth, HostPattern};
use crate::span::Place;

/// Ports on which a sidecar takes over traffic: <https://istio.io/latest/docs/ops/deployment/application-requirements/>.
const SIDECAR_PORTS: [&str; 2] = ["15001", "15006"];

/// Reads the listeners, and returns the names of the routes that they use.
pub(super) fn lower<'s>(world: &World<'s>, gateway: &mut Gateway) -> HashSet<&'s str> {
    let by_name: HashMap<&str, Node<'s>> =
        world.routes.iter().filter_map(|routes| Some((routes.str("name")?, *routes))).collect();
    let mut used = HashSet::new();
    for listener in &world.listeners {
        let Some(node) = listener.get("address") else { continue };
        let address = Address::read(node);
        let is_sidecar = world.sidecar
            || SIDECAR_PORTS.contains(&address.port)
            || listener.str("traffic_direction") == Some("OUTBOUND");
        let exposure = if is_sidecar { Exposure::Internal } else { address.exposure() };
        let socket = Socket { listener: *listener, address, exposure };
        let chains = listener.list("filter_chains").into_iter().chain(listener.get("default_filter_chain"));
        for chain in chains {
            socket.chain(chain, world, &by_name, &mut used, gateway);
        }
    }
    used
}

struct Socket<'s> {
    listener: Node<'s>,
    address: Address<'s>,
    exposure: Exposure,
}

impl<'s> Socket<'s> {
    fn chain(
        &self,
        chain: Node<'s>,
        world: &World<'s>,
        by_name: &HashMap<&'s str, Node<'s>>,
        used: &mut HashSet<&'s str>,
        gateway: &mut Gateway,
    ) {
        let tls = chain.get("transport_socket").and_then(|socket| tls(socket, gateway));
        let old = chain.get("tls_context").map(|context| downstream(context, chain, gateway));
        let tls = tls.or(old);
        let filters = chain.list("filters");
        let manager = filters.iter().find_map(|filter| {
            let (config, of) = typed(*filter)?;
            let name = filter.str("name").unwrap_or_default();
            (of.ends_with("HttpConnectionManager") || name.contains("http_connection_manager")).then_some(config)
        });
        let protocol = match (manager, tls) {
            (Some(_), Some(_)) => Protocol::Https,
            (Some(_), None) => Protocol::Http,
            (None, None) if chain.path(&["filter_chain_match", "server_names"]).is_some() => Protocol::Passthrough,
            (None, _) => Protocol::Tcp,
        };
        let named = self.listener.str("name").map(str::to_owned);
        let hosts = chain.path(&["filter_chain_match", "server_names"]).map_or_else(Vec::new, |_| {
            let names = chain.path(&["filter_chain_match"]).map_or_else(Vec::new, |found| found.list("server_names"));
            names.into_iter().filter_map(Node::text).map(|name| HostPattern::wildcard(name, Depth::Many)).collect()
        });
        let number = gateway.add_listener(Listener {
            name: named.unwrap_or_else(|| format!("{}:{}", self.address.host, self.address.port)),
            place: self.address.place,
            bind: self.address.bind.clone(),
            port: self.address.port.parse().ok(),
            protocol: Stated::Known(protocol),
            hosts,
            tls,
            redirects_to_https: Stated::Known(false),
            exposure: self.exposure,
            hsts: Stated::Absent,
            serves_browsers: false,
        });
        let Some(manager) = manager else { return };
        // Filters before the connection manager decide by address and certificate alone.
        let network: Vec<Applied> = filters.iter().filter_map(|filter| rbac::network(*filter, gateway)).collect();
        let facts = ManagerFacts {
            listener: number,
            place: self.address.place,
            public: self.exposure == Exposure::Public,
            plaintext: tls.is_none(),
            network,
            unread: filters.iter().find_map(|filter| unread(*filter)),
        };
        let idle = gateway.idle.len();
        let mut manager = Manager::new(world, manager, facts, gateway);
        settings::deprecated(manager.node, gateway);
        let routes = manager.node.get("route_config").or_else(|| {
            let name = manager.node.path(&["rds", "route_config_name"]).and_then(Node::text)?;
            by_name
                .get(name)
                .inspect(|_| {
                    used.insert(name);
                })
                .copied()
        });
        let first = gateway.routes.len();
        if let Some(routes) = routes {
            manager.routes(routes, gateway);
        }
        manager.finish(gateway);
        if gateway.routes[first..].iter().any(|route| gateway.forwards(route)) || routes.is_none() {
            settings::edge(&manager, self.listener, gateway);
        }
        note_routes(gateway, idle, first);
        let redirects = gateway.routes.len() > first
            && gateway.routes[first..].iter().all(|route| {
                route.plaintext == Stated::Known(false) || route.action == super::super::Action::HttpsRedirect
            });
        let checks_certificate = manager.checks_certificate;
        if let Some(listener) = gateway.listeners.get_mut(number as usize) {
            listener.redirects_to_https = Stated::Known(tls.is_none() && redirects);
        }
        if checks_certificate && let Some(tls) = tls.and_then(|tls| gateway.tls.get_mut(tls as usize)) {
            tls.client_certificate = match tls.client_certificate.clone() {
                Stated::Known(set) if set.value == ClientCertificate::Optional => {
                    Stated::Known(Set { value: ClientCertificate::Checked, ..set })
                }
                asked => asked,
            };
        }
    }
}

/// A filter of connections that may refuse them by what it runs or asks: code, an external service.
fn unread(filter: Node<'_>) -> Option<(Why, Place)> {
    const DECIDE: [&str; 5] = ["ext_authz", "ext_proc", "golang", "wasm", "dynamic_modules"];
    let name = filter.get("name")?;
    let (_, of) = typed(filter).unwrap_or((filter, ""));
    let decides = |text: &str| {
        let (_, rest) = text.split_once("filters.network.").unwrap_or_default();
        DECIDE.contains(&rest.split('.').next().unwrap_or_default())
    };
    (decides(of) || decides(name.text().unwrap_or_default())).then(|| (Why::Code, name.place()))
}

/// Notes the routes that idle policies of a connection manager leave open. A filter that is switched off, but on
/// again for each route, is not idle.
fn note_routes(gateway: &mut Gateway, idle: usize, first: usize) {
    let numbers = first as u32..gateway.routes.len() as u32;
    let left = |concern: PolicyConcern| -> Vec<u32> {
        let open = numbers.clone().filter(|number| {
            let route = &gateway.routes[*number as usize];
            let policies = match concern {
                PolicyConcern::Authentication => &route.auth,
                _ => &route.access,
            };
            gateway.forwards(route) && policies.is_absent()
        });
        open.collect()
    };
    let routes: Vec<Vec<u32>> = gateway.idle[idle..].iter().map(|policy| left(policy.concern)).collect();
    for (policy, routes) in gateway.idle[idle..].iter_mut().zip(routes) {
        policy.replaced |= routes.is_empty() && !numbers.is_empty();
        policy.routes = routes;
    }
}

/// The TLS settings of a transport socket towards clients.
fn tls(socket: Node<'_>, gateway: &mut Gateway) -> Option<u32> {
    let (config, of) = typed(socket)?;
    let context = if of.ends_with("QuicDownstreamTransport") { config.get("downstream_tls_context")? } else { config };
    let is_tls = of.is_empty() || of.ends_with("DownstreamTlsContext") || of.ends_with("QuicDownstreamTransport");
    is_tls.then(|| downstream(context, socket, gateway))
}

fn downstream(context: Node<'_>, named: Node<'_>, gateway: &mut Gateway) -> u32 {
    let common = context.get("common_tls_context");
    common.into_iter().for_each(|common| settings::certificates(common, gateway));
    let place = common.map_or(named.key_place(), Node::key_place);
    gateway.add_tls(Tls {
        place,
        side: TlsSide::Client,
        min_version: min_version(common, place),
        ciphers: ciphers(common),
        client_certificate: client_certificate(context, common).into(),
    })
}

/// The lowest version: both sides begin with TLS 1.2 where nothing is written.
pub(super) fn min_version(common: Option<Node<'_>>, place: Place) -> Stated<Set<TlsVersion>> {
    let written = common.and_then(|common| common.path(&["tls_params", "tls_minimum_protocol_version"]));
    let version = written.and_then(|node| Some(Set::written(TlsVersion::parse(node.text()?)?, node.place())));
    let usual = || default(Format::Envoy, "tls_params.tls_minimum_protocol_version", None);
    version.or_else(|| Some(Set::default(TlsVersion::parse(usual()?)?, place))).into()
}

pub(super) fn ciphers(common: Option<Node<'_>>) -> Option<(Place, Vec<cipher::Weak>)> {
    let params = common?.get("tls_params")?;
    let list = params.get("cipher_suites")?;
    Some((list.key_place(), cipher::envoy(params.list("cipher_suites").into_iter().filter_map(Node::text))))
}

/// Where certificates of the other side are judged: the context itself, or the part of a combined one that stands here.
pub(super) fn validation<'s>(common: Node<'s>) -> Option<Node<'s>> {
    common
        .get("validation_context")
        .or_else(|| common.path(&["combined_validation_context", "default_validation_context"]))
}

/// Whether certificates are judged by a context that a secret service delivers.
pub(super) fn delivered<'s>(common: Node<'s>) -> Option<Node<'s>> {
    common
        .get("validation_context_sds_secret_config")
        .or_else(|| common.path(&["combined_validation_context", "validation_context_sds_secret_config"]))
}

/// What names the certificates that are good: a hash, a key, a name.
pub(super) const PINS: [&str; 5] = [
    "verify_certificate_spki",
    "verify_certificate_hash",
    "match_typed_subject_alt_names",
    "match_subject_alt_names",
    "verify_subject_alt_name",
];

/// A certificate is demanded by `require_client_certificate`, and by naming good ones:
/// <https://github.com/envoyproxy/envoy/blob/main/source/common/tls/cert_validator/default_validator.cc>.
fn client_certificate(context: Node<'_>, common: Option<Node<'_>>) -> Option<Set<ClientCertificate>> {
    let required = context.get("require_client_certificate").filter(|node| node.bool() == Some(true));
    let validation = common.and_then(validation);
    let delivered = common.and_then(delivered);
    let untrusted = validation
        .and_then(|node| node.get("trust_chain_verification"))
        .filter(|node| node.text() == Some("ACCEPT_UNTRUSTED"));
    let pins = validation.and_then(|node| PINS.iter().find_map(|pin| node.get(pin)));
    if let Some(node) = untrusted.filter(|_| pins.is_none()) {
        return Some(Set::written(ClientCertificate::Unverified, node.place()));
    }
    let trusts = delivered.is_some()
        || validation.is_some_and(|node| ["trusted_ca", "system_root_certs"].iter().any(|key| node.get(key).is_some()));
    match (required, pins) {
        (Some(node), None) if !trusts => Some(Set::written(ClientCertificate::Unverified, node.key_place())),
        (Some(node), _) | (None, Some(node)) => Some(Set::written(ClientCertificate::Required, node.key_place())),
        (None, None) => {
            let asked = validation.or(delivered)?;
            Some(Set::written(ClientCertificate::Optional, asked.key_place()))
        }
    }
}

//! Clusters of Envoy as upstreams: where their endpoints are, and whether the connection to them is secured.

use super::super::{Gateway, Node, Protocol, Set, Stated, Tls, TlsSide, Upstream};
use super::filters::typed;
use super::listener::{PINS, ciphers, delivered, min_version, validation};
use super::{World, settings};
use crate::model::Why;
use crate::model::net::{HostClass, host_class};

/// Reads the clusters.
pub(super) fn lower(world: &mut World<'_>, gateway: &mut Gateway) {
    for cluster in std::mem::take(&mut world.clusters) {
        let Some(named) = cluster.get("name") else { continue };
        let name = named.text().unwrap_or_default();
        let mut upstream = Upstream::new(name, named.place());
        let assignment = cluster.get("load_assignment").or_else(|| world.endpoints.get(name).copied());
        let addresses = addresses(cluster, assignment);
        upstream.hosts = addresses.iter().map(|(host, _)| (*host).to_owned()).collect();
        upstream.chosen_by_client = chosen(cluster);
        let leads_to_admin = world.admin.is_some_and(|(_, port)| {
            addresses.iter().any(|(host, other)| host_class(host) == HostClass::Loopback && *other == port)
        });
        if leads_to_admin {
            world.admin_clusters.insert(name);
        }
        secure(cluster, &mut upstream, gateway);
        let number = gateway.add_upstream(upstream);
        world.upstreams.entry(name).or_insert((number, cluster));
    }
}

/// Hosts and ports of the endpoints.
fn addresses<'s>(cluster: Node<'s>, assignment: Option<Node<'s>>) -> Vec<(&'s str, &'s str)> {
    let localities = assignment.map_or_else(Vec::new, |assignment| assignment.list("endpoints"));
    let endpoints = localities.into_iter().flat_map(|locality| locality.list("lb_endpoints"));
    let sockets = endpoints.filter_map(|endpoint| endpoint.path(&["endpoint", "address", "socket_address"]));
    // The second version of the API lists them here.
    let old = cluster.list("hosts").into_iter().filter_map(|host| host.get("socket_address"));
    let mut found: Vec<(&str, &str)> = sockets
        .chain(old)
        .filter_map(|socket| Some((socket.str("address")?, socket.str("port_value").unwrap_or_default())))
        .collect();
    found.dedup();
    found
}

/// What of a request decides where the cluster connects to.
fn chosen(cluster: Node<'_>) -> Option<(crate::span::Place, String)> {
    let kind = cluster.get("cluster_type").and_then(|kind| kind.get("name"));
    if let Some(kind) = kind.filter(|kind| kind.text().is_some_and(|name| name.contains("dynamic_forward_proxy"))) {
        return Some((kind.place(), "the header `Host`".to_owned()));
    }
    let balancer = cluster.get("original_dst_lb_config")?;
    let used = balancer.get("use_http_header").filter(|used| used.bool() == Some(true))?;
    let name = balancer.str("http_header_name").unwrap_or("x-envoy-original-dst-host");
    Some((used.key_place(), format!("the header `{name}`")))
}

fn secure(cluster: Node<'_>, upstream: &mut Upstream, gateway: &mut Gateway) {
    let options = cluster.path(&["typed_extension_protocol_options", HTTP_OPTIONS]);
    let socket = cluster.get("transport_socket").and_then(|socket| {
        let (config, of) = typed(socket)?;
        // The internal and the PROXY protocol sockets wrap another one.
        let inner = config.get("transport_socket").and_then(typed);
        let (config, of) = inner.unwrap_or((config, of));
        let is_tls = of.ends_with("UpstreamTlsContext") || of.is_empty() && socket.str("name").is_some_and(is_tls_name);
        Some((is_tls.then_some(config), socket))
    });
    let context = match socket {
        Some((Some(config), socket)) => Some((config, socket)),
        _ => cluster.get("tls_context").map(|context| (context, context)),
    };
    if context.is_none()
        && let Some(matches) = cluster.get("transport_socket_matches")
    {
        upstream.protocol = Stated::Unknown(Why::NotRead, Some(matches.key_place()));
        upstream.verified = Stated::Unknown(Why::NotRead, Some(matches.key_place()));
        return;
    }
    let Some((context, socket)) = context else {
        let speaks_2 = cluster.get("http2_protocol_options").is_some()
            || options.is_some_and(|o| o.path(&["explicit_http_config", "http2_protocol_options"]).is_some());
        upstream.protocol = Stated::Known(if speaks_2 { Protocol::H2c } else { Protocol::Http });
        return;
    };
    upstream.protocol = Stated::Known(Protocol::Https);
    let common = context.get("common_tls_context");
    common.into_iter().for_each(|common| settings::certificates(common, gateway));
    upstream.verified = verified(context, common, options, socket);
    let place = socket.key_place();
    upstream.tls = Some(gateway.add_tls(Tls {
        place,
        side: TlsSide::Upstream,
        min_version: min_version(common, place),
        ciphers: ciphers(common),
        client_certificate: Stated::Absent,
    }));
}

/// The key of options that hold for HTTP.
const HTTP_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

fn is_tls_name(name: &str) -> bool {
    matches!(name, "envoy.transport_sockets.tls" | "tls")
}

/// Nothing is verified without trusted authorities, and no name without one to compare with:
/// <https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/security/ssl#certificate-verification>.
fn verified(
    context: Node<'_>,
    common: Option<Node<'_>>,
    options: Option<Node<'_>>,
    socket: Node<'_>,
) -> Stated<Set<bool>> {
    let place = socket.key_place();
    if let Some(sds) = common.and_then(delivered) {
        return Stated::Unknown(Why::Elsewhere, Some(sds.key_place()));
    }
    let Some(validation) = common.and_then(validation) else {
        // A provider of certificates outside of the configuration, as SPIFFE has.
        let other = common.and_then(|common| {
            ["custom_validator_config", "validation_context_certificate_provider_instance"]
                .iter()
                .find_map(|key| common.get(key))
        });
        return match other {
            Some(other) => Stated::Unknown(Why::NotRead, Some(other.key_place())),
            None => Stated::Known(Set::default(false, place)),
        };
    };
    let untrusted = validation.get("trust_chain_verification").filter(|node| node.text() == Some("ACCEPT_UNTRUSTED"));
    if let Some(node) = untrusted {
        return Stated::Known(Set::written(false, node.place()));
    }
    if let Some(custom) = validation.get("custom_validator_config") {
        return Stated::Unknown(Why::NotRead, Some(custom.key_place()));
    }
    let authorities = ["trusted_ca", "system_root_certs", "ca_certificate_provider_instance"]
        .iter()
        .find_map(|key| validation.get(key));
    let pin = PINS.iter().find_map(|pin| validation.get(pin));
    let by_hash =
        ["verify_certificate_spki", "verify_certificate_hash"].iter().any(|key| validation.get(key).is_some());
    let automatic = context.is_true("auto_sni_san_validation")
        || options.is_some_and(|options| {
            options.path(&["upstream_http_protocol_options", "auto_san_validation"]).and_then(Node::bool) == Some(true)
        });
    Stated::Known(match (authorities, pin) {
        (Some(node), Some(_)) => Set::written(true, node.key_place()),
        (Some(node), None) if automatic => Set::written(true, node.key_place()),
        (None, Some(node)) if by_hash => Set::written(true, node.key_place()),
        // Any certificate of any site that the authorities know is good.
        (Some(node), None) => Set::default(false, node.key_place()),
        (None, _) => Set::default(false, place),
    })
}

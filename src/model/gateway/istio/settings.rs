//! Settings of the mesh that rules ask for: mutual TLS, and addresses that a load balancer hides.

use super::super::path::Trick;
use super::super::{Gateway, Node, Setting};
use super::guards::Guards;
use super::{SECURITY, World};
use crate::model::gateway::objects::shared_folders;
use crate::span::{FileId, Place};

pub(super) fn lower<'s>(world: World<'s>, guards: &Guards<'s>, gateway: &mut Gateway) {
    peers(world, gateway);
    addresses(world, guards, gateway);
}

/// Notes a setting.
pub(super) fn note(name: &str, value: &str, place: Place, grave: bool, gateway: &mut Gateway) {
    gateway.settings.push(Setting { grave, ..Setting::new(name, value, place) });
}

/// Spellings of a path that are left as they are before policies compare it. What the mesh does to paths is one
/// of its settings; where those are not in view, only what no setting changes is known.
///
/// Source: <https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ProxyPathNormalization>.
pub(super) fn spellings(world: World<'_>) -> Vec<Trick> {
    let mut tricks = vec![Trick::TrailingSlash];
    let Some(normalization) = normalization(world) else { return tricks };
    match normalization {
        "NONE" => tricks.extend([Trick::DoubleSlash, Trick::EscapedSlash, Trick::Dot, Trick::DotDot]),
        "MERGE_SLASHES" => tricks.push(Trick::EscapedSlash),
        "DECODE_AND_MERGE_SLASHES" => {}
        _ => tricks.extend([Trick::DoubleSlash, Trick::EscapedSlash]),
    }
    tricks
}

/// How the mesh normalises paths, if its settings are in view: in the operator's object, or in the ConfigMap that
/// holds them as a text.
fn normalization<'s>(world: World<'s>) -> Option<&'s str> {
    const BASE: &str = "BASE";
    for (_, _, spec) in world.of("install.istio.io", "IstioOperator") {
        if let Some(mesh) = spec.and_then(|spec| spec.get("meshConfig")) {
            return Some(mesh.path(&["pathNormalization", "normalization"]).and_then(Node::text).unwrap_or(BASE));
        }
    }
    let (_, map, _) = world.of("", "ConfigMap").find(|(object, ..)| {
        object.namespace() == super::ROOT && (object.name == "istio" || object.name.starts_with("istio-"))
    })?;
    let text = map.path(&["data", "mesh"])?.text()?;
    let written = text.split("normalization:").nth(1).and_then(|rest| rest.split_whitespace().next());
    Some(written.unwrap_or(BASE))
}

/// Notes modes of mutual TLS. Grave: for more than one workload.
fn peers(world: World<'_>, gateway: &mut Gateway) {
    for (_, _, spec) in world.of(SECURITY, "PeerAuthentication") {
        let Some(spec) = spec else { continue };
        let labels = spec.path(&["selector", "matchLabels"]);
        let wide = labels.is_none_or(|labels| labels.children().next().is_none());
        let mode = |node: Node<'_>| node.get("mode").and_then(|mode| Some((mode.text()?.to_owned(), mode.place())));
        if let Some((value, place)) = spec.get("mtls").and_then(mode) {
            note("peerAuthentication.mtls.mode", &value, place, wide, gateway);
        }
        for port in spec.get("portLevelMtls").into_iter().flat_map(Node::children) {
            if let Some((value, place)) = mode(port) {
                note("peerAuthentication.portLevelMtls.mode", &value, place, wide, gateway);
            }
        }
    }
}

/// Notes lists of addresses at a gateway before which a load balancer stands: they compare with its address.
fn addresses<'s>(world: World<'s>, guards: &Guards<'s>, gateway: &mut Gateway) {
    let sources = world.input.sources;
    let with_lists: Vec<_> =
        guards.at_gateways().into_iter().filter(|policy| !policy.packet_addresses().is_empty()).collect();
    // All files are searched: not for nothing.
    if with_lists.is_empty() {
        return;
    }
    let proxied: Vec<FileId> =
        sources.files().filter(|file| has_trusted_proxies(&file.text)).map(|file| file.id).take(MOST_FILES).collect();
    if proxied.is_empty() {
        return;
    }
    for policy in with_lists {
        let path = &sources.file(policy.object.at.file).path;
        let is_behind = proxied.iter().any(|file| {
            let other = &sources.file(*file).path;
            *file == policy.object.at.file
                || !other.contains('/')
                || !path.contains('/')
                || shared_folders(path, other) > 0
        });
        for list in policy.packet_addresses() {
            if is_behind {
                note(
                    "authorizationPolicy.rules.from.source.ipBlocks",
                    "behind a proxy",
                    list.key_place(),
                    false,
                    gateway,
                );
            }
        }
    }
}

/// So many files are compared with a policy.
const MOST_FILES: usize = 64;

/// Whether a file says that proxies stand before the gateway, which tell the client's address in a header or by the
/// PROXY protocol: <https://istio.io/latest/docs/ops/configuration/traffic-management/network-topologies/>.
fn has_trusted_proxies(text: &str) -> bool {
    let counts = text.match_indices("numTrustedProxies").any(|(at, name)| {
        let rest = text[at + name.len()..].trim_start_matches(['"', '\'', ':', ' ']);
        rest.starts_with(|c: char| ('1'..='9').contains(&c))
    });
    counts
        || text.contains("envoy.filters.listener.proxy_protocol")
        || text.contains("gatewayTopology") && text.contains("proxyProtocol")
}

//! Settings of the mesh that rules ask for: mutual TLS, and addresses that a load balancer hides.

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

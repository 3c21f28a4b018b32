//! Destinations of Istio as upstreams: services of the cluster, and hosts outside of it, with what `ServiceEntry` and
//! `DestinationRule` say of the connection.

use std::collections::{HashMap, HashSet};

use super::super::kubernetes::ServiceRef;
use super::super::{Gateway, Node, Object, Protocol, Set, Stated, Upstream};
use super::routes::{Bound, service};
use super::{NETWORKING, World, settings};
use crate::model::Why;
use crate::model::gateway::objects::shared_folders;
use crate::span::FileId;

/// What is known of hosts.
pub(super) struct Upstreams<'s> {
    rules: HashMap<&'s str, Vec<(&'s Object, Node<'s>)>>,
    entries: HashMap<&'s str, Vec<(&'s Object, Node<'s>)>>,
    /// Upstreams by host, port, namespace and folder.
    made: HashMap<(&'s str, &'s str, &'s str, &'s str), u32>,
}

/// So many objects for one host are compared.
const MOST_ALIKE: usize = 256;

/// The object for a host that is nearest to a file.
fn nearest<'s>(world: World<'s>, found: &[(&'s Object, Node<'s>)], near: FileId) -> Option<Node<'s>> {
    let path = |file: FileId| &world.input.sources.file(file).path;
    let best =
        |(object, _): &&(&Object, Node<'_>)| (object.at.file == near, shared_folders(path(near), path(object.at.file)));
    found.iter().take(MOST_ALIKE).max_by_key(best).map(|(_, spec)| *spec)
}

impl<'s> Upstreams<'s> {
    /// Reads what the objects of a run say of hosts, and notes hosts whose certificate nobody verifies.
    pub(super) fn read(world: World<'s>, bound: &[Bound<'s>], gateway: &mut Gateway) -> Self {
        // Those that routes lead to are noted with the route.
        let used: HashSet<&str> = bound.iter().flat_map(Bound::hosts_of_routes).collect();
        let mut found = Self { rules: HashMap::new(), entries: HashMap::new(), made: HashMap::new() };
        for (object, _, spec) in world.of(NETWORKING, "DestinationRule") {
            let Some((spec, host)) = spec.and_then(|spec| Some((spec, spec.get("host")?))) else { continue };
            let name = host.text().unwrap_or_default();
            found.rules.entry(name).or_default().push((object, spec));
            for tls in tls_of(spec) {
                if let Some(off) = tls.get("mode").filter(|mode| mode.text() == Some("DISABLE")) {
                    settings::note("destinationRule.trafficPolicy.tls.mode", "DISABLE", off.place(), false, gateway);
                }
                let skips = tls.get("insecureSkipVerify").filter(|skips| skips.bool() == Some(true));
                if let Some(skips) = skips.filter(|_| !used.contains(name)) {
                    let mut upstream = outside(name, host);
                    upstream.in_cluster = service(name, object.namespace()).is_some();
                    upstream.protocol = Stated::Known(Protocol::Https);
                    upstream.verified = Stated::Known(Set::written(false, skips.key_place()));
                    gateway.add_upstream(upstream);
                }
            }
        }
        for (object, _, spec) in world.of(NETWORKING, "ServiceEntry") {
            let Some(spec) = spec else { continue };
            for host in spec.list("hosts").into_iter().filter_map(Node::text) {
                found.entries.entry(host).or_default().push((object, spec));
            }
        }
        found
    }

    /// The upstreams of an entry of `http`.
    pub(super) fn of(
        &mut self,
        world: World<'s>,
        bound: &Bound<'s>,
        http: Node<'s>,
        gateway: &mut Gateway,
    ) -> Vec<u32> {
        let mut found = Vec::new();
        for target in http.list("route") {
            let Some(destination) = target.get("destination") else { continue };
            let Some(host) = destination.get("host") else { continue };
            let port = destination.path(&["port", "number"]).and_then(Node::text).unwrap_or_default();
            let name = host.text().unwrap_or_default();
            let key = (name, port, bound.object.namespace(), bound.folder);
            let number = match self.made.get(&key) {
                Some(number) => *number,
                None => {
                    let upstream = self.make(world, bound, host, port);
                    let number = gateway.add_upstream(upstream);
                    self.made.insert(key, number);
                    number
                }
            };
            if !found.contains(&number) {
                found.push(number);
            }
        }
        found
    }

    fn make(&self, world: World<'s>, bound: &Bound<'s>, host: Node<'s>, port: &'s str) -> Upstream {
        let name = host.text().unwrap_or_default();
        let near = host.file();
        let rule = self.rules.get(name).and_then(|rules| nearest(world, rules, near));
        let tls = rule.and_then(|rule| tls_for(rule, port));
        let mode = tls.and_then(|tls| tls.str("mode"));
        // The mesh encrypts between its workloads by itself, unless it is told not to.
        let elsewhere = || Stated::Unknown(Why::Elsewhere, Some(host.place()));
        if let Some((namespace, _)) = service(name, bound.object.namespace()) {
            let protocol = match mode {
                Some("DISABLE") => Stated::Known(Protocol::Http),
                Some("SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL") => Stated::Known(Protocol::Https),
                _ => elsewhere(),
            };
            let port = (!port.is_empty()).then_some(port);
            let mut upstream = ServiceRef { namespace, name: host, port }.upstream(world.input, protocol);
            upstream.verified = verified(tls, host);
            return upstream;
        }
        let mut upstream = outside(name, host);
        let entry = self.entries.get(name).and_then(|entries| nearest(world, entries, near));
        let spoken = entry.and_then(|entry| {
            let of_port = entry.list("ports").into_iter().find(|it| it.str("number") == Some(port));
            of_port?.str("protocol").map(str::to_ascii_uppercase)
        });
        upstream.protocol = match (mode, spoken.as_deref()) {
            (Some("SIMPLE" | "MUTUAL" | "ISTIO_MUTUAL"), _) => Stated::Known(Protocol::Https),
            (Some("DISABLE"), _) | (None, Some("HTTP")) => Stated::Known(Protocol::Http),
            _ => elsewhere(),
        };
        upstream.verified = verified(tls, host);
        upstream
    }
}

/// A host that is no service of the cluster.
fn outside(name: &str, host: Node<'_>) -> Upstream {
    let mut upstream = Upstream::new(name, host.place());
    upstream.hosts = vec![name.to_owned()];
    upstream
}

/// Certificates are verified with the authorities of the system, names too, unless that is switched off:
/// <https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings>.
fn verified(tls: Option<Node<'_>>, host: Node<'_>) -> Stated<Set<bool>> {
    let Some(tls) = tls.filter(|tls| matches!(tls.str("mode"), Some("SIMPLE" | "MUTUAL"))) else {
        return Stated::Absent;
    };
    let skips = tls.get("insecureSkipVerify").filter(|skips| skips.bool() == Some(true));
    Stated::Known(skips.map_or(Set::default(true, host.place()), |skips| Set::written(false, skips.key_place())))
}

/// TLS settings of a rule, at all its levels.
fn tls_of(spec: Node<'_>) -> Vec<Node<'_>> {
    let subsets = spec.list("subsets").into_iter().filter_map(|subset| subset.get("trafficPolicy"));
    let policies: Vec<Node<'_>> = spec.get("trafficPolicy").into_iter().chain(subsets).collect();
    policies
        .into_iter()
        .flat_map(|policy| {
            let ports = policy.list("portLevelSettings").into_iter().filter_map(|port| port.get("tls"));
            policy.get("tls").into_iter().chain(ports).collect::<Vec<_>>()
        })
        .collect()
}

/// TLS settings for a port: its own replace those of the host.
fn tls_for<'s>(spec: Node<'s>, port: &str) -> Option<Node<'s>> {
    let policy = spec.get("trafficPolicy")?;
    let of_port = policy
        .list("portLevelSettings")
        .into_iter()
        .find(|it| it.path(&["port", "number"]).and_then(Node::text) == Some(port));
    of_port.map_or_else(|| policy.get("tls"), |of_port| of_port.get("tls"))
}

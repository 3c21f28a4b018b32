//! `Gateway` of Istio: each server is a listener.

use std::collections::HashMap;

use super::super::defaults::default;
use super::super::host::{Depth, HostPattern};
use super::super::kubernetes::named;
use super::super::tls::TlsVersion;
use super::super::{
    Bind, ClientCertificate, Exposure, Gateway, Listener, Node, Object, Origin, Protocol, Set, Setting, Stated, Tls,
    TlsSide, cipher,
};
use super::{NETWORKING, World};
use crate::discover::Format;
use crate::model::Why;
use crate::span::{At, FileId};

/// A gateway, with what it is found by.
pub(super) struct Entry<'s> {
    pub(super) folder: &'s str,
    /// Labels of the workload that serves it.
    pub(super) selector: Vec<(&'s str, &'s str)>,
    pub(super) servers: Vec<Server>,
}

/// A server of a gateway.
pub(super) struct Server {
    pub(super) listener: u32,
    pub(super) hosts: Vec<HostPattern>,
    pub(super) protocol: Option<Protocol>,
    pub(super) redirects: bool,
}

/// The gateways of a run.
#[derive(Default)]
pub(super) struct Gateways<'s> {
    pub(super) all: Vec<Entry<'s>>,
    by_object: HashMap<At, usize>,
}

impl<'s> Gateways<'s> {
    /// The gateway of that name: where several files define it, the one nearest to `near`.
    pub(super) fn find(&self, world: World<'s>, namespace: &str, name: &str, near: FileId) -> Option<usize> {
        let found = world.input.objects.find(world.input.sources, (NETWORKING, "Gateway"), namespace, name, near)?;
        self.by_object.get(&found.at).copied()
    }
}

/// Ports of gateways between clusters: <https://istio.io/latest/docs/setup/install/multicluster/>.
const INNER_PORTS: [&str; 3] = ["15012", "15017", "15443"];

pub(super) fn lower<'s>(world: World<'s>, gateway: &mut Gateway) -> Gateways<'s> {
    let mut gateways = Gateways::default();
    for (object, node, spec) in world.of(NETWORKING, "Gateway") {
        let Some(spec) = spec else { continue };
        let labels = spec.get("selector").into_iter().flat_map(Node::children);
        let selector: Vec<(&str, &str)> = labels.filter_map(|label| Some((label.key()?, label.text()?))).collect();
        if selector.is_empty() && !spec.get("selector").is_some_and(Node::is_template) && !world.is_templated(object) {
            note(gateway, "gateway.selector", "", node);
        }
        let inner = selector.iter().any(|(_, value)| value.contains("eastwest") || value.contains("egress"));
        let servers: Vec<Server> =
            spec.list("servers").into_iter().map(|server| read(object, server, inner, gateway)).collect();
        gateways.by_object.insert(object.at, gateways.all.len());
        gateways.all.push(Entry { folder: world.folder(object), selector, servers });
    }
    gateways
}

fn note(gateway: &mut Gateway, name: &str, value: &str, node: Node<'_>) {
    gateway.settings.push(Setting { origin: Origin::Default, ..Setting::new(name, value, named(node)) });
}

fn read(object: &Object, server: Node<'_>, inner: bool, gateway: &mut Gateway) -> Server {
    let port = server.get("port");
    let number = port.and_then(|port| port.get("number"));
    let text = number.and_then(Node::text).unwrap_or_default();
    let spoken = port.and_then(|port| port.str("protocol")).unwrap_or_default().to_ascii_uppercase();
    let tls = server.get("tls");
    let mode = tls.and_then(|tls| tls.str("mode")).unwrap_or_default();
    let passes = matches!(mode, "PASSTHROUGH" | "AUTO_PASSTHROUGH");
    let protocol = match spoken.as_str() {
        "HTTPS" | "TLS" if passes => Some(Protocol::Passthrough),
        "HTTPS" => Some(Protocol::Https),
        "HTTP" => Some(Protocol::Http),
        "HTTP2" | "GRPC" | "GRPC-WEB" => {
            Some(match (spoken.as_str(), tls.is_some_and(|tls| tls.get("mode").is_some())) {
                ("HTTP2", true) => Protocol::Https,
                ("HTTP2", false) => Protocol::H2c,
                (_, true) => Protocol::Grpcs,
                (_, false) => Protocol::Grpc,
            })
        }
        "TLS" | "TCP" | "MONGO" | "MYSQL" | "REDIS" => Some(Protocol::Tcp),
        _ => None,
    };
    let mut hosts = Vec::new();
    for host in server.list("hosts") {
        let written = host.text().unwrap_or_default();
        // A namespace may stand before the host: then virtual services of that namespace alone may bind.
        let (namespace, name) = written.rsplit_once('/').unwrap_or(("*", written));
        hosts.push(HostPattern::wildcard(name, Depth::Many));
        if name == "*" && namespace == "*" && !inner && protocol != Some(Protocol::Passthrough) {
            gateway.settings.push(Setting::new("gateway.servers.hosts", written, host.place()));
        }
    }
    let redirect = tls.and_then(|tls| tls.get("httpsRedirect")).and_then(Node::bool) == Some(true);
    let place = number.or(port).map_or(server.place(), Node::place);
    let settings = tls.filter(|_| !passes && protocol.is_some_and(|it| it.is_tls() || it == Protocol::Tcp));
    let any = hosts.is_empty() || hosts.contains(&HostPattern::Any);
    let listener = Listener {
        name: format!("{}:{text}", object.name),
        place,
        bind: Stated::Known(Bind::Any),
        port: text.parse().ok(),
        protocol: protocol.map_or(Stated::Unknown(Why::NotRead, Some(place)), Stated::Known),
        hosts: if any { Vec::new() } else { hosts.clone() },
        tls: settings.map(|tls| add_tls(tls, mode, gateway)),
        redirects_to_https: Stated::Known(redirect),
        exposure: if inner || INNER_PORTS.contains(&text) { Exposure::Internal } else { Exposure::Public },
        // Headers of answers are set by virtual services and filters.
        hsts: Stated::Unknown(Why::Elsewhere, Some(place)),
        serves_browsers: false,
    };
    Server { listener: gateway.add_listener(listener), hosts, protocol, redirects: redirect }
}

fn add_tls(tls: Node<'_>, mode: &str, gateway: &mut Gateway) -> u32 {
    let place = tls.key_place();
    let asked = |value: ClientCertificate| {
        let node = tls.get("mode").unwrap_or(tls);
        Stated::Known(Set::written(value, node.place()))
    };
    let usual = || default(Format::Istio, "gateway.servers.tls.minProtocolVersion", None).and_then(TlsVersion::parse);
    let min_version = match tls.get("minProtocolVersion") {
        Some(node) => match node.text().and_then(TlsVersion::parse) {
            Some(version) => Some(Set::written(version, node.place())),
            None => usual().map(|version| Set::default(version, place)),
        },
        None => usual().map(|version| Set::default(version, place)),
    };
    let ciphers = tls
        .get("cipherSuites")
        .map(|list| (list.key_place(), cipher::envoy(tls.list("cipherSuites").into_iter().filter_map(Node::text))));
    gateway.add_tls(Tls {
        place,
        side: TlsSide::Client,
        min_version: min_version.into(),
        ciphers,
        client_certificate: match mode {
            "MUTUAL" | "ISTIO_MUTUAL" => asked(ClientCertificate::Required),
            "OPTIONAL_MUTUAL" => asked(ClientCertificate::Optional),
            _ => Stated::Absent,
        },
    })
}

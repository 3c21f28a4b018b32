//! Gateways and sets of listeners: the sockets that routes attach to.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::adapters::Input;
use super::super::cursor::Node;
use super::super::host::Depth;
use super::super::kubernetes::named;
use super::super::objects::Object;
use super::super::{Bind, ClientCertificate, Exposure, Gateway, HostPattern, Listener, Protocol, Set, Setting, Stated};
use super::{ENVOY, Policies, STANDARD, parent_of, refer, traffic};
use crate::model::Why;
use crate::model::net::{HostClass, host_class};
use crate::span::{At, FileId, Place};

/// A Gateway has no more listeners than this, by the schema of the standard.
const MOST_LISTENERS: usize = 64;

/// One listener.
pub(super) struct Socket<'s> {
    pub(super) name: &'s str,
    pub(super) port: Option<&'s str>,
    /// The host it answers; none: all.
    pub(super) host: Option<HostPattern>,
    pub(super) protocol: Protocol,
    /// Its number, if it is of the files of the gateway.
    pub(super) index: Option<u32>,
    /// Namespaces of routes that attach, and the setting that admits all.
    open: Option<Place>,
    namespaces: BTreeSet<&'s str>,
    routes: Vec<(u32, bool)>,
}

/// A Gateway, or a set of listeners of one.
pub(super) struct Parent<'s> {
    /// The Gateway itself.
    pub(super) gateway: At,
    /// Whether Envoy Gateway runs it.
    pub(super) is_envoy: bool,
    pub(super) sockets: Vec<Socket<'s>>,
    by_name: HashMap<&'s str, usize>,
}

impl Parent<'_> {
    /// The listeners that a reference means.
    pub(super) fn matching(&self, section: Option<&str>, port: Option<&str>) -> Vec<usize> {
        let of_port = |index: &usize| port.is_none_or(|port| self.sockets[*index].port == Some(port));
        match section {
            Some(name) => self.by_name.get(name).copied().into_iter().filter(of_port).collect(),
            None => (0..self.sockets.len().min(MOST_LISTENERS)).filter(of_port).collect(),
        }
    }
}

/// The Gateways that routes refer to, each read once.
pub(super) struct Parents<'s> {
    input: Input<'s>,
    files: HashSet<FileId>,
    pub(super) all: HashMap<At, Parent<'s>>,
    order: Vec<At>,
}

impl<'s> Parents<'s> {
    pub(super) fn new(input: Input<'s>, files: HashSet<FileId>) -> Self {
        Self { input, files, all: HashMap::new(), order: Vec::new() }
    }

    /// Reads a Gateway or a set of listeners. Those of other files have no listeners of their own here.
    pub(super) fn read(&mut self, object: &'s Object, policies: &Policies<'s>, gateway: &mut Gateway) {
        if self.all.contains_key(&object.at) {
            return;
        }
        let node = object.node(self.input.sources);
        let owner = if object.kind == "Gateway" { Some(object.at) } else { parent_of(self.input, object) };
        let main = owner.map(|at| Node::at(self.input.sources, at));
        let is_here = self.files.contains(&object.at.file);
        let is_envoy = main.is_some_and(|main| is_envoy(self.input, main, object.at.file, policies));
        let mut parent =
            Parent { gateway: owner.unwrap_or(object.at), is_envoy, sockets: Vec::new(), by_name: HashMap::new() };
        for listener in node.get("spec").map(|spec| spec.list("listeners")).unwrap_or_default() {
            let mut socket = socket(listener);
            if is_here {
                let shown = listener.get("name").map_or(listener.place(), Node::place);
                let client = policies.client.of_listener(parent.gateway, socket.name);
                let client = client.map(|client| client.object.node(self.input.sources));
                let is_tls = socket.protocol.is_tls();
                let tls = is_tls.then(|| {
                    let mut tls = traffic::tls(client, is_envoy, listener.get("tls").map_or(shown, Node::key_place));
                    if let Some(set) = main.and_then(|main| validation(main, listener, socket.port)) {
                        tls.client_certificate = Stated::Known(set);
                    }
                    gateway.add_tls(tls)
                });
                let class = main.and_then(|main| main.path(&["spec", "gatewayClassName"]));
                socket.index = Some(gateway.add_listener(Listener {
                    name: format!("{}/{}", object.name, socket.name),
                    place: shown,
                    bind: Stated::Known(Bind::Any),
                    port: socket.port.and_then(|port| port.parse().ok()),
                    protocol: Stated::Known(socket.protocol),
                    hosts: socket.host.clone().into_iter().collect(),
                    tls,
                    redirects_to_https: Stated::Unknown(Why::Elsewhere, None),
                    exposure: exposure(main, class.and_then(Node::text).unwrap_or_default(), socket.host.as_ref()),
                    hsts: Stated::Unknown(Why::Elsewhere, None),
                    serves_browsers: false,
                }));
            }
            parent.by_name.entry(socket.name).or_insert(parent.sockets.len());
            parent.sockets.push(socket);
        }
        if parent.sockets.is_empty() && is_here {
            // A Gateway of which the listeners are set elsewhere.
            let place = named(node);
            gateway.partial.get_or_insert((Why::Elsewhere, place));
        }
        self.order.push(object.at);
        self.all.insert(object.at, parent);
    }

    /// Notes that a route attaches to a listener.
    pub(super) fn attach(&mut self, parent: At, socket: usize, namespace: &'s str, route: u32, redirects: bool) {
        if let Some(socket) = self.all.get_mut(&parent).and_then(|parent| parent.sockets.get_mut(socket)) {
            socket.namespaces.insert(namespace);
            socket.routes.push((route, redirects));
        }
    }

    /// What follows for listeners from the routes that attach to them.
    pub(super) fn finish(&self, gateway: &mut Gateway) {
        for parent in self.order.iter().filter_map(|at| self.all.get(at)) {
            for socket in &parent.sockets {
                let Some(index) = socket.index else { continue };
                let listener = &mut gateway.listeners[index as usize];
                if !socket.routes.is_empty() {
                    let all = socket.routes.iter().all(|(_, redirects)| *redirects);
                    listener.redirects_to_https = Stated::Known(all);
                }
                if let Some(place) = socket.open {
                    let any_name = !matches!(socket.host, Some(HostPattern::Exact(_)));
                    let mut open = Setting::new("listener.allowedRoutes.namespaces.from", "All", place);
                    open.on = socket.namespaces.len() > 1;
                    open.grave = any_name && listener.exposure == Exposure::Public;
                    open.routes = socket.routes.iter().map(|(route, _)| *route).collect();
                    gateway.settings.push(open);
                }
            }
        }
    }
}

fn socket(listener: Node<'_>) -> Socket<'_> {
    let terminates = listener.path(&["tls", "mode"]).and_then(Node::text) != Some("Passthrough");
    let protocol = match listener.str("protocol").unwrap_or_default() {
        "HTTPS" => Protocol::Https,
        "TLS" if !terminates => Protocol::Passthrough,
        "HTTP" => Protocol::Http,
        _ => Protocol::Tcp,
    };
    let from = listener.path(&["allowedRoutes", "namespaces", "from"]);
    Socket {
        name: listener.str("name").unwrap_or_default(),
        port: listener.str("port"),
        host: listener.str("hostname").map(|host| HostPattern::wildcard(host, Depth::Many)),
        protocol,
        index: None,
        open: from.filter(|node| node.text() == Some("All")).map(Node::place),
        namespaces: BTreeSet::new(),
        routes: Vec::new(),
    }
}

/// Whether Envoy Gateway runs a Gateway: its class says so, else the policies that stand beside it.
fn is_envoy(input: Input<'_>, gateway: Node<'_>, near: FileId, policies: &Policies<'_>) -> bool {
    let Some(class) = gateway.path(&["spec", "gatewayClassName"]).and_then(Node::text) else { return false };
    // Classes have no namespace.
    let found = input.objects.find(input.sources, (STANDARD, "GatewayClass"), "default", class, near);
    match found.and_then(|object| object.node(input.sources).path(&["spec", "controllerName"])?.text()) {
        Some(controller) => controller.starts_with(ENVOY),
        None => {
            let any = policies.security.any || policies.backend.any || policies.client.any;
            any || class == "eg" || class.contains("envoy-gateway")
        }
    }
}

/// What a Gateway asks of client certificates at a port: for the port, else for all.
///
/// Source: `GatewayTLSConfig.frontend` in <https://gateway-api.sigs.k8s.io/reference/spec/>; earlier releases had it
/// in the listener.
fn validation(gateway: Node<'_>, listener: Node<'_>, port: Option<&str>) -> Option<Set<ClientCertificate>> {
    let frontend = gateway.path(&["spec", "tls", "frontend"]);
    let ports = frontend.map(|frontend| frontend.list("perPort")).unwrap_or_default();
    let of_port = ports.into_iter().find(|entry| port.is_some() && entry.str("port") == port);
    let of_port = of_port.and_then(|entry| entry.path(&["tls", "validation"]));
    let of_all = frontend.and_then(|frontend| frontend.path(&["default", "validation"]));
    let of_listener = listener.path(&["tls", "frontendValidation"]);
    let validation = of_listener.or(of_port).or(of_all)?;
    Some(match validation.get("mode").filter(|mode| mode.text() == Some("AllowInsecureFallback")) {
        Some(mode) => Set::written(ClientCertificate::Optional, mode.place()),
        None => Set::written(ClientCertificate::Required, validation.key_place()),
    })
}

/// Who can reach a listener: classes and annotations of the clouds say when only the own network can.
fn exposure(gateway: Option<Node<'_>>, class: &str, host: Option<&HostPattern>) -> Exposure {
    const INTERNAL: [&str; 3] = ["internal", "private", "rilb"];
    let annotations = ["metadata", "spec"].into_iter().filter_map(|part| {
        let keys: &[&str] =
            if part == "spec" { &["spec", "infrastructure", "annotations"] } else { &[part, "annotations"] };
        gateway?.path(keys)
    });
    let is_internal = annotations.flat_map(Node::children).any(|annotation| {
        let key = annotation.key().unwrap_or_default();
        let value = annotation.text().unwrap_or_default();
        key.contains("load-balancer")
            && (value.eq_ignore_ascii_case("internal") || key.contains("internal") && value == "true")
    });
    let is_local = host.is_some_and(|host| {
        let text = host.to_string();
        let class = host_class(text.trim_start_matches("*."));
        matches!(class, HostClass::Internal | HostClass::Loopback | HostClass::Private)
    });
    let is_mesh = class == "istio-waypoint";
    if is_internal || is_local || is_mesh || INTERNAL.iter().any(|word| class.contains(word)) {
        Exposure::Internal
    } else {
        Exposure::Public
    }
}

/// The Gateway or set of listeners that a route refers to.
pub(super) fn of_route<'s>(input: Input<'s>, route: &Object, reference: Node<'_>) -> Option<&'s Object> {
    refer(input, route, reference, (STANDARD, "Gateway")).filter(|object| super::is_parent(object))
}

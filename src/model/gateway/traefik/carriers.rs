//! Who carries Traefik's settings: files, labels of containers, the arguments and variables of whoever starts it,
//! values of its Helm chart. Knows where settings stand, not what they mean.
//!
//! Sources: <https://doc.traefik.io/traefik/v3.7/reference/install-configuration/boot-environment/>,
//! <https://github.com/traefik/traefik-helm-chart/blob/master/traefik/values.yaml>.

use std::collections::HashSet;

use super::conf::{Conf, Dotted};
use crate::model::gateway::adapters::Input;
use crate::model::gateway::containers::{mount, published};
use crate::model::gateway::kubernetes::pod;
use crate::model::gateway::{Node, Objects};
use crate::span::{FileId, NodeId, Place};

/// The settings of a gateway by carrier.
#[derive(Debug, Default)]
pub(super) struct Carriers<'s> {
    /// Roots of files.
    pub(super) files: Vec<Node<'s>>,
    /// Containers with labels.
    pub(super) containers: Vec<Container>,
    /// Whoever starts Traefik.
    pub(super) launches: Vec<Launch>,
}

/// A container with labels.
#[derive(Debug)]
pub(super) struct Container {
    /// Its name.
    pub(super) name: String,
    /// What names it.
    pub(super) place: Place,
    /// Its labels, by what follows `traefik.`.
    pub(super) labels: Dotted,
}

/// A container or chart that starts Traefik.
#[derive(Debug)]
pub(super) struct Launch {
    /// Arguments, variables or values, as settings of a static file.
    pub(super) settings: Dotted,
    /// The version in the name of its image.
    pub(super) version: Option<String>,
    /// Ports that clients outside can reach, where that is said in the same place.
    pub(super) published: Option<HashSet<u16>>,
    /// Whether there are several of it.
    pub(super) replicated: bool,
    /// Where the Docker socket is mounted so that it can be written to.
    pub(super) socket: Option<Place>,
    /// Files of the host by their path in the container.
    pub(super) mounts: Vec<(String, String)>,
}

impl<'s> Carriers<'s> {
    /// Finds what carries settings in the files of a unit.
    pub(super) fn read(input: Input<'s>) -> Self {
        let mut carriers = Self::default();
        let files: HashSet<FileId> = input.files.iter().copied().collect();
        for root in input.files.iter().flat_map(|&file| Node::roots(input.sources, file)) {
            carriers.root(root);
            match shape(root) {
                Shape::Compose => services(root).for_each(|service| carriers.labels(service)),
                Shape::Other => carriers.labelled(root),
                Shape::Object | Shape::Chart | Shape::Settings => {}
            }
        }
        carriers.workloads(input, &files);
        carriers
    }

    /// Those that say where Traefik finds the others: files, and whoever starts it. Labels are left out.
    pub(super) fn naming(roots: impl Iterator<Item = Node<'s>>) -> Self {
        let mut carriers = Self::default();
        roots.for_each(|root| carriers.root(root));
        carriers
    }

    fn root(&mut self, root: Node<'s>) {
        match shape(root) {
            Shape::Compose => services(root).for_each(|service| self.service(service)),
            Shape::Chart => self.launches.push(chart(root)),
            Shape::Settings => self.files.push(root),
            Shape::Object | Shape::Other => {}
        }
    }

    /// The labels of a service of a compose file.
    fn labels(&mut self, service: Node<'s>) {
        let labels = [service.get("labels"), service.path(&["deploy", "labels"])];
        let labels: Vec<Node<'_>> = labels.into_iter().flatten().collect();
        self.container(service.key().unwrap_or_default(), service.key_place(), &labels);
    }

    /// A service of a compose file, if it starts Traefik.
    fn service(&mut self, service: Node<'s>) {
        if let Some(mut launch) = launch(service, "command", "environment", service.key_place()) {
            let many = service.path(&["deploy", "replicas"]).and_then(Node::number);
            launch.replicated = many.is_some_and(|many| many > 1.0);
            launch.published = published(service);
            for volume in service.list("volumes") {
                let Some((from, to, writable)) = mount(volume) else { continue };
                if from.ends_with("docker.sock") && writable {
                    launch.socket = Some(volume.place());
                }
                launch.mounts.push((from.to_owned(), to.to_owned()));
            }
            self.launches.push(launch);
        }
    }

    fn container(&mut self, name: &str, place: Place, labels: &[Node<'s>]) {
        let mut dotted = Dotted::new(place);
        for entry in labels.iter().flat_map(|labels| labels.children()) {
            let Some((name, value)) = pair(entry) else { continue };
            if let Some(start) = name.get(..8).filter(|start| start.eq_ignore_ascii_case("traefik.")) {
                // Compose replaces `$$` by `$`.
                let value = value.replace("$$", "$");
                dotted.add(&name[start.len()..], &value, entry.key_place(), entry.place());
            }
        }
        if !dotted.is_empty() {
            self.containers.push(Container { name: name.to_owned(), place, labels: dotted });
        }
    }

    /// Labels wherever they stand in a document that is no compose file: tasks of Ansible, jobs of Nomad.
    fn labelled(&mut self, root: Node<'s>) {
        let mut left = vec![root];
        let mut seen: HashSet<NodeId> = HashSet::new();
        while let Some(node) = left.pop() {
            if !seen.insert(node.entry().node) {
                continue;
            }
            if let Some(labels) = node.get("labels") {
                let named = node.get("name").or_else(|| node.get("container_name"));
                let name = named.and_then(Node::text).or(node.key()).unwrap_or_default();
                self.container(name, named.map_or(node.key_place(), Node::place), &[labels]);
            }
            let children: Vec<_> = node.children().filter(|child| child.is_map() || child.is_list()).collect();
            left.extend(children.into_iter().rev());
        }
    }

    /// Workloads of Kubernetes that start Traefik.
    fn workloads(&mut self, input: Input<'s>, files: &HashSet<FileId>) {
        for object in workloads(input.objects).filter(|object| files.contains(&object.at.file)) {
            let node = object.node(input.sources);
            let many = node.path(&["spec", "replicas"]).and_then(Node::number);
            let place = node.path(&["metadata", "name"]).map_or(node.key_place(), Node::place);
            for container in pod(node).into_iter().flat_map(|pod| pod.list("containers")) {
                if let Some(mut launch) = launch(container, "args", "env", place) {
                    launch.replicated = object.kind == "DaemonSet" || many.is_some_and(|many| many > 1.0);
                    self.launches.push(launch);
                }
            }
        }
    }
}

fn services(compose: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    compose.get("services").into_iter().flat_map(Node::children)
}

fn workloads(objects: &Objects) -> impl Iterator<Item = &crate::model::gateway::Object> {
    let kinds = [("apps", "Deployment"), ("apps", "DaemonSet"), ("apps", "StatefulSet"), ("", "Pod")];
    kinds.into_iter().flat_map(|(group, kind)| objects.of(group, kind))
}

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// An object of Kubernetes.
    Object,
    /// A compose file.
    Compose,
    /// Values of the Helm chart.
    Chart,
    /// A static or dynamic file.
    Settings,
    /// Something else, with labels in it.
    Other,
}

/// Roots of a static file.
const STATIC: [&str; 11] = [
    "entrypoints",
    "providers",
    "api",
    "ping",
    "log",
    "accesslog",
    "metrics",
    "certificatesresolvers",
    "serverstransport",
    "core",
    "experimental",
];

/// Roots of a dynamic file.
const DYNAMIC: [&str; 4] = ["http", "tcp", "udp", "tls"];

/// What a document is, by its root.
pub(super) fn shape(root: Node<'_>) -> Shape {
    let has = |names: &[&str]| {
        root.children().any(|child| child.key().is_some_and(|key| names.iter().any(|n| n.eq_ignore_ascii_case(key))))
    };
    if root.get("apiVersion").is_some() && root.get("kind").is_some() {
        Shape::Object
    } else if root.get("services").is_some_and(Node::is_map) {
        Shape::Compose
    } else if root.path(&["ports", "web"]).is_some() || root.path(&["ports", "websecure"]).is_some() {
        Shape::Chart
    } else if has(&STATIC) || has(&DYNAMIC) {
        Shape::Settings
    } else {
        Shape::Other
    }
}

/// Whether a root holds settings of a static file.
pub(super) fn is_static(root: Conf<'_>) -> bool {
    STATIC.iter().any(|name| root.get(name).is_some())
}

/// Name and value of an entry: of a map, of a list of `NAME=VALUE`, of a list of maps with `name` and `value`.
fn pair<'s>(entry: Node<'s>) -> Option<(&'s str, &'s str)> {
    match entry.key() {
        Some(name) => Some((name, entry.text().unwrap_or_default())),
        None if entry.is_map() => Some((entry.str("name")?, entry.str("value")?)),
        None => entry.text().map(|text| text.split_once('=').unwrap_or((text, ""))),
    }
}

/// A container that starts Traefik: by its image or its arguments.
fn launch(container: Node<'_>, arguments: &str, variables: &str, place: Place) -> Option<Launch> {
    let image = container.str("image").unwrap_or_default();
    let (image, tag) = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((image, ""));
    let mut settings = Dotted::new(place);
    let variables = container.get(variables);
    for entry in variables.into_iter().flat_map(Node::children) {
        let Some((name, value)) = pair(entry) else { continue };
        if let Some(name) = name.strip_prefix("TRAEFIK_") {
            // Traefik reads these names in small letters.
            let name = name.replace('_', ".").to_ascii_lowercase();
            settings.add(&name, value, entry.key_place(), entry.place());
        }
    }
    let mut opens = false;
    for argument in container.list(arguments).into_iter().chain(container.list("entrypoint")) {
        for text in argument.text().unwrap_or_default().split_ascii_whitespace() {
            let text = text.trim_matches(['"', '\'']);
            let Some(setting) = text.strip_prefix("--") else { continue };
            let (name, value) = setting.split_once('=').unwrap_or((setting, "true"));
            opens |= name.to_ascii_lowercase().starts_with("entrypoints.");
            settings.add(name, &value.replace("$$", "$"), argument.place(), argument.place());
        }
    }
    let is_traefik = image.rsplit('/').next() == Some("traefik") && !image.ends_with("whoami/traefik");
    let version = tag.trim_start_matches('v');
    let version = version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned());
    (is_traefik || opens).then(|| Launch {
        settings,
        version: version.filter(|_| is_traefik),
        published: None,
        replicated: false,
        socket: None,
        mounts: Vec::new(),
    })
}

/// Values of the Helm chart as settings. What the chart sets by itself is among them.
fn chart(root: Node<'_>) -> Launch {
    let place = root.get("ports").map_or(root.place(), Node::key_place);
    let mut settings = Dotted::new(place);
    let mut published = HashSet::new();
    let ports = root.get("ports");
    // Name, port in the container, whether it is exposed, whether it speaks TLS.
    for (name, usual, shown, tls) in
        [("web", 8000, true, false), ("websecure", 8443, true, true), ("traefik", 8080, false, false)]
    {
        let port = ports.and_then(|ports| ports.get(name));
        let number = port.and_then(|port| port.get("port")).and_then(Node::text);
        let number = number.and_then(|text| text.parse().ok()).unwrap_or(usual);
        let at = port.map_or(place, Node::key_place);
        settings.add(&format!("entrypoints.{name}.address"), &format!(":{number}"), at, at);
        let expose = port.and_then(|port| port.path(&["expose", "default"]).or(port.get("expose")));
        if expose.and_then(Node::bool).unwrap_or(shown) {
            published.insert(number);
        }
        let secure = port.and_then(|port| port.path(&["http", "tls", "enabled"]).or(port.path(&["tls", "enabled"])));
        if secure.and_then(Node::bool).unwrap_or(tls) {
            let at = secure.map_or(at, Node::key_place);
            settings.add(&format!("entrypoints.{name}.http.tls"), "true", at, at);
        }
        let below = |keys: &[&str]| port.and_then(|port| port.path(keys));
        if let Some(to) = below(&["redirectTo", "port"]).or(below(&["redirectTo"])).filter(|node| node.is_scalar()) {
            let name = format!("entrypoints.{name}.http.redirections.entrypoint.to");
            settings.add(&name, to.text().unwrap_or_default(), to.key_place(), to.place());
        }
        for (key, target) in [
            (&["redirections", "entryPoint"][..], "http.redirections.entrypoint"),
            (&["http", "redirections", "entryPoint"][..], "http.redirections.entrypoint"),
            (&["forwardedHeaders"][..], "forwardedheaders"),
            (&["proxyProtocol"][..], "proxyprotocol"),
            (&["transport", "respondingTimeouts"][..], "transport.respondingtimeouts"),
        ] {
            for entry in below(key).into_iter().flat_map(Node::children).filter(|entry| entry.is_scalar()) {
                let name = format!("entrypoints.{name}.{target}.{}", entry.key().unwrap_or_default());
                settings.add(&name, entry.text().unwrap_or_default(), entry.key_place(), entry.place());
            }
        }
        for (at, middleware) in below(&["middlewares"]).into_iter().flat_map(Node::children).enumerate() {
            let name = format!("entrypoints.{name}.http.middlewares[{at}]");
            settings.add(&name, middleware.text().unwrap_or_default(), middleware.place(), middleware.place());
        }
    }
    for provider in ["kubernetesCRD", "kubernetesIngress"] {
        for entry in root.path(&["providers", provider]).into_iter().flat_map(Node::children) {
            if let (Some(key), Some(text)) = (entry.key(), entry.text()) {
                settings.add(&format!("providers.{provider}.{key}"), text, entry.key_place(), entry.place());
            }
        }
    }
    if let Some(logs) = root.path(&["logs", "access", "enabled"]) {
        settings.add("accesslog", logs.text().unwrap_or_default(), logs.key_place(), logs.place());
    }
    for argument in root.list("additionalArguments").into_iter().chain(root.list("globalArguments")) {
        let Some(setting) = argument.text().and_then(|text| text.strip_prefix("--")) else { continue };
        let (name, value) = setting.split_once('=').unwrap_or((setting, "true"));
        settings.add(name, value, argument.place(), argument.place());
    }
    let replicas = root.path(&["deployment", "replicas"]).and_then(Node::number);
    let tag = root.path(&["image", "tag"]).and_then(Node::text).map(|tag| tag.trim_start_matches('v').to_owned());
    Launch {
        settings,
        version: tag.filter(|tag| tag.starts_with(|c: char| c.is_ascii_digit())),
        published: Some(published),
        replicated: replicas.is_some_and(|replicas| replicas > 1.0),
        socket: None,
        mounts: Vec::new(),
    }
}

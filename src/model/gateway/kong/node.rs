//! Where Kong's own settings stand: `kong.conf`, and `KONG_*` variables of a compose file or a container. Knows where
//! a setting is found, not what it means.

use super::super::Node;
use super::super::kubernetes::pod;
use crate::span::Place;

/// What a variable of Kong's begins with.
const VARIABLE: &str = "KONG_";

/// The settings of one Kong node.
#[derive(Debug, Default)]
pub(super) struct Settings<'s> {
    settings: Vec<(String, &'s str, Place)>,
    /// Ports of the container that are published, each with the entry; none where that is not said there.
    pub(super) ports: Option<Vec<Port>>,
    /// Whether it runs more than once.
    pub(super) replicated: bool,
}

/// A port of a container that is published outside of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Port {
    pub(super) number: u16,
    pub(super) place: Place,
    /// Whether the machine itself alone reaches it.
    pub(super) loopback: bool,
}

impl<'s> Settings<'s> {
    /// A setting by its name in `kong.conf`, if something stands there that is no template.
    pub(super) fn get(&self, name: &str) -> Option<(&'s str, Place)> {
        let found = self.settings.iter().find(|(known, text, _)| known == name && !text.contains(['$', '{']));
        found.map(|(_, text, place)| (text.trim(), *place))
    }

    /// A setting as written, also if it names something else.
    pub(super) fn written(&self, name: &str) -> Option<(&'s str, Place)> {
        self.settings.iter().find(|(known, ..)| known == name).map(|(_, text, place)| (text.trim(), *place))
    }

    /// Where the first of them stands.
    pub(super) fn first(&self) -> Option<Place> {
        self.settings.first().map(|(.., place)| *place)
    }

    /// The published port of that number.
    pub(super) fn port(&self, number: u16) -> Option<Port> {
        self.ports.iter().flatten().copied().find(|port| port.number == number)
    }

    fn add(&mut self, name: &str, value: Node<'s>) {
        let Some(name) = name.strip_prefix(VARIABLE) else { return };
        if let Some(text) = value.text() {
            self.settings.push((name.to_ascii_lowercase(), text, value.place()));
        }
    }
}

/// Whether a document is an object of Kubernetes.
pub(super) fn is_object(root: Node<'_>) -> bool {
    root.str("apiVersion").is_some() && root.str("kind").is_some()
}

/// Whether a document is a compose file: only there is `services` a mapping.
pub(super) fn is_compose(root: Node<'_>) -> bool {
    root.get("services").is_some_and(Node::is_map) && root.get("_format_version").is_none()
}

/// Whether a document is `kong.conf`.
pub(super) fn is_conf(root: Node<'_>) -> bool {
    const SETTINGS: [&str; 5] = ["proxy_listen", "admin_listen", "database", "declarative_config", "router_flavor"];
    SETTINGS.iter().any(|key| root.get(key).is_some_and(Node::is_scalar))
}

/// Whether a document holds settings of Kong nodes, or objects of Kubernetes: no services and routes of Kong's own.
pub(super) fn holds_settings(root: Node<'_>) -> bool {
    is_object(root) || is_compose(root) || is_conf(root)
}

/// The nodes whose settings stand in a document.
pub(super) fn nodes(root: Node<'_>) -> Vec<Settings<'_>> {
    if is_object(root) {
        return containers(root);
    }
    if is_compose(root) {
        let services = root.get("services").into_iter().flat_map(Node::children);
        return services.filter_map(compose_service).collect();
    }
    if is_conf(root) {
        let entries = root.children().filter_map(|entry| Some((entry.key()?.to_owned(), entry.text()?, entry.place())));
        return vec![Settings { settings: entries.collect(), ..Settings::default() }];
    }
    Vec::new()
}

/// Containers that only change the database serve nothing.
fn migrates(container: Node<'_>) -> bool {
    let words = ["command", "args", "entrypoint"].into_iter().flat_map(|key| container.list(key));
    words.filter_map(Node::text).any(|text| text.contains("migrations"))
}

fn compose_service(service: Node<'_>) -> Option<Settings<'_>> {
    let mut settings = Settings::default();
    for variable in service.get("environment")?.children() {
        match variable.key() {
            Some(name) => settings.add(name, variable),
            None => settings.add_pair(variable),
        }
    }
    if settings.settings.is_empty() || migrates(service) {
        return None;
    }
    let shares_host = service.str("network_mode") == Some("host");
    settings.ports = (!shares_host).then(|| service.list("ports").into_iter().flat_map(ports).collect());
    let replicas = service.path(&["deploy", "replicas"]).or(service.get("scale")).and_then(Node::number);
    settings.replicated = replicas.is_some_and(|replicas| replicas > 1.0);
    Some(settings)
}

impl<'s> Settings<'s> {
    /// A variable in a list: `NAME=VALUE`.
    fn add_pair(&mut self, pair: Node<'s>) {
        if let Some((name, value)) = pair.text().and_then(|text| text.split_once('='))
            && let Some(name) = name.trim().strip_prefix(VARIABLE)
        {
            self.settings.push((name.to_ascii_lowercase(), value, pair.place()));
        }
    }
}

/// At most so many ports of a range are looked at.
const MAX_RANGE: u16 = 1000;

/// The ports that an entry of `ports` publishes.
fn ports(entry: Node<'_>) -> Vec<Port> {
    let place = entry.place();
    let is_loopback =
        |host: &str| host.starts_with("127.") || host == "localhost" || host.trim_matches(['[', ']']) == "::1";
    if entry.is_map() {
        let number = entry.get("target").and_then(Node::text).and_then(|text| text.parse().ok());
        let published = entry.get("published").is_some();
        let loopback = entry.str("host_ip").is_some_and(is_loopback);
        return number.filter(|_| published).map(|number| Port { number, place, loopback }).into_iter().collect();
    }
    let text = entry.text().unwrap_or_default();
    let text = text.split('/').next().unwrap_or_default();
    let (outside, inside) = text.rsplit_once(':').unwrap_or(("", text));
    let loopback = outside.rsplit_once(':').is_some_and(|(host, _)| is_loopback(host));
    let (from, to) = inside.split_once('-').unwrap_or((inside, inside));
    let (Ok(from), Ok(to)) = (from.parse::<u16>(), to.parse::<u16>()) else { return Vec::new() };
    (from..=to.min(from.saturating_add(MAX_RANGE))).map(|number| Port { number, place, loopback }).collect()
}

/// Containers of an object that has some, if variables of Kong's are set there.
fn containers(object: Node<'_>) -> Vec<Settings<'_>> {
    let containers = pod(object).map(|spec| spec.list("containers")).unwrap_or_default();
    let replicas = object.path(&["spec", "replicas"]).and_then(Node::number);
    let mut found = Vec::new();
    for container in containers {
        let replicated = replicas.is_some_and(|replicas| replicas > 1.0);
        let mut settings = Settings { replicated, ..Settings::default() };
        for variable in container.list("env") {
            if let (Some(name), Some(value)) = (variable.str("name"), variable.get("value")) {
                settings.add(name, value);
            }
        }
        if !settings.settings.is_empty() && !migrates(container) {
            found.push(settings);
        }
    }
    found
}

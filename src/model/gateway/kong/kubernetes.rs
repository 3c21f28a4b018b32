//! Kong's Ingress Controller: which plugins act on the routes of Ingress and HTTPRoute, by annotations and custom
//! resources. What those objects say otherwise is read by the formats they belong to.
//!
//! Source: <https://developer.konghq.com/kubernetes-ingress-controller/reference/annotations/>.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::adapters::Input;
use super::super::host::Depth;
use super::super::kubernetes::{SERVICE, ServiceRef};
use super::super::path::{Anchoring, Flavour, PathPattern};
use super::super::{
    Action, Consequence, DanglingName, Gateway, HostPattern, Methods, Node, Object, Path, Protocol, Route, Scope,
    Stated,
};
use super::entities::Entities;
use super::plugin::{self, Plugin, Scoped};
use super::routes::Routes;
use super::settings::{self, Enforced};
use super::tokens::Tokens;
use super::view::View;
use crate::model::Why;
use crate::span::Place;

/// The API group of Kong's custom resources.
const GROUP: &str = "configuration.konghq.com";

/// The kinds of plugins: of a namespace, and of the cluster.
const PLUGIN: (&str, &str) = (GROUP, "KongPlugin");
const CLUSTER_PLUGIN: (&str, &str) = (GROUP, "KongClusterPlugin");

/// What Kong's annotations begin with.
const PREFIX: &str = "konghq.com/";

/// A route of an object, and where it leads.
struct Found<'s> {
    object: &'s Object,
    route: Route,
    service: Option<ServiceRef<'s>>,
    /// Plugins that the route names besides those of its object.
    named: Vec<Node<'s>>,
}

/// Reads what the objects in view say of Kong.
pub(super) fn lower(input: Input<'_>, view: &View, gateway: &mut Gateway) {
    // Plugins for everything may stand in objects that are not in view.
    gateway.closed = false;
    let mut all = Plugins { input, entities: Entities::default(), by_object: HashMap::new(), off: BTreeSet::new() };
    let mut off_everywhere = Vec::new();
    for object in input.objects.of(CLUSTER_PLUGIN.0, CLUSTER_PLUGIN.1) {
        let global = object.node(input.sources).path(&["metadata", "labels", "global"]).and_then(Node::text);
        if global == Some("true")
            && let Some(number) = all.number(object)
        {
            let plugin = &all.entities.plugins[number];
            off_everywhere.extend(plugin.off.map(|_| number));
            all.entities.global.add(number, plugin);
        }
    }
    let mut found: Vec<Found<'_>> =
        input.objects.of("networking.k8s.io", "Ingress").flat_map(|o| ingress(input, o)).collect();
    let routes = input.objects.of("gateway.networking.k8s.io", "HTTPRoute");
    found.extend(routes.flat_map(|object| http_route(input, object)));
    let mut lowered = Vec::new();
    for Found { object, mut route, service, named } in found {
        let mut lost = None;
        all.off = off_everywhere.iter().copied().collect();
        let (mut own, mut wide) = (Scoped::default(), Scoped::default());
        all.add_named(object, &named, &mut own, &mut lost, gateway);
        if let Some(service) = service {
            let protocol = all.add_service(service, &mut wide, &mut lost, gateway);
            route.upstreams.push(gateway.add_upstream(service.upstream(input, Stated::Known(protocol))));
        }
        let scopes = [(&all.entities.global, Scope::Global), (&wide, Scope::Service), (&own, Scope::Route)];
        let mut effective = plugin::effective(&scopes);
        effective.lost = lost;
        lowered.push((effective, route, std::mem::take(&mut all.off)));
    }
    secrets(input, gateway);
    let entities = all.entities;
    let mut routes = Routes::new(&entities, view, Tokens::default());
    let mut off: BTreeMap<usize, Vec<(u32, Enforced)>> = BTreeMap::new();
    for (effective, route, named) in lowered {
        let number = routes.add(effective, route, gateway);
        let enforced = routes.enforced.last().copied();
        for (plugin, enforced) in named.into_iter().filter_map(|plugin| Some((plugin, enforced?))) {
            off.entry(plugin).or_default().push((number, enforced));
        }
    }
    for (plugin, routes) in off {
        settings::idle_on(&entities.plugins[plugin], &routes, gateway);
    }
    settings::note(&entities, &routes.effective, gateway);
    settings::secrets(&entities, gateway);
}

/// The plugins of custom resources, each read once.
struct Plugins<'s> {
    input: Input<'s>,
    entities: Entities<'s>,
    by_object: HashMap<(crate::span::FileId, crate::span::NodeId), usize>,
    /// Plugins that are named for the route at hand, and switched off.
    off: BTreeSet<usize>,
}

impl<'s> Plugins<'s> {
    fn number(&mut self, object: &Object) -> Option<usize> {
        let key = (object.at.file, object.at.node);
        if let Some(&number) = self.by_object.get(&key) {
            return Some(number);
        }
        let node = object.node(self.input.sources);
        let name = node.get("plugin")?;
        let mut plugin = Plugin::new(name.text()?, node, name.place());
        let off = node.get("disabled").filter(|node| node.bool() == Some(true));
        plugin.off = off.map(Node::key_place);
        // Settings in a secret are not in view: what it asks for is.
        let number = self.entities.plugins.len();
        self.entities.plugins.push(plugin);
        self.by_object.insert(key, number);
        Some(number)
    }

    /// Adds the plugins that the annotation of an object names, and those of `named`.
    fn add_named(
        &mut self,
        object: &Object,
        named: &[Node<'s>],
        scoped: &mut Scoped,
        lost: &mut Option<(Why, Place)>,
        gateway: &mut Gateway,
    ) {
        let node = object.node(self.input.sources);
        let listed = annotation(node, "plugins").into_iter().chain(named.iter().copied());
        for list in listed {
            for name in list.text().unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty()) {
                // The part behind a colon is of a plugin in another namespace.
                let (namespace, name) = name.split_once(':').unwrap_or((object.namespace(), name));
                let (sources, objects) = (self.input.sources, self.input.objects);
                let own = objects.find(sources, PLUGIN, namespace, name, object.at.file);
                let mut of_cluster = objects.of(CLUSTER_PLUGIN.0, CLUSTER_PLUGIN.1);
                match own
                    .or_else(|| of_cluster.find(|object| object.name == name))
                    .and_then(|object| self.number(object))
                {
                    Some(number) => {
                        let plugin = &self.entities.plugins[number];
                        self.off.extend(plugin.off.map(|_| number));
                        scoped.add(number, plugin);
                    }
                    None => {
                        *lost = lost.or(Some((Why::UnresolvedName, list.place())));
                        let is_new = gateway.dangling.last().is_none_or(|last| last.place != list.place());
                        let is_managed_here = objects.any_around(sources, PLUGIN, namespace, object.at.file);
                        if is_new && is_managed_here && !list.is_template() {
                            let (name, what) = (name.to_owned(), "plugin".to_owned());
                            // The controller goes on without it:
                            // https://developer.konghq.com/kubernetes-ingress-controller/reference/custom-resources/
                            let consequence = Consequence::Open;
                            gateway.dangling.push(DanglingName { name, what, place: list.place(), consequence });
                        }
                    }
                }
            }
        }
    }

    /// Adds the plugins of the service behind a route; says what is spoken to it.
    fn add_service(
        &mut self,
        service: ServiceRef<'s>,
        scoped: &mut Scoped,
        lost: &mut Option<(Why, Place)>,
        gateway: &mut Gateway,
    ) -> Protocol {
        let name = service.name.text().unwrap_or_default();
        let (sources, objects) = (self.input.sources, self.input.objects);
        let Some(object) = objects.find(sources, SERVICE, service.namespace, name, service.name.file()) else {
            // Plugins may be attached to it where it is defined.
            *lost = lost.or(Some((Why::UnresolvedName, service.name.place())));
            return Protocol::Http;
        };
        self.add_named(object, &[], scoped, lost, gateway);
        match annotation(object.node(sources), "protocol").and_then(Node::text) {
            Some("https" | "wss") => Protocol::Https,
            Some("grpc") => Protocol::Grpc,
            Some("grpcs") => Protocol::Grpcs,
            Some("tcp" | "tls") => Protocol::Tcp,
            _ => Protocol::Http,
        }
    }
}

/// An annotation of Kong's.
fn annotation<'s>(object: Node<'s>, name: &str) -> Option<Node<'s>> {
    object.path(&["metadata", "annotations"])?.get(&format!("{PREFIX}{name}"))
}

/// Whether an object is Kong's: by its class, or as an annotation of Kong's stands on it.
fn is_of_kong(object: Node<'_>) -> bool {
    let annotations = object.path(&["metadata", "annotations"]);
    let class = annotations.and_then(|annotations| annotations.str("kubernetes.io/ingress.class"));
    let class = object.path(&["spec", "ingressClassName"]).and_then(Node::text).or(class);
    let mut keys = annotations.into_iter().flat_map(Node::children).filter_map(Node::key);
    class.map_or_else(|| keys.any(|key| key.starts_with(PREFIX)), |class| class.contains("kong"))
}

/// What annotations say of all routes of an object.
fn annotated(object: Node<'_>, route: &mut Route) {
    let words = |name: &str| -> Vec<String> {
        let text = annotation(object, name).and_then(Node::text).unwrap_or_default();
        text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
    };
    let protocols = words("protocols");
    if !protocols.is_empty() {
        let plain = protocols.iter().any(|name| matches!(name.as_str(), "http" | "grpc" | "ws"));
        route.plaintext = if plain { Stated::Unknown(Why::Elsewhere, None) } else { Stated::Known(false) };
    }
    let methods = words("methods");
    if let Some(node) = annotation(object, "methods").filter(|_| !methods.is_empty()) {
        let methods = methods.into_iter().map(|method| (method.to_ascii_uppercase(), node.place()));
        route.methods = Stated::Known(Methods::Only(methods.collect()));
    }
}

fn route(object: Node<'_>, name: &str, place: Place) -> Route {
    let mut route = Route::new(name, place);
    route.action = Action::Proxy;
    route.listeners = Stated::Unknown(Why::Elsewhere, None);
    route.plaintext = Stated::Unknown(Why::Elsewhere, None);
    annotated(object, &mut route);
    route
}

fn ingress<'s>(input: Input<'s>, object: &'s Object) -> Vec<Found<'s>> {
    let node = object.node(input.sources);
    if !is_of_kong(node) {
        return Vec::new();
    }
    let regex = annotation(node, "regex-prefix").and_then(Node::text).unwrap_or("/~");
    let service = |backend: Node<'s>| {
        let name = backend.path(&["service", "name"])?;
        let port = backend.path(&["service", "port"]).and_then(|port| port.str("number").or(port.str("name")));
        Some(ServiceRef { namespace: object.namespace(), name, port })
    };
    let mut found = Vec::new();
    for rule in node.get("spec").map(|spec| spec.list("rules")).unwrap_or_default() {
        for path in rule.get("http").map(|http| http.list("paths")).unwrap_or_default() {
            let written = path.get("path");
            let place = written.map_or(super::entities::naming(path, &[]), Node::place);
            let mut route = route(node, &object.name, place);
            if let Some(text) = written.and_then(Node::text) {
                let kind = path.str("pathType").unwrap_or("ImplementationSpecific");
                let pattern = match text.strip_prefix(regex).filter(|_| kind == "ImplementationSpecific") {
                    Some(source) => PathPattern::regex(source, Flavour::Pcre, Anchoring::Start),
                    None => PathPattern::ingress(kind, text).unwrap_or_else(|| PathPattern::raw_prefix(text)),
                };
                route.paths.push(Path { pattern, place });
            }
            route.hosts.extend(rule.str("host").map(|host| HostPattern::wildcard(host, Depth::One)));
            let service = path.get("backend").and_then(service);
            found.push(Found { object, route, service, named: Vec::new() });
        }
    }
    found
}

fn http_route<'s>(input: Input<'s>, object: &'s Object) -> Vec<Found<'s>> {
    let node = object.node(input.sources);
    if !is_of_kong(node) {
        return Vec::new();
    }
    let Some(spec) = node.get("spec") else { return Vec::new() };
    let hosts = spec.list("hostnames").into_iter().filter_map(Node::text);
    let hosts: Vec<HostPattern> = hosts.map(|host| HostPattern::wildcard(host, Depth::Many)).collect();
    let mut found = Vec::new();
    for rule in spec.list("rules") {
        let mut route = route(node, &object.name, super::entities::naming(rule, &["name"]));
        route.hosts.clone_from(&hosts);
        for matched in rule.list("matches") {
            if let Some(path) = matched.get("path")
                && let Some(value) = path.get("value")
            {
                let regex = Some((Flavour::Pcre, Anchoring::Start));
                let kind = path.str("type").unwrap_or("PathPrefix");
                let pattern = PathPattern::gateway_api(kind, value.text().unwrap_or_default(), regex);
                route.paths.push(Path { pattern, place: value.place() });
            }
            let more = ["headers", "queryParams", "method"].into_iter().filter_map(|key| matched.get(key));
            route.conditions.extend(more.map(Node::key_place));
        }
        let extensions = rule.list("filters").into_iter().filter_map(|filter| filter.get("extensionRef"));
        let named = extensions.filter(|reference| reference.str("group") == Some(GROUP));
        let named = named.filter_map(|reference| reference.get("name")).collect();
        let backend = rule.list("backendRefs").into_iter().next();
        let service = backend.and_then(|backend| {
            let namespace = backend.str("namespace").unwrap_or(object.namespace());
            Some(ServiceRef { namespace, name: backend.get("name")?, port: backend.str("port") })
        });
        found.push(Found { object, route, service, named });
    }
    found
}

/// Credentials of consumers that stand in secrets as they are.
fn secrets(input: Input<'_>, gateway: &mut Gateway) {
    for object in input.objects.of("", "Secret") {
        let node = object.node(input.sources);
        let kind = node.path(&["metadata", "labels"]).and_then(|labels| labels.str("konghq.com/credential"));
        let Some(data) = node.get("stringData") else { continue };
        let kind = kind.or(data.str("kongCredType"));
        let keys: &[&str] = match kind {
            Some("key-auth") => &["key"],
            Some("basic-auth") => &["password"],
            Some("hmac-auth") => &["secret"],
            Some("oauth2") => &["client_secret"],
            Some("jwt") if data.str("algorithm").is_none_or(|name| name.starts_with("HS")) => &["secret"],
            _ => continue,
        };
        for value in keys.iter().filter_map(|key| data.get(key)) {
            let what = format!("credential `{}` of a consumer", object.name);
            gateway.add_credential(what, value.text().unwrap_or_default(), value.place());
        }
    }
}

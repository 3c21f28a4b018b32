//! The entities of Kong's declarative files: services, routes, plugins, consumers, and how they name each other.
//! Knows where an entity stands and what it belongs to, not what its settings mean.

use std::collections::HashMap;

use super::super::{Consequence, DanglingName, Gateway, Node};
use super::plugin::{Plugin, Role, Scoped};
use crate::span::Place;

/// An entity: its own settings, else the defaults that its file states.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entity<'s> {
    pub(super) node: Node<'s>,
    defaults: Option<Node<'s>>,
}

impl<'s> Entity<'s> {
    /// A setting.
    pub(super) fn get(self, key: &str) -> Option<Node<'s>> {
        self.node.get(key).or_else(|| self.defaults.and_then(|defaults| defaults.get(key)))
    }

    /// The text of a setting.
    pub(super) fn str(self, key: &str) -> Option<&'s str> {
        self.get(key)?.text()
    }

    /// The items of a list.
    pub(super) fn list(self, key: &str) -> Vec<Node<'s>> {
        match self.get(key) {
            None => Vec::new(),
            Some(list) if list.is_list() => list.children().collect(),
            Some(one) => vec![one],
        }
    }

    /// The value that names it, else its first key.
    pub(super) fn place(self) -> Place {
        naming(self.node, &["name"])
    }
}

/// The value of the first of these keys that is there, else the first key of all.
pub(super) fn naming(node: Node<'_>, keys: &[&str]) -> Place {
    let named = keys.iter().find_map(|key| node.get(key)).map(Node::place);
    named.or_else(|| node.children().next().map(Node::key_place)).unwrap_or(node.place())
}

/// A service.
#[derive(Debug)]
pub(super) struct Service<'s> {
    pub(super) entity: Entity<'s>,
    /// The number of the document it stands in.
    document: usize,
    pub(super) plugins: Scoped,
}

/// A route.
#[derive(Debug)]
pub(super) struct RouteEntry<'s> {
    pub(super) entity: Entity<'s>,
    /// The number of the document it stands in.
    document: usize,
    /// Whether its file is of a version in which unusual characters make an expression of a path.
    pub(super) before_3: bool,
    /// The number of its service.
    pub(super) service: Option<usize>,
    /// Whether it names a service that is not in view.
    pub(super) lost_service: bool,
    pub(super) plugins: Scoped,
    /// Plugins for this route together with its service.
    pub(super) narrow: Scoped,
}

/// A consumer.
#[derive(Debug, Default)]
pub(super) struct Consumer {
    /// Its groups in the plugin `acl`.
    pub(super) groups: Vec<String>,
    /// The groups of consumers it is in.
    pub(super) consumer_groups: Vec<String>,
    /// Whether a plugin of its own refuses its requests.
    pub(super) refused: bool,
}

/// What a plugin is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) service: Option<usize>,
    pub(super) route: Option<usize>,
    /// Whether it is for a consumer, or a group of consumers.
    pub(super) consumers: bool,
}

/// All entities of a gateway.
#[derive(Debug, Default)]
pub(super) struct Entities<'s> {
    pub(super) services: Vec<Service<'s>>,
    pub(super) routes: Vec<RouteEntry<'s>>,
    pub(super) plugins: Vec<Plugin<'s>>,
    /// What each plugin is for, by number.
    pub(super) targets: Vec<Target>,
    /// Plugins for everything.
    pub(super) global: Scoped,
    pub(super) consumers: Vec<Consumer>,
    consumer_by_name: HashMap<&'s str, usize>,
    /// The first rate limit that holds for consumers only.
    pub(super) consumers_rate: Option<usize>,
    /// Load balancers by the name that services use as host.
    pub(super) upstreams: HashMap<&'s str, Node<'s>>,
    /// Whether entities of other files may be named.
    pub(super) looks_elsewhere: bool,
    service_by_name: HashMap<&'s str, usize>,
    route_by_name: HashMap<&'s str, usize>,
}

/// How another entity is named: by its name or id, or in a mapping with one of them.
fn reference(node: Node<'_>) -> Option<(&str, Place)> {
    let keys = ["name", "id", "username"];
    let found = if node.is_scalar() { Some(node) } else { keys.iter().find_map(|key| node.get(key)) }?;
    Some((found.text()?, found.place()))
}

impl<'s> Entities<'s> {
    /// The consumer of that name, custom id or id.
    pub(super) fn consumer(&self, name: &str) -> Option<&Consumer> {
        self.consumers.get(*self.consumer_by_name.get(name)?)
    }

    /// Reads the declarative files whose roots these are.
    pub(super) fn read(roots: &[Node<'s>], gateway: &mut Gateway) -> Self {
        let mut all = Self::default();
        for &root in roots {
            let info = root.get("_info");
            all.looks_elsewhere |= info.is_some_and(|info| info.get("default_lookup_tags").is_some());
            for upstream in root.list("upstreams") {
                if let Some(name) = upstream.str("name") {
                    all.upstreams.entry(name).or_insert(upstream);
                }
            }
            for consumer in root.list("consumers") {
                all.add_consumer(consumer);
            }
        }
        for item in roots.iter().flat_map(|root| root.list("acls")) {
            let consumer =
                item.get("consumer").and_then(reference).and_then(|(name, _)| all.consumer_by_name.get(name));
            if let (Some(&consumer), Some(group)) = (consumer, item.str("group")) {
                all.consumers[consumer].groups.push(group.to_owned());
            }
        }
        // Names may be used before they are defined: first all that has one, then what names it.
        for (document, &root) in roots.iter().enumerate() {
            all.add_services(root, document);
        }
        for (document, &root) in roots.iter().enumerate() {
            all.add_root_routes(root, document, gateway);
        }
        let sources: Vec<Source<'s>> = roots.iter().map(|&root| Source::of(root)).collect();
        for (&root, source) in roots.iter().zip(&sources) {
            all.add_root_plugins(root, source, gateway);
        }
        all.add_nested_plugins(&sources, gateway);
        all
    }

    fn add_consumer(&mut self, node: Node<'s>) {
        let keys = ["username", "custom_id", "id"];
        let texts = |list: &str, key: &str| -> Vec<String> {
            let items = node.list(list).into_iter();
            items.filter_map(|item| item.str(key).or(item.text())).map(str::to_owned).collect()
        };
        let number = self.consumers.len();
        self.consumers.push(Consumer {
            groups: texts("acls", "group"),
            consumer_groups: texts("groups", "name"),
            refused: false,
        });
        for name in keys.iter().filter_map(|key| node.str(key)) {
            self.consumer_by_name.entry(name).or_insert(number);
        }
    }

    fn add_services(&mut self, root: Node<'s>, document: usize) {
        let defaults = |kind: &str| root.path(&["_info", "defaults", kind]);
        let before_3 = is_before_3(root);
        for node in root.list("services") {
            let number = self.services.len();
            let entity = Entity { node, defaults: defaults("service") };
            self.services.push(Service { entity, document, plugins: Scoped::default() });
            for name in [node.str("name"), node.str("id")].into_iter().flatten() {
                self.service_by_name.entry(name).or_insert(number);
            }
            for route in node.list("routes") {
                let entity = Entity { node: route, defaults: defaults("route") };
                self.add_route(entity, document, before_3, Some(number));
            }
        }
    }

    fn add_route(&mut self, entity: Entity<'s>, document: usize, before_3: bool, service: Option<usize>) {
        let number = self.routes.len();
        for name in [entity.node.str("name"), entity.node.str("id")].into_iter().flatten() {
            self.route_by_name.entry(name).or_insert(number);
        }
        let (plugins, narrow) = (Scoped::default(), Scoped::default());
        let lost_service = service.is_none() && entity.node.get("service").is_some();
        self.routes.push(RouteEntry { entity, document, before_3, service, lost_service, plugins, narrow });
    }

    fn add_root_routes(&mut self, root: Node<'s>, document: usize, gateway: &mut Gateway) {
        let before_3 = is_before_3(root);
        for node in root.list("routes") {
            let entity = Entity { node, defaults: root.path(&["_info", "defaults", "route"]) };
            let named = node.get("service").and_then(reference);
            let service = named.and_then(|(name, _)| self.service_by_name.get(name).copied());
            // A file without services is put on top of others.
            if let Some(named) = named.filter(|_| service.is_none() && !self.services.is_empty()) {
                self.dangling("service", named, gateway);
            }
            self.add_route(entity, document, before_3, service);
        }
    }

    fn add_root_plugins(&mut self, root: Node<'s>, source: &Source<'s>, gateway: &mut Gateway) {
        for node in root.list("plugins") {
            let mut target = Target::default();
            let mut lost = false;
            for (what, found) in [("service", &mut target.service), ("route", &mut target.route)] {
                let Some(named) = node.get(what).and_then(reference) else { continue };
                let table = if what == "service" { &self.service_by_name } else { &self.route_by_name };
                *found = table.get(named.0).copied();
                if found.is_none() {
                    lost = true;
                    if !table.is_empty() {
                        self.dangling(what, named, gateway);
                    }
                }
            }
            target.consumers = node.get("consumer").is_some() || node.get("consumer_group").is_some();
            let consumer = node.get("consumer").and_then(reference);
            if let Some(named) = consumer.filter(|(name, _)| self.consumer(name).is_none())
                && !self.consumers.is_empty()
            {
                self.dangling("consumer", named, gateway);
            }
            // A plugin for something that is not in view acts on nothing that is.
            target.consumers |= lost;
            self.add_plugin(node, target, consumer.map(|(name, _)| name), source, gateway);
        }
        for list in ["consumers", "consumer_groups"] {
            for owner in root.list(list) {
                let name = owner.str("username").or(owner.str("id")).filter(|_| list == "consumers");
                for plugin in owner.list("plugins") {
                    let target = Target { consumers: true, ..Target::default() };
                    self.add_plugin(plugin, target, name, source, gateway);
                }
            }
        }
    }

    /// Plugins that stand in their service or route.
    fn add_nested_plugins(&mut self, sources: &[Source<'s>], gateway: &mut Gateway) {
        for number in 0..self.services.len() {
            let Service { entity, document, .. } = self.services[number];
            for plugin in acting(entity.node) {
                let target = Target { service: Some(number), ..self.consumers_of(plugin) };
                self.add_plugin(plugin, target, None, &sources[document], gateway);
            }
        }
        for number in 0..self.routes.len() {
            let RouteEntry { entity, document, .. } = self.routes[number];
            for plugin in acting(entity.node) {
                let target = Target { route: Some(number), ..self.consumers_of(plugin) };
                self.add_plugin(plugin, target, None, &sources[document], gateway);
            }
        }
    }

    fn consumers_of(&self, plugin: Node<'s>) -> Target {
        let consumers = plugin.get("consumer").is_some() || plugin.get("consumer_group").is_some();
        Target { consumers, ..Target::default() }
    }

    fn add_plugin(
        &mut self,
        node: Node<'s>,
        target: Target,
        consumer: Option<&str>,
        source: &Source<'s>,
        gateway: &mut Gateway,
    ) {
        let Some(named) = node.get("name") else { return };
        let name = named.text().unwrap_or_default();
        let name = source.clones.get(name).copied().unwrap_or(name);
        let mut plugin = Plugin::new(name, node, named.place());
        if let Some(config) = node.get("_config") {
            plugin.shared = config.text().and_then(|name| source.shared?.get(name));
            if let Some(name) = config.text().filter(|_| plugin.shared.is_none()) {
                self.dangling("plugin configuration", (name, config.place()), gateway);
            }
        }
        let enabled = node.get("enabled");
        plugin.off = enabled.filter(|node| node.bool() == Some(false)).map(Node::key_place);
        let unclear = enabled.filter(|node| node.bool().is_none());
        plugin.condition = node.get("condition").or(unclear).map(Node::key_place);
        self.attach(plugin, target, consumer);
    }

    /// Adds a plugin to the scope that it is for.
    fn attach(&mut self, plugin: Plugin<'s>, target: Target, consumer: Option<&str>) {
        let number = self.plugins.len();
        if target.consumers {
            let refuses = plugin.role == Role::Answer && plugin.off.is_none() && plugin.answers();
            let consumer = consumer.and_then(|name| self.consumer_by_name.get(name).copied());
            if let Some(consumer) = consumer {
                self.consumers[consumer].refused |= refuses;
            }
            if plugin.role == Role::Rate && plugin.off.is_none() {
                self.consumers_rate.get_or_insert(number);
            }
        } else {
            let scope = match (target.service, target.route) {
                (None, None) => &mut self.global,
                (Some(service), None) => &mut self.services[service].plugins,
                (None, Some(route)) => &mut self.routes[route].plugins,
                (Some(_), Some(route)) => &mut self.routes[route].narrow,
            };
            scope.add(number, &plugin);
        }
        self.plugins.push(plugin);
        self.targets.push(target);
    }

    /// Notes that a route has no service.
    pub(super) fn no_service(&self, entry: &RouteEntry<'s>, gateway: &mut Gateway) {
        let name = entry.entity.node.str("name").unwrap_or_default();
        self.dangling("service for the route", (name, entry.entity.place()), gateway);
    }

    /// Notes a name that nothing defines: Kong and decK refuse such a file. Not where other files may define it.
    fn dangling(&self, what: &str, (name, place): (&str, Place), gateway: &mut Gateway) {
        if self.looks_elsewhere || gateway.partial.is_some() {
            return;
        }
        let (name, what) = (name.to_owned(), what.to_owned());
        gateway.dangling.push(DanglingName { name, what, place, consequence: Consequence::Dead });
    }
}

/// The plugins of a service or route, and the filters of its chains, which are code as plugins are.
/// <https://developer.konghq.com/gateway/entities/filter-chain/>
fn acting(owner: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let chains = owner.list("filter_chains").into_iter();
    let chains = chains.filter(|chain| chain.get("enabled").and_then(Node::bool) != Some(false));
    owner.list("plugins").into_iter().chain(chains.flat_map(|chain| chain.list("filters")))
}

/// What plugins of a file may refer to.
struct Source<'s> {
    shared: Option<Node<'s>>,
    clones: HashMap<&'s str, &'s str>,
}

impl<'s> Source<'s> {
    fn of(root: Node<'s>) -> Self {
        let clones = root.list("cloned_plugins");
        let clones = clones.iter().filter_map(|clone| Some((clone.str("name")?, clone.str("ref")?))).collect();
        Self { shared: root.get("_plugin_configs"), clones }
    }
}

/// Whether a file is of a version in which unusual characters make an expression of a path.
fn is_before_3(root: Node<'_>) -> bool {
    root.str("_format_version").is_some_and(|version| version.starts_with(['1', '2']))
}

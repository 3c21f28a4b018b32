//! Routers, middlewares, services, transports and TLS options, read once from all carriers. Knows how they are
//! named and found, not what they do.

use std::collections::HashMap;

use super::carriers::{Carriers, Container};
use super::conf::Conf;
use crate::model::gateway::adapters::Input;
use crate::model::gateway::objects::shared_folders;
use crate::source::SourceMap;
use crate::span::{FileId, Place};

/// Of so many definitions of one name the nearest is looked for; more are no project.
const MAX_ALIKE: usize = 16;

/// Who defines a name: what stands behind the `@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Provider {
    /// Files.
    File,
    /// Labels, of whatever runs containers.
    Labels,
    /// Custom resources.
    Crd,
    /// Traefik itself.
    Internal,
    /// Another one, out of view.
    Other,
}

impl Provider {
    fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "file" => Self::File,
            "docker" | "swarm" | "ecs" | "nomad" | "consulcatalog" | "rancher" | "marathon" => Self::Labels,
            "kubernetescrd" => Self::Crd,
            "internal" => Self::Internal,
            _ => Self::Other,
        }
    }
}

/// A name within a provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name {
    /// The name; in a custom resource with its namespace: `default-auth`.
    pub(super) text: String,
    /// The provider.
    pub(super) provider: Provider,
}

impl Name {
    fn new(text: &str, provider: Provider) -> Self {
        // Names in labels are keys, and those have no case.
        let text = if provider == Provider::Labels { text.to_ascii_lowercase() } else { text.to_owned() };
        Self { text, provider }
    }
}

/// A name where it is used.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    /// The name.
    pub(super) name: Name,
    /// As it is written.
    pub(super) shown: String,
    /// Where.
    pub(super) place: Place,
    /// The namespace of a custom resource.
    pub(super) namespace: String,
}

impl Reference {
    /// A name, `@` and provider behind it or not.
    pub(super) fn read(text: &str, own: Provider, place: Place) -> Self {
        let (name, provider) = match text.rsplit_once('@') {
            Some((name, provider)) => (name, Provider::parse(provider)),
            None => (text, own),
        };
        Self { name: Name::new(name, provider), shown: text.to_owned(), place, namespace: String::new() }
    }

    /// A `name` and `namespace` of a custom resource.
    pub(super) fn object(node: Conf<'_>, own: &str) -> Option<Self> {
        let named = node.get("name")?;
        let text = named.text()?;
        if text.contains('@') {
            return Some(Self::read(text, Provider::Crd, named.place()));
        }
        let namespace = node.str("namespace").unwrap_or(own).to_owned();
        let name = Name { text: format!("{namespace}-{text}"), provider: Provider::Crd };
        Some(Self { name, shown: text.to_owned(), place: named.place(), namespace })
    }
}

/// Something that is defined under a name.
#[derive(Clone, Debug)]
pub(super) struct Definition<'a> {
    /// The name.
    pub(super) name: Name,
    /// Its settings.
    pub(super) conf: Conf<'a>,
    /// Its name, for people.
    pub(super) shown: String,
    /// What names it.
    pub(super) place: Place,
    /// Who defines it.
    pub(super) provider: Provider,
    /// The namespace of a custom resource.
    pub(super) namespace: String,
}

/// Definitions of one sort by name.
#[derive(Debug, Default)]
pub(super) struct Definitions<'a> {
    all: Vec<Definition<'a>>,
    by_name: HashMap<Name, Vec<usize>>,
}

impl<'a> Definitions<'a> {
    fn add(&mut self, definition: Definition<'a>) {
        self.by_name.entry(definition.name.clone()).or_default().push(self.all.len());
        self.all.push(definition);
    }

    /// The number of the definition of a name: where there are several, the one nearest to `near`.
    pub(super) fn find(&self, sources: &SourceMap, name: &Name, near: FileId) -> Option<usize> {
        let found = self.by_name.get(name)?;
        let path = &sources.file(near).path;
        found.iter().copied().take(MAX_ALIKE).max_by_key(|&number| {
            let file = self.all[number].conf.file();
            (file == near, shared_folders(path, &sources.file(file).path))
        })
    }

    /// A definition by number.
    pub(super) fn get(&self, number: usize) -> &Definition<'a> {
        &self.all[number]
    }

    /// All, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Definition<'a>> {
        self.all.iter()
    }
}

/// Where the requests of a router go.
#[derive(Clone, Debug)]
pub(super) enum Target<'a> {
    /// Nowhere that is written.
    None,
    /// A named service.
    Named(Reference),
    /// Services of Kubernetes, in a namespace.
    Objects(Vec<Conf<'a>>, String),
    /// The only service of a container.
    Container(Reference),
}

/// A router.
#[derive(Clone, Debug)]
pub(super) struct Router<'a> {
    /// What people call it.
    pub(super) shown: String,
    /// Its name.
    pub(super) name: Name,
    /// The rule, else what names it.
    pub(super) place: Place,
    /// The rule.
    pub(super) rule: Option<&'a str>,
    /// The container whose name the rule is made of.
    pub(super) container: Option<&'a str>,
    /// Whether it says itself that the rule is one of version 2.
    pub(super) old_syntax: bool,
    /// The priority, if one is given.
    pub(super) priority: Option<i64>,
    /// Names of entry points; none: the default ones.
    pub(super) entry_points: Vec<(&'a str, Place)>,
    /// Middlewares.
    pub(super) middlewares: Vec<Reference>,
    /// Where its requests go.
    pub(super) target: Target<'a>,
    /// TLS, if it is switched on here.
    pub(super) tls: Option<Conf<'a>>,
    /// The TLS options it names.
    pub(super) options: Option<Reference>,
    /// Routers whose requests it gets.
    pub(super) parents: Vec<Reference>,
    /// Whether it says that its requests are logged.
    pub(super) logged: Option<(bool, Place)>,
}

/// All that is dynamic.
#[derive(Debug, Default)]
pub(super) struct Dynamic<'a> {
    /// Routers of HTTP, in the order of the files.
    pub(super) routers: Vec<Router<'a>>,
    /// Middlewares of HTTP.
    pub(super) middlewares: Definitions<'a>,
    /// Services of HTTP.
    pub(super) services: Definitions<'a>,
    /// Transports to servers.
    pub(super) transports: Definitions<'a>,
    /// TLS options.
    pub(super) options: Definitions<'a>,
    /// Names of entry points that serve streams.
    pub(super) streams: Vec<&'a str>,
}

impl<'a> Dynamic<'a> {
    /// Reads all carriers.
    pub(super) fn read(input: Input<'a>, carriers: &'a Carriers<'a>) -> Self {
        let mut dynamic = Self::default();
        for root in &carriers.files {
            dynamic.settings(Conf::Tree(*root), Provider::File, None);
        }
        for container in &carriers.containers {
            let root = container.labels.root();
            if root.flag("enable") != Some(false) {
                dynamic.settings(root, Provider::Labels, Some(container));
            }
        }
        super::crd::read(input, &mut dynamic);
        dynamic
    }

    /// The roots `http`, `tcp` and `tls`, wherever they stand.
    fn settings(&mut self, root: Conf<'a>, provider: Provider, container: Option<&'a Container>) {
        let before = self.routers.len();
        let mut services = Vec::new();
        let mut sets = |key: &str, sort: &mut Definitions<'a>| {
            for conf in root.path(&["http", key]).map(Conf::children).unwrap_or_default() {
                if key == "services" {
                    services.push(conf);
                }
                sort.add(definition(conf, provider));
            }
        };
        sets("middlewares", &mut self.middlewares);
        sets("services", &mut self.services);
        sets("serversTransports", &mut self.transports);
        for conf in root.path(&["tls", "options"]).map(Conf::children).unwrap_or_default() {
            self.options.add(definition(conf, provider));
        }
        for conf in root.path(&["http", "routers"]).map(Conf::children).unwrap_or_default() {
            let mut router = router(conf, provider);
            if let Some(container) = container {
                if matches!(router.target, Target::None) {
                    router.target = container_target(container, &services);
                }
                if router.rule.is_none() {
                    router.container = Some(&container.name);
                }
            }
            self.routers.push(router);
        }
        let mut streams = false;
        for conf in root.path(&["tcp", "routers"]).map(Conf::children).unwrap_or_default() {
            streams = true;
            self.streams.extend(conf.texts("entryPoints").into_iter().map(|(name, _)| name));
        }
        if let Some(container) = container.filter(|_| self.routers.len() == before && !streams) {
            // A container without a router gets one, with the default rule.
            if root.flag("enable") == Some(true) && root.get("udp").is_none() {
                self.routers.push(by_default(container, &services));
            }
        }
    }

    /// Adds what a custom resource defines.
    pub(super) fn define(&mut self, sort: Sort, namespace: &str, name: &str, conf: Conf<'a>, place: Place) {
        let full = Name { text: format!("{namespace}-{name}"), provider: Provider::Crd };
        let definition = Definition {
            name: full,
            conf,
            shown: name.to_owned(),
            place,
            provider: Provider::Crd,
            namespace: namespace.to_owned(),
        };
        let sort = match sort {
            Sort::Middleware => &mut self.middlewares,
            Sort::Service => &mut self.services,
            Sort::Transport => &mut self.transports,
            Sort::Options => &mut self.options,
        };
        sort.add(definition);
    }
}

/// What a custom resource can define.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sort {
    /// A middleware.
    Middleware,
    /// A service.
    Service,
    /// A transport.
    Transport,
    /// TLS options.
    Options,
}

fn definition(conf: Conf<'_>, provider: Provider) -> Definition<'_> {
    let shown = conf.name().to_owned();
    let name = Name::new(&shown, provider);
    Definition { name, conf, shown, place: conf.key_place(), provider, namespace: String::new() }
}

fn router(conf: Conf<'_>, provider: Provider) -> Router<'_> {
    let rule = conf.get("rule");
    let references = |key: &str| -> Vec<Reference> {
        conf.texts(key).into_iter().map(|(text, place)| Reference::read(text, provider, place)).collect()
    };
    let tls = conf.on("tls");
    let options = tls.and_then(|tls| tls.get("options"));
    let options = options.and_then(|node| Some(Reference::read(node.text()?, provider, node.place())));
    let service = conf.get("service").and_then(|node| Some(Reference::read(node.text()?, provider, node.place())));
    Router {
        shown: conf.name().to_owned(),
        name: Name::new(conf.name(), provider),
        place: rule.map_or(conf.key_place(), Conf::place),
        rule: rule.and_then(Conf::text),
        container: None,
        old_syntax: conf.str("ruleSyntax").is_some_and(|syntax| syntax.eq_ignore_ascii_case("v2")),
        priority: conf.number("priority").map(|number| number as i64),
        entry_points: conf.texts("entryPoints"),
        middlewares: references("middlewares"),
        target: service.map_or(Target::None, Target::Named),
        tls,
        // The options of the name `default` are those of the file provider, whoever asks.
        options: options.map(|mut options| {
            if options.shown == "default" {
                options.name.provider = Provider::File;
            }
            options
        }),
        parents: references("parentRefs"),
        logged: conf
            .path(&["observability", "accessLogs"])
            .and_then(|logs| Some((conf.get("observability")?.flag("accessLogs")?, logs.key_place()))),
    }
}

/// The service of a container that its routers need not name.
fn container_target<'a>(container: &Container, services: &[Conf<'a>]) -> Target<'a> {
    match services {
        [] => {
            let name = Name::new(&container.name, Provider::Labels);
            let reference =
                Reference { name, shown: container.name.clone(), place: container.place, namespace: String::new() };
            Target::Container(reference)
        }
        [one] => Target::Named(Reference::read(one.name(), Provider::Labels, one.key_place())),
        _ => Target::None,
    }
}

fn by_default<'a>(container: &'a Container, services: &[Conf<'a>]) -> Router<'a> {
    Router {
        shown: container.name.clone(),
        name: Name::new(&container.name, Provider::Labels),
        place: container.place,
        rule: None,
        container: Some(&container.name),
        old_syntax: false,
        priority: None,
        entry_points: Vec::new(),
        middlewares: Vec::new(),
        target: container_target(container, services),
        tls: None,
        options: None,
        parents: Vec::new(),
        logged: None,
    }
}

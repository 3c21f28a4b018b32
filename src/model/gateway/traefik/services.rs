//! Services as upstreams: servers, and services that are made of others. Knows no router.
//!
//! Source: <https://doc.traefik.io/traefik/v3.7/reference/routing-configuration/http/load-balancing/service/>.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::conf::Conf;
use super::dynamic::{Definition, Provider, Reference, Target};
use super::seconds;
use super::view::View;
use crate::model::Why;
use crate::model::gateway::kubernetes::SERVICE;
use crate::model::gateway::{
    Consequence, DanglingName, Gateway, Limit, Measure, Node, Protocol, Set, Stated, Upstream,
};
use crate::model::net;
use crate::span::{FileId, Place};

/// A service is not made of more others than this.
const MAX_PARTS: usize = 64;

/// Where requests of a router go.
#[derive(Clone, Debug, Default)]
pub(super) struct Destination {
    /// Indices of upstreams.
    pub(super) upstreams: Vec<u32>,
    /// A service of Traefik itself: `api`, `ping`.
    pub(super) internal: Option<String>,
    /// Whether Traefik finds no service, or cannot build it, so that the router is not served.
    pub(super) dead: bool,
    /// Middlewares of the service.
    pub(super) middlewares: Vec<Reference>,
    /// A service that it is made of and that has middlewares of its own: they act on some requests.
    pub(super) partly: Option<Place>,
}

/// What a named service is made of in the end.
#[derive(Debug, Default)]
struct Parts {
    upstreams: Vec<u32>,
    /// Its own middlewares.
    middlewares: Vec<Reference>,
    /// Where a part of its requests goes through others.
    partly: Option<Place>,
}

/// Works out services when they are first asked for.
#[derive(Debug, Default)]
pub(super) struct Services {
    done: HashMap<usize, Rc<Parts>>,
    /// Which services Traefik can build, by number.
    built: Option<Vec<bool>>,
    balancers: HashMap<usize, u32>,
    objects: HashMap<(String, String, String), u32>,
    missing: HashSet<(String, FileId)>,
    /// How long the servers of an upstream may take: limits, where one is set.
    pub(super) waits: HashMap<u32, u32>,
    limits: HashMap<Place, u32>,
}

impl Services {
    /// Where a target leads.
    pub(super) fn of<'a>(
        &mut self,
        target: &Target<'a>,
        place: Place,
        view: &View<'a>,
        gateway: &mut Gateway,
    ) -> Destination {
        match target {
            Target::None => Destination { dead: true, ..Destination::default() },
            Target::Container(reference) => {
                let upstreams = vec![self.container(reference, gateway)];
                Destination { upstreams, ..Destination::default() }
            }
            Target::Named(reference) if reference.name.provider == Provider::Internal => {
                Destination { internal: Some(reference.name.text.clone()), ..Destination::default() }
            }
            Target::Named(reference) => self.named(reference, view, gateway),
            Target::Objects(services, namespace) => {
                let mut upstreams = Vec::new();
                let mut left: Vec<(Conf<'a>, String)> =
                    services.iter().map(|&service| (service, namespace.clone())).collect();
                let named: Vec<usize> = left
                    .iter()
                    .filter_map(|(service, namespace)| traefik_service(*service, namespace, view)?.ok())
                    .collect();
                if named.into_iter().any(|number| !self.is_built(number, view, gateway)) {
                    return Destination { dead: true, ..Destination::default() };
                }
                let partly = services.iter().find_map(|service| service.get("middlewares")).map(Conf::key_place);
                self.objects(&mut left, place, view, gateway, &mut upstreams);
                Destination { upstreams, partly, ..Destination::default() }
            }
        }
    }

    fn is_built(&mut self, number: usize, view: &View<'_>, gateway: &mut Gateway) -> bool {
        let built = self.built.get_or_insert_with(|| built(view, gateway));
        built.get(number).copied().unwrap_or(true)
    }

    fn named(&mut self, reference: &Reference, view: &View<'_>, gateway: &mut Gateway) -> Destination {
        let near = reference.place.at.file;
        let Some(number) = view.dynamic.services.find(view.input.sources, &reference.name, near) else {
            let dead = view.is_complete(reference, "TraefikService");
            if dead && self.missing.insert((reference.name.text.clone(), near)) {
                gateway.dangling.push(DanglingName {
                    name: reference.shown.clone(),
                    what: "service".to_owned(),
                    place: reference.place,
                    consequence: Consequence::Dead,
                });
            }
            let mut upstream = Upstream::new(&*reference.shown, reference.place);
            upstream.protocol = Stated::Unknown(Why::UnresolvedName, Some(reference.place));
            upstream.verified = Stated::Unknown(Why::UnresolvedName, Some(reference.place));
            let upstreams = if dead { Vec::new() } else { vec![gateway.add_upstream(upstream)] };
            return Destination { upstreams, dead, ..Destination::default() };
        };
        if !self.is_built(number, view, gateway) {
            return Destination { dead: true, ..Destination::default() };
        }
        let parts = self.defined(number, view, gateway);
        let Parts { upstreams, middlewares, partly } = &*parts;
        let (upstreams, middlewares) = (upstreams.clone(), middlewares.clone());
        Destination { upstreams, middlewares, partly: *partly, ..Destination::default() }
    }

    /// The upstreams of a service and of those that it is made of.
    fn defined(&mut self, number: usize, view: &View<'_>, gateway: &mut Gateway) -> Rc<Parts> {
        let whole = number;
        if let Some(done) = self.done.get(&whole) {
            return Rc::clone(done);
        }
        let mut upstreams = Vec::new();
        let (middlewares, mut partly) = middlewares(view.dynamic.services.get(whole));
        let mut left = vec![whole];
        let mut seen: HashSet<usize> = HashSet::new();
        while let Some(number) = left.pop() {
            if seen.len() >= MAX_PARTS {
                break;
            }
            if !seen.insert(number) {
                continue;
            }
            let definition = view.dynamic.services.get(number);
            if number != whole {
                partly = partly.or(definition.conf.get("middlewares").map(Conf::key_place));
            }
            if definition.provider == Provider::Crd {
                let mut parts = parts_of_object(definition);
                self.objects(&mut parts, definition.place, view, gateway, &mut upstreams);
                continue;
            }
            for part in definition.conf.children() {
                if part.name().eq_ignore_ascii_case("loadBalancer") {
                    let known = self.balancers.get(&number).copied();
                    let upstream = known.unwrap_or_else(|| {
                        let (upstream, transport) = servers(part, definition);
                        self.add(upstream, transport.as_ref(), view, gateway)
                    });
                    self.balancers.insert(number, upstream);
                    upstreams.push(upstream);
                }
            }
            let names = parts(definition.conf).into_iter();
            let references = names.map(|(text, place)| Reference::read(text, definition.provider, place));
            left.extend(references.filter_map(|reference| {
                view.dynamic.services.find(view.input.sources, &reference.name, reference.place.at.file)
            }));
        }
        let parts = Rc::new(Parts { upstreams, middlewares, partly });
        self.done.insert(whole, Rc::clone(&parts));
        parts
    }

    /// Adds an upstream, with what its transport says: the one it names, else the default one.
    fn add(
        &mut self,
        mut upstream: Upstream,
        transport: Option<&Reference>,
        view: &View<'_>,
        gateway: &mut Gateway,
    ) -> u32 {
        let found = transport.map(|reference| {
            let near = reference.place.at.file;
            let number = view.dynamic.transports.find(view.input.sources, &reference.name, near);
            number.map(|number| view.dynamic.transports.get(number).conf).ok_or(reference.place)
        });
        let conf = match found {
            Some(Err(place)) => {
                upstream.verified = Stated::Unknown(Why::UnresolvedName, Some(place));
                return gateway.add_upstream(upstream);
            }
            Some(Ok(conf)) => Some(conf),
            None => match view.main() {
                Some(main) => main.conf.get("serversTransport"),
                None => {
                    upstream.verified = Stated::Unknown(Why::Elsewhere, None);
                    return gateway.add_upstream(upstream);
                }
            },
        };
        let skips = conf.and_then(|conf| conf.truth("insecureSkipVerify"));
        upstream.verified = Stated::Known(match skips {
            Some(node) => Set::written(false, node.key_place()),
            None => Set::default(true, upstream.place),
        });
        let number = gateway.add_upstream(upstream);
        let timeout = conf.and_then(|conf| conf.path(&["forwardingTimeouts", "responseHeaderTimeout"]));
        if let Some((node, value)) = timeout.and_then(|node| Some((node, seconds(node.text()?)?))) {
            let value = if value > 0.0 { value } else { f64::INFINITY };
            let name = "forwardingTimeouts.responseHeaderTimeout".to_owned();
            let place = node.key_place();
            let limit = self
                .limits
                .entry(place)
                .or_insert_with(|| gateway.add_limit(Limit { measure: Measure::Upstream, value, place, name }));
            self.waits.insert(number, *limit);
        }
        number
    }

    /// The service of a container that needs no settings.
    fn container(&mut self, reference: &Reference, gateway: &mut Gateway) -> u32 {
        let key = (reference.name.text.clone(), format!("{:?}", reference.place), String::new());
        *self.objects.entry(key).or_insert_with(|| {
            let mut upstream = Upstream::new(&*reference.shown, reference.place);
            upstream.hosts = vec![reference.shown.clone()];
            upstream.in_cluster = true;
            upstream.protocol = Stated::Known(Protocol::Http);
            gateway.add_upstream(upstream)
        })
    }

    /// Services of Kubernetes, and services of Traefik among them.
    fn objects<'a>(
        &mut self,
        left: &mut Vec<(Conf<'a>, String)>,
        place: Place,
        view: &View<'a>,
        gateway: &mut Gateway,
        upstreams: &mut Vec<u32>,
    ) {
        let mut seen: HashSet<usize> = HashSet::new();
        let mut count = 0;
        while let Some((service, namespace)) = left.pop() {
            count += 1;
            if count > MAX_PARTS {
                return;
            }
            let Some(reference) = Reference::object(service, &namespace) else { continue };
            if service.str("kind") == Some("TraefikService") || reference.name.provider != Provider::Crd {
                let near = reference.place.at.file;
                let found = view.dynamic.services.find(view.input.sources, &reference.name, near);
                if let Some(number) = found.filter(|&number| seen.insert(number)) {
                    let definition = view.dynamic.services.get(number);
                    if definition.provider == Provider::Crd {
                        left.extend(parts_of_object(definition));
                    } else {
                        upstreams.extend(&self.defined(number, view, gateway).upstreams);
                    }
                }
                continue;
            }
            let port = service.str("port").unwrap_or_default().to_owned();
            let scheme = service.str("scheme").unwrap_or_default();
            let transport = service.str("serversTransport").unwrap_or_default();
            let key = (reference.name.text.clone(), port, format!("{scheme} {transport}"));
            if let Some(&known) = self.objects.get(&key) {
                upstreams.push(known);
                continue;
            }
            let (upstream, transport) = object(service, &reference, view, place, gateway);
            let number = self.add(upstream, transport.as_ref(), view, gateway);
            self.objects.insert(key, number);
            upstreams.push(number);
        }
    }
}

/// The middlewares of a service, and a place where it gives others to a part of its requests.
fn middlewares(definition: &Definition<'_>) -> (Vec<Reference>, Option<Place>) {
    let own = definition.conf.texts("middlewares").into_iter();
    let own = own.map(|(text, place)| Reference::read(text, definition.provider, place)).collect();
    let kinds = definition.conf.children();
    let lists = kinds.iter().flat_map(|kind| kind.items("services").into_iter().chain(kind.items("mirrors")));
    let parts = kinds.iter().copied().chain(lists);
    let keys = ["middlewares", "fallbackMiddlewares"];
    let partly = parts.flat_map(|part| keys.into_iter().filter_map(move |key| part.get(key))).next();
    (own, partly.map(Conf::key_place))
}

/// The kinds of services.
const KINDS: [&str; 5] = ["loadBalancer", "weighted", "highestRandomWeight", "mirroring", "failover"];

/// Which services Traefik can build: those of one kind that are made of such services, and not of themselves.
///
/// Source: `BuildHTTP` in <https://github.com/traefik/traefik/blob/master/pkg/server/service/service.go>.
fn built(view: &View<'_>, gateway: &mut Gateway) -> Vec<bool> {
    let services: Vec<&Definition<'_>> = view.dynamic.services.iter().collect();
    if view.template.is_some() {
        return vec![true; services.len()];
    }
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); services.len()];
    // How many of its parts are not known to be built yet; none where it never will be.
    let mut waits: Vec<Option<usize>> = Vec::with_capacity(services.len());
    for (number, definition) in services.iter().enumerate() {
        let kinds = definition.conf.children();
        let kinds = kinds.iter().filter(|part| KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(part.name()))).count();
        // A container is a service without further words.
        let one_kind = kinds == 1 || kinds == 0 && definition.provider == Provider::Labels;
        let mut parts = 0;
        let mut lost = false;
        for part in found_parts(definition, view) {
            match part {
                Ok(part) => {
                    users[part].push(number);
                    parts += 1;
                }
                Err(reference) => {
                    lost = true;
                    gateway.dangling.push(DanglingName {
                        name: reference.shown,
                        what: "service".to_owned(),
                        place: reference.place,
                        consequence: Consequence::Dead,
                    });
                }
            }
        }
        waits.push((one_kind && !lost).then_some(parts));
    }
    let mut built = vec![false; services.len()];
    let mut ready: Vec<usize> = (0..services.len()).filter(|&number| waits[number] == Some(0)).collect();
    while let Some(number) = ready.pop() {
        built[number] = true;
        for &user in &users[number] {
            if let Some(left) = &mut waits[user] {
                *left -= 1;
                if *left == 0 {
                    ready.push(user);
                }
            }
        }
    }
    built
}

/// The numbers of the services that a service is made of, and names that certainly nothing defines. Those that may be
/// defined out of view are left out.
fn found_parts(definition: &Definition<'_>, view: &View<'_>) -> Vec<Result<usize, Reference>> {
    if definition.provider == Provider::Crd {
        let parts = parts_of_object(definition).into_iter();
        return parts.filter_map(|(part, namespace)| traefik_service(part, &namespace, view)).collect();
    }
    let names = parts(definition.conf).into_iter();
    let references = names.map(|(text, place)| Reference::read(text, definition.provider, place));
    references.filter_map(|reference| service_of(reference, view)).collect()
}

/// The service of Traefik that an entry of a custom resource names, if it is not one of Kubernetes.
fn traefik_service(entry: Conf<'_>, namespace: &str, view: &View<'_>) -> Option<Result<usize, Reference>> {
    let reference = Reference::object(entry, namespace)?;
    let is_own = entry.str("kind") == Some("TraefikService") || reference.name.provider != Provider::Crd;
    is_own.then(|| service_of(reference, view))?
}

fn service_of(reference: Reference, view: &View<'_>) -> Option<Result<usize, Reference>> {
    let found = view.dynamic.services.find(view.input.sources, &reference.name, reference.place.at.file);
    match found {
        Some(number) => Some(Ok(number)),
        None => view.is_complete(&reference, "TraefikService").then_some(Err(reference)),
    }
}

/// The names of the services that a service is made of.
fn parts<'a>(conf: Conf<'a>) -> Vec<(&'a str, Place)> {
    let named = |conf: Conf<'a>, key: &str| conf.get(key).and_then(|node| Some((node.text()?, node.place())));
    let mut found = Vec::new();
    for part in conf.children() {
        for list in ["services", "mirrors"] {
            found.extend(part.items(list).into_iter().filter_map(|item| named(item, "name")));
        }
        found.extend(named(part, "service").into_iter().chain(named(part, "fallback")));
    }
    found
}

/// The same of a custom resource: each with its namespace.
fn parts_of_object<'a>(definition: &Definition<'a>) -> Vec<(Conf<'a>, String)> {
    let mut found = Vec::new();
    for part in definition.conf.children() {
        found.extend(part.items("services"));
        found.extend(part.items("mirrors"));
        if part.get("name").is_some() {
            found.push(part);
        }
    }
    found.into_iter().map(|conf| (conf, definition.namespace.clone())).collect()
}

/// The servers of a load balancer.
fn servers(balancer: Conf<'_>, definition: &Definition<'_>) -> (Upstream, Option<Reference>) {
    let mut upstream = Upstream::new(&*definition.shown, definition.place);
    let servers = balancer.items("servers");
    let urls: Vec<(&str, Place)> = servers
        .iter()
        .filter_map(|server| server.get("url").and_then(|url| Some((url.text()?, url.place()))))
        .chain(balancer.path(&["server", "url"]).and_then(|url| Some((url.text()?, url.place()))))
        .collect();
    let mut protocols = Vec::new();
    for (url, place) in &urls {
        let parts = net::parse(url);
        upstream.hosts.extend(parts.host);
        protocols.push(protocol(url.split(':').next().unwrap_or_default()));
        upstream.place = *place;
    }
    if let Some((_, place)) = urls.first() {
        upstream.place = *place;
    }
    if urls.is_empty() {
        // The container itself, by its address in the network of the containers.
        let scheme = balancer.path(&["server", "scheme"]).and_then(Conf::text).unwrap_or("http");
        protocols.push(protocol(scheme));
        upstream.hosts.push(definition.shown.clone());
        upstream.in_cluster = true;
    }
    let weakest = protocols.iter().find(|protocol| protocol.is_plaintext()).or(protocols.first());
    upstream.protocol = weakest.copied().into();
    if urls.iter().any(|(url, _)| crate::model::gateway::has_template(url)) {
        upstream.protocol = Stated::Unknown(Why::Template, Some(upstream.place));
    }
    let transport = balancer.get("serversTransport");
    let reference = transport.and_then(|node| Some(Reference::read(node.text()?, definition.provider, node.place())));
    (upstream, reference)
}

/// A service of Kubernetes.
fn object(
    service: Conf<'_>,
    reference: &Reference,
    view: &View<'_>,
    place: Place,
    gateway: &mut Gateway,
) -> (Upstream, Option<Reference>) {
    let mut upstream = Upstream::new(&*reference.shown, reference.place);
    let namespace = &reference.namespace;
    let objects = view.input.objects;
    let found = objects.find(view.input.sources, SERVICE, namespace, &reference.shown, place.at.file);
    let external = found.and_then(|object| {
        let spec = object.node(view.input.sources).get("spec")?;
        spec.get("externalName").filter(|_| spec.str("type") == Some("ExternalName")).and_then(Node::text)
    });
    match external {
        Some(host) => upstream.hosts.push(host.to_owned()),
        None => {
            upstream.hosts.push(format!("{}.{namespace}.svc", reference.shown));
            upstream.in_cluster = true;
        }
    }
    let is_managed = || objects.any_around(view.input.sources, SERVICE, namespace, reference.place.at.file);
    if found.is_none() && view.template.is_none() && is_managed() {
        gateway.dangling.push(DanglingName {
            name: reference.shown.clone(),
            what: "service".to_owned(),
            place: reference.place,
            consequence: Consequence::Dead,
        });
    }
    // Without a scheme port 443, and ports whose name says so, are spoken to over TLS.
    let port = service.str("port").unwrap_or_default();
    let scheme =
        service.str("scheme").unwrap_or(if port == "443" || port.starts_with("https") { "https" } else { "http" });
    upstream.protocol = Stated::Known(protocol(scheme));
    let transport = service.get("serversTransport").and_then(|node| {
        let text = node.text()?;
        if text.contains('@') {
            return Some(Reference::read(text, Provider::Crd, node.place()));
        }
        let mut reference = Reference::read(text, Provider::Crd, node.place());
        reference.name.text = format!("{namespace}-{text}");
        Some(reference)
    });
    (upstream, transport)
}

fn protocol(scheme: &str) -> Protocol {
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Protocol::Https,
        "h2c" => Protocol::H2c,
        _ => Protocol::Http,
    }
}

//! Ingress of Kubernetes, with the annotations of ingress-nginx and of the AWS Load Balancer Controller. Those of
//! other controllers are not judged by what is missing: their settings stand elsewhere.
//!
//! Sources: <https://kubernetes.io/docs/concepts/services-networking/ingress/>,
//! <https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/>.

mod alb;
mod annotations;
mod controller;
mod group;
mod nginx;
mod servers;

use std::collections::HashMap;

use super::adapters::{Adapter, Grouping, Input};
use super::cursor::{Node, has_template};
use super::kubernetes::{References, ServiceRef, named};
use super::objects::Object;
use super::path::{PathPattern, Trick};
use super::{
    Action, Applied, AuthMode, Concern, Gateway, HostPattern, LimitInForce, MethodBinding, Path, Precedence, Protocol,
    Rewrite, Route, Set, Stated,
};
use crate::discover::Format;
use crate::model::Why;
use crate::span::{FileId, Place};
use annotations::{Annotations, Dialect};
use controller::{Controller, Controllers};
use servers::{Certificates, Key, Servers};

pub(super) const ADAPTER: Adapter =
    Adapter { format: Format::Ingress, grouping: Grouping::Own { group: group::group }, images: &[], lower };

/// The API groups that an Ingress is or was of.
const GROUPS: [&str; 2] = ["networking.k8s.io", "extensions"];

/// Further names of a server are read up to this number.
const MOST_ALIASES: usize = 64;

fn is_ingress(object: &Object) -> bool {
    object.kind == "Ingress" && GROUPS.contains(&object.group.as_str())
}

/// An Ingress, read as far as its routes need it.
struct Ingress<'s> {
    object: &'s Object,
    node: Node<'s>,
    annotations: Annotations<'s>,
    dialect: Dialect,
    /// The class it names.
    class: Option<Node<'s>>,
    /// What names it.
    named: Place,
    /// Why nothing may be called absent in it.
    unseen: Option<(Why, Option<Place>)>,
    controller: Controller<'s>,
    certificates: Certificates,
}

/// What the annotations of an Ingress mean for its routes.
#[derive(Default)]
struct Policies {
    auth: Stated<Vec<Applied>>,
    auth_mode: AuthMode,
    auth_off: Option<Place>,
    access: Stated<Vec<Applied>>,
    rates: Stated<Vec<Applied>>,
    cors: Stated<Vec<Applied>>,
    limits: Vec<LimitInForce>,
    access_log: Stated<Set<bool>>,
    rewrite: Rewrite,
    /// Whether every request is answered with a redirect.
    redirects: bool,
    /// What makes it a second version of routes that stand elsewhere.
    canary: Option<Place>,
}

impl Policies {
    /// Those of a controller whose settings are not in the Ingress.
    fn elsewhere(why: Why, place: Option<Place>) -> Self {
        Self {
            auth: Stated::Unknown(why, place),
            access: Stated::Unknown(why, place),
            rates: Stated::Unknown(why, place),
            cors: Stated::Unknown(why, place),
            access_log: Stated::Unknown(why, place),
            ..Self::default()
        }
    }
}

/// Nothing, unless something may stand out of view.
fn absent<T>(unseen: Option<(Why, Option<Place>)>) -> Stated<T> {
    unseen.map_or(Stated::Absent, |(why, place)| Stated::Unknown(why, place))
}

fn lower(input: Input<'_>, gateway: &mut Gateway) {
    gateway.method_binding = MethodBinding::Condition;
    let mut near: HashMap<FileId, Controller<'_>> = HashMap::new();
    let controllers = Controllers::of(input);
    let mut ingresses = Vec::new();
    for &file in input.files {
        for object in input.objects.in_file(file) {
            if object.group.is_empty() && object.kind == "ConfigMap" && controller::is_config(input, object) {
                controller::settings(input, object, gateway);
            }
            if is_ingress(object) {
                let controller = *near.entry(file).or_insert_with(|| controllers.near(input, file));
                ingresses.push(Ingress::read(input, object, controller));
            }
        }
    }
    let mut servers = Servers::read(&ingresses, gateway);
    let mut routes = Routes {
        input,
        servers: &mut servers,
        upstreams: HashMap::new(),
        taken: HashMap::new(),
        services: References::default(),
    };
    for (number, ingress) in ingresses.iter().enumerate() {
        routes.of(number, ingress, gateway);
    }
    routes.services.finish(gateway);
    servers.note_regex_modes(gateway);
    deprecated(&controllers, &ingresses, gateway);
    alb::firewall(&ingresses, gateway);
}

impl<'s> Ingress<'s> {
    fn read(input: Input<'s>, object: &'s Object, controller: Controller<'s>) -> Self {
        let node = object.node(input.sources);
        let annotations = Annotations::of(node);
        let dialect = annotations::dialect(input, object, &annotations);
        let templated = input.sources.file(object.at.file).templated;
        let place = annotations.node.map_or(named(node), Node::key_place);
        Self {
            object,
            node,
            dialect,
            class: annotations::class(node, &annotations),
            named: named(node),
            unseen: templated.then_some((Why::Template, Some(place))),
            controller,
            certificates: Certificates::read(node),
            annotations,
        }
    }

    fn class_name(&self) -> &'s str {
        self.class.and_then(Node::text).unwrap_or_default()
    }

    /// Its rules: the host, what names it, and its paths.
    fn rules(&self) -> impl Iterator<Item = (&'s str, Place, Vec<Node<'s>>)> {
        let rules = self.node.get("spec").map(|spec| spec.list("rules")).unwrap_or_default();
        let named = self.named;
        rules.into_iter().map(move |rule| {
            let host = rule.get("host");
            let place = host.map_or(named, Node::place);
            let paths = rule.get("http").map(|http| http.list("paths")).unwrap_or_default();
            (host.and_then(Node::text).unwrap_or_default(), place, paths)
        })
    }

    /// The service for requests that no rule is for.
    fn default_backend(&self) -> Option<Node<'s>> {
        let spec = self.node.get("spec")?;
        spec.get("defaultBackend").or_else(|| spec.get("backend"))
    }

    /// The hosts that its rules name besides those of `rules`: `server-alias`.
    fn aliases(&self) -> impl Iterator<Item = &'s str> {
        let alias = self.annotations.nginx("server-alias").filter(|_| self.dialect == Dialect::Nginx);
        let text = alias.and_then(Node::text).unwrap_or_default();
        text.split([',', ' ']).filter(|host| !host.is_empty()).take(MOST_ALIASES)
    }
}

/// What is shared while routes are made.
struct Routes<'a, 's> {
    input: Input<'s>,
    servers: &'a mut Servers,
    upstreams: HashMap<(String, String, String, u8), u32>,
    /// Who has which path of a server first.
    taken: HashMap<(Key, String, String), usize>,
    services: References,
}

impl<'s> Routes<'_, 's> {
    fn of(&mut self, number: usize, ingress: &Ingress<'s>, gateway: &mut Gateway) {
        let policies = match ingress.dialect {
            Dialect::Nginx => {
                nginx::settings(ingress, gateway);
                nginx::policies(ingress, gateway)
            }
            Dialect::Alb => alb::policies(self.input, ingress, gateway),
            Dialect::Other | Dialect::Unstated => {
                Policies::elsewhere(Why::Elsewhere, ingress.class.map(Node::key_place))
            }
        };
        for (host, _, paths) in ingress.rules() {
            for path in paths {
                if gateway.is_full(path.place()) {
                    return;
                }
                self.route(number, ingress, &policies, host, path, gateway);
            }
        }
        if let Some(backend) = ingress.default_backend() {
            self.default_route(ingress, &policies, backend, gateway);
        }
    }

    fn route(
        &mut self,
        number: usize,
        ingress: &Ingress<'s>,
        policies: &Policies,
        host: &str,
        entry: Node<'s>,
        gateway: &mut Gateway,
    ) {
        let key = Key::new(ingress, host);
        let path = entry.get("path");
        let text = path.and_then(Node::text).unwrap_or("/");
        let kind = entry.str("pathType").unwrap_or("ImplementationSpecific");
        let place = path.map_or(ingress.named, Node::place);
        let mut route = Route::new(format!("{host}{text}"), place);
        let is_regex = self.servers.is_regex(&key);
        let pattern = pattern(ingress.dialect, is_regex, kind, text);
        route.hosts = hosts(ingress, host);
        let rank = route.hosts.first().map_or((0, 0), HostPattern::specificity);
        let (exact, length) = (i64::from(kind == "Exact" && !is_regex), text.len() as i64);
        // ingress-nginx looks at the kind of the location first, the specification at the length of the path.
        let path_rank = if ingress.dialect == Dialect::Nginx { [exact, length] } else { [length, exact] };
        route.precedence = Precedence::Rank(vec![i64::from(rank.0), rank.1 as i64, path_rank[0], path_rank[1]]);
        let first = *self.taken.entry((key.clone(), text.to_owned(), kind.to_owned())).or_insert(number);
        if first != number {
            // Of two Ingresses with the same path the older one counts, and files have no age.
            route.precedence = Precedence::Unknown;
        }
        route.paths = vec![Path { pattern, place }];
        if ingress.dialect == Dialect::Nginx {
            // nginx compares paths decoded, without dots and doubled slashes.
            route.spellings = Stated::Known(vec![Trick::TrailingSlash, Trick::Semicolon]);
        }
        let backend = entry.get("backend");
        self.finish(ingress, policies, &key, backend, &mut route, gateway);
        let affected = is_regex && matches!(kind, "Prefix" | "Exact");
        let index = gateway.add_route(route);
        if affected {
            self.servers.note_affected(&key, number, index);
        }
    }

    fn default_route(&mut self, ingress: &Ingress<'s>, policies: &Policies, backend: Node<'s>, gateway: &mut Gateway) {
        let name = backend.path(&["service", "name"]).or_else(|| backend.get("serviceName"));
        let mut route = Route::new("default backend", name.map_or(backend.key_place(), Node::place));
        route.precedence = Precedence::Rank(vec![-1]);
        self.finish(ingress, policies, &Key::new(ingress, ""), Some(backend), &mut route, gateway);
        gateway.add_route(route);
    }

    /// What all routes of an Ingress have.
    fn finish(
        &mut self,
        ingress: &Ingress<'s>,
        policies: &Policies,
        key: &Key,
        backend: Option<Node<'s>>,
        route: &mut Route,
        gateway: &mut Gateway,
    ) {
        let edge = self.servers.edge(ingress, key.host());
        (route.listeners, route.plaintext) = self.servers.of_route(key, &edge);
        route.auth = policies.auth.clone();
        route.auth_mode = policies.auth_mode;
        route.auth_off = policies.auth_off;
        route.access = policies.access.clone();
        route.rates = policies.rates.clone();
        // What may set a rate limit may also refuse methods.
        if let Stated::Unknown(why, place) = policies.rates
            && why != Why::NotRead
        {
            route.methods = Stated::Unknown(why, place);
        }
        route.cors = policies.cors.clone();
        route.limits = policies.limits.clone();
        route.access_log = policies.access_log.clone();
        route.rewrite = policies.rewrite.clone();
        route.conditions.extend(policies.canary);
        route.action = if policies.redirects { Action::Redirect } else { Action::Proxy };
        let Some(backend) = backend else { return };
        if let Some((action, place)) = alb::action(ingress, backend) {
            route.action = action;
            if action == Action::HttpsRedirect {
                // It is for requests in plain text only.
                route.conditions.push(place);
                route.listeners = self.servers.plaintext_of(key);
            }
            return;
        }
        let service = backend.get("service");
        let name = service.and_then(|service| service.get("name")).or_else(|| backend.get("serviceName"));
        let Some(name) = name.filter(|name| name.is_scalar()) else {
            route.action = Action::Unknown;
            return;
        };
        let port = service.and_then(|service| service.get("port")).map(|port| port.get("number").or(port.get("name")));
        let port = port.flatten().or_else(|| backend.get("servicePort")).and_then(Node::text);
        let service = ServiceRef { namespace: ingress.object.namespace(), name, port };
        let (protocol, verified) = match ingress.dialect {
            Dialect::Nginx => nginx::upstream(ingress),
            Dialect::Alb => (Stated::Known(alb::upstream(ingress)), None),
            Dialect::Other | Dialect::Unstated => (Stated::Unknown(Why::Elsewhere, None), None),
        };
        route.streams = matches!(protocol, Stated::Known(Protocol::Grpc | Protocol::Grpcs));
        let id = (
            service.namespace.to_owned(),
            name.text().unwrap_or_default().to_owned(),
            port.unwrap_or_default().to_owned(),
            protocol.known().map_or(u8::MAX, |protocol| *protocol as u8),
        );
        let index = *self.upstreams.entry(id).or_insert_with(|| {
            let mut upstream = service.upstream(self.input, protocol);
            upstream.verified = match (verified, ingress.dialect) {
                (Some(verified), _) => Stated::Known(verified),
                (None, Dialect::Nginx) => absent(ingress.unseen),
                (None, _) => Stated::Unknown(Why::Elsewhere, None),
            };
            service.note(self.input, &mut self.services);
            gateway.add_upstream(upstream)
        });
        route.upstreams.push(index);
    }
}

/// The hosts of a rule; none: all.
fn hosts(ingress: &Ingress<'_>, host: &str) -> Vec<HostPattern> {
    let own = Some(host).filter(|host| !host.is_empty());
    own.into_iter().flat_map(|host| std::iter::once(host).chain(ingress.aliases())).map(host_pattern).collect()
}

/// A host of a rule: a `*` stands for one label.
fn host_pattern(host: &str) -> HostPattern {
    if has_template(host) {
        return HostPattern::Opaque(host.to_owned());
    }
    HostPattern::wildcard(host, super::host::Depth::One)
}

/// The paths that an entry is for, as the controller reads it.
fn pattern(dialect: Dialect, is_regex: bool, kind: &str, path: &str) -> PathPattern {
    if has_template(path) || has_template(kind) {
        return PathPattern::opaque(path);
    }
    if is_regex {
        return PathPattern::ingress_nginx_regex(path);
    }
    if let Some(pattern) = PathPattern::ingress(kind, path) {
        return pattern;
    }
    let is_plain = !path.contains(['*', '(', '[', '{', '~', '^', '$', '\\', '|']);
    match (dialect, path.strip_suffix("/*")) {
        (Dialect::Nginx, _) => PathPattern::raw_prefix(path),
        // Load balancers of the clouds: `/api/*`.
        (_, Some(start)) if !start.contains(['*', '(', '[', '{', '~']) => PathPattern::raw_prefix(format!("{start}/")),
        _ if is_plain => PathPattern::raw_prefix(path),
        _ => PathPattern::opaque(path),
    }
}

/// Notes versions of the API that are gone, and a controller that is no longer kept.
fn deprecated(controllers: &Controllers<'_>, ingresses: &[Ingress<'_>], gateway: &mut Gateway) {
    for ingress in ingresses {
        if let Some(version) = ingress.node.get("apiVersion").filter(|_| ingress.object.version == "v1beta1") {
            let mut setting = controller::setting("apiVersion", version, Some(Concern::Deprecated));
            setting.place = version.place();
            gateway.settings.push(setting);
        }
    }
    // https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/
    let is_used = ingresses.iter().any(|ingress| ingress.dialect == Dialect::Nginx && ingress.class.is_some());
    for image in controllers.images.iter().filter(|_| is_used) {
        let mut setting = controller::setting("controller", *image, Some(Concern::Deprecated));
        (setting.value, setting.place) = ("ingress-nginx".to_owned(), image.place());
        gateway.settings.push(setting);
    }
}

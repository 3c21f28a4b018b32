//! The servers that Ingresses make up together: one per class and host, with what it listens on, whether it speaks
//! TLS, and whether its paths are read as expressions.

use std::collections::HashMap;

use super::super::cursor::Node;
use super::super::defaults::default;
use super::super::{ClientCertificate, Exposure, Gateway, Listener, Protocol, Set, Setting, Stated};
use super::annotations::Dialect;
use super::{Ingress, alb, nginx};
use crate::discover::Format;
use crate::model::Why;
use crate::model::net::{HostClass, host_class};
use crate::span::Place;

/// What tells servers apart: the class of the Ingress, and the host; empty: all hosts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    class: String,
    host: String,
}

impl Key {
    pub(super) fn new(ingress: &Ingress<'_>, host: &str) -> Self {
        Self { class: ingress.class_name().to_owned(), host: host.to_ascii_lowercase() }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

/// How requests of an Ingress for a host arrive.
pub(super) struct Edge {
    /// Whether there is a socket that speaks plain text; where the controller decides, unknown.
    pub(super) plaintext: Stated<bool>,
    /// What gives it a certificate.
    pub(super) tls: Option<Place>,
    /// Whether plain text is sent to HTTPS.
    pub(super) redirects: Stated<bool>,
}

/// How requests of an Ingress for a host arrive. `covered`: what gives the host a certificate, in this Ingress or, if
/// it is one server with others, in another one.
fn edge(ingress: &Ingress<'_>, covered: Option<Place>) -> Edge {
    match ingress.dialect {
        Dialect::Nginx => {
            let flag = |name: &str| {
                let own = ingress.annotations.nginx(name).and_then(Node::bool);
                own.or_else(|| ingress.controller.flag(name))
            };
            let forced = flag("force-ssl-redirect") == Some(true);
            let usual = default(Format::Ingress, "ssl-redirect", None) == Some("true");
            let redirects = forced || covered.is_some() && flag("ssl-redirect").unwrap_or(usual);
            let force = ingress.annotations.nginx("force-ssl-redirect").map_or(ingress.named, Node::key_place);
            let lacks = covered.is_none() && !forced;
            Edge {
                plaintext: unless_unseen(ingress, lacks, true),
                tls: covered.or(forced.then_some(force)),
                redirects: unless_unseen(ingress, lacks, redirects),
            }
        }
        Dialect::Alb => alb::edge(ingress),
        // Entry points, load balancers and certificates of other controllers are set elsewhere.
        Dialect::Other => Edge {
            plaintext: Stated::Unknown(Why::Elsewhere, ingress.class.map(Node::key_place)),
            tls: covered,
            redirects: Stated::Unknown(Why::Elsewhere, None),
        },
        Dialect::Unstated => Edge {
            plaintext: unless_unseen(ingress, covered.is_none(), true),
            tls: covered,
            redirects: match covered {
                Some(_) => Stated::Unknown(Why::Elsewhere, None),
                None => unless_unseen(ingress, true, false),
            },
        },
    }
}

/// A fact about an Ingress; what a template may add to one that `lacks` a certificate is unknown.
fn unless_unseen(ingress: &Ingress<'_>, lacks: bool, fact: bool) -> Stated<bool> {
    match ingress.unseen {
        Some((why, place)) if lacks => Stated::Unknown(why, place),
        _ => Stated::Known(fact),
    }
}

/// The hosts that the entries under `tls` of an Ingress have certificates for.
#[derive(Default)]
pub(super) struct Certificates {
    /// Hosts as written, in small letters.
    hosts: HashMap<String, Place>,
    /// An entry that names no hosts is for all of them.
    every: Option<Place>,
    first: Option<Place>,
}

impl Certificates {
    pub(super) fn read(object: Node<'_>) -> Self {
        let mut read = Self::default();
        let entries = object.get("spec").map(|spec| spec.list("tls")).unwrap_or_default();
        for entry in entries.into_iter().filter(|entry| entry.is_map()) {
            let hosts = entry.list("hosts");
            let place = entry.get("hosts").map_or(entry.place(), Node::key_place);
            read.first.get_or_insert(place);
            if hosts.is_empty() {
                read.every.get_or_insert(place);
            }
            for host in hosts.into_iter().filter_map(Node::text) {
                read.hosts.entry(host.to_ascii_lowercase()).or_insert(place);
            }
        }
        read
    }

    /// The entry for a host: its own, or one with a `*` for its first label. Any will do for requests for no host.
    fn of(&self, host: &str) -> Option<Place> {
        let host = host.to_ascii_lowercase();
        let wildcard = || self.hosts.get(&format!("*.{}", host.split_once('.')?.1)).copied();
        let first = self.first.filter(|_| host.is_empty());
        self.hosts.get(&host).copied().or_else(wildcard).or(self.every).or(first)
    }
}

struct Server {
    place: Place,
    is_nginx: bool,
    plaintext: Stated<bool>,
    tls: Option<Place>,
    redirects: Stated<bool>,
    exposure: Exposure,
    client: Option<Set<ClientCertificate>>,
    settings: Option<u32>,
    browsers: bool,
    hsts: Stated<bool>,
    passthrough: bool,
    /// The Ingress and annotation by which all paths are read as expressions: number, name, value, place.
    regex: Option<(usize, &'static str, String, Place)>,
    affected: Vec<u32>,
    http: Option<u32>,
    https: Option<u32>,
}

/// All servers of a gateway.
pub(super) struct Servers {
    by_key: HashMap<Key, usize>,
    all: Vec<(Key, Server)>,
    /// What gives hosts of ingress-nginx a certificate: the first Ingress that does so does it for all of them.
    certificates: HashMap<Key, Place>,
}

impl Servers {
    pub(super) fn read(ingresses: &[Ingress<'_>], gateway: &mut Gateway) -> Self {
        let mut servers = Self { by_key: HashMap::new(), all: Vec::new(), certificates: certificates(ingresses) };
        let mut shared: HashMap<Option<Place>, u32> = HashMap::new();
        for (number, ingress) in ingresses.iter().enumerate() {
            for (host, place, paths) in ingress.rules() {
                servers.add(number, ingress, host, place, &paths);
            }
            if let Some(backend) = ingress.default_backend() {
                let name = backend.path(&["service", "name"]).or_else(|| backend.get("serviceName"));
                servers.add(number, ingress, "", name.map_or(backend.key_place(), Node::place), &[]);
            }
            // Hosts with TLS share the settings of their controller.
            for (host, ..) in ingress.rules() {
                let Some(server) = servers.by_key.get(&Key::new(ingress, host)).map(|&at| &mut servers.all[at].1)
                else {
                    continue;
                };
                let Some(place) = server.tls.filter(|_| server.settings.is_none()) else { continue };
                if let Some(client) = server.client.clone() {
                    let mut tls = ingress.controller.tls(place);
                    tls.client_certificate = Stated::Known(client);
                    server.settings = Some(gateway.add_tls(tls));
                    continue;
                }
                let (key, tls) = match ingress.dialect {
                    Dialect::Nginx => {
                        (ingress.controller.get("ssl-protocols").map(Node::place), ingress.controller.tls(place))
                    }
                    Dialect::Alb => (Some(ingress.named), alb::tls(ingress, place)),
                    Dialect::Other | Dialect::Unstated => continue,
                };
                server.settings = Some(*shared.entry(key).or_insert_with(|| gateway.add_tls(tls)));
            }
        }
        for (key, server) in &mut servers.all {
            server.listen(&key.host, gateway);
        }
        servers
    }

    fn add(&mut self, number: usize, ingress: &Ingress<'_>, host: &str, place: Place, paths: &[Node<'_>]) {
        let edge = self.edge(ingress, host);
        let key = Key::new(ingress, host);
        let index = *self.by_key.entry(key.clone()).or_insert_with(|| {
            self.all.push((key, Server::new(ingress, host, place)));
            self.all.len() - 1
        });
        let server = &mut self.all[index].1;
        server.tls = server.tls.or(edge.tls);
        server.plaintext = both(&server.plaintext, edge.plaintext, |one, other| one || other);
        server.redirects = both(&server.redirects, edge.redirects, |one, other| one && other);
        if ingress.dialect == Dialect::Nginx {
            server.client = server.client.take().or_else(|| nginx::client_certificate(ingress));
            server.passthrough |=
                ingress.annotations.nginx("ssl-passthrough").is_some_and(|it| it.bool() == Some(true));
            server.browsers |= ingress.annotations.nginx("affinity").is_some();
            server.regex = server.regex.take().or_else(|| {
                let (name, node) = regex_mode(ingress, paths)?;
                Some((number, name, node.text().unwrap_or_default().to_owned(), node.key_place()))
            });
        }
    }

    /// How requests of an Ingress for a host arrive.
    pub(super) fn edge(&self, ingress: &Ingress<'_>, host: &str) -> Edge {
        let own = ingress.certificates.of(host);
        let shared = || {
            let of = |host: &str| self.certificates.get(&Key::new(ingress, host)).copied();
            let wildcard = || of(&format!("*.{}", host.split_once('.')?.1));
            of(host).or_else(wildcard).filter(|_| ingress.dialect == Dialect::Nginx && !host.is_empty())
        };
        edge(ingress, own.or_else(shared))
    }

    pub(super) fn is_regex(&self, key: &Key) -> bool {
        self.by_key.get(key).is_some_and(|&at| self.all[at].1.regex.is_some())
    }

    /// Notes a route with a `Prefix` or `Exact` path that is read as an expression because of another Ingress.
    pub(super) fn note_affected(&mut self, key: &Key, ingress: usize, route: u32) {
        let Some(server) = self.by_key.get(key).map(|&at| &mut self.all[at].1) else { return };
        if server.regex.as_ref().is_some_and(|(number, ..)| *number != ingress) {
            server.affected.push(route);
        }
    }

    /// The listeners of a route, and whether requests in plain text reach it.
    pub(super) fn of_route(&self, key: &Key, edge: &Edge) -> (Stated<Vec<u32>>, Stated<bool>) {
        let Some(server) = self.by_key.get(key).map(|&at| &self.all[at].1) else {
            return (Stated::Unknown(Why::NotRead, None), Stated::Unknown(Why::NotRead, None));
        };
        let redirected = edge.redirects == Stated::Known(true);
        let listeners = server.http.filter(|_| !redirected).into_iter().chain(server.https).collect();
        let plaintext = match (&edge.plaintext, &edge.redirects) {
            (_, Stated::Known(true)) | (Stated::Known(false), _) => Stated::Known(false),
            (Stated::Known(true), Stated::Known(false)) => Stated::Known(true),
            (Stated::Unknown(why, place), _) | (_, Stated::Unknown(why, place)) => Stated::Unknown(*why, *place),
            _ => Stated::Absent,
        };
        (Stated::Known(listeners), plaintext)
    }

    /// The listener of a server that speaks plain text.
    pub(super) fn plaintext_of(&self, key: &Key) -> Stated<Vec<u32>> {
        let server = self.by_key.get(key).map(|&at| &self.all[at].1);
        Stated::Known(server.and_then(|server| server.http).into_iter().collect())
    }

    /// Notes the annotations by which paths of other Ingresses are read as expressions.
    pub(super) fn note_regex_modes(&self, gateway: &mut Gateway) {
        for (_, server) in &self.all {
            let Some((_, name, value, place)) = server.regex.as_ref().filter(|_| !server.affected.is_empty()) else {
                continue;
            };
            gateway
                .settings
                .push(Setting { routes: server.affected.clone(), ..Setting::new(*name, value.clone(), *place) });
        }
    }
}

/// What gives each host of ingress-nginx a certificate. Whether plain text is sent to HTTPS depends on the certificate
/// of the host, whichever Ingress names it.
///
/// Source: `redirect_to_https` in <https://github.com/kubernetes/ingress-nginx/blob/controller-v1.9.0/rootfs/etc/nginx/lua/lua_ingress.lua>.
fn certificates(ingresses: &[Ingress<'_>]) -> HashMap<Key, Place> {
    let mut found = HashMap::new();
    for ingress in ingresses.iter().filter(|ingress| ingress.dialect == Dialect::Nginx) {
        for (host, ..) in ingress.rules().filter(|(host, ..)| !host.is_empty()) {
            if let Some(place) = ingress.certificates.of(host) {
                found.entry(Key::new(ingress, host)).or_insert(place);
            }
        }
    }
    found
}

/// The annotation by which all paths of a host are read as expressions: `use-regex`, or a `rewrite-target` that
/// differs from a path.
///
/// Source: `enforceRegexModifier` in
/// <https://github.com/kubernetes/ingress-nginx/blob/main/internal/ingress/controller/template/template.go>.
fn regex_mode<'s>(ingress: &Ingress<'s>, paths: &[Node<'_>]) -> Option<(&'static str, Node<'s>)> {
    let flag = ingress.annotations.nginx("use-regex").filter(|node| node.bool() == Some(true));
    let rewrite = ingress.annotations.nginx("rewrite-target").filter(|node| {
        let target = node.text().unwrap_or_default();
        paths.iter().any(|path| path.str("path").unwrap_or("/") != target)
    });
    flag.map(|node| ("use-regex", node)).or(rewrite.map(|node| ("rewrite-target", node)))
}

/// One of two facts, each of which may be unknown; an unknown one wins.
fn both(one: &Stated<bool>, other: Stated<bool>, join: impl Fn(bool, bool) -> bool) -> Stated<bool> {
    match (one, other) {
        (Stated::Known(one), Stated::Known(other)) => Stated::Known(join(*one, other)),
        (Stated::Unknown(why, place), _) => Stated::Unknown(*why, *place),
        (_, other @ Stated::Unknown(..)) => other,
        (Stated::Absent, other) => other,
        (Stated::Known(one), Stated::Absent) => Stated::Known(*one),
    }
}

impl Server {
    fn new(ingress: &Ingress<'_>, host: &str, place: Place) -> Self {
        let is_nginx = ingress.dialect == Dialect::Nginx;
        let hsts = match ingress.controller.is_in_view() && is_nginx {
            true => Stated::Known(ingress.controller.flag("hsts") != Some(false)),
            false => Stated::Unknown(Why::Elsewhere, None),
        };
        Self {
            place,
            is_nginx,
            plaintext: Stated::Absent,
            tls: None,
            redirects: Stated::Absent,
            exposure: exposure(ingress, host),
            client: None,
            settings: None,
            browsers: false,
            hsts,
            passthrough: false,
            regex: None,
            affected: Vec::new(),
            http: None,
            https: None,
        }
    }

    /// Makes its listeners.
    fn listen(&mut self, host: &str, gateway: &mut Gateway) {
        let name = if host.is_empty() { "*" } else { host };
        let hosts = if host.is_empty() { Vec::new() } else { vec![super::host_pattern(host)] };
        let mut listener = Listener {
            name: format!("{name}:80"),
            place: self.place,
            bind: Stated::Unknown(Why::Elsewhere, None),
            port: Some(80),
            protocol: Stated::Known(Protocol::Http),
            hosts,
            tls: None,
            redirects_to_https: self.redirects.clone(),
            exposure: self.exposure,
            hsts: Stated::Absent,
            serves_browsers: false,
        };
        if self.plaintext != Stated::Known(false) {
            let mut http = listener.clone();
            if let Stated::Unknown(why, place) = &self.plaintext {
                http.protocol = Stated::Unknown(*why, *place);
            }
            self.http = Some(gateway.add_listener(http));
        }
        if self.tls.is_some() {
            listener.name = format!("{name}:443");
            listener.port = Some(443);
            let protocol = if self.passthrough { Protocol::Passthrough } else { Protocol::Https };
            listener.protocol = Stated::Known(protocol);
            listener.tls = self.settings;
            listener.hsts = self.hsts.clone();
            // Who is sent to HTTPS is a browser.
            listener.serves_browsers = self.browsers || self.is_nginx && self.redirects == Stated::Known(true);
            listener.redirects_to_https = Stated::Known(false);
            self.https = Some(gateway.add_listener(listener));
        }
    }
}

/// Who can reach it: classes are named after that, and so are hosts of the own network.
fn exposure(ingress: &Ingress<'_>, host: &str) -> Exposure {
    const INTERNAL: [&str; 3] = ["internal", "private", "intranet"];
    let class = ingress.class_name();
    let is_internal = INTERNAL.iter().any(|word| class.contains(word)) || alb::is_internal(ingress);
    let host = host.trim_start_matches("*.");
    let is_local =
        !host.is_empty() && matches!(host_class(host), HostClass::Internal | HostClass::Loopback | HostClass::Private);
    if is_internal || is_local { Exposure::Internal } else { Exposure::Public }
}

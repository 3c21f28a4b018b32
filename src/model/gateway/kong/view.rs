//! What Kong's own settings say, as far as they are in view. Without them nobody can tell where requests arrive and
//! how large they may be. Read against `kong.conf.default` of Kong 3.9.

use super::super::size;
use super::super::tls::TlsVersion;
use super::super::{
    Admin, Bind, Concern, Exposure, Gateway, Limit, Listener, Measure, Origin, Power, Protocol, Set, Setting, Stated,
    Tls, TlsSide, cipher,
};
use super::node::Settings;
use super::usual;
use crate::model::{Why, net};
use crate::span::Place;

/// Kong's own settings, as far as they are in view.
#[derive(Debug)]
pub(super) struct View {
    /// The limit of bodies where no plugin sets one.
    pub(super) body: Stated<Option<u32>>,
    pub(super) access_log: Stated<Set<bool>>,
    /// Whether more than one node is in view.
    pub(super) replicated: bool,
    pub(super) has_plain_listener: bool,
    /// Whether certificates of upstreams are verified where no service says so.
    pub(super) verifies_upstreams: bool,
    /// Where forwarded addresses are taken from anyone.
    pub(super) trusts_anyone: Option<Place>,
    /// Plain and encrypted listeners, if they are known.
    listeners: Option<(Vec<u32>, Vec<u32>)>,
}

impl View {
    /// Reads the settings of all nodes.
    pub(super) fn read(nodes: &[Settings<'_>], gateway: &mut Gateway) -> Self {
        let mut view = Self {
            body: Stated::Unknown(Why::Elsewhere, None),
            access_log: Stated::Unknown(Why::Elsewhere, None),
            replicated: nodes.iter().any(|node| node.replicated),
            has_plain_listener: false,
            verifies_upstreams: false,
            trusts_anyone: None,
            listeners: None,
        };
        for node in nodes {
            view.listeners(node, gateway);
            admins(node, gateway);
            view.limits(node, gateway);
            switches(node, gateway);
            secrets(node, gateway);
            view.verifies_upstreams |= node.get("nginx_proxy_proxy_ssl_verify").is_some_and(|(text, _)| is_on(text));
            let trusted = node
                .get("trusted_ips")
                .filter(|(text, _)| text.split(',').any(|range| matches!(range.trim(), "0.0.0.0/0" | "::/0")));
            view.trusts_anyone = view.trusts_anyone.or(trusted.map(|(_, place)| place));
        }
        view
    }

    /// The listeners that serve a route.
    pub(super) fn listeners_for(&self, plain: bool, encrypted: bool) -> Stated<Vec<u32>> {
        let Some((plain_ones, encrypted_ones)) = &self.listeners else { return Stated::Unknown(Why::Elsewhere, None) };
        let plain_ones = plain_ones.iter().filter(|_| plain);
        Stated::Known(plain_ones.chain(encrypted_ones.iter().filter(|_| encrypted)).copied().collect())
    }

    fn listeners(&mut self, node: &Settings<'_>, gateway: &mut Gateway) {
        let sockets = match node.get("proxy_listen") {
            Some((text, place)) => sockets(text, place),
            // The usual ones serve whom they are published to.
            None => {
                let usual = sockets(usual("proxy_listen"), gateway.place);
                let published = |socket: Socket| Some(Socket { place: node.port(socket.port?)?.place, ..socket });
                usual.into_iter().filter_map(published).collect()
            }
        };
        for socket in sockets {
            let tls = socket.tls.then(|| tls(node, socket.place, gateway));
            let exposure = if is_published(node, &socket) { Exposure::Public } else { Exposure::Internal };
            let number = gateway.add_listener(Listener {
                name: socket.name,
                place: socket.place,
                bind: Stated::Known(socket.bind),
                port: socket.port,
                protocol: Stated::Known(if socket.tls { Protocol::Https } else { Protocol::Http }),
                hosts: Vec::new(),
                tls,
                redirects_to_https: Stated::Known(false),
                exposure,
                hsts: Stated::Absent,
                serves_browsers: false,
            });
            let (plain, encrypted) = self.listeners.get_or_insert_default();
            if socket.tls {
                encrypted.push(number)
            } else {
                plain.push(number)
            }
            self.has_plain_listener |= !socket.tls && exposure == Exposure::Public;
        }
    }

    fn limits(&mut self, node: &Settings<'_>, gateway: &mut Gateway) {
        let size = ["nginx_http_client_max_body_size", "nginx_proxy_client_max_body_size", "client_max_body_size"];
        let size = size.into_iter().find_map(|name| Some((name, node.get(name)?)));
        self.body = match size {
            None => Stated::Absent,
            Some((name, (text, place))) => {
                size::bytes(text).map_or(Stated::Unknown(Why::NotRead, Some(place)), |value| {
                    let value = if value == 0.0 { f64::INFINITY } else { value };
                    let limit = Limit { measure: Measure::Body, value, place, name: name.to_owned() };
                    Stated::Known(Some(gateway.add_limit(limit)))
                })
            }
        };
        let log = node.get("proxy_access_log").filter(|(text, _)| *text == "off");
        self.access_log = Stated::Known(match log {
            Some((_, place)) => Set::written(false, place),
            None => Set::default(true, gateway.place),
        });
    }
}

/// One address of a `*_listen`.
#[derive(Clone, Debug)]
struct Socket {
    name: String,
    bind: Bind,
    port: Option<u16>,
    tls: bool,
    place: Place,
}

/// The addresses of a `*_listen`: `0.0.0.0:8000 reuseport, 0.0.0.0:8443 http2 ssl`, or `off`.
fn sockets(text: &str, place: Place) -> Vec<Socket> {
    let addresses = text.split(',').filter_map(|part| {
        let mut words = part.split_ascii_whitespace();
        let address = words.next().filter(|address| *address != "off")?;
        let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
        let bind = match host {
            _ if address.starts_with("unix:") => Bind::Unix,
            "0.0.0.0" | "[::]" | "::" | "*" => Bind::Any,
            host if net::host_class(host) == net::HostClass::Loopback => Bind::Loopback,
            _ => Bind::Address,
        };
        let tls = words.any(|word| word == "ssl");
        Some(Socket { name: address.to_owned(), bind, port: port.parse().ok(), tls, place })
    });
    addresses.collect()
}

/// Whether others than the machine or the network of the containers reach a socket.
fn is_published(node: &Settings<'_>, socket: &Socket) -> bool {
    if matches!(socket.bind, Bind::Loopback | Bind::Unix) {
        return false;
    }
    match (&node.ports, socket.port) {
        (Some(_), Some(port)) => node.port(port).is_some_and(|port| !port.loopback),
        _ => true,
    }
}

fn is_on(text: &str) -> bool {
    matches!(text, "on" | "true" | "On" | "ON")
}

/// TLS settings of the listeners: <https://developer.konghq.com/gateway/configuration/#ssl-cipher-suite>.
fn tls(node: &Settings<'_>, place: Place, gateway: &mut Gateway) -> u32 {
    let suite = node.get("ssl_cipher_suite");
    let protocols = node.get("ssl_protocols").or(node.get("nginx_http_ssl_protocols"));
    let lowest = protocols.and_then(|(text, place)| {
        let versions = text.split([' ', ',']).filter_map(TlsVersion::parse);
        Some(Set::written(versions.min()?, place))
    });
    // The suite `old` brings back what browsers of its time speak.
    let old = suite.filter(|(text, _)| *text == "old");
    let old = old.and_then(|(_, place)| Some(Set::written(TlsVersion::parse("TLSv1")?, place)));
    let least = TlsVersion::parse(usual("ssl_protocols")).map(|version| Set::default(version, place));
    let ciphers = node.get("ssl_ciphers").map(|(text, place)| (place, cipher::openssl(text)));
    gateway.add_tls(Tls {
        place,
        side: TlsSide::Client,
        min_version: lowest.or(old).or(least).into(),
        ciphers,
        client_certificate: Stated::Absent,
    })
}

/// The Admin API, Kong Manager and the status API, where their addresses are written.
fn admins(node: &Settings<'_>, gateway: &mut Gateway) {
    let surfaces = [
        ("admin_listen", "Admin API", Power::Change),
        ("admin_gui_listen", "Kong Manager", Power::Read),
        ("status_listen", "status API", Power::Read),
    ];
    // Only Enterprise has roles for the Admin API.
    let has_roles = node.get("enforce_rbac").is_some_and(|(text, _)| matches!(text, "on" | "both" | "entity"));
    for (setting, name, power) in surfaces {
        let Some((text, place)) = node.get(setting) else { continue };
        for socket in sockets(text, place) {
            gateway.admins.push(Admin {
                name: name.to_owned(),
                place,
                power,
                bind: Stated::Known(socket.bind),
                route: None,
                protected: Stated::Known(has_roles),
                published: node.ports.as_ref().map(|_| is_published(node, &socket)).into(),
            });
        }
    }
}

/// Settings that rules ask for.
fn switches(node: &Settings<'_>, gateway: &mut Gateway) {
    let whole = gateway.place;
    let mut note = |name: &str, value: &str, concern: Option<Concern>, (place, origin): (Place, Origin)| {
        gateway.settings.push(Setting { concern, origin, ..Setting::new(name, value, place) });
    };
    if let Some((text, place)) = node.get("allow_debug_header").filter(|(text, _)| is_on(text)) {
        note("allow_debug_header", text, Some(Concern::Debug), (place, Origin::Written));
    }
    if let Some((text, place)) = node.get("untrusted_lua") {
        note("untrusted_lua", text, None, (place, Origin::Written));
    }
    let banner = match node.get("headers") {
        None => Some((usual("headers"), node.first().unwrap_or(whole), Origin::Default)),
        Some((text, place)) => text.split(',').any(tells_product).then_some((text, place, Origin::Written)),
    };
    if let Some((text, place, origin)) = banner {
        note("headers", text, Some(Concern::VersionBanner), (place, origin));
    }
}

/// Whether a header that Kong adds tells what answers.
fn tells_product(header: &str) -> bool {
    matches!(header.trim().to_ascii_lowercase().as_str(), "server_tokens" | "server" | "via")
}

/// Secrets among the settings.
fn secrets(node: &Settings<'_>, gateway: &mut Gateway) {
    let secrets = [("pg_password", "password of the database"), ("password", "password of the first administrator")];
    for (name, what) in secrets {
        if let Some((text, place)) = node.written(name) {
            gateway.add_credential(what, text, place);
        }
    }
}

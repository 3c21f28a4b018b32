//! Servers: sockets, names, TLS, and what holds for all their locations.

use std::collections::HashMap;

use super::super::defaults::default;
use super::super::host::HostPattern;
use super::super::tls::TlsVersion;
use super::super::{Bind, ClientCertificate, Exposure, Listener, Protocol, Set, Stated, Tls, TlsSide, cipher};
use super::Lowering;
use super::config::{Config, Context, Line, Topic};
use super::variables::is_placeholder;
use crate::discover::Format;
use crate::model::Why;
use crate::model::net::{self, HostClass};
use crate::span::Place;

/// A server with its sockets.
pub(super) struct Server {
    /// Its block.
    pub block: usize,
    /// What names it.
    pub place: Place,
    /// Its sockets.
    pub sockets: Vec<Socket>,
    /// Its names; empty: all.
    pub hosts: Vec<HostPattern>,
    /// The block of the server whose settings of TLS govern its first socket with TLS.
    pub governed_by: usize,
}

/// An address that a server listens on.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    /// The address as others name it too.
    pub key: String,
    pub place: Place,
    pub bind: Stated<Bind>,
    pub port: Option<u16>,
    pub is_tls: bool,
    pub is_http2: bool,
    /// Whether it is marked as the default of its address.
    pub is_default: bool,
}

impl Socket {
    fn read(line: &Line<'_>, old_tls: bool) -> Self {
        let text = line.value();
        let has = |flag: &str| line.texts().skip(1).any(|text| text == flag);
        let (bind, host, port) = address(text);
        Self {
            key: format!("{host}:{}", port.map_or_else(String::new, |port| port.to_string())),
            place: line.args.first().map_or(line.place(), |arg| arg.place()),
            bind,
            port,
            is_tls: old_tls || has("ssl") || has("quic"),
            is_http2: has("http2"),
            is_default: has("default_server") || has("default"),
        }
    }
}

/// The parts of what `listen` says.
///
/// Source: <https://nginx.org/en/docs/http/ngx_http_core_module.html#listen>.
fn address(text: &str) -> (Stated<Bind>, &str, Option<u16>) {
    if text.starts_with("unix:") {
        return (Stated::Known(Bind::Unix), text, None);
    }
    if text.contains(['{', '$', '<']) {
        return (Stated::Unknown(Why::Template, None), text, None);
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        None if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => ("*", text),
        _ => (text, "80"),
    };
    let bind = match host {
        "*" | "0.0.0.0" | "[::]" | "" => Bind::Any,
        host if net::host_class(host) == HostClass::Loopback => Bind::Loopback,
        _ => Bind::Address,
    };
    // The same port over IPv6 is the same socket for people.
    let host = if bind == Bind::Any { "*" } else { host };
    (Stated::Known(bind), host, port.parse().ok())
}

impl Lowering<'_, '_, '_> {
    /// All servers of HTTP, in the order of the files.
    pub(super) fn servers(&self) -> Vec<Server> {
        let config = self.config;
        let blocks = config.blocks.iter().enumerate().filter(|(_, block)| block.context == Context::Server);
        let mut servers: Vec<Server> = blocks.map(|(block, _)| read(config, block)).collect();
        // The default of an address is the server that says so, else the first.
        let mut defaults: HashMap<String, (bool, usize)> = HashMap::new();
        for server in &servers {
            for socket in &server.sockets {
                let found = defaults.entry(socket.key.clone()).or_insert((socket.is_default, server.block));
                if socket.is_default && !found.0 {
                    *found = (true, server.block);
                }
            }
        }
        for server in &mut servers {
            let socket = server.sockets.iter().find(|socket| socket.is_tls);
            if let Some((_, block)) = socket.and_then(|socket| defaults.get(&socket.key)) {
                server.governed_by = *block;
            }
        }
        servers
    }

    /// Adds the listeners of a server: their indices.
    pub(super) fn listeners(&mut self, server: &Server, facts: &Serves) -> Vec<u32> {
        let mut numbers = Vec::new();
        for socket in &server.sockets {
            let protocol = match (socket.is_tls, socket.is_http2 || self.flag(server.block, "http2")) {
                (true, _) => Protocol::Https,
                (false, true) => Protocol::H2c,
                (false, false) => Protocol::Http,
            };
            let tls = socket.is_tls.then(|| self.tls(server));
            let is_internal = matches!(socket.bind, Stated::Known(Bind::Loopback | Bind::Unix));
            let listener = Listener {
                name: socket.key.clone(),
                place: socket.place,
                bind: socket.bind.clone(),
                port: socket.port,
                protocol: Stated::Known(protocol),
                hosts: server.hosts.clone(),
                tls,
                redirects_to_https: Stated::Known(!socket.is_tls && facts.redirects),
                exposure: if is_internal { Exposure::Internal } else { Exposure::Public },
                hsts: facts.hsts.clone(),
                serves_browsers: facts.browsers,
            };
            numbers.push(self.gateway.add_listener(listener));
        }
        numbers
    }

    fn flag(&self, block: usize, name: &str) -> bool {
        self.config.nearest(block, name).is_some_and(|line| line.value() == "on")
    }

    /// The settings of TLS that govern a server. Versions and suites are those of the default server of the socket:
    /// <https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols>.
    fn tls(&mut self, server: &Server) -> u32 {
        let config = self.config;
        let governing = server.governed_by;
        let protocols = config.nearest(governing, "ssl_protocols");
        let suites = config.nearest(governing, "ssl_ciphers");
        let verify = config.nearest(server.block, "ssl_verify_client").filter(|line| line.value() != "off");
        let key = [protocols, suites, verify].map(|line| line.map(Line::place));
        let first = server.sockets.iter().find(|socket| socket.is_tls).map_or(server.place, |socket| socket.place);
        let key = [key[0].or(Some(first)), key[1], key[2]];
        if let Some(&known) = self.memo.tls.get(&key) {
            return known;
        }
        let min_version = match protocols {
            Some(line) => oldest(line),
            None => match config.unseen(governing, Topic::Tls) {
                Some((why, place)) => Stated::Unknown(why, Some(place)),
                None => {
                    let version = default(Format::Nginx, "ssl_protocols", None).and_then(TlsVersion::parse);
                    version.map(|version| Set::default(version, first)).into()
                }
            },
        };
        let client_certificate = match verify {
            None => match config.unseen(server.block, Topic::Access) {
                Some((why, place)) => Stated::Unknown(why, Some(place)),
                None => Stated::Absent,
            },
            Some(line) => self.client_certificate(server.block, line),
        };
        let number = self.gateway.add_tls(Tls {
            place: protocols.map_or(first, Line::place),
            side: TlsSide::Client,
            min_version,
            ciphers: suites.map(|line| (line.place(), cipher::openssl(line.value()))),
            client_certificate,
        });
        self.memo.tls.insert(key, number);
        number
    }

    fn client_certificate(&self, block: usize, line: &Line<'_>) -> Stated<Set<ClientCertificate>> {
        let place = line.place();
        let asked = match line.value() {
            "on" => ClientCertificate::Required,
            "optional" => ClientCertificate::Optional,
            "optional_no_ca" => ClientCertificate::Unverified,
            _ => return Stated::Unknown(Why::NotRead, Some(place)),
        };
        if asked == ClientCertificate::Required {
            return Stated::Known(Set::written(asked, place));
        }
        if self.certificate_check(block).is_some() {
            return Stated::Known(Set::written(ClientCertificate::Checked, place));
        }
        // Some locations may check it, and others need none.
        let checked =
            self.config.enclosing(block, Context::Server).is_some_and(|server| self.index.checked.contains(&server));
        match checked {
            true => Stated::Unknown(Why::NotRead, Some(place)),
            false => Stated::Known(Set::written(asked, place)),
        }
    }
}

/// What the locations of a server show of it.
#[derive(Default)]
pub(super) struct Serves {
    /// Whether all that arrives in plain text is sent to HTTPS.
    pub redirects: bool,
    /// Whether files or pages are served.
    pub browsers: bool,
    /// Whether `Strict-Transport-Security` is sent.
    pub hsts: Stated<bool>,
}

fn read(config: &Config<'_>, block: usize) -> Server {
    let place =
        config.owner(block).map_or_else(|| config.each(block).next().map(Line::place), |owner| Some(owner.place()));
    let old_tls = config.nearest(block, "ssl").is_some_and(|line| line.value() == "on");
    let is_file = config.blocks[block].owner.is_none();
    let mut sockets: Vec<Socket> = Vec::new();
    for line in config.all(block, "listen") {
        let socket = Socket::read(line, old_tls);
        match sockets.iter_mut().find(|other| other.key == socket.key && other.is_tls == socket.is_tls) {
            Some(twin) => twin.is_default |= socket.is_default,
            None => sockets.push(socket),
        }
    }
    // A block without `place` is empty: nothing is ever reported there.
    let place = place.unwrap_or_else(|| {
        Place::value(crate::span::At { file: crate::span::FileId(0), node: crate::span::NodeId(0) })
    });
    if sockets.is_empty() && !is_file {
        sockets.push(Socket {
            key: "*:80".to_owned(),
            place,
            bind: Stated::Known(Bind::Any),
            port: Some(80),
            is_tls: old_tls,
            is_http2: false,
            is_default: false,
        });
    }
    let names = config.all(block, "server_name").flat_map(Line::texts);
    let mut hosts: Vec<HostPattern> = names.map(host).collect();
    if hosts.contains(&HostPattern::Any) {
        hosts.clear();
    }
    Server { block, place, sockets, hosts, governed_by: block }
}

fn host(name: &str) -> HostPattern {
    let is_filled_in = super::variables::variables(name).any(is_placeholder) || name.contains("{{");
    if is_filled_in || name.starts_with('$') { HostPattern::Opaque(name.to_owned()) } else { HostPattern::nginx(name) }
}

/// The lowest version that a list of protocols accepts.
pub(super) fn oldest(line: &Line<'_>) -> Stated<Set<TlsVersion>> {
    match line.texts().map(TlsVersion::parse).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().min()) {
        Some(version) => Stated::Known(Set::written(version, line.place())),
        None => Stated::Unknown(Why::Template, Some(line.place())),
    }
}

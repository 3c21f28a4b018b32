//! Where requests are sent: `proxy_pass` and its likes, and the blocks `upstream` that they name.

use super::super::defaults::default;
use super::super::{Protocol, Set, Stated, Tls, TlsSide, Upstream, cipher};
use super::Lowering;
use super::access::argument;
use super::config::{Context, Line, Topic};
use super::server::oldest;
use super::variables::{Piece, is_placeholder, pieces, variables};
use crate::discover::Format;
use crate::model::Why;

/// Directives that send requests on.
pub(super) const HANDLERS: &[&str] =
    &["proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass"];

impl<'c, 's> Lowering<'c, 's, '_> {
    /// The upstream of a handler, as it is used on a level.
    pub(super) fn upstream(&mut self, handler: &'c Line<'s>, block: usize) -> Option<u32> {
        let config = self.config;
        let verify = config.nearest(handler.level, verify_name(handler));
        let place = argument(handler, 0);
        let key = (place, verify.map(Line::place));
        if let Some(&known) = self.memo.upstreams.get(&key) {
            return known;
        }
        let written = handler.arg(0)?;
        let url = self.variables.expand(written, handler.level);
        let (scheme, target) = match url.split_once("://") {
            Some((scheme, target)) => (Some(scheme), target),
            None => (None, url.as_str()),
        };
        let protocol = protocol(handler.name, scheme);
        // A variable may hold the scheme as well.
        let is_open = scheme.is_none_or(|scheme| scheme.contains('$')) && handler.name == "proxy_pass";
        let protocol = if is_open { Stated::Unknown(Why::Environment, Some(place)) } else { Stated::Known(protocol) };
        let host = target.strip_prefix("unix:").map_or_else(|| host_of(target), |_| "localhost");
        let mut upstream = Upstream::new(written, place);
        upstream.hosts = self.hosts(host);
        upstream.in_cluster = self.is_registered(host);
        upstream.protocol = protocol;
        upstream.chosen_by_client = self.chosen(handler, block).map(|name| (place, name));
        let is_tls = upstream.protocol.known().is_some_and(|protocol| protocol.is_tls());
        if is_tls {
            upstream.verified = match verify {
                Some(line) => Stated::Known(Set::written(line.value() == "on", line.place())),
                None => match config.unseen(handler.level, Topic::Other) {
                    Some((why, place)) => Stated::Unknown(why, Some(place)),
                    None => {
                        let usual = default(Format::Nginx, "proxy_ssl_verify", None) == Some("on");
                        Stated::Known(Set::default(usual, place))
                    }
                },
            };
            upstream.tls = self.upstream_tls(handler);
        }
        let number = Some(self.gateway.add_upstream(upstream));
        self.memo.upstreams.insert(key, number);
        number
    }

    /// The hosts behind a name: those of a block `upstream`, else itself.
    fn hosts(&self, host: &str) -> Vec<String> {
        if host.contains('$') || host.is_empty() || host.contains("{{") {
            return Vec::new();
        }
        let config = self.config;
        let Some(&group) = self.index.upstreams.get(&host.to_ascii_lowercase()) else {
            return vec![bare(host).to_owned()];
        };
        let servers = config.all(group, "server").filter_map(|line| line.arg(0));
        let hosts = servers.filter(|server| !server.contains('$') && !server.contains("{{")).map(|server| {
            let is_socket = server.starts_with("unix:");
            if is_socket { "localhost".to_owned() } else { bare(server).to_owned() }
        });
        hosts.collect()
    }

    /// Whether the servers of a block `upstream` come from a registry of services of the own network, such as Consul.
    fn is_registered(&self, host: &str) -> bool {
        let Some(&group) = self.index.upstreams.get(&host.to_ascii_lowercase()) else { return false };
        let mut servers = self.config.all(group, "server").peekable();
        let is_registered =
            |line: &Line<'s>| line.option("service").is_some() || bare(line.value()).ends_with(".consul");
        servers.peek().is_some() && servers.all(is_registered)
    }

    /// The variable by which a client chooses the host.
    fn chosen(&self, handler: &'c Line<'s>, block: usize) -> Option<String> {
        let config = self.config;
        let is_internal = config.levels(block).any(|level| {
            config.own(level, "internal").is_some()
                || config.owner(level).is_some_and(|owner| owner.value().starts_with('@'))
        });
        if is_internal {
            return None;
        }
        let mut is_scheme = true;
        for piece in pieces(handler.arg(0)?) {
            match piece {
                Piece::Text(text) => {
                    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
                    is_scheme = false;
                    if rest.contains(['/', '?', '#']) {
                        return None;
                    }
                }
                Piece::Variable(name) if is_placeholder(name) || name == "scheme" => is_scheme = false,
                Piece::Variable(name) => {
                    let holds = self.variables.variable(name, handler);
                    if holds.slash && !is_scheme {
                        return None;
                    }
                    if self.is_own_host(name, handler) {
                        continue;
                    }
                    if holds.request && holds.dot && !holds.slash {
                        return Some(format!("${name}"));
                    }
                }
            }
        }
        None
    }

    /// Whether a variable is the host of the request, and the names of the server say which hosts there are.
    fn is_own_host(&self, name: &str, handler: &Line<'s>) -> bool {
        if !matches!(name, "host" | "http_host") {
            return false;
        }
        let server = self.config.enclosing(handler.level, Context::Server);
        let Some(server) = server else { return false };
        let mut sockets = self.config.all(server, "listen");
        let is_default = sockets.any(|line| line.texts().any(|text| text == "default_server"));
        let names: Vec<&str> = self.config.all(server, "server_name").flat_map(Line::texts).collect();
        !names.is_empty() && !is_default && !names.iter().any(|name| matches!(*name, "_" | "" | "*"))
    }

    fn upstream_tls(&mut self, handler: &Line<'s>) -> Option<u32> {
        let name = |end: &str| match handler.name {
            "grpc_pass" => format!("grpc_ssl_{end}"),
            "uwsgi_pass" => format!("uwsgi_ssl_{end}"),
            _ => format!("proxy_ssl_{end}"),
        };
        let protocols = self.config.nearest(handler.level, &name("protocols"));
        let suites = self.config.nearest(handler.level, &name("ciphers"));
        let first = protocols.or(suites)?;
        let key = [protocols.map(Line::place), suites.map(Line::place), None];
        if let Some(&known) = self.memo.tls.get(&key) {
            return Some(known);
        }
        let number = self.gateway.add_tls(Tls {
            place: first.place(),
            side: TlsSide::Upstream,
            min_version: protocols.map_or(Stated::Absent, oldest),
            ciphers: suites.map(|line| (line.place(), cipher::openssl(line.value()))),
            client_certificate: Stated::Absent,
        });
        self.memo.tls.insert(key, number);
        Some(number)
    }
}

fn verify_name(handler: &Line<'_>) -> &'static str {
    match handler.name {
        "grpc_pass" => "grpc_ssl_verify",
        "uwsgi_pass" => "uwsgi_ssl_verify",
        _ => "proxy_ssl_verify",
    }
}

fn protocol(handler: &str, scheme: Option<&str>) -> Protocol {
    match (handler, scheme) {
        ("grpc_pass", Some("grpcs")) => Protocol::Grpcs,
        ("grpc_pass", _) => Protocol::Grpc,
        ("proxy_pass", Some("https")) => Protocol::Https,
        ("proxy_pass", _) => Protocol::Http,
        ("uwsgi_pass", Some("suwsgi")) => Protocol::Https,
        _ => Protocol::Application,
    }
}

/// The host and port of a target.
pub(super) fn host_of(target: &str) -> &str {
    target.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The host and port that a handler's URL names, with or without a scheme.
pub(super) fn authority(url: &str) -> &str {
    host_of(url.split_once("://").map_or(url, |(_, rest)| rest))
}

/// A host without its port.
fn bare(host: &str) -> &str {
    let host = host_of(host);
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether a handler's URL holds a variable that nginx resolves when a request comes.
pub(super) fn is_resolved_late(handler: &Line<'_>) -> bool {
    variables(handler.value()).any(|name| !is_placeholder(name))
}

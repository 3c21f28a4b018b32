//! Services of Kong: where their requests are sent.

use std::collections::HashMap;

use super::super::{Gateway, Limit, Measure, Node, Protocol, Set, Stated, Upstream};
use super::entities::{Entities, Service};
use super::usual;
use super::view::View;
use crate::model::{Why, net};

/// Targets of a load balancer that are looked at.
const MAX_TARGETS: usize = 1000;

/// What was made of a service.
#[derive(Clone, Debug, Default)]
pub(super) struct Read {
    pub(super) upstream: Option<u32>,
    /// How long its answers may take; none: as long as Kong waits by default.
    pub(super) timeout: Option<u32>,
    /// The path before that of requests.
    pub(super) path: String,
    /// Whether Kong's own Admin API answers.
    pub(super) is_admin: bool,
}

/// What was made of the services so far, by number.
#[derive(Debug, Default)]
pub(super) struct Services {
    read: HashMap<usize, Read>,
}

impl Services {
    pub(super) fn read(
        &mut self,
        number: usize,
        service: &Service<'_>,
        entities: &Entities<'_>,
        view: &View,
        gateway: &mut Gateway,
    ) -> Read {
        let read = self.read.entry(number);
        read.or_insert_with(|| Read {
            upstream: upstream(service, entities, view, gateway),
            timeout: timeout(service, gateway),
            path: path(service),
            is_admin: is_admin(service),
        })
        .clone()
    }
}

fn timeout(service: &Service<'_>, gateway: &mut Gateway) -> Option<u32> {
    let node = service.entity.get("read_timeout")?;
    let value = node.number()? / 1000.0;
    let name = "read_timeout".to_owned();
    Some(gateway.add_limit(Limit { measure: Measure::Upstream, value, place: node.place(), name }))
}

/// What stands behind the host of a URL.
fn path(service: &Service<'_>) -> String {
    if let Some(path) = service.entity.str("path") {
        return path.to_owned();
    }
    let url = service.entity.str("url").unwrap_or_default();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or_else(String::new, |at| rest[at..].to_owned())
}

/// Whether a service leads to the port of the Admin API on the machine itself.
fn is_admin(service: &Service<'_>) -> bool {
    let url = service.entity.str("url");
    let (host, port) = match url.and_then(|url| url.split_once("://")) {
        Some((_, rest)) => {
            let authority = rest.split(['/', '?']).next().unwrap_or_default();
            authority.rsplit_once(':').unwrap_or((authority, ""))
        }
        None => (service.entity.str("host").unwrap_or_default(), service.entity.str("port").unwrap_or_default()),
    };
    matches!(port, "8001" | "8444") && net::host_class(host) == net::HostClass::Loopback
}

fn upstream(service: &Service<'_>, entities: &Entities<'_>, view: &View, gateway: &mut Gateway) -> Option<u32> {
    let entity = service.entity;
    let target = entity.get("url").or(entity.get("host"))?;
    let place = target.place();
    let text = target.text()?;
    let mut upstream = Upstream::new(entity.str("name").unwrap_or(text), place);
    let url = entity.get("url").and_then(Node::text);
    let hidden = [entity.get("protocol").filter(|_| url.is_none()), Some(target)].into_iter().flatten();
    let hidden = hidden.filter(|node| node.is_template()).map(Node::place).next();
    if let Some(hidden) = hidden.filter(|&hidden| url.is_some() || hidden != place) {
        upstream.protocol = Stated::Unknown(Why::Template, Some(hidden));
        return Some(gateway.add_upstream(upstream));
    }
    let host = match url {
        Some(url) => net::parse(url).host,
        None => Some(text.to_ascii_lowercase()).filter(|_| hidden.is_none()),
    };
    let balancer = host.as_deref().and_then(|host| entities.upstreams.get(host));
    upstream.hosts = match balancer {
        Some(balancer) => {
            let targets = balancer.list("targets").into_iter().take(MAX_TARGETS);
            let targets = targets.filter_map(|target| target.str("target").or(target.text()));
            targets.filter_map(|target| net::parse(&format!("http://{target}")).host).collect()
        }
        None => host.into_iter().collect(),
    };
    let written = entity.get("protocol").filter(|_| url.is_none());
    let scheme = url.and_then(|url| url.split_once("://")).map(|(scheme, _)| scheme);
    let scheme = scheme.or(written.and_then(Node::text)).unwrap_or(usual("services.protocol"));
    upstream.protocol = match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => Stated::Known(Protocol::Http),
        "https" | "wss" => Stated::Known(Protocol::Https),
        "grpc" => Stated::Known(Protocol::Grpc),
        "grpcs" => Stated::Known(Protocol::Grpcs),
        "tls_passthrough" => Stated::Known(Protocol::Passthrough),
        "tcp" | "tls" | "udp" => Stated::Known(Protocol::Tcp),
        _ => Stated::Unknown(Why::NotRead, Some(place)),
    };
    if upstream.protocol.known().is_some_and(|protocol| protocol.is_tls()) {
        let verify = entity.get("tls_verify");
        upstream.verified = Stated::Known(match verify.and_then(|node| Some((node, node.bool()?))) {
            Some((node, on)) => Set::written(on, node.key_place()),
            None => Set::default(view.verifies_upstreams, place),
        });
        // What is filled in for the host may be a name of the own network.
        if let (Some(hidden), None) = (hidden, verify) {
            upstream.verified = Stated::Unknown(Why::Template, Some(hidden));
        }
    }
    Some(gateway.add_upstream(upstream))
}

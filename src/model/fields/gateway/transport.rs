//! Fields of listeners, TLS settings, upstreams and administration surfaces.

use super::super::{HOST_CLASSES, texts, thing};
use super::*;
use crate::model::gateway::{Admin, Bind, Exposure, Listener, Tls, Upstream};
use crate::model::net::{HostClass, host_class};

fn listener(model: &Model, index: u32) -> &Listener {
    &gateway(model).listeners[index as usize]
}

fn tls(model: &Model, index: u32) -> &Tls {
    &gateway(model).tls[index as usize]
}

fn upstream(model: &Model, index: u32) -> &Upstream {
    &gateway(model).upstreams[index as usize]
}

fn admin(model: &Model, index: u32) -> &Admin {
    &gateway(model).admins[index as usize]
}

/// Routes of a listener that lead to an upstream or a function.
fn forwarding(model: &Model, index: u32) -> Fact<'_> {
    let gateway = gateway(model);
    let routes = gateway.derived().users(Policy::Listener, index).iter().copied();
    Fact::nodes(Kind::Route, routes.filter(|&route| gateway.forwards(&gateway.routes[route as usize])))
}

/// At most so many related listeners are shown.
const MOST_SIBLINGS: usize = 10;

/// Listeners with TLS that answer one of the hosts of a listener, or serve the same without naming hosts.
fn tls_siblings(model: &Model, index: u32) -> Fact<'_> {
    let mine = listener(model, index);
    let folder = |listener: &Listener| model.sources().folder(listener.place.at.file);
    // Samples of one run in other folders, and listeners with TLS inside the network, are for other clients.
    let is_beside = |number: u32| {
        let other = listener(model, number);
        number != index && other.exposure == Exposure::Public && folder(other) == folder(mine)
    };
    let siblings = gateway(model).derived().with_tls(gateway(model), index);
    Fact::nodes(Kind::Listener, siblings.filter(|&number| is_beside(number)).take(MOST_SIBLINGS))
}

/// Hosts of cloud metadata services.
/// AWS and most others, GCP, Alibaba Cloud, AWS over IPv6.
const METADATA: [&str; 5] =
    ["169.254.169.254", "metadata.google.internal", "metadata.goog", "100.100.100.200", "fd00:ec2::254"];

fn metadata(model: &Model, index: u32) -> Fact<'_> {
    let mut hosts = upstream(model, index).hosts.iter();
    Fact::bool(hosts.any(|host| METADATA.contains(&host.trim_matches(['[', ']']).to_ascii_lowercase().as_str())))
}

/// Whether anybody but the own machine reaches an administration surface: by its address, or by a route.
fn reachable(model: &Model, index: u32) -> Fact<'_> {
    let (gateway, admin) = (gateway(model), admin(model, index));
    let route = admin.route.and_then(|number| gateway.routes.get(number as usize));
    if let Some(route) = route {
        return Fact::bool(!route.disabled && gateway.is_public(route));
    }
    match &admin.bind {
        Stated::Known(bind) => Fact::bool(matches!(bind, Bind::Any | Bind::Address)),
        Stated::Absent => Fact::bool(false),
        Stated::Unknown(why, place) => Fact::Unknown(*why, *place),
    }
}

/// The container behind which a listener of a gateway without TLS stands.
fn container(model: &Model, index: u32) -> Option<Place> {
    let gateway = gateway(model);
    let container = gateway.container.as_ref().filter(|_| !gateway.derived().speaks_tls)?;
    listener(model, index).port.filter(|&port| container.hides(port)).map(|_| container.place)
}

/// Where the hosts are reached: the most public of them.
fn class(model: &Model, index: u32) -> Fact<'_> {
    let upstream = upstream(model, index);
    if upstream.in_cluster {
        return of_list(HostClass::Internal as u8);
    }
    upstream.hosts.iter().map(|host| host_class(host)).max().map_or(Fact::Absent, |class| of_list(class as u8))
}

pub(super) const FIELDS: &[Field] = &[
    format_of(Kind::Listener),
    field(Kind::Listener, "name", Type::Text, "What people call it.", |m, i| Fact::text(Some(&listener(m, i).name))),
    field(Kind::Listener, "bind", Type::Choice(BINDS), "The address it is bound to.", |m, i| {
        listener(m, i).bind.fact(|bind| of_list(*bind as u8))
    }),
    field(Kind::Listener, "port", Type::Number, "The port.", |m, i| Fact::number(listener(m, i).port.map(f64::from))),
    field(Kind::Listener, "protocol", Type::Choice(PROTOCOLS), "What is spoken.", |m, i| {
        listener(m, i).protocol.fact(|protocol| of_list(*protocol as u8))
    }),
    field(
        Kind::Listener,
        "plaintext",
        Type::Bool,
        "Whether requests arrive in plain text: http, h2c, gRPC without TLS.",
        |m, i| listener(m, i).protocol.fact(|protocol| Fact::bool(protocol.is_plaintext())),
    ),
    field(Kind::Listener, "hosts", Type::Texts, "Hosts it answers; absent: all.", |m, i| {
        texts(listener(m, i).hosts.iter().map(ToString::to_string))
    }),
    field(Kind::Listener, "exposure", Type::Choice(EXPOSED_TO), "Who can reach it.", |m, i| {
        of_list(listener(m, i).exposure as u8)
    }),
    field(
        Kind::Listener,
        "redirectsToHttps",
        Type::Bool,
        "Whether everything that arrives in plain text is sent to HTTPS.",
        |m, i| yes_no(&listener(m, i).redirects_to_https),
    ),
    field(
        Kind::Listener,
        "forwardingRoutes",
        Type::Nodes(Kind::Route),
        "Its routes that lead to an upstream or a function.",
        forwarding,
    ),
    field(
        Kind::Listener,
        "tlsSiblings",
        Type::Nodes(Kind::Listener),
        "Listeners with TLS that answer the same host; where none is named, that serve the same path.",
        tls_siblings,
    ),
    placed(
        Kind::Listener,
        "containerised",
        Type::Thing,
        "The container of the gateway publishes no port of it, and no listener speaks TLS: that may end before it.",
        |m, i| thing(container(m, i).is_some()),
        container,
    ),
    field(Kind::Listener, "tls", Type::Nodes(Kind::Tls), "Its TLS settings.", |m, i| {
        Fact::nodes(Kind::Tls, listener(m, i).tls)
    }),
    field(Kind::Listener, "hsts", Type::Bool, "Whether it sends `Strict-Transport-Security`.", |m, i| {
        yes_no(&listener(m, i).hsts)
    }),
    field(Kind::Listener, "servesBrowsers", Type::Bool, "Whether it serves files or pages to browsers.", |m, i| {
        Fact::bool(listener(m, i).serves_browsers)
    }),
    format_of(Kind::Tls),
    field(Kind::Tls, "side", Type::Choice(TLS_SIDES), "Whose settings they are.", |m, i| of_list(tls(m, i).side as u8)),
    placed(
        Kind::Tls,
        "minVersion",
        Type::Choice(TLS_VERSIONS),
        "The lowest version that is accepted.",
        |m, i| tls(m, i).min_version.fact(|set| of_list(set.value as u8)),
        |m, i| tls(m, i).min_version.known().map(|set| set.place),
    ),
    field(Kind::Tls, "minVersionBy", Type::Choice(SET_BY), "Who says which version is the lowest.", |m, i| {
        tls(m, i).min_version.fact(set_by)
    }),
    placed(
        Kind::Tls,
        "weakCiphers",
        Type::Set(WEAKNESSES),
        "Weak classes of cipher suites that the list names.",
        |m, i| {
            let weak = tls(m, i).ciphers.iter().flat_map(|(_, weak)| weak).filter(|weak| weak.is_named);
            super::super::set(weak.fold(0, |bits, weak| bits | 1 << weak.class as u32))
        },
        |m, i| tls(m, i).ciphers.as_ref().map(|(place, _)| *place),
    ),
    placed(
        Kind::Tls,
        "clientCertificate",
        Type::Choice(CLIENT_CERTIFICATES),
        "What is asked of the client's certificate; absent: nothing.",
        |m, i| tls(m, i).client_certificate.fact(|set| of_list(set.value as u8)),
        |m, i| tls(m, i).client_certificate.known().map(|set| set.place),
    ),
    format_of(Kind::Upstream),
    field(Kind::Upstream, "name", Type::Text, "What people call it.", |m, i| Fact::text(Some(&upstream(m, i).name))),
    field(Kind::Upstream, "hosts", Type::Texts, "Hosts of its targets.", |m, i| {
        texts(upstream(m, i).hosts.iter().map(String::as_str))
    }),
    field(
        Kind::Upstream,
        "hostClass",
        Type::Choice(HOST_CLASSES),
        "Where its hosts are reached: the most public of them.",
        class,
    ),
    field(Kind::Upstream, "protocol", Type::Choice(PROTOCOLS), "What is spoken to it.", |m, i| {
        upstream(m, i).protocol.fact(|protocol| of_list(*protocol as u8))
    }),
    field(
        Kind::Upstream,
        "plaintext",
        Type::Bool,
        "Whether requests travel there in plain text: http, h2c, gRPC without TLS.",
        |m, i| upstream(m, i).protocol.fact(|protocol| Fact::bool(protocol.is_plaintext())),
    ),
    field(Kind::Upstream, "overTls", Type::Bool, "Whether TLS is spoken to it.", |m, i| {
        upstream(m, i).protocol.fact(|protocol| Fact::bool(protocol.is_tls()))
    }),
    placed(
        Kind::Upstream,
        "verified",
        Type::Bool,
        "Whether its certificate is verified.",
        |m, i| upstream(m, i).verified.fact(|set| Fact::bool(set.value)),
        |m, i| upstream(m, i).verified.known().map(|set| set.place),
    ),
    field(
        Kind::Upstream,
        "verifiedBy",
        Type::Choice(SET_BY),
        "Who says whether its certificate is verified.",
        |m, i| upstream(m, i).verified.fact(set_by),
    ),
    placed(
        Kind::Upstream,
        "chosenByClient",
        Type::Text,
        "What in its host comes from the request.",
        |m, i| Fact::text(upstream(m, i).chosen_by_client.as_ref().map(|(_, what)| what.as_str())),
        |m, i| upstream(m, i).chosen_by_client.as_ref().map(|(place, _)| *place),
    ),
    field(
        Kind::Upstream,
        "api",
        Type::Bool,
        "Whether its name, or the name of a host, says that it is an API (@api-name).",
        |m, i| Fact::bool(gateway(m).is_api(upstream(m, i))),
    ),
    field(Kind::Upstream, "metadata", Type::Bool, "Whether it is the metadata service of a cloud.", metadata),
    field(Kind::Upstream, "routes", Type::Nodes(Kind::Route), "The routes that lead to it.", |m, i| {
        users(m, Policy::Upstream, i)
    }),
    format_of(Kind::Admin),
    field(Kind::Admin, "name", Type::Text, "What it is.", |m, i| Fact::text(Some(&admin(m, i).name))),
    field(Kind::Admin, "power", Type::Choice(POWERS), "What can be done with it.", |m, i| {
        of_list(admin(m, i).power as u8)
    }),
    field(
        Kind::Admin,
        "bind",
        Type::Choice(BINDS),
        "The address it is bound to; absent: only routes lead to it.",
        |m, i| admin(m, i).bind.fact(|bind| of_list(*bind as u8)),
    ),
    field(
        Kind::Admin,
        "reachable",
        Type::Bool,
        "Whether its address is not that of the own machine, or a public route leads to it.",
        reachable,
    ),
    field(Kind::Admin, "route", Type::Nodes(Kind::Route), "The route that leads to it.", |m, i| {
        Fact::nodes(Kind::Route, admin(m, i).route)
    }),
    field(
        Kind::Admin,
        "protected",
        Type::Bool,
        "Whether callers need a credential, a certificate or an address of a list.",
        |m, i| yes_no(&admin(m, i).protected),
    ),
    field(
        Kind::Admin,
        "published",
        Type::Bool,
        "Whether its port is published outside the container; absent where no container is in view.",
        |m, i| yes_no(&admin(m, i).published),
    ),
];

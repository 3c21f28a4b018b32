//! Fields of gateways as a whole and of their routes.

use super::super::{name, owned, texts, thing};
use super::*;
use crate::model::gateway::{Applied, Authentication, Measure, Methods, Protocol, Route, Scope, path_text};
use crate::model::net::{HostClass, host_class};

fn route(model: &Model, index: u32) -> &Route {
    &gateway(model).routes[index as usize]
}

/// At most so many related routes are shown.
const MOST_SIBLINGS: usize = 10;

/// Policies that apply to a route.
fn applied<'m>(list: &'m Stated<Vec<Applied>>, kind: Kind) -> Fact<'m> {
    list.fact(|applied| Fact::nodes(kind, applied.iter().map(|applied| applied.policy)))
}

fn first_applied(list: &Stated<Vec<Applied>>) -> Option<Place> {
    list.known()?.first().map(|applied| applied.place)
}

fn methods(model: &Model, index: u32) -> Fact<'_> {
    route(model, index).methods.fact(|methods| match methods {
        Methods::Only(methods) => texts(methods.iter().map(|(method, _)| method.as_str())),
        Methods::All | Methods::AllBut(_) => Fact::Absent,
    })
}

/// Methods that read what others sent, or open tunnels.
const DANGEROUS: [&str; 3] = ["TRACE", "TRACK", "CONNECT"];

fn dangerous(model: &Model, index: u32) -> Option<&(String, Place)> {
    let Some(Methods::Only(methods)) = route(model, index).methods.known() else { return None };
    methods.iter().find(|(method, _)| DANGEROUS.contains(&method.as_str()))
}

fn authentication(model: &Model, index: u32) -> Fact<'_> {
    gateway(model).derived().authentication(index).fact(|state| of_list(*state as u8))
}

/// The setting that lets requests without credentials pass.
fn optional_at(model: &Model, index: u32) -> Option<Place> {
    let gateway = gateway(model);
    let applied = route(model, index).auth.known()?;
    applied.iter().find_map(|applied| gateway.auths.get(applied.policy as usize)?.optional)
}

fn optional_name(model: &Model, index: u32) -> Option<&str> {
    let gateway = gateway(model);
    let applied = route(model, index).auth.known()?;
    let auths = applied.iter().filter_map(|applied| gateway.auths.get(applied.policy as usize));
    auths.filter(|auth| auth.optional.is_some()).map(|auth| auth.name.as_str()).next()
}

fn mechanisms(model: &Model, index: u32) -> Fact<'_> {
    let gateway = gateway(model);
    route(model, index).auth.fact(|applied| {
        let auths = applied.iter().filter_map(|applied| gateway.auths.get(applied.policy as usize));
        super::super::set(auths.fold(0, |bits, auth| bits | 1 << auth.mechanism as u32))
    })
}

fn siblings(model: &Model, index: u32) -> Fact<'_> {
    let authenticated = &gateway(model).derived().authenticated;
    Fact::nodes(Kind::Route, authenticated.iter().copied().filter(|&other| other != index).take(MOST_SIBLINGS))
}

/// Whether policies of a gateway that is in view only in part may still restrict a route.
fn restricted(model: &Model, index: u32) -> Fact<'_> {
    match gateway(model).is_restricted(route(model, index), |_| true) {
        Stated::Known(value) => Fact::bool(value),
        Stated::Absent => Fact::Absent,
        Stated::Unknown(why, place) => Fact::Unknown(why, place),
    }
}

fn writes(model: &Model, index: u32) -> Fact<'_> {
    match gateway(model).admits_writes(route(model, index)) {
        Stated::Known(value) => Fact::bool(value),
        Stated::Absent => Fact::Absent,
        Stated::Unknown(why, place) => Fact::Unknown(why, place),
    }
}

fn catch_all(model: &Model, index: u32) -> Fact<'_> {
    let route = route(model, index);
    Fact::bool(route.paths.is_empty() || route.paths.iter().any(|path| path.pattern.is_catch_all()))
}

/// Routes of the same gateway that lead to the same host and port and are no catch-all.
fn same_upstream(model: &Model, index: u32) -> Fact<'_> {
    let gateway = gateway(model);
    let mine = &route(model, index).upstreams;
    let shared = mine.iter().flat_map(|&upstream| gateway.derived().users(Policy::Upstream, upstream)).copied();
    let mut found: Vec<u32> = Vec::new();
    for other in shared.filter(|&other| other != index) {
        if found.len() == MOST_SIBLINGS {
            break;
        }
        if !found.contains(&other) {
            found.push(other);
        }
    }
    Fact::nodes(Kind::Route, found)
}

fn limit(model: &Model, index: u32, measure: Measure) -> Fact<'_> {
    let route = route(model, index);
    match route.limits.iter().find(|limit| limit.measure == measure) {
        // The format has no such limit, or it lies in what is not read.
        None => Fact::Unknown(crate::model::Why::NotRead, None),
        Some(in_force) => in_force.limit.fact(|limit| match limit {
            // The vendor's default bounds it.
            None => of_list(1),
            Some(_) => of_list(0),
        }),
    }
}

fn has_wildcard_host(model: &Model, index: u32) -> Fact<'_> {
    Fact::bool(route(model, index).hosts.is_empty())
}

fn logged(model: &Model, index: u32) -> Fact<'_> {
    route(model, index).access_log.fact(|set| Fact::bool(set.value))
}

fn upstream_is_public(model: &Model, index: u32) -> Fact<'_> {
    let gateway = gateway(model);
    let upstreams = route(model, index).upstreams.iter().filter_map(|&number| gateway.upstreams.get(number as usize));
    let mut hosts = upstreams.filter(|upstream| !upstream.in_cluster).flat_map(|upstream| &upstream.hosts);
    Fact::bool(hosts.any(|host| matches!(host_class(host), HostClass::PublicIp | HostClass::PublicName)))
}

fn upstream_is_plaintext(model: &Model, index: u32) -> Fact<'_> {
    let gateway = gateway(model);
    let mut upstreams =
        route(model, index).upstreams.iter().filter_map(|&number| gateway.upstreams.get(number as usize));
    Fact::bool(
        upstreams.any(|upstream| upstream.protocol.known().is_some_and(|protocol: &Protocol| protocol.is_plaintext())),
    )
}

fn rate_scope(model: &Model, index: u32) -> Fact<'_> {
    route(model, index).rates.fact(|applied| {
        applied.first().map_or(Fact::Absent, |applied: &Applied| {
            let scope: Scope = applied.scope;
            of_list(scope as u8)
        })
    })
}

fn rates(model: &Model, index: u32) -> Fact<'_> {
    applied(&route(model, index).rates, Kind::RateLimit)
}

const BOUND_BY: &[&str] = &["setting", "default"];

pub(super) const FIELDS: &[Field] = &[
    format_of(Kind::Gateway),
    field(Kind::Gateway, "routes", Type::Nodes(Kind::Route), "Its routes.", |m, _| {
        Fact::nodes(Kind::Route, 0..gateway(m).routes.len() as u32)
    }),
    placed(
        Kind::Gateway,
        "firstRoute",
        Type::Thing,
        "The first route that leads to an upstream or a function: where findings about all of them stand.",
        |m, _| thing(gateway(m).routes.iter().any(|route| gateway(m).forwards(route))),
        |m, _| gateway(m).routes.iter().find(|route| gateway(m).forwards(route)).map(|route| route.place),
    ),
    field(
        Kind::Gateway,
        "closed",
        Type::Bool,
        "Whether the format keeps all authentication that the gateway can do in the files that are in view.",
        |m, _| Fact::bool(gateway(m).closed && gateway(m).partial.is_none()),
    ),
    field(
        Kind::Gateway,
        "firewall",
        Type::Bool,
        "Whether a web application firewall is attached; absent in formats that can attach none.",
        |m, _| yes_no(&gateway(m).firewall),
    ),
    format_of(Kind::Route),
    field(Kind::Route, "name", Type::Text, "What people call it.", |m, i| Fact::text(Some(&route(m, i).name))),
    field(Kind::Route, "hosts", Type::Texts, "Hosts it answers; absent: all.", |m, i| {
        texts(route(m, i).hosts.iter().map(ToString::to_string))
    }),
    field(Kind::Route, "everyHost", Type::Bool, "Whether it answers every host.", has_wildcard_host),
    field(
        Kind::Route,
        "hostSiblings",
        Type::Nodes(Kind::Route),
        "Other routes of the gateway that name hosts and lead somewhere: the first ten.",
        |m, i| {
            let named = gateway(m).derived().with_hosts.iter().copied();
            Fact::nodes(Kind::Route, named.filter(|&other| other != i).take(MOST_SIBLINGS))
        },
    ),
    placed(
        Kind::Route,
        "paths",
        Type::Texts,
        "Public paths as written, without the marks of a vendor's syntax; absent: all.",
        |m, i| texts(route(m, i).paths.iter().map(|path| path_text(&path.pattern))),
        |m, i| route(m, i).paths.first().map(|path| path.place),
    ),
    field(Kind::Route, "segments", Type::Names, "The static segments of its paths, each once.", |m, i| {
        let segments = gateway(m).segments(i);
        if segments.is_empty() { Fact::Absent } else { Fact::Known(Value::Names(segments.to_vec())) }
    }),
    field(Kind::Route, "lastSegment", Type::Name, "The last static segment of its first path.", |m, i| {
        name(gateway(m).segments(i).last().copied())
    }),
    field(Kind::Route, "catchAll", Type::Bool, "Whether it matches every path.", catch_all),
    field(Kind::Route, "methods", Type::Texts, "The methods it admits; absent: all, or all but some.", methods),
    field(Kind::Route, "everyMethod", Type::Bool, "Whether it admits every method.", |m, i| {
        route(m, i).methods.fact(|methods| Fact::bool(*methods == Methods::All))
    }),
    field(
        Kind::Route,
        "othersRestrictMethods",
        Type::Bool,
        "Whether any route of the gateway admits only some methods.",
        |m, _| Fact::bool(gateway(m).derived().restricts_methods),
    ),
    field(
        Kind::Route,
        "methodBinding",
        Type::Choice(METHOD_BINDINGS),
        "How the format says which methods a route admits: `one` each, a `list`, or only by a further `condition`.",
        |m, _| of_list(gateway(m).method_binding as u8),
    ),
    field(
        Kind::Route,
        "publicByDesign",
        Type::Bool,
        "Whether everybody is meant to reach it: health checks, `/.well-known`, sign-in, webhooks, files of a page, preflights.",
        |m, i| Fact::bool(gateway(m).derived().public_by_design[i as usize]),
    ),
    field(Kind::Route, "writes", Type::Bool, "Whether it admits POST, PUT, PATCH or DELETE.", writes),
    placed(
        Kind::Route,
        "dangerousMethod",
        Type::Text,
        "TRACE, TRACK or CONNECT, where the route names it.",
        |m, i| Fact::text(dangerous(m, i).map(|(method, _)| method.as_str())),
        |m, i| dangerous(m, i).map(|(_, place)| *place),
    ),
    field(Kind::Route, "conditional", Type::Bool, "Whether it also asks for a header, a query or the like.", |m, i| {
        Fact::bool(!route(m, i).conditions.is_empty())
    }),
    field(Kind::Route, "action", Type::Choice(ACTIONS), "What happens to a request.", |m, i| {
        of_list(route(m, i).action as u8)
    }),
    field(
        Kind::Route,
        "forwards",
        Type::Bool,
        "Whether requests reach an upstream or a function, and the route is not switched off.",
        |m, i| Fact::bool(gateway(m).forwards(route(m, i))),
    ),
    field(
        Kind::Route,
        "public",
        Type::Bool,
        "Whether clients outside the own network reach it; listeners out of view are taken to be public.",
        |m, i| Fact::bool(gateway(m).is_public(route(m, i))),
    ),
    field(Kind::Route, "plaintext", Type::Bool, "Whether requests in plain text reach it.", |m, i| {
        yes_no(&route(m, i).plaintext)
    }),
    field(Kind::Route, "listeners", Type::Nodes(Kind::Listener), "The listeners it is served on.", |m, i| {
        route(m, i).listeners.fact(|listeners| Fact::nodes(Kind::Listener, listeners.iter().copied()))
    }),
    field(Kind::Route, "upstreams", Type::Nodes(Kind::Upstream), "Where its requests are sent.", |m, i| {
        Fact::nodes(Kind::Upstream, route(m, i).upstreams.iter().copied())
    }),
    field(
        Kind::Route,
        "upstreamPublic",
        Type::Bool,
        "Whether an upstream has a public name or address.",
        upstream_is_public,
    ),
    field(
        Kind::Route,
        "upstreamPlaintext",
        Type::Bool,
        "Whether an upstream is reached in plain text.",
        upstream_is_plaintext,
    ),
    field(
        Kind::Route,
        "sameUpstream",
        Type::Nodes(Kind::Route),
        "Other routes to one of its upstreams: the first ten.",
        same_upstream,
    ),
    field(
        Kind::Route,
        "authentication",
        Type::Choice(AUTHENTICATION),
        "What callers must show, by all that applies: every way to authenticate, and client certificates.",
        authentication,
    ),
    placed(
        Kind::Route,
        "auth",
        Type::Nodes(Kind::Auth),
        "The ways to authenticate that apply.",
        |m, i| applied(&route(m, i).auth, Kind::Auth),
        |m, i| first_applied(&route(m, i).auth),
    ),
    field(Kind::Route, "mechanisms", Type::Set(MECHANISMS), "What the ways to authenticate are.", mechanisms),
    placed(
        Kind::Route,
        "optionalAuth",
        Type::Text,
        "The way to authenticate that lets requests without credentials pass; stands at the setting.",
        |m, i| Fact::text(optional_name(m, i)),
        optional_at,
    ),
    placed(
        Kind::Route,
        "authOff",
        Type::Thing,
        "The setting that switches off here what an outer scope or a default sets.",
        |m, i| thing(route(m, i).auth_off.is_some()),
        |m, i| route(m, i).auth_off,
    ),
    field(
        Kind::Route,
        "authenticatedSiblings",
        Type::Nodes(Kind::Route),
        "Other routes of the gateway that lead to an upstream and need credentials: the first ten.",
        siblings,
    ),
    field(
        Kind::Route,
        "restricted",
        Type::Bool,
        "Whether an access list or an authorization policy says who may call.",
        restricted,
    ),
    placed(
        Kind::Route,
        "access",
        Type::Nodes(Kind::Access),
        "Access lists and authorization that apply.",
        |m, i| applied(&route(m, i).access, Kind::Access),
        |m, i| first_applied(&route(m, i).access),
    ),
    field(
        Kind::Route,
        "closed",
        Type::Bool,
        "Whether the format keeps all authentication that the gateway can do in the files that are in view.",
        |m, _| Fact::bool(gateway(m).closed && gateway(m).partial.is_none()),
    ),
    field(
        Kind::Route,
        "anyAuthenticated",
        Type::Bool,
        "Whether any route of the gateway needs credentials.",
        |m, _| Fact::bool(!gateway(m).derived().authenticated.is_empty()),
    ),
    placed(Kind::Route, "rateLimits", Type::Nodes(Kind::RateLimit), "The rate limits that apply.", rates, |m, i| {
        first_applied(&route(m, i).rates)
    }),
    field(
        Kind::Route,
        "rateLimitScope",
        Type::Choice(SCOPES),
        "Where the first of its rate limits is attached.",
        rate_scope,
    ),
    field(
        Kind::Route,
        "bodyLimit",
        Type::Choice(BOUND_BY),
        "Who bounds the size of request bodies; absent: nobody.",
        |m, i| limit(m, i, Measure::Body),
    ),
    field(
        Kind::Route,
        "requestTimeout",
        Type::Choice(BOUND_BY),
        "Who bounds the time of a request; absent: nobody.",
        |m, i| limit(m, i, Measure::Request),
    ),
    field(
        Kind::Route,
        "headersTimeout",
        Type::Choice(BOUND_BY),
        "Who bounds the time in which a client sends its headers; absent: nobody.",
        |m, i| limit(m, i, Measure::Headers),
    ),
    field(
        Kind::Route,
        "upstreamTimeout",
        Type::Choice(BOUND_BY),
        "Who bounds the time an upstream may take; absent: nobody.",
        |m, i| limit(m, i, Measure::Upstream),
    ),
    field(Kind::Route, "cors", Type::Nodes(Kind::Cors), "The CORS policy that applies.", |m, i| {
        applied(&route(m, i).cors, Kind::Cors)
    }),
    placed(Kind::Route, "logged", Type::Bool, "Whether requests are written to an access log.", logged, |m, i| {
        route(m, i).access_log.known().map(|set| set.place)
    }),
    placed(
        Kind::Route,
        "loggedBy",
        Type::Choice(SET_BY),
        "Who says whether requests are logged.",
        |m, i| route(m, i).access_log.fact(set_by),
        |m, i| route(m, i).access_log.known().map(|set| set.place),
    ),
    field(Kind::Route, "streams", Type::Bool, "Whether it serves streams or upgraded connections.", |m, i| {
        Fact::bool(route(m, i).streams)
    }),
    field(Kind::Route, "disabled", Type::Bool, "Whether it is defined and switched off.", |m, i| {
        Fact::bool(route(m, i).disabled)
    }),
    field(Kind::Route, "label", Type::Text, "Methods and path for messages: `POST /users`, `/static`.", |m, i| {
        owned(gateway(m).label(route(m, i)))
    }),
];

impl Authentication {
    /// The name in rule files.
    pub fn as_str(self) -> &'static str {
        AUTHENTICATION[self as usize]
    }
}

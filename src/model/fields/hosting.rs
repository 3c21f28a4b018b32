//! Fields on where an API is served: hosts of servers, and what a document leaves unsaid of them.

use std::collections::HashSet;

use super::{
    COVERS, Fact, Field, Kind, Model, Type, Value, field, key_of, name, owned, placed, texts, value_of, version,
};
use crate::model::net::{self, HostClass};
use crate::model::openapi::grammar::Version;
use crate::model::openapi::operation::Role;
use crate::model::openapi::server::{self, Server};
use crate::model::openapi::view::K;
use crate::source::NodeKind;
use crate::span::{At, Place};

fn server(model: &Model, index: u32) -> &Server {
    &model.api().servers[index as usize]
}

/// Keys without which clients do not know where to call an operation.
fn missing_servers(model: &Model) -> Vec<&'static str> {
    let api = model.api();
    let is_missing = |key: K| {
        api.view.get(api.root, key).is_none_or(|value| match api.view.kind(value) {
            NodeKind::Seq => api.view.children(value).next().is_none(),
            kind => kind == NodeKind::Null,
        })
    };
    let mut incoming = api
        .operations
        .iter()
        .zip(0_u32..)
        .filter(|(operation, _)| api.items[operation.item as usize].role == Role::Incoming);
    if api.version == Version::V20 {
        // An operation may say with which scheme it is called, but not on which host.
        let unsaid = incoming.clone().any(|(operation, _)| api.view.entry(operation.at, K::Schemes).is_none());
        let host = (incoming.next().is_some() && is_missing(K::Host)).then_some("host");
        let schemes = (unsaid && is_missing(K::Schemes)).then_some("schemes");
        return host.into_iter().chain(schemes).collect();
    }
    let served: HashSet<u32> = api.servers.iter().flat_map(|server| server.used_by.iter().copied()).collect();
    let unserved = is_missing(K::Servers) && incoming.any(|(_, index)| !served.contains(&index));
    unserved.then_some("servers").into_iter().collect()
}

/// Whether a server is of another registrable domain than every root server; absent where that says nothing.
fn is_foreign(model: &Model, index: u32) -> Fact<'static> {
    let roots = model.root_domains();
    let public = server(model, index).expanded.iter().filter(|one| one.parts.class() == Some(HostClass::PublicName));
    let mut domains = public.filter_map(|one| net::registrable_domain(one.parts.host.as_deref()?)).peekable();
    if roots.is_empty() || domains.peek().is_none() {
        return Fact::Absent;
    }
    Fact::bool(domains.any(|domain| !roots.contains(&domain)))
}

/// Whether a URL of an authorization server is of another registrable domain than every root server.
fn is_foreign_url(model: &Model, index: u32) -> Fact<'static> {
    let roots = model.root_domains();
    let Some(domain) = auth_host(model, index).and_then(|host| net::registrable_domain(&host)) else {
        return Fact::Absent;
    };
    if roots.is_empty() { Fact::Absent } else { Fact::bool(!roots.contains(&domain)) }
}

fn auth_host(model: &Model, index: u32) -> Option<String> {
    let view = &model.api().view;
    net::parse(view.text(view.resolve(model.api().security.urls[index as usize].entry))).host
}

/// Whether the server, or `info` for all of them, says whom it is for.
fn states_audience(model: &Model, index: u32) -> bool {
    const KEYS: [&str; 3] = ["x-internal", "x-audience", "x-visibility"];
    let api = model.api();
    let info = api.view.get(api.root, K::Info);
    let holders = [server(model, index).at, info].into_iter().flatten();
    let says = |at: At| KEYS.iter().any(|key| api.view.tree(at.file).get(at.node, key).is_some());
    holders.into_iter().any(says)
}

/// The e-mail address or URL of `info.contact`.
fn contact(model: &Model) -> Option<At> {
    let view = &model.api().view;
    let contact = view.get(view.get(model.api().root, K::Info)?, K::Contact)?;
    let stated = |key: K| view.get(contact, key).filter(|&at| view.is_scalar(at) && !view.text(at).trim().is_empty());
    stated(K::Email).or_else(|| stated(K::Url))
}

/// The `contact` key, else the `info` key.
fn contact_place(model: &Model) -> Option<Place> {
    let api = model.api();
    let info = api.view.entry(api.root, K::Info);
    key_of(info.and_then(|info| api.view.entry(api.view.resolve(info), K::Contact)).or(info))
}

fn free_host(model: &Model, index: u32) -> Option<(crate::model::template::Covers, At)> {
    server::free_host(&model.api().view, server(model, index))
}

/// How many servers its list has.
fn list_size(model: &Model, index: u32) -> usize {
    let owner = server(model, index).owner;
    model.api().servers.iter().filter(|other| other.owner == owner).count()
}

pub(super) static FIELDS: &[Field] = &[
    placed(
        Kind::Document,
        "missingServers",
        Type::Texts,
        "Keys that should say where the API is called, and do not: `servers` where some operation has no server at all; 2.0: `host`, `schemes`. Stands at the empty `servers` key.",
        |m, _| texts(missing_servers(m)),
        |m, _| key_of(m.api().view.entry(m.api().root, K::Servers)),
    ),
    placed(
        Kind::Document,
        "serverList",
        Type::Thing,
        "The root `servers`, or 2.0 `host`. Stands at the key.",
        |m, _| super::thing(server_list(m).is_some()),
        |m, _| key_of(server_list(m)),
    ),
    placed(
        Kind::Document,
        "contact",
        Type::Text,
        "E-mail address, else URL, of `info.contact`. Stands at the `contact` key, else at `info`.",
        |m, _| Fact::text(contact(m).map(|at| m.api().view.text(at))),
        |m, _| contact_place(m),
    ),
    version(Kind::Server),
    placed(
        Kind::Server,
        "host",
        Type::Text,
        "The first host name it can have. Stands at the URL; 2.0: at `host`.",
        |m, i| Fact::text(server(m, i).expanded.iter().find_map(|one| one.parts.host.as_deref())),
        |m, i| value_of(Some(server(m, i).host_at)),
    ),
    field(
        Kind::Server,
        "hostLabels",
        Type::Names,
        "The labels of its hosts left of the registrable domain: `api`, `eu` of `api.eu.shop.io`.",
        |m, i| match server(m, i).labels.as_slice() {
            [] => Fact::Absent,
            labels => Fact::Known(Value::Names(labels.to_vec())),
        },
    ),
    placed(
        Kind::Server,
        "freeHost",
        Type::Choice(COVERS),
        "How much of the host a variable without `enum` is: `domain` (all of it, or a part of the registrable domain) or `subdomain` (only labels left of a fixed one). Stands at the variable.",
        |m, i| free_host(m, i).map_or(Fact::Absent, |(covers, _)| Fact::Known(Value::Choice(covers as u8))),
        |m, i| key_of(free_host(m, i).map(|(_, entry)| entry)),
    ),
    field(Kind::Server, "freeVariable", Type::Text, "The name of that variable.", |m, i| {
        Fact::text(free_host(m, i).and_then(|(_, entry)| m.api().view.key(entry)))
    }),
    field(
        Kind::Server,
        "undefinedVariables",
        Type::Texts,
        "Names between braces in its URL that `variables` does not define.",
        |m, i| texts(server::undefined_variables(&m.api().view, server(m, i))),
    ),
    field(Kind::Server, "description", Type::Name, "`description`, as words.", |m, i| name(server(m, i).description)),
    field(Kind::Server, "listSize", Type::Number, "How many servers the list has in which it stands.", |m, i| {
        Fact::number(Some(list_size(m, i) as f64))
    }),
    field(
        Kind::Server,
        "statesAudience",
        Type::Bool,
        "Whether it, or `info`, carries `x-internal`, `x-audience` or `x-visibility`.",
        |m, i| Fact::bool(states_audience(m, i)),
    ),
    field(
        Kind::Server,
        "foreign",
        Type::Bool,
        "Whether its registrable domain is that of no root server; absent where it or they have none.",
        is_foreign,
    ),
    field(Kind::AuthUrl, "host", Type::Text, "Its host name; absent for a relative URL.", |m, i| {
        auth_host(m, i).map_or(Fact::Absent, owned)
    }),
    field(
        Kind::AuthUrl,
        "domains",
        Type::Names,
        "Its host name and all domains above it: `login.acme.io`, `acme.io`, `io`.",
        |m, i| match m.api().security.urls[i as usize].domains.as_slice() {
            [] => Fact::Absent,
            domains => Fact::Known(Value::Names(domains.to_vec())),
        },
    ),
    field(
        Kind::AuthUrl,
        "foreign",
        Type::Bool,
        "Whether its registrable domain is that of no root server; absent where it or they have none.",
        is_foreign_url,
    ),
];

fn server_list(model: &Model) -> Option<At> {
    let api = model.api();
    let key = if api.version == Version::V20 { K::Host } else { K::Servers };
    api.view.entry(api.root, key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::template::Covers;

    #[test]
    fn the_enum_has_the_order_of_its_table() {
        assert_eq!(COVERS[Covers::Domain as usize], "domain");
        assert_eq!(COVERS[Covers::Subdomain as usize], "subdomain");
    }
}

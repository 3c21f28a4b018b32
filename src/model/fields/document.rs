//! Fields of documents, servers and paths.

use super::{Fact, Field, HOST_CLASSES, Kind, Model, SECURITY, SERVER_LEVELS, Type, URL_SCHEMES, VERSIONS, Value};
use super::{field, key_of, placed, set, texts, thing};
use crate::model::net::{HostClass, Scheme};
use crate::model::openapi::grammar::Version;
use crate::model::openapi::security::{Schemes, Security};
use crate::model::openapi::server::{Expanded, Server};
use crate::model::openapi::view::K;
use crate::model::{Id, Why};
use crate::span::{At, Place};

/// The value of the root key `openapi` or `swagger`.
pub fn version_key(model: &Model) -> Place {
    let api = model.api();
    let key = if api.version == Version::V20 { K::Swagger } else { K::Openapi };
    api.view.entry(api.root, key).map_or(Place::value(api.root), Place::key)
}

fn version_value(model: &Model, _: u32) -> Option<Place> {
    Some(Place { part: crate::span::Part::Value, ..version_key(model) })
}

fn root_entry(model: &Model, key: K) -> Option<At> {
    model.api().view.entry(model.api().root, key)
}

fn schemas_entry(model: &Model) -> Option<At> {
    let api = model.api();
    if api.version == Version::V20 {
        return root_entry(model, K::Definitions);
    }
    api.view.entry(api.view.follow(root_entry(model, K::Components)?)?, K::Schemas)
}

fn paths_place(model: &Model) -> Option<Place> {
    key_of(root_entry(model, K::Paths)).or_else(|| Some(version_key(model)))
}

/// What the root `security` says, as [`Security`]; unknown where a lost key was meant.
fn root_security(model: &Model, _: u32) -> Fact<'static> {
    let api = model.api();
    match (api.security.stated.get(&0), api.lost.root) {
        (Some(stated), _) => match stated.says {
            Some(says) => Fact::Known(Value::Choice(says as u8)),
            None => Fact::Unknown(Why::LostSecurity, Some(Place::key(stated.entry))),
        },
        (None, Some(key)) => Fact::Unknown(Why::LostSecurity, Some(Place::key(key))),
        (None, None) => Fact::Known(Value::Choice(Security::Undefined as u8)),
    }
}

fn server(model: &Model, index: u32) -> &Server {
    &model.api().servers[index as usize]
}

/// The URL that makes a server a cleartext one: the first whose host others can reach, else the first.
fn cleartext(server: &Server) -> Option<&Expanded> {
    let local = |one: &&Expanded| {
        matches!(one.parts.class(), Some(HostClass::Loopback | HostClass::Private | HostClass::Internal))
    };
    let mut urls = server.expanded.iter().filter(|one| one.is_cleartext());
    urls.clone().find(|one| !local(one)).or_else(|| urls.next())
}

fn host_classes<'a>(urls: impl Iterator<Item = &'a Expanded>) -> Fact<'static> {
    set(urls.filter_map(|one| one.parts.class()).fold(0, |bits, class| bits | 1 << class as u32))
}

/// Whether the same list, or another value of the same server, offers the host of the cleartext URL over TLS.
fn has_https_twin(model: &Model, index: u32) -> bool {
    let this = server(model, index);
    let Some(clear) = cleartext(this) else { return false };
    let tls = if clear.parts.scheme == Some(Scheme::Ws) { Scheme::Wss } else { Scheme::Https };
    // 2.0 without a `host`: the schemes share whichever host serves the document.
    model.api().tls_hosts.contains(&(this.owner, tls, clear.parts.host.clone()))
}

pub(super) static FIELDS: &[Field] = &[
    placed(
        Kind::Document,
        "version",
        Type::Choice(VERSIONS),
        "The OpenAPI version. Stands at the value of `openapi` or `swagger`.",
        |m, _| Fact::Known(Value::Choice(m.api().version as u8)),
        version_value,
    ),
    placed(
        Kind::Document,
        "security",
        Type::Choice(SECURITY),
        "What the root `security` says: `publicExplicit` (`[]` or only `{}`), `optional` (`{}` beside others), `protected`; `undefined` without the key.",
        root_security,
        |m, _| key_of(root_entry(m, K::Security)),
    ),
    field(
        Kind::Document,
        "securityStated",
        Type::Bool,
        "Whether the root or any operation has a `security` key.",
        |m, _| Fact::bool(!m.api().security.stated.is_empty()),
    ),
    field(
        Kind::Document,
        "emptyRequirements",
        Type::Nodes(Kind::Requirement),
        "The empty alternatives `{}` of the root `security`.",
        |m, _| {
            super::operation::empty_requirements(
                m,
                m.api().security.stated.get(&0).map(|stated| stated.alternatives.clone()),
            )
        },
    ),
    placed(
        Kind::Document,
        "schemes",
        Type::Nodes(Kind::SecurityScheme),
        "The security schemes it defines. Stands at `components.securitySchemes` or `securityDefinitions`.",
        |m, _| {
            let count = m.api().security.schemes.len() as u32;
            match m.api().lost.schemes {
                Some(key) if count == 0 => Fact::Unknown(Why::LostSecurity, Some(Place::key(key))),
                _ => Fact::Known(Value::Nodes(
                    (0..count).map(|index| Id { kind: Kind::SecurityScheme, index }).collect(),
                )),
            }
        },
        |m, _| key_of(Schemes::map_entry(&m.api().view, m.api().version, m.api().root)),
    ),
    field(
        Kind::Document,
        "operations",
        Type::Nodes(Kind::Operation),
        "All operations, outgoing ones (webhooks, callbacks) included.",
        |m, _| Fact::nodes(Kind::Operation, 0..m.api().operations.len() as u32),
    ),
    field(Kind::Document, "servers", Type::Nodes(Kind::Server), "All servers, of any level.", |m, _| {
        Fact::nodes(Kind::Server, 0..m.api().servers.len() as u32)
    }),
    placed(
        Kind::Document,
        "components",
        Type::Thing,
        "The `components` key; where it is missing, the key `openapi` or `swagger`.",
        |m, _| thing(root_entry(m, K::Components).is_some()),
        |m, _| key_of(root_entry(m, K::Components)),
    ),
    placed(
        Kind::Document,
        "componentsSchemas",
        Type::Thing,
        "`components.schemas` or `definitions`; where missing, `paths`.",
        |m, _| thing(schemas_entry(m).is_some()),
        |m, _| key_of(schemas_entry(m)).or_else(|| paths_place(m)),
    ),
    placed(
        Kind::Document,
        "paths",
        Type::Thing,
        "The `paths` key; where it is missing, the key `openapi` or `swagger`.",
        |m, _| thing(root_entry(m, K::Paths).is_some()),
        |m, _| paths_place(m),
    ),
    field(
        Kind::Server,
        "url",
        Type::Text,
        "The URL as written (2.0: scheme, host and base path). Stands at the URL value; 2.0: at the entry of `schemes`.",
        |m, i| Fact::text(Some(&server(m, i).url)),
    ),
    field(
        Kind::Server,
        "schemes",
        Type::Set(URL_SCHEMES),
        "URL schemes it can have, variables expanded, case folded. A relative URL has none.",
        |m, i| {
            set(server(m, i)
                .expanded
                .iter()
                .filter_map(|one| one.parts.scheme)
                .fold(0, |bits, scheme| bits | 1 << scheme as u32))
        },
    ),
    field(Kind::Server, "hosts", Type::Texts, "Host names it can have, variables expanded.", |m, i| {
        texts(server(m, i).expanded.iter().filter_map(|one| one.parts.host.as_deref()))
    }),
    field(
        Kind::Server,
        "hostClasses",
        Type::Set(HOST_CLASSES),
        "Classes of those hosts (E11); a host with a free variable is `open`.",
        |m, i| host_classes(server(m, i).expanded.iter()),
    ),
    placed(
        Kind::Server,
        "cleartextUrl",
        Type::Text,
        "The expanded URL that is `http` or `ws`; of several the first whose host is not local. Stands at the URL, or at the variable value that makes it so.",
        |m, i| Fact::text(cleartext(server(m, i)).map(|one| one.url.as_str())),
        |m, i| cleartext(server(m, i)).map(|one| Place::value(one.at)),
    ),
    field(
        Kind::Server,
        "cleartextHostClasses",
        Type::Set(HOST_CLASSES),
        "Classes of the hosts of those expanded URLs that are `http` or `ws`.",
        |m, i| host_classes(server(m, i).expanded.iter().filter(|one| one.is_cleartext())),
    ),
    field(
        Kind::Server,
        "httpsTwin",
        Type::Bool,
        "Whether the same list of servers, or another value of the same variable, offers the same host over TLS.",
        |m, i| Fact::bool(has_https_twin(m, i)),
    ),
    field(Kind::Server, "level", Type::Choice(SERVER_LEVELS), "Where it is declared.", |m, i| {
        Fact::Known(Value::Choice(server(m, i).level as u8))
    }),
    field(
        Kind::Server,
        "markedInternal",
        Type::Bool,
        "Whether it carries `x-internal: true` or `x-sandbox: true`.",
        |m, i| Fact::bool(server(m, i).marked_internal),
    ),
    field(
        Kind::Server,
        "usedBy",
        Type::Nodes(Kind::Operation),
        "Operations whose effective servers hold it.",
        |m, i| Fact::nodes(Kind::Operation, server(m, i).used_by.iter().copied()),
    ),
    field(Kind::Path, "name", Type::Text, "The path template.", |m, i| {
        Fact::text(m.api().view.key(m.api().items[i as usize].entry))
    }),
    field(Kind::Path, "operations", Type::Nodes(Kind::Operation), "Its operations.", |m, i| {
        Fact::nodes(Kind::Operation, m.api().items[i as usize].operations.iter().copied())
    }),
];

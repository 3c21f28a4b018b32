//! Fields of references, callbacks, keys that are unknown or occur twice, and the text.

use super::{Fact, Field, Kind, Model, OWNERS, Type, URL_SCHEMES, Value};
use super::{choice, field, owned, placed, thing, version};
use crate::model::net;
use crate::model::openapi::nearest;
use crate::resolve;
use crate::span::{At, Place};

fn target(model: &Model, index: u32) -> &str {
    let view = &model.api().view;
    view.text(view.resolve(model.api().references[index as usize].at)).trim_end()
}

/// Names of the JSON Schema meta-schemas: identifiers, not places to load from.
fn is_meta_schema(document: &str) -> bool {
    let rest = document.strip_prefix("http://").or_else(|| document.strip_prefix("https://"));
    rest.is_some_and(|rest| rest.starts_with("json-schema.org/"))
}

/// Whether following the reference would load another document.
fn loads(model: &Model, index: u32) -> bool {
    let (document, _) = resolve::split(target(model, index));
    !document.is_empty() && model.sources().named(document).is_none() && !is_meta_schema(document)
}

/// Whether the target's registrable domain is that of a root server or of the document itself.
fn same_site(model: &Model, index: u32) -> bool {
    let api = model.api();
    let domain = |url: &str| net::registrable_domain(&net::parse(url).host?);
    let Some(this) = domain(target(model, index)) else { return false };
    let own = api.view.scalar(api.root, crate::model::openapi::view::K::Self_).and_then(domain);
    let root_servers = api.servers.iter().filter(|server| server.level == crate::model::openapi::server::Level::Root);
    let mut hosts = root_servers.flat_map(|server| &server.expanded).filter_map(|one| one.parts.host.as_ref());
    own.as_ref() == Some(&this) || hosts.any(|host| net::registrable_domain(host).as_ref() == Some(&this))
}

fn link(model: &Model, index: u32) -> &str {
    let view = &model.api().view;
    view.text(view.resolve(model.links()[index as usize]))
}

fn unknown_key(model: &Model, index: u32) -> (At, u32) {
    model.api().walk.unknown_keys[index as usize]
}

fn near(model: &Model, index: u32) -> Option<&'static str> {
    let (entry, owner) = unknown_key(model, index);
    let api = model.api();
    nearest(api.version, api.graph.objects[owner as usize].object, api.view.key(entry).unwrap_or_default())
}

fn duplicate(model: &Model, index: u32) -> (At, At) {
    model.api().duplicates[index as usize]
}

/// Whether a node stands where OpenAPI gives it no meaning: an example, an extension, a text, or nowhere that is reached.
fn is_inert(model: &Model, at: At) -> bool {
    const TEXTS: [&str; 10] =
        ["example", "examples", "default", "enum", "const", "description", "summary", "title", "contact", "license"];
    let api = model.api();
    api.owner(at).is_none_or(|(_, step)| {
        step != at && api.view.key(step).is_some_and(|key| key.starts_with("x-") || TEXTS.contains(&key))
            || api.view.key(at).is_some_and(|key| key.starts_with("x-") || TEXTS.contains(&key)) && step == at
    })
}

pub(super) static FIELDS: &[Field] = &[
    field(Kind::Reference, "target", Type::Text, "The `$ref` as written. Stands at the value.", |m, i| {
        Fact::text(Some(target(m, i)))
    }),
    field(Kind::Reference, "document", Type::Text, "The target without its fragment.", |m, i| {
        Fact::text(Some(resolve::split(target(m, i)).0))
    }),
    field(
        Kind::Reference,
        "scheme",
        Type::Choice(URL_SCHEMES),
        "URL scheme of an absolute reference; absent for a local one.",
        |m, i| {
            let scheme = net::parse(target(m, i)).scheme.filter(|_| resolve::is_absolute(target(m, i)));
            scheme.map_or(Fact::Absent, |scheme| Fact::Known(Value::Choice(scheme as u8)))
        },
    ),
    field(
        Kind::Reference,
        "loads",
        Type::Bool,
        "Whether following it would load another document: not if an `$id` or `$self` gives it, nor for a JSON Schema meta-schema.",
        |m, i| Fact::bool(loads(m, i)),
    ),
    field(
        Kind::Reference,
        "sameSite",
        Type::Bool,
        "Whether the target's registrable domain is that of a root server or of the document.",
        |m, i| Fact::bool(same_site(m, i)),
    ),
    field(Kind::Reference, "expects", Type::Choice(OWNERS), "What stands, or should stand, at its target.", |m, i| {
        choice(OWNERS, m.api().references[i as usize].object.owner())
    }),
    field(
        Kind::Reference,
        "dangling",
        Type::Bool,
        "Whether its target does not exist in the files that were read, or it goes in a circle. A remote target that is not loaded may exist.",
        |m, i| Fact::bool(m.api().references[i as usize].dangling),
    ),
    field(Kind::Callback, "expression", Type::Text, "The callback expression. Stands at the key.", |m, i| {
        Fact::text(m.api().view.key(m.api().callbacks[i as usize]))
    }),
    field(
        Kind::DocumentationLink,
        "field",
        Type::Text,
        "The key that holds it, with what it is of: `externalDocs.url`, `termsOfService`, `contact.url`, `license.url`.",
        |m, i| {
            let view = &m.api().view;
            let entry = m.links()[i as usize];
            let key = view.key(entry).unwrap_or_default();
            let of = view.parent(entry).and_then(|map| view.key(map)).filter(|_| key == "url");
            owned(of.map_or_else(|| key.to_owned(), |of| format!("{of}.{key}")))
        },
    ),
    field(Kind::DocumentationLink, "url", Type::Text, "The URL. Stands at the value.", |m, i| {
        Fact::text(Some(link(m, i)))
    }),
    field(
        Kind::DocumentationLink,
        "scheme",
        Type::Choice(URL_SCHEMES),
        "Its URL scheme; absent for a relative URL.",
        |m, i| net::parse(link(m, i)).scheme.map_or(Fact::Absent, |scheme| Fact::Known(Value::Choice(scheme as u8))),
    ),
    field(Kind::UnknownKey, "name", Type::Text, "The key.", |m, i| Fact::text(m.api().view.key(unknown_key(m, i).0))),
    field(Kind::UnknownKey, "owner", Type::Choice(OWNERS), "The OpenAPI object it stands in.", |m, i| {
        choice(OWNERS, m.api().graph.objects[unknown_key(m, i).1 as usize].object.owner())
    }),
    version(Kind::UnknownKey),
    field(
        Kind::UnknownKey,
        "nearest",
        Type::Text,
        "A key that switches security on, is legal there and at most two edits away.",
        |m, i| Fact::text(near(m, i)),
    ),
    field(Kind::DuplicateKey, "key", Type::Text, "The key. Stands at its second occurrence.", |m, i| {
        Fact::text(m.api().view.key(duplicate(m, i).0))
    }),
    placed(
        Kind::DuplicateKey,
        "first",
        Type::Thing,
        "Its first occurrence.",
        |_, _| thing(true),
        |m, i| Some(Place::key(duplicate(m, i).1)),
    ),
    field(Kind::DuplicateKey, "sameValue", Type::Bool, "Whether both values are equal.", |m, i| {
        Fact::bool(m.api().same(duplicate(m, i).0, duplicate(m, i).1))
    }),
    field(
        Kind::DuplicateKey,
        "inert",
        Type::Bool,
        "Whether it stands in an example, an extension or a text field.",
        |m, i| Fact::bool(is_inert(m, duplicate(m, i).0)),
    ),
    version(Kind::Text),
];

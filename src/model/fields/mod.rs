//! The table of kinds and fields: what rules can ask of a document. It feeds the
//! rule compiler, the JSON Schema of rule files and `docs/model.md`. Knows no rule.

mod answer;
mod auth;
mod authorization;
mod body;
mod content;
mod document;
mod exchange;
mod exposure;
mod format;
pub mod gateway;
mod hosting;
mod input;
mod lifecycle;
mod limits;
mod operation;
mod outbound;
mod parameter;
mod paths;
mod pattern;
mod property;
mod required;
mod schema;
mod scheme;
mod security;
mod shape;
mod structure;
mod template;
mod text;
mod usage;
mod writing;

use std::borrow::Cow;
use std::sync::LazyLock;

use super::fact::{Fact, Field, Kind, Type, Value};
use super::{Model, NameId, Subject};
use crate::span::{At, Place};

pub use document::version_key;
pub use schema::schema_place;

/// OpenAPI versions.
pub const VERSIONS: &[&str] = &["2.0", "3.0", "3.1", "3.2"];
/// E1.
pub const SECURITY: &[&str] = &["undefined", "publicExplicit", "optional", "protected"];
/// URL schemes.
pub const URL_SCHEMES: &[&str] = &["http", "https", "ws", "wss", "file", "other"];
/// E11; `open` where a free variable makes up the host.
pub const HOST_CLASSES: &[&str] = &["loopback", "private", "internal", "reserved", "publicIp", "publicName", "open"];
/// How much of a host a free variable is.
pub const COVERS: &[&str] = &["domain", "subdomain"];
/// Where a server is declared.
pub const SERVER_LEVELS: &[&str] = &["root", "path", "operation", "link"];
/// E7.
pub const CLASSES: &[&str] = &["read", "write", "other"];
/// Who can reach something.
pub const EXPOSURES: &[&str] = &["public", "protected"];
/// Whose `security` is in force.
pub const ORIGINS: &[&str] = &["own", "root"];
/// What a security scheme is in effect.
pub const SCHEME_KINDS: &[&str] = &[
    "basic",
    "bearer",
    "digest",
    "negotiate",
    "oauth1",
    "otherHttp",
    "apiKey",
    "oauth2",
    "openIdConnect",
    "mutualTLS",
    "unknown",
];
/// E8.
pub const AUTH_GROUPS: &[&str] = &["login", "token", "tokenIssue", "enrol", "recover", "oneTime", "end"];
/// JSON types, and the file of 2.0.
pub const TYPES: &[&str] = &["string", "integer", "number", "boolean", "array", "object", "null", "file"];
/// E3.
pub const DIRECTIONS: &[&str] = &["request", "response"];
/// E6.
pub const CREDENTIAL: &[&str] = &["strong", "bare", "weak"];
/// What `additionalProperties` says.
pub const ADDITIONAL: &[&str] = &["closed", "open", "schema"];
/// Classes of statuses.
pub const STATUS_CLASSES: &[&str] = &["information", "success", "redirect", "clientError", "serverError", "default"];
/// What a media type is the content of.
pub const MEDIA_PLACES: &[&str] = &["requestBody", "response", "parameter", "header"];
/// Whether a document says something.
pub const STATEMENTS: &[&str] = &["stated", "unstated"];
/// Parameter locations.
pub const LOCATIONS: &[&str] = &["query", "header", "path", "cookie", "body", "formData", "querystring"];
/// Families of formats of request bodies: their parsers have nothing in common.
pub const FORMATS: &[&str] = &["json", "xml", "form", "yaml", "other"];
/// How surely a parameter puts a credential into the URL.
pub const URL_CREDENTIALS: &[&str] = &["strong", "weak"];
/// What makes a text no URL of a server.
pub const URL_FAULTS: &[&str] = &["empty", "noHost", "noScheme", "characters", "malformed", "relative"];
/// What a pair of limits is about.
pub const MEASURES: &[&str] = &["length", "items", "properties", "value"];
/// Why keywords have no effect.
pub const REASONS: &[&str] = &["type", "reference"];
/// OAuth 2 flows, 3.x names.
pub const FLOWS: &[&str] = &["implicit", "password", "clientCredentials", "authorizationCode", "deviceAuthorization"];
/// Why two paths can match one URL.
pub const AMBIGUITIES: &[&str] = &["names", "spelling", "crossing"];
/// OpenAPI objects with a closed set of keys.
pub const OWNERS: &[&str] = &[
    "document",
    "info",
    "server",
    "components",
    "paths",
    "pathItem",
    "operation",
    "parameter",
    "requestBody",
    "mediaType",
    "encoding",
    "responses",
    "response",
    "header",
    "link",
    "securityScheme",
    "oauthFlows",
    "oauthFlow",
    "tag",
    "schema",
    "other",
];

/// All fields, by kind.
pub static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let tables = [
        answer::FIELDS,
        usage::FIELDS,
        auth::FIELDS,
        exchange::FIELDS,
        document::FIELDS,
        exposure::FIELDS,
        hosting::FIELDS,
        lifecycle::FIELDS,
        outbound::FIELDS,
        required::FIELDS,
        operation::FIELDS,
        property::FIELDS,
        pattern::FIELDS,
        text::FIELDS,
        parameter::FIELDS,
        content::FIELDS,
        body::FIELDS,
        scheme::FIELDS,
        input::FIELDS,
        limits::FIELDS,
        format::FIELDS,
        security::FIELDS,
        structure::FIELDS,
        template::FIELDS,
        authorization::FIELDS,
        paths::FIELDS,
        writing::FIELDS,
    ];
    let mut fields =
        [tables.concat(), schema::TABLES.concat(), shape::TABLES.concat(), gateway::TABLES.concat()].concat();
    fields.sort_by_key(|field| field.kind);
    fields
});

/// The field `name` of `kind`.
pub fn find(kind: Kind, name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.kind == kind && field.name == name)
}

type Get = for<'m> fn(&'m Model, u32) -> Fact<'m>;
type Stands = fn(&Model, u32) -> Option<Place>;

/// A row of the table for a field that stands at its node's own place.
const fn field(kind: Kind, name: &'static str, ty: Type, doc: &'static str, get: Get) -> Field {
    Field { kind, name, ty, doc, get, at: |_, _| None }
}

/// A row of the table for a field with a place of its own.
const fn placed(kind: Kind, name: &'static str, ty: Type, doc: &'static str, get: Get, at: Stands) -> Field {
    Field { kind, name, ty, doc, get, at }
}

/// The row for the OpenAPI version of the document, for rules on what some versions lack.
const fn version(kind: Kind) -> Field {
    field(kind, "version", Type::Choice(VERSIONS), "The OpenAPI version of the document.", |m, _| {
        Fact::Known(Value::Choice(m.api().version as u8))
    })
}

/// A fact of [`Type::Choice`] by the position of a name in its list.
fn choice<'m>(list: &[&str], name: &str) -> Fact<'m> {
    let index = list.iter().position(|known| *known == name);
    index.map_or(Fact::Absent, |index| Fact::Known(Value::Choice(index as u8)))
}

/// A fact of [`Type::Set`]; none at all is absent.
const fn set<'m>(bits: u32) -> Fact<'m> {
    if bits == 0 { Fact::Absent } else { Fact::Known(Value::Set(bits)) }
}

/// A fact of [`Type::Thing`].
const fn thing<'m>(there: bool) -> Fact<'m> {
    if there { Fact::Known(Value::Thing) } else { Fact::Absent }
}

/// A fact of [`Type::Texts`], of texts that stand in the document or were put together; none at all is absent.
fn texts<'m>(texts: impl IntoIterator<Item = impl Into<Cow<'m, str>>>) -> Fact<'m> {
    let texts: Vec<Cow<'m, str>> = texts.into_iter().map(Into::into).collect();
    if texts.is_empty() { Fact::Absent } else { Fact::Known(Value::Texts(texts)) }
}

/// A fact of [`Type::Name`].
const fn name<'m>(name: Option<NameId>) -> Fact<'m> {
    match name {
        Some(name) => Fact::Known(Value::Name(name)),
        None => Fact::Absent,
    }
}

/// A fact of [`Type::Text`] that was put together.
const fn owned<'m>(text: String) -> Fact<'m> {
    Fact::Known(Value::Text(Cow::Owned(text)))
}

/// The place of an entry's key.
fn key_of(entry: Option<At>) -> Option<Place> {
    entry.map(Place::key)
}

/// The place of a value.
fn value_of(value: Option<At>) -> Option<Place> {
    value.map(Place::value)
}

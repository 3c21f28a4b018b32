//! The table of fields of gateways: what rules can ask of listeners, routes, policies and upstreams. Knows no rule
//! and no format.

mod directive;
mod policies;
mod relations;
mod route;
mod settings;
mod transport;

use super::{Fact, Field, Kind, Model, Subject, Type, Value, field, placed};
use crate::discover::Format;
use crate::model::gateway::{Gateway, Origin, Policy, Set, Stated};
use crate::span::Place;

/// Gateway formats, by id.
pub const FORMATS: &[&str] = &{
    let mut names = [""; Format::ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = Format::ALL[i].as_str();
        i += 1;
    }
    names
};
/// Who set a value.
pub const SET_BY: &[&str] = &["written", "default"];
/// Addresses of sockets.
pub const BINDS: &[&str] = &["any", "loopback", "address", "unix"];
/// What is spoken.
pub const PROTOCOLS: &[&str] = &["http", "https", "h2c", "grpc", "grpcs", "passthrough", "application", "tcp"];
/// Who can reach a listener.
pub const EXPOSED_TO: &[&str] = &["public", "internal"];
/// Whose TLS settings.
pub const TLS_SIDES: &[&str] = &["client", "upstream"];
/// Versions of SSL and TLS.
pub const TLS_VERSIONS: &[&str] = &["ssl2", "ssl3", "tls1.0", "tls1.1", "tls1.2", "tls1.3"];
/// Weak families of cipher suites.
pub const WEAKNESSES: &[&str] = &["null", "export", "anonymous", "rc4", "des", "3des", "md5"];
/// What is asked of a client's certificate.
pub const CLIENT_CERTIFICATES: &[&str] = &["optional", "unverified", "required", "checked"];
/// What a caller must show.
pub const AUTHENTICATION: &[&str] = &["none", "optional", "required"];
/// How a format says which methods a route admits.
pub const METHOD_BINDINGS: &[&str] = &["one", "list", "condition"];
/// What happens to a request.
pub const ACTIONS: &[&str] =
    &["proxy", "function", "files", "redirect", "httpsRedirect", "refuse", "respond", "internal", "unknown"];
/// Where a policy is attached.
pub const SCOPES: &[&str] = &["global", "listener", "host", "service", "route", "rule"];
/// Ways to authenticate.
pub const MECHANISMS: &[&str] = &[
    "jwt",
    "oidc",
    "oauth2",
    "apiKey",
    "basic",
    "digest",
    "signature",
    "ldap",
    "certificate",
    "iam",
    "external",
    "session",
    "saml",
    "other",
];
/// What an authentication server is asked for.
pub const PURPOSES: &[&str] = &["keys", "discovery", "introspection", "decision", "tokens"];
/// What an access policy decides by.
pub const ACCESS_BY: &[&str] = &["address", "identity", "external", "other"];
/// What is answered where all origins are allowed.
pub const ANY_ORIGINS: &[&str] = &["literal", "echoed"];
/// Why a rate limit can never act.
pub const INEFFECTIVE: &[&str] = &["zero", "off", "shadow", "noKey"];
/// What a rate limit counts by.
pub const RATE_KEYS: &[&str] = &["all", "address", "header", "caller", "other"];
/// What a limit bounds.
pub const MEASURED: &[&str] = &["body", "request", "headers", "idle", "upstream"];
/// What can be done with an administration surface.
pub const POWERS: &[&str] = &["ping", "read", "change"];
/// Forms of a credential.
pub const FORMS: &[&str] =
    &["plaintext", "weakHash", "strongHash", "reference", "placeholder", "adminSample", "userSample"];
/// What an idle policy is about.
pub const CONCERNS: &[&str] = &["authentication", "authorization", "validation", "limits"];
/// Why a policy does nothing.
pub const IDLE: &[&str] = &["off", "shadow", "unattached"];
/// What becomes of requests where a name is not defined.
pub const CONSEQUENCES: &[&str] = &["open", "dead"];
/// What a setting is about, over all formats.
pub const SETTING_CONCERNS: &[&str] = &[
    "debug",
    "versionBanner",
    "payloadLog",
    "inlineCode",
    "deprecated",
    "exposedByDefault",
    "directoryListing",
    "wideRoot",
    "upgrade",
    "trustForwarded",
    "identityHeader",
    "metadata",
];

/// What a route is to others.
pub const RELATIONS: &[&str] = &["bypass", "duplicate", "shadowed", "loose", "confusion", "older"];
/// Sorts of policies that an older version lacks.
pub const MISSING: &[&str] = &["authentication", "access", "rateLimit"];

/// The tables of rows.
pub(super) const TABLES: &[&[Field]] =
    &[route::FIELDS, relations::FIELDS, policies::FIELDS, transport::FIELDS, settings::FIELDS, directive::FIELDS];

/// The gateway. Rules ask fields of nodes only, and a document has no nodes of gateways.
fn gateway(model: &Model) -> &Gateway {
    match &model.subject {
        Subject::Gateway(gateway) => gateway,
        Subject::Api(_) => unreachable!("a document has no nodes of gateways"),
    }
}

/// The row for the format of the gateway, for rules on what one vendor does.
const fn format_of(kind: Kind) -> Field {
    field(kind, "format", Type::Choice(FORMATS), "The format of the gateway.", |m, _| {
        Fact::Known(Value::Choice(gateway(m).format as u8))
    })
}

/// A fact of [`Type::Choice`] from an enum in the order of its list.
const fn of_list<'m>(number: u8) -> Fact<'m> {
    Fact::Known(Value::Choice(number))
}

/// A fact of [`Type::Bool`].
fn yes_no(stated: &Stated<bool>) -> Fact<'_> {
    stated.fact(|&value| Fact::bool(value))
}

/// Who set a value.
fn set_by<T>(set: &Set<T>) -> Fact<'_> {
    of_list(match set.origin {
        Origin::Written => 0,
        Origin::Default => 1,
    })
}

/// The routes that a policy applies to.
fn users(model: &Model, kind: Policy, policy: u32) -> Fact<'_> {
    Fact::nodes(Kind::Route, gateway(model).derived().users(kind, policy).iter().copied())
}

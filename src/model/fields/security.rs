//! Fields of security schemes, flows, their URLs, and requirements.

use std::collections::BTreeSet;

use super::{FLOWS, Fact, Field, HOST_CLASSES, Kind, LOCATIONS, Model, SCHEME_KINDS, Type, URL_SCHEMES, Value};
use super::{choice, field, key_of, name, placed, texts, value_of};
use crate::model::Why;
use crate::model::net;
use crate::model::openapi::security::{AuthUrl, Required, RequiredScope, Scheme, SchemeKind};
use crate::model::openapi::view::K;
use crate::source::NodeKind;
use crate::span::{At, Place};

pub(super) fn scheme(model: &Model, index: u32) -> &Scheme {
    &model.api().security.schemes[index as usize]
}

pub(super) fn scheme_name(model: &Model, index: u32) -> &str {
    let api = model.api();
    let entry = scheme(model, index).entry;
    // A URI may lead to a file that is nothing but one scheme.
    api.view.key(entry).unwrap_or_else(|| &api.view.sources.file(entry.file).path)
}

pub(super) fn scheme_text(model: &Model, index: u32, key: K) -> Option<&str> {
    model.api().view.scalar(scheme(model, index).at?, key)
}

/// Operations that require a scheme in effect, each once.
pub(super) fn requiring(model: &Model, scheme: u32) -> Vec<u32> {
    let api = model.api();
    let required = api.security.required.iter().filter(|required| required.scheme == Some(scheme));
    let mut operations: Vec<u32> =
        required.flat_map(|required| api.operations_under(required.requirement)).copied().collect();
    operations.sort_unstable();
    operations.dedup();
    operations
}

fn url(model: &Model, index: u32) -> &AuthUrl {
    &model.api().security.urls[index as usize]
}

pub(super) fn url_text(model: &Model, index: u32) -> &str {
    model.api().view.text(model.api().view.resolve(url(model, index).entry))
}

/// Schemes of a requirement object that use the `Authorization` header: name, kind.
fn authorization(model: &Model, index: u32) -> Vec<(&str, SchemeKind)> {
    let api = model.api();
    let range = api.security.requirements[index as usize].required.clone();
    let mut found: Vec<(&str, SchemeKind)> = range
        .filter_map(|required| {
            let required = &api.security.required[required as usize];
            let kind = api.security.kind(required);
            let uses = match kind {
                SchemeKind::MutualTls | SchemeKind::Unknown => false,
                SchemeKind::ApiKey => {
                    let scheme = required.scheme?;
                    scheme_text(model, scheme, K::In) == Some("header")
                        && scheme_text(model, scheme, K::Name)
                            .is_some_and(|name| name.eq_ignore_ascii_case("authorization"))
                }
                _ => true,
            };
            uses.then(|| (api.view.key(required.entry).unwrap_or_default(), kind))
        })
        .collect();
    found.sort_unstable();
    found
}

/// All bearer-like schemes are one kind.
fn authorization_kind(kind: SchemeKind) -> &'static str {
    match kind {
        SchemeKind::Oauth2 | SchemeKind::OpenIdConnect => SCHEME_KINDS[SchemeKind::Bearer as usize],
        kind => SCHEME_KINDS[kind as usize],
    }
}

pub(super) fn required(model: &Model, index: u32) -> &Required {
    &model.api().security.required[index as usize]
}

pub(super) fn required_name(model: &Model, index: u32) -> &str {
    model.api().view.key(required(model, index).entry).unwrap_or_default()
}

/// Whether a scheme of that name exists; unknown where schemes are defined in vain.
fn is_defined(model: &Model, index: u32) -> Fact<'static> {
    let api = model.api();
    let name = required_name(model, index);
    // 3.2: a name that is no component may be a URI.
    let is_uri = api.version == crate::model::openapi::grammar::Version::V32
        && (name.contains('#') || name.contains('/'))
        && crate::resolve::target(model.sources(), required(model, index).entry.file, name).is_ok();
    match (required(model, index).scheme.is_some() || is_uri, api.lost.schemes) {
        (true, _) => Fact::bool(true),
        (false, Some(key)) => Fact::Unknown(Why::LostSecurity, Some(Place::key(key))),
        (false, None) if schemes_are_broken(model) => Fact::Unknown(Why::UnresolvedReference, None),
        (false, None) => Fact::bool(false),
    }
}

/// Whether `components` or its `securitySchemes` is a reference that leads nowhere.
fn schemes_are_broken(model: &Model) -> bool {
    let api = model.api();
    let broken = |entry: Option<At>| entry.is_some_and(|entry| api.view.follow(entry).is_none());
    let components = api.view.entry(api.root, K::Components);
    let inside =
        components.and_then(|entry| api.view.follow(entry)).and_then(|at| api.view.entry(at, K::SecuritySchemes));
    broken(components) || broken(inside)
}

fn scope(model: &Model, index: u32) -> &RequiredScope {
    &model.api().security.scopes[index as usize]
}

fn found_text(model: &Model, at: At) -> &'static str {
    match model.api().view.kind(model.api().view.resolve(at)) {
        NodeKind::Null => "null",
        NodeKind::Bool => "a boolean",
        NodeKind::Int | NodeKind::Float => "a number",
        NodeKind::Str => "a string",
        NodeKind::Seq => "a list",
        NodeKind::Map => "an object",
        NodeKind::Alias => "an alias of nothing",
    }
}

pub(super) static FIELDS: &[Field] = &[
    field(
        Kind::SecurityScheme,
        "name",
        Type::Text,
        "Its component name, or the key that a URI leads to. Stands at the key.",
        |m, i| Fact::text(Some(scheme_name(m, i))),
    ),
    placed(
        Kind::SecurityScheme,
        "kind",
        Type::Choice(SCHEME_KINDS),
        "What it is in effect: `http` schemes by name (case folded), 2.0 `basic` included. Stands at `scheme`, else `type`.",
        |m, i| match scheme(m, i).at {
            Some(_) => Fact::Known(Value::Choice(scheme(m, i).kind as u8)),
            None => Fact::Unknown(Why::UnresolvedReference, Some(Place::key(scheme(m, i).entry))),
        },
        |m, i| Some(Place::value(scheme(m, i).kind_at)),
    ),
    placed(
        Kind::SecurityScheme,
        "in",
        Type::Choice(LOCATIONS),
        "Where an API key is sent. Stands at the value.",
        |m, i| scheme_text(m, i, K::In).map_or(Fact::Absent, |text| choice(LOCATIONS, text)),
        |m, i| value_of(scheme(m, i).at.and_then(|at| m.api().view.get(at, K::In))),
    ),
    placed(
        Kind::SecurityScheme,
        "parameterName",
        Type::Name,
        "Name of the header, query parameter or cookie of an API key.",
        |m, i| name(scheme(m, i).parameter),
        |m, i| value_of(scheme(m, i).at.and_then(|at| m.api().view.get(at, K::Name))),
    ),
    field(Kind::SecurityScheme, "flows", Type::Nodes(Kind::OauthFlow), "Its OAuth 2 flows.", |m, i| {
        let flows = m.api().security.flows.iter().enumerate().filter(|(_, flow)| flow.scheme == i);
        Fact::nodes(Kind::OauthFlow, flows.map(|(index, _)| index as u32))
    }),
    field(
        Kind::SecurityScheme,
        "requiredBy",
        Type::Nodes(Kind::Operation),
        "Operations that require it in effect.",
        |m, i| Fact::nodes(Kind::Operation, requiring(m, i)),
    ),
    field(
        Kind::OauthFlow,
        "flow",
        Type::Choice(FLOWS),
        "Which flow, in 3.x names (2.0 `application` is clientCredentials, `accessCode` authorizationCode). Stands at the flow's key; 2.0: at the value of `flow`.",
        |m, i| Fact::Known(Value::Choice(m.api().security.flows[i as usize].flow)),
    ),
    field(Kind::OauthFlow, "scheme", Type::Nodes(Kind::SecurityScheme), "The scheme it belongs to.", |m, i| {
        Fact::nodes(Kind::SecurityScheme, [m.api().security.flows[i as usize].scheme])
    }),
    field(Kind::OauthFlow, "of", Type::Text, "Name of that scheme.", |m, i| {
        Fact::text(Some(scheme_name(m, m.api().security.flows[i as usize].scheme)))
    }),
    field(Kind::AuthUrl, "field", Type::Text, "Name of the field that holds it.", |m, i| {
        Fact::text(m.api().view.key(url(m, i).entry))
    }),
    field(Kind::AuthUrl, "url", Type::Text, "The URL as written. Stands at the value.", |m, i| {
        Fact::text(Some(url_text(m, i)))
    }),
    field(Kind::AuthUrl, "scheme", Type::Choice(URL_SCHEMES), "URL scheme; absent for a relative URL.", |m, i| {
        net::parse(url_text(m, i)).scheme.map_or(Fact::Absent, |scheme| Fact::Known(Value::Choice(scheme as u8)))
    }),
    field(
        Kind::AuthUrl,
        "hostClass",
        Type::Choice(HOST_CLASSES),
        "Class of its host (E11); absent for a relative URL.",
        |m, i| net::parse(url_text(m, i)).class().map_or(Fact::Absent, |class| Fact::Known(Value::Choice(class as u8))),
    ),
    field(Kind::AuthUrl, "of", Type::Text, "Name of the security scheme it belongs to.", |m, i| {
        Fact::text(Some(scheme_name(m, url(m, i).scheme)))
    }),
    field(Kind::Requirement, "schemes", Type::Nodes(Kind::RequiredScheme), "The schemes it names.", |m, i| {
        Fact::nodes(Kind::RequiredScheme, m.api().security.requirements[i as usize].required.clone())
    }),
    placed(
        Kind::Requirement,
        "authorizationSchemes",
        Type::Texts,
        "Names of its schemes that use the `Authorization` header, in order of the alphabet. Stands at the first in the object.",
        |m, i| texts(authorization(m, i).into_iter().map(|(name, _)| name)),
        |m, i| {
            let names: Vec<&str> = authorization(m, i).into_iter().map(|(name, _)| name).collect();
            let mut range = m.api().security.requirements[i as usize].required.clone();
            let first = range.find(|&required| names.contains(&required_name(m, required)));
            key_of(first.map(|first| required(m, first).entry))
        },
    ),
    field(
        Kind::Requirement,
        "authorizationKinds",
        Type::Texts,
        "Distinct kinds among those; all bearer-like schemes are the kind `bearer`.",
        |m, i| {
            texts(authorization(m, i).into_iter().map(|(_, kind)| authorization_kind(kind)).collect::<BTreeSet<_>>())
        },
    ),
    field(Kind::RequiredScheme, "name", Type::Text, "The name as written. Stands at the key.", |m, i| {
        Fact::text(Some(required_name(m, i)))
    }),
    field(
        Kind::RequiredScheme,
        "defined",
        Type::Bool,
        "Whether a scheme of that name exists (3.2: or a URI that resolves).",
        is_defined,
    ),
    field(
        Kind::RequiredScheme,
        "operations",
        Type::Nodes(Kind::Operation),
        "Operations the requirement is in force for.",
        |m, i| {
            let operations = m.api().operations_under(required(m, i).requirement);
            Fact::nodes(Kind::Operation, operations.iter().copied())
        },
    ),
    field(Kind::RequiredScope, "name", Type::Text, "The scope. Stands at the value.", |m, i| {
        Fact::text(Some(m.api().view.text(m.api().view.resolve(scope(m, i).at))))
    }),
    placed(
        Kind::RequiredScope,
        "scheme",
        Type::Text,
        "The scheme it is required of. Stands at its key in the requirement object.",
        |m, i| Fact::text(Some(required_name(m, scope(m, i).required))),
        |m, i| Some(Place::key(required(m, scope(m, i).required).entry)),
    ),
    field(Kind::RequiredScope, "schemeKind", Type::Choice(SCHEME_KINDS), "What that scheme is.", |m, i| {
        Fact::Known(Value::Choice(m.api().security.kind(required(m, scope(m, i).required)) as u8))
    }),
    field(Kind::RequiredScope, "declared", Type::Bool, "Whether a flow of that scheme declares the scope.", |m, i| {
        Fact::bool(scope(m, i).declared)
    }),
    field(Kind::MalformedSecurity, "expected", Type::Text, "What should stand there.", |m, i| {
        Fact::text(Some(m.api().security.malformed[i as usize].expected))
    }),
    field(Kind::MalformedSecurity, "found", Type::Text, "What stands there.", |m, i| {
        Fact::text(Some(found_text(m, m.api().security.malformed[i as usize].at)))
    }),
];

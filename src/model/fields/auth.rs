//! Fields on how callers authenticate: what is in force, how strong it is, and what it lacks.

use super::operation::{operation, unknown_security};
use super::security::required_name;
use super::{Fact, Field, Kind, Model, Type, field, key_of, placed, texts};
use crate::model::openapi::essence;
use crate::model::openapi::grammar::{Object, Version};
use crate::model::openapi::graph::types;
use crate::model::openapi::operation::{Class, Operation, Role};
use crate::model::openapi::response::consumed;
use crate::model::openapi::security::{Required, SchemeKind, Security};
use crate::model::openapi::strength::{self, Strongest};
use crate::model::openapi::view::K;
use crate::model::{NameId, Why};
use crate::span::Place;

/// The weaker or the stronger end of what an operation accepts.
fn rank(model: &Model, index: u32, of: impl Fn((i8, i8)) -> i8) -> Fact<'static> {
    if operation(model, index).security().is_none() {
        return unknown_security(operation(model, index));
    }
    Fact::number(strength::of_operation(model.api(), index).map(|ranks| f64::from(of(ranks))))
}

fn scheme_text(model: &Model, strongest: Option<Strongest>) -> Fact<'_> {
    Fact::text(strongest.map(|strongest| required_name(model, strongest.required)))
}

/// By how much an alternative ranks below the strongest one beside it.
fn ranks_below(model: &Model, index: u32) -> Option<f64> {
    let own = strength::of_alternative(model.api(), index)?;
    let best = strength::strongest_beside(model.api(), index)?;
    Some(f64::from(best.rank - own.rank))
}

/// The schemes in force for an operation.
fn in_force(model: &Model, index: u32) -> Vec<&Required> {
    let security = &model.api().security;
    security.required_of(&operation(model, index).alternatives()).collect()
}

/// Whether every alternative holds nothing but cookies; unknown where a scheme is, or which are in force.
fn is_cookie_only(model: &Model, index: u32) -> Fact<'static> {
    let api = model.api();
    let required = in_force(model, index);
    if operation(model, index).security().is_none() {
        return unknown_security(operation(model, index));
    }
    let broken = required.iter().filter_map(|required| Some(&api.security.schemes[required.scheme? as usize]));
    if let Some(broken) = broken.clone().find(|scheme| scheme.at.is_none()) {
        return Fact::Unknown(Why::UnresolvedReference, Some(Place::key(broken.entry)));
    }
    Fact::bool(!required.is_empty() && required.iter().all(|required| api.security.is_cookie(&api.view, required)))
}

/// Whether a name is in a word list, at any of its words.
fn has_word(model: &Model, name: NameId, list: &str) -> bool {
    model.lists().id(list).is_some_and(|list| model.hits(name).any(list))
}

fn place_of(model: &Model, parameter: u32) -> Option<&'static str> {
    model.api().parameters[parameter as usize].sent_in()
}

/// A token or header that a page of another site cannot send.
fn has_csrf_defence(model: &Model, index: u32) -> bool {
    let api = model.api();
    let scheme = in_force(model, index).into_iter().any(|required| {
        let scheme = required.scheme.map(|scheme| &api.security.schemes[scheme as usize]);
        let names = scheme.into_iter().flat_map(|scheme| [scheme.name, scheme.parameter]).flatten();
        names.into_iter().any(|name| has_word(model, name, "csrf"))
    });
    let parameter = operation(model, index).parameters.iter().any(|&parameter| {
        let this = &api.parameters[parameter as usize];
        let custom = model.name(this.name).eq_ignore_ascii_case("x-requested-with");
        // A cookie is sent by other sites as well.
        place_of(model, parameter) != Some("cookie")
            && (has_word(model, this.name, "csrf") || custom && api.view.is_true(this.at, K::Required))
    });
    scheme || parameter || super::exchange::sent(model, index).into_iter().any(|name| has_word(model, name, "csrf"))
}

/// Media types of what an operation takes: of its request body; 2.0: what it consumes, if it takes a body or a form.
fn request_types(model: &Model, index: u32) -> Vec<String> {
    let api = model.api();
    let this = operation(model, index);
    if api.version != Version::V20 {
        let bodies = api.graph.parts(this.number, Object::RequestBody);
        let media = bodies.flat_map(|body| api.graph.parts(body, Object::MediaType));
        return media
            .map(|media| essence(api.view.key(api.graph.objects[media as usize].at).unwrap_or_default()))
            .collect();
    }
    let of = |place: &str| {
        this.parameters
            .iter()
            .copied()
            .filter(|&parameter| place_of(model, parameter) == Some(place))
            .collect::<Vec<_>>()
    };
    let (bodies, form) = (of("body"), of("formData"));
    if bodies.is_empty() && form.is_empty() {
        return Vec::new();
    }
    let named: Vec<String> = consumed(api, this.at).into_iter().map(|(_, media_type)| media_type).collect();
    if form.is_empty() {
        return named;
    }
    // Form parameters are sent as a form, whatever else is listed.
    let forms: Vec<String> = named
        .into_iter()
        .filter(|named| matches!(named.as_str(), "multipart/form-data" | "application/x-www-form-urlencoded"))
        .collect();
    if !forms.is_empty() {
        return forms;
    }
    let is_file = |&parameter: &u32| {
        let schema = api.parameters[parameter as usize].schema.and_then(|schema| api.graph.effective(schema));
        schema.is_some_and(|schema| schema.types & types::FILE != 0)
    };
    let form = if form.iter().any(is_file) { "multipart/form-data" } else { "application/x-www-form-urlencoded" };
    vec![form.to_owned()]
}

/// Whether the schemes in force at an operation send a parameter; unknown where a lost key hides them.
fn sends(model: &Model, operation: &Operation, parameter: u32) -> Option<bool> {
    let api = model.api();
    operation.security()?;
    let this = &api.parameters[parameter as usize];
    let (place, name) = (place_of(model, parameter), model.name(this.name));
    let is_authorization = place == Some("header") && name.eq_ignore_ascii_case("authorization");
    let mut required = api.security.required_of(&operation.alternatives());
    Some(required.any(|required| match api.security.kind(required) {
        SchemeKind::ApiKey => {
            let at = required.scheme.and_then(|scheme| api.security.schemes[scheme as usize].at);
            at.is_some_and(|at| {
                api.view.scalar(at, K::In) == place
                    && api.view.scalar(at, K::Name).is_some_and(|sent| sent.eq_ignore_ascii_case(name))
            })
        }
        SchemeKind::MutualTls | SchemeKind::Unknown => false,
        _ => is_authorization,
    }))
}

/// Whether a scheme in force sends the parameter at each of its operations.
fn is_sent_by_scheme(model: &Model, index: u32) -> Fact<'static> {
    let api = model.api();
    let operations = &api.parameters[index as usize].operations;
    let mut unknown = None;
    for operation in operations.iter().map(|&operation| &api.operations[operation as usize]) {
        match sends(model, operation, index) {
            Some(true) => {}
            Some(false) => return Fact::bool(false),
            None => unknown = unknown.or_else(|| Some(unknown_security(operation))),
        }
    }
    unknown.unwrap_or(Fact::bool(!operations.is_empty()))
}

/// Cookie schemes that some incoming operation accepts: indices.
fn cookie_schemes(model: &Model) -> Vec<u32> {
    let api = model.api();
    let is_cookie = |scheme: &u32| {
        let mut required = api.security.required.iter().filter(|required| required.scheme == Some(*scheme));
        required.any(|required| {
            api.security.is_cookie(&api.view, required) && !api.operations_under(required.requirement).is_empty()
        })
    };
    (0..api.security.schemes.len() as u32).filter(is_cookie).collect()
}

/// The incoming operations without security that most need it: admin ones first, then writes, then those that
/// document a refusal.
fn most_exposed(model: &Model) -> Vec<String> {
    let api = model.api();
    let mut ranked: Vec<(u8, &Operation)> = Vec::new();
    for operation in &api.operations {
        let item = &api.items[operation.item as usize];
        let open = operation.security() == Some(Security::Undefined) && item.role == Role::Incoming;
        if !open || operation.auth_groups != 0 || operation.marked_public {
            continue;
        }
        let rank = match operation.class {
            Class::Other => continue,
            _ if operation.admin.is_some() => 0,
            Class::Write => 1,
            Class::Read if documents_refusal(model, operation) => 2,
            Class::Read => continue,
        };
        ranked.push((rank, operation));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    let name = |operation: &Operation| format!("{} {}", operation.method, api.path_of(operation));
    ranked.into_iter().take(SHOWN).map(|(_, operation)| name(operation)).collect()
}

/// How many operations a list in a message names.
const SHOWN: usize = 3;

fn documents_refusal(model: &Model, operation: &Operation) -> bool {
    let view = &model.api().view;
    let responses = view.entry(operation.at, K::Responses).and_then(|entry| view.follow(entry));
    responses
        .is_some_and(|responses| view.children(responses).any(|entry| matches!(view.key(entry), Some("401" | "403"))))
}

pub(super) static FIELDS: &[Field] = &[
    field(
        Kind::Operation,
        "weakestRank",
        Type::Number,
        "Rank of the weakest alternative in force: -1 without credentials, 0 a key in the URL, 1 passwords and outdated exchanges, 2 keys and cookies, 3 tokens, 4 bound to a key of the caller. Absent if no rank is known.",
        |m, i| rank(m, i, |(weakest, _)| weakest),
    ),
    field(
        Kind::Operation,
        "strongestRank",
        Type::Number,
        "Rank of the strongest alternative in force, as `weakestRank`.",
        |m, i| rank(m, i, |(_, strongest)| strongest),
    ),
    field(
        Kind::Operation,
        "cookieOnly",
        Type::Bool,
        "Whether every alternative in force holds cookies and nothing else; `{}` aside.",
        is_cookie_only,
    ),
    field(
        Kind::Operation,
        "csrfDefence",
        Type::Bool,
        "Whether a parameter, body field or scheme has a word of @csrf, or the header X-Requested-With is required.",
        |m, i| Fact::bool(has_csrf_defence(m, i)),
    ),
    field(
        Kind::Operation,
        "requestTypes",
        Type::Texts,
        "Media types that it takes, in lower case without parameters (2.0: what it consumes, if it has a body or form).",
        |m, i| texts(request_types(m, i)),
    ),
    placed(
        Kind::Document,
        "cookieSchemes",
        Type::Nodes(Kind::SecurityScheme),
        "Cookie schemes that are in force somewhere. Stands at the first.",
        |m, _| Fact::nodes(Kind::SecurityScheme, cookie_schemes(m)),
        |m, _| {
            let first = cookie_schemes(m).first().copied()?;
            Some(Place::key(m.api().security.schemes[first as usize].entry))
        },
    ),
    field(
        Kind::Document,
        "mostExposed",
        Type::Texts,
        "Of the incoming operations without `security` those that most need it, at most three: admin operations, then writes, then reads that document a 401 or 403.",
        |m, _| texts(most_exposed(m)),
    ),
    field(
        Kind::Parameter,
        "sentByScheme",
        Type::Bool,
        "Whether a scheme in force sends it at each of its operations: an API key of the same name and place; for `Authorization` also HTTP, OAuth 2 and OpenID Connect schemes.",
        is_sent_by_scheme,
    ),
    field(
        Kind::Requirement,
        "ranksBelow",
        Type::Number,
        "By how much its strongest scheme ranks below that of the strongest alternative in the same list; absent if no rank is known.",
        |m, i| Fact::number(ranks_below(m, i)),
    ),
    placed(
        Kind::Requirement,
        "strongestScheme",
        Type::Text,
        "Name of its strongest scheme. Stands at its key.",
        |m, i| scheme_text(m, strength::of_alternative(m.api(), i)),
        |m, i| {
            let strongest = strength::of_alternative(m.api(), i)?;
            key_of(Some(m.api().security.required[strongest.required as usize].entry))
        },
    ),
    field(
        Kind::Requirement,
        "strongestBeside",
        Type::Text,
        "Name of the strongest scheme of the strongest alternative in the same list.",
        |m, i| scheme_text(m, strength::strongest_beside(m.api(), i)),
    ),
    field(Kind::Requirement, "operations", Type::Nodes(Kind::Operation), "Operations it is in force for.", |m, i| {
        Fact::nodes(Kind::Operation, m.api().operations_under(i).iter().copied())
    }),
    field(
        Kind::RequiredScheme,
        "definition",
        Type::Nodes(Kind::SecurityScheme),
        "The scheme it leads to, by name or (3.2) by URI.",
        |m, i| Fact::nodes(Kind::SecurityScheme, m.api().security.required[i as usize].scheme),
    ),
];

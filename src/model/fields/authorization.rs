//! Fields on who may do what: scopes, and operations that are protected alike.

use std::collections::BTreeSet;

use super::operation::unknown_security;
use super::security::{required, scheme_name};
use super::{Fact, Field, Kind, Model, SCHEME_KINDS, Type, Value, field, name, owned, placed, version};
use crate::model::openapi::operation::{Role, segments};
use crate::model::openapi::scopes::{DeclaredScope, Scopes};
use crate::model::openapi::security::SchemeKind;
use crate::span::Place;

fn declared(model: &Model, index: u32) -> &DeclaredScope {
    &model.api().scopes.declared[index as usize]
}

/// Whether a static segment of the path stands for the caller.
fn is_self_path(model: &Model, index: u32) -> bool {
    let api = model.api();
    let item = &api.items[api.operations[index as usize].item as usize];
    let Some(list) = api.names.lists.id("self-path") else { return false };
    let segments = segments(api.view.key(item.entry).unwrap_or_default());
    segments.iter().any(|segment| !segment.contains('{') && api.names.lists.hits(segment).whole(list))
}

/// What `of` says of the authentication of an operation.
fn authentication(model: &Model, index: u32, of: impl Fn(u32) -> Fact<'static>) -> Fact<'static> {
    let api = model.api();
    match api.authentications().of(index) {
        Some(authentication) => of(authentication),
        None => unknown_security(&api.operations[index as usize]),
    }
}

/// Incoming operations that OAuth 2 or OpenID Connect protects.
fn delegated(model: &Model) -> impl Iterator<Item = u32> + '_ {
    let api = model.api();
    (0..api.operations.len() as u32).filter(move |&index| {
        let operation = &api.operations[index as usize];
        let mut required = api.security.required_of(&operation.alternatives());
        api.items[operation.item as usize].role == Role::Incoming
            && required.any(|required| is_delegated(api.security.kind(required)))
    })
}

const fn is_delegated(kind: SchemeKind) -> bool {
    matches!(kind, SchemeKind::Oauth2 | SchemeKind::OpenIdConnect)
}

/// The only scope of all operations that OAuth 2 or OpenID Connect protects: index of its first requirement.
fn only_scope(model: &Model) -> Option<usize> {
    let api = model.api();
    let requirements: BTreeSet<u32> =
        delegated(model).flat_map(|index| api.operations[index as usize].alternatives()).collect();
    let mut only = None;
    for requirement in requirements {
        for number in api.security.requirements[requirement as usize].required.clone() {
            if !is_delegated(api.security.kind(&api.security.required[number as usize])) {
                continue;
            }
            let mut scopes = Scopes::of(api, number);
            let (first, more) = (scopes.next()?, scopes.next());
            let known = *only.get_or_insert(first);
            if more.is_some() || api.scopes.required[known] != api.scopes.required[first] {
                return None;
            }
        }
    }
    only
}

/// Where that scope is declared, else where it is first required.
fn only_scope_place(model: &Model) -> Option<Place> {
    let api = model.api();
    let index = only_scope(model)?;
    let name = api.scopes.required[index];
    let declared = api.scopes.declared.iter().find(|scope| scope.name == name);
    Some(declared.map_or_else(|| Place::value(api.security.scopes[index].at), |scope| Place::key(scope.entry)))
}

pub(super) static FIELDS: &[Field] = &[
    field(
        Kind::Document,
        "delegatedOperations",
        Type::Nodes(Kind::Operation),
        "Incoming operations that OAuth 2 or OpenID Connect protects.",
        |m, _| Fact::nodes(Kind::Operation, delegated(m)),
    ),
    placed(
        Kind::Document,
        "onlyScope",
        Type::Text,
        "The scope that each of those operations requires, and no other; absent if there is no such scope. Stands where it is declared, else where it is first required.",
        |m, _| Fact::text(only_scope(m).map(|index| m.name(m.api().scopes.required[index]))),
        |m, _| only_scope_place(m),
    ),
    field(
        Kind::Operation,
        "selfPath",
        Type::Bool,
        "Whether a static segment of its path stands for the caller (@self-path).",
        |m, i| Fact::bool(is_self_path(m, i)),
    ),
    field(
        Kind::Operation,
        "adminSegment",
        Type::Name,
        "The first segment of its path, base path included, that makes it an admin path.",
        |m, i| name(m.api().operations[i as usize].admin),
    ),
    field(
        Kind::Operation,
        "authentication",
        Type::Text,
        "Its effective security as text, equal for operations that are protected alike: alternatives, schemes and scopes in order of the alphabet (`bearer or oauth [read, write]`). Absent where callers need no credentials.",
        |m, i| {
            authentication(m, i, |authentication| {
                let text = m.api().authentications().text(authentication);
                if text.is_empty() { Fact::Absent } else { owned(text.to_owned()) }
            })
        },
    ),
    field(
        Kind::Operation,
        "ordinaryAuthentication",
        Type::Bool,
        "Whether an incoming operation outside admin paths is protected in exactly the same way.",
        |m, i| {
            authentication(m, i, |authentication| {
                Fact::bool(m.api().authentications().is_used_outside_admin(authentication))
            })
        },
    ),
    field(Kind::DeclaredScope, "name", Type::Name, "The scope. Stands at its key.", |m, i| {
        name(Some(declared(m, i).name))
    }),
    field(Kind::DeclaredScope, "of", Type::Text, "Name of the security scheme that declares it.", |m, i| {
        Fact::text(Some(scheme_name(m, declared(m, i).scheme)))
    }),
    field(Kind::DeclaredScope, "required", Type::Bool, "Whether some requirement names it.", |m, i| {
        Fact::bool(declared(m, i).required)
    }),
    field(
        Kind::DeclaredScope,
        "schemeRequired",
        Type::Bool,
        "Whether some requirement names its security scheme.",
        |m, i| {
            let scheme = Some(declared(m, i).scheme);
            Fact::bool(m.api().security.required.iter().any(|required| required.scheme == scheme))
        },
    ),
    field(Kind::RequiredScheme, "kind", Type::Choice(SCHEME_KINDS), "What that scheme is.", |m, i| {
        Fact::Known(Value::Choice(m.api().security.kind(required(m, i)) as u8))
    }),
    field(Kind::RequiredScheme, "scopes", Type::Names, "The scopes, or roles, that are required of it.", |m, i| {
        let scopes = m.api().scopes.required[Scopes::of(m.api(), i)].to_vec();
        if scopes.is_empty() { Fact::Absent } else { Fact::Known(Value::Names(scopes)) }
    }),
    field(
        Kind::RequiredScheme,
        "declaredScopes",
        Type::Nodes(Kind::DeclaredScope),
        "The scopes that the scheme declares.",
        |m, i| {
            let scheme = required(m, i).scheme;
            let declared = m.api().scopes.declared.iter().enumerate();
            let of_scheme = declared.filter(|(_, scope)| Some(scope.scheme) == scheme);
            Fact::nodes(Kind::DeclaredScope, of_scheme.map(|(index, _)| index as u32))
        },
    ),
    version(Kind::RequiredScope),
];

//! Fields on what operations take and return: the names in it, and what sets or
//! issues credentials.

use super::operation::{operation, successes};
use super::parameter::url_credentials;
use super::property::{property, wrappers};
use super::schema::{effective, members};
use super::{Fact, Field, Kind, Model, Type, Value};
use super::{field, name};
use crate::model::openapi::grammar::{Object, Version};
use crate::model::openapi::graph::IN;
use crate::model::openapi::walk::Edge;
use crate::model::{NameId, Why};

/// How many schemas of a body are looked into.
const MOST_SCHEMAS: usize = 200;

/// Names of the properties at any depth of some schemas, in the order they are reached.
fn names_in(model: &Model, roots: Vec<u32>) -> Vec<NameId> {
    let api = model.api();
    let mut open = roots;
    let mut names = Vec::new();
    let mut next = 0;
    while let Some(&number) = open.get(next) {
        next += 1;
        for &(to, edge) in api.graph.out(number) {
            if edge == Edge::Aside || !api.graph.is_schema(to) {
                continue;
            }
            if let Edge::Property(entry) = edge {
                names.extend(api.property_at(entry).map(|property| property.name));
            }
            if open.len() < MOST_SCHEMAS && !open.contains(&to) {
                open.push(to);
            }
        }
    }
    names
}

/// Names of the fields that the body or form of an operation can hold.
pub(super) fn sent(model: &Model, index: u32) -> Vec<NameId> {
    let api = model.api();
    let this = operation(model, index);
    let bodies = api.graph.parts(this.number, Object::RequestBody);
    let media = bodies.flat_map(|body| api.graph.parts(body, Object::MediaType));
    let mut roots: Vec<u32> = media.filter_map(|media| api.graph.part(media, Object::Schema)).collect();
    let mut names = Vec::new();
    for parameter in this.parameters.iter().map(|&index| &api.parameters[index as usize]) {
        match parameter.sent_in() {
            Some("body") => roots.extend(parameter.schema),
            Some("formData") => names.push(parameter.name),
            _ => {}
        }
    }
    names.extend(names_in(model, roots));
    names
}

/// Names of the fields that the 2XX responses of an operation can hold.
fn returned(model: &Model, index: u32) -> Vec<NameId> {
    let api = model.api();
    let roots = successes(model, index).into_iter().flat_map(|response| {
        let media = api.graph.parts(response, Object::MediaType);
        let schemas = media.filter_map(|media| api.graph.part(media, Object::Schema));
        let own = (api.version == Version::V20).then(|| api.graph.part(response, Object::Schema)).flatten();
        schemas.chain(own)
    });
    names_in(model, roots.collect())
}

/// Operations whose body is the object that a property belongs to, or wraps it in its only property.
fn set_by(model: &Model, index: u32) -> Vec<u32> {
    let owner = property(model, index).owner;
    let wholes = std::iter::once(owner).chain(wrappers(model, owner));
    let mut operations: Vec<u32> = wholes.flat_map(|whole| model.api().called_of(whole, IN, true)).collect();
    operations.sort_unstable();
    operations.dedup();
    operations
}

/// The length of the shortest text that a property admits, where that can be told.
fn shortest(model: &Model, index: u32) -> Fact<'static> {
    let api = model.api();
    let number = property(model, index).schema;
    let Some(effective) = effective(model, Some(number)) else { return Fact::Absent };
    if effective.unknown {
        return Fact::Unknown(Why::UnresolvedReference, Some(api.place(number)));
    }
    let has_branches = members(model, number)
        .into_iter()
        .any(|member| api.graph.out(member).iter().any(|(_, edge)| *edge == Edge::Branch));
    if effective.finite.is_some() || has_branches {
        return Fact::Absent;
    }
    let stated = effective.min_length.map_or(0.0, |bound| bound.value);
    match effective.pattern {
        None => Fact::number(Some(stated)),
        Some(pattern) => Fact::number(model.shortest_match(pattern).map(|implied| stated.max(implied as f64))),
    }
}

pub(super) static FIELDS: &[Field] = &[
    field(Kind::Operation, "staticSegments", Type::Names, "The static segments of its path.", |m, i| {
        Fact::Known(Value::Names(operation(m, i).static_segments.clone()))
    }),
    field(Kind::Operation, "lastSegment", Type::Name, "The last static segment of its path.", |m, i| {
        name(operation(m, i).static_segments.last().copied())
    }),
    field(
        Kind::Operation,
        "ownerSegment",
        Type::Name,
        "The static segment before the last static one, parameters between them skipped: `users` of `/users/{id}/email`.",
        |m, i| name(operation(m, i).static_segments.iter().nth_back(1).copied()),
    ),
    field(Kind::Operation, "pathWords", Type::Name, "Its path without parameters, as one name.", |m, i| {
        name(Some(operation(m, i).path_words))
    }),
    field(
        Kind::Operation,
        "bodyFields",
        Type::Names,
        "Names of the fields, at any depth, of its request body or form.",
        |m, i| Fact::Known(Value::Names(sent(m, i))),
    ),
    field(
        Kind::Operation,
        "responseFields",
        Type::Names,
        "Names of the fields, at any depth, of its 2XX responses.",
        |m, i| Fact::Known(Value::Names(returned(m, i))),
    ),
    field(
        Kind::Operation,
        "urlCredentials",
        Type::Nodes(Kind::Parameter),
        "Its parameters whose `urlCredential` is `strong`.",
        |m, i| Fact::nodes(Kind::Parameter, url_credentials(m, i)),
    ),
    field(
        Kind::Property,
        "shortest",
        Type::Number,
        "The length in characters of the shortest text that `minLength` and `pattern` admit, 0 without either. Absent where enum, const, alternatives or a pattern that cannot be read decide.",
        shortest,
    ),
    field(
        Kind::Property,
        "sentBy",
        Type::Nodes(Kind::Operation),
        "Operations that clients call whose requests can hold it.",
        |m, i| Fact::nodes(Kind::Operation, m.api().called_of(property(m, i).owner, IN, false)),
    ),
    field(
        Kind::Property,
        "setBy",
        Type::Nodes(Kind::Operation),
        "Operations that clients call whose request body has it at the top, or in the one property that wraps it (`{user: {...}}`).",
        |m, i| Fact::nodes(Kind::Operation, set_by(m, i)),
    ),
];

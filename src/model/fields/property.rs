//! Fields of properties: who may write them, and who gets to see them.

use super::schema::{creates_or_updates, credential, effective, members, own_properties, property_name};
use super::{CREDENTIAL, DIRECTIONS, Fact, Field, Kind, Model, Type, Value, field, name, set, texts};
use crate::model::NameId;
use crate::model::openapi::grammar::Object;
use crate::model::openapi::graph::{IN, OUT};
use crate::model::openapi::operation::segments;
use crate::model::openapi::view::K;
use crate::model::openapi::walk::Edge;
use crate::model::openapi::{Parameter, Property};
use crate::source::NodeKind;
use crate::span::At;
use crate::words;

pub(super) fn property(model: &Model, index: u32) -> &Property {
    &model.api().properties[index as usize]
}

pub(super) fn schema(model: &Model, index: u32) -> Option<u32> {
    Some(property(model, index).schema)
}

/// Directions in which it travels, `readOnly` and `writeOnly` considered.
pub(super) fn direction(model: &Model, index: u32) -> Fact<'static> {
    let this = property(model, index);
    set(u32::from(model.api().graph.direction(this.owner) & passing(model, this)))
}

/// The directions that `readOnly` and `writeOnly` leave to a property.
pub(super) fn passing(model: &Model, property: &Property) -> u8 {
    let lost = effective(model, Some(property.schema))
        .map_or(0, |schema| (if schema.read_only { IN } else { 0 }) | (if schema.write_only { OUT } else { 0 }));
    (IN | OUT) & !lost
}

/// Creating and updating operations with the property at the top of their body, without those whose path names it.
fn writable_through(model: &Model, index: u32) -> Vec<u32> {
    let api = model.api();
    let this = property(model, index);
    if effective(model, Some(this.schema)).is_some_and(|effective| effective.read_only) {
        return Vec::new();
    }
    let words: Vec<String> = words::split(model.name(this.name));
    let same = |segment: &str| {
        let other = words::split(segment);
        let last = |words: &[String]| words.last().map(|word| words::singular(word).to_string());
        !segment.contains('{') && last(&other) == last(&words)
    };
    let bodies = bodies(model, this.owner);
    let mut operations: Vec<u32> = bodies.into_iter().flat_map(|body| api.operations_of(body, IN, true)).collect();
    operations.sort_unstable();
    operations.dedup();
    operations.retain(|&index| {
        let operation = &api.operations[index as usize];
        creates_or_updates(operation)
            && api.is_called(operation)
            && !segments(api.path_of(operation)).into_iter().any(same)
            && is_in_body(model, this.owner, index)
    });
    operations
}

/// Whether a schema is the whole of a request body, or composes it.
fn is_body(model: &Model, owner: u32) -> bool {
    let graph = &model.api().graph;
    graph.is_top_body(owner) || graph.objects[owner as usize].object == Object::Parameter
}

/// The schemas of whole request bodies that have the properties of `owner`: itself, and those that hold
/// nothing but it (`{user: {...}}`).
fn bodies(model: &Model, owner: u32) -> Vec<u32> {
    let own = is_body(model, owner).then_some(owner).into_iter();
    own.chain(wrappers(model, owner).into_iter().filter(|&from| model.api().graph.is_top_body(from))).collect()
}

/// The schemas whose only property is a schema, or one that it is a member of (`{user: {...}}`).
pub(super) fn wrappers(model: &Model, schema: u32) -> Vec<u32> {
    let graph = &model.api().graph;
    let holders = graph.wholes(schema, MOST_WHOLES).into_iter().flat_map(|whole| graph.back(whole));
    let alone =
        holders.filter(|(from, edge)| matches!(edge, Edge::Property(_)) && own_properties(model, *from).count() == 1);
    alone.map(|&(from, _)| from).collect()
}

/// How many schemas are looked at that a schema is a member of.
pub(super) const MOST_WHOLES: usize = 200;

/// What the schema of a property, or the nearest one it is composed of, has under a key.
fn written(model: &Model, index: u32, key: K) -> Option<At> {
    let api = model.api();
    let mut schemas = members(model, property(model, index).schema).into_iter();
    schemas.find_map(|number| api.view.get(api.graph.objects[number as usize].at, key))
}

/// The scalars shown as its example or examples.
fn examples(model: &Model, index: u32) -> Vec<&str> {
    let view = &model.api().view;
    let list = written(model, index, K::Examples).filter(|&list| view.kind(list) == NodeKind::Seq);
    let listed = list.into_iter().flat_map(|list| view.children(list)).map(|entry| view.resolve(entry));
    let shown = written(model, index, K::Example).into_iter().chain(listed);
    shown.filter(|&value| view.is_scalar(value)).map(|value| view.text(value)).collect()
}

/// Names of the other properties of the same object.
pub(super) fn siblings(model: &Model, index: u32) -> Vec<NameId> {
    let this = property(model, index);
    let entries = members(model, this.owner).into_iter().flat_map(|member| own_properties(model, member));
    let names = entries.filter_map(|(entry, _)| property_name(model, entry));
    names.filter(|&name| name != this.name).collect()
}

/// Whether an operation takes a schema in its body, not only in a parameter or header.
fn is_in_body(model: &Model, schema: u32, operation: u32) -> bool {
    let api = model.api();
    let operation = &api.operations[operation as usize];
    let of_body = |parameter: &&Parameter| parameter.sent_in() == Some("body");
    api.graph.part(operation.number, Object::RequestBody).is_some()
        || operation
            .parameters
            .iter()
            .map(|&index| &api.parameters[index as usize])
            .any(|parameter| of_body(&parameter))
        || api.graph.objects[schema as usize].object == Object::Parameter
}

pub(super) static FIELDS: &[Field] = &[
    field(Kind::Property, "name", Type::Name, "Its name. Stands at the key.", |m, i| name(Some(property(m, i).name))),
    field(
        Kind::Property,
        "direction",
        Type::Set(DIRECTIONS),
        "E3, of the property itself: `readOnly` takes `request` away, `writeOnly` takes `response`.",
        direction,
    ),
    field(Kind::Property, "readOnly", Type::Bool, "Effective `readOnly`.", |m, i| {
        Fact::bool(effective(m, schema(m, i)).is_some_and(|effective| effective.read_only))
    }),
    field(Kind::Property, "writeOnly", Type::Bool, "Effective `writeOnly`.", |m, i| {
        Fact::bool(effective(m, schema(m, i)).is_some_and(|effective| effective.write_only))
    }),
    field(
        Kind::Property,
        "credential",
        Type::Choice(CREDENTIAL),
        "E6: `strong`, `bare` or `weak` credential name; absent otherwise.",
        |m, i| credential(m, Some(property(m, i).name), false),
    ),
    field(Kind::Property, "description", Type::Text, "Its description, or that of the schema it refers to.", |m, i| {
        let text = written(m, i, K::Description).filter(|&value| m.api().view.is_scalar(value));
        Fact::text(text.map(|value| m.api().view.text(value)))
    }),
    field(Kind::Property, "examples", Type::Texts, "Values shown for it: `example` and `examples`.", |m, i| {
        texts(examples(m, i))
    }),
    field(Kind::Property, "siblings", Type::Names, "Names of the other properties of the same object.", |m, i| {
        Fact::Known(Value::Names(siblings(m, i)))
    }),
    field(
        Kind::Property,
        "flag",
        Type::Bool,
        "Whether the name asks a question (`isAdmin`, `hasPassword`).",
        |m, i| {
            const ASKS: [&str; 9] = ["is", "has", "are", "can", "should", "needs", "requires", "use", "uses"];
            let words = words::split(m.name(property(m, i).name));
            Fact::bool(words.len() > 1 && words.first().is_some_and(|first| ASKS.contains(&first.as_str())))
        },
    ),
    field(
        Kind::Property,
        "topLevel",
        Type::Bool,
        "Whether it belongs to the whole of a request body, or to the one property that wraps it (`{user: {...}}`).",
        |m, i| {
            let owner = property(m, i).owner;
            Fact::bool(is_body(m, owner) || !bodies(m, owner).is_empty())
        },
    ),
    field(
        Kind::Property,
        "writableThrough",
        Type::Nodes(Kind::Operation),
        "Creating and updating operations of whose body it is a top-level property, without those whose path names it.",
        |m, i| Fact::nodes(Kind::Operation, writable_through(m, i)),
    ),
    field(
        Kind::Property,
        "returnedBy",
        Type::Nodes(Kind::Operation),
        "Incoming operations whose responses can hold it.",
        |m, i| {
            let this = property(m, i);
            if passing(m, this) & OUT == 0 {
                return Fact::Absent;
            }
            Fact::nodes(Kind::Operation, m.api().called_of(this.owner, OUT, false))
        },
    ),
];

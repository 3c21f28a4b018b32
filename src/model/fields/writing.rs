//! Fields on what clients may write: closed and open objects, patches, and
//! properties that requests require although the server sets them.

use super::content::media;
use super::property::property;
use super::schema::{effective, members, own_properties, property_name};
use super::{Fact, Field, Kind, Model, Type, Value, field, key_of, placed, version};
use crate::model::openapi::graph::IN;
use crate::model::openapi::view::K;
use crate::model::openapi::walk::Edge;
use crate::model::{NameId, Why};
use crate::source::NodeKind;
use crate::span::{At, Place};

/// More schemas than this are not composed of one.
const MOST_SCHEMAS: usize = 200;

fn number(model: &Model, index: u32) -> u32 {
    model.api().schemas[index as usize]
}

fn at(model: &Model, number: u32) -> At {
    model.api().graph.objects[number as usize].at
}

/// The entry of a schema among the shared ones: its key is the name.
fn component(model: &Model, index: u32) -> Option<At> {
    let view = &model.api().view;
    let entry = at(model, number(model, index));
    let map = view.parent(entry)?;
    let is_shared = match view.key(map)? {
        "schemas" => view.parent(map).and_then(|above| view.key(above)) == Some("components"),
        key => key == "definitions",
    };
    is_shared.then_some(entry)
}

/// The own `additionalProperties: false` of a schema.
fn closing(model: &Model, index: u32) -> Option<At> {
    let view = &model.api().view;
    let at = at(model, number(model, index));
    let entry = view.entry(at, K::AdditionalProperties)?;
    let value = view.resolve(entry);
    let is_false = view.tree(value.file).bool(value.node) == Some(false);
    (is_false && view.entry(at, K::PatternProperties).is_none()).then_some(entry)
}

/// Properties that a closed schema rejects although a schema it is composed with names them.
fn closed_against(model: &Model, index: u32) -> Vec<NameId> {
    if closing(model, index).is_none() {
        return Vec::new();
    }
    let number = number(model, index);
    let named = |number: u32| own_properties(model, number).filter_map(|(entry, _)| property_name(model, entry));
    let own: Vec<NameId> = named(number).collect();
    let mut rejected = Vec::new();
    for member in model.api().graph.wholes(number, MOST_SCHEMAS).into_iter().flat_map(|whole| members(model, whole)) {
        for name in named(member) {
            if !own.contains(&name) && !rejected.contains(&name) {
                rejected.push(name);
            }
        }
    }
    rejected
}

/// Whether a schema that only requests hold names a property in `required`.
fn is_required_of_clients(model: &Model, index: u32) -> bool {
    let api = model.api();
    let this = property(model, index);
    let names_it = |&number: &u32| {
        let required = api.view.get(at(model, number), K::Required);
        let list = required.filter(|&list| api.view.kind(list) == NodeKind::Seq);
        let mut items = list.into_iter().flat_map(|list| api.view.children(list));
        api.graph.direction(number) == IN
            && items.any(|item| api.view.text(api.view.resolve(item)) == model.name(this.name))
    };
    api.graph.wholes(this.owner, MOST_SCHEMAS).into_iter().any(|whole| members(model, whole).iter().any(names_it))
}

/// Properties of the items of a media type's array, those of alternatives included.
fn item_properties(model: &Model, index: u32) -> Fact<'static> {
    let api = model.api();
    let Some(schema) = media(model, index).schema else { return Fact::Absent };
    let lists = members(model, schema);
    let parts = lists.iter().flat_map(|&list| api.graph.out(list)).filter(|(_, edge)| *edge == Edge::Part);
    let mut open: Vec<u32> = parts.map(|&(item, _)| item).collect();
    let mut next = 0;
    let mut properties = Vec::new();
    let mut unknown = effective(model, Some(schema)).is_some_and(|effective| effective.unknown);
    while let Some(&number) = open.get(next) {
        next += 1;
        unknown |= effective(model, Some(number)).is_some_and(|effective| effective.unknown);
        for &(to, edge) in api.graph.out(number) {
            match edge {
                Edge::Property(entry) => properties.extend(api.property_index(entry)),
                Edge::Both | Edge::Branch if !open.contains(&to) && open.len() < MOST_SCHEMAS => open.push(to),
                _ => {}
            }
        }
    }
    if unknown {
        return Fact::Unknown(Why::UnresolvedReference, Some(api.place(schema)));
    }
    properties.sort_unstable();
    Fact::nodes(Kind::Property, properties)
}

pub(super) static FIELDS: &[Field] = &[
    placed(
        Kind::Schema,
        "component",
        Type::Text,
        "Its name among the shared schemas (`components.schemas`, `definitions`); absent elsewhere. Stands at that key.",
        |m, i| Fact::text(component(m, i).and_then(|entry| m.api().view.key(entry))),
        |m, i| component(m, i).map(Place::key),
    ),
    placed(
        Kind::Schema,
        "rejects",
        Type::Names,
        "Properties that its own `additionalProperties: false` rejects, although a schema it is composed with by `allOf` names them. Stands at `additionalProperties`.",
        |m, i| {
            let rejected = closed_against(m, i);
            if rejected.is_empty() { Fact::Absent } else { Fact::Known(Value::Names(rejected)) }
        },
        |m, i| key_of(closing(m, i)),
    ),
    field(
        Kind::Schema,
        "bodyOf",
        Type::Nodes(Kind::MediaType),
        "Media types of requests whose whole schema it is.",
        |m, i| Fact::nodes(Kind::MediaType, m.api().bodies_of(number(m, i)).iter().copied()),
    ),
    field(
        Kind::MediaType,
        "itemProperties",
        Type::Nodes(Kind::Property),
        "If its schema is an array: the properties of its items, those of every alternative included.",
        item_properties,
    ),
    field(
        Kind::Property,
        "requiredOfClients",
        Type::Bool,
        "Whether a schema that only requests hold names it in `required`.",
        |m, i| Fact::bool(is_required_of_clients(m, i)),
    ),
    version(Kind::Property),
];

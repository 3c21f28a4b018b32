//! Fields on what parameters, properties and schemas are used for: what of them
//! OpenAPI ignores, which operations take them, and which personal data they hold.

use super::parameter::parameter;
use super::schema::{effective, own_properties, property_name};
use super::{Fact, Field, Kind, Model, Type, field, key_of, placed, texts};
use crate::model::openapi::grammar::Version;
use crate::model::openapi::graph::{IN, OUT, types};
use crate::model::openapi::operation::Class;
use crate::model::openapi::view::K;
use crate::model::openapi::walk::Edge;
use crate::span::At;

/// Whether OpenAPI 3 ignores a parameter: media types and security schemes say what these headers hold.
fn is_ignored(model: &Model, index: u32) -> bool {
    const IGNORED: [&str; 3] = ["accept", "content-type", "authorization"];
    let this = parameter(model, index);
    model.api().version != Version::V20
        && this.sent_in() == Some("header")
        && IGNORED.contains(&model.name(this.name).to_ascii_lowercase().as_str())
}

/// Writing operations that take a schema as many things at once: as the whole body, or,
/// below a path of @batch, as a property of it.
fn batch_of(model: &Model, index: u32) -> Vec<u32> {
    let api = model.api();
    let number = api.schemas[index as usize];
    if effective(model, Some(number)).is_none_or(|effective| effective.types & types::ARRAY == 0) {
        return Vec::new();
    }
    let writes = |&index: &u32| {
        let operation = &api.operations[index as usize];
        operation.class == Class::Write && api.is_called(operation)
    };
    let list = api.names.lists.id("batch");
    // Further to the front the word names an area, such as batch jobs.
    let in_batch = |&index: &u32| {
        let mut last = api.operations[index as usize].static_segments.iter().rev().take(2);
        last.any(|&segment| list.is_some_and(|list| model.hits(segment).any(list)))
    };
    let mut operations = Vec::new();
    if api.graph.is_top_body(number) {
        operations.extend(api.operations_of(number, IN, true).into_iter().filter(writes));
    }
    for &(owner, edge) in api.graph.back(number) {
        if matches!(edge, Edge::Property(_)) && api.graph.is_top_body(owner) {
            operations.extend(api.operations_of(owner, IN, true).into_iter().filter(writes).filter(in_batch));
        }
    }
    operations.sort_unstable();
    operations.dedup();
    operations
}

/// Whether a property of a schema holds personal data: by its name (@pii), or, where that is vague, beside more of it.
pub(super) fn is_personal(model: &Model, owner: u32, entry: At, schema: u32) -> bool {
    let lists = model.lists();
    let head = |entry: At, list: &str| {
        let hits = property_name(model, entry).map(|name| model.hits(name));
        hits.is_some_and(|hits| lists.id(list).is_some_and(|list| hits.head(list)))
    };
    let is_vague = |entry: At| {
        let hits = property_name(model, entry).map(|name| model.hits(name));
        hits.is_some_and(|hits| lists.id("pii-vague").is_some_and(|list| hits.whole(list)))
    };
    let view = &model.api().view;
    let of_machine = || {
        let format = effective(model, Some(schema)).and_then(|effective| effective.format);
        format.is_some_and(|format| matches!(view.text(format), "ipv4" | "ipv6" | "ip"))
    };
    // A list of records is told of where the record names the data.
    let of_records = || {
        let items = model.api().graph.out(schema).iter().filter(|(_, edge)| *edge == Edge::Part);
        items
            .filter_map(|&(item, _)| effective(model, Some(item)))
            .any(|effective| effective.types & types::OBJECT != 0)
            && effective(model, Some(schema)).is_some_and(|effective| effective.types & types::ARRAY != 0)
    };
    let beside = || {
        let mut others = own_properties(model, owner).map(|(other, _)| other).filter(|&other| !is_vague(other));
        others.any(|other| head(other, "pii") || head(other, "person"))
    };
    head(entry, "pii") && (!is_vague(entry) || beside()) && !of_machine() && !of_records()
}

/// Properties of a schema that hold personal data and are returned: entries.
fn pii(model: &Model, index: u32) -> Vec<At> {
    let api = model.api();
    let number = api.schemas[index as usize];
    if api.graph.direction(number) & OUT == 0 {
        return Vec::new();
    }
    let entries = own_properties(model, number).filter(|&(entry, schema)| {
        is_personal(model, number, entry, schema)
            && effective(model, Some(schema)).is_some_and(|effective| {
                !effective.write_only && effective.types & !(types::BOOLEAN | types::NULL) != 0
            })
    });
    entries.map(|(entry, _)| entry).collect()
}

pub(super) static FIELDS: &[Field] = &[
    field(Kind::Parameter, "description", Type::Text, "Its description.", |m, i| {
        Fact::text(m.api().view.scalar(parameter(m, i).at, K::Description))
    }),
    field(
        Kind::Parameter,
        "ignored",
        Type::Bool,
        "Whether OpenAPI 3 says that it has no effect: a header parameter Accept, Content-Type or Authorization.",
        |m, i| Fact::bool(is_ignored(m, i)),
    ),
    field(
        Kind::Schema,
        "batchOf",
        Type::Nodes(Kind::Operation),
        "Writing operations that take this array as many things at once: it is the whole body, or a top-level property of it at a path whose last two static segments have a word of @batch.",
        |m, i| Fact::nodes(Kind::Operation, batch_of(m, i)),
    ),
    field(
        Kind::Schema,
        "returnedBy",
        Type::Nodes(Kind::Operation),
        "Incoming operations whose responses can hold it.",
        |m, i| Fact::nodes(Kind::Operation, m.api().called_of(m.api().schemas[i as usize], OUT, false)),
    ),
    placed(
        Kind::Schema,
        "piiFields",
        Type::Texts,
        "Names of its own properties that hold personal data (@pii) and are returned. Stands at the first of them.",
        |m, i| texts(pii(m, i).into_iter().filter_map(|entry| m.api().view.key(entry))),
        |m, i| key_of(pii(m, i).first().copied()),
    ),
];

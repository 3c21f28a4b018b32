//! Fields on what becomes of operations: versions beside each other, deprecation, their end, and for whom they are.

use super::operation::operation;
use super::{Fact, Field, Kind, Model, Type, field, key_of, name, owned, placed, thing, value_of};
use crate::model::openapi::lifecycle::{self, Stated};
use crate::model::openapi::strength;
use crate::model::openapi::versions::Twin;
use crate::model::openapi::view::K;
use crate::span::{At, Place};

fn twin(model: &Model, index: u32) -> Option<&Twin> {
    model.versions().of(index)
}

/// The same operation in the next version.
fn next(model: &Model, index: u32) -> Option<u32> {
    twin(model, index)?.newer.first().copied()
}

fn sunset(model: &Model, index: u32) -> Option<Stated> {
    lifecycle::sunset(model.api(), operation(model, index))
}

/// Newer versions of an operation whose weakest alternative is stronger than its own.
fn stronger(model: &Model, index: u32) -> Vec<u32> {
    let api = model.api();
    let rank = |operation: u32| strength::of_operation(api, operation).map(|(weakest, _)| weakest);
    let Some((twin, own)) = twin(model, index).zip(rank(index)) else { return Vec::new() };
    twin.newer.iter().copied().filter(|&newer| rank(newer).is_some_and(|newer| newer > own)).collect()
}

fn is_deprecated(model: &Model, index: u32) -> bool {
    // Some tools mark the path item.
    is_marked(model, index, K::Deprecated)
}

/// Whether an operation or its path item has `true` under a key.
fn is_marked(model: &Model, index: u32, key: K) -> bool {
    let api = model.api();
    let this = operation(model, index);
    let item = api.graph.objects[api.items[this.item as usize].number as usize].at;
    api.view.is_true(this.at, key) || api.view.is_true(item, key)
}

/// The value that lets agents run the operation without asking, or makes them ask.
fn consequential(model: &Model, index: u32) -> Option<At> {
    let api = model.api();
    let this = operation(model, index).at;
    let node = api.view.tree(this.file).get(this.node, "x-openai-isConsequential")?;
    Some(api.view.resolve(At { node, ..this }))
}

fn first_deprecated(model: &Model) -> Option<Place> {
    let first = (0..model.api().operations.len() as u32).find(|&index| is_deprecated(model, index));
    key_of(first.map(|index| operation(model, index).entry))
}

fn item_entry(model: &Model, index: u32) -> At {
    model.api().items[operation(model, index).item as usize].entry
}

pub(super) static FIELDS: &[Field] = &[
    placed(
        Kind::Document,
        "deprecatedOperations",
        Type::Nodes(Kind::Operation),
        "Its deprecated operations. Stands at the first.",
        |m, _| {
            Fact::nodes(Kind::Operation, (0..m.api().operations.len() as u32).filter(|&index| is_deprecated(m, index)))
        },
        |m, _| first_deprecated(m),
    ),
    placed(
        Kind::Document,
        "outgoingOperations",
        Type::Nodes(Kind::Operation),
        "Its webhooks and callbacks. Stands at the first webhook or callback.",
        |m, _| Fact::nodes(Kind::Operation, outgoing(m)),
        |m, _| key_of(outgoing(m).next().map(|index| item_entry(m, index))),
    ),
    placed(
        Kind::Operation,
        "pathKey",
        Type::Thing,
        "The path, webhook or callback it belongs to. Stands at the key.",
        |_, _| thing(true),
        |m, i| Some(Place::key(item_entry(m, i))),
    ),
    field(
        Kind::Operation,
        "firstSegment",
        Type::Name,
        "The first segment of its path after `api` and versions, where that is static.",
        |m, i| name(m.api().items[operation(m, i).item as usize].first_segment),
    ),
    placed(
        Kind::Operation,
        "deprecated",
        Type::Bool,
        "Whether it or its path item is `deprecated: true`.",
        |m, i| Fact::bool(is_deprecated(m, i)),
        |m, i| key_of(m.api().view.entry(operation(m, i).at, K::Deprecated)),
    ),
    field(Kind::Operation, "description", Type::Text, "Its `description`.", |m, i| {
        Fact::text(m.api().view.scalar(operation(m, i).at, K::Description))
    }),
    field(Kind::Operation, "summary", Type::Text, "Its `summary`.", |m, i| {
        Fact::text(m.api().view.scalar(operation(m, i).at, K::Summary))
    }),
    field(
        Kind::Operation,
        "endAnnounced",
        Type::Bool,
        "Whether an extension with a date (`x-sunset`, a `removalDate` of a vendor) or a response header `Sunset` or `Deprecation` says when it ends.",
        |m, i| Fact::bool(lifecycle::is_announced(m.api(), operation(m, i))),
    ),
    placed(
        Kind::Operation,
        "sunset",
        Type::Text,
        "The day on which it ends, as 2027-01-31: by `x-sunset` or another extension, or by a value shown for the response header `Sunset`. Stands at the value.",
        |m, i| sunset(m, i).map_or(Fact::Absent, |sunset| owned(sunset.date.to_string())),
        |m, i| value_of(sunset(m, i).map(|sunset| sunset.at)),
    ),
    field(Kind::Operation, "sunsetPassed", Type::Bool, "Whether that day is over; absent without it.", |m, i| {
        sunset(m, i).map_or(Fact::Absent, |sunset| Fact::bool(sunset.date < m.today()))
    }),
    field(
        Kind::Operation,
        "version",
        Type::Text,
        "The version segment of its path (`v1`), if the same method and path exist in another version.",
        |m, i| Fact::text(twin(m, i).map(|twin| twin.version.as_str())),
    ),
    field(Kind::Operation, "nextVersion", Type::Text, "The version segment of the next newer one.", |m, i| {
        Fact::text(next(m, i).and_then(|next| twin(m, next)).map(|twin| twin.version.as_str()))
    }),
    field(
        Kind::Operation,
        "newerVersions",
        Type::Nodes(Kind::Operation),
        "The same operation in newer versions, the next one first.",
        |m, i| Fact::nodes(Kind::Operation, twin(m, i).into_iter().flat_map(|twin| twin.newer.iter().copied())),
    ),
    field(
        Kind::Operation,
        "strongerVersions",
        Type::Nodes(Kind::Operation),
        "Those of them whose weakest way to authenticate is stronger than its own.",
        |m, i| Fact::nodes(Kind::Operation, stronger(m, i)),
    ),
    field(
        Kind::Operation,
        "markedInternal",
        Type::Bool,
        "Whether it or its path item carries `x-internal: true`.",
        |m, i| Fact::bool(is_marked(m, i, K::XInternal)),
    ),
    field(Kind::Operation, "servers", Type::Nodes(Kind::Server), "The servers in effect (E2).", |m, i| {
        Fact::nodes(Kind::Server, m.servers_of(i).iter().copied())
    }),
    placed(
        Kind::Operation,
        "consequential",
        Type::Bool,
        "`x-openai-isConsequential`: whether an agent has to ask before it calls the operation. Stands at the value.",
        |m, i| {
            let value = consequential(m, i);
            value.and_then(|at| m.api().view.tree(at.file).bool(at.node)).map_or(Fact::Absent, Fact::bool)
        },
        |m, i| value_of(consequential(m, i)),
    ),
];

fn outgoing(model: &Model) -> impl Iterator<Item = u32> + '_ {
    let api = model.api();
    let is_outgoing = move |&index: &u32| !api.is_called(&api.operations[index as usize]);
    (0..api.operations.len() as u32).filter(is_outgoing)
}

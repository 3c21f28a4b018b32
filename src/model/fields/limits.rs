//! Fields of pairs of limits, of keywords without effect and of cycles of schemas.

use super::{DIRECTIONS, Fact, Field, Kind, MEASURES, Model, REASONS, TYPES, Type, Value, field, placed, set, texts};
use crate::model::openapi::cycles::Cycle;
use crate::model::openapi::limits::{Ignored, Range};
use crate::resolve;
use crate::span::{At, Place};

fn range(model: &Model, index: u32) -> &Range {
    &model.ranges()[index as usize]
}

fn ignored(model: &Model, index: u32) -> &Ignored {
    &model.ignored_keywords()[index as usize]
}

fn cycle(model: &Model, index: u32) -> &Cycle {
    &model.cycles()[index as usize]
}

fn key(model: &Model, at: At) -> Fact<'_> {
    Fact::text(model.api().view.key(at))
}

pub(super) static FIELDS: &[Field] = &[
    field(Kind::Range, "of", Type::Choice(MEASURES), "What is limited.", |m, i| {
        Fact::Known(Value::Choice(range(m, i).of as u8))
    }),
    placed(
        Kind::Range,
        "lower",
        Type::Number,
        "The lower limit. Stands at its value.",
        |m, i| Fact::number(Some(range(m, i).lower.value)),
        |m, i| Some(Place::value(range(m, i).lower.at)),
    ),
    field(Kind::Range, "upper", Type::Number, "The upper limit. Stands at its value.", |m, i| {
        Fact::number(Some(range(m, i).upper.value))
    }),
    field(Kind::Range, "lowerKey", Type::Text, "The keyword of the lower limit.", |m, i| key(m, range(m, i).lower.at)),
    field(Kind::Range, "upperKey", Type::Text, "The keyword of the upper limit.", |m, i| key(m, range(m, i).upper.at)),
    field(
        Kind::Range,
        "empty",
        Type::Bool,
        "Whether nothing lies between them; a limit may be exclusive, and integers are whole.",
        |m, i| Fact::bool(range(m, i).is_empty()),
    ),
    field(Kind::Range, "direction", Type::Set(DIRECTIONS), "E3, of the schemas for which both limits hold.", |m, i| {
        set(u32::from(range(m, i).direction))
    }),
    field(
        Kind::IgnoredKeyword,
        "names",
        Type::Texts,
        "The keywords, in the order of the document. Stands at the first.",
        |m, i| texts(ignored(m, i).entries.iter().filter_map(|&entry| m.api().view.key(entry))),
    ),
    field(
        Kind::IgnoredKeyword,
        "because",
        Type::Choice(REASONS),
        "Why: `type` where they apply to none of the allowed types, `reference` where they stand beside a `$ref` that takes their place (2.0, 3.0) and has no such keyword of the same value.",
        |m, i| Fact::Known(Value::Choice(ignored(m, i).because as u8)),
    ),
    field(Kind::IgnoredKeyword, "types", Type::Set(TYPES), "The types that are allowed.", |m, i| {
        set(ignored(m, i).types)
    }),
    field(
        Kind::IgnoredKeyword,
        "direction",
        Type::Set(DIRECTIONS),
        "E3, of the schemas that they should limit; beside a `$ref` that of its target.",
        |m, i| set(u32::from(ignored(m, i).direction)),
    ),
    field(Kind::Cycle, "target", Type::Text, "Name of the schema that the reference leads back to.", |m, i| {
        let view = &m.api().view;
        let reference = cycle(m, i).closes.first().map(|&index| view.resolve(m.api().references[index as usize].at));
        let target = reference.map(|reference| view.text(reference).trim_end());
        Fact::text(target.map(|target| match resolve::split(target) {
            (document, "") => document,
            (_, pointer) => pointer.rsplit('/').next().unwrap_or(pointer),
        }))
    }),
    field(Kind::Cycle, "bounded", Type::Bool, "Whether every way round passes an array with `maxItems`.", |m, i| {
        Fact::bool(cycle(m, i).bounded)
    }),
    field(
        Kind::Cycle,
        "references",
        Type::Nodes(Kind::Reference),
        "All references that lead back to a schema of the cycle that began before them.",
        |m, i| Fact::nodes(Kind::Reference, cycle(m, i).closes.iter().copied()),
    ),
];

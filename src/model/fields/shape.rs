//! Fields of schemas and parameters about what is described at all: whether a
//! value may be anything. Knows keywords, not limits.

use super::parameter::{self, parameter};
use super::schema::{effective, members};
use super::{DIRECTIONS, Fact, Field, Kind, Model, Type, field, placed, property, set, thing, value_of};
use crate::model::Why;
use crate::model::openapi::grammar::Version;
use crate::model::openapi::graph::Effective;
use crate::model::openapi::view::K;
use crate::source::NodeKind;
use crate::span::{At, Place};

/// Keywords that say more about a value than the schema's own constraints do.
const COMPOSING: [&str; 7] = ["oneOf", "anyOf", "not", "if", "dependentSchemas", "$dynamicRef", "$recursiveRef"];

/// Keywords that tell readers which type is meant, besides those that count as a type (E4).
const TELLING: [&str; 9] = [
    "required",
    "minItems",
    "uniqueItems",
    "contains",
    "minProperties",
    "multipleOf",
    "contentEncoding",
    "contentMediaType",
    "discriminator",
];

/// Keys under which an empty schema stands for "whatever is not named", which is a matter of its own.
const REST: [&str; 4] = ["additionalProperties", "unevaluatedProperties", "unevaluatedItems", "contains"];

fn schema(model: &Model, index: u32) -> Option<u32> {
    Some(model.api().schemas[index as usize])
}

/// Whether a schema, or a member it is composed of, has one of some keys.
fn has_any(model: &Model, number: u32, keys: &[&str]) -> bool {
    let api = model.api();
    members(model, number).into_iter().any(|member| {
        let at = api.graph.objects[member as usize].at;
        api.view.children(at).any(|entry| api.view.key(entry).is_some_and(|key| keys.contains(&key)))
    })
}

/// Whether any JSON value is allowed.
fn untyped(model: &Model, number: u32) -> Fact<'static> {
    let Some(effective) = effective(model, Some(number)) else { return Fact::Absent };
    let Effective { types, types_at, finite, format, unknown, .. } = effective;
    if *types != 0 || types_at.is_some() || finite.is_some() || format.is_some() {
        return Fact::bool(false);
    }
    let api = model.api();
    let at = api.graph.objects[number as usize].at;
    if *unknown {
        return Fact::Unknown(Why::UnresolvedReference, Some(Place::key(at)));
    }
    let is_rest = api.property_at(at).is_none() && api.view.key(at).is_some_and(|key| REST.contains(&key));
    Fact::bool(
        !is_rest
            && !is_null_alternative(model, number)
            && !has_any(model, number, &COMPOSING)
            && !has_any(model, number, &TELLING),
    )
}

/// The definition that makes a schema untyped: where it only refers to another one, that one.
fn untyped_at(model: &Model, number: u32) -> At {
    let api = model.api();
    let mut at = api.graph.objects[number as usize].at;
    for _ in 0..64 {
        let target = api.view.reference(at).and_then(|reference| api.view.target(reference).ok());
        let Some(target) = target.map(|target| api.view.resolve(target)) else { break };
        at = target;
    }
    at
}

/// Whether a schema is what generators of 3.0 write for null among alternatives: `nullable: true`
/// and maybe `type: object`, which by the letter admit anything, or any object.
fn is_null_alternative(model: &Model, number: u32) -> bool {
    let api = model.api();
    let at = api.graph.objects[number as usize].at;
    let list = api.view.parent(at).filter(|&list| api.view.kind(list) == NodeKind::Seq);
    let among = list.and_then(|list| api.view.key(list)).is_some_and(|key| matches!(key, "anyOf" | "oneOf"));
    let value = |entry| api.view.text(api.view.resolve(entry));
    let only = |entry| match api.view.key(entry) {
        Some("nullable") => value(entry) == "true",
        Some("type") => value(entry) == "object",
        _ => false,
    };
    let mut entries = api.view.children(at).peekable();
    among && api.version == Version::V30 && entries.peek().is_some() && entries.all(only)
}

/// Whether the items of an array are described, here or in a member.
fn items_entry(model: &Model, number: u32) -> Option<At> {
    let api = model.api();
    members(model, number).into_iter().find_map(|member| {
        let at = api.graph.objects[member as usize].at;
        [K::Items, K::PrefixItems].into_iter().find_map(|key| api.view.entry(at, key))
    })
}

/// Whether a parameter says what it holds.
fn is_described(model: &Model, index: u32) -> bool {
    let api = model.api();
    let at = parameter(model, index).at;
    let keys: &[K] = if api.version == Version::V20 { &[K::Type] } else { &[K::Schema, K::Content] };
    keys.iter().any(|&key| api.view.entry(at, key).is_some())
}

/// Fields that schemas, properties and parameters share.
macro_rules! shared {
    ($kind:expr, $of:expr) => {
        [placed(
            $kind,
            "pattern",
            Type::Text,
            "Effective `pattern`; of several the first. Stands at the value.",
            |m, i| {
                let pattern = effective(m, $of(m, i)).and_then(|effective| effective.pattern);
                Fact::text(pattern.map(|pattern| m.api().view.text(pattern)))
            },
            |m, i| value_of(effective(m, $of(m, i)).and_then(|effective| effective.pattern)),
        )]
    };
}

static SCHEMA: [Field; 1] = shared!(Kind::Schema, schema);
static PROPERTY: [Field; 1] = shared!(Kind::Property, property::schema);
static PARAMETER: [Field; 1] = shared!(Kind::Parameter, parameter::schema);

/// The shared field of the three kinds, then the own ones.
pub(super) static TABLES: &[&[Field]] = &[&SCHEMA, &PROPERTY, &PARAMETER, OWN];

static OWN: &[Field] = &[
    placed(
        Kind::Schema,
        "untyped",
        Type::Bool,
        "Whether any JSON value is allowed: no type, values, format, composition, and no keyword that implies a type. Not for what `additionalProperties` says of unnamed properties, nor for a null alternative. Stands at the schema that it refers to, if it does no more.",
        |m, i| untyped(m, m.api().schemas[i as usize]),
        |m, i| Some(Place::key(untyped_at(m, m.api().schemas[i as usize]))),
    ),
    field(
        Kind::Schema,
        "nullAlternative",
        Type::Bool,
        "Whether it is an alternative of `oneOf` or `anyOf` with nothing but `nullable: true` and maybe `type: object`, which generators of 3.0 write for null.",
        |m, i| Fact::bool(is_null_alternative(m, m.api().schemas[i as usize])),
    ),
    field(
        Kind::Schema,
        "composed",
        Type::Bool,
        "Whether `oneOf`, `anyOf`, `not` or a condition says more about it. `allOf` is merged, and counts only by what its members have.",
        |m, i| Fact::bool(has_any(m, m.api().schemas[i as usize], &COMPOSING)),
    ),
    field(
        Kind::Schema,
        "items",
        Type::Thing,
        "Whether the items of an array are described, by `items` or `prefixItems`.",
        |m, i| thing(items_entry(m, m.api().schemas[i as usize]).is_some()),
    ),
    field(
        Kind::Parameter,
        "direction",
        Type::Set(DIRECTIONS),
        "E3: `request`; `response` for parameters of webhooks and callbacks; absent where no operation has it.",
        |m, i| set(u32::from(m.api().graph.direction(parameter(m, i).number))),
    ),
    field(
        Kind::Parameter,
        "described",
        Type::Bool,
        "Whether it has a `schema` or `content`; 2.0: a `type`.",
        |m, i| Fact::bool(is_described(m, i)),
    ),
    field(
        Kind::Parameter,
        "allowReserved",
        Type::Bool,
        "Whether reserved characters may be sent as they are.",
        |m, i| Fact::bool(m.api().view.is_true(parameter(m, i).at, K::AllowReserved)),
    ),
];

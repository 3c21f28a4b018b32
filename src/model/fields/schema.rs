//! Fields of schemas, and those that properties and parameters share with them:
//! what a value may be, in effect.

use std::borrow::Cow;

use super::parameter::parameter;
use super::{ADDITIONAL, CREDENTIAL, DIRECTIONS, Fact, Field, Kind, Model, TYPES, Type, Value};
use super::{field, key_of, name, parameter, placed, property, set, texts, thing, value_of};
use crate::model::openapi::grammar::Object;
use crate::model::openapi::graph::{Bound, Effective, IN, OUT, types};
use crate::model::openapi::operation::{Class, Operation};
use crate::model::openapi::view::K;
use crate::model::openapi::walk::Edge;
use crate::model::{Id, NameId, Why};
use crate::source::NodeKind;
use crate::span::{At, Place};
use crate::words::{self, Credential};

/// Where a schema stands: its `type` key, which may be that of a schema it refers to, else its own key.
pub fn schema_place(model: &Model, number: u32) -> Place {
    let types_at = model.api().graph.effective(number).and_then(|effective| effective.types_at);
    types_at.map_or_else(|| own_place(model, number), Place::key)
}

/// A schema's own key; a 2.0 parameter stands at its name.
fn own_place(model: &Model, number: u32) -> Place {
    let api = model.api();
    let object = &api.graph.objects[number as usize];
    let name = (object.object == Object::Parameter).then(|| api.view.get(object.at, K::Name)).flatten();
    name.map_or(Place::key(object.at), Place::value)
}

/// The id of the schema node with that object number.
pub(super) fn schema_id(model: &Model, number: u32) -> Option<Id> {
    let api = model.api();
    let index = match api.graph.objects[number as usize].object {
        Object::Schema | Object::SimpleSchema => api.index[number as usize],
        _ => api.schemas.iter().position(|&schema| schema == number)? as u32,
    };
    Some(Id { kind: Kind::Schema, index })
}

/// A schema and the members it is composed of by `allOf` and `$ref`.
pub(super) fn members(model: &Model, number: u32) -> Vec<u32> {
    model.api().graph.members(number)
}

/// Properties a schema itself names: entry, and object number of the schema.
pub(super) fn own_properties(model: &Model, number: u32) -> impl Iterator<Item = (At, u32)> + '_ {
    model.api().graph.out(number).iter().filter_map(|&(to, edge)| match edge {
        Edge::Property(entry) => Some((entry, to)),
        _ => None,
    })
}

/// The name of the property of that entry.
pub(super) fn property_name(model: &Model, entry: At) -> Option<NameId> {
    model.api().property_at(entry).map(|property| property.name)
}

fn schema(model: &Model, index: u32) -> Option<u32> {
    Some(model.api().schemas[index as usize])
}

pub(super) fn effective(model: &Model, number: Option<u32>) -> Option<&Effective> {
    model.api().graph.effective(number?)
}

/// How far alternatives inside alternatives are followed.
const MAX_DEPTH: u32 = 6;

/// A limit in effect: stated, or stated by every alternative that admits one of `applies_to`.
fn bound(
    model: &Model,
    number: u32,
    applies_to: u32,
    limit: &dyn Fn(&Effective) -> Option<f64>,
    depth: u32,
) -> Option<f64> {
    let own = limit(model.api().graph.effective(number)?);
    if own.is_some() || depth == MAX_DEPTH {
        return own;
    }
    let mut loosest = None;
    for member in members(model, number) {
        let branches = model.api().graph.out(member).iter().filter(|(_, edge)| *edge == Edge::Branch);
        for &(branch, _) in branches {
            let admits = model
                .api()
                .graph
                .effective(branch)
                .is_none_or(|branch| branch.types == 0 || branch.types & applies_to != 0);
            if admits {
                let stated = bound(model, branch, applies_to, limit, depth + 1)?;
                loosest = Some(loosest.map_or(stated, |old: f64| old.max(stated)));
            }
        }
    }
    loosest
}

/// A numeric limit as a fact: unknown where a broken reference could state it.
fn limit(model: &Model, number: Option<u32>, applies_to: u32, of: impl Fn(&Effective) -> Option<f64>) -> Fact<'static> {
    let Some(number) = number else { return Fact::Absent };
    match bound(model, number, applies_to, &of, 0) {
        Some(value) => Fact::Known(Value::Number(value)),
        None if effective(model, Some(number)).is_some_and(|effective| effective.unknown) => {
            Fact::Unknown(Why::UnresolvedReference, Some(own_place(model, number)))
        }
        None => Fact::Absent,
    }
}

fn stated(model: &Model, number: Option<u32>, of: impl Fn(&Effective) -> Option<Bound>) -> Option<Place> {
    effective(model, number).and_then(of).map(|bound| Place::value(bound.at))
}

fn value(bound: Option<Bound>) -> Option<f64> {
    bound.map(|bound| bound.value)
}

/// E5: the longest text that enum, const, format or pattern admit.
pub(super) fn implied_length(model: &Model, effective: &Effective) -> Option<f64> {
    // Longest texts of formats that fix them: RFC 3339, RFC 4122, RFC 5321 section 4.5.3.1, RFC 1035 section 2.3.4, RFC 4291.
    const FORMATS: [(&str, f64); 9] = [
        ("date", 10.0),
        ("date-time", 64.0),
        ("time", 64.0),
        ("duration", 64.0),
        ("uuid", 36.0),
        ("ipv4", 15.0),
        ("ipv6", 45.0),
        ("email", 254.0),
        ("hostname", 253.0),
    ];
    if let Some(longest) = effective.finite {
        return Some(f64::from(longest));
    }
    let view = &model.api().view;
    let format = effective.format.map(|format| view.text(format));
    if let Some((_, length)) = FORMATS.iter().find(|(known, _)| Some(*known) == format) {
        return Some(*length);
    }
    effective.pattern.and_then(|pattern| model.pattern_length(pattern)).map(|length| length as f64)
}

fn direction(model: &Model, number: Option<u32>) -> Fact<'static> {
    set(number.map_or(0, |number| u32::from(model.api().graph.judged(number) & (IN | OUT))))
}

/// The default, if that is a scalar.
/// The `default` of a schema if it is a value; `null` is none.
fn default_of(model: &Model, number: Option<u32>) -> Option<At> {
    let view = &model.api().view;
    effective(model, number)?.default.filter(|&value| view.is_scalar(value) && view.kind(value) != NodeKind::Null)
}

pub(super) fn credential_fact(credential: Option<Credential>) -> Fact<'static> {
    credential.map_or(Fact::Absent, |credential| Fact::Known(Value::Choice(credential as u8)))
}

pub(super) fn credential(model: &Model, name: Option<NameId>, in_parameter: bool) -> Fact<'static> {
    credential_fact(name.and_then(|name| model.api().names.credential(name, in_parameter)))
}

/// The property or parameter a schema belongs to alone: its name.
pub(super) fn schema_name(model: &Model, index: u32) -> Option<NameId> {
    let api = model.api();
    let number = api.schemas[index as usize];
    let object = api.graph.objects[number as usize];
    if object.object == Object::Parameter {
        return Some(parameter(model, api.index[number as usize]).name);
    }
    if let Some(property) = api.property_at(object.at) {
        return Some(property.name);
    }
    let owner = api.graph.objects.get(object.parent as usize)?;
    let inline = owner.object == Object::Parameter && api.view.parent(object.at) == Some(owner.at);
    inline.then(|| parameter(model, api.index[object.parent as usize]).name)
}

/// Whether a schema is that of a parameter; credential names differ there.
fn is_parameter_schema(model: &Model, index: u32) -> bool {
    !schema_parameters(model, index).is_empty()
}

fn schema_parameters(model: &Model, index: u32) -> Vec<u32> {
    let api = model.api();
    api.schema_parameters.get(&api.schemas[index as usize]).cloned().unwrap_or_default()
}

/// Binary content, by its own keywords or because its media type is binary.
fn is_binary(model: &Model, index: u32) -> bool {
    let api = model.api();
    let number = api.schemas[index as usize];
    effective(model, Some(number)).is_some_and(|effective| effective.binary) || {
        let owner = api.graph.objects.get(api.graph.objects[number as usize].parent as usize);
        owner.is_some_and(|owner| {
            owner.object == Object::MediaType && api.view.key(owner.at).is_some_and(super::content::is_binary_type)
        })
    }
}

/// Operations that create or update, other than by search.
pub(super) fn creates_or_updates(operation: &Operation) -> bool {
    matches!(operation.method.as_str(), "PUT" | "PATCH")
        || operation.method == "POST" && operation.class == Class::Write
}

/// Top-level body properties of both directions in @server-field that clients may write.
fn server_fields(model: &Model, index: u32) -> Vec<Cow<'_, str>> {
    let api = model.api();
    let number = api.schemas[index as usize];
    let list = api.names.lists.id("server-field");
    if !api.graph.is_top_body(number) || api.graph.direction(number) != IN | OUT {
        return Vec::new();
    }
    let named =
        |entry: At| property_name(model, entry).filter(|&name| list.is_some_and(|list| model.hits(name).whole(list)));
    let fields: Vec<(NameId, u32)> = own_properties(model, number)
        .filter_map(|(entry, schema)| Some((named(entry)?, schema)))
        .filter(|&(_, schema)| effective(model, Some(schema)).is_some_and(|effective| !effective.read_only))
        .collect();
    if fields.is_empty() {
        return Vec::new();
    }
    let operations = api.operations_of(number, IN, true);
    let operations: Vec<&Operation> = operations
        .iter()
        .map(|&index| &api.operations[index as usize])
        .filter(|operation| creates_or_updates(operation))
        .collect();
    let allowed = |name: &str, schema: u32| {
        if words::split(name).first().is_none_or(|word| words::singular(word) != "version") {
            return !operations.is_empty();
        }
        // A text is the version of a product that the client chooses; PUT and PATCH need the number for
        // optimistic locking.
        let numeric = |effective: &Effective| effective.types & (types::INTEGER | types::NUMBER) != 0;
        effective(model, Some(schema)).is_some_and(numeric) && operations.iter().any(|post| post.method == "POST")
    };
    let fields = fields.into_iter().map(|(name, schema)| (model.name(name), schema));
    fields.filter(|&(name, schema)| allowed(name, schema)).map(|(name, _)| Cow::Borrowed(name)).collect()
}

/// Fields that schemas, properties and parameters share.
macro_rules! shared {
    ($kind:expr, $of:expr) => {
        [
            placed($kind, "types", Type::Set(TYPES), "Effective types (E4); a 3.0 string, a 3.1 list and implied types are one field. Stands at `type`, else at the schema.",
                |m, i| effective(m, $of(m, i)).map_or(Fact::Absent, |effective| set(effective.types)),
                |m, i| $of(m, i).map(|number| schema_place(m, number))),
            placed($kind, "format", Type::Text, "Effective `format`.",
                |m, i| Fact::text(effective(m, $of(m, i)).and_then(|effective| effective.format).map(|format| m.api().view.text(format))),
                |m, i| value_of(effective(m, $of(m, i)).and_then(|effective| effective.format))),
            placed($kind, "maxLength", Type::Number, "Effective `maxLength`, in characters. Stands at the value.",
                |m, i| limit(m, $of(m, i), types::STRING, |effective| value(effective.max_length)),
                |m, i| stated(m, $of(m, i), |effective| effective.max_length)),
            placed($kind, "minLength", Type::Number, "Effective `minLength`, in characters. Stands at the value.",
                |m, i| Fact::number(effective(m, $of(m, i)).and_then(|effective| value(effective.min_length))),
                |m, i| stated(m, $of(m, i), |effective| effective.min_length)),
            placed($kind, "maxItems", Type::Number, "Effective `maxItems`; `prefixItems` with `items: false` counts. Stands at the value.",
                |m, i| limit(m, $of(m, i), types::ARRAY, |effective| value(effective.max_items)),
                |m, i| stated(m, $of(m, i), |effective| effective.max_items)),
            placed($kind, "maxProperties", Type::Number, "Effective `maxProperties`. Stands at the value.",
                |m, i| limit(m, $of(m, i), types::OBJECT, |effective| value(effective.max_properties)),
                |m, i| stated(m, $of(m, i), |effective| effective.max_properties)),
            placed($kind, "minimum", Type::Number, "Effective lower bound, exclusive or not. Stands at the value.",
                |m, i| limit(m, $of(m, i), types::INTEGER | types::NUMBER, |effective| value(effective.minimum)),
                |m, i| stated(m, $of(m, i), |effective| effective.minimum)),
            placed($kind, "maximum", Type::Number, "Effective upper bound, exclusive or not. Stands at the value.",
                |m, i| limit(m, $of(m, i), types::INTEGER | types::NUMBER, |effective| value(effective.maximum)),
                |m, i| stated(m, $of(m, i), |effective| effective.maximum)),
            field($kind, "impliedLength", Type::Number, "E5: the longest text that enum, const, format or an anchored pattern admits, in characters.",
                |m, i| limit(m, $of(m, i), types::STRING, |effective| implied_length(m, effective))),
            field($kind, "finite", Type::Bool, "Whether enum, const or boolean type bounds the values.",
                |m, i| {
                    let finite = |effective: &Effective| (effective.finite.is_some() || effective.types == types::BOOLEAN).then_some(0.0);
                    Fact::bool($of(m, i).and_then(|number| bound(m, number, u32::MAX, &finite, 0)).is_some())
                }),
            placed($kind, "default", Type::Text, "A scalar `default`, as text. Stands at the value.",
                |m, i| Fact::text(default_of(m, $of(m, i)).map(|value| m.api().view.text(value))),
                |m, i| value_of(default_of(m, $of(m, i)))),
        ]
    };
}

static SCHEMA: [Field; 11] = shared!(Kind::Schema, schema);
static PROPERTY: [Field; 11] = shared!(Kind::Property, property::schema);
static PARAMETER: [Field; 11] = shared!(Kind::Parameter, parameter::schema);

/// The shared fields of the three kinds, then the own ones of schemas.
pub(super) static TABLES: &[&[Field]] = &[&SCHEMA, &PROPERTY, &PARAMETER, OWN];

static OWN: &[Field] = &[
    field(
        Kind::Schema,
        "direction",
        Type::Set(DIRECTIONS),
        "E3: `request`, `response`, both, or absent when nothing reaches it. A member of `allOf` is judged with the whole and has none of its own.",
        |m, i| direction(m, schema(m, i)),
    ),
    field(
        Kind::Schema,
        "name",
        Type::Name,
        "The property or parameter it is the schema of; absent elsewhere.",
        |m, i| name(schema_name(m, i)),
    ),
    field(
        Kind::Schema,
        "credential",
        Type::Choice(CREDENTIAL),
        "E6: whether that name is a credential name: `strong`, `bare` (the head `token` alone) or `weak`.",
        |m, i| credential(m, schema_name(m, i), is_parameter_schema(m, i)),
    ),
    field(Kind::Schema, "defaultIsPlaceholder", Type::Bool, "Whether `default` is a placeholder.", |m, i| {
        Fact::bool(
            default_of(m, schema(m, i)).is_some_and(|value| m.api().names.lists.placeholder(m.api().view.text(value))),
        )
    }),
    field(
        Kind::Schema,
        "binary",
        Type::Bool,
        "Whether it holds binary content: format `binary`, `contentEncoding`, 2.0 type `file`, or the schema of a binary media type.",
        |m, i| Fact::bool(is_binary(m, i)),
    ),
    field(
        Kind::Schema,
        "finiteItems",
        Type::Bool,
        "Whether items are finite and unique, which bounds the array.",
        |m, i| Fact::bool(effective(m, schema(m, i)).is_some_and(|effective| effective.finite_items)),
    ),
    placed(
        Kind::Schema,
        "additionalProperties",
        Type::Choice(ADDITIONAL),
        "`closed` (`false`), `open` (`true` or `{}`), `schema`; absent without the key. `unevaluatedProperties` and `patternProperties` count. Stands at the key.",
        |m, i| {
            let effective = effective(m, schema(m, i));
            match effective.and_then(|effective| effective.additional) {
                Some((says, _)) => Fact::Known(Value::Choice(says as u8)),
                // What leads nowhere may have closed it.
                None if effective.is_some_and(|effective| effective.unknown) => {
                    Fact::Unknown(Why::UnresolvedReference, Some(own_place(m, m.api().schemas[i as usize])))
                }
                None => Fact::Absent,
            }
        },
        |m, i| key_of(effective(m, schema(m, i)).and_then(|effective| effective.additional).map(|(_, entry)| entry)),
    ),
    placed(
        Kind::Schema,
        "map",
        Type::Thing,
        "Known when unnamed properties follow a schema. Stands at `additionalProperties`, `unevaluatedProperties` or `patternProperties`.",
        |m, i| thing(map_entry(m, i).is_some()),
        |m, i| key_of(map_entry(m, i)),
    ),
    field(Kind::Schema, "finiteNames", Type::Bool, "Whether `propertyNames` has an enum.", |m, i| {
        Fact::bool(effective(m, schema(m, i)).is_some_and(|effective| effective.finite_names))
    }),
    placed(
        Kind::Schema,
        "properties",
        Type::Nodes(Kind::Property),
        "Its properties, those of `allOf` members included. Stands at the `properties` key.",
        |m, i| {
            let entries =
                members(m, m.api().schemas[i as usize]).into_iter().flat_map(|member| own_properties(m, member));
            Fact::nodes(Kind::Property, entries.filter_map(|(entry, _)| m.api().property_index(entry)))
        },
        |m, i| key_of(effective(m, schema(m, i)).and_then(|effective| effective.properties)),
    ),
    field(Kind::Schema, "topLevelBody", Type::Bool, "Whether it is the whole body of a request.", |m, i| {
        Fact::bool(m.api().graph.is_top_body(m.api().schemas[i as usize]))
    }),
    placed(
        Kind::Schema,
        "serverFields",
        Type::Texts,
        "Top-level body properties of both directions in @server-field that clients may write. Stands at the `properties` key.",
        |m, i| {
            let fields = server_fields(m, i);
            texts(fields)
        },
        |m, i| {
            key_of(m.api().view.entry(m.api().graph.objects[m.api().schemas[i as usize] as usize].at, K::Properties))
        },
    ),
    field(Kind::Schema, "parameters", Type::Nodes(Kind::Parameter), "Parameters it is the schema of.", |m, i| {
        Fact::nodes(Kind::Parameter, schema_parameters(m, i))
    }),
    field(Kind::Schema, "sentBy", Type::Nodes(Kind::Operation), "Operations whose requests can hold it.", |m, i| {
        Fact::nodes(Kind::Operation, m.api().operations_of(m.api().schemas[i as usize], IN, false))
    }),
    field(Kind::Schema, "usedBy", Type::Nodes(Kind::Operation), "Operations that reach it.", |m, i| {
        let number = m.api().schemas[i as usize];
        let mut operations = m.api().operations_of(number, IN, false);
        operations.extend(m.api().operations_of(number, OUT, false));
        operations.sort_unstable();
        operations.dedup();
        Fact::nodes(Kind::Operation, operations)
    }),
];

/// The entry under which unnamed properties follow a schema.
fn map_entry(model: &Model, index: u32) -> Option<At> {
    let view = &model.api().view;
    let numbers = members(model, model.api().schemas[index as usize]);
    let objects = numbers.into_iter().map(|number| model.api().graph.objects[number as usize].at);
    objects.into_iter().find_map(|at| {
        let keys = [K::AdditionalProperties, K::UnevaluatedProperties, K::PatternProperties];
        keys.into_iter().filter_map(|key| view.entry(at, key)).find(|&entry| {
            let value = view.resolve(entry);
            view.kind(value) == NodeKind::Map && view.children(value).next().is_some()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::openapi::graph::Additional;

    #[test]
    fn enums_have_the_order_of_their_tables() {
        assert_eq!(CREDENTIAL[Credential::Weak as usize], "weak");
        assert_eq!(ADDITIONAL[Additional::Schema as usize], "schema");
        assert_eq!((DIRECTIONS[0], IN), ("request", 1));
        assert_eq!((DIRECTIONS[1], OUT), ("response", 2));
        for (bit, name) in [(types::STRING, "string"), (types::ARRAY, "array"), (types::FILE, "file")] {
            assert_eq!(TYPES[bit.trailing_zeros() as usize], name);
        }
    }
}

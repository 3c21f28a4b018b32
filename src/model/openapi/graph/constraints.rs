//! What constrains the values of a schema: its own keywords, and those of all that `$ref` and `allOf` bring in.
//! Knows the graph, not what it is used for.

use super::{Additional, Bound, Effective, Graph, MAX_MEMBERS, types};
use crate::model::openapi::grammar::{Object, Version};
use crate::model::openapi::view::{K, View};
use crate::model::openapi::walk::{Edge, Typed};
use crate::source::NodeKind;
use crate::span::At;

/// Works out what constrains the values of a schema, for one object after the other.
pub(super) struct Constraints<'a> {
    pub(super) view: &'a View,
    pub(super) version: Version,
    pub(super) graph: &'a Graph,
    pub(super) broken: &'a [bool],
}

impl Constraints<'_> {
    pub(super) fn of(&self, number: u32) -> Option<Box<Effective>> {
        let Typed { at, object, .. } = self.graph.objects[number as usize];
        let simple = self.version == Version::V20
            && matches!(object, Object::Parameter | Object::Header)
            && self.view.entry(at, K::Type).is_some();
        if !(simple || matches!(object, Object::Schema | Object::SimpleSchema)) {
            return None;
        }
        let mut effective = Box::<Effective>::default();
        self.add(number, &mut effective, &mut MAX_MEMBERS.clone(), &mut Vec::new());
        if effective.types == 0 {
            effective.types = self.implied_types(at, &effective);
        }
        Some(effective)
    }

    /// Adds the constraints of one schema and of the members it is composed of.
    fn add(&self, number: u32, into: &mut Effective, left: &mut u32, path: &mut Vec<u32>) {
        if *left == 0 || path.contains(&number) {
            return;
        }
        *left -= 1;
        self.own(self.graph.objects[number as usize].at, into);
        into.unknown |= self.broken[number as usize];
        path.push(number);
        for &(member, edge) in self.graph.out(number) {
            if edge == Edge::Both {
                self.add(member, into, left, path);
            }
        }
        path.pop();
    }

    fn own(&self, at: At, into: &mut Effective) {
        let view = self.view;
        for entry in view.children(at) {
            let Some(key) = Keyword::of(view.number(entry)) else { continue };
            let value = view.resolve(entry);
            let number = || view.tree(value.file).number(value.node);
            let is_true = || view.tree(value.file).bool(value.node) == Some(true);
            let bound = |exclusive| number().map(|number| Bound { value: number, at: value, exclusive });
            let upper = |old: &mut Option<Bound>, exclusive| tighten(old, bound(exclusive), |new, old| new < old);
            let lower = |old: &mut Option<Bound>, exclusive| tighten(old, bound(exclusive), |new, old| new > old);
            match key {
                Keyword::Type => {
                    let named = self.types(value);
                    into.types = if into.types & named == 0 { named } else { into.types & named };
                    into.types_at.get_or_insert(entry);
                    into.binary |= named & types::FILE != 0;
                }
                Keyword::Format => {
                    into.format.get_or_insert(value);
                    into.binary |= view.text(value) == "binary";
                }
                Keyword::Pattern => {
                    into.pattern.get_or_insert(value);
                }
                Keyword::MaxLength => upper(&mut into.max_length, false),
                Keyword::MinLength => lower(&mut into.min_length, false),
                Keyword::MaxItems => upper(&mut into.max_items, false),
                Keyword::MinItems => lower(&mut into.min_items, false),
                Keyword::MaxProperties => upper(&mut into.max_properties, false),
                Keyword::MinProperties => lower(&mut into.min_properties, false),
                // A boolean `exclusiveMaximum` (2.0, 3.0) says that the bound itself is excluded.
                Keyword::Maximum => upper(&mut into.maximum, view.is_true(at, K::ExclusiveMaximum)),
                Keyword::Minimum => lower(&mut into.minimum, view.is_true(at, K::ExclusiveMinimum)),
                Keyword::ExclusiveMaximum => upper(&mut into.maximum, true),
                Keyword::ExclusiveMinimum => lower(&mut into.minimum, true),
                Keyword::Enum | Keyword::Const => {
                    let longest = self.longest(value, key == Keyword::Const);
                    into.finite = Some(into.finite.map_or(longest, |old| old.min(longest)));
                }
                Keyword::Default => {
                    into.default.get_or_insert(value);
                }
                Keyword::ReadOnly => into.read_only |= is_true(),
                Keyword::WriteOnly => into.write_only |= is_true(),
                Keyword::UniqueItems => into.finite_items |= is_true() && self.has_finite_items(at),
                Keyword::Items if view.tree(value.file).bool(value.node) == Some(false) => {
                    if let Some(prefix) = view.get(at, K::PrefixItems) {
                        let count = view.children(prefix).count() as f64;
                        let bound = Bound { value: count, at: value, exclusive: false };
                        tighten(&mut into.max_items, Some(bound), |new, old| new < old);
                    }
                }
                Keyword::PropertyNames => {
                    into.finite_names |= view.get(value, K::Enum).is_some() || view.get(value, K::Const).is_some()
                }
                Keyword::AdditionalProperties | Keyword::UnevaluatedProperties => {
                    let says = self.additional(value);
                    if into.additional.is_none_or(|(old, _)| says == Additional::Closed && old != Additional::Closed) {
                        into.additional = Some((says, entry));
                    }
                }
                Keyword::PatternProperties => {
                    into.additional.get_or_insert((Additional::Schema, entry));
                }
                Keyword::Properties => {
                    into.properties.get_or_insert(entry);
                }
                Keyword::ContentEncoding => into.binary = true,
                Keyword::Items => {}
            }
        }
    }

    fn types(&self, value: At) -> u32 {
        let one = |text: &str| match text {
            "string" => types::STRING,
            "integer" => types::INTEGER,
            "number" => types::NUMBER,
            "boolean" => types::BOOLEAN,
            "array" => types::ARRAY,
            "object" => types::OBJECT,
            "null" => types::NULL,
            "file" => types::FILE,
            _ => 0,
        };
        match self.view.kind(value) {
            NodeKind::Seq => self.view.children(value).map(|item| one(self.view.text(self.view.resolve(item)))).sum(),
            // `type: null` unquoted means what its author meant.
            NodeKind::Null => types::NULL,
            _ => one(self.view.text(value)),
        }
    }

    /// The types that keywords imply where no `type` is written.
    fn implied_types(&self, at: At, effective: &Effective) -> u32 {
        let has = |key| self.view.entry(at, key).is_some();
        let mut implied = 0;
        if effective.max_length.is_some() || effective.min_length.is_some() || effective.pattern.is_some() {
            implied |= types::STRING;
        }
        // A list under `items` is no schema; `prefixItems` is its name.
        let items = self.view.get(at, K::Items).is_some_and(|items| self.view.kind(items) != NodeKind::Seq);
        if items || has(K::PrefixItems) || effective.max_items.is_some() {
            implied |= types::ARRAY;
        }
        if effective.properties.is_some() || effective.additional.is_some() || effective.max_properties.is_some() {
            implied |= types::OBJECT;
        }
        if implied == 0 && (effective.minimum.is_some() || effective.maximum.is_some()) {
            implied |= types::NUMBER;
        }
        implied
    }

    fn longest(&self, value: At, is_const: bool) -> u32 {
        let length = |at: At| self.view.text(self.view.resolve(at)).chars().count() as u32;
        if is_const { length(value) } else { self.view.children(value).map(length).max().unwrap_or(0) }
    }

    fn has_finite_items(&self, at: At) -> bool {
        let items = self.view.get(at, K::Items).and_then(|items| self.view.follow(items));
        items.is_some_and(|items| {
            self.view.get(items, K::Enum).is_some() || self.view.scalar(items, K::Type) == Some("boolean")
        })
    }

    fn additional(&self, value: At) -> Additional {
        match self.view.kind(value) {
            NodeKind::Bool if self.view.tree(value.file).bool(value.node) == Some(false) => Additional::Closed,
            NodeKind::Map if self.view.children(value).next().is_some() => Additional::Schema,
            _ => Additional::Open,
        }
    }
}

/// Takes the new bound if it is tighter: of equal ones the one that is exclusive.
fn tighten(bound: &mut Option<Bound>, new: Option<Bound>, tighter: impl Fn(f64, f64) -> bool) {
    if let Some(new) = new
        && bound.is_none_or(|old| {
            tighter(new.value, old.value) || new.value == old.value && new.exclusive && !old.exclusive
        })
    {
        *bound = Some(new);
    }
}

/// Keywords that constrain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keyword {
    Type,
    Format,
    Pattern,
    MaxLength,
    MinLength,
    MaxItems,
    MinItems,
    MaxProperties,
    MinProperties,
    Maximum,
    Minimum,
    ExclusiveMaximum,
    ExclusiveMinimum,
    Enum,
    Const,
    Default,
    ReadOnly,
    WriteOnly,
    UniqueItems,
    Items,
    PropertyNames,
    AdditionalProperties,
    UnevaluatedProperties,
    PatternProperties,
    Properties,
    ContentEncoding,
}

impl Keyword {
    fn of(number: u8) -> Option<Self> {
        const TABLE: &[(K, Keyword)] = &[
            (K::Type, Keyword::Type),
            (K::Format, Keyword::Format),
            (K::Pattern, Keyword::Pattern),
            (K::MaxLength, Keyword::MaxLength),
            (K::MinLength, Keyword::MinLength),
            (K::MaxItems, Keyword::MaxItems),
            (K::MinItems, Keyword::MinItems),
            (K::MaxProperties, Keyword::MaxProperties),
            (K::MinProperties, Keyword::MinProperties),
            (K::Maximum, Keyword::Maximum),
            (K::Minimum, Keyword::Minimum),
            (K::ExclusiveMaximum, Keyword::ExclusiveMaximum),
            (K::ExclusiveMinimum, Keyword::ExclusiveMinimum),
            (K::Enum, Keyword::Enum),
            (K::Const, Keyword::Const),
            (K::Default, Keyword::Default),
            (K::ReadOnly, Keyword::ReadOnly),
            (K::WriteOnly, Keyword::WriteOnly),
            (K::UniqueItems, Keyword::UniqueItems),
            (K::Items, Keyword::Items),
            (K::PropertyNames, Keyword::PropertyNames),
            (K::AdditionalProperties, Keyword::AdditionalProperties),
            (K::UnevaluatedProperties, Keyword::UnevaluatedProperties),
            (K::PatternProperties, Keyword::PatternProperties),
            (K::Properties, Keyword::Properties),
            (K::ContentEncoding, Keyword::ContentEncoding),
        ];
        TABLE.iter().find(|(key, _)| *key as u8 == number).map(|&(_, keyword)| keyword)
    }
}

//! The graph of objects: edges both ways, the direction of every schema (E3)
//! and its effective constraints (E4). Knows no words and no operations' meaning.

use std::collections::HashSet;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::grammar::{Object, Version};
use super::view::{K, View};
use super::walk::{Edge, Typed, Walk};
use crate::source::NodeKind;
use crate::span::At;

/// Sent by the client.
pub const IN: u8 = 1;
/// Sent by the server.
pub const OUT: u8 = 2;
/// The whole body of a request, or a part of it by composition.
const TOP: u8 = 4;

/// A limit and the value that states it.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// The number.
    pub value: f64,
    /// The node that states it.
    pub at: At,
    /// Whether the number itself is excluded.
    pub exclusive: bool,
}

/// Bits of the JSON types, in the order of `fields::TYPES`.
pub mod types {
    #![allow(missing_docs, reason = "the names of the types")]
    pub const STRING: u32 = 1;
    pub const INTEGER: u32 = 2;
    pub const NUMBER: u32 = 4;
    pub const BOOLEAN: u32 = 8;
    pub const ARRAY: u32 = 16;
    pub const OBJECT: u32 = 32;
    pub const NULL: u32 = 64;
    pub const FILE: u32 = 128;
}

/// What `additionalProperties` or `unevaluatedProperties` says, in the order of `fields::ADDITIONAL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Additional {
    /// `false`.
    Closed,
    /// `true` or `{}`.
    Open,
    /// A schema.
    Schema,
}

/// Constraints that hold for a schema: its own and, tightest first, those of `allOf` and of `$ref`.
#[derive(Clone, Debug, Default)]
pub struct Effective {
    /// Bits of [`types`]; none: any type.
    pub types: u32,
    /// The entry `type`, wherever it stands.
    pub types_at: Option<At>,
    /// `format`.
    pub format: Option<At>,
    /// `pattern`; of several the first.
    pub pattern: Option<At>,
    /// `maxLength`.
    pub max_length: Option<Bound>,
    /// `minLength`.
    pub min_length: Option<Bound>,
    /// `maxItems`.
    pub max_items: Option<Bound>,
    /// `minItems`.
    pub min_items: Option<Bound>,
    /// `maxProperties`.
    pub max_properties: Option<Bound>,
    /// `minProperties`.
    pub min_properties: Option<Bound>,
    /// `minimum` or `exclusiveMinimum`.
    pub minimum: Option<Bound>,
    /// `maximum` or `exclusiveMaximum`.
    pub maximum: Option<Bound>,
    /// Longest text of `enum` or `const`, in characters.
    pub finite: Option<u32>,
    /// `default`.
    pub default: Option<At>,
    /// `additionalProperties`, with its entry.
    pub additional: Option<(Additional, At)>,
    /// `readOnly: true`.
    pub read_only: bool,
    /// `writeOnly: true`.
    pub write_only: bool,
    /// Items are finite and unique, so the array is bounded.
    pub finite_items: bool,
    /// `propertyNames` has an enum.
    pub finite_names: bool,
    /// Binary content: format `binary`, `contentEncoding`, type `file`.
    pub binary: bool,
    /// The entry `properties`.
    pub properties: Option<At>,
    /// Some `$ref` on the way leads nowhere.
    pub unknown: bool,
}

/// The graph.
#[derive(Debug)]
pub struct Graph {
    /// All objects, as the walk numbered them.
    pub objects: Vec<Typed>,
    forth: Adjacency,
    back: OnceLock<Adjacency>,
    effective: Vec<Option<Box<Effective>>>,
    is_swagger: bool,
    /// Direction bits.
    reached: Vec<u8>,
    /// Direction bits through an edge that is no composition.
    alone: Vec<u8>,
}

/// How deep constraints are looked for through `allOf` and `$ref`.
const MAX_MEMBERS: u32 = 200;

impl Graph {
    /// Builds the graph and all constraints; directions come with [`Graph::direct`].
    pub fn new(view: &View, version: Version, walk: &Walk) -> Self {
        let objects = walk.objects.clone();
        let forth = Adjacency::new(objects.len(), &walk.edges);
        let mut graph = Self {
            reached: vec![0; objects.len()],
            alone: vec![0; objects.len()],
            effective: Vec::new(),
            back: OnceLock::new(),
            objects,
            forth,
            is_swagger: version == Version::V20,
        };
        let mut broken = vec![false; graph.objects.len()];
        for &number in &walk.broken {
            broken[number as usize] = true;
        }
        let constraints = Constraints { view, version, graph: &graph, broken: &broken };
        let numbers = 0..graph.objects.len() as u32;
        graph.effective = numbers.into_par_iter().map(|number| constraints.of(number)).collect();
        graph
    }

    /// Whether an object is a schema: a Schema Object, or a 2.0 parameter, header or items object with a type.
    pub fn is_schema(&self, number: u32) -> bool {
        self.effective[number as usize].is_some()
    }

    /// The constraints that hold for a schema.
    pub fn effective(&self, number: u32) -> Option<&Effective> {
        self.effective[number as usize].as_deref()
    }

    /// Objects an object leads to.
    pub fn out(&self, number: u32) -> &[(u32, Edge)] {
        self.forth.of(number)
    }

    /// Objects that lead to an object.
    pub fn back(&self, number: u32) -> &[(u32, Edge)] {
        let back = self.back.get_or_init(|| {
            let numbers = 0..self.objects.len() as u32;
            let edges = numbers.flat_map(|from| self.out(from).iter().map(move |&(to, edge)| (to, from, edge)));
            Adjacency::new(self.objects.len(), &edges.collect::<Vec<_>>())
        });
        back.of(number)
    }

    /// A schema and the members it is composed of by `allOf` and `$ref`.
    pub fn members(&self, number: u32) -> Vec<u32> {
        let mut members = vec![number];
        let mut next = 0;
        while let Some(&at) = members.get(next) {
            next += 1;
            for &(to, edge) in self.out(at) {
                if edge == Edge::Both && !members.contains(&to) && members.len() < MAX_MEMBERS as usize {
                    members.push(to);
                }
            }
        }
        members
    }

    /// The first object of a kind an object leads to directly.
    pub fn part(&self, number: u32, object: Object) -> Option<u32> {
        self.parts(number, object).next()
    }

    /// Objects of a kind an object leads to directly.
    pub fn parts(&self, number: u32, object: Object) -> impl Iterator<Item = u32> + '_ {
        self.out(number).iter().map(|&(to, _)| to).filter(move |&to| self.objects[to as usize].object == object)
    }

    /// Direction bits of an object.
    pub fn direction(&self, number: u32) -> u8 {
        self.reached[number as usize] & (IN | OUT)
    }

    /// Direction bits of a schema that stands for itself: not only a member of a composition, where the whole is judged.
    pub fn judged(&self, number: u32) -> u8 {
        self.alone[number as usize]
    }

    /// Whether a schema is the whole body of a request, or composes it.
    pub fn is_top_body(&self, number: u32) -> bool {
        self.reached[number as usize] & TOP != 0
    }

    /// Spreads directions from `seeds` (object, direction bit).
    pub fn direct(&mut self, seeds: impl IntoIterator<Item = (u32, u8)>) {
        let mut open: Vec<(u32, u8)> = Vec::new();
        for (number, bit) in seeds {
            if self.reached[number as usize] & bit == 0 {
                self.reached[number as usize] |= bit;
                self.alone[number as usize] |= bit;
                open.push((number, bit));
            }
        }
        while let Some((from, bit)) = open.pop() {
            for i in self.forth.range(from) {
                let (to, edge) = self.forth.ends[i];
                let Some(bit) = self.spread(to, edge, bit) else { continue };
                if bit != TOP && self.stands_alone(from, edge) {
                    self.alone[to as usize] |= bit;
                }
                let top = if bit == IN && self.hands_on_body(from) { TOP } else { 0 };
                for bit in [bit, top] {
                    if bit != 0 && self.reached[to as usize] & bit == 0 {
                        self.reached[to as usize] |= bit;
                        open.push((to, bit));
                    }
                }
            }
        }
    }

    /// Whether the schema of an object is a whole body: that of a media type, or of a 2.0 body parameter.
    fn hands_on_body(&self, from: u32) -> bool {
        match self.objects[from as usize].object {
            Object::MediaType => true,
            Object::Parameter => self.is_swagger && !self.is_schema(from),
            _ => false,
        }
    }

    /// Which direction, if any, passes an edge.
    pub fn spread(&self, to: u32, edge: Edge, bit: u8) -> Option<u8> {
        use Object as O;
        let object = self.objects[to as usize].object;
        if matches!(object, O::Callback | O::PathItem | O::Operation | O::Server | O::Link) || edge == Edge::Aside {
            return None;
        }
        match edge {
            Edge::Property(_) if bit == TOP => None,
            Edge::Property(_) => {
                let target = self.effective(to)?;
                let lost = if bit == IN { target.read_only } else { target.write_only };
                (!lost).then_some(bit)
            }
            Edge::Part | Edge::Named(_) if bit == TOP => None,
            _ => Some(bit),
        }
    }

    /// Whether a schema reached this way is judged by itself: a member of a composition is
    /// judged with the whole, and an alternative of a typed schema within its bounds.
    fn stands_alone(&self, from: u32, edge: Edge) -> bool {
        match edge {
            Edge::Both | Edge::Aside => false,
            Edge::Branch => self.effective(from).is_none_or(|whole| whole.types == 0),
            Edge::Part | Edge::Named(_) | Edge::Property(_) => true,
        }
    }

    /// Operations, and path items for the parameters they share, from which `number` is reached in
    /// direction `bit`, in no order. `whole`: only ways on which it is the whole of what is sent.
    pub fn users(&self, number: u32, bit: u8, whole: bool) -> Vec<u32> {
        let mut seen = HashSet::from([number]);
        let mut open = vec![number];
        let mut found = Vec::new();
        while let Some(at) = open.pop() {
            for &(from, edge) in self.back(at) {
                let object = self.objects[from as usize].object;
                if matches!(object, Object::Operation | Object::PathItem) {
                    if seen.insert(from) {
                        found.push(from);
                    }
                    continue;
                }
                let passes = self.reached[from as usize] & bit != 0 && self.spread(at, edge, bit).is_some();
                let composes = matches!(edge, Edge::Both | Edge::Branch) || object != Object::Schema;
                if passes && (composes || !whole) && seen.insert(from) {
                    open.push(from);
                }
            }
        }
        found
    }
}

/// Edges grouped by one of their ends.
#[derive(Debug)]
struct Adjacency {
    starts: Vec<u32>,
    ends: Vec<(u32, Edge)>,
}

impl Adjacency {
    fn new(nodes: usize, edges: &[(u32, u32, Edge)]) -> Self {
        let mut starts = vec![0_u32; nodes + 1];
        for (from, _, _) in edges {
            starts[*from as usize + 1] += 1;
        }
        for i in 0..nodes {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut ends = vec![(0, Edge::Part); edges.len()];
        for &(from, to, edge) in edges {
            let slot = &mut next[from as usize];
            ends[*slot as usize] = (to, edge);
            *slot += 1;
        }
        Self { starts, ends }
    }

    fn range(&self, number: u32) -> std::ops::Range<usize> {
        self.starts[number as usize] as usize..self.starts[number as usize + 1] as usize
    }

    fn of(&self, number: u32) -> &[(u32, Edge)] {
        &self.ends[self.range(number)]
    }
}

struct Constraints<'a> {
    view: &'a View,
    version: Version,
    graph: &'a Graph,
    broken: &'a [bool],
}

impl Constraints<'_> {
    fn of(&self, number: u32) -> Option<Box<Effective>> {
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

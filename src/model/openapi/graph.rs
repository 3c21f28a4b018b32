//! The graph of objects: edges both ways, the direction of every schema (E3)
//! and its effective constraints (E4). Knows no words and no operations' meaning.

mod constraints;

use std::collections::HashSet;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::grammar::{Object, Version};
use super::view::View;
use super::walk::{Edge, Typed, Walk};
use crate::span::At;
use constraints::Constraints;

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

    /// A schema and those it is a member of by `allOf` or `$ref`, at most `most` of them: what holds for one of
    /// them holds for its values.
    pub fn wholes(&self, number: u32, most: usize) -> Vec<u32> {
        let mut wholes = vec![number];
        let mut next = 0;
        while let Some(&at) = wholes.get(next) {
            next += 1;
            for &(from, edge) in self.back(at) {
                if edge == Edge::Both && wholes.len() < most && !wholes.contains(&from) {
                    wholes.push(from);
                }
            }
        }
        wholes
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

//! Limits that do nothing or admit nothing: pairs of a lower and an upper limit,
//! keywords that do not apply to the type, and keywords beside a `$ref`. Knows
//! keywords in effect (E4), no rule.

use std::collections::HashMap;

use super::Api;
use super::grammar::Version;
use super::graph::{Bound, Effective, types};
use super::walk::order;
use crate::source::NodeKind;
use crate::span::At;

const NUMERIC: u32 = types::INTEGER | types::NUMBER;

/// What a pair of limits is about, in the order of `fields::MEASURES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// `minLength`, `maxLength`.
    Length,
    /// `minItems`, `maxItems`.
    Items,
    /// `minProperties`, `maxProperties`.
    Properties,
    /// `minimum`, `maximum` and their exclusive forms.
    Value,
}

/// A lower and an upper limit that hold together.
#[derive(Debug)]
pub struct Range {
    /// What they limit.
    pub of: Measure,
    /// The lower one.
    pub lower: Bound,
    /// The upper one.
    pub upper: Bound,
    /// Whether only whole numbers count.
    pub whole: bool,
    /// Direction bits of the schemas for which both hold.
    pub direction: u8,
}

impl Range {
    /// Whether nothing lies between the limits.
    pub fn is_empty(&self) -> bool {
        let (mut lower, mut upper) = (self.lower, self.upper);
        if self.whole {
            lower = lower.whole(f64::floor, f64::ceil, 1.0);
            upper = upper.whole(f64::ceil, f64::floor, -1.0);
        }
        lower.value > upper.value || lower.value == upper.value && (lower.exclusive || upper.exclusive)
    }
}

impl Bound {
    /// The same bound for whole numbers, included.
    fn whole(self, before: fn(f64) -> f64, at: fn(f64) -> f64, step: f64) -> Self {
        let value = if self.exclusive { before(self.value) + step } else { at(self.value) };
        Self { value, exclusive: false, ..self }
    }
}

/// All pairs of limits, each once, in document order of the upper one.
pub fn ranges(api: &Api) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    let mut known: HashMap<(Measure, At, At), usize> = HashMap::new();
    for &number in &api.schemas {
        let direction = api.graph.judged(number);
        let Some(effective) = api.graph.effective(number).filter(|_| direction != 0) else { continue };
        let Effective { types: allowed, min_length, max_length, min_items, max_items, .. } = effective;
        let Effective { min_properties, max_properties, minimum, maximum, .. } = effective;
        let pairs = [
            (Measure::Length, types::STRING | types::FILE, min_length, max_length),
            (Measure::Items, types::ARRAY, min_items, max_items),
            (Measure::Properties, types::OBJECT, min_properties, max_properties),
            (Measure::Value, NUMERIC, minimum, maximum),
        ];
        for (of, applies_to, lower, upper) in pairs {
            let (Some(lower), Some(upper)) = (*lower, *upper) else { continue };
            if allowed & applies_to == 0 {
                continue;
            }
            let whole = of != Measure::Value || allowed & NUMERIC == types::INTEGER;
            let slot = *known.entry((of, lower.at, upper.at)).or_insert(ranges.len());
            if slot == ranges.len() {
                ranges.push(Range { of, lower, upper, whole, direction: 0 });
            }
            ranges[slot].direction |= direction;
            ranges[slot].whole &= whole;
        }
    }
    ranges.sort_by_key(|range| order(&api.walk, range.upper.at));
    ranges
}

/// Why keywords have no effect, in the order of `fields::REASONS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Because {
    /// They apply to none of the types that are allowed.
    Type,
    /// They stand beside a `$ref`, and the version ignores what does.
    Reference,
}

/// Keywords of one object that have no effect.
#[derive(Debug)]
pub struct Ignored {
    /// Their entries; at least one.
    pub entries: Vec<At>,
    /// Why.
    pub because: Because,
    /// Bits of the types that are allowed.
    pub types: u32,
    /// Direction bits of what they should limit.
    pub direction: u8,
}

/// All keywords without effect, by object, in document order.
pub fn ignored(api: &Api) -> Vec<Ignored> {
    let mut list = by_type(api);
    if api.version <= Version::V30 {
        list.extend(api.references.iter().filter_map(|reference| beside_reference(api, reference.at)));
    }
    list.sort_by_key(|ignored| order(&api.walk, ignored.entries[0]));
    list
}

/// The types that a limiting keyword applies to.
fn applies_to(key: &str) -> Option<u32> {
    Some(match key {
        "maxLength" | "minLength" | "pattern" => types::STRING | types::FILE,
        "maxItems" | "minItems" => types::ARRAY,
        "maxProperties" | "minProperties" => types::OBJECT,
        "maximum" | "minimum" | "exclusiveMaximum" | "exclusiveMinimum" | "multipleOf" => NUMERIC,
        _ => return None,
    })
}

/// Whether a keyword with this value would exclude anything at all.
fn limits(api: &Api, key: &str, entry: At) -> bool {
    let value = api.view.resolve(entry);
    let tree = api.view.tree(value.file);
    let number = tree.number(value.node);
    match key {
        "pattern" => api.view.kind(value) == NodeKind::Str,
        "minLength" | "minItems" | "minProperties" => number.is_some_and(|number| number > 0.0),
        "exclusiveMaximum" | "exclusiveMinimum" => number.is_some() || tree.bool(value.node) == Some(true),
        _ => number.is_some(),
    }
}

fn by_type(api: &Api) -> Vec<Ignored> {
    let mut list: Vec<Ignored> = Vec::new();
    let mut known: HashMap<At, usize> = HashMap::new();
    for &number in &api.schemas {
        let direction = api.graph.judged(number);
        let Some(effective) = api.graph.effective(number) else { continue };
        if direction == 0 || effective.types == 0 || effective.unknown {
            continue;
        }
        for member in api.graph.members(number) {
            let at = api.graph.objects[member as usize].at;
            let misses = |entry: &At| {
                let key = api.view.key(*entry).unwrap_or_default();
                applies_to(key).is_some_and(|applies| applies & effective.types == 0) && limits(api, key, *entry)
            };
            let entries: Vec<At> = api.view.children(at).filter(misses).collect();
            let Some(&first) = entries.first() else { continue };
            let slot = *known.entry(first).or_insert(list.len());
            if slot == list.len() {
                list.push(Ignored { entries, because: Because::Type, types: effective.types, direction: 0 });
            }
            list[slot].direction |= direction;
        }
    }
    list
}

/// Keywords beside a `$ref` that the target does not have as well.
fn beside_reference(api: &Api, reference: At) -> Option<Ignored> {
    let holder = api.view.parent(reference)?;
    let target = api.view.follow(holder)?;
    let counts = |entry: &At| {
        let key = api.view.key(*entry).unwrap_or_default();
        let value = api.view.resolve(*entry);
        let tree = api.view.tree(value.file);
        let says = match key {
            // Some write a sentence there.
            "format" => api.view.kind(value) == NodeKind::Str && !api.view.text(value).contains(char::is_whitespace),
            "enum" => api.view.kind(value) == NodeKind::Seq,
            "readOnly" | "writeOnly" => tree.bool(value.node) == Some(true),
            "additionalProperties" => {
                tree.bool(value.node) == Some(false)
                    || api.view.kind(value) == NodeKind::Map && api.view.children(value).next().is_some()
            }
            key => applies_to(key).is_some() && limits(api, key, *entry),
        };
        let same = || tree.get(target.node, key).is_some_and(|node| api.same(value, At { node, ..target }));
        says && !(target.file == value.file && same())
    };
    let entries: Vec<At> = api.view.children(holder).filter(counts).collect();
    let direction = api.walk.object_at(target).map_or(0, |number| api.graph.direction(number));
    (!entries.is_empty()).then_some(Ignored { entries, because: Because::Reference, types: 0, direction })
}

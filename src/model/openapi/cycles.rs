//! Schemas that contain themselves in what clients send: groups of schemas each of
//! which reaches the others. Knows the graph of schemas, no rule.

use std::collections::{HashMap, HashSet};

use super::Api;
use super::graph::{IN, types};
use super::walk::{Edge, order};
use crate::span::{At, Place};

/// Schemas that contain one another.
#[derive(Debug)]
pub struct Cycle {
    /// Where it closes first.
    pub place: Place,
    /// The references that lead back to a schema that began before: indices, in document order.
    pub closes: Vec<u32>,
    /// Whether every way round passes an array with `maxItems`.
    pub bounded: bool,
}

const NONE: u32 = u32::MAX;

/// All groups, in document order. Those that stay without arrays that are limited are
/// one group each; a group that only holds together through such arrays is bounded.
pub fn cycles(api: &Api) -> Vec<Cycle> {
    let limited: Vec<bool> = (0..api.graph.objects.len() as u32).map(|number| is_limited(api, number)).collect();
    let free = Groups::new(api, Some(&limited));
    let all = Groups::new(api, None);
    let with_free: HashSet<u32> = free.cyclic().map(|number| all.of[number as usize]).collect();
    let mut cycles = found(api, &free, false, &HashSet::new());
    cycles.extend(found(api, &all, true, &with_free));
    cycles.sort_by_key(|cycle| order(&api.walk, cycle.place.at));
    cycles
}

/// The cycles of a partition, without some groups.
fn found(api: &Api, groups: &Groups, bounded: bool, without: &HashSet<u32>) -> Vec<Cycle> {
    let mut closes: HashMap<u32, Vec<u32>> = HashMap::new();
    for (reference, index) in api.references.iter().map(|reference| reference.at).zip(0..) {
        let Some((from, _)) = api.owner(reference) else { continue };
        let group = groups.of[from as usize];
        if group == NONE || without.contains(&group) {
            continue;
        }
        let Some(to) = target(api, reference) else { continue };
        let leads_back = order(&api.walk, api.graph.objects[to as usize].at) <= order(&api.walk, reference);
        if leads_back && groups.inner.contains(&(from, to)) {
            closes.entry(group).or_default().push(index);
        }
    }
    let mut first: HashMap<u32, u32> = HashMap::new();
    for number in groups.cyclic() {
        first.entry(groups.of[number as usize]).or_insert(number);
    }
    let groups = first.into_iter().filter(|(group, _)| !without.contains(group));
    let cycles = groups.map(|(group, number)| {
        let closes = closes.remove(&group).unwrap_or_default();
        let place = closes.first().map(|&index| Place::value(api.references[index as usize].at));
        Cycle { place: place.unwrap_or_else(|| api.place(number)), closes, bounded }
    });
    cycles.collect()
}

/// The object that a reference leads to: the first definition on its way.
fn target(api: &Api, reference: At) -> Option<u32> {
    let mut reference = reference;
    for _ in 0..64 {
        let at = api.view.resolve(api.view.target(reference).ok()?);
        if let Some(number) = api.walk.object_at(at) {
            return Some(number);
        }
        reference = api.view.reference(at)?;
    }
    None
}

/// A partition of the schemas that clients send into groups that reach one another.
struct Groups {
    /// By object number; `NONE` for what is in no cycle.
    of: Vec<u32>,
    /// Edges inside groups.
    inner: HashSet<(u32, u32)>,
}

impl Groups {
    /// Two passes, forth and back (Kosaraju), without recursion: documents may nest as deep as they like.
    /// The parts of `limited` objects are left out.
    fn new(api: &Api, limited: Option<&[bool]>) -> Self {
        let graph = &api.graph;
        let passes = |from: u32, to: u32, edge: Edge| {
            is_sent(api, from)
                && is_sent(api, to)
                && graph.spread(to, edge, IN).is_some()
                && !(edge == Edge::Part && limited.is_some_and(|limited| limited[from as usize]))
        };
        let count = graph.objects.len();
        let mut seen = vec![false; count];
        let mut done = Vec::with_capacity(count);
        for start in 0..count as u32 {
            let mut open = if std::mem::replace(&mut seen[start as usize], true) { vec![] } else { vec![(start, 0)] };
            while let Some((at, next)) = open.pop() {
                match graph.out(at).get(next) {
                    Some(&(to, edge)) => {
                        open.push((at, next + 1));
                        if !seen[to as usize] && passes(at, to, edge) {
                            seen[to as usize] = true;
                            open.push((to, 0));
                        }
                    }
                    None => done.push(at),
                }
            }
        }
        let mut of = vec![NONE; count];
        for &start in done.iter().rev() {
            if of[start as usize] != NONE {
                continue;
            }
            of[start as usize] = start;
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                for &(from, edge) in graph.back(at) {
                    if of[from as usize] == NONE && passes(from, at, edge) {
                        of[from as usize] = start;
                        open.push(from);
                    }
                }
            }
        }
        let mut inner = HashSet::new();
        for from in 0..count as u32 {
            let within = |to: u32| of[from as usize] == of[to as usize];
            let edges = graph.out(from).iter().filter(|&&(to, edge)| within(to) && passes(from, to, edge));
            inner.extend(edges.map(|&(to, _)| (from, to)));
        }
        let cyclic: HashSet<u32> = inner.iter().map(|&(from, _)| of[from as usize]).collect();
        for group in &mut of {
            if !cyclic.contains(group) {
                *group = NONE;
            }
        }
        Self { of, inner }
    }

    /// The schemas that are in some cycle, by number.
    fn cyclic(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.of.len() as u32).filter(|&number| self.of[number as usize] != NONE)
    }
}

fn is_sent(api: &Api, number: u32) -> bool {
    api.graph.is_schema(number) && api.graph.direction(number) & IN != 0
}

/// Whether an object is an array with `maxItems`, its own or that of all it is a member of.
fn is_limited(api: &Api, number: u32) -> bool {
    let graph = &api.graph;
    let limited = |number: u32| {
        graph.effective(number).is_some_and(|schema| schema.types & types::ARRAY != 0 && schema.max_items.is_some())
    };
    let wholes = || graph.back(number).iter().filter(|(_, edge)| *edge == Edge::Both).map(|&(whole, _)| whole);
    limited(number) || graph.judged(number) & IN == 0 && wholes().next().is_some() && wholes().all(limited)
}

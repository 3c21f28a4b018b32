//! The field on properties that a schema requires and nobody defines.

use std::collections::HashSet;

use super::schema::{members, own_properties};
use super::{Field, Kind, Model, Type, placed, texts, value_of};
use crate::model::openapi::graph::Additional;
use crate::model::openapi::view::K;
use crate::model::openapi::walk::Edge;
use crate::source::NodeKind;
use crate::span::At;

/// How many schemas around one are asked; with more of them nothing is said.
const MOST: usize = 1_000;

/// Items of `required` that name a property which neither the schema defines, nor one it is
/// composed with: members, alternatives, and the schemas that it is a member or alternative of.
fn undefined(model: &Model, index: u32) -> Vec<At> {
    let api = model.api();
    let number = api.schemas[index as usize];
    let list = api.view.get(api.graph.objects[number as usize].at, K::Required);
    let Some(list) = list.filter(|&list| api.view.kind(list) == NodeKind::Seq) else { return Vec::new() };
    let items = api.view.children(list).map(|item| api.view.resolve(item));
    let mut open: Vec<At> = items.filter(|&item| api.view.kind(item) == NodeKind::Str).collect();
    let mut own: HashSet<&str> = HashSet::new();
    for member in members(model, number) {
        own.extend(own_properties(model, member).filter_map(|(entry, _)| api.view.key(entry)));
    }
    open.retain(|&item| !own.contains(api.view.text(item)));
    if open.is_empty() {
        return open;
    }
    let Some(around) = around(model, number) else { return Vec::new() };
    for schema in around {
        // What follows a schema by any name is defined by that.
        let is_map = api.graph.effective(schema).is_none_or(|schema| {
            schema.unknown || schema.additional.is_some_and(|(says, _)| says == Additional::Schema)
        });
        if is_map {
            return Vec::new();
        }
        let named: HashSet<&str> = own_properties(model, schema).filter_map(|(entry, _)| api.view.key(entry)).collect();
        open.retain(|&item| !named.contains(api.view.text(item)));
    }
    open
}

/// A schema with all it is composed with; `None` under `not` and `if`, where a name alone is enough, or if there are too many.
fn around(model: &Model, number: u32) -> Option<HashSet<u32>> {
    let graph = &model.api().graph;
    let composes = |edge: Edge| matches!(edge, Edge::Both | Edge::Branch);
    let mut found = HashSet::from([number]);
    let mut open = vec![number];
    while let Some(at) = open.pop() {
        if matches!(model.api().view.key(graph.objects[at as usize].at), Some("not" | "if")) {
            return None;
        }
        for &(from, edge) in graph.back(at) {
            if composes(edge) && found.insert(from) {
                open.push(from);
            }
        }
        if found.len() > MOST {
            return None;
        }
    }
    let mut open: Vec<u32> = found.iter().copied().collect();
    while let Some(at) = open.pop() {
        for &(to, edge) in graph.out(at) {
            if composes(edge) && found.insert(to) {
                open.push(to);
            }
        }
        if found.len() > MOST {
            return None;
        }
    }
    Some(found)
}

pub(super) static FIELDS: &[Field] = &[placed(
    Kind::Schema,
    "undefinedRequired",
    Type::Texts,
    "Names in its `required` that neither it nor a schema it is composed with defines. Nothing is said under `not` and `if`. Stands at the first.",
    |m, i| texts(undefined(m, i).into_iter().map(|at| m.api().view.text(at))),
    |m, i| value_of(undefined(m, i).first().copied()),
)];

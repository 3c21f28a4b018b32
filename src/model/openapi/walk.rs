//! The typed walk: finds every OpenAPI object that the root reaches, each once,
//! through files and references, and the edges between them. Knows the grammar,
//! but neither security nor schemas nor any other meaning.

use std::collections::HashSet;

use super::grammar::{Child, Object, Version};
use super::view::{K, View, matrix};
use crate::error::{LoadError, Problem, ProblemCode};
use crate::resolve::Unresolved;
use crate::source::NodeKind;
use crate::span::{At, NodeId};

/// How one object leads to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// None of the below: a parameter of an operation, a schema of a media type, `items` of an array, ...
    Part,
    /// A response, header or media type, with the entry that names it: a status, a name, a type.
    Named(At),
    /// `properties`, with the entry that names the property.
    Property(At),
    /// `allOf`, or `$ref` beside other keywords: both hold.
    Both,
    /// `oneOf`, `anyOf`, `then`, `else`: an alternative.
    Branch,
    /// `not`, `if`, `propertyNames`, `$defs`: no value has this shape because of it.
    Aside,
}

/// An OpenAPI object.
#[derive(Clone, Copy, Debug)]
pub struct Typed {
    /// Its definition: a mapping, never a reference or an alias.
    pub at: At,
    /// What it is.
    pub object: Object,
    /// The object that led here first; `u32::MAX` for the root.
    pub parent: u32,
}

/// A `$ref` in an object position.
#[derive(Clone, Copy, Debug)]
pub struct Reference {
    /// Its value.
    pub at: At,
    /// What stands, or should stand, at its target.
    pub object: Object,
    /// Whether its target does not exist in what was read. Where gatelint does not look (a URL) it may exist.
    pub dangling: bool,
}

/// What the walk found.
#[derive(Debug, Default)]
pub struct Walk {
    /// All objects, parents before children.
    pub objects: Vec<Typed>,
    /// From, to, how.
    pub edges: Vec<(u32, u32, Edge)>,
    /// `$ref`s in object positions; one that is followed twice is there twice.
    pub references: Vec<Reference>,
    /// Objects some `$ref` of which has no target, or none that is read; by number.
    pub broken: Vec<u32>,
    /// Keys the grammar does not know, with the object they stand in.
    pub unknown_keys: Vec<(At, u32)>,
    /// `security` entries with the document or operation they stand in.
    pub security: Vec<(At, u32)>,
    /// Owner and value of each `x-gatelint-ignore`.
    pub ignores: Vec<(At, At)>,
    /// What has no target.
    pub problems: Vec<Problem>,
    /// Per file and node: number of the object defined there.
    defined: Vec<Vec<u32>>,
    /// Files in the order they were first reached.
    pub file_order: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Walk {
    /// The object defined at a node.
    pub fn object_at(&self, at: At) -> Option<u32> {
        let found = *self.defined.get(at.file.0 as usize)?.get(at.node.0 as usize)?;
        (found != NONE).then_some(found)
    }

    /// Whether some `$ref` of an object has no target, or none that is read.
    pub fn is_broken(&self, number: u32) -> bool {
        self.broken.binary_search(&number).is_ok()
    }
}

struct Visit {
    at: At,
    object: Object,
    from: u32,
    edge: Edge,
}

struct Walker<'v> {
    view: &'v View,
    /// Entries whose value is lost to a later one with the same key.
    lost: HashSet<At>,
    version: Version,
    walk: Walk,
    open: Vec<Visit>,
    rank: u32,
}

/// Walks everything that `root`, the root of a document of `version`, reaches.
pub fn walk(view: &View, version: Version, root: At) -> Walk {
    let files = view.sources.files().len();
    let walk = Walk { defined: vec![Vec::new(); files], file_order: vec![NONE; files], ..Walk::default() };
    let duplicates = view
        .sources
        .files()
        .flat_map(|file| file.tree.duplicates.iter().map(|duplicate| At { file: file.id, node: duplicate.first }));
    let lost = duplicates.collect();
    let mut walker = Walker { view, lost, version, walk, open: Vec::new(), rank: 0 };
    walker.open.push(Visit { at: root, object: Object::Document, from: NONE, edge: Edge::Part });
    while let Some(visit) = walker.open.pop() {
        walker.visit(visit);
    }
    walker.walk.broken.sort_unstable();
    walker.walk
}

impl Walker<'_> {
    fn visit(&mut self, Visit { at, object, from, edge }: Visit) {
        let entry = at;
        let at = self.view.resolve(at);
        if self.view.kind(at) != NodeKind::Map {
            if object == Object::Schema && from != NONE && self.admits_anything(entry, at, edge) {
                let (number, _) = self.define(at, object, from);
                self.walk.edges.push((from, number, edge));
            }
            return;
        }
        let reference = self.view.reference(at);
        if let Some(reference) = reference {
            let is_wrapper =
                object == Object::Schema && self.version >= Version::V31 && self.view.children(at).count() > 1;
            if !is_wrapper {
                self.follow(reference, object, from, edge);
                return;
            }
        }
        let (number, new) = self.define(at, object, from);
        if from != NONE {
            self.walk.edges.push((from, number, edge));
        }
        if !new {
            return;
        }
        let first = self.open.len();
        self.children(at, object, number);
        if let Some(reference) = reference {
            self.follow(reference, object, number, Edge::Both);
        }
        // Depth first in document order.
        self.open[first..].reverse();
    }

    /// Whether a value is the schema `true` (3.1) that says what a body, a property or an item may be.
    ///
    /// Elsewhere (`additionalProperties`, `unevaluatedItems`) it says nothing about a value of its own.
    fn admits_anything(&self, entry: At, value: At, edge: Edge) -> bool {
        const SCHEMA: u8 = K::Schema as u8;
        const ITEMS: u8 = K::Items as u8;
        self.version >= Version::V31
            && self.view.tree(value.file).bool(value.node) == Some(true)
            && (matches!(edge, Edge::Property(_)) || matches!(self.view.number(entry), SCHEMA | ITEMS))
    }

    /// The number of the object defined at `at`, and whether it is new.
    fn define(&mut self, at: At, object: Object, from: u32) -> (u32, bool) {
        let file = at.file.0 as usize;
        let defined = &mut self.walk.defined[file];
        if defined.is_empty() {
            *defined = vec![NONE; self.view.tree(at.file).len()];
            self.walk.file_order[file] = self.rank;
            self.rank += 1;
        }
        let slot = &mut self.walk.defined[file][at.node.0 as usize];
        if *slot != NONE {
            return (*slot, false);
        }
        let number = self.walk.objects.len() as u32;
        *slot = number;
        self.walk.objects.push(Typed { at, object, parent: from });
        (number, true)
    }

    fn follow(&mut self, reference: At, object: Object, from: u32, edge: Edge) {
        let target = self.view.target(reference);
        self.refer(reference, object, &target);
        match target {
            Ok(target) if self.view.reference(target).is_some() && self.view.follow(target).is_none() => {
                self.refer_on(target, object);
                self.broken(
                    reference,
                    from,
                    ProblemCode::UnresolvedReference,
                    "leads nowhere: it goes in a circle, or on to a broken reference",
                );
            }
            Ok(target) => self.open.push(Visit { at: target, object, from, edge }),
            Err(error) => {
                let why = match &error {
                    Unresolved::Remote => "is remote, and gatelint opens no connection".to_owned(),
                    Unresolved::Outside => "leads out of the project root".to_owned(),
                    Unresolved::File(path, error) => format!("names the file `{path}`: {error}"),
                    Unresolved::Fragment => "has no target".to_owned(),
                };
                self.broken(reference, from, code(&error), &why);
            }
        }
    }

    fn refer(&mut self, at: At, object: Object, target: &Result<At, Unresolved>) {
        let dangling = target.as_ref().is_err_and(|error| code(error) == ProblemCode::UnresolvedReference);
        self.walk.references.push(Reference { at, object, dangling });
    }

    /// The references that lead on from the target of one: the last is the broken one, or all go in a circle.
    fn refer_on(&mut self, target: At, object: Object) {
        let mut seen = HashSet::new();
        let mut at = target;
        while let Some(reference) = self.view.reference(at) {
            if !seen.insert(reference) {
                let circle = seen.into_iter().map(|at| Reference { at, object, dangling: true });
                return self.walk.references.extend(circle);
            }
            let target = self.view.target(reference);
            self.refer(reference, object, &target);
            let Ok(next) = target else { return };
            at = next;
        }
    }

    fn broken(&mut self, reference: At, from: u32, code: ProblemCode, why: &str) {
        if from != NONE {
            self.walk.broken.push(from);
        }
        let value = self.view.resolve(reference);
        let message = format!("`$ref` to `{}` {why}", self.view.text(value).trim_end());
        self.walk.problems.push(Problem::new(code, message, self.view.tree(value.file).span(value.node)));
    }

    fn children(&mut self, at: At, object: Object, number: u32) {
        let row = &matrix(self.version)[object as usize];
        let view = self.view;
        if matches!(object, Object::Paths | Object::Responses | Object::Callback) {
            let child = if object == Object::Responses { Object::Response } else { Object::PathItem };
            self.names(at, child, number, Edge::Part);
            return;
        }
        for entry in view.children(at) {
            let key = view.number(entry);
            match row[key as usize] {
                Some(Child::Leaf) => {}
                Some(Child::Security) => self.security(entry, number),
                Some(child) => self.descend(entry, key, child, number),
                None if key == K::XIgnore as u8 => self.walk.ignores.push((at, view.resolve(entry))),
                None if object.closed() && !view.key(entry).is_some_and(|key| key.starts_with("x-") || key == "<<") => {
                    self.walk.unknown_keys.push((entry, number));
                }
                None => {}
            }
        }
        if view.tree(at.file).has_merge_keys() {
            self.merged(at, object, number);
        }
    }

    /// Entries that come through a merge key `<<`: each counts unless the map has its key itself.
    fn merged(&mut self, at: At, object: Object, number: u32) {
        let tree = self.view.tree(at.file);
        for &(key, child) in super::grammar::rows(self.version, object) {
            let own = tree.children(at.node).any(|entry| tree.key(entry) == Some(key));
            if let (false, Some(node)) = (own, tree.get(at.node, key)) {
                let entry = At { node, ..at };
                match child {
                    Child::Leaf => {}
                    Child::Security => self.security(entry, number),
                    child => self.descend(entry, self.view.number(entry), child, number),
                }
            }
        }
    }

    /// A `security` entry, and the schemes that it names by URI.
    fn security(&mut self, entry: At, number: u32) {
        self.walk.security.push((entry, number));
        let view = self.view;
        for requirement in view.children(view.resolve(entry)).map(|item| view.resolve(item)) {
            for named in view.children(requirement) {
                if let Some(scheme) = super::security::scheme_by_uri(view, self.version, named) {
                    self.push(scheme, Object::SecurityScheme, number, Edge::Part);
                }
            }
        }
    }

    fn descend(&mut self, entry: At, key: u8, child: Child, number: u32) {
        let edge = edge(key, entry);
        match child {
            Child::Leaf | Child::Security => {}
            Child::One(object) => self.push(entry, object, number, edge),
            Child::List(object) => self.list(entry, object, number, edge),
            Child::Map(object) => self.names(entry, object, number, edge),
            Child::SchemaOrList if self.view.kind(self.view.resolve(entry)) == NodeKind::Seq => {
                self.list(entry, Object::Schema, number, edge);
            }
            Child::SchemaOrList => self.push(entry, Object::Schema, number, edge),
            Child::SchemaOrNames => self.names(entry, Object::Schema, number, edge),
        }
    }

    fn list(&mut self, entry: At, object: Object, number: u32, edge: Edge) {
        let list = self.view.resolve(entry);
        if self.view.kind(list) == NodeKind::Seq {
            for item in self.view.children(list) {
                self.push(item, object, number, edge);
            }
        }
    }

    /// A map from names to objects. Some tools write a `$ref` for the whole map; it is followed.
    fn names(&mut self, entry: At, object: Object, number: u32, edge: Edge) {
        let mut map = self.view.resolve(entry);
        if let Some(reference) = self.view.reference(map) {
            self.refer(reference, object, &self.view.target(reference));
            match self.view.follow(map) {
                Some(target) => map = target,
                None => self.broken(reference, number, ProblemCode::UnresolvedReference, "has no target"),
            }
        }
        if self.view.kind(map) != NodeKind::Map {
            return;
        }
        let extensible = matches!(object, Object::PathItem | Object::Response);
        for named in self.view.children(map) {
            let key = self.view.key(named).unwrap_or_default();
            if key == "<<" || extensible && key.starts_with("x-") {
                if key == "x-gatelint-ignore" {
                    self.walk.ignores.push((map, self.view.resolve(named)));
                }
                continue;
            }
            let edge = match (edge, object) {
                (Edge::Property(_), _) => Edge::Property(named),
                (Edge::Part, Object::Response | Object::Header | Object::MediaType) => Edge::Named(named),
                (edge, _) => edge,
            };
            self.push(named, object, number, edge);
        }
    }

    fn push(&mut self, at: At, object: Object, from: u32, edge: Edge) {
        if self.lost.contains(&at) {
            return;
        }
        self.open.push(Visit { at, object, from, edge });
    }
}

/// What kind of problem a reference without a target is.
const fn code(error: &Unresolved) -> ProblemCode {
    match error {
        Unresolved::Fragment | Unresolved::File(_, LoadError::NotFound) => ProblemCode::UnresolvedReference,
        Unresolved::Remote | Unresolved::Outside | Unresolved::File(_, LoadError::Outside) => {
            ProblemCode::RefusedReference
        }
        Unresolved::File(_, LoadError::TooLarge(_)) => ProblemCode::TooLarge,
        Unresolved::File(_, LoadError::Unreadable(_)) => ProblemCode::Unreadable,
    }
}

/// How the value under a schema keyword relates to the schema; everything else is a part.
fn edge(key: u8, entry: At) -> Edge {
    const PROPERTIES: u8 = K::Properties as u8;
    const ALL_OF: u8 = K::AllOf as u8;
    const ONE_OF: u8 = K::OneOf as u8;
    const ANY_OF: u8 = K::AnyOf as u8;
    const NOT: u8 = K::Not as u8;
    const IF: u8 = K::If as u8;
    const NAMES: u8 = K::PropertyNames as u8;
    const DEFINITIONS: u8 = K::Definitions as u8;
    const DEFS: u8 = K::Defs as u8;
    const THEN: u8 = K::Then as u8;
    const ELSE: u8 = K::Else as u8;
    const DEPENDENT: u8 = K::DependentSchemas as u8;
    match key {
        PROPERTIES => Edge::Property(entry),
        ALL_OF => Edge::Both,
        ONE_OF | ANY_OF | THEN | ELSE | DEPENDENT => Edge::Branch,
        NOT | IF | NAMES | DEFINITIONS | DEFS => Edge::Aside,
        _ => Edge::Part,
    }
}

/// Document order: files in the order they were reached, then position.
pub fn order(walk: &Walk, at: At) -> (u32, NodeId) {
    (walk.file_order[at.file.0 as usize], at.node)
}

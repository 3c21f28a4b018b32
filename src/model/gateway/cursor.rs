//! A node of a configuration tree, read as adapters need it: by key, by path, as text, number or list. Aliases are
//! followed. Knows no format.

use crate::source::{NodeKind, SourceMap, Tree};
use crate::span::{At, FileId, NodeId, Place};

/// A node of a file's tree.
#[derive(Clone, Copy, Debug)]
pub struct Node<'s> {
    sources: &'s SourceMap,
    /// The entry: where the node stands, before aliases are followed.
    entry: At,
}

impl<'s> Node<'s> {
    /// The root of each document of a file.
    pub fn roots(sources: &'s SourceMap, file: FileId) -> impl Iterator<Item = Self> {
        let roots = sources.tree(file).roots();
        roots.iter().map(move |&node| Self { sources, entry: At { file, node } })
    }

    /// The node at a place.
    pub const fn at(sources: &'s SourceMap, entry: At) -> Self {
        Self { sources, entry }
    }

    fn with(self, node: NodeId) -> Self {
        Self { sources: self.sources, entry: At { file: self.entry.file, node } }
    }

    fn tree(self) -> &'s Tree {
        self.sources.tree(self.entry.file)
    }

    /// The node itself, aliases followed.
    fn node(self) -> NodeId {
        self.tree().resolve(self.entry.node)
    }

    /// The node itself, aliases followed: the same for all that name it.
    pub fn target(self) -> At {
        At { file: self.entry.file, node: self.node() }
    }

    /// Where it stands.
    pub const fn entry(self) -> At {
        self.entry
    }

    /// The file it stands in.
    pub const fn file(self) -> FileId {
        self.entry.file
    }

    /// The place of its key.
    pub const fn key_place(self) -> Place {
        Place::key(self.entry)
    }

    /// The place of its value.
    pub const fn place(self) -> Place {
        Place::value(self.entry)
    }

    /// The key it stands under.
    pub fn key(self) -> Option<&'s str> {
        self.tree().key(self.entry.node)
    }

    /// Whether it is a mapping.
    pub fn is_map(self) -> bool {
        self.tree().kind(self.node()) == NodeKind::Map
    }

    /// Whether it is a list.
    pub fn is_list(self) -> bool {
        self.tree().kind(self.node()) == NodeKind::Seq
    }

    /// Whether it is `null` or nothing at all.
    pub fn is_null(self) -> bool {
        self.tree().kind(self.node()) == NodeKind::Null
    }

    /// Whether it is a quoted or plain text, a number or a boolean.
    pub fn is_scalar(self) -> bool {
        !matches!(self.tree().kind(self.node()), NodeKind::Map | NodeKind::Seq | NodeKind::Null | NodeKind::Alias)
    }

    /// The value under `key` of a mapping; a `null` is not there.
    pub fn get(self, key: &str) -> Option<Self> {
        let found = self.tree().get(self.node(), key)?;
        Some(self.with(found)).filter(|node| !node.is_null())
    }

    /// The value under `key`, also if it is `null` or empty.
    pub fn entry_of(self, key: &str) -> Option<Self> {
        self.tree().get(self.node(), key).map(|found| self.with(found))
    }

    /// The value behind several keys.
    pub fn path(self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entries of a mapping in order, merge keys worked in, or the items of a list.
    pub fn children(self) -> impl Iterator<Item = Self> {
        let (tree, node) = (self.tree(), self.node());
        let entries = if tree.kind(node) == NodeKind::Map && tree.has_merge_keys() {
            tree.entries(node)
        } else {
            tree.children(node).collect()
        };
        entries.into_iter().map(move |child| self.with(child))
    }

    /// The entries of a mapping with this key: several, where keys may repeat.
    pub fn all(self, key: &'s str) -> impl Iterator<Item = Self> {
        self.children().filter(move |child| child.key() == Some(key))
    }

    /// The items of the list under `key`; a single value counts as a list of one. Nothing for what is not there.
    pub fn list(self, key: &str) -> Vec<Self> {
        match self.get(key) {
            None => Vec::new(),
            Some(list) if list.is_list() => list.children().collect(),
            Some(one) => vec![one],
        }
    }

    /// The text of a scalar.
    pub fn text(self) -> Option<&'s str> {
        self.is_scalar().then(|| self.tree().text(self.node()))
    }

    /// The text under `key`.
    pub fn str(self, key: &str) -> Option<&'s str> {
        self.get(key)?.text()
    }

    /// A boolean, also one that is written as text.
    pub fn bool(self) -> Option<bool> {
        match self.text()? {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }

    /// The boolean under `key`.
    pub fn flag(self, key: &str) -> Option<bool> {
        self.get(key)?.bool()
    }

    /// Whether the value under `key` is a true boolean.
    pub fn is_true(self, key: &str) -> bool {
        self.flag(key) == Some(true)
    }

    /// A number, also one that is written as text.
    pub fn number(self) -> Option<f64> {
        self.text()?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// Whether its text, or any text below it, holds template text: then it says nothing yet.
    pub fn is_template(self) -> bool {
        let span = self.tree().span(self.node());
        self.tree().source().get(span.start as usize..span.end as usize).is_some_and(has_template)
    }
}

/// Whether a text holds the marks of a template language (Helm, Jinja, Go templates, ERB).
pub fn has_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("<%")
}

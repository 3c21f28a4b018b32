//! One document of a parsed file, as the rows of the formats ask it. Aliases are
//! followed, so nothing that comes back is one.

use crate::source::{NodeKind, SourceFile, Syntax, Tree};
use crate::span::NodeId;

/// A node of a tree: a whole document, or a part of one.
#[derive(Clone, Copy)]
pub(super) struct Doc<'t> {
    pub(super) tree: &'t Tree,
    pub(super) node: NodeId,
    pub(super) syntax: Syntax,
}

impl<'t> Doc<'t> {
    /// The documents of a file.
    pub(super) fn all_of(file: &'t SourceFile) -> impl Iterator<Item = Self> {
        let (tree, syntax) = (&file.tree, file.syntax);
        tree.roots().iter().map(move |&node| Self { tree, node: tree.resolve(node), syntax })
    }

    /// Another node of the same tree.
    pub(super) fn with(self, node: NodeId) -> Self {
        Self { node: self.tree.resolve(node), ..self }
    }

    pub(super) fn kind(self) -> NodeKind {
        self.tree.kind(self.node)
    }

    /// What stands under `key`.
    pub(super) fn get(self, key: &str) -> Option<Self> {
        self.tree.get(self.node, key).map(|node| self.with(node))
    }

    /// What stands under a chain of keys.
    pub(super) fn at(self, keys: &[&str]) -> Option<Self> {
        self.tree.path(self.node, keys).map(|node| self.with(node))
    }

    /// What stands under `key`, whatever the case of its ASCII letters.
    pub(super) fn get_any_case(self, key: &str) -> Option<Self> {
        self.get(key).or_else(|| self.entries().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, value)| value))
    }

    pub(super) fn has(self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The map under `key`.
    pub(super) fn map(self, key: &str) -> Option<Self> {
        self.get(key).filter(|value| value.kind() == NodeKind::Map)
    }

    /// Keys and values of a map; nothing for everything else.
    pub(super) fn entries(self) -> impl Iterator<Item = (&'t str, Self)> {
        let entries = self.tree.entries(self.node).into_iter();
        entries.map(move |node| (self.tree.key(node).unwrap_or_default(), self.with(node)))
    }

    /// Values of a map.
    pub(super) fn values(self) -> impl Iterator<Item = Self> {
        self.entries().map(|(_, value)| value)
    }

    /// Items of a list; nothing for everything else.
    pub(super) fn items(self) -> impl Iterator<Item = Self> {
        let is_list = self.kind() == NodeKind::Seq;
        let items = is_list.then(|| self.tree.children(self.node)).into_iter().flatten();
        items.map(move |node| self.with(node))
    }

    /// The text of a scalar as written, without quotes; empty for containers.
    pub(super) fn text(self) -> &'t str {
        self.tree.text(self.node)
    }
}

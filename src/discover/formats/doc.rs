//! One document of a parsed file, as the rows of the formats ask it. Aliases are
//! followed, so nothing that comes back is one.

use crate::source::{NodeKind, Tree};
use crate::span::NodeId;

/// A node of a tree: a whole document, or a part of one.
#[derive(Clone, Copy)]
pub(super) struct Doc<'t> {
    pub(super) tree: &'t Tree,
    pub(super) node: NodeId,
}

impl<'t> Doc<'t> {
    pub(super) fn new(tree: &'t Tree, node: NodeId) -> Self {
        Self { tree, node: tree.resolve(node) }
    }

    pub(super) fn kind(self) -> NodeKind {
        self.tree.kind(self.node)
    }

    /// What stands under `key`.
    pub(super) fn get(self, key: &str) -> Option<Self> {
        self.tree.get(self.node, key).map(|node| Self::new(self.tree, node))
    }

    /// What stands under a chain of keys.
    pub(super) fn at(self, keys: &[&str]) -> Option<Self> {
        self.tree.path(self.node, keys).map(|node| Self::new(self.tree, node))
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
        entries.map(move |node| (self.tree.key(node).unwrap_or_default(), Self::new(self.tree, node)))
    }

    /// Values of a map.
    pub(super) fn values(self) -> impl Iterator<Item = Self> {
        self.entries().map(|(_, value)| value)
    }

    /// Items of a list; nothing for everything else.
    pub(super) fn items(self) -> impl Iterator<Item = Self> {
        let is_list = self.kind() == NodeKind::Seq;
        let items = is_list.then(|| self.tree.children(self.node)).into_iter().flatten();
        items.map(move |node| Self::new(self.tree, node))
    }

    /// The text of a scalar as written, without quotes; empty for containers.
    pub(super) fn text(self) -> &'t str {
        self.tree.text(self.node)
    }
}

//! Builds a [`Tree`] from events in document order. Readers are its only users;
//! it knows no format and trusts the offsets it is given.

use hashbrown::HashMap;
use std::sync::Arc;

use super::{Comment, DuplicateKey, INDEX_OVER, INSIDE_QUOTES, NONE, Node, NodeKind, Step, Tree};
use crate::source::tree::COUNT_BITS;
use crate::span::{FileId, NodeId};

/// Where the text of a scalar comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// The bytes of its span.
    AsWritten,
    /// The bytes of its span without the first and the last one.
    InsideQuotes,
    /// A text that stands nowhere in the file, from [`TreeBuilder::decode`].
    Decoded(u32),
}

/// Direct-mapped slots for the keys seen last; see [`TreeBuilder::key`].
const RECENT_KEYS: usize = 1024;

/// Builds a [`Tree`] from events in document order. Readers are its only users.
#[derive(Debug)]
pub struct TreeBuilder {
    tree: Tree,
    open: Vec<u32>,
    pending_key: Option<(u32, u32, u32)>,
    recent_keys: Box<[u32]>,
    scratch: Vec<(u32, u32)>,
    scattered: bool,
    /// Where the node that was pushed or closed last ends.
    last_end: u32,
}

impl TreeBuilder {
    /// A builder for the tree of `file`, whose text is `text`.
    pub fn new(file: FileId, text: Arc<str>) -> Self {
        let nodes = Vec::with_capacity(text.len() / 32);
        Self {
            tree: Tree {
                file,
                text,
                nodes,
                roots: Vec::new(),
                keys: Vec::new(),
                key_ids: HashMap::new(),
                decoded: String::new(),
                decoded_ends: Vec::new(),
                index: HashMap::new(),
                merge_keys: false,
                order: None,
                step: None,
                duplicates: Vec::new(),
                comments: Vec::new(),
            },
            open: Vec::new(),
            pending_key: None,
            recent_keys: vec![NONE; RECENT_KEYS].into(),
            scratch: Vec::new(),
            scattered: false,
            last_end: 0,
        }
    }

    /// How many containers are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The innermost open container.
    pub fn innermost(&self) -> Option<NodeKind> {
        self.open.last().map(|&id| self.tree.nodes[id as usize].kind())
    }

    /// What an earlier node is, and its text as [`Tree::text`] gives it.
    pub fn seen(&self, id: NodeId) -> (NodeKind, &str) {
        (self.tree.kind(id), self.tree.text(id))
    }

    /// Sets the key of the next node: its decoded text and its bytes, quotes included.
    pub fn key(&mut self, text: &str, start: u32, end: u32) {
        // Real documents repeat a few hundred keys. A small table that is only a
        // guess, checked by comparing, spares most of them the keyed hash, which
        // stays behind it because the keys are an attacker's.
        let slot = recent_slot(text.as_bytes());
        let recent = self.recent_keys[slot];
        let sym = match self.tree.keys.get(recent as usize) {
            Some(key) if **key == *text => recent,
            _ => {
                let sym = self.intern(text);
                self.recent_keys[slot] = sym;
                sym
            }
        };
        self.pending_key = Some((sym, start, end));
    }

    /// Says that the key `<<` merges mappings in this file (YAML, not JSON).
    pub fn allow_merge_keys(&mut self) {
        self.tree.merge_keys = true;
    }

    /// Says that keys repeat on purpose in this file, and how their values are named in pointers.
    pub fn repeat_keys(&mut self, step: Step) {
        self.tree.step = Some(step);
    }

    /// Says that nodes may not lie in the order of the text.
    pub fn scatter(&mut self) {
        self.scattered = true;
    }

    /// Keeps a text that differs from what is written.
    pub fn decode(&mut self, text: &str) -> Text {
        self.decode_with(|decoded| decoded.push_str(text))
    }

    /// As [`TreeBuilder::decode`], for a text that `write` appends to the string it is given.
    pub fn decode_with(&mut self, write: impl FnOnce(&mut String)) -> Text {
        write(&mut self.tree.decoded);
        self.tree.decoded_ends.push(self.tree.decoded.len() as u32);
        Text::Decoded(self.tree.decoded_ends.len() as u32 - 1)
    }

    /// A text from [`TreeBuilder::decode`]; empty for one that stands in the file.
    pub fn decoded(&self, text: Text) -> &str {
        match text {
            Text::Decoded(index) => self.tree.decoded_text(index),
            Text::AsWritten | Text::InsideQuotes => "",
        }
    }

    /// Adds a scalar that covers the bytes `start..end`.
    pub fn scalar(&mut self, kind: NodeKind, start: u32, end: u32, text: Text) -> NodeId {
        let link = match text {
            Text::AsWritten => NONE,
            Text::InsideQuotes => INSIDE_QUOTES,
            Text::Decoded(index) => index,
        };
        self.push(kind, start, end, link)
    }

    /// Adds an alias of `target` (`None`: nothing it could stand for is known).
    /// An alias inside the node it names refers to nothing, as following it would not end.
    pub fn alias(&mut self, target: Option<NodeId>, start: u32, end: u32) -> NodeId {
        let target = target.filter(|&target| !self.is_open(target));
        self.push(NodeKind::Alias, start, end, target.map_or(NONE, |id| id.0))
    }

    /// Whether `id` is a container that is not closed yet.
    pub fn is_open(&self, id: NodeId) -> bool {
        self.open.binary_search(&id.0).is_ok()
    }

    /// Opens a sequence or mapping; the following nodes are its entries until [`TreeBuilder::close`].
    pub fn open(&mut self, kind: NodeKind, start: u32) -> NodeId {
        let id = self.push(kind, start, start, 1);
        self.open.push(id.0);
        id
    }

    /// Closes the innermost container, which ends at byte `end`, or where its
    /// last entry does.
    pub fn close(&mut self, end: Option<u32>) {
        let Some(id) = self.open.pop() else { return };
        let end = end.unwrap_or(self.last_end);
        let size = self.tree.nodes.len() as u32 - id;
        let node = &mut self.tree.nodes[id as usize];
        node.link = size;
        node.end = end.max(node.start);
        self.last_end = node.end;
        if node.kind() == NodeKind::Map {
            self.index_keys(NodeId(id));
        }
    }

    /// Closes all containers, each where its last entry ends; the next node is a root.
    pub fn abandon(&mut self) {
        while !self.open.is_empty() {
            self.close(None);
        }
        self.pending_key = None;
    }

    /// The tree; containers still open (after a syntax error) end where their last entry does.
    pub fn finish(mut self) -> Tree {
        self.abandon();
        if self.scattered {
            let mut order: Box<[u32]> = (0..self.tree.nodes.len() as u32).collect();
            order.sort_by_key(|&id| self.tree.begin(NodeId(id)));
            self.tree.order = Some(order);
        }
        self.tree.duplicates.sort_unstable_by_key(|duplicate| duplicate.second);
        self.tree.comments.sort_unstable_by_key(|comment| comment.span.start);
        self.tree
    }

    /// Notes a comment that speaks to gatelint.
    pub fn comment(&mut self, comment: Comment) {
        self.tree.comments.push(comment);
    }

    fn intern(&mut self, text: &str) -> u32 {
        if let Some(&sym) = self.tree.key_ids.get(text) {
            return sym;
        }
        let sym = self.tree.keys.len() as u32;
        self.tree.keys.push(text.into());
        self.tree.key_ids.insert(text.into(), sym);
        sym
    }

    fn push(&mut self, kind: NodeKind, start: u32, end: u32, link: u32) -> NodeId {
        let id = self.tree.nodes.len() as u32;
        let (parent, index) = match self.open.last() {
            Some(&parent) => {
                let index = self.tree.count(NodeId(parent)) as u32;
                self.tree.nodes[parent as usize].count_kind += 1;
                (parent, index)
            }
            None => {
                self.tree.roots.push(NodeId(id));
                (NONE, 0)
            }
        };
        let (key, key_start, key_end) = self.pending_key.take().unwrap_or((NONE, index, index));
        let count_kind = (kind as u32) << COUNT_BITS;
        self.tree.nodes.push(Node { start, end, key_start, key_end, key, parent, link, count_kind });
        self.last_end = end;
        NodeId(id)
    }

    /// Finds duplicate keys, and keeps the sorted keys of large maps.
    fn index_keys(&mut self, map: NodeId) {
        self.scratch.clear();
        let tree = &self.tree;
        self.scratch.extend(tree.children(map).map(|child| (tree.node(child).key, child.0)));
        let repeats = tree.step.is_some();
        let large = self.scratch.len() as u32 > INDEX_OVER;
        if large {
            self.scratch.sort_unstable();
            let pairs = self.scratch.windows(2).filter(|pair| pair[0].0 == pair[1].0);
            let found = pairs.map(|pair| DuplicateKey { first: NodeId(pair[0].1), second: NodeId(pair[1].1) });
            self.tree.duplicates.extend(found.filter(|_| !repeats));
            self.tree.index.insert(map.0, self.scratch.as_slice().into());
        } else if !repeats {
            for (i, &(key, second)) in self.scratch.iter().enumerate() {
                if let Some(&(_, first)) = self.scratch[..i].iter().rev().find(|earlier| earlier.0 == key) {
                    self.tree.duplicates.push(DuplicateKey { first: NodeId(first), second: NodeId(second) });
                }
            }
        }
    }
}

/// A cheap mix of a key's length, its first and its last bytes.
fn recent_slot(key: &[u8]) -> usize {
    let (first, last) = match (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (key.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)), 0),
    };
    let mixed = (first ^ last.rotate_left(29) ^ key.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as usize % RECENT_KEYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_share_a_slot_stay_apart() {
        let mut builder = TreeBuilder::new(FileId(0), Arc::from(""));
        builder.open(NodeKind::Map, 0);
        let keys: Vec<String> = (0..5000).map(|i| format!("12345678-{}-87654321", i % 2500)).collect();
        for key in &keys {
            builder.key(key, 0, 0);
            builder.scalar(NodeKind::Null, 0, 0, Text::AsWritten);
        }
        let tree = builder.finish();
        let found: Vec<_> = tree.children(tree.roots()[0]).map(|child| tree.key(child).unwrap()).collect();
        assert_eq!(found, keys);
        assert_eq!(tree.duplicates.len(), 2500);
    }

    #[test]
    fn an_alias_inside_its_own_anchor_refers_to_nothing() {
        let mut builder = TreeBuilder::new(FileId(0), Arc::from("&a [*a]"));
        let seq = builder.open(NodeKind::Seq, 3);
        let alias = builder.alias(Some(seq), 4, 6);
        builder.close(Some(7));
        let tree = builder.finish();
        assert_eq!(tree.resolve(alias), alias);
    }
}

//! The located tree: one arena per file, in document order, with byte spans of
//! every key and value. Knows no file format and no meaning of any key.
//!
//! Nodes lie in pre-order, so a subtree is a contiguous range of ids, the next
//! sibling is `id + size`, and comparing ids compares positions in the text.
//! Keys are interned; scalars are borrowed from the source text unless an
//! escape or a fold changed them. An alias stays a node of its own and refers
//! to its anchor: nothing is ever copied, so no document can blow the tree up.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::span::{FileId, NodeId, Span};

/// What a node is. Scalars are resolved by the YAML 1.2 core schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeKind {
    /// `null`, `~`, or nothing at all.
    Null,
    /// `true` or `false`.
    Bool,
    /// An integer, of any size.
    Int,
    /// A number with a fraction or an exponent, or an infinity.
    Float,
    /// Any other scalar, and every quoted one.
    Str,
    /// A sequence.
    Seq,
    /// A mapping.
    Map,
    /// A reference to an anchored node.
    Alias,
}

/// An interned key of one tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sym(pub u32);

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Node {
    start: u32,
    end: u32,
    key_start: u32,
    key_end: u32,
    key: u32,
    parent: u32,
    /// Containers: nodes of the subtree, this one included. Scalars: index
    /// into `decoded`, or `NONE`. Aliases: the anchored node, or `NONE`.
    link: u32,
    /// Number of children (low 28 bits) and kind (high 4 bits).
    count_kind: u32,
}

const COUNT_BITS: u32 = 28;
const COUNT_MASK: u32 = (1 << COUNT_BITS) - 1;

impl Node {
    fn kind(&self) -> NodeKind {
        match self.count_kind >> COUNT_BITS {
            0 => NodeKind::Null,
            1 => NodeKind::Bool,
            2 => NodeKind::Int,
            3 => NodeKind::Float,
            4 => NodeKind::Str,
            5 => NodeKind::Seq,
            6 => NodeKind::Map,
            _ => NodeKind::Alias,
        }
    }
}

/// A comment that speaks to gatelint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The text after `#`, leading blanks excluded.
    pub span: Span,
    /// Whether nothing but blanks stands before it on its line.
    pub alone: bool,
}

/// A mapping key that occurs more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuplicateKey {
    /// The later node, whose value is used.
    pub second: NodeId,
    /// The node whose value is lost.
    pub first: NodeId,
}

/// The located tree of one file. Made by [`TreeBuilder`].
#[derive(Debug)]
pub struct Tree {
    file: FileId,
    text: Arc<str>,
    nodes: Vec<Node>,
    roots: Vec<NodeId>,
    keys: Vec<Box<str>>,
    key_ids: HashMap<Box<str>, u32>,
    decoded: Vec<Box<str>>,
    /// Children by key, for maps with more than [`INDEX_OVER`] entries.
    index: HashMap<u32, Box<[(u32, u32)]>>,
    merge_keys: bool,
    /// Mapping keys that occur twice, in document order.
    pub duplicates: Vec<DuplicateKey>,
    /// Comments that hold `gatelint:`, in document order.
    pub comments: Vec<Comment>,
}

/// Maps with more entries than this get a sorted key index.
const INDEX_OVER: u32 = 16;

impl Tree {
    /// The file this tree was read from.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// The text this tree was read from.
    pub fn source(&self) -> &Arc<str> {
        &self.text
    }

    /// The root of each document in the file; empty if the file holds none.
    pub fn roots(&self) -> &[NodeId] {
        &self.roots
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the file holds no node at all.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All nodes, in document order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// What a node is.
    pub fn kind(&self, id: NodeId) -> NodeKind {
        self.node(id).kind()
    }

    /// The bytes of a node's value. Quotes and block scalar headers belong to it.
    pub fn span(&self, id: NodeId) -> Span {
        let node = self.node(id);
        Span::new(self.file, node.start, node.end)
    }

    /// The bytes of the key a node stands under, quotes included.
    pub fn key_span(&self, id: NodeId) -> Option<Span> {
        let node = self.node(id);
        (node.key != NONE).then(|| Span::new(self.file, node.key_start, node.key_end))
    }

    /// The key a node stands under. A key that is no string has its text.
    pub fn key(&self, id: NodeId) -> Option<&str> {
        self.key_sym(id).map(|sym| self.key_text(sym))
    }

    /// The interned key a node stands under.
    pub fn key_sym(&self, id: NodeId) -> Option<Sym> {
        let key = self.node(id).key;
        (key != NONE).then_some(Sym(key))
    }

    /// The text of an interned key.
    pub fn key_text(&self, sym: Sym) -> &str {
        &self.keys[sym.0 as usize]
    }

    /// The interned id of `key`, if any mapping of this file has such a key.
    pub fn sym(&self, key: &str) -> Option<Sym> {
        self.key_ids.get(key).copied().map(Sym)
    }

    /// The node a node stands in.
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        let parent = self.node(id).parent;
        (parent != NONE).then_some(NodeId(parent))
    }

    /// Number of entries of a container; 0 for everything else.
    pub fn count(&self, id: NodeId) -> usize {
        (self.node(id).count_kind & COUNT_MASK) as usize
    }

    /// Ids of a node and everything below it.
    pub fn subtree(&self, id: NodeId) -> Range<u32> {
        let node = self.node(id);
        let size = if matches!(node.kind(), NodeKind::Seq | NodeKind::Map) { node.link } else { 1 };
        id.0..id.0 + size
    }

    /// The entries of a container in order; nothing for everything else. Does not follow aliases.
    pub fn children(&self, id: NodeId) -> Children<'_> {
        Children { tree: self, next: id.0 + 1, left: self.count(id) as u32 }
    }

    /// Follows an alias to its anchored node. The identity for everything else,
    /// and for an alias of an unknown anchor or of a node it stands in.
    pub fn resolve(&self, id: NodeId) -> NodeId {
        let mut at = id;
        for _ in 0..64 {
            let node = self.node(at);
            if node.kind() != NodeKind::Alias || node.link == NONE {
                break;
            }
            at = NodeId(node.link);
        }
        at
    }

    /// The value under `key` of a mapping, aliases not followed. Of duplicate
    /// keys the last one counts; a written key beats one from a merge key `<<`.
    pub fn get(&self, map: NodeId, key: &str) -> Option<NodeId> {
        let sym = self.sym(key);
        if let Some(sym) = sym
            && let Some(found) = self.get_own(map, sym)
        {
            return Some(found);
        }
        if self.merge_keys { self.get_merged(map, sym?, 0) } else { None }
    }

    /// As [`Tree::get`], for a key that is already interned.
    pub fn get_sym(&self, map: NodeId, key: Sym) -> Option<NodeId> {
        let own = self.get_own(map, key);
        if own.is_none() && self.merge_keys { self.get_merged(map, key, 0) } else { own }
    }

    fn get_own(&self, map: NodeId, key: Sym) -> Option<NodeId> {
        if self.kind(map) != NodeKind::Map {
            return None;
        }
        if let Some(index) = self.index.get(&map.0) {
            let end = index.partition_point(|&(k, _)| k <= key.0);
            return (end > 0 && index[end - 1].0 == key.0).then(|| NodeId(index[end - 1].1));
        }
        self.children(map).filter(|&child| self.node(child).key == key.0).last()
    }

    /// Entries that come through `<<`: an alias to a map, or a list of such. The first one wins.
    fn get_merged(&self, map: NodeId, key: Sym, depth: u32) -> Option<NodeId> {
        if depth > 16 || self.kind(map) != NodeKind::Map {
            return None;
        }
        let merge = self.sym("<<")?;
        let source = self.resolve(self.get_own(map, merge)?);
        let from = |source: NodeId| self.get_own(source, key).or_else(|| self.get_merged(source, key, depth + 1));
        match self.kind(source) {
            NodeKind::Map => from(source),
            NodeKind::Seq => self.children(source).find_map(|item| from(self.resolve(item))),
            _ => None,
        }
    }

    /// The value under the first of a chain of keys, each in the value of the one before; aliases are followed.
    pub fn path(&self, from: NodeId, keys: &[&str]) -> Option<NodeId> {
        keys.iter().try_fold(self.resolve(from), |at, key| self.get(at, key).map(|found| self.resolve(found)))
    }

    /// The text of a scalar: decoded for strings, as written for the others. Empty for containers and aliases.
    pub fn text(&self, id: NodeId) -> &str {
        let node = self.node(id);
        match node.kind() {
            NodeKind::Seq | NodeKind::Map | NodeKind::Alias => "",
            _ if node.link != NONE => &self.decoded[node.link as usize],
            _ => &self.text[node.start as usize..node.end as usize],
        }
    }

    /// The text of a string scalar.
    pub fn str(&self, id: NodeId) -> Option<&str> {
        (self.kind(id) == NodeKind::Str).then(|| self.text(id))
    }

    /// The value of a boolean scalar.
    pub fn bool(&self, id: NodeId) -> Option<bool> {
        (self.kind(id) == NodeKind::Bool).then(|| self.text(id).eq_ignore_ascii_case("true"))
    }

    /// The value of a numeric scalar, as a double.
    pub fn number(&self, id: NodeId) -> Option<f64> {
        match self.kind(id) {
            NodeKind::Int | NodeKind::Float => parse_number(self.text(id)),
            _ => None,
        }
    }

    /// The JSON pointer of a node (RFC 6901), without document index.
    pub fn pointer(&self, id: NodeId) -> String {
        let mut steps = Vec::new();
        let mut at = id;
        while let Some(parent) = self.parent(at) {
            steps.push(match self.key(at) {
                Some(key) => key.replace('~', "~0").replace('/', "~1"),
                None => self.children(parent).position(|child| child == at).unwrap_or(0).to_string(),
            });
            at = parent;
        }
        steps.iter().rev().fold(String::new(), |mut pointer, step| {
            pointer.push('/');
            pointer.push_str(step);
            pointer
        })
    }

    /// The node a JSON pointer leads to from `root`; aliases and merge keys on the way are followed.
    pub fn at_pointer(&self, root: NodeId, pointer: &str) -> Option<NodeId> {
        if pointer.is_empty() {
            return Some(root);
        }
        let mut at = root;
        for step in pointer.strip_prefix('/')?.split('/') {
            at = self.resolve(at);
            let step = step.replace("~1", "/").replace("~0", "~");
            at = match self.kind(at) {
                NodeKind::Map => self.get(at, &step)?,
                NodeKind::Seq => self.children(at).nth(step.parse().ok()?)?,
                _ => return None,
            };
        }
        Some(at)
    }

    /// The deepest node whose key or value covers byte `offset`.
    pub fn at_offset(&self, offset: u32) -> Option<NodeId> {
        let covers = |id: NodeId| {
            let span = self.span(id);
            let start = self.key_span(id).map_or(span.start, |key| key.start);
            start <= offset && offset < span.end.max(start + 1)
        };
        let mut at = self.roots.iter().copied().find(|&root| covers(root))?;
        while let Some(child) = self.children(at).find(|&child| covers(child)) {
            at = child;
        }
        Some(at)
    }
}

/// The entries of a container.
#[derive(Clone, Debug)]
pub struct Children<'t> {
    tree: &'t Tree,
    next: u32,
    left: u32,
}

impl Iterator for Children<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        self.left = self.left.checked_sub(1)?;
        let id = NodeId(self.next);
        self.next = self.tree.subtree(id).end;
        Some(id)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

/// A number of the YAML core schema (JSON numbers are a subset).
fn parse_number(text: &str) -> Option<f64> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x', ..] => (&text[2..], 16),
        [b'0', b'o', ..] => (&text[2..], 8),
        _ => {
            return match text.trim_start_matches(['+', '-']) {
                ".inf" | ".Inf" | ".INF" if text.starts_with('-') => Some(f64::NEG_INFINITY),
                ".inf" | ".Inf" | ".INF" => Some(f64::INFINITY),
                ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
                _ => text.parse().ok(),
            };
        }
    };
    u128::from_str_radix(digits, radix).ok().map(|n| n as f64)
}

/// Builds a [`Tree`] from events in document order. Readers are its only users.
#[derive(Debug)]
pub struct TreeBuilder {
    tree: Tree,
    open: Vec<u32>,
    pending_key: Option<(u32, u32, u32)>,
    scratch: Vec<(u32, u32)>,
}

impl TreeBuilder {
    /// A builder for the tree of `file`, whose text is `text`.
    pub fn new(file: FileId, text: Arc<str>) -> Self {
        let nodes = Vec::with_capacity(text.len() / 24);
        Self {
            tree: Tree {
                file,
                text,
                nodes,
                roots: Vec::new(),
                keys: Vec::new(),
                key_ids: HashMap::new(),
                decoded: Vec::new(),
                index: HashMap::new(),
                merge_keys: false,
                duplicates: Vec::new(),
                comments: Vec::new(),
            },
            open: Vec::new(),
            pending_key: None,
            scratch: Vec::new(),
        }
    }

    /// How many containers are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The id the next node will get.
    pub fn next_id(&self) -> NodeId {
        NodeId(self.tree.nodes.len() as u32)
    }

    /// Sets the key of the next node: its decoded text and its bytes, quotes included.
    pub fn key(&mut self, text: &str, start: u32, end: u32) {
        let sym = match self.tree.key_ids.get(text) {
            Some(&sym) => sym,
            None => {
                let sym = self.tree.keys.len() as u32;
                self.tree.keys.push(text.into());
                self.tree.key_ids.insert(text.into(), sym);
                self.tree.merge_keys |= text == "<<";
                sym
            }
        };
        self.pending_key = Some((sym, start, end));
    }

    /// Adds a scalar. `decoded` is its text where that differs from the bytes `start..end`.
    pub fn scalar(&mut self, kind: NodeKind, start: u32, end: u32, decoded: Option<Box<str>>) -> NodeId {
        let link = match decoded {
            Some(text) => {
                self.tree.decoded.push(text);
                self.tree.decoded.len() as u32 - 1
            }
            None => NONE,
        };
        self.push(kind, start, end, link)
    }

    /// Adds an alias of `target` (`None`: the anchor is not known).
    pub fn alias(&mut self, target: Option<NodeId>, start: u32, end: u32) -> NodeId {
        self.push(NodeKind::Alias, start, end, target.map_or(NONE, |id| id.0))
    }

    /// Opens a sequence or mapping; the following nodes are its entries until [`TreeBuilder::close`].
    pub fn open(&mut self, kind: NodeKind, start: u32) -> NodeId {
        let id = self.push(kind, start, start, 1);
        self.open.push(id.0);
        id
    }

    /// Closes the innermost container, which ends at byte `end`.
    pub fn close(&mut self, end: u32) {
        let Some(id) = self.open.pop() else { return };
        let size = self.tree.nodes.len() as u32 - id;
        let node = &mut self.tree.nodes[id as usize];
        node.link = size;
        node.end = end;
        if node.kind() == NodeKind::Map {
            self.index_keys(NodeId(id));
        }
    }

    /// The tree; containers still open (after a syntax error) end where the text does.
    pub fn finish(mut self) -> Tree {
        let end = self.tree.text.len() as u32;
        while !self.open.is_empty() {
            self.close(end);
        }
        self.tree.duplicates.sort_unstable_by_key(|duplicate| duplicate.second);
        self.tree
    }

    /// Notes a comment that speaks to gatelint.
    pub fn comment(&mut self, comment: Comment) {
        self.tree.comments.push(comment);
    }

    fn push(&mut self, kind: NodeKind, start: u32, end: u32, link: u32) -> NodeId {
        let id = self.tree.nodes.len() as u32;
        let (key, key_start, key_end) = self.pending_key.take().unwrap_or((NONE, start, start));
        let parent = match self.open.last() {
            Some(&parent) => {
                self.tree.nodes[parent as usize].count_kind += 1;
                parent
            }
            None => {
                self.tree.roots.push(NodeId(id));
                NONE
            }
        };
        let count_kind = (kind as u32) << COUNT_BITS;
        self.tree.nodes.push(Node { start, end, key_start, key_end, key, parent, link, count_kind });
        NodeId(id)
    }

    /// Finds duplicate keys, and keeps the sorted keys of large maps.
    fn index_keys(&mut self, map: NodeId) {
        self.scratch.clear();
        let tree = &self.tree;
        self.scratch.extend(tree.children(map).map(|child| (tree.node(child).key, child.0)));
        let large = self.scratch.len() as u32 > INDEX_OVER;
        if large {
            self.scratch.sort_unstable();
            let pairs = self.scratch.windows(2).filter(|pair| pair[0].0 == pair[1].0);
            let found = pairs.map(|pair| DuplicateKey { first: NodeId(pair[0].1), second: NodeId(pair[1].1) });
            self.tree.duplicates.extend(found);
            self.tree.index.insert(map.0, self.scratch.as_slice().into());
        } else {
            for (i, &(key, second)) in self.scratch.iter().enumerate() {
                if let Some(&(_, first)) = self.scratch[..i].iter().rev().find(|earlier| earlier.0 == key) {
                    self.tree.duplicates.push(DuplicateKey { first: NodeId(first), second: NodeId(second) });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Tree {
        // {"a": [1, 2], "b": "x"}
        let mut builder = TreeBuilder::new(FileId(0), Arc::from(r#"{"a": [1, 2], "b": "x"}"#));
        builder.open(NodeKind::Map, 0);
        builder.key("a", 1, 4);
        builder.open(NodeKind::Seq, 6);
        builder.scalar(NodeKind::Int, 7, 8, None);
        builder.scalar(NodeKind::Int, 10, 11, None);
        builder.close(12);
        builder.key("b", 14, 17);
        builder.scalar(NodeKind::Str, 19, 22, Some("x".into()));
        builder.close(23);
        builder.finish()
    }

    #[test]
    fn a_node_is_at_most_32_bytes() {
        assert_eq!(size_of::<Node>(), 32);
    }

    #[test]
    fn pointers_lead_there_and_back() {
        let tree = sample();
        let root = tree.roots()[0];
        for id in tree.ids() {
            assert_eq!(tree.at_pointer(root, &tree.pointer(id)), Some(id));
        }
        assert_eq!(tree.pointer(tree.path(root, &["a"]).unwrap()), "/a");
    }

    #[test]
    fn the_deepest_node_covers_an_offset() {
        let tree = sample();
        assert_eq!(tree.pointer(tree.at_offset(10).unwrap()), "/a/1");
        assert_eq!(tree.pointer(tree.at_offset(15).unwrap()), "/b");
    }
}

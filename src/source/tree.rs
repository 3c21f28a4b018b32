//! The located tree: one arena per file, in document order, with byte spans of
//! every key and value. Knows no file format and no meaning of any key.
//!
//! Nodes lie in pre-order, so a subtree is a contiguous range of ids, the next
//! sibling is `id + size`, and comparing ids compares positions in the text.
//! Keys are interned; scalars are borrowed from the source text unless an
//! escape or a fold changed them. An alias stays a node of its own and refers
//! to its anchor: nothing is ever copied, so no document can blow the tree up.

mod build;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashMap;

pub use build::{Text, TreeBuilder};

use super::scalar;
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

/// Stands in `link` of a quoted scalar whose text is what lies between the quotes.
const INSIDE_QUOTES: u32 = u32::MAX - 1;

#[derive(Clone, Copy, Debug)]
struct Node {
    start: u32,
    end: u32,
    /// The first byte of the key. Without a key: how many siblings come before.
    key_start: u32,
    key_end: u32,
    key: u32,
    parent: u32,
    /// Containers: nodes of the subtree, this one included. Scalars: index of
    /// the decoded text, `INSIDE_QUOTES`, or `NONE` for text that is as written.
    /// Aliases: the anchored node, or `NONE`.
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

/// The located tree of one file. Made by the readers.
#[derive(Debug)]
pub struct Tree {
    file: FileId,
    text: Arc<str>,
    nodes: Vec<Node>,
    roots: Vec<NodeId>,
    keys: Vec<Box<str>>,
    key_ids: HashMap<Box<str>, u32>,
    /// The texts that differ from the source, one after the other: one
    /// allocation for all of them, as most descriptions hold a line break.
    decoded: String,
    /// Where each decoded text ends.
    decoded_ends: Vec<u32>,
    /// Children by key, for maps with more than [`INDEX_OVER`] entries.
    index: HashMap<u32, Box<[(u32, u32)]>>,
    merge_keys: bool,
    /// All nodes by where they begin, if that is not the order of the tree: the parts of a
    /// TOML table may stand between those of others.
    order: Option<Box<[u32]>>,
    /// For a syntax whose keys repeat on purpose: how its entries are told apart.
    step: Option<Step>,
    /// Mapping keys that occur twice, in document order.
    pub duplicates: Vec<DuplicateKey>,
    /// Comments that hold `gatelint:`, in document order.
    pub comments: Vec<Comment>,
}

/// Names a node in a pointer; `None` for one that needs no name there.
pub type Step = fn(&Tree, NodeId) -> Option<Cow<'_, str>>;

/// Maps with more entries than this get a sorted key index.
const INDEX_OVER: u32 = 16;

/// At most this many maps are looked through for a key that comes by merge keys.
const MERGED_MAPS: usize = 256;

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

    /// Number of distinct keys; interned keys are below it.
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// Whether any mapping of the file has a merge key `<<`.
    pub fn has_merge_keys(&self) -> bool {
        self.merge_keys
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
    /// keys the last one counts; a written key beats one from a YAML merge key `<<`.
    pub fn get(&self, map: NodeId, key: &str) -> Option<NodeId> {
        self.get_sym(map, self.sym(key)?)
    }

    /// As [`Tree::get`], for a key that is already interned.
    pub fn get_sym(&self, map: NodeId, key: Sym) -> Option<NodeId> {
        let own = self.get_own(map, key);
        if own.is_none() && self.merge_keys { self.get_merged(map, key) } else { own }
    }

    /// All values under `key` of a mapping, in order, for a syntax whose keys repeat
    /// on purpose. Merge keys are not looked at.
    pub fn all(&self, map: NodeId, key: &str) -> impl Iterator<Item = NodeId> {
        let key = self.sym(key).filter(|_| self.kind(map) == NodeKind::Map);
        let entries = key.map(|_| self.children(map)).into_iter().flatten();
        entries.filter(move |&entry| self.key_sym(entry) == key)
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

    fn get_merged(&self, map: NodeId, key: Sym) -> Option<NodeId> {
        self.merged_maps(map).into_iter().find_map(|source| self.get_own(source, key))
    }

    /// The maps whose entries come into `map` through `<<`, an alias to a map or
    /// a list of such, in the order in which they win. Each is visited once and
    /// at most [`MERGED_MAPS`] are, so a web of merge keys costs no more than that.
    fn merged_maps(&self, map: NodeId) -> Vec<NodeId> {
        let Some(merge) = self.sym("<<") else { return Vec::new() };
        let mut found = Vec::new();
        let mut stack = vec![map];
        while let Some(at) = stack.pop() {
            if at != map {
                if found.contains(&at) || found.len() == MERGED_MAPS {
                    continue;
                }
                found.push(at);
            }
            let Some(source) = self.get_own(at, merge).map(|source| self.resolve(source)) else { continue };
            match self.kind(source) {
                NodeKind::Map => stack.push(source),
                NodeKind::Seq => {
                    let first = stack.len();
                    let items = self.children(source).take(MERGED_MAPS).map(|item| self.resolve(item));
                    stack.extend(items.filter(|&item| self.kind(item) == NodeKind::Map));
                    stack[first..].reverse();
                }
                _ => {}
            }
        }
        found
    }

    /// The entries a mapping has in effect: its own, but for `<<` and for lost
    /// duplicates, then those that come through merge keys and are not
    /// overridden. Aliases among the values are not followed.
    pub fn entries(&self, map: NodeId) -> Vec<NodeId> {
        if self.kind(map) != NodeKind::Map {
            return Vec::new();
        }
        if self.step.is_some() {
            return self.children(map).collect();
        }
        let merge = if self.merge_keys { self.sym("<<") } else { None };
        let used = |of: NodeId| {
            self.children(of).filter(move |&entry| {
                let key = self.key_sym(entry);
                key != merge && key.is_none_or(|key| self.get_own(of, key) == Some(entry))
            })
        };
        let mut entries: Vec<NodeId> = used(map).collect();
        if merge.is_some_and(|merge| self.get_own(map, merge).is_some()) {
            let mut seen: HashSet<Sym> = entries.iter().filter_map(|&entry| self.key_sym(entry)).collect();
            for source in self.merged_maps(map) {
                entries.extend(used(source).filter(|&entry| self.key_sym(entry).is_some_and(|key| seen.insert(key))));
            }
        }
        entries
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
            _ => match node.link {
                NONE => &self.text[node.start as usize..node.end as usize],
                INSIDE_QUOTES => &self.text[node.start as usize + 1..node.end as usize - 1],
                decoded => self.decoded_text(decoded),
            },
        }
    }

    fn decoded_text(&self, index: u32) -> &str {
        let index = index as usize;
        let start = if index == 0 { 0 } else { self.decoded_ends[index - 1] };
        &self.decoded[start as usize..self.decoded_ends[index] as usize]
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
            NodeKind::Int | NodeKind::Float => scalar::number(self.text(id)),
            _ => None,
        }
    }

    /// The value of an integer scalar, if it fits.
    pub fn integer(&self, id: NodeId) -> Option<i128> {
        (self.kind(id) == NodeKind::Int).then(|| scalar::integer(self.text(id))).flatten()
    }

    /// How many entries stand before a node that has no key.
    pub fn index(&self, id: NodeId) -> usize {
        let node = self.node(id);
        if node.key == NONE { node.key_start as usize } else { 0 }
    }

    /// The last step of a node's pointer, not escaped: its key, or its index. Where keys
    /// repeat on purpose, what tells the node from its siblings; `None` if that takes no step.
    pub fn step(&self, id: NodeId) -> Option<Cow<'_, str>> {
        match (self.step, self.key(id)) {
            (Some(step), _) => step(self, id),
            (None, Some(key)) => Some(Cow::Borrowed(key)),
            (None, None) => Some(Cow::Owned(self.index(id).to_string())),
        }
    }

    /// The JSON pointer of a node (RFC 6901), without document index.
    pub fn pointer(&self, id: NodeId) -> String {
        let mut steps = Vec::new();
        let mut at = id;
        while let Some(parent) = self.parent(at) {
            steps.extend(self.step(at));
            at = parent;
        }
        steps.iter().rev().fold(String::new(), |mut pointer, step| {
            pointer.push('/');
            pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
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
                _ if self.step.is_some() => self.named(at, &step)?,
                NodeKind::Map => self.get(at, &step)?,
                NodeKind::Seq => self.children(at).nth(step.parse().ok()?)?,
                _ => return None,
            };
        }
        Some(at)
    }

    /// The entry of `container` with a step of its own, over those that take none.
    fn named(&self, container: NodeId, step: &str) -> Option<NodeId> {
        let entry = self.children(container).find(|&entry| self.step(entry).is_some_and(|own| own == step));
        let through = || self.children(container).find(|&entry| self.step(entry).is_none());
        entry.or_else(|| self.named(through()?, step))
    }

    /// The deepest node whose key or value covers byte `offset`.
    pub fn at_offset(&self, offset: u32) -> Option<NodeId> {
        let covers = |id: NodeId| {
            let span = self.span(id);
            let start = self.key_span(id).map_or(span.start, |key| key.start);
            start <= offset && offset < span.end.max(start + 1)
        };
        if self.order.is_some() {
            // The parts of a table stand between those of others: the one that covers least is meant.
            let size = |id: &NodeId| self.span(*id).end - self.begin(*id);
            return self.ids().filter(|&id| covers(id)).min_by_key(|id| (size(id), u32::MAX - id.0));
        }
        let mut at = self.roots.iter().copied().find(|&root| covers(root))?;
        while let Some(child) = self.children(at).find(|&child| covers(child)) {
            at = child;
        }
        Some(at)
    }

    /// Where a node begins: at its key, if it has one.
    pub fn begin(&self, id: NodeId) -> u32 {
        let node = self.node(id);
        if node.key == NONE { node.start } else { node.key_start }
    }

    /// The nodes that begin in `range`, in the order of the text.
    pub fn beginning_in(&self, range: Range<usize>) -> impl Iterator<Item = NodeId> {
        let nth = |index: usize| NodeId(self.order.as_ref().map_or(index as u32, |order| order[index]));
        let (mut low, mut high) = (0, self.nodes.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if (self.begin(nth(middle)) as usize) < range.start { low = middle + 1 } else { high = middle }
        }
        (low..self.nodes.len()).map(nth).take_while(move |&id| (self.begin(id) as usize) < range.end)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Tree {
        // {"a": [1, 2], "b": "x"}
        let mut builder = TreeBuilder::new(FileId(0), Arc::from(r#"{"a": [1, 2], "b": "x"}"#));
        builder.open(NodeKind::Map, 0);
        builder.key("a", 1, 4);
        builder.open(NodeKind::Seq, 6);
        builder.scalar(NodeKind::Int, 7, 8, Text::AsWritten);
        builder.scalar(NodeKind::Int, 10, 11, Text::AsWritten);
        builder.close(Some(12));
        builder.key("b", 14, 17);
        builder.scalar(NodeKind::Str, 19, 22, Text::InsideQuotes);
        builder.close(Some(23));
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

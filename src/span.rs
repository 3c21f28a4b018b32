//! Places in files: file ids, byte spans, tree node ids and the part of a node
//! a finding points at. Knows nothing of lines, columns, text or formats.

/// A file of this run, an index into the [`SourceMap`](crate::source::SourceMap).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A half-open range of bytes in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span of `file` from byte `start` up to, but without, byte `end`.
    pub const fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end }
    }

    /// Length in bytes.
    pub const fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether the span covers no byte.
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether byte `offset` of the same file lies inside.
    pub const fn contains(self, offset: u32) -> bool {
        self.start <= offset && offset < self.end
    }
}

/// A node of one file's tree. Ids are handed out in document order, so
/// comparing ids compares positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A tree node together with its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// The file.
    pub file: FileId,
    /// The node in that file's tree.
    pub node: NodeId,
}

/// Which part of a node a finding underlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The mapping key the node stands under; the value where it has no key.
    Key,
    /// The value.
    Value,
    /// Bytes inside the value, as absolute offsets of the file: a hit within a text.
    Bytes(u32, u32),
}

/// Where a finding or a label stands: a node and the part of it that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The node.
    pub at: At,
    /// The part of it.
    pub part: Part,
}

impl Place {
    /// The key of a node ("this thing is bad or lacks something").
    pub const fn key(at: At) -> Self {
        Self { at, part: Part::Key }
    }

    /// The value of a node ("this value is bad").
    pub const fn value(at: At) -> Self {
        Self { at, part: Part::Value }
    }
}

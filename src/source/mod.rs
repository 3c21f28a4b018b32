//! Files of a run and their located trees: [`SourceMap`] owns the files, the
//! readers turn each text into one [`Tree`]. Knows no OpenAPI and opens no file.

mod comment;
pub mod de;
mod embedded;
mod json;
mod lines;
mod nginx;
mod properties;
mod read;
mod scalar;
mod syntax;
mod template;
mod toml;
mod tree;
mod yaml;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

pub use embedded::{Host, embedded};
pub use lines::{LineIndex, Position};
pub use read::read;
pub use syntax::{Syntax, syntax_of};
pub use tree::{Children, Comment, DuplicateKey, NodeKind, Sym, Tree};

use crate::error::{LoadError, Problem};
use crate::span::{At, FileId, NodeId, Part, Place, Span};

/// Bounds on what is read. What is over them is a problem, never a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nesting of containers.
    pub depth: usize,
    /// Size of a file in bytes. More than 512 MiB count as 512 MiB: counts and
    /// spans are 32 bits wide.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 256, bytes: 256 << 20 }
    }
}

/// One file: its text, its tree and what could not be read of it.
#[derive(Debug)]
pub struct SourceFile {
    /// Its id.
    pub id: FileId,
    /// Its path relative to the project root, `/`-separated.
    pub path: String,
    /// Its text without byte order mark. Spans are offsets into this text.
    pub text: Arc<str>,
    /// Its located tree, as far as it could be read.
    pub tree: Tree,
    /// How it is written.
    pub syntax: Syntax,
    /// Whether template actions stand in it outside of comments: it is not what will be
    /// deployed, and what it lacks may come from elsewhere.
    pub templated: bool,
    /// The string of another file that it is.
    pub host: Option<Host>,
    /// Why parts of it could not be read.
    pub problems: Vec<Problem>,
    lines: OnceLock<LineIndex>,
}

impl SourceFile {
    /// The start of each line, made on first use.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// What people call it: its path, and the name that it has inside the file at that path.
    pub fn title(&self) -> Cow<'_, str> {
        match &self.host {
            Some(host) => Cow::Owned(format!("{} ({})", self.path, host.name)),
            None => Cow::Borrowed(&self.path),
        }
    }

    /// The JSON pointer of a node, without document index. Of a file inside another one it goes on from that of the
    /// string.
    pub fn pointer(&self, node: NodeId) -> String {
        let own = self.tree.pointer(node);
        match &self.host {
            Some(host) => format!("{}{own}", host.pointer),
            None => own,
        }
    }
}

/// The folder of a path, or the one above a folder; empty: the project's root.
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path from a folder, without `.` and `..`; `None` if it leaves the project's root.
pub fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// A folder and those above it, the nearest first. The last is empty: the project's root.
pub fn upwards(start: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(start), |path| (!path.is_empty()).then(|| folder(path)))
}

/// All files of a run. Files are added in one thread and then only read.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<Arc<SourceFile>>,
    by_path: HashMap<String, FileId>,
    missing: HashMap<String, LoadError>,
    vendored: BTreeMap<String, String>,
    named: BTreeMap<String, At>,
}

impl SourceMap {
    /// The id the next file must be read with.
    pub fn next_id(&self) -> FileId {
        FileId(self.files.len() as u32)
    }

    /// Adds a file that was read with the id [`SourceMap::next_id`] said.
    pub fn push(&mut self, file: SourceFile) -> FileId {
        assert_eq!(file.id, self.next_id(), "a file is added under the id it was read with");
        let id = file.id;
        // A path leads to the file, not to what is inside of it.
        if file.host.is_none() {
            self.by_path.insert(file.path.clone(), id);
        }
        self.files.push(Arc::new(file));
        id
    }

    /// A file by id.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The file that stands at the path of a file: itself, or the one it is inside of.
    pub fn home(&self, id: FileId) -> FileId {
        self.file(id).host.as_ref().map_or(id, |host| host.at.file)
    }

    /// The folder of a file; empty: the project's root.
    pub fn folder(&self, id: FileId) -> &str {
        folder(&self.file(id).path)
    }

    /// The tree of a file.
    pub fn tree(&self, id: FileId) -> &Tree {
        &self.file(id).tree
    }

    /// A file by its path relative to the project root.
    pub fn find(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// Notes that the file at `path` is wanted but could not be loaded.
    pub fn miss(&mut self, path: String, error: LoadError) {
        self.missing.insert(path, error);
    }

    /// Why the file at `path` could not be loaded, if it was wanted.
    pub fn missing(&self, path: &str) -> Option<&LoadError> {
        self.missing.get(path)
    }

    /// URLs whose documents stand in the project, with their paths.
    pub fn vendored(&self) -> &BTreeMap<String, String> {
        &self.vendored
    }

    /// Sets the URLs whose documents stand in the project.
    pub fn set_vendored(&mut self, vendored: BTreeMap<String, String>) {
        self.vendored = vendored;
    }

    /// The node that carries `name` as its own identifier (`$id`, `$self`).
    pub fn named(&self, name: &str) -> Option<At> {
        self.named.get(name).copied()
    }

    /// Sets the nodes that carry identifiers of their own.
    pub fn set_named(&mut self, named: BTreeMap<String, At>) {
        self.named = named;
    }

    /// All files, by id.
    pub fn files(&self) -> impl ExactSizeIterator<Item = &SourceFile> {
        self.files.iter().map(|file| &**file)
    }

    /// The bytes a place underlines.
    pub fn span(&self, place: Place) -> Span {
        let At { file, node } = place.at;
        let tree = self.tree(file);
        match place.part {
            Part::Key => tree.key_span(node).unwrap_or_else(|| tree.span(node)),
            Part::Value => tree.span(node),
            Part::Bytes(start, end) => Span::new(file, start, end),
        }
    }

    /// The JSON pointer of a place, without document index.
    pub fn pointer(&self, place: Place) -> String {
        self.file(place.at.file).pointer(place.at.node)
    }
}

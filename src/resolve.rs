//! References between files: which document a `$ref` names, which files a root
//! reaches, and the node a fragment leads to. Loads through a [`Loader`], so it
//! knows neither the file system nor what the referenced things mean.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use rayon::prelude::*;

use crate::error::LoadError;
use crate::source::{self, Limits, NodeKind, SourceMap};
use crate::span::{At, FileId};

/// Where the files of a project come from.
pub trait Loader: Sync {
    /// The bytes of the file at `path`: relative to the project root, `/`-separated, without `.` and `..`.
    ///
    /// # Errors
    /// If there is no such file, it leads out of the project root, is too large, or cannot be read.
    fn load(&self, path: &str) -> Result<Vec<u8>, LoadError>;
}

/// Files held in memory.
impl Loader for BTreeMap<String, Vec<u8>> {
    fn load(&self, path: &str) -> Result<Vec<u8>, LoadError> {
        self.get(path).cloned().ok_or(LoadError::NotFound)
    }
}

/// The document part of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// The document the reference stands in.
    Same,
    /// A file of the project, by its path from the root.
    File(String),
    /// A URL that is not vendored: never loaded.
    Remote,
    /// A path that leaves the project root: never loaded.
    Outside,
}

/// Splits a reference into document and fragment (without `#`).
pub fn split(reference: &str) -> (&str, &str) {
    reference.split_once('#').unwrap_or((reference, ""))
}

/// Whether a reference is an absolute URL: it begins with a scheme (RFC 3986 section 3.1) or `//`.
pub fn is_absolute(reference: &str) -> bool {
    if reference.starts_with("//") {
        return true;
    }
    let Some((scheme, _)) = reference.split_once(':') else { return false };
    scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// The document that `reference` names when it stands in the file `base`.
/// `vendored` maps URLs to project paths: the longest prefix of the reference wins.
pub fn document(base: &str, reference: &str, vendored: &BTreeMap<String, String>) -> Document {
    let (document, _) = split(reference);
    if document.is_empty() {
        return Document::Same;
    }
    if is_absolute(document) {
        let known =
            vendored.iter().filter(|(url, _)| document.starts_with(url.as_str())).max_by_key(|(url, _)| url.len());
        return known.map_or(Document::Remote, |(url, path)| {
            normalise("", &format!("{path}{}", &document[url.len()..])).map_or(Document::Outside, Document::File)
        });
    }
    let decoded = percent_decode_str(document).decode_utf8_lossy();
    let folder = source::folder(base);
    match normalise(folder, &decoded) {
        Some(path) if path == base => Document::Same,
        Some(path) => Document::File(path),
        None => Document::Outside,
    }
}

/// A relative path from a folder; `None` if it leaves the root, or is none.
fn normalise(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains('\0') { None } else { source::join(folder, path) }
}

/// Reads `seeds` (path and bytes) and every file of the project that their `$ref`s reach.
///
/// What looks like a reference is loaded, even inside an example: that costs a
/// file too many at worst, and the model alone judges which references matter.
pub fn load(
    seeds: Vec<(String, Vec<u8>)>,
    loader: &dyn Loader,
    limits: &Limits,
    vendored: &BTreeMap<String, String>,
) -> SourceMap {
    let mut sources = SourceMap::default();
    sources.set_vendored(vendored.clone());
    let mut wave: Vec<(String, Result<Vec<u8>, LoadError>)> =
        seeds.into_iter().map(|(path, bytes)| (path, Ok(bytes))).collect();
    let mut known: BTreeSet<String> = wave.iter().map(|(path, _)| path.clone()).collect();
    while !wave.is_empty() {
        let first = sources.next_id().0;
        let mut readable = Vec::new();
        for (path, bytes) in wave {
            match bytes {
                Ok(bytes) => readable.push((FileId(first + readable.len() as u32), path, bytes)),
                Err(error) => sources.miss(path, error),
            }
        }
        let files: Vec<_> =
            readable.into_par_iter().map(|(id, path, bytes)| source::read(id, &path, bytes, limits)).collect();
        let mut next = BTreeSet::new();
        for file in files {
            let id = sources.push(file);
            next.extend(referenced(&sources, id));
        }
        let new: Vec<String> = next.into_iter().filter(|path| known.insert(path.clone())).collect();
        wave = new.into_par_iter().map(|path| (loader.load(&path), path)).map(|(bytes, path)| (path, bytes)).collect();
    }
    let named = names(&sources);
    sources.set_named(named);
    sources
}

/// Files that a root reaches, itself included.
pub fn reach(sources: &SourceMap, root: FileId) -> BTreeSet<FileId> {
    let mut reached = BTreeSet::from([root]);
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        for path in referenced(sources, id) {
            if let Some(file) = sources.find(&path)
                && reached.insert(file)
            {
                open.push(file);
            }
        }
    }
    reached
}

/// Paths of the project files that the `$ref`s of a file name, and its requirements where they name
/// schemes by URI (OpenAPI 3.2).
fn referenced(sources: &SourceMap, id: FileId) -> BTreeSet<String> {
    let file = sources.file(id);
    let tree = &file.tree;
    let under = |key: &str| {
        let key = tree.sym(key);
        tree.ids().filter(move |&node| key.is_some() && tree.key_sym(node) == key)
    };
    let references = under("$ref").filter_map(|node| tree.str(node));
    let requirements = under("security").flat_map(|list| tree.children(list)).flat_map(|item| tree.children(item));
    // Names of components hold neither of these.
    let uris = requirements.filter_map(|node| tree.key(node)).filter(|name| name.contains(['/', '#']));
    let files = references.chain(uris).filter(|reference| !reference.starts_with('#')).filter_map(|reference| {
        match document(&file.path, reference.trim_end(), sources.vendored()) {
            Document::File(path) => Some(path),
            _ => None,
        }
    });
    files.collect()
}

/// Why a reference has no target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// A URL: never loaded.
    Remote,
    /// Outside the project root.
    Outside,
    /// The file could not be loaded.
    File(String, LoadError),
    /// The file has no such node.
    Fragment,
}

/// The node a reference leads to, one step; an alias found there is followed.
///
/// # Errors
/// If there is no such file or node, or the document is never loaded.
pub fn target(sources: &SourceMap, from: FileId, reference: &str) -> Result<At, Unresolved> {
    // A folded scalar (`$ref: >-`) may keep a line end.
    let reference = reference.trim_end();
    let (name, fragment) = split(reference);
    if let Some(found) = sources.named(name)
        && !name.is_empty()
    {
        return node(sources, found, fragment).ok_or(Unresolved::Fragment);
    }
    let file = match document(&sources.file(from).path, reference, sources.vendored()) {
        Document::Same => from,
        Document::Remote => return Err(Unresolved::Remote),
        Document::Outside => return Err(Unresolved::Outside),
        Document::File(path) => match sources.find(&path) {
            Some(file) => file,
            None => {
                let error = sources.missing(&path).cloned().unwrap_or(LoadError::NotFound);
                return Err(Unresolved::File(path, error));
            }
        },
    };
    let root = *sources.tree(file).roots().first().ok_or(Unresolved::Fragment)?;
    node(sources, At { file, node: root }, fragment).ok_or(Unresolved::Fragment)
}

/// The node of a fragment: a JSON pointer from `root`, or an `$anchor` in its file.
fn node(sources: &SourceMap, root: At, fragment: &str) -> Option<At> {
    let tree = sources.tree(root.file);
    let fragment = percent_decode_str(fragment).decode_utf8_lossy();
    let node = if fragment.is_empty() || fragment.starts_with('/') {
        tree.at_pointer(root.node, &fragment)?
    } else {
        let is_anchor = |key: Option<&str>| matches!(key, Some("$anchor" | "$dynamicAnchor"));
        let anchor = tree.ids().find(|&id| tree.text(id) == fragment && is_anchor(tree.key(id)))?;
        tree.parent(anchor)?
    };
    Some(At { file: root.file, node: tree.resolve(node) })
}

/// Nodes that carry a name of their own, by that name: `$id` of schemas (JSON
/// Schema 2020-12 section 8.2.1) and `$self` of documents (OpenAPI 3.2).
fn names(sources: &SourceMap) -> BTreeMap<String, At> {
    let mut names = BTreeMap::new();
    for file in sources.files() {
        let tree = &file.tree;
        for key in ["$self", "$id"] {
            let Some(sym) = tree.sym(key) else { continue };
            for id in tree.ids().filter(|&id| tree.key_sym(id) == Some(sym) && tree.kind(id) == NodeKind::Str) {
                let Some(owner) = tree.parent(id) else { continue };
                let name = split(tree.text(id)).0;
                names.entry(name.to_owned()).or_insert(At { file: file.id, node: owner });
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_may_climb_but_not_leave_the_root() {
        let none = BTreeMap::new();
        let file = |path: &str| Document::File(path.to_owned());
        assert_eq!(document("a/b/api.yaml", "../c.yaml#/x", &none), file("a/c.yaml"));
        assert_eq!(document("a/b/api.yaml", "../../../c.yaml", &none), Document::Outside);
        assert_eq!(document("a/b/api.yaml", "/etc/passwd", &none), Document::Outside);
        assert_eq!(document("a/b/api.yaml", "#/x", &none), Document::Same);
        assert_eq!(document("a/b/api.yaml", "api.yaml#/x", &none), Document::Same);
        assert_eq!(document("api.yaml", "https://x.example/a", &none), Document::Remote);
        assert_eq!(document("api.yaml", "my%20file.yaml", &none), file("my file.yaml"));
    }

    #[test]
    fn a_vendored_url_becomes_a_file() {
        let vendored = BTreeMap::from([("https://x.example/".to_owned(), "vendor/".to_owned())]);
        let found = document("api.yaml", "https://x.example/a.yaml#/b", &vendored);
        assert_eq!(found, Document::File("vendor/a.yaml".to_owned()));
    }

    #[test]
    fn a_windows_drive_is_no_scheme_and_a_name_with_a_colon_is_one() {
        assert!(!is_absolute("c:/x.yaml"));
        assert!(is_absolute("urn:example:x"));
        assert!(!is_absolute("a/b:c.yaml"));
    }
}

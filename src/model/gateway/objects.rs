//! The Kubernetes objects of a run, found by group, kind, namespace and name: several formats are made of them.
//! Knows the frame of an object, not what any kind means.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::Unit;
use super::containers::Containers;
use super::cursor::Node;
use crate::discover;
use crate::source::{SourceMap, folder, upwards};
use crate::span::{At, FileId};

/// Objects of a `List`, and lists in it, are looked at to this depth.
const MAX_LISTS: usize = 8;

/// One object.
#[derive(Clone, Debug)]
pub struct Object {
    /// The API group without version; empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// The namespace as written; empty: none is written.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The object.
    pub at: At,
}

impl Object {
    /// The object as a node.
    pub const fn node<'s>(&self, sources: &'s SourceMap) -> Node<'s> {
        Node::at(sources, self.at)
    }

    /// The namespace in effect where none is written.
    pub fn namespace(&self) -> &str {
        if self.namespace.is_empty() { "default" } else { &self.namespace }
    }
}

/// All objects of a run.
#[derive(Debug, Default)]
pub struct Objects {
    all: Vec<Object>,
    by_kind: HashMap<(String, String), OfKind>,
    by_file: HashMap<FileId, Vec<usize>>,
    /// Who starts containers, in compose files too.
    pub containers: Containers,
    /// Answers to questions, see [`Objects::chosen`].
    chosen: Mutex<HashMap<&'static str, Arc<[usize]>>>,
}

/// The objects of a group and kind.
#[derive(Debug, Default)]
struct OfKind {
    all: Vec<usize>,
    /// By namespace and name: the last one of each file that defines it.
    named: HashMap<String, HashMap<String, Vec<usize>>>,
    /// By namespace, the folders of the files that define any.
    folders: HashMap<String, HashSet<String>>,
}

impl Objects {
    /// Reads the objects of `files`.
    pub fn read(sources: &SourceMap, files: impl IntoIterator<Item = FileId>) -> Self {
        let files: Vec<FileId> = files.into_iter().collect();
        let mut objects = Self { containers: Containers::read(sources, &files), ..Self::default() };
        for file in files {
            for root in Node::roots(sources, file) {
                objects.add(sources, root, 0, &mut HashSet::new());
            }
        }
        objects
    }

    /// Reads the objects of a run if one of its gateways is made of them.
    pub fn read_for(sources: &SourceMap, units: &[Unit]) -> Self {
        if discover::need_support(units.iter().map(|unit| unit.format).collect()) {
            // A manifest that a file inside another one lists is applied by whoever reads that.
            let files = sources.files().filter(|file| file.host.is_none());
            Self::read(sources, files.map(|file| file.id))
        } else {
            Self::default()
        }
    }

    /// Adds an object, or those of a list; `seen`: lists that were looked at, as aliases can name them without end.
    fn add(&mut self, sources: &SourceMap, node: Node<'_>, depth: usize, seen: &mut HashSet<At>) {
        let (Some(version), Some(kind)) = (node.str("apiVersion"), node.str("kind")) else { return };
        if kind.ends_with("List") && node.get("items").is_some_and(Node::is_list) && depth < MAX_LISTS {
            if seen.insert(node.target()) {
                node.list("items").into_iter().for_each(|item| self.add(sources, item, depth + 1, seen));
            }
            return;
        }
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        let text = |key: &str| node.path(&["metadata", key]).and_then(Node::text).unwrap_or_default().to_owned();
        let object = Object {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            namespace: text("namespace"),
            name: text("name"),
            at: node.entry(),
        };
        let index = self.all.len();
        let of_kind = self.by_kind.entry((object.group.clone(), object.kind.clone())).or_default();
        of_kind.all.push(index);
        let of_namespace = of_kind.named.entry(object.namespace().to_owned()).or_default();
        let defined = of_namespace.entry(object.name.clone()).or_default();
        let folders = of_kind.folders.entry(object.namespace().to_owned()).or_default();
        let folder = sources.folder(object.at.file);
        if !folders.contains(folder) {
            folders.insert(folder.to_owned());
        }
        // What a file says last of an object is what counts.
        match defined.last_mut() {
            Some(last) if self.all[*last].at.file == object.at.file => *last = index,
            _ => defined.push(index),
        }
        self.by_file.entry(object.at.file).or_default().push(index);
        self.all.push(object);
    }

    fn of_kind(&self, group: &str, kind: &str) -> Option<&OfKind> {
        self.by_kind.get(&(group.to_owned(), kind.to_owned()))
    }

    /// All objects of a group and kind, in the order of the files.
    pub fn of(&self, group: &str, kind: &str) -> impl Iterator<Item = &Object> {
        let found = self.of_kind(group, kind);
        found.into_iter().flat_map(|found| &found.all).map(|&index| &self.all[index])
    }

    /// The objects of a kind that `is` holds for. All gateways of a run may ask: the answer is kept under `question`.
    pub fn chosen(
        &self,
        question: &'static str,
        (group, kind): (&str, &str),
        is: impl Fn(&Object) -> bool,
    ) -> impl Iterator<Item = &Object> {
        let mut answers = self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        let chosen = Arc::clone(answers.entry(question).or_insert_with(|| {
            let all = self.of_kind(group, kind).into_iter().flat_map(|found| &found.all).copied();
            all.filter(|&index| is(&self.all[index])).collect()
        }));
        (0..chosen.len()).map(move |number| &self.all[chosen[number]])
    }

    /// The objects of a file, in its order.
    pub fn in_file(&self, file: FileId) -> impl Iterator<Item = &Object> {
        self.by_file.get(&file).into_iter().flatten().map(|&index| &self.all[index])
    }

    /// The object of that kind, namespace and name. Where several files define it (overlays, variants),
    /// the one that is nearest to `near` in the folders of the project.
    pub fn find(
        &self,
        sources: &SourceMap,
        (group, kind): (&str, &str),
        namespace: &str,
        name: &str,
        near: FileId,
    ) -> Option<&Object> {
        let found = self.of_kind(group, kind)?.named.get(namespace)?.get(name)?;
        if let [only] = found.as_slice() {
            return Some(&self.all[*only]);
        }
        let path = &sources.file(near).path;
        found
            .iter()
            .map(|&index| &self.all[index])
            .max_by_key(|object| (object.at.file == near, nearness(path, &sources.file(object.at.file).path)))
    }

    /// Whether any object of that kind is in view in a namespace: only then is a name that none has missing.
    pub fn any(&self, group: &str, kind: &str, namespace: &str) -> bool {
        self.of_kind(group, kind).is_some_and(|found| found.named.contains_key(namespace))
    }

    /// Whether objects of that kind and namespace stand in the folder of a file, or in one above it.
    pub fn any_around(&self, sources: &SourceMap, (group, kind): (&str, &str), namespace: &str, near: FileId) -> bool {
        let Some(folders) = self.of_kind(group, kind).and_then(|found| found.folders.get(namespace)) else {
            return false;
        };
        upwards(sources.folder(near)).any(|path| folders.contains(path))
    }
}

/// How near a file is to another: folders that they share, then how few the other has of its own.
fn nearness(near: &str, other: &str) -> (usize, std::cmp::Reverse<usize>) {
    let shared = shared_folders(near, other);
    (shared, std::cmp::Reverse(other.matches('/').count().saturating_sub(shared)))
}

/// How many folders two paths share from the root.
pub fn shared_folders(a: &str, b: &str) -> usize {
    let (a, b) = (folder(a), folder(b));
    a.split('/').zip(b.split('/')).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::source::{self, Limits};

    #[test]
    fn a_question_is_asked_of_each_object_once_in_a_run() {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n\
                    apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n---\n\
                    apiVersion: v1\nkind: Secret\nmetadata: {name: b}\n";
        let mut sources = SourceMap::default();
        let file = sources.push(source::read(FileId(0), "a.yaml", text.into(), &Limits::default()));
        let objects = Objects::read(&sources, [file]);
        let asked = Cell::new(0);
        let is = |object: &Object| {
            asked.set(asked.get() + 1);
            object.name == "b"
        };
        for _ in 0..3 {
            let chosen: Vec<_> = objects.chosen("maps called b", ("", "ConfigMap"), is).collect();
            assert_eq!(chosen.iter().map(|object| object.kind.as_str()).collect::<Vec<_>>(), ["ConfigMap"]);
        }
        assert_eq!(asked.get(), 2);
    }
}

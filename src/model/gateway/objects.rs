//! The Kubernetes objects of a run, found by group, kind, namespace and name: several formats are made of them.
//! Knows the frame of an object, not what any kind means.

use std::collections::HashMap;

use super::Unit;
use super::cursor::Node;
use crate::discover;
use crate::source::SourceMap;
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
    by_kind: HashMap<(String, String), Vec<usize>>,
}

impl Objects {
    /// Reads the objects of `files`.
    pub fn read(sources: &SourceMap, files: impl IntoIterator<Item = FileId>) -> Self {
        let mut objects = Self::default();
        for file in files {
            for root in Node::roots(sources, file) {
                objects.add(root, 0);
            }
        }
        objects
    }

    /// Reads the objects of a run if one of its gateways is made of them.
    pub fn read_for(sources: &SourceMap, units: &[Unit]) -> Self {
        if discover::need_support(units.iter().map(|unit| unit.format).collect()) {
            Self::read(sources, sources.files().map(|file| file.id))
        } else {
            Self::default()
        }
    }

    fn add(&mut self, node: Node<'_>, depth: usize) {
        let (Some(version), Some(kind)) = (node.str("apiVersion"), node.str("kind")) else { return };
        if kind.ends_with("List") && node.get("items").is_some_and(Node::is_list) && depth < MAX_LISTS {
            node.list("items").into_iter().for_each(|item| self.add(item, depth + 1));
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
        self.by_kind.entry((object.group.clone(), object.kind.clone())).or_default().push(self.all.len());
        self.all.push(object);
    }

    /// All objects of a group and kind, in the order of the files.
    pub fn of(&self, group: &str, kind: &str) -> impl Iterator<Item = &Object> {
        let found = self.by_kind.get(&(group.to_owned(), kind.to_owned()));
        found.into_iter().flatten().map(|&index| &self.all[index])
    }

    /// All objects of a group.
    pub fn of_group<'o>(&'o self, group: &'o str) -> impl Iterator<Item = &'o Object> {
        self.all.iter().filter(move |object| object.group == group)
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
        let found = self.of(group, kind).filter(|object| object.name == name && object.namespace() == namespace);
        let path = &sources.file(near).path;
        found.max_by_key(|object| (shared_folders(path, &sources.file(object.at.file).path), object.at.file == near))
    }

    /// Whether any object of that kind is in view in a namespace: only then is a name that none has missing.
    pub fn any(&self, group: &str, kind: &str, namespace: &str) -> bool {
        self.of(group, kind).any(|object| object.namespace() == namespace)
    }
}

/// How many folders two paths share from the root.
pub fn shared_folders(a: &str, b: &str) -> usize {
    fn folders(path: &str) -> &str {
        path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
    let (a, b) = (folders(a), folders(b));
    a.split('/').zip(b.split('/')).take_while(|(a, b)| a == b).count()
}

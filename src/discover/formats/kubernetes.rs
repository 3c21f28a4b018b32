//! Objects of Kubernetes: which documents are some, and which format their group
//! and kind belong to. `kind` alone says nothing: Istio and the Gateway API both
//! have a `Gateway`.

use super::doc::Doc;
use crate::discover::markers;
use crate::source::{NodeKind, SourceFile};

/// Kinds of an API group.
pub(super) struct Group {
    /// The group, without version.
    pub(super) name: &'static str,
    pub(super) kinds: &'static [&'static str],
    /// Whether a document that says `kind` but whose group a template fills in
    /// is meant: only where no other group has these kinds.
    pub(super) is_clear_without_name: bool,
}

/// An object of Kubernetes.
pub(super) struct Object<'t> {
    pub(super) doc: Doc<'t>,
    group: &'t str,
    pub(super) kind: &'t str,
}

/// Kinds that others are joined with: what routes lead to, how controllers are
/// set, which pods policies select.
pub(in crate::discover) const SUPPORT: &[(&str, &[&str])] = &[
    ("", &["Service", "ConfigMap", "Secret", "Namespace", "Pod"]),
    ("apps", &["Deployment", "DaemonSet", "StatefulSet"]),
];

/// Lists in lists are no API; this bounds what is followed.
const MAX_NESTING: usize = 4;

impl<'t> Object<'t> {
    fn of(doc: Doc<'t>) -> Option<Self> {
        let [version, kind] = [doc.get("apiVersion")?, doc.get("kind")?];
        // What a tool reads from a file, not from a cluster, may have no name.
        ["metadata", "items", "spec"].iter().find(|key| doc.has(key))?;
        let group = version.text().split_once('/').map_or("", |(group, _)| group);
        (version.kind() == NodeKind::Str && kind.kind() == NodeKind::Str).then(|| Self {
            doc,
            group,
            kind: kind.text(),
        })
    }

    /// Whether it is one of `groups`.
    pub(super) fn is_of(&self, groups: &[Group]) -> bool {
        groups.iter().any(|group| group.name == self.group && group.kinds.contains(&self.kind))
    }

    /// Whether others are joined with it.
    pub(super) fn is_support(&self) -> bool {
        SUPPORT.iter().any(|(group, kinds)| *group == self.group && kinds.contains(&self.kind))
    }

    /// The containers of a pod or of what makes pods.
    pub(super) fn containers(&self) -> impl Iterator<Item = Doc<'t>> {
        let spec = self.doc.at(&["spec", "template", "spec"]).or_else(|| self.doc.get("spec"));
        let is_pods = self.is_support() && self.kind != "Service";
        spec.filter(|_| is_pods).and_then(|spec| spec.get("containers")).into_iter().flat_map(Doc::items)
    }

    /// The strings of a `ConfigMap` or `Secret` that may be files of some format: the name, and the string.
    pub(super) fn files(&self) -> impl Iterator<Item = (&'t str, Doc<'t>)> {
        let key = match (self.group, self.kind) {
            ("", "ConfigMap") => Some("data"),
            ("", "Secret") => Some("stringData"),
            _ => None,
        };
        let texts = key.and_then(|key| self.doc.map(key)).into_iter().flat_map(Doc::entries);
        texts.filter(|(name, text)| {
            text.kind() == NodeKind::Str && markers::in_file(name, text.text().as_bytes()).is_gateway
        })
    }
}

/// Whether a document is an object of Kubernetes, of whatever kind.
pub(super) fn is_object(doc: Doc<'_>) -> bool {
    Object::of(doc).is_some()
}

/// The objects of all documents of a file.
pub(super) fn objects(file: &SourceFile) -> impl Iterator<Item = Object<'_>> {
    Doc::all_of(file).flat_map(objects_in)
}

/// The object a document is, or those it lists. What a
/// `CustomResourceDefinition` holds are names, not objects.
pub(super) fn objects_in(doc: Doc<'_>) -> Vec<Object<'_>> {
    let mut found = Vec::new();
    let mut left = vec![(doc, 0)];
    while let Some((doc, nesting)) = left.pop() {
        let Some(object) = Object::of(doc) else { continue };
        match doc.get("items").filter(|_| object.kind.ends_with("List")) {
            Some(items) if nesting < MAX_NESTING => left.extend(items.items().map(|item| (item, nesting + 1))),
            _ => found.push(object),
        }
    }
    found
}

/// Whether lines of a text that could not be parsed state group and kind of an object of `groups`.
pub(super) fn text_has(text: &str, groups: &[Group]) -> bool {
    if groups.is_empty() {
        return false;
    }
    let (mut version, mut kind) = (None, None);
    for line in text.lines().chain(["---"]) {
        if line.starts_with("---") {
            if let Some(kind) = kind.take()
                && groups.iter().any(|group| is_meant(group, version, kind))
            {
                return true;
            }
            version = None;
        } else if let Some(rest) = line.strip_prefix("apiVersion:") {
            version = Some(rest);
        } else if let Some(rest) = line.strip_prefix("kind:") {
            kind = Some(unquoted(rest));
        }
    }
    false
}

fn is_meant(group: &Group, version: Option<&str>, kind: &str) -> bool {
    let named = |version: &str| unquoted(version).strip_prefix(group.name).is_some_and(|rest| rest.starts_with('/'));
    let by_group = match version {
        Some(version) if !version.contains("{{") => named(version),
        _ => group.is_clear_without_name,
    };
    by_group && group.kinds.contains(&kind)
}

/// A plain or quoted scalar at the end of a line, without comment.
fn unquoted(value: &str) -> &str {
    let value = value.split(" #").next().unwrap_or_default();
    value.trim().trim_matches(['"', '\''])
}

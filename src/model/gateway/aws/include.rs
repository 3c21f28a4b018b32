//! Documents that templates include: a template and the local documents it names are one gateway.

use std::collections::HashSet;

use super::super::{Input, Node};
use super::value;
use crate::source::{SourceMap, folder, join};
use crate::span::FileId;

/// Where a template looks for documents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Documents<'s> {
    sources: &'s SourceMap,
    files: &'s [FileId],
    template: FileId,
}

impl<'s> Documents<'s> {
    /// The documents of the unit, as a template of it names them.
    pub(super) const fn new(input: Input<'s>, template: FileId) -> Self {
        Self { sources: input.sources, files: input.files, template }
    }

    /// The document that a value names.
    pub(super) fn find(&self, node: Node<'s>) -> Option<Node<'s>> {
        let file = self.sources.find(&path(&self.sources.file(self.template).path, location(node)?)?)?;
        self.files.contains(&file).then(|| Node::roots(self.sources, file).next()).flatten()
    }
}

/// Groups templates with the documents that they include. A document that no template includes stands alone.
pub(super) fn group(sources: &SourceMap, files: Vec<FileId>) -> Vec<Vec<FileId>> {
    let all: HashSet<FileId> = files.iter().copied().collect();
    let mut included = HashSet::new();
    let mut groups: Vec<Vec<FileId>> = Vec::new();
    for &file in &files {
        let mut group = vec![file];
        let mut seen = HashSet::from([file]);
        let template = &sources.file(file).path;
        let resources = Node::roots(sources, file).filter_map(|root| root.get("Resources")).flat_map(Node::children);
        let properties = resources.filter_map(|resource| resource.get("Properties"));
        for node in properties.flat_map(|node| KEYS.into_iter().filter_map(move |key| node.get(key))) {
            let named = location(node).and_then(|text| path(template, text)).and_then(|path| sources.find(&path));
            if let Some(document) = named.filter(|document| all.contains(document) && seen.insert(*document)) {
                included.insert(document);
                group.push(document);
            }
        }
        groups.push(group);
    }
    groups.retain(|group| group.len() > 1 || !included.contains(&group[0]));
    groups
}

/// Properties that hold documents.
const KEYS: [&str; 4] = ["DefinitionBody", "DefinitionUri", "Body", "BodyS3Location"];

/// The file that a property names: itself, or by the macro `AWS::Include`.
fn location(node: Node<'_>) -> Option<&str> {
    let transform = node.get("Fn::Transform").or(value::function(node).map(|(_, node)| node)).unwrap_or(node);
    transform.path(&["Parameters", "Location"]).unwrap_or(transform).text()
}

/// The path of a file named by a template, from the root of the project.
fn path(template: &str, named: &str) -> Option<String> {
    if named.contains("://") || named.starts_with('/') || named.contains("${") {
        return None;
    }
    join(folder(template), named)
}

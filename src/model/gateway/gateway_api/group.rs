//! Which files of the Gateway API are one gateway: a Gateway with the routes and policies that name it. Each name
//! means the object that is nearest in the folders of the project.

use std::collections::HashMap;

use super::super::adapters::Input;
use super::super::cursor::Node;
use super::super::kubernetes::Groups;
use super::super::objects::Objects;
use super::{ENVOY, EXPERIMENTAL, STANDARD, refer};
use crate::source::SourceMap;
use crate::span::FileId;

/// Groups files, which come in the order of their paths.
pub(super) fn group(sources: &SourceMap, files: Vec<FileId>) -> Vec<Vec<FileId>> {
    let objects = Objects::read(sources, files.iter().copied());
    let input = Input { sources, files: &files, objects: &objects };
    let is_own = |group: &str| matches!(group, STANDARD | EXPERIMENTAL | ENVOY);
    let mut groups = Groups::new(files.clone(), |file| {
        let own = objects.in_file(file).filter(|object| is_own(&object.group));
        own.map(|object| format!("{} {} {}", object.kind, object.namespace(), object.name)).collect()
    });
    // Routes of a folder for the same Gateway belong together, whether it is in view or not.
    let mut wanted: HashMap<(&str, &str, &str), FileId> = HashMap::new();
    for &file in &files {
        let folder = sources.folder(file);
        for object in objects.in_file(file).filter(|object| is_own(&object.group)) {
            let Some(spec) = object.node(sources).get("spec") else { continue };
            let lists = ["parentRefs", "parentRef", "targetRef", "targetRefs"];
            for reference in lists.into_iter().flat_map(|key| spec.list(key)).filter(|it| it.is_map()) {
                let namespace = reference.get("namespace").and_then(Node::text).unwrap_or(object.namespace());
                match refer(input, object, reference, (STANDARD, "Gateway")) {
                    Some(found) => groups.join(file, found.at.file),
                    None => {
                        let key = (folder, namespace, reference.str("name").unwrap_or_default());
                        let first = *wanted.entry(key).or_insert(file);
                        groups.join(first, file);
                    }
                }
            }
        }
    }
    groups.into_groups()
}

//! Which of Kong's files are one gateway: declarative files of a folder, with the settings of the node that reads
//! them; all objects of Kubernetes together.

use super::super::Node;
use super::super::units::by_folder;
use super::node;
use crate::source::SourceMap;
use crate::span::FileId;

/// Groups files, which come in the order of their paths.
pub(super) fn group(sources: &SourceMap, files: Vec<FileId>) -> Vec<Vec<FileId>> {
    let has = |file: FileId, what: fn(Node<'_>) -> bool| Node::roots(sources, file).any(what);
    let (objects, files): (Vec<FileId>, Vec<FileId>) = files.into_iter().partition(|&file| has(file, node::is_object));
    let (settings, declarative): (Vec<FileId>, Vec<FileId>) =
        files.into_iter().partition(|&file| has(file, node::holds_settings));
    let mut groups = by_folder(sources, declarative, defines);
    // One file of settings goes with what it is for; variants of it stand apart.
    let mut taken = vec![false; groups.len()];
    for file in settings {
        match belongs_to(sources, file, &groups).filter(|&group| !taken[group]) {
            Some(group) => {
                taken[group] = true;
                groups[group].push(file);
            }
            None => groups.push(vec![file]),
        }
    }
    groups.push(objects);
    groups.retain(|group| !group.is_empty());
    groups
}

/// The only group of the same folder or, if its declarative file is named, of folders below.
fn belongs_to(sources: &SourceMap, file: FileId, groups: &[Vec<FileId>]) -> Option<usize> {
    let own = sources.folder(file);
    let named = Node::roots(sources, file).flat_map(node::nodes).find_map(|node| node.written("declarative_config"));
    let named = named.and_then(|(path, _)| path.rsplit('/').next());
    let is_named = |file: &FileId| {
        let path = &sources.file(*file).path;
        let below = path.strip_prefix(own).is_some_and(|rest| own.is_empty() || rest.starts_with('/'));
        below && named.is_some_and(|name| path.rsplit('/').next() == Some(name))
    };
    let only = |wanted: &dyn Fn(&[FileId]) -> bool| {
        let mut found = groups.iter().enumerate().filter(|(_, group)| wanted(group)).map(|(number, _)| number);
        found.next().filter(|_| found.next().is_none())
    };
    let beside = |group: &[FileId]| group.first().is_some_and(|&first| sources.folder(first) == own);
    only(&|group| group.iter().any(is_named)).or_else(|| only(&beside))
}

/// Services, routes and consumers of a file, by name.
fn defines(sources: &SourceMap, file: FileId) -> Vec<String> {
    let mut names = Vec::new();
    for root in Node::roots(sources, file) {
        for (list, key) in [("services", "name"), ("routes", "name"), ("consumers", "username")] {
            names.extend(root.list(list).into_iter().filter_map(|node| Some(format!("{list} {}", node.str(key)?))));
        }
        let nested = root.list("services").into_iter().flat_map(|service| service.list("routes"));
        names.extend(nested.filter_map(|route| Some(format!("routes {}", route.str("name")?))));
    }
    names
}

//! Which files with Ingresses are one gateway: those of a folder, and those that share a host. Files that define the
//! same object are variants of each other and are not joined.

use std::collections::{BTreeMap, HashMap};

use super::super::adapters::Input;
use super::super::kubernetes::Groups;
use super::super::objects::Objects;
use crate::model::net::{HostClass, host_class};
use crate::source::SourceMap;
use crate::span::FileId;

/// Groups files, which come in the order of their paths.
pub(super) fn group(sources: &SourceMap, files: Vec<FileId>) -> Vec<Vec<FileId>> {
    let objects = Objects::read(sources, files.iter().copied());
    let input = Input { sources, files: &files, objects: &objects };
    let mut groups = Groups::new(files.clone(), |file| {
        let own = objects.in_file(file).filter(|object| super::is_ingress(object) || object.kind == "ConfigMap");
        own.map(|object| format!("{} {} {}", object.kind, object.namespace(), object.name)).collect()
    });
    let mut folders: BTreeMap<&str, Vec<FileId>> = BTreeMap::new();
    for &file in &files {
        folders.entry(sources.folder(file)).or_default().push(file);
    }
    for files in folders.values() {
        groups.join_all(files);
    }
    let mut hosts: HashMap<&str, FileId> = HashMap::new();
    for &file in &files {
        for object in objects.in_file(file).filter(|object| super::is_ingress(object)) {
            let rules = object.node(input.sources).get("spec").map(|spec| spec.list("rules")).unwrap_or_default();
            for host in rules.into_iter().filter_map(|rule| rule.str("host")) {
                // Names for examples and for the own machine are used by everybody.
                if host_class(host.trim_start_matches("*.")) == HostClass::PublicName {
                    let first = *hosts.entry(host).or_insert(file);
                    groups.join(first, file);
                }
            }
        }
    }
    groups.into_groups()
}

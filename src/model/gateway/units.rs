//! Which files make up one gateway: what is visible together is judged together. Knows how formats group their
//! files from the table of adapters, not what stands in them.

use std::collections::{BTreeMap, HashSet};

use super::adapters::{self, Grouping};
use crate::discover::{Format, Formats};
use crate::source::SourceMap;
use crate::span::FileId;

/// Files that are one gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The format.
    pub format: Format,
    /// The files, in the order of their paths.
    pub files: Vec<FileId>,
}

/// The gateways that files make up: each file with the formats that claim it.
pub fn units(sources: &SourceMap, claims: &[(FileId, Formats)]) -> Vec<Unit> {
    let mut units = Vec::new();
    for adapter in adapters::ALL {
        let format = adapter.format;
        let mut files: Vec<FileId> =
            claims.iter().filter(|(_, formats)| formats.contains(format)).map(|&(file, _)| file).collect();
        files.sort_by(|a, b| sources.file(*a).path.cmp(&sources.file(*b).path));
        let groups = match adapter.grouping {
            Grouping::File => files.into_iter().map(|file| vec![file]).collect(),
            Grouping::Run => vec![files],
            Grouping::Folder { defines } => by_folder(sources, files, defines),
            Grouping::Own { group } => group(sources, files),
        };
        units.extend(groups.into_iter().filter(|files| !files.is_empty()).map(|files| Unit { format, files }));
    }
    units
}

/// Files of one folder are one gateway, unless two of them define the same thing: then each is one of its own.
pub(super) fn by_folder(
    sources: &SourceMap,
    files: Vec<FileId>,
    defines: fn(&SourceMap, FileId) -> Vec<String>,
) -> Vec<Vec<FileId>> {
    let mut folders: BTreeMap<&str, Vec<FileId>> = BTreeMap::new();
    for file in files {
        folders.entry(sources.folder(file)).or_default().push(file);
    }
    let mut groups = Vec::new();
    for files in folders.into_values() {
        let mut seen = HashSet::new();
        // A thing may stand twice in one file: that is the file's own affair.
        let alike = files.iter().any(|&file| {
            let own: HashSet<String> = defines(sources, file).into_iter().collect();
            own.into_iter().any(|thing| !seen.insert(thing))
        });
        if alike {
            groups.extend(files.into_iter().map(|file| vec![file]));
        } else {
            groups.push(files);
        }
    }
    groups
}

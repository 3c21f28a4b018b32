//! Discovery: where the project lies, which of its files are documents, told
//! from their content. Knows paths and bytes, no references and no rules.

mod claim;
mod embedded;
mod format;
mod formats;
mod markers;
mod project;
mod sniff;
mod unclaimed;
#[cfg(feature = "cli")]
mod walk;

pub use claim::Claimed;
pub use embedded::embed;
pub use format::{Format, Formats};
pub use formats::{formats_of, is_support, need_support};
pub use project::{Project, TwoSettingsFiles, common_folder, find_settings};
pub use sniff::{is_root, may_be_openapi};
pub use unclaimed::why_unclaimed;
#[cfg(feature = "cli")]
pub use walk::{Selection, inputs, project_documents};

use std::collections::BTreeSet;

use crate::error::ProblemCode;

/// What a run begins with.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Files that may be documents of any kind: path from the project root, and bytes.
    pub documents: Vec<(String, Vec<u8>)>,
    /// Files that may hold what those of `documents` are joined with.
    pub support: Vec<(String, Vec<u8>)>,
    /// Whether any of `documents` may be joined with others: objects of Kubernetes, gateways in containers.
    pub has_joined: bool,
    /// Files that were named and could be read, whether they may be documents or not.
    pub named: BTreeSet<String>,
    /// Files that could not be read: path from the project root, and why.
    pub unread: Vec<Unread>,
    /// Walked files that are no documents.
    pub ignored_files: u32,
    /// With `--files-are-changes`: the paths that changed.
    pub changed: Option<Changed>,
}

impl Found {
    /// Sorts in a file: a document, what documents may need, or a file to ignore.
    pub fn sort_in(&mut self, path: String, bytes: Vec<u8>) {
        let looks = markers::in_file(&path, &bytes);
        self.put(path, bytes, looks);
    }

    fn put(&mut self, path: String, bytes: Vec<u8>, looks: markers::Looks) {
        if looks.is_document() {
            self.has_joined |= looks.is_kubernetes || looks.is_gateway;
            self.documents.push((path, bytes));
        } else if looks.is_support {
            self.support.push((path, bytes));
        } else if !self.named.contains(&path) {
            self.ignored_files += 1;
        }
    }

    /// Takes in a file that was handed over, in the place of the one that lies at `path`.
    pub fn take_in(&mut self, path: String, bytes: Vec<u8>) {
        self.documents.retain(|(other, _)| *other != path);
        self.support.retain(|(other, _)| *other != path);
        if let Some(Changed::Files(changed)) = &mut self.changed {
            changed.insert(path.clone());
        }
        self.named.insert(path.clone());
        self.sort_in(path, bytes);
    }

    /// The files to read, in order: the documents and, if one of them may be a
    /// gateway, what it is joined with. Named files are read anyhow,
    /// so that what they are can be said.
    pub fn take_files(&mut self) -> Vec<(String, Vec<u8>)> {
        let mut files = std::mem::take(&mut self.documents);
        for (path, bytes) in std::mem::take(&mut self.support) {
            if self.has_joined || self.named.contains(&path) {
                files.push((path, bytes));
            } else {
                self.ignored_files += 1;
            }
        }
        files.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        files
    }
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// These paths.
    Files(BTreeSet<String>),
    /// Something that concerns every document: a settings file, or a file that is gone.
    Everything,
}

/// A file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Its path from the project root, or as it was given.
    pub path: String,
    /// What kind of problem that is.
    pub code: ProblemCode,
    /// What is so.
    pub message: String,
}

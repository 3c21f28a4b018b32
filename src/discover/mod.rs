//! Discovery: where the project lies, which of its files are documents, told
//! from their content. Knows paths and bytes, no references and no rules.

mod format;
mod project;
mod sniff;
#[cfg(feature = "cli")]
mod walk;

pub use format::{Format, Formats};
pub use project::{Project, TwoSettingsFiles, common_folder, find_settings};
pub use sniff::{is_root, may_be_document};
#[cfg(feature = "cli")]
pub use walk::{Selection, inputs, project_documents};

use std::collections::BTreeSet;

use crate::error::ProblemCode;

/// What a run begins with.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Files that may be documents: path from the project root, and bytes.
    pub documents: Vec<(String, Vec<u8>)>,
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
    /// Takes in a file that was handed over, in the place of the one that lies at `path`.
    pub fn take_in(&mut self, path: String, bytes: Vec<u8>) {
        self.documents.retain(|(other, _)| *other != path);
        if let Some(Changed::Files(changed)) = &mut self.changed {
            changed.insert(path.clone());
        }
        self.named.insert(path.clone());
        if may_be_document(&bytes) {
            self.documents.push((path, bytes));
            self.documents.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        }
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

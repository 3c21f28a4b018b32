//! Distinct names of a document, each looked up in the word lists once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::NameId;
use crate::words::{Credential, Hits, WordLists};

/// What is known of a name.
#[derive(Debug)]
pub struct NameInfo {
    /// The name as written.
    pub text: Box<str>,
    /// The word lists it is in.
    pub hits: Hits,
    /// Whether it is a credential name, as a property and as a parameter.
    pub credential: [Option<Credential>; 2],
}

/// The names.
#[derive(Debug)]
pub struct Names {
    /// The word lists in force.
    pub lists: Arc<WordLists>,
    infos: Vec<NameInfo>,
    ids: HashMap<Box<str>, u32>,
}

impl Names {
    /// No names yet.
    pub fn new(lists: Arc<WordLists>) -> Self {
        Self { lists, infos: Vec::new(), ids: HashMap::new() }
    }

    /// The id of a name.
    pub fn id(&mut self, text: &str) -> NameId {
        if let Some(&id) = self.ids.get(text) {
            return NameId(id);
        }
        let id = self.infos.len() as u32;
        self.infos.push(NameInfo {
            text: text.into(),
            hits: self.lists.hits(text),
            credential: [self.lists.credential(text, false), self.lists.credential(text, true)],
        });
        self.ids.insert(text.into(), id);
        NameId(id)
    }

    /// What is known of a name.
    pub fn info(&self, id: NameId) -> &NameInfo {
        &self.infos[id.0 as usize]
    }
}

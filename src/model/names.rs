//! Distinct names of a document, each looked up in the word lists at most once.

use hashbrown::HashMap;
use std::sync::{Arc, OnceLock};

use crate::model::NameId;
use crate::words::{Credential, Hits, WordLists};

#[derive(Debug)]
struct Name {
    text: Box<str>,
    hits: OnceLock<Hits>,
    /// As a property, and as a parameter.
    credential: OnceLock<[Option<Credential>; 2]>,
}

/// The names.
#[derive(Debug)]
pub struct Names {
    /// The word lists in force.
    pub lists: Arc<WordLists>,
    names: Vec<Name>,
    ids: HashMap<Box<str>, u32>,
}

impl Names {
    /// No names yet.
    pub fn new(lists: Arc<WordLists>) -> Self {
        Self { lists, names: Vec::new(), ids: HashMap::new() }
    }

    /// The id of a name.
    pub fn id(&mut self, text: &str) -> NameId {
        if let Some(&id) = self.ids.get(text) {
            return NameId(id);
        }
        let id = self.names.len() as u32;
        self.names.push(Name { text: text.into(), hits: OnceLock::new(), credential: OnceLock::new() });
        self.ids.insert(text.into(), id);
        NameId(id)
    }

    fn name(&self, id: NameId) -> &Name {
        &self.names[id.0 as usize]
    }

    /// The name as written.
    pub fn text(&self, id: NameId) -> &str {
        &self.name(id).text
    }

    /// The word lists a name is in.
    pub fn hits(&self, id: NameId) -> Hits {
        let name = self.name(id);
        *name.hits.get_or_init(|| self.lists.hits(&name.text))
    }

    /// Whether a property, or a parameter, of that name is a credential.
    pub fn credential(&self, id: NameId, in_parameter: bool) -> Option<Credential> {
        let name = self.name(id);
        let known = name
            .credential
            .get_or_init(|| [self.lists.credential(&name.text, false), self.lists.credential(&name.text, true)]);
        known[usize::from(in_parameter)]
    }
}

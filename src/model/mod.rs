//! The typed model of a document: effective facts, each with its place. Knows no rule.

mod fact;
pub mod fields;
pub mod net;
pub mod pattern;

use std::sync::Arc;

pub use fact::{Fact, Field, Id, Kind, NameId, Type, Value, Why};

use crate::source::SourceMap;
use crate::span::{At, Place};
use crate::words::{Hits, WordLists};

/// One root document with everything it refers to, read as OpenAPI.
#[derive(Debug)]
pub struct Model {
    sources: Arc<SourceMap>,
    lists: Arc<WordLists>,
    names: Vec<(String, Hits)>,
    places: Vec<Vec<Place>>,
    ignores: Vec<(At, At)>,
}

impl Model {
    /// The files it was read from.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// The word lists in force.
    pub fn lists(&self) -> &WordLists {
        &self.lists
    }

    /// The nodes of a kind, in document order.
    pub fn nodes(&self, kind: Kind) -> impl ExactSizeIterator<Item = Id> + use<> {
        (0..self.places[kind as usize].len() as u32).map(move |index| Id { kind, index })
    }

    /// Where a node stands.
    pub fn place(&self, id: Id) -> Place {
        self.places[id.kind as usize][id.index as usize]
    }

    /// The text of a name.
    pub fn name(&self, name: NameId) -> &str {
        &self.names[name.0 as usize].0
    }

    /// Which word lists a name is in.
    pub fn hits(&self, name: NameId) -> Hits {
        self.names[name.0 as usize].1
    }

    /// The `x-gatelint-ignore` extensions at places where extensions are legal:
    /// the object that is covered, and the value of the extension.
    pub fn ignores(&self) -> &[(At, At)] {
        &self.ignores
    }
}

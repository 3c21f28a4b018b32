//! The patterns of a document: where they stand, and what is known of each distinct text.

use std::collections::HashMap;
use std::ops::Range;

use super::Api;
use super::grammar::Version;
use super::view::K;
use crate::model::pattern::Facts;
use crate::source::NodeKind;
use crate::span::{At, Place};

/// Steps that the search for slow patterns may take in a document, and for one pattern.
/// Ordinary patterns take some hundred.
const MOST_STEPS: u64 = 40_000_000;
const MOST_STEPS_EACH: u64 = 200_000;

/// A `pattern`, or a key of `patternProperties`.
#[derive(Debug)]
pub struct Use {
    /// Where it stands.
    pub place: Place,
    /// Index of its schema among [`Api::schemas`].
    pub schema: u32,
    /// Whether it is a key of `patternProperties`.
    pub is_key: bool,
    /// Index of its text.
    text: u32,
}

/// All patterns of a document.
#[derive(Debug)]
pub struct Patterns {
    /// In document order.
    pub uses: Vec<Use>,
    texts: Vec<(String, Facts)>,
    /// Index of the text, by the value of `pattern`.
    by_value: HashMap<At, u32>,
}

impl Patterns {
    /// Reads the patterns of all schemas.
    pub fn read(api: &Api) -> Self {
        let mut uses = Vec::new();
        let mut by_value = HashMap::new();
        let mut texts: Vec<&str> = Vec::new();
        let mut number_of: HashMap<&str, u32> = HashMap::new();
        let mut number = |text| {
            *number_of.entry(text).or_insert_with(|| {
                texts.push(text);
                texts.len() as u32 - 1
            })
        };
        for (schema, &object) in api.schemas.iter().enumerate() {
            let at = api.graph.objects[object as usize].at;
            let schema = schema as u32;
            if let Some(value) = api.view.get(at, K::Pattern)
                && api.view.kind(value) == NodeKind::Str
            {
                let text = number(api.view.text(value));
                by_value.insert(value, text);
                uses.push(Use { place: Place::value(value), schema, is_key: false, text });
            }
            if api.version >= Version::V31
                && let Some(keyed) = api.view.get(at, K::PatternProperties)
            {
                for entry in api.view.children(keyed) {
                    if let Some(key) = api.view.key(entry).filter(|key| !key.starts_with("$ref")) {
                        uses.push(Use { place: Place::key(entry), schema, is_key: true, text: number(key) });
                    }
                }
            }
        }
        uses.sort_by_key(|one| super::walk::order(&api.walk, one.place.at));
        let budget = MOST_STEPS_EACH.min(MOST_STEPS / (texts.len() as u64).max(1));
        let texts = texts.into_iter().map(|text| (text.to_owned(), Facts::new(text, budget))).collect();
        Self { uses, texts, by_value }
    }

    /// The text of a use and what is known of it.
    pub fn of(&self, one: &Use) -> (&str, &Facts) {
        let (text, facts) = &self.texts[one.text as usize];
        (text, facts)
    }

    /// What is known of the value of a `pattern`.
    pub fn at(&self, value: At) -> Option<&Facts> {
        self.by_value.get(&value).map(|&text| &self.texts[text as usize].1)
    }

    /// The part of a pattern's text.
    pub fn part(&self, one: &Use, range: Range<usize>) -> &str {
        self.of(one).0.get(range).unwrap_or_default()
    }
}

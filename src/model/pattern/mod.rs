//! What a `pattern` means (E12): whether it compiles, what it admits, and how long
//! a backtracking matcher may take. Knows no document and no rule.
//!
//! `syntax` reads, `length` and `ambiguity` judge; `automaton` and `set` serve them.

mod ambiguity;
mod automaton;
mod length;
mod set;
mod syntax;

use std::sync::OnceLock;

pub use ambiguity::{Attack, Growth};
use syntax::{Pattern, Unread};

/// What is known of a pattern. Cheap facts are there at once, the others when asked for.
#[derive(Debug)]
pub struct Facts {
    pattern: Option<Pattern>,
    /// Why it does not compile, or what it means by syntax of another dialect.
    pub problem: Option<String>,
    /// Steps that the search for an attack may take.
    budget: u64,
    attack: OnceLock<Option<Attack>>,
    accepts_everything: OnceLock<bool>,
}

impl Facts {
    /// Reads a pattern; the search for an attack on it takes at most `budget` steps.
    pub fn new(text: &str, budget: u64) -> Self {
        let (pattern, problem) = match syntax::read(text) {
            Ok(Pattern { foreign: Some(problem), .. }) | Err(Unread::Invalid(problem)) => (None, Some(problem)),
            Ok(pattern) => (Some(pattern), None),
            Err(Unread::TooLarge) => (None, None),
        };
        Self { pattern, problem, budget, attack: OnceLock::new(), accepts_everything: OnceLock::new() }
    }

    /// Whether it is read as its author means it; all below is only known of such patterns.
    pub fn is_read(&self) -> bool {
        self.pattern.is_some()
    }

    /// The length in characters of the longest text that matches, if there is one.
    pub fn longest(&self) -> Option<u64> {
        self.pattern.as_ref().and_then(length::longest)
    }

    /// The length in characters of the shortest text that matches.
    pub fn shortest(&self) -> Option<u64> {
        self.pattern.as_ref().and_then(length::shortest)
    }

    /// Whether every alternative holds on to the beginning, and whether to the end of the text.
    ///
    /// What is meant to look anywhere holds on to both: a plain text, or "not blank". So does
    /// what accepts nothing.
    pub fn anchors(&self) -> (bool, bool) {
        let Some(pattern) = &self.pattern else { return (false, false) };
        if length::looks_anywhere(pattern) || ambiguity::accepts_nothing(pattern) {
            return (true, true);
        }
        let each = pattern.each().map(length::anchors);
        each.fold((true, true), |(start, end), (starts, ends)| (start && starts, end && ends))
    }

    /// The bytes of the first of several alternatives that does not hold on to both ends.
    pub fn loose_alternative(&self) -> Option<std::ops::Range<usize>> {
        let pattern = self.pattern.as_ref().filter(|pattern| pattern.alternatives.len() > 1)?;
        let loose = pattern.each().position(|one| length::anchors(one) != (true, true))?;
        pattern.alternatives.get(loose).cloned()
    }

    /// Whether it accepts every text, or every text that is not empty, `.` read as any character.
    pub fn accepts_everything(&self) -> bool {
        let accepts = || self.pattern.as_ref().is_some_and(ambiguity::accepts_everything);
        *self.accepts_everything.get_or_init(accepts)
    }

    /// A text that a backtracking matcher takes long to refuse.
    pub fn attack(&self) -> Option<&Attack> {
        let find = || self.pattern.as_ref().and_then(|pattern| ambiguity::attack(pattern, self.budget));
        self.attack.get_or_init(find).as_ref()
    }
}

#[cfg(test)]
mod tests;

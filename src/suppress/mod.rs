//! Suppressions: comments, `x-gatelint-ignore` extensions and the `ignore` list
//! of the settings. Says which findings and problems they silence, and which of
//! them silence nothing. Knows rule ids, not what rules look for.

mod collect;
mod comment;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use collect::collect;

use crate::error::Problem;
use crate::finding::{Message, State};
use crate::settings::{Date, Ignore, Origin};
use crate::source::SourceMap;
use crate::span::{FileId, Part, Place};

/// The suppressions of a run.
#[derive(Debug, Default)]
pub struct Suppressions {
    entries: Vec<Entry>,
    by_rule: HashMap<String, Vec<usize>>,
    now: Option<Date>,
}

/// One rule id that is named in one place.
#[derive(Debug)]
struct Entry {
    rule: String,
    by: By,
    scope: Scope,
    reason: Option<String>,
    until: Option<Date>,
    used: AtomicBool,
}

/// Where a suppression stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum By {
    Comment(Place),
    Extension(Place),
    Settings(Origin),
}

/// What a suppression covers.
#[derive(Clone, Debug)]
enum Scope {
    File(FileId),
    Nodes(FileId, Range<u32>),
    Pattern(Box<Ignore>),
}

/// A suppression that silences nothing, or does so without a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// What is wrong with it.
    pub kind: LeftoverKind,
    /// Where it stands.
    pub stands: Stands,
    /// What is so.
    pub message: Message,
    /// The rule it names.
    pub rule: String,
}

/// What is wrong with a suppression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftoverKind {
    /// Nothing it covers is found.
    Unused,
    /// Its last day is over.
    Expired,
    /// Nobody says why.
    Unexplained,
}

impl LeftoverKind {
    /// The rule that reports it.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Unused => "unused-suppression",
            Self::Expired => "expired-suppression",
            Self::Unexplained => "unexplained-suppression",
        }
    }
}

/// Where a suppression stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// In a file of the run.
    At(Place),
    /// In a settings file.
    Settings(Origin),
}

/// What is known of a rule id that a suppression names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// The rule was evaluated.
    Evaluated,
    /// There is such a rule, but it is off: nobody can tell whether the suppression is needed.
    Off,
    /// There is no such rule; the nearest name, if one is near.
    Unknown(Option<String>),
}

impl Suppressions {
    fn new(entries: Vec<Entry>, now: Date) -> Self {
        let mut by_rule: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            by_rule.entry(entry.rule.clone()).or_default().push(index);
        }
        Self { entries, by_rule, now: Some(now) }
    }

    /// Whether there is none, so that nothing needs to be asked.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The state of a finding of `rule` at `place`, if a suppression covers it.
    /// All that cover it count as used.
    pub fn silence(&self, sources: &SourceMap, rule: &str, place: Place) -> Option<State> {
        let mut state = None;
        for entry in self.by_rule.get(rule)?.iter().map(|&index| &self.entries[index]) {
            if self.in_force(entry) && entry.scope.covers(sources, place) {
                entry.used.store(true, Ordering::Relaxed);
                state.get_or_insert_with(|| State::Suppressed { by: entry.by.name(), reason: entry.reason.clone() });
            }
        }
        state
    }

    /// The reason for which the settings ignore a problem, if they do.
    pub fn ignored(&self, sources: &SourceMap, problem: &Problem) -> Option<String> {
        let file = sources.file(problem.span.file);
        let node = file.tree.at_offset(problem.span.start);
        let pointer = node.map(|node| file.pointer(node)).unwrap_or_default();
        let mut reason = None;
        for entry in self.by_rule.get(problem.code.as_str())?.iter().map(|&index| &self.entries[index]) {
            if let Scope::Pattern(ignore) = &entry.scope
                && self.in_force(entry)
                && ignore.covers(&file.path, &pointer)
            {
                entry.used.store(true, Ordering::Relaxed);
                reason.get_or_insert_with(|| {
                    entry.reason.clone().unwrap_or_else(|| "ignored by the settings".to_owned())
                });
            }
        }
        reason
    }

    fn in_force(&self, entry: &Entry) -> bool {
        entry.until.zip(self.now).is_none_or(|(until, now)| now <= until)
    }

    /// The suppressions that silence nothing, and those in force without a reason. `known` tells of a rule id;
    /// `judged` whether a settings entry is about files of this run.
    pub fn leftovers(&self, known: &dyn Fn(&str) -> Known, judged: &dyn Fn(&Ignore) -> bool) -> Vec<Leftover> {
        let mut leftovers = Vec::new();
        for entry in &self.entries {
            if let Scope::Pattern(ignore) = &entry.scope
                && !judged(ignore)
            {
                continue;
            }
            let rule = entry.rule.as_str();
            if !self.in_force(entry) {
                let until = entry.until.map(|date| date.to_string()).unwrap_or_default();
                let message =
                    message("the suppression of `{ignored}` ended on {until}", &[("ignored", rule), ("until", &until)]);
                leftovers.push(entry.leftover(LeftoverKind::Expired, message));
                continue;
            }
            if entry.reason.as_ref().is_none_or(|reason| reason.trim().is_empty()) {
                let message = message("`{ignored}` is ignored here without a reason", &[("ignored", rule)]);
                leftovers.push(entry.leftover(LeftoverKind::Unexplained, message));
            }
            if !entry.used.load(Ordering::Relaxed) {
                let message = match known(rule) {
                    Known::Off => continue,
                    Known::Evaluated => message("`{ignored}` is ignored here but was not found", &[("ignored", rule)]),
                    Known::Unknown(None) => {
                        message("`{ignored}` is ignored here, but there is no such rule", &[("ignored", rule)])
                    }
                    Known::Unknown(Some(near)) => message(
                        "`{ignored}` is ignored here, but there is no such rule; did you mean `{near}`?",
                        &[("ignored", rule), ("near", &near)],
                    ),
                };
                leftovers.push(entry.leftover(LeftoverKind::Unused, message));
            }
        }
        leftovers
    }
}

fn message(template: &str, args: &[(&str, &str)]) -> Message {
    Message {
        template: Arc::from(template),
        args: args.iter().map(|&(name, value)| (Arc::from(name), value.to_owned())).collect(),
    }
}

impl Entry {
    fn leftover(&self, kind: LeftoverKind, message: Message) -> Leftover {
        let stands = match &self.by {
            By::Comment(place) | By::Extension(place) => Stands::At(*place),
            By::Settings(origin) => Stands::Settings(origin.clone()),
        };
        Leftover { kind, stands, message, rule: self.rule.clone() }
    }
}

impl By {
    const fn name(&self) -> &'static str {
        match self {
            Self::Comment(_) => "comment",
            Self::Extension(_) => "extension",
            Self::Settings(_) => "settings",
        }
    }
}

impl Scope {
    fn covers(&self, sources: &SourceMap, place: Place) -> bool {
        match self {
            Self::File(file) => *file == place.at.file,
            Self::Nodes(file, nodes) => {
                let node = match place.part {
                    // A hit within a text may carry the root as its node: its bytes say where it is.
                    Part::Bytes(start, _) => sources.tree(place.at.file).at_offset(start).unwrap_or(place.at.node),
                    Part::Key | Part::Value => place.at.node,
                };
                *file == place.at.file && nodes.contains(&node.0)
            }
            Self::Pattern(ignore) => ignore.covers(&sources.file(place.at.file).path, &sources.pointer(place)),
        }
    }
}

//! Settings: `gatelint.yaml`, what it extends, and the flags, merged into one
//! immutable [`Settings`]. Reads files only through a function it is given, and
//! knows no rule: ids are checked when the rules are.

mod date;
mod file;
mod load;
mod pattern;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use date::{Date, NotADate};
pub use file::{IgnoreEntry, Level, OverrideEntry, Profile, RuleEntry, RuleSettings, SettingsFile};
pub use load::{Read, Rooted, load};
pub use pattern::{Globs, PointerPattern};

use crate::finding::{Confidence, Severity};
use crate::source::{self, Limits};
use crate::span::{FileId, Part, Place};
use crate::words::Change;

/// Names of a settings file, relative to the folder it governs. Two of them in one folder are an error.
pub const FILE_NAMES: [&str; 3] = ["gatelint.yaml", ".gatelint.yaml", ".github/gatelint.yaml"];

/// Everything that decides how a run judges. Made by [`load`], or by hand from its default.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which rules are on unless `rules` says otherwise.
    pub profile: Profile,
    /// The lowest severity that fails a run.
    pub fail_on: Severity,
    /// Findings below this severity are left out.
    pub min_severity: Severity,
    /// Findings below this confidence are left out.
    pub min_confidence: Confidence,
    /// Files a walk looks at; none given: those with a usual extension.
    pub include: Globs,
    /// Files and folders a walk passes over.
    pub exclude: Globs,
    /// By rule id.
    pub rules: BTreeMap<String, RuleSetting>,
    /// If not empty, only these rules are evaluated, whatever else is said.
    pub select: Vec<String>,
    /// Rules that are not evaluated, whatever else is said.
    pub deselect: Vec<String>,
    /// Rule settings for some files, in order; later ones win.
    pub overrides: Vec<Override>,
    /// Changes to word lists, by list.
    pub words: BTreeMap<String, Change>,
    /// Accepted findings and problems.
    pub ignores: Vec<Ignore>,
    /// Vendored documents: beginning of a URL, path from the project root.
    pub refs: BTreeMap<String, String>,
    /// Files and folders of further rules.
    pub rule_files: Vec<RuleFiles>,
    /// Whether comments, extensions and `ignore` entries have any effect.
    pub ignores_apply: bool,
    /// The day on which suppressions are judged.
    pub now: Date,
    /// Bounds on what is read.
    pub limits: Limits,
    /// The settings files this came from, the extended ones first.
    pub sources: Vec<Source>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: Profile::Default,
            fail_on: Severity::High,
            min_severity: Severity::Info,
            min_confidence: Confidence::Low,
            include: Globs::default(),
            exclude: Globs::default(),
            rules: BTreeMap::new(),
            select: Vec::new(),
            deselect: Vec::new(),
            overrides: Vec::new(),
            words: BTreeMap::new(),
            ignores: Vec::new(),
            refs: BTreeMap::new(),
            rule_files: Vec::new(),
            ignores_apply: true,
            now: Date::today(),
            limits: Limits::default(),
            sources: Vec::new(),
        }
    }
}

/// What flags say; they win over files.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--profile`
    pub profile: Option<Profile>,
    /// `--fail-on`
    pub fail_on: Option<Severity>,
    /// `--min-severity`
    pub min_severity: Option<Severity>,
    /// `--min-confidence`
    pub min_confidence: Option<Confidence>,
    /// `--select`
    pub select: Vec<String>,
    /// `--ignore`
    pub ignore: Vec<String>,
    /// `--no-ignores`
    pub no_ignores: bool,
    /// `--now`
    pub now: Option<Date>,
}

/// What the settings say about a rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleSetting {
    /// Whether it is on, and its severity. `None`: only options were given, so it is on.
    pub level: Option<Level>,
    /// Values of its options.
    pub options: BTreeMap<String, serde_json::Value>,
    /// Where that is said.
    pub origin: Origin,
}

/// Rule settings for some files.
#[derive(Clone, Debug)]
pub struct Override {
    /// The files whose findings are meant.
    pub files: Globs,
    /// By rule id.
    pub rules: BTreeMap<String, Level>,
    /// Where that is said.
    pub origin: Origin,
}

/// An accepted finding or problem.
#[derive(Clone, Debug)]
pub struct Ignore {
    /// A rule id or a problem code.
    pub rule: String,
    /// The files that are meant; none given: all.
    pub file: Globs,
    /// The nodes that are meant; none given: all.
    pub pointer: Option<PointerPattern>,
    /// Why.
    pub reason: Option<String>,
    /// The last day on which it is in force.
    pub until: Option<Date>,
    /// Where that is said.
    pub origin: Origin,
}

impl RuleSetting {
    /// The setting in the form of the settings file.
    pub fn to_json(&self) -> serde_json::Value {
        let level = self.level.unwrap_or(Level::On);
        match (self.options.is_empty(), level) {
            (false, Level::At(severity)) => serde_json::json!({ "severity": severity, "options": self.options }),
            (false, Level::On) => serde_json::json!({ "options": self.options }),
            _ => serde_json::json!(level),
        }
    }
}

impl Ignore {
    /// The entry in the form of the settings file.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "rule": self.rule,
            "file": self.file.written().first(),
            "pointer": self.pointer.as_ref().map(PointerPattern::written),
            "reason": self.reason,
            "until": self.until,
        })
    }

    /// Whether a file and pointer are meant.
    pub fn covers(&self, file: &str, pointer: &str) -> bool {
        (self.file.is_empty() || self.file.is_match(file))
            && self.pointer.as_ref().is_none_or(|pattern| pattern.covers(pointer))
    }
}

/// A file or folder of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFiles {
    /// The path, joined to the folder of the settings file.
    pub path: PathBuf,
    /// Where that is said.
    pub origin: Origin,
}

/// A place in a settings file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Index into [`Settings::sources`].
    pub source: usize,
    /// JSON pointer.
    pub pointer: String,
}

impl Origin {
    fn child(&self, step: &str) -> Self {
        let step = step.replace('~', "~0").replace('/', "~1");
        Self { source: self.source, pointer: format!("{}/{step}", self.pointer) }
    }
}

/// A settings file that took part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it lies.
    pub path: PathBuf,
    /// Its path from the project root, as it is shown.
    pub name: String,
    /// Its text.
    pub text: Arc<str>,
}

/// Something wrong with a file of ours, and the bytes that are wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SettingsError {
    /// The file, as it is shown.
    pub name: String,
    /// Its text; empty if it could not be read.
    pub text: Arc<str>,
    /// The bytes that are wrong.
    pub span: std::ops::Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Settings {
    /// Applies flags.
    pub fn with(mut self, flags: Flags) -> Self {
        self.profile = flags.profile.unwrap_or(self.profile);
        self.fail_on = flags.fail_on.unwrap_or(self.fail_on);
        self.min_severity = flags.min_severity.unwrap_or(self.min_severity);
        self.min_confidence = flags.min_confidence.unwrap_or(self.min_confidence);
        self.select.extend(flags.select);
        self.deselect.extend(flags.ignore);
        self.ignores_apply &= !flags.no_ignores;
        self.now = flags.now.unwrap_or(self.now);
        self
    }

    /// What is said about `rule` for findings in `file`: overrides first. `None` if nothing is said.
    pub fn level(&self, rule: &str, file: &str) -> Option<Level> {
        let overridden = self.overrides.iter().rev().find_map(|o| {
            let level = o.rules.get(rule)?;
            o.files.is_match(file).then_some(*level)
        });
        overridden.or_else(|| self.level_anywhere(rule))
    }

    /// What is said about `rule` for findings in all files.
    pub fn level_anywhere(&self, rule: &str) -> Option<Level> {
        self.rules.get(rule).map(|setting| setting.level.unwrap_or(Level::On))
    }

    /// Whether `rule`, which belongs to `profile`, is evaluated for findings in `file`.
    pub fn is_on(&self, rule: &str, profile: Profile, file: &str) -> bool {
        self.may_run(rule) && self.enables(self.level(rule, file), rule, profile)
    }

    /// Whether `rule`, which belongs to `profile`, is evaluated for findings in any file.
    pub fn is_on_anywhere(&self, rule: &str, profile: Profile) -> bool {
        let overridden = self.overrides.iter().filter_map(|o| o.rules.get(rule)).any(|level| *level != Level::Off);
        self.may_run(rule) && (overridden || self.enables(self.level_anywhere(rule), rule, profile))
    }

    fn may_run(&self, rule: &str) -> bool {
        !self.deselect.iter().any(|id| id == rule)
            && (self.select.is_empty() || self.select.iter().any(|id| id == rule))
    }

    fn enables(&self, level: Option<Level>, rule: &str, profile: Profile) -> bool {
        // Who selects a rule wants it, whatever its profile.
        let selected = self.select.iter().any(|id| id == rule);
        level.map_or(selected || profile <= self.profile, |level| level != Level::Off)
    }

    /// Every rule id the files name, with its place.
    pub fn named_rules(&self) -> impl Iterator<Item = (&str, Origin)> {
        let rules = self.rules.iter().map(|(id, setting)| (id.as_str(), setting.origin.clone()));
        let overrides = self.overrides.iter().flat_map(|o| {
            let origin = o.origin.child("rules");
            o.rules.keys().map(move |id| (id.as_str(), origin.child(id)))
        });
        let ignores = self.ignores.iter().map(|ignore| (ignore.rule.as_str(), ignore.origin.child("rule")));
        rules.chain(overrides).chain(ignores)
    }

    /// The place that the first of `pointers` that leads anywhere leads to, in the file that has the last word.
    pub fn origin_of(&self, pointers: &[&str]) -> Option<Origin> {
        let origin = |source: usize, pointer: &&str| Origin { source, pointer: (*pointer).to_owned() };
        (0..self.sources.len()).rev().find_map(|source| {
            let found = pointers.iter().find(|pointer| self.sources[source].points_to(pointer))?;
            Some(origin(source, found))
        })
    }

    /// An error at a place of a settings file.
    pub fn error(&self, origin: &Origin, part: Part, message: impl Into<String>) -> SettingsError {
        match self.sources.get(origin.source) {
            Some(source) => source.error(&origin.pointer, part, message),
            None => SettingsError {
                name: FILE_NAMES[0].to_owned(),
                text: Arc::from(""),
                span: 0..0,
                message: message.into(),
                help: None,
            },
        }
    }
}

impl Source {
    /// Whether `pointer` leads anywhere in the file.
    fn points_to(&self, pointer: &str) -> bool {
        let file = source::read(FileId(0), &self.name, self.text.as_bytes().to_vec(), &Limits::default());
        file.tree.roots().first().is_some_and(|&root| file.tree.at_pointer(root, pointer).is_some())
    }

    /// An error at the node that `pointer` leads to.
    pub fn error(&self, pointer: &str, part: Part, message: impl Into<String>) -> SettingsError {
        // Errors are rare, so the tree is not kept: the text is read again.
        let file = source::read(FileId(0), &self.name, self.text.as_bytes().to_vec(), &Limits::default());
        let node = file.tree.roots().first().and_then(|&root| file.tree.at_pointer(root, pointer));
        let span = node.map_or(0..0, |node| {
            let value = file.tree.span(node);
            let span = match part {
                Part::Key => file.tree.key_span(node).unwrap_or(value),
                Part::Value => value,
                Part::Bytes(start, end) => crate::span::Span::new(FileId(0), start, end),
            };
            span.start as usize..span.end as usize
        });
        SettingsError { name: self.name.clone(), text: file.text, span, message: message.into(), help: None }
    }

    /// Adds the file to a run and returns the place that `pointer` leads to in it.
    pub fn place(&self, pointer: &str, sources: &mut crate::source::SourceMap) -> Option<Place> {
        let id = match sources.find(&self.name) {
            Some(id) => id,
            None => {
                let id = sources.next_id();
                let file = source::read(id, &self.name, self.text.as_bytes().to_vec(), &Limits::default());
                sources.push(file)
            }
        };
        let tree = sources.tree(id);
        let node = tree.at_pointer(*tree.roots().first()?, pointer)?;
        Some(Place::value(crate::span::At { file: id, node }))
    }
}

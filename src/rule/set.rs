//! The rules of a run: [`Catalog`] keeps rule files as read, [`RuleSet`] the
//! compiled plan under given settings. Knows which rules there are, no document.

use std::collections::HashMap;

use crate::discover::Format;
use crate::error::ProblemCode;
use crate::finding::{Message, RuleIndex, RuleInfo};
use crate::model::Kind;
use crate::settings::Profile;
use crate::source::de;
use crate::source::{self, Limits, SourceFile, SourceMap};
use crate::span::Span;
use crate::words::WordLists;

use super::builtin;
use super::compile::{self, Cause, Choice, Context, Errors, Rule, RuleError};
use super::file::{CauseFile, ExampleFile, RuleFile};
use super::native;

/// Rule files as read, with their texts. Rules keep their place in the table
/// of every [`RuleSet`] that is compiled from one catalog.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    sources: SourceMap,
    rules: Vec<Entry>,
    causes: Vec<CauseFile>,
}

#[derive(Clone, Debug)]
struct Entry {
    file: RuleFile,
    /// Built-in rules were checked when they were embedded.
    trusted: bool,
}

impl Catalog {
    /// The built-in rules.
    ///
    /// # Errors
    /// A broken build: the embedded set is stale or wrong.
    pub fn builtin() -> Result<Self, RuleError> {
        let mut catalog = Self::default();
        let embedded = builtin::embedded(&mut catalog.sources)?;
        catalog.rules = embedded.rules.into_iter().map(|file| Entry { file, trusted: true }).collect();
        catalog.causes = embedded.causes;
        catalog.sort();
        Ok(catalog)
    }

    /// A catalog of the built-in rules from their own files, with reasons and examples.
    ///
    /// # Errors
    /// All that is wrong with the files.
    pub fn builtin_sources() -> Result<Self, Vec<RuleError>> {
        let mut catalog = Self::default();
        let mut errors = Vec::new();
        for (path, text) in builtin::rule_sources() {
            errors.extend(catalog.add(path, text.as_bytes().to_vec()).err().into_iter().flatten());
        }
        if let Some(text) = builtin::causes_source() {
            let outcome = catalog.add_causes("rules/causes.yaml", text.as_bytes().to_vec());
            errors.extend(outcome.err().into_iter().flatten());
        }
        if errors.is_empty() { Ok(catalog) } else { Err(errors) }
    }

    /// Adds a rule file of the user's, or of the repository's own. A rule of
    /// the same id takes the place of the one that is there.
    ///
    /// # Errors
    /// All that is wrong with the shape of the file.
    pub fn add(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), Vec<RuleError>> {
        let file = self.read::<RuleFile>(path, bytes).map_err(|error| self.locate(vec![error]))?;
        let mut list = Vec::new();
        check(path, &file, &mut list);
        if !list.is_empty() {
            return Err(self.locate(list));
        }
        self.rules.retain(|entry| entry.file.id.value != file.id.value);
        self.rules.push(Entry { file, trusted: false });
        self.sort();
        Ok(())
    }

    /// Adds root causes.
    ///
    /// # Errors
    /// What is wrong with the shape of the file.
    pub fn add_causes(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), Vec<RuleError>> {
        let causes = self.read::<Vec<CauseFile>>(path, bytes).map_err(|error| self.locate(vec![error]))?;
        self.causes.extend(causes);
        Ok(())
    }

    /// The catalog of one rule, as `file` has it, and of those in `superseded`; without root causes.
    pub(crate) fn around(&self, file: RuleFile, superseded: &[de::Spanned<String>]) -> Self {
        let beside = |entry: &&Entry| superseded.iter().any(|other| other.value == entry.file.id.value);
        let mut rules: Vec<Entry> = self.rules.iter().filter(beside).cloned().collect();
        for entry in &mut rules {
            entry.file.supersedes.clear();
        }
        rules.push(Entry { file, trusted: false });
        let mut catalog = Self { sources: self.sources.clone(), rules, causes: Vec::new() };
        catalog.sort();
        catalog
    }

    /// The rule files, by id.
    pub fn files(&self) -> impl ExactSizeIterator<Item = &RuleFile> {
        self.rules.iter().map(|entry| &entry.file)
    }

    /// The rule file of that id.
    pub fn find(&self, id: &str) -> Option<&RuleFile> {
        let at = self.rules.binary_search_by(|entry| entry.file.id.value.as_str().cmp(id)).ok()?;
        Some(&self.rules[at].file)
    }

    /// The texts of the files, in which spans of [`RuleError`] lie.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// Gives errors the file, line and column of their places.
    fn locate(&self, mut errors: Vec<RuleError>) -> Vec<RuleError> {
        for error in &mut errors {
            let Some(span) = error.span else { continue };
            let file = self.sources.file(span.file);
            let at = file.lines().position(&file.text, span.start);
            error.at = Some(format!("{}:{}:{}", file.path, at.line, at.column));
        }
        errors
    }

    /// Compiles the rules; `choose` says what the settings say of each.
    ///
    /// # Errors
    /// All that is wrong with rules and settings of rules.
    pub fn compile(
        &self,
        lists: &WordLists,
        mut choose: impl FnMut(&RuleFile) -> Choice,
    ) -> Result<RuleSet, Vec<RuleError>> {
        let ids: HashMap<&str, RuleIndex> =
            self.rules.iter().zip(0..).map(|(entry, index)| (entry.file.id.value.as_str(), RuleIndex(index))).collect();
        let mut list = Vec::new();
        let mut infos = Vec::with_capacity(self.rules.len());
        let mut rules: Vec<Rule> = Vec::with_capacity(self.rules.len());
        for (Entry { file, trusted }, index) in self.rules.iter().zip(0..) {
            let choice = choose(file);
            infos.push(compile::info(file, &choice, &mut Errors::new(&file.id.value, &mut list)));
            // A rule that is off is still checked, unless it is known to be right.
            if choice.enabled || !trusted || !choice.options.is_empty() {
                let context = Context { lists, ids: &ids, trusted: *trusted };
                let rule = compile::rule(file, RuleIndex(index), &choice, &context, &mut list);
                rules.extend(rule.filter(|_| choice.enabled));
            }
        }
        let context = Context { lists, ids: &ids, trusted: false };
        let causes = self.causes.iter().filter_map(|file| compile::cause(file, &context, &mut list)).collect();
        if !list.is_empty() {
            return Err(self.locate(list));
        }
        let mut plan: [Vec<u16>; Kind::ALL.len()] = std::array::from_fn(|_| Vec::new());
        for (rule, position) in rules.iter().zip(0..) {
            plan[rule.given as usize].push(position);
        }
        Ok(RuleSet { infos, rules, plan, causes })
    }

    fn sort(&mut self) {
        self.rules.sort_by(|left, right| left.file.id.value.cmp(&right.file.id.value));
    }

    fn read<T: serde::de::DeserializeOwned>(&mut self, path: &str, bytes: Vec<u8>) -> Result<T, RuleError> {
        let file = source::read(self.sources.next_id(), path, bytes, &Limits::default());
        let outcome = parse(&file);
        self.sources.push(file);
        outcome
    }
}

/// What the shape of a file alone does not say. Built-in rules passed this before they were embedded.
fn check(path: &str, file: &RuleFile, list: &mut Vec<RuleError>) {
    let mut errors = Errors::new(&file.id.value, list);
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if stem != file.id.value {
        errors.at(&file.id, format!("the id is not the file's name `{stem}`"));
    }
    for (key, value) in [("why", &file.why), ("fix", &file.fix)] {
        if value.as_deref().is_none_or(|text| text.trim().is_empty()) {
            errors.at(&file.id, format!("`{key}` is missing"));
        }
    }
    for format in file.fix_in.keys().filter(|format| Format::parse(format).is_none()) {
        errors.at(&file.id, format!("`{format}` in `fix-in` is no gateway format"));
    }
    // What depends on settings and dates cannot be shown in an example.
    let by_engine =
        file.native.as_ref().and_then(|name| native::find(&name.value)).is_some_and(|native| native.run.is_none());
    for (kind, wanted) in [("invalid", true), ("valid", false)] {
        let has = |example: &ExampleFile| if wanted { example.invalid.is_some() } else { example.valid.is_some() };
        if !by_engine && !file.examples.iter().any(has) {
            errors.at(&file.id, format!("there is no `{kind}` example"));
        }
    }
    for example in &file.examples {
        let marked = has_marker(&example.source.value) || example.files.values().any(|text| has_marker(text));
        match (&example.invalid, &example.valid) {
            (Some(name), None) if !marked => {
                errors.at(name, "an invalid example marks a line with `# finding`".to_owned());
            }
            (None, Some(name)) if marked => {
                errors.at(name, "a valid example has no `# finding`".to_owned());
            }
            (Some(_), None) | (None, Some(_)) => {}
            _ => errors.at(&example.source, "an example is either `invalid` or `valid`".to_owned()),
        }
    }
}

/// Whether some line of a text is marked as reported.
fn has_marker(text: &str) -> bool {
    text.lines().any(|line| marker(line).is_some())
}

/// The marker at the end of a line: `# finding`, or `# finding: SEVERITY` with its text.
pub(crate) fn marker(line: &str) -> Option<Option<&str>> {
    let (before, after) = line.rsplit_once('#')?;
    let rest = after.trim().strip_prefix("finding")?;
    if !before.is_empty() && !before.ends_with([' ', '\t']) {
        return None;
    }
    match rest.strip_prefix(':') {
        Some(severity) => Some(Some(severity.trim())),
        None => rest.is_empty().then_some(None),
    }
}

/// Reads the one document of a file.
fn parse<T: serde::de::DeserializeOwned>(file: &SourceFile) -> Result<T, RuleError> {
    let error = |message: String, span| RuleError { rule: file.path.clone(), message, span: Some(span), at: None };
    if let Some(problem) = file.problems.iter().find(|problem| problem.code != ProblemCode::Templated) {
        return Err(error(problem.message.clone(), problem.span));
    }
    let Some(&root) = file.tree.roots().first() else {
        return Err(error("the file is empty".to_owned(), Span::new(file.id, 0, 0)));
    };
    if let Some(duplicate) = file.tree.duplicates.first() {
        let key = file.tree.key(duplicate.second).unwrap_or_default();
        let span = file.tree.key_span(duplicate.second).unwrap_or_else(|| file.tree.span(duplicate.second));
        return Err(error(format!("key `{key}` occurs twice"), span));
    }
    de::from_tree(&file.tree, root).map_err(|failed| error(failed.to_string(), failed.span))
}

/// What the embedded set holds.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Embedded {
    rules: Vec<RuleFile>,
    causes: Vec<CauseFile>,
}

/// Reads the embedded set into `sources`.
pub(super) fn embedded(sources: &mut SourceMap, text: &'static str) -> Result<Embedded, RuleError> {
    let file = source::read(sources.next_id(), "rules.json", text.as_bytes().to_vec(), &Limits::default());
    let outcome = parse(&file);
    sources.push(file);
    outcome
}

/// Compiled rules under given settings, as a plan by kind of node.
#[derive(Clone, Debug)]
pub struct RuleSet {
    infos: Vec<RuleInfo>,
    rules: Vec<Rule>,
    plan: [Vec<u16>; Kind::ALL.len()],
    causes: Vec<Cause>,
}

impl RuleSet {
    /// The table of all rules, those that are off included; [`RuleIndex`] points into it.
    pub fn infos(&self) -> &[RuleInfo] {
        &self.infos
    }

    /// The row of a rule.
    pub fn info(&self, index: RuleIndex) -> &RuleInfo {
        &self.infos[usize::from(index.0)]
    }

    /// The index of the rule with that id, on or off.
    pub fn find(&self, id: &str) -> Option<RuleIndex> {
        let at = self.infos.binary_search_by(|info| info.id.as_str().cmp(id)).ok()?;
        Some(RuleIndex(at as u16))
    }

    /// The rules that are on, by index.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// A rule, if it is on.
    pub fn rule(&self, index: RuleIndex) -> Option<&Rule> {
        self.rules.binary_search_by_key(&index, |rule| rule.index).ok().map(|at| &self.rules[at])
    }

    /// The rules that are on and judge nodes of a kind.
    pub fn given(&self, kind: Kind) -> impl ExactSizeIterator<Item = &Rule> {
        self.plan[kind as usize].iter().map(|&at| &self.rules[usize::from(at)])
    }

    /// The root causes, in order of precedence.
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// The message of a rule whose placeholders are not fields (suppressions).
    pub fn message(&self, index: RuleIndex, values: &[(&str, String)]) -> Option<Message> {
        self.rule(index).map(|rule| rule.message.with(values))
    }
}

/// The choice for a rule when no settings say otherwise.
pub fn by_profile(profile: Profile) -> impl Fn(&RuleFile) -> Choice {
    move |file| {
        let enabled = file.profile == Profile::Default || profile == Profile::Strict;
        Choice { enabled, profile, ..Choice::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_stands_at_the_end_of_a_line_and_may_name_a_severity() {
        assert_eq!(marker("  get:   # finding"), Some(None));
        assert_eq!(marker("# finding"), Some(None));
        assert_eq!(marker("  get:   # finding: low"), Some(Some("low")));
        for line in ["  get: # findings", "  url: a#finding", "  # finding here", "  get:"] {
            assert_eq!(marker(line), None, "{line}");
        }
    }
}

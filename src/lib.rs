//! gatelint: static security linting of OpenAPI documents.
//!
//! Data flows one way, and each module uses only those before it:
//!
//! 1. [`source`] reads YAML and JSON into located trees; nothing is lost, what is wrong becomes a problem.
//! 2. [`settings`] merges `gatelint.yaml` and flags into one immutable value.
//! 3. [`discover`] finds the project and, by their content, its documents.
//! 4. [`resolve`] follows `$ref`s in and across files.
//! 5. [`model`] works out once what a document means: effective facts, each with its place.
//! 6. [`rule`] reads rule files and compiles them against the model's table of fields.
//! 7. [`evaluate`] runs the compiled rules over the nodes of a model: hits.
//! 8. [`suppress`] marks the hits that comments, extensions and settings accept.
//! 9. [`merge`] makes findings of hits, one per cause, each with a fingerprint.
//! 10. [`report`] says it all, one file per format.
//!
//! [`check`] runs steps 4 to 9 on bytes it is given: no file is opened, no
//! terminal is needed, and without the feature `cli` none is known. The command
//! line is built on top of it.
//!
//! ```
//! use std::collections::BTreeMap;
//! use gatelint::{Inputs, Rules, check, settings::Settings};
//!
//! let text = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\nservers: [{url: http://api.example.com}]\npaths: {}\n";
//! let files = BTreeMap::from([("api.yaml".to_owned(), text.as_bytes().to_vec())]);
//! let settings = Settings::default();
//! let rules = Rules::builtin(&settings).expect("the built-in rules are right");
//! let report = check(Inputs::in_memory(&files), &settings, &rules);
//! assert_eq!(report.documents.len(), 1);
//! ```

pub mod baseline;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod commands;
pub mod discover;
pub mod error;
pub mod evaluate;
pub mod finding;
mod intake;
pub mod merge;
pub mod model;
#[cfg(feature = "cli")]
mod progress;
pub mod report;
pub mod resolve;
pub mod rule;
pub mod secrets;
pub mod settings;
pub mod source;
pub mod span;
mod summary;
pub mod suppress;
pub mod testing;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;

use baseline::Baseline;
use discover::Found;
use error::{Problem, ProblemCode};
use evaluate::{Evaluation, Hit};
use finding::{Finding, RuleIndex, State};
use intake::Intake;
use merge::Root;
use model::gateway::{Objects, Unit};
use model::{Id, Kind, Model};
use report::{Inventory, ProblemReport, Report, Verdict};
use resolve::Loader;
use rule::{Catalog, Choice, OptionValue, RuleError, RuleSet};
use settings::{Ignore, Level, Origin, Profile, Settings};
use source::{NodeKind, SourceMap};
use span::{FileId, Place, Span};
use summary::{Judged, coverage, documents, unknowns};
use suppress::{Known, Leftover, Stands, Suppressions};
use words::{WordError, WordLists};

/// What a run judges.
pub struct Inputs<'a> {
    /// The documents, as discovery found them.
    pub found: Found,
    /// Where files come from that `$ref`s name.
    pub loader: &'a dyn Loader,
    /// Findings that were there before.
    pub baseline: Option<&'a Baseline>,
    /// Whether these are all documents of the project: only then is a settings
    /// entry unused that is about none of them.
    pub whole_project: bool,
    /// Told of each root document that has been judged: how many are done, of how many.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

impl<'a> Inputs<'a> {
    /// Files in memory, by path. Those that are documents are judged; the others can be referred to.
    pub fn in_memory(files: &'a BTreeMap<String, Vec<u8>>) -> Self {
        let mut found = Found::default();
        for (path, bytes) in files {
            found.sort_in(path.clone(), bytes.clone());
        }
        Self { found, loader: files, baseline: None, whole_project: true, progress: &|_, _| {} }
    }
}

/// The rules of a run, compiled under its settings.
#[derive(Clone, Debug)]
pub struct Rules {
    set: RuleSet,
    lists: Arc<WordLists>,
}

/// What is wrong with rule files, or with what the settings say of rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// Rule files or the settings of rules.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Rules(Vec<RuleError>),
    /// The settings of word lists.
    #[error(transparent)]
    Words(#[from] WordError),
}

impl Rules {
    /// The built-in rules.
    ///
    /// # Errors
    /// If the settings give a rule an option it does not have, or one of another type.
    pub fn builtin(settings: &Settings) -> Result<Self, RulesError> {
        let catalog = Catalog::builtin().map_err(|error| RulesError::Rules(vec![error]))?;
        Self::compile(&catalog, settings)
    }

    /// The rules of `catalog`.
    ///
    /// # Errors
    /// As [`Rules::builtin`], and for what is wrong with the rules.
    pub fn compile(catalog: &Catalog, settings: &Settings) -> Result<Self, RulesError> {
        let lists = match settings.words.is_empty() {
            true => WordLists::builtin(),
            false => Arc::new(WordLists::with_changes(&settings.words)?),
        };
        let mut errors = Vec::new();
        let choose = |file: &rule::file::RuleFile| {
            let id = file.id.value.as_str();
            let mut options = BTreeMap::new();
            for (name, value) in settings.rules.get(id).into_iter().flat_map(|setting| &setting.options) {
                match serde_json::from_value::<OptionValue>(value.clone()) {
                    Ok(value) => drop(options.insert(name.clone(), value)),
                    Err(_) => errors.push(RuleError {
                        rule: id.to_owned(),
                        message: format!("option `{name}` is neither a boolean, a number, a text nor a list of texts"),
                        span: None,
                        at: None,
                    }),
                }
            }
            let severity = match settings.level_anywhere(id) {
                Some(Level::At(severity)) => Some(severity),
                _ => None,
            };
            let enabled = settings.is_on_anywhere(id, file.profile);
            Choice { enabled, severity, options, profile: settings.profile }
        };
        let set = catalog.compile(&lists, choose).map_err(RulesError::Rules)?;
        if errors.is_empty() { Ok(Self { set, lists }) } else { Err(RulesError::Rules(errors)) }
    }

    /// The table of rules.
    pub fn set(&self) -> &RuleSet {
        &self.set
    }
}

fn profile(name: &str) -> Profile {
    if name == Profile::Strict.as_str() { Profile::Strict } else { Profile::Default }
}

/// Judges documents and says what it found.
///
/// A document that brings gatelint down is a problem; the others are still judged.
pub fn check(inputs: Inputs<'_>, settings: &Settings, rules: &Rules) -> Report {
    let Inputs { mut found, loader, baseline, whole_project, progress } = inputs;
    let (mut sources, intake) = Intake::load(&mut found, loader, settings);
    let problems = intake.problems.clone();
    let mut run = Run { settings, rules, whole_project, baseline, problems };
    run.note_unread(&mut sources, &found.unread);
    run.note_unclaimed(&mut sources, &found.named, &intake.known, found.changed.is_some());
    let origins: Vec<Option<Place>> =
        settings.ignores.iter().map(|ignore| ignore_place(ignore, settings, &mut sources)).collect();
    let sources = Arc::new(sources);

    let judged = run.judge(&sources, &intake, progress);
    let files: BTreeSet<FileId> = judged.iter().flat_map(|judged| judged.model.files()).collect();
    run.note_files(&sources, &intake.claimed, &files);
    let documents = documents(&sources, &judged);
    let unknowns = unknowns(&sources, &judged);
    let coverage = coverage(&rules.set, &judged);
    let extensions = judged.iter().flat_map(|judged| judged.model.ignores().iter().copied()).collect();
    let (suppressions, malformed) = suppress::collect(&sources, &files, &extensions, settings);
    run.problems.extend(malformed);
    let problems = run.problem_reports(&sources, &suppressions);
    let findings = run.findings(&sources, judged, &suppressions, &origins, &files);
    let verdict = Verdict::of(&documents, &findings, &problems, settings.fail_on);
    Report {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        rules: rules.set.infos().to_vec(),
        coverage,
        documents,
        findings,
        problems,
        unknowns,
        judged: files.len() as u32,
        ignored_files: intake.ignored_files,
        fail_on: settings.fail_on,
        verdict,
        sources,
    }
}

/// The gateways among the inputs, each as one model, and what could not be read of their files.
///
/// What the command `routes` shows; no rule is asked.
pub fn gateways(inputs: Inputs<'_>, settings: &Settings) -> Inventory {
    let Inputs { mut found, loader, .. } = inputs;
    let (sources, intake) = Intake::load(&mut found, loader, settings);
    let sources = Arc::new(sources);
    let objects = Objects::read_for(&sources, &intake.units);
    let model = |unit: &Unit| {
        let (sources, lists) = (Arc::clone(&sources), WordLists::builtin());
        catch_unwind(AssertUnwindSafe(|| Model::gateway(sources, unit, &objects, lists, settings.now))).ok()
    };
    let models: Vec<Model> = intake.units.par_iter().filter_map(model).collect();
    let files: BTreeSet<FileId> = intake.units.iter().flat_map(|unit| unit.files.iter().copied()).collect();
    let of_files = files.into_iter().flat_map(|id| sources.file(id).problems.iter().cloned());
    let problems = of_files.chain(intake.problems).collect();
    Inventory { sources, models, problems }
}

/// What a run collects on its way.
struct Run<'a> {
    settings: &'a Settings,
    rules: &'a Rules,
    whole_project: bool,
    baseline: Option<&'a Baseline>,
    problems: Vec<Problem>,
}

impl Run<'_> {
    /// Files that could not be read get an empty file to point at.
    fn note_unread(&mut self, sources: &mut SourceMap, unread: &[discover::Unread]) {
        for unread in unread {
            let span = start_of(sources, &unread.path);
            self.problems.push(Problem::new(unread.code, unread.message.clone(), span));
        }
    }

    /// Files that were named must be documents, or belong to one.
    fn note_unclaimed(
        &mut self,
        sources: &mut SourceMap,
        named: &BTreeSet<String>,
        known: &BTreeSet<FileId>,
        changes: bool,
    ) {
        if changes || named.is_empty() {
            return;
        }
        for path in named {
            let id = sources.find(path);
            if id.is_none_or(|id| !known.contains(&id)) {
                let message = discover::why_unclaimed(path, id.map(|id| sources.file(id)));
                let span = start_of(sources, path);
                self.problems.push(Problem::new(ProblemCode::Unrecognised, message, span));
            }
        }
    }

    /// Problems of the files that belong to judged documents, and of those that should.
    fn note_files(&mut self, sources: &SourceMap, claimed: &BTreeSet<FileId>, judged: &BTreeSet<FileId>) {
        let mut files: BTreeSet<FileId> = judged | claimed;
        // A file of which nothing could be read is part of no model, though a document refers to it.
        if sources.files().any(|file| file.tree.is_empty() && !file.problems.is_empty()) {
            let reached = claimed.iter().flat_map(|&root| resolve::reach(sources, root));
            files.extend(reached.filter(|&id| sources.tree(id).is_empty()));
        }
        self.problems.extend(files.into_iter().flat_map(|id| sources.file(id).problems.iter().cloned()));
    }

    /// Models and evaluates root documents and gateways, each on its own.
    fn judge(
        &mut self,
        sources: &Arc<SourceMap>,
        intake: &Intake,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Vec<Judged> {
        let done = std::sync::atomic::AtomicUsize::new(0);
        let Intake { roots, units, .. } = intake;
        let (objects, lists, now) = (Objects::read_for(sources, units), &self.rules.lists, self.settings.now);
        let documents = roots.par_iter().map(|&root| guarded(sources, root, || self.judge_one(sources, root)));
        let gateways = units.par_iter().map(|unit| {
            let first = unit.files.first().copied().unwrap_or(FileId(0));
            guarded(sources, first, || {
                let model = Model::gateway(Arc::clone(sources), unit, &objects, Arc::clone(lists), now);
                (Some(self.evaluate(sources, model)), Vec::new())
            })
        });
        let all = roots.len() + units.len();
        let outcomes: Vec<Outcome> = documents
            .chain(gateways)
            .inspect(|_| progress(1 + done.fetch_add(1, std::sync::atomic::Ordering::Relaxed), all))
            .collect();
        let mut judged = Vec::new();
        for (document, problems) in outcomes {
            judged.extend(document);
            self.problems.extend(problems);
        }
        judged
    }

    fn evaluate(&self, sources: &SourceMap, model: Model) -> Judged {
        let mut evaluation = evaluate::evaluate(&model, &self.rules.set);
        self.apply_overrides(sources, &mut evaluation);
        Judged { model, evaluation }
    }

    fn judge_one(&self, sources: &Arc<SourceMap>, root: FileId) -> Outcome {
        let mut problems = later_documents(sources, root);
        match Model::openapi(Arc::clone(sources), root, Arc::clone(&self.rules.lists), self.settings.now) {
            None => (None, problems),
            Some(Err(problem)) => {
                problems.push(problem);
                (None, problems)
            }
            Some(Ok(model)) => {
                problems.extend_from_slice(model.problems());
                (Some(self.evaluate(sources, model)), problems)
            }
        }
    }

    /// Settings that hold for some files only.
    fn apply_overrides(&self, sources: &SourceMap, evaluation: &mut Evaluation) {
        if self.settings.overrides.is_empty() {
            return;
        }
        evaluation.hits.retain_mut(|hit| {
            let info = self.rules.set.info(hit.rule);
            let file = &sources.file(hit.place.at.file).path;
            if let Some(Level::At(severity)) = self.settings.level(&info.id, file) {
                hit.severity = severity;
            }
            self.settings.is_on(&info.id, profile(&info.profile), file)
        });
    }

    /// Problems in the order of the report, each once.
    fn problem_reports(&mut self, sources: &SourceMap, suppressions: &Suppressions) -> Vec<ProblemReport> {
        let mut problems = std::mem::take(&mut self.problems);
        let place = |span: Span| (sources.file(span.file).path.as_str(), span.start, span.end);
        problems.sort_by(|a, b| {
            place(a.span).cmp(&place(b.span)).then(a.code.cmp(&b.code)).then_with(|| a.message.cmp(&b.message))
        });
        problems.dedup();
        let report = |problem| ProblemReport { ignored: suppressions.ignored(sources, &problem), problem };
        problems.into_iter().map(report).collect()
    }

    /// Suppressions, merging, the baseline, and what suppressions are left over.
    fn findings(
        &self,
        sources: &SourceMap,
        judged: Vec<Judged>,
        suppressions: &Suppressions,
        origins: &[Option<Place>],
        files: &BTreeSet<FileId>,
    ) -> Vec<Finding> {
        let set = &self.rules.set;
        let mut silence = |rule: RuleIndex, place: Place| {
            suppressions.silence(sources, &set.info(rule).id, place).unwrap_or(State::Open)
        };
        let mut roots = Vec::with_capacity(judged.len());
        for Judged { model, mut evaluation } in judged {
            for hit in &mut evaluation.hits {
                hit.state = silence(hit.rule, hit.place);
            }
            roots.push((model, evaluation));
        }
        let (models, evaluations): (Vec<Model>, Vec<Evaluation>) = roots.into_iter().unzip();
        let roots = models.iter().zip(evaluations).map(|(model, evaluation)| Root { model, rules: set, evaluation });
        let mut findings = merge::merge(roots.collect(), &mut silence);

        let known = |id: &str| match set.find(id) {
            Some(index) if set.rule(index).is_some() => Known::Evaluated,
            Some(_) => Known::Off,
            // A problem that does not occur today.
            None if ProblemCode::ALL.iter().any(|code| code.as_str() == id) => Known::Evaluated,
            None => Known::Unknown(nearest_rule(set, id)),
        };
        let is_judged = |ignore: &Ignore| {
            self.whole_project
                || files.iter().any(|&id| !ignore.file.is_empty() && ignore.file.is_match(&sources.file(id).path))
        };
        let leftovers = suppressions.leftovers(&known, &is_judged);
        let place = |stands: &Stands| match stands {
            Stands::At(place) => Some(*place),
            Stands::Settings(origin) => {
                let at = self.settings.ignores.iter().position(|ignore| ignore.origin == *origin)?;
                origins[at]
            }
        };
        let hits: Vec<Hit> = leftovers
            .into_iter()
            .filter_map(|leftover| self.hit(sources, place(&leftover.stands)?, leftover, suppressions))
            .collect();
        merge::further(&mut findings, hits, sources, set);

        if let Some(baseline) = self.baseline {
            baseline.apply(&mut findings);
        }
        findings.retain(|finding| {
            finding.severity >= self.settings.min_severity && finding.confidence >= self.settings.min_confidence
        });
        findings
    }

    /// What the rules on suppressions say of one that silences nothing.
    fn hit(&self, sources: &SourceMap, place: Place, leftover: Leftover, suppressions: &Suppressions) -> Option<Hit> {
        let set = &self.rules.set;
        let index = set.find(leftover.kind.rule())?;
        let info = set.info(index);
        let file = &sources.file(place.at.file).path;
        let on = set.rule(index).is_some() && self.settings.is_on(&info.id, profile(&info.profile), file);
        let overridden = match self.settings.level(&info.id, file) {
            Some(Level::At(severity)) => Some(severity),
            _ => None,
        };
        on.then(|| Hit {
            rule: index,
            subject: Id { kind: Kind::Text, index: 0 },
            severity: overridden.unwrap_or(info.severity),
            confidence: info.confidence,
            message: leftover.message,
            place,
            related: Vec::new(),
            more_related: 0,
            discriminator: leftover.rule,
            state: suppressions.silence(sources, &info.id, place).unwrap_or(State::Open),
        })
    }
}

/// One root document, and what could not be judged of it.
type Outcome = (Option<Judged>, Vec<Problem>);

/// Runs `judge`; a panic in it is a problem of the document.
fn guarded(sources: &SourceMap, root: FileId, judge: impl FnOnce() -> Outcome) -> Outcome {
    catch_unwind(AssertUnwindSafe(judge)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        let message = format!("gatelint failed on this document, which is a bug of gatelint's: {said}");
        let span =
            discover::is_root(sources.tree(root)).map_or(Span::new(root, 0, 0), |node| sources.tree(root).span(node));
        (None, vec![Problem::new(ProblemCode::Internal, message, span)])
    })
}

/// Documents in one file after the first are not read, which must not go unsaid.
fn later_documents(sources: &SourceMap, root: FileId) -> Vec<Problem> {
    let tree = sources.tree(root);
    let later = tree.roots().iter().skip(1).filter(|&&map| tree.kind(map) == NodeKind::Map);
    let keys = later.filter_map(|&map| ["openapi", "swagger"].iter().find_map(|key| tree.get(map, key)));
    let message = "only the first document of a file is read: give this one a file of its own";
    keys.map(|node| {
        let span = tree.key_span(node).unwrap_or_else(|| tree.span(node));
        Problem::new(ProblemCode::Unrecognised, message, span)
    })
    .collect()
}

/// The start of the file at `path`; an empty file stands for one that was not read.
fn start_of(sources: &mut SourceMap, path: &str) -> Span {
    let id = sources.find(path).unwrap_or_else(|| {
        let id = sources.next_id();
        sources.push(source::read(id, path, Vec::new(), &source::Limits::default()))
    });
    Span::new(id, 0, 0)
}

/// The place of a settings entry, in its file, which becomes one of the run.
fn ignore_place(ignore: &Ignore, settings: &Settings, sources: &mut SourceMap) -> Option<Place> {
    let Origin { source, pointer } = &ignore.origin;
    settings.sources.get(*source)?.place(pointer, sources)
}

fn nearest_rule(set: &RuleSet, id: &str) -> Option<String> {
    let ids: Vec<&str> = set.infos().iter().map(|info| info.id.as_str()).collect();
    source::de::nearest(id, &ids).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_problem_of_its_document() {
        let mut sources = SourceMap::default();
        let id = sources.next_id();
        sources.push(source::read(id, "a.yaml", b"openapi: 3.0.3\n".to_vec(), &source::Limits::default()));
        let (document, problems) = guarded(&sources, id, || panic!("out of luck"));
        assert!(document.is_none());
        assert_eq!(problems[0].code, ProblemCode::Internal);
        assert!(problems[0].message.contains("out of luck"), "{problems:?}");
    }
}

//! Runs the examples of rule files: under each of their versions, as YAML and
//! as JSON, and with each term of the rule dropped in turn (`mutants`), which
//! must make some example fail. Knows no terminal: it returns what went wrong.

mod example;
mod mutants;

use std::fmt;
use std::sync::Arc;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::rule::file::RuleFile;
use crate::rule::{Catalog, Choice, RuleError, RuleSet, native};
use crate::settings::Profile;
use crate::words::WordLists;

use example::Prepared;

/// How the examples of some rules went.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Rules whose examples were run.
    pub rules: usize,
    /// Examples, each counted once.
    pub examples: usize,
    /// Documents that were judged: examples by version and form.
    pub documents: usize,
    /// Rules with a term dropped.
    pub mutants: usize,
    /// What went wrong, by rule.
    pub failures: Vec<Failure>,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The rule.
    pub rule: String,
    /// The example; `None` for a term that no example needs.
    pub example: Option<String>,
    /// The OpenAPI version, and `as JSON` where only that form fails.
    pub under: String,
    /// What is so.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.rule)?;
        if let Some(example) = &self.example {
            write!(f, "`{example}`")?;
            if !self.under.is_empty() {
                write!(f, " ({})", self.under)?;
            }
            write!(f, ": ")?;
        }
        f.write_str(&self.message)
    }
}

/// Runs the examples of the rules that `wanted` picks.
pub fn run(catalog: &Catalog, lists: &Arc<WordLists>, wanted: &(dyn Fn(&RuleFile) -> bool + Sync)) -> Summary {
    let files: Vec<&RuleFile> = catalog.files().filter(|file| wanted(file)).collect();
    let parts: Vec<Summary> = files.into_par_iter().map(|file| rule(catalog, lists, file)).collect();
    let mut summary = Summary::default();
    for part in parts {
        summary.rules += part.rules;
        summary.examples += part.examples;
        summary.documents += part.documents;
        summary.mutants += part.mutants;
        summary.failures.extend(part.failures);
    }
    summary
}

/// Runs the examples of one rule.
fn rule(catalog: &Catalog, lists: &Arc<WordLists>, file: &RuleFile) -> Summary {
    let id = &file.id.value;
    let mut summary = Summary { rules: 1, examples: file.examples.len(), ..Summary::default() };
    let fail = |example: Option<&str>, under: String, message: String| Failure {
        rule: id.clone(),
        example: example.map(str::to_owned),
        under,
        message,
    };
    let rules = match Sets::new(catalog, lists, file, file) {
        Ok(rules) => rules,
        Err(errors) => {
            summary.failures.extend(errors.into_iter().map(|error| fail(None, String::new(), error.to_string())));
            return summary;
        }
    };
    let mut documents: Vec<(Profile, Prepared)> = Vec::new();
    for example in &file.examples {
        let name = example.invalid.as_ref().or(example.valid.as_ref()).map_or("", |name| name.value.as_str());
        for version in example::versions(example) {
            let yaml = match Prepared::new(example, &version, lists) {
                Ok(yaml) => yaml,
                Err(message) => {
                    summary.failures.push(fail(Some(name), version, message));
                    continue;
                }
            };
            summary.documents += 1;
            let rules = rules.of(example.profile);
            let found = yaml.findings(rules);
            let wrong = yaml.compare(id, rules, &found);
            let right = wrong.is_empty();
            summary.failures.extend(wrong.into_iter().map(|message| fail(Some(name), version.clone(), message)));
            if let Some(json) = yaml.as_json(lists).filter(|_| right) {
                summary.documents += 1;
                let differs = match json {
                    Ok(json) => yaml.differs(&found, &json, &json.findings(rules)),
                    Err(message) => Some(message),
                };
                let under = format!("{version} as JSON");
                summary.failures.extend(differs.map(|message| fail(Some(name), under, message)));
            }
            documents.push((example.profile, yaml));
        }
    }
    // A term cannot be told to be needed while examples fail with it.
    if summary.failures.is_empty() {
        for mutant in mutants::of(file) {
            summary.mutants += 1;
            let survives = Sets::new(catalog, lists, &mutant.file, file).map(|changed| {
                let tells = |(profile, document): &(Profile, Prepared)| {
                    document.tells_apart(id, rules.of(*profile), changed.of(*profile))
                };
                !documents.iter().any(tells)
            });
            let message = match survives {
                Ok(false) => continue,
                Ok(true) => format!("no example needs {}", mutant.term),
                Err(errors) => format!("without {} it does not compile: {}", mutant.term, errors[0]),
            };
            summary.failures.push(fail(None, String::new(), message));
        }
    }
    summary
}

/// The rule and those that `original` supersedes; all rules for what the engine reports of suppressions.
struct Sets {
    default: RuleSet,
    /// Where an example is about the strict profile.
    strict: Option<RuleSet>,
}

impl Sets {
    fn new(catalog: &Catalog, lists: &WordLists, file: &RuleFile, original: &RuleFile) -> Result<Self, Vec<RuleError>> {
        let compile = |profile| {
            let on = |_: &RuleFile| Choice { enabled: true, profile, ..Choice::default() };
            if by_engine(file) {
                catalog.compile(lists, on)
            } else {
                catalog.around(file.clone(), &original.supersedes).compile(lists, on)
            }
        };
        let has_strict = file.examples.iter().any(|example| example.profile == Profile::Strict);
        let strict = if has_strict { Some(compile(Profile::Strict)?) } else { None };
        Ok(Self { default: compile(Profile::Default)?, strict })
    }

    fn of(&self, profile: Profile) -> &RuleSet {
        self.strict.as_ref().filter(|_| profile == Profile::Strict).unwrap_or(&self.default)
    }
}

/// Whether the engine itself reports what the rule is about.
fn by_engine(file: &RuleFile) -> bool {
    file.native.as_ref().and_then(|name| native::find(&name.value)).is_some_and(|native| native.run.is_none())
}

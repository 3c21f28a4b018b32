//! One example under one version: its document, the lines that must be
//! reported, and what is. Knows how examples are completed to documents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::discover::{self, Format};
use crate::error::{Problem, ProblemCode};
use crate::evaluate::{self, Hit};
use crate::finding::{Finding, Severity, State};
use crate::merge::{self, Root};
use crate::model::gateway::{self, Objects};
use crate::model::{Id, Model};
use crate::report::inert::message as plain;
use crate::resolve;
use crate::rule::file::ExampleFile;
use crate::rule::{RuleSet, marker, tree_to_json};
use crate::settings::{Date, Settings};
use crate::source::{self, Limits, SourceMap};
use crate::span::{FileId, Part, Place};
use crate::suppress::{self, Known, Stands};
use crate::words::WordLists;

/// The name of the root document of an example.
const ROOT: &str = "openapi.yaml";

/// Versions an example is tried under unless it says otherwise.
const VERSIONS: [&str; 3] = ["3.0.3", "3.1.0", "3.2.0"];

/// The document of an example under one version, and what must be found in it.
#[derive(Debug)]
pub(super) struct Prepared {
    model: Model,
    /// The name of the file that the example's source is.
    root: String,
    expected: Vec<Expected>,
    /// Lines that were put before the example's own text.
    added: u32,
}

/// A line that must be reported.
#[derive(Debug)]
struct Expected {
    file: FileId,
    line: u32,
    severity: Option<Severity>,
}

/// The versions of an example; of a gateway its format.
pub(super) fn versions(example: &ExampleFile) -> Vec<String> {
    match (&example.format, &example.versions) {
        (Some(format), _) => vec![format.clone()],
        (None, Some(versions)) => versions.iter().map(|version| version.0.clone()).collect(),
        (None, None) => VERSIONS.map(str::to_owned).to_vec(),
    }
}

/// The name of the file that an example of a gateway format is, unless it says so itself.
fn usual_name(format: Format) -> &'static str {
    match format {
        Format::Kong => "kong.yaml",
        Format::Nginx => "nginx.conf",
        Format::Ingress => "ingress.yaml",
        Format::GatewayApi => "gateway.yaml",
        Format::Istio => "istio.yaml",
        Format::Envoy => "envoy.yaml",
        Format::Traefik => "traefik.yaml",
        Format::Aws => "template.yaml",
        Format::Krakend => "krakend.yaml",
    }
}

impl Prepared {
    /// Completes and models the document.
    pub(super) fn new(example: &ExampleFile, version: &str, lists: &Arc<WordLists>) -> Result<Self, String> {
        if let Some(format) = &example.format {
            return Self::gateway(example, format, lists);
        }
        let head = head(&example.source.value, version);
        let mut files: BTreeMap<String, Vec<u8>> =
            example.files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
        files.insert(ROOT.to_owned(), format!("{head}{}", example.source.value).into_bytes());
        let mut prepared = Self::of(files, lists)?;
        prepared.added = head.lines().count() as u32;
        prepared.expected = expected(prepared.model.sources())?;
        Ok(prepared)
    }

    fn of(files: BTreeMap<String, Vec<u8>>, lists: &Arc<WordLists>) -> Result<Self, String> {
        let seed = files.get(ROOT).cloned().unwrap_or_default();
        let seeds = vec![(ROOT.to_owned(), seed)];
        let sources = resolve::load(seeds, &files, &Limits::default(), &BTreeMap::new());
        if let Some((file, problem)) = sources.files().find_map(|file| Some((file, file.problems.first()?))) {
            let line = file.lines().line(problem.span.start);
            return Err(format!("the document cannot be read: line {line} of {}: {}", file.path, problem.message));
        }
        if let Some(unused) = files.keys().find(|path| sources.find(path).is_none()) {
            return Err(format!("no reference leads to the file `{unused}`"));
        }
        let root = sources.find(ROOT).ok_or("there is no document")?;
        let model = match Model::openapi(Arc::new(sources), root, lists.clone(), today()) {
            Some(Ok(model)) => model,
            Some(Err(problem)) => return Err(problem.message),
            None => return Err("the source is no OpenAPI document".to_owned()),
        };
        Ok(Self { model, root: ROOT.to_owned(), expected: Vec::new(), added: 0 })
    }

    /// The gateway that an example's files make up.
    fn gateway(example: &ExampleFile, format: &str, lists: &Arc<WordLists>) -> Result<Self, String> {
        let format = Format::parse(format).ok_or_else(|| format!("`{format}` is no gateway format"))?;
        let root = example.file.clone().unwrap_or_else(|| usual_name(format).to_owned());
        let mut files: BTreeMap<String, Vec<u8>> =
            example.files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
        files.insert(root.clone(), example.source.value.clone().into_bytes());
        let mut prepared = Self::gateway_of(files, format, root, lists)?;
        prepared.expected = expected(prepared.model.sources())?;
        Ok(prepared)
    }

    fn gateway_of(
        files: BTreeMap<String, Vec<u8>>,
        format: Format,
        root: String,
        lists: &Arc<WordLists>,
    ) -> Result<Self, String> {
        let seeds = files.iter().map(|(path, bytes)| (path.clone(), bytes.clone())).collect();
        let mut sources = resolve::load(seeds, &files, &Limits::default(), &BTreeMap::new());
        discover::embed(&mut sources, &Limits::default());
        let broken = |problem: &&Problem| problem.code != ProblemCode::Templated;
        if let Some((file, problem)) = sources.files().find_map(|file| Some((file, file.problems.iter().find(broken)?)))
        {
            let line = file.lines().line(problem.span.start);
            return Err(format!("the document cannot be read: line {line} of {}: {}", file.path, problem.message));
        }
        let claims: Vec<_> = sources.files().map(|file| (file.id, discover::formats_of(file))).collect();
        let objects = Objects::read(&sources, sources.files().map(|file| file.id));
        let mut units = gateway::units(&sources, &claims);
        units.retain(|unit| unit.format == format);
        let [unit] = units.as_slice() else {
            return Err(format!("the files are {} gateways of the format {}", units.len(), format.as_str()));
        };
        let model = Model::gateway(Arc::new(sources), unit, &objects, lists.clone(), today());
        Ok(Self { model, root, expected: Vec::new(), added: 0 })
    }

    /// The same document as JSON; `None` where JSON cannot say it, or where comments matter.
    pub(super) fn as_json(&self, lists: &Arc<WordLists>) -> Option<Result<Self, String>> {
        let gateway = self.model.as_gateway();
        if gateway.is_some_and(|gateway| !has_json_form(gateway.format)) {
            return None;
        }
        let mut files = BTreeMap::new();
        for file in self.model.sources().files() {
            let &[root] = file.tree.roots() else { return None };
            if !file.tree.comments.is_empty() {
                return None;
            }
            files.insert(file.path.clone(), tree_to_json(&file.tree, root, &|_, _| true)?.into_bytes());
        }
        Some(match gateway {
            Some(gateway) => Self::gateway_of(files, gateway.format, self.root.clone(), lists),
            None => Self::of(files, lists),
        })
    }

    /// What the rules find, suppressions applied.
    pub(super) fn findings(&self, rules: &RuleSet) -> Vec<Finding> {
        let model = &self.model;
        let sources = model.sources();
        let files: BTreeSet<FileId> = sources.files().map(|file| file.id).collect();
        let settings = Settings { now: model.today(), ..Settings::default() };
        let (suppressions, _) =
            suppress::collect(sources, &files, &model.ignores().iter().copied().collect(), &settings);
        let silence = |rule, place| suppressions.silence(sources, &rules.info(rule).id, place).unwrap_or(State::Open);
        let mut evaluation = evaluate::evaluate(model, rules);
        for hit in &mut evaluation.hits {
            hit.state = silence(hit.rule, hit.place);
        }
        let mut findings =
            merge::merge(vec![Root { model, rules, evaluation }], &mut |rule, place| silence(rule, place));
        let known = |id: &str| match rules.find(id) {
            Some(rule) if rules.rule(rule).is_some() => Known::Evaluated,
            Some(_) => Known::Off,
            None => Known::Unknown(None),
        };
        let leftovers = suppressions.leftovers(&known, &|_| true);
        let hits = leftovers.into_iter().filter_map(|leftover| {
            let rule = rules.rule(rules.find(leftover.kind.rule())?)?;
            let Stands::At(place) = leftover.stands else { return None };
            let subject = Id { kind: rule.given, index: 0 };
            Some(Hit::new(rule, subject, place, leftover.message))
        });
        merge::further(&mut findings, hits.collect(), sources, rules);
        findings.retain(|finding| finding.state == State::Open);
        findings
    }

    /// How the findings differ from what is expected.
    pub(super) fn compare(&self, rule: &str, rules: &RuleSet, findings: &[Finding]) -> Vec<String> {
        let mut wrong = Vec::new();
        let Some(index) = rules.find(rule) else { return vec![format!("there is no rule `{rule}`")] };
        let mine: Vec<&Finding> = findings.iter().filter(|finding| finding.rule == index).collect();
        for Expected { file, line, severity } in &self.expected {
            let here = || mine.iter().filter(|finding| self.line(finding.place) == (*file, *line));
            let name = self.name_line(*file, *line);
            match severity {
                _ if here().next().is_none() => wrong.push(format!("missing: {name} is not reported")),
                Some(severity) if here().all(|finding| finding.severity != *severity) => {
                    let found = here().next().map_or("", |finding| finding.severity.as_str());
                    wrong.push(format!("{name} is reported as {found}, not {severity}"));
                }
                _ => {}
            }
        }
        for finding in mine {
            let (file, line) = self.line(finding.place);
            let name = self.name_line(file, line);
            if !self.expected.iter().any(|expected| (expected.file, expected.line) == (file, line)) {
                wrong.push(format!("noisy: {name} is reported: {}", plain(&finding.message)));
            }
            let place = finding.place.at;
            let silenced = rules.rule(index).map_or(&[][..], |rule| &rule.supersedes);
            for other in findings.iter().filter(|other| other.place.at == place && silenced.contains(&other.rule)) {
                wrong.push(format!("noisy: {name} is reported by `{}` as well", rules.info(other.rule).id));
            }
        }
        wrong
    }

    /// Whether the examples' claims, or the confidence and words of a finding, are others with changed rules.
    pub(super) fn tells_apart(&self, rule: &str, rules: &RuleSet, changed: &RuleSet) -> bool {
        let found = self.findings(changed);
        // Both sets hold the same rules, and the claim is that of the unchanged one.
        if !self.compare(rule, rules, &found).is_empty() {
            return true;
        }
        let words = |findings: Vec<Finding>| -> Vec<_> {
            findings.into_iter().map(|finding| (finding.place, finding.confidence, plain(&finding.message))).collect()
        };
        words(found) != words(self.findings(rules))
    }

    /// How the findings in the JSON form differ, places compared by pointer.
    pub(super) fn differs(&self, findings: &[Finding], json: &Self, in_json: &[Finding]) -> Option<String> {
        let (yaml, json) = (self.signature(findings), json.signature(in_json));
        let odd = yaml.symmetric_difference(&json).next()?;
        let form = if yaml.contains(odd) { "YAML" } else { "JSON" };
        Some(format!("only the {form} form reports `{}`: {}", odd.0, odd.2))
    }

    /// The findings without anything that depends on the form of the document.
    fn signature(&self, findings: &[Finding]) -> BTreeSet<(String, String, String)> {
        let sources = self.model.sources();
        findings
            .iter()
            .map(|finding| {
                let span = sources.span(finding.place);
                let file = sources.file(span.file);
                let part = match finding.place.part {
                    Part::Key => "key".to_owned(),
                    Part::Value => "value".to_owned(),
                    Part::Bytes(..) => "bytes".to_owned(),
                };
                let place = format!("{} {}", file.path, sources.pointer(finding.place));
                (place, part, format!("{} {}", finding.severity, plain(&finding.message)))
            })
            .collect()
    }

    fn line(&self, place: Place) -> (FileId, u32) {
        let sources = self.model.sources();
        let span = sources.span(place);
        (span.file, sources.file(span.file).lines().line(span.start))
    }

    /// A line as the author of the example counts.
    fn name_line(&self, file: FileId, line: u32) -> String {
        let path = &self.model.sources().file(file).path;
        match path.as_str() {
            path if path == self.root && line > self.added => format!("line {}", line - self.added),
            path if path == self.root => "a line that was added".to_owned(),
            path => format!("line {line} of {path}"),
        }
    }
}

/// Whether files of a format are also written as JSON.
fn has_json_form(format: Format) -> bool {
    !matches!(format, Format::Nginx | Format::Traefik)
}

/// The day on which examples are judged, so that they mean the same for ever.
fn today() -> Date {
    // 2026-01-01
    Date::from_days(20_454)
}

/// What is put before a source: version and `info`, unless it has them itself.
fn head(text: &str, version: &str) -> String {
    let file = source::read(FileId(0), ROOT, text.as_bytes().to_vec(), &Limits::default());
    let has = |key: &str| file.tree.roots().first().is_some_and(|&root| file.tree.get(root, key).is_some());
    let mut head = String::new();
    if !has("openapi") && !has("swagger") {
        head += &match version {
            "2.0" => "swagger: \"2.0\"\n".to_owned(),
            version => format!("openapi: {version}\n"),
        };
    }
    if !has("info") {
        head += "info: {title: x, version: \"1\"}\n";
    }
    head
}

/// The marked lines of all files.
fn expected(sources: &SourceMap) -> Result<Vec<Expected>, String> {
    let mut expected = Vec::new();
    for file in sources.files() {
        for (line, number) in file.text.lines().zip(1..) {
            let Some(severity) = marker(line) else { continue };
            let severity = match severity {
                None => None,
                Some(name) => Some(
                    Severity::WORST_FIRST
                        .into_iter()
                        .find(|severity| severity.as_str() == name)
                        .ok_or_else(|| format!("`# finding: {name}` names no severity"))?,
                ),
            };
            expected.push(Expected { file: file.id, line: number, severity });
        }
    }
    Ok(expected)
}

//! Turns rule files into compiled rules: names become ids, tests are checked
//! against the types of fields, and everything wrong is reported with its place
//! in the rule file. Knows no document.

pub mod condition;
pub mod options;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use crate::finding::{Confidence, RuleIndex, RuleInfo, Severity};
use crate::model::{Field, Id, Kind, Model, Type, fields};
use crate::settings::Profile;
use crate::source::de::Spanned;
use crate::span::{Place, Span};
use crate::words::WordLists;

use self::condition::{Conditions, describe};
use self::options::{OptionValue, Options};
use super::file::{AggregateFile, AlsoFile, CauseFile, GroupBy, ReportFile, RuleFile, Shape};
use super::message::{Template, TemplateError};
use super::native::{self, Native};
use super::predicate::{Condition, is_known, related};

/// What is wrong with a rule file, or with what the settings say of a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", at.as_ref().unwrap_or(rule))]
pub struct RuleError {
    /// The rule's id, or the file's path where there is no id yet.
    pub rule: String,
    /// What is so: lower case, no full stop.
    pub message: String,
    /// Where in the rule file; `None` when the settings are at fault.
    pub span: Option<Span>,
    /// The same for people: file, line and column.
    pub at: Option<String>,
}

/// Collects the errors of one file.
pub(super) struct Errors<'e> {
    rule: String,
    list: &'e mut Vec<RuleError>,
}

impl<'e> Errors<'e> {
    pub(super) fn new(rule: &str, list: &'e mut Vec<RuleError>) -> Self {
        Self { rule: rule.to_owned(), list }
    }

    /// An error at a part of the file.
    pub(super) fn at<T>(&mut self, part: &Spanned<T>, message: String) {
        self.list.push(RuleError { rule: self.rule.clone(), message, span: Some(part.span), at: None });
    }

    /// An error of the settings.
    pub(super) fn setting(&mut self, message: String) {
        self.list.push(RuleError { rule: self.rule.clone(), message, span: None, at: None });
    }
}

/// A compiled rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its index in the rule table.
    pub index: RuleIndex,
    /// The kind of node it judges.
    pub given: Kind,
    /// What the defect costs: the rule's, or the settings'.
    pub severity: Severity,
    /// Whether the settings fixed the severity, cases and all.
    pub fixed_severity: bool,
    /// How sure it is.
    pub confidence: Confidence,
    /// Which nodes are judged.
    pub population: Condition,
    /// How the defect is found.
    pub defect: Defect,
    /// Variants of the defect; the first that holds counts.
    pub cases: Vec<Case>,
    /// One finding for a whole population.
    pub aggregate: Option<Aggregate>,
    /// One finding per distinct value of these fields.
    pub distinct: Vec<&'static Field>,
    /// Rules that are silent where this one speaks.
    pub supersedes: Vec<RuleIndex>,
    /// Related nodes that its findings are about as well.
    pub about: Option<&'static Field>,
    /// Where a finding stands.
    pub at: Vec<&'static Field>,
    /// What it says.
    pub message: Template,
    /// Further places.
    pub also: Vec<Also>,
}

/// How a rule finds its defect.
#[derive(Clone, Debug)]
pub enum Defect {
    /// A condition on the node.
    Match(Condition),
    /// A function.
    Native(&'static Native),
}

/// A variant of a defect.
#[derive(Clone, Debug)]
pub struct Case {
    /// When it holds.
    pub condition: Condition,
    /// Its severity, if it has its own.
    pub severity: Option<Severity>,
    /// Its confidence, if it has its own.
    pub confidence: Option<Confidence>,
    /// Its message, if it has its own.
    pub message: Option<Template>,
    /// Where it stands, if not where the rule says.
    pub at: Option<Vec<&'static Field>>,
}

/// One finding for a whole population.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// The least population of which every node is hit.
    pub min: u32,
    /// The share that is enough, and the least population for it.
    pub share: Option<(f64, u32)>,
    /// The field of the document or gateway it stands at; none: at the first hit.
    pub at: Option<&'static Field>,
    /// What it says.
    pub message: Template,
}

/// A further place of a finding.
#[derive(Clone, Debug)]
pub struct Also {
    /// The field whose nodes, or whose own place, are shown.
    pub each: &'static Field,
    /// A few words on why: about the related node, or about the node itself.
    pub label: Template,
}

/// A compiled root cause.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Its name.
    pub id: String,
    /// What its hits have in common.
    pub group_by: GroupBy,
    /// What must hold of the document.
    pub when: Condition,
    /// The rules it merges, in order of precedence.
    pub rules: Vec<RuleIndex>,
    /// The severity from which on hits of a rule take part, by rule.
    pub at_least: Vec<(RuleIndex, Severity)>,
    /// Who speaks.
    pub speaker: Speaker,
    /// The document field at which the merged finding stands.
    pub at: Option<&'static Field>,
    /// What it says.
    pub message: Option<Template>,
}

/// Whose id, severity and message a merged finding has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The most severe; of equals the first listed.
    Worst,
    /// The first listed.
    First,
    /// This rule if it is among the hits, else the most severe.
    Rule(RuleIndex),
}

impl Rule {
    /// Where a finding about a node stands: the first of the fields of the case,
    /// or of the rule, that is known, else the last one's place.
    pub fn place(&self, model: &Model, id: Id, case: Option<&Case>) -> Place {
        let at = case.and_then(|case| case.at.as_ref()).unwrap_or(&self.at);
        let field = match at.as_slice() {
            [] => None,
            [only] => Some(only),
            several => {
                let known = |field: &&&'static Field| is_known(&(field.get)(model, id.index));
                several.iter().find(known).or(several.last())
            }
        };
        field.and_then(|field| (field.at)(model, id.index)).unwrap_or_else(|| model.place(id))
    }

    /// Related nodes that a finding about a node is about as well.
    pub fn about_beside(&self, model: &Model, id: Id) -> Vec<Id> {
        self.about.map_or_else(Vec::new, |field| related((field.get)(model, id.index)))
    }
}

impl Aggregate {
    /// Whether so many hits among so many judged nodes are one finding.
    pub fn covers(&self, hits: u32, judged: u32) -> bool {
        let mostly = |(share, min): (f64, u32)| judged >= min && f64::from(hits) >= share * f64::from(judged);
        hits > 0 && (hits >= judged && hits >= self.min || self.share.is_some_and(mostly))
    }
}

impl Also {
    /// The places this adds to a finding about a node, in document order, each with the node it is about.
    pub fn places(&self, model: &Model, id: Id) -> Vec<(Place, Id)> {
        let fact = (self.each.get)(model, id.index);
        match self.each.ty {
            Type::Nodes(_) => related(fact).into_iter().map(|node| (model.place(node), node)).collect(),
            _ if is_known(&fact) => {
                vec![((self.each.at)(model, id.index).unwrap_or_else(|| model.place(id)), id)]
            }
            _ => Vec::new(),
        }
    }
}

/// What the settings say of one rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// Whether it is on.
    pub enabled: bool,
    /// Its severity, whatever the rule and its cases say.
    pub severity: Option<Severity>,
    /// Values of its options.
    pub options: BTreeMap<String, OptionValue>,
    /// The profile, which decides what options are without a value.
    pub profile: Profile,
}

/// What a rule is compiled with.
pub(super) struct Context<'c> {
    pub(super) lists: &'c WordLists,
    pub(super) ids: &'c HashMap<&'c str, RuleIndex>,
    /// Whether its patterns are known to compile.
    pub(super) trusted: bool,
}

/// Compiles one rule file; what is wrong goes to `errors`.
pub(super) fn rule(
    file: &RuleFile,
    index: RuleIndex,
    choice: &Choice,
    context: &Context<'_>,
    list: &mut Vec<RuleError>,
) -> Option<Rule> {
    let before = list.len();
    let mut errors = Errors::new(&file.id.value, list);
    let errors = &mut errors;
    let Some(given) = Kind::ALL.into_iter().find(|kind| kind.as_str() == file.given.value) else {
        errors.at(&file.given, format!("there is no kind of node `{}`", file.given.value));
        return None;
    };
    let options = Options::new(&file.options, choice, errors);
    let mut conditions = Conditions { options: &options, lists: context.lists, trusted: context.trusted, errors };
    let population = file.population.as_ref().map(|shape| conditions.condition(given, shape)).unwrap_or_default();
    let case_conditions: Vec<Condition> =
        file.cases.iter().map(|case| conditions.condition(given, &case.value.defect)).collect();
    let matched = file.defect.as_ref().map(|shape| conditions.condition(given, shape));
    let errors = conditions.errors;

    let defect = match (matched, &file.native) {
        (Some(condition), None) => Defect::Match(condition),
        (None, Some(name)) => match native::find(&name.value) {
            Some(native) => Defect::Native(native),
            None => {
                errors.at(name, format!("there is no native rule `{}`", name.value));
                return None;
            }
        },
        (Some(_), Some(name)) => {
            errors.at(name, "a rule has either `match` or `native`".to_owned());
            return None;
        }
        // A kind may be a defect in itself: a key that occurs twice.
        (None, None) => Defect::Match(Condition::default()),
    };
    for name in options.unused() {
        errors.at(name, format!("option `{}` is not used", name.value));
    }

    let later: Vec<&str> = match &defect {
        Defect::Match(_) => vec!["members"],
        Defect::Native(native) => native.placeholders.iter().copied().chain(["members"]).collect(),
    };
    let mut cases = Vec::with_capacity(file.cases.len());
    for (case, condition) in file.cases.iter().zip(case_conditions) {
        let case_file = &case.value;
        let changes = case_file.severity.is_some() || case_file.confidence.is_some() || case_file.message.is_some();
        if !changes && case_file.at.is_none() {
            errors.at(case, "a case changes severity, confidence, message or place".to_owned());
        }
        let message = case_file.message.as_ref().and_then(|text| template(text, given, &later, errors));
        let at = case_file.at.as_ref().map(|shape| places(shape, given, errors));
        cases.push(Case { condition, severity: case_file.severity, confidence: case_file.confidence, message, at });
    }
    let aggregate = file.aggregate.as_ref().and_then(|shape| aggregate(shape, given.whole(), errors));
    let mut distinct = Vec::with_capacity(file.distinct.len());
    for name in &file.distinct {
        match fields::find(given, &name.value) {
            Some(field) if matches!(field.ty, Type::Nodes(_) | Type::Thing) => {
                errors.at(name, format!("`{}` is {} and has no value to compare", name.value, describe(field.ty)));
            }
            Some(field) => distinct.push(field),
            None => errors.at(name, format!("`{given}` has no field `{}`", name.value)),
        }
    }
    let mut supersedes = Vec::with_capacity(file.supersedes.len());
    for name in &file.supersedes {
        match context.ids.get(name.value.as_str()) {
            Some(&other) if other != index => supersedes.push(other),
            Some(_) => errors.at(name, "a rule cannot supersede itself".to_owned()),
            None => errors.at(name, format!("there is no rule `{}`", name.value)),
        }
    }
    let about = file.about.as_ref().and_then(|name| match fields::find(given, &name.value) {
        Some(field) if matches!(field.ty, Type::Nodes(_)) => Some(field),
        Some(field) => {
            errors.at(name, format!("`{}` is {} and names no nodes", name.value, describe(field.ty)));
            None
        }
        None => {
            errors.at(name, format!("`{given}` has no field `{}`", name.value));
            None
        }
    });
    let (at, message, also) = report(&file.report, given, &later, errors);
    let message = message?;
    if list.len() > before {
        return None;
    }
    Some(Rule {
        index,
        given,
        severity: choice.severity.unwrap_or(file.severity),
        fixed_severity: choice.severity.is_some(),
        confidence: file.confidence,
        population,
        defect,
        cases,
        aggregate,
        distinct,
        supersedes,
        about,
        at,
        message,
        also,
    })
}

fn template(text: &Spanned<String>, kind: Kind, later: &[&str], errors: &mut Errors<'_>) -> Option<Template> {
    let message = match Template::new(&text.value, later, |name| fields::find(kind, name)) {
        Ok(template) => return Some(template),
        Err(TemplateError::Brace) => "a brace without its partner; write `{{` or `}}` for a brace".to_owned(),
        Err(TemplateError::Unknown(name)) => format!("`{kind}` has no field `{name}` for the placeholder"),
        Err(TemplateError::NoText(name)) => format!("field `{name}` has no text for the placeholder"),
    };
    errors.at(text, message);
    None
}

/// A field of what stands for everything (`document` or `gateway`), by name.
fn whole_field(whole: Kind, name: &Spanned<String>, errors: &mut Errors<'_>) -> Option<&'static Field> {
    let field = fields::find(whole, &name.value);
    if field.is_none() {
        errors.at(name, format!("`{whole}` has no field `{}`", name.value));
    }
    field
}

fn aggregate(shape: &Spanned<AggregateFile>, whole: Kind, errors: &mut Errors<'_>) -> Option<Aggregate> {
    let file = &shape.value;
    if file.share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
        errors.at(shape, "`share` is between 0 and 1".to_owned());
    }
    if file.min_share.is_some() && file.share.is_none() {
        errors.at(shape, "`min-share` needs `share`".to_owned());
    }
    let at = file.at.as_ref().and_then(|name| whole_field(whole, name, errors));
    let message = template(&file.message, whole, &["hits", "judged", "members"], errors);
    Some(Aggregate {
        min: file.min.unwrap_or(2),
        share: file.share.map(|share| (share, file.min_share.unwrap_or(10))),
        at,
        message: message?,
    })
}

fn report(
    file: &ReportFile,
    given: Kind,
    later: &[&str],
    errors: &mut Errors<'_>,
) -> (Vec<&'static Field>, Option<Template>, Vec<Also>) {
    let at = file.at.as_ref().map(|shape| places(shape, given, errors)).unwrap_or_default();
    let message = template(&file.message, given, later, errors);
    let also = file.also.iter().filter_map(|file| also(file, given, errors)).collect();
    (at, message, also)
}

/// The fields of `at`; none for `self`.
fn places(shape: &Spanned<Shape>, given: Kind, errors: &mut Errors<'_>) -> Vec<&'static Field> {
    let mut at = Vec::new();
    let names = match &shape.value {
        Shape::List(names) => names.as_slice(),
        _ => std::slice::from_ref(shape),
    };
    for name in names {
        match &name.value {
            Shape::Text(text) if text == "self" => {}
            Shape::Text(text) => match fields::find(given, text) {
                Some(field) => at.push(field),
                None => errors.at(name, format!("`{given}` has no field `{text}`")),
            },
            other => errors.at(name, format!("expected the name of a field, found {}", other.what())),
        }
    }
    at
}

fn also(file: &AlsoFile, given: Kind, errors: &mut Errors<'_>) -> Option<Also> {
    let Some(each) = fields::find(given, &file.each.value) else {
        errors.at(&file.each, format!("`{given}` has no field `{}`", file.each.value));
        return None;
    };
    let about = match each.ty {
        Type::Nodes(kind) => kind,
        _ => given,
    };
    Some(Also { each, label: template(&file.label, about, &[], errors)? })
}

/// Compiles one root cause.
pub(super) fn cause(file: &CauseFile, context: &Context<'_>, list: &mut Vec<RuleError>) -> Option<Cause> {
    let before = list.len();
    let mut errors = Errors::new(&file.id.value, list);
    let errors = &mut errors;
    let options = Options::new(&[], &Choice::default(), errors);
    let mut conditions = Conditions { options: &options, lists: context.lists, trusted: context.trusted, errors };
    let when = file.when.as_ref().map(|shape| conditions.condition(Kind::Document, shape)).unwrap_or_default();
    let errors = conditions.errors;
    let mut rules = Vec::with_capacity(file.rules.len());
    for name in &file.rules {
        match context.ids.get(name.value.as_str()) {
            Some(&index) => rules.push(index),
            None => errors.at(name, format!("there is no rule `{}`", name.value)),
        }
    }
    let mut at_least = Vec::with_capacity(file.at_least.len());
    for (name, &severity) in &file.at_least {
        match context.ids.get(name.as_str()).filter(|index| rules.contains(index)) {
            Some(&index) => at_least.push((index, severity)),
            None => errors.at(&file.id, format!("`{name}` in `at-least` is none of the rules of this cause")),
        }
    }
    let speaker = match &file.speak_as {
        None => Speaker::Worst,
        Some(name) if name.value == "first" => Speaker::First,
        Some(name) => match context.ids.get(name.value.as_str()) {
            Some(index) if rules.contains(index) => Speaker::Rule(*index),
            _ => {
                errors.at(name, format!("`{}` is none of the rules of this cause", name.value));
                return None;
            }
        },
    };
    let at = file.at.as_ref().and_then(|name| whole_field(Kind::Document, name, errors));
    let message = file.message.as_ref().and_then(|text| template(text, Kind::Document, &["members"], errors));
    (list.len() == before).then(|| Cause {
        id: file.id.value.clone(),
        group_by: file.group_by,
        when,
        rules,
        at_least,
        speaker,
        at,
        message,
    })
}

/// The row of the rule table for a file.
pub(super) fn info(file: &RuleFile, choice: &Choice, errors: &mut Errors<'_>) -> RuleInfo {
    let mut cwe = Vec::with_capacity(file.tags.cwe.len());
    for tag in &file.tags.cwe {
        match tag.value.strip_prefix("CWE-").and_then(|number| number.parse().ok()) {
            Some(number) => cwe.push(number),
            None => errors.at(tag, format!("`{}` is no weakness such as `CWE-306`", tag.value)),
        }
    }
    RuleInfo {
        id: file.id.value.clone(),
        title: file.title.clone(),
        severity: choice.severity.unwrap_or(file.severity),
        confidence: file.confidence,
        profile: file.profile.as_str().to_owned(),
        kinds: vec![file.given.value.clone()],
        owasp: file.tags.owasp.clone(),
        cwe,
        aliases: file.aliases.iter().map(|(tool, ids)| (tool.clone(), ids.clone())).collect(),
        fix: file.fix.clone().unwrap_or_default(),
        fix_in: file.fix_in.clone().into_iter().collect(),
        url: super::page(&file.id.value),
    }
}

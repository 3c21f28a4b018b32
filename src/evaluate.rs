//! Evaluates compiled rules on one model: one pass over the nodes by kind,
//! parallel where that pays, in an order that does not depend on threads.
//! Knows nothing of suppressions, root causes or reports.

use std::ops::Range;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::finding::{Confidence, Message, Related, RuleIndex, Severity, State};
use crate::model::{Fact, Id, Kind, Model, Why};
use crate::rule::compile::{Defect, Rule};
use crate::rule::predicate::Tri;
use crate::rule::{RuleSet, message};
use crate::span::Place;

/// What one rule says of one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The rule.
    pub rule: RuleIndex,
    /// The node it judged.
    pub subject: Id,
    /// What it costs.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What is so.
    pub message: Message,
    /// Where the fix is made.
    pub place: Place,
    /// Further places. Those that the rule file names are added when findings
    /// are made: a definition may be used from thousands of places.
    pub related: Vec<Related>,
    /// How many further places were left out.
    pub more_related: u32,
    /// Tells findings of one rule at one place apart.
    pub discriminator: String,
    /// Whether it counts.
    pub state: State,
}

impl Hit {
    /// A hit with the severity and confidence of its rule.
    pub fn new(rule: &Rule, subject: Id, place: Place, message: Message) -> Self {
        Self {
            rule: rule.index,
            subject,
            severity: rule.severity,
            confidence: rule.confidence,
            message,
            place,
            related: Vec::new(),
            more_related: 0,
            discriminator: String::new(),
            state: State::Open,
        }
    }
}

/// A reason why rules could not judge, with how often and where first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The reason.
    pub why: Why,
    /// How many judgements it left open.
    pub count: u32,
    /// Where knowledge ended: the first such place in document order.
    pub place: Place,
}

/// What the rules say of one root document.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// All hits, by kind, node and rule.
    pub hits: Vec<Hit>,
    /// How many nodes each rule judged, by [`RuleIndex`].
    pub judged: Vec<u32>,
    /// What could not be judged, by reason and place.
    pub unknowns: Vec<Unknown>,
}

/// Nodes of one task, and the least number of judgements for which threads pay.
const TASK: u32 = 512;
const PARALLEL: usize = 1 << 13;

/// Evaluates all rules that are on.
pub fn evaluate(model: &Model, rules: &RuleSet) -> Evaluation {
    let mut tasks: Vec<(Kind, Range<u32>)> = Vec::new();
    let mut work = 0;
    // Some tables of nodes are only made when they are asked for, and take a while in large documents.
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|&kind| rules.given(kind).len() > 0).collect();
    let counts: Vec<usize> = kinds.par_iter().map(|&kind| model.nodes(kind).len()).collect();
    for (kind, nodes) in kinds.into_iter().zip(counts) {
        work += nodes * rules.given(kind).len();
        let nodes = nodes as u32;
        tasks.extend((0..nodes).step_by(TASK as usize).map(|start| (kind, start..nodes.min(start + TASK))));
    }
    let run = |(kind, range): &(Kind, Range<u32>)| {
        let mut part = Part { judged: vec![0; rules.infos().len()], ..Part::default() };
        part.judge(model, rules, *kind, range.clone());
        part
    };
    let parts: Vec<Part> =
        if work < PARALLEL { tasks.iter().map(run).collect() } else { tasks.par_iter().map(run).collect() };

    let mut whole = Evaluation { judged: vec![0; rules.infos().len()], ..Evaluation::default() };
    let mut unknowns = Vec::new();
    for part in parts {
        whole.hits.extend(part.hits);
        unknowns.extend(part.unknowns);
        for (sum, count) in whole.judged.iter_mut().zip(part.judged) {
            *sum += count;
        }
    }
    whole.unknowns = aggregate(unknowns);
    whole
}

/// One entry per reason and place.
fn aggregate(mut unknowns: Vec<(Why, Place)>) -> Vec<Unknown> {
    unknowns.sort_unstable();
    let mut list: Vec<Unknown> = Vec::new();
    for (why, place) in unknowns {
        match list.last_mut() {
            Some(last) if last.why == why && last.place == place => last.count += 1,
            _ => list.push(Unknown { why, count: 1, place }),
        }
    }
    list
}

/// The outcome of one task.
#[derive(Default)]
struct Part {
    hits: Vec<Hit>,
    judged: Vec<u32>,
    unknowns: Vec<(Why, Place)>,
}

impl Part {
    fn judge(&mut self, model: &Model, rules: &RuleSet, kind: Kind, range: Range<u32>) {
        for index in range {
            let id = Id { kind, index };
            for rule in rules.given(kind) {
                match &rule.defect {
                    Defect::Match(_) => self.test(model, rule, id),
                    Defect::Native(native) => {
                        self.judged[usize::from(rule.index.0)] += 1;
                        let found = native.run.map(|run| run(model)).unwrap_or_default();
                        self.hits.extend(found.into_iter().map(|found| Hit {
                            discriminator: found.discriminator,
                            ..Hit::new(rule, id, found.place, rule.message.with(&found.args))
                        }));
                    }
                }
            }
        }
    }

    fn test(&mut self, model: &Model, rule: &Rule, id: Id) {
        let Defect::Match(defect) = &rule.defect else { return };
        let population = rule.population.holds(model, id.index);
        if population == Tri::False {
            return;
        }
        let outcome = match (defect.holds(model, id.index), population) {
            // Not a defect in any case: whether it was to be judged does not matter.
            (Tri::False, Tri::Unknown(..)) => return,
            (_, unknown @ Tri::Unknown(..)) => unknown,
            (outcome, _) => outcome,
        };
        match outcome {
            Tri::True => {
                self.judged[usize::from(rule.index.0)] += 1;
                let hit = hit(model, rule, id);
                self.hits.push(hit);
            }
            Tri::False => self.judged[usize::from(rule.index.0)] += 1,
            Tri::Unknown(why, place) => self.unknowns.push((why, place.unwrap_or_else(|| model.place(id)))),
        }
    }
}

/// The hit of a rule on a node, with the first case that holds.
fn hit(model: &Model, rule: &Rule, id: Id) -> Hit {
    let case = rule.cases.iter().find(|case| case.condition.holds(model, id.index) == Tri::True);
    let severity = case.and_then(|case| case.severity).filter(|_| !rule.fixed_severity);
    let template = case.and_then(|case| case.message.as_ref()).unwrap_or(&rule.message);
    Hit {
        severity: severity.unwrap_or(rule.severity),
        confidence: case.and_then(|case| case.confidence).unwrap_or(rule.confidence),
        discriminator: discriminator(model, rule, id),
        ..Hit::new(rule, id, rule.place(model, id, case), template.about(model, id))
    }
}

/// The values of the fields that tell findings apart, as they stand in the file.
fn discriminator(model: &Model, rule: &Rule, id: Id) -> String {
    let mut values = String::new();
    for (i, field) in rule.distinct.iter().enumerate() {
        if i > 0 {
            values.push('\n');
        }
        if let Fact::Known(value) = (field.get)(model, id.index) {
            values.push_str(&message::text(model, field.ty, &value));
        }
    }
    values
}

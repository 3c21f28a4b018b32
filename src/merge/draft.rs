//! A finding in the making: one or more hits, with what they are about. Knows
//! how hits add up; which ones belong together is decided elsewhere.

use std::collections::HashSet;

use crate::evaluate::Hit;
use crate::finding::{Confidence, Finding, MAX_RELATED, Message, Related, RuleIndex, Severity, State};
use crate::model::{Id, Model};
use crate::rule::RuleSet;
use crate::span::{FileId, Place};

/// The document and the rules that hits are about.
pub(super) struct Scene<'s> {
    pub(super) model: &'s Model,
    pub(super) rules: &'s RuleSet,
    /// The rank of each file, by id: in the order in which the document reaches them.
    ranks: Vec<u32>,
}

impl<'s> Scene<'s> {
    pub(super) fn new(model: &'s Model, rules: &'s RuleSet) -> Self {
        let mut ranks = vec![u32::MAX; model.sources().files().len()];
        for (FileId(file), rank) in model.files().into_iter().zip(0..) {
            ranks[file as usize] = rank;
        }
        Self { model, rules, ranks }
    }

    /// The node of the document or gateway itself.
    pub(super) fn document(&self) -> Id {
        self.model.whole()
    }

    /// Document order: the root file before those it refers to.
    pub(super) fn position(&self, place: Place) -> (u32, u32, u32) {
        let span = self.model.sources().span(place);
        (self.ranks[span.file.0 as usize], span.start, span.end)
    }
}

/// One or more hits that will be one finding.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) rule: RuleIndex,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) message: Message,
    pub(super) place: Place,
    pub(super) discriminator: String,
    pub(super) state: State,
    /// The nodes it is about.
    pub(super) subjects: Vec<Id>,
    /// Whether it stands for a whole population.
    pub(super) aggregate: bool,
    /// Whether a root cause has merged it: no later one takes it in.
    pub(super) settled: bool,
    pub(super) related: Vec<Related>,
    pub(super) more_related: u32,
    pub(super) members: u32,
}

impl Draft {
    /// The draft of a single hit.
    pub(super) fn of(hit: Hit) -> Self {
        Self {
            rule: hit.rule,
            severity: hit.severity,
            confidence: hit.confidence,
            message: hit.message,
            place: hit.place,
            discriminator: hit.discriminator,
            state: hit.state,
            subjects: vec![hit.subject],
            aggregate: false,
            settled: false,
            related: hit.related,
            more_related: hit.more_related,
            members: 1,
        }
    }

    /// One finding of several hits, at a place of its own: the speaker's rule,
    /// severity and confidence are those of `speaker`, else of the worst hit.
    pub(super) fn merged(hits: Vec<Self>, speaker: Option<&Self>, place: Place, message: Message) -> Self {
        let members = count(&hits);
        let subjects = hits.iter().flat_map(|hit| hit.subjects.iter().copied()).collect();
        let worst = speaker.or(hits.iter().max_by_key(|hit| hit.severity)).cloned();
        let mut labels = Vec::with_capacity(hits.len());
        for mut hit in hits {
            let beyond = std::mem::take(&mut hit.related);
            labels.extend((hit.place != place).then(|| hit.into_label()));
            labels.extend(beyond);
        }
        // Several rules may speak of one place: the first of them is enough.
        let mut told = HashSet::with_capacity(labels.len());
        labels.retain(|label: &Related| told.insert(label.place));
        let more = members.saturating_sub(labels.len() as u32);
        // There is always a hit; without one this is an empty draft that nobody makes.
        let (rule, severity, confidence) = worst
            .map_or((RuleIndex(0), Severity::Info, Confidence::Low), |hit| (hit.rule, hit.severity, hit.confidence));
        let mut merged = Self {
            rule,
            severity,
            confidence,
            message,
            place,
            discriminator: String::new(),
            state: State::Open,
            subjects,
            aggregate: true,
            settled: false,
            related: Vec::new(),
            more_related: 0,
            members,
        };
        merged.relate(labels, more);
        merged
    }

    /// The first of several hits, with the places of the others.
    pub(super) fn first_of(hits: Vec<Self>) -> Option<Self> {
        let mut hits = hits.into_iter();
        let mut first = hits.next()?;
        let mut labels = Vec::new();
        for hit in hits {
            first.severity = first.severity.max(hit.severity);
            first.members += hit.members;
            first.subjects.extend(&hit.subjects);
            labels.push(Related { message: Message::plain("also here"), place: hit.place });
        }
        first.relate(labels, 0);
        Some(first)
    }

    /// This hit with others as its reasons. Those about other nodes at the same place stand at their nodes.
    pub(super) fn because_of(mut self, mut reasons: Vec<Self>, model: &Model) -> Self {
        for reason in reasons.iter_mut().filter(|reason| reason.place == self.place) {
            let other = reason.subjects.first().filter(|subject| !self.subjects.contains(subject));
            reason.place = other.map_or(reason.place, |&subject| model.place(subject));
        }
        let about = |hit: &Self| hit.members == 1 && hit.subjects == self.subjects;
        self.members += reasons.iter().filter(|hit| !about(hit)).map(|hit| hit.members).sum::<u32>();
        self.subjects.extend(reasons.iter().flat_map(|hit| hit.subjects.iter().copied()));
        let labels = reasons.into_iter().map(Self::into_label).collect();
        self.relate(labels, 0);
        self
    }

    /// Takes in a draft of the same rule at the same place.
    pub(super) fn absorb(&mut self, other: Self) {
        if (self.state != State::Open && other.state == State::Open) || other.severity > self.severity {
            self.message = other.message;
        }
        if self.state != State::Open {
            self.state = other.state;
        }
        self.severity = self.severity.max(other.severity);
        self.confidence = self.confidence.max(other.confidence);
        self.members += other.members;
        self.subjects.extend(other.subjects);
        self.relate(other.related, other.more_related);
    }

    fn into_label(self) -> Related {
        Related { message: self.message, place: self.place }
    }

    fn relate(&mut self, labels: Vec<Related>, more: u32) {
        relate(&mut self.related, &mut self.more_related, labels, more);
    }

    /// The finding, with the further places that the rule file names.
    pub(super) fn finish(mut self, scene: &Scene<'_>) -> Finding {
        if !self.aggregate
            && let Some(rule) = scene.rules.rule(self.rule)
        {
            let mut shown: HashSet<Place> = self.related.iter().map(|related| related.place).collect();
            shown.insert(self.place);
            let mut kind = self.subjects.clone();
            kind.retain(|subject| subject.kind == rule.given);
            for (also, subject) in rule.also.iter().flat_map(|also| kind.iter().map(move |subject| (also, *subject))) {
                for (place, about) in also.places(scene.model, subject) {
                    if !shown.insert(place) {
                        continue;
                    }
                    if self.related.len() < MAX_RELATED {
                        self.related.push(Related { message: also.label.about(scene.model, about), place });
                    } else {
                        self.more_related += 1;
                    }
                }
            }
        }
        Finding { kind: scene.model.format(), ..self.plain() }
    }

    /// The finding, with the places it has.
    pub(super) fn plain(mut self) -> Finding {
        if self.message.template.contains("{members}") {
            self.message.args.push(("members".into(), self.members.to_string()));
        }
        Finding {
            rule: self.rule,
            severity: self.severity,
            confidence: self.confidence,
            kind: "",
            message: self.message,
            place: self.place,
            related: self.related,
            more_related: self.more_related,
            members: self.members,
            discriminator: self.discriminator,
            fingerprint: String::new(),
            state: self.state,
        }
    }
}

/// How many nodes hits are about; what is about the document counts by its places.
fn count(hits: &[Draft]) -> u32 {
    let (mut nodes, mut places) = (HashSet::new(), HashSet::new());
    for hit in hits {
        for &subject in &hit.subjects {
            if subject.kind == subject.kind.whole() {
                places.insert(hit.place);
            } else {
                nodes.insert(subject);
            }
        }
    }
    let members = if nodes.is_empty() { places.len() } else { nodes.len() };
    members.max(1) as u32
}

/// Takes the finding of another root into the same one of this root.
pub(super) fn unite(finding: &mut Finding, other: Finding) {
    if finding.state != State::Open {
        finding.state = other.state;
    }
    finding.severity = finding.severity.max(other.severity);
    finding.members = finding.members.max(other.members);
    relate(&mut finding.related, &mut finding.more_related, other.related, other.more_related);
}

/// Adds labels at places that are not shown yet.
fn relate(related: &mut Vec<Related>, more_related: &mut u32, labels: Vec<Related>, more: u32) {
    for label in labels {
        if related.contains(&label) {
            continue;
        }
        if related.len() < MAX_RELATED {
            related.push(label);
        } else {
            *more_related += 1;
        }
    }
    *more_related += more;
}

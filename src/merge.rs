//! Makes findings of hits: one per cause. Populations become one finding,
//! root causes and `supersedes` decide which rule speaks, equal findings of
//! several roots are one, and each gets its fingerprint. Knows no format of reports.

mod cause;
mod draft;
mod fingerprint;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::evaluate::{Evaluation, Hit};
use crate::finding::{Finding, RuleIndex, State};
use crate::model::{Id, Model};
use crate::rule::RuleSet;
use crate::source::SourceMap;
use crate::span::{At, Place};

use draft::{Draft, Scene};

/// A root document with its hits, which suppressions have been applied to.
#[derive(Debug)]
pub struct Root<'r> {
    /// The document.
    pub model: &'r Model,
    /// The rules it was judged by. All roots of a run share one table of rules.
    pub rules: &'r RuleSet,
    /// What they say of it.
    pub evaluation: Evaluation,
}

/// Makes the findings of all roots, in the order of the report.
///
/// `silence` is asked for merged findings, whose rule and place no hit may have
/// had: whether a suppression names this rule at this place. If so, the whole
/// cause is silent.
pub fn merge(roots: Vec<Root<'_>>, silence: &mut dyn FnMut(RuleIndex, Place) -> State) -> Vec<Finding> {
    let Some((sources, rules)) = roots.first().map(|root| (root.model.sources(), root.rules)) else {
        return Vec::new();
    };
    let mut united: HashMap<(RuleIndex, Place, String), usize> = HashMap::new();
    let mut findings: Vec<Finding> = Vec::new();
    for root in roots {
        let scene = Scene::new(root.model, root.rules);
        for draft in drafts(&scene, root.evaluation, silence) {
            let finding = draft.finish(&scene);
            let key = (finding.rule, finding.place, finding.discriminator.clone());
            match united.get(&key) {
                None => {
                    united.insert(key, findings.len());
                    findings.push(finding);
                }
                Some(&at) => draft::unite(&mut findings[at], finding),
            }
        }
    }
    finish(&mut findings, sources, rules);
    findings
}

/// Adds hits that were found while the others were merged: suppressions that nothing used.
pub fn further(findings: &mut Vec<Finding>, hits: Vec<Hit>, sources: &SourceMap, rules: &RuleSet) {
    findings.extend(hits.into_iter().map(|hit| Draft::of(hit).plain()));
    finish(findings, sources, rules);
}

/// Sorts findings and gives each its fingerprint.
fn finish(findings: &mut [Finding], sources: &SourceMap, rules: &RuleSet) {
    findings.sort_by_cached_key(|finding| {
        let span = sources.span(finding.place);
        (
            sources.file(span.file).path.clone(),
            span.start,
            Reverse(finding.severity),
            finding.rule,
            finding.discriminator.clone(),
            span.end,
        )
    });
    fingerprint::assign(findings, sources, rules);
}

/// The merged hits of one root.
fn drafts(scene: &Scene<'_>, evaluation: Evaluation, silence: &mut dyn FnMut(RuleIndex, Place) -> State) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = evaluation.hits.into_iter().map(Draft::of).collect();
    drafts = aggregates(scene, drafts, &evaluation.judged, silence);
    for cause in scene.rules.causes() {
        drafts = cause::apply(scene, cause, drafts, silence);
    }
    supersede(scene, &mut drafts);
    let drafts = distinct(scene, drafts);
    same_place(drafts)
}

/// Whole populations become one finding on the document.
fn aggregates(
    scene: &Scene<'_>,
    drafts: Vec<Draft>,
    judged: &[u32],
    silence: &mut dyn FnMut(RuleIndex, Place) -> State,
) -> Vec<Draft> {
    let mut rest = Vec::with_capacity(drafts.len());
    let mut populations: HashMap<RuleIndex, Vec<Draft>> = HashMap::new();
    for draft in drafts {
        match scene.rules.rule(draft.rule) {
            Some(rule) if rule.aggregate.is_some() => populations.entry(rule.index).or_default().push(draft),
            _ => rest.push(draft),
        }
    }
    for rule in scene.rules.rules() {
        let (Some(aggregate), Some(hits)) = (&rule.aggregate, populations.remove(&rule.index)) else { continue };
        let place = match aggregate.at {
            Some(field) => (field.at)(scene.model, 0),
            None => hits.iter().map(|draft| draft.place).min_by_key(|&place| scene.position(place)),
        };
        let place = place.unwrap_or_else(|| scene.model.place(scene.document()));
        let judged = judged.get(usize::from(rule.index.0)).copied().unwrap_or(0);
        let merged = |hits: Vec<Draft>, population: u32, state: State| {
            let counts = [("hits", hits.len().to_string()), ("judged", population.to_string())];
            let message = aggregate.message.in_whole(scene.model, &counts);
            Draft { state, ..Draft::merged(hits, None, place, message) }
        };
        if !aggregate.covers(hits.len() as u32, judged) {
            rest.extend(hits);
            continue;
        }
        // An ignore at the place of the merged finding silences all of it.
        let state = silence(rule.index, place);
        if state != State::Open {
            rest.push(merged(hits, judged, state));
            continue;
        }
        // Ignored members leave: the rest is judged as if they were not there.
        let (open, silent): (Vec<Draft>, Vec<Draft>) = hits.into_iter().partition(|draft| draft.state == State::Open);
        let population = judged.saturating_sub(silent.len() as u32);
        rest.extend(silent);
        if aggregate.covers(open.len() as u32, population) {
            rest.push(merged(open, population, State::Open));
        } else {
            rest.extend(open);
        }
    }
    rest
}

/// Rules are silent where one speaks that supersedes them: about the same node
/// of the model, one it is related to (`about`), or at the same node of the file.
fn supersede(scene: &Scene<'_>, drafts: &mut Vec<Draft>) {
    let mut nodes: HashSet<(RuleIndex, At)> = HashSet::new();
    let mut subjects: HashSet<(RuleIndex, Id)> = HashSet::new();
    for draft in drafts.iter().filter(|draft| draft.state == State::Open) {
        let Some(rule) = scene.rules.rule(draft.rule).filter(|rule| !rule.supersedes.is_empty()) else { continue };
        let own = draft.subjects.iter().copied().filter(|subject| subject.kind == rule.given);
        let about = own.flat_map(|subject| rule.about_beside(scene.model, subject));
        let about: Vec<Id> = draft.subjects.iter().copied().chain(about).collect();
        for &other in &rule.supersedes {
            nodes.insert((other, draft.place.at));
            subjects.extend(about.iter().map(|&subject| (other, subject)));
        }
    }
    if nodes.is_empty() {
        return;
    }
    drafts.retain(|draft| {
        draft.state != State::Open
            || !(nodes.contains(&(draft.rule, draft.place.at))
                || draft.subjects.iter().all(|&subject| subjects.contains(&(draft.rule, subject))))
    });
}

/// One finding per distinct value in the document, at the first place; an ignore there silences all.
fn distinct(scene: &Scene<'_>, drafts: Vec<Draft>) -> Vec<Draft> {
    let mut out: Vec<Draft> = Vec::with_capacity(drafts.len());
    let mut groups: HashMap<(RuleIndex, String), Vec<Draft>> = HashMap::new();
    let mut order = Vec::new();
    for draft in drafts {
        let by_value = scene.rules.rule(draft.rule).is_some_and(|rule| !rule.distinct.is_empty());
        if !by_value || draft.aggregate {
            out.push(draft);
            continue;
        }
        let key = (draft.rule, draft.discriminator.clone());
        groups
            .entry(key)
            .or_insert_with_key(|key| {
                order.push(key.clone());
                Vec::new()
            })
            .push(draft);
    }
    for key in order {
        let mut group = groups.remove(&key).unwrap_or_default();
        group.sort_by_key(|draft| scene.position(draft.place));
        if group.first().is_some_and(|first| first.state == State::Open) {
            let (open, silent): (Vec<Draft>, Vec<Draft>) =
                group.into_iter().partition(|draft| draft.state == State::Open);
            out.extend(silent);
            group = open;
        }
        out.extend(Draft::first_of(group));
    }
    out
}

/// Hits of one rule at one place are one finding, whatever nodes they are about.
fn same_place(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut out: Vec<Draft> = Vec::with_capacity(drafts.len());
    let mut at: HashMap<(RuleIndex, Place, String), usize> = HashMap::with_capacity(drafts.len());
    for draft in drafts {
        match at.entry((draft.rule, draft.place, draft.discriminator.clone())) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(out.len());
                out.push(draft);
            }
            std::collections::hash_map::Entry::Occupied(entry) => out[*entry.get()].absorb(draft),
        }
    }
    out
}

//! Root causes: hits that share a cause become one finding of the rule that
//! speaks for it; the others are its reasons. Knows groups and precedence, not
//! what any rule means.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::finding::{RuleIndex, State};
use crate::model::Id;
use crate::rule::compile::{Cause, Speaker};
use crate::rule::file::GroupBy;
use crate::rule::predicate::Tri;
use crate::source::NodeKind;
use crate::span::{At, Part, Place};

use super::draft::{Draft, Scene};

/// What the hits of a group share.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Subject(Id),
    Node(At),
    Text(String),
    Document,
}

/// Merges the drafts that `cause` is about.
pub(super) fn apply(
    scene: &Scene<'_>,
    cause: &Cause,
    drafts: Vec<Draft>,
    silence: &mut dyn FnMut(RuleIndex, Place) -> State,
) -> Vec<Draft> {
    let is_severe = |draft: &Draft| {
        let least = cause.at_least.iter().find(|(rule, _)| *rule == draft.rule);
        least.is_none_or(|(_, severity)| draft.severity >= *severity)
    };
    let is_member = |draft: &Draft| !draft.settled && cause.rules.contains(&draft.rule) && is_severe(draft);
    if !drafts.iter().any(is_member) || cause.when.holds(scene.model, scene.document().index) != Tri::True {
        return drafts;
    }
    let (mut members, mut rest): (Vec<Draft>, Vec<Draft>) = drafts.into_iter().partition(is_member);
    // A population first: it takes in the hits about its members.
    members.sort_by_key(|draft| !draft.aggregate);
    let mut groups: Vec<Vec<Draft>> = Vec::new();
    let mut group_of: HashMap<Key, usize> = HashMap::new();
    for draft in members {
        let keys = keys(scene, cause.group_by, &draft);
        let known = keys.iter().find_map(|key| group_of.get(key).copied());
        let group = known.unwrap_or_else(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        for key in keys {
            group_of.entry(key).or_insert(group);
        }
        groups[group].push(draft);
    }
    for group in groups {
        rest.extend(merge(scene, cause, group, silence));
    }
    rest
}

/// One group: silent as a whole, or its open hits as one and the silent ones as they are.
fn merge(
    scene: &Scene<'_>,
    cause: &Cause,
    group: Vec<Draft>,
    silence: &mut dyn FnMut(RuleIndex, Place) -> State,
) -> Vec<Draft> {
    if group.len() == 1 && cause.at.is_none() {
        return group;
    }
    let whole = speak(scene, cause, group.clone());
    let state = silence(whole.rule, whole.place);
    if state != State::Open {
        return vec![Draft { state, ..whole }];
    }
    let (open, mut out): (Vec<Draft>, Vec<Draft>) = group.into_iter().partition(|draft| draft.state == State::Open);
    if out.is_empty() {
        out.push(whole);
    } else if open.len() == 1 && cause.at.is_none() {
        out.extend(open);
    } else if !open.is_empty() {
        let merged = speak(scene, cause, open);
        out.push(Draft { state: silence(merged.rule, merged.place), ..merged });
    }
    out
}

/// The merged finding of a group that is not empty.
fn speak(scene: &Scene<'_>, cause: &Cause, mut group: Vec<Draft>) -> Draft {
    let rank = |draft: &Draft| cause.rules.iter().position(|listed| *listed == draft.rule);
    let first = |draft: &Draft| (rank(draft), Reverse(draft.severity), scene.position(draft.place));
    let worst = |draft: &Draft| (Reverse(draft.severity), rank(draft), scene.position(draft.place));
    let named = match cause.speaker {
        Speaker::Rule(rule) => group.iter().any(|draft| draft.rule == rule).then_some(rule),
        Speaker::First | Speaker::Worst => None,
    };
    match (cause.speaker, named) {
        (_, Some(rule)) => group.sort_by_cached_key(|draft| (draft.rule != rule, first(draft))),
        (Speaker::First, None) => group.sort_by_cached_key(first),
        _ => group.sort_by_cached_key(worst),
    }
    // Of several populations the largest says most.
    let population = group.iter().filter(|draft| draft.aggregate).max_by_key(|draft| draft.members);
    let population = population.map(|draft| (draft.place, draft.message.clone()));
    let place = match cause.at {
        Some(field) => Some((field.at)(scene.model, 0).unwrap_or_else(|| scene.model.place(scene.document()))),
        None => population.as_ref().map(|(place, _)| *place),
    };
    let speaker = group[0].clone();
    let message = cause.message.as_ref().map(|template| template.in_whole(scene.model, &[]));
    let message = message.or(population.map(|(_, message)| message)).unwrap_or_else(|| speaker.message.clone());
    let mut merged = match place {
        Some(place) => Draft::merged(group, Some(&speaker), place, message),
        None => {
            let reasons = group.split_off(1);
            Draft { message, ..speaker.because_of(reasons, scene.model) }
        }
    };
    // Ignored members count in a merged finding only when all of it is ignored.
    merged.state = State::Open;
    merged.settled = true;
    merged
}

fn keys(scene: &Scene<'_>, group_by: GroupBy, draft: &Draft) -> Vec<Key> {
    match group_by {
        GroupBy::Site => draft.subjects.iter().map(|&subject| Key::Subject(subject)).collect(),
        GroupBy::Node => vec![Key::Node(draft.place.at)],
        GroupBy::Value => vec![Key::Text(underlined(scene, draft.place))],
        GroupBy::Document => vec![Key::Document],
    }
}

/// The text that a place underlines, decoded where it is a whole value.
fn underlined(scene: &Scene<'_>, place: Place) -> String {
    let file = scene.model.sources().file(place.at.file);
    let tree = &file.tree;
    let node = tree.resolve(place.at.node);
    match place.part {
        Part::Bytes(start, end) => file.text.get(start as usize..end as usize).unwrap_or_default().to_owned(),
        Part::Key => tree.key(place.at.node).unwrap_or_default().to_owned(),
        Part::Value if matches!(tree.kind(node), NodeKind::Seq | NodeKind::Map | NodeKind::Alias) => tree.pointer(node),
        Part::Value => tree.text(node).to_owned(),
    }
}

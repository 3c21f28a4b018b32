//! What a run judged, summed up for its report: documents, how often each rule judged, and what could not be known.

use std::collections::BTreeMap;

use crate::evaluate::Evaluation;
use crate::finding::RuleIndex;
use crate::model::Model;
use crate::report::{Coverage, Document, Unknown};
use crate::rule::RuleSet;
use crate::source::SourceMap;
use crate::span::Place;

/// A root document that has been judged.
pub(crate) struct Judged {
    pub(crate) model: Model,
    pub(crate) evaluation: Evaluation,
}

/// The documents that were judged, by path.
pub(crate) fn documents(sources: &SourceMap, judged: &[Judged]) -> Vec<Document> {
    let mut documents: Vec<Document> = judged
        .iter()
        .flat_map(|judged| {
            let model = &judged.model;
            let files = if model.as_gateway().is_some() { model.files() } else { vec![model.root()] };
            files.into_iter().map(|file| Document {
                file,
                kind: model.format().to_owned(),
                version: model.version().to_owned(),
            })
        })
        .collect();
    documents.sort_by(|a, b| {
        let path = |document: &Document| sources.file(document.file).path.as_str();
        path(a).cmp(path(b)).then_with(|| a.kind.cmp(&b.kind))
    });
    documents
}

/// What became of each rule, over all documents.
pub(crate) fn coverage(set: &RuleSet, judged: &[Judged]) -> Vec<Coverage> {
    let of_rule = |index: u16| match set.rule(RuleIndex(index)) {
        None => Coverage::Off,
        Some(_) => {
            let counts = judged.iter().filter_map(|judged| judged.evaluation.judged.get(usize::from(index)));
            Coverage::Judged(counts.sum())
        }
    };
    (0..set.infos().len() as u16).map(of_rule).collect()
}

/// What could not be known, by reason. What several roots cannot know of one place counts once.
pub(crate) fn unknowns(sources: &SourceMap, judged: &[Judged]) -> Vec<Unknown> {
    let mut places: BTreeMap<(String, Place), u32> = BTreeMap::new();
    for unknown in judged.iter().flat_map(|judged| &judged.evaluation.unknowns) {
        let count = places.entry((unknown.why.to_string(), unknown.place)).or_insert(0);
        *count = unknown.count.max(*count);
    }
    let mut reasons: BTreeMap<String, Unknown> = BTreeMap::new();
    let position = |place: Place| {
        let span = sources.span(place);
        (&sources.file(span.file).path, span.start)
    };
    for ((why, place), count) in places {
        let unknown = reasons.entry(why.clone()).or_insert(Unknown { why, count: 0, place });
        unknown.count += count;
        if position(place) < position(unknown.place) {
            unknown.place = place;
        }
    }
    reasons.into_values().collect()
}

//! The model against real documents and small ones: nothing is lost, nothing panics.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatelint::model::{Fact, Id, Kind, Model, Value, fields};
use gatelint::resolve;
use gatelint::settings::Date;
use gatelint::source::Limits;
use gatelint::span::FileId;
use gatelint::words::WordLists;

/// The model of a document given as text; other files by name.
pub fn model_of(text: &str, files: &[(&str, &str)]) -> Model {
    let loader: BTreeMap<String, Vec<u8>> =
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    let seeds = vec![("openapi.yaml".to_owned(), text.as_bytes().to_vec())];
    load(seeds, &loader).expect("an OpenAPI document").expect("a known version")
}

/// The model of the first seed, other files from `loader`.
pub fn load(
    seeds: Vec<(String, Vec<u8>)>,
    loader: &dyn resolve::Loader,
) -> Option<Result<Model, gatelint::error::Problem>> {
    let sources = resolve::load(seeds, loader, &Limits::default(), &BTreeMap::new());
    Model::openapi(Arc::new(sources), FileId(0), WordLists::builtin(), today())
}

/// The day on which tests judge, whatever day it is.
pub fn today() -> Date {
    "2026-01-01".parse().expect("a date")
}

/// A field of a node, as text: what a rule author would see.
pub fn fact(model: &Model, id: Id, name: &str) -> String {
    let field = fields::find(id.kind, name).unwrap_or_else(|| panic!("no field {}.{name}", id.kind));
    match (field.get)(model, id.index) {
        Fact::Absent => "absent".to_owned(),
        Fact::Unknown(why, _) => format!("unknown: {why}"),
        Fact::Known(Value::Choice(index)) => match field.ty {
            gatelint::model::Type::Choice(list) => list[index as usize].to_owned(),
            other => panic!("a choice in a field of type {other:?}"),
        },
        Fact::Known(Value::Set(bits)) => match field.ty {
            gatelint::model::Type::Set(list) => {
                let named = list.iter().enumerate().filter(|(bit, _)| bits & 1 << bit != 0).map(|(_, name)| *name);
                named.collect::<Vec<_>>().join(" ")
            }
            other => panic!("a set in a field of type {other:?}"),
        },
        Fact::Known(Value::Bool(value)) => value.to_string(),
        Fact::Known(Value::Number(value)) => value.to_string(),
        Fact::Known(Value::Text(value)) => value.into_owned(),
        Fact::Known(Value::Name(value)) => model.name(value).to_owned(),
        Fact::Known(Value::Texts(values) | Value::Statuses(values)) => values.join(" "),
        Fact::Known(Value::Names(values)) => values.into_iter().map(|id| model.name(id)).collect::<Vec<_>>().join(" "),
        Fact::Known(Value::Nodes(nodes)) => {
            nodes.iter().map(|node| format!("{}{}", node.kind, node.index)).collect::<Vec<_>>().join(" ")
        }
        Fact::Known(Value::Thing) => "there".to_owned(),
    }
}

/// Every field of every node is asked for: none may panic.
fn ask_everything(model: &Model) -> usize {
    let mut known = 0;
    for field in fields::FIELDS.iter() {
        for id in model.nodes(field.kind) {
            known += usize::from(matches!((field.get)(model, id.index), Fact::Known(_)));
            let place = (field.at)(model, id.index).unwrap_or_else(|| model.place(id));
            let span = model.sources().span(place);
            let text = &model.sources().file(span.file).text;
            assert!(
                text.get(span.start as usize..span.end as usize).is_some(),
                "{}.{} of {place:?}",
                field.kind,
                field.name
            );
        }
    }
    known
}

#[test]
fn security_of_an_operation_is_its_own_else_the_roots() {
    let model = model_of(
        "openapi: 3.0.3\nsecurity: [{key: []}]\npaths:\n  /a:\n    get: {security: [], responses: {}}\n    post: {responses: {}}\n    put: {security: [{key: []}, {}], responses: {}}\ncomponents: {securitySchemes: {key: {type: apiKey, in: header, name: k}}}\n",
        &[],
    );
    let security: Vec<String> = model.nodes(Kind::Operation).map(|id| fact(&model, id, "security")).collect();
    assert_eq!(security, ["publicExplicit", "protected", "optional"]);
    ask_everything(&model);
}

/// Where the corpus of real documents is, if it is here.
pub fn corpus() -> Option<std::path::PathBuf> {
    let named = std::env::var_os("GATELINT_CORPUS").map(std::path::PathBuf::from);
    let path = named.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus").into());
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no corpus at {}", path.display());
    None
}

/// Loads from a folder.
pub struct Folder(pub std::path::PathBuf);

impl resolve::Loader for Folder {
    fn load(&self, path: &str) -> Result<Vec<u8>, gatelint::error::LoadError> {
        std::fs::read(self.0.join(path)).map_err(|_| gatelint::error::LoadError::NotFound)
    }
}

#[test]
fn every_fact_of_real_documents_can_be_asked_for() {
    let Some(corpus) = corpus() else { return };
    let index = std::fs::read_to_string(corpus.join("INDEX.tsv")).unwrap();
    let full = std::env::var_os("GATELINT_CORPUS_FULL").is_some();
    let (mut judged, mut facts) = (0, 0);
    for line in index.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let small = columns[1].parse::<u64>().unwrap() < 100_000;
        if !columns[2].starts_with("openapi-2") && !columns[2].starts_with("openapi-3") || !(small || full) {
            continue;
        }
        let bytes = std::fs::read(corpus.join(columns[0])).unwrap();
        let seeds = vec![(columns[0].to_owned(), bytes)];
        let sources = resolve::load(seeds, &Folder(corpus.clone()), &Limits::default(), &BTreeMap::new());
        let problems = sources.file(FileId(0)).problems.len();
        let start = std::time::Instant::now();
        match Model::openapi(Arc::new(sources), FileId(0), WordLists::builtin(), today()) {
            Some(Ok(model)) => {
                let built = start.elapsed();
                judged += 1;
                facts += ask_everything(&model);
                if full {
                    eprintln!("{}\t{:?}\t{:?}\t{}", columns[0], built, start.elapsed(), model.problems().len());
                    for problem in model.problems().iter().take(3) {
                        eprintln!("    {}", problem.message);
                    }
                }
            }
            Some(Err(problem)) => eprintln!("{}: {}", columns[0], problem.message),
            None => assert!(problems > 0, "{} is no OpenAPI document and has no problem", columns[0]),
        }
    }
    eprintln!("judged {judged} documents, {facts} facts known");
    assert!(judged > 100);
}

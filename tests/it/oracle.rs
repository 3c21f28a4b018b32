//! The model against `openapiv3`: on every 3.0 document that crate accepts, both
//! see the same operations, parameters and security requirements.

use std::collections::{BTreeMap, BTreeSet};

use gatelint::model::{Fact, Id, Kind, Model, Value, fields};
use openapiv3::{OpenAPI, Parameter, ReferenceOr, SecurityRequirement};

use crate::model::{Folder, corpus, fact};

type Requirements = Vec<BTreeMap<String, Vec<String>>>;

/// What both sides must agree on: path and method to parameters (`in:name`) and alternatives in force.
type Operations = BTreeMap<(String, String), (BTreeSet<String>, Option<Requirements>)>;

fn nodes(model: &Model, id: Id, name: &str) -> Vec<Id> {
    let field = fields::find(id.kind, name).unwrap();
    match (field.get)(model, id.index) {
        Fact::Known(Value::Nodes(nodes)) => nodes,
        _ => Vec::new(),
    }
}

fn from_model(model: &Model) -> Operations {
    let mut scopes: BTreeMap<gatelint::span::Place, Vec<String>> = BTreeMap::new();
    for id in model.nodes(Kind::RequiredScope) {
        let field = fields::find(Kind::RequiredScope, "scheme").unwrap();
        let place = (field.at)(model, id.index).unwrap();
        scopes.entry(place).or_default().push(fact(model, id, "name"));
    }
    let mut operations = Operations::new();
    for id in model.nodes(Kind::Operation).filter(|&id| fact(model, id, "incoming") == "true") {
        let parameters = nodes(model, id, "parameters")
            .into_iter()
            .map(|parameter| format!("{}:{}", fact(model, parameter, "in"), fact(model, parameter, "name")));
        let stated = fact(model, id, "security") != "undefined";
        let requirements = nodes(model, id, "requirements").into_iter().map(|requirement| {
            let schemes = nodes(model, requirement, "schemes").into_iter();
            schemes
                .map(|scheme| {
                    (fact(model, scheme, "name"), scopes.get(&model.place(scheme)).cloned().unwrap_or_default())
                })
                .collect()
        });
        let key = (fact(model, id, "path"), fact(model, id, "method"));
        operations.insert(key, (parameters.collect(), stated.then(|| requirements.collect())));
    }
    operations
}

/// `None` where a reference leads out of the document: the oracle does not follow those.
fn from_oracle(document: &OpenAPI) -> Option<Operations> {
    let components = document.components.clone().unwrap_or_default();
    let resolve = |parameter: &ReferenceOr<Parameter>| {
        let mut parameter = parameter.clone();
        for _ in 0..8 {
            match parameter {
                ReferenceOr::Item(item) => return Some(item),
                ReferenceOr::Reference { reference } => {
                    let name = reference.strip_prefix("#/components/parameters/")?;
                    parameter = components.parameters.get(name)?.clone();
                }
            }
        }
        None
    };
    let named = |parameter: &Parameter| {
        let place = match parameter {
            Parameter::Query { .. } => "query",
            Parameter::Header { .. } => "header",
            Parameter::Path { .. } => "path",
            Parameter::Cookie { .. } => "cookie",
        };
        format!("{place}:{}", parameter.parameter_data_ref().name)
    };
    let requirements = |list: &Vec<SecurityRequirement>| -> Requirements {
        list.iter().map(|one| one.iter().map(|(name, scopes)| (name.clone(), scopes.clone())).collect()).collect()
    };
    let mut operations = Operations::new();
    for (path, item) in document.paths.iter() {
        let item = item.as_item()?;
        for (method, operation) in item.iter() {
            let parameters = item.parameters.iter().chain(&operation.parameters).map(&resolve);
            let parameters: Option<BTreeSet<String>> = parameters.map(|parameter| Some(named(&parameter?))).collect();
            let security = operation.security.as_ref().or(document.security.as_ref()).map(&requirements);
            operations.insert((path.clone(), method.to_uppercase()), (parameters?, security));
        }
    }
    Some(operations)
}

#[test]
fn the_model_sees_what_openapiv3_sees() {
    let Some(corpus) = corpus() else { return };
    let index = std::fs::read_to_string(corpus.join("INDEX.tsv")).unwrap();
    let full = std::env::var_os("GATELINT_CORPUS_FULL").is_some();
    let (mut compared, mut operations) = (0, 0);
    for line in index.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let small = columns[1].parse::<u64>().unwrap() < 300_000;
        if !columns[2].starts_with("openapi-3.0") || !(small || full) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(corpus.join(columns[0])) else { continue };
        let oracle: Option<OpenAPI> = match columns[3] {
            "json" => serde_json::from_str(&text).ok(),
            _ => serde_yaml::from_str(&text).ok(),
        };
        let Some(expected) = oracle.as_ref().and_then(from_oracle) else { continue };
        let seeds = vec![(columns[0].to_owned(), text.into_bytes())];
        let model =
            crate::model::load(seeds, &Folder(corpus.clone())).expect("an OpenAPI document").expect("a known version");
        let found = from_model(&model);
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{}", columns[0]);
        for (key, expected) in &expected {
            assert_eq!(&found[key], expected, "{} {key:?}", columns[0]);
        }
        compared += 1;
        operations += expected.len();
    }
    eprintln!("{compared} documents and {operations} operations agree with openapiv3");
    assert!(compared > 50);
}

//! Lowering snapshots: what the model knows of each configuration in testdata/gateways, field by field. A file or
//! folder there is one case; its snapshot stands beside it as `<name>.model`. `UPDATE_TESTDATA=1` writes them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gatelint::discover;
use gatelint::model::fields::FIELDS;
use gatelint::model::gateway::{Objects, units};
use gatelint::model::{Fact, Field, Id, Kind, Model, Type, Value};
use gatelint::resolve;
use gatelint::settings::Date;
use gatelint::source::{Limits, SourceMap};
use gatelint::span::Place;
use gatelint::words::WordLists;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/gateways")
}

/// The cases: folders of files, and files, that are no snapshots.
fn cases() -> Vec<PathBuf> {
    let mut cases = Vec::new();
    for format in fs::read_dir(folder()).into_iter().flatten().filter_map(Result::ok) {
        let entries = fs::read_dir(format.path()).into_iter().flatten().filter_map(Result::ok);
        cases
            .extend(entries.map(|entry| entry.path()).filter(|path| path.extension().is_none_or(|ext| ext != "model")));
    }
    cases.sort();
    cases
}

/// The files of a case, by path from its folder.
fn files(case: &Path) -> BTreeMap<String, Vec<u8>> {
    let root = if case.is_dir() { case } else { case.parent().unwrap() };
    let walk =
        walkdir::WalkDir::new(case).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    walk.map(|entry| {
        let path = entry.path().strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        (path, fs::read(entry.path()).unwrap())
    })
    .collect()
}

/// What the models of a case know.
fn snapshot(case: &Path) -> String {
    let files = files(case);
    let seeds = files.iter().map(|(path, bytes)| (path.clone(), bytes.clone())).collect();
    let mut sources = resolve::load(seeds, &files, &Limits::default(), &BTreeMap::new());
    let problems = gatelint::discover::embed(&mut sources, &Limits::default());
    let sources = Arc::new(sources);
    let claims: Vec<_> = sources.files().map(|file| (file.id, discover::formats_of(file))).collect();
    let objects = Objects::read(&sources, sources.files().map(|file| file.id));
    let mut text = String::new();
    for unit in units(&sources, &claims) {
        let model =
            Model::gateway(Arc::clone(&sources), &unit, &objects, WordLists::builtin(), Date::from_days(20_454));
        write(&model, &mut text);
    }
    for problem in sources.files().flat_map(|file| &file.problems).chain(&problems) {
        let _ = writeln!(text, "problem {} {}", problem.code.as_str(), problem.message);
    }
    text
}

fn write(model: &Model, text: &mut String) {
    let paths: Vec<&str> = model.files().into_iter().map(|id| model.sources().file(id).path.as_str()).collect();
    let _ = writeln!(text, "== {} {} [{}]", model.format(), model.version(), paths.join(", "));
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_of_gateway()) {
        for id in model.nodes(kind) {
            let _ = writeln!(text, "{kind}#{} {}", id.index, line(model.sources(), model.place(id)));
            for field in FIELDS.iter().filter(|field| field.kind == kind && field.name != "format") {
                if let Some(value) = shown(model, field, id) {
                    let at = (field.at)(model, id.index).map(|at| format!("  @{}", line(model.sources(), at)));
                    let _ = writeln!(text, "  {}: {value}{}", field.name, at.unwrap_or_default());
                }
            }
        }
    }
}

fn line(sources: &SourceMap, place: Place) -> String {
    let span = sources.span(place);
    let file = sources.file(span.file);
    let shown = file.text.get(span.start as usize..span.end as usize).unwrap_or_default();
    let shown: String = shown.lines().next().unwrap_or_default().chars().take(40).collect();
    format!("{}:{} `{shown}`", file.path, file.lines().line(span.start))
}

/// The value of a field; `None` where it is absent or a plain no.
fn shown(model: &Model, field: &Field, id: Id) -> Option<String> {
    let value = match (field.get)(model, id.index) {
        Fact::Absent => return None,
        Fact::Unknown(why, _) => return Some(format!("? {why}")),
        Fact::Known(value) => value,
    };
    Some(match (value, field.ty) {
        // What has a place of its own was said by somebody.
        (Value::Bool(false), _) if (field.at)(model, id.index).is_none() => return None,
        (Value::Bool(false), _) => "no".to_owned(),
        (Value::Bool(true), _) => "yes".to_owned(),
        (Value::Number(number), _) => number.to_string(),
        (Value::Text(text), _) => format!("{text:?}"),
        (Value::Name(name), _) => model.name(name).to_owned(),
        (Value::Choice(index), Type::Choice(list)) => list[usize::from(index)].to_owned(),
        (Value::Set(bits), Type::Set(list)) => {
            let items = list.iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0).map(|(_, item)| *item);
            items.collect::<Vec<_>>().join(" ")
        }
        (Value::Texts(texts) | Value::Statuses(texts), _) => texts.join(" "),
        (Value::Names(names), _) => names.iter().map(|&name| model.name(name)).collect::<Vec<_>>().join(" "),
        (Value::Nodes(ids), _) => {
            ids.iter().map(|id| format!("{}#{}", id.kind, id.index)).collect::<Vec<_>>().join(" ")
        }
        (Value::Thing, _) => "there".to_owned(),
        (value, ty) => panic!("{value:?} is no {ty:?}"),
    })
}

#[test]
fn the_model_of_each_configuration_is_as_recorded() {
    let update = std::env::var_os("UPDATE_TESTDATA").is_some();
    let mut different = Vec::new();
    for case in cases() {
        let found = snapshot(&case);
        assert!(found.contains("== "), "{} is no gateway", case.display());
        let path = case.with_file_name(format!("{}.model", case.file_name().unwrap().to_string_lossy()));
        if update {
            fs::write(&path, &found).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != found {
            different.push(format!("{}\n{found}", case.display()));
        }
    }
    assert!(different.is_empty(), "not as recorded (UPDATE_TESTDATA=1 writes them):\n{}", different.join("\n"));
}

//! `testdata/ok` must be clean; `testdata/bad` must give exactly the findings beside it.
//! `UPDATE_TESTDATA=1 cargo test --test it testdata::` writes the latter anew: read the difference.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::Sandbox;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name)
}

/// The documents of a folder, by name.
fn documents(name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path());
    let mut documents: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "yaml" || ending == "json")).collect();
    documents.sort();
    assert!(!documents.is_empty());
    documents
}

/// What gatelint says of a document: a line for each finding and problem.
fn judge(document: &Path) -> String {
    let name = document.file_name().unwrap().to_str().unwrap();
    let sandbox = Sandbox::new(&[(name, &fs::read_to_string(document).unwrap())]);
    let run = sandbox.run(&["check", "--format", "json", "--now", "2026-01-01", name]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    let mut lines = String::new();
    for finding in report["findings"].as_array().unwrap() {
        let start = &finding["location"]["start"];
        let text = |key: &str| finding[key].as_str().unwrap();
        lines += &format!(
            "{}:{} {} {}: {}\n",
            start["line"],
            start["column"],
            text("severity"),
            text("rule"),
            text("message")
        );
    }
    for problem in report["problems"].as_array().unwrap() {
        lines += &format!("problem {}: {}\n", problem["code"].as_str().unwrap(), problem["message"].as_str().unwrap());
    }
    lines
}

#[test]
fn documents_without_a_defect_have_no_finding() {
    for document in documents("ok") {
        assert_eq!(judge(&document), "", "{}", document.display());
    }
}

#[test]
fn documents_with_defects_have_exactly_the_findings_beside_them() {
    for document in documents("bad") {
        let expected = document.with_extension("out");
        let found = judge(&document);
        assert!(!found.is_empty(), "{} has no defect", document.display());
        if std::env::var_os("UPDATE_TESTDATA").is_some() {
            fs::write(&expected, &found).unwrap();
        }
        assert_eq!(found, fs::read_to_string(&expected).unwrap_or_default(), "{}", document.display());
    }
}

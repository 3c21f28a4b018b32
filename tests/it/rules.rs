//! The built-in rules: every example and every mutant, and what the rule
//! language refuses.

use std::path::Path;
use std::sync::Arc;

use gatelint::rule::{Catalog, by_profile};
use gatelint::settings::Profile;
use gatelint::testing;
use gatelint::words::WordLists;

/// The rule files of the repository as they are now; the binary embeds them when it is built.
fn catalog() -> Catalog {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut catalog = Catalog::default();
    let mut errors = Vec::new();
    for entry in walkdir::WalkDir::new(root.join("rules")).min_depth(2).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.path().extension().is_some_and(|extension| extension == "yaml") {
            let path = entry.path().strip_prefix(root).unwrap().display().to_string();
            errors.extend(catalog.add(&path, std::fs::read(entry.path()).unwrap()).err().into_iter().flatten());
        }
    }
    let causes = std::fs::read(root.join("rules/causes.yaml")).unwrap();
    errors.extend(catalog.add_causes("rules/causes.yaml", causes).err().into_iter().flatten());
    assert!(errors.is_empty(), "{}", lines(&errors));
    catalog
}

fn lines(items: &[impl std::fmt::Display]) -> String {
    items.iter().map(|item| format!("\n{item}")).collect()
}

/// Rules whose examples do not all hold yet. It only gets shorter.
const PENDING: &[&str] = &[];

#[test]
fn every_rule_compiles_and_every_cause_names_rules_that_exist() {
    let outcome = catalog().compile(&WordLists::builtin(), by_profile(Profile::Strict));
    assert!(outcome.is_ok(), "{}", lines(&outcome.unwrap_err()));
}

#[test]
fn every_example_holds_and_every_term_is_needed() {
    // One rule or a few while working on them: GATELINT_RULE=missing-429 cargo test --test it rules::
    let only = std::env::var("GATELINT_RULE").unwrap_or_default();
    let wanted = |id: &str| only.is_empty() || only.split(',').any(|name| name == id);
    let lists: Arc<WordLists> = WordLists::builtin();
    let summary = testing::run(&catalog(), &lists, &|file| wanted(&file.id.value));
    println!(
        "{} rules, {} examples, {} documents, {} mutants",
        summary.rules, summary.examples, summary.documents, summary.mutants
    );
    let (pending, failures): (Vec<_>, Vec<_>) =
        summary.failures.iter().partition(|failure| only.is_empty() && PENDING.contains(&failure.rule.as_str()));
    assert!(failures.is_empty(), "{}", lines(&failures));
    println!("{} failures of rules that are pending{}", pending.len(), lines(&pending));
}

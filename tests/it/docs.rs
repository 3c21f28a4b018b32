//! Documentation that must stay true: links, generated pages, rule ids, and what the
//! README says gatelint prints. `cargo xtask docs` mends what is generated.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use walkdir::WalkDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The file names in `folder` that end in `extension`, without it.
fn names(folder: &str, extension: &str) -> BTreeSet<String> {
    WalkDir::new(root().join(folder))
        .min_depth(1)
        .into_iter()
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(extension).map(str::to_owned))
        .collect()
}

fn rule_ids() -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for family in ["rules/openapi", "rules/gateway", "rules/drift"] {
        ids.extend(names(family, ".yaml"));
    }
    ids
}

/// Every Markdown page of the repository.
fn pages() -> Vec<PathBuf> {
    let ours =
        |name: &str| !["target", "node_modules", "testdata"].contains(&name) && (name == "." || !name.starts_with('.'));
    WalkDir::new(root())
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || entry.file_name().to_str().is_some_and(ours))
        .filter_map(Result::ok)
        .map(|entry| entry.into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}

/// The text without code blocks and code spans: links in those are none.
fn prose(text: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            out.push_str(line);
            out.push('\n');
        }
    }
    Regex::new("`[^`\n]*`").unwrap().replace_all(&out, "").into_owned()
}

/// The anchors GitHub gives to the headings of a page.
fn anchors(text: &str) -> BTreeSet<String> {
    let anchor = |heading: &str| -> String {
        let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    text.lines().filter(|line| line.starts_with('#')).map(|line| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let link = Regex::new(r"\]\(([^()\s]+)\)").unwrap();
    let mut broken = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for found in link.captures_iter(&prose(&text)) {
            let target = &found[1];
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            let there = file.exists()
                && (anchor.is_empty() || fs::read_to_string(&file).is_ok_and(|text| anchors(&text).contains(anchor)));
            if !there {
                broken.push(format!("{}: {target}", page.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let mut pages = names("docs/rules", ".md");
    pages.remove("README");
    assert_eq!(rule_ids(), pages, "run `cargo xtask docs`");
}

#[test]
fn every_problem_has_a_page_and_every_page_a_problem() {
    let mut pages = names("docs/problems", ".md");
    pages.remove("README");
    let codes: BTreeSet<String> = gatelint::error::ProblemCode::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(codes, pages, "run `cargo xtask docs`");
}

#[test]
fn the_model_page_has_every_field() {
    let page = read("docs/model.md");
    for field in gatelint::model::fields::FIELDS.iter() {
        assert!(page.contains(&format!("| `{}` |", field.name)), "{field:?}: run `cargo xtask docs`");
    }
}

#[test]
fn rules_named_in_the_readme_exist() {
    let ids = rule_ids();
    let readme = read("README.md");
    let named = Regex::new(r"ignore\[([a-z0-9-]+)\]|rule: ([a-z0-9-]+)|^  ([a-z0-9-]+): (?:off|\{ severity)").unwrap();
    let mut count = 0;
    for line in readme.lines() {
        for found in named.captures_iter(line) {
            let id = found.iter().skip(1).flatten().next().unwrap().as_str();
            assert!(ids.contains(id), "README.md names the rule `{id}`");
            count += 1;
        }
    }
    assert!(count >= 4, "the pattern of this test finds the snippets");
}

#[test]
fn the_readme_shows_what_gatelint_prints() {
    let readme = read("README.md");
    let shown = Regex::new(r"(?m)^<!-- run: gatelint (.+) -->\n```text\n((?s:.*?))\n```$").unwrap();
    let mut count = 0;
    for block in shown.captures_iter(&readme) {
        let run = Command::new(env!("CARGO_BIN_EXE_gatelint"))
            .args(block[1].split_whitespace())
            .current_dir(root())
            .env("NO_COLOR", "1")
            .env_remove("GITHUB_ACTIONS")
            .output()
            .unwrap();
        let printed = String::from_utf8(run.stdout).unwrap();
        let printed: Vec<_> = printed.trim_end().lines().map(str::trim_end).collect();
        assert_eq!(printed.join("\n"), &block[2], "run `cargo xtask docs`");
        count += 1;
    }
    assert!(count > 0, "the README shows no output");
}

#[test]
fn the_readme_sets_up_with_two_commands() {
    let readme = read("README.md");
    for command in ["cargo run --release -- examples/orders.yaml", "cargo test"] {
        assert!(readme.lines().any(|line| line.starts_with(command)), "{command}");
    }
    assert!(root().join("examples/orders.yaml").is_file());
}

//! Conventions of the source tree, held by tests: the arrow of modules, who may
//! touch the file system, headers, sizes, and what must never be a dependency.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use walkdir::WalkDir;

/// Usable from everywhere; they use only one another.
const LEAVES: &[&str] = &["span", "words", "finding", "error", "secrets"];

/// The pipeline, left to right: a module uses only modules to its left, and the leaves.
const PIPELINE: &[&str] =
    &["source", "settings", "discover", "resolve", "model", "rule", "evaluate", "suppress", "merge", "report"];

/// What is built on the pipeline, left to right as well. `lib` is the crate root: `check` and its types.
const SURFACE: &[&str] = &["baseline", "intake", "summary", "lib", "testing", "progress", "cli", "commands", "main"];

/// Modules that may open files. Everything else works on bytes that it is handed.
const FILE_SYSTEM: &[&str] =
    &["settings", "discover", "resolve", "baseline", "testing", "cli", "commands", "progress", "main"];

/// The length a file of code should not pass.
const MAX_LINES: usize = 600;

/// Files that are longer, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Crates that open connections. None may be in the lock file, not even for tests.
const NETWORK_CRATES: &[&str] = &[
    "async-std",
    "attohttpc",
    "aws-lc-rs",
    "curl",
    "h2",
    "hickory-resolver",
    "hyper",
    "isahc",
    "minreq",
    "native-tls",
    "openssl",
    "quinn",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "surf",
    "tokio",
    "tungstenite",
    "ureq",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every `.rs` file under `folder`, as `/`-separated path relative to the root, with its text.
fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut files: Vec<_> = WalkDir::new(root().join(folder))
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "rs"))
        .map(|entry| (relative(entry.path()), fs::read_to_string(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

fn relative(path: &Path) -> String {
    let inside: PathBuf = path.strip_prefix(root()).unwrap().components().collect();
    inside.to_string_lossy().replace('\\', "/")
}

/// The top-level module a file under `src/` belongs to: `src/rule/compile.rs` is `rule`.
fn module_of(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap();
    inside.split('/').next().unwrap().trim_end_matches(".rs")
}

/// How many `super::` lead from a file to the crate root.
fn depth_of(path: &str) -> usize {
    let inside = path.strip_prefix("src/").unwrap();
    let folders = inside.matches('/').count();
    if inside.ends_with("/mod.rs") || ["lib.rs", "main.rs"].contains(&inside) { folders } else { folders + 1 }
}

/// The code that ships: without comments, and without the unit tests at the end of the file.
fn shipped(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
    let comment = Regex::new(r"(?m)^\s*//.*$|\s//\s.*$").unwrap();
    comment.replace_all(text, "").into_owned()
}

/// Whether a file holds nothing but unit tests (`mod tests;` in its parent).
fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// The first names of all paths that start at the crate root: `crate::a::b` and
/// `crate::{a::b, c}` name `a` and `c`; so do enough `super::`.
fn crate_paths(code: &str, depth: usize) -> Vec<String> {
    let start = Regex::new(r"\b(?:crate|gatelint)::|(?:\bsuper::)+").unwrap();
    let mut names = Vec::new();
    for found in start.find_iter(code) {
        let supers = found.as_str().matches("super::").count();
        if supers > 0 && supers != depth {
            continue;
        }
        names.extend(first_names(&code[found.end()..]));
    }
    names
}

fn first_names(rest: &str) -> Vec<String> {
    let identifier = |text: &str| -> Option<String> {
        let name: String = text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        (!name.is_empty()).then_some(name)
    };
    let Some(group) = rest.strip_prefix('{') else { return identifier(rest).into_iter().collect() };
    let mut names = Vec::new();
    let (mut nesting, mut item) = (0_usize, 0_usize);
    for (at, c) in group.char_indices() {
        match c {
            '{' => nesting += 1,
            '}' | ',' if nesting == 0 => {
                names.extend(identifier(&group[item..at]));
                item = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => nesting -= 1,
            _ => {}
        }
    }
    names
}

/// Where a module stands on the arrow; `None` for a leaf or an unknown name.
fn position(module: &str) -> Option<usize> {
    PIPELINE.iter().chain(SURFACE).position(|name| *name == module)
}

#[test]
fn a_module_uses_only_modules_to_its_left() {
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        let module = module_of(&path);
        if is_test_file(&path) || module == "lib" {
            continue;
        }
        for name in crate_paths(&shipped(&text), depth_of(&path)) {
            // A capital, or a name that is no module: an item of the crate root.
            let known = position(&name).is_some() || LEAVES.contains(&name.as_str());
            let target = if known { name.as_str() } else { "lib" };
            let allowed = target == module
                || LEAVES.contains(&target)
                || match (position(target), position(module)) {
                    (Some(target), Some(module)) => target < module,
                    _ => false,
                };
            if !allowed {
                wrong.push(format!("{path}: `{module}` uses `{name}`"));
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "against the arrow of ARCHITECTURE.md:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_has_its_place_on_the_arrow() {
    let strangers: Vec<_> = rust_files("src")
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| position(module_of(path)).is_none() && !LEAVES.contains(&module_of(path)))
        .collect();
    assert!(strangers.is_empty(), "not in the lists of tests/it/tidy.rs: {strangers:?}");
}

#[test]
fn only_the_edges_touch_the_file_system() {
    let access =
        Regex::new(r"\bstd::(?:\{[^}]*\b)?fs\b|\bFile::(?:open|create)\b|\bcurrent_dir\(|\.canonicalize\(").unwrap();
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        if !is_test_file(&path) && !FILE_SYSTEM.contains(&module_of(&path)) && access.is_match(&shipped(&text)) {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "these touch the file system: {wrong:?}");
}

#[test]
fn nothing_opens_a_connection_or_starts_a_process() {
    let access =
        Regex::new(r"\bstd::net\b|\bTcp(?:Stream|Listener)\b|\bUdpSocket\b|\bstd::process::Command\b").unwrap();
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        if access.is_match(&shipped(&text)) {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "gatelint runs nothing and connects to nothing: {wrong:?}");
}

#[test]
fn no_network_crate_is_in_the_lock_file() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let found: Vec<_> = NETWORK_CRATES.iter().filter(|name| lock.contains(&format!("name = \"{name}\"\n"))).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn nothing_left_of_report_knows_terminals() {
    let terminal = Regex::new(r"\b(?:miette|anstyle|anstream|indicatif|clap|IsTerminal|quick_junit)\b").unwrap();
    let report = position("report").unwrap();
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        let left = position(module_of(&path)).is_none_or(|at| at < report);
        if left && terminal.is_match(&shipped(&text)) {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn the_model_does_not_know_json() {
    // Reading JSON is `source`'s, writing it is `report`'s; the embedded rules and lists are JSON inside.
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        let module = module_of(&path);
        if ["model", "resolve", "discover", "evaluate", "suppress", "merge"].contains(&module)
            && shipped(&text).contains("serde_json")
        {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_file_says_what_it_is() {
    for folder in ["src", "tests", "xtask/src"] {
        for (path, text) in rust_files(folder) {
            assert!(text.starts_with("//! "), "{path} has no `//!` header");
        }
    }
}

#[test]
fn files_stay_short() {
    let reasons: BTreeMap<_, _> = LONG_FILES.iter().copied().collect();
    for folder in ["src", "tests", "xtask/src"] {
        for (path, text) in rust_files(folder) {
            let lines = text.lines().count();
            match reasons.get(path.as_str()) {
                Some(_) => assert!(lines > MAX_LINES, "{path} is short again: drop it from LONG_FILES"),
                None => assert!(lines <= MAX_LINES, "{path} has {lines} lines: split it, or give a reason"),
            }
        }
    }
}

#[test]
fn no_placeholder_and_no_silenced_dead_code() {
    // The words are put together here so that this file does not hold them.
    let banned = ["todo", "unimplemented"].map(|name| format!("{name}!("));
    let dead = format!("allow({}_code", "dead");
    for folder in ["src", "tests", "xtask/src"] {
        for (path, text) in rust_files(folder) {
            for word in banned.iter().chain([&dead]) {
                assert!(!text.contains(word.as_str()), "{path} has `{word}`");
            }
        }
    }
}

#[test]
fn the_files_a_visitor_looks_for_are_there() {
    for path in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "action.yml",
        ".pre-commit-hooks.yaml",
        "deny.toml",
        "justfile",
        ".ci/run",
    ] {
        assert!(root().join(path).is_file(), "{path} is missing");
    }
}

#[test]
fn the_change_log_knows_this_version() {
    let log = fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    assert!(log.contains(concat!("## ", env!("CARGO_PKG_VERSION"))), "no section for {}", env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_reader_of_paths_sees_groups_and_supers() {
    let code =
        "use crate::model::{Model, fact};\nuse crate::{span::{At, Place}, error};\nfn f(_: super::super::merge::X) {}";
    assert_eq!(crate_paths(code, 2), ["model", "span", "error", "merge"]);
    assert_eq!(crate_paths("use super::fact::Kind;", 2), Vec::<String>::new());
    assert_eq!(depth_of("src/model/mod.rs"), 1);
    assert_eq!(depth_of("src/model/fields.rs"), 2);
    assert_eq!(depth_of("src/merge.rs"), 1);
}

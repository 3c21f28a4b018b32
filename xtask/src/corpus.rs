//! `cargo xtask corpus`: what the working tree finds in real documents, and what it
//! adds to and removes from the findings of another build, that of `main` unless told otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::{Result, corpus_folder, option, root};

/// Shown of each rule's added and removed findings.
const SHOWN: usize = 5;

/// What is read of a report in the format `json`.
#[derive(Deserialize)]
struct Report {
    documents: Vec<serde_json::Value>,
    findings: Vec<Finding>,
    problems: Vec<Problem>,
}

#[derive(Deserialize)]
struct Finding {
    rule: String,
    severity: String,
    message: String,
    location: Location,
    fingerprint: String,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
}

#[derive(Deserialize)]
struct Location {
    file: String,
    start: Position,
}

#[derive(Deserialize)]
struct Position {
    line: u64,
    column: u64,
}

/// Runs the command.
pub fn run(args: &[String]) -> Result {
    let folder = corpus_folder(args)?;
    let profile = option(args, "--profile")?.unwrap_or("default");
    let report = lint(&release_build()?, &folder, profile)?;
    let only_counts = args.iter().any(|arg| arg == "--counts");
    if args.iter().any(|arg| arg == "--json") {
        println!("{}", serde_json::to_string_pretty(&counts(&report))?);
    } else if only_counts {
        print_table(&report);
    }
    if !only_counts {
        let base = option(args, "--base")?.unwrap_or("main");
        let base = if Path::new(base).is_file() { PathBuf::from(base) } else { build_of(base)? };
        print_difference(&lint(&base, &folder, profile)?, &report);
    }
    Ok(())
}

/// Builds gatelint of a git revision, in a work tree of its own that is removed again.
fn build_of(revision: &str) -> Result<PathBuf> {
    let target = target_folder().join("base");
    let tree = target.join("tree");
    let git =
        |args: &[&str]| Command::new("git").args(args).arg(&tree).current_dir(root()).stderr(Stdio::null()).status();
    // One that an interrupted run left behind.
    let _ = git(&["worktree", "remove", "--force"]);
    let added = Command::new("git")
        .args(["worktree", "add", "--quiet", "--force", "--detach"])
        .arg(&tree)
        .arg(revision)
        .current_dir(root())
        .status()?;
    if !added.success() {
        return Err(format!("`{revision}` is neither a file nor a revision").into());
    }
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--package", "gatelint"])
        .env("CARGO_TARGET_DIR", &target)
        .current_dir(&tree)
        .status();
    git(&["worktree", "remove", "--force"])?;
    if !built?.success() {
        return Err(format!("the release build of `{revision}` failed").into());
    }
    Ok(target.join("release").join(binary_name()))
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn binary_name() -> String {
    format!("gatelint{}", std::env::consts::EXE_SUFFIX)
}

/// Builds gatelint as users get it, and says where it is.
pub fn release_build() -> Result<PathBuf> {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--package", "gatelint"])
        .current_dir(root())
        .status()?;
    if !built.success() {
        return Err("the release build failed".into());
    }
    Ok(target_folder().join("release").join(binary_name()))
}

fn lint(binary: &Path, folder: &Path, profile: &str) -> Result<Report> {
    let done = Command::new(binary)
        .args(["check", "--no-config", "--no-ignores", "--no-progress", "--format", "json", "--profile", profile])
        .arg(folder)
        .output()
        .map_err(|error| format!("{}: {error}", binary.display()))?;
    match done.status.code() {
        Some(0 | 1 | 4) => Ok(serde_json::from_slice(&done.stdout)?),
        other => {
            Err(format!("{} ended with {other:?}: {}", binary.display(), String::from_utf8_lossy(&done.stderr)).into())
        }
    }
}

/// Findings per rule and severity, then problems per code.
fn counts(report: &Report) -> BTreeMap<&str, BTreeMap<String, usize>> {
    let mut counts: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    for finding in &report.findings {
        let key = format!("{} {}", finding.rule, finding.severity);
        *counts.entry("findings").or_default().entry(key).or_default() += 1;
    }
    for problem in &report.problems {
        *counts.entry("problems").or_default().entry(problem.code.clone()).or_default() += 1;
    }
    counts
}

fn print_table(report: &Report) {
    println!("documents\t{}", report.documents.len());
    for (group, rows) in counts(report) {
        println!("\n{group}\t{}", rows.values().sum::<usize>());
        for (name, count) in rows {
            println!("{count}\t{}", name.replace(' ', "\t"));
        }
    }
}

fn print_difference(base: &Report, new: &Report) {
    let of = |report: &Report| -> BTreeSet<(String, String)> {
        report.findings.iter().map(|finding| (finding.location.file.clone(), finding.fingerprint.clone())).collect()
    };
    let (before, after) = (of(base), of(new));
    if before == after {
        println!("the same {} findings", after.len());
    }
    for (sign, report, other) in [('-', base, &after), ('+', new, &before)] {
        let mut by_rule: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in &report.findings {
            if !other.contains(&(finding.location.file.clone(), finding.fingerprint.clone())) {
                by_rule.entry(&finding.rule).or_default().push(finding);
            }
        }
        for (rule, findings) in by_rule {
            println!("\n{sign}{}\t{rule}", findings.len());
            for finding in findings.iter().take(SHOWN) {
                let Location { file, start } = &finding.location;
                println!("{sign} {file}:{}:{} {}", start.line, start.column, finding.message);
            }
        }
    }
}

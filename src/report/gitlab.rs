//! GitLab Code Quality (a subset of the Code Climate format). GitLab tells
//! issues apart by fingerprint alone, so no two are the same.

use std::collections::HashMap;
use std::io;

use serde::Serialize;
use serde_json::ser::PrettyFormatter;
use sha2::{Digest, Sha256};

use super::place::Located;
use super::{ProblemReport, Report, inert, json};
use crate::finding::{Finding, Severity};

/// Writes the report as a Code Quality artifact.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut seen = HashMap::new();
    let findings = report.open().map(|finding| (Issue::of_finding(report, finding), finding.fingerprint.clone()));
    let problems = report.problems.iter().map(|problem| Issue::of_problem(report, problem));
    let issues: Vec<Issue<'_>> = findings
        .chain(problems)
        .map(|(issue, identity)| Issue { fingerprint: unique(identity, &mut seen), ..issue })
        .collect();
    json::write_inert(&issues, PrettyFormatter::new(), out)
}

/// A hash of `identity` and of how often it has occurred before. The order of
/// findings is stable, and so is this.
fn unique(identity: String, seen: &mut HashMap<String, u32>) -> String {
    let mut hash = Sha256::new();
    hash.update((identity.len() as u64).to_be_bytes());
    hash.update(&identity);
    let times = seen.entry(identity).or_default();
    hash.update(times.to_be_bytes());
    *times += 1;
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Serialize)]
struct Issue<'r> {
    description: String,
    check_name: &'r str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'r>,
}

#[derive(Serialize)]
struct Location<'r> {
    path: &'r str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

impl<'r> Issue<'r> {
    fn of_finding(report: &'r Report, finding: &Finding) -> Self {
        let severity = match finding.severity {
            Severity::Critical => "blocker",
            Severity::High => "critical",
            Severity::Medium => "major",
            Severity::Low => "minor",
            Severity::Info => "info",
        };
        let place = Located::of(&report.sources, finding.place);
        Self::new(&report.rule(finding).id, severity, &inert::message(&finding.message), &place)
    }

    fn of_problem(report: &'r Report, reported: &ProblemReport) -> (Self, String) {
        let problem = &reported.problem;
        let place = Located::of_span(&report.sources, problem.span);
        let severity = if reported.is_incomplete() { "critical" } else { "info" };
        let identity = format!("{}\n{}\n{}", problem.code, place.file.path, problem.message);
        (Self::new(problem.code.as_str(), severity, &inert::visible(&problem.message), &place), identity)
    }

    fn new(check_name: &'r str, severity: &'static str, message: &str, place: &Located<'r>) -> Self {
        // GitLab does not show the check's name.
        let description = format!("{}: {message}", inert::visible(check_name));
        let location = Location { path: &place.file.path, lines: Lines { begin: place.start.line } };
        Self { description, check_name, fingerprint: String::new(), severity, location }
    }
}

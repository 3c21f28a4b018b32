//! Counts and verdicts in words, shared by the formats people read.

use super::{Report, Summary, Verdict};
use crate::finding::Severity;

/// `1 finding`, `2 findings`.
pub fn count(n: u32, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// `2 high, 1 low`; empty when nothing is open.
pub fn by_severity(summary: &Summary) -> String {
    let counts = Severity::WORST_FIRST.iter().zip(summary.open).filter(|&(_, n)| n > 0);
    counts.map(|(severity, n)| format!("{n} {severity}")).collect::<Vec<_>>().join(", ")
}

/// ` (1 suppressed, 2 in the baseline)`; empty when nothing is silenced.
pub fn silenced(summary: &Summary) -> String {
    let parts = [(summary.suppressed, "suppressed"), (summary.baselined, "in the baseline")];
    let parts: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// `3 documents`, or `3 documents in 5 files` where references reach further.
pub fn judged(report: &Report) -> String {
    let documents = report.documents.len() as u32;
    let text = count(documents, "document");
    if report.judged == documents { text } else { format!("{text} in {}", count(report.judged, "file")) }
}

/// The verdict with the reason that decides the exit code.
pub fn verdict(report: &Report) -> String {
    let summary = report.summary();
    let failing = summary.at_or_above(report.fail_on);
    let threshold = format!("at or above {}", report.fail_on);
    match report.verdict {
        Verdict::Fail => format!("fails: {} {threshold}", count(failing, "finding")),
        Verdict::Incomplete => {
            let problems = report.problems.iter().filter(|problem| problem.is_incomplete()).count() as u32;
            let also = if failing > 0 { format!("; {} {threshold}", count(failing, "finding")) } else { String::new() };
            format!("incomplete: {} kept something from being judged{also}", count(problems, "problem"))
        }
        Verdict::Empty => "nothing to lint: no document of a known kind was found".to_owned(),
        Verdict::Pass if summary.total() == 0 => {
            format!("passes: judged {}, no findings{}", judged(report), silenced(&summary))
        }
        Verdict::Pass => format!("passes: {}, none {threshold}", count(summary.total(), "finding")),
    }
}

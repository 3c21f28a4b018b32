//! GitHub workflow commands, shown as annotations. GitHub keeps ten errors, ten
//! warnings and ten notices of a step and drops the rest silently, so the worst
//! go first and a last notice says how many there are.

use std::io;

use super::place::Located;
use super::{ProblemReport, Report, inert, words};
use crate::finding::{Finding, Severity};

const PER_LEVEL: usize = 10;
/// Problems decide the verdict, so findings never push all of them out.
const PROBLEMS_AT_LEAST: usize = 3;

/// Writes the report as workflow commands.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut findings: Vec<&Finding> = report.open().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut left_out = 0;
    for (level, room) in [("error", PER_LEVEL), ("warning", PER_LEVEL), ("notice", PER_LEVEL - 1)] {
        let problems = report.problems.iter().filter(|problem| problem_level(problem) == level);
        let problems: Vec<String> = problems.map(|reported| problem(report, reported)).collect();
        let findings: Vec<&Finding> = findings.iter().copied().filter(|f| finding_level(f.severity) == level).collect();
        let shown = problems.len().min(room.saturating_sub(findings.len()).max(PROBLEMS_AT_LEAST));
        let rest = room - shown;
        for problem in &problems[..shown] {
            out.write_all(problem.as_bytes())?;
        }
        for finding in findings.iter().take(rest) {
            out.write_all(annotation(report, finding).as_bytes())?;
        }
        left_out += problems.len() - shown + findings.len().saturating_sub(rest);
    }
    if left_out > 0 {
        let more = words::count(left_out as u32, "more annotation");
        let message = data(&format!("{more} left out, as GitHub shows ten of each level; {}", words::verdict(report)));
        writeln!(out, "::notice title=more::{message}")?;
    }
    Ok(())
}

fn annotation(report: &Report, finding: &Finding) -> String {
    let rule = report.rule(finding);
    let mut message = inert::message(&finding.message);
    let help = inert::help(rule, finding.kind);
    for line in [help.as_str(), rule.url.as_str()].into_iter().filter(|line| !line.is_empty()) {
        message.push('\n');
        message.push_str(&inert::visible(line));
    }
    let title = format!("{} ({})", inert::visible(&rule.id), finding.severity);
    command(finding_level(finding.severity), &Located::of(&report.sources, finding.place), &title, &message)
}

fn problem(report: &Report, reported: &ProblemReport) -> String {
    let ProblemReport { problem, ignored } = reported;
    let mut message = inert::visible(&problem.message).into_owned();
    if let Some(reason) = ignored {
        message += &format!("\nignored by the settings: {}", inert::visible(reason));
    }
    let place = Located::of_span(&report.sources, problem.span);
    command(problem_level(reported), &place, problem.code.as_str(), &message)
}

fn command(level: &str, place: &Located<'_>, title: &str, message: &str) -> String {
    let file = property(&inert::visible(&place.file.path));
    let (line, column) = (place.start.line, place.start.column);
    // An end on another line shows badly, and GitHub ignores columns then.
    let end = if place.end.line == line { format!(",endColumn={}", place.end.column) } else { String::new() };
    format!("::{level} file={file},line={line},col={column}{end},title={}::{}\n", property(title), data(message))
}

fn finding_level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "notice",
    }
}

fn problem_level(problem: &ProblemReport) -> &'static str {
    if problem.is_incomplete() { "error" } else { "notice" }
}

/// Escapes the message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

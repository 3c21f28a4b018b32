//! Markdown for a job summary: verdict, counts, a table of findings, problems
//! and what could not be judged. GitHub drops a summary over 1 MiB as a whole,
//! so the table ends before, the worst findings first. Every cell is escaped.

use std::io;

use super::place::Located;
use super::{ProblemReport, RenderOptions, Report, inert, words};
use crate::finding::{Confidence, Finding, Severity};

/// Bytes of tables; the rest of the summary has no more than a few hundred.
const MAX_BYTES: usize = 900_000;

/// Writes the report as Markdown.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, options: &RenderOptions, out: &mut dyn io::Write) -> io::Result<()> {
    let summary = report.summary();
    let mut room = MAX_BYTES;
    writeln!(out, "## gatelint\n\n**{}**\n", cell(&words::verdict(report)))?;
    if summary.total() > 0 {
        writeln!(
            out,
            "{}: {}{}\n",
            words::count(summary.total(), "finding"),
            words::by_severity(&summary),
            words::silenced(&summary)
        )?;
        let mut findings: Vec<&Finding> = report.open().collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let rows = findings.iter().map(|finding| self::finding(report, options, finding));
        table(out, ["Severity", "Rule", "Place", "Finding"], rows, findings.len(), &mut room)?;
    }
    if !report.problems.is_empty() {
        writeln!(out, "### Problems\n")?;
        let rows = report.problems.iter().map(|problem| self::problem(report, options, problem));
        table(out, ["Problem", "State", "Place", "Message"], rows, report.problems.len(), &mut room)?;
    }
    if !report.unknowns.is_empty() {
        writeln!(out, "### Not judged\n")?;
        let rows = report.unknowns.iter().map(|unknown| {
            let place = Located::of(&report.sources, unknown.place);
            [cell(&words::count(unknown.count, "fact")), String::new(), link(options, &place), cell(&unknown.why)]
        });
        table(out, ["Count", "", "First at", "Reason"], rows, report.unknowns.len(), &mut room)?;
    }
    Ok(())
}

fn table(
    out: &mut dyn io::Write,
    head: [&str; 4],
    rows: impl Iterator<Item = [String; 4]>,
    count: usize,
    room: &mut usize,
) -> io::Result<()> {
    writeln!(out, "| {} |\n|---|---|---|---|", head.join(" | "))?;
    for (written, row) in rows.enumerate() {
        let row = format!("| {} |\n", row.join(" | "));
        if row.len() > *room {
            return writeln!(out, "\n{} more, see the other reports of this run\n", count - written);
        }
        *room -= row.len();
        out.write_all(row.as_bytes())?;
    }
    writeln!(out)
}

fn finding(report: &Report, options: &RenderOptions, finding: &Finding) -> [String; 4] {
    let rule = report.rule(finding);
    let icon = match finding.severity {
        Severity::Critical | Severity::High => "🔴",
        Severity::Medium => "🟠",
        Severity::Low | Severity::Info => "🔵",
    };
    let id = match rule.url.starts_with("https://") {
        true => format!("[{}]({})", cell(&rule.id), target(&rule.url)),
        false => cell(&rule.id),
    };
    let sure = match finding.confidence {
        Confidence::High => String::new(),
        confidence => format!(" ({confidence} confidence)"),
    };
    let place = Located::of(&report.sources, finding.place);
    let message = with_code(&inert::message(&finding.message));
    let help = with_code(&inert::help(rule, finding.kind));
    let message = if help.is_empty() { message } else { format!("{message}<br>{help}") };
    [format!("{icon} {}{sure}", finding.severity), id, link(options, &place), message]
}

fn problem(report: &Report, options: &RenderOptions, reported: &ProblemReport) -> [String; 4] {
    let ProblemReport { problem, ignored } = reported;
    let state = match ignored {
        Some(reason) => format!("ignored: {}", cell(reason)),
        None if reported.is_incomplete() => "not judged".to_owned(),
        None => "noted".to_owned(),
    };
    let place = Located::of_span(&report.sources, problem.span);
    [cell(problem.code.as_str()), state, link(options, &place), with_code(&inert::visible(&problem.message))]
}

/// `path:line:column`, linked to the file where its revision can be seen.
fn link(options: &RenderOptions, place: &Located<'_>) -> String {
    let text = cell(&format!("{}:{}:{}", place.file.path, place.start.line, place.start.column));
    match &options.source_url {
        Some(base) => format!("[{text}]({}/{}#L{})", target(base), target(&place.file.path), place.start.line),
        None => text,
    }
}

/// The target of a link, with nothing that could end it.
fn target(url: &str) -> String {
    const KEPT: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~')
        .remove(b'/')
        .remove(b':');
    percent_encoding::utf8_percent_encode(url, KEPT).to_string()
}

/// Prose with back-ticks: what stands between two becomes code.
fn with_code(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return cell(text);
    }
    let part = |(index, part): (usize, &&str)| {
        if index % 2 == 1 { format!("<code>{}</code>", cell(part)) } else { cell(part) }
    };
    parts.iter().enumerate().map(part).collect()
}

/// Text that Markdown, HTML and GitHub's extensions (tables, math, emoji,
/// mentions, issue numbers, links) leave alone: their characters become entities.
pub(super) fn cell(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in inert::visible(text).chars() {
        match c {
            '&' | '<' | '>' | '|' | '[' | ']' | '(' | ')' | '{' | '}' | '*' | '_' | '~' | '`' | '"' | '\'' | '\\'
            | '#' | '@' | ':' | '!' | '$' | '^' | '=' => escaped.push_str(&format!("&#{};", c as u32)),
            c => escaped.push(c),
        }
    }
    escaped
}

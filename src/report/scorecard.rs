//! The scorecard: per category of the OWASP API Security Top 10 2023 what was
//! judged, what was found, and what no reading of documents can tell. Markdown
//! that reads as text too. There is no total score: the counts do not add up to one.

use std::io;

use super::markdown::cell;
use super::{Coverage, Report, Summary, words};
use crate::finding::{RuleInfo, Severity};

/// A category: id, name, and what stays open however the rules of it come out.
const CATEGORIES: [(&str, &str, &str); 10] = [
    (
        "API1:2023",
        "Broken Object Level Authorization",
        "whether the server checks that the caller may see or change the very object that a request names",
    ),
    (
        "API2:2023",
        "Broken Authentication",
        "whether tokens and passwords are verified, stored, rotated and revoked as they should be, and whether the server enforces what the document requires",
    ),
    (
        "API3:2023",
        "Broken Object Property Level Authorization",
        "whether the server drops properties that the document does not name, and who gets to see or set those it does name",
    ),
    (
        "API4:2023",
        "Unrestricted Resource Consumption",
        "whether documented limits are enforced, and what a request costs in time, memory or money",
    ),
    (
        "API5:2023",
        "Broken Function Level Authorization",
        "which roles and scopes a token really holds, and whether the server compares them with the operation",
    ),
    (
        "API6:2023",
        "Unrestricted Access to Sensitive Business Flows",
        "which flows hurt when a script runs them, and whether anything tells a person from a script",
    ),
    (
        "API7:2023",
        "Server Side Request Forgery",
        "which addresses the server connects to when it is given a URL, and what it follows from there",
    ),
    (
        "API8:2023",
        "Security Misconfiguration",
        "how servers, frameworks and proxies are set up, patched and hardened behind the contract",
    ),
    (
        "API9:2023",
        "Improper Inventory Management",
        "which hosts, versions and routes run without standing in any document that was judged",
    ),
    (
        "API10:2023",
        "Unsafe Consumption of APIs",
        "what the server does with the answers of other APIs, and how it checks them",
    ),
];

/// Writes the scorecard as a document of its own.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    write!(out, "# OWASP API Security Top 10 2023\n\n{}\n\n", words::verdict(report))?;
    for document in &report.documents {
        let path = &report.sources.file(document.file).path;
        writeln!(out, "- {} ({} {})", cell(path), cell(&document.kind), cell(&document.version))?;
    }
    writeln!(out)?;
    section(report, out)
}

/// Writes the tables and lists, without a heading of their own.
///
/// # Errors
/// Those of `out`.
pub fn section(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut rows = vec![HEAD.map(str::to_owned)];
    for (id, name, _) in CATEGORIES {
        rows.push(row(report, format!("{id} {name}"), &|rule| rule.owasp.iter().any(|category| category == id)));
    }
    let elsewhere = |rule: &RuleInfo| !CATEGORIES.iter().any(|(id, ..)| rule.owasp.iter().any(|of| of == id));
    if report.rules.iter().any(elsewhere) {
        rows.push(row(report, "no category".to_owned(), &elsewhere));
    }
    table(&rows, out)?;
    out.write_all(b"\nA rule or finding of several categories counts in each. *Nothing to judge*: the rule is on, but no document has what it looks at.\n*Silenced*: suppressed, or known from the baseline.\n")?;
    let incomplete = report.problems.iter().filter(|problem| problem.is_incomplete()).count() as u32;
    let unknown = report.summary().unknown;
    if incomplete + unknown > 0 {
        let (problems, facts) = (words::count(incomplete, "problem"), words::count(unknown, "fact"));
        writeln!(
            out,
            "\nKept from being judged: {problems}, {facts} that could not be known (the other formats say which)."
        )?;
    }
    out.write_all(b"\nWhat a static reading cannot judge:\n\n")?;
    for (id, name, open) in CATEGORIES {
        writeln!(out, "- {id} {name}: {open}")?;
    }
    Ok(())
}

const HEAD: [&str; 10] =
    ["category", "rules judged", "nothing to judge", "off", "critical", "high", "medium", "low", "info", "silenced"];

fn row(report: &Report, category: String, is_in: &dyn Fn(&RuleInfo) -> bool) -> [String; 10] {
    let (mut judged, mut idle, mut off) = (0, 0, 0);
    for (rule, coverage) in report.rules.iter().zip(&report.coverage).filter(|(rule, _)| is_in(rule)) {
        match (coverage, rule) {
            (Coverage::Off, _) => off += 1,
            (Coverage::Judged(0), _) => idle += 1,
            (Coverage::Judged(_), _) => judged += 1,
        }
    }
    let mut summary = Summary::default();
    for finding in report.findings.iter().filter(|finding| is_in(report.rule(finding))) {
        summary.add(finding);
    }
    let found = Severity::WORST_FIRST.map(|severity| summary.of(severity));
    let [critical, high, medium, low, info] = found.map(|count| count.to_string());
    let silenced = summary.suppressed + summary.baselined;
    let [judged, idle, off, silenced] = [judged, idle, off, silenced].map(|count: u32| count.to_string());
    [category, judged, idle, off, critical, high, medium, low, info, silenced]
}

/// A Markdown table whose columns are in line: the first to the left, numbers to the right.
fn table(rows: &[[String; 10]], out: &mut dyn io::Write) -> io::Result<()> {
    let widths: [usize; 10] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or_default());
    for (number, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:width$}"),
            _ => format!("{cell:>width$}"),
        });
        writeln!(out, "| {} |", cells.collect::<Vec<_>>().join(" | "))?;
        if number == 0 {
            let rules = widths.iter().enumerate().map(|(column, width)| match column {
                0 => "-".repeat(width + 2),
                _ => format!("{}:", "-".repeat(width + 1)),
            });
            writeln!(out, "|{}|", rules.collect::<Vec<_>>().join("|"))?;
        }
    }
    Ok(())
}

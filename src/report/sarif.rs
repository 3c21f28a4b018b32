//! SARIF 2.1.0, as GitHub code scanning reads it: all rules (so that it sees a
//! rule fall silent), one-line regions (an alert shows in a pull request only
//! if all its lines are in the diff), GitHub's own line hash. Suppressed and
//! baselined findings are left out: GitHub ignores SARIF suppressions.

use std::collections::{BTreeMap, HashMap};
use std::io;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::ser::CompactFormatter;

use super::linehash::line_hashes;
use super::place::Located;
use super::{ProblemReport, Report, Verdict, inert, json};
use crate::finding::{Confidence, Finding, RuleInfo, Severity};
use crate::source::Position;
use crate::span::FileId;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// GitHub refuses a run with more results.
const MAX_RESULTS: usize = 25_000;
/// GitHub's limit of a description, in characters.
const MAX_DESCRIPTION: usize = 1024;
/// Related places that the message links to; all of them are listed.
const LINKED: usize = 3;
/// The characters of a URI path that need no encoding (RFC 3986 2.3), and `/`.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Writes the report as SARIF 2.1.0.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [Run::new(report)] };
    // No person reads it, and uploads have a limit: on one line.
    json::write_inert(&log, CompactFormatter, out)
}

#[derive(Serialize)]
struct Log<'r> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'r>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'r> {
    tool: Tool<'r>,
    automation_details: Id<'static>,
    column_kind: &'static str,
    original_uri_base_ids: BTreeMap<&'static str, Described>,
    invocations: [Invocation; 1],
    results: Vec<SarifResult<'r>>,
}

#[derive(Serialize)]
struct Tool<'r> {
    driver: Driver<'r>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'r> {
    name: &'static str,
    version: &'r str,
    semantic_version: &'r str,
    rules: Vec<Rule<'r>>,
}

#[derive(Serialize)]
struct Id<'r> {
    id: &'r str,
}

#[derive(Serialize)]
struct Described {
    description: Text,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'r> {
    id: &'r str,
    short_description: Text,
    full_description: Text,
    help: Help,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<&'r str>,
    default_configuration: Level,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Level {
    level: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct RuleProperties {
    tags: Vec<String>,
    precision: &'static str,
    /// A string, as GitHub wants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    security_severity: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    descriptor: Id<'static>,
    level: &'static str,
    message: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    locations: Option<[Location; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'r> {
    rule_id: &'r str,
    rule_index: u16,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: Fingerprints<'r>,
    properties: ResultProperties,
}

#[derive(Serialize)]
struct Fingerprints<'r> {
    #[serde(rename = "primaryLocationLineHash")]
    line_hash: String,
    #[serde(rename = "gatelint/v1")]
    own: &'r str,
}

#[derive(Serialize)]
struct ResultProperties {
    severity: Severity,
    confidence: Confidence,
    pointer: String,
    members: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

impl<'r> Run<'r> {
    fn new(report: &'r Report) -> Self {
        let mut findings: Vec<&Finding> = report.open().collect();
        let mut notifications: Vec<_> =
            report.problems.iter().map(|problem| Notification::new(report, problem)).collect();
        if findings.len() > MAX_RESULTS {
            notifications.push(Notification::left_out(findings.len() - MAX_RESULTS));
            // The sort is stable: within a severity the first places stay.
            findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
            findings.truncate(MAX_RESULTS);
        }
        let mut hashes = HashMap::new();
        let results = findings.into_iter().map(|finding| SarifResult::new(report, finding, &mut hashes)).collect();
        let root = Described { description: Text { text: "the root of the project".to_owned() } };
        Self {
            tool: Tool {
                driver: Driver {
                    name: "gatelint",
                    version: &report.tool_version,
                    semantic_version: &report.tool_version,
                    rules: report.rules.iter().map(Rule::new).collect(),
                },
            },
            // GitHub reads all before the last slash as the category.
            automation_details: Id { id: "gatelint/" },
            column_kind: "unicodeCodePoints",
            original_uri_base_ids: BTreeMap::from([("%SRCROOT%", root)]),
            invocations: [Invocation {
                execution_successful: report.verdict != Verdict::Incomplete,
                tool_execution_notifications: notifications,
            }],
            results,
        }
    }
}

impl<'r> Rule<'r> {
    fn new(rule: &'r RuleInfo) -> Self {
        let title = or_else(inert::visible(rule.title.trim()).into_owned(), &rule.id);
        let fix = or_else(shown_lines(&rule.fix), &title);
        let more = if rule.url.is_empty() { String::new() } else { format!("\n\nMore: {}", rule.url) };
        let owasp = rule.owasp.iter().map(|id| format!("owasp/{id}"));
        let cwe = rule.cwe.iter().map(|number| format!("external/cwe/cwe-{number:03}"));
        Self {
            id: &rule.id,
            short_description: Text { text: cut(&title) },
            full_description: Text { text: cut(&format!("{title}. {}", inert::help(rule, ""))) },
            help: Help { text: format!("{fix}{more}"), markdown: format!("{fix}{more}") },
            help_uri: Some(rule.url.as_str()).filter(|url| url.starts_with("https://")),
            default_configuration: Level { level: level(rule.severity) },
            properties: RuleProperties {
                tags: std::iter::once("security".to_owned()).chain(cwe).chain(owasp).take(20).collect(),
                precision: rule.confidence.as_str(),
                security_severity: security_severity(rule.severity),
            },
        }
    }
}

impl<'r> SarifResult<'r> {
    fn new(report: &'r Report, finding: &'r Finding, hashes: &mut HashMap<FileId, Vec<String>>) -> Self {
        let place = Located::of(&report.sources, finding.place);
        let hashes = hashes.entry(place.file.id).or_insert_with(|| line_hashes(&place.file.text));
        let line_hash = hashes.get(place.start.line as usize - 1).cloned().unwrap_or_default();
        let related = finding.related.iter().enumerate().map(|(index, related)| {
            let place = Located::of(&report.sources, related.place);
            Location::new(&place, Some(index + 1), Some(unlinked(&inert::message(&related.message))))
        });
        let related: Vec<Location> = related.collect();
        let links = related.iter().take(LINKED).filter_map(|related| {
            Some(format!("[{}]({})", escaped_link_text(&related.message.as_ref()?.text), related.id?))
        });
        let links = links.collect::<Vec<_>>().join(", ");
        let message = unlinked(&inert::message(&finding.message));
        Self {
            rule_id: &report.rule(finding).id,
            rule_index: finding.rule.0,
            level: level(finding.severity),
            message: Text { text: if links.is_empty() { message } else { format!("{message}; see {links}") } },
            locations: [Location::new(&place, None, None)],
            related_locations: related,
            partial_fingerprints: Fingerprints { line_hash, own: &finding.fingerprint },
            properties: ResultProperties {
                severity: finding.severity,
                confidence: finding.confidence,
                pointer: report.sources.pointer(finding.place),
                members: finding.members,
            },
        }
    }
}

impl Location {
    fn new(place: &Located<'_>, id: Option<usize>, message: Option<String>) -> Self {
        let Position { line, column } = place.start;
        let end = place.end_of_first_line();
        Self {
            id,
            physical_location: PhysicalLocation {
                artifact_location: Artifact {
                    uri: utf8_percent_encode(&place.file.path, PATH).to_string(),
                    uri_base_id: "%SRCROOT%",
                },
                region: Region {
                    start_line: line,
                    start_column: column,
                    end_line: line,
                    end_column: end.column.max(column),
                },
            },
            message: message.map(|text| Text { text }),
        }
    }
}

impl Notification {
    fn new(report: &Report, reported: &ProblemReport) -> Self {
        let ProblemReport { problem, ignored } = reported;
        let message = unlinked(&inert::visible(&problem.message));
        let message = match ignored {
            Some(reason) => format!("{message} (ignored by the settings: {})", unlinked(&inert::visible(reason))),
            None => message,
        };
        Self {
            descriptor: Id { id: problem.code.as_str() },
            level: if reported.is_incomplete() { "error" } else { "note" },
            message: Text { text: message },
            locations: Some([Location::new(&Located::of_span(&report.sources, problem.span), None, None)]),
        }
    }

    fn left_out(count: usize) -> Self {
        let text = format!("{count} less severe findings are left out: a run may have {MAX_RESULTS} results");
        Self { descriptor: Id { id: "too-many-results" }, level: "warning", message: Text { text }, locations: None }
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// GitHub's bands: critical over 9.0, high from 7.0, medium from 4.0, low below.
fn security_severity(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Critical => Some("9.5"),
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.5"),
        Severity::Low => Some("3.0"),
        Severity::Info => None,
    }
}

/// An empty description counts as none.
fn or_else(text: String, other: &str) -> String {
    if text.is_empty() { other.to_owned() } else { text }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_DESCRIPTION).collect()
}

fn shown_lines(text: &str) -> String {
    text.trim().lines().map(inert::visible).collect::<Vec<_>>().join("\n")
}

/// `text` without embedded links (SARIF 3.11.6): what stands in a file must not become one.
fn unlinked(text: &str) -> String {
    text.replace("](", "]\u{20}(")
}

/// Square brackets in the text of a link are escaped (SARIF 3.11.6).
fn escaped_link_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

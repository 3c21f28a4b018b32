//! The JSON report, a contract: `gatelint.report/1`. Keys keep their order and
//! meaning, nothing is truncated. The same types give its JSON Schema.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter};

use super::place::Located;
use super::{ProblemReport, Report, Verdict, inert};
use crate::finding::{Confidence, Finding, Severity, State};
use crate::source::Position;
use crate::span::Place;

/// The JSON Schema of the report, as `gatelint schema report` prints it.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(JsonReport<'static>)
}

/// Writes the report as JSON, indented, with a final line feed.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    write_inert(&JsonReport::new(report), PrettyFormatter::new(), out)
}

/// Writes `value` as JSON in which no string holds a `<`, a `##` or a character
/// that steers or hides as it is: JSON can escape each, so the value stays exact
/// and the text is harmless in a log or a web page.
///
/// # Errors
/// Those of `out`.
pub(super) fn write_inert(value: &impl Serialize, layout: impl Formatter, out: &mut dyn io::Write) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Inert(layout)))?;
    out.write_all(b"\n")
}

/// Escapes more in strings, and leaves the layout to another formatter.
struct Inert<F>(F);

impl<F: Formatter> Formatter for Inert<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if inert::is_plain(fragment) && !fragment.contains('<') && !fragment.contains("##") {
            return writer.write_all(fragment.as_bytes());
        }
        let mut written = 0;
        for (at, c) in fragment.char_indices() {
            let second_hash = c == '#' && fragment[..at].ends_with('#');
            if c == '<' || second_hash || inert::is_hidden(c) {
                writer.write_all(&fragment.as_bytes()[written..at])?;
                written = at + c.len_utf8();
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

/// A report of `gatelint check`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "gatelint report")]
struct JsonReport<'r> {
    /// Name and version of this contract: `gatelint.report/1`.
    schema: &'static str,
    /// What made the report.
    tool: JsonTool<'r>,
    /// How the run ended.
    verdict: Verdict,
    /// The root documents that were judged.
    documents: Vec<JsonDocument<'r>>,
    /// All findings, silenced ones included.
    findings: Vec<JsonFinding<'r>>,
    /// Inputs, or parts of them, that could not be judged.
    problems: Vec<JsonProblem<'r>>,
    /// Facts that could not be known, by reason.
    unknowns: Vec<JsonUnknown<'r>>,
    /// Counts.
    summary: JsonSummary,
}

#[derive(Debug, Serialize, JsonSchema)]
struct JsonTool<'r> {
    /// `gatelint`.
    name: &'static str,
    /// Its version.
    version: &'r str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct JsonDocument<'r> {
    /// Path relative to the project root, `/`-separated.
    file: &'r str,
    /// `openapi`, or the id of a gateway format.
    kind: &'r str,
    /// The version the document states.
    version: &'r str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct JsonFinding<'r> {
    /// Id of the rule.
    rule: &'r str,
    /// What it costs.
    severity: Severity,
    /// How sure it is.
    confidence: Confidence,
    /// What is so.
    message: String,
    /// What to do.
    help: String,
    /// The rule's page.
    url: &'r str,
    /// Where the fix is made.
    location: JsonLocation<'r>,
    /// Other places that belong to it, at most ten.
    related: Vec<JsonRelated<'r>>,
    /// How many more related places there are.
    #[serde(rename = "more-related")]
    more_related: u32,
    /// How many nodes of the document this finding is about.
    members: u32,
    /// OWASP API Security categories.
    owasp: &'r [String],
    /// CWE numbers.
    cwe: &'r [u32],
    /// Stable over unrelated edits.
    fingerprint: &'r str,
    /// Null if the finding counts, else what silences it.
    suppressed: Option<JsonSuppressed<'r>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum JsonSuppressed<'r> {
    By {
        /// `comment`, `extension` or `settings`.
        by: &'r str,
        /// The reason that was given.
        reason: Option<&'r str>,
    },
    Baseline(JsonBaseline),
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum JsonBaseline {
    /// Known from the baseline.
    Baseline,
}

#[derive(Debug, Serialize, JsonSchema)]
struct JsonRelated<'r> {
    /// Why this place matters.
    message: String,
    /// Where.
    location: JsonLocation<'r>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct JsonLocation<'r> {
    /// Path relative to the project root, `/`-separated.
    file: &'r str,
    /// JSON pointer (RFC 6901) of the node.
    pointer: String,
    /// The first character.
    start: JsonPosition,
    /// One past the last character.
    end: JsonPosition,
}

#[derive(Debug, Serialize, JsonSchema)]
struct JsonPosition {
    /// Bytes from the start of the file's text, a byte order mark not counted.
    offset: u32,
    /// From 1.
    line: u32,
    /// From 1, in characters (Unicode scalar values).
    column: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
struct JsonProblem<'r> {
    /// Id of the problem.
    code: &'static str,
    /// What is so.
    message: String,
    /// Where.
    location: JsonLocation<'r>,
    /// The reason for which the settings ignore it, else null.
    ignored: Option<&'r str>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct JsonUnknown<'r> {
    /// The reason.
    why: &'r str,
    /// How many facts it hid.
    count: u32,
    /// The first of the places.
    location: JsonLocation<'r>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
struct JsonSummary {
    /// Open findings of this severity.
    critical: u32,
    /// Open findings of this severity.
    high: u32,
    /// Open findings of this severity.
    medium: u32,
    /// Open findings of this severity.
    low: u32,
    /// Open findings of this severity.
    info: u32,
    /// Findings silenced by comments, extensions and settings.
    suppressed: u32,
    /// Findings known from the baseline.
    baselined: u32,
    /// Facts that could not be known.
    unknown: u32,
    /// Files of the walk that no kind claims.
    ignored_files: u32,
}

impl<'r> JsonReport<'r> {
    fn new(report: &'r Report) -> Self {
        let summary = report.summary();
        let [critical, high, medium, low, info] = summary.open;
        Self {
            schema: "gatelint.report/1",
            tool: JsonTool { name: "gatelint", version: &report.tool_version },
            verdict: report.verdict,
            documents: report
                .documents
                .iter()
                .map(|document| JsonDocument {
                    file: &report.sources.file(document.file).path,
                    kind: &document.kind,
                    version: &document.version,
                })
                .collect(),
            findings: report.findings.iter().map(|finding| JsonFinding::new(report, finding)).collect(),
            problems: report.problems.iter().map(|problem| JsonProblem::new(report, problem)).collect(),
            unknowns: report
                .unknowns
                .iter()
                .map(|unknown| JsonUnknown {
                    why: &unknown.why,
                    count: unknown.count,
                    location: JsonLocation::of(report, unknown.place),
                })
                .collect(),
            summary: JsonSummary {
                critical,
                high,
                medium,
                low,
                info,
                suppressed: summary.suppressed,
                baselined: summary.baselined,
                unknown: summary.unknown,
                ignored_files: report.ignored_files,
            },
        }
    }
}

impl<'r> JsonFinding<'r> {
    fn new(report: &'r Report, finding: &'r Finding) -> Self {
        let rule = report.rule(finding);
        Self {
            rule: &rule.id,
            severity: finding.severity,
            confidence: finding.confidence,
            message: inert::message(&finding.message),
            help: inert::help(rule, finding.kind),
            url: &rule.url,
            location: JsonLocation::of(report, finding.place),
            related: finding
                .related
                .iter()
                .map(|related| JsonRelated {
                    message: inert::message(&related.message),
                    location: JsonLocation::of(report, related.place),
                })
                .collect(),
            more_related: finding.more_related,
            members: finding.members,
            owasp: &rule.owasp,
            cwe: &rule.cwe,
            fingerprint: &finding.fingerprint,
            suppressed: match &finding.state {
                State::Open => None,
                State::Suppressed { by, reason } => Some(JsonSuppressed::By { by, reason: reason.as_deref() }),
                State::Baselined => Some(JsonSuppressed::Baseline(JsonBaseline::Baseline)),
            },
        }
    }
}

impl<'r> JsonProblem<'r> {
    fn new(report: &'r Report, ProblemReport { problem, ignored }: &'r ProblemReport) -> Self {
        let located = Located::of_span(&report.sources, problem.span);
        Self {
            code: problem.code.as_str(),
            message: inert::visible(&problem.message).into_owned(),
            location: JsonLocation::new(&located, located.pointer()),
            ignored: ignored.as_deref(),
        }
    }
}

impl<'r> JsonLocation<'r> {
    fn of(report: &'r Report, place: Place) -> Self {
        Self::new(&Located::of(&report.sources, place), report.sources.pointer(place))
    }

    fn new(located: &Located<'r>, pointer: String) -> Self {
        let point = |offset, Position { line, column }| JsonPosition { offset, line, column };
        Self {
            file: &located.file.path,
            pointer,
            start: point(located.span.start, located.start),
            end: point(located.span.end, located.end),
        }
    }
}

//! The report: everything a run has to say, as data ([`Report`]), and one file
//! per output format. Knows no rule logic, opens no file and decides nothing
//! but the verdict. All text that stands in files goes out inert, see [`inert`].

#[cfg(feature = "cli")]
mod frame;
mod github;
mod gitlab;
pub mod inert;
mod inventory;
pub mod json;
mod junit;
mod linehash;
mod markdown;
mod place;
mod sarif;
mod scorecard;
#[cfg(feature = "cli")]
mod text;
mod words;

use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;

pub use inventory::Inventory;

use crate::error::Problem;
use crate::finding::{Finding, RuleInfo, Severity, State};
use crate::source::SourceMap;
use crate::span::{FileId, Place};

/// Everything a run has to say.
#[derive(Clone, Debug)]
pub struct Report {
    /// The version of gatelint that judged.
    pub tool_version: String,
    /// The files that findings, problems and unknowns point into.
    pub sources: Arc<SourceMap>,
    /// All rules of the run, also those that found nothing. [`Finding::rule`] is an index into them.
    pub rules: Vec<RuleInfo>,
    /// What became of each rule, in the order of `rules`.
    pub coverage: Vec<Coverage>,
    /// The root documents that were judged, ordered by path.
    pub documents: Vec<Document>,
    /// All findings in the order they are shown, silenced ones included (their state says so).
    pub findings: Vec<Finding>,
    /// Inputs, or parts of them, that could not be read or resolved, ordered by path and position.
    pub problems: Vec<ProblemReport>,
    /// Facts that could not be known, aggregated by reason.
    pub unknowns: Vec<Unknown>,
    /// How many files were judged: the documents, and the files their references reach.
    pub judged: u32,
    /// How many files of the walk no kind claims.
    pub ignored_files: u32,
    /// Open findings at or above this severity fail the run.
    pub fail_on: Severity,
    /// How the run ended. [`Verdict::of`] computes it.
    pub verdict: Verdict,
}

/// A root document that was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The file it stands in.
    pub file: FileId,
    /// `openapi`, or the id of a gateway format.
    pub kind: String,
    /// The version the document states (`3.0.3`).
    pub version: String,
}

/// What became of a rule in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// The settings or the profile leave it out.
    Off,
    /// It judged that many nodes, over all documents.
    Judged(u32),
}

/// A problem, and whether the settings ignore it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemReport {
    /// The problem.
    pub problem: Problem,
    /// The reason for which the settings ignore it. An ignored problem is shown but leaves no run incomplete.
    pub ignored: Option<String>,
}

impl ProblemReport {
    /// Whether this problem leaves the run incomplete.
    pub fn is_incomplete(&self) -> bool {
        self.ignored.is_none() && self.problem.code.is_incomplete()
    }
}

/// Facts that could not be known for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The reason, a few words in lower case.
    pub why: String,
    /// How many facts it hid.
    pub count: u32,
    /// The first of the places.
    pub place: Place,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything was judged, and no open finding is at or above the threshold.
    Pass,
    /// An open finding is at or above the threshold.
    Fail,
    /// Some input could not be read, parsed or resolved. Wins over `fail`.
    Incomplete,
    /// There was nothing to judge.
    Empty,
}

impl Verdict {
    /// The verdict on what a run found.
    pub fn of(documents: &[Document], findings: &[Finding], problems: &[ProblemReport], fail_on: Severity) -> Verdict {
        let fails = |finding: &Finding| finding.state == State::Open && finding.severity >= fail_on;
        if problems.iter().any(ProblemReport::is_incomplete) {
            Verdict::Incomplete
        } else if findings.iter().any(fails) {
            Verdict::Fail
        } else if documents.is_empty() {
            Verdict::Empty
        } else {
            Verdict::Pass
        }
    }

    /// The lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Incomplete => "incomplete",
            Self::Empty => "empty",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many findings a report has, by severity and by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Open findings by severity, in the order of [`Severity::WORST_FIRST`].
    pub open: [u32; 5],
    /// Findings silenced by comments, extensions and settings.
    pub suppressed: u32,
    /// Findings known from the baseline.
    pub baselined: u32,
    /// Facts that could not be known.
    pub unknown: u32,
}

impl Summary {
    /// Open findings, of all severities.
    pub fn total(&self) -> u32 {
        self.open.iter().sum()
    }

    /// Open findings of one severity.
    pub fn of(&self, severity: Severity) -> u32 {
        Severity::WORST_FIRST.iter().zip(self.open).filter(|&(&s, _)| s == severity).map(|(_, count)| count).sum()
    }

    /// Open findings at or above a severity.
    pub fn at_or_above(&self, severity: Severity) -> u32 {
        Severity::WORST_FIRST.iter().zip(self.open).filter(|&(&s, _)| s >= severity).map(|(_, count)| count).sum()
    }

    /// Counts one finding.
    pub fn add(&mut self, finding: &Finding) {
        match finding.state {
            State::Open => self.open[Severity::Critical as usize - finding.severity as usize] += 1,
            State::Suppressed { .. } => self.suppressed += 1,
            State::Baselined => self.baselined += 1,
        }
    }
}

impl Report {
    /// The rule that made a finding.
    pub fn rule(&self, finding: &Finding) -> &RuleInfo {
        &self.rules[finding.rule.0 as usize]
    }

    /// The findings that count: neither suppressed nor in the baseline.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.state == State::Open)
    }

    /// The counts.
    pub fn summary(&self) -> Summary {
        let unknown = self.unknowns.iter().map(|unknown| unknown.count).sum();
        let mut summary = Summary { unknown, ..Summary::default() };
        for finding in &self.findings {
            summary.add(finding);
        }
        summary
    }
}

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Code frames for people.
    #[cfg(feature = "cli")]
    Text,
    /// gatelint's own contract, `gatelint.report/1`.
    Json,
    /// SARIF 2.1.0, as GitHub code scanning reads it.
    Sarif,
    /// Workflow commands that GitHub shows as annotations.
    Github,
    /// GitLab Code Quality.
    Gitlab,
    /// JUnit XML.
    Junit,
    /// Markdown, made for a job summary.
    Markdown,
    /// Counts per category of the OWASP API Security Top 10, as Markdown.
    Scorecard,
}

impl Format {
    /// All formats of this build.
    pub const ALL: &'static [Format] = &[
        #[cfg(feature = "cli")]
        Self::Text,
        Self::Json,
        Self::Sarif,
        Self::Github,
        Self::Gitlab,
        Self::Junit,
        Self::Markdown,
        Self::Scorecard,
    ];

    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            #[cfg(feature = "cli")]
            Self::Text => "text",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
            Self::Scorecard => "scorecard",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The error of parsing a [`Format`]: the name is none of the formats.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown format `{0}`, expected one of {all}", all = Format::ALL.iter().map(|f| f.as_str()).collect::<Vec<_>>().join(", "))]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.iter().copied().find(|format| format.as_str() == name).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// How a report is shown. Most of it concerns the text format only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderOptions {
    /// Whether ANSI colours may be used.
    pub color: bool,
    /// Whether frames are drawn with characters outside ASCII.
    pub unicode: bool,
    /// Whether rule ids become terminal hyperlinks (OSC 8); otherwise the URL is printed.
    pub links: bool,
    /// Whether every finding gets its frame, however many a rule has.
    pub full: bool,
    /// Only findings and problems, no counts and no verdict.
    pub quiet: bool,
    /// Also what was judged, and each unknown.
    pub verbose: bool,
    /// Whether the scorecard follows the text.
    pub scorecard: bool,
    /// Whether silenced findings are shown, too.
    pub show_suppressed: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Where the files of this revision are shown, without a final slash
    /// (`https://github.com/o/r/blob/<commit>`): Markdown links places to it.
    pub source_url: Option<String>,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self {
            color: false,
            unicode: true,
            links: false,
            full: false,
            quiet: false,
            verbose: false,
            scorecard: false,
            show_suppressed: false,
            width: 100,
            source_url: None,
        }
    }
}

/// Writes `report` to `out` in `format`. Suppressed and baselined findings are in
/// `json`, and in `text` if asked for; the other formats only count them.
///
/// # Errors
/// Those of `out`.
pub fn render(format: Format, report: &Report, options: &RenderOptions, out: &mut dyn io::Write) -> io::Result<()> {
    match format {
        #[cfg(feature = "cli")]
        Format::Text => text::write(report, options, out),
        Format::Json => json::write(report, out),
        Format::Sarif => sarif::write(report, out),
        Format::Github => github::write(report, out),
        Format::Gitlab => gitlab::write(report, out),
        Format::Junit => junit::write(report, out),
        Format::Markdown => markdown::write(report, options, out),
        Format::Scorecard => scorecard::write(report, out),
    }
}

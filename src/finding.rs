//! Findings: located statements about a document, as data. A finding keeps the
//! arguments of its message; text is made by `report`. Knows no rule logic.

use std::fmt;
use std::sync::Arc;

use crate::span::Place;

/// What a finding costs if it is true.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Hardening.
    Low,
    /// A weakness that needs another one to hurt.
    Medium,
    /// Exploitable by itself in common settings.
    High,
    /// Exploitable by anyone, at once.
    Critical,
}

impl Severity {
    /// All severities, the worst first.
    pub const WORST_FIRST: [Severity; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How sure a rule is that its finding is true.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Look, and decide.
    Low,
    /// Right more often than not.
    Medium,
    /// Right, up to rare exceptions.
    High,
}

impl Confidence {
    /// The lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A message template with its arguments: `{name}` in the template is replaced
/// by the argument of that name when the text is made. `{{` and `}}` are braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The template, lower case, no full stop, back-ticks round what stands in the file.
    pub template: Arc<str>,
    /// Argument names and values, values exactly as they stand in the file.
    pub args: Vec<(Arc<str>, String)>,
}

impl Message {
    /// A message without arguments. Braces in `text` are taken literally.
    pub fn plain(text: &str) -> Self {
        Self { template: text.replace('{', "{{").replace('}', "}}").into(), args: Vec::new() }
    }
}

/// Another place that belongs to a finding, with a few words on why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Why this place matters.
    pub message: Message,
    /// Where.
    pub place: Place,
}

/// An index into the rule table of the run's report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIndex(pub u16);

/// Whether a finding counts, and if not, why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Counts.
    Open,
    /// Silenced by a comment, an extension or the settings.
    Suppressed {
        /// `comment`, `extension` or `settings`.
        by: &'static str,
        /// The reason that was given.
        reason: Option<String>,
    },
    /// Known from the baseline.
    Baselined,
}

/// A located statement about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that speaks.
    pub rule: RuleIndex,
    /// What it is found in: `openapi`, or the id of a gateway format; empty for what is about no document.
    pub kind: &'static str,
    /// What it costs: the rule's, or that of the case that held.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What is so.
    pub message: Message,
    /// Where the fix is made.
    pub place: Place,
    /// Uses, contexts, the other side of a clash. At most [`MAX_RELATED`]; the rest is `more_related`.
    pub related: Vec<Related>,
    /// How many related places were left out.
    pub more_related: u32,
    /// How many nodes this finding is about (1 where nothing was merged, or several rules speak of one node).
    pub members: u32,
    /// Tells findings of one rule at one place apart (a scheme name, a value); often empty.
    pub discriminator: String,
    /// Stable over unrelated edits: see `DESIGN` "Fingerprint". `1:` and 32 hex digits.
    pub fingerprint: String,
    /// Whether it counts.
    pub state: State,
}

/// How many related places a finding shows.
pub const MAX_RELATED: usize = 10;

/// What a report needs to know of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// Kebab-case id that names the defect.
    pub id: String,
    /// One sentence.
    pub title: String,
    /// The rule's own severity.
    pub severity: Severity,
    /// The rule's own confidence.
    pub confidence: Confidence,
    /// `default` or `strict`.
    pub profile: String,
    /// Node kinds it looks at (`operation`, ...).
    pub kinds: Vec<String>,
    /// OWASP API Security categories (`API2:2023`).
    pub owasp: Vec<String>,
    /// CWE numbers.
    pub cwe: Vec<u32>,
    /// Names of the same idea in other tools: tool, ids.
    pub aliases: Vec<(String, Vec<String>)>,
    /// What to do, Markdown; its first paragraph is the help of a finding.
    pub fix: String,
    /// What to type in a gateway format: its id, a sentence.
    pub fix_in: Vec<(String, String)>,
    /// The rule's page.
    pub url: String,
}

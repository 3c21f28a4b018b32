//! Path patterns of gateways as languages: which paths a pattern admits, what that language
//! is when two of them meet, and texts that show it.
//!
//! `/api` as a prefix means different things: nginx, Kong, Envoy and Traefik compare characters
//! (`/apix` is admitted), Kubernetes compares segments. The kind is kept, never converted. Knows
//! no format: the constructors are named after the vendor whose reading they have, and take what
//! an adapter has read.
//!
//! Paths are those that the gateway compares: without query, after whatever it normalises.

mod regex;
mod relate;
mod template;
mod variant;
mod vendor;

use std::fmt;

pub use regex::{Anchoring, Flavour, Plain, TextRegex};
pub use template::{Segment, Template};
pub use variant::{Trick, Variant, variants};

/// Which paths a route or a policy is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    /// The paths, if the case of letters counts.
    pub language: Language,
    /// Whether the case of letters is ignored.
    pub any_case: bool,
}

/// A set of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Language {
    /// All paths.
    Any,
    /// One path.
    Exact(String),
    /// Paths that begin with these characters: `/api` admits `/apix`.
    RawPrefix(String),
    /// The path and what is below it: `/api` admits `/api/x`, not `/apix`. Without a slash at the end.
    SegmentPrefix(String),
    /// Segments of which some may be filled in.
    Template(Template),
    /// What an expression matches.
    Regex(TextRegex),
    /// What is not understood, as it stands in the configuration.
    Opaque(String),
}

impl PathPattern {
    /// All paths.
    pub fn any() -> Self {
        Language::Any.into()
    }

    /// One path.
    pub fn exact(path: impl Into<String>) -> Self {
        Language::Exact(path.into()).into()
    }

    /// Paths that begin with these characters.
    pub fn raw_prefix(path: impl Into<String>) -> Self {
        Language::RawPrefix(path.into()).into()
    }

    /// A path and all below it; a slash at the end makes no difference.
    pub fn segment_prefix(path: &str) -> Self {
        Language::SegmentPrefix(path.trim_end_matches('/').to_owned()).into()
    }

    /// What an expression matches.
    pub fn regex(source: impl Into<String>, flavour: Flavour, anchoring: Anchoring) -> Self {
        Language::Regex(TextRegex::new(source, flavour, anchoring, false)).into()
    }

    /// What is not understood.
    pub fn opaque(text: impl Into<String>) -> Self {
        Language::Opaque(text.into()).into()
    }

    /// The same pattern for letters of any case.
    #[must_use]
    pub fn ignoring_case(self) -> Self {
        let language = match self.language {
            Language::Regex(regex) => {
                Language::Regex(TextRegex::new(regex.source, regex.flavour, regex.anchoring, true))
            }
            language => language,
        };
        Self { language, any_case: true }
    }

    /// Whether it admits a path; none if that cannot be told.
    pub fn admits(&self, path: &str) -> Option<bool> {
        let same = |a: &str, b: &str| if self.any_case { a.eq_ignore_ascii_case(b) } else { a == b };
        let begins = |start: &str| path.get(..start.len()).is_some_and(|begin| same(begin, start));
        match &self.language {
            Language::Any => Some(true),
            Language::Exact(text) => Some(same(path, text)),
            Language::RawPrefix(text) => Some(begins(text)),
            Language::SegmentPrefix(text) => {
                Some(begins(text) && matches!(path.as_bytes().get(text.len()), None | Some(b'/')))
            }
            Language::Template(template) => Some(template.admits(path, self.any_case)),
            Language::Regex(regex) => regex.is_match(path),
            Language::Opaque(_) => None,
        }
    }

    /// Whether it is certain that it admits a path.
    pub fn surely_admits(&self, path: &str) -> bool {
        self.admits(path) == Some(true)
    }

    /// Whether nothing can be said of what it admits.
    pub fn is_opaque(&self) -> bool {
        match &self.language {
            Language::Opaque(_) => true,
            Language::Regex(regex) => !regex.is_read(),
            _ => false,
        }
    }

    /// Whether it admits every path, or every path but `/`.
    pub fn is_catch_all(&self) -> bool {
        match &self.plain().language {
            Language::Any => true,
            Language::RawPrefix(text) => matches!(text.as_str(), "" | "/"),
            Language::SegmentPrefix(text) => text.is_empty(),
            Language::Template(template) => matches!(template.segments.as_slice(), [Segment::Rest { .. }]),
            Language::Exact(_) | Language::Regex(_) | Language::Opaque(_) => false,
        }
    }

    /// What every path that it admits begins with; empty if nothing is known. Mind [`PathPattern::any_case`].
    pub fn literal_prefix(&self) -> String {
        match &self.language {
            Language::Any | Language::Opaque(_) => String::new(),
            Language::Exact(text) | Language::RawPrefix(text) | Language::SegmentPrefix(text) => text.clone(),
            Language::Template(template) => template.literal_prefix(),
            Language::Regex(regex) => regex.literal_prefix(),
        }
    }

    /// Whether a path that it admits ends where the pattern says, so that nothing more can follow.
    pub fn has_end_anchor(&self) -> bool {
        match &self.language {
            Language::Exact(_) => true,
            Language::Template(template) => !template.has_rest(),
            Language::Regex(regex) => regex.anchors().1,
            Language::Any | Language::RawPrefix(_) | Language::SegmentPrefix(_) | Language::Opaque(_) => false,
        }
    }

    /// Whether a path that it admits may go on within the segment where the pattern ends: `/api` and `/apix`.
    pub fn is_loose(&self) -> bool {
        match &self.plain().language {
            Language::RawPrefix(text) => !text.is_empty() && !text.ends_with('/'),
            Language::Regex(regex) => regex.is_read() && !regex.anchors().1,
            _ => false,
        }
    }

    /// How narrow it is, for gateways that prefer narrow ones: its kind, then the length of what is literal in it.
    pub fn specificity(&self) -> (u8, usize) {
        let kind = match &self.language {
            Language::Exact(_) => 4,
            Language::Template(template) if !template.has_rest() => 3,
            Language::Template(_) | Language::RawPrefix(_) | Language::SegmentPrefix(_) => 2,
            Language::Regex(_) => 1,
            Language::Any | Language::Opaque(_) => 0,
        };
        (kind, self.literal_prefix().len())
    }

    /// The same paths without an expression, where there are simpler words for it.
    pub fn plain(&self) -> Self {
        let plain = match &self.language {
            Language::Regex(regex) => regex.plain(),
            _ => None,
        };
        let language = match plain {
            Some(Plain::Exact(text)) => Language::Exact(text),
            Some(Plain::Prefix(text)) if text.is_empty() => Language::Any,
            Some(Plain::Prefix(text)) => Language::RawPrefix(text),
            Some(Plain::SegmentPrefix(text)) => Language::SegmentPrefix(text),
            None => self.language.clone(),
        };
        Self { language, any_case: self.any_case }
    }
}

impl From<Language> for PathPattern {
    fn from(language: Language) -> Self {
        Self { language, any_case: false }
    }
}

/// As a reader of a finding knows it: `/a`, `/a*`, `/a/**`, `/a/{id}`, `~ ^/a`.
impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.language {
            Language::Any => f.write_str("/**"),
            Language::Exact(text) | Language::Opaque(text) => f.write_str(text),
            Language::RawPrefix(text) => write!(f, "{text}*"),
            Language::SegmentPrefix(text) => write!(f, "{text}/**"),
            Language::Template(template) => template.fmt(f),
            Language::Regex(regex) => write!(f, "~ {}", regex.source),
        }
    }
}

#[cfg(test)]
mod tests;

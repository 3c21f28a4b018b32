//! What could not be judged: problems with inputs, and our own typed errors.
//! Knows codes and texts, not how they are shown or what exit code they give.

use std::fmt;

use crate::span::Span;

/// Why an input, or a part of it, was not judged. Each code has a page, as rules do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemCode {
    /// Not well-formed.
    Syntax,
    /// Not UTF-8.
    Encoding,
    /// Nested deeper than the limit.
    TooDeep,
    /// Larger than the limit.
    TooLarge,
    /// The file could not be opened or read.
    Unreadable,
    /// A file named on the command line that no kind claims.
    Unrecognised,
    /// The target of a `$ref` does not exist.
    UnresolvedReference,
    /// A `$ref` that is not followed: remote, or outside the project root.
    RefusedReference,
    /// The root key `openapi` or `swagger` has a version gatelint does not know.
    UnsupportedVersion,
    /// A template (Helm, Jinja, envsubst): read as far as it goes.
    Templated,
    /// A configuration inside another file that is not read.
    Embedded,
    /// A bug of gatelint's.
    Internal,
}

impl ProblemCode {
    /// All codes, in the order of the documentation.
    pub const ALL: [ProblemCode; 12] = [
        Self::Syntax,
        Self::Encoding,
        Self::TooDeep,
        Self::TooLarge,
        Self::Unreadable,
        Self::Unrecognised,
        Self::UnresolvedReference,
        Self::RefusedReference,
        Self::UnsupportedVersion,
        Self::Templated,
        Self::Embedded,
        Self::Internal,
    ];

    /// The stable kebab-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Encoding => "encoding",
            Self::TooDeep => "too-deep",
            Self::TooLarge => "too-large",
            Self::Unreadable => "unreadable",
            Self::Unrecognised => "unrecognised",
            Self::UnresolvedReference => "unresolved-reference",
            Self::RefusedReference => "refused-reference",
            Self::UnsupportedVersion => "unsupported-version",
            Self::Templated => "templated",
            Self::Embedded => "embedded",
            Self::Internal => "internal",
        }
    }

    /// Whether such a problem leaves the run incomplete (exit 4). A templated file, a configuration inside another
    /// file and a refused reference that is only noted do not.
    pub const fn is_incomplete(self) -> bool {
        !matches!(self, Self::Templated | Self::Embedded)
    }
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that could not be judged, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of thing went wrong.
    pub code: ProblemCode,
    /// What is so: lower case, no full stop, back-ticks round what stands in the file.
    pub message: String,
    /// Where. A file that could not be read at all has an empty span at its start.
    pub span: Span,
}

impl Problem {
    /// A problem at `span`.
    pub fn new(code: ProblemCode, message: impl Into<String>, span: Span) -> Self {
        Self { code, message: message.into(), span }
    }
}

/// Why a file of the project could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    /// The path, or a symbolic link on it, leads out of the project root.
    #[error("it leads out of the project root")]
    Outside,
    /// The file has more bytes than the limit.
    #[error("it has {0} bytes, more than the limit")]
    TooLarge(u64),
    /// The file could not be opened or read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

//! Syntax errors of the YAML parser in plain words, with the bytes they are about.

use granit_parser::{ErrorKind, ScanError};

use crate::error::{Problem, ProblemCode};
use crate::source::Limits;
use crate::span::{FileId, Span};

/// The problem an error of the parser is, which read `text` from byte `base` on.
pub fn problem(file: FileId, text: &str, base: usize, error: &ScanError, limits: &Limits) -> Problem {
    let at = floor_char_boundary(text, error.marker().byte_offset().map_or(text.len(), |at| base + at));
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return too_deep(file, text, at, limits);
    }
    let before = text[..at].trim_end_matches('\t').len();
    let span = match error.kind() {
        // The parser stops behind the tabs it does not like.
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation if before < at => {
            Span::new(file, before as u32, at as u32)
        }
        _ => span(file, text, at),
    };
    Problem::new(ProblemCode::Syntax, message(error.kind()), span)
}

/// Nested deeper than the limit, at the container that begins at byte `at`.
pub fn too_deep(file: FileId, text: &str, at: usize, limits: &Limits) -> Problem {
    let message = format!("nested more than {} levels deep", limits.depth);
    Problem::new(ProblemCode::TooDeep, message, span(file, text, at))
}

/// The word at byte `at`, or the one character; nothing at a line break.
fn span(file: FileId, text: &str, at: usize) -> Span {
    let rest = &text[at..];
    let word = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '$')).unwrap_or(rest.len());
    let first = rest.chars().next().filter(|c| !matches!(c, '\n' | '\r'));
    let length = if word > 0 { word } else { first.map_or(0, char::len_utf8) };
    Span::new(file, at as u32, (at + length) as u32)
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

fn message(kind: &ErrorKind) -> String {
    use ErrorKind as E;
    let message = match kind {
        E::UnexpectedEof
        | E::UnexpectedEofFlowSequence
        | E::UnexpectedEofFlowMapping
        | E::UnexpectedEofImplicitFlowMapping
        | E::UnexpectedEofBlockSequence
        | E::UnexpectedEofBlockMapping => "the file ends before this value does",
        E::UnclosedFlowCollection { open } => return format!("`{open}` is not closed"),
        E::MismatchedFlowCollectionEnd { open, close } => return format!("`{open}` is closed by `{close}`"),
        E::MisplacedFlowCollectionEnd => "a closing bracket without an opening one",
        E::ExpectedFlowMappingSeparator => "expected `,` or `}`",
        E::ExpectedFlowSequenceSeparator => "expected `,` or `]`",
        E::ExpectedNodeContent => "expected a value",
        E::ExpectedBlockMappingKey => "expected a key of the mapping above: check the indentation",
        E::ExpectedBlockSequenceEntry => "expected `-` of the list above: check the indentation",
        E::ExpectedDocumentStart => "expected the end of the document: check the indentation",
        E::SimpleKeyExpected => "expected `:` after a key",
        E::InvalidSimpleKey => "a key must stand on one line, shorter than 1024 characters, with `:` after it",
        E::MappingValueNotAllowed => "`:` is not allowed here: check the indentation, or put the text in quotes",
        E::MappingKeyNotAllowed => "a key is not allowed here: check the indentation",
        E::BlockSequenceEntryNotAllowed => "a list entry `-` is not allowed here: check the indentation",
        E::BlockEntryInFlowCollection => "a list entry `-` is not allowed inside brackets",
        E::InvalidIndentation | E::InvalidFlowScalarIndent => "wrong indentation",
        E::InvalidQuotedScalarIndent => "a line of a quoted text is not indented, or its quote is not closed",
        E::InvalidBlockScalarIndent => "a line of a block text is indented less than its first line",
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabAtBlockScalarStart
        | E::TabInPlainScalar => "a tab cannot indent YAML: use spaces",
        E::UnexpectedCharacter { character } => return unexpected(*character),
        E::UnclosedQuotedScalar => "a quote is not closed",
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => {
            "text after a closing quote: quote the whole text, or double the quote inside it"
        }
        E::DocumentIndicatorInQuotedScalar => "`---` or `...` inside a quoted text: its quote is not closed",
        E::UnknownQuotedScalarEscape => "no escape of YAML: write `\\\\` for a backslash, or use single quotes",
        E::InvalidQuotedScalarHexEscape | E::InvalidLowSurrogateHexEscape => "hexadecimal digits are missing",
        E::InvalidLowSurrogate | E::MissingLowSurrogate | E::UnpairedLowSurrogate => "half of a surrogate pair",
        E::InvalidUnicodeEscape => "an escape that stands for no character",
        E::InvalidBlockScalarHeader => "text after the `|` or `>` of a block text",
        E::ZeroBlockScalarIndent => "a block text cannot be indented by 0",
        E::CommentNotSeparated => "a comment needs a space before its `#`",
        E::CommentInterceptedScalar => "a comment inside a text of several lines",
        E::InvalidColonPlacement => "`:` is not allowed here: a bracket or a quote before it may not be closed",
        E::InvalidTagTerminator => "expected a space after a tag",
        E::ExpectedWhitespace | E::InvalidMappingValueWhitespace => "expected a space",
        E::InvalidBlockEntryWhitespace => "expected a space after `-`",
        E::BomInsideDocument => "a byte order mark inside the document",
        E::InvalidDocumentEnd => "text after the end of the document",
        E::MissingDocumentEndBeforeDirective => "a directive inside a document: end it with `...` first",
        E::UndeclaredTagHandle => "the handle of this tag is not declared",
        E::MissingAnchorOrAliasName => "the name of an anchor or alias is missing",
        E::PlainScalarStartsWithDashFlowIndicator => "`-` before a bracket or a comma: put the text in quotes",
        _ => return lower_first(&kind.to_string()),
    };
    message.to_owned()
}

fn unexpected(character: char) -> String {
    match character {
        '@' | '`' => format!("no text may begin with {}: put it in quotes", quoted(character)),
        '%' => "a text that begins with `%` must be quoted".to_owned(),
        '\t' => "a tab cannot indent YAML: use spaces".to_owned(),
        _ => format!("unexpected character {}", quoted(character)),
    }
}

fn quoted(character: char) -> String {
    match character {
        '`' => "\"`\"".to_owned(),
        _ if character.is_control() => format!("`{}`", character.escape_default()),
        _ => format!("`{character}`"),
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

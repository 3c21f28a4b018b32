//! Places and spans as people and formats name them: path, line, column, pointer.

use crate::source::{Position, SourceFile, SourceMap};
use crate::span::{Place, Span};

/// A span with the positions of both its ends; the end is one past the last character.
#[derive(Clone, Copy, Debug)]
pub struct Located<'r> {
    /// The file.
    pub file: &'r SourceFile,
    /// The bytes, within the text.
    pub span: Span,
    /// The first character.
    pub start: Position,
    /// One past the last character.
    pub end: Position,
}

impl<'r> Located<'r> {
    /// Locates a span. A span that reaches beyond its text (of a file that could not be read) is cut.
    pub fn of_span(sources: &'r SourceMap, span: Span) -> Self {
        let file = sources.file(span.file);
        let length = file.text.len() as u32;
        let end = span.end.min(length);
        let span = Span::new(span.file, span.start.min(end), end);
        let position = |offset| file.lines().position(&file.text, offset);
        Self { file, span, start: position(span.start), end: position(span.end) }
    }

    /// Locates a place.
    pub fn of(sources: &'r SourceMap, place: Place) -> Self {
        Self::of_span(sources, sources.span(place))
    }

    /// The end of the part on the first line. Readers that draw one line want no more.
    pub fn end_of_first_line(&self) -> Position {
        if self.end.line == self.start.line {
            return self.end;
        }
        let range = self.file.lines().range(&self.file.text, self.start.line);
        self.file.lines().position(&self.file.text, (range.end as u32).max(self.span.start))
    }

    /// The JSON pointer of the deepest node the span begins in; empty for the whole document.
    pub fn pointer(&self) -> String {
        self.file.tree.at_offset(self.span.start).map(|node| self.file.pointer(node)).unwrap_or_default()
    }
}

//! The TOML reader: events of `toml_parser` into the located tree. That crate knows
//! how TOML is written; which table a key belongs to, and what may not be said twice
//! (TOML 1.1, "Keys" and "Table"), is told here.
//!
//! A table may be written in parts that stand anywhere, so the file is first laid out
//! in an arena and then added in the order in which each table begins. A table that has no
//! brackets of its own reaches from the key of its first entry to the end of its last one. Dates and
//! times are strings; numbers that only TOML writes in a way get the text of YAML.

mod layout;

use std::borrow::Cow;

use layout::{Layout, Place};
use toml_parser::decoder::{Encoding, IntegerRadix, ScalarKind};
use toml_parser::parser::{EventReceiver, ValidateWhitespace, parse_document};
use toml_parser::{ErrorSink, Expected, ParseError, Source, Span as Bytes};

use super::tree::{Text, TreeBuilder};
use super::{Limits, NodeKind, comment};
use crate::error::{Problem, ProblemCode};
use crate::span::{FileId, Span};

/// Reading ends after so many problems: every other byte could be one.
const MAX_PROBLEMS: usize = 1000;

/// The parser calls itself for each bracket inside another.
const MAX_BRACKETS: usize = 512;

/// Reads `text` into `builder`. An error costs the key it stands at.
pub fn read(file: FileId, text: &str, limits: &Limits, builder: &mut TreeBuilder) -> Vec<Problem> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut problems = Problems { file, text, list: Vec::new() };
    let mut reader = Reader {
        file,
        source,
        builder,
        depth: limits.depth,
        layout: Layout::default(),
        keys: Vec::new(),
        header: None,
        table: Some(layout::ROOT),
        open: Vec::new(),
        faults: Vec::new(),
    };
    parse_document(&tokens, &mut ValidateWhitespace::new(&mut reader, source), &mut problems);
    let Reader { layout, faults, builder, .. } = reader;
    layout.emit(builder);
    let mut problems = problems.list;
    problems.extend(faults);
    problems.sort_by_key(|problem| problem.span.start);
    problems.truncate(MAX_PROBLEMS);
    problems
}

/// A key as it is written, and what it means.
struct Key<'t> {
    text: Cow<'t, str>,
    start: usize,
    end: usize,
}

/// A container in brackets that is not closed yet; `None` for one that has no place in the tree.
#[derive(Clone, Copy)]
enum Open {
    Array(Option<Place>),
    Inline(Option<Place>),
}

struct Reader<'t, 'b> {
    file: FileId,
    source: Source<'t>,
    builder: &'b mut TreeBuilder,
    depth: usize,
    layout: Layout<'t>,
    /// The parts of the key that is being read.
    keys: Vec<Key<'t>>,
    /// Where the table header that is being read begins.
    header: Option<usize>,
    /// The table that keys go into; `None` after a header that is wrong.
    table: Option<Place>,
    open: Vec<Open>,
    faults: Vec<Problem>,
}

impl<'t> Reader<'t, '_> {
    fn fault(&mut self, message: String, start: usize, end: usize) {
        self.fault_of(ProblemCode::Syntax, message, start, end);
    }

    fn fault_of(&mut self, code: ProblemCode, message: String, start: usize, end: usize) {
        if self.faults.len() < MAX_PROBLEMS {
            self.faults.push(Problem::new(code, message, Span::new(self.file, start as u32, end as u32)));
        }
    }

    /// Lays out a value under the key that was read, or as the next item. `None` if it has no place.
    fn place(&mut self, start: usize, end: usize) -> Option<Place> {
        let keys = std::mem::take(&mut self.keys);
        let table = match self.open.last() {
            Some(&Open::Array(array)) => return Some(self.layout.item(array?, start, end)),
            Some(&Open::Inline(table)) => table?,
            None => self.table?,
        };
        let (last, path) = keys.split_last()?;
        if self.too_deep(table, keys.len(), last) {
            return None;
        }
        let mut at = table;
        for key in path {
            match self.layout.dotted(at, key) {
                Some(next) => at = next,
                None => {
                    self.twice(key);
                    return None;
                }
            }
        }
        if self.layout.has(at, &last.text) {
            self.twice(last);
        }
        Some(self.layout.entry(at, last, start, end))
    }

    fn twice(&mut self, key: &Key<'_>) {
        self.fault(format!("`{}` is already defined", shorten(&key.text)), key.start, key.end);
    }

    fn too_deep(&mut self, table: Place, keys: usize, key: &Key<'_>) -> bool {
        let deep = self.layout.depth(table) + keys > self.depth;
        if deep {
            let message = format!("nested more than {} levels deep", self.depth);
            self.fault_of(ProblemCode::TooDeep, message, key.start, key.end);
        }
        deep
    }

    /// Goes into the table that a header names.
    fn enter(&mut self, end: usize, is_array: bool) {
        let keys = std::mem::take(&mut self.keys);
        self.header = None;
        self.table = None;
        let Some((last, path)) = keys.split_last() else { return };
        if self.too_deep(layout::ROOT, keys.len() + usize::from(is_array), last) {
            return;
        }
        let mut at = layout::ROOT;
        for key in path {
            match self.layout.through(at, key, end) {
                Some(next) => at = next,
                None => return self.twice(key),
            }
        }
        self.table = if is_array { self.layout.next_of(at, last, end) } else { self.layout.table(at, last, end) };
        if self.table.is_none() {
            self.twice(last);
            // Its entries belong to what is there already, if that is a table.
            self.table = self.layout.through(at, last, end).filter(|_| !is_array);
        }
    }

    /// A container in brackets begins. Returns whether to read what stands in it.
    fn bracket(&mut self, span: Bytes, is_array: bool) -> bool {
        let place = self.place(span.start(), span.end());
        let deep = self.open.len() >= MAX_BRACKETS || place.is_some_and(|place| self.layout.depth(place) >= self.depth);
        if deep {
            let message = format!("nested more than {} levels deep", self.depth.min(MAX_BRACKETS));
            self.fault_of(ProblemCode::TooDeep, message, span.start(), span.end());
        }
        if let Some(place) = place {
            self.layout.bracket(place, is_array);
        }
        self.open.push(if is_array { Open::Array(place) } else { Open::Inline(place) });
        !deep
    }

    fn close(&mut self, span: Bytes) {
        self.keys.clear();
        if let Some(Open::Array(Some(place)) | Open::Inline(Some(place))) = self.open.pop() {
            self.layout.close(place, span.end());
        }
    }
}

impl EventReceiver for Reader<'_, '_> {
    fn std_table_open(&mut self, span: Bytes, _: &mut dyn ErrorSink) {
        self.keys.clear();
        self.header = Some(span.start());
    }

    fn std_table_close(&mut self, span: Bytes, _: &mut dyn ErrorSink) {
        self.enter(span.end(), false);
    }

    fn array_table_open(&mut self, span: Bytes, _: &mut dyn ErrorSink) {
        self.keys.clear();
        self.header = Some(span.start());
    }

    fn array_table_close(&mut self, span: Bytes, _: &mut dyn ErrorSink) {
        self.enter(span.end(), true);
    }

    fn inline_table_open(&mut self, span: Bytes, _: &mut dyn ErrorSink) -> bool {
        self.bracket(span, false)
    }

    fn inline_table_close(&mut self, span: Bytes, _: &mut dyn ErrorSink) {
        self.close(span);
    }

    fn array_open(&mut self, span: Bytes, _: &mut dyn ErrorSink) -> bool {
        self.bracket(span, true)
    }

    fn array_close(&mut self, span: Bytes, _: &mut dyn ErrorSink) {
        self.close(span);
    }

    fn simple_key(&mut self, span: Bytes, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        let raw = toml_parser::Raw::new_unchecked(slice(self.source, span), encoding, span);
        let mut text = Cow::Borrowed("");
        raw.decode_key(&mut text, error);
        self.keys.push(Key { text, start: span.start(), end: span.end() });
    }

    fn scalar(&mut self, span: Bytes, encoding: Option<Encoding>, error: &mut dyn ErrorSink) {
        let Some(place) = self.place(span.start(), span.end()) else { return };
        if span.is_empty() {
            return self.fault("a value is missing".to_owned(), span.start(), span.end());
        }
        let raw = toml_parser::Raw::new_unchecked(slice(self.source, span), encoding, span);
        let mut text = Cow::Borrowed("");
        let kind = raw.decode_scalar(&mut text, error);
        let (kind, text) = scalar(kind, text);
        let written = raw.as_str();
        let text = if written == text {
            Text::AsWritten
        } else if encoding.is_some() && written.get(1..written.len().max(2) - 1) == Some(&text) {
            Text::InsideQuotes
        } else {
            self.builder.decode(&text)
        };
        self.layout.scalar(place, kind, text);
    }

    fn newline(&mut self, _: Bytes, _: &mut dyn ErrorSink) {
        // A key without a value, or a header that is not closed.
        if self.open.is_empty() {
            self.keys.clear();
            if self.header.take().is_some() {
                self.table = None;
            }
        }
    }

    fn value_sep(&mut self, _: Bytes, _: &mut dyn ErrorSink) {
        self.keys.clear();
    }

    fn comment(&mut self, span: Bytes, _: &mut dyn ErrorSink) {
        comment::keep(self.builder, self.file, self.source.input(), span.start());
    }
}

fn slice<'t>(source: Source<'t>, span: Bytes) -> &'t str {
    source.input().get(span.start()..span.end()).unwrap_or_default()
}

/// The kind of a scalar, and its text in the one way in which all syntaxes write it.
fn scalar(kind: ScalarKind, text: Cow<'_, str>) -> (NodeKind, Cow<'_, str>) {
    match kind {
        ScalarKind::String | ScalarKind::DateTime => (NodeKind::Str, text),
        ScalarKind::Boolean(_) => (NodeKind::Bool, text),
        ScalarKind::Float => {
            let (sign, number) = match text.strip_prefix('-') {
                Some(number) => ("-", number),
                None => ("", text.trim_start_matches('+')),
            };
            let text = match number {
                "inf" => Cow::Owned(format!("{sign}.inf")),
                "nan" => Cow::Borrowed(".nan"),
                _ => text,
            };
            (NodeKind::Float, text)
        }
        ScalarKind::Integer(IntegerRadix::Dec) => (NodeKind::Int, text),
        ScalarKind::Integer(radix) => match i128::from_str_radix(&text, radix.value()) {
            Ok(value) => (NodeKind::Int, Cow::Owned(value.to_string())),
            Err(_) => (NodeKind::Str, text),
        },
    }
}

/// Turns the errors of the parser into problems.
struct Problems<'t> {
    file: FileId,
    text: &'t str,
    list: Vec<Problem>,
}

impl ErrorSink for Problems<'_> {
    fn report_error(&mut self, error: ParseError) {
        if self.list.len() >= MAX_PROBLEMS {
            return;
        }
        let span = error.unexpected().or(error.context());
        let (start, end) = span.map_or((self.text.len(), self.text.len()), |span| (span.start(), span.end()));
        let floor = |at: usize| (0..=at.min(self.text.len())).rev().find(|&at| self.text.is_char_boundary(at));
        let span = Span::new(self.file, floor(start).unwrap_or(0) as u32, floor(end.max(start)).unwrap_or(0) as u32);
        let mut message = error.description().to_owned();
        let expected: Vec<_> = error
            .expected()
            .unwrap_or_default()
            .iter()
            .filter_map(|expected| match expected {
                Expected::Literal("\n") => Some("a line break".to_owned()),
                Expected::Literal(text) => Some(format!("`{text}`")),
                Expected::Description(text) => Some((*text).to_owned()),
                _ => None,
            })
            .collect();
        if !expected.is_empty() {
            message += &format!(", expected {}", expected.join(", "));
        }
        self.list.push(Problem::new(ProblemCode::Syntax, message, span));
    }
}

/// A key as messages show it.
fn shorten(key: &str) -> String {
    key.chars().take(40).flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests;

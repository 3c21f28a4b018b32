//! The YAML reader: events of `granit-parser` into the located tree. It mends
//! what those events leave out: the header of a block scalar is part of its
//! span, a block container ends where its last entry does, and a value that is
//! not written has an empty span after its colon.
//!
//! Scalars are resolved by the core schema; anchors become node ids; merge keys
//! are left to the tree's look-ups. What no JSON document could hold (a mapping
//! or a sequence as a key) is a problem and left out.

mod message;

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle, Tag, options};

use super::tree::{Text, TreeBuilder};
use super::{Limits, NodeKind, comment, scalar};
use crate::error::{Problem, ProblemCode};
use crate::span::{FileId, NodeId, Span};

/// Reading ends after so many problems: every other byte could be one.
const MAX_PROBLEMS: usize = 1000;

/// Reads all documents of `text` into `builder`, each as a root. Stops at the
/// first syntax error, with what was read before it; other problems do not stop it.
pub fn read(file: FileId, text: &str, limits: &Limits, builder: &mut TreeBuilder) -> Vec<Problem> {
    let anchors = Vec::new();
    let mut reader =
        Reader { file, text, builder, anchors, frames: Vec::new(), cursor: 0, skip: Skip::default(), problems: vec![] };
    for next in Parser::new_from_str_with_options(text, parser_options(text, limits)) {
        let result = match next {
            Ok((event, span)) => {
                let start = span.start.byte_offset().unwrap_or(reader.cursor);
                let end = span.end.byte_offset().unwrap_or(start).max(start);
                let tag_end = span.tag_span().and_then(|tag| tag.end.byte_offset());
                reader.event(event, Range { start, end, tag_end }, limits)
            }
            Err(error) => Err(message::problem(file, text, &error, limits)),
        };
        if let Err(problem) = result {
            reader.problems.push(problem);
            break;
        }
        if reader.problems.len() >= MAX_PROBLEMS {
            reader.problem("too many problems, not read from here on", reader.cursor, reader.cursor);
            break;
        }
    }
    reader.problems
}

fn parser_options(text: &str, limits: &Limits) -> Options {
    options! {
        emit_unresolved_aliases: true,
        emit_comments: memchr::memmem::find(text.as_bytes(), comment::MARK.as_bytes()).is_some(),
        // The parser holds back comments between two nodes; the size of the file bounds them.
        max_buffered_comment_events: usize::MAX,
        flow_nesting_limit: limits.depth,
        block_nesting_limit: limits.depth,
    }
}

/// The bytes of an event, and where the tag before it ends.
#[derive(Clone, Copy)]
struct Range {
    start: usize,
    end: usize,
    tag_end: Option<usize>,
}

/// What an anchor names.
#[derive(Clone, Copy)]
enum Anchor {
    Node(NodeId),
    /// A key is no node: an alias of it becomes a scalar with its text.
    Key(NodeKind, Text),
    /// Stands in a part that is left out.
    Skipped,
}

/// An open container.
enum Frame {
    Seq,
    /// A mapping that waits for a key.
    Key,
    /// A mapping that waits for the value of a key that ends here.
    Value(usize),
}

/// Nodes that are being left out: how many, and how deep inside one of them we are.
#[derive(Default)]
struct Skip {
    nodes: u32,
    depth: u32,
}

struct Reader<'t, 'b> {
    file: FileId,
    text: &'t str,
    builder: &'b mut TreeBuilder,
    /// By the parser's anchor ids, which count up.
    anchors: Vec<Option<Anchor>>,
    frames: Vec<Frame>,
    /// Where the token that was read last ends.
    cursor: usize,
    skip: Skip,
    problems: Vec<Problem>,
}

impl Reader<'_, '_> {
    fn event(&mut self, event: Event<'_>, range: Range, limits: &Limits) -> Result<(), Problem> {
        match event {
            Event::Comment(..) => comment::keep(self.builder, self.file, self.text, range.start),
            // A document that begins without `---` has the place of its first token.
            Event::DocumentStart(true, _) => self.cursor = self.cursor.max(range.end),
            Event::Scalar(value, style, anchor, tag) => {
                self.scalar(&value, style, anchor, tag.as_deref(), range);
            }
            Event::Alias(id) => self.alias(id, range),
            Event::UnresolvedAlias(name) => {
                self.problem(format!("no anchor `&{name}` stands before this alias"), range.start, range.end);
                self.alias(usize::MAX, range);
            }
            Event::SequenceStart(style, anchor, _) => self.open(NodeKind::Seq, style, anchor, range, limits)?,
            Event::MappingStart(style, anchor, _) => self.open(NodeKind::Map, style, anchor, range, limits)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(range),
            _ => {}
        }
        Ok(())
    }

    fn scalar(&mut self, value: &str, style: ScalarStyle, anchor: usize, tag: Option<&Tag>, range: Range) {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let written = &self.text[range.start..range.end];
        let is_empty = style == ScalarStyle::Plain && written.is_empty();
        let value = match value {
            _ if is_empty => "",
            _ if is_block && self.is_cut_off(range.end) => value.strip_suffix('\n').unwrap_or(value),
            _ => value,
        };
        let kind = scalar_kind(value, style, tag);
        let (start, end) = if is_block {
            self.block_scalar(range)
        } else if is_empty {
            let at = self.empty_value(range);
            (at, at)
        } else {
            (range.start, range.end)
        };
        self.cursor = self.cursor.max(range.end);
        if self.skips() {
            self.name(anchor, Anchor::Skipped);
            self.skipped_node();
            return;
        }
        if let Some(Frame::Key) = self.frames.last() {
            self.builder.key(value, start as u32, end as u32);
            if value == "<<" && style == ScalarStyle::Plain {
                self.builder.allow_merge_keys();
            }
            if anchor > 0 {
                let text = self.builder.decode(value);
                self.name(anchor, Anchor::Key(kind, text));
            }
            self.key_done(end);
            return;
        }
        let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
        let text = if !is_block && written == value {
            Text::AsWritten
        } else if quoted && written.get(1..written.len() - 1) == Some(value) {
            Text::InsideQuotes
        } else {
            self.builder.decode(value)
        };
        let node = self.builder.scalar(kind, start as u32, end as u32, text);
        self.name(anchor, Anchor::Node(node));
        self.value_done();
    }

    fn alias(&mut self, id: usize, range: Range) {
        self.cursor = self.cursor.max(range.end);
        if self.skips() {
            self.skipped_node();
            return;
        }
        let (start, end) = (range.start as u32, range.end as u32);
        let anchor = self.anchors.get(id).copied().flatten();
        if let Some(Frame::Key) = self.frames.last() {
            let text = match anchor {
                // An alias stands in the text of the key, which is then a copy; scalars only.
                Some(Anchor::Node(node)) if is_scalar(self.builder.seen(node).0) => {
                    self.builder.seen(node).1.to_owned()
                }
                Some(Anchor::Key(_, text)) => self.builder.decoded(text).to_owned(),
                _ => {
                    self.complex_key(range, id != usize::MAX);
                    self.skipped_node();
                    return;
                }
            };
            self.builder.key(&text, start, end);
            self.key_done(range.end);
            return;
        }
        match anchor {
            Some(Anchor::Key(kind, text)) => {
                self.builder.scalar(kind, start, end, text);
            }
            Some(Anchor::Node(node)) => {
                if self.builder.is_open(node) {
                    let name = &self.text[range.start..range.end];
                    self.problem(format!("`{name}` stands inside the node it refers to"), range.start, range.end);
                }
                self.builder.alias(Some(node), start, end);
            }
            Some(Anchor::Skipped) | None => {
                self.builder.alias(None, start, end);
            }
        }
        self.value_done();
    }

    fn open(
        &mut self,
        kind: NodeKind,
        style: StructureStyle,
        anchor: usize,
        range: Range,
        limits: &Limits,
    ) -> Result<(), Problem> {
        if style == StructureStyle::Flow {
            self.cursor = self.cursor.max(range.end);
        }
        if !self.skips() && matches!(self.frames.last(), Some(Frame::Key)) {
            self.complex_key(range, true);
        }
        if self.skips() {
            self.skip.depth += 1;
            self.name(anchor, Anchor::Skipped);
            return Ok(());
        }
        if self.builder.depth() >= limits.depth {
            return Err(message::too_deep(self.file, self.text, range.start, limits));
        }
        let node = self.builder.open(kind, range.start as u32);
        self.name(anchor, Anchor::Node(node));
        self.frames.push(if kind == NodeKind::Map { Frame::Key } else { Frame::Seq });
        Ok(())
    }

    fn close(&mut self, range: Range) {
        let is_block = range.start == range.end;
        if !is_block {
            self.cursor = self.cursor.max(range.end);
        }
        if self.skips() {
            self.skip.depth -= 1;
            self.skipped_node();
            return;
        }
        self.frames.pop();
        self.builder.close((!is_block).then_some(range.end as u32));
        self.value_done();
    }

    fn key_done(&mut self, end: usize) {
        if let Some(frame) = self.frames.last_mut() {
            *frame = Frame::Value(end);
        }
    }

    fn value_done(&mut self) {
        if let Some(frame @ Frame::Value(_)) = self.frames.last_mut() {
            *frame = Frame::Key;
        }
    }

    /// Leaves out the key that begins here and its value.
    fn complex_key(&mut self, range: Range, say: bool) {
        if say {
            let message = "a mapping or a sequence as a key is not supported";
            let end = range.end.max(self.text[range.start..].chars().next().map_or(0, char::len_utf8) + range.start);
            self.problem(message, range.start, end);
        }
        self.skip = Skip { nodes: 2, depth: 0 };
    }

    fn skips(&self) -> bool {
        self.skip.nodes > 0
    }

    fn skipped_node(&mut self) {
        if self.skip.depth == 0 {
            self.skip.nodes -= 1;
        }
    }

    fn name(&mut self, anchor: usize, is: Anchor) {
        if anchor == 0 {
            return;
        }
        if self.anchors.len() <= anchor {
            self.anchors.resize(anchor + 1, None);
        }
        self.anchors[anchor] = Some(is);
    }

    /// Where a value that is not written stands: after the colon of its key.
    fn empty_value(&self, range: Range) -> usize {
        let Some(&Frame::Value(key_end)) = self.frames.last() else { return range.start };
        let from = key_end.max(self.cursor.min(range.start));
        let blanks = self.text[from..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if self.text.as_bytes().get(from + blanks) == Some(&b':') {
            from + blanks + 1
        } else {
            range.start.max(key_end)
        }
    }

    /// The bytes of a block scalar from its `|` or `>` to the end of its last
    /// line that is not blank (with `+`, which keeps blank lines, to the end of those).
    fn block_scalar(&self, body: Range) -> (usize, usize) {
        let bytes = self.text.as_bytes();
        // Between the token before it and its body stand only indicators,
        // properties, comments and the header.
        let mut at = self.cursor.max(body.tag_end.unwrap_or(0)).min(body.start);
        while at < body.start {
            match bytes[at] {
                b'|' | b'>' => break,
                b'#' | b'%' => at = self.line_end(at),
                b'!' | b'&' => {
                    at += bytes[at..].iter().take_while(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
                }
                _ => at += 1,
            }
        }
        let header_end = self.line_end(at);
        let header = &self.text[at..header_end];
        let indicators = header.find(['#', ' ', '\t']).map_or(header, |end| &header[..end]);
        if indicators.contains('+') {
            return (at, body.end.max(at + indicators.len()));
        }
        let written = self.text[body.start..body.end].trim_end_matches([' ', '\t', '\r', '\n']).len();
        let end = if written == 0 { at + indicators.len() } else { self.line_end(body.start + written).min(body.end) };
        (at, end)
    }

    /// Whether the file ends at byte `end` in a line of text without a line break. The parser
    /// adds one to a block scalar there, against YAML 1.2.2 (production 165).
    fn is_cut_off(&self, end: usize) -> bool {
        let last_line = || self.text.rsplit(['\n', '\r']).next().unwrap_or_default();
        end == self.text.len() && !last_line().trim().is_empty()
    }

    /// The end of the line that byte `at` is on, without its line break.
    fn line_end(&self, at: usize) -> usize {
        memchr::memchr2(b'\n', b'\r', &self.text.as_bytes()[at..]).map_or(self.text.len(), |length| at + length)
    }

    fn problem(&mut self, message: impl Into<String>, start: usize, end: usize) {
        let span = Span::new(self.file, start as u32, end as u32);
        self.problems.push(Problem::new(ProblemCode::Syntax, message, span));
    }
}

fn is_scalar(kind: NodeKind) -> bool {
    !matches!(kind, NodeKind::Seq | NodeKind::Map | NodeKind::Alias)
}

/// The kind of a scalar: by its core tag, else by its text if it is plain. A
/// text that its tag does not fit, and any with another tag, is a string.
fn scalar_kind(value: &str, style: ScalarStyle, tag: Option<&Tag>) -> NodeKind {
    let Some(tag) = tag else {
        return if style == ScalarStyle::Plain { scalar::resolve(value) } else { NodeKind::Str };
    };
    match (tag.core_suffix(), scalar::resolve(value)) {
        (Some("null"), NodeKind::Null) => NodeKind::Null,
        (Some("bool"), NodeKind::Bool) => NodeKind::Bool,
        (Some("int"), NodeKind::Int) => NodeKind::Int,
        (Some("float"), NodeKind::Int | NodeKind::Float) => NodeKind::Float,
        _ => NodeKind::Str,
    }
}

#[cfg(test)]
mod tests;

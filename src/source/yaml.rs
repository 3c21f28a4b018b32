//! The YAML reader: events of `granit-parser` into the located tree. It mends
//! what those events leave out: the header of a block scalar is part of its
//! span, a block container ends where its last entry does, and a value that is
//! not written has an empty span after its colon.
//!
//! Scalars are resolved by the core schema; anchors become node ids; merge keys
//! are left to the tree's look-ups. What no JSON document could hold (a mapping
//! or a sequence as a key) is a problem and left out. A tag of CloudFormation is a
//! mapping with one key: `!Ref x` reads as `{Ref: x}`.
//!
//! A syntax error costs the rest of its document, not those behind it.

mod intrinsic;
mod message;

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle, Tag, options};

use super::tree::{Text, TreeBuilder};
use super::{Limits, NodeKind, comment, scalar};
use crate::error::{Problem, ProblemCode};
use crate::span::{FileId, NodeId, Span};

/// Reading ends after so many problems: every other byte could be one.
const MAX_PROBLEMS: usize = 1000;

/// Reads all documents of `text` into `builder`, each as a root. A syntax error ends
/// its document, with what was read before it; other problems do not.
pub fn read(file: FileId, text: &str, limits: &Limits, builder: &mut TreeBuilder) -> Vec<Problem> {
    read_masked(file, text, text, limits, builder)
}

/// As [`read`], by the structure of `masked`: a text as long as `text` with something harmless
/// in the place of what is no YAML. Where they differ, what is read has the text of `text`.
pub fn read_masked(file: FileId, text: &str, masked: &str, limits: &Limits, builder: &mut TreeBuilder) -> Vec<Problem> {
    let mut reader = Reader {
        file,
        text,
        masked,
        builder,
        anchors: Vec::new(),
        frames: Vec::new(),
        cursor: 0,
        skip: Skip::default(),
        document: 0,
        problems: Vec::new(),
    };
    if let Err(problem) = reader.documents(0..masked.len(), limits) {
        let line = masked[..problem.span.start as usize].rfind('\n').map_or(0, |lf| lf + 1);
        let mut next = next_document(masked, line.max(reader.document + 1));
        reader.fail(problem);
        // From here on each document is read alone, so that no byte is read more than twice.
        while let Some(start) = next.filter(|_| reader.problems.len() < MAX_PROBLEMS) {
            next = next_document(masked, start + 1);
            if let Err(problem) = reader.documents(start..next.unwrap_or(masked.len()), limits) {
                reader.fail(problem);
            }
        }
    }
    reader.problems
}

/// The first line from byte `from` on that begins a document.
fn next_document(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let begins = |&at: &usize| {
        (at == 0 || bytes[at - 1] == b'\n') && bytes.get(at + 3).is_none_or(|byte| b" \t\r\n".contains(byte))
    };
    memchr::memmem::find_iter(bytes.get(from..)?, b"---").map(|at| from + at).find(begins)
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

/// The bytes of an event, and those of the tag before it.
#[derive(Clone, Copy)]
struct Range {
    start: usize,
    end: usize,
    tag: Option<(usize, usize)>,
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
    /// The mapping that a tag stands for. It ends with its one value.
    Tag,
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
    /// What the parser reads; as long as `text`.
    masked: &'t str,
    builder: &'b mut TreeBuilder,
    /// By the parser's anchor ids, which count up.
    anchors: Vec<Option<Anchor>>,
    frames: Vec<Frame>,
    /// Where the token that was read last ends.
    cursor: usize,
    /// Where the document begins that is being read.
    document: usize,
    skip: Skip,
    problems: Vec<Problem>,
}

impl<'t> Reader<'t, '_> {
    /// Reads the documents that stand in a part of the text.
    fn documents(&mut self, part: std::ops::Range<usize>, limits: &Limits) -> Result<(), Problem> {
        let text = &self.masked[part.clone()];
        self.anchors.clear();
        self.cursor = part.start;
        for next in Parser::new_from_str_with_options(text, parser_options(text, limits)) {
            match next {
                Ok((event, span)) => {
                    let start = span.start.byte_offset().map_or(self.cursor, |at| self.boundary(part.start + at));
                    let end = span.end.byte_offset().map_or(start, |at| self.boundary(part.start + at)).max(start);
                    let tag = span.tag_span().and_then(|tag| tag.start.byte_offset().zip(tag.end.byte_offset()));
                    let tag = tag.map(|(from, to)| (part.start + from, part.start + to));
                    self.event(event, Range { start, end, tag }, limits)?;
                }
                Err(error) => return Err(message::problem(self.file, self.masked, part.start, &error, limits)),
            }
            if self.problems.len() >= MAX_PROBLEMS {
                let span = Span::new(self.file, self.cursor as u32, self.cursor as u32);
                return Err(Problem::new(ProblemCode::Syntax, "too many problems, not read from here on", span));
            }
        }
        Ok(())
    }

    /// The character that byte `at` lies in, which may stand under a mask.
    fn boundary(&self, at: usize) -> usize {
        (0..=at).rev().find(|&at| self.text.is_char_boundary(at)).unwrap_or(0)
    }

    /// Ends the document that is being read, for the reason `problem` says.
    fn fail(&mut self, mut problem: Problem) {
        let Span { start, end, .. } = problem.span;
        let [start, end] = [start, end].map(|at| self.boundary(at as usize) as u32);
        problem.span = Span::new(self.file, start, end);
        if self.problems.last() != Some(&problem) {
            self.problems.push(problem);
        }
        self.builder.abandon();
        self.frames.clear();
        self.skip = Skip::default();
    }

    fn event(&mut self, event: Event<'_>, range: Range, limits: &Limits) -> Result<(), Problem> {
        match event {
            Event::Comment(..) => comment::keep(self.builder, self.file, self.text, range.start),
            // A document that begins without `---` has the place of its first token.
            Event::DocumentStart(true, _) => {
                self.cursor = self.cursor.max(range.end);
                self.document = range.start;
            }
            Event::Scalar(value, style, anchor, tag) => {
                self.scalar(&value, style, anchor, tag.as_deref(), range);
            }
            Event::Alias(id) => self.alias(id, range),
            Event::UnresolvedAlias(name) => {
                self.problem(format!("no anchor `&{name}` stands before this alias"), range.start, range.end);
                self.alias(usize::MAX, range);
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.open(NodeKind::Seq, style, anchor, tag.as_deref(), range, limits)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                self.open(NodeKind::Map, style, anchor, tag.as_deref(), range, limits)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range),
            _ => {}
        }
        Ok(())
    }

    fn scalar(&mut self, value: &str, style: ScalarStyle, anchor: usize, tag: Option<&Tag>, range: Range) {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let written = &self.masked[range.start..range.end];
        let is_masked = !std::ptr::eq(self.text, self.masked) && written != &self.text[range.start..range.end];
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
            let at = range.tag.map_or_else(|| self.empty_value(range), |tag| tag.1.max(range.start));
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
        let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
        let unmasked = if is_masked { self.unmasked(range, quoted) } else { value };
        if let Some(Frame::Key) = self.frames.last() {
            self.builder.key(unmasked, start as u32, end as u32);
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
        let wrapper = self.open_tag(tag, range);
        let text = if !is_block && written == value {
            Text::AsWritten
        } else if quoted && written.get(1..written.len() - 1) == Some(value) {
            Text::InsideQuotes
        } else {
            self.builder.decode(unmasked)
        };
        let node = self.builder.scalar(kind, start as u32, end as u32, text);
        self.name(anchor, Anchor::Node(wrapper.unwrap_or(node)));
        self.close_tag();
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
        tag: Option<&Tag>,
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
        let wrapper = self.open_tag(tag, range);
        let node = self.builder.open(kind, range.start as u32);
        self.name(anchor, Anchor::Node(wrapper.unwrap_or(node)));
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
        self.close_tag();
        self.value_done();
    }

    /// Opens the mapping that a tag stands for, if it does for one.
    fn open_tag(&mut self, tag: Option<&Tag>, range: Range) -> Option<NodeId> {
        let key = intrinsic::key(tag?)?;
        let (start, end) = range.tag?;
        let node = self.builder.open(NodeKind::Map, start as u32);
        self.builder.key(key, start as u32, end as u32);
        self.frames.push(Frame::Tag);
        Some(node)
    }

    /// Closes the mapping that a tag stands for, if its value was the last node.
    fn close_tag(&mut self) {
        if let Some(Frame::Tag) = self.frames.last() {
            self.frames.pop();
            self.builder.close(None);
        }
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

    /// What stands in the file where the parser reads something else, without quotes round it.
    fn unmasked(&self, range: Range, quoted: bool) -> &'t str {
        let written = &self.text[range.start..range.end];
        if quoted { written.get(1..written.len().max(2) - 1).unwrap_or(written) } else { written }
    }

    /// Where a value that is not written stands: after the colon of its key.
    fn empty_value(&self, range: Range) -> usize {
        let Some(&Frame::Value(key_end)) = self.frames.last() else { return range.start };
        let from = key_end.max(self.cursor.min(range.start));
        let blanks = self.masked[from..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if self.masked.as_bytes().get(from + blanks) == Some(&b':') {
            from + blanks + 1
        } else {
            range.start.max(key_end)
        }
    }

    /// The bytes of a block scalar from its `|` or `>` to the end of its last
    /// line that is not blank (with `+`, which keeps blank lines, to the end of those).
    fn block_scalar(&self, body: Range) -> (usize, usize) {
        let bytes = self.masked.as_bytes();
        // Between the token before it and its body stand only indicators,
        // properties, comments and the header.
        let mut at = self.cursor.max(body.tag.map_or(0, |tag| tag.1)).min(body.start);
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
        let header = &self.masked[at..header_end];
        let indicators = header.find(['#', ' ', '\t']).map_or(header, |end| &header[..end]);
        if indicators.contains('+') {
            return (at, body.end.max(at + indicators.len()));
        }
        let written = self.masked[body.start..body.end].trim_end_matches([' ', '\t', '\r', '\n']).len();
        let end = if written == 0 { at + indicators.len() } else { self.line_end(body.start + written).min(body.end) };
        (at, end)
    }

    /// Whether the file ends at byte `end` in a line of text without a line break. The parser
    /// adds one to a block scalar there, against YAML 1.2.2 (production 165).
    fn is_cut_off(&self, end: usize) -> bool {
        let last_line = || self.masked.rsplit(['\n', '\r']).next().unwrap_or_default();
        end == self.text.len() && !last_line().trim().is_empty()
    }

    /// The end of the line that byte `at` is on, without its line break.
    fn line_end(&self, at: usize) -> usize {
        memchr::memchr2(b'\n', b'\r', &self.masked.as_bytes()[at..]).map_or(self.text.len(), |length| at + length)
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

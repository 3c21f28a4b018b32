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

use super::tree::{Comment, Text, TreeBuilder};
use super::{Limits, NodeKind, scalar};
use crate::error::{Problem, ProblemCode};
use crate::span::{FileId, NodeId, Span};

/// Marks the comments that are kept.
const COMMENT_MARK: &str = "gatelint:";

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
        emit_comments: memchr::memmem::find(text.as_bytes(), COMMENT_MARK.as_bytes()).is_some(),
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
            Event::Comment(text, _) if text.contains(COMMENT_MARK) => self.comment(range.start),
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

    fn comment(&mut self, start: usize) {
        let end = self.line_end(start);
        let line = self.text[..start].rfind(['\n', '\r']).map_or(0, |brk| brk + 1);
        let alone = self.text[line..start].trim().is_empty();
        let text = &self.text[start + 1..end];
        let from = end - text.trim_start().len();
        let to = from + text.trim().len();
        self.builder.comment(Comment { span: Span::new(self.file, from as u32, to as u32), alone });
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
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::Tree;

    fn parse(text: &str) -> (Tree, Vec<Problem>) {
        let mut builder = TreeBuilder::new(FileId(0), Arc::from(text));
        let problems = read(FileId(0), text, &Limits { depth: 8, ..Limits::default() }, &mut builder);
        (builder.finish(), problems)
    }

    /// Every node as `pointer kind text-of-value-span`, one a line.
    fn outline(text: &str) -> Vec<String> {
        let (tree, problems) = parse(text);
        assert_eq!(problems, []);
        let slice = |span: Span| &text[span.start as usize..span.end as usize];
        tree.ids().map(|id| format!("{} {:?} {:?}", tree.pointer(id), tree.kind(id), slice(tree.span(id)))).collect()
    }

    #[track_caller]
    fn check(text: &str, message: &str, at: &str) {
        let (_, problems) = parse(text);
        let [problem] = &problems[..] else { panic!("one problem: {problems:?}") };
        assert_eq!((&*problem.message, &text[problem.span.start as usize..problem.span.end as usize]), (message, at));
    }

    #[test]
    fn a_block_scalar_keeps_its_header_in_the_span() {
        let text = "a: |\n  x\n  y\n\nb: !!str &x # c |\n  >2-\n   z\nc:\n  - |+\n    k\n\nd: |\n";
        assert_eq!(
            outline(text)[1..],
            [
                r#"/a Str "|\n  x\n  y""#,
                r#"/b Str ">2-\n   z""#,
                r#"/c Seq "- |+\n    k\n\n""#,
                r#"/c/0 Str "|+\n    k\n\n""#,
                r#"/d Str "|""#,
            ]
        );
        let (tree, _) = parse(text);
        let texts: Vec<_> = tree.ids().map(|id| tree.text(id)).filter(|text| !text.is_empty()).collect();
        assert_eq!(texts, ["x\ny\n", " z", "k\n\n"]);
    }

    #[test]
    fn a_block_scalar_at_the_end_of_the_file_gets_no_line_break_it_has_not() {
        for (text, value) in
            [("a: |\n  x", "x"), ("a: |+\n  x", "x"), ("a: >\n  x\n  y", "x y"), ("a: |\n  x\n ", "x\n")]
        {
            let (tree, _) = parse(text);
            assert_eq!(tree.text(tree.path(tree.roots()[0], &["a"]).unwrap()), value, "{text:?}");
        }
    }

    #[test]
    fn a_block_container_ends_where_its_last_entry_does() {
        let text = "a:\n  b:\n    - 1\n    - c: x\n\n# end\nd: 2\n";
        assert_eq!(
            outline(text),
            [
                r#" Map "a:\n  b:\n    - 1\n    - c: x\n\n# end\nd: 2""#,
                r#"/a Map "b:\n    - 1\n    - c: x""#,
                r#"/a/b Seq "- 1\n    - c: x""#,
                r#"/a/b/0 Int "1""#,
                r#"/a/b/1 Map "c: x""#,
                r#"/a/b/1/c Str "x""#,
                r#"/d Int "2""#,
            ]
        );
    }

    #[test]
    fn a_value_that_is_not_written_stands_after_its_colon() {
        let text = "a:\nb : # c\n\"c\":  \nd: {e, f: , g: ~}\n";
        let (tree, problems) = parse(text);
        assert_eq!(problems, []);
        let ends: Vec<_> = tree.ids().skip(1).map(|id| tree.span(id)).map(|span| (span.start, span.end)).collect();
        assert_eq!(ends, [(2, 2), (6, 6), (15, 15), (21, 35), (23, 23), (27, 27), (33, 34)]);
        assert!(tree.ids().filter(|&id| tree.count(id) == 0).all(|id| tree.kind(id) == NodeKind::Null));
        assert_eq!(tree.text(tree.path(tree.roots()[0], &["a"]).unwrap()), "");
    }

    #[test]
    fn quoted_and_tagged_scalars_are_strings() {
        let text = "[1, '1', \"1\", !!str 1, !!int '1', !!float 1, !Ref x, !!str , ! 1, !!binary aGk=]";
        let kinds: Vec<_> = outline(text)[1..].iter().map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect();
        assert_eq!(kinds, ["Int", "Str", "Str", "Str", "Int", "Float", "Str", "Str", "Str", "Str"]);
    }

    #[test]
    fn keys_that_are_no_strings_compare_as_their_text() {
        let (tree, _) = parse("200: a\ntrue: b\n~: c\n'x y': d\n: e\n");
        let keys: Vec<_> = tree.children(tree.roots()[0]).map(|id| tree.key(id).unwrap()).collect();
        assert_eq!(keys, ["200", "true", "~", "x y", ""]);
    }

    #[test]
    fn an_alias_refers_to_the_latest_anchor_of_its_name() {
        let text = "- &a one\n- *a\n- &a [two]\n- *a\n";
        let (tree, problems) = parse(text);
        assert_eq!(problems, []);
        let items: Vec<_> = tree.children(tree.roots()[0]).collect();
        assert_eq!(tree.kind(items[1]), NodeKind::Alias);
        assert_eq!(tree.resolve(items[1]), items[0]);
        assert_eq!(tree.resolve(items[3]), items[2]);
    }

    #[test]
    fn keys_can_be_anchored_and_be_aliases() {
        let (tree, problems) = parse("&k key: &v value\n*v : *k\n*k : 1\n");
        assert_eq!(problems, []);
        let root = tree.roots()[0];
        assert_eq!(tree.str(tree.get(root, "value").unwrap()), Some("key"));
        assert_eq!(tree.number(tree.get(root, "key").unwrap()), Some(1.0));
    }

    #[test]
    fn an_alias_in_its_own_anchor_is_a_problem_and_leads_nowhere() {
        let (tree, problems) = parse("a: &a\n  b: *a\n");
        assert_eq!(problems[0].message, "`*a` stands inside the node it refers to");
        let alias = tree.path(tree.roots()[0], &["a", "b"]).unwrap();
        assert_eq!(tree.resolve(alias), alias);
    }

    #[test]
    fn an_unknown_alias_does_not_stop_reading() {
        check("a: *b\nc: 1\n", "no anchor `&b` stands before this alias", "*b");
        assert!(parse("a: *b\nc: 1\n").0.path(NodeId(0), &["c"]).is_some());
    }

    #[test]
    fn merge_keys_are_looked_up() {
        let text = "x: &x {a: 1, b: 1}\ny: &y {<<: *x, b: 2, c: 2}\nz:\n  <<: [*y, *x]\n  c: 3\n";
        let (tree, _) = parse(text);
        let z = tree.path(tree.roots()[0], &["z"]).unwrap();
        let number = |key| tree.number(tree.get(z, key).unwrap());
        assert_eq!((number("a"), number("b"), number("c")), (Some(1.0), Some(2.0), Some(3.0)));
        let entries: Vec<_> = tree.entries(z).into_iter().map(|entry| tree.key(entry).unwrap()).collect();
        assert_eq!(entries, ["c", "b", "a"]);
    }

    #[test]
    fn a_collection_as_a_key_is_left_out_with_its_value() {
        let message = "a mapping or a sequence as a key is not supported";
        check("a: 1\n? [x, {y: z}]\n: {b: [&q c]}\nd: 2\n", message, "[");
        check("? {a: b}\nc: d\n", message, "{");
        let (tree, _) = parse("a: 1\n? [x, {y: z}]\n: {b: [&q c]}\nd: *q\n");
        let keys: Vec<_> = tree.children(tree.roots()[0]).map(|id| tree.key(id).unwrap()).collect();
        assert_eq!(keys, ["a", "d"]);
    }

    #[test]
    fn each_document_is_a_root() {
        let (tree, problems) = parse("a: 1\n---\n- b\n...\n---\n# nothing\n");
        assert_eq!(problems, []);
        let kinds: Vec<_> = tree.roots().iter().map(|&root| tree.kind(root)).collect();
        assert_eq!(kinds, [NodeKind::Map, NodeKind::Seq, NodeKind::Null]);
        assert!(parse("# nothing\n").0.is_empty());
    }

    #[test]
    fn comments_that_speak_to_gatelint_are_kept() {
        let text = "a: 1 # other\n  # gatelint: ignore[x] why \nb: 2 #gatelint: ignore[y]\r\nc: '# gatelint: z'\n";
        let (tree, _) = parse(text);
        let found: Vec<_> = tree
            .comments
            .iter()
            .map(|comment| (&text[comment.span.start as usize..comment.span.end as usize], comment.alone))
            .collect();
        assert_eq!(found, [("gatelint: ignore[x] why", true), ("gatelint: ignore[y]", false)]);
    }

    #[test]
    fn nesting_beyond_the_limit_is_too_deep() {
        for text in ["[".repeat(9), "- ".repeat(9), "[[[[{a: [{b: [{}]}]}]]]]".to_owned()] {
            let (tree, problems) = parse(&text);
            assert_eq!(problems[0].code, ProblemCode::TooDeep, "{text}");
            assert_eq!(problems[0].message, "nested more than 8 levels deep");
            assert!(tree.len() <= 9);
        }
        assert_eq!(parse("[[[[[[[[]]]]]]]]").1, []);
    }

    #[test]
    fn syntax_errors_are_in_plain_words_at_their_place() {
        check("a: b: c\n", "`:` is not allowed here: check the indentation, or put the text in quotes", ":");
        check("a: [1, 2\nb: 3\n", "`:` is not allowed here: a bracket or a quote before it may not be closed", ":");
        check("a: {x: 1\n", "`{` is not closed", "{");
        check("a: [1 }\n", "`[` is closed by `}`", "[");
        check("a: 'x\nb: 2\n", "a line of a quoted text is not indented, or its quote is not closed", "b");
        check("a: @x\n", "no text may begin with `@`: put it in quotes", "@");
        check("a:\n\t\tb: 1\n", "a tab cannot indent YAML: use spaces", "\t\t");
        check("a:\n  b: 1\n c: 2\n", "expected a key of the mapping above: check the indentation", "c");
        check("- a\nb: 1\n", "expected `-` of the list above: check the indentation", "b");
        check("a: 1\nword\nc: 2\n", "expected `:` after a key", "word");
        check("a: 'it's'\n", "text after a closing quote: quote the whole text, or double the quote inside it", "s");
        check("a: !!x!y z\n", "expected a space after a tag", "!");
    }
}

//! The reader of settings in lines of `key = value`, as Kong reads `kong.conf`
//! (Penlight's `pl.config`, and `strip_comments` in `kong/conf_loader`): one map of scalars.
//!
//! `#` begins a comment also behind a value, unless a backslash stands before it. A
//! line that ends in a backslash goes on in the next one. A line without `=` is left
//! out, with a problem. Keys are not split at their dots.

use super::tree::{Text, TreeBuilder};
use super::{NodeKind, comment, scalar};
use crate::error::{Problem, ProblemCode};
use crate::span::{FileId, Span};

/// Reading ends after so many problems: every line could be one.
const MAX_PROBLEMS: usize = 1000;

/// Reads `text` into `builder`.
pub fn read(file: FileId, text: &str, builder: &mut TreeBuilder) -> Vec<Problem> {
    let bytes = text.as_bytes();
    let mut problems = Vec::new();
    let mut line = 0;
    while line < bytes.len() && problems.len() < MAX_PROBLEMS {
        let start = line + bytes[line..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let is_comment = bytes.get(start) == Some(&b'#');
        let end = if is_comment { line_end(bytes, start) } else { logical_end(bytes, start) };
        line = end + 1;
        match bytes.get(start) {
            None => {}
            Some(_) if is_comment => comment::keep(builder, file, text, start),
            Some(_) => match memchr::memchr(b'=', &bytes[start..end]) {
                Some(length) => entry(file, text, builder, start..end, start + length),
                None => {
                    let written = text[start..end].trim_end();
                    let span = Span::new(file, start as u32, (start + written.len()) as u32);
                    problems.push(Problem::new(ProblemCode::Syntax, "expected `key = value`", span));
                }
            },
        }
    }
    problems
}

/// Adds the setting that stands at `range`, with its `=` at byte `equals`.
fn entry(file: FileId, text: &str, builder: &mut TreeBuilder, range: std::ops::Range<usize>, equals: usize) {
    let key = text[range.start..equals].trim_end();
    let written = &text[equals + 1..range.end];
    let comment = comment_in(written.as_bytes());
    let value = written[..comment.unwrap_or(written.len())].trim_end();
    let start = equals + 1 + (value.len() - value.trim_start().len());
    let value = value.trim_start();
    let end = start + value.len();
    if builder.depth() == 0 {
        builder.open(NodeKind::Map, range.start as u32);
    }
    builder.key(key, range.start as u32, (range.start + key.len()) as u32);
    if value.contains(['\\', '\n']) {
        let decoded = decode(value);
        let kind = scalar::resolve(&decoded);
        let decoded = builder.decode(&decoded);
        builder.scalar(kind, start as u32, end as u32, decoded);
    } else {
        builder.scalar(scalar::resolve(value), start as u32, end as u32, Text::AsWritten);
    }
    if let Some(at) = comment {
        comment::keep(builder, file, text, equals + 1 + at);
    }
}

/// The end of the line that begins at byte `at`, and of those it goes on in.
fn logical_end(bytes: &[u8], at: usize) -> usize {
    let mut from = at;
    loop {
        let end = line_end(bytes, from);
        let written = bytes[at..end].strip_suffix(b"\r").unwrap_or(&bytes[at..end]);
        if end == bytes.len() || written.last() != Some(&b'\\') {
            return end;
        }
        from = end + 1;
    }
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length)
}

/// The first `#` without a backslash before it.
fn comment_in(value: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'#', value).find(|&at| at == 0 || value[at - 1] != b'\\')
}

/// A value without the backslashes before `#` and before line breaks.
fn decode(value: &str) -> String {
    let joined = value.replace("\\\r\n", "\\\n");
    joined.split("\\\n").map(str::trim_start).collect::<String>().replace("\\#", "#")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::Tree;

    fn parse(text: &str) -> (Tree, Vec<Problem>) {
        let mut builder = TreeBuilder::new(FileId(0), Arc::from(text));
        let problems = read(FileId(0), text, &mut builder);
        (builder.finish(), problems)
    }

    #[test]
    fn settings_are_one_map_of_scalars() {
        let text =
            "# Kong\nadmin_listen = 0.0.0.0:8001, [::]:8001 ssl\n\nport=8001 # why\r\nssl = on\na.b =\n  c = x\\#y";
        let (tree, problems) = parse(text);
        assert_eq!(problems, []);
        let slice = |span: Span| &text[span.start as usize..span.end as usize];
        let found: Vec<_> = tree
            .children(tree.roots()[0])
            .map(|id| (slice(tree.key_span(id).unwrap()), tree.kind(id), tree.text(id)))
            .collect();
        assert_eq!(
            found,
            [
                ("admin_listen", NodeKind::Str, "0.0.0.0:8001, [::]:8001 ssl"),
                ("port", NodeKind::Int, "8001"),
                ("ssl", NodeKind::Str, "on"),
                ("a.b", NodeKind::Null, ""),
                ("c", NodeKind::Str, "x#y"),
            ]
        );
    }

    #[test]
    fn a_backslash_at_the_end_of_a_line_joins_lines() {
        let (tree, problems) = parse("a = b, \\\n    c\nd = e\n");
        assert_eq!(problems, []);
        let root = tree.roots()[0];
        assert_eq!(tree.text(tree.get(root, "a").unwrap()), "b, c");
        assert_eq!(tree.text(tree.get(root, "d").unwrap()), "e");
    }

    #[test]
    fn a_line_without_an_equals_sign_is_left_out() {
        let (tree, problems) = parse("a = 1\n[section]\nb = 2\n");
        assert_eq!((&*problems[0].message, problems[0].span.start), ("expected `key = value`", 6));
        assert_eq!(tree.count(tree.roots()[0]), 2);
    }

    #[test]
    fn comments_that_speak_to_gatelint_are_kept() {
        let (tree, _) = parse("# gatelint: ignore[x]\na = 1 # gatelint: ignore[y]\n");
        assert_eq!(tree.comments.iter().map(|comment| comment.alone).collect::<Vec<_>>(), [true, false]);
    }
}

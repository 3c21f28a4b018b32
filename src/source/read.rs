//! From the bytes of a file to a [`SourceFile`]: encoding, size, and the choice
//! of the reader by content. Never fails as a whole; opens no file.

use std::sync::{Arc, LazyLock, OnceLock};

use regex::Regex;

use super::tree::TreeBuilder;
use super::{Limits, SourceFile, Syntax, json, nginx, properties, syntax_of, template, toml, yaml};
use crate::error::{Problem, ProblemCode};
use crate::span::{FileId, Span};

/// No text is longer than this, whatever the limits say: the tree counts the
/// entries of a container in 28 bits, and an entry takes at least two bytes.
const MAX_BYTES: usize = 512 << 20;

/// Reads a file into its located tree. What cannot be read is a problem of the
/// file, which then holds the tree up to there.
///
/// A byte order mark is left out of the text, and spans are offsets into the
/// text **without** it. A byte that is not UTF-8 reads as `?`, so that all
/// others keep their offsets.
///
/// [`syntax_of`] says in which syntax, with one exception: a file that begins like JSON
/// but is not well-formed is read as YAML, unless its name ends in `.json`.
pub fn read(id: FileId, path: &str, bytes: Vec<u8>, limits: &Limits) -> SourceFile {
    let limit = limits.bytes.min(MAX_BYTES);
    if bytes.len() > limit {
        let message = format!("{} bytes long, over the limit of {limit}", bytes.len());
        return SourceFile::broken(id, path, ProblemCode::TooLarge, message);
    }
    if let Some(encoding) = other_encoding(&bytes) {
        let message = format!("the file is {encoding}, gatelint reads UTF-8");
        return SourceFile::broken(id, path, ProblemCode::Encoding, message);
    }
    let (text, mut problems) = decode(id, bytes);
    let (builder, syntax, found) = parse(id, path, &text, limits);
    // What is wrong with the syntax of a file in another encoding is that encoding.
    let misread = !problems.is_empty();
    problems.extend(found.into_iter().filter(|problem| !misread || problem.code != ProblemCode::Syntax));
    let templated = template::is_in(&text);
    let tree = builder.finish();
    SourceFile {
        id,
        path: path.to_owned(),
        text,
        tree,
        syntax,
        templated,
        host: None,
        problems,
        lines: OnceLock::new(),
    }
}

impl SourceFile {
    /// A file that could not be opened or read, for the reason `message` says.
    pub fn unreadable(id: FileId, path: &str, message: impl Into<String>) -> Self {
        Self::broken(id, path, ProblemCode::Unreadable, message.into())
    }

    /// A file without text and with one problem.
    fn broken(id: FileId, path: &str, code: ProblemCode, message: String) -> Self {
        let text: Arc<str> = Arc::from("");
        let tree = TreeBuilder::new(id, Arc::clone(&text)).finish();
        let problems = vec![Problem::new(code, message, Span::new(id, 0, 0))];
        let syntax = syntax_of(path, "");
        Self {
            id,
            path: path.to_owned(),
            text,
            tree,
            syntax,
            templated: false,
            host: None,
            problems,
            lines: OnceLock::new(),
        }
    }
}

/// Names an encoding other than UTF-8 by its byte order mark, or by the zero
/// bytes beside the first character, which JSON and YAML begin with ASCII.
fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    match *bytes {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Some("UTF-32"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("UTF-16"),
        [a, 0, 0, 0, ..] | [0, 0, 0, a, ..] if a != 0 => Some("UTF-32"),
        [a, 0, b, 0, ..] | [0, a, 0, b, ..] if a != 0 && b != 0 => Some("UTF-16"),
        _ => None,
    }
}

/// The text of a file, and where it is not UTF-8.
fn decode(file: FileId, bytes: Vec<u8>) -> (Arc<str>, Vec<Problem>) {
    let mut problems = Vec::new();
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let (mended, first, count) = mend(error.into_bytes());
            let bom = if mended.starts_with('\u{FEFF}') { 3 } else { 0 };
            let span = Span::new(file, (first - bom) as u32, (first - bom + 1) as u32);
            let message = match count {
                1 => "a byte that is not UTF-8".to_owned(),
                _ => format!("{count} bytes that are not UTF-8, the first of them here"),
            };
            problems.push(Problem::new(ProblemCode::Encoding, message, span));
            mended
        }
    };
    (Arc::from(text.strip_prefix('\u{FEFF}').unwrap_or(&text)), problems)
}

/// Replaces each byte that is not UTF-8 by `?`. Returns where the first one was, and how many.
fn mend(bytes: Vec<u8>) -> (String, usize, usize) {
    let mut text = String::with_capacity(bytes.len());
    let mut first = None;
    let mut count = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            first.get_or_insert(text.len());
            count += 1;
            text.push('?');
        }
    }
    (text, first.unwrap_or(0), count)
}

/// Reads a text into a tree, in the syntax that its name and beginning tell.
pub(super) fn parse(id: FileId, path: &str, text: &Arc<str>, limits: &Limits) -> (TreeBuilder, Syntax, Vec<Problem>) {
    let syntax = syntax_of(path, text);
    let mut builder = TreeBuilder::new(id, Arc::clone(text));
    let problems = match syntax {
        Syntax::Json => match json::read(id, text, limits, &mut builder) {
            Ok(()) => Vec::new(),
            Err(problem) if problem.code != ProblemCode::Syntax => vec![*problem],
            Err(problem) if is_json(path) => {
                let problems = vec![*problem];
                match is_template(text, &problems).then(|| masked(id, text, limits)).flatten() {
                    Some((builder, problems)) => return (builder, Syntax::Json, problems),
                    None => problems,
                }
            }
            Err(_) => return yaml(id, text, limits),
        },
        Syntax::Yaml => return yaml(id, text, limits),
        Syntax::Toml => as_template(text, toml::read(id, text, limits, &mut builder)),
        Syntax::Properties => as_template(text, properties::read(id, text, &mut builder)),
        Syntax::Nginx => {
            let (problems, action) = nginx::read(id, text, limits, &mut builder);
            match action {
                Some(action) => one_template(problems, action),
                None => problems,
            }
        }
    };
    (builder, syntax, problems)
}

/// Reads YAML, and if that fails because it is a template, what stands round its actions.
fn yaml(id: FileId, text: &Arc<str>, limits: &Limits) -> (TreeBuilder, Syntax, Vec<Problem>) {
    let mut builder = TreeBuilder::new(id, Arc::clone(text));
    let problems = yaml::read(id, text, limits, &mut builder);
    match is_template(text, &problems).then(|| masked(id, text, limits)).flatten() {
        Some((builder, problems)) => (builder, Syntax::Yaml, problems),
        None => (builder, Syntax::Yaml, problems),
    }
}

/// Reads what stands round the template actions of a text in YAML or JSON.
fn masked(id: FileId, text: &Arc<str>, limits: &Limits) -> Option<(TreeBuilder, Vec<Problem>)> {
    let masked = template::mask(text)?;
    let mut builder = TreeBuilder::new(id, Arc::clone(text));
    let problems = yaml::read_masked(id, text, &masked, limits, &mut builder);
    let first = text.bytes().zip(masked.bytes()).position(|(own, other)| own != other).unwrap_or(0);
    let first = template::Actions::new(text).at(first).map_or(first..first, |action| action.start..action.end);
    Some((builder, one_template(problems, Span::new(id, first.start as u32, first.end as u32))))
}

fn is_json(path: &str) -> bool {
    path.len() > 5 && path.as_bytes()[path.len() - 5..].eq_ignore_ascii_case(b".json")
}

/// Says that a file is a template, at its first syntax error or else at `action`, its first one.
fn one_template(mut problems: Vec<Problem>, action: Span) -> Vec<Problem> {
    let found = problems.iter().find(|problem| problem.code == ProblemCode::Syntax);
    let template = match found {
        Some(problem) => Problem::new(
            ProblemCode::Templated,
            format!("a template, read only in part: {}", problem.message),
            problem.span,
        ),
        None => Problem::new(ProblemCode::Templated, "a template: what its actions stand for is not known", action),
    };
    problems.retain(|problem| problem.code != ProblemCode::Syntax);
    problems.push(template);
    problems
}

/// Syntax errors in what is a template are not the file's fault. A template
/// breaks in many places for one reason, so the first error stands for all.
fn as_template(text: &str, problems: Vec<Problem>) -> Vec<Problem> {
    let is_broken = |problem: &&Problem| problem.code == ProblemCode::Syntax;
    match problems.iter().find(is_broken).map(|problem| problem.span) {
        Some(first) if is_template(text, &problems) => one_template(problems, first),
        _ => problems,
    }
}

/// Whether a text has syntax errors that come from its being a template.
fn is_template(text: &str, problems: &[Problem]) -> bool {
    let mut broken = problems.iter().filter(|problem| problem.code == ProblemCode::Syntax).peekable();
    broken.peek().is_some()
        && (TEMPLATE_LINE.as_ref().is_some_and(|line| line.is_match(text))
            || broken.any(|problem| is_near_template(text, problem.span.start as usize)))
}

/// A template action that begins a line, a list item or a value. Not any `{{`:
/// a description may mention templates in a file that is just broken.
static TEMPLATE_LINE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^[ \t]*(?:-[ \t]+)*(?:[^ \t\r\n:]+[ \t]*:[ \t]+)?\{[{%]").ok());

/// Whether a template action stands on the line of byte `at`, or on the one before.
fn is_near_template(text: &str, at: usize) -> bool {
    const NEAR: usize = 200;
    let bytes = text.as_bytes();
    let from = at.saturating_sub(NEAR);
    let mut lines = memchr::memrchr_iter(b'\n', &bytes[from..at]);
    let from = lines.nth(1).map_or(from, |brk| from + brk);
    let to = (at + NEAR).min(bytes.len());
    let to = memchr::memchr(b'\n', &bytes[at..to]).map_or(to, |length| at + length);
    bytes[from..to].windows(2).any(|pair| matches!(pair, b"{{" | b"{%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, bytes: &[u8]) -> SourceFile {
        read(FileId(0), path, bytes.to_vec(), &Limits { depth: 8, bytes: 1000 })
    }

    /// Code, message and bytes of the one problem of a file.
    fn problem(path: &str, bytes: &[u8]) -> (ProblemCode, String, std::ops::Range<u32>) {
        let file = file(path, bytes);
        let [problem] = &file.problems[..] else { panic!("one problem: {:?}", file.problems) };
        (problem.code, problem.message.clone(), problem.span.start..problem.span.end)
    }

    #[test]
    fn spans_do_not_count_a_byte_order_mark() {
        for text in ["\u{FEFF}a: x", "\u{FEFF}{\"a\":\"x\"}"] {
            let file = file("f", text.as_bytes());
            assert_eq!(file.problems, []);
            assert!(!file.text.contains('\u{FEFF}'));
            let a = file.tree.path(file.tree.roots()[0], &["a"]).unwrap();
            let key = file.tree.key_span(a).unwrap();
            assert!(file.text[key.start as usize..key.end as usize].contains('a'));
        }
    }

    #[test]
    fn a_byte_that_is_not_utf_8_is_located_and_reads_as_a_question_mark() {
        let file = file("f", b"a: caf\xE9\nb: [x]\n");
        assert_eq!(file.problems.len(), 1);
        assert_eq!(file.problems[0].code, ProblemCode::Encoding);
        assert_eq!(file.problems[0].span, Span::new(FileId(0), 6, 7));
        assert_eq!(file.tree.text(file.tree.path(file.tree.roots()[0], &["a"]).unwrap()), "caf?");
        assert!(file.tree.path(file.tree.roots()[0], &["b"]).is_some());
        let (_, message, at) = problem("f", b"\xEF\xBB\xBF\xFFa: \xFE\xFF{{{");
        assert_eq!((&*message, at), ("3 bytes that are not UTF-8, the first of them here", 0..1));
    }

    #[test]
    fn other_encodings_are_named() {
        for (bytes, name) in [
            (&b"\xFF\xFE{\0}\0"[..], "UTF-16"),
            (b"\xFE\xFF\0{", "UTF-16"),
            (b"{\0}\0", "UTF-16"),
            (b"\0a\0:", "UTF-16"),
            (b"\xFF\xFE\0\0a\0\0\0", "UTF-32"),
            (b"\0\0\0a", "UTF-32"),
        ] {
            let (code, message, _) = problem("f", bytes);
            assert_eq!(code, ProblemCode::Encoding);
            assert_eq!(message, format!("the file is {name}, gatelint reads UTF-8"));
        }
    }

    #[test]
    fn a_file_over_the_limit_is_not_read() {
        let (code, message, _) = problem("f", &[b' '; 1001]);
        assert_eq!((code, &*message), (ProblemCode::TooLarge, "1001 bytes long, over the limit of 1000"));
        assert_eq!(file("f", &[b' '; 1000]).problems, []);
    }

    #[test]
    fn the_content_picks_the_reader_but_a_json_file_is_json() {
        // Flow style with a comment is YAML, not JSON.
        assert_eq!(file("a.yaml", b"{a: 1, } # x").problems, []);
        assert_eq!(file("a", b" {\"a\": 1, \"b\": [\"<<\"]}").problems, []);
        let (code, message, at) = problem("a.JSON", b"{\"a\": 1, } ");
        assert_eq!((code, at), (ProblemCode::Syntax, 7..8));
        assert_eq!(message, "a trailing comma is not allowed in JSON");
        assert_eq!(problem("a.json", b"a: 1").1, "expected a value, found `a`");
    }

    #[test]
    fn a_broken_template_is_templated_and_says_so_once() {
        for text in ["a: {{ .x }}\nb: {{ .y }}\n", "{{- if .x }}\na: 1\n{{- end }}\n", "a: 1\n{% if b %}\nc: 2\n"] {
            let (code, message, _) = problem("f.yaml", text.as_bytes());
            assert_eq!(code, ProblemCode::Templated, "{text}");
            assert!(message.starts_with("a template"), "{message}");
        }
        assert_eq!(problem("f.json", b"{\"a\": {{x}} }").0, ProblemCode::Templated);
    }

    #[test]
    fn what_stands_round_the_actions_of_a_template_is_read() {
        for (path, text, pointer, value) in [
            ("f.yaml", "a: {{ .x }}\nb:\n  c: d\n", "/b/c", "d"),
            ("f.json", "{\"a\": {{ x }}, \"b\": [{{ y }}, 2]}", "/b/1", "2"),
            ("f.tmpl", "{\"a\": {{ x }}, \"b\": 1}", "/a", "{{ x }}"),
            ("f.toml", "a = {{ x }}\nb = 1\n", "/b", "1"),
            ("nginx.conf", "server { listen {{ x }}; root /a; }", "/server[:80]/root/0", "/a"),
        ] {
            let file = file(path, text.as_bytes());
            assert!(file.templated, "{path}");
            assert_eq!(file.problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), [ProblemCode::Templated]);
            let node = file.tree.at_pointer(file.tree.roots()[0], pointer);
            assert_eq!(node.map(|node| file.tree.text(node)), Some(value), "{path}");
        }
        assert!(file("f.yaml", b"a: '{{ x }}'\n").templated);
        assert!(!file("f.yaml", b"# {{ x }}\na: 1\n").templated);
    }

    #[test]
    fn a_template_in_one_document_costs_no_other() {
        let file = file("f.yaml", b"a: 1\n---\n{{ if x }}\nb: c: {{ d }}\n---\ne: 2\n---\nf: [\n---\ng: 3\n");
        assert_eq!(file.problems.len(), 1, "{:?}", file.problems);
        assert_eq!(file.problems[0].code, ProblemCode::Templated);
        let keys: Vec<_> = file.tree.roots().iter().filter_map(|&root| file.tree.children(root).next()).collect();
        assert_eq!(keys.iter().map(|&id| file.tree.key(id).unwrap()).collect::<String>(), "abefg");
    }

    #[test]
    fn a_broken_file_that_only_mentions_templates_stays_broken() {
        let mut text = "description: write `{{name}}` for the name\n".to_owned();
        text += &"ok: 1\n".repeat(20);
        text += "a: b: c\n";
        assert_eq!(problem("f.yaml", text.as_bytes()).0, ProblemCode::Syntax);
    }

    #[test]
    fn a_file_that_cannot_be_read_holds_only_its_problem() {
        let file = SourceFile::unreadable(FileId(2), "a/b.yaml", "permission denied");
        assert_eq!(file.problems[0].code, ProblemCode::Unreadable);
        assert!(file.tree.is_empty() && file.text.is_empty());
    }
}

//! Files inside files: a configuration that a string of another file holds, such as `nginx.conf` in a `ConfigMap`. It
//! is read where it stands: all of the other file but the string is blanked, so that places are those of the file that
//! people see. Knows no format.

use std::sync::{Arc, OnceLock};

use super::read::parse;
use super::{Limits, SourceFile, Syntax, syntax_of, template};
use crate::error::{Problem, ProblemCode};
use crate::span::{At, FileId, NodeId};

/// The string of another file that holds a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The string.
    pub at: At,
    /// Its JSON pointer.
    pub pointer: String,
    /// The name under which it stands: `nginx.conf`.
    pub name: String,
}

/// Reads the file called `name` that the string `node` of `host` holds. Its path is that of `host`.
///
/// `None` where the string is not written as the file would be: folded, or with escapes other than line feeds, tabs and quotes.
pub fn embedded(id: FileId, host: &SourceFile, node: NodeId, name: &str, limits: &Limits) -> Option<SourceFile> {
    let span = host.tree.span(node);
    let is_yaml = syntax_of(name, host.tree.text(node)) == Syntax::Yaml;
    let text = Arc::from(alone(&host.text, span.start as usize..span.end as usize, is_yaml)?);
    let (builder, syntax, mut problems) = parse(id, name, &text, limits);
    // That a file is a template is said once.
    let is_template = |problem: &Problem| problem.code == ProblemCode::Templated;
    problems.retain(|problem| !is_template(problem) || !host.problems.iter().any(is_template));
    Some(SourceFile {
        id,
        path: host.path.clone(),
        text: Arc::clone(&host.text),
        tree: builder.finish(),
        syntax,
        templated: host.templated || template::is_in(&text),
        host: Some(Host { at: At { file: host.id, node }, pointer: host.tree.pointer(node), name: name.to_owned() }),
        problems,
        lines: OnceLock::new(),
    })
}

/// `text` up to the end of a string in it, with blanks for all that is not its value. As long as it was.
fn alone(text: &str, string: std::ops::Range<usize>, is_yaml: bool) -> Option<String> {
    let (before, written) = (&text[..string.start], &text[string]);
    let mut alone = blank(before);
    match written.bytes().next()? {
        b'|' => {
            let (header, lines) = written.split_once('\n')?;
            alone.push_str(&blank(header));
            alone.push('\n');
            for line in lines.split_inclusive('\n') {
                push_line(&mut alone, line, is_yaml);
            }
        }
        // The value begins a line, as it does in a file of its own.
        b'"' => {
            alone.push('\n');
            push_unescaped(&mut alone, written[1..].strip_suffix('"')?)?;
            alone.push(' ');
        }
        b'\'' => {
            let value = written[1..].strip_suffix('\'').filter(|value| !value.contains(['\'', '\n']))?;
            alone.push('\n');
            alone.push_str(value);
            alone.push(' ');
        }
        b'>' => return None,
        _ if written.contains('\n') => return None,
        _ => alone.push_str(written),
    }
    debug_assert_eq!(alone.len(), before.len() + written.len());
    Some(alone)
}

/// A text of blanks with the same line feeds.
fn blank(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// Adds a line of a block. What ends a document of YAML does so in the first column only, where it would stand in a
/// file of its own.
fn push_line(alone: &mut String, line: &str, is_yaml: bool) {
    let marker = line.trim_end();
    match marker.trim_start_matches(' ') {
        "---" | "..." if is_yaml => {
            let mark = marker.trim_start_matches(' ');
            alone.push_str(mark);
            alone.push_str(&" ".repeat(marker.len() - mark.len()));
            alone.push_str(&line[marker.len()..]);
        }
        _ => alone.push_str(line),
    }
}

/// Adds the value of a quoted string on one line, each escape as long as it is written: a blank stands beside what it
/// stands for. Beside a quote that is outside of the quoted text, as if every other one were a closing one.
fn push_unescaped(alone: &mut String, written: &str) -> Option<()> {
    let mut rest = written;
    let mut is_open = false;
    while let Some(at) = rest.find(['\\', '\n']) {
        alone.push_str(&rest[..at]);
        match rest.as_bytes().get(at..at + 2)? {
            b"\\n" => alone.push_str(" \n"),
            b"\\t" => alone.push_str("  "),
            b"\\\"" => {
                alone.push_str(if is_open { "\" " } else { " \"" });
                is_open = !is_open;
            }
            _ => return None,
        }
        rest = &rest[at + 2..];
    }
    alone.push_str(rest);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::read;
    use crate::span::Span;

    /// The file that the string under `data/NAME` holds.
    fn inside(text: &str, name: &str) -> Option<SourceFile> {
        let host = read(FileId(0), "map.yaml", text.as_bytes().to_vec(), &Limits::default());
        assert_eq!(host.problems, []);
        let node = host.tree.path(host.tree.roots()[0], &["data", name]).unwrap();
        embedded(FileId(1), &host, node, name, &Limits::default())
    }

    /// The text at a pointer, as the host has it.
    #[track_caller]
    fn at<'f>(file: &'f SourceFile, root: usize, pointer: &str) -> &'f str {
        let node = file.tree.at_pointer(file.tree.roots()[root], pointer).expect(pointer);
        let Span { start, end, .. } = file.tree.span(node);
        &file.text[start as usize..end as usize]
    }

    #[test]
    fn a_block_is_read_where_it_stands() {
        let text = "kind: ConfigMap\ndata:\n  nginx.conf: |-\n    # é\n    server {\n      root /a;\n    }\n  b: c\n";
        let file = inside(text, "nginx.conf").unwrap();
        assert_eq!((file.path.as_str(), file.syntax, file.problems.len()), ("map.yaml", Syntax::Nginx, 0));
        let node = file.tree.ids().find(|&id| file.tree.text(id) == "/a").unwrap();
        let span = file.tree.span(node);
        assert_eq!(&file.text[span.start as usize..span.end as usize], "/a");
        assert_eq!(file.lines().line(span.start), 6);
        assert!(file.pointer(node).starts_with("/data/nginx.conf/"), "{}", file.pointer(node));
    }

    #[test]
    fn documents_of_yaml_end_where_they_would_in_a_file() {
        let text = "data:\n  a.yaml: |\n    ---\n    a: {b: c}\n    ---\n    d: |\n      e\n     \n";
        let file = inside(text, "a.yaml").unwrap();
        assert_eq!(file.problems, []);
        assert_eq!(file.tree.roots().len(), 2);
        assert_eq!(at(&file, 0, "/a/b"), "c");
        assert_eq!(file.tree.text(file.tree.at_pointer(file.tree.roots()[1], "/d").unwrap()), "e");
    }

    #[test]
    fn a_quoted_string_with_line_feeds_is_read() {
        let text = "{\"data\": {\"a.yaml\": \"a:\\n  b: [x]\\n\\tc: 1\"}}";
        assert!(inside(text, "a.yaml").is_some_and(|file| at(&file, 0, "/a/b/0") == "x"));
        let file = inside("data:\n  a.conf: \"events {}\\nserver {\\n\\troot /a;\\n}\\n\"\n", "a.conf").unwrap();
        assert_eq!((file.syntax, file.problems.len()), (Syntax::Nginx, 0));
        let file = inside(r#"{"data": {"a.json": "{\"a\": \"b c\",\n\"d\":\"\"}"}}"#, "a.json").unwrap();
        assert_eq!((at(&file, 0, "/a"), at(&file, 0, "/d")), ("\"b c\\", "\"\\"));
        assert!(inside("data: {a.yaml: 'a: {b: 1}'}\n", "a.yaml").is_some_and(|file| at(&file, 0, "/a/b") == "1"));
        assert!(inside("data: {a.json: '{\"a\": 1}'}\n", "a.json").is_some_and(|file| at(&file, 0, "/a") == "1"));
    }

    #[test]
    fn a_string_that_is_not_written_as_its_value_is_not_read() {
        for value in [">\n    a: 1\n    b: 2\n", "\"a: \\u0041\"", "\"a:\n    1\"", "'a: ''b'''", "a\n   b"] {
            assert!(inside(&format!("data:\n  a.yaml: {value}\n"), "a.yaml").is_none(), "{value}");
        }
    }

    #[test]
    fn a_template_inside_is_told() {
        let file = inside("data:\n  a.yaml: |\n    a: {{ .b }}\n    c: d\n", "a.yaml").unwrap();
        assert!(file.templated);
        assert_eq!(at(&file, 0, "/c"), "d");
    }
}

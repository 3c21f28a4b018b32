//! Whether a text may be an OpenAPI document, told from its bytes before any
//! parsing: does a root key `openapi` or `swagger` stand in it? Says yes too
//! often rather than too rarely; the parsed tree has the last word ([`is_root`]).

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::source::{NodeKind, Tree};
use crate::span::NodeId;

/// Root keys that claim a file as an OpenAPI document, whatever version they state.
pub(super) const ROOT_KEYS: [&str; 2] = ["openapi", "swagger"];

static FINDERS: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| ROOT_KEYS.map(Finder::new));

/// Whether `bytes` may have a root key that claims them as an OpenAPI document.
pub fn may_be_openapi(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let (mut flow, mut block) = (Flow::new(text), Block::new(text));
    FINDERS.iter().zip(ROOT_KEYS).any(|(finder, key)| {
        flow.restart();
        block.restart();
        let mut keys = finder.find_iter(text).filter(|&at| is_key(text, at, key.len()));
        keys.any(|at| if flow.json { flow.is_root(at) } else { flow.is_root(at) || block.is_root(at) })
    })
}

/// Whether a root key is anywhere in `bytes`, of which no more is known.
pub(super) fn mentions_root_key(bytes: &[u8]) -> bool {
    FINDERS.iter().any(|finder| finder.find(bytes).is_some())
}

/// Whether a document of `tree` has a root key that claims it, and the node under that key.
pub fn is_root(tree: &Tree) -> Option<NodeId> {
    let maps = tree.roots().iter().copied().filter(|&root| tree.kind(root) == NodeKind::Map);
    maps.flat_map(|root| ROOT_KEYS.map(|key| tree.get(root, key))).flatten().next()
}

/// Whether the word at `at` is followed by a `:`, over a quote and blanks.
fn is_key(text: &[u8], at: usize, len: usize) -> bool {
    let before = at.checked_sub(1).map(|i| text[i]);
    let mut rest = &text[at + len..];
    match before {
        Some(quote @ (b'"' | b'\'')) => match rest.split_first() {
            Some((&closing, tail)) if closing == quote => rest = tail,
            _ => return false,
        },
        None | Some(b' ' | b'\t' | b'\n' | b'\r' | b'{' | b',') => {}
        Some(_) => return false,
    }
    rest.trim_ascii_start().first() == Some(&b':')
}

/// Follows the lines of a text in block style from its start.
struct Block<'t> {
    text: &'t [u8],
    at: usize,
    /// Indentation of the first line with content of the document that `at` is in.
    first: Option<usize>,
}

/// No root mapping is indented deeper. It bounds what is looked at for each key.
const MAX_INDENT: usize = 256;

impl<'t> Block<'t> {
    fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0, first: None }
    }

    fn restart(&mut self) {
        self.at = 0;
        self.first = None;
    }

    /// Whether the key at `key` begins a line that is indented no deeper than its
    /// document's first one. Keys are asked for in order.
    fn is_root(&mut self, key: usize) -> bool {
        let window = key.saturating_sub(MAX_INDENT);
        let start = match memchr::memrchr(b'\n', &self.text[window..key]) {
            Some(lf) => window + lf + 1,
            None if window == 0 => 0,
            None => return false,
        };
        let Some(indent) = indent_of_key(&self.text[start..key]) else { return false };
        if indent == 0 {
            return true;
        }
        // The whole mapping may be indented.
        while self.at < start {
            let end = memchr::memchr(b'\n', &self.text[self.at..]).map_or(self.text.len(), |lf| self.at + lf + 1);
            let line = &self.text[self.at..end];
            let content = line.trim_ascii_start();
            if line.starts_with(b"---") {
                self.first = None;
            } else if !matches!(content.first(), None | Some(b'#' | b'%' | b'&' | b'!')) && self.first.is_none() {
                self.first = Some(line.len() - content.len());
            }
            self.at = end;
        }
        self.first.is_none_or(|first| first >= indent)
    }
}

/// The indentation of a key before which `lead` stands on its line. `None` if that is no place for a key.
fn indent_of_key(lead: &[u8]) -> Option<usize> {
    let after_marker = lead.strip_prefix(b"---").filter(|rest| rest.first().is_some_and(u8::is_ascii_whitespace));
    let (lead, own_line) = after_marker.map_or((lead, true), |rest| (rest, false));
    let indent = lead.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
    let rest = lead[indent..].strip_prefix(b"? ").map_or(&lead[indent..], <[u8]>::trim_ascii_start);
    matches!(rest, b"" | b"\"" | b"'").then_some(if own_line { indent } else { 0 })
}

/// Follows the brackets of a text in flow style (JSON, mostly) from its start.
struct Flow<'t> {
    text: &'t [u8],
    start: usize,
    /// Whether it looks like JSON: then quotes and brackets say exactly where the root is.
    json: bool,
    at: usize,
    depth: u32,
}

impl<'t> Flow<'t> {
    fn new(text: &'t [u8]) -> Self {
        let start = text.len() - text.trim_ascii_start().len();
        let after = text.get(start + 1..).unwrap_or_default().trim_ascii_start();
        let opens = text.get(start) == Some(&b'{');
        Self { text, start, json: opens && matches!(after.first(), Some(b'"' | b'}')), at: start, depth: 0 }
    }

    fn restart(&mut self) {
        self.at = self.start;
        self.depth = 0;
    }

    /// Whether the key at `key` stands in the outermost mapping. Keys are asked for in order.
    fn is_root(&mut self, key: usize) -> bool {
        if !self.json {
            // Flow style with plain keys: let the parser tell. A template (`{{ … }}`) is no mapping.
            return self.text.get(self.start) == Some(&b'{') && self.text.get(self.start + 1) != Some(&b'{');
        }
        while self.at < key {
            match self.text[self.at] {
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                b'"' => {
                    let Some(end) = string_end(self.text, self.at + 1) else {
                        self.at = self.text.len();
                        return false;
                    };
                    // The key's own string, or the inside of another one.
                    let own = self.at + 1 == key;
                    self.at = end;
                    if own {
                        self.at += 1;
                        return self.depth == 1;
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
        false
    }
}

/// The closing quote of the JSON string whose content begins at `from`.
fn string_end(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(text: &str) -> bool {
        may_be_openapi(text.as_bytes())
    }

    #[test]
    fn a_root_key_claims_a_text_in_every_style() {
        for text in [
            "openapi: 3.0.3\n",
            "# comment\n\nswagger: '2.0'\n",
            "info: {}\r\n\"openapi\" : 3.1.0\r\n",
            "'openapi': 3.1.0",
            "---\nopenapi: 3.0.0\n",
            "--- # x\nopenapi: 3.0.0\n",
            "a: 1\n---\nopenapi: 3.0.0\n",
            "  info: {}\n  openapi: 3.0.0\n",
            "---\n  openapi: 3.0.0\n",
            "? openapi\n: 3.0.0\n",
            "{\"info\": {\"x\": [\"}\\\"\"]}, \"openapi\" : \"3.0.0\"}",
            "\u{feff}{\"swagger\":\"2.0\"}",
            "{openapi: 3.0.0, paths: {}}",
            "{{- if .Values.api }}\nopenapi: 3.0.0\n{{- end }}\n",
        ] {
            assert!(claims(text), "{text:?}");
        }
    }

    #[test]
    fn a_key_that_is_not_at_the_root_claims_nothing() {
        for text in [
            "",
            "properties:\n  openapi: { type: string }\n",
            "- openapi: 3.0.0\n",
            "x: |\n  openapi: 3.0.0\n",
            "# openapi: 3.0.0\n",
            "openapi_version: 3\n",
            "myopenapi: 3\n",
            "see openapi: it is good\n",
            "{\"properties\": {\"openapi\": {\"type\": \"string\"}}}",
            "{\"description\": \"\\\"openapi\\\": 3\", \"x\": \"openapi\"}",
            "[{\"openapi\": \"3.0.0\"}]",
            "{\"a\": \"unterminated, \"openapi\": 3",
        ] {
            assert!(!claims(text), "{text:?}");
        }
    }
}

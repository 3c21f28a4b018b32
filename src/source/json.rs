//! The JSON reader: a strict scanner for RFC 8259 that feeds the located tree.
//! It accepts nothing else: no comments, no trailing commas, no `NaN`.
//!
//! It keeps its own stack, so that no nesting can overflow the machine's, reads
//! every byte once, and stops at the first error with the tree read so far.

use super::tree::{Text, TreeBuilder};
use super::{Limits, NodeKind};
use crate::error::{Problem, ProblemCode};
use crate::span::{FileId, Span};

/// Reads `text` into `builder`. An unpaired surrogate escape is an error, as no
/// string could hold it (RFC 8259, section 8.2, leaves that open).
pub fn read(file: FileId, text: &str, limits: &Limits, builder: &mut TreeBuilder) -> Result<(), Box<Problem>> {
    let mut scanner = Scanner { file, text, bytes: text.as_bytes(), at: 0, depth: limits.depth };
    scanner.document(builder).map_err(Box::new)
}

struct Scanner<'t> {
    file: FileId,
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    depth: usize,
}

/// A string that was read: its bytes, quotes included, and whether it holds escapes.
struct Quoted {
    start: usize,
    end: usize,
    escaped: bool,
}

impl Scanner<'_> {
    fn document(&mut self, builder: &mut TreeBuilder) -> Result<(), Problem> {
        loop {
            let mut complete = self.value(builder)?;
            while complete {
                let Some(container) = builder.innermost() else { return self.end() };
                complete = self.after_value(container, builder)?;
            }
        }
    }

    /// Reads a scalar, or the beginning of a container with its first key.
    /// Returns whether the value is complete.
    fn value(&mut self, builder: &mut TreeBuilder) -> Result<bool, Problem> {
        self.skip_blanks();
        let start = self.at;
        match self.peek() {
            Some(b'"') => {
                let quoted = self.string("a string")?;
                let text = if quoted.escaped { self.decode(&quoted, builder) } else { Text::InsideQuotes };
                builder.scalar(NodeKind::Str, quoted.start as u32, quoted.end as u32, text);
            }
            Some(b'{') => {
                self.open(NodeKind::Map, builder)?;
                if self.peek() != Some(b'}') {
                    self.key(builder, "a key in double quotes or `}`")?;
                    return Ok(false);
                }
                self.close(builder);
            }
            Some(b'[') => {
                self.open(NodeKind::Seq, builder)?;
                if self.peek() != Some(b']') {
                    return Ok(false);
                }
                self.close(builder);
            }
            Some(b'-' | b'0'..=b'9') => {
                let kind = self.number()?;
                builder.scalar(kind, start as u32, self.at as u32, Text::AsWritten);
            }
            _ => {
                let kind = match &self.bytes[start..] {
                    [b't', b'r', b'u', b'e', ..] => NodeKind::Bool,
                    [b'f', b'a', b'l', b's', b'e', ..] => NodeKind::Bool,
                    [b'n', b'u', b'l', b'l', ..] => NodeKind::Null,
                    _ => return Err(self.expected("a value")),
                };
                self.at += if self.bytes[start] == b'f' { 5 } else { 4 };
                builder.scalar(kind, start as u32, self.at as u32, Text::AsWritten);
            }
        }
        Ok(true)
    }

    /// Reads what stands between two values of `container`, or its end.
    /// Returns whether that was the end, so that one more value is complete.
    fn after_value(&mut self, container: NodeKind, builder: &mut TreeBuilder) -> Result<bool, Problem> {
        self.skip_blanks();
        let is_map = container == NodeKind::Map;
        match self.peek() {
            Some(b',') => {
                let comma = self.at;
                self.at += 1;
                self.skip_blanks();
                if matches!(self.peek(), Some(b'}' | b']')) {
                    return Err(self.error("a trailing comma is not allowed in JSON", comma, comma + 1));
                }
                if is_map {
                    self.key(builder, "a key in double quotes")?;
                }
                Ok(false)
            }
            Some(b'}') if is_map => {
                self.close(builder);
                Ok(true)
            }
            Some(b']') if !is_map => {
                self.close(builder);
                Ok(true)
            }
            _ => Err(self.expected(if is_map { "`,` or `}`" } else { "`,` or `]`" })),
        }
    }

    fn end(&mut self) -> Result<(), Problem> {
        self.skip_blanks();
        if self.at < self.bytes.len() { Err(self.expected("the end of the file")) } else { Ok(()) }
    }

    /// Opens a container and skips to what follows its bracket.
    fn open(&mut self, kind: NodeKind, builder: &mut TreeBuilder) -> Result<(), Problem> {
        if builder.depth() >= self.depth {
            let message = format!("nested more than {} levels deep", self.depth);
            let span = Span::new(self.file, self.at as u32, self.at as u32 + 1);
            return Err(Problem::new(ProblemCode::TooDeep, message, span));
        }
        builder.open(kind, self.at as u32);
        self.at += 1;
        self.skip_blanks();
        Ok(())
    }

    fn close(&mut self, builder: &mut TreeBuilder) {
        self.at += 1;
        builder.close(Some(self.at as u32));
    }

    /// Reads a key and the colon after it.
    fn key(&mut self, builder: &mut TreeBuilder, expected: &str) -> Result<(), Problem> {
        if self.peek() != Some(b'"') {
            return Err(self.expected(expected));
        }
        let quoted = self.string("a key")?;
        let (start, end) = (quoted.start as u32, quoted.end as u32);
        if quoted.escaped {
            let mut decoded = String::new();
            unescape(&self.text[quoted.start + 1..quoted.end - 1], &mut decoded);
            builder.key(&decoded, start, end);
        } else {
            builder.key(&self.text[quoted.start + 1..quoted.end - 1], start, end);
        }
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return Err(self.expected("`:`"));
        }
        self.at += 1;
        Ok(())
    }

    fn decode(&self, quoted: &Quoted, builder: &mut TreeBuilder) -> Text {
        builder.decode_with(|decoded| unescape(&self.text[quoted.start + 1..quoted.end - 1], decoded))
    }

    /// Reads a string, checking its escapes; `what` names it in messages.
    fn string(&mut self, what: &str) -> Result<Quoted, Problem> {
        let start = self.at;
        let mut escaped = false;
        self.at += 1;
        loop {
            self.at += plain_run(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Quoted { start, end: self.at, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(byte) => {
                    let message = match byte {
                        b'\n' | b'\r' => format!("{what} is not closed on its line"),
                        b'\t' => format!("{what} holds a tab, which must be written `\\t`"),
                        _ => format!("{what} holds a control character, which must be written `\\u{byte:04x}`"),
                    };
                    return Err(match byte {
                        b'\n' | b'\r' => self.error(message, start, self.at),
                        _ => self.error(message, self.at, self.at + 1),
                    });
                }
                None => return Err(self.error(format!("{what} is not closed"), start, self.at)),
            }
        }
    }

    /// Checks the escape at the cursor and steps over it.
    fn escape(&mut self) -> Result<(), Problem> {
        let start = self.at;
        match self.bytes.get(start + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                return Ok(());
            }
            Some(b'u') => {}
            _ => {
                let end = start + 1 + self.text[start + 1..].chars().next().map_or(0, char::len_utf8);
                let message = format!("`{}` is no escape of JSON", printable(&self.text[start..end]));
                return Err(self.error(message, start, end));
            }
        }
        let Some(unit) = hex4(&self.bytes[start + 2..]) else {
            let digits = self.bytes[start + 2..].iter().take(4).take_while(|byte| byte.is_ascii_hexdigit()).count();
            return Err(self.error("`\\u` must be followed by four hexadecimal digits", start, start + 2 + digits));
        };
        self.at += 6;
        match unit {
            0xD800..=0xDBFF => {
                let low = match &self.bytes[self.at..] {
                    [b'\\', b'u', rest @ ..] => hex4(rest),
                    _ => None,
                };
                if !matches!(low, Some(0xDC00..=0xDFFF)) {
                    return Err(self.error("half of a surrogate pair", start, self.at));
                }
                self.at += 6;
                Ok(())
            }
            0xDC00..=0xDFFF => Err(self.error("half of a surrogate pair", start, self.at)),
            _ => Ok(()),
        }
    }

    /// Reads a number (RFC 8259, section 6).
    fn number(&mut self) -> Result<NodeKind, Problem> {
        let start = self.at;
        let mut kind = NodeKind::Int;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let first = self.at;
        if self.digits() == 0 {
            return Err(self.error("a digit is missing after `-`", start, self.at));
        }
        if self.bytes[first] == b'0' && self.at > first + 1 {
            return Err(self.error("a number must not begin with a zero", start, self.at));
        }
        if self.peek() == Some(b'.') {
            kind = NodeKind::Float;
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.error("a digit is missing after the decimal point", start, self.at));
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            kind = NodeKind::Float;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.error("a digit is missing in the exponent", start, self.at));
            }
        }
        Ok(kind)
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Steps over blanks. Indented files hold long runs of spaces, so these go eight at a time.
    #[inline]
    fn skip_blanks(&mut self) {
        const SPACES: [u8; 8] = *b"        ";
        loop {
            match self.peek() {
                Some(b' ') => {
                    self.at += 1;
                    while self.bytes[self.at..].first_chunk::<8>() == Some(&SPACES) {
                        self.at += 8;
                    }
                }
                Some(b'\n' | b'\r' | b'\t') => self.at += 1,
                _ => return,
            }
        }
    }

    /// Says that something else stands where `what` should.
    fn expected(&self, what: &str) -> Problem {
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else {
            return self.error(format!("expected {what}, found the end of the file"), self.at, self.at);
        };
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let end = self.at + if word > 0 { word } else { first.len_utf8() };
        let found: String = self.text[self.at..end].chars().take(40).collect();
        let found = printable(&found);
        let message = match first {
            '\'' => format!("expected {what}, found `'`: JSON strings take double quotes"),
            '/' | '#' => format!("expected {what}, found `{first}`: JSON has no comments"),
            '\u{FEFF}' => format!("expected {what}, found a byte order mark"),
            _ => format!("expected {what}, found `{found}`"),
        };
        self.error(message, self.at, end)
    }

    fn error(&self, message: impl Into<String>, start: usize, end: usize) -> Problem {
        Problem::new(ProblemCode::Syntax, message, Span::new(self.file, start as u32, end as u32))
    }
}

/// Length of the run of bytes that a string may hold as they are.
#[inline]
fn plain_run(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // A high bit per byte that is below `n`, or, after the exclusive or, zero. The
    // lowest bit that is set is exact; those above may come from its borrow.
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & HIGH;
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let escape = below(word ^ (ONES * u64::from(b'\\')), 1);
        let hit = below(word, 0x20) | quote | escape;
        if hit != 0 {
            return at + hit.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + bytes[at..].iter().take_while(|&&byte| byte >= 0x20 && byte != b'"' && byte != b'\\').count()
}

/// Appends the text of a string whose escapes are known to be right.
fn unescape(quoted: &str, decoded: &mut String) {
    let mut rest = quoted;
    while let Some(escape) = memchr::memchr(b'\\', rest.as_bytes()) {
        decoded.push_str(&rest[..escape]);
        let code = rest.as_bytes().get(escape + 1).copied().unwrap_or(b'\\');
        let mut length = 2;
        decoded.push(match code {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = |from: usize| rest.as_bytes().get(from..).and_then(hex4).map_or(0, u32::from);
                let high = unit(escape + 2);
                length = 6;
                let point = if let 0xD800..=0xDBFF = high {
                    length = 12;
                    0x10000 + ((high & 0x3FF) << 10) + (unit(escape + 8) & 0x3FF)
                } else {
                    high
                };
                char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => char::from(code),
        });
        rest = &rest[(escape + length).min(rest.len())..];
    }
    decoded.push_str(rest);
}

fn hex4(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.first_chunk::<4>()?;
    digits.iter().try_fold(0u16, |unit, &byte| Some(unit << 4 | char::from(byte).to_digit(16)? as u16))
}

/// Text of the file for a message: control characters as escapes.
fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::Tree;

    fn parse(text: &str) -> (Tree, Option<Problem>) {
        let mut builder = TreeBuilder::new(FileId(0), Arc::from(text));
        let result = read(FileId(0), text, &Limits { depth: 4, ..Limits::default() }, &mut builder);
        (builder.finish(), result.err().map(|problem| *problem))
    }

    /// The message for a text, and the part of the text it points at.
    #[track_caller]
    fn check(text: &str, message: &str, at: &str) {
        let problem = parse(text).1.expect("a problem");
        assert_eq!(problem.code, ProblemCode::Syntax);
        assert_eq!((&*problem.message, &text[problem.span.start as usize..problem.span.end as usize]), (message, at));
    }

    #[test]
    fn escapes_are_decoded() {
        let (tree, problem) = parse(r#"["\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00x", "plain"]"#);
        assert_eq!(problem, None);
        let texts: Vec<_> = tree.children(tree.roots()[0]).map(|id| tree.text(id)).collect();
        assert_eq!(texts, ["\"\\/\u{8}\u{c}\n\r\té€😀x", "plain"]);
    }

    #[test]
    fn keys_are_decoded_too() {
        let (tree, _) = parse(r#"{"\u0061\n": 1}"#);
        assert!(tree.get(tree.roots()[0], "a\n").is_some());
    }

    #[test]
    fn spans_cover_keys_and_values_with_their_quotes() {
        let text = "{ \"a\" : [ 1.5 , \"x\" ] }";
        let (tree, _) = parse(text);
        let slice = |span: Span| &text[span.start as usize..span.end as usize];
        let a = tree.get(tree.roots()[0], "a").unwrap();
        assert_eq!(slice(tree.key_span(a).unwrap()), "\"a\"");
        assert_eq!(slice(tree.span(a)), "[ 1.5 , \"x\" ]");
        assert_eq!(tree.children(a).map(|id| slice(tree.span(id))).collect::<Vec<_>>(), ["1.5", "\"x\""]);
    }

    #[test]
    fn a_plain_run_ends_at_the_first_special_byte_wherever_it_stands() {
        for special in [b'"', b'\\', 0, 0x1f, b'\n'] {
            for at in 0..40 {
                let mut bytes = vec![b'!'; 40];
                bytes[at] = special;
                assert_eq!(plain_run(&bytes), at);
                bytes[..at].fill(0xE9);
                assert_eq!(plain_run(&bytes), at);
            }
        }
        assert_eq!(plain_run(b"abc\x7f \xff#[]"), 9);
    }

    #[test]
    fn messages_say_what_was_expected_and_what_was_found() {
        check("", "expected a value, found the end of the file", "");
        check("{'a': 1}", "expected a key in double quotes or `}`, found `'`: JSON strings take double quotes", "'");
        check("{\"a\" 1}", "expected `:`, found `1`", "1");
        check("[1 2]", "expected `,` or `]`, found `2`", "2");
        check("{\"a\": 1]", "expected `,` or `}`, found `]`", "]");
        check("[True]", "expected a value, found `True`", "True");
        check("[1] x y", "expected the end of the file, found `x`", "x");
        check("[1] // c", "expected the end of the file, found `/`: JSON has no comments", "/");
        check("[nullx]", "expected `,` or `]`, found `x`", "x");
    }

    #[test]
    fn a_trailing_comma_is_named() {
        check("[1, ]", "a trailing comma is not allowed in JSON", ",");
        check("{\"a\": 1,}", "a trailing comma is not allowed in JSON", ",");
    }

    #[test]
    fn an_open_string_is_shown_from_its_quote() {
        check("[\"ab", "a string is not closed", "\"ab");
        check("[\"ab\n\"]", "a string is not closed on its line", "\"ab");
        check("{\"a\tb\": 1}", "a key holds a tab, which must be written `\\t`", "\t");
        check("[\"\0\"]", "a string holds a control character, which must be written `\\u0000`", "\0");
    }

    #[test]
    fn wrong_escapes_are_shown_whole() {
        check(r#"["\é"]"#, "`\\é` is no escape of JSON", "\\é");
        check(r#"["\u12x4"]"#, "`\\u` must be followed by four hexadecimal digits", "\\u12");
        check(r#"["\ud800 "]"#, "half of a surrogate pair", "\\ud800");
        check(r#"["\udc00"]"#, "half of a surrogate pair", "\\udc00");
    }

    #[test]
    fn numbers_follow_the_grammar() {
        check("[01]", "a number must not begin with a zero", "01");
        check("[-]", "a digit is missing after `-`", "-");
        check("[1.]", "a digit is missing after the decimal point", "1.");
        check("[1e+]", "a digit is missing in the exponent", "1e+");
        check("[.5]", "expected a value, found `.`", ".");
        check("[+1]", "expected a value, found `+`", "+");
    }

    #[test]
    fn what_was_read_before_an_error_stays() {
        let (tree, problem) = parse(r#"{"a": [1, 2], "b": {"c": tru"#);
        assert!(problem.is_some());
        assert_eq!(tree.number(tree.at_pointer(tree.roots()[0], "/a/1").unwrap()), Some(2.0));
        assert!(tree.at_pointer(tree.roots()[0], "/b").is_some());
    }

    #[test]
    fn nesting_beyond_the_limit_is_too_deep() {
        assert_eq!(parse("[[[[]]]]").1, None);
        let problem = parse("[[[[[]]]]]").1.unwrap();
        assert_eq!((problem.code, problem.span.start), (ProblemCode::TooDeep, 4));
        assert_eq!(problem.message, "nested more than 4 levels deep");
    }

    #[test]
    fn a_merge_key_means_nothing_in_json() {
        let (tree, _) = parse(r#"{"<<": {"a": 1}}"#);
        assert_eq!(tree.get(tree.roots()[0], "a"), None);
    }
}

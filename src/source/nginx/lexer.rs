//! Splits a text into the tokens of nginx, by the rules of its own reader
//! (`ngx_conf_read_token` in `src/core/ngx_conf_file.c`), and goes on where that stops.
//!
//! A quote begins a text only where a word begins, a backslash keeps the next
//! character, the brace of `${name}` opens no block, and `#` begins a comment only
//! where a word could begin. Template actions are left out where they stand alone,
//! and are part of the word elsewhere.

use std::borrow::Cow;

use crate::error::{Problem, ProblemCode};
use crate::source::template::{Action, Actions};
use crate::span::{FileId, Span};

/// What a text is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// The name or an argument of a directive.
    Word(Word),
    /// `;` at a byte.
    Semicolon(usize),
    /// `{` at a byte.
    Open(usize),
    /// `}` at a byte.
    Close(usize),
    /// A comment that begins at a byte.
    Comment(usize),
    /// The end of the text.
    End,
}

/// A word, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its first byte, which is its quote if it has one.
    pub start: usize,
    /// The byte after its last one.
    pub end: usize,
    /// Whether quotes stand round it.
    pub quoted: bool,
    /// Whether it holds a backslash.
    pub escaped: bool,
    /// Whether it is the first word on its line.
    pub leads: bool,
}

impl Word {
    /// The text a word means: without quotes, its escapes resolved as nginx does.
    pub fn text(self, source: &str) -> Cow<'_, str> {
        let inside = if self.quoted { &source[self.start + 1..self.end - 1] } else { &source[self.start..self.end] };
        if self.escaped { Cow::Owned(unescape(inside)) } else { Cow::Borrowed(inside) }
    }
}

/// Of the escapes nginx knows `\"`, `\'`, `\\`, `\t`, `\r` and `\n`; it keeps the backslash of all others.
fn unescape(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        decoded.push_str(&rest[..at]);
        let known = match rest.as_bytes().get(at + 1) {
            Some(b'"') => "\"",
            Some(b'\'') => "'",
            Some(b'\\') => "\\",
            Some(b't') => "\t",
            Some(b'r') => "\r",
            Some(b'n') => "\n",
            _ => {
                decoded.push('\\');
                rest = &rest[at + 1..];
                continue;
            }
        };
        decoded.push_str(known);
        rest = &rest[at + 2..];
    }
    decoded.push_str(rest);
    decoded
}

/// The tokens of a text.
pub struct Lexer<'t> {
    file: FileId,
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    actions: Actions<'t>,
    /// Of these quotes (`"`, `'`) no further one closes a text.
    unclosed: [bool; 2],
    line_begins: bool,
    /// The first template action.
    pub action: Option<Action>,
    /// What is wrong with the words so far.
    pub problems: Vec<Problem>,
}

impl<'t> Lexer<'t> {
    /// The tokens of `text`.
    pub fn new(file: FileId, text: &'t str) -> Self {
        Self {
            file,
            text,
            bytes: text.as_bytes(),
            at: 0,
            actions: Actions::new(text),
            unclosed: [false; 2],
            line_begins: true,
            action: None,
            problems: Vec::new(),
        }
    }

    /// Goes on at byte `at`, which must not lie before what was read.
    pub fn skip_to(&mut self, at: usize) {
        self.at = at;
        self.line_begins = false;
    }

    /// The next token. `inside` says whether it continues a directive.
    pub fn next(&mut self, inside: bool) -> Token {
        loop {
            let start = self.at;
            match self.bytes.get(start) {
                None => return Token::End,
                Some(b'\n') => {
                    self.line_begins = true;
                    self.at += 1;
                }
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'#') => {
                    self.at = self.line_end(start);
                    return Token::Comment(start);
                }
                Some(b';') => {
                    self.skip_to(start + 1);
                    return Token::Semicolon(start);
                }
                Some(b'}') => {
                    self.skip_to(start + 1);
                    return Token::Close(start);
                }
                Some(b'{' | b'<') => match self.action_at(start) {
                    Some(action) if !action.is_text => self.at = action.end,
                    Some(action) => match self.line_of_actions(action).filter(|_| !inside) {
                        Some(end) => self.at = end,
                        None => return Token::Word(self.word(start)),
                    },
                    None if self.bytes[start] == b'{' => {
                        self.skip_to(start + 1);
                        return Token::Open(start);
                    }
                    None => return Token::Word(self.word(start)),
                },
                Some(b'"' | b'\'') => return Token::Word(self.quoted(start)),
                Some(_) => return Token::Word(self.word(start)),
            }
        }
    }

    /// The end of the line of `action`, if nothing but template actions stands on it.
    fn line_of_actions(&mut self, action: Action) -> Option<usize> {
        let mut at = action.end;
        while self.line_begins {
            match self.bytes.get(at) {
                None | Some(b'\n') => return Some(at),
                Some(b' ' | b'\t' | b'\r') => at += 1,
                Some(_) => at = self.action_at(at)?.end,
            }
        }
        None
    }

    fn action_at(&mut self, at: usize) -> Option<Action> {
        let action = self.actions.at(at)?;
        self.action.get_or_insert(action);
        Some(action)
    }

    /// The word without quotes that begins at `start`.
    fn word(&mut self, start: usize) -> Word {
        let mut at = start;
        let mut escaped = false;
        let mut variable = false;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'{' if variable => {
                    at += 1;
                    continue;
                }
                b'{' | b'<' => match self.action_at(at) {
                    Some(action) => at = action.end,
                    None if byte == b'{' => break,
                    None => at += 1,
                },
                b' ' | b'\t' | b'\r' | b'\n' | b';' => break,
                b'\\' => {
                    escaped = true;
                    // A character of several bytes goes on with bytes that mean nothing here.
                    at += 2;
                }
                _ => at += 1,
            }
            variable = byte == b'$';
        }
        self.finish(Word { start, end: self.floor(at), quoted: false, escaped, leads: false })
    }

    /// The quoted word that begins at `start`.
    fn quoted(&mut self, start: usize) -> Word {
        let quote = self.bytes[start];
        let which = usize::from(quote == b'\'');
        let one_line = self.unclosed[which];
        let mut at = start + 1;
        let mut escaped = false;
        let closed = loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            // Where no quote closes a text any more, none is looked for on another line.
            let next =
                if one_line { memchr::memchr3(quote, b'\\', b'\n', rest) } else { memchr::memchr2(quote, b'\\', rest) };
            let Some(length) = next else { break None };
            at += length;
            match self.bytes[at] {
                b'\\' => escaped = true,
                b'\n' => break None,
                _ => break Some(at + 1),
            }
            at += 2;
        };
        if let Some(end) = closed {
            let clean = match self.bytes.get(end) {
                None | Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' | b')') => true,
                Some(_) => self.action_at(end).is_some(),
            };
            if clean || !self.bytes[start..end].contains(&b'\n') {
                if !clean {
                    self.problem("expected a space, `;` or `{` after a closing quote", start, end);
                }
                return self.finish(Word { start, end, quoted: true, escaped, leads: false });
            }
            // A text of several lines with a word right behind its end: rather was it never closed.
        } else {
            self.unclosed[which] = true;
        }
        let line = self.text[start..self.line_end(start)].trim_end();
        let end = start + line.strip_suffix(';').unwrap_or(line).len();
        self.problem("a quote is not closed", start, end);
        let escaped = self.bytes[start..end].contains(&b'\\');
        self.finish(Word { start, end, quoted: false, escaped, leads: false })
    }

    fn finish(&mut self, word: Word) -> Word {
        self.at = word.end;
        Word { leads: std::mem::replace(&mut self.line_begins, false), ..word }
    }

    fn line_end(&self, at: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |length| at + length)
    }

    /// The end of the character that byte `at` may lie in.
    fn floor(&self, at: usize) -> usize {
        (at.min(self.text.len())..=self.text.len()).find(|&at| self.text.is_char_boundary(at)).unwrap_or(at)
    }

    fn problem(&mut self, message: &str, start: usize, end: usize) {
        let span = Span::new(self.file, start as u32, end as u32);
        self.problems.push(Problem::new(ProblemCode::Syntax, message, span));
    }
}

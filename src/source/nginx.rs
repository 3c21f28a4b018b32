//! The nginx reader: directives into the located tree. Knows how they are written,
//! not what they mean, with three exceptions that writing depends on: the braces of
//! `*_by_lua_block` hold code, the condition of `if` stands in parentheses, and a
//! block that begins a line is no argument of the line before it.
//!
//! A block is a map with an entry per directive, in order; names repeat. The value
//! of a directive is a list of its arguments, all of them strings, without quotes.
//! Of a block directive the last item is the map of its block, or, for Lua, the code
//! as one string. What stands in the parentheses of `if` is read as arguments:
//! `if ($x ~ "a b") {…}` has `$x`, `~`, `a b` and the map.
//!
//! After an error reading goes on at the next `;`, `{` or `}`.

mod lexer;
mod lua;
mod step;

use lexer::{Lexer, Token, Word};

use super::tree::{Text, TreeBuilder};
use super::{Limits, NodeKind, comment};
use crate::error::{Problem, ProblemCode};
use crate::span::{FileId, Span};

/// Reading ends after so many problems: every other byte could be one.
const MAX_PROBLEMS: usize = 1000;

/// Directives that always have a block.
const BLOCKS: &[&str] = &[
    "events",
    "geo",
    "http",
    "if",
    "limit_except",
    "location",
    "mail",
    "map",
    "match",
    "server",
    "split_clients",
    "stream",
    "types",
    "upstream",
];

/// Whether `name` is a directive that always has a block of other directives.
pub fn is_block(name: &str) -> bool {
    BLOCKS.contains(&name)
}

/// Reads `text` into `builder`. Returns the problems, and where the first template action stands.
pub fn read(file: FileId, text: &str, limits: &Limits, builder: &mut TreeBuilder) -> (Vec<Problem>, Option<Span>) {
    builder.repeat_keys(step::of);
    let lexer = Lexer::new(file, text);
    let mut reader = Reader { file, text, limits, builder, lexer, words: Vec::new(), blocks: Vec::new() };
    if let Err(problem) = reader.document() {
        reader.lexer.problems.push(problem);
    }
    let action = reader.lexer.action.map(|action| Span::new(file, action.start as u32, action.end as u32));
    (reader.lexer.problems, action)
}

/// Whether the beginning of `text` reads as nginx: directives that end in `;`, and,
/// unless `named` says that its name does, a block that no other format has.
pub fn is_likely(text: &str, named: bool) -> bool {
    /// So much of a text is looked at. It may end anywhere.
    const BEGINNING: usize = 1 << 16;
    let end = (0..=BEGINNING.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    let text = &text[..end];
    let mut lexer = Lexer::new(FileId(0), text);
    let mut words: Vec<Word> = Vec::new();
    let (mut good, mut bad, mut depth, mut block) = (0_usize, 0_usize, 0_usize, named);
    while lexer.problems.len() < MAX_PROBLEMS {
        let token = lexer.next(!words.is_empty());
        let shape = |words: &[Word]| is_directive(text, words);
        match token {
            Token::Word(word) => words.push(word),
            Token::Semicolon(_) => {
                if shape(&words) {
                    good += 1
                } else {
                    bad += 1
                }
                words.clear();
            }
            Token::Open(at) => {
                let name = words.first().map(|word| word.text(text)).unwrap_or_default();
                match shape(&words) {
                    true if name.ends_with("_by_lua_block") => match lua::end_of_block(text.as_bytes(), at) {
                        Some(end) => lexer.skip_to(end + 1),
                        None => break,
                    },
                    true => {
                        block |= is_block(&name);
                        depth += 1;
                    }
                    false => bad += 1,
                }
                words.clear();
            }
            Token::Close(_) => {
                if depth == 0 || !words.is_empty() {
                    bad += 1;
                }
                depth = depth.saturating_sub(1);
                words.clear();
            }
            Token::Comment(_) => {}
            Token::End => {
                // What is cut off is no fault.
                if end < BEGINNING && !words.is_empty() {
                    bad += 1;
                }
                break;
            }
        }
    }
    bad += lexer.problems.len();
    block && good > 0 && bad * 4 <= good
}

/// Whether `words` can be a directive. Settings, properties and code have `:` or `=` after a name.
fn is_directive(text: &str, words: &[Word]) -> bool {
    let Some(name) = words.first() else { return false };
    let written = &text[name.start..name.end];
    let is_name = name.quoted
        || !written.ends_with([':', '='])
            && !written.contains(['(', '=', '@'])
            && written.chars().any(char::is_alphanumeric);
    let second = words.get(1).map_or("", |word| &text[word.start..word.end]);
    is_name && (written == "location" || !matches!(second, "=" | ":" | ":=" | "=>" | "->" | "=="))
}

struct Reader<'t, 'b> {
    file: FileId,
    text: &'t str,
    limits: &'t Limits,
    builder: &'b mut TreeBuilder,
    lexer: Lexer<'t>,
    /// The directive that is being read.
    words: Vec<Word>,
    /// The name of each open block.
    blocks: Vec<Span>,
}

impl Reader<'_, '_> {
    fn document(&mut self) -> Result<(), Problem> {
        loop {
            if self.lexer.problems.len() >= MAX_PROBLEMS {
                return Err(self.problem("too many problems, not read from here on", self.text.len(), self.text.len()));
            }
            match self.lexer.next(!self.words.is_empty()) {
                Token::Word(word) => self.words.push(word),
                Token::Comment(at) => comment::keep(self.builder, self.file, self.text, at),
                Token::Semicolon(at) if self.words.is_empty() => self.report("`;` without a directive", at, at + 1),
                Token::Semicolon(_) => self.directive(),
                Token::Open(at) => self.open(at)?,
                Token::Close(at) => self.close(at),
                Token::End => break,
            }
        }
        self.unfinished();
        if let Some(&name) = self.blocks.last() {
            let message = match name.start as usize..name.end as usize {
                written if written.is_empty() => "a block is not closed".to_owned(),
                written => format!("the block of `{}` is not closed", shorten(&self.text[written])),
            };
            self.lexer.problems.push(Problem::new(ProblemCode::Syntax, message, name));
        }
        Ok(())
    }

    /// Adds the directive that was read.
    fn directive(&mut self) {
        self.name();
        let end = self.arguments(None);
        self.builder.close(Some(end));
        self.words.clear();
    }

    /// Opens the block whose brace stands at byte `at`.
    fn open(&mut self, at: usize) -> Result<(), Problem> {
        self.split();
        let name = self.words.first().copied();
        let text = name.map(|name| name.text(self.text)).unwrap_or_default();
        if text.ends_with("_by_lua_block") {
            self.lua(at);
            return Ok(());
        }
        if text == "if" {
            self.unwrap_condition();
        }
        // The list of arguments and the map of the block.
        if self.builder.depth() + 2 > self.limits.depth {
            let message = format!("nested more than {} levels deep", self.limits.depth);
            let span = Span::new(self.file, at as u32, at as u32 + 1);
            return Err(Problem::new(ProblemCode::TooDeep, message, span));
        }
        if name.is_none() {
            self.report("`{` without a directive before it", at, at + 1);
            self.root(at);
            self.builder.key("", at as u32, at as u32);
            self.builder.open(NodeKind::Seq, at as u32);
        } else {
            self.name();
            self.arguments(Some(at));
        }
        self.builder.open(NodeKind::Map, at as u32);
        let (start, end) = name.map_or((at, at), |name| (name.start, name.end));
        self.blocks.push(Span::new(self.file, start as u32, end as u32));
        self.words.clear();
        Ok(())
    }

    fn close(&mut self, at: usize) {
        self.unfinished();
        if self.blocks.pop().is_none() {
            self.report("`}` without a `{`", at, at + 1);
            return;
        }
        self.builder.close(Some(at as u32 + 1));
        self.builder.close(Some(at as u32 + 1));
    }

    /// Adds a directive that a brace or the end of the file cuts off.
    fn unfinished(&mut self) {
        let (Some(name), Some(last)) = (self.words.first(), self.words.last()) else { return };
        let message = format!("`;` is missing after `{}`", shorten(&self.text[name.start..name.end]));
        self.report(&message, name.start, last.end);
        self.directive();
    }

    /// Adds the code of a block of Lua as one string.
    fn lua(&mut self, open: usize) {
        self.name();
        self.arguments(Some(open));
        let bytes = self.text.as_bytes();
        let end = lua::end_of_block(bytes, open).map(|at| at + 1);
        let text = match end {
            Some(_) => Text::InsideQuotes,
            None => {
                self.report("this block of Lua is not closed", open, open + 1);
                Text::AsWritten
            }
        };
        let end = end.unwrap_or(bytes.len());
        self.builder.scalar(NodeKind::Str, open as u32, end as u32, text);
        self.builder.close(Some(end as u32));
        self.words.clear();
        self.lexer.skip_to(end);
    }

    /// Adds what stands before a block that begins a line as a directive of its own: its `;` is missing.
    fn split(&mut self) {
        let begins = |word: &Word| word.leads && is_block(&self.text[word.start..word.end]);
        let Some(at) = self.words.iter().rposition(begins).filter(|&at| at > 0) else { return };
        let block = self.words.split_off(at);
        self.unfinished();
        self.words = block;
    }

    /// Takes the parentheses off the condition of an `if`.
    fn unwrap_condition(&mut self) {
        if let Some(first) = self.words.get_mut(1)
            && !first.quoted
            && self.text[first.start..first.end].starts_with('(')
        {
            first.start += 1;
        }
        if let Some(last) = self.words.get_mut(1..).and_then(<[Word]>::last_mut)
            && !last.quoted
            && self.text[last.start..last.end].ends_with(')')
        {
            last.end -= 1;
        }
        let mut index = 0;
        self.words.retain(|word| {
            index += 1;
            index == 1 || word.start < word.end
        });
    }

    /// The map of the whole file begins where its first directive does.
    fn root(&mut self, at: usize) {
        if self.builder.depth() == 0 {
            self.builder.open(NodeKind::Map, at as u32);
        }
    }

    fn name(&mut self) {
        if let Some(&name) = self.words.first() {
            self.root(name.start);
            self.builder.key(&name.text(self.text), name.start as u32, name.end as u32);
        }
    }

    /// Opens the list of a directive, whose block begins at byte `block`, and adds its
    /// arguments. Returns where they end.
    fn arguments(&mut self, block: Option<usize>) -> u32 {
        let [name, rest @ ..] = &self.words[..] else { return 0 };
        let start = rest.first().map_or(block.unwrap_or(name.end), |first| first.start);
        self.builder.open(NodeKind::Seq, start as u32);
        for word in rest {
            let text = match word {
                Word { escaped: true, .. } => self.builder.decode(&word.text(self.text)),
                Word { quoted: true, .. } => Text::InsideQuotes,
                _ => Text::AsWritten,
            };
            self.builder.scalar(NodeKind::Str, word.start as u32, word.end as u32, text);
        }
        rest.last().map_or(name.end, |last| last.end) as u32
    }

    fn report(&mut self, message: &str, start: usize, end: usize) {
        let problem = self.problem(message, start, end);
        self.lexer.problems.push(problem);
    }

    fn problem(&self, message: &str, start: usize, end: usize) -> Problem {
        Problem::new(ProblemCode::Syntax, message, Span::new(self.file, start as u32, end as u32))
    }
}

/// A name as messages show it.
fn shorten(name: &str) -> String {
    name.chars().take(40).flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests;

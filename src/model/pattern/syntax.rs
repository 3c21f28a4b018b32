//! ECMA-262 patterns as trees: read with the `u` flag first, else by Annex B, as
//! validators do. Knows no meaning of a tree beyond which characters a class holds.
//!
//! Own parser: `regress` shows no tree, and the crates that do bring an arena, a
//! diagnostics stack and a compiler version of their own. `regress` judges this one in the tests.

mod escape;

use super::set::Set;
use escape::Escape;

/// Longer patterns are not read.
const MOST_BYTES: usize = 64 * 1024;

/// Groups nested deeper than this are not read.
const MOST_NESTING: usize = 128;

/// A pattern, read.
#[derive(Debug)]
pub struct Pattern {
    /// The tree.
    pub root: Node,
    /// The character classes that it names.
    pub sets: Vec<Set>,
    /// The bytes of each alternative at the top.
    pub alternatives: Vec<std::ops::Range<usize>>,
    /// Syntax of another dialect that ECMA-262 reads as something else.
    pub foreign: Option<String>,
}

impl Pattern {
    /// Its alternatives at the top.
    pub fn each(&self) -> impl Iterator<Item = &Node> {
        match &self.root {
            Node::Either(all) if all.len() == self.alternatives.len() => all.iter(),
            root => std::slice::from_ref(root).iter(),
        }
    }
}

/// A part of a pattern. Groups are what is in them; captures have no meaning here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// One character of the set of that number.
    Chars(usize),
    /// Any character but line ends.
    Dot,
    /// Any character at all, as `[\s\S]`.
    Any,
    /// `^`; in multiline mode at each line.
    Start { multiline: bool },
    /// `$`
    End { multiline: bool },
    /// `\b` or `\B`
    Boundary,
    /// A back reference.
    Reference,
    /// A lookahead or lookbehind.
    Look { ahead: bool, negative: bool, inner: Box<Node> },
    /// One after the other; nothing at all if empty.
    Sequence(Vec<Node>),
    /// One of them.
    Either(Vec<Node>),
    /// As often as `least` to `most` says.
    Repeat { inner: Box<Node>, least: u64, most: Option<u64> },
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It does not compile, and this is why.
    Invalid(String),
    /// It is longer, or its groups are nested deeper, than is read.
    TooLarge,
}

/// Reads a pattern.
///
/// # Errors
/// If it does not compile in either mode, or is too large.
pub fn read(text: &str) -> Result<Pattern, Unread> {
    if text.len() > MOST_BYTES {
        return Err(Unread::TooLarge);
    }
    let mut pattern = match Parser::new(text, true).pattern() {
        Ok(pattern) => pattern,
        Err(Unread::TooLarge) => return Err(Unread::TooLarge),
        Err(_) => Parser::new(text, false).pattern()?,
    };
    if pattern.foreign.is_none() && is_delimited(text) {
        pattern.foreign = Some("the slashes round it belong to JavaScript, here they are part of the text".to_owned());
    }
    Ok(pattern)
}

/// Whether a pattern is written as JavaScript source: `/^a$/`.
fn is_delimited(text: &str) -> bool {
    let Some((inner, flags)) = text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/')) else { return false };
    flags.bytes().all(|flag| b"dgimsuvy".contains(&flag))
        && (inner.starts_with('^') || inner.starts_with("(?=") || inner.ends_with('$'))
}

struct Parser<'t> {
    text: &'t str,
    chars: Vec<(usize, char)>,
    at: usize,
    unicode: bool,
    /// How many capturing groups there are.
    groups: u64,
    /// Whether one of them has a name: then `\k` is always a back reference.
    named: bool,
    /// Names that exclude themselves where the parser stands.
    names: Vec<String>,
    /// Names that back references use.
    references: Vec<String>,
    flags: Flags,
    sets: Vec<Set>,
    foreign: Option<String>,
}

#[derive(Clone, Copy, Default)]
struct Flags {
    fold: bool,
    multiline: bool,
    dot_all: bool,
}

type Read<T> = Result<T, Unread>;

fn invalid<T>(why: impl Into<String>) -> Read<T> {
    Err(Unread::Invalid(why.into()))
}

/// Each method reads from `at`.
impl<'t> Parser<'t> {
    fn new(text: &'t str, unicode: bool) -> Self {
        let chars: Vec<(usize, char)> = text.char_indices().collect();
        let (groups, named) = count_groups(&chars);
        Self {
            text,
            chars,
            at: 0,
            unicode,
            groups,
            named,
            names: Vec::new(),
            references: Vec::new(),
            flags: Flags::default(),
            sets: Vec::new(),
            foreign: None,
        }
    }

    fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).map(|(_, c)| *c)
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        let there = text.chars().enumerate().all(|(ahead, c)| self.peek_at(ahead) == Some(c));
        if there {
            self.at += text.chars().count();
        }
        there
    }

    fn byte(&self) -> usize {
        self.chars.get(self.at).map_or(self.text.len(), |(byte, _)| *byte)
    }

    fn foreign(&mut self, why: String) {
        self.foreign.get_or_insert(why);
    }

    fn pattern(mut self) -> Read<Pattern> {
        let mut alternatives = Vec::new();
        let root = self.alternatives(0, Some(&mut alternatives))?;
        if self.peek().is_some() {
            return invalid("a `)` closes no group");
        }
        if let Some(missing) = self.references.iter().find(|name| !self.names.contains(name)) {
            return invalid(format!("no group is named `{missing}`"));
        }
        Ok(Pattern { root, sets: self.sets, alternatives, foreign: self.foreign })
    }

    /// Up to the closing bracket or the end.
    fn alternatives(&mut self, nesting: usize, mut spans: Option<&mut Vec<std::ops::Range<usize>>>) -> Read<Node> {
        if nesting > MOST_NESTING {
            return Err(Unread::TooLarge);
        }
        let outer = self.names.len();
        let mut names = Vec::new();
        let mut all = Vec::new();
        loop {
            let start = self.byte();
            all.push(self.sequence(nesting)?);
            if let Some(spans) = &mut spans {
                spans.push(start..self.byte());
            }
            // Alternatives may use the same name.
            names.extend(self.names.drain(outer..));
            if !self.eat("|") {
                break;
            }
        }
        self.names.extend(names);
        Ok(if all.len() == 1 { all.remove(0) } else { Node::Either(all) })
    }

    fn sequence(&mut self, nesting: usize) -> Read<Node> {
        let mut items = Vec::new();
        while let Some(c) = self.peek().filter(|c| !matches!(c, '|' | ')')) {
            let (item, repeatable) = self.term(c, nesting)?;
            let item = match self.quantifier()? {
                None => item,
                Some(_) if !repeatable => return invalid("a quantifier stands where nothing can be repeated"),
                Some((least, most)) => {
                    if self.peek() == Some('+') {
                        return invalid("possessive quantifiers belong to another dialect");
                    }
                    Node::Repeat { inner: Box::new(item), least, most }
                }
            };
            items.push(item);
        }
        Ok(if items.len() == 1 { items.remove(0) } else { Node::Sequence(items) })
    }

    /// A term, and whether a quantifier may follow it.
    fn term(&mut self, c: char, nesting: usize) -> Read<(Node, bool)> {
        self.at += 1;
        let node = match c {
            '^' => return Ok((Node::Start { multiline: self.flags.multiline }, false)),
            '$' => return Ok((Node::End { multiline: self.flags.multiline }, false)),
            '(' => return self.group(nesting),
            '.' if self.flags.dot_all => Node::Any,
            '.' => Node::Dot,
            '[' => {
                let set = self.class()?;
                self.chars(set)
            }
            '\\' => match self.escape()? {
                Escape::Boundary => return Ok((Node::Boundary, false)),
                Escape::Reference => Node::Reference,
                Escape::Set(set) => self.letters(&set),
            },
            '*' | '+' | '?' => return invalid(format!("`{c}` repeats nothing")),
            '{' | '}' | ']' if self.unicode => return invalid(format!("`{c}` stands alone")),
            '{' => {
                self.at -= 1;
                let start = self.at;
                if self.counts().is_some() {
                    return invalid("`{` repeats nothing");
                }
                self.at = start + 1;
                self.letters(&Set::one(c.into()))
            }
            _ => self.letters(&Set::one(c.into())),
        };
        Ok((node, true))
    }

    /// A node for characters that are written in the pattern.
    fn letters(&mut self, set: &Set) -> Node {
        let set = if self.flags.fold { set.case_folded() } else { set.clone() };
        self.chars(set)
    }

    fn chars(&mut self, set: Set) -> Node {
        if set.is_all() {
            return Node::Any;
        }
        let number = self.sets.iter().rev().take(64).position(|known| *known == set);
        let number = number.map(|back| self.sets.len() - 1 - back).unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        });
        Node::Chars(number)
    }

    fn group(&mut self, nesting: usize) -> Read<(Node, bool)> {
        let outside = self.flags;
        let mut look = None;
        if self.eat("?") {
            if self.eat("=") {
                look = Some((true, false));
            } else if self.eat("!") {
                look = Some((true, true));
            } else if self.eat("<=") {
                look = Some((false, false));
            } else if self.eat("<!") {
                look = Some((false, true));
            } else if self.eat("<") {
                let name = self.name()?;
                if self.names.contains(&name) {
                    return invalid(format!("two groups are named `{name}`"));
                }
                self.names.push(name);
            } else {
                self.modifiers()?;
            }
        }
        let inner = self.alternatives(nesting + 1, None)?;
        if !self.eat(")") {
            return invalid("a group is not closed");
        }
        self.flags = outside;
        Ok(match look {
            None => (inner, true),
            Some((ahead, negative)) => (Node::Look { ahead, negative, inner: Box::new(inner) }, ahead && !self.unicode),
        })
    }

    /// `:`, or flags and `:`.
    fn modifiers(&mut self) -> Read<()> {
        let start = self.at;
        let mut on = true;
        let mut seen = String::new();
        loop {
            match self.next() {
                Some(':') if on || !seen.is_empty() => return Ok(()),
                Some('-') if on => on = false,
                Some(flag @ ('i' | 'm' | 's')) if !seen.contains(flag) => {
                    seen.push(flag);
                    match flag {
                        'i' => self.flags.fold = on,
                        'm' => self.flags.multiline = on,
                        _ => self.flags.dot_all = on,
                    }
                }
                Some(')') if self.at > start + 1 => {
                    return invalid(format!(
                        "`(?{})` belongs to another dialect, ECMA-262 has `(?{}:...)`",
                        seen,
                        if seen.is_empty() { "i" } else { &seen }
                    ));
                }
                Some('>') => return invalid("atomic groups `(?>...)` belong to another dialect"),
                Some('P') => return invalid("`(?P...)` belongs to another dialect, ECMA-262 has `(?<name>...)`"),
                Some('#') => return invalid("comments `(?#...)` belong to another dialect"),
                Some(other) => return invalid(format!("`(?{other}` opens no group")),
                None => return invalid("a group is not closed"),
            }
        }
    }

    fn name(&mut self) -> Read<String> {
        let mut name = String::new();
        loop {
            match self.next() {
                Some('>') if !name.is_empty() => return Ok(name),
                Some(c) if c.is_alphabetic() || matches!(c, '_' | '$') || !name.is_empty() && c.is_numeric() => {
                    name.push(c);
                }
                _ => return invalid("the name of a group is malformed"),
            }
        }
    }

    /// Least and most times, where a quantifier stands here.
    fn quantifier(&mut self) -> Read<Option<(u64, Option<u64>)>> {
        let times = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let start = self.at;
                let Some(times) = self.counts() else {
                    self.at = start;
                    return if self.unicode { invalid("`{` stands alone") } else { Ok(None) };
                };
                self.at -= 1;
                times
            }
            _ => return Ok(None),
        };
        self.at += 1;
        self.eat("?");
        if times.1.is_some_and(|most| most < times.0) {
            return invalid("a quantifier has its numbers the wrong way round");
        }
        Ok(Some(times))
    }

    fn counts(&mut self) -> Option<(u64, Option<u64>)> {
        self.at += 1;
        let least = self.number()?;
        let most = if self.eat(",") { self.number() } else { Some(least) };
        self.eat("}").then_some((least, most))
    }

    fn number(&mut self) -> Option<u64> {
        let mut value: Option<u64> = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            value = Some(value.unwrap_or(0).saturating_mul(10).saturating_add(u64::from(digit)));
            self.at += 1;
        }
        value
    }
}

/// How many capturing groups a pattern has, and whether one has a name.
fn count_groups(chars: &[(usize, char)]) -> (u64, bool) {
    let char_at = |at: usize| chars.get(at).map(|(_, c)| *c);
    let (mut groups, mut named, mut in_class) = (0, false, false);
    let mut at = 0;
    while let Some(c) = char_at(at) {
        match c {
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => {
                let name = (char_at(at + 1), char_at(at + 2)) == (Some('?'), Some('<'))
                    && !matches!(char_at(at + 3), Some('=' | '!'));
                named |= name;
                groups += u64::from(name || char_at(at + 1) != Some('?'));
            }
            _ => {}
        }
        at += 1;
    }
    (groups, named)
}

#[cfg(test)]
mod tests;

//! The longest text that a `pattern` admits (E5, E12). Reads ECMA-262 syntax as JSON
//! Schema uses it: unanchored search, no flags. Knows no document.
//!
//! Own parser, because the question is about another dialect than that of the `regex`
//! crates (`[` inside classes, `[^]`, `{` as a letter), and because lookarounds count.

/// Longer patterns are not read.
const MOST_BYTES: usize = 64 * 1024;

/// Groups nested deeper than this are not read.
const MOST_NESTING: usize = 128;

/// The length in characters of the longest text that matches, if there is one: every
/// alternative is anchored at both ends and finite (`^(a|bc)$` has 2, `^a|b$` none).
///
/// It is an upper bound: of lookarounds only those count that look to the end of the
/// text (`^(?=.{1,20}$)`). None for back references, for what is no ECMA-262 pattern,
/// and for patterns over 64 KiB or nested over 128 groups.
pub fn max_length(pattern: &str) -> Option<u64> {
    if pattern.len() > MOST_BYTES {
        return None;
    }
    let mut parser = Parser { chars: pattern.chars().collect(), at: 0 };
    let node = parser.alternatives(0, false)?;
    if parser.at < parser.chars.len() || !node.start { None } else { node.tail }
}

/// What is known of a part of a pattern. `None` stands for no limit.
#[derive(Clone, Copy)]
struct Node {
    /// How many characters it takes at most.
    max: Option<u64>,
    /// Whether it only matches at the beginning of the text.
    start: bool,
    /// How many characters there are at most from its beginning to the end of the text.
    tail: Option<u64>,
}

impl Node {
    /// Takes nothing, says nothing.
    const NOTHING: Self = Self { max: Some(0), start: false, tail: None };
    const CHARACTER: Self = Self { max: Some(1), start: false, tail: None };

    /// The parts of an alternative one after the other.
    fn then(self, next: Self) -> Self {
        // Before something that only matches at the beginning there is no text.
        let before = if next.start { Some(0) } else { self.max };
        let tail = smaller(self.tail, sum(before, next.tail));
        Self { max: smaller(sum(before, next.max), tail), start: self.start || next.start, tail }
    }

    fn or(self, other: Self) -> Self {
        Self { max: larger(self.max, other.max), start: self.start && other.start, tail: larger(self.tail, other.tail) }
    }

    fn repeated(self, (least, most): (u64, Option<u64>)) -> Self {
        let max = match (self.max, most) {
            (Some(0), _) | (_, Some(0)) => Some(0),
            (Some(max), Some(most)) => Some(max.saturating_mul(most)),
            _ => None,
        };
        if least == 0 { Self { max, ..Self::NOTHING } } else { Self { max, ..self } }
    }
}

fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    Some(a?.saturating_add(b?))
}

fn larger(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    Some(a?.max(b?))
}

fn smaller(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (known, None) | (None, known) => known,
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
}

/// Each method reads from `at`; `None` gives the whole pattern up.
impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        let count = text.chars().count();
        let there = self.chars.get(self.at..self.at + count).is_some_and(|next| next.iter().copied().eq(text.chars()));
        if there {
            self.at += count;
        }
        there
    }

    /// Up to the closing bracket or the end. `multiline`: anchors match at lines.
    fn alternatives(&mut self, nesting: usize, multiline: bool) -> Option<Node> {
        if nesting > MOST_NESTING {
            return None;
        }
        let mut all: Option<Node> = None;
        loop {
            let mut one = Node::NOTHING;
            while !matches!(self.peek(), None | Some('|' | ')')) {
                let atom = self.atom(nesting, multiline)?;
                let atom = self.quantifier()?.map_or(atom, |times| atom.repeated(times));
                one = one.then(atom);
            }
            all = Some(all.map_or(one, |all| all.or(one)));
            if !self.eat("|") {
                return all;
            }
        }
    }

    fn atom(&mut self, nesting: usize, multiline: bool) -> Option<Node> {
        match self.next()? {
            '^' | '$' if multiline => Some(Node::NOTHING),
            '^' => Some(Node { start: true, ..Node::NOTHING }),
            '$' => Some(Node { tail: Some(0), ..Node::NOTHING }),
            '(' => self.group(nesting, multiline),
            '[' => self.class(),
            '\\' => self.escape(),
            '*' | '+' | '?' => None,
            _ => Some(Node::CHARACTER),
        }
    }

    fn group(&mut self, nesting: usize, multiline: bool) -> Option<Node> {
        let mut multiline = multiline;
        let mut look = None;
        if self.eat("?") {
            if self.eat("=") {
                look = Some(true);
            } else if self.eat("!") || self.eat("<=") || self.eat("<!") {
                look = Some(false);
            } else if self.eat("<") {
                while self.next()? != '>' {}
            } else {
                // `(?:`, or flags: `(?i-m:`.
                let mut on = true;
                loop {
                    match self.next()? {
                        ':' => break,
                        '-' => on = false,
                        'm' => multiline = on,
                        'i' | 's' => {}
                        _ => return None,
                    }
                }
            }
        }
        let inner = self.alternatives(nesting + 1, multiline)?;
        if !self.eat(")") {
            return None;
        }
        Some(match look {
            None => inner,
            Some(true) => Node { max: Some(0), ..inner },
            Some(false) => Node::NOTHING,
        })
    }

    /// A class stands for one character, whatever is in it; its first `]` closes it.
    fn class(&mut self) -> Option<Node> {
        loop {
            match self.next()? {
                ']' => return Some(Node::CHARACTER),
                '\\' => drop(self.next()?),
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Option<Node> {
        match self.next()? {
            'b' | 'B' => return Some(Node::NOTHING),
            '1'..='9' => return None,
            // Anchors of other dialects; here they would be letters, which nobody means.
            'A' | 'z' | 'Z' | 'G' => return None,
            'k' if self.peek() == Some('<') => return None,
            'u' if self.peek() == Some('{') => self.braces()?,
            'u' => self.hexadecimal(4),
            'x' => self.hexadecimal(2),
            'p' | 'P' if self.peek() == Some('{') => self.braces()?,
            'c' if self.peek().is_some_and(|c| c.is_ascii_alphabetic()) => self.at += 1,
            _ => {}
        }
        Some(Node::CHARACTER)
    }

    fn braces(&mut self) -> Option<()> {
        while self.next()? != '}' {}
        Some(())
    }

    fn hexadecimal(&mut self, digits: usize) {
        let next = self.chars.get(self.at..self.at + digits);
        if next.is_some_and(|next| next.iter().all(char::is_ascii_hexdigit)) {
            self.at += digits;
        }
    }

    /// Least and most times, where a quantifier stands here.
    fn quantifier(&mut self) -> Option<Option<(u64, Option<u64>)>> {
        let times = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let start = self.at;
                let Some(times) = self.counts() else {
                    // `{` is a letter where it begins no quantifier.
                    self.at = start;
                    return Some(None);
                };
                self.at -= 1;
                times
            }
            _ => return Some(None),
        };
        self.at += 1;
        self.eat("?");
        if times.1.is_some_and(|most| most < times.0) { None } else { Some(Some(times)) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn bound(pattern: &str, length: u64) {
        assert_eq!(max_length(pattern), Some(length), "{pattern}");
    }

    #[track_caller]
    fn unbound(pattern: &str) {
        assert_eq!(max_length(pattern), None, "{pattern}");
    }

    #[test]
    fn an_anchored_finite_pattern_has_a_longest_text() {
        bound(r"^\+[0-9]{1,14}$", 15);
        bound("^(a|bc)$", 2);
        bound("^[A-Z]{2}-\\d{4}(-[a-z]+?){0,0}$", 7);
        bound("^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$", 36);
        bound("^$", 0);
        bound("^.{3,80}$", 80);
    }

    #[test]
    fn endless_repetition_has_none() {
        unbound("^[a-z]+$");
        unbound("^a{2,}$");
        unbound("^(ab*)$");
        unbound("^(a|b*)$");
    }

    #[test]
    fn every_alternative_must_be_anchored() {
        unbound("^a|b$");
        unbound("a");
        unbound("^a");
        unbound("a$");
        unbound("");
        bound("^a$|^bcd$", 3);
        bound("(^a$|^bc$)", 2);
        bound("^(a$|bcd$)", 3);
        unbound("(^a$)?");
        unbound("^(a$)?");
    }

    #[test]
    fn classes_take_one_character() {
        bound(r"^[[\]^a&&b]$", 1);
        bound("^[^]$", 1);
        bound("^[]$", 1);
        bound("^[a-z\\u{1F600}\\]]{2}$", 2);
    }

    #[test]
    fn escapes_take_one_character_or_none() {
        bound(r"^\u0041\x41\cA\/\.\-\0$", 7);
        bound(r"^\u{1F600}\p{L}\P{Script=Greek}$", 3);
        bound(r"^\bfoo\b$", 3);
        bound(r"^\u00$", 3);
    }

    #[test]
    fn braces_that_are_no_quantifier_are_letters() {
        bound("^a{x}{,3}$", 8);
        bound("^{}$", 2);
        bound("^a{2,3}?$", 3);
    }

    #[test]
    fn lookarounds_take_nothing() {
        bound("^(?!abc)[a-z]{3}(?<=c)(?<!d)$", 3);
        bound("^(?=.*[0-9])[a-z0-9]{8}$", 8);
        unbound("^(?=a)b*$");
    }

    #[test]
    fn a_lookahead_to_the_end_limits_what_follows() {
        bound("^(?=.{1,20}$)[a-z]+(-[a-z]+)*$", 20);
        bound("^x(?=.{1,20}$)[a-z]+", 21);
        unbound("^(?=.{1,20})[a-z]+$");
    }

    #[test]
    fn text_before_the_beginning_and_after_the_end_is_empty() {
        bound("x*^ab$y*", 2);
        unbound("x*ab$");
    }

    #[test]
    fn flags_may_move_the_anchors_to_lines() {
        bound("^(?i:abc)$", 3);
        unbound("(?m:^abc$)");
        bound("^(?m:^abc$)$", 3);
    }

    #[test]
    fn back_references_and_other_dialects_are_given_up() {
        for pattern in [r"^(a)\1$", r"^(?<x>a)\k<x>$", r"\Aabc\z", "^(?P<x>a)$", "^(?i)a$", "^a++$", "^(?>a)$"] {
            unbound(pattern);
        }
        bound("^(?<year>[0-9]{4})$", 4);
    }

    #[test]
    fn broken_patterns_are_given_up() {
        for pattern in ["^(a$", "^a)$", "^[a$", "^*$", "^a{3,2}$", "^a\\", "^(?$", "^(?<x$", "^\\u{1$"] {
            unbound(pattern);
        }
    }

    #[test]
    fn huge_counts_do_not_overflow() {
        bound("^(((a{99999999999999999999}){99999}){99999})$", u64::MAX);
    }

    #[test]
    fn hostile_patterns_are_read_in_linear_time() {
        unbound(&"(".repeat(60_000));
        unbound(&format!("^{}{}$", "(".repeat(1000), ")".repeat(1000)));
        bound(&format!("^{}$", "a{".repeat(30_000)), 60_000);
        bound(&format!("^{}$", "(a|b)?".repeat(10_000)), 10_000);
        unbound(&"a".repeat(100_000));
    }
}

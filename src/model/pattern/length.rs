//! What follows from the shape of a pattern: the longest and the shortest text that it admits (E5),
//! and whether its alternatives are anchored (E12).

use super::set::Set;
use super::syntax::{Node, Pattern};

/// The length in characters of the longest text that matches, if there is one: every
/// alternative is anchored at both ends and finite (`^(a|bc)$` has 2, `^a|b$` none).
///
/// It is an upper bound: of lookarounds only those count that look to the end of the
/// text (`^(?=.{1,20}$)`). None for back references.
pub fn longest(pattern: &Pattern) -> Option<u64> {
    let part = Part::of(&pattern.root)?;
    if part.start { part.tail } else { None }
}

/// The length in characters of the shortest text that matches. It is a lower bound: of
/// lookarounds only positive lookaheads count. None where a back reference makes it unknown.
pub fn shortest(pattern: &Pattern) -> Option<u64> {
    least(&pattern.root).map(|least| least.needed)
}

/// What a part of a pattern takes at least, and how many characters must follow where it begins.
#[derive(Clone, Copy, Debug, Default)]
struct Least {
    taken: u64,
    needed: u64,
}

fn least(node: &Node) -> Option<Least> {
    Some(match node {
        Node::Chars(_) | Node::Dot | Node::Any => Least { taken: 1, needed: 1 },
        Node::Start { .. } | Node::End { .. } | Node::Boundary => Least::default(),
        Node::Reference => return None,
        Node::Look { ahead: true, negative: false, inner } => Least { taken: 0, needed: least(inner)?.needed },
        Node::Look { .. } => Least::default(),
        Node::Sequence(items) => items.iter().try_fold(Least::default(), |sum, item| {
            let item = least(item)?;
            Some(Least {
                taken: sum.taken.saturating_add(item.taken),
                needed: sum.needed.max(sum.taken.saturating_add(item.needed)),
            })
        })?,
        Node::Either(all) => {
            let each = all.iter().map(least).collect::<Option<Vec<Least>>>()?;
            let shortest = |of: fn(&Least) -> u64| each.iter().map(of).min().unwrap_or_default();
            Least { taken: shortest(|one| one.taken), needed: shortest(|one| one.needed) }
        }
        Node::Repeat { least: 0, .. } => Least::default(),
        Node::Repeat { inner, least: times, .. } => {
            let inner = least(inner)?;
            let before = inner.taken.saturating_mul(times - 1);
            Least { taken: before.saturating_add(inner.taken), needed: before.saturating_add(inner.needed) }
        }
    })
}

/// Which ends of a text a part of a pattern holds on to: begins it only at the beginning, ends it only at the end?
///
/// An end that is given away, as in `^/api/.*` and `.+\.csv$`, counts as held: its author means "begins with".
pub fn anchors(node: &Node) -> (bool, bool) {
    let (start, end) = (starts(node), ends(node));
    (start || end && gives_away(node, false), end || start && gives_away(node, true))
}

/// Whether it is a plain text, or one `\S`: a test for what the value contains.
pub fn looks_anywhere(pattern: &Pattern) -> bool {
    let set = |node: &Node| match node {
        Node::Chars(set) => pattern.sets.get(*set),
        _ => None,
    };
    let is_letter = |node: &Node| set(node).is_some_and(|set| matches!(set.ranges(), [(first, last)] if first == last));
    match &pattern.root {
        Node::Sequence(items) => !items.is_empty() && items.iter().all(is_letter),
        Node::Repeat { inner, least: 1, most: None } => set(inner) == Some(&Set::blanks().negated()),
        node => is_letter(node) || set(node) == Some(&Set::blanks().negated()),
    }
}

fn starts(node: &Node) -> bool {
    match node {
        Node::Start { multiline } => !multiline,
        Node::Sequence(items) => items.iter().any(starts),
        Node::Either(all) => all.iter().all(starts),
        Node::Repeat { inner, least, .. } => *least > 0 && starts(inner),
        Node::Look { ahead: true, negative: false, inner } => starts(inner),
        _ => false,
    }
}

fn ends(node: &Node) -> bool {
    match node {
        Node::End { multiline } => !multiline,
        Node::Sequence(items) => items.iter().any(ends),
        Node::Either(all) => all.iter().all(ends),
        Node::Repeat { inner, least, .. } => *least > 0 && ends(inner),
        _ => false,
    }
}

/// Whether it ends in any number of any characters, or begins with them.
fn gives_away(node: &Node, at_end: bool) -> bool {
    match node {
        Node::Sequence(items) => {
            let outermost = if at_end { items.last() } else { items.first() };
            outermost.is_some_and(|item| gives_away(item, at_end))
        }
        Node::Repeat { inner, most: None, .. } => matches!(**inner, Node::Dot | Node::Any),
        _ => false,
    }
}

/// What is known of a part of a pattern. `None` stands for no limit.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// How many characters it takes at most.
    max: Option<u64>,
    /// Whether it only matches at the beginning of the text.
    start: bool,
    /// How many characters there are at most from its beginning to the end of the text.
    tail: Option<u64>,
}

impl Part {
    /// Takes nothing, says nothing.
    const NOTHING: Self = Self { max: Some(0), start: false, tail: None };
    const CHARACTER: Self = Self { max: Some(1), start: false, tail: None };

    /// None where a back reference makes it unknown.
    fn of(node: &Node) -> Option<Self> {
        Some(match node {
            Node::Chars(_) | Node::Dot | Node::Any => Self::CHARACTER,
            Node::Start { multiline: false } => Self { start: true, ..Self::NOTHING },
            Node::End { multiline: false } => Self { tail: Some(0), ..Self::NOTHING },
            Node::Start { .. } | Node::End { .. } | Node::Boundary => Self::NOTHING,
            Node::Reference => return None,
            Node::Look { ahead, negative, inner } => {
                let inner = Self::of(inner)?;
                if *ahead && !negative { Self { max: Some(0), ..inner } } else { Self::NOTHING }
            }
            Node::Sequence(items) => {
                items.iter().try_fold(Self::NOTHING, |part, item| Some(part.then(Self::of(item)?)))?
            }
            Node::Either(all) => {
                let mut parts = all.iter().map(Self::of);
                let first = parts.next()??;
                parts.try_fold(first, |part, other| Some(part.or(other?)))?
            }
            Node::Repeat { inner, least, most } => Self::of(inner)?.repeated(*least, *most),
        })
    }

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

    fn repeated(self, least: u64, most: Option<u64>) -> Self {
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

#[cfg(test)]
mod tests {
    use super::super::syntax::read;
    use super::*;

    /// As the model asks: nothing is known of what is no pattern, or one of another dialect.
    fn max_length(pattern: &str) -> Option<u64> {
        longest(&read(pattern).ok().filter(|pattern| pattern.foreign.is_none())?)
    }

    #[test]
    fn the_shortest_text_is_as_long_as_all_that_must_be_there() {
        let lengths = [
            ("^.{8,20}$", 8),
            ("^(?=.*[a-z])(?=.*[0-9]).{12,}$", 12),
            ("^(?=.{10,}$).*", 10),
            ("^a(?=.{3})b$", 4),
            ("[a-z]+", 1),
            ("^(ab|cde)?(f|gh){2,}$", 2),
            ("^(?:a(?=bcd)){3}", 6),
            ("^(?!.*x)(?<=abc).*$", 0),
        ];
        for (pattern, length) in lengths {
            assert_eq!(shortest(&read(pattern).unwrap()), Some(length), "{pattern}");
        }
        assert_eq!(shortest(&read("^(a+)\\1$").unwrap()), None);
    }

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

    #[track_caller]
    fn anchored(pattern: &str, start: bool, end: bool) {
        assert_eq!(anchors(&read(pattern).unwrap().root), (start, end), "{pattern}");
    }

    #[test]
    fn anchors_are_judged_for_all_alternatives() {
        anchored("^a$", true, true);
        anchored("a", false, false);
        anchored("^a|b$", false, false);
        anchored("^a|^b$", true, false);
        anchored("^(a|b)$", true, true);
        anchored("(^a|^b)$", true, true);
        anchored("(^a)?$", false, true);
        anchored("(?=.{3}$)^a", true, false);
        anchored("(?m:^a$)", false, false);
        anchored("\\^a\\$", false, false);
        anchored("[^a]$", false, true);
    }

    #[test]
    fn an_end_that_is_given_away_counts_as_held() {
        anchored("^/api/.*", true, true);
        anchored("^/api/[\\s\\S]*", true, true);
        anchored("^/api/.+?", true, true);
        anchored(".+\\.csv$", true, true);
        anchored("[a-z]+\\.csv$", false, true);
        anchored(".*a.*", false, false);
        anchored("/api/.*", false, false);
        anchored("^/api/.{0,9}", true, false);
        anchored("^/api/[a-z]*", true, false);
    }
}

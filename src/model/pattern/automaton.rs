//! A pattern as an automaton that reads letters, where every way of matching a text
//! is a run of its own: what a backtracking matcher tries one after the other.
//!
//! States are the places of a pattern that read a character. An edge leads to each
//! place that may read the next one, and knows whether there is more than one way
//! to it (`(a*)*`: inside the inner loop, or by another turn of the outer one).

use std::collections::{HashMap, HashSet};

use super::set::Set;
use super::syntax::{Node, Pattern};

/// Sets of letters; bit *i* stands for letter *i*.
pub type Letters = [u64; 4];

/// More letters, or more states, than this are not handled.
const MOST_LETTERS: usize = 256;
const MOST_STATES: usize = 2500;

/// How many steps that read nothing are followed in all.
const MOST_WALKED: u64 = 200_000;

/// An edge to the state that reads the next character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// That state.
    pub to: u32,
    /// Whether several ways lead there.
    pub double: bool,
}

/// What may come next.
#[derive(Clone, Debug, Default)]
pub struct Next {
    /// The states that may read the next character.
    pub edges: Vec<Edge>,
    /// Whether the match may be complete here.
    pub accepts: bool,
    /// Whether it may be complete if the text ends here.
    pub accepts_at_end: bool,
}

/// The automaton of a pattern.
#[derive(Debug)]
pub struct Automaton {
    /// By state: the letters that it reads.
    pub letters: Vec<Letters>,
    /// By state: what may come after it.
    pub next: Vec<Next>,
    /// What may come first, at the beginning of the text.
    pub first: Next,
    /// What may come first where a search begins later.
    pub later: Next,
    /// By letter: a character for texts, where there is one.
    pub shown: Vec<Option<char>>,
}

/// How a pattern is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Repetitions of which at least so many are optional count as endless.
    pub endless: u64,
    /// Whether `.` matches line ends as well.
    pub dot_is_any: bool,
}

/// Thompson's construction: nodes of which one reads, and the others lead on.
enum Step {
    Read(Letters, usize),
    /// To all of these.
    Split(Vec<usize>),
    /// The end of a turn of a loop: to another turn, or on.
    Again(usize, usize),
    /// The beginning of a loop that may be left out, with the step that ends its turns.
    Enter {
        again: usize,
        turn: usize,
        then: usize,
    },
    Start(usize),
    End(usize),
    Goal,
}

struct Builder {
    classes: Vec<Letters>,
    dot: Letters,
    any: Letters,
    reading: Reading,
    steps: Vec<Step>,
}

impl Automaton {
    /// The automaton of a pattern; none if it looks around, refers back, or is too large.
    pub fn new(pattern: &Pattern, reading: Reading) -> Option<Self> {
        let dot = if reading.dot_is_any { Set::all() } else { Set::line_ends().negated() };
        let (masks, shown) = letters(pattern.sets.iter().chain([&dot]))?;
        let any = (0..shown.len()).fold([0; 4], with);
        let (dot, classes) = masks.split_last()?;
        let mut builder = Builder { classes: classes.to_vec(), dot: *dot, any, reading, steps: Vec::new() };
        let goal = builder.push(Step::Goal)?;
        let start = builder.node(&pattern.root, goal)?;
        builder.finish(start, shown)
    }

    /// The successors of a state.
    pub fn edges(&self, state: u32) -> &[Edge] {
        &self.next[state as usize].edges
    }

    /// These letters with their characters, of those that have one.
    pub fn shown_of(&self, letters: &Letters) -> Vec<(usize, char)> {
        let there = self.shown.iter().enumerate().filter(|(letter, _)| holds(letters, *letter));
        there.filter_map(|(letter, shown)| Some((letter, (*shown)?))).collect()
    }
}

/// Letters that both sets hold.
pub fn both(a: &Letters, b: &Letters) -> Letters {
    std::array::from_fn(|i| a[i] & b[i])
}

/// Whether there is no letter in a set.
pub fn is_empty(letters: &Letters) -> bool {
    letters.iter().all(|word| *word == 0)
}

/// Whether a set holds a letter.
pub fn holds(letters: &Letters, letter: usize) -> bool {
    letters[letter / 64] >> (letter % 64) & 1 == 1
}

fn with(mut letters: Letters, letter: usize) -> Letters {
    letters[letter / 64] |= 1 << (letter % 64);
    letters
}

/// Characters that are read easily come first.
pub fn rank(c: char) -> u32 {
    let class = match c {
        'a'..='z' => 0,
        '0'..='9' => 1,
        'A'..='Z' => 2,
        '!' => 3,
        '-' | '.' | ',' | '/' | ':' | '_' | '@' => 4,
        '`' | '\\' | '"' => 7,
        '!'..='~' => 5,
        ' ' => 6,
        '\n' => 8,
        '\u{a0}'.. => 9,
        _ => 10,
    };
    class << 24 | u32::from(c)
}

/// Divides Unicode so that each set is a union of letters: the sets in letters, and a character of each letter.
fn letters<'s>(sets: impl Iterator<Item = &'s Set> + Clone) -> Option<(Vec<Letters>, Vec<Option<char>>)> {
    let mut cuts: Vec<u32> = vec![0];
    for (first, last) in sets.clone().flat_map(|set| set.ranges()) {
        cuts.extend([*first, last + 1]);
    }
    cuts.sort_unstable();
    cuts.dedup();
    cuts.retain(|&cut| cut <= 0x0010_ffff);
    let count = sets.clone().count();
    let mut members: Vec<Vec<u64>> = vec![vec![0; count.div_ceil(64)]; cuts.len()];
    for (number, set) in sets.enumerate() {
        for &(first, last) in set.ranges() {
            let start = cuts.partition_point(|&cut| cut < first);
            for (cut, member) in cuts[start..].iter().zip(&mut members[start..]) {
                if *cut > last {
                    break;
                }
                member[number / 64] |= 1 << (number % 64);
            }
        }
    }
    let mut number_of: HashMap<&[u64], usize> = HashMap::new();
    let mut shown: Vec<Option<char>> = Vec::new();
    for (i, member) in members.iter().enumerate() {
        let next = number_of.len();
        let letter = *number_of.entry(member).or_insert(next);
        if letter == shown.len() {
            shown.push(None);
        }
        let last = cuts.get(i + 1).map_or(0x0010_ffff, |next| next - 1);
        let best = nicest(cuts[i], last).into_iter().chain(shown[letter]).min_by_key(|c| rank(*c));
        shown[letter] = best;
    }
    if shown.len() > MOST_LETTERS {
        return None;
    }
    let mut masks = vec![[0; 4]; count];
    for (member, &letter) in &number_of {
        for (number, mask) in masks.iter_mut().enumerate() {
            if member[number / 64] >> (number % 64) & 1 == 1 {
                *mask = with(*mask, letter);
            }
        }
    }
    Some((masks, shown))
}

/// The character of a range that is read most easily.
fn nicest(first: u32, last: u32) -> Option<char> {
    const ORDER: [(u32, u32); 9] = [
        (0x61, 0x7a),
        (0x30, 0x39),
        (0x41, 0x5a),
        (0x21, 0x5f),
        (0x7b, 0x7e),
        (0x20, 0x60),
        (0xa1, 0xd7ff),
        (0xe000, 0x0010_ffff),
        (0, 0xa0),
    ];
    let mut parts = ORDER.iter().map(|(low, high)| (first.max(*low), last.min(*high)));
    parts.find(|(low, high)| low <= high).and_then(|(low, _)| char::from_u32(low))
}

impl Builder {
    fn push(&mut self, step: Step) -> Option<usize> {
        self.steps.push(step);
        (self.steps.len() <= 4 * MOST_STATES).then(|| self.steps.len() - 1)
    }

    /// The first step of a node that leads to `then`.
    fn node(&mut self, node: &Node, then: usize) -> Option<usize> {
        match node {
            Node::Chars(set) => self.push(Step::Read(self.classes[*set], then)),
            Node::Dot => self.push(Step::Read(self.dot, then)),
            Node::Any => self.push(Step::Read(self.any, then)),
            Node::Start { multiline: false } => self.push(Step::Start(then)),
            Node::End { multiline: false } => self.push(Step::End(then)),
            Node::Start { .. } | Node::End { .. } | Node::Boundary | Node::Reference | Node::Look { .. } => None,
            Node::Sequence(items) => items.iter().rev().try_fold(then, |then, item| self.node(item, then)),
            Node::Either(all) => {
                let all = all.iter().map(|one| self.node(one, then)).collect::<Option<Vec<usize>>>()?;
                self.push(Step::Split(all))
            }
            Node::Repeat { inner, least, most } => self.repeat(inner, *least, *most, then),
        }
    }

    fn repeat(&mut self, inner: &Node, least: u64, most: Option<u64>, then: usize) -> Option<usize> {
        let limit = MOST_STATES as u64;
        if least > limit {
            return None;
        }
        let optional = most.map(|most| most - least).filter(|optional| *optional < self.reading.endless);
        let mut copies = least;
        let mut then = match optional {
            Some(optional) if optional > limit => return None,
            Some(optional) => {
                let end = then;
                (0..optional).try_fold(end, |next, _| {
                    let again = self.push(Step::Split(vec![next]))?;
                    let turn = self.node(inner, again)?;
                    self.push(Step::Enter { again, turn, then: end })
                })?
            }
            None => {
                let again = self.push(Step::Again(0, then))?;
                let turn = self.node(inner, again)?;
                self.steps[again] = Step::Again(turn, then);
                if copies > 0 {
                    copies -= 1;
                    turn
                } else {
                    self.push(Step::Enter { again, turn, then })?
                }
            }
        };
        for _ in 0..copies {
            then = self.node(inner, then)?;
        }
        Some(then)
    }

    fn finish(self, start: usize, shown: Vec<Option<char>>) -> Option<Automaton> {
        let mut number = vec![u32::MAX; self.steps.len()];
        let mut readers = Vec::new();
        for (at, step) in self.steps.iter().enumerate() {
            if let Step::Read(letters, then) = step
                && !is_empty(letters)
            {
                number[at] = readers.len() as u32;
                readers.push((*letters, *then));
            }
        }
        if readers.len() > MOST_STATES {
            return None;
        }
        let mut walk =
            Walk { steps: &self.steps, number: &number, seen: vec![[0; 2]; self.steps.len()], left: MOST_WALKED };
        let first = walk.next(start, true)?;
        let later = walk.next(start, false)?;
        let next = readers.iter().map(|(_, then)| walk.next(*then, false)).collect::<Option<Vec<Next>>>()?;
        let letters = readers.into_iter().map(|(letters, _)| letters).collect();
        Some(Automaton { letters, next, first, later, shown })
    }
}

/// Follows steps that read nothing.
struct Walk<'s> {
    steps: &'s [Step],
    number: &'s [u32],
    /// By step: how many ways led there, before and after a `$`.
    seen: Vec<[u8; 2]>,
    left: u64,
}

/// A step on the way; that a turn of the loop begins that ends at a step; and that all its ways were followed.
enum Move {
    To(usize, bool),
    Turn(usize),
    Back(usize),
}

/// Out of a loop, and before that into a turn of it; in reverse, as the last is followed first.
fn loop_moves(again: usize, turn: usize, then: usize, ended: bool) -> [Move; 4] {
    [Move::To(then, ended), Move::Back(again), Move::To(turn, ended), Move::Turn(again)]
}

impl Walk<'_> {
    /// What may come after `from`. A turn of a loop that ends without reading
    /// is no way: matchers refuse it.
    fn next(&mut self, from: usize, at_start: bool) -> Option<Next> {
        let mut next = Next::default();
        let mut touched = Vec::new();
        let mut turns = HashSet::new();
        let mut open = vec![Move::To(from, false)];
        while let Some(step) = open.pop() {
            self.left = self.left.checked_sub(1)?;
            let (at, ended) = match step {
                Move::To(at, ended) => (at, ended),
                Move::Turn(again) => {
                    turns.insert(again);
                    continue;
                }
                Move::Back(again) => {
                    turns.remove(&again);
                    continue;
                }
            };
            // Two ways are as good as many: what lies behind is reached twice as well.
            let seen = &mut self.seen[at][usize::from(ended)];
            if *seen >= 2 || turns.contains(&at) {
                continue;
            }
            *seen += 1;
            let seen = *seen;
            touched.push(at);
            match &self.steps[at] {
                // After `$` there is nothing to read.
                Step::Read(..) if ended || self.number[at] == u32::MAX => {}
                Step::Read(..) if seen == 1 => next.edges.push(Edge { to: self.number[at], double: false }),
                Step::Read(..) => {
                    if let Some(edge) = next.edges.iter_mut().find(|edge| edge.to == self.number[at]) {
                        edge.double = true;
                    }
                }
                Step::Split(all) => open.extend(all.iter().rev().map(|&to| Move::To(to, ended))),
                Step::Again(turn, then) => open.extend(loop_moves(at, *turn, *then, ended)),
                Step::Enter { again, turn, then } => open.extend(loop_moves(*again, *turn, *then, ended)),
                Step::Start(to) if at_start => open.push(Move::To(*to, ended)),
                Step::Start(_) => {}
                Step::End(to) => open.push(Move::To(*to, true)),
                Step::Goal if ended => next.accepts_at_end = true,
                Step::Goal => next.accepts = true,
            }
        }
        for at in touched {
            self.seen[at] = [0; 2];
        }
        next.accepts_at_end |= next.accepts;
        Some(next)
    }
}

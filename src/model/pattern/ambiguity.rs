//! How much work a pattern makes for a backtracking matcher (E12), by the ambiguity
//! of its automaton: exponential, if some text leads from a state back to it in two
//! ways (EDA); polynomial, if some text leads from `p` to `p`, from `p` to `q` and
//! from `q` to `q` (IDA). See Weber and Seidl, "On the degree of ambiguity of finite
//! automata", and Weideman et al., "Analyzing matching time behavior of backtracking
//! regular expression matchers by using ambiguity of NFA".
//!
//! Each claim comes with an attack: a text that the matcher must refuse where it begins,
//! after it has tried every way through it. Without such a text there is no claim: a
//! pattern that accepts whatever follows is never slow.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};

use super::automaton::{Automaton, Letters, Reading, both, holds, is_empty, rank};
use super::syntax::Pattern;

/// Repetitions with a limit of so many multiply work as if they had none.
const MANY: u64 = 16;

/// For growth by a power, so many: smaller ones are soon over.
const VERY_MANY: u64 = 1001;

/// How the work grows with the length of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// It doubles with each turn.
    Exponential,
    /// With the square of the length or a higher power.
    Polynomial,
}

/// Texts that take long to refuse: `prefix`, any number of `pump`, `suffix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attack {
    /// How the work grows with the number of pumps.
    pub growth: Growth,
    /// What comes first.
    pub prefix: String,
    /// What is repeated.
    pub pump: String,
    /// What comes last.
    pub suffix: String,
}

impl Attack {
    /// The text with so many pumps.
    pub fn text(&self, pumps: usize) -> String {
        format!("{}{}{}", self.prefix, self.pump.repeat(pumps), self.suffix)
    }
}

/// The worst that a pattern does, as far as `budget` steps show it.
pub fn attack(pattern: &Pattern, budget: u64) -> Option<Attack> {
    let exponential = Automaton::new(pattern, Reading { endless: MANY, dot_is_any: false })
        .and_then(|automaton| Search::new(&automaton, budget).exponential());
    exponential.or_else(|| {
        let automaton = Automaton::new(pattern, Reading { endless: VERY_MANY, dot_is_any: false })?;
        Search::new(&automaton, budget).polynomial()
    })
}

/// Whether a pattern accepts every text, or every text that is not empty, if `.` matches line ends too.
pub fn accepts_everything(pattern: &Pattern) -> bool {
    const MOST_SETS: usize = 300;
    let reading = Reading { endless: u64::MAX, dot_is_any: true };
    let Some(automaton) = Automaton::new(pattern, reading) else { return false };
    let first = Front::first(&automaton);
    let mut seen = HashSet::from([first.states.clone()]);
    let mut open = vec![first];
    while let Some(front) = open.pop() {
        if front.accepted {
            continue;
        }
        for letter in 0..automaton.shown.len() {
            let next = front.read(&automaton, letter, true);
            if !next.accepted && !next.accepts_at_end {
                return false;
            }
            if seen.insert(next.states.clone()) {
                open.push(next);
            }
        }
        if seen.len() > MOST_SETS {
            return false;
        }
    }
    true
}

/// Whether a pattern accepts no text at all, as `.^`.
pub fn accepts_nothing(pattern: &Pattern) -> bool {
    let reading = Reading { endless: VERY_MANY, dot_is_any: false };
    let Some(automaton) = Automaton::new(pattern, reading) else { return false };
    let starts = [&automaton.first, &automaton.later];
    let mut seen = vec![false; automaton.letters.len()];
    let mut open: Vec<u32> = starts.iter().flat_map(|next| &next.edges).map(|edge| edge.to).collect();
    let mut accepts = starts.iter().any(|next| next.accepts_at_end);
    while let Some(state) = open.pop() {
        if !std::mem::replace(&mut seen[state as usize], true) {
            accepts |= automaton.next[state as usize].accepts_at_end;
            open.extend(automaton.edges(state).iter().map(|edge| edge.to));
        }
    }
    !accepts
}

/// All states that a matcher can be in after some text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Front {
    /// Those that may read next, sorted.
    states: Vec<u32>,
    /// Whether a match was complete.
    accepted: bool,
    /// Whether a match is complete if the text ends here.
    accepts_at_end: bool,
}

impl Front {
    fn first(automaton: &Automaton) -> Self {
        let mut states: Vec<u32> = automaton.first.edges.iter().map(|edge| edge.to).collect();
        states.sort_unstable();
        Self { states, accepted: automaton.first.accepts, accepts_at_end: automaton.first.accepts_at_end }
    }

    /// `searching`: a match may also begin here, and not only where the text begins.
    fn read(&self, automaton: &Automaton, letter: usize, searching: bool) -> Self {
        let readers = self.states.iter().filter(|&&state| holds(&automaton.letters[state as usize], letter));
        let later = searching.then_some(&automaton.later);
        let reached = readers.map(|&state| &automaton.next[state as usize]).chain(later);
        let mut front = Self { states: Vec::new(), accepted: self.accepted, accepts_at_end: false };
        for next in reached {
            front.states.extend(next.edges.iter().map(|edge| edge.to));
            front.accepted |= next.accepts;
            front.accepts_at_end |= next.accepts_at_end;
        }
        front.states.sort_unstable();
        front.states.dedup();
        front
    }
}

/// A search for attacks; it ends when its budget is used up.
struct Search<'a> {
    automaton: &'a Automaton,
    left: u64,
    /// By state: the number of its strongly connected component; `u32::MAX` for states on no cycle.
    group: Vec<u32>,
    /// The letters that pumps are made of.
    pumped: Letters,
}

/// A text as the letters that may stand at each place.
type Word = Vec<Letters>;

impl<'a> Search<'a> {
    fn new(automaton: &'a Automaton, left: u64) -> Self {
        Self { automaton, left, group: Vec::new(), pumped: [u64::MAX; 4] }
    }

    fn exponential(mut self) -> Option<Attack> {
        let groups = self.find_groups();
        self.with_fewer_letters(|search| {
            groups.iter().find_map(|states| {
                let found = search.doubled(states).and_then(|pump| search.finish(Growth::Exponential, pump));
                found.or_else(|| search.split_and_met(states))
            })
        })
    }

    fn polynomial(mut self) -> Option<Attack> {
        let groups = self.find_groups();
        self.with_fewer_letters(|search| search.neighbours(&groups))
    }

    /// Searches with all letters first. What it finds may be of no use, as a letter of it completes
    /// a match (`b` for `(?:b|[ab]|[ab])*b`): so a second time without the letters that may.
    fn with_fewer_letters(&mut self, find: impl Fn(&mut Self) -> Option<Attack>) -> Option<Attack> {
        find(self).or_else(|| {
            let ends = self.automaton.next.iter().zip(&self.automaton.letters).filter(|(next, _)| next.accepts);
            let ends: Vec<&Letters> = ends.map(|(_, letters)| letters).collect();
            self.pumped = std::array::from_fn(|i| !ends.iter().fold(0, |all, letters| all | letters[i]));
            if ends.is_empty() { None } else { find(self) }
        })
    }

    /// Components of which the first hands over to the second while both go on.
    fn neighbours(&mut self, groups: &[Vec<u32>]) -> Option<Attack> {
        for (number, first) in groups.iter().enumerate() {
            let behind = self.behind(first);
            for (other, second) in groups.iter().enumerate() {
                if number == other || !second.first().is_some_and(|state| behind.contains(state)) {
                    continue;
                }
                for &p in first {
                    for &q in second {
                        if let Some(pump) = self.handed_over(p, q, &behind)
                            && let Some(attack) = self.finish(Growth::Polynomial, (p, pump))
                        {
                            return Some(attack);
                        }
                        self.spend(1)?;
                    }
                }
            }
        }
        None
    }

    fn spend(&mut self, steps: u64) -> Option<()> {
        self.left = self.left.checked_sub(steps)?;
        Some(())
    }

    /// The letters of pumps that a state reads.
    fn letters(&self, state: u32) -> Letters {
        both(&self.automaton.letters[state as usize], &self.pumped)
    }

    /// States reachable from the beginning that lie on cycles, by component.
    fn find_groups(&mut self) -> Vec<Vec<u32>> {
        let components = components(self.automaton);
        self.group = vec![u32::MAX; self.automaton.letters.len()];
        for (number, states) in components.iter().enumerate() {
            for &state in states {
                self.group[state as usize] = number as u32;
            }
        }
        components
    }

    /// States that can be reached from those of a component, the component included.
    fn behind(&self, states: &[u32]) -> HashSet<u32> {
        let mut seen: HashSet<u32> = states.iter().copied().collect();
        let mut open = states.to_vec();
        while let Some(state) = open.pop() {
            open.extend(self.automaton.edges(state).iter().map(|edge| edge.to).filter(|to| seen.insert(*to)));
        }
        seen
    }

    /// A cycle through an edge that stands for several ways: where it begins, and its text.
    fn doubled(&mut self, states: &[u32]) -> Option<(u32, Word)> {
        for &from in states {
            if is_empty(&self.letters(from)) {
                continue;
            }
            for edge in self.automaton.edges(from) {
                if edge.double && self.group[edge.to as usize] == self.group[from as usize] {
                    if let Some(way) = self.way(edge.to, from) {
                        return Some((from, std::iter::once(self.letters(from)).chain(way).collect()));
                    }
                    self.spend(states.len() as u64)?;
                }
            }
        }
        None
    }

    /// An attack by a text that leads from a state back to it in two ways inside its component.
    fn split_and_met(&mut self, states: &[u32]) -> Option<Attack> {
        let together = self.met(states).and_then(|pump| self.finish(Growth::Exponential, pump));
        // What two states reach, one search finds on the way of the first only.
        together.or_else(|| {
            let mut alone = states.chunks(1);
            alone.find_map(|state| self.met(state).and_then(|pump| self.finish(Growth::Exponential, pump)))
        })
    }

    /// A text that leads from one of these states back to it in two ways inside its component.
    fn met(&mut self, states: &[u32]) -> Option<(u32, Word)> {
        let inside = self.group[*states.first()? as usize];
        // Pairs of different states that one text reaches from one state, with the pair before.
        let mut before: HashMap<(u32, u32), (u32, u32)> = HashMap::new();
        let mut open: VecDeque<(u32, u32)> = states.iter().map(|&state| (state, state)).collect();
        while let Some((a, b)) = open.pop_front() {
            if is_empty(&both(&self.letters(a), &self.letters(b))) {
                continue;
            }
            for first in self.automaton.edges(a) {
                for second in self.automaton.edges(b) {
                    self.spend(1)?;
                    let pair = (first.to.min(second.to), first.to.max(second.to));
                    let leads_on = |to: u32| self.group[to as usize] == inside && !is_empty(&self.letters(to));
                    if !leads_on(first.to) || !leads_on(second.to) {
                        continue;
                    }
                    if first.to == second.to {
                        if a != b {
                            if let Some(found) = self.meeting((a, b), first.to, &before) {
                                return Some(found);
                            }
                            self.spend(states.len() as u64)?;
                        }
                        continue;
                    }
                    if let Entry::Vacant(entry) = before.entry(pair) {
                        entry.insert((a, b));
                        open.push_back(pair);
                    }
                }
            }
        }
        None
    }

    /// The text by which the two ways came to `pair` and meet in `end`, closed to a cycle.
    fn meeting(&self, pair: (u32, u32), end: u32, before: &HashMap<(u32, u32), (u32, u32)>) -> Option<(u32, Word)> {
        let mut word = Vec::new();
        let mut at = pair;
        loop {
            word.push(both(&self.letters(at.0), &self.letters(at.1)));
            if at.0 == at.1 {
                break;
            }
            at = *before.get(&at)?;
        }
        word.reverse();
        word.extend(self.way(end, at.0)?);
        Some((at.0, word))
    }

    /// A text that leads from `p` to `p`, from `p` to `q`, and from `q` to `q`.
    fn handed_over(&mut self, p: u32, q: u32, behind: &HashSet<u32>) -> Option<Word> {
        type Triple = (u32, u32, u32);
        let (inside_p, inside_q) = (self.group[p as usize], self.group[q as usize]);
        let start: Triple = (p, p, q);
        let mut before: HashMap<Triple, Triple> = HashMap::new();
        let mut open = VecDeque::from([start]);
        let common =
            |search: &Self, (a, b, c): Triple| both(&both(&search.letters(a), &search.letters(b)), &search.letters(c));
        while let Some(triple) = open.pop_front() {
            let (a, b, c) = triple;
            if is_empty(&common(self, triple)) {
                continue;
            }
            for first in self.automaton.edges(a).iter().filter(|edge| self.group[edge.to as usize] == inside_p) {
                for third in self.automaton.edges(c).iter().filter(|edge| self.group[edge.to as usize] == inside_q) {
                    for second in self.automaton.edges(b) {
                        self.left = self.left.checked_sub(1)?;
                        let next = (first.to, second.to, third.to);
                        if next == (p, q, q) {
                            let mut word = vec![common(self, triple)];
                            let mut at = triple;
                            while at != start {
                                at = *before.get(&at)?;
                                word.push(common(self, at));
                            }
                            word.reverse();
                            return Some(word);
                        }
                        if behind.contains(&second.to) && next != start && !before.contains_key(&next) {
                            before.insert(next, triple);
                            open.push_back(next);
                        }
                    }
                }
            }
        }
        None
    }

    /// The shortest text of the letters of pumps from a state to another: nothing if they are the same.
    fn way(&self, from: u32, to: u32) -> Option<Word> {
        let mut before: HashMap<u32, u32> = HashMap::new();
        let mut open = VecDeque::from([from]);
        while let Some(at) = open.pop_front() {
            if at == to {
                let mut word = Vec::new();
                let mut step = at;
                while step != from {
                    step = *before.get(&step)?;
                    word.push(self.letters(step));
                }
                word.reverse();
                return Some(word);
            }
            if is_empty(&self.letters(at)) {
                continue;
            }
            for edge in self.automaton.edges(at) {
                if edge.to != from && !before.contains_key(&edge.to) {
                    before.insert(edge.to, at);
                    open.push_back(edge.to);
                }
            }
        }
        None
    }

    /// The shortest text from the beginning to a state, of any letters.
    fn way_in(&mut self, to: u32) -> Option<Word> {
        let pumped = std::mem::replace(&mut self.pumped, [u64::MAX; 4]);
        let first = self.automaton.first.edges.iter();
        let way = first.filter_map(|edge| self.way(edge.to, to)).min_by_key(Vec::len);
        self.pumped = pumped;
        way
    }

    /// Completes an attack, if there is a text that makes it fail.
    fn finish(&mut self, growth: Growth, (from, pump): (u32, Word)) -> Option<Attack> {
        let way_in = self.way_in(from)?;
        let mut front = Front::first(self.automaton);
        let prefix = self.spell(&way_in, &mut front)?;
        let pump = self.spell(&pump, &mut front.clone())?;
        // After some pumps the states repeat.
        let mut fronts: Vec<Front> = Vec::new();
        while !fronts.contains(&front) && fronts.len() < 32 {
            fronts.push(front.clone());
            for &letter in &pump {
                front = self.read(&front, letter)?;
            }
        }
        let again = fronts.iter().position(|known| *known == front)?;
        let round = &fronts[again..];
        let suffixes: Vec<Option<Vec<usize>>> = round.iter().map(|front| self.refused(front)).collect();
        let text = |letters: &[usize]| -> String {
            letters.iter().filter_map(|&letter| self.automaton.shown[letter]).collect()
        };
        let (prefix, pump) = (text(&prefix), text(&pump));
        // The best suffix is refused after any number of pumps; others only once in a round.
        for suffix in suffixes.iter().flatten() {
            if round.iter().all(|front| self.refuses(front, suffix)) {
                return Some(Attack { growth, prefix, pump, suffix: text(suffix) });
            }
        }
        let (at, suffix) = suffixes.iter().enumerate().find_map(|(at, suffix)| Some((at, suffix.as_ref()?)))?;
        let prefix = prefix + &pump.repeat(again + at);
        Some(Attack { growth, prefix, pump: pump.repeat(round.len()), suffix: text(suffix) })
    }

    /// Whether the pattern does not match after these letters.
    fn refuses(&self, front: &Front, letters: &[usize]) -> bool {
        let mut front = front.clone();
        for &letter in letters {
            front = front.read(self.automaton, letter, false);
        }
        !front.accepted && !front.accepts_at_end
    }

    /// One letter for each place: the one that is read most easily, unless it completes a match.
    fn spell(&mut self, word: &Word, front: &mut Front) -> Option<Vec<usize>> {
        let automaton = self.automaton;
        let mut spelled = Vec::with_capacity(word.len());
        for letters in word {
            let mut choice = automaton.shown_of(letters);
            choice.sort_by_key(|(_, c)| rank(*c));
            let (letter, next) = choice.iter().find_map(|&(letter, _)| Some((letter, self.read(front, letter)?)))?;
            *front = next;
            spelled.push(letter);
        }
        Some(spelled)
    }

    /// Reads a letter; none where a match is complete, whatever follows.
    fn read(&mut self, front: &Front, letter: usize) -> Option<Front> {
        self.spend(front.states.len() as u64 + 1)?;
        let next = front.read(self.automaton, letter, false);
        (!next.accepted).then_some(next)
    }

    /// A short text after which the pattern does not match.
    fn refused(&mut self, front: &Front) -> Option<Vec<usize>> {
        const MOST_FRONTS: usize = 64;
        if front.accepted {
            return None;
        }
        let mut seen = HashSet::from([front.states.clone()]);
        let mut open = VecDeque::from([(front.clone(), Vec::new())]);
        // What is easily read comes first.
        let mut letters: Vec<usize> = (0..self.automaton.shown.len()).collect();
        letters.retain(|&letter| self.automaton.shown[letter].is_some());
        letters.sort_by_key(|&letter| self.automaton.shown[letter].map(rank));
        while let Some((front, text)) = open.pop_front() {
            if !front.accepts_at_end {
                return Some(text);
            }
            for &letter in &letters {
                let Some(next) = self.read(&front, letter) else { continue };
                if seen.len() < MOST_FRONTS && (seen.insert(next.states.clone()) || !next.accepts_at_end) {
                    let text = text.iter().copied().chain([letter]).collect();
                    open.push_back((next, text));
                }
            }
        }
        None
    }
}

/// Strongly connected components with a cycle, of what the beginning reaches.
fn components(automaton: &Automaton) -> Vec<Vec<u32>> {
    const UNSEEN: u32 = u32::MAX;
    let count = automaton.letters.len();
    let mut number = vec![UNSEEN; count];
    let mut low = vec![0_u32; count];
    let mut is_open = vec![false; count];
    let mut stack = Vec::new();
    let mut found = Vec::new();
    let mut next = 0;
    for root in automaton.first.edges.iter().chain(&automaton.later.edges) {
        if number[root.to as usize] != UNSEEN {
            continue;
        }
        // Tarjan's algorithm, with a stack of its own: a pattern may be thousands of states long.
        let mut calls: Vec<(u32, usize)> = vec![(root.to, 0)];
        while let Some((state, edge)) = calls.pop() {
            let at = state as usize;
            if edge == 0 {
                number[at] = next;
                low[at] = next;
                next += 1;
                stack.push(state);
                is_open[at] = true;
            } else {
                let child = automaton.edges(state)[edge - 1].to as usize;
                low[at] = low[at].min(low[child]);
            }
            let edges = automaton.edges(state);
            let mut called = false;
            for (i, edge) in edges.iter().enumerate().skip(edge) {
                let to = edge.to as usize;
                if number[to] == UNSEEN {
                    calls.push((state, i + 1));
                    calls.push((edge.to, 0));
                    called = true;
                    break;
                }
                if is_open[to] {
                    low[at] = low[at].min(number[to]);
                }
            }
            if called || low[at] != number[at] {
                continue;
            }
            let mut component = Vec::new();
            while let Some(member) = stack.pop() {
                is_open[member as usize] = false;
                component.push(member);
                if member == state {
                    break;
                }
            }
            component.sort_unstable();
            if component.len() > 1 || edges.iter().any(|edge| edge.to == state) {
                found.push(component);
            }
        }
    }
    found.sort_unstable();
    found
}

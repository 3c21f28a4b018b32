//! Compiled conditions and their evaluation in three-valued (Kleene) logic.
//! Knows no file: everything is an id, a mask or a compiled pattern by now.

use std::fmt;
use std::sync::OnceLock;

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use regex::Regex;

use crate::model::{Fact, Field, Id, Kind, Model, NameId, Type, Value, Why};
use crate::span::Place;
use crate::words::Hits;

/// The outcome of a test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tri {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It cannot be told, and why.
    Unknown(Why, Option<Place>),
}

impl From<bool> for Tri {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

impl std::ops::Not for Tri {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            unknown @ Self::Unknown(..) => unknown,
        }
    }
}

/// Whether all hold: one that does not decides, whatever is unknown.
fn all<T>(items: impl IntoIterator<Item = T>, mut test: impl FnMut(T) -> Tri) -> Tri {
    let mut outcome = Tri::True;
    for item in items {
        match test(item) {
            Tri::False => return Tri::False,
            unknown @ Tri::Unknown(..) if outcome == Tri::True => outcome = unknown,
            _ => {}
        }
    }
    outcome
}

/// Whether any holds: one that does decides, whatever is unknown.
fn any<T>(items: impl IntoIterator<Item = T>, mut test: impl FnMut(T) -> Tri) -> Tri {
    !all(items, |item| !test(item))
}

/// `every` asks for at least one item: nothing is said of an empty list.
fn every<T>(items: impl ExactSizeIterator<Item = T>, test: impl FnMut(T) -> Tri) -> Tri {
    if items.len() == 0 { Tri::False } else { all(items, test) }
}

/// A condition on nodes of one kind. All terms must hold; no terms always hold.
#[derive(Clone, Debug, Default)]
pub struct Condition(pub Vec<Term>);

/// One term of a condition.
#[derive(Clone, Debug)]
pub enum Term {
    /// A test on a field.
    Field(&'static Field, Test),
    /// One of these holds.
    Any(Vec<Condition>),
    /// This does not hold.
    Not(Condition),
}

/// A test on the value of a field.
#[derive(Clone, Debug)]
pub enum Test {
    /// It is there.
    Present,
    /// It is not there.
    Absent,
    /// The test does not hold.
    Not(Box<Test>),
    /// All hold.
    All(Vec<Test>),
    /// Equal, for booleans.
    Bool(bool),
    /// In this range, or equal.
    Number(Compare, f64),
    /// One of these numbers.
    Numbers(Vec<f64>),
    /// One of these texts. For names the text as written.
    Texts(Vec<Box<str>>),
    /// A choice in this mask.
    Choices(u64),
    /// The set is exactly this one.
    SetIs(u32),
    /// The set has at least one of these.
    SetSome(u32),
    /// The set is not empty and has only these.
    SetEvery(u32),
    /// A list holds this text.
    Contains(Box<str>),
    /// Some item of a list passes.
    SomeItem(Box<Test>),
    /// The list is not empty and every item passes.
    EveryItem(Box<Test>),
    /// Some related node meets a condition.
    SomeNode(Condition),
    /// There are related nodes, and every one meets the condition.
    EveryNode(Condition),
    /// The number of items passes.
    Count(Box<Test>),
    /// The text matches.
    Matches(Pattern),
    /// The text matches one of the globs.
    Glob(Globs),
    /// The head word or phrase is in one of these lists.
    Words(u128),
    /// The whole name is in one of these lists.
    WholeName(u128),
    /// Any word of the name is in one of these lists.
    AnyWord(u128),
    /// A documented response covers this code: itself, its range, or `default`.
    Covers(Box<str>),
    /// Equal to another field of the same node.
    SameAs(&'static Field),
}

/// How numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Equal.
    Eq,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
}

impl Compare {
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Eq => left == right,
            Self::Gt => left > right,
            Self::Gte => left >= right,
            Self::Lt => left < right,
            Self::Lte => left <= right,
        }
    }
}

/// A regular expression, compiled when it is first needed: most documents touch few rules.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: Box<str>,
    regex: OnceLock<Option<Regex>>,
}

/// Bytes a compiled regular expression may take.
const REGEX_SIZE: usize = 1 << 20;

impl Pattern {
    /// A pattern that is trusted to compile: a built-in rule's, which tests have tried.
    pub fn trusted(source: &str) -> Self {
        Self { source: source.into(), regex: OnceLock::new() }
    }

    /// A pattern that is compiled at once.
    ///
    /// # Errors
    /// Why it is none, or that it is too large.
    pub fn checked(source: &str) -> Result<Self, regex::Error> {
        let pattern = Self::trusted(source);
        let _ = pattern.regex.set(Some(compile(source)?));
        Ok(pattern)
    }

    fn is_match(&self, text: &str) -> bool {
        let regex = self.regex.get_or_init(|| compile(&self.source).ok());
        regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

fn compile(source: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(source).size_limit(REGEX_SIZE).build()
}

/// Globs, compiled when they are first needed. `*` and `?` stop at `/`, `**` does not.
#[derive(Clone)]
pub struct Globs {
    sources: Box<[String]>,
    set: OnceLock<Option<GlobSet>>,
}

impl fmt::Debug for Globs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Globs").field(&self.sources).finish()
    }
}

impl Globs {
    /// Globs that each passed [`check_glob`].
    pub fn new(sources: Vec<String>) -> Self {
        Self { sources: sources.into(), set: OnceLock::new() }
    }

    fn is_match(&self, text: &str) -> bool {
        let set = self.set.get_or_init(|| {
            let mut builder = GlobSetBuilder::new();
            for source in &self.sources {
                builder.add(check_glob(source).ok()?);
            }
            builder.build().ok()
        });
        set.as_ref().is_some_and(|set| set.is_match(text))
    }
}

/// Reads one glob.
///
/// # Errors
/// Why it is none.
pub fn check_glob(source: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(source).literal_separator(true).build()
}

impl Condition {
    /// Whether the condition holds for a node of the kind it was compiled for.
    pub fn holds(&self, model: &Model, index: u32) -> Tri {
        all(&self.0, |term| term.holds(model, index))
    }
}

impl Term {
    fn holds(&self, model: &Model, index: u32) -> Tri {
        match self {
            Self::Field(field, test) => {
                let scene = Scene { model, field: field.ty, kind: field.kind, index };
                match (field.get)(model, index) {
                    Fact::Known(value) if is_empty(&value) => test.absent().into(),
                    Fact::Known(value) => test.known(&scene, &value),
                    Fact::Absent => test.absent().into(),
                    Fact::Unknown(why, place) => Tri::Unknown(why, place),
                }
            }
            Self::Any(conditions) => any(conditions, |condition| condition.holds(model, index)),
            Self::Not(condition) => !condition.holds(model, index),
        }
    }
}

/// What a test may look at besides the value.
struct Scene<'m> {
    model: &'m Model,
    field: Type,
    kind: Kind,
    index: u32,
}

impl Test {
    /// The outcome for a field that is not there: comparisons are false, so true under `not`.
    fn absent(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Not(test) => !test.absent(),
            Self::All(tests) => tests.iter().all(Self::absent),
            // A list that is not there has no items.
            Self::Count(test) => test.on_number(0.0),
            _ => false,
        }
    }

    fn known(&self, scene: &Scene<'_>, value: &Value<'_>) -> Tri {
        match self {
            Self::Present => Tri::True,
            Self::Absent => Tri::False,
            Self::Not(test) => !test.known(scene, value),
            Self::All(tests) => all(tests, |test| test.known(scene, value)),
            Self::SameAs(other) => same(scene, value, other),
            Self::SomeNode(condition) => match value {
                Value::Nodes(nodes) => any(nodes, |node| condition.holds(scene.model, node.index)),
                _ => Tri::False,
            },
            Self::EveryNode(condition) => match value {
                Value::Nodes(nodes) => every(nodes.iter(), |node| condition.holds(scene.model, node.index)),
                _ => Tri::False,
            },
            Self::SomeItem(test) => match value {
                Value::Texts(items) => any(items, |item| test.on_text(item).into()),
                Value::Names(names) => any(names, |name| test.on_name(scene.model, *name).into()),
                _ => Tri::False,
            },
            Self::EveryItem(test) => match value {
                Value::Texts(items) => every(items.iter(), |item| test.on_text(item).into()),
                Value::Names(names) => every(names.iter(), |name| test.on_name(scene.model, *name).into()),
                _ => Tri::False,
            },
            Self::Count(test) => test.on_number(count(value) as f64).into(),
            _ => self.plain(scene.model, value).into(),
        }
    }

    /// Tests that need nothing but the value.
    fn plain(&self, model: &Model, value: &Value<'_>) -> bool {
        match (value, self) {
            (Value::Bool(value), Self::Bool(wanted)) => value == wanted,
            (Value::Number(number), _) => self.on_number(*number),
            (Value::Text(text), _) => self.on_text(text),
            (Value::Name(name), _) => self.on_name(model, *name),
            (Value::Choice(index), Self::Choices(mask)) => mask >> index & 1 == 1,
            (Value::Set(bits), Self::SetIs(mask)) => bits == mask,
            (Value::Set(bits), Self::SetSome(mask)) => bits & mask != 0,
            (Value::Set(bits), Self::SetEvery(mask)) => *bits != 0 && bits & !mask == 0,
            (Value::Texts(items) | Value::Statuses(items), Self::Contains(text)) => {
                items.iter().any(|item| **item == **text)
            }
            (Value::Names(names), Self::Contains(text)) => names.iter().any(|name| *model.name(*name) == **text),
            (Value::Statuses(keys), Self::Covers(code)) => keys.iter().any(|key| covers(key, code)),
            _ => false,
        }
    }

    fn on_number(&self, number: f64) -> bool {
        match self {
            Self::Number(compare, bound) => compare.holds(number, *bound),
            Self::Numbers(list) => list.contains(&number),
            Self::Not(test) => !test.on_number(number),
            Self::All(tests) => tests.iter().all(|test| test.on_number(number)),
            _ => false,
        }
    }

    fn on_text(&self, text: &str) -> bool {
        match self {
            Self::Texts(list) => list.iter().any(|item| **item == *text),
            Self::Matches(pattern) => pattern.is_match(text),
            Self::Glob(globs) => globs.is_match(text),
            Self::Not(test) => !test.on_text(text),
            Self::All(tests) => tests.iter().all(|test| test.on_text(text)),
            _ => false,
        }
    }

    fn on_name(&self, model: &Model, name: NameId) -> bool {
        let hits = || -> Hits { model.hits(name) };
        match self {
            Self::Words(mask) => hits().head & mask != 0,
            Self::WholeName(mask) => hits().whole & mask != 0,
            Self::AnyWord(mask) => hits().any & mask != 0,
            Self::Not(test) => !test.on_name(model, name),
            Self::All(tests) => tests.iter().all(|test| test.on_name(model, name)),
            _ => self.on_text(model.name(name)),
        }
    }
}

fn count(value: &Value<'_>) -> usize {
    match value {
        Value::Set(bits) => bits.count_ones() as usize,
        Value::Texts(items) | Value::Statuses(items) => items.len(),
        Value::Names(names) => names.len(),
        Value::Nodes(nodes) => nodes.len(),
        _ => 0,
    }
}

/// A list or set without items is as good as absent: no comparison tells them apart.
fn is_empty(value: &Value<'_>) -> bool {
    !matches!(value, Value::Statuses(_)) && is_list(value) && count(value) == 0
}

fn is_list(value: &Value<'_>) -> bool {
    matches!(value, Value::Set(_) | Value::Texts(_) | Value::Names(_) | Value::Statuses(_) | Value::Nodes(_))
}

/// Whether a field has a value: known, and no empty list.
pub fn is_known(fact: &Fact<'_>) -> bool {
    matches!(fact, Fact::Known(value) if !is_empty(value))
}

/// Whether a documented status key covers a code (E9): itself, its range, or `default`.
fn covers(key: &str, code: &str) -> bool {
    let range = match key.as_bytes() {
        [class, b'x' | b'X', b'x' | b'X'] => code.as_bytes().first() == Some(class),
        _ => false,
    };
    range || key == "default" || key.eq_ignore_ascii_case(code)
}

fn same(scene: &Scene<'_>, value: &Value<'_>, other: &'static Field) -> Tri {
    debug_assert_eq!(other.kind, scene.kind, "the compiler looks the field up in the same kind");
    match (other.get)(scene.model, scene.index) {
        Fact::Known(Value::Name(name)) => match value {
            Value::Name(own) => (*own == name).into(),
            _ => Tri::False,
        },
        Fact::Known(Value::Choice(index)) => match (value, scene.field, other.ty) {
            (Value::Choice(own), Type::Choice(left), Type::Choice(right)) => {
                (left.get(usize::from(*own)) == right.get(usize::from(index))).into()
            }
            _ => Tri::False,
        },
        Fact::Known(theirs) => (*value == theirs).into(),
        Fact::Absent => Tri::False,
        Fact::Unknown(why, place) => Tri::Unknown(why, place),
    }
}

/// The nodes a fact relates to, in document order; none if it is not known.
pub fn related(fact: Fact<'_>) -> Vec<Id> {
    match fact {
        Fact::Known(Value::Nodes(nodes)) => nodes,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNKNOWN: Tri = Tri::Unknown(Why::UnresolvedReference, None);

    fn several(outcomes: &[Tri]) -> (Tri, Tri) {
        (all(outcomes, |outcome| *outcome), any(outcomes, |outcome| *outcome))
    }

    #[test]
    fn one_outcome_that_decides_beats_what_is_unknown() {
        assert_eq!(several(&[UNKNOWN, Tri::False]), (Tri::False, UNKNOWN));
        assert_eq!(several(&[UNKNOWN, Tri::True]), (UNKNOWN, Tri::True));
    }

    #[test]
    fn unknown_stays_unknown_under_not() {
        assert_eq!(!UNKNOWN, UNKNOWN);
    }

    #[test]
    fn nothing_is_said_of_every_item_of_an_empty_list() {
        assert_eq!(every([].iter(), |outcome: &Tri| *outcome), Tri::False);
        assert_eq!(several(&[]), (Tri::True, Tri::False));
    }

    #[test]
    fn a_comparison_with_what_is_absent_is_false_and_so_true_under_not() {
        let large = Test::Number(Compare::Gt, 10.0);
        assert!(!large.absent());
        assert!(Test::Not(Box::new(large)).absent());
        assert!(Test::Absent.absent() && !Test::Present.absent());
        assert!(Test::All(vec![Test::Absent, Test::Not(Box::new(Test::Present))]).absent());
    }

    #[test]
    fn what_is_absent_counts_no_items() {
        let count = |number| Test::Count(Box::new(Test::Number(Compare::Lte, number)));
        assert!(count(0.0).absent());
        assert!(Test::Not(Box::new(Test::Count(Box::new(Test::Number(Compare::Gt, 0.0))))).absent());
    }

    #[test]
    fn a_status_is_covered_by_itself_its_range_and_default() {
        for key in ["429", "4XX", "4xx", "default"] {
            assert!(covers(key, "429"), "{key}");
        }
        for key in ["428", "5XX", "4X", "é9", ""] {
            assert!(!covers(key, "429"), "{key}");
        }
    }

    #[test]
    fn a_star_in_a_glob_stops_at_a_slash() {
        let globs = Globs::new(vec!["/health*".into(), "/.well-known/**".into()]);
        assert!(globs.is_match("/healthz") && globs.is_match("/.well-known/a/b"));
        assert!(!globs.is_match("/health/db"));
    }
}

//! Regular expressions as gateways apply them to paths, hosts and origins: compiled once,
//! within limits, and asked for what they begin with, how they end, and what they admit.
//!
//! Knows no vendor: how an expression is anchored is said by who makes it.

use std::fmt;
use std::sync::OnceLock;

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// Longer expressions are not compiled.
const MOST_BYTES: usize = 4096;

/// The size of a compiled expression, in bytes.
const MOST_COMPILED: usize = 1 << 20;

/// Steps of an expression that looks around or refers back; a usual one takes some dozens.
const MOST_STEPS: usize = 20_000;

/// Texts that an expression admits, of each of its parts.
const MOST_TEXTS: usize = 8;

/// No example is longer than this.
const LONGEST_TEXT: usize = 256;

/// Which expressions an engine reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// Those of RE2, of Go and of Rust: no look-around, no references back.
    Re2,
    /// Those of PCRE.
    Pcre,
}

/// What a gateway adds to an expression before it matches with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Anchoring {
    /// Nothing: it may match anywhere in the text.
    Search,
    /// A `^` before the text of the expression: it holds for the first alternative only.
    Start,
    /// A `$` behind the text of the expression, which must match where the text begins: it holds for the
    /// last alternative only.
    StartAndDollar,
    /// It must match the whole text.
    Full,
}

/// An expression with the way it is applied.
#[derive(Clone)]
pub struct TextRegex {
    /// As it stands in the configuration.
    pub source: String,
    /// What reads it.
    pub flavour: Flavour,
    /// How it is applied.
    pub anchoring: Anchoring,
    /// Whether the case of letters is ignored.
    pub any_case: bool,
    engine: OnceLock<Engine>,
    tree: OnceLock<Option<Hir>>,
    examples: OnceLock<Vec<String>>,
}

#[derive(Clone, Debug)]
enum Engine {
    Linear(regex::Regex),
    Backtracking(fancy_regex::Regex),
    None,
}

impl TextRegex {
    /// An expression; it is compiled when it is first asked for.
    pub fn new(source: impl Into<String>, flavour: Flavour, anchoring: Anchoring, any_case: bool) -> Self {
        Self {
            source: source.into(),
            flavour,
            anchoring,
            any_case,
            engine: OnceLock::new(),
            tree: OnceLock::new(),
            examples: OnceLock::new(),
        }
    }

    /// The expression that matches anywhere what this one matches as it is applied.
    fn whole(&self) -> String {
        let source = &self.source;
        match self.anchoring {
            Anchoring::Search => source.clone(),
            Anchoring::Start => format!("^{source}"),
            Anchoring::StartAndDollar => format!("^(?:{source}$)"),
            Anchoring::Full => format!("^(?:{source})$"),
        }
    }

    fn engine(&self) -> &Engine {
        self.engine.get_or_init(|| {
            if self.source.len() > MOST_BYTES {
                return Engine::None;
            }
            let whole = self.whole();
            let linear =
                regex::RegexBuilder::new(&whole).case_insensitive(self.any_case).size_limit(MOST_COMPILED).build();
            if let Ok(regex) = linear {
                return Engine::Linear(regex);
            }
            if self.flavour == Flavour::Re2 {
                return Engine::None;
            }
            let mut builder = fancy_regex::RegexBuilder::new(&whole);
            builder.case_insensitive(self.any_case).backtrack_limit(MOST_STEPS).delegate_size_limit(MOST_COMPILED);
            builder.build().map_or(Engine::None, Engine::Backtracking)
        })
    }

    /// Whether it matches a text; none if that cannot be told.
    pub fn is_match(&self, text: &str) -> Option<bool> {
        match self.engine() {
            Engine::Linear(regex) => Some(regex.is_match(text)),
            Engine::Backtracking(regex) => regex.is_match(text).ok(),
            Engine::None => None,
        }
    }

    /// Whether it can be matched with.
    pub fn is_read(&self) -> bool {
        !matches!(self.engine(), Engine::None)
    }

    /// The expression as a tree, what looks around left out; the case of letters is kept.
    fn tree(&self) -> Option<&Hir> {
        let read = || {
            if !self.is_read() {
                return None;
            }
            let parse = |text: &str| regex_syntax::Parser::new().parse(text).ok();
            let whole = self.whole();
            parse(&whole).or_else(|| parse(&without_looks(&whole)))
        };
        self.tree.get_or_init(read).as_ref()
    }

    /// Whether every match begins where the text begins, and whether every match ends where it ends.
    pub fn anchors(&self) -> (bool, bool) {
        self.tree().map_or((false, false), |tree| {
            let properties = tree.properties();
            (properties.look_set_prefix().contains(Look::Start), properties.look_set_suffix().contains(Look::End))
        })
    }

    /// What every text that it matches begins with, if it must match where the text begins.
    pub fn literal_prefix(&self) -> String {
        self.tree().map_or_else(String::new, |tree| start_of(tree).unwrap_or_default().0)
    }

    /// What it is without an expression, where there are simpler words for it.
    pub fn plain(&self) -> Option<Plain> {
        // Trees of expressions that look around lack what they demand.
        if !matches!(self.engine(), Engine::Linear(_)) {
            return None;
        }
        let tree = self.tree()?;
        let Some((start, rest)) = start_of(tree) else {
            let is_anything = matches!(tree.kind(), HirKind::Empty) || is_anything(tree);
            return is_anything.then(|| Plain::Prefix(String::new()));
        };
        match rest.as_slice() {
            [] => Some(Plain::Prefix(start)),
            [end] if is_end(end) => Some(Plain::Exact(start)),
            [tail] if is_anything(tail) => Some(Plain::Prefix(start)),
            [tail, end] if is_anything(tail) && is_end(end) => Some(Plain::Prefix(start)),
            [tail] if is_segment_end(tail) => Some(Plain::SegmentPrefix(start)),
            [tail, end] if is_end(end) && is_segments(tail) => Some(Plain::SegmentPrefix(start)),
            _ => None,
        }
    }

    /// Some texts that it matches, short ones first.
    pub fn examples(&self) -> &[String] {
        self.examples.get_or_init(|| {
            let mut texts = self.tree().map_or_else(Vec::new, examples_of);
            texts.retain(|text| self.is_match(text) == Some(true));
            texts.sort_by_key(String::len);
            texts.dedup();
            texts
        })
    }
}

impl PartialEq for TextRegex {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
            && (self.flavour, self.anchoring, self.any_case) == (other.flavour, other.anchoring, other.any_case)
    }
}

impl Eq for TextRegex {}

impl fmt::Debug for TextRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let case = if self.any_case { "i" } else { "" };
        write!(f, "/{}/{case} {:?} {:?}", self.source, self.anchoring, self.flavour)
    }
}

/// What an expression is in simpler words. `.` counts as any character: paths and hosts have no line ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plain {
    /// One text.
    Exact(String),
    /// Every text that begins so.
    Prefix(String),
    /// The text, and what begins with it and a `/`.
    SegmentPrefix(String),
}

/// The text that a match begins with, and what follows it; none if it may begin anywhere.
fn start_of(tree: &Hir) -> Option<(String, Vec<&Hir>)> {
    let mut parts = Vec::new();
    flatten(tree, &mut parts);
    let mut parts = parts.into_iter().peekable();
    let mut is_anchored = false;
    while parts.next_if(|part| is_look(part, Look::Start)).is_some() {
        is_anchored = true;
    }
    if !is_anchored {
        return None;
    }
    let mut text = String::new();
    while let Some(part) = parts.peek() {
        if let HirKind::Literal(literal) = part.kind()
            && let Ok(literal) = std::str::from_utf8(&literal.0)
        {
            text.push_str(literal);
            parts.next();
        } else {
            break;
        }
    }
    Some((text, parts.collect()))
}

/// The parts of a tree that follow one another, groups opened.
fn flatten<'h>(tree: &'h Hir, parts: &mut Vec<&'h Hir>) {
    match tree.kind() {
        HirKind::Concat(all) => all.iter().for_each(|part| flatten(part, parts)),
        HirKind::Capture(capture) => flatten(&capture.sub, parts),
        HirKind::Empty => {}
        _ => parts.push(tree),
    }
}

fn is_look(tree: &Hir, look: Look) -> bool {
    matches!(tree.kind(), HirKind::Look(found) if *found == look)
}

fn is_end(tree: &Hir) -> bool {
    is_look(tree, Look::End)
}

/// `.*`, however it is written.
fn is_anything(tree: &Hir) -> bool {
    let mut parts = Vec::new();
    flatten(tree, &mut parts);
    let [part] = parts.as_slice() else { return false };
    let HirKind::Repetition(Repetition { min: 0, max: None, sub, .. }) = part.kind() else { return false };
    let mut sub_parts = Vec::new();
    flatten(sub, &mut sub_parts);
    let [sub] = sub_parts.as_slice() else { return false };
    // All characters but line ends at most.
    let HirKind::Class(Class::Unicode(class)) = sub.kind() else { return false };
    let gaps: u32 =
        class.ranges().windows(2).map(|pair| u32::from(pair[1].start()) - u32::from(pair[0].end()) - 1).sum();
    let reaches = class.ranges().first().is_some_and(|range| range.start() == '\0')
        && class.ranges().last().is_some_and(|range| range.end() == char::MAX);
    let has_line_end = class.ranges().iter().any(|range| range.start() <= '\n' && range.end() >= '\n');
    reaches && gaps <= u32::from(!has_line_end)
}

/// `(/|$)` and its kin: a boundary of a segment, and then anything.
fn is_segment_end(tree: &Hir) -> bool {
    let mut parts = Vec::new();
    flatten(tree, &mut parts);
    let [part] = parts.as_slice() else { return false };
    let HirKind::Alternation(all) = part.kind() else { return false };
    let is_slash = |hir: &Hir| {
        let mut parts = Vec::new();
        flatten(hir, &mut parts);
        let (first, rest) = match parts.split_first() {
            Some((first, rest)) => (first, rest),
            None => return false,
        };
        let has_slash = matches!(first.kind(), HirKind::Literal(literal) if &*literal.0 == b"/");
        has_slash && rest.iter().all(|part| is_anything(part))
    };
    let is_open_end = |hir: &Hir| {
        let mut parts = Vec::new();
        flatten(hir, &mut parts);
        matches!(parts.as_slice(), [part] if is_end(part))
    };
    all.len() == 2 && all.iter().any(is_slash) && all.iter().any(is_open_end)
}

/// `(/.*)?`: nothing, or a slash and anything.
fn is_segments(tree: &Hir) -> bool {
    let mut parts = Vec::new();
    flatten(tree, &mut parts);
    let [part] = parts.as_slice() else { return false };
    let HirKind::Repetition(Repetition { min: 0, max: Some(1), sub, .. }) = part.kind() else { return false };
    let mut sub_parts = Vec::new();
    flatten(sub, &mut sub_parts);
    matches!(sub_parts.as_slice(), [slash, rest]
        if matches!(slash.kind(), HirKind::Literal(literal) if &*literal.0 == b"/") && is_anything(rest))
}

fn examples_of(tree: &Hir) -> Vec<String> {
    match tree.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![String::new()],
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).map(str::to_owned).into_iter().collect(),
        HirKind::Class(class) => examples_of_class(class),
        HirKind::Capture(capture) => examples_of(&capture.sub),
        HirKind::Concat(all) => all.iter().fold(vec![String::new()], |texts, part| {
            let ends = examples_of(part);
            let count = texts.len().max(ends.len());
            if ends.is_empty() || texts.is_empty() {
                return Vec::new();
            }
            // Not every beginning with every end: each of them once.
            let joined = (0..count).map(|i| texts[i % texts.len()].clone() + &ends[i % ends.len()]);
            capped(joined)
        }),
        HirKind::Alternation(all) => {
            let mut each: Vec<_> = all.iter().map(|one| examples_of(one).into_iter()).collect();
            let mut texts: Vec<String> = each.iter_mut().filter_map(Iterator::next).collect();
            texts.extend(each.into_iter().flatten());
            capped(texts)
        }
        HirKind::Repetition(repetition) => {
            let inner = examples_of(&repetition.sub);
            let (least, most) = (repetition.min, repetition.max.unwrap_or(u32::MAX));
            let mut texts = Vec::new();
            for turns in [least, least.saturating_add(1), least.saturating_add(2)] {
                if turns <= most && turns as usize <= LONGEST_TEXT {
                    let turned = inner.iter().filter(|text| text.len() * turns as usize <= LONGEST_TEXT);
                    texts.extend(turned.map(|text| text.repeat(turns as usize)).take(if turns == 0 { 1 } else { 3 }));
                }
            }
            if least == 0 && inner.is_empty() {
                texts.push(String::new());
            }
            capped(texts)
        }
    }
}

fn capped(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for text in texts {
        if text.len() <= LONGEST_TEXT && !kept.contains(&text) {
            kept.push(text);
        }
        if kept.len() == MOST_TEXTS {
            break;
        }
    }
    kept
}

/// Two characters of a class, those that are usual in paths and hosts before others.
fn examples_of_class(class: &Class) -> Vec<String> {
    const USUAL: &str = "ax1-/._AZ9";
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.ranges().iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => {
            class.ranges().iter().map(|range| (char::from(range.start()), char::from(range.end()))).collect()
        }
    };
    let holds = |c: char| ranges.iter().any(|(first, last)| (*first..=*last).contains(&c));
    let mut found: Vec<String> = USUAL.chars().filter(|c| holds(*c)).take(2).map(String::from).collect();
    if found.is_empty() {
        let visible = ranges.iter().find(|(_, last)| *last > ' ').map(|(first, _)| (*first).max('!'));
        found.extend(visible.or_else(|| ranges.first().map(|(first, _)| *first)).map(String::from));
    }
    found
}

/// An expression without its groups that look around, `(?!...)`.
fn without_looks(source: &str) -> String {
    const LOOKS: [&str; 4] = ["(?=", "(?!", "(?<=", "(?<!"];
    let mut kept = String::with_capacity(source.len());
    // By open group: whether it is left out.
    let mut groups: Vec<bool> = Vec::new();
    let mut in_class = false;
    let mut chars = source.char_indices();
    while let Some((at, c)) = chars.next() {
        let was_out = groups.contains(&true);
        let mut escaped = None;
        match c {
            '\\' => escaped = chars.next().map(|(_, c)| c),
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => groups.push(LOOKS.iter().any(|look| source[at..].starts_with(look))),
            ')' if !in_class => _ = groups.pop(),
            _ => {}
        }
        if !was_out && !groups.contains(&true) {
            kept.push(c);
            kept.extend(escaped);
        }
    }
    kept
}

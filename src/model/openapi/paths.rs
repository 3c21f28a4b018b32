//! Paths against each other: pairs of templates that can match one URL, and what
//! stands before a parameter. Knows templates and schemas of parameters, no rule.

use std::collections::{BTreeMap, HashMap};

use regex::Regex;

use super::Api;
use super::graph::types;
use super::operation::{Operation, PathItem, segments};
use super::view::K;
use super::walk::Edge;
use crate::model::NameId;
use crate::model::names::Names;

/// Why two templates can match one URL, in the order of `fields::AMBIGUITIES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ambiguity {
    /// They are equal but for the names of parameters.
    Names,
    /// They are equal but for letter case or a slash at the end.
    Spelling,
    /// Each has static text where the other has a parameter.
    Crossing,
}

/// Two paths that can match one URL with the same method.
#[derive(Debug)]
pub struct PathPair {
    /// Index of the earlier path.
    pub first: u32,
    /// Index of the later path.
    pub second: u32,
    /// Why.
    pub ambiguity: Ambiguity,
    /// A URL both match; where both have a parameter, that of the later path.
    pub url: String,
    /// Operations of the same method: of the earlier path, of the later.
    pub operations: Vec<(u32, u32)>,
}

/// Steps through the tree of templates, and pairs, after which the search ends: far more
/// than any real document needs, so that a hostile one costs no more than a second.
const MOST_STEPS: u32 = 1 << 20;
const MOST_PAIRS: usize = 1 << 14;

/// All pairs of paths that can match one URL, in order of the later path.
pub fn pairs(api: &Api) -> Vec<PathPair> {
    let mut tree = Tree(vec![Branch::default()]);
    let mut pairs = Vec::new();
    let mut steps = MOST_STEPS;
    let paths: Vec<Vec<Segment<'_>>> = api
        .items
        .iter()
        .filter(|item| item.is_path)
        .map(|item| template(api.view.key(item.entry).unwrap_or_default()))
        .collect();
    for (second, path) in paths.iter().enumerate() {
        let others = tree.search(path, &mut steps);
        let found = others.into_iter().filter_map(|first| pair(api, &paths, first, second as u32));
        pairs.extend(found.take(MOST_PAIRS - pairs.len()));
        tree.insert(path, second as u32);
    }
    pairs
}

/// Static path segments right before each path parameter: by index of the parameter.
pub fn segments_before(api: &Api, items: &[PathItem], names: &mut Names) -> HashMap<u32, Vec<NameId>> {
    let mut before: HashMap<u32, Vec<NameId>> = HashMap::new();
    for operation in &api.operations {
        let path = segments(api.view.key(items[operation.item as usize].entry).unwrap_or_default());
        for pair in path.windows(2) {
            let Some(parameter) = whole_parameter(pair[1]).filter(|_| !pair[0].contains('{')) else { continue };
            let Some(index) = path_parameter(api, operation, parameter, names) else { continue };
            let name = names.id(pair[0]);
            let known = before.entry(index).or_default();
            if !known.contains(&name) {
                known.push(name);
            }
        }
    }
    before
}

fn whole_parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}').filter(|name| !name.contains(['{', '}']))
}

/// The path parameter of that name of an operation: its index.
fn path_parameter(api: &Api, operation: &Operation, name: &str, names: &Names) -> Option<u32> {
    operation.parameters.iter().copied().find(|&index| {
        let parameter = &api.parameters[index as usize];
        parameter.sent_in() == Some("path") && names.text(parameter.name) == name
    })
}

/// A segment of a template.
#[derive(Debug)]
struct Segment<'p> {
    /// As written.
    text: &'p str,
    /// In lower case, each parameter as `{}`.
    shape: String,
}

impl Segment<'_> {
    fn is_static(&self) -> bool {
        !self.shape.contains("{}")
    }
}

/// The segments of a template; a slash at the end makes none.
fn template(path: &str) -> Vec<Segment<'_>> {
    segments(path).into_iter().map(|text| Segment { text, shape: shape(text) }).collect()
}

fn shape(segment: &str) -> String {
    let mut shape = String::with_capacity(segment.len());
    let mut rest = segment;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, after)) = after.split_once('}') else { break };
        shape.push_str(&before.to_lowercase());
        shape.push_str("{}");
        rest = after;
    }
    shape.push_str(&rest.to_lowercase());
    shape
}

/// Which of two segments is the more concrete; `None` if no text matches both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equal,
    Left,
    Right,
}

fn relation(left: &str, right: &str) -> Option<Relation> {
    match (left.contains("{}"), right.contains("{}")) {
        _ if left == right => Some(Relation::Equal),
        (false, false) => None,
        (false, true) => parts(right, left).map(|_| Relation::Left),
        (true, false) => parts(left, right).map(|_| Relation::Right),
        (true, true) if right == "{}" => Some(Relation::Left),
        (true, true) if left == "{}" => Some(Relation::Right),
        // `{id}.json` and `v{id}`: whether a URL is meant that matches both is not known.
        (true, true) => None,
    }
}

/// What each parameter of a shape takes of a static text, the shortest first.
fn parts<'t>(shape: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut literals = shape.split("{}");
    let mut rest = text.strip_prefix(literals.next()?)?;
    let literals: Vec<&str> = literals.collect();
    let (last, middle) = literals.split_last()?;
    let mut found = Vec::with_capacity(literals.len());
    for literal in middle {
        // A parameter is at least one character long.
        let skip = rest.chars().next()?.len_utf8();
        let at = rest[skip..].find(literal)? + skip;
        found.push(&rest[..at]);
        rest = &rest[at + literal.len()..];
    }
    found.push(rest.strip_suffix(last).filter(|part| !part.is_empty())?);
    Some(found)
}

/// Templates by their segments: nodes that know each other by index.
#[derive(Debug)]
struct Tree(Vec<Branch>);

#[derive(Debug, Default)]
struct Branch {
    static_ones: BTreeMap<String, u32>,
    with_parameters: Vec<(String, u32)>,
    /// Paths that end here.
    paths: Vec<u32>,
}

impl Tree {
    fn insert(&mut self, path: &[Segment<'_>], index: u32) {
        let mut at = 0;
        for segment in path {
            let new = self.0.len() as u32;
            let branch = &mut self.0[at as usize];
            at = if segment.is_static() {
                *branch.static_ones.entry(segment.shape.clone()).or_insert(new)
            } else {
                let known = branch.with_parameters.iter().find(|(shape, _)| *shape == segment.shape);
                known.map(|&(_, child)| child).unwrap_or_else(|| {
                    branch.with_parameters.push((segment.shape.clone(), new));
                    new
                })
            };
            if at == new {
                self.0.push(Branch::default());
            }
        }
        self.0[at as usize].paths.push(index);
    }

    /// Paths that match some URL which `path` matches, where neither is the more concrete as a whole.
    fn search(&self, path: &[Segment<'_>], steps: &mut u32) -> Vec<u32> {
        let mut found = Vec::new();
        let mut open = vec![(0, 0, false, false)];
        while let Some((at, depth, left, right)) = open.pop() {
            *steps = steps.saturating_sub(1);
            if *steps == 0 {
                break;
            }
            let branch = &self.0[at as usize];
            let Some(segment) = path.get(depth) else {
                if left == right {
                    found.extend(&branch.paths);
                }
                continue;
            };
            let rest = &path[depth + 1..];
            let mut go = |child: u32, relation: Relation| {
                let (left, right) = (left || relation == Relation::Left, right || relation == Relation::Right);
                // Whichever is the less concrete so far must still be able to catch up.
                let catches_up = match (left, right) {
                    (true, false) => rest.iter().any(|segment| !segment.is_static()),
                    (false, true) => rest.iter().any(|segment| segment.shape != "{}"),
                    _ => true,
                };
                if catches_up {
                    open.push((child, depth + 1, left, right));
                }
            };
            if segment.is_static() {
                branch.static_ones.get(&segment.shape).into_iter().for_each(|&child| go(child, Relation::Equal));
            } else {
                for (text, &child) in &branch.static_ones {
                    relation(&segment.shape, text).into_iter().for_each(|relation| go(child, relation));
                }
            }
            for (shape, child) in &branch.with_parameters {
                relation(&segment.shape, shape).into_iter().for_each(|relation| go(*child, relation));
            }
        }
        found.sort_unstable();
        found
    }
}

/// The pair, if a server and a method are common to both and no parameter excludes what the other says.
fn pair(api: &Api, paths: &[Vec<Segment<'_>>], first: u32, second: u32) -> Option<PathPair> {
    let (left, right) = (&paths[first as usize], &paths[second as usize]);
    let operations: Vec<(u32, u32)> = api.items[first as usize]
        .operations
        .iter()
        .filter_map(|&one| {
            let method = &api.operations[one as usize].method;
            let others = &api.items[second as usize].operations;
            let other = others.iter().copied().find(|&other| api.operations[other as usize].method == *method)?;
            let meets = share_a_server(api, one, other)
                && left.iter().zip(right).all(|(left, right)| admit_both(api, (one, left), (other, right)));
            meets.then_some((one, other))
        })
        .collect();
    if operations.is_empty() {
        return None;
    }
    let same_shape = left.iter().zip(right).all(|(left, right)| left.shape == right.shape);
    let names = |path: &[Segment<'_>]| path.iter().map(|segment| shape_as_written(segment.text)).collect::<Vec<_>>();
    let ambiguity = match () {
        () if !same_shape => Ambiguity::Crossing,
        () if names(left) == names(right) && ends_alike(api, first, second) => Ambiguity::Names,
        () => Ambiguity::Spelling,
    };
    let both = left.iter().zip(right).map(|(left, right)| if left.is_static() { left.text } else { right.text });
    let url = both.fold(String::new(), |url, segment| url + "/" + segment);
    Some(PathPair { first, second, ambiguity, url, operations })
}

/// A segment with its letter case, each parameter as `{}`.
fn shape_as_written(segment: &str) -> String {
    let mut rest = segment;
    let mut shape = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, after)) = after.split_once('}') else { break };
        shape = shape + before + "{}";
        rest = after;
    }
    shape + rest
}

/// Whether both paths, or neither, end with a slash.
fn ends_alike(api: &Api, first: u32, second: u32) -> bool {
    let ends = |index: u32| api.view.key(api.items[index as usize].entry).is_some_and(|path| path.ends_with('/'));
    ends(first) == ends(second)
}

/// Whether two operations are offered at one server.
fn share_a_server(api: &Api, one: u32, other: u32) -> bool {
    let owner = |index: u32| {
        let operation = &api.operations[index as usize];
        let item = api.items[operation.item as usize].number;
        [operation.number, item]
            .into_iter()
            .find(|&owner| api.servers.iter().any(|server| server.owner == owner))
            .unwrap_or(0)
    };
    let (one, other) = (owner(one), owner(other));
    let urls = |owner: u32| api.servers.iter().filter(move |server| server.owner == owner).map(|server| &server.url);
    one == other || urls(one).any(|url| urls(other).any(|same| same == url))
}

/// Whether some text suits the same segment of two operations.
fn admit_both(api: &Api, (one, left): (u32, &Segment<'_>), (other, right): (u32, &Segment<'_>)) -> bool {
    match (left.is_static(), right.is_static()) {
        (true, true) => true,
        (true, false) => admits(api, other, right, left.text),
        (false, true) => admits(api, one, left, right.text),
        (false, false) => match (schema(api, one, left.text), schema(api, other, right.text)) {
            (Schema::Known(left), Schema::Known(right)) => overlap(api, left, right),
            (Schema::Unknown, _) | (_, Schema::Unknown) => false,
            _ => true,
        },
    }
}

/// Whether the parameters of a segment can take the places they have in a static text.
fn admits(api: &Api, operation: u32, segment: &Segment<'_>, text: &str) -> bool {
    let lower = text.to_lowercase();
    let Some(parts) = parts(&segment.shape, &lower) else { return false };
    // Letter case is lost where a parameter is only a part of its segment.
    let parts = if segment.shape == "{}" { vec![text] } else { parts };
    let names = segment.text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    names.zip(parts).all(|(name, part)| match parameter_schema(api, operation, name) {
        Schema::Known(schema) => takes(api, schema, part, MAX_DEPTH),
        Schema::None => true,
        Schema::Unknown => false,
    })
}

/// What is known of the schema of a path parameter.
enum Schema {
    Known(u32),
    /// None is written: any text will do.
    None,
    /// It is behind a reference that leads nowhere.
    Unknown,
}

fn schema(api: &Api, operation: u32, segment: &str) -> Schema {
    whole_parameter(segment).map_or(Schema::None, |name| parameter_schema(api, operation, name))
}

fn parameter_schema(api: &Api, operation: u32, name: &str) -> Schema {
    let Some(index) = path_parameter(api, &api.operations[operation as usize], name, &api.names) else {
        return Schema::None;
    };
    let parameter = &api.parameters[index as usize];
    match parameter.schema {
        Some(schema) => Schema::Known(schema),
        None if api.view.entry(parameter.at, K::Schema).is_some() => Schema::Unknown,
        None => Schema::None,
    }
}

/// How far alternatives inside alternatives are followed.
const MAX_DEPTH: u32 = 4;

/// Formats whose texts look like nothing else, with one such text.
const FORMATS: [(&str, &str); 7] = [
    ("uuid", "123e4567-e89b-12d3-a456-426614174000"),
    ("date", "2024-01-31"),
    ("date-time", "2024-01-31T12:00:00Z"),
    ("time", "12:00:00Z"),
    ("email", "a@example.com"),
    ("ipv4", "192.0.2.1"),
    ("ipv6", "2001:db8::1"),
];

/// Whether a text has the shape of a format.
fn has_format(format: &str, text: &str) -> bool {
    let digits = |count: usize| text.bytes().take(count).filter(u8::is_ascii_digit).count() == count;
    match format {
        "uuid" => text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'),
        "date" | "date-time" => digits(4),
        "time" => digits(2),
        "email" => text.contains('@'),
        "ipv4" => text.split('.').count() == 4 && digits(1),
        "ipv6" => text.contains(':'),
        _ => true,
    }
}

/// Whether a text suits a schema, as far as that is known: what cannot be told counts as no.
fn takes(api: &Api, number: u32, text: &str, depth: u32) -> bool {
    let Some(schema) = api.graph.effective(number) else { return true };
    let is_number = text.parse::<f64>().is_ok() && !text.contains(|c: char| c.is_ascii_alphabetic());
    let suits_type = schema.types == 0
        || schema.types & (types::STRING | types::ARRAY | types::OBJECT | types::FILE) != 0
        || schema.types & (types::INTEGER | types::NUMBER) != 0 && is_number
        || schema.types & types::BOOLEAN != 0 && matches!(text, "true" | "false");
    let length = text.chars().count() as f64;
    let suits_length = schema.max_length.is_none_or(|bound| length <= bound.value)
        && schema.min_length.is_none_or(|bound| length >= bound.value);
    let suits_format = schema.format.is_none_or(|format| has_format(api.view.text(format), text));
    let suits_pattern = schema
        .pattern
        .is_none_or(|pattern| Regex::new(api.view.text(pattern)).is_ok_and(|pattern| pattern.is_match(text)));
    let values = values(api, number);
    let suits_values = values.is_none_or(|values| values.contains(&text));
    !schema.unknown && suits_type && suits_length && suits_format && suits_pattern && suits_values && {
        let mut branches = api.graph.out(number).iter().filter(|(_, edge)| *edge == Edge::Branch).peekable();
        branches.peek().is_none() || depth > 0 && branches.any(|&(branch, _)| takes(api, branch, text, depth - 1))
    }
}

/// The values of `enum` or `const` of a schema and of the members it is composed of.
fn values(api: &Api, number: u32) -> Option<Vec<&str>> {
    let view = &api.view;
    let mut members = vec![number];
    let mut next = 0;
    while let Some(&at) = members.get(next) {
        next += 1;
        let object = api.graph.objects[at as usize].at;
        if let Some(list) = view.get(object, K::Enum) {
            return Some(view.children(list).map(|value| view.text(view.resolve(value))).collect());
        }
        if let Some(value) = view.get(object, K::Const) {
            return Some(vec![view.text(value)]);
        }
        let both = api.graph.out(at).iter().filter(|(_, edge)| *edge == Edge::Both).map(|&(member, _)| member);
        let new: Vec<u32> = both.filter(|member| !members.contains(member)).collect();
        members.extend(new);
    }
    None
}

/// Whether two schemas can take one text, as far as that is known: what cannot be told counts as no.
fn overlap(api: &Api, left: u32, right: u32) -> bool {
    let samples = |number: u32| samples(api, number);
    match (samples(left), samples(right)) {
        (Some(texts), _) => texts.into_iter().any(|text| takes(api, right, text, MAX_DEPTH)),
        (None, Some(texts)) => texts.into_iter().any(|text| takes(api, left, text, MAX_DEPTH)),
        (None, None) => {
            let (Some(left), Some(right)) = (api.graph.effective(left), api.graph.effective(right)) else {
                return true;
            };
            let pattern = |pattern: Option<crate::span::At>| pattern.map(|pattern| api.view.text(pattern));
            let patterns = (pattern(left.pattern), pattern(right.pattern));
            !left.unknown && !right.unknown && !matches!(patterns, (Some(left), Some(right)) if left != right)
        }
    }
}

/// Texts that stand for all that a schema can take, if it takes only some kind of text.
fn samples(api: &Api, number: u32) -> Option<Vec<&str>> {
    if let Some(values) = values(api, number) {
        return Some(values);
    }
    let schema = api.graph.effective(number)?;
    let format = schema.format.map(|format| api.view.text(format));
    if let Some((_, sample)) = FORMATS.iter().find(|(known, _)| Some(*known) == format) {
        return Some(vec![sample]);
    }
    match schema.types & !types::NULL {
        types::BOOLEAN => Some(vec!["true", "false"]),
        some if some != 0 && some & !(types::INTEGER | types::NUMBER) == 0 => Some(vec!["1", "12", "1234", "12345678"]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_has_no_names_and_no_letter_case() {
        assert_eq!(shape("Report-{ID}.{format}"), "report-{}.{}");
        assert_eq!(shape("{"), "{");
    }

    #[test]
    fn static_text_is_more_concrete_than_a_parameter_it_fits() {
        assert_eq!(relation("me", "{}"), Some(Relation::Left));
        assert_eq!(relation("{}", "{}.json"), Some(Relation::Right));
        assert_eq!(relation("a.json", "{}.json"), Some(Relation::Left));
        assert_eq!(relation(".json", "{}.json"), None);
        assert_eq!(relation("{}.json", "v{}"), None);
        assert_eq!(relation("me", "you"), None);
    }

    #[test]
    fn each_parameter_takes_at_least_one_character() {
        assert_eq!(parts("{}-{}", "a-b-c"), Some(vec!["a", "b-c"]));
        assert_eq!(parts("{}-{}", "-b"), None);
        assert_eq!(parts("v{}", "v"), None);
    }
}

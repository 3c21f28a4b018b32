//! Rules of routers: matchers joined by `&&`, `||`, `!` and parentheses, taken apart into alternatives of which each
//! is one route. Alternatives that differ in nothing but hosts, or in nothing but paths, stay one.
//!
//! Sources: <https://doc.traefik.io/traefik/v3.7/reference/routing-configuration/http/routing/rules-and-priority/>,
//! <https://doc.traefik.io/traefik/v2.11/routing/routers/#rule>.

use crate::model::gateway::host::Depth;
use crate::model::gateway::path::{Anchoring, Flavour, Language, PathPattern};
use crate::model::gateway::{HostPattern, Methods};
use crate::span::Place;

/// Parentheses and negations nest no deeper in rules that people write.
const MAX_NESTING: usize = 64;

/// A rule with more alternatives than this is not taken apart.
const MAX_ALTERNATIVES: usize = 64;

/// Longer lists of hosts or paths are not compared item by item.
const MAX_COMPARED: usize = 64;

/// What one alternative of a rule matches.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Match {
    /// Hosts; empty: all.
    pub(super) hosts: Vec<HostPattern>,
    /// Paths; empty: all.
    pub(super) paths: Vec<PathPattern>,
    /// Methods; none: all.
    only: Option<Vec<String>>,
    /// Methods that are excluded.
    but: Vec<String>,
    /// Addresses of clients; empty: all.
    pub(super) addresses: Vec<String>,
    /// Whether it asks for something else besides.
    pub(super) conditional: bool,
    /// Whether the rule could not be read: what it asks for is not known.
    pub(super) unread: bool,
}

impl Match {
    /// What a rule that cannot be read matches.
    pub(super) fn opaque(rule: &str) -> Self {
        Self { paths: vec![PathPattern::opaque(rule)], conditional: true, unread: true, ..Self::default() }
    }

    /// The methods it admits.
    pub(super) fn methods(&self, place: Place) -> Methods {
        match &self.only {
            Some(methods) => Methods::Only(methods.iter().map(|method| (method.clone(), place)).collect()),
            None if self.but.is_empty() => Methods::All,
            None => Methods::AllBut(self.but.clone()),
        }
    }

    /// What matches both.
    pub(super) fn and(mut self, other: &Self) -> Self {
        meet(&mut self.hosts, &other.hosts, &mut self.conditional, |a, b| a.covers(b) == Some(true));
        meet(&mut self.paths, &other.paths, &mut self.conditional, |a, b| a.covers(b) == Some(true));
        self.only = match (self.only, &other.only) {
            (Some(mine), Some(theirs)) => Some(mine.into_iter().filter(|method| theirs.contains(method)).collect()),
            (mine, theirs) => mine.or_else(|| theirs.clone()),
        };
        self.but.extend(other.but.iter().cloned());
        self.addresses.extend(other.addresses.iter().cloned());
        self.conditional |= other.conditional;
        self.unread |= other.unread;
        self
    }
}

/// Leaves in `mine` what both lists admit; what that is exactly may be a further condition.
fn meet<T: Clone>(mine: &mut Vec<T>, theirs: &[T], conditional: &mut bool, covers: impl Fn(&T, &T) -> bool) {
    if theirs.is_empty() {
        return;
    }
    if mine.is_empty() {
        *mine = theirs.to_vec();
        return;
    }
    if mine.len() <= MAX_COMPARED && theirs.len() <= MAX_COMPARED {
        let inner = theirs.iter().filter(|b| mine.iter().any(|a| covers(a, b)));
        let outer = mine.iter().filter(|a| theirs.iter().any(|b| covers(b, a) && !covers(a, b)));
        let both: Vec<T> = inner.chain(outer).cloned().collect();
        if !both.is_empty() {
            *mine = both;
            return;
        }
    }
    *conditional = true;
}

/// Which syntax a rule is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Version 2, by setting.
    V2,
    /// Version 3, unless the rule itself shows that it is older.
    V3,
}

/// The alternatives of a rule; none if it cannot be read.
pub(super) fn alternatives(rule: &str, syntax: Syntax) -> Option<Vec<Match>> {
    let mut parser = Parser { rest: rule, syntax };
    let expression = parser.any_of(0)?;
    if !parser.rest.trim_start().is_empty() {
        return None;
    }
    Some(joined(take_apart(&expression, false)?))
}

/// Alternatives without further conditions that differ in nothing but hosts, or in nothing but paths, as one.
fn joined(found: Vec<Match>) -> Vec<Match> {
    let mut joined: Vec<Match> = Vec::new();
    for one in found {
        let other = joined.iter_mut().find(|other| {
            let alike = (&one.only, &one.but, &one.addresses) == (&other.only, &other.but, &other.addresses);
            alike && !one.conditional && !other.conditional && (one.hosts == other.hosts || one.paths == other.paths)
        });
        match other {
            Some(other) if other.hosts != one.hosts && !other.hosts.is_empty() && !one.hosts.is_empty() => {
                other.hosts.extend(one.hosts);
            }
            Some(other) if other.hosts == one.hosts && !other.paths.is_empty() && !one.paths.is_empty() => {
                other
                    .paths
                    .extend(one.paths.into_iter().filter(|path| !other.paths.contains(path)).collect::<Vec<_>>());
            }
            _ => joined.push(one),
        }
    }
    joined
}

/// A rule as it is written.
enum Expression {
    Matcher(Matcher),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// What a matcher asks for: one of these.
#[derive(Clone)]
enum Matcher {
    Hosts(Vec<HostPattern>),
    Paths(Vec<PathPattern>),
    Methods(Vec<String>),
    Addresses(Vec<String>),
    Other,
}

/// The alternatives of an expression, or of its negation.
fn take_apart(expression: &Expression, negated: bool) -> Option<Vec<Match>> {
    match (expression, negated) {
        (Expression::Matcher(matcher), _) => Some(vec![single(matcher, negated)]),
        (Expression::Not(inner), _) => take_apart(inner, !negated),
        (Expression::All(parts), false) | (Expression::Any(parts), true) => {
            let mut found = vec![Match::default()];
            for part in parts {
                let more = take_apart(part, negated)?;
                if found.len() * more.len() > MAX_ALTERNATIVES {
                    return None;
                }
                found = match more.as_slice() {
                    [one] => found.into_iter().map(|a| a.and(one)).collect(),
                    _ => found.iter().flat_map(|a| more.iter().map(|b| a.clone().and(b))).collect(),
                };
            }
            Some(found)
        }
        (Expression::All(parts), true) | (Expression::Any(parts), false) => {
            // Hosts side by side, and paths side by side, are one list each, however many they are.
            let (mut hosts, mut paths, mut found) = (Vec::new(), Vec::new(), Vec::new());
            for part in parts {
                match part {
                    Expression::Matcher(Matcher::Hosts(more)) if !negated => hosts.extend(more.iter().cloned()),
                    Expression::Matcher(Matcher::Paths(more)) if !negated => paths.extend(more.iter().cloned()),
                    _ => found.extend(take_apart(part, negated)?),
                }
                if found.len() > MAX_ALTERNATIVES {
                    return None;
                }
            }
            if !paths.is_empty() {
                found.insert(0, Match { paths, ..Match::default() });
            }
            if !hosts.is_empty() {
                found.insert(0, Match { hosts, ..Match::default() });
            }
            Some(found)
        }
    }
}

fn single(matcher: &Matcher, negated: bool) -> Match {
    let mut found = Match::default();
    match matcher {
        Matcher::Methods(methods) if negated => found.but.clone_from(methods),
        Matcher::Hosts(hosts) if !negated => found.hosts.clone_from(hosts),
        Matcher::Paths(paths) if !negated => found.paths.clone_from(paths),
        Matcher::Methods(methods) => found.only = Some(methods.clone()),
        Matcher::Addresses(addresses) if !negated => found.addresses.clone_from(addresses),
        _ => found.conditional = true,
    }
    found
}

struct Parser<'r> {
    rest: &'r str,
    syntax: Syntax,
}

impl<'r> Parser<'r> {
    fn take(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        let found = rest.strip_prefix(token);
        self.rest = found.unwrap_or(rest);
        found.is_some()
    }

    fn any_of(&mut self, nesting: usize) -> Option<Expression> {
        let mut parts = vec![self.all_of(nesting)?];
        while self.take("||") {
            parts.push(self.all_of(nesting)?);
        }
        if parts.len() == 1 { parts.pop() } else { Some(Expression::Any(parts)) }
    }

    fn all_of(&mut self, nesting: usize) -> Option<Expression> {
        let mut parts = vec![self.unary(nesting)?];
        while self.take("&&") {
            parts.push(self.unary(nesting)?);
        }
        if parts.len() == 1 { parts.pop() } else { Some(Expression::All(parts)) }
    }

    fn unary(&mut self, nesting: usize) -> Option<Expression> {
        if nesting > MAX_NESTING {
            return None;
        }
        if self.take("!") {
            return Some(Expression::Not(Box::new(self.unary(nesting + 1)?)));
        }
        if self.take("(") {
            let inner = self.any_of(nesting + 1)?;
            return self.take(")").then_some(inner);
        }
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric())?;
        let name = &rest[..end];
        self.rest = &rest[end..];
        if name.is_empty() || !self.take("(") {
            return None;
        }
        let mut arguments = Vec::new();
        while !self.take(")") {
            arguments.push(self.argument()?);
            self.take(",");
        }
        Some(Expression::Matcher(self.matcher(name, arguments)))
    }

    /// A text of Go: in backticks as it is, or in quotes with escapes.
    fn argument(&mut self) -> Option<String> {
        let rest = self.rest.trim_start();
        if let Some(text) = rest.strip_prefix('`') {
            let (text, rest) = text.split_once('`')?;
            self.rest = rest;
            return Some(text.to_owned());
        }
        // A file of YAML or a label may hold the quotes escaped.
        let body = rest.strip_prefix('"').or_else(|| rest.strip_prefix("\\\""))?;
        let mut text = String::new();
        let mut chars = body.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &body[at + 1..];
                    return Some(text);
                }
                '\\' => match chars.next()? {
                    (at, '"') if rest.starts_with('\\') => {
                        self.rest = &body[at + 1..];
                        return Some(text);
                    }
                    (_, escaped @ ('"' | '\\')) => text.push(escaped),
                    (_, other) => text.extend(['\\', other]),
                },
                _ => text.push(c),
            }
        }
        None
    }

    fn matcher(&self, name: &str, arguments: Vec<String>) -> Matcher {
        // Templates in a value leave it open.
        let old = self.syntax == Syntax::V2 || arguments.iter().any(|argument| has_named_part(argument));
        match name.to_ascii_lowercase().as_str() {
            "host" => Matcher::Hosts(arguments.iter().map(|argument| host(argument)).collect()),
            "hostregexp" if old => Matcher::Hosts(arguments.iter().map(|argument| old_host(argument)).collect()),
            "hostregexp" => {
                let hosts = arguments.iter().map(|text| HostPattern::regex(text, Flavour::Re2, Anchoring::Search));
                Matcher::Hosts(hosts.collect())
            }
            "path" if old => {
                Matcher::Paths(arguments.iter().map(|path| PathPattern::traefik_v2(path, false)).collect())
            }
            "pathprefix" if old => {
                Matcher::Paths(arguments.iter().map(|path| PathPattern::traefik_v2(path, true)).collect())
            }
            "path" => Matcher::Paths(arguments.into_iter().map(PathPattern::exact).collect()),
            "pathprefix" => Matcher::Paths(arguments.into_iter().map(PathPattern::raw_prefix).collect()),
            "pathregexp" => {
                let regex = |text| PathPattern::regex(text, Flavour::Re2, Anchoring::Search);
                Matcher::Paths(arguments.into_iter().map(regex).collect())
            }
            "method" => Matcher::Methods(arguments.iter().map(|method| method.to_ascii_uppercase()).collect()),
            "clientip" => Matcher::Addresses(arguments),
            _ => Matcher::Other,
        }
    }
}

/// Whether a text has a part `{name:expression}` or `{name}`, as in version 2.
fn has_named_part(text: &str) -> bool {
    text.split('{').skip(1).any(|part| {
        let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(part.len());
        let name = &part[..end];
        name.starts_with(|c: char| c.is_ascii_alphabetic()) && part[end..].starts_with([':', '}'])
    })
}

fn host(text: &str) -> HostPattern {
    if text.contains(['{', '}', '$']) {
        return HostPattern::Opaque(text.to_owned());
    }
    match text.strip_prefix("**.") {
        Some(rest) => HostPattern::wildcard(&format!("*.{rest}"), Depth::Many),
        None => HostPattern::wildcard(text, Depth::One),
    }
}

/// A `HostRegexp` of version 2.
fn old_host(text: &str) -> HostPattern {
    match PathPattern::traefik_v2(text, false).language {
        Language::Exact(host) => HostPattern::Exact(host.to_ascii_lowercase()),
        Language::Regex(regex) => {
            HostPattern::regex(&regex.source.replace("[^/]+", "[^.]+"), Flavour::Re2, Anchoring::Search)
        }
        _ => HostPattern::Opaque(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::{At, FileId, NodeId};

    /// Hosts, paths and methods of each alternative.
    fn shown(rule: &str) -> Vec<String> {
        let place = Place::value(At { file: FileId(0), node: NodeId(0) });
        let found = alternatives(rule, Syntax::V3).unwrap_or_else(|| panic!("{rule}"));
        let shown = found.iter().map(|one| {
            let texts = |items: Vec<String>| items.join(",");
            let methods = match one.methods(place) {
                Methods::All => String::new(),
                Methods::Only(methods) => texts(methods.into_iter().map(|(method, _)| method).collect()),
                Methods::AllBut(methods) => format!("!{}", texts(methods)),
            };
            let hosts = texts(one.hosts.iter().map(ToString::to_string).collect());
            let paths = texts(one.paths.iter().map(ToString::to_string).collect());
            format!("{hosts} {paths} {methods}{}", if one.conditional { " ?" } else { "" })
        });
        shown.map(|text| text.trim().to_owned()).collect()
    }

    #[test]
    fn a_conjunction_is_one_route() {
        assert_eq!(shown("Host(`a.test`) && PathPrefix(`/api`) && Method(`GET`)"), ["a.test /api* GET"]);
        assert_eq!(shown("Host(\"a.test\") && Path(`/x`)"), ["a.test /x"]);
    }

    #[test]
    fn hosts_or_paths_side_by_side_stay_one_route() {
        assert_eq!(shown("(Host(`a.test`) || Host(`b.test`)) && Path(`/x`)"), ["a.test,b.test /x"]);
        assert_eq!(shown("Host(`a.test`) && Path(`/x`) || Host(`a.test`) && PathPrefix(`/y`)"), ["a.test /x,/y*"]);
    }

    #[test]
    fn other_alternatives_are_routes_of_their_own() {
        assert_eq!(shown("Host(`a.test`) || PathPrefix(`/x`) && Method(`POST`)"), ["a.test", "/x* POST"]);
    }

    #[test]
    fn negation_reaches_through_parentheses() {
        assert_eq!(shown("!Method(`GET`)"), ["!GET"]);
        assert_eq!(shown("!(Method(`GET`) || Path(`/x`))"), ["!GET ?"]);
        assert_eq!(shown("!!Path(`/x`)"), ["/x"]);
    }

    #[test]
    fn a_path_within_a_path_is_the_narrower_one() {
        assert_eq!(shown("PathPrefix(`/api`) && Path(`/api/users`)"), ["/api/users"]);
        assert_eq!(shown("PathPrefix(`/api`) && PathPrefix(`/other`)"), ["/api*  ?"]);
    }

    #[test]
    fn old_rules_are_known_by_named_parts_and_several_arguments() {
        assert_eq!(shown("Host(`a.test`, `b.test`) && PathPrefix(`/a`, `/b`)"), ["a.test,b.test /a*,/b*"]);
        assert_eq!(shown("Path(`/users/{id:[0-9]+}`)"), [r"~ ^(?:/users/(?:[0-9]+))$"]);
        assert_eq!(shown("HostRegexp(`{sub:[a-z]+}.a.test`)"), [r"~ ^(?:(?:[a-z]+)\.a\.test)$"]);
        assert_eq!(shown("Headers(`x`, `y`)"), ["?"]);
    }

    #[test]
    fn what_is_no_rule_is_not_read() {
        for rule in ["", "Host:a.test", "Host(`a.test`", "Host(`a`) &&", "Host(`a`) Path(`/`)", "(((", "Host('a')"] {
            assert_eq!(alternatives(rule, Syntax::V3), None, "{rule}");
        }
        assert_eq!(alternatives(&"!".repeat(100_000), Syntax::V3), None);
        assert_eq!(alternatives(&"(".repeat(100_000), Syntax::V3), None);
    }

    #[test]
    fn long_and_branching_rules_take_no_time() {
        let hosts: Vec<String> = (0..100_000).map(|i| format!("Host(`h{i}.test`)")).collect();
        assert_eq!(alternatives(&hosts.join(" || "), Syntax::V3).unwrap().len(), 1);
        let branches = vec!["(Method(`GET`) || Path(`/x`))"; 40];
        assert_eq!(alternatives(&branches.join(" && "), Syntax::V3), None);
    }
}

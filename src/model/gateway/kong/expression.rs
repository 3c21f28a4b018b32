//! Expressions of Kong's routes: what of them says which paths, methods and hosts are meant. What says anything else
//! leaves it open. Language: <https://developer.konghq.com/gateway/routing/expressions/>.

use super::super::host::{Depth, HostPattern};
use super::super::path::{Anchoring, Flavour, PathPattern};
use super::super::{Methods, Node, Path, Route, Stated};
use crate::model::Why;
use crate::span::Place;

/// Longer expressions are not read.
const MAX_BYTES: usize = 16 << 10;

/// Parentheses deeper than this are not read.
const MAX_DEPTH: usize = 32;

/// Reads what an expression matches into a route. It is a conjunction, of which each part may offer alternatives of
/// one field; of any other form nothing is known but that it stands there.
pub(super) fn read(expression: Node<'_>, route: &mut Route) {
    let place = expression.place();
    let text = expression.text().unwrap_or_default();
    let parsed = (text.len() <= MAX_BYTES && !expression.is_template()).then(|| Parser::new(text).whole()).flatten();
    let Some(parts) = parsed else {
        route.conditions.push(place);
        route.paths.push(Path { pattern: PathPattern::opaque(text), place });
        route.methods = Stated::Unknown(Why::NotRead, Some(place));
        return;
    };
    let mut seen: Vec<&str> = Vec::new();
    for part in parts {
        let field = part.first().map_or("", |test| test.field);
        // Two conditions on one field leave what both admit, which no list of patterns says.
        let repeated = seen.contains(&field);
        seen.push(field);
        if repeated || part.iter().any(|test| test.field != field) || !apply(field, &part, place, route) {
            route.conditions.push(place);
        }
    }
}

/// Applies alternatives of one field; no if they are not understood.
fn apply(field: &str, tests: &[Test<'_>], place: Place, route: &mut Route) -> bool {
    match field {
        "http.path" => {
            for test in tests {
                let pattern = match test.operator {
                    "==" => PathPattern::exact(test.value.clone()),
                    "^=" => PathPattern::raw_prefix(test.value.clone()),
                    "~" => PathPattern::regex(test.value.clone(), Flavour::Re2, Anchoring::Search),
                    _ => PathPattern::opaque(test.value.clone()),
                };
                route.paths.push(Path { pattern, place });
            }
            true
        }
        "http.method" if tests.iter().all(|test| test.operator == "==") => {
            let methods = tests.iter().map(|test| (test.value.to_ascii_uppercase(), place)).collect();
            route.methods = Stated::Known(Methods::Only(methods));
            true
        }
        "http.host" => {
            let hosts = tests.iter().map(|test| match test.operator {
                "==" => HostPattern::Exact(test.value.to_ascii_lowercase()),
                "^=" => HostPattern::Prefix(test.value.to_ascii_lowercase()),
                "=^" => HostPattern::wildcard(&format!("*{}", test.value), Depth::Many),
                "~" => HostPattern::regex(&test.value, Flavour::Re2, Anchoring::Search),
                _ => HostPattern::Opaque(test.value.clone()),
            });
            route.hosts.extend(hosts);
            true
        }
        _ => false,
    }
}

/// A comparison of a field with a value.
#[derive(Debug)]
struct Test<'t> {
    field: &'t str,
    operator: &'t str,
    value: String,
}

struct Parser<'t> {
    rest: &'t str,
    depth: usize,
}

impl<'t> Parser<'t> {
    const fn new(text: &'t str) -> Self {
        Self { rest: text, depth: 0 }
    }

    /// The parts of a conjunction.
    fn whole(mut self) -> Option<Vec<Vec<Test<'t>>>> {
        let parts = self.disjunction()?;
        self.rest.trim().is_empty().then_some(parts)
    }

    fn eat(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        let found = rest.strip_prefix(token);
        self.rest = found.unwrap_or(rest);
        found.is_some()
    }

    /// `a || b`: of several alternatives each must be a single part.
    fn disjunction(&mut self) -> Option<Vec<Vec<Test<'t>>>> {
        let mut parts = self.conjunction()?;
        while self.eat("||") {
            let [mut tests] = <[Vec<Test<'t>>; 1]>::try_from(parts).ok()?;
            let [more] = <[Vec<Test<'t>>; 1]>::try_from(self.conjunction()?).ok()?;
            tests.extend(more);
            parts = vec![tests];
        }
        Some(parts)
    }

    /// `a && b`, which binds closer than `||`.
    fn conjunction(&mut self) -> Option<Vec<Vec<Test<'t>>>> {
        let mut parts = self.primary()?;
        while self.eat("&&") {
            parts.extend(self.primary()?);
        }
        Some(parts)
    }

    fn primary(&mut self) -> Option<Vec<Vec<Test<'t>>>> {
        if self.eat("(") {
            self.depth += 1;
            let inner = (self.depth <= MAX_DEPTH).then(|| self.disjunction()).flatten()?;
            self.depth -= 1;
            return self.eat(")").then_some(inner);
        }
        Some(vec![vec![self.test()?]])
    }

    fn test(&mut self) -> Option<Test<'t>> {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "._".contains(c))).filter(|&end| end > 0)?;
        let (field, rest) = rest.split_at(end);
        self.rest = rest;
        let operators = ["==", "!=", "^=", "=^", "~", ">=", "<=", ">", "<", "contains ", "not in ", "in "];
        let operator = operators.into_iter().find(|operator| self.eat(operator))?;
        Some(Test { field, operator: operator.trim_end(), value: self.value()? })
    }

    /// A text in quotes, a raw text (`r#"…"#`), or a word.
    fn value(&mut self) -> Option<String> {
        if self.eat("r#\"") {
            let (value, rest) = self.rest.split_once("\"#")?;
            self.rest = rest;
            return Some(value.to_owned());
        }
        if !self.eat("\"") {
            let end = self.rest.find([' ', ')', '&', '|']).unwrap_or(self.rest.len());
            let (value, rest) = self.rest.split_at(end);
            self.rest = rest;
            return (!value.is_empty()).then(|| value.to_owned());
        }
        let mut value = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(value);
                }
                '\\' => value.push(match characters.next()?.1 {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    other => other,
                }),
                c => value.push(c),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<Vec<Vec<String>>> {
        let parts = Parser::new(text).whole()?;
        let shown = |test: &Test<'_>| format!("{} {} {}", test.field, test.operator, test.value);
        Some(parts.iter().map(|part| part.iter().map(shown).collect()).collect())
    }

    #[test]
    fn a_conjunction_of_alternatives_is_read() {
        let text = r##"http.path ^= "/a" && (http.method == "GET" || http.method == r#"PUT"#) && net.port in 80"##;
        let read = parts(text).unwrap_or_default();
        assert_eq!(
            read,
            [vec!["http.path ^= /a"], vec!["http.method == GET", "http.method == PUT"], vec!["net.port in 80"]]
        );
    }

    #[test]
    fn other_forms_are_not_read() {
        let deep = format!("{}a == 1{}", "(".repeat(100_000), ")".repeat(100_000));
        for text in [
            "",
            "http.method == \"GET\" || http.method == \"PUT\" && http.path == \"/a\"",
            "(http.path == \"/a\" && http.method == \"GET\") || http.path == \"/b\"",
            "!(http.path == \"/a\")",
            "http.path == \"/a",
            "lower(http.path) == \"/a\"",
            &deep,
        ] {
            assert_eq!(parts(text), None, "{text:.40}");
        }
    }
}

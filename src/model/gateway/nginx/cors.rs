//! CORS by hand: which origins the headers of a level let in, through `if` and `map`.

use super::super::origin::{OriginPattern, Subject};
use super::super::{AnyOrigin, Applied, Cors, Set, Stated};
use super::Lowering;
use super::access::argument;
use super::config::{Line, Topic};
use super::variables::{Condition, condition, variables};
use crate::span::Place;

const ORIGIN: &str = "Access-Control-Allow-Origin";
const CREDENTIALS: &str = "Access-Control-Allow-Credentials";

/// Of the `if` blocks of a level no more are looked at.
const MOST: usize = 64;

impl<'c, 's> Lowering<'c, 's, '_> {
    /// The CORS policy of a level: the first header of it that lets in most.
    pub(super) fn cors(&mut self, block: usize) -> Stated<Vec<Applied>> {
        let config = self.config;
        let mut headers: Vec<&'c Line<'s>> = config.headers(block);
        let inner = config.all(block, "if").take(MOST).filter_map(|line| line.block);
        headers.extend(inner.flat_map(|inner| config.all(inner, "add_header")));
        let is = |line: &&&Line<'s>, name: &str| line.value().eq_ignore_ascii_case(name);
        let origins: Vec<&'c Line<'s>> = headers.iter().filter(|line| is(line, ORIGIN)).copied().collect();
        let Some(&first) = origins.first() else { return self.stated(Vec::new(), block, Topic::Other) };
        let credentials = headers.iter().find(|line| is(line, CREDENTIALS)).copied();
        let key = (first.place(), credentials.map(Line::place));
        let number = match self.memo.cors.get(&key) {
            Some(&known) => known,
            None => {
                let mut cors = Cors::new(first.place());
                for line in origins {
                    self.origin(line, &mut cors);
                }
                cors.credentials = Stated::Known(match credentials {
                    Some(line) => {
                        let value = line.arg(1).unwrap_or_default();
                        // A table may say `true` for some origins only.
                        Set::written(value == "true" || value.starts_with('$'), line.place())
                    }
                    None => Set::default(false, first.place()),
                });
                let number = self.gateway.add_cors(cors);
                self.memo.cors.insert(key, number);
                number
            }
        };
        Stated::Known(vec![self.applied(number, first.level, first.place())])
    }

    /// What one header lets in.
    fn origin(&self, line: &'c Line<'s>, cors: &mut Cors) {
        let value = line.arg(1).unwrap_or_default();
        let place = line.place();
        match value {
            "*" => any(cors, place, AnyOrigin::Literal),
            "null" => cors.null_origin = cors.null_origin.or(Some(argument(line, 1))),
            _ => {
                let guard = self.guarding(line);
                for name in variables(value) {
                    self.variable(name, line, guard, cors, 0);
                }
            }
        }
    }

    /// The condition on the origin round a line.
    fn guarding(&self, line: &Line<'s>) -> Option<(Condition<'s>, Place)> {
        let config = self.config;
        config.levels(line.level).find_map(|level| {
            let owner = config.owner(level).filter(|owner| owner.name == "if")?;
            let condition = condition(owner)?;
            let about = condition.variable()? != "request_method";
            about.then(|| (condition, argument(owner, 2)))
        })
    }

    fn variable(
        &self,
        name: &str,
        line: &'c Line<'s>,
        guard: Option<(Condition<'s>, Place)>,
        cors: &mut Cors,
        depth: usize,
    ) {
        if depth > 8 {
            return;
        }
        if name == "http_origin" {
            match guard {
                None => any(cors, line.place(), AnyOrigin::Echoed),
                Some((condition, place)) if condition.variable() == Some("http_origin") => {
                    let any_case = condition.operator.ends_with('*');
                    match condition.regex() {
                        Some(regex) if !condition.operator.starts_with('!') => {
                            pattern(regex, any_case, place, AnyOrigin::Echoed, cors);
                        }
                        // That there is an origin, or that it is not a certain one, keeps nobody out.
                        _ if matches!(condition.operator, "" | "!=" | "!~" | "!~*") => {
                            any(cors, line.place(), AnyOrigin::Echoed);
                        }
                        _ => {}
                    }
                }
                // Another variable stands for the decision.
                Some(_) => {}
            }
            return;
        }
        if let Some(table) = self.variables.table(name) {
            let source = self.variables.source(table);
            for entry in table.block.into_iter().flat_map(|block| self.config.each(block)).take(1_000) {
                let result = entry.arg(0).unwrap_or_default();
                self.entry(entry, source, result, cors);
            }
            return;
        }
        for set in self.variables.sets(name, line.level).take(MOST) {
            match set.arg(1).unwrap_or_default() {
                "*" => any(cors, set.place(), AnyOrigin::Literal),
                value => {
                    let guard = self.guarding(set);
                    for inner in variables(value) {
                        if inner != name {
                            self.variable(inner, set, guard, cors, depth + 1);
                        }
                    }
                }
            }
        }
    }

    /// What an entry of a table lets in.
    fn entry(&self, entry: &'c Line<'s>, source: &str, result: &str, cors: &mut Cors) {
        if result == "*" && entry.name == "default" {
            any(cors, entry.place(), AnyOrigin::Literal);
        }
        let echoes = result.contains("$http_origin") || result.contains("$0");
        if !echoes || !source.contains("http_origin") {
            return;
        }
        match entry.name.strip_prefix('~') {
            Some(regex) => {
                let any_case = regex.starts_with('*');
                pattern(regex.strip_prefix('*').unwrap_or(regex), any_case, entry.place(), AnyOrigin::Echoed, cors);
            }
            None if entry.name == "default" => any(cors, entry.place(), AnyOrigin::Echoed),
            None if entry.name == "null" => cors.null_origin = cors.null_origin.or(Some(entry.place())),
            None => {}
        }
    }
}

fn any(cors: &mut Cors, place: Place, answer: AnyOrigin) {
    let is_worse = cors.any_origin.as_ref().is_none_or(|(_, old)| *old == AnyOrigin::Literal);
    if is_worse {
        cors.any_origin = Some((Set::written((), place), answer));
    }
}

/// What an expression lets in.
fn pattern(regex: &str, any_case: bool, place: Place, answer: AnyOrigin, cors: &mut Cors) {
    let pattern = OriginPattern::nginx(regex, any_case, Subject::Origin);
    if pattern.admits_any_host() {
        any(cors, place, answer);
    } else if let Some(hostile) = pattern.hostile() {
        cors.hostile_origin = cors.hostile_origin.take().or(Some((place, hostile.text)));
    }
    if pattern.admits("null") == Some(true) && !pattern.admits_any_host() {
        cors.null_origin = cors.null_origin.or(Some(place));
    }
}

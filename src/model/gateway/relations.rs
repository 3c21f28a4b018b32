//! How the routes of a gateway stand to each other: which of them wins where two match, and what that means for
//! protection. Facts only, each with a path that shows it; what could not be decided is left out. Knows no format.
//!
//! A pair is looked at only where one could matter to the other, by host and by what their paths begin with
//! (`field`), and the number of looks is limited: a large gateway costs no more than its size.

mod field;

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

use super::path::{Language, PathPattern, Trick, variants};
use super::{Action, Authentication, Gateway, Methods, Route, Stated};
use crate::span::Place;
use field::{Entry, Field};

/// A route and others that it stands to in some relation.
#[derive(Clone, Debug, PartialEq)]
pub struct RoutePair {
    /// The relation.
    pub relation: Relation,
    /// The route where something is to be mended.
    pub route: u32,
    /// The others, in the order of the files; the first ten.
    pub others: Vec<u32>,
    /// A path that shows it.
    pub path: String,
    /// How the path is spelled, of [`Relation::Confusion`].
    pub trick: Option<Trick>,
    /// What the route lacks, of [`Relation::Older`].
    pub lacks: Vec<Missing>,
    /// Where it stands.
    pub place: Place,
}

/// What a route is to others. In the order of `fields::RELATIONS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Relation {
    /// It is open and wins over routes that need credentials, where nothing shows that this is meant.
    Bypass,
    /// Another one matches the same requests, and only one of them answers; their policies differ.
    Duplicate,
    /// It never wins.
    Shadowed,
    /// It is open, and goes on where it seems to end: there it takes requests from a route that needs credentials.
    Loose,
    /// It needs credentials, or some of its paths do, and another spelling of a path leads to the same upstream without.
    Confusion,
    /// It is an older version of another one, and has fewer policies.
    Older,
}

/// A sort of policy. In the order of `fields::MISSING`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Missing {
    /// Authentication.
    Authentication,
    /// An access list or authorization.
    Access,
    /// A rate limit.
    RateLimit,
}

/// So many others are named.
const MOST_OTHERS: usize = 10;

/// So many steps are taken for one gateway: a pair of routes that is looked at, or a route that is asked for a path.
const MOST_STEPS: u32 = 400_000;

/// So many guarded paths of a route are looked at.
const MOST_GUARDS: usize = 16;

/// What the search for a path that two patterns share counts, in steps.
const COMPARISON: u32 = 40;

/// All relations of a gateway, in the order of the routes.
pub(super) fn pairs(gateway: &Gateway) -> Vec<RoutePair> {
    let guards: Vec<Guard> = (0..gateway.routes.len()).map(|index| guard(gateway, index)).collect();
    let steps = Cell::new(MOST_STEPS);
    let mut finder = Finder { gateway, guards, found: BTreeMap::new(), steps: &steps };
    for competition in field::competitions(gateway) {
        let field = Field::new(gateway, competition, &steps);
        finder.precedence(&field);
        finder.loose(&field);
        finder.confusion(&field);
    }
    finder.older();
    finder.found.into_values().collect()
}

/// Whether callers of a route must show something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    /// No: whoever calls reaches an upstream.
    Open,
    /// Credentials.
    Credentials,
    /// An address, or it refuses everyone.
    Restricted,
    /// It cannot be told, or it does not matter.
    Other,
}

impl Guard {
    const fn is_strict(self) -> bool {
        matches!(self, Self::Credentials | Self::Restricted)
    }
}

fn guard(gateway: &Gateway, index: usize) -> Guard {
    let route = &gateway.routes[index];
    if route.disabled || matches!(route.action, Action::Internal | Action::Unknown) {
        return Guard::Other;
    }
    let authentication = gateway.derived().authentication(index as u32);
    let restricted = gateway.is_restricted(route, |_| true);
    match (authentication, &restricted) {
        _ if route.action == Action::Refuse => Guard::Restricted,
        (Stated::Known(Authentication::Required), _) => Guard::Credentials,
        (_, Stated::Known(true)) => Guard::Restricted,
        (Stated::Known(Authentication::None | Authentication::Optional), Stated::Known(false)) => {
            // What is out of view may protect it, unless it says itself that it is open.
            let is_sure = gateway.partial.is_none() || route.auth_off.is_some() || route.auth.known().is_some();
            let is_open = is_sure && gateway.forwards(route) && gateway.is_public(route);
            if is_open { Guard::Open } else { Guard::Other }
        }
        _ => Guard::Other,
    }
}

/// Collects relations, one for each kind and route.
struct Finder<'g> {
    gateway: &'g Gateway,
    guards: Vec<Guard>,
    found: BTreeMap<(u32, Relation), RoutePair>,
    steps: &'g Cell<u32>,
}

impl<'g> Finder<'g> {
    fn route(&self, index: u32) -> &'g Route {
        &self.gateway.routes[index as usize]
    }

    fn guard(&self, index: u32) -> Guard {
        self.guards[index as usize]
    }

    fn note(&mut self, relation: Relation, (route, other): (u32, u32), path: String, place: Place) -> &mut RoutePair {
        let new = || RoutePair { relation, route, others: Vec::new(), path, trick: None, lacks: Vec::new(), place };
        let pair = self.found.entry((route, relation)).or_insert_with(new);
        if !pair.others.contains(&other) && pair.others.len() < MOST_OTHERS {
            pair.others.push(other);
            pair.others.sort_unstable();
        }
        pair
    }

    fn has(&self, relation: Relation, route: u32, other: u32) -> bool {
        self.found.get(&(route, relation)).is_some_and(|pair| pair.others.contains(&other))
    }

    /// Whether there is a step left.
    fn step(&self) -> bool {
        field::spend(self.steps, 1)
    }

    /// What follows from which of two routes wins.
    fn precedence(&mut self, field: &Field<'g>) {
        // Routes that a wider one stands before: those are looked at once, by the narrower.
        for narrow in &field.entries {
            for wide in field.around(narrow) {
                if !self.step() {
                    return;
                }
                if narrow.route == wide.route || !field.compete(self.gateway, narrow.route, wide.route) {
                    continue;
                }
                for (winner, loser) in [(narrow, wide), (wide, narrow)] {
                    self.bypassed(field, winner, loser);
                }
                for (winner, loser) in [(narrow, wide), (wide, narrow)] {
                    self.never_wins(field, winner.route, loser.route);
                }
                self.undecided(field, narrow.route.min(wide.route), narrow.route.max(wide.route));
            }
        }
    }

    fn bypassed(&mut self, field: &Field<'g>, open: &Entry, strict: &Entry) {
        let guard = self.guard(strict.route);
        if self.guard(open.route) != Guard::Open
            || !guard.is_strict()
            || !self.route(open.route).conditions.is_empty()
            || !self.route(strict.route).conditions.is_empty()
            || !field::may_win(self.gateway, open, strict)
            || self.has(Relation::Bypass, open.route, strict.route)
        {
            return;
        }
        // What only refuses some odd names (`~ /\.ht`) is no route that somebody wants to reach.
        if guard == Guard::Restricted && matches!(strict.pattern.language, Language::Regex(_)) {
            return;
        }
        if field.is_carved_out(self.gateway, open, strict) || !field::spend(self.steps, COMPARISON) {
            return;
        }
        let wins = |path: &str| field.winner(path, open, strict) == Some(open.route);
        if let Some(path) = open.pattern.overlap_where(&strict.pattern, wins) {
            let place = self.route(open.route).place;
            self.note(Relation::Bypass, (open.route, strict.route), path, place);
        }
    }

    fn never_wins(&mut self, field: &Field<'g>, winner: u32, loser: u32) {
        let (first, second) = (self.route(winner), self.route(loser));
        if first.place == second.place
            || second.disabled
            || self.has(Relation::Bypass, winner, loser)
            || self.found.contains_key(&(loser, Relation::Shadowed))
            || !field.takes_all(winner, loser)
        {
            return;
        }
        let is_same = second.conditions.is_empty() && field.covers(loser, winner);
        let path = field.entries_of(loser).next().and_then(|entry| entry.pattern.witnesses().into_iter().next());
        let relation = if is_same && self.differ(winner, loser) { Relation::Duplicate } else { Relation::Shadowed };
        self.note(relation, (loser, winner), path.unwrap_or_else(|| "/".to_owned()), second.place);
    }

    /// Two routes for the same requests, of which the files do not tell which one answers.
    fn undecided(&mut self, field: &Field<'g>, one: u32, two: u32) {
        let (first, second) = (self.route(one), self.route(two));
        let is_open = [first, second].iter().any(|route| route.precedence == super::Precedence::Unknown);
        let is_plain = |route: &Route| {
            route.conditions.is_empty() && !route.disabled && route.listeners.known().is_some_and(|all| !all.is_empty())
        };
        if is_open
            && first.place != second.place
            && is_plain(first)
            && is_plain(second)
            && !self.found.contains_key(&(two, Relation::Duplicate))
            && field.covers(one, two)
            && field.covers(two, one)
            && self.differ(one, two)
        {
            let path = field.entries_of(two).next().and_then(|entry| entry.pattern.witnesses().into_iter().next());
            self.note(Relation::Duplicate, (two, one), path.unwrap_or_else(|| "/".to_owned()), second.place);
        }
    }

    /// Whether two routes differ for sure in what callers must show or may do.
    fn differ(&self, first: u32, second: u32) -> bool {
        let (one, two) = (self.policies(first), self.policies(second));
        let is_known = |guard| guard != Guard::Other;
        let (a, b) = (self.guard(first), self.guard(second));
        (is_known(a) && is_known(b) && a != b)
            || one.iter().zip(&two).any(|(one, two)| one.is_some() && two.is_some() && one != two)
    }

    /// Whether policies of each sort are there for sure, or not there for sure.
    fn policies(&self, index: u32) -> [Option<bool>; 3] {
        fn applied<T>(stated: &Stated<Vec<T>>) -> Option<bool> {
            match stated {
                Stated::Known(all) => Some(!all.is_empty()),
                Stated::Absent => Some(false),
                Stated::Unknown(..) => None,
            }
        }
        let route = self.route(index);
        [applied(&route.rates), applied(&route.cors), self.gateway.is_restricted(route, |_| true).known().copied()]
    }

    /// Open routes that go on where they seem to end.
    fn loose(&mut self, field: &Field<'g>) {
        for open in &field.entries {
            let is_open = self.guard(open.route) == Guard::Open && self.route(open.route).conditions.is_empty();
            if !is_open || !open.pattern.is_loose() {
                continue;
            }
            let beyond = beyond(&open.pattern);
            for strict in field.around(open).chain(field.within(open)) {
                if !self.step() {
                    return;
                }
                // A strict route of the same paths has the same end.
                if self.guard(strict.route) != Guard::Credentials
                    || strict.pattern == open.pattern
                    || !self.route(strict.route).conditions.is_empty()
                    || self.has(Relation::Bypass, open.route, strict.route)
                    || !field.compete(self.gateway, open.route, strict.route)
                    || !field::may_win(self.gateway, open, strict)
                {
                    continue;
                }
                let takes = |path: &&String| {
                    strict.pattern.surely_admits(path) && field.winner(path, open, strict) == Some(open.route)
                };
                if let Some(path) = beyond.iter().find(takes) {
                    let place = open.place.unwrap_or(self.route(open.route).place);
                    self.note(Relation::Loose, (open.route, strict.route), path.clone(), place);
                }
            }
        }
    }

    /// Guarded paths with a spelling that leads round the guard.
    fn confusion(&mut self, field: &Field<'g>) {
        for strict in &field.entries {
            let route = self.route(strict.route);
            let Some(tricks) = route.spellings.known().filter(|tricks| !tricks.is_empty()) else { continue };
            if self.found.contains_key(&(strict.route, Relation::Confusion)) {
                continue;
            }
            let own = route.guards.is_empty() && self.guard(strict.route).is_strict();
            let place = strict.place.unwrap_or(route.place);
            // Paths that are guarded: those of the route, or those that a policy of it is for.
            let whole = strict.pattern.witnesses().into_iter().take(2).filter(|_| own).map(|path| (path, place));
            let parts = route
                .guards
                .iter()
                .take(MOST_GUARDS)
                .flat_map(|guard| guard.pattern.witnesses().into_iter().take(2).map(|path| (path, guard.place)));
            for (path, place) in whole.chain(parts) {
                if !self.step() {
                    return;
                }
                if field.winner(&path, strict, strict) != Some(strict.route) {
                    continue;
                }
                let spelled = variants(&path).filter(|variant| tricks.contains(&variant.trick));
                // A file has no slash at its end: `/xmlrpc.php/` is something else.
                let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
                let spelled = spelled.filter(|variant| !(is_file && variant.trick == Trick::TrailingSlash));
                let open = spelled.filter_map(|variant| {
                    let winner = field.winner(&variant.path, strict, strict)?;
                    (winner != strict.route || !own).then_some((winner, variant))
                });
                let open = open.filter(|(winner, variant)| {
                    let other = self.route(*winner);
                    let case_counts =
                        || other.paths.iter().any(|path| path.pattern.any_case) && !strict.pattern.any_case;
                    self.lets_pass(*winner, &variant.path)
                        && (variant.trick != Trick::Case || case_counts())
                        && (route.action == Action::Refuse || self.share_upstream(route, other))
                });
                if let Some((winner, variant)) = open.into_iter().next() {
                    let pair = self.note(Relation::Confusion, (strict.route, winner), variant.path, place);
                    pair.trick = Some(variant.trick);
                    break;
                }
            }
        }
    }

    /// Whether whoever asks for a path of a route reaches its upstream: it is open, or some of its paths are guarded
    /// and this one is not.
    fn lets_pass(&self, index: u32, path: &str) -> bool {
        let route = self.route(index);
        if route.guards.is_empty() {
            return self.guard(index) == Guard::Open;
        }
        self.gateway.forwards(route)
            && self.gateway.is_public(route)
            && route.guards.iter().all(|guard| guard.pattern.admits(path) == Some(false))
    }

    fn share_upstream(&self, one: &Route, two: &Route) -> bool {
        let upstream = |index: &u32| self.gateway.upstreams.get(*index as usize);
        one.upstreams.iter().any(|a| {
            two.upstreams.iter().any(|b| {
                let (one, two) = (upstream(a), upstream(b));
                let is_same = || one.zip(two).is_some_and(|(a, b)| !a.hosts.is_empty() && a.hosts == b.hosts);
                a == b || is_same()
            })
        })
    }

    /// Older versions with fewer policies than newer ones.
    fn older(&mut self) {
        let mut families: HashMap<String, Vec<(Vec<u32>, u32)>> = HashMap::new();
        for (index, route) in (0..).zip(&self.gateway.routes) {
            if route.disabled || !self.gateway.forwards(route) || !self.gateway.is_public(route) {
                continue;
            }
            let [path] = route.paths.as_slice() else { continue };
            let text = super::path_text(&path.pattern);
            let Some((version, rest)) = versioned(&text) else { continue };
            let mut hosts: Vec<String> = route.hosts.iter().map(ToString::to_string).collect();
            hosts.sort_unstable();
            let key = format!("{}\n{}\n{rest}", hosts.join(" "), methods_key(route));
            families.entry(key).or_default().push((version, index));
        }
        for mut family in families.into_values() {
            family.sort();
            let Some((newest, newer)) = family.last().cloned() else { continue };
            for (_, index) in family.iter().filter(|(version, _)| *version < newest) {
                let lacks = self.lacks(*index, newer);
                if !lacks.is_empty() {
                    let route = self.route(*index);
                    let path = route.paths.first().map(|path| super::path_text(&path.pattern)).unwrap_or_default();
                    let pair = self.note(Relation::Older, (*index, newer), path, route.place);
                    pair.lacks = lacks;
                }
            }
        }
    }

    /// What a newer version enforces and an older one does not; nothing if the older one has something of its own.
    fn lacks(&self, older: u32, newer: u32) -> Vec<Missing> {
        let enforced = |index: u32| {
            let guard = self.guard(index);
            let [rates, _, restricted] = self.policies(index);
            let authentication = match self.gateway.derived().authentication(index) {
                Stated::Known(Authentication::Required) => Some(true),
                Stated::Known(_) if guard == Guard::Open => Some(false),
                Stated::Known(_) if self.gateway.partial.is_none() => Some(false),
                _ => None,
            };
            [
                (Missing::Authentication, authentication),
                (Missing::Access, restricted),
                (Missing::RateLimit, rates.filter(|rates| *rates || self.gateway.partial.is_none())),
            ]
        };
        let (old, new) = (enforced(older), enforced(newer));
        let has_own = old.iter().zip(&new).any(|((_, old), (_, new))| *old == Some(true) && *new != Some(true));
        if has_own {
            return Vec::new();
        }
        let lacking = old.iter().zip(&new).filter(|((_, old), (_, new))| *old == Some(false) && *new == Some(true));
        lacking.map(|((missing, _), _)| *missing).collect()
    }
}

/// Paths a character, or a segment, beyond what a pattern says.
fn beyond(pattern: &PathPattern) -> Vec<String> {
    let ends_in_word = |text: &str| text.ends_with(|c: char| c.is_ascii_alphanumeric());
    let paths: Vec<String> = match &pattern.plain().language {
        Language::RawPrefix(text) if ends_in_word(text) => vec![format!("{text}x"), format!("{text}-x")],
        Language::Regex(regex) => {
            let ends = regex.examples().iter().filter(|text| text.starts_with('/') && ends_in_word(text));
            ends.flat_map(|text| [format!("{text}x"), format!("{text}/x")]).collect()
        }
        _ => Vec::new(),
    };
    paths.into_iter().filter(|path| pattern.surely_admits(path)).collect()
}

/// The version that a path names as a segment, and the path without it.
fn versioned(path: &str) -> Option<(Vec<u32>, String)> {
    let version = |segment: &str| -> Option<Vec<u32>> {
        let numbers = segment.strip_prefix(['v', 'V'])?.split('.').map(|number| number.parse().ok());
        numbers.collect::<Option<Vec<u32>>>().filter(|numbers| numbers.len() <= 3)
    };
    let found = path.split('/').find_map(|segment| version(segment).map(|version| (segment, version)));
    found.map(|(segment, version)| (version, path.replacen(segment, "v", 1)))
}

/// The methods of a route as a text.
fn methods_key(route: &Route) -> String {
    match route.methods.known() {
        Some(Methods::Only(methods)) => {
            let mut names: Vec<&str> = methods.iter().map(|(method, _)| method.as_str()).collect();
            names.sort_unstable();
            names.join(",")
        }
        Some(Methods::AllBut(methods)) => format!("!{}", methods.join(",")),
        Some(Methods::All) => "*".to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;

//! Routes that compete for requests: found by host, then by what their paths begin with. Says which of them wins a
//! path, as far as their precedence tells.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

use super::super::path::{Language, PathPattern};
use super::super::{Gateway, HostPattern, Location, Methods, Precedence, Route};
use crate::span::Place;

/// Routes that may match one request, by their index in the gateway.
#[derive(Clone, Debug, Default)]
pub(super) struct Competition {
    /// The routes, in the order of the files.
    routes: Vec<u32>,
    /// Whether the hosts of any two of them must be compared.
    compares_hosts: bool,
    /// Those that are here only as rivals: they have a competition of their own.
    guests: usize,
}

/// The groups of routes that compete with each other.
pub(super) fn competitions(gateway: &Gateway) -> Vec<Competition> {
    let routes = || (0..).zip(&gateway.routes).filter(|(_, route)| !route.disabled);
    let mut by_host: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    if gateway.hosts_first {
        // What is sorted by host competes only with routes of the same hosts.
        for (index, route) in routes() {
            let mut hosts: Vec<String> = route.hosts.iter().map(ToString::to_string).collect();
            hosts.sort_unstable();
            by_host.entry(hosts.join(" ")).or_default().push(index);
        }
        let alone = |routes| Competition { routes, compares_hosts: false, guests: 0 };
        return by_host.into_values().map(alone).collect();
    }
    let is_exact = |host: &HostPattern| matches!(host, HostPattern::Exact(_));
    let is_wide = |route: &Route| route.hosts.is_empty() || !route.hosts.iter().all(is_exact);
    let wide: Vec<u32> = routes().filter(|(_, route)| is_wide(route)).map(|(index, _)| index).collect();
    for (index, route) in routes().filter(|(_, route)| !is_wide(route)) {
        for host in &route.hosts {
            let all = by_host.entry(host.to_string()).or_default();
            if all.last() != Some(&index) {
                all.push(index);
            }
        }
    }
    let mut left = super::MOST_STEPS as usize;
    let mut all: Vec<Competition> = Vec::new();
    for (host, own) in by_host {
        let admits = |index: &&u32| {
            let hosts = &gateway.routes[**index as usize].hosts;
            hosts.is_empty() || hosts.iter().any(|pattern| pattern.admits(&host) == Some(true))
        };
        left = left.saturating_sub(wide.len());
        let guests: Vec<u32> = if left > 0 { wide.iter().filter(admits).copied().collect() } else { Vec::new() };
        let guest_count = guests.len();
        all.push(Competition { routes: [guests, own].concat(), compares_hosts: false, guests: guest_count });
    }
    all.push(Competition { routes: wide, compares_hosts: true, guests: 0 });
    all
}

/// A path of a route.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The route.
    pub(super) route: u32,
    /// Its paths, in the simplest words.
    pub(super) pattern: PathPattern,
    /// Where the path stands.
    pub(super) place: Option<Place>,
    /// What the paths begin with, in lower case.
    start: String,
    is_guest: bool,
}

/// The paths of the routes of one competition, by what they begin with.
pub(super) struct Field<'g> {
    gateway: &'g Gateway,
    /// Sorted by what they begin with.
    pub(super) entries: Vec<Entry>,
    by_start: HashMap<String, Vec<u32>>,
    by_route: HashMap<u32, Vec<u32>>,
    compares_hosts: bool,
    steps: &'g Cell<u32>,
}

/// Takes steps; whether there were so many.
pub(super) fn spend(steps: &Cell<u32>, count: u32) -> bool {
    let left = steps.get();
    steps.set(left.saturating_sub(count));
    left >= count
}

impl<'g> Field<'g> {
    pub(super) fn new(gateway: &'g Gateway, competition: Competition, steps: &'g Cell<u32>) -> Self {
        let mut entries = Vec::new();
        for (number, &route) in competition.routes.iter().enumerate() {
            let paths = &gateway.routes[route as usize].paths;
            let mut push = |pattern: PathPattern, place| {
                let start = pattern.literal_prefix().to_ascii_lowercase();
                let start = if start == "/" { String::new() } else { start };
                entries.push(Entry { route, pattern, place, start, is_guest: number < competition.guests });
            };
            if paths.is_empty() {
                push(PathPattern::any(), None);
            }
            for path in paths {
                push(path.pattern.plain(), Some(path.place));
            }
        }
        entries.sort_by(|a, b| a.start.cmp(&b.start));
        let mut by_start: HashMap<String, Vec<u32>> = HashMap::new();
        let mut by_route: HashMap<u32, Vec<u32>> = HashMap::new();
        for (index, entry) in (0..).zip(&entries) {
            by_start.entry(entry.start.clone()).or_default().push(index);
            by_route.entry(entry.route).or_default().push(index);
        }
        Self { gateway, entries, by_start, by_route, compares_hosts: competition.compares_hosts, steps }
    }

    /// Entries of a route.
    pub(super) fn entries_of(&self, route: u32) -> impl Iterator<Item = &Entry> {
        self.by_route.get(&route).into_iter().flatten().map(|&index| &self.entries[index as usize])
    }

    /// Entries whose paths begin with a part of what those of `entry` begin with, or with the same.
    pub(super) fn around<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = &'a Entry> {
        let both_guests = |other: &Entry| entry.is_guest && other.is_guest;
        self.starting(&entry.start).filter(move |other| !both_guests(other))
    }

    /// Entries whose paths begin as those of `entry` and go on.
    pub(super) fn within<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = &'a Entry> {
        let first = self.entries.partition_point(|other| other.start <= entry.start);
        let within = self.entries[first..].iter().take_while(|other| other.start.starts_with(&entry.start));
        within.filter(move |other| !(entry.is_guest && other.is_guest))
    }

    /// Entries whose paths begin with a part of a text.
    fn starting<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a Entry> {
        let ends = (0..=text.len()).filter(|end| text.is_char_boundary(*end));
        let found = ends.filter_map(|end| self.by_start.get(&text[..end])).flatten();
        found.map(|&index| &self.entries[index as usize])
    }

    /// Whether there may be requests that two routes both match, leaving their paths out.
    pub(super) fn compete(&self, gateway: &Gateway, a: u32, b: u32) -> bool {
        let (a, b) = (&gateway.routes[a as usize], &gateway.routes[b as usize]);
        share_listener(a, b) && common_method(a, b).is_some() && (!self.compares_hosts || common_host(a, b).is_some())
    }

    /// The route that a path goes to, of those that all requests of both `a` and `b` may match; none if that
    /// cannot be told.
    pub(super) fn winner(&self, path: &str, a: &Entry, b: &Entry) -> Option<u32> {
        let routes = &self.gateway.routes;
        let (first, second) = (&routes[a.route as usize], &routes[b.route as usize]);
        let method = common_method(first, second)?;
        let host = if self.compares_hosts { common_host(first, second) } else { None };
        let lower = path.to_ascii_lowercase();
        let (mut rivals, mut unknown): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        for entry in self.starting(&lower) {
            if !spend(self.steps, 1) {
                return None;
            }
            let route = &routes[entry.route as usize];
            let admits_host = || match &host {
                None => true,
                Some(host) => route.hosts.is_empty() || route.hosts.iter().any(|it| it.admits(host) == Some(true)),
            };
            let is_rival = entry.route == a.route || entry.route == b.route || route.conditions.is_empty();
            if is_rival
                && route.methods.known().is_none_or(|methods| methods.admits(&method))
                && share_listener(first, route)
                && admits_host()
            {
                match entry.pattern.admits(path) {
                    Some(true) => rivals.push(entry.route),
                    Some(false) => {}
                    None => unknown.push(entry.route),
                }
            }
        }
        let best = best(self.gateway, &rivals)?;
        // What may match, and may win then.
        let is_sure = unknown.into_iter().all(|rival| rival == best || surely_loses(self.gateway, rival, best));
        is_sure.then_some(best)
    }

    /// Whether a route matches all that another one matches. Decided by structure.
    pub(super) fn covers(&self, gateway: &Gateway, wide: u32, narrow: u32) -> bool {
        let (one, two) = (&gateway.routes[wide as usize], &gateway.routes[narrow as usize]);
        let covers_path =
            |narrow: &Entry| self.entries_of(wide).any(|wide| wide.pattern.surely_covers(&narrow.pattern));
        let is_whole = |route: &Route, count: usize| count == route.paths.len().max(1);
        one.conditions.is_empty()
            && covers_listeners(one, two)
            && covers_methods(one, two)
            && covers_hosts(one, two)
            && is_whole(two, self.entries_of(narrow).count())
            && self.entries_of(narrow).all(covers_path)
    }

    /// Whether an open route is a deliberate exception: it matches only a part of what the strict one matches, by
    /// its place in the tree of paths, its hosts or its methods. An expression that cuts across the tree is none.
    pub(super) fn is_carved_out(&self, gateway: &Gateway, open: &Entry, strict: &Entry) -> bool {
        if cuts_across(&open.pattern) {
            return false;
        }
        let (one, two) = (&gateway.routes[open.route as usize], &gateway.routes[strict.route as usize]);
        let is_inside =
            strict.pattern.surely_covers(&open.pattern) && covers_hosts(two, one) && covers_methods(two, one);
        let is_same = open.pattern.surely_covers(&strict.pattern) && covers_hosts(one, two) && covers_methods(one, two);
        is_inside && !is_same
    }
}

/// Whether an expression admits paths in any part of the tree, as `\.php$` and `^/.*/export`.
fn cuts_across(pattern: &PathPattern) -> bool {
    matches!(pattern.language, Language::Regex(_))
        && pattern.witnesses().iter().any(|path| pattern.surely_admits(&format!("/q7z{path}")))
}

/// The route among several that wins, if their precedence tells.
fn best(gateway: &Gateway, rivals: &[u32]) -> Option<u32> {
    let precedence = |index: u32| &gateway.routes[index as usize].precedence;
    let first = *rivals.first()?;
    match precedence(first) {
        Precedence::Unknown => None,
        Precedence::Order(_) | Precedence::Rank(_) => {
            let mut best = first;
            for &rival in rivals {
                if rival != best && wins(gateway, rival, best)? {
                    best = rival;
                }
            }
            Some(best)
        }
        Precedence::Location(_) => {
            let mut found: Vec<(u32, Location)> = Vec::new();
            for &rival in rivals {
                let Precedence::Location(location) = precedence(rival) else { return None };
                found.push((rival, *location));
            }
            found.sort_by_key(|(rival, _)| *rival);
            let exact = found.iter().find(|(_, location)| *location == Location::Exact);
            let expression = found.iter().find(|(_, location)| *location == Location::Expression);
            let prefixes = found.iter().filter_map(|(rival, location)| match location {
                Location::Prefix { length, is_final } => Some((*length, *is_final, *rival)),
                _ => None,
            });
            let longest = prefixes.max_by_key(|(length, _, rival)| (*length, std::cmp::Reverse(*rival)));
            match (exact, longest, expression) {
                (Some((rival, _)), _, _) => Some(*rival),
                (None, Some((_, true, rival)), _) => Some(rival),
                (None, _, Some((rival, _))) => Some(*rival),
                (None, longest, None) => longest.map(|(_, _, rival)| rival),
            }
        }
    }
}

/// Whether the first of two routes wins wherever both match; none if that cannot be told.
fn wins(gateway: &Gateway, one: u32, two: u32) -> Option<bool> {
    let precedence = |index: u32| &gateway.routes[index as usize].precedence;
    match (precedence(one), precedence(two)) {
        (Precedence::Order(a), Precedence::Order(b)) => Some((a, one) < (b, two)),
        (Precedence::Rank(a), Precedence::Rank(b)) => Some(a > b || (a == b && one < two)),
        _ => None,
    }
}

/// Whether a route loses to another one wherever both match.
fn surely_loses(gateway: &Gateway, one: u32, two: u32) -> bool {
    let is_known = gateway.routes[one as usize].precedence != Precedence::Unknown;
    is_known && !may_win(gateway, one, two)
}

/// Whether a route may win over another one for some path, by their precedence alone.
pub(super) fn may_win(gateway: &Gateway, one: u32, two: u32) -> bool {
    let precedence = |index: u32| &gateway.routes[index as usize].precedence;
    match (precedence(one), precedence(two)) {
        (Precedence::Location(one_kind), Precedence::Location(two_kind)) => match (one_kind, two_kind) {
            (Location::Exact, _) => true,
            (_, Location::Exact) => false,
            (Location::Prefix { length: a, .. }, Location::Prefix { length: b, .. }) => a >= b,
            (Location::Prefix { is_final, .. }, Location::Expression) => *is_final,
            (Location::Expression, Location::Prefix { is_final, .. }) => !is_final,
            (Location::Expression, Location::Expression) => one < two,
        },
        _ => wins(gateway, one, two) == Some(true),
    }
}

/// Whether a route wins over another one for every path that both match.
pub(super) fn always_wins(gateway: &Gateway, one: u32, two: u32) -> bool {
    let precedence = |index: u32| &gateway.routes[index as usize].precedence;
    match (precedence(one), precedence(two)) {
        (Precedence::Location(one_kind), Precedence::Location(two_kind)) => match (one_kind, two_kind) {
            (Location::Exact, Location::Exact) | (Location::Expression, Location::Expression) => one < two,
            (Location::Expression, Location::Prefix { is_final, .. }) => !is_final,
            // Of two prefixes the longer wins, and that one does not cover the other.
            _ => false,
        },
        _ => wins(gateway, one, two) == Some(true),
    }
}

fn share_listener(a: &Route, b: &Route) -> bool {
    if a.plaintext.known().zip(b.plaintext.known()).is_some_and(|(a, b)| a != b) {
        return false;
    }
    match (a.listeners.known(), b.listeners.known()) {
        (Some(a), Some(b)) if !a.is_empty() && !b.is_empty() => a.iter().any(|listener| b.contains(listener)),
        _ => true,
    }
}

fn covers_listeners(a: &Route, b: &Route) -> bool {
    match (a.listeners.known(), b.listeners.known()) {
        (Some(a), Some(b)) => b.iter().all(|listener| a.contains(listener)) && (a.is_empty() == b.is_empty()),
        (None, None) => a.plaintext == b.plaintext,
        _ => false,
    }
}

/// A method that both admit, other than OPTIONS: preflights carry no credentials.
fn common_method(a: &Route, b: &Route) -> Option<String> {
    const USUAL: [&str; 6] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"];
    let (a, b) = (a.methods.known()?, b.methods.known()?);
    let named = [a, b].into_iter().filter_map(|methods| match methods {
        Methods::Only(methods) => Some(methods.iter().map(|(method, _)| method.as_str())),
        Methods::All | Methods::AllBut(_) => None,
    });
    let mut methods = USUAL.into_iter().chain(named.flatten()).filter(|method| *method != "OPTIONS");
    methods.find(|method| a.admits(method) && b.admits(method)).map(str::to_owned)
}

fn covers_methods(a: &Route, b: &Route) -> bool {
    match (a.methods.known(), b.methods.known()) {
        (Some(Methods::All), Some(_)) => true,
        (Some(wide), Some(Methods::Only(methods))) => methods.iter().all(|(method, _)| wide.admits(method)),
        (Some(Methods::AllBut(wide)), Some(Methods::AllBut(narrow))) => {
            wide.iter().all(|method| narrow.contains(method))
        }
        _ => false,
    }
}

/// A host that both admit; empty if both admit all.
fn common_host(a: &Route, b: &Route) -> Option<String> {
    const ANY: [HostPattern; 1] = [HostPattern::Any];
    fn hosts(route: &Route) -> &[HostPattern] {
        if route.hosts.is_empty() { &ANY } else { &route.hosts }
    }
    hosts(a).iter().find_map(|one| hosts(b).iter().find_map(|two| one.overlaps(two)))
}

fn covers_hosts(a: &Route, b: &Route) -> bool {
    let covers = |host: &HostPattern| a.hosts.iter().any(|wide| wide.covers(host) == Some(true));
    a.hosts.is_empty() || a.hosts.contains(&HostPattern::Any) || (!b.hosts.is_empty() && b.hosts.iter().all(covers))
}

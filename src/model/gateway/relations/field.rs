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
    /// Its place among the paths of the route.
    path: u32,
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
    /// Whether a route sends who leaves out the slash at the end to the path with it.
    adds_slashes: bool,
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
            let mut push = |path: u32, pattern: PathPattern, place| {
                let start = pattern.literal_prefix().to_ascii_lowercase();
                let start = if start == "/" { String::new() } else { start };
                let is_guest = number < competition.guests;
                entries.push(Entry { route, path, pattern, place, start, is_guest });
            };
            if paths.is_empty() {
                push(0, PathPattern::any(), None);
            }
            for (index, path) in (0..).zip(paths) {
                push(index, path.pattern.plain(), Some(path.place));
            }
        }
        entries.sort_by(|a, b| a.start.cmp(&b.start));
        let mut by_start: HashMap<String, Vec<u32>> = HashMap::new();
        let mut by_route: HashMap<u32, Vec<u32>> = HashMap::new();
        for (index, entry) in (0..).zip(&entries) {
            by_start.entry(entry.start.clone()).or_default().push(index);
            by_route.entry(entry.route).or_default().push(index);
        }
        let adds_slashes = competition.routes.iter().any(|&route| gateway.routes[route as usize].adds_slash);
        Self { gateway, entries, by_start, by_route, adds_slashes, compares_hosts: competition.compares_hosts, steps }
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
        let slashed = format!("{path}/");
        let path = if self.is_sent_on(path, &slashed) { &slashed } else { path };
        let routes = &self.gateway.routes;
        let (first, second) = (&routes[a.route as usize], &routes[b.route as usize]);
        let method = common_method(first, second)?;
        let host = if self.compares_hosts { common_host(first, second) } else { None };
        let lower = path.to_ascii_lowercase();
        let (mut rivals, mut unknown): (Vec<&Entry>, Vec<&Entry>) = (Vec::new(), Vec::new());
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
                    Some(true) => rivals.push(entry),
                    Some(false) => {}
                    None => unknown.push(entry),
                }
            }
        }
        let best = best(self.gateway, &rivals)?;
        // What may match, and may win then.
        let loses = |rival: &&Entry| {
            let mut winners = rivals.iter().filter(|entry| entry.route == best);
            rival.route == best || winners.any(|winner| surely_loses(self.gateway, rival, winner))
        };
        unknown.iter().all(loses).then_some(best)
    }

    /// Whether who asks for a path is sent to the same with a slash at its end.
    fn is_sent_on(&self, path: &str, slashed: &str) -> bool {
        if !self.adds_slashes || path.ends_with('/') {
            return false;
        }
        let is_for = |text: &str, adds_slash: bool| {
            let same = |entry: &&u32| {
                let entry = &self.entries[**entry as usize];
                let (Language::Exact(own) | Language::RawPrefix(own)) = &entry.pattern.language else { return false };
                own == text && (!adds_slash || self.gateway.routes[entry.route as usize].adds_slash)
            };
            self.by_start
                .get(&text.to_ascii_lowercase())
                .is_some_and(|entries| entries.iter().any(|entry| same(&entry)))
        };
        is_for(slashed, true) && !is_for(path, false)
    }

    /// Whether a route matches all that another one matches. Decided by structure.
    pub(super) fn covers(&self, wide: u32, narrow: u32) -> bool {
        self.covers_where(wide, narrow, |_, _| true)
    }

    /// Whether a route takes all requests of another one.
    pub(super) fn takes_all(&self, winner: u32, loser: u32) -> bool {
        self.covers_where(winner, loser, |winner, loser| always_wins(self.gateway, winner, loser))
    }

    fn covers_where(&self, wide: u32, narrow: u32, wanted: impl Fn(&Entry, &Entry) -> bool) -> bool {
        let (one, two) = (&self.gateway.routes[wide as usize], &self.gateway.routes[narrow as usize]);
        let covers_path = |narrow: &Entry| {
            let mut paths = self.entries_of(wide);
            paths.any(|wide| wide.pattern.surely_covers(&narrow.pattern) && wanted(wide, narrow))
        };
        one.conditions.is_empty()
            && covers_listeners(one, two)
            && covers_methods(one, two)
            && covers_hosts(one, two)
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
fn best(gateway: &Gateway, rivals: &[&Entry]) -> Option<u32> {
    let first = *rivals.first()?;
    match precedence(gateway, first) {
        Precedence::Unknown => None,
        Precedence::Order(_) | Precedence::Rank(_) | Precedence::Ranks(_) => {
            let mut best = first;
            for rival in rivals {
                if wins(gateway, rival, best)? {
                    best = rival;
                }
            }
            Some(best.route)
        }
        Precedence::Location(_) => {
            let mut found: Vec<(u32, Location)> = Vec::new();
            for rival in rivals {
                let Precedence::Location(location) = precedence(gateway, rival) else { return None };
                found.push((rival.route, *location));
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

fn precedence<'g>(gateway: &'g Gateway, entry: &Entry) -> &'g Precedence {
    &gateway.routes[entry.route as usize].precedence
}

/// The rank of a path, if routes are ranked.
fn rank<'g>(gateway: &'g Gateway, entry: &Entry) -> Option<&'g [i64]> {
    match precedence(gateway, entry) {
        Precedence::Rank(rank) => Some(rank),
        Precedence::Ranks(ranks) => ranks.get(entry.path as usize).map(Vec::as_slice),
        _ => None,
    }
}

/// Whether the first of two paths wins wherever both match; none if that cannot be told.
fn wins(gateway: &Gateway, one: &Entry, two: &Entry) -> Option<bool> {
    if let (Precedence::Order(a), Precedence::Order(b)) = (precedence(gateway, one), precedence(gateway, two)) {
        return Some((a, one.route) < (b, two.route));
    }
    let (a, b) = (rank(gateway, one)?, rank(gateway, two)?);
    Some(a > b || (a == b && one.route < two.route))
}

/// Whether a path loses to another one wherever both match.
fn surely_loses(gateway: &Gateway, one: &Entry, two: &Entry) -> bool {
    *precedence(gateway, one) != Precedence::Unknown && !may_win(gateway, one, two)
}

/// Whether a path may win over another one for some request, by their precedence alone.
pub(super) fn may_win(gateway: &Gateway, one: &Entry, two: &Entry) -> bool {
    match (precedence(gateway, one), precedence(gateway, two)) {
        (Precedence::Location(one_kind), Precedence::Location(two_kind)) => match (one_kind, two_kind) {
            (Location::Exact, _) => true,
            (_, Location::Exact) => false,
            (Location::Prefix { length: a, .. }, Location::Prefix { length: b, .. }) => a >= b,
            (Location::Prefix { is_final, .. }, Location::Expression) => *is_final,
            (Location::Expression, Location::Prefix { is_final, .. }) => !is_final,
            (Location::Expression, Location::Expression) => one.route < two.route,
        },
        _ => wins(gateway, one, two) == Some(true),
    }
}

/// Whether a path wins over another one for every request that both match.
fn always_wins(gateway: &Gateway, one: &Entry, two: &Entry) -> bool {
    match (precedence(gateway, one), precedence(gateway, two)) {
        (Precedence::Location(one_kind), Precedence::Location(two_kind)) => match (one_kind, two_kind) {
            (Location::Exact, Location::Exact) | (Location::Expression, Location::Expression) => one.route < two.route,
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

//! Routers as routes: each alternative of a rule is one, with what its entry points, its parents and its own
//! middlewares do. Knows no carrier.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::dynamic::{Name, Reference, Router, Target};
use super::listeners::{Listeners, Mode};
use super::middlewares::{Effects, Middlewares, is_everyone, redirect};
use super::rule::{self, Match, Syntax};
use super::services::{Destination, Services};
use super::view::View;
use super::{admin, conf::Conf, seconds};
use crate::model::Why;
use crate::model::gateway::path::Language;
use crate::model::gateway::{
    Access, AccessBy, Action, Applied, Auth, ClientCertificate, Consequence, DanglingName, Gateway, HostPattern, Limit,
    LimitInForce, Measure, Mechanism, Path, Precedence, Rewrite, Route, Scope, Set, Stated,
};
use crate::span::Place;

/// Routers have no more ancestors than this, one above the other.
const MAX_PARENTS: usize = 8;

/// Routers are reached in no more ways than this.
const MAX_WAYS: usize = 8;

/// So many routes are made of routers that are reached in several ways, besides one of each.
const MAX_MORE: usize = 20_000;

/// Works out the routes of a gateway.
#[derive(Debug, Default)]
pub(super) struct Routes {
    pub(super) middlewares: Middlewares,
    pub(super) services: Services,
    pub(super) listeners: Listeners,
    /// What on each entry point depends on the address of the client.
    pub(super) dependents: HashMap<usize, Dependents>,
    /// Routes by the setting that sets headers for their upstream.
    pub(super) identities: HashMap<Place, Vec<u32>>,
    /// Whether all routes of a listener send `Strict-Transport-Security`.
    pub(super) hsts: HashMap<u32, bool>,
    certificates: HashMap<Place, u32>,
    timeouts: HashMap<Place, u32>,
    points: HashMap<usize, Vec<(Place, Rc<Effects>)>>,
    unnamed: HashSet<String>,
    /// How many routes were made of other ways to a router than its first.
    more: usize,
}

/// What depends on the address of the client.
#[derive(Debug, Default)]
pub(super) struct Dependents {
    /// By forwarded headers; inside: whether it decides about access.
    pub(super) forwarded: Option<bool>,
    /// By the address of the peer.
    pub(super) peer: Option<bool>,
    /// The routes.
    pub(super) routes: Vec<u32>,
}

/// A router with its ancestors, outermost first, and what comes of them.
struct Line<'v, 'a> {
    routers: Vec<&'v Router<'a>>,
    /// Effects with their places, in the order in which they act, and who attaches them.
    effects: Vec<(Place, Scope, Rc<Effects>)>,
    /// Entry points by number; none: they are out of view.
    points: Option<Vec<usize>>,
    /// Whether its entry points send everything to HTTPS.
    redirected: bool,
    dead: bool,
    destination: Destination,
}

impl Line<'_, '_> {
    /// The line below parents that could not be followed: those in the line itself are never served, those that
    /// nothing in view defines may do anything before.
    fn below(mut self, parents: &[Reference], routers: &[&Router<'_>]) -> Self {
        for parent in parents {
            if routers.iter().any(|router| router.name == parent.name) {
                self.dead = true;
            } else {
                let effects = Effects { lost: Some(parent.place), ..Effects::default() };
                self.effects.push((parent.place, Scope::Route, Rc::new(effects)));
            }
        }
        self
    }
}

/// What is found on any router, and so is not set for all of them elsewhere.
#[derive(Clone, Copy, Default)]
struct Seen {
    auth: bool,
    access: bool,
    rates: bool,
    cors: bool,
    body: bool,
}

impl Routes {
    /// Adds all routes.
    pub(super) fn read(&mut self, view: &View<'_>, gateway: &mut Gateway) {
        let by_name: HashMap<&Name, usize> =
            view.dynamic.routers.iter().enumerate().map(|(number, router)| (&router.name, number)).collect();
        let parents: HashSet<&Name> =
            view.dynamic.routers.iter().flat_map(|router| &router.parents).map(|parent| &parent.name).collect();
        let mut lines = Vec::new();
        for router in &view.dynamic.routers {
            if parents.contains(&router.name) && matches!(router.target, Target::None) {
                continue;
            }
            let ways = ancestry(router, &by_name, view);
            let kept = self.keep(ways.len());
            let cut = (kept < ways.len()).then(|| unread(router.place, Scope::Route));
            for routers in ways.into_iter().take(kept) {
                let found = self.lines(&routers, view, gateway);
                let lost = routers.first().map_or(&[][..], |outer| &outer.parents);
                lines.extend(found.into_iter().map(|line| {
                    let mut line = line.below(lost, &routers);
                    line.effects.extend(cut.clone());
                    line
                }));
            }
        }
        let mut seen = Seen::default();
        for (_, _, effects) in lines.iter().flat_map(|line| &line.effects) {
            seen.auth |= !effects.auths.is_empty();
            seen.access |= !effects.access.is_empty();
            seen.rates |= !effects.rates.is_empty();
            seen.cors |= !effects.cors.is_empty();
            seen.body |= effects.body.is_some();
        }
        for line in &lines {
            self.route(line, seen, view, gateway);
        }
    }

    /// How many of several ways to a router are followed.
    fn keep(&mut self, ways: usize) -> usize {
        let kept = ways.min(1 + MAX_MORE.saturating_sub(self.more));
        self.more += kept.saturating_sub(1);
        kept
    }

    /// A router as it is served: once for all entry points that do the same to its requests.
    fn lines<'v, 'a>(
        &mut self,
        routers: &[&'v Router<'a>],
        view: &View<'a>,
        gateway: &mut Gateway,
    ) -> Vec<Line<'v, 'a>> {
        let Some(outer) = routers.first() else { return Vec::new() };
        let points = self.points(outer, view, gateway);
        let mut own = Vec::new();
        for reference in routers.iter().flat_map(|router| &router.middlewares) {
            own.push((reference.place, Scope::Route, self.middlewares.of(reference, view, gateway)));
        }
        let destination = routers
            .last()
            .map_or_else(Destination::default, |router| self.services.of(&router.target, router.place, view, gateway));
        for reference in &destination.middlewares {
            own.push((reference.place, Scope::Service, self.middlewares.of(reference, view, gateway)));
        }
        own.extend(destination.partly.map(|place| unread(place, Scope::Service)));
        let line = |points: Option<Vec<usize>>, redirected: bool, before: Vec<(Place, Rc<Effects>)>| {
            let before = before.into_iter().map(|(place, effects)| (place, Scope::Listener, effects));
            let effects: Vec<_> = before.chain(own.iter().cloned()).collect();
            let dead = effects.iter().any(|(_, _, effects)| effects.dead);
            let destination = destination.clone();
            Line { routers: routers.to_vec(), effects, points, redirected, dead, destination }
        };
        let (Some(points), Some(main)) = (points, view.main()) else {
            return vec![line(None, false, Vec::new())];
        };
        // What arrives where everything is sent to HTTPS never gets to a router.
        let live: Vec<usize> = points.iter().copied().filter(|&number| !main.entry_points[number].redirects).collect();
        if live.is_empty() {
            let redirected = !points.is_empty();
            return vec![line(Some(points), redirected, Vec::new())];
        }
        let mut groups: Vec<(Vec<&Name>, Vec<usize>)> = Vec::new();
        for number in live {
            let names: Vec<&Name> =
                main.entry_points[number].middlewares.iter().map(|middleware| &middleware.name).collect();
            match groups.iter_mut().find(|(known, _)| *known == names) {
                Some((_, numbers)) => numbers.push(number),
                None => groups.push((names, vec![number])),
            }
        }
        let rest = groups.split_off(self.keep(groups.len()).min(groups.len()));
        let mut lines = Vec::with_capacity(groups.len());
        for (_, numbers) in groups {
            let before = numbers.first().map(|&first| self.of_point(first, view, gateway)).unwrap_or_default();
            lines.push(line(Some(numbers), false, before));
        }
        if !rest.is_empty() {
            let (place, _, effects) = unread(outer.place, Scope::Listener);
            let numbers = rest.into_iter().flat_map(|(_, numbers)| numbers).collect();
            lines.push(line(Some(numbers), false, vec![(place, effects)]));
        }
        lines
    }

    /// The effects of the middlewares of an entry point.
    fn of_point(&mut self, number: usize, view: &View<'_>, gateway: &mut Gateway) -> Vec<(Place, Rc<Effects>)> {
        if let Some(known) = self.points.get(&number) {
            return known.clone();
        }
        let references = view.main().map_or(&[][..], |main| &main.entry_points[number].middlewares);
        let found: Vec<_> = references
            .iter()
            .map(|reference| (reference.place, self.middlewares.of(reference, view, gateway)))
            .collect();
        self.points.insert(number, found.clone());
        found
    }

    /// The entry points of a router.
    fn points(&mut self, router: &Router<'_>, view: &View<'_>, gateway: &mut Gateway) -> Option<Vec<usize>> {
        let main = view.main()?;
        if router.entry_points.is_empty() {
            let points = main.entry_points.iter().enumerate().filter(|(_, point)| point.is_default);
            return Some(points.map(|(number, _)| number).collect());
        }
        let mut found = Vec::new();
        for (name, place) in &router.entry_points {
            match main.entry_point(name) {
                Some(number) => found.push(number),
                // Traefik opens this one by itself, for its own routers.
                None if name.eq_ignore_ascii_case("traefik") => {}
                None if view.template.is_none() && self.unnamed.insert(name.to_ascii_lowercase()) => {
                    gateway.dangling.push(DanglingName {
                        name: (*name).to_owned(),
                        what: "entry point".to_owned(),
                        place: *place,
                        consequence: Consequence::Dead,
                    });
                }
                None => {}
            }
        }
        Some(found)
    }

    fn route(&mut self, line: &Line<'_, '_>, seen: Seen, view: &View<'_>, gateway: &mut Gateway) {
        let [.., router] = line.routers.as_slice() else { return };
        let outer = line.routers[0];
        let mut effects = Effects::default();
        line.effects.iter().for_each(|(_, _, more)| effects.then(more));
        let mut route = Route::new(&*router.shown, router.place);
        let mut dead = line.dead;
        self.serve(outer, line, &mut route, &mut dead, view, gateway);
        policies(line, &effects, seen, &mut route, view);
        self.limits(line, &effects, seen, &mut route, view, gateway);
        let Destination { upstreams, internal, dead: unserved, .. } = line.destination.clone();
        let waits = upstreams.iter().find_map(|upstream| self.services.waits.get(upstream).copied());
        let limit = waits.map_or_else(|| view.absent(false), |limit| Stated::Known(Some(limit)));
        route.limits.push(LimitInForce { measure: Measure::Upstream, limit });
        let plaintext = route.plaintext.known().copied();
        let redirect = effects.redirects.and_then(|to_https| redirect(to_https, plaintext));
        route.upstreams = upstreams;
        dead |= unserved && redirect.is_none();
        route.action = match (redirect, internal.as_deref()) {
            _ if line.redirected => Action::HttpsRedirect,
            (Some(action), _) => action,
            (None, Some("noop")) => Action::Refuse,
            (None, Some(_)) => Action::Respond,
            (None, None) => Action::Proxy,
        };
        logging(line, &mut route, view);
        let priorities = line.routers.iter().map(|router| priority(router));
        route.precedence = Precedence::Rank(priorities.collect());
        let mut matches = vec![Match::default()];
        let mut is_read = true;
        for router in &line.routers {
            // Only containers have a default rule.
            dead |= router.rule.is_none() && router.container.is_none() && view.template.is_none();
            let found = alternatives(router, view);
            is_read &= !found.iter().any(|one| one.paths.iter().any(|path| path.is_opaque()));
            matches = matches.iter().flat_map(|a| found.iter().map(|b| a.clone().and(b))).take(64).collect();
        }
        if !is_read {
            route.precedence = Precedence::Unknown;
        }
        route.disabled = dead;
        for one in matches {
            let mut route = route.clone();
            apply(&one, router, &effects, &mut route, gateway);
            let by_rule = if one.addresses.is_empty() { None } else { Some(true) };
            let number = gateway.add_route(route);
            let trusts = if effects.trusts { Some(true) } else { None };
            let (forwarded, peer) = (effects.forwarded.max(trusts), effects.peer.max(by_rule));
            for &point in line.points.iter().flatten().filter(|_| forwarded.or(peer).is_some()) {
                let dependents = self.dependents.entry(point).or_default();
                dependents.forwarded = dependents.forwarded.max(forwarded);
                dependents.peer = dependents.peer.max(peer);
                dependents.routes.push(number);
            }
            for &listener in gateway.routes[number as usize].listeners.known().into_iter().flatten() {
                *self.hsts.entry(listener).or_insert(true) &= effects.hsts;
            }
            if let Some(place) = effects.identity {
                self.identities.entry(place).or_default().push(number);
            }
            if let Some(service) = internal.as_deref().filter(|_| !dead) {
                admin::routed(service, number, gateway);
            }
        }
    }

    /// Listeners, and whether requests in plain text reach the route.
    fn serve(
        &mut self,
        outer: &Router<'_>,
        line: &Line<'_, '_>,
        route: &mut Route,
        dead: &mut bool,
        view: &View<'_>,
        gateway: &mut Gateway,
    ) {
        let own = outer.tls.map(|_| self.listeners.number(outer.options.as_ref(), view, gateway));
        if own == Some(None) {
            (route.listeners, route.plaintext) = (Stated::Known(Vec::new()), Stated::Known(false));
            *dead = true;
            return;
        }
        let (Some(points), Some(main)) = (&line.points, view.main()) else {
            let place = outer.entry_points.first().map(|(_, place)| *place);
            route.listeners = Stated::Unknown(Why::Elsewhere, place);
            route.plaintext = match own {
                Some(_) => Stated::Known(false),
                None => Stated::Unknown(Why::Elsewhere, place),
            };
            if let Some(Some(options)) = own {
                self.certificate(options, outer.place, route, view, gateway);
            }
            return;
        };
        let mut listeners = Vec::new();
        let mut plaintext = false;
        for &number in points {
            let point = &main.entry_points[number];
            let mode = match own {
                Some(options) => Mode::Tls(options.flatten()),
                None => match &point.tls {
                    Some(_) => Mode::Tls(self.listeners.number(point.options.as_ref(), view, gateway).flatten()),
                    None => Mode::Plain,
                },
            };
            plaintext |= mode == Mode::Plain && !point.redirects;
            let listener = self.listeners.of(number, mode, view, gateway);
            listeners.extend(listener.filter(|listener| !listeners.contains(listener)));
        }
        // Only Traefik's own entry point, or none that exists.
        if listeners.is_empty() && outer.entry_points.iter().any(|(name, _)| !name.eq_ignore_ascii_case("traefik")) {
            *dead = true;
        }
        route.listeners = Stated::Known(listeners);
        route.plaintext = Stated::Known(plaintext);
    }

    /// Where listeners are out of view, a client certificate that TLS options demand is a way to authenticate.
    fn certificate(
        &mut self,
        options: Option<usize>,
        place: Place,
        route: &mut Route,
        view: &View<'_>,
        gateway: &mut Gateway,
    ) {
        if options.is_none() {
            return;
        }
        let tls = self.listeners.tls(options, place, view, gateway);
        let asked = gateway.tls.get(tls as usize).and_then(|tls| tls.client_certificate.known().cloned());
        if let Some(asked) = asked.filter(|asked| asked.value == ClientCertificate::Required) {
            let policy = *self
                .certificates
                .entry(asked.place)
                .or_insert_with(|| gateway.add_auth(Auth::new("clientAuth", Mechanism::Certificate, asked.place)));
            route.auth = Stated::Known(vec![Applied { policy, place: asked.place, scope: Scope::Listener }]);
        }
    }

    fn limits(
        &mut self,
        line: &Line<'_, '_>,
        effects: &Effects,
        seen: Seen,
        route: &mut Route,
        view: &View<'_>,
        gateway: &mut Gateway,
    ) {
        let body = match (effects.body, effects.unknown()) {
            (Some(limit), _) => Stated::Known(Some(limit)),
            (None, Some((why, place))) => Stated::Unknown(why, Some(place)),
            (None, None) => view.absent(seen.body),
        };
        route.limits.push(LimitInForce { measure: Measure::Body, limit: body });
        // The time to read a whole request, headers included, is bounded unless it is set to 0.
        let reading = match (&line.points, view.main()) {
            (Some(points), Some(main)) => {
                let points = points.iter().filter_map(|&number| main.entry_points[number].conf);
                let set =
                    points.filter_map(|conf| conf.path(&["transport", "respondingTimeouts", "readTimeout"])).next();
                Stated::Known(set.and_then(|node| self.timeout(node, Measure::Request, gateway)))
            }
            _ => Stated::Unknown(Why::Elsewhere, None),
        };
        for measure in [Measure::Request, Measure::Headers] {
            route.limits.push(LimitInForce { measure, limit: reading.clone() });
        }
    }

    fn timeout(&mut self, node: Conf<'_>, measure: Measure, gateway: &mut Gateway) -> Option<u32> {
        let value = seconds(node.text()?)?;
        let value = if value > 0.0 { value } else { f64::INFINITY };
        let name = "transport.respondingTimeouts.readTimeout".to_owned();
        let place = node.key_place();
        Some(*self.timeouts.entry(place).or_insert_with(|| gateway.add_limit(Limit { measure, value, place, name })))
    }
}

/// Where something acts on requests that is not followed.
fn unread(place: Place, scope: Scope) -> (Place, Scope, Rc<Effects>) {
    (place, scope, Rc::new(Effects { unread: Some(place), ..Effects::default() }))
}

/// What applies to a route.
fn policies(line: &Line<'_, '_>, effects: &Effects, seen: Seen, route: &mut Route, view: &View<'_>) {
    let gather = |part: fn(&Effects) -> &Vec<u32>, seen: bool, before: &Stated<Vec<Applied>>| {
        let mut list: Vec<Applied> = before.known().cloned().unwrap_or_default();
        for (place, scope, effects) in &line.effects {
            for &policy in part(effects) {
                if list.iter().all(|applied| applied.policy != policy) {
                    list.push(Applied { policy, place: *place, scope: *scope });
                }
            }
        }
        match (list.is_empty(), effects.unknown()) {
            (false, _) => Stated::Known(list),
            (true, Some((why, place))) => Stated::Unknown(why, Some(place)),
            (true, None) => view.absent(seen),
        }
    };
    let none = Stated::Absent;
    route.auth = gather(|effects| &effects.auths, seen.auth, &route.auth);
    route.access = gather(|effects| &effects.access, seen.access, &none);
    route.rates = gather(|effects| &effects.rates, seen.rates, &none);
    route.cors = gather(|effects| &effects.cors, seen.cors, &none);
}

/// Puts what an alternative of the rule matches into its route.
fn apply(one: &Match, router: &Router<'_>, effects: &Effects, route: &mut Route, gateway: &mut Gateway) {
    route.hosts = one.hosts.iter().filter(|host| **host != HostPattern::Any).cloned().collect();
    if one.hosts.contains(&HostPattern::Any) {
        route.hosts.clear();
    }
    if let Some(container) = router.container {
        // The default rule is made of the container's name, in a way that can be set.
        route.hosts = vec![HostPattern::Opaque(container.to_owned())];
    }
    route.paths = one.paths.iter().map(|pattern| Path { pattern: pattern.clone(), place: router.place }).collect();
    route.methods = if one.unread {
        Stated::Unknown(Why::NotRead, Some(router.place))
    } else {
        Stated::Known(one.methods(router.place))
    };
    if one.conditional {
        route.conditions.push(router.place);
    }
    if !one.addresses.is_empty() {
        let mut access = Access::new("ClientIP", AccessBy::Address, router.place);
        let open = one.addresses.iter().any(|range| is_everyone(range));
        access.restricts = Stated::Known(!open);
        let applied = Applied { policy: gateway.add_access(access), place: router.place, scope: Scope::Route };
        match &mut route.access {
            Stated::Known(list) => list.push(applied),
            other => *other = Stated::Known(vec![applied]),
        }
    }
    let prefixes = one.paths.iter().map(|path| match &path.language {
        Language::RawPrefix(text) | Language::Exact(text) => Some(text.trim_end_matches('/')),
        _ => None,
    });
    let strips = |prefix: Option<&str>| {
        prefix.is_some_and(|prefix| effects.stripped.iter().any(|text| text.trim_end_matches('/') == prefix))
    };
    route.rewrite = match &effects.path {
        Some(Some(path)) => Rewrite::Whole(path.clone()),
        Some(None) => Rewrite::Unknown,
        None if effects.stripped.is_empty() => Rewrite::None,
        None if !one.paths.is_empty() && prefixes.into_iter().all(strips) => Rewrite::Prefix(String::new()),
        None => Rewrite::Unknown,
    };
}

/// Whether requests are logged: off, unless the static configuration says otherwise.
fn logging(line: &Line<'_, '_>, route: &mut Route, view: &View<'_>) {
    let own = line.routers.iter().rev().find_map(|router| router.logged);
    route.access_log = match (own, view.main(), view.template) {
        (Some((false, place)), ..) => Stated::Known(Set::written(false, place)),
        (_, _, Some(place)) => Stated::Unknown(Why::Template, Some(place)),
        (_, Some(main), None) => Stated::Known(match main.conf.on("accessLog") {
            Some(log) => Set::written(true, log.key_place()),
            None => match main.conf.get("accessLog") {
                Some(off) => Set::written(false, off.key_place()),
                None => Set::default(false, main.place()),
            },
        }),
        (_, None, None) => Stated::Unknown(Why::Elsewhere, None),
    };
}

/// The alternatives of a router's rule.
fn alternatives(router: &Router<'_>, view: &View<'_>) -> Vec<Match> {
    let Some(rule) = router.rule else { return vec![Match::default()] };
    let old = router.old_syntax || view.main().is_some_and(|main| main.is_old_syntax());
    let syntax = if old { Syntax::V2 } else { Syntax::V3 };
    rule::alternatives(rule, syntax).unwrap_or_else(|| vec![Match::opaque(rule)])
}

/// The number by which a router ranks: the one that is given, else the length of its rule.
fn priority(router: &Router<'_>) -> i64 {
    let length = router.rule.map_or(0, str::len) as i64;
    router.priority.filter(|&priority| priority != 0).unwrap_or(length)
}

/// A router behind each line of its ancestors, outermost first.
fn ancestry<'v, 'a>(
    router: &'v Router<'a>,
    by_name: &HashMap<&Name, usize>,
    view: &'v View<'a>,
) -> Vec<Vec<&'v Router<'a>>> {
    let mut found = Vec::new();
    let mut left = vec![vec![router]];
    while let Some(line) = left.pop() {
        let outer = line[0];
        let parents: Vec<&Router<'a>> = outer
            .parents
            .iter()
            .filter_map(|parent| by_name.get(&parent.name).map(|&number| &view.dynamic.routers[number]))
            .filter(|parent| line.iter().all(|known| known.name != parent.name))
            .collect();
        if parents.is_empty() || line.len() > MAX_PARENTS || found.len() + left.len() > MAX_WAYS {
            found.push(line);
            continue;
        }
        for parent in parents.into_iter().rev() {
            let mut longer = vec![parent];
            longer.extend(&line);
            left.push(longer);
        }
    }
    found
}

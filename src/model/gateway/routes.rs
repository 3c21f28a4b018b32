//! What follows for routes from the policies that apply to them: who may call, who is protected, who uses what.
//! Worked out once per gateway. Knows no format.

use std::collections::{HashMap, HashSet};

use super::purpose::SignIn;
use super::{
    AccessBy, Action, Applied, AuthMode, ClientCertificate, Exposure, Gateway, Limit, Measure, Methods, Route, Stated,
};
use crate::model::Why;
use crate::span::Place;

/// What a caller must show. In the order of `fields::AUTHENTICATION`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Authentication {
    /// Nothing.
    None,
    /// Nothing, though credentials are looked at if there are any.
    Optional,
    /// Credentials, or a client certificate.
    Required,
}

/// Methods that change something.
pub(super) const WRITES: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

/// A gateway with more routes is read in part.
const MOST_ROUTES: usize = 200_000;

/// A kind of policy that routes use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    /// [`super::Auth`]
    Auth,
    /// [`super::Access`]
    Access,
    /// [`super::Cors`]
    Cors,
    /// [`super::RateLimit`]
    Rate,
    /// [`super::Limit`]
    Limit,
    /// [`super::Upstream`]
    Upstream,
    /// [`super::Listener`]
    Listener,
}

/// What follows for the routes of a gateway.
#[derive(Debug)]
pub struct Derived {
    authentication: Vec<Stated<Authentication>>,
    /// Routes that lead somewhere and need credentials, in order: a dashboard of the gateway's own with a password says
    /// nothing of the routes beside it.
    pub authenticated: Vec<u32>,
    /// Which routes are public by design.
    pub public_by_design: Vec<bool>,
    /// Routes that name hosts and lead somewhere, in order.
    pub with_hosts: Vec<u32>,
    /// Whether any route admits only some methods.
    pub restricts_methods: bool,
    /// Whether any listener speaks TLS.
    pub speaks_tls: bool,
    users: HashMap<(Policy, u32), Vec<u32>>,
    /// Listeners with TLS, by each host they answer.
    with_tls: HashMap<String, Vec<u32>>,
    /// Listeners with TLS that answer all hosts, by what they serve.
    with_tls_for_all: HashMap<Served, Vec<u32>>,
}

/// A path, and the names of the upstreams to which it leads.
type Served = (String, Vec<String>);

impl Derived {
    pub(super) fn new(gateway: &Gateway) -> Self {
        let authentication: Vec<_> = gateway.routes.iter().map(|route| authentication(gateway, route)).collect();
        let required = |state: &Stated<Authentication>| state.known() == Some(&Authentication::Required);
        let asks = |(number, state): (u32, &Stated<Authentication>)| {
            let leads_on = gateway.routes.get(number as usize).is_some_and(|route| gateway.forwards(route));
            (leads_on && required(state)).then_some(number)
        };
        let authenticated: Vec<u32> = (0..).zip(&authentication).filter_map(asks).collect();
        let restricts = |route: &Route| route.methods.known().is_some_and(|methods| *methods != Methods::All);
        let mut users: HashMap<(Policy, u32), Vec<u32>> = HashMap::new();
        for (number, route) in (0..).zip(&gateway.routes) {
            let applied = |list: &Stated<Vec<Applied>>| -> Vec<u32> {
                list.known().into_iter().flatten().map(|applied| applied.policy).collect()
            };
            let limits = route.limits.iter().filter_map(|limit| *limit.limit.known()?);
            let used = [
                (Policy::Auth, applied(&route.auth)),
                (Policy::Access, applied(&route.access)),
                (Policy::Cors, applied(&route.cors)),
                (Policy::Rate, applied(&route.rates)),
                (Policy::Limit, limits.collect()),
                (Policy::Upstream, route.upstreams.clone()),
                (Policy::Listener, route.listeners.known().cloned().unwrap_or_default()),
            ];
            for (kind, policies) in used {
                for policy in policies {
                    let users = users.entry((kind, policy)).or_default();
                    if users.last() != Some(&number) {
                        users.push(number);
                    }
                }
            }
        }
        let restricts_methods = gateway.routes.iter().any(restricts);
        let signs_in = SignIn::of(gateway, &authenticated);
        let is_public = |route: &Route| gateway.is_public_by_design(route) || signs_in.is_behind(gateway, route);
        let public_by_design = gateway.routes.iter().map(is_public).collect();
        let with_hosts =
            (0..).zip(&gateway.routes).filter(|(_, route)| gateway.forwards(route) && !route.hosts.is_empty());
        let with_hosts = with_hosts.map(|(number, _)| number).collect();
        let mut with_tls: HashMap<String, Vec<u32>> = HashMap::new();
        let mut with_tls_for_all: HashMap<Served, Vec<u32>> = HashMap::new();
        let mut speaks_tls = false;
        for (number, listener) in (0..).zip(&gateway.listeners) {
            if listener.protocol.known().is_none_or(|protocol| !protocol.is_tls()) {
                continue;
            }
            speaks_tls = true;
            for host in &listener.hosts {
                with_tls.entry(host.to_string()).or_default().push(number);
            }
            if listener.hosts.is_empty() {
                for served in served(gateway, users.get(&(Policy::Listener, number))) {
                    with_tls_for_all.entry(served).or_default().push(number);
                }
            }
        }
        Self {
            authentication,
            authenticated,
            public_by_design,
            with_hosts,
            restricts_methods,
            speaks_tls,
            users,
            with_tls,
            with_tls_for_all,
        }
    }

    /// Listeners with TLS beside a listener: those that answer one of its hosts. Where neither names hosts, that says
    /// little, as each port may be for something else: then those that serve one of its paths from the same upstream.
    pub fn with_tls<'g>(&'g self, gateway: &'g Gateway, index: u32) -> impl Iterator<Item = u32> {
        let hosts = gateway.listeners.get(index as usize).map(|listener| &listener.hosts);
        let by_host = hosts.into_iter().flatten().filter_map(|host| self.with_tls.get(&host.to_string()));
        let own = hosts.filter(|hosts| hosts.is_empty()).and_then(|_| self.users.get(&(Policy::Listener, index)));
        let by_path = served(gateway, own).filter_map(|served| self.with_tls_for_all.get(&served));
        let mut seen = HashSet::new();
        by_host.chain(by_path).flatten().copied().filter(move |number| seen.insert(*number))
    }

    /// What callers of a route must show.
    pub fn authentication(&self, route: u32) -> &Stated<Authentication> {
        &self.authentication[route as usize]
    }

    /// The routes that a policy applies to.
    pub fn users(&self, kind: Policy, policy: u32) -> &[u32] {
        self.users.get(&(kind, policy)).map_or(&[], Vec::as_slice)
    }
}

/// What is served by routes that lead to an upstream or a function.
fn served<'g>(gateway: &'g Gateway, routes: Option<&'g Vec<u32>>) -> impl Iterator<Item = Served> {
    let routes = routes.into_iter().flatten().filter_map(|&route| gateway.routes.get(route as usize));
    routes.filter(|route| gateway.forwards(route)).map(|route| {
        let upstreams = route.upstreams.iter().filter_map(|&upstream| gateway.upstreams.get(upstream as usize));
        let path = route.paths.first().map_or_else(|| "/".to_owned(), |path| super::path_text(&path.pattern));
        (path, upstreams.map(|upstream| upstream.name.clone()).collect())
    })
}

/// Every way to authenticate that applies to a route, as one answer.
fn authentication(gateway: &Gateway, route: &Route) -> Stated<Authentication> {
    let certificate = |number: &u32| {
        let tls = gateway.listeners.get(*number as usize).and_then(|listener| gateway.tls.get(listener.tls? as usize));
        let asked = tls.and_then(|tls| tls.client_certificate.known()).map(|set| set.value);
        matches!(asked, Some(ClientCertificate::Required | ClientCertificate::Checked))
    };
    let listeners = route.listeners.known().map_or(&[][..], Vec::as_slice);
    if !listeners.is_empty() && listeners.iter().all(certificate) {
        return Stated::Known(Authentication::Required);
    }
    let applied = match &route.auth {
        Stated::Absent => return Stated::Known(Authentication::None),
        Stated::Unknown(why, place) => return Stated::Unknown(*why, *place),
        Stated::Known(applied) => applied,
    };
    let mut auths = applied.iter().filter_map(|applied| gateway.auths.get(applied.policy as usize)).peekable();
    if auths.peek().is_none() {
        return Stated::Known(Authentication::None);
    }
    let demands = |auth: &super::Auth| auth.optional.is_none() || auth.checked_later;
    let required = match route.auth_mode {
        AuthMode::All => auths.any(demands),
        AuthMode::Any => auths.all(demands),
    };
    Stated::Known(if required { Authentication::Required } else { Authentication::Optional })
}

impl Gateway {
    /// Whether requests of a route reach an upstream or a function.
    pub fn forwards(&self, route: &Route) -> bool {
        matches!(route.action, Action::Proxy | Action::Function) && !route.disabled
    }

    /// Whether clients outside the own network reach a route. Listeners that are out of view are taken to be public.
    pub fn is_public(&self, route: &Route) -> bool {
        match route.listeners.known() {
            Some(listeners) if !listeners.is_empty() => {
                let mut listeners = listeners.iter().filter_map(|&number| self.listeners.get(number as usize));
                listeners.any(|listener| listener.exposure == Exposure::Public)
            }
            _ => true,
        }
    }

    /// Whether only some addresses may call a route.
    pub fn is_restricted_by_address(&self, route: &Route) -> Stated<bool> {
        self.is_restricted(route, |by| by == AccessBy::Address)
    }

    /// Whether an access policy of some sort says who may call a route.
    pub fn is_restricted(&self, route: &Route, by: impl Fn(AccessBy) -> bool) -> Stated<bool> {
        let applied = match &route.access {
            Stated::Absent => return Stated::Known(false),
            Stated::Unknown(why, place) => return Stated::Unknown(*why, *place),
            Stated::Known(applied) => applied,
        };
        let mut unknown = None;
        for access in applied.iter().filter_map(|applied| self.access.get(applied.policy as usize)) {
            match (&access.restricts, by(access.by)) {
                (Stated::Known(true), true) => return Stated::Known(true),
                (Stated::Unknown(why, place), true) => unknown = Some((*why, *place)),
                _ => {}
            }
        }
        unknown.map_or(Stated::Known(false), |(why, place)| Stated::Unknown(why, place))
    }

    /// Whether a route admits a method that changes something.
    pub fn admits_writes(&self, route: &Route) -> Stated<bool> {
        match &route.methods {
            Stated::Known(methods) => Stated::Known(WRITES.iter().any(|method| methods.admits(method))),
            Stated::Absent => Stated::Known(true),
            Stated::Unknown(why, place) => Stated::Unknown(*why, *place),
        }
    }

    /// The limit of a kind in force for a route: `None` inside is a default that bounds.
    pub fn limit(&self, route: &Route, measure: Measure) -> Stated<Option<&Limit>> {
        let Some(in_force) = route.limits.iter().find(|limit| limit.measure == measure) else {
            return Stated::Unknown(Why::NotRead, None);
        };
        in_force.limit.clone().map(|limit| limit.and_then(|number| self.limits.get(number as usize)))
    }

    /// A route for messages: its methods and its first path.
    pub fn label(&self, route: &Route) -> String {
        let path = route.paths.first().map_or_else(|| "/".to_owned(), |path| super::path_text(&path.pattern));
        match route.methods.known() {
            Some(Methods::Only(methods)) if !methods.is_empty() && methods.len() <= 3 => {
                let methods: Vec<&str> = methods.iter().map(|(method, _)| method.as_str()).collect();
                format!("{} {path}", methods.join("|"))
            }
            _ => path,
        }
    }

    /// Adds a way to authenticate.
    pub fn add_auth(&mut self, auth: super::Auth) -> u32 {
        push(&mut self.auths, auth)
    }

    /// Adds settings of a token verifier.
    pub fn add_jwt(&mut self, jwt: super::Jwt) -> u32 {
        push(&mut self.jwts, jwt)
    }

    /// Adds an access policy.
    pub fn add_access(&mut self, access: super::Access) -> u32 {
        push(&mut self.access, access)
    }

    /// Adds a CORS policy.
    pub fn add_cors(&mut self, cors: super::Cors) -> u32 {
        push(&mut self.cors, cors)
    }

    /// Adds a rate limit.
    pub fn add_rate(&mut self, rate: super::RateLimit) -> u32 {
        push(&mut self.rates, rate)
    }

    /// Adds a limit of size or time.
    pub fn add_limit(&mut self, limit: Limit) -> u32 {
        push(&mut self.limits, limit)
    }

    /// Adds an upstream.
    pub fn add_upstream(&mut self, upstream: super::Upstream) -> u32 {
        push(&mut self.upstreams, upstream)
    }

    /// Adds a listener.
    pub fn add_listener(&mut self, listener: super::Listener) -> u32 {
        push(&mut self.listeners, listener)
    }

    /// Adds TLS settings.
    pub fn add_tls(&mut self, tls: super::Tls) -> u32 {
        push(&mut self.tls, tls)
    }

    /// Whether it has so many routes that further ones are left out, which makes it partial at `place`. Aliases and
    /// parts that are used often can name a few routes without end.
    pub fn is_full(&mut self, place: Place) -> bool {
        let is_full = self.routes.len() >= MOST_ROUTES;
        if is_full {
            self.partial.get_or_insert((Why::Unread, place));
        }
        is_full
    }

    /// Adds a route.
    pub fn add_route(&mut self, route: Route) -> u32 {
        push(&mut self.routes, route)
    }

    /// Part of the configuration is out of view: nothing that is not set for a route is known to be absent.
    pub fn doubt_absences(&mut self, why: Why, place: Place) {
        fn doubt<T>(stated: &mut Stated<T>, why: Why, place: Place) {
            if stated.is_absent() {
                *stated = Stated::Unknown(why, Some(place));
            }
        }
        for route in &mut self.routes {
            // A list of methods can stand in a template.
            if why == Why::Template && route.methods == Stated::Known(Methods::All) {
                route.methods = Stated::Unknown(why, Some(place));
            }
            doubt(&mut route.auth, why, place);
            doubt(&mut route.access, why, place);
            doubt(&mut route.rates, why, place);
            doubt(&mut route.cors, why, place);
            if route.access_log.known().is_none_or(|set| set.origin == super::Origin::Default) {
                route.access_log = Stated::Unknown(why, Some(place));
            }
            route.limits.iter_mut().for_each(|limit| doubt(&mut limit.limit, why, place));
        }
        for upstream in &mut self.upstreams {
            if upstream.verified.known().is_some_and(|set| set.origin == super::Origin::Default) {
                upstream.verified = Stated::Unknown(why, Some(place));
            }
        }
        for jwt in &mut self.jwts {
            doubt(&mut jwt.issuer, why, place);
            doubt(&mut jwt.audience, why, place);
            if jwt.expiry.known().is_none_or(|set| set.origin == super::Origin::Default) {
                jwt.expiry = Stated::Unknown(why, Some(place));
            }
        }
    }

    /// Notes a credential that stands in the file.
    pub fn add_credential(&mut self, what: impl Into<String>, value: &str, place: Place) {
        let form = super::Form::of(value, &self.names.lists);
        self.credentials.push(super::Credential { what: what.into(), place, form });
    }
}

fn push<T>(table: &mut Vec<T>, item: T) -> u32 {
    table.push(item);
    table.len() as u32 - 1
}

//! Routes of the Gateway API: one per match of a rule, with the policies in force for it.

use std::collections::HashMap;

use super::super::adapters::Input;
use super::super::cursor::{Node, has_template};
use super::super::host::Depth;
use super::super::kubernetes::{References, named};
use super::super::objects::Object;
use super::super::path::PathPattern;
use super::super::{
    Action, Applied, Auth, Consequence, DanglingName, Gateway, HostPattern, LimitInForce, Measure, Mechanism, Methods,
    Path, Precedence, Rewrite, Route, Scope, Setting, Stated,
};
use super::attach::{Chain, InForce};
use super::backends::Backends;
use super::listeners::{self, Parents};
use super::security::{self, Security};
use super::traffic::{self, Traffic};
use super::{Policies, STANDARD};
use crate::model::Why;
use crate::span::{At, Place};

pub(super) struct Routes<'a, 's> {
    input: Input<'s>,
    policies: &'a Policies<'s>,
    backends: Backends<'s>,
    /// What policies set, each read once.
    security: HashMap<At, Security>,
    traffic: HashMap<At, Traffic>,
    /// Policies that replace others, with the routes where they do: inner, outer.
    replaced: Vec<(&'s Object, &'s Object, Vec<u32>)>,
    by_pair: HashMap<(At, At), usize>,
}

/// Where the requests of a route arrive.
struct Arrival {
    /// Gateway or set of listeners, and the listener in it.
    sockets: Vec<(At, usize)>,
    /// Why there may be more.
    unseen: Option<(Why, Option<Place>)>,
}

impl Arrival {
    /// Policies of Envoy Gateway for how requests are read where a route arrives.
    fn clients<'s>(&self, input: Input<'s>, policies: &Policies<'s>, parents: &Parents<'s>) -> Vec<Node<'s>> {
        let sockets = self.sockets.iter().filter_map(|(at, index)| {
            let parent = parents.all.get(at)?;
            policies.client.of_listener(parent.gateway, parent.sockets.get(*index)?.name)
        });
        sockets.map(|policy| policy.object.node(input.sources)).collect()
    }
}

/// What policies set for a rule.
#[derive(Default, PartialEq)]
struct InEffect {
    auth: Vec<Applied>,
    access: Vec<Applied>,
    cors: Vec<Applied>,
    rates: Vec<Applied>,
    timeout: Option<u32>,
}

impl<'a, 's> Routes<'a, 's> {
    pub(super) fn new(input: Input<'s>, policies: &'a Policies<'s>, backends: Backends<'s>) -> Self {
        Self {
            input,
            policies,
            backends,
            security: HashMap::new(),
            traffic: HashMap::new(),
            replaced: Vec::new(),
            by_pair: HashMap::new(),
        }
    }

    /// Reads the rules of a route.
    pub(super) fn read(&mut self, object: &'s Object, parents: &mut Parents<'s>, gateway: &mut Gateway) {
        let node = object.node(self.input.sources);
        let Some(spec) = node.get("spec") else { return };
        let references = spec.list("parentRefs");
        // Between services: no gateway is on the way.
        let is_service = |kind: Option<&str>| matches!(kind, Some("Service" | "ServiceImport" | "ServiceEntry"));
        if !references.is_empty() && references.iter().all(|reference| is_service(reference.str("kind"))) {
            return;
        }
        let templated = self.input.sources.file(object.at.file).templated;
        let hosts: Vec<HostPattern> = spec.list("hostnames").into_iter().filter_map(Node::text).map(host).collect();
        let mut arrival = self.arrival(object, &references, &hosts, parents, gateway);
        if templated {
            arrival.unseen.get_or_insert((Why::Template, Some(named(node))));
        }
        for rule in spec.list("rules") {
            let template = self.rule(object, rule, &hosts, &arrival, parents, gateway);
            let matches = rule.list("matches");
            let entries: Vec<Option<Node<'s>>> =
                if matches.is_empty() { vec![None] } else { matches.into_iter().map(Some).collect() };
            let mut added = Vec::new();
            for entry in entries {
                if gateway.is_full(rule.place()) {
                    return;
                }
                added.push(Self::add(object, template.clone(), entry, &arrival, parents, gateway));
            }
            self.note_replaced(object, rule.str("name"), &arrival, parents, &added);
        }
    }

    /// The listeners that the references of a route mean.
    fn arrival(
        &mut self,
        object: &'s Object,
        references: &[Node<'s>],
        hosts: &[HostPattern],
        parents: &mut Parents<'s>,
        gateway: &mut Gateway,
    ) -> Arrival {
        let mut arrival = Arrival { sockets: Vec::new(), unseen: None };
        if references.is_empty() {
            arrival.unseen = Some((Why::Elsewhere, None));
        }
        for reference in references {
            let place = reference.get("name").map_or(reference.place(), Node::place);
            let Some(parent) = listeners::of_route(self.input, object, *reference) else {
                arrival.unseen = Some((Why::UnresolvedName, Some(place)));
                note_missing(self.input, object, *reference, &mut self.backends.references);
                continue;
            };
            self.backends.references.found("Gateway", parent.namespace(), &parent.name);
            parents.read(parent, self.policies, gateway);
            let Some(read) = parents.all.get(&parent.at) else { continue };
            let section = reference.get("sectionName");
            let found = read.matching(section.and_then(Node::text), reference.str("port"));
            if found.is_empty() {
                arrival.unseen = Some((Why::UnresolvedName, Some(place)));
                if let Some(section) = section.filter(|it| it.text().is_some_and(|text| !has_template(text)))
                    && !read.sockets.is_empty()
                    && !self.input.sources.file(parent.at.file).templated
                {
                    gateway.dangling.push(dangling(section, "listener"));
                }
            }
            for index in found {
                let socket = &read.sockets[index];
                let is_web = socket.protocol.is_plaintext() || socket.protocol.is_tls();
                let meets = |own: &HostPattern| {
                    hosts.is_empty() || hosts.iter().any(|host| own.overlaps(host).is_some() || own == host)
                };
                if is_web && socket.host.as_ref().is_none_or(meets) {
                    arrival.sockets.push((parent.at, index));
                }
            }
        }
        arrival
    }

    /// What all matches of a rule have in common.
    fn rule(
        &mut self,
        object: &'s Object,
        rule: Node<'s>,
        hosts: &[HostPattern],
        arrival: &Arrival,
        parents: &Parents<'s>,
        gateway: &mut Gateway,
    ) -> Route {
        let node = object.node(self.input.sources);
        let name = match rule.str("name") {
            Some(rule) => format!("{}/{rule}", object.name),
            None => object.name.clone(),
        };
        let mut route = Route::new(name, named(node));
        route.hosts = hosts.to_vec();
        let sockets = || {
            let all = arrival.sockets.iter().filter_map(|(parent, index)| parents.all.get(parent)?.sockets.get(*index));
            all.collect::<Vec<_>>()
        };
        if route.hosts.is_empty() && sockets().iter().all(|socket| socket.host.is_some()) {
            // Without hosts of its own it answers those of its listeners.
            for host in sockets().into_iter().filter_map(|socket| socket.host.clone()) {
                if !route.hosts.contains(&host) {
                    route.hosts.push(host);
                }
            }
        }
        if route.hosts.is_empty() && arrival.unseen.is_some() {
            // Listeners that are not in view may be for some hosts only.
            route.hosts.push(HostPattern::Opaque("*".to_owned()));
        }
        let plain = sockets().iter().any(|socket| socket.protocol.is_plaintext());
        let indices: Vec<u32> = sockets().iter().filter_map(|socket| socket.index).collect();
        (route.listeners, route.plaintext) = match arrival.unseen {
            Some((why, place)) => (Stated::Unknown(why, place), Stated::Unknown(why, place)),
            None if indices.len() == arrival.sockets.len() => (Stated::Known(indices), Stated::Known(plain)),
            // The Gateway stands in a file that is not part of this one.
            None => (Stated::Unknown(Why::Elsewhere, None), Stated::Known(plain)),
        };
        let opaque = self.filters(object, rule, &mut route, gateway);
        self.policies_of(object, rule, arrival, parents, opaque, &mut route, gateway);
        for reference in rule.list("backendRefs") {
            route.upstreams.extend(self.backends.upstream(object, reference, gateway));
        }
        if route.action == Action::Unknown && opaque.is_none() {
            // Without a backend every request is answered with an error.
            route.action = if rule.list("backendRefs").is_empty() { Action::Refuse } else { Action::Proxy };
        } else if route.action == Action::Unknown && !route.upstreams.is_empty() {
            route.action = Action::Proxy;
        }
        route.streams = object.kind == "GRPCRoute";
        route
    }

    /// Reads the filters of a rule; returns the first that says something that is not read.
    fn filters(
        &mut self,
        object: &'s Object,
        rule: Node<'s>,
        route: &mut Route,
        gateway: &mut Gateway,
    ) -> Option<(Why, Option<Place>)> {
        let mut opaque = None;
        for filter in rule.list("filters") {
            match filter.str("type").unwrap_or_default() {
                "RequestRedirect" => {
                    let redirect = filter.get("requestRedirect");
                    let has = |key: &str| redirect.is_some_and(|redirect| redirect.get(key).is_some());
                    let https = redirect.and_then(|redirect| redirect.str("scheme")) == Some("https");
                    let is_same = https && !has("hostname") && !has("path");
                    route.action = if is_same { Action::HttpsRedirect } else { Action::Redirect };
                }
                "URLRewrite" => {
                    let path = filter.path(&["urlRewrite", "path"]);
                    let text = |key: &str| path.and_then(|path| path.str(key)).map(str::to_owned);
                    route.rewrite = match (text("replaceFullPath"), text("replacePrefixMatch")) {
                        (Some(whole), _) => Rewrite::Whole(whole),
                        (None, Some(prefix)) => Rewrite::Prefix(prefix),
                        (None, None) => Rewrite::None,
                    };
                }
                "CORS" => {
                    if let Some(node) = filter.get("cors") {
                        let policy = security::cors(node, gateway);
                        let place = node.key_place();
                        route.cors = Stated::Known(vec![Applied { policy, place, scope: Scope::Rule }]);
                    }
                }
                "ExternalAuth" => {
                    if let Some(node) = filter.get("externalAuth") {
                        let place = node.key_place();
                        let auth = Auth::new("ExternalAuth", Mechanism::External, place);
                        security::external_server(self.input, object, node, gateway);
                        let policy = gateway.add_auth(auth);
                        route.auth = Stated::Known(vec![Applied { policy, place, scope: Scope::Rule }]);
                    }
                }
                "ExtensionRef" => {
                    opaque = opaque.or(Some((Why::NotRead, Some(filter.place()))));
                }
                _ => {}
            }
        }
        opaque
    }

    /// Works out which policies are in force at each listener of a rule.
    #[expect(clippy::too_many_arguments, reason = "a rule is read in the light of all of them")]
    fn policies_of(
        &mut self,
        object: &'s Object,
        rule: Node<'s>,
        arrival: &Arrival,
        parents: &Parents<'s>,
        opaque: Option<(Why, Option<Place>)>,
        route: &mut Route,
        gateway: &mut Gateway,
    ) {
        let name = rule.str("name");
        let outer: Vec<Option<(At, &str)>> = arrival
            .sockets
            .iter()
            .filter_map(|(parent, index)| {
                let parent = parents.all.get(parent)?;
                Some(Some((parent.gateway, parent.sockets.get(*index)?.name)))
            })
            .collect();
        let outer = if outer.is_empty() { vec![None] } else { outer };
        let mut effects: Vec<InEffect> = Vec::new();
        for outer in outer {
            let security = self.policies.security.chain(self.input, object.at, name, outer);
            let backend = self.policies.backend.chain(self.input, object.at, name, outer);
            let effect = self.in_effect(&security, &backend, gateway);
            if !effects.contains(&effect) {
                effects.push(effect);
            }
        }
        let is_envoy = !arrival.sockets.is_empty()
            && arrival.sockets.iter().all(|(parent, _)| parents.all.get(parent).is_some_and(|it| it.is_envoy));
        if is_envoy {
            route.spellings = Stated::Known(traffic::spellings(&arrival.clients(self.input, self.policies, parents)));
        }
        let elsewhere = |any: bool| {
            let unseen = arrival.unseen.or(opaque);
            unseen.or((!(is_envoy && any)).then_some((Why::Elsewhere, None)))
        };
        let security = elsewhere(self.policies.security.any);
        let own = route.auth.known().cloned().unwrap_or_default();
        route.auth = one_of(&effects, |effect| own.iter().chain(&effect.auth).cloned().collect(), security);
        route.access = one_of(&effects, |effect| effect.access.clone(), security);
        if route.cors.is_absent() {
            route.cors = one_of(&effects, |effect| effect.cors.clone(), security);
        }
        route.rates = one_of(&effects, |effect| effect.rates.clone(), elsewhere(self.policies.backend.any));
        route.access_log = Stated::Unknown(Why::Elsewhere, None);
        let timeout = rule.path(&["timeouts", "request"]);
        let timeout = timeout.and_then(|node| traffic::limit(node, "timeouts.request", Measure::Request, gateway));
        let timeout = timeout.or_else(|| effects.first()?.timeout);
        let upstream = rule.path(&["timeouts", "backendRequest"]);
        let name = "timeouts.backendRequest";
        let upstream = upstream.and_then(|node| traffic::limit(node, name, Measure::Upstream, gateway));
        let elsewhere = Stated::Unknown(Why::Elsewhere, None);
        let limit = upstream.map_or(elsewhere.clone(), |limit| Stated::Known(Some(limit)));
        route.limits.push(LimitInForce { measure: Measure::Upstream, limit });
        // Sizes are a matter of implementations.
        route.limits.push(LimitInForce { measure: Measure::Body, limit: elsewhere });
        if let Some(limit) = timeout {
            route.limits.push(LimitInForce { measure: Measure::Request, limit: Stated::Known(Some(limit)) });
        }
    }

    /// What the policies of a chain set together: the nearest one that says something of a thing decides on it.
    fn in_effect(&mut self, security: &Chain<'s>, backend: &Chain<'s>, gateway: &mut Gateway) -> InEffect {
        let mut effect = InEffect::default();
        let mut said: Vec<&'static str> = Vec::new();
        let input = self.input;
        for InForce { object, scope } in security.in_force.iter().copied() {
            let read = self.security.entry(object.at).or_insert_with(|| security::read(input, object, gateway));
            for (key, policy) in &read.auths {
                if !said.contains(key) {
                    said.push(key);
                    let place = gateway.auths[*policy as usize].place;
                    effect.auth.push(Applied { policy: *policy, place, scope });
                }
            }
            if let Some(policy) = read.access.filter(|_| effect.access.is_empty()) {
                let place = gateway.access[policy as usize].place;
                effect.access.push(Applied { policy, place, scope });
            }
            if let Some(policy) = read.cors.filter(|_| effect.cors.is_empty()) {
                let place = gateway.cors[policy as usize].place;
                effect.cors.push(Applied { policy, place, scope });
            }
        }
        for InForce { object, scope } in backend.in_force.iter().copied() {
            let node = object.node(input.sources);
            let read = self.traffic.entry(object.at).or_insert_with(|| traffic::read(node, gateway));
            if effect.rates.is_empty() {
                for &policy in &read.rates {
                    let place = gateway.rates[policy as usize].place;
                    effect.rates.push(Applied { policy, place, scope });
                }
            }
            effect.timeout = effect.timeout.or(read.timeout);
        }
        effect
    }

    /// Adds the route of one match.
    fn add(
        object: &'s Object,
        mut route: Route,
        entry: Option<Node<'s>>,
        arrival: &Arrival,
        parents: &mut Parents<'s>,
        gateway: &mut Gateway,
    ) -> u32 {
        let mut rank = route.hosts.first().map_or(vec![0, 0], |host| {
            let (kind, length) = host.specificity();
            vec![i64::from(kind), length as i64]
        });
        let place = entry.map_or(route.place, |entry| match_place(entry).unwrap_or(route.place));
        route.place = place;
        let (pattern, kind, length) = path(object, entry);
        rank.extend([kind, length]);
        if let Some(entry) = entry {
            let method = entry.get("method").filter(|_| object.kind == "HTTPRoute");
            if let Some(method) = method {
                let text = method.text().unwrap_or_default().to_ascii_uppercase();
                route.methods = Stated::Known(Methods::Only(vec![(text, method.place())]));
            } else if let Some((Why::Template, place)) = arrival.unseen {
                route.methods = Stated::Unknown(Why::Template, place);
            }
            let (headers, queries) = (entry.list("headers"), entry.list("queryParams"));
            rank.extend([i64::from(method.is_some()), headers.len() as i64, queries.len() as i64]);
            route.conditions.extend(headers.iter().chain(&queries).map(|node| node.place()));
        } else {
            rank.extend([0, 0, 0]);
        }
        if object.kind == "GRPCRoute" {
            route.methods = Stated::Known(Methods::Only(vec![("POST".to_owned(), place)]));
        }
        // How expressions rank is left to implementations.
        let is_expression = kind == 1;
        // And routes of listeners that are not in view may never meet.
        let is_known = !is_expression && arrival.unseen.is_none();
        route.precedence = if is_known { Precedence::Rank(rank) } else { Precedence::Unknown };
        route.paths = pattern.into_iter().map(|pattern| Path { pattern, place }).collect();
        let redirects = route.action == Action::HttpsRedirect;
        let index = gateway.add_route(route);
        for (parent, socket) in &arrival.sockets {
            parents.attach(*parent, *socket, object.namespace(), index, redirects);
        }
        index
    }

    /// Notes that a policy of the route or rule replaces one of its Gateway.
    fn note_replaced(
        &mut self,
        object: &'s Object,
        rule: Option<&str>,
        arrival: &Arrival,
        parents: &Parents<'s>,
        added: &[u32],
    ) {
        for (parent, index) in &arrival.sockets {
            let Some(parent) = parents.all.get(parent) else { continue };
            let Some(socket) = parent.sockets.get(*index) else { continue };
            let chain = self.policies.security.chain(self.input, object.at, rule, Some((parent.gateway, socket.name)));
            if let (Some(inner), Some(outer)) = (chain.in_force.first(), chain.replaced) {
                let number = *self.by_pair.entry((inner.object.at, outer.object.at)).or_insert_with(|| {
                    self.replaced.push((inner.object, outer.object, Vec::new()));
                    self.replaced.len() - 1
                });
                let routes = &mut self.replaced[number].2;
                if routes.last() != added.last() {
                    routes.extend_from_slice(added);
                }
            }
        }
    }

    /// Notes policies that replace one with authentication. Returns whether claims of tokens become headers.
    pub(super) fn finish(self, gateway: &mut Gateway) -> bool {
        self.backends.references.finish(gateway);
        for (inner, outer, routes) in &self.replaced {
            let spec = |object: &Object| object.node(self.input.sources).get("spec");
            let has = |object: &Object, keys: &[&str]| {
                spec(object).is_some_and(|spec| keys.iter().any(|key| spec.get(key).is_some()))
            };
            if has(outer, &security::AUTHENTICATES) {
                let mut noted = Setting::new(
                    "securityPolicy.replacesAuthentication",
                    &outer.name,
                    named(inner.node(self.input.sources)),
                );
                noted.on = has(inner, &security::AUTHENTICATES) || has(inner, &["authorization"]);
                noted.routes.clone_from(routes);
                gateway.settings.push(noted);
            }
        }
        let providers = self.security.keys().map(|&at| Node::at(self.input.sources, at));
        let providers = providers.filter_map(|policy| policy.path(&["spec", "jwt"]));
        providers.flat_map(|jwt| jwt.list("providers")).any(|provider| provider.get("claimToHeaders").is_some())
    }
}

/// One answer for all listeners of a rule, if they agree.
fn one_of(
    effects: &[InEffect],
    of: impl Fn(&InEffect) -> Vec<Applied>,
    unseen: Option<(Why, Option<Place>)>,
) -> Stated<Vec<Applied>> {
    let mut lists = effects.iter().map(of);
    let first = lists.next().unwrap_or_default();
    if lists.any(|other| other.is_empty() != first.is_empty()) {
        return Stated::Unknown(Why::NotRead, None);
    }
    match (first.is_empty(), unseen) {
        (false, _) => Stated::Known(first),
        (true, Some((why, place))) => Stated::Unknown(why, place),
        (true, None) => Stated::Absent,
    }
}

/// A name that nothing defines: the route is not served.
fn dangling(name: Node<'_>, what: &str) -> DanglingName {
    DanglingName {
        name: name.text().unwrap_or_default().to_owned(),
        what: what.to_owned(),
        place: name.place(),
        consequence: Consequence::Dead,
    }
}

/// Notes a Gateway that is not there, where Gateways of its namespace stand beside the route.
fn note_missing(input: Input<'_>, route: &Object, reference: Node<'_>, references: &mut References) {
    let namespace = reference.str("namespace").unwrap_or(route.namespace());
    let around = input.objects.any_around(input.sources, (STANDARD, "Gateway"), namespace, route.at.file);
    let is_gateway = reference.str("kind").is_none_or(|kind| kind == "Gateway");
    if let Some(name) = reference.get("name").filter(|name| name.text().is_some_and(|text| !has_template(text)))
        && around
        && is_gateway
    {
        references.missing(input, "Gateway", (STANDARD, "Gateway"), namespace, name);
    }
}

fn host(text: &str) -> HostPattern {
    if has_template(text) { HostPattern::Opaque(text.to_owned()) } else { HostPattern::wildcard(text, Depth::Many) }
}

/// The path of a match, else its first part.
fn match_place(entry: Node<'_>) -> Option<Place> {
    let path = entry.path(&["path", "value"]).or_else(|| entry.path(&["method", "method"]));
    let path = path.or_else(|| entry.path(&["method", "service"]));
    path.map(Node::place).or_else(|| Some(entry.children().next()?.key_place()))
}

/// The paths of a match, with its rank: the kind (exact before prefix), then the length.
///
/// Source: `HTTPRouteRule.matches` in <https://gateway-api.sigs.k8s.io/reference/spec/>.
fn path(object: &Object, entry: Option<Node<'_>>) -> (Option<PathPattern>, i64, i64) {
    if object.kind == "GRPCRoute" {
        let method = entry.and_then(|entry| entry.get("method"));
        let text = |key: &str| method.and_then(|method| method.str(key));
        return match (text("service"), text("method"), text("type")) {
            (None, None, _) => (None, 2, 0),
            (service, method, Some("RegularExpression")) => {
                let shown = format!("/{}/{}", service.unwrap_or("*"), method.unwrap_or("*"));
                (Some(PathPattern::opaque(shown)), 1, 0)
            }
            (Some(service), Some(method), _) => {
                let path = format!("/{service}/{method}");
                let length = path.len() as i64;
                (Some(PathPattern::exact(path)), 3, length)
            }
            (Some(service), None, _) => {
                let path = format!("/{service}");
                (Some(PathPattern::segment_prefix(&path)), 2, path.len() as i64)
            }
            (None, Some(method), _) => (Some(PathPattern::braces(&format!("/*/{method}"))), 2, method.len() as i64),
        };
    }
    let Some(path) = entry.and_then(|entry| entry.get("path")) else {
        return (None, 2, 1);
    };
    let kind = path.str("type").unwrap_or("PathPrefix");
    let value = path.str("value").unwrap_or("/");
    if has_template(kind) || has_template(value) {
        return (Some(PathPattern::opaque(value)), 1, 0);
    }
    let rank = match kind {
        "Exact" => 3,
        "PathPrefix" => 2,
        _ => 1,
    };
    (Some(PathPattern::gateway_api(kind, value, None)), rank, value.len() as i64)
}

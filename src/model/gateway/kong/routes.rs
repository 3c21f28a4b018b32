//! Routes of Kong: what they match, where they lead, and which plugins act on them.

use std::collections::HashMap;

use super::super::host::Depth;
use super::super::path::{Language, PathPattern, Trick};
use super::super::{
    Action, Admin, Applied, Gateway, HostPattern, LimitInForce, Measure, Methods, Node, Path, Power, Precedence,
    Rewrite, Route, Scope, Stated,
};
use super::entities::{Consumer, Entities, RouteEntry};
use super::plugin::{self, Effective, Plugin, Role};
use super::service::Services;
use super::settings::Enforced;
use super::tokens::Tokens;
use super::view::View;
use super::{auth, expression, policies, usual};
use crate::model::Why;
use crate::span::Place;

/// Routes with what acts on them, and what was made of the plugins so far.
pub(super) struct Routes<'e, 's> {
    entities: &'e Entities<'s>,
    view: &'e View,
    tokens: Tokens,
    services: Services,
    /// Policies by plugin; of authentication, apart for what is checked later.
    auths: HashMap<(usize, bool), u32>,
    policies: HashMap<usize, u32>,
    sizes: HashMap<usize, Option<u32>>,
    /// The plugins that act on each route, by number of the route.
    pub(super) effective: Vec<Effective>,
    /// What is enforced on each route, or cannot be told, by number of the route.
    pub(super) enforced: Vec<Enforced>,
}

/// What the plugins that ask for credentials come to.
struct Asked {
    applied: Vec<Applied>,
    /// Whether one of them lets nobody pass without.
    demands: bool,
    /// Where it cannot be told whom they let pass.
    unknown: Option<(Why, Place)>,
}

impl<'e, 's> Routes<'e, 's> {
    pub(super) fn new(entities: &'e Entities<'s>, view: &'e View, tokens: Tokens) -> Self {
        Self {
            entities,
            view,
            tokens,
            services: Services::default(),
            auths: HashMap::new(),
            policies: HashMap::new(),
            sizes: HashMap::new(),
            effective: Vec::new(),
            enforced: Vec::new(),
        }
    }

    /// Adds a route for each entry.
    pub(super) fn lower(&mut self, gateway: &mut Gateway) {
        let entities = self.entities;
        let https_only = entities.routes.iter().any(|entry| {
            let protocols = protocols(entry);
            protocols.iter().any(|name| is_encrypted(name)) && !protocols.iter().any(|name| is_plaintext(name))
        });
        for entry in &entities.routes {
            let service = entry.service.map(|number| &entities.services[number]);
            let mut scopes = vec![(&entities.global, Scope::Global)];
            scopes.extend(service.map(|service| (&service.plugins, Scope::Service)));
            scopes.extend([(&entry.plugins, Scope::Route), (&entry.narrow, Scope::Route)]);
            let mut effective = plugin::effective(&scopes);
            // Plugins of a service that is not in view may act as well.
            let service_elsewhere = entry.entity.get("service").filter(|_| entry.lost_service);
            effective.lost = service_elsewhere.map(|service| (Why::UnresolvedName, service.place()));
            let mut route = matching(entry);
            let mut leads_to_admin = false;
            self.transport(entry, https_only, &mut route);
            route.action = self.action(entry, &effective, gateway);
            if let Some((number, service)) = entry.service.zip(service) {
                let read = self.services.read(number, service, entities, self.view, gateway);
                route.upstreams.extend(read.upstream);
                leads_to_admin = read.is_admin;
                route.rewrite = read.rewrite(entry);
                route.disabled = service.entity.get("enabled").is_some_and(|node| node.bool() == Some(false));
                let limit = Stated::Known(read.timeout);
                route.limits.push(LimitInForce { measure: Measure::Upstream, limit });
            }
            let admin = leads_to_admin.then_some(route.place);
            let number = self.add(effective, route, gateway);
            if let Some(place) = admin {
                let admin = self.admin(number, place, gateway);
                gateway.admins.push(admin);
            }
        }
    }

    /// Adds a route on which these plugins act.
    pub(super) fn add(&mut self, effective: Effective, mut route: Route, gateway: &mut Gateway) -> u32 {
        // https://nginx.org/en/docs/http/ngx_http_core_module.html#client_header_timeout
        route.limits.push(LimitInForce { measure: Measure::Headers, limit: Stated::Known(None) });
        let enforced = self.policies(&effective, &mut route, gateway);
        self.enforced.push(enforced);
        self.effective.push(effective);
        gateway.add_route(route)
    }

    /// The Admin API behind a route.
    fn admin(&self, number: u32, place: Place, gateway: &Gateway) -> Admin {
        let route = &gateway.routes[number as usize];
        let demands = |applied: &Applied| {
            let auth = gateway.auths.get(applied.policy as usize);
            auth.is_some_and(|auth| auth.optional.is_none() || auth.checked_later)
        };
        let protected = match (&route.auth, gateway.is_restricted(route, |_| true)) {
            (Stated::Known(auths), _) if auths.iter().any(demands) => Stated::Known(true),
            (_, Stated::Known(true)) => Stated::Known(true),
            (Stated::Unknown(why, place), _) => Stated::Unknown(*why, *place),
            (_, Stated::Unknown(why, place)) => Stated::Unknown(why, place),
            _ => Stated::Known(false),
        };
        Admin {
            name: "Admin API".to_owned(),
            place,
            power: Power::Change,
            bind: Stated::Absent,
            route: Some(number),
            protected,
            published: Stated::Absent,
        }
    }

    fn plugins(&self, effective: &Effective, wanted: impl Fn(Role) -> bool) -> Vec<(usize, Scope)> {
        let entities = self.entities;
        effective.plugins.iter().copied().filter(|&(number, _)| wanted(entities.plugins[number].role)).collect()
    }

    fn place(&self, plugin: usize) -> Place {
        self.entities.plugins[plugin].place
    }

    fn policies(&mut self, effective: &Effective, route: &mut Route, gateway: &mut Gateway) -> Enforced {
        let entities = self.entities;
        let asked = self.auth(effective, gateway);
        let hook = effective.hook.map(|number| (Why::Code, self.place(number))).or(effective.lost);
        let custom = effective.custom.map(|number| (Why::Code, self.place(number))).or(effective.lost);
        let unknown = asked.unknown.or(hook).or(gateway.partial);
        route.auth = match unknown {
            Some((why, place)) if !asked.demands => Stated::Unknown(why, Some(place)),
            _ => list(asked.applied, None),
        };
        let access = self.plugins(effective, |role| matches!(role, Role::Groups | Role::Addresses | Role::Decision));
        let access = self.applied(access, gateway, policies::access);
        route.access = list(access, hook.or(gateway.partial));
        let cors = self.plugins(effective, |role| role == Role::Cors);
        route.cors = list(self.applied(cors, gateway, policies::cors), custom.or(gateway.partial));
        let mut rates = self.plugins(effective, |role| role == Role::Rate);
        // What counts for consumers only acts where requests have one.
        rates.extend(entities.consumers_rate.filter(|_| asked.demands).map(|number| (number, Scope::Rule)));
        let replicated = self.view.replicated;
        let rates = self.applied(rates, gateway, |plugin, gateway| policies::rate(plugin, replicated, gateway));
        route.rates = list(rates, custom.or(gateway.partial));
        let size = self.plugins(effective, |role| role == Role::Size).first().map(|&(number, _)| number);
        let limit = match size {
            Some(number) => {
                let read =
                    self.sizes.entry(number).or_insert_with(|| policies::size(&entities.plugins[number], gateway));
                Stated::Known(*read)
            }
            None => match custom.or(gateway.partial) {
                Some((why, place)) => Stated::Unknown(why, Some(place)),
                None => self.view.body.clone(),
            },
        };
        route.limits.push(LimitInForce { measure: Measure::Body, limit });
        route.access_log = self.view.access_log.clone();
        Enforced {
            authentication: asked.demands || matches!(route.auth, Stated::Unknown(..)),
            authorization: !route.access.is_absent(),
            rate: !route.rates.is_absent(),
            size: size.is_some() || custom.or(gateway.partial).is_some(),
            validation: !self.plugins(effective, |role| role == Role::Validation).is_empty()
                || gateway.partial.is_some(),
        }
    }

    fn applied(
        &mut self,
        plugins: Vec<(usize, Scope)>,
        gateway: &mut Gateway,
        lower: impl Fn(&Plugin<'_>, &mut Gateway) -> u32,
    ) -> Vec<Applied> {
        let entities = self.entities;
        let applied = plugins.into_iter().map(|(number, scope)| {
            let plugin = &entities.plugins[number];
            let policy = *self.policies.entry(number).or_insert_with(|| lower(plugin, gateway));
            Applied { policy, place: plugin.place, scope }
        });
        applied.collect()
    }

    /// A plugin without `anonymous` must succeed; with it, a request without credentials is that consumer's.
    /// <https://developer.konghq.com/gateway/authentication/#use-multiple-authentication-methods>
    fn auth(&mut self, effective: &Effective, gateway: &mut Gateway) -> Asked {
        let entities = self.entities;
        let mut asked = Asked { applied: Vec::new(), demands: false, unknown: None };
        for (number, scope) in self.plugins(effective, |role| matches!(role, Role::Auth(_))) {
            let plugin = &entities.plugins[number];
            let Role::Auth(mechanism) = plugin.role else { continue };
            let anonymous = plugin.get("anonymous").filter(|node| node.text().is_some_and(|text| !text.is_empty()));
            let consumer = anonymous.and_then(|node| entities.consumer(node.text()?));
            let (optional, checked) = match (anonymous, consumer) {
                (None, _) => (None, false),
                (Some(node), Some(consumer)) => {
                    (Some(node.key_place()), consumer.refused || self.is_kept_out(consumer, effective))
                }
                // A consumer that does not exist is answered with 500. Unless nobody here defines any.
                (Some(node), None) => {
                    if entities.consumers.is_empty() || entities.looks_elsewhere || gateway.partial.is_some() {
                        asked.unknown = Some((Why::Elsewhere, node.key_place()));
                        (Some(node.key_place()), false)
                    } else {
                        (None, false)
                    }
                }
            };
            let certain = plugin.condition.is_none();
            asked.demands |= certain && (optional.is_none() || checked);
            if let Some(place) = plugin.condition {
                asked.unknown = Some((Why::NotRead, place));
            }
            let tokens = &self.tokens;
            let policy = *self
                .auths
                .entry((number, checked))
                .or_insert_with(|| auth::auth(plugin, mechanism, optional, checked, tokens, gateway));
            asked.applied.push(Applied { policy, place: plugin.place, scope });
        }
        asked
    }

    /// Whether a plugin `acl` on the route refuses a consumer.
    fn is_kept_out(&self, consumer: &Consumer, effective: &Effective) -> bool {
        self.plugins(effective, |role| role == Role::Groups).into_iter().any(|(number, _)| {
            let acl = &self.entities.plugins[number];
            let with_consumer_groups = acl.flag("include_consumer_groups") == Some(true);
            let is_in = |group: &str| {
                let more = consumer.consumer_groups.iter().filter(|_| with_consumer_groups);
                consumer.groups.iter().chain(more).any(|own| own == group)
            };
            let named = |keys: [&'static str; 2]| -> Vec<&'s str> {
                keys.into_iter().flat_map(|key| acl.list(key)).filter_map(Node::text).collect()
            };
            let (allow, deny) = (named(["allow", "whitelist"]), named(["deny", "blacklist"]));
            let refused = deny.into_iter().any(is_in);
            acl.condition.is_none() && (refused || !allow.is_empty() && !allow.into_iter().any(is_in))
        })
    }

    fn action(&self, entry: &RouteEntry<'_>, effective: &Effective, gateway: &mut Gateway) -> Action {
        let certain = |role: Role| -> Option<&Plugin<'s>> {
            let found = self.plugins(effective, |other| other == role).first().map(|&(number, _)| number);
            found.map(|number| &self.entities.plugins[number]).filter(|plugin| plugin.condition.is_none())
        };
        if certain(Role::Function).is_some() {
            return Action::Function;
        }
        if certain(Role::Redirect).is_some() {
            return Action::Redirect;
        }
        if let Some(plugin) = certain(Role::Answer).filter(|plugin| plugin.answers()) {
            let status = plugin.get("status_code").and_then(|node| node.number());
            let granted = status.is_some_and(|status| status < 400.0) || plugin.flag("echo") == Some(true);
            return if granted { Action::Respond } else { Action::Refuse };
        }
        if certain(Role::Mock).is_some() {
            return Action::Respond;
        }
        let protocols = protocols(entry);
        let is_stream = |name: &&str| matches!(*name, "tcp" | "tls" | "udp" | "tls_passthrough");
        if protocols.iter().any(is_stream) {
            return Action::Unknown;
        }
        if entry.service.is_some() {
            return Action::Proxy;
        }
        if certain(Role::Forward).is_some() {
            return Action::Proxy;
        }
        // Without a service Kong answers 503, unless a plugin answers.
        if effective.custom.is_none() && effective.hook.is_none() && !entry.lost_service {
            self.entities.no_service(entry, gateway);
        }
        Action::Unknown
    }

    fn transport(&self, entry: &RouteEntry<'_>, https_only_siblings: bool, route: &mut Route) {
        let protocols = protocols(entry);
        let plain = protocols.iter().any(|name| is_plaintext(name));
        let encrypted = protocols.iter().any(|name| is_encrypted(name));
        route.listeners = self.view.listeners_for(plain, encrypted);
        route.plaintext = match (plain, &route.listeners) {
            (false, _) => Stated::Known(false),
            (true, Stated::Known(_)) => Stated::Known(self.view.has_plain_listener),
            (true, _) if https_only_siblings => Stated::Known(true),
            (true, _) => Stated::Unknown(Why::Elsewhere, None),
        };
        route.streams = protocols.iter().any(|name| matches!(*name, "ws" | "wss" | "grpc" | "grpcs"));
    }
}

/// What holds of a list of policies: an empty one is an absence, where nothing is out of view.
fn list(applied: Vec<Applied>, unknown: Option<(Why, Place)>) -> Stated<Vec<Applied>> {
    match unknown {
        _ if !applied.is_empty() => Stated::Known(applied),
        Some((why, place)) => Stated::Unknown(why, Some(place)),
        None => Stated::Absent,
    }
}

/// The protocols of a route.
fn protocols<'s>(entry: &RouteEntry<'s>) -> Vec<&'s str> {
    let written: Vec<&str> = entry.entity.list("protocols").into_iter().filter_map(|node| node.text()).collect();
    if written.is_empty() { usual("routes.protocols").split(',').collect() } else { written }
}

fn is_plaintext(protocol: &str) -> bool {
    matches!(protocol, "http" | "grpc" | "ws")
}

fn is_encrypted(protocol: &str) -> bool {
    matches!(protocol, "https" | "grpcs" | "wss")
}

/// What a route matches.
fn matching(entry: &RouteEntry<'_>) -> Route {
    let entity = entry.entity;
    let place = entity.place();
    let mut route = Route::new("", place);
    // Dot segments and double slashes are gone before paths are compared, a `%2F` stays: `normalize` in
    // <https://github.com/Kong/kong/blob/3.9.1/kong/tools/uri.lua>.
    route.spellings = Stated::Known(vec![Trick::TrailingSlash, Trick::EscapedSlash]);
    if let Some(expression) = entity.get("expression") {
        expression::read(expression, &mut route);
        let priority = entity.get("priority").and_then(|node| node.number()).unwrap_or(0.0);
        route.precedence = Precedence::Rank(vec![priority as i64]);
    } else {
        attributes(entry, &mut route);
    }
    let path = route.paths.first().map(|path| super::super::path_text(&path.pattern));
    let host = || route.hosts.first().map(ToString::to_string);
    route.name = entity.node.str("name").map(str::to_owned).or(path).or_else(host).unwrap_or_default();
    route
}

fn attributes(entry: &RouteEntry<'_>, route: &mut Route) {
    let entity = entry.entity;
    for node in entity.list("paths") {
        let Some(text) = node.text() else { continue };
        let pattern = match text {
            _ if node.is_template() => PathPattern::opaque(text),
            _ if entry.before_3 => PathPattern::kong_before_3(text),
            _ => PathPattern::kong(text),
        };
        route.paths.push(Path { pattern, place: node.place() });
    }
    let hosts = entity.list("hosts").into_iter().filter_map(|node| node.text());
    // A port may stand behind the name.
    let hosts = hosts.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    route.hosts = hosts.map(|host| HostPattern::wildcard(host, Depth::Many)).collect();
    let methods = entity.list("methods");
    if !methods.is_empty() {
        let methods = methods.into_iter().filter_map(|node| Some((node.text()?.to_ascii_uppercase(), node.place())));
        route.methods = Stated::Known(Methods::Only(methods.collect()));
    }
    for condition in ["headers", "snis", "sources", "destinations"] {
        route.conditions.extend(entity.get(condition).map(|node| node.key_place()));
    }
    route.precedence = precedence(entry, route);
}

/// The order in which routes are tried: <https://developer.konghq.com/gateway/entities/route/#priority-matching>, and
/// `get_priority` in <https://github.com/Kong/kong/blob/3.9.1/kong/router/transform.lua>.
fn precedence(entry: &RouteEntry<'_>, route: &Route) -> Precedence {
    let entity = entry.entity;
    let attributes = ["methods", "hosts", "headers", "paths", "snis"];
    let weight = attributes.iter().filter(|key| !entity.list(key).is_empty()).count() as i64;
    let plain_hosts = route.hosts.iter().all(|host| matches!(host, HostPattern::Exact(_)));
    let headers = entity.get("headers").map_or(0, |headers| headers.children().count()) as i64;
    let rank = |path: &Path| {
        let is_regex = matches!(path.pattern.language, Language::Regex(_));
        let priority = entity.get("regex_priority").filter(|_| is_regex).and_then(|node| node.number()).unwrap_or(0.0);
        let length = if is_regex { 0 } else { super::super::path_text(&path.pattern).len() as i64 };
        [i64::from(is_regex), priority as i64, length]
    };
    if weight == 0 || route.paths.iter().any(|path| matches!(path.pattern.language, Language::Opaque(_))) {
        // Kong refuses a route that asks for nothing.
        return Precedence::Unknown;
    }
    let plain_hosts = i64::from(plain_hosts && !route.hosts.is_empty());
    let whole = |rank: [i64; 3]| [&[weight, plain_hosts, headers][..], &rank].concat();
    match route.paths.as_slice() {
        [] => Precedence::Rank(whole([0; 3])),
        paths => Precedence::Ranks(paths.iter().map(|path| whole(rank(path))).collect()),
    }
}

impl super::service::Read {
    /// What becomes of the path: the path of the service stands before what is left of it.
    fn rewrite(&self, entry: &RouteEntry<'_>) -> Rewrite {
        let strips = match entry.entity.get("strip_path") {
            Some(node) => node.bool(),
            None => Some(usual("routes.strip_path") == "true"),
        };
        match (strips, self.path.trim_end_matches('/')) {
            (Some(true), path) => Rewrite::Prefix(path.to_owned()),
            (Some(false), "") => Rewrite::None,
            _ => Rewrite::Unknown,
        }
    }
}

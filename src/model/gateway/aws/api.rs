//! One API while its routes are read: what holds for all of them, and how a route is made of it.

use std::collections::HashMap;

use super::super::path::{Language, PathPattern, Segment};
use super::super::{
    Action, Applied, Auth, Bind, Exposure, Gateway, Listener, Mechanism, Methods, Path, Precedence, Protocol, Route,
    Scope, Stated,
};
use super::authorizer::Kept;
use super::integration::Integration;
use super::note;
use super::stage::Stage;
use crate::model::Why;
use crate::span::Place;

/// So many domains of one API are looked at; each of its routes names them all.
const MOST_DOMAINS: usize = 64;

/// So many usage plans of one API are looked at.
const MOST_PLANS: usize = 16;

/// What kind of API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// REST API.
    Rest,
    /// HTTP API.
    Http,
    /// WebSocket API.
    WebSocket,
}

/// One API.
#[derive(Clone, Debug)]
pub(super) struct Api {
    /// What people call it.
    pub name: String,
    /// What names it.
    pub place: Place,
    /// What kind it is.
    pub sort: Sort,
    /// Its own endpoint: index of the listener.
    pub endpoint: u32,
    /// Whether only private networks reach it.
    pub private: bool,
    /// Whether its own endpoint is switched off.
    pub endpoint_off: Stated<bool>,
    /// The endpoints of its domains, each with what asks for client certificates there.
    pub domains: Vec<(u32, Option<Place>)>,
    /// Whether a distribution with a firewall stands in front of it.
    pub fronted: bool,
    /// The resource policy.
    pub access: Stated<Vec<Applied>>,
    /// The CORS policy.
    pub cors: Stated<Vec<Applied>>,
    /// What its stages set.
    pub stage: Stage,
    /// Its authorizers by name.
    pub authorizers: HashMap<String, u32>,
    /// What holds for methods that say nothing.
    pub usual: Option<Applied>,
    /// What says that all methods need an API key.
    pub key: Option<Place>,
    /// The limits of callers with an API key.
    pub plans: Vec<Applied>,
    /// Where knowledge of its methods ends.
    pub unseen: Option<(Why, Place)>,
    /// Answers of authorizers that are kept.
    pub kept: Vec<Kept>,
    iam: Option<u32>,
    keys: Option<u32>,
}

/// A route before what holds for the whole API is added.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// What names it.
    pub place: Place,
    /// The path; none where it is not known.
    pub path: Option<String>,
    /// Where the path stands.
    pub path_place: Place,
    /// The method: `ANY` for all.
    pub method: Stated<String>,
    /// Where the method stands.
    pub method_place: Place,
    /// What callers must show.
    pub auth: Stated<Vec<Applied>>,
    /// Where a default is switched off.
    pub auth_off: Option<Place>,
    /// What happens.
    pub integration: Integration,
    /// Whether it does without the API key that all methods need.
    pub keyless: bool,
    /// What is only there on a condition.
    pub condition: Option<Place>,
    /// The route's own resource policy.
    pub access: Option<Applied>,
    /// A CORS policy of the path.
    pub cors: Option<Applied>,
    /// Whether its requests need a body of a model that nothing checks.
    pub unchecked_body: Option<Place>,
}

impl Draft {
    /// A route of which only its path and method are known.
    pub(super) fn new(path: &str, method: &str, place: Place) -> Self {
        Self {
            place,
            path: Some(path.to_owned()),
            path_place: place,
            method: Stated::Known(method.to_ascii_uppercase()),
            method_place: place,
            auth: Stated::Absent,
            auth_off: None,
            keyless: false,
            integration: Integration::UNKNOWN,
            condition: None,
            access: None,
            cors: None,
            unchecked_body: None,
        }
    }
}

/// Policies that apply, as a claim: none of them means that there is none.
pub(super) fn applied(list: Vec<Applied>) -> Stated<Vec<Applied>> {
    if list.is_empty() { Stated::Absent } else { Stated::Known(list) }
}

impl Api {
    /// An API of which only its name is known, with its own endpoint.
    pub(super) fn new(name: &str, place: Place, sort: Sort, gateway: &mut Gateway) -> Self {
        let endpoint = gateway.add_listener(endpoint(name, place));
        Self {
            name: name.to_owned(),
            place,
            sort,
            endpoint,
            private: false,
            endpoint_off: Stated::Absent,
            domains: Vec::new(),
            fronted: false,
            access: Stated::Absent,
            cors: Stated::Absent,
            stage: Stage::default(),
            authorizers: HashMap::new(),
            usual: None,
            key: None,
            plans: Vec::new(),
            unseen: None,
            kept: Vec::new(),
            iam: None,
            keys: None,
        }
    }

    /// The identities of AWS as a way to authenticate.
    pub(super) fn iam(&mut self, place: Place, scope: Scope, gateway: &mut Gateway) -> Applied {
        let policy = *self.iam.get_or_insert_with(|| gateway.add_auth(Auth::new("AWS_IAM", Mechanism::Iam, place)));
        Applied { policy, place, scope }
    }

    /// An API key as a way to authenticate.
    pub(super) fn api_key(&mut self, place: Place, scope: Scope, gateway: &mut Gateway) -> Applied {
        let policy = *self.keys.get_or_insert_with(|| gateway.add_auth(Auth::new("API key", Mechanism::ApiKey, place)));
        Applied { policy, place, scope }
    }

    /// An authorizer that is not in view; that there is one is certain.
    pub(super) fn unseen_authorizer(name: &str, place: Place, scope: Scope, gateway: &mut Gateway) -> Applied {
        let mechanism =
            if name == "COGNITO_USER_POOLS" || name == "JWT" { Mechanism::Jwt } else { Mechanism::External };
        Applied { policy: gateway.add_auth(Auth::new(name, mechanism, place)), place, scope }
    }

    /// Notes the limit of a usage plan.
    pub(super) fn plan(&mut self, plan: Applied) {
        if self.plans.len() < MOST_PLANS {
            self.plans.push(plan);
        }
    }

    /// Says that only private networks reach it.
    pub(super) fn set_private(&mut self, gateway: &mut Gateway) {
        self.private = true;
        gateway.listeners[self.endpoint as usize].exposure = Exposure::Internal;
    }

    /// Adds a route.
    pub(super) fn route(&mut self, draft: Draft, gateway: &mut Gateway) {
        let path = draft.path.clone().unwrap_or_default();
        let shown = draft.path.as_deref().unwrap_or("?");
        let method = draft.method.known().map_or("?", String::as_str);
        let mut route =
            Route::new(if method == "ANY" { shown.to_owned() } else { format!("{method} {shown}") }, draft.place);
        route.listeners = self.listeners();
        route.plaintext = Stated::Known(false);
        let pattern = match &draft.path {
            Some(path) if !path.contains("${") => PathPattern::aws(path),
            Some(path) => PathPattern::opaque(path),
            None => PathPattern::opaque("?"),
        };
        let every = method == "ANY" || method == "*";
        route.precedence = match draft.path {
            Some(_) => Precedence::Rank(rank(&pattern, !every)),
            None => Precedence::Unknown,
        };
        route.paths = vec![Path { pattern, place: draft.path_place }];
        route.methods = draft.method.clone().map(|method| match method.as_str() {
            "ANY" | "*" => Methods::All,
            _ => Methods::Only(vec![(method, draft.method_place)]),
        });
        route.conditions = draft.condition.into_iter().collect();
        route.action = draft.integration.action;
        route.upstreams = draft.integration.upstream.into_iter().collect();
        route.limits = draft.integration.limits();
        route.streams = self.sort == Sort::WebSocket;
        let need_key = self.key.filter(|_| !draft.keyless);
        let key = need_key.map(|place| self.api_key(place, Scope::Global, gateway));
        let keys = self.keys;
        route.auth = match (draft.auth, key) {
            (Stated::Absent, Some(key)) => Stated::Known(vec![key]),
            (Stated::Known(mut list), Some(key)) => {
                if !list.iter().any(|applied| Some(applied.policy) == keys) {
                    list.push(key);
                }
                Stated::Known(list)
            }
            (auth, _) => auth,
        };
        if let (Stated::Absent, Some((why, place))) = (&route.auth, self.unseen) {
            route.auth = Stated::Unknown(why, Some(place));
        }
        route.auth_off = draft.auth_off;
        route.access = match (draft.access, &self.access) {
            (Some(own), Stated::Known(list)) => Stated::Known(list.iter().cloned().chain([own]).collect()),
            (Some(own), _) => Stated::Known(vec![own]),
            (None, access) => access.clone(),
        };
        let asks_for_key =
            route.auth.known().is_some_and(|list| list.iter().any(|applied| Some(applied.policy) == keys));
        route.rates = match (self.stage.rates(&path, if every { "*" } else { method }), asks_for_key) {
            (Stated::Known(list), true) => Stated::Known(list.into_iter().chain(self.plans.iter().cloned()).collect()),
            (_, true) if !self.plans.is_empty() => Stated::Known(self.plans.clone()),
            (rates, _) => rates,
        };
        route.cors = match (draft.cors, &self.cors) {
            (Some(own), _) => Stated::Known(vec![own]),
            // A function may answer with headers of its own.
            (None, Stated::Absent) if route.action == Action::Function => Stated::Unknown(Why::Code, Some(draft.place)),
            (None, cors) => cors.clone(),
        };
        route.access_log = self.stage.logged();
        let sends = matches!(route.action, Action::Proxy | Action::Function);
        let cached = self.stage.cached(&path).filter(|_| sends && !draft.integration.keyed);
        let authenticated = route.auth.known().is_some_and(|list| !list.is_empty());
        let reads = route.methods.known().is_some_and(|methods| methods.admits("GET"));
        let number = gateway.add_route(route);
        if let Some(place) = cached.filter(|_| authenticated && reads) {
            note("MethodSettings.CachingEnabled", "shared", place, true, vec![number], gateway);
        }
        if let Some(place) = draft.unchecked_body {
            note("RequestValidator", "none", place, false, vec![number], gateway);
        }
        if let Some((name, place)) = draft.integration.stage_variable {
            note("Integration.Uri", &name, place, false, vec![number], gateway);
        }
    }

    /// The endpoints that serve it.
    fn listeners(&self) -> Stated<Vec<u32>> {
        let domains = self.domains.iter().map(|(listener, _)| *listener);
        match &self.endpoint_off {
            _ if self.domains.len() > MOST_DOMAINS => Stated::Unknown(Why::NotRead, Some(self.place)),
            Stated::Known(true) if self.domains.is_empty() => Stated::Unknown(Why::Elsewhere, Some(self.place)),
            Stated::Known(true) => Stated::Known(domains.collect()),
            _ => Stated::Known([self.endpoint].into_iter().chain(domains).collect()),
        }
    }

    /// Notes what can only be said of the API as a whole.
    pub(super) fn finish(&self, gateway: &mut Gateway) {
        self.stage.note_caches(gateway);
        let mutual = self.domains.iter().find_map(|(_, certificate)| *certificate);
        let off = match self.endpoint_off {
            Stated::Known(off) => off,
            Stated::Absent => false,
            Stated::Unknown(..) => true,
        };
        if off || self.private {
            return;
        }
        if mutual.is_some() {
            note(
                "DisableExecuteApiEndpoint",
                "client certificates of the domain",
                self.place,
                true,
                Vec::new(),
                gateway,
            );
        } else if self.fronted && self.access.is_absent() && self.key.is_none() {
            note("DisableExecuteApiEndpoint", "firewall of the distribution", self.place, false, Vec::new(), gateway);
        }
    }
}

fn endpoint(name: &str, place: Place) -> Listener {
    Listener {
        name: name.to_owned(),
        place,
        bind: Stated::Known(Bind::Any),
        port: Some(443),
        protocol: Stated::Known(Protocol::Https),
        hosts: Vec::new(),
        tls: None,
        redirects_to_https: Stated::Known(false),
        exposure: Exposure::Public,
        hsts: Stated::Absent,
        serves_browsers: false,
    }
}

/// Segment by segment, text wins over a parameter, and that over the rest of the path; then a method over `ANY`.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>
fn rank(pattern: &PathPattern, has_method: bool) -> Vec<i64> {
    let mut rank = match &pattern.language {
        Language::Any => vec![0],
        Language::Template(template) => {
            let segments = template.segments.iter().map(|segment| match segment {
                Segment::Literal(_) => 3,
                Segment::Mixed { .. } => 2,
                Segment::Parameter { .. } => 1,
                Segment::Rest { .. } => 0,
            });
            [1].into_iter().chain(segments).collect()
        }
        _ => vec![1, 4],
    };
    rank.push(i64::from(has_method));
    rank
}

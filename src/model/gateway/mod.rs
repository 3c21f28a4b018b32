//! One model for the configurations of all gateways: listeners, routes, policies and upstreams, each with its
//! place. Adapters (one folder per format) fill it with data; what follows from the data is worked out here, once.
//! Knows no rule, and outside the adapters no format.

mod adapters;
mod address;
mod aws;
pub mod cipher;
mod containers;
mod cursor;
mod defaults;
mod directive;
mod duration;
mod envoy;
mod gateway_api;
pub mod host;
mod ingress;
pub mod issuer;
mod istio;
mod kong;
mod krakend;
mod kubernetes;
mod nginx;
mod note;
mod objects;
pub mod origin;
pub mod path;
mod policy;
mod purpose;
mod relations;
mod route;
mod routes;
mod secret;
mod size;
mod stated;
pub mod tls;
mod traefik;
mod transport;
mod units;

use std::sync::{Arc, OnceLock};

pub use adapters::{Input, of as adapter};
pub use containers::Container;
pub use cursor::{Node, has_template};
pub use defaults::{ALL as VENDOR_DEFAULTS, VendorDefault};
pub use directive::{Directive, DirectiveBlock, LocationMatch};
pub use host::HostPattern;
pub use note::{Concern, Consequence, Credential, DanglingName, Idle, IdlePolicy, PolicyConcern, Setting};
pub use objects::{Object, Objects};
pub use policy::{
    Access, AccessBy, AnyOrigin, Auth, AuthServer, Cors, Ineffective, Jwt, Limit, Measure, Mechanism, Purpose, RateKey,
    RateLimit, Signed,
};
pub use relations::{Missing, Relation, RoutePair};
pub use route::{
    Action, Applied, AuthMode, LimitInForce, Location, MethodBinding, Methods, Path, PathGuard, Precedence, Rewrite,
    Route, Scope,
};
pub use secret::Form;
pub use stated::{Origin, Set, Stated};
pub use transport::{Admin, Bind, ClientCertificate, Exposure, Listener, Power, Protocol, Tls, TlsSide, Upstream};
pub use units::{Unit, units};

use super::names::Names;
use super::{Id, Kind, NameId, Why};
use crate::discover::Format;
use crate::source::SourceMap;
use crate::span::{At, FileId, NodeId, Place};
use crate::words::WordLists;
use path::{Language, PathPattern, Segment};
pub use routes::{Authentication, Derived, Policy};

/// The configuration of one gateway: what the files of a unit say together.
#[derive(Debug)]
pub struct Gateway {
    /// The format.
    pub format: Format,
    /// The files it was read from, in the order of their paths.
    pub files: Vec<FileId>,
    /// Where findings about the whole stand.
    pub place: Place,
    /// The version of the format or product, as far as the files tell.
    pub version: Option<String>,
    /// Whether the format keeps all authentication that the gateway can do in these files.
    pub closed: bool,
    /// Why nothing may be called absent: part of the configuration is out of view.
    pub partial: Option<(Why, Place)>,
    /// How the format says which methods a route admits.
    pub method_binding: MethodBinding,
    /// Whether requests are sorted by host first, so that a route is looked at only if no other set of hosts is
    /// nearer to the host of the request: virtual hosts. Else hosts are one condition of a route among others.
    pub hosts_first: bool,
    /// Whether a firewall is attached, in formats that can attach one.
    pub firewall: Stated<bool>,
    /// The container that it runs in, if that is in view.
    pub container: Option<Container>,
    /// Sockets.
    pub listeners: Vec<Listener>,
    /// Routes, in the order of the files.
    pub routes: Vec<Route>,
    /// TLS settings of listeners and upstreams.
    pub tls: Vec<Tls>,
    /// Ways to authenticate.
    pub auths: Vec<Auth>,
    /// Settings of token verifiers.
    pub jwts: Vec<Jwt>,
    /// Servers that authentication relies on.
    pub auth_servers: Vec<AuthServer>,
    /// Access lists and authorization policies.
    pub access: Vec<Access>,
    /// CORS policies.
    pub cors: Vec<Cors>,
    /// Rate limits.
    pub rates: Vec<RateLimit>,
    /// Limits of size and time.
    pub limits: Vec<Limit>,
    /// Upstreams.
    pub upstreams: Vec<Upstream>,
    /// Administration and status surfaces.
    pub admins: Vec<Admin>,
    /// Credentials that stand in the files.
    pub credentials: Vec<Credential>,
    /// Policies that are defined and do nothing.
    pub idle: Vec<IdlePolicy>,
    /// Names that nothing in view defines.
    pub dangling: Vec<DanglingName>,
    /// Further settings that rules ask for by concern or by name.
    pub settings: Vec<Setting>,
    /// Directives that matter, in formats that are lists of directives in blocks.
    pub directives: Vec<Directive>,
    segments: Vec<Vec<NameId>>,
    names: Names,
    derived: OnceLock<Derived>,
    pairs: OnceLock<Vec<RoutePair>>,
}

impl Gateway {
    /// A gateway with nothing in it yet.
    pub fn new(format: Format, files: Vec<FileId>, place: Place, lists: Arc<WordLists>) -> Self {
        Self {
            format,
            files,
            place,
            version: None,
            closed: false,
            partial: None,
            method_binding: MethodBinding::List,
            hosts_first: true,
            firewall: Stated::Absent,
            container: None,
            listeners: Vec::new(),
            routes: Vec::new(),
            tls: Vec::new(),
            auths: Vec::new(),
            jwts: Vec::new(),
            auth_servers: Vec::new(),
            access: Vec::new(),
            cors: Vec::new(),
            rates: Vec::new(),
            limits: Vec::new(),
            upstreams: Vec::new(),
            admins: Vec::new(),
            credentials: Vec::new(),
            idle: Vec::new(),
            dangling: Vec::new(),
            settings: Vec::new(),
            directives: Vec::new(),
            segments: Vec::new(),
            names: Names::new(lists),
            derived: OnceLock::new(),
            pairs: OnceLock::new(),
        }
    }

    /// Reads what the files of a unit say together.
    pub fn read(sources: &SourceMap, unit: &Unit, objects: &Objects, lists: Arc<WordLists>) -> Self {
        let first = unit.files.first().copied().unwrap_or(FileId(0));
        let root = sources.tree(first).roots().first().copied().unwrap_or(NodeId(0));
        let place = Place::value(At { file: first, node: root });
        let mut gateway = Self::new(unit.format, unit.files.clone(), place, lists);
        if let Some(adapter) = adapters::of(unit.format) {
            (adapter.lower)(Input { sources, files: &unit.files, objects }, &mut gateway);
            gateway.container = objects.containers.running(sources, &unit.files, adapter.images).cloned();
        }
        gateway.note_segments();
        gateway
    }

    /// How many nodes of a kind it has.
    pub fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::Gateway => 1,
            Kind::Listener => self.listeners.len(),
            Kind::Tls => self.tls.len(),
            Kind::Route => self.routes.len(),
            Kind::Auth => self.auths.len(),
            Kind::TokenVerifier => self.jwts.len(),
            Kind::AuthServer => self.auth_servers.len(),
            Kind::Access => self.access.len(),
            Kind::Cors => self.cors.len(),
            Kind::RateLimit => self.rates.len(),
            Kind::Limit => self.limits.len(),
            Kind::Upstream => self.upstreams.len(),
            Kind::Admin => self.admins.len(),
            Kind::Credential => self.credentials.len(),
            Kind::IdlePolicy => self.idle.len(),
            Kind::DanglingName => self.dangling.len(),
            Kind::Setting => self.settings.len(),
            Kind::Directive => self.directives.len(),
            Kind::RoutePair => self.pairs().len(),
            _ => 0,
        }
    }

    /// Where a node stands.
    pub fn place_of(&self, Id { kind, index }: Id) -> Place {
        let i = index as usize;
        let place = match kind {
            Kind::Listener => self.listeners.get(i).map(|it| it.place),
            Kind::Tls => self.tls.get(i).map(|it| it.place),
            Kind::Route => self.routes.get(i).map(|it| it.place),
            Kind::Auth => self.auths.get(i).map(|it| it.place),
            Kind::TokenVerifier => self.jwts.get(i).map(|it| it.place),
            Kind::AuthServer => self.auth_servers.get(i).map(|it| it.place),
            Kind::Access => self.access.get(i).map(|it| it.place),
            Kind::Cors => self.cors.get(i).map(|it| it.place),
            Kind::RateLimit => self.rates.get(i).map(|it| it.place),
            Kind::Limit => self.limits.get(i).map(|it| it.place),
            Kind::Upstream => self.upstreams.get(i).map(|it| it.place),
            Kind::Admin => self.admins.get(i).map(|it| it.place),
            Kind::Credential => self.credentials.get(i).map(|it| it.place),
            Kind::IdlePolicy => self.idle.get(i).map(|it| it.place),
            Kind::DanglingName => self.dangling.get(i).map(|it| it.place),
            Kind::Setting => self.settings.get(i).map(|it| it.place),
            Kind::Directive => self.directives.get(i).map(|it| it.place),
            Kind::RoutePair => self.pairs().get(i).map(|it| it.place),
            _ => None,
        };
        place.unwrap_or(self.place)
    }

    /// The static segments of a route's paths, each as a name.
    pub fn segments(&self, route: u32) -> &[NameId] {
        self.segments.get(route as usize).map_or(&[], Vec::as_slice)
    }

    fn note_segments(&mut self) {
        let names = &mut self.names;
        let segments = self.routes.iter().map(|route| {
            let mut ids: Vec<NameId> = Vec::new();
            for segment in route.paths.iter().flat_map(|path| segments(&path.pattern)) {
                let id = names.id(&segment);
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            ids
        });
        self.segments = segments.collect();
    }

    /// Distinct names, with the word lists they are in.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// What follows from the data, worked out when it is first asked for.
    pub fn derived(&self) -> &Derived {
        self.derived.get_or_init(|| Derived::new(self))
    }

    /// How routes stand to each other, worked out when it is first asked for.
    pub fn pairs(&self) -> &[RoutePair] {
        self.pairs.get_or_init(|| relations::pairs(self))
    }
}

/// The static segments of a path, as far as they are written out.
fn segments(pattern: &PathPattern) -> Vec<String> {
    let split = |text: &str| text.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
    match &pattern.language {
        Language::Exact(text) | Language::RawPrefix(text) | Language::SegmentPrefix(text) => split(text),
        Language::Template(template) => {
            let literal = template.segments.iter().filter_map(|segment| match segment {
                Segment::Literal(text) => Some(text.clone()),
                _ => None,
            });
            literal.filter(|text| !text.is_empty()).collect()
        }
        Language::Regex(_) => split(&pattern.literal_prefix()),
        Language::Any | Language::Opaque(_) => Vec::new(),
    }
}

/// A path as people write it, without the marks of a kind: `/users` for everything below `/users`.
pub fn path_text(pattern: &PathPattern) -> String {
    match &pattern.language {
        Language::Any => "/".to_owned(),
        Language::SegmentPrefix(text) if text.is_empty() => "/".to_owned(),
        Language::Exact(text) | Language::RawPrefix(text) | Language::SegmentPrefix(text) | Language::Opaque(text) => {
            text.clone()
        }
        Language::Template(template) => template.to_string(),
        Language::Regex(regex) => regex.source.clone(),
    }
}

//! Routes, and which policies apply to them. Data only: what follows from it is worked out in `routes`.
//!
//! Policies stand in tables of the gateway, once each; routes say which of them apply by index. Places follow one
//! rule: a thing that is set stands at its setting, a thing that is missing at what names its owner.

use super::host::HostPattern;
use super::path::{PathPattern, Trick};
use super::policy::Measure;
use super::stated::{Set, Stated};
use crate::model::Why;
use crate::span::Place;

/// What a route matches, what it does, and which policies apply to it.
#[derive(Clone, Debug)]
pub struct Route {
    /// What people call it.
    pub name: String,
    /// The value that names it, else its first key.
    pub place: Place,
    /// Indices of the listeners it is served on.
    pub listeners: Stated<Vec<u32>>,
    /// Whether requests in plain text reach it.
    pub plaintext: Stated<bool>,
    /// Hosts; empty: all.
    pub hosts: Vec<HostPattern>,
    /// Public paths; empty: all.
    pub paths: Vec<Path>,
    /// Methods.
    pub methods: Stated<Methods>,
    /// Further conditions of the match (header, query, cookie, weight): two routes with conditions never collide for sure.
    pub conditions: Vec<Place>,
    /// How it ranks among routes that match the same request.
    pub precedence: Precedence,
    /// Whether who asks for one of its paths without the slash at the end is sent to the path with it, if no other
    /// route is for that path alone.
    pub adds_slash: bool,
    /// Spellings of a path that the gateway neither takes back nor refuses before it compares paths, and that an
    /// upstream may read as the same path. Unknown: nothing is said of them.
    pub spellings: Stated<Vec<Trick>>,
    /// Paths for which a policy asks for credentials, or refuses, while it lets others of this route pass.
    pub guards: Vec<PathGuard>,
    /// What happens to a request.
    pub action: Action,
    /// What becomes of the path on its way to the upstream.
    pub rewrite: Rewrite,
    /// Indices of upstreams.
    pub upstreams: Vec<u32>,
    /// Authentication that is enforced, asked for, or observed.
    pub auth: Stated<Vec<Applied>>,
    /// How several ways to authenticate work together.
    pub auth_mode: AuthMode,
    /// Where this route, or a scope nearer to it than the one that sets it, switches authentication off.
    pub auth_off: Option<Place>,
    /// Access lists and authorization that apply.
    pub access: Stated<Vec<Applied>>,
    /// Rate limits that apply.
    pub rates: Stated<Vec<Applied>>,
    /// Limits of size and time in effect, defaults included.
    pub limits: Vec<LimitInForce>,
    /// The CORS policy that applies.
    pub cors: Stated<Vec<Applied>>,
    /// Whether requests are logged, and who says so.
    pub access_log: Stated<Set<bool>>,
    /// Whether it answers streams or upgraded connections, which live long.
    pub streams: bool,
    /// Whether it is defined and switched off.
    pub disabled: bool,
}

impl Route {
    /// A route of which nothing but its name is known.
    pub fn new(name: impl Into<String>, place: Place) -> Self {
        Self {
            name: name.into(),
            place,
            listeners: Stated::Absent,
            plaintext: Stated::Absent,
            hosts: Vec::new(),
            paths: Vec::new(),
            methods: Stated::Known(Methods::All),
            conditions: Vec::new(),
            precedence: Precedence::Unknown,
            adds_slash: false,
            spellings: Stated::Unknown(Why::NotRead, None),
            guards: Vec::new(),
            action: Action::Unknown,
            rewrite: Rewrite::None,
            upstreams: Vec::new(),
            auth: Stated::Absent,
            auth_mode: AuthMode::All,
            auth_off: None,
            access: Stated::Absent,
            rates: Stated::Absent,
            limits: Vec::new(),
            cors: Stated::Absent,
            access_log: Stated::Absent,
            streams: false,
            disabled: false,
        }
    }
}

/// Paths that a policy of a route is for, where it is not for all of them.
#[derive(Clone, Debug)]
pub struct PathGuard {
    /// What the policy compares paths with.
    pub pattern: PathPattern,
    /// Where it stands.
    pub place: Place,
}

/// A path of a route.
#[derive(Clone, Debug)]
pub struct Path {
    /// The language of paths it admits.
    pub pattern: PathPattern,
    /// Where it stands.
    pub place: Place,
}

/// The methods a route admits.
#[derive(Clone, Debug, PartialEq)]
pub enum Methods {
    /// All.
    All,
    /// These, in capitals, each with its place.
    Only(Vec<(String, Place)>),
    /// All but these, in capitals.
    AllBut(Vec<String>),
}

impl Methods {
    /// Whether a method is admitted.
    pub fn admits(&self, method: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(methods) => methods.iter().any(|(admitted, _)| admitted == method),
            Self::AllBut(methods) => !methods.iter().any(|refused| refused == method),
        }
    }
}

/// How a format says which methods a route admits. In the order of `fields::METHOD_BINDINGS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MethodBinding {
    /// Each route has exactly one.
    One,
    /// Each route may list them.
    List,
    /// Only a further condition or policy refuses some.
    Condition,
}

/// How a route ranks among those that match the same request. Routes of one gateway rank in one way.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Precedence {
    /// The first in order wins; the number is the place in that order.
    Order(u32),
    /// The route with the greater rank wins, compared item by item; equal ranks: the first in order.
    Rank(Vec<i64>),
    /// The same, where each path of a route has a rank of its own, in their order.
    Ranks(Vec<Vec<i64>>),
    /// As locations: an exact one wins, then the longest prefix is looked for. If it is final it wins, else the first
    /// expression in order, else the prefix after all.
    Location(Location),
    /// It cannot be told.
    #[default]
    Unknown,
}

/// A kind of location. See [`Precedence::Location`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// It is for one path.
    Exact,
    /// It is for paths that begin so.
    Prefix {
        /// How long the beginning is: the greatest number wins.
        length: usize,
        /// Whether no expression is tried after it.
        is_final: bool,
    },
    /// It is for paths that match.
    Expression,
}

/// What happens to a request. In the order of `fields::ACTIONS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Action {
    /// It is sent to an upstream.
    Proxy,
    /// A function is called.
    Function,
    /// Files are served.
    Files,
    /// The client is sent elsewhere.
    Redirect,
    /// The client is sent to the same URL over HTTPS.
    HttpsRedirect,
    /// A fixed answer that grants nothing: a refusal.
    Refuse,
    /// A fixed or mocked answer.
    Respond,
    /// Only other routes lead to it.
    Internal,
    /// It cannot be told.
    Unknown,
}

/// What becomes of the path.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Rewrite {
    /// Nothing.
    #[default]
    None,
    /// What the path pattern matched is replaced by this.
    Prefix(String),
    /// The whole path is replaced by this.
    Whole(String),
    /// It cannot be told.
    Unknown,
}

/// A policy that applies to a route.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// Its index in the table of its kind.
    pub policy: u32,
    /// Where it is attached.
    pub place: Place,
    /// From which scope it comes.
    pub scope: Scope,
}

/// Where a policy is attached. In the order of `fields::SCOPES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Scope {
    /// The whole gateway.
    Global,
    /// A listener.
    Listener,
    /// A host.
    Host,
    /// A service or upstream.
    Service,
    /// The route.
    Route,
    /// A part of the route.
    Rule,
}

/// How several ways to authenticate work together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthMode {
    /// Each must succeed.
    #[default]
    All,
    /// One is enough.
    Any,
}

/// A limit in force for a route.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitInForce {
    /// What it bounds.
    pub measure: Measure,
    /// The index of the limit; `Absent`: there is none, and the vendor has no default.
    /// A default that bounds is `Known(None)`.
    pub limit: Stated<Option<u32>>,
}

//! Policies, each as it is configured in one place: authentication, tokens, access, CORS, limits. Data only.

use super::stated::{Set, Stated};
use crate::span::Place;

/// A way to authenticate, as it is configured in one place.
#[derive(Clone, Debug)]
pub struct Auth {
    /// The vendor's name for it.
    pub name: String,
    /// What defines it.
    pub place: Place,
    /// What it is.
    pub mechanism: Mechanism,
    /// The setting that lets requests without credentials pass.
    pub optional: Option<Place>,
    /// Whether it is only part of what protects: a later check that needs an identity stands behind it.
    pub checked_later: bool,
    /// The setting that lets requests pass when the authentication service fails.
    pub fail_open: Option<Place>,
    /// Where it takes credentials from the query string.
    pub query: Option<Set<String>>,
    /// Whether the credential goes on to the upstream.
    pub forwards: Option<Set<bool>>,
    /// Settings of its token verifier: index.
    pub jwts: Vec<u32>,
    /// What a signature over requests covers, for mechanisms that verify one.
    pub signed: Option<Signed>,
}

/// What must be covered by a signature over a request.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Whether the body must be, by its digest.
    pub body: Set<bool>,
    /// Whether some headers must be.
    pub headers: Set<bool>,
    /// By how many seconds the clock of the client may differ.
    pub skew: Set<f64>,
}

impl Auth {
    /// An authentication of which nothing but its place is known.
    pub fn new(name: impl Into<String>, mechanism: Mechanism, place: Place) -> Self {
        Self {
            name: name.into(),
            place,
            mechanism,
            optional: None,
            checked_later: false,
            fail_open: None,
            query: None,
            forwards: None,
            jwts: Vec::new(),
            signed: None,
        }
    }
}

/// Ways to authenticate. In the order of `fields::MECHANISMS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mechanism {
    /// Signed tokens, verified at the gateway.
    Jwt,
    /// OpenID Connect sign-in.
    Oidc,
    /// OAuth 2 tokens, looked up or issued by the gateway.
    OAuth2,
    /// An API key.
    ApiKey,
    /// User and password with each request (RFC 7617).
    Basic,
    /// Digest (RFC 7616).
    Digest,
    /// A signature over the request.
    Signature,
    /// A directory.
    Ldap,
    /// Client certificates.
    Certificate,
    /// The cloud's own identities.
    Iam,
    /// An external service decides.
    External,
    /// A session cookie.
    Session,
    /// SAML.
    Saml,
    /// Something else that authenticates.
    Other,
}

/// Settings of one token verifier.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// What defines it.
    pub place: Place,
    /// Accepted algorithms as written; empty: the vendor's choice.
    pub algorithms: Vec<(String, Place)>,
    /// The setting by which unsigned or unverified tokens count.
    pub unsigned: Option<Place>,
    /// Whether it verifies with a shared secret.
    pub symmetric: Option<Place>,
    /// Whether the keys come from a public-key source.
    pub public_keys: bool,
    /// Whether the issuer is checked.
    pub issuer: Stated<bool>,
    /// Whether the audience is checked.
    pub audience: Stated<bool>,
    /// Whether the keys serve several audiences or issuers (a public identity provider).
    pub shared_keys: bool,
    /// Whether a token must carry an expiry that is verified.
    pub expiry: Stated<Set<bool>>,
    /// Whether an expiry that a token carries is verified, needed or not.
    pub verifies_expiry: bool,
    /// The longest lifetime that is accepted, in seconds.
    pub max_lifetime: Stated<f64>,
}

impl Jwt {
    /// A verifier of which nothing is known.
    pub const fn new(place: Place) -> Self {
        Self {
            place,
            algorithms: Vec::new(),
            unsigned: None,
            symmetric: None,
            public_keys: false,
            issuer: Stated::Absent,
            audience: Stated::Absent,
            shared_keys: false,
            expiry: Stated::Absent,
            verifies_expiry: false,
            max_lifetime: Stated::Absent,
        }
    }
}

/// A server that authentication relies on: keys, discovery, introspection, decisions.
#[derive(Clone, Debug)]
pub struct AuthServer {
    /// The URL, or what names the server.
    pub url: String,
    /// Where it stands.
    pub place: Place,
    /// What it is asked for.
    pub purpose: Purpose,
    /// The setting that switches the verification of its certificate off.
    pub unverified: Option<Place>,
}

/// What an authentication server is asked for. In the order of `fields::PURPOSES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// Public keys.
    Keys,
    /// Discovery.
    Discovery,
    /// Introspection of tokens.
    Introspection,
    /// A decision on each request.
    Decision,
    /// Tokens or sign-in.
    Tokens,
}

/// An access list or an authorization policy.
#[derive(Clone, Debug)]
pub struct Access {
    /// The vendor's name for it.
    pub name: String,
    /// What defines it.
    pub place: Place,
    /// What it decides by.
    pub by: AccessBy,
    /// The rule that admits everyone.
    pub allows_everyone: Option<Place>,
    /// The setting, or what names the policy, where requests that match no rule pass.
    pub default_allow: Option<Place>,
    /// Rules that can never act, as an earlier one allows what they refuse.
    pub unreachable_deny: Vec<Place>,
    /// The entry of an allow list that holds every address.
    pub every_address: Option<Place>,
    /// The setting by which a source address replaces the credential, and whether the addresses are public.
    pub instead_of_credentials: Option<(Place, bool)>,
    /// Whether it restricts who may call.
    pub restricts: Stated<bool>,
}

impl Access {
    /// A policy of which nothing but its place is known.
    pub fn new(name: impl Into<String>, by: AccessBy, place: Place) -> Self {
        Self {
            name: name.into(),
            place,
            by,
            allows_everyone: None,
            default_allow: None,
            unreachable_deny: Vec::new(),
            every_address: None,
            instead_of_credentials: None,
            restricts: Stated::Known(true),
        }
    }
}

/// What an access policy decides by. In the order of `fields::ACCESS_BY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum AccessBy {
    /// Source addresses.
    Address,
    /// Identities: principals, groups, roles, scopes.
    Identity,
    /// An external service.
    External,
    /// Something else: methods, hosts, times.
    Other,
}

/// A CORS policy.
#[derive(Clone, Debug)]
pub struct Cors {
    /// What defines it.
    pub place: Place,
    /// Where all origins are allowed, and what the gateway then sends.
    pub any_origin: Option<(Set<()>, AnyOrigin)>,
    /// An entry that admits the origin `null`.
    pub null_origin: Option<Place>,
    /// A pattern that admits foreign origins, with one of them.
    pub hostile_origin: Option<(Place, String)>,
    /// Whether credentials are allowed.
    pub credentials: Stated<Set<bool>>,
}

impl Cors {
    /// A policy that allows nothing.
    pub const fn new(place: Place) -> Self {
        Self { place, any_origin: None, null_origin: None, hostile_origin: None, credentials: Stated::Absent }
    }
}

/// What a gateway answers where all origins are allowed. In the order of `fields::ANY_ORIGINS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum AnyOrigin {
    /// A literal `*`: browsers refuse credentials.
    Literal,
    /// The origin of whoever asks.
    Echoed,
}

/// A rate limit.
#[derive(Clone, Debug)]
pub struct RateLimit {
    /// The vendor's name for it.
    pub name: String,
    /// What defines it.
    pub place: Place,
    /// Why it can never act.
    pub ineffective: Option<(Place, Ineffective)>,
    /// What requests are counted by.
    pub key: Stated<RateKey>,
    /// Where a header that clients set is the key, and its name.
    pub client_header: Option<(Place, String)>,
    /// Whether each process counts for itself.
    pub local: Option<Set<bool>>,
    /// Whether several processes are in view.
    pub replicated: bool,
    /// Whether requests pass when its store fails.
    pub fail_open: Option<Set<bool>>,
}

impl RateLimit {
    /// A limit of which nothing but its place is known.
    pub fn new(name: impl Into<String>, place: Place) -> Self {
        Self {
            name: name.into(),
            place,
            ineffective: None,
            key: Stated::Absent,
            client_header: None,
            local: None,
            replicated: false,
            fail_open: None,
        }
    }
}

/// Why a rate limit can never act. In the order of `fields::INEFFECTIVE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Ineffective {
    /// Its number means no limit.
    Zero,
    /// It is switched off, or enforced for no request.
    Off,
    /// It only observes.
    Shadow,
    /// It counts by something that requests on its routes do not have.
    NoKey,
}

/// What a rate limit counts by. In the order of `fields::RATE_KEYS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RateKey {
    /// All requests together.
    All,
    /// The peer's address.
    Address,
    /// A header.
    Header,
    /// The authenticated caller.
    Caller,
    /// Something else.
    Other,
}

/// A limit of size or time, as it is set in one place.
#[derive(Clone, Debug)]
pub struct Limit {
    /// What it bounds.
    pub measure: Measure,
    /// Bytes or seconds; infinite: no limit.
    pub value: f64,
    /// The setting; for a default, what names the owner.
    pub place: Place,
    /// The vendor's name for the setting.
    pub name: String,
}

impl Limit {
    /// The value for people: `2 GiB`, `5 min`, `no limit`.
    pub fn shown(&self) -> String {
        const UNITS: [&str; 4] = ["bytes", "KiB", "MiB", "GiB"];
        if self.value.is_infinite() {
            return "no limit".to_owned();
        }
        if self.measure != Measure::Body {
            let minutes = self.value / 60.0;
            let whole = minutes >= 1.0 && minutes.fract() == 0.0;
            return if whole { format!("{minutes} min") } else { format!("{} s", self.value) };
        }
        let mut value = self.value;
        let mut unit = 0;
        while value >= 1024.0 && value % 1024.0 == 0.0 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        format!("{value} {}", UNITS[unit])
    }
}

/// What a limit bounds. In the order of `fields::MEASURED`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Measure {
    /// Bytes of a request body.
    Body,
    /// Seconds for a whole request.
    Request,
    /// Seconds for the request's headers.
    Headers,
    /// Seconds without any traffic.
    Idle,
    /// Seconds the upstream may take.
    Upstream,
}

//! What stands in the files besides routes and policies: credentials, policies that do nothing, names without a
//! definition, further settings. Data only.

use super::secret::Form;
use super::stated::Origin;
use crate::span::Place;

/// A credential that stands in a file.
#[derive(Clone, Debug)]
pub struct Credential {
    /// What it is, for people: `API key`, `client secret`, `password of user …`.
    pub what: String,
    /// The value.
    pub place: Place,
    /// Its form.
    pub form: Form,
}

/// A policy that is defined and does nothing.
#[derive(Clone, Debug)]
pub struct IdlePolicy {
    /// The vendor's name for it.
    pub name: String,
    /// What it would do.
    pub concern: PolicyConcern,
    /// Why it does not.
    pub reason: Idle,
    /// The setting that makes it idle; unattached: what names it.
    pub place: Place,
    /// Whether another policy of its concern is enforced on each of its routes.
    pub replaced: bool,
    /// Routes it would apply to: indices.
    pub routes: Vec<u32>,
}

/// What a policy is about. In the order of `fields::CONCERNS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PolicyConcern {
    /// Authentication.
    Authentication,
    /// Authorization.
    Authorization,
    /// Validation of requests.
    Validation,
    /// Limits.
    Limits,
}

/// Why a policy does nothing. In the order of `fields::IDLE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Idle {
    /// It is switched off.
    Off,
    /// It only observes.
    Shadow,
    /// It is attached to nothing.
    Unattached,
}

/// A name that nothing in view defines.
#[derive(Clone, Debug)]
pub struct DanglingName {
    /// The name.
    pub name: String,
    /// What it should name: `service`, `middleware`, `plugin`.
    pub what: String,
    /// Where it stands.
    pub place: Place,
    /// What the gateway does then.
    pub consequence: Consequence,
}

/// What a gateway does with a name that nothing defines. In the order of `fields::CONSEQUENCES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Consequence {
    /// Requests pass without the thing.
    Open,
    /// Requests fail.
    Dead,
}

/// A further setting that rules ask for by concern or by the vendor's name.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The vendor's name, with dots between nested keys: `api.insecure`, `server_tokens`.
    pub name: String,
    /// The value as a person would write it.
    pub value: String,
    /// What it is about, if that is the same in several formats.
    pub concern: Option<Concern>,
    /// Whether the thing it is about is on.
    pub on: bool,
    /// How grave it is, where a concern comes in degrees.
    pub grave: bool,
    /// The setting, and who set it.
    pub origin: Origin,
    /// Where it stands.
    pub place: Place,
    /// Routes it applies to: indices. Empty: all, or none in particular.
    pub routes: Vec<u32>,
}

impl Setting {
    /// A setting that stands in the file and is on, about nothing that several formats share, for no route in particular.
    pub fn new(name: impl Into<String>, value: impl Into<String>, place: Place) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            concern: None,
            on: true,
            grave: false,
            origin: Origin::Written,
            place,
            routes: Vec::new(),
        }
    }
}

/// What a setting is about, over all formats. In the order of `fields::SETTING_CONCERNS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Concern {
    /// Debug endpoints, debug headers, tracing or raw error texts. Grave: profilers and request traces.
    Debug,
    /// Product or version in answers.
    VersionBanner,
    /// Bodies or credentials in logs.
    PayloadLog,
    /// Code that decides about access.
    InlineCode,
    /// A format or controller at its end of life.
    Deprecated,
    /// Discovery that publishes every service.
    ExposedByDefault,
    /// Directory listings.
    DirectoryListing,
    /// Files served from a folder that holds more than public content.
    WideRoot,
    /// Upgrades passed through on a route with access rules.
    Upgrade,
    /// Forwarded headers or PROXY protocol trusted from anyone while something depends on the address. Grave: an allow list does.
    TrustForwarded,
    /// An identity header that clients can set on a route that is open.
    IdentityHeader,
    /// A route to the cloud's metadata service.
    Metadata,
}

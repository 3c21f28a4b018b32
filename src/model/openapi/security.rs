//! Security schemes, requirements and which of them is in force (E1). Knows
//! nothing of paths or names.

use std::collections::{HashMap, HashSet};

use super::grammar::{Object, Version};
use super::view::{K, View};
use super::walk::Walk;
use crate::model::NameId;
use crate::model::names::Names;
use crate::resolve;
use crate::source::NodeKind;
use crate::span::{At, Place};

/// What a list of alternatives amounts to, in the order of `fields::SECURITY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// No `security` anywhere.
    Undefined,
    /// `[]`, or only `{}`.
    PublicExplicit,
    /// `{}` beside others.
    Optional,
    /// Every alternative names a scheme.
    Protected,
}

/// What a scheme is in effect, in the order of `fields::SCHEME_KINDS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names of the schemes")]
pub enum SchemeKind {
    Basic,
    Bearer,
    Digest,
    Negotiate,
    Oauth1,
    OtherHttp,
    ApiKey,
    Oauth2,
    OpenIdConnect,
    MutualTls,
    Unknown,
}

/// A security scheme definition.
#[derive(Debug)]
pub struct Scheme {
    /// The entry in `securitySchemes` or `securityDefinitions`.
    pub entry: At,
    /// Its definition; `None` where a `$ref` leads nowhere.
    pub at: Option<At>,
    /// What it is.
    pub kind: SchemeKind,
    /// Where `kind` is said.
    pub kind_at: At,
    /// Whether a requirement names it.
    pub named: bool,
    /// Its component name.
    pub name: Option<NameId>,
    /// What an API key is sent as.
    pub parameter: Option<NameId>,
    /// The HTTP authentication scheme.
    pub http: Option<NameId>,
}

impl Scheme {
    fn new(entry: At, at: Option<At>, (kind, kind_at): (SchemeKind, At)) -> Self {
        Self { entry, at, kind, kind_at, named: false, name: None, parameter: None, http: None }
    }
}

/// An OAuth 2 flow.
#[derive(Debug)]
pub struct Flow {
    /// Index of its scheme.
    pub scheme: u32,
    /// Which one: index into `fields::FLOWS`.
    pub flow: u8,
    /// Where it is named.
    pub place: Place,
    /// The object that holds its URLs and scopes.
    pub at: At,
}

/// A URL of an authorization server.
#[derive(Debug)]
pub struct AuthUrl {
    /// Index of its scheme.
    pub scheme: u32,
    /// The entry; its key is the field, its value the URL.
    pub entry: At,
    /// The host and the domains above it.
    pub domains: Vec<NameId>,
}

/// A requirement object.
#[derive(Debug)]
pub struct Requirement {
    /// The object.
    pub at: At,
    /// Its schemes: range of indices into [`Schemes::required`].
    pub required: std::ops::Range<u32>,
    /// It and the requirements beside it: range of indices into [`Schemes::requirements`].
    pub alternatives: std::ops::Range<u32>,
}

/// A scheme named by a requirement object.
#[derive(Debug)]
pub struct Required {
    /// The entry: its key is the name.
    pub entry: At,
    /// Index of the scheme, if there is one of that name.
    pub scheme: Option<u32>,
    /// Index of the requirement object.
    pub requirement: u32,
}

/// A scope named by a requirement object.
#[derive(Debug)]
pub struct RequiredScope {
    /// The scope's value.
    pub at: At,
    /// Index into [`Schemes::required`].
    pub required: u32,
    /// Whether a flow of the scheme declares it.
    pub declared: bool,
}

/// A `security` value of the wrong shape.
#[derive(Debug)]
pub struct Malformed {
    /// The value.
    pub at: At,
    /// What should stand there.
    pub expected: &'static str,
}

/// What a `security` entry says.
#[derive(Clone, Debug)]
pub struct Stated {
    /// The entry.
    pub entry: At,
    /// What it amounts to; `None` where its shape is wrong.
    pub says: Option<Security>,
    /// Its alternatives: range of indices into [`Schemes::requirements`].
    pub alternatives: std::ops::Range<u32>,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Schemes {
    /// Definitions.
    pub schemes: Vec<Scheme>,
    /// By component name.
    pub by_name: HashMap<String, u32>,
    /// Flows of OAuth 2 schemes.
    pub flows: Vec<Flow>,
    /// URLs of authorization servers.
    pub urls: Vec<AuthUrl>,
    /// Requirement objects, in document order.
    pub requirements: Vec<Requirement>,
    /// Schemes they name.
    pub required: Vec<Required>,
    /// Scopes they name.
    pub scopes: Vec<RequiredScope>,
    /// Values of the wrong shape.
    pub malformed: Vec<Malformed>,
    /// What each `security` entry says, by object number of its document or operation.
    pub stated: HashMap<u32, Stated>,
}

impl Schemes {
    /// Reads the schemes of the document at `root` and every `security` entry of `walk`.
    pub fn read(view: &View, version: Version, root: At, walk: &Walk) -> Self {
        let mut schemes = Self::default();
        schemes.define(view, version, root);
        let mut entries = walk.security.clone();
        entries.sort_by_key(|&(entry, _)| super::walk::order(walk, entry));
        for (entry, owner) in entries {
            schemes.state(view, version, entry, owner);
        }
        schemes
    }

    /// The entry `securitySchemes` or `securityDefinitions` of a document.
    pub fn map_entry(view: &View, version: Version, root: At) -> Option<At> {
        if version == Version::V20 {
            return view.entry(root, K::SecurityDefinitions);
        }
        view.entry(view.follow(view.entry(root, K::Components)?)?, K::SecuritySchemes)
    }

    fn define(&mut self, view: &View, version: Version, root: At) {
        let Some(map) = Self::map_entry(view, version, root).and_then(|entry| view.follow(entry)) else { return };
        for entry in view.children(map) {
            let name = view.key(entry).unwrap_or_default();
            if name.starts_with("x-") || name == "<<" {
                continue;
            }
            let at = view.follow(entry).filter(|&at| view.kind(at) == NodeKind::Map);
            let (kind, kind_at) = at.map_or((SchemeKind::Unknown, entry), |at| scheme_kind(view, at, entry));
            let index = self.schemes.len() as u32;
            self.by_name.insert(name.to_owned(), index);
            self.schemes.push(Scheme::new(entry, at, (kind, kind_at)));
            if let Some(at) = at {
                self.flows(view, version, at, index);
            }
        }
    }

    /// The scheme that a requirement names by URI. One outside of `components` is defined by that.
    fn by_uri(&mut self, view: &View, version: Version, entry: At) -> Option<u32> {
        let at = scheme_by_uri(view, version, entry)?;
        if let Some(known) = self.schemes.iter().position(|scheme| scheme.at == Some(at)) {
            return Some(known as u32);
        }
        let index = self.schemes.len() as u32;
        self.schemes.push(Scheme::new(at, Some(at), scheme_kind(view, at, at)));
        self.flows(view, version, at, index);
        Some(index)
    }

    fn flows(&mut self, view: &View, version: Version, at: At, scheme: u32) {
        const URLS: [K; 6] = [
            K::AuthorizationUrl,
            K::TokenUrl,
            K::RefreshUrl,
            K::DeviceAuthorizationUrl,
            K::OpenIdConnectUrl,
            K::Oauth2MetadataUrl,
        ];
        let mut holders = vec![at];
        if version == Version::V20 {
            if let Some(value) = view.get(at, K::Flow) {
                let named = match view.text(value) {
                    "application" => "clientCredentials",
                    "accessCode" => "authorizationCode",
                    other => other,
                };
                if let Some(flow) = flow_index(named) {
                    self.flows.push(Flow { scheme, flow, place: Place::value(value), at });
                }
            }
        } else if let Some(flows) = view.entry(at, K::Flows).and_then(|flows| view.follow(flows)) {
            for entry in view.children(flows) {
                let Some(at) = view.follow(entry) else { continue };
                if let Some(flow) = view.key(entry).and_then(flow_index) {
                    self.flows.push(Flow { scheme, flow, place: Place::key(entry), at });
                    holders.push(at);
                }
            }
        }
        let urls = holders.iter().flat_map(|&holder| URLS.iter().filter_map(move |&key| view.entry(holder, key)));
        let urls = urls.filter(|&entry| view.kind(view.resolve(entry)) == NodeKind::Str);
        self.urls.extend(urls.map(|entry| AuthUrl { scheme, entry, domains: Vec::new() }));
    }

    fn state(&mut self, view: &View, version: Version, entry: At, owner: u32) {
        let list = view.resolve(entry);
        let first = self.requirements.len() as u32;
        let malformed = self.malformed.len();
        let mut empty = 0;
        match view.kind(list) {
            NodeKind::Seq => {
                for item in view.children(list) {
                    let at = view.resolve(item);
                    if view.kind(at) == NodeKind::Map {
                        self.requirement(view, version, at);
                        empty += u32::from(view.children(at).next().is_none());
                    } else {
                        let expected = "an object that maps scheme names to lists of scopes";
                        self.malformed.push(Malformed { at: item, expected });
                    }
                }
            }
            _ => self.malformed.push(Malformed { at: entry, expected: "a list of security requirements" }),
        }
        let alternatives = first..self.requirements.len() as u32;
        for requirement in &mut self.requirements[first as usize..] {
            requirement.alternatives = alternatives.clone();
        }
        // A null counts as absent: what was meant is not known.
        let says = match () {
            () if self.malformed.len() > malformed => None,
            () if empty as usize == alternatives.len() => Some(Security::PublicExplicit),
            () if empty > 0 => Some(Security::Optional),
            () => Some(Security::Protected),
        };
        self.stated.insert(owner, Stated { entry, says, alternatives });
    }

    fn requirement(&mut self, view: &View, version: Version, at: At) {
        let index = self.requirements.len() as u32;
        let first = self.required.len() as u32;
        for entry in view.children(at) {
            let name = view.key(entry).unwrap_or_default();
            if name == "<<" {
                continue;
            }
            let scheme = self.by_name.get(name).copied().or_else(|| self.by_uri(view, version, entry));
            if let Some(scheme) = scheme {
                self.schemes[scheme as usize].named = true;
            }
            let required = self.required.len() as u32;
            self.required.push(Required { entry, scheme, requirement: index });
            let scopes = view.resolve(entry);
            if view.kind(scopes) != NodeKind::Seq {
                self.malformed.push(Malformed { at: entry, expected: "a list of scopes (`[]` where there are none)" });
                continue;
            }
            for scope in view.children(scopes) {
                let value = view.resolve(scope);
                if view.is_scalar(value) {
                    let declared = scheme.is_some_and(|scheme| self.declares(view, version, scheme, view.text(value)));
                    self.scopes.push(RequiredScope { at: scope, required, declared });
                } else {
                    self.malformed.push(Malformed { at: scope, expected: "the name of a scope" });
                }
            }
        }
        let required = first..self.required.len() as u32;
        self.requirements.push(Requirement { at, required, alternatives: index..index + 1 });
    }

    fn declares(&self, view: &View, version: Version, scheme: u32, scope: &str) -> bool {
        let flows = self.flows.iter().filter(|flow| flow.scheme == scheme).map(|flow| flow.at);
        // A 2.0 scheme of an unknown flow still lists its scopes.
        let own = self.schemes[scheme as usize].at.filter(|_| version == Version::V20);
        flows.chain(own).any(|at| {
            let scopes = view.entry(at, K::Scopes).and_then(|scopes| view.follow(scopes));
            scopes.is_some_and(|scopes| view.tree(scopes.file).get(scopes.node, scope).is_some())
        })
    }

    /// Notes the names that rules compare word by word.
    pub fn name(&mut self, view: &View, names: &mut Names) {
        for scheme in &mut self.schemes {
            scheme.name = view.key(scheme.entry).map(|name| names.id(name));
            let Some(at) = scheme.at else { continue };
            let mut text = |key: K| view.scalar(at, key).map(|text| names.id(text));
            match scheme.kind {
                SchemeKind::ApiKey => scheme.parameter = text(K::Name),
                _ => scheme.http = text(K::Scheme),
            }
        }
    }

    /// Schemes named by the alternatives of a range.
    pub fn required_of(&self, alternatives: &std::ops::Range<u32>) -> impl Iterator<Item = &Required> + '_ {
        let alternatives = alternatives.start as usize..alternatives.end as usize;
        self.requirements[alternatives].iter().flat_map(|requirement| {
            &self.required[requirement.required.start as usize..requirement.required.end as usize]
        })
    }

    /// The kind of a required scheme; unknown where it is not defined.
    pub fn kind(&self, required: &Required) -> SchemeKind {
        required.scheme.map_or(SchemeKind::Unknown, |scheme| self.schemes[scheme as usize].kind)
    }

    /// Whether a scheme is an API key in a cookie: `in: cookie`, or the header `Cookie`, the only form in 2.0.
    pub fn is_cookie(&self, view: &View, required: &Required) -> bool {
        let at = required.scheme.and_then(|scheme| self.schemes[scheme as usize].at);
        at.is_some_and(|at| {
            let place = view.scalar(at, K::In);
            self.kind(required) == SchemeKind::ApiKey
                && (place == Some("cookie")
                    || place == Some("header")
                        && view.scalar(at, K::Name).is_some_and(|name| name.eq_ignore_ascii_case("cookie")))
        })
    }
}

/// The scheme to which the name in a requirement leads as a URI, as 3.2 allows.
pub fn scheme_by_uri(view: &View, version: Version, entry: At) -> Option<At> {
    const TYPES: [&str; 5] = ["apiKey", "http", "oauth2", "openIdConnect", "mutualTLS"];
    if version < Version::V32 {
        return None;
    }
    let target = resolve::target(&view.sources, entry.file, view.key(entry)?).ok()?;
    let at = view.follow(target)?;
    view.scalar(at, K::Type).is_some_and(|named| TYPES.contains(&named)).then_some(at)
}

fn flow_index(name: &str) -> Option<u8> {
    crate::model::fields::FLOWS.iter().position(|flow| *flow == name).map(|index| index as u8)
}

fn scheme_kind(view: &View, at: At, entry: At) -> (SchemeKind, At) {
    let type_at = view.get(at, K::Type).unwrap_or(entry);
    let kind = match view.scalar(at, K::Type).unwrap_or_default() {
        "basic" => SchemeKind::Basic,
        "apiKey" => SchemeKind::ApiKey,
        "oauth2" => SchemeKind::Oauth2,
        "openIdConnect" => SchemeKind::OpenIdConnect,
        "mutualTLS" => SchemeKind::MutualTls,
        "http" => {
            let Some(value) = view.get(at, K::Scheme) else { return (SchemeKind::Unknown, type_at) };
            let kind = match view.text(value).to_ascii_lowercase().as_str() {
                "basic" => SchemeKind::Basic,
                "bearer" => SchemeKind::Bearer,
                "digest" => SchemeKind::Digest,
                "negotiate" | "ntlm" | "kerberos" => SchemeKind::Negotiate,
                "oauth" => SchemeKind::Oauth1,
                _ => SchemeKind::OtherHttp,
            };
            return (kind, value);
        }
        _ => SchemeKind::Unknown,
    };
    (kind, type_at)
}

/// Keys that should switch protection on but have no effect where they stand (RC6).
#[derive(Debug, Default)]
pub struct Lost {
    /// Where schemes are defined in vain.
    pub schemes: Option<At>,
    /// A root requirement that was meant.
    pub root: Option<At>,
    /// Path items and operations, by object number, whose requirement was meant.
    pub owners: HashMap<u32, At>,
}

impl Lost {
    /// Finds lost keys among those the grammar does not know.
    pub fn find(view: &View, walk: &Walk, version: Version) -> Self {
        let mut lost = Self::default();
        let schemes: HashSet<&str> = HashSet::from(["securitySchemes", "securityDefinitions"]);
        for &(entry, owner) in &walk.unknown_keys {
            let object = walk.objects[owner as usize].object;
            let key = view.key(entry).unwrap_or_default();
            let near = super::keys::nearest(version, object, key);
            let meant = if key == "security" || schemes.contains(key) { Some(key) } else { near };
            match (meant, object) {
                (Some("security"), Object::PathItem | Object::Operation) => {
                    lost.owners.insert(owner, entry);
                }
                (Some("security"), Object::Document | Object::Components | Object::Info) => lost.root = Some(entry),
                (Some(key), _) if schemes.contains(key) => lost.schemes = Some(entry),
                _ => {}
            }
        }
        lost
    }
}

//! What a security scheme lacks: fields that its type requires in the version of
//! the document, and values that the version does not know. Knows the shapes of
//! the specifications, no rule.

use super::Api;
use super::grammar::Version;
use super::security::Scheme;
use super::view::K;
use crate::model::fields::FLOWS;
use crate::source::NodeKind;
use crate::span::{At, Place};

/// A required field that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its name, with the way to it inside `flows`.
    pub field: String,
    /// What should hold it: the scheme's key, or that of the flow.
    pub place: Place,
}

/// A value that the version does not know: its field, and where it stands.
pub type Illegal = (&'static str, At);

/// URLs that a flow needs, by position in `FLOWS`. 2.0 has no device flow.
const FLOW_URLS: [&[(K, &str)]; 5] = [
    &[(K::AuthorizationUrl, "authorizationUrl")],
    &[(K::TokenUrl, "tokenUrl")],
    &[(K::TokenUrl, "tokenUrl")],
    &[(K::AuthorizationUrl, "authorizationUrl"), (K::TokenUrl, "tokenUrl")],
    &[(K::DeviceAuthorizationUrl, "deviceAuthorizationUrl"), (K::TokenUrl, "tokenUrl")],
];

/// The types of schemes that a version knows.
fn types(version: Version) -> &'static [&'static str] {
    match version {
        Version::V20 => &["basic", "apiKey", "oauth2"],
        Version::V30 => &["apiKey", "http", "oauth2", "openIdConnect"],
        Version::V31 | Version::V32 => &["apiKey", "http", "oauth2", "openIdConnect", "mutualTLS"],
    }
}

/// Where a version lets API keys be sent.
fn locations(version: Version) -> &'static [&'static str] {
    if version == Version::V20 { &["query", "header"] } else { &["query", "header", "cookie"] }
}

/// The fields that a scheme lacks, in the order of the specification.
pub fn missing(api: &Api, scheme: &Scheme) -> Vec<Missing> {
    let mut lacks = Lacks { api, found: Vec::new(), place: Place::key(scheme.entry) };
    let Some(at) = scheme.at else {
        // A reference without a target may lead to anything; any other value is no scheme.
        if api.view.reference(api.view.resolve(scheme.entry)).is_none() {
            lacks.add("type");
        }
        return lacks.found;
    };
    let named = api.view.scalar(at, K::Type).unwrap_or_default();
    match named {
        _ if !types(api.version).contains(&named) => lacks.needs(at, K::Type, "type"),
        "apiKey" => {
            lacks.needs(at, K::Name, "name");
            lacks.needs(at, K::In, "in");
        }
        "http" => lacks.needs(at, K::Scheme, "scheme"),
        "openIdConnect" => lacks.needs_url(at, K::OpenIdConnectUrl, "openIdConnectUrl"),
        "oauth2" if api.version == Version::V20 => lacks.swagger_flow(at),
        "oauth2" => lacks.flows(at),
        _ => {}
    }
    lacks.found
}

/// The first value of a scheme that the version does not know.
pub fn illegal(api: &Api, scheme: &Scheme) -> Option<Illegal> {
    const SWAGGER_FLOWS: [&str; 4] = ["implicit", "password", "application", "accessCode"];
    let at = scheme.at?;
    let unknown = |key: K, field: &'static str, known: &[&str]| {
        let value = api.view.get(at, key).filter(|&value| api.view.kind(value) != NodeKind::Null)?;
        // An empty text is a field that is missing.
        let is_right = |text: &str| text.is_empty() || known.contains(&text);
        (!api.view.is_scalar(value) || !is_right(api.view.text(value))).then_some((field, value))
    };
    let named = api.view.scalar(at, K::Type).unwrap_or_default();
    match named {
        "apiKey" => unknown(K::In, "in", locations(api.version)),
        "oauth2" if api.version == Version::V20 => unknown(K::Flow, "flow", &SWAGGER_FLOWS),
        _ => unknown(K::Type, "type", types(api.version)),
    }
}

struct Lacks<'a> {
    api: &'a Api,
    found: Vec<Missing>,
    place: Place,
}

impl Lacks<'_> {
    fn add(&mut self, field: impl Into<String>) {
        self.found.push(Missing { field: field.into(), place: self.place });
    }

    /// A field must be there and say something.
    fn needs(&mut self, at: At, key: K, field: &str) {
        let value = self.api.view.get(at, key).filter(|&value| self.api.view.kind(value) != NodeKind::Null);
        if value.is_none_or(|value| self.api.view.is_scalar(value) && self.api.view.text(value).is_empty()) {
            self.add(field);
        }
    }

    /// A URL must be there; whether it is one is another question.
    fn needs_url(&mut self, at: At, key: K, field: &str) {
        let value = self.api.view.get(at, key);
        if value.is_none_or(|value| self.api.view.kind(value) == NodeKind::Null) {
            self.add(field);
        }
    }

    fn swagger_flow(&mut self, at: At) {
        self.needs(at, K::Flow, "flow");
        let flow = match self.api.view.scalar(at, K::Flow).unwrap_or_default() {
            "implicit" => 0,
            "password" => 1,
            "application" => 2,
            "accessCode" => 3,
            _ => return,
        };
        self.flow(at, flow, "");
    }

    fn flows(&mut self, at: At) {
        let view = &self.api.view;
        let Some(entry) = view.entry(at, K::Flows) else { return self.add("flows") };
        let Some(flows) = view.follow(entry) else { return };
        let device = if self.api.version >= Version::V32 { FLOWS.len() } else { FLOWS.len() - 1 };
        let known: Vec<(usize, At)> = view
            .children(flows)
            .filter_map(|flow| Some((FLOWS[..device].iter().position(|name| view.key(flow) == Some(name))?, flow)))
            .collect();
        if known.is_empty() {
            return self.add("flows");
        }
        for (index, entry) in known {
            if let Some(flow) = view.follow(entry) {
                self.place = Place::key(entry);
                self.flow(flow, index, &format!("flows.{}.", FLOWS[index]));
            }
        }
    }

    fn flow(&mut self, at: At, flow: usize, way: &str) {
        for &(key, field) in FLOW_URLS[flow] {
            self.needs_url(at, key, &format!("{way}{field}"));
        }
        if self.api.view.entry(at, K::Scopes).is_none() {
            self.add(format!("{way}scopes"));
        }
    }
}

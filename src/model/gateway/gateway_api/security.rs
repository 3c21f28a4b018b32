//! What a SecurityPolicy of Envoy Gateway sets: authentication, authorization and CORS.
//!
//! Source: <https://gateway.envoyproxy.io/docs/api/extension_types/#securitypolicyspec>.

use super::super::adapters::Input;
use super::super::address::Range;
use super::super::cursor::Node;
use super::super::defaults::default;
use super::super::kubernetes::{external_name, named};
use super::super::objects::Object;
use super::super::origin::OriginPattern;
use super::super::{
    Access, AccessBy, AnyOrigin, Auth, AuthServer, Cors, Gateway, Jwt, Mechanism, Purpose, Set, Stated,
};
use super::STANDARD;
use crate::discover::Format;
use crate::span::Place;

/// The parts of a policy by which callers show who they are.
pub(super) const AUTHENTICATES: [&str; 5] = ["jwt", "basicAuth", "apiKeyAuth", "oidc", "extAuth"];

/// The tables' indices of what a policy sets.
#[derive(Clone, Debug, Default)]
pub(super) struct Security {
    pub(super) auths: Vec<(&'static str, u32)>,
    pub(super) access: Option<u32>,
    pub(super) cors: Option<u32>,
}

pub(super) fn read(input: Input<'_>, object: &Object, gateway: &mut Gateway) -> Security {
    let policy = object.node(input.sources);
    let Some(spec) = policy.get("spec") else { return Security::default() };
    let auths = AUTHENTICATES.iter().filter_map(|key| {
        let node = spec.get(key)?;
        let auth = match *key {
            "jwt" => jwt(node, spec, gateway),
            "basicAuth" => Auth::new("basicAuth", Mechanism::Basic, node.key_place()),
            "apiKeyAuth" => api_key(node),
            "oidc" => oidc(node, gateway),
            _ => external(input, object, node, gateway),
        };
        Some((*key, gateway.add_auth(auth)))
    });
    Security {
        auths: auths.collect(),
        access: spec.get("authorization").map(|node| authorization(node, policy, gateway)),
        cors: spec.get("cors").map(|node| cors(node, gateway)),
    }
}

fn jwt(node: Node<'_>, spec: Node<'_>, gateway: &mut Gateway) -> Auth {
    let mut auth = Auth::new("jwt", Mechanism::Jwt, node.key_place());
    let principals = spec.path(&["authorization", "rules"]).into_iter().flat_map(Node::children);
    let default_allow = spec.path(&["authorization", "defaultAction"]).and_then(Node::text) == Some("Allow");
    auth.checked_later =
        !default_allow && principals.into_iter().any(|rule| rule.path(&["principal", "jwt"]).is_some());
    auth.optional = node.get("optional").filter(|it| it.bool() == Some(true)).map(Node::key_place);
    // Missing and invalid tokens pass then, unless an authorization needs a principal.
    let open = node.get("failOpen").filter(|it| it.bool() == Some(true) && !auth.checked_later);
    auth.fail_open = open.map(Node::key_place);
    for provider in node.list("providers") {
        let place = provider.get("name").map_or(provider.place(), Node::place);
        let mut jwt = Jwt::new(place);
        jwt.issuer = provider.get("issuer").map(|_| true).into();
        jwt.audience = Some(true).filter(|_| !provider.list("audiences").is_empty()).into();
        jwt.public_keys = provider.get("remoteJWKS").is_some();
        if let Some(uri) = provider.path(&["remoteJWKS", "uri"]) {
            gateway.auth_servers.push(AuthServer {
                url: uri.text().unwrap_or_default().to_owned(),
                place: uri.place(),
                purpose: Purpose::Keys,
                unverified: None,
            });
        }
        let extract = provider.get("extractFrom");
        let parameter = extract.and_then(|extract| extract.list("params").into_iter().next());
        if let Some(parameter) = parameter {
            let name = parameter.text().unwrap_or_default().to_owned();
            auth.query = Some(Set::written(name, parameter.place()));
        } else if extract.is_none_or(|extract| extract.list("headers").is_empty() && extract.list("cookies").is_empty())
            && auth.query.is_none()
        {
            let usual = default(Format::GatewayApi, "jwt.providers.extractFrom.params", None);
            auth.query = usual.map(|name| Set::default(name.to_owned(), place));
        }
        auth.jwts.push(gateway.add_jwt(jwt));
    }
    auth
}

fn api_key(node: Node<'_>) -> Auth {
    let mut auth = Auth::new("apiKeyAuth", Mechanism::ApiKey, node.key_place());
    let parameters = node.list("extractFrom").into_iter().flat_map(|from| from.list("params"));
    let parameter = parameters.into_iter().next();
    auth.query = parameter.map(|it| Set::written(it.text().unwrap_or_default().to_owned(), it.place()));
    auth
}

fn oidc(node: Node<'_>, gateway: &mut Gateway) -> Auth {
    let provider = node.get("provider");
    for (key, purpose) in [("issuer", Purpose::Discovery), ("tokenEndpoint", Purpose::Tokens)] {
        if let Some(url) = provider.and_then(|provider| provider.get(key)) {
            gateway.auth_servers.push(AuthServer {
                url: url.text().unwrap_or_default().to_owned(),
                place: url.place(),
                purpose,
                unverified: None,
            });
        }
    }
    Auth::new("oidc", Mechanism::Oidc, node.key_place())
}

fn external(input: Input<'_>, object: &Object, node: Node<'_>, gateway: &mut Gateway) -> Auth {
    let mut auth = Auth::new("extAuth", Mechanism::External, node.key_place());
    auth.fail_open = node.get("failOpen").filter(|it| it.bool() == Some(true)).map(Node::key_place);
    for protocol in ["http", "grpc"].into_iter().filter_map(|protocol| node.get(protocol)) {
        external_server(input, object, protocol, gateway);
    }
    auth
}

/// Whether a policy says that TLS is spoken to a service.
fn is_secured(input: Input<'_>, namespace: &str, name: Node<'_>) -> bool {
    let policies = input.objects.of(STANDARD, "BackendTLSPolicy").filter(|policy| policy.namespace() == namespace);
    let targets = policies.filter_map(|policy| policy.node(input.sources).get("spec"));
    targets.flat_map(|spec| spec.list("targetRefs")).any(|target| target.str("name") == name.text())
}

/// Notes the server that decides on requests, if it is a service that stands for a host outside.
pub(super) fn external_server(input: Input<'_>, object: &Object, node: Node<'_>, gateway: &mut Gateway) {
    for backend in node.list("backendRefs").into_iter().chain(node.list("backendRef")) {
        let Some(name) = backend.get("name") else { continue };
        let namespace = backend.str("namespace").unwrap_or(object.namespace());
        let host = external_name(input, namespace, name.text().unwrap_or_default(), object.at.file);
        if let Some(host) = host {
            gateway.auth_servers.push(AuthServer {
                // A policy for its TLS would make it `https`.
                url: format!("{}://{host}", if is_secured(input, namespace, name) { "https" } else { "http" }),
                place: name.place(),
                purpose: Purpose::Decision,
                unverified: None,
            });
        }
    }
}

fn authorization(node: Node<'_>, policy: Node<'_>, gateway: &mut Gateway) -> u32 {
    let rules = node.list("rules");
    let principals = || rules.iter().filter_map(|rule| rule.get("principal"));
    let is_identity = principals().any(|principal| principal.get("jwt").is_some());
    let is_address = principals().any(|principal| principal.get("clientCIDRs").is_some());
    let by = match (is_identity, is_address) {
        (true, _) => AccessBy::Identity,
        (false, true) => AccessBy::Address,
        (false, false) => AccessBy::Other,
    };
    let mut access = Access::new("authorization", by, node.key_place());
    let usual = default(Format::GatewayApi, "authorization.defaultAction", None);
    let action = node.get("defaultAction");
    let allows = action.and_then(Node::text).or(usual) == Some("Allow");
    access.default_allow = allows.then(|| action.map_or(named(policy), Node::place));
    let every = rules.iter().filter(|rule| rule.str("action") == Some("Allow")).find_map(|rule| {
        let principal = rule.get("principal")?;
        // Each part of a principal must be met.
        let alone = principal.get("jwt").is_none() && principal.get("headers").is_none();
        let mut ranges = principal.list("clientCIDRs").into_iter().filter(|_| alone);
        ranges.find(|range| matches!(range.text(), Some("0.0.0.0/0" | "::/0")))
    });
    access.every_address = every.map(Node::place);
    access.restricts = Stated::Known(every.is_none() && !allows);
    access.unreachable_deny = unreachable(&rules);
    gateway.add_access(access)
}

/// Refusals of addresses that a rule before them lets in whoever else they are: the first rule that fits decides.
/// One for every address is told apart, as in lists of addresses.
fn unreachable(rules: &[Node<'_>]) -> Vec<Place> {
    /// Further rules are not compared with each other.
    const MOST: usize = 256;
    let mut allowed: Vec<Range> = Vec::new();
    let mut found = Vec::new();
    for rule in rules.iter().take(MOST) {
        let principal = rule.get("principal");
        let ranges = principal.map(|principal| principal.list("clientCIDRs")).unwrap_or_default();
        let ranges: Option<Vec<Range>> =
            ranges.into_iter().take(MOST).map(|range| Range::parse(range.text()?)).collect();
        let Some(ranges) = ranges.filter(|ranges| !ranges.is_empty()) else { continue };
        // Parts of a principal, and the operation, must all be met.
        let alone = principal.is_some_and(|principal| principal.children().count() == 1);
        match rule.str("action") {
            Some("Allow") if alone && rule.get("operation").is_none() => {
                allowed.extend(ranges.into_iter().filter(|range| !matches!(range, Range::Net(_, 0))));
            }
            Some("Deny") if ranges.iter().all(|range| allowed.iter().any(|allowed| allowed.holds(*range))) => {
                let named = rule.get("action").map_or(rule.place(), Node::place);
                found.push(named);
            }
            _ => {}
        }
        allowed.truncate(MOST);
    }
    found
}

/// A CORS policy of Envoy Gateway, or the filter of that name: both send back the origin that asks.
pub(super) fn cors(node: Node<'_>, gateway: &mut Gateway) -> u32 {
    let mut cors = Cors::new(node.key_place());
    for origin in node.list("allowOrigins") {
        let text = origin.text().unwrap_or_default();
        if text == "null" {
            cors.null_origin = Some(origin.place());
        } else if text.contains('*') && OriginPattern::wildcard(text).admits_any_host() {
            cors.any_origin.get_or_insert((Set::written((), origin.place()), AnyOrigin::Echoed));
        }
    }
    let credentials = node.get("allowCredentials").and_then(|it| Some(Set::written(it.bool()?, it.key_place())));
    cors.credentials = Stated::Known(credentials.unwrap_or(Set::default(false, node.key_place())));
    gateway.add_cors(cors)
}

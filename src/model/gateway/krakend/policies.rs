//! What stands under `extra_config` of KrakenD, at the level of the service, an endpoint or a backend.

use super::super::issuer;
use super::super::origin::OriginPattern;
use super::super::{
    Access, AccessBy, AnyOrigin, Applied, Auth, AuthServer, Concern, Cors, Gateway, Ineffective, Jwt, Mechanism, Node,
    Origin, Purpose, RateKey, RateLimit, Scope, Set, Setting, Stated,
};
use super::default;
use super::names::{component, component_of};
use crate::discover::Format;
use crate::span::Place;

/// The ways to authenticate that an endpoint enforces.
pub(super) fn auth(extra: Node<'_>, gateway: &mut Gateway) -> Vec<Applied> {
    let mut applied = Vec::new();
    if let Some(validator) = component(extra, "auth/validator") {
        let mut auth = Auth::new("auth/validator", Mechanism::Jwt, validator.key_place());
        auth.jwts.push(verifier(validator, gateway));
        applied.push(at_route(gateway.add_auth(auth), validator));
    }
    if let Some(keys) = extra.get("auth/api-keys") {
        let mut auth = Auth::new("auth/api-keys", Mechanism::ApiKey, keys.key_place());
        if keys.str("strategy") == Some("query_string") {
            let place = keys.get("strategy").map_or(keys.key_place(), Node::place);
            auth.query = Some(Set::written(keys.str("identifier").unwrap_or("key").to_owned(), place));
        }
        applied.push(at_route(gateway.add_auth(auth), keys));
    }
    applied.extend(basic(extra, Scope::Route, gateway));
    applied
}

fn at_route(policy: u32, node: Node<'_>) -> Applied {
    Applied { policy, place: node.key_place(), scope: Scope::Route }
}

/// Users and passwords: of an endpoint, or of the whole service.
pub(super) fn basic(extra: Node<'_>, scope: Scope, gateway: &mut Gateway) -> Vec<Applied> {
    let Some(basic) = extra.get("auth/basic") else { return Vec::new() };
    for user in basic.get("users").into_iter().flat_map(Node::children) {
        if let Some(value) = user.text() {
            let name = user.key().unwrap_or_default();
            gateway.add_credential(format!("password of the user `{name}`"), value, user.place());
        }
    }
    let auth = Auth::new("auth/basic", Mechanism::Basic, basic.key_place());
    vec![Applied { policy: gateway.add_auth(auth), place: basic.key_place(), scope }]
}

/// The store of API keys. It enforces nothing by itself.
pub(super) fn keys(extra: Node<'_>, gateway: &mut Gateway) {
    let Some(store) = extra.get("auth/api-keys") else { return };
    // Only hashes stand there with any other `hash` than the default, `plain`.
    if store.str("hash").is_none_or(|hash| hash == "plain") {
        for key in store.list("keys").into_iter().filter_map(|key| key.get("key")) {
            gateway.add_credential("API key", key.text().unwrap_or_default(), key.place());
        }
    }
}

fn verifier(validator: Node<'_>, gateway: &mut Gateway) -> u32 {
    let mut jwt = Jwt::new(validator.key_place());
    if let Some(alg) = validator.get("alg") {
        jwt.algorithms.push((alg.text().unwrap_or_default().to_owned(), alg.place()));
    }
    jwt.issuer = validator.get("issuer").map(|_| true).into();
    jwt.audience = validator.get("audience").map(|_| true).into();
    jwt.verifies_expiry = true;
    // go-jose checks `exp` if it is there and does not demand it; since KrakenD 2.0 its validator does the same.
    if let Some(url) = validator.get("jwk_url") {
        let text = url.text().unwrap_or_default();
        jwt.public_keys = true;
        jwt.shared_keys = issuer::signs_for_many(text);
        // Without TLS there is no certificate to verify: then the URL says all.
        let over_tls = !text.starts_with("http:");
        let unverified = validator.get("disable_jwk_security").filter(|node| over_tls && node.bool() == Some(true));
        gateway.auth_servers.push(AuthServer {
            url: text.to_owned(),
            place: url.place(),
            purpose: Purpose::Keys,
            unverified: unverified.map(Node::key_place),
        });
    }
    gateway.add_jwt(jwt)
}

/// Role checks of the validator.
pub(super) fn access(extra: Node<'_>, gateway: &mut Gateway) -> Vec<Applied> {
    let validator = component(extra, "auth/validator");
    let roles = validator.and_then(|node| node.get("roles").or(node.get("scopes")));
    let policy = roles.or(extra.get("security/policies")).or(component(extra, "validation/cel"));
    policy
        .map(|node| {
            let name = node.key().unwrap_or_default();
            let policy = gateway.add_access(Access::new(name, AccessBy::Identity, node.key_place()));
            Applied { policy, place: node.key_place(), scope: Scope::Route }
        })
        .into_iter()
        .collect()
}

/// Rate limits of a level.
pub(super) fn rates(extra: Node<'_>, scope: Scope, gateway: &mut Gateway) -> Vec<Applied> {
    const NAMES: [&str; 6] = [
        "qos/ratelimit/service",
        "qos/ratelimit/router",
        "qos/ratelimit/proxy",
        "qos/ratelimit/tiered",
        "qos/ratelimit/service/redis",
        "qos/ratelimit/router/redis",
    ];
    let found = NAMES.into_iter().filter_map(|name| Some((name, component(extra, name)?)));
    found
        .map(|(name, node)| {
            let mut rate = RateLimit::new(name, node.key_place());
            let number = |key: &str| node.get(key).and_then(Node::number);
            let bounds = ["max_rate", "client_max_rate"].map(|key| (node.get(key), number(key)));
            let acts = bounds.iter().any(|(_, rate)| rate.is_some_and(|rate| rate > 0.0));
            let zero = bounds.iter().find_map(|(node, rate)| node.filter(|_| *rate == Some(0.0)));
            if let Some(zero) = zero.filter(|_| !acts) {
                rate.ineffective = Some((zero.key_place(), Ineffective::Zero));
            }
            let strategy = node.get("strategy");
            rate.key = Stated::Known(match strategy.and_then(Node::text) {
                None if bounds[1].0.is_none() => RateKey::All,
                None | Some("ip") => RateKey::Address,
                Some("header") => RateKey::Header,
                Some(_) => RateKey::Other,
            });
            if let Some(strategy) = strategy.filter(|node| node.text() == Some("header")) {
                rate.client_header = Some((strategy.place(), node.str("key").unwrap_or_default().to_owned()));
            }
            rate.local = Some(Set::default(!name.ends_with("redis"), node.key_place()));
            Applied { policy: gateway.add_rate(rate), place: node.key_place(), scope }
        })
        .collect()
}

/// The CORS policy of the service.
pub(super) fn cors(extra: Node<'_>, gateway: &mut Gateway) -> Vec<Applied> {
    let Some(node) = component(extra, "security/cors") else { return Vec::new() };
    let mut cors = Cors::new(node.key_place());
    let origins = node.list("allow_origins");
    let wild = origins.iter().find(|origin| origin.text() == Some("*"));
    // The literal `*` is sent as it is; an entry with a wildcard in it is answered with the request's origin:
    // https://github.com/rs/cors/blob/v1.11.1/cors.go
    let pattern = origins.iter().find(|origin| matches!(origin.text(), Some("https://*" | "http://*")));
    cors.any_origin = match (wild, pattern) {
        (Some(wild), _) => Some((Set::written((), wild.place()), AnyOrigin::Literal)),
        (None, Some(pattern)) => Some((Set::written((), pattern.place()), AnyOrigin::Echoed)),
        (None, None)
            if origins.is_empty() && default(Format::Krakend, "security/cors.allow_origins", None) == Some("*") =>
        {
            Some((Set::default((), node.key_place()), AnyOrigin::Literal))
        }
        (None, None) => None,
    };
    let hostile = |origin: &Node<'_>| {
        let found = OriginPattern::wildcard(origin.text()?).hostile()?;
        Some((origin.place(), found.text))
    };
    cors.hostile_origin = origins.iter().find_map(hostile);
    cors.null_origin = origins.iter().find(|origin| origin.text() == Some("null")).map(|origin| origin.place());
    let credentials = node.get("allow_credentials").and_then(|node| Some(Set::written(node.bool()?, node.key_place())));
    cors.credentials = Stated::Known(credentials.unwrap_or(Set::default(false, node.key_place())));
    vec![Applied { policy: gateway.add_cors(cors), place: node.key_place(), scope: Scope::Global }]
}

/// Notes a setting that rules ask for.
pub(super) fn note(
    gateway: &mut Gateway,
    name: &str,
    value: &str,
    place: Place,
    concern: Option<Concern>,
    grave: bool,
) {
    gateway.settings.push(Setting { concern, grave, ..Setting::new(name, value, place) });
}

/// Settings of the service that rules ask for.
pub(super) fn service_settings(root: Node<'_>, gateway: &mut Gateway) {
    let router = component_of(root, "router");
    let secure = component_of(root, "security/http");
    // `debug_endpoint` is none of them: it echoes requests, and the schema calls it safe in production.
    let switches: [(&str, Option<Node<'_>>, Option<Concern>); 3] = [
        ("echo_endpoint", root.get("echo_endpoint"), Some(Concern::Debug)),
        ("router.return_error_msg", router.and_then(|node| node.get("return_error_msg")), Some(Concern::Debug)),
        ("security/http.is_development", secure.and_then(|node| node.get("is_development")), None),
    ];
    for (name, node, concern) in switches {
        if let Some(node) = node.filter(|node| node.bool() == Some(true)) {
            note(gateway, name, "true", node.key_place(), concern, false);
        }
    }
    if router.is_none_or(|router| !router.is_true("hide_version_header")) {
        let place = router.or(root.get("version")).map_or(gateway.place, Node::key_place);
        let usual = Setting {
            concern: Some(Concern::VersionBanner),
            origin: Origin::Default,
            ..Setting::new("router.hide_version_header", "false", place)
        };
        gateway.settings.push(usual);
    }
    // At this level the key only holds settings of a cache: it protects nothing.
    if let Some(validator) = component_of(root, "auth/validator")
        && let Some(key) = ["alg", "jwk_url", "audience", "issuer"].into_iter().find(|key| validator.get(key).is_some())
    {
        note(gateway, "extra_config.auth/validator", key, validator.key_place(), None, false);
    }
}

/// Notes settings of an endpoint, or of a backend, that rules ask for.
pub(super) fn endpoint_settings(extra: Node<'_>, gateway: &mut Gateway) {
    let debug = component(extra, "auth/validator").and_then(|validator| validator.get("operation_debug"));
    let debug = debug.filter(|node| node.bool() == Some(true));
    if let Some(node) = debug {
        note(gateway, "auth/validator.operation_debug", "true", node.key_place(), Some(Concern::Debug), false);
    }
    scripts_of(extra, gateway);
}

/// Notes Lua that a level of the configuration carries.
pub(super) fn scripts_of(extra: Node<'_>, gateway: &mut Gateway) {
    for (name, node) in scripts(extra) {
        let open = node.is_true("allow_open_libs");
        note(gateway, name, "", node.key_place(), Some(Concern::InlineCode), open);
    }
}

/// Lua that a level of the configuration carries.
fn scripts(extra: Node<'_>) -> impl Iterator<Item = (&'static str, Node<'_>)> {
    let names = ["modifier/lua-endpoint", "modifier/lua-proxy", "modifier/lua-backend"];
    names.into_iter().filter_map(move |name| Some((name, component(extra, name)?)))
}

/// Code of an endpoint that runs before its backends are asked, and so may refuse requests.
pub(super) fn hook(extra: Node<'_>) -> Option<Place> {
    let mut scripts = scripts(extra).filter(|(_, node)| node.get("pre").is_some());
    scripts.next().map(|(_, node)| node.key_place())
}

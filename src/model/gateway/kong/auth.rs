//! Plugins of Kong that ask for credentials.

use super::super::{Auth, AuthServer, Gateway, Jwt, Mechanism, Node, Purpose, Set, Signed, Stated};
use super::plugin::Plugin;
use super::{tokens::Tokens, usual};
use crate::model::Why;
use crate::span::Place;

/// What a plugin asks for. `optional`: the setting that lets requests without credentials pass;
/// `checked_later`: whether they are refused by what comes behind it.
pub(super) fn auth(
    plugin: &Plugin<'_>,
    mechanism: Mechanism,
    optional: Option<Place>,
    checked_later: bool,
    tokens: &Tokens,
    gateway: &mut Gateway,
) -> u32 {
    let mut auth = Auth::new(plugin.name, mechanism, plugin.place);
    auth.optional = optional;
    auth.checked_later = checked_later;
    auth.query = query(plugin);
    auth.forwards = forwards(plugin);
    match plugin.name {
        "jwt" => auth.jwts.push(jwt(plugin, tokens, gateway)),
        "openid-connect" => auth.jwts.push(openid(plugin, gateway)),
        "hmac-auth" => auth.signed = Some(signed(plugin)),
        "oauth2-introspection" => introspection(plugin, gateway),
        _ => {}
    }
    gateway.add_auth(auth)
}

/// The parameter of the query string from which a plugin takes a credential.
fn query(plugin: &Plugin<'_>) -> Option<Set<String>> {
    match plugin.name {
        "key-auth" | "key-auth-enc" => {
            let names = plugin.list("key_names");
            let name = names.first().and_then(|name| name.text()).unwrap_or(usual("key-auth.key_names")).to_owned();
            match plugin.get("key_in_query") {
                Some(node) => (node.bool() == Some(true)).then(|| Set::written(name, node.key_place())),
                None => (usual("key-auth.key_in_query") == "true").then(|| Set::default(name, plugin.place)),
            }
        }
        "jwt" => match plugin.get("uri_param_names") {
            Some(node) => {
                let first = plugin.list("uri_param_names").first().and_then(|name| name.text()).map(str::to_owned);
                first.map(|name| Set::written(name, node.key_place()))
            }
            None => Some(Set::default(usual("jwt.uri_param_names").to_owned(), plugin.place)),
        },
        // It always looks there: https://github.com/Kong/kong/blob/3.9.1/kong/plugins/oauth2/access.lua
        "oauth2" => Some(Set::default("access_token".to_owned(), plugin.place)),
        _ => None,
    }
}

/// Whether the credential goes on to the upstream, for plugins that can take it away.
fn forwards(plugin: &Plugin<'_>) -> Option<Set<bool>> {
    const HIDING: [&str; 9] = [
        "basic-auth",
        "hmac-auth",
        "key-auth",
        "key-auth-enc",
        "ldap-auth",
        "ldap-auth-advanced",
        "oauth2",
        "oauth2-introspection",
        "vault-auth",
    ];
    HIDING.contains(&plugin.name).then(|| match plugin.get("hide_credentials") {
        Some(node) => Set::written(node.bool() != Some(true), node.key_place()),
        None => Set::default(usual("hide_credentials") == "false", plugin.place),
    })
}

/// What a signature of the plugin `hmac-auth` covers. The date is verified in any case.
fn signed(plugin: &Plugin<'_>) -> Signed {
    let body = match plugin.get("validate_request_body") {
        Some(node) => Set::written(node.bool() == Some(true), node.key_place()),
        None => Set::default(usual("hmac-auth.validate_request_body") == "true", plugin.place),
    };
    let headers = match plugin.get("enforce_headers") {
        Some(node) => Set::written(!plugin.list("enforce_headers").is_empty(), node.key_place()),
        None => Set::default(false, plugin.place),
    };
    let skew = match plugin.get("clock_skew").and_then(|node| Some((node, node.number()?))) {
        Some((node, seconds)) => Set::written(seconds, node.key_place()),
        None => Set::default(usual("hmac-auth.clock_skew").parse().unwrap_or_default(), plugin.place),
    };
    Signed { body, headers, skew }
}

/// The verifier of the plugin `jwt`. Whom a token is from is told by its key: of each consumer, one that is looked up
/// by the claim `iss`. For whom it is meant is not compared with anything.
fn jwt(plugin: &Plugin<'_>, tokens: &Tokens, gateway: &mut Gateway) -> u32 {
    let mut jwt = Jwt::new(plugin.place);
    jwt.issuer = Stated::Known(true);
    jwt.algorithms.clone_from(&tokens.algorithms);
    jwt.symmetric = tokens.symmetric;
    let claims = plugin.list("claims_to_verify");
    let expiry = claims.iter().find(|claim| claim.text() == Some("exp"));
    jwt.expiry = Stated::Known(match (expiry, plugin.get("claims_to_verify")) {
        (Some(claim), _) => Set::written(true, claim.place()),
        (None, Some(claims)) => Set::written(false, claims.key_place()),
        (None, None) => Set::default(false, plugin.place),
    });
    let longest = plugin.get("maximum_expiration").and_then(Node::number).filter(|&seconds| seconds > 0.0);
    jwt.max_lifetime = longest.into();
    gateway.add_jwt(jwt)
}

/// The verifier of the plugin `openid-connect`.
fn openid(plugin: &Plugin<'_>, gateway: &mut Gateway) -> u32 {
    let mut jwt = Jwt::new(plugin.place);
    jwt.public_keys = true;
    let off = |key: &str| plugin.get(key).filter(|node| node.bool() == Some(false)).map(Node::key_place);
    jwt.unsigned = off("verify_signature");
    // Off by default: https://developer.konghq.com/plugins/openid-connect/reference/#schema--config-enable-hs-signatures
    jwt.symmetric = plugin.get("enable_hs_signatures").filter(|node| node.bool() == Some(true)).map(Node::key_place);
    let claims_off = off("verify_claims");
    jwt.issuer = Stated::Known(claims_off.is_none());
    let audience = ["audience_required", "audience"].into_iter().any(|key| !plugin.list(key).is_empty());
    jwt.audience = audience.then_some(true).into();
    // It refuses tokens that have expired; whether one must carry an expiry is not documented.
    jwt.expiry = match claims_off {
        Some(place) => Stated::Known(Set::written(false, place)),
        None => Stated::Unknown(Why::NotRead, None),
    };
    jwt.verifies_expiry = claims_off.is_none();
    jwt.max_lifetime = Stated::Unknown(Why::NotRead, None);
    let unverified = off("ssl_verify");
    let servers = [
        ("issuer", Purpose::Discovery),
        ("introspection_endpoint", Purpose::Introspection),
        ("token_endpoint", Purpose::Tokens),
        ("extra_jwks_uris", Purpose::Keys),
    ];
    for (key, purpose) in servers {
        for url in plugin.list(key) {
            server(url, purpose, unverified, gateway);
        }
    }
    gateway.add_jwt(jwt)
}

fn introspection(plugin: &Plugin<'_>, gateway: &mut Gateway) {
    if let Some(url) = plugin.get("introspection_url") {
        server(url, Purpose::Introspection, None, gateway);
    }
}

fn server(url: Node<'_>, purpose: Purpose, unverified: Option<Place>, gateway: &mut Gateway) {
    let Some(text) = url.text().filter(|_| !url.is_template()) else { return };
    // Without TLS there is no certificate to verify: then the URL says all.
    let unverified = unverified.filter(|_| !text.starts_with("http:"));
    gateway.auth_servers.push(AuthServer { url: text.to_owned(), place: url.place(), purpose, unverified });
}

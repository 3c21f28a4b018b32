//! Annotations of ingress-nginx as policies of the routes of an Ingress.
//!
//! Source: <https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/>.

use super::super::cursor::Node;
use super::super::defaults::default;
use super::super::origin::OriginPattern;
use super::super::size;
use super::super::{
    Access, AccessBy, AnyOrigin, Applied, Auth, AuthMode, AuthServer, ClientCertificate, Cors, Gateway, Ineffective,
    Limit, LimitInForce, Measure, Mechanism, Protocol, Purpose, RateKey, RateLimit, Rewrite, Scope, Set, Stated,
};
use super::controller::setting;
use super::{Ingress, Policies};
use crate::discover::Format;
use crate::model::{Why, net};
use crate::span::Place;

/// Lists of addresses that may call, the newer name first.
pub(super) const ALLOW: [&str; 2] = ["allowlist-source-range", "whitelist-source-range"];

/// Limits that count by address.
pub(super) const RATES: [&str; 3] = ["limit-rps", "limit-rpm", "limit-connections"];

/// Raw configuration of nginx in which anything may stand.
const SNIPPETS: [&str; 3] = ["configuration-snippet", "server-snippet", "auth-snippet"];

/// Annotations whose text goes into the configuration of nginx as it is.
const WRITTEN_OUT: [&str; 15] = [
    "auth-url",
    "auth-signin",
    "auth-tls-match-cn",
    "auth-tls-error-page",
    "auth-secret-file",
    "auth-realm",
    "auth-cache-key",
    "mirror-target",
    "mirror-host",
    "permanent-redirect",
    "temporal-redirect",
    "app-root",
    "upstream-vhost",
    "x-forwarded-prefix",
    "proxy-ssl-name",
];

fn usual(name: &str) -> &'static str {
    default(Format::Ingress, name, None).unwrap_or_default()
}

pub(super) fn policies(ingress: &Ingress<'_>, gateway: &mut Gateway) -> Policies {
    let mut policies = Policies::default();
    let snippet = SNIPPETS.iter().find_map(|name| ingress.annotations.nginx(name));
    // What a snippet may set, and what a template may add, is not absent.
    let unseen = ingress.unseen.or(snippet.map(|node| (Why::Code, Some(node.key_place()))));
    let auth = auth(ingress, gateway);
    policies.auth = match (auth.is_empty(), ingress.controller.is_in_view()) {
        (false, _) => Stated::Known(auth),
        (true, true) => super::absent(unseen),
        (true, false) if is_global_auth_off(ingress).is_some() => super::absent(unseen),
        (true, false) => super::absent(unseen.or(Some((Why::Elsewhere, None)))),
    };
    policies.auth_off = is_global_auth_off(ingress).map(Node::key_place);
    policies.access = listed(access(ingress, &mut policies, gateway), unseen);
    policies.rates = listed(rates(ingress, gateway), unseen);
    policies.cors = listed(cors(ingress, gateway), unseen);
    policies.limits = limits(ingress, unseen, gateway);
    policies.rewrite = match ingress.annotations.nginx("rewrite-target").and_then(Node::text) {
        None => Rewrite::None,
        Some(target) if target.contains('$') => Rewrite::Unknown,
        Some(target) => Rewrite::Whole(target.to_owned()),
    };
    let logged = ingress.annotations.nginx("enable-access-log").filter(|node| node.bool() == Some(false));
    let unlogged = ingress.controller.get("disable-access-log").filter(|node| node.bool() == Some(true));
    policies.access_log = match logged.or(unlogged) {
        Some(node) => Stated::Known(Set::written(false, node.key_place())),
        None => match unseen {
            Some((why, place)) => Stated::Unknown(why, place),
            None => Stated::Known(Set::default(true, ingress.named)),
        },
    };
    policies.redirects =
        ["permanent-redirect", "temporal-redirect"].iter().any(|it| ingress.annotations.nginx(it).is_some());
    policies.canary = ingress.annotations.nginx("canary").filter(|node| node.bool() == Some(true)).map(Node::key_place);
    policies
}

fn listed(applied: Vec<Applied>, unseen: Option<(Why, Option<Place>)>) -> Stated<Vec<Applied>> {
    if applied.is_empty() { super::absent(unseen) } else { Stated::Known(applied) }
}

fn is_global_auth_off<'s>(ingress: &Ingress<'s>) -> Option<Node<'s>> {
    ingress.annotations.nginx("enable-global-auth").filter(|node| node.bool() == Some(false))
}

fn applied(policy: u32, node: Node<'_>, scope: Scope) -> Applied {
    Applied { policy, place: node.key_place(), scope }
}

fn auth(ingress: &Ingress<'_>, gateway: &mut Gateway) -> Vec<Applied> {
    let mut found = Vec::new();
    let annotations = &ingress.annotations;
    if let Some(kind) = annotations.nginx("auth-type") {
        let mechanism = if kind.text() == Some("digest") { Mechanism::Digest } else { Mechanism::Basic };
        let auth = Auth::new("auth-type", mechanism, kind.key_place());
        found.push(applied(gateway.add_auth(auth), kind, Scope::Route));
    }
    let global = ingress.controller.get("global-auth-url").filter(|_| is_global_auth_off(ingress).is_none());
    let own = annotations.nginx("auth-url").map(|node| ("auth-url", node, Scope::Route));
    if let Some((name, node, scope)) = own.or(global.map(|node| ("global-auth-url", node, Scope::Global))) {
        let auth = Auth::new(name, Mechanism::External, node.key_place());
        found.push(applied(gateway.add_auth(auth), node, scope));
        let is_known = gateway.auth_servers.iter().rev().take(8).any(|server| server.place == node.place());
        if !is_known {
            gateway.auth_servers.push(AuthServer {
                url: node.text().unwrap_or_default().to_owned(),
                place: node.place(),
                purpose: Purpose::Decision,
                unverified: None,
            });
        }
    }
    found
}

/// What is asked of client certificates, for all paths of the hosts of an Ingress.
pub(super) fn client_certificate(ingress: &Ingress<'_>) -> Option<Set<ClientCertificate>> {
    let secret = ingress.annotations.nginx("auth-tls-secret")?;
    let verify = ingress.annotations.nginx("auth-tls-verify-client");
    let place = verify.unwrap_or(secret).key_place();
    let value = match verify.and_then(Node::text).unwrap_or(usual("auth-tls-verify-client")) {
        "optional" => ClientCertificate::Optional,
        "optional_no_ca" | "off" => ClientCertificate::Unverified,
        _ => ClientCertificate::Required,
    };
    Some(if verify.is_some() { Set::written(value, place) } else { Set::default(value, place) })
}

fn access(ingress: &Ingress<'_>, policies: &mut Policies, gateway: &mut Gateway) -> Vec<Applied> {
    let mut found = Vec::new();
    let own = ALLOW.iter().find_map(|name| Some((*name, ingress.annotations.nginx(name)?, Scope::Route)));
    let global = || Some(("whitelist-source-range", ingress.controller.get("whitelist-source-range")?, Scope::Global));
    if let Some((name, node, scope)) = own.or_else(global) {
        let ranges = || node.text().unwrap_or_default().split([',', ' ', '\n']).filter(|range| !range.is_empty());
        let every = ranges().any(|range| matches!(range, "0.0.0.0/0" | "::/0"));
        let public = |range: &str| {
            let address = range.split('/').next().unwrap_or_default();
            net::host_class(address) == net::HostClass::PublicIp
        };
        let mut access = Access::new(name, AccessBy::Address, node.key_place());
        access.every_address = every.then(|| node.place());
        access.restricts = Stated::Known(!every);
        let either = ingress.annotations.nginx("satisfy").filter(|node| node.text() == Some("any"));
        if let Some(satisfy) = either {
            let is_authenticated = !matches!(policies.auth, Stated::Absent);
            if is_authenticated {
                access.instead_of_credentials = Some((satisfy.key_place(), every || ranges().any(public)));
                policies.auth_mode = AuthMode::Any;
            }
        }
        found.push(applied(gateway.add_access(access), node, scope));
    }
    if let Some(node) = ingress.annotations.nginx("denylist-source-range") {
        let mut access = Access::new("denylist-source-range", AccessBy::Address, node.key_place());
        // Whoever is not on it may call.
        access.restricts = Stated::Known(false);
        found.push(applied(gateway.add_access(access), node, Scope::Route));
    }
    found
}

fn rates(ingress: &Ingress<'_>, gateway: &mut Gateway) -> Vec<Applied> {
    let set = RATES.iter().filter_map(|name| Some((*name, ingress.annotations.nginx(name)?)));
    set.map(|(name, node)| {
        let mut rate = RateLimit::new(name, node.key_place());
        if node.number() == Some(0.0) {
            rate.ineffective = Some((node.key_place(), Ineffective::Zero));
        }
        rate.key = Stated::Known(RateKey::Address);
        // Each controller counts for itself: annotations, "Rate Limiting".
        rate.local = Some(Set::default(true, node.key_place()));
        rate.replicated = ingress.controller.replicated;
        applied(gateway.add_rate(rate), node, Scope::Route)
    })
    .collect()
}

fn cors(ingress: &Ingress<'_>, gateway: &mut Gateway) -> Vec<Applied> {
    let annotations = &ingress.annotations;
    let Some(enable) = annotations.nginx("enable-cors").filter(|node| node.bool() == Some(true)) else {
        return Vec::new();
    };
    let mut cors = Cors::new(enable.key_place());
    match annotations.nginx("cors-allow-origin") {
        // The literal `*` is sent; origins that are listed are compared, and the one that matches is sent back:
        // `{{ range $cors.CorsAllowOrigin }}` in the template of the controller.
        Some(node) => {
            let patterns = node.text().unwrap_or_default().split(',').map(str::trim).filter(|it| !it.is_empty());
            for text in patterns {
                match text {
                    "*" => cors.any_origin = Some((Set::written((), node.place()), AnyOrigin::Literal)),
                    "null" => cors.null_origin = Some(node.place()),
                    // A `*` stands for one label, and there is no other pattern.
                    _ if text.contains('*') && OriginPattern::wildcard(text).admits_any_host() => {
                        cors.any_origin = Some((Set::written((), node.place()), AnyOrigin::Echoed));
                    }
                    _ => {}
                }
            }
        }
        None if usual("cors-allow-origin") == "*" => {
            cors.any_origin = Some((Set::default((), enable.key_place()), AnyOrigin::Literal));
        }
        None => {}
    }
    let credentials = annotations.nginx("cors-allow-credentials");
    let written = credentials.and_then(|node| Some(Set::written(node.bool()?, node.key_place())));
    let by_default = Set::default(usual("cors-allow-credentials") == "true", enable.key_place());
    cors.credentials = Stated::Known(written.unwrap_or(by_default));
    vec![applied(gateway.add_cors(cors), enable, Scope::Route)]
}

fn limits(ingress: &Ingress<'_>, unseen: Option<(Why, Option<Place>)>, gateway: &mut Gateway) -> Vec<LimitInForce> {
    let mut in_force = |measure: Measure, names: [&str; 2], value: fn(&str) -> Option<f64>| {
        let set = ingress.annotations.nginx(names[0]).or_else(|| ingress.controller.get(names[1]));
        let limit = set.and_then(|node| {
            let value = value(node.text()?)?;
            let value = if value > 0.0 { value } else { f64::INFINITY };
            let name = node.key().unwrap_or(names[0]);
            let name = name.rsplit('/').next().unwrap_or(name).to_owned();
            Some(gateway.add_limit(Limit { measure, value, place: node.key_place(), name }))
        });
        let limit = match (limit, unseen) {
            (None, Some((why, place))) => Stated::Unknown(why, place),
            // Without one, a default bounds it: 1m, 60 s.
            (limit, _) => Stated::Known(limit),
        };
        LimitInForce { measure, limit }
    };
    let seconds = |text: &str| text.trim().trim_end_matches('s').parse::<f64>().ok().filter(|it| it.is_finite());
    vec![
        in_force(Measure::Body, ["proxy-body-size", "proxy-body-size"], size::bytes),
        in_force(Measure::Upstream, ["proxy-read-timeout", "proxy-read-timeout"], seconds),
        in_force(Measure::Headers, ["client-header-timeout", "client-header-timeout"], seconds),
    ]
}

/// What is spoken to the service, and whether its certificate is verified.
pub(super) fn upstream(ingress: &Ingress<'_>) -> (Stated<Protocol>, Option<Set<bool>>) {
    let annotation = ingress.annotations.nginx("backend-protocol");
    if let (None, Some((why, place))) = (annotation, ingress.unseen) {
        return (Stated::Unknown(why, place), None);
    }
    let text = annotation.and_then(Node::text).unwrap_or(usual("backend-protocol"));
    let protocol = match text.to_ascii_uppercase().as_str() {
        "HTTPS" => Protocol::Https,
        "GRPC" => Protocol::Grpc,
        "GRPCS" => Protocol::Grpcs,
        "FCGI" => Protocol::Application,
        _ => Protocol::Http,
    };
    if !protocol.is_tls() {
        return (Stated::Known(protocol), None);
    }
    // Without a secret with the certificates to trust, the other settings are not read.
    let trusted = ingress.annotations.nginx("proxy-ssl-secret").is_some();
    let verified = match ingress.annotations.nginx("proxy-ssl-verify") {
        Some(node) => Set::written(trusted && node.text() == Some("on"), node.key_place()),
        None => Set::default(false, annotation.map_or(ingress.named, Node::key_place)),
    };
    (Stated::Known(protocol), Some(verified))
}

/// Notes annotations that rules ask for.
pub(super) fn settings(ingress: &Ingress<'_>, gateway: &mut Gateway) {
    for (name, node) in ingress.annotations.all_nginx() {
        let is_snippet = name.ends_with("-snippet") || name.ends_with("-snippets");
        if is_snippet || WRITTEN_OUT.contains(&name) {
            let mut setting = setting(name, node, None);
            if !is_snippet {
                setting.place = node.place();
            }
            gateway.settings.push(setting);
        }
    }
}

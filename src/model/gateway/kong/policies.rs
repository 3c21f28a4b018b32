//! Plugins of Kong that restrict callers, answer browsers of other origins, and bound how much is taken.

use super::super::origin::OriginPattern;
use super::super::{Access, AccessBy, AnyOrigin, Cors, Gateway, Limit, Measure, Node, RateKey, RateLimit, Set, Stated};
use super::plugin::{Plugin, Role};
use super::usual;

/// Who may call.
pub(super) fn access(plugin: &Plugin<'_>, gateway: &mut Gateway) -> u32 {
    let by = match plugin.role {
        Role::Addresses => AccessBy::Address,
        Role::Groups => AccessBy::Identity,
        _ => AccessBy::External,
    };
    let mut access = Access::new(plugin.name, by, plugin.place);
    if plugin.role == Role::Addresses {
        let allow = plugin.list("allow").into_iter().chain(plugin.list("whitelist"));
        let allow: Vec<Node<'_>> = allow.collect();
        let everything = allow.iter().find(|entry| matches!(entry.text(), Some("0.0.0.0/0" | "::/0")));
        access.every_address = everything.map(|entry| entry.place());
        // With a list of refused addresses only, all others are let in.
        access.restricts = Stated::Known(!allow.is_empty() && everything.is_none());
    }
    gateway.add_access(access)
}

/// What browsers of other origins may do. All origins are answered with `*`, and with the one that asks if
/// credentials are allowed: <https://github.com/Kong/kong/blob/3.9.1/kong/plugins/cors/handler.lua>.
pub(super) fn cors(plugin: &Plugin<'_>, gateway: &mut Gateway) -> u32 {
    let mut cors = Cors::new(plugin.place);
    let credentials = plugin.get("credentials").and_then(|node| Some(Set::written(node.bool()?, node.key_place())));
    let credentials = credentials.unwrap_or(Set::default(usual("cors.credentials") == "true", plugin.place));
    let answer = if credentials.value { AnyOrigin::Echoed } else { AnyOrigin::Literal };
    cors.credentials = Stated::Known(credentials);
    let origins = plugin.list("origins");
    if origins.is_empty() && usual("cors.origins") == "*" {
        cors.any_origin = Some((Set::default((), plugin.place), answer));
    }
    for origin in origins {
        let Some(text) = origin.text().filter(|_| !origin.is_template()) else { continue };
        match OriginPattern::kong(text) {
            OriginPattern::Any => cors.any_origin = Some((Set::written((), origin.place()), answer)),
            OriginPattern::Null => cors.null_origin = Some(origin.place()),
            pattern if pattern.admits_any_host() => {
                // What an expression matches is sent back as it came.
                cors.any_origin.get_or_insert((Set::written((), origin.place()), AnyOrigin::Echoed));
            }
            pattern => {
                let hostile = pattern.hostile().map(|hostile| (origin.place(), hostile.text));
                cors.hostile_origin = cors.hostile_origin.or(hostile);
            }
        }
    }
    gateway.add_cors(cors)
}

/// How often requests may come.
pub(super) fn rate(plugin: &Plugin<'_>, replicated: bool, gateway: &mut Gateway) -> u32 {
    let mut rate = RateLimit::new(plugin.name, plugin.place);
    let advanced = plugin.name.ends_with("-advanced");
    let by = plugin.get(if advanced { "identifier" } else { "limit_by" });
    rate.key = Stated::Known(match by.and_then(Node::text).unwrap_or(usual("rate-limiting.limit_by")) {
        "ip" => RateKey::Address,
        "header" => RateKey::Header,
        "consumer" | "credential" | "consumer-group" => RateKey::Caller,
        "service" | "path" => RateKey::All,
        _ => RateKey::Other,
    });
    if let Some(by) = by.filter(|node| node.text() == Some("header")) {
        rate.client_header = Some((by.place(), plugin.str("header_name").unwrap_or_default().to_owned()));
    }
    let store = plugin.get(if advanced { "strategy" } else { "policy" });
    let name = store.and_then(Node::text).unwrap_or(usual("rate-limiting.policy"));
    rate.local = Some(match store {
        Some(node) => Set::written(name == "local", node.place()),
        None => Set::default(name == "local", plugin.place),
    });
    rate.replicated = replicated;
    if !advanced && plugin.role == Role::Rate && name != "local" {
        rate.fail_open = Some(match plugin.get("fault_tolerant") {
            Some(node) => Set::written(node.bool() == Some(true), node.key_place()),
            None => Set::default(usual("rate-limiting.fault_tolerant") == "true", plugin.place),
        });
    }
    gateway.add_rate(rate)
}

/// How large bodies may be; none where the plugin's default bounds them.
pub(super) fn size(plugin: &Plugin<'_>, gateway: &mut Gateway) -> Option<u32> {
    let node = plugin.get("allowed_payload_size")?;
    let unit = match plugin.str("size_unit") {
        Some("bytes") => 1.0,
        Some("kilobytes") => 1024.0,
        _ => 1024.0 * 1024.0,
    };
    let name = "request-size-limiting.allowed_payload_size".to_owned();
    let value = node.number()? * unit;
    Some(gateway.add_limit(Limit { measure: Measure::Body, value, place: node.place(), name }))
}

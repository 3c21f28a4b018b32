//! Single settings of Kong's plugins that rules ask for, and plugins that are switched off.

use std::collections::HashSet;

use super::super::{Concern, Credential, Form, Gateway, Idle, IdlePolicy, Node, Origin, PolicyConcern, Setting};
use super::entities::Entities;
use super::plugin::{Effective, Plugin, Role};
use super::tokens;
use super::view::View;
use crate::span::Place;

/// What is certain to be enforced on a route, or cannot be told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Enforced {
    pub(super) authentication: bool,
    pub(super) authorization: bool,
    pub(super) rate: bool,
    pub(super) size: bool,
    pub(super) validation: bool,
}

impl Enforced {
    const ALL: Self = Self { authentication: true, authorization: true, rate: true, size: true, validation: true };

    /// What is enforced on both.
    fn and(self, other: Self) -> Self {
        Self {
            authentication: self.authentication && other.authentication,
            authorization: self.authorization && other.authorization,
            rate: self.rate && other.rate,
            size: self.size && other.size,
            validation: self.validation && other.validation,
        }
    }

    /// What a plugin of this role would do, and whether that is enforced.
    fn of(self, role: Role) -> Option<(PolicyConcern, bool)> {
        Some(match role {
            Role::Auth(_) => (PolicyConcern::Authentication, self.authentication),
            Role::Groups | Role::Addresses | Role::Decision => (PolicyConcern::Authorization, self.authorization),
            Role::Rate => (PolicyConcern::Limits, self.rate),
            Role::Size => (PolicyConcern::Limits, self.size),
            Role::Validation => (PolicyConcern::Validation, self.validation),
            _ => return None,
        })
    }
}

/// Notes plugins that are switched off. `enforced`: what is enforced on each route.
pub(super) fn idle(entities: &Entities<'_>, enforced: &[Enforced], gateway: &mut Gateway) {
    let mut everywhere = Enforced::ALL;
    let mut by_service = vec![Enforced::ALL; entities.services.len()];
    let mut routes_of: Vec<Vec<u32>> = vec![Vec::new(); entities.services.len()];
    for ((number, route), enforced) in (0..).zip(&entities.routes).zip(enforced) {
        everywhere = everywhere.and(*enforced);
        if let Some(service) = route.service {
            by_service[service] = by_service[service].and(*enforced);
            routes_of[service].push(number);
        }
    }
    // Kong admits a plugin once per scope: more of them are looked at once.
    let mut seen = HashSet::new();
    for (plugin, target) in entities.plugins.iter().zip(&entities.targets).filter(|(_, target)| !target.consumers) {
        let enforced = match (target.service, target.route) {
            (_, Some(route)) => enforced[route],
            (Some(service), None) => by_service[service],
            (None, None) => everywhere,
        };
        let (Some(place), Some((concern, replaced))) = (plugin.off, enforced.of(plugin.role)) else { continue };
        if !seen.insert((plugin.name, target.service, target.route)) {
            continue;
        }
        let routes = match (target.service, target.route) {
            (_, Some(route)) => vec![route as u32],
            (Some(service), None) => routes_of[service].clone(),
            (None, None) => (0..entities.routes.len() as u32).collect(),
        };
        let name = plugin.name.to_owned();
        gateway.idle.push(IdlePolicy { name, concern, reason: Idle::Off, place, replaced, routes });
    }
}

/// Notes a plugin that is switched off, with the routes that name it and what is enforced on each.
pub(super) fn idle_on(plugin: &Plugin<'_>, routes: &[(u32, Enforced)], gateway: &mut Gateway) {
    let everywhere = routes.iter().fold(Enforced::ALL, |all, (_, enforced)| all.and(*enforced));
    let (Some(place), Some((concern, replaced))) = (plugin.off, everywhere.of(plugin.role)) else { return };
    let (name, routes) = (plugin.name.to_owned(), routes.iter().map(|(number, _)| *number).collect());
    gateway.idle.push(IdlePolicy { name, concern, reason: Idle::Off, place, replaced, routes });
}

/// Notes settings of the plugins that act on some route.
pub(super) fn note(entities: &Entities<'_>, effective: &[Effective], gateway: &mut Gateway) {
    let mut users: Vec<Vec<u32>> = vec![Vec::new(); entities.plugins.len()];
    for (route, effective) in (0..).zip(effective) {
        for &(plugin, _) in &effective.plugins {
            users[plugin].push(route);
        }
    }
    for (plugin, users) in entities.plugins.iter().zip(&users).filter(|(_, users)| !users.is_empty()) {
        for (name, value, concern, on, place, origin) in stated(plugin) {
            gateway.settings.push(Setting {
                concern,
                on,
                origin,
                routes: users.clone(),
                ..Setting::new(format!("{}.{name}", plugin.name), value, place)
            });
        }
    }
}

/// Notes that forwarded addresses are taken from anyone, if something depends on them.
pub(super) fn trust(entities: &Entities<'_>, view: &View, gateway: &mut Gateway) {
    let Some(place) = view.trusts_anyone else { return };
    let acting = || entities.plugins.iter().filter(|plugin| plugin.off.is_none());
    let lists = acting().any(|plugin| plugin.role == Role::Addresses);
    // Limits by consumer count addresses where there is none.
    let counts = acting().any(|plugin| plugin.role == Role::Rate);
    if lists || counts {
        gateway.settings.push(Setting {
            concern: Some(Concern::TrustForwarded),
            grave: acting().any(|plugin| plugin.role == Role::Addresses && !plugin.list("allow").is_empty()),
            ..Setting::new("trusted_ips", "0.0.0.0/0", place)
        });
    }
}

type Stated = (&'static str, String, Option<Concern>, bool, Place, Origin);

fn stated(plugin: &Plugin<'_>) -> Vec<Stated> {
    let switch = |name: &'static str, wanted: bool, concern: Option<Concern>| {
        let node = plugin.get(name)?;
        let value = node.bool().filter(|&on| on == wanted)?;
        Some((name, value.to_string(), concern, value, node.key_place(), Origin::Written))
    };
    match plugin.name {
        "oauth2" => {
            let grants = ["enable_implicit_grant", "enable_password_grant", "global_credentials"];
            let mut found: Vec<Stated> = grants.into_iter().filter_map(|name| switch(name, true, None)).collect();
            // It matters only for the grant that it protects.
            let in_use = plugin.flag("enable_authorization_code") == Some(true);
            let challenge = plugin.get("pkce");
            found.extend(
                challenge.and_then(|node| {
                    Some(("pkce", node.text()?.to_owned(), None, in_use, node.place(), Origin::Written))
                }),
            );
            found
        }
        "jwt" | "key-auth" | "key-auth-enc" => switch("run_on_preflight", false, None).into_iter().collect(),
        "openid-connect" => switch("display_errors", true, Some(Concern::Debug)).into_iter().collect(),
        "pre-function" | "post-function" | "request-callout" if plugin.is_hook() => {
            vec![("config", String::new(), Some(Concern::InlineCode), true, plugin.place, Origin::Written)]
        }
        "ai-proxy" | "ai-proxy-advanced" => payloads(plugin).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Prompts and answers of a model in the log.
fn payloads(plugin: &Plugin<'_>) -> Option<Stated> {
    let targets = plugin.list("targets");
    let logging = plugin.get("logging").into_iter().chain(targets.iter().filter_map(|target| target.get("logging")));
    let mut switches = logging.filter_map(|logging| logging.get("log_payloads"));
    let node = switches.find(|node| node.bool() == Some(true))?;
    let concern = Some(Concern::PayloadLog);
    Some(("logging.log_payloads", "true".to_owned(), concern, true, node.key_place(), Origin::Written))
}

/// Secrets that stand in the settings of plugins: the key, at whatever depth, and what it is.
const SECRETS: [(&str, &str); 13] = [
    ("client_secret", "client secret"),
    ("provision_key", "provision key"),
    ("session_secret", "secret for sessions"),
    ("secret", "secret"),
    ("password", "password"),
    ("redis_password", "password of Redis"),
    ("sentinel_password", "password of Redis Sentinel"),
    ("ldap_password", "password for the directory"),
    ("aws_secret", "secret key for AWS"),
    ("aws_secret_access_key", "secret key for AWS"),
    ("functionkey", "key of the function"),
    ("apikey", "key of the function"),
    ("api_key", "API key"),
];

/// Settings of plugins are looked through to this depth.
const MAX_DEPTH: usize = 6;

/// Notes secrets in the settings of all plugins, those that are switched off included.
pub(super) fn secrets(entities: &Entities<'_>, gateway: &mut Gateway) {
    for plugin in &entities.plugins {
        if let Some(config) = plugin.node.get("config") {
            secrets_in(config, plugin.name, 0, gateway);
        }
    }
}

fn is_secret(key: &str) -> bool {
    SECRETS.iter().any(|(name, _)| *name == key)
}

fn secrets_in(node: Node<'_>, plugin: &str, depth: usize, gateway: &mut Gateway) {
    if depth > MAX_DEPTH {
        return;
    }
    let mut masked = None;
    for child in node.children() {
        let known = child.key().and_then(|key| SECRETS.iter().find(|(name, _)| *name == key));
        let Some((_, what)) = known else {
            if child.is_map() || child.is_list() {
                secrets_in(child, plugin, depth + 1, gateway);
            }
            continue;
        };
        let is_masked = masked.get_or_insert_with(|| tokens::is_masked(node, is_secret));
        let is_masked = *is_masked;
        let values = if child.is_list() { child.children().collect() } else { vec![child] };
        for value in values {
            if let Some(text) = value.text().filter(|text| !text.is_empty()) {
                let what = format!("{what} of the plugin `{plugin}`");
                if is_masked && tokens::is_mask(text) {
                    gateway.credentials.push(Credential { what, place: value.place(), form: Form::Placeholder });
                } else {
                    gateway.add_credential(what, text, value.place());
                }
            }
        }
    }
}

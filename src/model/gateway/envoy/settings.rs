//! Settings of Envoy that rules ask for, and credentials that stand in its files.

use std::collections::HashSet;

use super::super::{Concern, Gateway, Node, Origin, Setting};
use super::auth::CODE;
use super::filters::Filter;
use super::routes::{Manager, keeps_escaped_slashes};
use crate::span::{At, Place};

fn note(name: &str, value: &str, place: Place, concern: Option<Concern>, gateway: &mut Gateway) {
    gateway.settings.push(Setting { concern, ..Setting::new(name, value, place) });
}

/// Notes the first type of the second version of the API: it has not been read since 1.18.
pub(super) fn deprecated(typed: Node<'_>, gateway: &mut Gateway) {
    const OLD: [&str; 4] = [".api.v2.", ".config.filter.", ".v2.", ".v2alpha."];
    let noted = gateway.settings.iter().any(|setting| setting.concern == Some(Concern::Deprecated));
    if let Some(of) = typed.get("@type").filter(|_| !noted) {
        let text = of.text().unwrap_or_default();
        if text.contains("/envoy.") && OLD.iter().any(|old| text.contains(old)) {
            note("@type", text, of.place(), Some(Concern::Deprecated), gateway);
        }
    }
}

/// Notes what a filter is made of: code, and types of old.
pub(super) fn filter(filter: &Filter<'_>, gateway: &mut Gateway) {
    if let Some(config) = filter.node.get("typed_config") {
        deprecated(config, gateway);
    }
    if CODE.contains(&filter.kind) && filter.off.is_none() && may_decide(filter) {
        note(&format!("http_filters.{}", filter.kind), "", filter.place(), Some(Concern::InlineCode), gateway);
    }
}

/// Whether the code of a filter may refuse a request. A script that answers nothing cannot.
pub(super) fn may_decide(filter: &Filter<'_>) -> bool {
    let Some(config) = filter.config.filter(|_| filter.kind == "lua") else { return true };
    let script = config.path(&["default_source_code", "inline_string"]).or_else(|| config.get("inline_code"));
    let names = config.get("source_codes").is_some();
    script.and_then(Node::text).is_none_or(|script| names || script.contains("respond"))
}

/// The name for settings of an edge that are left at their defaults.
const EDGE: &str = "edge.unset";

/// Notes what a listener that clients reach leaves at its default, as one list:
/// <https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge>.
pub(super) fn edge(manager: &Manager<'_, '_>, listener: Node<'_>, gateway: &mut Gateway) {
    if !manager.facts.public || manager.world.templated {
        return;
    }
    let node = manager.node;
    let (mut paths, mut others) = (Vec::new(), Vec::new());
    for name in ["normalize_path", "merge_slashes"] {
        if !node.is_true(name) {
            paths.push(name);
        }
    }
    if keeps_escaped_slashes(node) {
        paths.push("path_with_escaped_slashes_action");
    }
    if !node.is_true("use_remote_address") {
        others.push("use_remote_address");
    }
    let underscores = node.path(&["common_http_protocol_options", "headers_with_underscores_action"]);
    if !matches!(underscores.and_then(Node::text), Some("REJECT_REQUEST" | "DROP_HEADER")) {
        others.push("headers_with_underscores_action");
    }
    if node.get("request_timeout").is_none() && node.get("request_headers_timeout").is_none() {
        others.push("request_headers_timeout");
    }
    if listener.get("per_connection_buffer_limit_bytes").is_none() {
        others.push("per_connection_buffer_limit_bytes");
    }
    if manager.world.overload_manager == Some(false) {
        others.push("overload_manager");
    }
    let grave = !paths.is_empty() && manager.filters.iter().any(decides_by_path);
    let names = [paths, others].concat();
    // The chains of one listener mostly have the same settings.
    let place = manager.facts.place;
    if let Some(noted) = gateway.settings.iter_mut().rfind(|it| it.name == EDGE && it.place == place) {
        noted.grave |= grave;
    } else if !names.is_empty() {
        note(EDGE, &names.join(", "), manager.facts.place, None, gateway);
        if let Some(setting) = gateway.settings.last_mut() {
            (setting.grave, setting.origin) = (grave, Origin::Default);
        }
    }
}

/// Whether what a filter asks for depends on the path: a rule for tokens that is not for all paths, or rules of
/// access that look at it.
fn decides_by_path(filter: &Filter<'_>) -> bool {
    let Some(config) = filter.config.filter(|_| filter.off.is_none()) else { return false };
    match filter.kind {
        "jwt_authn" => config.list("rules").into_iter().filter_map(|rule| rule.get("match")).any(|matched| {
            let keys = ["path", "safe_regex", "regex", "path_separated_prefix", "path_match_policy"];
            matched.str("prefix").is_some_and(|prefix| prefix.len() > 1)
                || keys.iter().any(|key| matched.get(key).is_some())
        }),
        "rbac" => ["rules", "matcher"]
            .iter()
            .filter_map(|key| config.get(key))
            .any(|rules| looks_at_path(rules, &mut HashSet::new())),
        _ => false,
    }
}

/// Whether rules of access look at the path, as `url_path` or as a header. `seen`: parts that were looked at, as
/// aliases can name them without end.
fn looks_at_path(node: Node<'_>, seen: &mut HashSet<At>) -> bool {
    let names_it = |key: &str| node.str(key) == Some(":path");
    node.key() == Some("url_path")
        || names_it("name")
        || names_it("header_name")
        || seen.insert(node.target()) && node.children().any(|part| looks_at_path(part, seen))
}

/// Keys of certificates that stand in the file.
pub(super) fn certificates(common: Node<'_>, gateway: &mut Gateway) {
    common.list("tls_certificates").into_iter().for_each(|certificate| key_pair(certificate, gateway));
}

fn key_pair(certificate: Node<'_>, gateway: &mut Gateway) {
    for (key, what) in [("private_key", "private key of a certificate"), ("password", "password of a private key")] {
        let source = certificate.get(key);
        let inline = source.and_then(|source| source.get("inline_string").or_else(|| source.get("inline_bytes")));
        if let Some(inline) = inline {
            gateway.add_credential(what, inline.text().unwrap_or_default(), inline.place());
        }
    }
}

/// A secret among the static resources.
pub(super) fn secret(secret: Node<'_>, gateway: &mut Gateway) {
    secret.get("tls_certificate").into_iter().for_each(|certificate| key_pair(certificate, gateway));
    if let Some(inline) = secret.path(&["generic_secret", "secret", "inline_string"]) {
        let name = secret.str("name").unwrap_or_default();
        gateway.add_credential(format!("secret `{name}`"), inline.text().unwrap_or_default(), inline.place());
    }
}

//! Headers by which KrakenD tells a backend who calls, where a client can send them too.

use std::collections::{HashMap, HashSet};

use super::super::{Concern, Gateway, Node};
use super::names::component_of;
use super::policies;

/// Notes endpoints without a validator that pass a header on to a host which, from other endpoints, takes it as the
/// identity that a validator found (`propagate_claims`).
pub(super) fn note(root: Node<'_>, gateway: &mut Gateway) {
    let mut told: HashMap<&str, HashSet<String>> = HashMap::new();
    let endpoints = root.list("endpoints");
    for endpoint in &endpoints {
        let Some(validator) = validator(*endpoint) else { continue };
        let headers: Vec<String> = validator.list("propagate_claims").into_iter().filter_map(header).collect();
        if !headers.is_empty() {
            for host in hosts(root, *endpoint) {
                told.entry(host).or_default().extend(headers.iter().cloned());
            }
        }
    }
    if told.is_empty() {
        return;
    }
    for endpoint in endpoints.iter().filter(|endpoint| validator(**endpoint).is_none()) {
        let told: Vec<&HashSet<String>> =
            hosts(root, *endpoint).into_iter().filter_map(|host| told.get(host)).collect();
        let spoofable = endpoint.list("input_headers").into_iter().find(|item| {
            let text = item.text().unwrap_or_default().to_ascii_lowercase();
            told.iter().any(|headers| text == "*" || headers.contains(&text))
        });
        if let Some(item) = spoofable {
            let text = item.text().unwrap_or_default();
            policies::note(gateway, "input_headers.identity", text, item.place(), Some(Concern::IdentityHeader), false);
        }
    }
}

fn validator(endpoint: Node<'_>) -> Option<Node<'_>> {
    component_of(endpoint, "auth/validator")
}

/// The header of a pair of claim and header.
fn header(pair: Node<'_>) -> Option<String> {
    Some(pair.children().nth(1)?.text()?.to_ascii_lowercase())
}

/// The hosts that an endpoint asks.
fn hosts<'s>(root: Node<'s>, endpoint: Node<'s>) -> Vec<&'s str> {
    let of_backend = |backend: Node<'s>| {
        let own = backend.list("host");
        if own.is_empty() { root.list("host") } else { own }
    };
    endpoint.list("backend").into_iter().flat_map(of_backend).filter_map(Node::text).collect()
}

//! Headers by which a location tells an upstream who calls, where clients of another location can send them too:
//! nginx passes on what clients send unless a header is set.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::{Action, Concern, Setting};
use super::Lowering;
use super::config::Line;
use super::upstream::authority;
use super::variables::variables;
use crate::span::Place;

/// Headers that clients always send themselves.
const OF_CLIENTS: [&str; 4] = ["authorization", "cookie", "host", "connection"];

/// Of an upstream no more headers are looked at.
const MOST_HEADERS: usize = 16;

/// What locations pass on to upstreams.
#[derive(Default)]
pub(super) struct Identities {
    /// The headers that tell an upstream who calls, each with the directive that sets it first.
    told: HashMap<String, BTreeMap<String, Place>>,
    /// Routes that ask nobody for credentials: the upstream, and the headers that clients cannot choose there.
    open: Vec<(u32, String, HashSet<String>)>,
}

impl<'s> Lowering<'_, 's, '_> {
    /// Notes what a route passes on of who calls.
    pub(super) fn identity(&mut self, block: usize, number: u32) {
        let config = self.config;
        let route = &self.gateway.routes[number as usize];
        let Some(handler) = config.own(block, "proxy_pass").filter(|_| route.action == Action::Proxy) else { return };
        let upstream = authority(handler.value()).to_ascii_lowercase();
        if upstream.is_empty() || upstream.contains('$') {
            return;
        }
        let lines = config.group(block, &["proxy_set_header"]);
        if route.auth.known().is_some_and(|auth| !auth.is_empty()) {
            let answers: HashSet<&str> = config
                .group(block, &["auth_request_set"])
                .iter()
                .filter_map(|line| line.value().strip_prefix('$'))
                .collect();
            let told = self.memo.identities.told.entry(upstream).or_default();
            for line in lines {
                let header = line.value().to_ascii_lowercase();
                let is_new = told.len() < MOST_HEADERS && !OF_CLIENTS.contains(&header.as_str());
                if is_new && line.arg(1).is_some_and(|value| variables(value).any(|name| is_caller(name, &answers))) {
                    told.entry(header).or_insert(line.place());
                }
            }
        } else if route.auth.is_absent()
            && route.access.is_absent()
            && !self.gateway.is_public_by_design(route)
            && config.nearest(block, "proxy_pass_request_headers").is_none_or(|line| line.value() != "off")
        {
            let set = lines.iter().map(|line| Line::value(line).to_ascii_lowercase());
            self.memo.identities.open.push((number, upstream, set.collect()));
        }
    }

    /// Adds the headers that clients can send where nobody is asked for credentials.
    pub(super) fn identities(&mut self) {
        let Identities { told, open } = std::mem::take(&mut self.memo.identities);
        let mut found: BTreeMap<Place, (&str, Vec<u32>)> = BTreeMap::new();
        for (number, upstream, set) in &open {
            for (header, &place) in
                told.get(upstream).into_iter().flatten().filter(|(header, _)| !set.contains(*header))
            {
                found.entry(place).or_insert((header, Vec::new())).1.push(*number);
            }
        }
        self.gateway.settings.extend(found.into_iter().map(|(place, (header, routes))| Setting {
            concern: Some(Concern::IdentityHeader),
            routes,
            ..Setting::new(format!("proxy_set_header {header}"), header, place)
        }));
    }
}

/// Whether a variable says who calls. `answers`: what comes from the server that `auth_request` asks.
fn is_caller(name: &str, answers: &HashSet<&str>) -> bool {
    const STARTS: [&str; 4] = ["jwt_claim_", "oidc_claim_", "ssl_client_s_dn", "ssl_client_fingerprint"];
    name == "remote_user" || answers.contains(name) || STARTS.iter().any(|start| name.starts_with(start))
}

//! Settings that matter by what depends on them: forwarded headers that are trusted from anybody, headers that tell
//! upstreams who calls, API groups of the past.

use std::collections::HashSet;

use super::crd;
use super::routes::Routes;
use super::statics::written;
use super::view::View;
use crate::model::gateway::{Concern, Gateway, Stated};

/// Notes them, once all routes are known.
pub(super) fn read(view: &View<'_>, routes: &Routes, gateway: &mut Gateway) {
    trusted_addresses(view, routes, gateway);
    identity_headers(routes, gateway);
    old_groups(view, gateway);
    for (&listener, &always) in &routes.hsts {
        if let Some(listener) = gateway.listeners.get_mut(listener as usize) {
            listener.hsts = Stated::Known(always);
        }
    }
}

fn trusted_addresses(view: &View<'_>, routes: &Routes, gateway: &mut Gateway) {
    let Some(main) = view.main() else { return };
    for (number, point) in main.entry_points.iter().enumerate() {
        let Some(dependents) = routes.dependents.get(&number) else { continue };
        // PROXY protocol changes the peer, forwarded headers what is read from them.
        let by_proxy = dependents.peer.max(dependents.forwarded);
        for (name, setting, grave) in [
            ("forwardedHeaders.insecure", point.forwarded, dependents.forwarded),
            ("proxyProtocol.insecure", point.proxy, by_proxy),
        ] {
            if let (Some(place), Some(grave)) = (setting, grave) {
                let name = format!("entryPoints.{}.{name}", point.name);
                let mut setting = written(&name, "true", place, Some(Concern::TrustForwarded), grave);
                setting.routes.clone_from(&dependents.routes);
                gateway.settings.push(setting);
            }
        }
    }
}

/// A header that an authentication service sets on one route can be set by clients on another to the same upstream.
fn identity_headers(routes: &Routes, gateway: &mut Gateway) {
    let open: Vec<(u32, &[u32])> = (0..)
        .zip(&gateway.routes)
        .filter(|(_, route)| route.auth.is_absent() && !route.disabled)
        .map(|(number, route)| (number, route.upstreams.as_slice()))
        .collect();
    let mut found = Vec::new();
    let mut identities: Vec<_> = routes.identities.iter().collect();
    identities.sort_by_key(|(_, routes)| routes.first().copied());
    for (place, routes) in identities {
        let routes = routes.iter().filter_map(|&number| gateway.routes.get(number as usize));
        let upstreams: HashSet<u32> = routes.flat_map(|route| route.upstreams.iter().copied()).collect();
        let open = open.iter().filter(|(_, own)| own.iter().any(|upstream| upstreams.contains(upstream)));
        let open: Vec<u32> = open.map(|(number, _)| *number).collect();
        if !open.is_empty() {
            let mut setting =
                written("forwardAuth.authResponseHeaders", "", *place, Some(Concern::IdentityHeader), false);
            setting.routes = open;
            found.push(setting);
        }
    }
    gateway.settings.extend(found);
}

/// The first object of each file whose API group is the one of version 2.
fn old_groups(view: &View<'_>, gateway: &mut Gateway) {
    let mut files = HashSet::new();
    for object in crd::objects(view.input).filter(|object| object.group == crd::GROUPS[1]) {
        if files.insert(object.at.file) {
            let node = object.node(view.input.sources);
            let place = node.get("apiVersion").map_or(node.place(), |version| version.place());
            gateway.settings.push(written("apiVersion", &object.group, place, Some(Concern::Deprecated), false));
        }
    }
}

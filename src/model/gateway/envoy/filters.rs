//! The HTTP filters of a connection manager, and which configuration of a filter is in force for a route.

use super::super::{Node, Scope};
use crate::span::Place;

/// Further filters of a connection manager are not looked at.
const MOST_FILTERS: usize = 64;

/// An entry of `http_filters`.
#[derive(Clone, Copy)]
pub(super) struct Filter<'s> {
    /// The name, which routes use to configure it.
    pub(super) name: &'s str,
    /// What it is: `jwt_authn`, `rbac`.
    pub(super) kind: &'s str,
    pub(super) node: Node<'s>,
    pub(super) config: Option<Node<'s>>,
    /// The setting that switches it off unless a route switches it on.
    pub(super) off: Option<Place>,
}

impl Filter<'_> {
    /// Where a finding on the filter as a whole stands.
    pub(super) fn place(&self) -> Place {
        self.node.get("name").map_or(self.node.place(), Node::place)
    }
}

/// The configuration of a filter for a route.
#[derive(Clone, Copy)]
pub(super) enum InForce<'s> {
    /// That of the filter itself.
    Own,
    /// That of a route, a virtual host or the routes as a whole: it replaces.
    Replaced(Node<'s>, Scope),
    /// It is switched off: whether by the filter itself, and where.
    Off(Place, bool),
}

/// Entries of `typed_per_filter_config`, by the number of the filter.
pub(super) struct Layer<'s> {
    scope: Scope,
    entries: Vec<Option<Node<'s>>>,
}

impl<'s> Layer<'s> {
    /// The entries that `owner`, a route, a virtual host or the like, has for the filters.
    pub(super) fn of(owner: Node<'s>, scope: Scope, filters: &[Filter<'s>]) -> Self {
        let entries = owner
            .get("typed_per_filter_config")
            .map_or_else(Vec::new, |map| filters.iter().map(|filter| map.get(filter.name)).collect());
        Self { scope, entries }
    }
}

/// The filters, and whether there are more.
pub(super) fn read(manager: Node<'_>) -> (Vec<Filter<'_>>, bool) {
    let mut listed = manager.list("http_filters");
    let more = listed.len() > MOST_FILTERS;
    listed.truncate(MOST_FILTERS);
    let filters = listed.into_iter().map(|node| {
        let name = node.str("name").unwrap_or_default();
        let (config, of) = typed(node).map_or((None, ""), |(config, of)| (Some(config), of));
        let off = node.get("disabled").filter(|off| off.bool() == Some(true)).map(Node::key_place);
        Filter { name, kind: kind(of).or_else(|| kind(name)).unwrap_or(name), node, config, off }
    });
    (filters.collect(), more)
}

/// The configuration of an extension and the name of its type.
pub(super) fn typed(extension: Node<'_>) -> Option<(Node<'_>, &str)> {
    extension.get("typed_config").or_else(|| extension.get("config")).map(unwrapped)
}

/// A configuration and the name of its type, taken out of a `TypedStruct`.
fn unwrapped(config: Node<'_>) -> (Node<'_>, &str) {
    let of = config.str("@type").unwrap_or_default();
    match config.get("value").filter(|_| of.ends_with(".TypedStruct")) {
        Some(value) => (value, config.str("type_url").unwrap_or_default()),
        None => (config, of),
    }
}

/// What a filter is, from the name of its type or from its own: `envoy.extensions.filters.http.rbac.v3.RBAC`,
/// `envoy.config.filter.http.rbac.v2.RBAC`, `envoy.filters.http.rbac`, `envoy.rbac`.
fn kind(name: &str) -> Option<&str> {
    let (_, rest) = ["filters.http.", "filter.http."].iter().find_map(|mark| name.split_once(mark)).or_else(|| {
        // Names of the first versions.
        name.strip_prefix("envoy.").filter(|rest| !rest.contains('.')).map(|rest| ("", rest))
    })?;
    Some(match rest.split('.').next().unwrap_or(rest) {
        "rate_limit" => "ratelimit",
        kind => kind,
    })
}

/// What a filter does for a route. The innermost layer that says anything about it replaces all others.
pub(super) fn in_force<'s>(number: usize, filter: &Filter<'s>, layers: &[&Layer<'s>]) -> InForce<'s> {
    let found = layers.iter().find_map(|layer| Some((layer.scope, (*layer.entries.get(number)?)?)));
    let Some((scope, entry)) = found else {
        return filter.off.map_or(InForce::Own, |place| InForce::Off(place, true));
    };
    if !entry.str("@type").is_some_and(|of| of.ends_with(".FilterConfig")) {
        return InForce::Replaced(unwrapped(entry).0, scope);
    }
    if let Some(off) = entry.get("disabled").filter(|off| off.bool() == Some(true)) {
        return InForce::Off(off.key_place(), false);
    }
    // A wrapper with nothing in it only switches on.
    let config = entry.get("config").filter(|config| config.get("@type").is_some());
    config.map_or(InForce::Own, |config| InForce::Replaced(unwrapped(config).0, scope))
}

//! Envoy: bootstrap files, and lists of resources that it reads from files.
//!
//! Shapes: <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto>.

use super::doc::Doc;
use super::{Row, has_root_key, no_doc, no_object};
use crate::discover::Format;
use crate::source::NodeKind;

/// What `static_resources` has.
const STATIC: &[&str] = &["listeners", "clusters", "secrets"];

/// What `dynamic_resources` has.
const DYNAMIC: &[&str] =
    &["lds_config", "cds_config", "ads_config", "lds_resources_locator", "cds_resources_locator", "deprecated_v1"];

/// What the type of a resource begins with: third version of the API, and second.
const TYPES: &[&str] = &["type.googleapis.com/envoy.config.", "type.googleapis.com/envoy.api.v2."];

/// Resources that a file may list, and the extension configurations and secrets beside them.
const RESOURCES: &[&str] = &["listener.v3.Listener", "route.v3.", "cluster.v3.Cluster", "endpoint.v3."];

pub(super) const ROW: Row = Row {
    format: Format::Envoy,
    markers: &[&["static_resources"], &["dynamic_resources"], &["@type", "type.googleapis.com/envoy."]],
    groups: &[],
    claims,
    claims_openapi: no_doc,
    claims_object: no_object,
    claims_text: |text| has_root_key(text, "static_resources") || has_root_key(text, "dynamic_resources"),
};

fn claims(doc: Doc<'_>) -> bool {
    let has_one = |key: &str, of: &[&str]| doc.map(key).is_some_and(|map| of.iter().any(|&inner| map.has(inner)));
    has_one("static_resources", STATIC)
        || has_one("dynamic_resources", DYNAMIC)
        || is_resource(doc)
        || doc.items().any(is_resource)
        || doc.get("resources").is_some_and(|list| list.items().any(is_resource))
}

fn is_resource(doc: Doc<'_>) -> bool {
    let Some(name) = doc.get("@type").filter(|name| name.kind() == NodeKind::Str) else { return false };
    TYPES.iter().filter_map(|prefix| name.text().strip_prefix(prefix)).any(|rest| {
        // The second version has no package below it: `envoy.api.v2.Listener`.
        let is_third = RESOURCES.iter().any(|resource| rest.starts_with(resource));
        is_third || matches!(rest, "Listener" | "RouteConfiguration" | "Cluster" | "ClusterLoadAssignment")
    })
}

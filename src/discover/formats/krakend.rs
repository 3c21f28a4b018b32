//! KrakenD, in JSON, YAML or TOML.
//!
//! Shape: <https://www.krakend.io/schema/krakend.json>.

use super::doc::Doc;
use super::{Row, no_doc, no_object};
use crate::discover::Format;
use crate::source::NodeKind;

/// Stands in the `$schema` of a configuration.
const SCHEMA: &str = "krakend.io/schema";

pub(super) const ROW: Row = Row {
    format: Format::Krakend,
    markers: &[&[SCHEMA], &["endpoints", "backend", "version"]],
    groups: &[],
    claims,
    claims_openapi: no_doc,
    claims_object: no_object,
    claims_text: |text| text.contains(SCHEMA) || ["\"endpoints\"", "\"backend\""].iter().all(|key| text.contains(key)),
};

fn claims(doc: Doc<'_>) -> bool {
    let names_schema = doc.get("$schema").is_some_and(|schema| schema.text().contains(SCHEMA));
    let is_third = doc.get("version").is_some_and(|version| version.text() == "3");
    let endpoints = doc.get("endpoints").filter(|list| list.kind() == NodeKind::Seq);
    let async_agents = doc.get("async_agent").filter(|_| doc.has("extra_config"));
    match (names_schema, endpoints.or(async_agents)) {
        (true, Some(_)) => true,
        (true, None) => is_third,
        (false, list) => is_third && list.is_some_and(|list| list.items().any(is_endpoint)),
    }
}

fn is_endpoint(item: Doc<'_>) -> bool {
    item.has("endpoint") && item.has("backend")
}

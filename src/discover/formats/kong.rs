//! Kong: declarative files, `kong.conf`, variables of the environment, custom resources.
//!
//! Shapes: <https://docs.konghq.com/deck/latest/>,
//! <https://docs.konghq.com/kubernetes-ingress-controller/latest/reference/custom-resources/>.

use super::compose::{pairs, services};
use super::doc::Doc;
use super::kubernetes::{Group, Object};
use super::{Row, has_root_key, no_doc};
use crate::discover::Format;
use crate::source::Syntax;

/// Lists of a declarative file, one of which it must have.
const ENTITIES: &[&str] = &[
    "services",
    "routes",
    "plugins",
    "upstreams",
    "consumers",
    "consumer_groups",
    "certificates",
    "ca_certificates",
    "vaults",
    "partials",
    "keys",
    "key_sets",
    "custom_entities",
    "custom_plugins",
    "cloned_plugins",
    "filter_chains",
    "licenses",
];

/// Keys at the root of a declarative file that nothing else has.
const OWN_KEYS: &[&str] = &["_info", "_konnect", "_workspace", "_transform", "_plugin_configs"];

/// Settings of `kong.conf` that tell it from other files; in the environment
/// they are in capitals behind `KONG_`.
const SETTINGS: &[&str] = &["proxy_listen", "admin_listen", "database", "declarative_config", "router_flavor"];

/// What a variable of Kong's begins with.
const VARIABLE: &str = "KONG_";

pub(super) const ROW: Row = Row {
    format: Format::Kong,
    markers: &[
        &["_format_version"],
        &["_info", "services"],
        &["_konnect", "services"],
        &["_workspace", "services"],
        &["_transform", "services"],
        &["_plugin_configs", "services"],
        &["configuration.konghq.com"],
        &[VARIABLE],
        &["proxy_listen"],
        &["admin_listen"],
        &["declarative_config"],
        &["router_flavor"],
    ],
    groups: &[Group {
        name: "configuration.konghq.com",
        kinds: &[
            "KongPlugin",
            "KongClusterPlugin",
            "KongIngress",
            "KongConsumer",
            "KongConsumerGroup",
            "KongUpstreamPolicy",
            "KongCustomEntity",
            "KongVault",
            "TCPIngress",
            "UDPIngress",
        ],
        is_clear_without_name: true,
    }],
    claims,
    claims_openapi: no_doc,
    claims_object: |object: &Object<'_>| {
        object.containers().any(|container| {
            let variables = container.get("env").into_iter().flat_map(Doc::items);
            variables.filter_map(|variable| variable.get("name")).any(|name| is_variable(name.text()))
        })
    },
    claims_text: |text| has_root_key(text, "_format_version"),
};

fn claims(doc: Doc<'_>) -> bool {
    is_declarative(doc) || sets_variables(doc) || is_conf(doc)
}

fn is_declarative(doc: Doc<'_>) -> bool {
    match doc.get("_format_version") {
        // Of whatever version: one that Kong does not know must not be passed over.
        Some(version) => !version.text().is_empty() && ENTITIES.iter().any(|key| doc.has(key)),
        None => {
            let services = doc.get("services").into_iter().flat_map(Doc::items);
            let mut addresses = services.map(|service| service.has("url") || service.has("host"));
            OWN_KEYS.iter().any(|key| doc.has(key)) && addresses.any(|is_there| is_there)
        }
    }
}

/// Whether a compose file sets variables of Kong's.
fn sets_variables(doc: Doc<'_>) -> bool {
    services(doc)
        .filter_map(|service| service.get("environment"))
        .any(|set| pairs(set).any(|(name, _)| is_variable(name)))
}

fn is_variable(name: &str) -> bool {
    name.strip_prefix(VARIABLE).is_some_and(|name| SETTINGS.iter().any(|known| known.eq_ignore_ascii_case(name)))
}

/// Whether this is `kong.conf`: at least two of its settings.
fn is_conf(doc: Doc<'_>) -> bool {
    doc.syntax == Syntax::Properties
        && SETTINGS.iter().filter(|key| doc.get(key).is_some_and(|value| !value.text().is_empty())).count() >= 2
}

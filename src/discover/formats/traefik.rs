//! Traefik: static and dynamic files, labels, arguments, custom resources.
//! Names of settings are written in any case: Traefik compares them so.
//!
//! Shapes: <https://doc.traefik.io/traefik/reference/install-configuration/configuration-options/>,
//! <https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/file/>.

use super::compose::{arguments, pairs, services};
use super::doc::Doc;
use super::kubernetes::{Group, Object};
use super::{Row, has_root_key, no_doc};
use crate::discover::Format;
use crate::source::NodeKind;

const KINDS: &[&str] = &[
    "IngressRoute",
    "IngressRouteTCP",
    "IngressRouteUDP",
    "Middleware",
    "MiddlewareTCP",
    "TLSOption",
    "TLSStore",
    "ServersTransport",
    "ServersTransportTCP",
    "TraefikService",
];

pub(super) const ROW: Row = Row {
    format: Format::Traefik,
    markers: &[
        &["traefik."],
        &["Traefik."],
        &["entryPoints"],
        &["entrypoints"],
        &["certificatesResolvers"],
        &["serversTransport"],
        &["accessLog"],
        &["providers:"],
        &["[providers"],
        &["dashboard", "level"],
        &["insecure", "level"],
        &["routers"],
        &["middlewares"],
        &["loadBalancer"],
        &["certFile", "tls"],
        &["minVersion", "tls"],
        &["defaultCertificate", "tls"],
        &["cipherSuites", "tls"],
        &["clientAuth", "tls"],
        &["sniStrict", "tls"],
        &["web:", "websecure:"],
    ],
    groups: &[
        Group { name: "traefik.io", kinds: KINDS, is_clear_without_name: true },
        // Until version 3.
        Group { name: "traefik.containo.us", kinds: KINDS, is_clear_without_name: true },
    ],
    claims,
    claims_openapi: no_doc,
    claims_object: |object: &Object<'_>| {
        let lists = object.containers().filter_map(|container| container.get("args"));
        lists.flat_map(arguments).any(opens_entry_point)
    },
    claims_text,
};

/// Whether a text that could not be parsed has entry points, or what a dynamic file has, in YAML or TOML.
fn claims_text(text: &str) -> bool {
    let has_line = |start: &str| text.lines().any(|line| line.trim_start().starts_with(start));
    let has_part = |root: &str| {
        let in_yaml =
            has_root_key(text, root) && ["routers:", "middlewares:", "loadBalancer:"].into_iter().any(has_line);
        in_yaml || ["routers", "middlewares", "services"].iter().any(|part| has_line(&format!("[{root}.{part}")))
    };
    has_root_key(text, "entryPoints") || has_line("[entryPoints") || ["http", "tcp", "udp"].into_iter().any(has_part)
}

fn claims(doc: Doc<'_>) -> bool {
    is_static(doc) || is_dynamic(doc) || is_labelled(doc) || has_arguments(doc) || is_chart_values(doc)
}

// -------------------------------------------------------------------- static

/// Where routers may come from.
const PROVIDERS: &[&str] = &[
    "docker",
    "swarm",
    "file",
    "kubernetesCRD",
    "kubernetesIngress",
    "kubernetesIngressNGINX",
    "kubernetesGateway",
    "knative",
    "consulCatalog",
    "consul",
    "nomad",
    "ecs",
    "marathon",
    "rancher",
    "rest",
    "etcd",
    "zooKeeper",
    "redis",
    "http",
    "plugin",
    "providersThrottleDuration",
];

const LOG_LEVELS: &[&str] = &["trace", "debug", "info", "warn", "error", "fatal", "panic"];

/// Whether what stands under a key is Traefik's.
type Shape = fn(Doc<'_>) -> bool;

/// Roots of a static file other than `entryPoints`, and whether what stands there has its shape.
const STATIC: &[(&str, Shape)] = &[
    ("providers", |map| has_any(map, PROVIDERS)),
    ("api", |map| ["insecure", "dashboard"].iter().any(|key| is_bool(map.get_any_case(key)))),
    ("certificatesResolvers", |map| map.values().any(|resolver| has_any(resolver, &["acme", "tailscale"]))),
    ("serversTransport", |map| {
        has_any(map, &["insecureSkipVerify", "rootCAs", "maxIdleConnsPerHost", "forwardingTimeouts", "spiffe"])
    }),
    ("log", |map| map.get_any_case("level").is_some_and(|level| is_one_of(level.text(), LOG_LEVELS))),
    ("accessLog", |map| {
        map.tree.count(map.node) == 0 || has_any(map, &["filePath", "format", "bufferingSize", "filters", "fields"])
    }),
];

fn is_static(doc: Doc<'_>) -> bool {
    let entry_points = doc.get_any_case("entryPoints").into_iter().flat_map(Doc::values);
    let mut addresses = entry_points.filter_map(|point| point.get_any_case("address"));
    addresses.any(|address| is_address(address.text()))
        || STATIC.iter().filter(|(key, shape)| map(doc, key).is_some_and(shape)).count() >= 2
}

/// Whether a text is an address with a port: `:443`, `127.0.0.1:8080/udp`.
fn is_address(text: &str) -> bool {
    let port = text.rsplit_once(':').map(|(_, port)| port.split_once('/').map_or(port, |(port, _)| port));
    port.is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether these are values of the Helm chart: its two usual entry points.
fn is_chart_values(doc: Doc<'_>) -> bool {
    let Some(ports) = doc.map("ports") else { return false };
    let is_point = |point: Doc<'_>| has_any(point, &["port", "exposedPort", "expose"]);
    ["web", "websecure"].iter().all(|name| ports.map(name).is_some()) && ports.values().any(is_point)
}

// ------------------------------------------------------------------- dynamic

/// Middlewares of HTTP and TCP.
const MIDDLEWARES: &[&str] = &[
    "addPrefix",
    "basicAuth",
    "buffering",
    "chain",
    "circuitBreaker",
    "compress",
    "contentType",
    "digestAuth",
    "encodedCharacters",
    "errors",
    "forwardAuth",
    "grpcWeb",
    "headers",
    "inFlightConn",
    "inFlightReq",
    "ipAllowList",
    "ipWhiteList",
    "passTLSClientCert",
    "plugin",
    "rateLimit",
    "redirectRegex",
    "redirectScheme",
    "replacePath",
    "replacePathRegex",
    "retry",
    "stripPrefix",
    "stripPrefixRegex",
];

const SERVICES: &[&str] = &["loadBalancer", "weighted", "mirroring", "failover", "highestRandomWeight"];

const TLS_OPTIONS: &[&str] = &[
    "minVersion",
    "maxVersion",
    "cipherSuites",
    "curvePreferences",
    "clientAuth",
    "sniStrict",
    "alpnProtocols",
    "preferServerCipherSuites",
    "disableSessionTickets",
];

fn is_dynamic(doc: Doc<'_>) -> bool {
    ["http", "tcp", "udp"].iter().filter_map(|key| map(doc, key)).any(routes) || map(doc, "tls").is_some_and(sets_tls)
}

/// Whether a map has routers, middlewares or services of Traefik's.
fn routes(doc: Doc<'_>) -> bool {
    let any_of =
        |key: &str, names: &[&str]| map(doc, key).is_some_and(|map| map.values().any(|value| has_any(value, names)));
    // A router of UDP has no rule.
    any_of("routers", &["rule"])
        || any_of("routers", &["service"]) && any_of("services", SERVICES)
        || any_of("middlewares", MIDDLEWARES)
        || any_of("services", SERVICES)
}

fn sets_tls(doc: Doc<'_>) -> bool {
    let certificates = doc.get_any_case("certificates").into_iter().flat_map(Doc::items);
    let any_of =
        |key: &str, names: &[&str]| map(doc, key).is_some_and(|map| map.values().any(|value| has_any(value, names)));
    certificates.into_iter().any(|pair| has_any(pair, &["certFile"]) && has_any(pair, &["keyFile"]))
        || any_of("options", TLS_OPTIONS)
        || any_of("stores", &["defaultCertificate", "defaultGeneratedCert"])
}

// ------------------------------------------------------- labels and arguments

/// What the name of a label begins with.
const LABELS: &[&str] = &["traefik.http", "traefik.tcp", "traefik.udp", "traefik.enable"];

/// Whether any `labels` of a document speak to Traefik: of a service, of its deployment, or in an extension field.
fn is_labelled(doc: Doc<'_>) -> bool {
    let Some(labels) = doc.tree.sym("labels") else { return false };
    let below = doc.tree.subtree(doc.node).map(crate::span::NodeId);
    let labels = below.filter(|&node| doc.tree.key_sym(node) == Some(labels));
    labels.map(|node| doc.with(node)).any(|labels| pairs(labels).any(|(name, _)| is_label(name)))
}

fn is_label(name: &str) -> bool {
    LABELS.iter().any(|label| name.get(..label.len()).is_some_and(|start| start.eq_ignore_ascii_case(label)))
}

/// Whether a service of a compose file starts Traefik with an entry point.
fn has_arguments(doc: Doc<'_>) -> bool {
    services(doc).filter_map(|service| service.get("command")).any(|command| arguments(command).any(opens_entry_point))
}

/// Whether an argument is `--entrypoints.NAME.address=…`.
fn opens_entry_point(argument: &str) -> bool {
    let lower = argument.trim_start_matches(['-', '"', '\'']).to_ascii_lowercase();
    let point = lower.strip_prefix("entrypoints.").and_then(|rest| rest.split_once('.'));
    point.is_some_and(|(_, setting)| setting.starts_with("address="))
}

// ------------------------------------------------------------------- helpers

/// The map under `key`, in any case.
fn map<'t>(doc: Doc<'t>, key: &str) -> Option<Doc<'t>> {
    doc.get_any_case(key).filter(|value| value.kind() == NodeKind::Map)
}

fn has_any(doc: Doc<'_>, names: &[&str]) -> bool {
    doc.entries().any(|(key, _)| is_one_of(key, names))
}

fn is_one_of(text: &str, names: &[&str]) -> bool {
    names.iter().any(|name| name.eq_ignore_ascii_case(text))
}

fn is_bool(value: Option<Doc<'_>>) -> bool {
    value.is_some_and(|value| value.kind() == NodeKind::Bool)
}

//! What a BackendTrafficPolicy of Envoy Gateway sets that the model knows: rate limits and times. And what a
//! ClientTrafficPolicy sets for the listeners of a Gateway.
//!
//! Source: <https://gateway.envoyproxy.io/docs/api/extension_types/>.

use super::super::cursor::Node;
use super::super::defaults::default;
use super::super::duration;
use super::super::path::Trick;
use super::super::tls::TlsVersion;
use super::super::{ClientCertificate, Gateway, Limit, Measure, RateKey, RateLimit, Set, Stated, Tls, TlsSide, cipher};
use crate::discover::Format;
use crate::model::Why;
use crate::span::Place;

/// The tables' indices of what a policy sets.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic {
    pub(super) rates: Vec<u32>,
    pub(super) timeout: Option<u32>,
}

pub(super) fn read(policy: Node<'_>, gateway: &mut Gateway) -> Traffic {
    let Some(spec) = policy.get("spec") else { return Traffic::default() };
    let timeout = spec.path(&["timeout", "http", "requestTimeout"]);
    Traffic {
        rates: spec.get("rateLimit").map(|node| rate(node, gateway)).into_iter().collect(),
        timeout: timeout.and_then(|node| limit(node, "timeout.http.requestTimeout", Measure::Request, gateway)),
    }
}

fn rate(node: Node<'_>, gateway: &mut Gateway) -> u32 {
    let mut rate = RateLimit::new("rateLimit", node.key_place());
    let is_local = node.str("type").map_or(node.get("local").is_some(), |kind| kind == "Local");
    rate.local = Some(Set::written(is_local, node.get("type").unwrap_or(node).key_place()));
    let rules = node.get(if is_local { "local" } else { "global" }).map(|it| it.list("rules")).unwrap_or_default();
    let selectors: Vec<Node<'_>> = rules.iter().flat_map(|rule| rule.list("clientSelectors")).collect();
    let headers = || selectors.iter().flat_map(|selector| selector.list("headers"));
    // Each value of the header has a count of its own.
    let own_count = headers().find(|header| header.str("type") == Some("Distinct"));
    rate.key = Stated::Known(if let Some(header) = own_count {
        let name = header.str("name").unwrap_or_default().to_owned();
        rate.client_header = Some((header.get("name").unwrap_or(header).place(), name));
        RateKey::Header
    } else if selectors.iter().any(|selector| selector.get("sourceCIDR").is_some()) {
        RateKey::Address
    } else if selectors.is_empty() {
        RateKey::All
    } else {
        RateKey::Other
    });
    gateway.add_rate(rate)
}

/// A time limit; `0s` means none.
pub(super) fn limit(node: Node<'_>, name: &str, measure: Measure, gateway: &mut Gateway) -> Option<u32> {
    // Smaller units are no durations there: <https://gateway-api.sigs.k8s.io/geps/gep-2257/>.
    let text = node.text().filter(|text| !text.contains(['n', 'u', 'µ', 'μ']))?;
    let seconds = duration::seconds(text)?;
    let value = if seconds > 0.0 { seconds } else { f64::INFINITY };
    Some(gateway.add_limit(Limit { measure, value, place: node.place(), name: name.to_owned() }))
}

/// Spellings of a path that are left as they are before routes compare it: Envoy Gateway merges slashes, and decodes
/// those that are escaped, unless a ClientTrafficPolicy tells it not to.
///
/// Source: <https://gateway.envoyproxy.io/docs/api/extension_types/#pathsettings>.
pub(super) fn spellings(clients: &[Node<'_>]) -> Vec<Trick> {
    let path = |key: &str| clients.iter().filter_map(move |policy| policy.path(&["spec", "path", key])).next();
    let mut tricks = vec![Trick::TrailingSlash];
    if path("disableMergeSlashes").and_then(Node::bool) == Some(true) {
        tricks.push(Trick::DoubleSlash);
    }
    if path("escapedSlashesAction").and_then(Node::text) == Some("KeepUnchanged") {
        tricks.push(Trick::EscapedSlash);
    }
    tricks.push(Trick::Semicolon);
    tricks
}

/// TLS settings of a listener: what its ClientTrafficPolicy says, else what Envoy Gateway does; unknown for others.
pub(super) fn tls(policy: Option<Node<'_>>, is_envoy: bool, place: Place) -> Tls {
    let spec = policy.and_then(|policy| policy.path(&["spec", "tls"]));
    let lowest = spec.and_then(|spec| spec.get("minVersion"));
    let min_version = match lowest.and_then(|node| Some((node, TlsVersion::parse(node.text()?)?))) {
        Some((node, version)) => Stated::Known(Set::written(version, node.place())),
        None if is_envoy => default(Format::GatewayApi, "tls.minVersion", None)
            .and_then(TlsVersion::parse)
            .map(|version| Set::default(version, place))
            .into(),
        None => Stated::Unknown(Why::Elsewhere, None),
    };
    let ciphers = spec.and_then(|spec| spec.get("ciphers")).map(|node| {
        let names: Vec<&str> = node.children().filter_map(Node::text).collect();
        (node.key_place(), cipher::envoy(names))
    });
    let validation = spec.and_then(|spec| spec.get("clientValidation"));
    let client_certificate = validation.map(|node| match node.get("optional").filter(|it| it.bool() == Some(true)) {
        Some(optional) => Set::written(ClientCertificate::Optional, optional.key_place()),
        None => Set::written(ClientCertificate::Required, node.key_place()),
    });
    Tls { place, side: TlsSide::Client, min_version, ciphers, client_certificate: client_certificate.into() }
}

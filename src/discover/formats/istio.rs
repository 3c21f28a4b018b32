//! Istio: gateways, virtual services and security policies.
//!
//! Kinds: <https://istio.io/latest/docs/reference/config/>.

use super::kubernetes::Group;
use super::{Row, no_doc, no_object, no_text};
use crate::discover::Format;

pub(super) const ROW: Row = Row {
    format: Format::Istio,
    markers: &[&["networking.istio.io/"], &["security.istio.io/"], &["telemetry.istio.io/"], &["install.istio.io/"]],
    groups: &[
        Group {
            name: "networking.istio.io",
            kinds: &["Gateway", "VirtualService", "DestinationRule", "EnvoyFilter", "ServiceEntry", "ProxyConfig"],
            is_clear_without_name: false,
        },
        Group {
            name: "security.istio.io",
            kinds: &["RequestAuthentication", "AuthorizationPolicy", "PeerAuthentication"],
            is_clear_without_name: false,
        },
        // Access logs, and what the mesh as a whole is set to.
        Group { name: "telemetry.istio.io", kinds: &["Telemetry"], is_clear_without_name: false },
        Group { name: "install.istio.io", kinds: &["IstioOperator"], is_clear_without_name: true },
    ],
    claims: no_doc,
    claims_openapi: no_doc,
    claims_object: no_object,
    claims_text: no_text,
};

//! The Gateway API of Kubernetes, and the policies that Envoy Gateway attaches to it.
//!
//! Kinds: <https://gateway-api.sigs.k8s.io/reference/spec/>,
//! <https://gateway.envoyproxy.io/docs/api/extension_types/>.

use super::kubernetes::Group;
use super::{Row, no_doc, no_object, no_text};
use crate::discover::Format;

pub(super) const ROW: Row = Row {
    format: Format::GatewayApi,
    markers: &[&["gateway.networking."], &["gateway.envoyproxy.io"], &["apiVersion", "kind: HTTPRoute"]],
    groups: &[
        Group {
            name: "gateway.networking.k8s.io",
            kinds: &[
                "GatewayClass",
                "Gateway",
                "ListenerSet",
                "HTTPRoute",
                "GRPCRoute",
                "TLSRoute",
                "TCPRoute",
                "UDPRoute",
                "BackendTLSPolicy",
                "ReferenceGrant",
            ],
            is_clear_without_name: false,
        },
        // Experimental kinds carry an X.
        Group {
            name: "gateway.networking.x-k8s.io",
            kinds: &["XListenerSet", "XBackendTrafficPolicy", "XMesh"],
            is_clear_without_name: true,
        },
        Group {
            name: "gateway.envoyproxy.io",
            kinds: &[
                "SecurityPolicy",
                "BackendTrafficPolicy",
                "ClientTrafficPolicy",
                "EnvoyPatchPolicy",
                "EnvoyExtensionPolicy",
                "EnvoyProxy",
                "HTTPRouteFilter",
                "Backend",
            ],
            is_clear_without_name: false,
        },
        // A chart that asks the cluster for the version: no other group has these two.
        Group { name: "gateway.networking.k8s.io", kinds: &["HTTPRoute", "GRPCRoute"], is_clear_without_name: true },
    ],
    claims: no_doc,
    claims_openapi: no_doc,
    claims_object: no_object,
    claims_text: no_text,
};

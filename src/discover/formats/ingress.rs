//! `Ingress` of Kubernetes, whatever controller reads it.

use super::kubernetes::{Group, Object};
use super::{Row, no_doc, no_text};
use crate::discover::Format;

const KINDS: &[&str] = &["Ingress", "IngressClass"];

pub(super) const ROW: Row = Row {
    format: Format::Ingress,
    markers: &[
        &["networking.k8s.io/", "Ingress"],
        &["extensions/v1beta1", "Ingress"],
        // The group may be a template's.
        &["apiVersion", "kind: Ingress"],
        &["ConfigMap", "ingress-nginx"],
        &["ConfigMap", "nginx-configuration"],
    ],
    groups: &[
        Group { name: "networking.k8s.io", kinds: KINDS, is_clear_without_name: true },
        // Where Ingress came from; gone since Kubernetes 1.22.
        Group { name: "extensions", kinds: KINDS, is_clear_without_name: true },
    ],
    claims: no_doc,
    claims_openapi: no_doc,
    claims_object: is_settings,
    claims_text: no_text,
};

/// Whether an object is the settings of ingress-nginx. Addresses of streams have ConfigMaps of their own.
fn is_settings(object: &Object<'_>) -> bool {
    let metadata = |keys: &[&str]| object.doc.at(keys).map(|doc| doc.text().to_owned()).unwrap_or_default();
    let name = metadata(&["metadata", "name"]);
    let named = name.contains("ingress-nginx") || name == "nginx-configuration";
    let labelled = || metadata(&["metadata", "labels", "app.kubernetes.io/name"]) == "ingress-nginx";
    let is_map = object.kind == "ConfigMap" && !name.starts_with("tcp") && !name.starts_with("udp");
    is_map && (named || labelled()) && object.doc.has("data")
}

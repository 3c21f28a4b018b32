//! `Ingress` of Kubernetes, whatever controller reads it.

use super::kubernetes::Group;
use super::{Row, no_doc, no_object, no_text};
use crate::discover::Format;

const KINDS: &[&str] = &["Ingress", "IngressClass"];

pub(super) const ROW: Row = Row {
    format: Format::Ingress,
    markers: &[
        &["networking.k8s.io/", "Ingress"],
        &["extensions/v1beta1", "Ingress"],
        // The group may be a template's.
        &["apiVersion", "kind: Ingress"],
    ],
    groups: &[
        Group { name: "networking.k8s.io", kinds: KINDS, is_clear_without_name: true },
        // Where Ingress came from; gone since Kubernetes 1.22.
        Group { name: "extensions", kinds: KINDS, is_clear_without_name: true },
    ],
    claims: no_doc,
    claims_openapi: no_doc,
    claims_object: no_object,
    claims_text: no_text,
};

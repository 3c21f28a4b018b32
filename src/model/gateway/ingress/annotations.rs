//! Annotations of an Ingress, and which controller reads them: the dialect. Knows the names of annotations by their
//! prefixes only.

use std::collections::HashMap;

use super::super::adapters::Input;
use super::super::cursor::{Node, has_template};
use super::super::objects::Object;

/// Who reads an Ingress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Dialect {
    /// ingress-nginx, or a controller that reads its annotations.
    Nginx,
    /// AWS Load Balancer Controller.
    Alb,
    /// A controller whose settings are read, and judged by nothing that is missing.
    Other,
    /// No class is named and no annotation tells.
    Unstated,
}

/// Prefixes of the annotations of controllers, and the dialect they speak.
const PREFIXES: [(&str, Dialect); 13] = [
    (NGINX, Dialect::Nginx),
    (ALB, Dialect::Alb),
    ("nginx.org/", Dialect::Other),
    ("nginx.com/", Dialect::Other),
    ("traefik.ingress.kubernetes.io/", Dialect::Other),
    ("konghq.com/", Dialect::Other),
    ("haproxy.org/", Dialect::Other),
    ("haproxy-ingress.github.io/", Dialect::Other),
    ("networking.gke.io/", Dialect::Other),
    ("ingress.gcp.kubernetes.io/", Dialect::Other),
    ("appgw.ingress.kubernetes.io/", Dialect::Other),
    ("k8s.apisix.apache.org/", Dialect::Other),
    ("projectcontour.io/", Dialect::Other),
];

const NGINX: &str = "nginx.ingress.kubernetes.io/";
const ALB: &str = "alb.ingress.kubernetes.io/";

/// Controllers as an `IngressClass` names them, and their dialect.
const CONTROLLERS: [(&str, Dialect); 3] = [
    ("k8s.io/ingress-nginx", Dialect::Nginx),
    ("ingress.k8s.aws/alb", Dialect::Alb),
    // Managed by Azure, with ingress-nginx in it.
    ("webapprouting.kubernetes.azure.com/nginx", Dialect::Nginx),
];

/// The annotations of an object.
pub(super) struct Annotations<'s> {
    all: HashMap<&'s str, Node<'s>>,
    /// Their mapping as a whole.
    pub(super) node: Option<Node<'s>>,
}

impl<'s> Annotations<'s> {
    pub(super) fn of(object: Node<'s>) -> Self {
        let node = object.path(&["metadata", "annotations"]).filter(|node| node.is_map());
        let all = node.into_iter().flat_map(Node::children).filter_map(|child| Some((child.key()?, child)));
        Self { all: all.collect(), node }
    }

    /// The annotation of this full name, unless it is empty.
    pub(super) fn full(&self, name: &str) -> Option<Node<'s>> {
        self.all.get(name).copied().filter(|node| node.text().is_some_and(|text| !text.trim().is_empty()))
    }

    /// An annotation of ingress-nginx.
    pub(super) fn nginx(&self, name: &str) -> Option<Node<'s>> {
        self.full(&format!("{NGINX}{name}"))
    }

    /// An annotation of the AWS Load Balancer Controller.
    pub(super) fn alb(&self, name: &str) -> Option<Node<'s>> {
        self.full(&format!("{ALB}{name}"))
    }

    /// Those of ingress-nginx, without their prefix, in the order of the file.
    pub(super) fn all_nginx(&self) -> impl Iterator<Item = (&'s str, Node<'s>)> {
        let all = self.node.into_iter().flat_map(Node::children);
        all.filter_map(|child| Some((child.key()?.strip_prefix(NGINX)?, child)))
    }

    fn spoken(&self) -> Option<Dialect> {
        let spoken = |dialect| {
            let prefixes = PREFIXES.iter().filter(move |(_, spoken)| *spoken == dialect);
            prefixes.into_iter().any(|(prefix, _)| self.all.keys().any(|key| key.starts_with(prefix)))
        };
        [Dialect::Other, Dialect::Alb, Dialect::Nginx].into_iter().find(|&dialect| spoken(dialect))
    }
}

/// The class that an Ingress names, by field or by the old annotation.
///
/// Source: <https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class>.
pub(super) fn class<'s>(object: Node<'s>, annotations: &Annotations<'s>) -> Option<Node<'s>> {
    let field = object.path(&["spec", "ingressClassName"]);
    field.or_else(|| annotations.full("kubernetes.io/ingress.class")).filter(|node| node.is_scalar())
}

/// Who reads an Ingress: by its class, else by the annotations it carries.
pub(super) fn dialect(input: Input<'_>, object: &Object, annotations: &Annotations<'_>) -> Dialect {
    let class = class(object.node(input.sources), annotations).and_then(Node::text);
    let Some(class) = class.filter(|class| !has_template(class)) else {
        return annotations.spoken().unwrap_or(Dialect::Unstated);
    };
    let named = ("networking.k8s.io", "IngressClass");
    // Classes have no namespace.
    let object = input.objects.find(input.sources, named, "default", class, object.at.file);
    let controller = object.and_then(|object| object.node(input.sources).path(&["spec", "controller"])?.text());
    if let Some(controller) = controller {
        let known = CONTROLLERS.iter().find(|(name, _)| controller == *name);
        return known.map_or(Dialect::Other, |(_, dialect)| *dialect);
    }
    match (class, annotations.spoken()) {
        // The controller of F5 has the same usual class.
        (_, Some(Dialect::Other)) => Dialect::Other,
        ("alb", _) => Dialect::Alb,
        _ if class.contains("nginx") || class.starts_with("webapprouting.") => Dialect::Nginx,
        _ if VENDORS.iter().any(|vendor| class.contains(vendor)) => Dialect::Other,
        (_, spoken) => spoken.unwrap_or(Dialect::Other),
    }
}

/// Words in the usual classes of other controllers.
const VENDORS: [&str; 11] =
    ["traefik", "kong", "haproxy", "gce", "azure", "cilium", "istio", "contour", "openshift", "apisix", "tailscale"];

//! What routes lead to: services, backends of Envoy Gateway, and the policies that say how TLS is spoken to them.

use std::collections::{HashMap, HashSet};

use super::super::adapters::Input;
use super::super::cursor::Node;
use super::super::kubernetes::{References, SERVICE, ServiceRef};
use super::super::objects::Object;
use super::super::{Consequence, DanglingName, Gateway, Protocol, Set, Stated, Upstream};
use super::{ENVOY, STANDARD, refer};
use crate::model::Why;
use crate::span::Place;

/// Upstreams by namespace, kind, name, port and protocol.
type Key = (String, String, String, String, bool);

pub(super) struct Backends<'s> {
    input: Input<'s>,
    /// Services that TLS is spoken to, by namespace and name, with the policy that says so.
    secured: HashMap<(&'s str, &'s str), Place>,
    /// What grants admit, by their namespace and the kind and namespace of what may refer.
    grants: HashMap<Granted<'s>, Names<'s>>,
    upstreams: HashMap<Key, u32>,
    pub(super) references: References,
}

/// The namespace of a grant, and the kind and namespace of what may refer to services there.
type Granted<'s> = (&'s str, &'s str, &'s str);

/// Services that a grant is for: some, or all.
#[derive(Default)]
struct Names<'s> {
    every: bool,
    names: HashSet<&'s str>,
}

impl<'s> Backends<'s> {
    pub(super) fn new(input: Input<'s>) -> Self {
        let mut secured = HashMap::new();
        for object in input.objects.of(STANDARD, "BackendTLSPolicy") {
            let Some(spec) = object.node(input.sources).get("spec") else { continue };
            for target in spec.list("targetRefs") {
                let place = spec.get("validation").map_or(target.place(), Node::key_place);
                secured.entry((object.namespace(), target.str("name").unwrap_or_default())).or_insert(place);
            }
        }
        Self { input, secured, grants: grants(input), upstreams: HashMap::new(), references: References::default() }
    }

    /// The upstream that a reference of a route means.
    pub(super) fn upstream(&mut self, route: &'s Object, reference: Node<'s>, gateway: &mut Gateway) -> Option<u32> {
        let name = reference.get("name").filter(|name| name.is_scalar())?;
        let kind = reference.str("kind").unwrap_or("Service");
        let group = reference.str("group").unwrap_or_default();
        let namespace = reference.get("namespace").and_then(Node::text).unwrap_or(route.namespace());
        let port = reference.str("port");
        let is_grpc = route.kind == "GRPCRoute";
        let text = name.text().unwrap_or_default();
        let key =
            (namespace.to_owned(), kind.to_owned(), text.to_owned(), port.unwrap_or_default().to_owned(), is_grpc);
        if let Some(index) = self.upstreams.get(&key) {
            return Some(*index);
        }
        let upstream = if (group, kind) == SERVICE {
            let service = ServiceRef { namespace, name, port };
            self.note_missing(route, &service, reference, gateway);
            self.service(&service, is_grpc)
        } else {
            let object = refer(self.input, route, reference, SERVICE);
            match object.filter(|_| (group, kind) == (ENVOY, "Backend")) {
                Some(backend) => backend_upstream(backend.node(self.input.sources), name),
                None => {
                    let mut upstream = Upstream::new(text, name.place());
                    upstream.protocol = Stated::Unknown(Why::NotRead, Some(name.place()));
                    upstream.verified = Stated::Unknown(Why::NotRead, Some(name.place()));
                    upstream.in_cluster = true;
                    upstream
                }
            }
        };
        let index = gateway.add_upstream(upstream);
        self.upstreams.insert(key, index);
        Some(index)
    }

    fn service(&self, service: &ServiceRef<'s>, is_grpc: bool) -> Upstream {
        let text = service.name.text().unwrap_or_default();
        let policy = self.secured.get(&(service.namespace, text));
        let protocol = match (policy.is_some(), is_grpc) {
            (true, true) => Protocol::Grpcs,
            (true, false) => Protocol::Https,
            (false, true) => Protocol::Grpc,
            (false, false) => Protocol::Http,
        };
        let mut upstream = service.upstream(self.input, Stated::Known(protocol));
        if let Some(policy) = policy {
            upstream.verified = Stated::Known(Set::written(true, *policy));
        } else if self.speaks_tls(service) {
            upstream.protocol = Stated::Unknown(Why::NotRead, Some(service.name.place()));
        }
        upstream
    }

    /// Whether the port of a service says that TLS is spoken there; what is made of that differs.
    fn speaks_tls(&self, service: &ServiceRef<'_>) -> bool {
        let name = service.name.text().unwrap_or_default();
        let near = service.name.file();
        let object = self.input.objects.find(self.input.sources, SERVICE, service.namespace, name, near);
        let spec = object.and_then(|object| object.node(self.input.sources).get("spec"));
        let ports = spec.map(|spec| spec.list("ports")).unwrap_or_default();
        let mut ports = ports.into_iter().filter(|port| service.port.is_none() || port.str("port") == service.port);
        ports.any(|port| matches!(port.str("appProtocol"), Some("https" | "HTTPS" | "kubernetes.io/wss" | "grpcs")))
    }

    /// Notes a service that is not there, and one of another namespace that gives no leave to refer to it.
    fn note_missing(&mut self, route: &Object, service: &ServiceRef<'s>, reference: Node<'_>, gateway: &mut Gateway) {
        service.note(self.input, &mut self.references);
        if service.namespace != route.namespace()
            && let Some(namespace) = reference.get("namespace")
        {
            let text = service.name.text().unwrap_or_default();
            let is_there = self.input.objects.find(self.input.sources, SERVICE, service.namespace, text, route.at.file);
            if is_there.is_some() && !self.is_granted(route, service.namespace, text) {
                gateway.dangling.push(DanglingName {
                    name: namespace.text().unwrap_or_default().to_owned(),
                    what: "reference grant".to_owned(),
                    place: namespace.place(),
                    consequence: Consequence::Dead,
                });
            }
        }
    }

    /// Whether a grant in the namespace of the service admits routes of this kind and namespace.
    fn is_granted(&self, route: &Object, namespace: &str, name: &str) -> bool {
        let granted = self.grants.get(&(namespace, route.kind.as_str(), route.namespace()));
        granted.is_some_and(|granted| granted.every || granted.names.contains(name))
    }
}

/// The grants of the run for services.
fn grants<'s>(input: Input<'s>) -> HashMap<Granted<'s>, Names<'s>> {
    let mut grants: HashMap<Granted<'s>, Names<'s>> = HashMap::new();
    for grant in input.objects.of(STANDARD, "ReferenceGrant") {
        let Some(spec) = grant.node(input.sources).get("spec") else { continue };
        let to: Vec<Option<&str>> = spec
            .list("to")
            .into_iter()
            .filter(|to| to.str("kind") == Some("Service"))
            .map(|to| to.str("name"))
            .take(MOST_GRANTED)
            .collect();
        for from in spec.list("from").into_iter().take(MOST_GRANTED) {
            let key =
                (grant.namespace(), from.str("kind").unwrap_or_default(), from.str("namespace").unwrap_or_default());
            let names = grants.entry(key).or_default();
            names.every |= to.contains(&None);
            names.names.extend(to.iter().flatten());
        }
    }
    grants
}

/// A grant has no more entries of a list than this, by the schema of the standard.
const MOST_GRANTED: usize = 16;

/// A backend of Envoy Gateway: hosts and addresses, with TLS of its own.
fn backend_upstream(backend: Node<'_>, name: Node<'_>) -> Upstream {
    let mut upstream = Upstream::new(name.text().unwrap_or_default(), name.place());
    let spec = backend.get("spec");
    let endpoints = spec.map(|spec| spec.list("endpoints")).unwrap_or_default();
    let hosts = endpoints.into_iter().filter_map(|endpoint| {
        endpoint.path(&["fqdn", "hostname"]).or_else(|| endpoint.path(&["ip", "address"]))?.text()
    });
    upstream.hosts = hosts.map(str::to_owned).collect();
    let tls = spec.and_then(|spec| spec.get("tls"));
    upstream.protocol = Stated::Known(if tls.is_some() { Protocol::Https } else { Protocol::Http });
    if let Some(tls) = tls {
        let skips = tls.get("insecureSkipVerify").filter(|node| node.bool() == Some(true));
        let place = skips.unwrap_or(tls).key_place();
        upstream.verified = Stated::Known(Set::written(skips.is_none(), place));
    }
    upstream
}

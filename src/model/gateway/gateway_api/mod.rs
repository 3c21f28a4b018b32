//! The Gateway API of Kubernetes, with the policies of Envoy Gateway. The standard itself has no authentication and
//! no rate limits: without the policies of a known implementation in view, nothing is called absent.
//!
//! Sources: <https://gateway-api.sigs.k8s.io/reference/spec/>,
//! <https://gateway.envoyproxy.io/docs/api/extension_types/>.

mod attach;
mod backends;
mod group;
mod listeners;
mod routes;
mod security;
mod traffic;

use std::collections::HashSet;

use super::adapters::{Adapter, Grouping, Input};
use super::cursor::Node;
use super::objects::Object;
use super::{Concern, Gateway, Setting};
use crate::discover::Format;
use crate::span::{At, FileId};
use attach::Attached;
use backends::Backends;
use listeners::Parents;
use routes::Routes;

pub(super) const ADAPTER: Adapter =
    Adapter { format: Format::GatewayApi, grouping: Grouping::Own { group: group::group }, images: &[], lower };

/// The API group of the standard.
const STANDARD: &str = "gateway.networking.k8s.io";

/// The API group of its experiments.
const EXPERIMENTAL: &str = "gateway.networking.x-k8s.io";

/// The API group of Envoy Gateway.
const ENVOY: &str = "gateway.envoyproxy.io";

/// Routes of requests. What routes streams of bytes has no paths.
const ROUTES: [&str; 2] = ["HTTPRoute", "GRPCRoute"];

fn is_route(object: &Object) -> bool {
    object.group == STANDARD && ROUTES.contains(&object.kind.as_str())
}

/// Whether listeners stand in an object.
fn is_parent(object: &Object) -> bool {
    let kind = object.kind.as_str();
    object.group == STANDARD && matches!(kind, "Gateway" | "ListenerSet")
        || object.group == EXPERIMENTAL && kind == "XListenerSet"
}

/// The policies that the files of the gateway define.
struct Policies<'s> {
    security: Attached<'s>,
    backend: Attached<'s>,
    client: Attached<'s>,
}

fn lower(input: Input<'_>, gateway: &mut Gateway) {
    let files: HashSet<FileId> = input.files.iter().copied().collect();
    let policies = Policies {
        security: Attached::read(input, &files, "SecurityPolicy", gateway),
        backend: Attached::read(input, &files, "BackendTrafficPolicy", gateway),
        client: Attached::read(input, &files, "ClientTrafficPolicy", gateway),
    };
    let mut parents = Parents::new(input, files);
    let objects = || input.files.iter().flat_map(|&file| input.objects.in_file(file));
    for object in objects().filter(|object| is_parent(object)) {
        parents.read(object, &policies, gateway);
    }
    let mut routes = Routes::new(input, &policies, Backends::new(input));
    for object in objects().filter(|object| is_route(object)) {
        routes.read(object, &mut parents, gateway);
    }
    let claims = routes.finish(gateway);
    parents.finish(gateway);
    for object in objects() {
        match (object.group.as_str(), object.kind.as_str()) {
            (STANDARD, "ReferenceGrant") => grants(object.node(input.sources), gateway),
            (ENVOY, "ClientTrafficPolicy") => client_settings(object.node(input.sources), claims, gateway),
            _ => {}
        }
    }
}

/// Notes grants for every object of a kind.
fn grants(grant: Node<'_>, gateway: &mut Gateway) {
    let entries = grant.get("spec").map(|spec| spec.list("to")).unwrap_or_default();
    for entry in entries.into_iter().filter(|entry| entry.get("name").is_none()) {
        if let Some(kind) = entry.get("kind").filter(|kind| matches!(kind.text(), Some("Secret" | "Service"))) {
            gateway.settings.push(Setting::new("referenceGrant.to", kind.text().unwrap_or_default(), kind.place()));
        }
    }
}

/// Notes how requests are read before routes see them. `claims`: whether claims of tokens become headers.
fn client_settings(policy: Node<'_>, claims: bool, gateway: &mut Gateway) {
    let names: [&[&str]; 3] =
        [&["path", "escapedSlashesAction"], &["path", "disableMergeSlashes"], &["headers", "withUnderscoresAction"]];
    for keys in names {
        let Some(node) = policy.get("spec").and_then(|spec| spec.path(keys)) else { continue };
        let value = node.text().unwrap_or_default();
        let mut noted = Setting::new(format!("clientTrafficPolicy.{}", keys.join(".")), value, node.place());
        if claims && keys[0] == "headers" && value == "Allow" {
            noted.concern = Some(Concern::IdentityHeader);
        }
        gateway.settings.push(noted);
    }
}

/// The object that a reference names, in its own namespace or that of the object it stands in.
fn refer<'s>(input: Input<'s>, from: &Object, reference: Node<'_>, usual: (&str, &str)) -> Option<&'s Object> {
    let group = reference.str("group").unwrap_or(usual.0);
    let kind = reference.str("kind").unwrap_or(usual.1);
    let namespace = reference.str("namespace").unwrap_or(from.namespace());
    input.objects.find(input.sources, (group, kind), namespace, reference.str("name")?, from.at.file)
}

/// The Gateway that a set of listeners belongs to.
fn parent_of<'s>(input: Input<'s>, set: &Object) -> Option<At> {
    let reference = set.node(input.sources).path(&["spec", "parentRef"])?;
    Some(refer(input, set, reference, (STANDARD, "Gateway"))?.at)
}

//! Istio: objects of Kubernetes that a run has in view together. A `Gateway` has listeners, a `VirtualService` that is
//! bound to one has routes; policies of the workload behind the gateway and of the one behind the route say who may
//! call. What is not in view may set anything, so little is known to be absent. Read against the definitions of its
//! API, <https://istio.io/latest/docs/reference/config/>.

mod gateways;
mod guards;
mod pods;
mod policies;
mod routes;
mod settings;
mod sites;
mod upstreams;
mod verifiers;

use super::adapters::{Adapter, Grouping, Input};
use super::{Gateway, Node, Object};
use crate::discover::Format;

pub(super) const ADAPTER: Adapter = Adapter { format: Format::Istio, grouping: Grouping::Run, images: &[], lower };

/// The group of gateways and routes.
const NETWORKING: &str = "networking.istio.io";
/// The group of policies.
const SECURITY: &str = "security.istio.io";
/// The namespace whose policies hold for the whole mesh, unless an installation names another.
const ROOT: &str = "istio-system";

fn lower(input: Input<'_>, gateway: &mut Gateway) {
    let world = World { input };
    let gateways = gateways::lower(world, gateway);
    let virtual_services = routes::bound(world, &gateways);
    let mut guards = guards::Guards::read(world, &gateways, &virtual_services, gateway);
    let mut upstreams = upstreams::Upstreams::read(world, &virtual_services, gateway);
    routes::lower(world, &gateways, &virtual_services, &mut guards, &mut upstreams, gateway);
    guards.finish(gateway);
    settings::lower(world, &guards, gateway);
}

/// The objects in view.
#[derive(Clone, Copy)]
struct World<'s> {
    input: Input<'s>,
}

impl<'s> World<'s> {
    /// Objects of a kind, with what they specify, in the order of the files.
    fn of(self, group: &'s str, kind: &'s str) -> impl Iterator<Item = (&'s Object, Node<'s>, Option<Node<'s>>)> {
        self.input.objects.of(group, kind).map(move |object| {
            let node = object.node(self.input.sources);
            (object, node, node.get("spec"))
        })
    }

    /// The folder of the file in which an object stands.
    fn folder(self, object: &Object) -> &'s str {
        self.input.sources.folder(object.at.file)
    }

    /// Whether a template may set more of a file than can be seen.
    fn is_templated(self, object: &Object) -> bool {
        self.input.sources.file(object.at.file).templated
    }
}

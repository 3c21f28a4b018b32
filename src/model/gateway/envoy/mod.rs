//! Envoy: a bootstrap file is one gateway, and so are the lists of resources of a folder. What a control plane
//! delivers is out of view. Read against the definitions of its API,
//! <https://www.envoyproxy.io/docs/envoy/latest/api-v3/api>.

mod auth;
mod cluster;
mod cors;
mod filters;
mod jwt;
mod limits;
mod listener;
mod rbac;
mod routes;
mod settings;
mod texts;

use std::collections::{HashMap, HashSet};

pub(super) use cors::admit;

use super::adapters::{Adapter, Grouping, Input};
use super::{Admin, Bind, DanglingName, Exposure, Gateway, Node, Power, Stated, units};
use crate::discover::Format;
use crate::model::Why;
use crate::source::SourceMap;
use crate::span::{FileId, Place};

pub(super) const ADAPTER: Adapter = Adapter {
    format: Format::Envoy,
    grouping: Grouping::Own { group },
    images: &["envoy", "envoy-distroless", "envoy-contrib"],
    lower,
};

/// Bootstrap files stand for themselves; lists of resources in one folder are read by one Envoy, unless two of them
/// define the same resource.
fn group(sources: &SourceMap, files: Vec<FileId>) -> Vec<Vec<FileId>> {
    let is_bootstrap = |file: &FileId| Node::roots(sources, *file).any(is_bootstrap);
    let (bootstraps, lists): (Vec<FileId>, Vec<FileId>) = files.into_iter().partition(is_bootstrap);
    let mut groups: Vec<Vec<FileId>> = bootstraps.into_iter().map(|file| vec![file]).collect();
    groups.extend(units::by_folder(sources, lists, |sources, file| {
        let found = Node::roots(sources, file).flat_map(resources);
        found.map(|(kind, node)| format!("{kind:?} {}", node.str("name").unwrap_or_default())).collect()
    }));
    groups
}

fn is_bootstrap(root: Node<'_>) -> bool {
    root.get("static_resources").is_some() || root.get("dynamic_resources").is_some()
}

/// What a file of resources may hold, as far as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resource {
    Listener,
    Cluster,
    Routes,
    Endpoints,
}

/// The resources of a document: one, a list, or the list of a discovery response.
fn resources(root: Node<'_>) -> Vec<(Resource, Node<'_>)> {
    let listed = if root.is_list() { root.children().collect() } else { root.list("resources") };
    // An item of an incremental response wraps the resource.
    let bare = listed.into_iter().map(|item| item.get("resource").unwrap_or(item));
    bare.chain(std::iter::once(root).filter(|root| root.is_map()))
        .filter_map(|item| {
            let kind = match item.str("@type")?.rsplit('.').next()? {
                "Listener" => Resource::Listener,
                "Cluster" => Resource::Cluster,
                "RouteConfiguration" => Resource::Routes,
                "ClusterLoadAssignment" => Resource::Endpoints,
                _ => return None,
            };
            Some((kind, item))
        })
        .collect()
}

/// All that the files of a gateway define.
struct World<'s> {
    listeners: Vec<Node<'s>>,
    clusters: Vec<Node<'s>>,
    routes: Vec<Node<'s>>,
    endpoints: HashMap<&'s str, Node<'s>>,
    /// Upstreams by the name of their cluster, with the cluster.
    upstreams: HashMap<&'s str, (u32, Node<'s>)>,
    /// Where it says that clusters come from elsewhere.
    clusters_elsewhere: bool,
    /// Whether the whole is a sidecar.
    sidecar: bool,
    /// Address and port of the administration interface.
    admin: Option<(&'s str, &'s str)>,
    /// Clusters that lead to it.
    admin_clusters: HashSet<&'s str>,
    /// Whether it is protected from overload, if that is in view.
    overload_manager: Option<bool>,
    /// Whether a template may set more than can be seen.
    templated: bool,
}

fn lower(input: Input<'_>, gateway: &mut Gateway) {
    let mut world = World {
        listeners: Vec::new(),
        clusters: Vec::new(),
        routes: Vec::new(),
        endpoints: HashMap::new(),
        upstreams: HashMap::new(),
        clusters_elsewhere: true,
        sidecar: false,
        admin: None,
        admin_clusters: HashSet::new(),
        overload_manager: None,
        templated: false,
    };
    for file in input.files {
        if input.sources.file(*file).templated {
            gateway.partial = Some((Why::Template, gateway.place));
            world.templated = true;
        }
        for root in Node::roots(input.sources, *file) {
            world.read(root, gateway);
        }
    }
    cluster::lower(&mut world, gateway);
    let mut used = listener::lower(&world, gateway);
    for routes in &world.routes {
        // Routes that a listener of the same files names are read there.
        if !used.remove(routes.str("name").unwrap_or_default()) {
            routes::without_listener(&world, *routes, gateway);
        }
    }
    if let Some((Why::Template, place)) = gateway.partial {
        gateway.doubt_absences(Why::Template, place);
    }
}

impl<'s> World<'s> {
    fn read(&mut self, root: Node<'s>, gateway: &mut Gateway) {
        if !is_bootstrap(root) {
            for (kind, node) in resources(root) {
                match kind {
                    Resource::Listener => self.listeners.push(node),
                    Resource::Cluster => self.clusters.push(node),
                    Resource::Routes => self.routes.push(node),
                    Resource::Endpoints => {
                        self.endpoints.insert(node.str("cluster_name").unwrap_or_default(), node);
                    }
                }
                settings::deprecated(node, gateway);
            }
            gateway.partial = gateway.partial.or(Some((Why::Elsewhere, gateway.place)));
            return;
        }
        if let Some(resources) = root.get("static_resources") {
            self.listeners.extend(resources.list("listeners"));
            self.clusters.extend(resources.list("clusters"));
            resources.list("secrets").into_iter().for_each(|secret| settings::secret(secret, gateway));
        }
        let dynamic = root.get("dynamic_resources");
        if let Some(dynamic) = dynamic {
            gateway.partial = gateway.partial.or(Some((Why::Elsewhere, dynamic.key_place())));
        }
        self.overload_manager = Some(root.get("overload_manager").is_some());
        let delivers = |key: &str| dynamic.is_some_and(|dynamic| dynamic.get(key).is_some());
        self.clusters_elsewhere = delivers("cds_config") || delivers("cds_resources_locator");
        let cluster = root.path(&["node", "cluster"]).and_then(Node::text).unwrap_or_default();
        self.sidecar = cluster.contains("sidecar");
        if let Some(address) = root.path(&["admin", "address"]) {
            self.admin(address, gateway);
        }
    }

    fn admin(&mut self, node: Node<'s>, gateway: &mut Gateway) {
        let address = Address::read(node);
        self.admin = Some((address.host, address.port));
        gateway.admins.push(Admin {
            name: "admin interface of Envoy".to_owned(),
            place: address.place,
            // It shuts the process down and changes log levels and runtime values.
            power: Power::Change,
            bind: address.bind,
            route: None,
            protected: Stated::Known(false),
            published: Stated::Absent,
        });
    }

    /// The upstream of a cluster, by the value that names it.
    fn upstream(&self, named: Node<'s>, gateway: &mut Gateway) -> Option<u32> {
        let name = named.text()?;
        let found = self.upstreams.get(name).map(|(number, _)| *number);
        if found.is_none() && !self.clusters_elsewhere && !super::has_template(name) {
            gateway.dangling.push(DanglingName {
                name: name.to_owned(),
                what: "cluster".to_owned(),
                place: named.place(),
                consequence: super::Consequence::Dead,
            });
        }
        found
    }
}

/// A socket address, a pipe, or an address inside Envoy.
struct Address<'s> {
    host: &'s str,
    port: &'s str,
    bind: Stated<Bind>,
    place: Place,
    /// Only other listeners of the same Envoy reach it.
    is_inner: bool,
}

impl<'s> Address<'s> {
    /// Reads the value of a key `address`.
    fn read(node: Node<'s>) -> Self {
        let socket = node.get("socket_address");
        let host = socket.and_then(|socket| socket.get("address"));
        let text = host.and_then(Node::text).unwrap_or_default();
        let port = socket.and_then(|socket| socket.get("port_value")).and_then(Node::text).unwrap_or_default();
        let pipe = node.get("pipe");
        let bind = match text {
            _ if pipe.is_some() => Stated::Known(Bind::Unix),
            "" => Stated::Unknown(Why::NotRead, Some(node.key_place())),
            text if super::has_template(text) || text.starts_with('$') => {
                Stated::Unknown(Why::Template, host.map(Node::place))
            }
            "0.0.0.0" | "::" => Stated::Known(Bind::Any),
            text if crate::model::net::host_class(text) == crate::model::net::HostClass::Loopback => {
                Stated::Known(Bind::Loopback)
            }
            _ => Stated::Known(Bind::Address),
        };
        let is_inner = node.get("envoy_internal_address").is_some();
        let place = host.or(pipe).unwrap_or(node);
        Self { host: text, port, bind, place: place.place(), is_inner }
    }

    fn exposure(&self) -> Exposure {
        match self.bind {
            _ if self.is_inner => Exposure::Internal,
            Stated::Known(Bind::Loopback | Bind::Unix) => Exposure::Internal,
            _ => Exposure::Public,
        }
    }
}

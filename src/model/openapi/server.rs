//! Servers in effect (E2): variables expanded, 2.0 schemes combined with host
//! and base path, and which operations use which server.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Api;
use super::grammar::{Object, Version};
use super::operation::{PathItem, Role};
use super::view::{K, View};
use crate::model::names::Names;
use crate::model::template::Covers;
use crate::model::{NameId, net, template};
use crate::source::NodeKind;
use crate::span::{At, Place};

/// Where a server is declared, in the order of `fields::SERVER_LEVELS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the objects")]
pub enum Level {
    Root,
    Path,
    Operation,
    Link,
}

/// One URL a server can have.
#[derive(Clone, Debug)]
pub struct Expanded {
    /// The URL.
    pub url: String,
    /// Its scheme and host.
    pub parts: net::Parts,
    /// The value its scheme comes from: of a variable, else the URL itself.
    pub at: At,
}

impl Expanded {
    /// Whether it is reached without TLS.
    pub fn is_cleartext(&self) -> bool {
        self.parts.scheme.is_some_and(net::Scheme::is_cleartext)
    }
}

/// A server.
#[derive(Debug)]
pub struct Server {
    /// Where it stands.
    pub place: Place,
    /// Its URL as written; 2.0: scheme, host and base path, without a host the scheme alone.
    pub url: String,
    /// URLs it can have.
    pub expanded: Vec<Expanded>,
    /// Where it is declared.
    pub level: Level,
    /// Object number of the owner of its list.
    pub owner: u32,
    /// `x-internal: true` or `x-sandbox: true`.
    pub marked_internal: bool,
    /// Operations that use it: indices.
    pub used_by: Vec<u32>,
    /// The Server Object; 2.0 has none.
    pub at: Option<At>,
    /// Where its host is said: its URL; 2.0: `host`.
    pub host_at: At,
    /// `description`.
    pub description: Option<NameId>,
    /// Labels of its hosts left of the registrable domain.
    pub labels: Vec<NameId>,
}

/// Reads all servers but those of webhooks and callbacks.
pub fn read(api: &Api, items: &[PathItem], names: &mut Names) -> Vec<Server> {
    let mut servers = if api.version == Version::V20 { swagger_servers(api) } else { server_objects(api, items) };
    for server in &mut servers {
        let hosts: BTreeSet<&str> = server.expanded.iter().filter_map(|one| one.parts.host.as_deref()).collect();
        server.labels = hosts.into_iter().flat_map(net::labels).map(|label| names.id(label)).collect();
        let description = server.at.and_then(|at| api.view.str(at, K::Description));
        server.description = description.map(|text| names.id(text));
    }
    let mut lists: HashMap<u32, Vec<usize>> = HashMap::new();
    for (index, server) in servers.iter().enumerate() {
        lists.entry(server.owner).or_default().push(index);
    }
    for (index, operation) in api.operations.iter().enumerate() {
        let item = &items[operation.item as usize];
        if item.role == Role::Outgoing {
            continue;
        }
        let in_force = [operation.number, item.number, 0].into_iter().find_map(|owner| lists.get(&owner));
        for &server in in_force.into_iter().flatten() {
            servers[server].used_by.push(index as u32);
        }
    }
    servers
}

/// Registrable domains of the root servers.
pub fn root_domains(servers: &[Server]) -> HashSet<String> {
    let root = servers.iter().filter(|server| server.level == Level::Root);
    let hosts = root.flat_map(|server| &server.expanded).filter_map(|one| one.parts.host.as_deref());
    hosts.filter_map(net::registrable_domain).collect()
}

/// Owner of a list of servers, scheme and host, of every URL that is offered over TLS.
pub fn tls_hosts(servers: &[Server]) -> HashSet<(u32, net::Scheme, Option<String>)> {
    let urls = servers.iter().flat_map(|server| server.expanded.iter().map(move |one| (server.owner, &one.parts)));
    let offered = urls.filter_map(|(owner, parts)| Some((owner, parts.scheme?, parts.host.clone())));
    offered.filter(|(_, scheme, _)| matches!(scheme, net::Scheme::Https | net::Scheme::Wss)).collect()
}

fn server_objects(api: &Api, items: &[PathItem]) -> Vec<Server> {
    let outgoing: HashSet<u32> =
        items.iter().filter(|item| item.role == Role::Outgoing).map(|item| item.number).collect();
    let mut servers = Vec::new();
    for &number in api.of(Object::Server) {
        let object = api.graph.objects[number as usize];
        let owner = api.graph.objects[object.parent as usize];
        let (level, item) = match owner.object {
            Object::Document => (Level::Root, None),
            Object::PathItem => (Level::Path, Some(object.parent)),
            Object::Operation => (Level::Operation, Some(owner.parent)),
            _ => (Level::Link, None),
        };
        if item.is_some_and(|item| outgoing.contains(&item)) {
            continue;
        }
        let Some(url) = api.view.get(object.at, K::Url) else { continue };
        servers.push(Server {
            place: Place::value(url),
            url: api.view.text(url).to_owned(),
            expanded: expand(api, object.at, url),
            level,
            owner: object.parent,
            marked_internal: api.view.is_true(object.at, K::XInternal) || api.view.is_true(object.at, K::XSandbox),
            used_by: Vec::new(),
            at: Some(object.at),
            host_at: url,
            description: None,
            labels: Vec::new(),
        });
    }
    servers
}

/// The values of a server variable: its `default`, and the items of its `enum`.
struct Variable {
    name: At,
    default: Option<At>,
    items: Vec<At>,
}

/// The variables that a server defines, in order.
fn variables(view: &View, server: At) -> Vec<Variable> {
    let map = view.get(server, K::Variables).filter(|&map| view.kind(map) == NodeKind::Map);
    let read = |entry: At| {
        let variable = view.follow(entry)?;
        let list = view.get(variable, K::Enum).into_iter().flat_map(|list| view.children(list));
        let items = list.map(|item| view.resolve(item)).filter(|&item| view.is_scalar(item)).collect();
        let default = view.get(variable, K::Default).filter(|&value| view.is_scalar(value));
        Some(Variable { name: entry, default, items })
    };
    map.into_iter().flat_map(|map| view.children(map)).filter_map(read).collect()
}

fn texts<'v>(view: &'v View, variables: &[Variable]) -> Vec<net::Variable<'v>> {
    let text = |variable: &Variable| net::Variable {
        name: view.key(variable.name).unwrap_or_default(),
        default: variable.default.map(|value| view.text(value)),
        values: variable.items.iter().map(|&item| view.text(item)).collect(),
    };
    variables.iter().map(text).collect()
}

/// The variable without `enum` that leaves the host open, with its entry in `variables`.
pub fn free_host(view: &View, server: &Server) -> Option<(Covers, At)> {
    let variables = variables(view, server.at?);
    let free = template::free(&server.url, &texts(view, &variables))?;
    Some((free.covers, variables[free.variable].name))
}

/// Variables in the URL of a server that it does not define.
pub fn undefined_variables<'s>(view: &View, server: &'s Server) -> Vec<&'s str> {
    let Some(at) = server.at else { return Vec::new() };
    let map = view.entry(at, K::Variables);
    let defined = |name: &str| map.is_some_and(|map| view.tree(map.file).get(view.resolve(map).node, name).is_some());
    template::names(&server.url).into_iter().filter(|name| !defined(name)).collect()
}

fn expand(api: &Api, server: At, url: At) -> Vec<Expanded> {
    let view = &api.view;
    let variables = variables(view, server);
    let texts = texts(view, &variables);
    let place = |pick: net::Pick| {
        let variable = variables.get(pick.variable)?;
        pick.value.map_or(variable.default, |item| variable.items.get(item).copied())
    };
    let urls = net::expand(view.text(url), &texts).urls.into_iter();
    urls.map(|one| Expanded { at: one.scheme_from.and_then(place).unwrap_or(url), parts: one.parts, url: one.text })
        .collect()
}

/// 2.0: each entry of `schemes`, of the root or an operation, is a server of the host.
/// Without any, the host is served by the scheme that serves the document.
fn swagger_servers(api: &Api) -> Vec<Server> {
    let view = &api.view;
    let host_at = view.get(api.root, K::Host).filter(|&host| view.is_scalar(host) && !view.text(host).is_empty());
    let host = host_at.map(|host| view.text(host)).unwrap_or_default();
    let base = view.scalar(api.root, K::BasePath).unwrap_or_default();
    let marked_internal = view.is_true(api.root, K::XInternal) || view.is_true(api.root, K::XSandbox);
    let server = |url: String, parts: net::Parts, at: At, level: Level, owner: u32| Server {
        place: Place::value(at),
        expanded: vec![Expanded { url: url.clone(), parts, at }],
        url,
        level,
        owner,
        marked_internal,
        used_by: Vec::new(),
        at: None,
        host_at: host_at.unwrap_or(at),
        description: None,
        labels: Vec::new(),
    };
    let owners = std::iter::once((0, api.root, Level::Root))
        .chain(api.operations.iter().map(|operation| (operation.number, operation.at, Level::Operation)));
    let mut servers = Vec::new();
    for (owner, at, level) in owners {
        let schemes = view.get(at, K::Schemes);
        for entry in schemes.into_iter().flat_map(|schemes| view.children(schemes)) {
            let value = view.resolve(entry);
            let scheme = view.text(value);
            // Without a `host` it is the one that serves the document.
            let url = if host.is_empty() { scheme.to_owned() } else { format!("{scheme}://{host}{base}") };
            let mut parts = net::parse(&url);
            parts.scheme = parts.scheme.or_else(|| net::parse(&format!("{scheme}://host")).scheme);
            servers.push(server(url, parts, value, level, owner));
        }
        if let (Level::Root, None, Some(host_at)) = (level, schemes, host_at) {
            let url = format!("//{host}{base}");
            let parts = net::parse(&url);
            servers.push(server(url, parts, host_at, level, owner));
        }
    }
    servers
}

//! How a directive is named in a pointer: by what tells it from others of its name,
//! never by counting, so that a directive that is added changes no other's name.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::source::{NodeKind, Tree};
use crate::span::NodeId;

/// Directives with one argument that stand several times in a block, and are told apart by it.
const REPEATED: &[&str] = &[
    "access_log",
    "allow",
    "debug_connection",
    "deny",
    "env",
    "error_log",
    "include",
    "js_import",
    "js_include",
    "limit_req",
    "listen",
    "load_module",
    "proxy_hide_header",
    "proxy_pass_header",
    "server",
    "set_real_ip_from",
];

/// Of a block no more entries are looked through for its name.
const LOOK_AT: usize = 256;

/// The name of a node in a pointer; `None` for one that needs none: the map of a
/// block, which a directive has one of.
///
/// * a block: its arguments, as in `location[~ \.php$]`;
/// * a block without any, such as `server`: its `server_name`s and ports, as in
///   `server[example.com:443]`;
/// * a directive with several arguments: the first one, as in `add_header[X-Frame-Options]`;
/// * one of those that stand several times with one argument: that, as in `deny[all]`;
/// * else only the name, so that another value is still the same directive.
pub fn of(tree: &Tree, node: NodeId) -> Option<Cow<'_, str>> {
    let Some(name) = tree.key(node) else {
        return if tree.kind(node) == NodeKind::Map { None } else { Some(tree.index(node).to_string().into()) };
    };
    let mut arguments = texts(tree, node);
    let block = block(tree, node);
    let identity = match (block, tree.count(node)) {
        (Some(map), 1) => server(tree, map),
        (Some(_), _) => arguments.collect::<Vec<_>>().join(" "),
        (None, 0) => String::new(),
        (None, 1) if !REPEATED.contains(&name) => String::new(),
        (None, _) => arguments.next().unwrap_or_default().to_owned(),
    };
    Some(if identity.is_empty() { name.into() } else { format!("{name}[{identity}]").into() })
}

/// The arguments of a directive.
fn texts(tree: &Tree, directive: NodeId) -> impl Iterator<Item = &str> {
    tree.children(directive).filter_map(|item| tree.str(item))
}

/// The map of a block directive, which is its last item.
fn block(tree: &Tree, directive: NodeId) -> Option<NodeId> {
    let last = tree.children(directive).last()?;
    (tree.kind(last) == NodeKind::Map).then_some(last)
}

/// What a server answers to: its names, and its ports in order.
fn server(tree: &Tree, block: NodeId) -> String {
    let mut names = String::new();
    let mut ports = BTreeSet::new();
    for entry in tree.children(block).take(LOOK_AT) {
        match tree.key(entry) {
            Some("server_name") if names.is_empty() => names = texts(tree, entry).collect::<Vec<_>>().join(" "),
            Some("listen") => ports.extend(texts(tree, entry).next().map(port)),
            _ => {}
        }
    }
    let ports: Vec<_> = ports.into_iter().collect();
    match ports[..] {
        [] => names,
        _ => format!("{names}:{}", ports.join(",")),
    }
}

/// The port of `listen`, or all of what it says if that has none.
fn port(listen: &str) -> &str {
    match listen.rsplit_once(':') {
        _ if listen.starts_with("unix:") => listen,
        Some((_, port)) if !port.ends_with(']') => port,
        None if !listen.bytes().all(|byte| byte.is_ascii_digit()) => "80",
        Some(_) => "80",
        None => listen,
    }
}

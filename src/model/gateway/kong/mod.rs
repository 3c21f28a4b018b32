//! Kong: declarative files of decK and of Kong without a database. What may authenticate stands in them, or a slice
//! says that it is one. Read against Kong 3.10 and decK 1.40, <https://developer.konghq.com/gateway/>.

mod auth;
mod entities;
mod expression;
mod group;
mod kubernetes;
mod node;
mod plugin;
mod policies;
mod routes;
mod service;
mod settings;
mod tokens;
mod view;

use super::adapters::{Adapter, Grouping, Input};
use super::defaults::default;
use super::{Gateway, Node};
use crate::discover::Format;
use crate::model::Why;
use crate::span::Place;
use entities::Entities;
use node::Settings;
use routes::Routes;
use tokens::Tokens;
use view::View;

pub(super) const ADAPTER: Adapter = Adapter {
    format: Format::Kong,
    grouping: Grouping::Own { group: group::group },
    images: &["kong", "kong-gateway"],
    lower,
};

/// What Kong does where nothing is written.
fn usual(name: &str) -> &'static str {
    default(Format::Kong, name, None).unwrap_or_default()
}

fn lower(input: Input<'_>, gateway: &mut Gateway) {
    gateway.closed = true;
    // Hosts are one attribute of a route among others.
    gateway.hosts_first = false;
    let roots = input.files.iter().flat_map(|&file| Node::roots(input.sources, file));
    let (settings, roots): (Vec<Node<'_>>, Vec<Node<'_>>) =
        roots.filter(|root| root.is_map()).partition(|&root| node::holds_settings(root));
    let nodes: Vec<Settings<'_>> = settings.into_iter().flat_map(node::nodes).collect();
    gateway.version = roots.iter().find_map(|root| root.str("_format_version")).map(str::to_owned);
    gateway.partial = partial(input, &roots);
    let mut tokens = Tokens::default();
    for &root in &roots {
        tokens::read(root, &mut tokens, gateway);
    }
    let entities = Entities::read(&roots, gateway);
    let view = View::read(&nodes, gateway);
    let is_of_objects = input.files.iter().any(|&file| Node::roots(input.sources, file).any(node::is_object));
    if is_of_objects {
        kubernetes::lower(input, &view, gateway);
    }
    let mut routes = Routes::new(&entities, &view, tokens);
    routes.lower(gateway);
    settings::idle(&entities, &routes.enforced, gateway);
    settings::note(&entities, &routes.effective, gateway);
    settings::secrets(&entities, gateway);
    settings::trust(&entities, &view, gateway);
}

/// Why part of the configuration is out of view: it is a slice, a template that fills in more than values, or broken.
fn partial(input: Input<'_>, roots: &[Node<'_>]) -> Option<(Why, Place)> {
    let slice = roots.iter().find_map(|root| root.path(&["_info", "select_tags"]));
    if let Some(tags) = slice {
        return Some((Why::Elsewhere, tags.key_place()));
    }
    let files = input.files.iter().map(|&file| input.sources.file(file));
    for file in files {
        let Some(root) = Node::roots(input.sources, file.id).next() else { continue };
        // Of a node's own settings each stands for itself.
        if node::is_compose(root) || node::is_conf(root) {
            continue;
        }
        if file.templated && !holds_variables_only(&file.text) {
            return Some((Why::Template, root.place()));
        }
        if !file.problems.is_empty() {
            return Some((Why::Unread, root.place()));
        }
    }
    None
}

/// Whether all template actions are those by which decK puts in variables of the environment: `${{ env "NAME" }}`.
/// They fill in values and add nothing else.
fn holds_variables_only(text: &str) -> bool {
    let mut actions = text.match_indices("{{");
    let is_variable = |at: usize| text[..at].ends_with('$') && text[at + 2..].trim_start().starts_with("env ");
    actions.all(|(at, _)| is_variable(at)) && !text.contains("{%") && !text.contains("<%")
}

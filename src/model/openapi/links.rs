//! Links for people who read the documentation: `externalDocs`, terms of service,
//! contact and licence. Knows where they stand, not what is behind them.

use super::Api;
use super::grammar::Object;
use crate::source::NodeKind;
use crate::span::At;

/// The entries of all such links, in document order.
pub fn read(api: &Api) -> Vec<At> {
    let view = &api.view;
    let get = |at: At, key: &str| {
        let node = view.tree(at.file).get(at.node, key)?;
        Some(At { node, ..at })
    };
    let below = |at: At, key: &str| get(view.resolve(get(at, key)?), "url");
    let mut links: Vec<At> = Vec::new();
    for (number, object) in api.graph.objects.iter().enumerate() {
        let at = object.at;
        match object.object {
            Object::Info => links
                .extend([get(at, "termsOfService"), below(at, "contact"), below(at, "license")].into_iter().flatten()),
            Object::Document | Object::Tag | Object::Operation => links.extend(below(at, "externalDocs")),
            _ if api.graph.is_schema(number as u32) => links.extend(below(at, "externalDocs")),
            _ => {}
        }
    }
    links.retain(|&entry| view.kind(view.resolve(entry)) == NodeKind::Str);
    links.sort_by_key(|&entry| super::walk::order(&api.walk, entry));
    links
}

//! Writes a located tree as JSON: for the embedded rules and for the JSON form
//! of examples. Knows trees, not what they mean.

use crate::source::{NodeKind, Tree};
use crate::span::NodeId;

/// The JSON text of a node. Entries for which `keep` says no are left out, and
/// numbers are written as they stand where JSON can say them. `None` for trees
/// with aliases, merge keys or duplicate keys, which JSON has not.
pub fn tree_to_json(tree: &Tree, root: NodeId, keep: &dyn Fn(&Tree, NodeId) -> bool) -> Option<String> {
    if !tree.duplicates.is_empty() {
        return None;
    }
    let mut out = String::new();
    write(tree, root, keep, &mut out)?;
    Some(out)
}

fn write(tree: &Tree, id: NodeId, keep: &dyn Fn(&Tree, NodeId) -> bool, out: &mut String) -> Option<()> {
    match tree.kind(id) {
        NodeKind::Alias => return None,
        NodeKind::Null => out.push_str("null"),
        NodeKind::Bool => out.push_str(if tree.bool(id)? { "true" } else { "false" }),
        NodeKind::Int | NodeKind::Float => {
            let text = tree.text(id);
            if serde_json::from_str::<serde_json::Number>(text).is_ok() {
                out.push_str(text);
            } else {
                out.push_str(&serde_json::Number::from_f64(tree.number(id)?)?.to_string());
            }
        }
        NodeKind::Str => string(tree.text(id), out),
        NodeKind::Seq => {
            out.push('[');
            for (i, child) in tree.children(id).filter(|&child| keep(tree, child)).enumerate() {
                out.push_str(if i == 0 { "" } else { "," });
                write(tree, child, keep, out)?;
            }
            out.push(']');
        }
        NodeKind::Map => {
            out.push('{');
            for (i, child) in tree.children(id).filter(|&child| keep(tree, child)).enumerate() {
                let key = tree.key(child).filter(|key| *key != "<<")?;
                out.push_str(if i == 0 { "" } else { "," });
                string(key, out);
                out.push(':');
                write(tree, child, keep, out)?;
            }
            out.push('}');
        }
    }
    Some(())
}

fn string(text: &str, out: &mut String) {
    // A string always serializes.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

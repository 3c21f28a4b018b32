//! Fingerprints: they stay the same while unrelated parts of a document change.
//! Knows how a place is named without counting, not what stands there.
//!
//! SHA-256 over the length-prefixed rule id, path, pointer and discriminator;
//! the first 128 bits in hex after `1:`. In the pointer an index is replaced by
//! what identifies the item, so that inserting above changes nothing.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::finding::Finding;
use crate::rule::RuleSet;
use crate::source::{NodeKind, SourceMap, Tree};
use crate::span::{At, NodeId};

/// Gives each finding its fingerprint. They are in the order of the report, so
/// that findings that cannot be told apart are counted in a stable order.
pub(super) fn assign(findings: &mut [Finding], sources: &SourceMap, rules: &RuleSet) {
    let mut pointers: HashMap<At, String> = HashMap::new();
    let mut seen: HashMap<String, u32> = HashMap::new();
    for finding in findings {
        let at = finding.place.at;
        let file = sources.file(at.file);
        let pointer = pointers.entry(at).or_insert_with(|| identity_pointer(&file.tree, at.node));
        let parts = [&rules.info(finding.rule).id, &file.path, pointer, &finding.discriminator];
        let print = digest(parts.map(String::as_str));
        let count = seen.entry(print.clone()).or_insert(0);
        *count += 1;
        finding.fingerprint = match *count {
            1 => print,
            again => digest([&print, &again.to_string(), "", ""]),
        };
    }
}

fn digest(parts: [&str; 4]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut text = String::from("1:");
    hex(&hash.finalize()[..16], &mut text);
    text
}

fn hex(bytes: &[u8], text: &mut String) {
    for byte in bytes {
        text.push_str(&format!("{byte:02x}"));
    }
}

/// The JSON pointer of a node with identities instead of indices. Later
/// documents of a file carry the index of the document.
fn identity_pointer(tree: &Tree, node: NodeId) -> String {
    let mut steps: Vec<String> = Vec::new();
    let mut at = node;
    while let Some(parent) = tree.parent(at) {
        steps.extend(match (tree.key(at), tree.step(at)) {
            (None, Some(_)) => Some(format!("[{}]", identity(tree, at))),
            (_, step) => step.map(|step| step.replace('~', "~0").replace('/', "~1")),
        });
        at = parent;
    }
    let document = tree.roots().iter().position(|&root| root == at).unwrap_or(0);
    let mut pointer = if document == 0 { String::new() } else { format!("{document}:") };
    for step in steps.iter().rev() {
        pointer.push('/');
        pointer.push_str(step);
    }
    pointer
}

/// What tells an item of a list from the others: place and name of a
/// parameter, URL of a server, schemes of a requirement, target of a reference,
/// the text of a scalar, else a digest of its content.
fn identity(tree: &Tree, item: NodeId) -> String {
    let node = tree.resolve(item);
    let text = |key: &str| {
        let value = tree.resolve(tree.get(node, key)?);
        (!matches!(tree.kind(value), NodeKind::Seq | NodeKind::Map | NodeKind::Alias)).then(|| tree.text(value))
    };
    match tree.kind(node) {
        NodeKind::Map => {
            if let (Some(place), Some(name)) = (text("in"), text("name")) {
                return format!("{place}:{name}");
            }
            if let Some(only) = text("url").or_else(|| text("$ref")) {
                return only.to_owned();
            }
            let requirement = tree.count(node) > 0
                && tree.children(node).all(|entry| tree.kind(tree.resolve(entry)) == NodeKind::Seq)
                && tree.parent(item).and_then(|list| tree.key(list)) == Some("security");
            if requirement {
                return tree.children(node).filter_map(|entry| tree.key(entry)).collect::<Vec<_>>().join("+");
            }
            content(tree, node)
        }
        NodeKind::Seq | NodeKind::Alias => content(tree, node),
        _ => tree.text(node).to_owned(),
    }
}

/// A digest of a subtree: keys, kinds and texts, not how they are written.
fn content(tree: &Tree, node: NodeId) -> String {
    let mut hash = Sha256::new();
    for id in tree.subtree(node).map(NodeId) {
        for part in [if id == node { "" } else { tree.key(id).unwrap_or_default() }, tree.text(id)] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update([tree.kind(id) as u8]);
        hash.update((tree.count(id) as u64).to_be_bytes());
    }
    let mut text = String::new();
    hex(&hash.finalize()[..8], &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, read};
    use crate::span::FileId;

    fn pointers(path: &str, text: &str) -> Vec<String> {
        let file = read(FileId(0), path, text.as_bytes().to_vec(), &Limits::default());
        assert_eq!(file.problems, []);
        file.tree.ids().map(|id| identity_pointer(&file.tree, id)).collect()
    }

    #[test]
    fn a_directive_of_nginx_keeps_its_name_when_others_are_added_above() {
        let text = "http { server { listen 80; server_name a; location /b { add_header C d; deny all; } } }";
        let more = "user x;\nhttp { gzip on; server { listen 81; }\nserver { access_log /a; server_name a; listen 80;\n\
                    allow 1.1.1.1; location /a { deny all; }\nlocation /b { deny 1.1.1.1; add_header E f; \
                    add_header C d; deny all; } } }";
        let after = pointers("nginx.conf", more);
        for pointer in pointers("nginx.conf", text) {
            assert!(after.contains(&pointer), "{pointer} in {after:#?}");
        }
        assert!(after.contains(&"/http/server[a:80]/location[~1b]/add_header[C]/[d]".to_owned()), "{after:#?}");
    }
}

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
    let mut names = Names::default();
    let mut seen: HashMap<String, u32> = HashMap::new();
    for finding in findings {
        let at = finding.place.at;
        let file = sources.file(at.file);
        let pointer = pointers.entry(at).or_insert_with(|| {
            let inside = file.host.as_ref().map(|host| names.pointer(sources.tree(host.at.file), host.at.node));
            inside.unwrap_or_default() + &names.pointer(&file.tree, at.node)
        });
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
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.extend([byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)])));
    }
}

/// What identifies items of lists, each worked out once: a digest costs as much as the item is long, and many
/// findings stand below one item.
#[derive(Default)]
struct Names(HashMap<At, String>);

impl Names {
    /// The JSON pointer of a node with identities instead of indices. Objects of Kubernetes carry kind, namespace and
    /// name, other later documents of a file the index of the document.
    fn pointer(&mut self, tree: &Tree, node: NodeId) -> String {
        let mut steps: Vec<String> = Vec::new();
        let mut at = node;
        while let Some(parent) = tree.parent(at) {
            steps.extend(match (tree.key(at), tree.step(at)) {
                (None, Some(_)) => {
                    let place = At { file: tree.file(), node: at };
                    Some(format!("[{}]", self.0.entry(place).or_insert_with(|| identity(tree, at))))
                }
                (_, step) => step.map(|step| step.replace('~', "~0").replace('/', "~1")),
            });
            at = parent;
        }
        let mut pointer = object(tree, at).unwrap_or_else(|| {
            let document = tree.roots().iter().position(|&root| root == at).unwrap_or(0);
            if document == 0 { String::new() } else { format!("{document}:") }
        });
        for step in steps.iter().rev() {
            pointer.push('/');
            pointer.push_str(step);
        }
        pointer
    }
}

/// What names an object of Kubernetes.
fn object(tree: &Tree, root: NodeId) -> Option<String> {
    let text = |keys: &[&str]| tree.path(root, keys).map(|node| tree.text(node));
    let (_, kind, name) = (text(&["apiVersion"])?, text(&["kind"])?, text(&["metadata", "name"])?);
    let namespace = text(&["metadata", "namespace"]).unwrap_or_default();
    Some(format!("{kind} {namespace}/{name}:"))
}

/// What tells an item of a list from the others: place and name of a
/// parameter, URL of a server, name of a service or route, schemes of a requirement, target of a reference,
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
            if let Some(only) = ["url", "$ref", "name", "id", "endpoint"].into_iter().find_map(text) {
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
        file.tree.ids().map(|id| Names::default().pointer(&file.tree, id)).collect()
    }

    #[test]
    fn an_item_with_a_name_and_an_object_of_kubernetes_keep_theirs_when_others_are_added_above() {
        let kong = "services: [{name: a, url: b, routes: [{name: r, paths: [/x]}]}]";
        let more = "services: [{name: z}, {url: b, name: a, tags: [t], routes: [{name: q}, {name: r, paths: [/x]}]}]";
        let path = pointers("kong.yaml", kong).into_iter().find(|pointer| pointer.ends_with("[/x]")).unwrap();
        assert!(pointers("kong.yaml", more).contains(&path), "{path}");
        let object = "apiVersion: v1\nkind: Ingress\nmetadata: { name: a, namespace: n }\nspec: { x: 1 }\n";
        let both = format!("apiVersion: v1\nkind: Service\nmetadata: {{ name: b }}\n---\n{object}");
        let path = pointers("k.yaml", object).into_iter().find(|pointer| pointer.ends_with("/x")).unwrap();
        assert!(pointers("k.yaml", &both).contains(&path), "{path}");
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

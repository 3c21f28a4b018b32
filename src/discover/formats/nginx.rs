//! nginx: whole files, files of a folder such as `conf.d`, and fragments for `include`.
//!
//! Directives: <https://nginx.org/en/docs/dirindex.html>.

use super::doc::Doc;
use super::{Row, has_root_key, no_doc, no_object};
use crate::discover::Format;
use crate::source::{NodeKind, Syntax};
use crate::span::NodeId;

/// Blocks that serve, or that what serves is put into.
const BLOCKS: &[&str] = &["http", "stream", "server", "location", "upstream"];

/// With a block, so many directives that are known make a configuration; without one, so many.
const WITH_BLOCK: usize = 2;
const FRAGMENT: usize = 3;

pub(super) const ROW: Row = Row {
    format: Format::Nginx,
    // In objects of Kubernetes; files of its own are told by how they are written.
    markers: &[
        &["ConfigMap", "proxy_pass"],
        &["ConfigMap", "server_name"],
        &["ConfigMap", "location "],
        &["ConfigMap", "upstream "],
        &["ConfigMap", "ssl_protocols"],
    ],
    groups: &[],
    claims,
    claims_openapi: no_doc,
    claims_object: no_object,
    claims_text,
};

/// Whether a text is a `ConfigMap` that could not be parsed, with lines of nginx in it.
fn claims_text(text: &str) -> bool {
    let is_directive = |line: &str| line.ends_with(';') && line.split_ascii_whitespace().next().is_some_and(is_known);
    has_root_key(text, "kind")
        && text.contains("ConfigMap")
        && text.lines().filter(|line| is_directive(line.trim())).nth(FRAGMENT - 1).is_some()
}

fn claims(doc: Doc<'_>) -> bool {
    if doc.syntax != Syntax::Nginx || doc.kind() != NodeKind::Map {
        return false;
    }
    let (mut has_block, mut known) = (false, 0);
    for node in doc.tree.subtree(doc.node).map(NodeId) {
        let Some(name) = doc.tree.key(node) else { continue };
        has_block |= BLOCKS.contains(&name);
        known += usize::from(is_known(name));
        if known >= FRAGMENT || has_block && known >= WITH_BLOCK {
            return true;
        }
    }
    false
}

/// What the names of directives begin with, of modules that have many of them.
const MODULES: &[&str] = &[
    "access_log",
    "auth_",
    "client_",
    "error_",
    "fastcgi_",
    "grpc_",
    "gzip",
    "health_check",
    "http2",
    "keepalive",
    "large_client_header_",
    "limit_",
    "log_",
    "open_file_cache",
    "proxy_",
    "resolver",
    "server_",
    "ssl_",
    "sub_filter",
    "types_hash_",
    "uwsgi_",
    "worker_",
];

const DIRECTIVES: &[&str] = &[
    "add_header",
    "alias",
    "allow",
    "autoindex",
    "charset",
    "default_type",
    "deny",
    "etag",
    "events",
    "expires",
    "geo",
    "http",
    "if_modified_since",
    "include",
    "index",
    "internal",
    "listen",
    "load_module",
    "location",
    "map",
    "merge_slashes",
    "more_clear_headers",
    "more_set_headers",
    "pid",
    "real_ip_header",
    "reset_timedout_connection",
    "return",
    "rewrite",
    "root",
    "satisfy",
    "send_timeout",
    "sendfile",
    "server",
    "set",
    "set_real_ip_from",
    "split_clients",
    "stream",
    "stub_status",
    "tcp_nodelay",
    "tcp_nopush",
    "try_files",
    "types",
    "upstream",
    "zone",
];

fn is_known(name: &str) -> bool {
    DIRECTIVES.binary_search(&name).is_ok() || MODULES.iter().any(|module| name.starts_with(module))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_in_order() {
        assert!(DIRECTIVES.is_sorted());
    }
}

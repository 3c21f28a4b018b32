//! What to say of a file that was named and that no kind claims: what it would
//! have to look like. Tells from the name what its author may have meant.

use super::formats;
use crate::source::Tree;

/// Why no kind claims the file at `path`, of which `tree` was read, if anything was.
pub fn why_unclaimed(path: &str, tree: Option<&Tree>) -> String {
    if let Some(kind) = tree.and_then(formats::kubernetes_kind) {
        return match kind {
            "CustomResourceDefinition" => {
                "a `CustomResourceDefinition` says what objects look like: name the objects".to_owned()
            }
            _ => {
                format!("`{kind}` is no kind of Kubernetes object that routes requests: name the routes along with it")
            }
        };
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "yaml" | "yml" | "json" => "it is no OpenAPI document: there is no root key `openapi` or `swagger`; \
                                    nor a gateway configuration that gatelint knows"
            .to_owned(),
        "toml" => {
            "it is no configuration of Traefik: there is no table `entryPoints`, `http`, `tcp` or `tls` of its shape"
                .to_owned()
        }
        _ => "it is neither an OpenAPI document nor a gateway configuration that gatelint knows".to_owned(),
    }
}

//! What to say of a file that was named and that no kind claims: what it would
//! have to look like. Tells from the name what its author may have meant.

use super::formats;
use crate::source::SourceFile;

/// Why no kind claims the file at `path`, if it was parsed.
pub fn why_unclaimed(path: &str, file: Option<&SourceFile>) -> String {
    if let Some(kind) = file.and_then(formats::kubernetes_kind) {
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
    let message = match extension.to_ascii_lowercase().as_str() {
        "yaml" | "yml" | "json" => {
            "it is no OpenAPI document (there is no root key `openapi` or `swagger`) and no known gateway configuration"
        }
        "toml" => {
            "it is no configuration of Traefik or KrakenD: there is no `entryPoints`, `http.routers` or `endpoints`"
        }
        "conf" | "nginx" => {
            "it is no configuration of nginx or Kong: there is no `server`, `location` or `upstream` block, nor \
             three known directives or two settings such as `proxy_listen`"
        }
        _ => "it is neither an OpenAPI document nor a known gateway configuration",
    };
    message.to_owned()
}

//! Who signs tokens: identity providers that use the same keys for the applications of everybody, and keys that stand
//! in a configuration. Knows no format.

use super::{Gateway, Jwt, Node};
use crate::source::{self, Limits, SourceMap};
use crate::span::FileId;

/// Hosts of providers that sign tokens for everybody's applications with the same keys: that a signature is good says
/// nothing of whom the token was made for.
const SHARED_KEYS: [&str; 4] =
    ["googleapis.com", "login.microsoftonline.com", "appleid.apple.com", "token.actions.githubusercontent.com"];

/// Whether the keys at an address sign tokens for several audiences or issuers.
pub fn signs_for_many(url: &str) -> bool {
    SHARED_KEYS.iter().any(|host| url.contains(host))
}

/// Reads a set of keys (RFC 7517) that stands in a text of a configuration. Keys of type `oct` are shared secrets
/// (RFC 7518, 6.4).
pub fn read_keys(inline: Node<'_>, jwt: &mut Jwt, gateway: &mut Gateway) {
    let text = inline.text().unwrap_or_default();
    let mut inner = SourceMap::default();
    inner.push(source::read(FileId(0), "keys.json", text.as_bytes().to_vec(), &Limits::default()));
    for key in Node::roots(&inner, FileId(0)).flat_map(|keys| keys.list("keys")) {
        let is_shared = key.str("kty") == Some("oct");
        if is_shared {
            jwt.symmetric = Some(inline.place());
        } else if key.str("kty").is_some() {
            jwt.public_keys = true;
        }
        let (what, secret) =
            if is_shared { ("shared secret for tokens", "k") } else { ("private key for tokens", "d") };
        if let Some(secret) = key.str(secret) {
            gateway.add_credential(what, secret, inline.place());
        }
    }
}

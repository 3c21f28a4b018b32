//! Consumers of Kong and their credentials: secrets that stand in the file, and which algorithms tokens may have.

use super::super::{Credential, Form, Gateway, Node};
use super::entities::naming;
use super::usual;
use crate::span::Place;

/// What the consumers' credentials say of tokens.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// The algorithms that are written, each once, with its first place.
    pub(super) algorithms: Vec<(String, Place)>,
    /// The first shared secret.
    pub(super) symmetric: Option<Place>,
}

/// Lists of credentials, the value that is secret in each, and what that is.
const SECRETS: [(&str, &str, &str); 7] = [
    ("keyauth_credentials", "key", "API key"),
    ("keyauth_enc_credentials", "key", "API key"),
    ("basicauth_credentials", "password", "password"),
    ("hmacauth_credentials", "secret", "secret for signatures"),
    ("oauth2_credentials", "client_secret", "client secret"),
    ("jwt_secrets", "secret", "secret for tokens"),
    ("oauth2_tokens", "access_token", "access token"),
];

/// Whether a text is what `deck dump --sanitize` writes for another: 64 hexadecimal digits.
pub(super) fn is_mask(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Whether a mapping comes from such a dump: there, names and hosts are replaced as well.
pub(super) fn is_masked(node: Node<'_>, is_secret: impl Fn(&str) -> bool) -> bool {
    let mut others = node.children().filter(|child| child.key().is_some_and(|key| !is_secret(key)));
    others.any(|child| child.text().is_some_and(is_mask))
}

/// Notes the credentials of all consumers of a file, wherever they stand.
pub(super) fn read(root: Node<'_>, tokens: &mut Tokens, gateway: &mut Gateway) {
    for consumer in root.list("consumers") {
        let name = ["username", "custom_id", "id"].iter().find_map(|key| consumer.str(key));
        of_owner(consumer, name, tokens, gateway);
    }
    of_owner(root, None, tokens, gateway);
}

/// Notes the credentials in lists of `owner`. At the root each says whose it is.
fn of_owner(owner: Node<'_>, name: Option<&str>, tokens: &mut Tokens, gateway: &mut Gateway) {
    let masked = name.is_some_and(is_mask);
    for (list, key, what) in SECRETS {
        for item in owner.list(list) {
            if list == "jwt_secrets" && !is_symmetric(item, tokens) {
                continue;
            }
            let Some(secret) = item.get(key) else { continue };
            let consumer =
                name.or_else(|| item.str("consumer")).or_else(|| item.path(&["consumer", "username"])?.text());
            let what = consumer.map_or_else(|| what.to_owned(), |name| format!("{what} of the consumer `{name}`"));
            let value = secret.text().unwrap_or_default();
            // What `deck dump` writes: https://github.com/Kong/kong/blob/3.9.1/kong/plugins/basic-auth/crypto.lua
            if key == "password" && value.len() == 40 && value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                gateway.credentials.push(Credential { what, place: secret.place(), form: Form::WeakHash });
            } else if masked && is_mask(value) {
                gateway.credentials.push(Credential { what, place: secret.place(), form: Form::Placeholder });
            } else {
                gateway.add_credential(what, value, secret.place());
            }
        }
    }
}

/// Whether a key for tokens is a shared secret. With the other algorithms `secret` is not used.
fn is_symmetric(item: Node<'_>, tokens: &mut Tokens) -> bool {
    let algorithm = item.get("algorithm");
    let name = algorithm.and_then(Node::text).unwrap_or(usual("jwt_secrets.algorithm"));
    let is_symmetric = name.starts_with("HS");
    if let Some(written) = algorithm
        && !tokens.algorithms.iter().any(|(known, _)| known == name)
    {
        tokens.algorithms.push((name.to_owned(), written.place()));
    }
    if is_symmetric {
        tokens.symmetric.get_or_insert_with(|| naming(item, &["secret", "key"]));
    }
    is_symmetric
}

//! `RequestAuthentication` of Istio: how tokens are verified where there are any. Source:
//! <https://istio.io/latest/docs/reference/config/security/request_authentication/>.

use super::super::{AuthServer, Gateway, Jwt, Node, Object, Purpose, Set, Stated, issuer};
use crate::model::Why;
use crate::span::Place;

/// `RequestAuthentication`: tokens that are there must be good.
pub(super) struct Verifier<'s> {
    pub(super) object: &'s Object,
    pub(super) node: Node<'s>,
    pub(super) rules: Vec<Node<'s>>,
}

impl Verifier<'_> {
    pub(super) fn header(&self) -> Option<Place> {
        let keys = ["outputClaimToHeaders", "outputPayloadToHeader"];
        self.rules.iter().find_map(|rule| keys.iter().find_map(|key| rule.get(key))).map(Node::key_place)
    }

    pub(super) fn writes_headers(&self) -> bool {
        self.header().is_some()
    }
}

/// Where a rule takes tokens from the query string. With no place named it looks into `access_token` too.
pub(super) fn query(rule: Node<'_>) -> Option<Set<String>> {
    if let Some(first) = rule.list("fromParams").into_iter().next() {
        return Some(Set::written(first.text().unwrap_or_default().to_owned(), first.place()));
    }
    let elsewhere = ["fromHeaders", "fromCookies"].iter().any(|key| rule.get(key).is_some());
    let place = rule.get("issuer").unwrap_or(rule).place();
    (!elsewhere).then(|| Set::default("access_token".to_owned(), place))
}

/// The settings of a rule.
pub(super) fn jwt(rule: Node<'_>, gateway: &mut Gateway) -> u32 {
    let place = rule.get("issuer").map_or_else(|| rule.place(), Node::place);
    let mut jwt = Jwt::new(place);
    jwt.issuer = rule.get("issuer").map(|_| true).into();
    jwt.audience = match rule.list("audiences").is_empty() {
        false => Stated::Known(true),
        // Which audience is right then is for the proxy to say.
        true => Stated::Unknown(Why::NotRead, Some(place)),
    };
    jwt.expiry = Stated::Unknown(Why::NotRead, Some(place));
    if let Some(uri) = rule.get("jwksUri").or_else(|| rule.get("jwks_uri")) {
        let url = uri.text().unwrap_or_default();
        jwt.public_keys = true;
        jwt.shared_keys = issuer::signs_for_many(url);
        let (url, purpose) = (url.to_owned(), Purpose::Keys);
        gateway.auth_servers.push(AuthServer { url, place: uri.place(), purpose, unverified: None });
    }
    if let Some(keys) = rule.get("jwks") {
        issuer::read_keys(keys, &mut jwt, gateway);
    }
    gateway.add_jwt(jwt)
}

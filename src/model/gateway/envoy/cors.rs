//! CORS of Envoy: the policy nearest to the route, if the filter is there. The answer always repeats the origin:
//! <https://github.com/envoyproxy/envoy/blob/main/source/extensions/filters/http/cors/cors_filter.cc>.

use super::super::origin::OriginPattern;
use super::super::routes::Policy;
use super::super::{AnyOrigin, Applied, Cors, Gateway, Node, Scope, Set, Stated};
use super::filters::InForce;
use super::routes::Manager;
use super::texts::{Matcher, is_some_of};

impl<'s> Manager<'s, '_> {
    /// The policy of a route; `route` and `host` may have one of the old kind.
    pub(super) fn cors(
        &mut self,
        force: InForce<'s>,
        route: Node<'s>,
        host: Node<'s>,
        gateway: &mut Gateway,
    ) -> Option<Applied> {
        let (policy, scope) = match force {
            InForce::Off(..) => return None,
            InForce::Replaced(policy, scope) => (policy, scope),
            InForce::Own => {
                let own = route.path(&["route", "cors"]).map(|policy| (policy, Scope::Route));
                own.or_else(|| host.get("cors").map(|policy| (policy, Scope::Host)))?
            }
        };
        if policy.get("filter_enabled").is_some_and(|enabled| !is_some_of(enabled)) {
            return None;
        }
        let key = (Policy::Cors, policy.entry());
        let number = match self.made.get(&key) {
            Some(number) => *number,
            None => {
                let number = gateway.add_cors(read(policy));
                self.made.insert(key, number);
                number
            }
        };
        Some(Applied { policy: number, place: policy.key_place(), scope })
    }
}

/// A policy of Envoy, or one of Istio, whose matchers have the same shape.
fn read(policy: Node<'_>) -> Cors {
    let mut cors = Cors::new(policy.key_place());
    let matchers = policy.list("allow_origin_string_match").into_iter().filter_map(Matcher::read);
    // The lists of older versions.
    let exact = policy.list("allow_origin").into_iter().filter_map(|node| Some((Matcher::Exact(node.text()?), node)));
    let regex =
        policy.list("allow_origin_regex").into_iter().filter_map(|node| Some((Matcher::Regex(node.text()?), node)));
    let origins = matchers.chain(exact).chain(regex).map(|(matcher, node)| (matcher.origin(), node));
    origins.for_each(|(origin, node)| admit(&mut cors, &origin, node));
    let credentials =
        policy.get("allow_credentials").and_then(|node| Some(Set::written(node.bool()?, node.key_place())));
    cors.credentials = Stated::Known(credentials.unwrap_or(Set::default(false, policy.key_place())));
    cors
}

/// Notes what a pattern of origins admits. One that matches the text `*` admits all.
pub(in super::super) fn admit(cors: &mut Cors, origin: &OriginPattern, node: Node<'_>) {
    if origin.admits("*") == Some(true) || origin.admits_any_host() {
        cors.any_origin.get_or_insert((Set::written((), node.place()), AnyOrigin::Echoed));
    } else if origin.admits("null") == Some(true) {
        cors.null_origin.get_or_insert(node.place());
    } else if let Some(hostile) = origin.hostile() {
        cors.hostile_origin.get_or_insert((node.place(), hostile.text));
    }
}

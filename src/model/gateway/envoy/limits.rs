//! Limits of Envoy: times, sizes of bodies, and rates.

use super::super::defaults::default;
use super::super::routes::Policy;
use super::super::{
    Applied, Gateway, Ineffective, Limit, LimitInForce, Measure, Node, RateKey, RateLimit, Scope, Set, Stated,
};
use super::filters::{Filter, InForce};
use super::routes::Manager;
use super::texts::{is_some_of, seconds};
use crate::discover::Format;
use crate::span::Place;

/// A time as a limit: nothing is no limit.
fn time(node: Node<'_>, name: &str, measure: Measure, gateway: &mut Gateway) -> Option<u32> {
    let seconds = seconds(node)?;
    let value = if seconds > 0.0 { seconds } else { f64::INFINITY };
    Some(gateway.add_limit(Limit { measure, value, place: node.place(), name: name.to_owned() }))
}

/// A time that has no bound where none is written, or the one of the table.
fn in_force(node: Option<Node<'_>>, name: &str, measure: Measure, gateway: &mut Gateway) -> LimitInForce {
    let written = node.and_then(|node| time(node, name, measure, gateway));
    let bounded = default(Format::Envoy, name, None).is_some_and(|value| value != "none");
    let limit = match written {
        Some(limit) => Stated::Known(Some(limit)),
        None if bounded => Stated::Known(None),
        None => Stated::Absent,
    };
    LimitInForce { measure, limit }
}

/// Limits that hold for all routes of a connection manager. Headers that do not come are given up when the stream
/// has been idle for so long: until they are complete, nothing resets that timer. Source: `stream_idle_timeout` in
/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto>.
pub(super) fn of_manager(manager: Node<'_>, gateway: &mut Gateway) -> Vec<LimitInForce> {
    let [request, mut headers, idle] = [
        ("request_timeout", Measure::Request),
        ("request_headers_timeout", Measure::Headers),
        ("stream_idle_timeout", Measure::Idle),
    ]
    .map(|(name, measure)| in_force(manager.get(name), name, measure, gateway));
    if !is_bound(&headers.limit, gateway) {
        headers.limit = [&idle, &request]
            .into_iter()
            .find(|other| is_bound(&other.limit, gateway))
            .map_or(Stated::Absent, |other| other.limit.clone());
    }
    vec![request, headers, idle]
}

/// Whether a limit bounds something: zero switches times off.
fn is_bound(limit: &Stated<Option<u32>>, gateway: &Gateway) -> bool {
    let written = |number: &u32| gateway.limits.get(*number as usize).is_some_and(|limit| limit.value.is_finite());
    limit.known().is_some_and(|limit| limit.as_ref().is_none_or(written))
}

/// Limits of a route: its own, and those of the manager that it does not replace.
pub(super) fn of_route(action: Node<'_>, outer: &[LimitInForce], gateway: &mut Gateway) -> Vec<LimitInForce> {
    let mut limits = vec![in_force(action.get("timeout"), "route.timeout", Measure::Upstream, gateway)];
    let idle = action.get("idle_timeout").map(|node| {
        let limit = time(node, "route.idle_timeout", Measure::Idle, gateway);
        LimitInForce { measure: Measure::Idle, limit: Stated::Known(limit) }
    });
    let replaced = idle.is_some();
    limits.extend(idle);
    limits.extend(outer.iter().filter(|limit| !(replaced && limit.measure == Measure::Idle)).cloned());
    limits
}

impl<'s> Manager<'s, '_> {
    /// The size of bodies that the buffer filter admits.
    pub(super) fn body(&mut self, filter: &Filter<'s>, force: InForce<'s>, gateway: &mut Gateway) -> Option<u32> {
        let config = match force {
            InForce::Off(..) => return None,
            InForce::Own => filter.config,
            InForce::Replaced(config, _) if config.is_true("disabled") => return None,
            InForce::Replaced(config, _) => config.get("buffer"),
        }?;
        let node = config.get("max_request_bytes")?;
        let key = (Policy::Limit, node.entry());
        if let Some(number) = self.made.get(&key) {
            return Some(*number);
        }
        let (name, value) = ("buffer.max_request_bytes".to_owned(), node.number()?);
        let number = gateway.add_limit(Limit { measure: Measure::Body, value, place: node.place(), name });
        self.made.insert(key, number);
        Some(number)
    }

    /// The rate that this process counts. Without a bucket the entry only makes place for those of routes.
    pub(super) fn local_rate(
        &mut self,
        filter: &Filter<'s>,
        force: InForce<'s>,
        gateway: &mut Gateway,
    ) -> Option<Applied> {
        let (config, scope) = match force {
            InForce::Off(..) => return None,
            InForce::Own => (filter.config?, Scope::Listener),
            InForce::Replaced(config, scope) => (config, scope),
        };
        config.get("token_bucket")?;
        let place = if scope == Scope::Listener { filter.place() } else { config.key_place() };
        let key = (Policy::Rate, config.entry());
        let number = match self.made.get(&key) {
            Some(number) => *number,
            None => {
                let mut rate = RateLimit::new("local_ratelimit", place);
                rate.ineffective = ineffective(config, place);
                let counts_by_more = !config.list("descriptors").is_empty()
                    || config.is_true("local_rate_limit_per_downstream_connection");
                rate.key = Stated::Known(if counts_by_more { RateKey::Other } else { RateKey::All });
                let shared = config.get("local_cluster_rate_limit").is_some();
                rate.local = Some(Set::default(!shared, place));
                let number = gateway.add_rate(rate);
                self.made.insert(key, number);
                number
            }
        };
        Some(Applied { policy: number, place, scope })
    }

    /// The rate that a service counts, if the route or its host says by what.
    pub(super) fn shared_rate(
        &mut self,
        filter: &Filter<'s>,
        force: InForce<'s>,
        route: Node<'s>,
        host: Node<'s>,
        gateway: &mut Gateway,
    ) -> Option<Applied> {
        let own = match force {
            InForce::Off(..) => return None,
            InForce::Replaced(config, _) => config.get("rate_limits"),
            InForce::Own => None,
        };
        let actions = own.or_else(|| route.path(&["route", "rate_limits"]));
        let (limits, scope) = match actions {
            Some(limits) => (limits, Scope::Route),
            None => (host.get("rate_limits")?, Scope::Host),
        };
        let key = (Policy::Rate, limits.entry());
        let number = match self.made.get(&key) {
            Some(number) => *number,
            None => {
                let mut rate = RateLimit::new("ratelimit", limits.key_place());
                let (counted, header) = counted(limits);
                self.counts_by_address |= counted == RateKey::Address;
                rate.key = Stated::Known(counted);
                rate.client_header = header;
                rate.local = Some(Set::default(false, filter.place()));
                let denies = filter.config.and_then(|config| config.get("failure_mode_deny"));
                rate.fail_open = Some(match denies.and_then(|node| Some((node, node.bool()?))) {
                    Some((node, denies)) => Set::written(!denies, node.key_place()),
                    None => Set::default(true, filter.place()),
                });
                let number = gateway.add_rate(rate);
                self.made.insert(key, number);
                number
            }
        };
        Some(Applied { policy: number, place: limits.key_place(), scope })
    }
}

/// Both fractions are 0 % where nothing is written:
/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto>.
fn ineffective(config: Node<'_>, place: Place) -> Option<(Place, Ineffective)> {
    let acts = |key: &str| config.get(key).is_some_and(is_some_of);
    let at = |key: &str| config.get(key).map_or(place, Node::key_place);
    if !acts("filter_enabled") {
        return Some((at("filter_enabled"), Ineffective::Off));
    }
    (!acts("filter_enforced")).then(|| (at("filter_enforced"), Ineffective::Shadow))
}

/// What the descriptors count by. One that holds the peer's address, beside whatever else, counts by it.
fn counted(limits: Node<'_>) -> (RateKey, Option<(Place, String)>) {
    let actions: Vec<Node<'_>> = limits.children().flat_map(|limit| limit.list("actions")).collect();
    let has = |keys: &[&str]| actions.iter().any(|action| keys.iter().any(|key| action.get(key).is_some()));
    if has(&["remote_address", "masked_remote_address"]) {
        return (RateKey::Address, None);
    }
    let mut names = actions.iter().filter_map(|action| action.path(&["request_headers", "header_name"]));
    // `:path` and its like tell requests apart, not clients.
    let header = names.find(|name| name.text().is_some_and(|text| !text.starts_with(':')));
    match header {
        Some(header) => (RateKey::Header, Some((header.place(), header.text().unwrap_or_default().to_owned()))),
        None if has(&["metadata", "dynamic_metadata"]) => (RateKey::Caller, None),
        None if has(&["request_headers", "source_cluster", "header_value_match", "extension"]) => {
            (RateKey::Other, None)
        }
        None => (RateKey::All, None),
    }
}

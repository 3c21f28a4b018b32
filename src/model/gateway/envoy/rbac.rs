//! Role based access control of Envoy, in a chain of HTTP filters or before it:
//! <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/rbac/v3/rbac.proto>.

use std::cell::Cell;
use std::collections::HashSet;

use super::super::path::{Anchoring, Flavour, PathPattern};
use super::super::routes::Policy;
use super::super::{
    Access, AccessBy, Applied, Concern, Gateway, Idle, IdlePolicy, Node, Origin, PathGuard, PolicyConcern, Scope,
    Setting, Stated,
};
use super::auth::Found;
use super::filters::{Filter, InForce, typed};
use super::routes::Manager;
use super::texts::Matcher;
use crate::model::Why;
use crate::span::At;

/// What principals ask for.
#[derive(Clone, Copy, Default)]
struct Traits {
    certificate: bool,
    claims: bool,
    /// The address that headers may say.
    client_address: bool,
    peer_address: bool,
    header: bool,
    other: bool,
    /// Whether something is negated.
    negated: bool,
}

impl Traits {
    fn of(principal: Node<'_>) -> Self {
        let mut traits = Self::default();
        traits.add(principal, &mut HashSet::new());
        traits
    }

    /// Adds what a principal asks for; `seen`: those that were looked at, as aliases can name them without end.
    fn add(&mut self, principal: Node<'_>, seen: &mut HashSet<At>) {
        for part in principal.children() {
            match part.key().unwrap_or_default() {
                "any" => {}
                "authenticated" => self.certificate = true,
                "metadata" | "sourced_metadata" => self.claims = true,
                "remote_ip" => self.client_address = true,
                "direct_remote_ip" | "source_ip" => self.peer_address = true,
                "header" => self.header = true,
                "and_ids" | "or_ids" => {
                    let ids = part.list("ids").into_iter().filter(|id| seen.insert(id.target())).collect::<Vec<_>>();
                    ids.into_iter().for_each(|id| self.add(id, seen));
                }
                "not_id" => {
                    self.negated = true;
                    if seen.insert(part.target()) {
                        self.add(part, seen);
                    }
                }
                _ => self.other = true,
            }
        }
    }

    fn by(self) -> AccessBy {
        if self.certificate || self.claims {
            AccessBy::Identity
        } else if (self.client_address || self.peer_address) && !self.header && !self.other {
            AccessBy::Address
        } else {
            AccessBy::Other
        }
    }
}

/// Whether a principal or permission is everyone or everything.
fn is_any(node: Node<'_>) -> bool {
    /// So many parts are looked at: aliases can name them without end.
    const MOST: usize = 1_000;
    is_any_of(node, &Cell::new(MOST))
}

fn is_any_of(node: Node<'_>, left: &Cell<usize>) -> bool {
    let listed = |key: &str, inner: &str| node.get(key).map(|list| list.list(inner));
    let is_any = |part: Node<'_>| {
        left.set(left.get().saturating_sub(1));
        left.get() > 0 && is_any_of(part, left)
    };
    node.is_true("any")
        || ["ids", "rules"].iter().zip([("or_ids", "and_ids"), ("or_rules", "and_rules")]).any(|(inner, (or, and))| {
            listed(or, inner).is_some_and(|list| list.into_iter().any(&is_any))
                || listed(and, inner).is_some_and(|list| !list.is_empty() && list.into_iter().all(&is_any))
        })
}

/// The policies of a set of rules, each with what its principals ask for.
fn policies(rules: Node<'_>) -> Vec<(Node<'_>, Vec<Node<'_>>)> {
    let policies = rules.get("policies").into_iter().flat_map(Node::children);
    policies.map(|policy| (policy, policy.list("principals"))).collect()
}

fn is_allow(rules: Node<'_>) -> bool {
    rules.str("action").is_none_or(|action| action == "ALLOW" || action == "0")
}

/// Whether rules let only those through who show something: every principal of every policy asks for it.
fn demands(filter: &Filter<'_>, asks: impl Fn(Traits) -> bool) -> bool {
    let rules = (filter.kind == "rbac").then(|| filter.config?.get("rules")).flatten();
    rules.filter(|rules| is_allow(*rules) && filter.off.is_none()).is_some_and(|rules| {
        let mut principals = policies(rules).into_iter().flat_map(|(_, principals)| principals);
        principals.all(|principal| asks(Traits::of(principal)))
    })
}

/// Whether a filter lists who may call, and refuses all others.
fn admits_some(filter: &Filter<'_>) -> bool {
    filter.kind == "rbac" && demands(filter, |_| true)
}

/// Whether a filter refuses requests without claims of a verified token.
pub(super) fn needs_claims(filter: &Filter<'_>) -> bool {
    demands(filter, |traits| traits.claims && !traits.negated)
}

/// The range of a principal that holds every address.
fn every_address(principal: Node<'_>) -> Option<Node<'_>> {
    let range = ["remote_ip", "direct_remote_ip", "source_ip"].iter().find_map(|key| principal.get(key))?;
    let length = range.get("prefix_len").and_then(Node::number).unwrap_or(0.0);
    (matches!(range.str("address_prefix"), Some("0.0.0.0" | "::")) && length == 0.0).then_some(range)
}

/// Paths that rules refuse to everybody.
fn refused_paths(rules: Node<'_>) -> Vec<PathGuard> {
    /// Further ones are not looked at.
    const MOST: usize = 16;
    let everybody = |(policy, principals): &(Node<'_>, Vec<Node<'_>>)| {
        policy.get("condition").is_none() && principals.iter().any(|principal| is_any(*principal))
    };
    let refused = policies(rules).into_iter().filter(everybody);
    let permissions = refused.flat_map(|(policy, _)| policy.list("permissions"));
    let each = permissions.flat_map(|permission| match permission.get("or_rules") {
        Some(any) => any.list("rules"),
        None => vec![permission],
    });
    let paths = each.filter_map(|permission| {
        let (matcher, value) = Matcher::read(permission.path(&["url_path", "path"])?)?;
        let pattern = match matcher {
            Matcher::Exact(text) => PathPattern::exact(text),
            Matcher::Prefix(text) => PathPattern::raw_prefix(text),
            Matcher::Regex(text) => PathPattern::regex(text, Flavour::Re2, Anchoring::Full),
            Matcher::Suffix(_) | Matcher::Contains(_) => return None,
        };
        Some(PathGuard { pattern, place: value.place() })
    });
    paths.take(MOST).collect()
}

/// An access policy of rules.
fn access(rules: Node<'_>, gateway: &mut Gateway) -> u32 {
    let policies = policies(rules);
    let principals = || policies.iter().flat_map(|(_, principals)| principals).copied();
    let all = principals().map(Traits::of).reduce(|a, b| Traits {
        certificate: a.certificate || b.certificate,
        claims: a.claims || b.claims,
        client_address: a.client_address || b.client_address,
        peer_address: a.peer_address || b.peer_address,
        header: a.header || b.header,
        other: a.other || b.other,
        negated: a.negated || b.negated,
    });
    let traits = all.unwrap_or_default();
    let mut access = Access::new("rbac", traits.by(), rules.key_place());
    if is_allow(rules) {
        let open = policies.iter().find(|(policy, principals)| {
            policy.get("condition").is_none() && principals.iter().any(|principal| is_any(*principal))
        });
        let everything = open.filter(|(policy, _)| policy.list("permissions").into_iter().any(is_any));
        access.allows_everyone = everything.map(|(policy, _)| policy.key_place());
        access.every_address = principals().find_map(every_address).map(Node::key_place);
        let anywhere = policies.iter().any(|(policy, principals)| {
            let alone = |principal: &Node<'_>| every_address(*principal).is_some() && principal.children().count() == 1;
            policy.get("condition").is_none()
                && principals.iter().any(alone)
                && policy.list("permissions").into_iter().any(is_any)
        });
        access.restricts = match (everything, open) {
            _ if anywhere => Stated::Known(false),
            (Some(_), _) => Stated::Known(false),
            // Some requests are for everyone.
            (None, Some((policy, _))) => Stated::Unknown(Why::NotRead, Some(policy.key_place())),
            (None, None) => Stated::Known(true),
        };
    } else {
        // Who is refused: only a negation says who is let in.
        let names_the_admitted = traits.negated && traits.by() != AccessBy::Other;
        access.restricts = Stated::Known(names_the_admitted);
        // A list of bad addresses is no policy of who may call.
        let is_policy = !names_the_admitted && traits.by() != AccessBy::Address;
        access.default_allow = rules.get("action").filter(|_| is_policy && !policies.is_empty()).map(Node::place);
    }
    gateway.add_access(access)
}

impl<'s> Manager<'s, '_> {
    /// What the filter decides for a route.
    pub(super) fn rbac(&mut self, filter: &Filter<'s>, force: InForce<'s>, found: &mut Found, gateway: &mut Gateway) {
        let (config, scope) = match force {
            InForce::Off(place, by_filter) => {
                found.off = found.off.or((!by_filter).then_some(place));
                return;
            }
            InForce::Own => (filter.config, Scope::Listener),
            InForce::Replaced(config, scope) => {
                let own = config.get("rbac");
                // Without rules of its own it switches the filter off.
                let enforces = filter.config.is_some_and(|config| config.get("rules").is_some());
                if own.is_none() && enforces {
                    found.off = found.off.or(Some(config.key_place()));
                }
                (own, scope)
            }
        };
        let Some(config) = config else { return };
        if let Some(matcher) = config.get("matcher") {
            let mut access = Access::new("rbac", AccessBy::Other, matcher.key_place());
            access.restricts = Stated::Unknown(Why::NotRead, Some(matcher.key_place()));
            let default = matcher.path(&["on_no_match", "action", "typed_config"]);
            access.default_allow = default.filter(|action| is_allow(*action)).map(|action| {
                let written = action.get("action").or_else(|| action.get("name"));
                written.map_or(action.key_place(), Node::place)
            });
            self.attach(matcher, scope, access, found, gateway);
            return;
        }
        let Some(rules) = config.get("rules") else { return };
        if rules.str("action") == Some("LOG") {
            return;
        }
        let key = (Policy::Access, rules.entry());
        let policy = match self.made.get(&key) {
            Some(policy) => *policy,
            None => {
                let policy = access(rules, gateway);
                if self.filters.iter().any(admits_some)
                    && let Some(access) = gateway.access.get_mut(policy as usize)
                {
                    access.default_allow = None;
                }
                self.made.insert(key, policy);
                policy
            }
        };
        found.access.push(Applied { policy, place: rules.key_place(), scope });
        if !is_allow(rules) {
            let refused = self.refused.entry(rules.entry()).or_insert_with(|| refused_paths(rules));
            found.guards.extend_from_slice(refused);
        }
    }

    fn attach(&mut self, node: Node<'s>, scope: Scope, access: Access, found: &mut Found, gateway: &mut Gateway) {
        let key = (Policy::Access, node.entry());
        let policy = *self.made.entry(key).or_insert_with(|| gateway.add_access(access));
        found.access.push(Applied { policy, place: node.key_place(), scope });
    }

    /// Notes access filters that only observe, and whether one asks for a client certificate.
    pub(super) fn note_access(&mut self, gateway: &mut Gateway) {
        let enforced = |filter: &Filter<'_>| {
            filter.off.is_none()
                && filter.config.is_some_and(|config| config.get("rules").is_some() || config.get("matcher").is_some())
        };
        let filters = self.filters.iter().filter(|filter| filter.kind == "rbac");
        let replaced = filters.clone().any(enforced);
        for filter in filters {
            let shadow = filter
                .config
                .filter(|_| !enforced(filter))
                .and_then(|config| config.get("shadow_rules").or_else(|| config.get("shadow_matcher")));
            let idle = filter.off.map(|place| (place, Idle::Off));
            if let Some((place, reason)) = idle.or(shadow.map(|node| (node.key_place(), Idle::Shadow))) {
                let name = "rbac".to_owned();
                let concern = PolicyConcern::Authorization;
                gateway.idle.push(IdlePolicy { name, concern, reason, place, replaced, routes: Vec::new() });
            }
            self.checks_certificate |= demands(filter, |traits| traits.certificate && !traits.negated);
        }
    }

    /// Notes where the address that something depends on can be said by anybody in `X-Forwarded-For`:
    /// <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-for>.
    pub(super) fn note_trust(&self, gateway: &mut Gateway) {
        if !self.facts.public || self.node.get("original_ip_detection_extensions").is_some() {
            return;
        }
        let uses = self.node.get("use_remote_address");
        let hops = self.node.get("xff_num_trusted_hops").filter(|node| node.number().is_some_and(|hops| hops > 0.0));
        let own = uses.is_some_and(|node| node.bool() == Some(true));
        let (name, place, origin) = match (own, hops, uses) {
            (true, None, _) => return,
            (true, Some(hops), _) => ("xff_num_trusted_hops", hops.key_place(), Origin::Written),
            (false, _, Some(uses)) => ("use_remote_address", uses.key_place(), Origin::Written),
            (false, _, None) => ("use_remote_address", self.facts.place, Origin::Default),
        };
        let by_address = |filter: &Filter<'_>| {
            let rules = filter.config.and_then(|config| config.get("rules"))?;
            let mut principals = policies(rules).into_iter().flat_map(|(_, principals)| principals);
            principals.any(|principal| Traits::of(principal).client_address).then(|| is_allow(rules))
        };
        let filters = self.filters.iter().filter(|filter| filter.kind == "rbac" && filter.off.is_none());
        let lists: Vec<bool> = filters.filter_map(by_address).collect();
        if lists.is_empty() && !self.counts_by_address {
            return;
        }
        gateway.settings.push(Setting {
            concern: Some(Concern::TrustForwarded),
            grave: lists.contains(&true),
            origin,
            ..Setting::new(name, if own { "trusted hops" } else { "false" }, place)
        });
    }
}

/// The policy of an access filter that stands before the connection manager.
pub(super) fn network(filter: Node<'_>, gateway: &mut Gateway) -> Option<Applied> {
    let (config, of) = typed(filter)?;
    let is_rbac = of.ends_with(".RBAC") || filter.str("name").is_some_and(|name| name.ends_with("network.rbac"));
    let rules = is_rbac.then(|| config.get("rules")).flatten()?;
    Some(Applied { policy: access(rules, gateway), place: rules.key_place(), scope: Scope::Listener })
}

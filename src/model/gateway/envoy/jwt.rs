//! Tokens that Envoy verifies: providers, and rules that say which routes need one. The first rule that matches
//! decides; where none does, or it requires nothing, requests pass. Source:
//! <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>.

use std::collections::HashMap;

use super::super::issuer;
use super::super::routes::Policy;
use super::super::{
    Applied, Auth, Gateway, Jwt, Mechanism, Methods, Node, Origin, Path, PathGuard, Purpose, Route, Scope, Set,
    Setting, Stated, path_text,
};
use super::filters::InForce;
use super::routes::{Manager, Match};
use super::{auth, rbac};
use crate::model::Why;
use crate::span::{At, Place};

/// So many times a rule of a filter is compared with a route; beyond that, what covers a route is not worked out.
const MOST_COMPARED: usize = 500_000;

/// So many rules are looked at to see whether any demands a token where another does not.
const MOST_STRICT: usize = 64;

/// Of a route, so many paths are noted for which tokens are needed while others of it need none.
const MOST_GUARDS: usize = 16;

/// A filter that verifies tokens.
pub(super) struct Tokens<'s> {
    config: Node<'s>,
    rules: Vec<Rule<'s>>,
    verifiers: HashMap<At, u32>,
    /// Whether a later filter needs a claim.
    checked_later: bool,
    /// How many comparisons are left.
    left: usize,
}

struct Rule<'s> {
    matched: Match,
    /// What it requires; nothing: requests pass.
    requires: Option<Node<'s>>,
    /// Routes that it decides for.
    routes: Vec<u32>,
}

/// What a requirement adds up to.
#[derive(Default)]
struct Demand<'s> {
    providers: Vec<Node<'s>>,
    /// The setting that lets requests without a token pass.
    optional: Option<Place>,
    /// The setting by which claims count that nobody verified.
    unverified: Option<Place>,
}

impl<'s> Tokens<'s> {
    fn read(config: Node<'s>, checked_later: bool) -> Self {
        let rules = config.list("rules").into_iter().map(|rule| {
            let named = rule.str("requirement_name").and_then(|name| config.path(&["requirement_map", name]));
            let own = rule.get("requires").filter(|requires| requires.children().next().is_some());
            Rule { matched: Match::read(rule.get("match"), rule), requires: own.or(named), routes: Vec::new() }
        });
        Self { config, rules: rules.collect(), verifiers: HashMap::new(), checked_later, left: MOST_COMPARED }
    }

    /// The rule that decides for all that a route matches; else where one decides for a part, and the paths for
    /// which tokens are needed there.
    fn decide(&mut self, route: &Match, number: u32) -> Result<Option<Node<'s>>, (Place, Vec<PathGuard>)> {
        let mut partly: Option<Place> = None;
        let mut guards: Vec<PathGuard> = Vec::new();
        for rule in &mut self.rules {
            if self.left == 0 {
                return Err((rule.matched.place, Vec::new()));
            }
            self.left -= 1;
            let covers = rule.matched.path.covers(&route.path) == Some(true)
                && rule.matched.conditions.is_empty()
                && methods_cover(&rule.matched.methods, &route.methods);
            if covers {
                rule.routes.push(number);
                return match (rule.requires, partly) {
                    // Rules before it that ask for less are exceptions: what is left needs a token.
                    (Some(requires), _) => Ok(Some(requires)),
                    (None, None) => Ok(None),
                    (None, Some(place)) => Err((place, guards)),
                };
            }
            let apart = rule.matched.path.overlaps(&route.path).is_none() && !rule.matched.path.is_opaque();
            if !apart {
                rule.routes.push(number);
                if rule.requires.is_some() {
                    partly.get_or_insert(rule.matched.place);
                    let is_by_path =
                        rule.matched.conditions.is_empty() && methods_cover(&rule.matched.methods, &route.methods);
                    if is_by_path && guards.len() < MOST_GUARDS {
                        guards.push(PathGuard { pattern: rule.matched.path.clone(), place: rule.matched.place });
                    }
                }
            }
        }
        partly.map_or(Ok(None), |place| Err((place, guards)))
    }

    fn demand(&self, requires: Node<'s>) -> Demand<'s> {
        /// So many parts are looked at: aliases can name them without end.
        const MOST: usize = 1_000;
        self.part(requires, &mut { MOST })
    }

    fn part(&self, requires: Node<'s>, left: &mut usize) -> Demand<'s> {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return Demand::default();
        }
        let provider = |name: Option<&str>| name.and_then(|name| self.config.path(&["providers", name]));
        let mut demand = Demand::default();
        if let Some(name) = requires.str("provider_name") {
            demand.providers.extend(provider(Some(name)));
        } else if let Some(both) = requires.get("provider_and_audiences") {
            demand.providers.extend(provider(both.str("provider_name")));
        } else if let Some(list) = requires.get("requires_any").or_else(|| requires.get("requires_all")) {
            let parts: Vec<Demand<'_>> =
                list.list("requirements").into_iter().map(|part| self.part(part, left)).collect();
            let any = requires.get("requires_any").is_some();
            let mut optional = parts.iter().map(|part| part.optional);
            demand.optional = if any {
                optional.flatten().next()
            } else {
                optional.clone().all(|optional| optional.is_some()).then(|| optional.next().flatten()).flatten()
            };
            demand.unverified = parts.iter().find_map(|part| part.unverified);
            demand.providers = parts.into_iter().flat_map(|part| part.providers).collect();
        } else if let Some(open) = ["allow_missing_or_failed", "allow_missing"].iter().find_map(|key| requires.get(key))
        {
            demand.optional = Some(open.key_place());
        } else if let Some(open) = requires.get("extract_only_without_validation") {
            demand.optional = Some(open.key_place());
            demand.unverified = Some(open.key_place());
        }
        demand
    }
}

/// Whether one set of methods holds another.
fn methods_cover(ours: &Stated<Methods>, theirs: &Stated<Methods>) -> bool {
    match (ours.known(), theirs.known()) {
        (Some(Methods::All), _) => true,
        (Some(ours), Some(Methods::Only(theirs))) => theirs.iter().all(|(method, _)| ours.admits(method)),
        (Some(Methods::AllBut(refused)), Some(Methods::AllBut(theirs))) => {
            refused.iter().all(|method| theirs.contains(method))
        }
        _ => false,
    }
}

impl<'s> Manager<'s, '_> {
    /// What a filter that verifies tokens does for a route.
    pub(super) fn tokens(
        &mut self,
        number: usize,
        force: InForce<'s>,
        matched: &Match,
        found: &mut auth::Found,
        gateway: &mut Gateway,
    ) {
        let filter = self.filters[number];
        let named = match force {
            InForce::Off(place, by_filter) => {
                found.off = found.off.or((!by_filter).then_some(place));
                return;
            }
            InForce::Replaced(config, scope) => {
                if config.is_true("disabled") {
                    found.off = found.off.or(config.get("disabled").map(Node::key_place));
                    return;
                }
                config.get("requirement_name").map(|name| (name, scope))
            }
            InForce::Own => None,
        };
        let Some(config) = filter.config else {
            return found.doubt(Why::Elsewhere, filter.place());
        };
        if !self.tokens.contains_key(&number) {
            let checked_later = self.filters[number + 1..].iter().any(|later| rbac::needs_claims(later));
            self.tokens.insert(number, Tokens::read(config, checked_later));
        }
        let Some(tokens) = self.tokens.get_mut(&number) else { return };
        let (requires, scope) = match named {
            Some((name, scope)) => {
                let found = name.text().and_then(|name| config.path(&["requirement_map", name]));
                (found, scope)
            }
            None => match tokens.decide(matched, gateway.routes.len() as u32) {
                Ok(requires) => (requires, Scope::Listener),
                Err((place, guards)) => {
                    found.guards.extend(guards);
                    return found.doubt(Why::NotRead, place);
                }
            },
        };
        let Some(requires) = requires else { return };
        let key = (Policy::Auth, requires.entry());
        let policy = match self.made.get(&key) {
            Some(policy) => *policy,
            None => {
                let mut demand = tokens.demand(requires);
                if demand.providers.is_empty() && demand.unverified.is_none() {
                    demand.providers = config.get("providers").into_iter().flat_map(Node::children).collect();
                }
                let mut made = Auth::new("jwt_authn", Mechanism::Jwt, requires.key_place());
                made.optional = demand.optional;
                made.checked_later = demand.optional.is_some() && tokens.checked_later;
                for provider in demand.providers {
                    // One that is written says more than a default of another provider.
                    let found = query(provider);
                    if made.query.is_none() || found.as_ref().is_some_and(|set| set.origin == Origin::Written) {
                        made.query = found;
                    }
                    let forwards = provider.get("forward").filter(|node| node.bool() == Some(true));
                    made.forwards = made.forwards.or(forwards.map(|node| Set::written(true, node.key_place())));
                    let verifier = match tokens.verifiers.get(&provider.entry()) {
                        Some(verifier) => *verifier,
                        None => {
                            let verifier = verifier(self.world, provider, gateway);
                            tokens.verifiers.insert(provider.entry(), verifier);
                            verifier
                        }
                    };
                    made.jwts.push(verifier);
                }
                if let Some(place) = demand.unverified.filter(|_| tokens.checked_later) {
                    let mut jwt = Jwt::new(place);
                    jwt.unsigned = Some(place);
                    // What is not verified at all is one defect, not three.
                    jwt.issuer = Stated::Unknown(Why::NotRead, Some(place));
                    jwt.audience = Stated::Unknown(Why::NotRead, Some(place));
                    made.jwts.push(gateway.add_jwt(jwt));
                }
                let policy = gateway.add_auth(made);
                self.made.insert(key, policy);
                policy
            }
        };
        found.auth.push(Applied { policy, place: requires.key_place(), scope });
    }

    /// Notes rules that require nothing while others of the filter do, with the routes that they decide for.
    pub(super) fn finish(&mut self, gateway: &mut Gateway) {
        let mut filters: Vec<(usize, Tokens<'s>)> = self.tokens.drain().collect();
        filters.sort_by_key(|(number, _)| *number);
        for (_, tokens) in filters {
            let (open, strict): (Vec<_>, Vec<_>) = tokens.rules.into_iter().partition(|rule| rule.requires.is_none());
            for rule in open {
                // Rules stand in no great number; of many, the first are looked at.
                let demands = strict.iter().take(MOST_STRICT).any(|other| {
                    other.matched.path.covers(&rule.matched.path) == Some(true)
                        || other.matched.path.overlaps(&rule.matched.path).is_some()
                });
                // A preflight carries no credentials.
                let preflight = matches!(rule.matched.methods.known(), Some(Methods::Only(methods))
                    if methods.iter().all(|(method, _)| method == "OPTIONS"));
                let routes: Vec<u32> = rule
                    .routes
                    .into_iter()
                    .filter(|route| gateway.routes.get(*route as usize).is_some_and(|route| gateway.forwards(route)))
                    .collect();
                let mut probe = Route::new("", rule.matched.place);
                probe.paths = vec![Path { pattern: rule.matched.path.clone(), place: rule.matched.place }];
                probe.methods = rule.matched.methods.clone();
                let public = gateway.is_public_by_design(&probe);
                if demands && !preflight && !routes.is_empty() {
                    gateway.settings.push(Setting {
                        on: false,
                        // Whether what it lets pass is not public by its path.
                        grave: !public,
                        origin: Origin::Default,
                        routes,
                        ..Setting::new("jwt_authn.rules.requires", path_text(&rule.matched.path), rule.matched.place)
                    });
                }
            }
        }
        self.note_trust(gateway);
    }
}

/// Where a provider takes tokens from the query string. With no place named it looks into `access_token` too.
fn query(provider: Node<'_>) -> Option<Set<String>> {
    if let Some(first) = provider.list("from_params").into_iter().next() {
        return Some(Set::written(first.text().unwrap_or_default().to_owned(), first.place()));
    }
    let elsewhere = ["from_headers", "from_cookies"].iter().any(|key| provider.get(key).is_some());
    (!elsewhere).then(|| Set::default("access_token".to_owned(), provider.key_place()))
}

fn verifier(world: &super::World<'_>, provider: Node<'_>, gateway: &mut Gateway) -> u32 {
    let mut jwt = Jwt::new(provider.key_place());
    jwt.issuer = provider.get("issuer").map(|_| true).into();
    jwt.audience = (!provider.list("audiences").is_empty()).then_some(true).into();
    let expiry = provider.get("require_expiration").and_then(|node| Some(Set::written(node.bool()?, node.key_place())));
    jwt.expiry = Stated::Known(expiry.unwrap_or(Set::default(false, provider.key_place())));
    // One that is there is verified: "JwtProvider.require_expiration".
    jwt.verifies_expiry = true;
    let lifetime = provider.get("max_lifetime").and_then(super::texts::seconds);
    jwt.max_lifetime = lifetime.into();
    if let Some(uri) = provider.path(&["remote_jwks", "http_uri"]) {
        jwt.public_keys = true;
        jwt.shared_keys = uri.str("uri").is_some_and(issuer::signs_for_many);
        auth::server(world, uri, Purpose::Keys, gateway);
    }
    if let Some(inline) = provider.path(&["local_jwks", "inline_string"]) {
        issuer::read_keys(inline, &mut jwt, gateway);
    }
    gateway.add_jwt(jwt)
}

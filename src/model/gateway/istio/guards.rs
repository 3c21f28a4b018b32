//! Who may call a route of Istio: the policies that reach the workload of its gateways and the one behind it, and what
//! they come to. Policies that are not in view may do more: what none in view does is not known, unless those for
//! the same workload are.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::super::path::Trick;
use super::super::routes::Policy as Table;
use super::super::{
    Applied, Auth, Concern, Gateway, Idle, IdlePolicy, Mechanism, Node, Object, PathGuard, PolicyConcern, Route, Scope,
    Set, Setting, Stated, kubernetes,
};
use super::gateways::Gateways;
use super::pods::{Labels, Pods};
use super::policies::{self, Act, Cover, Policy};
use super::routes::{Bound, service};
use super::sites::Sites;
use super::verifiers::{self, Verifier};
use super::{ROOT, SECURITY, World, settings};
use crate::model::Why;

/// With more policies than this for one workload, what they come to is not worked out.
const MOST_POLICIES: usize = 256;
/// So many times a rule is compared with a route; beyond that neither.
const MOST_COMPARED: usize = 200_000;
/// So many paths that are refused are noted for a route.
const MOST_PATHS: usize = 16;
/// With more kinds of workloads than this, it is not worked out which policies select which.
const MOST_WORKLOADS: usize = 1024;

/// What reaches a workload.
#[derive(Default)]
struct Guard {
    policies: Vec<u32>,
    verifiers: Vec<u32>,
    /// Whether more may reach it.
    doubt: bool,
    /// How many rules the policies have.
    rules: usize,
}

/// What the policies of a workload come to for a route.
#[derive(Clone, Copy, Default)]
struct Verdict {
    /// Requests without a token are refused.
    enforced: bool,
    /// An external service decides.
    custom: Option<u32>,
    /// For a part of the route, or for reasons out of view, that cannot be told.
    unclear: bool,
    /// Whether that is as some requests of the route need a token, and others none.
    divided: bool,
    /// Whether there are policies.
    any: bool,
    /// Whether what no policy refuses is let through.
    lenient: bool,
}

/// All policies of a run, and what was found of them on the way.
pub(super) struct Guards<'s> {
    world: World<'s>,
    policies: Vec<Policy<'s>>,
    verifiers: Vec<Verifier<'s>>,
    of_policies: Sites,
    of_verifiers: Sites,
    of_gateways: Vec<Rc<Guard>>,
    of_services: HashMap<(&'s str, &'s str, &'s str), Rc<Guard>>,
    /// Labels of pods behind services that routes lead to.
    labels: HashMap<(&'s str, &'s str), Labels<'s>>,
    made: HashMap<(Table, u32, bool), u32>,
    jwts: HashMap<u32, Vec<u32>>,
    /// Routes that policies would be for if they did more than observe, and whether another policy is enforced there.
    observed: BTreeMap<u32, (Vec<u32>, bool)>,
    /// Whether policies are left out, as there are too many workloads.
    doubt: bool,
    /// How many comparisons are left.
    left: Cell<usize>,
    /// Verifiers that put claims into headers on routes that are open.
    spoofable: BTreeSet<u32>,
    /// Spellings of a path that are left as they are before policies compare it.
    spellings: Vec<Trick>,
}

/// Where an object is looked for.
fn site_of_gateway(selector: &Labels<'_>) -> String {
    let mut labels: Vec<String> = selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
    labels.sort_unstable();
    format!("gateway {}", labels.join(","))
}

const MESH: &str = "mesh";

/// Labels that installations of the gateway have both, one for the other.
fn same(label: (&str, &str), other: (&str, &str)) -> bool {
    let plain = |(key, value): (&str, &str)| match key {
        "app" | "istio" | "app.kubernetes.io/name" => Some(value.strip_prefix("istio-").unwrap_or(value).to_owned()),
        _ => None,
    };
    label == other || plain(label).is_some_and(|label| Some(label) == plain(other))
}

impl<'s> Guards<'s> {
    pub(super) fn read(world: World<'s>, gateways: &Gateways<'s>, bound: &[Bound<'s>], gateway: &mut Gateway) -> Self {
        let pods = Pods::read(world);
        let mut guards = Self {
            world,
            policies: Vec::new(),
            verifiers: Vec::new(),
            of_policies: Sites::default(),
            of_verifiers: Sites::default(),
            of_gateways: Vec::new(),
            of_services: HashMap::new(),
            labels: HashMap::new(),
            made: HashMap::new(),
            jwts: HashMap::new(),
            observed: BTreeMap::new(),
            doubt: false,
            left: Cell::new(MOST_COMPARED),
            spoofable: BTreeSet::new(),
            spellings: settings::spellings(world),
        };
        let selectors = guards.add_sites(gateways, bound, &pods);
        for (object, node, spec) in world.of(SECURITY, "AuthorizationPolicy") {
            let number = guards.policies.len() as u32;
            guards.policies.push(Policy::read(object, node, spec));
            let found = guards.sites_of(object, spec, &selectors);
            let folder = world.folder(object);
            let mut attached = false;
            for site in found {
                attached |= guards.of_policies.attach(number, &site, folder);
            }
            let labels = policies::selector(spec);
            if !attached && pods.surely_lack(world, object, &labels) {
                gateway.idle.push(IdlePolicy {
                    name: format!("AuthorizationPolicy {}", object.name),
                    concern: PolicyConcern::Authorization,
                    reason: Idle::Unattached,
                    place: kubernetes::named(node),
                    replaced: false,
                    routes: Vec::new(),
                });
            }
        }
        for (object, node, spec) in world.of(SECURITY, "RequestAuthentication") {
            let number = guards.verifiers.len() as u32;
            let rules = spec.map_or_else(Vec::new, |spec| spec.list("jwtRules"));
            guards.verifiers.push(Verifier { object, node, rules });
            for site in guards.sites_of(object, spec, &selectors) {
                guards.of_verifiers.attach(number, &site, world.folder(object));
            }
        }
        guards.of_gateways = gateways
            .all
            .iter()
            .map(|entry| {
                let mut sites = vec![site_of_gateway(&entry.selector), MESH.to_owned()];
                sites.extend(pods.namespaces_of(&entry.selector).map(|namespace| format!("namespace {namespace}")));
                let mut guard = guards.guard(&sites, entry.folder);
                // It is served by every gateway there is.
                guard.doubt |= entry.selector.is_empty();
                Rc::new(guard)
            })
            .collect();
        guards
    }

    /// Adds the places where policies act, and returns the labels of the workloads of gateways.
    fn add_sites(&mut self, gateways: &Gateways<'s>, bound: &[Bound<'s>], pods: &Pods<'s>) -> Vec<Labels<'s>> {
        let mut selectors: BTreeSet<Labels<'s>> = BTreeSet::new();
        for entry in &gateways.all {
            let mut sites = vec![site_of_gateway(&entry.selector), MESH.to_owned()];
            sites.extend(pods.namespaces_of(&entry.selector).map(|namespace| format!("namespace {namespace}")));
            self.add(&sites, entry.folder);
            selectors.insert(entry.selector.clone());
        }
        for service in bound {
            for (namespace, name) in service.destinations() {
                let sites = [
                    format!("service {namespace}/{name}"),
                    format!("namespace {namespace}"),
                    format!("unknown {namespace}"),
                    MESH.to_owned(),
                ];
                self.add(&sites, service.folder);
                let near = service.object.at.file;
                let world = self.world;
                self.labels
                    .entry((namespace, name))
                    .or_insert_with(|| policies::labels_of(world, namespace, name, near));
            }
        }
        selectors.into_iter().filter(|selector| !selector.is_empty()).collect()
    }

    fn add(&mut self, sites: &[String], folder: &str) {
        for site in sites {
            self.of_policies.add(site, folder);
            self.of_verifiers.add(site, folder);
        }
    }

    /// The sites at which a policy acts, by what it selects.
    fn sites_of(&mut self, object: &Object, spec: Option<Node<'s>>, selectors: &[Labels<'s>]) -> Vec<String> {
        let namespace = object.namespace();
        let targets = policies::targets(spec);
        if !targets.is_empty() {
            let services = targets.into_iter().filter(|(kind, _)| *kind == "Service");
            return services.map(|(_, name)| format!("service {namespace}/{name}")).collect();
        }
        let wanted = policies::selector(spec);
        if wanted.is_empty() {
            return vec![if namespace == ROOT { MESH.to_owned() } else { format!("namespace {namespace}") }];
        }
        if selectors.len() + self.labels.len() > MOST_WORKLOADS {
            self.doubt = true;
            return Vec::new();
        }
        let within = |labels: &Labels<'_>| wanted.iter().all(|label| labels.iter().any(|other| same(*label, *other)));
        let mut found: Vec<String> = selectors.iter().filter(|labels| within(labels)).map(site_of_gateway).collect();
        let mut unknown = false;
        for ((of, name), labels) in &self.labels {
            if *of != namespace {
                continue;
            }
            let is_named = |(_, value): &(&str, &str)| value == name;
            if within(labels) || labels.is_empty() && wanted.iter().any(is_named) {
                found.push(format!("service {namespace}/{name}"));
            } else {
                unknown |= labels.is_empty();
            }
        }
        found.sort_unstable();
        // It may select pods of a service whose labels are not in view.
        if unknown {
            found.push(format!("unknown {namespace}"));
        }
        found
    }

    fn guard(&self, sites: &[String], folder: &str) -> Guard {
        let mut guard = Guard::default();
        for site in sites {
            let (policies, doubt) = self.of_policies.reaching(site, folder);
            let (verifiers, doubt_too) = self.of_verifiers.reaching(site, folder);
            guard.doubt |= doubt || doubt_too;
            guard.policies.extend(policies);
            guard.verifiers.extend(verifiers);
        }
        for list in [&mut guard.policies, &mut guard.verifiers] {
            list.sort_unstable();
            list.dedup();
        }
        guard.rules = guard.policies.iter().map(|number| self.policies[*number as usize].rules.len()).sum();
        guard
    }

    fn of_service(&mut self, namespace: &'s str, name: &'s str, folder: &'s str) -> Rc<Guard> {
        let key = (namespace, name, folder);
        if let Some(guard) = self.of_services.get(&key) {
            return Rc::clone(guard);
        }
        let sites = [format!("service {namespace}/{name}"), format!("namespace {namespace}"), MESH.to_owned()];
        let mut guard = self.guard(&sites, folder);
        if self.labels.get(&(namespace, name)).is_none_or(Vec::is_empty) {
            let (maybe, doubt) = self.of_policies.reaching(&format!("unknown {namespace}"), folder);
            let (maybe_too, doubt_too) = self.of_verifiers.reaching(&format!("unknown {namespace}"), folder);
            guard.doubt |= doubt || doubt_too || !maybe.is_empty() || !maybe_too.is_empty();
        }
        let guard = Rc::new(guard);
        self.of_services.insert(key, Rc::clone(&guard));
        guard
    }

    /// Whether tokens may be verified at a gateway.
    pub(super) fn may_verify(&self, number: usize) -> bool {
        self.of_gateways.get(number).is_none_or(|guard| self.doubt || guard.doubt || !guard.verifiers.is_empty())
    }

    /// The policies that reach a gateway.
    pub(super) fn at_gateways(&self) -> Vec<&Policy<'s>> {
        let numbers: BTreeSet<u32> = self.of_gateways.iter().flat_map(|guard| guard.policies.iter().copied()).collect();
        numbers.into_iter().filter_map(|number| self.policies.get(number as usize)).collect()
    }

    fn verdict(&self, guard: &Guard, route: &Route) -> Verdict {
        let mut verdict = Verdict { unclear: guard.doubt || self.doubt, ..Verdict::default() };
        let left = self.left.get();
        self.left.set(left.saturating_sub(guard.rules));
        if guard.policies.len() > MOST_POLICIES || guard.rules > left {
            return Verdict { unclear: true, any: true, ..verdict };
        }
        let enforced = guard.policies.iter().map(|number| (*number, &self.policies[*number as usize]));
        // What a rule that allows covers, by whether it needs a token.
        let (mut needs, mut open, mut allows) = (Cover::None, Cover::None, false);
        let mut opens_path = false;
        for (number, policy) in enforced.filter(|(_, policy)| policy.dry_run.is_none() && policy.act != Act::Audit) {
            verdict.any = true;
            match policy.act {
                Act::Deny => match policy.denies_strangers(route) {
                    Cover::All => verdict.enforced = true,
                    Cover::Part => verdict.unclear = true,
                    Cover::None => {}
                },
                Act::Custom => {
                    let covers =
                        policy.rules.iter().filter(|rule| rule.is_for_everyone()).map(|rule| rule.covers(route));
                    match covers.max() {
                        Some(Cover::All) => verdict.custom = Some(number),
                        Some(Cover::None) => {}
                        _ => verdict.unclear |= !policy.rules.is_empty(),
                    }
                }
                Act::Allow => {
                    allows = true;
                    for rule in &policy.rules {
                        let covers = rule.covers(route);
                        if rule.needs_token() {
                            needs = needs.max(covers);
                        } else {
                            open = open.max(covers);
                            opens_path |= covers == Cover::Part && rule.covers_path(route);
                        }
                    }
                }
                Act::Audit => {}
            }
        }
        verdict.lenient = !allows || open == Cover::All;
        if allows {
            match (needs, open) {
                (_, Cover::All) => {}
                (Cover::Part, Cover::Part) => verdict.divided = true,
                // Of each path some methods are open.
                (Cover::All, Cover::Part) if opens_path => verdict.divided = true,
                // Smaller parts that are open are exceptions.
                (Cover::All, _) | (Cover::Part, Cover::None) => verdict.enforced = true,
                // Nobody gets through, or only to what is open.
                (Cover::None, _) => {}
            }
        }
        verdict.unclear |= verdict.divided;
        verdict
    }

    /// Fills in who may call a route that is not in the table yet.
    pub(super) fn judge(
        &mut self,
        gateways: &[usize],
        unresolved: Option<Node<'s>>,
        bound: &Bound<'s>,
        http: Node<'s>,
        route: &mut Route,
        gateway: &mut Gateway,
    ) {
        let outer: Vec<Rc<Guard>> =
            gateways.iter().filter_map(|number| self.of_gateways.get(*number).cloned()).collect();
        let hosts = http.list("route").into_iter().filter_map(|target| target.path(&["destination", "host"]));
        let services: Vec<(&str, &str)> =
            hosts.filter_map(|host| service(host.text()?, bound.object.namespace())).collect();
        let inner: Vec<Rc<Guard>> =
            services.into_iter().map(|(namespace, name)| self.of_service(namespace, name, bound.folder)).collect();
        let weakest = |guards: &[Rc<Guard>]| -> Verdict {
            let verdicts: Vec<Verdict> = guards.iter().map(|guard| self.verdict(guard, route)).collect();
            let all = |of: fn(&Verdict) -> bool| !verdicts.is_empty() && verdicts.iter().all(of);
            let some = |of: fn(&Verdict) -> bool| verdicts.iter().any(of);
            let enforced = all(|verdict| verdict.enforced);
            let custom = all(|verdict| verdict.custom.is_some());
            Verdict {
                enforced,
                custom: verdicts.iter().find_map(|verdict| verdict.custom).filter(|_| custom),
                unclear: some(|verdict| verdict.unclear)
                    || !enforced && some(|verdict| verdict.enforced)
                    || !custom && some(|verdict| verdict.custom.is_some()),
                divided: some(|verdict| verdict.divided),
                any: some(|verdict| verdict.any),
                lenient: verdicts.iter().all(|verdict| verdict.lenient),
            }
        };
        let (before, behind) = (weakest(&outer), weakest(&inner));
        let enforced = before.enforced || behind.enforced;
        if before.lenient && behind.lenient && before.custom.is_none() && behind.custom.is_none() {
            self.note_paths(outer.iter().chain(&inner), route);
        }
        let here = Some(route.place);
        let number = gateway.routes.len() as u32;
        let mut auth: Vec<Applied> = Vec::new();
        for custom in [before.custom, behind.custom].into_iter().flatten() {
            let policy = self.external(custom, gateway);
            let place = kubernetes::named(self.policies[custom as usize].node);
            auth.push(Applied { policy, place, scope: Scope::Service });
        }
        let unclear = before.unclear || behind.unclear || unresolved.is_some() || self.world.is_templated(bound.object);
        let mut verifiers: Vec<u32> =
            outer.iter().chain(&inner).flat_map(|guard| guard.verifiers.iter().copied()).collect();
        verifiers.sort_unstable();
        verifiers.dedup();
        // A policy for the workload shows that somebody decides who may call: then no token is no oversight.
        let is_known = enforced || !(unclear || before.any || behind.any);
        for verifier in verifiers.iter().filter(|_| is_known) {
            let policy = self.verifier(*verifier, enforced, gateway);
            let place = kubernetes::named(self.verifiers[*verifier as usize].node);
            auth.push(Applied { policy, place, scope: Scope::Service });
        }
        if enforced && verifiers.is_empty() {
            let strict = outer.iter().chain(&inner).flat_map(|guard| &guard.policies).copied().find(|number| {
                let policy = &self.policies[*number as usize];
                policy.denies_strangers(route) == Cover::All || policy.rules.iter().any(|rule| rule.needs_token())
            });
            auth.extend(strict.map(|strict| {
                let policy = self.external(strict, gateway);
                let place = kubernetes::named(self.policies[strict as usize].node);
                Applied { policy, place, scope: Scope::Service }
            }));
        }
        if !enforced && !unclear {
            self.spoofable.extend(verifiers.iter().filter(|number| self.verifiers[**number as usize].writes_headers()));
        }
        let why = if before.divided || behind.divided { Why::Divided } else { Why::Elsewhere };
        route.auth = match (auth.is_empty(), unclear) {
            (false, _) => Stated::Known(auth),
            (true, true) => Stated::Unknown(why, here),
            // Whoever has policies for a workload has them where we look.
            (true, false) if (before.any || behind.any) && verifiers.is_empty() => Stated::Absent,
            (true, false) => Stated::Unknown(Why::Elsewhere, here),
        };
        let access = self.access(&outer, &inner, number, route, gateway);
        route.access = match access.is_empty() {
            true if (before.any || behind.any) && !unclear => Stated::Absent,
            true => Stated::Unknown(Why::Elsewhere, here),
            false => Stated::Known(access),
        };
    }

    /// Notes paths that policies refuse where they let others of the route through.
    fn note_paths<'g>(&self, guards: impl Iterator<Item = &'g Rc<Guard>>, route: &mut Route) {
        let numbers: BTreeSet<u32> =
            guards.flat_map(|guard| guard.policies.iter().copied().take(MOST_POLICIES)).collect();
        let policies = numbers.into_iter().filter_map(|number| self.policies.get(number as usize));
        let refusing = policies.filter(|policy| policy.act == Act::Deny && policy.dry_run.is_none());
        let paths: Vec<PathGuard> = refusing.flat_map(|policy| policy.refused_paths(route)).take(MOST_PATHS).collect();
        if !paths.is_empty() {
            route.spellings = Stated::Known(self.spellings.clone());
            route.guards = paths;
        }
    }

    /// The access policies of a route, and notes on those that only observe.
    fn access(
        &mut self,
        outer: &[Rc<Guard>],
        inner: &[Rc<Guard>],
        number: u32,
        route: &Route,
        gateway: &mut Gateway,
    ) -> Vec<Applied> {
        let mut applied: Vec<Applied> = Vec::new();
        for (guards, inside) in [(outer, false), (inner, true)] {
            for guard in guards {
                self.left.set(self.left.get().saturating_sub(guard.rules));
                let of = |number: &u32| &self.policies[*number as usize];
                let enforced = guard.policies.iter().filter(|number| of(number).dry_run.is_none());
                let lenient =
                    !guard.doubt && !self.doubt && enforced.clone().all(|number| of(number).only_refuses_some);
                let replaced = enforced.clone().count() > 0;
                for policy_number in enforced.take(MOST_POLICIES) {
                    let policy = of(policy_number);
                    let key = (Table::Access, *policy_number, inside);
                    let made = *self.made.entry(key).or_insert_with(|| gateway.add_access(policy.access(inside)));
                    let place = kubernetes::named(policy.node);
                    if lenient && let Some(access) = gateway.access.get_mut(made as usize) {
                        access.default_allow = Some(place);
                    }
                    // A refusal of other requests, or a decision on them, is none of this route.
                    let concerns = policy.act == Act::Allow
                        || guard.rules > self.left.get()
                        || policy.rules.iter().any(|rule| rule.covers(route) != Cover::None);
                    if concerns && !applied.iter().any(|it| it.policy == made) {
                        applied.push(Applied { policy: made, place, scope: Scope::Service });
                    }
                }
                for observing in guard.policies.iter().filter(|number| of(number).dry_run.is_some()) {
                    let (routes, all) = self.observed.entry(*observing).or_insert((Vec::new(), true));
                    *all &= replaced;
                    if routes.last() != Some(&number) {
                        routes.push(number);
                    }
                }
            }
        }
        applied
    }

    /// An external service that decides, or a policy that asks for claims that are verified out of view.
    fn external(&mut self, number: u32, gateway: &mut Gateway) -> u32 {
        let policy = &self.policies[number as usize];
        *self.made.entry((Table::Auth, number, false)).or_insert_with(|| {
            let mechanism = if policy.act == Act::Custom { Mechanism::External } else { Mechanism::Jwt };
            let name = policy.provider.and_then(Node::text).unwrap_or(policy.object.name.as_str());
            gateway.add_auth(Auth::new(name, mechanism, kubernetes::named(policy.node)))
        })
    }

    /// Tokens that are verified where they are there. `enforced`: a policy demands that they are.
    fn verifier(&mut self, number: u32, enforced: bool, gateway: &mut Gateway) -> u32 {
        if let Some(made) = self.made.get(&(Table::Upstream, number, enforced)) {
            return *made;
        }
        let verifier = &self.verifiers[number as usize];
        let jwts = self
            .jwts
            .entry(number)
            .or_insert_with(|| verifier.rules.iter().map(|rule| verifiers::jwt(*rule, gateway)).collect());
        let place = kubernetes::named(verifier.node);
        let mut auth = Auth::new(format!("RequestAuthentication {}", verifier.object.name), Mechanism::Jwt, place);
        auth.optional = Some(place);
        auth.checked_later = enforced;
        auth.jwts.clone_from(jwts);
        for rule in &verifier.rules {
            auth.query = auth.query.or_else(|| verifiers::query(*rule));
            let forwards = rule.get("forwardOriginalToken").filter(|node| node.bool() == Some(true));
            auth.forwards = auth.forwards.or(forwards.map(|node| Set::written(true, node.key_place())));
        }
        let made = gateway.add_auth(auth);
        self.made.insert((Table::Upstream, number, enforced), made);
        made
    }

    /// Notes what was found on the way.
    pub(super) fn finish(&mut self, gateway: &mut Gateway) {
        for (number, (routes, replaced)) in std::mem::take(&mut self.observed) {
            let policy = &self.policies[number as usize];
            let Some(place) = policy.dry_run else { continue };
            gateway.idle.push(IdlePolicy {
                name: format!("AuthorizationPolicy {}", policy.object.name),
                concern: PolicyConcern::Authorization,
                reason: Idle::Shadow,
                place,
                replaced,
                routes,
            });
        }
        for (number, verifier) in (0..).zip(&self.verifiers) {
            // Those that no route in view uses are read too: they are what they are.
            if !self.jwts.contains_key(&number) {
                verifier.rules.iter().for_each(|rule| {
                    verifiers::jwt(*rule, gateway);
                });
            }
            if let Some(place) = verifier.header().filter(|_| self.spoofable.contains(&number)) {
                gateway.settings.push(Setting {
                    concern: Some(Concern::IdentityHeader),
                    ..Setting::new("requestAuthentication.jwtRules.outputClaimToHeaders", "claims in headers", place)
                });
            }
        }
    }
}

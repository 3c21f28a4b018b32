//! `AuthorizationPolicy` and `RequestAuthentication` of Istio as they stand: rules, and which of them cover a route.
//! Source: <https://istio.io/latest/docs/reference/config/security/authorization-policy/>.

use super::super::host::{Depth, HostPattern};
use super::super::path::PathPattern;
use super::super::{Access, AccessBy, Methods, Node, Object, PathGuard, Route, Stated};
use super::World;
use crate::model::Why;
use crate::span::Place;

/// What a policy does with requests that match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Allow,
    Deny,
    /// An external service decides.
    Custom,
    /// It only logs.
    Audit,
}

/// How much of what a route serves a rule covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cover {
    None,
    Part,
    All,
}

/// A rule: from whom, to what, and when.
pub(super) struct Rule<'s> {
    pub(super) node: Node<'s>,
    sources: Vec<Node<'s>>,
    operations: Vec<Operation>,
    conditions: Vec<Node<'s>>,
}

/// What a rule is for. Fields that are empty are for all.
struct Operation {
    paths: Vec<PathPattern>,
    /// The same, with their places: the first of them.
    guards: Vec<PathGuard>,
    not_paths: Vec<PathPattern>,
    methods: Vec<String>,
    not_methods: Vec<String>,
    hosts: Vec<HostPattern>,
    /// Whether there is more that narrows it.
    narrowed: bool,
}

/// A policy.
pub(super) struct Policy<'s> {
    pub(super) object: &'s Object,
    pub(super) node: Node<'s>,
    pub(super) act: Act,
    pub(super) rules: Vec<Rule<'s>>,
    /// The annotation by which it only observes.
    pub(super) dry_run: Option<Place>,
    /// The external service.
    pub(super) provider: Option<Node<'s>>,
    /// Whether what it says lets everybody through who is not named.
    pub(super) only_refuses_some: bool,
}

/// So many paths of an operation are compared with other spellings.
const MOST_GUARDS: usize = 16;

const LISTS: [&str; 3] = ["principals", "requestPrincipals", "namespaces"];

impl<'s> Policy<'s> {
    pub(super) fn read(object: &'s Object, node: Node<'s>, spec: Option<Node<'s>>) -> Self {
        let act = match spec.and_then(|spec| spec.str("action")) {
            Some("DENY") => Act::Deny,
            Some("CUSTOM") => Act::Custom,
            Some("AUDIT") => Act::Audit,
            _ => Act::Allow,
        };
        let dry_run = node.path(&["metadata", "annotations", "istio.io/dry-run"]);
        let mut policy = Self {
            object,
            node,
            act,
            rules: spec.map_or_else(Vec::new, |spec| spec.list("rules")).into_iter().map(Rule::read).collect(),
            dry_run: dry_run.filter(|node| node.bool() == Some(true)).map(Node::place),
            provider: spec.and_then(|spec| spec.path(&["provider", "name"])),
            only_refuses_some: false,
        };
        policy.only_refuses_some = act == Act::Deny && policy.access(false).restricts == Stated::Known(false);
        policy
    }

    /// Whether requests without a token are refused by some rule that covers a route: how much of it.
    pub(super) fn denies_strangers(&self, route: &Route) -> Cover {
        let rules = self.rules.iter().filter(|rule| rule.is_for_strangers());
        rules.map(|rule| rule.covers(route)).max().unwrap_or(Cover::None)
    }

    /// Paths that it refuses to everybody, or to those without a token, where that is all that its rule looks at
    /// besides: with the place of each.
    pub(super) fn refused_paths(&self, route: &Route) -> Vec<PathGuard> {
        let rules = self.rules.iter().filter(|rule| rule.is_for_everyone() || rule.is_for_strangers());
        let parts = rules.filter(|rule| rule.covers(route) == Cover::Part).flat_map(|rule| &rule.operations);
        parts.filter(|operation| operation.is_by_path()).flat_map(|operation| operation.guards.clone()).collect()
    }

    /// The policy as an access policy of the model. `inside`: the caller is a gateway, for everybody behind it.
    pub(super) fn access(&self, inside: bool) -> Access {
        let place = super::super::kubernetes::named(self.node);
        let name = format!("AuthorizationPolicy {}", self.object.name);
        let sources = || self.rules.iter().flat_map(|rule| &rule.sources);
        let has = |keys: &[&str]| sources().any(|source| keys.iter().any(|key| source.get(key).is_some()));
        let tokens =
            self.rules.iter().any(|rule| rule.asks_for_claims()) || has(&["requestPrincipals", "notRequestPrincipals"]);
        let peers = has(&["principals", "namespaces", "notPrincipals", "notNamespaces", "serviceAccounts"]);
        let addresses = has(&["ipBlocks", "remoteIpBlocks", "notIpBlocks", "notRemoteIpBlocks"]);
        let by = match self.act {
            Act::Custom => AccessBy::External,
            _ if tokens || peers => AccessBy::Identity,
            _ if addresses => AccessBy::Address,
            _ => AccessBy::Other,
        };
        let mut access = Access::new(name, by, place);
        match self.act {
            Act::Allow => {
                let everything = self.rules.iter().find(|rule| rule.is_for_everyone() && rule.operations.is_empty());
                let star =
                    self.rules.iter().filter(|rule| inside && rule.conditions.is_empty()).find_map(Rule::any_peer);
                access.allows_everyone = everything.map(|rule| rule.node.place()).or(star);
                let open = self.rules.iter().find(|rule| rule.is_for_everyone());
                let anywhere = self.rules.iter().any(|rule| {
                    let every = |source: &Node<'s>| every_address(*source).is_some() && source.children().count() == 1;
                    rule.operations.is_empty() && rule.conditions.is_empty() && rule.sources.iter().any(every)
                });
                access.restricts = match (everything, open) {
                    (Some(_), _) => Stated::Known(false),
                    _ if anywhere => Stated::Known(false),
                    (None, _) if star.is_some() => Stated::Known(false),
                    // Some requests are for everyone.
                    (None, Some(rule)) => Stated::Unknown(Why::NotRead, Some(rule.node.place())),
                    // The gateway is the caller: who stands before it is not asked.
                    (None, None) if inside && peers && !tokens => Stated::Unknown(Why::Elsewhere, Some(place)),
                    (None, None) => Stated::Known(true),
                };
                access.every_address = sources().find_map(|source| every_address(*source)).map(Node::place);
            }
            Act::Deny => {
                // Who is refused: only a negation says who is let in.
                let negated =
                    ["notRequestPrincipals", "notPrincipals", "notNamespaces", "notIpBlocks", "notRemoteIpBlocks"];
                let strangers = self.rules.iter().any(Rule::is_for_strangers);
                access.restricts = Stated::Known(has(&negated) || strangers);
            }
            Act::Custom => {}
            Act::Audit => access.restricts = Stated::Known(false),
        }
        access
    }

    /// Entries that compare with the address a packet comes from.
    pub(super) fn packet_addresses(&self) -> Vec<Node<'s>> {
        let sources = self.rules.iter().flat_map(|rule| &rule.sources);
        sources.flat_map(|source| ["ipBlocks", "notIpBlocks"].into_iter().filter_map(|key| source.get(key))).collect()
    }
}

/// The block of a source that holds every address.
fn every_address<'s>(source: Node<'s>) -> Option<Node<'s>> {
    let blocks = ["ipBlocks", "remoteIpBlocks"].into_iter().flat_map(|key| source.list(key));
    blocks.into_iter().find(|block| matches!(block.text(), Some("0.0.0.0/0" | "::/0")))
}

impl<'s> Rule<'s> {
    fn read(node: Node<'s>) -> Self {
        let sources = node.list("from").into_iter().filter_map(|from| from.get("source")).collect();
        let operations =
            node.list("to").into_iter().filter_map(|to| to.get("operation")).map(Operation::read).collect();
        Self { node, sources, operations, conditions: node.list("when") }
    }

    fn asks_for_claims(&self) -> bool {
        self.conditions.iter().any(|when| when.str("key").is_some_and(|key| key.starts_with("request.auth.")))
    }

    /// Whether only requests with a verified token match.
    pub(super) fn needs_token(&self) -> bool {
        let from = !self.sources.is_empty() && self.sources.iter().all(|it| it.get("requestPrincipals").is_some());
        let when = self.conditions.iter().any(|when| {
            when.str("key").is_some_and(|key| key.starts_with("request.auth.")) && when.get("values").is_some()
        });
        from || when
    }

    /// Whether all requests without a verified token match.
    fn is_for_strangers(&self) -> bool {
        let only = |source: &Node<'_>| {
            source.children().count() == 1
                && source.list("notRequestPrincipals").iter().any(|value| value.text() == Some("*"))
        };
        let claims = self.conditions.iter().all(|when| {
            when.str("key").is_some_and(|key| key.starts_with("request.auth.")) && when.get("notValues").is_some()
        });
        match (self.sources.is_empty(), self.conditions.is_empty()) {
            (false, true) => self.sources.iter().any(only),
            (true, false) => claims,
            _ => false,
        }
    }

    /// Whether it asks for nobody in particular.
    pub(super) fn is_for_everyone(&self) -> bool {
        self.sources.is_empty() && self.conditions.is_empty()
    }

    /// A `*` that every workload of the mesh meets, where nothing else is asked for.
    fn any_peer(&self) -> Option<Place> {
        let single = self.sources.iter().find(|source| source.children().count() == 1)?;
        let lists = LISTS.iter().filter(|key| **key != "requestPrincipals");
        lists.flat_map(|key| single.list(key)).find(|value| value.text() == Some("*")).map(Node::place)
    }

    /// How much of a route it is for.
    pub(super) fn covers(&self, route: &Route) -> Cover {
        if self.operations.is_empty() {
            return Cover::All;
        }
        self.operations.iter().map(|operation| operation.covers(route)).max().unwrap_or(Cover::All)
    }

    /// Whether it is for each path of a route, if not for all of its methods, hosts and ports.
    pub(super) fn covers_path(&self, route: &Route) -> bool {
        self.operations.iter().any(|operation| operation.covers_path(route) == Cover::All)
    }
}

impl Operation {
    fn read(node: Node<'_>) -> Self {
        let texts = |key: &str| node.list(key).into_iter().filter_map(Node::text).collect::<Vec<&str>>();
        let paths = |key: &str| texts(key).into_iter().map(PathPattern::istio_policy).collect();
        let names = |key: &str| texts(key).into_iter().map(str::to_ascii_uppercase).collect();
        let guards = node.list("paths").into_iter().take(MOST_GUARDS).filter_map(|path| {
            Some(PathGuard { pattern: PathPattern::istio_policy(path.text()?), place: path.place() })
        });
        let hosts = texts("hosts").into_iter().map(|host| {
            let bare = host.rsplit_once(':').map_or(host, |(bare, _)| bare);
            HostPattern::wildcard(bare, Depth::Many)
        });
        Self {
            paths: paths("paths"),
            guards: guards.collect(),
            not_paths: paths("notPaths"),
            methods: names("methods"),
            not_methods: names("notMethods"),
            hosts: hosts.collect(),
            narrowed: ["ports", "notPorts", "notHosts"].iter().any(|key| node.get(key).is_some()),
        }
    }

    /// Whether it looks at the path alone.
    fn is_by_path(&self) -> bool {
        !self.paths.is_empty()
            && self.not_paths.is_empty()
            && self.methods.is_empty()
            && self.not_methods.is_empty()
            && self.hosts.is_empty()
            && !self.narrowed
    }

    /// How much of the paths of a route it is for.
    fn covers_path(&self, route: &Route) -> Cover {
        let any = PathPattern::any();
        let all = || route.paths.iter().map(|path| &path.pattern);
        let path = all().next().unwrap_or(&any);
        let covers = |pattern: &PathPattern| pattern.covers(path) == Some(true);
        let meets = |pattern: &PathPattern| pattern.overlaps(path).is_some() || pattern.is_opaque() || path.is_opaque();
        // What is left out of a rule that covers the rest is an exception.
        if self.not_paths.iter().any(covers) {
            Cover::None
        } else if self.paths.is_empty() || self.paths.iter().any(covers) {
            Cover::All
        } else if self.paths.iter().any(meets) {
            Cover::Part
        } else {
            Cover::None
        }
    }

    fn covers(&self, route: &Route) -> Cover {
        let mut cover = self.covers_path(route);
        if cover == Cover::None {
            return Cover::None;
        }
        if !self.methods.is_empty() || !self.not_methods.is_empty() {
            let named = |method: &str| {
                (self.methods.is_empty() || self.methods.iter().any(|own| own == method || own == "*"))
                    && !self.not_methods.iter().any(|own| own == method)
            };
            match route.methods.known() {
                Some(Methods::Only(methods)) => {
                    let count = methods.iter().filter(|(method, _)| named(method)).count();
                    if count == 0 {
                        return Cover::None;
                    }
                    cover = if count < methods.len() { cover.min(Cover::Part) } else { cover };
                }
                _ if self.methods.iter().any(|method| method == "*") => {}
                _ => cover = cover.min(Cover::Part),
            }
        }
        if !self.hosts.is_empty() {
            let covered = |host: &HostPattern| self.hosts.iter().any(|own| own.covers(host) == Some(true));
            let everywhere = HostPattern::Any;
            let hosts = if route.hosts.is_empty() { std::slice::from_ref(&everywhere) } else { &route.hosts };
            if !hosts.iter().all(covered) {
                let meets = hosts.iter().any(|host| self.hosts.iter().any(|own| own.overlaps(host).is_some()));
                if !meets {
                    return Cover::None;
                }
                cover = cover.min(Cover::Part);
            }
        }
        if self.narrowed { cover.min(Cover::Part) } else { cover }
    }
}

/// Labels that a policy selects a workload by; nothing: the whole namespace.
pub(super) fn selector<'s>(spec: Option<Node<'s>>) -> Vec<(&'s str, &'s str)> {
    let labels = spec.and_then(|spec| spec.path(&["selector", "matchLabels"])).into_iter().flat_map(Node::children);
    labels.filter_map(|label| Some((label.key()?, label.text()?))).collect()
}

/// Names of services that a policy is attached to by reference.
pub(super) fn targets<'s>(spec: Option<Node<'s>>) -> Vec<(&'s str, &'s str)> {
    let Some(spec) = spec else { return Vec::new() };
    let listed = spec.list("targetRefs").into_iter().chain(spec.get("targetRef"));
    listed.filter_map(|target| Some((target.str("kind")?, target.str("name")?))).collect()
}

/// Labels of the pods behind a service, as far as the service tells: what it selects.
pub(super) fn labels_of<'s>(
    world: World<'s>,
    namespace: &str,
    name: &str,
    near: crate::span::FileId,
) -> Vec<(&'s str, &'s str)> {
    let input = world.input;
    let service = input.objects.find(input.sources, super::super::kubernetes::SERVICE, namespace, name, near);
    let selector = service.and_then(|service| service.node(input.sources).path(&["spec", "selector"]));
    selector.into_iter().flat_map(Node::children).filter_map(|label| Some((label.key()?, label.text()?))).collect()
}

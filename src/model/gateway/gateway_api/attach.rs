//! Which policy is in force for a route: policies attach to a Gateway, one of its listeners, a route or one of its
//! rules, and the nearest one replaces those farther out unless it asks to be merged.
//!
//! Source: <https://gateway.envoyproxy.io/docs/concepts/gateway_api_extensions/security-policy/>, "Policy Precedence".

use std::collections::{HashMap, HashSet};

use super::super::adapters::Input;
use super::super::cursor::{Node, has_template};
use super::super::kubernetes::selects;
use super::super::objects::Object;
use super::super::{Gateway, Idle, IdlePolicy, PolicyConcern, Scope};
use super::{ENVOY, ROUTES, STANDARD};
use crate::span::{At, FileId};

/// Selectors are compared with every object of a kind; more than these are not looked at.
const MOST_SELECTORS: usize = 32;

/// What a policy attaches to: an object, and the name of a listener or rule in it; empty: the whole.
type Target = (At, String);

/// The policies of one kind, by what they attach to.
pub(super) struct Attached<'s> {
    by_target: HashMap<Target, Vec<&'s Object>>,
    /// Whether any is in view.
    pub(super) any: bool,
}

/// A policy in force, with where it attaches and what it replaced.
#[derive(Clone, Copy)]
pub(super) struct InForce<'s> {
    pub(super) object: &'s Object,
    pub(super) scope: Scope,
}

/// The policies in force for a rule of a route that arrives at one listener.
#[derive(Default)]
pub(super) struct Chain<'s> {
    /// Those in force, the nearest first: several only where they are merged.
    pub(super) in_force: Vec<InForce<'s>>,
    /// The one of the Gateway or listener that a nearer one replaces.
    pub(super) replaced: Option<InForce<'s>>,
}

impl<'s> Attached<'s> {
    /// The policies of a kind in the files of the gateway.
    pub(super) fn read(input: Input<'s>, files: &HashSet<FileId>, kind: &str, gateway: &mut Gateway) -> Self {
        let mut attached = Self { by_target: HashMap::new(), any: false };
        let mut selectors = 0;
        for &file in input.files {
            for object in input.objects.in_file(file).filter(|object| object.group == ENVOY && object.kind == kind) {
                attached.any = true;
                let Some(spec) = object.node(input.sources).get("spec") else { continue };
                for target in spec.list("targetRef").into_iter().chain(spec.list("targetRefs")) {
                    match resolve(input, object, target) {
                        Some(at) => {
                            let section = target.str("sectionName").unwrap_or_default().to_owned();
                            attached.by_target.entry((at, section)).or_default().push(object);
                        }
                        None => note_idle(input, object, target, spec, gateway),
                    }
                }
                for selector in spec.list("targetSelectors") {
                    selectors += 1;
                    if selectors <= MOST_SELECTORS {
                        attached.select(input, files, object, selector);
                    }
                }
            }
        }
        attached
    }

    fn select(&mut self, input: Input<'s>, files: &HashSet<FileId>, policy: &'s Object, selector: Node<'s>) {
        let kind = selector.str("kind").unwrap_or_default();
        for object in input.objects.of(STANDARD, kind).filter(|object| object.namespace() == policy.namespace()) {
            let labels = object.node(input.sources).path(&["metadata", "labels"]);
            if files.contains(&object.at.file) && selects(selector, labels) == Some(true) {
                self.by_target.entry((object.at, String::new())).or_default().push(policy);
            }
        }
    }

    fn on(&self, at: At, section: &str, scope: Scope) -> Option<InForce<'s>> {
        // Of several at one level the oldest counts; files have no age, and the first is as good as any.
        let object = *self.by_target.get(&(at, section.to_owned()))?.first()?;
        Some(InForce { object, scope })
    }

    /// The policy of a Gateway and one of its listeners.
    pub(super) fn of_listener(&self, gateway: At, listener: &str) -> Option<InForce<'s>> {
        let named = Some(listener).filter(|name| !name.is_empty());
        let of_listener = named.and_then(|name| self.on(gateway, name, Scope::Listener));
        of_listener.or_else(|| self.on(gateway, "", Scope::Global))
    }

    /// The policies for a rule of a route that arrives at a listener.
    pub(super) fn chain(
        &self,
        input: Input<'_>,
        route: At,
        rule: Option<&str>,
        outer: Option<(At, &str)>,
    ) -> Chain<'s> {
        let of_rule = rule.and_then(|rule| self.on(route, rule, Scope::Rule));
        let outer = outer.and_then(|(gateway, listener)| self.of_listener(gateway, listener));
        let Some(inner) = of_rule.or_else(|| self.on(route, "", Scope::Route)) else {
            return Chain { in_force: outer.into_iter().collect(), replaced: None };
        };
        let spec = inner.object.node(input.sources).get("spec");
        if spec.is_some_and(|spec| spec.get("mergeType").is_some()) {
            Chain { in_force: std::iter::once(inner).chain(outer).collect(), replaced: None }
        } else {
            Chain { in_force: vec![inner], replaced: outer }
        }
    }
}

/// The object that a target names: in the namespace of the policy, and nearest to it.
fn resolve(input: Input<'_>, policy: &Object, target: Node<'_>) -> Option<At> {
    let group = target.str("group").unwrap_or(STANDARD);
    let (kind, name) = (target.str("kind")?, target.str("name")?);
    let object = input.objects.find(input.sources, (group, kind), policy.namespace(), name, policy.at.file)?;
    Some(object.at)
}

/// Notes a policy for something that is not there, where such things are in view.
fn note_idle(input: Input<'_>, policy: &Object, target: Node<'_>, spec: Node<'_>, gateway: &mut Gateway) {
    let (Some(kind), Some(name)) = (target.str("kind"), target.get("name")) else { return };
    let is_known = kind == "Gateway" || ROUTES.contains(&kind);
    let around = input.objects.any_around(input.sources, (STANDARD, kind), policy.namespace(), policy.at.file);
    if !is_known || !around || name.text().is_none_or(has_template) {
        return;
    }
    let has = |keys: &[&str]| keys.iter().any(|key| spec.get(key).is_some());
    let concern = match policy.kind.as_str() {
        "SecurityPolicy" if has(&super::security::AUTHENTICATES) => PolicyConcern::Authentication,
        "SecurityPolicy" if has(&["authorization"]) => PolicyConcern::Authorization,
        "BackendTrafficPolicy" if has(&["rateLimit"]) => PolicyConcern::Limits,
        _ => return,
    };
    gateway.idle.push(IdlePolicy {
        name: format!("{} {}", policy.kind, policy.name),
        concern,
        reason: Idle::Unattached,
        place: name.place(),
        replaced: false,
        routes: Vec::new(),
    });
}

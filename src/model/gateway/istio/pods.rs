//! Labels of the pods in view, by which gateways and policies of Istio select them.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::{Node, Object, has_template};
use super::{ROOT, World};

/// Labels and their values.
pub(super) type Labels<'s> = Vec<(&'s str, &'s str)>;

/// Labels of pods in view.
pub(super) struct Pods<'s> {
    /// By namespace: label and value.
    labels: HashMap<&'s str, HashSet<(&'s str, &'s str)>>,
    namespaces: HashMap<(&'s str, &'s str), BTreeSet<&'s str>>,
}

impl<'s> Pods<'s> {
    pub(super) fn read(world: World<'s>) -> Self {
        let mut pods = Self { labels: HashMap::new(), namespaces: HashMap::new() };
        for kind in ["Deployment", "StatefulSet", "DaemonSet"] {
            for (object, _, spec) in world.of("apps", kind) {
                let labels = spec.and_then(|spec| spec.path(&["template", "metadata", "labels"]));
                let labels = labels.into_iter().flat_map(Node::children);
                for label in labels.filter_map(|label| Some((label.key()?, label.text()?))) {
                    pods.labels.entry(object.namespace()).or_default().insert(label);
                    pods.namespaces.entry(label).or_default().insert(object.namespace());
                }
            }
        }
        pods
    }

    /// Namespaces in which a workload with a label of a gateway stands.
    pub(super) fn namespaces_of(&self, selector: &Labels<'s>) -> impl Iterator<Item = &'s str> {
        let own = selector.iter().filter(|(key, _)| *key == "istio" || *key == "app");
        let found: BTreeSet<&str> = own.filter_map(|label| self.namespaces.get(label)).flatten().copied().collect();
        found.into_iter().filter(|namespace| *namespace != ROOT).take(4)
    }

    /// Whether workloads of a namespace stand beside a policy, and none has the labels that it selects.
    pub(super) fn surely_lack(&self, world: World<'s>, object: &Object, labels: &Labels<'_>) -> bool {
        let input = world.input;
        let near = ["Deployment", "StatefulSet", "DaemonSet"]
            .iter()
            .any(|kind| input.objects.any_around(input.sources, ("apps", kind), object.namespace(), object.at.file));
        let templated = labels.iter().any(|(key, value)| has_template(key) || has_template(value));
        near && !templated
            && object.namespace() != ROOT
            && !labels.is_empty()
            && !self
                .labels
                .get(object.namespace())
                .is_some_and(|there| labels.iter().all(|label| there.contains(label)))
    }
}

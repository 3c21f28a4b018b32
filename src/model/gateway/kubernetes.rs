//! What formats read from objects of Kubernetes alike: services and what is behind them, labels and selectors,
//! connected groups of files. Knows no kind of a gateway.

use std::collections::{HashMap, HashSet};

use super::adapters::Input;
use super::cursor::{Node, has_template};
use super::{Consequence, DanglingName, Gateway, Protocol, Stated, Upstream};
use crate::span::{FileId, Place};

/// What says of an object which containers run: its pods, where it makes some, or itself.
pub fn pod(object: Node<'_>) -> Option<Node<'_>> {
    object.path(&["spec", "template", "spec"]).or_else(|| object.get("spec"))
}

/// A service as the target of a route.
#[derive(Clone, Copy, Debug)]
pub struct ServiceRef<'s> {
    /// The namespace it is looked up in.
    pub namespace: &'s str,
    /// The value that names it.
    pub name: Node<'s>,
    /// Its port, by number or name.
    pub port: Option<&'s str>,
}

impl ServiceRef<'_> {
    /// The upstream that it is: the pods of the cluster, or what an `ExternalName` service stands for.
    ///
    /// Source: <https://kubernetes.io/docs/concepts/services-networking/service/#externalname>.
    pub fn upstream(&self, input: Input<'_>, protocol: Stated<Protocol>) -> Upstream {
        let name = self.name.text().unwrap_or_default();
        let shown = self.port.map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        let mut upstream = Upstream::new(shown, self.name.place());
        upstream.protocol = protocol;
        match external_name(input, self.namespace, name, self.name.file()) {
            Some(host) => upstream.hosts = vec![host.to_owned()],
            None => {
                upstream.hosts = vec![name.to_owned()];
                upstream.in_cluster = true;
            }
        }
        upstream
    }

    /// Notes whether it is in view.
    pub fn note(&self, input: Input<'_>, references: &mut References) {
        let name = self.name.text().unwrap_or_default();
        if input.objects.find(input.sources, SERVICE, self.namespace, name, self.name.file()).is_some() {
            references.found("service", self.namespace, name);
        } else if self.is_missing(input) {
            references.missing(input, "service", SERVICE, self.namespace, self.name);
        }
    }

    /// Whether nothing in view defines it, where services of its namespace stand in the folder of the file that
    /// names it, or above. What a cluster brings along is in no file.
    fn is_missing(&self, input: Input<'_>) -> bool {
        let name = self.name.text().unwrap_or_default();
        let near = self.name.file();
        !name.is_empty()
            && !has_template(name)
            && !has_template(self.namespace)
            && self.namespace != "kube-system"
            && (self.namespace, name) != ("default", "kubernetes")
            && input.objects.find(input.sources, SERVICE, self.namespace, name, near).is_none()
            && input.objects.any_around(input.sources, SERVICE, self.namespace, near)
    }
}

/// Names that objects of a gateway refer to, and whether they were found. A name is said to be missing only where
/// objects of its kind and namespace stand in the same file, or where at least as many others are found: else the
/// objects are kept somewhere else.
#[derive(Debug, Default)]
pub struct References {
    found: HashMap<(&'static str, String), HashSet<String>>,
    missing: Vec<(DanglingName, String)>,
    beside: HashMap<(FileId, &'static str, String), bool>,
}

impl References {
    /// Notes that a name was found.
    pub fn found(&mut self, what: &'static str, namespace: &str, name: &str) {
        self.found.entry((what, namespace.to_owned())).or_default().insert(name.to_owned());
    }

    /// Notes that a name was not found. `kind`: group and kind of what it should name.
    pub fn missing(
        &mut self,
        input: Input<'_>,
        what: &'static str,
        kind: (&str, &str),
        namespace: &str,
        name: Node<'_>,
    ) {
        let file = name.file();
        self.beside.entry((file, what, namespace.to_owned())).or_insert_with(|| {
            let mut beside = input.objects.in_file(file);
            beside.any(|it| (it.group.as_str(), it.kind.as_str()) == kind && it.namespace() == namespace)
        });
        let dangling = DanglingName {
            name: name.text().unwrap_or_default().to_owned(),
            what: what.to_owned(),
            place: name.place(),
            consequence: Consequence::Dead,
        };
        self.missing.push((dangling, namespace.to_owned()));
    }

    /// Notes the names that are missing for sure.
    pub fn finish(self, gateway: &mut Gateway) {
        let mut lacking: HashMap<(&str, &str), HashSet<&str>> = HashMap::new();
        for (dangling, namespace) in &self.missing {
            lacking.entry((&dangling.what, namespace)).or_default().insert(&dangling.name);
        }
        let found: HashMap<(&str, &str), usize> =
            self.found.iter().map(|((what, namespace), names)| ((*what, namespace.as_str()), names.len())).collect();
        let beside: HashSet<(FileId, &str, &str)> = self
            .beside
            .iter()
            .filter(|(_, is_beside)| **is_beside)
            .map(|((file, what, namespace), _)| (*file, *what, namespace.as_str()))
            .collect();
        for (dangling, namespace) in &self.missing {
            let key = (dangling.what.as_str(), namespace.as_str());
            let most = found.get(&key).copied().unwrap_or(0) >= lacking.get(&key).map_or(0, HashSet::len);
            if most || beside.contains(&(dangling.place.at.file, key.0, key.1)) {
                gateway.dangling.push(dangling.clone());
            }
        }
    }
}

/// Group and kind of a service.
pub const SERVICE: (&str, &str) = ("", "Service");

/// The host that an `ExternalName` service stands for.
pub fn external_name<'s>(input: Input<'s>, namespace: &str, name: &str, near: FileId) -> Option<&'s str> {
    let service = input.objects.find(input.sources, SERVICE, namespace, name, near)?.node(input.sources);
    let spec = service.get("spec")?;
    (spec.str("type") == Some("ExternalName")).then(|| spec.str("externalName"))?
}

/// Whether labels meet a selector (`matchLabels`, `matchExpressions`); none if a template leaves that open.
///
/// Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>.
pub fn selects(selector: Node<'_>, labels: Option<Node<'_>>) -> Option<bool> {
    if selector.is_template() || labels.is_some_and(Node::is_template) {
        return None;
    }
    let label = |key: &str| labels.and_then(|labels| labels.str(key));
    let mut wanted = selector.get("matchLabels").into_iter().flat_map(Node::children);
    let equal = wanted.all(|want| want.key().and_then(label).is_some_and(|value| Some(value) == want.text()));
    let expressions = selector.list("matchExpressions").into_iter().all(|expression| {
        let value = expression.str("key").and_then(label);
        let listed = || value.is_some_and(|value| expression.list("values").iter().any(|it| it.text() == Some(value)));
        match expression.str("operator") {
            Some("In") => listed(),
            Some("NotIn") => !listed(),
            Some("Exists") => value.is_some(),
            Some("DoesNotExist") => value.is_none(),
            _ => false,
        }
    });
    Some(equal && expressions)
}

/// Where an object without a certain part is named: its name, else its first key.
pub fn named(object: Node<'_>) -> Place {
    let name = object.path(&["metadata", "name"]).or_else(|| object.path(&["metadata", "generateName"]));
    name.map_or_else(|| object.children().next().map_or(object.place(), Node::key_place), Node::place)
}

/// Files in groups: those that are joined, by whatever path, are in one. Groups that define the same thing are not
/// joined: they are variants of each other.
#[derive(Debug)]
pub struct Groups {
    parents: Vec<usize>,
    defined: Vec<HashSet<String>>,
    by_file: HashMap<FileId, usize>,
    files: Vec<FileId>,
}

impl Groups {
    /// Each file by itself, with what it defines.
    pub fn new(files: Vec<FileId>, defines: impl Fn(FileId) -> HashSet<String>) -> Self {
        let by_file = files.iter().enumerate().map(|(index, &file)| (file, index)).collect();
        let defined = files.iter().map(|&file| defines(file)).collect();
        Self { parents: (0..files.len()).collect(), defined, by_file, files }
    }

    fn root(&mut self, mut index: usize) -> usize {
        while self.parents[index] != index {
            self.parents[index] = self.parents[self.parents[index]];
            index = self.parents[index];
        }
        index
    }

    /// Puts two files into one group, unless their groups define the same. Files that are not among those to group
    /// are left out.
    pub fn join(&mut self, one: FileId, other: FileId) {
        let (Some(&one), Some(&other)) = (self.by_file.get(&one), self.by_file.get(&other)) else { return };
        let (one, other) = (self.root(one), self.root(other));
        if one == other {
            return;
        }
        let (few, many) = if self.defined[one].len() < self.defined[other].len() { (one, other) } else { (other, one) };
        if self.defined[few].iter().any(|thing| self.defined[many].contains(thing)) {
            return;
        }
        let moved = std::mem::take(&mut self.defined[few]);
        self.defined[many].extend(moved);
        self.parents[few] = many;
    }

    /// Puts files into one group, unless any two of them define the same.
    pub fn join_all(&mut self, files: &[FileId]) {
        let mut seen = HashSet::new();
        let own = files.iter().filter_map(|file| self.by_file.get(file)).flat_map(|&index| &self.defined[index]);
        if own.into_iter().all(|thing| seen.insert(thing.clone())) {
            files.windows(2).for_each(|pair| self.join(pair[0], pair[1]));
        }
    }

    /// The groups, in the order of their first files.
    pub fn into_groups(mut self) -> Vec<Vec<FileId>> {
        let mut groups: Vec<Vec<FileId>> = Vec::new();
        let mut numbers: HashMap<usize, usize> = HashMap::new();
        for index in 0..self.files.len() {
            let root = self.root(index);
            let number = *numbers.entry(root).or_insert(groups.len());
            if number == groups.len() {
                groups.push(Vec::new());
            }
            groups[number].push(self.files[index]);
        }
        groups
    }
}

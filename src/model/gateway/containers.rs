//! Who starts containers: services of compose files and workloads of Kubernetes. Knows images, ports and mounts, not
//! what runs in them.

use std::collections::{HashMap, HashSet};

use super::cursor::Node;
use super::kubernetes::pod;
use crate::source::{SourceMap, join, upwards};
use crate::span::{FileId, Place};

/// So many files of a gateway are looked at for who runs it.
const MOST_FILES: usize = 64;

/// So many containers of a folder, and services with the same label, are compared with others.
const MOST_COMPARED: usize = 256;

/// A container that is started.
#[derive(Clone, Debug)]
pub struct Container {
    /// The name of its image, without registry and tag.
    image: String,
    /// The image.
    pub place: Place,
    /// Ports that clients outside can reach; none: that is not known.
    published: Option<HashSet<u16>>,
    /// Files and folders of the project that it sees.
    mounts: Vec<String>,
}

impl Container {
    /// Whether it is certain that clients outside do not reach a port of it directly.
    pub fn hides(&self, port: u16) -> bool {
        self.published.as_ref().is_some_and(|published| !published.contains(&port))
    }

    fn sees(&self, path: &str) -> bool {
        self.mounts.iter().any(|mount| {
            mount.is_empty() || path.strip_prefix(mount.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('/'))
        })
    }
}

/// The containers of a run, by the folders in which they are started.
#[derive(Debug, Default)]
pub struct Containers {
    by_folder: HashMap<String, Vec<Container>>,
}

impl Containers {
    /// Reads the containers of `files`.
    pub(super) fn read(sources: &SourceMap, files: &[FileId]) -> Self {
        let mut containers = Self::default();
        let mut open = Open::default();
        files.iter().flat_map(|&file| Node::roots(sources, file)).for_each(|root| open.note(root));
        for &file in files {
            let folder = sources.folder(file);
            let found = Node::roots(sources, file).flat_map(|root| of_root(root, folder, &open));
            let found: Vec<Container> = found.collect();
            if !found.is_empty() {
                containers.by_folder.entry(folder.to_owned()).or_default().extend(found);
            }
        }
        containers
    }

    /// The container of one of these images that runs what `files` say: one that is started in their folder and has
    /// no files of the project, or one that sees them.
    pub(super) fn running(&self, sources: &SourceMap, files: &[FileId], images: &[&str]) -> Option<&Container> {
        if self.by_folder.is_empty() || images.is_empty() {
            return None;
        }
        files.iter().take(MOST_FILES).find_map(|&file| {
            let path = &sources.file(file).path;
            upwards(sources.folder(file)).enumerate().find_map(|(above, folder)| {
                let mut containers = self.by_folder.get(folder).into_iter().flatten().take(MOST_COMPARED);
                containers.find(|container| {
                    let is_beside = above == 0 && container.mounts.is_empty() || container.place.at.file == file;
                    images.contains(&container.image.as_str()) && (is_beside || container.sees(path))
                })
            })
        })
    }
}

/// Services of Kubernetes that clients outside the cluster reach: selectors, by namespace and first label.
#[derive(Debug, Default)]
struct Open<'s> {
    selectors: HashMap<(&'s str, &'s str, &'s str), Vec<Node<'s>>>,
}

impl<'s> Open<'s> {
    fn note(&mut self, root: Node<'s>) {
        let spec = root.get("spec").filter(|_| root.str("kind") == Some("Service"));
        let Some(spec) = spec.filter(|spec| matches!(spec.str("type"), Some("NodePort" | "LoadBalancer"))) else {
            return;
        };
        let Some(selector) = spec.get("selector") else { return };
        if let Some((key, value)) = selector.children().next().and_then(|first| Some((first.key()?, first.text()?))) {
            let alike = self.selectors.entry((namespace(root), key, value)).or_default();
            if alike.len() < MOST_COMPARED {
                alike.push(selector);
            }
        }
    }

    /// Whether one of them leads to the pods of a workload.
    fn leads_to(&self, workload: Node<'s>) -> bool {
        let labels = workload.path(&["spec", "template", "metadata", "labels"]);
        let labels: HashMap<&str, &str> = labels
            .or_else(|| workload.path(&["metadata", "labels"]))
            .into_iter()
            .flat_map(Node::children)
            .filter_map(|label| Some((label.key()?, label.text()?)))
            .collect();
        let has = |wanted: Node<'_>| wanted.key().is_some_and(|key| labels.get(key).copied() == wanted.text());
        let mut found =
            labels.iter().filter_map(|(key, value)| self.selectors.get(&(namespace(workload), *key, *value)));
        found.any(|alike| alike.len() >= MOST_COMPARED || alike.iter().any(|selector| selector.children().all(has)))
    }
}

fn namespace(object: Node<'_>) -> &str {
    object.path(&["metadata", "namespace"]).and_then(Node::text).unwrap_or_default()
}

fn of_root<'s>(root: Node<'s>, folder: &str, open: &Open<'s>) -> Vec<Container> {
    if root.get("apiVersion").is_some() && root.get("kind").is_some() {
        let pod = pod(root);
        let on_host = pod.is_some_and(|pod| pod.is_true("hostNetwork")) || open.leads_to(root);
        let containers = pod.map(|pod| pod.list("containers")).unwrap_or_default().into_iter();
        return containers
            .filter_map(|container| {
                let has_port = |port: &Node<'_>| port.get("hostPort").is_some();
                let hidden = !on_host && !container.list("ports").iter().any(has_port);
                // Other pods are reached from within the cluster.
                started(container, hidden.then(HashSet::new), Vec::new())
            })
            .collect();
    }
    let services = root.get("services").filter(|services| services.is_map());
    let services = services.into_iter().flat_map(Node::children);
    services
        .filter_map(|service| {
            let volumes = service.list("volumes").into_iter().filter_map(mount);
            let sources = volumes.map(|(from, ..)| from).filter(|from| from.starts_with('.'));
            started(service, published(service), sources.filter_map(|from| join(folder, from)).collect())
        })
        .collect()
}

fn started(container: Node<'_>, published: Option<HashSet<u16>>, mounts: Vec<String>) -> Option<Container> {
    let image = container.get("image")?;
    let name = image.text()?.rsplit('/').next()?.split(['@', ':']).next()?;
    Some(Container { image: name.to_owned(), place: image.place(), published, mounts })
}

/// The ports in the container that a service of a compose file publishes to others than the host itself; none if that
/// cannot be told, or if the container shares the network of its host.
pub fn published(service: Node<'_>) -> Option<HashSet<u16>> {
    let mut ports = HashSet::new();
    for entry in service.list("ports") {
        let (target, here) = if entry.is_map() {
            let here = entry.str("host_ip").is_some_and(|ip| ip.starts_with("127.") || ip == "::1");
            (entry.str("target")?, here)
        } else {
            let text = entry.text()?;
            let text = text.split('/').next().unwrap_or(text);
            let here = text.starts_with("127.") || text.starts_with("localhost:") || text.starts_with("[::1]");
            (text.rsplit(':').next()?, here)
        };
        let port = target.parse().ok()?;
        if !here {
            ports.insert(port);
        }
    }
    (service.str("network_mode") != Some("host")).then_some(ports)
}

/// What a volume of a compose file mounts where, and whether it can be written to.
pub fn mount(volume: Node<'_>) -> Option<(&str, &str, bool)> {
    if volume.is_map() {
        return Some((volume.str("source")?, volume.str("target")?, !volume.is_true("read_only")));
    }
    let mut parts = volume.text()?.split(':');
    let (from, to) = (parts.next()?, parts.next()?);
    let writable = !parts.next().is_some_and(|mode| mode.split(',').any(|mode| mode == "ro"));
    Some((from, to, writable))
}

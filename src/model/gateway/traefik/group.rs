//! Which files make up one Traefik: objects of Kubernetes meet in the cluster; a folder of files is one, unless two of
//! them define the same thing; static files and compose files bring in what they name.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::carriers::{Carriers, Shape, shape};
use super::conf::Conf;
use crate::model::gateway::Node;
use crate::source::{SourceMap, folder, join};
use crate::span::FileId;

/// Where Traefik looks for its static file.
const USUAL: [&str; 6] = [
    "/etc/traefik/traefik.yml",
    "/etc/traefik/traefik.yaml",
    "/etc/traefik/traefik.toml",
    "/traefik.yml",
    "/traefik.yaml",
    "/traefik.toml",
];

/// Groups files, which come in the order of their paths.
pub(super) fn group(sources: &SourceMap, files: Vec<FileId>) -> Vec<Vec<FileId>> {
    let mut objects = Vec::new();
    let mut folders: BTreeMap<&str, Vec<FileId>> = BTreeMap::new();
    let mut alone = Vec::new();
    for &file in &files {
        let shapes: Vec<Shape> = Node::roots(sources, file).map(shape).collect();
        if shapes.contains(&Shape::Object) || shapes.is_empty() {
            objects.push(file);
        } else if shapes.contains(&Shape::Settings) {
            folders.entry(sources.folder(file)).or_default().push(file);
        } else {
            alone.push(file);
        }
    }
    let mut sets = Sets::default();
    for files in folders.values() {
        let mut seen = HashSet::new();
        let alike = files.iter().any(|&file| defines(sources, file).into_iter().any(|thing| !seen.insert(thing)));
        if let (false, [first, rest @ ..]) = (alike, files.as_slice()) {
            rest.iter().for_each(|&file| sets.join(*first, file));
        }
    }
    let paths: BTreeMap<&str, FileId> = files.iter().map(|&file| (sources.file(file).path.as_str(), file)).collect();
    for &file in folders.values().flatten().chain(&alone) {
        for other in named(sources, file, &paths) {
            sets.join(file, other);
        }
    }
    let is_object: HashSet<FileId> = objects.iter().copied().collect();
    let mut groups: BTreeMap<FileId, Vec<FileId>> = BTreeMap::new();
    for file in files.iter().copied().filter(|file| !is_object.contains(file)) {
        groups.entry(sets.root(file)).or_default().push(file);
    }
    let mut groups: Vec<Vec<FileId>> = groups.into_values().collect();
    groups.push(objects);
    groups.sort_by(|a, b| {
        let path = |files: &Vec<FileId>| files.first().map(|&file| sources.file(file).path.as_str());
        path(a).cmp(&path(b))
    });
    groups
}

/// What a file defines, each once: two files with the same are two variants.
fn defines(sources: &SourceMap, file: FileId) -> HashSet<String> {
    let mut found = HashSet::new();
    for root in Node::roots(sources, file).map(Conf::Tree) {
        if root.get("entryPoints").is_some() || root.get("providers").is_some() {
            found.insert("static".to_owned());
        }
        for sort in ["routers", "middlewares", "services"] {
            for thing in root.path(&["http", sort]).map(Conf::children).unwrap_or_default() {
                found.insert(format!("{sort} {}", thing.name()));
            }
        }
        for options in root.path(&["tls", "options"]).map(Conf::children).unwrap_or_default() {
            found.insert(format!("options {}", options.name()));
        }
    }
    found
}

/// The files that a static file, or a compose file that starts Traefik, names.
fn named(sources: &SourceMap, file: FileId, paths: &BTreeMap<&str, FileId>) -> Vec<FileId> {
    let carriers = Carriers::naming(Node::roots(sources, file));
    let mut wanted: Vec<String> = carriers.files.iter().flat_map(|root| by_provider(Conf::Tree(*root))).collect();
    let mut mounts: Vec<(String, String)> = Vec::new();
    for launch in carriers.launches {
        wanted.extend(by_provider(launch.settings.root()));
        wanted.extend(launch.settings.root().str("configFile").map(str::to_owned));
        wanted.extend(USUAL.map(str::to_owned));
        mounts.extend(launch.mounts);
    }
    let here = folder(&sources.file(file).path);
    let mut found = files(&wanted, &mounts, here, paths);
    if !mounts.is_empty() {
        // What a static file that is mounted names is mounted beside it.
        let roots = found.iter().flat_map(|&file| Node::roots(sources, file));
        let more: Vec<String> = roots.flat_map(|root| by_provider(Conf::Tree(root))).collect();
        found.extend(files(&more, &mounts, here, paths));
    }
    found.retain(|&other| other != file);
    found
}

/// The file and the folder that the file provider reads.
fn by_provider(root: Conf<'_>) -> Vec<String> {
    let provider = root.path(&["providers", "file"]);
    let names = provider.into_iter().flat_map(|file| [file.str("filename"), file.str("directory")]);
    names.flatten().map(str::to_owned).collect()
}

/// The files of these names, or below them: where the container has them from, or beside the file that names them.
fn files(names: &[String], mounts: &[(String, String)], here: &str, paths: &BTreeMap<&str, FileId>) -> Vec<FileId> {
    let candidates = names.iter().flat_map(|name| {
        let mut candidates: Vec<Option<String>> = Vec::new();
        for (from, to) in mounts {
            let to = to.trim_end_matches('/');
            if let Some(rest) = name.strip_prefix(to).filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                candidates.push(join(here, &format!("{}{rest}", from.trim_end_matches('/'))));
            }
        }
        // Without mounts: the same name beside the file.
        if mounts.is_empty() {
            candidates.push(join(here, name.trim_start_matches('/')));
            let last = name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            candidates.push(join(here, last));
        }
        candidates
    });
    let mut found = Vec::new();
    for candidate in candidates.flatten().filter(|candidate| !candidate.is_empty()) {
        if let Some(&other) = paths.get(candidate.as_str()) {
            found.push(other);
            continue;
        }
        let below = format!("{candidate}/");
        let inside = paths.range(below.as_str()..).take_while(|(path, _)| path.starts_with(&below));
        found.extend(inside.map(|(_, file)| *file));
    }
    found
}

/// Sets of files that are joined step by step.
#[derive(Default)]
struct Sets {
    parents: HashMap<FileId, FileId>,
}

impl Sets {
    fn root(&mut self, file: FileId) -> FileId {
        let mut root = file;
        while let Some(&parent) = self.parents.get(&root) {
            root = parent;
        }
        if root != file {
            self.parents.insert(file, root);
        }
        root
    }

    fn join(&mut self, a: FileId, b: FileId) {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            self.parents.insert(a.max(b), a.min(b));
        }
    }
}

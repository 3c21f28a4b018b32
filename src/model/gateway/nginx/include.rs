//! Which files of the run an `include` means, and which files make up one configuration. Paths of the machine that
//! nginx will run on are looked for in the project: below the folder of `nginx.conf`, and beside the file.

use std::collections::{BTreeMap, HashMap, HashSet};

use globset::GlobBuilder;

use super::super::Node;
use super::config::{Context, is_nginx};
use crate::source::{SourceMap, folder};
use crate::span::FileId;

/// What an `include` leads to.
#[derive(Clone)]
pub(super) enum Found {
    /// These files.
    Files(Vec<FileId>),
    /// A file that is known to hold nothing of interest here.
    Harmless,
    /// A file that holds settings of TLS.
    Tls,
    /// Files that hold servers.
    Servers,
    /// A path that is not filled in yet.
    Template,
    /// Nothing in view.
    Nothing,
}

/// Files that come with nginx or its packages and set no policy.
const HARMLESS: &[&str] = &[
    "fastcgi-php.conf",
    "fastcgi.conf",
    "fastcgi_params",
    "koi-utf",
    "koi-win",
    "mime.types",
    "perl_modules.conf",
    "proxy_params",
    "scgi_params",
    "uwsgi_params",
    "win-utf",
];

/// Files of certificate tools that set ciphers and versions.
const TLS: &[&str] = &["options-ssl-nginx.conf", "snakeoil.conf", "ssl-dhparams.conf", "ssl-params.conf", "ssl.conf"];

/// Folders whose files hold servers, or load modules.
const SERVERS: &[&str] = &["conf.d", "modules", "modules-enabled", "servers", "sites", "sites-enabled", "vhosts"];

/// Folders in which nginx keeps its configuration on the machine it runs on.
const HOMES: &[&str] = &[
    "/etc/nginx/",
    "/usr/local/etc/nginx/",
    "/usr/local/nginx/conf/",
    "/usr/local/openresty/nginx/conf/",
    "/opt/nginx/conf/",
    "/opt/bitnami/nginx/conf/",
    "/opt/homebrew/etc/nginx/",
];

/// The folder that relative paths begin at: that of the file with the block `http`.
pub(super) fn prefix(sources: &SourceMap, files: &[FileId]) -> String {
    let main = files.iter().find(|&&file| is_nginx(sources, file) && context(sources, file) == Context::Main);
    let file = main.or(files.first());
    file.map_or_else(String::new, |&file| sources.folder(file).to_owned())
}

/// On which level a file that no other includes stands, told from what it holds.
pub(super) fn context(sources: &SourceMap, file: FileId) -> Context {
    const MAIN: [&str; 5] = ["http", "events", "stream", "mail", "worker_processes"];
    const HTTP: [&str; 6] = ["server", "upstream", "map", "geo", "limit_req_zone", "proxy_cache_path"];
    let has = |names: &[&str]| {
        let mut roots = Node::roots(sources, file).filter(|root| root.is_map());
        roots.any(|root| names.iter().any(|name| root.entry_of(name).is_some()))
    };
    if has(&MAIN) {
        Context::Main
    } else if has(&HTTP) {
        Context::Http
    } else if has(&["location"]) {
        Context::Server
    } else {
        Context::Fragment
    }
}

/// The files that an `include` in `from` leads to, of `files`, which are all of nginx and in order.
pub(super) fn find(sources: &SourceMap, files: &[FileId], prefix: &str, from: FileId, path: &str) -> Found {
    if path.contains('$') || path.contains("{{") || path.contains("<%") {
        return Found::Template;
    }
    let found = resolve(sources, files, prefix, from, path);
    if !found.is_empty() {
        return Found::Files(found);
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let parent = folder(path).rsplit('/').next().unwrap_or_default();
    match name {
        _ if HARMLESS.contains(&name) => Found::Harmless,
        _ if TLS.contains(&name) => Found::Tls,
        _ if name.contains('*') && SERVERS.contains(&parent) => Found::Servers,
        _ => Found::Nothing,
    }
}

fn resolve(sources: &SourceMap, files: &[FileId], prefix: &str, from: FileId, path: &str) -> Vec<FileId> {
    let here = sources.folder(from);
    let relative = HOMES.iter().find_map(|home| path.strip_prefix(home)).unwrap_or(path);
    let relative = relative.trim_start_matches('/').trim_start_matches("./");
    let bases = [prefix, here, folder(here)];
    // An absolute path may begin anywhere in the project: longer ends come first.
    let mut ends = vec![relative];
    if path.starts_with('/') {
        let rest = relative.match_indices('/').map(|(at, _)| &relative[at + 1..]);
        ends.extend(rest);
    }
    for end in ends {
        for base in bases {
            let wanted = if base.is_empty() { end.to_owned() } else { format!("{base}/{end}") };
            let found = matching(sources, files, &normal(&wanted));
            if !found.is_empty() {
                return found;
            }
        }
    }
    Vec::new()
}

/// A path without `.` and `..`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

fn matching(sources: &SourceMap, files: &[FileId], path: &str) -> Vec<FileId> {
    if !path.contains(['*', '?', '[']) {
        let found = sources.find(path).filter(|file| files.binary_search(file).is_ok());
        return found.into_iter().collect();
    }
    let Ok(glob) = GlobBuilder::new(path).literal_separator(true).build() else { return Vec::new() };
    let matcher = glob.compile_matcher();
    let mut found: Vec<FileId> =
        files.iter().copied().filter(|&file| matcher.is_match(&sources.file(file).path)).collect();
    // nginx reads them in the order of their names.
    found.sort_by(|a, b| sources.file(*a).path.cmp(&sources.file(*b).path));
    found
}

/// The paths that a file includes, wherever that stands in it.
fn includes(sources: &SourceMap, file: FileId) -> Vec<&str> {
    let tree = sources.tree(file);
    let Some(key) = tree.sym("include") else { return Vec::new() };
    let nodes = tree.ids().filter(|&node| tree.key_sym(node) == Some(key));
    nodes.filter_map(|node| tree.str(tree.children(node).next()?)).collect()
}

/// The files of a unit that none of the others includes, in order; of a cycle the first.
pub(super) fn roots(sources: &SourceMap, files: &[FileId]) -> Vec<FileId> {
    let included: HashSet<FileId> = files.iter().flat_map(|&file| targets(sources, files, file)).collect();
    let is_root = |file: &FileId| !included.contains(file) || context(sources, *file) == Context::Main;
    let roots: Vec<FileId> = files.iter().copied().filter(is_root).collect();
    if roots.is_empty() { files.iter().copied().take(1).collect() } else { roots }
}

/// Groups files into configurations: a file with all that it includes; what is left by folder, unless
/// two files of a folder define the same thing.
pub(super) fn group(sources: &SourceMap, claimed: Vec<FileId>) -> Vec<Vec<FileId>> {
    // Files that are included need not look like a configuration by themselves.
    let all: Vec<FileId> = sources.files().map(|file| file.id).filter(|&file| is_nginx(sources, file)).collect();
    let edges: HashMap<FileId, Vec<FileId>> = all.iter().map(|&file| (file, targets(sources, &all, file))).collect();
    let included: HashSet<FileId> = edges.values().flatten().copied().collect();
    let claimed = claimed.into_iter().filter(|&file| is_nginx(sources, file));
    // Files that nothing includes lead; then, of those that only include each other, the first.
    let is_root = |file: &FileId| !included.contains(file) || context(sources, *file) == Context::Main;
    let (roots, others): (Vec<FileId>, Vec<FileId>) = claimed.partition(is_root);
    let mut taken: HashSet<FileId> = HashSet::new();
    let mut units: Vec<Vec<FileId>> = Vec::new();
    let mut folders: BTreeMap<&str, Vec<Vec<FileId>>> = BTreeMap::new();
    for (file, is_root) in roots.iter().map(|&file| (file, true)).chain(others.iter().map(|&file| (file, false))) {
        if !is_root && taken.contains(&file) {
            continue;
        }
        let files = reach(&edges, file);
        taken.extend(&files);
        if context(sources, file) == Context::Main {
            units.push(files);
        } else {
            folders.entry(sources.folder(file)).or_default().push(files);
        }
    }
    for groups in folders.into_values() {
        units.extend(of_folder(sources, groups));
    }
    for unit in &mut units {
        unit.sort_by(|a, b| sources.file(*a).path.cmp(&sources.file(*b).path));
        unit.dedup();
    }
    units.sort_by(|a, b| path_of(sources, a).cmp(path_of(sources, b)));
    units
}

/// The files that a file includes.
fn targets(sources: &SourceMap, all: &[FileId], file: FileId) -> Vec<FileId> {
    let prefix = prefix(sources, &[file]);
    let found = includes(sources, file).into_iter().map(|path| find(sources, all, &prefix, file, path));
    let files = found.filter_map(|found| if let Found::Files(files) = found { Some(files) } else { None }).flatten();
    files.filter(|&other| other != file).collect()
}

/// A file and all that it includes.
fn reach(edges: &HashMap<FileId, Vec<FileId>>, root: FileId) -> Vec<FileId> {
    let mut reached = vec![root];
    let mut seen = HashSet::from([root]);
    let mut at = 0;
    while let Some(file) = reached.get(at) {
        at += 1;
        let next = edges.get(file).into_iter().flatten().copied().filter(|&file| seen.insert(file));
        reached.extend(next.collect::<Vec<_>>());
    }
    reached
}

fn path_of<'s>(sources: &'s SourceMap, unit: &[FileId]) -> &'s str {
    unit.first().map_or("", |&file| &sources.file(file).path)
}

/// Files of one folder with what each includes: one unit, unless two define the same thing.
fn of_folder(sources: &SourceMap, groups: Vec<Vec<FileId>>) -> Vec<Vec<FileId>> {
    let is_shared = |files: &Vec<FileId>| files.first().is_some_and(|&file| context(sources, file) == Context::Http);
    let (shared, alone): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_shared);
    let mut seen = HashSet::new();
    let is_twice = shared.iter().filter_map(|files| files.first()).any(|&file| {
        let own: HashSet<String> = defines(sources, file).into_iter().collect();
        own.into_iter().any(|thing| !seen.insert(thing))
    });
    let mut units = alone;
    if is_twice {
        units.extend(shared);
    } else if !shared.is_empty() {
        units.push(shared.concat());
    }
    units
}

/// What a file defines: upstreams, and names on ports.
fn defines(sources: &SourceMap, file: FileId) -> Vec<String> {
    let mut all = Vec::new();
    for root in Node::roots(sources, file).filter(|root| root.is_map()) {
        for upstream in root.all("upstream") {
            let name = upstream.children().next().and_then(Node::text);
            all.extend(name.map(|name| format!("upstream {name}")));
        }
        for server in root.all("server") {
            let Some(block) = server.children().last() else { continue };
            let firsts = |key: &'static str| {
                let lists = block.all(key).flat_map(|line| line.children().filter_map(Node::text).collect::<Vec<_>>());
                lists.collect::<Vec<_>>()
            };
            let mut ports: Vec<&str> =
                block.all("listen").filter_map(|line| line.children().next().and_then(Node::text)).collect();
            if ports.is_empty() {
                ports.push("80");
            }
            let mut names = firsts("server_name");
            if names.is_empty() {
                names.push("_");
            }
            for name in &names {
                all.extend(ports.iter().map(|port| format!("server {name} {port}")));
            }
        }
    }
    all
}

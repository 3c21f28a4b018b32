//! Operations: where they live (E10), what class they are (E7), what protects
//! them in effect (E1), and what their paths and names say (E8).

use std::collections::{HashMap, HashSet};

use super::Api;
use super::grammar::{Object, Version};
use super::security::{Lost, Security, Stated};
use super::view::{K, View};
use super::walk::Walk;
use crate::model::names::Names;
use crate::model::{NameId, Why};
use crate::source::NodeKind;
use crate::span::{At, Place};
use crate::words;

/// How an operation takes part in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Clients call it.
    Incoming,
    /// A path item that nothing refers to: checked, but no incoming operation.
    Orphan,
    /// The server calls it: a webhook or callback.
    Outgoing,
}

/// E7, in the order of `fields::CLASSES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Safe.
    Read,
    /// Changes state.
    Write,
    /// OPTIONS and TRACE: no subject of rules on authentication.
    Other,
}

/// What protects an operation.
#[derive(Clone, Debug)]
pub enum InForce {
    /// Nobody says anything.
    Nothing,
    /// Its own `security`.
    Own(Stated),
    /// The root's `security`.
    Root(Stated),
    /// A key that should say it has no effect.
    Lost(At),
}

/// A path item and the name it is reached by.
#[derive(Debug)]
pub struct PathItem {
    /// Its object number.
    pub number: u32,
    /// The entry in `paths`, `webhooks`, a callback or `components.pathItems`.
    pub entry: At,
    /// How it takes part.
    pub role: Role,
    /// Its operations: indices.
    pub operations: Vec<u32>,
    /// Whether it stands under `paths`.
    pub is_path: bool,
    /// The first segment after `api` and versions, where that is static.
    pub first_segment: Option<NameId>,
}

/// An operation.
#[derive(Debug)]
pub struct Operation {
    /// Its object number.
    pub number: u32,
    /// Its entry in the path item: the method key.
    pub entry: At,
    /// Its definition.
    pub at: At,
    /// The method in upper case.
    pub method: String,
    /// Index of its path item.
    pub item: u32,
    /// `operationId`.
    pub operation_id: Option<NameId>,
    /// First word of `operationId`.
    pub operation_verb: Option<NameId>,
    /// First word of the last path segment, where that is static and no plural.
    pub path_verb: Option<NameId>,
    /// The static segments of its path.
    pub static_segments: Vec<NameId>,
    /// Its path without parameters, as one name.
    pub path_words: NameId,
    /// First two words of `operationId`.
    pub operation_start: Option<NameId>,
    /// E7.
    pub class: Class,
    /// E1.
    pub in_force: InForce,
    /// E8: bits of `fields::AUTH_GROUPS`.
    pub auth_groups: u32,
    /// E8.
    pub public_by_nature: bool,
    /// The segment of its path, base path included, that makes it an admin path.
    pub admin: Option<NameId>,
    /// `x-public: true`.
    pub marked_public: bool,
    /// Parameters in force: indices.
    pub parameters: Vec<u32>,
}

impl Operation {
    /// E1; `None` where a lost key leaves it unknown.
    pub fn security(&self) -> Option<Security> {
        match &self.in_force {
            InForce::Nothing => Some(Security::Undefined),
            InForce::Own(stated) | InForce::Root(stated) => stated.says,
            InForce::Lost(_) => None,
        }
    }

    /// Why it is not known what protects it, where [`Operation::security`] cannot tell: the key without effect.
    pub fn unknown_security(&self) -> (Why, Option<Place>) {
        let key = match self.in_force {
            InForce::Lost(key) => Some(key),
            InForce::Nothing | InForce::Own(_) | InForce::Root(_) => None,
        };
        (Why::LostSecurity, key.map(Place::key))
    }

    /// The alternatives in force: range of indices of requirement objects.
    pub fn alternatives(&self) -> std::ops::Range<u32> {
        match &self.in_force {
            InForce::Own(stated) | InForce::Root(stated) => stated.alternatives.clone(),
            InForce::Nothing | InForce::Lost(_) => 0..0,
        }
    }

    /// How dangerous its method is on one path: the order of `auth-gap-in-path`; `None` takes no part.
    pub fn rank(&self) -> Option<u8> {
        match self.method.as_str() {
            "GET" | "HEAD" | "QUERY" => Some(0),
            "POST" => Some(1),
            "PATCH" => Some(2),
            "PUT" => Some(3),
            "DELETE" => Some(4),
            _ => None,
        }
    }
}

/// Methods whose names are keys of a path item.
const METHODS: [(&str, &str); 9] = [
    ("get", "GET"),
    ("put", "PUT"),
    ("post", "POST"),
    ("delete", "DELETE"),
    ("options", "OPTIONS"),
    ("head", "HEAD"),
    ("patch", "PATCH"),
    ("trace", "TRACE"),
    ("query", "QUERY"),
];

/// Registered methods that are safe, besides GET, HEAD, OPTIONS and TRACE (IANA HTTP Method Registry).
const SAFE: [&str; 5] = ["PRI", "PROPFIND", "QUERY", "REPORT", "SEARCH"];

/// Other methods of the IANA HTTP Method Registry.
const REGISTERED: [&str; 36] = [
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "OPTIONS",
    "ORDERPATCH",
    "PATCH",
    "POST",
    "PROPPATCH",
    "PUT",
    "REBIND",
    "TRACE",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
    "*",
];

/// Whether a method is in the IANA HTTP Method Registry.
pub fn is_registered(method: &str) -> bool {
    REGISTERED.contains(&method) || SAFE.contains(&method)
}

/// All path items that are reached, in document order of their entries: paths, webhooks, callbacks, components.
pub fn path_items(view: &View, version: Version, root: At, walk: &Walk) -> Vec<PathItem> {
    let mut items: Vec<PathItem> = Vec::new();
    let mut known: HashMap<u32, usize> = HashMap::new();
    let mut add = |map: Option<At>, role: Role, is_path: bool| {
        let Some(map) = map.and_then(|map| view.follow(map)).filter(|&map| view.kind(map) == NodeKind::Map) else {
            return;
        };
        for entry in view.children(map) {
            let key = view.key(entry).unwrap_or_default();
            let number = view.follow(entry).and_then(|at| walk.object_at(at));
            let Some(number) = number.filter(|_| !key.starts_with("x-")) else { continue };
            if walk.objects[number as usize].object == Object::PathItem && !known.contains_key(&number) {
                known.insert(number, items.len());
                items.push(PathItem { number, entry, role, operations: Vec::new(), is_path, first_segment: None });
            }
        }
    };
    add(view.entry(root, K::Paths), Role::Incoming, true);
    add(view.entry(root, K::Webhooks), Role::Outgoing, false);
    let callbacks = walk.objects.iter().filter(|object| object.object == Object::Callback);
    for callback in callbacks {
        add(Some(callback.at), Role::Outgoing, false);
    }
    if version >= Version::V31 {
        let components = view.entry(root, K::Components).and_then(|components| view.follow(components));
        add(components.and_then(|components| view.entry(components, K::PathItems)), Role::Orphan, false);
    }
    items
}

/// Reads the operations of all path items, and notes them there.
pub fn read(api: &Api, lost: &Lost, items: &mut [PathItem], names: &mut Names) -> Vec<Operation> {
    let root_stated = api.security.stated.get(&0);
    let bases = base_paths(api);
    let bases: Vec<Vec<&str>> =
        if bases.is_empty() { vec![Vec::new()] } else { bases.iter().map(|base| segments(base)).collect() };
    let mut operations = Vec::new();
    for (index, item) in items.iter_mut().enumerate() {
        let at = api.graph.objects[item.number as usize].at;
        let path = api.view.key(item.entry).unwrap_or_default();
        let path_segments = segments(path);
        let static_segments: Vec<NameId> =
            path_segments.iter().filter(|segment| !segment.contains('{')).map(|segment| names.id(segment)).collect();
        let path_words = names.id(&without_parameters(path));
        let is_static = |segment: &&&str| !segment.contains('{');
        let mut own = path_segments.iter().skip_while(|segment| words::is_neutral(segment));
        item.first_segment = own.next().filter(is_static).map(|segment| names.id(segment));
        let admin = bases.iter().find_map(|base| names.lists.admin_segment(base, &path_segments));
        let admin = admin.map(|segment| names.id(segment));
        for (entry, method) in methods(&api.view, api.version, at) {
            let Some(at) = api.view.follow(entry) else { continue };
            let Some(number) = api.walk.object_at(at) else { continue };
            let id_text = api.view.scalar(at, K::OperationId);
            let in_force = match api.security.stated.get(&number) {
                Some(own) if own.says.is_some() => InForce::Own(own.clone()),
                Some(own) => InForce::Lost(own.entry),
                None => match lost.owners.get(&number).or_else(|| lost.owners.get(&item.number)) {
                    Some(&key) => InForce::Lost(key),
                    None => match (root_stated, lost.root) {
                        (Some(stated), _) if stated.says.is_some() => InForce::Root(stated.clone()),
                        (Some(stated), _) => InForce::Lost(stated.entry),
                        (None, Some(key)) => InForce::Lost(key),
                        (None, None) => InForce::Nothing,
                    },
                },
            };
            let class = class(&names.lists, &method, &path_segments, id_text);
            let auth_groups = names.lists.auth_groups(&path_segments, id_text, &tags(&api.view, at)).0;
            let has_parameter = path.contains('{');
            let public_by_nature = class == Class::Read
                && !has_parameter
                && path_segments.last().is_some_and(|last| in_list(&names.lists, "public-by-nature", last));
            item.operations.push(operations.len() as u32);
            operations.push(Operation {
                number,
                entry,
                at,
                item: index as u32,
                operation_id: id_text.map(|id| names.id(id)),
                operation_verb: id_text.and_then(|id| words::split(id).first().map(|verb| names.id(verb))),
                path_verb: path_verb(&path_segments).map(|verb| names.id(&verb)),
                static_segments: static_segments.clone(),
                path_words,
                operation_start: id_text.map(|id| names.id(&start(id))),
                class,
                in_force,
                auth_groups,
                public_by_nature,
                admin,
                marked_public: api.view.is_true(at, K::XPublic)
                    || api.view.is_true(api.graph.objects[item.number as usize].at, K::XPublic),
                parameters: Vec::new(),
                method,
            });
        }
    }
    operations
}

/// The method entries of a path item.
fn methods(view: &View, version: Version, item: At) -> Vec<(At, String)> {
    let mut found = Vec::new();
    for entry in view.children(item) {
        let key = view.key(entry).unwrap_or_default();
        if key == "additionalOperations" && version >= Version::V32 {
            let map = view.resolve(entry);
            found.extend(
                view.children(map).map(|entry| (entry, view.key(entry).unwrap_or_default().to_ascii_uppercase())),
            );
        } else if let Some((_, method)) = METHODS.iter().find(|(name, _)| *name == key) {
            let known = match key {
                "trace" => version >= Version::V30,
                "query" => version >= Version::V32,
                _ => true,
            };
            if known {
                found.push((entry, (*method).to_owned()));
            }
        }
    }
    found
}

/// E7.
fn class(lists: &words::WordLists, method: &str, path: &[&str], operation_id: Option<&str>) -> Class {
    match method {
        "GET" | "HEAD" => Class::Read,
        "OPTIONS" | "TRACE" => Class::Other,
        "POST" if is_search(lists, path, operation_id) => Class::Read,
        method if SAFE.contains(&method) => Class::Read,
        _ => Class::Write,
    }
}

/// A POST that only searches: its last static segment has its head, or its operationId begins, in @search.
fn is_search(lists: &words::WordLists, path: &[&str], operation_id: Option<&str>) -> bool {
    let last = path.iter().rev().find(|segment| !segment.contains('{'));
    let first = operation_id.and_then(|id| words::split(id).into_iter().next());
    let head = |text: &str| lists.id("search").is_some_and(|list| lists.hits(text).head(list));
    last.is_some_and(|last| head(last)) || first.is_some_and(|first| head(&first))
}

/// Paths that have items below them: the same path with one parameter more is there.
/// `/proxy/{path}` has none, it hands on the rest of the path.
pub fn collections(view: &View, items: &[PathItem]) -> HashSet<String> {
    let paths = items.iter().filter(|item| item.is_path).map(|item| segments(view.key(item.entry).unwrap_or_default()));
    let is_item = |last: &str| {
        last.starts_with('{') && words::split(last).last().is_none_or(|head| head != "path" && head != "proxy")
    };
    paths
        .filter_map(|path| path.split_last().filter(|(last, _)| is_item(last)).map(|(_, rest)| rest.join("/")))
        .collect()
}

/// The segments of a path without empty ones.
pub fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}

/// A path without its `{parameters}`.
fn without_parameters(path: &str) -> String {
    let mut rest = path.split('{');
    let first = rest.next().unwrap_or_default().to_owned();
    rest.fold(first, |text, part| text + " " + part.split_once('}').map_or("", |(_, after)| after))
}

/// First word of the last path segment, where that is static and no plural.
fn path_verb(segments: &[&str]) -> Option<String> {
    let last = segments.last().filter(|last| !last.contains('{'))?;
    let word = words::split(last).into_iter().next()?;
    (words::singular(&word) == word).then_some(word)
}

/// The first two words of an `operationId`.
fn start(operation_id: &str) -> String {
    words::split(operation_id).into_iter().take(2).collect::<Vec<_>>().join(" ")
}

fn tags(view: &View, operation: At) -> Vec<&str> {
    let list = view.get(operation, K::Tags);
    list.into_iter().flat_map(|list| view.children(list)).map(|tag| view.text(view.resolve(tag))).collect()
}

/// Whether a text as a whole is in a word list.
fn in_list(lists: &words::WordLists, list: &str, text: &str) -> bool {
    lists.id(list).is_some_and(|list| lists.hits(text).whole(list))
}

/// Base paths of the document: 2.0 `basePath`, 3.x the paths of the root servers.
fn base_paths(api: &Api) -> Vec<String> {
    if api.version == Version::V20 {
        return api.view.scalar(api.root, K::BasePath).map(str::to_owned).into_iter().collect();
    }
    let servers = api.view.get(api.root, K::Servers);
    let urls = servers.into_iter().flat_map(|list| api.view.children(list)).filter_map(|server| {
        let url = api.view.scalar(api.view.follow(server)?, K::Url)?;
        let path = url.split_once("://").map_or(url, |(_, rest)| rest.find('/').map_or("", |slash| &rest[slash..]));
        Some(path.to_owned())
    });
    urls.collect()
}

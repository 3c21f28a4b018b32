//! OpenAPI 2.0 to 3.2 read as one model. [`Api::read`] is the order of work:
//! walk, graph, security, operations, directions, and then the tables of nodes.

pub mod callback;
mod content;
pub mod cycles;
pub mod exposure;
pub mod failure;
pub mod grammar;
pub mod graph;
pub mod inputs;
mod keys;
pub mod lacks;
pub mod lifecycle;
pub mod limits;
pub mod links;
pub mod operation;
pub mod paths;
pub mod patterns;
pub mod repeats;
pub mod response;
pub mod scopes;
pub mod security;
pub mod server;
pub mod strength;
pub mod texts;
pub mod versions;
pub mod view;
pub mod walk;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use super::names::Names;
pub use content::{Media, Parameter, Property, essence, header_values};
use grammar::{OBJECTS, Object, Version};
use graph::{Graph, IN, OUT};
pub use keys::nearest;
use operation::{Operation, PathItem, Role};
use paths::PathPair;
pub use response::Response;
use response::Responses;
use scopes::{Authentications, Scopes};
use security::{Lost, Schemes};
use server::Server;
use view::View;
use walk::{Reference, Walk};

use super::{NameId, net};
use crate::error::{Problem, ProblemCode};
use crate::source::{NodeKind, SourceMap};
use crate::span::{At, FileId, Place};
use crate::words::WordLists;

/// A document read as OpenAPI, as tables of nodes.
#[derive(Debug)]
pub struct Api {
    /// The trees.
    pub view: View,
    /// The version.
    pub version: Version,
    /// The root of the document.
    pub root: At,
    /// Objects found.
    pub walk: Walk,
    /// Their graph.
    pub graph: Graph,
    /// Distinct names.
    pub names: Names,
    /// Schemes and requirements.
    pub security: Schemes,
    /// Security keys without effect.
    pub lost: Lost,
    /// Path items.
    pub items: Vec<PathItem>,
    /// Operations, by path item.
    pub operations: Vec<Operation>,
    /// Servers.
    pub servers: Vec<Server>,
    /// Parameters.
    pub parameters: Vec<Parameter>,
    /// Media types.
    pub media: Vec<Media>,
    /// Responses and the names of their headers.
    pub responses: Responses,
    /// Object numbers of schemas.
    pub schemas: Vec<u32>,
    /// Properties.
    pub properties: Vec<Property>,
    /// Operations by the first of the alternatives in force for them: indices.
    by_alternatives: HashMap<u32, Vec<u32>>,
    /// Whether operations may stand in a part of the document that is not read.
    pub operations_unread: bool,
    /// Paths that have items below them: the same path with one parameter more is there.
    pub collections: HashSet<String>,
    /// Owner of a list of servers, scheme and host, of every URL that is offered over TLS.
    pub tls_hosts: HashSet<(u32, net::Scheme, Option<String>)>,
    /// Parameters by the object number of their schema: indices.
    pub schema_parameters: HashMap<u32, Vec<u32>>,
    /// Declared and required scopes.
    pub scopes: Scopes,
    /// Static segments before path parameters, by index of the parameter.
    pub segments_before: HashMap<u32, Vec<NameId>>,
    path_pairs: OnceLock<Vec<PathPair>>,
    authentications: OnceLock<Authentications>,
    bodies: OnceLock<HashMap<u32, Vec<u32>>>,
    /// Entries of callbacks: their keys are the expressions.
    pub callbacks: Vec<At>,
    /// `$ref`s in object positions, each once.
    pub references: Vec<Reference>,
    /// Duplicate keys: later, earlier node.
    pub duplicates: Vec<(At, At)>,
    /// By object number: index in the table of its kind.
    pub index: Vec<u32>,
    by_object: Vec<Vec<u32>>,
    /// What could not be judged.
    pub problems: Vec<Problem>,
}

/// The version of the document a file holds, or what is wrong with it; `None` if it is no OpenAPI document.
///
/// # Errors
/// If the root key `openapi` or `swagger` names no version gatelint knows.
pub fn version(sources: &SourceMap, file: FileId) -> Option<Result<Version, Problem>> {
    let tree = sources.tree(file);
    let root = *tree.roots().first()?;
    let (key, node) = ["openapi", "swagger"].into_iter().find_map(|key| Some((key, tree.get(root, key)?)))?;
    let value = tree.resolve(node);
    let text = tree.text(value);
    Some(Version::parse(key, text).ok_or_else(|| {
        let message = format!(
            "`{key}: {text}` is no version that gatelint reads: it reads `swagger: \"2.0\"` and `openapi: 3.0` to `3.2`"
        );
        Problem::new(ProblemCode::UnsupportedVersion, message, tree.span(value))
    }))
}

impl Api {
    /// Reads the document that `file` holds.
    pub fn read(sources: Arc<SourceMap>, file: FileId, version: Version, lists: Arc<WordLists>) -> Option<Self> {
        let view = View::new(sources);
        let root = view.resolve(view.root(file)?);
        let mut walk = walk::walk(&view, version, root);
        let problems = std::mem::take(&mut walk.problems);
        let graph = Graph::new(&view, version, &walk);
        let security = Schemes::read(&view, version, root, &walk);
        let lost = Lost::find(&view, &walk, version);
        let mut by_object = vec![Vec::new(); OBJECTS];
        for (number, object) in walk.objects.iter().enumerate() {
            by_object[object.object as usize].push(number as u32);
        }
        for numbers in &mut by_object {
            numbers.sort_by_key(|&number| walk::order(&walk, walk.objects[number as usize].at));
        }
        let mut schemas: Vec<u32> = (0..walk.objects.len() as u32).filter(|&number| graph.is_schema(number)).collect();
        schemas.sort_by_key(|&number| walk::order(&walk, walk.objects[number as usize].at));
        let mut api = Self {
            names: Names::new(lists.clone()),
            security,
            lost,
            items: Vec::new(),
            operations: Vec::new(),
            servers: Vec::new(),
            parameters: Vec::new(),
            media: Vec::new(),
            responses: Responses::default(),
            properties: Vec::new(),
            by_alternatives: HashMap::new(),
            operations_unread: false,
            collections: HashSet::new(),
            tls_hosts: HashSet::new(),
            schema_parameters: HashMap::new(),
            scopes: Scopes::default(),
            segments_before: HashMap::new(),
            path_pairs: OnceLock::new(),
            authentications: OnceLock::new(),
            bodies: OnceLock::new(),
            callbacks: Vec::new(),
            references: Vec::new(),
            duplicates: Vec::new(),
            index: vec![u32::MAX; walk.objects.len()],
            by_object,
            schemas,
            problems,
            view,
            version,
            root,
            walk,
            graph,
        };
        let mut names = Names::new(lists);
        api.security.name(&api.view, &mut names);
        api.operations_unread = api.walk.broken.iter().any(|&number| {
            let object = api.graph.objects[number as usize].object;
            // Webhooks stand at the root.
            matches!(object, Object::Paths | Object::Callback) || version >= Version::V31 && object == Object::Document
        });
        let mut items = operation::path_items(&api.view, version, root, &api.walk);
        api.operations = operation::read(&api, &api.lost, &mut items, &mut names);
        for (index, operation) in api.operations.iter().enumerate() {
            let alternatives = operation.alternatives();
            if !alternatives.is_empty() {
                api.by_alternatives.entry(alternatives.start).or_default().push(index as u32);
            }
        }
        api.direct(&items);
        api.parameters = content::parameters(&mut api, &items, &mut names);
        for (index, parameter) in api.parameters.iter().enumerate() {
            if let Some(schema) = parameter.schema {
                api.schema_parameters.entry(schema).or_default().push(index as u32);
            }
        }
        api.responses = Responses::read(&api, &items, &mut names);
        api.media = content::media(&api);
        api.properties = content::properties(&api, &mut names);
        api.scopes = Scopes::read(&api, &mut names);
        api.segments_before = paths::segments_before(&api, &items, &mut names);
        api.servers = server::read(&api, &items, &mut names);
        for url in &mut api.security.urls {
            let host = net::parse(api.view.text(api.view.resolve(url.entry))).host.unwrap_or_default();
            url.domains = net::domains(&host).map(|domain| names.id(domain)).collect();
        }
        api.tls_hosts = server::tls_hosts(&api.servers);
        api.collections = operation::collections(&api.view, &items);
        api.items = items;
        api.names = names;
        api.callbacks = api.find_callbacks();
        api.references = api.walk.references.clone();
        // Of the same reference one that closes a circle comes first.
        api.references.sort_by_key(|reference| (walk::order(&api.walk, reference.at), !reference.dangling));
        api.references.dedup_by_key(|reference| reference.at);
        api.duplicates = api.find_duplicates();
        api.number();
        Some(api)
    }

    /// Numbers of the objects of one kind, in document order.
    pub fn of(&self, object: Object) -> &[u32] {
        &self.by_object[object as usize]
    }

    /// The path template of an operation; of a webhook its name, of a callback its expression.
    pub fn path_of(&self, operation: &Operation) -> &str {
        self.view.key(self.items[operation.item as usize].entry).unwrap_or_default()
    }

    /// Whether clients may call an operation: it is no webhook or callback.
    pub fn is_called(&self, operation: &Operation) -> bool {
        self.items[operation.item as usize].role != Role::Outgoing
    }

    /// Operations that clients may call from which an object is reached, as [`Api::operations_of`].
    pub fn called_of(&self, number: u32, bit: u8, whole: bool) -> Vec<u32> {
        let mut operations = self.operations_of(number, bit, whole);
        operations.retain(|&index| self.is_called(&self.operations[index as usize]));
        operations
    }

    /// The place of an object: its key, or its value in a list.
    pub fn place(&self, number: u32) -> Place {
        Place::key(self.graph.objects[number as usize].at)
    }

    /// Pairs of paths that can match one URL.
    pub fn path_pairs(&self) -> &[PathPair] {
        self.path_pairs.get_or_init(|| paths::pairs(self))
    }

    /// Which operations are protected alike.
    pub fn authentications(&self) -> &Authentications {
        self.authentications.get_or_init(|| Authentications::read(self))
    }

    /// Media types of requests whose schema is that object: indices.
    pub fn bodies_of(&self, schema: u32) -> &[u32] {
        let bodies = self.bodies.get_or_init(|| {
            let mut bodies: HashMap<u32, Vec<u32>> = HashMap::new();
            for (index, media) in self.media.iter().enumerate() {
                if let Some(schema) = media.schema.filter(|_| media.direction & IN != 0) {
                    bodies.entry(schema).or_default().push(index as u32);
                }
            }
            bodies
        });
        bodies.get(&schema).map_or(&[], Vec::as_slice)
    }

    /// Operations from which an object is reached in a direction: indices, in order.
    /// `whole`: only those of which it is the whole request or response.
    pub fn operations_of(&self, number: u32, bit: u8, whole: bool) -> Vec<u32> {
        let mut operations = Vec::new();
        for user in self.graph.users(number, bit, whole) {
            let index = self.index[user as usize];
            match self.graph.objects[user as usize].object {
                Object::PathItem => {
                    operations.extend(self.items.get(index as usize).into_iter().flat_map(|item| &item.operations))
                }
                _ => operations.push(index),
            }
        }
        operations.sort_unstable();
        operations.dedup();
        operations
    }

    /// Operations for which a requirement is in force: indices, in order.
    pub fn operations_under(&self, requirement: u32) -> &[u32] {
        let list = self.security.requirements[requirement as usize].alternatives.start;
        self.by_alternatives.get(&list).map_or(&[], Vec::as_slice)
    }

    /// Spreads directions from what operations take and give (E3).
    fn direct(&mut self, items: &[PathItem]) {
        let seeds: Vec<_> = self.operations.iter().flat_map(|operation| self.seeds(operation, items)).collect();
        self.graph.direct(seeds);
    }

    /// What an operation takes and gives: object number and direction bit. `items`: those of the document.
    fn seeds(&self, operation: &Operation, items: &[PathItem]) -> Vec<(u32, u8)> {
        let item = &items[operation.item as usize];
        let (taken, given) = if item.role == Role::Outgoing { (OUT, IN) } else { (IN, OUT) };
        let parts = [operation.number, item.number].into_iter().flat_map(|number| self.graph.out(number));
        let seeds = parts.filter_map(|&(part, _)| match self.graph.objects[part as usize].object {
            Object::Parameter | Object::RequestBody => Some((part, taken)),
            Object::Responses => Some((part, given)),
            _ => None,
        });
        seeds.collect()
    }

    fn find_callbacks(&self) -> Vec<At> {
        let callbacks = self.of(Object::Callback).iter().map(|&number| self.graph.objects[number as usize].at);
        let entries = callbacks.flat_map(|at| self.view.children(at));
        entries.filter(|&entry| !self.view.key(entry).is_some_and(|key| key.starts_with("x-"))).collect()
    }

    fn find_duplicates(&self) -> Vec<(At, At)> {
        let mut files: Vec<FileId> = self.view.sources.files().map(|file| file.id).collect();
        files.retain(|file| self.walk.file_order[file.0 as usize] != u32::MAX);
        files.sort_by_key(|file| self.walk.file_order[file.0 as usize]);
        let pairs = files.into_iter().flat_map(|file| {
            let duplicates = self.view.tree(file).duplicates.iter();
            duplicates.map(move |pair| (At { file, node: pair.second }, At { file, node: pair.first }))
        });
        pairs.collect()
    }

    /// Notes for each object its index in the table of its kind.
    fn number(&mut self) {
        let mut set = |number: u32, index: usize| self.index[number as usize] = index as u32;
        for object in [Object::Response, Object::Header, Object::MediaType] {
            self.by_object[object as usize].iter().enumerate().for_each(|(index, &number)| set(number, index));
        }
        self.schemas.iter().enumerate().for_each(|(index, &number)| {
            // 2.0 parameters and headers are schemas too; their own table goes first.
            if !matches!(self.graph.objects[number as usize].object, Object::Parameter | Object::Header) {
                set(number, index);
            }
        });
        self.items.iter().enumerate().for_each(|(index, item)| set(item.number, index));
        self.operations.iter().enumerate().for_each(|(index, operation)| set(operation.number, index));
        self.parameters.iter().enumerate().for_each(|(index, parameter)| set(parameter.number, index));
    }

    /// The index of the property of an entry in `properties`.
    pub fn property_index(&self, entry: At) -> Option<u32> {
        if self.walk.file_order[entry.file.0 as usize] == u32::MAX {
            return None;
        }
        let order = |at| walk::order(&self.walk, at);
        let index = self.properties.binary_search_by_key(&order(entry), |property| order(property.entry)).ok()?;
        Some(index as u32)
    }

    /// The property of an entry in `properties`.
    pub fn property_at(&self, entry: At) -> Option<&Property> {
        self.property_index(entry).map(|index| &self.properties[index as usize])
    }

    /// The nearest object that a node stands in, and the key below it on the way.
    pub fn owner(&self, at: At) -> Option<(u32, At)> {
        let mut step = at;
        while let Some(parent) = self.view.parent(step) {
            if let Some(number) = self.walk.object_at(parent) {
                return Some((number, step));
            }
            step = parent;
        }
        None
    }

    /// Whether two nodes hold the same value.
    pub fn same(&self, left: At, right: At) -> bool {
        let (left, right) = (self.view.resolve(left), self.view.resolve(right));
        let kind = self.view.kind(left);
        if kind != self.view.kind(right) {
            return false;
        }
        match kind {
            NodeKind::Map | NodeKind::Seq => {
                let mut others = self.view.children(right);
                let equal = self.view.children(left).all(|entry| {
                    others
                        .next()
                        .is_some_and(|other| self.view.key(entry) == self.view.key(other) && self.same(entry, other))
                });
                equal && others.next().is_none()
            }
            _ => self.view.text(left) == self.view.text(right),
        }
    }
}

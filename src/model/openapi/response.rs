//! Responses: the statuses they answer with, and the headers and media types they
//! name. What is true of all answers of a document is worked out once, when it is
//! first asked for. Knows names and uses, not what rules think of them.

use std::collections::HashMap;

use super::content::essence;
use super::grammar::{Object, Version};
use super::operation::{Operation, PathItem, Role};
use super::view::K;
use super::walk::Edge;
use super::{Api, header_values};
use crate::model::names::Names;
use crate::model::{NameId, Why};
use crate::source::NodeKind;
use crate::span::{At, Place};

/// Bits of the classes of a status, in the order of `fields::STATUS_CLASSES`.
pub mod class {
    #![allow(missing_docs, reason = "the names of the classes")]
    pub const INFORMATION: u32 = 1;
    pub const SUCCESS: u32 = 2;
    pub const REDIRECT: u32 = 4;
    pub const CLIENT_ERROR: u32 = 8;
    pub const SERVER_ERROR: u32 = 16;
    pub const DEFAULT: u32 = 32;
    /// Those that tell of a failure.
    pub const ERROR: u32 = CLIENT_ERROR | SERVER_ERROR | DEFAULT;
}

/// A response definition.
#[derive(Debug, Default)]
pub struct Response {
    /// Keys under which operations that clients call document it.
    pub statuses: Vec<At>,
    /// Bits of [`class`].
    pub classes: u32,
    /// Names of its headers, in lower case.
    pub headers: Vec<NameId>,
    /// Whether the map of its headers is a reference that leads nowhere.
    pub headers_unknown: bool,
}

/// The responses and header names of a document.
#[derive(Debug, Default)]
pub struct Responses {
    /// By index of the response.
    pub table: Vec<Response>,
    /// Name in lower case, by object number of the header; of several the first it is used under.
    pub header_names: HashMap<u32, NameId>,
}

impl Responses {
    /// Reads the responses and what operations document them under.
    pub fn read(api: &Api, items: &[PathItem], names: &mut Names) -> Self {
        let numbers = api.of(Object::Response);
        let index_of: HashMap<u32, usize> =
            numbers.iter().enumerate().map(|(index, &number)| (number, index)).collect();
        let mut responses = Self::default();
        for &number in numbers {
            let headers = responses.headers(api, number, names);
            responses.table.push(headers);
        }
        for &number in api.of(Object::Header) {
            let own = || names.id(&lower_key(api, api.graph.objects[number as usize].at));
            responses.header_names.entry(number).or_insert_with(own);
        }
        for operation in api.operations.iter().filter(|one| items[one.item as usize].role != Role::Outgoing) {
            let documented: Vec<(At, u32)> = documented(api, operation).collect();
            let keys = || documented.iter().filter_map(|&(entry, _)| api.view.key(entry));
            let is_answer = |key: &str| class_of(key) & (class::SUCCESS | class::REDIRECT) != 0;
            // Where nothing else says what success looks like, `default` does.
            let default = if keys().any(is_answer) { class::DEFAULT } else { class::SUCCESS };
            for &(entry, number) in &documented {
                let Some(&index) = index_of.get(&number) else { continue };
                let key = api.view.key(entry).unwrap_or_default();
                let response = &mut responses.table[index];
                response.classes |= if key == "default" { default } else { class_of(key) };
                if !response.statuses.iter().any(|&known| api.view.key(known) == Some(key)) {
                    response.statuses.push(entry);
                }
            }
        }
        responses
    }

    fn headers(&mut self, api: &Api, number: u32, names: &mut Names) -> Response {
        let mut response = Response::default();
        let Some(map) = api.view.entry(api.graph.objects[number as usize].at, K::Headers) else { return response };
        let Some(map) = api.view.follow(map) else {
            response.headers_unknown = true;
            return response;
        };
        let entries = api.view.children(map).filter(|_| api.view.kind(map) == NodeKind::Map);
        response.headers = entries.map(|entry| names.id(&lower_key(api, entry))).collect();
        for &(header, edge) in api.graph.out(number) {
            if let (Edge::Named(entry), Object::Header) = (edge, api.graph.objects[header as usize].object) {
                self.header_names.entry(header).or_insert_with(|| names.id(&lower_key(api, entry)));
            }
        }
        response
    }
}

fn lower_key(api: &Api, entry: At) -> String {
    api.view.key(entry).unwrap_or_default().to_ascii_lowercase()
}

/// The class of a status key; `default` counts as an error here.
fn class_of(key: &str) -> u32 {
    match key.as_bytes() {
        b"default" => class::DEFAULT,
        [b'1', ..] => class::INFORMATION,
        [b'2', ..] => class::SUCCESS,
        [b'3', ..] => class::REDIRECT,
        [b'4', ..] => class::CLIENT_ERROR,
        [b'5', ..] => class::SERVER_ERROR,
        _ => 0,
    }
}

/// Whether a status key tells of a failure, `default` included.
pub fn is_error(key: &str) -> bool {
    class_of(key) & class::ERROR != 0
}

/// Entry and object number of the responses an operation documents; those without a target are left out.
pub fn documented<'a>(api: &'a Api, operation: &Operation) -> impl Iterator<Item = (At, u32)> + 'a {
    let maps = api.graph.part(operation.number, Object::Responses);
    maps.into_iter().flat_map(|map| api.graph.out(map)).filter_map(|&(number, edge)| match edge {
        Edge::Named(entry) => Some((entry, number)),
        _ => None,
    })
}

/// Media types that a response names, without parameters: entry, essence.
///
/// 2.0: what its operations produce, if it has a schema.
pub fn content_types(api: &Api, number: u32) -> Vec<(At, String)> {
    let view = &api.view;
    let at = api.graph.objects[number as usize].at;
    if api.version != Version::V20 {
        let content = view.entry(at, K::Content).and_then(|content| view.follow(content));
        let entries = content.into_iter().flat_map(|content| view.children(content));
        return entries.filter_map(|entry| Some((entry, essence(view.key(entry)?)))).collect();
    }
    if view.entry(at, K::Schema).is_none() {
        return Vec::new();
    }
    let mut types: Vec<(At, String)> = Vec::new();
    for (from, _) in api.graph.back(number) {
        for &(operation, _) in api.graph.back(*from) {
            if api.graph.objects[operation as usize].object == Object::Operation {
                for (entry, media_type) in produced(api, api.graph.objects[operation as usize].at) {
                    if !types.iter().any(|(_, known)| *known == media_type) {
                        types.push((entry, media_type));
                    }
                }
            }
        }
    }
    types
}

/// 2.0: what an operation produces, its own list or that of the root: entry, essence.
pub fn produced(api: &Api, operation: At) -> Vec<(At, String)> {
    listed_types(api, operation, K::Produces)
}

/// 2.0: what an operation consumes, as [`produced`].
pub fn consumed(api: &Api, operation: At) -> Vec<(At, String)> {
    listed_types(api, operation, K::Consumes)
}

fn listed_types(api: &Api, operation: At, key: K) -> Vec<(At, String)> {
    let view = &api.view;
    let list = view.get(operation, key).or_else(|| view.get(api.root, key));
    let entries = list.into_iter().flat_map(|list| view.children(list)).map(|entry| view.resolve(entry));
    entries.map(|entry| (entry, essence(view.text(entry)))).collect()
}

/// Whether a media type is structured (see the catalogue's terms), so that a schema can say what it holds.
pub fn is_structured(media_type: &str) -> bool {
    let name = media_type.split_once('/').map_or(media_type, |(_, name)| name);
    matches!(name, "json" | "xml" | "yaml" | "x-yaml" | "x-www-form-urlencoded" | "form-data")
        || ["+json", "+xml", "+yaml"].iter().any(|suffix| name.ends_with(suffix))
}

/// Structured media types of a response that have no schema. 2.0: those of its examples, if it has no schema.
pub fn without_schema(api: &Api, number: u32) -> Vec<String> {
    let view = &api.view;
    let at = api.graph.objects[number as usize].at;
    let bare = |entry: &At| match view.follow(*entry) {
        Some(media) if view.kind(media) == NodeKind::Map => {
            view.entry(media, K::Schema).is_none() && view.entry(media, K::ItemSchema).is_none()
        }
        Some(media) => view.kind(media) == NodeKind::Null,
        None => false,
    };
    let entries: Vec<At> = if api.version == Version::V20 {
        let examples = view.get(at, K::Examples).filter(|_| view.entry(at, K::Schema).is_none());
        examples.into_iter().flat_map(|examples| view.children(examples)).collect()
    } else {
        let content = view.entry(at, K::Content).and_then(|content| view.follow(content));
        content.into_iter().flat_map(|content| view.children(content)).filter(bare).collect()
    };
    let types = entries.into_iter().filter_map(|entry| view.key(entry)).map(essence);
    types.filter(|media_type| is_structured(media_type)).collect()
}

/// What is true of all answers of a document that clients get.
#[derive(Debug)]
pub struct Answers {
    /// Whether any answer names a CORS header, or any operation is an OPTIONS.
    pub browser_facing: bool,
    /// Names of headers on any 2XX, in lower case, each once.
    pub success_headers: Vec<NameId>,
    /// Why and where more headers may stand that nobody can see.
    pub unseen: Option<(Why, Option<Place>)>,
    /// Whether a header of a 2XX says who may show the answer in a frame.
    pub restricts_frames: bool,
    /// Whether every operation documents a 404.
    pub not_found_everywhere: bool,
}

impl Answers {
    /// One pass over the responses.
    pub fn new(api: &Api) -> Self {
        let mut answers = Self {
            browser_facing: api.operations.iter().any(|one| is_preflight(api, one)),
            success_headers: Vec::new(),
            unseen: None,
            restricts_frames: false,
            not_found_everywhere: true,
        };
        for (response, &number) in api.responses.table.iter().zip(api.of(Object::Response)) {
            if response.statuses.is_empty() {
                continue;
            }
            let text = |&name: &NameId| api.names.text(name);
            answers.browser_facing |= response.headers.iter().map(text).any(|name| name.starts_with("access-control-"));
            if response.classes & class::SUCCESS != 0 {
                answers.success(api, response, number);
            }
        }
        for operation in api.operations.iter().filter(|one| api.is_called(one)) {
            let view = &api.view;
            let map = view.entry(operation.at, K::Responses).and_then(|map| view.follow(map));
            let mut keys = map.into_iter().flat_map(|map| view.children(map)).filter_map(|entry| view.key(entry));
            answers.not_found_everywhere &= keys.any(|key| key == "404");
            if let Some(map) =
                api.graph.part(operation.number, Object::Responses).filter(|map| api.walk.is_broken(*map))
            {
                let place = Place::key(api.graph.objects[map as usize].at);
                answers.unseen.get_or_insert((Why::UnresolvedReference, Some(place)));
            }
        }
        answers
    }

    fn success(&mut self, api: &Api, response: &Response, number: u32) {
        for &name in &response.headers {
            if !self.success_headers.contains(&name) {
                self.success_headers.push(name);
            }
        }
        if response.headers_unknown {
            self.unseen.get_or_insert((Why::UnresolvedReference, Some(api.place(number))));
        }
        self.restricts_frames |= api.graph.parts(number, Object::Header).any(|header| {
            let name = api.responses.header_names.get(&header).map(|&name| api.names.text(name));
            let shown = header_values(api, header);
            name == Some("x-frame-options")
                || name == Some("content-security-policy")
                    && (shown.is_empty() || shown.iter().any(|&value| api.view.text(value).contains("frame-ancestors")))
        });
    }
}

/// Whether an operation answers the question of a browser what it may send: an OPTIONS that returns nothing.
fn is_preflight(api: &Api, operation: &Operation) -> bool {
    let has_body = |number: u32| {
        let mut parts = api.graph.out(number).iter().map(|&(part, _)| api.graph.objects[part as usize].object);
        parts.any(|part| matches!(part, Object::MediaType | Object::Schema))
    };
    let is_success = |entry: At| api.view.key(entry).is_some_and(|key| class_of(key) & class::SUCCESS != 0);
    operation.method == "OPTIONS"
        && api.is_called(operation)
        && !documented(api, operation).any(|(entry, number)| is_success(entry) && has_body(number))
}

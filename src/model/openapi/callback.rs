//! Callback expressions (OpenAPI 3.x, "Callback Object" and "Runtime Expressions"): which
//! values of a request decide where the server calls. Knows no schemas' meaning.

use super::Api;
use super::grammar::Object;
use super::view::K;
use super::walk::Edge;
use crate::span::At;

/// What an expression reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A parameter: index.
    Parameter(u32),
    /// A property of the body: index.
    Property(u32),
    /// Behind a reference that leads nowhere; the entry of the callback.
    Unknown(At),
}

/// The runtime expression of the request that a callback begins with: it decides on the host.
pub fn host_expression(api: &Api, entry: At) -> Option<&str> {
    let key = api.view.key(entry)?.trim();
    // Braces are for expressions inside a text, but tools take the bare one too.
    let expression = match key.strip_prefix('{') {
        Some(rest) => rest.split('}').next()?,
        None => key,
    };
    expression.starts_with("$request.").then_some(expression)
}

/// Operations that declare a callback: indices.
pub fn operations(api: &Api, entry: At) -> Vec<u32> {
    let callback = api.view.parent(entry).and_then(|map| api.walk.object_at(map));
    let owners = callback.into_iter().flat_map(|callback| api.graph.back(callback)).map(|&(from, _)| from);
    let mut found: Vec<u32> = owners
        .filter(|&owner| api.graph.objects[owner as usize].object == Object::Operation)
        .map(|owner| api.index[owner as usize])
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// What the expression of a callback reads, in each operation that declares it.
pub fn sources(api: &Api, entry: At) -> Vec<Source> {
    let Some(expression) = host_expression(api, entry) else { return Vec::new() };
    let Some((part, path)) = expression["$request.".len()..].split_once(['.', '#']) else { return Vec::new() };
    let operations = operations(api, entry).into_iter();
    match part {
        "body" => operations.flat_map(|operation| in_body(api, operation, path, entry)).collect(),
        part => operations.filter_map(|operation| parameter(api, operation, part, path)).collect(),
    }
}

fn parameter(api: &Api, operation: u32, part: &str, name: &str) -> Option<Source> {
    let parameters = api.operations[operation as usize].parameters.iter().copied();
    let is_it = |&index: &u32| {
        let parameter = &api.parameters[index as usize];
        let own = api.view.text(parameter.name_at);
        let same = if part == "header" { own.eq_ignore_ascii_case(name) } else { own == name };
        same && parameter.sent_in() == Some(part)
    };
    parameters.into_iter().find(is_it).map(Source::Parameter)
}

/// The property of a request body that a JSON pointer leads to, in each media type.
fn in_body(api: &Api, operation: u32, pointer: &str, entry: At) -> Vec<Source> {
    let graph = &api.graph;
    let number = api.operations[operation as usize].number;
    let keys: Vec<String> = pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~")).collect();
    let Some((last, way)) = keys.split_last() else { return Vec::new() };
    let mut schemas: Vec<u32> = graph
        .parts(number, Object::RequestBody)
        .flat_map(|body| graph.parts(body, Object::MediaType))
        .flat_map(|media| graph.parts(media, Object::Schema))
        .collect();
    for key in way {
        schemas =
            schemas.into_iter().flat_map(|schema| properties(api, schema, key)).map(|(_, schema)| schema).collect();
    }
    let found: Vec<Source> = schemas
        .iter()
        .flat_map(|&schema| properties(api, schema, last))
        .filter_map(|(entry, _)| api.property_index(entry).map(Source::Property))
        .collect();
    let is_unknown = |&schema: &u32| graph.effective(schema).is_some_and(|effective| effective.unknown);
    let body = api.view.entry(api.operations[operation as usize].at, K::RequestBody);
    let lost_body = body.is_some_and(|body| api.view.follow(body).is_none());
    if found.is_empty() && (lost_body || schemas.iter().any(is_unknown)) {
        return vec![Source::Unknown(entry)];
    }
    found
}

/// The properties of that name of a schema and of what it is composed of: entry and object number.
fn properties(api: &Api, schema: u32, name: &str) -> Vec<(At, u32)> {
    /// More members than this no schema has for a reason.
    const MOST: usize = 200;
    let mut members = vec![schema];
    let mut next = 0;
    let mut found = Vec::new();
    while let Some(&member) = members.get(next) {
        next += 1;
        for &(to, edge) in api.graph.out(member) {
            match edge {
                Edge::Property(entry) if api.view.key(entry) == Some(name) => found.push((entry, to)),
                Edge::Both | Edge::Branch if members.len() < MOST && !members.contains(&to) => members.push(to),
                _ => {}
            }
        }
    }
    found
}

//! Fields of media types, responses and headers.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::{DIRECTIONS, Fact, Field, Kind, Model, Type};
use super::{field, name, placed, set, texts, value_of};
use crate::model::NameId;
use crate::model::openapi::essence;
use crate::model::openapi::grammar::{Object, Version};
use crate::model::openapi::graph::{IN, OUT, types};
use crate::model::openapi::security::Security;
use crate::model::openapi::walk::Edge;
use crate::model::openapi::{Media, header_values};
use crate::span::At;

/// Whether a media type is binary (see the catalogue's terms).
pub(super) fn is_binary_type(media_type: &str) -> bool {
    let media_type = essence(media_type);
    let (family, name) = media_type.split_once('/').unwrap_or((&media_type, ""));
    matches!(family, "image" | "audio" | "video" | "font") && !name.ends_with("+xml")
        || matches!(name, "octet-stream" | "pdf" | "zip" | "gzip" | "x-tar" | "x-gzip" | "x-zip-compressed")
}

pub(super) fn media(model: &Model, index: u32) -> &Media {
    &model.api().media[index as usize]
}

/// Whether a media type is that of a request body, not of a parameter or header.
pub(super) fn is_request_body(model: &Model, index: u32) -> bool {
    let api = model.api();
    let this = media(model, index);
    let is_body = |&(from, _): &(u32, Edge)| api.graph.objects[from as usize].object == Object::RequestBody;
    this.direction & IN != 0 && (api.version == Version::V20 || api.graph.back(this.owner).iter().any(is_body))
}

/// Object numbers of the schemas that hold what a client uploads: the body itself, or the parts of a form.
fn files(model: &Model, index: u32) -> Vec<u32> {
    let api = model.api();
    let this = media(model, index);
    let Some(schema) = this.schema.filter(|_| is_request_body(model, index)) else { return Vec::new() };
    let is_binary = |number: &u32| api.graph.effective(*number).is_some_and(|effective| effective.binary);
    if is_binary(&schema) {
        return vec![schema];
    }
    let members = super::schema::members(model, schema);
    let mut parts: Vec<u32> = Vec::new();
    for (_, part) in members.into_iter().flat_map(|member| super::schema::own_properties(model, member)) {
        if is_binary(&part) {
            parts.push(part);
        }
        // A list of files.
        parts.extend(
            api.graph.out(part).iter().filter(|(_, edge)| *edge == Edge::Part).map(|&(item, _)| item).filter(is_binary),
        );
    }
    parts
}

fn carries_file(model: &Model, index: u32) -> bool {
    let this = media(model, index);
    // From 3.1 on a binary body has no schema at all (section 4.14.4 of OpenAPI 3.1).
    // An object sent as octet-stream is JSON under another name.
    let is_object = || {
        let effective = this.schema.and_then(|schema| model.api().graph.effective(schema));
        effective.is_some_and(|effective| effective.types == types::OBJECT)
    };
    let raw = this.media_type == "application/octet-stream" && !is_object()
        || this.schema.is_none() && is_binary_type(&this.media_type);
    this.lead && (raw && is_request_body(model, index) || !files(model, index).is_empty())
}

/// The largest length allowed; absent as soon as one file has none.
fn file_limit(model: &Model, index: u32) -> Option<f64> {
    let this = media(model, index);
    let mut files = files(model, index);
    if files.is_empty() {
        files.extend(this.schema);
    }
    let limits = files.into_iter().map(|file| Some(model.api().graph.effective(file)?.max_length?.value));
    limits.collect::<Option<Vec<f64>>>()?.into_iter().reduce(f64::max)
}

fn media_operations(model: &Model, index: u32) -> Vec<u32> {
    let api = model.api();
    let this = media(model, index);
    if api.version == Version::V20 {
        return vec![api.index[this.owner as usize]];
    }
    let mut operations = api.operations_of(this.owner, IN, false);
    operations.extend(api.operations_of(this.owner, OUT, false));
    operations.sort_unstable();
    operations.dedup();
    operations
}

pub(super) fn response(model: &Model, index: u32) -> u32 {
    model.api().of(Object::Response)[index as usize]
}

pub(super) fn header(model: &Model, index: u32) -> u32 {
    model.api().of(Object::Header)[index as usize]
}

/// Operations that document a response or header.
fn documented_by(model: &Model, number: u32) -> Vec<u32> {
    model.api().operations_of(number, OUT, false)
}

/// Those of them that are public (see the catalogue's terms) and no auth endpoint.
fn public_operations(model: &Model, index: u32) -> Vec<u32> {
    let api = model.api();
    if api.security.schemes.is_empty() {
        return Vec::new();
    }
    let mut operations = documented_by(model, response(model, index));
    operations.retain(|&index| {
        let operation = &api.operations[index as usize];
        api.is_called(operation)
            && operation.auth_groups == 0
            && matches!(operation.security(), Some(Security::PublicExplicit | Security::Undefined))
    });
    operations
}

/// Names of personal data anywhere in a response.
fn pii_fields(model: &Model, index: u32) -> Vec<Cow<'_, str>> {
    /// A response that is larger than this is judged by its first schemas.
    const MAX_SCHEMAS: usize = 4_000;
    let api = model.api();
    let mut seen = BTreeSet::from([response(model, index)]);
    let mut open = vec![response(model, index)];
    let mut names: BTreeSet<NameId> = BTreeSet::new();
    while let Some(number) = open.pop() {
        for &(to, edge) in api.graph.out(number) {
            let aside = edge == Edge::Aside
                || !matches!(api.graph.objects[to as usize].object, Object::MediaType | Object::Schema);
            let hidden = api.graph.effective(to).is_some_and(|effective| effective.write_only);
            if aside || hidden || seen.len() > MAX_SCHEMAS {
                continue;
            }
            if let Edge::Property(entry) = edge {
                let name = super::schema::property_name(model, entry);
                names.extend(name.filter(|_| super::usage::is_personal(model, number, entry, to)));
            }
            if seen.insert(to) {
                open.push(to);
            }
        }
    }
    let texts: BTreeSet<&str> = names.into_iter().map(|name| model.name(name)).collect();
    texts.into_iter().map(Cow::Borrowed).collect()
}

fn header_name(model: &Model, number: u32) -> Option<NameId> {
    model.api().responses.header_names.get(&number).copied()
}

/// Responses that a header belongs to.
fn responses_of(model: &Model, header: u32) -> impl Iterator<Item = u32> + '_ {
    let api = model.api();
    api.graph
        .back(header)
        .iter()
        .map(|&(from, _)| from)
        .filter(|&from| api.graph.objects[from as usize].object == Object::Response)
}

/// Whether a response that has the header shows `Access-Control-Allow-Credentials: true`.
fn allows_credentials(model: &Model, index: u32) -> bool {
    let api = model.api();
    responses_of(model, header(model, index)).any(|response| {
        api.graph.parts(response, Object::Header).any(|other| {
            header_name(model, other).is_some_and(|name| model.name(name) == "access-control-allow-credentials")
                && header_values(api, other).into_iter().any(|value| api.view.text(value).eq_ignore_ascii_case("true"))
        })
    })
}

fn shown(model: &Model, index: u32) -> Vec<At> {
    header_values(model.api(), header(model, index))
}

pub(super) static FIELDS: &[Field] = &[
    field(
        Kind::MediaType,
        "type",
        Type::Text,
        "The media type in lower case without parameters. Stands at the key; 2.0: at the entry of `consumes` or `produces`, else (then it is absent) at the method.",
        |m, i| Fact::text(Some(media(m, i).media_type.as_str()).filter(|text| !text.is_empty())),
    ),
    field(Kind::MediaType, "direction", Type::Set(DIRECTIONS), "Whether it is sent, returned or both.", |m, i| {
        set(u32::from(media(m, i).direction))
    }),
    field(
        Kind::MediaType,
        "carriesFile",
        Type::Bool,
        "Whether a client uploads a file or binary content with it.",
        |m, i| Fact::bool(carries_file(m, i)),
    ),
    field(
        Kind::MediaType,
        "fileLimit",
        Type::Number,
        "The largest length allowed for that content, in bytes or characters; absent as soon as one file has none.",
        |m, i| Fact::number(file_limit(m, i)),
    ),
    field(Kind::MediaType, "operations", Type::Nodes(Kind::Operation), "Operations it belongs to.", |m, i| {
        Fact::nodes(Kind::Operation, media_operations(m, i))
    }),
    field(
        Kind::Response,
        "status",
        Type::Text,
        "The key it is documented under: the status, or the name of a shared definition.",
        |m, i| Fact::text(m.api().view.key(m.api().graph.objects[response(m, i) as usize].at)),
    ),
    field(Kind::Response, "headers", Type::Nodes(Kind::Header), "Its headers.", |m, i| {
        Fact::nodes(
            Kind::Header,
            m.api().graph.parts(response(m, i), Object::Header).map(|number| m.api().index[number as usize]),
        )
    }),
    field(
        Kind::Response,
        "piiFields",
        Type::Texts,
        "Names of personal data in its schema (@pii). Stands at the response.",
        |m, i| {
            let fields = pii_fields(m, i);
            texts(fields)
        },
    ),
    field(Kind::Response, "operations", Type::Nodes(Kind::Operation), "Operations that document it.", |m, i| {
        Fact::nodes(Kind::Operation, documented_by(m, response(m, i)))
    }),
    field(
        Kind::Response,
        "publicOperations",
        Type::Nodes(Kind::Operation),
        "Those of them that are public and no auth endpoint, in a document that defines schemes.",
        |m, i| Fact::nodes(Kind::Operation, public_operations(m, i)),
    ),
    field(
        Kind::Header,
        "name",
        Type::Name,
        "Its name in lower case; of a shared definition that under which it is first used. Stands at the key.",
        |m, i| name(header_name(m, header(m, i))),
    ),
    placed(
        Kind::Header,
        "values",
        Type::Texts,
        "Values shown for it: const, enum, default, example, examples. Stands at the first of them.",
        |m, i| super::texts(shown(m, i).into_iter().map(|value| m.api().view.text(value))),
        |m, i| value_of(shown(m, i).first().copied()),
    ),
    field(
        Kind::Header,
        "allowsCredentials",
        Type::Bool,
        "Whether the same response shows `Access-Control-Allow-Credentials: true`.",
        |m, i| Fact::bool(allows_credentials(m, i)),
    ),
    field(Kind::Header, "operations", Type::Nodes(Kind::Operation), "Operations that document it.", |m, i| {
        Fact::nodes(Kind::Operation, documented_by(m, header(m, i)))
    }),
];

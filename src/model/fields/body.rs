//! Fields of media types about request bodies: which formats a body may have.

use super::content::{is_binary_type, is_request_body, media};
use super::{FORMATS, Fact, Field, Kind, Model, Type, field, placed, set};
use crate::model::openapi::essence;
use crate::model::openapi::grammar::{Object, Version};
use crate::model::openapi::view::K;
use crate::span::{At, Place};

/// The family of formats that a media type belongs to: bit of [`FORMATS`].
fn family(media_type: &str) -> u32 {
    let (_, name) = media_type.split_once('/').unwrap_or(("", media_type));
    let is = |format: &str| name == format || name.ends_with(format) && name.ends_with(&format!("+{format}"));
    let family = match name {
        _ if is("json") => "json",
        _ if is("xml") => "xml",
        _ if is("yaml") || is("yml") || name == "x-yaml" => "yaml",
        "x-www-form-urlencoded" => "form",
        _ if media_type.starts_with("multipart/") => "form",
        _ => "other",
    };
    FORMATS.iter().position(|known| *known == family).map_or(0, |bit| 1 << bit)
}

/// The families of all media types of the same request body; nothing for any but the first of them.
fn families(model: &Model, index: u32) -> u32 {
    let api = model.api();
    let this = media(model, index);
    if api.version == Version::V20 {
        let same = |other: &u32| media(model, *other).owner == this.owner;
        if index.checked_sub(1).filter(same).is_some() {
            return 0;
        }
        let body = (index..api.media.len() as u32).take_while(same);
        return body.map(|index| media(model, index)).fold(0, |bits, one| bits | family(&one.media_type));
    }
    let bodies = api.graph.back(this.owner).iter().map(|&(from, _)| api.graph.objects[from as usize]);
    let contents = bodies.filter(|from| from.object == Object::RequestBody);
    let contents = contents.filter_map(|body| api.view.get(body.at, K::Content));
    let first = |content: &At| {
        let entry = api.view.children(*content).next().and_then(|entry| api.view.follow(entry));
        entry.and_then(|media| api.walk.object_at(media)) == Some(this.owner)
    };
    let entries = contents.filter(first).flat_map(|content| api.view.children(content));
    let keys = entries.filter_map(|entry| api.view.key(entry)).filter(|key| key.contains('/'));
    keys.fold(0, |bits, key| bits | family(&essence(key)))
}

/// Whether a schema is written, whatever it says.
fn is_described(model: &Model, index: u32) -> bool {
    let api = model.api();
    let this = media(model, index);
    if api.version == Version::V20 {
        return this.body.is_none_or(|parameter| api.view.entry(parameter, K::Schema).is_some());
    }
    let at = api.graph.objects[this.owner as usize].at;
    api.view.entry(at, K::Schema).is_some()
        || api.version >= Version::V32 && api.view.entry(at, K::ItemSchema).is_some()
}

pub(super) static FIELDS: &[Field] = &[
    field(
        Kind::MediaType,
        "requestBody",
        Type::Bool,
        "Whether it is that of a request body that clients send, not of a parameter, header or response.",
        |m, i| Fact::bool(is_request_body(m, i)),
    ),
    field(
        Kind::MediaType,
        "binary",
        Type::Bool,
        "Whether it is a binary type: octet-stream, image, audio, video, font, pdf, archives.",
        |m, i| Fact::bool(is_binary_type(&media(m, i).media_type)),
    ),
    placed(
        Kind::MediaType,
        "described",
        Type::Bool,
        "Whether it has a `schema` (3.2: or `itemSchema`), or consists of form parameters. Stands at the media type; 2.0: at the name of the body parameter.",
        |m, i| Fact::bool(is_described(m, i)),
        |m, i| {
            let view = &m.api().view;
            media(m, i).body.map(|parameter| Place::value(view.get(parameter, K::Name).unwrap_or(parameter)))
        },
    ),
    field(
        Kind::MediaType,
        "bodyFormats",
        Type::Set(FORMATS),
        "Families of formats of all media types of a request body; only for the first of them.",
        |m, i| set(families(m, i)),
    ),
];

//! Fields on what clients are answered: of responses, headers and media types, and
//! of the operations and documents that they belong to.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::content::{header, is_request_body, media, response};
use super::operation::{operation, statuses};
use super::schema::{members, own_properties};
use super::{Fact, Field, Kind, MEDIA_PLACES, Model, STATEMENTS, STATUS_CLASSES, Type, Value};
use super::{field, key_of, name, placed, set, texts, thing};
use crate::model::Why;
use crate::model::openapi::grammar::{Object, Version};
use crate::model::openapi::graph::types;
use crate::model::openapi::response::{consumed, content_types, documented, is_error, produced, without_schema};
use crate::model::openapi::view::K;
use crate::model::openapi::walk::Edge;
use crate::model::openapi::{Response, header_values};
use crate::span::{At, Place};

fn of_response(model: &Model, index: u32) -> &Response {
    &model.api().responses.table[index as usize]
}

/// Whether browsers call the API.
fn browser_facing(model: &Model) -> Fact<'static> {
    Fact::Known(Value::Choice(u8::from(!model.answers().browser_facing)))
}

/// The entry of an operation's `responses` with exactly that key.
fn status_entry(model: &Model, index: u32, code: &str) -> Option<At> {
    let view = &model.api().view;
    let responses = view.follow(view.entry(operation(model, index).at, K::Responses)?)?;
    view.children(responses).find(|&entry| view.key(entry) == Some(code))
}

/// A list made of the keys of an operation's responses; unknown where they are behind a broken reference.
fn of_statuses<'m>(model: &'m Model, index: u32, list: impl Fn(Vec<Cow<'m, str>>) -> Vec<Cow<'m, str>>) -> Fact<'m> {
    let keys = match (statuses(model, index), model.api().view.entry(operation(model, index).at, K::Responses)) {
        (None, Some(broken)) => return Fact::Unknown(Why::UnresolvedReference, Some(Place::key(broken))),
        (keys, _) => keys.unwrap_or_default(),
    };
    texts(list(keys))
}

/// Keys of the responses that tell of a failure.
fn error_responses(model: &Model, index: u32) -> Fact<'_> {
    of_statuses(model, index, |keys| keys.into_iter().filter(|key| is_error(key)).collect())
}

/// Codes of @error-response that an operation does not document (E9). 413 and 415 are about a body.
fn missing_errors(model: &Model, index: u32) -> Fact<'_> {
    let lists = model.lists();
    let Some(list) = lists.id("error-response").and_then(|id| lists.list(id)) else { return Fact::Absent };
    let has_body = super::operation::body_place(model, index).is_some();
    let covers = |key: &str, code: &str| {
        let range = match key.as_bytes() {
            [class, b'x' | b'X', b'x' | b'X'] => code.as_bytes().first() == Some(class),
            _ => false,
        };
        range || key == code || key == "default"
    };
    of_statuses(model, index, |keys| {
        let asked = list.exact.iter().filter(|code| has_body || !matches!(code.as_str(), "413" | "415"));
        let missing = asked.filter(|code| !keys.iter().any(|key| covers(key, code)));
        missing.map(|code| Cow::Borrowed(code.as_str())).collect()
    })
}

/// Scopes or roles that the requirements in force name.
fn required_scopes(model: &Model, index: u32) -> Fact<'_> {
    let api = model.api();
    let alternatives = operation(model, index).alternatives();
    let entries = api.security.required_of(&alternatives).map(|required| api.view.resolve(required.entry));
    let scopes = entries.flat_map(|list| api.view.children(list)).map(|scope| api.view.text(api.view.resolve(scope)));
    let mut distinct: Vec<&str> = Vec::new();
    for scope in scopes {
        if !distinct.contains(&scope) {
            distinct.push(scope);
        }
    }
    texts(distinct)
}

/// Media types of all that an operation answers.
fn response_types(model: &Model, index: u32) -> Vec<String> {
    let api = model.api();
    let this = operation(model, index);
    let mut types: Vec<String> = if api.version == Version::V20 {
        produced(api, this.at).into_iter().map(|(_, media_type)| media_type).collect()
    } else {
        let numbers = documented(api, this).map(|(_, number)| number);
        numbers.flat_map(|number| content_types(api, number)).map(|(_, media_type)| media_type).collect()
    };
    types.sort_unstable();
    types.dedup();
    types
}

/// Whether a media type is an archive or compressed.
fn is_archive(media_type: &str) -> bool {
    const ARCHIVES: [&str; 22] = [
        "zip",
        "zip-compressed",
        "tar",
        "gtar",
        "tgz",
        "gzip",
        "gzip-compressed",
        "compressed",
        "compress",
        "bzip",
        "bzip2",
        "7z-compressed",
        "rar",
        "rar-compressed",
        "vnd.rar",
        "xz",
        "lzma",
        "zstd",
        "zlib",
        "brotli",
        "java-archive",
        "compressed-tar",
    ];
    let name = media_type.split_once('/').map_or("", |(_, name)| name);
    let name = name.strip_prefix("x-").unwrap_or(name);
    ARCHIVES.contains(&name) || name.ends_with("+zip") || name.ends_with("+gzip")
}

/// An archive or compressed type that an operation takes, else a Content-Encoding parameter: place and name.
fn compressed_input(model: &Model, index: u32) -> Option<(Place, Cow<'_, str>)> {
    let api = model.api();
    let this = operation(model, index);
    let media = || {
        if api.version == Version::V20 {
            super::operation::body_place(model, index)?;
            let mut types = consumed(api, this.at).into_iter().map(|(entry, _)| entry);
            let entry = types.find(|&entry| is_archive(&api.view.text(entry).to_ascii_lowercase()))?;
            return Some((Place::value(entry), Cow::Borrowed(api.view.text(entry))));
        }
        let bodies = api.graph.parts(this.number, Object::RequestBody);
        let mut media = bodies.flat_map(|body| api.graph.parts(body, Object::MediaType));
        media.find_map(|number| {
            let media = api.media.get(api.index[number as usize] as usize)?;
            is_archive(&media.media_type).then_some((media.place, Cow::Borrowed(media.media_type.as_str())))
        })
    };
    let header = || {
        let mut parameters = this.parameters.iter().map(|&index| &api.parameters[index as usize]);
        let found = parameters.find(|parameter| {
            let location = parameter.sent_in();
            location == Some("header") && model.name(parameter.name).eq_ignore_ascii_case("content-encoding")
        })?;
        Some((Place::value(found.name_at), Cow::Borrowed(model.name(found.name))))
    };
    media().or_else(header)
}

/// What a media type is the content of: bits of `MEDIA_PLACES`.
fn content_of(model: &Model, index: u32) -> u32 {
    let api = model.api();
    let this = media(model, index);
    if api.version == Version::V20 {
        return if is_request_body(model, index) { 1 } else { 2 };
    }
    api.graph.back(this.owner).iter().fold(0, |bits, &(from, _)| {
        bits | match api.graph.objects[from as usize].object {
            Object::RequestBody => 1,
            Object::Response => 2,
            Object::Parameter => 4,
            Object::Header => 8,
            _ => 0,
        }
    })
}

/// Files of a multipart body that may be of any type.
fn untyped_files(model: &Model, index: u32) -> Vec<&str> {
    let api = model.api();
    let this = media(model, index);
    let schema = this.schema.filter(|_| this.media_type.starts_with("multipart/") && is_request_body(model, index));
    let Some(schema) = schema.filter(|_| api.version != Version::V20) else { return Vec::new() };
    let at = api.graph.objects[this.owner as usize].at;
    let encoding = api.view.get(at, K::Encoding);
    let is_file = |number: u32| {
        let item = || api.graph.out(number).iter().filter(|(_, edge)| *edge == Edge::Part).map(|&(item, _)| item);
        let is_typed = |number: u32| {
            let members = members(model, number).into_iter().map(|member| api.graph.objects[member as usize].at);
            members.filter_map(|at| api.view.scalar(at, K::ContentMediaType)).any(|text| !text.contains("*/*"))
        };
        let is_binary =
            |number: u32| api.graph.effective(number).is_some_and(|effective| effective.binary) && !is_typed(number);
        is_binary(number)
            || api.graph.effective(number).is_some_and(|effective| effective.types & types::ARRAY != 0)
                && item().any(is_binary)
    };
    let is_open = |part: &str| {
        let parts = encoding.into_iter().flat_map(|map| api.view.children(map));
        let stated = parts
            .filter(|&entry| api.view.key(entry) == Some(part))
            .find_map(|entry| api.view.scalar(api.view.follow(entry)?, K::ContentType));
        stated.is_none_or(|stated| stated.split(',').any(|one| one.trim().starts_with("*/*")))
    };
    let parts = members(model, schema).into_iter().flat_map(|member| own_properties(model, member));
    let names = parts.filter(|&(_, part)| is_file(part)).filter_map(|(entry, _)| api.view.key(entry));
    names.filter(|name| is_open(name)).collect()
}

/// The cookie that a text shows: `name=value`, and attributes after it.
fn shown_cookie(text: &str) -> Option<&str> {
    static COOKIE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        // RFC 6265: a name is a token; `Path=/` alone shows an attribute, no cookie.
        Regex::new(r"(?:^|[\s`'\x22^(])([A-Za-z0-9_.$\\-]+)=[^\s=;`'\x22][^\n]*").ok()
    });
    const ATTRIBUTES: [&str; 7] = ["path", "domain", "expires", "max-age", "samesite", "secure", "httponly"];
    let captures = COOKIE.as_ref()?.captures(text)?;
    let named = captures.get(1)?;
    (!ATTRIBUTES.contains(&named.as_str().to_ascii_lowercase().as_str())).then(|| &text[named.start()..])
}

/// Attributes that a cookie shown for a `Set-Cookie` header lacks. A cookie that is deleted needs none.
fn cookie_lacks(model: &Model, index: u32) -> Fact<'static> {
    let api = model.api();
    let number = header(model, index);
    let at = api.graph.objects[number as usize].at;
    if api.responses.header_names.get(&number).is_none_or(|&name| model.name(name) != "set-cookie") {
        return Fact::Absent;
    }
    let schema = api.graph.part(number, Object::Schema).map(|schema| api.graph.objects[schema as usize].at);
    let holders = || schema.into_iter().chain([at]);
    let said =
        holders().flat_map(|at| [K::Pattern, K::Description].map(|key| api.view.get(at, key)).into_iter().flatten());
    let values = header_values(api, number).into_iter().chain(said).map(|value| api.view.text(value));
    let csrf = model.lists().id("csrf");
    let mut lacks: Vec<&str> = Vec::new();
    for cookie in values.filter_map(shown_cookie) {
        let lower = cookie.to_ascii_lowercase();
        let name = cookie.split('=').next().unwrap_or_default();
        if lower.contains("max-age=0") || lower.contains("1970") {
            continue;
        }
        let readable = csrf.is_some_and(|list| model.lists().hits(name).any(list));
        for (attribute, key) in [("Secure", "secure"), ("HttpOnly", "httponly"), ("SameSite", "samesite")] {
            let exempt = key == "httponly" && readable;
            if !exempt && !has_word(&lower, key) && !lacks.contains(&attribute) {
                lacks.push(attribute);
            }
        }
    }
    texts(lacks)
}

/// Whether a text holds a word that is no part of another.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, _)| {
        let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let bytes = text.as_bytes();
        !is_part(start.checked_sub(1).and_then(|before| bytes.get(before))) && !is_part(bytes.get(start + word.len()))
    })
}

/// Headers of @security-header that no 2XX of the document has.
fn missing_security_headers(model: &Model) -> Fact<'_> {
    let answers = model.answers();
    let lists = model.lists();
    let Some(list) = lists.id("security-header").and_then(|id| lists.list(id)) else { return Fact::Absent };
    let has = |wanted: &str| answers.success_headers.iter().any(|&name| model.name(name).eq_ignore_ascii_case(wanted));
    // Either of them says who may show the answer in a frame.
    let frames = |name: &str| {
        name.eq_ignore_ascii_case("x-frame-options") || name.eq_ignore_ascii_case("content-security-policy")
    };
    let missing: Vec<&str> = list
        .exact
        .iter()
        .map(String::as_str)
        .filter(|name| if frames(name) { !answers.restricts_frames } else { !has(name) })
        .collect();
    unseen(model, texts(missing))
}

/// A list of headers that are missing, unless they may stand where nobody can see.
fn unseen<'m>(model: &'m Model, missing: Fact<'m>) -> Fact<'m> {
    match (&missing, &model.answers().unseen) {
        (Fact::Absent, _) | (_, None) => missing,
        (_, Some((why, place))) => Fact::Unknown(*why, *place),
    }
}

fn operation_with_404(model: &Model, index: u32) -> Option<Place> {
    key_of(status_entry(model, index, "404"))
}

pub(super) static FIELDS: &[Field] = &[
    field(
        Kind::Document,
        "browserFacing",
        Type::Choice(STATEMENTS),
        "`stated` if browsers are meant to call it: an answer names a CORS header, or an operation is an OPTIONS that returns nothing.",
        |m, _| browser_facing(m),
    ),
    field(
        Kind::Document,
        "successHeaders",
        Type::Names,
        "Names of the headers of all its 2XX responses, in lower case.",
        |m, _| match &m.answers().unseen {
            Some((why, place)) => Fact::Unknown(*why, *place),
            None => Fact::Known(Value::Names(m.answers().success_headers.clone())),
        },
    ),
    field(
        Kind::Document,
        "missingSecurityHeaders",
        Type::Texts,
        "Headers of @security-header that no 2XX of the document has. Of X-Frame-Options and a Content-Security-Policy with `frame-ancestors` one is enough.",
        |m, _| missing_security_headers(m),
    ),
    field(Kind::Operation, "operationStart", Type::Name, "First two words of `operationId`.", |m, i| {
        name(operation(m, i).operation_start)
    }),
    field(
        Kind::Operation,
        "errorResponses",
        Type::Texts,
        "Keys of its responses that tell of a failure: 4XX, 5XX, `default`.",
        error_responses,
    ),
    field(
        Kind::Operation,
        "missingErrors",
        Type::Texts,
        "Codes of @error-response that it does not document (E9); 413 and 415 only for operations with a body.",
        missing_errors,
    ),
    placed(
        Kind::Operation,
        "notFound",
        Type::Thing,
        "Its exact 404. Stands at that key.",
        |m, i| thing(operation_with_404(m, i).is_some()),
        operation_with_404,
    ),
    placed(
        Kind::Operation,
        "conflict",
        Type::Thing,
        "Its exact 409. Stands at that key.",
        |m, i| thing(status_entry(m, i, "409").is_some()),
        |m, i| key_of(status_entry(m, i, "409")),
    ),
    field(
        Kind::Operation,
        "notFoundEverywhere",
        Type::Bool,
        "Whether every operation of the document that clients call has an exact 404.",
        |m, _| Fact::bool(m.answers().not_found_everywhere),
    ),
    field(
        Kind::Operation,
        "requiredScopes",
        Type::Texts,
        "Scopes, or roles from 3.1 on, that the requirements in force name.",
        required_scopes,
    ),
    field(
        Kind::Operation,
        "responseTypes",
        Type::Texts,
        "Media types of its responses in lower case, without parameters (2.0: what it produces).",
        |m, i| texts(response_types(m, i)),
    ),
    placed(
        Kind::Operation,
        "compressedInput",
        Type::Text,
        "A media type of its body that is an archive or compressed, else its header parameter Content-Encoding. Stands at the media type, or at the parameter's name.",
        |m, i| compressed_input(m, i).map_or(Fact::Absent, |(_, text)| Fact::Known(Value::Text(text))),
        |m, i| compressed_input(m, i).map(|(place, _)| place),
    ),
    field(Kind::MediaType, "contentOf", Type::Set(MEDIA_PLACES), "What it is the content of.", |m, i| {
        set(content_of(m, i))
    }),
    field(
        Kind::MediaType,
        "untypedFiles",
        Type::Texts,
        "Files of a multipart request body that may be of any type: neither `encoding.contentType` nor `contentMediaType` narrows it down.",
        |m, i| texts(untyped_files(m, i)),
    ),
    field(
        Kind::Response,
        "statuses",
        Type::Statuses,
        "Keys under which operations that clients call document it.",
        |m, i| {
            let keys = of_response(m, i).statuses.iter().filter_map(|&entry| m.api().view.key(entry));
            Fact::Known(Value::Statuses(keys.map(Cow::Borrowed).collect()))
        },
    ),
    field(
        Kind::Response,
        "class",
        Type::Set(STATUS_CLASSES),
        "What those statuses tell; `default` is a success where the operation documents no other. Absent where no client gets it.",
        |m, i| set(of_response(m, i).classes),
    ),
    field(
        Kind::Response,
        "headerNames",
        Type::Names,
        "Names of its headers in lower case, whether or not their references lead anywhere.",
        |m, i| {
            let response = of_response(m, i);
            if response.headers_unknown {
                return Fact::Unknown(Why::UnresolvedReference, None);
            }
            Fact::Known(Value::Names(response.headers.clone()))
        },
    ),
    field(
        Kind::Response,
        "contentTypes",
        Type::Texts,
        "Its media types in lower case, without parameters. 2.0: what its operations produce, if it has a schema.",
        |m, i| {
            let types = content_types(m.api(), m.api().of(Object::Response)[i as usize]);
            texts(types.into_iter().map(|(_, media_type)| media_type))
        },
    ),
    field(
        Kind::Response,
        "typesWithoutSchema",
        Type::Texts,
        "Structured media types (JSON, XML, forms, YAML) that it has without a schema. 2.0: those of its examples, if it has no schema.",
        |m, i| texts(without_schema(m.api(), response(m, i))),
    ),
    field(Kind::Response, "browserFacing", Type::Choice(STATEMENTS), "As that of the document.", |m, _| {
        browser_facing(m)
    }),
    field(
        Kind::Header,
        "cookieLacks",
        Type::Texts,
        "Of `Set-Cookie`: which of Secure, HttpOnly and SameSite a cookie lacks that is shown by const, enum, default, example, pattern or description. Cookies against request forgery (@csrf) need no HttpOnly.",
        cookie_lacks,
    ),
    field(Kind::ErrorDetail, "name", Type::Name, "Name of the field; absent for an example text.", |m, i| {
        let property = m.shown_errors()[i as usize].property;
        name(property.map(|property| m.api().properties[property as usize].name))
    }),
    field(
        Kind::ErrorDetail,
        "property",
        Type::Nodes(Kind::Property),
        "The field it is, as a list of one; absent for an example text.",
        |m, i| Fact::nodes(Kind::Property, m.shown_errors()[i as usize].property),
    ),
    field(
        Kind::ErrorDetail,
        "inside",
        Type::Text,
        "Words of an example text that only the inside of a server can have written: a line of a stack trace, a database error, a path of a file. Stands at the text, or in one of several lines at the words.",
        |m, i| Fact::text(m.shown_errors()[i as usize].inside.as_deref()),
    ),
];

//! The field of schemas about formats that nobody knows: what was meant.

use super::schema::effective;
use super::{Fact, Field, Kind, Model, Type, field, value_of};
use crate::model::openapi::graph::types;
use crate::words::edits;

const TEXT: u32 = types::STRING;
const NUMBER: u32 = types::INTEGER | types::NUMBER;

/// The OpenAPI format registry (spec.openapis.org/registry/format), with the types a format is for.
const REGISTRY: [(&str, u32); 46] = [
    ("base64url", TEXT),
    ("binary", TEXT),
    ("byte", TEXT),
    ("char", TEXT),
    ("commonmark", TEXT),
    ("date", TEXT),
    ("date-time", TEXT),
    ("date-time-local", TEXT),
    ("decimal", TEXT | NUMBER),
    ("decimal128", TEXT | NUMBER),
    ("double", NUMBER),
    ("double-int", NUMBER),
    ("duration", TEXT),
    ("email", TEXT),
    ("float", NUMBER),
    ("hostname", TEXT),
    ("html", TEXT),
    ("http-date", TEXT),
    ("idn-email", TEXT),
    ("idn-hostname", TEXT),
    ("int8", NUMBER),
    ("int16", NUMBER),
    ("int32", NUMBER),
    ("int64", TEXT | NUMBER),
    ("ipv4", TEXT),
    ("ipv6", TEXT),
    ("iri", TEXT),
    ("iri-reference", TEXT),
    ("json-pointer", TEXT),
    ("media-range", TEXT),
    ("password", TEXT),
    ("regex", TEXT),
    ("relative-json-pointer", TEXT),
    ("sf-binary", TEXT),
    ("sf-boolean", TEXT),
    ("sf-decimal", NUMBER),
    ("sf-integer", NUMBER),
    ("sf-string", TEXT),
    ("sf-token", TEXT),
    ("time", TEXT),
    ("time-local", TEXT),
    ("unixtime", NUMBER),
    ("uri", TEXT),
    ("uri-reference", TEXT),
    ("uri-template", TEXT),
    ("uuid", TEXT),
];

/// Registered formats that are recognised, but nobody misspells.
const RECENT: [&str; 4] = ["uint8", "uint16", "uint32", "uint64"];

/// The registered format that is meant by one that is not: in other letter case, with blanks,
/// by another name (@format-typo), or one letter off. Legal custom formats have none.
fn meant<'m>(model: &'m Model, format: &str, allowed: u32) -> Option<&'m str> {
    let lists = &model.api().names.lists;
    let suits = |format: &str| {
        let row = REGISTRY.iter().find(|(known, _)| *known == format);
        row.filter(|(_, types)| allowed == 0 || allowed & types != 0).map(|&(known, _)| known)
    };
    let is_custom = lists.id("custom-format").is_some_and(|list| lists.hits(format).whole(list));
    if is_custom || RECENT.contains(&format) || REGISTRY.iter().any(|(known, _)| *known == format) {
        return None;
    }
    let plain: String = format.trim().to_ascii_lowercase();
    if let Some(known) = suits(&plain) {
        return Some(known);
    }
    let list = lists.id("format-typo")?;
    if let Some(known) = lists.replacement(list, &plain) {
        return suits(known);
    }
    // Digits are no slip: `int8` is another format than `int`.
    let near = |known: &&(&'static str, u32)| {
        let (known, _) = **known;
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        digits(known) == digits(&plain) && edits(&plain, known) == 1
    };
    let mut near = REGISTRY.iter().filter(near).filter_map(|(known, _)| suits(known));
    let first = near.next();
    first.filter(|_| near.next().is_none())
}

pub(super) static FIELDS: &[Field] = &[Field {
    at: |m, i| value_of(effective(m, Some(m.api().schemas[i as usize])).and_then(|effective| effective.format)),
    ..field(
        Kind::Schema,
        "formatMeant",
        Type::Text,
        "The registered format that is meant by an effective `format` that does not exist. Stands at the value of `format`.",
        |m, i| {
            let effective = effective(m, Some(m.api().schemas[i as usize]));
            let format = effective.and_then(|effective| Some((m.api().view.text(effective.format?), effective.types)));
            Fact::text(format.and_then(|(format, allowed)| meant(m, format, allowed)))
        },
    )
}];

//! What error responses show: the fields of their schemas, and example texts in
//! which the inside of a server can be seen. Worked out once per document. Knows
//! how stack traces, database errors and file paths look, no rule.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use super::Api;
use super::grammar::{Object, Version};
use super::response::class;
use super::view::K;
use super::walk::{self, Edge};
use crate::source::NodeKind;
use crate::span::{At, Part, Place};

/// A field or an example text that an error response shows.
#[derive(Debug)]
pub struct Shown {
    /// A field: its key. A text: the value, or of several lines the words that tell.
    pub place: Place,
    /// The index of the property, for a field.
    pub property: Option<u32>,
    /// The words of an example text that come from inside the server.
    pub inside: Option<String>,
}

/// Objects that are looked at per document; error schemas are few and shared.
const MAX_OBJECTS: usize = 50_000;
/// Nodes of one example.
const MAX_NODES: usize = 10_000;

/// What the error responses of a document show, in document order.
pub fn shown(api: &Api) -> Vec<Shown> {
    let responses = api.responses.table.iter().zip(api.of(Object::Response));
    let errors = responses.filter(|(response, _)| response.classes & class::ERROR != 0).map(|(_, &number)| number);
    let mut open: Vec<u32> = errors.collect();
    let mut seen: HashSet<u32> = open.iter().copied().collect();
    let mut found = Vec::new();
    while let Some(number) = open.pop() {
        found.extend(examples(api, number).into_iter().filter_map(|value| telling(api, value)));
        for &(to, edge) in api.graph.out(number) {
            let aside = edge == Edge::Aside
                || !matches!(api.graph.objects[to as usize].object, Object::MediaType | Object::Schema)
                || api.graph.effective(to).is_some_and(|effective| effective.write_only);
            if aside {
                continue;
            }
            if let Edge::Property(entry) = edge {
                let property = api.property_index(entry);
                found.push(Shown { place: Place::key(entry), property, inside: None });
            }
            if seen.len() < MAX_OBJECTS && seen.insert(to) {
                open.push(to);
            }
        }
    }
    found.sort_by_key(|shown| walk::order(&api.walk, shown.place.at));
    found.dedup_by_key(|shown| shown.place);
    found
}

/// The examples of a response (2.0), media type or schema.
fn examples(api: &Api, number: u32) -> Vec<At> {
    let view = &api.view;
    let object = api.graph.objects[number as usize];
    let is_response = object.object == Object::Response;
    let mut values: Vec<At> = view.get(object.at, K::Example).filter(|_| !is_response).into_iter().collect();
    let Some(map) = view.get(object.at, K::Examples).filter(|_| !is_response || api.version == Version::V20) else {
        return values;
    };
    let is_media = object.object == Object::MediaType;
    let named = view
        .children(map)
        .filter_map(|entry| if is_media { view.get(view.follow(entry)?, K::Value) } else { Some(view.resolve(entry)) });
    values.extend(named);
    values
}

/// The first text of an example in which the inside of a server can be seen.
fn telling(api: &Api, example: At) -> Option<Shown> {
    let view = &api.view;
    let mut open = vec![example];
    let mut left = MAX_NODES;
    while let Some(at) = open.pop() {
        left = left.checked_sub(1)?;
        let at = view.resolve(at);
        match view.kind(at) {
            NodeKind::Map | NodeKind::Seq => {
                let from = open.len();
                open.extend(view.children(at));
                open[from..].reverse();
            }
            NodeKind::Str => {
                if let Some(inside) = inside(view.text(at)) {
                    return Some(Shown {
                        place: words_of(api, at, inside),
                        property: None,
                        inside: Some(inside.to_owned()),
                    });
                }
            }
            _ => {}
        }
    }
    None
}

/// The words themselves where the text has several lines, so that the right one is shown; else the whole value.
fn words_of(api: &Api, at: At, words: &str) -> Place {
    let tree = api.view.tree(at.file);
    let span = tree.span(at.node);
    let bytes = || {
        let source = tree.source().get(span.start as usize..span.end as usize)?;
        let start = span.start + source.find(words).filter(|_| tree.text(at.node).trim_end().contains('\n'))? as u32;
        Some(Place { at, part: Part::Bytes(start, start + words.len() as u32) })
    };
    bytes().unwrap_or(Place::value(at))
}

/// The part of a text that only the inside of a server can have written.
fn inside(text: &str) -> Option<&str> {
    static TRACE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"Traceback \(most recent call last\)|\bat [\w$<>.]+\.[\w$<>]+ ?\(|\bORA-\d{4,5}\b|\bSQLSTATE\b")
            .ok()
    });
    static PATH: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?:^|[\s"'(\[=:])((?:/(?:home|usr|var|opt|srv|app)/|\b[A-Za-z]:\\)[^\s"'()\[\]]+)"#).ok()
    });
    if let Some(found) = TRACE.as_ref().and_then(|regex| regex.find(text)) {
        return Some(found.as_str());
    }
    let path = PATH.as_ref().and_then(|regex| regex.captures(text)).and_then(|captures| captures.get(1))?.as_str();
    // Alone, `/app/orders` may be a path of the API itself: there, only a file is told by its ending.
    let is_file = || path.contains('\\') || path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    (path.len() < text.trim().len() || is_file()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_database_errors_and_file_paths_are_told() {
        for text in [
            "Traceback (most recent call last):",
            "NullPointerException\n  at com.acme.Orders.find(Orders.java:12)",
            "at Object.<anonymous> (index.js:3)",
            "ORA-00942: table or view does not exist",
            "SQLSTATE[42S02]: Base table not found",
            "cannot open /var/lib/orders",
            "/srv/www/orders.php",
            r"C:\inetpub\orders.dll",
        ] {
            assert!(inside(text).is_some(), "{text}");
        }
    }

    #[test]
    fn messages_for_people_and_paths_of_the_api_are_not() {
        for text in [
            "look at example.com",
            "/app/orders/17",
            "meet us at the bar (soon)",
            "see /docs/errors",
            "a: b",
            "FLORA-1234",
        ] {
            assert_eq!(inside(text), None, "{text}");
        }
    }
}

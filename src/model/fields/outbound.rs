//! Fields on calls that the server makes because a client says so: inputs that hold URLs, and callbacks.

use std::sync::LazyLock;

use regex::Regex;

use super::{Fact, Field, Kind, LOCATIONS, Model, TYPES, Type, Value};
use super::{choice, field, name, placed, set, texts, value_of};
use crate::model::net::{self, HostClass};
use crate::model::openapi::callback::{self, Source};
use crate::model::openapi::graph::{Effective, IN, types};
use crate::model::openapi::inputs::Input;
use crate::model::{NameId, Why};
use crate::span::{At, Place};

fn input(model: &Model, index: u32) -> Input {
    model.inputs().all[index as usize]
}

fn input_name(model: &Model, index: u32) -> NameId {
    match input(model, index) {
        Input::Parameter(parameter) => model.api().parameters[parameter as usize].name,
        Input::Property(property) => model.api().properties[property as usize].name,
    }
}

/// What holds for each value of an input.
fn value(model: &Model, index: u32) -> Option<&Effective> {
    model.api().graph.effective(input(model, index).value(model.api())?)
}

fn location(model: &Model, index: u32) -> Fact<'static> {
    match input(model, index) {
        Input::Parameter(parameter) => {
            let location = model.api().parameters[parameter as usize].location;
            location.map_or(Fact::Absent, |location| Fact::Known(Value::Choice(location)))
        }
        Input::Property(_) => choice(LOCATIONS, "body"),
    }
}

fn operations(model: &Model, index: u32) -> Fact<'static> {
    let api = model.api();
    match input(model, index) {
        Input::Parameter(parameter) => {
            Fact::nodes(Kind::Operation, api.parameters[parameter as usize].operations.iter().copied())
        }
        Input::Property(property) => {
            Fact::nodes(Kind::Operation, api.operations_of(api.properties[property as usize].owner, IN, false))
        }
    }
}

/// Whether a pattern admits only URLs of hosts that it names.
fn fixes_host(pattern: &str) -> bool {
    static FIXED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        // Anchor, scheme with or without alternatives, `://`, then a name with a dot and nothing open in it.
        Regex::new(r"^\^(?:\(\?:|\()?(?:[a-z]+\??|\|)+\)?:\\?/\\?/(?:[A-Za-z0-9-]+\\?\.)+[A-Za-z0-9-]+(?:\\?/|\$|:|\\?\?|#|\()").ok()
    });
    FIXED.as_ref().is_some_and(|fixed| fixed.is_match(pattern))
}

/// The first URL shown for an input whose host is the machine itself, a private address or the metadata service.
fn local_url(model: &Model, index: u32) -> Option<At> {
    let view = &model.api().view;
    let is_local = |&at: &At| {
        let text = view.text(at);
        text.contains("://") && matches!(net::parse(text).class(), Some(HostClass::Loopback | HostClass::Private))
    };
    input(model, index).shown(model.api()).into_iter().find(is_local)
}

/// The inputs that a callback takes its host from.
fn sources(model: &Model, index: u32) -> Fact<'_> {
    let api = model.api();
    let mut found = Vec::new();
    let mut unknown = None;
    for source in callback::sources(api, api.callbacks[index as usize]) {
        match source {
            Source::Parameter(parameter) => found.extend(model.inputs().of_parameter(parameter)),
            Source::Property(property) => found.extend(model.inputs().of_property(property)),
            Source::Unknown(at) => unknown = Some(Place::key(at)),
        }
    }
    found.sort_unstable();
    found.dedup();
    match unknown {
        Some(place) if found.is_empty() => Fact::Unknown(Why::UnresolvedReference, Some(place)),
        _ => Fact::nodes(Kind::Input, found),
    }
}

fn first_source(model: &Model, index: u32) -> Option<Place> {
    match sources(model, index) {
        Fact::Known(Value::Nodes(nodes)) => nodes.first().map(|&id| model.place(id)),
        _ => None,
    }
}

pub(super) static FIELDS: &[Field] = &[
    field(
        Kind::Input,
        "name",
        Type::Name,
        "Its name. Stands at the `name` of a parameter, at the key of a property.",
        |m, i| name(Some(input_name(m, i))),
    ),
    field(Kind::Input, "in", Type::Choice(LOCATIONS), "Where it is sent; `body` for a property.", location),
    field(
        Kind::Input,
        "types",
        Type::Set(TYPES),
        "Effective types of its value; of a list, those of its items.",
        |m, i| value(m, i).map_or(Fact::Absent, |value| set(value.types)),
    ),
    field(Kind::Input, "format", Type::Text, "Effective `format` of its value, or of its items.", |m, i| {
        Fact::text(value(m, i).and_then(|value| value.format).map(|format| m.api().view.text(format)))
    }),
    field(
        Kind::Input,
        "finite",
        Type::Bool,
        "Whether enum, const or boolean type bounds its value, or its items.",
        |m, i| Fact::bool(value(m, i).is_some_and(|value| value.finite.is_some() || value.types == types::BOOLEAN)),
    ),
    field(Kind::Input, "pattern", Type::Text, "Effective `pattern` of its value, or of its items.", |m, i| {
        Fact::text(value(m, i).and_then(|value| value.pattern).map(|pattern| m.api().view.text(pattern)))
    }),
    field(
        Kind::Input,
        "hostFixed",
        Type::Bool,
        "Whether its pattern admits only URLs of hosts that it names.",
        |m, i| {
            let pattern = value(m, i).and_then(|value| value.pattern);
            Fact::bool(pattern.is_some_and(|pattern| fixes_host(m.api().view.text(pattern))))
        },
    ),
    placed(
        Kind::Input,
        "localUrl",
        Type::Text,
        "The first URL among its examples and default that leads to a loopback, private or link-local address. Stands at the value.",
        |m, i| Fact::text(local_url(m, i).map(|at| m.api().view.text(at))),
        |m, i| value_of(local_url(m, i)),
    ),
    field(Kind::Input, "operations", Type::Nodes(Kind::Operation), "Operations that take it.", operations),
    field(
        Kind::Callback,
        "hostExpression",
        Type::Text,
        "The runtime expression of the request with which it begins, and which so decides on the host.",
        |m, i| Fact::text(callback::host_expression(m.api(), m.api().callbacks[i as usize])),
    ),
    placed(
        Kind::Callback,
        "sources",
        Type::Nodes(Kind::Input),
        "The inputs that this expression reads. Stands at the first.",
        sources,
        first_source,
    ),
    field(Kind::Callback, "operations", Type::Texts, "Paths of the operations it belongs to.", |m, i| {
        texts(
            callback::operations(m.api(), m.api().callbacks[i as usize])
                .into_iter()
                .map(|operation| m.api().path_of(&m.api().operations[operation as usize])),
        )
    }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fixes_the_host_if_it_begins_with_one() {
        for pattern in [
            r"^https://hooks\.acme\.io/",
            r"^https:\/\/acme\.io\/.*$",
            "^https?://api.acme.io/[a-z]+$",
            r"^(https|wss)://acme\.io:443/",
            r"^(?:http|https)://acme\.io$",
        ] {
            assert!(fixes_host(pattern), "{pattern}");
        }
        for pattern in [
            "^https://",
            r"https://acme\.io/",
            "^https?://.+",
            r"^https://acme\.io",
            r"^https://[a-z]+\.acme\.io/",
            ".*",
        ] {
            assert!(!fixes_host(pattern), "{pattern}");
        }
    }
}

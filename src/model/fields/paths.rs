//! Fields of path pairs, and of parameters as parts of paths.

use std::borrow::Cow;

use super::operation::{operation as operation_of, unknown_security};
use super::parameter::{parameter, schema};
use super::schema::effective;
use super::{AMBIGUITIES, Fact, Field, Kind, Model, Type, Value, field, key_of, placed, texts};
use crate::model::openapi::grammar::Object;
use crate::model::openapi::paths::PathPair;

fn pair(model: &Model, index: u32) -> &PathPair {
    &model.api().path_pairs()[index as usize]
}

fn path(model: &Model, index: u32) -> &str {
    let api = model.api();
    api.view.key(api.items[index as usize].entry).unwrap_or_default()
}

fn method(model: &Model, operation: u32) -> &str {
    &model.api().operations[operation as usize].method
}

/// Common methods, credentials aside, for which the two paths are protected in different ways.
fn differing_methods(model: &Model, index: u32) -> Fact<'_> {
    let api = model.api();
    let authentications = api.authentications();
    let mut differing = Vec::new();
    let mut lost = None;
    for &(first, second) in &pair(model, index).operations {
        match (authentications.of(first), authentications.of(second)) {
            // A preflight or trace carries no credentials.
            _ if matches!(method(model, first), "OPTIONS" | "TRACE") => {}
            (Some(left), Some(right)) if left != right => differing.push(method(model, first)),
            (Some(_), Some(_)) => {}
            (None, _) => lost = Some(first),
            (_, None) => lost = Some(second),
        }
    }
    match lost {
        Some(operation) if differing.is_empty() => unknown_security(operation_of(model, operation)),
        _ => texts(differing),
    }
}

/// Where a parameter is defined: the template of its path, or its name as a shared definition.
fn defined_in(model: &Model, index: u32) -> Option<&str> {
    let api = model.api();
    let at = parameter(model, index).at;
    let (owner, _) = api.owner(at)?;
    let item = match api.graph.objects[owner as usize].object {
        Object::Operation => api.operations.get(api.index[owner as usize] as usize)?.item,
        Object::PathItem => api.index[owner as usize],
        _ => return api.view.key(at),
    };
    api.items.get(item as usize).and_then(|item| api.view.key(item.entry))
}

/// Whether an anchored pattern admits nothing but digits.
fn is_digits(pattern: &str) -> bool {
    let Some(mut rest) = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')) else { return false };
    let mut digits = 0;
    while let Some(next) = rest.chars().next() {
        let taken = match next {
            '\\' if rest.starts_with("\\d") => 2,
            '[' => {
                let Some(end) = rest.find(']') else { return false };
                let inside = &rest[1..end];
                if inside != "\\d" && !inside.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
                    return false;
                }
                end + 1
            }
            '{' => match rest.find('}') {
                Some(end) => end + 1,
                None => return false,
            },
            '(' if rest.starts_with("(?:") => 3,
            '(' | ')' | '|' | '+' | '*' | '?' => 1,
            digit if digit.is_ascii_digit() => 1,
            _ => return false,
        };
        digits += usize::from(matches!(next, '\\' | '[' | '0'..='9'));
        rest = &rest[taken..];
    }
    digits > 0
}

pub(super) static FIELDS: &[Field] = &[
    placed(
        Kind::PathPair,
        "first",
        Type::Text,
        "Template of the earlier path. Stands at its key.",
        |m, i| Fact::text(Some(path(m, pair(m, i).first))),
        |m, i| key_of(Some(m.api().items[pair(m, i).first as usize].entry)),
    ),
    field(Kind::PathPair, "second", Type::Text, "Template of the later path, where the pair stands.", |m, i| {
        Fact::text(Some(path(m, pair(m, i).second)))
    }),
    field(
        Kind::PathPair,
        "ambiguity",
        Type::Choice(AMBIGUITIES),
        "`names`: equal but for parameter names; `spelling`: also but for letter case or a slash at the end; `crossing`: each has static text where the other has a parameter.",
        |m, i| Fact::Known(Value::Choice(pair(m, i).ambiguity as u8)),
    ),
    field(Kind::PathPair, "url", Type::Text, "A path that both match.", |m, i| Fact::text(Some(&pair(m, i).url))),
    field(Kind::PathPair, "methods", Type::Texts, "Methods that both paths have.", |m, i| {
        let methods = pair(m, i).operations.iter().map(|&(first, _)| Cow::Borrowed(method(m, first)));
        Fact::Known(Value::Texts(methods.collect()))
    }),
    field(
        Kind::PathPair,
        "differingMethods",
        Type::Texts,
        "Those of them, OPTIONS and TRACE left out, for which the two paths differ in effective security; the order of alternatives, schemes and scopes does not count, and no `security` is like `[]`.",
        differing_methods,
    ),
    field(
        Kind::Parameter,
        "definedIn",
        Type::Text,
        "The path template it is written under, or its name as a shared definition.",
        |m, i| Fact::text(defined_in(m, i)),
    ),
    field(
        Kind::Parameter,
        "segmentsBefore",
        Type::Names,
        "Of a path parameter that is a whole segment: the static segments right before it.",
        |m, i| match m.api().segments_before.get(&i) {
            Some(names) => Fact::Known(Value::Names(names.clone())),
            None => Fact::Absent,
        },
    ),
    field(
        Kind::Parameter,
        "digitsOnly",
        Type::Bool,
        "Whether its anchored `pattern` admits nothing but digits.",
        |m, i| {
            let pattern = effective(m, schema(m, i)).and_then(|effective| effective.pattern);
            Fact::bool(pattern.is_some_and(|pattern| is_digits(m.api().view.text(pattern))))
        },
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::openapi::paths::Ambiguity;

    #[test]
    fn the_enum_has_the_order_of_its_table() {
        assert_eq!(AMBIGUITIES[Ambiguity::Crossing as usize], "crossing");
    }

    #[test]
    fn a_pattern_of_digits_is_anchored_and_has_nothing_else() {
        for pattern in [r"^\d+$", "^[0-9]{1,19}$", "^[1-9][0-9]*$", r"^(?:0|[1-9]\d{0,8})$", "^42$"] {
            assert!(is_digits(pattern), "{pattern}");
        }
        for pattern in [r"\d+", "^$", "^[0-9a-f]+$", "^[0-9", r"^\w+$", "^{", "^[a", "^é$"] {
            assert!(!is_digits(pattern), "{pattern}");
        }
    }
}

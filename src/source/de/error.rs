//! What can be wrong with a value of our own files, in plain words. Knows the
//! errors of serde; the places come from the deserializer.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use crate::span::Span;
use crate::words;

/// An error on its way out, which gets its place from the innermost value it passes.
#[derive(Debug)]
pub struct Error {
    /// What is so.
    pub message: String,
    /// What may have been meant, or what is allowed.
    pub help: Option<String>,
    /// The key or value, once it is known.
    pub span: Option<Span>,
}

impl Error {
    /// An error whose place is not known yet.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, span: None }
    }

    /// The same error at `span`, unless it has a place already.
    pub fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// An unknown name, with the nearest known one or all of them.
    fn unknown(what: &str, name: &str, known: &[&str]) -> Self {
        let help = match nearest(name, known) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if known.is_empty() => None,
            None => {
                Some(format!("known: {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")))
            }
        };
        Self { help, ..Self::new(format!("unknown {what} `{name}`")) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {}, found {}", plain_expected(expected), plain_found(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown("key", field, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown("value", variant, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("the key `{field}` is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("the key `{field}` is given twice"))
    }
}

/// What a type expects, without the names of Rust types.
fn plain_expected(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "unit" => "nothing".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        _ if text.starts_with("struct ") => "a mapping".to_owned(),
        _ if text.starts_with("enum ") || text.starts_with("variant ") || text.starts_with("unit variant ") => {
            "the name of a choice".to_owned()
        }
        _ => text,
    }
}

fn plain_found(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Str(text) => format!("the text `{text}`"),
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("the number `{value}`"),
        Unexpected::Signed(value) => format!("the number `{value}`"),
        Unexpected::Float(value) => format!("the number `{value}`"),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        _ => found.to_string(),
    }
}

/// The known name at most two edits, and no more than half of its length, away.
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let near = known.iter().map(|&other| (words::edits(name, other), other)).min_by_key(|&(edits, _)| edits);
    near.filter(|&(edits, other)| edits <= 2 && edits * 2 <= other.chars().count()).map(|(_, other)| other)
}

//! Options of a rule: their declared types, the defaults and what the settings say.
//! Knows which options were used; not what for.

use std::cell::Cell;

use serde::Deserialize;

use crate::rule::file::{OptionEntry, OptionType, Shape};
use crate::settings::Profile;
use crate::source::de::Spanned;

use super::{Choice, Errors};

/// A value that the settings give to an option.
#[derive(Clone, Debug, PartialEq, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum OptionValue {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text: a regular expression, or the only item of a list.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}

impl OptionValue {
    const fn what(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
        }
    }
}

impl OptionType {
    /// The name in rule files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Bool => "bool",
            Self::Globs => "globs",
            Self::Regex => "regex",
            Self::List => "list",
            Self::Words => "words",
        }
    }

    /// What such an option takes, for messages.
    const fn takes(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Bool => "`true` or `false`",
            Self::Globs => "a list of globs",
            Self::Regex => "a regular expression",
            Self::List => "a list of texts",
            Self::Words => "a list of names of word lists",
        }
    }

    fn admits(self, value: OptionValue) -> Result<OptionValue, &'static str> {
        match (self, value) {
            (Self::Number, value @ OptionValue::Number(_))
            | (Self::Bool, value @ OptionValue::Bool(_))
            | (Self::Regex, value @ OptionValue::Text(_))
            | (Self::Globs | Self::List | Self::Words, value @ OptionValue::List(_)) => Ok(value),
            (Self::Globs | Self::List | Self::Words, OptionValue::Text(text)) => Ok(OptionValue::List(vec![text])),
            (_, value) => Err(value.what()),
        }
    }
}

/// The options of one rule, with the values in force.
pub(super) struct Options {
    entries: Vec<Entry>,
}

struct Entry {
    name: Spanned<String>,
    ty: OptionType,
    value: OptionValue,
    /// Whether the settings give the value; else it is the rule's own.
    given: bool,
    used: Cell<bool>,
}

impl Options {
    /// Reads the declarations and lays the settings over the defaults of the profile.
    pub(super) fn new(declared: &[OptionEntry], choice: &Choice, errors: &mut Errors<'_>) -> Self {
        let overrides = &choice.options;
        let mut entries: Vec<Entry> = Vec::with_capacity(declared.len());
        for OptionEntry { name, decl } in declared {
            let mut read = |shape: &Spanned<Shape>| {
                let value = plain(&shape.value).ok_or("a value of another form");
                let value = value.and_then(|value| decl.ty.admits(value));
                value
                    .map_err(|found| errors.at(shape, format!("this option takes {}, not {found}", decl.ty.takes())))
                    .ok()
            };
            let (default, strict) = (read(&decl.default), decl.strict.as_ref().map(&mut read));
            let default = match strict {
                Some(strict) if choice.profile == Profile::Strict => strict,
                Some(None) => continue,
                _ => default,
            };
            let Some(default) = default else { continue };
            let value = match overrides.get(&name.value).map(|value| decl.ty.admits(value.clone())) {
                None => default,
                Some(Ok(value)) => value,
                Some(Err(found)) => {
                    errors.setting(format!("option `{}` takes {}, not {found}", name.value, decl.ty.takes()));
                    continue;
                }
            };
            let given = overrides.contains_key(&name.value);
            entries.push(Entry { name: name.clone(), ty: decl.ty, value, given, used: Cell::new(false) });
        }
        for name in overrides.keys() {
            if !declared.iter().any(|entry| entry.name.value == *name) {
                errors.setting(format!("there is no option `{name}`"));
            }
        }
        Self { entries }
    }

    /// The option `name`, which is now used.
    pub(super) fn get(&self, name: &str) -> Option<(OptionType, &OptionValue)> {
        let entry = self.entries.iter().find(|entry| entry.name.value == name)?;
        entry.used.set(true);
        Some((entry.ty, &entry.value))
    }

    /// Whether the settings give the value of the option `name`.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name.value == name && entry.given)
    }

    /// Options that no test refers to.
    pub(super) fn unused(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.entries.iter().filter(|entry| !entry.used.get()).map(|entry| &entry.name)
    }
}

/// The plain value of a shape; `None` for maps and lists of anything but texts.
fn plain(shape: &Shape) -> Option<OptionValue> {
    Some(match shape {
        Shape::Bool(value) => OptionValue::Bool(*value),
        Shape::Number(number) => OptionValue::Number(*number),
        Shape::Text(text) => OptionValue::Text(text.clone()),
        Shape::List(items) => OptionValue::List(
            items
                .iter()
                .map(|item| match &item.value {
                    Shape::Text(text) => Some(text.clone()),
                    _ => None,
                })
                .collect::<Option<_>>()?,
        ),
        Shape::Null | Shape::Map(_) => return None,
    })
}

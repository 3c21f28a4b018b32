//! Message templates: `{name}` stands for an argument, `{{` and `}}` for braces.
//! Knows how values of fields read in a sentence; the text itself is made in `report`.

use std::borrow::Cow;
use std::sync::Arc;

use crate::finding::Message;
use crate::model::{Fact, Field, Id, Model, Type, Value};

use super::file::number_text;

/// Characters of a value that a message shows; the rest is cut.
const SHOWN: usize = 80;

/// A checked template with the fields its placeholders stand for.
#[derive(Clone, Debug)]
pub struct Template {
    text: Arc<str>,
    args: Vec<(Arc<str>, Source)>,
}

/// Where the value of a placeholder comes from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// A field of the node.
    Field(&'static Field),
    /// Filled in later: a count, or an argument of a native rule.
    Later,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateError {
    /// A brace without its partner.
    Brace,
    /// A placeholder that stands for nothing.
    Unknown(String),
    /// A field whose values cannot be written in a sentence.
    NoText(String),
}

/// The placeholders of a template, in order.
pub fn placeholders(text: &str) -> Result<Vec<&str>, TemplateError> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let brace = &rest[at..];
        if brace.starts_with("{{") || brace.starts_with("}}") {
            rest = &brace[2..];
            continue;
        }
        let end = brace.find('}').filter(|&end| end > 1).ok_or(TemplateError::Brace)?;
        let name = brace[..end].strip_prefix('{').ok_or(TemplateError::Brace)?;
        if !names.contains(&name) {
            names.push(name);
        }
        rest = &brace[end + 1..];
    }
    Ok(names)
}

impl Template {
    /// Checks `text`. A placeholder is in `later`, or a field that `find` knows.
    pub fn new(
        text: &str,
        later: &[&str],
        find: impl Fn(&str) -> Option<&'static Field>,
    ) -> Result<Self, TemplateError> {
        let mut args = Vec::new();
        for name in placeholders(text)? {
            let source = match find(name) {
                _ if later.contains(&name) => Source::Later,
                Some(field) if matches!(field.ty, Type::Nodes(_) | Type::Thing) => {
                    return Err(TemplateError::NoText(name.to_owned()));
                }
                Some(field) => Source::Field(field),
                None => return Err(TemplateError::Unknown(name.to_owned())),
            };
            args.push((Arc::from(name), source));
        }
        Ok(Self { text: text.into(), args })
    }

    /// The message about a node. Arguments that come later are left out.
    pub fn about(&self, model: &Model, id: Id) -> Message {
        let args = self.args.iter().filter_map(|(name, source)| match source {
            Source::Field(field) => Some((name.clone(), shown(model, field, &(field.get)(model, id.index)))),
            Source::Later => None,
        });
        Message { template: self.text.clone(), args: args.collect() }
    }

    /// The message about the document or gateway itself, with values that come later.
    pub fn in_whole(&self, model: &Model, values: &[(&str, String)]) -> Message {
        let mut message = self.about(model, model.whole());
        message.args.extend(self.with(values).args);
        message
    }

    /// The message with the values of placeholders that come later.
    pub fn with(&self, values: &[(&str, String)]) -> Message {
        let args = self.args.iter().filter_map(|(name, _)| {
            let (_, value) = values.iter().find(|(key, _)| **key == **name)?;
            Some((name.clone(), cut(value)))
        });
        Message { template: self.text.clone(), args: args.collect() }
    }
}

/// A value as it reads in a message.
fn shown(model: &Model, field: &Field, fact: &Fact<'_>) -> String {
    match fact {
        Fact::Known(value) => cut(&text(model, field.ty, value)),
        Fact::Absent | Fact::Unknown(..) => String::new(),
    }
}

/// A value as text: lists joined with commas, nothing for what has no text.
pub fn text<'v>(model: &'v Model, ty: Type, value: &'v Value<'_>) -> Cow<'v, str> {
    match (value, ty) {
        (Value::Bool(value), _) => Cow::Borrowed(if *value { "true" } else { "false" }),
        (Value::Number(number), _) => Cow::Owned(number_text(*number)),
        (Value::Text(text), _) => Cow::Borrowed(text),
        (Value::Name(name), _) => Cow::Borrowed(model.name(*name)),
        (Value::Choice(index), Type::Choice(list)) => {
            Cow::Borrowed(list.get(usize::from(*index)).copied().unwrap_or(""))
        }
        (Value::Set(bits), Type::Set(list)) => {
            let items: Vec<&str> =
                list.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, s)| *s).collect();
            Cow::Owned(items.join(", "))
        }
        (Value::Texts(items) | Value::Statuses(items), _) => Cow::Owned(items.join(", ")),
        (Value::Names(names), _) => {
            Cow::Owned(names.iter().map(|name| model.name(*name)).collect::<Vec<_>>().join(", "))
        }
        _ => Cow::Borrowed(""),
    }
}

/// `text`, cut where it is too long to read.
pub fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found_once_and_doubled_braces_are_text() {
        assert_eq!(placeholders("`{method} {path}` of {{x}} {method}"), Ok(vec!["method", "path"]));
    }

    #[test]
    fn a_lone_brace_is_an_error() {
        for text in ["{", "a }", "{}", "{name", "a } b {x}"] {
            assert_eq!(placeholders(text), Err(TemplateError::Brace), "{text}");
        }
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let cut = cut(&"é".repeat(200));
        assert_eq!(cut.chars().count(), SHOWN + 1);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn later_arguments_are_filled_in_by_name() {
        let template = Template::new("{hits} of {judged}", &["hits", "judged"], |_| None).unwrap();
        let message = template.with(&[("judged", "20".into()), ("hits", "14".into())]);
        assert_eq!(message.args, [("hits".into(), "14".to_owned()), ("judged".into(), "20".to_owned())]);
    }

    #[test]
    fn an_unknown_placeholder_is_named() {
        assert_eq!(Template::new("{nope}", &[], |_| None).unwrap_err(), TemplateError::Unknown("nope".into()));
    }
}

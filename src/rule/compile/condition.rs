//! Conditions: each test is checked against the type of its field and becomes
//! ids, masks and patterns. Knows fields and their types, no document.

use crate::model::{Field, Kind, Type, fields};
use crate::rule::file::{OptionType, Shape, number_text};
use crate::rule::predicate::{Compare, Condition, Globs, Pattern, Term, Test, check_glob};
use crate::source::de::Spanned;
use crate::words::WordLists;

use super::Errors;
use super::options::{OptionValue, Options};

/// What conditions of one rule are compiled with.
pub(super) struct Conditions<'c, 'e> {
    pub(super) options: &'c Options,
    pub(super) lists: &'c WordLists,
    /// Whether patterns are known to compile.
    pub(super) trusted: bool,
    pub(super) errors: &'c mut Errors<'e>,
}

type Node = Spanned<Shape>;

impl Conditions<'_, '_> {
    /// A condition on nodes of `kind`. What is wrong in it is left out and reported.
    pub(super) fn condition(&mut self, kind: Kind, shape: &Node) -> Condition {
        let Shape::Map(entries) = &shape.value else {
            self.errors.at(shape, format!("expected a map of fields and tests, found {}", shape.value.what()));
            return Condition::default();
        };
        let mut terms = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            match key.value.as_str() {
                "any-of" => terms.push(Term::Any(self.any_of(kind, value))),
                "not" => terms.push(Term::Not(self.condition(kind, value))),
                name => match fields::find(kind, name) {
                    Some(field) => {
                        let test = self.test(field, field.ty, value);
                        terms.extend(test.map(|test| Term::Field(field, test)));
                    }
                    None => self.errors.at(key, format!("`{kind}` has no field `{name}`")),
                },
            }
        }
        Condition(terms)
    }

    fn any_of(&mut self, kind: Kind, shape: &Node) -> Vec<Condition> {
        match &shape.value {
            Shape::List(items) if !items.is_empty() => items.iter().map(|item| self.condition(kind, item)).collect(),
            _ => {
                self.errors.at(shape, "`any-of` takes a list of conditions".to_owned());
                Vec::new()
            }
        }
    }

    /// A test on values of type `ty`: `field` itself, or its items or their number.
    fn test(&mut self, field: &'static Field, ty: Type, shape: &Node) -> Option<Test> {
        match &shape.value {
            Shape::Text(word) if word == "absent" => Some(Test::Absent),
            Shape::Text(word) if word == "present" => Some(Test::Present),
            Shape::Map(operators) if operators.is_empty() => self.fail(shape, "expected an operator".to_owned()),
            Shape::Map(operators) => {
                let mut tests: Vec<Test> = Vec::with_capacity(operators.len());
                for (operator, value) in operators {
                    tests.extend(self.operator(field, ty, operator, value));
                }
                if tests.len() == 1 { tests.pop() } else { Some(Test::All(tests)) }
            }
            Shape::Null => self.fail(shape, "expected a value, found nothing".to_owned()),
            _ => self.equal(ty, shape),
        }
    }

    /// Equal to a scalar, or to one of a list.
    fn equal(&mut self, ty: Type, shape: &Node) -> Option<Test> {
        match ty {
            Type::Bool => match self.scalar(shape)? {
                OptionValue::Bool(value) => Some(Test::Bool(value)),
                other => self.wrong(shape, "`true` or `false`", &other),
            },
            Type::Number => match &shape.value {
                Shape::List(items) => {
                    let mut numbers = Vec::with_capacity(items.len());
                    for item in items {
                        numbers.push(self.number(item)?);
                    }
                    Some(Test::Numbers(numbers))
                }
                _ => Some(Test::Number(Compare::Eq, self.number(shape)?)),
            },
            Type::Text | Type::Name => {
                Some(Test::Texts(self.texts(shape)?.into_iter().map(String::into_boxed_str).collect()))
            }
            Type::Choice(list) => Some(Test::Choices(self.choices(list, shape)?)),
            Type::Set(list) => match &shape.value {
                Shape::Text(_) => Some(Test::SetIs(self.choices(list, shape)? as u32)),
                _ => self.fail(shape, "a set is tested with `contains`, `some`, `every` or `count`".to_owned()),
            },
            Type::Texts | Type::Names => {
                self.fail(shape, "a list is tested with `contains`, `some`, `every` or `count`".to_owned())
            }
            Type::Statuses => self.fail(shape, "responses are tested with `covers`, `contains` or `count`".to_owned()),
            Type::Nodes(_) => self.fail(
                shape,
                "related nodes are tested with `some`, `every`, `count`, `absent` or `present`".to_owned(),
            ),
            Type::Thing => self.fail(shape, "this field is tested with `absent` or `present`".to_owned()),
        }
    }

    fn operator(&mut self, field: &'static Field, ty: Type, operator: &Spanned<String>, value: &Node) -> Option<Test> {
        let test = match (operator.value.as_str(), ty) {
            ("not", _) => Test::Not(Box::new(self.test(field, ty, value)?)),
            ("contains", Type::Set(list)) => Test::SetSome(self.one_choice(list, value)?),
            ("contains", Type::Texts | Type::Names | Type::Statuses) => Test::Contains(self.one_text(value)?),
            ("some", Type::Set(list)) => Test::SetSome(self.item_mask(list, value)?),
            ("every", Type::Set(list)) => Test::SetEvery(self.item_mask(list, value)?),
            ("some", Type::Nodes(kind)) => Test::SomeNode(self.condition(kind, value)),
            ("every", Type::Nodes(kind)) => Test::EveryNode(self.condition(kind, value)),
            ("some", Type::Texts) => Test::SomeItem(Box::new(self.item(field, Type::Text, value)?)),
            ("every", Type::Texts) => Test::EveryItem(Box::new(self.item(field, Type::Text, value)?)),
            ("some", Type::Names) => Test::SomeItem(Box::new(self.item(field, Type::Name, value)?)),
            ("every", Type::Names) => Test::EveryItem(Box::new(self.item(field, Type::Name, value)?)),
            ("count", Type::Set(_) | Type::Texts | Type::Names | Type::Statuses | Type::Nodes(_)) => {
                Test::Count(Box::new(self.item(field, Type::Number, value)?))
            }
            ("matches", Type::Text | Type::Name) => Test::Matches(self.pattern(value)?),
            ("glob", Type::Text | Type::Name) => Test::Glob(self.globs(value)?),
            ("words", Type::Name) => Test::Words(self.word_lists(value)?),
            ("wholeName", Type::Name) => Test::WholeName(self.word_lists(value)?),
            ("anyWord", Type::Name) => Test::AnyWord(self.word_lists(value)?),
            ("covers", Type::Statuses) => Test::Covers(self.status(value)?),
            ("gt", Type::Number) => Test::Number(Compare::Gt, self.number(value)?),
            ("gte", Type::Number) => Test::Number(Compare::Gte, self.number(value)?),
            ("lt", Type::Number) => Test::Number(Compare::Lt, self.number(value)?),
            ("lte", Type::Number) => Test::Number(Compare::Lte, self.number(value)?),
            ("sameAs", Type::Bool | Type::Number | Type::Text | Type::Name | Type::Choice(_)) => {
                Test::SameAs(self.same_as(field, value)?)
            }
            (known, _) if OPERATORS.contains(&known) => {
                return self.fail(operator, format!("`{known}` is no test for {}", describe(ty)));
            }
            (unknown, _) => {
                return self.fail(operator, format!("unknown operator `{unknown}`"));
            }
        };
        Some(test)
    }

    /// A test on items, which are always there.
    fn item(&mut self, field: &'static Field, ty: Type, shape: &Node) -> Option<Test> {
        match &shape.value {
            Shape::Text(word) if word == "absent" || word == "present" => {
                self.fail(shape, format!("`{word}` is for fields; an item is always there"))
            }
            _ => self.test(field, ty, shape),
        }
    }

    /// The other field of `sameAs`, which must have a comparable type.
    fn same_as(&mut self, field: &'static Field, shape: &Node) -> Option<&'static Field> {
        let name = self.one_text(shape)?;
        match fields::find(field.kind, &name) {
            Some(other) if std::mem::discriminant(&other.ty) == std::mem::discriminant(&field.ty) => Some(other),
            Some(other) => self
                .fail(shape, format!("`{name}` is {}, `{}` is {}", describe(other.ty), field.name, describe(field.ty))),
            None => self.fail(shape, format!("`{}` has no field `{name}`", field.kind)),
        }
    }

    /// A scalar, or the value of the option it names.
    fn scalar(&mut self, shape: &Node) -> Option<OptionValue> {
        Some(match &shape.value {
            Shape::Text(text) => match text.strip_prefix('$') {
                Some(name) => match self.options.get(name) {
                    Some((_, value)) => value.clone(),
                    None => return self.fail(shape, format!("there is no option `{name}`")),
                },
                None => OptionValue::Text(text.clone()),
            },
            Shape::Bool(value) => OptionValue::Bool(*value),
            Shape::Number(number) => OptionValue::Number(*number),
            other => return self.fail(shape, format!("expected a single value, found {}", other.what())),
        })
    }

    fn number(&mut self, shape: &Node) -> Option<f64> {
        match self.scalar(shape)? {
            OptionValue::Number(number) => Some(number),
            other => self.wrong(shape, "a number", &other),
        }
    }

    /// One text or a list of texts, options expanded.
    fn texts(&mut self, shape: &Node) -> Option<Vec<String>> {
        let mut texts = Vec::new();
        let items = match &shape.value {
            Shape::List(items) => items.as_slice(),
            _ => std::slice::from_ref(shape),
        };
        for item in items {
            match self.scalar(item)? {
                OptionValue::Text(text) => texts.push(text),
                OptionValue::List(list) => texts.extend(list),
                other => return self.wrong(item, "a text (quote it)", &other),
            }
        }
        Some(texts)
    }

    /// A single text; a number is taken as it is written, for status codes.
    fn one_text(&mut self, shape: &Node) -> Option<Box<str>> {
        match self.scalar(shape)? {
            OptionValue::Text(text) => Some(text.into()),
            OptionValue::Number(number) => Some(number_text(number).into()),
            other => self.wrong(shape, "a text", &other),
        }
    }

    fn status(&mut self, shape: &Node) -> Option<Box<str>> {
        let code = self.one_text(shape)?;
        match code.as_bytes() {
            [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] | [b'1'..=b'5', b'X', b'X'] => Some(code),
            _ => self.fail(shape, format!("`{code}` is no status code (`429`) or range (`4XX`)")),
        }
    }

    /// The mask of one choice or a list of them.
    fn choices(&mut self, list: &'static [&'static str], shape: &Node) -> Option<u64> {
        let mut mask = 0;
        for text in self.texts(shape)? {
            match list.iter().position(|choice| *choice == text) {
                Some(index) => mask |= 1 << index,
                None => return self.fail(shape, format!("`{text}` is none of `{}`", list.join("`, `"))),
            }
        }
        Some(mask)
    }

    fn one_choice(&mut self, list: &'static [&'static str], shape: &Node) -> Option<u32> {
        match &shape.value {
            Shape::List(_) => self.fail(shape, "`contains` takes one item; `some` takes a list".to_owned()),
            _ => self.choices(list, shape).map(|mask| mask as u32),
        }
    }

    /// The mask of the items of a set that pass a test: a choice, a list, or `not` of such.
    fn item_mask(&mut self, list: &'static [&'static str], shape: &Node) -> Option<u32> {
        let Shape::Map(operators) = &shape.value else { return self.choices(list, shape).map(|mask| mask as u32) };
        match operators.as_slice() {
            [(operator, value)] if operator.value == "not" => {
                let all = ((1_u64 << list.len()) - 1) as u32;
                Some(all & !self.item_mask(list, value)?)
            }
            _ => self.fail(shape, "items of a set are tested with a value, a list or `not`".to_owned()),
        }
    }

    fn pattern(&mut self, shape: &Node) -> Option<Pattern> {
        let source = match self.scalar(shape)? {
            OptionValue::Text(source) => source,
            other => return self.wrong(shape, "a regular expression", &other),
        };
        if self.trusted && !self.is_given(shape) {
            return Some(Pattern::trusted(&source));
        }
        Pattern::checked(&source).map_err(|error| self.errors.at(shape, regex_error(&error))).ok()
    }

    /// Whether a value is that of an option which the settings set.
    fn is_given(&self, shape: &Node) -> bool {
        matches!(&shape.value, Shape::Text(text) if text.strip_prefix('$').is_some_and(|name| self.options.is_given(name)))
    }

    fn globs(&mut self, shape: &Node) -> Option<Globs> {
        let globs = self.texts(shape)?;
        for glob in &globs {
            if let Err(error) = check_glob(glob) {
                return self.fail(shape, format!("`{glob}` is no glob: {}", error.kind()));
            }
        }
        Some(Globs::new(globs))
    }

    fn word_lists(&mut self, shape: &Node) -> Option<u128> {
        if let (true, Shape::Text(text)) = (is_option(shape), &shape.value)
            && let Some((ty, _)) = self.options.get(&text[1..])
            && ty != OptionType::Words
        {
            return self.fail(shape, format!("expected an option of type `words`, this one is `{}`", ty.as_str()));
        }
        let mut mask = 0;
        for name in self.texts(shape)? {
            match self.lists.id(&name) {
                Some(list) => mask |= 1_u128 << list.0,
                None => return self.fail(shape, format!("there is no word list `{name}`")),
            }
        }
        Some(mask)
    }

    fn wrong<T>(&mut self, shape: &Node, wanted: &str, found: &OptionValue) -> Option<T> {
        let found = match found {
            OptionValue::Bool(value) => format!("`{value}`"),
            OptionValue::Number(number) => format!("`{}`", number_text(*number)),
            OptionValue::Text(text) => format!("`{text}`"),
            OptionValue::List(_) => "a list".to_owned(),
        };
        self.fail(shape, format!("expected {wanted}, found {found}"))
    }

    fn fail<S, T>(&mut self, at: &Spanned<S>, message: String) -> Option<T> {
        self.errors.at(at, message);
        None
    }
}

/// All operators, to tell a misplaced one from an unknown one.
const OPERATORS: &[&str] = &[
    "not",
    "contains",
    "some",
    "every",
    "count",
    "matches",
    "glob",
    "words",
    "wholeName",
    "anyWord",
    "covers",
    "gt",
    "gte",
    "lt",
    "lte",
    "sameAs",
];

fn is_option(shape: &Node) -> bool {
    matches!(&shape.value, Shape::Text(text) if text.starts_with('$'))
}

/// A type, for messages and documentation.
pub fn describe(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "a boolean",
        Type::Number => "a number",
        Type::Text => "a text",
        Type::Name => "a name",
        Type::Choice(_) => "a choice",
        Type::Set(_) => "a set",
        Type::Texts => "a list of texts",
        Type::Names => "a list of names",
        Type::Statuses => "responses",
        Type::Nodes(_) => "related nodes",
        Type::Thing => "a mere thing",
    }
}

/// Why a regular expression does not compile, in one line.
fn regex_error(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(limit) => format!("the regular expression takes more than {limit} bytes"),
        // The parser draws a picture; its last line says what is wrong.
        other => {
            let text = other.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("no regular expression: {reason}")
        }
    }
}

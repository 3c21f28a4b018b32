//! `serde::Deserializer` over the located tree, for our own files: settings and
//! rule files. An error points at the key or value that is wrong. Knows none of
//! the types it fills.
//!
//! Duplicate keys are errors, unlike in documents under review. Aliases and
//! merge keys are followed within a budget, so that no file can be inflated.

mod error;

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use self::error::Error;
pub use self::error::nearest;
use super::{NodeKind, Tree};
use crate::span::{FileId, NodeId, Span};

/// Nesting of values. Lower than what the readers allow, because serde recurses.
const MAX_DEPTH: usize = 128;

/// Reads a value of type `T` from `node` and what is below it.
///
/// # Errors
/// The first key or value that does not fit `T`, or that occurs twice.
pub fn from_tree<'de, T: Deserialize<'de>>(tree: &'de Tree, node: NodeId) -> Result<T, DeError> {
    // Every node once, and as much again through aliases.
    let budget = Cell::new(tree.len() * 2 + 1000);
    let source = Source { tree, budget: &budget };
    T::deserialize(Value { source, node, depth: 0 }).map_err(|error| DeError {
        message: error.message,
        help: error.help,
        span: error.span.unwrap_or_else(|| tree.span(node)),
    })
}

/// A value that does not fit, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeError {
    /// What is so: lower case, no full stop.
    pub message: String,
    /// What may have been meant, or what is allowed.
    pub help: Option<String>,
    /// The key or value.
    pub span: Span,
}

impl fmt::Display for DeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.iter().try_for_each(|help| write!(f, " ({help})"))
    }
}

impl std::error::Error for DeError {}

/// A value, or a key, together with its place. Only [`from_tree`] can fill it;
/// inside `#[serde(flatten)]` and untagged enums the place is lost and it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was read.
    pub value: T,
    /// The bytes it was read from.
    pub span: Span,
    /// The node it was read from; for a key the node that stands under it.
    pub node: NodeId,
}

/// The name by which [`Value`] and [`Key`] recognise that a place is asked for.
const SPANNED: &str = "$located";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpannedVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
            type Value = Spanned<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a located value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut number =
                    |index| seq.next_element()?.ok_or_else(|| de::Error::invalid_length(index, &"five parts"));
                let (file, start, end, node) = (number(0)?, number(1)?, number(2)?, number(3)?);
                let value = seq.next_element()?.ok_or_else(|| de::Error::invalid_length(4, &"five parts"))?;
                Ok(Spanned { value, span: Span::new(FileId(file), start, end), node: NodeId(node) })
            }
        }

        deserializer.deserialize_struct(SPANNED, &[], SpannedVisitor(PhantomData))
    }
}

/// The tree and how many more nodes may be read from it.
#[derive(Clone, Copy)]
struct Source<'de, 'b> {
    tree: &'de Tree,
    budget: &'b Cell<usize>,
}

/// A node as a deserializer.
#[derive(Clone, Copy)]
struct Value<'de, 'b> {
    source: Source<'de, 'b>,
    node: NodeId,
    depth: usize,
}

impl<'de, 'b> Value<'de, 'b> {
    /// The node behind an alias, paid for from the budget. Errors name the place of the alias.
    fn target(self) -> Result<NodeId, Error> {
        let Source { tree, budget } = self.source;
        let Some(left) = budget.get().checked_sub(1) else {
            return Err(Error::new("aliases make this file too large"));
        };
        budget.set(left);
        if self.depth > MAX_DEPTH {
            return Err(Error::new(format!("nested more than {MAX_DEPTH} levels deep")));
        }
        let target = tree.resolve(self.node);
        if tree.kind(target) == NodeKind::Alias {
            return Err(Error::new("an alias that refers to nothing"));
        }
        Ok(target)
    }

    fn child(self, node: NodeId) -> Self {
        Self { node, depth: self.depth + 1, ..self }
    }

    fn locate<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| error.at(self.source.tree.span(self.node)))
    }

    fn any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let node = self.target()?;
        let tree = self.source.tree;
        match tree.kind(node) {
            NodeKind::Null | NodeKind::Alias => visitor.visit_unit(),
            NodeKind::Bool => visitor.visit_bool(tree.bool(node).unwrap_or_default()),
            NodeKind::Int => match tree.integer(node) {
                Some(value) if u64::try_from(value).is_ok() => visitor.visit_u64(value as u64),
                Some(value) if i64::try_from(value).is_ok() => visitor.visit_i64(value as i64),
                _ => visitor.visit_f64(tree.number(node).unwrap_or(f64::NAN)),
            },
            NodeKind::Float => visitor.visit_f64(tree.number(node).unwrap_or(f64::NAN)),
            NodeKind::Str => visitor.visit_borrowed_str(tree.text(node)),
            NodeKind::Seq => visitor.visit_seq(Items { value: self, items: tree.children(node) }),
            NodeKind::Map => {
                visitor.visit_map(Entries { value: self, entries: self.entries(node)?.into_iter(), current: None })
            }
        }
    }

    /// The entries of a mapping, of which none may be given twice.
    fn entries(self, map: NodeId) -> Result<Vec<NodeId>, Error> {
        let tree = self.source.tree;
        let within = tree.subtree(map);
        let from = tree.duplicates.partition_point(|duplicate| duplicate.second.0 < within.start);
        let mine = tree.duplicates[from..].iter().take_while(|duplicate| duplicate.second.0 < within.end);
        if let Some(duplicate) = mine.into_iter().find(|duplicate| tree.parent(duplicate.second) == Some(map)) {
            let key = tree.key(duplicate.second).unwrap_or_default();
            let span = tree.key_span(duplicate.second).unwrap_or_else(|| tree.span(duplicate.second));
            return Err(Error::new(format!("the key `{key}` is given twice")).at(span));
        }
        Ok(tree.entries(map))
    }
}

impl<'de> Deserializer<'de> for Value<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.locate(self.any(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let node = self.locate(self.target())?;
        if self.source.tree.kind(node) == NodeKind::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.locate(visitor.visit_newtype_struct(self))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == SPANNED {
            let span = self.source.tree.span(self.node);
            return visitor.visit_seq(Located { span, node: self.node, step: 0, inner: Some(self) });
        }
        if self.source.tree.kind(self.source.tree.resolve(self.node)) == NodeKind::Seq {
            // Serde would take the items as fields by their position.
            return self.locate(Err(de::Error::invalid_type(Unexpected::Seq, &"a mapping")));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let node = self.locate(self.target())?;
        let tree = self.source.tree;
        self.locate(match tree.kind(node) {
            NodeKind::Str => visitor.visit_enum(BorrowedStrDeserializer::new(tree.text(node))),
            NodeKind::Map => match self.entries(node)?[..] {
                [entry] => visitor.visit_enum(Variant { value: self.child(entry) }),
                _ => Err(Error::new("expected a mapping with one key")),
            },
            _ => self.any(visitor),
        })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map identifier
    }
}

/// The items of a sequence.
struct Items<'de, 'b> {
    value: Value<'de, 'b>,
    items: super::Children<'de>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let item = self.value.child(item);
        item.locate(seed.deserialize(item)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.items.size_hint().1
    }
}

/// The entries of a mapping.
struct Entries<'de, 'b> {
    value: Value<'de, 'b>,
    entries: std::vec::IntoIter<NodeId>,
    current: Option<NodeId>,
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.current = self.entries.next();
        let Some(entry) = self.current else { return Ok(None) };
        let key = Key::new(self.value.source.tree, entry);
        seed.deserialize(key).map_err(|error| error.at(key.span)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let entry = self.current.take().ok_or_else(|| Error::new("a value was asked for before its key"))?;
        let value = self.value.child(entry);
        value.locate(seed.deserialize(value))
    }
}

/// A mapping key as a deserializer.
#[derive(Clone, Copy)]
struct Key<'de> {
    text: &'de str,
    span: Span,
    node: NodeId,
}

impl<'de> Key<'de> {
    fn new(tree: &'de Tree, entry: NodeId) -> Self {
        let span = tree.key_span(entry).unwrap_or_else(|| tree.span(entry));
        Self { text: tree.key(entry).unwrap_or_default(), span, node: entry }
    }
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.text)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == SPANNED {
            return visitor.visit_seq(Located { span: self.span, node: self.node, step: 0, inner: Some(self) });
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(BorrowedStrDeserializer::new(self.text))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// The parts of a [`Spanned`]: file, start, end, node, value.
struct Located<D> {
    span: Span,
    node: NodeId,
    step: u8,
    inner: Option<D>,
}

impl<'de, D: Deserializer<'de, Error = Error>> SeqAccess<'de> for Located<D> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.step += 1;
        let number = match self.step {
            1 => self.span.file.0,
            2 => self.span.start,
            3 => self.span.end,
            4 => self.node.0,
            _ => return self.inner.take().map(|inner| seed.deserialize(inner)).transpose(),
        };
        let part: de::value::U32Deserializer<Error> = number.into_deserializer();
        seed.deserialize(part).map(Some)
    }
}

/// A mapping with one entry as an enum: its key names the variant.
struct Variant<'de, 'b> {
    value: Value<'de, 'b>,
}

impl<'de> EnumAccess<'de> for Variant<'de, '_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let key = Key::new(self.value.source.tree, self.value.node);
        let variant = seed.deserialize(key).map_err(|error| error.at(key.span))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de, '_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        <()>::deserialize(self.value)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        self.value.locate(seed.deserialize(self.value))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.value.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.value.deserialize_any(visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::source::{self, Limits, SourceFile};

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Sample {
        name: Spanned<String>,
        #[serde(default)]
        size: Option<u8>,
        #[serde(default)]
        level: Level,
        #[serde(default)]
        tests: Vec<(Spanned<String>, f64)>,
        #[serde(default)]
        nested: BTreeMap<Name, Vec<Level>>,
    }

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    struct Name(String);

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Level {
        #[default]
        Off,
        VeryHigh,
        At(u32),
    }

    fn file(text: &str) -> SourceFile {
        let file = source::read(FileId(3), "a.yaml", text.as_bytes().to_vec(), &Limits::default());
        assert_eq!(file.problems, []);
        file
    }

    fn read(text: &str) -> Result<Sample, DeError> {
        let file = file(text);
        from_tree(&file.tree, file.tree.roots()[0])
    }

    /// The message with its help, and the text it points at.
    #[track_caller]
    fn check(text: &str, message: &str, at: &str) {
        let error = read(text).expect_err("does not fit");
        assert_eq!((&*error.to_string(), &text[error.span.start as usize..error.span.end as usize]), (message, at));
        assert_eq!(error.span.file, FileId(3));
    }

    #[test]
    fn a_value_comes_with_its_place() {
        let sample = read("level: very-high\nname: 'x y'\n").unwrap();
        assert_eq!(sample.name.value, "x y");
        assert_eq!(sample.name.span, Span::new(FileId(3), 23, 28));
        assert_eq!(sample.name.node, NodeId(2));
        assert_eq!(sample.level, Level::VeryHigh);
        assert_eq!(sample.size, None);
    }

    #[test]
    fn a_key_can_have_a_place_as_well() {
        let file = file("a: 1\nb: 2\n");
        let map: Vec<(Spanned<String>, i32)> = {
            struct Pairs;
            impl<'de> Visitor<'de> for Pairs {
                type Value = Vec<(Spanned<String>, i32)>;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a map")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                    std::iter::from_fn(|| map.next_entry().transpose()).collect()
                }
            }
            let budget = Cell::new(100);
            let source = Source { tree: &file.tree, budget: &budget };
            Value { source, node: file.tree.roots()[0], depth: 0 }.deserialize_map(Pairs).unwrap()
        };
        assert_eq!(map[1].0.span, Span::new(FileId(3), 5, 6));
        assert_eq!((map[1].0.value.as_str(), map[1].1), ("b", 2));
    }

    #[test]
    fn an_unknown_key_is_shown_with_the_nearest_one() {
        check("name: x\nsiez: 1\n", "unknown key `siez` (did you mean `size`?)", "siez");
        check(
            "name: x\nwhatever: 1\n",
            "unknown key `whatever` (known: `name`, `size`, `level`, `tests`, `nested`)",
            "whatever",
        );
    }

    #[test]
    fn a_value_of_the_wrong_type_is_shown_itself() {
        check("name: [a]\n", "expected a string, found a list", "[a]");
        check("name: 5\n", "expected a string, found the number `5`", "5");
        check("name: x\nsize: many\n", "expected a whole number that is not negative, found the text `many`", "many");
        check("name: x\nsize: 300\n", "expected a whole number that is not negative, found the number `300`", "300");
        check("name: x\ntests: [[a, b]]\n", "expected a number, found the text `b`", "b");
        check("name: x\nnested: { a: [off, of] }\n", "unknown value `of` (did you mean `off`?)", "of");
        check("name: x\nlevel: { at: x }\n", "expected a whole number that is not negative, found the text `x`", "x");
    }

    #[test]
    fn a_missing_key_points_at_the_mapping() {
        check("size: 1\n", "the key `name` is missing", "size: 1");
        check("[]", "expected a mapping, found a list", "[]");
    }

    #[test]
    fn a_key_given_twice_is_an_error_at_the_second() {
        check("name: x\n\"name\": y\n", "the key `name` is given twice", "\"name\"");
    }

    #[test]
    fn aliases_and_merge_keys_are_followed() {
        let file = file("base: &b { name: x, size: 1 }\nuse: { <<: *b, size: 2 }\n");
        let map: BTreeMap<String, Sample> = from_tree(&file.tree, file.tree.roots()[0]).unwrap();
        assert_eq!((map["use"].name.value.as_str(), map["use"].size), ("x", Some(2)));
    }

    #[test]
    fn an_alias_bomb_runs_out_of_budget() {
        let mut text = String::from("- &a0 [x, x]\n");
        for i in 1..60 {
            text += &format!("- &a{i} [*a{0}, *a{0}]\n", i - 1);
        }
        let file = file(&text);
        let error = from_tree::<serde_json::Value>(&file.tree, file.tree.roots()[0]).unwrap_err();
        assert_eq!(error.message, "aliases make this file too large");
    }

    #[test]
    fn a_chain_of_aliases_cannot_exhaust_the_stack() {
        let mut text = String::from("- &a0 []\n");
        for i in 1..1000 {
            text += &format!("- &a{i} [*a{}]\n", i - 1);
        }
        let file = file(&text);
        let last = file.tree.children(file.tree.roots()[0]).last().unwrap();
        let error = from_tree::<serde_json::Value>(&file.tree, last).unwrap_err();
        assert_eq!(error.message, "nested more than 128 levels deep");
    }
}

//! The tables of a TOML file while it is read: an arena in which a table can be gone
//! into again, and the rules for that. Knows no syntax.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::Key;
use crate::source::NodeKind;
use crate::source::tree::{Text, TreeBuilder};

/// A value in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(u32);

/// The table of the whole file.
pub const ROOT: Place = Place(0);

/// How a table came about, which decides how it can grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// On the way of a header: `a` in `[a.b]`.
    Way,
    /// By its own header.
    Header,
    /// On the way of a key: `a` in `a.b = 1`.
    Key,
    /// In braces.
    Braces,
}

#[derive(Debug)]
enum What<'t> {
    Scalar(NodeKind, Text),
    /// In brackets.
    Array,
    /// By headers `[[a]]`.
    Tables,
    Table(By, HashMap<Cow<'t, str>, Place>),
}

#[derive(Debug)]
struct Value<'t> {
    what: What<'t>,
    /// The bytes of a value in brackets or a scalar; of others, where they would stand if they were empty.
    start: usize,
    end: usize,
    depth: usize,
    key: Option<(Cow<'t, str>, usize, usize)>,
    children: Vec<Place>,
}

/// All values of a file.
#[derive(Debug)]
pub struct Layout<'t> {
    values: Vec<Value<'t>>,
}

impl Default for Layout<'_> {
    fn default() -> Self {
        let what = What::Table(By::Header, HashMap::new());
        Self { values: vec![Value { what, start: 0, end: 0, depth: 1, key: None, children: Vec::new() }] }
    }
}

impl<'t> Layout<'t> {
    /// How many containers a value stands in, itself counted.
    pub fn depth(&self, at: Place) -> usize {
        self.value(at).depth
    }

    /// Whether a table has an entry.
    pub fn has(&self, table: Place, key: &str) -> bool {
        self.find(table, key).is_some()
    }

    /// Adds an entry to a table.
    pub fn entry(&mut self, table: Place, key: &Key<'t>, start: usize, end: usize) -> Place {
        let place = self.push(table, Some(key), start, end, What::Scalar(NodeKind::Null, Text::AsWritten));
        if let What::Table(_, entries) = &mut self.values[table.0 as usize].what {
            entries.insert(key.text.clone(), place);
        }
        place
    }

    /// Adds an item to an array.
    pub fn item(&mut self, array: Place, start: usize, end: usize) -> Place {
        self.push(array, None, start, end, What::Scalar(NodeKind::Null, Text::AsWritten))
    }

    /// Says that a value is a scalar.
    pub fn scalar(&mut self, at: Place, kind: NodeKind, text: Text) {
        self.values[at.0 as usize].what = What::Scalar(kind, text);
    }

    /// Says that a value is a container in brackets, or in braces.
    pub fn bracket(&mut self, at: Place, is_array: bool) {
        self.values[at.0 as usize].what = if is_array { What::Array } else { What::Table(By::Braces, HashMap::new()) };
    }

    /// Says where a container in brackets ends.
    pub fn close(&mut self, at: Place, end: usize) {
        self.values[at.0 as usize].end = end;
    }

    /// The table that a part of a dotted key leads to; `None` if it must not grow so.
    pub fn dotted(&mut self, table: Place, key: &Key<'t>) -> Option<Place> {
        match self.find(table, &key.text) {
            Some(place) => match self.value(place).what {
                What::Table(By::Key | By::Way, _) => Some(place),
                _ => None,
            },
            None => Some(self.new_table(table, key, key.end, By::Key)),
        }
    }

    /// The table that a part of a header leads to; of several tables the last one.
    pub fn through(&mut self, table: Place, key: &Key<'t>, end: usize) -> Option<Place> {
        match self.find(table, &key.text) {
            Some(place) => match self.value(place).what {
                What::Table(By::Braces, _) | What::Scalar(..) | What::Array => None,
                What::Table(..) => Some(place),
                What::Tables => self.value(place).children.last().copied(),
            },
            None => Some(self.new_table(table, key, end, By::Way)),
        }
    }

    /// The table of a header `[key]`; `None` if there is one already.
    pub fn table(&mut self, table: Place, key: &Key<'t>, end: usize) -> Option<Place> {
        match self.find(table, &key.text) {
            Some(place) => match &mut self.values[place.0 as usize].what {
                What::Table(by @ By::Way, _) => {
                    *by = By::Header;
                    Some(place)
                }
                _ => None,
            },
            None => Some(self.new_table(table, key, end, By::Header)),
        }
    }

    /// The next table of a header `[[key]]`; `None` if something else has that key.
    pub fn next_of(&mut self, table: Place, key: &Key<'t>, end: usize) -> Option<Place> {
        let array = match self.find(table, &key.text) {
            Some(place) => matches!(self.value(place).what, What::Tables).then_some(place)?,
            None => {
                let place = self.entry(table, key, end, end);
                self.values[place.0 as usize].what = What::Tables;
                place
            }
        };
        Some(self.push(array, None, end, end, What::Table(By::Header, HashMap::new())))
    }

    /// Adds everything to a tree.
    pub fn emit(mut self, builder: &mut TreeBuilder) {
        self.fit();
        if self.values.len() == 1 {
            return;
        }
        let mut begun = 0;
        let mut scattered = false;
        // Containers that are open, and the next of their children.
        let mut stack: Vec<(Place, usize)> = Vec::new();
        let mut next = Some(ROOT);
        loop {
            if let Some(place) = next.take() {
                let value = self.value(place);
                let begin = value.key.as_ref().map_or(value.start, |key| key.1);
                scattered |= begin < begun;
                begun = begin;
                if let Some((text, start, end)) = &value.key {
                    builder.key(text, *start as u32, *end as u32);
                }
                let kind = match value.what {
                    What::Scalar(kind, text) => {
                        builder.scalar(kind, value.start as u32, value.end as u32, text);
                        None
                    }
                    What::Array | What::Tables => Some(NodeKind::Seq),
                    What::Table(..) => Some(NodeKind::Map),
                };
                if let Some(kind) = kind {
                    builder.open(kind, value.start as u32);
                    stack.push((place, 0));
                }
            }
            let Some((place, index)) = stack.last_mut() else { break };
            let value = &self.values[place.0 as usize];
            match value.children.get(*index) {
                Some(&child) => {
                    *index += 1;
                    next = Some(child);
                }
                None => {
                    builder.close(Some(value.end as u32));
                    stack.pop();
                }
            }
        }
        if scattered {
            builder.scatter();
        }
    }

    /// Makes each table without brackets as wide as what stands in it. Children come after their parents.
    fn fit(&mut self) {
        for index in (0..self.values.len()).rev() {
            let value = &self.values[index];
            if matches!(value.what, What::Tables | What::Table(By::Way | By::Header | By::Key, _)) {
                let children = || value.children.iter().map(|&child| self.value(child));
                let begin = |child: &Value<'_>| child.key.as_ref().map_or(child.start, |key| key.1);
                let start = children().map(begin).min();
                let end = children().map(|child| child.end).max();
                if let (Some(start), Some(end)) = (start, end) {
                    let value = &mut self.values[index];
                    (value.start, value.end) = (start, end);
                }
            }
        }
    }

    fn new_table(&mut self, table: Place, key: &Key<'t>, end: usize, by: By) -> Place {
        let place = self.entry(table, key, end, end);
        self.values[place.0 as usize].what = What::Table(by, HashMap::new());
        place
    }

    fn push(&mut self, parent: Place, key: Option<&Key<'t>>, start: usize, end: usize, what: What<'t>) -> Place {
        let place = Place(self.values.len() as u32);
        let depth = self.value(parent).depth + 1;
        let key = key.map(|key| (key.text.clone(), key.start, key.end));
        self.values.push(Value { what, start, end, depth, key, children: Vec::new() });
        self.values[parent.0 as usize].children.push(place);
        place
    }

    fn find(&self, table: Place, key: &str) -> Option<Place> {
        match &self.value(table).what {
            What::Table(_, entries) => entries.get(key).copied(),
            _ => None,
        }
    }

    fn value(&self, at: Place) -> &Value<'t> {
        &self.values[at.0 as usize]
    }
}

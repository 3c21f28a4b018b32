//! One way to read Traefik's settings, whatever carries them: files are trees already; labels, arguments and
//! variables are dotted names that are put together to a tree here. Keys are compared without regard to case, as
//! Traefik does. Knows no setting.

use std::collections::HashMap;

use crate::model::gateway::Node;
use crate::span::{FileId, Place};

/// Names with more dots than this are no settings.
const MAX_DOTS: usize = 32;

/// A node of Traefik's configuration.
#[derive(Clone, Copy, Debug)]
pub(super) enum Conf<'a> {
    /// A node of a file or an object.
    Tree(Node<'a>),
    /// A part of dotted names.
    Dotted(&'a Dotted, u32),
}

impl<'a> Conf<'a> {
    /// What stands under a key; nothing if that is `null`.
    pub(super) fn get(self, key: &str) -> Option<Self> {
        match self {
            Self::Tree(node) => node
                .get(key)
                .or_else(|| {
                    let found = node.children().find(|child| child.key().is_some_and(|k| k.eq_ignore_ascii_case(key)));
                    found.filter(|child| !child.is_null())
                })
                .map(Self::Tree),
            Self::Dotted(dotted, index) => {
                let child = dotted.items[index as usize].by_name.get(&key.to_ascii_lowercase())?;
                Some(Self::Dotted(dotted, *child))
            }
        }
    }

    /// What stands behind several keys.
    pub(super) fn path(self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self, |conf, key| conf.get(key))
    }

    /// What is switched on by being there: a map, even an empty one, or `true`.
    pub(super) fn on(self, key: &str) -> Option<Self> {
        self.get(key).filter(|conf| conf.text().is_none_or(|text| !text.eq_ignore_ascii_case("false")))
    }

    /// The entries of a map or the items of a list, in order.
    pub(super) fn children(self) -> Vec<Self> {
        match self {
            Self::Tree(node) => node.children().filter(|child| !child.is_null()).map(Self::Tree).collect(),
            Self::Dotted(dotted, index) => {
                dotted.items[index as usize].children.iter().map(|&child| Self::Dotted(dotted, child)).collect()
            }
        }
    }

    /// The maps in the list under a key.
    pub(super) fn items(self, key: &str) -> Vec<Self> {
        self.get(key).map(Self::children).unwrap_or_default()
    }

    /// The texts under a key: a list, or one text with commas between them.
    pub(super) fn texts(self, key: &str) -> Vec<(&'a str, Place)> {
        let Some(conf) = self.get(key) else { return Vec::new() };
        match conf.text() {
            Some(text) => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                parts.map(|part| (part, conf.place())).collect()
            }
            None => conf.children().into_iter().filter_map(|item| Some((item.text()?, item.place()))).collect(),
        }
    }

    /// The key it stands under, as written.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Tree(node) => node.key().unwrap_or_default(),
            Self::Dotted(dotted, index) => &dotted.items[index as usize].name,
        }
    }

    /// The text of a scalar.
    pub(super) fn text(self) -> Option<&'a str> {
        match self {
            Self::Tree(node) => node.text(),
            Self::Dotted(dotted, index) => dotted.items[index as usize].text.as_deref(),
        }
    }

    /// The text under a key.
    pub(super) fn str(self, key: &str) -> Option<&'a str> {
        self.get(key)?.text()
    }

    /// The boolean under a key.
    pub(super) fn flag(self, key: &str) -> Option<bool> {
        match self.str(key)?.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    /// The setting under a key, if it is a true boolean.
    pub(super) fn truth(self, key: &str) -> Option<Self> {
        self.get(key).filter(|_| self.flag(key) == Some(true))
    }

    /// The number under a key.
    pub(super) fn number(self, key: &str) -> Option<f64> {
        self.str(key)?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// The place of its key.
    pub(super) fn key_place(self) -> Place {
        match self {
            Self::Tree(node) => node.key_place(),
            Self::Dotted(dotted, index) => dotted.items[index as usize].key,
        }
    }

    /// The place of its value.
    pub(super) fn place(self) -> Place {
        match self {
            Self::Tree(node) => node.place(),
            Self::Dotted(dotted, index) => dotted.items[index as usize].value,
        }
    }

    /// The file it stands in.
    pub(super) fn file(self) -> FileId {
        self.key_place().at.file
    }
}

/// Settings that are written as dotted names, as a tree.
#[derive(Debug)]
pub(super) struct Dotted {
    items: Vec<Item>,
}

#[derive(Debug)]
struct Item {
    name: String,
    text: Option<String>,
    key: Place,
    value: Place,
    children: Vec<u32>,
    by_name: HashMap<String, u32>,
}

impl Item {
    fn new(name: &str, key: Place, value: Place) -> Self {
        Self { name: name.to_owned(), text: None, key, value, children: Vec::new(), by_name: HashMap::new() }
    }
}

impl Dotted {
    /// No settings yet; `place` stands for the whole.
    pub(super) fn new(place: Place) -> Self {
        Self { items: vec![Item::new("", place, place)] }
    }

    /// Adds a setting: `http.routers.api.rule`, `tls.domains[0].main`.
    pub(super) fn add(&mut self, name: &str, text: &str, key: Place, value: Place) {
        if name.bytes().filter(|&byte| byte == b'.' || byte == b'[').count() > MAX_DOTS {
            return;
        }
        let mut at = 0_usize;
        for part in name.split(['.', '[']).map(|part| part.trim_end_matches(']')).filter(|part| !part.is_empty()) {
            let lower = part.to_ascii_lowercase();
            at = match self.items[at].by_name.get(&lower) {
                Some(&found) => found as usize,
                None => {
                    let new = self.items.len();
                    self.items.push(Item::new(part, key, value));
                    self.items[at].children.push(new as u32);
                    self.items[at].by_name.insert(lower, new as u32);
                    new
                }
            };
        }
        let item = &mut self.items[at];
        (item.text, item.key, item.value) = (Some(text.to_owned()), key, value);
    }

    /// Whether nothing was added.
    pub(super) fn is_empty(&self) -> bool {
        self.items.len() == 1
    }

    /// The root of the tree.
    pub(super) const fn root(&self) -> Conf<'_> {
        Conf::Dotted(self, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::{At, NodeId};

    fn dotted(settings: &[(&str, &str)]) -> Dotted {
        let place = Place::value(At { file: FileId(0), node: NodeId(0) });
        let mut dotted = Dotted::new(place);
        settings.iter().for_each(|(name, text)| dotted.add(name, text, place, place));
        dotted
    }

    #[test]
    fn dotted_names_make_a_tree_whose_keys_are_found_in_any_case() {
        let dotted = dotted(&[("http.Routers.api.rule", "Path(`/a`)"), ("HTTP.routers.api.entryPoints", "web, tls")]);
        let router = dotted.root().path(&["http", "routers", "API"]).unwrap();
        assert_eq!(router.str("Rule"), Some("Path(`/a`)"));
        assert_eq!(router.texts("entrypoints").iter().map(|(text, _)| *text).collect::<Vec<_>>(), ["web", "tls"]);
        assert_eq!(router.name(), "api");
    }

    #[test]
    fn numbered_names_are_items_of_a_list() {
        let dotted = dotted(&[("tls.domains[0].main", "a.test"), ("tls.domains[1].main", "b.test")]);
        let tls = dotted.root().get("tls").unwrap();
        let names: Vec<_> = tls.items("domains").into_iter().filter_map(|item| item.str("main")).collect();
        assert_eq!(names, ["a.test", "b.test"]);
    }

    #[test]
    fn a_name_of_dots_only_or_without_end_adds_nothing_that_is_deep() {
        let mut dotted = dotted(&[("....", "x")]);
        assert!(dotted.is_empty());
        let place = dotted.root().place();
        dotted.add(&"a.".repeat(100_000), "x", place, place);
        assert!(dotted.is_empty());
    }
}

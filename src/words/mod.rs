//! Names as words (E6 of the catalogue) and the word lists of `rules/words.yaml`.
//! Knows no document: text in, words and list hits out.

mod edits;
mod file;
mod judge;
mod split;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

pub use edits::edits;
pub use file::{Change, Except, List, WordFile};
pub use judge::{AuthGroups, Credential, is_neutral};
pub use split::{singular, split};

/// The lists of `rules/words.yaml`, made by `cargo xtask gen`.
const BUILTIN: &str = include_str!("../generated/words.json");

/// Which word lists a name is in, one bit per list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// Lists that hold the head word, or a phrase the name ends with.
    pub head: u128,
    /// Lists that hold the name as a whole.
    pub whole: u128,
    /// Lists that hold any word or phrase of the name.
    pub any: u128,
}

impl Hits {
    /// Whether the list holds the head word, or a phrase the name ends with.
    pub const fn head(self, list: ListId) -> bool {
        self.head & list.bit() != 0
    }

    /// Whether the list holds the name as a whole.
    pub const fn whole(self, list: ListId) -> bool {
        self.whole & list.bit() != 0
    }

    /// Whether the list holds any word or phrase of the name.
    pub const fn any(self, list: ListId) -> bool {
        self.any & list.bit() != 0
    }
}

/// A word list of the compiled set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListId(pub u8);

impl ListId {
    /// Its bit in [`Hits`].
    pub const fn bit(self) -> u128 {
        1 << (self.0 & 127)
    }
}

/// What is wrong with word lists or with a user's change to them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// A change names a list that does not exist.
    #[error("no word list is called `{0}`")]
    UnknownList(String),
    /// A change removes what is not there.
    #[error("word list `{list}` has no entry `{entry}`")]
    UnknownEntry {
        /// The list.
        list: String,
        /// The entry.
        entry: String,
    },
    /// An entry holds no letter and no digit.
    #[error("`{entry}` in word list `{list}` is no word")]
    NoWord {
        /// The list.
        list: String,
        /// The entry.
        entry: String,
    },
    /// There are more lists than the set has bits.
    #[error("more than 128 word lists")]
    TooMany,
}

/// The longest sequence of words that is looked up as one phrase. The longest
/// phrase has three words; names cut oddly (`APIkey`) need one more.
const SPAN: usize = 5;

/// A single word shorter than this matches only a whole word: `s_id` is no `sid`.
const JOINABLE: usize = 5;

/// The compiled word lists.
#[derive(Debug, Default)]
pub struct WordLists {
    names: Vec<String>,
    files: Vec<List>,
    /// Words joined in the singular -> the lists that hold them.
    entries: HashMap<Box<str>, Entry>,
    longest: usize,
    /// Texts in lower case -> the lists that hold them.
    exact: HashMap<Box<str>, u128>,
    /// Beginnings in lower case.
    prefixes: Vec<(Box<str>, u128)>,
    /// First words that the whole name is compared without.
    drop_first: Vec<(Box<str>, u128)>,
    known: judge::Known,
}

#[derive(Debug, Default)]
struct Entry {
    lists: u128,
    /// Those where only the whole name counts.
    whole: u128,
    /// Those where the entry is one short word.
    short: u128,
    /// Those where it does not count after certain words.
    after: Vec<(u128, Vec<String>)>,
}

impl WordLists {
    /// The lists that come with the program.
    pub fn builtin() -> Arc<Self> {
        static LISTS: OnceLock<Arc<WordLists>> = OnceLock::new();
        // A unit test compiles the embedded data: an empty set is never seen in a release.
        Arc::clone(LISTS.get_or_init(|| Arc::new(Self::compile(builtin_file(), &BTreeMap::new()).unwrap_or_default())))
    }

    /// The lists that come with the program, with a user's changes.
    ///
    /// # Errors
    /// When a change names an unknown list, removes an unknown entry or adds something without a word.
    pub fn with_changes(changes: &BTreeMap<String, Change>) -> Result<Self, WordError> {
        Self::compile(builtin_file(), changes)
    }

    /// Compiles lists, with a user's changes.
    ///
    /// # Errors
    /// As [`WordLists::with_changes`], and for more than 128 lists.
    pub fn compile(mut file: WordFile, changes: &BTreeMap<String, Change>) -> Result<Self, WordError> {
        for (name, change) in changes {
            let list = file.lists.get_mut(name).ok_or_else(|| WordError::UnknownList(name.clone()))?;
            list.change(change).map_err(|entry| WordError::UnknownEntry { list: name.clone(), entry })?;
        }
        if file.lists.len() > 128 {
            return Err(WordError::TooMany);
        }
        let mut lists = Self::default();
        for (name, list) in file.lists {
            let id = ListId(lists.names.len() as u8);
            lists.add(id, &list).map_err(|entry| WordError::NoWord { list: name.clone(), entry })?;
            lists.names.push(name);
            lists.files.push(list);
        }
        lists.known = judge::Known::find(&lists);
        Ok(lists)
    }

    fn add(&mut self, id: ListId, list: &List) -> Result<(), String> {
        let bit = id.bit();
        for text in &list.words {
            self.entry(text, bit)?.lists |= bit;
        }
        for text in &list.whole {
            let entry = self.entry(text, bit)?;
            // What is also listed as a word counts anywhere.
            if entry.lists & bit == 0 {
                entry.lists |= bit;
                entry.whole |= bit;
            }
        }
        for except in &list.except {
            for text in &except.words {
                let after = except.after.iter().map(|word| singular(&word.to_lowercase())).collect();
                self.entry(text, bit)?.after.push((bit, after));
            }
        }
        for text in &list.exact {
            let text = text.to_lowercase();
            match text.strip_suffix('*') {
                Some(start) if !start.is_empty() => self.prefixes.push((start.into(), bit)),
                _ => *self.exact.entry(text.into()).or_default() |= bit,
            }
        }
        for text in &list.drop_first {
            self.drop_first.push((singular(&text.to_lowercase()).into(), bit));
        }
        Ok(())
    }

    fn entry(&mut self, text: &str, bit: u128) -> Result<&mut Entry, String> {
        let words = Words::of(text);
        if words.ends.is_empty() {
            return Err(text.to_owned());
        }
        self.longest = self.longest.max(words.text.len());
        let short = words.ends.len() == 1 && words.text.len() < JOINABLE;
        let entry = self.entries.entry(words.text.into()).or_default();
        if short {
            entry.short |= bit;
        }
        Ok(entry)
    }

    /// The list of that id, as in `rules/words.yaml`.
    pub fn id(&self, name: &str) -> Option<ListId> {
        // The file is a sorted map.
        self.names.binary_search_by(|known| known.as_str().cmp(name)).ok().map(|index| ListId(index as u8))
    }

    /// The ids of all lists, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The entries of a list as they are written.
    pub fn list(&self, id: ListId) -> Option<&List> {
        self.files.get(usize::from(id.0))
    }

    /// What is meant by a text, by a list that replaces (`format-typo`). Letter case does not count.
    pub fn replacement(&self, id: ListId, text: &str) -> Option<&str> {
        self.list(id)?.replace.get(&text.to_lowercase()).map(String::as_str)
    }

    /// Which lists a name is in (E6): words and phrases in the singular, whatever
    /// the separators and case.
    pub fn hits(&self, name: &str) -> Hits {
        let mut hits = self.hits_of(&Words::of(name));
        let exact = self.exact_hits(name);
        hits.head |= exact;
        hits.whole |= exact;
        hits.any |= exact;
        hits
    }

    fn hits_of(&self, words: &Words) -> Hits {
        let mut hits = Hits::default();
        let count = words.ends.len();
        let dropped = self.dropped(words);
        for end in 1..=count {
            // Longest first: it decides for its lists.
            let mut decided = 0;
            for start in end.saturating_sub(SPAN)..end {
                let Some(entry) = self.at(words, start, end) else { continue };
                let joined_short = if end - start > 1 { entry.short } else { 0 };
                let mut lists = entry.lists & !joined_short;
                let whole = start == 0 && end == count;
                let whole_but_first = start == 1 && end == count;
                if !whole {
                    lists &= !entry.whole | if whole_but_first { dropped } else { 0 };
                }
                let mut new = lists & !decided;
                decided |= lists;
                for (list, after) in &entry.after {
                    if new & list != 0 && words.before(start).is_some_and(|word| after.iter().any(|w| w == word)) {
                        new &= !list;
                    }
                }
                hits.any |= new;
                if end == count {
                    hits.head |= new;
                }
                if whole {
                    hits.whole |= new;
                } else if whole_but_first {
                    hits.whole |= new & dropped;
                }
            }
        }
        hits
    }

    /// The lists that ignore the first word.
    fn dropped(&self, words: &Words) -> u128 {
        self.drop_first
            .iter()
            .filter(|(word, _)| !words.ends.is_empty() && words.text[..words.ends[0]] == **word)
            .fold(0, |lists, (_, bit)| lists | bit)
    }

    fn at(&self, words: &Words, start: usize, end: usize) -> Option<&Entry> {
        let text = words.slice(start, end);
        if text.len() > self.longest { None } else { self.entries.get(text) }
    }

    fn exact_hits(&self, name: &str) -> u128 {
        // Long enough for every header name; longer texts are in no list.
        const LONGEST: usize = 64;
        if name.len() > LONGEST {
            return 0;
        }
        let text = name.to_lowercase();
        let mut lists = self.exact.get(text.as_str()).copied().unwrap_or_default();
        for (start, bit) in &self.prefixes {
            if text.starts_with(&**start) {
                lists |= bit;
            }
        }
        lists
    }
}

fn builtin_file() -> WordFile {
    serde_json::from_str(BUILTIN).unwrap_or_default()
}

/// The words of a name in lower case and in the singular, written one after the
/// other: a phrase is a slice of the text, whatever the separators were.
struct Words {
    text: String,
    ends: Vec<usize>,
}

impl Words {
    fn of(name: &str) -> Self {
        let pieces = split::pieces(name);
        let mut words = Self { text: String::with_capacity(name.len()), ends: Vec::with_capacity(pieces.len()) };
        let mut lower = String::new();
        for piece in pieces {
            let piece = &name[piece];
            lower.clear();
            if piece.is_ascii() {
                lower.push_str(piece);
                lower.make_ascii_lowercase();
            } else {
                lower = piece.to_lowercase();
            }
            split::push_singular(&mut words.text, &lower);
            words.ends.push(words.text.len());
        }
        words
    }

    fn slice(&self, start: usize, end: usize) -> &str {
        let from = if start == 0 { 0 } else { self.ends[start - 1] };
        &self.text[from..self.ends[end - 1]]
    }

    fn word(&self, index: usize) -> &str {
        self.slice(index, index + 1)
    }

    /// The last word before that one which is no number.
    fn before(&self, index: usize) -> Option<&str> {
        (0..index).rev().map(|i| self.word(i)).find(|word| !word.bytes().all(|b| b.is_ascii_digit()))
    }
}

#[cfg(test)]
mod tests;

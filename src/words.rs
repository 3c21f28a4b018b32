//! Names as words (E6 of the catalogue) and the word lists of `rules/words.yaml`.
//! Knows no document: text in, words and list hits out.

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

/// A word list of the compiled set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListId(pub u8);

/// The compiled word lists.
#[derive(Debug, Default)]
pub struct WordLists {}

//! The shape of `rules/words.yaml` and of the changes users make to it. Its head
//! comment says what each key means. Knows only the shape, not what matches.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// All word lists. `rules/words.yaml` is the source; the program embeds the same
/// data as JSON, without the `doc`s.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WordFile {
    /// The lists by id.
    pub lists: BTreeMap<String, List>,
}

/// One word list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct List {
    /// What the list is for.
    #[serde(default, skip_serializing)]
    pub doc: String,
    /// Words and phrases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Words and phrases that match a name only as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub whole: Vec<String>,
    /// Texts compared as written but for case; `*` at the end stands for anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exact: Vec<String>,
    /// Entries of `words` that do not count after certain words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Except>,
    /// Words ignored at the beginning when the whole name is compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop_first: Vec<String>,
    /// What is written -> what is meant.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replace: BTreeMap<String, String>,
}

/// Words that do not count right after others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Except {
    /// Entries of the list.
    pub words: Vec<String>,
    /// The words before them that rule them out.
    pub after: Vec<String>,
}

/// A user's change to a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Entries to add: to `words`, or where the list has none to `whole` or `exact`.
    #[serde(default)]
    pub add: Vec<String>,
    /// Entries to take out, as they are written in the list.
    #[serde(default)]
    pub remove: Vec<String>,
}

impl List {
    /// Applies a user's change; the error is the entry that cannot be removed.
    pub(super) fn change(&mut self, change: &Change) -> Result<(), String> {
        let home = (self.words.is_empty(), self.whole.is_empty(), self.exact.is_empty());
        for entry in &change.remove {
            let kept = |written: &String| !written.eq_ignore_ascii_case(entry);
            let before = self.words.len() + self.whole.len() + self.exact.len() + self.replace.len();
            self.words.retain(kept);
            self.whole.retain(kept);
            self.exact.retain(kept);
            self.replace.retain(|written, _| kept(written));
            if before == self.words.len() + self.whole.len() + self.exact.len() + self.replace.len() {
                return Err(entry.clone());
            }
        }
        let home = match home {
            (true, false, _) => &mut self.whole,
            (true, true, false) => &mut self.exact,
            _ => &mut self.words,
        };
        home.extend(change.add.iter().cloned());
        Ok(())
    }
}

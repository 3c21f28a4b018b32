//! `cargo xtask gen`: what the binary embeds, made from `rules/`.

use std::fs;

use gatelint::words::WordFile;

use crate::output::Output;
use crate::{Result, root};

/// Writes `src/generated/`.
pub fn generate(output: &mut Output) -> Result {
    let rules = root().join("rules");
    let words: WordFile = serde_yaml::from_str(&fs::read_to_string(rules.join("words.yaml"))?)?;
    output.write("src/generated/words.json", &(serde_json::to_string(&words)? + "\n"))
}

//! `cargo xtask gen`: what the binary embeds, made from `rules/`.

use std::fs;

use gatelint::rule::builtin::blob;
use gatelint::words::WordFile;
use walkdir::WalkDir;

use crate::output::Output;
use crate::{Result, root};

/// Writes `src/generated/`.
pub fn generate(output: &mut Output) -> Result {
    let folder = root().join("rules");
    let words: WordFile = serde_yaml::from_str(&fs::read_to_string(folder.join("words.yaml"))?)?;
    output.write("src/generated/words.json", &(serde_json::to_string(&words)? + "\n"))?;

    let causes = fs::read_to_string(folder.join("causes.yaml"))?;
    output.write("src/generated/rules.json", &blob(&rule_files()?, ("rules/causes.yaml", &causes))?)
}

/// The files of the built-in rules in a fixed order: path relative to the repository, and text.
pub fn rule_files() -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(root().join("rules")).min_depth(2).sort_by_file_name() {
        let entry = entry?;
        if entry.path().extension().is_some_and(|extension| extension == "yaml") {
            let path = entry.path().strip_prefix(root())?.to_string_lossy().replace('\\', "/");
            files.push((path, fs::read_to_string(entry.path())?));
        }
    }
    Ok(files)
}

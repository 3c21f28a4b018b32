//! The built-in rules: embedded once as one JSON text without reasons and
//! examples (what a run needs), and once as their own files (what `explain`
//! and `test` need). Knows where rules lie in the repository, not what they say.

use include_dir::{Dir, include_dir};

use crate::source::{self, Limits, SourceMap};
use crate::span::FileId;

use super::compile::RuleError;
use super::json::tree_to_json;
use super::set::{self, Embedded};

static EMBEDDED: &str = include_str!("../generated/rules.json");
static SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// Top-level keys of rule files that a run does not need.
const LEFT_OUT: [&str; 3] = ["why", "references", "examples"];

pub(super) fn embedded(sources: &mut SourceMap) -> Result<Embedded, RuleError> {
    set::embedded(sources, EMBEDDED)
}

/// The files of the built-in rules, by path: path relative to the repository, and text.
pub fn rule_sources() -> Vec<(&'static str, &'static str)> {
    let mut files: Vec<_> = SOURCES
        .dirs()
        .flat_map(Dir::files)
        .filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)))
        .filter(|(path, _)| path.ends_with(".yaml"))
        .collect();
    files.sort_unstable();
    files
}

/// The file of the built-in rule `id`.
pub fn rule_source(id: &str) -> Option<&'static str> {
    let name = |path: &str| path.rsplit('/').next().and_then(|name| name.strip_suffix(".yaml")) == Some(id);
    rule_sources().into_iter().find(|(path, _)| name(path)).map(|(_, text)| text)
}

/// `rules/causes.yaml`.
pub fn causes_source() -> Option<&'static str> {
    SOURCES.get_file("causes.yaml")?.contents_utf8()
}

/// The content of `src/generated/rules.json`, from rule files and `causes.yaml`, each with its path.
///
/// # Errors
/// A file that is no YAML, or that JSON cannot express.
pub fn blob(rules: &[(String, String)], causes: (&str, &str)) -> Result<String, String> {
    let mut out = String::from("{\"rules\":[");
    for (i, (path, text)) in rules.iter().enumerate() {
        out.push_str(if i == 0 { "\n" } else { ",\n" });
        out.push_str(&to_json(path, text, &LEFT_OUT)?);
    }
    out.push_str("\n],\"causes\":");
    out.push_str(&to_json(causes.0, causes.1, &[])?);
    out.push_str("}\n");
    Ok(out)
}

fn to_json(path: &str, text: &str, left_out: &[&str]) -> Result<String, String> {
    let file = source::read(FileId(0), path, text.as_bytes().to_vec(), &Limits::default());
    if let Some(problem) = file.problems.first() {
        return Err(format!("{path}: {}", problem.message));
    }
    let Some(&root) = file.tree.roots().first() else { return Err(format!("{path}: empty")) };
    let top = Some(root);
    tree_to_json(&file.tree, root, &|tree, id| {
        tree.parent(id) != top || tree.key(id).is_none_or(|key| !left_out.contains(&key))
    })
    .ok_or_else(|| format!("{path}: aliases or duplicate keys"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_embedded_rules_are_those_of_the_rule_files() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let generated = root.join("src/generated/rules.json");
        let mut files = Vec::new();
        for entry in walkdir::WalkDir::new(root.join("rules")).min_depth(2).sort_by_file_name() {
            let entry = entry.unwrap();
            if entry.path().extension().is_some_and(|extension| extension == "yaml") {
                let path = entry.path().strip_prefix(root).unwrap().display().to_string();
                files.push((path, std::fs::read_to_string(entry.path()).unwrap()));
            }
        }
        let causes = std::fs::read_to_string(root.join("rules/causes.yaml")).unwrap();
        let fresh = blob(&files, ("rules/causes.yaml", &causes)).unwrap();
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(&generated, &fresh).unwrap();
        }
        let embedded = std::fs::read_to_string(generated).unwrap();
        assert!(embedded == fresh, "src/generated/rules.json is stale: run this test with UPDATE_GENERATED=1");
    }
}

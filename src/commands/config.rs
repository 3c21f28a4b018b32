//! `gatelint config show`: the settings in force, and where they come from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::ConfigArgs;
use crate::report::inert;
use crate::settings::{Flags, Settings};

use super::failure::Failure;
use super::print;
use super::setup::Setup;

/// Prints the settings as YAML whose values are JSON.
pub fn show(paths: &[PathBuf], config: &ConfigArgs) -> Result<(), Failure> {
    let setup = Setup::new(paths, config, Flags::default())?;
    let mut text = format!("# project root: {}\n", setup.project.root().display());
    match &setup.settings.sources[..] {
        [] => text += "# no settings file: these are the defaults\n",
        sources => {
            let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
            text += &format!("# settings, later ones win: {}\n", names.join(", "));
        }
    }
    text += &values(&setup.settings);
    print(&inert::defused(&lines_visible(&text)))
}

/// The values in force.
fn values(settings: &Settings) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{key}: {value}");
    };
    line("profile", settings.profile.as_str().to_owned());
    line("fail-on", settings.fail_on.to_string());
    if !settings.include.is_empty() {
        line("include", json(settings.include.written()));
    }
    line("exclude", json(settings.exclude.written()));
    let rules: BTreeMap<&str, serde_json::Value> =
        settings.rules.iter().map(|(id, rule)| (id.as_str(), rule.to_json())).collect();
    line("rules", json(&rules));
    let overrides: Vec<serde_json::Value> = settings
        .overrides
        .iter()
        .map(|o| serde_json::json!({ "files": o.files.written(), "rules": o.rules }))
        .collect();
    line("overrides", json(&overrides));
    line("words", json(&settings.words));
    line("refs", json(&settings.refs));
    let ignores: Vec<serde_json::Value> = settings.ignores.iter().map(crate::settings::Ignore::to_json).collect();
    line("ignore", json(&ignores));
    let rule_files: Vec<String> = settings.rule_files.iter().map(|files| files.path.display().to_string()).collect();
    line("rule-files", json(&rule_files));
    text
}

fn json(value: &(impl Serialize + ?Sized)) -> String {
    // Maps have string keys, so there is nothing that could fail.
    serde_json::to_string(value).unwrap_or_default()
}

fn lines_visible(text: &str) -> String {
    text.split_inclusive('\n').fold(String::new(), |mut shown, line| {
        let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
        shown += &inert::visible(body);
        shown + end
    })
}

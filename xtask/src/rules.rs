//! Rule files as documentation needs them: their texts, not their logic, which only
//! gatelint itself reads (and strictly).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Result;
use crate::embed::rule_files;

/// The texts of a rule file.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rule {
    pub id: String,
    pub title: String,
    pub severity: String,
    pub confidence: String,
    #[serde(default = "default_profile")]
    pub profile: String,
    pub since: String,
    #[serde(default)]
    pub tags: Tags,
    #[serde(default)]
    pub aliases: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub references: Vec<String>,
    pub why: String,
    pub fix: String,
    #[serde(default)]
    pub fix_in: BTreeMap<String, String>,
    #[serde(default)]
    pub options: BTreeMap<String, RuleOption>,
    pub given: String,
    #[serde(default)]
    pub examples: Vec<Example>,
    /// Path of the file, relative to the repository.
    #[serde(skip)]
    pub path: String,
}

/// Categories of others.
#[derive(Default, Deserialize)]
pub struct Tags {
    #[serde(default)]
    pub owasp: Vec<String>,
    #[serde(default)]
    pub cwe: Vec<String>,
}

/// A setting of a rule.
#[derive(Deserialize)]
pub struct RuleOption {
    #[serde(rename = "type")]
    pub ty: String,
    pub default: serde_yaml::Value,
    #[serde(default)]
    pub strict: Option<serde_yaml::Value>,
    #[serde(default)]
    pub doc: Option<String>,
}

/// An example: one of `invalid` and `valid` is its name.
#[derive(Deserialize)]
pub struct Example {
    pub invalid: Option<String>,
    pub valid: Option<String>,
    /// The gateway format it is in.
    pub format: Option<String>,
    /// The name of its file, where it says so.
    pub file: Option<String>,
    #[serde(default)]
    pub source: String,
}

fn default_profile() -> String {
    "default".to_owned()
}

/// All built-in rules, by id.
pub fn read() -> Result<Vec<Rule>> {
    let mut rules = Vec::new();
    for (path, text) in rule_files()? {
        let mut rule: Rule = serde_yaml::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
        rule.path = path;
        rules.push(rule);
    }
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rules)
}

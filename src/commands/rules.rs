//! `gatelint rules`: all rules, for people or for programs.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::cli::{ConfigArgs, RulesFormat};
use crate::finding::RuleInfo;
use crate::rule::Catalog;
use crate::settings::Flags;

use super::failure::Failure;
use super::print;
use super::setup::Setup;

/// Prints the rules, those that are off included.
pub fn run(format: RulesFormat, config: &ConfigArgs) -> Result<(), Failure> {
    let setup = Setup::new(&[], config, Flags::default())?;
    let catalog = setup.catalog(Catalog::builtin().map_err(|error| Failure::new(error.to_string()))?)?;
    let rules = setup.rules(&catalog)?;
    let text = match format {
        RulesFormat::Table => table(rules.set().infos(), &|info| {
            rules.set().find(&info.id).is_some_and(|i| rules.set().rule(i).is_some())
        }),
        RulesFormat::Json => format!("{:#}\n", Value::from_iter(rules.set().infos().iter().map(row))),
    };
    print(&text)
}

/// A row of the JSON table.
fn row(info: &RuleInfo) -> Value {
    let aliases: Map<String, Value> = info.aliases.iter().map(|(tool, ids)| (tool.clone(), json!(ids))).collect();
    json!({
        "id": info.id,
        "title": info.title,
        "severity": info.severity,
        "confidence": info.confidence,
        "profile": info.profile,
        "kinds": info.kinds,
        "owasp": info.owasp,
        "cwe": info.cwe,
        "aliases": aliases,
        "url": info.url,
    })
}

fn table(infos: &[RuleInfo], is_on: &dyn Fn(&RuleInfo) -> bool) -> String {
    let width = infos.iter().map(|info| info.id.len()).max().unwrap_or(0).max("rule".len());
    let mut text = format!("{:width$}  {:8}  {:10}  {:3}  title\n", "rule", "severity", "confidence", "on");
    for info in infos {
        let on = if is_on(info) { "yes" } else { "no" };
        // Writing to a string cannot fail.
        let _ =
            writeln!(text, "{:width$}  {:8}  {:10}  {on:3}  {}", info.id, info.severity, info.confidence, info.title);
    }
    text
}

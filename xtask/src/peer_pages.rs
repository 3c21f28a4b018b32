//! `docs/coming-from/`: a page per other linter, from the `aliases` of the rules and `rules/peers.yaml`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use serde::Deserialize;

use crate::docs::GENERATED;
use crate::output::Output;
use crate::rules::Rule;
use crate::{Result, root};

const INTRODUCTION: &str = "\
# Coming from another linter

Each page lists the checks of one tool, the rule of gatelint that covers it, and what that rule does better. `gatelint explain`
takes the names of others too: `gatelint explain CKV_OPENAPI_21`. Rules marked (strict) are on with `profile: strict`.

| tool | checks with a counterpart | rules of gatelint without one there |
|---|---|---|
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Peers {
    tools: BTreeMap<String, Tool>,
    /// Rule of ours: tool, or `any`: what ours does better.
    better: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    name: String,
    version: String,
    moving: String,
}

/// Writes all pages.
pub fn generate(rules: &[Rule], output: &mut Output) -> Result {
    let source = fs::read_to_string(root().join("rules/peers.yaml"))?;
    let peers: Peers = serde_yaml::from_str(&source)?;
    check(&peers, rules)?;
    let mut index = format!("{GENERATED}{INTRODUCTION}");
    for (id, tool) in &peers.tools {
        let mut theirs: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
        for rule in rules {
            for name in rule.aliases.get(id).into_iter().flatten() {
                theirs.entry(name).or_default().push(rule);
            }
        }
        let new = rules.iter().filter(|rule| !rule.aliases.contains_key(id)).count();
        let _ = writeln!(index, "| [{}]({id}.md) | {} | {new} |", tool.name, theirs.len());
        output.write(&format!("docs/coming-from/{id}.md"), &page(id, tool, &theirs, new, &peers))?;
    }
    output.write("docs/coming-from/README.md", &index)?;
    output.prune("docs/coming-from", ".md")
}

/// Names that lead nowhere: tools and rules that do not exist, remarks on pairs that no alias makes.
fn check(peers: &Peers, rules: &[Rule]) -> Result {
    for rule in rules {
        if let Some(tool) = rule.aliases.keys().find(|tool| !peers.tools.contains_key(*tool)) {
            return Err(format!("{}: rules/peers.yaml has no tool `{tool}`", rule.path).into());
        }
    }
    for (id, remarks) in &peers.better {
        let rule = rules.iter().find(|rule| rule.id == *id);
        let rule = rule.ok_or_else(|| format!("rules/peers.yaml: there is no rule `{id}`"))?;
        let has = |tool: &String| tool == "any" || rule.aliases.contains_key(tool);
        if let Some(tool) = remarks.keys().find(|tool| !has(tool)) {
            return Err(format!("rules/peers.yaml: `{id}` has no alias of `{tool}`").into());
        }
    }
    Ok(())
}

fn page(id: &str, tool: &Tool, theirs: &BTreeMap<&str, Vec<&Rule>>, new: usize, peers: &Peers) -> String {
    let mut out = format!("{GENERATED}# Coming from {}\n\nCompared with {}.\n\n", tool.name, tool.version);
    let _ = writeln!(out, "{}\n", tool.moving.trim_end());
    let _ = writeln!(
        out,
        "Besides the rules below, {new} rules of gatelint have no counterpart there: see [all rules](../rules/README.md).\n"
    );
    out.push_str("| theirs | ours | what ours does better |\n|---|---|---|\n");
    for (name, rules) in theirs {
        let ours: Vec<String> = rules.iter().map(|rule| link(rule)).collect();
        let better = rules.iter().filter_map(|rule| {
            let remarks = peers.better.get(&rule.id)?;
            let remark = remarks.get(id).or_else(|| remarks.get("any"))?;
            Some(if rules.len() > 1 { format!("*{}*: {remark}", rule.id) } else { remark.clone() })
        });
        let better = better.collect::<Vec<_>>().join("; ").replace('|', "\\|");
        let _ = writeln!(out, "| `{}` | {} | {better} |", name.replace('|', "\\|"), ours.join(", "));
    }
    out
}

fn link(rule: &Rule) -> String {
    let strict = if rule.profile == "strict" { " (strict)" } else { "" };
    format!("[{id}](../rules/{id}.md){strict}", id = rule.id)
}

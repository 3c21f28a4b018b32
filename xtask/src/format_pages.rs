//! `docs/formats/`: a page per gateway format, from `rules/formats.yaml`, the rules with examples in it, what other
//! tools find on it, and the table of vendor defaults.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use gatelint::discover::Format;
use gatelint::model::gateway::VENDOR_DEFAULTS;
use serde::Deserialize;

use crate::docs::GENERATED;
use crate::output::Output;
use crate::rules::Rule;
use crate::{Result, root};

const INTRODUCTION: &str = "\
# Gateway configurations

gatelint tells what a file is from its content. One file may be several things: an OpenAPI document with AWS extensions is judged
as both. Each page says what is read, which files are one gateway, and what stays unknown; a fact that is unknown makes no finding.
`gatelint routes` shows what was understood: every route with its methods, authentication, limits and upstream, each with its line.

| format | rules with examples in it |
|---|---|
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    reads: Vec<String>,
    together: String,
    judged: String,
    unknown: Vec<String>,
    #[serde(default)]
    peers: Vec<Peer>,
}

/// What another tool finds in files of a format, and what gatelint has for it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Peer {
    tool: String,
    about: String,
    finds: Vec<Found>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    what: String,
    /// Rules of gatelint that report it.
    #[serde(default)]
    rules: Vec<String>,
    /// What is different, or why there is none.
    #[serde(default)]
    remark: String,
}

/// Writes all pages.
pub fn generate(rules: &[Rule], output: &mut Output) -> Result {
    let source = fs::read_to_string(root().join("rules/formats.yaml"))?;
    let mut texts: BTreeMap<String, Text> = serde_yaml::from_str(&source)?;
    let mut table = format!("{GENERATED}{INTRODUCTION}");
    for format in Format::ALL {
        let id = format.as_str();
        let text = texts.remove(id).ok_or_else(|| format!("rules/formats.yaml has no `{id}`"))?;
        for found in text.peers.iter().flat_map(|peer| &peer.finds) {
            if let Some(name) = found.rules.iter().find(|name| !rules.iter().any(|rule| rule.id == **name)) {
                return Err(format!("rules/formats.yaml: `{id}`: no rule `{name}`").into());
            }
            if found.rules.is_empty() && found.remark.is_empty() {
                return Err(format!("rules/formats.yaml: `{id}`: say why nothing reports `{}`", found.what).into());
            }
        }
        let (own, generic) = rules_of(rules, id);
        let _ = writeln!(table, "| [{}]({id}.md) | {} |", format.title(), own.len() + generic.len());
        output.write(&format!("docs/formats/{id}.md"), &page(format, &text, &own, &generic))?;
    }
    if let Some(id) = texts.keys().next() {
        return Err(format!("rules/formats.yaml: `{id}` is no format").into());
    }
    output.write("docs/formats/README.md", &table)?;
    output.prune("docs/formats", ".md")
}

/// Rules with examples in a format: those that have examples in no other, and the rest.
fn rules_of<'r>(rules: &'r [Rule], id: &str) -> (Vec<&'r Rule>, Vec<&'r Rule>) {
    let formats = |rule: &'r Rule| rule.examples.iter().filter_map(|example| example.format.as_deref());
    let here = rules.iter().filter(|rule| formats(rule).any(|format| format == id));
    here.partition(|rule| !rule.id.starts_with("gateway-") && formats(rule).all(|format| format == id))
}

fn page(format: Format, text: &Text, own: &[&Rule], generic: &[&Rule]) -> String {
    let mut out = format!("{GENERATED}# {}\n\n## What is read\n\n", format.title());
    list(&mut out, &text.reads);
    let _ = write!(out, "\n## What is one gateway\n\n{}\n\n## How it is read\n\n{}\n", text.together, text.judged);
    out.push_str("\n## What stays unknown\n\n");
    list(&mut out, &text.unknown);
    for (title, rules) in
        [("Rules for this format only", own), ("Rules for all gateways, with examples in it", generic)]
    {
        if rules.is_empty() {
            continue;
        }
        let _ = write!(out, "\n## {title}\n\n| rule | severity | what it finds |\n|---|---|---|\n");
        for rule in rules {
            let strict = if rule.profile == "strict" { " (strict)" } else { "" };
            let title = rule.title.replace('|', "\\|");
            let _ = writeln!(out, "| [{id}](../rules/{id}.md){strict} | {} | {title} |", rule.severity, id = rule.id);
        }
    }
    if !text.peers.is_empty() {
        out.push_str("\n## Beside other tools\n");
        text.peers.iter().for_each(|peer| beside(&mut out, peer));
    }
    let defaults: Vec<_> = VENDOR_DEFAULTS.iter().filter(|row| row.format == format).collect();
    if !defaults.is_empty() {
        out.push_str("\n## Defaults it is judged by\n\nWhere nothing is written, of the current version unless a version is given.\n\n");
        out.push_str("| setting | value | versions | source |\n|---|---|---|---|\n");
        for row in defaults {
            let versions = match (row.since, row.until) {
                ("", "") => String::new(),
                (since, "") => format!("since {since}"),
                ("", until) => format!("before {until}"),
                (since, until) => format!("{since} to before {until}"),
            };
            let value = row.value.replace('|', "\\|");
            let _ = writeln!(out, "| `{}` | `{value}` | {versions} | [page]({}) |", row.name, row.source);
        }
    }
    out
}

fn beside(out: &mut String, peer: &Peer) {
    let _ = write!(out, "\n### {}\n\n{}\n\n", peer.tool, peer.about.trim());
    out.push_str("| what it finds | rules here | remark |\n|---|---|---|\n");
    for Found { what, rules, remark } in &peer.finds {
        let links: Vec<String> = rules.iter().map(|id| format!("[{id}](../rules/{id}.md)")).collect();
        let links = if links.is_empty() { "none".to_owned() } else { links.join(", ") };
        let _ = writeln!(out, "| {} | {links} | {} |", what.replace('|', "\\|"), remark.replace('|', "\\|"));
    }
}

fn list(out: &mut String, items: &[String]) {
    for item in items {
        let _ = writeln!(out, "- {item}");
    }
}

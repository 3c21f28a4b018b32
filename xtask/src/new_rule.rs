//! `cargo xtask new-rule ID`: a rule file to fill in.

use std::fs;

use crate::{Result, root};

/// Writes `rules/openapi/ID.yaml`.
pub fn run(args: &[String]) -> Result {
    let [id] = args else { return Err("usage: cargo xtask new-rule ID".into()) };
    let well_formed = id
        .split('-')
        .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
    if !well_formed {
        return Err(format!("`{id}` is not kebab-case").into());
    }
    let path = format!("rules/openapi/{id}.yaml");
    let full = root().join(&path);
    if full.exists() {
        return Err(format!("{path} exists").into());
    }
    fs::write(&full, template(id, &version()?))?;
    println!("wrote {path}; fields are in docs/model.md, then: cargo run -- test rules");
    Ok(())
}

/// The version of gatelint being worked on.
fn version() -> Result<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    let version =
        manifest.lines().find_map(|line| line.strip_prefix("version = ")).ok_or("Cargo.toml has no version")?;
    Ok(version.trim_matches('"').to_owned())
}

fn template(id: &str, since: &str) -> String {
    format!(
        r##"id: {id}
title: One sentence that names the defect
severity: medium # what it costs: critical high medium low info
confidence: high # how sure a finding is: high medium low
since: {since}
tags: {{ owasp: [API8:2023], cwe: [CWE-16] }}
aliases: {{}} # the same idea elsewhere: {{ spectral-owasp: [...], kics: [...], checkov: [...], vacuum: [...] }}
references:
  - https://spec.openapis.org/oas/latest.html

why: |
  What it costs when this is so.
fix: |
  What to do, in the first sentence. Exceptions after it.

given: operation # a kind of node of docs/model.md
where: {{ incoming: true }} # who is judged
match: {{ responses: {{ not: {{ covers: 429 }} }} }} # the defect
report:
  at: self
  message: "`{{method}} {{path}}` ..."

examples:
  - invalid: the plain case
    source: |
      paths:
        /orders:
          get: # finding
            responses: {{ "200": {{ description: ok }} }}
  - valid: a near miss
    source: |
      paths:
        /orders:
          get:
            responses: {{ "200": {{ description: ok }}, "429": {{ description: later }} }}
"##
    )
}

//! `docs/rules/`: a page per rule and the table of all rules.

use std::fmt::Write;

use gatelint::discover::Format;

use crate::Result;
use crate::docs::GENERATED;
use crate::output::Output;
use crate::rules::Rule;

const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "info"];

/// Writes all pages.
pub fn generate(rules: &[Rule], output: &mut Output) -> Result {
    output.write("docs/rules/README.md", &table(rules))?;
    for rule in rules {
        output.write(&format!("docs/rules/{}.md", rule.id), &page(rule)?)?;
    }
    output.prune("docs/rules", ".md")
}

fn table(rules: &[Rule]) -> String {
    let mut out = format!("{GENERATED}# Rules\n\n");
    let strict = rules.iter().filter(|rule| rule.profile == "strict").count();
    let _ = writeln!(
        out,
        "{} rules, {strict} of them only in the profile `strict`. *Severity* is what a defect costs, *confidence* how sure a finding is.\n",
        rules.len()
    );
    out.push_str("| rule | severity | confidence | OWASP | what it finds |\n|---|---|---|---|---|\n");
    let rank = |rule: &Rule| SEVERITIES.iter().position(|name| *name == rule.severity);
    let mut sorted: Vec<&Rule> = rules.iter().collect();
    sorted.sort_by_key(|rule| (rank(rule), &rule.id));
    for rule in sorted {
        let _ = writeln!(
            out,
            "| [{id}]({id}.md){strict} | {} | {} | {} | {} |",
            rule.severity,
            rule.confidence,
            rule.tags.owasp.join(", "),
            cell(&rule.title),
            id = rule.id,
            strict = if rule.profile == "strict" { " (strict)" } else { "" },
        );
    }
    out
}

fn page(rule: &Rule) -> Result<String> {
    let mut out = format!("{GENERATED}# {}\n\n{}\n\n", rule.id, rule.title);
    let _ = writeln!(out, "| severity | {} |\n|---|---|", rule.severity);
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(out, "| {name} | {value} |");
        }
    };
    row("confidence", &rule.confidence);
    row("profile", &rule.profile);
    row("looks at", &format!("[{}](../model.md#{})", rule.given, rule.given.to_lowercase()));
    row("OWASP API Security", &rule.tags.owasp.join(", "));
    row("CWE", &rule.tags.cwe.iter().map(|cwe| cwe_link(cwe)).collect::<Vec<_>>().join(", "));
    row("since", &rule.since);

    let _ = write!(out, "\n## Why\n\n{}\n\n## Fix\n\n{}\n", rule.why.trim_end(), rule.fix.trim_end());
    for (format, text) in &rule.fix_in {
        let title = Format::parse(format).ok_or_else(|| format!("{}: `{format}` is no format", rule.id))?.title();
        let _ = write!(out, "\n- {title}: {}", text.trim());
    }
    if !rule.fix_in.is_empty() {
        out.push('\n');
    }
    options(&mut out, rule)?;
    examples(&mut out, rule);
    out.push_str("\n## Silence\n\nWith a reason, on the line of the finding or alone on the line above:\n\n```yaml\n");
    let _ = writeln!(out, "# gatelint: ignore[{}] why this is meant", rule.id);
    out.push_str("```\n\nor in `gatelint.yaml`:\n\n```yaml\nignore:\n");
    let _ = writeln!(out, "  - {{ rule: {}, file: api.yaml, reason: why this is meant }}\n```", rule.id);
    if !rule.aliases.is_empty() {
        out.push_str("\n## In other tools\n\nThe same idea, not always the same condition:\n\n");
        for (tool, ids) in &rule.aliases {
            let ids: Vec<_> = ids.iter().map(|id| format!("`{id}`")).collect();
            let _ = writeln!(out, "- {tool}: {}", ids.join(", "));
        }
    }
    if !rule.references.is_empty() {
        out.push_str("\n## References\n\n");
        for reference in &rule.references {
            let _ = writeln!(out, "- <{reference}>");
        }
    }
    let _ = writeln!(out, "\nThe rule itself, with all its examples: [{path}](../../{path})", path = rule.path);
    Ok(out)
}

fn options(out: &mut String, rule: &Rule) -> Result {
    if rule.options.is_empty() {
        return Ok(());
    }
    out.push_str("\n## Options\n\n| option | type | default | |\n|---|---|---|---|\n");
    for (name, option) in &rule.options {
        let written =
            |value| Ok::<_, serde_json::Error>(format!("`{}`", serde_json::to_string(value)?.replace('|', "\\|")));
        let mut default = written(&option.default)?;
        if let Some(strict) = &option.strict {
            default += &format!(", in the strict profile {}", written(strict)?);
        }
        let doc = option.doc.as_deref().unwrap_or_default();
        let _ = writeln!(out, "| `{name}` | {} | {default} | {} |", option.ty, cell(doc));
    }
    let _ = writeln!(out, "\nSet under `rules: {{ {}: {{ options: {{ ... }} }} }}` in `gatelint.yaml`.", rule.id);
    Ok(())
}

fn examples(out: &mut String, rule: &Rule) {
    for (heading, wanted) in [("Found", true), ("Not found", false)] {
        let of_kind = rule.examples.iter().filter_map(|example| {
            let name = if wanted { &example.invalid } else { &example.valid };
            name.as_deref().filter(|_| !example.source.is_empty()).map(|name| (name, example))
        });
        for (index, (name, example)) in of_kind.enumerate() {
            if index == 0 {
                let _ = write!(out, "\n## {heading}\n");
            }
            let format = example.format.as_deref().and_then(Format::parse);
            let of = format.map(|format| format!(" ({})", format.title())).unwrap_or_default();
            let syntax = match &example.file {
                _ if format == Some(Format::Nginx) => "nginx",
                Some(file) if file.ends_with(".toml") => "toml",
                _ => "yaml",
            };
            let _ = write!(out, "\n{}{of}:\n\n```{syntax}\n{}\n```\n", capital(name), example.source.trim_end());
        }
    }
}

fn cwe_link(cwe: &str) -> String {
    let number = cwe.trim_start_matches("CWE-");
    format!("[{cwe}](https://cwe.mitre.org/data/definitions/{number}.html)")
}

/// Text that stays in its table cell.
fn cell(text: &str) -> String {
    text.trim().replace('|', "\\|").replace('\n', " ")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

//! `gatelint explain`: everything that is known of a rule or a problem code.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use crate::cli::ConfigArgs;
use crate::discover::Format;
use crate::error::ProblemCode;
use crate::rule::file::{ExampleFile, RuleFile, Shape, number_text};
use crate::rule::{self, Catalog};
use crate::settings::Flags;
use crate::source::{self, Limits, de};
use crate::span::FileId;

use super::failure::Failure;
use super::setup::Setup;
use super::{print, terminal};

/// What is said of problem codes.
const PROBLEMS: &str = include_str!("../../rules/problems.yaml");

/// What is said of one problem code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProblemPage {
    title: String,
    why: String,
    fix: String,
}

/// Explains a rule, a problem code, or the rules that another linter's name stands for.
pub fn run(name: &str, config: &ConfigArgs) -> Result<(), Failure> {
    if let Some(code) = ProblemCode::ALL.into_iter().find(|code| code.as_str() == name) {
        return print(&problem(code)?);
    }
    let setup = Setup::new(&[], config, Flags::default())?;
    let builtin = Catalog::builtin_sources();
    let catalog =
        setup.catalog(builtin.map_err(|errors| Failure::all(errors.iter().map(|e| Failure::new(e.to_string()))))?)?;
    if let Some(file) = catalog.find(name) {
        return print(&page(file));
    }
    let also: Vec<&RuleFile> = catalog.files().filter(|file| is_alias(file, name)).collect();
    if also.is_empty() {
        let ids = catalog.files().map(|file| file.id.value.as_str()).chain(ProblemCode::ALL.map(ProblemCode::as_str));
        let ids: Vec<&str> = ids.collect();
        let near = de::nearest(name, &ids).map(|near| format!("did you mean `{near}`?"));
        let help = near.unwrap_or_else(|| "`gatelint rules` lists all rules".to_owned());
        return Err(Failure::with_help(
            format!("there is no rule or problem `{}`", crate::report::inert::visible(name)),
            help,
        ));
    }
    let ids: Vec<String> = also.iter().map(|file| format!("`{}`", file.id.value)).collect();
    let name = crate::report::inert::visible(name);
    let mut text = format!("what other linters call `{name}` is covered by {}\n", ids.join(", "));
    for file in also {
        let _ = write!(text, "\n{}", page(file));
    }
    print(&text)
}

/// Whether another linter calls the idea of a rule `name`: `id`, or `tool:id`.
fn is_alias(file: &RuleFile, name: &str) -> bool {
    file.aliases.iter().any(|(tool, ids)| {
        ids.iter().any(|id| {
            let qualified =
                name.split_once(':').is_some_and(|(t, i)| t.eq_ignore_ascii_case(tool) && i.eq_ignore_ascii_case(id));
            qualified || id.eq_ignore_ascii_case(name) || without_version(id).eq_ignore_ascii_case(name)
        })
    })
}

/// KICS has many a query twice, as `... (v2)` for Swagger and `... (v3)`: the name alone leads to the rule too.
fn without_version(id: &str) -> &str {
    id.strip_suffix(" (v2)").or_else(|| id.strip_suffix(" (v3)")).unwrap_or(id)
}

fn problem(code: ProblemCode) -> Result<String, Failure> {
    let file = source::read(FileId(0), "problems.yaml", PROBLEMS.as_bytes().to_vec(), &Limits::default());
    let root = file.tree.roots().first().copied();
    let pages = root.map(|root| de::from_tree::<BTreeMap<String, ProblemPage>>(&file.tree, root)).transpose();
    let pages = pages.map_err(|error| Failure::new(error.to_string()))?.unwrap_or_default();
    let mut text = heading(code.as_str());
    if let Some(page) = pages.get(code.as_str()) {
        let _ = write!(text, "{}\n\n{}\n{}{}", page.title, page.why.trim_end(), section("How to fix it"), page.fix);
    }
    let _ = writeln!(text, "\n{}", rule::problem_page(code));
    Ok(text)
}

fn heading(id: &str) -> String {
    if terminal::has_color() { format!("\u{1b}[1m{id}\u{1b}[0m\n") } else { format!("{id}\n") }
}

fn section(title: &str) -> String {
    if terminal::has_color() { format!("\n\u{1b}[1m{title}\u{1b}[0m\n\n") } else { format!("\n{title}\n\n") }
}

/// The page of a rule. Writing to a string cannot fail.
fn page(file: &RuleFile) -> String {
    let mut text = heading(&file.id.value);
    let _ = writeln!(text, "{}\n", file.title);
    let profile = if file.profile.as_str() == "strict" { ", only with --profile strict" } else { "" };
    let _ = writeln!(
        text,
        "severity {}, confidence {}{profile}, judges: {}",
        file.severity, file.confidence, file.given.value
    );
    let cwe = file.tags.cwe.iter().map(|cwe| &cwe.value);
    let tags: Vec<&str> = file.tags.owasp.iter().chain(cwe).map(String::as_str).collect();
    if !tags.is_empty() {
        let _ = writeln!(text, "{}", tags.join(", "));
    }
    for (title, body) in [("Why it matters", &file.why), ("How to fix it", &file.fix)] {
        if let Some(body) = body {
            let _ = writeln!(text, "{}{}", section(title), body.trim_end());
        }
    }
    for (format, body) in &file.fix_in {
        let title: &str = match Format::parse(format) {
            Some(format) => format.title(),
            None => format,
        };
        let _ = writeln!(text, "{title}: {}", body.trim_end());
    }
    if !file.options.is_empty() {
        text += &section("Options");
        for option in &file.options {
            let ty = option.decl.ty.as_str();
            let mut default = written(&option.decl.default.value);
            if let Some(strict) = &option.decl.strict {
                default += &format!(", with --profile strict {}", written(&strict.value));
            }
            let doc = option.decl.doc.trim();
            let colon = if doc.is_empty() { "" } else { ": " };
            let _ = writeln!(text, "  {} ({ty}, default {default}){colon}{doc}", option.name.value);
        }
    }
    if !file.examples.is_empty() {
        text += &section("Examples");
        file.examples.iter().for_each(|example| text += &shown(example));
    }
    if !file.aliases.is_empty() {
        text += &section("Elsewhere");
        for (tool, ids) in &file.aliases {
            let _ = writeln!(text, "  {tool}: {}", ids.join(", "));
        }
    }
    if !file.references.is_empty() {
        text += &section("References");
        for reference in &file.references {
            let _ = writeln!(text, "  {reference}");
        }
    }
    let _ = writeln!(text, "\n{}", rule::page(&file.id.value));
    text
}

/// A value as a person would write it in YAML.
fn written(value: &Shape) -> String {
    match value {
        Shape::Null => "null".to_owned(),
        Shape::Bool(value) => value.to_string(),
        Shape::Number(number) => number_text(*number),
        Shape::Text(text) => format!("{text:?}"),
        Shape::List(items) => {
            format!("[{}]", items.iter().map(|item| written(&item.value)).collect::<Vec<_>>().join(", "))
        }
        Shape::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}: {}", key.value, written(&value.value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

fn shown(example: &ExampleFile) -> String {
    let (verdict, name) = match (&example.invalid, &example.valid) {
        (Some(name), _) => ("reported", name.value.as_str()),
        (None, Some(name)) => ("fine", name.value.as_str()),
        (None, None) => ("", ""),
    };
    let mut text = format!("  {verdict}: {name}\n");
    for line in example.source.value.lines() {
        let _ = writeln!(text, "    {line}");
    }
    text.push('\n');
    text
}

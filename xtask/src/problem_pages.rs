//! `docs/problems/`: a page per problem code, from `rules/problems.yaml`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use gatelint::error::ProblemCode;
use serde::Deserialize;

use crate::docs::GENERATED;
use crate::output::Output;
use crate::{Result, root};

const INTRODUCTION: &str = "\
# Problems

A problem says something of the run, not of an API: what was not judged, and why. Problems are part of every report, and all
but `templated` end the run with exit 4, so that what was not read never passes as clean. One that is known and accepted is
listed under `ignore` in `gatelint.yaml` by its code; it stays in the report.

| problem | meaning |
|---|---|
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    title: String,
    why: String,
    fix: String,
}

/// Writes all pages.
pub fn generate(output: &mut Output) -> Result {
    let source = fs::read_to_string(root().join("rules/problems.yaml"))?;
    let mut texts: BTreeMap<String, Text> = serde_yaml::from_str(&source)?;
    let mut table = format!("{GENERATED}{INTRODUCTION}");
    for code in ProblemCode::ALL {
        let text = texts.remove(code.as_str()).ok_or_else(|| format!("rules/problems.yaml has no `{code}`"))?;
        let _ = writeln!(table, "| [{code}]({code}.md) | {} |", text.title);
        let exit = if code.is_incomplete() {
            "The run ends with exit 4, unless the problem is ignored in `gatelint.yaml`."
        } else {
            "The exit code is not changed by it."
        };
        let page = format!(
            "{GENERATED}# {code}\n\n{}\n\n{}\n\n{exit}\n\n## Fix\n\n{}\n",
            text.title,
            text.why.trim_end(),
            text.fix.trim_end()
        );
        output.write(&format!("docs/problems/{code}.md"), &page)?;
    }
    if let Some(code) = texts.keys().next() {
        return Err(format!("rules/problems.yaml: `{code}` is no problem code").into());
    }
    output.write("docs/problems/README.md", &table)?;
    output.prune("docs/problems", ".md")
}

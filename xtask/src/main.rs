//! Project automation: `cargo xtask COMMAND`. Generates what is committed but derived,
//! and measures what must not get worse. Knows gatelint as a library and as a binary.

mod bench;
mod corpus;
mod docs;
mod embed;
mod format_pages;
mod measure;
mod model_page;
mod new_rule;
mod output;
mod peer_pages;
mod problem_pages;
mod reference;
mod rule_costs;
mod rule_pages;
mod rules;
mod schema;

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

/// What every command returns: an error is a message for the person at the terminal.
type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  gen [--check]          the rules, word lists and root causes that the binary embeds
  docs [--check]         rule pages, problem pages, docs/model.md, output shown in README.md
  schema [--check]       docs/schema/: JSON Schemas of settings, rule files and the report
  new-rule ID            a rule file to fill in
  corpus [OPTIONS]       findings in real documents: added and removed per rule since `main`
      --base REV_OR_BINARY   compared with another revision or build
      --counts               no comparison: findings per rule
      --profile strict       with the whole catalogue
      --path DIR             instead of $GATELINT_CORPUS/openapi or ../shared/corpus/openapi
      --json                 findings per rule as JSON
  bench [OPTIONS]        time and memory of the release build beside a plain parse; what strict and each rule cost
      --runs N               runs of each (default 5); the median is printed
      --path DIR             as for corpus

--check writes nothing and fails when a file is stale.";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    let done = match command {
        // Child of `docs` and `schema`: gatelint itself, for what it prints.
        "gatelint" => return gatelint::commands::run(gatelint::cli::Cli::parse_from(&args)),
        "gen" => output::run(rest, embed::generate),
        "docs" => output::run(rest, docs::generate),
        "schema" => output::run(rest, schema::generate),
        "new-rule" => new_rule::run(rest),
        "corpus" => corpus::run(rest),
        "bench" => bench::run(rest),
        // Children of `bench`: a process of their own, so that their memory can be told.
        "measure" => measure::child(rest),
        "reference" => reference::run(rest),
        "read" => reference::read(rest),
        "slowest" => reference::slowest(rest),
        "rule-costs" => rule_costs::run(rest),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(format!("no command `{command}`\n\n{USAGE}").into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// The value that follows `name` in `args`, if it is there.
fn option<'a>(args: &'a [String], name: &str) -> Result<Option<&'a str>> {
    match args.iter().position(|arg| arg == name) {
        None => Ok(None),
        Some(at) => match args.get(at + 1) {
            Some(value) => Ok(Some(value)),
            None => Err(format!("`{name}` needs a value").into()),
        },
    }
}

/// The folder of real OpenAPI documents.
fn corpus_folder(args: &[String]) -> Result<PathBuf> {
    let folder = match (option(args, "--path")?, env::var_os("GATELINT_CORPUS")) {
        (Some(path), _) => PathBuf::from(path),
        (None, Some(corpus)) => PathBuf::from(corpus).join("openapi"),
        (None, None) => root().join("../shared/corpus/openapi"),
    };
    match folder.canonicalize() {
        Ok(folder) => Ok(folder),
        Err(error) => Err(format!("no corpus at {}: {error}", folder.display()).into()),
    }
}

//! `gatelint completions`, `man` and `schema`: what is made from the types of the
//! command line and of our files.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::{Cli, SchemaOf};
use crate::report;
use crate::rule::file::RuleFile;
use crate::settings::SettingsFile;

use super::failure::Failure;
use super::print;

/// Prints a completion script.
pub fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "gatelint", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// Prints the man page.
pub fn man() -> Result<(), Failure> {
    let mut page = Vec::new();
    let made = clap_mangen::Man::new(Cli::command()).render(&mut page);
    made.map_err(|error| Failure::new(format!("cannot make the man page: {error}")))?;
    print(&String::from_utf8_lossy(&page))
}

/// Prints a JSON Schema.
pub fn schema(of: SchemaOf) -> Result<(), Failure> {
    let schema = match of {
        SchemaOf::Settings => schemars::schema_for!(SettingsFile),
        SchemaOf::Rule => schemars::schema_for!(RuleFile),
        SchemaOf::Report => report::json::schema(),
    };
    print(&format!("{:#}\n", schema.as_value()))
}

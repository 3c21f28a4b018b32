//! The command line: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser;
use gatelint::cli::Cli;

fn main() -> ExitCode {
    gatelint::commands::run(Cli::parse())
}

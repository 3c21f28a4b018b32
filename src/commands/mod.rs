//! The commands: what the command line does with the library. Everything here
//! may open files and write to the terminal; what is judged, and how, is not decided here.

mod check;
mod config;
mod explain;
mod failure;
mod generate;
mod init;
mod routes;
mod rules;
mod setup;
mod terminal;
mod test;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use crate::cli::{Cli, Command, ConfigCommand};
use failure::Failure;

/// Exit code for a wrong flag, settings, rule file or baseline.
const USAGE: u8 = 2;
/// Exit code for a bug of ours.
const BUG: u8 = 70;

/// Runs a command and gives its exit code.
pub fn run(cli: Cli) -> ExitCode {
    // What brings one document down is caught where it is judged; this is for all the rest.
    let outcome = catch_unwind(AssertUnwindSafe(|| dispatch(cli)));
    match outcome {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(failure)) => {
            failure.show();
            ExitCode::from(USAGE)
        }
        Err(_) => {
            terminal::say("this is a bug of gatelint's, please report it");
            ExitCode::from(BUG)
        }
    }
}

fn dispatch(cli: Cli) -> Result<u8, Failure> {
    match cli.command {
        None => check::run(&cli.check),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Explain { rule, config }) => explain::run(&rule, &config).map(|()| 0),
        Some(Command::Rules { format, config }) => rules::run(format, &config).map(|()| 0),
        Some(Command::Routes { paths, format, config }) => routes::run(&paths, format, &config).map(|()| 0),
        Some(Command::Test { dir, config }) => test::run(dir.as_deref(), &config),
        Some(Command::Init { dir }) => init::run(&dir).map(|()| 0),
        Some(Command::Config(ConfigCommand::Show { paths, config })) => config::show(&paths, &config).map(|()| 0),
        Some(Command::Completions { shell }) => generate::completions(shell).map(|()| 0),
        Some(Command::Man) => generate::man().map(|()| 0),
        Some(Command::Schema { of }) => generate::schema(of).map(|()| 0),
    }
}

/// Writes `text` to standard output. A reader that has seen enough is no failure.
fn print(text: &str) -> Result<(), Failure> {
    use io::Write as _;
    let mut out = io::stdout().lock();
    ended(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Whether writing to standard output ended well.
fn ended(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

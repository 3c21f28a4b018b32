//! The command line as types: what can be said, no logic.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::finding::{Confidence, Severity};
use crate::report::Format;
use crate::settings::{Date, Profile};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_CODES: &str = "\
Exit codes:
  0   everything was judged, nothing at or above --fail-on
  1   findings at or above --fail-on
  2   a flag, the settings, a rule file or the baseline is wrong
  3   nothing to lint (--allow-empty makes it 0)
  4   some input could not be read, parsed or resolved; wins over 1
  70  a bug in gatelint; other documents were still judged

gatelint never runs anything from the repository and opens no network connection.";

/// Static security linter for OpenAPI documents.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "gatelint",
    version,
    about,
    after_help = EXIT_CODES,
    styles = STYLES,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to do; `check` if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What `check` takes.
    #[command(flatten)]
    pub check: CheckArgs,
}

/// What gatelint can do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Lint documents (the default command).
    #[command(after_help = EXIT_CODES)]
    Check(Box<CheckArgs>),
    /// Explain a rule or a problem: why it matters, how to fix it, examples.
    Explain {
        /// A rule id, a problem code, or another linter's name for the same idea.
        rule: String,
        /// Where the settings are found.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// List all rules.
    Rules {
        /// How.
        #[arg(long, short, value_enum, default_value_t = RulesFormat::Table)]
        format: RulesFormat,
        /// Where the settings are found.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// List what gateways serve: every route with methods, authentication, limits, upstream and place.
    Routes {
        /// Files and folders to look at. Default: the current folder.
        paths: Vec<PathBuf>,
        /// How.
        #[arg(long, short, value_enum, default_value_t = RoutesFormat::Table)]
        format: RoutesFormat,
        /// Where the settings are found.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Run the examples and mutants of rules.
    Test {
        /// A folder of rule files. Default: the `rule-files` of the settings, or else the built-in rules.
        dir: Option<PathBuf>,
        /// Where the settings are found.
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Write a commented gatelint.yaml.
    Init {
        /// The folder it is written to.
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Look at the settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script.
    Completions {
        /// For which shell.
        shell: Shell,
    },
    /// Print the man page.
    Man,
    /// Print the JSON Schema of a file that gatelint reads or writes.
    Schema {
        /// Which file.
        #[arg(value_enum)]
        of: SchemaOf,
    },
}

/// What can be asked of the settings.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the settings in force, and the files they come from.
    Show {
        /// Files and folders to lint; they decide which settings are found.
        paths: Vec<PathBuf>,
        /// Where the settings are found.
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// How `rules` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RulesFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// How `routes` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoutesFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// The files that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// gatelint.yaml
    Settings,
    /// A rule file.
    Rule,
    /// The JSON report.
    Report,
}

/// Where the settings are found.
#[derive(Clone, Debug, Default, Args)]
pub struct ConfigArgs {
    /// Settings file. Default: gatelint.yaml, .gatelint.yaml or .github/gatelint.yaml in the nearest folder up to the git root.
    #[arg(long, value_name = "FILE", env = "GATELINT_CONFIG", help_heading = "Settings")]
    pub config: Option<PathBuf>,
    /// Look for no settings file.
    #[arg(long, conflicts_with = "config", help_heading = "Settings")]
    pub no_config: bool,
}

/// What `check` takes.
#[derive(Clone, Debug, Default, Args)]
pub struct CheckArgs {
    /// Files and folders to lint; `-` is standard input. Default: the current folder.
    pub paths: Vec<PathBuf>,

    /// What goes to standard output.
    #[arg(long, short, value_name = "FORMAT", value_parser = format, help_heading = "Output")]
    pub format: Option<Format>,
    /// Write a report to a file as well; repeatable. Formats: as for --format.
    #[arg(long, short, value_name = "FORMAT=FILE", value_parser = output, help_heading = "Output")]
    pub output: Vec<(Format, PathBuf)>,
    /// Show every finding with its lines, however many there are.
    #[arg(long, help_heading = "Output")]
    pub full: bool,
    /// After the text, say per OWASP category what was judged and found (as --format scorecard).
    #[arg(long, help_heading = "Output")]
    pub scorecard: bool,
    /// Show findings that are suppressed or in the baseline, too.
    #[arg(long, help_heading = "Output")]
    pub show_suppressed: bool,
    /// Whether to use colours.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = ColorWhen::Auto, help_heading = "Output")]
    pub color: ColorWhen,
    /// Show no progress bar.
    #[arg(long, help_heading = "Output")]
    pub no_progress: bool,
    /// Say only what was found.
    #[arg(long, short, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Say also what was judged, and each fact that could not be known.
    #[arg(long, short, help_heading = "Output")]
    pub verbose: bool,

    /// Where the settings are found.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Which rules are on unless the settings say otherwise.
    #[arg(long, value_enum, help_heading = "Settings")]
    pub profile: Option<Profile>,
    /// The day on which suppressions are judged, as 2027-01-31. Default: today.
    #[arg(long, value_name = "DATE", help_heading = "Settings")]
    pub now: Option<Date>,

    /// Lowest severity of a finding that fails the run. Default: high.
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = "Selection")]
    pub fail_on: Option<Severity>,
    /// Leave out findings below this severity.
    #[arg(long, value_enum, value_name = "SEVERITY", help_heading = "Selection")]
    pub min_severity: Option<Severity>,
    /// Leave out findings below this confidence.
    #[arg(long, value_enum, value_name = "CONFIDENCE", help_heading = "Selection")]
    pub min_confidence: Option<Confidence>,
    /// Evaluate only these rules; repeatable, or separated by commas.
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Selection")]
    pub select: Vec<String>,
    /// Do not evaluate these rules; repeatable, or separated by commas.
    #[arg(long, value_name = "RULE", value_delimiter = ',', help_heading = "Selection")]
    pub ignore: Vec<String>,

    /// Let no comment, extension or settings entry suppress anything.
    #[arg(long, help_heading = "Known findings")]
    pub no_ignores: bool,
    /// Findings in this file are known and do not fail.
    #[arg(long, value_name = "FILE", help_heading = "Known findings")]
    pub baseline: Option<PathBuf>,
    /// Write the findings to this file as known. An existing one only loses what is fixed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "min_severity", "min_confidence", "select", "ignore"], help_heading = "Known findings")]
    pub write_baseline: Option<PathBuf>,
    /// Let an existing baseline take in new findings.
    #[arg(long, requires = "write_baseline", help_heading = "Known findings")]
    pub baseline_add: bool,

    /// The paths are files that changed: lint every document that reaches one of them.
    #[arg(long, help_heading = "Input")]
    pub files_are_changes: bool,
    /// Pass over excluded files even if they are named.
    #[arg(long, help_heading = "Input")]
    pub force_exclude: bool,
    /// The path that standard input stands for.
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub stdin_filename: Option<PathBuf>,

    /// Exit with 0 even if findings fail the run.
    #[arg(long, help_heading = "Exit code")]
    pub exit_zero: bool,
    /// Exit with 0 if there is nothing to lint.
    #[arg(long, help_heading = "Exit code")]
    pub allow_empty: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal that can, unless NO_COLOR says no or FORCE_COLOR or CLICOLOR_FORCE says yes.
    #[default]
    Auto,
    /// Yes.
    Always,
    /// No.
    Never,
}

fn format(name: &str) -> Result<Format, String> {
    name.parse().map_err(|error: crate::report::UnknownFormat| error.to_string())
}

fn output(text: &str) -> Result<(Format, PathBuf), String> {
    let (name, path) = text.split_once('=').filter(|(_, path)| !path.is_empty()).ok_or("expected FORMAT=FILE")?;
    Ok((format(name)?, PathBuf::from(path)))
}

/// The values of an enum of ours, by the names they have everywhere.
macro_rules! value_enum {
    ($type:ty, $variants:expr) => {
        impl ValueEnum for $type {
            fn value_variants<'a>() -> &'a [Self] {
                &$variants
            }

            fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
                Some(clap::builder::PossibleValue::new(self.as_str()))
            }
        }
    };
}

value_enum!(Severity, Severity::WORST_FIRST);
value_enum!(Confidence, [Confidence::High, Confidence::Medium, Confidence::Low]);
value_enum!(Profile, [Profile::Default, Profile::Strict]);

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn check_is_the_default_command() {
        let cli = Cli::try_parse_from(["gatelint", "api.yaml", "--fail-on", "low"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!((cli.check.paths.len(), cli.check.fail_on), (1, Some(Severity::Low)));
    }

    #[test]
    fn an_output_names_format_and_file() {
        assert_eq!(output("json=a=b.json"), Ok((Format::Json, PathBuf::from("a=b.json"))));
        assert!(output("json").is_err() && output("json=").is_err() && output("nope=x").is_err());
    }
}

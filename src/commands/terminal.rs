//! What the terminal can do, and words to the person at it.

use std::env;
use std::io::{self, IsTerminal, Write};

use crate::cli::{CheckArgs, ColorWhen};
use crate::report::RenderOptions;

/// Columns of the terminal; a usual number where there is none.
pub fn width() -> usize {
    terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0).clamp(40, 160))
}

/// Whether colours may be used on a stream.
fn color(when: ColorWhen, stream: &impl IsTerminal) -> bool {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let forced = |name: &str| set(name) && env::var_os(name).is_some_and(|value| value != "0");
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if set("NO_COLOR") => false,
        ColorWhen::Auto if forced("FORCE_COLOR") || forced("CLICOLOR_FORCE") => true,
        ColorWhen::Auto => stream.is_terminal() && env::var_os("TERM").is_none_or(|term| term != "dumb"),
    }
}

/// Whether standard error shows colours, and characters outside ASCII.
pub fn error_style() -> (bool, bool) {
    (color(ColorWhen::Auto, &io::stderr()), supports_unicode::on(supports_unicode::Stream::Stderr))
}

/// Whether standard output shows colours.
pub fn has_color() -> bool {
    color(ColorWhen::Auto, &io::stdout())
}

/// How the report goes to standard output.
pub fn render_options(args: &CheckArgs) -> RenderOptions {
    let color = color(args.color, &io::stdout());
    let interactive = io::stdout().is_terminal() && env::var_os("CI").is_none();
    RenderOptions {
        color,
        unicode: supports_unicode::on(supports_unicode::Stream::Stdout),
        links: color && interactive && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout),
        full: args.full,
        quiet: args.quiet,
        verbose: args.verbose,
        scorecard: args.scorecard,
        show_suppressed: args.show_suppressed,
        width: width(),
        source_url: source_url(),
    }
}

/// Where GitHub shows the files of the revision it runs on.
fn source_url() -> Option<String> {
    let server = env::var("GITHUB_SERVER_URL").ok()?;
    let repository = env::var("GITHUB_REPOSITORY").ok()?;
    let commit = env::var("GITHUB_SHA").ok()?;
    Some(format!("{server}/{repository}/blob/{commit}"))
}

/// Says a sentence on standard error.
pub fn say(text: &str) {
    say_raw(&format!("gatelint: {text}\n"));
}

/// Writes text to standard error. There is nowhere to say that this failed.
pub fn say_raw(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

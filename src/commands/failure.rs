//! What ends a run before it begins: a wrong flag, settings, rule file or
//! baseline. Shows the lines that are wrong.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

use super::terminal;
use crate::report::inert;
use crate::settings::SettingsError;
use crate::source::LineIndex;

/// Why a run did not begin: one or more things that are wrong.
#[derive(Debug)]
pub struct Failure {
    parts: Vec<Part>,
}

/// One thing that is wrong.
#[derive(Debug)]
struct Part {
    message: String,
    help: Option<String>,
    source: Option<NamedSource<String>>,
    label: Option<LabeledSpan>,
}

impl Failure {
    /// Something wrong that stands in no file.
    pub fn new(message: impl Into<String>) -> Self {
        Self { parts: vec![Part { message: message.into(), help: None, source: None, label: None }] }
    }

    /// The same with what to do about it.
    pub fn with_help(message: impl Into<String>, help: impl Into<String>) -> Self {
        let mut failure = Self::new(message);
        failure.parts[0].help = Some(help.into());
        failure
    }

    /// Several failures as one.
    pub fn all(failures: impl IntoIterator<Item = Self>) -> Self {
        Self { parts: failures.into_iter().flat_map(|failure| failure.parts).collect() }
    }

    /// Shows it on standard error.
    pub fn show(&self) {
        let (color, unicode) = terminal::error_style();
        let theme = match (unicode, color) {
            (true, true) => GraphicalTheme::unicode(),
            (true, false) => GraphicalTheme::unicode_nocolor(),
            (false, _) => GraphicalTheme::none(),
        };
        let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(terminal::width());
        for part in &self.parts {
            let mut text = String::new();
            if handler.render_report(&mut text, part).is_err() {
                text.clone_from(&part.message);
            }
            terminal::say_raw(&inert::defused(text.trim_start_matches('\n')));
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        // Our own files come from the repository as well: nothing in them may steer the terminal.
        let text = still(&error.text);
        let framed = !text.is_empty() && !has_long_line(&text, error.span.start);
        let message = match framed {
            true => error.message,
            false if text.is_empty() => format!("{}: {}", error.name, error.message),
            false => {
                let at = LineIndex::new(&text).position(&text, error.span.start as u32);
                format!("{}:{}:{}: {}", error.name, at.line, at.column, error.message)
            }
        };
        Self {
            parts: vec![Part {
                message: inert::visible(&message).into_owned(),
                help: error.help.map(|help| inert::visible(&help).into_owned()),
                label: framed.then(|| LabeledSpan::new_with_span(None, error.span.clone())),
                source: framed.then(|| NamedSource::new(inert::visible(&error.name), text)),
            }],
        }
    }
}

/// Whether a line that a frame round `offset` would show is longer than anyone reads.
fn has_long_line(text: &str, offset: usize) -> bool {
    let index = LineIndex::new(text);
    let line = index.line(offset as u32);
    let shown = line.saturating_sub(1).max(1)..=(line + 1).min(index.count());
    shown.into_iter().any(|line| index.range(text, line).len() > 400)
}

/// `text` with as many bytes, in which characters that would steer a terminal are harmless.
fn still(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => safe.push(c),
            _ if inert::is_hidden(c) => safe.extend(std::iter::repeat_n('?', c.len_utf8())),
            _ => safe.push(c),
        }
    }
    safe
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Part {}

impl Diagnostic for Part {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.label.clone().map(|label| Box::new(std::iter::once(label)) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}

//! Text for people: per file its findings with code frames, then problems, what
//! could not be judged, counts and the verdict. Frames are drawn by miette.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;

use anstyle::{AnsiColor, Style};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::frame::{CONTEXT_LINES, Excerpt, Frame};
use super::place::Located;
use super::{ProblemReport, RenderOptions, Report, Summary, inert, scorecard, words};
use crate::error::ProblemCode;
use crate::finding::{Confidence, Finding, RuleIndex, Severity, State};
use crate::span::FileId;

/// Frames per rule and file; the rest is a count.
const FRAMES: usize = 3;
/// Related places outside the frame that are drawn, where the finding stands for itself alone.
const RELATED_FRAMES: usize = 1;
/// Further related places that get a line; the rest is a count.
const RELATED_LINES: usize = 3;
/// Files in the summary, and line numbers in a count.
const LISTED: usize = 10;

/// Writes the report as text.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, options: &RenderOptions, out: &mut dyn io::Write) -> io::Result<()> {
    let page = Page::new(report, options);
    let shown = |finding: &&Finding| finding.state == State::Open || options.show_suppressed;
    let mut rest = report.findings.iter().filter(shown).peekable();
    while let Some(first) = rest.peek() {
        let file = first.place.at.file;
        let group: Vec<&Finding> = std::iter::from_fn(|| rest.next_if(|next| next.place.at.file == file)).collect();
        page.file(file, &group, out)?;
    }
    page.problems(out)?;
    if !options.quiet {
        out.write_all(inert::defused(&page.summary()).as_bytes())?;
    }
    if options.scorecard {
        out.write_all(b"\n")?;
        scorecard::section(report, out)?;
    }
    Ok(())
}

/// What stays the same for all frames.
struct Page<'r> {
    report: &'r Report,
    options: &'r RenderOptions,
    handler: GraphicalReportHandler,
    window: usize,
    cut: &'static str,
}

impl<'r> Page<'r> {
    fn new(report: &'r Report, options: &'r RenderOptions) -> Self {
        let theme = match (options.unicode, options.color) {
            (true, true) => GraphicalTheme::unicode(),
            (true, false) => GraphicalTheme::unicode_nocolor(),
            (false, true) => GraphicalTheme::ascii(),
            (false, false) => GraphicalTheme::none(),
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(options.width.clamp(40, 200))
            .with_context_lines(CONTEXT_LINES as usize)
            .without_syntax_highlighting();
        // The line number and the rule beside it take about eight columns.
        let window = options.width.saturating_sub(8).clamp(40, 160);
        Self { report, options, handler, window, cut: if options.unicode { "…" } else { "..." } }
    }

    fn paint(&self, style: Style, text: impl fmt::Display) -> String {
        if self.options.color { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    fn file(&self, file: FileId, findings: &[&Finding], out: &mut dyn io::Write) -> io::Result<()> {
        let mut frames: HashMap<RuleIndex, usize> = HashMap::new();
        let mut more: BTreeMap<RuleIndex, Vec<&Finding>> = BTreeMap::new();
        for &finding in findings {
            let frames = frames.entry(finding.rule).or_default();
            *frames += 1;
            if *frames > FRAMES && !self.options.full {
                more.entry(finding.rule).or_default().push(finding);
            } else {
                out.write_all(inert::defused(&self.finding(finding)).as_bytes())?;
            }
        }
        let mut tail = String::new();
        for (rule, findings) in &more {
            let (n, id) = (findings.len(), inert::visible(&self.report.rules[rule.0 as usize].id));
            let path = inert::visible(&self.report.sources.file(file).path);
            let lines = findings.iter().take(LISTED).map(|f| self.locate(f).start.line.to_string());
            let lines = lines.collect::<Vec<_>>().join(", ");
            let (cut, etc) = (self.cut, if n > LISTED { format!(", {}", self.cut) } else { String::new() });
            tail += &format!("{cut} and {n} more `{id}` in {path}: line {lines}{etc} (--full shows all)\n");
        }
        if !tail.is_empty() {
            tail.push('\n');
        }
        out.write_all(inert::defused(&tail).as_bytes())
    }

    fn locate(&self, finding: &Finding) -> Located<'r> {
        Located::of(&self.report.sources, finding.place)
    }

    fn finding(&self, finding: &Finding) -> String {
        let rule = self.report.rule(finding);
        let mut text = self.header(finding);
        let mut frame = Frame::new(&self.locate(finding), self.window, self.cut);
        let mut apart = Vec::new();
        for related in &finding.related {
            let place = Located::of(&self.report.sources, related.place);
            let label = inert::message(&related.message);
            if !frame.add(&place, label.clone()) {
                apart.push((place, label));
            }
        }
        let help = inert::help(rule, finding.kind);
        let message = inert::message(&finding.message);
        self.draw(&mut text, severity_of(finding.severity), message, Some(help), frame.cut_out());
        // The members of a merged finding say the same over and over: a line each will do.
        let framed = match (self.options.full, finding.members) {
            (true, _) => apart.len(),
            (false, 0 | 1) => RELATED_FRAMES.min(apart.len()),
            (false, _) => 0,
        };
        for (place, label) in &apart[..framed] {
            let excerpt = Frame::new(place, self.window, self.cut).cut_out();
            self.draw(&mut text, miette::Severity::Advice, label.clone(), None, excerpt);
        }
        let lined = apart.len().min(framed + RELATED_LINES);
        for (place, label) in &apart[framed..lined] {
            text += &format!("  also {}: {label}\n", position(place));
        }
        let left = (apart.len() - lined) as u32 + finding.more_related;
        if left > 0 {
            text += &format!("  and {}\n", words::count(left, "more place"));
        }
        text.push('\n');
        text
    }

    /// `high cleartext-server (medium confidence) https://…`
    fn header(&self, finding: &Finding) -> String {
        let rule = self.report.rule(finding);
        let (id, url) = (inert::visible(&rule.id), inert::visible(&rule.url));
        let bold = Style::new().bold();
        let linked = self.options.links && url.starts_with("https://");
        let id = if linked {
            format!("\x1b]8;;{url}\x1b\\{}\x1b]8;;\x1b\\", self.paint(bold, id))
        } else {
            self.paint(bold, id)
        };
        let mut header = format!("{} {id}", self.paint(colour(finding.severity), finding.severity));
        if finding.confidence < Confidence::High {
            header += &format!(" ({} confidence)", finding.confidence);
        }
        if !linked && !url.is_empty() {
            header += &format!(" {}", self.paint(Style::new().dimmed(), url));
        }
        match &finding.state {
            State::Open => {}
            State::Baselined => header += " [in the baseline]",
            State::Suppressed { by, reason } => {
                let reason =
                    reason.as_deref().map(|reason| format!(": {}", inert::visible(reason))).unwrap_or_default();
                header += &format!(" [suppressed by {by}{reason}]");
            }
        }
        header.push('\n');
        header
    }

    /// As with findings, the first of a kind in a file are drawn and the rest is a count.
    fn problems(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut seen: BTreeMap<(FileId, ProblemCode), usize> = BTreeMap::new();
        for report in &self.report.problems {
            let drawn = seen.entry((report.problem.span.file, report.problem.code)).or_default();
            *drawn += 1;
            if *drawn <= FRAMES || self.options.full {
                out.write_all(inert::defused(&self.problem(report)).as_bytes())?;
            }
        }
        for ((file, code), count) in seen {
            if count > FRAMES && !self.options.full {
                let (more, path) = (count - FRAMES, inert::visible(&self.report.sources.file(file).path));
                let line = format!("{} and {more} more `{code}` in {path} (--full shows all)\n\n", self.cut);
                out.write_all(inert::defused(&line).as_bytes())?;
            }
        }
        Ok(())
    }

    fn problem(&self, ProblemReport { problem, ignored }: &ProblemReport) -> String {
        let red = Style::new().fg_color(Some(AnsiColor::Red.into())).bold();
        let incomplete = ignored.is_none() && problem.code.is_incomplete();
        let mut text = self.paint(if incomplete { red } else { Style::new() }, "problem");
        text += &format!(" {}", self.paint(Style::new().bold(), problem.code));
        if let Some(reason) = ignored {
            text += &format!(" [ignored by settings: {}]", inert::visible(reason));
        }
        text.push('\n');
        let place = Located::of_span(&self.report.sources, problem.span);
        let message = inert::visible(&problem.message).into_owned();
        let level = if incomplete { miette::Severity::Error } else { miette::Severity::Advice };
        if place.file.text.is_empty() {
            // Nothing could be read, so there is nothing to frame.
            text += &format!("  {}: {message}\n", position(&place));
        } else {
            self.draw(&mut text, level, message, None, Frame::new(&place, self.window, self.cut).cut_out());
        }
        text.push('\n');
        text
    }

    fn draw(&self, text: &mut String, severity: miette::Severity, message: String, help: Option<String>, of: Excerpt) {
        let help = help.filter(|help| !help.is_empty());
        let drawn = self.handler.render_report(text, &Drawing { severity, message, help, excerpt: of });
        debug_assert!(drawn.is_ok(), "writing to a string does not fail");
    }

    fn summary(&self) -> String {
        let report = self.report;
        let summary = report.summary();
        let mut text = String::new();
        if summary.total() > 0 {
            let counts = words::by_severity(&summary);
            text += &format!("{}: {counts}{}\n", words::count(summary.total(), "finding"), words::silenced(&summary));
            text += &self.by_file();
        }
        for unknown in &report.unknowns {
            let why = inert::visible(&unknown.why);
            text += &format!("not judged: {} because of {why}", words::count(unknown.count, "fact"));
            let place = Located::of(&report.sources, unknown.place);
            text += &format!(", first at {}\n", position(&place));
        }
        if report.ignored_files > 0 {
            text += &format!("ignored: {} of no known kind\n", words::count(report.ignored_files, "file"));
        }
        if self.options.verbose {
            for document in &report.documents {
                let path = inert::visible(&report.sources.file(document.file).path);
                text += &format!(
                    "judged: {path} ({} {})\n",
                    inert::visible(&document.kind),
                    inert::visible(&document.version)
                );
            }
        }
        let verdict = match report.verdict {
            super::Verdict::Pass => Style::new().fg_color(Some(AnsiColor::Green.into())).bold(),
            _ => Style::new().fg_color(Some(AnsiColor::Red.into())).bold(),
        };
        text += &format!("{}\n", self.paint(verdict, words::verdict(report)));
        if let Some(worst) = report.open().max_by_key(|finding| finding.severity) {
            let rule = inert::visible(&report.rule(worst).id);
            // JSON has no comments.
            let accept = match self.locate(worst).file.path.ends_with(".json") {
                true => format!("`\"x-gatelint-ignore\": [\"{rule}\"]` beside it"),
                false => format!("`# gatelint: ignore[{rule}] reason` on its line"),
            };
            text += &format!("`gatelint explain {rule}` says why; {accept} accepts one place\n");
        }
        text
    }

    /// Open findings of each file, the worst file first.
    fn by_file(&self) -> String {
        let mut files: BTreeMap<&str, Summary> = BTreeMap::new();
        for finding in self.report.open() {
            files.entry(&self.report.sources.file(finding.place.at.file).path).or_default().add(finding);
        }
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_by(|a, b| b.1.open.cmp(&a.1.open).then(a.0.cmp(b.0)));
        let listed = if self.options.full { files.len() } else { LISTED.min(files.len()) };
        let mut text = String::new();
        for (path, counts) in &files[..listed] {
            text += &format!("  {}: {}\n", inert::visible(path), words::by_severity(counts));
        }
        if listed < files.len() {
            let more = words::count((files.len() - listed) as u32, "more file");
            text += &format!("  {} and {more} (--full shows all)\n", self.cut);
        }
        text
    }
}

fn position(place: &Located<'_>) -> String {
    format!("{}:{}:{}", inert::visible(&place.file.path), place.start.line, place.start.column)
}

fn severity_of(severity: Severity) -> miette::Severity {
    match severity {
        Severity::Critical | Severity::High => miette::Severity::Error,
        Severity::Medium => miette::Severity::Warning,
        Severity::Low | Severity::Info => miette::Severity::Advice,
    }
}

fn colour(severity: Severity) -> Style {
    let colour = match severity {
        Severity::Critical | Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low | Severity::Info => AnsiColor::Cyan,
    };
    Style::new().fg_color(Some(colour.into())).bold()
}

/// One message with one frame, as miette wants it.
#[derive(Debug)]
struct Drawing {
    severity: miette::Severity,
    message: String,
    help: Option<String>,
    excerpt: Excerpt,
}

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawing {}

impl Diagnostic for Drawing {
    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.excerpt.labels()))
    }
}

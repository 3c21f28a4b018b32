//! `gatelint check`: from paths to reports and an exit code.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::baseline::{Baseline, Entry};
use crate::cli::CheckArgs;
use crate::discover::{self, Found, Selection};
use crate::error::ProblemCode;
use crate::finding::State;
use crate::progress::Progress;
use crate::report::{self, Format, Report, Verdict};
use crate::rule::Catalog;
use crate::settings::Flags;
use crate::{Inputs, check};

use super::failure::Failure;
use super::setup::{Disk, Setup};
use super::{BUG, ended, terminal};

/// Standard input, among the paths.
const STDIN: &str = "-";

/// Deep documents are read and judged by recursion, so threads get the room the main thread has.
const STACK: usize = 8 << 20;

/// Lints, writes the reports and gives the exit code.
pub fn run(args: &CheckArgs) -> Result<u8, Failure> {
    // Without it rayon makes its own threads: that is no reason to stop.
    let _ = rayon::ThreadPoolBuilder::new().stack_size(STACK).build_global();
    let files: Vec<PathBuf> = args.paths.iter().filter(|path| !is_stdin(path)).cloned().collect();
    let setup = Setup::new(&files, &args.config, flags(args))?;
    let catalog = setup.catalog(Catalog::builtin().map_err(|error| Failure::new(error.to_string()))?)?;
    let rules = setup.rules(&catalog)?;
    let baseline = read_baseline(args)?;

    let found = find(args, &setup)?;
    let disk = Disk { project: &setup.project, limit: setup.settings.limits.bytes };
    let whole_project = args.paths.is_empty() && setup.cwd == setup.project.root() && !args.files_are_changes;
    let progress = Progress::new(!args.no_progress && !args.quiet);
    let step = |done, all| progress.step(done, all);
    let inputs = Inputs { found, loader: &disk, baseline: baseline.as_ref(), whole_project, progress: &step };
    let mut report = check(inputs, &setup.settings, &rules);
    progress.finish();

    if let Some(path) = &args.write_baseline {
        write_baseline(args, path, baseline, &mut report)?;
    }
    write_reports(args, &report)?;
    Ok(exit_code(args, &report))
}

fn flags(args: &CheckArgs) -> Flags {
    Flags {
        profile: args.profile,
        fail_on: args.fail_on,
        min_severity: args.min_severity,
        min_confidence: args.min_confidence,
        select: args.select.clone(),
        ignore: args.ignore.clone(),
        no_ignores: args.no_ignores,
        now: args.now,
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

/// The documents that are asked for.
fn find(args: &CheckArgs, setup: &Setup) -> Result<Found, Failure> {
    let here = [setup.cwd.clone()];
    let paths = if args.paths.is_empty() && !args.files_are_changes { &here[..] } else { &setup.paths[..] };
    let selection = Selection { paths, force_exclude: args.force_exclude };
    let mut found = if args.files_are_changes {
        discover::project_documents(&setup.project, &setup.settings, &selection)
    } else {
        discover::inputs(&setup.project, &setup.settings, &selection)
    };
    if args.paths.iter().any(|path| is_stdin(path)) {
        let mut bytes = Vec::new();
        let limit = setup.settings.limits.bytes as u64 + 1;
        let read = io::stdin().lock().take(limit).read_to_end(&mut bytes);
        read.map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
        let name = args.stdin_filename.as_deref().unwrap_or(Path::new("<stdin>"));
        let path = setup.cwd.join(name);
        let path = setup.project.relative(&path).unwrap_or_else(|| name.to_string_lossy().into_owned());
        found.take_in(path, bytes);
    }
    Ok(found)
}

/// The baseline to compare with: the one to use, or the one to write if there is one already.
fn read_baseline(args: &CheckArgs) -> Result<Option<Baseline>, Failure> {
    let path = match (&args.baseline, &args.write_baseline) {
        (Some(path), _) => path,
        (None, Some(path)) if path.exists() => path,
        _ => return Ok(None),
    };
    let shown = path.display();
    let bytes = fs::read(path).map_err(|error| Failure::new(format!("cannot read the baseline `{shown}`: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::new(format!("the baseline `{shown}` is not UTF-8")))?;
    let baseline = Baseline::parse(&text).map_err(|error| {
        let help = "repair the line, or remove the file and write it again with --write-baseline";
        Failure::with_help(format!("{shown}: {error}"), help)
    })?;
    Ok(Some(baseline))
}

/// Writes what is known from now on, and says what changed. What is written down no longer counts.
fn write_baseline(args: &CheckArgs, path: &Path, old: Option<Baseline>, report: &mut Report) -> Result<(), Failure> {
    let counted = report.findings.iter().filter(|finding| matches!(finding.state, State::Open | State::Baselined));
    let current = counted.map(|finding| Entry::of(finding, &report.rules, &report.sources)).collect();
    let is_new = old.is_none();
    // What was not judged may still be there.
    let complete = !report.problems.iter().any(report::ProblemReport::is_incomplete);
    let whole = args.paths.is_empty() && !args.files_are_changes;
    let judged = |file: &str| complete && (whole || report.sources.find(file).is_some());
    let update = old.unwrap_or_default().update(current, &judged, is_new || args.baseline_add);
    let shown = path.display();
    fs::write(path, update.baseline.to_text())
        .map_err(|error| Failure::new(format!("cannot write the baseline `{shown}`: {error}")))?;
    let mut said = format!("baseline `{shown}`: +{} -{}", update.added, update.removed);
    if update.refused > 0 {
        said += &format!(", {} new findings not taken in (--baseline-add takes them in)", update.refused);
    }
    if !complete {
        said += ", nothing removed, since not everything could be judged";
    }
    terminal::say(&said);
    update.baseline.apply(&mut report.findings);
    report.verdict = Verdict::of(&report.documents, &report.findings, &report.problems, report.fail_on);
    Ok(())
}

/// Writes every report that is asked for; the one for standard output last.
fn write_reports(args: &CheckArgs, report: &Report) -> Result<(), Failure> {
    let options = terminal::render_options(args);
    for (format, path) in &args.output {
        let plain = report::RenderOptions { color: false, links: false, ..options.clone() };
        let write = || {
            let mut out = BufWriter::new(File::create(path)?);
            report::render(*format, report, &plain, &mut out)?;
            out.flush()
        };
        write().map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let format = args.format.unwrap_or(Format::Text);
    ended(report::render(format, report, &options, &mut out).and_then(|()| out.flush()))
}

fn exit_code(args: &CheckArgs, report: &Report) -> u8 {
    let failed_on_us = report.problems.iter().any(|report| report.problem.code == ProblemCode::Internal);
    match report.verdict {
        _ if failed_on_us => BUG,
        Verdict::Incomplete => 4,
        Verdict::Fail if args.exit_zero => 0,
        Verdict::Fail => 1,
        // A change that concerns no document is a change without findings.
        Verdict::Empty if args.allow_empty || args.files_are_changes => 0,
        Verdict::Empty => 3,
        Verdict::Pass => 0,
    }
}

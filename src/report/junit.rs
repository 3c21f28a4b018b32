//! JUnit XML: a suite per file, a failed case per finding that fails the run, a
//! skipped one per finding below the threshold (shown, but not red), and a
//! passed one per clean document, so that a green run shows what was judged.

use std::collections::{BTreeMap, HashMap};
use std::io;

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::place::Located;
use super::{ProblemReport, Report, inert};
use crate::finding::Finding;

/// Writes the report as JUnit XML.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    let mut names = HashMap::new();
    for reported in &report.problems {
        let place = Located::of_span(&report.sources, reported.problem.span);
        suite(&mut suites, &place.file.path).add_test_case(problem(reported, &place, &mut names));
    }
    for finding in report.open() {
        let place = Located::of(&report.sources, finding.place);
        suite(&mut suites, &place.file.path).add_test_case(case(report, finding, &place, &mut names));
    }
    for document in &report.documents {
        let path = &report.sources.file(document.file).path;
        let suite = suite(&mut suites, path);
        if suite.test_cases.is_empty() {
            let mut clean = TestCase::new("no findings", TestCaseStatus::success());
            clean.set_classname(inert::visible(path).as_ref());
            suite.add_test_case(clean);
        }
    }
    let mut junit = Junit::new("gatelint");
    junit.add_test_suites(suites.into_values());
    junit.serialize(out).map_err(io::Error::other)
}

fn suite<'s, 'r>(suites: &'s mut BTreeMap<&'r str, TestSuite>, path: &'r str) -> &'s mut TestSuite {
    suites.entry(path).or_insert_with(|| TestSuite::new(inert::visible(path).as_ref()))
}

/// How often a case of this name has occurred: readers tell cases apart by name.
type Names = HashMap<String, u32>;

fn case(report: &Report, finding: &Finding, place: &Located<'_>, names: &mut Names) -> TestCase {
    let rule = report.rule(finding);
    let message = inert::message(&finding.message);
    let mut status = if finding.severity >= report.fail_on {
        TestCaseStatus::non_success(NonSuccessKind::Failure)
    } else {
        TestCaseStatus::skipped()
    };
    let at = position(place);
    let details = [
        format!("{at}: {} {}: {message}", finding.severity, rule.id),
        inert::help(rule, finding.kind),
        rule.url.clone(),
    ]
    .join("\n");
    status.set_message(message).set_type(finding.severity.as_str()).set_description(shown(&details));
    named(&rule.id, place, status, names)
}

fn problem(reported: &ProblemReport, place: &Located<'_>, names: &mut Names) -> TestCase {
    let ProblemReport { problem, ignored } = reported;
    let mut status = if reported.is_incomplete() {
        TestCaseStatus::non_success(NonSuccessKind::Error)
    } else {
        TestCaseStatus::skipped()
    };
    let message = inert::visible(&problem.message).into_owned();
    let mut details = format!("{}: {message}", position(place));
    if let Some(reason) = ignored {
        details += &format!("\nignored by the settings: {reason}");
    }
    status.set_message(message).set_type(problem.code.as_str()).set_description(shown(&details));
    named(problem.code.as_str(), place, status, names)
}

fn named(id: &str, place: &Located<'_>, status: TestCaseStatus, names: &mut Names) -> TestCase {
    let mut name = format!("{} at {}:{}", inert::visible(id), place.start.line, place.start.column);
    let times = names.entry(format!("{name} of {}", place.file.path)).or_default();
    *times += 1;
    if *times > 1 {
        name += &format!(" ({times})");
    }
    let mut case = TestCase::new(name, status);
    case.set_classname(inert::visible(&place.file.path).as_ref());
    case
}

fn position(place: &Located<'_>) -> String {
    format!("{}:{}:{}", inert::visible(&place.file.path), place.start.line, place.start.column)
}

fn shown(text: &str) -> String {
    text.lines().map(inert::visible).collect::<Vec<_>>().join("\n")
}

//! How a run ends.

use gatelint::error::ProblemCode;
use gatelint::finding::{Severity, State};
use gatelint::report::{Format, Verdict};

use super::fixture::{FILES, Fixture, one_of_everything};

fn verdict(mut fixture: Fixture) -> Verdict {
    fixture.render(Format::Json);
    fixture.report.verdict
}

/// A report with one finding of severity high, which fails it.
fn failing() -> Fixture {
    let mut fixture = Fixture::new(FILES);
    let rule = fixture.rule("cleartext-server", Severity::High);
    let place = fixture.value(0, "/servers/0/url");
    fixture.finding(rule, place, "server URL uses `http`");
    fixture
}

#[test]
fn a_finding_at_the_threshold_fails_and_one_below_does_not() {
    assert_eq!(verdict(failing()), Verdict::Fail);
    let mut above = failing();
    above.report.fail_on = Severity::Critical;
    assert_eq!(verdict(above), Verdict::Pass);
}

#[test]
fn a_silenced_finding_does_not_fail() {
    for state in [State::Baselined, State::Suppressed { by: "settings", reason: None }] {
        let mut fixture = failing();
        fixture.report.findings[0].state = state;
        assert_eq!(verdict(fixture), Verdict::Pass);
    }
}

#[test]
fn a_problem_wins_over_findings_unless_it_is_ignored_or_only_noted() {
    for (code, ignored, expected) in [
        (ProblemCode::Syntax, None, Verdict::Incomplete),
        (ProblemCode::Syntax, Some("known"), Verdict::Fail),
        (ProblemCode::Templated, None, Verdict::Fail),
    ] {
        let mut fixture = failing();
        fixture.problem(code, 0, (0, 1), "broken", ignored);
        assert_eq!(verdict(fixture), expected, "{code}");
    }
}

#[test]
fn no_document_is_empty_but_an_unreadable_one_is_incomplete() {
    assert_eq!(verdict(Fixture::new(&[])), Verdict::Empty);
    let mut fixture = Fixture::new(&[("api.yaml", "")]);
    fixture.report.documents.clear();
    fixture.problem(ProblemCode::Unreadable, 0, (0, 0), "permission denied", None);
    assert_eq!(verdict(fixture), Verdict::Incomplete);
}

#[test]
fn the_summary_counts_open_findings_by_severity_and_the_others_by_state() {
    let summary = one_of_everything().report.summary();
    assert_eq!(summary.open, [0, 1, 1, 0, 0]);
    assert_eq!((summary.total(), summary.of(Severity::High), summary.at_or_above(Severity::Medium)), (2, 1, 2));
    assert_eq!((summary.suppressed, summary.baselined, summary.unknown), (1, 1, 2));
}

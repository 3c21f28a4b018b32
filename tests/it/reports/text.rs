//! Text for people.

use std::fmt::Write as _;

use gatelint::error::ProblemCode;
use gatelint::finding::Severity;
use gatelint::report::{Format, RenderOptions};
use insta::assert_snapshot;

use super::fixture::{FILES, Fixture, one_of_everything, related};

fn longest_line(text: &str) -> usize {
    text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

#[test]
fn everything_is_shown_with_its_frame() {
    assert_snapshot!(one_of_everything().render(Format::Text), @r#"
    high cleartext-server https://gatelint.example/rules/cleartext-server
      × server URL uses `http`, so traffic to `api.example.com` is not encrypted
       ╭─[apis/orders api.yaml:4:10]
     3 │ servers:
     4 │   - url: http://api.example.com
       ·          ──────────────────────
     5 │ paths:
     6 │   /orders:
     7 │     post:
       ·     ──┬─
       ·       ╰── credentials are sent here
     8 │       security: []
       ╰────
      help: Use `https`. It costs nothing.
      also apis/common.yaml:2:3: the key that is sent

    medium explicit-public-write (medium confidence) https://gatelint.example/rules/explicit-public-write
      ⚠ `POST /orders` turns authentication off
       ╭─[apis/orders api.yaml:8:7]
     6 │   /orders:
     7 │     post:
       ·     ──┬─
       ·       ╰── this operation writes
     8 │       security: []
       ·       ────────
     9 │       responses: {"201": {description: made}}
       ╰────
      help: Use `https`. It costs nothing.
      and 3 more places

    problem unresolved-reference
      × `common.yaml#/nowhere` does not exist
       ╭─[apis/orders api.yaml:8:1]
     7 │     post:
     8 │       security: []
       · ────────
     9 │       responses: {"201": {description: made}}
       ╰────

    problem refused-reference [ignored by settings: vendored soon]
      ☞ `https://x.example/a` is remote
       ╭─[apis/orders api.yaml:1:1]
     1 │ openapi: 3.0.3
       · ───────
     2 │ info: {title: Orders, version: "1"}
       ╰────

    2 findings: 1 high, 1 medium (1 suppressed, 1 in the baseline)
      apis/orders api.yaml: 1 high, 1 medium
    not judged: 2 facts because of unresolved reference, first at apis/orders api.yaml:7:5
    ignored: 12 files of no known kind
    incomplete: 1 problem kept something from being judged; 1 finding at or above high
    `gatelint explain cleartext-server` says why; `# gatelint: ignore[cleartext-server] reason` on its line accepts one place
    "#);
}

#[test]
fn a_clean_run_is_one_line() {
    assert_snapshot!(Fixture::new(FILES).render(Format::Text), @r#"passes: judged 1 document in 2 files, no findings"#);
}

#[test]
fn nothing_to_lint_is_said() {
    assert_snapshot!(Fixture::new(&[]).render(Format::Text), @r#"nothing to lint: no document of a known kind was found"#);
}

#[test]
fn findings_below_the_threshold_pass() {
    let mut fixture = Fixture::new(FILES);
    let rule = fixture.rule("cleartext-server", Severity::Medium);
    let place = fixture.value(0, "/servers/0/url");
    fixture.finding(rule, place, "server URL uses `http`");
    let text = fixture.render(Format::Text);
    assert!(text.contains("\npasses: 1 finding, none at or above high\n"), "{text}");
}

#[test]
fn silenced_findings_are_shown_on_demand() {
    let options = RenderOptions { show_suppressed: true, ..RenderOptions::default() };
    let text = one_of_everything().render_with(Format::Text, &options);
    assert!(text.contains("[suppressed by comment: internal only]"), "{text}");
    assert!(text.contains("[in the baseline]"), "{text}");
}

#[test]
fn quiet_leaves_out_counts_and_verdict() {
    let options = RenderOptions { quiet: true, ..RenderOptions::default() };
    let text = one_of_everything().render_with(Format::Text, &options);
    assert!(text.contains("cleartext-server") && text.contains("unresolved-reference"), "{text}");
    assert!(!text.contains("incomplete:") && !text.contains("2 findings"), "{text}");
}

#[test]
fn three_frames_per_rule_and_file_and_then_a_count() {
    let mut document = "servers:\n".to_owned();
    for n in 0..20 {
        writeln!(document, "  - url: http://{n}.example.com").unwrap();
    }
    let mut fixture = Fixture::new(&[("api.yaml", &document)]);
    let rule = fixture.rule("cleartext-server", Severity::High);
    for n in 0..20 {
        let place = fixture.value(0, &format!("/servers/{n}/url"));
        fixture.finding(rule, place, "server URL uses `http`");
    }
    let text = fixture.render(Format::Text);
    assert_eq!(text.matches("[api.yaml:").count(), 3);
    let rest =
        "… and 17 more `cleartext-server` in api.yaml: line 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, … (--full shows all)\n";
    assert!(text.contains(rest), "{text}");
    let full = RenderOptions { full: true, ..RenderOptions::default() };
    assert_eq!(fixture.render_with(Format::Text, &full).matches("[api.yaml:").count(), 20);
}

#[test]
fn ascii_and_no_colour_is_plain_ascii() {
    let options = RenderOptions { unicode: false, ..RenderOptions::default() };
    let text = one_of_everything().render_with(Format::Text, &options);
    assert!(text.is_ascii() && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn rule_ids_are_links_where_the_terminal_has_links() {
    let options = RenderOptions { links: true, color: true, ..RenderOptions::default() };
    let text = one_of_everything().render_with(Format::Text, &options);
    assert!(text.contains("\u{1b}]8;;https://gatelint.example/rules/cleartext-server\u{1b}\\"), "{text:?}");
    assert!(text.contains("\u{1b}[1m\u{1b}[31mhigh\u{1b}[0m"), "{text:?}");
}

#[test]
fn a_long_line_is_cut_to_a_window_round_the_place() {
    let filler = "\"x\": \"é\", ".repeat(40_000);
    let document = format!("{{{filler}\"servers\": [{{\"url\": \"http://a.example\"}}], {filler}\"end\": 1}}");
    let mut fixture = Fixture::new(&[("api.json", &document)]);
    let rule = fixture.rule("cleartext-server", Severity::High);
    let (place, far) = (fixture.value(0, "/servers/0/url"), fixture.key(0, "/end"));
    fixture.finding(rule, place, "server URL uses `http`").related = vec![related(far, "far away on the same line")];
    let options = RenderOptions { width: 60, ..RenderOptions::default() };
    assert_snapshot!(fixture.render_with(Format::Text, &options), @r#"
    high cleartext-server https://gatelint.example/rules/cleartext-server
      × server URL uses `http`
       ╭─[api.json:1:400022]
     1 │ …rvers": [{"url": "http://a.example"}], "x": "é", "x"…
       ·                   ──────────────────
       ╰────
      help: Use `https`. It costs nothing.
      ☞ far away on the same line
       ╭─[api.json:1:800044]
     1 │ …: "é", "x": "é", "end": 1}
       ·                   ─────
       ╰────

    1 finding: 1 high
      api.json: 1 high
    fails: 1 finding at or above high
    `gatelint explain cleartext-server` says why; `"x-gatelint-ignore": ["cleartext-server"]` beside it accepts one place
    "#);
    let wide = RenderOptions { width: 10_000, ..RenderOptions::default() };
    assert!(longest_line(&fixture.render_with(Format::Text, &wide)) <= 160 + 10);
}

#[test]
fn a_value_of_many_lines_is_marked_on_its_first() {
    let document = format!("paths:\n{}", "  /a: {}\n".repeat(500));
    let mut fixture = Fixture::new(&[("api.yaml", &document)]);
    let rule = fixture.rule("cleartext-server", Severity::High);
    let place = fixture.value(0, "/paths");
    fixture.finding(rule, place, "paths are many");
    assert!(fixture.render(Format::Text).lines().count() < 20);
}

#[test]
fn a_label_on_the_finding_itself_is_its_label() {
    let mut fixture = Fixture::new(FILES);
    let rule = fixture.rule("cleartext-server", Severity::High);
    let place = fixture.value(0, "/servers/0/url");
    fixture.finding(rule, place, "server URL uses `http`").related =
        vec![related(place, "once"), related(place, "twice")];
    let options = RenderOptions { quiet: true, ..RenderOptions::default() };
    assert_snapshot!(fixture.render_with(Format::Text, &options), @r#"
    high cleartext-server https://gatelint.example/rules/cleartext-server
      × server URL uses `http`
       ╭─[apis/orders api.yaml:4:10]
     3 │ servers:
     4 │   - url: http://api.example.com
       ·          ───────────┬──────────
       ·                     ╰── once; twice
     5 │ paths:
       ╰────
      help: Use `https`. It costs nothing.
    "#);
}

#[test]
fn tabs_and_carriage_returns_keep_the_mark_in_place() {
    let mut fixture = Fixture::new(&[("api.json", "{\r\n\t\"ключ\":\t\"значение\"\r\n}\r\n")]);
    let rule = fixture.rule("cleartext-server", Severity::High);
    let place = fixture.value(0, "/ключ");
    fixture.finding(rule, place, "a value");
    assert_snapshot!(fixture.render(Format::Text), @r#"
    high cleartext-server https://gatelint.example/rules/cleartext-server
      × a value
       ╭─[api.json:2:10]
     1 │ {
     2 │     "ключ": "значение"
       ·             ──────────
     3 │ }
       ╰────
      help: Use `https`. It costs nothing.

    1 finding: 1 high
      api.json: 1 high
    fails: 1 finding at or above high
    `gatelint explain cleartext-server` says why; `"x-gatelint-ignore": ["cleartext-server"]` beside it accepts one place
    "#);
}

#[test]
fn a_file_that_could_not_be_read_has_a_line_without_a_frame() {
    let mut fixture = Fixture::new(&[("api.yaml", "")]);
    fixture.problem(ProblemCode::Unreadable, 0, (0, 0), "permission denied", None);
    let text = fixture.render(Format::Text);
    assert!(text.starts_with("problem unreadable\n  api.yaml:1:1: permission denied\n"), "{text}");
}

#[test]
fn a_mark_at_the_end_of_the_file_is_drawn() {
    for document in ["a: [", "a: [\n", "a: 'é"] {
        let mut fixture = Fixture::new(&[("api.yaml", document)]);
        let end = document.len() as u32;
        fixture.problem(ProblemCode::Syntax, 0, (end, end), "ends too early", None);
        assert!(fixture.render(Format::Text).contains("ends too early"));
    }
}

#[test]
fn any_place_of_any_text_can_be_drawn() {
    let pieces = ["a: b", "\r\n", "\n", "\t", "é🦀", "\u{202e}", "\u{1b}[31m", "", "   ", "\u{0}", "日本語"];
    let document: String = pieces.iter().cycle().take(200).copied().collect();
    let mut fixture = Fixture::new(&[("api.yaml", &document)]);
    fixture.report.problems.clear();
    for start in 0..document.len() as u32 {
        fixture.problem(ProblemCode::Syntax, 0, (start, start + start % 7), "here", None);
    }
    for width in [0, 1, 40, 60, 160, 1000] {
        let text = fixture.render_with(Format::Text, &RenderOptions { width, ..RenderOptions::default() });
        assert!(!text.contains(['\u{202e}', '\u{1b}', '\u{0}']));
    }
}

#[test]
fn the_help_says_what_to_type_in_the_format_of_the_gateway() {
    let rule = |kind: &str| {
        let mut fixture = Fixture::new(FILES);
        let rule = fixture.rule("gateway-x", Severity::High);
        let info = &mut fixture.report.rules[usize::from(rule.0)];
        info.fix_in = vec![("kong".to_owned(), "Add the plugin `x`.".to_owned())];
        gatelint::report::inert::help(info, kind)
    };
    assert_eq!(rule("kong"), "Use `https`. It costs nothing. Add the plugin `x`.");
    assert_eq!(rule("nginx"), "Use `https`. It costs nothing.");
}

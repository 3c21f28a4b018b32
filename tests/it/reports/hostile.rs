//! A hostile document stays text in every format, as that format's reader sees it.

use gatelint::error::ProblemCode;
use gatelint::finding::{Message, Related, Severity, State};
use gatelint::report::{Format, RenderOptions};
use serde_json::Value;

use super::fixture::Fixture;

/// What a document, a path or a reason may hold.
const PAYLOADS: &[&str] = &[
    "::add-mask::a",
    "%0A::error::forged",
    "\n::add-mask::b",
    "\r\n  ::stop-commands::c",
    "##[error]forged",
    "###[command]x",
    "##vso[task.setvariable variable=a]b",
    "##teamcity[buildStatus status='FAILURE']",
    "\u{1b}[2J\u{1b}]8;;https://evil.example\u{7}x\u{1b}]8;;\u{7}",
    "\u{9b}31m",
    "\u{202e}txt.exe\u{202c}\u{2066}",
    "\u{200b}\u{feff}\u{e0041}",
    "a | b || c",
    "`code` ``` fence",
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "]]> <!-- --> &amp; <!ENTITY x SYSTEM \"file:///etc/passwd\">",
    "[click](https://evil.example) ![](https://evil.example/x.png) @someone #1 $x$",
    ",file=other.yaml,line=1::forged",
    "{\"a\": \"b\\\"",
    "\u{0}\u{8}\u{7f}\u{fffe}",
    "\u{2028}\u{2029}\u{85}",
];

/// A report in which each payload stands wherever text of others can stand.
fn hostile() -> Fixture {
    let entries: Vec<String> = PAYLOADS.iter().map(|payload| format!("{}: 1", Value::from(*payload))).collect();
    // YAML forbids some of these characters.
    let document = format!("{{\"openapi\": \"3.0.3\", \"paths\": {{\n{}\n}}}}", entries.join(",\n"));
    // The payloads once more as they are: the frames show them.
    let raw = format!("# {}\na: 1\n", PAYLOADS.join("\n# "));
    let path = "a,b::c%0A|`##[x]\u{202e}</script>\u{1b}[31m.yaml";
    let mut fixture = Fixture::new(&[(path, &document), ("::error::raw.yaml", &raw)]);
    let rule = fixture.rule("cleartext-server", Severity::High);
    fixture.report.problems.clear();
    fixture.report.documents[0].version = PAYLOADS.concat();
    for (n, payload) in PAYLOADS.iter().enumerate() {
        let message = Message { template: "`{x}` {x}".into(), args: vec![("x".into(), (*payload).to_owned())] };
        let pointer = format!("/paths/{}", payload.replace('~', "~0").replace('/', "~1"));
        let place = fixture.key(0, &pointer);
        let finding = fixture.finding(rule, place, "");
        finding.message = message.clone();
        finding.related = vec![Related { message, place }];
        if n % 3 == 0 {
            finding.state = State::Suppressed { by: "comment", reason: Some((*payload).to_owned()) };
        }
        fixture.unknown(payload, 1, place);
        fixture.problem(ProblemCode::UnresolvedReference, 0, (0, 7), payload, None);
        fixture.problem(ProblemCode::RefusedReference, 0, (0, 7), "remote", Some(payload));
    }
    for start in 0..raw.len() as u32 {
        if raw.is_char_boundary(start as usize) && raw.as_bytes()[start as usize] == b'#' {
            fixture.problem(ProblemCode::Syntax, 1, (start, start + 1), "here", None);
        }
    }
    fixture
}

fn options() -> RenderOptions {
    RenderOptions { full: true, verbose: true, show_suppressed: true, ..RenderOptions::default() }
}

/// What no format may hold, whoever reads its text: characters that steer or hide, and marks that a log parser acts on.
#[track_caller]
fn assert_harmless(text: &str) {
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    };
    assert_eq!(text.chars().find(|c| hidden(*c)), None);
    for mark in ["##[", "##vso[", "##teamcity["] {
        assert!(!text.to_ascii_lowercase().contains(mark), "{mark}");
    }
}

/// The runner trims a line before it looks for a command.
fn commands(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_start).filter(|line| line.starts_with("::")).collect()
}

#[test]
fn text_holds_no_command_and_no_escape() {
    for unicode in [true, false] {
        for width in [40, 100] {
            let text = hostile().render_with(Format::Text, &RenderOptions { unicode, width, ..options() });
            assert_harmless(&text);
            assert_eq!(commands(&text), Vec::<&str>::new());
            assert!(text.contains("\\u{202e}txt.exe") && text.contains("\\u{23}#[error]"), "shown, but inert");
        }
    }
}

#[test]
fn coloured_text_holds_only_our_colours() {
    let text = hostile().render_with(Format::Text, &RenderOptions { color: true, ..options() });
    for escape in text.split('\u{1b}').skip(1) {
        let end = escape.find(|c: char| !c.is_ascii_digit() && c != '[' && c != ';').unwrap();
        assert!(escape.starts_with('[') && escape[end..].starts_with('m'), "{:?}", &escape[..8]);
        assert!(!escape.starts_with("[2J"));
    }
}

#[test]
fn json_formats_hold_the_exact_path_in_harmless_bytes() {
    for (format, pointer) in [
        (Format::Json, "/findings/0/location/file"),
        (Format::Gitlab, "/0/location/path"),
        (Format::Sarif, "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri"),
    ] {
        let mut fixture = hostile();
        let text = fixture.render_with(format, &options());
        assert_harmless(&text);
        assert_eq!(commands(&text), Vec::<&str>::new());
        assert!(!text.contains('<'), "a web page may embed it");
        let value: Value = serde_json::from_str(&text).unwrap();
        let path = value.pointer(pointer).unwrap().as_str().unwrap();
        let path = percent_encoding::percent_decode_str(path).decode_utf8().unwrap();
        let expected = fixture.report.sources.files().next().unwrap().path.clone();
        // GitLab's path is not percent-encoded, so a `%` in it was decoded above.
        assert_eq!(path, if format == Format::Sarif { expected } else { expected.replace("%0A", "\n") });
    }
}

#[test]
fn github_reads_our_commands_and_no_other() {
    let text = hostile().render_with(Format::Github, &options());
    assert_harmless(&text);
    assert!(text.contains("`%250A::error::forged`"), "a percent sign of the document is no escape of ours");
    for line in text.lines() {
        let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (command, properties) = head.split_once(' ').unwrap();
        assert!(["error", "warning", "notice"].contains(&command), "{line}");
        let keys: Vec<&str> = properties.split(',').map(|property| property.split_once('=').unwrap().0).collect();
        assert!(["file,line,col,endColumn,title", "title"].contains(&&*keys.join(",")), "{line}");
        assert!(!message.replace("%25", "").replace("%0A", "").contains('%'), "{line}");
    }
}

#[test]
fn junit_is_well_formed_and_holds_one_case_per_entry() {
    let mut fixture = hostile();
    let text = fixture.render_with(Format::Junit, &options());
    assert_harmless(&text);
    assert!(!text.contains("<script") && !text.contains("<!"));
    // XML 1.0 2.2; the reader below is more lenient than others.
    let xml = |c: char| matches!(c, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(text.chars().find(|c| !xml(*c)), None);
    let junit = quick_junit::Report::deserialize(text.as_bytes()).unwrap();
    let cases: usize = junit.test_suites.iter().map(|suite| suite.test_cases.len()).sum();
    assert_eq!(cases, fixture.report.open().count() + fixture.report.problems.len());
}

#[test]
fn a_scorecard_has_no_markup_of_others() {
    let text = hostile().render_with(Format::Scorecard, &options());
    assert_harmless(&text);
    assert_eq!(commands(&text), Vec::<&str>::new());
    for line in text.lines().filter(|line| line.contains("openapi")) {
        assert!(!line.contains(['<', '>', '`', '[', ']', '@', '$', '\\', '*']) && !line.contains("://"), "{line}");
    }
    for row in text.lines().filter(|line| line.starts_with('|')) {
        assert_eq!(row.matches('|').count(), 11, "{row}");
    }
}

#[test]
fn markdown_rows_have_four_cells_and_no_markup_of_others() {
    let text = hostile().render_with(Format::Markdown, &options());
    assert_harmless(&text);
    assert_eq!(commands(&text), Vec::<&str>::new());
    for row in text.lines().filter(|line| line.starts_with('|')) {
        assert_eq!(row.matches('|').count(), 5, "{row}");
        let plain = ["<br>", "<code>", "</code>"].iter().fold(row.to_owned(), |row, tag| row.replace(tag, ""));
        let plain = plain.replace("[cleartext-server](https://gatelint.example/rules/cleartext-server)", "");
        assert!(!plain.contains(['<', '>', '`', '[', ']', '@', '$', '\\', '*']), "{plain}");
        assert!(!plain.replace("&#", "").contains('#') && !plain.contains("://"), "{plain}");
    }
}

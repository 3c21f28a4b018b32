//! What suppressions cover, on small documents.

use std::collections::BTreeSet;

use super::*;
use crate::error::ProblemCode;
use crate::settings::{Globs, PointerPattern, Settings};
use crate::source::{self, Limits};
use crate::span::{At, NodeId};

struct Case {
    sources: SourceMap,
    suppressions: Suppressions,
    problems: Vec<Problem>,
}

const FILE: FileId = FileId(0);

fn case_with(text: &str, settings: &Settings) -> Case {
    let mut sources = SourceMap::default();
    sources.push(source::read(FILE, "api.yaml", text.as_bytes().to_vec(), &Limits::default()));
    let tree = sources.tree(FILE);
    let owners = tree.ids().filter(|&id| tree.key(id) == Some("x-gatelint-ignore"));
    let at = |node: NodeId| At { file: FILE, node };
    let extensions = owners.filter_map(|id| Some((at(tree.parent(id)?), at(id)))).collect();
    let (suppressions, problems) = collect(&sources, &BTreeSet::from([FILE]), &extensions, settings);
    Case { sources, suppressions, problems }
}

fn case(text: &str) -> Case {
    case_with(text, &Settings { now: Date::today(), ..Settings::default() })
}

impl Case {
    /// Whether a finding of rule `r` at the key of the node at `pointer` is silenced.
    fn silences(&self, pointer: &str) -> bool {
        let tree = self.sources.tree(FILE);
        let node = tree.at_pointer(tree.roots()[0], pointer).unwrap();
        self.suppressions.silence(&self.sources, "r", Place::key(At { file: FILE, node })).is_some()
    }

    /// What is wrong with suppressions, besides that most of these tests give no reason.
    fn leftovers(&self) -> Vec<(LeftoverKind, String)> {
        let left = self.suppressions.leftovers(&|_| Known::Evaluated, &|_| true).into_iter();
        left.filter(|left| left.kind != LeftoverKind::Unexplained).map(|left| (left.kind, left.rule)).collect()
    }

    /// Rules whose suppressions have no reason.
    fn unexplained(&self) -> Vec<String> {
        let left = self.suppressions.leftovers(&|_| Known::Off, &|_| true).into_iter();
        left.filter(|left| left.kind == LeftoverKind::Unexplained).map(|left| left.rule).collect()
    }
}

#[test]
fn a_comment_on_the_key_line_covers_the_entry_and_no_other() {
    let case = case("paths:\n  /a:\n    get: # gatelint: ignore[r] because\n      x: 1\n    put:\n      x: 1\n");
    assert!(case.silences("/paths/~1a/get") && case.silences("/paths/~1a/get/x"));
    assert!(!case.silences("/paths/~1a/put") && !case.silences("/paths/~1a") && !case.silences("/paths"));
}

#[test]
fn a_comment_alone_covers_the_entry_below() {
    let text =
        "paths:\n  # gatelint: ignore[r]\n  # gatelint: ignore[other]\n  # prose\n  /a:\n    get: {}\n  /b: {}\n";
    let case = case(text);
    assert!(case.silences("/paths/~1a/get") && !case.silences("/paths/~1b") && !case.silences("/paths"));
}

#[test]
fn a_comment_above_the_first_child_does_not_cover_the_parent() {
    let case = case("paths:\n  # gatelint: ignore[r]\n  /a: {}\n  /b: {}\n");
    assert!(case.silences("/paths/~1a") && !case.silences("/paths/~1b"));
}

#[test]
fn a_comment_on_the_first_line_does_not_cover_the_document() {
    let case = case("openapi: 3.0.3 # gatelint: ignore[r]\ninfo: {}\n");
    assert!(case.silences("/openapi") && !case.silences("/info") && !case.silences(""));
}

#[test]
fn a_comment_on_the_first_line_of_an_item_covers_the_item() {
    let case = case("list:\n  - name: a # gatelint: ignore[r]\n    in: query\n  - name: b\n");
    assert!(case.silences("/list/0/in") && !case.silences("/list/1"));
}

#[test]
fn a_comment_after_a_closing_bracket_covers_what_it_closes() {
    let case = case("a:\n  b: [1,\n    2\n  ] # gatelint: ignore[r]\n  c: 1\n");
    assert!(case.silences("/a/b") && !case.silences("/a/c"));
}

#[test]
fn a_whole_file_is_ignored_only_from_its_head() {
    let text = "# gatelint: ignore-file[r] generated\nopenapi: 3.0.3\ninfo: {}\n";
    assert!(case(text).silences("/info") && case(text).silences(""));
    let late = case("openapi: 3.0.3\n# gatelint: ignore-file[r]\ninfo: {}\n");
    assert!(!late.silences("/info"));
    assert_eq!(late.problems[0].code, ProblemCode::Syntax);
}

#[test]
fn text_in_a_block_scalar_is_no_comment() {
    let case = case("a:\n  description: |\n    # gatelint: ignore[r]\n    text\n  b: 1\n");
    assert!(!case.silences("/a/b") && !case.silences("/a/description") && case.problems.is_empty());
}

#[test]
fn a_bare_ignore_is_a_problem_and_silences_nothing() {
    let case = case("a: # gatelint: ignore\n  b: 1\n");
    assert_eq!(case.problems.len(), 1);
    assert!(case.problems[0].message.contains("names no rule"), "{:?}", case.problems);
    assert!(!case.silences("/a"));
}

#[test]
fn an_extension_covers_its_object() {
    let case = case("a:\n  x-gatelint-ignore: [r]\n  b: 1\nc: {}\n");
    assert!(case.silences("/a") && case.silences("/a/b") && !case.silences("/c"));
    let state = case.suppressions.silence(&case.sources, "r", Place::key(At { file: FILE, node: NodeId(1) }));
    assert_eq!(state, Some(State::Suppressed { by: "extension", reason: None }));
}

#[test]
fn an_extension_may_give_reason_and_date() {
    let text = r#"{"a": {"x-gatelint-ignore": [{"rule": "r", "reason": "why", "until": "2099-01-31"}, "s"], "b": 1}}"#;
    let case = case(text);
    let state = case.suppressions.silence(&case.sources, "r", Place::key(At { file: FILE, node: NodeId(1) }));
    assert_eq!(state, Some(State::Suppressed { by: "extension", reason: Some("why".into()) }));
    assert_eq!(case.leftovers(), [(LeftoverKind::Unused, "s".into())]);
}

#[test]
fn a_malformed_extension_is_a_problem() {
    for value in
        ["{}", "[]", "3", "[{reason: x}]", "[{rule: r, until: soon}]", "[{rule: r, why: x}]", "['']", "[{rule: [r]}]"]
    {
        let case = case(&format!("a:\n  x-gatelint-ignore: {value}\n  b: 1\n"));
        assert_eq!(case.problems.len(), 1, "{value}");
        assert!(!case.silences("/a"), "{value}");
    }
}

#[test]
fn what_has_expired_silences_nothing_and_is_told() {
    let now = "2027-02-01".parse().unwrap();
    let settings = Settings { now, ..Settings::default() };
    let case = case_with("a: # gatelint: ignore[r] until=2027-01-31\n  b: 1\n", &settings);
    assert!(!case.silences("/a"));
    assert_eq!(case.leftovers(), [(LeftoverKind::Expired, "r".into())]);
    let settings = Settings { now: "2027-01-31".parse().unwrap(), ..Settings::default() };
    assert!(case_with("a: # gatelint: ignore[r] until=2027-01-31\n  b: 1\n", &settings).silences("/a"));
}

#[test]
fn only_what_silences_nothing_is_unused() {
    let case = case("a: # gatelint: ignore[r, s]\n  b: 1\n");
    assert!(case.silences("/a"));
    assert_eq!(case.leftovers(), [(LeftoverKind::Unused, "s".into())]);
}

#[test]
fn nothing_is_said_of_a_rule_that_is_off() {
    let case = case("a: # gatelint: ignore[r] because\n  b: 1\n");
    assert_eq!(case.suppressions.leftovers(&|_| Known::Off, &|_| true), []);
}

#[test]
fn a_mistyped_rule_is_unused_and_the_right_one_is_named() {
    let case = case("a: # gatelint: ignore[rr] because\n  b: 1\n");
    let left = case.suppressions.leftovers(&|_| Known::Unknown(Some("r".into())), &|_| true);
    assert!(left[0].message.template.contains("did you mean"), "{left:?}");
}

#[test]
fn a_suppression_in_force_without_a_reason_is_told_even_of_a_rule_that_is_off() {
    let reasonless = case("a: # gatelint: ignore[r, s]\n  b: 1\n");
    assert_eq!(reasonless.unexplained(), ["r", "s"]);
    let blank = case("a:\n  x-gatelint-ignore: [{rule: r, reason: ' '}, {rule: s, reason: why}]\n  b: 1\n");
    assert_eq!(blank.unexplained(), ["r"]);
    assert!(case("a: # gatelint: ignore[r] until=2020-01-31\n  b: 1\n").unexplained().is_empty());
}

#[test]
fn without_ignores_nothing_is_silenced() {
    let settings = Settings { ignores_apply: false, ..Settings::default() };
    let case = case_with("a: # gatelint: ignore[r]\n  b: 1\n", &settings);
    assert!(!case.silences("/a") && case.leftovers().is_empty());
}

fn ignoring(rule: &str, file: &str, pointer: &str) -> Settings {
    let ignore = Ignore {
        rule: rule.into(),
        file: Globs::new(&[file.to_owned()]).unwrap(),
        pointer: Some(PointerPattern::new(pointer).unwrap()),
        reason: Some("known".into()),
        until: None,
        origin: Origin::default(),
    };
    Settings { ignores: vec![ignore], ..Settings::default() }
}

#[test]
fn the_settings_silence_by_file_and_pointer() {
    let text = "paths:\n  /a: {get: {}, put: {}}\n";
    let case = case_with(text, &ignoring("r", "*.yaml", "/paths/*/get"));
    assert!(case.silences("/paths/~1a/get") && !case.silences("/paths/~1a/put"));
    assert!(!case_with(text, &ignoring("r", "other.yaml", "/paths")).silences("/paths/~1a/get"));
}

#[test]
fn the_settings_may_ignore_a_problem() {
    let text = "a:\n  $ref: 'https://example.com/x.yaml'\n";
    let case = case_with(text, &ignoring("refused-reference", "api.yaml", "/a"));
    let at = text.find("https").unwrap() as u32;
    let problem = |code| Problem::new(code, "x", crate::span::Span::new(FILE, at, at + 5));
    assert_eq!(case.suppressions.ignored(&case.sources, &problem(ProblemCode::RefusedReference)), Some("known".into()));
    assert_eq!(case.suppressions.ignored(&case.sources, &problem(ProblemCode::Syntax)), None);
    assert!(case.leftovers().is_empty());
}

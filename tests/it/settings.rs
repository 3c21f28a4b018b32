//! Settings in force, from outside.

use std::fs;

use crate::sandbox::{CLEAN, CLEARTEXT, Run, Sandbox};

const RULE: &str = "cleartext-server";

fn with(settings: &str) -> Sandbox {
    Sandbox::new(&[("api.yaml", CLEARTEXT), ("gatelint.yaml", settings)])
}

fn severities(run: &Run) -> Vec<String> {
    let json = run.json();
    let findings = json["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == RULE);
    findings.map(|finding| finding["severity"].as_str().unwrap().to_owned()).collect()
}

const JSON: [&str; 3] = ["check", "--format", "json"];

#[test]
fn a_rule_can_be_turned_off_or_given_another_severity() {
    assert!(severities(&with("rules: { cleartext-server: off }").run(&JSON)).is_empty());
    assert_eq!(severities(&with("rules: { cleartext-server: info }").run(&JSON)), ["info"]);
    assert_eq!(severities(&with("rules: { cleartext-server: { severity: low } }").run(&JSON)), ["low"]);
}

#[test]
fn a_strict_rule_is_on_when_it_is_named() {
    let strict: Vec<String> = gatelint::rule::Catalog::builtin()
        .unwrap()
        .files()
        .filter(|file| file.profile.as_str() == "strict")
        .map(|file| file.id.value.clone())
        .collect();
    let Some(id) = strict.first() else { return println!("skipped: there is no strict rule") };
    let table = |settings: &str| {
        let sandbox = Sandbox::new(&[("gatelint.yaml", settings)]);
        let text = sandbox.run(&["rules"]).exits(0).stdout;
        text.lines().find(|line| line.starts_with(&format!("{id} "))).unwrap().to_owned()
    };
    assert!(table("").contains(" no "));
    assert!(table(&format!("rules: {{ {id}: on }}")).contains(" yes "));
    assert!(table("profile: strict").contains(" yes "));
}

#[test]
fn overrides_hold_for_the_files_they_name_and_the_last_one_wins() {
    let settings = "
overrides:
  - { files: ['internal/**'], rules: { cleartext-server: off } }
  - { files: ['internal/edge/*'], rules: { cleartext-server: low } }
";
    let sandbox = with(settings);
    sandbox.write("internal/api.yaml", CLEARTEXT);
    sandbox.write("internal/edge/api.yaml", CLEARTEXT);
    assert_eq!(severities(&sandbox.run(&JSON)), ["high", "low"]);
}

#[test]
fn an_override_may_turn_on_what_is_off() {
    let settings =
        "rules: { cleartext-server: off }\noverrides: [{ files: [edge.yaml], rules: { cleartext-server: on } }]\n";
    let sandbox = with(settings);
    sandbox.write("edge.yaml", CLEARTEXT);
    assert_eq!(severities(&sandbox.run(&JSON)), ["high"]);
}

#[test]
fn the_threshold_of_the_settings_holds_unless_a_flag_says_otherwise() {
    let sandbox = with("fail-on: critical");
    sandbox.check(RULE, &[]).exits(0);
    sandbox.check(RULE, &["--fail-on", "low"]).exits(1);
}

#[test]
fn wrong_settings_exit_with_2_and_show_their_line() {
    for (settings, shown) in [
        ("fail_on: high", "did you mean `fail-on`?"),
        ("\nrules:\n  cleartext-servers: off", "gatelint.yaml:3:3"),
        ("rules: { cleartext-server: loud }", "loud"),
        ("rules: { cleartext-server: { options: { nothing: 1 } } }", "nothing"),
        ("ignore: [{ rule: cleartext-servers }]", "did you mean `cleartext-server`?"),
        ("ignore: [{ rule: cleartext-server, pointer: paths }]", "no JSON pointer"),
        ("ignore: [{ rule: cleartext-server, until: 2027-02-30 }]", "2027-02-30"),
        ("words: { nonsense: { add: [x] } }", "nonsense"),
        ("exclude: ['a[']", "not a glob"),
        ("rule-files: [./none]", "none"),
        ("extends: ../base.yaml", "outside the project"),
        ("pairs: []", "reserved"),
        ("a: [", "gatelint.yaml"),
    ] {
        let run = with(settings).run(&[]).exits(2);
        assert!(run.stderr.contains(shown) && run.stdout.is_empty(), "{settings}: {run:?}");
    }
}

#[test]
fn the_nearest_settings_file_counts() {
    let sandbox = with("rules: { cleartext-server: off }");
    sandbox.write("apis/gatelint.yaml", "rules: { cleartext-server: low }");
    sandbox.write("apis/v1/api.yaml", CLEARTEXT);
    assert_eq!(severities(&sandbox.run(&["check", "--format", "json", "apis/v1"])), ["low"]);
    assert!(severities(&sandbox.run(&["check", "--format", "json", "api.yaml"])).is_empty());
    sandbox.write("apis/.gatelint.yaml", "");
    let run = sandbox.run(&["check", "apis/v1"]).exits(2);
    assert!(run.stderr.contains("govern the same"), "{run:?}");
}

#[test]
fn a_settings_file_can_be_named_or_done_without() {
    let sandbox = with("rules: { cleartext-server: off }");
    sandbox.write("ci/strict.yaml", "rules: { cleartext-server: critical }");
    assert_eq!(severities(&sandbox.run(&[&JSON[..], &["--config", "ci/strict.yaml"]].concat())), ["critical"]);
    assert_eq!(severities(&sandbox.run(&[&JSON[..], &["--no-config"]].concat())), ["high"]);
    sandbox.run(&["--config", "none.yaml"]).exits(2);
}

#[test]
fn settings_in_the_github_folder_govern_the_folder_above() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEARTEXT), (".github/gatelint.yaml", "fail-on: critical")]);
    fs::remove_dir_all(sandbox.root.join(".git")).unwrap();
    sandbox.check(RULE, &["api.yaml"]).exits(0);
}

const OWN_RULE: &str = "\
id: no-example-host
title: Server is a placeholder
severity: high
confidence: high
since: 0.1.0
why: |
  Nobody can call it.
fix: |
  Name the real host.
given: server
match: { url: { matches: 'example\\.com' } }
report: { at: url, message: \"server `{url}` is a placeholder\" }
examples:
  - invalid: a placeholder
    source: |
      servers:
        - url: https://api.example.com # finding
      paths: {}
  - valid: a host
    source: |
      servers: [{ url: https://api.acme.dev }]
      paths: {}
";

#[test]
fn rules_of_ones_own_are_evaluated_listed_and_explained() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEAN), ("gatelint.yaml", "rule-files: [./rules]")]);
    sandbox.write("rules/no-example-host.yaml", OWN_RULE);
    let run = sandbox.check("no-example-host", &[]).exits(1);
    assert_eq!(run.findings(), ["no-example-host /servers/0/url"]);
    assert!(sandbox.run(&["rules"]).exits(0).stdout.contains("no-example-host"));
    assert!(sandbox.run(&["explain", "no-example-host"]).exits(0).stdout.contains("Name the real host"));
}

#[test]
fn a_wrong_rule_file_exits_with_2_and_shows_its_line() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEAN), ("gatelint.yaml", "rule-files: [./rules]")]);
    sandbox.write("rules/no-example-host.yaml", OWN_RULE.replace("given: server", "given: servers"));
    let run = sandbox.run(&[]).exits(2);
    assert!(run.stderr.contains("rules/no-example-host.yaml:10:8"), "{run:?}");
}

#[test]
fn options_of_a_rule_can_be_set() {
    let option = |settings: &str| {
        let list = "array-without-max-items";
        Sandbox::new(&[("api.yaml", CLEAN), ("gatelint.yaml", settings)]).check(list, &[])
    };
    option("rules: { limit-too-large: { options: {} } }").exits(0);
    option("rules: { limit-too-large: { options: { x: { y: 1 } } } }").exits(2);
}

#[test]
fn an_option_may_have_another_value_in_the_strict_profile_which_settings_override() {
    let document = "openapi: 3.0.0
info: {title: x, version: '1'}
paths:
  /cart:
    post:
      requestBody: {content: {application/json: {schema: {properties: {a: {type: integer, format: int64}}}}}}
      responses: {}
";
    let exit = |settings: &str| {
        let sandbox = Sandbox::new(&[("api.yaml", document), ("gatelint.yaml", settings)]);
        sandbox.check("number-without-range", &["--fail-on", "medium"])
    };
    exit("").exits(0);
    exit("profile: strict").exits(1);
    exit("profile: strict\nrules: { number-without-range: { options: { boundedFormats: [int64] } } }").exits(0);
    let page = Sandbox::new(&[]).run(&["explain", "number-without-range"]).exits(0).stdout;
    assert!(page.contains("with --profile strict [\"int32\"]"), "{page}");
}

#[test]
fn the_settings_in_force_are_shown_with_their_files() {
    let sandbox = with("extends: base.yaml\nrules: { cleartext-server: low }\n");
    sandbox.write("base.yaml", "profile: strict\n");
    let shown = sandbox.run(&["config", "show"]).exits(0).stdout;
    for part in
        ["# settings, later ones win: base.yaml, gatelint.yaml", "profile: strict", "\"cleartext-server\":\"low\""]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // What is shown is a settings file itself.
    sandbox.write("shown/gatelint.yaml", shown);
    sandbox.run_in("shown", &["config", "show"]).exits(0);
}

#[test]
fn vendored_documents_stand_for_remote_ones() {
    let text = CLEAN.replace("paths: {}", "paths: { /a: { $ref: 'https://example.com/specs/a.yaml' } }");
    let sandbox = Sandbox::new(&[("api.yaml", &text), ("vendor/a.yaml", "get: { responses: {} }\n")]);
    assert_eq!(sandbox.check(RULE, &["api.yaml"]).problems(), ["refused-reference api.yaml"]);
    sandbox.write("gatelint.yaml", "refs: { 'https://example.com/specs/': ./vendor/ }\n");
    assert!(sandbox.check(RULE, &["api.yaml"]).exits(0).problems().is_empty());
}

#[test]
fn rules_of_ones_own_are_tested_by_their_examples() {
    let sandbox = Sandbox::new(&[("rules/no-example-host.yaml", OWN_RULE)]);
    let run = sandbox.run(&["test", "rules"]).exits(0);
    assert!(run.stdout.starts_with("1 rules, 2 examples"), "{run:?}");
    sandbox.write("rules/no-example-host.yaml", OWN_RULE.replace("https://api.acme.dev", "https://acme.example.com"));
    let run = sandbox.run(&["test", "rules"]).exits(1);
    assert!(run.stdout.contains("no-example-host: `a host`"), "{run:?}");
    sandbox.write("rules/no-example-host.yaml", OWN_RULE.replace("why: |", "because: |"));
    let run = sandbox.run(&["test", "rules"]).exits(2);
    assert!(run.stderr.contains("rules/no-example-host.yaml:6:1"), "{run:?}");
    sandbox.run(&["test", "nowhere"]).exits(2);
}

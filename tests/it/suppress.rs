//! Suppressions from outside: what they silence, and what becomes of those that silence nothing.

use crate::sandbox::{CLEARTEXT, Run, Sandbox};

const BOTH: &str = "cleartext-server,unused-suppression,expired-suppression";

fn check(text: &str, args: &[&str]) -> Run {
    Sandbox::new(&[("api.yaml", text)]).check(BOTH, args)
}

fn commented(comment: &str) -> String {
    CLEARTEXT.replace("http://api.example.com", &format!("http://api.example.com # gatelint: {comment}"))
}

#[test]
fn a_comment_silences_with_its_reason() {
    let run = check(&commented("ignore[cleartext-server] behind the mesh"), &[]).exits(0);
    assert!(run.findings().is_empty(), "{run:?}");
    assert_eq!(run.suppressed(), ["cleartext-server /servers/0/url"]);
    let suppressed = &run.json()["findings"][0]["suppressed"];
    assert!(
        suppressed.to_string().contains("behind the mesh") && suppressed.to_string().contains("comment"),
        "{suppressed}"
    );
    assert_eq!(run.json()["summary"]["suppressed"], 1);
}

#[test]
fn an_extension_silences_where_extensions_are_legal() {
    let text = CLEARTEXT.replace("- url", "- x-gatelint-ignore: [cleartext-server]\n    url");
    assert_eq!(check(&text, &[]).exits(0).suppressed(), ["cleartext-server /servers/0/url"]);
}

#[test]
fn an_extension_in_a_place_for_names_is_a_name() {
    let text = CLEARTEXT.to_owned() + "components: { schemas: { x-gatelint-ignore: { type: string } } }\n";
    assert_eq!(check(&text, &[]).exits(1).problems(), Vec::<String>::new());
}

#[test]
fn the_settings_silence_by_file_and_pointer() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEARTEXT), ("other.yaml", CLEARTEXT)]);
    sandbox.write(
        "gatelint.yaml",
        "ignore: [{ rule: cleartext-server, file: other.yaml, pointer: /servers/*, reason: test }]\n",
    );
    let run = sandbox.check(BOTH, &[]).exits(1);
    assert_eq!((run.findings().len(), run.suppressed().len()), (1, 1));
}

#[test]
fn a_suppression_that_silences_nothing_is_found() {
    let text = CLEARTEXT.replace("openapi: 3.0.3", "openapi: 3.0.3 # gatelint: ignore[cleartext-server]");
    let run = check(&text, &["--fail-on", "critical"]).exits(0);
    assert_eq!(run.findings(), ["unused-suppression /openapi", "cleartext-server /servers/0/url"]);
}

#[test]
fn a_settings_entry_that_silences_nothing_is_found_in_its_file() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEARTEXT)]);
    sandbox.write(
        "gatelint.yaml",
        "fail-on: critical\nignore:\n  - { rule: cleartext-server, file: api.yaml, pointer: /paths }\n",
    );
    let run = sandbox.check(BOTH, &["api.yaml"]).exits(0);
    assert_eq!(run.findings(), ["cleartext-server /servers/0/url", "unused-suppression /ignore/0"]);
    assert_eq!(run.json()["findings"][1]["location"]["file"], "gatelint.yaml");
}

#[test]
fn a_settings_entry_about_files_that_were_not_judged_is_not_unused() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEARTEXT), ("other.yaml", CLEARTEXT)]);
    sandbox.write("gatelint.yaml", "fail-on: critical\nignore: [{ rule: cleartext-server, file: gone.yaml }]\n");
    assert_eq!(sandbox.check(BOTH, &["api.yaml"]).exits(0).findings(), ["cleartext-server /servers/0/url"]);
    assert!(sandbox.check(BOTH, &[]).exits(0).findings().contains(&"unused-suppression /ignore/0".to_owned()));
}

#[test]
fn an_expired_suppression_is_found_and_silences_nothing() {
    let text = commented("ignore[cleartext-server] until=2027-01-31 moving soon");
    check(&text, &["--now", "2027-01-31"]).exits(0);
    let run = check(&text, &["--now", "2027-02-01"]).exits(1);
    assert_eq!(run.findings(), ["cleartext-server /servers/0/url", "expired-suppression /servers/0"]);
}

#[test]
fn a_bare_ignore_or_a_wrong_date_is_a_problem() {
    for comment in ["ignore", "ignore because I say so", "ignore[cleartext-server] until=soon", "off"] {
        let run = check(&commented(comment), &[]).exits(4);
        assert_eq!((run.problems(), run.findings().len()), (vec!["syntax api.yaml".to_owned()], 1), "{comment}");
    }
}

#[test]
fn a_mistyped_rule_id_is_found_with_a_hint() {
    let run = check(&commented("ignore[cleartext-servers]"), &[]).exits(1);
    let json = run.json();
    let unused = json["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "unused-suppression").unwrap();
    assert!(unused["message"].as_str().unwrap().contains("did you mean `cleartext-server`?"), "{unused}");
}

#[test]
fn the_auditor_lets_nothing_be_silenced() {
    let run = check(&commented("ignore[cleartext-server]"), &["--no-ignores"]).exits(1);
    assert_eq!(run.findings(), ["cleartext-server /servers/0/url"]);
}

#[test]
fn suppressed_findings_are_shown_on_request() {
    let sandbox = Sandbox::new(&[("api.yaml", &commented("ignore[cleartext-server]"))]);
    let text = |args: &[&str]| sandbox.run(&[&["--select", "cleartext-server"], args].concat()).exits(0).stdout;
    assert!(!text(&[]).contains("api.yaml:4"), "{}", text(&[]));
    assert!(text(&["--show-suppressed"]).contains("api.yaml:4"));
}

#[test]
fn an_ignored_problem_is_shown_and_leaves_the_run_complete() {
    let text = CLEARTEXT.replace("http:", "https:").replace("paths: {}", "paths: { /a: { $ref: ./missing.yaml } }");
    let sandbox = Sandbox::new(&[("api.yaml", &text)]);
    sandbox.check(BOTH, &[]).exits(4);
    sandbox.write("gatelint.yaml", "ignore: [{ rule: unresolved-reference, file: api.yaml, reason: built later }]\n");
    let run = sandbox.check(BOTH, &[]).exits(0);
    assert_eq!(run.problems(), ["unresolved-reference api.yaml"]);
    assert!(run.findings().is_empty(), "{run:?}");
}

const OPERATIONS: &str = "\
openapi: 3.0.3
info: { title: t, version: \"1\" }
paths:
  /a:
    get:
      responses: { \"200\": { description: ok } }
  /b:
    get:
      responses: { \"200\": { description: ok } }
  /c:
    get:
      responses: { \"200\": { description: ok } }
";

#[test]
fn an_ignored_member_leaves_its_group_and_the_rest_still_speaks() {
    let text = OPERATIONS.replacen("    get:", "    get: # gatelint: ignore[missing-429] cached", 1);
    let run = Sandbox::new(&[("api.yaml", &text)]).check("missing-429,unused-suppression", &[]).exits(0);
    assert_eq!(run.findings(), ["missing-429 /paths"]);
    assert_eq!(
        run.json()["findings"].as_array().unwrap().iter().find(|f| f["suppressed"].is_null()).unwrap()["members"],
        2
    );
    assert_eq!(run.suppressed(), ["missing-429 /paths/~1a/get/responses"]);
}

#[test]
fn an_ignore_at_the_place_of_a_merged_finding_silences_all_of_it() {
    let text = OPERATIONS.replacen("paths:", "paths: # gatelint: ignore[missing-429] limited at the gateway", 1);
    let run = Sandbox::new(&[("api.yaml", &text)]).check("missing-429,unused-suppression", &[]).exits(0);
    assert!(run.findings().is_empty(), "{run:?}");
    assert!(!run.suppressed().is_empty());
}

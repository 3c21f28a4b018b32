//! SARIF, by the rules of GitHub code scanning.

use gatelint::error::ProblemCode;
use gatelint::finding::{Message, Severity};
use gatelint::report::Format;
use serde_json::{Value, json};

use super::fixture::{FILES, Fixture, one_of_everything, related};

fn run(fixture: &mut Fixture) -> Value {
    let mut log: Value = serde_json::from_str(&fixture.render(Format::Sarif)).unwrap();
    assert_eq!(log["version"], "2.1.0");
    log["runs"][0].take()
}

#[test]
fn a_result_has_all_that_github_asks_for() {
    let run = run(&mut one_of_everything());
    let expected = json!({
        "ruleId": "cleartext-server",
        "ruleIndex": 0,
        "level": "error",
        "message": { "text": "server URL uses `http`, so traffic to `api.example.com` is not encrypted; \
                              see [credentials are sent here](1), [the key that is sent](2)" },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": "apis/orders%20api.yaml", "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": 4, "startColumn": 10, "endLine": 4, "endColumn": 32 },
        } }],
        "relatedLocations": [
            { "id": 1, "message": { "text": "credentials are sent here" }, "physicalLocation": {
                "artifactLocation": { "uri": "apis/orders%20api.yaml", "uriBaseId": "%SRCROOT%" },
                "region": { "startLine": 7, "startColumn": 5, "endLine": 7, "endColumn": 9 },
            } },
            { "id": 2, "message": { "text": "the key that is sent" }, "physicalLocation": {
                "artifactLocation": { "uri": "apis/common.yaml", "uriBaseId": "%SRCROOT%" },
                "region": { "startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 6 },
            } },
        ],
        "partialFingerprints": {
            "primaryLocationLineHash": "bdf4947706f2e028:1",
            "gatelint/v1": "1:00000000000000000000000000000000",
        },
        "properties": { "severity": "high", "confidence": "high", "pointer": "/servers/0/url", "members": 2 },
    });
    assert_eq!(run["results"][0], expected);
    assert_eq!(run["results"].as_array().unwrap().len(), 2, "silenced findings are left out");
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["automationDetails"]["id"], "gatelint/");
}

#[test]
fn every_rule_is_listed_with_what_github_asks_for() {
    let run = run(&mut one_of_everything());
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 3, "rules without an open finding too");
    let expected = json!({
        "id": "cleartext-server",
        "shortDescription": { "text": "Something about cleartext-server" },
        "fullDescription": { "text": "Something about cleartext-server. Use `https`. It costs nothing." },
        "help": {
            "text": "Use `https`.\nIt costs nothing.\n\nA second paragraph.\n\nMore: https://gatelint.example/rules/cleartext-server",
            "markdown": "Use `https`.\nIt costs nothing.\n\nA second paragraph.\n\nMore: https://gatelint.example/rules/cleartext-server",
        },
        "helpUri": "https://gatelint.example/rules/cleartext-server",
        "defaultConfiguration": { "level": "error" },
        "properties": {
            "tags": ["security", "external/cwe/cwe-319", "owasp/API8:2023"],
            "precision": "high",
            "security-severity": "8.0",
        },
    });
    assert_eq!(rules[0], expected);
}

#[test]
fn a_rule_without_texts_still_has_descriptions() {
    let mut fixture = Fixture::new(FILES);
    fixture.rule("bare", Severity::Info);
    let rule = &mut fixture.report.rules[0];
    (rule.title, rule.fix, rule.url) = (String::new(), String::new(), String::new());
    let run = run(&mut fixture);
    let rule = &run["tool"]["driver"]["rules"][0];
    for pointer in ["/shortDescription/text", "/fullDescription/text", "/help/text", "/help/markdown"] {
        assert!(!rule.pointer(pointer).unwrap().as_str().unwrap().is_empty(), "{pointer}");
    }
    assert_eq!(rule["helpUri"], Value::Null);
    assert_eq!(rule["properties"]["security-severity"], Value::Null);
}

#[test]
fn problems_are_notifications() {
    let run = run(&mut one_of_everything());
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notes = invocation["toolExecutionNotifications"].as_array().unwrap();
    assert_eq!((&notes[0]["level"], &notes[1]["level"]), (&json!("error"), &json!("note")));
    assert_eq!(notes[0]["descriptor"]["id"], "unresolved-reference");
    assert_eq!(notes[0]["locations"][0]["physicalLocation"]["region"]["startLine"], 8);
}

#[test]
fn a_region_of_many_lines_ends_on_its_first() {
    let mut fixture = Fixture::new(FILES);
    let rule = fixture.rule("missing-429", Severity::Low);
    let place = fixture.value(0, "/paths");
    fixture.finding(rule, place, "no operation documents 429");
    let region = &run(&mut fixture)["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(*region, json!({ "startLine": 6, "startColumn": 3, "endLine": 6, "endColumn": 11 }));
}

#[test]
fn a_path_is_percent_encoded() {
    let mut fixture = Fixture::new(&[("a b/ü#?%:[x].yaml", "a: 1")]);
    let rule = fixture.rule("cleartext-server", Severity::High);
    let place = fixture.value(0, "/a");
    fixture.finding(rule, place, "a");
    let uri = &run(&mut fixture)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "a%20b/%C3%BC%23%3F%25%3A%5Bx%5D.yaml");
}

#[test]
fn a_document_cannot_put_links_into_messages() {
    let mut fixture = Fixture::new(FILES);
    let rule = fixture.rule("cleartext-server", Severity::High);
    let place = fixture.value(0, "/servers/0/url");
    let finding = fixture.finding(rule, place, "");
    finding.message =
        Message { template: "`{x}`".into(), args: vec![("x".into(), "[click](https://evil.example)".into())] };
    finding.related = vec![related(place, "[a](1) \\ ]")];
    let text = run(&mut fixture)["results"][0]["message"]["text"].clone();
    assert_eq!(text, "`[click] (https://evil.example)`; see [\\[a\\] (1) \\\\ \\]](1)");
}

#[test]
fn over_the_limit_the_worst_results_stay_and_it_is_said() {
    let mut fixture = Fixture::new(FILES);
    let (low, high) = (fixture.rule("low", Severity::Low), fixture.rule("high", Severity::High));
    let place = fixture.value(0, "/servers/0/url");
    for n in 0..25_010 {
        fixture.finding(if n < 25_000 { low } else { high }, place, "x");
    }
    let run = run(&mut fixture);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 25_000);
    assert_eq!(results.iter().filter(|result| result["ruleId"] == "high").count(), 10);
    let note = &run["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(note["message"]["text"], "10 less severe findings are left out: a run may have 25000 results");
}

/// The official schema is not ours to copy: `scripts/foreign-readers.sh` fetches it and sets the variable.
#[test]
fn the_official_schema_accepts_it() {
    let Some(path) = std::env::var_os("GATELINT_SARIF_SCHEMA") else {
        println!("skipped: GATELINT_SARIF_SCHEMA names no SARIF 2.1.0 schema");
        return;
    };
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut unreadable = Fixture::new(&[("api.yaml", "")]);
    unreadable.problem(ProblemCode::Unreadable, 0, (0, 0), "permission denied", None);
    for mut fixture in [one_of_everything(), Fixture::new(FILES), Fixture::new(&[]), unreadable] {
        let log: Value = serde_json::from_str(&fixture.render(Format::Sarif)).unwrap();
        let errors: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

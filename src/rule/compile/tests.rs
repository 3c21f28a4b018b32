//! What the compiler refuses, each with its place in the rule file.

use std::collections::BTreeMap;

use crate::rule::{Catalog, Choice, OptionValue, RuleError, RuleSet};
use crate::words::WordLists;

/// A rule with `body` as its logic.
fn rule(body: &str) -> String {
    format!(
        "id: sample\ntitle: A sample\nseverity: low\nconfidence: high\nsince: 0.1.0\nwhy: because\nfix: mend it\n{body}\n\
         examples:\n  - invalid: bad\n    source: |\n      paths: {{}} # finding\n  - valid: good\n    source: |\n      paths: {{}}\n"
    )
}

fn compile_with(text: &str, choice: Choice) -> (Catalog, Result<RuleSet, Vec<RuleError>>) {
    let mut catalog = Catalog::default();
    let outcome = catalog
        .add("rules/sample.yaml", text.as_bytes().to_vec())
        .and_then(|()| catalog.compile(&WordLists::builtin(), |_| choice.clone()));
    (catalog, outcome)
}

fn on() -> Choice {
    Choice { enabled: true, ..Choice::default() }
}

/// Asserts that the rule has one error of that message, at that text.
fn refused(text: &str, message: &str, at: &str) {
    let (catalog, outcome) = compile_with(text, on());
    let errors = outcome.expect_err(message);
    assert_eq!(errors.len(), 1, "{errors:?}");
    let error = &errors[0];
    assert!(error.message.starts_with(message), "{} is not {message}", error.message);
    let span = error.span.unwrap();
    let found = &catalog.sources().file(span.file).text[span.start as usize..span.end as usize];
    assert_eq!(found, at, "{message}");
}

const REPORT: &str = "report: { message: hello }";

fn refused_match(tests: &str, message: &str, at: &str) {
    refused(&rule(&format!("given: operation\nmatch: {{ {tests} }}\n{REPORT}")), message, at);
}

#[test]
fn unknown_names_are_shown_where_they_stand() {
    refused(
        &rule(&format!("given: operatoin\nmatch: {{}}\n{REPORT}")),
        "there is no kind of node `operatoin`",
        "operatoin",
    );
    refused_match("inncoming: true", "`operation` has no field `inncoming`", "inncoming");
    refused_match("path: { globb: x }", "unknown operator `globb`", "globb");
    refused_match("operationId: { words: credentail }", "there is no word list `credentail`", "credentail");
    refused_match("path: { glob: $paths }", "there is no option `paths`", "$paths");
    refused_match("class: raed", "`raed` is none of `read`, `write`", "raed");
    refused(
        &rule("given: operation\nmatch: {}\nreport: { at: nowhere, message: x }"),
        "`operation` has no field `nowhere`",
        "nowhere",
    );
    refused(
        &rule(&format!("given: operation\nmatch: {{}}\nsupersedes: [other]\n{REPORT}")),
        "there is no rule `other`",
        "other",
    );
    refused(
        &rule(&format!("given: operation\nmatch: {{}}\nabout: nowhere\n{REPORT}")),
        "`operation` has no field `nowhere`",
        "nowhere",
    );
}

#[test]
fn operators_must_suit_the_type() {
    refused_match("incoming: { glob: x }", "`glob` is no test for a boolean", "glob");
    refused_match("path: { words: credential }", "`words` is no test for a text", "words");
    refused_match("path: { gte: 3 }", "`gte` is no test for a text", "gte");
    refused_match("credentials: [basic, bearer]", "a set is tested with", "[basic, bearer]");
    refused_match("parameters: 3", "related nodes are tested with", "3");
    refused_match("body: true", "this field is tested with", "true");
    refused_match("path: 3", "expected a text (quote it), found `3`", "3");
    refused_match("responses: { covers: 42 }", "`42` is no status code", "42");
    refused_match("path: { sameAs: incoming }", "`incoming` is a boolean, `path` is a text", "incoming");
    refused_match("statusCodes: { some: absent }", "`absent` is for fields", "absent");
    refused(
        &rule(&format!("given: operation\nmatch: {{}}\nabout: method\n{REPORT}")),
        "`method` is a text and names no nodes",
        "method",
    );
}

#[test]
fn nested_conditions_are_checked_against_the_related_kind() {
    refused_match("parameters: { some: { method: GET } }", "`parameter` has no field `method`", "method");
    refused_match("any-of: [{ incoming: true }, { nope: 1 }]", "`operation` has no field `nope`", "nope");
    refused_match("not: { nope: 1 }", "`operation` has no field `nope`", "nope");
}

#[test]
fn a_pattern_must_be_one_and_not_too_large() {
    refused_match("path: { matches: '(' }", "no regular expression: unclosed group", "'('");
    refused_match(
        "path: { matches: '(\\w{1000}){100}' }",
        "the regular expression takes more than",
        "'(\\w{1000}){100}'",
    );
}

#[test]
fn placeholders_must_be_fields_with_a_text() {
    let report = |message: &str| rule(&format!("given: operation\nmatch: {{}}\nreport: {{ message: \"{message}\" }}"));
    refused(&report("{nope}"), "`operation` has no field `nope` for the placeholder", "\"{nope}\"");
    refused(&report("{parameters}"), "field `parameters` has no text", "\"{parameters}\"");
    refused(&report("a {brace"), "a brace without its partner", "\"a {brace\"");
}

#[test]
fn options_are_declared_used_and_of_their_type() {
    let with = |option: &str, test: &str| {
        rule(&format!("options: {{ limit: {option} }}\ngiven: schema\nmatch: {{ {test} }}\n{REPORT}"))
    };
    refused(&with("{ type: number, default: 3 }", ""), "option `limit` is not used", "limit");
    let typed = with("{ type: number, default: three }", "maxItems: { gt: $limit }");
    let (_, outcome) = compile_with(&typed, on());
    assert_eq!(outcome.unwrap_err()[0].message, "this option takes a number, not a text");
}

#[test]
fn the_strict_value_of_an_option_is_checked_in_every_profile() {
    let text = rule(&format!(
        "options: {{ limit: {{ type: number, default: 3, strict: few }} }}\ngiven: schema\nmatch: {{ maxItems: {{ gt: $limit }} }}\n{REPORT}"
    ));
    let (_, outcome) = compile_with(&text, on());
    assert_eq!(outcome.unwrap_err()[0].message, "this option takes a number, not a text");
}

#[test]
fn the_settings_set_options_and_are_blamed_for_wrong_ones() {
    let text = rule(&format!(
        "options: {{ limit: {{ type: number, default: 3 }} }}\ngiven: schema\nmatch: {{ maxItems: {{ gt: $limit }} }}\n{REPORT}"
    ));
    let set = |name: &str, value| Choice { options: BTreeMap::from([(name.to_owned(), value)]), ..on() };
    assert!(compile_with(&text, set("limit", OptionValue::Number(9.0))).1.is_ok());
    for (choice, message) in [
        (set("limit", OptionValue::Text("x".into())), "option `limit` takes a number, not a text"),
        (set("limmit", OptionValue::Number(9.0)), "there is no option `limmit`"),
    ] {
        let errors = compile_with(&text, choice).1.unwrap_err();
        assert_eq!((errors[0].message.as_str(), errors[0].span), (message, None));
    }
}

#[test]
fn a_file_must_be_complete_and_have_its_own_name() {
    let text = rule(&format!("given: operation\nmatch: {{}}\n{REPORT}"));
    refused(&text.replace("id: sample", "id: other"), "the id is not the file's name `sample`", "other");
    refused(&text.replace("why: because\n", ""), "`why` is missing", "sample");
    refused(&text.replace(" # finding", ""), "an invalid example marks a line", "bad");
    refused(
        &text.replace("  - valid: good\n    source: |\n      paths: {}\n", ""),
        "there is no `valid` example",
        "sample",
    );
    refused(&text.replace("severity: low", "severity: lwo"), "unknown value `lwo`", "lwo");
    refused(&text.replace("since:", "sicne:"), "unknown key `sicne` (did you mean `since`?)", "sicne");
}

//! From a document to findings, with the built-in rules: one finding per cause,
//! suppressions of members and of whole causes, and fingerprints that last.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatelint::evaluate::evaluate;
use gatelint::finding::{Finding, State};
use gatelint::merge::{self, Root};
use gatelint::model::Model;
use gatelint::report::inert;
use gatelint::resolve;
use gatelint::rule::{Catalog, RuleSet, by_profile};
use gatelint::settings::Profile;
use gatelint::source::Limits;
use gatelint::words::WordLists;

use crate::model::today;
use crate::sandbox::Sandbox;

const HEAD: &str = "openapi: 3.0.3\ninfo: { title: x, version: \"1\" }\n";

/// A document with its findings.
pub struct Checked {
    model: Model,
    rules: RuleSet,
    pub findings: Vec<Finding>,
}

/// Judges a document; `ignored` are rules with the pointers at which they are suppressed.
fn check_ignoring(text: &str, ignored: &[(&str, &str)]) -> Checked {
    let files = BTreeMap::from([("api.yaml".to_owned(), format!("{HEAD}{text}").into_bytes())]);
    let seeds = files.clone().into_iter().collect();
    let sources = Arc::new(resolve::load(seeds, &files, &Limits::default(), &BTreeMap::new()));
    let root = sources.find("api.yaml").unwrap();
    let lists = WordLists::builtin();
    let model = Model::openapi(sources.clone(), root, lists.clone(), today()).unwrap().unwrap();
    let rules = Catalog::builtin().unwrap().compile(&lists, by_profile(Profile::Default)).unwrap();
    let silence = |rule, place| match ignored {
        _ if !ignored.contains(&(rules.info(rule).id.as_str(), sources.pointer(place).as_str())) => State::Open,
        _ => State::Suppressed { by: "comment", reason: None },
    };
    let mut evaluation = evaluate(&model, &rules);
    for hit in &mut evaluation.hits {
        hit.state = silence(hit.rule, hit.place);
    }
    let findings =
        merge::merge(vec![Root { model: &model, rules: &rules, evaluation }], &mut |rule, place| silence(rule, place));
    Checked { model, rules, findings }
}

pub fn check(text: &str) -> Checked {
    check_ignoring(text, &[])
}

impl Checked {
    /// Rule and pointer of the open findings of some rules.
    pub fn of(&self, rules: &[&str]) -> Vec<(String, String)> {
        let open = self.findings.iter().filter(|finding| finding.state == State::Open);
        let said = open.map(|finding| (self.id(finding).to_owned(), self.model.sources().pointer(finding.place)));
        said.filter(|(rule, _)| rules.contains(&rule.as_str())).collect()
    }

    fn id(&self, finding: &Finding) -> &str {
        &self.rules.info(finding.rule).id
    }

    pub fn find(&self, rule: &str) -> &Finding {
        self.findings.iter().find(|finding| self.id(finding) == rule).unwrap()
    }
}

pub fn said(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(rule, pointer)| ((*rule).to_owned(), (*pointer).to_owned())).collect()
}

/// Rules on operations that need no credentials.
const OPEN: &[&str] = &[
    "no-security-schemes",
    "admin-public",
    "unauthenticated-write",
    "unauthenticated-read",
    "auth-gap-in-path",
    "documented-401-without-security",
    "optional-auth",
    "root-security-empty",
    "explicit-public-write",
];

const LIMITS_429: &[&str] = &["missing-429", "auth-endpoint-without-429"];

const SCHEME: &str = "components: { securitySchemes: { key: { type: apiKey, in: header, name: X-Key } } }\n";

#[test]
fn without_any_scheme_one_rule_speaks_for_the_document() {
    let checked = check(
        "paths:
  /orders:
    post: { responses: { '201': { description: ok }, '401': { description: no } } }
    get: { responses: { '200': { description: ok } } }
  /admin/users:
    delete: { responses: { '204': { description: ok } } }
components: { schemas: {} }
",
    );
    assert_eq!(checked.of(OPEN), said(&[("no-security-schemes", "/components")]));
    let finding = checked.find("no-security-schemes");
    assert_eq!(finding.members, 3, "operations, however many rules speak of each: {finding:?}");
    assert_eq!((finding.related.len(), finding.more_related), (3, 0), "{finding:?}");
}

#[test]
fn schemes_that_nothing_requires_are_one_finding_at_the_schemes() {
    let checked = check(&format!(
        "paths:
  /orders:
    post: {{ responses: {{ '201': {{ description: ok }} }} }}
    get: {{ responses: {{ '200': {{ description: ok }} }} }}
{SCHEME}"
    ));
    assert_eq!(checked.of(OPEN), said(&[("unauthenticated-write", "/components/securitySchemes")]));
    let finding = checked.find("unauthenticated-write");
    assert!(inert::message(&finding.message).starts_with("security schemes are defined"), "{finding:?}");
}

#[test]
fn an_optional_root_is_one_finding_and_an_admin_operation_below_it_another() {
    let checked = check(&format!(
        "security: [{{ key: [] }}, {{}}]
paths:
  /admin/users:
    delete: {{ responses: {{ '204': {{ description: ok }} }} }}
  /orders:
    get: {{ responses: {{ '200': {{ description: ok }} }} }}
    post: {{ responses: {{ '201': {{ description: ok }} }} }}
{SCHEME}"
    ));
    assert_eq!(
        checked.of(OPEN),
        said(&[("optional-auth", "/security"), ("admin-public", "/paths/~1admin~1users/delete")])
    );
    // The labels stand at the operations and not all at the one key.
    let labels = &checked.find("optional-auth").related;
    let places: Vec<String> = labels.iter().map(|label| checked.model.sources().pointer(label.place)).collect();
    assert_eq!(places, ["/paths/~1orders/post", "/paths/~1orders/get", "/security/1"]);
}

const ONE_OPEN: &str = "paths:
  /orders/{id}:
    get: { security: [{ key: [] }], responses: { '200': { description: ok } } }
    post:
      security: []
      responses: { '201': { description: ok }, '401': { description: no } }
";

#[test]
fn the_reasons_why_one_operation_is_open_are_one_finding() {
    let checked = check(&format!("{ONE_OPEN}{SCHEME}"));
    assert_eq!(checked.of(OPEN).len(), 1, "{:?}", checked.of(OPEN));
    let finding = checked.findings.iter().find(|finding| OPEN.contains(&checked.id(finding))).unwrap();
    assert_eq!(finding.members, 1, "one operation for several reasons: {finding:?}");
    assert!(!finding.related.is_empty(), "{finding:?}");
}

#[test]
fn an_ignore_of_a_merged_finding_at_its_place_silences_the_cause() {
    let text = format!("{ONE_OPEN}{SCHEME}");
    let checked = check(&text);
    let spoken = checked.of(OPEN);
    let (rule, pointer) = &spoken[0];
    assert_eq!(check_ignoring(&text, &[(rule, pointer)]).of(OPEN), []);
}

#[test]
fn an_ignored_member_leaves_its_group_and_the_rest_speaks() {
    let text = format!("{ONE_OPEN}{SCHEME}");
    let pointer = "/paths/~1orders~1{id}/post/security";
    let spoken = check(&text).of(OPEN)[0].0.clone();
    let member = OPEN.iter().find(|rule| **rule != spoken && check_only(&text, rule)).unwrap();
    let checked = check_ignoring(&text, &[(member, pointer)]);
    assert_eq!(checked.of(OPEN), said(&[(&spoken, pointer)]));
    assert_eq!(checked.find(member).state, State::Suppressed { by: "comment", reason: None });
}

/// Whether a rule would speak if it were alone.
fn check_only(text: &str, rule: &str) -> bool {
    let checked = check(text);
    let index = checked.rules.find(rule);
    evaluate(&checked.model, &checked.rules).hits.iter().any(|hit| Some(hit.rule) == index)
}

#[test]
fn a_population_without_429_is_one_finding_of_the_first_rule_that_applies() {
    let text = "paths:
  /orders: { get: { responses: { '200': { description: ok } } } }
  /auth/login: { post: { responses: { '200': { description: ok } } } }
";
    let checked = check(text);
    assert_eq!(checked.of(LIMITS_429), said(&[("auth-endpoint-without-429", "/paths")]));
    let finding = checked.find("auth-endpoint-without-429");
    assert_eq!(inert::message(&finding.message), "2 of 2 operations document no 429 (too many requests)");
    let without_login = check(
        "paths:
  /orders: { get: { responses: { '200': { description: ok } } } }
  /items: { get: { responses: { '200': { description: ok } } } }
",
    );
    assert_eq!(without_login.of(LIMITS_429), said(&[("missing-429", "/paths")]));
}

#[test]
fn an_operation_that_documents_429_leaves_findings_on_the_others() {
    let checked = check(
        "paths:
  /orders: { get: { responses: { '200': { description: ok }, '429': { description: slow } } } }
  /auth/login: { post: { responses: { '200': { description: ok } } } }
  /items: { get: { responses: { '200': { description: ok } } } }
",
    );
    let expected = [
        ("auth-endpoint-without-429", "/paths/~1auth~1login/post/responses"),
        ("missing-429", "/paths/~1items/get/responses"),
    ];
    assert_eq!(checked.of(LIMITS_429), said(&expected));
}

#[test]
fn an_ignored_operation_does_not_count_in_its_population() {
    let text = "paths:
  /orders: { get: { responses: { '200': { description: ok } } } }
  /items: { get: { responses: { '200': { description: ok } } } }
";
    let checked = check_ignoring(text, &[("missing-429", "/paths/~1items/get/responses")]);
    assert_eq!(checked.of(LIMITS_429), said(&[("missing-429", "/paths/~1orders/get/responses")]));
}

#[test]
fn a_scheme_that_does_not_exist_is_told_once_at_its_first_place() {
    let checked = check(&format!(
        "paths:
  /a: {{ get: {{ security: [{{ nope: [] }}], responses: {{ '200': {{ description: ok }} }} }} }}
  /b: {{ get: {{ security: [{{ nope: [] }}], responses: {{ '200': {{ description: ok }} }} }} }}
{SCHEME}"
    ));
    let rule = "undefined-security-scheme";
    assert_eq!(checked.of(&[rule]), said(&[(rule, "/paths/~1a/get/security/0/nope")]));
    assert_eq!((checked.find(rule).members, checked.find(rule).discriminator.as_str()), (2, "nope"));
}

fn fingerprints(text: &str) -> Vec<String> {
    check(text).findings.into_iter().map(|finding| finding.fingerprint).collect()
}

const SERVERS: &str = "paths: { /a: { get: { responses: { default: { description: ok } } } } }
servers:
  - url: http://one.example.net
  - url: http://two.example.net
";

#[test]
fn a_fingerprint_does_not_change_when_something_is_inserted_above() {
    let before = check(SERVERS);
    let after = check(&SERVERS.replace("servers:\n", "servers:\n  - url: https://zero.example.net\n"));
    let cleartext = |checked: &Checked| -> Vec<String> {
        let servers = checked.findings.iter().filter(|finding| checked.id(finding).contains("cleartext"));
        servers.map(|finding| finding.fingerprint.clone()).collect()
    };
    assert_eq!(cleartext(&before), cleartext(&after));
    assert_eq!(cleartext(&before).len(), 2);
}

#[test]
fn fingerprints_are_distinct_even_where_nothing_tells_findings_apart() {
    let text = SERVERS.replace("two", "one");
    let prints = fingerprints(&text);
    let distinct: std::collections::BTreeSet<_> = prints.iter().collect();
    assert_eq!(distinct.len(), prints.len());
    assert!(prints.iter().all(|print| print.len() == 34 && print.starts_with("1:")), "{prints:?}");
    assert_eq!(prints, fingerprints(&text));
}

#[test]
fn a_finding_that_anybody_can_reach_weighs_more_and_names_the_way() {
    let text = "openapi: 3.0.3
info: { title: t, version: \"1\" }
security: [{ key: [] }]
paths:
  /jobs:
    post:
      security: []
      parameters: [{ name: command, in: query, schema: { type: string } }]
      responses: { \"202\": { description: accepted } }
components: { securitySchemes: { key: { type: apiKey, in: header, name: X-Key } } }
";
    let run = Sandbox::new(&[("api.yaml", text)]).check("code-like-input", &[]).exits(1);
    let finding = &run.json()["findings"][0];
    assert_eq!(finding["severity"], "high");
    assert_eq!(finding["related"][0]["message"], "reachable without credentials through `POST /jobs`");
}

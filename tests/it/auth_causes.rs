//! Root causes of findings on authentication: what speaks, and what is silent.

use crate::findings::{check, said};

const COOKIE: &str = "components: { securitySchemes: { session: { type: apiKey, in: cookie, name: session } } }\n";

#[test]
fn without_any_scheme_the_operations_that_need_one_most_are_named() {
    let checked = check(
        "paths:\n  /a: { get: { responses: { '401': { description: no } } }, put: { responses: {} } }\n  /b: { get: { responses: {} } }\n  /admin/b: { get: { responses: {} } }\n  /login: { post: { responses: {} } }\n",
    );
    let message = checked.find("no-security-schemes").message.clone();
    assert_eq!(message.args, [("mostExposed".into(), "GET /admin/b, PUT /a, GET /a".to_owned())]);
}

#[test]
fn schemes_that_nothing_requires_are_one_finding_with_the_operations() {
    let checked = check(
        "paths: { /a: { post: { responses: {} } }, /b: { get: { responses: {} } } }\ncomponents: { securitySchemes: { key: { type: apiKey, in: header, name: k }, more: { type: http, scheme: bearer } } }\n",
    );
    let found = checked.of(&["unused-security-scheme", "unauthenticated-write", "unauthenticated-read"]);
    assert_eq!(found, said(&[("unauthenticated-write", "/components/securitySchemes")]));
}

#[test]
fn an_unused_scheme_is_told_only_if_nothing_else_is_wrong_with_it() {
    let checked = check(
        "security: [{ key: [] }]\npaths: { /a: { get: { responses: {} } } }\ncomponents:\n  securitySchemes:\n    key: { type: apiKey, in: header, name: k }\n    staff: { type: http, scheme: basic }\n    oauth: { type: oauth2, flows: { implicit: { authorizationUrl: 'https://h.example/a', scopes: {} } } }\n    bearer: { type: http, scheme: bearer }\n",
    );
    let found = checked.of(&["unused-security-scheme", "http-basic-auth", "oauth2-implicit-flow"]);
    let expected = [
        ("http-basic-auth", "/components/securitySchemes/staff/scheme"),
        ("oauth2-implicit-flow", "/components/securitySchemes/oauth/flows/implicit"),
        ("unused-security-scheme", "/components/securitySchemes/bearer"),
    ];
    assert_eq!(found, said(&expected));
}

#[test]
fn a_key_in_the_query_takes_the_parameters_that_repeat_it() {
    let checked = check(
        "paths:\n  /a: { get: { security: [{ key: [] }], parameters: [{ name: api_key, in: query, schema: { type: string } }], responses: {} } }\n  /b: { get: { security: [], parameters: [{ name: api_key, in: query, schema: { type: string } }], responses: {} } }\ncomponents: { securitySchemes: { key: { type: apiKey, in: query, name: api_key } } }\n",
    );
    let found = checked.of(&["api-key-in-query", "credential-in-url"]);
    let expected = [
        ("credential-in-url", "/paths/~1b/get/parameters/0/name"),
        ("api-key-in-query", "/components/securitySchemes/key/in"),
    ];
    assert_eq!(found, said(&expected));
}

#[test]
fn a_login_by_get_is_told_in_place_of_its_parameters() {
    let checked = check(
        "paths: { /login: { get: { parameters: [{ name: password, in: query, schema: { type: string } }], responses: {} } } }\n",
    );
    let found = checked.of(&["auth-endpoint-get", "credential-in-url"]);
    assert_eq!(found, said(&[("auth-endpoint-get", "/paths/~1login/get")]));
}

#[test]
fn one_write_with_a_cookie_is_one_finding() {
    let checked = check(&format!(
        "security: [{{ session: [] }}]\npaths: {{ /a: {{ post: {{ requestBody: {{ content: {{ text/plain: {{}} }} }}, responses: {{}} }} }} }}\n{COOKIE}"
    ));
    let found = checked.of(&["csrf-able-content-type", "cookie-auth-without-csrf"]);
    assert_eq!(found, said(&[("csrf-able-content-type", "/paths/~1a/post")]));
}

#[test]
fn where_no_write_with_a_cookie_has_a_defence_the_scheme_is_told_once() {
    let checked = check(&format!(
        "security: [{{ session: [] }}]\npaths: {{ /a: {{ post: {{ requestBody: {{ content: {{ text/plain: {{}} }} }}, responses: {{}} }}, put: {{ responses: {{}} }} }} }}\n{COOKIE}"
    ));
    let found = checked.of(&["csrf-able-content-type", "cookie-auth-without-csrf"]);
    assert_eq!(found, said(&[("csrf-able-content-type", "/components/securitySchemes/session")]));
}

#[test]
fn each_weaker_alternative_is_told_once_for_the_pair() {
    let checked = check(
        "paths:\n  /a: { get: { security: [{ bearer: [] }, { staff: [] }], responses: {} } }\n  /b: { get: { security: [{ staff: [] }, { bearer: [] }], responses: {} } }\ncomponents: { securitySchemes: { bearer: { type: http, scheme: bearer }, staff: { type: http, scheme: basic } } }\n",
    );
    let found = checked.of(&["weak-auth-alternative"]);
    assert_eq!(found, said(&[("weak-auth-alternative", "/paths/~1a/get/security/1/staff")]));
}

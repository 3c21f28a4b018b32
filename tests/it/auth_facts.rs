//! Facts on how callers authenticate: what requirements lead to and how strong it is.

use gatelint::model::{Id, Kind};

use crate::facts::{facts, of, stands_at};
use crate::model::{fact, model_of};

#[test]
fn the_weakest_and_the_strongest_alternative_have_a_rank() {
    let model = model_of(
        "openapi: 3.1.0\nsecurity: [{bearer: []}]\npaths:\n  /none: {get: {security: [], responses: {}}}\n  /maybe: {get: {security: [{bearer: []}, {}], responses: {}}}\n  /root: {get: {responses: {}}}\n  /mixed: {get: {security: [{key: []}, {tls: [], staff: []}], responses: {}}}\n  /own: {get: {security: [{own: []}], responses: {}}}\n  /lost: {get: {security: bearer, responses: {}}}\ncomponents:\n  securitySchemes:\n    bearer: {type: http, scheme: Bearer}\n    key: {type: apiKey, in: query, name: k}\n    tls: {type: mutualTLS}\n    staff: {type: http, scheme: basic}\n    own: {type: http, scheme: own}\n",
        &[],
    );
    let lost = "unknown: security key that has no effect";
    assert_eq!(facts(&model, Kind::Operation, "weakestRank"), ["-1", "-1", "3", "0", "absent", lost]);
    assert_eq!(facts(&model, Kind::Operation, "strongestRank"), ["-1", "3", "3", "4", "absent", lost]);
}

#[test]
fn an_alternative_is_as_strong_as_its_strongest_scheme_and_stands_there() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /a: {get: {security: [{staff: []}, {staff: [], bearer: []}], responses: {}}}\ncomponents:\n  securitySchemes:\n    bearer: {type: http, scheme: bearer}\n    staff: {type: http, scheme: basic}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Requirement, "ranksBelow"), ["2", "0"]);
    assert_eq!(facts(&model, Kind::Requirement, "strongestBeside"), ["bearer", "bearer"]);
    assert_eq!(stands_at(&model, Kind::Requirement, 1, "strongestScheme"), "bearer");
    assert_eq!(facts(&model, Kind::Requirement, "operations"), ["operation0", "operation0"]);
}

#[test]
fn a_requirement_leads_to_its_scheme_by_name_before_by_uri() {
    let model = model_of(
        "openapi: 3.2.0\nsecurity: [{'#/components/securitySchemes/key': []}]\npaths:\n  /a: {get: {responses: {}}}\n  /b: {get: {security: [{'auth.yaml#/oauth': [read]}], responses: {}}}\n  /c: {get: {security: [{'gone.yaml#/x': []}], responses: {}}}\ncomponents:\n  securitySchemes:\n    key: {type: apiKey, in: header, name: k}\n",
        &[(
            "auth.yaml",
            "oauth:\n  type: oauth2\n  flows: {clientCredentials: {tokenUrl: 'http://h.example/t', scopes: {read: x}}}\n",
        )],
    );
    assert_eq!(facts(&model, Kind::RequiredScheme, "definition"), ["securityScheme0", "securityScheme1", "absent"]);
    assert_eq!(facts(&model, Kind::RequiredScheme, "defined"), ["true", "true", "false"]);
    assert_eq!(of(&model, Kind::SecurityScheme, "oauth", "requiredBy"), "operation1");
    assert_eq!(facts(&model, Kind::OauthFlow, "flow"), ["clientCredentials"]);
    assert_eq!(facts(&model, Kind::RequiredScope, "declared"), ["true"]);
    assert_eq!(facts(&model, Kind::AuthUrl, "scheme"), ["http"]);
}

#[test]
fn before_3_2_a_uri_leads_to_no_scheme() {
    let model = model_of(
        "openapi: 3.1.0\nsecurity: [{'#/components/securitySchemes/key': []}]\npaths: {}\ncomponents: {securitySchemes: {key: {type: apiKey, in: header, name: k}}}\n",
        &[],
    );
    assert_eq!(fact(&model, Id { kind: Kind::RequiredScheme, index: 0 }, "definition"), "absent");
}

#[test]
fn a_scheme_is_named_by_any_requirement_and_nobody_knows_where_one_is_lost() {
    let named = |rest: &str| {
        let text = format!(
            "openapi: 3.1.0\n{rest}\ncomponents: {{securitySchemes: {{key: {{type: apiKey, in: header, name: k}}}}}}\n"
        );
        fact(&model_of(&text, &[]), Id { kind: Kind::SecurityScheme, index: 0 }, "named")
    };
    assert_eq!(named("paths: {}\nsecurity: [{key: []}]"), "true");
    assert_eq!(named("paths: {}"), "false");
    assert_eq!(named("paths: {}\nSecurity: [{key: []}]"), "unknown: security key that has no effect");
    assert_eq!(named("paths: {/a: {$ref: gone.yaml}}"), "unknown: unresolved reference");
    assert_eq!(named("paths: {/a: {get: {parameters: [{$ref: gone.yaml}], responses: {}}}}"), "false");
}

#[test]
fn what_a_scheme_lacks_stands_where_it_is_to_be_added() {
    let model = model_of(
        "openapi: 3.1.0\npaths: {}\ncomponents:\n  securitySchemes:\n    a: {type: oauth2, flows: {authorizationCode: {scopes: {}}}}\n    b: {type: apiKey, name: '', in: body}\n    c:\n    d: {$ref: '#/gone'}\n",
        &[],
    );
    let missing = facts(&model, Kind::SecurityScheme, "missing");
    let flow = "flows.authorizationCode.authorizationUrl flows.authorizationCode.tokenUrl";
    assert_eq!(missing, [flow, "name", "type", "absent"]);
    assert_eq!(stands_at(&model, Kind::SecurityScheme, 0, "missing"), "authorizationCode");
    assert_eq!(facts(&model, Kind::SecurityScheme, "illegalField")[1], "in");
    assert_eq!(facts(&model, Kind::SecurityScheme, "illegalValue")[1], "body");
}

#[test]
fn cookies_alone_are_told_from_cookies_beside_something_else() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /a:\n    get: {security: [{c: []}, {}], responses: {}}\n    put: {security: [{c: [], k: []}], responses: {}}\n    post: {security: [], responses: {}}\n    patch: {security: [{gone: []}], responses: {}}\n    delete: {security: [{broken: []}], responses: {}}\ncomponents:\n  securitySchemes:\n    c: {type: apiKey, in: cookie, name: c}\n    k: {type: apiKey, in: header, name: k}\n    broken: {$ref: '#/gone'}\n",
        &[],
    );
    let expected = ["true", "false", "false", "false", "unknown: unresolved reference"];
    assert_eq!(facts(&model, Kind::Operation, "cookieOnly"), expected);
    assert_eq!(facts(&model, Kind::Document, "cookieSchemes"), ["securityScheme0"]);
}

#[test]
fn what_2_0_takes_is_what_it_consumes_or_the_form_it_declares() {
    let model = model_of(
        "swagger: '2.0'\nconsumes: [application/json]\npaths:\n  /a:\n    get: {responses: {}}\n    put: {consumes: [text/plain, 'Application/XML; charset=utf-8'], parameters: [{in: body, name: b}], responses: {}}\n    post: {parameters: [{in: formData, name: f, type: string}], responses: {}}\n    patch: {consumes: [application/json, multipart/form-data], parameters: [{in: formData, name: f, type: string}], responses: {}}\n",
        &[],
    );
    let expected = ["absent", "text/plain application/xml", "application/x-www-form-urlencoded", "multipart/form-data"];
    assert_eq!(facts(&model, Kind::Operation, "requestTypes"), expected);
}

#[test]
fn the_names_of_a_path_leave_out_its_parameters() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /users/{id}/email/{kind}: {get: {responses: {}}}\n  '/users/{id}:changePassword': {post: {responses: {}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Operation, "staticSegments"), ["users email", "users"]);
    assert_eq!(facts(&model, Kind::Operation, "lastSegment"), ["email", "users"]);
    assert_eq!(facts(&model, Kind::Operation, "ownerSegment"), ["users", "absent"]);
    assert_eq!(facts(&model, Kind::Operation, "pathWords"), ["/users/ /email/ ", "/users/ :changePassword"]);
}

#[test]
fn the_fields_of_bodies_are_found_at_any_depth() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /a:\n    post:\n      requestBody: {content: {application/json: {schema: {type: object, properties: {a: {type: array, items: {allOf: [{$ref: '#/components/schemas/S'}]}}}}}}}\n      responses:\n        '200': {description: ok, content: {application/json: {schema: {oneOf: [{$ref: '#/components/schemas/S'}]}}}}\n        '400': {description: no, content: {application/json: {schema: {type: object, properties: {reason: {type: string}}}}}}\ncomponents: {schemas: {S: {type: object, properties: {b: {type: string}, again: {$ref: '#/components/schemas/S'}}}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Operation, "bodyFields"), ["a b again"]);
    assert_eq!(facts(&model, Kind::Operation, "responseFields"), ["b again"]);
}

#[test]
fn a_scheme_sends_a_parameter_only_where_it_is_in_force() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /a:\n    parameters: [{name: x-key, in: header, schema: {type: string}}]\n    get: {security: [{key: []}], responses: {}}\n  /b:\n    parameters: [{name: X-Key, in: header, schema: {type: string}}]\n    get: {security: [{key: []}], responses: {}}\n    put: {security: [], responses: {}}\n  /c: {get: {security: [{bearer: []}], parameters: [{name: Authorization, in: header, schema: {type: string}}], responses: {}}}\ncomponents: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}, bearer: {type: http, scheme: bearer}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Parameter, "sentByScheme"), ["true", "false", "true"]);
}

#[test]
fn the_shortest_text_follows_from_limit_and_pattern() {
    let model = model_of(
        "openapi: 3.1.0\npaths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/S'}}}}, responses: {}}}}\ncomponents:\n  schemas:\n    S:\n      type: object\n      properties:\n        none: {type: string}\n        limit: {type: string, minLength: 5, pattern: '^.{3,}$'}\n        pattern: {type: string, pattern: '^(?=.*[0-9]).{12,}$'}\n        odd: {type: string, pattern: '('}\n        either: {type: string, anyOf: [{minLength: 3}, {minLength: 9}]}\n        closed: {type: string, enum: [a]}\n        lost: {type: string, allOf: [{$ref: '#/gone'}]}\n",
        &[],
    );
    let lost = "unknown: unresolved reference";
    let expected = ["0", "5", "12", "absent", "absent", "absent", lost];
    assert_eq!(facts(&model, Kind::Property, "shortest"), expected);
}

#[test]
fn a_property_is_set_by_the_operations_whose_body_it_tops() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /a: {post: {requestBody: {content: {application/json: {schema: {allOf: [{$ref: '#/components/schemas/U'}]}}}}, responses: {}}}\n  /b: {post: {requestBody: {content: {application/json: {schema: {type: object, properties: {user: {$ref: '#/components/schemas/U'}}}}}}, responses: {}}}\n  /c: {post: {requestBody: {content: {application/json: {schema: {type: object, properties: {user: {$ref: '#/components/schemas/U'}, note: {type: string}}}}}}, responses: {}}}\ncomponents: {schemas: {U: {type: object, properties: {password: {type: string}}}}}\n",
        &[],
    );
    assert_eq!(of(&model, Kind::Property, "password", "setBy"), "operation0 operation1");
}

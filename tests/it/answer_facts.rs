//! Facts on what clients are answered: statuses, headers, media types, errors.

use gatelint::model::{Id, Kind, Model};

use crate::facts::facts;
use crate::model::{fact, model_of};

fn first(model: &Model, kind: Kind, field: &str) -> String {
    fact(model, Id { kind, index: 0 }, field)
}

/// A document with one GET that has these responses.
fn answering(responses: &str) -> Model {
    model_of(&format!("openapi: 3.0.3\npaths:\n  /a:\n    get:\n      responses: {responses}\n"), &[])
}

#[test]
fn a_shared_response_has_every_status_it_is_used_under() {
    let model = model_of(
        "openapi: 3.0.3\npaths:\n  /a:\n    get: {responses: {'200': {description: x}, '401': {$ref: '#/components/responses/No'}}}\n    put: {responses: {2XX: {description: x}, '403': {$ref: '#/components/responses/No'}, '401': {$ref: '#/components/responses/No'}}}\ncomponents: {responses: {No: {description: x}, Unused: {description: x}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Response, "status"), ["200", "2XX", "No", "Unused"]);
    assert_eq!(facts(&model, Kind::Response, "statuses"), ["200", "2XX", "401 403", ""]);
    assert_eq!(facts(&model, Kind::Response, "class"), ["success", "success", "clientError", "absent"]);
}

#[test]
fn default_is_an_error_only_beside_a_success() {
    let model = answering("{'200': {description: x}, default: {description: x}}");
    assert_eq!(facts(&model, Kind::Response, "class"), ["success", "default"]);
    let model = answering("{'404': {description: x}, default: {description: x}}");
    assert_eq!(facts(&model, Kind::Response, "class"), ["clientError", "success"]);
}

#[test]
fn a_header_has_the_name_it_is_used_under() {
    let model = model_of(
        "openapi: 3.0.3\npaths: {/a: {get: {responses: {'200': {description: x, headers: {X-Rate: {$ref: '#/components/headers/Rate'}, Gone: {$ref: '#/nowhere'}}}}}}}\ncomponents: {headers: {Rate: {schema: {type: string}}, Own: {schema: {type: string}}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Header, "name"), ["x-rate", "own"]);
    assert_eq!(first(&model, Kind::Response, "headerNames"), "x-rate gone");
}

#[test]
fn headers_behind_a_broken_reference_are_unknown() {
    let model = answering("{'200': {description: x, headers: {$ref: '#/nowhere'}}}");
    assert_eq!(first(&model, Kind::Response, "headerNames"), "unknown: unresolved reference");
    assert_eq!(first(&model, Kind::Document, "successHeaders"), "unknown: unresolved reference");
    let model = answering("{'200': {$ref: '#/nowhere'}}");
    assert_eq!(first(&model, Kind::Document, "successHeaders"), "unknown: unresolved reference");
    assert_eq!(first(&model, Kind::Document, "missingSecurityHeaders"), "unknown: unresolved reference");
}

#[test]
fn a_document_faces_browsers_if_it_names_a_cors_header_or_has_preflights() {
    let plain = answering("{'200': {description: x, headers: {ETag: {schema: {type: string}}}}}");
    assert_eq!(first(&plain, Kind::Document, "browserFacing"), "unstated");
    let cors = answering("{'404': {description: x, headers: {access-control-max-age: {schema: {type: string}}}}}");
    assert_eq!(first(&cors, Kind::Response, "browserFacing"), "stated");
    let preflight = model_of("openapi: 3.0.3\npaths: {/a: {options: {responses: {'204': {description: x}}}}}\n", &[]);
    assert_eq!(first(&preflight, Kind::Document, "browserFacing"), "stated");
}

#[test]
fn a_2_0_operation_returns_what_it_or_the_root_produces() {
    let model = model_of(
        "swagger: '2.0'\nproduces: [application/JSON; charset=utf-8]\npaths:\n  /a:\n    get: {responses: {'200': {description: x, schema: {type: object}}}}\n    put: {produces: [], responses: {'200': {description: x, schema: {type: object}}}}\n    delete: {responses: {'204': {description: x}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::MediaType, "type"), ["application/json", "absent"]);
    assert_eq!(facts(&model, Kind::MediaType, "direction"), ["response", "response"]);
    assert_eq!(facts(&model, Kind::Response, "contentTypes"), ["application/json", "absent", "absent"]);
    assert_eq!(facts(&model, Kind::Operation, "mediaTypes"), ["absent", "absent", "absent"]);
}

#[test]
fn structured_media_types_without_a_schema_are_told() {
    let model = answering(
        "{'200': {description: x, content: {application/json: {}, application/vnd.a+xml: {example: x}, text/csv: {}, text/yaml: , application/yaml: {schema: {}}}}}",
    );
    assert_eq!(first(&model, Kind::Response, "typesWithoutSchema"), "application/json application/vnd.a+xml text/yaml");
}

#[test]
fn error_responses_show_the_fields_and_the_texts_of_their_examples() {
    let model = answering(
        "{'200': {description: x, content: {application/json: {schema: {type: object, properties: {ok: {type: string}}}}}}, '500': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Error'}, example: {a: [{b: 'ORA-00942: gone'}]}}}}}\ncomponents:\n  schemas:\n    Error: {type: object, properties: {next: {$ref: '#/components/schemas/Error'}, secret: {type: string, writeOnly: true}}}",
    );
    assert_eq!(facts(&model, Kind::ErrorDetail, "name"), ["absent", "next"]);
    assert_eq!(facts(&model, Kind::ErrorDetail, "inside"), ["ORA-00942", "absent"]);
}

#[test]
fn codes_that_every_operation_should_document_are_covered_by_ranges_and_default() {
    let model = model_of(
        "openapi: 3.0.3\npaths:\n  /a:\n    get: {responses: {'200': {description: x}, '404': {description: x}}}\n    post: {requestBody: {content: {}}, responses: {'200': {description: x}, 4xx: {description: x}}}\n    put: {requestBody: {content: {}}, responses: {}}\n    delete: {responses: {default: {description: x}}}\n",
        &[],
    );
    assert_eq!(
        facts(&model, Kind::Operation, "missingErrors"),
        ["406 default", "default", "404 406 413 415 default", "absent"]
    );
}

#[test]
fn keys_of_responses_that_are_no_statuses_are_survived() {
    let model = answering("{é9: {description: x}, '': {description: x}, ' 4XX': {description: x}}");
    assert_eq!(first(&model, Kind::Operation, "missingErrors"), "404 406 default");
    assert_eq!(first(&model, Kind::Operation, "errorResponses"), "absent");
    let broken = answering("{$ref: '#/nowhere'}");
    assert_eq!(first(&broken, Kind::Operation, "missingErrors"), "unknown: unresolved reference");
    assert_eq!(first(&broken, Kind::Operation, "errorResponses"), "unknown: unresolved reference");
}

#[test]
fn a_cookie_lacks_what_no_shown_value_has() {
    let lacks = |header: &str| {
        let model = answering(&format!("{{'200': {{description: x, headers: {{Set-Cookie: {header}}}}}}}"));
        first(&model, Kind::Header, "cookieLacks")
    };
    assert_eq!(lacks("{example: 'sid=1; Path=/'}"), "Secure HttpOnly SameSite");
    assert_eq!(
        lacks("{schema: {type: string, enum: ['a=1; Secure; HttpOnly; SameSite=Lax', 'b=1; Secure']}}"),
        "HttpOnly SameSite"
    );
    assert_eq!(lacks("{example: 'csrf_token=1; Secure; SameSite=Lax'}"), "absent");
    assert_eq!(lacks("{description: 'A cookie with Path=/ and more.'}"), "absent");
}

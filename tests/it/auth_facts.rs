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

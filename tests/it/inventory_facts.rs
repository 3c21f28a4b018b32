//! Facts on servers, versions, references and calls that clients set off, and causes that rules on them share.

use gatelint::model::{Id, Kind};

use crate::facts::{facts, of, stands_at};
use crate::findings::{check, said};
use crate::model::{fact, model_of};

#[test]
fn labels_of_a_host_are_those_left_of_the_registrable_domain() {
    let model = model_of(
        "openapi: 3.0.0\nservers:\n  - {url: 'https://API.dev.acme.co.uk:8443/v1'}\n  - {url: 'https://acme.io'}\n  - {url: 'https://{tenant}.eu.acme.io', variables: {tenant: {default: '{x}'}}}\n  - {url: 'http://10.0.0.1'}\n  - {url: /v1}\npaths: {}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Server, "hostLabels"), ["api dev", "absent", "eu", "absent", "absent"]);
}

#[test]
fn a_host_of_2_0_is_a_server_without_schemes_too_and_stands_at_the_host() {
    let model = model_of("swagger: '2.0'\nhost: api.acme.io\npaths: {/a: {get: {responses: {}}}}\n", &[]);
    assert_eq!(facts(&model, Kind::Server, "host"), ["api.acme.io"]);
    assert_eq!(facts(&model, Kind::Server, "schemes"), ["absent"]);
    assert_eq!(facts(&model, Kind::Server, "usedBy"), ["operation0"]);
    assert_eq!(stands_at(&model, Kind::Server, 0, "host"), "api.acme.io");
    assert_eq!(facts(&model, Kind::Document, "missingServers"), ["schemes"]);
}

#[test]
fn servers_are_missing_only_where_an_operation_needs_one() {
    let missing =
        |rest: &str| facts(&model_of(&format!("openapi: 3.1.0\n{rest}"), &[]), Kind::Document, "missingServers");
    assert_eq!(missing("paths: {/a: {get: {responses: {}}}}\n"), ["servers"]);
    assert_eq!(missing("servers: []\npaths: {/a: {get: {responses: {}}}}\n"), ["servers"]);
    assert_eq!(missing("paths: {/a: {servers: [{url: /}], get: {responses: {}}}}\n"), ["absent"]);
    assert_eq!(missing("webhooks: {w: {post: {responses: {}}}}\n"), ["absent"]);
}

#[test]
fn a_server_is_foreign_to_the_domains_of_the_root() {
    let model = model_of(
        "openapi: 3.0.0\nservers: [{url: 'https://api.acme.io'}]\npaths:\n  /a:\n    servers: [{url: 'https://b.acme.io'}, {url: 'https://acme.io.evil.net'}, {url: 'http://10.0.0.1'}, {url: /x}]\n    get: {responses: {}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Server, "foreign"), ["false", "false", "true", "absent", "absent"]);
}

#[test]
fn a_reference_knows_what_it_leads_to_and_whether_that_exists() {
    let model = model_of(
        "openapi: 3.1.0\ncomponents:\n  schemas:\n    A: {$ref: '#/components/schemas/Lost'}\n    B: {$ref: 'https://acme.io/b.json'}\n    C: {$ref: '#/components/schemas/D'}\n    D: {$ref: '#/components/schemas/C'}\n  parameters:\n    P: {$ref: gone.yaml}\n  responses: {$ref: '#/x-responses'}\n",
        &[],
    );
    assert_eq!(
        facts(&model, Kind::Reference, "expects"),
        ["schema", "schema", "schema", "schema", "parameter", "response"]
    );
    assert_eq!(facts(&model, Kind::Reference, "dangling"), ["true", "false", "true", "true", "true", "true"]);
}

#[test]
fn versions_of_an_operation_know_those_that_follow() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /v2/a/{x}: {get: {responses: {}}}\n  /v1/a/{y}: {get: {responses: {}}, post: {responses: {}}}\n  /v10/a/{z}: {get: {responses: {}}}\n  /b: {get: {responses: {}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Operation, "version"), ["v2", "v1", "absent", "v10", "absent"]);
    assert_eq!(facts(&model, Kind::Operation, "nextVersion"), ["v10", "v2", "absent", "absent", "absent"]);
    assert_eq!(facts(&model, Kind::Operation, "newerVersions")[1], "operation0 operation3");
}

#[test]
fn the_first_segment_comes_after_api_and_versions() {
    let model = model_of(
        "openapi: 3.0.0\npaths: {/api/v1/env: {get: {responses: {}}}, '/{tenant}/env': {get: {responses: {}}}, /v2: {get: {responses: {}}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Operation, "firstSegment"), ["env", "absent", "absent"]);
}

#[test]
fn inputs_are_parameters_and_what_a_body_may_set() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /a:\n    post:\n      parameters: [{name: q, in: query, schema: {type: array, items: {type: string, format: uri}}}]\n      requestBody: {content: {application/json: {schema: {type: object, properties: {id: {type: string, readOnly: true}, url: {type: string}}}}}}\n      responses: {'200': {description: x, content: {application/json: {schema: {type: object, properties: {seen: {type: string}}}}}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Input, "name"), ["q", "url"]);
    assert_eq!(facts(&model, Kind::Input, "in"), ["query", "body"]);
    assert_eq!(facts(&model, Kind::Input, "types"), ["string", "string"]);
    assert_eq!(facts(&model, Kind::Input, "format"), ["uri", "absent"]);
    assert_eq!(of(&model, Kind::Input, "url", "operations"), "operation0");
}

#[test]
fn a_callback_reads_its_host_from_inputs_of_its_operation() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /a:\n    post:\n      parameters: [{name: to, in: query, schema: {type: string}}]\n      requestBody: {content: {application/json: {schema: {type: object, properties: {hook: {allOf: [{type: object, properties: {url: {type: string}}}]}}}}}}\n      responses: {}\n      callbacks:\n        one: {'{$request.body#/hook/url}/x': {post: {responses: {}}}, '{$request.query.to}': {post: {responses: {}}}}\n        two: {'https://acme.io/{$request.query.to}': {post: {responses: {}}}, '{$request.body#/lost}': {post: {responses: {}}}, '{$response.body#/url}': {post: {responses: {}}}}\n",
        &[],
    );
    let expressions = ["$request.body#/hook/url", "$request.query.to", "absent", "$request.body#/lost", "absent"];
    assert_eq!(facts(&model, Kind::Callback, "hostExpression"), expressions);
    assert_eq!(facts(&model, Kind::Callback, "sources"), ["input2", "input0", "absent", "absent", "absent"]);
    assert_eq!(facts(&model, Kind::Callback, "operations")[0], "/a");
    assert_eq!(fact(&model, Id { kind: Kind::Input, index: 2 }, "name"), "url");
}

#[test]
fn broken_references_on_the_way_of_a_callback_leave_its_source_unknown() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /a:\n    post:\n      requestBody: {$ref: '#/components/requestBodies/Lost'}\n      responses: {}\n      callbacks: {one: {'{$request.body#/url}': {post: {responses: {}}}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Callback, "sources"), ["unknown: unresolved reference"]);
}

#[test]
fn circles_of_schemas_and_references_end() {
    let model = model_of(
        "openapi: 3.1.0\ncomponents:\n  schemas:\n    A: {required: [x], allOf: [{$ref: '#/components/schemas/B'}]}\n    B: {required: [y], anyOf: [{$ref: '#/components/schemas/A'}]}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Schema, "undefinedRequired")[0], "x");
}

const KEY: &str = "components: { securitySchemes: { key: { type: apiKey, in: header, name: X-Key } } }\n";

#[test]
fn an_open_debug_endpoint_speaks_for_what_makes_it_open_and_a_protected_one_for_itself() {
    let rules = ["debug-endpoint", "unauthenticated-write", "explicit-public-write", "optional-auth"];
    let open = check(&format!(
        "security: [{{ key: [] }}]\npaths:\n  /actuator/env:\n    post: {{ security: [], responses: {{ '200': {{ description: ok }} }} }}\n{KEY}"
    ));
    assert_eq!(open.of(&rules), said(&[("debug-endpoint", "/paths/~1actuator~1env")]));
    let optional = check(&format!(
        "paths:\n  /actuator/env:\n    post: {{ security: [{{}}, {{ key: [] }}], responses: {{ '200': {{ description: ok }} }} }}\n{KEY}"
    ));
    let apart =
        [("debug-endpoint", "/paths/~1actuator~1env"), ("optional-auth", "/paths/~1actuator~1env/post/security")];
    assert_eq!(optional.of(&rules), said(&apart));
}

#[test]
fn of_the_rules_on_one_host_the_first_speaks() {
    let rules = ["internal-host-published", "placeholder-server", "server-ip-literal"];
    let checked = check("servers: [{ url: https://dev.example.com }, { url: https://example.com }]\npaths: {}\n");
    let hosts = [("internal-host-published", "/servers/0/url"), ("placeholder-server", "/servers/1/url")];
    assert_eq!(checked.of(&rules), said(&hosts));
}

#[test]
fn of_the_rules_on_one_url_of_a_client_the_first_speaks() {
    let rules = ["open-redirect-parameter", "callback-from-request", "jsonp-callback", "url-from-client"];
    let checked = check(
        "paths:
  /prices:
    get:
      parameters: [{ name: callback, in: query, schema: { type: string } }]
      responses: { '200': { description: ok, content: { application/javascript: { schema: { type: string } } } } }
  /session:
    post:
      parameters:
        - { name: returnUrl, in: query, schema: { type: string } }
        - { name: hookUrl, in: query, schema: { type: string } }
      responses: { '302': { description: moved } }
      callbacks: { seen: { '{$request.query.hookUrl}': { post: { responses: { '204': { description: ok } } } } } }
",
    );
    let parameters = [
        ("jsonp-callback", "/paths/~1prices/get/parameters/0/name"),
        ("open-redirect-parameter", "/paths/~1session/post/parameters/0/name"),
        ("callback-from-request", "/paths/~1session/post/parameters/1/name"),
    ];
    assert_eq!(checked.of(&rules), said(&parameters));
}

//! Effective facts (E1 to E11 of the catalogue) of small documents: what rules get to see.

use gatelint::model::{Id, Kind, Model};

use crate::model::{fact, model_of};

/// One fact of all nodes of a kind, in document order.
pub fn facts(model: &Model, kind: Kind, field: &str) -> Vec<String> {
    model.nodes(kind).map(|id| fact(model, id, field)).collect()
}

/// One fact of the node whose `name` (`path` for operations) is that.
pub fn of(model: &Model, kind: Kind, name: &str, field: &str) -> String {
    let key = if kind == Kind::Operation { "path" } else { "name" };
    let found: Vec<Id> = model.nodes(kind).filter(|&id| fact(model, id, key) == name).collect();
    assert_eq!(found.len(), 1, "{kind} `{name}`");
    fact(model, found[0], field)
}

/// The text a fact of the first node of a kind stands at.
pub fn stands_at(model: &Model, kind: Kind, index: u32, field: &str) -> String {
    let row = gatelint::model::fields::find(kind, field).expect("a field");
    let place = (row.at)(model, index).unwrap_or_else(|| model.place(Id { kind, index }));
    let span = model.sources().span(place);
    model.sources().file(span.file).text[span.start as usize..span.end as usize].to_owned()
}

fn body(schema: &str) -> Model {
    let text = format!(
        "openapi: 3.1.0\npaths:\n  /x:\n    post:\n      requestBody:\n        content:\n          application/json:\n            schema: {schema}\n      responses: {{}}\ncomponents:\n  schemas:\n    Ids: {{type: array, items: {{type: integer}}}}\n    Text: {{type: string}}\n"
    );
    model_of(&text, &[])
}

#[test]
fn a_lost_security_key_makes_what_it_meant_unknown() {
    let misplaced =
        model_of("openapi: 3.0.0\npaths:\n  /a:\n    security: [{key: []}]\n    get: {responses: {}}\n", &[]);
    assert_eq!(facts(&misplaced, Kind::Operation, "security"), ["unknown: security key that has no effect"]);
    let misspelled = model_of("openapi: 3.0.0\nSecurity: [{key: []}]\npaths: {/a: {get: {responses: {}}}}\n", &[]);
    assert_eq!(facts(&misspelled, Kind::Operation, "security"), ["unknown: security key that has no effect"]);
    let malformed = model_of("openapi: 3.0.0\npaths: {/a: {get: {security: {key: []}, responses: {}}}}\n", &[]);
    assert_eq!(facts(&malformed, Kind::Operation, "security"), ["unknown: security key that has no effect"]);
    assert_eq!(facts(&malformed, Kind::MalformedSecurity, "found"), ["an object"]);
}

#[test]
fn a_null_security_counts_as_lost_and_not_as_public() {
    let model = model_of("openapi: 3.0.0\nsecurity: [{k: []}]\npaths: {/a: {get: {security: , responses: {}}}}\n", &[]);
    assert_eq!(facts(&model, Kind::Operation, "security"), ["unknown: security key that has no effect"]);
    assert_eq!(facts(&model, Kind::MalformedSecurity, "found"), ["null"]);
}

#[test]
fn webhooks_and_callbacks_are_outgoing_and_turn_directions_round() {
    let model = model_of(
        "openapi: 3.1.0\nwebhooks:\n  ping:\n    post:\n      requestBody: {content: {application/json: {schema: {type: string}}}}\n      responses: {'200': {content: {application/json: {schema: {type: array}}}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Operation, "incoming"), ["false"]);
    assert_eq!(facts(&model, Kind::Schema, "direction"), ["response", "request"]);
}

#[test]
fn read_only_takes_a_property_out_of_requests_and_write_only_out_of_responses() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /u:\n    put:\n      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/U'}}}}\n      responses: {'200': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/U'}}}}}\ncomponents:\n  schemas:\n    U:\n      type: object\n      properties:\n        id: {type: string, readOnly: true}\n        password: {type: string, writeOnly: true}\n        name: {type: string}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Property, "direction"), ["response", "request", "request response"]);
    assert_eq!(of(&model, Kind::Property, "password", "returnedBy"), "absent");
    assert_eq!(of(&model, Kind::Property, "name", "returnedBy"), "operation0");
}

#[test]
fn examples_and_properties_named_like_keywords_are_no_schemas() {
    let model = body(
        "{type: object, example: {type: array, items: {type: string}}, properties: {type: {type: string}, example: {type: integer}, $ref: {type: boolean}}}",
    );
    assert_eq!(facts(&model, Kind::Property, "name"), ["type", "example", "$ref"]);
    let judged: Vec<String> =
        facts(&model, Kind::Schema, "direction").into_iter().filter(|bits| bits != "absent").collect();
    assert_eq!(judged.len(), 4);
}

#[test]
fn a_bound_beside_a_reference_in_all_of_holds_for_the_whole() {
    let model = body("{allOf: [{$ref: '#/components/schemas/Ids'}, {maxItems: 50}]}");
    assert_eq!(fact(&model, Id { kind: Kind::Schema, index: 0 }, "maxItems"), "50");
    assert_eq!(fact(&model, Id { kind: Kind::Schema, index: 0 }, "types"), "array");
    // The member alone is judged nowhere.
    assert_eq!(facts(&model, Kind::Schema, "direction")[2], "absent");
}

#[test]
fn alternatives_bound_a_string_only_if_each_does() {
    let bounded = body("{type: string, oneOf: [{maxLength: 5}, {enum: [a, bcd]}]}");
    let length = |model: &Model| {
        let id = Id { kind: Kind::Schema, index: 0 };
        (fact(model, id, "maxLength"), fact(model, id, "impliedLength"))
    };
    assert_eq!(length(&bounded), ("absent".to_owned(), "absent".to_owned()));
    let stated = body("{type: string, anyOf: [{maxLength: 5}, {maxLength: 9}]}");
    assert_eq!(length(&stated).0, "9");
    let open = body("{type: string, anyOf: [{maxLength: 5}, {minLength: 1}]}");
    assert_eq!(length(&open).0, "absent");
}

#[test]
fn enum_format_and_anchored_pattern_imply_a_length() {
    let implied = |schema: &str| fact(&body(schema), Id { kind: Kind::Schema, index: 0 }, "impliedLength");
    assert_eq!(implied("{type: string, enum: [a, abcd]}"), "4");
    assert_eq!(implied("{type: string, format: uuid}"), "36");
    assert_eq!(implied("{type: string, pattern: '^\\+[0-9]{1,14}$'}"), "15");
    assert_eq!(implied("{type: string, pattern: '[0-9]{1,14}'}"), "absent");
    assert_eq!(implied("{type: string, format: byte}"), "absent");
}

#[test]
fn a_type_through_a_reference_stands_where_it_is_written() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /x:\n    post:\n      requestBody: {content: {application/json: {schema: {allOf: [{$ref: '#/components/schemas/Text'}]}}}}\n      responses: {}\ncomponents: {schemas: {Text: {type: string}}}\n",
        &[],
    );
    let span = model.sources().span(model.place(Id { kind: Kind::Schema, index: 0 }));
    let text = &model.sources().file(span.file).text;
    assert!(text[..span.start as usize].ends_with("Text: {"));
}

#[test]
fn swagger_parameters_are_schemas_and_schemes_times_host_are_servers() {
    let model = model_of(
        "swagger: '2.0'\nhost: api.example.com\nbasePath: /v1\nschemes: [http, https]\npaths:\n  /a:\n    get:\n      parameters: [{name: limit, in: query, type: integer, maximum: 5}]\n      responses: {'200': {description: x}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Server, "url"), ["http://api.example.com/v1", "https://api.example.com/v1"]);
    assert_eq!(facts(&model, Kind::Server, "httpsTwin"), ["true", "false"]);
    assert_eq!(facts(&model, Kind::Server, "usedBy"), ["operation0", "operation0"]);
    assert_eq!(facts(&model, Kind::Schema, "direction"), ["request"]);
    assert_eq!(facts(&model, Kind::Schema, "name"), ["limit"]);
    assert_eq!(facts(&model, Kind::Parameter, "maximum"), ["5"]);
}

#[test]
fn server_variables_are_expanded_and_stand_where_the_scheme_is_chosen() {
    let model = model_of(
        "openapi: 3.0.0\nservers:\n  - url: '{scheme}://h.example.com/v1'\n    variables: {scheme: {default: https, enum: [https, http]}}\npaths: {}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Server, "schemes"), ["http https"]);
    assert_eq!(facts(&model, Kind::Server, "httpsTwin"), ["true"]);
    assert_eq!(stands_at(&model, Kind::Server, 0, "cleartextUrl"), "http");
}

#[test]
fn the_nearest_list_of_servers_counts_and_an_empty_one_does_not() {
    let model = model_of(
        "openapi: 3.0.0\nservers: [{url: /root}]\npaths:\n  /a:\n    servers: [{url: /path}]\n    get: {servers: [], responses: {}}\n    put: {servers: [{url: /own}], responses: {}}\n  /b: {get: {responses: {}}}\n",
        &[],
    );
    let used: Vec<(String, String)> =
        facts(&model, Kind::Server, "url").into_iter().zip(facts(&model, Kind::Server, "usedBy")).collect();
    let expected = [("/root", "operation2"), ("/path", "operation0"), ("/own", "operation1")];
    for (url, by) in expected {
        assert!(used.contains(&(url.to_owned(), by.to_owned())), "{used:?}");
    }
}

#[test]
fn a_post_that_searches_reads_and_a_head_is_read_too() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /orders/search: {post: {responses: {}}}\n  /orders: {post: {responses: {}}, head: {responses: {}}, options: {responses: {}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Operation, "class"), ["read", "write", "read", "other"]);
}

#[test]
fn a_post_that_gets_reads_and_a_post_beside_it_is_known() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /categories/get: {post: {responses: {}}}\n  /budget: {post: {responses: {}}, get: {responses: {}}}\n  /a: {get: {responses: {}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Operation, "class"), ["read", "write", "read", "read"]);
    assert_eq!(facts(&model, Kind::Operation, "besidePost"), ["true", "true", "true", "false"]);
}

#[test]
fn a_parameter_that_may_be_something_else_is_no_boolean() {
    let model = model_of(
        "openapi: 3.1.0\npaths:\n  /a:\n    get:\n      parameters:\n        - {name: a, in: query, schema: {type: boolean}}\n        - {name: b, in: query, schema: {type: [boolean, 'null']}}\n        - {name: c, in: query, schema: {type: [boolean, string]}}\n        - {name: d, in: query}\n      responses: {}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Parameter, "boolean"), ["true", "true", "false", "false"]);
}

#[test]
fn without_a_host_a_2_0_server_is_its_scheme() {
    let model = model_of("swagger: '2.0'\nbasePath: /v1\nschemes: [http, https]\npaths: {}\n", &[]);
    assert_eq!(facts(&model, Kind::Server, "url"), ["http", "https"]);
    assert_eq!(facts(&model, Kind::Server, "cleartextUrl")[0], "http");
    assert_eq!(facts(&model, Kind::Server, "httpsTwin")[0], "true");
}

#[test]
fn a_path_item_in_another_file_is_judged_there() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /a: {$ref: paths/a.yaml}\n",
        &[
            ("paths/a.yaml", "get:\n  parameters: [{$ref: ../common.yaml#/P}]\n  responses: {}\n"),
            ("common.yaml", "P: {name: q, in: query, schema: {type: string}}\n"),
        ],
    );
    assert_eq!(facts(&model, Kind::Operation, "path"), ["/a"]);
    let place = model.place(Id { kind: Kind::Operation, index: 0 });
    assert_eq!(model.sources().file(place.at.file).path, "paths/a.yaml");
    assert_eq!(facts(&model, Kind::Parameter, "name"), ["q"]);
    assert!(model.problems().is_empty(), "{:?}", model.problems());
}

#[test]
fn references_that_lead_nowhere_are_problems_with_a_place() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /a: {$ref: gone.yaml}\n  /b: {get: {parameters: [{$ref: '#/components/parameters/P'}, {$ref: '#/x'}, {$ref: 'https://h.example/p.yaml'}, {$ref: '../../etc/passwd'}], responses: {}}}\ncomponents: {parameters: {P: {$ref: '#/components/parameters/Q'}, Q: {$ref: '#/components/parameters/P'}}}\n",
        &[],
    );
    let codes: Vec<&str> = model.problems().iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(codes.iter().filter(|code| **code == "refused-reference").count(), 2, "{codes:?}");
    assert!(codes.iter().filter(|code| **code == "unresolved-reference").count() >= 3, "{codes:?}");
    assert!(model.problems().iter().all(|problem| !problem.span.is_empty()));
}

#[test]
fn anchors_ids_and_folded_references_resolve() {
    let model = model_of(
        "openapi: 3.1.0\npaths:\n  /x:\n    post:\n      requestBody:\n        content:\n          application/json:\n            schema:\n              type: object\n              properties:\n                a: {$ref: '#here'}\n                b: {$ref: 'https://schemas.example/b'}\n                c:\n                  $ref: >-\n                    #/components/schemas/C\n      responses: {}\ncomponents:\n  schemas:\n    A: {$anchor: here, type: string, maxLength: 1}\n    B: {$id: 'https://schemas.example/b', type: string, maxLength: 2}\n    C: {type: string, maxLength: 3}\n",
        &[],
    );
    assert!(model.problems().is_empty(), "{:?}", model.problems());
    assert_eq!(facts(&model, Kind::Property, "maxLength"), ["1", "2", "3"]);
}

#[test]
fn recursive_schemas_and_alias_cycles_end() {
    let model = model_of(
        "openapi: 3.1.0\npaths:\n  /x:\n    post:\n      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Node'}}}}\n      responses: {}\ncomponents:\n  schemas:\n    Node: &node\n      type: object\n      allOf: [{$ref: '#/components/schemas/Node'}]\n      properties:\n        next: {$ref: '#/components/schemas/Node'}\n        self: *node\n",
        &[],
    );
    // An alias inside its own anchor leads nowhere: it is no second definition.
    assert_eq!(facts(&model, Kind::Property, "name"), ["next"]);
}

#[test]
fn a_list_response_is_an_array_or_one_wrapped_array() {
    let list = |schema: &str| {
        let text = format!(
            "openapi: 3.0.0\npaths:\n  /x:\n    get:\n      responses:\n        '200': {{description: x, content: {{application/json: {{schema: {schema}}}}}}}\n"
        );
        fact(&model_of(&text, &[]), Id { kind: Kind::Operation, index: 0 }, "listResponse") != "absent"
    };
    assert!(list("{type: array, items: {type: string}}"));
    assert!(list("{type: object, properties: {data: {type: array}, total: {type: integer}}}"));
    assert!(!list("{type: object, properties: {tags: {type: array}}}"));
    assert!(!list("{type: object, properties: {id: {type: string}}}"));
}

#[test]
fn unknown_keys_are_those_the_version_has_no_place_for() {
    let model = model_of(
        "openapi: 3.0.0\nsecurityDefinitions: {}\nx-mine: 1\npaths:\n  /a:\n    security: []\n    get: {responses: {}, x-y: {security: []}}\ncomponents: {schemas: {S: {properties: {security: {type: string}}, security: 1}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::UnknownKey, "name"), ["securityDefinitions", "security"]);
    assert_eq!(facts(&model, Kind::UnknownKey, "owner"), ["document", "pathItem"]);
}

/// One component in a public request, in a public response, or only behind credentials.
fn exposed() -> Model {
    model_of(
        "openapi: 3.0.0
security: [{key: []}]
paths:
  /signup:
    post:
      security: []
      parameters: [{name: lang, in: query, schema: {type: string}}]
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Account'}}}}
      responses: {'201': {description: x}}
  /accounts:
    get:
      parameters: [{name: page, in: query, schema: {type: integer}}]
      responses: {'200': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Account'}}}}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  schemas:
    Account:
      properties:
        email: {type: string}
        id: {type: string, readOnly: true}
    Spare: {type: string}
",
        &[],
    )
}

#[test]
fn what_an_operation_without_credentials_takes_is_public() {
    let model = exposed();
    assert_eq!(facts(&model, Kind::Operation, "exposure"), ["public", "protected"]);
    assert_eq!(facts(&model, Kind::Parameter, "exposure"), ["public", "protected"]);
    assert_eq!(of(&model, Kind::Property, "email", "sentPublicly"), "operation0");
}

#[test]
fn exposure_keeps_the_directions_apart() {
    let model = exposed();
    assert_eq!(of(&model, Kind::Property, "email", "returnedPublicly"), "absent");
    assert_eq!(of(&model, Kind::Property, "id", "exposure"), "protected");
    assert_eq!(of(&model, Kind::Property, "id", "sentPublicly"), "absent");
}

#[test]
fn what_nothing_reaches_has_no_exposure() {
    let model = exposed();
    assert_eq!(facts(&model, Kind::Schema, "exposure").last().map(String::as_str), Some("absent"));
}

#[test]
fn without_any_scheme_nobody_can_tell_who_is_meant_to_call() {
    let model = model_of("openapi: 3.0.0\npaths: {/a: {get: {responses: {}}}}\n", &[]);
    assert_eq!(facts(&model, Kind::Operation, "exposure"), ["unknown: document without any security scheme"]);
}

#[test]
fn optional_credentials_are_no_credentials() {
    let model = model_of("openapi: 3.0.0\npaths: {/a: {get: {security: [{key: []}, {}], responses: {}}}}\n", &[]);
    assert_eq!(facts(&model, Kind::Operation, "exposure"), ["public"]);
}

#[test]
fn the_schema_true_is_a_schema_only_where_it_says_what_a_value_may_be() {
    let model =
        body("{type: object, additionalProperties: true, properties: {a: true, b: {type: array, items: true}}}");
    assert_eq!(facts(&model, Kind::Property, "name"), ["a", "b"]);
    let untyped = facts(&model, Kind::Schema, "untyped");
    assert_eq!(untyped.iter().filter(|value| *value == "true").count(), 2);
    let old = model_of(
        "openapi: 3.0.0\npaths: {/x: {post: {requestBody: {content: {application/json: {schema: {properties: {a: true}}}}}, responses: {}}}}\n",
        &[],
    );
    assert_eq!(facts(&old, Kind::Property, "name"), Vec::<String>::new());
}

#[test]
fn a_reference_that_leads_nowhere_leaves_type_and_path_variables_unknown() {
    let model = model_of(
        "openapi: 3.1.0\npaths:\n  /x/{id}:\n    post:\n      parameters: [{$ref: '#/gone'}]\n      requestBody: {content: {application/json: {schema: {title: x, $ref: '#/gone'}}}}\n      responses: {}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Schema, "untyped"), ["unknown: unresolved reference"]);
    assert_eq!(facts(&model, Kind::Path, "undeclaredVariables"), ["unknown: unresolved reference"]);
}

#[test]
fn each_type_that_a_swagger_operation_consumes_is_a_media_type_and_one_carries_its_files() {
    let model = model_of(
        "swagger: '2.0'\nconsumes: [application/json, multipart/form-data]\npaths:\n  /x:\n    post:\n      parameters: [{name: f, in: formData, type: file}]\n      responses: {}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::MediaType, "type"), ["application/json", "multipart/form-data"]);
    assert_eq!(facts(&model, Kind::MediaType, "carriesFile"), ["false", "true"]);
    assert_eq!(facts(&model, Kind::MediaType, "bodyFormats"), ["json form", "absent"]);
}

#[test]
fn limits_of_a_composition_make_one_range_however_many_schemas_have_it() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /x:\n    post:\n      requestBody: {content: {application/json: {schema: {properties: {a: {$ref: '#/components/schemas/A'}, b: {allOf: [{$ref: '#/components/schemas/A'}]}}}}}}\n      responses: {}\ncomponents: {schemas: {A: {type: integer, minimum: 2, exclusiveMinimum: true, maximum: 3}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Range, "of"), ["value"]);
    assert_eq!(facts(&model, Kind::Range, "lower"), ["2"]);
    assert_eq!(facts(&model, Kind::Range, "empty"), ["false"]);
    assert_eq!(stands_at(&model, Kind::Range, 0, "upper"), "3");
}

#[test]
fn of_equal_bounds_the_excluded_one_holds() {
    let model = body("{type: number, minimum: 1, allOf: [{exclusiveMinimum: 1, maximum: 1}]}");
    assert_eq!(facts(&model, Kind::Range, "empty"), ["true"]);
    assert_eq!(facts(&model, Kind::Range, "lowerKey"), ["exclusiveMinimum"]);
}

#[test]
fn keywords_without_effect_are_listed_by_object_with_the_reason() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /x:\n    post:\n      requestBody: {content: {application/json: {schema: {properties: {a: {$ref: '#/components/schemas/A', maxLength: 3, minLength: 1}, b: {type: integer, pattern: x}}}}}}\n      responses: {}\ncomponents: {schemas: {A: {type: string}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::IgnoredKeyword, "names"), ["maxLength minLength", "pattern"]);
    assert_eq!(facts(&model, Kind::IgnoredKeyword, "because"), ["reference", "type"]);
    assert_eq!(facts(&model, Kind::IgnoredKeyword, "types"), ["absent", "integer"]);
}

#[test]
fn cycles_that_share_a_schema_are_one_and_stand_where_they_close_first() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /x:\n    post:\n      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}\n      responses: {}\ncomponents:\n  schemas:\n    A: {properties: {b: {$ref: '#/components/schemas/B'}}}\n    B: {properties: {c: {$ref: '#/components/schemas/C'}, a: {$ref: '#/components/schemas/A'}}}\n    C: {properties: {c: {$ref: '#/components/schemas/C'}, b: {$ref: '#/components/schemas/B'}}}\n    D: {properties: {d: {$ref: '#/components/schemas/D'}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Cycle, "target"), ["A"]);
    assert_eq!(facts(&model, Kind::Cycle, "bounded"), ["false"]);
    let references = fact(&model, Id { kind: Kind::Cycle, index: 0 }, "references");
    assert_eq!(references.split(' ').count(), 3, "{references}");
}

#[test]
fn a_very_long_cycle_is_found_soon() {
    let mut text = "openapi: 3.0.0\npaths: {/x: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/S0'}}}}, responses: {}}}}\ncomponents:\n  schemas:\n".to_owned();
    for number in 0..20_000 {
        let next = (number + 1) % 20_000;
        text += &format!("    S{number}: {{properties: {{next: {{$ref: '#/components/schemas/S{next}'}}}}}}\n");
    }
    assert_eq!(facts(&model_of(&text, &[]), Kind::Cycle, "target"), ["S0"]);
}

#[test]
fn a_name_in_query_and_body_is_repeated_letter_case_aside() {
    let model = model_of(
        "swagger: '2.0'\npaths:\n  /x/{a}:\n    post:\n      parameters:\n        - {name: body, in: body, schema: {properties: {b: {type: string}}}}\n        - {name: a, in: path, type: string}\n        - {name: B, in: query, type: string}\n      responses: {}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Input, "name"), ["a", "B", "b"]);
    assert_eq!(of(&model, Kind::Parameter, "B", "repeats"), "input2");
}

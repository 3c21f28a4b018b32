//! Facts on who may do what: scopes, operations protected alike, paths against each other, what clients may write.

use gatelint::model::Kind;

use crate::facts::facts;
use crate::model::model_of;

#[test]
fn scopes_are_declared_once_per_scheme_and_known_to_be_required() {
    let model = model_of(
        "openapi: 3.0.0\nsecurity: [{o: [b, a]}]\npaths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {implicit: {scopes: {a: A, c: C}}, password: {scopes: {a: A, b: B}}}}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::DeclaredScope, "name"), ["a", "c", "b"]);
    assert_eq!(facts(&model, Kind::DeclaredScope, "required"), ["true", "false", "true"]);
    assert_eq!(facts(&model, Kind::RequiredScheme, "scopes"), ["b a"]);
    assert_eq!(facts(&model, Kind::RequiredScheme, "declaredScopes"), ["declaredScope0 declaredScope1 declaredScope2"]);
}

#[test]
fn operations_are_protected_alike_whatever_the_order_of_alternatives_schemes_and_scopes() {
    let model = model_of(
        "openapi: 3.1.0\npaths:\n  /a: {get: {security: [{k: [], o: [r, w]}, {b: []}], responses: {}}}\n  /admin: {get: {security: [{b: []}, {o: [w, r], k: []}], responses: {}}}\n  /c: {get: {security: [], responses: {}}, put: {responses: {}}, post: {security: , responses: {}}}\n",
        &[],
    );
    let lost = "unknown: security key that has no effect";
    let same = "b or k + o [r, w]";
    assert_eq!(facts(&model, Kind::Operation, "authentication"), [same, same, "absent", "absent", lost]);
    assert_eq!(facts(&model, Kind::Operation, "ordinaryAuthentication"), ["true", "true", "true", "true", lost]);
}

#[test]
fn the_only_scope_is_that_of_every_operation_under_oauth() {
    let document = |second: &str| {
        let text = format!(
            "openapi: 3.0.0\npaths: {{/a: {{get: {{security: [{{o: [a]}}], responses: {{}}}}, put: {{security: {second}, responses: {{}}}}}}}}\ncomponents: {{securitySchemes: {{o: {{type: oauth2, flows: {{implicit: {{scopes: {{a: A}}}}}}}}, k: {{type: apiKey}}}}}}\n"
        );
        facts(&model_of(&text, &[]), Kind::Document, "onlyScope")
    };
    assert_eq!(document("[{o: [a], k: []}]"), ["a"]);
    assert_eq!(document("[{k: []}]"), ["a"]);
    assert_eq!(document("[{o: [a, b]}]"), ["absent"]);
    assert_eq!(document("[{o: [b]}]"), ["absent"]);
    assert_eq!(document("[{o: []}]"), ["absent"]);
}

/// The pairs of a document with these path items, as `first second ambiguity`.
fn pairs(paths: &str) -> Vec<String> {
    let model = model_of(&format!("openapi: 3.0.0\npaths:\n{paths}"), &[]);
    let of = |field| facts(&model, Kind::PathPair, field);
    let firsts = of("first").into_iter().zip(of("second")).zip(of("ambiguity"));
    firsts.map(|((first, second), why)| format!("{first} {second} {why}")).collect()
}

#[test]
fn paths_are_a_pair_if_neither_is_the_more_concrete() {
    let get = "{get: {responses: {}}}";
    let all = |paths: &[&str]| pairs(&paths.iter().map(|path| format!("  {path}: {get}\n")).collect::<String>());
    assert_eq!(all(&["/a/{x}", "/a/{y}"]), ["/a/{x} /a/{y} names"]);
    assert_eq!(all(&["/a/b", "/A/b/"]), ["/a/b /A/b/ spelling"]);
    assert_eq!(all(&["/a/{x}/c", "/a/b/{y}"]), ["/a/{x}/c /a/b/{y} crossing"]);
    assert_eq!(all(&["/a/{x}/c", "/a/b/c", "/{z}/b/{x}", "/a/b"]), ["/a/{x}/c /{z}/b/{x} crossing"]);
    assert_eq!(all(&["/a/{x}", "/a/me", "/a/{x}.json", "/{z}/{x}"]), [""; 0]);
    assert_eq!(all(&["/{x}.json/b", "/a.json/{y}", "/b.xml/{y}"]), ["/{x}.json/b /a.json/{y} crossing"]);
}

#[test]
fn a_parameter_that_excludes_the_static_text_makes_no_pair() {
    let pair = |schema: &str, text: &str| {
        let shared = format!(
            "  /a/{{x}}/c:\n    parameters: [{{name: x, in: path, schema: {schema}}}]\n    get: {{responses: {{}}}}\n  /a/{text}/{{y}}: {{get: {{responses: {{}}}}}}\n"
        );
        pairs(&shared).len()
    };
    assert_eq!(pair("{type: string}", "me"), 1);
    assert_eq!(pair("{type: integer}", "me"), 0);
    assert_eq!(pair("{type: integer}", "42"), 1);
    assert_eq!(pair("{type: boolean}", "me"), 0);
    assert_eq!(pair("{type: string, enum: [you]}", "me"), 0);
    assert_eq!(pair("{type: string, enum: [you, me]}", "me"), 1);
    assert_eq!(pair("{type: string, format: uuid}", "me"), 0);
    assert_eq!(pair("{type: string, pattern: '^[0-9]+$'}", "me"), 0);
    assert_eq!(pair("{type: string, pattern: '^[a-z]+$'}", "me"), 1);
    assert_eq!(pair("{type: string, pattern: '(?!me)'}", "me"), 0);
    assert_eq!(pair("{type: string, minLength: 3}", "me"), 0);
    assert_eq!(pair("{type: string, maxLength: 1}", "me"), 0);
    assert_eq!(pair("{oneOf: [{type: integer}, {enum: [me]}]}", "me"), 1);
    assert_eq!(pair("{oneOf: [{type: integer}, {enum: [you]}]}", "me"), 0);
    assert_eq!(pair("{$ref: '#/nowhere'}", "me"), 0);
}

#[test]
fn parameters_at_the_same_place_must_be_able_to_hold_the_same_text() {
    let pair = |left: &str, right: &str| {
        let path = |name: &str, schema: &str| {
            format!(
                "  /a/{{{name}}}: {{get: {{parameters: [{{name: {name}, in: path, schema: {schema}}}], responses: {{}}}}}}\n"
            )
        };
        pairs(&(path("x", left) + &path("y", right))).len()
    };
    assert_eq!(pair("{type: integer}", "{type: string}"), 1);
    assert_eq!(pair("{type: integer}", "{type: string, format: uuid}"), 0);
    assert_eq!(pair("{type: string, enum: [a]}", "{type: string, enum: [b]}"), 0);
    assert_eq!(pair("{type: string, pattern: '^a'}", "{type: string, pattern: '^b'}"), 0);
    assert_eq!(pair("{type: string, pattern: '^a'}", "{type: string}"), 1);
    assert_eq!(pair("{type: boolean}", "{type: integer}"), 0);
}

#[test]
fn only_paths_with_a_common_method_and_server_are_a_pair() {
    assert_eq!(pairs("  /a/{x}: {get: {responses: {}}}\n  /a/{y}: {put: {responses: {}}}\n"), [""; 0]);
    let server = "servers: [{url: 'https://b.example.com'}]";
    assert_eq!(
        pairs(&format!(
            "  /a/{{x}}: {{get: {{responses: {{}}}}}}\n  /a/{{y}}: {{{server}, get: {{responses: {{}}}}}}\n"
        )),
        [""; 0]
    );
    assert_eq!(
        pairs(&format!(
            "  /a/{{x}}: {{{server}, get: {{responses: {{}}}}}}\n  /a/{{y}}: {{get: {{{server}, responses: {{}}}}}}\n"
        ))
        .len(),
        1
    );
}

#[test]
fn the_methods_of_a_pair_that_differ_in_security_are_known() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /a/{x}:\n    get: {security: [{k: []}], responses: {}}\n    put: {security: [], responses: {}}\n    options: {security: [{k: []}], responses: {}}\n    post: {security: , responses: {}}\n  /a/{y}: {get: {responses: {}}, put: {responses: {}}, options: {responses: {}}, post: {responses: {}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::PathPair, "methods"), ["GET PUT OPTIONS POST"]);
    assert_eq!(facts(&model, Kind::PathPair, "differingMethods"), ["GET"]);
    assert_eq!(facts(&model, Kind::PathPair, "url"), ["/a/{y}"]);
}

#[test]
fn thousands_of_paths_that_share_segments_are_compared_quickly() {
    let item = "{get: {responses: {}}}";
    let mut paths = String::new();
    for i in 0..3_000 {
        paths += &format!("  /{{t}}/a{i}/{{x}}: {item}\n  /b{i}/{{y}}/c: {item}\n");
    }
    let model = model_of(&format!("openapi: 3.0.0\npaths:\n{paths}"), &[]);
    assert_eq!(model.nodes(Kind::PathPair).len(), 1 << 14, "the search ends");
}

#[test]
fn a_closed_schema_rejects_what_it_is_composed_with() {
    let model = model_of(
        "openapi: 3.0.0\npaths: {}\ncomponents:\n  schemas:\n    Base: {properties: {id: {}}, additionalProperties: false}\n    Pet: {allOf: [{$ref: '#/components/schemas/Base'}], properties: {id: {}, name: {}}}\n    Cat: {allOf: [{$ref: '#/components/schemas/Pet'}, {properties: {claws: {}}}]}\n    Open: {properties: {id: {}}, patternProperties: {a: {}}, additionalProperties: false}\n    Dog: {allOf: [{$ref: '#/components/schemas/Open'}], properties: {name: {}}}\n",
        &[],
    );
    let of = |name: &str| {
        let named = facts(&model, Kind::Schema, "component").into_iter().zip(facts(&model, Kind::Schema, "rejects"));
        named.into_iter().find(|(component, _)| component == name).map(|(_, rejects)| rejects).expect("a schema")
    };
    assert_eq!(of("Base"), "name claws");
    assert_eq!(of("Pet"), "absent");
    assert_eq!(of("Open"), "absent");
}

#[test]
fn a_property_is_required_of_clients_where_only_requests_hold_the_schema() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /a:\n    post:\n      requestBody: {content: {application/json: {schema: {allOf: [{properties: {a: {}, b: {}, c: {}}, required: [a]}, {required: [b]}, {$ref: '#/components/schemas/Both'}]}}}}\n      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Both'}}}}}\ncomponents: {schemas: {Both: {properties: {d: {}}, required: [d]}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Property, "name"), ["a", "b", "c", "d"]);
    assert_eq!(facts(&model, Kind::Property, "requiredOfClients"), ["true", "true", "false", "false"]);
}

#[test]
fn the_items_of_a_patch_are_those_of_every_alternative() {
    let media = |schema: &str| {
        let model = model_of(
            &format!(
                "openapi: 3.0.0\npaths: {{/a: {{patch: {{requestBody: {{content: {{application/json-patch+json: {{schema: {schema}}}}}}}, responses: {{}}}}}}}}\n"
            ),
            &[],
        );
        facts(&model, Kind::MediaType, "itemProperties").remove(0)
    };
    assert_eq!(media("{type: array, items: {properties: {op: {}, path: {}}}}"), "property0 property1");
    assert_eq!(
        media("{type: array, items: {oneOf: [{properties: {op: {}}}, {allOf: [{properties: {path: {}}}]}]}}"),
        "property0 property1"
    );
    assert_eq!(media("{type: array, items: {$ref: '#/nowhere'}}"), "unknown: unresolved reference");
    assert_eq!(media("{type: object, properties: {path: {}}}"), "absent");
}

#[test]
fn segments_before_a_path_parameter_are_those_of_every_path() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /users/{id}: {parameters: [{$ref: '#/components/parameters/id'}], get: {responses: {}}}\n  /orders/{id}/{no}: {parameters: [{$ref: '#/components/parameters/id'}, {name: no, in: path}], get: {responses: {}}}\ncomponents: {parameters: {id: {name: id, in: path}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Parameter, "name"), ["no", "id"]);
    assert_eq!(facts(&model, Kind::Parameter, "segmentsBefore"), ["absent", "users orders"]);
    assert_eq!(facts(&model, Kind::Parameter, "definedIn"), ["/orders/{id}/{no}", "id"]);
}

#[test]
fn whether_an_object_is_closed_is_unknown_behind_a_reference_that_leads_nowhere() {
    let model = model_of(
        "openapi: 3.0.0\npaths: {}\ncomponents: {schemas: {A: {allOf: [{$ref: '#/gone'}], properties: {x: {}}}, B: {properties: {x: {}}}}}\n",
        &[],
    );
    let says = facts(&model, Kind::Schema, "additionalProperties");
    assert_eq!(says.iter().filter(|says| *says == "unknown: unresolved reference").count(), 1);
}

#[test]
fn a_property_is_writable_through_the_operations_whose_body_it_tops() {
    let model = model_of(
        "openapi: 3.0.0\npaths:\n  /me: {patch: {requestBody: {content: {application/json: {schema: {properties: {name: {}, pet: {$ref: '#/components/schemas/Pet'}}}}}}, responses: {}}}\n  /pets: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}, responses: {}}}\n  /vets: {put: {requestBody: {content: {application/json: {schema: {properties: {pet: {$ref: '#/components/schemas/Pet'}}}}}}, responses: {}}}\ncomponents: {schemas: {Pet: {properties: {role: {}}}}}\n",
        &[],
    );
    let named = facts(&model, Kind::Property, "name").into_iter().zip(facts(&model, Kind::Property, "writableThrough"));
    let role: Vec<String> = named.filter(|(name, _)| name == "role").map(|(_, through)| through).collect();
    assert_eq!(role, ["operation1 operation2"], "not deep in the body of `/me`, but where it is all that a body holds");
}

#[test]
fn the_segment_that_makes_an_admin_path_is_known() {
    let model = model_of(
        "swagger: '2.0'\nbasePath: /v1\npaths:\n  /admin/x: {get: {responses: {}}}\n  /district_admins: {get: {responses: {}}}\n  /root/x: {get: {responses: {}}}\n  /x: {get: {responses: {}}}\n",
        &[],
    );
    assert_eq!(facts(&model, Kind::Operation, "adminSegment"), ["admin", "district_admins", "root", "absent"]);
}

//! Facts about patterns (E12): which are found, and what the rest of the schema adds.

use gatelint::model::Kind;

use crate::facts::facts;
use crate::model::model_of;

#[test]
fn patterns_are_found_in_schema_positions_only() {
    let text = r#"
openapi: 3.1.0
paths:
  /x:
    parameters: [{name: a, in: query, schema: {type: string, pattern: "^a$"}}]
    post:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties: {pattern: {type: string, pattern: "^b$", example: {pattern: "^no$"}}}
              patternProperties: {"^c$": {pattern: "^d$"}}
              x-schema: {pattern: "^no$"}
      responses: {}
"#;
    let model = model_of(text, &[]);
    assert_eq!(facts(&model, Kind::Pattern, "text"), ["^a$", "^b$", "^c$", "^d$"]);
    assert_eq!(facts(&model, Kind::Pattern, "key"), ["false", "false", "true", "false"]);
    assert_eq!(facts(&model, Kind::Pattern, "name"), ["a", "pattern", "absent", "absent"]);
}

#[test]
fn limits_come_from_every_part_of_a_composition() {
    let text = r##"
openapi: 3.0.3
components:
  schemas:
    Name: {type: string, pattern: "^a"}
    Open: {type: string, pattern: "^b"}
    Exact: {type: string, pattern: "^c{4}$"}
paths:
  /x:
    post:
      requestBody:
        content:
          application/json:
            schema: {allOf: [{$ref: "#/components/schemas/Name"}, {maxLength: 9}, {maxLength: 7}, {pattern: "d$"}]}
      responses: {}
"##;
    let model = model_of(text, &[]);
    assert_eq!(facts(&model, Kind::Pattern, "text"), ["^a", "^b", "^c{4}$", "d$"]);
    assert_eq!(facts(&model, Kind::Pattern, "maxLength"), ["7", "absent", "absent", "7"]);
    assert_eq!(facts(&model, Kind::Pattern, "bounded"), ["true", "false", "true", "true"]);
    assert_eq!(facts(&model, Kind::Pattern, "joined"), ["true", "false", "false", "true"]);
    assert_eq!(facts(&model, Kind::Pattern, "anchors"), ["start", "start", "both", "end"]);
    assert_eq!(facts(&model, Kind::Pattern, "direction"), ["request", "absent", "absent", "request"]);
}

#[test]
fn nothing_more_is_known_of_a_pattern_with_a_problem() {
    let model = model_of("swagger: '2.0'\npaths: {}\ndefinitions: {A: {pattern: '(?i)^(a+)+$'}}\n", &[]);
    for field in ["anchors", "matchesAll", "growth", "attack", "looseAlternative"] {
        assert_eq!(facts(&model, Kind::Pattern, field), ["absent"], "{field}");
    }
    assert_eq!(facts(&model, Kind::Pattern, "problem"), ["`(?i)` belongs to another dialect, ECMA-262 has `(?i:...)`"]);
}

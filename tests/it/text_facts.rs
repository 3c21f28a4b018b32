//! Facts about texts: which values are shown for what, and where a hit stands.

use gatelint::model::Kind;

use crate::facts::{facts, stands_at};
use crate::model::model_of;

#[test]
fn shown_values_have_the_nearest_name() {
    let text = r##"
openapi: 3.1.0
paths:
  /x:
    get:
      x-flow: [a, {step: b}]
      parameters:
        - {name: p, in: query, example: c, schema: {type: string, default: d, examples: [e]}}
        - {name: q, in: query, schema: {type: string}, examples: {one: {value: f}, two: {$ref: "#/components/examples/shared"}}}
      responses:
        "200":
          description: ok
          headers: {X-H: {schema: {type: string, example: g}}}
          content:
            application/json:
              schema: {type: object, properties: {r: {type: string, example: h}}}
              example: {s: [i], example: j}
components:
  examples: {shared: {value: k}, own: {value: {t: l}}}
"##;
    let model = model_of(text, &[]);
    assert_eq!(
        facts(&model, Kind::ShownValue, "name"),
        ["x-flow", "step", "p", "p", "p", "q", "X-H", "r", "s", "example", "q", "t"]
    );
    let origins = facts(&model, Kind::ShownValue, "origin");
    assert_eq!(origins[..5], ["extension", "extension", "example", "default", "example"]);
    assert_eq!(facts(&model, Kind::ShownValue, "extensionKey")[..2], ["x-flow", "absent"]);
}

#[test]
fn a_hit_in_a_block_of_text_stands_where_it_is_written() {
    let text = "openapi: 3.0.0\ninfo:\n  description: |\n    One <b>two</b>\n\n    and <script>x</script>\n\n    on http://a1.prod.internal too\npaths: {}\n";
    let model = model_of(text, &[]);
    assert_eq!(stands_at(&model, Kind::ActiveHtml, 0, "text"), "<script>");
    assert_eq!(stands_at(&model, Kind::InternalDetail, 0, "text"), "a1.prod.internal");
    let json = r#"{"openapi": "3.0.0", "info": {"description": "a <iframe src=\"x\"></iframe>"}, "paths": {}}"#;
    let model = model_of(json, &[]);
    assert_eq!(stands_at(&model, Kind::ActiveHtml, 0, "text"), "<iframe src=");
}

#[test]
fn a_web_of_aliases_in_an_example_is_read_once() {
    let mut text = String::from("openapi: 3.0.0\npaths: {}\ncomponents: {examples: {e: {value: {a: &a0 [x, x]");
    for i in 1..40 {
        text.push_str(&format!(", b{i}: &a{i} [*a{0}, *a{0}]", i - 1));
    }
    text.push_str("}}}}\n");
    assert_eq!(facts(&model_of(&text, &[]), Kind::ShownValue, "name").len(), 2);
}

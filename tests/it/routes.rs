//! `gatelint routes`: what gateways serve, as a table and as JSON.

use crate::sandbox::Sandbox;

const KRAKEND: &str = "\
version: 3
endpoints:
  - endpoint: /orders/{id}
    method: PUT
    timeout: 5s
    backend: [{ host: [\"https://orders.example.com\"], url_pattern: / }]
    extra_config:
      auth/validator: { alg: RS256, jwk_url: \"https://id.example.com/keys\" }
  - endpoint: /status
    backend: [{ host: [\"https://orders.example.com\"], url_pattern: / }]
";

#[test]
fn the_table_names_each_route_with_its_line() {
    let sandbox = Sandbox::new(&[("krakend.yaml", KRAKEND)]);
    let table = sandbox.run(&["routes"]).exits(0).stdout;
    let row =
        |path: &str| table.lines().find(|line| line.contains(path)).unwrap_or_else(|| panic!("{table}")).to_owned();
    for cell in ["PUT", "jwt", "5 s", "https://orders.example.com", "krakend.yaml:3"] {
        assert!(row("/orders/{id}").contains(cell), "{cell} in\n{table}");
    }
    for cell in ["GET", "none", "krakend.yaml:9"] {
        assert!(row("/status").contains(cell), "{cell} in\n{table}");
    }
}

#[test]
fn the_json_says_who_set_what_and_where() {
    let sandbox = Sandbox::new(&[("krakend.yaml", KRAKEND)]);
    let json = sandbox.run(&["routes", "--format", "json"]).exits(0).json();
    assert_eq!(json["schema"], "gatelint.routes/1");
    let route = &json["gateways"][0]["routes"][0];
    assert_eq!(route["authentication"]["known"], "required");
    assert_eq!(route["auth"]["known"][0]["at"], "krakend.yaml:8");
    assert_eq!(route["upstream_timeout"]["known"]["at"], "krakend.yaml:5");
    assert_eq!(route["rate_limits"], "absent");
}

#[test]
fn without_a_gateway_there_is_nothing_to_list() {
    let sandbox = Sandbox::new(&[("api.yaml", "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {}\n")]);
    assert_eq!(sandbox.run(&["routes"]).exits(0).stdout, "no gateway configuration found\n");
}

#[test]
fn a_route_that_the_gateway_answers_leads_to_no_upstream() {
    let kong = "_format_version: '3.0'\nservices:\n- name: admin\n  url: http://admin:80\n  routes: [{name: a, paths: [/a]}]\n  \
                plugins: [{name: request-termination, config: {status_code: 403}}]\n";
    let table = Sandbox::new(&[("kong.yaml", kong)]).run(&["routes"]).exits(0).stdout;
    let row = table.lines().find(|line| line.contains("/a ")).unwrap_or_else(|| panic!("{table}"));
    assert!(row.contains("refuse") && !row.contains("admin"), "{table}");
}

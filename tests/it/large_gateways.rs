//! Configurations of gateways that are long, deep, or include each other: reading them ends, and each thing is told
//! once.

use std::fmt::Write;

use crate::sandbox::Sandbox;

const MANY: usize = 2_000;

/// The routes of all gateways.
fn routes(files: &[(&str, &str)]) -> usize {
    let json = Sandbox::new(files).run(&["routes", "--format", "json"]).exits(0).json();
    let gateways = json["gateways"].as_array().unwrap().iter();
    gateways.map(|gateway| gateway["routes"].as_array().unwrap().len()).sum()
}

/// How often a rule reports something.
fn findings(files: &[(&str, &str)], rule: &str) -> usize {
    let json = Sandbox::new(files).check(rule, &["--profile", "strict"]).json();
    json["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == rule).count()
}

fn repeated(line: impl Fn(usize) -> String) -> String {
    (0..MANY).fold(String::new(), |mut text, number| {
        let _ = writeln!(text, "{}", line(number));
        text
    })
}

#[test]
fn files_of_nginx_that_include_each_other_end() {
    let part = |own: &str, other: &str| {
        format!(
            "include {other};\ninclude {other};\nlocation /{own} {{ include {own}; include {other}; proxy_pass http://a; }}\n"
        )
    };
    let files = [
        ("nginx.conf", "http { server { listen 80; include a.conf; include b.conf; } }".to_owned()),
        ("a.conf", part("a.conf", "b.conf")),
        ("b.conf", part("b.conf", "a.conf")),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    assert!((2..100).contains(&routes(&files)));
}

#[test]
fn a_file_of_nginx_is_worked_in_as_often_as_it_is_included() {
    const LEVELS: u32 = 9;
    let last = (format!("c{LEVELS}.conf"), "location /end { proxy_pass http://a; }".to_owned());
    let mut files = vec![("nginx.conf".to_owned(), "http { server { listen 80; include c0.conf; } }".to_owned()), last];
    for number in 0..LEVELS {
        let next = number + 1;
        files.push((format!("c{number}.conf"), format!("include c{next}.conf;\ninclude c{next}.conf;\n")));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(routes(&files), 1 << LEVELS);
}

#[test]
fn blocks_of_nginx_that_nest_without_end_are_too_deep() {
    let text = format!(
        "http {{ server {{ listen 80; {}proxy_pass http://a; {}}} }}",
        "location / { ".repeat(100_000),
        "} ".repeat(100_000)
    );
    let run = Sandbox::new(&[("nginx.conf", &text)]).run(&["check", "--format", "json"]);
    assert_eq!(run.exits(4).json()["problems"][0]["code"], "too-deep");
}

#[test]
fn each_location_of_nginx_is_a_route_and_a_long_address_list_is_one_policy() {
    let locations = repeated(|number| {
        let guard = if number % 2 == 0 { "auth_basic a; auth_basic_user_file u;" } else { "" };
        format!("location /p{number} {{ {guard} proxy_set_header X-U{number} $remote_user; proxy_pass http://a; }}")
    });
    let addresses = repeated(|number| format!("allow 10.0.{}.{};", number / 256, number % 256));
    let text = format!(
        "http {{ server {{ listen 443 ssl; {locations} location /list {{ {addresses} deny all; proxy_pass http://a; }} }} }}"
    );
    assert_eq!(routes(&[("nginx.conf", &text)]), MANY + 1);
    // Headers of an upstream are compared up to a number, so that their product with the open locations is bounded.
    assert_eq!(findings(&[("nginx.conf", &text)], "gateway-identity-header-spoofable"), 16);
}

#[test]
fn each_route_of_kong_is_told_however_many_plugins_stand_beside() {
    let routes_of_kong = repeated(|number| format!("      - {{ name: r{number}, paths: [/p{number}] }}"));
    let plugins = repeated(|number| {
        let (route, enabled) = (number / 2, number % 2 == 0);
        format!(
            "  - {{ name: jwt, route: r{route}, enabled: {enabled} }}\n  - {{ name: own{number}, service: orders }}"
        )
    });
    let text = format!(
        "_format_version: '3.0'\nservices:\n  - name: orders\n    url: https://orders.internal\n    routes:\n{routes_of_kong}plugins:\n{plugins}"
    );
    assert_eq!(routes(&[("kong.yaml", &text)]), MANY);
}

#[test]
fn each_endpoint_of_krakend_is_told() {
    let endpoints = repeated(|number| {
        format!(
            "  - {{ endpoint: /p{number}, input_headers: ['*'], backend: [{{ host: ['https://a'], url_pattern: / }}] }}"
        )
    });
    let text = format!("version: 3\nendpoints:\n{endpoints}");
    assert_eq!(routes(&[("krakend.yaml", &text)]), MANY);
    assert_eq!(findings(&[("krakend.yaml", &text)], "krakend-input-headers-wildcard"), MANY);
}

const EDGE: &str = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: edge, namespace: shop }\nspec:\n  selector: { istio: ingressgateway }\n  servers: [{ port: { number: 443, name: https, protocol: HTTPS }, hosts: ['*'], tls: { mode: SIMPLE, credentialName: a } }]\n---\n";

#[test]
fn each_rule_of_an_ingress_is_a_route_and_a_path_twice_is_told_once() {
    let ingresses = repeated(|number| {
        let (limit, host) = (number % 2 * 5, number % 100);
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{ name: i{number}, annotations: {{ nginx.ingress.kubernetes.io/limit-rps: '{limit}' }} }}\nspec:\n  ingressClassName: nginx\n  tls: [{{ hosts: [h{host}.acme.io], secretName: a }}]\n  rules: [{{ host: h{host}.acme.io, http: {{ paths: [{{ path: /same, pathType: Prefix, backend: {{ service: {{ name: s{number}, port: {{ number: 80 }} }} }} }}] }} }}]"
        )
    });
    let files = [("ingress.yaml", ingresses.as_str())];
    assert_eq!(routes(&files), MANY);
    // Twenty Ingresses have each path of each host, with the same limit.
    assert_eq!(findings(&files, "gateway-duplicate-route"), 0);
    assert_eq!(findings(&files, "gateway-rate-limit-ineffective"), MANY / 2);
}

#[test]
fn paths_that_an_alias_gives_to_many_hosts_are_read_up_to_a_number() {
    let paths = repeated(|number| {
        format!(
            "      - {{ path: /p{number}, pathType: Prefix, backend: {{ service: {{ name: s, port: {{ number: 80 }} }} }} }}"
        )
    });
    let hosts = repeated(|number| format!("  - {{ host: h{number}.acme.io, http: *all }}"));
    let text = format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{ name: a }}\nspec:\n  ingressClassName: nginx\n  rules:\n  - host: acme.io\n    http: &all\n      paths:\n{paths}{hosts}"
    );
    assert_eq!(findings(&[("ingress.yaml", &text)], "ingress-nginx-snippet"), 0);
}

#[test]
fn each_policy_of_a_route_of_the_gateway_api_is_in_force() {
    let routes_and_policies = repeated(|number| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: r{number} }}\nspec:\n  parentRefs: [{{ name: edge }}]\n  rules: [{{ matches: [{{ path: {{ value: /p{number} }} }}], backendRefs: [{{ name: s, port: 80 }}] }}]\n---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata: {{ name: p{number} }}\nspec:\n  targetRefs: [{{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: r{number} }}]\n  authorization: {{ defaultAction: Allow, rules: [] }}"
        )
    });
    let text = format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{ name: edge }}\nspec:\n  gatewayClassName: eg\n  listeners: [{{ name: a, port: 80, protocol: HTTP }}, {{ name: b, port: 81, protocol: HTTP }}]\n{routes_and_policies}"
    );
    let files = [("gateway.yaml", text.as_str())];
    assert_eq!(routes(&files), MANY);
    assert_eq!(findings(&files, "gateway-authz-default-allow"), MANY);
}

#[test]
fn virtual_services_of_istio_that_delegate_in_a_circle_end() {
    let parts = repeated(|number| {
        let (next, bound) =
            ((number + 1) % MANY, if number % 2 == 0 { "hosts: [a.acme.io], gateways: [edge], " } else { "" });
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{ name: v{number}, namespace: shop }}\nspec: {{ {bound}http: [{{ match: [{{ uri: {{ prefix: /a }} }}], delegate: {{ name: v{next}, namespace: shop }} }}, {{ delegate: {{ name: v{number}, namespace: shop }} }}] }}"
        )
    });
    let text = format!("{EDGE}{parts}");
    // Each of the two entries brings the two of the part that it names.
    assert_eq!(routes(&[("istio.yaml", &text)]), MANY / 2 * 4);
}

#[test]
fn each_policy_of_istio_is_told_however_many_reach_a_gateway() {
    let policies = repeated(|number| {
        format!(
            "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{ name: a{number}, namespace: istio-system }}\nspec:\n  selector: {{ matchLabels: {{ istio: ingressgateway }} }}\n  action: DENY\n  rules: [{{ to: [{{ operation: {{ paths: [/x{number}] }} }}] }}]"
        )
    });
    let services = repeated(|number| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{ name: v{number}, namespace: shop }}\nspec: {{ hosts: [h{number}.acme.io], gateways: [edge], http: [{{ match: [{{ uri: {{ prefix: / }} }}], route: [{{ destination: {{ host: s{number} }} }}] }}] }}"
        )
    });
    assert_eq!(routes(&[("istio.yaml", &format!("{EDGE}{policies}{services}"))]), MANY);
}

#[test]
fn each_route_of_envoy_is_told_however_many_rules_are_for_tokens() {
    let rules = repeated(|number| {
        format!("              - {{ match: {{ path: /t{number} }}, requires: {{ provider_name: a }} }}")
    });
    let listed =
        repeated(|number| format!("              - {{ match: {{ path: /p{number} }}, route: {{ cluster: c }} }}"));
    let text = format!(
        "static_resources:\n  listeners:\n  - address: {{ socket_address: {{ address: 0.0.0.0, port_value: 80 }} }}\n    filter_chains:\n    - filters:\n      - name: envoy.filters.network.http_connection_manager\n        typed_config:\n          '@type': type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager\n          http_filters:\n          - name: envoy.filters.http.jwt_authn\n            typed_config:\n              '@type': type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication\n              providers: {{ a: {{ issuer: a }} }}\n              rules:\n{rules}          route_config:\n            virtual_hosts:\n            - domains: ['*']\n              routes:\n{listed}  clusters: [{{ name: c }}]\n"
    );
    assert_eq!(routes(&[("envoy.yaml", &text)]), MANY);
}

/// Text in which each line names the one before it twice: a few lines say a thing without end.
fn doubled(first: &str, wrap: impl Fn(&str) -> String) -> String {
    (1..40).fold(format!("  - &a0 {first}\n"), |mut text, number| {
        let before = number - 1;
        let _ = writeln!(text, "  - &a{number} {}", wrap(&format!("[*a{before}, *a{before}]")));
        text
    })
}

#[test]
fn aliases_that_double_principals_permissions_and_tokens_of_envoy_end() {
    let filters = |texts: &str, filter: &str| {
        let text = format!(
            "x:\n{texts}static_resources:\n  listeners:\n  - address: {{ socket_address: {{ address: 0.0.0.0, port_value: 80 }} }}\n    filter_chains:\n    - filters:\n      - name: envoy.filters.network.http_connection_manager\n        typed_config:\n          '@type': type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager\n          http_filters: [{filter}]\n          route_config: {{ virtual_hosts: [{{ domains: ['*'], routes: [{{ match: {{ prefix: / }}, route: {{ cluster: c }} }}] }}] }}\n  clusters: [{{ name: c }}]\n"
        );
        findings(&[("envoy.yaml", &text)], "envoy-edge-hardening")
    };
    let rbac = |permission: &str, principal: &str| {
        format!(
            "{{ name: rbac, typed_config: {{ '@type': type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC, rules: {{ policies: {{ p: {{ permissions: [{permission}], principals: [{principal}] }} }} }} }} }}"
        )
    };
    let ids = doubled("{ header: { name: x } }", |twice| format!("{{ and_ids: {{ ids: {twice} }} }}"));
    assert_eq!(filters(&ids, &rbac("{ any: true }", "*a39")), 1);
    let rules = doubled("{ any: true }", |twice| format!("{{ and_rules: {{ rules: {twice} }} }}"));
    assert_eq!(filters(&rules, &rbac("*a39", "{ any: true }")), 1);
    let tokens = doubled("{ provider_name: a }", |twice| format!("{{ requires_any: {{ requirements: {twice} }} }}"));
    let jwt = "{ name: jwt, typed_config: { '@type': type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication, providers: { a: { issuer: a } }, rules: [{ match: { prefix: / }, requires: *a39 }] } }";
    assert_eq!(filters(&tokens, jwt), 1);
}

#[test]
fn lists_of_objects_that_aliases_double_are_read_once() {
    let route = "{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: a }, spec: { rules: [{ host: a.acme.io, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: a, port: { number: 80 } } } }] } }] } }";
    let lists = doubled(route, |twice| format!("{{ apiVersion: v1, kind: List, items: {twice} }}"));
    let text = format!("apiVersion: v1\nkind: List\nx:\n{lists}items: [*a2]\n");
    // Each list counts once, each object as often as it stands in one.
    assert_eq!(routes(&[("list.yaml", &text)]), 2);
}

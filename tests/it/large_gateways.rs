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

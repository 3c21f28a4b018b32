//! Gateways that lead in circles, or that stand for far more than they say: reading ends, with what is certain.

use std::collections::BTreeMap;

use gatelint::discover;
use gatelint::model::gateway::{Gateway, Objects, Route, Stated, units};
use gatelint::resolve;
use gatelint::source::Limits;
use gatelint::words::WordLists;

/// The gateways that files make up.
fn gateways(files: &[(&str, String)]) -> Vec<Gateway> {
    let seeds = files.iter().map(|(path, text)| ((*path).to_owned(), text.clone().into_bytes())).collect();
    let none: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let sources = resolve::load(seeds, &none, &Limits::default(), &BTreeMap::new());
    let claims: Vec<_> = sources.files().map(|file| (file.id, discover::formats_of(file))).collect();
    let objects = Objects::read(&sources, sources.files().map(|file| file.id));
    let units = units(&sources, &claims);
    units.iter().map(|unit| Gateway::read(&sources, unit, &objects, WordLists::builtin())).collect()
}

#[track_caller]
fn gateway(path: &str, text: String) -> Gateway {
    let mut found = gateways(&[(path, text)]);
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn traefik(routers: impl Fn(usize) -> String, rest: &str, count: usize) -> Gateway {
    let routers: String =
        (0..count).map(|i| format!("    r{i}: {{ rule: \"Path(`/p{i}`)\", {} }}\n", routers(i))).collect();
    let text = format!("entryPoints:\n  web: {{ address: \":80\" }}\nhttp:\n  routers:\n{routers}{rest}");
    gateway("traefik.yml", text)
}

const APP: &str = "  services: { app: { loadBalancer: { servers: [{ url: \"http://app\" }] } } }\n";

#[test]
fn services_of_traefik_in_a_circle_are_not_served() {
    let kinds = |i: usize| match i % 3 {
        0 => format!("weighted: {{ services: [{{ name: s{} }}, {{ name: s0 }}] }}", (i + 1) % 3000),
        1 => format!("mirroring: {{ service: s{}, mirrors: [{{ name: s1 }}] }}", (i + 1) % 3000),
        _ => format!("failover: {{ service: s{}, fallback: s2 }}", (i + 1) % 3000),
    };
    let services: String = (0..3000).map(|i| format!("    s{i}: {{ {} }}\n", kinds(i))).collect();
    let gateway = traefik(|i| format!("service: s{i}"), &format!("  services:\n{services}"), 3000);
    assert_eq!(gateway.routes.len(), 3000);
    assert!(gateway.routes.iter().all(|route| route.disabled));
}

#[test]
fn routers_behind_a_circle_of_chains_of_traefik_are_not_open() {
    for count in [20, 2000] {
        let chains: String =
            (0..count).map(|i| format!("    m{i}: {{ chain: {{ middlewares: [m{}] }} }}\n", (i + 1) % count)).collect();
        let rest = format!("{APP}  middlewares:\n{chains}");
        let gateway = traefik(|i| format!("service: app, middlewares: [m{i}]"), &rest, 20);
        // One that is longer than anybody's is not followed to its end.
        let is_dead = |route: &Route| route.disabled || count > 20 && matches!(route.auth, Stated::Unknown(..));
        assert!(gateway.routes.iter().all(is_dead), "{count}");
    }
}

#[test]
fn chains_of_traefik_that_are_too_deep_leave_open_what_they_do() {
    let chains: String =
        (0..10_000).map(|i| format!("    m{i}: {{ chain: {{ middlewares: [m{}] }} }}\n", i + 1)).collect();
    let rest = format!("{APP}  middlewares:\n{chains}    m10000: {{ basicAuth: {{ usersFile: users }} }}\n");
    let gateway = traefik(|_| "service: app, middlewares: [m0]".to_owned(), &rest, 1);
    assert!(matches!(gateway.routes[0].auth, Stated::Unknown(..)));
}

#[test]
fn routers_of_traefik_with_many_ways_to_them_become_a_bounded_number_of_routes() {
    let parents = |i: usize| format!("service: app, parentRefs: [r{}, r{}]", (i + 1) % 3000, (i * 7) % 3000);
    assert!(traefik(parents, APP, 3000).routes.len() <= 23_000);
    let points: String = (0..200)
        .map(|i| format!("  e{i}: {{ address: \":{}\", http: {{ middlewares: [m{i}@file] }} }}\n", i + 1))
        .collect();
    let routers: String =
        (0..200).map(|i| format!("    r{i}: {{ rule: \"Path(`/p{i}`)\", service: app }}\n")).collect();
    let users: String = (0..200).map(|i| format!("    m{i}: {{ basicAuth: {{ usersFile: u }} }}\n")).collect();
    let text = format!("entryPoints:\n{points}http:\n  routers:\n{routers}{APP}  middlewares:\n{users}");
    let gateway = gateway("traefik.yml", text);
    assert!(gateway.routes.len() <= 20_500, "{}", gateway.routes.len());
    assert!(gateway.routes.iter().all(|route| !route.auth.is_absent()), "nothing is said to be open");
}

const SAM: &str = "Transform: AWS::Serverless-2016-10-31\nResources:\n";

#[test]
fn a_template_that_includes_itself_or_another_that_includes_it_has_no_routes() {
    let api = |file: &str| {
        format!(
            "{SAM}  Api:\n    Type: AWS::Serverless::Api\n    Properties:\n      StageName: live\n      \
             DefinitionBody: {{ Fn::Transform: {{ Name: AWS::Include, Parameters: {{ Location: ./{file} }} }} }}\n"
        )
    };
    for files in [vec![("a.yaml", api("a.yaml"))], vec![("a.yaml", api("b.yaml")), ("b.yaml", api("a.yaml"))]] {
        let found = gateways(&files);
        assert!(!found.is_empty() && found.iter().all(|gateway| gateway.routes.is_empty()));
    }
}

#[test]
fn references_of_a_template_in_a_circle_leave_paths_and_callers_open() {
    let methods = (0..500).map(|i| {
        let next = (i + 1) % 500;
        format!(
            "  R{i}: {{ Type: AWS::ApiGateway::Resource, Properties: {{ RestApiId: !Ref Api, ParentId: !Ref R{next}, PathPart: !GetAtt R{next}.X }} }}\n  \
             M{i}: {{ Type: AWS::ApiGateway::Method, Properties: {{ RestApiId: !Ref M{next}, ResourceId: !Ref R{i}, HttpMethod: !Ref M{next}, AuthorizationType: !Ref M{i} }} }}\n"
        )
    });
    let gateway = gateway("template.yaml", format!("{SAM}{}", methods.collect::<String>()));
    assert_eq!(gateway.routes.len(), 500);
    assert!(gateway.routes.iter().all(|route| matches!(route.auth, Stated::Unknown(..))));
}

#[test]
fn a_document_for_many_apis_is_read_a_bounded_number_of_times() {
    let apis: String = (0..120)
        .map(|i| {
            format!(
                "  A{i}: {{ Type: AWS::Serverless::Api, Properties: {{ StageName: p, DefinitionUri: api.yaml }} }}\n"
            )
        })
        .collect();
    let paths: String = (0..500)
        .map(|i| {
            format!("  /p{i}: {{ get: {{ responses: {{}}, x-amazon-apigateway-integration: {{ type: mock }} }} }}\n")
        })
        .collect();
    let document = format!("openapi: 3.0.1\ninfo: {{ title: a, version: \"1\" }}\npaths:\n{paths}");
    let found = gateways(&[("template.yaml", format!("{SAM}{apis}")), ("api.yaml", document)]);
    let [gateway] = found.as_slice() else { panic!("{} gateways", found.len()) };
    assert!(gateway.routes.len() <= 51_000, "{}", gateway.routes.len());
}

#[test]
fn domains_and_usage_plans_do_not_multiply_with_routes() {
    let many: String = (0..1000)
        .map(|i| {
            format!(
                "  D{i}: {{ Type: AWS::ApiGateway::DomainName, Properties: {{ DomainName: d{i}.x.io }} }}\n  \
                 B{i}: {{ Type: AWS::ApiGateway::BasePathMapping, Properties: {{ RestApiId: !Ref Api, DomainName: !Ref D{i} }} }}\n  \
                 P{i}: {{ Type: AWS::ApiGateway::UsagePlan, Properties: {{ Throttle: {{ RateLimit: 1 }}, ApiStages: [{{ ApiId: !Ref Api, Stage: live }}] }} }}\n  \
                 F{i}: {{ Type: AWS::Serverless::Function, Properties: {{ Events: {{ E: {{ Type: Api, Properties: {{ Path: /p{i}, Method: get, RestApiId: !Ref Api }} }} }} }} }}\n"
            )
        })
        .collect();
    let api =
        "  Api: { Type: AWS::Serverless::Api, Properties: { StageName: live, Auth: { ApiKeyRequired: true } } }\n";
    let gateway = gateway("template.yaml", format!("{SAM}{api}{many}"));
    assert_eq!(gateway.routes.len(), 1000);
    let named = |route: &Route| route.listeners.known().map_or(0, Vec::len) + route.rates.known().map_or(0, Vec::len);
    assert!(gateway.routes.iter().map(named).sum::<usize>() <= 100_000);
}

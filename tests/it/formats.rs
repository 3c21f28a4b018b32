//! What tells the gateway formats apart: a smallest document for each shape, what
//! looks like one and is none, and the corpus.

use std::fs;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use rayon::prelude::*;

use gatelint::discover::{self, Format, Formats, Found, formats_of, is_support};
use gatelint::source::{self, Limits, SourceFile, SourceMap};
use gatelint::span::FileId;

fn read(path: &str, text: &str) -> SourceFile {
    source::read(FileId(0), path, text.as_bytes().to_vec(), &Limits::default())
}

/// The formats of a file, by name; what its bytes make possible must hold them.
fn formats(path: &str, text: &str) -> String {
    let mut sources = SourceMap::default();
    sources.push(read(path, text));
    discover::embed(&mut sources, &Limits::default());
    let found = sources.files().map(formats_of).fold(Formats::NONE, Formats::union);
    let found: Vec<_> = found.iter().map(|format| format.as_str()).collect();
    let mut looks = Found::default();
    looks.sort_in(path.to_owned(), text.into());
    assert!(found.is_empty() || !looks.documents.is_empty(), "passed over before it is parsed: {text}");
    found.join(" ")
}

#[track_caller]
fn each_is(format: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(formats("file.yaml", text), format, "{text}");
    }
}

#[track_caller]
fn none_is_any(texts: &[&str]) {
    each_is("", texts);
}

// ---------------------------------------------------------------- file formats

#[test]
fn a_declarative_file_of_kong_states_its_version_and_lists_entities() {
    each_is(
        "kong",
        &[
            "_format_version: '3.0'\nservices: []\n",
            "_format_version: 1.1\nplugins: [{name: cors}]\n",
            "{\"_format_version\": \"2.1\", \"consumers\": []}",
            "_konnect: {control_plane_name: x}\nservices: [{name: a, host: b}]\n",
            "_transform: false\nservices: [{name: a, url: 'http://b'}]\n",
        ],
    );
    none_is_any(&[
        "_format_version: '1.0'\nadd-plugins: []\n",
        "_format_version: '3.0'\n_workspace: x\n",
        "_info: {}\nservices: [{name: a}]\n",
        "services: [{name: a, url: 'http://b'}]\n",
        "rules: {a: {given: '$._format_version'}}\n",
    ]);
}

#[test]
fn settings_of_kong_stand_in_the_environment() {
    each_is(
        "kong",
        &[
            "services: {kong: {image: kong, environment: {KONG_DATABASE: 'off'}}}\n",
            "services: {kong: {environment: ['KONG_ADMIN_LISTEN=0.0.0.0:8001']}}\n",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: kong}\nspec: {template: {spec: {containers: [{env: \
             [{name: KONG_PROXY_LISTEN, value: '0.0.0.0:8000'}]}]}}}\n",
        ],
    );
    none_is_any(&["services: {app: {environment: {KONG_URL: 'http://kong:8001'}}}\n"]);
}

#[test]
fn krakend_is_told_by_version_and_endpoints_or_by_its_schema() {
    each_is(
        "krakend",
        &[
            "{\"version\": 3, \"endpoints\": [{\"endpoint\": \"/a\", \"backend\": []}]}",
            "version: 3\nendpoints: [{endpoint: /a, backend: []}]\n",
            "{\"$schema\": \"https://www.krakend.io/schema/v2.7/krakend.json\", \"version\": 3}",
            "$schema: https://www.krakend.io/schema/krakend.json\nextra_config: {}\nasync_agent: []\n",
        ],
    );
    none_is_any(&[
        "version: '3'\nservices: {backend: {image: x}, endpoints: {}}\n",
        "version: 2\nendpoints: [{endpoint: /a, backend: []}]\n",
        "version: 3\nendpoints: [{url: /a, backend: []}]\n",
        "version: 3\nextra_config: {}\nasync_agent: []\nx: [endpoints, backend]\n",
    ]);
}

#[test]
fn envoy_is_told_by_its_resources_and_not_by_its_administration() {
    each_is(
        "envoy",
        &[
            "static_resources: {listeners: []}\n",
            "admin: {}\ndynamic_resources: {cds_config: {path: cds.yaml}}\n",
            "resources:\n- '@type': type.googleapis.com/envoy.config.cluster.v3.Cluster\n",
            "- '@type': type.googleapis.com/envoy.config.route.v3.RouteConfiguration\n",
            "'@type': type.googleapis.com/envoy.api.v2.Listener\n",
        ],
    );
    none_is_any(&[
        "admin: {address: {}}\nnode: {id: a}\n",
        "static_resources: [logo.png]\n",
        "static_resources: {images: []}\n",
        "resources: [{'@type': type.googleapis.com/google.protobuf.Any}]\n",
        "'@type': type.googleapis.com/envoy.extensions.filters.http.router.v3.Router\n",
    ]);
}

#[test]
fn a_static_file_of_traefik_has_entry_points_or_two_shapes() {
    each_is(
        "traefik",
        &[
            "entryPoints: {web: {address: ':80'}}\n",
            "entrypoints: {dns: {address: '127.0.0.1:53/udp'}}\n",
            "providers: {docker: {}}\nlog: {level: DEBUG}\n",
            "api: {insecure: true}\naccessLog: {}\n",
            "certificatesResolvers: {le: {acme: {email: a@example.com}}}\nproviders: {file: {directory: /etc}}\n",
            "ports: {web: {port: 8000}, websecure: {port: 8443}}\n",
        ],
    );
    none_is_any(&[
        "log: {level: info}\n",
        "log: {level: info}\nproviders: {aws: {}}\n",
        "api: {url: x}\nlog: {level: info}\n",
        "providers: [docker]\nlog: level\n",
        "entryPoints: {main: {address: src/main.js}}\n",
        "ports: {web: 80, websecure: 443}\n",
    ]);
}

#[test]
fn a_dynamic_file_of_traefik_has_routers_middlewares_services_or_tls() {
    each_is(
        "traefik",
        &[
            "http: {routers: {a: {rule: 'Host(`a`)', service: a}}}\n",
            "http: {middlewares: {a: {basicAuth: {users: []}}}}\n",
            "http: {services: {a: {loadBalancer: {servers: []}}}}\n",
            "tcp: {routers: {a: {rule: 'HostSNI(`*`)'}}}\n",
            "udp: {routers: {a: {service: a}}, services: {a: {loadBalancer: {}}}}\n",
            "tls: {options: {default: {minVersion: VersionTLS12}}}\n",
            "tls: {certificates: [{certFile: a, keyFile: b}]}\n",
        ],
    );
    none_is_any(&[
        "http: {port: 80}\n",
        "http: {middlewares: [cors]}\n",
        "http: {routers: [users]}\n",
        "spring: {cloud: {gateway: {routes: []}}}\nhttp: {services: {a: {url: b}}}\n",
        "tls: {minVersion: '1.2', options: {}}\n",
    ]);
}

#[test]
fn labels_and_arguments_speak_to_traefik() {
    each_is(
        "traefik",
        &[
            "services: {app: {labels: ['traefik.http.routers.a.rule=Host(`a`)']}}\n",
            "services: {app: {labels: {Traefik.Enable: 'true'}}}\n",
            "services: {app: {deploy: {labels: [traefik.tcp.routers.a.rule=x]}}}\n",
            "services: {traefik: {command: ['--entryPoints.web.address=:80']}}\n",
            "services: {traefik: {command: '--api --entrypoints.web.address=:80'}}\n",
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: t}\nspec: {template: {spec: {containers: [{args: \
             ['--entrypoints.web.address=:80']}]}}}\n",
        ],
    );
    none_is_any(&[
        "services: {app: {labels: [com.example.traefik.enable=true]}}\n",
        "services: {app: {labels: [traefik.docker.network=x]}}\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {labels: {traefik.enable: 'true'}}\n",
        "services: {app: {command: [serve, '--address=:80']}}\n",
    ]);
}

#[test]
fn an_openapi_document_with_extensions_of_amazon_is_both() {
    let text = "openapi: 3.0.1\npaths: {/a: {get: {x-amazon-apigateway-integration: {}}}}\n";
    assert_eq!(formats("api.yaml", text), "aws");
    assert!(gatelint::discover::is_root(&read("api.yaml", text).tree).is_some());
    none_is_any(&[
        "openapi: 3.0.1\npaths: {/a: {get: {x-kong-plugin-cors: {}, description: x-amazon-apigateway-integration}}}\n",
        "openapi: 3.0.1\nx-labels: {labels: {traefik.enable: 'true'}}\n",
        "swagger: '2.0'\nx-google-backend: {}\nx-tyk-api-gateway: {}\n",
        "paths: {/a: {get: {x-amazon-apigateway-integration: {}}}}\n",
    ]);
}

#[test]
fn a_template_of_cloudformation_is_told_by_its_resources() {
    each_is(
        "aws",
        &[
            "Resources: {Api: {Type: 'AWS::ApiGateway::RestApi'}}\n",
            "Resources: {Api: {Type: 'AWS::ApiGatewayV2::Api', Properties: {Name: !Ref Name}}}\n",
            "{\"Resources\": {\"Api\": {\"Type\": \"AWS::Serverless::HttpApi\"}}}",
            "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Events: {E: {Type: Api}}}}}\n",
        ],
    );
    none_is_any(&[
        "Resources: {Bucket: {Type: 'AWS::S3::Bucket'}}\n",
        "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Events: {E: {Type: SQS}}}}}\n",
        "service: x\nprovider: {name: aws}\nfunctions: {a: {events: [{httpApi: '*'}]}}\nx: 'AWS::ApiGateway::RestApi'\n",
        "[{ResourceType: 'AWS::ApiGateway::RestApi'}]\n",
    ]);
}

#[test]
fn files_of_nginx_are_told_by_blocks_and_known_directives() {
    for text in [
        "server { listen 80; root /srv; }",
        "events {}\nhttp { server { server_name a; } }",
        "upstream a { server 10.0.0.1; }\n",
        "proxy_set_header Host $host;\nproxy_http_version 1.1;\nproxy_buffering off;\n",
        "{{ range .x }}\nserver {\n  listen {{ .port }};\n  server_name {{ .name }};\n}\n{{ end }}\n",
    ] {
        assert_eq!(formats("conf.d/a.conf", text), "nginx", "{text}");
    }
    for (path, text) in [
        ("a.conf", "add_header X-Frame-Options DENY;\nserver_tokens off;\n"),
        ("Caddyfile", "example.com {\n  reverse_proxy localhost:80\n  root /srv\n}\n"),
        ("a.conf", "[Unit]\nDescription=server\n"),
        ("a.conf", "frontend a\n  bind :80\nbackend b\n  server c 10.0.0.1:80\n"),
        ("a.yaml", "server:\n  listen: 80\n  root: /srv\nlocation: x\n"),
        ("a.json", "{\"server\": {\"listen\": 80, \"root\": \"/srv\"}}"),
        ("named.conf", "options { directory \"/var\"; };\nzone \"a\" { type master; };\n"),
    ] {
        assert_eq!(formats(path, text), "", "{text}");
    }
}

#[test]
fn the_settings_of_kong_are_told_by_two_of_them() {
    assert_eq!(formats("kong.conf", "# x\nadmin_listen = 127.0.0.1:8001\ndatabase = off\n"), "kong");
    assert_eq!(formats("other.conf", "database = off\nport = 1\n"), "");
    assert_eq!(formats("a.yaml", "database: off\nadmin_listen: x\n"), "");
}

#[test]
fn files_in_toml_have_the_same_shapes() {
    assert_eq!(formats("a.toml", "[entryPoints.web]\naddress = \":80\"\n"), "traefik");
    assert_eq!(formats("a.toml", "[http.routers.a]\nrule = \"Host(`a`)\"\n"), "traefik");
    assert_eq!(formats("a.toml", "[http.routers.{{ .x }}]\nrule = {{ .y }}\n"), "traefik");
    assert_eq!(formats("a.toml", "version = 3\n[[endpoints]]\nendpoint = \"/a\"\nbackend = []\n"), "krakend");
    assert_eq!(formats("a.toml", "[package]\nname = \"traefik.http\"\n"), "");
}

// ------------------------------------------------------------------ Kubernetes

fn object(version: &str, kind: &str) -> String {
    format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\n")
}

#[test]
fn objects_of_kubernetes_are_told_by_group_and_kind() {
    for (version, kind, format) in [
        ("networking.k8s.io/v1", "Ingress", "ingress"),
        ("extensions/v1beta1", "Ingress", "ingress"),
        ("networking.k8s.io/v1", "IngressClass", "ingress"),
        ("gateway.networking.k8s.io/v1", "Gateway", "gateway-api"),
        ("gateway.networking.k8s.io/v1beta1", "HTTPRoute", "gateway-api"),
        ("gateway.envoyproxy.io/v1alpha1", "SecurityPolicy", "gateway-api"),
        ("networking.istio.io/v1", "Gateway", "istio"),
        ("networking.istio.io/v1", "VirtualService", "istio"),
        ("security.istio.io/v1", "AuthorizationPolicy", "istio"),
        ("traefik.io/v1alpha1", "IngressRoute", "traefik"),
        ("traefik.containo.us/v1alpha1", "Middleware", "traefik"),
        ("configuration.konghq.com/v1", "KongClusterPlugin", "kong"),
        ("networking.k8s.io/v1", "NetworkPolicy", ""),
        ("gateway.solo.io/v1", "VirtualService", ""),
        ("networking.istio.io.example.com/v1", "Gateway", ""),
        ("v1", "Gateway", ""),
        ("projectcontour.io/v1", "HTTPProxy", ""),
        ("k8s.nginx.org/v1", "VirtualServer", ""),
    ] {
        assert_eq!(formats("a.yaml", &object(version, kind)), format, "{version} {kind}");
    }
}

#[test]
fn every_document_of_a_file_and_every_item_of_a_list_counts() {
    let several = [object("v1", "Service"), object("networking.k8s.io/v1", "Ingress")].join("---\n");
    assert_eq!(formats("a.yaml", &several), "ingress");
    let both = format!("{several}---\n{}", object("networking.istio.io/v1", "Gateway"));
    assert_eq!(formats("a.yaml", &both), "ingress istio");
    let item = "{apiVersion: traefik.io/v1alpha1, kind: Middleware, metadata: {name: a}}";
    assert_eq!(formats("a.yaml", &format!("apiVersion: v1\nkind: List\nitems: [{item}]\n")), "traefik");
}

#[test]
fn a_definition_of_custom_resources_holds_names_and_no_objects() {
    none_is_any(&[
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.traefik.io}\n\
                   spec: {group: traefik.io, names: {kind: Middleware}, versions: [{schema: {openapi: x}}]}\n",
    ]);
}

#[test]
fn a_config_map_has_the_formats_of_the_files_in_it() {
    let map = |data: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n{data}");
    assert_eq!(formats("a.yaml", &map("  envoy.yaml: |\n    static_resources: {listeners: []}\n")), "envoy");
    assert_eq!(formats("a.yaml", &map("  traefik.yml: |\n    entryPoints: {web: {address: ':80'}}\n")), "traefik");
    assert_eq!(formats("a.yaml", &map("  nginx.conf: |\n    server { listen 80; server_name a; }\n")), "nginx");
    assert_eq!(formats("a.yaml", &map("  kong.yml: |\n    _format_version: '3.0'\n    routes: []\n")), "kong");
    assert_eq!(formats("a.yaml", &map("  proxy-body-size: 8m\n")), "");
}

#[test]
fn what_others_are_joined_with_is_support_and_nothing_to_judge() {
    for (version, kind) in [("v1", "Service"), ("v1", "ConfigMap"), ("v1", "Namespace"), ("apps/v1", "Deployment")] {
        let text = object(version, kind);
        let mut found = Found::default();
        found.sort_in("a.yaml".to_owned(), text.clone().into());
        assert!(is_support(&read("a.yaml", &text)) && found.support.len() == 1, "{kind}");
        assert_eq!(formats("a.yaml", &text), "", "{kind}");
    }
    assert!(!is_support(&read("a.yaml", &object("batch/v1", "Job"))));
}

#[test]
fn support_is_read_only_where_something_may_need_it() {
    let take = |others: &[(&str, &str)]| {
        let mut found = Found::default();
        found.sort_in("service.yaml".to_owned(), object("v1", "Service").into());
        found.sort_in("compose.yaml".to_owned(), "services: { web: { image: nginx } }\n".into());
        for (path, text) in others {
            found.sort_in((*path).to_owned(), (*text).into());
        }
        let paths: Vec<String> = found.take_files().into_iter().map(|(path, _)| path).collect();
        (paths.join(" "), found.ignored_files)
    };
    let ingress = object("networking.k8s.io/v1", "Ingress");
    assert_eq!(take(&[("ingress.yaml", &ingress)]), ("compose.yaml ingress.yaml service.yaml".to_owned(), 0));
    assert_eq!(take(&[("nginx.conf", "server { listen 80; }")]).1, 0);
    assert_eq!(take(&[("api.yaml", "openapi: 3.0.3\n")]), ("api.yaml".to_owned(), 2));
}

// ------------------------------------------------------------------- templates

#[test]
fn a_template_that_cannot_be_parsed_is_told_by_its_lines() {
    let chart = "{{- if .Values.on }}\napiVersion: {{ include \"version\" . }}\nkind: Ingress\nmetadata: {{ .x }}\n{{- end }}\n";
    assert_eq!(formats("a.yaml", chart), "ingress");
    let chart = chart.replace("{{ include \"version\" . }}", "networking.istio.io/v1").replace("Ingress", "Gateway");
    assert_eq!(formats("a.yaml", &chart), "istio");
    let chart = chart.replace("networking.istio.io/v1", "{{ .version }}");
    assert_eq!(formats("a.yaml", &chart), "", "two groups have a Gateway");
    assert_eq!(
        formats("a.yaml", "http:\n  routers:\n  {{ range .x }}\n    a{{ . }}:\n      rule: x\n  {{ end }}\n"),
        "traefik"
    );
    assert_eq!(formats("a.yaml", "{{- if .x }}\n_format_version: '3.0'\n{{- end }}\n"), "kong");
}

// ---------------------------------------------------------------------- corpus

/// What the index of the corpus says by the project a file comes from.
fn by_index(kind: &str) -> &str {
    match kind {
        "aws-cfn" | "aws-sam" => "aws",
        _ if kind.ends_with("+x-amazon-apigateway") => "aws",
        "kong" | "nginx" | "ingress" | "gateway-api" | "istio" | "envoy" | "traefik" | "krakend" => kind,
        _ => "",
    }
}

/// A file of the corpus, and its formats: by the index, as explained, and as found.
#[derive(Debug)]
struct Told<'a> {
    path: &'a str,
    by_index: &'a str,
    expected: &'a str,
    found: String,
}

#[test]
fn the_corpus_has_no_false_kind_and_every_miss_is_explained() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let root = std::env::var_os("GATELINT_CORPUS").map_or(beside, PathBuf::from);
    let Ok(index) = fs::read_to_string(root.join("INDEX.tsv")) else {
        println!("skipped: no corpus at {}", root.display());
        return;
    };
    let lines = include_str!("formats.tsv").lines().filter(|line| !line.starts_with('#'));
    let exceptions: Vec<(GlobMatcher, &str)> = lines
        .map(|line| {
            let [glob, formats, _why] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("three columns: {line}")
            };
            let glob = GlobBuilder::new(glob).literal_separator(true).empty_alternates(true).build().unwrap();
            (glob.compile_matcher(), if formats == "-" { "" } else { formats })
        })
        .collect();
    let files: Vec<Vec<&str>> = index.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let told: Vec<Told<'_>> = files
        .par_iter()
        .map(|columns| {
            let (path, by_index) = (columns[0], by_index(columns[2]));
            let exception = exceptions.iter().find(|(glob, _)| glob.is_match(path)).map(|&(_, formats)| formats);
            let text = String::from_utf8_lossy(&fs::read(root.join(path)).unwrap()).into_owned();
            Told { path, by_index, expected: exception.unwrap_or(by_index), found: formats(path, &text) }
        })
        .collect();
    println!("{:12} {:>5} {:>7} {:>9} {:>6}", "", "index", "claimed", "explained", "wrong");
    for format in Format::ALL.map(Format::as_str) {
        let has = |formats: &str| formats.split(' ').any(|one| one == format);
        let [mut index, mut claimed, mut explained, mut wrong] = [0; 4];
        for file in &told {
            index += u32::from(has(file.by_index));
            claimed += u32::from(has(&file.found));
            explained += u32::from(has(file.by_index) != has(file.expected));
            wrong += u32::from(has(file.expected) != has(&file.found));
        }
        println!("{format:12} {index:>5} {claimed:>7} {explained:>9} {wrong:>6}");
    }
    let wrong: Vec<_> = told.iter().filter(|file| file.expected != file.found).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (glob, _) in &exceptions {
        let explains = |file: &Told<'_>| glob.is_match(file.path) && file.by_index != file.expected;
        assert!(told.iter().any(explains), "{} explains nothing", glob.glob());
    }
}

//! Which files are documents, and where the project begins.

use std::fs;

use crate::sandbox::{CLEAN, CLEARTEXT, Run, Sandbox};

const RULE: &str = "cleartext-server";

fn documents(run: &Run) -> Vec<String> {
    let json = run.json();
    json["documents"].as_array().unwrap().iter().map(|d| d["file"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn documents_are_told_by_content_and_not_by_name() {
    let schema = "type: object\nproperties:\n  openapi: { type: string }\n  paths: { type: object }\n";
    let sandbox = Sandbox::new(&[
        ("one/whatever.yml", CLEAN),
        ("two.json", "{\"info\": {}, \"swagger\": \"2.0\", \"paths\": {}}"),
        ("openapi.yaml", schema),
        ("notes.json", "{\"openapi\": "),
        ("schema.json", "{\"properties\": {\"swagger\": {}}}"),
        ("text.md", CLEAN),
    ]);
    fs::remove_file(sandbox.root.join("notes.json")).unwrap();
    let run = sandbox.check(RULE, &[]).exits(0);
    assert_eq!(documents(&run), ["one/whatever.yml", "two.json"]);
    assert_eq!(run.json()["summary"]["ignored-files"], 2);
}

#[test]
fn ignore_files_are_respected_and_hidden_folders_are_looked_at() {
    let sandbox = Sandbox::new(&[
        (".gitignore", "generated/\n"),
        ("generated/api.yaml", CLEAN),
        (".ignore", "old.yaml\n"),
        ("old.yaml", CLEAN),
        (".github/api.yaml", CLEAN),
        ("node_modules/x/api.yaml", CLEAN),
    ]);
    assert_eq!(documents(&sandbox.check(RULE, &[]).exits(0)), [".github/api.yaml"]);
    // Who names a file means it.
    assert_eq!(documents(&sandbox.check(RULE, &["generated/api.yaml"]).exits(0)), ["generated/api.yaml"]);
}

#[test]
fn include_and_exclude_choose_what_a_walk_looks_at() {
    let sandbox = Sandbox::new(&[
        ("gatelint.yaml", "include: ['specs/**/*.oas']\nexclude: [draft]\n"),
        ("specs/a.oas", CLEAN),
        ("specs/draft/b.oas", CLEAN),
        ("c.yaml", CLEAN),
    ]);
    assert_eq!(documents(&sandbox.check(RULE, &[]).exits(0)), ["specs/a.oas"]);
    assert_eq!(documents(&sandbox.check(RULE, &["specs/draft/b.oas"]).exits(0)), ["specs/draft/b.oas"]);
    sandbox.check(RULE, &["--force-exclude", "specs/draft/b.oas"]).exits(3);
}

#[test]
fn a_document_in_another_encoding_is_a_problem() {
    let sandbox = Sandbox::new(&[]);
    let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(CLEAN.bytes().flat_map(|byte| [byte, 0])).collect();
    sandbox.write("wide.yaml", wide);
    assert_eq!(sandbox.check(RULE, &[]).exits(4).problems(), ["encoding wide.yaml"]);
}

#[test]
fn paths_of_a_report_count_from_the_git_root() {
    let sandbox = Sandbox::new(&[("apis/v1/api.yaml", CLEARTEXT), ("common.yaml", "get: { responses: {} }\n")]);
    let text = CLEARTEXT.replace("paths: {}", "paths: { /a: { $ref: ../../common.yaml } }");
    sandbox.write("apis/v1/api.yaml", text);
    let args = ["--select", RULE, "--format", "json", "api.yaml"];
    let run = sandbox.run_in("apis/v1", &args).exits(1);
    assert_eq!(documents(&run), ["apis/v1/api.yaml"]);
    assert!(run.problems().is_empty(), "{run:?}");
}

#[test]
fn without_git_references_stay_below_the_inputs() {
    let sandbox = Sandbox::new(&[("common.yaml", "get: { responses: {} }\n")]);
    fs::remove_dir_all(sandbox.root.join(".git")).unwrap();
    sandbox.write("apis/api.yaml", CLEAN.replace("paths: {}", "paths: { /a: { $ref: ../common.yaml } }"));
    let run = sandbox.check(RULE, &["apis/api.yaml"]);
    assert_eq!(run.problems(), ["refused-reference api.yaml"]);
    // A settings file says how far the project goes.
    sandbox.write("gatelint.yaml", "");
    assert_eq!(documents(&sandbox.check(RULE, &["apis/api.yaml"]).exits(0)), ["apis/api.yaml"]);
}

fn fragments() -> Sandbox {
    let root = |path: &str| CLEARTEXT.replace("paths: {}", &format!("paths: {{ /a: {{ $ref: {path} }} }}"));
    Sandbox::new(&[
        ("a.yaml", &root("parts/a.yaml")),
        ("b.yaml", &root("parts/b.yaml")),
        ("parts/a.yaml", "get: { responses: { '200': { $ref: ./deep.yaml } } }\n"),
        ("parts/b.yaml", "get: { responses: {} }\n"),
        ("parts/deep.yaml", "description: ok\n"),
        ("package.json", "{}"),
    ])
}

#[test]
fn a_changed_fragment_has_the_documents_judged_that_reach_it() {
    let run = fragments().check(RULE, &["--files-are-changes", "parts/deep.yaml"]).exits(1);
    assert_eq!(documents(&run), ["a.yaml"]);
    let run = fragments().check(RULE, &["--files-are-changes", "parts/b.yaml", "a.yaml"]).exits(1);
    assert_eq!(documents(&run), ["a.yaml", "b.yaml"]);
}

#[test]
fn a_change_that_concerns_no_document_exits_with_0() {
    fragments().check(RULE, &["--files-are-changes", "package.json"]).exits(0);
    fragments().check(RULE, &["--files-are-changes"]).exits(0);
}

#[test]
fn a_deleted_file_or_changed_settings_concern_every_document() {
    let sandbox = fragments();
    assert_eq!(documents(&sandbox.check(RULE, &["--files-are-changes", "gone.yaml"]).exits(1)), ["a.yaml", "b.yaml"]);
    sandbox.write("gatelint.yaml", "fail-on: critical\n");
    let run = sandbox.check(RULE, &["--files-are-changes", "gatelint.yaml"]).exits(0);
    assert_eq!(documents(&run), ["a.yaml", "b.yaml"]);
}

#[test]
fn a_broken_document_that_did_not_change_is_not_told() {
    let sandbox = fragments();
    sandbox.write("c.json", "{\"openapi\": \"3.0.3\",");
    assert!(sandbox.check(RULE, &["--files-are-changes", "a.yaml"]).exits(1).problems().is_empty());
    sandbox.check(RULE, &["--files-are-changes", "c.json"]).exits(4);
}

#[test]
fn excluded_changes_are_passed_over_when_forced() {
    let sandbox = fragments();
    sandbox.write("gatelint.yaml", "exclude: [a.yaml]\n");
    sandbox.check(RULE, &["--files-are-changes", "--force-exclude", "a.yaml"]).exits(0);
}

#[test]
fn a_fragment_shared_by_two_documents_is_reported_once() {
    let part = "get:\n  servers: [{ url: http://part.example.com }]\n  responses: {}\n";
    let root = CLEAN.replace("paths: {}", "paths: { /a: { $ref: part.yaml } }");
    let run = Sandbox::new(&[("a.yaml", &root), ("b.yaml", &root), ("part.yaml", part)]).check(RULE, &[]).exits(1);
    assert_eq!(run.findings(), ["cleartext-server /get/servers/0/url"]);
    assert_eq!(run.json()["findings"][0]["location"]["file"], "part.yaml");
}

const INGRESS: &str = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec: {}\n";
const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n";

#[test]
fn what_no_kind_claims_is_ignored_and_counted() {
    let sandbox = Sandbox::new(&[
        ("api.yaml", CLEAN),
        ("Cargo.toml", "[package]\nname = 'a'\n"),
        ("php.conf", "[www]\nuser = www\n"),
        ("service.yaml", SERVICE),
        ("values.yaml", "http: {port: 80}\n"),
    ]);
    let run = sandbox.check(RULE, &[]).exits(0);
    assert_eq!(run.json()["summary"]["ignored-files"], 4);
    assert!(run.problems().is_empty(), "{run:?}");
}

#[test]
fn services_are_not_ignored_beside_what_they_are_joined_with() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEAN), ("service.yaml", SERVICE), ("ingress.yaml", INGRESS)]);
    assert_eq!(sandbox.check(RULE, &[]).json()["summary"]["ignored-files"], 0);
    assert!(sandbox.check(RULE, &["api.yaml", "ingress.yaml", "service.yaml"]).problems().is_empty());
    let run = sandbox.check(RULE, &["api.yaml", "service.yaml"]).exits(4);
    assert_eq!(run.problems(), ["unrecognised service.yaml"]);
}

#[test]
fn a_named_file_of_no_kind_hears_what_it_would_have_to_look_like() {
    let definition =
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.traefik.io}\n";
    for (path, text, said) in [
        ("a.yaml", "a: 1\n", "root key `openapi` or `swagger`"),
        ("a.toml", "a = 1\n", "`entryPoints`"),
        ("a.conf", "a = 1\n", "`server`"),
        ("a.md", "a\n", "OpenAPI"),
        ("service.yaml", SERVICE, "`Service`"),
        ("definition.yaml", definition, "`CustomResourceDefinition`"),
    ] {
        let run = Sandbox::new(&[(path, text)]).check(RULE, &[path]).exits(4);
        let json = run.json();
        let message = json["problems"][0]["message"].as_str().unwrap();
        assert!(message.contains(said), "{path}: {message}");
    }
}

#[test]
fn a_templated_object_is_a_note_and_a_broken_one_is_a_problem() {
    let chart = format!("{{{{- if .Values.on }}}}\n{INGRESS}{{{{- end }}}}\n");
    let sandbox = Sandbox::new(&[("api.yaml", CLEAN), ("templates/ingress.yaml", &chart)]);
    assert_eq!(sandbox.check(RULE, &[]).exits(0).problems(), ["templated templates/ingress.yaml"]);
    let changed = sandbox.check(RULE, &["--files-are-changes", "api.yaml"]).exits(0);
    assert!(changed.problems().is_empty(), "{changed:?}");
    sandbox.write("templates/ingress.yaml", INGRESS.replace("{name: a}", "{name: a"));
    assert_eq!(sandbox.check(RULE, &[]).exits(4).problems(), ["syntax templates/ingress.yaml"]);
}

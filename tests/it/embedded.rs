//! Gateway configurations that a `ConfigMap` or `Secret` holds: judged where they stand.

use crate::sandbox::Sandbox;

const NGINX: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: proxy}
data:
  nginx.conf: |
    events {}
    http {
      server {
        listen 127.0.0.1:80;
        location / {
          autoindex on;
        }
      }
    }
";

#[test]
fn a_finding_stands_on_the_line_of_the_config_map() {
    let sandbox = Sandbox::new(&[("map.yaml", NGINX)]);
    let report = sandbox.run(&["check", "--format", "json", "--select", "gateway-directory-listing"]).exits(0).json();
    let finding = &report["findings"][0];
    assert_eq!(finding["location"]["file"], "map.yaml");
    assert_eq!(finding["location"]["start"]["line"], 11);
    let pointer = finding["location"]["pointer"].as_str().unwrap();
    assert!(pointer.starts_with("/data/nginx.conf/") && pointer.ends_with("/autoindex"), "{pointer}");
}

#[test]
fn the_inventory_names_the_file_inside_and_its_lines() {
    let table = Sandbox::new(&[("map.yaml", NGINX)]).run(&["routes"]).exits(0).stdout;
    assert!(table.starts_with("nginx: map.yaml (nginx.conf)\n"), "{table}");
    assert!(table.contains("map.yaml:10"), "{table}");
}

#[test]
fn the_same_file_under_two_names_has_findings_of_its_own() {
    let twice = NGINX.replace("  nginx.conf: |", "  a.conf: |") + &NGINX[NGINX.find("  nginx.conf").unwrap()..];
    let sandbox = Sandbox::new(&[("map.yaml", &twice)]);
    let report = sandbox.run(&["check", "--format", "json", "--select", "gateway-directory-listing"]).exits(0).json();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2);
    assert_ne!(findings[0]["fingerprint"], findings[1]["fingerprint"]);
    let alone = Sandbox::new(&[("map.yaml", NGINX)]);
    let alone = alone.run(&["check", "--format", "json", "--select", "gateway-directory-listing"]).exits(0).json();
    assert!(findings.iter().any(|finding| finding["fingerprint"] == alone["findings"][0]["fingerprint"]));
}

#[test]
fn a_comment_inside_accepts_a_finding() {
    let accepted = NGINX.replace("autoindex on;", "autoindex on; # gatelint: ignore[gateway-directory-listing] public");
    let sandbox = Sandbox::new(&[("map.yaml", &accepted)]);
    let report = sandbox.run(&["check", "--format", "json", "--select", "gateway-directory-listing"]).exits(0).json();
    assert_eq!(report["summary"]["suppressed"], 1, "{}", report["summary"]);
}

#[test]
fn what_is_not_written_as_its_value_is_told_as_nothing_judged() {
    let folded = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  \
                  kong.json: >\n    {\"_format_version\": \"3.0\", \"routes\": []}\n";
    let sandbox = Sandbox::new(&[("map.yaml", folded)]);
    let run = sandbox.run(&["check", "--format", "json"]).exits(3);
    let report = run.json();
    let problem = &report["problems"][0];
    assert_eq!((problem["code"].as_str(), problem["location"]["start"]["line"].as_u64()), (Some("embedded"), Some(5)));
    assert!(problem["message"].as_str().unwrap().contains("`kong.json`"), "{problem}");
}

#[test]
fn a_file_of_many_configurations_is_read_up_to_a_bound_that_is_told() {
    let mut text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n".to_owned();
    for number in 0..200 {
        text += &format!("  n{number}.conf: |\n    server {{ listen 80; location / {{ return 200; }} }}\n");
    }
    let report = Sandbox::new(&[("map.yaml", &text)]).run(&["check", "--format", "json"]).json();
    let problems = report["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 200 - 64);
    assert!(problems[0]["message"].as_str().unwrap().contains("more than 64"), "{}", problems[0]);
}

#[test]
fn a_config_map_that_changed_is_judged_and_one_that_did_not_is_not() {
    let sandbox = Sandbox::new(&[("map.yaml", NGINX), ("other.yaml", &NGINX.replace("autoindex", "# autoindex"))]);
    let run = |path| sandbox.run(&["check", "--format", "json", "--files-are-changes", path]).exits(0).json();
    assert_eq!(run("map.yaml")["documents"][0]["file"], "map.yaml");
    assert_eq!(run("other.yaml")["documents"].as_array().unwrap().len(), 1);
}

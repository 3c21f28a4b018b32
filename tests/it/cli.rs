//! The command line from outside: exit codes, outputs, commands, hostile inputs.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use crate::sandbox::{CLEAN, CLEARTEXT, Sandbox};

const RULE: &str = "cleartext-server";

#[test]
fn a_clean_document_exits_with_0() {
    let run = Sandbox::new(&[("api.yaml", CLEAN)]).check(RULE, &[]).exits(0);
    assert_eq!(run.json()["verdict"], "pass");
    assert_eq!(run.json()["documents"][0]["file"], "api.yaml");
}

#[test]
fn a_finding_at_the_threshold_exits_with_1() {
    let run = Sandbox::new(&[("api.yaml", CLEARTEXT)]).check(RULE, &[]).exits(1);
    assert_eq!(run.findings(), ["cleartext-server /servers/0/url"]);
    assert_eq!(run.json()["verdict"], "fail");
}

#[test]
fn a_finding_below_the_threshold_exits_with_0_and_is_shown() {
    let run = Sandbox::new(&[("api.yaml", CLEARTEXT)]).check(RULE, &["--fail-on", "critical"]).exits(0);
    assert_eq!(run.findings().len(), 1);
}

#[test]
fn exit_zero_forgives_findings_and_nothing_else() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEARTEXT)]);
    sandbox.check(RULE, &["--exit-zero"]).exits(0);
    sandbox.write("broken.json", "{\"openapi\": \"3.0.3\",");
    sandbox.check(RULE, &["--exit-zero"]).exits(4);
}

#[test]
fn findings_below_the_display_threshold_are_left_out() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEARTEXT)]);
    assert!(sandbox.check(RULE, &["--min-severity", "critical"]).exits(0).findings().is_empty());
}

#[test]
fn a_wrong_flag_exits_with_2() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEAN)]);
    sandbox.run(&["--nonsense"]).exits(2);
    sandbox.run(&["--format", "yaml"]).exits(2);
    sandbox.run(&["--output", "json"]).exits(2);
    sandbox.run(&["--now", "tomorrow"]).exits(2);
}

#[test]
fn an_unknown_rule_on_the_command_line_exits_with_2_and_a_hint() {
    let run = Sandbox::new(&[("api.yaml", CLEAN)]).run(&["--select", "cleartext-servers"]).exits(2);
    assert!(run.stderr.contains("did you mean `cleartext-server`?"), "{run:?}");
    assert!(run.stdout.is_empty(), "{run:?}");
}

#[test]
fn nothing_to_lint_exits_with_3_and_still_reports() {
    let sandbox = Sandbox::new(&[("data.json", "{\"a\": 1}")]);
    let run = sandbox.check(RULE, &[]).exits(3);
    assert_eq!((&run.json()["verdict"], &run.json()["summary"]["ignored-files"]), (&"empty".into(), &1.into()));
    sandbox.check(RULE, &["--allow-empty"]).exits(0);
}

#[test]
fn what_cannot_be_parsed_exits_with_4_and_wins_over_findings() {
    let sandbox = Sandbox::new(&[("a.yaml", CLEARTEXT), ("b.json", "{\"openapi\": \"3.0.3\", \"paths\": {")]);
    let run = sandbox.check(RULE, &[]).exits(4);
    assert_eq!(run.json()["verdict"], "incomplete");
    assert_eq!(run.findings().len(), 1);
    assert_eq!(run.problems(), ["syntax b.json"]);
}

#[test]
fn an_unknown_version_exits_with_4() {
    let text = CLEAN.replace("3.0.3", "4.0.0");
    let run = Sandbox::new(&[("api.yaml", &text)]).check(RULE, &[]).exits(4);
    assert_eq!(run.problems(), ["unsupported-version api.yaml"]);
}

#[test]
fn an_unresolved_reference_exits_with_4() {
    let text = CLEAN.replace("paths: {}", "paths: { /a: { $ref: ./missing.yaml } }");
    let run = Sandbox::new(&[("api.yaml", &text)]).check(RULE, &[]).exits(4);
    assert_eq!(run.problems(), ["unresolved-reference api.yaml"]);
}

#[test]
fn a_broken_fragment_is_told_where_it_is_broken() {
    let text = CLEAN.replace("paths: {}", "paths: { /a: { $ref: ./a.json } }");
    let run = Sandbox::new(&[("api.yaml", &text), ("a.json", "{\"get\": ")]).check(RULE, &["api.yaml"]).exits(4);
    assert!(run.problems().contains(&"syntax a.json".to_owned()), "{:?}", run.problems());
}

#[test]
fn a_named_file_that_is_missing_or_no_document_exits_with_4() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEAN), ("data.json", "{}")]);
    assert_eq!(sandbox.check(RULE, &["gone.yaml"]).exits(4).problems(), ["unreadable gone.yaml"]);
    assert_eq!(sandbox.check(RULE, &["data.json"]).exits(4).problems(), ["unrecognised data.json"]);
    assert_eq!(sandbox.check(RULE, &["api.yaml", "data.json"]).exits(4).json()["documents"][0]["file"], "api.yaml");
}

#[test]
fn a_named_fragment_of_a_named_document_is_judged_with_it() {
    let text = CLEAN.replace("paths: {}", "paths: { /a: { $ref: ./a.yaml } }");
    let sandbox = Sandbox::new(&[("api.yaml", &text), ("a.yaml", "get: { responses: {} }\n")]);
    sandbox.check(RULE, &["api.yaml", "a.yaml"]).exits(0);
    assert_eq!(sandbox.check(RULE, &["a.yaml"]).exits(4).problems(), ["unrecognised a.yaml"]);
}

#[test]
fn a_second_document_in_one_file_is_not_passed_over() {
    let text = format!("{CLEAN}---\n{CLEARTEXT}");
    let run = Sandbox::new(&[("api.yaml", &text)]).check(RULE, &[]).exits(4);
    assert_eq!(run.problems(), ["unrecognised api.yaml"]);
}

#[test]
fn one_run_writes_all_formats() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEARTEXT)]);
    let names = ["sarif", "github", "gitlab", "junit", "markdown", "json", "text"];
    let outputs: Vec<String> = names.iter().map(|name| format!("--output={name}=out.{name}")).collect();
    let args: Vec<&str> =
        ["api.yaml", "--select", RULE].into_iter().chain(outputs.iter().map(String::as_str)).collect();
    let run = sandbox.run(&args).exits(1);
    assert!(run.stdout.contains("cleartext-server"), "{run:?}");
    for name in names {
        assert!(sandbox.read(&format!("out.{name}")).contains("cleartext-server"), "{name}");
    }
}

#[test]
fn a_report_that_cannot_be_written_exits_with_2() {
    let run = Sandbox::new(&[("api.yaml", CLEAN)]).run(&["--output", "json=no/such/folder/x.json"]).exits(2);
    assert!(run.stderr.contains("no/such/folder/x.json"), "{run:?}");
}

#[test]
fn standard_input_stands_for_a_file() {
    let sandbox = Sandbox::new(&[("apis/a.yaml", "get: { responses: {} }\n")]);
    let text = CLEARTEXT.replace("paths: {}", "paths: { /a: { $ref: ./a.yaml } }");
    let args = ["-", "--stdin-filename", "apis/api.yaml", "--select", RULE, "--format", "json"];
    let run = sandbox.run_with_input(&args, &text).exits(1);
    assert_eq!(run.json()["findings"][0]["location"]["file"], "apis/api.yaml");
    sandbox.run_with_input(&["-", "--select", RULE], CLEAN).exits(0);
    sandbox.run_with_input(&["-"], "just: text\n").exits(4);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let sandbox = Sandbox::new(&[]);
    let paths: String = (0..500).fold(String::new(), |text, i| text + &format!("  - url: http://h{i}.example.com\n"));
    sandbox.write("api.yaml", CLEARTEXT.replace("  - url: http://api.example.com\n", &paths));
    let mut command = sandbox.command(&["--select", RULE, "--format", "json", "--exit-zero"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut few = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut few).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(0), String::new()));
}

#[test]
fn colours_follow_the_terminal_the_environment_and_the_flag() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEARTEXT)]);
    let colored = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = sandbox.command(&[&["--select", RULE], args].concat());
        command.envs(env.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap().contains('\u{1b}')
    };
    assert!(!colored(&[], &[]));
    assert!(colored(&["--color", "always"], &[]));
    assert!(colored(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(colored(&[], &[("FORCE_COLOR", "1")]) && colored(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]) && !colored(&[], &[("CLICOLOR_FORCE", "0")]));
    assert!(!colored(&["--color", "never"], &[("FORCE_COLOR", "1")]));
}

#[test]
fn no_progress_bar_is_drawn_where_nobody_looks() {
    let run = Sandbox::new(&[("api.yaml", CLEAN)]).run(&["--select", RULE]).exits(0);
    assert_eq!(run.stderr, "");
}

#[test]
fn a_rule_a_problem_and_another_linters_name_are_explained() {
    let sandbox = Sandbox::new(&[]);
    let rule = sandbox.run(&["explain", "missing-429"]).exits(0).stdout;
    for part in ["Why it matters", "How to fix it", "Examples", "# finding", "missing-429.md"] {
        assert!(rule.contains(part), "{part}: {rule}");
    }
    assert!(sandbox.run(&["explain", "too-deep"]).exits(0).stdout.contains("nested deeper"));
    let alias = sandbox.run(&["explain", "spectral-owasp:owasp:api4:2023-rate-limit-responses-429"]).exits(0);
    assert!(alias.stdout.contains("missing-429"), "{alias:?}");
    let unknown = sandbox.run(&["explain", "missing-42"]).exits(2);
    assert!(unknown.stderr.contains("did you mean `missing-429`?"), "{unknown:?}");
}

#[test]
fn every_rule_and_problem_code_is_explained() {
    let sandbox = Sandbox::new(&[]);
    for code in gatelint::error::ProblemCode::ALL {
        let text = sandbox.run(&["explain", code.as_str()]).exits(0).stdout;
        assert!(text.contains("How to fix it"), "{code}: {text}");
    }
}

#[test]
fn rules_are_listed_for_people_and_for_programs() {
    let sandbox = Sandbox::new(&[]);
    assert!(sandbox.run(&["rules"]).exits(0).stdout.contains("\ncleartext-server "));
    let json = sandbox.run(&["rules", "--format", "json"]).exits(0).json();
    let row = json.as_array().unwrap().iter().find(|row| row["id"] == "missing-429").unwrap();
    let mut keys: Vec<&String> = row.as_object().unwrap().keys().collect();
    keys.sort_unstable();
    let expected = ["aliases", "confidence", "cwe", "id", "kinds", "owasp", "profile", "severity", "title", "url"];
    assert_eq!(keys, expected);
    assert_eq!((&row["owasp"][0], &row["cwe"][0]), (&"API4:2023".into(), &770.into()));
}

#[test]
fn init_writes_settings_that_work_and_never_overwrites() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEAN)]);
    sandbox.run(&["init"]).exits(0);
    let written = sandbox.read("gatelint.yaml");
    sandbox.check(RULE, &[]).exits(0);
    sandbox.run(&["init"]).exits(2);
    assert_eq!(sandbox.read("gatelint.yaml"), written);
    let other = Sandbox::new(&[(".github/gatelint.yaml", "")]);
    other.run(&["init"]).exits(2);
    assert!(!other.root.join("gatelint.yaml").exists());
}

#[test]
fn completions_and_the_man_page_are_made() {
    let sandbox = Sandbox::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(sandbox.run(&["completions", shell]).exits(0).stdout.contains("fail-on"), "{shell}");
    }
    let man = sandbox.run(&["man"]).exits(0).stdout;
    assert!(man.contains(".TH gatelint 1") && man.contains("Exit codes"), "{man}");
}

#[test]
fn schemas_hold_for_what_gatelint_reads_and_writes() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEARTEXT)]);
    let schema = |of: &str| jsonschema::validator_for(&sandbox.run(&["schema", of]).exits(0).json()).unwrap();
    let yaml = |text: &str| serde_yaml::from_str::<serde_json::Value>(text).unwrap();
    let settings = schema("settings");
    for good in [
        "profile: strict",
        "rules: { a: off, b: high, c: { severity: low, options: { x: [a] } } }",
        "extends: [a.yaml]",
    ] {
        assert!(settings.is_valid(&yaml(good)), "{good}");
    }
    for bad in ["profile: loud", "fail_on: high", "rules: { a: lowish }", "ignore: [{ file: a }]"] {
        assert!(!settings.is_valid(&yaml(bad)), "{bad}");
    }
    let rules = schema("rule");
    for (path, text) in gatelint::rule::builtin::rule_sources() {
        let errors: Vec<String> = rules.iter_errors(&yaml(text)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{path}: {errors:?}");
    }
    let report = sandbox.check(RULE, &[]).exits(1).json();
    let errors: Vec<String> = schema("report").iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn a_baseline_accepts_what_is_known_and_reports_what_is_new() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEARTEXT)]);
    let run = sandbox.check_all(&["--write-baseline", "base.jsonl"]).exits(0);
    assert!(run.stderr.contains("+1 -0"), "{run:?}");
    assert_eq!(sandbox.read("base.jsonl").lines().count(), 1);
    let run = sandbox.check_all(&["--baseline", "base.jsonl"]).exits(0);
    assert_eq!(run.json()["summary"]["baselined"], 1);
    // Inserted above: the known finding is still known, the new one is not.
    let more = CLEARTEXT.replace("servers:\n", "servers:\n  - url: http://new.example.com\n");
    sandbox.write("api.yaml", more);
    let run = sandbox.check_all(&["--baseline", "base.jsonl"]).exits(1);
    assert_eq!(run.findings(), ["cleartext-server /servers/0/url"]);
}

#[test]
fn an_existing_baseline_only_shrinks_unless_told_otherwise() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEARTEXT)]);
    sandbox.check_all(&["--write-baseline", "base.jsonl"]).exits(0);
    let before = sandbox.read("base.jsonl");
    sandbox.write("api.yaml", CLEARTEXT.replace("http://api", "http://other"));
    let run = sandbox.check_all(&["--write-baseline", "base.jsonl"]).exits(1);
    assert!(run.stderr.contains("+0 -1, 1 new findings not taken in"), "{run:?}");
    assert_eq!(sandbox.read("base.jsonl"), "");
    let run = sandbox.check_all(&["--write-baseline", "base.jsonl", "--baseline-add"]).exits(0);
    assert!(run.stderr.contains("+1 -0"), "{run:?}");
    assert_ne!(sandbox.read("base.jsonl"), before);
}

#[test]
fn a_baseline_loses_nothing_when_not_everything_was_judged() {
    let sandbox = Sandbox::new(&[("a.yaml", CLEARTEXT), ("b.yaml", CLEAN)]);
    sandbox.check_all(&["--write-baseline", "base.jsonl"]).exits(0);
    let before = sandbox.read("base.jsonl");
    sandbox.check_all(&["b.yaml", "--write-baseline", "base.jsonl"]).exits(0);
    assert_eq!(sandbox.read("base.jsonl"), before);
    sandbox.write("a.yaml", "openapi: 3.0.3\npaths: [\n");
    sandbox.check_all(&["--write-baseline", "base.jsonl"]).exits(4);
    assert_eq!(sandbox.read("base.jsonl"), before);
}

#[test]
fn a_missing_or_malformed_baseline_exits_with_2() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEAN), ("base.jsonl", "<<<<<<< HEAD\n")]);
    sandbox.check_all(&["--baseline", "none.jsonl"]).exits(2);
    let run = sandbox.check_all(&["--baseline", "base.jsonl"]).exits(2);
    assert!(run.stderr.contains("line 1"), "{run:?}");
    sandbox.check_all(&["--write-baseline", "base.jsonl"]).exits(2);
    assert_eq!(sandbox.read("base.jsonl"), "<<<<<<< HEAD\n");
}

#[test]
fn hostile_names_steer_neither_terminal_nor_runner() {
    let sandbox = Sandbox::new(&[]);
    let hostile = "\u{1b}]0;owned\u{7}\\n::error::pwned ##vso[task.x]\u{202e}";
    sandbox.write(
        "api.yaml",
        format!("openapi: 3.0.3\ninfo: {{}}\nservers: [{{ url: \"http://a/{hostile}\" }}]\npaths: {{}}\n"),
    );
    let run = sandbox.run(&["api.yaml", "--color", "never"]);
    for raw in ["\u{1b}", "\u{202e}", "\n::error::", "##vso["] {
        assert!(!run.stdout.contains(raw) && !run.stderr.contains(raw), "{raw:?}: {run:?}");
    }
}

#[test]
fn hostile_settings_steer_neither_terminal_nor_runner() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEAN)]);
    sandbox.write("gatelint.yaml", "\"\\e]0;x\\a\": 1\n");
    let run = sandbox.run(&[]).exits(2);
    assert!(!run.stderr.contains('\u{1b}'), "{run:?}");
    sandbox.write("gatelint.yaml", "profile: \u{202e}##vso[x]\n");
    let run = sandbox.run(&[]).exits(2);
    assert!(!run.stderr.contains('\u{202e}') && !run.stderr.contains("##vso["), "{run:?}");
    sandbox.write("gatelint.yaml", format!("exclude: [{}]\nwrong: 1\n", "a, ".repeat(200_000)));
    let run = sandbox.run(&[]).exits(2);
    assert!(run.stderr.len() < 4000 && run.stderr.contains("gatelint.yaml:2:1"), "{}", run.stderr.len());
}

#[test]
fn nesting_without_end_is_a_problem_and_no_crash() {
    let sandbox = Sandbox::new(&[]);
    sandbox.write("deep.json", format!("{{\"openapi\": \"3.0.3\", \"x\": {}", "[".repeat(200_000)));
    sandbox.write("deep.yaml", format!("openapi: 3.0.3\nx: {}", "[".repeat(200_000)));
    let run = sandbox.check(RULE, &[]).exits(4);
    assert!(run.problems().iter().any(|problem| problem == "too-deep deep.json"), "{:?}", run.problems());
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_out_of_the_project_is_refused() {
    let outside = Sandbox::new(&[("secret.yaml", CLEARTEXT)]);
    let text = CLEAN.replace("paths: {}", "paths: { /a: { $ref: ./link.yaml } }");
    let sandbox = Sandbox::new(&[("api.yaml", &text)]);
    std::os::unix::fs::symlink(outside.root.join("secret.yaml"), sandbox.root.join("link.yaml")).unwrap();
    let run = sandbox.check(RULE, &["link.yaml"]).exits(4);
    assert_eq!(run.problems(), ["unreadable link.yaml"]);
    let run = sandbox.check(RULE, &["api.yaml"]).exits(4);
    assert_eq!(run.findings(), Vec::<String>::new());
    // A walk passes over links.
    fs::remove_file(sandbox.root.join("api.yaml")).unwrap();
    sandbox.check(RULE, &[]).exits(3);
}

impl Sandbox {
    /// A JSON report of one rule, chosen by the settings: a baseline is about all rules that are on.
    fn check_all(&self, args: &[&str]) -> crate::sandbox::Run {
        if !self.root.join("gatelint.yaml").exists() {
            let rules = gatelint::rule::Catalog::builtin().unwrap();
            let off = rules.files().map(|file| &file.id.value).filter(|id| *id != RULE);
            let lines = off.fold("rules:\n".to_owned(), |text, id| text + &format!("  {id}: off\n"));
            self.write("gatelint.yaml", lines);
        }
        self.run(&[&["check", "--format", "json"], args].concat())
    }
}

/// The row of a category in a scorecard: cells by column.
fn scored<'r>(card: &'r str, category: &str) -> Vec<&'r str> {
    let row = card.lines().find(|line| line.starts_with(&format!("| {category} "))).expect(category);
    row.trim_matches('|').split('|').map(str::trim).collect()
}

#[test]
fn the_scorecard_counts_rules_and_findings_per_owasp_category() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEARTEXT)]);
    let run = sandbox.run(&["--select", "cleartext-server,trace-method", "--format", "scorecard"]).exits(1);
    let transport = scored(&run.stdout, "API8:2023");
    assert_eq!(transport[0], "API8:2023 Security Misconfiguration");
    assert_eq!(transport[1..3], ["1", "1"], "the server was judged, and there is no operation for trace-method");
    assert_eq!(transport[4..], ["0", "1", "0", "0", "0", "0"], "one high finding");
    assert_eq!(scored(&run.stdout, "API2:2023")[1], "0", "rules that are off judge nothing");
    assert!(run.stdout.contains("cannot judge"), "{run:?}");
}

#[test]
fn the_scorecard_shows_what_is_silenced() {
    let text = CLEARTEXT.replace("api.example.com", "api.example.com # gatelint: ignore[cleartext-server] lab");
    let run = Sandbox::new(&[("api.yaml", &text)]).run(&["--select", RULE, "--format", "scorecard"]).exits(0);
    assert_eq!(scored(&run.stdout, "API8:2023")[4..], ["0", "0", "0", "0", "0", "1"]);
}

#[test]
fn the_scorecard_can_follow_the_text() {
    let sandbox = Sandbox::new(&[("api.yaml", CLEARTEXT)]);
    assert!(!sandbox.run(&["--select", RULE]).exits(1).stdout.contains("API8:2023"));
    let run = sandbox.run(&["--select", RULE, "--scorecard"]).exits(1);
    assert!(run.stdout.contains("at or above high"), "{run:?}");
    assert_eq!(scored(&run.stdout, "API8:2023")[5], "1");
}

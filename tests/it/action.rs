//! The GitHub Action under a simulated runner: its scripts run as on a runner, with
//! stand-ins for `gh`, `curl` and `cargo` that write down how they were called.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// Writes each `--output FORMAT=FILE`, a hostile line, and ends as `FAKE_EXIT` says.
const FAKE_GATELINT: &str = r#"#!/usr/bin/env bash
if [[ $1 == --version ]]; then echo "gatelint 9.9.9"; exit; fi
printf '%s\n' "$@" >"$RUNNER_TEMP/gatelint.args"
while (($#)); do
  if [[ $1 == --output ]]; then
    case $2 in
      json=*) echo '{"summary":{"critical":0,"high":2,"medium":1,"low":0,"info":0}}' >"${2#*=}" ;;
      github=*) echo "::error file=api.yaml,line=1::annotated" >"${2#*=}" ;;
      *) echo "report ${2%%=*}" >"${2#*=}" ;;
    esac
    shift
  fi
  shift
done
echo "::add-mask::from the document"
exit "${FAKE_EXIT:-0}"
"#;

/// A runner: folders, fake tools, and the files through which steps talk.
struct Runner {
    folder: TempDir,
}

impl Runner {
    fn new() -> Self {
        let runner = Self { folder: tempfile::tempdir().unwrap() };
        for name in ["bin", "temp", "work", "cache"] {
            fs::create_dir(runner.path(name)).unwrap();
        }
        for name in ["output", "summary"] {
            fs::write(runner.path(name), "").unwrap();
        }
        runner.tool("gatelint", FAKE_GATELINT);
        runner.tool("gh", "#!/usr/bin/env bash\necho \"$*\" >>\"$RUNNER_TEMP/gh.calls\"\nexit \"${GH_EXIT:-0}\"\n");
        runner
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn tool(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs a script of the action as a step.
    fn step(&self, script: &str, action: &Path, inputs: &[(&str, &str)]) -> Output {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        Command::new("bash")
            .arg(action.join("action").join(script))
            .current_dir(self.path("work"))
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_ACTION_PATH", action)
            .env("GITHUB_OUTPUT", self.path("output"))
            .env("GITHUB_STEP_SUMMARY", self.path("summary"))
            .env("GITHUB_REPOSITORY", "acme/shop")
            .env("GITHUB_SHA", "0123456789012345678901234567890123456789")
            .env("GITHUB_REF", "refs/pull/7/merge")
            .env("RUNNER_TEMP", self.path("temp"))
            .env("RUNNER_TOOL_CACHE", self.path("cache"))
            .env("RUNNER_OS", "Linux")
            .env("RUNNER_ARCH", "X64")
            .env("GATELINT", self.path("bin").join("gatelint"))
            .env("GH_TOKEN", "token")
            .envs(inputs.iter().copied())
            .output()
            .unwrap()
    }

    fn lint(&self, inputs: &[(&str, &str)]) -> Output {
        self.step("run.sh", repository(), inputs)
    }

    /// An output of the step; empty where it was not set.
    fn output(&self, name: &str) -> String {
        let text = fs::read_to_string(self.path("output")).unwrap();
        text.lines().find_map(|line| line.strip_prefix(&format!("{name}="))).unwrap_or_default().to_owned()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_exit_code_of_the_linter_is_the_verdict() {
    for (code, verdict) in
        [("0", "pass"), ("1", "fail"), ("2", "error"), ("3", "no-inputs"), ("4", "error"), ("70", "error")]
    {
        let runner = Runner::new();
        let step = runner.lint(&[("FAKE_EXIT", code)]);
        assert!(step.status.success(), "the step that reports ends well, so that the last one decides");
        assert_eq!(runner.output("exit-code"), code);
        assert_eq!(runner.output("verdict"), verdict);
    }
}

#[test]
fn a_pull_request_from_a_fork_stays_red_and_gets_annotations() {
    let runner = Runner::new();
    let step = runner.lint(&[("FAKE_EXIT", "1"), ("READ_ONLY", "true")]);
    assert_eq!(runner.output("exit-code"), "1");
    assert_eq!(runner.output("sarif-uploaded"), "false");
    assert_eq!(runner.text("temp/gh.calls"), "", "nothing is tried with a token that can write nothing");
    assert_eq!(stdout(&step).matches("::warning").count(), 1);
    assert!(stdout(&step).contains("::error file=api.yaml,line=1::annotated"));
}

#[test]
fn an_upload_replaces_annotations() {
    let runner = Runner::new();
    let step = runner.lint(&[("FAKE_EXIT", "1")]);
    assert_eq!(runner.output("sarif-uploaded"), "true");
    assert!(!stdout(&step).contains("annotated"));
    let calls = runner.text("temp/gh.calls");
    assert!(calls.contains("repos/acme/shop/code-scanning/sarifs"), "{calls}");
    assert!(calls.contains("ref=refs/pull/7/merge"), "{calls}");
}

#[test]
fn a_failed_upload_is_a_warning_and_brings_annotations() {
    let runner = Runner::new();
    let step = runner.lint(&[("FAKE_EXIT", "0"), ("GH_EXIT", "1")]);
    assert!(step.status.success());
    assert_eq!(runner.output("verdict"), "pass");
    assert_eq!(runner.output("sarif-uploaded"), "false");
    assert!(stdout(&step).contains("security-events: write"));
    assert!(stdout(&step).contains("annotated"));
}

#[test]
fn annotations_can_be_forced_and_forbidden() {
    let runner = Runner::new();
    assert!(stdout(&runner.lint(&[("INPUT_ANNOTATIONS", "always")])).contains("annotated"));
    let quiet = runner.lint(&[("INPUT_ANNOTATIONS", "never"), ("INPUT_SARIF", "never")]);
    assert!(!stdout(&quiet).contains("annotated"));
}

#[test]
fn one_run_writes_every_report() {
    let runner = Runner::new();
    runner.lint(&[]);
    assert_eq!(runner.text("summary"), "report markdown\n");
    assert_eq!(fs::read_to_string(runner.output("sarif-file")).unwrap(), "report sarif\n");
    assert!(Path::new(&runner.output("json-file")).is_file());
    if Command::new("jq").arg("--version").output().is_ok() {
        assert_eq!(runner.output("findings-high"), "2");
        assert_eq!(runner.output("findings-critical"), "0");
    } else {
        println!("skipped: the counts, as there is no jq");
    }
}

#[test]
fn the_real_linter_understands_what_the_action_asks() {
    let runner = Runner::new();
    let step = runner.lint(&[
        ("GATELINT", env!("CARGO_BIN_EXE_gatelint")),
        ("INPUT_WORKING_DIRECTORY", env!("CARGO_MANIFEST_DIR")),
        ("INPUT_PATHS", "examples/orders.yaml"),
        ("INPUT_MIN_SEVERITY", "low"),
        ("INPUT_PROFILE", "default"),
        ("READ_ONLY", "true"),
    ]);
    assert_eq!(runner.output("exit-code"), "1", "{}", stdout(&step));
    assert!(runner.text("summary").contains("admin-public"), "{}", runner.text("summary"));
    assert!(stdout(&step).contains("::error file=examples/orders.yaml,line=4,"), "{}", stdout(&step));
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(runner.output("json-file")).unwrap()).unwrap();
    assert_eq!(json["verdict"], "fail");
    let sarif: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(runner.output("sarif-file")).unwrap()).unwrap();
    assert_eq!(
        sarif["runs"][0]["results"].as_array().unwrap().len(),
        json["findings"].as_array().unwrap().len(),
        "one run wrote both"
    );
}

#[test]
fn the_summary_can_be_left_out() {
    let runner = Runner::new();
    runner.lint(&[("INPUT_SUMMARY", "false")]);
    assert_eq!(runner.text("summary"), "");
}

#[test]
fn paths_stand_behind_a_double_dash_one_a_line() {
    let runner = Runner::new();
    runner.lint(&[("INPUT_PATHS", "api/a b.yaml\n\nother; rm -rf x\n"), ("INPUT_FAIL_ON", "low")]);
    let args = runner.text("temp/gatelint.args");
    assert!(args.ends_with("--\napi/a b.yaml\nother; rm -rf x\n"), "{args}");
    assert!(args.contains("--fail-on\nlow\n"), "{args}");
}

#[test]
fn an_input_that_reads_like_a_flag_is_refused() {
    for (input, value) in [
        ("INPUT_PATHS", "api\n--exit-zero"),
        ("INPUT_CONFIG", "--exit-zero"),
        ("INPUT_BASELINE", "-x"),
        ("INPUT_BASELINE", "a\nb"),
        ("INPUT_WORKING_DIRECTORY", "-"),
        ("INPUT_FAIL_ON", "never"),
        ("INPUT_PROFILE", "--no-config"),
        ("INPUT_MIN_SEVERITY", "high --exit-zero"),
        ("INPUT_SARIF", "yes"),
    ] {
        let runner = Runner::new();
        let step = runner.lint(&[(input, value)]);
        assert_eq!(step.status.code(), Some(2), "{input}={value}");
        assert_eq!(runner.output("exit-code"), "2");
        assert_eq!(runner.text("temp/gatelint.args"), "", "{input}={value} must not reach gatelint");
    }
}

#[test]
fn what_gatelint_prints_is_no_command_to_the_runner() {
    let runner = Runner::new();
    let out = stdout(&runner.lint(&[("INPUT_SARIF", "never"), ("INPUT_ANNOTATIONS", "never")]));
    let guard = out.lines().next().unwrap().strip_prefix("::stop-commands::").unwrap();
    assert_eq!(guard.len(), 32, "a guard that a document cannot guess");
    let mask = out.find("::add-mask::").unwrap();
    assert!(mask < out.find(&format!("::{guard}::")).unwrap(), "{out}");
    let again = stdout(&runner.lint(&[]));
    assert!(!again.contains(guard), "the guard differs from run to run");
}

/// A copy of the action's files whose table knows one release: an archive with the fake gatelint.
fn released(runner: &Runner, sum: Option<&str>) -> PathBuf {
    let action = runner.path("checkout");
    fs::create_dir_all(action.join("action")).unwrap();
    fs::copy(repository().join("action/install.sh"), action.join("action/install.sh")).unwrap();
    fs::write(action.join("Cargo.toml"), "[package]\nname = \"gatelint\"\nversion = \"9.9.9\"\n").unwrap();
    let archive = runner.path("release.tar.gz");
    let packed =
        Command::new("tar").arg("-czf").arg(&archive).arg("-C").arg(runner.path("bin")).arg("gatelint").status();
    assert!(packed.unwrap().success());
    let real: String = Sha256::digest(fs::read(&archive).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect();
    let row = format!("9.9.9 x86_64-unknown-linux-musl {}\n", sum.unwrap_or(&real));
    fs::write(action.join("action/checksums"), row).unwrap();
    let download = format!(
        "#!/usr/bin/env bash\necho \"$*\" >>\"$RUNNER_TEMP/curl.calls\"\nwhile [[ $1 != --output ]]; do shift; done\ncp {} \"$2\"\n",
        archive.display()
    );
    runner.tool("curl", &download);
    runner.tool(
        "cargo",
        "#!/usr/bin/env bash\necho \"$*\" >>\"$RUNNER_TEMP/cargo.calls\"\nmkdir -p \"$RUNNER_TEMP/gatelint/bin\"\ncp \"$GATELINT\" \"$RUNNER_TEMP/gatelint/bin/gatelint\"\n",
    );
    action
}

#[test]
fn a_release_is_downloaded_and_verified() {
    let runner = Runner::new();
    let action = released(&runner, None);
    let step = runner.step("install.sh", &action, &[]);
    assert!(step.status.success(), "{}", stdout(&step));
    assert_eq!(runner.output("version"), "9.9.9");
    assert!(Path::new(&runner.output("gatelint")).is_file());
    assert!(
        runner
            .text("temp/curl.calls")
            .contains("/releases/download/v9.9.9/gatelint-v9.9.9-x86_64-unknown-linux-musl.tar.gz")
    );
    assert!(runner.text("temp/gh.calls").contains("attestation verify"));
    assert_eq!(runner.text("temp/cargo.calls"), "");
}

#[test]
fn an_archive_with_another_checksum_is_not_run() {
    let runner = Runner::new();
    let action = released(&runner, Some(&"0".repeat(64)));
    let step = runner.step("install.sh", &action, &[]);
    assert!(!step.status.success());
    assert!(stdout(&step).contains("SHA-256"), "{}", stdout(&step));
    assert_eq!(runner.output("gatelint"), "");
    assert_eq!(fs::read_dir(runner.path("cache/gatelint")).unwrap().count(), 0, "nor kept");
}

#[test]
fn an_archive_that_was_changed_in_the_cache_is_fetched_again() {
    let runner = Runner::new();
    let action = released(&runner, None);
    assert!(runner.step("install.sh", &action, &[]).status.success());
    fs::write(runner.path("cache/gatelint/gatelint-v9.9.9-x86_64-unknown-linux-musl.tar.gz"), "other").unwrap();
    assert!(runner.step("install.sh", &action, &[]).status.success());
    assert_eq!(runner.text("temp/curl.calls").lines().count(), 2);
}

#[test]
fn a_missing_attestation_stops_the_action() {
    let runner = Runner::new();
    let action = released(&runner, None);
    let step = runner.step("install.sh", &action, &[("GH_EXIT", "1")]);
    assert!(!step.status.success());
    assert!(stdout(&step).contains("attestation"), "{}", stdout(&step));
}

#[test]
fn a_version_without_a_checksum_is_an_error_and_not_a_download() {
    let runner = Runner::new();
    let action = released(&runner, None);
    for version in ["9.9.8", "latest", "--help", "$(id)"] {
        let step = runner.step("install.sh", &action, &[("INPUT_VERSION", version)]);
        assert!(!step.status.success(), "{version}");
    }
    assert_eq!(runner.text("temp/curl.calls"), "");
    assert_eq!(runner.text("temp/cargo.calls"), "");
}

#[test]
fn without_a_release_the_action_builds_itself() {
    let runner = Runner::new();
    let action = released(&runner, None);
    let step = runner.step("install.sh", &action, &[("INPUT_VERSION", "source")]);
    assert!(step.status.success(), "{}", stdout(&step));
    assert!(runner.text("temp/cargo.calls").contains("install --quiet --locked --path"));
    // The same where the action's own version has no row, as before its first release.
    fs::write(action.join("action/checksums"), "# none\n").unwrap();
    assert!(runner.step("install.sh", &action, &[]).status.success());
    assert_eq!(runner.text("temp/cargo.calls").lines().count(), 2);
    assert_eq!(runner.text("temp/curl.calls"), "");
}

#[test]
fn no_script_of_the_action_holds_an_expression() {
    let text = fs::read_to_string(repository().join("action.yml")).unwrap();
    let action: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let steps = action["runs"]["steps"].as_sequence().unwrap();
    for step in steps {
        let script = step["run"].as_str().unwrap();
        assert!(!script.contains("${{"), "an expression in a script is code injection: {script}");
    }
    let last = steps.last().unwrap();
    assert_eq!(last["if"].as_str(), Some("always()"));
    assert_eq!(last["run"].as_str(), Some("exit \"${CODE:-70}\""));
}

#[test]
fn the_page_of_the_action_names_every_input_and_output() {
    let text = fs::read_to_string(repository().join("action.yml")).unwrap();
    let action: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let page = fs::read_to_string(repository().join("docs/action.md")).unwrap();
    for group in ["inputs", "outputs"] {
        for name in action[group].as_mapping().unwrap().keys() {
            let name = name.as_str().unwrap();
            assert!(page.contains(&format!("`{name}`")), "docs/action.md does not name `{name}`");
        }
    }
}

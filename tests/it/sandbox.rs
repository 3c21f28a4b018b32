//! A folder of its own for each test, and gatelint run in it from outside.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A git work tree with some files.
pub struct Sandbox {
    _dir: tempfile::TempDir,
    /// Its folder, without symbolic links.
    pub root: PathBuf,
}

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// A document with nothing wrong but the server, which is high.
pub const CLEARTEXT: &str = "\
openapi: 3.0.3
info: { title: t, version: \"1\" }
servers:
  - url: http://api.example.com
paths: {}
";

/// The same with TLS.
pub const CLEAN: &str = "\
openapi: 3.0.3
info: { title: t, version: \"1\" }
servers:
  - url: https://api.example.com
paths: {}
";

impl Sandbox {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let sandbox = Self { _dir: dir, root };
        sandbox.write(".git/HEAD", "");
        for (path, text) in files {
            sandbox.write(path, text);
        }
        sandbox
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        command_in(&self.root, args)
    }

    pub fn run(&self, args: &[&str]) -> Run {
        finish(self.command(args), None)
    }

    pub fn run_in(&self, folder: &str, args: &[&str]) -> Run {
        finish(command_in(&self.root.join(folder), args), None)
    }

    pub fn run_with_input(&self, args: &[&str], input: &str) -> Run {
        finish(self.command(args), Some(input))
    }

    /// `check --select RULE` with a JSON report, and more arguments.
    pub fn check(&self, rule: &str, args: &[&str]) -> Run {
        let all: Vec<&str> = ["check", "--select", rule, "--format", "json"].iter().chain(args).copied().collect();
        self.run(&all)
    }
}

fn command_in(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatelint"));
    command.current_dir(folder).args(args);
    // What the machine or the CI sets must not matter.
    for name in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "GATELINT_CONFIG", "CI", "GITHUB_ACTIONS"] {
        command.env_remove(name);
    }
    command
}

fn finish(mut command: Command, input: Option<&str>) -> Run {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.unwrap_or_default().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Run {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// `rule pointer` of each finding that counts.
    pub fn findings(&self) -> Vec<String> {
        self.list(false)
    }

    /// `rule pointer` of each finding that is suppressed.
    pub fn suppressed(&self) -> Vec<String> {
        self.list(true)
    }

    fn list(&self, suppressed: bool) -> Vec<String> {
        let json = self.json();
        let findings = json["findings"].as_array().unwrap().iter();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        findings
            .filter(|finding| finding["suppressed"].is_null() != suppressed)
            .map(|finding| format!("{} {}", text(&finding["rule"]), text(&finding["location"]["pointer"])))
            .collect()
    }

    /// `code file` of each problem.
    pub fn problems(&self) -> Vec<String> {
        let json = self.json();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let problems = json["problems"].as_array().unwrap().iter();
        problems.map(|p| format!("{} {}", text(&p["code"]), text(&p["location"]["file"]))).collect()
    }

    /// Fails with all that was said unless the exit code is this.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

//! Writing generated files, or telling which of them are stale. Knows no content.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::{Result, root};

/// Where a generator puts its files.
pub struct Output {
    check: bool,
    written: BTreeSet<String>,
    stale: Vec<String>,
}

impl Output {
    /// Puts `text` into `path` (relative to the repository), or notes that it differs.
    pub fn write(&mut self, path: &str, text: &str) -> Result {
        let full = self.full(path);
        self.written.insert(path.to_owned());
        if fs::read_to_string(&full).is_ok_and(|old| old == text) {
            return Ok(());
        }
        self.stale.push(path.to_owned());
        if self.check {
            return Ok(());
        }
        if let Some(folder) = full.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&full, text).map_err(|error| format!("{path}: {error}").into())
    }

    /// Removes files of `folder` that end in `extension` and were not written in this run: pages of what is gone.
    pub fn prune(&mut self, folder: &str, extension: &str) -> Result {
        let Ok(entries) = fs::read_dir(self.full(folder)) else { return Ok(()) };
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let path = format!("{folder}/{name}");
            if name.ends_with(extension) && !self.written.contains(&path) {
                self.stale.push(path.clone());
                if !self.check {
                    fs::remove_file(self.full(&path))?;
                }
            }
        }
        Ok(())
    }

    fn full(&self, path: &str) -> PathBuf {
        root().join(path)
    }
}

/// Runs a generator; with `--check` in `args` it writes nothing and stale files are an error.
pub fn run(args: &[String], generate: impl FnOnce(&mut Output) -> Result) -> Result {
    let check = match args {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return Err(format!("unexpected arguments: {}", args.join(" ")).into()),
    };
    let mut output = Output { check, written: BTreeSet::new(), stale: Vec::new() };
    generate(&mut output)?;
    match (check, output.stale.is_empty()) {
        (true, false) => {
            Err(format!("stale, run the command without --check:\n  {}", output.stale.join("\n  ")).into())
        }
        (true, true) => {
            println!("{} files are fresh", output.written.len());
            Ok(())
        }
        (false, _) => {
            for path in &output.stale {
                println!("wrote {path}");
            }
            Ok(())
        }
    }
}

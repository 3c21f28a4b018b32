//! The plain parses that gatelint's cost is compared with: `serde_json::Value` for
//! JSON, the events of `granit-parser` for YAML. What any linter in Rust would pay. And our own
//! reading alone, without judging.

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::time::Instant;

use gatelint::discover::{self, Project, Selection};
use gatelint::settings::Settings;
use gatelint::source::{self, Limits};
use gatelint::span::FileId;
use gatelint::{Inputs, Rules, check};
use walkdir::WalkDir;

use crate::Result;

/// `xtask reference FILE_OR_FOLDER`: reads it (all files below it) and keeps nothing.
pub fn run(args: &[String]) -> Result {
    let [path] = args else { return Err("usage: xtask reference FILE_OR_FOLDER".into()) };
    for entry in WalkDir::new(path) {
        let entry = entry?;
        let extension = entry.path().extension().and_then(|extension| extension.to_str());
        match extension {
            Some("json") => json(&fs::read(entry.path())?)?,
            Some("yaml" | "yml") => yaml(&fs::read_to_string(entry.path())?)?,
            _ => {}
        }
    }
    Ok(())
}

/// `xtask read FOLDER`: reads the files that gatelint would look at, with its own readers, and keeps nothing.
pub fn read(args: &[String]) -> Result {
    for (path, bytes) in candidates(args)? {
        black_box(source::read(FileId(0), &path, bytes, &Limits::default()));
    }
    Ok(())
}

/// `xtask slowest FOLDER`: the files below it that take longest, each judged alone.
pub fn slowest(args: &[String]) -> Result {
    let settings = Settings::default();
    let rules = Rules::builtin(&settings)?;
    let mut times = Vec::new();
    for (path, bytes) in candidates(args)? {
        let size = bytes.len();
        let files = BTreeMap::from([(path.clone(), bytes)]);
        let start = Instant::now();
        black_box(check(Inputs::in_memory(&files), &settings, &rules));
        times.push((start.elapsed(), path, size));
    }
    times.sort_by(|a, b| b.cmp(a));
    let shown = times
        .iter()
        .take(3)
        .map(|(time, path, size)| format!("{path} ({} KiB) {:.1} ms", size / 1024, time.as_secs_f64() * 1e3));
    println!("{}", shown.collect::<Vec<_>>().join(", "));
    Ok(())
}

/// The files below a folder that may be documents, as discovery finds them.
fn candidates(args: &[String]) -> Result<Vec<(String, Vec<u8>)>> {
    let [folder] = args else { return Err("usage: xtask read|slowest FOLDER".into()) };
    let folder = fs::canonicalize(folder)?;
    let (project, settings) = (Project::around(&folder, None), Settings::default());
    let selection = Selection { paths: std::slice::from_ref(&folder), force_exclude: false };
    Ok(discover::inputs(&project, &settings, &selection).take_files())
}

fn json(bytes: &[u8]) -> Result {
    let value: serde_json::Value = serde_json::from_slice(bytes)?;
    black_box(&value);
    // Freeing is not parsing.
    std::mem::forget(value);
    Ok(())
}

fn yaml(text: &str) -> Result {
    let mut events = 0_usize;
    for event in granit_parser::Parser::new_from_str(text) {
        black_box(&event?);
        events += 1;
    }
    black_box(events);
    Ok(())
}

//! The plain parses that gatelint's cost is compared with: `serde_json::Value` for
//! JSON, the events of `granit-parser` for YAML. What any linter in Rust would pay.

use std::fs;
use std::hint::black_box;

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

//! Any bytes as TOML: a tree and problems, no panic, and spans that lie in the text.
#![no_main]

use gatelint::source::{self, Limits};
use gatelint::span::FileId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file = source::read(FileId(0), "fuzz.toml", bytes.to_vec(), &Limits::default());
    for problem in &file.problems {
        assert!(file.text.get(problem.span.start as usize..problem.span.end as usize).is_some());
    }
});

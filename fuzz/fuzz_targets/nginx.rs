//! Any bytes behind what says that a file is nginx's: a tree and problems, no panic, and spans that lie in the text.
#![no_main]

use gatelint::source::{self, Limits};
use gatelint::span::FileId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = [b"a b;\nc d;\ne f;\ng h;\n".as_slice(), bytes].concat();
    let file = source::read(FileId(0), "nginx.conf", text, &Limits::default());
    for problem in &file.problems {
        assert!(file.text.get(problem.span.start as usize..problem.span.end as usize).is_some());
    }
});

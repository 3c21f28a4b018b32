//! Any bytes as a document, through the whole pipeline: a report, and no bug of ours in it.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use gatelint::error::ProblemCode;
use gatelint::settings::Settings;
use gatelint::{Inputs, Rules, check};
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<Rules> =
    LazyLock::new(|| Rules::builtin(&Settings::default()).expect("the built-in rules are right"));

fuzz_target!(|bytes: &[u8]| {
    // Without the key that claims a file most inputs would be of no kind.
    let text = [b"openapi: 3.1.0\n".as_slice(), bytes].concat();
    let files = BTreeMap::from([("api.yaml".to_owned(), text)]);
    let report = check(Inputs::in_memory(&files), &Settings::default(), &RULES);
    assert!(report.problems.iter().all(|reported| reported.problem.code != ProblemCode::Internal));
});

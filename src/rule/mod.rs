//! Rules: files are read ([`mod@file`]), compiled against the table of fields
//! ([`compile`]) and kept as a plan by kind of node ([`RuleSet`]). Knows the
//! model's vocabulary but no document.

pub mod builtin;
pub mod compile;
pub mod file;
mod json;
pub mod message;
pub mod native;
pub mod predicate;
mod set;

pub use compile::options::OptionValue;
pub use compile::{Choice, Rule, RuleError};
pub use json::tree_to_json;
pub(crate) use set::marker;
pub use set::{Catalog, RuleSet, by_profile};

const PAGES: &str = "https://github.com/gatelint/gatelint/blob/main/docs";

/// The page of a rule.
pub fn page(id: &str) -> String {
    format!("{PAGES}/rules/{id}.md")
}

/// The page of a problem code.
pub fn problem_page(code: crate::error::ProblemCode) -> String {
    format!("{PAGES}/problems/{code}.md")
}

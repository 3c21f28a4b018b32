//! gatelint: static security linting of OpenAPI documents and API-gateway configurations.

pub mod baseline;
#[cfg(feature = "cli")]
pub mod cli;
pub mod discover;
pub mod error;
pub mod evaluate;
pub mod finding;
pub mod merge;
pub mod model;
pub mod report;
pub mod resolve;
pub mod rule;
pub mod settings;
pub mod source;
pub mod span;
pub mod suppress;
pub mod testing;
pub mod words;

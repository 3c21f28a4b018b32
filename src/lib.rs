//! gatelint: static security linting of OpenAPI documents and API-gateway configurations.

pub mod error;
pub mod finding;
pub mod model;
pub mod report;
pub mod source;
pub mod span;
pub mod words;

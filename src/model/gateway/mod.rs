//! Gateway configurations as one model that knows no format.

pub mod host;
pub mod path;

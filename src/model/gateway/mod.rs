//! Gateway configurations as one model that knows no format.

pub mod cipher;
pub mod host;
pub mod origin;
pub mod path;
pub mod tls;

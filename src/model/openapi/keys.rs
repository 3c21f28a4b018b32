//! Keys that look like another: the nearest legal key to one that is not known.

use super::grammar::{Child, Object, Version, rows};
use crate::words::edits;

/// The legal key of an object that is at most two edits away from `key` (case
/// counts), the nearest first; only keys that switch security on are looked at.
pub fn nearest(version: Version, object: Object, key: &str) -> Option<&'static str> {
    let is_security = |&(known, child): &(&'static str, Child)| {
        child == Child::Security || child == Child::Map(Object::SecurityScheme) && known.starts_with("security")
    };
    let keys = rows(version, object).iter().filter(|row| is_security(row)).map(|&(known, _)| known);
    let near = keys.map(|known| (edits(key, known), known)).filter(|&(edits, _)| edits <= 2);
    near.min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_key_has_a_nearest_one_where_it_is_legal() {
        let near = |object, key| nearest(Version::V30, object, key);
        assert_eq!(near(Object::Operation, "Security"), Some("security"));
        assert_eq!(near(Object::Operation, "securty"), Some("security"));
        assert_eq!(near(Object::Components, "securityScheme"), Some("securitySchemes"));
        assert_eq!(near(Object::Components, "securitySchema"), Some("securitySchemes"));
        assert_eq!(near(Object::PathItem, "Security"), None);
        assert_eq!(near(Object::Operation, "servers"), None);
        assert_eq!(nearest(Version::V20, Object::Document, "securityDefinition"), Some("securityDefinitions"));
    }
}

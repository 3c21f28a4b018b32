//! Sizes as nginx writes them. Knows no format.

/// A size: `1024`, `500k`, `8m`, `1g`; in bytes.
///
/// Source: <https://nginx.org/en/docs/syntax.html>.
pub fn bytes(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let unit = match &text[end..] {
        "" => 1.0,
        "k" | "K" => 1024.0,
        "m" | "M" => 1024.0 * 1024.0,
        "g" | "G" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    Some(number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_one_letter_and_anything_else_is_none() {
        assert_eq!(bytes("10"), Some(10.0));
        assert_eq!(bytes(" 8m "), Some(8.0 * 1024.0 * 1024.0));
        assert_eq!(bytes("500K"), Some(500.0 * 1024.0));
        assert_eq!(bytes("8MB"), None);
        assert_eq!(bytes(""), None);
        assert_eq!(bytes("$size"), None);
    }
}

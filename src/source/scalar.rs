//! The one table of scalars: what an unquoted text means by the core schema of
//! YAML 1.2.2 (section 10.3.2). JSON's literals and numbers are a subset of it.
//! Knows no tree and no position.

use super::NodeKind;

/// What an unquoted scalar is. `on`, `yes` and `no` are strings; `017` is an integer.
pub fn resolve(text: &str) -> NodeKind {
    match text.as_bytes() {
        [] | b"~" | b"null" | b"Null" | b"NULL" => NodeKind::Null,
        b"true" | b"True" | b"TRUE" | b"false" | b"False" | b"FALSE" => NodeKind::Bool,
        [b'0'..=b'9' | b'+' | b'-' | b'.', ..] => resolve_number(text.as_bytes()),
        _ => NodeKind::Str,
    }
}

fn resolve_number(text: &[u8]) -> NodeKind {
    match text {
        [b'0', b'o', digits @ ..] if is_all(digits, |byte| (b'0'..=b'7').contains(&byte)) => return NodeKind::Int,
        [b'0', b'x', digits @ ..] if is_all(digits, |byte| byte.is_ascii_hexdigit()) => return NodeKind::Int,
        b".nan" | b".NaN" | b".NAN" => return NodeKind::Float,
        _ => {}
    }
    let unsigned = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    if matches!(unsigned, b".inf" | b".Inf" | b".INF") {
        return NodeKind::Float;
    }
    let (whole, rest) = digits(unsigned);
    if whole > 0 && rest.is_empty() {
        return NodeKind::Int;
    }
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => digits(rest),
        _ => (0, rest),
    };
    let exponent = match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', power @ ..] | [b'e' | b'E', power @ ..] => {
            is_all(power, |byte| byte.is_ascii_digit())
        }
        _ => false,
    };
    if whole + fraction > 0 && exponent { NodeKind::Float } else { NodeKind::Str }
}

/// The value of a scalar that [`resolve`] calls a number, as a double.
pub fn number(text: &str) -> Option<f64> {
    let negative = text.starts_with('-');
    match text.trim_start_matches(['+', '-']) {
        ".inf" | ".Inf" | ".INF" => return Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY }),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ => {}
    }
    match text.as_bytes() {
        [b'0', b'x' | b'o', ..] => integer(text).map(|value| value as f64),
        _ => text.parse().ok(),
    }
}

/// The value of a scalar that [`resolve`] calls an integer, if it fits.
pub fn integer(text: &str) -> Option<i128> {
    match text.as_bytes() {
        [b'0', b'x', ..] => i128::from_str_radix(&text[2..], 16).ok(),
        [b'0', b'o', ..] => i128::from_str_radix(&text[2..], 8).ok(),
        _ => text.parse().ok(),
    }
}

/// How many digits a text begins with, and what follows them.
fn digits(text: &[u8]) -> (usize, &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count, &text[count..])
}

fn is_all(text: &[u8], is: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.iter().all(|&byte| is(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: NodeKind, texts: &[&str]) {
        for text in texts {
            assert_eq!(resolve(text), kind, "{text}");
        }
    }

    #[test]
    fn words_of_yaml_1_1_are_strings() {
        check(
            NodeKind::Str,
            &["yes", "no", "on", "off", "y", "N", "tRUE", "nULL", "2001-01-01", "1:30", "0b11", "1_000"],
        );
    }

    #[test]
    fn null_and_booleans_have_three_spellings_each() {
        check(NodeKind::Null, &["", "~", "null", "Null", "NULL"]);
        check(NodeKind::Bool, &["true", "True", "TRUE", "false", "False", "FALSE"]);
    }

    #[test]
    fn integers_are_decimal_octal_and_hexadecimal() {
        check(NodeKind::Int, &["0", "017", "+1", "-1", "0o17", "0xfF", "123456789012345678901234567890"]);
        check(NodeKind::Str, &["0o", "0x", "0o8", "-0x1", "+", "-", "0xg", "1a", "--1"]);
    }

    #[test]
    fn floats_need_a_digit() {
        check(NodeKind::Float, &["1.", ".5", "1.5", "1e3", "-1.5E-3", "+.5e+1", ".inf", "-.INF", "+.Inf", ".nan"]);
        check(NodeKind::Str, &[".", "-.", "e1", ".e1", "1e", "1e+", "1.2.3", "inf", "nan", "-.nan", "0.1.0"]);
    }

    #[test]
    fn numbers_have_their_value() {
        assert_eq!(number("0x10"), Some(16.0));
        assert_eq!(number("0o17"), Some(15.0));
        assert_eq!(number("017"), Some(17.0));
        assert_eq!(number("-.inf"), Some(f64::NEG_INFINITY));
        assert_eq!(number("1."), Some(1.0));
        assert_eq!(number(".5"), Some(0.5));
        assert_eq!(integer("+5"), Some(5));
        assert_eq!(integer("99999999999999999999999999999999999999999"), None);
    }
}

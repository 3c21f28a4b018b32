//! JSON Web Tokens (RFC 7519) that stand in a text. Pure detection; knows no document and no rule.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use memchr::memmem;
use serde_json::{Map, Value};

use super::random;

/// A token in a text: three parts with dots between, of which the first is a JSON object in base 64.
#[derive(Clone, Debug, PartialEq)]
pub struct Jwt {
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// `alg` of the header.
    pub algorithm: Option<String>,
    /// Whether header and payload are JSON objects and the signature has a length that the algorithm makes.
    pub whole: bool,
    /// `exp`: seconds since 1970-01-01.
    pub expires: Option<u64>,
    /// `iss`
    pub issuer: Option<String>,
    /// Whether it is the sample of a manual, or says itself that it is one.
    pub sample: bool,
}

/// Parts shorter than this hold no JSON object with a name and a value.
const SHORTEST: usize = 10;

/// Signatures of tokens that manuals print, and that are copied everywhere.
const SAMPLES: [&str; 6] = [
    // https://jwt.io, since 2018 and before
    "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    "TJVA95OrM7E2cBab30RMHrHDcEfxjoYZgeFONFh7HgQ",
    "XbPfbIHMI6arZ3Y922BhjWgQzWXcXNrz0ogtVhfEd2o",
    "KMUFsIDTnFmyG3nMiGM6H9FNFUROf3wh7SmqJp-QV30",
    // RFC 7519, section 3.1
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    // RFC 7515, appendix A.1 with other line ends
    "lliDzOlRAdGUCfCHCPx_uisb6ZfZ1LRQa0OJLeYTTpY",
];

/// The tokens in a text, in order. The text may be raw JSON or YAML.
pub fn find_jwts(text: &str) -> Vec<Jwt> {
    // `{"` in base 64; tools write headers without blanks before the first name.
    let mut found: Vec<Jwt> = Vec::new();
    for start in memmem::find_iter(text.as_bytes(), "eyJ") {
        let bytes = text.as_bytes();
        let stands_alone = start == 0
            || !is_part(bytes[start - 1]) && bytes[start - 1] != b'.'
            || start > 1 && bytes[start - 2] == b'\\' && matches!(bytes[start - 1], b'n' | b't' | b'r');
        if stands_alone && found.last().is_none_or(|before| before.range.end <= start) {
            found.extend(read(text, start));
        }
    }
    found
}

const fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn read(text: &str, start: usize) -> Option<Jwt> {
    let part = |from: usize| {
        let length = text.as_bytes()[from..].iter().take_while(|byte| is_part(**byte)).count();
        from..from + length
    };
    let header = part(start);
    let dot = |at: usize| (text.as_bytes().get(at) == Some(&b'.')).then_some(at + 1);
    let payload = part(dot(header.end)?);
    let signature = part(dot(payload.end)?);
    if header.len() < SHORTEST {
        return None;
    }
    let (header, payload_text, signature_text) =
        (object(&text[header])?, &text[payload.clone()], &text[signature.clone()]);
    let algorithm = header.get("alg").and_then(Value::as_str).map(str::to_owned);
    let claims = object(payload_text);
    let claim = |name: &str| claims.as_ref().and_then(|claims| claims.get(name));
    let whole = claims.is_some()
        && algorithm.as_deref().is_some_and(|algorithm| has_length_of(signature_text.len(), algorithm));
    let is_john = claim("sub").and_then(Value::as_str) == Some("1234567890")
        || claim("name").and_then(Value::as_str).is_some_and(|name| ["John Doe", "Jane Doe"].contains(&name));
    let sample = SAMPLES.contains(&signature_text)
        || is_john
        || random::names_itself_a_sample(&text[start..signature.end])
        || signature_text.len() > 20 && random::is_filler(signature_text);
    Some(Jwt {
        range: start..signature.end,
        algorithm,
        whole,
        expires: claim("exp").and_then(seconds),
        issuer: claim("iss").and_then(Value::as_str).map(str::to_owned),
        sample,
    })
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// A `NumericDate`: some write fractions.
fn seconds(value: &Value) -> Option<u64> {
    let seconds = value.as_f64().filter(|seconds| (0.0..1e15).contains(seconds))?;
    Some(seconds as u64)
}

/// Whether a signature in base 64 has the length that an algorithm of RFC 7518 or RFC 8037 makes.
fn has_length_of(length: usize, algorithm: &str) -> bool {
    match algorithm {
        "HS256" => length == 43,
        "HS384" => length == 64,
        "HS512" | "ES256" | "ES256K" => length == 86,
        "ES384" => length == 128,
        "ES512" => length == 176,
        "EdDSA" | "Ed25519" => matches!(length, 86 | 152),
        // Keys of 1024 bits and more; usual are 2048.
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" => matches!(length, 171 | 342 | 512 | 683),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    fn token(header: &str, payload: &str, signature: &str) -> String {
        format!("{}.{}.{signature}", encode(header), encode(payload))
    }

    const SIGNATURE: &str = "q8Zt1vKc0YxWm3JrB5nLd7HsPg2EaUo4Tf6Rk9Xi_Vw";

    #[track_caller]
    fn one(text: &str) -> Jwt {
        let mut found = find_jwts(text);
        assert_eq!(found.len(), 1, "{text}");
        found.remove(0)
    }

    #[test]
    fn a_token_is_read_where_it_stands() {
        let token = token(r#"{"alg":"HS256"}"#, r#"{"iss":"https://id.acme.io","exp":1900000000.5}"#, SIGNATURE);
        let jwt = one(&format!("Authorization: \"Bearer {token}\", and so on"));
        assert_eq!(jwt.range, 23..23 + token.len());
        assert_eq!(jwt.algorithm.as_deref(), Some("HS256"));
        assert_eq!(jwt.issuer.as_deref(), Some("https://id.acme.io"));
        assert_eq!(jwt.expires, Some(1_900_000_000));
        assert!(jwt.whole && !jwt.sample);
    }

    #[test]
    fn a_token_without_signature_is_one() {
        let jwt = one(&token(r#"{"alg":"none"}"#, r#"{"sub":"7"}"#, ""));
        assert_eq!(jwt.algorithm.as_deref(), Some("none"));
        assert!(!jwt.whole);
    }

    #[test]
    fn signatures_of_the_wrong_length_are_seen() {
        assert!(!one(&token(r#"{"alg":"RS256"}"#, "{}", SIGNATURE)).whole);
        assert!(!one(&token(r#"{"alg":"HS256"}"#, "{}", "signature")).whole);
        assert!(!one(&token(r#"{"alg":"HS256"}"#, "[]", SIGNATURE)).whole);
    }

    #[test]
    fn samples_are_known() {
        assert!(one(&token(r#"{"alg":"HS256"}"#, r#"{"sub":"1234567890"}"#, SIGNATURE)).sample);
        assert!(one(&token(r#"{"alg":"HS256"}"#, "{}", SAMPLES[0])).sample);
        assert!(one(&token(r#"{"alg":"HS256"}"#, "{}", "YOUR_SIGNATURE")).sample);
    }

    #[test]
    fn other_text_is_no_token() {
        for text in [
            "eyJ",
            "eyJhbGciOiJIUzI1NiJ9",
            "eyJhbGciOiJIUzI1NiJ9.",
            "eyJhbGciOiJIUzI1NiJ9.e30",
            "eyJub3QganNvbg.e30.x",
            "keyJar.a.b",
        ] {
            assert_eq!(find_jwts(text), [], "{text}");
        }
    }
}

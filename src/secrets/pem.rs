//! Private keys in PEM (RFC 7468), OpenSSH and OpenPGP blocks. Knows no provider.

use std::ops::Range;

/// What every block begins with.
pub(super) const BEGIN: &str = "-----BEGIN ";

/// What stands for a provider: nobody knows who made a key.
pub(super) const PROVIDER: &str = "PEM";

/// Kinds of blocks by their labels. Encrypted keys are left out: alone they open nothing.
const LABELS: [(&str, &str); 6] = [
    ("PRIVATE KEY", "private key"),
    ("RSA PRIVATE KEY", "RSA private key"),
    ("EC PRIVATE KEY", "EC private key"),
    ("DSA PRIVATE KEY", "DSA private key"),
    ("OPENSSH PRIVATE KEY", "OpenSSH private key"),
    ("PGP PRIVATE KEY BLOCK", "OpenPGP private key"),
];

/// The longest block that is read: an RSA key of 16384 bits has 13 KB.
const LONGEST: usize = 32 * 1024;

/// What stands around the lines of a block in source code and comments. No `+`: it is a
/// digit of base 64.
const AROUND_LINES: [char; 6] = ['"', '\'', ',', '\\', '#', '>'];

/// The private key whose block begins at `start`. Its content must be whole.
pub(super) fn private_key(text: &str, start: usize) -> Option<(Range<usize>, &'static str)> {
    let label_start = start + BEGIN.len();
    let rest = text.get(label_start..)?;
    let (label, what) =
        LABELS.iter().find(|(label, _)| rest.strip_prefix(label).is_some_and(|r| r.starts_with("-----")))?;
    let content_start = label_start + label.len() + 5;
    let bytes = text.as_bytes();
    let window = &bytes[content_start..bytes.len().min(content_start + LONGEST)];
    let content_end = content_start + memchr::memmem::find(window, b"-----END ")?;
    let end = content_end + "-----END ".len() + label.len() + 5;
    let footer = text.get(content_end + "-----END ".len()..end)?;
    if footer.strip_suffix("-----") != Some(label) {
        return None;
    }
    let decoded = decode(&text[content_start..content_end])?;
    let whole = match *label {
        "OPENSSH PRIVATE KEY" => is_open_ssh(&decoded),
        "PGP PRIVATE KEY BLOCK" => decoded.len() > 100 && matches!(decoded[0], 0x94..=0x97 | 0xc5),
        _ => is_der_sequence(&decoded),
    };
    let varied = decoded.iter().collect::<std::collections::HashSet<_>>().len() >= 24;
    (whole && varied).then_some((start..end, *what))
}

/// The bytes of base 64 text, with the line ends, indents and escapes that JSON, YAML
/// and source code put in. PGP armour has headers and a checksum, which are skipped.
fn decode(content: &str) -> Option<Vec<u8>> {
    let mut bits = 0_u32;
    let mut count = 0;
    let mut bytes = Vec::with_capacity(content.len() * 3 / 4);
    let content = content.replace("\\n", "\n").replace("\\r", "\n").replace("\\t", " ");
    // What stands behind the header on its line is a comment or content.
    let behind_header = content.lines().next().is_some_and(|line| line.trim_start().starts_with('#'));
    for line in content.lines().skip(usize::from(behind_header)) {
        let line = line.trim_matches(|c: char| c.is_whitespace() || AROUND_LINES.contains(&c));
        if line.contains(": ") {
            // RFC 1421 headers: with `Proc-Type: 4,ENCRYPTED` the key is encrypted.
            if line.contains("ENCRYPTED") {
                return None;
            }
            continue;
        }
        if line.starts_with('=') {
            break;
        }
        // Strings put together in source code.
        if line == "+" {
            continue;
        }
        for byte in line.bytes() {
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' | b' ' => continue,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
            count += 6;
            if count >= 8 {
                count -= 8;
                bytes.push((bits >> count) as u8);
                bits &= (1 << count) - 1;
            }
        }
    }
    Some(bytes)
}

/// A DER sequence (X.690, 8.1.3) whose items fill it exactly, to the last level. Samples
/// that were shortened or scrambled have none.
fn is_der_sequence(bytes: &[u8]) -> bool {
    bytes.len() > 40 && bytes[0] == SEQUENCE && item_length(bytes) == Some(bytes.len()) && are_items(bytes, 0)
}

const SEQUENCE: u8 = 0x30;

/// Keys nest four levels.
const MOST_NESTING: usize = 8;

/// The longest private number of an elliptic curve (P-521). Longer octet strings hold a sequence.
const LONGEST_NUMBER: usize = 66;

fn are_items(mut bytes: &[u8], nesting: usize) -> bool {
    while !bytes.is_empty() {
        let Some((item, rest)) = item_length(bytes).and_then(|length| bytes.split_at_checked(length)) else {
            return false;
        };
        let header = if item[1] < 0x80 { 2 } else { 2 + usize::from(item[1] & 0x7f) };
        let content = &item[header..];
        let nested = match item[0] {
            // Sequences and context-specific items: parameters and public key.
            SEQUENCE | 0xa0 | 0xa1 => true,
            // Octet strings: the key itself.
            0x04 => content.len() > LONGEST_NUMBER && content[0] == SEQUENCE,
            // Integers, bit strings, null, object identifiers, a public key (RFC 5958).
            0x02 | 0x03 | 0x05 | 0x06 | 0x81 => false,
            _ => return false,
        };
        if nested && (nesting == MOST_NESTING || !are_items(content, nesting + 1)) {
            return false;
        }
        bytes = rest;
    }
    true
}

/// The bytes of the item at the beginning, its header included.
fn item_length(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [_, length @ 0..=0x7f, ..] => Some(2 + usize::from(*length)),
        [_, 0x81, length, ..] => Some(3 + usize::from(*length)),
        [_, 0x82, high, low, ..] => Some(4 + (usize::from(*high) << 8 | usize::from(*low))),
        _ => None,
    }
}

/// An OpenSSH key that no passphrase protects: magic, then cipher `none`.
fn is_open_ssh(bytes: &[u8]) -> bool {
    bytes.len() > 100 && bytes.starts_with(b"openssh-key-v1\0\0\0\0\x04none")
}

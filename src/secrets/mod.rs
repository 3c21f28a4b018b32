//! Secrets that stand literally in a text: keys of known providers and private
//! keys. Pure detection on text; knows no document and no rule.
//!
//! One Aho-Corasick pass over the literals of `formats`, then each candidate must
//! have the exact shape, and its checksum where the provider has one, or else look
//! random. Precision goes before recall: a finding is critical.

mod formats;
mod jwt;
mod pem;
mod personal;
mod random;

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};
use formats::{Alphabet, Check, FORMATS, Format, Part, SAMPLES};

pub use jwt::{Jwt, find_jwts};
pub use personal::{Personal, personal};

/// A secret in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretHit {
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// Who issues it (`GitHub`); of private keys `PEM`.
    pub provider: &'static str,
    /// What it is, for a message: `personal access token`.
    pub what: &'static str,
}

impl SecretHit {
    /// Its bytes in the text.
    pub const fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// What it is, with its provider: `AWS access key`, `RSA private key`.
    pub fn kind(&self) -> String {
        if self.provider == pem::PROVIDER { self.what.to_owned() } else { format!("{} {}", self.provider, self.what) }
    }
}

/// The secrets in a text, in order and without overlaps.
///
/// The text may be raw JSON or YAML: escaped line ends inside private keys are
/// understood. Documented samples, placeholders and fillers are no secrets.
pub fn find_secrets(text: &str) -> Vec<SecretHit> {
    static LITERALS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let literals = LITERALS.get_or_init(|| {
        let literals = FORMATS.iter().map(|format| format.literal).chain([pem::BEGIN]);
        // The literals are constants; a unit test builds them.
        AhoCorasick::builder().match_kind(MatchKind::Standard).build(literals).ok()
    });
    let mut hits: Vec<SecretHit> = Vec::new();
    for found in literals.iter().flat_map(|literals| literals.find_overlapping_iter(text)) {
        let hit = match FORMATS.get(found.pattern().as_usize()) {
            Some(format) => read(format, text.as_bytes(), found.range())
                .filter(|range| is_live(format, &text[range.clone()]))
                .map(|range| SecretHit {
                    start: range.start,
                    end: range.end,
                    provider: format.provider,
                    what: format.what,
                }),
            None => pem::private_key(text, found.start()).map(|(range, what)| SecretHit {
                start: range.start,
                end: range.end,
                provider: pem::PROVIDER,
                what,
            }),
        };
        hits.extend(hit);
    }
    hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
    hits.dedup_by(|later, earlier| later.start < earlier.end);
    hits
}

/// The bytes of a candidate, if it has the shape of the format and stands alone.
fn read(format: &Format, text: &[u8], literal: Range<usize>) -> Option<Range<usize>> {
    let mut end = literal.end;
    let mut last = Part::Text("");
    for part in format.parts {
        end += part.read(&text[end..])?;
        last = *part;
    }
    let more = text.get(end).is_some_and(|byte| match last {
        Part::Run(alphabet, ..) => alphabet.contains(*byte) || byte.is_ascii_alphanumeric(),
        Part::Text(_) => byte.is_ascii_alphanumeric(),
    });
    let start = match format.before {
        None => literal.start,
        Some((alphabet, least, most, first)) => {
            let window = &text[literal.start.saturating_sub(most + 1)..literal.start];
            let length = window.iter().rev().take_while(|byte| alphabet.contains(**byte)).count();
            let start = literal.start - length;
            if length < least || length > most || !text[start..].starts_with(first.as_bytes()) {
                return None;
            }
            start
        }
    };
    (!more && stands_alone(text, start)).then_some(start..end)
}

/// Whether no word runs into the place. The `n` of an escaped line end is no word.
fn stands_alone(text: &[u8], start: usize) -> bool {
    match text[..start] {
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., before] => !before.is_ascii_alphanumeric() && !matches!(before, b'_' | b'-' | b'.' | b'\\'),
        [] => true,
    }
}

fn is_live(format: &Format, secret: &str) -> bool {
    let body = &secret[format.literal.len().min(secret.len())..];
    if SAMPLES.contains(&secret) || random::names_itself_a_sample(secret) {
        return false;
    }
    match format.check {
        Check::Crc32 => random::has_crc32(body) && !random::is_filler(body),
        Check::Random => format.runs(secret).all(|(alphabet, run)| random::looks_random(alphabet, run)),
    }
}

/// Whether a value looks like a key or token that a machine made. Looser than
/// [`find_secrets`]: for values that are known to stand for a credential.
pub fn looks_like_key(value: &str) -> bool {
    let value = value.trim();
    let value = match value.split_once(' ') {
        Some((scheme, rest)) if ["bearer", "basic", "token"].contains(&scheme.to_ascii_lowercase().as_str()) => rest,
        _ => value,
    };
    if value.len() > 512
        || value.contains(char::is_whitespace)
        || random::names_itself_a_sample(value)
        || is_uuid(value)
        || value.starts_with("eyJ")
        || SAMPLES.iter().any(|sample| value.contains(sample))
    {
        return false;
    }
    // A machine writes no such word by chance. Prefixes stand before a `_` or `-`, and are runs of their own.
    let names_itself = |run: &str| ["password", "secret", "token"].iter().any(|word| run.contains(word));
    let runs = value.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '/'));
    runs.max_by_key(|run| run.len()).is_some_and(|run| !names_itself(&run.to_ascii_lowercase()) && is_random_run(run))
}

/// Examples of identifiers are mostly UUIDs that a tool filled in.
fn is_uuid(value: &str) -> bool {
    let bytes = value.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_random_run(run: &str) -> bool {
    const SHORTEST: usize = 16;
    let has = |test: fn(&u8) -> bool| run.as_bytes().iter().any(test);
    let (upper, lower, digit) = (has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase), has(u8::is_ascii_digit));
    if run.len() < SHORTEST || !digit || !(upper || lower) {
        return false;
    }
    if run.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return random::looks_random(Alphabet::Hex, &run.to_ascii_lowercase());
    }
    if upper && lower {
        random::looks_random(Alphabet::Base64, run)
    } else {
        random::looks_random(Alphabet::Upper, &run.to_ascii_uppercase())
    }
}

#[cfg(test)]
mod tests;

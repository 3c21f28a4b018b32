//! What a file may be, told from its bytes before any parsing. Says yes too
//! often rather than too rarely; the parsed tree has the last word.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem::Finder;

use super::formats::{self, ROWS};
use super::sniff;
use crate::source::{self, Limits};
use crate::span::FileId;

/// What a file may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Looks {
    /// An OpenAPI document.
    pub(super) is_openapi: bool,
    /// Of some gateway format. Not asked where it may be an OpenAPI document.
    pub(super) is_gateway: bool,
    /// An object of Kubernetes.
    pub(super) is_kubernetes: bool,
    /// An object, or a compose file, that others are joined with.
    pub(super) is_support: bool,
}

impl Looks {
    /// Whether it may be something to judge.
    pub(super) fn is_document(self) -> bool {
        self.is_openapi || self.is_gateway
    }
}

/// What the file of this name and content may be.
pub(super) fn in_file(path: &str, bytes: &[u8]) -> Looks {
    match bytes {
        // UTF-16 is not read, but must not be passed over in silence.
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
            let narrow: Vec<u8> = bytes[2..].iter().copied().filter(|&byte| byte != 0).collect();
            let is_openapi = sniff::mentions_root_key(&narrow);
            // Nothing will be parsed that could have the last word, so it is had here.
            let is_gateway = || {
                let file = source::read(FileId(0), path, narrow, &Limits::default());
                !formats::formats_of(&file).is_empty()
            };
            Looks { is_openapi, is_gateway: !is_openapi && is_gateway(), ..Looks::default() }
        }
        _ if sniff::may_be_openapi(bytes) => Looks { is_openapi: true, ..Looks::default() },
        _ => {
            let is_kubernetes = API_VERSION.find(bytes).is_some();
            let is_gateway = MARKERS.is_met(bytes) || formats::may_be_nginx(path, bytes);
            let joins = is_kubernetes && has_support_kind(bytes) || formats::may_be_compose(path, bytes);
            let is_support = !is_gateway && joins;
            Looks { is_openapi: false, is_gateway, is_kubernetes, is_support }
        }
    }
}

static API_VERSION: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("apiVersion"));

static KIND: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("kind"));

static MARKERS: LazyLock<Markers> = LazyLock::new(Markers::new);

/// The byte strings of all formats, looked for in one pass.
struct Markers {
    /// `None` if it could not be built: then every file is looked at.
    automaton: Option<AhoCorasick>,
    /// Sets of strings by their numbers, each of which makes a format possible.
    sets: Vec<u128>,
}

impl Markers {
    fn new() -> Self {
        let mut strings: Vec<&str> = Vec::new();
        let mut number = |string: &'static str| {
            let at = strings.iter().position(|&known| known == string).unwrap_or_else(|| {
                strings.push(string);
                strings.len() - 1
            });
            1_u128.checked_shl(at as u32).unwrap_or(0)
        };
        let sets = ROWS.iter().flat_map(|row| row.markers);
        let sets = sets.map(|set| set.iter().map(|&string| number(string)).fold(0, |all, one| all | one)).collect();
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(&strings).ok();
        Self { automaton, sets }
    }

    /// Whether all strings of a set are in `bytes`.
    fn is_met(&self, bytes: &[u8]) -> bool {
        let Some(automaton) = &self.automaton else { return true };
        let mut seen = 0_u128;
        for found in automaton.find_iter(bytes) {
            let one = 1 << found.pattern().as_u32();
            if seen & one == 0 {
                seen |= one;
                if self.sets.iter().any(|&set| set & !seen == 0) {
                    return true;
                }
            }
        }
        false
    }
}

/// Whether a key `kind` has a value that others are joined with.
fn has_support_kind(bytes: &[u8]) -> bool {
    KIND.find_iter(bytes).any(|at| {
        let rest = &bytes[at + KIND.needle().len()..];
        let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
        let Some(value) = rest.trim_ascii_start().strip_prefix(b":") else { return false };
        let value = value.trim_ascii_start();
        let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
        // A list may hold any.
        let is_list = value.starts_with(b"List");
        is_list || formats::SUPPORT.iter().flat_map(|(_, kinds)| *kinds).any(|kind| value.starts_with(kind.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_utf_16_is_not_passed_over() {
        for (text, is_openapi) in [("openapi: 3.0.0", true), ("_format_version: 3\nroutes: []", false)] {
            let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.bytes().flat_map(|b| [b, 0])).collect();
            let looks = in_file("a.yaml", &wide);
            assert!(looks.is_document() && looks.is_openapi == is_openapi, "{text}");
        }
    }

    #[test]
    fn every_marker_has_a_number() {
        let strings: std::collections::BTreeSet<_> =
            ROWS.iter().flat_map(|row| row.markers).copied().flatten().collect();
        assert!(strings.len() <= 128, "{} strings", strings.len());
        assert!(MARKERS.automaton.is_some() && MARKERS.sets.iter().all(|&set| set != 0));
    }
}

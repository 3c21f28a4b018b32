//! Patterns for origins and referers: whether they let in hosts that they were not meant for.
//!
//! What a pattern is meant for is read from it as its author reads it, a dot as a dot. From that
//! come names that a stranger can have, and each is tried out: nothing is claimed that the pattern
//! does not really admit. Knows no format.

use std::collections::BTreeSet;
use std::fmt;

use super::path::{Anchoring, Flavour, TextRegex};
use crate::model::net;

/// Which origins, or which referers, are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginPattern {
    /// All, by a `*`.
    Any,
    /// The origin `null`, which any page can have: from a sandboxed frame.
    Null,
    /// One origin.
    Exact(String),
    /// What an expression matches.
    Regex {
        /// The expression.
        regex: TextRegex,
        /// What it is compared with.
        subject: Subject,
    },
    /// What is not understood, as it stands in the configuration.
    Opaque(String),
}

/// What an expression is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The header `Origin`: `https://a.example`.
    Origin,
    /// The host of it.
    Host,
    /// The header `Referer`: `https://a.example/path?query`.
    Referer,
    /// The header `Referer` without its scheme, as in `valid_referers` of nginx.
    RefererRest,
}

/// An origin that a pattern admits and that strangers can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hostile {
    /// The origin or referer, as a browser sends it.
    pub text: String,
    /// Whether its host is a name that anybody may register. `goodXexample` for `good.example` is none: it
    /// shows that a dot is not escaped, where nobody can use that.
    pub is_registrable: bool,
}

impl OriginPattern {
    /// An origin in which `*` stands for any text: `*`, `null`, `https://a.example`, `https://*.a.example`.
    pub fn wildcard(text: &str) -> Self {
        match text {
            "*" => Self::Any,
            "null" => Self::Null,
            _ if text.contains('*') => {
                let parts: Vec<String> = text.split('*').map(regex_syntax::escape).collect();
                Self::full(&parts.join(".*"))
            }
            _ => Self::Exact(text.to_owned()),
        }
    }

    /// Origins that begin with a text.
    pub fn prefix(text: &str) -> Self {
        Self::regex(&regex_syntax::escape(text), Flavour::Re2, Anchoring::Start)
    }

    /// Origins that end with a text.
    pub fn suffix(text: &str) -> Self {
        Self::regex(&format!("{}$", regex_syntax::escape(text)), Flavour::Re2, Anchoring::Search)
    }

    /// Origins that contain a text.
    pub fn contains(text: &str) -> Self {
        Self::regex(&regex_syntax::escape(text), Flavour::Re2, Anchoring::Search)
    }

    /// Origins that match an expression as a whole: Envoy, Istio.
    pub fn full(source: &str) -> Self {
        Self::regex(source, Flavour::Re2, Anchoring::Full)
    }

    /// Origins that match an expression.
    pub fn regex(source: &str, flavour: Flavour, anchoring: Anchoring) -> Self {
        Self::compared(source, flavour, anchoring, false, Subject::Origin)
    }

    /// What matches an expression of nginx: in `if`, `map` or `valid_referers`, without the `~`.
    pub fn nginx(source: &str, any_case: bool, subject: Subject) -> Self {
        Self::compared(source, Flavour::Pcre, Anchoring::Search, any_case, subject)
    }

    /// An entry of `origins` of Kong's plugin `cors`: an expression if it has an unusual character, matched from the
    /// start with a `$` at its end, and with the host alone if there is no `:` in it.
    ///
    /// Source: <https://github.com/Kong/kong/blob/master/kong/plugins/cors/handler.lua>.
    pub fn kong(entry: &str) -> Self {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ".:/-".contains(c);
        match entry {
            "*" => Self::Any,
            "null" => Self::Null,
            _ if entry.chars().all(is_plain) => Self::Exact(entry.to_owned()),
            _ => {
                let subject = if entry.contains(':') { Subject::Origin } else { Subject::Host };
                Self::compared(entry, Flavour::Pcre, Anchoring::StartAndDollar, false, subject)
            }
        }
    }

    fn compared(source: &str, flavour: Flavour, anchoring: Anchoring, any_case: bool, subject: Subject) -> Self {
        Self::Regex { regex: TextRegex::new(source, flavour, anchoring, any_case), subject }
    }

    /// Whether it admits what a browser sends; none if that cannot be told.
    pub fn admits(&self, text: &str) -> Option<bool> {
        match self {
            Self::Any => Some(true),
            Self::Null => Some(text == "null"),
            Self::Exact(origin) => Some(origin.trim_end_matches('/').eq_ignore_ascii_case(text)),
            Self::Regex { regex, subject } => {
                let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
                regex.is_match(match subject {
                    Subject::Origin | Subject::Referer => text,
                    Subject::Host => host_of(rest),
                    Subject::RefererRest => rest,
                })
            }
            Self::Opaque(_) => None,
        }
    }

    fn surely_admits(&self, text: &str) -> bool {
        self.admits(text) == Some(true)
    }

    /// Whether it admits every host, at least by one scheme: `*`, `.*`, `https://*`, `https?://.*`.
    pub fn admits_any_host(&self) -> bool {
        const STRANGERS: [&str; 3] = ["q7z.test", "w3.unrelated-k9.invalid", "x-y.a.b.example"];
        let all = |scheme: &str| {
            STRANGERS.iter().all(|host| self.surely_admits(&format!("{scheme}://{host}{}", self.path("/"))))
        };
        *self == Self::Any || all("https") || all("http")
    }

    /// An origin that it admits and that belongs to somebody else than those it is meant for; none if it admits
    /// every host, as then it is meant for all, or if no such origin was found.
    pub fn hostile(&self) -> Option<Hostile> {
        let Self::Regex { subject, .. } = self else { return None };
        if self.admits_any_host() {
            return None;
        }
        let meant = self.meant();
        let owners: BTreeSet<String> = meant.iter().map(|(_, host)| owner(host)).collect();
        let mut found: Option<Hostile> = None;
        for (scheme, host) in &meant {
            for stranger in strangers(host) {
                let text = format!("{scheme}://{stranger}{}", self.path("/"));
                let is_registrable = net::registrable_domain(&stranger).is_some();
                let is_better = found.as_ref().is_none_or(|old| is_registrable && !old.is_registrable);
                if is_better && !owners.contains(&owner(&stranger)) && self.surely_admits(&text) {
                    found = Some(Hostile { text, is_registrable });
                }
            }
            // A referer is a whole address: the name may stand anywhere in it.
            if matches!(subject, Subject::Referer | Subject::RefererRest) {
                let texts = [format!("{scheme}://evil.test/{host}/"), format!("https://evil.test/?{scheme}://{host}/")];
                let text = texts.into_iter().find(|text| self.surely_admits(text));
                found = found.or(text.map(|text| Hostile { text, is_registrable: true }));
            }
        }
        found
    }

    /// Schemes and hosts that the pattern is meant for, short ones first: what it admits if its dots are dots.
    fn meant(&self) -> Vec<(String, String)> {
        let Self::Regex { regex, .. } = self else { return Vec::new() };
        let meant = TextRegex::new(with_plain_dots(&regex.source), regex.flavour, regex.anchoring, regex.any_case);
        let texts = meant.examples();
        let hosts = texts.iter().filter_map(|text| {
            let (scheme, rest) = text.split_once("//").unwrap_or(("", text));
            let host = host_of(rest).trim_matches('.').to_ascii_lowercase();
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
            let is_host = !host.is_empty() && host.chars().all(is_name) && !host.contains("..");
            let scheme = if scheme == "http:" { "http" } else { "https" };
            is_host.then(|| (scheme.to_owned(), host))
        });
        hosts.filter(|(_, host)| host != "http" && host != "https").collect()
    }

    /// What follows the host.
    fn path(&self, path: &'static str) -> &'static str {
        match self {
            Self::Regex { subject: Subject::Referer | Subject::RefererRest, .. } => path,
            _ => "",
        }
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Null => f.write_str("null"),
            Self::Exact(text) | Self::Opaque(text) => f.write_str(text),
            Self::Regex { regex, .. } => f.write_str(&regex.source),
        }
    }
}

/// The host before port, path and query.
fn host_of(rest: &str) -> &str {
    rest.split([':', '/', '?', '#']).next().unwrap_or_default()
}

/// Who has a host: its registrable domain, else the host.
fn owner(host: &str) -> String {
    net::registrable_domain(host).unwrap_or_else(|| host.to_owned())
}

/// Names of strangers that look like a host to a careless pattern.
fn strangers(host: &str) -> Vec<String> {
    let domain = owner(host);
    let mut names = vec![
        format!("{host}.evil.test"),
        format!("evil{host}"),
        format!("evil-{host}"),
        format!("evil{domain}"),
        format!("evil-{domain}"),
        format!("{host}-evil.test"),
        format!("www.{host}.evil.test"),
    ];
    // Another character for each dot that is not escaped.
    names.extend(host.match_indices('.').map(|(at, _)| format!("{}x{}", &host[..at], &host[at + 1..])));
    names
}

/// An expression in which a dot that stands for one character is a dot: what its author means.
fn with_plain_dots(source: &str) -> String {
    let mut meant = String::with_capacity(source.len());
    let mut in_class = false;
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                meant.push(c);
                meant.extend(chars.next());
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '.' if !in_class && !matches!(chars.peek(), Some('*' | '+' | '?' | '{')) => meant.push('\\'),
            _ => {}
        }
        meant.push(c);
    }
    meant
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn hostile(pattern: &OriginPattern, text: &str) {
        let found = pattern.hostile().unwrap_or_else(|| panic!("{pattern} admits no stranger"));
        assert_eq!(found.text, text, "{pattern}");
        assert!(pattern.surely_admits(&found.text));
        assert!(!pattern.admits_any_host());
    }

    #[track_caller]
    fn safe(pattern: &OriginPattern) {
        assert_eq!(pattern.hostile(), None, "{pattern}");
        assert!(!pattern.admits_any_host(), "{pattern}");
    }

    fn search(source: &str) -> OriginPattern {
        OriginPattern::nginx(source, false, Subject::Origin)
    }

    #[test]
    fn a_pattern_without_an_end_goes_on_in_a_strangers_domain() {
        hostile(&search("^https://good\\.example"), "https://good.example.evil.test");
        hostile(&search("^https?://(www\\.)?good\\.example"), "http://good.example.evil.test");
        hostile(&OriginPattern::prefix("https://good.example"), "https://good.example.evil.test");
        hostile(&search("^http://localhost"), "http://localhost.evil.test");
    }

    #[test]
    fn a_pattern_without_a_start_ends_a_strangers_name() {
        hostile(&search("good\\.example$"), "https://evilgood.example");
        hostile(&search("^https://.*good\\.example$"), "https://evilgood.example");
        hostile(&OriginPattern::suffix("good.example"), "https://evilgood.example");
        hostile(&OriginPattern::wildcard("https://*good.example"), "https://evilgood.example");
    }

    #[test]
    fn a_dot_that_is_not_escaped_is_any_character() {
        hostile(&OriginPattern::full("https://api.good.example"), "https://apixgood.example");
        let found = OriginPattern::full("https://good.example").hostile().unwrap();
        assert_eq!((found.text.as_str(), found.is_registrable), ("https://goodxexample", false));
        hostile(&search("^https://.*.good\\.example$"), "https://evilgood.example");
    }

    #[test]
    fn careful_patterns_are_safe() {
        safe(&search("^https://good\\.example$"));
        safe(&search("^https://([a-z0-9-]+\\.)*good\\.example(:[0-9]+)?$"));
        safe(&search("^https://.*\\.good\\.example$"));
        safe(&search("^https?://(a|b)\\.(good\\.example|good\\.test)$"));
        safe(&search("^https?://localhost(:\\d+)?$"));
        safe(&OriginPattern::full("https://[^.]+\\.good\\.example"));
        safe(&OriginPattern::wildcard("https://*.good.example"));
        safe(&OriginPattern::wildcard("https://good.example"));
        safe(&OriginPattern::Null);
        safe(&search("("));
        safe(&search("^$"));
    }

    #[test]
    fn wide_patterns_are_told_apart() {
        for pattern in [
            OriginPattern::wildcard("*"),
            OriginPattern::wildcard("https://*"),
            OriginPattern::wildcard("http*"),
            OriginPattern::full(".*"),
            OriginPattern::full("https?://.*"),
            search("^https://"),
            search("."),
            OriginPattern::prefix("http"),
            OriginPattern::kong(".*"),
            OriginPattern::kong("https?://[a-z0-9.-]+"),
        ] {
            assert!(pattern.admits_any_host(), "{pattern}");
            assert_eq!(pattern.hostile(), None, "{pattern}");
        }
    }

    #[test]
    fn kong_holds_on_to_the_last_alternative_only() {
        hostile(&OriginPattern::kong("https://(api).good.example"), "https://apixgood.example");
        safe(&OriginPattern::kong("https://(api|www)\\.good\\.example"));
        hostile(&OriginPattern::kong("https://good\\.example|https://good\\.test"), "https://good.example.evil.test");
        safe(&OriginPattern::kong("(.*\\.)?good\\.example"));
        hostile(&OriginPattern::kong("(.*)good\\.example"), "https://evilgood.example");
        assert_eq!(
            OriginPattern::kong("https://good.example"),
            OriginPattern::Exact("https://good.example".to_owned())
        );
    }

    #[test]
    fn referers_may_have_the_name_in_their_path() {
        let referer = |source| OriginPattern::nginx(source, false, Subject::Referer);
        hostile(&referer("^https?://good\\.example"), "http://good.example.evil.test/");
        hostile(&referer("https?://www\\.good\\.example/"), "https://evil.test/?http://www.good.example/");
        safe(&referer("^https?://good\\.example/"));
        safe(&referer("^https?://([^/]+\\.)?good\\.example(/|$)"));
        let rest = OriginPattern::nginx("\\.good\\.", false, Subject::RefererRest);
        hostile(&rest, "https://www.good.evil.test/");
        let rest = OriginPattern::nginx("good\\.example", false, Subject::RefererRest);
        assert!(rest.hostile().is_some());
    }

    proptest! {
        #[test]
        fn every_claim_is_admitted(source in "\\^?(https?://)?(\\(\\.\\*\\)|\\(a\\|b\\)\\.|\\[a-z\\]\\+\\.)?good(\\.|\\\\\\.)example(\\$|\\.\\*)?",
                                   anchoring in prop_oneof![Just(Anchoring::Search), Just(Anchoring::Start), Just(Anchoring::StartAndDollar), Just(Anchoring::Full)]) {
            let pattern = OriginPattern::regex(&source, Flavour::Pcre, anchoring);
            if let Some(found) = pattern.hostile() {
                prop_assert!(pattern.surely_admits(&found.text));
                let host = found.text.trim_start_matches("https://").trim_start_matches("http://");
                prop_assert_ne!(owner(host), "good.example");
            }
        }

        #[test]
        fn any_text_is_a_pattern(text in "\\PC{0,20}") {
            for pattern in [OriginPattern::kong(&text), OriginPattern::wildcard(&text), OriginPattern::full(&text), search(&text)] {
                let _ = (pattern.hostile(), pattern.admits_any_host());
            }
        }
    }
}

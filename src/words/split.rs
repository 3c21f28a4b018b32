//! Cutting names into words, and words into the singular. Knows no list.

use std::ops::Range;

/// The words of a name in lower case: cut at everything that is no letter or
/// digit, at case changes, and between letters and digits. Number words at the
/// end are dropped (`password2`), unless the name is nothing but numbers.
///
/// Acronyms stay whole, with one lower-case letter after them as well
/// (`userIDs`, `IPv4`). The singular is not applied.
pub fn split(name: &str) -> Vec<String> {
    pieces(name).into_iter().map(|range| name[range].to_lowercase()).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Class {
    Upper,
    Lower,
    Digit,
    Other,
}

fn class(c: char) -> Class {
    match c {
        'a'..='z' => Class::Lower,
        'A'..='Z' => Class::Upper,
        '0'..='9' => Class::Digit,
        _ if c.is_ascii() => Class::Other,
        _ if c.is_uppercase() => Class::Upper,
        _ if c.is_numeric() => Class::Digit,
        _ if c.is_alphabetic() => Class::Lower,
        _ => Class::Other,
    }
}

/// The byte ranges of the words of a name.
pub(super) fn pieces(name: &str) -> Vec<Range<usize>> {
    let mut words = Vec::with_capacity(4);
    let mut rest = name.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        let first = class(c);
        if first == Class::Other {
            continue;
        }
        let mut last_start = start;
        let mut end = start + c.len_utf8();
        let mut run = 1;
        while let Some(&(at, c)) = rest.peek()
            && class(c) == first
        {
            rest.next();
            last_start = at;
            end = at + c.len_utf8();
            run += 1;
        }
        if first == Class::Upper {
            let mut lower = 0;
            let mut lower_end = end;
            while let Some(&(at, c)) = rest.peek()
                && class(c) == Class::Lower
            {
                rest.next();
                lower_end = at + c.len_utf8();
                lower += 1;
            }
            // `HTTPServer` is HTTP + Server, but `IDs` and `IPv4` keep their one letter.
            if run > 1 && lower > 1 {
                words.push(start..last_start);
                words.push(last_start..lower_end);
            } else {
                words.push(start..lower_end);
            }
        } else {
            words.push(start..end);
        }
    }
    let is_number = |range: &Range<usize>| name[range.clone()].chars().all(|c| class(c) == Class::Digit);
    let kept = words.iter().rposition(|word| !is_number(word)).map_or(words.len(), |last| last + 1);
    words.truncate(kept);
    words
}

/// Words that end like a plural and are none.
const NOT_PLURAL: [&str; 21] = [
    "always", "alias", "atlas", "bias", "canvas", "chaos", "cors", "cosmos", "ddos", "does", "gas", "has", "https",
    "iaas", "lens", "news", "paas", "postgres", "saas", "series", "species",
];

/// Plurals that no ending tells.
const IRREGULAR: [(&str, &str); 26] = [
    ("ads", "ad"),
    ("aliases", "alias"),
    ("apis", "api"),
    ("biases", "bias"),
    ("bonuses", "bonus"),
    ("buses", "bus"),
    ("caches", "cache"),
    ("campuses", "campus"),
    ("canvases", "canvas"),
    ("children", "child"),
    ("cookies", "cookie"),
    ("cpus", "cpu"),
    ("gpus", "gpu"),
    ("ids", "id"),
    ("indices", "index"),
    ("ips", "ip"),
    ("kpis", "kpi"),
    ("menus", "menu"),
    ("movies", "movie"),
    ("people", "person"),
    ("pks", "pk"),
    ("selfies", "selfie"),
    ("skus", "sku"),
    ("statuses", "status"),
    ("uris", "uri"),
    ("viruses", "virus"),
];

/// The singular of an English word in lower case; other words come back as they are.
///
/// It is meant for comparing: `expires` becomes `expire`, and so does the word it
/// is compared with.
pub fn singular(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    push_singular(&mut text, word);
    text
}

/// Appends the singular of a word.
pub(super) fn push_singular(text: &mut String, word: &str) {
    if !word.ends_with('s') && !matches!(word, "people" | "children") && !word.ends_with("indices") {
        text.push_str(word);
        return;
    }
    if let Ok(row) = IRREGULAR.binary_search_by_key(&word, |(plural, _)| plural) {
        text.push_str(IRREGULAR[row].1);
        return;
    }
    let cut = |ending: &str| word.strip_suffix(ending);
    if word.len() <= 3 || ["ss", "us", "is"].iter().any(|ending| word.ends_with(ending)) || NOT_PLURAL.contains(&word) {
        text.push_str(word);
    } else if let Some(stem) = cut("ies").filter(|stem| stem.len() > 1) {
        text.push_str(stem);
        text.push('y');
    } else if ["sses", "shes", "ches", "xes", "zzes"].iter().any(|ending| word.ends_with(ending)) {
        text.push_str(&word[..word.len() - 2]);
    } else {
        text.push_str(&word[..word.len() - 1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(name: &str) -> String {
        split(name).join(" ")
    }

    #[test]
    fn separators_case_changes_and_digits_cut() {
        assert_eq!(words("access_token"), "access token");
        assert_eq!(words("accessToken"), "access token");
        assert_eq!(words("Access-Token.value name"), "access token value name");
        assert_eq!(words("oauth2Token"), "oauth 2 token");
        assert_eq!(words("$top"), "top");
        assert_eq!(words("page[size]"), "page size");
    }

    #[test]
    fn acronyms_stay_whole() {
        assert_eq!(words("HTTPServer"), "http server");
        assert_eq!(words("userIDs"), "user ids");
        assert_eq!(words("userID"), "user id");
        assert_eq!(words("APIKey"), "api key");
        assert_eq!(words("IPv4Address"), "ipv 4 address");
        assert_eq!(words("XMLHttpRequest"), "xml http request");
    }

    #[test]
    fn numbers_at_the_end_are_dropped() {
        assert_eq!(words("password2"), "password");
        assert_eq!(words("address_line_1"), "address line");
        assert_eq!(words("line1Text"), "line 1 text");
    }

    #[test]
    fn a_name_of_numbers_only_is_kept() {
        assert_eq!(words("404"), "404");
    }

    #[test]
    fn a_name_without_letters_has_no_words() {
        assert!(split("").is_empty());
        assert!(split("$[]-_").is_empty());
    }

    #[test]
    fn letters_of_other_scripts_are_letters() {
        assert_eq!(words("größeMaß"), "größe maß");
        assert_eq!(words("ÜberPrüfung"), "über prüfung");
        assert_eq!(words("パスワード"), "パスワード");
    }

    #[test]
    fn plurals_become_singular() {
        for (plural, one) in [
            ("tokens", "token"),
            ("keys", "key"),
            ("addresses", "address"),
            ("statuses", "status"),
            ("companies", "company"),
            ("boxes", "box"),
            ("searches", "search"),
            ("hashes", "hash"),
            ("cookies", "cookie"),
            ("databases", "database"),
            ("responses", "response"),
            ("ids", "id"),
            ("uris", "uri"),
            ("indices", "index"),
            ("people", "person"),
            ("caches", "cache"),
            ("sizes", "size"),
        ] {
            assert_eq!(singular(plural), one);
        }
    }

    #[test]
    fn words_that_only_look_like_plurals_stay() {
        for word in
            ["address", "status", "sms", "access", "analysis", "alias", "https", "news", "dns", "series", "cors"]
        {
            assert_eq!(singular(word), word);
        }
    }

    #[test]
    fn the_table_of_irregular_plurals_is_sorted() {
        assert!(IRREGULAR.is_sorted_by_key(|(plural, _)| plural));
    }
}

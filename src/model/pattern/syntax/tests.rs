//! Which texts are patterns, and what is said of the others.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn good(text: &str) {
    match read(text) {
        Ok(pattern) => assert_eq!(pattern.foreign, None, "{text}"),
        Err(why) => panic!("{text}: {why:?}"),
    }
}

/// The pattern does not compile, or means something else; the message says so.
#[track_caller]
fn bad(text: &str, why: &str) {
    let problem = match read(text) {
        Ok(pattern) => pattern.foreign.unwrap_or_else(|| panic!("{text} is fine")),
        Err(Unread::Invalid(problem)) => problem,
        Err(Unread::TooLarge) => panic!("{text} is not read"),
    };
    assert!(problem.contains(why), "{text}: {problem}");
}

#[test]
fn patterns_of_ecmascript_compile() {
    for text in [
        "",
        "^a$|b",
        r"^\p{L}+\P{Script=Greek}\u{1F600}$",
        "(?<year>[0-9]{4})-\\k<year>",
        "(?<=a)b(?!c)(?<!d)",
        "(?i:abc)(?-m:x)(?s-i:y)",
        "[a-z\\d_-]{2,}?",
        "(?<a>x)|(?<a>y)",
        r"\/\.\-",
        r"[^]|[]",
        r"\ud83d\ude00",
    ] {
        good(text);
    }
}

#[test]
fn annex_b_allows_what_browsers_allow() {
    for text in [r"\-\_\@", "a{,3}", "{", "}", "]", "a]b}", r"\c", r"[\w-z]", r"\8\101", "(?=a)*", r"\x4", r"\u00"] {
        good(text);
    }
}

#[test]
fn what_does_not_compile_says_why() {
    bad("(a", "not closed");
    bad("a)", "closes no group");
    bad("[a", "`[` is not closed");
    bad("*a", "repeats nothing");
    bad("a**", "repeats nothing");
    bad("a{2,1}", "wrong way round");
    bad("[z-a]", "wrong way round");
    bad("a\\", "ends in");
    bad("(?<1>a)", "malformed");
    bad("(?<a>x)(?<a>y)", "two groups");
    bad(r"(?<a>x)\k<b>", "no group is named `b`");
    bad("(?z:a)", "opens no group");
    bad("^+", "nothing can be repeated");
}

#[test]
fn other_dialects_are_told_apart() {
    bad("(?i)abc", "(?i:...)");
    bad("(?P<n>a)", "(?<name>...)");
    bad("(?>a)", "atomic");
    bad("a++", "possessive");
    bad("a{1,2}+", "possessive");
    bad("(?#note)a", "comments");
    bad(r"\Aabc\z", r"`\A`");
    bad(r"abc\Z", r"`\Z`");
    bad(r"\Qa.b\E", r"`\Q`");
    bad("^[[:alpha:]]+$", "[:alpha:]");
    bad(r"\p{IsGreek}", r"`\p{...}`");
    bad(r"^\p{Han}+$", r"`\p{Script=Han}`");
    bad(r"^[\p{L}]+\_$", "flag `u`");
    bad("/^[a-z]+$/", "slashes");
    bad("/(?=.*[a-z])(?=.*[0-9])/i", "slashes");
}

#[test]
fn slashes_alone_are_text() {
    for text in ["/**", "^/api/", "/a/", "^/api/$", "/^", "a/b$/"] {
        if !text.contains("**") {
            good(text);
        }
    }
}

#[test]
fn deep_and_long_patterns_are_not_read() {
    assert_eq!(read(&"(".repeat(10_000)).unwrap_err(), Unread::TooLarge);
    assert_eq!(read(&"a".repeat(70_000)).unwrap_err(), Unread::TooLarge);
}

/// Whether `regress`, an engine for ECMA-262, compiles the pattern in either mode.
fn compiles(text: &str) -> bool {
    regress::Regex::with_flags(text, "u").is_ok() || regress::Regex::new(text).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn an_engine_compiles_the_same_patterns(
        text in r"([ab01.^$|*+?{},()\[\]\\:=!<>-]|\(\?[:=!<im]|\\[dwskupc0-9xAP-]|\{1,2\}|\[\^?|[a]-[c]){0,12}"
    ) {
        prop_assert_eq!(read(&text).is_ok(), compiles(&text), "{}", text);
    }
}

//! Each constructor by what it admits, and the relations by trying out small paths.

use proptest::prelude::*;

use super::*;

fn re(source: &str, anchoring: Anchoring) -> PathPattern {
    PathPattern::regex(source, Flavour::Pcre, anchoring)
}

#[track_caller]
fn admits(pattern: &PathPattern, good: &[&str], bad: &[&str]) {
    for path in good {
        assert_eq!(pattern.admits(path), Some(true), "{pattern} and {path}");
    }
    for path in bad {
        assert_eq!(pattern.admits(path), Some(false), "{pattern} and {path}");
    }
}

#[test]
fn a_raw_prefix_goes_on_within_a_segment_and_a_segment_prefix_does_not() {
    admits(&PathPattern::raw_prefix("/api"), &["/api", "/apix", "/api/x"], &["/ap", "/x/api"]);
    admits(&PathPattern::segment_prefix("/api/"), &["/api", "/api/", "/api/x"], &["/apix", "/"]);
    admits(&PathPattern::segment_prefix("/"), &["/", "/x"], &[]);
}

#[test]
fn kong_compares_characters_or_an_expression_that_holds_on_to_the_start() {
    admits(&PathPattern::kong("/api"), &["/apix"], &["/x/api"]);
    admits(&PathPattern::kong("~/users/\\d+"), &["/users/1", "/users/1/admin"], &["/x/users/1", "/users/a"]);
    // The `^` binds to the first alternative only.
    admits(&PathPattern::kong("~/a|/b"), &["/a", "/x/b"], &["/x/a"]);
    admits(&PathPattern::kong_before_3("/users/(?<id>\\d+)$"), &["/users/1"], &["/users/1/x"]);
    admits(&PathPattern::kong_before_3("/v1.0/a-b"), &["/v1.0/a-bc"], &["/v1x0/a-b"]);
}

#[test]
fn locations_of_nginx_are_read_by_their_modifier() {
    let location = |modifier, path| PathPattern::nginx(modifier, path).unwrap();
    admits(&location("=", "/a"), &["/a"], &["/a/", "/ab"]);
    admits(&location("^~", "/a"), &["/ab"], &["/b"]);
    admits(&location("~", "\\.php$"), &["/x.php", "/a/b.php"], &["/x.PHP", "/x.php/y"]);
    admits(&location("~*", "\\.php$"), &["/x.PHP"], &["/xphp"]);
    assert_eq!(PathPattern::nginx("", "@fallback"), None);
}

#[test]
fn expressions_that_look_around_are_read_within_a_limit() {
    admits(
        &PathPattern::nginx("~", "/\\.(?!well-known)").unwrap(),
        &["/.git", "/a/.env"],
        &["/.well-known/acme-challenge/x", "/a"],
    );
    let slow = re("^(a|a)*(?=c)b$", Anchoring::Search);
    assert_eq!(slow.admits(&"a".repeat(60)), None);
    assert_eq!(PathPattern::regex("/(?!x)", Flavour::Re2, Anchoring::Search).admits("/a"), None);
    assert!(re("(", Anchoring::Full).is_opaque());
    assert!(re(&"a".repeat(10_000), Anchoring::Full).is_opaque());
    assert!(re("((((\\w{200}){200}){200}){200})", Anchoring::Full).is_opaque());
}

#[test]
fn parameters_are_segments_and_rests_are_many() {
    admits(&PathPattern::aws("/users/{id}"), &["/users/1"], &["/users", "/users/", "/users/1/x"]);
    admits(&PathPattern::aws("/{proxy+}"), &["/a", "/a/b"], &["/"]);
    admits(&PathPattern::aws("/a/{proxy+}"), &["/a/b", "/a/b/c"], &["/a", "/a/", "/ab"]);
    admits(&PathPattern::aws("$default"), &["/", "/a"], &[]);
    admits(&PathPattern::krakend("/a/*"), &["/a/b/c", "/a/b"], &["/b"]);
    admits(&PathPattern::braces("/a/{**}/z"), &["/a/z", "/a/b/c/z"], &["/a/b", "/az"]);
    admits(&PathPattern::braces("/f/{name}.json"), &["/f/a.json"], &["/f/.json", "/f/a", "/f/a/b.json"]);
    assert!(PathPattern::braces("/a/{id:[0-9]+}").is_opaque());
    assert!(PathPattern::braces("/a/{b}{c}").is_opaque());
}

#[test]
fn policies_of_istio_have_prefixes_ends_and_segments() {
    admits(&PathPattern::istio_policy("/a*"), &["/a", "/ab"], &["/b"]);
    admits(&PathPattern::istio_policy("*/b"), &["/a/b", "/b"], &["/b/"]);
    admits(&PathPattern::istio_policy("*"), &["/"], &[]);
    admits(&PathPattern::istio_policy("/a/{*}/c"), &["/a/b/c"], &["/a/b/b/c"]);
    admits(&PathPattern::istio_policy("/a/{**}"), &["/a/b/c", "/a/b"], &["/b"]);
}

#[test]
fn rules_of_traefik_2_have_expressions_in_braces() {
    admits(&PathPattern::traefik_v2("/u/{id:[0-9]{2}}", false), &["/u/12"], &["/u/1", "/u/12/x"]);
    admits(&PathPattern::traefik_v2("/u/{id}", true), &["/u/a", "/u/a/b"], &["/u/"]);
    assert!(PathPattern::traefik_v2("/u/{id", true).is_opaque());
}

#[test]
fn case_may_be_ignored() {
    let pattern = PathPattern::ingress_nginx_regex("/Api/v\\d");
    admits(&pattern, &["/api/V1", "/API/v1/x"], &["/x/api/v1"]);
    admits(&PathPattern::exact("/Api").ignoring_case(), &["/api"], &["/apx"]);
    admits(&PathPattern::aws("/Api/{x}").ignoring_case(), &["/api/1"], &["/apx/1"]);
}

#[test]
fn what_every_path_begins_with_is_known() {
    for (pattern, start) in [
        (PathPattern::kong("~/users/\\d+$"), "/users/"),
        (PathPattern::kong("~/users(/|$)"), "/users"),
        (re("^/a", Anchoring::Search), "/a"),
        (re("/a", Anchoring::Search), ""),
        (re("^/a|^/b", Anchoring::Search), ""),
        (re("^/a(?!x)/b", Anchoring::Search), "/a/b"),
        (PathPattern::aws("/a/{x}/b"), "/a/"),
        (PathPattern::aws("/a/{x+}"), "/a/"),
        (PathPattern::any(), ""),
    ] {
        assert_eq!(pattern.literal_prefix(), start, "{pattern:?}");
    }
}

#[test]
fn ends_are_known() {
    for (pattern, has_end, is_loose) in [
        (PathPattern::kong("~/users/\\d+"), false, true),
        (PathPattern::kong("~/users/\\d+$"), true, false),
        (PathPattern::kong("~/public"), false, true),
        (PathPattern::kong("~/public(/|$)"), false, false),
        (PathPattern::kong("~/public(/.*)?$"), true, false),
        (PathPattern::raw_prefix("/public"), false, true),
        (PathPattern::raw_prefix("/public/"), false, false),
        (PathPattern::segment_prefix("/public"), false, false),
        (PathPattern::exact("/public"), true, false),
        (re("/a", Anchoring::Full), true, false),
        (PathPattern::raw_prefix("/"), false, false),
    ] {
        assert_eq!((pattern.has_end_anchor(), pattern.is_loose()), (has_end, is_loose), "{pattern:?}");
    }
}

#[test]
fn what_admits_everything_is_known_however_it_is_written() {
    for pattern in [
        PathPattern::any(),
        PathPattern::raw_prefix("/"),
        PathPattern::segment_prefix("/"),
        re(".*", Anchoring::Full),
        re("/.*", Anchoring::Full),
        re("^/", Anchoring::Search),
        re("", Anchoring::Search),
        PathPattern::aws("/{proxy+}"),
        PathPattern::kong("~/"),
    ] {
        assert!(pattern.is_catch_all(), "{pattern:?}");
    }
    for pattern in [
        PathPattern::exact("/"),
        PathPattern::raw_prefix("/a"),
        re("/.*", Anchoring::Search),
        re("a", Anchoring::Search),
    ] {
        assert!(!pattern.is_catch_all(), "{pattern:?}");
    }
}

#[test]
fn covering_is_decided_for_expressions_in_simple_words() {
    let yes = |a: &PathPattern, b: &PathPattern| assert_eq!(a.covers(b), Some(true), "{a} covers {b}");
    let no = |a: &PathPattern, b: &PathPattern| assert_eq!(a.covers(b), Some(false), "{a} does not cover {b}");
    yes(&PathPattern::kong("~/api"), &PathPattern::raw_prefix("/api/v1"));
    yes(&PathPattern::raw_prefix("/api"), &PathPattern::kong("~/api/\\d+$"));
    yes(&PathPattern::segment_prefix("/api"), &re("/api/[a-z]+", Anchoring::Full));
    no(&PathPattern::kong("~/api/\\d+$"), &PathPattern::raw_prefix("/api"));
    no(&PathPattern::raw_prefix("/api"), &re("\\.php$", Anchoring::Search));
    no(&re("\\.php$", Anchoring::Search), &PathPattern::raw_prefix("/api"));
    yes(&re("\\.php$", Anchoring::Search), &PathPattern::exact("/x.php"));
    let (digits, words) = (re("/\\d+", Anchoring::Full), re("/\\w+", Anchoring::Full));
    no(&digits, &words);
    assert_eq!(words.covers(&digits), None);
    assert_eq!(PathPattern::opaque("x").covers(&PathPattern::exact("/")), None);
    yes(&PathPattern::opaque("x"), &PathPattern::opaque("x"));
}

#[test]
fn case_counts_in_covering() {
    let (exact, any_case) = (PathPattern::raw_prefix("/api"), PathPattern::raw_prefix("/api").ignoring_case());
    assert_eq!(any_case.covers(&exact), Some(true));
    assert_eq!(exact.covers(&any_case), None);
    assert_eq!(PathPattern::any().covers(&any_case), Some(true));
    assert_eq!(PathPattern::raw_prefix("/b").covers(&any_case), Some(false));
    assert_eq!(exact.overlaps(&PathPattern::exact("/API/x").ignoring_case()).as_deref(), Some("/api/x"));
    assert_eq!(exact.overlaps(&PathPattern::exact("/API/x")), None);
    assert!(any_case.overlaps(&PathPattern::exact("/API/x")).is_some());
}

#[test]
fn a_path_that_both_admit_is_found() {
    let php = PathPattern::nginx("~", "\\.php$").unwrap();
    for (a, b) in [
        (PathPattern::raw_prefix("/admin"), php.clone()),
        (PathPattern::segment_prefix("/admin"), php.clone()),
        (PathPattern::aws("/admin/{file}"), php.clone()),
        (PathPattern::aws("/{x}/b"), PathPattern::aws("/a/{y}")),
        (PathPattern::aws("/a/{x}/{y}"), PathPattern::aws("/{p}/b/{q+}")),
        (PathPattern::raw_prefix("/public"), PathPattern::raw_prefix("/public-admin")),
        (PathPattern::kong("~/users/\\d+"), PathPattern::kong("~/users/\\d+/admin$")),
        (PathPattern::kong("~/users/[^/]+"), PathPattern::segment_prefix("/users/admin")),
        (re("^/(a|b)/.*", Anchoring::Search), re("x$", Anchoring::Search)),
        (PathPattern::braces("/f/{name}.json"), PathPattern::raw_prefix("/f/report")),
        (re("^/api/v[0-9]+/", Anchoring::Search), PathPattern::raw_prefix("/api/v2/admin")),
        (re("^/.*/admin", Anchoring::Search), PathPattern::raw_prefix("/api/v2")),
    ] {
        for (a, b) in [(&a, &b), (&b, &a)] {
            let path = a.overlaps(b).unwrap_or_else(|| panic!("{a} and {b}"));
            assert!(a.surely_admits(&path) && b.surely_admits(&path), "{a}, {b}: {path}");
        }
    }
}

#[test]
fn patterns_apart_share_nothing() {
    for (a, b) in [
        (PathPattern::raw_prefix("/a"), PathPattern::raw_prefix("/b")),
        (PathPattern::segment_prefix("/a"), PathPattern::raw_prefix("/ab")),
        (PathPattern::aws("/a/{x}"), PathPattern::aws("/b/{x}")),
        (PathPattern::aws("/a/{x}"), PathPattern::exact("/a")),
        (PathPattern::opaque("x"), PathPattern::any()),
        (re("(", Anchoring::Search), PathPattern::any()),
    ] {
        assert_eq!(a.overlaps(&b), None, "{a} and {b}");
    }
}

#[test]
fn other_spellings_of_a_path_are_made() {
    let spelled: Vec<String> = variants("/a/b").map(|variant| variant.path).collect();
    assert_eq!(spelled, ["/a/b/", "//a/b", "/a%2Fb", "/./a/b", "/x/../a/b", "/a/b;x", "/A/B"]);
    assert_eq!(Trick::TrailingSlash.apply("/a/").as_deref(), Some("/a"));
    assert_eq!(Trick::EscapedSlash.apply("/a"), None);
    assert_eq!(Trick::Case.apply("/1"), None);
    assert_eq!(variants("/").count(), 0);
}

/// Every path of at most three segments of these.
fn small_paths() -> Vec<String> {
    const SEGMENTS: [&str; 11] = ["", "a", "b", "ab", "ax", "bb", "aa", "1", "1b", "a1", "axb"];
    let mut all = Vec::new();
    for first in SEGMENTS {
        all.push(format!("/{first}"));
        for second in SEGMENTS {
            all.push(format!("/{first}/{second}"));
            all.extend(SEGMENTS.iter().map(|third| format!("/{first}/{second}/{third}")));
        }
    }
    all
}

fn small_path() -> impl Strategy<Value = String> {
    let segment = prop_oneof!["a", "b", "ab", "ax?"];
    (proptest::collection::vec(segment, 1..3), "/?").prop_map(|(segments, end)| format!("/{}{end}", segments.join("/")))
}

/// Patterns whose relations are decided by structure.
fn structural() -> impl Strategy<Value = PathPattern> {
    let segment = prop_oneof!["a", "b", "\\{x\\}", "\\{x\\}b", "a\\{x\\}"];
    let rest = prop_oneof![Just(""), Just("/{r+}"), Just("/{**}")];
    let template = (proptest::collection::vec(segment, 1..3), rest)
        .prop_map(|(segments, rest)| PathPattern::braces(&format!("/{}{rest}", segments.join("/"))));
    prop_oneof![
        1 => Just(PathPattern::any()),
        3 => small_path().prop_map(PathPattern::exact),
        3 => small_path().prop_map(PathPattern::raw_prefix),
        3 => small_path().prop_map(|path| PathPattern::segment_prefix(&path)),
        4 => template,
    ]
}

fn with_expressions() -> impl Strategy<Value = PathPattern> {
    let anchoring = prop_oneof![Just(Anchoring::Search), Just(Anchoring::Start), Just(Anchoring::Full)];
    let expression = "\\^?(/|a|b|/a|\\[ab\\]|\\.\\*|a\\+|\\(a\\|b\\)|\\(/\\|\\$\\)|\\(/\\.\\*\\)\\?){1,4}\\$?";
    prop_oneof![
        structural(),
        structural().prop_map(PathPattern::ignoring_case),
        (expression, anchoring).prop_map(|(source, anchoring)| re(&source, anchoring)),
    ]
}

proptest! {
    #[test]
    fn witnesses_are_admitted(pattern in with_expressions()) {
        for path in pattern.witnesses() {
            prop_assert!(pattern.surely_admits(&path), "{:?}: {}", pattern, path);
        }
    }

    #[test]
    fn what_is_covered_is_admitted(a in with_expressions(), b in with_expressions()) {
        let missed = small_paths().into_iter().find(|path| b.surely_admits(path) && !a.surely_admits(path));
        match a.covers(&b) {
            Some(true) => prop_assert_eq!(missed, None, "{:?} covers {:?}", a, b),
            Some(false) => {}
            None => {}
        }
    }

    #[test]
    fn structure_decides_covering(a in structural(), b in structural()) {
        let longer = small_paths().into_iter().flat_map(|path| [path.clone(), path.clone() + "x", path + "/b/b"]);
        let is_missed = longer.into_iter().any(|path| b.surely_admits(&path) && !a.surely_admits(&path));
        prop_assert_eq!(a.covers(&b), Some(!is_missed), "{:?} covers {:?}", a, b);
    }

    #[test]
    fn what_is_shared_is_found(a in structural(), b in structural()) {
        let shared = small_paths().into_iter().find(|path| a.surely_admits(path) && b.surely_admits(path));
        let found = a.overlaps(&b);
        if let Some(path) = &found {
            prop_assert!(a.surely_admits(path) && b.surely_admits(path));
        }
        prop_assert_eq!(found.is_some(), shared.is_some(), "{:?} and {:?}: {:?}, {:?}", a, b, found, shared);
    }

    #[test]
    fn what_expressions_share_is_admitted_by_both(a in with_expressions(), b in with_expressions()) {
        if let Some(path) = a.overlaps(&b) {
            prop_assert!(a.surely_admits(&path) && b.surely_admits(&path));
            prop_assert!(!a.is_apart(&b));
        }
    }

    #[test]
    fn any_text_is_a_pattern(text in "\\PC{0,12}", path in "/\\PC{0,6}") {
        let all = [
            PathPattern::kong(&text),
            PathPattern::kong_before_3(&text),
            PathPattern::braces(&text),
            PathPattern::istio_policy(&text),
            PathPattern::krakend(&text),
            PathPattern::traefik_v2(&text, true),
            PathPattern::ingress_nginx_regex(&text),
            PathPattern::segment_prefix(&text),
        ];
        for a in &all {
            let _ = (a.admits(&path), a.is_loose(), a.is_catch_all(), a.specificity(), a.to_string());
            for b in &all {
                let _ = (a.covers(b), a.overlaps(b));
            }
        }
        let _ = variants(&text).count();
    }
}

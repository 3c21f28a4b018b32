//! Hostile files: whatever stands in one, reading it ends soon, in bounded
//! memory, with a problem that says why.

use std::time::{Duration, Instant};

use gatelint::error::ProblemCode;
use gatelint::source::{self, Limits, NodeKind, SourceFile, de};
use gatelint::span::{FileId, NodeId};

/// Far more than any of these needs, far less than what is not linear takes.
const SOON: Duration = Duration::from_secs(60);

#[track_caller]
fn read_within(path: &str, text: impl Into<Vec<u8>>, limits: &Limits) -> SourceFile {
    let start = Instant::now();
    let file = source::read(FileId(0), path, text.into(), limits);
    assert!(start.elapsed() < SOON, "took {:?}", start.elapsed());
    for problem in &file.problems {
        let span = problem.span;
        assert!(file.text.get(span.start as usize..span.end as usize).is_some(), "{problem:?}");
    }
    file
}

#[track_caller]
fn read(path: &str, text: impl Into<Vec<u8>>) -> SourceFile {
    read_within(path, text, &Limits::default())
}

#[track_caller]
fn check_too_deep(path: &str, text: impl Into<Vec<u8>>) {
    let file = read(path, text);
    let [problem] = &file.problems[..] else { panic!("{:?}", file.problems) };
    assert_eq!(problem.code, ProblemCode::TooDeep);
    assert_eq!(problem.message, "nested more than 256 levels deep");
    assert!(file.tree.len() <= 1000);
}

#[test]
fn deeply_nested_json_is_too_deep() {
    check_too_deep("x.json", "[".repeat(100_000));
    check_too_deep("x.json", "{\"a\":".repeat(100_000));
    check_too_deep("x.json", "[{\"a\":".repeat(100_000));
    check_too_deep("x", "[".repeat(100_000));
}

#[test]
fn deeply_nested_yaml_is_too_deep() {
    for unit in ["[", "{a: ", "- ", "[{a: ", "? ", "{? ["] {
        let text = format!("x: 1\ny:\n  {}", unit.repeat(100_000));
        let file = read("x.yaml", text);
        let codes: Vec<_> = file.problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes.last(), Some(&ProblemCode::TooDeep), "{unit}: {:?}", file.problems);
    }
    let indented: String = (0..2000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    check_too_deep("x.yaml", indented);
    let unindented: String = (0..2000).map(|i| format!("{}- a:\n", "  ".repeat(i))).collect();
    check_too_deep("x.yaml", unindented);
}

#[test]
fn no_depth_overflows_the_stack_when_the_limit_is_raised() {
    let limits = Limits { depth: usize::MAX, ..Limits::default() };
    let text = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let file = read_within("x.json", text, &limits);
    assert_eq!((file.problems.len(), file.tree.len()), (0, 1_000_000));
    let text = format!("x: {}{}", "[".repeat(50_000), "]".repeat(50_000));
    let file = read_within("x.yaml", text, &limits);
    assert_eq!((file.problems.len(), file.tree.len()), (0, 50_001));
}

#[test]
fn aliases_are_not_expanded() {
    let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for i in 1..100 {
        let aliases = vec![format!("*a{}", i - 1); 9].join(", ");
        text += &format!("a{i}: &a{i} [{aliases}]\n");
    }
    let file = read("x.yaml", text);
    assert_eq!(file.problems, []);
    assert_eq!(file.tree.len(), 1 + 100 * 10);
    let last = file.tree.path(NodeId(0), &["a99"]).unwrap();
    let error = de::from_tree::<serde_json::Value>(&file.tree, last).unwrap_err();
    assert_eq!(error.message, "aliases make this file too large");
}

#[test]
fn merge_keys_are_not_multiplied() {
    let mut text = String::from("a0: &a0 {k0: 1}\n");
    for i in 1..2000 {
        let aliases = vec![format!("*a{}", i - 1); 9].join(", ");
        text += &format!("a{i}: &a{i} {{<<: [{aliases}], k{i}: 1}}\n");
    }
    let file = read("x.yaml", text);
    assert_eq!(file.problems, []);
    let last = file.tree.path(NodeId(0), &["a1999"]).unwrap();
    let start = Instant::now();
    assert_eq!(file.tree.get(last, "missing"), None);
    assert!(file.tree.get(last, "k1990").is_some());
    // Only so many maps are looked through: nobody chains merge keys that far.
    assert_eq!(file.tree.entries(last).len(), 257);
    assert!(start.elapsed() < SOON);
}

#[test]
fn an_alias_of_a_long_text_is_not_a_copy() {
    let key = "k".repeat(1000);
    let text = format!("&k {key}: 1\nuses: [{}]\n", "*k, ".repeat(100_000));
    let file = read("x.yaml", text);
    assert_eq!(file.problems, []);
    let uses = file.tree.path(NodeId(0), &["uses"]).unwrap();
    assert!(file.tree.children(uses).all(|id| file.tree.text(id) == key));
}

#[test]
fn an_alias_inside_its_anchor_ends_every_walk() {
    for text in ["&a [*a]", "&a {b: *a}", "a: &a {<<: *a, b: 1}\n", "&a [&b [*a, *b], *b]", "&a {<<: [*a, *a]}"] {
        let file = read("x.yaml", text);
        assert!(!file.problems.is_empty(), "{text}");
        for id in file.tree.ids() {
            let target = file.tree.resolve(id);
            assert_eq!(file.tree.resolve(target), target);
            assert!(file.tree.entries(id).len() < 3 && file.tree.get(id, "missing").is_none());
            assert!(file.tree.at_pointer(id, "/b/b/0/1/2").is_none());
        }
        // A value that is the alias is an error; one that merges it just gains nothing.
        let value = de::from_tree::<serde_json::Value>(&file.tree, NodeId(0));
        assert_eq!(value.is_err(), !text.contains("<<"), "{text}: {value:?}");
    }
}

#[test]
fn a_line_of_50_megabytes_is_read() {
    let json = format!("{{\"a\": \"{}\", \"b\": [{}1]}}", "x".repeat(40 << 20), "\"some text\", ".repeat(800_000));
    let file = read("x.json", json);
    assert_eq!(file.problems, []);
    assert_eq!(file.tree.str(file.tree.path(NodeId(0), &["a"]).unwrap()).map(str::len), Some(40 << 20));
    assert_eq!(file.tree.count(file.tree.path(NodeId(0), &["b"]).unwrap()), 800_001);
    // The YAML parser is generic, so a debug build reads it without optimisation.
    let megabytes = if cfg!(debug_assertions) { 8 } else { 50 };
    let yaml = format!("a: {}", "x y ".repeat(megabytes << 18));
    let file = read("x.yaml", yaml);
    assert_eq!(file.problems, []);
    assert_eq!(file.tree.kind(file.tree.path(NodeId(0), &["a"]).unwrap()), NodeKind::Str);
}

#[test]
fn what_never_closes_is_read_once() {
    let filler = "x: [1, {'a': b}] ".repeat(100_000);
    for open in ["\"", "'", "[\"", "{\"a\": '", "- |\n  ", "!<", "&", "# ", "%TAG ", "? \"", "a: >2+\n"] {
        let yaml = format!("{open}{filler}");
        read("x.yaml", yaml);
    }
    read("x.json", format!("[\"{filler}"));
    read("x.json", format!("{{\"{}", "\\u0041".repeat(500_000)));
    read("x.json", format!("[{}", "[[[".repeat(80)));
}

#[test]
fn repetition_of_any_short_text_is_read_soon() {
    let units = [
        "a: b: ",
        "? ",
        "? a\n",
        ": \n",
        "!!str ",
        "&a ",
        "*a ",
        "*a, ",
        "{ ",
        "} ",
        "[{",
        "- - ",
        "---\n",
        "... ",
        "%A\n",
        "# c\n",
        "|\n",
        "| ",
        ">\n\n",
        "'",
        "\"\"",
        "\\",
        "\t",
        "\n",
        "\r",
        "a\n",
        "a,",
        "{a,",
        "{? ",
        "[? ",
        "a: |\n",
        "- |\n  a\n",
        "{{",
        "{%",
        "{{ x }}\n",
        "x{{",
        "a:\n- ",
        "- a\n",
        "a: &a *a\n",
        "? - ",
        "!a!b ",
        "\"a\": ",
        "'a'\n",
        "\u{85}",
        "\u{2028}",
        "- &a\n",
    ];
    for unit in units {
        for prefix in ["", "a: ", "[", "- ", "\"", "x{{"] {
            read("x.yaml", format!("{prefix}{}", unit.repeat(20_000)));
        }
    }
}

#[test]
fn a_file_full_of_problems_stops_being_read() {
    let file = read("x.yaml", "- *a\n".repeat(100_000));
    assert_eq!(file.problems.len(), 1001);
    assert_eq!(file.problems[1000].message, "too many problems, not read from here on");
}

#[test]
fn many_documents_comments_and_duplicates_are_read() {
    assert_eq!(read("x.yaml", "---\na: 1\n".repeat(50_000)).tree.roots().len(), 50_000);
    let comments = read("x.yaml", format!("a: 1\n{}b: 2\n", "# gatelint: ignore[x]\n".repeat(50_000)));
    assert_eq!((comments.problems.len(), comments.tree.comments.len()), (0, 50_000));
    let twice = read("x.json", format!("{{{}\"a\": 1}}", "\"a\": 1,".repeat(200_000)));
    assert_eq!(twice.tree.duplicates.len(), 200_000);
}

#[test]
fn bytes_that_are_no_text_are_a_located_problem() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0".repeat(1000);
    for path in ["x.yaml", "x.json"] {
        let file = read(path, png.clone());
        assert_eq!(file.problems[0].code, ProblemCode::Encoding);
        assert_eq!(file.problems[0].span.start, 0);
        assert_eq!(file.problems.len(), 1);
    }
}

#[test]
fn a_nul_byte_hides_nothing_that_stands_after_it() {
    for text in [
        "a: 1\n\0\nb: 2\n",
        "a: 1\0\nb: 2\n",
        "a: \"x\0y\"\n",
        "a: 'x\0y'\n",
        "a: |\n  x\0\nb: 2\n",
        "# \0\na: 1\n",
        "\0",
    ] {
        let file = read("x.yaml", text);
        assert!(!file.problems.is_empty(), "{text:?} read without a problem");
    }
    for text in ["{\"a\": \"\0\"}", "{\"a\": 1}\0", "\0{}"] {
        assert!(!read("x.json", text).problems.is_empty(), "{text:?}");
    }
}

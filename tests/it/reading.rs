//! Reading against other readers: JSON against `serde_json`, YAML against
//! `serde_yaml`, on made-up cases, on random texts and on the corpus; and the
//! promise that every span covers what it says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gatelint::error::ProblemCode;
use gatelint::source::{self, Limits, NodeKind, SourceFile, Tree};
use gatelint::span::{FileId, NodeId, Span};
use proptest::prelude::*;
use serde_json::Value as Json;
use serde_yaml::Value as Yaml;

use crate::json_cases::{ACCEPT, EITHER, REJECT};

fn read(path: &str, text: impl AsRef<[u8]>) -> SourceFile {
    source::read(FileId(0), path, text.as_ref().to_vec(), &Limits::default())
}

fn slice(tree: &Tree, span: Span) -> &str {
    &tree.source()[span.start as usize..span.end as usize]
}

// ---------------------------------------------------------------- comparing

/// Where a tree and another reader's JSON value first differ.
fn json_difference(tree: &Tree, id: NodeId, other: &Json) -> Option<String> {
    let same = match (tree.kind(id), other) {
        (NodeKind::Null, Json::Null) => true,
        (NodeKind::Bool, Json::Bool(value)) => tree.bool(id) == Some(*value),
        (NodeKind::Str, Json::String(text)) => tree.str(id) == Some(text),
        (NodeKind::Int, Json::Number(number)) if !number.is_f64() => {
            tree.integer(id) == number.as_i64().map(i128::from).or(number.as_u64().map(i128::from))
        }
        (NodeKind::Int | NodeKind::Float, Json::Number(number)) => same_number(tree.number(id), number.as_f64()),
        (NodeKind::Seq, Json::Array(items)) if items.len() == tree.count(id) => {
            return tree.children(id).zip(items).find_map(|(child, item)| json_difference(tree, child, item));
        }
        (NodeKind::Map, Json::Object(entries)) => {
            let last: BTreeMap<_, _> = tree.children(id).map(|child| (tree.key(child).unwrap(), child)).collect();
            if last.len() == entries.len() && last.keys().all(|key| entries.contains_key(*key)) {
                return last.into_iter().find_map(|(key, child)| json_difference(tree, child, &entries[key]));
            }
            false
        }
        _ => false,
    };
    (!same).then(|| format!("{}: {:?} {:?} against {other}", tree.pointer(id), tree.kind(id), tree.text(id)))
}

/// Doubles read by different means may differ in the last bit.
fn same_number(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || (a.is_nan() && b.is_nan()) || ((a - b) / b).abs() < 1e-14,
        _ => false,
    }
}

/// Digits after a zero, such as `017`: an integer by YAML 1.2.2, section 10.3.2
/// (`[-+]? [0-9]+`), a string to `serde_yaml`. The one scalar that is read differently.
fn has_leading_zero(text: &str) -> bool {
    text.trim_start_matches(['+', '-']).starts_with('0') && text.parse::<i128>().is_ok()
}

/// Tags that are read as a mapping with one key.
const FUNCTIONS: &[&str] = &[
    "!And",
    "!Base64",
    "!Cidr",
    "!Condition",
    "!Equals",
    "!FindInMap",
    "!GetAZs",
    "!GetAtt",
    "!If",
    "!ImportValue",
    "!Join",
    "!Not",
    "!Or",
    "!Ref",
    "!Select",
    "!Split",
    "!Sub",
    "!Transform",
];

/// Errors that `serde_yaml` lets pass, and why they are errors.
const OURS_IS_STRICTER: &[(&str, &str)] = &[(
    "YAML 1.2.2, production 69: a line of a quoted text is indented deeper than the key it stands under",
    "a line of a quoted text is not indented",
)];

/// Where a tree and what `serde_yaml` read first differ.
fn yaml_difference(tree: &Tree, id: NodeId, other: &Yaml) -> Option<String> {
    let id = tree.resolve(id);
    let text = tree.text(id);
    let same = match (tree.kind(id), other) {
        // A local tag (`!Ref x`): ours keeps the value.
        (_, Yaml::Tagged(tagged)) => {
            let name = tagged.tag.to_string();
            // A tag of CloudFormation: ours is a mapping.
            if let Some(only) = tree.children(id).next().filter(|_| FUNCTIONS.contains(&name.as_str())) {
                return yaml_difference(tree, only, &tagged.value);
            }
            return match &tagged.value {
                Yaml::Number(_) | Yaml::Bool(_) | Yaml::Null => {
                    (tree.kind(id) != NodeKind::Str).then(|| format!("{}: tagged scalar", tree.pointer(id)))
                }
                value => yaml_difference(tree, id, value),
            };
        }
        (NodeKind::Null, Yaml::Null) => true,
        (NodeKind::Bool, Yaml::Bool(value)) => tree.bool(id) == Some(*value),
        (NodeKind::Str, Yaml::String(other)) => text == other,
        (NodeKind::Int, Yaml::Number(number)) if !number.is_f64() => {
            tree.integer(id) == number.as_i64().map(i128::from).or(number.as_u64().map(i128::from))
        }
        (NodeKind::Int | NodeKind::Float, Yaml::Number(number)) => same_number(tree.number(id), number.as_f64()),
        (NodeKind::Seq, Yaml::Sequence(items)) if items.len() == tree.count(id) => {
            return tree.children(id).zip(items).find_map(|(child, item)| yaml_difference(tree, child, item));
        }
        (NodeKind::Map, Yaml::Mapping(entries)) if entries.len() == tree.count(id) => {
            return tree.children(id).zip(entries).find_map(|(child, (key, value))| {
                let same = yaml_key_is(tree.key(child).unwrap(), key);
                let difference = || format!("{}: key against {key:?}", tree.pointer(child));
                if same { yaml_difference(tree, child, value) } else { Some(difference()) }
            });
        }
        _ => false,
    };
    let known = tree.kind(id) == NodeKind::Int && has_leading_zero(text);
    (!same && !known).then(|| format!("{}: {:?} {text:?} against {other:?}", tree.pointer(id), tree.kind(id)))
}

/// Ours keeps the text of a key that is no string.
fn yaml_key_is(ours: &str, key: &Yaml) -> bool {
    match key {
        Yaml::String(text) => ours == text,
        Yaml::Bool(value) => ours.to_lowercase() == value.to_string(),
        Yaml::Number(number) => same_number(ours.parse().ok(), number.as_f64()),
        Yaml::Null => matches!(ours, "" | "~" | "null"),
        _ => false,
    }
}

// -------------------------------------------------------------------- spans

/// What is wrong with the spans of a tree: each key and value must be the text
/// that its span covers, entries lie in order, and inside their container.
fn span_faults(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for id in tree.ids() {
        let mut fault = |what: &str| faults.push(format!("{}: {what}", tree.pointer(id)));
        let span = tree.span(id);
        if let Some(key) = tree.key_span(id) {
            let written = slice(tree, key);
            let is_tag = FUNCTIONS.contains(&written) && tree.key(id).is_some_and(|key| key.ends_with(&written[1..]));
            if !is_tag && !decodes_to(written, tree.key(id).unwrap_or_default()) {
                fault(&format!("key span holds {written:?}"));
            }
            if key.end > span.start {
                fault("the value begins before its key ends");
            }
        }
        match tree.kind(id) {
            NodeKind::Seq | NodeKind::Map => {
                let mut end = span.start;
                for child in tree.children(id) {
                    let own = tree.span(child);
                    let start = tree.key_span(child).map_or(own.start, |key| key.start);
                    if start < end || own.end > span.end {
                        fault(&format!("entry {} lies outside or overlaps", tree.pointer(child)));
                    }
                    end = own.end;
                }
                let written = slice(tree, span);
                let (open, close) = if tree.kind(id) == NodeKind::Seq { ('[', ']') } else { ('{', '}') };
                let is_flow = written.starts_with(open);
                if is_flow && !written.ends_with(close) || !is_flow && end != span.end {
                    fault(&format!("container ends wrongly: {:?}", written.get(..80).unwrap_or(written)));
                }
            }
            NodeKind::Alias if !slice(tree, span).starts_with('*') => fault("alias span"),
            NodeKind::Alias => {}
            _ if !decodes_to(slice(tree, span), tree.text(id)) => {
                fault(&format!("value span holds {:?} for {:?}", slice(tree, span), tree.text(id)));
            }
            _ => {}
        }
    }
    faults
}

/// Whether `written`, as it stands in the file, means `text`.
fn decodes_to(written: &str, text: &str) -> bool {
    if written == text || written.get(1..written.len().max(2) - 1) == Some(text) {
        return true;
    }
    if written.starts_with('*') {
        return true; // an alias for a key: its text stands at the anchor
    }
    if let Some(header) = written.strip_prefix(['|', '>']) {
        // Its indentation may be counted from a container that the span leaves out; the words must be there.
        let body = header.split_once('\n').map_or("", |(_, body)| body);
        return body.split_whitespace().eq(text.split_whitespace());
    }
    if serde_json::from_str::<String>(written).is_ok_and(|other| other == text) {
        return true;
    }
    if !written.starts_with(['"', '\'']) && written.split_whitespace().eq(text.split_whitespace()) {
        return true; // folded lines
    }
    serde_yaml::from_str::<Yaml>(written).is_ok_and(|value| match value {
        Yaml::Tagged(tagged) => tagged.value.as_str() == Some(text),
        value => value.as_str() == Some(text),
    })
}

// --------------------------------------------------------------------- JSON

#[test]
fn json_that_is_right_is_accepted_as_serde_json_reads_it() {
    for (name, text) in ACCEPT {
        let file = read("x.json", text);
        assert_eq!(file.problems, [], "{name}");
        let other: Json = serde_json::from_slice(text).unwrap();
        assert_eq!(json_difference(&file.tree, file.tree.roots()[0], &other), None, "{name}");
        assert_eq!(span_faults(&file.tree), [""; 0], "{name}");
    }
}

#[test]
fn json_that_is_wrong_is_rejected_inside_the_text() {
    for (name, text) in REJECT {
        let file = read("x.json", text);
        let [problem] = &file.problems[..] else { panic!("{name}: {:?}", file.problems) };
        assert_eq!(problem.code, ProblemCode::Syntax, "{name}");
        assert!(problem.span.end as usize <= file.text.len(), "{name}: {problem:?}");
        assert!(file.text.get(problem.span.start as usize..problem.span.end as usize).is_some(), "{name}");
        assert!(serde_json::from_slice::<Json>(text).is_err(), "{name}");
    }
}

#[test]
fn json_that_the_standard_leaves_open_is_read_as_documented() {
    for (name, text, accepted) in EITHER {
        let problems = read("x.json", text).problems;
        assert_eq!(problems.is_empty(), *accepted, "{name}: {problems:?}");
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<String>().prop_map(Json::from),
        "[ -~]{0,40}".prop_map(Json::from),
    ];
    leaf.prop_recursive(5, 64, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Json::from),
            prop::collection::btree_map("[a-c\"\\\\é]{0,2}|.{0,30}", inner, 0..20)
                .prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

/// Whether `serde_json` and the tree agree on a text. `serde_json` also rejects
/// numbers that are too large for a double.
fn agree_on_json(text: &[u8]) -> Result<(), TestCaseError> {
    let file = read("x.json", text);
    let accepted = file.problems.is_empty();
    match serde_json::from_slice::<Json>(text) {
        Ok(other) => {
            prop_assert!(accepted, "{:?}", file.problems);
            prop_assert_eq!(json_difference(&file.tree, file.tree.roots()[0], &other), None);
            prop_assert_eq!(span_faults(&file.tree), [""; 0]);
        }
        Err(error) if error.to_string().starts_with("number out of range") => {}
        Err(error) => prop_assert!(!accepted, "serde_json: {}", error),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn written_json_is_read_back(value in any_json(), pretty: bool) {
        let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap();
        agree_on_json(&text)?;
    }

    #[test]
    fn damaged_json_is_accepted_exactly_when_serde_json_accepts_it(
        value in any_json(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..3u8, prop::sample::select(ALPHABET)), 1..6),
    ) {
        let mut text = serde_json::to_vec(&value).unwrap();
        for (at, edit, byte) in edits {
            let index = at.index(text.len() + 1);
            match text.get_mut(index) {
                Some(old) if edit == 0 => *old = byte,
                Some(_) if edit == 1 => { text.remove(index); }
                _ => text.insert(index, byte),
            }
        }
        agree_on_json(&text)?;
    }

    #[test]
    fn soup_of_json_tokens_is_judged_alike(tokens in prop::collection::vec(prop::sample::select(TOKENS), 0..12)) {
        agree_on_json(tokens.concat().as_bytes())?;
    }

    #[test]
    fn yaml_soup_never_panics_and_its_spans_hold(tokens in prop::collection::vec(prop::sample::select(YAML_TOKENS), 0..40)) {
        let file = read("x.yaml", tokens.concat());
        if file.problems.is_empty() {
            prop_assert_eq!(span_faults(&file.tree), [""; 0]);
        }
        for problem in &file.problems {
            prop_assert!(file.text.get(problem.span.start as usize..problem.span.end as usize).is_some());
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), json: bool) {
        let file = read(if json { "x.json" } else { "x.yaml" }, bytes);
        for problem in &file.problems {
            prop_assert!(file.text.get(problem.span.start as usize..problem.span.end as usize).is_some());
        }
    }
}

const ALPHABET: &[u8] = b"{}[]:,\"\\/ \n\t-+.eE019tfnu'#a\0\x1f\x7f\x80\xe9";

const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"a\"",
    "\"\\n\"",
    "\"\\u00e9\"",
    "\"\\ud83d\\ude00\"",
    "1",
    "-",
    "0",
    "1.5",
    "e3",
    "true",
    "false",
    "null",
    " ",
    "\n",
    "\"k\":",
    "[1,",
    "]}",
    "\"",
];

const YAML_TOKENS: &[&str] = &[
    "a",
    "b:",
    "c: ",
    ": ",
    "- ",
    "? ",
    "\n",
    "\n  ",
    "\n    ",
    "\n",
    "  ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "|\n",
    ">-\n",
    "|+2\n",
    "'x'",
    "\"y\\n\"",
    "\"",
    "'",
    "&a ",
    "*a",
    "!!str ",
    "!t ",
    "!Ref ",
    "!Sub ",
    "{{ x }}",
    "{{",
    "{% y %}",
    "# c",
    "# gatelint: x",
    "~",
    "é",
    "\t",
    "---\n",
    "...\n",
    "\r\n",
    "\r",
    "%",
    "@",
    "<<: ",
    "1",
    "true",
];

// --------------------------------------------------------------------- YAML

fn agrees_with_serde_yaml(text: &str) {
    let file = read("x.yaml", text);
    assert_eq!(file.problems, [], "{text}");
    let others: Vec<Yaml> =
        serde_yaml::Deserializer::from_str(text).map(|doc| serde::Deserialize::deserialize(doc).unwrap()).collect();
    assert_eq!(file.tree.roots().len(), others.len(), "{text}");
    for (&root, other) in file.tree.roots().iter().zip(&others) {
        assert_eq!(yaml_difference(&file.tree, root, other), None, "{text}");
    }
    assert_eq!(span_faults(&file.tree), [""; 0], "{text}");
}

#[test]
fn crlf_line_ends_read_as_lf() {
    let text = "a: |\n  x\n  y\nb: 'p\n  q'\nc:\n  - 1\n  - >-\n    r\n    s\nd: \"t\\\n  u\"\n";
    agrees_with_serde_yaml(text);
    agrees_with_serde_yaml(&text.replace('\n', "\r\n"));
    let file = read("x.yaml", text.replace('\n', "\r\n"));
    assert_eq!(file.tree.text(file.tree.path(NodeId(0), &["a"]).unwrap()), "x\ny\n");
    assert_eq!(slice(&file.tree, file.tree.span(file.tree.path(NodeId(0), &["a"]).unwrap())), "|\r\n  x\r\n  y");
}

#[test]
fn multi_byte_characters_shift_no_span() {
    agrees_with_serde_yaml("é: '€'\n\"😀\": |\n  ümlaut 😀\n  zwei\n[日本]: x\n".replace("[日本]", "日本").as_str());
}

#[test]
fn block_scalars_of_every_header_are_read() {
    agrees_with_serde_yaml("a: |\n  x\nb: |-\n  x\n\nc: |+\n  x\n\nd: >\n  x\n  y\n\n  z\ne: >-\n   x\n    y\n   z\n");
    agrees_with_serde_yaml("a: |2\n    x\n   y\nb: >1-\n  x\nc: |+1\n  x\n\nd: |  # comment | > \n  x\n");
    agrees_with_serde_yaml("- |\n x\n- - >\n    y\n  - |\n\n    z\n- k: |\n    v\n");
}

#[test]
fn flow_style_is_read_over_several_lines() {
    agrees_with_serde_yaml("{a: [1, 2,\n  {b: c}], 'd': \"e\",\n f: , g}\n");
    agrees_with_serde_yaml("- [a: b, {c: d}, [e]]\n- {x: [], y: {}}\n");
}

#[test]
fn values_that_are_not_written_are_null() {
    agrees_with_serde_yaml("a:\nb: # c\n- \n".trim_end_matches("- \n"));
    agrees_with_serde_yaml("a:\n  -\n  - b:\n  -\nc: !!str\nd: \"\"\n");
}

#[test]
fn anchors_read_as_what_they_name() {
    agrees_with_serde_yaml("a: &x {b: 1}\nc: *x\nd: [*x, &y z, *y]\n");
    agrees_with_serde_yaml("a: &x !!str 1\nb: *x\n");
}

#[test]
fn documents_are_read_one_by_one() {
    agrees_with_serde_yaml("a: 1\n---\nb: 2\n---\n- c\n");
    agrees_with_serde_yaml("%YAML 1.2\n---\na: |\n  x\n...\n");
}

#[test]
fn tabs_separate_but_do_not_indent() {
    agrees_with_serde_yaml("a:\t1\nb: [1,\t2]\t# c\n");
    let file = read("x.yaml", "a:\n\tb: 1\n");
    assert_eq!(file.problems[0].message, "a tab cannot indent YAML: use spaces");
}

#[test]
fn duplicate_keys_are_found_in_small_and_large_maps() {
    for filler in [0, 3, 14, 100] {
        let mut text = String::from("k: first\n");
        (0..filler).for_each(|i| text += &format!("f{i}: {i}\n"));
        text += "'k': second\nother: {k: 1, x: 2, \"k\": 3, k: 4}\n";
        let tree = read("x.yaml", text).tree;
        let found: Vec<_> = tree
            .duplicates
            .iter()
            .map(|pair| [pair.first, pair.second].map(|id| slice(&tree, tree.span(id)).to_owned()))
            .collect();
        assert_eq!(found, [["first", "second"], ["1", "3"], ["3", "4"]], "{filler}");
        assert_eq!(tree.text(tree.get(NodeId(0), "k").unwrap()), "second");
        assert_eq!(tree.entries(NodeId(0)).len(), filler + 2);
    }
}

// ------------------------------------------------------------------- corpus

/// The files of the corpus with one of `extensions`. Without
/// `GATELINT_CORPUS_FULL` a sample: every seventh, and none over 300 kB.
fn corpus(extensions: &[&str]) -> Option<Vec<PathBuf>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let root = std::env::var_os("GATELINT_CORPUS").map_or(beside, PathBuf::from);
    if !root.is_dir() {
        println!("skipped: no corpus at {}", root.display());
        return None;
    }
    let full = std::env::var_os("GATELINT_CORPUS_FULL").is_some();
    let files = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().flatten().filter(|entry| {
        let extension = entry.path().extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        entry.file_type().is_file() && extensions.contains(&extension)
    });
    let small = |entry: &walkdir::DirEntry| entry.metadata().is_ok_and(|meta| meta.len() < 300_000);
    let sample = files.enumerate().filter(|(i, entry)| full || i % 7 == 0 && small(entry));
    Some(sample.map(|(_, entry)| entry.into_path()).collect())
}

#[test]
fn the_corpus_reads_as_serde_json_reads_it() {
    let Some(paths) = corpus(&["json"]) else { return };
    let (mut same, mut rejected) = (0, 0);
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        let file = read("x.json", &bytes);
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        match serde_json::from_slice::<Json>(text) {
            Ok(other) => {
                assert_eq!(file.problems, [], "{}", path.display());
                let difference = json_difference(&file.tree, file.tree.roots()[0], &other);
                assert_eq!(difference, None, "{}", path.display());
                same += 1;
            }
            Err(error) => {
                assert!(!file.problems.is_empty(), "{}: {error}", path.display());
                println!("both reject {}: {error} / {:?}", path.display(), file.problems);
                rejected += 1;
            }
        }
        if file.problems.is_empty() {
            assert_eq!(span_faults(&file.tree), [""; 0], "{}", path.display());
        }
    }
    println!("{} JSON files: {same} read alike, {rejected} rejected by both", paths.len());
}

#[test]
fn the_corpus_reads_as_serde_yaml_reads_it() {
    let Some(paths) = corpus(&["yaml", "yml"]) else { return };
    let mut faults = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        let file = read("x.yaml", &bytes);
        let others: Result<Vec<Yaml>, _> =
            serde_yaml::Deserializer::from_slice(&bytes).map(serde::Deserialize::deserialize).collect();
        let outcome = match (&others, file.problems.first()) {
            (Ok(others), None) => {
                let roots = file.tree.roots();
                if roots.len() != others.len() && !(roots.is_empty() && others[..] == [Yaml::Null]) {
                    faults.push(format!("{}: {} roots against {}", path.display(), roots.len(), others.len()));
                }
                let difference =
                    roots.iter().zip(others).find_map(|(&root, other)| yaml_difference(&file.tree, root, other));
                faults.extend(difference.map(|difference| format!("{}: {difference}", path.display())));
                "read by both"
            }
            (Ok(_), Some(problem)) if OURS_IS_STRICTER.iter().any(|(_, begin)| problem.message.starts_with(begin)) => {
                println!("stricter: {}: {}", path.display(), problem.message);
                "rejected by ours for a known reason"
            }
            (Ok(_), Some(problem)) => {
                faults.push(format!("{}: rejected by ours only: {problem:?}", path.display()));
                "rejected by ours only"
            }
            (Err(_), None) if !file.tree.duplicates.is_empty() => "duplicate keys",
            (Err(error), None) => {
                println!("rejected by serde_yaml only: {}: {error}", path.display());
                "rejected by serde_yaml only"
            }
            (Err(_), Some(problem)) => {
                println!("{}: {} {:?}", path.display(), problem.message, slice(&file.tree, problem.span));
                "rejected by both"
            }
        };
        *counts.entry(outcome).or_default() += 1;
        if file.problems.is_empty() {
            faults.extend(span_faults(&file.tree).into_iter().map(|fault| format!("{}: {fault}", path.display())));
        }
    }
    println!("{} YAML files: {counts:?}", paths.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

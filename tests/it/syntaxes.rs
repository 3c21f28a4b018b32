//! Reading nginx, TOML and settings against other readers, on the corpus and on made-up
//! texts, and the promise that no bytes make a reader panic or point outside the text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gatelint::error::ProblemCode;
use gatelint::source::{self, Limits, NodeKind, SourceFile, Syntax, Tree, syntax_of};
use gatelint::span::{FileId, NodeId, Span};
use nginx_lint_parser::ast::{Config, ConfigItem, Directive};
use proptest::prelude::*;
use toml::Value as Toml;

fn read(path: &str, text: impl AsRef<[u8]>) -> SourceFile {
    source::read(FileId(0), path, text.as_ref().to_vec(), &Limits::default())
}

fn slice(tree: &Tree, span: Span) -> &str {
    &tree.source()[span.start as usize..span.end as usize]
}

/// What is wrong with the places of a tree: a key stands before its value, and an entry in its container.
fn place_faults(file: &SourceFile) -> Vec<String> {
    let tree = &file.tree;
    let mut faults = Vec::new();
    for id in tree.ids() {
        let span = tree.span(id);
        let begin = tree.begin(id);
        if file.text.get(begin as usize..span.end as usize).is_none() {
            faults.push(format!("{}: outside the text", tree.pointer(id)));
        }
        if tree.key_span(id).is_some_and(|key| key.end > span.start) {
            faults.push(format!("{}: the value begins before its key ends", tree.pointer(id)));
        }
        if let Some(parent) = tree.parent(id) {
            let outer = tree.span(parent);
            if begin < outer.start || span.end > outer.end {
                faults.push(format!("{}: lies outside of what holds it", tree.pointer(id)));
            }
        }
    }
    for problem in &file.problems {
        if file.text.get(problem.span.start as usize..problem.span.end as usize).is_none() {
            faults.push(format!("{problem:?}: outside the text"));
        }
    }
    faults
}

/// The files of the corpus under `folder` that `is` wants.
fn corpus(folder: &str, is: impl Fn(&Path) -> bool) -> Option<Vec<PathBuf>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let root = std::env::var_os("GATELINT_CORPUS").map_or(beside, PathBuf::from).join(folder);
    if !root.is_dir() {
        println!("skipped: no corpus at {}", root.display());
        return None;
    }
    let files = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().flatten();
    Some(files.filter(|entry| entry.file_type().is_file() && is(entry.path())).map(|entry| entry.into_path()).collect())
}

// --------------------------------------------------------------------- TOML

/// Where a tree and what `toml` read first differ. A date is a string to us.
fn toml_difference(tree: &Tree, id: NodeId, other: &Toml) -> Option<String> {
    let same = match (tree.kind(id), other) {
        (NodeKind::Bool, Toml::Boolean(value)) => tree.bool(id) == Some(*value),
        (NodeKind::Str, Toml::String(text)) => tree.str(id) == Some(text),
        (NodeKind::Str, Toml::Datetime(date)) => {
            tree.text(id).replace(' ', "T").eq_ignore_ascii_case(&date.to_string()) || tree.text(id).len() > 9
        }
        (NodeKind::Int, Toml::Integer(value)) => tree.integer(id) == Some(i128::from(*value)),
        (NodeKind::Float, Toml::Float(value)) => {
            tree.number(id).is_some_and(|own| own == *value || own.is_nan() && value.is_nan())
        }
        (NodeKind::Seq, Toml::Array(items)) if items.len() == tree.count(id) => {
            return tree.children(id).zip(items).find_map(|(child, item)| toml_difference(tree, child, item));
        }
        (NodeKind::Map, Toml::Table(entries)) if entries.len() == tree.count(id) => {
            return tree.children(id).find_map(|child| match entries.get(tree.key(child)?) {
                Some(other) => toml_difference(tree, child, other),
                None => Some(format!("{}: a key that is not there", tree.pointer(child))),
            });
        }
        _ => false,
    };
    (!same).then(|| format!("{}: {:?} {:?} against {other}", tree.pointer(id), tree.kind(id), tree.text(id)))
}

/// Whether both readers take a text, and read the same of it. Integers that do not fit
/// into 64 bits are an error there and none here.
fn agree_on_toml(text: &str) -> Result<(), TestCaseError> {
    let file = read("x.toml", text);
    prop_assert_eq!(place_faults(&file), [""; 0]);
    match toml::from_str::<toml::Table>(text) {
        Ok(table) => {
            prop_assert_eq!(&file.problems, &[]);
            let difference = match file.tree.roots() {
                [] => (!table.is_empty()).then(|| "nothing read".to_owned()),
                roots => toml_difference(&file.tree, roots[0], &Toml::Table(table)),
            };
            prop_assert_eq!(difference, None);
        }
        Err(error) if error.to_string().contains("date") || error.to_string().contains("too large") => {}
        Err(error) => prop_assert!(!file.problems.is_empty(), "{}", error),
    }
    Ok(())
}

#[test]
fn the_toml_of_the_corpus_reads_as_the_toml_crate_reads_it() {
    let Some(paths) = corpus("gateway", |path| path.extension().is_some_and(|extension| extension == "toml")) else {
        return;
    };
    let (mut same, mut templates) = (0, 0);
    for path in &paths {
        let text = std::fs::read_to_string(path).unwrap();
        let file = read("x.toml", &text);
        if file.templated && !file.problems.is_empty() {
            templates += 1;
            continue;
        }
        agree_on_toml(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        same += 1;
    }
    println!("{} TOML files: {same} read alike, {templates} templates", paths.len());
    assert!(same * 10 > paths.len() * 8);
}

const TOML_TOKENS: &[&str] = &[
    "a",
    "b",
    ".",
    " = ",
    "1",
    "'x'",
    "\"y\\n\"",
    "\n",
    "\n",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    ", ",
    "[a]\n",
    "[a.b]\n",
    "[[a]]\n",
    "[[a.b]]\n",
    "a = 1\n",
    "b.a = 2\n",
    "a = {b = 1}\n",
    "b = [1, 2]\n",
    "[b]\n",
    "'''\nx'''",
    "\"\"\"",
    "#",
    "# gatelint: x\n",
    "true",
    "1.5",
    "0x1f",
    "inf",
    "é",
    "\r\n",
    "\r",
    "\t",
    "1979-05-27",
    "{{ x }}",
];

// -------------------------------------------------------------------- nginx

/// A directive as both readers see it: its name, its arguments as they are written, and what is in its block.
#[derive(Debug, PartialEq)]
struct Seen(String, Vec<String>, Option<Vec<Seen>>);

/// The directives of a block of ours.
fn ours(tree: &Tree, map: NodeId) -> Vec<Seen> {
    let directive = |id: NodeId| {
        let name = tree.key(id).unwrap().to_owned();
        let is_lua = name.ends_with("_by_lua_block");
        let mut arguments = Vec::new();
        let mut block = None;
        for item in tree.children(id) {
            let written = slice(tree, tree.span(item));
            match tree.kind(item) {
                NodeKind::Map => block = Some(ours(tree, item)),
                _ if is_lua && written.starts_with('{') => block = Some(Vec::new()),
                _ => arguments.push(written.to_owned()),
            }
        }
        Seen(name, arguments, block)
    };
    tree.children(map).map(directive).collect()
}

/// The directives that the other reader sees. It splits words at variables, and keeps the parentheses of `if`.
fn theirs(items: &[ConfigItem]) -> Vec<Seen> {
    let directive = |directive: &Directive| {
        let mut arguments: Vec<String> = Vec::new();
        let mut end = usize::MAX;
        for argument in &directive.args {
            match arguments.last_mut() {
                Some(last) if argument.span.start.offset == end => last.push_str(&argument.raw),
                _ => arguments.push(argument.raw.clone()),
            }
            end = argument.span.end.offset;
        }
        if directive.name == "if" {
            if let Some(first) = arguments.first_mut() {
                *first = first.strip_prefix('(').unwrap_or(first).to_owned();
            }
            if let Some(last) = arguments.last_mut() {
                *last = last.strip_suffix(')').unwrap_or(last).to_owned();
            }
            arguments.retain(|argument| !argument.is_empty());
        }
        let block = directive.block.as_ref();
        let block = block.map(|block| if block.is_raw() { Vec::new() } else { theirs(&block.items) });
        Seen(directive.name.clone(), arguments, block)
    };
    let directives = items.iter().filter_map(|item| match item {
        ConfigItem::Directive(found) => Some(directive(found)),
        _ => None,
    });
    directives.collect()
}

/// The first directive that is not the same.
fn nginx_difference(ours: &[Seen], theirs: &[Seen]) -> Option<String> {
    for pair in ours.iter().zip(theirs) {
        match pair {
            (Seen(a, b, Some(own)), Seen(c, d, Some(other))) if a == c && b == d => {
                if let Some(found) = nginx_difference(own, other) {
                    return Some(format!("{a} {found}"));
                }
            }
            (own, other) if own != other => return Some(format!("{own:?} against {other:?}")),
            _ => {}
        }
    }
    (ours.len() != theirs.len()).then(|| format!("{} directives against {}", ours.len(), theirs.len()))
}

#[test]
fn the_nginx_files_of_the_corpus_read_as_another_reader_reads_them() {
    let Some(paths) = corpus("gateway/nginx", |_| true) else { return };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for path in &paths {
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let name = path.to_string_lossy();
        let outcome = if syntax_of(&name, &text) == Syntax::Nginx {
            let file = read(&name, &text);
            faults.extend(place_faults(&file).into_iter().map(|fault| format!("{name}: {fault}")));
            let (config, errors): (Config, _) = nginx_lint_parser::parse_string_with_errors(&text);
            let own = file.tree.roots().first().map(|&root| ours(&file.tree, root)).unwrap_or_default();
            match (file.templated, file.problems.is_empty(), errors.is_empty()) {
                (true, _, _) => "templates",
                (false, true, true) => {
                    let difference = nginx_difference(&own, &theirs(&config.items));
                    faults.extend(difference.map(|difference| format!("{name}: {difference}")));
                    "read by both"
                }
                (false, true, false) => {
                    println!("{name}: {errors:?}");
                    "rejected by the other only"
                }
                (false, false, other) => {
                    faults.push(format!("{name}: {:?}", file.problems));
                    if other { "rejected by ours only" } else { "rejected by both" }
                }
            }
        } else {
            println!("not nginx: {name}");
            "of another syntax"
        };
        *counts.entry(outcome).or_default() += 1;
    }
    println!("{} files: {counts:?}", paths.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

const NGINX_TOKENS: &[&str] = &[
    "a",
    "server",
    "if",
    "(",
    ")",
    "$x",
    "${y}",
    " ",
    "\n",
    "\t",
    ";",
    ";",
    "{",
    "}",
    "\"b c\"",
    "'d'",
    "\"",
    "'",
    "\\",
    "\\\"",
    "# gatelint: x\n",
    "#",
    "{{ z }}",
    "{% if %}",
    "<%= e %>",
    "{{",
    "é",
    "x_by_lua_block {",
    "--",
    "[[",
    "]]",
    "location /",
    "map",
    "~^/",
    "\r\n",
];

const TEMPLATE_TOKENS: &[&str] = &[
    "{{ a }}",
    "{{- é }}",
    "{% if b %}",
    "<%= c %>",
    "{{",
    "}}",
    "d: ",
    "- ",
    "\n",
    "\n  ",
    "|\n",
    "|+\n",
    ">-\n",
    "\"",
    "'",
    "e",
    "é",
    "# f",
    "{",
    "}",
    ", ",
    "---\n",
    "!Ref ",
    "&g ",
    "*g",
    "\r\n",
    "\t",
    ": ",
];

const PROPERTIES_TOKENS: &[&str] = &[
    "a",
    "b.c",
    " = ",
    "=",
    "\n",
    "\r\n",
    "\\",
    "\\\n",
    "#",
    "\\#",
    "é",
    "x y",
    "{{ z }}",
    " ",
    "# gatelint: x",
    "on",
];

#[test]
fn hostile_texts_take_time_as_they_are_long() {
    let parts = [
        "{{a}} ",
        "{{a}}\n",
        "a: {{b}}\n",
        "{{",
        "<%",
        "{% a %}\n",
        "# {{\n",
        "a=\\\n",
        "a=#",
        "a = b\n",
        "=\n",
        "[a]\n",
        "[[a]]\n",
        "a.",
        "a={",
        "a=[",
        "---\n{{\n",
        "---\na: [\n",
        "- {{a}}\n",
        "# gatelint: x\n",
        "a = 1 # gatelint: x\n",
        "'",
        "\"",
        "server {",
        "a b;",
    ];
    for part in parts {
        let text = part.repeat(10_000);
        for path in ["x.toml", "x.yaml", "x.json", "kong.properties", "nginx.conf", "x"] {
            let start = Instant::now();
            read(path, &text);
            // Some hundred times as long as it takes, and much less than a square would.
            assert!(start.elapsed() < Duration::from_secs(20), "{path} {part:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn soup_of_toml_is_judged_as_the_toml_crate_judges_it(
        tokens in prop::collection::vec(prop::sample::select(TOML_TOKENS), 0..14),
    ) {
        agree_on_toml(&tokens.concat())?;
    }

    #[test]
    fn soup_of_nginx_has_its_places_in_the_text(
        tokens in prop::collection::vec(prop::sample::select(NGINX_TOKENS), 0..40),
    ) {
        let text = tokens.concat();
        // The beginning says what it is.
        let file = read("nginx.conf", format!("server {{ listen 80; listen 81; listen 82; }}\n{text}"));
        prop_assert_eq!(place_faults(&file), [""; 0]);
        for id in file.tree.ids() {
            prop_assert!(!file.tree.pointer(id).is_empty() || file.tree.parent(id).is_none());
        }
    }

    #[test]
    fn soup_of_templates_has_its_places_in_the_text(
        tokens in prop::collection::vec(prop::sample::select(TEMPLATE_TOKENS), 0..40),
        path in prop::sample::select(&["x.yaml", "x.json", "x"][..]),
    ) {
        let file = read(path, tokens.concat());
        prop_assert_eq!(place_faults(&file), [""; 0]);
        let templates = file.problems.iter().filter(|problem| problem.code == ProblemCode::Templated).count();
        prop_assert!(templates <= 1);
        for id in file.tree.ids() {
            prop_assert!(file.tree.text(id).len() <= file.text.len());
        }
    }

    #[test]
    fn soup_of_settings_has_its_places_in_the_text(
        tokens in prop::collection::vec(prop::sample::select(PROPERTIES_TOKENS), 0..40),
    ) {
        let file = read("kong.properties", tokens.concat());
        prop_assert_eq!(file.syntax, Syntax::Properties);
        prop_assert_eq!(place_faults(&file), [""; 0]);
    }

    #[test]
    fn any_bytes_are_read_by_every_reader_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        path in prop::sample::select(&["x.toml", "nginx.conf", "kong.conf", "x.properties", "x"][..]),
        lead in prop::sample::select(&["", "server { a b; c d; e f;\n", "a = "][..]),
    ) {
        let file = read(path, [lead.as_bytes(), &bytes].concat());
        prop_assert_eq!(place_faults(&file), [""; 0]);
    }
}

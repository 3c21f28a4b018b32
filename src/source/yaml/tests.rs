//! Reading YAML: spans, kinds, anchors, errors.

use std::sync::Arc;

use super::*;
use crate::source::Tree;

fn parse(text: &str) -> (Tree, Vec<Problem>) {
    let mut builder = TreeBuilder::new(FileId(0), Arc::from(text));
    let problems = read(FileId(0), text, &Limits { depth: 8, ..Limits::default() }, &mut builder);
    (builder.finish(), problems)
}

/// Every node as `pointer kind text-of-value-span`, one a line.
fn outline(text: &str) -> Vec<String> {
    let (tree, problems) = parse(text);
    assert_eq!(problems, []);
    let slice = |span: Span| &text[span.start as usize..span.end as usize];
    tree.ids().map(|id| format!("{} {:?} {:?}", tree.pointer(id), tree.kind(id), slice(tree.span(id)))).collect()
}

#[track_caller]
fn check(text: &str, message: &str, at: &str) {
    let (_, problems) = parse(text);
    let [problem] = &problems[..] else { panic!("one problem: {problems:?}") };
    assert_eq!((&*problem.message, &text[problem.span.start as usize..problem.span.end as usize]), (message, at));
}

#[test]
fn a_block_scalar_keeps_its_header_in_the_span() {
    let text = "a: |\n  x\n  y\n\nb: !!str &x # c |\n  >2-\n   z\nc:\n  - |+\n    k\n\nd: |\n";
    assert_eq!(
        outline(text)[1..],
        [
            r#"/a Str "|\n  x\n  y""#,
            r#"/b Str ">2-\n   z""#,
            r#"/c Seq "- |+\n    k\n\n""#,
            r#"/c/0 Str "|+\n    k\n\n""#,
            r#"/d Str "|""#,
        ]
    );
    let (tree, _) = parse(text);
    let texts: Vec<_> = tree.ids().map(|id| tree.text(id)).filter(|text| !text.is_empty()).collect();
    assert_eq!(texts, ["x\ny\n", " z", "k\n\n"]);
}

#[test]
fn a_block_scalar_at_the_end_of_the_file_gets_no_line_break_it_has_not() {
    for (text, value) in [("a: |\n  x", "x"), ("a: |+\n  x", "x"), ("a: >\n  x\n  y", "x y"), ("a: |\n  x\n ", "x\n")] {
        let (tree, _) = parse(text);
        assert_eq!(tree.text(tree.path(tree.roots()[0], &["a"]).unwrap()), value, "{text:?}");
    }
}

#[test]
fn a_block_container_ends_where_its_last_entry_does() {
    let text = "a:\n  b:\n    - 1\n    - c: x\n\n# end\nd: 2\n";
    assert_eq!(
        outline(text),
        [
            r#" Map "a:\n  b:\n    - 1\n    - c: x\n\n# end\nd: 2""#,
            r#"/a Map "b:\n    - 1\n    - c: x""#,
            r#"/a/b Seq "- 1\n    - c: x""#,
            r#"/a/b/0 Int "1""#,
            r#"/a/b/1 Map "c: x""#,
            r#"/a/b/1/c Str "x""#,
            r#"/d Int "2""#,
        ]
    );
}

#[test]
fn a_value_that_is_not_written_stands_after_its_colon() {
    let text = "a:\nb : # c\n\"c\":  \nd: {e, f: , g: ~}\n";
    let (tree, problems) = parse(text);
    assert_eq!(problems, []);
    let ends: Vec<_> = tree.ids().skip(1).map(|id| tree.span(id)).map(|span| (span.start, span.end)).collect();
    assert_eq!(ends, [(2, 2), (6, 6), (15, 15), (21, 35), (23, 23), (27, 27), (33, 34)]);
    assert!(tree.ids().filter(|&id| tree.count(id) == 0).all(|id| tree.kind(id) == NodeKind::Null));
    assert_eq!(tree.text(tree.path(tree.roots()[0], &["a"]).unwrap()), "");
}

#[test]
fn quoted_and_tagged_scalars_are_strings() {
    let text = "[1, '1', \"1\", !!str 1, !!int '1', !!float 1, !ref x, !!str , ! 1, !!binary aGk=]";
    let kinds: Vec<_> = outline(text)[1..].iter().map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(kinds, ["Int", "Str", "Str", "Str", "Int", "Float", "Str", "Str", "Str", "Str"]);
}

#[test]
fn keys_that_are_no_strings_compare_as_their_text() {
    let (tree, _) = parse("200: a\ntrue: b\n~: c\n'x y': d\n: e\n");
    let keys: Vec<_> = tree.children(tree.roots()[0]).map(|id| tree.key(id).unwrap()).collect();
    assert_eq!(keys, ["200", "true", "~", "x y", ""]);
}

#[test]
fn an_alias_refers_to_the_latest_anchor_of_its_name() {
    let text = "- &a one\n- *a\n- &a [two]\n- *a\n";
    let (tree, problems) = parse(text);
    assert_eq!(problems, []);
    let items: Vec<_> = tree.children(tree.roots()[0]).collect();
    assert_eq!(tree.kind(items[1]), NodeKind::Alias);
    assert_eq!(tree.resolve(items[1]), items[0]);
    assert_eq!(tree.resolve(items[3]), items[2]);
}

#[test]
fn keys_can_be_anchored_and_be_aliases() {
    let (tree, problems) = parse("&k key: &v value\n*v : *k\n*k : 1\n");
    assert_eq!(problems, []);
    let root = tree.roots()[0];
    assert_eq!(tree.str(tree.get(root, "value").unwrap()), Some("key"));
    assert_eq!(tree.number(tree.get(root, "key").unwrap()), Some(1.0));
}

#[test]
fn an_alias_in_its_own_anchor_is_a_problem_and_leads_nowhere() {
    let (tree, problems) = parse("a: &a\n  b: *a\n");
    assert_eq!(problems[0].message, "`*a` stands inside the node it refers to");
    let alias = tree.path(tree.roots()[0], &["a", "b"]).unwrap();
    assert_eq!(tree.resolve(alias), alias);
}

#[test]
fn an_unknown_alias_does_not_stop_reading() {
    check("a: *b\nc: 1\n", "no anchor `&b` stands before this alias", "*b");
    assert!(parse("a: *b\nc: 1\n").0.path(NodeId(0), &["c"]).is_some());
}

#[test]
fn merge_keys_are_looked_up() {
    let text = "x: &x {a: 1, b: 1}\ny: &y {<<: *x, b: 2, c: 2}\nz:\n  <<: [*y, *x]\n  c: 3\n";
    let (tree, _) = parse(text);
    let z = tree.path(tree.roots()[0], &["z"]).unwrap();
    let number = |key| tree.number(tree.get(z, key).unwrap());
    assert_eq!((number("a"), number("b"), number("c")), (Some(1.0), Some(2.0), Some(3.0)));
    let entries: Vec<_> = tree.entries(z).into_iter().map(|entry| tree.key(entry).unwrap()).collect();
    assert_eq!(entries, ["c", "b", "a"]);
}

#[test]
fn a_collection_as_a_key_is_left_out_with_its_value() {
    let message = "a mapping or a sequence as a key is not supported";
    check("a: 1\n? [x, {y: z}]\n: {b: [&q c]}\nd: 2\n", message, "[");
    check("? {a: b}\nc: d\n", message, "{");
    let (tree, _) = parse("a: 1\n? [x, {y: z}]\n: {b: [&q c]}\nd: *q\n");
    let keys: Vec<_> = tree.children(tree.roots()[0]).map(|id| tree.key(id).unwrap()).collect();
    assert_eq!(keys, ["a", "d"]);
}

#[test]
fn each_document_is_a_root() {
    let (tree, problems) = parse("a: 1\n---\n- b\n...\n---\n# nothing\n");
    assert_eq!(problems, []);
    let kinds: Vec<_> = tree.roots().iter().map(|&root| tree.kind(root)).collect();
    assert_eq!(kinds, [NodeKind::Map, NodeKind::Seq, NodeKind::Null]);
    assert!(parse("# nothing\n").0.is_empty());
}

#[test]
fn comments_that_speak_to_gatelint_are_kept() {
    let text = "a: 1 # other\n  # gatelint: ignore[x] why \nb: 2 #gatelint: ignore[y]\r\nc: '# gatelint: z'\n";
    let (tree, _) = parse(text);
    let found: Vec<_> = tree
        .comments
        .iter()
        .map(|comment| (&text[comment.span.start as usize..comment.span.end as usize], comment.alone))
        .collect();
    assert_eq!(found, [("gatelint: ignore[x] why", true), ("gatelint: ignore[y]", false)]);
}

#[test]
fn nesting_beyond_the_limit_is_too_deep() {
    for text in ["[".repeat(9), "- ".repeat(9), "[[[[{a: [{b: [{}]}]}]]]]".to_owned()] {
        let (tree, problems) = parse(&text);
        assert_eq!(problems[0].code, ProblemCode::TooDeep, "{text}");
        assert_eq!(problems[0].message, "nested more than 8 levels deep");
        assert!(tree.len() <= 9);
    }
    assert_eq!(parse("[[[[[[[[]]]]]]]]").1, []);
}

#[test]
fn syntax_errors_are_in_plain_words_at_their_place() {
    check("a: b: c\n", "`:` is not allowed here: check the indentation, or put the text in quotes", ":");
    check("a: [1, 2\nb: 3\n", "`:` is not allowed here: a bracket or a quote before it may not be closed", ":");
    check("a: {x: 1\n", "`{` is not closed", "{");
    check("a: [1 }\n", "`[` is closed by `}`", "[");
    check("a: 'x\nb: 2\n", "a line of a quoted text is not indented, or its quote is not closed", "b");
    check("a: @x\n", "no text may begin with `@`: put it in quotes", "@");
    check("a:\n\t\tb: 1\n", "a tab cannot indent YAML: use spaces", "\t\t");
    check("a:\n  b: 1\n c: 2\n", "expected a key of the mapping above: check the indentation", "c");
    check("- a\nb: 1\n", "expected `-` of the list above: check the indentation", "b");
    check("a: 1\nword\nc: 2\n", "expected `:` after a key", "word");
    check("a: 'it's'\n", "text after a closing quote: quote the whole text, or double the quote inside it", "s");
    check("a: !!x!y z\n", "expected a space after a tag", "!");
}

#[test]
fn tags_of_cloudformation_are_mappings_with_one_key() {
    let text = "a: !Ref b\nc: !GetAtt d.e\nf: !Join\n  - ','\n  - [!Ref g, x]\nh: !Sub |\n  i\nj: !If [!Condition k, {l: m}, !Ref n]\n\
                o: !GetAZs\np: !Other q\n!Ref r: s\nt: !Transform {u: v}\n";
    assert_eq!(
        outline(text)[1..],
        [
            r#"/a Map "!Ref b""#,
            r#"/a/Ref Str "b""#,
            r#"/c Map "!GetAtt d.e""#,
            r#"/c/Fn::GetAtt Str "d.e""#,
            r#"/f Map "!Join\n  - ','\n  - [!Ref g, x]""#,
            r#"/f/Fn::Join Seq "- ','\n  - [!Ref g, x]""#,
            r#"/f/Fn::Join/0 Str "','""#,
            r#"/f/Fn::Join/1 Seq "[!Ref g, x]""#,
            r#"/f/Fn::Join/1/0 Map "!Ref g""#,
            r#"/f/Fn::Join/1/0/Ref Str "g""#,
            r#"/f/Fn::Join/1/1 Str "x""#,
            r#"/h Map "!Sub |\n  i""#,
            r#"/h/Fn::Sub Str "|\n  i""#,
            r#"/j Map "!If [!Condition k, {l: m}, !Ref n]""#,
            r#"/j/Fn::If Seq "[!Condition k, {l: m}, !Ref n]""#,
            r#"/j/Fn::If/0 Map "!Condition k""#,
            r#"/j/Fn::If/0/Condition Str "k""#,
            r#"/j/Fn::If/1 Map "{l: m}""#,
            r#"/j/Fn::If/1/l Str "m""#,
            r#"/j/Fn::If/2 Map "!Ref n""#,
            r#"/j/Fn::If/2/Ref Str "n""#,
            r#"/o Map "!GetAZs""#,
            r#"/o/Fn::GetAZs Str """#,
            r#"/p Str "q""#,
            r#"/r Str "s""#,
            r#"/t Map "!Transform {u: v}""#,
            r#"/t/Fn::Transform Map "{u: v}""#,
            r#"/t/Fn::Transform/u Str "v""#,
        ]
    );
}

#[test]
fn an_alias_of_a_tagged_node_is_the_whole_mapping() {
    let (tree, problems) = parse("a: &x !Ref b\nc: *x\nd: &y !Split [e]\nf: *y\n");
    assert_eq!(problems, []);
    for (of, alias) in [("a", "c"), ("d", "f")] {
        let root = tree.roots()[0];
        assert_eq!(tree.resolve(tree.get(root, alias).unwrap()), tree.get(root, of).unwrap());
    }
}

#[test]
fn a_broken_document_costs_none_behind_it() {
    let text = "a: 1\n---\nb: [\n  c: }\n---\nd: 1\n--- # e\nf: g: h\n---\ni: |\n  ---\n  j\n---\nk: &l m\nn: *l\n";
    let (tree, problems) = parse(text);
    assert_eq!(problems.len(), 2, "{problems:?}");
    let last: Vec<_> = tree.roots().iter().map(|&root| tree.children(root).last().map(|id| tree.pointer(id))).collect();
    let last: Vec<_> = last.iter().map(|pointer| pointer.as_deref().unwrap_or_default()).collect();
    assert_eq!(last, ["/a", "/b", "/d", "/f", "/i", "/n"]);
    let root = *tree.roots().last().unwrap();
    assert_eq!(tree.text(tree.resolve(tree.get(root, "n").unwrap())), "m");
    assert_eq!(tree.text(tree.get(tree.roots()[4], "i").unwrap()), "---\nj\n");
}

#[test]
fn many_broken_documents_are_read_in_linear_time() {
    for part in ["---\n[\n", "--- {{\n", "---\na: 'b\n", "---\na: b: c\n", "---\n\t\n", "--- |\n---\n: :\n"] {
        let text = part.repeat(20_000);
        let (_, problems) = parse(&text);
        assert!(problems.len() <= MAX_PROBLEMS + 1);
    }
}

/// What is read round the actions of a template, as pointer and text.
#[track_caller]
fn round(text: &str) -> Vec<String> {
    let masked = crate::source::template::mask(text).expect("an action");
    let mut builder = TreeBuilder::new(FileId(0), Arc::from(text));
    let problems = read_masked(FileId(0), text, &masked, &Limits::default(), &mut builder);
    assert_eq!(problems, []);
    let tree = builder.finish();
    tree.ids()
        .filter(|&id| is_scalar(tree.kind(id)))
        .map(|id| format!("{}={}", tree.pointer(id), tree.text(id)))
        .collect()
}

#[test]
fn what_stands_round_template_actions_is_read_with_the_text_that_is_written() {
    let text = "a: {{ .b }}\n{{- if .c }}\nd:\n  - \"{{ .e | default \"f\" }}\"\n  - g-{{ .h }}:80\n  {{- end }}\n\
                {{ .i }}: j\nk: {{ .l }} # m\nn: |\n  {{- range .o }}\n  p {{ .q }}\n  {{- end }}\nr: {s: {{ .t }}, u: 1}\n\
                v:\n  - {{- if .w }}\n    x: y\n    {{- end }}\n";
    assert_eq!(
        round(text),
        [
            "/a={{ .b }}",
            "/d/0={{ .e | default \"f\" }}",
            "/d/1=g-{{ .h }}:80",
            "/{{ .i }}=j",
            "/k={{ .l }}",
            "/n=p {{ .q }}\n  {{- end }}\n",
            "/r/s={{ .t }}",
            "/r/u=1",
            "/v/0/x=y",
        ]
    );
}

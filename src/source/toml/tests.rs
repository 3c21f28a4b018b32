//! Reading TOML: tables, spans, what may not be said twice, errors.

use std::sync::Arc;

use super::*;
use crate::source::Tree;

fn parse(text: &str) -> (Tree, Vec<Problem>) {
    let mut builder = TreeBuilder::new(FileId(0), Arc::from(text));
    let problems = read(FileId(0), text, &Limits { depth: 8, ..Limits::default() }, &mut builder);
    (builder.finish(), problems)
}

/// Every node as `pointer kind text-of-value-span`, one a line.
#[track_caller]
fn outline(text: &str) -> Vec<String> {
    let (tree, problems) = parse(text);
    assert_eq!(problems, []);
    let slice = |span: Span| &text[span.start as usize..span.end as usize];
    tree.ids().map(|id| format!("{} {:?} {:?}", tree.pointer(id), tree.kind(id), slice(tree.span(id)))).collect()
}

#[track_caller]
fn fails(text: &str, message: &str, at: &str) {
    let (_, problems) = parse(text);
    let [problem] = &problems[..] else { panic!("one problem: {problems:?}") };
    let bytes = &text[problem.span.start as usize..problem.span.end as usize];
    assert_eq!((problem.message.as_str(), bytes), (message, at));
}

#[test]
fn tables_and_dotted_keys_are_maps() {
    assert_eq!(
        outline("a.b = 1\n[c]\n[c.d]\nx = 'y'\n"),
        [
            r#" Map "a.b = 1\n[c]\n[c.d]\nx = 'y'""#,
            r#"/a Map "b = 1""#,
            r#"/a/b Int "1""#,
            r#"/c Map "d]\nx = 'y'""#,
            r#"/c/d Map "x = 'y'""#,
            r#"/c/d/x Str "'y'""#,
        ]
    );
}

#[test]
fn arrays_of_tables_and_inline_tables_are_lists_and_maps() {
    assert_eq!(
        outline("[[s]]\nu = {a = 1, b.c = [2, \"3\"]}\n[[s]]\n"),
        [
            r#" Map "s]]\nu = {a = 1, b.c = [2, \"3\"]}\n[[s]]""#,
            r#"/s Seq "u = {a = 1, b.c = [2, \"3\"]}\n[[s]]""#,
            r#"/s/0 Map "u = {a = 1, b.c = [2, \"3\"]}""#,
            r#"/s/0/u Map "{a = 1, b.c = [2, \"3\"]}""#,
            r#"/s/0/u/a Int "1""#,
            r#"/s/0/u/b Map "c = [2, \"3\"]""#,
            r#"/s/0/u/b/c Seq "[2, \"3\"]""#,
            r#"/s/0/u/b/c/0 Int "2""#,
            r#"/s/0/u/b/c/1 Str "\"3\"""#,
            r#"/s/1 Map """#,
        ]
    );
}

#[test]
fn a_table_in_parts_is_one_map_and_each_byte_leads_to_its_key() {
    let text = "[a.b]\nx = 1\n[c]\ny = 2\n[a.d]\nz = 3\n[a]\nw = 4\n";
    let (tree, problems) = parse(text);
    assert_eq!(problems, []);
    let root = tree.roots()[0];
    let keys = |node| tree.children(node).map(|id| tree.key(id).unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(keys(root), ["a", "c"]);
    assert_eq!(keys(tree.get(root, "a").unwrap()), ["b", "d", "w"]);
    for (key, pointer) in [("x =", "/a/b/x"), ("y =", "/c/y"), ("z =", "/a/d/z"), ("w =", "/a/w")] {
        let at = text.find(key).unwrap();
        assert_eq!(tree.pointer(tree.at_offset(at as u32).unwrap()), pointer);
        let found: Vec<_> = tree.beginning_in(at..at + 5).map(|id| tree.pointer(id)).collect();
        assert_eq!(found, [pointer, pointer].map(str::to_owned)[..1], "{key}");
    }
}

#[test]
fn scalars_have_the_text_that_other_syntaxes_give_them() {
    let text = "a = 0x1F\nb = 1_000\nc = -inf\nd = +1.5\ne = nan\nf = 1979-05-27T07:32:00Z\ng = true\nh = \"\\u00e9\"\n\
                i = '''\nx\ny'''\nj = 0b11\n";
    let (tree, problems) = parse(text);
    assert_eq!(problems, []);
    let found: Vec<_> = tree.children(tree.roots()[0]).map(|id| (tree.kind(id), tree.text(id))).collect();
    assert_eq!(
        found,
        [
            (NodeKind::Int, "31"),
            (NodeKind::Int, "1000"),
            (NodeKind::Float, "-.inf"),
            (NodeKind::Float, "+1.5"),
            (NodeKind::Float, ".nan"),
            (NodeKind::Str, "1979-05-27T07:32:00Z"),
            (NodeKind::Bool, "true"),
            (NodeKind::Str, "é"),
            (NodeKind::Str, "x\ny"),
            (NodeKind::Int, "3"),
        ]
    );
}

#[test]
fn what_is_defined_twice_is_a_problem_and_read_all_the_same() {
    fails("a = 1\na = 2\n", "`a` is already defined", "a");
    fails("[a]\nx = 1\n[a]\ny = 2\n", "`a` is already defined", "a");
    fails("a = {}\n[a.b]\n", "`a` is already defined", "a");
    fails("a.b = 1\n[a]\n", "`a` is already defined", "a");
    fails("a = []\n[[a]]\n", "`a` is already defined", "a");
    fails("[a.b.d]\n[a]\nb.c = 1\nb.c = 2\n", "`c` is already defined", "c");
    let (tree, _) = parse("[a]\nx = 1\n[a]\ny = 2\n");
    assert!(tree.path(tree.roots()[0], &["a", "y"]).is_some());
    let (tree, _) = parse("a = 1\na = 2\n");
    assert_eq!(tree.duplicates.len(), 1);
}

#[test]
fn an_error_costs_its_own_key() {
    fails("a = \nb = 2\n", "a value is missing", "");
    let (tree, problems) = parse("a = \nb = 2\nc = x y\n[d\ne = 1\n[f]\ng = 1\n");
    assert!(problems.len() >= 3, "{problems:?}");
    let root = tree.roots()[0];
    assert!(tree.path(root, &["b"]).is_some());
    assert!(tree.path(root, &["f", "g"]).is_some());
}

#[test]
fn comments_that_speak_to_gatelint_are_kept() {
    let (tree, _) = parse("# gatelint: ignore[a]\nx = 1 # gatelint: ignore[b]\n# other\n");
    assert_eq!(tree.comments.iter().map(|comment| comment.alone).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn nesting_beyond_the_limit_is_too_deep() {
    for text in ["a = [[[[[[[[[1]]]]]]]]]\n", "a.b.c.d.e.f.g.h.i = 1\n", "[a.b.c.d.e.f.g.h.i]\nx = 1\n"] {
        let (_, problems) = parse(text);
        assert_eq!(problems[0].code, ProblemCode::TooDeep, "{text}");
        assert_eq!(problems.len(), 1, "{text}");
    }
}

#[test]
fn hostile_texts_are_read_in_linear_time() {
    for part in ["[", "a.", "a=[", "{", "[[a]]\n", "[a]\n", "a=1\n", "\"", "'''", "a={b={", "#\n", "=", "\n[a.b]\n[c]"]
    {
        let text = part.repeat(50_000);
        let mut builder = TreeBuilder::new(FileId(0), Arc::from(text.as_str()));
        read(FileId(0), &text, &Limits::default(), &mut builder);
        let tree = builder.finish();
        assert!(tree.ids().all(|id| tree.span(id).end as usize <= text.len()));
    }
}

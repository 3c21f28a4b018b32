//! Reading nginx: arguments, blocks, spans, names in pointers, errors.

use std::sync::Arc;

use super::*;
use crate::source::Tree;

fn parse(text: &str) -> (Tree, Vec<Problem>) {
    let mut builder = TreeBuilder::new(FileId(0), Arc::from(text));
    let (problems, _) = read(FileId(0), text, &Limits { depth: 9, ..Limits::default() }, &mut builder);
    (builder.finish(), problems)
}

/// The tree without a problem.
#[track_caller]
fn tree(text: &str) -> Tree {
    let (tree, problems) = parse(text);
    assert_eq!(problems, []);
    tree
}

/// The directives of a tree, written in one line each: `name<argument><argument>{…}`.
fn outline(tree: &Tree) -> String {
    fn write(tree: &Tree, map: crate::span::NodeId, out: &mut String) {
        for directive in tree.children(map) {
            out.push_str(tree.key(directive).unwrap());
            for item in tree.children(directive) {
                match tree.kind(item) {
                    NodeKind::Map => {
                        out.push('{');
                        write(tree, item, out);
                        out.push('}');
                    }
                    _ => out.push_str(&format!("<{}>", tree.str(item).unwrap())),
                }
            }
            out.push(';');
        }
    }
    let mut out = String::new();
    tree.roots().iter().for_each(|&root| write(tree, root, &mut out));
    out
}

#[track_caller]
fn reads(text: &str, directives: &str) {
    assert_eq!(outline(&tree(text)), directives);
}

/// The directives that are read of a text with one error, its message and its bytes.
#[track_caller]
fn mends(text: &str, directives: &str, message: &str, at: &str) {
    let (tree, problems) = parse(text);
    let [problem] = &problems[..] else { panic!("one problem: {problems:?}") };
    let bytes = &text[problem.span.start as usize..problem.span.end as usize];
    assert_eq!((outline(&tree).as_str(), problem.message.as_str(), bytes), (directives, message, at));
}

fn pointers(text: &str) -> Vec<String> {
    let tree = tree(text);
    tree.ids().filter(|&id| tree.key(id).is_some()).map(|id| tree.pointer(id)).collect()
}

#[test]
fn a_directive_is_a_list_of_its_arguments_and_a_block_its_last_item() {
    reads(
        "events {}\nhttp { server { listen 80 default_server; location = /a { return 204; } } }",
        "events{};http{server{listen<80><default_server>;location<=></a>{return<204>;};};};",
    );
}

#[test]
fn quotes_are_stripped_and_escapes_resolved_as_nginx_does() {
    reads(r#"a "b \"c\" ;{}" 'd\'e' "\\n\t\d" ''; "q k" v;"#, "a<b \"c\" ;{}><d'e><\\n\t\\d><>;q k<v>;");
    reads(r"rewrite ^/\;x\ y$ /z\d;", r"rewrite<^/\;x\ y$></z\d>;");
    reads("log_format m '{\"a\":\"$b\",'\n  '\"c\":\"$d\"}';", "log_format<m><{\"a\":\"$b\",><\"c\":\"$d\"}>;");
}

#[test]
fn quotes_hashes_and_braces_inside_a_word_are_part_of_it() {
    reads("a b\"c'd e#f ${g}h $x;", "a<b\"c'd><e#f><${g}h><$x>;");
    reads("server_name a}b ~^c$ ; # d\n", "server_name<a}b><~^c$>;");
}

#[test]
fn the_parentheses_of_if_belong_to_none_of_its_arguments() {
    reads("if ($a ~ \"b c\") { return 1; }", "if<$a><~><b c>{return<1>;};");
    reads("if ( $a = b ) {}", "if<$a><=><b>{};");
    reads("if ($a) {}", "if<$a>{};");
    reads("if ($a ~* (b|c)) {}", "if<$a><~*><(b|c)>{};");
    reads("if (-f $a) {}", "if<-f><$a>{};");
    reads("set $a (b);", "set<$a><(b)>;");
}

#[test]
fn the_entries_of_a_map_are_directives_too() {
    reads(
        "map $a $b { default 0; ~^/x 1; \"\" 2; hostnames; }\ntypes { text/html html htm; }",
        "map<$a><$b>{default<0>;~^/x<1>;<2>;hostnames;};types{text/html<html><htm>;};",
    );
}

#[test]
fn a_block_of_lua_is_one_string() {
    let text = "location / {\n  content_by_lua_block {\n    if a then b('}') end -- }\n  }\n  return 200;\n}\n\
                set_by_lua_block $x { return {1} }";
    reads(
        text,
        "location</>{content_by_lua_block<\n    if a then b('}') end -- }\n  >;return<200>;};\
         set_by_lua_block<$x>< return {1} >;",
    );
}

#[test]
fn spans_cover_names_arguments_and_blocks() {
    let text = "http {\n  \"a\" 'b c' d ;\n  ip_hash;\n}\n";
    let tree = tree(text);
    let slice = |span: Span| &text[span.start as usize..span.end as usize];
    let found: Vec<_> = tree.ids().map(|id| (tree.key_span(id).map(slice), slice(tree.span(id)))).collect();
    let block = "{\n  \"a\" 'b c' d ;\n  ip_hash;\n}";
    assert_eq!(
        found,
        [
            (None, text.trim_end()),
            (Some("http"), block),
            (None, block),
            (Some("\"a\""), "'b c' d"),
            (None, "'b c'"),
            (None, "d"),
            (Some("ip_hash"), ""),
        ]
    );
}

#[test]
fn directives_that_repeat_are_all_there_and_no_duplicates() {
    let mut text = "allow 10.0.0.1;\ndeny all;\n".to_owned();
    (0..30).for_each(|i| text += &format!("allow 10.0.1.{i};\n"));
    let tree = tree(&text);
    let root = tree.roots()[0];
    assert_eq!(tree.duplicates, []);
    assert_eq!(tree.all(root, "allow").count(), 31);
    assert_eq!(tree.entries(root).len(), 32);
    assert_eq!(tree.all(root, "nothing").count(), 0);
}

#[test]
fn pointers_name_a_directive_by_its_arguments() {
    let text = "http { server { server_name a.example b.example; listen 443 ssl; listen [::]:443 ssl; listen 80;\n\
                location /api/ { proxy_pass http://a; add_header X-A b; } } server { listen unix:/s; }\n\
                map $a $b { default 1; } }";
    assert_eq!(
        pointers(text),
        [
            "/http",
            "/http/server[a.example b.example:443,80]",
            "/http/server[a.example b.example:443,80]/server_name[a.example]",
            "/http/server[a.example b.example:443,80]/listen[443]",
            "/http/server[a.example b.example:443,80]/listen[[::]:443]",
            "/http/server[a.example b.example:443,80]/listen[80]",
            "/http/server[a.example b.example:443,80]/location[~1api~1]",
            "/http/server[a.example b.example:443,80]/location[~1api~1]/proxy_pass",
            "/http/server[a.example b.example:443,80]/location[~1api~1]/add_header[X-A]",
            "/http/server[:unix:~1s]",
            "/http/server[:unix:~1s]/listen[unix:~1s]",
            "/http/map[$a $b]",
            "/http/map[$a $b]/default",
        ]
    );
}

#[test]
fn pointers_lead_back_to_their_directive() {
    let tree = tree("http { server { listen 80; location / { deny all; allow 10.0.0.0/8; } } server { listen 81; } }");
    for id in tree.ids().filter(|&id| tree.kind(id) != NodeKind::Map) {
        assert_eq!(tree.at_pointer(tree.roots()[0], &tree.pointer(id)), Some(id), "{}", tree.pointer(id));
    }
}

#[test]
fn a_directive_that_is_added_changes_the_pointer_of_no_other() {
    let text = "server { listen 443; server_name a; location / { deny all; return 204; proxy_pass http://a; } }";
    let more = "gzip on;\nserver { listen 80; }\nserver { access_log off; listen 443; server_name a; allow 1.1.1.1;\n\
                location /x { deny all; } location / { deny 1.1.1.1; add_header A b; deny all; return 204; \
                proxy_pass http://a; } }";
    let after = pointers(more);
    for pointer in pointers(text) {
        assert!(after.contains(&pointer), "{pointer} in {after:?}");
    }
}

#[test]
fn comments_that_speak_to_gatelint_are_kept() {
    let text = "# gatelint: ignore[a] why\nlisten 80; # gatelint: ignore[b]\n# other\nx '# gatelint: no';";
    let tree = tree(text);
    let found: Vec<_> = tree
        .comments
        .iter()
        .map(|found| (&text[found.span.start as usize..found.span.end as usize], found.alone))
        .collect();
    assert_eq!(found, [("gatelint: ignore[a] why", true), ("gatelint: ignore[b]", false)]);
}

#[test]
fn reading_goes_on_after_an_error() {
    mends("a { b 1 }\nc 2;", "a{b<1>;};c<2>;", "`;` is missing after `b`", "b 1");
    mends("a 1;\n}\nb 2;", "a<1>;b<2>;", "`}` without a `{`", "}");
    mends("a 1;;\nb 2;", "a<1>;b<2>;", "`;` without a directive", ";");
    mends("a 1;\n{ b 2; }\nc 3;", "a<1>;{b<2>;};c<3>;", "`{` without a directive before it", "{");
    mends("http { server { a 1;", "http{server{a<1>;};};", "the block of `server` is not closed", "server");
    mends("a 1;\nb 2", "a<1>;b<2>;", "`;` is missing after `b`", "b 2");
    mends("root /a\nlocation / { b 1; }", "root</a>;location</>{b<1>;};", "`;` is missing after `root`", "root /a");
    mends("x_by_lua_block { {\n a 1;", "x_by_lua_block<{ {\n a 1;>;", "this block of Lua is not closed", "{");
}

#[test]
fn a_quote_that_is_not_closed_costs_its_line() {
    mends("a \"b c;\nd 1;\ne \"f\";", "a<\"b c>;d<1>;e<f>;", "a quote is not closed", "\"b c");
    mends("a 'b;\nc 1;", "a<'b>;c<1>;", "a quote is not closed", "'b");
    mends("a \"b\"c;", "a<b><c>;", "expected a space, `;` or `{` after a closing quote", "\"b\"");
}

#[test]
fn nesting_beyond_the_limit_is_too_deep() {
    assert_eq!(parse("a { b { c { d { } } } }").1, []);
    let problem = parse("a { b { c { d { e { } } } } }").1.remove(0);
    assert_eq!((problem.code, problem.span.start), (ProblemCode::TooDeep, 18));
}

#[test]
fn a_template_is_read_round_its_actions() {
    let text = "{% if a %}\nserver {\n  listen {{ port }} ssl;\n  {{ include }}\n  server_name a.{{ b }}.c;\n\
                {% for x in y %} allow {{ x }}; {% endfor %}\n{{ a }} {{ b }}\n{{ if c }}deny all;{{ end }}\n}\n<% if z %>\nroot <%= a %>/b;\n{{ name }} c;\n";
    reads(
        text,
        "server{listen<{{ port }}><ssl>;server_name<a.{{ b }}.c>;allow<{{ x }}>;deny<all>;};root<<%= a %>/b>;{{ name }}<c>;",
    );
    let mut builder = TreeBuilder::new(FileId(0), Arc::from(text));
    assert_eq!(read(FileId(0), text, &Limits::default(), &mut builder).1, Some(Span::new(FileId(0), 0, 10)));
}

#[test]
fn hostile_texts_are_read_in_linear_time() {
    let parts = [
        "\"a\n",
        "'",
        "{{",
        "<%",
        "a{",
        "}",
        ";",
        "a\\",
        "\"a\\\"\n'b",
        "x_by_lua_block {",
        "a [[",
        "#\n",
        "$",
        "\"a\" ",
        "'a';",
        "'a'b ",
        "{{a}} ",
        "{{a}};",
        "{%a%}",
        "<%=a%> ",
        "a \"b",
        "\"a' ",
        "if (a) {",
        "# gatelint: x\n",
        "a \nserver ",
    ];
    for part in parts {
        let text = part.repeat(300_000);
        let (tree, _) = parse(&text);
        assert!(tree.ids().all(|id| tree.span(id).end as usize <= text.len()));
        is_likely(&text, true);
    }
}

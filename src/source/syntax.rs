//! Which syntax a file is in, told from its name and from how it begins. Knows no format.

use super::nginx;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Syntax {
    /// YAML 1.2, of any number of documents.
    Yaml,
    /// JSON (RFC 8259).
    Json,
    /// TOML 1.1.
    Toml,
    /// The configuration language of nginx.
    Nginx,
    /// Lines of `key = value`, such as `kong.conf`.
    Properties,
}

/// Folders of nginx whose files have any name.
const NGINX_FOLDERS: &[&str] = &["conf.d", "sites-available", "sites-enabled", "vhost.d", "snippets"];

/// The syntax in which a file should be read.
///
/// A name that ends in `.json`, `.yaml`, `.yml`, `.toml` or `.properties` has the last
/// word. Of any other file the content decides: nginx where directives end in `;` and
/// there is a block such as `server {` (or the name is one of nginx), properties where the first
/// line is `key = value`, JSON where it begins with a bracket, else YAML.
/// A file that begins like JSON but is not well-formed is read as YAML, unless its name says JSON.
pub fn syntax_of(path: &str, text: &str) -> Syntax {
    let path = path.to_ascii_lowercase();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    // A template of a file has the syntax of that file.
    let name = [".j2", ".tmpl", ".tpl", ".template", ".erb"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name);
    let begin = text.trim_start();
    let begins_like_json = begin.starts_with(['{', '[']) && !begin.starts_with("{{") && !begin.starts_with("{%");
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("json") => return Syntax::Json,
        Some("yaml" | "yml") if begins_like_json => return Syntax::Json,
        Some("yaml" | "yml") => return Syntax::Yaml,
        Some("toml") => return Syntax::Toml,
        Some("properties") => return Syntax::Properties,
        _ => {}
    }
    let first = first_line(text);
    if begins_like_json {
        return Syntax::Json;
    }
    let folder = folder.rsplit('/').next().unwrap_or_default();
    let named = name.ends_with(".conf") || name.contains("nginx") || NGINX_FOLDERS.contains(&folder);
    if !begins_like_yaml(first) && nginx::is_likely(text, named) {
        Syntax::Nginx
    } else if is_setting(first) || name == "kong.conf" || name == "kong.conf.default" {
        Syntax::Properties
    } else {
        Syntax::Yaml
    }
}

/// The first line that is neither blank nor a comment, without blanks round it.
fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default()
}

fn begins_like_yaml(line: &str) -> bool {
    let key = line.split([':', ' ', ';', '{']).next().unwrap_or_default();
    line.starts_with("---")
        || line.starts_with("- ")
        || line.starts_with('%')
        || line[key.len()..].starts_with(':') && !line.ends_with([';', '{'])
}

/// Whether a line is `key = value`, with a key as settings have them.
fn is_setting(line: &str) -> bool {
    let Some((key, value)) = line.split_once('=') else { return false };
    let key = key.trim_end();
    !key.is_empty()
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
        && !value.trim_end().ends_with([';', '{'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(syntax: Syntax, path: &str, text: &str) {
        assert_eq!(syntax_of(path, text), syntax, "{path}: {text}");
    }

    #[test]
    fn an_extension_has_the_last_word() {
        check(Syntax::Json, "a.json", "server { listen 80; }");
        check(Syntax::Toml, "a/B.TOML", "a: 1");
        check(Syntax::Yaml, "a.yml", "server { listen 80; }");
        check(Syntax::Yaml, "conf.d/a.yaml", "a = 1");
        check(Syntax::Properties, "application.properties", "a: 1");
        check(Syntax::Toml, "traefik.toml.j2", "");
        check(Syntax::Yaml, "values.yaml.tpl", "{{ x }}: a;");
    }

    #[test]
    fn text_that_reads_as_nginx_is_nginx_whatever_it_is_called() {
        let server = "# a comment\nserver {\n  listen 80;\n  server_name a.example;\n}\n";
        for path in ["nginx.conf", "default", "sites-available/site", "proxy.conf.template", "x.nginx", "-"] {
            check(Syntax::Nginx, path, server);
        }
        check(Syntax::Nginx, "a.conf", "add_header X-Frame-Options DENY;\n");
        check(Syntax::Nginx, "conf.d/a", "client_max_body_size 1m;");
        check(Syntax::Nginx, "n.conf.j2", "{% if x %}\nserver {\n listen {{ port }};\n}\n{% endif %}\n");
        check(Syntax::Nginx, "x", "http { init_by_lua_block { a = b; c:d() } server { listen 80; } }");
    }

    #[test]
    fn text_of_other_formats_is_not_nginx() {
        for (path, text) in [
            ("Caddyfile", "example.com {\n  reverse_proxy localhost:80\n}\n"),
            ("main.tf", "server {\n  listen = 80\n}\n"),
            ("a.conf", "server: a\nhttp: {}\n"),
            ("a.c", "int main() {\n  foo(1);\n  return 0;\n}\n"),
            ("a.rs", "use a::b;\nfn server() {\n  http(1);\n}\n"),
            ("a.css", "a { color: red; }\nserver { b: c; }"),
            ("haproxy.cfg", "global\n  daemon\nfrontend a\n  bind :80\n"),
            ("x", ""),
            ("nginx.conf", "# nothing\n"),
        ] {
            check(Syntax::Yaml, path, text);
        }
    }

    #[test]
    fn settings_and_json_are_told_by_their_first_line() {
        check(Syntax::Properties, "kong.conf", "# Kong\nadmin_listen = 0.0.0.0:8001\n");
        check(Syntax::Properties, ".env", "KONG_PROXY_LISTEN=0.0.0.0:8000\n");
        check(Syntax::Properties, "kong.conf.default", "# all of it a comment\n");
        check(Syntax::Json, "x", " {\"a\": 1}");
        check(Syntax::Json, "a.yaml", "[1]");
        check(Syntax::Yaml, "x", "{{ a }}: 1");
    }
}

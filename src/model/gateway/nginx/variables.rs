//! Which characters a variable can hold: what `set`, `map`, captures and the request put into it. Knows no directive
//! that uses one.
//!
//! Source of the built-in variables: <https://nginx.org/en/docs/http/ngx_http_core_module.html#variables>.

use std::collections::HashMap;

use regex_syntax::hir::{Class, Hir, HirKind};

use super::config::{Config, Context, Line};

/// Variables of variables are followed to this depth.
const DEEPEST: usize = 8;

/// Of a table no more entries are looked at.
const MOST_ENTRIES: usize = 1_000;

/// What a text can hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Holds {
    /// Whether the client decides it, at least in part.
    pub request: bool,
    /// Whether it can hold a line feed.
    pub line_break: bool,
    /// Whether it can hold a dot, so that it can be the name of a host.
    pub dot: bool,
    /// Whether it always holds a slash, so that it cannot be one.
    pub slash: bool,
}

impl Holds {
    const TEXT: Self = Self { request: true, line_break: false, dot: true, slash: false };
    const URI: Self = Self { request: true, line_break: true, dot: true, slash: true };

    fn or(self, other: Self) -> Self {
        Self {
            request: self.request || other.request,
            line_break: self.line_break || other.line_break,
            dot: self.dot || other.dot,
            slash: self.slash && other.slash,
        }
    }
}

/// A piece of a text with variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    Text(&'t str),
    Variable(&'t str),
}

/// The pieces of a text: `$name`, `${name}`, `$1`, and what stands between them.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let behind = &rest[at + 1..];
        let (name, length) = match behind.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((name, _)) => (name, name.len() + 2),
            None => {
                let is_number = behind.starts_with(|c: char| c.is_ascii_digit());
                let is_part =
                    |c: char| if is_number { c.is_ascii_digit() } else { c.is_ascii_alphanumeric() || c == '_' };
                let end = behind.find(|c| !is_part(c)).unwrap_or(behind.len());
                (&behind[..end], end)
            }
        };
        if !rest[..at].is_empty() {
            all.push(Piece::Text(&rest[..at]));
        }
        if name.is_empty() {
            all.push(Piece::Text("$"));
        } else {
            all.push(Piece::Variable(name));
        }
        rest = &behind[length..];
    }
    if !rest.is_empty() {
        all.push(Piece::Text(rest));
    }
    all
}

/// The variables of a text.
pub(super) fn variables(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).into_iter().filter_map(|piece| if let Piece::Variable(name) = piece { Some(name) } else { None })
}

/// Whether a name looks like one that a template tool fills in before nginx reads the file.
pub(super) fn is_placeholder(name: &str) -> bool {
    name.chars().any(|c| c.is_ascii_uppercase()) && !name.chars().any(|c| c.is_ascii_lowercase())
}

/// Where variables come from.
#[derive(Debug)]
pub(super) struct Variables<'c, 's> {
    config: &'c Config<'s>,
    sets: HashMap<&'s str, Vec<usize>>,
    tables: HashMap<&'s str, usize>,
}

impl<'c, 's> Variables<'c, 's> {
    /// Notes where variables are set.
    pub fn new(config: &'c Config<'s>) -> Self {
        let (mut sets, mut tables) = (HashMap::<&str, Vec<usize>>::new(), HashMap::new());
        for (number, line) in config.lines.iter().enumerate() {
            match line.name {
                "set" => {
                    if let Some(name) = line.value().strip_prefix('$') {
                        sets.entry(name).or_default().push(number);
                    }
                }
                "map" | "geo" | "split_clients" if line.block.is_some() => {
                    let last = line.texts().last().and_then(|name| name.strip_prefix('$'));
                    if let Some(name) = last {
                        tables.entry(name).or_insert(number);
                    }
                }
                _ => {}
            }
        }
        Self { config, sets, tables }
    }

    /// The `map`, `geo` or `split_clients` that gives a variable its value.
    pub fn table(&self, name: &str) -> Option<&'c Line<'s>> {
        self.tables.get(name).map(|&line| &self.config.lines[line])
    }

    /// What decides the value of a table: `$http_origin`; of `geo` the address, unless it says otherwise.
    pub fn source(&self, table: &Line<'s>) -> &'s str {
        match (table.name, table.args.len()) {
            ("geo", 1) => "$remote_addr",
            _ => table.value(),
        }
    }

    /// The `set` directives of a variable in the same server, or outside of servers.
    pub fn sets(&self, name: &str, level: usize) -> impl Iterator<Item = &'c Line<'s>> {
        let server = self.config.enclosing(level, Context::Server);
        let lines = self.sets.get(name).map_or(&[][..], Vec::as_slice);
        lines.iter().take(MOST_ENTRIES).map(|&line| &self.config.lines[line]).filter(move |line| {
            let other = self.config.enclosing(line.level, Context::Server);
            other.is_none() || other == server
        })
    }

    /// The text with variables replaced whose one value stands in the configuration.
    pub fn expand(&self, text: &str, level: usize) -> String {
        let mut expanded = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => expanded.push_str(text),
                Piece::Variable(name) => {
                    let mut sets = self.sets(name, level);
                    match (sets.next().and_then(|line| line.arg(1)), sets.next()) {
                        (Some(value), None) if !value.contains('$') => expanded.push_str(value),
                        _ => expanded.push_str(&format!("${{{name}}}")),
                    }
                }
            }
        }
        expanded
    }

    fn text_at(&self, text: &str, line: &Line<'s>, depth: usize) -> Holds {
        let mut all = Holds::default();
        let mut slash = false;
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => {
                    slash |= text.contains('/');
                    all.dot |= text.contains('.');
                }
                Piece::Variable(name) => {
                    let holds = self.variable_at(name, line, depth);
                    slash |= holds.slash;
                    all = all.or(holds);
                }
            }
        }
        Holds { slash, ..all }
    }

    /// What a variable can hold where it stands in `line`.
    pub fn variable(&self, name: &str, line: &Line<'s>) -> Holds {
        self.variable_at(name, line, 0)
    }

    fn variable_at(&self, name: &str, line: &Line<'s>, depth: usize) -> Holds {
        if depth > DEEPEST {
            return Holds::default();
        }
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.capture(name, line, depth);
        }
        let sets = self.sets(name, line.level).filter_map(|set| Some(self.text_at(set.arg(1)?, set, depth + 1)));
        if let Some(holds) = sets.reduce(Holds::or) {
            return holds;
        }
        if let Some(table) = self.table(name) {
            return self.table_holds(table, depth);
        }
        match builtin(name) {
            Some(holds) => holds,
            None => self.capture(name, line, depth),
        }
    }

    /// What the results of a table can hold.
    fn table_holds(&self, table: &Line<'s>, depth: usize) -> Holds {
        let Some(block) = table.block else { return Holds::default() };
        let subject = self.text_at(self.source(table), table, depth + 1);
        let entries = self.config.each(block).take(MOST_ENTRIES).filter_map(|entry| {
            let result = entry.arg(0)?;
            let mut all = Holds { slash: result.contains('/'), dot: result.contains('.'), ..Holds::default() };
            for name in variables(result) {
                let of_regex = entry.name.trim_start_matches('!').strip_prefix('~').and_then(|regex| {
                    group(regex.strip_prefix('*').unwrap_or(regex), name).map(|group| within(&group, subject))
                });
                let holds = of_regex.unwrap_or_else(|| self.variable_at(name, table, depth + 1));
                all = Holds { slash: all.slash || holds.slash, ..all.or(holds) };
            }
            Some(all)
        });
        entries.reduce(Holds::or).unwrap_or_default()
    }

    /// What a group of the expression that was matched last can hold.
    fn capture(&self, name: &str, line: &Line<'s>, depth: usize) -> Holds {
        let own = (line.name == "rewrite").then(|| line.arg(0)).flatten();
        if let Some(group) = own.and_then(|regex| group(regex, name)) {
            return within(&group, Holds::URI);
        }
        for level in self.config.levels(line.level) {
            let Some(owner) = self.config.owner(level) else { continue };
            let found = match owner.name {
                "if" => condition(owner).and_then(|condition| {
                    let regex = condition.regex()?;
                    let subject = self.text_at(condition.left, owner, depth + 1);
                    Some(within(&group(regex, name)?, subject))
                }),
                "location" => {
                    let regex = owner.arg(1).filter(|_| matches!(owner.value(), "~" | "~*"));
                    regex.and_then(|regex| group(regex, name)).map(|group| within(&group, Holds::URI))
                }
                "server" => {
                    let names = self.config.all(level, "server_name").flat_map(Line::texts);
                    let mut regexes = names.filter_map(|name| name.strip_prefix('~'));
                    let host = Holds::TEXT;
                    regexes.find_map(|regex| group(regex, name)).map(|group| within(&group, host))
                }
                _ => None,
            };
            if let Some(holds) = found {
                return holds;
            }
            // Named groups of an `if` or a `rewrite` that stands beside the line.
            if !name.starts_with(|c: char| c.is_ascii_digit()) {
                let beside = self.config.each(level).take(MOST_ENTRIES).find_map(|other| {
                    let (regex, subject) = match other.name {
                        "rewrite" => (other.arg(0)?, Holds::URI),
                        "if" => {
                            let condition = condition(other)?;
                            (condition.regex()?, self.text_at(condition.left, other, depth + 1))
                        }
                        _ => return None,
                    };
                    Some(within(&group(regex, name)?, subject))
                });
                if let Some(holds) = beside {
                    return holds;
                }
            }
        }
        Holds::default()
    }
}

/// What a built-in variable can hold; none if there is none of this name.
fn builtin(name: &str) -> Option<Holds> {
    const SAFE: [&str; 16] = [
        "scheme",
        "server_name",
        "server_port",
        "server_addr",
        "hostname",
        "remote_addr",
        "binary_remote_addr",
        "request_method",
        "proxy_host",
        "proxy_port",
        "proxy_add_x_forwarded_for",
        "request_id",
        "is_args",
        "document_root",
        "status",
        "msec",
    ];
    const TEXTS: [&str; 8] =
        ["host", "args", "query_string", "request_body", "remote_user", "content_type", "request", "http_host"];
    match name {
        "uri" | "document_uri" => Some(Holds::URI),
        "request_uri" => Some(Holds { line_break: false, ..Holds::URI }),
        _ if SAFE.contains(&name) => Some(Holds::default()),
        _ if TEXTS.contains(&name) => Some(Holds::TEXT),
        _ if ["arg_", "http_", "cookie_"].iter().any(|start| name.starts_with(start)) => Some(Holds::TEXT),
        _ => None,
    }
}

/// The condition of an `if`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition<'s> {
    /// What is compared: `$request_method`.
    pub left: &'s str,
    /// How: `=`, `!=`, `~`, `~*`, `!~`, `!~*`, `-f` and the like; empty: whether it is neither empty nor `0`.
    pub operator: &'s str,
    /// With what.
    pub right: &'s str,
}

impl<'s> Condition<'s> {
    /// The expression, if it is compared with one.
    pub fn regex(self) -> Option<&'s str> {
        matches!(self.operator, "~" | "~*" | "!~" | "!~*").then_some(self.right)
    }

    /// The variable that is compared.
    pub fn variable(self) -> Option<&'s str> {
        self.left.strip_prefix('$').map(|name| name.trim_matches(['{', '}']))
    }
}

/// Reads the condition of an `if`.
pub(super) fn condition<'s>(line: &Line<'s>) -> Option<Condition<'s>> {
    let first = line.arg(0)?;
    if line.name != "if" {
        return None;
    }
    if first.trim_start_matches('!').starts_with('-') {
        return Some(Condition { left: line.arg(1).unwrap_or_default(), operator: first, right: "" });
    }
    let (operator, right) = (line.arg(1).unwrap_or_default(), line.arg(2).unwrap_or_default());
    Some(Condition { left: first, operator, right })
}

/// What a group of an expression holds, of what its subject holds.
fn within(group: &Hir, subject: Holds) -> Holds {
    Holds {
        request: subject.request,
        line_break: subject.line_break && can_hold(group, '\n'),
        dot: subject.dot && can_hold(group, '.'),
        slash: must_hold(group, '/'),
    }
}

/// The group of this number or name in an expression.
fn group(regex: &str, name: &str) -> Option<Hir> {
    let tree = regex_syntax::Parser::new().parse(regex).ok()?;
    find_group(&tree, name, name.parse().ok()).cloned()
}

fn find_group<'h>(tree: &'h Hir, name: &str, number: Option<u32>) -> Option<&'h Hir> {
    match tree.kind() {
        HirKind::Capture(capture) => {
            let is_it = number == Some(capture.index) || number.is_none() && capture.name.as_deref() == Some(name);
            if is_it { Some(&capture.sub) } else { find_group(&capture.sub, name, number) }
        }
        HirKind::Repetition(repetition) => find_group(&repetition.sub, name, number),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().find_map(|part| find_group(part, name, number))
        }
        _ => None,
    }
}

fn can_hold(tree: &Hir, c: char) -> bool {
    match tree.kind() {
        HirKind::Literal(literal) => String::from_utf8_lossy(&literal.0).contains(c),
        HirKind::Class(Class::Unicode(class)) => {
            class.ranges().iter().any(|range| range.start() <= c && c <= range.end())
        }
        HirKind::Class(Class::Bytes(class)) => {
            let byte = c as u32;
            class.ranges().iter().any(|range| u32::from(range.start()) <= byte && byte <= u32::from(range.end()))
        }
        HirKind::Capture(capture) => can_hold(&capture.sub, c),
        HirKind::Repetition(repetition) => can_hold(&repetition.sub, c),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(|part| can_hold(part, c)),
        HirKind::Empty | HirKind::Look(_) => false,
    }
}

fn must_hold(tree: &Hir, c: char) -> bool {
    match tree.kind() {
        HirKind::Literal(literal) => String::from_utf8_lossy(&literal.0).contains(c),
        HirKind::Capture(capture) => must_hold(&capture.sub, c),
        HirKind::Repetition(repetition) => repetition.min > 0 && must_hold(&repetition.sub, c),
        HirKind::Concat(parts) => parts.iter().any(|part| must_hold(part, c)),
        HirKind::Alternation(parts) => parts.iter().all(|part| must_hold(part, c)),
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => false,
    }
}

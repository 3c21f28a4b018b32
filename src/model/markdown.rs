//! What a Markdown text holds besides prose: active HTML, and details of the inside of
//! a network. Code samples are no part of it. Pure functions on text; knows no document.

use std::ops::Range;
use std::sync::LazyLock;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

use super::net::{HostClass, host_class};

/// What makes a text run a program in the page that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ActiveKind {
    /// An element that runs or embeds something.
    Tag,
    /// An attribute such as `onclick`.
    Handler,
    /// A link to `javascript:` and the like.
    Link,
}

/// A piece of active HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Active {
    /// What it is.
    pub kind: ActiveKind,
    /// Its name for people: `<script>`, `onclick`, `javascript:`.
    pub what: String,
    /// The bytes of the text it was found in.
    pub range: Range<usize>,
}

/// What a text tells of the inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DetailKind {
    /// A host name that only a local network resolves.
    Host,
    /// A private address.
    Address,
    /// A path in the file system of a machine.
    Path,
    /// The number of a cloud account.
    Account,
}

/// A detail of the inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// What it is.
    pub kind: DetailKind,
    /// Its bytes in the text.
    pub range: Range<usize>,
}

/// Elements that run or embed something, with the attributes without which they do nothing
/// (a script with a text in it does something too).
const ELEMENTS: [(&str, &[&str]); 4] =
    [("script", &["src"]), ("iframe", &["src", "srcdoc"]), ("object", &["data", "classid"]), ("embed", &["src"])];

/// Beginnings of URLs that run when they are followed.
const ACTIVE_URLS: [&str; 3] = ["javascript:", "vbscript:", "data:text/html"];

fn events(text: &str) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).into_offset_iter()
}

/// Active HTML in a Markdown text.
pub fn active(text: &str) -> Vec<Active> {
    static HINT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)<[a-z]|script:|data:text|&[#a-z]|&colon").ok());
    // Nearly all texts end here; only the others are searched, and fewer are parsed.
    if memchr::memchr3(b'<', b'&', b':', text.as_bytes()).is_none() {
        return Vec::new();
    }
    if !HINT.as_ref().is_some_and(|hint| hint.is_match(text)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    // Blocks of HTML come line by line.
    let mut block: Option<Range<usize>> = None;
    for (event, range) in events(text) {
        match event {
            Event::Html(_) => {
                block = Some(block.map_or(range.start, |block| block.start)..range.end);
                continue;
            }
            Event::InlineHtml(_) => html(text, range, &mut found),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                if let Some(what) = active_url(&dest_url) {
                    found.push(Active { kind: ActiveKind::Link, what, range });
                }
            }
            Event::End(TagEnd::HtmlBlock) => {
                if let Some(block) = block.take() {
                    html(text, block, &mut found);
                }
            }
            _ => {}
        }
    }
    found
}

/// The beginning that makes a URL active, as browsers read it: without blanks and control characters.
fn active_url(url: &str) -> Option<String> {
    let clean: String = url.chars().filter(|c| !c.is_whitespace() && !c.is_control()).take(32).collect();
    let clean = clean.to_ascii_lowercase();
    ACTIVE_URLS.iter().find(|start| clean.starts_with(**start)).map(|start| (*start).to_owned())
}

/// Tags of a piece of HTML.
fn html(text: &str, range: Range<usize>, found: &mut Vec<Active>) {
    let source = &text[range.clone()];
    let mut at = 0;
    while let Some(open) = source[at..].find('<').map(|open| at + open) {
        if source[open..].starts_with("<!--") {
            at = source[open..].find("-->").map_or(source.len(), |end| open + end + 3);
            continue;
        }
        let name_end =
            source[open + 1..].find(|c: char| !c.is_ascii_alphanumeric()).map_or(source.len(), |end| open + 1 + end);
        let name = source[open + 1..name_end].to_ascii_lowercase();
        at = open + 1;
        if name.is_empty() {
            continue;
        }
        let (attributes, end) = attributes(source, name_end);
        at = end.max(at);
        let place = range.start + open..range.start + end;
        let has = |wanted: &str| attributes.iter().any(|(name, _)| name == wanted);
        let is_closed = name == "script" && text[place.end..].to_ascii_lowercase().contains("</script");
        let acts = ELEMENTS.iter().any(|(known, needs)| *known == name && needs.iter().any(|need| has(need)));
        if acts || is_closed {
            found.push(Active { kind: ActiveKind::Tag, what: format!("<{name}>"), range: place.clone() });
        }
        for (attribute, value) in &attributes {
            let is_handler = attribute.len() > 4
                && attribute.starts_with("on")
                && attribute.bytes().all(|byte| byte.is_ascii_alphabetic());
            if is_handler && value.is_some() {
                found.push(Active { kind: ActiveKind::Handler, what: attribute.clone(), range: place.clone() });
            } else if let Some(what) = value.as_deref().and_then(active_url)
                && matches!(attribute.as_str(), "href" | "src" | "action" | "formaction" | "data")
            {
                found.push(Active { kind: ActiveKind::Link, what, range: place.clone() });
            }
        }
        if name == "script" {
            // Nothing inside is a tag.
            at = source[end..].to_ascii_lowercase().find("</script").map_or(source.len(), |close| end + close);
        }
    }
}

type Attribute = (String, Option<String>);

/// The attributes of a tag in lower case with their values, and where the tag ends.
fn attributes(source: &str, from: usize) -> (Vec<Attribute>, usize) {
    let bytes = source.as_bytes();
    let mut list = Vec::new();
    let mut at = from;
    loop {
        while bytes.get(at).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/') {
            at += 1;
        }
        match bytes.get(at) {
            None => return (list, at),
            Some(b'>') => return (list, at + 1),
            Some(_) => {}
        }
        let length =
            source[at..].find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/')).unwrap_or(source.len() - at);
        let name = source[at..at + length].to_ascii_lowercase();
        at += length;
        let blanks = source[at..].len() - source[at..].trim_start().len();
        if bytes.get(at + blanks) != Some(&b'=') {
            if length == 0 {
                at += source[at..].chars().next().map_or(1, char::len_utf8);
            }
            list.push((name, None));
            continue;
        }
        at += blanks + 1;
        at += source[at..].len() - source[at..].trim_start().len();
        let (value, rest) = match bytes.get(at) {
            Some(quote @ (b'"' | b'\'')) => {
                let inner = &source[at + 1..];
                let end = inner.find(char::from(*quote)).unwrap_or(inner.len());
                (&inner[..end], (at + 2 + end).min(source.len()))
            }
            _ => {
                let end = source[at..].find(|c: char| c.is_whitespace() || c == '>').unwrap_or(source.len() - at);
                (&source[at..at + end], at + end)
            }
        };
        list.push((name, Some(value.to_owned())));
        at = rest;
    }
}

/// Hosts, addresses, paths and accounts of the inside that a Markdown text tells outside its code samples.
pub fn details(text: &str) -> Vec<Detail> {
    let mut candidates = candidates(text);
    if candidates.is_empty() {
        return candidates;
    }
    let mut code: Vec<Range<usize>> = Vec::new();
    for (event, range) in events(text) {
        if matches!(event, Event::Code(_) | Event::Start(Tag::CodeBlock(_))) {
            code.push(range);
        }
    }
    candidates.retain(|detail| {
        !code.iter().any(|code| code.contains(&detail.range.start)) && !is_told_as_sample(text, detail.range.start)
    });
    candidates
}

/// Whether the sentence says before the place that what follows is an example.
fn is_told_as_sample(text: &str, at: usize) -> bool {
    static SAMPLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?i)\b(?:examples?|e\.\s?g|eg|such as|for instance|like|valid|looks? like|format|default)\b[^\n]*$",
        )
        .ok()
    });
    let from = text[..at].char_indices().rev().nth(120).map_or(0, |(from, _)| from);
    SAMPLE.as_ref().is_some_and(|sample| sample.is_match(&text[from..at]))
}

/// A regular expression that is compiled for the first text which has one of its marks, as most have none.
struct Shape {
    marks: &'static [&'static str],
    regex: LazyLock<Option<Regex>>,
}

impl Shape {
    /// The expression, if it can be found in a text. The text is in lower case.
    fn possible(&self, lower: &str) -> Option<&Regex> {
        let is_marked = self.marks.iter().any(|mark| lower.contains(mark));
        if is_marked { self.regex.as_ref() } else { None }
    }
}

static HOST: Shape = Shape {
    marks: &["://", ".internal:", ".intranet:", ".corp:", ".lan:", ".local:"],
    regex: LazyLock::new(|| {
        Regex::new(r"(?i)(?:https?|wss?|ftp|ssh|postgres|redis|amqp|mongodb)://(?:[^\s/@]*@)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)|\b([a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:internal|intranet|corp|lan|local):[0-9]{2,5})\b").ok()
    }),
};

static PATH: Shape = Shape {
    marks: &["/home/", "/users/", "/root/", ":\\"],
    regex: LazyLock::new(|| {
        Regex::new(
            r#"(?:^|[\s(\["'=])(/home/[a-z][a-z0-9._-]*/[\w./-]+|/Users/[a-z][a-z0-9._-]*/(?:Desktop|Documents|Downloads|[a-z]+/)[\w./-]*|/root/[\w./-]+|[A-Z]:\\(?:Users|inetpub)\\[\w .\\-]+)"#,
        )
        .ok()
    }),
};

static ACCOUNT: Shape = Shape {
    marks: &["arn:aws"],
    regex: LazyLock::new(|| Regex::new(r"\barn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:([0-9]{12}):").ok()),
};

static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b(?:/[0-9]{1,2}\b)?").ok());

/// Whether a text has digits on both sides of a full stop.
fn has_decimal(text: &str) -> bool {
    text.as_bytes().windows(3).any(|part| part[1] == b'.' && part[0].is_ascii_digit() && part[2].is_ascii_digit())
}

/// Account numbers of manuals.
const SAMPLE_ACCOUNTS: [&str; 4] = ["123456789012", "012345678901", "111122223333", "444455556666"];

fn candidates(text: &str) -> Vec<Detail> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for captures in HOST.possible(&lower).into_iter().flat_map(|host| host.captures_iter(text)) {
        if let Some(host) = captures.get(1).or_else(|| captures.get(2)) {
            let name = host.as_str().split(':').next().unwrap_or_default();
            if host_class(name) == HostClass::Internal && !is_sample_host(name) {
                found.push(Detail { kind: DetailKind::Host, range: host.range() });
            }
        }
    }
    let address = if has_decimal(text) { ADDRESS.as_ref() } else { None };
    for address in address.into_iter().flat_map(|address| address.find_iter(text)) {
        let is_network = address.as_str().contains('/');
        if !is_network && is_told_address(text, address.range()) {
            found.push(Detail { kind: DetailKind::Address, range: address.range() });
        }
    }
    for captures in PATH.possible(&lower).into_iter().flat_map(|path| path.captures_iter(text)) {
        found.extend(captures.get(1).map(|path| Detail { kind: DetailKind::Path, range: path.range() }));
    }
    for captures in ACCOUNT.possible(&lower).into_iter().flat_map(|account| account.captures_iter(text)) {
        if let Some(number) = captures.get(1) {
            let number = number.as_str();
            let counts = number.bytes().all(|digit| number.as_bytes().first() == Some(&digit));
            if !counts && !SAMPLE_ACCOUNTS.contains(&number) {
                found.extend(
                    captures.get(0).map(|arn| Detail { kind: DetailKind::Account, range: arn.start()..arn.end() - 1 }),
                );
            }
        }
    }
    found.sort_by_key(|detail| detail.range.start);
    found
}

/// Names that stand for any host: those of clusters, and those that say what they are.
fn is_sample_host(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".cluster.local")
        || name.split(['.', '-']).any(|word| {
            matches!(
                word,
                "example"
                    | "my"
                    | "your"
                    | "foo"
                    | "bar"
                    | "acme"
                    | "host"
                    | "hostname"
                    | "mydomain"
                    | "domain"
                    | "company"
                    | "test"
                    | "docker"
            )
        })
}

/// Whether what comes before an address says that a machine is there, as in `runs on 10.4.17.23`.
/// In commands and tables addresses are samples.
fn names_a_machine(before: &str) -> bool {
    const WORDS: [&str; 10] = ["on", "at", "from", "to", "via", "host", "server", "proxy", "machine", "behind"];
    let before = before.trim_end_matches(['`', '"', '\'', '(']);
    let word = before.trim_end().rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    before.ends_with("://")
        || before.ends_with(char::is_whitespace) && WORDS.contains(&word.to_ascii_lowercase().as_str())
}

/// A private address that is neither the first of its network nor part of a longer number or a version.
fn is_told_address(text: &str, range: Range<usize>) -> bool {
    let address = &text[range.clone()];
    let last = address.rsplit('.').next().unwrap_or_default();
    let around = |c: Option<char>| c.is_some_and(|c| matches!(c, '.' | '-' | '_') || c.is_alphanumeric());
    let before = text[..range.start].chars().next_back();
    let mut after = text[range.end..].chars();
    let next = after.next();
    // A full stop may end the sentence.
    let runs_on = around(next) && (next != Some('.') || after.next().is_some_and(char::is_alphanumeric));
    // `10.01.2.3` is written by no tool, and the smallest home networks are in every manual.
    let has_zero = address.split('.').any(|part| part.len() > 1 && part.starts_with('0'));
    let is_home = address.starts_with("192.168.0.") || address.starts_with("192.168.1.");
    let says_version = text[..range.start].trim_end().to_ascii_lowercase().ends_with("version");
    let says_range = next == Some('/') || text[range.end..].trim_start().starts_with(['-', '–']);
    host_class(address) == HostClass::Private
        && names_a_machine(&text[..range.start])
        && !matches!(last, "0" | "1" | "255")
        && !around(before)
        && !runs_on
        && !says_version
        && !has_zero
        && !is_home
        && !says_range
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        active(text).into_iter().map(|active| active.what).collect()
    }

    #[test]
    fn elements_that_run_are_active() {
        assert_eq!(found("Hi <script>alert(1)</script>"), ["<script>"]);
        assert_eq!(found("<SCRIPT src=x></SCRIPT>"), ["<script>"]);
        assert_eq!(found("see\n\n<iframe\n  src=\"https://a.b\"></iframe>\n"), ["<iframe>"]);
        assert_eq!(found("<object data=x.swf></object>"), ["<object>"]);
        assert_eq!(found("a <b>bold <img src=x ONERROR='alert(1)'> </b>"), ["onerror"]);
        assert_eq!(found("<div>\n<p onclick=go()>x</p>\n</div>"), ["onclick"]);
    }

    #[test]
    fn links_that_run_are_active() {
        assert_eq!(found("[a](javascript:alert(1))"), ["javascript:"]);
        assert_eq!(found("[a](JaVaScRiPt:alert)"), ["javascript:"]);
        assert_eq!(found("<javascript:alert(1)>"), ["javascript:"]);
        assert_eq!(found("![a](data:text/html;base64,xx)"), ["data:text/html"]);
        assert_eq!(found("[a][r]\n\n[r]: javascript:x"), ["javascript:"]);
        assert_eq!(found("<a href=' java\nscript:x'>y</a>"), ["javascript:"]);
    }

    #[test]
    fn code_and_plain_html_are_not() {
        for text in [
            "Use `<script>` here",
            "```html\n<script src=x></script>\n```",
            "    <script>x</script>\n",
            "a <b>bold</b> <br/> <a href=\"https://a.b\">x</a>",
            "A list of List<Object> and Map<String, Object>",
            "an <iframe> is shown",
            "run <module>.<script> by its name",
            "a &lt;script&gt; b",
            "eval(x) is not run",
            "\\<script>",
            "javascript: the good parts",
            "<!-- <script>x</script> -->",
            "on = 1 <p one=1 on=2>",
            "![a](data:image/png;base64,xx)",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn broken_html_does_no_harm() {
        for text in [
            "<a =",
            "<a b='",
            "<a b=\"c",
            "<",
            "<a ä=ö",
            "<p\u{a0}onx",
            "<script",
            "a <b c=d",
            "<a / / =>",
            "<a\u{2003}b=c>",
        ] {
            active(text);
            html(text, 0..text.len(), &mut Vec::new());
        }
    }

    fn told(text: &str) -> Vec<&str> {
        details(text).into_iter().map(|detail| &text[detail.range]).collect()
    }

    #[test]
    fn details_of_the_inside_are_found() {
        assert_eq!(told("Calls http://billing.prod.internal/v1 first."), ["billing.prod.internal"]);
        assert_eq!(told("Runs on 10.4.17.23."), ["10.4.17.23"]);
        assert_eq!(told("Built in /home/jmiller/orders/target daily"), ["/home/jmiller/orders/target"]);
        assert_eq!(told("see https://10.4.17.23:8443/login"), ["10.4.17.23"]);
        assert_eq!(told("from C:\\Users\\jmiller\\src"), ["C:\\Users\\jmiller\\src"]);
        assert_eq!(told("role arn:aws:iam::482915730264:role/x"), ["arn:aws:iam::482915730264"]);
        assert_eq!(told("broker at mq.corp:5672"), ["mq.corp:5672"]);
    }

    #[test]
    fn public_and_sample_details_are_not() {
        for text in [
            "see https://api.acme.com and http://localhost:8080",
            "`http://billing.internal`",
            "    http://billing.internal\n",
            "```\n10.4.17.23\n```",
            "10.0.0.0/8, 192.168.0.1, 10.2.3.0",
            "version 10.2.3.4, v10.2.3.4, 10.2.3.4.5, 10.2.3.4-10.2.3.9",
            "arn:aws:iam::123456789012:role/x",
            "http://my-service.internal, http://x.svc.cluster.local",
            "GET /Users/{id} and /home/page",
            "the file settings.local",
            "show bgp neighbors 10.250.18.202, 26=10.2.3.4",
            "collects /var/log/messages and /opt/agent/etc/id",
            "a list of hosts, for example: 10.4.17.23, 10.4.17.24",
            "a URL such as 'http://billing.prod.internal/v1'",
            "Invalid: 10.01.2.3, one of 192.168.1.7",
        ] {
            assert_eq!(told(text), Vec::<&str>::new(), "{text}");
        }
    }
}

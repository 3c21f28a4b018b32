//! Text that stands in files, made harmless: characters that steer a terminal
//! or hide other characters become visible escapes. Also makes the text of a
//! [`Message`]. Knows no output format; each format escapes its own syntax on top.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::finding::{Message, RuleInfo};

/// A quoted value is cut after this many characters: a message is a sentence, and a value may be a megabyte.
const VALUE_CHARS: usize = 120;

/// The text of a message: arguments filled in, cut where long, and made visible.
pub fn message(message: &Message) -> String {
    let mut text = String::with_capacity(message.template.len() + 32);
    let mut rest = &*message.template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&visible(&rest[..at]));
        let tail = &rest[at..];
        if tail.starts_with("{{") || tail.starts_with("}}") {
            text.push_str(&tail[..1]);
            rest = &tail[2..];
        } else if let Some(end) = tail.find('}').filter(|_| tail.starts_with('{')) {
            match message.args.iter().find(|(name, _)| **name == tail[1..end]) {
                Some((_, value)) => text.push_str(&shortened(value)),
                None => text.push_str(&visible(&tail[..=end])),
            }
            rest = &tail[end + 1..];
        } else {
            text.push_str(&tail[..1]);
            rest = &tail[1..];
        }
    }
    text.push_str(&visible(rest));
    match without_marks(&text) {
        Cow::Owned(safe) => safe,
        Cow::Borrowed(_) => text,
    }
}

/// What to do about a rule's findings: the first paragraph of its `fix`, and what to type in the format of the
/// gateway they are in (`kind`), on one line.
pub fn help(rule: &RuleInfo, kind: &str) -> String {
    let paragraph = rule.fix.trim().split("\n\n").next().unwrap_or_default();
    let here = rule.fix_in.iter().find(|(format, _)| format == kind).map_or("", |(_, text)| text.as_str());
    let words = paragraph.split_whitespace().chain(here.split_whitespace());
    let line = words.collect::<Vec<_>>().join(" ");
    visible(&line).into_owned()
}

fn shortened(value: &str) -> String {
    match value.char_indices().nth(VALUE_CHARS) {
        Some((end, _)) => format!("{}…", visible(&value[..end])),
        None => visible(value).into_owned(),
    }
}

/// `text` with every character that steers, hides or reorders shown as an
/// escape (`\n`, `\t`, `\u{1b}`, `\u{202e}`), and no `##[` or the like for a CI
/// to find. Borrowed when there is none.
pub fn visible(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.chars().any(is_hidden) {
        return without_marks(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push_visible(&mut shown, c);
    }
    match without_marks(&shown) {
        Cow::Owned(safe) => Cow::Owned(safe),
        Cow::Borrowed(_) => Cow::Owned(shown),
    }
}

/// Adds one character, as [`visible`] shows it.
pub fn push_visible(shown: &mut String, c: char) {
    match c {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        c if is_hidden(c) => {
            let _ = write!(shown, "\\u{{{:x}}}", c as u32);
        }
        c => shown.push(c),
    }
}

/// Log text in which no CI finds a command: `::` at the start of a line (after
/// blanks and colours, as GitHub's runner skips blanks), and `##[`, `##vso[`,
/// `##teamcity[` anywhere, as the runners of GitHub, Azure and TeamCity search
/// them. Each gets its first character escaped.
pub fn defused(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let start = line.len() - after_blanks_and_colours(line).len();
        let (head, body) = line.split_at(start);
        safe.push_str(head);
        match body.strip_prefix("::") {
            Some(rest) => safe.push_str(&format!("\\u{{3a}}:{}", without_marks(rest))),
            None => safe.push_str(&without_marks(body)),
        }
    }
    Cow::Owned(safe)
}

fn after_blanks_and_colours(line: &str) -> &str {
    let mut rest = line;
    loop {
        let trimmed = rest.trim_start();
        match trimmed.strip_prefix("\x1b[").and_then(|colour| colour.split_once('m')) {
            Some((_, after)) => rest = after,
            None => return trimmed,
        }
    }
}

/// `##` never stands before a `[` with nothing but letters between.
fn without_marks(text: &str) -> Cow<'_, str> {
    if !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        let after = &text[at..];
        let is_mark = |rest: &str| rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).starts_with('[');
        if c == '#' && after.strip_prefix("##").is_some_and(is_mark) {
            safe.push_str("\\u{23}");
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Whether `text` is printable ASCII, which most text is: told by byte, as every text of a report is asked.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether a character steers a terminal (C0, DEL, C1), reorders text (bidi),
/// takes no room (zero-width, variation selectors, tags), ends a line or may not
/// stand in XML. The two selectors that choose between text and emoji stand in
/// honest prose and stay.
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_filled_in_and_doubled_braces_are_braces() {
        let text = Message {
            template: "`{method} {path}` is {{open}} to {nobody}".into(),
            args: vec![("method".into(), "GET".into()), ("path".into(), "/a/{id}".into())],
        };
        assert_eq!(message(&text), "`GET /a/{id}` is {open} to {nobody}");
    }

    #[test]
    fn a_lone_brace_stays_as_it_is() {
        let text = Message { template: "a } b { c".into(), args: Vec::new() };
        assert_eq!(message(&text), "a } b { c");
        assert_eq!(message(&Message::plain("a {b} c")), "a {b} c");
    }

    #[test]
    fn a_long_value_is_cut() {
        let text = Message { template: "{x}".into(), args: vec![("x".into(), "é".repeat(500))] };
        assert_eq!(message(&text).chars().count(), VALUE_CHARS + 1);
    }

    #[test]
    fn commands_of_a_ci_are_broken() {
        assert_eq!(defused("::error::x\n  ::add-mask::y\na ::b\n"), "\\u{3a}:error::x\n  \\u{3a}:add-mask::y\na ::b\n");
        assert_eq!(defused("\x1b[31m::x"), "\x1b[31m\\u{3a}:x");
        assert_eq!(defused("a ###[error] ##VSO[task.x] ## [b]"), "a #\\u{23}#[error] \\u{23}#VSO[task.x] ## [b]");
        assert!(matches!(defused("a::b # c"), Cow::Owned(_) | Cow::Borrowed("a::b # c")));
    }

    #[test]
    fn characters_that_steer_or_hide_become_visible() {
        assert_eq!(visible("a\u{1b}[31m\u{202e}b\u{9b}\u{200b}\r\n"), "a\\u{1b}[31m\\u{202e}b\\u{9b}\\u{200b}\\r\\n");
        assert!(matches!(visible("größer 日本 🦀"), Cow::Borrowed(_)));
    }
}

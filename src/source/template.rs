//! Template actions in a text: `{{ }}` (Go, Helm, Jinja), `{% %}` (Jinja) and
//! `<% %>` (ERB). Finds where they stand; knows neither what they mean nor any syntax.

use memchr::memmem;

/// How actions begin and end.
const FORMS: [(&[u8; 2], &[u8; 2]); 3] = [(b"{{", b"}}"), (b"{%", b"%}"), (b"<%", b"%>")];

/// The template actions of one text. Each search for an end is bounded by what was
/// found missing before, so that asking at every byte stays linear.
#[derive(Debug)]
pub struct Actions<'t> {
    text: &'t [u8],
    /// Forms of which no end stands in the rest of the text.
    endless: [bool; FORMS.len()],
}

/// One template action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its first byte.
    pub start: usize,
    /// The byte after its last one.
    pub end: usize,
    /// Whether it stands for a text. If not, it is a condition, a loop or the like.
    pub is_text: bool,
}

impl<'t> Actions<'t> {
    /// The actions of `text`. They must be asked for from front to back.
    pub fn new(text: &'t str) -> Self {
        Self { text: text.as_bytes(), endless: [false; FORMS.len()] }
    }

    /// The action that begins at byte `at`.
    #[inline]
    pub fn at(&mut self, at: usize) -> Option<Action> {
        match self.text.get(at) {
            Some(b'{' | b'<') => self.find_end(at),
            _ => None,
        }
    }

    fn find_end(&mut self, start: usize) -> Option<Action> {
        let rest = &self.text[start..];
        let form = FORMS.iter().position(|(open, _)| rest.starts_with(*open))?;
        if self.endless[form] {
            return None;
        }
        let Some(length) = memmem::find(&rest[2..], FORMS[form].1) else {
            self.endless[form] = true;
            return None;
        };
        let mut end = start + 2 + length + 2;
        // `{{{ x }}}`
        if rest.get(2) == Some(&b'{') && self.text.get(end) == Some(&b'}') {
            end += 1;
        }
        let is_text = match form {
            0 => !is_control(&rest[2..2 + length]),
            1 => false,
            _ => rest.get(2) == Some(&b'='),
        };
        Some(Action { start, end, is_text })
    }
}

/// Whether what stands in `{{ }}` yields no text: the words, comments and variables of
/// Go (<https://pkg.go.dev/text/template#hdr-Actions>), the blocks of Handlebars.
fn is_control(inside: &[u8]) -> bool {
    let inside = inside.strip_prefix(b"-").unwrap_or(inside).trim_ascii_start();
    let name = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    match inside.first() {
        Some(b'/' | b'#' | b'!') => true,
        Some(b'$') => {
            let rest = inside[1 + name(&inside[1..])..].trim_ascii_start();
            rest.starts_with(b":=") || rest.starts_with(b"=")
        }
        _ => {
            let words: [&[u8]; 9] =
                [b"if", b"else", b"end", b"range", b"with", b"define", b"block", b"break", b"continue"];
            words.contains(&&inside[..name(inside)])
        }
    }
}

/// Whether an action begins anywhere in `text` outside of a line that is a comment (`#`).
pub fn is_in(text: &str) -> bool {
    let bytes = text.as_bytes();
    FORMS.iter().any(|(open, _)| {
        let mut from = 0;
        while let Some(at) = memmem::find(&bytes[from..], *open).map(|at| from + at) {
            let line = memchr::memrchr(b'\n', &bytes[from..at]).map_or(from, |lf| from + lf + 1);
            if bytes[line..at].trim_ascii_start().first() != Some(&b'#') {
                return true;
            }
            // From here on `from` is the start of a line.
            let Some(length) = memchr::memchr(b'\n', &bytes[at..]) else { return false };
            from = at + length + 1;
        }
        false
    })
}

/// `text` with something in the place of each action that no syntax minds: a word where
/// it stands for a text or in one, line breaks where nothing else stands on its line. As
/// long as `text`. `None` if there is no action.
pub fn mask(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut masked = bytes.to_vec();
    let mut actions = Actions::new(text);
    let mut line: Vec<Action> = Vec::new();
    let mut any = false;
    // Whether there are only blanks and actions on the line so far, up to `seen`.
    let (mut clean, mut seen, mut at) = (true, 0, 0);
    loop {
        let next = memchr::memchr3(b'\n', b'{', b'<', &bytes[at..]).map_or(bytes.len(), |length| at + length);
        let action = actions.at(next);
        let ends = matches!(bytes.get(next), None | Some(b'\n'));
        if ends || action.is_some() {
            let between = bytes[seen..next].trim_ascii_start();
            clean &= between.is_empty() || ends && between.starts_with(b"#");
        }
        if let Some(action) = action {
            line.push(action);
            (seen, at) = (action.end, action.end);
        } else {
            at = next + 1;
        }
        if ends {
            any |= !line.is_empty();
            for action in line.drain(..) {
                let fill = match (clean, action.is_text) {
                    (true, _) => b'\n',
                    (false, true) => b'x',
                    (false, false) => b' ',
                };
                masked[action.start..action.end].fill(fill);
            }
            (clean, seen) = (true, at);
        }
        if next >= bytes.len() {
            break;
        }
    }
    String::from_utf8(masked).ok().filter(|_| any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_as_long_as_its_text() {
        for (text, masked) in [
            ("a: {{ b }}\n", "a: xxxxxxx\n"),
            ("  {{- if b }}\na: 1", "  \n\n\n\n\n\n\n\n\n\n\n\na: 1"),
            ("{{ a }} {{ b }} # c\n", "\n\n\n\n\n\n\n \n\n\n\n\n\n\n # c\n"),
            ("a: b{% if c %}\n", "a: b          \n"),
            ("- \"{{ é \"b\" }}\"", "- \"xxxxxxxxxxxx\""),
            ("{{ a\n }}: b\n", "xxxxxxxx: b\n"),
            ("a {b: {{c}} }", "a {b: xxxxx }"),
        ] {
            assert_eq!(mask(text).as_deref(), Some(masked), "{text}");
            assert_eq!(text.len(), masked.len());
        }
        assert_eq!(mask("a: {b: {c: 1}}"), None);
        assert_eq!(mask("{{"), None);
    }

    fn action(text: &str) -> Option<(&str, bool)> {
        Actions::new(text).at(0).map(|action| (&text[action.start..action.end], action.is_text))
    }

    #[test]
    fn an_action_ends_at_its_own_bracket() {
        assert_eq!(action("{{ a }}b}}"), Some(("{{ a }}", true)));
        assert_eq!(action("{{{ a }}} }}"), Some(("{{{ a }}}", true)));
        assert_eq!(action("{% if a %}"), Some(("{% if a %}", false)));
        assert_eq!(action("<% if a %>"), Some(("<% if a %>", false)));
        assert_eq!(action("<%= a %>"), Some(("<%= a %>", true)));
        for control in ["{{ if a }}", "{{- end -}}", "{{/* a */}}", "{{- $a := .b }}", "{{#each a}}"] {
            assert_eq!(action(control), Some((control, false)));
        }
        for text in ["{{ iffy }}", "{{ $a }}", "{{- .end }}", "{{ include \"a\" . }}"] {
            assert_eq!(action(text), Some((text, true)));
        }
        assert_eq!(action("{{ a }"), None);
        assert_eq!(action("{ a }}"), None);
    }

    #[test]
    fn an_action_in_a_comment_makes_no_template() {
        assert!(!is_in("# {{ a }} {{ b }}\n  # {% c %}\na: 1"));
        assert!(is_in("# {{ a }}\nb: {{ c }}"));
        assert!(is_in("<% x %>"));
        assert!(!is_in("a: {b: {c: 1}}"));
    }

    #[test]
    fn many_actions_without_an_end_are_searched_once() {
        let text = "{{".repeat(1 << 20);
        let mut actions = Actions::new(&text);
        assert!((0..text.len()).all(|at| actions.at(at).is_none()));
        assert!(!is_in(&format!("#{text}")));
    }
}

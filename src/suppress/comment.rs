//! The text of a `gatelint:` comment. Knows one comment, not what it covers.

use crate::settings::Date;

/// What a comment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Whether the whole file is meant.
    pub whole_file: bool,
    /// The rules it names, at least one.
    pub rules: Vec<String>,
    /// The last day on which it is in force.
    pub until: Option<Date>,
    /// Why.
    pub reason: Option<String>,
}

/// Reads the text of a comment, without its `#`. `None` if it does not speak to
/// gatelint but only of it.
///
/// # Errors
/// What is wrong with a comment that does.
pub fn parse(text: &str) -> Option<Result<Directive, String>> {
    // Another tool's marker may stand before ours: `# noqa # gatelint: ignore[...]`.
    let rest = text.split('#').find_map(|part| part.trim_start().strip_prefix("gatelint:"))?;
    // The reason may hold a `#` itself.
    let start = rest.as_ptr() as usize - text.as_ptr() as usize;
    Some(directive(text[start..].trim()))
}

fn directive(text: &str) -> Result<Directive, String> {
    let word_end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(text.len());
    let (word, rest) = text.split_at(word_end);
    let whole_file = match word {
        "ignore" => false,
        "ignore-file" => true,
        _ => return Err(format!("`{word}` says nothing to gatelint, expected `ignore[...]` or `ignore-file[...]`")),
    };
    let listed = rest.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let Some((list, rest)) = listed else {
        return Err(format!("`{word}` names no rule, expected `{word}[rule-id]`"));
    };
    let rules: Vec<String> = list.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect();
    if rules.is_empty() {
        return Err(format!("`{word}[]` names no rule, expected `{word}[rule-id]`"));
    }
    let rest = rest.trim_start();
    let (until, reason) = match rest.strip_prefix("until=") {
        Some(rest) => {
            let (date, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            (Some(date.parse::<Date>().map_err(|error| error.to_string())?), reason)
        }
        None => (None, rest),
    };
    let reason = reason.trim_start_matches([' ', '\t', ':', '-', '\u{2014}']).trim_end();
    // Another tool's marker may stand behind; `#12` is an issue.
    let says_why = !reason.is_empty() && !reason.starts_with("# ");
    Ok(Directive { whole_file, rules, until, reason: says_why.then(|| reason.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Directive {
        parse(text).unwrap().unwrap()
    }

    #[test]
    fn rules_date_and_reason_are_read() {
        let directive = read("gatelint: ignore[rule-a, rule-b] until=2027-01-31 login is public, see #12");
        assert_eq!(directive.rules, ["rule-a", "rule-b"]);
        assert_eq!(directive.until, Some("2027-01-31".parse().unwrap()));
        assert_eq!(directive.reason.as_deref(), Some("login is public, see #12"));
        assert!(!directive.whole_file);
    }

    #[test]
    fn date_and_reason_may_be_left_out() {
        let directive = read("gatelint:ignore-file [rule-a]");
        assert_eq!((directive.whole_file, directive.until, directive.reason), (true, None, None));
        assert_eq!(read("gatelint: ignore[a] -- because").reason.as_deref(), Some("because"));
    }

    #[test]
    fn another_tools_marker_may_stand_before_or_behind() {
        assert_eq!(read("noqa # gatelint: ignore[a]").rules, ["a"]);
        assert_eq!(read("gatelint: ignore[a] # noqa").reason, None);
        assert_eq!(read("gatelint: ignore[a] #12").reason.as_deref(), Some("#12"));
    }

    #[test]
    fn prose_about_gatelint_says_nothing() {
        assert_eq!(parse("checked by gatelint: see the docs"), None);
    }

    #[test]
    fn a_comment_without_rules_or_with_a_wrong_date_is_an_error() {
        for text in [
            "gatelint: ignore",
            "gatelint: ignore because",
            "gatelint: ignore[]",
            "gatelint: ignore[ , ]",
            "gatelint: ignore[a",
            "gatelint: ignore-all[a]",
            "gatelint: disable[a]",
            "gatelint:",
            "gatelint: ignore[a] until=tomorrow",
            "gatelint: ignore[a] until=",
        ] {
            assert!(matches!(parse(text), Some(Err(_))), "{text}");
        }
    }
}

//! Small messages that many parts of Envoy's API are made of: text matchers, durations, fractions.

use super::super::Node;
use super::super::origin::OriginPattern;

/// What a text matcher compares with: <https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/matcher/v3/string.proto>.
pub(super) enum Matcher<'s> {
    Exact(&'s str),
    Prefix(&'s str),
    Suffix(&'s str),
    Contains(&'s str),
    /// The whole text matches an expression.
    Regex(&'s str),
}

impl<'s> Matcher<'s> {
    /// Reads a `StringMatcher`, with the value that says what to compare with.
    pub(super) fn read(node: Node<'s>) -> Option<(Self, Node<'s>)> {
        let plain = |key: &str| node.get(key).and_then(|value| Some((value.text()?, value)));
        if let Some((text, value)) = plain("exact") {
            return Some((Self::Exact(text), value));
        }
        if let Some((text, value)) = plain("prefix") {
            return Some((Self::Prefix(text), value));
        }
        if let Some((text, value)) = plain("suffix") {
            return Some((Self::Suffix(text), value));
        }
        if let Some((text, value)) = plain("contains") {
            return Some((Self::Contains(text), value));
        }
        let regex = node.path(&["safe_regex", "regex"]).or_else(|| node.get("regex"))?;
        Some((Self::Regex(regex.text()?), regex))
    }

    pub(super) fn origin(&self) -> OriginPattern {
        match self {
            Self::Exact("*") => OriginPattern::Any,
            Self::Exact("null") => OriginPattern::Null,
            Self::Exact(text) => OriginPattern::Exact((*text).to_owned()),
            Self::Prefix(text) => OriginPattern::prefix(text),
            Self::Suffix(text) => OriginPattern::suffix(text),
            Self::Contains(text) => OriginPattern::contains(text),
            Self::Regex(text) => OriginPattern::full(text),
        }
    }
}

/// Seconds of a duration: `1.5s`, or a message of `seconds` and `nanos`.
pub(super) fn seconds(node: Node<'_>) -> Option<f64> {
    if node.is_map() {
        let number = |key: &str| node.get(key).map_or(Some(0.0), Node::number);
        return Some(number("seconds")? + number("nanos")? / 1e9);
    }
    let number = node.text()?.trim().strip_suffix('s')?;
    number.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
}

/// Whether a runtime fraction (`RuntimeFractionalPercent`, or a bare `FractionalPercent`) is more than nothing.
pub(super) fn is_some_of(fraction: Node<'_>) -> bool {
    let percent = fraction.get("default_value").unwrap_or(fraction);
    percent.get("numerator").and_then(Node::number).is_some_and(|numerator| numerator > 0.0)
}

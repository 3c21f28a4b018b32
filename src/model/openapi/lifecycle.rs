//! When an operation ends: sunset dates in extensions and in response headers
//! (RFC 8594), deprecation dates (RFC 9745). Knows dates, not what day it is.

use super::Api;
use super::content::header_values;
use super::grammar::Object;
use super::operation::Operation;
use super::response::documented;
use super::walk::Edge;
use crate::settings::Date;
use crate::source::NodeKind;
use crate::span::At;
use crate::words;

/// A date and the value that states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The date.
    pub date: Date,
    /// The value.
    pub at: At,
}

/// The day on which an operation ends, by an extension (`x-sunset`, a `removalDate` in an extension) or by a
/// value shown for the response header `Sunset`.
pub fn sunset(api: &Api, operation: &Operation) -> Option<Stated> {
    let ends = |key: &str| words::split(key).iter().any(|word| matches!(word.as_str(), "sunset" | "removal"));
    extension_dates(api, operation, &ends).next().or_else(|| {
        let shown = headers(api, operation).filter(|(name, _)| name.eq_ignore_ascii_case("sunset"));
        shown.flat_map(|(_, header)| header_values(api, header)).find_map(|at| stated(api, at))
    })
}

/// Whether something besides a text says when an operation ends, or since when it is deprecated: an extension
/// with a date, or a response header `Sunset` or `Deprecation`.
pub fn is_announced(api: &Api, operation: &Operation) -> bool {
    const HEADERS: [&str; 2] = ["sunset", "deprecation"];
    const WORDS: [&str; 5] = ["sunset", "removal", "deprecation", "deprecated", "deprecate"];
    let about = |key: &str| words::split(key).iter().any(|word| WORDS.contains(&word.as_str()));
    extension_dates(api, operation, &about).next().is_some()
        || headers(api, operation).any(|(name, _)| HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

/// Dates in the extensions of an operation: of a key that `about` picks, or inside an extension of a vendor.
fn extension_dates<'a>(
    api: &'a Api,
    operation: &Operation,
    about: &'a dyn Fn(&str) -> bool,
) -> impl Iterator<Item = Stated> + 'a {
    let view = &api.view;
    let is_extension = |entry: &At| view.key(*entry).is_some_and(|key| key.starts_with("x-"));
    view.children(operation.at).filter(is_extension).flat_map(move |entry| {
        let value = view.resolve(entry);
        let inside = view.children(value).filter(move |_| view.kind(value) == NodeKind::Map);
        let picked = std::iter::once(entry).chain(inside).filter(move |&entry| view.key(entry).is_some_and(about));
        picked.filter_map(move |entry| stated(api, view.resolve(entry)))
    })
}

/// Response headers of an operation: the name under which a response has it, and object number.
fn headers<'a>(api: &'a Api, operation: &Operation) -> impl Iterator<Item = (&'a str, u32)> + 'a {
    let parts = documented(api, operation).flat_map(|(_, response)| api.graph.out(response));
    parts.filter_map(|&(number, edge)| match (edge, api.graph.objects[number as usize].object) {
        (Edge::Named(entry), Object::Header) => Some((api.view.key(entry)?, number)),
        _ => None,
    })
}

fn stated(api: &Api, at: At) -> Option<Stated> {
    let text = Some(at).filter(|&at| api.view.is_scalar(at)).map(|at| api.view.text(at))?;
    Some(Stated { date: date(text)?, at })
}

/// The day of an ISO 8601 date or time, or of an HTTP date (RFC 9110 section 5.6.7).
fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    let day = text.get(..10).filter(|_| text.len() == 10 || text[10..].starts_with(['T', 't', ' ']));
    day.and_then(|day| day.parse().ok()).or_else(|| {
        let time = httpdate::parse_http_date(text).ok()?;
        let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Date::from_days(since.as_secs() / 86_400))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_extensions_and_headers_write_them() {
        for text in ["2026-03-31", " 2026-03-31 ", "2026-03-31T23:59:59Z", "Tue, 31 Mar 2026 23:59:59 GMT"] {
            assert_eq!(date(text).map(|date| date.to_string()).as_deref(), Some("2026-03-31"), "{text}");
        }
        for text in ["", "soon", "2026-13-01", "2026-03-311", "@1774000000", "März 2026, am 1."] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}

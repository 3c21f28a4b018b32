//! Whether a text is the URL of a server, and the path of one. Stricter than
//! clients, which repair a lot; RFC 3986 decides, but templates (`{tenant}`) are
//! taken as written. Pure functions on text; knows no document.

use url::{Host, Url};

use super::net::{self, Scheme};

/// What makes a text no URL of a server, in the order of `fields::URL_FAULTS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlFault {
    /// Nothing is written.
    Empty,
    /// A scheme, but no host.
    NoHost,
    /// A host without its scheme, which clients read as a path.
    NoScheme,
    /// Blanks, or characters that no URL has.
    Characters,
    /// Anything else that does not parse.
    Malformed,
    /// A relative URL; whether that is allowed depends on who asks.
    Relative,
}

/// What is wrong with a URL; `None` for an absolute one that is right.
pub fn fault(text: &str) -> Option<UrlFault> {
    let text = text.trim();
    if text.is_empty() {
        return Some(UrlFault::Empty);
    }
    let is_foreign =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\\' | '^' | '`' | '|');
    if text.contains(is_foreign) {
        return Some(UrlFault::Characters);
    }
    let parts = net::parse(text);
    match parts.scheme {
        Some(Scheme::Http | Scheme::Https | Scheme::Ws | Scheme::Wss) => {
            let has_slashes = text.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//"));
            match () {
                () if parts.host.is_none() => Some(UrlFault::NoHost),
                () if !has_slashes => Some(UrlFault::Malformed),
                () if text.contains('{') => None,
                () => Url::parse(text).is_err().then_some(UrlFault::Malformed),
            }
        }
        Some(Scheme::File | Scheme::Other) => None,
        None if text.starts_with('{') => None,
        None if text.starts_with("//") && parts.host.is_none() => Some(UrlFault::NoHost),
        None => Some(relative(text)),
    }
}

/// The path of a URL, without scheme, host, query and fragment.
pub fn path(text: &str) -> &str {
    let text = text.trim();
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let text = &text[..end];
    let after = text.split_once("://").map(|(_, after)| after).or_else(|| text.strip_prefix("//"));
    after.map_or(text, |after| after.find('/').map_or("", |slash| &after[slash..]))
}

/// A text without scheme: a relative URL, unless its first segment is meant to be a host.
fn relative(text: &str) -> UrlFault {
    let first = text.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = first.split_once(':').map_or((first, None), |(host, port)| (host, Some(port)));
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_host = || {
        let is_address = matches!(Host::parse(host), Ok(Host::Ipv4(_)));
        // `token.json` may be a file; a name of three parts is none.
        let is_name = host.matches('.').count() >= 2 && net::registrable_domain(host).is_some();
        host == "localhost" || is_address || is_name
    };
    match port {
        Some(port) if is_port(port) => UrlFault::NoScheme,
        // RFC 3986 section 4.2: the first segment of a relative path has no colon.
        Some(_) => UrlFault::Malformed,
        None if !first.is_empty() && is_host() => UrlFault::NoScheme,
        None => UrlFault::Relative,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_urls_are_right_also_as_templates() {
        for text in [
            "https://a/t",
            "HTTP://id.example.com:8443/oauth?x=1#y",
            "https://login.example.com/{tenant}/token",
            "https://{tenant}.example.com/token",
            "{issuer}/token",
            "https://[::1]:9000/token",
            "myapp:callback",
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_url_is_named() {
        let faults = [
            ("", UrlFault::Empty),
            ("  ", UrlFault::Empty),
            ("https://", UrlFault::NoHost),
            ("https:///token", UrlFault::NoHost),
            ("https:id.example.com/token", UrlFault::Malformed),
            ("https://id.example.com:99999/token", UrlFault::Malformed),
            ("https://[::1/token", UrlFault::Malformed),
            ("htt ps://id.example.com", UrlFault::Characters),
            ("<your token URL>", UrlFault::Characters),
            ("id.example.com/token", UrlFault::NoScheme),
            ("localhost:9000/token", UrlFault::NoScheme),
            ("10.0.0.4/token", UrlFault::NoScheme),
            ("1st:token", UrlFault::Malformed),
        ];
        for (text, expected) in faults {
            assert_eq!(fault(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_path_alone_is_relative() {
        for text in ["/oauth/token", "token", "oauth/token.json", "../token", "//id.example.com/token", "?x"] {
            assert_eq!(fault(text), Some(UrlFault::Relative), "{text}");
        }
    }

    #[test]
    fn the_path_is_what_stands_between_host_and_query() {
        assert_eq!(path("https://id.example.com/.well-known/x?y#z"), "/.well-known/x");
        assert_eq!(path("https://id.example.com"), "");
        assert_eq!(path("//id.example.com/a"), "/a");
        assert_eq!(path("/a?b=c://d/e"), "/a");
    }
}

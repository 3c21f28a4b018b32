//! Host patterns of gateways as languages: which host names a pattern admits, and a name that
//! shows where two of them meet. Knows no format. Host names are compared without regard to case;
//! ports are not part of them.

use std::fmt;

use super::path::{Anchoring, Flavour, TextRegex};

/// Which hosts a listener or a route is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostPattern {
    /// All hosts.
    Any,
    /// One host.
    Exact(String),
    /// Hosts that end so: `.example.com`, or `-api.example.com` where a vendor allows that.
    Suffix {
        /// The end.
        text: String,
        /// How many labels may stand before it.
        depth: Depth,
        /// Whether the name without the dot is meant too, as with `.example.com` in nginx.
        itself: bool,
    },
    /// Hosts that begin so: `www.`.
    Prefix(String),
    /// Hosts that an expression matches.
    Regex(TextRegex),
    /// What is not understood, as it stands in the configuration.
    Opaque(String),
}

/// What a `*` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// One label: Ingress of Kubernetes.
    One,
    /// One label or more: nginx, Kong, Envoy, Istio, Gateway API.
    Many,
}

impl HostPattern {
    /// A name in which the first or last character may be a `*`; `*` alone is any host.
    pub fn wildcard(host: &str, depth: Depth) -> Self {
        let host = host.to_ascii_lowercase();
        if host == "*" {
            Self::Any
        } else if host.trim_matches('*').contains('*') {
            Self::Opaque(host)
        } else if let Some(text) = host.strip_prefix('*') {
            Self::Suffix { text: text.to_owned(), depth, itself: false }
        } else if let Some(text) = host.strip_suffix('*') {
            Self::Prefix(text.to_owned())
        } else {
            Self::Exact(host)
        }
    }

    /// A `server_name` of nginx; `_` is what people write for any host.
    ///
    /// Source: <https://nginx.org/en/docs/http/server_names.html>.
    pub fn nginx(name: &str) -> Self {
        if let Some(source) = name.strip_prefix('~') {
            return Self::regex(source, Flavour::Pcre, Anchoring::Search);
        }
        match name {
            "_" | "" => Self::Any,
            _ if name.starts_with('.') => {
                Self::Suffix { text: name.to_ascii_lowercase(), depth: Depth::Many, itself: true }
            }
            _ => Self::wildcard(name, Depth::Many),
        }
    }

    /// Hosts that an expression matches.
    pub fn regex(source: &str, flavour: Flavour, anchoring: Anchoring) -> Self {
        Self::Regex(TextRegex::new(source, flavour, anchoring, true))
    }

    /// Whether it admits a host; none if that cannot be told.
    pub fn admits(&self, host: &str) -> Option<bool> {
        let host = host.to_ascii_lowercase();
        match self {
            Self::Any => Some(true),
            Self::Exact(name) => Some(*name == host),
            Self::Suffix { text, depth, itself } => {
                let is_itself = *itself && text.strip_prefix('.') == Some(&host);
                let is_below = host
                    .strip_suffix(text.as_str())
                    .is_some_and(|labels| !labels.is_empty() && (*depth == Depth::Many || !labels.contains('.')));
                Some(is_itself || is_below)
            }
            Self::Prefix(text) => Some(host.len() > text.len() && host.starts_with(text.as_str())),
            Self::Regex(regex) => regex.is_match(&host),
            Self::Opaque(_) => None,
        }
    }

    fn surely_admits(&self, host: &str) -> bool {
        self.admits(host) == Some(true)
    }

    /// Whether it admits every host that `other` admits; none if that cannot be told.
    pub fn covers(&self, other: &Self) -> Option<bool> {
        if *self == Self::Any || self == other {
            return Some(true);
        }
        match (self, other) {
            (Self::Opaque(_), _) | (_, Self::Opaque(_)) => None,
            (_, Self::Exact(name)) => self.admits(name),
            (Self::Exact(_) | Self::Suffix { .. } | Self::Prefix(_), Self::Any) => Some(false),
            (Self::Exact(_), Self::Suffix { .. } | Self::Prefix(_)) => Some(false),
            (Self::Suffix { text, depth, .. }, Self::Suffix { text: inner, depth: inner_depth, itself }) => {
                let bare = inner.strip_prefix('.').filter(|_| *itself);
                let is_inside = match inner.strip_suffix(text.as_str()) {
                    Some("") => *depth == Depth::Many || *inner_depth == Depth::One,
                    // What stands before the end of the inner one is part of a label, or of several.
                    Some(more) => *depth == Depth::Many || (!more.contains('.') && *inner_depth == Depth::One),
                    None => false,
                };
                Some(is_inside && bare.is_none_or(|bare| self.surely_admits(bare)))
            }
            (Self::Prefix(start), Self::Prefix(text)) => Some(text.starts_with(start.as_str())),
            (Self::Suffix { .. }, Self::Prefix(_)) | (Self::Prefix(_), Self::Suffix { .. }) => Some(false),
            _ => {
                let is_missed = other.witnesses().iter().any(|host| self.admits(host) == Some(false));
                is_missed.then_some(false)
            }
        }
    }

    /// A host that both admit; none if there is none, or none was found.
    pub fn overlaps(&self, other: &Self) -> Option<String> {
        let (first, second) = (self.witnesses(), other.witnesses());
        let mut tried: Vec<String> = first.iter().chain(&second).cloned().collect();
        for (one, hosts) in [(self, &second), (other, &first)] {
            for host in hosts {
                match one {
                    Self::Suffix { text, .. } => {
                        let start = host.trim_end_matches('x').trim_end_matches('.');
                        tried.extend([format!("{start}{text}"), format!("{host}{text}"), format!("x{text}")]);
                    }
                    Self::Prefix(text) => tried.extend([format!("{text}{host}"), format!("{text}.{host}")]),
                    _ => {}
                }
            }
        }
        tried.into_iter().find(|host| self.surely_admits(host) && other.surely_admits(host))
    }

    /// Hosts that it admits.
    pub fn witnesses(&self) -> Vec<String> {
        let mut hosts = match self {
            Self::Any => vec!["any.test".to_owned()],
            Self::Exact(name) => vec![name.clone()],
            Self::Suffix { text, .. } => {
                vec![text.trim_start_matches('.').to_owned(), format!("x{text}"), format!("x.x{text}")]
            }
            Self::Prefix(text) => vec![format!("{text}test"), format!("{text}x")],
            Self::Regex(regex) => {
                let mut hosts = regex.examples().to_vec();
                let longer: Vec<String> = hosts.iter().map(|host| format!("{host}.test")).collect();
                hosts.extend(longer);
                hosts
            }
            Self::Opaque(_) => Vec::new(),
        };
        hosts.retain(|host| !host.is_empty() && self.surely_admits(host));
        hosts
    }

    /// How narrow it is, for gateways that prefer narrow ones: exact names, then ends, then beginnings, longer first.
    pub fn specificity(&self) -> (u8, usize) {
        match self {
            Self::Exact(name) => (4, name.len()),
            Self::Suffix { text, .. } => (3, text.len()),
            Self::Prefix(text) => (2, text.len()),
            Self::Regex(_) => (1, 0),
            Self::Any | Self::Opaque(_) => (0, 0),
        }
    }
}

/// Hosts as their patterns are written.
impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Exact(name) | Self::Opaque(name) => f.write_str(name),
            Self::Suffix { text, itself: true, .. } => f.write_str(text),
            Self::Suffix { text, .. } => write!(f, "*{text}"),
            Self::Prefix(text) => write!(f, "{text}*"),
            Self::Regex(regex) => write!(f, "~ {}", regex.source),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn many(host: &str) -> HostPattern {
        HostPattern::wildcard(host, Depth::Many)
    }

    fn one(host: &str) -> HostPattern {
        HostPattern::wildcard(host, Depth::One)
    }

    #[test]
    fn a_star_is_one_label_or_many() {
        assert_eq!(one("*.a.test").admits("x.a.test"), Some(true));
        assert_eq!(one("*.a.test").admits("x.y.a.test"), Some(false));
        assert_eq!(many("*.a.test").admits("x.y.a.test"), Some(true));
        assert_eq!(many("*.a.test").admits("a.test"), Some(false));
        assert_eq!(many("a.*").admits("a.test"), Some(true));
        assert_eq!(many("*-api.a.test").admits("X-API.A.test"), Some(true));
        assert!(matches!(many("a.*.b"), HostPattern::Opaque(_)));
    }

    #[test]
    fn server_names_of_nginx_are_read() {
        assert_eq!(HostPattern::nginx(".a.test").admits("a.test"), Some(true));
        assert_eq!(HostPattern::nginx(".a.test").admits("x.y.a.test"), Some(true));
        assert_eq!(HostPattern::nginx("_"), HostPattern::Any);
        assert_eq!(HostPattern::nginx("~^api\\d+\\.a\\.test$").admits("API1.a.test"), Some(true));
        assert_eq!(HostPattern::nginx("~(").admits("a"), None);
    }

    #[test]
    fn narrow_hosts_come_before_wide_ones() {
        let order = [HostPattern::Any, many("a.*"), many("*.test"), many("*.a.test"), many("x.a.test")];
        assert!(order.is_sorted_by_key(HostPattern::specificity));
    }

    #[test]
    fn a_host_that_both_admit_is_found() {
        for (a, b) in [
            (many("*.test"), many("*.a.test")),
            (many("*.a.test"), many("www.*")),
            (one("*.a.test"), many("*-x.a.test")),
            (HostPattern::Any, one("*.a.test")),
            (HostPattern::nginx(".a.test"), many("a.test")),
            (HostPattern::nginx("~^api\\d\\."), many("*.test")),
            (many("a.*"), many("a.b.*")),
        ] {
            for (a, b) in [(&a, &b), (&b, &a)] {
                let host = a.overlaps(b).unwrap_or_else(|| panic!("{a} and {b}"));
                assert!(a.surely_admits(&host) && b.surely_admits(&host), "{a}, {b}: {host}");
            }
        }
        assert_eq!(one("*.test").overlaps(&one("*.a.test")), None);
        assert_eq!(many("*.b.test").overlaps(&many("*.a.test")), None);
        assert_eq!(many("a.test").overlaps(&many("b.test")), None);
    }

    fn host() -> impl Strategy<Value = HostPattern> {
        let name = "(a|b|ab)(\\.(a|b|test)){0,2}";
        prop_oneof![
            Just(HostPattern::Any),
            name.prop_map(|name| many(&name)),
            name.prop_map(|name| one(&format!("*.{name}"))),
            name.prop_map(|name| many(&format!("*.{name}"))),
            name.prop_map(|name| many(&format!("*-{name}"))),
            name.prop_map(|name| many(&format!("{name}.*"))),
            name.prop_map(|name| HostPattern::nginx(&format!(".{name}"))),
        ]
    }

    proptest! {
        #[test]
        fn what_is_covered_is_admitted(a in host(), b in host(), names in proptest::collection::vec("([abx]|x-a|test)(\\.([abx]|test)){0,4}", 40)) {
            let missed = names.iter().chain(&b.witnesses()).find(|name| b.surely_admits(name) && !a.surely_admits(name)).cloned();
            if missed.is_some() {
                prop_assert_ne!(a.covers(&b), Some(true), "{:?}, {:?}: {:?}", a, b, missed);
            }
            let shared = names.iter().find(|name| a.surely_admits(name) && b.surely_admits(name));
            if let Some(shared) = shared {
                prop_assert!(a.overlaps(&b).is_some(), "{:?}, {:?}: {}", a, b, shared);
            }
            if let Some(host) = a.overlaps(&b) {
                prop_assert!(a.surely_admits(&host) && b.surely_admits(&host));
            }
        }
    }
}

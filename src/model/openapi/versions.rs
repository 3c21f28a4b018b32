//! Versions of an API that one document serves side by side: operations whose method and
//! path are the same but for a version segment. Knows paths, not what an operation does.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use super::Api;
use super::operation::{Role, segments};

/// A version as a path writes it, ordered by age: `v1alpha1`, `v1beta1`, `v1`, `v1.1`, `v2`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    numbers: [u32; 3],
    /// Before a release: alpha, beta, candidate; then the release itself.
    stage: u8,
    step: u32,
}

/// By operation: which version it is of, and its successors.
#[derive(Debug, Default)]
pub struct Versions {
    of: Vec<Option<Twin>>,
}

/// What is known of an operation that exists in several versions.
#[derive(Clone, Debug)]
pub struct Twin {
    /// The version segment of its path.
    pub version: String,
    /// The same operation in newer versions, the next one first: indices.
    pub newer: Vec<u32>,
}

impl Versions {
    /// Pairs the operations that clients call, in near-linear time.
    pub fn new(api: &Api) -> Self {
        let mut families: HashMap<String, Vec<(Version, u32, &str)>> = HashMap::new();
        for (index, operation) in api.operations.iter().enumerate() {
            let item = &api.items[operation.item as usize];
            if item.role != Role::Incoming {
                continue;
            }
            let path = api.view.key(item.entry).unwrap_or_default();
            if let Some((family, version, text)) = family(&operation.method, path) {
                families.entry(family).or_default().push((version, index as u32, text));
            }
        }
        let mut of = vec![None; api.operations.len()];
        for mut family in families.into_values().filter(|family| family.len() > 1) {
            family.sort();
            for (rank, (version, index, text)) in family.iter().enumerate() {
                let first = rank + family[rank..].partition_point(|(other, ..)| other <= version);
                // A family is as large as the API has versions: a hostile one is cut off.
                let newer = family[first..].iter().take(MOST_VERSIONS).map(|&(_, other, _)| other).collect();
                of[*index as usize] = Some(Twin { version: (*text).to_owned(), newer });
            }
        }
        Self { of }
    }

    /// What is known of an operation; `None` if there is no other version of it.
    pub fn of(&self, operation: u32) -> Option<&Twin> {
        self.of.get(operation as usize)?.as_ref()
    }
}

/// How many successors of one operation are looked at.
const MOST_VERSIONS: usize = 8;

/// What all versions of an operation share, and which version this is.
fn family<'p>(method: &str, path: &'p str) -> Option<(String, Version, &'p str)> {
    let segments = segments(path);
    let (at, version) = segments.iter().enumerate().find_map(|(at, segment)| {
        // `/2/tweets`: a bare number is a version only where the path begins.
        let bare = segment.bytes().all(|byte| byte.is_ascii_digit());
        let begins = at == 0 || at == 1 && segments[0].eq_ignore_ascii_case("api");
        (!bare || begins).then(|| parse(segment)).flatten().map(|version| (at, version))
    })?;
    let mut family = method.to_owned();
    for (index, segment) in segments.iter().enumerate() {
        family.push('/');
        match index == at {
            true => family.push_str("{version}"),
            false if segment.contains('{') => family.push_str("{}"),
            false => family.push_str(segment),
        }
    }
    // A trailing slash makes another path.
    family.extend(path.ends_with('/').then_some('/'));
    Some((family, version, segments[at]))
}

/// Reads a version segment: `v2`, `v1.1`, `v1beta2`, `2`, `2.1`, `2024-10-01`.
fn parse(segment: &str) -> Option<Version> {
    static SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let parts =
            r"(?i)^v?(\d{1,6})(?:[._-](\d{1,6}))?(?:[._-](\d{1,6}))?(?:[._-]?(alpha|beta|rc|preview)(\d{0,6}))?$";
        Regex::new(parts).ok()
    });
    let found = SHAPE.as_ref()?.captures(segment)?;
    let number = |group: usize| found.get(group).and_then(|text| text.as_str().parse().ok()).unwrap_or(0);
    let stage = match found.get(4).map(|stage| stage.as_str().to_ascii_lowercase()).as_deref() {
        Some("alpha") => 0,
        Some("beta" | "preview") => 1,
        Some("rc") => 2,
        _ => 3,
    };
    Some(Version { numbers: [number(1), number(2), number(3)], stage, step: number(5) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_age() {
        let order = ["v1alpha1", "v1beta1", "v1beta2", "v1-rc", "v1", "v1.1", "V2", "2024-02-01", "2024-10-01"];
        let parsed: Vec<Version> = order.iter().map(|text| parse(text).expect("a version")).collect();
        assert!(parsed.is_sorted(), "{parsed:?}");
        assert_eq!(parse("v1"), parse("1.0"));
        for text in ["orders", "v", "version", "v1x", "{version}", "vv1", "1.2.3.4", "99999999999"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn versions_of_an_operation_share_everything_but_the_version_segment() {
        let shared = |path| family("GET", path).map(|(family, ..)| family);
        assert_eq!(shared("/v1/orders/{id}"), shared("/v2/orders/{orderId}"));
        assert_eq!(shared("/orders/v1"), shared("/orders/v2"));
        assert_ne!(shared("/v1/orders"), shared("/v2/bills"));
        assert_ne!(shared("/v1/orders"), shared("/v1/orders/"));
        assert_eq!(shared("/api/1/orders"), shared("/api/2/orders"));
        assert_eq!(shared("/pages/1"), None);
        assert_eq!(shared("/orders"), None);
    }
}

//! Two path patterns side by side: whether one admits all that the other does, and a path that
//! both admit. Decided by structure where that is exact, by examples elsewhere.

use super::{Language, PathPattern};

/// So many paths are tried for a pair.
const MOST_TRIED: usize = 64;

impl PathPattern {
    /// Paths that it admits: the shortest, and such that go beyond what is written.
    pub fn witnesses(&self) -> Vec<String> {
        let mut paths = match &self.language {
            Language::Any => vec!["/".to_owned(), "/x".to_owned(), "/x/y".to_owned()],
            Language::Exact(text) => vec![text.clone()],
            Language::RawPrefix(text) => beyond(text),
            Language::SegmentPrefix(text) if text.is_empty() => vec!["/".to_owned(), "/x".to_owned()],
            Language::SegmentPrefix(text) => vec![text.clone(), format!("{text}/"), format!("{text}/x")],
            Language::Template(template) => {
                vec![template.fill(""), template.fill(&"/a-b.c_d".repeat(template.segments.len() + 1))]
            }
            Language::Regex(regex) => {
                let examples = regex.examples();
                let mut paths = examples.to_vec();
                for text in examples {
                    paths.extend(beyond(text));
                    let below = [format!("/x{text}"), format!("/{text}"), format!("/x/{text}")];
                    // `.php` is the end of a name, `admin` is a name.
                    paths.extend(below.into_iter().skip(usize::from(text.starts_with(|c: char| c.is_alphanumeric()))));
                }
                paths
            }
            Language::Opaque(_) => Vec::new(),
        };
        paths.retain(|path| path.starts_with('/') && self.surely_admits(path));
        let mut seen = std::collections::HashSet::new();
        paths.retain(|path| seen.insert(path.clone()));
        paths
    }

    /// Whether it admits every path that `other` admits; none if that cannot be told.
    pub fn covers(&self, other: &Self) -> Option<bool> {
        if self == other {
            return Some(true);
        }
        let (ours, theirs) = (self.plain(), other.plain());
        if ours.language == Language::Any || ours == theirs {
            return Some(true);
        }
        if let Some(decided) = ours.covers_by_structure(&theirs) {
            return Some(decided);
        }
        let is_missed = theirs.witnesses().iter().any(|path| ours.admits(path) == Some(false));
        is_missed.then_some(false)
    }

    /// Whether it is certain by structure that it admits every path that `other` admits.
    pub fn surely_covers(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        let (ours, theirs) = (self.plain(), other.plain());
        ours.language == Language::Any || ours == theirs || ours.covers_by_structure(&theirs) == Some(true)
    }

    fn covers_by_structure(&self, other: &Self) -> Option<bool> {
        // What ignores case admits more than what does not, unless there is no letter in it.
        if other.any_case && !self.any_case {
            let has_letter = other.literal_prefix().contains(|c: char| c.is_ascii_alphabetic());
            let is_decided = matches!(other.language, Language::Exact(_)) && !has_letter;
            let is_narrower = || Self { language: self.language.clone(), any_case: true }.covers(other) == Some(false);
            if !is_decided {
                return is_narrower().then_some(false);
            }
        }
        let any_case = self.any_case;
        let same = |a: &str, b: &str| if any_case { a.eq_ignore_ascii_case(b) } else { a == b };
        let begins = |text: &str, start: &str| text.get(..start.len()).is_some_and(|begin| same(begin, start));
        let below =
            |text: &str, top: &str| begins(text, top) && matches!(text.as_bytes().get(top.len()), None | Some(b'/'));
        match (&self.language, &other.language) {
            (Language::Opaque(_), _) | (_, Language::Opaque(_)) => None,
            (_, Language::Exact(text)) => self.admits(text),
            (Language::Exact(_), Language::RawPrefix(_) | Language::SegmentPrefix(_) | Language::Any) => Some(false),
            (_, Language::Any) => match &self.language {
                Language::RawPrefix(text) => Some(matches!(text.as_str(), "" | "/")),
                Language::SegmentPrefix(text) => Some(text.is_empty()),
                Language::Template(template) => Some(template.covers_raw_prefix("/", any_case)),
                _ => None,
            },
            (Language::RawPrefix(start), Language::RawPrefix(text) | Language::SegmentPrefix(text)) => {
                Some(begins(text, start) || (start == "/" && text.is_empty()))
            }
            (Language::SegmentPrefix(top), Language::SegmentPrefix(text)) => Some(below(text, top)),
            (Language::SegmentPrefix(top), Language::RawPrefix(text)) => {
                Some(below(text, top) && text.len() > top.len())
            }
            (Language::Template(template), Language::RawPrefix(text)) => {
                Some(template.covers_raw_prefix(text, any_case))
            }
            (Language::Template(template), Language::SegmentPrefix(text)) => {
                Some(template.covers_segment_prefix(text, any_case))
            }
            (Language::Template(ours), Language::Template(theirs)) => Some(ours.covers(theirs, any_case)),
            (Language::RawPrefix(start), Language::Template(theirs)) => Some(begins(&theirs.literal_prefix(), start)),
            (Language::SegmentPrefix(top), Language::Template(theirs)) => Some(below(&theirs.literal_segments(), top)),
            // It is enough that what it begins with is covered; if that is not, it may still be.
            (Language::RawPrefix(start), Language::Regex(regex)) => {
                begins(&regex.literal_prefix(), start).then_some(true)
            }
            (Language::SegmentPrefix(top), Language::Regex(regex)) => {
                let start = regex.literal_prefix();
                (below(&start, top) && start.len() > top.len()).then_some(true)
            }
            _ => None,
        }
    }

    /// A path that both admit; none if there is none, or none was found.
    pub fn overlaps(&self, other: &Self) -> Option<String> {
        self.overlap_where(other, |_| true)
    }

    /// A path that both admit and of which `wanted` is true.
    pub fn overlap_where(&self, other: &Self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let (ours, theirs) = (self.plain(), other.plain());
        if ours.is_opaque() || theirs.is_opaque() || ours.is_apart(&theirs) {
            return None;
        }
        let (first, second) = (ours.witnesses(), theirs.witnesses());
        let mut tried: Vec<String> = Vec::new();
        tried.extend(first.iter().chain(&second).cloned());
        tried.extend(second.iter().flat_map(|path| ours.near(path)));
        tried.extend(first.iter().flat_map(|path| theirs.near(path)));
        // Where both leave something open, what one asks for goes into the other and back.
        let again: Vec<String> =
            tried.iter().flat_map(|path| ours.near(path).into_iter().chain(theirs.near(path))).collect();
        tried.extend(again);
        let mut seen = std::collections::HashSet::new();
        let mut candidates = tried.into_iter().filter(|path| seen.insert(path.clone())).take(MOST_TRIED * 4);
        candidates.find(|path| self.surely_admits(path) && other.surely_admits(path) && wanted(path))
    }

    /// Whether what the paths of each begin with shows that they share none.
    pub fn is_apart(&self, other: &Self) -> bool {
        let (mut a, mut b) = (self.literal_prefix(), other.literal_prefix());
        if self.any_case || other.any_case {
            a.make_ascii_lowercase();
            b.make_ascii_lowercase();
        }
        !(a.starts_with(&b) || b.starts_with(&a))
    }

    /// Paths that are like `path` and that it may admit.
    fn near(&self, path: &str) -> Vec<String> {
        match &self.language {
            Language::RawPrefix(text) if path.len() < text.len() => beyond(text),
            Language::RawPrefix(text) | Language::SegmentPrefix(text) => {
                // The path below the prefix, and its end.
                let text = text.trim_end_matches('/');
                let depth = text.matches('/').count();
                let mut ends = path.match_indices('/').map(|(at, _)| &path[at..]);
                let below = ends.clone().nth(depth).map(|end| format!("{text}{end}"));
                let last = ends.next_back().map(|end| format!("{text}{end}"));
                let raw = format!("{text}{}", path.trim_start_matches('/'));
                below.into_iter().chain(last).chain([format!("{text}{path}"), raw]).collect()
            }
            Language::Template(template) => {
                let filled = template.fill(path);
                // The end of the path as the end of the last segment: `/files/{name}` and `\.php$`.
                let end = path.rfind('.').map(|at| filled.clone() + &path[at..]);
                std::iter::once(filled).chain(end).collect()
            }
            Language::Regex(regex) => {
                let mut paths = Vec::new();
                for text in regex.examples() {
                    let path = path.trim_end_matches('/');
                    let mut below = [format!("{path}/x{text}"), format!("{path}/{text}"), format!("{path}{text}")];
                    if text.starts_with('/') {
                        below.reverse();
                    }
                    paths.extend(below);
                }
                paths
            }
            Language::Any | Language::Exact(_) | Language::Opaque(_) => Vec::new(),
        }
    }
}

/// A text, one character more, and one segment more.
fn beyond(text: &str) -> Vec<String> {
    let segment = if text.ends_with('/') { format!("{text}x/y") } else { format!("{text}/x") };
    vec![if text.is_empty() { "/".to_owned() } else { text.to_owned() }, format!("{text}x"), segment]
}

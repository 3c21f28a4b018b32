//! Patterns of the settings: globs over project paths, and JSON pointers with
//! wildcards. Knows text only: nothing is looked up on a disk.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Globs over paths relative to the project root.
///
/// As in `.gitignore`, a glob without a `/` matches a name at any depth, one that
/// begins with `/` or has a `/` inside counts from the root, and a folder matches
/// everything below it.
#[derive(Clone, Debug, Default)]
pub struct Globs {
    set: GlobSet,
    written: Vec<String>,
}

impl Globs {
    /// Compiles `globs`.
    ///
    /// # Errors
    /// The index of the first glob that is none, and why.
    pub fn new(globs: &[String]) -> Result<Self, (usize, String)> {
        let mut set = GlobSetBuilder::new();
        for (index, written) in globs.iter().enumerate() {
            let trimmed = written.strip_prefix("./").unwrap_or(written).trim_end_matches('/');
            let rooted = trimmed.strip_prefix('/').unwrap_or(trimmed);
            let anywhere = !trimmed.contains('/');
            let glob = if anywhere { format!("**/{rooted}") } else { rooted.to_owned() };
            for form in [format!("{glob}/**"), glob] {
                let compiled = GlobBuilder::new(&form).literal_separator(true).build();
                set.add(compiled.map_err(|error| (index, error.kind().to_string()))?);
            }
        }
        let set = set.build().map_err(|error| (0, error.to_string()))?;
        Ok(Self { set, written: globs.to_vec() })
    }

    /// Whether any glob matches `path`.
    pub fn is_match(&self, path: &str) -> bool {
        self.set.is_match(path)
    }

    /// Whether there is no glob at all.
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// The globs as they were written.
    pub fn written(&self) -> &[String] {
        &self.written
    }
}

/// A JSON pointer (RFC 6901) in whose segments `*` stands for any run of
/// characters; the segment `**` stands for any number of segments. It matches
/// the nodes it names and everything below them. Nothing else is special: the
/// `{` and `?` of path templates and queries stand for themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointerPattern {
    written: String,
    segments: Vec<String>,
}

impl PointerPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// If it is neither empty nor begins with `/`.
    pub fn new(pattern: &str) -> Result<Self, String> {
        // A URI fragment is what editors and validators copy to the clipboard.
        let pattern = pattern.strip_prefix('#').unwrap_or(pattern);
        if pattern.is_empty() {
            return Ok(Self { written: String::new(), segments: Vec::new() });
        }
        let Some(rest) = pattern.strip_prefix('/') else {
            return Err(format!("`{pattern}` is no JSON pointer: it begins with `/`"));
        };
        Ok(Self { written: pattern.to_owned(), segments: rest.split('/').map(decode).collect() })
    }

    /// The pattern as it was written.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Whether `pointer` is one of the named nodes or lies below one.
    pub fn covers(&self, pointer: &str) -> bool {
        let pointer: Vec<String> = pointer.split('/').skip(1).map(decode).collect();
        covers(&self.segments, &pointer)
    }
}

fn decode(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// Whether `pattern` matches a prefix of `pointer`. One row of states per
/// segment, so no pattern makes it slow.
fn covers(pattern: &[String], pointer: &[String]) -> bool {
    let mut states = vec![false; pattern.len() + 1];
    states[0] = true;
    close(pattern, &mut states);
    for segment in pointer {
        if states[pattern.len()] {
            return true;
        }
        let mut next = vec![false; states.len()];
        for (i, part) in pattern.iter().enumerate().filter(|&(i, _)| states[i]) {
            if part == "**" {
                next[i] = true;
            } else if wildcard(part, segment) {
                next[i + 1] = true;
            }
        }
        close(pattern, &mut next);
        states = next;
    }
    states[pattern.len()]
}

/// `**` may stand for no segment at all.
fn close(pattern: &[String], states: &mut [bool]) {
    for (i, part) in pattern.iter().enumerate() {
        if states[i] && part == "**" {
            states[i + 1] = true;
        }
    }
}

/// Whether `text` is `pattern`, in which `*` stands for any run of characters.
fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(part) = last.replace(part) {
            let Some(found) = rest.find(part) else { return false };
            rest = &rest[found + part.len()..];
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(list: &[&str]) -> Globs {
        Globs::new(&list.iter().map(|&glob| glob.to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_glob_without_a_slash_matches_at_any_depth() {
        assert!(globs(&["*.gen.yaml"]).is_match("a/b/x.gen.yaml"));
        assert!(globs(&["generated"]).is_match("a/generated/b/x.yaml"));
    }

    #[test]
    fn a_glob_with_a_slash_counts_from_the_root() {
        let set = globs(&["specs/*.yaml", "/old/", "./legacy/**"]);
        assert!(set.is_match("specs/a.yaml") && set.is_match("old/x/y.yaml") && set.is_match("legacy/y.yaml"));
        assert!(!set.is_match("specs/v1/a.yaml") && !set.is_match("new/old/x.yaml") && !set.is_match("a/specs/a.yaml"));
    }

    #[test]
    fn a_broken_glob_is_told_by_its_index() {
        assert_eq!(Globs::new(&["a".into(), "b[".into()]).map(|_| ()).map_err(|(index, _)| index), Err(1));
    }

    #[test]
    fn a_pointer_pattern_covers_the_node_and_what_is_below() {
        let pattern = PointerPattern::new("/paths/~1users~1{id}/get").unwrap();
        assert!(pattern.covers("/paths/~1users~1{id}/get"));
        assert!(pattern.covers("/paths/~1users~1{id}/get/responses/200"));
        assert!(!pattern.covers("/paths/~1users~1{id}/getter"));
        assert!(!pattern.covers("/paths/~1users~1{id}"));
    }

    #[test]
    fn stars_stand_for_text_within_a_segment_and_double_stars_for_segments() {
        let covers = |pattern, pointer| PointerPattern::new(pattern).unwrap().covers(pointer);
        assert!(covers("/paths/~1admin*/post", "/paths/~1admin~1users/post"));
        assert!(!covers("/paths/*/post", "/paths/~1a/get"));
        assert!(covers("/**/password", "/components/schemas/User/properties/password/type"));
        assert!(covers("/**", "") && covers("", "/anything"));
        assert!(covers("/a/**/b", "/a/b"));
        assert!(!covers("/a/**/b", "/a/c/d"));
    }

    #[test]
    fn a_wildcard_needs_all_its_parts_in_order() {
        assert!(wildcard("a*b*c", "a-b-c") && wildcard("*", "") && wildcard("*x", "xx") && wildcard("ab", "ab"));
        assert!(!wildcard("a*b", "a-c") && !wildcard("ab", "abc") && !wildcard("a*a", "a") && !wildcard("*b*b", "b"));
    }
}

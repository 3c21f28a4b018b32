//! Paths of segments of which some are filled in by the caller: `/users/{id}`, `/files/{path+}`.

use std::fmt;

/// A path of segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// What stands between slashes, in order. A slash at the end is an empty literal.
    pub segments: Vec<Segment>,
}

/// A segment of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// This text.
    Literal(String),
    /// Any text that is not empty, without a slash.
    Parameter {
        /// What the parameter is called; empty if it has no name.
        name: String,
    },
    /// A segment that begins and ends with these, with something between: `{name}.json`.
    Mixed {
        /// What it begins with.
        start: String,
        /// What it ends with.
        end: String,
    },
    /// The rest of the path, slashes and all. Only the last segment is one.
    Rest {
        /// What the parameter is called; empty if it has no name.
        name: String,
        /// Whether the path may end before it, with or without the slash.
        allow_empty: bool,
    },
}

impl Segment {
    fn admits(&self, text: &str, any_case: bool) -> bool {
        let same = |a: &str, b: &str| if any_case { a.eq_ignore_ascii_case(b) } else { a == b };
        match self {
            Self::Literal(literal) => same(literal, text),
            Self::Parameter { .. } => !text.is_empty(),
            Self::Mixed { start, end } => {
                text.len() > start.len() + end.len()
                    && text.get(..start.len()).is_some_and(|begin| same(begin, start))
                    && text.get(text.len() - end.len()..).is_some_and(|rest| same(rest, end))
            }
            Self::Rest { .. } => true,
        }
    }

    /// Whether it admits a text however it goes on.
    fn admits_from(&self, text: &str, any_case: bool) -> bool {
        let is_open =
            matches!(self, Self::Parameter { .. }) || matches!(self, Self::Mixed { end, .. } if end.is_empty());
        is_open && self.admits(text, any_case)
    }

    /// Whether it admits each text that another segment admits; both are no rest.
    fn covers(&self, other: &Self, any_case: bool) -> bool {
        match (self, other) {
            (_, Self::Literal(text)) => self.admits(text, any_case),
            (Self::Parameter { .. }, _) => true,
            (Self::Mixed { start, end }, Self::Mixed { start: other_start, end: other_end }) => {
                let lower = |text: &str| if any_case { text.to_ascii_lowercase() } else { text.to_owned() };
                lower(other_start).starts_with(&lower(start)) && lower(other_end).ends_with(&lower(end))
            }
            _ => false,
        }
    }

    /// A text that it admits, as near to `hint` as can be.
    fn fill(&self, hint: Option<&str>) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Parameter { .. } => hint.filter(|hint| !hint.is_empty()).unwrap_or("1").to_owned(),
            Self::Mixed { start, end } => match hint {
                Some(hint) if self.admits(hint, false) => hint.to_owned(),
                Some(hint) if hint.starts_with(start.as_str()) && hint.len() > start.len() => format!("{hint}{end}"),
                Some(hint) if hint.ends_with(end.as_str()) && hint.len() > end.len() => format!("{start}{hint}"),
                _ => format!("{start}1{end}"),
            },
            Self::Rest { allow_empty, .. } => hint.or((!allow_empty).then_some("x")).unwrap_or_default().to_owned(),
        }
    }
}

impl Template {
    /// Whether its last segment takes the rest of the path.
    pub fn has_rest(&self) -> bool {
        matches!(self.segments.last(), Some(Segment::Rest { .. }))
    }

    /// Its segments before the rest, and whether there is a rest and that may be empty.
    fn parts(&self) -> (&[Segment], Option<bool>) {
        match self.segments.split_last() {
            Some((Segment::Rest { allow_empty, .. }, fixed)) => (fixed, Some(*allow_empty)),
            _ => (&self.segments, None),
        }
    }

    /// Whether it admits a path.
    pub fn admits(&self, path: &str, any_case: bool) -> bool {
        let Some(path) = path.strip_prefix('/') else { return false };
        let (fixed, rest) = self.parts();
        let mut left = Some(path);
        for segment in fixed {
            let Some((text, behind)) = left.map(next_segment) else { return false };
            if !segment.admits(text, any_case) {
                return false;
            }
            left = behind;
        }
        match rest {
            None => left.is_none(),
            Some(true) => true,
            Some(false) => left.is_some_and(|left| !left.is_empty()),
        }
    }

    /// What every path that it admits begins with.
    pub fn literal_prefix(&self) -> String {
        let mut text = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Literal(literal) => {
                    text.push('/');
                    text.push_str(literal);
                }
                Segment::Rest { allow_empty: true, .. } => return text,
                Segment::Parameter { .. } | Segment::Rest { .. } => return text + "/",
                Segment::Mixed { start, .. } => return text + "/" + start,
            }
        }
        if text.is_empty() { "/".to_owned() } else { text }
    }

    /// The whole segments that every path it admits begins with.
    pub fn literal_segments(&self) -> String {
        let literals = self.segments.iter().map_while(|segment| match segment {
            Segment::Literal(text) => Some(format!("/{text}")),
            _ => None,
        });
        literals.collect()
    }

    /// A path that it admits, with the segments of another where they fit.
    pub fn fill(&self, hint: &str) -> String {
        let hint = hint.strip_prefix('/').unwrap_or(hint);
        let mut left = (!hint.is_empty()).then_some(hint);
        let mut path = String::new();
        for segment in &self.segments {
            if let Segment::Rest { allow_empty: true, .. } = segment
                && left.is_none()
            {
                break;
            }
            path.push('/');
            if let Segment::Rest { .. } = segment {
                path.push_str(&segment.fill(left.filter(|left| !left.is_empty())));
                break;
            }
            let (text, behind) = left.map(next_segment).unzip();
            path.push_str(&segment.fill(text));
            left = behind.flatten();
        }
        if path.is_empty() { "/".to_owned() } else { path }
    }

    /// Whether it admits each path that another template admits.
    pub fn covers(&self, other: &Self, any_case: bool) -> bool {
        let (fixed, rest) = self.parts();
        let (other_fixed, other_rest) = other.parts();
        let is_covered = |(ours, theirs): (&Segment, &Segment)| ours.covers(theirs, any_case);
        if other_fixed.len() < fixed.len() || !fixed.iter().zip(other_fixed).all(is_covered) {
            return false;
        }
        let more = &other_fixed[fixed.len()..];
        match (rest, other_rest) {
            (None, None) => more.is_empty(),
            (None, Some(_)) => false,
            (Some(true), _) => true,
            // Something must follow: `/a/` alone is not enough.
            (Some(false), Some(false)) => true,
            (Some(false), _) => !more.is_empty() && !matches!(more, [Segment::Literal(text)] if text.is_empty()),
        }
    }

    /// Whether it admits everything that begins with these characters.
    pub fn covers_raw_prefix(&self, prefix: &str, any_case: bool) -> bool {
        let (fixed, Some(allow_empty)) = self.parts() else { return false };
        let Some(prefix) = prefix.strip_prefix('/') else { return false };
        if fixed.is_empty() {
            return allow_empty || !prefix.is_empty();
        }
        let texts: Vec<&str> = prefix.split('/').collect();
        // The last text may go on, so that it is no whole segment.
        let (Some((last, whole)), wanted) = (texts.split_last(), fixed.len()) else { return false };
        if !fixed.iter().zip(whole).all(|(segment, text)| segment.admits(text, any_case)) {
            return false;
        }
        if allow_empty && whole.len() + 1 == wanted {
            return fixed.last().is_some_and(|segment| segment.admits_from(last, any_case));
        }
        whole.len() >= wanted && (allow_empty || whole.len() > wanted || !last.is_empty())
    }

    /// Whether it admits a path and everything below it.
    pub fn covers_segment_prefix(&self, prefix: &str, any_case: bool) -> bool {
        let (fixed, Some(allow_empty)) = self.parts() else { return false };
        let texts: Vec<&str> = prefix.split('/').skip(1).collect();
        texts.len() >= fixed.len()
            && fixed.iter().zip(&texts).all(|(segment, text)| segment.admits(text, any_case))
            && (allow_empty || texts.len() > fixed.len())
    }
}

/// The first segment of a path without its slash, and what follows the next slash.
fn next_segment(path: &str) -> (&str, Option<&str>) {
    path.split_once('/').map_or((path, None), |(text, behind)| (text, Some(behind)))
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segments.is_empty() {
            return f.write_str("/");
        }
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => write!(f, "/{text}")?,
                Segment::Parameter { name } if name.is_empty() => f.write_str("/*")?,
                Segment::Parameter { name } => write!(f, "/{{{name}}}")?,
                Segment::Mixed { start, end } => write!(f, "/{start}*{end}")?,
                Segment::Rest { name, .. } if name.is_empty() => f.write_str("/**")?,
                Segment::Rest { name, .. } => write!(f, "/{{{name}+}}")?,
            }
        }
        Ok(())
    }
}

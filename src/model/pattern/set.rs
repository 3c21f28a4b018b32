//! Sets of code points, as sorted ranges.

/// The last code point of Unicode.
const LAST: u32 = 0x0010_ffff;

/// A set of code points: sorted ranges that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Set(Vec<(u32, u32)>);

impl Set {
    /// Every code point.
    pub fn all() -> Self {
        Self(vec![(0, LAST)])
    }

    /// One code point.
    pub fn one(c: u32) -> Self {
        Self(vec![(c, c)])
    }

    /// The union of ranges in any order.
    pub fn of(ranges: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut ranges: Vec<(u32, u32)> = ranges.into_iter().collect();
        ranges.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    /// Everything that is not in the set.
    pub fn negated(&self) -> Self {
        let mut ranges = Vec::with_capacity(self.0.len() + 1);
        let mut next = 0;
        for &(first, last) in &self.0 {
            if first > next {
                ranges.push((next, first - 1));
            }
            next = last + 1;
        }
        if next <= LAST {
            ranges.push((next, LAST));
        }
        Self(ranges)
    }

    /// Both sets together.
    pub fn or(&self, other: &Self) -> Self {
        Self::of(self.0.iter().chain(&other.0).copied())
    }

    /// The ranges, in order.
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// Whether it holds every code point.
    pub fn is_all(&self) -> bool {
        self.0 == [(0, LAST)]
    }

    /// With the other cases of its letters.
    pub fn case_folded(&self) -> Self {
        use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};
        let ranges = self.0.iter().filter_map(|&(first, last)| {
            // Surrogates have no case; a range that ends in them is cut there.
            let first = char::from_u32(first).or_else(|| (first < 0xe000).then_some('\u{e000}'))?;
            let last = char::from_u32(last).or_else(|| (last > 0xd7ff).then_some('\u{d7ff}'))?;
            (first <= last).then(|| ClassUnicodeRange::new(first, last))
        });
        let mut class = ClassUnicode::new(ranges);
        if class.try_case_fold_simple().is_err() {
            return self.clone();
        }
        self.or(&Self::of(class.ranges().iter().map(|range| (range.start().into(), range.end().into()))))
    }

    /// `\d`
    pub fn digits() -> Self {
        Self(vec![(0x30, 0x39)])
    }

    /// `\w`
    pub fn word() -> Self {
        Self(vec![(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)])
    }

    /// `\s`: white space and line ends of ECMA-262.
    pub fn blanks() -> Self {
        Self(vec![
            (0x9, 0xd),
            (0x20, 0x20),
            (0xa0, 0xa0),
            (0x1680, 0x1680),
            (0x2000, 0x200a),
            (0x2028, 0x2029),
            (0x202f, 0x202f),
            (0x205f, 0x205f),
            (0x3000, 0x3000),
            (0xfeff, 0xfeff),
        ])
    }

    /// Line ends, which `.` does not match.
    pub fn line_ends() -> Self {
        Self(vec![(0xa, 0xa), (0xd, 0xd), (0x2028, 0x2029)])
    }

    /// A Unicode property as ECMA-262 spells it: a general category or a binary property, or
    /// `Script=…` and the like. None for names that only other dialects know.
    pub fn property(name: &str) -> Option<Self> {
        let parse = |name: &str| {
            let hir = regex_syntax::Parser::new().parse(&format!("\\p{{{name}}}")).ok()?;
            match hir.kind() {
                regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => {
                    let ranges = class.ranges().iter();
                    Some(Self::of(ranges.map(|range| (range.start().into(), range.end().into()))))
                }
                _ => None,
            }
        };
        let exact = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_uppercase())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        match name.split_once('=') {
            Some((key, value)) => {
                let known = ["General_Category", "gc", "Script", "sc", "Script_Extensions", "scx"].contains(&key)
                    && exact(value);
                known.then(|| parse(name)).flatten()
            }
            None => {
                // Other dialects write `Greek` or `IsGreek` for the script.
                let script = || parse(&format!("sc={name}")).is_some() && parse(&format!("gc={name}")).is_none();
                (exact(name) && !name.starts_with("Is") && !script()).then(|| parse(name)).flatten()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_merged() {
        assert_eq!(Set::of([(5, 9), (1, 2), (3, 4), (20, 30), (8, 12)]).ranges(), [(1, 12), (20, 30)]);
    }

    #[test]
    fn negation_twice_is_the_set() {
        for set in [Set::word(), Set::blanks(), Set::all(), Set::default(), Set::one(0), Set::one(LAST)] {
            assert_eq!(set.negated().negated(), set);
        }
        assert!(Set::default().negated().is_all());
    }

    #[test]
    fn properties_are_spelled_as_in_ecmascript() {
        for name in ["L", "Lu", "Letter", "Alphabetic", "ASCII", "Script=Greek", "sc=Grek", "scx=Greek", "gc=Nd", "Any"]
        {
            assert!(Set::property(name).is_some(), "{name}");
        }
        for name in ["Greek", "IsAlphabetic", "IsGreek", "alpha", "javaLetter", "sc=", "=L", "foo=L", "L "] {
            assert!(Set::property(name).is_none(), "{name}");
        }
    }

    #[test]
    fn both_cases_are_folded() {
        assert_eq!(Set::of([(0x61, 0x63)]).case_folded().ranges(), [(0x41, 0x43), (0x61, 0x63)]);
    }
}

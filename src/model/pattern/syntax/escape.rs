//! What stands after a backslash, and classes, which hold escapes of their own.

use super::super::set::Set;
use super::{Parser, Read, invalid};

/// What can stand at an escape.
pub(super) enum Escape {
    Set(Set),
    Boundary,
    Reference,
}

/// Each method reads from `at`.
impl Parser<'_> {
    /// After a backslash outside a class.
    pub(super) fn escape(&mut self) -> Read<Escape> {
        match self.peek() {
            Some('b' | 'B') => {
                self.at += 1;
                Ok(Escape::Boundary)
            }
            Some('1'..='9') => self.back_reference(),
            Some('k') if self.unicode || self.named => {
                self.at += 1;
                if !self.eat("<") {
                    return invalid("`\\k` names no group");
                }
                let name = self.name()?;
                self.references.push(name);
                Ok(Escape::Reference)
            }
            _ => self.class_escape(false).map(Escape::Set),
        }
    }

    fn back_reference(&mut self) -> Read<Escape> {
        let start = self.at;
        let number = self.number().unwrap_or(0);
        if number <= self.groups {
            return Ok(Escape::Reference);
        }
        if self.unicode {
            return invalid(format!("`\\{number}` refers to a group that is not there"));
        }
        self.at = start;
        Ok(Escape::Set(Set::one(self.octal())))
    }

    /// Annex B: `\101` is `A`, `\8` is `8`.
    fn octal(&mut self) -> u32 {
        let (mut value, mut digits) = (0, 0);
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(8))
            && digits < 3
            && value * 8 + digit <= 0o377
        {
            value = value * 8 + digit;
            digits += 1;
            self.at += 1;
        }
        if digits > 0 { value } else { self.next().map_or(0, u32::from) }
    }

    /// What an escape stands for that names characters, inside a class or outside.
    fn class_escape(&mut self, in_class: bool) -> Read<Set> {
        let Some(c) = self.next() else { return invalid("the pattern ends in `\\`") };
        let fold = |set: Set, fold: bool| if fold { set.case_folded() } else { set };
        Ok(match c {
            'd' => Set::digits(),
            'D' => Set::digits().negated(),
            's' => Set::blanks(),
            'S' => Set::blanks().negated(),
            'w' => Set::word(),
            'W' => Set::word().negated(),
            'f' => Set::one(0xc),
            'n' => Set::one(0xa),
            'r' => Set::one(0xd),
            't' => Set::one(0x9),
            'v' => Set::one(0xb),
            'b' if in_class => Set::one(0x8),
            '-' if in_class && self.unicode => Set::one('-'.into()),
            'c' => return self.control(in_class),
            '0' if self.unicode => {
                if self.peek().is_some_and(|c| c.is_ascii_digit()) {
                    return invalid("`\\0` is followed by a digit");
                }
                Set::one(0)
            }
            '0'..='9' if !self.unicode => {
                self.at -= 1;
                Set::one(self.octal())
            }
            'x' => match self.hexadecimal(2) {
                Some(value) => Set::one(value),
                None if self.unicode => return invalid("`\\x` takes two hexadecimal digits"),
                None => self.identity(c),
            },
            'u' => match self.code_point() {
                Some(value) => Set::one(value),
                None if self.unicode => return invalid("`\\u` takes four hexadecimal digits or `{...}`"),
                None => self.identity(c),
            },
            'p' | 'P' if self.unicode => {
                let name = self.braces();
                match name.as_deref().map(Set::property) {
                    Some(Some(set)) if c == 'p' => fold(set, self.flags.fold),
                    Some(Some(set)) => fold(set, self.flags.fold).negated(),
                    _ => return invalid(format!("`\\{c}` names no Unicode property")),
                }
            }
            _ if !self.unicode => self.identity(c),
            '^' | '$' | '\\' | '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '/' => {
                Set::one(c.into())
            }
            _ => return invalid(format!("`\\{c}` is no escape")),
        })
    }

    /// Annex B: any other escaped character stands for itself. For these nobody means that.
    fn identity(&mut self, c: char) -> Set {
        let opens = self.peek() == Some('{');
        if matches!(c, 'A' | 'Z' | 'z' | 'G' | 'Q' | 'E' | 'h' | 'H' | 'R' | 'X' | 'K')
            || matches!(c, 'p' | 'P' | 'u' | 'x') && opens
        {
            let rest = if opens { "{...}" } else { "" };
            let needs_flag = opens && self.is_right_with_flag(c);
            let script = if matches!(c, 'p' | 'P') && opens { self.braces_ahead() } else { None };
            let script =
                script.filter(|name| !name.starts_with("Is") && Set::property(&format!("Script={name}")).is_some());
            self.foreign(if let Some(script) = script {
                format!("`\\{c}{{{script}}}` is a script, which ECMA-262 writes `\\{c}{{Script={script}}}`")
            } else if needs_flag {
                format!("`\\{c}{rest}` needs the flag `u`, with which other escapes of this pattern do not compile")
            } else {
                format!("`\\{c}{rest}` belongs to another dialect, in ECMA-262 it is the letter `{c}`")
            });
        }
        Set::one(c.into())
    }

    /// Whether what is in braces after the escape of that letter would be right under the flag `u`.
    fn is_right_with_flag(&self, c: char) -> bool {
        let mut probe = Self { at: self.at, ..Self::new(self.text, true) };
        match c {
            'u' => probe.code_point().is_some(),
            'p' | 'P' => probe.braces().is_some_and(|name| Set::property(&name).is_some()),
            _ => false,
        }
    }

    /// What stands in braces here, without reading on.
    fn braces_ahead(&self) -> Option<String> {
        Self { at: self.at, ..Self::new(self.text, true) }.braces()
    }

    fn control(&mut self, in_class: bool) -> Read<Set> {
        match self.peek() {
            Some(c) if c.is_ascii_alphabetic() => {
                self.at += 1;
                Ok(Set::one(u32::from(c) % 32))
            }
            Some(c) if in_class && !self.unicode && (c.is_ascii_digit() || c == '_') => {
                self.at += 1;
                Ok(Set::one(u32::from(c) % 32))
            }
            _ if self.unicode => invalid("`\\c` names no control character"),
            _ => {
                // The backslash stands for itself, and the `c` is read again.
                self.at -= 1;
                Ok(Set::one('\\'.into()))
            }
        }
    }

    fn hexadecimal(&mut self, digits: usize) -> Option<u32> {
        let value = (0..digits).try_fold(0, |value, ahead| Some(value * 16 + self.peek_at(ahead)?.to_digit(16)?))?;
        self.at += digits;
        Some(value)
    }

    /// After `\u`.
    fn code_point(&mut self) -> Option<u32> {
        let start = self.at;
        if self.unicode && self.eat("{") {
            let mut value: u32 = 0;
            while let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) {
                self.at += 1;
                value = value.saturating_mul(16).saturating_add(digit);
            }
            let digits = self.at - start - 1;
            let good = digits > 0 && value <= 0x0010_ffff && self.eat("}");
            if !good {
                self.at = start;
            }
            return good.then_some(value);
        }
        let lead = self.hexadecimal(4)?;
        let after = self.at;
        if self.unicode
            && (0xd800..0xdc00).contains(&lead)
            && self.eat("\\u")
            && let Some(trail) = self.hexadecimal(4)
            && (0xdc00..0xe000).contains(&trail)
        {
            return Some(0x1_0000 + ((lead - 0xd800) << 10) + (trail - 0xdc00));
        }
        self.at = after;
        Some(lead)
    }

    /// What stands in braces.
    fn braces(&mut self) -> Option<String> {
        let start = self.at;
        if self.eat("{") {
            let name: String = self.chars[self.at..].iter().map(|(_, c)| *c).take_while(|c| *c != '}').collect();
            self.at += name.chars().count();
            if self.eat("}") {
                return Some(name);
            }
        }
        self.at = start;
        None
    }

    /// A class, after its `[`.
    pub(super) fn class(&mut self) -> Read<Set> {
        let negative = self.eat("^");
        if self.chars[self.at..].first().is_some_and(|(_, c)| *c == '[') && self.peek_at(1) == Some(':') {
            let rest: String = self.chars[self.at..].iter().map(|(_, c)| *c).take(12).collect();
            if rest.contains(":]]") || rest.contains(":]") && rest[2..].starts_with(|c: char| c.is_ascii_lowercase()) {
                self.foreign("classes such as `[:alpha:]` belong to another dialect".to_owned());
            }
        }
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        loop {
            match self.peek() {
                None => return invalid("a `[` is not closed"),
                Some(']') => {
                    self.at += 1;
                    break;
                }
                Some(_) => {}
            }
            let first = self.class_atom()?;
            let is_range = self.peek() == Some('-') && self.peek_at(1).is_some_and(|c| c != ']');
            if !is_range {
                ranges.extend(first.ranges());
                continue;
            }
            self.at += 1;
            let second = self.class_atom()?;
            match (single(&first), single(&second)) {
                (Some(low), Some(high)) if low > high => {
                    return invalid("a range in a class is the wrong way round");
                }
                (Some(low), Some(high)) => ranges.push((low, high)),
                _ if self.unicode => return invalid("a range in a class ends in a class"),
                _ => {
                    ranges.extend(first.ranges());
                    ranges.push(('-'.into(), '-'.into()));
                    ranges.extend(second.ranges());
                }
            }
        }
        let set = Set::of(ranges);
        let set = if self.flags.fold { set.case_folded() } else { set };
        Ok(if negative { set.negated() } else { set })
    }

    fn class_atom(&mut self) -> Read<Set> {
        match self.next() {
            Some('\\') if self.named && !self.unicode && self.peek() == Some('k') => invalid("`\\k` stands in a class"),
            Some('\\') => self.class_escape(true),
            Some(c) => Ok(Set::one(c.into())),
            None => invalid("a `[` is not closed"),
        }
    }
}

/// The one code point of a set that has one.
fn single(set: &Set) -> Option<u32> {
    match set.ranges() {
        [(first, last)] if first == last => Some(*first),
        _ => None,
    }
}

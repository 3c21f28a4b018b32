//! GitHub's hash of a line (`primaryLocationLineHash`): code scanning follows an
//! alert over commits by it, and only by it. Its upload action computes it
//! where it is missing, its REST API does not. Knows only text.

use std::collections::HashMap;

/// A line's hash covers this many UTF-16 units from the start of the line, blanks not counted.
const UNITS: usize = 100;
const FACTOR: u64 = 37;
const END_OF_FILE: u16 = 0xFFFF;

/// The hash of each line of `text`, by line number from 1: hexadecimal digits,
/// a colon, and how often the hash has occurred so far in the file.
///
/// The hash is that of a window which rolls over the text, spaces and tabs left
/// out and every line end (CR, LF, CRLF) one LF; a line's is complete when the
/// window has moved on by its full width.
pub fn line_hashes(text: &str) -> Vec<String> {
    let mut rolling = Rolling::new(text.len() / 40);
    let mut line_start = true;
    let mut after_cr = false;
    for unit in text.encode_utf16() {
        let blank = unit == u16::from(b' ') || unit == u16::from(b'\t');
        let second_of_crlf = after_cr && unit == u16::from(b'\n');
        after_cr = unit == u16::from(b'\r');
        if blank || second_of_crlf {
            continue;
        }
        let unit = if after_cr { u16::from(b'\n') } else { unit };
        rolling.push(unit, line_start);
        line_start = unit == u16::from(b'\n');
    }
    rolling.push(END_OF_FILE, line_start);
    for _ in 0..UNITS {
        rolling.push(0, false);
    }
    rolling.hashes
}

struct Rolling {
    units: [u16; UNITS],
    /// Whether a line begins at this unit of the window and has no hash yet.
    starts: [bool; UNITS],
    at: usize,
    hash: u64,
    /// What a unit still contributes when it leaves the window: `FACTOR` to the power of `UNITS`.
    leaving: u64,
    seen: HashMap<u64, u32>,
    hashes: Vec<String>,
}

impl Rolling {
    fn new(lines: usize) -> Self {
        let leaving = (0..UNITS).fold(1u64, |power, _| power.wrapping_mul(FACTOR));
        let (seen, hashes) = (HashMap::with_capacity(lines), Vec::with_capacity(lines));
        Self { units: [0; UNITS], starts: [false; UNITS], at: 0, hash: 0, leaving, seen, hashes }
    }

    fn push(&mut self, unit: u16, line_start: bool) {
        if self.starts[self.at] {
            let times = self.seen.entry(self.hash).or_default();
            *times += 1;
            self.hashes.push(format!("{:x}:{times}", self.hash));
        }
        self.starts[self.at] = line_start;
        let left = self.leaving.wrapping_mul(u64::from(self.units[self.at]));
        self.hash = self.hash.wrapping_mul(FACTOR).wrapping_add(u64::from(unit)).wrapping_sub(left);
        self.units[self.at] = unit;
        self.at = (self.at + 1) % UNITS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values come from an implementation in JavaScript that hashes each line by itself, without a window.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(line_hashes(text), expected);
    }

    #[test]
    fn the_end_of_the_file_is_a_line() {
        check("", &["c129715d7a2bc9a3:1"]);
        check("a", &["53b5d4aabe50d64:1"]);
        check("a\n", &["243cbaa4685aab12:1", "c129715d7a2bc9a3:1"]);
    }

    #[test]
    fn blanks_do_not_count() {
        let expected = ["b6f949cca31c0d43:1", "ab9acefb91c18419:1", "5baff73422be2c65:1", "c129715d7a2bc9a3:1"];
        check("openapi: 3.0.3\ninfo:\n  title: x\n", &expected);
        check("openapi:3.0.3\n\tinfo: \n title:x\n", &expected);
    }

    #[test]
    fn every_line_end_is_the_same() {
        let expected = [
            "b9e0c221980a3633:1",
            "b30c0d3992fd5479:1",
            "2b90a076911a38cf:1",
            "a88801a1799b48b5:1",
            "638816509450efbf:1",
        ];
        check("x\r\nx\rx\n\nx", &expected);
    }

    #[test]
    fn a_character_outside_the_first_plane_is_two_units() {
        let expected = ["2e44e746bb753c30:1", "99de4de2de8f048d:1", "c63599eac1b62bee:1", "c129715d7a2bc9a3:1"];
        check(&"\u{1f980}é\tb\n".repeat(3), &expected);
    }

    #[test]
    fn a_line_longer_than_the_window_is_hashed_by_its_start() {
        let text = format!("k: {}\nb: 1\n", "long ".repeat(60));
        check(&text, &["18105deb488aa314:1", "c9e1e35156b45736:1", "c129715d7a2bc9a3:1"]);
    }

    #[test]
    fn equal_hashes_of_a_file_are_counted() {
        let text = format!("{}\n", "x".repeat(120)).repeat(2);
        let hashes = line_hashes(&text);
        assert_eq!(hashes[0].strip_suffix(":1"), hashes[1].strip_suffix(":2"));
    }
}

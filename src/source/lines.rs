//! Byte offsets to lines and columns. Knows only text.

use memchr::memchr_iter;

/// A position as people count: both numbers begin at 1, columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line.
    pub line: u32,
    /// Column in characters (Unicode scalar values).
    pub column: u32,
}

/// The first byte of every line. A line ends with LF; the CR of a CRLF belongs to its line.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Indexes `text`.
    pub fn new(text: &str) -> Self {
        let starts = std::iter::once(0).chain(memchr_iter(b'\n', text.as_bytes()).map(|lf| lf as u32 + 1));
        Self { starts: starts.collect() }
    }

    /// Number of lines; a text without any has one.
    pub fn count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The line that byte `offset` is on, from 1.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|&start| start <= offset) as u32
    }

    /// The first byte of `line` (from 1).
    pub fn start(&self, line: u32) -> u32 {
        self.starts[line as usize - 1]
    }

    /// The bytes of `line` (from 1) without its line end.
    pub fn range(&self, text: &str, line: u32) -> std::ops::Range<usize> {
        let start = self.start(line) as usize;
        let end = self.starts.get(line as usize).map_or(text.len(), |&next| next as usize - 1);
        let end = if end > start && text.as_bytes()[end - 1] == b'\r' { end - 1 } else { end };
        start..end
    }

    /// The position of byte `offset`. An offset inside a character counts as its start.
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let line = self.line(offset);
        let head = &text.as_bytes()[self.start(line) as usize..(offset as usize).min(text.len())];
        // Every byte but a continuation byte begins a character.
        let column = head.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() as u32 + 1;
        Position { line, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_begin_at_one() {
        let text = "a: é\r\nb: x\n";
        let index = LineIndex::new(text);
        assert_eq!(index.position(text, 0), Position { line: 1, column: 1 });
        assert_eq!(index.position(text, 5), Position { line: 1, column: 5 });
        assert_eq!(index.position(text, 7), Position { line: 2, column: 1 });
        assert_eq!(&text[index.range(text, 1)], "a: é");
        assert_eq!(index.count(), 3);
    }
}

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

/// A block of text whose characters are counted once: real documents are one
/// line of 20 MB, on which counting from the line start would cost milliseconds per position.
const BLOCK: usize = 4096;

/// The first byte of every line. A line ends with LF; the CR of a CRLF belongs to its line.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// Characters before each block of the text; empty for an ASCII text, where bytes are characters.
    chars: Vec<u32>,
}

impl LineIndex {
    /// Indexes `text`.
    pub fn new(text: &str) -> Self {
        let starts = std::iter::once(0).chain(memchr_iter(b'\n', text.as_bytes()).map(|lf| lf as u32 + 1));
        Self { starts: starts.collect(), chars: if text.is_ascii() { Vec::new() } else { count_blocks(text) } }
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
        let chars = |offset| self.chars_before(text.as_bytes(), offset);
        let column = chars((offset as usize).min(text.len())) - chars(self.start(line) as usize) + 1;
        Position { line, column }
    }

    /// How many characters begin before byte `offset`.
    fn chars_before(&self, text: &[u8], offset: usize) -> u32 {
        match self.chars.get(offset / BLOCK) {
            Some(&before) => before + count_chars(&text[offset / BLOCK * BLOCK..offset]),
            None => offset as u32,
        }
    }
}

/// Characters before each block, the one that begins at the end included.
fn count_blocks(text: &str) -> Vec<u32> {
    let mut total = 0;
    let counts = text.as_bytes().chunks(BLOCK).map(|block| {
        total += count_chars(block);
        total
    });
    std::iter::once(0).chain(counts).collect()
}

/// Every byte but a continuation byte begins a character.
fn count_chars(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() as u32
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

    #[test]
    fn columns_on_a_line_of_many_blocks_count_characters() {
        let text = format!("x\n{}", "aé".repeat(BLOCK));
        let index = LineIndex::new(&text);
        for n in [0, 1, 1364, 1365, 1366, BLOCK - 1, BLOCK] {
            let offset = 2 + 3 * n as u32;
            assert_eq!(index.position(&text, offset), Position { line: 2, column: 2 * n as u32 + 1 });
        }
    }

    #[test]
    fn the_end_of_a_text_of_whole_blocks_has_a_position() {
        for text in ["é".repeat(BLOCK / 2), "a".repeat(BLOCK)] {
            let column = text.chars().count() as u32 + 1;
            assert_eq!(LineIndex::new(&text).position(&text, text.len() as u32), Position { line: 1, column });
        }
    }
}

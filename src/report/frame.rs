//! Code frames: the few lines around one place, as a [`miette::SourceCode`] and
//! its labels. Long lines are cut to a window and everything that stands in
//! the file is made visible first, so the offsets miette sees are those of the
//! excerpt, never of the file. miette's own source code would scan the file
//! from its first byte for every frame, and print a 20 MB line whole.

use std::ops::Range;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::inert;
use super::place::Located;
use crate::source::{Position, SourceFile};

/// A label joins the frame of the primary place if it is at most this many lines away.
const NEAR_LINES: u32 = 5;
/// Lines shown above and below each label. The renderer is told the same.
pub const CONTEXT_LINES: u32 = 1;

/// A frame before its text is cut out: the file and the marked bytes.
#[derive(Debug)]
pub struct Frame<'r> {
    file: &'r SourceFile,
    window: usize,
    cut: &'static str,
    marks: Vec<Mark>,
    /// The bytes shown of each line that holds a mark.
    windows: Vec<(u32, Range<usize>)>,
}

#[derive(Debug)]
struct Mark {
    bytes: Range<usize>,
    line: u32,
    start: Position,
    /// Empty for none.
    label: String,
}

impl<'r> Frame<'r> {
    /// A frame round a primary place. Lines are cut to `window` characters; `cut` shows where.
    pub fn new(place: &Located<'r>, window: usize, cut: &'static str) -> Self {
        let mut frame = Frame { file: place.file, window, cut, marks: Vec::new(), windows: Vec::new() };
        frame.push(frame.mark(place, String::new()));
        frame
    }

    /// Adds a label if its place is near enough to be seen with the primary one.
    pub fn add(&mut self, place: &Located<'r>, label: String) -> bool {
        let Some(primary) = self.marks.first() else { return false };
        if place.file.id != self.file.id || place.start.line.abs_diff(primary.line) > NEAR_LINES {
            return false;
        }
        let start = place.span.start as usize;
        let shown = self.windows.iter().find(|(line, _)| *line == place.start.line);
        if shown.is_some_and(|(_, window)| !window.contains(&start)) {
            return false;
        }
        let mark = self.mark(place, label);
        // Two marks on the same bytes would be drawn side by side.
        match self.marks.iter_mut().find(|other| other.bytes == mark.bytes) {
            Some(twin) if twin.label.is_empty() => twin.label = mark.label,
            Some(twin) => twin.label = format!("{}; {}", twin.label, mark.label),
            None => self.push(mark),
        }
        true
    }

    fn mark(&self, place: &Located<'r>, label: String) -> Mark {
        let range = self.file.lines().range(&self.file.text, place.start.line);
        let start = (place.span.start as usize).min(range.end);
        // A mark over several lines is drawn on its first: that is where the key is, and a value may be a thousand lines.
        let end = (place.span.end as usize).clamp(start, range.end);
        Mark { bytes: start..end, line: place.start.line, start: place.start, label }
    }

    fn push(&mut self, mark: Mark) {
        if !self.windows.iter().any(|(shown, _)| *shown == mark.line) {
            let range = self.file.lines().range(&self.file.text, mark.line);
            self.windows.push((mark.line, window(&self.file.text, range, mark.bytes.start, self.window)));
        }
        self.marks.push(mark);
    }

    /// Cuts the text out.
    pub fn cut_out(self) -> Excerpt {
        let mut excerpt = Excerpt {
            name: inert::visible(&self.file.path).into_owned(),
            text: String::new(),
            lines: Vec::new(),
            labels: Vec::new(),
        };
        let count = self.file.lines().count();
        let around =
            |mark: &Mark| mark.line.saturating_sub(CONTEXT_LINES).max(1)..=(mark.line + CONTEXT_LINES).min(count);
        let mut numbers: Vec<u32> = self.marks.iter().flat_map(around).collect();
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            self.cut_line(number, &mut excerpt);
        }
        excerpt
    }

    fn cut_line(&self, number: u32, excerpt: &mut Excerpt) {
        let text = &*self.file.text;
        let line = self.file.lines().range(text, number);
        let shown = match self.windows.iter().find(|(shown, _)| *shown == number) {
            Some((_, window)) => window.clone(),
            None => window(text, line.clone(), line.start, self.window),
        };
        let from = excerpt.text.len();
        if shown.start > line.start {
            excerpt.text.push_str(self.cut);
        }
        let mut open: Vec<(&Mark, bool, Option<usize>, Option<usize>)> = self
            .marks
            .iter()
            .enumerate()
            .filter(|(_, mark)| mark.line == number)
            .map(|(index, mark)| (mark, index == 0, None, None))
            .collect();
        for (at, c) in text[shown.clone()].char_indices() {
            for (mark, _, start, end) in &mut open {
                if start.is_none() && shown.start + at >= mark.bytes.start {
                    *start = Some(excerpt.text.len());
                }
                if end.is_none() && shown.start + at >= mark.bytes.end {
                    *end = Some(excerpt.text.len());
                }
            }
            match c {
                '\t' => excerpt.text.push('\t'),
                c => inert::push_visible(&mut excerpt.text, c),
            }
        }
        let length = excerpt.text.len();
        for (mark, primary, start, end) in open {
            let start = start.unwrap_or(length);
            let span = SourceSpan::from(start..end.unwrap_or(length).max(start));
            let make = if primary { LabeledSpan::new_primary_with_span } else { LabeledSpan::new_with_span };
            let label = (!mark.label.is_empty()).then(|| mark.label.clone());
            excerpt.labels.push((make(label, span), mark.start));
        }
        if shown.end < line.end {
            excerpt.text.push_str(self.cut);
        }
        excerpt.text.push('\n');
        excerpt.lines.push((number, from..excerpt.text.len()));
    }
}

/// At most `width` characters of a line, with `start` in the first third of them.
fn window(text: &str, line: Range<usize>, start: usize, width: usize) -> Range<usize> {
    if line.len() <= width {
        return line;
    }
    let start = floor_char_boundary(text, start).max(line.start);
    let before = text[line.start..start].char_indices().rev().take(width / 3).last();
    let from = before.map_or(start, |(at, _)| line.start + at);
    let to = text[from..line.end].char_indices().nth(width).map_or(line.end, |(at, _)| from + at);
    from..to
}

fn floor_char_boundary(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// The cut-out lines of a frame.
#[derive(Debug)]
pub struct Excerpt {
    name: String,
    text: String,
    /// Line number in the file, bytes in the excerpt.
    lines: Vec<(u32, Range<usize>)>,
    labels: Vec<(LabeledSpan, Position)>,
}

impl Excerpt {
    /// The labels, in bytes of the excerpt.
    pub fn labels(&self) -> impl Iterator<Item = LabeledSpan> + '_ {
        self.labels.iter().map(|(label, _)| label.clone())
    }

    fn line_of(&self, offset: usize) -> Option<usize> {
        let at = self.lines.partition_point(|(_, bytes)| bytes.start <= offset);
        at.checked_sub(1)
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        let first = self.line_of(span.offset()).ok_or(MietteError::OutOfBounds)?;
        let last = self.line_of(end.max(span.offset() + 1) - 1).ok_or(MietteError::OutOfBounds)?;
        let follows = |at: &usize| self.lines[*at].0 + 1 == self.lines[*at + 1].0;
        if end > self.text.len() || !(first..last).all(|at| follows(&at)) {
            return Err(MietteError::OutOfBounds);
        }
        let first = (first.saturating_sub(before)..first).rev().take_while(follows).last().unwrap_or(first);
        let limit = (last + after).min(self.lines.len() - 1);
        let last = (last..limit).take_while(follows).last().map_or(last, |at| at + 1);
        // Context lines come whole; without them the bytes are those of the span, as miette expects.
        let bytes =
            if before + after == 0 { span.offset()..end } else { self.lines[first].1.start..self.lines[last].1.end };
        let label = self.labels.iter().find(|(label, _)| label.offset() == span.offset());
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[bytes.clone()],
            bytes.into(),
            self.lines[first].0 as usize - 1,
            label.map_or(0, |(_, position)| position.column as usize - 1),
            last - first + 1,
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_the_place_and_splits_no_character() {
        let line = "é".repeat(1000);
        for start in [0, 1, 2, 999, 1000, 1998, 2000] {
            let shown = window(&line, 0..2000, start, 160);
            assert!(shown.start <= start && start <= shown.end, "{start}: {shown:?}");
            assert!(line[shown].chars().count() <= 160);
        }
    }

    #[test]
    fn a_short_line_is_shown_whole() {
        assert_eq!(window("a: b\nc: d", 5..9, 8, 160), 5..9);
    }
}

//! Comments that speak to gatelint. Every syntax with comments that begin with `#` has them.

use super::tree::{Comment, TreeBuilder};
use crate::span::{FileId, Span};

/// Marks the comments that are kept.
pub const MARK: &str = "gatelint:";

/// Keeps the comment whose `#` stands at byte `start`, if it speaks to gatelint.
pub fn keep(builder: &mut TreeBuilder, file: FileId, text: &str, start: usize) {
    let bytes = text.as_bytes();
    let end = memchr::memchr2(b'\n', b'\r', &bytes[start..]).map_or(text.len(), |length| start + length);
    let text_of = &text[start + 1..end];
    if !text_of.contains(MARK) {
        return;
    }
    let line = memchr::memrchr2(b'\n', b'\r', &bytes[..start]).map_or(0, |brk| brk + 1);
    let alone = text[line..start].trim().is_empty();
    let from = end - text_of.trim_start().len();
    let to = from + text_of.trim().len();
    builder.comment(Comment { span: Span::new(file, from as u32, to as u32), alone });
}

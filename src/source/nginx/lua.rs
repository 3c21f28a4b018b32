//! Where a block of Lua code ends, told from braces, texts and comments, as the
//! module of OpenResty does that reads `*_by_lua_block { … }`. Knows no more of Lua.

use memchr::memmem;

/// The brace that closes the block whose opening brace stands at byte `open`.
pub fn end_of_block(text: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = open;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            b'"' | b'\'' => {
                at = end_of_text(text, at);
                continue;
            }
            b'-' if text.get(at + 1) == Some(&b'-') => {
                at += 2;
                at = match level(text, at) {
                    Some(level) => end_of_long_text(text, at, level)?,
                    None => memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length),
                };
                continue;
            }
            b'[' => {
                if let Some(level) = level(text, at) {
                    at = end_of_long_text(text, at, level)?;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The byte after the text in quotes that begins at `start`. A text that is not closed ends with its line.
fn end_of_text(text: &[u8], start: usize) -> usize {
    let quote = text[start];
    let mut at = start + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\n' => return at,
            _ if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// How many `=` stand in the long bracket (`[[`, `[=[`, …) that begins at `at`, if one does.
fn level(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?.strip_prefix(b"[")?;
    let level = rest.iter().take_while(|&&byte| byte == b'=').count();
    (rest.get(level) == Some(&b'[')).then_some(level)
}

fn end_of_long_text(text: &[u8], start: usize, level: usize) -> Option<usize> {
    let close = [b"]".as_slice(), &vec![b'='; level], b"]"].concat();
    let from = start + level + 2;
    memmem::find(&text[from..], &close).map(|length| from + length + close.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str) {
        let text = format!("{code}}} rest }}");
        assert_eq!(end_of_block(text.as_bytes(), 0), Some(code.len()), "{code}");
    }

    #[test]
    fn braces_in_texts_and_comments_do_not_count() {
        check("{ local t = { a = { 1 } } ");
        check("{ local s = \"}\" .. '}\\'}' ");
        check("{ -- } it's\n ");
        check("{ --[[ } \n } ]] ");
        check("{ local s = [==[ } ]] }]=] ]==] ");
        check("{ a[b[1]] = {} ");
        check("{ local s = 'open \n ");
    }

    #[test]
    fn a_block_without_an_end_has_none() {
        for code in ["{", "{ [[ }", "{ --[=[ }", "{ {}"] {
            assert_eq!(end_of_block(code.as_bytes(), 0), None, "{code}");
        }
    }
}

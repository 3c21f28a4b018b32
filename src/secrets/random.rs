//! Whether text looks like a secret that a machine made. Knows no format.

use super::formats::Alphabet;

/// Words in samples. `xxxx` and the like are masks.
const SAMPLE_WORDS: [&str; 13] = [
    "example",
    "sample",
    "dummy",
    "placeholder",
    "redacted",
    "changeme",
    "replace",
    "insert",
    "yourkey",
    "your_",
    "your-",
    "xxxx",
    "....",
];

/// Whether a candidate says that it is none.
pub(super) fn names_itself_a_sample(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    SAMPLE_WORDS.iter().any(|word| text.contains(word))
}

/// Whether a run of an alphabet looks as if chosen by chance.
pub(super) fn looks_random(alphabet: Alphabet, run: &str) -> bool {
    let bytes = run.as_bytes();
    let has = |test: fn(&u8) -> bool| bytes.iter().any(test);
    let mixed = match alphabet {
        Alphabet::Base62 | Alphabet::Base64 | Alphabet::Base64Url => {
            has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
        }
        Alphabet::Letters => has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase),
        Alphabet::Hex => has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase),
        Alphabet::Digits | Alphabet::Upper | Alphabet::Base32 => true,
    };
    // What a random run of that length comes near to.
    let most = (bytes.len().min(alphabet.size()) as f64).log2();
    mixed && entropy(bytes) >= 0.75 * most && !is_filler(run)
}

/// Shannon entropy in bits per character.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let length = bytes.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / length;
            -share * share.log2()
        })
        .sum()
}

/// Whether text is typed along the alphabet or repeats itself: `1234567890abcdef`,
/// `0a1b2c3d`, `deadbeefdeadbeef`.
pub(super) fn is_filler(text: &str) -> bool {
    let bytes = text.as_bytes();
    let along = |lag: usize| {
        let steps = bytes.windows(lag + 1).filter(|pair| pair[0].abs_diff(pair[lag]) <= 1).count();
        steps * 20 >= bytes.len().saturating_sub(lag) * 9
    };
    let repeats = |period: usize| bytes.iter().skip(period).zip(bytes).all(|(later, earlier)| later == earlier);
    bytes.len() < 4 || along(1) || along(2) || (1..=bytes.len() / 2).any(repeats)
}

/// Whether the last six characters are the CRC-32 of those before, in base 62 with
/// digits before capitals before small letters.
pub(super) fn has_crc32(body: &str) -> bool {
    body.len() > 6 && body.is_ascii() && body.ends_with(&base62(crc32(&body.as_bytes()[..body.len() - 6])))
}

/// CRC-32 of ISO 3309, as in gzip.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

pub(super) fn base62(mut value: u32) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = [b'0'; 6];
    for place in text.iter_mut().rev() {
        *place = DIGITS[(value % 62) as usize];
        value /= 62;
    }
    text.map(char::from).iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_published_example() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert!(has_crc32(concat!("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq17")));
        assert!(!has_crc32(concat!("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq18")));
        assert!(!has_crc32("0"));
    }

    #[test]
    fn fillers_are_known() {
        for text in [
            "aaaaaaaaaaaaaaaa",
            "1234567890abcdef1234567890abcdef",
            "0A1B2C3D4E5F6G7H8I9J",
            "deadbeefdeadbeef",
            "abcdefghijklmnop",
        ] {
            assert!(is_filler(text), "{text}");
        }
        assert!(!is_filler("f3a91c07be62d854"));
    }

    #[test]
    fn words_are_not_random() {
        assert!(!looks_random(Alphabet::Base64Url, "access-token-string-for-you"));
        assert!(!looks_random(Alphabet::Hex, "00000000000000000000000000000001"));
        assert!(looks_random(Alphabet::Hex, "9f86d081884c7d659a2feaa0c55ad015"));
    }
}

//! Tests of the detection of secrets, on secrets that are made up at run time.

use super::formats::Alphabet;
use super::random::{base62, crc32};
use super::*;

/// Text that looks random, the same on every run. Whole secrets are never written
/// down in this file, so that no scanner takes them for real ones.
fn random(alphabet: Alphabet, length: usize) -> String {
    let letters: Vec<char> = (0..=127_u8).filter(|byte| alphabet.contains(*byte)).map(char::from).collect();
    let mut state = 0x2545_f491_4f6c_dd1d_u64 ^ length as u64;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            letters[(state >> 33) as usize % letters.len()]
        })
        .collect()
}

/// A secret of that format.
fn secret(format: &Format) -> String {
    let mut text = format.before.map_or_else(String::new, |(alphabet, least, most, first)| {
        first.to_owned() + &random(alphabet, usize::midpoint(least, most) - first.len())
    });
    text.push_str(format.literal);
    if matches!(format.check, Check::Crc32) {
        let body = random(Alphabet::Base62, 30);
        return text + &body + &base62(crc32(body.as_bytes()));
    }
    for part in format.parts {
        match part {
            Part::Run(alphabet, least, _) => text.push_str(&random(*alphabet, *least)),
            Part::Text(literal) => text.push_str(literal),
        }
    }
    text
}

fn github() -> String {
    secret(&FORMATS[0])
}

#[test]
fn every_format_of_the_table_is_found_at_its_place() {
    for format in FORMATS {
        let secret = secret(format);
        let text = format!("description: \"use {secret}\" here");
        let hits = find_secrets(&text);
        assert_eq!(hits.len(), 1, "{} {}: {secret}", format.provider, format.what);
        assert_eq!(&text[hits[0].range()], secret);
        assert_eq!(hits[0].kind(), format!("{} {}", format.provider, format.what));
    }
}

#[test]
fn a_text_without_secrets_has_none() {
    assert!(find_secrets("").is_empty());
    assert!(find_secrets("the key sk-live, a token ghp_ and AKIA").is_empty());
}

#[test]
fn several_secrets_come_in_order() {
    let (first, second) = (github(), secret(FORMATS.iter().find(|f| f.provider == "Stripe").unwrap()));
    let hits = find_secrets(&format!("{first}\n{second}\n{first}"));
    assert_eq!(hits.iter().map(|hit| hit.provider).collect::<Vec<_>>(), ["GitHub", "Stripe", "GitHub"]);
}

#[test]
fn a_wrong_checksum_is_no_secret() {
    let mut secret = github();
    let last = if secret.pop() == Some('a') { 'b' } else { 'a' };
    secret.push(last);
    assert!(find_secrets(&secret).is_empty());
}

#[test]
fn a_longer_word_is_no_secret() {
    for format in FORMATS {
        let secret = secret(format);
        if format.before.is_none() {
            assert!(find_secrets(&format!("x{secret}")).is_empty(), "{secret}");
        }
        let open_end = matches!(format.parts.last(), Some(Part::Run(_, least, most)) if least < most);
        if !open_end || matches!(format.check, Check::Crc32) {
            assert!(find_secrets(&format!("{secret}Q7")).is_empty(), "{secret}");
        }
    }
}

#[test]
fn an_escaped_line_end_before_a_secret_is_no_part_of_it() {
    assert_eq!(find_secrets(&format!(r#""first\n{}\n""#, github())).len(), 1);
}

#[test]
fn fillers_and_masks_are_no_secrets() {
    for text in [
        concat!("gh", "p_1234567890abcdef1234567890abcdef12345678"),
        concat!("sk_", "live_xxxxxxxxxxxxxxxxxxxxxxxx"),
        concat!("sk_", "live_000000000000000000000000"),
        concat!("shp", "at_0123456789abcdef0123456789abcdef"),
        concat!("AK", "IAAAAAAAAAAAAAAAAA"),
        concat!("sk_", "live_YourSecretKeyGoesRightHere"),
    ] {
        assert!(find_secrets(text).is_empty(), "{text}");
    }
}

#[test]
fn documented_samples_are_no_secrets() {
    assert!(find_secrets(concat!("AKIA", "IOSFODNN7EXAMPLE")).is_empty());
    for sample in SAMPLES {
        assert!(find_secrets(sample).is_empty(), "{sample}");
    }
}

/// The beginning of a DER sequence of 120 bytes: an integer, and an octet string of 115 bytes.
const DER: [u8; 8] = [0x30, 0x81, 120, 0x02, 1, 0, 0x04, 115];

/// A block with such a sequence, the last `missing` bytes cut off.
fn pem(label: &str, line_end: &str, missing: usize) -> String {
    let body = random(Alphabet::Base62, 115 - missing);
    block(label, line_end, &DER.iter().copied().chain(body.bytes()).collect::<Vec<u8>>())
}

fn block(label: &str, line_end: &str, bytes: &[u8]) -> String {
    let mut base64 = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let value = (word >> (18 - 6 * place) & 63) as usize;
            base64.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[value]));
        }
    }
    let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----{line_end}{}{line_end}-----END {label}-----", lines.join(line_end))
}

#[test]
fn a_private_key_is_found_in_yaml_and_in_json() {
    for line_end in ["\n", "\r\n", "\n      ", "\\n", "\\r\\n", "\\n\" +\n  \""] {
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
            let block = pem(label, line_end, 0);
            let text = format!("pem: \"{block}\"");
            let hits = find_secrets(&text);
            assert_eq!(hits.len(), 1, "{text}");
            assert_eq!(&text[hits[0].range()], block);
            assert_eq!(hits[0].kind().to_lowercase(), label.to_lowercase());
        }
    }
}

#[test]
fn a_comment_behind_the_header_is_no_content() {
    let block = pem("PRIVATE KEY", "\n", 0).replacen("KEY-----\n", "KEY----- # for tests\n", 1);
    assert_eq!(find_secrets(&block).len(), 1);
}

#[test]
fn a_shortened_private_key_is_none() {
    assert!(find_secrets(&pem("PRIVATE KEY", "\n", 30)).is_empty());
    assert!(
        find_secrets("-----BEGIN RSA PRIVATE KEY-----\nMIIEpQIBAAKCAQEA...\n-----END RSA PRIVATE KEY-----").is_empty()
    );
    assert!(find_secrets("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----").is_empty());
    assert!(find_secrets("-----BEGIN PRIVATE KEY-----").is_empty());
}

#[test]
fn a_scrambled_private_key_is_none() {
    let mut bytes: Vec<u8> = DER.into();
    bytes[3] = 0xec;
    bytes.extend(random(Alphabet::Base62, 115).bytes());
    assert!(find_secrets(&block("PRIVATE KEY", "\n", &bytes)).is_empty());
    let nested = [0x30, 0x82, 0x04, 0x00].repeat(3000);
    assert!(find_secrets(&block("PRIVATE KEY", "\n", &nested)).is_empty());
}

#[test]
fn public_and_encrypted_keys_are_no_secrets() {
    assert!(find_secrets(&pem("PUBLIC KEY", "\n", 0)).is_empty());
    assert!(find_secrets(&pem("ENCRYPTED PRIVATE KEY", "\n", 0)).is_empty());
    let encrypted = pem("RSA PRIVATE KEY", "\n", 0).replacen("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\n\n", 1);
    assert!(find_secrets(&encrypted).is_empty());
}

#[test]
fn hostile_texts_are_read_in_linear_time() {
    let started = std::time::Instant::now();
    for text in ["-----BEGIN PRIVATE KEY-----", "ghp_", "T3BlbkFJ", "1:AA", "sk_live_a"] {
        assert!(find_secrets(&text.repeat(20_000)).is_empty());
    }
    find_secrets(&("a".repeat(1_000_000) + "T3BlbkFJ" + &"a".repeat(1_000_000)));
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn text_of_many_bytes_per_character_is_no_problem() {
    for text in ["ü:AAé", "-----BEGIN ü", "sk_live_日本語", "日本語T3BlbkFJ日本語"] {
        assert!(find_secrets(text).is_empty());
    }
}

/// Its documents hold complete private keys, published on purpose, but no provider key.
#[test]
fn nothing_in_the_corpus_is_taken_for_the_key_of_a_provider() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus");
    let folder = std::env::var("GATELINT_CORPUS").unwrap_or(beside.to_owned());
    if !std::path::Path::new(&folder).is_dir() {
        println!("skipped: no corpus at {folder}");
        return;
    }
    let files =
        walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok).filter(|file| file.file_type().is_file());
    for file in files {
        let bytes = std::fs::read(file.path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for hit in find_secrets(&text) {
            assert_eq!(hit.provider, "PEM", "{}: {}", file.path().display(), &text[hit.range()]);
        }
    }
}

//! Personal data that a text consists of: card numbers, mail addresses, telephone
//! numbers. Pure detection; what is reserved for tests is left out.

/// What kind of data it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personal {
    /// The number of a payment card.
    Card,
    /// A mail address.
    Email,
    /// A telephone number.
    Phone,
}

/// Numbers that card schemes and payment providers publish for tests.
const TEST_CARDS: [&str; 24] = [
    "4111111111111111",
    "4242424242424242",
    "4000000000000002",
    "4000056655665556",
    "4012888888881881",
    "4222222222222",
    "4005519200000004",
    "4009348888881881",
    "4012000033330026",
    "4500600000000061",
    "4917610000000000",
    "5555555555554444",
    "5105105105105100",
    "5200828282828210",
    "5431111111111111",
    "2223003122003222",
    "2223000048400011",
    "378282246310005",
    "371449635398431",
    "378734493671000",
    "6011111111111117",
    "6011000990139424",
    "3530111333300000",
    "30569309025904",
];

/// The kind of personal data that a text is as a whole.
pub fn personal(text: &str) -> Option<Personal> {
    if is_email(text) {
        Some(Personal::Email)
    } else if is_card(text) {
        Some(Personal::Card)
    } else {
        is_phone(text).then_some(Personal::Phone)
    }
}

/// The digits of a number that is written in groups.
fn digits(text: &str, separators: &[u8]) -> Option<String> {
    let good = text.bytes().all(|byte| byte.is_ascii_digit() || separators.contains(&byte));
    good.then(|| text.chars().filter(char::is_ascii_digit).collect())
}

/// Beginnings and lengths of ISO 7812 as the large schemes use them, the check digit of Luhn, and no test number.
fn is_card(text: &str) -> bool {
    let Some(number) = digits(text, b" -") else { return false };
    let prefix = |length: usize| number.get(..length).and_then(|prefix| prefix.parse::<u32>().ok()).unwrap_or(0);
    let scheme = match number.len() {
        16 => {
            prefix(1) == 4
                || (51..=55).contains(&prefix(2))
                || (2221..=2720).contains(&prefix(4))
                || prefix(4) == 6011
                || prefix(2) == 65
        }
        15 => matches!(prefix(2), 34 | 37),
        _ => false,
    };
    scheme && has_luhn(&number) && !TEST_CARDS.contains(&number.as_str()) && !has_run(&number, 5)
}

fn has_luhn(number: &str) -> bool {
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0') * (1 + place as u32 % 2);
            value / 10 + value % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether so many equal digits stand together, or so many that count up or down: nobody is given such a number.
fn has_run(number: &str, length: usize) -> bool {
    let bytes = number.as_bytes();
    bytes.windows(length).any(|run| {
        let steps: Vec<i16> = run.windows(2).map(|two| i16::from(two[1]) - i16::from(two[0])).collect();
        steps.iter().all(|step| *step == steps[0]) && (-1..=1).contains(&steps[0])
    })
}

/// Whether groups of equal digits, or the same digits again and again, show that a number is made up.
fn repeats(number: &str) -> bool {
    let bytes = number.as_bytes();
    let equal = bytes.windows(3).filter(|three| three[0] == three[1] && three[1] == three[2]).count();
    let is_pairs = |eight: &[u8]| eight.chunks(2).all(|pair| pair[0] == pair[1]);
    equal > 1
        || bytes.windows(6).any(|six| six[..3] == six[3..] || six[..2] == six[2..4] && six[2..4] == six[4..])
        || bytes.windows(8).any(is_pairs)
}

fn is_email(text: &str) -> bool {
    let Some((mailbox, domain)) = text.split_once('@') else { return false };
    let is_word = |text: &str, more: &[u8]| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    let labels: Vec<&str> = domain.split('.').collect();
    is_word(mailbox, b".-_+")
        && is_of_somebody(mailbox)
        && labels.len() > 1
        && labels.iter().all(|label| is_word(label, b"-"))
        && labels.last().is_some_and(|last| last.len() > 1 && last.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Whether a mailbox is called after a person: two names, or an initial and a name.
fn is_of_somebody(mailbox: &str) -> bool {
    let name = mailbox.trim_end_matches(|c: char| c.is_ascii_digit());
    let parts: Vec<&str> = name.split(['.', '_']).collect();
    let is_name = |part: &str| part.len() > 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    match parts[..] {
        [first, last] => is_name(last) && (first.len() == 1 || is_name(first)),
        _ => false,
    }
}

/// E.164 with its plus sign, and none of the numbers that are reserved for drama and documentation.
fn is_phone(text: &str) -> bool {
    let Some(number) = text.strip_prefix('+').and_then(|rest| digits(rest, b" -.()")) else { return false };
    if !(9..=15).contains(&number.len()) || has_run(&number, 4) || repeats(&number) {
        return false;
    }
    // Toll-free numbers are those of companies.
    let toll_free =
        ["1800", "1833", "1844", "1855", "1866", "1877", "1888"].iter().any(|start| number.starts_with(start));
    // NANPA 555-01XX (and what people take for it), Ofcom, ACMA, ARCEP.
    let reserved = number.starts_with('1') && (number.get(4..7) == Some("555") || number.get(1..4) == Some("555"))
        || ["447700900", "442079460", "44117496", "61491570", "3319900", "3326191"]
            .iter()
            .any(|start| number.starts_with(start));
    // The North American plan has eleven digits, and no area or exchange that begins with 0 or 1.
    let good = |at: usize| number.as_bytes().get(at).is_some_and(|digit| *digit > b'1');
    let nanpa = !number.starts_with('1') || number.len() == 11 && good(1) && good(4);
    nanpa && !reserved && !toll_free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_have_is_personal() {
        assert_eq!(personal("4716 9283 6051 7428"), Some(Personal::Card));
        assert_eq!(personal("4716-9283-6051-7427"), None);
        assert_eq!(personal("m.huber@alpenpost.at"), Some(Personal::Email));
        assert_eq!(personal("+43 664 8273915"), Some(Personal::Phone));
        assert_eq!(personal("+1 (212) 736-5091"), Some(Personal::Phone));
    }

    #[test]
    fn test_data_is_not() {
        for text in [
            "4111 1111 1111 1111",
            "4242424242424242",
            "378282246310005",
            "+1 202 555 0143",
            "+15551234567",
            "+44 7700 900123",
            "+1234567890",
            "+1 800 925 6278",
            "+11112223333",
            "+33606060606",
            "+911122334455",
            "super-kebab@mail.io",
            "+44 1234 123123",
            "elon@musk.io",
            "apapbchd@mail.io",
            "a@b.com",
        ] {
            assert_eq!(personal(text), None, "{text}");
        }
    }

    #[test]
    fn other_text_is_not() {
        for text in ["", "a@b", "@", "a b@c.de", "20260101120000", "1234567890123", "+12", "2026-01-01", "a@b.c1"] {
            assert_eq!(personal(text), None, "{text}");
        }
    }
}

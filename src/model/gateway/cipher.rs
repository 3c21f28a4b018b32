//! Which weak cipher suites a list admits: strings of OpenSSL with their operators, and plain
//! lists of names as Go, IANA and Envoy have them.
//!
//! Only weak suites are in the table; what a word adds or removes of the others does not matter.
//! What a word means is what OpenSSL 1.1.0 and later mean by it: `HIGH` holds no 3DES and no RC4
//! since 1.0.2i, `ALL` holds everything but NULL, and `DEFAULT` is `ALL:!COMPLEMENTOFDEFAULT:!eNULL`.
//! Words that OpenSSL does not know are left out, as OpenSSL does.
//!
//! Sources: <https://docs.openssl.org/master/man1/openssl-ciphers/>,
//! <https://openssl-library.org/post/2016-08-25-sweet32/>, and for the suites that are gone now
//! <https://docs.openssl.org/1.0.2/man1/ciphers/>.

use std::fmt;

/// Why a suite is weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WeakClass {
    /// Nothing is encrypted.
    Null,
    /// Keys of 40 or 56 bits, for the export rules of the nineties.
    Export,
    /// The server is not authenticated.
    Anonymous,
    /// RC4, prohibited by RFC 7465.
    Rc4,
    /// Single DES, with keys of 56 bits.
    Des,
    /// Triple DES, with blocks of 64 bits (CVE-2016-2183).
    TripleDes,
    /// Messages are authenticated with MD5.
    Md5,
}

impl WeakClass {
    /// Whether it gives next to no protection.
    pub fn is_broken(self) -> bool {
        matches!(self, Self::Null | Self::Export | Self::Anonymous)
    }
}

impl fmt::Display for WeakClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "NULL",
            Self::Export => "EXPORT",
            Self::Anonymous => "anonymous",
            Self::Rc4 => "RC4",
            Self::Des => "DES",
            Self::TripleDes => "3DES",
            Self::Md5 => "MD5",
        })
    }
}

/// A class of weak suites that a list admits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weak {
    /// The class.
    pub class: WeakClass,
    /// The word of the list that admits it.
    pub word: String,
    /// Whether the word names the class (`RC4`, `ADH`, a suite) or only includes it (`HIGH`, `ALL`). Classes that
    /// are only included are off in OpenSSL since 1.1.0 unless `@SECLEVEL=0` is set: no ground for a finding.
    pub is_named: bool,
}

/// The weak classes that an OpenSSL cipher string admits, each once, by the first word that admits it.
pub fn openssl(list: &str) -> Vec<Weak> {
    let mut suites: Vec<(Suite, bool)> = SUITES.iter().filter_map(|name| Some((Suite::parse(name)?, false))).collect();
    // By suite that is active: the word that added it.
    let mut active: Vec<Option<&str>> = vec![None; suites.len()];
    let mut level = None;
    let words = list.split([':', ',', ' ', ';', '\t', '\n']).filter(|word| !word.is_empty());
    for word in words {
        if let Some(command) = word.strip_prefix('@') {
            level = command.strip_prefix("SECLEVEL=").and_then(|level| level.parse::<u8>().ok()).or(level);
            continue;
        }
        let (operator, name) = match word.split_at_checked(1) {
            Some((sign @ ("!" | "-" | "+"), name)) => (sign, name),
            _ => ("", word),
        };
        // A suite that is not in the table, as those with PSK or Kerberos.
        if operator.is_empty()
            && !SUITES.contains(&name)
            && let Some(suite) = Suite::parse(name).filter(|suite| !suite.classes().is_empty())
        {
            suites.push((suite, false));
            active.push(Some(word));
            continue;
        }
        for ((suite, is_killed), active) in suites.iter_mut().zip(&mut active) {
            if !suite.is_in(name) {
                continue;
            }
            match operator {
                "!" => (*is_killed, *active) = (true, None),
                "-" => *active = None,
                "+" => {}
                _ if *is_killed => {}
                _ => {
                    let names = |word: &str| suite.classes().into_iter().any(|class| suite.is_named_by(word, class));
                    // A word that says what it admits before one that only includes it.
                    if active.is_none_or(|before| !names(before) && names(word)) {
                        *active = Some(word);
                    }
                }
            }
        }
    }
    let is_allowed = |suite: &Suite, class: WeakClass| match level {
        None | Some(0) => true,
        // Since 1.1.0, `ssl_security_default_callback` in ssl/ssl_cert.c of OpenSSL.
        Some(1) => !suite.is_refused_at_1() && class != WeakClass::Des,
        Some(_) => !suite.is_refused_at_1() && class == WeakClass::TripleDes,
    };
    let mut found: Vec<Weak> = Vec::new();
    for ((suite, _), word) in suites.iter().zip(&active) {
        let Some(word) = *word else { continue };
        for class in suite.classes() {
            if !is_allowed(suite, class) {
                continue;
            }
            let is_named = suite.is_named_by(word, class);
            match found.iter_mut().find(|weak| weak.class == class) {
                Some(weak) if is_named && !weak.is_named => *weak = Weak { class, word: word.to_owned(), is_named },
                Some(_) => {}
                None => found.push(Weak { class, word: word.to_owned(), is_named }),
            }
        }
    }
    found.sort_by_key(|weak| weak.class);
    found
}

/// The weak classes in a list of suites by name, of IANA or of OpenSSL.
pub fn suites<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Weak> {
    let mut found: Vec<Weak> = Vec::new();
    for name in names {
        let name = name.trim();
        for class in Suite::parse(name).map_or_else(Vec::new, |suite| suite.classes()) {
            if !found.iter().any(|weak| weak.class == class) {
                found.push(Weak { class, word: name.to_owned(), is_named: true });
            }
        }
    }
    found.sort_by_key(|weak| weak.class);
    found
}

/// The weak classes in a list of Envoy, where `[A|B]` are suites of equal preference.
pub fn envoy<'a>(items: impl IntoIterator<Item = &'a str>) -> Vec<Weak> {
    let words = items.into_iter().flat_map(|item| item.split(['[', '|', ']']));
    openssl(&words.collect::<Vec<&str>>().join(":"))
}

/// The class that a word of OpenSSL is the name of.
fn named_by(word: &str) -> Option<WeakClass> {
    Some(match word {
        "NULL" | "eNULL" | "COMPLEMENTOFALL" => WeakClass::Null,
        "EXP" | "EXPORT" | "EXPORT40" | "EXPORT56" => WeakClass::Export,
        "aNULL" | "ADH" | "AECDH" | "COMPLEMENTOFDEFAULT" => WeakClass::Anonymous,
        "RC4" => WeakClass::Rc4,
        "DES" | "LOW" => WeakClass::Des,
        "3DES" => WeakClass::TripleDes,
        "MD5" => WeakClass::Md5,
        _ => return None,
    })
}

/// A suite, as its name says.
#[derive(Clone, Copy, Debug)]
struct Suite<'a> {
    name: &'a str,
    exchange: Exchange,
    authentication: Authentication,
    cipher: Cipher,
    mac: Mac,
    is_export: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exchange {
    Rsa,
    Dhe,
    Ecdhe,
    Psk,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Authentication {
    None,
    Rsa,
    Dss,
    Ecdsa,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cipher {
    Null,
    Rc4,
    Rc2,
    Des,
    TripleDes,
    Seed,
    Idea,
    Camellia,
    Aes { bits: u16, is_gcm: bool },
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mac {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Other,
}

impl<'a> Suite<'a> {
    /// Reads `ECDHE-RSA-DES-CBC3-SHA` and `TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA`; none if it is no name of a suite.
    fn parse(name: &'a str) -> Option<Self> {
        let parts: Vec<&str> = name.split(['-', '_']).collect();
        let has = |part: &str| parts.contains(&part);
        let has_any = |all: &[&str]| all.iter().any(|part| has(part));
        if parts.len() < 2 || parts.iter().any(|part| part.is_empty()) {
            return None;
        }
        let cipher = if has("NULL") {
            Cipher::Null
        } else if has("RC4") {
            Cipher::Rc4
        } else if has("RC2") {
            Cipher::Rc2
        } else if has_any(&["3DES", "CBC3"]) {
            Cipher::TripleDes
        } else if has_any(&["DES", "DES40"]) {
            Cipher::Des
        } else if has("SEED") {
            Cipher::Seed
        } else if has("IDEA") {
            Cipher::Idea
        } else if parts.iter().any(|part| part.starts_with("CAMELLIA")) {
            Cipher::Camellia
        } else if parts.iter().any(|part| part.starts_with("AES")) {
            let bits = if has_any(&["AES256", "256"]) { 256 } else { 128 };
            Cipher::Aes { bits, is_gcm: has("GCM") }
        } else if parts.iter().any(|part| part.starts_with("CHACHA") || part.starts_with("ARIA")) {
            Cipher::Other
        } else {
            return None;
        };
        let is_anonymous = has_any(&["ADH", "AECDH", "anon"]);
        let exchange = if has_any(&["PSK", "SRP", "KRB5", "KRB5EDH"]) {
            if has("PSK") { Exchange::Psk } else { Exchange::Other }
        } else if has_any(&["ECDHE", "EECDH", "AECDH"]) || (has("ECDH") && is_anonymous) {
            Exchange::Ecdhe
        } else if has_any(&["DHE", "EDH", "ADH"]) || (has("DH") && is_anonymous) {
            Exchange::Dhe
        } else if has_any(&["DH", "ECDH"]) {
            Exchange::Other
        } else {
            Exchange::Rsa
        };
        let authentication = if is_anonymous {
            Authentication::None
        } else if has("DSS") {
            Authentication::Dss
        } else if has("ECDSA") {
            Authentication::Ecdsa
        } else if matches!(exchange, Exchange::Psk | Exchange::Other) {
            Authentication::Other
        } else {
            Authentication::Rsa
        };
        let mac = match parts.last().copied() {
            Some("MD5") => Mac::Md5,
            Some("SHA" | "SHA1") => Mac::Sha1,
            Some("SHA256") => Mac::Sha256,
            Some("SHA384") => Mac::Sha384,
            _ => Mac::Other,
        };
        let is_export = has_any(&["EXP", "EXP1024", "EXPORT", "EXPORT40", "EXPORT1024"]);
        Some(Self { name, exchange, authentication, cipher, mac, is_export })
    }

    fn classes(&self) -> Vec<WeakClass> {
        let cipher = match self.cipher {
            Cipher::Null => Some(WeakClass::Null),
            Cipher::Rc4 => Some(WeakClass::Rc4),
            Cipher::Des => Some(WeakClass::Des),
            Cipher::TripleDes => Some(WeakClass::TripleDes),
            _ => None,
        };
        let mut classes: Vec<WeakClass> = cipher.into_iter().collect();
        classes.extend(self.is_export.then_some(WeakClass::Export));
        classes.extend((self.authentication == Authentication::None).then_some(WeakClass::Anonymous));
        classes.extend((self.mac == Mac::Md5).then_some(WeakClass::Md5));
        classes
    }

    /// Whether security level 1 refuses it: less than 80 bits, no authentication, or MD5.
    fn is_refused_at_1(&self) -> bool {
        let is_short = self.is_export || matches!(self.cipher, Cipher::Null | Cipher::Des);
        is_short || self.authentication == Authentication::None || self.mac == Mac::Md5
    }

    /// Whether a word that selects it says that it is of a class.
    fn is_named_by(&self, word: &str, class: WeakClass) -> bool {
        word == self.name || word.split('+').any(|part| named_by(part) == Some(class))
    }

    /// Whether a word, or words joined by `+`, or its own name select it.
    fn is_in(&self, words: &str) -> bool {
        words == self.name || words.split('+').all(|word| self.is_in_word(word))
    }

    fn is_in_word(&self, word: &str) -> bool {
        use Authentication as A;
        use Exchange as X;
        let is_anonymous = self.authentication == A::None;
        let is_null = self.cipher == Cipher::Null;
        match word {
            "ALL" => !is_null,
            "COMPLEMENTOFALL" | "NULL" | "eNULL" => is_null,
            "COMPLEMENTOFDEFAULT" => self.is_off_by_default(),
            "DEFAULT" => !is_null && !self.is_off_by_default(),
            "EXP" | "EXPORT" => self.is_export,
            "EXPORT40" => self.is_export && !self.name.starts_with("EXP1024-"),
            "EXPORT56" => self.name.starts_with("EXP1024-"),
            "LOW" => !self.is_export && self.cipher == Cipher::Des,
            "MEDIUM" => {
                let is_medium =
                    matches!(self.cipher, Cipher::Rc4 | Cipher::Rc2 | Cipher::TripleDes | Cipher::Seed | Cipher::Idea);
                !self.is_export && is_medium
            }
            "HIGH" => matches!(self.cipher, Cipher::Aes { .. } | Cipher::Camellia | Cipher::Other),
            "kRSA" | "RSA" => self.exchange == X::Rsa,
            "aRSA" => self.authentication == A::Rsa,
            "kEDH" | "kDHE" | "DH" => self.exchange == X::Dhe,
            "EDH" | "DHE" => self.exchange == X::Dhe && !is_anonymous,
            "ADH" => self.exchange == X::Dhe && is_anonymous,
            "kEECDH" | "kECDHE" | "ECDH" => self.exchange == X::Ecdhe,
            "EECDH" | "ECDHE" => self.exchange == X::Ecdhe && !is_anonymous,
            "AECDH" => self.exchange == X::Ecdhe && is_anonymous,
            "aNULL" => is_anonymous,
            "aDSS" | "DSS" => self.authentication == A::Dss,
            "aECDSA" | "ECDSA" => self.authentication == A::Ecdsa,
            "PSK" | "kPSK" | "aPSK" => self.exchange == X::Psk,
            "RC4" => self.cipher == Cipher::Rc4,
            "RC2" => self.cipher == Cipher::Rc2,
            "DES" => self.cipher == Cipher::Des,
            "3DES" => self.cipher == Cipher::TripleDes,
            "SEED" => self.cipher == Cipher::Seed,
            "IDEA" => self.cipher == Cipher::Idea,
            "CAMELLIA" => self.cipher == Cipher::Camellia,
            "CAMELLIA128" | "CAMELLIA256" => self.name.contains(word),
            "AES" => matches!(self.cipher, Cipher::Aes { .. }),
            "AES128" => matches!(self.cipher, Cipher::Aes { bits: 128, .. }),
            "AES256" => matches!(self.cipher, Cipher::Aes { bits: 256, .. }),
            "AESGCM" => matches!(self.cipher, Cipher::Aes { is_gcm: true, .. }),
            "CBC" => !matches!(self.cipher, Cipher::Null | Cipher::Rc4 | Cipher::Aes { is_gcm: true, .. }),
            "MD5" => self.mac == Mac::Md5,
            "SHA" | "SHA1" => self.mac == Mac::Sha1,
            "SHA256" => self.mac == Mac::Sha256,
            "SHA384" => self.mac == Mac::Sha384,
            "TLSv1.2" => matches!(self.mac, Mac::Sha256 | Mac::Sha384),
            "SSLv3" | "TLSv1" | "TLSv1.0" => matches!(self.mac, Mac::Md5 | Mac::Sha1),
            _ => false,
        }
    }

    /// In `ALL` and not in `DEFAULT`: no authentication, RC4, 3DES, and what is gone since 1.1.0.
    fn is_off_by_default(&self) -> bool {
        let is_old = matches!(self.cipher, Cipher::Rc4 | Cipher::Rc2 | Cipher::TripleDes | Cipher::Des);
        is_old || self.is_export || self.authentication == Authentication::None
    }
}

/// The weak suites that words select, by their names in OpenSSL.
const SUITES: [&str; 67] = [
    "ADH-AES128-GCM-SHA256",
    "ADH-AES128-SHA",
    "ADH-AES128-SHA256",
    "ADH-AES256-GCM-SHA384",
    "ADH-AES256-SHA",
    "ADH-AES256-SHA256",
    "ADH-CAMELLIA128-SHA",
    "ADH-CAMELLIA128-SHA256",
    "ADH-CAMELLIA256-SHA",
    "ADH-CAMELLIA256-SHA256",
    "ADH-DES-CBC-SHA",
    "ADH-DES-CBC3-SHA",
    "ADH-RC4-MD5",
    "ADH-SEED-SHA",
    "AECDH-AES128-SHA",
    "AECDH-AES256-SHA",
    "AECDH-DES-CBC3-SHA",
    "AECDH-NULL-SHA",
    "AECDH-RC4-SHA",
    "DES-CBC-SHA",
    "DES-CBC3-SHA",
    "DHE-DSS-DES-CBC3-SHA",
    "DHE-DSS-RC4-SHA",
    "DHE-PSK-3DES-EDE-CBC-SHA",
    "DHE-PSK-NULL-SHA",
    "DHE-PSK-NULL-SHA256",
    "DHE-PSK-NULL-SHA384",
    "DHE-PSK-RC4-SHA",
    "DHE-RSA-DES-CBC3-SHA",
    "ECDHE-ECDSA-DES-CBC3-SHA",
    "ECDHE-ECDSA-NULL-SHA",
    "ECDHE-ECDSA-RC4-SHA",
    "ECDHE-PSK-3DES-EDE-CBC-SHA",
    "ECDHE-PSK-NULL-SHA",
    "ECDHE-PSK-RC4-SHA",
    "ECDHE-RSA-DES-CBC3-SHA",
    "ECDHE-RSA-NULL-SHA",
    "ECDHE-RSA-RC4-SHA",
    "EDH-DSS-DES-CBC-SHA",
    "EDH-DSS-DES-CBC3-SHA",
    "EDH-RSA-DES-CBC-SHA",
    "EDH-RSA-DES-CBC3-SHA",
    "EXP-ADH-DES-CBC-SHA",
    "EXP-ADH-RC4-MD5",
    "EXP-DES-CBC-SHA",
    "EXP-EDH-DSS-DES-CBC-SHA",
    "EXP-EDH-RSA-DES-CBC-SHA",
    "EXP-RC2-CBC-MD5",
    "EXP-RC4-MD5",
    "EXP1024-DES-CBC-SHA",
    "EXP1024-DHE-DSS-DES-CBC-SHA",
    "EXP1024-DHE-DSS-RC4-SHA",
    "EXP1024-RC4-SHA",
    "NULL-MD5",
    "NULL-SHA",
    "NULL-SHA256",
    "PSK-3DES-EDE-CBC-SHA",
    "PSK-NULL-SHA",
    "PSK-NULL-SHA256",
    "PSK-NULL-SHA384",
    "PSK-RC4-SHA",
    "RC2-CBC-MD5",
    "RC4-MD5",
    "RC4-SHA",
    "RSA-PSK-3DES-EDE-CBC-SHA",
    "RSA-PSK-NULL-SHA",
    "RSA-PSK-RC4-SHA",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(list: &str) -> Vec<String> {
        openssl(list).into_iter().filter(|weak| weak.is_named).map(|weak| weak.class.to_string()).collect()
    }

    fn all(list: &str) -> Vec<String> {
        openssl(list).into_iter().map(|weak| weak.class.to_string()).collect()
    }

    #[test]
    fn usual_lists_admit_nothing_weak() {
        for list in [
            "HIGH:!aNULL:!MD5",
            "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-CHACHA20-POLY1305",
            "EECDH+AESGCM:EDH+AESGCM",
            "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL:!eNULL:!EXPORT:!DES:!RC4:!MD5:!PSK",
            "DEFAULT",
            "DEFAULT:!RC4",
            "PROFILE=SYSTEM",
            "",
            "TLS13-AES-256-GCM-SHA384:!3DES",
        ] {
            assert_eq!(all(list), [""; 0], "{list}");
        }
    }

    #[test]
    fn words_that_name_a_weak_class_admit_it() {
        assert_eq!(named("HIGH:RC4:!aNULL:!MD5"), ["RC4"]);
        assert_eq!(named("ALL:!ADH:RC4+RSA:+HIGH:+MEDIUM:+LOW:+SSLv2:+EXP"), ["RC4"]);
        assert_eq!(named("LOW"), ["DES"]);
        assert_eq!(named("EXPORT:!RC4:!DES"), ["EXPORT"]);
        assert_eq!(named("aNULL:eNULL"), ["NULL", "anonymous"]);
        assert_eq!(named("ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-DES-CBC3-SHA"), ["3DES"]);
        assert_eq!(named("HIGH:3DES:!aNULL"), ["3DES"]);
        assert_eq!(named("RC4-MD5"), ["RC4", "MD5"]);
        assert_eq!(named("KRB5-DES-CBC-SHA"), ["DES"]);
    }

    #[test]
    fn wide_words_include_without_naming() {
        assert_eq!(all("HIGH"), ["anonymous"]);
        assert_eq!(all("HIGH:MEDIUM:!aNULL"), ["RC4", "3DES", "MD5"]);
        assert_eq!(all("ALL:!aNULL:!EXP:!LOW:!MD5"), ["RC4", "3DES"]);
        assert_eq!(all("kRSA:!eNULL:!EXP:!RC4:!DES:!3DES"), ["MD5"]);
        assert_eq!(named("HIGH:MEDIUM:ALL:kEDH:aRSA"), [""; 0]);
        assert_eq!(named("EECDH:EDH:!NULL:!SSLv2:!RC4:!aNULL:!3DES:!IDEA"), [""; 0]);
    }

    #[test]
    fn an_exclamation_mark_is_for_ever_and_a_minus_is_not() {
        assert_eq!(named("!RC4:RC4"), [""; 0]);
        assert_eq!(named("RC4:!RC4"), [""; 0]);
        assert_eq!(named("RC4:-RC4"), [""; 0]);
        assert_eq!(named("-RC4:RC4:!MD5:!aNULL"), ["RC4"]);
        assert_eq!(named("+RC4"), [""; 0]);
        assert_eq!(named("RC4:!MD5:+RC4:!aNULL:@STRENGTH"), ["RC4"]);
    }

    #[test]
    fn joined_words_select_what_both_do() {
        assert_eq!(named("RSA+RC4"), ["RC4"]);
        assert_eq!(named("RSA+3DES"), ["3DES"]);
        assert_eq!(named("ECDHE+3DES:!aECDSA:!aRSA"), [""; 0]);
        assert_eq!(all("EECDH+aRSA+RC4:!RC4"), [""; 0]);
        assert_eq!(all("kEDH+AES"), ["anonymous"]);
        assert_eq!(all("kEDH+AES:!ADH"), [""; 0]);
    }

    #[test]
    fn a_security_level_removes_what_it_refuses() {
        assert_eq!(all("ALL:@SECLEVEL=2"), ["3DES"]);
        assert_eq!(all("aNULL:NULL:@SECLEVEL=1"), [""; 0]);
        assert_eq!(all("HIGH@SECLEVEL=0"), [""; 0]);
        assert_eq!(all("HIGH:@SECLEVEL=0"), ["anonymous"]);
    }

    #[test]
    fn names_of_iana_are_read_in_plain_lists() {
        let classes = |names: &[&str]| -> Vec<String> {
            suites(names.iter().copied()).into_iter().map(|weak| weak.class.to_string()).collect()
        };
        assert_eq!(classes(&["TLS_RSA_WITH_RC4_128_SHA"]), ["RC4"]);
        assert_eq!(classes(&["TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"]), ["3DES"]);
        assert_eq!(classes(&["TLS_DH_anon_EXPORT_WITH_RC4_40_MD5"]), ["EXPORT", "anonymous", "RC4", "MD5"]);
        assert_eq!(classes(&["TLS_RSA_WITH_NULL_SHA256", "TLS_RSA_WITH_DES_CBC_SHA"]), ["NULL", "DES"]);
        assert_eq!(classes(&["TLS_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA", "x", "a-b", "RC4"]), [""; 0]);
    }

    #[test]
    fn lists_of_envoy_have_groups() {
        let weak = envoy(["[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]", "AES128-SHA"]);
        assert_eq!(weak, []);
        let weak = envoy(["[AES128-SHA|DES-CBC3-SHA]"]);
        assert_eq!(weak, [Weak { class: WeakClass::TripleDes, word: "DES-CBC3-SHA".to_owned(), is_named: true }]);
    }

    #[test]
    fn every_suite_of_the_table_is_weak() {
        for name in SUITES {
            assert!(!Suite::parse(name).unwrap().classes().is_empty(), "{name}");
        }
        assert!(SUITES.is_sorted());
    }

    proptest! {
        #[test]
        fn what_is_killed_stays_out(before in "(ALL|HIGH|RC4|3DES|aNULL|kRSA|LOW)(:[+-]?(ALL|RC4|MEDIUM|MD5)){0,3}",
                                    after in "(ALL|RC4|3DES|DES-CBC3-SHA|ADH)") {
            let list = format!("{before}:!aNULL:!eNULL:!EXP:!RC4:!DES:!3DES:!MD5:{after}");
            prop_assert_eq!(openssl(&list), []);
        }

        #[test]
        fn any_text_is_a_list(text in "\\PC{0,40}") {
            openssl(&text);
            suites([text.as_str()]);
            envoy([text.as_str()]);
        }
    }
}

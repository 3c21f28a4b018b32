//! What kind of text stands where a credential is expected: the secret itself, a hash of it, a reference to it, a
//! placeholder, or a value that a vendor's documentation prints. Knows no format.

use crate::words::WordLists;

/// The form of a credential in a file. In the order of `fields::FORMS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Form {
    /// The secret itself.
    Plaintext,
    /// A hash that is quickly tried out: SHA-1, MD5-crypt, apr1, plain MD5.
    WeakHash,
    /// A hash made for passwords: bcrypt, argon2, SHA-256-crypt, SHA-512-crypt.
    StrongHash,
    /// A name by which the secret is looked up elsewhere: variable, vault, file, secret object.
    Reference,
    /// No secret yet.
    Placeholder,
    /// Administrators' credentials that a vendor prints or ships.
    AdminSample,
    /// Users' credentials that a vendor prints or ships.
    UserSample,
}

/// Credentials that vendors print in their documentation or ship in an image, and whether they open the administration.
const SAMPLES: &[(&str, bool)] = &[
    // https://apisix.apache.org/docs/apisix/admin-api/
    ("edd1c9f034335f136f87ad84b625c8f1", true),
    ("4054f7cf07e344346cd3f287985e76a2", true),
    // https://tyk.io/docs/tyk-oss-gateway/configuration/
    ("352d20ee67be67f6340b4c0605b044b7", true),
    // https://doc.traefik.io/traefik/middlewares/http/basicauth/
    ("$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/", false),
    ("$apr1$d9hr9HBB$4HxwgUir3HP4EsggP/QNo0", false),
    // https://doc.traefik.io/traefik/middlewares/http/digestauth/
    ("{MD5}a2688e031edb4be6a3797f3882655c05", false),
    ("{MD5}518845800f9e2bfb1f1f740ec24f074e", false),
];

/// Values of generated reference pages.
const MEANINGLESS: [&str; 3] = ["foobar", "foo", "bar"];

impl Form {
    /// The form of a value. User names before a colon are left out by the caller.
    pub fn of(value: &str, lists: &WordLists) -> Self {
        let value = value.trim();
        if let Some((_, admin)) = SAMPLES.iter().find(|(sample, _)| *sample == value) {
            return if *admin { Self::AdminSample } else { Self::UserSample };
        }
        const STRONG: [&str; 8] = ["$2a$", "$2b$", "$2y$", "$argon2", "$5$", "$6$", "$y$", "$scrypt$"];
        const WEAK: [&str; 5] = ["$apr1$", "$1$", "{SHA}", "{SSHA}", "{MD5}"];
        if STRONG.iter().any(|start| value.starts_with(start)) {
            return Self::StrongHash;
        }
        if WEAK.iter().any(|start| value.starts_with(start)) {
            return Self::WeakHash;
        }
        if is_reference(value) {
            return Self::Reference;
        }
        if value.is_empty() || MEANINGLESS.contains(&value) || lists.placeholder(value) {
            Self::Placeholder
        } else {
            Self::Plaintext
        }
    }
}

/// Variables, templates, vaults, files and objects that hold the value.
fn is_reference(value: &str) -> bool {
    const STARTS: [&str; 9] =
        ["${", "{vault://", "{{", "<%", "@", "file://", "vault:", "env:", "arn:aws:secretsmanager:"];
    let is_variable = value.strip_prefix('$').is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte))
    });
    is_variable
        || STARTS.iter().any(|start| value.starts_with(start))
        || value.contains("${")
        || value.contains("{{")
        || value.starts_with('/') && value.rsplit('/').next().is_some_and(|name| name.contains('.') || name.len() < 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_told_from_what_stands_for_one() {
        for (value, form) in [
            ("s3cr3t-Passw0rd", Form::Plaintext),
            ("", Form::Placeholder),
            ("$MY_SECRET", Form::Reference),
            ("${SECRET}", Form::Reference),
            ("{vault://env/secret}", Form::Reference),
            ("{{ .Values.secret }}", Form::Reference),
            ("changeme", Form::Placeholder),
            ("<api key>", Form::Placeholder),
            ("xxxxxxxx", Form::Placeholder),
            ("foobar", Form::Placeholder),
            ("$apr1$abc$def", Form::WeakHash),
            ("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", Form::WeakHash),
            ("$2y$05$abc", Form::StrongHash),
            ("edd1c9f034335f136f87ad84b625c8f1", Form::AdminSample),
            ("$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/", Form::UserSample),
        ] {
            assert_eq!(Form::of(value, &WordLists::builtin()), form, "{value}");
        }
    }
}

//! Fields of texts: shown values, tokens, URLs with a password, active HTML and details of the inside.

use sha2::{Digest, Sha256};

use super::schema::credential_fact;
use super::{CREDENTIAL, Fact, Field, HOST_CLASSES, Kind, Model, Type, Value};
use super::{choice, field, owned};
use crate::model::net::{self, HostClass};
use crate::model::openapi::texts::{Login, Origin, Shown, Spot, Token, host_of};
use crate::secrets::{self, Jwt, Personal};
use crate::settings::Date;

/// Why a value stands in the document, in the order of `Origin`.
const ORIGINS: &[&str] = &["example", "default", "extension"];
/// In the order of `Personal`.
const PERSONAL: &[&str] = &["card", "email", "phone"];
/// What a JSON Web Token node is.
const TOKENS: &[&str] = &["written", "allowed"];
/// Whether a token still holds on the day of judgement.
const EXPIRIES: &[&str] = &["past", "future", "never"];
/// In the order of `ActiveKind`.
const ACTIVE: &[&str] = &["tag", "handler", "link"];
/// In the order of `DetailKind`.
const DETAILS: &[&str] = &["host", "address", "path", "account"];

fn shown(model: &Model, index: u32) -> &Shown {
    &model.texts().shown(model.api())[index as usize]
}

fn value(model: &Model, index: u32) -> &str {
    model.api().view.text(shown(model, index).at)
}

fn shown_name(model: &Model, index: u32) -> &str {
    shown(model, index).name.as_deref().unwrap_or_default()
}

/// Tells values apart without showing them.
fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value that refers to where the secret is, instead of holding it.
fn is_reference(text: &str) -> bool {
    const STARTS: [&str; 16] = [
        "$", "{", "<", "%", "@", "#/", "./", "../", "/", "env:", "env.", "vault:", "secret:", "secrets/", "ref:",
        "arn:",
    ];
    STARTS.iter().any(|start| text.starts_with(start))
        || text.contains("://")
        || text.contains("${")
        || text.contains("{{")
}

/// Personal data that is somebody's: no mailbox that everybody has, and no domain of samples.
fn personal(model: &Model, index: u32) -> Option<Personal> {
    let text = value(model, index);
    let kind = secrets::personal(text)?;
    let lists = &model.api().names.lists;
    let listed = |text: &str, list: &str| lists.id(list).is_some_and(|list| lists.hits(text).any(list));
    let shared = match kind {
        Personal::Email => text.split_once('@').is_none_or(|(mailbox, domain)| {
            matches!(net::host_class(domain), HostClass::Reserved | HostClass::Internal)
                || !has_public_suffix(domain)
                || is_own_domain(model, domain)
                || is_of_samples(domain)
                || listed(mailbox, "sample-mailbox")
                || listed(domain.split('.').rev().nth(1).unwrap_or_default(), "sample-domain")
        }),
        // Long numbers of other things pass the check digit once in ten.
        Personal::Card => {
            !listed(shown_name(model, index), "card") && !shown_name(model, index).to_ascii_lowercase().contains("card")
        }
        Personal::Phone => false,
    };
    (!shared).then_some(kind)
}

fn has_public_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.is_known())
}

/// Whether the name of a domain says that it is for trying out.
fn is_of_samples(domain: &str) -> bool {
    let label = domain.rsplit('.').nth(1).unwrap_or_default().to_ascii_lowercase();
    ["demo", "example", "sample", "test"].iter().any(|word| label.starts_with(word) || label.ends_with(word))
}

/// Whether a domain is that of the API itself: its operator's own mailboxes are no stranger's.
fn is_own_domain(model: &Model, domain: &str) -> bool {
    let own = net::registrable_domain(domain);
    let servers = model.api().servers.iter().flat_map(|server| &server.expanded);
    let mut hosts = servers.filter_map(|one| one.parts.host.as_ref());
    own.is_some() && hosts.any(|host| net::registrable_domain(host) == own)
}

fn token(model: &Model, index: u32) -> &Token {
    &model.texts().tokens(model.api())[index as usize]
}

/// A fact of a token that is written out.
fn written<'m>(model: &'m Model, index: u32, fact: impl FnOnce(&'m Jwt) -> Fact<'m>) -> Fact<'m> {
    match token(model, index) {
        Token::Written(_, jwt) => fact(jwt),
        Token::Allowed(_) => Fact::Absent,
    }
}

fn expiry(model: &Model, jwt: &Jwt) -> &'static str {
    match jwt.expires {
        None => "never",
        Some(seconds) if Date::from_days(seconds / 86_400) > model.today() => "future",
        Some(_) => "past",
    }
}

fn login(model: &Model, index: u32) -> &Login {
    &model.texts().logins(model.api())[index as usize]
}

/// A password that only stands for one.
fn stands_for_one(model: &Model, login: &Login) -> bool {
    let lists = &model.api().names.lists;
    let whole = |list: &str| lists.id(list).is_some_and(|list| lists.hits(&login.password).whole(list));
    lists.placeholder(&login.password)
        || login.password.contains(['{', '<', '[', '%', '$'])
        || login.password.eq_ignore_ascii_case(&login.user)
        || whole("placeholder-password")
        || login.password.to_ascii_lowercase().starts_with("your")
}

fn spot<K>(spots: &[Spot<K>], index: u32) -> &Spot<K> {
    &spots[index as usize]
}

fn class(class: Option<HostClass>) -> Fact<'static> {
    class.map_or(Fact::Absent, |class| Fact::Known(Value::Choice(class as u8)))
}

pub(super) static FIELDS: &[Field] = &[
    field(
        Kind::ShownValue,
        "name",
        Type::Text,
        "The key it stands under; without one the property, parameter or header that it is shown for.",
        |m, i| Fact::text(shown(m, i).name.as_deref()),
    ),
    field(
        Kind::ShownValue,
        "origin",
        Type::Choice(ORIGINS),
        "Whether it is an example, a default or the value of an `x-` key.",
        |m, i| Fact::Known(Value::Choice(shown(m, i).origin as u8)),
    ),
    field(
        Kind::ShownValue,
        "extensionKey",
        Type::Text,
        "The `x-` key, if the value stands directly under one.",
        |m, i| {
            Fact::text(
                shown(m, i)
                    .name
                    .as_deref()
                    .filter(|name| shown(m, i).origin == Origin::Extension && name.starts_with("x-")),
            )
        },
    ),
    field(
        Kind::ShownValue,
        "credential",
        Type::Choice(CREDENTIAL),
        "E6: `strong`, `bare` or `weak` credential name; absent otherwise.",
        |m, i| credential_fact(m.api().names.lists.credential(shown_name(m, i), false)),
    ),
    field(
        Kind::ShownValue,
        "looksRandom",
        Type::Bool,
        "Whether a machine seems to have made it: a long run of mixed characters that neither count up nor repeat. JSON Web Tokens are nodes of their own.",
        |m, i| Fact::bool(secrets::looks_like_key(value(m, i))),
    ),
    field(Kind::ShownValue, "placeholder", Type::Bool, "Whether it only stands for a value.", |m, i| {
        Fact::bool(m.api().names.lists.placeholder(value(m, i)))
    }),
    field(
        Kind::ShownValue,
        "reference",
        Type::Bool,
        "Whether it says where the value is: a path, a URL, a variable, an entry of a vault.",
        |m, i| Fact::bool(is_reference(value(m, i))),
    ),
    field(Kind::ShownValue, "length", Type::Number, "Its length in characters.", |m, i| {
        Fact::number(Some(value(m, i).chars().count() as f64))
    }),
    field(Kind::ShownValue, "blanks", Type::Bool, "Whether it holds white space.", |m, i| {
        Fact::bool(value(m, i).contains(char::is_whitespace))
    }),
    field(
        Kind::ShownValue,
        "personal",
        Type::Choice(PERSONAL),
        "Personal data that it is as a whole; what is reserved for tests and samples is none (@sample-mailbox, @sample-domain).",
        |m, i| personal(m, i).map_or(Fact::Absent, |kind| Fact::Known(Value::Choice(kind as u8))),
    ),
    field(
        Kind::ShownValue,
        "digest",
        Type::Text,
        "A digest of it, which tells values apart without showing them.",
        |m, i| owned(digest(value(m, i))),
    ),
    field(
        Kind::Jwt,
        "form",
        Type::Choice(TOKENS),
        "`written`: a token in the text; `allowed`: a value that a schema allows in the property `alg` of a header.",
        |m, i| choice(TOKENS, if matches!(token(m, i), Token::Written(..)) { "written" } else { "allowed" }),
    ),
    field(Kind::Jwt, "algorithm", Type::Text, "The algorithm of its signature, `alg`.", |m, i| match token(m, i) {
        Token::Written(_, jwt) => Fact::text(jwt.algorithm.as_deref()),
        Token::Allowed(at) => Fact::text(Some(m.api().view.text(*at))),
    }),
    field(
        Kind::Jwt,
        "complete",
        Type::Bool,
        "Whether its parts are JSON objects and the signature has a length that the algorithm makes. Only of written tokens, as all below.",
        |m, i| written(m, i, |jwt| Fact::bool(jwt.whole)),
    ),
    field(
        Kind::Jwt,
        "sample",
        Type::Bool,
        "Whether it is one that manuals print, or says that it is a sample.",
        |m, i| written(m, i, |jwt| Fact::bool(jwt.sample)),
    ),
    field(
        Kind::Jwt,
        "expiry",
        Type::Choice(EXPIRIES),
        "Whether `exp` lies in the `past` or the `future` of the day of judgement; `never` without `exp`.",
        |m, i| written(m, i, |jwt| choice(EXPIRIES, expiry(m, jwt))),
    ),
    field(
        Kind::Jwt,
        "issuerClass",
        Type::Choice(HOST_CLASSES),
        "Class of the host of its issuer (E11); absent if `iss` names none.",
        |m, i| written(m, i, |jwt| class(jwt.issuer.as_deref().and_then(host_of))),
    ),
    field(Kind::Jwt, "issuer", Type::Text, "`iss`.", |m, i| written(m, i, |jwt| Fact::text(jwt.issuer.as_deref()))),
    field(Kind::Jwt, "digest", Type::Text, "A digest of it, which tells tokens apart without showing them.", |m, i| {
        match token(m, i) {
            Token::Written(place, _) => {
                let span = m.sources().span(*place);
                let text = &m.sources().file(span.file).text[span.start as usize..span.end as usize];
                owned(digest(text))
            }
            Token::Allowed(at) => owned(digest(&m.api().view.tree(at.file).pointer(at.node))),
        }
    }),
    field(Kind::LoginUrl, "host", Type::Text, "The host.", |m, i| Fact::text(Some(&login(m, i).host))),
    field(Kind::LoginUrl, "hostClass", Type::Choice(HOST_CLASSES), "Class of the host (E11).", |m, i| {
        class(Some(net::host_class(&login(m, i).host)))
    }),
    field(Kind::LoginUrl, "placeholder", Type::Bool, "Whether the password only stands for one.", |m, i| {
        Fact::bool(stands_for_one(m, login(m, i)))
    }),
    field(
        Kind::LoginUrl,
        "digest",
        Type::Text,
        "A digest of the password, which tells passwords apart without showing them.",
        |m, i| owned(digest(&login(m, i).password)),
    ),
    field(
        Kind::ActiveHtml,
        "what",
        Type::Choice(ACTIVE),
        "An element that runs or embeds something (`tag`), an attribute such as `onclick` (`handler`), or a link that runs (`link`).",
        |m, i| Fact::Known(Value::Choice(spot(m.texts().active(m.api()), i).kind as u8)),
    ),
    field(Kind::ActiveHtml, "text", Type::Text, "The element, the attribute, or the beginning of the link.", |m, i| {
        Fact::text(Some(&spot(m.texts().active(m.api()), i).text))
    }),
    field(
        Kind::InternalDetail,
        "what",
        Type::Choice(DETAILS),
        "A host name that only a local network resolves, a private address, a path in a file system, or a cloud account.",
        |m, i| Fact::Known(Value::Choice(spot(m.texts().details(m.api()), i).kind as u8)),
    ),
    field(Kind::InternalDetail, "text", Type::Text, "What the text says.", |m, i| {
        Fact::text(Some(&spot(m.texts().details(m.api()), i).text))
    }),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::markdown::{ActiveKind, DetailKind};

    #[test]
    fn enums_have_the_order_of_their_tables() {
        assert_eq!(ORIGINS[Origin::Extension as usize], "extension");
        assert_eq!(PERSONAL[Personal::Phone as usize], "phone");
        assert_eq!(ACTIVE[ActiveKind::Link as usize], "link");
        assert_eq!(DETAILS[DetailKind::Account as usize], "account");
    }

    #[test]
    fn references_are_no_values() {
        for text in
            ["${KEY}", "{{ key }}", "vault:kv/x", "https://a.b/key", "arn:aws:secretsmanager:x", "$context.key", "#/x"]
        {
            assert!(is_reference(text), "{text}");
        }
        assert!(!is_reference("hunter2hunter2"));
    }
}

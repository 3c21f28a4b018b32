//! Fields of the policies of a gateway: authentication, tokens, access, CORS, limits.

use super::super::{owned, thing};
use super::*;
use crate::model::gateway::{Access, Auth, AuthServer, Cors, Jwt, Limit, RateLimit, Signed};
use crate::model::net::{self, HostClass};

fn auth(model: &Model, index: u32) -> &Auth {
    &gateway(model).auths[index as usize]
}

fn jwt(model: &Model, index: u32) -> &Jwt {
    &gateway(model).jwts[index as usize]
}

fn server(model: &Model, index: u32) -> &AuthServer {
    &gateway(model).auth_servers[index as usize]
}

fn access(model: &Model, index: u32) -> &Access {
    &gateway(model).access[index as usize]
}

fn cors(model: &Model, index: u32) -> &Cors {
    &gateway(model).cors[index as usize]
}

fn rate(model: &Model, index: u32) -> &RateLimit {
    &gateway(model).rates[index as usize]
}

fn limit(model: &Model, index: u32) -> &Limit {
    &gateway(model).limits[index as usize]
}

fn signed(model: &Model, index: u32) -> Option<&Signed> {
    auth(model, index).signed.as_ref()
}

/// A value that somebody set, or absent.
fn by<T>(set: Option<&Set<T>>) -> Fact<'_> {
    set.map_or(Fact::Absent, set_by)
}

/// The place of a setting, as a fact.
fn there<'m>(place: Option<Place>) -> Fact<'m> {
    thing(place.is_some())
}

fn server_class(model: &Model, index: u32) -> Option<HostClass> {
    net::parse(&server(model, index).url).class()
}

const UNSIGNED: &str = "none";

/// The algorithm `none`, or the setting by which unsigned tokens count.
fn unsigned(model: &Model, index: u32) -> Option<Place> {
    let jwt = jwt(model, index);
    let none = jwt.algorithms.iter().find(|(name, _)| name.eq_ignore_ascii_case(UNSIGNED)).map(|(_, place)| *place);
    jwt.unsigned.or(none)
}

/// An algorithm that signs with a shared secret, or the secret.
fn symmetric(model: &Model, index: u32) -> Option<Place> {
    let jwt = jwt(model, index);
    let shared = |name: &str| name.len() > 2 && name[..2].eq_ignore_ascii_case("HS");
    let algorithm = jwt.algorithms.iter().find(|(name, _)| name.is_char_boundary(2) && shared(name));
    algorithm.map(|(_, place)| *place).or(jwt.symmetric)
}

pub(super) const FIELDS: &[Field] = &[
    format_of(Kind::Auth),
    field(Kind::Auth, "name", Type::Text, "The vendor's name for it.", |m, i| Fact::text(Some(&auth(m, i).name))),
    field(Kind::Auth, "mechanism", Type::Choice(MECHANISMS), "What it is.", |m, i| of_list(auth(m, i).mechanism as u8)),
    field(Kind::Auth, "routes", Type::Nodes(Kind::Route), "The routes it applies to.", |m, i| {
        users(m, Policy::Auth, i)
    }),
    placed(
        Kind::Auth,
        "optional",
        Type::Thing,
        "The setting that lets requests without credentials pass.",
        |m, i| there(auth(m, i).optional),
        |m, i| auth(m, i).optional,
    ),
    placed(
        Kind::Auth,
        "failOpen",
        Type::Thing,
        "The setting that lets requests pass when the authentication service fails.",
        |m, i| there(auth(m, i).fail_open),
        |m, i| auth(m, i).fail_open,
    ),
    placed(
        Kind::Auth,
        "query",
        Type::Text,
        "The query parameter it takes a credential from.",
        |m, i| Fact::text(auth(m, i).query.as_ref().map(|set| set.value.as_str())),
        |m, i| auth(m, i).query.as_ref().map(|set| set.place),
    ),
    field(
        Kind::Auth,
        "queryBy",
        Type::Choice(SET_BY),
        "Who says that it takes a credential from the query string.",
        |m, i| by(auth(m, i).query.as_ref()),
    ),
    placed(
        Kind::Auth,
        "forwards",
        Type::Bool,
        "Whether the credential goes on to the upstream.",
        |m, i| auth(m, i).forwards.as_ref().map_or(Fact::Absent, |set| Fact::bool(set.value)),
        |m, i| auth(m, i).forwards.as_ref().map(|set| set.place),
    ),
    field(Kind::Auth, "forwardsBy", Type::Choice(SET_BY), "Who says whether the credential goes on.", |m, i| {
        by(auth(m, i).forwards.as_ref())
    }),
    field(Kind::Auth, "verifiers", Type::Nodes(Kind::TokenVerifier), "Its token verifiers.", |m, i| {
        Fact::nodes(Kind::TokenVerifier, auth(m, i).jwts.iter().copied())
    }),
    placed(
        Kind::Auth,
        "signsBody",
        Type::Bool,
        "Whether a signature must cover the body; absent: it asks for no signature over requests.",
        |m, i| signed(m, i).map_or(Fact::Absent, |signed| Fact::bool(signed.body.value)),
        |m, i| signed(m, i).map(|signed| signed.body.place),
    ),
    placed(
        Kind::Auth,
        "signsHeaders",
        Type::Bool,
        "Whether a signature must cover some headers; absent: it asks for no signature over requests.",
        |m, i| signed(m, i).map_or(Fact::Absent, |signed| Fact::bool(signed.headers.value)),
        |m, i| signed(m, i).map(|signed| signed.headers.place),
    ),
    placed(
        Kind::Auth,
        "clockSkew",
        Type::Number,
        "By how many seconds the clock of the signer may differ.",
        |m, i| Fact::number(signed(m, i).map(|signed| signed.skew.value)),
        |m, i| signed(m, i).map(|signed| signed.skew.place),
    ),
    format_of(Kind::TokenVerifier),
    placed(
        Kind::TokenVerifier,
        "unsigned",
        Type::Thing,
        "The algorithm `none`, or the setting by which unsigned or unverified tokens count.",
        |m, i| there(unsigned(m, i)),
        unsigned,
    ),
    placed(
        Kind::TokenVerifier,
        "symmetric",
        Type::Thing,
        "An algorithm that signs with a shared secret (HS256 and its like), or the shared secret.",
        |m, i| there(symmetric(m, i)),
        symmetric,
    ),
    field(Kind::TokenVerifier, "publicKeys", Type::Bool, "Whether keys come from a source of public keys.", |m, i| {
        Fact::bool(jwt(m, i).public_keys)
    }),
    field(Kind::TokenVerifier, "issuer", Type::Bool, "Whether the issuer is checked.", |m, i| {
        yes_no(&jwt(m, i).issuer)
    }),
    field(Kind::TokenVerifier, "audience", Type::Bool, "Whether the audience is checked.", |m, i| {
        yes_no(&jwt(m, i).audience)
    }),
    field(
        Kind::TokenVerifier,
        "sharedKeys",
        Type::Bool,
        "Whether the keys serve several audiences or issuers, as those of a public identity provider do.",
        |m, i| Fact::bool(jwt(m, i).shared_keys),
    ),
    placed(
        Kind::TokenVerifier,
        "expiry",
        Type::Bool,
        "Whether a token must carry an expiry, and it is verified.",
        |m, i| jwt(m, i).expiry.fact(|set| Fact::bool(set.value)),
        |m, i| jwt(m, i).expiry.known().map(|set| set.place),
    ),
    field(Kind::TokenVerifier, "expiryBy", Type::Choice(SET_BY), "Who says whether an expiry is needed.", |m, i| {
        jwt(m, i).expiry.fact(set_by)
    }),
    field(
        Kind::TokenVerifier,
        "verifiesExpiry",
        Type::Bool,
        "Whether an expiry that a token carries is verified, needed or not.",
        |m, i| Fact::bool(jwt(m, i).verifies_expiry || jwt(m, i).expiry.known().is_some_and(|set| set.value)),
    ),
    field(
        Kind::TokenVerifier,
        "maxLifetime",
        Type::Number,
        "The longest lifetime of a token that is accepted, in seconds; absent: any.",
        |m, i| jwt(m, i).max_lifetime.fact(|&seconds| Fact::number(Some(seconds))),
    ),
    format_of(Kind::AuthServer),
    field(Kind::AuthServer, "url", Type::Text, "The URL as written.", |m, i| Fact::text(Some(&server(m, i).url))),
    field(Kind::AuthServer, "purpose", Type::Choice(PURPOSES), "What it is asked for.", |m, i| {
        of_list(server(m, i).purpose as u8)
    }),
    field(Kind::AuthServer, "cleartext", Type::Bool, "Whether its URL is plain HTTP.", |m, i| {
        Fact::bool(net::parse(&server(m, i).url).scheme.is_some_and(net::Scheme::is_cleartext))
    }),
    field(
        Kind::AuthServer,
        "hostClass",
        Type::Choice(super::super::HOST_CLASSES),
        "Where its host is reached.",
        |m, i| server_class(m, i).map_or(Fact::Absent, |class| of_list(class as u8)),
    ),
    placed(
        Kind::AuthServer,
        "unverified",
        Type::Thing,
        "The setting that switches the verification of its certificate off.",
        |m, i| there(server(m, i).unverified),
        |m, i| server(m, i).unverified,
    ),
    format_of(Kind::Access),
    field(Kind::Access, "name", Type::Text, "The vendor's name for it.", |m, i| Fact::text(Some(&access(m, i).name))),
    field(Kind::Access, "by", Type::Choice(ACCESS_BY), "What it decides by.", |m, i| of_list(access(m, i).by as u8)),
    field(Kind::Access, "routes", Type::Nodes(Kind::Route), "The routes it applies to.", |m, i| {
        users(m, Policy::Access, i)
    }),
    placed(
        Kind::Access,
        "allowsEveryone",
        Type::Thing,
        "The rule that admits every caller.",
        |m, i| there(access(m, i).allows_everyone),
        |m, i| access(m, i).allows_everyone,
    ),
    placed(
        Kind::Access,
        "defaultAllow",
        Type::Thing,
        "The setting by which requests that match no rule pass.",
        |m, i| there(access(m, i).default_allow),
        |m, i| access(m, i).default_allow,
    ),
    placed(
        Kind::Access,
        "unreachableDeny",
        Type::Thing,
        "The first rule that can never act, as an earlier one allows what it refuses.",
        |m, i| there(access(m, i).unreachable_deny.first().copied()),
        |m, i| access(m, i).unreachable_deny.first().copied(),
    ),
    placed(
        Kind::Access,
        "everyAddress",
        Type::Thing,
        "The entry of an allow list that holds every address.",
        |m, i| there(access(m, i).every_address),
        |m, i| access(m, i).every_address,
    ),
    placed(
        Kind::Access,
        "insteadOfCredentials",
        Type::Bool,
        "The setting by which a source address replaces the credential: whether public addresses do.",
        |m, i| access(m, i).instead_of_credentials.map_or(Fact::Absent, |(_, public)| Fact::bool(public)),
        |m, i| access(m, i).instead_of_credentials.map(|(place, _)| place),
    ),
    format_of(Kind::Cors),
    field(Kind::Cors, "routes", Type::Nodes(Kind::Route), "The routes it applies to.", |m, i| {
        users(m, Policy::Cors, i)
    }),
    placed(
        Kind::Cors,
        "anyOrigin",
        Type::Choice(ANY_ORIGINS),
        "What is answered where all origins are allowed; absent: not all are.",
        |m, i| cors(m, i).any_origin.as_ref().map_or(Fact::Absent, |(_, answer)| of_list(*answer as u8)),
        |m, i| cors(m, i).any_origin.as_ref().map(|(set, _)| set.place),
    ),
    field(Kind::Cors, "anyOriginBy", Type::Choice(SET_BY), "Who says that all origins are allowed.", |m, i| {
        by(cors(m, i).any_origin.as_ref().map(|(set, _)| set))
    }),
    placed(
        Kind::Cors,
        "nullOrigin",
        Type::Thing,
        "An entry that admits the origin `null`.",
        |m, i| there(cors(m, i).null_origin),
        |m, i| cors(m, i).null_origin,
    ),
    placed(
        Kind::Cors,
        "foreignOrigin",
        Type::Text,
        "An origin of somebody else that a pattern admits; stands at the pattern.",
        |m, i| Fact::text(cors(m, i).hostile_origin.as_ref().map(|(_, origin)| origin.as_str())),
        |m, i| cors(m, i).hostile_origin.as_ref().map(|(place, _)| *place),
    ),
    placed(
        Kind::Cors,
        "credentials",
        Type::Bool,
        "Whether credentials are allowed.",
        |m, i| cors(m, i).credentials.fact(|set| Fact::bool(set.value)),
        |m, i| cors(m, i).credentials.known().map(|set| set.place),
    ),
    format_of(Kind::RateLimit),
    field(Kind::RateLimit, "name", Type::Text, "The vendor's name for it.", |m, i| Fact::text(Some(&rate(m, i).name))),
    field(Kind::RateLimit, "routes", Type::Nodes(Kind::Route), "The routes it applies to.", |m, i| {
        users(m, Policy::Rate, i)
    }),
    placed(
        Kind::RateLimit,
        "ineffective",
        Type::Choice(INEFFECTIVE),
        "Why it can never act.",
        |m, i| rate(m, i).ineffective.map_or(Fact::Absent, |(_, why)| of_list(why as u8)),
        |m, i| rate(m, i).ineffective.map(|(place, _)| place),
    ),
    field(Kind::RateLimit, "key", Type::Choice(RATE_KEYS), "What requests are counted by.", |m, i| {
        rate(m, i).key.fact(|key| of_list(*key as u8))
    }),
    placed(
        Kind::RateLimit,
        "clientHeader",
        Type::Text,
        "The header that clients can set and that requests are counted by.",
        |m, i| Fact::text(rate(m, i).client_header.as_ref().map(|(_, header)| header.as_str())),
        |m, i| rate(m, i).client_header.as_ref().map(|(place, _)| *place),
    ),
    placed(
        Kind::RateLimit,
        "local",
        Type::Bool,
        "Whether each process counts for itself.",
        |m, i| rate(m, i).local.as_ref().map_or(Fact::Absent, |set| Fact::bool(set.value)),
        |m, i| rate(m, i).local.as_ref().map(|set| set.place),
    ),
    field(
        Kind::RateLimit,
        "replicated",
        Type::Bool,
        "Whether several processes of the gateway are in view.",
        |m, i| Fact::bool(rate(m, i).replicated),
    ),
    placed(
        Kind::RateLimit,
        "failOpen",
        Type::Bool,
        "Whether requests pass when its store fails.",
        |m, i| rate(m, i).fail_open.as_ref().map_or(Fact::Absent, |set| Fact::bool(set.value)),
        |m, i| rate(m, i).fail_open.as_ref().map(|set| set.place),
    ),
    format_of(Kind::Limit),
    field(Kind::Limit, "name", Type::Text, "The vendor's name for the setting.", |m, i| {
        Fact::text(Some(&limit(m, i).name))
    }),
    field(Kind::Limit, "measure", Type::Choice(MEASURED), "What it bounds.", |m, i| of_list(limit(m, i).measure as u8)),
    field(Kind::Limit, "unlimited", Type::Bool, "Whether it says that there is no limit.", |m, i| {
        Fact::bool(limit(m, i).value.is_infinite())
    }),
    field(
        Kind::Limit,
        "value",
        Type::Number,
        "Bytes of a body, seconds of a time; absent where it is unlimited.",
        |m, i| Fact::number(Some(limit(m, i).value).filter(|value| value.is_finite())),
    ),
    field(Kind::Limit, "shown", Type::Text, "The value for people: `2 GiB`, `5 min`, `no limit`.", |m, i| {
        owned(limit(m, i).shown())
    }),
    field(Kind::Limit, "routes", Type::Nodes(Kind::Route), "The routes it applies to.", |m, i| {
        users(m, Policy::Limit, i)
    }),
];

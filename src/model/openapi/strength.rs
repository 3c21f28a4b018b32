//! How strong security schemes are against each other: the one table of ranks,
//! and the ranks of alternatives and of operations that follow from it. Knows
//! schemes and requirements, no rule.

use super::Api;
use super::security::{Scheme, SchemeKind, Security};
use super::view::{K, View};

/// The rank of an operation that lets callers in without credentials.
pub const NOTHING: i8 = -1;

/// What makes an alternative as strong as it is: its strongest scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strongest {
    /// The rank.
    pub rank: i8,
    /// Index of the scheme as the requirement names it.
    pub required: u32,
}

/// How hard it is to get in by a scheme with what was read or stolen on the way; `None`: it cannot be told.
///
/// 4: bound to a private key of the caller. 3: tokens of an authorization server. 2: keys
/// and sessions, which last. 1: the password itself, or an outdated exchange of it. 0: in the URL.
pub fn of_scheme(view: &View, scheme: &Scheme) -> Option<i8> {
    let text = |key: K| scheme.at.and_then(|at| view.scalar(at, key)).unwrap_or_default();
    match scheme.kind {
        SchemeKind::MutualTls => Some(4),
        SchemeKind::OtherHttp => text(K::Scheme).eq_ignore_ascii_case("dpop").then_some(4),
        SchemeKind::Oauth2 | SchemeKind::OpenIdConnect | SchemeKind::Bearer => Some(3),
        SchemeKind::ApiKey => match text(K::In) {
            "header" | "cookie" => Some(2),
            "query" => Some(0),
            _ => None,
        },
        SchemeKind::Basic | SchemeKind::Digest | SchemeKind::Negotiate | SchemeKind::Oauth1 => Some(1),
        SchemeKind::Unknown => None,
    }
}

/// The strongest scheme of an alternative, the first of equals; `None` if no scheme of it has a rank.
pub fn of_alternative(api: &Api, requirement: u32) -> Option<Strongest> {
    let security = &api.security;
    let required = security.requirements[requirement as usize].required.clone();
    let ranked = required.filter_map(|required| {
        let scheme = security.required[required as usize].scheme?;
        let rank = of_scheme(&api.view, &security.schemes[scheme as usize])?;
        Some(Strongest { rank, required })
    });
    ranked.reduce(|best, other| if other.rank > best.rank { other } else { best })
}

/// The strongest of the alternatives among which a requirement stands.
pub fn strongest_beside(api: &Api, requirement: u32) -> Option<Strongest> {
    let alternatives = api.security.requirements[requirement as usize].alternatives.clone();
    let ranked = alternatives.filter_map(|alternative| of_alternative(api, alternative));
    ranked.reduce(|best, other| if other.rank > best.rank { other } else { best })
}

/// Ranks of the weakest and of the strongest alternative of an operation, [`NOTHING`] for none at all;
/// `None` if no alternative has a rank, or a lost key hides them.
pub fn of_operation(api: &Api, operation: u32) -> Option<(i8, i8)> {
    let operation = &api.operations[operation as usize];
    let ranks = || operation.alternatives().filter_map(|alternative| of_alternative(api, alternative));
    let strongest = ranks().map(|strongest| strongest.rank).max();
    match operation.security()? {
        Security::Undefined | Security::PublicExplicit => Some((NOTHING, NOTHING)),
        Security::Optional => Some((NOTHING, strongest?)),
        Security::Protected => Some((ranks().map(|strongest| strongest.rank).min()?, strongest?)),
    }
}

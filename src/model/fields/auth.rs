//! Fields on how callers authenticate: what is in force, how strong it is, and what it lacks.

use super::operation::operation;
use super::security::required_name;
use super::{Fact, Field, Kind, Model, Type, field, key_of, placed};
use crate::model::Why;
use crate::model::openapi::strength::{self, Strongest};
use crate::span::Place;

/// The weaker or the stronger end of what an operation accepts.
fn rank(model: &Model, index: u32, of: impl Fn((i8, i8)) -> i8) -> Fact<'static> {
    if operation(model, index).security().is_none() {
        return Fact::Unknown(Why::LostSecurity, operation(model, index).lost_key().map(Place::key));
    }
    Fact::number(strength::of_operation(model.api(), index).map(|ranks| f64::from(of(ranks))))
}

fn scheme_text(model: &Model, strongest: Option<Strongest>) -> Fact<'_> {
    Fact::text(strongest.map(|strongest| required_name(model, strongest.required)))
}

/// By how much an alternative ranks below the strongest one beside it.
fn ranks_below(model: &Model, index: u32) -> Option<f64> {
    let own = strength::of_alternative(model.api(), index)?;
    let best = strength::strongest_beside(model.api(), index)?;
    Some(f64::from(best.rank - own.rank))
}

pub(super) static FIELDS: &[Field] = &[
    field(
        Kind::Operation,
        "weakestRank",
        Type::Number,
        "Rank of the weakest alternative in force: -1 without credentials, 0 a key in the URL, 1 passwords and outdated exchanges, 2 keys and cookies, 3 tokens, 4 bound to a key of the caller. Absent if no rank is known.",
        |m, i| rank(m, i, |(weakest, _)| weakest),
    ),
    field(
        Kind::Operation,
        "strongestRank",
        Type::Number,
        "Rank of the strongest alternative in force, as `weakestRank`.",
        |m, i| rank(m, i, |(_, strongest)| strongest),
    ),
    field(
        Kind::Requirement,
        "ranksBelow",
        Type::Number,
        "By how much its strongest scheme ranks below that of the strongest alternative in the same list; absent if no rank is known.",
        |m, i| Fact::number(ranks_below(m, i)),
    ),
    placed(
        Kind::Requirement,
        "strongestScheme",
        Type::Text,
        "Name of its strongest scheme. Stands at its key.",
        |m, i| scheme_text(m, strength::of_alternative(m.api(), i)),
        |m, i| {
            let strongest = strength::of_alternative(m.api(), i)?;
            key_of(Some(m.api().security.required[strongest.required as usize].entry))
        },
    ),
    field(
        Kind::Requirement,
        "strongestBeside",
        Type::Text,
        "Name of the strongest scheme of the strongest alternative in the same list.",
        |m, i| scheme_text(m, strength::strongest_beside(m.api(), i)),
    ),
    field(Kind::Requirement, "operations", Type::Nodes(Kind::Operation), "Operations it is in force for.", |m, i| {
        Fact::nodes(Kind::Operation, m.api().operations_under(i).iter().copied())
    }),
    field(
        Kind::RequiredScheme,
        "definition",
        Type::Nodes(Kind::SecurityScheme),
        "The scheme it leads to, by name or (3.2) by URI.",
        |m, i| Fact::nodes(Kind::SecurityScheme, m.api().security.required[i as usize].scheme),
    ),
];

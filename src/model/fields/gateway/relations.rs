//! Fields of routes side by side.

use super::super::set;
use super::*;
use crate::model::gateway::{Relation, RoutePair};

fn pair(model: &Model, index: u32) -> &RoutePair {
    &gateway(model).pairs()[index as usize]
}

/// A route for messages: its name, unless that is its path, or the name of the others as well.
fn label<'m>(model: &'m Model, index: u32, pair: &RoutePair) -> Fact<'m> {
    let gateway = gateway(model);
    let Some(route) = gateway.routes.get(index as usize) else { return Fact::Absent };
    let label = gateway.label(route);
    let mut all = pair.others.iter().chain([&pair.route]).filter_map(|other| gateway.routes.get(*other as usize));
    let is_shared = all.any(|other| other.name == route.name && other.place != route.place);
    let is_path = route.name.is_empty() || label.ends_with(&route.name) || is_shared;
    Fact::Known(Value::Text(if is_path { label.into() } else { route.name.as_str().into() }))
}

fn relation(model: &Model, index: u32) -> Relation {
    pair(model, index).relation
}

pub(super) const FIELDS: &[Field] = &[
    format_of(Kind::RoutePair),
    field(
        Kind::RoutePair,
        "relation",
        Type::Choice(RELATIONS),
        "`bypass`: it is open and wins over routes that need credentials, and is no exception carved out of them; `duplicate`: another one matches the same, only one of them answers, and their policies differ; `shadowed`: it never wins; `loose`: it is open and goes on where it seems to end, into what a route that needs credentials covers; `confusion`: it is guarded, or some of its paths are, and another spelling leads to the same upstream by what is open; `older`: an older version with fewer policies.",
        |m, i| of_list(relation(m, i) as u8),
    ),
    field(
        Kind::RoutePair,
        "itself",
        Type::Bool,
        "Whether the other route is the same one: a policy is for some of its paths only.",
        |m, i| Fact::bool(pair(m, i).others.first() == Some(&pair(m, i).route)),
    ),
    field(Kind::RoutePair, "route", Type::Text, "The route where something is to be mended, for people.", |m, i| {
        label(m, pair(m, i).route, pair(m, i))
    }),
    field(Kind::RoutePair, "concerned", Type::Nodes(Kind::Route), "That route.", |m, i| {
        Fact::nodes(Kind::Route, [pair(m, i).route])
    }),
    field(Kind::RoutePair, "other", Type::Text, "The first of the others, for people.", |m, i| {
        pair(m, i).others.first().map_or(Fact::Absent, |&other| label(m, other, pair(m, i)))
    }),
    field(Kind::RoutePair, "others", Type::Nodes(Kind::Route), "The other routes: the first ten.", |m, i| {
        Fact::nodes(Kind::Route, pair(m, i).others.iter().copied())
    }),
    field(Kind::RoutePair, "path", Type::Text, "A path that shows it.", |m, i| Fact::text(Some(&pair(m, i).path))),
    field(
        Kind::RoutePair,
        "spelling",
        Type::Text,
        "What sets that path apart from the guarded one, for people; of the relation `confusion`.",
        |m, i| Fact::text(pair(m, i).trick.map(|trick| trick.name())),
    ),
    field(Kind::RoutePair, "lacks", Type::Set(MISSING), "Policies of the newer version that it lacks.", |m, i| {
        let lacks = &pair(m, i).lacks;
        if lacks.is_empty() { Fact::Absent } else { set(lacks.iter().fold(0, |bits, one| bits | 1 << *one as u32)) }
    }),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::gateway::Missing;

    #[test]
    fn the_enums_have_the_order_of_their_tables() {
        assert_eq!(RELATIONS[Relation::Older as usize], "older");
        assert_eq!(RELATIONS[Relation::Loose as usize], "loose");
        assert_eq!(MISSING[Missing::RateLimit as usize], "rateLimit");
    }
}

//! Fields of patterns.

use super::schema::{implied_length, members, schema_name};
use super::{DIRECTIONS, Fact, Field, Kind, Model, Type, Value};
use super::{choice, field, name, owned, set};
use crate::model::openapi::graph::{Effective, IN, OUT};
use crate::model::openapi::patterns::Use;
use crate::model::openapi::view::K;
use crate::model::pattern::{Attack, Facts, Growth};

/// What a pattern holds on to.
const ANCHORS: &[&str] = &["both", "start", "end", "none"];
/// How the work for a text grows with its length.
const GROWTHS: &[&str] = &["exponential", "polynomial"];

fn using(model: &Model, index: u32) -> &Use {
    &model.patterns().uses[index as usize]
}

fn facts(model: &Model, index: u32) -> &Facts {
    model.patterns().of(using(model, index)).1
}

fn schema(model: &Model, index: u32) -> u32 {
    model.api().schemas[using(model, index).schema as usize]
}

/// A fact that is only known of patterns that mean what they seem to.
fn judged<'m>(model: &'m Model, index: u32, fact: impl FnOnce(&'m Facts) -> Fact<'m>) -> Fact<'m> {
    let facts = facts(model, index);
    if facts.is_read() { fact(facts) } else { Fact::Absent }
}

/// How many schemas are looked at that the schema of a pattern is a member of.
const MOST_WHOLES: usize = 50;

/// The tightest of a limit over the schema and the compositions it is a member of.
fn tightest(model: &Model, index: u32, limit: impl Fn(&Effective) -> Option<f64>) -> Option<f64> {
    let graph = &model.api().graph;
    let wholes = graph.wholes(schema(model, index), MOST_WHOLES).into_iter();
    wholes.filter_map(|whole| limit(graph.effective(whole)?)).reduce(f64::min)
}

/// Whether another pattern holds for the same text.
fn is_joined(model: &Model, index: u32) -> bool {
    let api = model.api();
    let has_pattern = |number: &u32| api.view.entry(api.graph.objects[*number as usize].at, K::Pattern).is_some();
    let mut wholes = api.graph.wholes(schema(model, index), MOST_WHOLES).into_iter();
    wholes.any(|whole| members(model, whole).iter().filter(|member| has_pattern(member)).count() > 1)
}

/// A piece of an attack for people: control characters escaped, and no longer than a few words.
fn shown(text: &str) -> String {
    const MOST: usize = 24;
    let short: String = text.chars().take(MOST).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!(
        "`{}{more}`",
        short.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"").replace("\\\\", "\\")
    )
}

fn spoken(attack: &Attack) -> String {
    let prefix = if attack.prefix.is_empty() { String::new() } else { format!("{}, then ", shown(&attack.prefix)) };
    let suffix = if attack.suffix.is_empty() { String::new() } else { format!(", then {}", shown(&attack.suffix)) };
    format!("{prefix}{} over and over{suffix}", shown(&attack.pump))
}

pub(super) static FIELDS: &[Field] = &[
    field(Kind::Pattern, "text", Type::Text, "The pattern as written.", |m, i| {
        Fact::text(Some(m.patterns().of(using(m, i)).0))
    }),
    field(
        Kind::Pattern,
        "key",
        Type::Bool,
        "Whether it is a key of `patternProperties`, and not a `pattern`.",
        |m, i| Fact::bool(using(m, i).is_key),
    ),
    field(
        Kind::Pattern,
        "name",
        Type::Name,
        "The property or parameter whose value it describes; absent elsewhere.",
        |m, i| name(schema_name(m, using(m, i).schema)),
    ),
    field(
        Kind::Pattern,
        "direction",
        Type::Set(DIRECTIONS),
        "E3: whether the values it describes are sent, returned or both.",
        |m, i| set(u32::from(m.api().graph.direction(schema(m, i)) & (IN | OUT))),
    ),
    field(
        Kind::Pattern,
        "problem",
        Type::Text,
        "Why it does not compile as ECMA-262, with or without the flag `u`, or which syntax of another dialect it uses. All fields below are absent then.",
        |m, i| Fact::text(facts(m, i).problem.as_deref()),
    ),
    field(
        Kind::Pattern,
        "anchors",
        Type::Choice(ANCHORS),
        "What all its alternatives hold on to: `both` ends of the text, the `start`, the `end` or `none`. `^a.*` counts as `both`.",
        |m, i| {
            judged(m, i, |facts| {
                let which = match facts.anchors() {
                    (true, true) => "both",
                    (true, false) => "start",
                    (false, true) => "end",
                    (false, false) => "none",
                };
                choice(ANCHORS, which)
            })
        },
    ),
    field(
        Kind::Pattern,
        "looseAlternative",
        Type::Text,
        "Of several alternatives the first that does not hold on to both ends.",
        |m, i| {
            let range = facts(m, i).loose_alternative();
            Fact::text(range.map(|range| m.patterns().part(using(m, i), range)))
        },
    ),
    field(
        Kind::Pattern,
        "matchesAll",
        Type::Bool,
        "Whether it accepts every text, or every text that is not empty; `.` is read as any character.",
        |m, i| judged(m, i, |facts| Fact::bool(facts.accepts_everything())),
    ),
    field(
        Kind::Pattern,
        "growth",
        Type::Choice(GROWTHS),
        "E12: how the time of a backtracking matcher can grow with the length of the text; absent if it is in proportion, or not known: lookarounds and back references are not judged.",
        |m, i| {
            facts(m, i).attack().map_or(Fact::Absent, |attack| {
                Fact::Known(Value::Choice(match attack.growth {
                    Growth::Exponential => 0,
                    Growth::Polynomial => 1,
                }))
            })
        },
    ),
    field(Kind::Pattern, "attack", Type::Text, "A text for which it does, in words.", |m, i| {
        facts(m, i).attack().map_or(Fact::Absent, |attack| owned(spoken(attack)))
    }),
    field(
        Kind::Pattern,
        "maxLength",
        Type::Number,
        "E4: the `maxLength` that holds for the same text, through `allOf` too.",
        |m, i| Fact::number(tightest(m, i, |effective| effective.max_length.map(|bound| bound.value))),
    ),
    field(Kind::Pattern, "bounded", Type::Bool, "E4, E5: whether the length of the text is limited.", |m, i| {
        let limit = |effective: &Effective| {
            effective.max_length.map(|bound| bound.value).or_else(|| implied_length(m, effective))
        };
        Fact::bool(tightest(m, i, limit).is_some())
    }),
    field(
        Kind::Pattern,
        "joined",
        Type::Bool,
        "Whether `allOf` joins it with other patterns for the same text.",
        |m, i| Fact::bool(is_joined(m, i)),
    ),
    field(
        Kind::Pattern,
        "sentBy",
        Type::Nodes(Kind::Operation),
        "Operations whose requests can hold the value.",
        |m, i| Fact::nodes(Kind::Operation, m.api().operations_of(schema(m, i), IN, false)),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attacks_are_spoken_shortly_and_without_control_characters() {
        let attack = |prefix: &str, pump: &str, suffix: &str| Attack {
            growth: Growth::Exponential,
            prefix: prefix.to_owned(),
            pump: pump.to_owned(),
            suffix: suffix.to_owned(),
        };
        assert_eq!(spoken(&attack("", "a", "!")), "`a` over and over, then `!`");
        assert_eq!(spoken(&attack("x\\", "a", "")), "`x\\`, then `a` over and over");
        assert_eq!(spoken(&attack("", "a", "\n")), "`a` over and over, then `\\n`");
        assert_eq!(spoken(&attack("", &"ab".repeat(50), "")), "`abababababababababababab…` over and over");
    }

    #[test]
    fn growths_have_the_order_of_their_table() {
        assert_eq!(GROWTHS, ["exponential", "polynomial"]);
    }
}

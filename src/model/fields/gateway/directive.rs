//! Fields of directives: of formats that are lists of directives in blocks.

use super::super::{owned, set, texts, thing};
use super::*;
use crate::model::gateway::Directive;

/// Blocks that a directive stands in.
pub const DIRECTIVE_BLOCKS: &[&str] = &["main", "http", "server", "location", "if", "other"];
/// How a location matches.
pub const LOCATION_MATCHES: &[&str] = &["exact", "prefix", "finalPrefix", "regex", "named"];
/// What the result of a directive decides.
pub const DECISIONS: &[&str] = &["access", "limit", "cors"];
/// How the work of an expression grows.
const GROWTHS: &[&str] = &["polynomial", "exponential"];

fn directive(model: &Model, index: u32) -> &Directive {
    &gateway(model).directives[index as usize]
}

fn named(list: &[(String, Place)]) -> Fact<'_> {
    texts(list.iter().map(|(name, _)| name.as_str()))
}

pub(super) const FIELDS: &[Field] = &[
    format_of(Kind::Directive),
    field(Kind::Directive, "name", Type::Text, "Its name.", |m, i| Fact::text(Some(&directive(m, i).name))),
    field(
        Kind::Directive,
        "value",
        Type::Text,
        "Its arguments as a person would write them, without quotes.",
        |m, i| Fact::text(Some(&directive(m, i).value)),
    ),
    field(Kind::Directive, "block", Type::Choice(DIRECTIVE_BLOCKS), "The block it stands in.", |m, i| {
        of_list(directive(m, i).block as u8)
    }),
    field(
        Kind::Directive,
        "location",
        Type::Choice(LOCATION_MATCHES),
        "How the location round it, or that it opens, matches; absent outside of locations.",
        |m, i| directive(m, i).location.as_ref().map_or(Fact::Absent, |(kind, _)| of_list(*kind as u8)),
    ),
    field(Kind::Directive, "locationPath", Type::Text, "The path or expression of that location.", |m, i| {
        Fact::text(directive(m, i).location.as_ref().map(|(_, path)| path.as_str()))
    }),
    field(Kind::Directive, "first", Type::Bool, "Whether it is the first of its name in its block.", |m, i| {
        Fact::bool(directive(m, i).first)
    }),
    field(Kind::Directive, "inside", Type::Texts, "Names of the directives in its own block, each once.", |m, i| {
        texts(directive(m, i).inside.iter().map(String::as_str))
    }),
    field(Kind::Directive, "beside", Type::Texts, "Names of the directives beside it, each once.", |m, i| {
        texts(directive(m, i).beside.iter().map(String::as_str))
    }),
    placed(
        Kind::Directive,
        "restrictsBeside",
        Type::Thing,
        "The first directive beside it that restricts who may call.",
        |m, i| thing(directive(m, i).restricts_beside.is_some()),
        |m, i| directive(m, i).restricts_beside,
    ),
    placed(
        Kind::Directive,
        "lineBreak",
        Type::Text,
        "The variable in it that can hold a line break that clients send.",
        |m, i| Fact::text(directive(m, i).line_break.as_ref().map(|(_, name)| name.as_str())),
        |m, i| directive(m, i).line_break.as_ref().map(|(place, _)| *place),
    ),
    placed(
        Kind::Directive,
        "dropped",
        Type::Texts,
        "Headers or zones that an outer level sets with directives of its group, and that are lost here.",
        |m, i| named(&directive(m, i).dropped),
        |m, i| directive(m, i).dropped.first().map(|(_, place)| *place),
    ),
    placed(
        Kind::Directive,
        "droppedResets",
        Type::Texts,
        "Headers that an outer level sets to nothing, and that pass here.",
        |m, i| named(&directive(m, i).dropped_resets),
        |m, i| directive(m, i).dropped_resets.first().map(|(_, place)| *place),
    ),
    field(
        Kind::Directive,
        "droppedStricter",
        Type::Bool,
        "Whether a limit that is lost here is stricter than all that stand here.",
        |m, i| Fact::bool(directive(m, i).dropped_stricter),
    ),
    field(
        Kind::Directive,
        "decides",
        Type::Set(DECISIONS),
        "What its result decides: who may call, how requests are counted, which origins are let in.",
        |m, i| set(directive(m, i).decides),
    ),
    placed(
        Kind::Directive,
        "foreign",
        Type::Text,
        "An origin or referer of somebody else that an expression in it admits; stands at the expression.",
        |m, i| Fact::text(directive(m, i).foreign.as_ref().map(|(_, text)| text.as_str())),
        |m, i| directive(m, i).foreign.as_ref().map(|(place, _)| *place),
    ),
    placed(
        Kind::Directive,
        "slow",
        Type::Choice(GROWTHS),
        "How the work grows of an expression in it that can be made to backtrack for long.",
        |m, i| directive(m, i).slow.map_or(Fact::Absent, |(_, doubles)| of_list(u8::from(doubles))),
        |m, i| directive(m, i).slow.map(|(place, _)| place),
    ),
    field(
        Kind::Directive,
        "entries",
        Type::Number,
        "The number of entries of a table, its default not counted.",
        |m, i| Fact::number(directive(m, i).entries.map(f64::from)),
    ),
    field(Kind::Directive, "hasDefault", Type::Bool, "Whether a table has a default.", |m, i| {
        Fact::bool(directive(m, i).has_default)
    }),
    placed(
        Kind::Directive,
        "publicAddress",
        Type::Text,
        "An address in it that belongs to the public network.",
        |m, i| Fact::text(directive(m, i).public_address.as_ref().map(|(_, text)| text.as_str())),
        |m, i| directive(m, i).public_address.as_ref().map(|(place, _)| *place),
    ),
    field(
        Kind::Directive,
        "resolvesLate",
        Type::Bool,
        "Whether a name of an upstream that is only known when a request comes is resolved below it.",
        |m, i| Fact::bool(directive(m, i).resolves_late),
    ),
    field(Kind::Directive, "hasPath", Type::Bool, "Whether an upstream URL in it has a path.", |m, i| {
        Fact::bool(directive(m, i).has_path)
    }),
    field(
        Kind::Directive,
        "othersRestricted",
        Type::Bool,
        "Whether other locations of its server restrict who may call, and lead to the same upstream or to none.",
        |m, i| Fact::bool(directive(m, i).others_restricted),
    ),
    field(
        Kind::Directive,
        "hiddenFiles",
        Type::Bool,
        "Whether files whose names begin with a dot can be asked for below it.",
        |m, i| Fact::bool(directive(m, i).hidden_files),
    ),
    field(
        Kind::Directive,
        "isAsked",
        Type::Bool,
        "Whether other locations ask the one that it opens for a decision on each request.",
        |m, i| Fact::bool(directive(m, i).is_asked),
    ),
    field(Kind::Directive, "socketServers", Type::Number, "How many servers share its socket.", |m, i| {
        Fact::number(Some(f64::from(directive(m, i).socket_servers)))
    }),
    field(
        Kind::Directive,
        "socketDefault",
        Type::Bool,
        "Whether one of the servers of its socket is marked as the default.",
        |m, i| Fact::bool(directive(m, i).socket_default),
    ),
    field(
        Kind::Directive,
        "refusesMisdirected",
        Type::Bool,
        "Whether a server of its socket refuses requests that belong to another one (status 421).",
        |m, i| Fact::bool(directive(m, i).refuses_misdirected),
    ),
    field(Kind::Directive, "captures", Type::Bool, "Whether it uses captures without a name (`$1`).", |m, i| {
        Fact::bool(directive(m, i).captures)
    }),
    field(
        Kind::Directive,
        "hasQuery",
        Type::Bool,
        "Whether there is a `?` in the address that it puts together.",
        |m, i| Fact::bool(directive(m, i).has_query),
    ),
    field(Kind::Directive, "redirects", Type::Bool, "Whether it sends clients elsewhere.", |m, i| {
        Fact::bool(directive(m, i).redirects)
    }),
    placed(
        Kind::Directive,
        "capturesLater",
        Type::Thing,
        "A later directive of its block that uses captures without a name.",
        |m, i| thing(directive(m, i).captures_later.is_some()),
        |m, i| directive(m, i).captures_later,
    ),
    placed(
        Kind::Directive,
        "captureBeforeTable",
        Type::Text,
        "The variable of a table with expressions that stands behind a capture without a name.",
        |m, i| Fact::text(directive(m, i).capture_before_table.as_ref().map(|(_, name)| name.as_str())),
        |m, i| directive(m, i).capture_before_table.as_ref().map(|(place, _)| *place),
    ),
    placed(
        Kind::Directive,
        "repeatedBy",
        Type::Thing,
        "The directive by which requests are repeated in part or in the background.",
        |m, i| thing(directive(m, i).repeated_by.is_some()),
        |m, i| directive(m, i).repeated_by,
    ),
    field(Kind::Directive, "label", Type::Text, "Name and arguments for messages.", |m, i| {
        let directive = directive(m, i);
        owned(format!("{} {}", directive.name, directive.value).trim_end().to_owned())
    }),
];

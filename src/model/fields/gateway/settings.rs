//! Fields of credentials, idle policies, names without a definition, and further settings.

use super::*;
use crate::model::gateway::{Credential, DanglingName, IdlePolicy, Setting};

fn credential(model: &Model, index: u32) -> &Credential {
    &gateway(model).credentials[index as usize]
}

fn idle(model: &Model, index: u32) -> &IdlePolicy {
    &gateway(model).idle[index as usize]
}

fn dangling(model: &Model, index: u32) -> &DanglingName {
    &gateway(model).dangling[index as usize]
}

fn setting(model: &Model, index: u32) -> &Setting {
    &gateway(model).settings[index as usize]
}

pub(super) const FIELDS: &[Field] = &[
    format_of(Kind::Credential),
    field(Kind::Credential, "what", Type::Text, "What it is, for people.", |m, i| {
        Fact::text(Some(&credential(m, i).what))
    }),
    field(Kind::Credential, "form", Type::Choice(FORMS), "What stands there.", |m, i| {
        of_list(credential(m, i).form as u8)
    }),
    format_of(Kind::IdlePolicy),
    field(Kind::IdlePolicy, "name", Type::Text, "The vendor's name for it.", |m, i| Fact::text(Some(&idle(m, i).name))),
    field(Kind::IdlePolicy, "concern", Type::Choice(CONCERNS), "What it would do.", |m, i| {
        of_list(idle(m, i).concern as u8)
    }),
    field(Kind::IdlePolicy, "reason", Type::Choice(IDLE), "Why it does nothing.", |m, i| {
        of_list(idle(m, i).reason as u8)
    }),
    field(
        Kind::IdlePolicy,
        "replaced",
        Type::Bool,
        "Whether another policy of its concern is enforced on each of its routes.",
        |m, i| Fact::bool(idle(m, i).replaced),
    ),
    field(Kind::IdlePolicy, "routes", Type::Nodes(Kind::Route), "The routes it would apply to.", |m, i| {
        Fact::nodes(Kind::Route, idle(m, i).routes.iter().copied())
    }),
    format_of(Kind::DanglingName),
    field(Kind::DanglingName, "name", Type::Text, "The name.", |m, i| Fact::text(Some(&dangling(m, i).name))),
    field(Kind::DanglingName, "what", Type::Text, "What it should name: `service`, `middleware`.", |m, i| {
        Fact::text(Some(&dangling(m, i).what))
    }),
    field(
        Kind::DanglingName,
        "consequence",
        Type::Choice(CONSEQUENCES),
        "What the gateway does then: let requests pass without the thing, or let them fail.",
        |m, i| of_list(dangling(m, i).consequence as u8),
    ),
    format_of(Kind::Setting),
    field(Kind::Setting, "name", Type::Text, "The vendor's name, with dots between nested keys.", |m, i| {
        Fact::text(Some(&setting(m, i).name))
    }),
    field(Kind::Setting, "value", Type::Text, "The value as a person would write it.", |m, i| {
        Fact::text(Some(&setting(m, i).value))
    }),
    field(
        Kind::Setting,
        "concern",
        Type::Choice(SETTING_CONCERNS),
        "What it is about, if that is the same in several formats.",
        |m, i| setting(m, i).concern.map_or(Fact::Absent, |concern| of_list(concern as u8)),
    ),
    field(Kind::Setting, "on", Type::Bool, "Whether the thing it is about is on.", |m, i| Fact::bool(setting(m, i).on)),
    field(Kind::Setting, "grave", Type::Bool, "Whether it is one of the grave forms of its concern.", |m, i| {
        Fact::bool(setting(m, i).grave)
    }),
    field(Kind::Setting, "setBy", Type::Choice(SET_BY), "Who set it.", |m, i| {
        of_list(match setting(m, i).origin {
            Origin::Written => 0,
            Origin::Default => 1,
        })
    }),
    field(Kind::Setting, "routes", Type::Nodes(Kind::Route), "The routes it applies to, if not to all.", |m, i| {
        Fact::nodes(Kind::Route, setting(m, i).routes.iter().copied())
    }),
];

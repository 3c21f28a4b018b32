//! Fields of security schemes and of the URLs of authorization servers: what is
//! written, what is missing, and who refers to it.

use super::security::{requiring, scheme, scheme_text, url_text};
use super::{Fact, Field, Kind, Model, Type, URL_FAULTS, Value};
use super::{field, name, owned, placed, texts, value_of, version};
use crate::model::Why;
use crate::model::net;
use crate::model::openapi::grammar::Version;
use crate::model::openapi::lacks::{self, Illegal};
use crate::model::openapi::security::SchemeKind;
use crate::model::openapi::view::K;
use crate::model::weburl::{self, UrlFault};
use crate::span::{At, Place};

fn written(model: &Model, index: u32, key: K) -> Option<At> {
    model.api().view.get(scheme(model, index).at?, key)
}

/// Whether some requirement names a scheme; unknown where requirements may have been lost or not read.
fn is_named(model: &Model, index: u32) -> Fact<'static> {
    let api = model.api();
    if scheme(model, index).named {
        return Fact::bool(true);
    }
    let lost = api.lost.root.into_iter().chain(api.lost.owners.values().copied());
    let malformed = api.security.malformed.iter().map(|malformed| malformed.at);
    if let Some(at) = lost.chain(malformed).min() {
        return Fact::Unknown(Why::LostSecurity, Some(Place::key(at)));
    }
    if api.operations_unread {
        return Fact::Unknown(Why::UnresolvedReference, None);
    }
    Fact::bool(false)
}

/// Parameters that send what an API key scheme sends, on operations that require it.
fn sent_as(model: &Model, index: u32) -> Vec<u32> {
    let api = model.api();
    if scheme(model, index).kind != SchemeKind::ApiKey {
        return Vec::new();
    }
    let (place, key) = (scheme_text(model, index, K::In), scheme_text(model, index, K::Name).unwrap_or_default());
    let operations = requiring(model, index).into_iter().map(|operation| &api.operations[operation as usize]);
    let mut parameters: Vec<u32> = operations
        .flat_map(|operation| &operation.parameters)
        .copied()
        .filter(|&parameter| {
            let parameter = &api.parameters[parameter as usize];
            parameter.sent_in() == place && model.name(parameter.name).eq_ignore_ascii_case(key)
        })
        .collect();
    parameters.sort_unstable();
    parameters.dedup();
    parameters
}

fn illegal(model: &Model, index: u32) -> Option<Illegal> {
    lacks::illegal(model.api(), scheme(model, index))
}

/// What is wrong with a URL as such. Relative ones are allowed from 3.0 on.
fn url_fault(model: &Model, index: u32) -> Option<UrlFault> {
    let fault = weburl::fault(url_text(model, index));
    fault.filter(|&fault| fault != UrlFault::Relative || model.api().version == Version::V20)
}

pub(super) static FIELDS: &[Field] = &[
    version(Kind::SecurityScheme),
    placed(
        Kind::SecurityScheme,
        "scheme",
        Type::Name,
        "The HTTP authentication scheme as written. Stands at the value.",
        |m, i| name(scheme(m, i).http),
        |m, i| value_of(written(m, i, K::Scheme)),
    ),
    placed(
        Kind::SecurityScheme,
        "bearerFormat",
        Type::Text,
        "`bearerFormat`. Stands at the value.",
        |m, i| Fact::text(scheme_text(m, i, K::BearerFormat)),
        |m, i| value_of(written(m, i, K::BearerFormat)),
    ),
    placed(
        Kind::SecurityScheme,
        "description",
        Type::Text,
        "Its description. Stands at the value.",
        |m, i| Fact::text(scheme_text(m, i, K::Description)),
        |m, i| value_of(written(m, i, K::Description)),
    ),
    placed(
        Kind::SecurityScheme,
        "deprecated",
        Type::Bool,
        "Whether it says `deprecated: true`, which 3.2 knows. Stands at the value.",
        |m, i| {
            let says = scheme(m, i).at.is_some_and(|at| m.api().view.is_true(at, K::Deprecated));
            Fact::bool(says && m.api().version >= Version::V32)
        },
        |m, i| value_of(written(m, i, K::Deprecated)),
    ),
    field(
        Kind::SecurityScheme,
        "named",
        Type::Bool,
        "Whether a requirement of the root or of any operation names it.",
        is_named,
    ),
    placed(
        Kind::SecurityScheme,
        "missing",
        Type::Texts,
        "Fields that its type requires and that are not there. Stands at the scheme, or at the flow that lacks the first of them.",
        |m, i| texts(lacks::missing(m.api(), scheme(m, i)).into_iter().map(|missing| missing.field)),
        |m, i| lacks::missing(m.api(), scheme(m, i)).first().map(|missing| missing.place),
    ),
    placed(
        Kind::SecurityScheme,
        "illegalField",
        Type::Text,
        "The field (`type`, `in`, `flow`) whose value this version does not know. Stands at the value.",
        |m, i| Fact::text(illegal(m, i).map(|(field, _)| field)),
        |m, i| value_of(illegal(m, i).map(|(_, at)| at)),
    ),
    field(Kind::SecurityScheme, "illegalValue", Type::Text, "That value, if it is a text.", |m, i| {
        let value = illegal(m, i).map(|(_, at)| at).filter(|&at| m.api().view.is_scalar(at));
        Fact::text(value.map(|at| m.api().view.text(at)))
    }),
    field(
        Kind::SecurityScheme,
        "sentAs",
        Type::Nodes(Kind::Parameter),
        "Parameters of the same name and place on operations that require it: what an API key sends, declared once more.",
        |m, i| Fact::nodes(Kind::Parameter, sent_as(m, i)),
    ),
    field(
        Kind::RequiredScheme,
        "shadowsUri",
        Type::Bool,
        "3.2: whether the name of a component, which counts first, also reads as a URI: it has a scheme or a `/`.",
        |m, i| {
            let api = m.api();
            let text = super::security::required_name(m, i);
            let is_uri = text.contains('/') || net::parse(text).scheme.is_some();
            Fact::bool(api.version >= Version::V32 && is_uri && api.security.by_name.contains_key(text))
        },
    ),
    field(Kind::AuthUrl, "path", Type::Text, "The path of the URL, without query and fragment.", |m, i| {
        owned(weburl::path(url_text(m, i)).to_owned())
    }),
    field(
        Kind::AuthUrl,
        "fault",
        Type::Choice(URL_FAULTS),
        "What makes it no URL of a server: `empty`, `noHost`, `noScheme` (a host without `https://`), `characters`, `malformed`; in 2.0 `relative`.",
        |m, i| url_fault(m, i).map_or(Fact::Absent, |fault| Fact::Known(Value::Choice(fault as u8))),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_enum_has_the_order_of_its_table() {
        assert_eq!(URL_FAULTS[UrlFault::Empty as usize], "empty");
        assert_eq!(URL_FAULTS[UrlFault::Relative as usize], "relative");
    }
}

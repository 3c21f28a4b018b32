//! Fields of parameters: what clients send beside the body.

use super::schema::{credential, effective};
use super::{CREDENTIAL, Fact, Field, Kind, LOCATIONS, Model, Type, URL_CREDENTIALS, Value};
use super::{field, name, placed, value_of};
use crate::model::openapi::Parameter;
use crate::model::openapi::graph::types;
use crate::model::openapi::operation::segments;
use crate::model::openapi::view::K;
use crate::words::{self, Credential};

pub(super) fn parameter(model: &Model, index: u32) -> &Parameter {
    &model.api().parameters[index as usize]
}

pub(super) fn schema(model: &Model, index: u32) -> Option<u32> {
    parameter(model, index).schema
}

/// Head `token` on an operation of group recover or oneTime.
fn is_one_time(model: &Model, index: u32) -> bool {
    const RECOVER_OR_ONE_TIME: u32 = words::AuthGroups::RECOVER.0 | words::AuthGroups::ONE_TIME.0;
    let this = parameter(model, index);
    let is_token = matches!(model.api().names.credential(this.name, true), Some(Credential::Bare | Credential::Weak));
    is_token
        && this
            .operations
            .iter()
            .any(|&operation| model.api().operations[operation as usize].auth_groups & RECOVER_OR_ONE_TIME != 0)
}

/// Whether a path parameter stands right after a static segment of the same noun.
fn has_same_noun_before(model: &Model, index: u32) -> bool {
    let api = model.api();
    let this = parameter(model, index);
    let name = model.name(this.name);
    let head = |text: &str| words::split(text).last().map(|word| words::singular(word).to_string());
    this.operations.iter().any(|&operation| {
        let item = &api.items[api.operations[operation as usize].item as usize];
        let path = segments(api.view.key(item.entry).unwrap_or_default());
        path.windows(2)
            .any(|pair| pair[1] == format!("{{{name}}}") && !pair[0].contains('{') && head(pair[0]) == head(name))
    })
}

/// Whether what it puts into the URL is a credential, and then whether that is only likely.
fn url_credential(model: &Model, index: u32) -> Option<bool> {
    let api = model.api();
    let this = parameter(model, index);
    let place = this.sent_in()?;
    if !matches!(place, "query" | "path") || is_boolean(model, index) || is_one_time(model, index) {
        return None;
    }
    let named = api.names.credential(this.name, true);
    let is_session =
        || place == "query" && api.names.lists.id("session-id").is_some_and(|list| model.hits(this.name).head(list));
    let is_password = || {
        let format = effective(model, this.schema).and_then(|effective| effective.format);
        format.is_some_and(|format| api.view.text(format) == "password")
    };
    let is_credential = named.is_some() || is_session() || is_password();
    is_credential.then(|| named == Some(Credential::Weak) || has_same_noun_before(model, index))
}

/// Whether it is a boolean and nothing else.
fn is_boolean(model: &Model, index: u32) -> bool {
    let allowed = effective(model, schema(model, index)).map_or(0, |effective| effective.types);
    allowed & !types::NULL == types::BOOLEAN
}

/// Parameters of an operation that certainly put a credential into the URL.
pub(super) fn url_credentials(model: &Model, operation: u32) -> impl Iterator<Item = u32> + '_ {
    let parameters = model.api().operations[operation as usize].parameters.iter().copied();
    parameters.filter(|&parameter| url_credential(model, parameter) == Some(false))
}

/// Whether it is an integer page size of an operation that lists or pages.
fn is_page_size(model: &Model, index: u32) -> bool {
    let api = model.api();
    let this = parameter(model, index);
    let (Some(size), Some(position)) = (api.names.lists.id("page-size"), api.names.lists.id("page-position")) else {
        return false;
    };
    let is_integer = effective(model, this.schema).is_some_and(|effective| effective.types & types::INTEGER != 0);
    is_integer
        && model.hits(this.name).whole(size)
        && this.operations.iter().any(|&operation| {
            let pages = |&parameter: &u32| model.hits(api.parameters[parameter as usize].name).whole(position);
            api.operations[operation as usize].parameters.iter().any(pages) || super::operation::lists(model, operation)
        })
}

pub(super) static FIELDS: &[Field] = &[
    field(Kind::Parameter, "name", Type::Name, "Its name. Stands at the value of `name`.", |m, i| {
        name(Some(parameter(m, i).name))
    }),
    placed(
        Kind::Parameter,
        "in",
        Type::Choice(LOCATIONS),
        "Where it is sent.",
        |m, i| parameter(m, i).location.map_or(Fact::Absent, |location| Fact::Known(Value::Choice(location))),
        |m, i| value_of(m.api().view.get(parameter(m, i).at, K::In)),
    ),
    field(Kind::Parameter, "required", Type::Bool, "Whether it must be sent; path parameters always.", |m, i| {
        let in_path = parameter(m, i).sent_in() == Some("path");
        Fact::bool(in_path || m.api().view.is_true(parameter(m, i).at, K::Required))
    }),
    field(
        Kind::Parameter,
        "credential",
        Type::Choice(CREDENTIAL),
        "E6: `strong`, `bare` or `weak` credential name; absent otherwise. The word authorization counts here.",
        |m, i| credential(m, Some(parameter(m, i).name), true),
    ),
    field(
        Kind::Parameter,
        "oneTime",
        Type::Bool,
        "Whether it is a reset, verify or invite token: head `token` on an operation of group recover or oneTime.",
        |m, i| Fact::bool(is_one_time(m, i)),
    ),
    field(
        Kind::Parameter,
        "sameNounBefore",
        Type::Bool,
        "Whether a path parameter stands right after a static segment of the same noun (`/tokens/{token}`).",
        |m, i| Fact::bool(has_same_noun_before(m, i)),
    ),
    field(
        Kind::Parameter,
        "urlCredential",
        Type::Choice(URL_CREDENTIALS),
        "Of query and path parameters: `strong` for a credential name, the format password or a session identifier; `weak` for a weak credential name, and where the path names a resource (`/tokens/{token}`). Absent for one-time tokens and switches.",
        |m, i| url_credential(m, i).map_or(Fact::Absent, |weak| Fact::Known(Value::Choice(u8::from(weak)))),
    ),
    field(
        Kind::Parameter,
        "boolean",
        Type::Bool,
        "Whether it is a boolean and nothing else: it switches something, and holds no value.",
        |m, i| Fact::bool(is_boolean(m, i)),
    ),
    field(
        Kind::Parameter,
        "pageSize",
        Type::Bool,
        "Whether it is an integer page size of an operation that lists or pages.",
        |m, i| Fact::bool(is_page_size(m, i)),
    ),
    field(Kind::Parameter, "operations", Type::Nodes(Kind::Operation), "Operations it belongs to.", |m, i| {
        Fact::nodes(Kind::Operation, parameter(m, i).operations.iter().copied())
    }),
];

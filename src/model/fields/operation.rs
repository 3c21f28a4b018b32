//! Fields of operations.

use std::borrow::Cow;
use std::ops::Range;

use super::{AUTH_GROUPS, CLASSES, Fact, Field, Kind, Model, ORIGINS, SCHEME_KINDS, SECURITY, Type, Value};
use super::{field, key_of, name, placed, set, thing, value_of};
use crate::model::NameId;
use crate::model::openapi::Media;
use crate::model::openapi::essence;
use crate::model::openapi::grammar::{Object, Version};
use crate::model::openapi::graph::{IN, types};
use crate::model::openapi::operation::{self, Class, InForce, Operation, Role};
use crate::model::openapi::security::{SchemeKind, Security};
use crate::model::openapi::view::K;
use crate::model::openapi::walk::Edge;
use crate::span::{At, Place};
use crate::words;

pub(super) fn operation(model: &Model, index: u32) -> &Operation {
    &model.api().operations[index as usize]
}

fn path(model: &Model, index: u32) -> &str {
    model.api().path_of(operation(model, index))
}

fn role(model: &Model, index: u32) -> Role {
    model.api().items[operation(model, index).item as usize].role
}

/// A verdict on security, or why there is none.
fn security_fact(operation: &Operation, says: Option<Security>) -> Fact<'static> {
    says.map_or_else(|| unknown_security(operation), |says| Fact::Known(Value::Choice(says as u8)))
}

/// That it is not known what protects an operation.
pub(super) fn unknown_security(operation: &Operation) -> Fact<'static> {
    let (why, place) = operation.unknown_security();
    Fact::Unknown(why, place)
}

fn security_entry(operation: &Operation) -> Option<At> {
    match &operation.in_force {
        InForce::Own(stated) | InForce::Root(stated) => Some(stated.entry),
        InForce::Nothing | InForce::Lost(_) => None,
    }
}

/// The `{}` among alternatives.
pub(super) fn empty_requirements(model: &Model, alternatives: Option<Range<u32>>) -> Fact<'static> {
    let requirements = &model.api().security.requirements;
    let empty = alternatives.into_iter().flatten().filter(|&index| requirements[index as usize].required.is_empty());
    Fact::nodes(Kind::Requirement, empty)
}

fn scheme_kinds(model: &Model, index: u32) -> u32 {
    let security = &model.api().security;
    let required = security.required_of(&operation(model, index).alternatives());
    required.fold(0, |bits, required| bits | 1 << security.kind(required) as u32)
}

/// The keys of an operation's `responses`.
pub(super) fn statuses(model: &Model, index: u32) -> Option<Vec<Cow<'_, str>>> {
    let view = &model.api().view;
    let responses = view.follow(view.entry(operation(model, index).at, K::Responses)?)?;
    let keys = view.children(responses).filter_map(|entry| view.key(entry));
    Some(keys.filter(|key| !key.starts_with("x-") && *key != "<<").map(Cow::Borrowed).collect())
}

/// Documented responses of an operation in the 2XX range: object numbers.
pub(super) fn successes(model: &Model, index: u32) -> Vec<u32> {
    let api = model.api();
    let numbers = api.graph.parts(operation(model, index).number, Object::Responses);
    let Some(responses) = numbers.map(|number| api.graph.objects[number as usize].at).next() else { return Vec::new() };
    let entries =
        api.view.children(responses).filter(|&entry| api.view.key(entry).is_some_and(|key| key.starts_with('2')));
    entries.filter_map(|entry| api.walk.object_at(api.view.follow(entry)?)).collect()
}

/// Whether an operation returns a list.
pub(super) fn lists(model: &Model, index: u32) -> bool {
    list_response(model, index).is_some()
}

/// The array schema a list response returns (see the catalogue's terms): object number.
fn list_response(model: &Model, index: u32) -> Option<u32> {
    let api = model.api();
    let this = operation(model, index);
    let lists = matches!(this.method.as_str(), "GET" | "QUERY") || this.method == "POST" && this.class == Class::Read;
    if !lists || !api.is_called(this) {
        return None;
    }
    successes(model, index).into_iter().find_map(|response| {
        let schema = if api.version == Version::V20 {
            api.graph.part(response, Object::Schema)
        } else {
            let is_json = |media: &u32| {
                let essence = essence(api.view.key(api.graph.objects[*media as usize].at).unwrap_or_default());
                essence == "application/json" || essence.ends_with("+json") || essence == "*/*"
            };
            let media = api.graph.parts(response, Object::MediaType).find(is_json);
            media.and_then(|media| api.graph.part(media, Object::Schema))
        };
        list_of(model, schema?, path(model, index))
    })
}

/// The array that a schema is, or wraps in exactly one property of @list-wrapper.
///
/// An object with an `id`, or at the end of a path with a parameter, is one thing that has a list.
fn list_of(model: &Model, schema: u32, path: &str) -> Option<u32> {
    let api = model.api();
    if api.graph.effective(schema)?.types & types::ARRAY != 0 {
        return Some(schema);
    }
    let properties = || {
        let members = super::schema::members(model, schema).into_iter();
        members.flat_map(|member| super::schema::own_properties(model, member))
    };
    let named_id = |entry: At| super::schema::property_name(model, entry).is_some_and(|name| model.name(name) == "id");
    if operation::segments(path).last().is_some_and(|last| last.contains('{'))
        || properties().any(|(entry, _)| named_id(entry))
    {
        return None;
    }
    let mut arrays = properties().filter(|&(_, property)| {
        api.graph.effective(property).is_some_and(|effective| effective.types & types::ARRAY != 0)
    });
    let list = api.names.lists.id("list-wrapper")?;
    let wrapper =
        |entry: At| super::schema::property_name(model, entry).is_some_and(|name| model.hits(name).whole(list));
    let (entry, schema) = arrays.next()?;
    (wrapper(entry) && !arrays.any(|(other, _)| wrapper(other))).then_some(schema)
}

/// Whether a query parameter or the body must be sent.
fn requires_input(model: &Model, index: u32) -> bool {
    let api = model.api();
    let this = operation(model, index);
    let parameter = this.parameters.iter().map(|&index| &api.parameters[index as usize]).any(|parameter| {
        let location = parameter.sent_in();
        api.view.is_true(parameter.at, K::Required)
            && matches!(location, Some("query" | "querystring" | "body" | "formData"))
    });
    let body = api.graph.part(this.number, Object::RequestBody);
    parameter || body.is_some_and(|body| api.view.is_true(api.graph.objects[body as usize].at, K::Required))
}

/// Where a body is declared: `requestBody`, or the first 2.0 body or formData parameter.
pub(super) fn body_place(model: &Model, index: u32) -> Option<Place> {
    let api = model.api();
    let this = operation(model, index);
    if api.version != Version::V20 {
        return key_of(api.view.entry(this.at, K::RequestBody));
    }
    let mut parameters = this.parameters.iter().map(|&index| &api.parameters[index as usize]);
    let body = parameters.find(|parameter| matches!(parameter.sent_in(), Some("body" | "formData")));
    value_of(body.map(|parameter| parameter.name_at))
}

/// Whether the path is a collection (see the catalogue's terms).
fn is_collection(model: &Model, index: u32) -> bool {
    let api = model.api();
    let path = path(model, index);
    let segments = operation::segments(path);
    if segments.last().is_none_or(|last| last.contains('{')) {
        return false;
    }
    let has_items = api.collections.contains(&segments.join("/"));
    let item = &api.items[operation(model, index).item as usize];
    // A list of plain values is a setting that DELETE takes back, not a collection of things.
    let of_things = |list: u32| {
        let scalar = types::STRING | types::INTEGER | types::NUMBER | types::BOOLEAN;
        let items = api.graph.out(list).iter().filter(|(_, edge)| *edge == Edge::Part);
        !items.clone().filter_map(|&(item, _)| api.graph.effective(item)).any(|item| item.types & scalar != 0)
    };
    let lists = || {
        let mut gets = item.operations.iter().filter(|&&other| operation(model, other).method == "GET");
        gets.any(|&other| list_response(model, other).is_some_and(of_things))
    };
    has_items || lists()
}

/// Protected operations of the same path that are at most as dangerous.
fn safer_protected(model: &Model, index: u32) -> Vec<u32> {
    let this = operation(model, index);
    let Some(rank) = this.rank() else { return Vec::new() };
    let item = &model.api().items[this.item as usize];
    let safer = item.operations.iter().copied().filter(|&other| {
        let other = operation(model, other);
        other.security() == Some(Security::Protected) && other.rank().is_some_and(|other| other <= rank)
    });
    safer.collect()
}

/// Whether a HEAD repeats what a GET of the same path says.
fn repeats_get(model: &Model, index: u32) -> bool {
    let this = operation(model, index);
    let item = &model.api().items[this.item as usize];
    this.method == "HEAD"
        && item.operations.iter().map(|&other| operation(model, other)).any(|other| {
            other.method == "GET"
                && other.security() == this.security()
                && security_entry(other).is_some() == security_entry(this).is_some()
        })
}

/// Whether it creates or rotates a key or token: by its last static segment, or the words of its operationId.
fn issues_credential(model: &Model, index: u32) -> bool {
    const VERBS: [&str; 6] = ["create", "generate", "issue", "rotate", "regenerate", "add"];
    const NOUNS: [&str; 4] = ["key", "token", "secret", "credential"];
    let this = operation(model, index);
    if !matches!(this.method.as_str(), "POST" | "PUT") {
        return false;
    }
    let noun = |word: &str| NOUNS.contains(&words::singular(word).as_ref());
    let segments = operation::segments(path(model, index));
    let last = segments.iter().rev().find(|segment| !segment.contains('{'));
    let by_path = last.is_some_and(|last| words::split(last).last().is_some_and(|head| noun(head)));
    let id = this.operation_id.map(|id| words::split(model.name(id))).unwrap_or_default();
    // A tag or controller name may stand before the verb.
    let by_id = id.iter().take(3).any(|word| VERBS.contains(&word.as_str())) && id.iter().any(|word| noun(word));
    by_path || by_id
}

/// Names of what a client sends: parameters and, of a POST search, the top-level body properties.
fn inputs(model: &Model, index: u32) -> Vec<NameId> {
    let api = model.api();
    let this = operation(model, index);
    let mut names: Vec<NameId> = this.parameters.iter().map(|&index| api.parameters[index as usize].name).collect();
    if this.method == "POST" && this.class == Class::Read {
        let media =
            api.graph.parts(this.number, Object::RequestBody).flat_map(|body| api.graph.parts(body, Object::MediaType));
        let schemas: Vec<u32> = media.filter_map(|media| api.graph.part(media, Object::Schema)).collect();
        let body = this.parameters.iter().filter_map(|&index| {
            let parameter = &api.parameters[index as usize];
            parameter.schema.filter(|_| parameter.sent_in() == Some("body"))
        });
        let members = schemas.into_iter().chain(body).flat_map(|schema| super::schema::members(model, schema));
        let properties = members.flat_map(|member| super::schema::own_properties(model, member));
        names.extend(properties.filter_map(|(entry, _)| super::schema::property_name(model, entry)));
    }
    names
}

fn media_types(model: &Model, index: u32) -> Fact<'_> {
    let api = model.api();
    let number = operation(model, index).number;
    let bodies: Vec<u32> = api.graph.parts(number, Object::RequestBody).collect();
    let owned = |owner: u32| {
        owner == number
            || bodies.iter().any(|&body| api.graph.parts(body, Object::MediaType).any(|media| media == owner))
    };
    // 2.0: what an operation returns is its own too.
    let sent = |media: &Media| api.version != Version::V20 || media.direction & IN != 0;
    let found = api
        .media
        .iter()
        .enumerate()
        .filter(|(_, media)| sent(media) && owned(media.owner))
        .map(|(index, _)| index as u32);
    Fact::nodes(Kind::MediaType, found)
}

pub(super) static FIELDS: &[Field] = &[
    field(Kind::Operation, "method", Type::Text, "The method in upper case.", |m, i| {
        Fact::text(Some(&operation(m, i).method))
    }),
    field(
        Kind::Operation,
        "path",
        Type::Text,
        "The path template; of a webhook its name, of a callback its expression.",
        |m, i| Fact::text(Some(path(m, i))),
    ),
    placed(
        Kind::Operation,
        "operationId",
        Type::Name,
        "`operationId`.",
        |m, i| name(operation(m, i).operation_id),
        |m, i| value_of(m.api().view.entry(operation(m, i).at, K::OperationId)),
    ),
    field(
        Kind::Operation,
        "incoming",
        Type::Bool,
        "Whether clients call it: under `paths`, not a webhook or callback.",
        |m, i| Fact::bool(role(m, i) == Role::Incoming),
    ),
    field(Kind::Operation, "outgoing", Type::Bool, "Whether the server calls it: a webhook or callback.", |m, i| {
        Fact::bool(!m.api().is_called(operation(m, i)))
    }),
    field(
        Kind::Operation,
        "class",
        Type::Choice(CLASSES),
        "E7: `read`, `write`, or `other` (OPTIONS, TRACE). A POST that searches is `read`.",
        |m, i| Fact::Known(Value::Choice(operation(m, i).class as u8)),
    ),
    field(
        Kind::Operation,
        "repeatsGet",
        Type::Bool,
        "Whether it is a HEAD on a path whose GET is protected in the same way.",
        |m, i| Fact::bool(repeats_get(m, i)),
    ),
    field(Kind::Operation, "besidePost", Type::Bool, "Whether its path also has a POST.", |m, i| {
        let item = &m.api().items[operation(m, i).item as usize];
        Fact::bool(item.operations.iter().any(|&other| operation(m, other).method == "POST"))
    }),
    field(Kind::Operation, "methodRegistered", Type::Bool, "Whether the method is in the IANA registry.", |m, i| {
        Fact::bool(operation::is_registered(&operation(m, i).method))
    }),
    placed(
        Kind::Operation,
        "security",
        Type::Choice(SECURITY),
        "E1, effective: own `security`, else the root's. Stands at the `security` key in force, else at the method key.",
        |m, i| security_fact(operation(m, i), operation(m, i).security()),
        |m, i| key_of(security_entry(operation(m, i))),
    ),
    placed(
        Kind::Operation,
        "ownSecurity",
        Type::Choice(SECURITY),
        "What its own `security` key says; absent without the key. Stands at that key.",
        |m, i| match &operation(m, i).in_force {
            InForce::Own(stated) => security_fact(operation(m, i), stated.says),
            InForce::Lost(_) => security_fact(operation(m, i), None),
            InForce::Nothing | InForce::Root(_) => Fact::Absent,
        },
        |m, i| match &operation(m, i).in_force {
            InForce::Own(stated) => Some(Place::key(stated.entry)),
            _ => None,
        },
    ),
    field(
        Kind::Operation,
        "securityOrigin",
        Type::Choice(ORIGINS),
        "Whose `security` is in force: `own` or `root`; absent where there is none.",
        |m, i| match &operation(m, i).in_force {
            InForce::Own(_) => Fact::Known(Value::Choice(0)),
            InForce::Root(_) => Fact::Known(Value::Choice(1)),
            InForce::Nothing => Fact::Absent,
            InForce::Lost(_) => unknown_security(operation(m, i)),
        },
    ),
    field(Kind::Operation, "requirements", Type::Nodes(Kind::Requirement), "The alternatives in force.", |m, i| {
        Fact::nodes(Kind::Requirement, operation(m, i).alternatives())
    }),
    field(
        Kind::Operation,
        "emptyRequirements",
        Type::Nodes(Kind::Requirement),
        "The empty alternatives `{}` in force.",
        |m, i| empty_requirements(m, Some(operation(m, i).alternatives())),
    ),
    field(
        Kind::Operation,
        "sendsCredentials",
        Type::Bool,
        "Whether some alternative in force names a scheme other than mutual TLS.",
        |m, i| Fact::bool(scheme_kinds(m, i) & !(1 << SchemeKind::MutualTls as u32) != 0),
    ),
    field(Kind::Operation, "credentials", Type::Set(SCHEME_KINDS), "Kinds of the schemes in force.", |m, i| {
        set(scheme_kinds(m, i))
    }),
    field(Kind::Operation, "cookieCredential", Type::Bool, "Whether a scheme in force is a cookie.", |m, i| {
        let api = m.api();
        let alternatives = operation(m, i).alternatives();
        let mut required = api.security.required_of(&alternatives);
        Fact::bool(required.any(|required| api.security.is_cookie(&api.view, required)))
    }),
    field(
        Kind::Operation,
        "authEndpoint",
        Type::Set(AUTH_GROUPS),
        "E8: the groups of auth endpoints it belongs to; absent if none. `tokenIssue` marks the words that issue tokens.",
        |m, i| set(operation(m, i).auth_groups),
    ),
    field(Kind::Operation, "publicByNature", Type::Bool, "E8: health checks, versions, documentation.", |m, i| {
        Fact::bool(operation(m, i).public_by_nature)
    }),
    field(Kind::Operation, "admin", Type::Bool, "Whether its path (base path included) is an admin path.", |m, i| {
        Fact::bool(operation(m, i).admin.is_some())
    }),
    field(
        Kind::Operation,
        "markedPublic",
        Type::Bool,
        "Whether it or its path item carries `x-public: true`.",
        |m, i| Fact::bool(operation(m, i).marked_public),
    ),
    field(
        Kind::Operation,
        "issuesCredential",
        Type::Bool,
        "Whether it creates or rotates a key or token by its last static segment or operationId.",
        |m, i| Fact::bool(issues_credential(m, i)),
    ),
    field(
        Kind::Operation,
        "saferProtected",
        Type::Nodes(Kind::Operation),
        "Protected operations of the same path that are at most as dangerous.",
        |m, i| Fact::nodes(Kind::Operation, safer_protected(m, i)),
    ),
    field(Kind::Operation, "operationVerb", Type::Name, "First word of `operationId`, in lower case.", |m, i| {
        name(operation(m, i).operation_verb)
    }),
    field(
        Kind::Operation,
        "pathVerb",
        Type::Name,
        "First word of the last path segment, in lower case, where that is static and no plural.",
        |m, i| name(operation(m, i).path_verb),
    ),
    field(
        Kind::Operation,
        "parameters",
        Type::Nodes(Kind::Parameter),
        "Its parameters, those of the path item included.",
        |m, i| Fact::nodes(Kind::Parameter, operation(m, i).parameters.iter().copied()),
    ),
    field(
        Kind::Operation,
        "inputs",
        Type::Names,
        "Names of its parameters; for a POST search also of the top-level body properties.",
        |m, i| Fact::Known(Value::Names(inputs(m, i))),
    ),
    placed(
        Kind::Operation,
        "body",
        Type::Thing,
        "Its request body. Stands at the `requestBody` key; 2.0: at the name of the first body or formData parameter.",
        |m, i| thing(body_place(m, i).is_some()),
        body_place,
    ),
    field(
        Kind::Operation,
        "requiredInput",
        Type::Bool,
        "Whether a query parameter or the body is required.",
        |m, i| Fact::bool(requires_input(m, i)),
    ),
    field(Kind::Operation, "mediaTypes", Type::Nodes(Kind::MediaType), "Media types of its request body.", media_types),
    placed(
        Kind::Operation,
        "responses",
        Type::Statuses,
        "Its documented responses. Stands at the `responses` key.",
        |m, i| {
            statuses(m, i).map_or(Fact::Known(Value::Statuses(Vec::new())), |keys| Fact::Known(Value::Statuses(keys)))
        },
        |m, i| key_of(m.api().view.entry(operation(m, i).at, K::Responses)),
    ),
    field(Kind::Operation, "statusCodes", Type::Texts, "Keys of `responses` that are exact codes.", |m, i| {
        match statuses(m, i) {
            Some(keys) => Fact::Known(Value::Texts(
                keys.into_iter().filter(|key| key.bytes().all(|byte| byte.is_ascii_digit())).collect(),
            )),
            None => Fact::Absent,
        }
    }),
    field(
        Kind::Operation,
        "listResponse",
        Type::Nodes(Kind::Schema),
        "The array schema that a list response returns.",
        |m, i| {
            list_response(m, i).map_or(Fact::Absent, |schema| {
                super::schema::schema_id(m, schema).map_or(Fact::Absent, |id| Fact::Known(Value::Nodes(vec![id])))
            })
        },
    ),
    field(
        Kind::Operation,
        "collectionPath",
        Type::Bool,
        "Whether its path is a collection: it has items below it, or its GET lists.",
        |m, i| Fact::bool(is_collection(m, i)),
    ),
];

#[cfg(test)]
mod order {
    use super::*;

    #[test]
    fn enums_have_the_order_of_their_tables() {
        assert_eq!(SECURITY[Security::Protected as usize], "protected");
        assert_eq!(CLASSES[Class::Other as usize], "other");
        assert_eq!(SCHEME_KINDS[SchemeKind::Unknown as usize], "unknown");
    }
}

//! What operations take and give: parameters, media types, responses, headers,
//! properties. Knows their places and uses, not what rules think of them.

use std::collections::HashMap;

use super::grammar::{Object, Version};
use super::graph::types;
use super::operation::PathItem;
use super::view::K;
use super::walk::Edge;
use super::{Api, operation, response};
use crate::model::NameId;
use crate::model::fields::LOCATIONS;
use crate::model::names::Names;
use crate::source::NodeKind;
use crate::span::{At, Place};

/// A parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Its object number.
    pub number: u32,
    /// Its definition.
    pub at: At,
    /// `name`.
    pub name: NameId,
    /// Value of `name`; the definition where it has none.
    pub name_at: At,
    /// `in`: index into [`LOCATIONS`].
    pub location: Option<u8>,
    /// Object number of its schema.
    pub schema: Option<u32>,
    /// Operations it belongs to: indices.
    pub operations: Vec<u32>,
}

impl Parameter {
    /// Where it is sent: one of [`LOCATIONS`].
    pub fn sent_in(&self) -> Option<&'static str> {
        self.location.map(|index| LOCATIONS[index as usize])
    }
}

/// A media type of a request body or response.
#[derive(Debug)]
pub struct Media {
    /// Where it stands.
    pub place: Place,
    /// In lower case, without parameters.
    pub media_type: String,
    /// Direction bits.
    pub direction: u8,
    /// Object number of the schema of what is sent or returned.
    pub schema: Option<u32>,
    /// Object number of the owner: a Media Type Object, or a 2.0 operation.
    pub owner: u32,
    /// Whether files are sent with it if there are any: of the types that a 2.0 operation consumes, one is.
    pub lead: bool,
    /// 2.0: the body parameter.
    pub body: Option<At>,
}

/// A named property.
#[derive(Debug)]
pub struct Property {
    /// The entry in `properties`.
    pub entry: At,
    /// Its name.
    pub name: NameId,
    /// Object number of the schema that has it.
    pub owner: u32,
    /// Object number of its own schema.
    pub schema: u32,
}

/// Reads all parameters, and notes those in force at each operation.
pub fn parameters(api: &mut Api, items: &[PathItem], names: &mut Names) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    let mut index_of = HashMap::new();
    for &number in api.of(Object::Parameter) {
        let at = api.graph.objects[number as usize].at;
        let name_at = api.view.get(at, K::Name).unwrap_or(at);
        let location = api.view.scalar(at, K::In).and_then(|text| LOCATIONS.iter().position(|known| *known == text));
        let own = api.graph.is_schema(number).then_some(number);
        let schema = own.or_else(|| api.graph.part(number, Object::Schema)).or_else(|| {
            let media = api.graph.part(number, Object::MediaType)?;
            api.graph.part(media, Object::Schema)
        });
        index_of.insert(number, parameters.len() as u32);
        let name = names.id(api.view.text(name_at));
        let location = location.map(|index| index as u8);
        parameters.push(Parameter { number, at, name, name_at, location, schema, operations: Vec::new() });
    }
    for index in 0..api.operations.len() {
        let (number, item) = (api.operations[index].number, api.operations[index].item);
        let mut in_force: Vec<u32> =
            api.graph.parts(number, Object::Parameter).filter_map(|part| index_of.get(&part).copied()).collect();
        for part in api.graph.parts(items[item as usize].number, Object::Parameter) {
            let Some(&shared) = index_of.get(&part) else { continue };
            let same = |own: &u32| {
                let (own, shared) = (&parameters[*own as usize], &parameters[shared as usize]);
                own.name == shared.name && own.location == shared.location
            };
            if !in_force.iter().any(same) {
                in_force.push(shared);
            }
        }
        for &parameter in &in_force {
            parameters[parameter as usize].operations.push(index as u32);
        }
        api.operations[index].parameters = in_force;
    }
    parameters
}

/// Reads the media types of request bodies and responses.
pub fn media(api: &Api) -> Vec<Media> {
    if api.version == Version::V20 {
        let sent = api.operations.iter().flat_map(|operation| swagger_media(api, operation));
        return sent.chain(api.operations.iter().flat_map(|operation| returned_media(api, operation))).collect();
    }
    let objects = api.of(Object::MediaType).iter().map(|&number| {
        let object = api.graph.objects[number as usize];
        let key = api.view.key(object.at).unwrap_or_default();
        Media {
            place: Place::key(object.at),
            media_type: essence(key),
            direction: api.graph.direction(number),
            schema: api.graph.part(number, Object::Schema),
            owner: number,
            lead: true,
            body: None,
        }
    });
    objects.collect()
}

/// A media type in lower case, without parameters.
pub fn essence(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// 2.0: what an operation with a body or form consumes, each at its entry of `consumes`; at the method if there is none.
fn swagger_media(api: &Api, operation: &operation::Operation) -> Vec<Media> {
    let _view = &api.view;
    let inputs = || operation.parameters.iter().map(|&index| &api.parameters[index as usize]);
    let body = inputs().find(|parameter| parameter.sent_in() == Some("body"));
    let is_form = inputs().any(|parameter| parameter.sent_in() == Some("formData"));
    if body.is_none() && !is_form {
        return Vec::new();
    }
    let file = inputs().find(|parameter| {
        let schema = parameter.schema.and_then(|schema| api.graph.effective(schema));
        schema.is_some_and(|schema| schema.types & types::FILE != 0)
    });
    let taken = |place: Place, media_type: String| Media {
        place,
        media_type,
        direction: super::graph::IN,
        schema: file.or(body).and_then(|parameter| parameter.schema),
        owner: operation.number,
        lead: false,
        body: body.map(|parameter| parameter.at),
    };
    let consumed = response::consumed(api, operation.at).into_iter();
    let mut media: Vec<Media> = consumed.map(|(entry, media_type)| taken(Place::value(entry), media_type)).collect();
    if media.is_empty() {
        media.push(taken(Place::key(operation.entry), String::new()));
    }
    let lead = media.iter().position(|one| one.media_type == "multipart/form-data").unwrap_or(0);
    media[lead].lead = true;
    media
}

/// 2.0: what an operation that returns something produces, at the entries of `produces` that say so, else at the method.
fn returned_media(api: &Api, operation: &operation::Operation) -> Vec<Media> {
    let has_schema = |number: u32| api.graph.part(number, Object::Schema).is_some();
    if !response::documented(api, operation).any(|(_, number)| has_schema(number)) {
        return Vec::new();
    }
    let media = |place: Place, media_type: String| Media {
        place,
        media_type,
        direction: super::graph::OUT,
        schema: None,
        owner: operation.number,
        lead: false,
        body: None,
    };
    let produced = response::produced(api, operation.at);
    if produced.is_empty() {
        return vec![media(Place::key(operation.entry), String::new())];
    }
    produced.into_iter().map(|(entry, media_type)| media(Place::value(entry), media_type)).collect()
}

/// All named properties, in document order.
pub fn properties(api: &Api, names: &mut Names) -> Vec<Property> {
    let mut properties = Vec::new();
    for &owner in &api.schemas {
        for &(schema, edge) in api.graph.out(owner) {
            if let Edge::Property(entry) = edge {
                let name = names.id(api.view.key(entry).unwrap_or_default());
                properties.push(Property { entry, name, owner, schema });
            }
        }
    }
    properties.sort_by_key(|property| super::walk::order(&api.walk, property.entry));
    properties
}

/// The values that a header shows: const, enum, default, example and examples, of it and of its schema.
pub fn header_values(api: &Api, header: u32) -> Vec<At> {
    let view = &api.view;
    let at = api.graph.objects[header as usize].at;
    let schema = api.graph.part(header, Object::Schema).map(|schema| api.graph.objects[schema as usize].at);
    let mut values = Vec::new();
    for holder in schema.into_iter().chain([at]) {
        for key in [K::Const, K::Enum, K::Default, K::Example, K::Examples] {
            let Some(value) = view.get(holder, key) else { continue };
            match view.kind(value) {
                NodeKind::Map => {
                    let examples = view.children(value).filter_map(|entry| view.get(view.follow(entry)?, K::Value));
                    values.extend(examples);
                }
                NodeKind::Seq => values.extend(view.children(value).map(|entry| view.resolve(entry))),
                _ => values.push(value),
            }
        }
    }
    values.retain(|&value| view.is_scalar(value) && view.kind(value) != NodeKind::Null);
    values
}

//! Named values that clients send: parameters, and properties of request bodies, as
//! one table. Knows the schemas of their values, not what the names mean.

use super::Api;
use super::graph::{IN, types};
use super::view::K;
use super::walk::Edge;
use crate::source::NodeKind;
use crate::span::{At, Place};

/// A named value that clients send: an index in the table of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A parameter, but not the whole body that 2.0 calls one.
    Parameter(u32),
    /// A property of a request body that clients may set.
    Property(u32),
}

/// All inputs: parameters first, each in document order.
#[derive(Debug)]
pub struct Inputs {
    /// The table.
    pub all: Vec<Input>,
    of_parameter: Vec<u32>,
    of_property: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl Inputs {
    /// Lists them.
    pub fn new(api: &Api) -> Self {
        let mut inputs = Self {
            all: Vec::new(),
            of_parameter: vec![NONE; api.parameters.len()],
            of_property: vec![NONE; api.properties.len()],
        };
        for (index, parameter) in api.parameters.iter().enumerate() {
            let is_body = parameter.sent_in() == Some("body");
            if !is_body && api.graph.direction(parameter.number) & IN != 0 {
                inputs.of_parameter[index] = inputs.all.len() as u32;
                inputs.all.push(Input::Parameter(index as u32));
            }
        }
        for (index, property) in api.properties.iter().enumerate() {
            let is_read_only = api.graph.effective(property.schema).is_some_and(|effective| effective.read_only);
            if api.graph.direction(property.owner) & IN != 0 && !is_read_only {
                inputs.of_property[index] = inputs.all.len() as u32;
                inputs.all.push(Input::Property(index as u32));
            }
        }
        inputs
    }

    /// The input that a parameter is.
    pub fn of_parameter(&self, parameter: u32) -> Option<u32> {
        self.of_parameter.get(parameter as usize).copied().filter(|&input| input != NONE)
    }

    /// The input that a property is.
    pub fn of_property(&self, property: u32) -> Option<u32> {
        self.of_property.get(property as usize).copied().filter(|&input| input != NONE)
    }
}

impl Input {
    /// Where its name stands.
    pub fn place(self, api: &Api) -> Place {
        match self {
            Self::Parameter(index) => Place::value(api.parameters[index as usize].name_at),
            Self::Property(index) => Place::key(api.properties[index as usize].entry),
        }
    }

    /// Object number of the schema of its value.
    pub fn schema(self, api: &Api) -> Option<u32> {
        match self {
            Self::Parameter(index) => api.parameters[index as usize].schema,
            Self::Property(index) => Some(api.properties[index as usize].schema),
        }
    }

    /// Object number of the schema of each value: of the items, where it is a list of them.
    pub fn value(self, api: &Api) -> Option<u32> {
        let schema = self.schema(api)?;
        let is_list =
            api.graph.effective(schema).is_some_and(|effective| effective.types & !types::NULL == types::ARRAY);
        let items = || api.graph.out(schema).iter().find(|(_, edge)| *edge == Edge::Part).map(|&(items, _)| items);
        if is_list { items() } else { Some(schema) }
    }

    /// The scalars shown for it: example, examples and default, of itself and of its schema.
    pub fn shown(self, api: &Api) -> Vec<At> {
        let view = &api.view;
        let mut holders: Vec<At> = match self {
            Self::Parameter(index) => vec![api.parameters[index as usize].at],
            Self::Property(_) => Vec::new(),
        };
        let schemas = [self.schema(api), self.value(api)].into_iter().flatten();
        holders.extend(schemas.map(|number| api.graph.objects[number as usize].at));
        holders.dedup();
        let mut values = Vec::new();
        for holder in holders {
            for value in [K::Example, K::Examples, K::Default].into_iter().filter_map(|key| view.get(holder, key)) {
                match view.kind(value) {
                    NodeKind::Map => {
                        values.extend(view.children(value).filter_map(|entry| view.get(view.follow(entry)?, K::Value)))
                    }
                    NodeKind::Seq => values.extend(view.children(value).map(|item| view.resolve(item))),
                    _ => values.push(value),
                }
            }
        }
        values.retain(|&value| view.kind(value) == NodeKind::Str);
        values
    }
}

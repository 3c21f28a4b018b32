//! Names that an operation reads from two places. Knows names and places, no words.

use std::collections::HashMap;

use super::grammar::{Object, Version};
use super::graph::IN;
use super::inputs::Inputs;
use super::walk::Edge;
use super::{Api, Parameter};

fn parameter(api: &Api, index: u32) -> &Parameter {
    &api.parameters[index as usize]
}

fn location(parameter: &Parameter) -> &'static str {
    parameter.sent_in().unwrap_or_default()
}

/// Per query parameter: inputs of the same name, letter case aside, in the path, in the form or at the top
/// of the body of one of its operations. One pass over the operations.
pub fn read(api: &Api, inputs: &Inputs) -> HashMap<u32, Vec<u32>> {
    let mut repeats: HashMap<u32, Vec<u32>> = HashMap::new();
    for operation in &api.operations {
        let in_query = || operation.parameters.iter().filter(|&&index| location(parameter(api, index)) == "query");
        if in_query().next().is_none() {
            continue;
        }
        // The first of a name counts.
        let mut others: HashMap<String, u32> = HashMap::new();
        let mut add = |name, input: Option<u32>| {
            if let Some(input) = input {
                others.entry(api.names.text(name).to_lowercase()).or_insert(input);
            }
        };
        for &index in &operation.parameters {
            let this = parameter(api, index);
            if matches!(location(this), "path" | "formData") {
                add(this.name, inputs.of_parameter(index));
            }
        }
        for schema in bodies(api, operation.number, &operation.parameters) {
            for &(_, edge) in api.graph.members(schema).into_iter().flat_map(|member| api.graph.out(member)) {
                let Edge::Property(entry) = edge else { continue };
                if let Some(index) = api.property_index(entry) {
                    add(api.properties[index as usize].name, inputs.of_property(index));
                }
            }
        }
        for &index in in_query() {
            if let Some(&other) = others.get(&api.names.text(parameter(api, index).name).to_lowercase()) {
                let known = repeats.entry(index).or_default();
                if !known.contains(&other) {
                    known.push(other);
                }
            }
        }
    }
    repeats
}

/// The schemas of an operation's body.
fn bodies(api: &Api, operation: u32, parameters: &[u32]) -> Vec<u32> {
    if api.version == Version::V20 {
        let bodies = parameters.iter().map(|&index| parameter(api, index));
        return bodies.filter(|body| location(body) == "body").filter_map(|body| body.schema).collect();
    }
    let bodies = api.graph.parts(operation, Object::RequestBody);
    let media = bodies.flat_map(|body| api.graph.parts(body, Object::MediaType));
    let mut schemas: Vec<u32> = media.flat_map(|media| api.graph.parts(media, Object::Schema)).collect();
    schemas.retain(|&schema| api.graph.direction(schema) & IN != 0);
    schemas.dedup();
    schemas
}

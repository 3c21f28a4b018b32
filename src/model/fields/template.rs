//! Fields of paths about the variables of their templates.

use std::collections::HashSet;

use super::{Fact, Field, Kind, Model, Type, field, texts};
use crate::model::Why;
use crate::model::openapi::operation::PathItem;
use crate::span::Place;

fn item(model: &Model, index: u32) -> &PathItem {
    &model.api().items[index as usize]
}

/// The names between braces, each once, in order. What stands after `?` or `#` is no path.
fn variables(path: &str) -> Vec<&str> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut names = Vec::new();
    for part in path.split('{').skip(1) {
        if let Some((name, _)) = part.split_once('}')
            && !name.is_empty()
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// Operations of a path that have no path parameter for some variable of it, with those variables.
fn undeclared(model: &Model, index: u32) -> Vec<(u32, Vec<&str>)> {
    let api = model.api();
    let item = item(model, index);
    let variables = variables(api.view.key(item.entry).unwrap_or_default());
    if variables.is_empty() {
        return Vec::new();
    }
    let missing = item.operations.iter().map(|&operation| {
        let parameters = api.operations[operation as usize].parameters.iter();
        let in_path = parameters
            .map(|&parameter| &api.parameters[parameter as usize])
            .filter(|parameter| parameter.sent_in() == Some("path"));
        let declared: HashSet<&str> = in_path.map(|parameter| model.name(parameter.name)).collect();
        let missing = variables.iter().filter(|name| !declared.contains(**name)).copied().collect();
        (operation, missing)
    });
    missing.filter(|(_, names): &(u32, Vec<&str>)| !names.is_empty()).collect()
}

pub(super) static FIELDS: &[Field] = &[
    field(
        Kind::Path,
        "undeclaredVariables",
        Type::Texts,
        "Variables of its template for which some operation has no path parameter.",
        |m, i| {
            let missing = undeclared(m, i);
            let numbers = missing.iter().map(|&(operation, _)| m.api().operations[operation as usize].number);
            if numbers.chain([item(m, i).number]).any(|number| m.api().walk.is_broken(number)) {
                // A reference that leads nowhere may be the parameter.
                return Fact::Unknown(Why::UnresolvedReference, Some(Place::key(item(m, i).entry)));
            }
            let mut names: Vec<&str> = Vec::new();
            for name in missing.into_iter().flat_map(|(_, names)| names) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            texts(names)
        },
    ),
    field(Kind::Path, "undeclaredIn", Type::Nodes(Kind::Operation), "Those operations.", |m, i| {
        Fact::nodes(Kind::Operation, undeclared(m, i).into_iter().map(|(operation, _)| operation))
    }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_the_names_between_braces_of_the_path() {
        assert_eq!(variables("/a/{x}/b-{id2}.{ext}/{x}"), ["x", "id2", "ext"]);
        assert_eq!(variables("/a/{}/{open?x={y}#{z}"), Vec::<&str>::new());
    }
}

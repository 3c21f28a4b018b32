//! Values of templates: literals, and functions that CloudFormation works out when it deploys. What a function
//! yields is not known here; what it refers to often is.

use super::super::{Node, Stated};
use crate::model::Why;

/// The function that a mapping stands for, by its name and argument.
pub(super) fn function(node: Node<'_>) -> Option<(&str, Node<'_>)> {
    if !node.is_map() {
        return None;
    }
    let mut entries = node.children();
    let only = entries.next().filter(|_| entries.next().is_none())?;
    let name = only.key().filter(|key| *key == "Ref" || key.starts_with("Fn::"))?;
    Some((name, only))
}

/// Whether a value is worked out when the template is deployed.
pub(super) fn is_computed(node: Node<'_>) -> bool {
    function(node).is_some() || node.is_scalar() && node.is_template()
}

/// A value that is there: `AWS::NoValue` takes it away.
pub(super) fn given(node: Option<Node<'_>>) -> Option<Node<'_>> {
    node.filter(|node| !is_no_value(*node))
}

fn is_no_value(node: Node<'_>) -> bool {
    function(node).is_some_and(|(name, value)| name == "Ref" && value.text() == Some("AWS::NoValue"))
}

/// What is read of a value, if it is written out. A function makes it unknown, and so does what cannot be read.
pub(super) fn read<'s, T>(node: Option<Node<'s>>, read: impl FnOnce(Node<'s>) -> Option<T>) -> Stated<T> {
    let Some(node) = given(node) else { return Stated::Absent };
    if is_computed(node) {
        return Stated::Unknown(Why::Elsewhere, Some(node.place()));
    }
    read(node).map_or(Stated::Unknown(Why::NotRead, Some(node.place())), Stated::Known)
}

/// A text that is written out.
pub(super) fn text(node: Option<Node<'_>>) -> Stated<&str> {
    read(node, Node::text)
}

/// A yes or no that is written out.
pub(super) fn flag(node: Option<Node<'_>>) -> Stated<bool> {
    read(node, Node::bool)
}

/// The resource or parameter that a value refers to: `Ref`, `Fn::GetAtt`, or a `Fn::Sub` of nothing else.
pub(super) fn reference(node: Node<'_>) -> Option<&str> {
    let (name, value) = function(node)?;
    match name {
        "Ref" => value.text(),
        "Fn::GetAtt" if value.is_list() => value.children().next()?.text(),
        "Fn::GetAtt" => value.text()?.split('.').next(),
        "Fn::Sub" => {
            let inner = value.text()?.strip_prefix("${")?.strip_suffix('}')?;
            let name = inner.split('.').next()?;
            (!name.contains(['$', '{', '!'])).then_some(name)
        }
        _ => None,
    }
}

/// Lists in lists are joined to this depth.
const MAX_JOINS: usize = 8;

/// A text with `${name}` for each part that is worked out later; none if nothing of it can be told.
pub(super) fn pattern(node: Node<'_>) -> Option<String> {
    pattern_at(node, 0)
}

fn pattern_at(node: Node<'_>, depth: usize) -> Option<String> {
    if let Some(text) = node.text() {
        return Some(text.to_owned());
    }
    let (name, value) = function(node)?;
    match name {
        "Fn::Sub" => Some(if value.is_list() { value.children().next()?.text()? } else { value.text()? }.to_owned()),
        "Fn::Join" if depth < MAX_JOINS => {
            let mut arguments = value.children();
            let by = arguments.next()?.text()?;
            let list = arguments.next().filter(|list| list.is_list())?;
            let parts: Vec<String> =
                list.children().map(|part| pattern_at(part, depth + 1).unwrap_or_else(|| "${?}".to_owned())).collect();
            Some(parts.join(by))
        }
        _ => reference(node).map(|name| format!("${{{name}}}")),
    }
}

/// The names in the `${name}` of a pattern, attributes cut off.
pub(super) fn names(pattern: &str) -> impl Iterator<Item = &str> {
    pattern
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name.split('.').next().unwrap_or(name)))
}

/// The branches of a `Fn::If`; the value itself if it is none.
pub(super) fn branches(node: Node<'_>) -> Vec<(Node<'_>, bool)> {
    match function(node) {
        Some(("Fn::If", arguments)) if arguments.is_list() => {
            arguments.children().skip(1).filter(|branch| !is_no_value(*branch)).map(|branch| (branch, true)).collect()
        }
        Some(_) => Vec::new(),
        None => vec![(node, false)],
    }
}

//! Expressions of Kong's routes.

use super::super::path::PathPattern;
use super::super::{Node, Path, Route};

/// Reads what an expression matches into a route.
pub(super) fn read(expression: Node<'_>, route: &mut Route) {
    let text = expression.text().unwrap_or_default();
    route.conditions.push(expression.place());
    route.paths.push(Path { pattern: PathPattern::opaque(text), place: expression.place() });
}

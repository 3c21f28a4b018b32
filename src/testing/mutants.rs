//! Mutants: the rule with one term dropped. Knows which parts of a rule file
//! are terms: tests of conditions, members of lists, cases, superseded rules, `about`.

use crate::model::{Kind, Type, fields};
use crate::rule::file::{RuleFile, Shape};
use crate::source::de::Spanned;

/// A rule with one term dropped.
pub(super) struct Mutant {
    /// The term, for messages.
    pub(super) term: String,
    /// What is left.
    pub(super) file: RuleFile,
}

/// All mutants of a rule.
pub(super) fn of(file: &RuleFile) -> Vec<Mutant> {
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.as_str() == file.given.value) else { return Vec::new() };
    let mut mutants = Vec::new();
    let mut add = |term: String, change: &dyn Fn(&mut RuleFile)| {
        let mut file = file.clone();
        change(&mut file);
        forget_options(&mut file);
        mutants.push(Mutant { term, file });
    };
    let conditions = [("where", &file.population), ("match", &file.defect)];
    for (name, shape) in conditions.into_iter().filter_map(|(name, shape)| Some((name, shape.as_ref()?))) {
        for Cut { path, term } in cuts(name, kind, shape) {
            add(term, &|file| {
                let shape = if name == "where" { &mut file.population } else { &mut file.defect };
                shape.iter_mut().for_each(|shape| remove(&mut shape.value, &path));
            });
        }
    }
    for (i, case) in file.cases.iter().enumerate() {
        let name = format!("cases[{i}]");
        add(format!("`{name}`"), &|file| drop(file.cases.remove(i)));
        for Cut { path, term } in cuts(&name, kind, &case.value.defect) {
            add(term, &|file| remove(&mut file.cases[i].value.defect.value, &path));
        }
    }
    for (i, option) in file.options.iter().enumerate().filter(|(_, option)| option.decl.strict.is_some()) {
        add(format!("`strict` of option `{}`", option.name.value), &|file| file.options[i].decl.strict = None);
    }
    for (i, other) in file.supersedes.iter().enumerate() {
        add(format!("`{}` in `supersedes`", other.value), &|file| drop(file.supersedes.remove(i)));
    }
    if file.about.is_some() {
        add("`about`".to_owned(), &|file| file.about = None);
    }
    mutants
}

/// A part of a condition to drop: the way to it by positions, and its name.
struct Cut {
    path: Vec<usize>,
    term: String,
}

fn cuts(name: &str, kind: Kind, shape: &Spanned<Shape>) -> Vec<Cut> {
    let mut walk = Walk { path: Vec::new(), cuts: Vec::new() };
    walk.condition(name, kind, &shape.value);
    walk.cuts
}

struct Walk {
    path: Vec<usize>,
    cuts: Vec<Cut>,
}

impl Walk {
    fn cut(&mut self, position: usize, term: String) {
        let path = self.path.iter().copied().chain([position]).collect();
        self.cuts.push(Cut { path, term });
    }

    fn below(&mut self, position: usize, visit: impl FnOnce(&mut Self)) {
        self.path.push(position);
        visit(self);
        self.path.pop();
    }

    fn condition(&mut self, name: &str, kind: Kind, shape: &Shape) {
        let Shape::Map(entries) = shape else { return };
        for (i, (key, value)) in entries.iter().enumerate() {
            let name = format!("{name}.{}", key.value);
            self.cut(i, format!("`{name}`"));
            match (key.value.as_str(), &value.value) {
                ("any-of", Shape::List(items)) => self.below(i, |walk| {
                    for (j, item) in items.iter().enumerate() {
                        let name = format!("{name}[{j}]");
                        if items.len() > 1 {
                            walk.cut(j, format!("`{name}`"));
                        }
                        walk.below(j, |walk| walk.several(&name, kind, &item.value));
                    }
                }),
                ("not", value) => self.below(i, |walk| walk.several(&name, kind, value)),
                (field, value) => {
                    if let Some(field) = fields::find(kind, field) {
                        self.below(i, |walk| walk.test(&name, field.ty, value));
                    }
                }
            }
        }
    }

    /// A nested condition: its only term is not dropped, as that is what stands around it.
    fn several(&mut self, name: &str, kind: Kind, shape: &Shape) {
        let before = self.cuts.len();
        self.condition(name, kind, shape);
        if matches!(shape, Shape::Map(entries) if entries.len() == 1) && self.cuts.len() > before {
            self.cuts.remove(before);
        }
    }

    fn test(&mut self, name: &str, ty: Type, shape: &Shape) {
        match shape {
            Shape::List(items) if items.len() > 1 => {
                for (i, item) in items.iter().enumerate() {
                    self.cut(i, format!("`{}` in `{name}`", text(&item.value)));
                }
            }
            Shape::Map(operators) => {
                for (i, (operator, value)) in operators.iter().enumerate() {
                    let name = format!("{name}.{}", operator.value);
                    if operators.len() > 1 {
                        self.cut(i, format!("`{name}`"));
                    }
                    self.below(i, |walk| match (operator.value.as_str(), ty) {
                        ("some", Type::Nodes(kind)) => walk.condition(&name, kind, &value.value),
                        ("every", Type::Nodes(kind)) => walk.several(&name, kind, &value.value),
                        _ => walk.test(&name, ty, &value.value),
                    });
                }
            }
            _ => {}
        }
    }
}

fn text(shape: &Shape) -> String {
    match shape {
        Shape::Text(text) => text.clone(),
        Shape::Number(number) => crate::rule::file::number_text(*number),
        Shape::Bool(value) => value.to_string(),
        other => other.what().to_owned(),
    }
}

/// Removes the entry or item that a path of positions leads to.
fn remove(shape: &mut Shape, path: &[usize]) {
    match (path, shape) {
        ([last], Shape::Map(entries)) if *last < entries.len() => drop(entries.remove(*last)),
        ([last], Shape::List(items)) if *last < items.len() => drop(items.remove(*last)),
        ([next, rest @ ..], Shape::Map(entries)) => {
            entries.get_mut(*next).into_iter().for_each(|(_, value)| remove(&mut value.value, rest));
        }
        ([next, rest @ ..], Shape::List(items)) => {
            items.get_mut(*next).into_iter().for_each(|item| remove(&mut item.value, rest));
        }
        _ => {}
    }
}

/// Drops the options that no test refers to any more: unused ones are errors.
fn forget_options(file: &mut RuleFile) {
    let conditions = file.population.iter().chain(&file.defect).chain(file.cases.iter().map(|case| &case.value.defect));
    let mut used = Vec::new();
    conditions.for_each(|shape| references(&shape.value, &mut used));
    file.options.retain(|option| used.contains(&option.name.value));
}

fn references(shape: &Shape, used: &mut Vec<String>) {
    match shape {
        Shape::Text(text) => used.extend(text.strip_prefix('$').map(str::to_owned)),
        Shape::List(items) => items.iter().for_each(|item| references(&item.value, used)),
        Shape::Map(entries) => entries.iter().for_each(|(_, value)| references(&value.value, used)),
        Shape::Null | Shape::Bool(_) | Shape::Number(_) => {}
    }
}

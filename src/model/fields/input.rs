//! Fields on names: what stands beside an input, and what repeats a parameter.

use super::{Fact, Field, Kind, Type, Value, field, property};
use crate::model::openapi::inputs::Input;

pub(super) static FIELDS: &[Field] = &[
    field(
        Kind::Input,
        "siblings",
        Type::Names,
        "Names of the other properties of the same object; absent for a parameter.",
        |m, i| match m.inputs().all[i as usize] {
            Input::Parameter(_) => Fact::Absent,
            Input::Property(index) => Fact::Known(Value::Names(property::siblings(m, index))),
        },
    ),
    field(
        Kind::Parameter,
        "repeats",
        Type::Nodes(Kind::Input),
        "Of a query parameter: inputs of the same name (letter case aside) in the path, in the form or at the top of the body of one of its operations.",
        |m, i| Fact::nodes(Kind::Input, m.repeats().get(&i).into_iter().flatten().copied()),
    ),
];

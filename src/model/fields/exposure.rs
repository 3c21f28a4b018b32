//! Fields on exposure: who can reach an operation, and through it what it takes and gives.

use super::property::{passing, property};
use super::{EXPOSURES, Fact, Field, Kind, Model, Type, Value, field};
use crate::model::openapi::exposure::{Exposure, Unknown, of_operation};
use crate::model::openapi::graph::{IN, OUT};
use crate::model::openapi::inputs::Input;

const BOTH: u8 = IN | OUT;

fn fact(exposure: Option<Result<Exposure, Unknown>>) -> Fact<'static> {
    match exposure {
        Some(Ok(exposure)) => Fact::Known(Value::Choice(exposure as u8)),
        Some(Err((why, place))) => Fact::Unknown(why, place),
        None => Fact::Absent,
    }
}

/// Object number that a parameter, schema or property is reached by, and the directions in which it counts.
fn subject(model: &Model, kind: Kind, index: u32) -> (u32, u8) {
    let api = model.api();
    match kind {
        Kind::Input => match model.inputs().all[index as usize] {
            Input::Parameter(parameter) => subject(model, Kind::Parameter, parameter),
            Input::Property(property) => subject(model, Kind::Property, property),
        },
        Kind::Parameter => (api.parameters[index as usize].number, BOTH),
        Kind::Schema => (api.schemas[index as usize], BOTH),
        // 2.0: the operation that consumes it.
        Kind::MediaType => (api.media[index as usize].owner, BOTH),
        _ => {
            let this = property(model, index);
            (this.owner, passing(model, this))
        }
    }
}

fn exposure(model: &Model, kind: Kind, index: u32) -> Fact<'static> {
    let (number, bits) = subject(model, kind, index);
    fact(model.reached().of(model.api(), number, bits))
}

/// The first public operation that reaches it in a direction, as a list of one.
fn through(model: &Model, kind: Kind, index: u32, direction: u8) -> Fact<'static> {
    let (number, bits) = subject(model, kind, index);
    Fact::nodes(Kind::Operation, model.reached().first_public(number, bits & direction))
}

pub(super) static FIELDS: &[Field] = &[
    field(
        Kind::Operation,
        "exposure",
        Type::Choice(EXPOSURES),
        "`public` if callers need no credentials, else `protected`; unknown where the document defines no scheme. Absent for webhooks and callbacks.",
        |m, i| fact(of_operation(m.api(), i)),
    ),
    field(Kind::Parameter, "exposure", Type::Choice(EXPOSURES), OF_PART, |m, i| exposure(m, Kind::Parameter, i)),
    field(Kind::Parameter, "sentPublicly", Type::Nodes(Kind::Operation), SENT, |m, i| {
        through(m, Kind::Parameter, i, IN)
    }),
    field(Kind::Input, "exposure", Type::Choice(EXPOSURES), OF_PART, |m, i| exposure(m, Kind::Input, i)),
    field(Kind::Input, "sentPublicly", Type::Nodes(Kind::Operation), SENT, |m, i| through(m, Kind::Input, i, IN)),
    field(Kind::MediaType, "sentPublicly", Type::Nodes(Kind::Operation), SENT, |m, i| {
        through(m, Kind::MediaType, i, IN)
    }),
    field(Kind::Schema, "exposure", Type::Choice(EXPOSURES), OF_PART, |m, i| exposure(m, Kind::Schema, i)),
    field(Kind::Schema, "sentPublicly", Type::Nodes(Kind::Operation), SENT, |m, i| through(m, Kind::Schema, i, IN)),
    field(Kind::Schema, "returnedPublicly", Type::Nodes(Kind::Operation), RETURNED, |m, i| {
        through(m, Kind::Schema, i, OUT)
    }),
    field(Kind::Property, "exposure", Type::Choice(EXPOSURES), OF_PART, |m, i| exposure(m, Kind::Property, i)),
    field(Kind::Property, "sentPublicly", Type::Nodes(Kind::Operation), SENT, |m, i| through(m, Kind::Property, i, IN)),
    field(Kind::Property, "returnedPublicly", Type::Nodes(Kind::Operation), RETURNED, |m, i| {
        through(m, Kind::Property, i, OUT)
    }),
];

const OF_PART: &str = "`public` if an operation without credentials takes or gives it, else `protected`; absent where nothing reaches it.";
const SENT: &str = "The first operation without credentials whose requests can hold it.";
const RETURNED: &str = "The first operation without credentials whose responses can hold it.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_enum_has_the_order_of_its_table() {
        assert_eq!(EXPOSURES[Exposure::Public as usize], "public");
        assert_eq!(EXPOSURES[Exposure::Protected as usize], "protected");
    }
}

//! What a configuration states: three values, and where each stands. Knows no format.

use crate::model::{Fact, Why};
use crate::span::Place;

/// What is known of a setting in effect.
///
/// `Absent` is a claim: everything that could set it was in view. An adapter that cannot see a part says `Unknown`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Stated<T> {
    /// It has this value.
    Known(T),
    /// Nothing sets it.
    #[default]
    Absent,
    /// It cannot be told; the place says where knowledge ends.
    Unknown(Why, Option<Place>),
}

impl<T> Stated<T> {
    /// The value, if it is known.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown(..) => None,
        }
    }

    /// Whether it is certain that nothing sets it.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The same with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Stated<U> {
        match self {
            Self::Known(value) => Stated::Known(change(value)),
            Self::Absent => Stated::Absent,
            Self::Unknown(why, place) => Stated::Unknown(why, place),
        }
    }

    /// What a rule sees of it.
    pub fn fact<'m>(&'m self, value: impl FnOnce(&'m T) -> Fact<'m>) -> Fact<'m> {
        match self {
            Self::Known(known) => value(known),
            Self::Absent => Fact::Absent,
            Self::Unknown(why, place) => Fact::Unknown(*why, *place),
        }
    }
}

impl<T> From<Option<T>> for Stated<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Known)
    }
}

/// A value and where it is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Set<T> {
    /// The value in effect.
    pub value: T,
    /// The setting; for a default, the nearest thing that exists.
    pub place: Place,
    /// Who set it.
    pub origin: Origin,
}

impl<T> Set<T> {
    /// A value that stands in the file.
    pub const fn written(value: T, place: Place) -> Self {
        Self { value, place, origin: Origin::Written }
    }

    /// A value that the vendor gives where nothing is written.
    pub const fn default(value: T, place: Place) -> Self {
        Self { value, place, origin: Origin::Default }
    }
}

/// Who set a value. In the order of `fields::SET_BY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Origin {
    /// It stands in the file.
    Written,
    /// It is the vendor's default.
    Default,
}

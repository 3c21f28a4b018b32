//! nginx: whole files and fragments.

use super::{Row, no_doc, no_object, no_text};
use crate::discover::Format;

pub(super) const ROW: Row = Row {
    format: Format::Nginx,
    markers: &[],
    groups: &[],
    claims: no_doc,
    claims_object: no_object,
    claims_text: no_text,
};

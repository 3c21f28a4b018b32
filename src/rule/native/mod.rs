//! Rules that are Rust functions, by the name that rule files use. Knows what
//! placeholders their messages may have; severity, texts and places of labels
//! are the rule file's.

mod secret_literal;

use crate::model::Model;
use crate::span::Place;

/// A native rule.
#[derive(Debug)]
pub struct Native {
    /// The name in rule files.
    pub name: &'static str,
    /// Placeholders of its messages besides the fields of its kind.
    pub placeholders: &'static [&'static str],
    /// The function, or `None` for what the engine itself reports (suppressions).
    pub run: Option<fn(&Model) -> Vec<NativeHit>>,
}

/// What a native rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeHit {
    /// Where.
    pub place: Place,
    /// Values of the placeholders.
    pub args: Vec<(&'static str, String)>,
    /// Tells hits at one place apart.
    pub discriminator: String,
}

static NATIVES: [Native; 4] = [
    Native { name: "secret-literal", placeholders: &["kind"], run: Some(secret_literal::run) },
    Native { name: "unused-suppression", placeholders: &["ignored"], run: None },
    Native { name: "unexplained-suppression", placeholders: &["ignored"], run: None },
    Native { name: "expired-suppression", placeholders: &["ignored", "until"], run: None },
];

/// The native rule of that name.
pub fn find(name: &str) -> Option<&'static Native> {
    NATIVES.iter().find(|native| native.name == name)
}

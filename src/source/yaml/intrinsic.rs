//! The short tags of CloudFormation. They are another way to write a mapping with one
//! key, so they are read as that, and a template is the same tree in YAML and in JSON.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>

use granit_parser::Tag;

/// Tags and the keys they stand for.
const FUNCTIONS: &[(&str, &str)] = &[
    ("And", "Fn::And"),
    ("Base64", "Fn::Base64"),
    ("Cidr", "Fn::Cidr"),
    ("Condition", "Condition"),
    ("Equals", "Fn::Equals"),
    ("FindInMap", "Fn::FindInMap"),
    ("GetAZs", "Fn::GetAZs"),
    ("GetAtt", "Fn::GetAtt"),
    ("If", "Fn::If"),
    ("ImportValue", "Fn::ImportValue"),
    ("Join", "Fn::Join"),
    ("Not", "Fn::Not"),
    ("Or", "Fn::Or"),
    ("Ref", "Ref"),
    ("Select", "Fn::Select"),
    ("Split", "Fn::Split"),
    ("Sub", "Fn::Sub"),
    ("Transform", "Fn::Transform"),
];

/// The key that a tag stands for.
pub fn key(tag: &Tag) -> Option<&'static str> {
    if tag.handle() != "!" {
        return None;
    }
    FUNCTIONS.iter().find(|(name, _)| *name == tag.suffix()).map(|(_, key)| *key)
}

//! The shape of `gatelint.yaml`, as serde reads it and as its JSON Schema is made.
//! Knows no defaults, no flags and no file but the text it is given.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::Date;
use crate::finding::Severity;
use crate::words::Change;

/// `gatelint.yaml`, `.gatelint.yaml` or `.github/gatelint.yaml`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[schemars(title = "gatelint settings")]
pub struct SettingsFile {
    /// Settings files this one builds on, by path from this file. What stands here wins. Local files only.
    #[serde(skip_serializing_if = "OneOrMany::is_empty")]
    pub extends: OneOrMany,
    /// Which rules are on unless `rules` says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// The lowest severity of a finding that fails the run. Default: `high`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_on: Option<Severity>,
    /// Globs of the files that are looked at, by path from the project root. Default: `*.yaml`, `*.yml`, `*.json`, `*.toml`, `*.conf` (and templates of them), `*.nginx`, and what lies in folders such as `conf.d` and `sites-enabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include: Option<Vec<String>>,
    /// Globs of files and folders that are passed over, by path from the project root.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// By rule id: `off`, `on`, a severity, or severity and options. A rule named here is on unless it is `off`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, RuleEntry>,
    /// Other rule settings for some files. Later entries win.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<OverrideEntry>,
    /// Changes to the word lists rules look names up in, by list.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, Change>,
    /// Findings and problems that are known and accepted, each with a reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<IgnoreEntry>,
    /// Local copies of remote documents: the beginning of a URL, and the file or folder that stands for it, by path from this file.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub refs: BTreeMap<String, String>,
    /// Rule files, or folders of rule files, by path from this file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rule_files: Vec<String>,
    /// Reserved: which gateway configuration serves which document.
    #[serde(skip_serializing)]
    #[schemars(skip)]
    pub pairs: Option<serde_json::Value>,
}

/// Which rules are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// The rules that are worth a finding in any document.
    #[default]
    Default,
    /// All rules, also those that ask for more than most APIs do.
    Strict,
}

impl Profile {
    /// The name in settings and rule files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Strict => "strict",
        }
    }
}

/// One path, or a list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OneOrMany(pub Vec<String>);

impl OneOrMany {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Paths;
        impl<'de> Visitor<'de> for Paths {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path or a list of paths")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<OneOrMany, A::Error> {
                Vec::deserialize(de::value::SeqAccessDeserializer::new(list)).map(OneOrMany)
            }
        }
        deserializer.deserialize_any(Paths)
    }
}

impl JsonSchema for OneOrMany {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OneOrMany".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }
}

/// What the settings say about a rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum RuleEntry {
    /// `off`, `on`, or a severity.
    Level(Level),
    /// `{severity, options}`.
    Full(RuleSettings),
}

impl RuleEntry {
    /// The level, if the entry states one.
    pub fn level(&self) -> Option<Level> {
        match self {
            Self::Level(level) => Some(*level),
            Self::Full(full) => full.severity.map(Level::At),
        }
    }

    /// The options, if the entry states any.
    pub fn options(&self) -> Option<&BTreeMap<String, serde_json::Value>> {
        match self {
            Self::Level(_) => None,
            Self::Full(full) => Some(&full.options),
        }
    }
}

/// Whether a rule is on, and how bad its findings are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It is not evaluated.
    Off,
    /// It is evaluated, with its own severity.
    On,
    /// It is evaluated, and all its findings have this severity.
    At(Severity),
}

impl Level {
    const NAMES: &'static [&'static str] = &["off", "on", "info", "low", "medium", "high", "critical"];

    fn parse(text: &str) -> Option<Self> {
        match text {
            "off" => Some(Self::Off),
            "on" => Some(Self::On),
            _ => Severity::WORST_FIRST.into_iter().find(|severity| severity.as_str() == text).map(Self::At),
        }
    }

    /// The name in the settings file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::At(severity) => severity.as_str(),
        }
    }
}

impl Serialize for Level {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Severity and options of a rule.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RuleSettings {
    /// The severity of all findings of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Values for the rule's options; `gatelint explain RULE` lists them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, serde_json::Value>,
}

// Not an untagged enum: its errors say only that nothing fits.
impl<'de> Deserialize<'de> for RuleEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> Visitor<'de> for Entry {
            type Value = RuleEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`off`, `on`, a severity, or a mapping with `severity` and `options`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RuleEntry, E> {
                Level::parse(text).map(RuleEntry::Level).ok_or_else(|| E::unknown_variant(text, Level::NAMES))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RuleEntry, A::Error> {
                RuleSettings::deserialize(de::value::MapAccessDeserializer::new(map)).map(RuleEntry::Full)
            }
        }
        deserializer.deserialize_any(Entry)
    }
}

impl JsonSchema for RuleEntry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RuleEntry".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let full = generator.subschema_for::<RuleSettings>();
        json_schema!({ "anyOf": [{ "type": "string", "enum": Level::NAMES }, full] })
    }
}

/// Rule settings for some files.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OverrideEntry {
    /// Globs of the files whose findings are meant, by path from the project root.
    pub files: Vec<String>,
    /// By rule id: `off`, `on` or a severity.
    pub rules: BTreeMap<String, RuleEntry>,
}

/// A finding or problem that is known and accepted.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct IgnoreEntry {
    /// A rule id or a problem code.
    pub rule: String,
    /// Glob of the files that are meant, by path from the project root. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// JSON pointer of the node that is meant, with what is below it; `*` stands for any text in a segment, `**` for any segments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last day on which the entry is in force, as 2027-01-31.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

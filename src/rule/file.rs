//! The serde shape of rule files and of `causes.yaml`, read strictly. Knows the
//! keys and their plain types; what the values mean is the compiler's concern.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::finding::{Confidence, Severity};
use crate::settings::Profile;
use crate::source::de::Spanned;

/// One rule file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Kebab-case; equals the file name and names the defect.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// One sentence.
    pub title: String,
    /// What the defect costs.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// Whether it is on by default or only in the strict profile.
    #[serde(default)]
    pub profile: Profile,
    /// The gatelint version that introduced it.
    pub since: String,
    /// Categories.
    #[serde(default)]
    pub tags: Tags,
    /// Names of the same idea in other tools.
    #[serde(default)]
    pub aliases: BTreeMap<String, Vec<String>>,
    /// Where to read more.
    #[serde(default)]
    pub references: Vec<String>,
    /// Why it matters, Markdown. Left out of the embedded set.
    pub why: Option<String>,
    /// What to do, Markdown.
    pub fix: Option<String>,
    /// What to type in a gateway format, by its id: a sentence after the first paragraph of `fix`.
    #[serde(default, rename = "fix-in")]
    pub fix_in: BTreeMap<String, String>,
    /// Values that users can set; `$name` in tests.
    #[serde(default, deserialize_with = "options")]
    #[schemars(with = "BTreeMap<String, OptionDecl>")]
    pub options: Vec<OptionEntry>,
    /// The kind of node that is judged.
    #[schemars(with = "String")]
    pub given: Spanned<String>,
    /// Which nodes are judged: the population.
    #[serde(rename = "where")]
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub population: Option<Spanned<Shape>>,
    /// The defect. All tests must hold.
    #[serde(rename = "match")]
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub defect: Option<Spanned<Shape>>,
    /// One finding for the document when (nearly) the whole population is hit.
    #[schemars(with = "Option<AggregateFile>")]
    pub aggregate: Option<Spanned<AggregateFile>>,
    /// One finding per distinct value of these fields in a document.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub distinct: Vec<Spanned<String>>,
    /// The first that holds changes severity, confidence or message of a hit.
    #[serde(default)]
    #[schemars(with = "Vec<CaseFile>")]
    pub cases: Vec<Spanned<CaseFile>>,
    /// Rules that stay silent where this one speaks.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub supersedes: Vec<Spanned<String>>,
    /// A field of related nodes that a finding is about as well: `supersedes` reaches rules on them.
    #[schemars(with = "Option<String>")]
    pub about: Option<Spanned<String>>,
    /// A Rust function of `src/rule/native` instead of `match`.
    #[schemars(with = "Option<String>")]
    pub native: Option<Spanned<String>>,
    /// Where a finding stands and what it says.
    pub report: ReportFile,
    /// What the rule must and must not report. Left out of the embedded set.
    #[serde(default)]
    pub examples: Vec<ExampleFile>,
}

/// Categories of a rule.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tags {
    /// OWASP API Security categories (`API2:2023`).
    #[serde(default)]
    pub owasp: Vec<String>,
    /// Weaknesses (`CWE-306`).
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub cwe: Vec<Spanned<String>>,
}

/// One option with its name.
#[derive(Clone, Debug)]
pub struct OptionEntry {
    /// The name, used as `$name`.
    pub name: Spanned<String>,
    /// Its type and default.
    pub decl: OptionDecl,
}

/// Type and default of an option.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionDecl {
    /// What values it takes.
    #[serde(rename = "type")]
    pub ty: OptionType,
    /// The value unless the settings say otherwise.
    #[schemars(with = "serde_json::Value")]
    pub default: Spanned<Shape>,
    /// The value in the strict profile, if that is another one.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Value>")]
    pub strict: Option<Spanned<Shape>>,
    /// What it is for.
    #[serde(default)]
    pub doc: String,
}

/// The type of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OptionType {
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// A list of globs.
    Globs,
    /// A regular expression.
    Regex,
    /// A list of texts.
    List,
    /// A list of names of word lists.
    Words,
}

/// One finding for a whole population.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AggregateFile {
    /// The scope in which nothing has the thing: `document`.
    pub none_in: AggregateScope,
    /// The least population; 2 unless given.
    pub min: Option<u32>,
    /// Also when at least this share of the population is hit.
    pub share: Option<f64>,
    /// The least population for `share`; 10 unless given.
    pub min_share: Option<u32>,
    /// The field of the document or gateway at which the finding stands; without it, at the first hit.
    #[schemars(with = "Option<String>")]
    pub at: Option<Spanned<String>>,
    /// What it says; `{hits}` and `{judged}` are counts.
    #[schemars(with = "String")]
    pub message: Spanned<String>,
}

/// The scope of an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AggregateScope {
    /// The root document with all it refers to.
    Document,
}

/// A variant of the defect.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// When it holds.
    #[serde(rename = "match")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub defect: Spanned<Shape>,
    /// Its severity.
    pub severity: Option<Severity>,
    /// Its confidence.
    pub confidence: Option<Confidence>,
    /// Its message.
    #[schemars(with = "Option<String>")]
    pub message: Option<Spanned<String>>,
    /// Where it stands: a field, several (the first that is known), or `self`.
    #[schemars(with = "Option<serde_json::Value>")]
    pub at: Option<Spanned<Shape>>,
}

/// Where a finding stands and what it says.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportFile {
    /// A field of the kind, several (the first that is known), or `self`.
    #[schemars(with = "Option<serde_json::Value>")]
    pub at: Option<Spanned<Shape>>,
    /// What is so; `{field}` stands for the value of a field.
    #[schemars(with = "String")]
    pub message: Spanned<String>,
    /// Further places: one, or a list.
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub also: Vec<AlsoFile>,
}

/// A further place of a finding.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlsoFile {
    /// The field whose nodes, or whose own place, are shown.
    #[schemars(with = "String")]
    pub each: Spanned<String>,
    /// A few words on why.
    #[schemars(with = "String")]
    pub label: Spanned<String>,
}

/// An example of a rule file: exactly one of `invalid` and `valid` names it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExampleFile {
    /// What is wrong here: the lines marked `# finding` are reported.
    #[schemars(with = "Option<String>")]
    pub invalid: Option<Spanned<String>>,
    /// What is right here: nothing is reported.
    #[schemars(with = "Option<String>")]
    pub valid: Option<Spanned<String>>,
    /// The profile it is tried under, for options that have another value in `strict`.
    #[serde(default)]
    pub profile: Profile,
    /// OpenAPI versions it is tried under.
    #[schemars(with = "Option<Vec<String>>")]
    pub versions: Option<Vec<Word>>,
    /// The gateway format it is in, for rules on gateways.
    pub format: Option<String>,
    /// The name of the file; for gateways the usual name of a file of its format unless given.
    pub file: Option<String>,
    /// The document, as YAML or in the syntax of its format.
    #[schemars(with = "String")]
    pub source: Spanned<String>,
    /// Further files, by path.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

/// One root cause of `causes.yaml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CauseFile {
    /// Its name, for people.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// What the hits of one group have in common.
    pub group_by: GroupBy,
    /// What must hold of the document.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub when: Option<Spanned<Shape>>,
    /// The rules it merges, in order of precedence.
    #[schemars(with = "Vec<String>")]
    pub rules: Vec<Spanned<String>>,
    /// Rules of which only hits of at least this severity take part.
    #[serde(default)]
    pub at_least: BTreeMap<String, Severity>,
    /// The rule that speaks if it is among the hits, or `first`: the first listed.
    /// Otherwise the most severe.
    #[schemars(with = "Option<String>")]
    pub speak_as: Option<Spanned<String>>,
    /// The document field at which the merged finding stands.
    #[schemars(with = "Option<String>")]
    pub at: Option<Spanned<String>>,
    /// What it says; `{members}` is the number of nodes it is about.
    #[schemars(with = "Option<String>")]
    pub message: Option<Spanned<String>>,
}

/// What the hits of one root cause have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GroupBy {
    /// The node of the model they judge: one operation, one server.
    Site,
    /// The node of the file they stand on.
    Node,
    /// The root document.
    Document,
    /// The text they underline.
    Value,
}

/// A scalar taken as the text that a person would write for it: `2.0`, `429`, `4XX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(pub String);

/// Any value, with the place of every part: conditions and defaults of options,
/// whose types depend on the field they are about.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Spanned<Shape>>),
    /// A map, in the order of the file.
    Map(Vec<(Spanned<String>, Spanned<Shape>)>),
}

impl Shape {
    /// What it is, for messages.
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// A number as a person would write it.
pub fn number_text(number: f64) -> String {
    // Adding zero turns a negative zero into zero.
    format!("{}", number + 0.0)
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_none<E>(self) -> Result<Shape, E> {
        Ok(Shape::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Shape, E> {
        Ok(Shape::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Shape, E> {
        Ok(Shape::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Shape, E> {
        Ok(Shape::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Shape, E> {
        Ok(Shape::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Shape, E> {
        Ok(Shape::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Shape, E> {
        Ok(Shape::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shape, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element()? {
            list.push(item);
        }
        Ok(Shape::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Shape::Map(entries))
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(ShapeVisitor)? {
            Shape::Text(text) => Ok(Self(text)),
            // `2.0` is a number to YAML; OpenAPI versions keep their fraction.
            Shape::Number(number) if number.fract() == 0.0 && number < 100.0 => Ok(Self(format!("{number:.1}"))),
            Shape::Number(number) => Ok(Self(number_text(number))),
            other => Err(serde::de::Error::custom(format_args!("expected a version, found {}", other.what()))),
        }
    }
}

struct OptionsVisitor;

impl<'de> Visitor<'de> for OptionsVisitor {
    type Value = Vec<OptionEntry>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of options")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, decl)) = map.next_entry()? {
            entries.push(OptionEntry { name, decl });
        }
        Ok(entries)
    }
}

/// `options` is a map in the file and a list here: order and places are kept.
fn options<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<OptionEntry>, D::Error> {
    deserializer.deserialize_map(OptionsVisitor)
}

struct AlsoVisitor;

impl<'de> Visitor<'de> for AlsoVisitor {
    type Value = Vec<AlsoFile>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map with `each` and `label`, or a list of such")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        AlsoFile::deserialize(MapAccessDeserializer::new(map)).map(|also| vec![also])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(also) = seq.next_element()? {
            list.push(also);
        }
        Ok(list)
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AlsoFile>, D::Error> {
    deserializer.deserialize_any(AlsoVisitor)
}

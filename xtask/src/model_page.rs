//! `docs/model.md`: kinds of node and their fields, from the table in the model.

use std::fmt::Write;

use gatelint::model::fields::FIELDS;
use gatelint::model::{Kind, Type};

use crate::Result;
use crate::docs::GENERATED;
use crate::output::Output;

const INTRODUCTION: &str = "\
# Model

What rules can look at. A rule names one kind of node under `given` and tests its fields under `where` and `match`.

Fields hold what is *in effect*: inherited, resolved through `$ref`, merged over `allOf`. A field is known, absent or
unknown; a rule reports only what is true, so an unknown field never makes a finding.

| type | tests it takes, besides `absent`, `present` and `not` |
|---|---|
| yes/no | equal |
| number | equal, one of, `gt` `gte` `lt` `lte` |
| text | equal, one of, `matches` `glob` `sameAs` |
| name | as text, and `words` `wholeName` `anyWord` with word lists |
| one of | equal, one of |
| set of | `contains` `some` `every` `count` |
| texts, names | `contains` `some` `every` `count` |
| statuses | `contains` `covers` |
| nodes | `some` `every` `count`, with conditions on each node |
| place | only whether it is there; messages and reports can point at it |
";

/// Writes the page.
pub fn generate(output: &mut Output) -> Result {
    let mut out = format!("{GENERATED}{INTRODUCTION}");
    for kind in Kind::ALL {
        let _ = write!(out, "\n## {kind}\n\n{}\n", describe(kind));
        let fields: Vec<_> = FIELDS.iter().filter(|field| field.kind == kind).collect();
        if fields.is_empty() {
            continue;
        }
        out.push_str("\n| field | type | meaning |\n|---|---|---|\n");
        for field in fields {
            let _ = writeln!(out, "| `{}` | {} | {} |", field.name, type_name(field.ty), field.doc.replace('|', "\\|"));
        }
    }
    output.write("docs/model.md", &out)
}

fn type_name(ty: Type) -> String {
    let list = |items: &[&str]| items.iter().map(|item| format!("`{item}`")).collect::<Vec<_>>().join(" ");
    match ty {
        Type::Bool => "yes/no".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Text => "text".to_owned(),
        Type::Name => "name".to_owned(),
        Type::Choice(items) => format!("one of {}", list(items)),
        Type::Set(items) => format!("set of {}", list(items)),
        Type::Texts => "texts".to_owned(),
        Type::Names => "names".to_owned(),
        Type::Statuses => "statuses".to_owned(),
        Type::Nodes(kind) => format!("[{kind}](#{}) nodes", kind.as_str().to_lowercase()),
        Type::Thing => "place".to_owned(),
    }
}

fn describe(kind: Kind) -> &'static str {
    match kind {
        Kind::Document => "The API document: one per root.",
        Kind::Server => "A server: a Server Object of 3.x, or one scheme of the host of 2.0.",
        Kind::Path => "A path item under `paths`.",
        Kind::PathPair => {
            "Two paths that can match the same URL with the same method: equal but for parameter names, letter case or a slash at the end, or each with static text where the other has a parameter. No pair: one is the more concrete throughout, or a parameter's schema excludes the other's text."
        }
        Kind::Operation => "An operation: a method of a path, a webhook or a callback.",
        Kind::Parameter => "A parameter definition; headers and the body parameters of 2.0 included.",
        Kind::Input => "A named value that clients send: a parameter, or a property of a request body.",
        Kind::MediaType => "A media type of a request body or response (2.0: of `consumes` or `produces`).",
        Kind::Response => "A response definition.",
        Kind::Header => "A response header definition.",
        Kind::ErrorDetail => "A field or an example text that an error response shows.",
        Kind::Schema => {
            "A schema definition, in a place where a schema stands: never an example, a default or an extension."
        }
        Kind::Property => "A named property of an object schema.",
        Kind::Range => {
            "A lower and an upper limit that hold for the same value, each pair once. Stands at the upper one."
        }
        Kind::IgnoredKeyword => {
            "Keywords of one object that limit nothing where they stand. Stands at the first of them."
        }
        Kind::Cycle => {
            "Schemas that contain one another in what clients send; cycles that share a schema are one. Stands at the first `$ref` that leads back to a schema that began before it."
        }
        Kind::SecurityScheme => "A security scheme definition.",
        Kind::OauthFlow => "A flow of an OAuth 2 scheme.",
        Kind::DeclaredScope => "A scope that an OAuth 2 scheme declares, once however many of its flows do.",
        Kind::AuthUrl => "A URL of an authorization server, in a scheme or a flow.",
        Kind::Requirement => "A security requirement object: one of the alternatives of a `security` list.",
        Kind::RequiredScheme => "A scheme that a requirement object names.",
        Kind::RequiredScope => "A scope that a requirement object names.",
        Kind::MalformedSecurity => "A `security` value of the wrong shape.",
        Kind::Reference => "A `$ref`.",
        Kind::Callback => "A callback expression.",
        Kind::DocumentationLink => {
            "A link for readers: `externalDocs`, `termsOfService`, of the contact or the licence."
        }
        Kind::UnknownKey => "A key that the grammar of the document's version does not know where it stands.",
        Kind::DuplicateKey => "A mapping key that occurs twice.",
        Kind::Pattern => "A regular expression: a `pattern`, or a key of `patternProperties` (3.1 and later).",
        Kind::ShownValue => {
            "A text given as an example, a default or the value of an `x-` key. Texts inside larger values are nodes of their own."
        }
        Kind::Jwt => {
            "A JSON Web Token anywhere in the text of the document, or an algorithm that a schema allows in its header."
        }
        Kind::LoginUrl => {
            "A URL with a user name and a password: of a server, of an authorization server, or shown as a value."
        }
        Kind::ActiveHtml => {
            "Something in a description, summary or title that runs or embeds something in the page that shows it; code samples are none."
        }
        Kind::InternalDetail => {
            "Something in a description, summary or title that tells of the inside of a network; code samples, public hosts and the values of manuals are none."
        }
        Kind::Text => "The whole text of a document; for native rules only.",
        Kind::Gateway => "The configuration of one gateway: what its files say together.",
        Kind::Listener => "A socket on which requests arrive. Stands at its address or listen value.",
        Kind::Tls => "TLS settings of a listener, or of the connection to an upstream.",
        Kind::Route => "What a route matches, what it does, and which policies apply to it, inherited ones included.",
        Kind::Auth => "A way to authenticate, as it is configured in one place, for all routes it applies to.",
        Kind::TokenVerifier => "The settings by which tokens are verified.",
        Kind::AuthServer => "A server that authentication relies on: keys, discovery, introspection, decisions.",
        Kind::Access => "An access list or an authorization policy.",
        Kind::Cors => "A CORS policy, as it is configured in one place.",
        Kind::RateLimit => "A rate limit, as it is configured in one place.",
        Kind::Limit => {
            "A limit of size or time that stands in the files. Defaults are none: see the fields of `route`."
        }
        Kind::Upstream => "Where requests are sent.",
        Kind::Admin => "An administration, status, metrics or debug surface of the gateway itself.",
        Kind::Credential => "A text that stands where a credential is expected.",
        Kind::IdlePolicy => "A policy that is defined and does nothing.",
        Kind::DanglingName => "A name that nothing in view defines, where everything that could is in view.",
        Kind::Setting => "A further setting, by what it is about or by the vendor's name.",
        Kind::Directive => {
            "A directive that matters for security, with what follows from where it stands. Of formats that are lists of directives in blocks: nginx. One that stands in an included file is one node, unless it means something else in another place."
        }
        Kind::RoutePair => {
            "A route and others of the gateway that it stands to in a way worth a look: one wins over another, has no end, or is older. Only where it is certain which of them wins."
        }
    }
}

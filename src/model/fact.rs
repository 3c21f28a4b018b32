//! The vocabulary between model and rules: kinds of nodes, types of fields, and
//! three-valued facts. Knows no document and no rule.

use std::borrow::Cow;
use std::fmt;

use crate::span::Place;

use super::Model;

/// A kind of model node: what a rule's `given` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// The API document.
    Document,
    /// A server: 3.x Server Object, or one 2.0 scheme of the host.
    Server,
    /// A path item under `paths`.
    Path,
    /// Two paths that can match one URL.
    PathPair,
    /// An operation: a method of a path, webhook or callback.
    Operation,
    /// A parameter definition, header and 2.0 body parameters included.
    Parameter,
    /// A named value that clients send: a parameter, or a property of a request body.
    Input,
    /// A media type of a request body or response (2.0: of `consumes` or `produces`).
    MediaType,
    /// A response definition.
    Response,
    /// A response header definition.
    Header,
    /// A field or an example text that an error response shows.
    ErrorDetail,
    /// A schema definition in a schema position.
    Schema,
    /// A named property of an object schema.
    Property,
    /// A regular expression: a `pattern`, or a key of `patternProperties`.
    Pattern,
    /// A lower and an upper limit of the same value.
    Range,
    /// Keywords of one object that have no effect.
    IgnoredKeyword,
    /// Schemas that contain one another in what clients send.
    Cycle,
    /// A security scheme definition.
    SecurityScheme,
    /// A flow of an OAuth 2 scheme.
    OauthFlow,
    /// A scope that an OAuth 2 scheme declares.
    DeclaredScope,
    /// A URL of an authorization server, in a scheme or flow.
    AuthUrl,
    /// A security requirement object: one alternative.
    Requirement,
    /// A scheme named by a requirement object.
    RequiredScheme,
    /// A scope named by a requirement object.
    RequiredScope,
    /// A `security` value of the wrong shape.
    MalformedSecurity,
    /// A `$ref`.
    Reference,
    /// A callback expression.
    Callback,
    /// A link for people who read the documentation.
    DocumentationLink,
    /// A key the grammar of the version does not know where it stands.
    UnknownKey,
    /// A mapping key that occurs twice.
    DuplicateKey,
    /// A text that is given as an example, a default or in an extension.
    ShownValue,
    /// A JSON Web Token, or an algorithm that its header may name.
    Jwt,
    /// A URL with a user name and a password.
    LoginUrl,
    /// Active HTML in a Markdown text.
    ActiveHtml,
    /// What a Markdown text tells of the inside.
    InternalDetail,
    /// The whole text of a document; native rules only.
    Text,
    /// The configuration of one gateway.
    Gateway,
    /// A socket on which requests arrive.
    Listener,
    /// TLS settings of a listener or towards an upstream.
    Tls,
    /// A route: what it matches, what it does, which policies apply.
    Route,
    /// A way to authenticate, as it is configured in one place.
    Auth,
    /// Settings of a verifier of tokens.
    TokenVerifier,
    /// A server that authentication relies on.
    AuthServer,
    /// An access list or authorization policy.
    Access,
    /// A CORS policy.
    Cors,
    /// A rate limit.
    RateLimit,
    /// A limit of size or time.
    Limit,
    /// Where requests are sent.
    Upstream,
    /// An administration or status surface.
    Admin,
    /// A credential that stands in a file.
    Credential,
    /// A policy that is defined and does nothing.
    IdlePolicy,
    /// A name that nothing in view defines.
    DanglingName,
    /// A further setting of a gateway.
    Setting,
    /// A route and others that it stands to in a way worth a look.
    RoutePair,
    /// A directive of a configuration that is a list of directives in blocks.
    Directive,
}

impl Kind {
    /// All kinds, in table order.
    pub const ALL: [Kind; Self::Directive as usize + 1] = [
        Self::Document,
        Self::Server,
        Self::Path,
        Self::PathPair,
        Self::Operation,
        Self::Parameter,
        Self::Input,
        Self::MediaType,
        Self::Response,
        Self::Header,
        Self::ErrorDetail,
        Self::Schema,
        Self::Property,
        Self::Pattern,
        Self::Range,
        Self::IgnoredKeyword,
        Self::Cycle,
        Self::SecurityScheme,
        Self::OauthFlow,
        Self::DeclaredScope,
        Self::AuthUrl,
        Self::Requirement,
        Self::RequiredScheme,
        Self::RequiredScope,
        Self::MalformedSecurity,
        Self::Reference,
        Self::Callback,
        Self::DocumentationLink,
        Self::UnknownKey,
        Self::DuplicateKey,
        Self::ShownValue,
        Self::Jwt,
        Self::LoginUrl,
        Self::ActiveHtml,
        Self::InternalDetail,
        Self::Text,
        Self::Gateway,
        Self::Listener,
        Self::Tls,
        Self::Route,
        Self::Auth,
        Self::TokenVerifier,
        Self::AuthServer,
        Self::Access,
        Self::Cors,
        Self::RateLimit,
        Self::Limit,
        Self::Upstream,
        Self::Admin,
        Self::Credential,
        Self::IdlePolicy,
        Self::DanglingName,
        Self::Setting,
        Self::RoutePair,
        Self::Directive,
    ];

    /// Whether it is a part of gateway configurations, and not of API documents.
    pub fn is_of_gateway(self) -> bool {
        self >= Self::Gateway
    }

    /// The kind of the node that stands for everything of its side: where populations are reported.
    pub fn whole(self) -> Self {
        if self.is_of_gateway() { Self::Gateway } else { Self::Document }
    }

    /// The name in rule files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Server => "server",
            Self::Path => "path",
            Self::PathPair => "pathPair",
            Self::Operation => "operation",
            Self::Parameter => "parameter",
            Self::Input => "input",
            Self::MediaType => "mediaType",
            Self::Response => "response",
            Self::Header => "header",
            Self::ErrorDetail => "errorDetail",
            Self::Schema => "schema",
            Self::Property => "property",
            Self::Pattern => "pattern",
            Self::Range => "range",
            Self::IgnoredKeyword => "ignoredKeyword",
            Self::Cycle => "cycle",
            Self::SecurityScheme => "securityScheme",
            Self::OauthFlow => "oauthFlow",
            Self::DeclaredScope => "declaredScope",
            Self::AuthUrl => "authUrl",
            Self::Requirement => "requirement",
            Self::RequiredScheme => "requiredScheme",
            Self::RequiredScope => "requiredScope",
            Self::MalformedSecurity => "malformedSecurity",
            Self::Reference => "reference",
            Self::Callback => "callback",
            Self::DocumentationLink => "documentationLink",
            Self::UnknownKey => "unknownKey",
            Self::DuplicateKey => "duplicateKey",
            Self::ShownValue => "shownValue",
            Self::Jwt => "jwt",
            Self::LoginUrl => "loginUrl",
            Self::ActiveHtml => "activeHtml",
            Self::InternalDetail => "internalDetail",
            Self::Text => "text",
            Self::Gateway => "gateway",
            Self::Listener => "listener",
            Self::Tls => "tls",
            Self::Route => "route",
            Self::Auth => "auth",
            Self::TokenVerifier => "tokenVerifier",
            Self::AuthServer => "authServer",
            Self::Access => "access",
            Self::Cors => "cors",
            Self::RateLimit => "rateLimit",
            Self::Limit => "limit",
            Self::Upstream => "upstream",
            Self::Admin => "admin",
            Self::Credential => "credential",
            Self::IdlePolicy => "idlePolicy",
            Self::DanglingName => "danglingName",
            Self::Setting => "setting",
            Self::RoutePair => "routePair",
            Self::Directive => "directive",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A model node: its kind and its index among the nodes of that kind, in document order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// The kind.
    pub kind: Kind,
    /// The index.
    pub index: u32,
}

/// A distinct name (of a parameter, property, path segment, ...) whose words were looked up once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub u32);

/// The type of a field; it decides which tests a rule may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// Free text.
    Text,
    /// A name: text that is also compared word by word.
    Name,
    /// One of a closed list.
    Choice(&'static [&'static str]),
    /// Any number of a closed list of at most 32.
    Set(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A list of names.
    Names,
    /// The status codes, ranges and `default` of an operation's responses.
    Statuses,
    /// Related nodes of one kind.
    Nodes(Kind),
    /// Only whether it is there, and where.
    Thing,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'m> {
    /// Of [`Type::Bool`].
    Bool(bool),
    /// Of [`Type::Number`].
    Number(f64),
    /// Of [`Type::Text`].
    Text(Cow<'m, str>),
    /// Of [`Type::Name`].
    Name(NameId),
    /// Of [`Type::Choice`]: index into its list.
    Choice(u8),
    /// Of [`Type::Set`]: bit *i* stands for item *i* of its list.
    Set(u32),
    /// Of [`Type::Texts`].
    Texts(Vec<Cow<'m, str>>),
    /// Of [`Type::Names`].
    Names(Vec<NameId>),
    /// Of [`Type::Statuses`]: the keys of `responses` as written.
    Statuses(Vec<Cow<'m, str>>),
    /// Of [`Type::Nodes`], in document order.
    Nodes(Vec<Id>),
    /// Of [`Type::Thing`].
    Thing,
}

/// Why a fact is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// A `$ref` on the way has no target, or one that is not read.
    UnresolvedReference,
    /// A `security` key is misplaced, misspelled or malformed: what was meant is not what is in force.
    LostSecurity,
    /// The document defines no security scheme, so it says nothing of who may call what.
    NoSecurityScheme,
    /// The document could only be read in part.
    Unread,
    /// A file that is included is not in view.
    UnresolvedInclude,
    /// A name that no file in view defines.
    UnresolvedName,
    /// Code in the configuration may decide.
    Code,
    /// Template text stands where the value would.
    Template,
    /// An environment variable holds the value.
    Environment,
    /// It is set outside the files in view: command line, console, control plane, another file.
    Elsewhere,
    /// A way to say it that gatelint does not read.
    NotRead,
    /// It is one thing for some requests and another for the rest.
    Divided,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnresolvedReference => "unresolved reference",
            Self::LostSecurity => "security key that has no effect",
            Self::NoSecurityScheme => "document without any security scheme",
            Self::Unread => "part of the document that could not be read",
            Self::UnresolvedInclude => "included file that is not in view",
            Self::UnresolvedName => "name that no file in view defines",
            Self::Code => "code that may decide",
            Self::Template => "template text",
            Self::Environment => "environment variable",
            Self::Elsewhere => "setting outside the files in view",
            Self::NotRead => "setting that gatelint does not read",
            Self::Divided => "requests that are treated differently",
        })
    }
}

/// What is known of a field of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact<'m> {
    /// It has this value in effect.
    Known(Value<'m>),
    /// It is not there.
    Absent,
    /// It cannot be told; the place says where knowledge ends.
    Unknown(Why, Option<Place>),
}

impl Fact<'_> {
    /// A known boolean.
    pub const fn bool(value: bool) -> Self {
        Self::Known(Value::Bool(value))
    }

    /// A number, or absent.
    pub fn number(value: Option<f64>) -> Self {
        value.map_or(Self::Absent, |value| Self::Known(Value::Number(value)))
    }
}

impl<'m> Fact<'m> {
    /// A text, or absent.
    pub fn text(value: Option<&'m str>) -> Self {
        value.map_or(Self::Absent, |value| Self::Known(Value::Text(Cow::Borrowed(value))))
    }

    /// Related nodes; none at all is absent.
    pub fn nodes(kind: Kind, indices: impl IntoIterator<Item = u32>) -> Self {
        let nodes: Vec<Id> = indices.into_iter().map(|index| Id { kind, index }).collect();
        if nodes.is_empty() { Self::Absent } else { Self::Known(Value::Nodes(nodes)) }
    }
}

/// A row of the table of kinds and fields.
#[derive(Clone, Copy)]
pub struct Field {
    /// The kind of node that has it.
    pub kind: Kind,
    /// Its name in rule files. OpenAPI names where OpenAPI has one; derived ones are camelCase too.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// What it means: one or two sentences for docs/model.md and the schema.
    pub doc: &'static str,
    /// Its value for the node of that index.
    pub get: for<'m> fn(&'m Model, u32) -> Fact<'m>,
    /// Where it stands; `None`: the node's own place.
    pub at: fn(&Model, u32) -> Option<Place>,
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}: {:?}", self.kind, self.name, self.ty)
    }
}

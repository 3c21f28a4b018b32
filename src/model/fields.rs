//! The table of kinds and fields: what rules can ask of a document. It feeds the
//! rule compiler, the JSON Schema of rule files and `docs/model.md`. Knows no rule.

use super::Model;
use super::fact::Type::{Bool, Choice, Name, Names, Nodes, Number, Set, Statuses, Text, Texts, Thing};
use super::fact::{Fact, Field, Kind, Type};
use crate::span::Place;

/// OpenAPI versions.
pub const VERSIONS: &[&str] = &["2.0", "3.0", "3.1", "3.2"];
/// E1.
pub const SECURITY: &[&str] = &["undefined", "publicExplicit", "optional", "protected"];
/// URL schemes.
pub const URL_SCHEMES: &[&str] = &["http", "https", "ws", "wss", "file", "other"];
/// E11; `open` where a free variable makes up the host.
pub const HOST_CLASSES: &[&str] = &["loopback", "private", "internal", "reserved", "publicIp", "publicName", "open"];
/// Where a server is declared.
pub const SERVER_LEVELS: &[&str] = &["root", "path", "operation", "link"];
/// E7.
pub const CLASSES: &[&str] = &["read", "write", "other"];
/// Whose `security` is in force.
pub const ORIGINS: &[&str] = &["own", "root"];
/// What a security scheme is in effect.
pub const SCHEME_KINDS: &[&str] = &[
    "basic",
    "bearer",
    "digest",
    "negotiate",
    "oauth1",
    "otherHttp",
    "apiKey",
    "oauth2",
    "openIdConnect",
    "mutualTLS",
    "unknown",
];
/// E8.
pub const AUTH_GROUPS: &[&str] = &["login", "token", "tokenIssue", "enrol", "recover", "oneTime", "end"];
/// JSON types.
pub const TYPES: &[&str] = &["string", "integer", "number", "boolean", "array", "object", "null", "file"];
/// E3.
pub const DIRECTIONS: &[&str] = &["request", "response"];
/// E6.
pub const CREDENTIAL: &[&str] = &["strong", "bare", "weak"];
/// What `additionalProperties` says.
pub const ADDITIONAL: &[&str] = &["closed", "open", "schema"];
/// Parameter locations.
pub const LOCATIONS: &[&str] = &["query", "header", "path", "cookie", "body", "formData", "querystring"];
/// OAuth 2 flows, 3.x names.
pub const FLOWS: &[&str] = &["implicit", "password", "clientCredentials", "authorizationCode", "deviceAuthorization"];
/// OpenAPI objects with a closed set of keys.
pub const OWNERS: &[&str] = &[
    "document",
    "info",
    "server",
    "components",
    "paths",
    "pathItem",
    "operation",
    "parameter",
    "requestBody",
    "mediaType",
    "encoding",
    "responses",
    "response",
    "header",
    "link",
    "securityScheme",
    "oauthFlows",
    "oauthFlow",
    "tag",
    "example",
    "schema",
    "other",
];

fn pending(_: &Model, _: u32) -> Fact<'_> {
    Fact::Absent
}

fn own(_: &Model, _: u32) -> Option<Place> {
    None
}

const fn field(kind: Kind, name: &'static str, ty: Type, doc: &'static str) -> Field {
    Field { kind, name, ty, doc, get: pending, at: own }
}

/// The field `name` of `kind`.
pub fn find(kind: Kind, name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.kind == kind && field.name == name)
}

/// All fields, by kind.
pub static FIELDS: &[Field] = &[
    field(
        Kind::Document,
        "version",
        Choice(VERSIONS),
        "The OpenAPI version: `2.0`, `3.0`, `3.1` or `3.2`. Stands at the value of `openapi` or `swagger`.",
    ),
    field(
        Kind::Document,
        "security",
        Choice(SECURITY),
        "What the root `security` says: `publicExplicit` (`[]` or only `{}`), `optional` (`{}` beside others), `protected`; `undefined` without the key.",
    ),
    field(Kind::Document, "securityStated", Bool, "Whether the root or any operation has a `security` key."),
    field(
        Kind::Document,
        "schemes",
        Nodes(Kind::SecurityScheme),
        "The security schemes it defines. Stands at `components.securitySchemes` or `securityDefinitions`.",
    ),
    field(
        Kind::Document,
        "operations",
        Nodes(Kind::Operation),
        "All operations, outgoing ones (webhooks, callbacks) included.",
    ),
    field(Kind::Document, "servers", Nodes(Kind::Server), "All servers, of any level."),
    field(
        Kind::Document,
        "components",
        Thing,
        "The `components` key; where it is missing, the key `openapi` or `swagger`.",
    ),
    field(Kind::Document, "componentsSchemas", Thing, "`components.schemas` or `definitions`; where missing, `paths`."),
    field(Kind::Document, "paths", Thing, "The `paths` key; where it is missing, the key `openapi` or `swagger`."),
    field(
        Kind::Server,
        "url",
        Text,
        "The URL as written (2.0: scheme, host and base path). Stands at the URL value; 2.0: at the entry of `schemes`.",
    ),
    field(
        Kind::Server,
        "schemes",
        Set(URL_SCHEMES),
        "URL schemes it can have, variables expanded, case folded. A relative URL has none.",
    ),
    field(Kind::Server, "hosts", Texts, "Host names it can have, variables expanded."),
    field(
        Kind::Server,
        "hostClasses",
        Set(HOST_CLASSES),
        "Classes of those hosts (E11); a host with a free variable is `open`.",
    ),
    field(
        Kind::Server,
        "cleartextUrl",
        Text,
        "The first expanded URL that is `http` or `ws`. Stands at the URL, or at the variable value that makes it so.",
    ),
    field(Kind::Server, "httpsTwin", Bool, "Whether the same list of servers offers the same host over TLS."),
    field(Kind::Server, "level", Choice(SERVER_LEVELS), "Where it is declared."),
    field(Kind::Server, "markedInternal", Bool, "Whether it carries `x-internal: true` or `x-sandbox: true`."),
    field(Kind::Server, "usedBy", Nodes(Kind::Operation), "Operations whose effective servers hold it."),
    field(Kind::Path, "name", Text, "The path template."),
    field(Kind::Path, "operations", Nodes(Kind::Operation), "Its operations."),
    field(Kind::Operation, "method", Text, "The method in upper case."),
    field(Kind::Operation, "path", Text, "The path template; of a webhook its name, of a callback its expression."),
    field(Kind::Operation, "operationId", Name, "`operationId`."),
    field(Kind::Operation, "incoming", Bool, "Whether clients call it: under `paths`, not a webhook or callback."),
    field(
        Kind::Operation,
        "class",
        Choice(CLASSES),
        "E7: `read`, `write`, or `other` (OPTIONS, TRACE). A POST that searches is `read`.",
    ),
    field(Kind::Operation, "methodRegistered", Bool, "Whether the method is in the IANA registry."),
    field(
        Kind::Operation,
        "security",
        Choice(SECURITY),
        "E1, effective: own `security`, else the root's. Stands at the `security` key in force, else at the method key.",
    ),
    field(
        Kind::Operation,
        "securityOrigin",
        Choice(ORIGINS),
        "Whose `security` is in force: `own` or `root`; absent where there is none.",
    ),
    field(Kind::Operation, "requirements", Nodes(Kind::Requirement), "The alternatives in force."),
    field(
        Kind::Operation,
        "sendsCredentials",
        Bool,
        "Whether some alternative in force names a scheme other than mutual TLS.",
    ),
    field(Kind::Operation, "credentials", Set(SCHEME_KINDS), "Kinds of the schemes in force."),
    field(Kind::Operation, "cookieCredential", Bool, "Whether a scheme in force is a cookie."),
    field(
        Kind::Operation,
        "authEndpoint",
        Set(AUTH_GROUPS),
        "E8: the groups of auth endpoints it belongs to; absent if none. `tokenIssue` marks the words that issue tokens.",
    ),
    field(Kind::Operation, "publicByNature", Bool, "E8: health checks, versions, documentation."),
    field(Kind::Operation, "admin", Bool, "Whether its path (base path included) is an admin path."),
    field(Kind::Operation, "markedPublic", Bool, "Whether it or its path item carries `x-public: true`."),
    field(
        Kind::Operation,
        "issuesCredential",
        Bool,
        "Whether it creates or rotates a key or token by its last static segment or operationId.",
    ),
    field(
        Kind::Operation,
        "saferProtected",
        Nodes(Kind::Operation),
        "Protected operations of the same path that are at most as dangerous.",
    ),
    field(
        Kind::Operation,
        "operationVerb",
        Name,
        "First word of `operationId`, a leading tag or controller name kept.",
    ),
    field(Kind::Operation, "pathVerb", Name, "First word of the last path segment where that is static and no plural."),
    field(Kind::Operation, "parameters", Nodes(Kind::Parameter), "Its parameters, those of the path item included."),
    field(
        Kind::Operation,
        "inputs",
        Names,
        "Names of its parameters; for a POST search also of the top-level body properties.",
    ),
    field(Kind::Operation, "body", Thing, "Its request body (2.0: body or formData parameter)."),
    field(Kind::Operation, "requiredInput", Bool, "Whether a query parameter or the body is required."),
    field(Kind::Operation, "mediaTypes", Nodes(Kind::MediaType), "Media types of its request body."),
    field(Kind::Operation, "responses", Statuses, "Its documented responses. Stands at the `responses` key."),
    field(Kind::Operation, "statusCodes", Texts, "Keys of `responses` that are exact codes."),
    field(Kind::Operation, "listResponse", Nodes(Kind::Schema), "The array schema that a list response returns."),
    field(Kind::Operation, "collectionPath", Bool, "Whether its path is a collection."),
    field(
        Kind::Schema,
        "types",
        Set(TYPES),
        "Effective types (E4); a 3.0 string, a 3.1 list and implied types are one field. Stands at `type`, else at the schema.",
    ),
    field(
        Kind::Schema,
        "direction",
        Set(DIRECTIONS),
        "E3: `request`, `response`, both, or absent when nothing reaches it.",
    ),
    field(Kind::Schema, "format", Text, "Effective `format`."),
    field(Kind::Schema, "maxLength", Number, "Effective `maxLength`. Stands at the value."),
    field(Kind::Schema, "minLength", Number, "Effective `minLength`."),
    field(Kind::Schema, "maxItems", Number, "Effective `maxItems`; `prefixItems` with `items: false` counts."),
    field(Kind::Schema, "maxProperties", Number, "Effective `maxProperties`."),
    field(Kind::Schema, "minimum", Number, "Effective lower bound, exclusive or not."),
    field(Kind::Schema, "maximum", Number, "Effective upper bound, exclusive or not."),
    field(
        Kind::Schema,
        "impliedLength",
        Number,
        "E5: the longest text that enum, const, format or an anchored pattern admits.",
    ),
    field(Kind::Schema, "finite", Bool, "Whether enum, const or boolean type bounds the values."),
    field(Kind::Schema, "default", Text, "A scalar `default`, as text. Stands at the value."),
    field(Kind::Schema, "name", Name, "The property or parameter it is the schema of; absent elsewhere."),
    field(
        Kind::Schema,
        "credential",
        Choice(CREDENTIAL),
        "E6: whether that name is a credential name: `strong`, `bare` (the head `token` alone) or `weak`.",
    ),
    field(Kind::Schema, "defaultIsPlaceholder", Bool, "Whether `default` is a placeholder."),
    field(
        Kind::Schema,
        "binary",
        Bool,
        "Whether it holds binary content: format `binary`, `contentEncoding`, 2.0 type `file`, or the schema of a binary media type.",
    ),
    field(Kind::Schema, "finiteItems", Bool, "Whether items are finite and unique, which bounds the array."),
    field(
        Kind::Schema,
        "additionalProperties",
        Choice(ADDITIONAL),
        "`closed` (`false`), `open` (`true` or `{}`), `schema`; absent without the key. `unevaluatedProperties` counts. Stands at the key.",
    ),
    field(Kind::Schema, "finiteNames", Bool, "Whether `propertyNames` has an enum."),
    field(Kind::Schema, "properties", Nodes(Kind::Property), "Its own properties. Stands at the `properties` key."),
    field(Kind::Schema, "topLevelBody", Bool, "Whether it is the whole body of a request."),
    field(
        Kind::Schema,
        "serverFields",
        Texts,
        "Top-level body properties of both directions in @server-field that clients may write. Stands at the `properties` key.",
    ),
    field(Kind::Schema, "parameters", Nodes(Kind::Parameter), "Parameters it is the schema of."),
    field(Kind::Schema, "usedBy", Nodes(Kind::Operation), "Operations that reach it."),
    field(Kind::Property, "name", Name, "Its name. Stands at the key."),
    field(
        Kind::Property,
        "types",
        Set(TYPES),
        "Effective types (E4); a 3.0 string, a 3.1 list and implied types are one field. Stands at `type`, else at the schema.",
    ),
    field(
        Kind::Property,
        "direction",
        Set(DIRECTIONS),
        "E3: `request`, `response`, both, or absent when nothing reaches it.",
    ),
    field(Kind::Property, "format", Text, "Effective `format`."),
    field(Kind::Property, "maxLength", Number, "Effective `maxLength`. Stands at the value."),
    field(Kind::Property, "minLength", Number, "Effective `minLength`."),
    field(Kind::Property, "maxItems", Number, "Effective `maxItems`; `prefixItems` with `items: false` counts."),
    field(Kind::Property, "maxProperties", Number, "Effective `maxProperties`."),
    field(Kind::Property, "minimum", Number, "Effective lower bound, exclusive or not."),
    field(Kind::Property, "maximum", Number, "Effective upper bound, exclusive or not."),
    field(
        Kind::Property,
        "impliedLength",
        Number,
        "E5: the longest text that enum, const, format or an anchored pattern admits.",
    ),
    field(Kind::Property, "finite", Bool, "Whether enum, const or boolean type bounds the values."),
    field(Kind::Property, "default", Text, "A scalar `default`, as text. Stands at the value."),
    field(Kind::Property, "readOnly", Bool, "Effective `readOnly`."),
    field(Kind::Property, "writeOnly", Bool, "Effective `writeOnly`."),
    field(
        Kind::Property,
        "credential",
        Choice(CREDENTIAL),
        "E6: `strong`, `bare` or `weak` credential name; absent otherwise.",
    ),
    field(Kind::Property, "flag", Bool, "Whether the name asks a question (`isAdmin`, `hasPassword`)."),
    field(
        Kind::Property,
        "writableThrough",
        Nodes(Kind::Operation),
        "Creating and updating operations whose body can set it, without those whose path names it.",
    ),
    field(Kind::Property, "returnedBy", Nodes(Kind::Operation), "Operations whose responses can hold it."),
    field(Kind::Parameter, "name", Name, "Its name. Stands at the value of `name`."),
    field(Kind::Parameter, "in", Choice(LOCATIONS), "Where it is sent."),
    field(Kind::Parameter, "required", Bool, "Whether it must be sent; path parameters always."),
    field(
        Kind::Parameter,
        "types",
        Set(TYPES),
        "Effective types (E4); a 3.0 string, a 3.1 list and implied types are one field. Stands at `type`, else at the schema.",
    ),
    field(Kind::Parameter, "format", Text, "Effective `format`."),
    field(Kind::Parameter, "maxLength", Number, "Effective `maxLength`. Stands at the value."),
    field(Kind::Parameter, "minLength", Number, "Effective `minLength`."),
    field(Kind::Parameter, "maxItems", Number, "Effective `maxItems`; `prefixItems` with `items: false` counts."),
    field(Kind::Parameter, "maxProperties", Number, "Effective `maxProperties`."),
    field(Kind::Parameter, "minimum", Number, "Effective lower bound, exclusive or not."),
    field(Kind::Parameter, "maximum", Number, "Effective upper bound, exclusive or not."),
    field(
        Kind::Parameter,
        "impliedLength",
        Number,
        "E5: the longest text that enum, const, format or an anchored pattern admits.",
    ),
    field(Kind::Parameter, "finite", Bool, "Whether enum, const or boolean type bounds the values."),
    field(Kind::Parameter, "default", Text, "A scalar `default`, as text. Stands at the value."),
    field(
        Kind::Parameter,
        "credential",
        Choice(CREDENTIAL),
        "E6: `strong`, `bare` or `weak` credential name; absent otherwise. The word authorization counts here.",
    ),
    field(
        Kind::Parameter,
        "oneTime",
        Bool,
        "Whether it is a reset, verify or invite token: head `token` on an operation of group recover or oneTime.",
    ),
    field(
        Kind::Parameter,
        "sameNounBefore",
        Bool,
        "Whether a path parameter stands right after a static segment of the same noun (`/tokens/{token}`).",
    ),
    field(
        Kind::Parameter,
        "sentByScheme",
        Bool,
        "Whether an apiKey scheme of the same name and place is in force where it is used.",
    ),
    field(Kind::Parameter, "pageSize", Bool, "Whether it is an integer page size of an operation that lists or pages."),
    field(Kind::Parameter, "operations", Nodes(Kind::Operation), "Operations it belongs to."),
    field(Kind::MediaType, "type", Text, "The media type in lower case without parameters. Stands at the key."),
    field(Kind::MediaType, "direction", Set(DIRECTIONS), "Whether it is sent, returned or both."),
    field(Kind::MediaType, "carriesFile", Bool, "Whether a client uploads a file or binary content with it."),
    field(Kind::MediaType, "fileLimit", Number, "The largest length allowed for that content, in bytes or characters."),
    field(Kind::MediaType, "operations", Nodes(Kind::Operation), "Operations it belongs to."),
    field(Kind::Response, "status", Text, "The status key it is documented under; of a shared definition the first."),
    field(Kind::Response, "headers", Nodes(Kind::Header), "Its headers."),
    field(Kind::Response, "piiFields", Texts, "Names of personal data in its schema (@pii). Stands at the response."),
    field(Kind::Response, "operations", Nodes(Kind::Operation), "Operations that document it."),
    field(
        Kind::Response,
        "publicOperations",
        Nodes(Kind::Operation),
        "Those of them that are public and no auth endpoint, in a document that defines schemes.",
    ),
    field(Kind::Header, "name", Text, "Its name in lower case. Stands at the key."),
    field(
        Kind::Header,
        "values",
        Texts,
        "Values shown for it: const, enum, default, example, examples. Stands at the first of them.",
    ),
    field(
        Kind::Header,
        "allowsCredentials",
        Bool,
        "Whether the same response shows `Access-Control-Allow-Credentials: true`.",
    ),
    field(Kind::Header, "operations", Nodes(Kind::Operation), "Operations that document it."),
    field(Kind::SecurityScheme, "name", Text, "Its component name. Stands at the key."),
    field(
        Kind::SecurityScheme,
        "kind",
        Choice(SCHEME_KINDS),
        "What it is in effect: `http` schemes by name (case folded), 2.0 `basic` included. Stands at `scheme`, else `type`.",
    ),
    field(Kind::SecurityScheme, "in", Choice(LOCATIONS), "Where an API key is sent. Stands at the value."),
    field(Kind::SecurityScheme, "parameterName", Text, "Name of the header, query parameter or cookie of an API key."),
    field(Kind::SecurityScheme, "flows", Nodes(Kind::OauthFlow), "Its OAuth 2 flows."),
    field(Kind::SecurityScheme, "requiredBy", Nodes(Kind::Operation), "Operations that require it in effect."),
    field(
        Kind::OauthFlow,
        "flow",
        Choice(FLOWS),
        "Which flow, in 3.x names (2.0 `application` is clientCredentials, `accessCode` authorizationCode). Stands at the flow's key; 2.0: at the value of `flow`.",
    ),
    field(Kind::OauthFlow, "scheme", Nodes(Kind::SecurityScheme), "The scheme it belongs to."),
    field(Kind::AuthUrl, "field", Text, "Name of the field that holds it."),
    field(Kind::AuthUrl, "url", Text, "The URL as written. Stands at the value."),
    field(Kind::AuthUrl, "scheme", Choice(URL_SCHEMES), "URL scheme; absent for a relative URL."),
    field(Kind::AuthUrl, "hostClass", Choice(HOST_CLASSES), "Class of its host (E11)."),
    field(Kind::AuthUrl, "of", Text, "Name of the security scheme it belongs to."),
    field(Kind::Requirement, "schemes", Nodes(Kind::RequiredScheme), "The schemes it names."),
    field(
        Kind::Requirement,
        "authorizationSchemes",
        Texts,
        "Names of its schemes that use the `Authorization` header. Stands at the first.",
    ),
    field(
        Kind::Requirement,
        "authorizationKinds",
        Texts,
        "Distinct kinds among those; all bearer-like schemes are one kind.",
    ),
    field(Kind::RequiredScheme, "name", Text, "The name as written. Stands at the key."),
    field(Kind::RequiredScheme, "defined", Bool, "Whether a scheme of that name exists (3.2: or a URI that resolves)."),
    field(Kind::RequiredScheme, "operations", Nodes(Kind::Operation), "Operations the requirement is in force for."),
    field(Kind::RequiredScope, "name", Text, "The scope. Stands at the value."),
    field(Kind::RequiredScope, "scheme", Text, "The scheme it is required of."),
    field(Kind::RequiredScope, "schemeKind", Choice(SCHEME_KINDS), "What that scheme is."),
    field(Kind::RequiredScope, "declared", Bool, "Whether a flow of that scheme declares the scope."),
    field(Kind::MalformedSecurity, "expected", Text, "What should stand there."),
    field(Kind::MalformedSecurity, "found", Text, "What stands there."),
    field(Kind::Reference, "target", Text, "The `$ref` as written. Stands at the value."),
    field(Kind::Reference, "document", Text, "The target without its fragment."),
    field(
        Kind::Reference,
        "scheme",
        Choice(URL_SCHEMES),
        "URL scheme of an absolute reference; absent for a local one.",
    ),
    field(
        Kind::Reference,
        "sameSite",
        Bool,
        "Whether the target's registrable domain is that of a root server or of the document.",
    ),
    field(Kind::Callback, "expression", Text, "The callback expression. Stands at the key."),
    field(Kind::UnknownKey, "name", Text, "The key."),
    field(Kind::UnknownKey, "owner", Choice(OWNERS), "The OpenAPI object it stands in."),
    field(Kind::UnknownKey, "version", Choice(VERSIONS), "The OpenAPI version."),
    field(Kind::UnknownKey, "nearest", Text, "A key that is legal there and at most two edits away."),
    field(Kind::DuplicateKey, "key", Text, "The key. Stands at its second occurrence."),
    field(Kind::DuplicateKey, "first", Thing, "Its first occurrence."),
    field(Kind::DuplicateKey, "sameValue", Bool, "Whether both values are equal."),
    field(Kind::DuplicateKey, "inert", Bool, "Whether it stands in an example, an extension or a text field."),
    field(Kind::Text, "version", Choice(VERSIONS), "The OpenAPI version of the document."),
];

//! Reading trees by well-known keys: a key is compared as an interned number,
//! looked up once per file. Knows keys, aliases and references, not meanings.

use std::sync::{Arc, LazyLock, OnceLock};

use super::grammar::{self, Child, OBJECTS, Object, Version};
use crate::resolve::{self, Unresolved};
use crate::source::{NodeKind, SourceMap, Tree};
use crate::span::{At, FileId, NodeId};

macro_rules! keys {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// A key that the model reads by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        #[allow(missing_docs, clippy::upper_case_acronyms, reason = "each is the key it is named after")]
        pub enum K { $($name),* }
        static NAMED: &[&str] = &[$($text),*];
    };
}

keys! {
    Ref = "$ref", Swagger = "swagger", Openapi = "openapi", Paths = "paths", Webhooks = "webhooks", Components = "components",
    Schemas = "schemas", Definitions = "definitions", SecuritySchemes = "securitySchemes", SecurityDefinitions = "securityDefinitions",
    Security = "security", Servers = "servers", Server = "server", Url = "url", Variables = "variables", Enum = "enum",
    Default = "default", Host = "host", BasePath = "basePath", Schemes = "schemes", Consumes = "consumes", Produces = "produces",
    Parameters = "parameters", RequestBody = "requestBody", Responses = "responses", Content = "content", Headers = "headers",
    Callbacks = "callbacks", OperationId = "operationId", Name = "name", In = "in", Required = "required", Schema = "schema",
    Type = "type", Format = "format", Scheme = "scheme", Flow = "flow", Flows = "flows", Scopes = "scopes",
    AuthorizationUrl = "authorizationUrl", TokenUrl = "tokenUrl", RefreshUrl = "refreshUrl",
    DeviceAuthorizationUrl = "deviceAuthorizationUrl", OpenIdConnectUrl = "openIdConnectUrl", Oauth2MetadataUrl = "oauth2MetadataUrl",
    AllOf = "allOf", OneOf = "oneOf", AnyOf = "anyOf", Items = "items", PrefixItems = "prefixItems", Properties = "properties",
    PatternProperties = "patternProperties", PropertyNames = "propertyNames", AdditionalProperties = "additionalProperties",
    UnevaluatedProperties = "unevaluatedProperties", UniqueItems = "uniqueItems", MaxLength = "maxLength", MinLength = "minLength",
    MaxItems = "maxItems", MinItems = "minItems", MaxProperties = "maxProperties", MinProperties = "minProperties", Minimum = "minimum", Maximum = "maximum",
    ExclusiveMinimum = "exclusiveMinimum", ExclusiveMaximum = "exclusiveMaximum", Pattern = "pattern", Const = "const",
    ReadOnly = "readOnly", WriteOnly = "writeOnly", ContentEncoding = "contentEncoding", ContentMediaType = "contentMediaType",
    Example = "example", Examples = "examples", Value = "value", XPublic = "x-public", XInternal = "x-internal",
    XSandbox = "x-sandbox", XIgnore = "x-gatelint-ignore", PathItems = "pathItems", ItemSchema = "itemSchema", Not = "not",
    If = "if", AdditionalOperations = "additionalOperations",
    Self_ = "$self", Then = "then", Else = "else", DependentSchemas = "dependentSchemas", Defs = "$defs", Tags = "tags",
    Description = "description", Summary = "summary", Info = "info", Contact = "contact", Email = "email",
    BearerFormat = "bearerFormat", Deprecated = "deprecated", AllowReserved = "allowReserved",
    Encoding = "encoding", ContentType = "contentType",
}

/// All keys with a number: those above, then the others of the grammar.
static KEYS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut keys = NAMED.to_vec();
    for version in [Version::V20, Version::V30, Version::V31, Version::V32] {
        for &object in &OBJECT {
            for (key, _) in grammar::rows(version, object) {
                if !keys.contains(key) {
                    keys.push(key);
                }
            }
        }
    }
    assert!(keys.len() < usize::from(NO_KEY), "keys are numbered in a byte");
    keys
});

static OBJECT: [Object; OBJECTS] = {
    use Object as O;
    [
        O::Document,
        O::Info,
        O::Server,
        O::ServerVariable,
        O::Components,
        O::Paths,
        O::PathItem,
        O::Operation,
        O::Parameter,
        O::RequestBody,
        O::MediaType,
        O::Encoding,
        O::Responses,
        O::Response,
        O::Header,
        O::Link,
        O::Callback,
        O::SecurityScheme,
        O::OauthFlows,
        O::OauthFlow,
        O::Tag,
        O::Schema,
        O::SimpleSchema,
    ]
};

const NO_KEY: u8 = u8::MAX;
const NO_SYM: u32 = u32::MAX;

/// What stands under each numbered key of each object.
pub type Matrix = Vec<[Option<Child>; 256]>;

static MATRICES: LazyLock<Vec<Matrix>> = LazyLock::new(|| {
    let matrix = |version| {
        let mut matrix = vec![[None; 256]; OBJECTS];
        for &object in &OBJECT {
            for &(key, child) in grammar::rows(version, object) {
                let number = KEYS.iter().position(|known| *known == key).unwrap_or(usize::from(NO_KEY));
                matrix[object as usize][number] = Some(child);
            }
        }
        matrix
    };
    [Version::V20, Version::V30, Version::V31, Version::V32].map(matrix).into()
});

/// What stands under each numbered key of each object in a version.
pub fn matrix(version: Version) -> &'static Matrix {
    &MATRICES[version as usize]
}

#[derive(Debug)]
struct FileKeys {
    /// By key number: the interned key of this file.
    syms: Vec<u32>,
    /// By interned key: the key number.
    numbers: Vec<u8>,
}

/// The trees of a run, read by well-known keys.
#[derive(Debug)]
pub struct View {
    /// The files.
    pub sources: Arc<SourceMap>,
    /// By file, made on first use: a document reaches few files of a large run.
    keys: Vec<OnceLock<Box<FileKeys>>>,
}

impl View {
    /// A view of all files of `sources`.
    pub fn new(sources: Arc<SourceMap>) -> Self {
        let keys = sources.files().map(|_| OnceLock::new()).collect();
        Self { sources, keys }
    }

    fn keys(&self, file: FileId) -> &FileKeys {
        self.keys[file.0 as usize].get_or_init(|| {
            let tree = self.tree(file);
            let mut numbers = vec![NO_KEY; tree.key_count()];
            let syms = KEYS.iter().enumerate().map(|(number, key)| match tree.sym(key) {
                Some(sym) => {
                    numbers[sym.0 as usize] = number as u8;
                    sym.0
                }
                None => NO_SYM,
            });
            Box::new(FileKeys { syms: syms.collect(), numbers })
        })
    }

    /// The tree a node is in.
    pub fn tree(&self, file: FileId) -> &Tree {
        self.sources.tree(file)
    }

    /// The number of the key a node stands under; 255 for keys without one.
    pub fn number(&self, at: At) -> u8 {
        self.tree(at.file).key_sym(at.node).map_or(NO_KEY, |sym| self.keys(at.file).numbers[sym.0 as usize])
    }

    /// Follows an alias.
    pub fn resolve(&self, at: At) -> At {
        At { node: self.tree(at.file).resolve(at.node), ..at }
    }

    /// The value under a key of a mapping, alias followed.
    pub fn get(&self, at: At, key: K) -> Option<At> {
        self.entry(at, key).map(|entry| self.resolve(entry))
    }

    /// The entry of a mapping under a key, as it stands: it knows its key's place, but may be an alias.
    pub fn entry(&self, at: At, key: K) -> Option<At> {
        let sym = self.keys(at.file).syms[key as usize];
        if sym == NO_SYM {
            return None;
        }
        self.tree(at.file).get_sym(at.node, crate::source::Sym(sym)).map(|node| At { node, ..at })
    }

    /// The string under a key.
    pub fn str(&self, at: At, key: K) -> Option<&str> {
        self.get(at, key).and_then(|value| self.tree(value.file).str(value.node))
    }

    /// The text of the scalar under a key.
    pub fn scalar(&self, at: At, key: K) -> Option<&str> {
        let value = self.get(at, key)?;
        self.is_scalar(value).then(|| self.text(value))
    }

    /// The number under a key.
    pub fn float(&self, at: At, key: K) -> Option<f64> {
        self.get(at, key).and_then(|value| self.tree(value.file).number(value.node))
    }

    /// Whether `true` stands under a key.
    pub fn is_true(&self, at: At, key: K) -> bool {
        self.get(at, key).and_then(|value| self.tree(value.file).bool(value.node)) == Some(true)
    }

    /// What a node is.
    pub fn kind(&self, at: At) -> NodeKind {
        self.tree(at.file).kind(at.node)
    }

    /// Whether a node is neither map, list nor alias.
    pub fn is_scalar(&self, at: At) -> bool {
        !matches!(self.kind(at), NodeKind::Map | NodeKind::Seq | NodeKind::Alias)
    }

    /// The text of a scalar.
    pub fn text(&self, at: At) -> &str {
        self.tree(at.file).text(at.node)
    }

    /// The key a node stands under.
    pub fn key(&self, at: At) -> Option<&str> {
        self.tree(at.file).key(at.node)
    }

    /// The entries of a map or list as they stand.
    pub fn children(&self, at: At) -> impl Iterator<Item = At> + '_ {
        self.tree(at.file).children(at.node).map(move |node| At { node, ..at })
    }

    /// The container a node stands in.
    pub fn parent(&self, at: At) -> Option<At> {
        self.tree(at.file).parent(at.node).map(|node| At { node, ..at })
    }

    /// The value of a mapping's `$ref`, if that is a string.
    pub fn reference(&self, at: At) -> Option<At> {
        let entry = self.entry(at, K::Ref)?;
        (self.kind(self.resolve(entry)) == NodeKind::Str).then_some(entry)
    }

    /// The node that a `$ref` value leads to, one step.
    ///
    /// # Errors
    /// If it has no target.
    pub fn target(&self, reference: At) -> Result<At, Unresolved> {
        resolve::target(&self.sources, reference.file, self.text(self.resolve(reference)))
    }

    /// Follows aliases and `$ref`s to a definition; `None` where that fails or goes in a circle.
    pub fn follow(&self, at: At) -> Option<At> {
        let mut at = self.resolve(at);
        for _ in 0..64 {
            match self.reference(at) {
                None => return Some(at),
                Some(reference) => at = self.target(reference).ok()?,
            }
        }
        None
    }

    /// The root of the first document of a file.
    pub fn root(&self, file: FileId) -> Option<At> {
        self.tree(file).roots().first().map(|&node: &NodeId| At { file, node })
    }
}

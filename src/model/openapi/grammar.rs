//! The grammar of OpenAPI: which object has which keys in which version, and
//! what stands under them. One table; the walk and `unknownKey` both read it.
//!
//! Sources: the Swagger 2.0 and OpenAPI 3.0.4, 3.1.1 and 3.2.0 specifications,
//! section "Schema"; JSON Schema 2020-12 for schemas of 3.1 and later.

use std::sync::LazyLock;

/// A version of OpenAPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// Swagger 2.0.
    V20,
    /// OpenAPI 3.0.
    V30,
    /// OpenAPI 3.1.
    V31,
    /// OpenAPI 3.2.
    V32,
}

impl Version {
    /// The version that the text of a root key `openapi` or `swagger` names.
    pub fn parse(key: &str, text: &str) -> Option<Self> {
        let mut parts = text.trim().splitn(3, '.');
        let (major, minor) = (parts.next()?, parts.next()?);
        let patch = parts.next().unwrap_or("0");
        let patch = patch.split(['-', '+']).next().unwrap_or_default();
        if !patch.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        match (key, major, minor) {
            ("swagger", "2", "0") => Some(Self::V20),
            ("openapi", "3", "0") => Some(Self::V30),
            ("openapi", "3", "1") => Some(Self::V31),
            ("openapi", "3", "2") => Some(Self::V32),
            _ => None,
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

const V2: u8 = 1;
const V30: u8 = 2;
const V3: u8 = 14;
const V31: u8 = 12;
const V32: u8 = 8;
const ALL: u8 = 15;

/// A kind of OpenAPI object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are those of the specification")]
pub enum Object {
    Document,
    Info,
    Server,
    ServerVariable,
    Components,
    Paths,
    PathItem,
    Operation,
    Parameter,
    RequestBody,
    MediaType,
    Encoding,
    Responses,
    Response,
    Header,
    Link,
    Callback,
    SecurityScheme,
    OauthFlows,
    OauthFlow,
    Tag,
    Schema,
    /// Swagger 2.0: schema of a header, of a parameter that is no body, or of their items.
    SimpleSchema,
}

/// Number of kinds of objects.
pub const OBJECTS: usize = Object::SimpleSchema as usize + 1;

impl Object {
    /// The name in the field `unknownKey.owner`.
    pub const fn owner(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Info => "info",
            Self::Server => "server",
            Self::Components => "components",
            Self::Paths => "paths",
            Self::PathItem => "pathItem",
            Self::Operation => "operation",
            Self::Parameter => "parameter",
            Self::RequestBody => "requestBody",
            Self::MediaType => "mediaType",
            Self::Encoding => "encoding",
            Self::Responses => "responses",
            Self::Response => "response",
            Self::Header => "header",
            Self::Link => "link",
            Self::SecurityScheme => "securityScheme",
            Self::OauthFlows => "oauthFlows",
            Self::OauthFlow => "oauthFlow",
            Self::Tag => "tag",
            Self::Schema | Self::SimpleSchema => "schema",
            Self::ServerVariable | Self::Callback => "other",
        }
    }

    /// Whether a key that is not in the table is worth a word: objects whose
    /// keys are names, and schemas (any keyword is legal from 3.1 on), are open.
    pub const fn closed(self) -> bool {
        !matches!(self, Self::Callback | Self::Schema | Self::SimpleSchema | Self::Paths | Self::Responses)
    }
}

/// What stands under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Child {
    /// A value that is no object of its own: text, number, example, extension.
    Leaf,
    /// One object.
    One(Object),
    /// A list of objects.
    List(Object),
    /// A map from names to objects.
    Map(Object),
    /// A map from names to lists or objects of schemas (`dependencies`).
    SchemaOrNames,
    /// A schema or a list of schemas (`items` before 2020-12).
    SchemaOrList,
    /// A list of security requirements.
    Security,
}

use Child::{Leaf, List, Map, One, SchemaOrList, SchemaOrNames, Security};
use Object as O;

macro_rules! grammar {
    ($($object:ident { $($key:literal: $versions:expr => $child:expr),* $(,)? })*) => {
        /// (object, key, versions, child)
        static TABLE: &[(Object, &str, u8, Child)] = &[$($((O::$object, $key, $versions, $child),)*)*];
    };
}

grammar! {
    Document {
        "openapi": V3 => Leaf, "swagger": V2 => Leaf, "$self": V32 => Leaf, "jsonSchemaDialect": V31 => Leaf,
        "info": ALL => One(O::Info), "servers": V3 => List(O::Server), "paths": ALL => One(O::Paths),
        "webhooks": V31 => Map(O::PathItem), "components": V3 => One(O::Components), "security": ALL => Security,
        "tags": ALL => List(O::Tag), "externalDocs": ALL => Leaf,
        "host": V2 => Leaf, "basePath": V2 => Leaf, "schemes": V2 => Leaf, "consumes": V2 => Leaf, "produces": V2 => Leaf,
        "definitions": V2 => Map(O::Schema), "parameters": V2 => Map(O::Parameter), "responses": V2 => Map(O::Response),
        "securityDefinitions": V2 => Map(O::SecurityScheme),
    }
    Info {
        "title": ALL => Leaf, "summary": V31 => Leaf, "description": ALL => Leaf, "termsOfService": ALL => Leaf,
        "contact": ALL => Leaf, "license": ALL => Leaf, "version": ALL => Leaf,
    }
    Server { "url": V3 => Leaf, "description": V3 => Leaf, "variables": V3 => Map(O::ServerVariable), "name": V32 => Leaf }
    ServerVariable { "enum": V3 => Leaf, "default": V3 => Leaf, "description": V3 => Leaf }
    Components {
        "schemas": V3 => Map(O::Schema), "responses": V3 => Map(O::Response), "parameters": V3 => Map(O::Parameter),
        "examples": V3 => Leaf, "requestBodies": V3 => Map(O::RequestBody), "headers": V3 => Map(O::Header),
        "securitySchemes": V3 => Map(O::SecurityScheme), "links": V3 => Map(O::Link), "callbacks": V3 => Map(O::Callback),
        "pathItems": V31 => Map(O::PathItem), "mediaTypes": V32 => Map(O::MediaType),
    }
    PathItem {
        "$ref": ALL => Leaf, "summary": V3 => Leaf, "description": V3 => Leaf,
        "get": ALL => One(O::Operation), "put": ALL => One(O::Operation), "post": ALL => One(O::Operation),
        "delete": ALL => One(O::Operation), "options": ALL => One(O::Operation), "head": ALL => One(O::Operation),
        "patch": ALL => One(O::Operation), "trace": V3 => One(O::Operation), "query": V32 => One(O::Operation),
        "additionalOperations": V32 => Map(O::Operation),
        "servers": V3 => List(O::Server), "parameters": ALL => List(O::Parameter),
    }
    Operation {
        "tags": ALL => Leaf, "summary": ALL => Leaf, "description": ALL => Leaf, "externalDocs": ALL => Leaf,
        "operationId": ALL => Leaf, "parameters": ALL => List(O::Parameter), "requestBody": V3 => One(O::RequestBody),
        "responses": ALL => One(O::Responses), "callbacks": V3 => Map(O::Callback), "deprecated": ALL => Leaf,
        "security": ALL => Security, "servers": V3 => List(O::Server),
        "consumes": V2 => Leaf, "produces": V2 => Leaf, "schemes": V2 => Leaf,
    }
    Parameter {
        "name": ALL => Leaf, "in": ALL => Leaf, "description": ALL => Leaf, "required": ALL => Leaf, "deprecated": V3 => Leaf,
        "allowEmptyValue": ALL => Leaf, "style": V3 => Leaf, "explode": V3 => Leaf, "allowReserved": V3 => Leaf,
        "schema": ALL => One(O::Schema), "example": V3 => Leaf, "examples": V3 => Leaf, "content": V3 => Map(O::MediaType),
        "type": V2 => Leaf, "format": V2 => Leaf, "items": V2 => One(O::SimpleSchema), "collectionFormat": V2 => Leaf,
        "default": V2 => Leaf, "maximum": V2 => Leaf, "exclusiveMaximum": V2 => Leaf, "minimum": V2 => Leaf,
        "exclusiveMinimum": V2 => Leaf, "maxLength": V2 => Leaf, "minLength": V2 => Leaf, "pattern": V2 => Leaf,
        "maxItems": V2 => Leaf, "minItems": V2 => Leaf, "uniqueItems": V2 => Leaf, "enum": V2 => Leaf, "multipleOf": V2 => Leaf,
    }
    RequestBody { "description": V3 => Leaf, "content": V3 => Map(O::MediaType), "required": V3 => Leaf }
    MediaType {
        "schema": V3 => One(O::Schema), "itemSchema": V32 => One(O::Schema), "example": V3 => Leaf, "examples": V3 => Leaf,
        "encoding": V3 => Map(O::Encoding), "prefixEncoding": V32 => List(O::Encoding), "itemEncoding": V32 => One(O::Encoding),
    }
    Encoding {
        "contentType": V3 => Leaf, "headers": V3 => Map(O::Header), "style": V3 => Leaf, "explode": V3 => Leaf,
        "allowReserved": V3 => Leaf, "encoding": V32 => Map(O::Encoding), "prefixEncoding": V32 => List(O::Encoding),
        "itemEncoding": V32 => One(O::Encoding),
    }
    Response {
        "summary": V32 => Leaf, "description": ALL => Leaf, "headers": ALL => Map(O::Header),
        "content": V3 => Map(O::MediaType), "links": V3 => Map(O::Link), "schema": V2 => One(O::Schema), "examples": V2 => Leaf,
    }
    Header {
        "description": ALL => Leaf, "required": V3 => Leaf, "deprecated": V3 => Leaf, "allowEmptyValue": V30 => Leaf,
        "style": V3 => Leaf, "explode": V3 => Leaf, "allowReserved": V3 => Leaf, "schema": V3 => One(O::Schema),
        "example": V3 => Leaf, "examples": V3 => Leaf, "content": V3 => Map(O::MediaType),
        "type": V2 => Leaf, "format": V2 => Leaf, "items": V2 => One(O::SimpleSchema), "collectionFormat": V2 => Leaf,
        "default": V2 => Leaf, "maximum": V2 => Leaf, "exclusiveMaximum": V2 => Leaf, "minimum": V2 => Leaf,
        "exclusiveMinimum": V2 => Leaf, "maxLength": V2 => Leaf, "minLength": V2 => Leaf, "pattern": V2 => Leaf,
        "maxItems": V2 => Leaf, "minItems": V2 => Leaf, "uniqueItems": V2 => Leaf, "enum": V2 => Leaf, "multipleOf": V2 => Leaf,
    }
    Link {
        "operationRef": V3 => Leaf, "operationId": V3 => Leaf, "parameters": V3 => Leaf, "requestBody": V3 => Leaf,
        "description": V3 => Leaf, "server": V3 => One(O::Server),
    }
    SecurityScheme {
        "type": ALL => Leaf, "description": ALL => Leaf, "name": ALL => Leaf, "in": ALL => Leaf, "scheme": V3 => Leaf,
        "bearerFormat": V3 => Leaf, "flows": V3 => One(O::OauthFlows), "openIdConnectUrl": V3 => Leaf,
        "oauth2MetadataUrl": V32 => Leaf, "deprecated": V32 => Leaf,
        "flow": V2 => Leaf, "authorizationUrl": V2 => Leaf, "tokenUrl": V2 => Leaf, "scopes": V2 => Leaf,
    }
    OauthFlows {
        "implicit": V3 => One(O::OauthFlow), "password": V3 => One(O::OauthFlow),
        "clientCredentials": V3 => One(O::OauthFlow), "authorizationCode": V3 => One(O::OauthFlow),
        "deviceAuthorization": V32 => One(O::OauthFlow),
    }
    OauthFlow {
        "authorizationUrl": V3 => Leaf, "tokenUrl": V3 => Leaf, "refreshUrl": V3 => Leaf, "scopes": V3 => Leaf,
        "deviceAuthorizationUrl": V32 => Leaf,
    }
    Tag {
        "name": ALL => Leaf, "summary": V32 => Leaf, "description": ALL => Leaf, "externalDocs": ALL => Leaf,
        "parent": V32 => Leaf, "kind": V32 => Leaf,
    }
    Schema {
        "allOf": ALL => List(O::Schema), "oneOf": V3 => List(O::Schema), "anyOf": V3 => List(O::Schema), "not": V3 => One(O::Schema),
        "items": ALL => SchemaOrList, "properties": ALL => Map(O::Schema), "additionalProperties": ALL => One(O::Schema),
        "patternProperties": V31 => Map(O::Schema), "propertyNames": V31 => One(O::Schema), "prefixItems": V31 => List(O::Schema),
        "contains": V31 => One(O::Schema), "if": V31 => One(O::Schema), "then": V31 => One(O::Schema), "else": V31 => One(O::Schema),
        "dependentSchemas": V31 => Map(O::Schema), "dependencies": V31 => SchemaOrNames,
        "unevaluatedItems": V31 => One(O::Schema), "unevaluatedProperties": V31 => One(O::Schema),
        "contentSchema": V31 => One(O::Schema), "$defs": V31 => Map(O::Schema), "definitions": V31 => Map(O::Schema),
    }
    SimpleSchema { "items": V2 => One(O::SimpleSchema) }
}

/// The rows of one object in one version.
pub type Rows = Vec<(&'static str, Child)>;

/// Rows by version and object.
static ROWS: LazyLock<Vec<Vec<Rows>>> = LazyLock::new(|| {
    let rows = |version: Version| {
        let mut objects = vec![Rows::new(); OBJECTS];
        for &(object, key, versions, child) in TABLE {
            if versions & version.bit() != 0 {
                objects[object as usize].push((key, child));
            }
        }
        objects
    };
    [Version::V20, Version::V30, Version::V31, Version::V32].map(rows).into()
});

/// The keys of an object in a version, with what stands under them.
pub fn rows(version: Version, object: Object) -> &'static [(&'static str, Child)] {
    &ROWS[version as usize][object as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_by_key_and_text() {
        assert_eq!(Version::parse("swagger", "2.0"), Some(Version::V20));
        assert_eq!(Version::parse("openapi", "3.0.3"), Some(Version::V30));
        assert_eq!(Version::parse("openapi", "3.1"), Some(Version::V31));
        assert_eq!(Version::parse("openapi", "3.2.0-rc1"), Some(Version::V32));
        assert_eq!(Version::parse("openapi", "2.0"), None);
        assert_eq!(Version::parse("openapi", "4.0.0"), None);
        assert_eq!(Version::parse("swagger", "1.2"), None);
        assert_eq!(Version::parse("openapi", "3"), None);
    }

    #[test]
    fn no_object_has_a_key_twice() {
        for version in [Version::V20, Version::V30, Version::V31, Version::V32] {
            for objects in &ROWS[version as usize] {
                for (i, (key, _)) in objects.iter().enumerate() {
                    assert!(objects[..i].iter().all(|(other, _)| other != key), "{key} in {version:?}");
                }
            }
        }
    }
}

//! API Gateway of AWS: extensions of OpenAPI documents, CloudFormation and SAM.
//!
//! Shapes: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>,
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html>.

use super::doc::Doc;
use super::{Row, has_root_key, no_object};
use crate::discover::Format;
use crate::source::{NodeKind, Sym};

/// What the keys of the extensions begin with.
const EXTENSION: &str = "x-amazon-apigateway-";

/// What the types of resources begin with that are APIs or belong to some.
const SERVICES: &[&str] = &["AWS::ApiGateway::", "AWS::ApiGatewayV2::"];

pub(super) const ROW: Row = Row {
    format: Format::Aws,
    markers: &[&[EXTENSION], &["AWS::ApiGateway"], &["AWS::Serverless::"], &["AWS::Lambda::Url"]],
    groups: &[],
    claims: |doc| doc.map("Resources").is_some_and(|resources| resources.values().any(is_api)),
    claims_openapi: has_extension,
    claims_object: no_object,
    claims_text: |text| has_root_key(text, "Resources") && SERVICES.iter().any(|service| text.contains(service)),
};

/// Whether any key of the file is one of the extensions.
fn has_extension(doc: Doc<'_>) -> bool {
    (0..doc.tree.key_count() as u32).any(|sym| doc.tree.key_text(Sym(sym)).starts_with(EXTENSION))
}

/// Whether a resource is an API or a part of one. A function is if events of an API call it, as SAM makes one for it,
/// or if it has a URL of its own.
fn is_api(resource: Doc<'_>) -> bool {
    let Some(kind) = resource.get("Type").filter(|kind| kind.kind() == NodeKind::Str) else { return false };
    match kind.text() {
        "AWS::Serverless::Api" | "AWS::Serverless::HttpApi" | "AWS::Lambda::Url" => true,
        "AWS::Serverless::Function" if resource.at(&["Properties", "FunctionUrlConfig"]).is_some() => true,
        "AWS::Serverless::Function" | "AWS::Serverless::StateMachine" => {
            let events = resource.at(&["Properties", "Events"]).into_iter().flat_map(Doc::values);
            events.filter_map(|event| event.get("Type")).any(|kind| matches!(kind.text(), "Api" | "HttpApi"))
        }
        name => SERVICES.iter().any(|service| name.starts_with(service)),
    }
}

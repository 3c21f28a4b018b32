//! REST APIs of CloudFormation: `AWS::ApiGateway::*`. Paths are joined up the resources' parents.

use std::collections::HashMap;

use super::super::{Applied, Gateway, Node, Scope, Stated};
use super::api::{Api, Draft, Sort, applied};
use super::authorizer::{Authorizer, Sort as AuthorizerSort};
use super::include::Documents;
use super::integration::{self, Integration, METHOD};
use super::stage::EVERY;
use super::template::{Apis, Resource, Template};
use super::{openapi, policy, value};
use crate::model::Why;
use crate::span::Place;

/// Once a gateway has so many routes, no further document is read into it: one can stand for many APIs.
const MOST_ROUTES: usize = 50_000;

/// Resources are nested to this depth at most.
const MAX_PARENTS: usize = 40;

/// Reads APIs, their stages and authorizers.
pub(super) fn apis(template: &Template<'_>, apis: &mut Apis, gateway: &mut Gateway) {
    for resource in template.all("AWS::ApiGateway::RestApi") {
        let mut api = Api::new(resource.name, resource.node.key_place(), Sort::Rest, gateway);
        let types = resource.get("EndpointConfiguration").and_then(|node| node.get("Types").or(Some(node)));
        endpoint_types(types, &mut api, gateway);
        if let Some(node) = resource.get("Policy") {
            api.access = Stated::Known(vec![policy::document(node, "Policy", Scope::Global, gateway)]);
        }
        api.endpoint_off = value::flag(resource.get("DisableExecuteApiEndpoint"));
        apis.add(api);
    }
    for stage in template.all("AWS::ApiGateway::Stage") {
        let Some(api) = apis.referred(stage.get("RestApiId")) else { continue };
        api.stage.log(stage.get("AccessLogSetting"), stage.node.key_place());
        api.stage.cache(stage.get("CacheClusterEnabled"));
        api.stage.methods(&list(stage.get("MethodSettings")), gateway);
    }
    for deployment in template.all("AWS::ApiGateway::Deployment") {
        let Some(api) = apis.referred(deployment.get("RestApiId")) else { continue };
        if deployment.get("StageName").is_none() {
            continue;
        }
        let description = deployment.get("StageDescription");
        api.stage.log(description.and_then(|node| node.get("AccessLogSetting")), deployment.node.key_place());
        if let Some(node) = description {
            api.stage.cache(node.get("CacheClusterEnabled"));
            api.stage.methods(&node.list("MethodSettings"), gateway);
            api.stage.method(node, EVERY, EVERY, gateway);
        }
    }
    for resource in template.all("AWS::ApiGateway::Authorizer") {
        let sort = AuthorizerSort::parse(value::text(resource.get("Type")).known().copied());
        let mut authorizer = Authorizer::new(resource.name, resource.node.key_place(), sort);
        authorizer.add_sources(resource.get("IdentitySource"));
        authorizer.ttl = resource.get("AuthorizerResultTtlInSeconds");
        authorizer.expression = resource.get("IdentityValidationExpression");
        let mut kept = Vec::new();
        let number = authorizer.add(gateway, &mut kept);
        apis.authorizers.insert(resource.name.to_owned(), number);
        match apis.referred(resource.get("RestApiId")) {
            Some(api) => api.kept.append(&mut kept),
            None => apis.kept.append(&mut kept),
        }
    }
}

/// The items of a list that is written out; a single value counts as one.
pub(super) fn list(node: Option<Node<'_>>) -> Vec<Node<'_>> {
    match node {
        None => Vec::new(),
        Some(list) if list.is_list() => list.children().collect(),
        Some(one) => vec![one],
    }
}

/// Whether only private networks reach an API; unknown if the types are not written out.
pub(super) fn endpoint_types(node: Option<Node<'_>>, api: &mut Api, gateway: &mut Gateway) {
    for kind in list(node) {
        if value::is_computed(kind) {
            api.access = Stated::Unknown(Why::Elsewhere, Some(kind.place()));
        } else if kind.text() == Some("PRIVATE") {
            api.set_private(gateway);
        }
    }
}

/// Reads methods, and bodies that are documents.
pub(super) fn routes(template: &Template<'_>, apis: &mut Apis, gateway: &mut Gateway) {
    for resource in template.all("AWS::ApiGateway::RestApi") {
        if let Some(api) = apis.named(resource.name) {
            body(template.documents, resource.get("Body"), resource.get("BodyS3Location"), api, gateway);
        }
    }
    let preflights = preflights(template, gateway);
    for method in template.all("AWS::ApiGateway::Method") {
        let Some(api) = method.get("RestApiId") else { continue };
        let Some(resource) = method.get("ResourceId") else { continue };
        let verb = value::text(method.get("HttpMethod"));
        let mut draft = Draft::new("", "", method.node.key_place());
        draft.path = path(template, resource);
        draft.path_place = resource.place();
        draft.method_place = method.get("HttpMethod").map_or(draft.place, Node::place);
        draft.method = verb.map(str::to_ascii_uppercase);
        draft.integration =
            method.get("Integration").map_or(Integration::UNKNOWN, |node| Integration::read(node, &METHOD, gateway));
        draft.cors = value::pattern(resource).and_then(|resource| preflights.get(&resource).cloned());
        draft.unchecked_body = unchecked_body(template, method, draft.method.known().map(String::as_str));
        let authorizers = std::mem::take(&mut apis.authorizers);
        let api = apis.of(api, Sort::Rest, gateway);
        draft.auth = auth(method, api, &authorizers, gateway);
        api.route(draft, gateway);
        apis.authorizers = authorizers;
    }
}

/// A document in a template, in a file beside it, or one that is not in view.
pub(super) fn body<'s>(
    documents: Documents<'s>,
    inline: Option<Node<'s>>,
    elsewhere: Option<Node<'s>>,
    api: &mut Api,
    gateway: &mut Gateway,
) {
    let transform = inline.filter(|body| body.get("Fn::Transform").is_some() || value::function(*body).is_some());
    if let Some(node) = elsewhere.or(transform) {
        match documents.find(node) {
            Some(_) if gateway.routes.len() > MOST_ROUTES => api.unseen = Some((Why::NotRead, node.place())),
            Some(document) => openapi::lower(document, api, gateway),
            None => {
                api.unseen = Some((Why::UnresolvedInclude, node.place()));
                gateway.partial = Some((Why::UnresolvedInclude, node.place()));
            }
        }
    }
    if let Some(body) = inline {
        openapi::lower(body, api, gateway);
    }
}

/// What a method or route asks for: in both generations of templates under the same keys.
pub(super) fn auth(
    resource: &Resource<'_>,
    api: &mut Api,
    authorizers: &HashMap<String, u32>,
    gateway: &mut Gateway,
) -> Stated<Vec<Applied>> {
    let node = resource.get("AuthorizationType");
    let place = node.map_or(resource.node.key_place(), Node::key_place);
    let scope = Scope::Route;
    let mut asked: Vec<Applied> = Vec::new();
    match value::text(node) {
        Stated::Absent => {}
        Stated::Unknown(why, place) => return Stated::Unknown(why, place),
        Stated::Known(kind) => match kind.to_ascii_uppercase().as_str() {
            "NONE" => {}
            "AWS_IAM" => asked.push(api.iam(place, scope, gateway)),
            kind => {
                let known =
                    resource.get("AuthorizerId").and_then(value::reference).and_then(|name| authorizers.get(name));
                asked.push(match known {
                    Some(&policy) => Applied { policy, place, scope },
                    None => Api::unseen_authorizer(kind, place, scope, gateway),
                });
            }
        },
    }
    let key = resource.get("ApiKeyRequired");
    match value::flag(key) {
        Stated::Known(true) => asked.push(api.api_key(key.map_or(place, Node::key_place), scope, gateway)),
        Stated::Unknown(why, place) if asked.is_empty() => return Stated::Unknown(why, place),
        _ => {}
    }
    applied(asked)
}

/// The path of a resource.
fn path(template: &Template<'_>, resource: Node<'_>) -> Option<String> {
    let mut parts = Vec::new();
    let mut next = resource;
    for _ in 0..MAX_PARENTS {
        let found = template.referred(Some(next));
        match found {
            Some(found) if found.kind == "AWS::ApiGateway::Resource" => {
                parts.push(value::pattern(found.get("PathPart")?)?);
                next = found.get("ParentId")?;
            }
            Some(_) => {
                parts.reverse();
                return Some(format!("/{}", parts.join("/")));
            }
            None => {
                // The path goes on in another template.
                parts.push("${…}".to_owned());
                parts.reverse();
                return Some(parts.join("/"));
            }
        }
    }
    None
}

/// The CORS policies that mocked answers to preflights state, by resource.
fn preflights(template: &Template<'_>, gateway: &mut Gateway) -> HashMap<String, Applied> {
    let mut found = HashMap::new();
    for method in template.all("AWS::ApiGateway::Method") {
        let options = method.get("HttpMethod").and_then(Node::text) == Some("OPTIONS");
        let resource = method.get("ResourceId").and_then(value::pattern).filter(|_| options);
        let (Some(resource), Some(integration)) = (resource, method.get("Integration")) else { continue };
        if let Some(policy) = integration::preflight(integration, &METHOD, gateway) {
            let place = integration.key_place();
            found.insert(resource, Applied { policy, place, scope: Scope::Route });
        }
    }
    found
}

fn unchecked_body(template: &Template<'_>, method: &Resource<'_>, verb: Option<&str>) -> Option<Place> {
    let models = method.get("RequestModels").filter(|_| matches!(verb, Some("POST" | "PUT" | "PATCH")));
    models.filter(|models| !value::is_computed(*models) && models.children().next().is_some())?;
    let Some(named) = method.get("RequestValidatorId") else { return Some(method.node.key_place()) };
    let validator = template.referred(Some(named))?;
    match value::flag(validator.get("ValidateRequestBody")) {
        Stated::Known(true) | Stated::Unknown(..) => None,
        Stated::Known(false) | Stated::Absent => Some(named.place()),
    }
}

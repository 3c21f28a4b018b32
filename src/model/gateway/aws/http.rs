//! HTTP and WebSocket APIs of CloudFormation: `AWS::ApiGatewayV2::*`.

use std::collections::HashMap;

use super::super::{Gateway, Node, Stated};
use super::api::{Api, Draft, Sort};
use super::authorizer::{Authorizer, Sort as AuthorizerSort};
use super::integration::{Integration, V2};
use super::template::{Apis, Template};
use super::{openapi, rest, value};

/// Reads APIs, their stages and authorizers.
pub(super) fn apis(template: &Template<'_>, apis: &mut Apis, gateway: &mut Gateway) {
    for resource in template.all("AWS::ApiGatewayV2::Api") {
        let web_socket = value::text(resource.get("ProtocolType")).known() == Some(&"WEBSOCKET");
        let sort = if web_socket { Sort::WebSocket } else { Sort::Http };
        let mut api = Api::new(resource.name, resource.node.key_place(), sort, gateway);
        if let Some(node) = resource.get("CorsConfiguration") {
            api.cors = openapi::cors(node, "AllowOrigins", "AllowCredentials", gateway);
        }
        api.endpoint_off = value::flag(resource.get("DisableExecuteApiEndpoint"));
        apis.add(api);
    }
    for stage in template.all("AWS::ApiGatewayV2::Stage") {
        let Some(api) = apis.referred(stage.get("ApiId")) else { continue };
        api.stage.log(stage.get("AccessLogSettings"), stage.node.key_place());
        api.stage.routes(stage.get("DefaultRouteSettings"), stage.get("RouteSettings"), gateway);
    }
    for resource in template.all("AWS::ApiGatewayV2::Authorizer") {
        let sort = AuthorizerSort::parse(value::text(resource.get("AuthorizerType")).known().copied());
        let mut authorizer = Authorizer::new(resource.name, resource.node.key_place(), sort);
        authorizer.add_sources(resource.get("IdentitySource"));
        authorizer.ttl = resource.get("AuthorizerResultTtlInSeconds");
        authorizer.keeps = false;
        authorizer.simple = value::flag(resource.get("EnableSimpleResponses")).known() == Some(&true);
        authorizer.token = resource.get("JwtConfiguration");
        let mut kept = Vec::new();
        let number = authorizer.add(gateway, &mut kept);
        apis.authorizers.insert(resource.name.to_owned(), number);
        match apis.referred(resource.get("ApiId")) {
            Some(api) => api.kept.append(&mut kept),
            None => apis.kept.append(&mut kept),
        }
    }
}

/// Reads routes, bodies that are documents, and the one route of an API that is made with a target.
pub(super) fn routes(template: &Template<'_>, apis: &mut Apis, gateway: &mut Gateway) {
    for resource in template.all("AWS::ApiGatewayV2::Api") {
        let Some(api) = apis.named(resource.name) else { continue };
        rest::body(template.documents, resource.get("Body"), resource.get("BodyS3Location"), api, gateway);
        if let Some(target) = resource.get("Target") {
            let key = resource.get("RouteKey").map_or(target, |key| key);
            let mut draft = Draft::new("$default", "ANY", target.place());
            if let Some((method, path)) = key.text().and_then(|text| text.split_once(' ')) {
                draft = Draft::new(path, method, key.place());
            }
            draft.integration = Integration::FUNCTION;
            api.route(draft, gateway);
        }
    }
    let mut integrations: HashMap<&str, Integration> = HashMap::new();
    for resource in template.all("AWS::ApiGatewayV2::Integration") {
        if let Some(node) = resource.properties() {
            integrations.insert(resource.name, Integration::read(node, &V2, gateway));
        }
    }
    for route in template.all("AWS::ApiGatewayV2::Route") {
        let (Some(api), Some(key)) = (route.get("ApiId"), route.get("RouteKey")) else { continue };
        let mut draft = route_key(key);
        let target = route.get("Target").and_then(value::pattern).unwrap_or_default();
        let named = value::names(&target).find_map(|name| integrations.get(name));
        draft.integration = named.cloned().unwrap_or(Integration::UNKNOWN);
        let authorizers = std::mem::take(&mut apis.authorizers);
        let api = apis.of(api, Sort::Http, gateway);
        // Of a WebSocket API, only the request that opens the connection is one of HTTP.
        if api.sort != Sort::WebSocket || key.text() == Some("$connect") {
            if api.sort == Sort::WebSocket {
                draft.method = Stated::Known("GET".to_owned());
            }
            draft.auth = rest::auth(route, api, &authorizers, gateway);
            api.route(draft, gateway);
        }
        apis.authorizers = authorizers;
    }
}

/// `GET /orders`, `ANY /orders`, `$default`.
fn route_key(key: Node<'_>) -> Draft {
    let text = value::pattern(key).unwrap_or_default();
    match text.split_once(' ') {
        Some((method, path)) => Draft::new(path, method, key.place()),
        None if text.starts_with('$') && !text.starts_with("${") => Draft::new(&text, "ANY", key.place()),
        None => {
            let mut draft = Draft::new("", "", key.place());
            draft.path = None;
            draft.method = value::text(Some(key)).map(str::to_owned);
            draft
        }
    }
}

//! SAM: `AWS::Serverless::Api` and `HttpApi`, the events of functions that make up their routes, and `Globals`.
//!
//! Sources: <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html>,
//! <https://github.com/aws/serverless-application-model/tree/develop/samtranslator>.

use std::collections::HashSet;

use super::super::{Applied, Consequence, Cors, DanglingName, Gateway, Node, RateKey, RateLimit, Scope, Set, Stated};
use super::api::{Api, Draft, Sort, applied};
use super::authorizer::{Authorizer, Sort as AuthorizerSort};
use super::integration::{self, Integration};
use super::template::{Apis, Resource, Template};
use super::{front, openapi, policy, rest, value};
use crate::model::Why;
use crate::span::Place;

/// A setting with what `Globals` say of it. Maps are merged, lists are joined, of anything else the own one counts.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html>
#[derive(Clone, Copy, Debug)]
pub(super) struct Layers<'s> {
    own: Option<Node<'s>>,
    global: Option<Node<'s>>,
}

impl<'s> Layers<'s> {
    /// The properties of a resource over those of `Globals`.
    pub(super) const fn new(own: Option<Node<'s>>, global: Option<Node<'s>>) -> Self {
        Self { own, global }
    }

    /// What stands under a key.
    pub(super) fn at(self, key: &str) -> Self {
        let own = self.own.and_then(|node| node.get(key));
        let global = self.global.and_then(|node| node.get(key));
        // Anything but a map hides what is below it.
        let hidden = own.is_some_and(|own| !own.is_map() || value::function(own).is_some());
        Self { own, global: global.filter(|_| !hidden) }
    }

    /// The value that counts.
    pub(super) fn node(self) -> Option<Node<'s>> {
        value::given(self.own.or(self.global))
    }

    /// The value under a key that counts.
    pub(super) fn get(self, key: &str) -> Option<Node<'s>> {
        self.at(key).node()
    }

    /// The items of lists: those of both.
    fn items(self, key: &str) -> Vec<Node<'s>> {
        let of = |node: Option<Node<'s>>| rest::list(node.and_then(|node| node.get(key)));
        of(self.global).into_iter().chain(of(self.own)).collect()
    }

    /// The entries of maps, the own ones first.
    fn entries(self) -> Vec<Node<'s>> {
        let of = |node: Option<Node<'s>>| node.into_iter().flat_map(Node::children);
        let mut seen = HashSet::new();
        of(self.own).chain(of(self.global)).filter(|entry| entry.key().is_some_and(|key| seen.insert(key))).collect()
    }
}

/// Names of the APIs that SAM makes for events that name none.
const IMPLICIT: [(&str, &str, Sort); 2] =
    [("ServerlessRestApi", "Api", Sort::Rest), ("ServerlessHttpApi", "HttpApi", Sort::Http)];

/// Reads APIs: those that are resources, and those that events imply.
pub(super) fn apis(template: &Template<'_>, apis: &mut Apis, gateway: &mut Gateway) {
    for (kind, globals, sort) in
        [("AWS::Serverless::Api", "Api", Sort::Rest), ("AWS::Serverless::HttpApi", "HttpApi", Sort::Http)]
    {
        for resource in template.all(kind) {
            let layers = Layers::new(resource.properties(), template.globals(globals));
            let api = api(resource.name, resource.node.key_place(), sort, layers, gateway);
            apis.add(api);
        }
    }
    for (name, kind, sort) in IMPLICIT {
        let first = events(template).into_iter().find(|event| event.kind == kind && event.api().is_none());
        if let Some(event) = first {
            let layers = Layers::new(None, template.globals(kind));
            let place = template.globals(kind).map_or(event.node.key_place(), Node::key_place);
            let api = api(name, place, sort, layers, gateway);
            apis.add(api);
        }
    }
}

fn api(name: &str, place: Place, sort: Sort, layers: Layers<'_>, gateway: &mut Gateway) -> Api {
    let mut api = Api::new(name, place, sort, gateway);
    let endpoint = layers.get("EndpointConfiguration");
    let types = endpoint.and_then(|node| node.get("Type").or(node.get("Types")).or(Some(node)));
    rest::endpoint_types(types, &mut api, gateway);
    api.endpoint_off = value::flag(layers.get("DisableExecuteApiEndpoint"));
    cors(layers, &mut api, gateway);
    auth(layers.at("Auth"), &mut api, gateway);
    if sort == Sort::Rest {
        api.stage.log(layers.get("AccessLogSetting"), place);
        api.stage.cache(layers.get("CacheClusterEnabled"));
        api.stage.methods(&layers.items("MethodSettings"), gateway);
    } else {
        api.stage.log(layers.get("AccessLogSettings").or(layers.get("AccessLogSetting")), place);
        api.stage.routes(layers.get("DefaultRouteSettings"), layers.get("RouteSettings"), gateway);
    }
    front::sam_domain(layers.at("Domain"), &mut api, gateway);
    api
}

/// The CORS policy: `'*'` in quotes within quotes for REST APIs, `true` or a map for HTTP APIs.
fn cors(layers: Layers<'_>, api: &mut Api, gateway: &mut Gateway) {
    let (key, origins, credentials) = match api.sort {
        Sort::Rest => ("Cors", "AllowOrigin", "AllowCredentials"),
        _ => ("CorsConfiguration", "AllowOrigins", "AllowCredentials"),
    };
    let Some(node) = layers.get(key) else { return };
    if node.is_map() {
        api.cors = openapi::cors(node, origins, credentials, gateway);
        return;
    }
    let mut cors = Cors::new(node.key_place());
    integration::origins(&mut cors, &[node]);
    if node.bool() == Some(true) {
        cors.any_origin = Some((Set::written((), node.place()), super::super::AnyOrigin::Literal));
    }
    cors.credentials = Stated::Known(Set::default(false, node.key_place()));
    if node.bool() != Some(false) {
        let place = node.key_place();
        api.cors = Stated::Known(vec![Applied { policy: gateway.add_cors(cors), place, scope: Scope::Global }]);
    }
}

/// What holds for all events of an API.
fn auth(layers: Layers<'_>, api: &mut Api, gateway: &mut Gateway) {
    let Some(node) = layers.node() else { return };
    let authorizers = layers.at("Authorizers");
    let computed = [Some(node), authorizers.node()].into_iter().flatten().find(|node| value::is_computed(*node));
    if let Some(node) = computed {
        api.unseen = Some((Why::Elsewhere, node.place()));
    } else {
        for entry in authorizers.entries() {
            if let Some(name) = entry.key() {
                let number = authorizer(name, entry, api.sort).add(gateway, &mut api.kept);
                api.authorizers.insert(name.to_owned(), number);
            }
        }
    }
    if let Some(default) = layers.get("DefaultAuthorizer") {
        match value::text(Some(default)) {
            Stated::Known(name) => api.usual = Some(named(name, default.place(), Scope::Global, api, gateway)),
            Stated::Unknown(why, _) => api.unseen = Some((why, default.place())),
            Stated::Absent => {}
        }
    }
    let key = layers.get("ApiKeyRequired");
    match value::flag(key) {
        Stated::Known(true) => api.key = key.map(Node::key_place),
        Stated::Unknown(why, place) => api.unseen = Some((why, place.unwrap_or(api.place))),
        _ => {}
    }
    if let Some(node) = layers.get("ResourcePolicy") {
        api.access = Stated::Known(vec![policy::lists(node, Scope::Global, gateway)]);
    }
    let throttle = layers.at("UsagePlan").get("Throttle").or(layers.at("UsagePlan").get("Quota"));
    if let Some(node) = throttle {
        let mut rate = RateLimit::new("UsagePlan", node.key_place());
        rate.key = Stated::Known(RateKey::Caller);
        api.plan(Applied { policy: gateway.add_rate(rate), place: node.key_place(), scope: Scope::Global });
    }
}

/// An authorizer under `Auth.Authorizers`.
fn authorizer<'s>(name: &'s str, node: Node<'s>, sort: Sort) -> Authorizer<'s> {
    let function = node.get("FunctionArn").is_some();
    let payload = value::text(node.get("FunctionPayloadType")).known().copied();
    let kind = match sort {
        _ if node.get("UserPoolArn").is_some() => AuthorizerSort::Pool,
        Sort::Rest if !function => AuthorizerSort::Unknown,
        Sort::Rest if payload.is_some_and(|payload| payload.eq_ignore_ascii_case("REQUEST")) => AuthorizerSort::Request,
        Sort::Rest => AuthorizerSort::Token,
        _ if function => AuthorizerSort::Request,
        _ => AuthorizerSort::Jwt,
    };
    let mut authorizer = Authorizer::new(name, node.key_place(), kind);
    authorizer.token = node.get("JwtConfiguration");
    authorizer.keeps = sort == Sort::Rest;
    authorizer.simple = node.is_true("EnableSimpleResponses");
    authorizer.add_sources(node.get("IdentitySource"));
    if let Some(identity) = node.get("Identity") {
        authorizer.ttl = identity.get("ReauthorizeEvery");
        authorizer.expression = identity.get("ValidationExpression");
        for (key, prefix) in [
            ("Header", "method.request.header."),
            ("Headers", "method.request.header."),
            ("QueryStrings", "method.request.querystring."),
            ("StageVariables", "stageVariables."),
            ("Context", "context."),
        ] {
            for item in identity.list(key) {
                let source = format!("{prefix}{}", value::pattern(item).unwrap_or_default());
                authorizer.sources.push((source, item.place()));
            }
        }
    }
    authorizer
}

/// The authorizer of a name; one that nothing defines makes the deployment fail.
fn named(name: &str, place: Place, scope: Scope, api: &mut Api, gateway: &mut Gateway) -> Applied {
    if name == "AWS_IAM" {
        return api.iam(place, scope, gateway);
    }
    if let Some(&policy) = api.authorizers.get(name) {
        return Applied { policy, place, scope };
    }
    if api.unseen.is_none() {
        let (name, what) = (name.to_owned(), "authorizer".to_owned());
        gateway.dangling.push(DanglingName { name, what, place, consequence: Consequence::Dead });
    }
    Api::unseen_authorizer(name, place, scope, gateway)
}

/// An event that makes a route.
#[derive(Clone, Copy, Debug)]
struct Event<'s> {
    kind: &'s str,
    node: Node<'s>,
    properties: Option<Node<'s>>,
    conditional: bool,
}

impl<'s> Event<'s> {
    fn get(&self, key: &str) -> Option<Node<'s>> {
        value::given(self.properties?.get(key))
    }

    /// What it says of its API.
    fn api(&self) -> Option<Node<'s>> {
        self.get(if self.kind == "Api" { "RestApiId" } else { "ApiId" })
    }
}

/// All events that make routes, in order.
fn events<'s>(template: &Template<'s>) -> Vec<Event<'s>> {
    let with_events = |resource: &&Resource<'s>| {
        matches!(resource.kind, "AWS::Serverless::Function" | "AWS::Serverless::StateMachine")
    };
    let maps = template.resources().iter().filter(with_events).filter_map(|resource| resource.get("Events"));
    let entries = maps.flat_map(value::branches).flat_map(|(map, some)| map.children().map(move |event| (event, some)));
    entries
        .filter_map(|(node, some)| {
            let kind = node.str("Type").filter(|kind| matches!(*kind, "Api" | "HttpApi"))?;
            Some(Event { kind, node, properties: node.get("Properties"), conditional: some })
        })
        .collect()
}

/// Reads documents in APIs, and events.
pub(super) fn routes(template: &Template<'_>, apis: &mut Apis, gateway: &mut Gateway) {
    // Events add nothing to an API that has a document, but the right to call the function.
    let mut with_document = HashSet::new();
    for (kind, globals) in [("AWS::Serverless::Api", "Api"), ("AWS::Serverless::HttpApi", "HttpApi")] {
        for resource in template.all(kind) {
            let layers = Layers::new(resource.properties(), template.globals(globals));
            let (inline, elsewhere) = (layers.get("DefinitionBody"), layers.get("DefinitionUri"));
            let merges = layers.get("MergeDefinitions").and_then(Node::bool) == Some(true);
            if inline.or(elsewhere).is_some() && !merges {
                with_document.insert(resource.name);
            }
            if let Some(api) = apis.named(resource.name) {
                rest::body(template.documents, inline, elsewhere, api, gateway);
                if api.unseen.is_some_and(|(why, _)| why == Why::UnresolvedInclude) {
                    with_document.remove(resource.name);
                }
            }
        }
    }
    for event in events(template) {
        let implicit = if event.kind == "Api" { "ServerlessRestApi" } else { "ServerlessHttpApi" };
        let api = match event.api() {
            None => apis.named(implicit),
            Some(node) => match template.referred(Some(node)) {
                Some(found) if !found.kind.starts_with("AWS::Serverless::") => None,
                Some(found) if with_document.contains(found.name) => None,
                found => {
                    let api = apis.of(node, if event.kind == "Api" { Sort::Rest } else { Sort::Http }, gateway);
                    if found.is_none() {
                        // What its methods ask for is said where it stands.
                        api.unseen.get_or_insert((Why::Elsewhere, node.place()));
                    }
                    Some(api)
                }
            },
        };
        if let Some(api) = api {
            let draft = route(event, api, gateway);
            api.route(draft, gateway);
        }
    }
}

fn route(event: Event<'_>, api: &mut Api, gateway: &mut Gateway) -> Draft {
    let path = event.get("Path");
    let text = match path {
        Some(path) => value::pattern(path),
        None => Some("$default".to_owned()),
    };
    let mut draft = Draft::new("", "ANY", path.map_or(event.node.key_place(), Node::place));
    draft.path = text;
    if let Some(method) = event.get("Method") {
        draft.method = value::text(Some(method)).map(str::to_ascii_uppercase);
        draft.method_place = method.place();
    }
    draft.condition = event.conditional.then(|| event.node.key_place());
    draft.integration = Integration::FUNCTION;
    let auth = event.get("Auth");
    let chosen = auth.and_then(|auth| value::given(auth.get("Authorizer")));
    let mut list = Vec::new();
    match value::text(chosen) {
        Stated::Known("NONE") => {
            draft.auth_off = chosen.filter(|_| api.usual.is_some()).map(Node::place);
        }
        Stated::Known(name) => {
            let place = chosen.map_or(draft.place, Node::place);
            list.push(named(name, place, Scope::Route, api, gateway));
        }
        Stated::Absent => list.extend(api.usual.clone()),
        Stated::Unknown(..) => {}
    }
    let key = auth.and_then(|auth| value::given(auth.get("ApiKeyRequired")));
    match value::flag(key) {
        Stated::Known(true) => list.push(api.api_key(key.map_or(draft.place, Node::key_place), Scope::Route, gateway)),
        Stated::Known(false) => draft.keyless = true,
        _ => {}
    }
    draft.auth = applied(list);
    // Whatever is worked out at deployment may be what protects the route.
    let unread = chosen.filter(|node| node.text().is_none());
    let computed = [auth, key].into_iter().flatten().find(|node| value::is_computed(*node));
    if let Some(node) = unread.or(computed).filter(|_| draft.auth.is_absent()) {
        draft.auth = Stated::Unknown(Why::Elsewhere, Some(node.place()));
    }
    let access = auth.and_then(|auth| value::given(auth.get("ResourcePolicy")));
    draft.access = access.map(|node| policy::lists(node, Scope::Route, gateway));
    let model = event.get("RequestModel").filter(|model| !value::is_computed(*model));
    let checked = model.is_some_and(|model| model.get("ValidateBody").is_some_and(|node| node.bool() != Some(false)));
    let writes = matches!(draft.method.known().map(String::as_str), Some("POST" | "PUT" | "PATCH"));
    draft.unchecked_body = model.filter(|_| writes && !checked).map(Node::key_place);
    draft
}

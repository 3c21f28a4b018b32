//! OpenAPI documents with the extensions of API Gateway, as files of their own and as bodies in templates.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>

use std::collections::HashMap;

use super::super::Consequence;
use super::super::{Applied, Cors, DanglingName, Gateway, Node, Scope, Set, Stated};
use super::api::{Api, Draft, Sort, applied};
use super::authorizer::{Authorizer, Sort as AuthorizerSort};
use super::integration::{self, DOCUMENT, Integration};
use super::{policy, value};
use crate::model::Why;
use crate::span::Place;

/// Methods of a path item, and the extension for all the others.
/// `any` is the short form of SAM.
const METHODS: [&str; 9] =
    ["get", "put", "post", "delete", "options", "head", "patch", "any", "x-amazon-apigateway-any-method"];

/// Local references are followed this often.
const MAX_STEPS: usize = 8;

/// What binds a security scheme to something that API Gateway enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binding {
    Authorizer(u32),
    Iam,
    Key,
    /// Nothing: whoever names it gets no protection.
    Nothing,
}

/// A document.
struct Document<'s> {
    root: Node<'s>,
    schemes: HashMap<&'s str, Binding>,
    /// What says which requests are checked, by name.
    validators: HashMap<&'s str, bool>,
    /// The name of the validator of operations that name none.
    validator: Option<Node<'s>>,
}

/// Whether a document is one of an HTTP API.
pub(super) fn is_http(root: Node<'_>) -> bool {
    let mut operations = root.get("paths").into_iter().flat_map(Node::children).flat_map(Node::children);
    let is_v2 =
        |operation: Node<'_>| operation.path(&["x-amazon-apigateway-integration", "payloadFormatVersion"]).is_some();
    root.get("x-amazon-apigateway-cors").is_some()
        || root.path(&["paths", "/$default"]).is_some()
        || schemes(root).any(|scheme| scheme.path(&["x-amazon-apigateway-authorizer", "jwtConfiguration"]).is_some())
        || operations.any(is_v2)
}

fn schemes(root: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let found = root.path(&["components", "securitySchemes"]).or(root.get("securityDefinitions"));
    found.into_iter().flat_map(Node::children)
}

/// Whether a document says anything of who may call: then what it lacks is lacking.
pub(super) fn speaks_of_access(root: Node<'_>) -> bool {
    const EXPORT: &str = "x-amazon-apigateway-importexport-version";
    let mut operations = root.get("paths").into_iter().flat_map(Node::children).flat_map(Node::children);
    root.get("x-amazon-apigateway-policy").is_some()
        || root.path(&["info", EXPORT]).or(root.get(EXPORT)).is_some()
        || schemes(root).next().is_some()
        || operations.any(|operation| operation.get("x-amazon-apigateway-auth").is_some())
}

/// Reads the routes of a document into an API.
pub(super) fn lower(root: Node<'_>, api: &mut Api, gateway: &mut Gateway) {
    let mut bound = HashMap::new();
    for scheme in schemes(root) {
        if let Some(name) = scheme.key() {
            bound.insert(name, binding(name, scheme, api, gateway));
        }
    }
    let validators = root.get("x-amazon-apigateway-request-validators").into_iter().flat_map(Node::children);
    let validators = validators.filter_map(|node| Some((node.key()?, node.is_true("validateRequestBody")))).collect();
    let validator = root.get("x-amazon-apigateway-request-validator");
    let document = Document { root, schemes: bound, validators, validator };
    if let Some(found) = root.get("x-amazon-apigateway-policy") {
        let policy = policy::document(found, "x-amazon-apigateway-policy", Scope::Global, gateway);
        api.access = Stated::Known(vec![policy]);
    }
    if let Some(cors) = root.get("x-amazon-apigateway-cors") {
        api.cors = self::cors(cors, "allowOrigins", "allowCredentials", gateway);
    }
    endpoints(root, api, gateway);
    let Some(paths) = root.get("paths") else { return };
    for item in paths.children() {
        let Some(path) = item.key().filter(|key| key.starts_with('/')) else {
            if item.key().is_some_and(|key| key.starts_with("Fn::")) {
                api.unseen.get_or_insert((Why::UnresolvedInclude, item.key_place()));
            }
            continue;
        };
        for (branch, conditional) in value::branches(follow(item, root)) {
            document.path(path, item, branch, conditional, api, gateway);
        }
    }
    let ignored = root.get("security").filter(|list| list.is_list() && list.children().next().is_some());
    if let Some(list) = ignored.filter(|_| api.sort == Sort::Rest) {
        super::note("security", "ignored at the root", list.key_place(), false, Vec::new(), gateway);
    }
}

/// The CORS policy of an HTTP API. It refuses `*` together with credentials.
pub(super) fn cors(node: Node<'_>, origins: &str, credentials: &str, gateway: &mut Gateway) -> Stated<Vec<Applied>> {
    let place = node.key_place();
    if value::is_computed(node) {
        return Stated::Unknown(Why::Elsewhere, Some(node.place()));
    }
    let mut cors = Cors::new(place);
    integration::origins(&mut cors, &node.list(origins));
    cors.credentials = match value::flag(node.get(credentials)) {
        Stated::Known(value) => {
            Stated::Known(Set::written(value, node.get(credentials).map_or(place, Node::key_place)))
        }
        Stated::Absent => Stated::Known(Set::default(false, place)),
        Stated::Unknown(why, place) => Stated::Unknown(why, place),
    };
    Stated::Known(vec![Applied { policy: gateway.add_cors(cors), place, scope: Scope::Global }])
}

/// Private endpoints, and whether the API's own is switched off: on the document or on a server.
fn endpoints(root: Node<'_>, api: &mut Api, gateway: &mut Gateway) {
    const KEY: &str = "x-amazon-apigateway-endpoint-configuration";
    let settings = root.list("servers").into_iter().chain([root]).filter_map(|node| node.get(KEY));
    for setting in settings {
        if setting.get("vpcEndpointIds").is_some() {
            api.set_private(gateway);
        }
        if let off @ (Stated::Known(_) | Stated::Unknown(..)) = value::flag(setting.get("disableExecuteApiEndpoint")) {
            api.endpoint_off = off;
        }
    }
}

/// The node that a local reference leads to.
fn follow<'s>(mut node: Node<'s>, root: Node<'s>) -> Node<'s> {
    for _ in 0..MAX_STEPS {
        let Some(pointer) = node.str("$ref").and_then(|text| text.strip_prefix("#/")) else { return node };
        let keys = pointer.split('/').map(|key| key.replace("~1", "/").replace("~0", "~"));
        match keys.into_iter().try_fold(root, |node, key| node.get(&key)) {
            Some(target) => node = target,
            None => return node,
        }
    }
    node
}

/// What binds a scheme. REST APIs know keys in `x-api-key`, signatures of AWS, and what has an authorizer; the type of
/// a scheme alone, `http` or `oauth2`, protects nothing.
fn binding<'s>(name: &'s str, scheme: Node<'s>, api: &mut Api, gateway: &mut Gateway) -> Binding {
    if let Some(node) = scheme.get("x-amazon-apigateway-authorizer") {
        let sort = AuthorizerSort::parse(node.str("type").or(node.get("jwtConfiguration").map(|_| "jwt")));
        let mut authorizer = Authorizer::new(name, node.key_place(), sort);
        authorizer.add_sources(node.get("identitySource"));
        authorizer.ttl = node.get("authorizerResultTtlInSeconds");
        authorizer.keeps = api.sort == Sort::Rest;
        authorizer.expression = node.get("identityValidationExpression");
        authorizer.simple = node.is_true("enableSimpleResponses");
        authorizer.token = node.get("jwtConfiguration");
        return Binding::Authorizer(authorizer.add(gateway, &mut api.kept));
    }
    let authtype = value::text(scheme.get("x-amazon-apigateway-authtype"));
    if authtype.known().is_some_and(|text| text.to_ascii_lowercase().starts_with("aws")) {
        return Binding::Iam;
    }
    let is_key = scheme.str("type") == Some("apiKey") && scheme.str("in") == Some("header");
    let named = scheme.str("name").is_some_and(|name| name.eq_ignore_ascii_case("x-api-key"));
    if is_key && named { Binding::Key } else { Binding::Nothing }
}

impl<'s> Document<'s> {
    fn path(
        &self,
        path: &str,
        item: Node<'s>,
        branch: Node<'s>,
        conditional: bool,
        api: &mut Api,
        gateway: &mut Gateway,
    ) {
        let preflight = branch.path(&["options", "x-amazon-apigateway-integration"]);
        let cors = preflight.and_then(|node| {
            let node = follow(node, self.root);
            let policy = integration::preflight(node, &DOCUMENT, gateway)?;
            Some(Applied { policy, place: node.key_place(), scope: Scope::Route })
        });
        for entry in branch.children() {
            let Some(key) = entry.key() else { continue };
            let lower = key.to_ascii_lowercase();
            if !METHODS.contains(&lower.as_str()) {
                continue;
            }
            for (operation, inner) in value::branches(entry) {
                let method = if lower.starts_with("x-") { "any" } else { lower.as_str() };
                let path = if path == "/$default" { "$default" } else { path };
                let mut draft = Draft::new(path, method, entry.key_place());
                draft.path_place = item.key_place();
                draft.condition = (conditional || inner).then(|| entry.key_place());
                (draft.auth, draft.auth_off) = self.auth(operation, api, gateway);
                draft.integration =
                    operation.get("x-amazon-apigateway-integration").map_or(Integration::UNKNOWN, |node| {
                        let node = value::branches(follow(node, self.root)).first().map_or(node, |(branch, _)| *branch);
                        Integration::read(node, &DOCUMENT, gateway)
                    });
                draft.cors = cors.clone();
                draft.unchecked_body = self.unchecked_body(operation, method, api, entry.key_place(), gateway);
                api.route(draft, gateway);
            }
        }
    }

    /// What an operation asks for, and where it switches a default off.
    fn auth(&self, operation: Node<'s>, api: &mut Api, gateway: &mut Gateway) -> (Stated<Vec<Applied>>, Option<Place>) {
        let mut list: Vec<Applied> = Vec::new();
        let mut off = None;
        if let Some(node) = operation.path(&["x-amazon-apigateway-auth", "type"]) {
            match node.text().map(str::to_ascii_uppercase).as_deref() {
                Some("NONE") => off = Some(node.place()),
                Some("AWS_IAM") => list.push(api.iam(node.place(), Scope::Route, gateway)),
                _ => {}
            }
        }
        let own = operation.entry_of("security");
        let inherited = self.root.get("security").filter(|_| own.is_none() && api.sort != Sort::Rest);
        if let Some(node) = own.or(inherited) {
            if value::is_computed(node) {
                return (Stated::Unknown(Why::Elsewhere, Some(node.place())), None);
            }
            for entry in node.children().flat_map(Node::children) {
                let Some(name) = entry.key() else { continue };
                let place = entry.key_place();
                let scope = if own.is_some() { Scope::Route } else { Scope::Global };
                let known = self.schemes.get(name).copied();
                let bound = known.or(api.authorizers.get(name).map(|&auth| Binding::Authorizer(auth)));
                list.extend(match bound {
                    Some(Binding::Authorizer(policy)) => Some(Applied { policy, place, scope }),
                    Some(Binding::Iam) => Some(api.iam(place, scope, gateway)),
                    Some(Binding::Key) => Some(api.api_key(place, scope, gateway)),
                    Some(Binding::Nothing) => None,
                    // Marks that SAM reads.
                    None if name == "NONE" => {
                        off = Some(place);
                        None
                    }
                    None if name == "AWS_IAM" => Some(api.iam(place, scope, gateway)),
                    None => None,
                });
            }
        }
        let only_keys = !list
            .iter()
            .any(|applied| gateway.auths.get(applied.policy as usize).is_some_and(|auth| auth.name != "API key"));
        match (&api.usual, off) {
            (Some(usual), None) if only_keys => list.insert(0, usual.clone()),
            (None, _) => off = None,
            _ => {}
        }
        (applied(list), off)
    }

    /// Where a body of a model is accepted that nothing compares with it. HTTP APIs compare none.
    fn unchecked_body(
        &self,
        operation: Node<'s>,
        method: &str,
        api: &Api,
        place: Place,
        gateway: &mut Gateway,
    ) -> Option<Place> {
        let writes = matches!(method, "post" | "put" | "patch");
        let in_body = |node: &Node<'s>| node.str("in") == Some("body") && node.get("schema").is_some();
        let contents = operation.path(&["requestBody", "content"]).into_iter().flat_map(Node::children);
        let has_model = contents.into_iter().any(|content| content.get("schema").is_some())
            || operation.path(&["requestBody", "$ref"]).is_some()
            || operation.list("parameters").iter().any(in_body);
        if !writes || !has_model || api.sort != Sort::Rest {
            return None;
        }
        let named = operation.get("x-amazon-apigateway-request-validator").or(self.validator);
        let Some(named) = named else { return Some(place) };
        let name = named.text()?;
        match self.validators.get(name) {
            Some(true) => None,
            Some(false) => Some(named.place()),
            None => {
                gateway.dangling.push(DanglingName {
                    name: name.to_owned(),
                    what: "request validator".to_owned(),
                    place: named.place(),
                    consequence: Consequence::Open,
                });
                None
            }
        }
    }
}

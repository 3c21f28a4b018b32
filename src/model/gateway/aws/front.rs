//! What stands in front of APIs and beside them: domains, usage plans, firewalls, URLs of functions, credentials.

use std::collections::HashMap;

use super::super::host::Depth;
use super::super::tls::TlsVersion;
use super::super::{
    Applied, Bind, ClientCertificate, Exposure, Gateway, HostPattern, Listener, Node, Protocol, RateKey, RateLimit,
    Scope, Set, Stated, Tls, TlsSide,
};
use super::api::{Api, Sort};
use super::sam::Layers;
use super::template::{Apis, Template};
use super::{note, value};
use crate::model::Why;
use crate::span::Place;

/// Reads domains, and which APIs they lead to.
pub(super) fn domains(template: &Template<'_>, apis: &mut Apis, gateway: &mut Gateway) {
    let mut domains: HashMap<String, (u32, Option<Place>)> = HashMap::new();
    for kind in ["AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName"] {
        for resource in template.all(kind) {
            let settings = resource.get("DomainNameConfigurations").and_then(|list| list.children().next());
            let domain = Domain {
                name: resource.get("DomainName"),
                label: resource.name,
                place: resource.node.key_place(),
                policy: settings.and_then(|node| node.get("SecurityPolicy")).or(resource.get("SecurityPolicy")),
                mutual: resource.get("MutualTlsAuthentication"),
            };
            let found = domain.add(gateway);
            if let Some(name) = domain.name.and_then(value::pattern) {
                domains.insert(name, found);
            }
            domains.insert(format!("${{{}}}", resource.name), found);
        }
    }
    for (kind, key) in [("AWS::ApiGateway::BasePathMapping", "RestApiId"), ("AWS::ApiGatewayV2::ApiMapping", "ApiId")] {
        for mapping in template.all(kind) {
            let name = mapping.get("DomainName").and_then(value::pattern);
            let domain = name.and_then(|name| domains.get(&name)).copied();
            if let (Some(domain), Some(api)) = (domain, apis.referred(mapping.get(key))) {
                api.domains.push(domain);
            }
        }
    }
}

/// The domain of an API of SAM.
pub(super) fn sam_domain(layers: Layers<'_>, api: &mut Api, gateway: &mut Gateway) {
    let Some(node) = layers.node().filter(|node| !value::is_computed(*node)) else { return };
    let domain = Domain {
        name: layers.get("DomainName"),
        label: "domain",
        place: node.key_place(),
        policy: layers.get("SecurityPolicy"),
        mutual: layers.get("MutualTlsAuthentication"),
    };
    api.domains.push(domain.add(gateway));
}

struct Domain<'s> {
    name: Option<Node<'s>>,
    label: &'s str,
    place: Place,
    policy: Option<Node<'s>>,
    mutual: Option<Node<'s>>,
}

impl Domain<'_> {
    /// The listener of the domain, and what asks for client certificates there.
    fn add(&self, gateway: &mut Gateway) -> (u32, Option<Place>) {
        let host = value::text(self.name).known().copied();
        let min_version = match value::read(self.policy, |node| TlsVersion::of_aws_policy(node.text()?)) {
            Stated::Known(version) => Stated::Known(Set::written(version, self.policy.map_or(self.place, Node::place))),
            Stated::Unknown(why, place) => Stated::Unknown(why, place),
            // What holds then depends on the kind of the domain and on when it was made.
            Stated::Absent => Stated::Unknown(Why::Elsewhere, Some(self.place)),
        };
        let mutual = match self.mutual {
            Some(node) if value::is_computed(node) => Stated::Unknown(Why::Elsewhere, Some(node.place())),
            Some(node) => Stated::Known(Set::written(ClientCertificate::Required, node.key_place())),
            None => Stated::Absent,
        };
        let certificate = mutual.known().map(|set: &Set<ClientCertificate>| set.place);
        let place = self.policy.map_or(self.place, Node::place);
        let tls = Tls { place, side: TlsSide::Client, min_version, ciphers: None, client_certificate: mutual };
        let tls = gateway.add_tls(tls);
        let listener = gateway.add_listener(Listener {
            name: host.unwrap_or(self.label).to_owned(),
            place: self.place,
            bind: Stated::Known(Bind::Any),
            port: Some(443),
            protocol: Stated::Known(Protocol::Https),
            hosts: host.map(|host| HostPattern::wildcard(host, Depth::One)).into_iter().collect(),
            tls: Some(tls),
            redirects_to_https: Stated::Known(false),
            exposure: Exposure::Public,
            hsts: Stated::Absent,
            serves_browsers: false,
        });
        (listener, certificate)
    }
}

/// Reads usage plans: they limit callers with an API key.
pub(super) fn plans(template: &Template<'_>, apis: &mut Apis, gateway: &mut Gateway) {
    for plan in template.all("AWS::ApiGateway::UsagePlan") {
        let Some(limit) = plan.get("Throttle").or(plan.get("Quota")) else { continue };
        let mut rate = RateLimit::new("UsagePlan", limit.key_place());
        rate.key = Stated::Known(RateKey::Caller);
        let policy = gateway.add_rate(rate);
        for stage in super::rest::list(plan.get("ApiStages")) {
            if let Some(api) = apis.referred(stage.get("ApiId")) {
                api.plan(Applied { policy, place: limit.key_place(), scope: Scope::Global });
            }
        }
    }
}

/// Reads firewalls: on stages of REST APIs, and on distributions in front of an API. HTTP APIs can have none of their
/// own.
pub(super) fn firewall(template: &Template<'_>, apis: &mut Apis, gateway: &mut Gateway) {
    let associations = ["AWS::WAFv2::WebACLAssociation", "AWS::WAFRegional::WebACLAssociation"];
    let association = template.resources().iter().find(|resource| associations.contains(&resource.kind));
    let stage = apis.all().iter().find(|api| api.sort == Sort::Rest && api.stage.seen).map(|api| api.place);
    gateway.firewall = match (association, stage) {
        (None, None) => Stated::Unknown(Why::Elsewhere, Some(gateway.place)),
        (None, Some(_)) => Stated::Known(false),
        (Some(found), _) => {
            let target = found.get("ResourceArn").and_then(value::pattern).unwrap_or_default();
            let of_api = target.contains("/restapis/") || target.contains(":apigateway:");
            if of_api { Stated::Known(true) } else { Stated::Unknown(Why::Elsewhere, Some(found.node.key_place())) }
        }
    };
    for distribution in template.all("AWS::CloudFront::Distribution") {
        let Some(settings) = distribution.get("DistributionConfig") else { continue };
        if value::given(settings.get("WebACLId")).is_none() {
            continue;
        }
        for origin in settings.list("Origins") {
            let host = origin.get("DomainName").and_then(value::pattern).unwrap_or_default();
            let names: Vec<String> = value::names(&host).map(str::to_owned).collect();
            for name in names {
                if let Some(api) = apis.named(&name) {
                    api.fronted = true;
                }
            }
        }
    }
}

/// Notes URLs of functions that everybody may call.
pub(super) fn function_urls(template: &Template<'_>, gateway: &mut Gateway) {
    let globals = template.globals("Function");
    for resource in template.resources() {
        let kind = match resource.kind {
            "AWS::Lambda::Url" => resource.get("AuthType"),
            "AWS::Serverless::Function" => {
                let layers = Layers::new(resource.properties(), globals);
                layers.at("FunctionUrlConfig").get("AuthType")
            }
            _ => None,
        };
        if let Some(node) = kind.filter(|node| node.text() == Some("NONE")) {
            note("FunctionUrlConfig.AuthType", "NONE", node.place(), false, Vec::new(), gateway);
        }
    }
}

/// Parts of the names of variables that hold credentials.
const SECRET_NAMES: [&str; 6] = ["SECRET", "PASSWORD", "PASSWD", "PRIVATE_KEY", "API_KEY", "SIGNING_KEY"];

/// Notes credentials: keys that are written out, and those in the environment of functions that authorize.
pub(super) fn credentials(template: &Template<'_>, gateway: &mut Gateway) {
    for key in template.all("AWS::ApiGateway::ApiKey") {
        if let Some(node) = key.get("Value")
            && let Some(text) = node.text()
        {
            gateway.add_credential("API key", text, node.place());
        }
    }
    let mut authorizers: Vec<&str> = Vec::new();
    for kind in ["AWS::Serverless::Api", "AWS::Serverless::HttpApi"] {
        for api in template.all(kind) {
            let entries = api.get("Auth").and_then(|auth| auth.get("Authorizers")).into_iter().flat_map(Node::children);
            authorizers.extend(entries.filter_map(|entry| value::reference(entry.get("FunctionArn")?)));
        }
    }
    let uris: Vec<String> = ["AWS::ApiGateway::Authorizer", "AWS::ApiGatewayV2::Authorizer"]
        .iter()
        .flat_map(|kind| template.resources().iter().filter(move |resource| resource.kind == *kind))
        .filter_map(|resource| value::pattern(resource.get("AuthorizerUri")?))
        .collect();
    authorizers.extend(uris.iter().flat_map(|uri| value::names(uri)));
    authorizers.sort_unstable();
    authorizers.dedup();
    for function in authorizers.into_iter().filter_map(|name| template.named(name)) {
        let variables = function.get("Environment").and_then(|node| node.get("Variables"));
        for variable in variables.into_iter().flat_map(Node::children) {
            let (Some(name), Some(text)) = (variable.key(), variable.text()) else { continue };
            let upper = name.to_ascii_uppercase();
            if SECRET_NAMES.iter().any(|part| upper.ends_with(part)) {
                gateway.add_credential(format!("variable `{name}` of an authorizer"), text, variable.place());
            }
        }
    }
}

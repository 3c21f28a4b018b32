//! Integrations: what a method or route does with a request, in the keys of each carrier.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html>

use super::super::{
    Action, AnyOrigin, Cors, Gateway, Limit, LimitInForce, Measure, Node, Protocol, Set, Stated, Upstream,
};
use super::value;
use crate::model::{Why, net};
use crate::span::Place;

/// The keys of a carrier.
#[derive(Debug)]
pub(super) struct Keys {
    kind: &'static str,
    uri: &'static str,
    connection: &'static str,
    timeout: &'static str,
    tls: &'static str,
    parameters: &'static str,
    responses: &'static str,
    answer: &'static str,
    subtype: &'static str,
    cache_key: &'static str,
}

/// The keys of documents.
pub(super) const DOCUMENT: Keys = Keys {
    kind: "type",
    uri: "uri",
    connection: "connectionType",
    timeout: "timeoutInMillis",
    tls: "tlsConfig",
    parameters: "requestParameters",
    responses: "responses",
    answer: "responseParameters",
    subtype: "integrationSubtype",
    cache_key: "cacheKeyParameters",
};

/// The keys of `AWS::ApiGateway::Method`.
pub(super) const METHOD: Keys = Keys {
    kind: "Type",
    uri: "Uri",
    connection: "ConnectionType",
    timeout: "TimeoutInMillis",
    tls: "TlsConfig",
    parameters: "RequestParameters",
    responses: "IntegrationResponses",
    answer: "ResponseParameters",
    subtype: "",
    cache_key: "CacheKeyParameters",
};

/// The keys of `AWS::ApiGatewayV2::Integration`.
pub(super) const V2: Keys = Keys {
    kind: "IntegrationType",
    uri: "IntegrationUri",
    connection: "ConnectionType",
    timeout: "TimeoutInMillis",
    tls: "TlsConfig",
    parameters: "RequestParameters",
    responses: "",
    answer: "",
    subtype: "IntegrationSubtype",
    cache_key: "",
};

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(super) struct Integration {
    /// What happens.
    pub action: Action,
    /// Where it is sent.
    pub upstream: Option<u32>,
    /// The limit of its time, if one is written.
    pub timeout: Option<u32>,
    /// Where a stage variable decides the host.
    pub stage_variable: Option<(String, Place)>,
    /// Whether a header tells whose answer a kept one is.
    pub keyed: bool,
}

impl Integration {
    /// One that calls a function.
    pub(super) const FUNCTION: Self = Self::of(Action::Function);
    /// One that is not in view.
    pub(super) const UNKNOWN: Self = Self::of(Action::Unknown);

    const fn of(action: Action) -> Self {
        Self { action, upstream: None, timeout: None, stage_variable: None, keyed: false }
    }

    /// Reads one.
    pub(super) fn read(node: Node<'_>, keys: &Keys, gateway: &mut Gateway) -> Self {
        let mut integration = Self::UNKNOWN;
        let kind = value::text(node.get(keys.kind)).known().map(|kind| kind.to_ascii_lowercase());
        let uri = value::given(node.get(keys.uri));
        let target = uri.and_then(value::pattern).unwrap_or_default();
        integration.action = match kind.as_deref() {
            Some("mock") => Action::Respond,
            Some("aws" | "aws_proxy") if node.get(keys.subtype).is_none() && is_function(&target) => Action::Function,
            Some("aws" | "aws_proxy" | "http" | "http_proxy") => Action::Proxy,
            _ => Action::Unknown,
        };
        integration.timeout = node.get(keys.timeout).and_then(|node| {
            let value = node.number()? / 1000.0;
            let name = "timeoutInMillis".to_owned();
            Some(gateway.add_limit(Limit { measure: Measure::Upstream, value, place: node.place(), name }))
        });
        if integration.action == Action::Proxy {
            let stands = uri.or(node.get(keys.subtype)).or(node.get(keys.kind)).map_or(node.key_place(), Node::place);
            let private = value::text(node.get(keys.connection)).known() == Some(&"VPC_LINK");
            let is_http = kind.as_deref().is_some_and(|kind| kind.starts_with("http"));
            integration.upstream = Some(if is_http {
                integration.stage_variable = stage_variable(&target).map(|name| (name, stands));
                http(node, keys, &target, private, stands, gateway)
            } else {
                service(node, keys, &target, stands, gateway)
            });
        }
        let keys_of_cache = node.list(keys.cache_key);
        integration.keyed =
            keys_of_cache.iter().any(|key| key.text().is_some_and(|text| text.starts_with("method.request.header.")));
        credentials(node, keys, gateway);
        integration
    }

    /// The limits in force: API Gateway bounds bodies, headers and time by itself.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
    pub(super) fn limits(&self) -> Vec<LimitInForce> {
        let bounded = |measure| LimitInForce { measure, limit: Stated::Known(None) };
        let mut limits: Vec<LimitInForce> = [Measure::Body, Measure::Request, Measure::Headers].map(bounded).into();
        limits.push(LimitInForce { measure: Measure::Upstream, limit: Stated::Known(self.timeout) });
        limits
    }
}

/// Whether a URI calls a Lambda function. A bare reference to a function is one too.
pub(super) fn is_function(uri: &str) -> bool {
    uri.contains(":lambda:") || !uri.contains("://") && !uri.starts_with("arn:")
}

fn http(node: Node<'_>, keys: &Keys, target: &str, private: bool, place: Place, gateway: &mut Gateway) -> u32 {
    let parts = net::parse(target);
    let named = target.contains("://");
    let mut upstream = Upstream::new(if named { target } else { "integration" }, place);
    let host = parts.host.clone().unwrap_or_default();
    upstream.in_cluster = private;
    upstream.protocol = match parts.scheme {
        Some(scheme) if named => Stated::Known(if scheme.is_cleartext() { Protocol::Http } else { Protocol::Https }),
        _ => Stated::Unknown(Why::Elsewhere, Some(place)),
    };
    if named && !host.is_empty() && !host.contains('$') {
        upstream.hosts.push(host.clone());
    }
    upstream.chosen_by_client = from_request(node, keys, &host);
    let insecure =
        node.get(keys.tls).and_then(|tls| tls.get("insecureSkipVerification").or(tls.get("InsecureSkipVerification")));
    upstream.verified = Stated::Known(match insecure.filter(|node| node.bool() == Some(true)) {
        Some(node) => Set::written(false, node.key_place()),
        None => Set::default(true, place),
    });
    gateway.add_upstream(upstream)
}

/// A service of AWS, which is reached over TLS.
fn service(node: Node<'_>, keys: &Keys, target: &str, place: Place, gateway: &mut Gateway) -> u32 {
    // `arn:aws:apigateway:region:service:path/…`, or `SQS-SendMessage`.
    let subtype = node.str(keys.subtype).and_then(|subtype| subtype.split('-').next());
    let name = subtype.or(target.split(':').nth(4)).filter(|name| !name.is_empty()).unwrap_or("service of AWS");
    let mut upstream = Upstream::new(name, place);
    upstream.protocol = Stated::Known(Protocol::Https);
    upstream.verified = Stated::Known(Set::default(true, place));
    gateway.add_upstream(upstream)
}

/// The parameter of the request that fills in a part of the host: `https://{tenant}.example.com`.
fn from_request(node: Node<'_>, keys: &Keys, host: &str) -> Option<(Place, String)> {
    let (_, rest) = host.split_once('{')?;
    let (name, _) = rest.split_once('}')?;
    let parameters = node.get(keys.parameters)?;
    let mapped = parameters.children().find(|entry| {
        entry
            .key()
            .and_then(|key| key.strip_prefix("integration.request.path."))
            .is_some_and(|key| key.eq_ignore_ascii_case(name))
    })?;
    let from = mapped.text().filter(|text| text.starts_with("method.request."))?;
    Some((mapped.place(), from.to_owned()))
}

/// The stage variable in the host of a URL: `http://${stageVariables.host}/`, in a `Fn::Sub` `${!stageVariables.host}`.
fn stage_variable(target: &str) -> Option<String> {
    let (_, rest) = target.split_once("://")?;
    let host = rest.split('/').next()?;
    let (_, name) = host.split_once("stageVariables.")?;
    Some(name.split('}').next().unwrap_or(name).to_owned())
}

/// Fixed header values that are credentials: `integration.request.header.x-api-key: "'secret'"`.
fn credentials(node: Node<'_>, keys: &Keys, gateway: &mut Gateway) {
    const HEADERS: [&str; 4] = ["authorization", "x-api-key", "api-key", "x-auth-token"];
    for entry in node.get(keys.parameters).into_iter().flat_map(Node::children) {
        let Some(header) = entry.key().and_then(|key| key.strip_prefix("integration.request.header.")) else {
            continue;
        };
        let fixed = entry.text().and_then(|text| text.strip_prefix('\'')?.strip_suffix('\''));
        if let Some(fixed) = fixed.filter(|_| HEADERS.iter().any(|name| header.eq_ignore_ascii_case(name))) {
            gateway.add_credential(format!("value of the header `{header}`"), fixed, entry.place());
        }
    }
}

/// The CORS policy that a mocked answer to preflights states; none if it states none.
pub(super) fn preflight(node: Node<'_>, keys: &Keys, gateway: &mut Gateway) -> Option<u32> {
    let header = |name: &str| {
        let wanted = format!("method.response.header.{name}");
        let mut answers = node.get(keys.responses)?.children().filter_map(|answer| answer.get(keys.answer));
        answers.find_map(|answer| {
            answer.children().find(|entry| entry.key().is_some_and(|key| key.eq_ignore_ascii_case(&wanted)))
        })
    };
    let origin = header("Access-Control-Allow-Origin")?;
    let credentials = header("Access-Control-Allow-Credentials").and_then(|node| Some((unquoted(node)?, node)));
    let mut cors = Cors::new(origin.key_place());
    origins(&mut cors, &[origin]);
    cors.credentials = Stated::Known(match credentials.filter(|(text, _)| *text == "true") {
        Some((_, node)) => Set::written(true, node.place()),
        None => Set::default(false, origin.place()),
    });
    Some(gateway.add_cors(cors))
}

/// Origins as they are written, `'*'` in quotes of its own too.
pub(super) fn origins(cors: &mut Cors, origins: &[Node<'_>]) {
    for &origin in origins {
        match unquoted(origin) {
            Some("*") => cors.any_origin = Some((Set::written((), origin.place()), AnyOrigin::Literal)),
            // HTTP APIs answer with the origin of whoever asks.
            Some("https://*" | "http://*") => {
                cors.any_origin.get_or_insert((Set::written((), origin.place()), AnyOrigin::Echoed));
            }
            Some("null") => cors.null_origin = Some(origin.place()),
            _ => {}
        }
    }
}

fn unquoted(node: Node<'_>) -> Option<&str> {
    let text = node.text()?.trim();
    Some(text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(text))
}

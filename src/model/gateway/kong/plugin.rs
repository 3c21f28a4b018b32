//! Plugins of Kong: what each does to a request, how one is configured, and which of several configurations of one
//! plugin acts. Read against the plugins of Kong 3.10, <https://developer.konghq.com/plugins/>.

use std::collections::BTreeMap;

use super::super::{Mechanism, Node, Scope};
use crate::model::Why;
use crate::span::Place;

/// What a plugin does that the model tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It asks for credentials.
    Auth(Mechanism),
    /// It admits or refuses groups of consumers.
    Groups,
    /// It admits or refuses addresses.
    Addresses,
    /// It asks a server for a decision.
    Decision,
    /// CORS.
    Cors,
    /// It limits how often.
    Rate,
    /// It limits the size of bodies.
    Size,
    /// It compares requests with a schema.
    Validation,
    /// It answers itself.
    Answer,
    /// It answers with examples of a document.
    Mock,
    /// It sends the client elsewhere.
    Redirect,
    /// It calls a function of a cloud.
    Function,
    /// It sends requests where no service has to lead.
    Forward,
    /// Code that stands in its configuration.
    Code,
    /// Nothing of the above.
    Other,
}

/// The plugins that come with Kong. Any other is code that nobody here has read.
const KNOWN: &[(&str, Role)] = &[
    ("basic-auth", Role::Auth(Mechanism::Basic)),
    ("header-cert-auth", Role::Auth(Mechanism::Certificate)),
    ("hmac-auth", Role::Auth(Mechanism::Signature)),
    ("jwt", Role::Auth(Mechanism::Jwt)),
    ("jwt-signer", Role::Auth(Mechanism::Jwt)),
    ("key-auth", Role::Auth(Mechanism::ApiKey)),
    ("key-auth-enc", Role::Auth(Mechanism::ApiKey)),
    ("ldap-auth", Role::Auth(Mechanism::Ldap)),
    ("ldap-auth-advanced", Role::Auth(Mechanism::Ldap)),
    ("mtls-auth", Role::Auth(Mechanism::Certificate)),
    ("oauth2", Role::Auth(Mechanism::OAuth2)),
    ("oauth2-introspection", Role::Auth(Mechanism::OAuth2)),
    ("openid-connect", Role::Auth(Mechanism::Oidc)),
    ("saml", Role::Auth(Mechanism::Saml)),
    ("standard-webhooks", Role::Auth(Mechanism::Signature)),
    ("vault-auth", Role::Auth(Mechanism::Other)),
    ("ai-mcp-oauth2", Role::Auth(Mechanism::OAuth2)),
    ("acl", Role::Groups),
    ("ip-restriction", Role::Addresses),
    ("opa", Role::Decision),
    ("cors", Role::Cors),
    ("rate-limiting", Role::Rate),
    ("rate-limiting-advanced", Role::Rate),
    ("response-ratelimiting", Role::Rate),
    ("graphql-rate-limiting-advanced", Role::Rate),
    ("ai-rate-limiting-advanced", Role::Rate),
    ("service-protection", Role::Rate),
    ("request-size-limiting", Role::Size),
    ("oas-validation", Role::Validation),
    ("request-validator", Role::Validation),
    ("request-termination", Role::Answer),
    ("mocking", Role::Mock),
    ("redirect", Role::Redirect),
    ("aws-lambda", Role::Function),
    ("azure-functions", Role::Function),
    ("ai-mcp-proxy", Role::Forward),
    ("ai-proxy", Role::Forward),
    ("ai-proxy-advanced", Role::Forward),
    ("canary", Role::Forward),
    ("confluent", Role::Forward),
    ("confluent-consume", Role::Forward),
    ("forward-proxy", Role::Forward),
    ("kafka-consume", Role::Forward),
    ("kafka-upstream", Role::Forward),
    ("route-by-header", Role::Forward),
    ("route-transformer-advanced", Role::Forward),
    ("solace-consume", Role::Forward),
    ("solace-upstream", Role::Forward),
    ("pre-function", Role::Code),
    ("post-function", Role::Code),
    ("request-callout", Role::Code),
];

/// Plugins that come with Kong and decide about nobody: logs, metrics, changes of messages, caches.
const HARMLESS: &[&str] = &[
    "acme",
    "ai-aws-guardrails",
    "ai-azure-content-safety",
    "ai-gcp-model-armor",
    "ai-llm-as-judge",
    "ai-prompt-compressor",
    "ai-prompt-decorator",
    "ai-prompt-guard",
    "ai-prompt-template",
    "ai-rag-injector",
    "ai-request-transformer",
    "ai-response-transformer",
    "ai-sanitizer",
    "ai-semantic-cache",
    "ai-semantic-prompt-guard",
    "ai-semantic-response-guard",
    "app-dynamics",
    "bot-detection",
    "correlation-id",
    "datadog",
    "datakit",
    "degraphql",
    "exit-transformer",
    "file-log",
    "graphql-proxy-cache-advanced",
    "grpc-gateway",
    "grpc-web",
    "http-log",
    "injection-protection",
    "jq",
    "json-threat-protection",
    "jwe-decrypt",
    "kafka-log",
    "loggly",
    "metering-and-billing",
    "opentelemetry",
    "prometheus",
    "proxy-cache",
    "proxy-cache-advanced",
    "request-transformer",
    "request-transformer-advanced",
    "response-transformer",
    "response-transformer-advanced",
    "response_transformer",
    "session",
    "solace-log",
    "statsd",
    "statsd-advanced",
    "syslog",
    "tcp-log",
    "tls-handshake-modifier",
    "tls-metadata-headers",
    "udp-log",
    "upstream-oauth",
    "upstream-timeout",
    "websocket-size-limit",
    "websocket-validator",
    "xml-threat-protection",
    "zipkin",
];

/// The phases in which a function can still refuse a request.
const DECIDING_PHASES: [&str; 5] = ["certificate", "rewrite", "access", "functions", "ws_handshake"];

/// A plugin as it is configured in one place.
#[derive(Clone, Debug)]
pub(super) struct Plugin<'s> {
    /// Its name as people know it; of a clone, that of what was cloned.
    pub(super) name: &'s str,
    pub(super) role: Role,
    /// Whether nobody here has read its code.
    pub(super) custom: bool,
    /// The entry.
    pub(super) node: Node<'s>,
    /// Its name in the file.
    pub(super) place: Place,
    /// Settings that it shares with others.
    pub(super) shared: Option<Node<'s>>,
    /// The setting that switches it off.
    pub(super) off: Option<Place>,
    /// The setting by which it acts on some requests only.
    pub(super) condition: Option<Place>,
}

impl<'s> Plugin<'s> {
    /// A plugin with the given name, switched on.
    pub(super) fn new(name: &'s str, node: Node<'s>, place: Place) -> Self {
        let known = KNOWN.iter().find(|(known, _)| *known == name);
        let role = known.map_or(Role::Other, |(_, role)| *role);
        let custom = known.is_none() && HARMLESS.binary_search(&name).is_err();
        Self { name, role, custom, node, place, shared: None, off: None, condition: None }
    }

    /// A setting of it: its own, else the shared one.
    pub(super) fn get(&self, key: &str) -> Option<Node<'s>> {
        let own = self.node.get("config").and_then(|config| config.get(key));
        own.or_else(|| self.shared.and_then(|shared| shared.get(key)))
    }

    /// The items of a list of it.
    pub(super) fn list(&self, key: &str) -> Vec<Node<'s>> {
        match self.get(key) {
            None => Vec::new(),
            Some(list) if list.is_list() => list.children().collect(),
            Some(one) => vec![one],
        }
    }

    /// A boolean setting, if it stands there.
    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.get(key)?.bool()
    }

    /// A text setting, if it stands there.
    pub(super) fn str(&self, key: &str) -> Option<&'s str> {
        self.get(key)?.text()
    }

    /// Whether it may decide about requests in a way that cannot be read.
    pub(super) fn is_hook(&self) -> bool {
        match self.role {
            Role::Code if self.name == "request-callout" => true,
            // Functions of the older form stand under `functions`.
            Role::Code => DECIDING_PHASES.iter().any(|phase| self.get(phase).is_some()),
            Role::Auth(_) | Role::Groups | Role::Addresses | Role::Decision => self.condition.is_some(),
            _ => self.custom,
        }
    }

    /// Whether it answers each request itself.
    pub(super) fn answers(&self) -> bool {
        self.condition.is_none() && self.get("trigger").is_none()
    }
}

/// The plugins that act in one scope: by name, the first of each that is switched on.
#[derive(Clone, Debug, Default)]
pub(super) struct Scoped {
    by_name: BTreeMap<&'static str, usize>,
    /// The first that may decide in a way that cannot be read.
    pub(super) hook: Option<usize>,
    /// The first that nobody here has read.
    pub(super) custom: Option<usize>,
}

impl Scoped {
    /// Adds the plugin with this number, if it acts.
    pub(super) fn add(&mut self, number: usize, plugin: &Plugin<'_>) {
        if plugin.off.is_some() {
            return;
        }
        if plugin.custom {
            self.custom.get_or_insert(number);
        }
        if plugin.is_hook() {
            self.hook.get_or_insert(number);
        }
        // Only those that are told of take part: there are few, however many plugins a file lists.
        if let Some((name, _)) = KNOWN.iter().find(|(name, _)| *name == plugin.name) {
            self.by_name.entry(name).or_insert(number);
        }
    }
}

/// The plugins that act on a route.
#[derive(Clone, Debug, Default)]
pub(super) struct Effective {
    /// Each with the scope it comes from, by name.
    pub(super) plugins: Vec<(usize, Scope)>,
    /// The most specific that may decide in a way that cannot be read.
    pub(super) hook: Option<usize>,
    /// The most specific that nobody here has read.
    pub(super) custom: Option<usize>,
    /// Why others may act that are not in view.
    pub(super) lost: Option<(Why, Place)>,
}

/// Which plugins act where these scopes meet, from the widest to the most specific: of each name one, which is the
/// most specific. Nothing is merged. <https://developer.konghq.com/gateway/entities/plugin/#plugin-precedence>
pub(super) fn effective(scopes: &[(&Scoped, Scope)]) -> Effective {
    let mut by_name: BTreeMap<&'static str, (usize, Scope)> = BTreeMap::new();
    let mut effective = Effective::default();
    for (scoped, scope) in scopes {
        by_name.extend(scoped.by_name.iter().map(|(&name, &number)| (name, (number, *scope))));
        effective.hook = scoped.hook.or(effective.hook);
        effective.custom = scoped.custom.or(effective.custom);
    }
    effective.plugins = by_name.into_values().collect();
    effective
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_harmless_plugins_are_sorted_and_in_one_table_only() {
        assert!(HARMLESS.is_sorted());
        assert!(KNOWN.iter().all(|(name, _)| !HARMLESS.contains(name)));
    }
}

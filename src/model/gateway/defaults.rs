//! What gateways do where nothing is written: one table, a source per row. Knows no rule; adapters ask it instead
//! of knowing vendors by heart.

use crate::discover::Format;

/// A vendor's default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VendorDefault {
    /// The format.
    pub format: Format,
    /// The setting, by the vendor's name, with dots between nested keys.
    pub name: &'static str,
    /// The first version it holds for; empty: all before `until`.
    pub since: &'static str,
    /// The first version it no longer holds for; empty: it still does.
    pub until: &'static str,
    /// The value as one would write it. `none`: there is no limit, or nothing is done.
    pub value: &'static str,
    /// The page or file that says so.
    pub source: &'static str,
}

const fn row(format: Format, name: &'static str, value: &'static str, source: &'static str) -> VendorDefault {
    VendorDefault { format, name, since: "", until: "", value, source }
}

const KRAKEND_SCHEMA: &str = "https://github.com/krakend/krakend-schema/tree/main/v2.13";

const KONG_SCHEMAS: &str = "https://github.com/Kong/kong/tree/3.9.1/kong/db/schema/entities";
const KONG_CONF: &str = "https://github.com/Kong/kong/blob/3.9.1/kong.conf.default";
const KONG_PLUGINS: &str = "https://github.com/Kong/kong/tree/3.9.1/kong/plugins";
const NGINX_ANNOTATIONS: &str =
    "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/";
const NGINX_CONFIGMAP: &str = "https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/";
const ENVOY_GATEWAY: &str = "https://gateway.envoyproxy.io/docs/api/extension_types/";
const ALB: &str = "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/";
const ENVOY_MANAGER: &str = "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto";
const ENVOY_ROUTE: &str = "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-routeaction";
const ENVOY_TLS: &str =
    "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto";

const NGINX_CORE: &str = "https://nginx.org/en/docs/http/ngx_http_core_module.html";
const NGINX_PROXY: &str = "https://nginx.org/en/docs/http/ngx_http_proxy_module.html";
const NGINX_TLS: &str = "https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols";

const TRAEFIK_STATIC: &str =
    "https://doc.traefik.io/traefik/v3.7/reference/install-configuration/configuration-options/";

const TRAEFIK_HTTP: &str =
    "https://doc.traefik.io/traefik/v3.7/reference/routing-configuration/http/middlewares/overview/";

/// All rows, by format.
pub const ALL: &[VendorDefault] = &[
    row(Format::Kong, "routes.protocols", "http,https", KONG_SCHEMAS),
    row(Format::Kong, "routes.strip_path", "true", KONG_SCHEMAS),
    row(Format::Kong, "services.protocol", "http", KONG_SCHEMAS),
    row(Format::Kong, "proxy_listen", "0.0.0.0:8000, 0.0.0.0:8443 ssl", KONG_CONF),
    row(Format::Kong, "ssl_protocols", "TLSv1.2", KONG_CONF),
    row(Format::Kong, "headers", "server_tokens, latency_tokens", KONG_CONF),
    row(Format::Kong, "key-auth.key_names", "apikey", KONG_PLUGINS),
    row(Format::Kong, "key-auth.key_in_query", "true", KONG_PLUGINS),
    row(Format::Kong, "hide_credentials", "false", KONG_PLUGINS),
    row(Format::Kong, "jwt.uri_param_names", "jwt", KONG_PLUGINS),
    row(Format::Kong, "jwt_secrets.algorithm", "HS256", KONG_PLUGINS),
    row(Format::Kong, "hmac-auth.validate_request_body", "false", KONG_PLUGINS),
    row(Format::Kong, "hmac-auth.clock_skew", "300", KONG_PLUGINS),
    row(Format::Kong, "cors.origins", "*", KONG_PLUGINS),
    row(Format::Kong, "cors.credentials", "false", KONG_PLUGINS),
    row(Format::Kong, "rate-limiting.limit_by", "consumer", KONG_PLUGINS),
    row(Format::Kong, "rate-limiting.policy", "local", KONG_PLUGINS),
    row(Format::Kong, "rate-limiting.fault_tolerant", "true", KONG_PLUGINS),
    row(Format::Krakend, "listen_ip", "0.0.0.0", KRAKEND_SCHEMA),
    row(Format::Krakend, "port", "8080", KRAKEND_SCHEMA),
    row(Format::Krakend, "timeout", "2s", KRAKEND_SCHEMA),
    row(Format::Krakend, "endpoints.method", "GET", KRAKEND_SCHEMA),
    row(Format::Krakend, "tls.min_version", "TLS13", KRAKEND_SCHEMA),
    row(Format::Krakend, "read_header_timeout", "none", KRAKEND_SCHEMA),
    row(Format::Krakend, "security/cors.allow_origins", "*", "https://www.krakend.io/docs/service-settings/cors/"),
    row(
        Format::Krakend,
        "security/cors.allow_credentials",
        "false",
        "https://www.krakend.io/docs/service-settings/cors/",
    ),
    row(Format::Krakend, "auth/validator.alg", "RS256", "https://www.krakend.io/docs/authorization/jwt-validation/"),
    row(
        Format::Krakend,
        "auth/api-keys.strategy",
        "header",
        "https://www.krakend.io/docs/enterprise/authentication/api-keys/",
    ),
    row(
        Format::Krakend,
        "router.max_payload",
        "none",
        "https://www.krakend.io/docs/enterprise/service-settings/router-options/",
    ),
    row(
        Format::Krakend,
        "router.hide_version_header",
        "false",
        "https://www.krakend.io/docs/service-settings/router-options/",
    ),
    row(Format::Ingress, "ssl-redirect", "true", NGINX_CONFIGMAP),
    row(Format::Ingress, "ssl-protocols", "TLSv1.2 TLSv1.3", NGINX_CONFIGMAP),
    row(Format::Ingress, "proxy-real-ip-cidr", "0.0.0.0/0", NGINX_CONFIGMAP),
    row(Format::Ingress, "backend-protocol", "HTTP", NGINX_ANNOTATIONS),
    row(Format::Ingress, "auth-tls-verify-client", "on", NGINX_ANNOTATIONS),
    row(Format::Ingress, "cors-allow-origin", "*", NGINX_ANNOTATIONS),
    row(Format::Ingress, "cors-allow-credentials", "true", NGINX_ANNOTATIONS),
    row(Format::Ingress, "alb.scheme", "internal", ALB),
    row(Format::Ingress, "alb.ssl-policy", "ELBSecurityPolicy-2016-08", ALB),
    row(Format::Nginx, "client_max_body_size", "1m", NGINX_CORE),
    row(Format::Nginx, "client_header_timeout", "60s", NGINX_CORE),
    row(Format::Nginx, "proxy_read_timeout", "60s", NGINX_PROXY),
    row(Format::Nginx, "proxy_ssl_verify", "off", NGINX_PROXY),
    row(Format::Nginx, "server_tokens", "on", NGINX_CORE),
    row(Format::Nginx, "access_log", "on", "https://nginx.org/en/docs/http/ngx_http_log_module.html#access_log"),
    VendorDefault {
        format: Format::Nginx,
        name: "ssl_protocols",
        since: "",
        until: "1.27.3",
        value: "TLSv1",
        source: NGINX_TLS,
    },
    VendorDefault {
        format: Format::Nginx,
        name: "ssl_protocols",
        since: "1.27.3",
        until: "",
        value: "TLSv1.2",
        source: NGINX_TLS,
    },
    row(Format::Traefik, "entryPoints", ":80", TRAEFIK_STATIC),
    row(Format::Traefik, "api.insecure", "false", TRAEFIK_STATIC),
    row(Format::Traefik, "api.debug", "false", TRAEFIK_STATIC),
    row(Format::Traefik, "accessLog", "none", TRAEFIK_STATIC),
    row(Format::Traefik, "entryPoints.transport.respondingTimeouts.readTimeout", "60s", TRAEFIK_STATIC),
    row(Format::Traefik, "providers.docker.exposedByDefault", "true", TRAEFIK_STATIC),
    row(Format::Traefik, "providers.kubernetesCRD.allowCrossNamespace", "false", TRAEFIK_STATIC),
    row(Format::Traefik, "providers.kubernetesCRD.allowExternalNameServices", "false", TRAEFIK_STATIC),
    row(Format::Traefik, "serversTransport.insecureSkipVerify", "false", TRAEFIK_STATIC),
    row(Format::Traefik, "tls.options.minVersion", "VersionTLS12", "https://doc.traefik.io/traefik/https/tls/"),
    row(Format::Traefik, "basicAuth.removeHeader", "false", TRAEFIK_HTTP),
    row(Format::Traefik, "rateLimit.average", "none", TRAEFIK_HTTP),
    row(Format::Traefik, "buffering.maxRequestBodyBytes", "none", TRAEFIK_HTTP),
    row(
        Format::Istio,
        "gateway.servers.tls.minProtocolVersion",
        "TLSV1_2",
        "https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings",
    ),
    row(Format::Envoy, "tls_params.tls_minimum_protocol_version", "TLSv1_2", ENVOY_TLS),
    row(Format::Envoy, "request_timeout", "none", ENVOY_MANAGER),
    row(Format::Envoy, "request_headers_timeout", "none", ENVOY_MANAGER),
    row(Format::Envoy, "stream_idle_timeout", "300s", ENVOY_MANAGER),
    row(Format::Envoy, "route.timeout", "15s", ENVOY_ROUTE),
    row(
        Format::Aws,
        "Authorizer.AuthorizerResultTtlInSeconds",
        "300",
        "https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html",
    ),
    row(Format::GatewayApi, "jwt.providers.extractFrom.params", "access_token", ENVOY_GATEWAY),
    row(Format::GatewayApi, "authorization.defaultAction", "Deny", ENVOY_GATEWAY),
    row(Format::GatewayApi, "tls.minVersion", "1.2", ENVOY_GATEWAY),
];

/// The default of a setting in the given version; with no version, in the current one.
pub fn default(format: Format, name: &str, version: Option<&str>) -> Option<&'static str> {
    let mut rows = ALL.iter().filter(|row| row.format == format && row.name == name);
    let found = match version.map(numbers).filter(|numbers| !numbers.is_empty()) {
        None => rows.find(|row| row.until.is_empty()),
        Some(version) => rows.find(|row| {
            let since = row.since.is_empty() || numbers(row.since) <= version;
            since && (row.until.is_empty() || version < numbers(row.until))
        }),
    };
    found.map(|row| row.value)
}

/// The numbers of a version: `1.27.3` is `[1, 27, 3]`.
fn numbers(version: &str) -> Vec<u32> {
    let version = version.trim_start_matches('v');
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_names_its_source() {
        for row in ALL {
            assert!(row.source.starts_with("https://"), "{row:?}");
        }
    }

    #[test]
    fn no_setting_has_two_defaults_in_one_version() {
        for (i, row) in ALL.iter().enumerate() {
            let same = |other: &&VendorDefault| (other.format, other.name) == (row.format, row.name);
            for other in ALL[i + 1..].iter().filter(same) {
                assert!(row.until == other.since || other.until == row.since, "{row:?} and {other:?}");
            }
        }
    }
}

//! Components of `extra_config`, by their names of today or by those of the first versions, which KrakenD still takes:
//! <https://github.com/krakend/krakend-ce/blob/v2.9.0/cmd/krakend-ce/main.go>.

use super::super::Node;

/// Names of today, and the ones before.
const OLD: [(&str, &str); 12] = [
    ("auth/validator", "github.com/devopsfaith/krakend-jose/validator"),
    ("modifier/lua-backend", "github.com/devopsfaith/krakend-lua/proxy/backend"),
    ("modifier/lua-endpoint", "github.com/devopsfaith/krakend-lua/router"),
    ("modifier/lua-proxy", "github.com/devopsfaith/krakend-lua/proxy"),
    ("plugin/http-server", "github_com/devopsfaith/krakend/transport/http/server/handler"),
    ("qos/ratelimit/proxy", "github.com/devopsfaith/krakend-ratelimit/juju/proxy"),
    ("qos/ratelimit/router", "github.com/devopsfaith/krakend-ratelimit/juju/router"),
    ("router", "github_com/luraproject/lura/router/gin"),
    ("security/cors", "github_com/devopsfaith/krakend-cors"),
    ("security/http", "github_com/devopsfaith/krakend-httpsecure"),
    ("validation/cel", "github.com/devopsfaith/krakend-cel"),
    ("validation/json-schema", "github.com/devopsfaith/krakend-jsonschema"),
];

/// A component of an `extra_config`.
pub(super) fn component<'s>(extra: Node<'s>, name: &str) -> Option<Node<'s>> {
    let old = || OLD.iter().find(|(today, _)| *today == name).and_then(|(_, old)| extra.get(old));
    extra.get(name).or_else(old)
}

/// A component of what has an `extra_config`.
pub(super) fn component_of<'s>(owner: Node<'s>, name: &str) -> Option<Node<'s>> {
    component(owner.get("extra_config")?, name)
}

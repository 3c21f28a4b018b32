//! What routes and upstreams are for, as far as their paths and names tell: public by design, an API behind them.
//! Word lists decide, so users can say what is meant here. Knows no format and no rule.

use std::collections::HashSet;

use super::path::{Language, PathPattern};
use super::routes::WRITES;
use super::{Gateway, Methods, Purpose, Route, Upstream};
use crate::model::net;
use crate::words::{ListId, WordLists};

/// Ends of files that browsers load before anybody has signed in.
const ASSETS: [&str; 12] =
    [".css", ".js", ".mjs", ".map", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".woff", ".woff2"];

impl Gateway {
    /// Whether everybody is meant to reach a route: health checks, `/.well-known`, sign-in and what comes before it,
    /// receivers of webhooks, files of a page, preflights. One that names a method that writes is public only to sign
    /// in or to receive. The exact path `/` alone is, everything below `/` is not.
    pub fn is_public_by_design(&self, route: &Route) -> bool {
        let named = match route.methods.known() {
            Some(Methods::Only(methods)) => methods.as_slice(),
            _ => &[],
        };
        if !named.is_empty() && named.iter().all(|(method, _)| method == "OPTIONS") {
            return true;
        }
        let writes = named.iter().any(|(method, _)| WRITES.contains(&method.as_str()));
        let public = |pattern: &PathPattern| {
            let segments = super::segments(pattern);
            let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
            is_entrance(&segments, self.lists()) || !writes && is_public_read(pattern, &segments, self.lists())
        };
        !route.paths.is_empty() && route.paths.iter().all(|path| public(&path.pattern))
    }

    /// Whether an upstream is an API by its name or by the names of its hosts.
    pub fn is_api(&self, upstream: &Upstream) -> bool {
        let Some(list) = self.lists().id("api-name") else { return false };
        let is_api = |text: &str| self.lists().hits(text).any(list);
        let hosts = upstream.hosts.iter().filter_map(|host| host.split('.').next());
        hosts.chain([upstream.name.as_str()]).any(is_api)
    }

    fn lists(&self) -> &WordLists {
        &self.names().lists
    }
}

/// The servers that decide who may call or where callers sign in. Whoever is sent there has no credentials yet.
pub(super) struct SignIn(HashSet<String>);

impl SignIn {
    /// Those of a gateway. A server to which a route with credentials leads is none: its API signs in on the side.
    pub(super) fn of(gateway: &Gateway, authenticated: &[u32]) -> Self {
        let asked =
            gateway.auth_servers.iter().filter(|server| matches!(server.purpose, Purpose::Decision | Purpose::Tokens));
        let mut hosts: HashSet<String> = asked.filter_map(|server| net::parse(&server.url).host).collect();
        for route in authenticated.iter().filter_map(|&number| gateway.routes.get(number as usize)) {
            for host in hosts_behind(gateway, route) {
                hosts.remove(&host);
            }
        }
        Self(hosts)
    }

    /// Whether a route leads there and nowhere else.
    pub(super) fn is_behind(&self, gateway: &Gateway, route: &Route) -> bool {
        let mut hosts = hosts_behind(gateway, route).peekable();
        hosts.peek().is_some() && hosts.all(|host| self.0.contains(&host))
    }
}

fn hosts_behind(gateway: &Gateway, route: &Route) -> impl Iterator<Item = String> {
    let upstreams = route.upstreams.iter().filter_map(|&number| gateway.upstreams.get(number as usize));
    upstreams.flat_map(|upstream| &upstream.hosts).map(|host| host.to_ascii_lowercase())
}

/// Sign-in and what comes before it, and receivers of webhooks: whoever calls has no credentials of this API yet.
fn is_entrance(segments: &[&str], lists: &WordLists) -> bool {
    let receives = |list: ListId| segments.iter().any(|segment| lists.hits(segment).whole(list));
    !lists.auth_groups(segments, None, &[]).is_empty() || lists.id("webhook-path").is_some_and(receives)
}

fn is_public_read(pattern: &PathPattern, segments: &[&str], lists: &WordLists) -> bool {
    let Some(last) = segments.last() else {
        return matches!(&pattern.language, Language::Exact(path) if path == "/");
    };
    let public = |list: ListId| lists.hits(last).whole(list);
    let asset = last.to_ascii_lowercase();
    segments.first() == Some(&".well-known")
        || ASSETS.iter().any(|end| asset.ends_with(end))
        || lists.id("public-route").is_some_and(public)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::Format;
    use crate::model::gateway::{Path, Stated};
    use crate::span::{At, FileId, NodeId, Place};

    fn public(method: &str, pattern: PathPattern) -> bool {
        let place = Place::value(At { file: FileId(0), node: NodeId(0) });
        let gateway = Gateway::new(Format::Kong, Vec::new(), place, WordLists::builtin());
        let mut route = Route::new("route", place);
        route.paths.push(Path { pattern, place });
        if !method.is_empty() {
            route.methods = Stated::Known(Methods::Only(vec![(method.to_owned(), place)]));
        }
        gateway.is_public_by_design(&route)
    }

    #[test]
    fn health_checks_sign_in_and_files_are_public_by_design() {
        for path in [
            "/",
            "/health",
            "/api/v1/healthz",
            "/livez",
            "/ping",
            "/.well-known/jwks.json",
            "/favicon.ico",
            "/assets/app.js",
            "/ui/",
            "/apidoc/",
            "/v1/api-docs",
        ] {
            assert!(public("GET", PathPattern::exact(path)), "{path}");
        }
        assert!(public("POST", PathPattern::exact("/auth/login")));
        assert!(public("POST", PathPattern::exact("/oauth/token")));
        assert!(public("POST", PathPattern::exact("/webhooks/stripe")));
        assert!(public("OPTIONS", PathPattern::exact("/orders")));
        assert!(public("", PathPattern::segment_prefix("/health")));
    }

    #[test]
    fn what_writes_and_what_is_below_everything_is_not() {
        assert!(!public("POST", PathPattern::exact("/health")));
        assert!(!public("", PathPattern::raw_prefix("/")));
        assert!(!public("GET", PathPattern::exact("/orders/health-records")));
        assert!(!public("GET", PathPattern::exact("/orders")));
    }
}

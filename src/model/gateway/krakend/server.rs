//! Plugins of KrakenD's HTTP server, which see requests before any endpoint does, and the files it serves.
//!
//! <https://www.krakend.io/docs/extending/http-server-plugins/>, <https://www.krakend.io/docs/enterprise/endpoints/serve-static-content/>.

use super::super::{Access, AccessBy, Applied, Auth, Concern, Gateway, Mechanism, Node, Scope, Stated};
use super::names::component;
use super::policies::note;
use crate::span::Place;

/// Plugins that come with KrakenD and let everybody pass.
const HARMLESS: &[&str] = &[
    "geoip",
    "jwk-aggregator",
    "no-redirect",
    "redis-ratelimit",
    "response-headers",
    "static-filesystem",
    "url-rewrite",
    "virtualhost",
    "wildcard",
];

/// What plugins of the server do for all endpoints.
#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) auth: Vec<Applied>,
    pub(super) access: Vec<Applied>,
    /// A plugin that nobody here has read.
    pub(super) hook: Option<Place>,
    /// Whether a list of addresses decides who may call.
    pub(super) lists_addresses: bool,
}

impl Server {
    /// Reads the plugins and the files that are served.
    pub(super) fn read(extra: Node<'_>, gateway: &mut Gateway) -> Self {
        let mut server = Self::default();
        let settings = component(extra, "plugin/http-server");
        for plugin in settings.map(|node| node.list("name")).unwrap_or_default() {
            let name = plugin.text().unwrap_or_default();
            let own = settings.and_then(|settings| settings.get(name));
            match name {
                "basic-auth" => {
                    let auth = Auth::new(name, Mechanism::Basic, plugin.place());
                    server.auth.push(global(gateway.add_auth(auth), plugin));
                }
                "ip-filter" => {
                    let mut access = Access::new(name, AccessBy::Address, plugin.place());
                    let ranges = own.map(|own| own.list("CIDR")).unwrap_or_default();
                    let allows = own.is_some_and(|own| own.is_true("allow"));
                    let every = ranges.iter().find(|range| matches!(range.text(), Some("0.0.0.0/0" | "::/0")));
                    access.every_address = every.filter(|_| allows).map(|range| range.place());
                    // Without `allow` the list names those who are refused.
                    access.restricts = Stated::Known(allows && every.is_none());
                    server.lists_addresses |= allows;
                    server.access.push(global(gateway.add_access(access), plugin));
                }
                name if HARMLESS.contains(&name) => {}
                _ => server.hook = server.hook.or(Some(plugin.place())),
            }
            if name == "static-filesystem" {
                files(own, gateway);
            }
        }
        files(extra.get("server/static-filesystem"), gateway);
        server
    }
}

fn global(policy: u32, plugin: Node<'_>) -> Applied {
    Applied { policy, place: plugin.place(), scope: Scope::Global }
}

/// Files that are served to everybody.
fn files(settings: Option<Node<'_>>, gateway: &mut Gateway) {
    let Some(settings) = settings else { return };
    const WIDE: [&str; 8] = ["/", ".", "./", "/etc", "/home", "/root", "/var", "/usr"];
    if let Some(root) = settings.get("path")
        && let Some(text) = root.text()
        && WIDE.contains(&if text.len() > 2 { text.trim_end_matches('/') } else { text })
    {
        note(gateway, "static-filesystem.path", text, root.place(), Some(Concern::WideRoot), false);
    }
    if let Some(listing) = settings.get("directory_listing").filter(|node| node.bool() == Some(true)) {
        let concern = Some(Concern::DirectoryListing);
        note(gateway, "static-filesystem.directory_listing", "true", listing.key_place(), concern, false);
    }
}

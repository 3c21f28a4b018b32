//! The static configuration: entry points, and settings of Traefik as a whole. Knows no router.
//!
//! Source: <https://doc.traefik.io/traefik/v3.7/reference/install-configuration/configuration-options/>.

use std::collections::HashMap;

use super::carriers::{Carriers, Launch, is_static};
use super::conf::Conf;
use super::dynamic::{Provider, Reference};
use super::middlewares::is_everyone;
use crate::discover::Format;
use crate::model::gateway::defaults::default;
use crate::model::gateway::{Bind, Concern, Gateway, Origin, Protocol, Set, Setting, Stated, Upstream, has_template};
use crate::model::net;
use crate::span::Place;

/// A static configuration.
#[derive(Debug)]
pub(super) struct Static<'a> {
    /// Its root.
    pub(super) conf: Conf<'a>,
    /// Who starts Traefik with it, if that is in view.
    pub(super) launch: Option<&'a Launch>,
    /// Entry points, in order.
    pub(super) entry_points: Vec<EntryPoint<'a>>,
    by_name: HashMap<String, usize>,
}

/// An entry point.
#[derive(Debug)]
pub(super) struct EntryPoint<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// The address.
    pub(super) place: Place,
    /// What it is bound to.
    pub(super) bind: Bind,
    /// The port.
    pub(super) port: Option<u16>,
    /// Its settings, if it has any.
    pub(super) conf: Option<Conf<'a>>,
    /// Whether it takes datagrams.
    pub(super) is_udp: bool,
    /// TLS for all its routers.
    pub(super) tls: Option<Conf<'a>>,
    /// The TLS options for those that name none.
    pub(super) options: Option<Reference>,
    /// Whether it sends everything to HTTPS.
    pub(super) redirects: bool,
    /// Middlewares before those of its routers.
    pub(super) middlewares: Vec<Reference>,
    /// The setting by which forwarded headers of anybody are trusted.
    pub(super) forwarded: Option<Place>,
    /// The setting by which the PROXY protocol of anybody is trusted.
    pub(super) proxy: Option<Place>,
    /// Whether routers that name no entry point are served on it.
    pub(super) is_default: bool,
}

impl<'a> Static<'a> {
    /// All static configurations in view. A file wins over arguments: Traefik reads one of them.
    pub(super) fn read_all(carriers: &'a Carriers<'a>) -> Vec<Self> {
        let files = carriers.files.iter().map(|&root| Conf::Tree(root)).filter(|&root| is_static(root));
        let launch = match carriers.launches.as_slice() {
            [launch] => Some(launch),
            _ => None,
        };
        let mut found: Vec<Self> = files.map(|conf| Self::new(conf, launch)).collect();
        if found.is_empty() {
            let launches = carriers.launches.iter().filter(|launch| !launch.settings.is_empty());
            found.extend(launches.map(|launch| Self::new(launch.settings.root(), Some(launch))));
        }
        found
    }

    fn new(conf: Conf<'a>, launch: Option<&'a Launch>) -> Self {
        let mut found: Vec<EntryPoint<'a>> = conf.items("entryPoints").into_iter().map(EntryPoint::read).collect();
        if found.is_empty() {
            // Traefik opens one of its own then.
            let address = default(Format::Traefik, "entryPoints", None).unwrap_or_default();
            found.push(EntryPoint::implied("http", address, conf.key_place()));
        }
        if found.iter().any(|point| point.is_default && point.is_written_default()) {
            found.iter_mut().for_each(|point| point.is_default &= point.is_written_default());
        }
        let by_name = (0..).zip(&found).map(|(number, point)| (point.name.to_ascii_lowercase(), number)).collect();
        Self { conf, launch, entry_points: found, by_name }
    }

    /// The entry point of a name.
    pub(super) fn entry_point(&self, name: &str) -> Option<usize> {
        self.by_name.get(&name.to_ascii_lowercase()).copied()
    }

    /// What names this configuration: its entry points, else its first key.
    pub(super) fn place(&self) -> Place {
        self.conf.get("entryPoints").map_or(self.conf.key_place(), Conf::key_place)
    }

    /// Whether rules are those of version 2 unless they say otherwise.
    pub(super) fn is_old_syntax(&self) -> bool {
        let stated = self.conf.path(&["core", "defaultRuleSyntax"]).and_then(Conf::text);
        match stated {
            Some(syntax) => syntax.eq_ignore_ascii_case("v2"),
            None => self
                .launch
                .and_then(|launch| launch.version.as_deref())
                .is_some_and(|version| version == "2" || version.starts_with("2.")),
        }
    }

    /// Whether clients outside can reach a port of the container, where that is said.
    pub(super) fn publishes(&self, port: Option<u16>) -> Option<bool> {
        let published = self.launch?.published.as_ref()?;
        Some(port.is_none_or(|port| published.contains(&port)))
    }

    /// Whether other ports of the container are published and this one is not.
    pub(super) fn is_hidden(&self, port: Option<u16>) -> bool {
        let published = self.launch.and_then(|launch| launch.published.as_ref());
        published.is_some_and(|published| !published.is_empty()) && self.publishes(port) == Some(false)
    }

    /// Notes the settings that rules ask for.
    pub(super) fn settings(&self, gateway: &mut Gateway) {
        let conf = self.conf;
        if let Some(debug) = conf.get("api").and_then(|api| api.truth("debug")) {
            note(gateway, "api.debug", debug, Some(Concern::Debug), true);
        }
        for provider in conf.get("providers").map(Conf::children).unwrap_or_default() {
            if provider.text().is_some_and(|text| text.eq_ignore_ascii_case("false")) {
                continue;
            }
            self.provider(provider, gateway);
        }
        if let Some(socket) = self.launch.and_then(|launch| launch.socket) {
            let written = written("volumes.docker.sock", "writable", socket, None, false);
            gateway.settings.push(written);
        }
    }

    fn provider(&self, provider: Conf<'a>, gateway: &mut Gateway) {
        const KUBERNETES: [&str; 3] = ["kubernetesCRD", "kubernetesIngress", "kubernetesGateway"];
        const DISCOVER: [&str; 6] = ["docker", "swarm", "ecs", "nomad", "consulCatalog", "rancher"];
        let name = provider.name();
        if let Some(known) = DISCOVER.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            let exposed = provider.get("exposedByDefault");
            let setting = format!("providers.{known}.exposedByDefault");
            let usual = default(Format::Traefik, "providers.docker.exposedByDefault", None) == Some("true");
            match provider.flag("exposedByDefault") {
                Some(true) => {
                    note(gateway, &setting, exposed.unwrap_or(provider), Some(Concern::ExposedByDefault), false)
                }
                // A value that is no boolean says nothing yet.
                None if usual && exposed.is_none() => {
                    let concern = Some(Concern::ExposedByDefault);
                    let mut usual = written(&setting, "true", provider.key_place(), concern, false);
                    usual.origin = Origin::Default;
                    gateway.settings.push(usual);
                }
                _ => {}
            }
        }
        // Names of providers have no case, those of settings do.
        let known = KUBERNETES.iter().find(|known| known.eq_ignore_ascii_case(name)).copied().unwrap_or(name);
        for key in ["allowCrossNamespace", "allowExternalNameServices"] {
            if let Some(found) = provider.truth(key) {
                note(gateway, &format!("providers.{known}.{key}"), found, None, false);
            }
        }
        for owner in [Some(provider), provider.get("endpoint")].into_iter().flatten() {
            if let Some(skips) = owner.get("tls").and_then(|tls| tls.truth("insecureSkipVerify")) {
                gateway.upstreams.extend(unverified(provider, known, skips));
            }
        }
        for (owner, key) in [("", "password"), ("", "token"), ("endpoint", "token"), ("", "secretAccessKey")] {
            let owner = if owner.is_empty() { Some(provider) } else { provider.get(owner) };
            if let Some(secret) = owner.and_then(|owner| owner.get(key))
                && let Some(text) = secret.text()
            {
                gateway.add_credential(format!("{key} of the provider {name}"), text, secret.place());
            }
        }
    }
}

impl<'a> EntryPoint<'a> {
    fn read(conf: Conf<'a>) -> Self {
        let address = conf.get("address");
        let mut point = Self::implied(
            conf.name(),
            address.and_then(Conf::text).unwrap_or_default(),
            address.map_or(conf.key_place(), Conf::place),
        );
        let http = conf.get("http");
        point.conf = Some(conf);
        point.tls = http.and_then(|http| http.on("tls"));
        point.options = point.tls.and_then(|tls| {
            let options = tls.get("options")?;
            Some(Reference::read(options.text()?, Provider::File, options.place()))
        });
        let redirection = http.and_then(|http| http.path(&["redirections", "entryPoint"]));
        point.redirects = redirection.is_some_and(|to| {
            to.get("to").is_some() && to.str("scheme").is_none_or(|scheme| scheme.eq_ignore_ascii_case("https"))
        });
        let middlewares = http.map(|http| http.texts("middlewares")).unwrap_or_default();
        point.middlewares =
            middlewares.into_iter().map(|(text, place)| Reference::read(text, Provider::File, place)).collect();
        let trusted = |key: &str| {
            let part = conf.get(key)?;
            let all = || part.texts("trustedIPs").into_iter().find(|(range, _)| is_everyone(range));
            part.truth("insecure").map(Conf::key_place).or_else(|| all().map(|(_, place)| place))
        };
        point.forwarded = trusted("forwardedHeaders");
        point.proxy = trusted("proxyProtocol");
        point.is_default = conf.flag("asDefault") == Some(true) || point.is_default;
        point
    }

    fn implied(name: &'a str, address: &str, place: Place) -> Self {
        let (address, kind) = address.split_once('/').unwrap_or((address, "tcp"));
        let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
        let bind = match host.trim_matches(['[', ']']) {
            "" | "0.0.0.0" | "::" => Bind::Any,
            host if net::host_class(host) == net::HostClass::Loopback => Bind::Loopback,
            _ => Bind::Address,
        };
        let is_udp = kind.eq_ignore_ascii_case("udp");
        Self {
            name,
            place,
            bind,
            port: port.parse().ok(),
            conf: None,
            is_udp,
            tls: None,
            options: None,
            redirects: false,
            middlewares: Vec::new(),
            forwarded: None,
            proxy: None,
            is_default: !is_udp && name != "traefik",
        }
    }

    fn is_written_default(&self) -> bool {
        self.conf.is_some_and(|conf| conf.flag("asDefault") == Some(true))
    }
}

/// Where a provider takes the configuration from without a look at the certificate. Those that name no endpoint ask
/// the own machine.
fn unverified(provider: Conf<'_>, name: &str, skips: Conf<'_>) -> Option<Upstream> {
    let named = [provider.texts("endpoints"), provider.texts("endpoint")];
    let address = provider.path(&["endpoint", "address"]).and_then(Conf::text);
    let endpoints: Vec<&str> = named.into_iter().flatten().map(|(text, _)| text).chain(address).collect();
    let is_socket = |endpoint: &&str| endpoint.starts_with("unix:") || endpoint.starts_with("npipe:");
    if endpoints.is_empty() || endpoints.iter().all(is_socket) {
        return None;
    }
    let mut upstream = Upstream::new(format!("providers.{name}"), provider.key_place());
    upstream.hosts = endpoints.into_iter().filter_map(host).collect();
    upstream.protocol = Stated::Known(Protocol::Https);
    upstream.verified = Stated::Known(Set::written(false, skips.key_place()));
    Some(upstream)
}

/// The host of a URL, or of an address with a port.
fn host(endpoint: &str) -> Option<String> {
    if endpoint.contains("://") {
        return net::parse(endpoint).host;
    }
    let host = endpoint.rsplit_once(':').map_or(endpoint, |(host, _)| host);
    Some(host.trim_matches(['[', ']']).to_owned()).filter(|host| !host.is_empty() && !has_template(host))
}

/// A setting that is on.
pub(super) fn written(name: &str, value: &str, place: Place, concern: Option<Concern>, grave: bool) -> Setting {
    Setting { concern, grave, ..Setting::new(name, value, place) }
}

fn note(gateway: &mut Gateway, name: &str, conf: Conf<'_>, concern: Option<Concern>, grave: bool) {
    let setting = written(name, conf.text().unwrap_or_default(), conf.key_place(), concern, grave);
    gateway.settings.push(setting);
}

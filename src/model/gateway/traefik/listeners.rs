//! Entry points as listeners. One entry point serves routers with TLS and routers without: each way is a listener of
//! its own, with the TLS options that its routers name.

use std::collections::{HashMap, HashSet};

use super::conf::Conf;
use super::dynamic::{Name, Reference};
use super::statics::{EntryPoint, Static};
use super::view::View;
use crate::discover::Format;
use crate::model::Why;
use crate::model::gateway::cipher;
use crate::model::gateway::defaults::default;
use crate::model::gateway::tls::TlsVersion;
use crate::model::gateway::{
    Bind, ClientCertificate, Consequence, DanglingName, Exposure, Gateway, HostPattern, Listener, Protocol, Set,
    Stated, Tls, TlsSide,
};
use crate::span::{FileId, Place};

/// Of a listener with more hosts than this it is not said which.
const MAX_HOSTS: usize = 64;

/// How a router is served on an entry point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mode {
    /// Plain text.
    Plain,
    /// TLS with the options of this number; none: the default ones.
    Tls(Option<usize>),
}

/// Adds listeners and TLS settings when they are first asked for.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    listeners: HashMap<(usize, Mode), u32>,
    options: HashMap<Option<usize>, u32>,
    missing: HashMap<(Name, FileId), bool>,
    usual: Option<Option<usize>>,
}

impl Listeners {
    /// The listener of an entry point for routers of a mode.
    pub(super) fn of(&mut self, number: usize, mode: Mode, view: &View<'_>, gateway: &mut Gateway) -> Option<u32> {
        if let Some(&known) = self.listeners.get(&(number, mode)) {
            return Some(known);
        }
        let main = view.main()?;
        let point = main.entry_points.get(number)?;
        let tls = match mode {
            Mode::Tls(options) => Some(self.tls(options, point.place, view, gateway)),
            Mode::Plain => None,
        };
        let mut listener = plain(point);
        listener.exposure = exposure(point, main);
        if tls.is_some() {
            listener.protocol = Stated::Known(Protocol::Https);
            listener.redirects_to_https = Stated::Known(false);
            // One entry point can be several listeners; those with options of their own are told apart by these.
            if let Mode::Tls(Some(options)) = mode {
                listener.name = format!("{} ({})", listener.name, view.dynamic.options.get(options).shown);
            }
        }
        listener.tls = tls;
        let index = gateway.add_listener(listener);
        self.listeners.insert((number, mode), index);
        Some(index)
    }

    /// Listeners of the entry points that no router in view is served on.
    pub(super) fn rest(&mut self, view: &View<'_>, gateway: &mut Gateway) {
        let Some(main) = view.main() else { return };
        let served: HashSet<usize> = self.listeners.keys().map(|(number, _)| *number).collect();
        let streams = view.dynamic.streams.iter().filter_map(|name| main.entry_point(name));
        let streams: HashSet<usize> = streams.collect();
        for (number, point) in main.entry_points.iter().enumerate().filter(|(number, _)| !served.contains(number)) {
            let mut listener = plain(point);
            listener.protocol = match &point.tls {
                _ if point.is_udp || streams.contains(&number) => Stated::Known(Protocol::Tcp),
                Some(_) => Stated::Known(Protocol::Https),
                None if point.redirects => Stated::Known(Protocol::Http),
                // Routers out of view decide.
                None => Stated::Unknown(Why::Elsewhere, Some(point.place)),
            };
            listener.exposure = exposure(point, main);
            if point.tls.is_some() {
                let options = self.number(point.options.as_ref(), view, gateway).flatten();
                listener.tls = Some(self.tls(options, point.place, view, gateway));
                listener.redirects_to_https = Stated::Known(false);
            }
            gateway.add_listener(listener);
        }
    }

    /// Says of each listener which hosts its routes are for, as far as that is a short list.
    pub(super) fn hosts(gateway: &mut Gateway) {
        let mut hosts: Vec<Option<Vec<HostPattern>>> = vec![Some(Vec::new()); gateway.listeners.len()];
        for route in gateway.routes.iter().filter(|route| !route.disabled) {
            for &listener in route.listeners.known().into_iter().flatten() {
                let Some(all) = hosts.get_mut(listener as usize) else { continue };
                let Some(known) = all else { continue };
                known.extend(route.hosts.iter().filter(|host| !known.contains(host)).cloned().collect::<Vec<_>>());
                if route.hosts.is_empty() || known.len() > MAX_HOSTS {
                    *all = None;
                }
            }
        }
        for (listener, hosts) in gateway.listeners.iter_mut().zip(hosts) {
            listener.hosts = hosts.unwrap_or_default();
        }
    }

    /// The number of the TLS options of a name: none if Traefik does not know them, and then serves no router with
    /// them; nothing inside for the default ones, or those out of view.
    pub(super) fn number(
        &mut self,
        reference: Option<&Reference>,
        view: &View<'_>,
        gateway: &mut Gateway,
    ) -> Option<Option<usize>> {
        let sources = view.input.sources;
        let options = &view.dynamic.options;
        let usual = *self.usual.get_or_insert_with(|| default_options(view));
        let Some(reference) = reference else { return Some(usual) };
        let near = reference.place.at.file;
        if let Some(found) = options.find(sources, &reference.name, near) {
            return Some(Some(found));
        }
        if reference.shown.starts_with("default") {
            return Some(usual);
        }
        let key = (reference.name.clone(), near);
        let dead = *self.missing.entry(key).or_insert_with(|| {
            let dead = view.is_complete(reference, "TLSOption");
            if dead {
                gateway.dangling.push(DanglingName {
                    name: reference.shown.clone(),
                    what: "TLS options".to_owned(),
                    place: reference.place,
                    consequence: Consequence::Dead,
                });
            }
            dead
        });
        if dead { None } else { Some(None) }
    }

    /// The TLS settings of options.
    pub(super) fn tls(&mut self, options: Option<usize>, place: Place, view: &View<'_>, gateway: &mut Gateway) -> u32 {
        *self.options.entry(options).or_insert_with(|| {
            let found = options.map(|number| view.dynamic.options.get(number));
            let usual = default(Format::Traefik, "tls.options.minVersion", None).and_then(TlsVersion::parse);
            let conf = found.map(|found| found.conf);
            let place = found.map_or(place, |found| found.place);
            let stated = conf.and_then(|conf| conf.get("minVersion"));
            let min_version = match stated {
                Some(node) => match node.text().and_then(TlsVersion::parse) {
                    Some(version) => Stated::Known(Set::written(version, node.place())),
                    None => Stated::Unknown(Why::Template, Some(node.place())),
                },
                None => usual.map(|version| Set::default(version, place)).into(),
            };
            let suites = conf.and_then(|conf| conf.get("cipherSuites"));
            let ciphers = conf.zip(suites).map(|(conf, suites)| {
                let names = conf.texts("cipherSuites");
                (suites.key_place(), cipher::suites(names.iter().map(|(name, _)| *name)))
            });
            let asked = conf.and_then(|conf| conf.path(&["clientAuth", "clientAuthType"]));
            let client_certificate = match asked {
                Some(node) => certificate(node).into(),
                // The default options may be set out of view.
                None if found.is_none() && view.dynamic.options.iter().next().is_none() => view.absent(true),
                None => Stated::Absent,
            };
            gateway.add_tls(Tls { place, side: TlsSide::Client, min_version, ciphers, client_certificate })
        })
    }
}

/// The options of the name `default`, if they are defined: they hold for every router that names none.
fn default_options(view: &View<'_>) -> Option<usize> {
    let is_default = |options: &super::dynamic::Definition<'_>| options.shown == "default";
    view.dynamic.options.iter().position(is_default)
}

fn certificate(node: Conf<'_>) -> Option<Set<ClientCertificate>> {
    let asked = match node.text()?.to_ascii_lowercase().as_str() {
        "requestclientcert" | "requireanyclientcert" => ClientCertificate::Unverified,
        "verifyclientcertifgiven" => ClientCertificate::Optional,
        "requireandverifyclientcert" => ClientCertificate::Required,
        _ => return None,
    };
    Some(Set::written(asked, node.place()))
}

/// Who can reach an entry point: not those outside of a container that publishes other ports.
fn exposure(point: &EntryPoint<'_>, main: &Static<'_>) -> Exposure {
    let internal = matches!(point.bind, Bind::Loopback | Bind::Unix) || main.is_hidden(point.port);
    if internal { Exposure::Internal } else { Exposure::Public }
}

fn plain(point: &EntryPoint<'_>) -> Listener {
    Listener {
        name: point.name.to_owned(),
        place: point.place,
        bind: Stated::Known(point.bind),
        port: point.port,
        protocol: Stated::Known(Protocol::Http),
        hosts: Vec::new(),
        tls: None,
        redirects_to_https: Stated::Known(point.redirects),
        exposure: Exposure::Public,
        hsts: Stated::Unknown(Why::Elsewhere, None),
        serves_browsers: false,
    }
}

//! What holds for all Ingresses of ingress-nginx: the ConfigMap of its controller, and how many of it run.
//!
//! Source: <https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/>.

use super::super::adapters::Input;
use super::super::cursor::Node;
use super::super::defaults::default;
use super::super::objects::Object;
use super::super::tls::TlsVersion;
use super::super::{Concern, Gateway, Set, Setting, Stated, Tls, TlsSide, cipher};
use super::annotations::Annotations;
use crate::discover::Format;
use crate::model::Why;
use crate::span::{FileId, Place};

/// The settings of a controller, as far as they are in view.
#[derive(Clone, Copy, Default)]
pub(super) struct Controller<'s> {
    data: Option<Node<'s>>,
    /// Whether several processes of it run.
    pub(super) replicated: bool,
}

/// The controllers of a run.
pub(super) struct Controllers<'s> {
    configs: Vec<&'s Object>,
    is_replicated: bool,
    /// Images of the controller itself, where it is among the objects.
    pub(super) images: Vec<Node<'s>>,
}

impl<'s> Controllers<'s> {
    pub(super) fn of(input: Input<'s>) -> Self {
        let mut controllers = Self { configs: Vec::new(), is_replicated: false, images: Vec::new() };
        let configs = input.objects.chosen("settings of ingress-nginx", ("", "ConfigMap"), |it| is_config(input, it));
        controllers.configs.extend(configs);
        for (workload, image) in workloads(input) {
            controllers.images.push(image);
            controllers.is_replicated |= is_replicated(workload);
        }
        controllers
    }

    /// The controller of an Ingress in `near`: its ConfigMap if it is the only one of the run, or of the folder.
    pub(super) fn near(&self, input: Input<'s>, near: FileId) -> Controller<'s> {
        let beside = input.sources.folder(near);
        let mut here = self.configs.iter().filter(|object| input.sources.folder(object.at.file) == beside);
        let config = match (self.configs.as_slice(), here.next(), here.next()) {
            ([only], ..) => Some(*only),
            (_, Some(first), None) => Some(*first),
            _ => None,
        };
        Controller {
            data: config.and_then(|object| object.node(input.sources).get("data")),
            replicated: self.is_replicated,
        }
    }
}

impl<'s> Controller<'s> {
    /// Whether its settings are in view: then what they do not hold is not set.
    pub(super) const fn is_in_view(&self) -> bool {
        self.data.is_some()
    }

    /// A setting, unless it is empty.
    pub(super) fn get(&self, name: &str) -> Option<Node<'s>> {
        self.data?.get(name).filter(|node| node.text().is_some_and(|text| !text.trim().is_empty()))
    }

    /// A switch; `None` if it is not set or not in view.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.bool()
    }

    /// The TLS settings of all listeners.
    pub(super) fn tls(&self, place: Place) -> Tls {
        let mut tls = Tls {
            place,
            side: TlsSide::Client,
            min_version: Stated::Unknown(Why::Elsewhere, None),
            ciphers: None,
            client_certificate: Stated::Absent,
        };
        if self.is_in_view() {
            let lowest = |text: &str| text.split_whitespace().filter_map(TlsVersion::parse).min();
            tls.min_version = match self.get("ssl-protocols") {
                Some(node) => node.text().and_then(lowest).map(|version| Set::written(version, node.place())).into(),
                None => default(Format::Ingress, "ssl-protocols", None)
                    .and_then(lowest)
                    .map(|version| Set::default(version, place))
                    .into(),
            };
            let ciphers = self.get("ssl-ciphers");
            tls.ciphers = ciphers.map(|node| (node.place(), cipher::openssl(node.text().unwrap_or_default())));
        }
        tls
    }
}

/// Whether a ConfigMap is that of ingress-nginx.
pub(super) fn is_config(input: Input<'_>, object: &Object) -> bool {
    let named = object.name.contains("ingress-nginx") || object.name == "nginx-configuration";
    let label = || {
        let labels = object.node(input.sources).path(&["metadata", "labels"]);
        labels.and_then(|labels| labels.str("app.kubernetes.io/name")) == Some("ingress-nginx")
    };
    // Addresses for streams have names of their own.
    let streams = ["tcp", "udp"].iter().any(|start| object.name.starts_with(start));
    !streams && (named || label())
}

/// Workloads that run the controller, each with its image.
fn workloads<'s>(input: Input<'s>) -> impl Iterator<Item = (Node<'s>, Node<'s>)> {
    let node = move |object: &Object| object.node(input.sources);
    let runs_it = move |object: &Object| image(node(object)).is_some();
    let deployments = input.objects.chosen("deployments of ingress-nginx", ("apps", "Deployment"), runs_it);
    let sets = input.objects.chosen("daemon sets of ingress-nginx", ("apps", "DaemonSet"), runs_it);
    deployments.chain(sets).filter_map(move |object| Some((node(object), image(node(object))?)))
}

/// The image of the controller, in a workload that runs it.
fn image(workload: Node<'_>) -> Option<Node<'_>> {
    let containers = workload.path(&["spec", "template", "spec"])?.list("containers");
    let mut images = containers.into_iter().filter_map(|container| container.get("image"));
    images.find(|image| {
        let bare = image.text().unwrap_or_default().split('@').next().unwrap_or_default();
        // A colon before the last slash is that of a port.
        let tag = bare.rfind(':').filter(|at| bare.rfind('/').is_none_or(|slash| slash < *at));
        let path = tag.map_or(bare, |at| &bare[..at]);
        path.ends_with("ingress-nginx/controller") || path.ends_with("nginx-ingress-controller")
    })
}

fn is_replicated(workload: Node<'_>) -> bool {
    workload.str("kind") == Some("DaemonSet")
        || workload.path(&["spec", "replicas"]).and_then(Node::number).is_some_and(|count| count > 1.0)
}

/// Notes the settings of a ConfigMap that rules ask for.
pub(super) fn settings(input: Input<'_>, object: &Object, gateway: &mut Gateway) {
    let Some(data) = object.node(input.sources).get("data") else { return };
    for name in ["allow-snippet-annotations", "annotations-risk-level", "strict-validate-path-type"] {
        if let Some(node) = data.get(name) {
            gateway.settings.push(setting(name, node, None));
        }
    }
    if let Some(node) = data.get("server-tokens").filter(|node| node.bool() == Some(true)) {
        gateway.settings.push(setting("server-tokens", node, Some(Concern::VersionBanner)));
    }
    // Without a list of proxies, anybody's headers count: https://github.com/kubernetes/ingress-nginx, `proxy-real-ip-cidr`.
    let trusted = data.str("proxy-real-ip-cidr").map_or_else(
        || default(Format::Ingress, "proxy-real-ip-cidr", None).unwrap_or_default().to_owned(),
        str::to_owned,
    );
    let all = trusted.split(',').any(|range| matches!(range.trim(), "0.0.0.0/0" | "::/0"));
    let name = ["use-forwarded-headers", "use-proxy-protocol"].into_iter().find(|name| data.is_true(name));
    if let (Some(name), true) = (name, all)
        && let Some(node) = data.get(name)
    {
        let (lists, limits) = address_rules(input);
        if lists || limits {
            let mut setting = setting(name, node, Some(Concern::TrustForwarded));
            setting.grave = lists;
            gateway.settings.push(setting);
        }
    }
}

/// Whether Ingresses of the run have lists of addresses, and limits that count by address.
fn address_rules(input: Input<'_>) -> (bool, bool) {
    let (mut lists, mut limits) = (false, false);
    for object in input.objects.of("networking.k8s.io", "Ingress") {
        let annotations = Annotations::of(object.node(input.sources));
        lists |= super::nginx::ALLOW
            .iter()
            .chain(["denylist-source-range"].iter())
            .any(|it| annotations.nginx(it).is_some());
        limits |= super::nginx::RATES.iter().any(|it| annotations.nginx(it).is_some());
    }
    (lists, limits)
}

/// A setting as it stands.
pub(super) fn setting(name: &str, node: Node<'_>, concern: Option<Concern>) -> Setting {
    Setting { concern, ..Setting::new(name, node.text().unwrap_or_default(), node.key_place()) }
}

//! Annotations of the AWS Load Balancer Controller.
//!
//! Source: <https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/>.

use super::super::adapters::Input;
use super::super::cursor::Node;
use super::super::defaults::default;
use super::super::kubernetes::SERVICE;
use super::super::tls::TlsVersion;
use super::super::{
    Access, AccessBy, Action, Applied, Auth, AuthServer, Gateway, Mechanism, Protocol, Purpose, Scope, Set, Stated,
    Tls, TlsSide,
};
use super::annotations::{Annotations, Dialect};
use super::servers::Edge;
use super::{Ingress, Policies};
use crate::discover::Format;
use crate::model::Why;
use crate::span::Place;

fn usual(name: &str) -> &'static str {
    default(Format::Ingress, name, None).unwrap_or_default()
}

fn node<'s>(ingress: &Ingress<'s>, name: &str) -> Option<Node<'s>> {
    ingress.annotations.alb(name)
}

/// Whether the load balancer has an address of the own network only.
pub(super) fn is_internal(ingress: &Ingress<'_>) -> bool {
    let scheme = || node(ingress, "scheme").and_then(Node::text).unwrap_or(usual("alb.scheme"));
    ingress.dialect == Dialect::Alb && ingress.unseen.is_none() && scheme() == "internal"
}

/// How requests arrive: by `listen-ports`, else by whether there is a certificate.
pub(super) fn edge(ingress: &Ingress<'_>) -> Edge {
    let certificate = node(ingress, "certificate-arn");
    let ports = node(ingress, "listen-ports");
    let text = ports.and_then(Node::text).unwrap_or_default();
    let (http, https) = match ports {
        Some(_) => (text.contains("\"HTTP\""), text.contains("\"HTTPS\"")),
        None => (certificate.is_none(), certificate.is_some()),
    };
    let redirects = node(ingress, "ssl-redirect").is_some() || redirect_action(ingress).is_some();
    let plaintext = match ingress.unseen {
        Some((why, place)) if ports.is_none() && certificate.is_none() => Stated::Unknown(why, place),
        _ => Stated::Known(http),
    };
    Edge {
        plaintext,
        tls: https.then(|| certificate.or(ports).map_or(ingress.named, Node::key_place)),
        redirects: Stated::Known(http && https && redirects),
    }
}

/// The annotation of an action that sends all requests to HTTPS, if a rule for all paths uses it.
fn redirect_action<'s>(ingress: &Ingress<'s>) -> Option<Node<'s>> {
    ingress.rules().find_map(|(_, _, paths)| {
        let all = paths.into_iter().find(|path| matches!(path.str("path").unwrap_or("/"), "/" | "/*"))?;
        let node = action_node(ingress, all.get("backend")?)?;
        (of_action(node) == Action::HttpsRedirect).then_some(node)
    })
}

/// The annotation that a backend with the port `use-annotation` names.
fn action_node<'s>(ingress: &Ingress<'s>, backend: Node<'s>) -> Option<Node<'s>> {
    let service = backend.get("service");
    let port = service.and_then(|service| service.path(&["port", "name"])).or_else(|| backend.get("servicePort"));
    let name = service.and_then(|service| service.get("name")).or_else(|| backend.get("serviceName"));
    let is_action = ingress.dialect == Dialect::Alb && port.and_then(Node::text) == Some("use-annotation");
    node(ingress, &format!("actions.{}", name.filter(|_| is_action)?.text()?))
}

fn of_action(node: Node<'_>) -> Action {
    let text: String = node.text().unwrap_or_default().split_whitespace().collect::<String>().to_ascii_lowercase();
    if text.contains("\"type\":\"redirect\"") {
        let https = text.contains("\"protocol\":\"https\"");
        if https { Action::HttpsRedirect } else { Action::Redirect }
    } else if text.contains("\"type\":\"fixed-response\"") {
        let refuses = ["\"statuscode\":\"4", "\"statuscode\":4", "\"statuscode\":\"5", "\"statuscode\":5"];
        if refuses.iter().any(|code| text.contains(code)) { Action::Refuse } else { Action::Respond }
    } else {
        Action::Proxy
    }
}

/// What a backend does that is described in an annotation, and where; none for a service.
pub(super) fn action(ingress: &Ingress<'_>, backend: Node<'_>) -> Option<(Action, Place)> {
    let service = backend.get("service");
    let port = service.and_then(|service| service.path(&["port", "name"])).or_else(|| backend.get("servicePort"));
    if ingress.dialect != Dialect::Alb || port.and_then(Node::text) != Some("use-annotation") {
        return None;
    }
    let name = service.and_then(|service| service.get("name")).or_else(|| backend.get("serviceName"))?;
    let described = node(ingress, &format!("actions.{}", name.text().unwrap_or_default()));
    Some(described.map_or((Action::Unknown, name.place()), |node| (of_action(node), node.key_place())))
}

/// TLS settings of the load balancer.
pub(super) fn tls(ingress: &Ingress<'_>, place: Place) -> Tls {
    let policy = node(ingress, "ssl-policy");
    let min_version = match policy {
        Some(node) => node
            .text()
            .and_then(TlsVersion::of_aws_policy)
            .map_or(Stated::Unknown(Why::NotRead, Some(node.place())), |it| {
                Stated::Known(Set::written(it, node.place()))
            }),
        None => match ingress.unseen {
            Some((why, place)) => Stated::Unknown(why, place),
            None => TlsVersion::of_aws_policy(usual("alb.ssl-policy")).map(|it| Set::default(it, place)).into(),
        },
    };
    Tls { place, side: TlsSide::Client, min_version, ciphers: None, client_certificate: Stated::Absent }
}

/// What is spoken to the service.
pub(super) fn upstream(ingress: &Ingress<'_>) -> Protocol {
    let is_https = node(ingress, "backend-protocol").and_then(Node::text) == Some("HTTPS");
    if is_https { Protocol::Https } else { Protocol::Http }
}

pub(super) fn policies(input: Input<'_>, ingress: &Ingress<'_>, gateway: &mut Gateway) -> Policies {
    let mut policies = Policies::elsewhere(Why::NotRead, None);
    policies.auth = auth(input, ingress, gateway);
    // There are no rate limits and no CORS but in the firewall.
    policies.access = match access(ingress, gateway) {
        Some(applied) => Stated::Known(vec![applied]),
        None => super::absent(ingress.unseen),
    };
    policies
}

fn auth(input: Input<'_>, ingress: &Ingress<'_>, gateway: &mut Gateway) -> Stated<Vec<Applied>> {
    let Some(kind) = node(ingress, "auth-type").filter(|node| node.text() != Some("none")) else {
        // Services may carry the annotation too.
        let of_service = |(_, _, paths): (&str, Place, Vec<Node<'_>>)| {
            paths.into_iter().all(|path| {
                let backend = path.get("backend");
                let name = backend.and_then(|it| it.path(&["service", "name"]).or_else(|| it.get("serviceName")));
                let name = name.and_then(Node::text).unwrap_or_default();
                let is_action = backend.is_some_and(|backend| action(ingress, backend).is_some());
                let namespace = ingress.object.namespace();
                let service = input.objects.find(input.sources, SERVICE, namespace, name, ingress.object.at.file);
                is_action
                    || service.is_some_and(|it| Annotations::of(it.node(input.sources)).alb("auth-type").is_none())
            })
        };
        let all_plain = ingress.rules().all(of_service);
        let elsewhere = (!all_plain).then_some((Why::Elsewhere, None));
        return super::absent(ingress.unseen.or(elsewhere));
    };
    let mut auth = Auth::new("auth-type", Mechanism::Oidc, kind.key_place());
    let unauthenticated = node(ingress, "auth-on-unauthenticated-request");
    auth.optional = unauthenticated.filter(|node| node.text() == Some("allow")).map(Node::key_place);
    if let Some(idp) = node(ingress, "auth-idp-oidc") {
        for (key, purpose) in [("tokenEndpoint", Purpose::Tokens), ("userInfoEndpoint", Purpose::Introspection)] {
            let text = idp.text().unwrap_or_default();
            let rest = text.split_once(&format!("\"{key}\"")).map(|(_, rest)| rest.trim_start_matches([':', ' ', '"']));
            if let Some(url) = rest.and_then(|rest| rest.split('"').next()).filter(|url| url.contains("://")) {
                gateway.auth_servers.push(AuthServer {
                    url: url.to_owned(),
                    place: idp.place(),
                    purpose,
                    unverified: None,
                });
            }
        }
    }
    let place = kind.key_place();
    Stated::Known(vec![Applied { policy: gateway.add_auth(auth), place, scope: Scope::Route }])
}

/// The list of addresses that may connect. Everybody may by default, as for any public service, so a list that says
/// so restricts nothing and is no mistake.
fn access(ingress: &Ingress<'_>, gateway: &mut Gateway) -> Option<Applied> {
    let node = node(ingress, "inbound-cidrs")?;
    let every = node.text().unwrap_or_default().split(',').any(|range| matches!(range.trim(), "0.0.0.0/0" | "::/0"));
    let mut access = Access::new("inbound-cidrs", AccessBy::Address, node.key_place());
    access.restricts = Stated::Known(!every);
    Some(Applied { policy: gateway.add_access(access), place: node.key_place(), scope: Scope::Listener })
}

/// Whether the public load balancers have a firewall.
pub(super) fn firewall(ingresses: &[Ingress<'_>], gateway: &mut Gateway) {
    const NAMES: [&str; 4] = ["wafv2-acl-arn", "wafv2-acl-name", "waf-acl-id", "web-acl-id"];
    let public = |ingress: &&Ingress<'_>| ingress.dialect == Dialect::Alb && !is_internal(ingress);
    let has = |ingress: &Ingress<'_>| NAMES.iter().any(|name| node(ingress, name).is_some());
    let grouped = |ingress: &Ingress<'_>| node(ingress, "group.name").is_some() || ingress.unseen.is_some();
    let mut all = ingresses.iter().filter(public).peekable();
    if all.peek().is_some() {
        gateway.firewall = match all.find(|ingress| !has(ingress)) {
            None => Stated::Known(true),
            // Another member of its group may bring one.
            Some(ingress) if grouped(ingress) => Stated::Unknown(Why::Elsewhere, Some(ingress.named)),
            Some(_) => Stated::Known(false),
        };
    }
}

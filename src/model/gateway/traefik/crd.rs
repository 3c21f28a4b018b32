//! Custom resources of Traefik as routers and definitions. Objects of the groups of version 2 and version 3 meet.
//!
//! Source: <https://doc.traefik.io/traefik/v3.7/reference/routing-configuration/kubernetes/crd/http/ingressroute/>.

use super::conf::Conf;
use super::dynamic::{Dynamic, Name, Provider, Reference, Router, Sort, Target};
use crate::model::gateway::adapters::Input;
use crate::model::gateway::kubernetes::named;
use crate::model::gateway::{Node, Object};

/// The API groups: since version 2.10, and before.
pub(super) const GROUPS: [&str; 2] = ["traefik.io", "traefik.containo.us"];

/// Reads the objects that stand in the files of the gateway.
pub(super) fn read<'a>(input: Input<'a>, dynamic: &mut Dynamic<'a>) {
    for object in objects(input) {
        let node = object.node(input.sources);
        let spec = Conf::Tree(node.get("spec").unwrap_or(node));
        let place = named(node);
        let mut define = |sort| dynamic.define(sort, object.namespace(), &object.name, spec, place);
        match object.kind.as_str() {
            "Middleware" => define(Sort::Middleware),
            "TraefikService" => define(Sort::Service),
            "ServersTransport" => define(Sort::Transport),
            "TLSOption" => define(Sort::Options),
            "IngressRoute" => {
                for route in spec.items("routes") {
                    dynamic.routers.push(router(object, node, spec, route));
                }
            }
            "IngressRouteTCP" => {
                dynamic.streams.extend(spec.texts("entryPoints").into_iter().map(|(name, _)| name));
            }
            _ => {}
        }
    }
}

/// The objects of Traefik in the files of the gateway.
pub(super) fn objects(input: Input<'_>) -> impl Iterator<Item = &Object> {
    let objects = input.files.iter().flat_map(move |&file| input.objects.in_file(file));
    objects.filter(|object| GROUPS.contains(&object.group.as_str()))
}

fn router<'a>(object: &Object, node: Node<'a>, spec: Conf<'a>, route: Conf<'a>) -> Router<'a> {
    let namespace = object.namespace();
    let rule = route.get("match");
    let references = |conf: Conf<'a>, key: &str| -> Vec<Reference> {
        conf.items(key).into_iter().filter_map(|item| Reference::object(item, namespace)).collect()
    };
    let tls = spec.on("tls");
    let options = tls.and_then(|tls| tls.get("options")).and_then(|options| Reference::object(options, namespace));
    let services = route.items("services");
    let internal = services.iter().find_map(|service| {
        let name = service.get("name")?;
        let text = name.text().filter(|text| text.contains('@'))?;
        Some(Reference::read(text, Provider::Crd, name.place()))
    });
    Router {
        shown: object.name.clone(),
        name: Name { text: format!("{namespace}-{}", object.name), provider: Provider::Crd },
        place: rule.map_or(named(node), Conf::place),
        rule: rule.and_then(Conf::text),
        container: None,
        old_syntax: route.str("syntax").is_some_and(|syntax| syntax.eq_ignore_ascii_case("v2")),
        priority: route.number("priority").map(|number| number as i64),
        entry_points: spec.texts("entryPoints"),
        middlewares: references(route, "middlewares"),
        target: match internal {
            Some(reference) => Target::Named(reference),
            None if services.is_empty() => Target::None,
            None => Target::Objects(services, namespace.to_owned()),
        },
        tls,
        options,
        parents: references(spec, "parentRefs"),
        logged: route
            .path(&["observability", "accessLogs"])
            .and_then(|logs| Some((route.get("observability")?.flag("accessLogs")?, logs.key_place()))),
    }
}

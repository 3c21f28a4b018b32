//! Administration surfaces: what Traefik opens by itself, and routes that lead to its own services.
//!
//! Source: <https://doc.traefik.io/traefik/v3.7/reference/install-configuration/api-dashboard/>.

use super::routes::Routes;
use super::statics::Static;
use super::view::View;
use crate::model::Why;
use crate::model::gateway::{Admin, Bind, Gateway, Power, Stated};

/// The entry point for what is not routed.
const OWN_ENTRY_POINT: &str = "traefik";

/// A route to a service of Traefik itself.
pub(super) fn routed(service: &str, route: u32, gateway: &mut Gateway) {
    let power = match service.to_ascii_lowercase().as_str() {
        "api" | "dashboard" | "prometheus" => Power::Read,
        "rest" => Power::Change,
        "ping" => Power::Ping,
        _ => return,
    };
    let place = gateway.routes.get(route as usize).map_or(gateway.place, |route| route.place);
    gateway.admins.push(Admin {
        name: format!("{service}@internal"),
        place,
        power,
        bind: Stated::Absent,
        route: Some(route),
        protected: Stated::Absent,
        published: Stated::Absent,
    });
}

/// Says of each routed surface whether its route is protected. Only once all routes are known.
pub(super) fn protect(gateway: &mut Gateway) {
    let known: Vec<Stated<bool>> = gateway.admins.iter().map(|admin| of_route(gateway, admin)).collect();
    for (admin, protected) in gateway.admins.iter_mut().zip(known) {
        if admin.route.is_some() {
            admin.protected = protected;
        }
    }
}

fn of_route(gateway: &Gateway, admin: &Admin) -> Stated<bool> {
    use crate::model::gateway::routes::Authentication;
    let Some((number, route)) = admin.route.and_then(|number| Some((number, gateway.routes.get(number as usize)?)))
    else {
        return Stated::Absent;
    };
    let authentication = gateway.derived().authentication(number);
    match (authentication, gateway.is_restricted(route, |_| true)) {
        (Stated::Known(Authentication::Required), _) | (_, Stated::Known(true)) => Stated::Known(true),
        (Stated::Unknown(why, place), _) => Stated::Unknown(*why, *place),
        (_, Stated::Unknown(why, place)) => Stated::Unknown(why, place),
        _ => Stated::Known(false),
    }
}

/// What a static configuration opens without a router.
pub(super) fn opened(main: &Static<'_>, routes: &mut Routes, view: &View<'_>, gateway: &mut Gateway) {
    let surfaces = [
        ("API and dashboard", main.conf.get("api").and_then(|api| api.truth("insecure")), Power::Read),
        (
            "REST provider",
            main.conf.path(&["providers", "rest"]).and_then(|rest| rest.truth("insecure")),
            Power::Change,
        ),
    ];
    for (name, setting, power) in surfaces {
        let Some(setting) = setting else { continue };
        let point = main.entry_point(OWN_ENTRY_POINT).map(|number| &main.entry_points[number]);
        let (bind, port) = point.map_or((Bind::Any, Some(8080)), |point| (point.bind, point.port));
        let mut protected = Stated::Known(false);
        for reference in point.map_or(&[][..], |point| &point.middlewares) {
            let effects = routes.middlewares.of(reference, view, gateway);
            if !effects.auths.is_empty() || !effects.access.is_empty() {
                protected = Stated::Known(true);
            } else if let Some((why, place)) = effects.unknown().filter(|_| protected == Stated::Known(false)) {
                protected = Stated::Unknown(why, Some(place));
            }
        }
        let place = setting.key_place();
        if view.template.is_some() && protected == Stated::Known(false) && point.is_none() {
            protected = Stated::Unknown(Why::Template, Some(place));
        }
        let published = main.publishes(port).into();
        let name = name.to_owned();
        gateway.admins.push(Admin { name, place, power, bind: Stated::Known(bind), route: None, protected, published });
    }
}

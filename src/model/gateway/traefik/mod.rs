//! Traefik: static and dynamic files, labels of containers, arguments, custom resources. All carriers become one view
//! before anything is judged: static configurations with entry points, and routers, middlewares, services and TLS
//! options by name and provider. Read against Traefik 3.7, <https://doc.traefik.io/traefik/>.

mod admin;
mod carriers;
mod conf;
mod cors;
mod crd;
mod dynamic;
mod group;
mod listeners;
mod middlewares;
mod notes;
mod routes;
mod rule;
mod services;
mod statics;
mod view;

use super::Gateway;
use super::adapters::{Adapter, Grouping, Input};
use crate::discover::Format;
use carriers::Carriers;
use routes::Routes;
use view::View;

pub(super) const ADAPTER: Adapter =
    Adapter { format: Format::Traefik, grouping: Grouping::Own { group: group::group }, images: &["traefik"], lower };

fn lower(input: Input<'_>, gateway: &mut Gateway) {
    let carriers = Carriers::read(input);
    let view = View::new(input, &carriers);
    gateway.version = carriers.launches.iter().find_map(|launch| launch.version.clone());
    if let Some(main) = view.main() {
        gateway.place = main.place();
    }
    if let Some(place) = view.template {
        gateway.partial = Some((crate::model::Why::Template, place));
    }
    let mut routes = Routes::default();
    routes.read(&view, gateway);
    middlewares::read_all(&mut routes.middlewares, &view, gateway);
    routes.listeners.rest(&view, gateway);
    listeners::Listeners::hosts(gateway);
    for main in &view.statics {
        main.settings(gateway);
        admin::opened(main, &mut routes, &view, gateway);
    }
    notes::read(&view, &routes, gateway);
    admin::protect(gateway);
}

/// A duration of Go, `1m30s`, or a number of seconds.
fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return Some(number).filter(|number| number.is_finite());
    }
    super::duration::seconds(text)
}

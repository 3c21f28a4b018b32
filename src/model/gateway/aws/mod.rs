//! API Gateway of AWS in its three carriers: OpenAPI documents with extensions, CloudFormation, SAM. One file is one
//! gateway, a template with the documents that it includes; each API in it is an endpoint. What a template takes from parameters, conditions, other stacks and files
//! is not in view, and what depends on it is unknown.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/>,
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/>.

mod api;
mod authorizer;
mod front;
mod http;
mod include;
mod integration;
mod openapi;
mod policy;
mod rest;
mod sam;
mod stage;
mod template;
mod value;

use super::adapters::{Adapter, Grouping, Input};
use super::{Gateway, MethodBinding, Node, Setting, Stated};
use crate::discover::Format;
use crate::model::Why;
use crate::span::Place;
use api::{Api, Sort};

pub(super) const ADAPTER: Adapter =
    Adapter { format: Format::Aws, grouping: Grouping::Own { group: include::group }, images: &[], lower };

fn lower(input: Input<'_>, gateway: &mut Gateway) {
    gateway.method_binding = MethodBinding::List;
    gateway.closed = true;
    let mut is_template = false;
    for &file in input.files {
        let templated = input.sources.file(file).templated;
        for root in Node::roots(input.sources, file).filter(|root| root.is_map()) {
            if templated {
                gateway.partial = Some((Why::Template, root.place()));
            }
            if let Some(resources) = root.get("Resources") {
                template::lower(root, resources, include::Documents::new(input, file), gateway);
                is_template = true;
            } else if let Some(version) = root.get("openapi").or(root.get("swagger")).filter(|_| !is_template) {
                document(root, version, gateway);
            }
        }
    }
    // An unseen document is the affair of its API; a template may hold anything.
    if let Some((why @ Why::Template, place)) = gateway.partial {
        for route in gateway.routes.iter_mut().filter(|route| route.auth.is_absent()) {
            route.auth = Stated::Unknown(why, Some(place));
        }
    }
}

/// A document that is a file of its own. Stages, domains and firewalls stand elsewhere.
fn document(root: Node<'_>, version: Node<'_>, gateway: &mut Gateway) {
    let sort = if openapi::is_http(root) { Sort::Http } else { Sort::Rest };
    let title = root.path(&["info", "title"]);
    let place = title.map_or(version.key_place(), Node::place);
    let mut api = Api::new(title.and_then(Node::text).unwrap_or("API"), place, sort, gateway);
    gateway.firewall = Stated::Unknown(Why::Elsewhere, Some(place));
    api.stage.elsewhere(place);
    if !openapi::speaks_of_access(root) {
        // Nothing in it says who may call: that may be said where it is deployed.
        gateway.closed = false;
        api.access = Stated::Unknown(Why::Elsewhere, Some(place));
    }
    openapi::lower(root, &mut api, gateway);
    api.finish(gateway);
    authorizer::note(api.kept, gateway);
}

/// Notes a setting that the rules of this format ask for.
fn note(name: &str, value: &str, place: Place, grave: bool, routes: Vec<u32>, gateway: &mut Gateway) {
    gateway.settings.push(Setting { grave, routes, ..Setting::new(name, value, place) });
}

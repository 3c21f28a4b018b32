//! Templates of CloudFormation and SAM: resources by name, and the APIs that they make up.

use std::collections::HashMap;

use super::super::{Gateway, Node, Stated};
use super::api::{Api, Sort};
use super::include::Documents;
use super::{authorizer, front, http, rest, sam, value};
use crate::model::Why;

/// A resource of a template.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resource<'s> {
    /// The logical id.
    pub name: &'s str,
    /// The resource.
    pub node: Node<'s>,
    /// Its type.
    pub kind: &'s str,
    properties: Option<Node<'s>>,
}

impl<'s> Resource<'s> {
    /// A property; one that `AWS::NoValue` takes away is not there.
    pub(super) fn get(&self, key: &str) -> Option<Node<'s>> {
        value::given(self.properties?.get(key))
    }

    /// All properties.
    pub(super) fn properties(&self) -> Option<Node<'s>> {
        self.properties
    }
}

/// A template.
#[derive(Debug)]
pub(super) struct Template<'s> {
    root: Node<'s>,
    /// Documents that it may include.
    pub documents: Documents<'s>,
    resources: Vec<Resource<'s>>,
    by_name: HashMap<&'s str, usize>,
}

impl<'s> Template<'s> {
    fn read(root: Node<'s>, resources: Node<'s>, documents: Documents<'s>) -> Self {
        let mut template = Self { root, documents, resources: Vec::new(), by_name: HashMap::new() };
        for node in resources.children() {
            let (Some(name), Some(kind)) = (node.key(), node.str("Type")) else { continue };
            template.by_name.entry(name).or_insert(template.resources.len());
            template.resources.push(Resource { name, node, kind, properties: node.get("Properties") });
        }
        template
    }

    /// The resources of a type, in order.
    pub(super) fn all<'t>(&'t self, kind: &'t str) -> impl Iterator<Item = &'t Resource<'s>> {
        self.resources.iter().filter(move |resource| resource.kind == kind)
    }

    /// All resources.
    pub(super) fn resources(&self) -> &[Resource<'s>] {
        &self.resources
    }

    /// The resource that a name stands for.
    pub(super) fn named(&self, name: &str) -> Option<&Resource<'s>> {
        self.resources.get(*self.by_name.get(name)?)
    }

    /// The resource that a value refers to.
    pub(super) fn referred(&self, node: Option<Node<'s>>) -> Option<&Resource<'s>> {
        self.named(value::reference(node?)?)
    }

    /// What SAM adds to all resources of a kind: `Api`, `HttpApi`, `Function`.
    pub(super) fn globals(&self, kind: &str) -> Option<Node<'s>> {
        self.root.path(&["Globals", kind])
    }
}

/// The APIs of a template.
#[derive(Debug, Default)]
pub(super) struct Apis {
    list: Vec<Api>,
    by_name: HashMap<String, usize>,
    /// Authorizers that are resources, by logical id.
    pub authorizers: HashMap<String, u32>,
    /// Answers that are kept by authorizers of APIs that are not in view.
    pub kept: Vec<authorizer::Kept>,
}

impl Apis {
    /// Adds one.
    pub(super) fn add(&mut self, api: Api) {
        self.by_name.insert(api.name.clone(), self.list.len());
        self.list.push(api);
    }

    /// The API of a name.
    pub(super) fn named(&mut self, name: &str) -> Option<&mut Api> {
        self.list.get_mut(*self.by_name.get(name)?)
    }

    /// The API that a value refers to.
    pub(super) fn referred(&mut self, node: Option<Node<'_>>) -> Option<&mut Api> {
        self.named(value::reference(node?)?)
    }

    /// The API that a method or route belongs to; one that stands in another template is known by its reference only.
    pub(super) fn of(&mut self, node: Node<'_>, sort: Sort, gateway: &mut Gateway) -> &mut Api {
        let name = value::pattern(node).unwrap_or_else(|| "API of another template".to_owned());
        let name = name.strip_prefix("${").and_then(|name| name.strip_suffix('}')).unwrap_or(&name).to_owned();
        let number = self.by_name.get(&name).copied().unwrap_or_else(|| {
            let mut api = Api::new(&name, node.place(), sort, gateway);
            api.stage.elsewhere(node.place());
            api.access = Stated::Unknown(Why::Elsewhere, Some(node.place()));
            api.cors = Stated::Unknown(Why::Elsewhere, Some(node.place()));
            self.add(api);
            self.list.len() - 1
        });
        &mut self.list[number]
    }

    /// All of them.
    pub(super) fn all(&mut self) -> &mut [Api] {
        &mut self.list
    }
}

/// Reads a template.
pub(super) fn lower<'s>(root: Node<'s>, resources: Node<'s>, documents: Documents<'s>, gateway: &mut Gateway) {
    let template = Template::read(root, resources, documents);
    let mut apis = Apis::default();
    rest::apis(&template, &mut apis, gateway);
    http::apis(&template, &mut apis, gateway);
    sam::apis(&template, &mut apis, gateway);
    for api in apis.all() {
        if !api.stage.seen {
            api.stage.elsewhere(api.place);
        }
    }
    front::domains(&template, &mut apis, gateway);
    front::plans(&template, &mut apis, gateway);
    front::firewall(&template, &mut apis, gateway);
    rest::routes(&template, &mut apis, gateway);
    http::routes(&template, &mut apis, gateway);
    sam::routes(&template, &mut apis, gateway);
    front::credentials(&template, gateway);
    front::function_urls(&template, gateway);
    let mut kept = std::mem::take(&mut apis.kept);
    for api in apis.all() {
        api.finish(gateway);
        kept.append(&mut api.kept);
    }
    authorizer::note(kept, gateway);
}

//! All that is in view of one Traefik, and what may lie outside. Knows no policy.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::carriers::{Carriers, Shape, shape};
use super::conf::Conf;
use super::crd;
use super::dynamic::{Dynamic, Provider, Reference};
use super::statics::Static;
use crate::model::Why;
use crate::model::gateway::adapters::Input;
use crate::model::gateway::{Node, Stated};
use crate::source::{SourceFile, folder};
use crate::span::{FileId, Place};

/// What is in view.
#[derive(Debug)]
pub(super) struct View<'a> {
    /// The files and objects.
    pub(super) input: Input<'a>,
    /// What is dynamic.
    pub(super) dynamic: Dynamic<'a>,
    /// Static configurations.
    pub(super) statics: Vec<Static<'a>>,
    /// Whether several processes are in view.
    pub(super) replicated: bool,
    /// Where template text stands in a file.
    pub(super) template: Option<Place>,
    launches: bool,
    reads_files: bool,
    has_all_files: OnceCell<bool>,
    has_all_labels: OnceCell<bool>,
}

impl<'a> View<'a> {
    /// Gathers it from all carriers.
    pub(super) fn new(input: Input<'a>, carriers: &'a Carriers<'a>) -> Self {
        let dynamic = Dynamic::read(input, carriers);
        let statics = Static::read_all(carriers);
        let replicated = carriers.launches.iter().any(|launch| launch.replicated);
        let templated = input.files.iter().copied().find(|&file| input.sources.file(file).templated);
        let template = templated.and_then(|file| Node::roots(input.sources, file).next()).map(Node::place);
        Self {
            input,
            dynamic,
            statics,
            replicated,
            template,
            launches: !carriers.launches.is_empty(),
            reads_files: !carriers.files.is_empty(),
            has_all_files: OnceCell::new(),
            has_all_labels: OnceCell::new(),
        }
    }

    /// The static configuration, if one is in view and no more.
    pub(super) fn main(&self) -> Option<&Static<'a>> {
        match self.statics.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// What it means that nothing in view sets something: entry points may do it out of view.
    pub(super) fn absent<T>(&self, seen_elsewhere: bool) -> Stated<T> {
        match (self.template, self.main()) {
            (Some(place), _) => Stated::Unknown(Why::Template, Some(place)),
            (None, Some(_)) => Stated::Absent,
            // Where routers say it one by one, nobody says it for all of them.
            (None, None) if seen_elsewhere => Stated::Absent,
            (None, None) => Stated::Unknown(Why::Elsewhere, None),
        }
    }

    /// Whether everything that could define a name is in view; `kind`: the custom resource that would.
    pub(super) fn is_complete(&self, reference: &Reference, kind: &str) -> bool {
        let (objects, sources) = (self.input.objects, self.input.sources);
        let is_managed =
            |group| objects.any_around(sources, (group, kind), &reference.namespace, reference.place.at.file);
        self.template.is_none()
            && match reference.name.provider {
                Provider::File => *self.has_all_files.get_or_init(|| self.reads_files && self.sees_all_files()),
                Provider::Labels => *self.has_all_labels.get_or_init(|| self.launches && self.sees_all_labels()),
                Provider::Crd => crd::GROUPS.into_iter().any(is_managed),
                Provider::Internal | Provider::Other => false,
            }
    }

    /// Whether no other file of the folder is one of the file provider, and the provider names none out of view.
    fn sees_all_files(&self) -> bool {
        let is_dynamic = |file: &SourceFile| {
            let mut roots = Node::roots(self.input.sources, file.id);
            roots.any(|root| {
                let has = |key| Conf::Tree(root).get(key).is_some_and(|conf| conf.text().is_none());
                shape(root) == Shape::Settings && (has("http") || has("tls"))
            })
        };
        let provider = self.main().and_then(|main| main.conf.path(&["providers", "file"]));
        let named = provider.and_then(|file| file.str("filename").or_else(|| file.str("directory")));
        let is_here = |name: &str| {
            let last = name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            name.contains("{{")
                || self.input.files.iter().any(|&file| {
                    let path = &self.input.sources.file(file).path;
                    path.split('/').any(|part| part == last)
                })
        };
        named.is_none_or(is_here) && self.stands_alone(is_dynamic)
    }

    /// Whether no other file of the folder has labels.
    fn sees_all_labels(&self) -> bool {
        self.stands_alone(|file| file.text.contains("traefik.http") || file.text.contains("traefik.enable"))
    }

    /// Whether no other file in the folders of this gateway is of some sort.
    fn stands_alone(&self, is: impl Fn(&SourceFile) -> bool) -> bool {
        let mine: HashSet<FileId> = self.input.files.iter().copied().collect();
        let folders: HashSet<&str> = self.input.files.iter().map(|&file| self.input.sources.folder(file)).collect();
        let mut others = self.input.sources.files().filter(|file| !mine.contains(&file.id));
        !others.any(|file| folders.contains(folder(&file.path)) && is(file))
    }
}

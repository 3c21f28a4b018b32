//! The typed model of what is judged, an API document or a gateway: effective facts, each with its place. Knows
//! no rule.

mod fact;
pub mod fields;
pub mod gateway;
mod markdown;
mod names;
pub mod net;
pub mod openapi;
pub mod pattern;
pub mod template;
mod weburl;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

pub use fact::{Fact, Field, Id, Kind, NameId, Type, Value, Why};

use crate::error::Problem;
use crate::settings::Date;
use crate::source::SourceMap;
use crate::span::{At, FileId, Part, Place};
use crate::words::{Hits, WordLists};
use gateway::Gateway;
use names::Names;
use openapi::Api;
use openapi::cycles::{self, Cycle};
use openapi::exposure::Reached;
use openapi::failure::{self, Shown};
use openapi::grammar::Version;
use openapi::inputs::Inputs;
use openapi::limits::{self, Ignored, Range};
use openapi::patterns::Patterns;
use openapi::response::Answers;
use openapi::texts::Texts;
use openapi::versions::Versions;

/// What a model is about.
#[derive(Debug)]
enum Subject {
    /// A root document with everything it refers to.
    Api(Box<Api>),
    /// The configuration of a gateway.
    Gateway(Box<Gateway>),
}

/// One root document with everything it refers to, or one gateway.
#[derive(Debug)]
pub struct Model {
    subject: Subject,
    sources: Arc<SourceMap>,
    /// The day on which the document is judged.
    today: Date,
    /// Worked out when it is first asked for.
    patterns: OnceLock<Patterns>,
    /// Lists of texts, each made when it is first asked for.
    texts: Texts,
    /// What callers without credentials reach; worked out when it is first asked for.
    reached: OnceLock<Reached>,
    /// Tables that only some rules ask for, worked out when they first do.
    inputs: OnceLock<Inputs>,
    links: OnceLock<Vec<At>>,
    versions: OnceLock<Versions>,
    servers_of: OnceLock<Vec<Vec<u32>>>,
    /// What is true of all answers; worked out when it is first asked for.
    answers: OnceLock<Answers>,
    /// What error responses show; worked out when it is first asked for.
    shown_errors: OnceLock<Vec<Shown>>,
    repeats: OnceLock<HashMap<u32, Vec<u32>>>,
    ranges: OnceLock<Vec<Range>>,
    ignored_keywords: OnceLock<Vec<Ignored>>,
    cycles: OnceLock<Vec<Cycle>>,
    root_domains: OnceLock<HashSet<String>>,
}

impl Model {
    /// Reads the OpenAPI document of `root` as it is judged on the day `today`; `None` if the file holds none.
    ///
    /// # Errors
    /// If its version is not one that gatelint knows: then nothing of it is judged.
    pub fn openapi(
        sources: Arc<SourceMap>,
        root: FileId,
        lists: Arc<WordLists>,
        today: Date,
    ) -> Option<Result<Self, Problem>> {
        let version = match openapi::version(&sources, root)? {
            Ok(version) => version,
            Err(problem) => return Some(Err(problem)),
        };
        let api = Api::read(Arc::clone(&sources), root, version, lists)?;
        Some(Ok(Self::of(Subject::Api(Box::new(api)), sources, today)))
    }

    /// Reads the gateway that the files of `unit` make up; `objects` are the Kubernetes objects of the run.
    pub fn gateway(
        sources: Arc<SourceMap>,
        unit: &gateway::Unit,
        objects: &gateway::Objects,
        lists: Arc<WordLists>,
        today: Date,
    ) -> Self {
        let gateway = Gateway::read(&sources, unit, objects, lists);
        Self::of(Subject::Gateway(Box::new(gateway)), sources, today)
    }

    fn of(subject: Subject, sources: Arc<SourceMap>, today: Date) -> Self {
        Self {
            subject,
            sources,
            today,
            patterns: OnceLock::new(),
            texts: Texts::default(),
            reached: OnceLock::new(),
            inputs: OnceLock::new(),
            links: OnceLock::new(),
            versions: OnceLock::new(),
            servers_of: OnceLock::new(),
            answers: OnceLock::new(),
            shown_errors: OnceLock::new(),
            repeats: OnceLock::new(),
            ranges: OnceLock::new(),
            ignored_keywords: OnceLock::new(),
            cycles: OnceLock::new(),
            root_domains: OnceLock::new(),
        }
    }

    /// The day that dates in the document are compared with; never the clock's, so that a run can be repeated.
    pub fn today(&self) -> Date {
        self.today
    }

    /// The files it was read from.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// The file of the root document, or the first file of the gateway.
    pub fn root(&self) -> FileId {
        match &self.subject {
            Subject::Api(api) => api.root.file,
            Subject::Gateway(gateway) => gateway.place.at.file,
        }
    }

    /// The gateway, if it is one.
    pub fn as_gateway(&self) -> Option<&Gateway> {
        match &self.subject {
            Subject::Api(_) => None,
            Subject::Gateway(gateway) => Some(gateway),
        }
    }

    /// The node that stands for all of it.
    pub fn whole(&self) -> Id {
        let kind = if self.as_gateway().is_some() { Kind::Gateway } else { Kind::Document };
        Id { kind, index: 0 }
    }

    /// What it is: `openapi`, or the id of the gateway's format.
    pub fn format(&self) -> &'static str {
        self.as_gateway().map_or("openapi", |gateway| gateway.format.as_str())
    }

    /// The version as the document writes it; empty where none is written.
    pub fn version(&self) -> &str {
        match &self.subject {
            Subject::Api(api) => {
                let key =
                    if api.version == Version::V20 { openapi::view::K::Swagger } else { openapi::view::K::Openapi };
                api.view.scalar(api.root, key).unwrap_or_default()
            }
            Subject::Gateway(gateway) => gateway.version.as_deref().unwrap_or_default(),
        }
    }

    /// Files that the document reaches, in the order it reaches them, or those of the gateway.
    pub fn files(&self) -> Vec<FileId> {
        let api = match &self.subject {
            Subject::Api(api) => api,
            Subject::Gateway(gateway) => return gateway.files.clone(),
        };
        let order = &api.walk.file_order;
        let mut files: Vec<FileId> = self.sources().files().map(|file| file.id).collect();
        files.retain(|file| order[file.0 as usize] != u32::MAX);
        files.sort_by_key(|file| order[file.0 as usize]);
        files
    }

    /// What could not be judged: references without a target.
    pub fn problems(&self) -> &[Problem] {
        match &self.subject {
            Subject::Api(api) => &api.problems,
            Subject::Gateway(_) => &[],
        }
    }

    /// The word lists in force.
    pub fn lists(&self) -> &WordLists {
        &self.names().lists
    }

    /// The nodes of a kind, in document order.
    pub fn nodes(&self, kind: Kind) -> impl ExactSizeIterator<Item = Id> + use<> {
        let count = match &self.subject {
            Subject::Gateway(gateway) if kind.is_of_gateway() => gateway.count(kind),
            Subject::Api(api) if !kind.is_of_gateway() => self.count(api, kind),
            _ => 0,
        };
        (0..count as u32).map(move |index| Id { kind, index })
    }

    fn count(&self, api: &Api, kind: Kind) -> usize {
        match kind {
            Kind::Document | Kind::Text => 1,
            Kind::Server => api.servers.len(),
            Kind::Path => api.items.iter().filter(|item| item.is_path).count(),
            Kind::PathPair => api.path_pairs().len(),
            Kind::Operation => api.operations.len(),
            Kind::Parameter => api.parameters.len(),
            Kind::Input => self.inputs().all.len(),
            Kind::MediaType => api.media.len(),
            Kind::Response => api.of(openapi::grammar::Object::Response).len(),
            Kind::Header => api.of(openapi::grammar::Object::Header).len(),
            Kind::ErrorDetail => self.shown_errors().len(),
            Kind::Schema => api.schemas.len(),
            Kind::Property => api.properties.len(),
            Kind::Pattern => self.patterns().uses.len(),
            Kind::Range => self.ranges().len(),
            Kind::IgnoredKeyword => self.ignored_keywords().len(),
            Kind::Cycle => self.cycles().len(),
            Kind::ShownValue => self.texts.shown(api).len(),
            Kind::Jwt => self.texts.tokens(api).len(),
            Kind::LoginUrl => self.texts.logins(api).len(),
            Kind::ActiveHtml => self.texts.active(api).len(),
            Kind::InternalDetail => self.texts.details(api).len(),
            Kind::SecurityScheme => api.security.schemes.len(),
            Kind::OauthFlow => api.security.flows.len(),
            Kind::DeclaredScope => api.scopes.declared.len(),
            Kind::AuthUrl => api.security.urls.len(),
            Kind::Requirement => api.security.requirements.len(),
            Kind::RequiredScheme => api.security.required.len(),
            Kind::RequiredScope => api.security.scopes.len(),
            Kind::MalformedSecurity => api.security.malformed.len(),
            Kind::Reference => api.references.len(),
            Kind::Callback => api.callbacks.len(),
            Kind::DocumentationLink => self.links().len(),
            Kind::UnknownKey => api.walk.unknown_keys.len(),
            Kind::DuplicateKey => api.duplicates.len(),
            _ => 0,
        }
    }

    /// Where a node stands.
    pub fn place(&self, id: Id) -> Place {
        match &self.subject {
            Subject::Gateway(gateway) => gateway.place_of(id),
            Subject::Api(api) => self.place_in(api, id),
        }
    }

    fn place_in(&self, api: &Api, Id { kind, index }: Id) -> Place {
        let i = index as usize;
        match kind {
            Kind::Document | Kind::Text => fields::version_key(self),
            Kind::Server => api.servers[i].place,
            Kind::Path => Place::key(api.items[i].entry),
            Kind::PathPair => Place::key(api.items[api.path_pairs()[i].second as usize].entry),
            Kind::Operation => Place::key(api.operations[i].entry),
            Kind::Parameter => Place::value(api.parameters[i].name_at),
            Kind::Input => self.inputs().all[i].place(api),
            Kind::MediaType => api.media[i].place,
            Kind::Response => api.place(api.of(openapi::grammar::Object::Response)[i]),
            Kind::Header => api.place(api.of(openapi::grammar::Object::Header)[i]),
            Kind::ErrorDetail => self.shown_errors()[i].place,
            Kind::Schema => fields::schema_place(self, api.schemas[i]),
            Kind::Property => Place::key(api.properties[i].entry),
            Kind::Pattern => self.patterns().uses[i].place,
            Kind::Range => Place::value(self.ranges()[i].upper.at),
            Kind::IgnoredKeyword => Place::key(self.ignored_keywords()[i].entries[0]),
            Kind::Cycle => self.cycles()[i].place,
            Kind::ShownValue => Place::value(self.texts.shown(api)[i].at),
            Kind::Jwt => self.texts.tokens(api)[i].place(),
            Kind::LoginUrl => self.texts.logins(api)[i].place,
            Kind::ActiveHtml => self.texts.active(api)[i].place,
            Kind::InternalDetail => self.texts.details(api)[i].place,
            Kind::SecurityScheme => Place::key(api.security.schemes[i].entry),
            Kind::OauthFlow => api.security.flows[i].place,
            Kind::DeclaredScope => Place::key(api.scopes.declared[i].entry),
            Kind::AuthUrl => Place::value(api.security.urls[i].entry),
            Kind::Requirement => api.security.requirements[i].place(api),
            Kind::RequiredScheme => Place::key(api.security.required[i].entry),
            Kind::RequiredScope => Place::value(api.security.scopes[i].at),
            Kind::MalformedSecurity => Place::value(api.security.malformed[i].at),
            Kind::Reference => Place::value(api.references[i].at),
            Kind::Callback => Place::key(api.callbacks[i]),
            Kind::DocumentationLink => Place::value(self.links()[i]),
            Kind::UnknownKey => Place::key(api.walk.unknown_keys[i].0),
            Kind::DuplicateKey => Place::key(api.duplicates[i].0),
            // Parts of gateways: no document has any.
            _ => fields::version_key(self),
        }
    }

    /// The text of a name.
    pub fn name(&self, name: NameId) -> &str {
        self.names().text(name)
    }

    /// The document. Rules ask fields of nodes only, and a gateway has no nodes of documents.
    fn api(&self) -> &Api {
        match &self.subject {
            Subject::Api(api) => api,
            Subject::Gateway(_) => unreachable!("a gateway has no nodes of documents"),
        }
    }

    fn names(&self) -> &Names {
        match &self.subject {
            Subject::Api(api) => &api.names,
            Subject::Gateway(gateway) => gateway.names(),
        }
    }

    /// Which word lists a name is in.
    pub fn hits(&self, name: NameId) -> Hits {
        self.names().hits(name)
    }

    /// The `x-gatelint-ignore` extensions at places where extensions are legal:
    /// the object that is covered, and the value of the extension.
    pub fn ignores(&self) -> &[(At, At)] {
        match &self.subject {
            Subject::Api(api) => &api.walk.ignores,
            Subject::Gateway(_) => &[],
        }
    }

    fn inputs(&self) -> &Inputs {
        self.inputs.get_or_init(|| Inputs::new(self.api()))
    }

    /// Entries of links for readers.
    fn links(&self) -> &[At] {
        self.links.get_or_init(|| openapi::links::read(self.api()))
    }

    fn versions(&self) -> &Versions {
        self.versions.get_or_init(|| Versions::new(self.api()))
    }

    /// Registrable domains of the root servers.
    fn root_domains(&self) -> &HashSet<String> {
        self.root_domains.get_or_init(|| openapi::server::root_domains(&self.api().servers))
    }

    /// The servers in effect for an operation: indices.
    fn servers_of(&self, operation: u32) -> &[u32] {
        let all = self.servers_of.get_or_init(|| {
            let mut all = vec![Vec::new(); self.api().operations.len()];
            for (server, index) in self.api().servers.iter().zip(0..) {
                server.used_by.iter().for_each(|&operation| all[operation as usize].push(index));
            }
            all
        });
        all.get(operation as usize).map_or(&[], Vec::as_slice)
    }

    /// Per query parameter: inputs that the same operation reads under the same name.
    fn repeats(&self) -> &HashMap<u32, Vec<u32>> {
        self.repeats.get_or_init(|| openapi::repeats::read(self.api(), self.inputs()))
    }

    fn ranges(&self) -> &[Range] {
        self.ranges.get_or_init(|| limits::ranges(self.api()))
    }

    fn ignored_keywords(&self) -> &[Ignored] {
        self.ignored_keywords.get_or_init(|| limits::ignored(self.api()))
    }

    fn cycles(&self) -> &[Cycle] {
        self.cycles.get_or_init(|| cycles::cycles(self.api()))
    }

    fn reached(&self) -> &Reached {
        self.reached.get_or_init(|| Reached::new(self.api()))
    }

    fn answers(&self) -> &Answers {
        self.answers.get_or_init(|| Answers::new(self.api()))
    }

    fn shown_errors(&self) -> &[Shown] {
        self.shown_errors.get_or_init(|| failure::shown(self.api()))
    }

    fn texts(&self) -> &Texts {
        &self.texts
    }

    fn patterns(&self) -> &Patterns {
        self.patterns.get_or_init(|| Patterns::read(self.api()))
    }

    /// The shortest text a `pattern` admits, in characters.
    fn shortest_match(&self, pattern: At) -> Option<u64> {
        self.patterns().at(pattern).and_then(pattern::Facts::shortest)
    }

    /// The longest text a `pattern` admits, in characters.
    fn pattern_length(&self, pattern: At) -> Option<u64> {
        self.patterns().at(pattern).and_then(pattern::Facts::longest)
    }
}

impl openapi::security::Requirement {
    /// The first scheme it names, else the object.
    fn place(&self, api: &Api) -> Place {
        let first = api.security.required.get(self.required.start as usize).filter(|_| !self.required.is_empty());
        first.map_or(Place { at: self.at, part: Part::Value }, |required| Place::key(required.entry))
    }
}

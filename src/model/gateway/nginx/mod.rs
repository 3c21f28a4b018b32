//! nginx: a configuration is `nginx.conf` with all that it includes, or the files of a folder such as `conf.d`. It is
//! often not the layer that authenticates. Read against the documentation and the change log of nginx 1.31,
//! <https://nginx.org/en/docs/>.

mod access;
mod config;
mod cors;
mod directives;
mod identity;
mod include;
mod limits;
mod location;
mod server;
mod settings;
mod upstream;
mod variables;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::adapters::{Adapter, Grouping, Input};
use super::{Applied, Gateway, MethodBinding, Scope, Stated};
use crate::discover::Format;
use crate::model::Why;
use crate::span::Place;
use config::{Config, Context, Topic};
use variables::{Variables, condition};

pub(super) const ADAPTER: Adapter = Adapter {
    format: Format::Nginx,
    grouping: Grouping::Own { group: include::group },
    images: &["nginx", "nginx-unprivileged", "openresty"],
    lower,
};

fn lower(input: Input<'_>, gateway: &mut Gateway) {
    gateway.method_binding = MethodBinding::Condition;
    let config = Config::read(input.sources, input.files);
    let variables = Variables::new(&config);
    gateway.place = config.place.unwrap_or(gateway.place);
    let templated = input.files.iter().find(|&&file| input.sources.file(file).templated);
    gateway.partial = match templated {
        Some(_) => Some((Why::Template, gateway.place)),
        None => config.unresolved.first().copied(),
    };
    let index = Index::new(&config, &variables);
    let mut lowering =
        Lowering { config: &config, variables: &variables, index: &index, gateway, memo: Memo::default() };
    let servers = lowering.servers();
    for server in &servers {
        lowering.server(server);
    }
    lowering.settings();
    lowering.identities();
    lowering.directives(&servers);
}

/// What is filled in, and from where.
struct Lowering<'c, 's, 'g> {
    config: &'c Config<'s>,
    variables: &'c Variables<'c, 's>,
    index: &'c Index<'s>,
    gateway: &'g mut Gateway,
    memo: Memo,
}

/// Things that others name.
struct Index<'s> {
    /// The blocks `upstream`, by name in small letters.
    upstreams: HashMap<String, usize>,
    /// The zones of limits of requests, by name: lines.
    zones: HashMap<&'s str, usize>,
    /// The locations of each server, by what they are named by.
    locations: HashMap<(usize, &'s str), usize>,
    /// Servers in which a location tests the result of the verification of a client's certificate.
    checked: HashSet<usize>,
}

impl<'s> Index<'s> {
    fn new(config: &Config<'s>, variables: &Variables<'_, 's>) -> Self {
        let mut index = Self {
            upstreams: HashMap::new(),
            zones: HashMap::new(),
            locations: HashMap::new(),
            checked: HashSet::new(),
        };
        for (number, line) in config.lines.iter().enumerate() {
            match (line.name, line.block) {
                ("upstream", Some(block)) => {
                    index.upstreams.entry(line.value().to_ascii_lowercase()).or_insert(block);
                }
                ("limit_req_zone", _) => {
                    let zone = line.option("zone").and_then(|zone| zone.split(':').next());
                    index.zones.extend(zone.map(|zone| (zone, number)));
                }
                ("location", Some(block)) => {
                    let server = config.enclosing(line.level, Context::Server);
                    if let Some((server, name)) = server.zip(line.texts().last()) {
                        index.locations.entry((server, name)).or_insert(block);
                    }
                }
                ("if", _) if config.blocks[line.level].context == Context::Location => {
                    let tested = condition(line).and_then(|condition| condition.variable());
                    let source = tested.map(|name| variables.table(name).map_or(name, |table| variables.source(table)));
                    if source.is_some_and(|name| name.contains("ssl_client_")) {
                        index.checked.extend(config.enclosing(line.level, Context::Server));
                    }
                }
                _ => {}
            }
        }
        index
    }
}

/// Policies that are in the tables of the gateway already, by the place that sets them: a directive of an outer
/// level is one policy for all that inherit it.
#[derive(Default)]
struct Memo {
    auth: HashMap<(Place, Option<Place>), u32>,
    access: HashMap<(Place, bool), u32>,
    rates: HashMap<Place, u32>,
    limits: HashMap<Place, u32>,
    cors: HashMap<(Place, Option<Place>), u32>,
    upstreams: HashMap<(Place, Option<Place>), Option<u32>>,
    tls: HashMap<[Option<Place>; 3], u32>,
    /// Routes by the header through which clients choose what a connection is upgraded to.
    upgrades: BTreeMap<Place, Vec<u32>>,
    identities: identity::Identities,
}

impl Lowering<'_, '_, '_> {
    /// A policy of the level it is set on.
    fn applied(&self, policy: u32, level: usize, place: Place) -> Applied {
        let scope = match self.config.blocks[level].context {
            Context::Main | Context::Http => Scope::Global,
            Context::Server => Scope::Host,
            Context::If | Context::LimitExcept => Scope::Rule,
            _ => Scope::Route,
        };
        Applied { policy, place, scope }
    }

    /// A list of policies, or why it may be longer than what was found.
    fn stated(&self, applied: Vec<Applied>, block: usize, topic: Topic) -> Stated<Vec<Applied>> {
        if !applied.is_empty() {
            return Stated::Known(applied);
        }
        match self.config.unseen(block, topic) {
            Some((why, place)) => Stated::Unknown(why, Some(place)),
            None => Stated::Absent,
        }
    }
}

//! Scopes and whole authentications: which scopes OAuth 2 schemes declare, and which
//! operations are protected alike. Knows security in effect (E1), not what any scope means.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::Api;
use super::operation::{Operation, Role};
use super::security::SchemeKind;
use super::view::K;
use super::{Version, walk};
use crate::model::NameId;
use crate::model::names::Names;
use crate::span::At;

/// A scope that an OAuth 2 scheme declares, however many of its flows do.
#[derive(Debug)]
pub struct DeclaredScope {
    /// Its first entry in a `scopes` map.
    pub entry: At,
    /// The scope.
    pub name: NameId,
    /// Index of the scheme.
    pub scheme: u32,
    /// Whether a requirement names it.
    pub required: bool,
}

/// Declared and required scopes.
#[derive(Debug, Default)]
pub struct Scopes {
    /// Declared scopes, in document order.
    pub declared: Vec<DeclaredScope>,
    /// Names of the required scopes, by their index.
    pub required: Vec<NameId>,
}

impl Scopes {
    /// Reads all scopes of a document whose operations are known.
    pub fn read(api: &Api, names: &mut Names) -> Self {
        let text = |at: At| api.view.text(api.view.resolve(at));
        let required: Vec<NameId> = api.security.scopes.iter().map(|scope| names.id(text(scope.at))).collect();
        let named: HashSet<(Option<u32>, NameId)> = api
            .security
            .scopes
            .iter()
            .zip(&required)
            .map(|(scope, &name)| (api.security.required[scope.required as usize].scheme, name))
            .collect();
        let mut declared: Vec<DeclaredScope> = Vec::new();
        let mut known = HashSet::new();
        for (scheme, holder) in scope_holders(api) {
            let Some(scopes) = api.view.entry(holder, K::Scopes).and_then(|entry| api.view.follow(entry)) else {
                continue;
            };
            for entry in api.view.children(scopes) {
                let Some(key) = api.view.key(entry).filter(|key| !key.starts_with("x-") && *key != "<<") else {
                    continue;
                };
                let name = names.id(key);
                if known.insert((scheme, name)) {
                    let required = named.contains(&(Some(scheme), name));
                    declared.push(DeclaredScope { entry, name, scheme, required });
                }
            }
        }
        declared.sort_by_key(|scope| walk::order(&api.walk, scope.entry));
        Self { declared, required }
    }

    /// Scopes named with a required scheme: range of indices of required scopes.
    pub fn of(api: &Api, required: u32) -> Range<usize> {
        let scopes = &api.security.scopes;
        let first = scopes.partition_point(|scope| scope.required < required);
        first..scopes.partition_point(|scope| scope.required <= required)
    }
}

/// The objects that hold `scopes`: index of the scheme, and a flow or a 2.0 scheme.
fn scope_holders(api: &Api) -> Vec<(u32, At)> {
    if api.version != Version::V20 {
        return api.security.flows.iter().map(|flow| (flow.scheme, flow.at)).collect();
    }
    let schemes = api.security.schemes.iter().enumerate();
    let oauth = schemes.filter(|(_, scheme)| scheme.kind == SchemeKind::Oauth2);
    oauth.filter_map(|(index, scheme)| Some((index as u32, scheme.at?))).collect()
}

/// Which operations are protected alike.
#[derive(Debug)]
pub struct Authentications {
    /// By operation: index of its authentication; `None` where a lost key leaves it unknown.
    of_operation: Vec<Option<u32>>,
    /// Each as text.
    texts: Vec<String>,
    /// Whether an incoming operation outside admin paths has it.
    outside_admin: Vec<bool>,
}

impl Authentications {
    /// Compares the effective security of all operations.
    pub fn read(api: &Api) -> Self {
        let mut read = Self { of_operation: Vec::new(), texts: Vec::new(), outside_admin: Vec::new() };
        let mut by_text: HashMap<String, u32> = HashMap::new();
        // Operations that inherit share one range of alternatives.
        let mut by_range: HashMap<Range<u32>, u32> = HashMap::new();
        for operation in &api.operations {
            if operation.security().is_none() {
                read.of_operation.push(None);
                continue;
            }
            let index = *by_range.entry(operation.alternatives()).or_insert_with_key(|alternatives| {
                *by_text.entry(authentication(api, alternatives.clone())).or_insert_with_key(|text| {
                    read.texts.push(text.clone());
                    read.outside_admin.push(false);
                    read.texts.len() as u32 - 1
                })
            });
            read.outside_admin[index as usize] |= is_ordinary(api, operation);
            read.of_operation.push(Some(index));
        }
        read
    }

    /// The authentication of an operation, equal for operations protected alike.
    pub fn of(&self, operation: u32) -> Option<u32> {
        self.of_operation.get(operation as usize).copied().flatten()
    }

    /// An authentication as text: `oauth [read, write] + key or basic`; empty where none is needed.
    pub fn text(&self, authentication: u32) -> &str {
        &self.texts[authentication as usize]
    }

    /// Whether an incoming operation outside admin paths has that authentication.
    pub fn is_used_outside_admin(&self, authentication: u32) -> bool {
        self.outside_admin[authentication as usize]
    }
}

fn is_ordinary(api: &Api, operation: &Operation) -> bool {
    operation.admin.is_none() && api.items[operation.item as usize].role == Role::Incoming
}

/// Alternatives as text, whatever their order and that of schemes and scopes in them.
fn authentication(api: &Api, alternatives: Range<u32>) -> String {
    let alternative = |index: u32| {
        let schemes = api.security.requirements[index as usize].required.clone().map(|required| {
            let this = &api.security.required[required as usize];
            // By URI or by name it is one scheme.
            let defined = this.scheme.map(|scheme| api.security.schemes[scheme as usize].entry);
            let name = defined.and_then(|entry| api.view.key(entry)).or_else(|| api.view.key(this.entry));
            let name = name.unwrap_or_default();
            let scopes = api.security.scopes[Scopes::of(api, required)].iter();
            let scopes: BTreeSet<&str> = scopes.map(|scope| api.view.text(api.view.resolve(scope.at))).collect();
            if scopes.is_empty() {
                name.to_owned()
            } else {
                format!("{name} [{}]", scopes.into_iter().collect::<Vec<_>>().join(", "))
            }
        });
        schemes.collect::<BTreeSet<String>>().into_iter().collect::<Vec<_>>().join(" + ")
    };
    let alternatives: BTreeSet<String> = alternatives.map(alternative).collect();
    let nothing = alternatives.iter().all(String::is_empty);
    let named = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    if nothing { String::new() } else { alternatives.into_iter().map(named).collect::<Vec<_>>().join(" or ") }
}

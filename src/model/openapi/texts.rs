//! Texts that a document shows to people and machines: examples, values of extensions,
//! tokens, URLs with a password, and Markdown. Knows where they stand, and what they
//! hold by pure detection; each list is made when it is first asked for.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use super::Api;
use super::grammar::Object;
use super::view::K;
use crate::model::markdown::{self, ActiveKind, DetailKind};
use crate::model::net::{self, HostClass};
use crate::secrets::{Jwt, find_jwts};
use crate::source::NodeKind;
use crate::span::{At, FileId, NodeId, Part, Place};

/// Why a value stands in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Origin {
    /// `example` or `examples`.
    Example,
    /// `default`.
    Default,
    /// An `x-` key.
    Extension,
}

/// A text that is shown for something that has a name.
#[derive(Debug)]
pub struct Shown {
    /// The scalar.
    pub at: At,
    /// The name: of the key it stands under, else of the property, parameter or header it is shown for.
    pub name: Option<String>,
    /// Why it is there.
    pub origin: Origin,
}

/// A token that is written out, or an algorithm that a schema allows in the header of tokens.
#[derive(Debug)]
pub enum Token {
    /// In the text of a file.
    Written(Place, Jwt),
    /// A value of a property `alg`.
    Allowed(At),
}

impl Token {
    /// Where it stands.
    pub fn place(&self) -> Place {
        match self {
            Self::Written(place, _) => *place,
            Self::Allowed(at) => Place::value(*at),
        }
    }
}

/// A URL with a user name and a password.
#[derive(Debug)]
pub struct Login {
    /// Where the password stands.
    pub place: Place,
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
    /// The host.
    pub host: String,
}

/// A place in a Markdown text.
#[derive(Debug)]
pub struct Spot<K> {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub kind: K,
    /// What it says.
    pub text: String,
}

/// The lists.
#[derive(Debug, Default)]
pub struct Texts {
    prose: OnceLock<Vec<At>>,
    shown: OnceLock<Vec<Shown>>,
    tokens: OnceLock<Vec<Token>>,
    logins: OnceLock<Vec<Login>>,
    active: OnceLock<Vec<Spot<ActiveKind>>>,
    details: OnceLock<Vec<Spot<DetailKind>>>,
}

impl Texts {
    fn prose(&self, api: &Api) -> &[At] {
        self.prose.get_or_init(|| prose(api))
    }

    /// Shown values, in document order.
    pub fn shown(&self, api: &Api) -> &[Shown] {
        self.shown.get_or_init(|| shown(api))
    }

    /// JSON Web Tokens.
    pub fn tokens(&self, api: &Api) -> &[Token] {
        self.tokens.get_or_init(|| tokens(api))
    }

    /// URLs with a password: of servers, of authorization servers, and shown ones.
    pub fn logins(&self, api: &Api) -> &[Login] {
        self.logins.get_or_init(|| logins(api, self.shown(api)))
    }

    /// Active HTML.
    pub fn active(&self, api: &Api) -> &[Spot<ActiveKind>] {
        self.active.get_or_init(|| {
            let found = self.prose(api).iter().flat_map(|&at| {
                let spots = markdown::active(api.view.text(at)).into_iter();
                spots.map(move |active| Spot {
                    place: locate(api, at, active.range),
                    kind: active.kind,
                    text: active.what,
                })
            });
            found.collect()
        })
    }

    /// Details of the inside.
    pub fn details(&self, api: &Api) -> &[Spot<DetailKind>] {
        self.details.get_or_init(|| {
            let found = self.prose(api).iter().flat_map(|&at| {
                let text = api.view.text(at);
                let spots = markdown::details(text).into_iter();
                spots.map(move |detail| Spot {
                    place: locate(api, at, detail.range.clone()),
                    kind: detail.kind,
                    text: text[detail.range].to_owned(),
                })
            });
            found.collect()
        })
    }
}

/// The place of a part of a scalar's text: its bytes in the file if they are written as they
/// are read, and on one line; else the whole value.
fn locate(api: &Api, at: At, range: Range<usize>) -> Place {
    let tree = api.view.tree(at.file);
    let (text, span) = (tree.text(at.node), tree.span(at.node));
    let raw = &tree.source()[span.start as usize..span.end as usize];
    let line = text[range.clone()].lines().next().unwrap_or_default();
    // In JSON the first quote is where it is written otherwise.
    let unquoted = line.split(['"', '\\']).next().unwrap_or_default();
    for wanted in [line, unquoted] {
        let before = text[..range.start].matches(wanted).count();
        let found = raw.match_indices(wanted).nth(before).filter(|_| !wanted.is_empty());
        if let Some(start) = found.map(|(start, _)| span.start + start as u32) {
            return Place { at, part: Part::Bytes(start, start + wanted.len() as u32) };
        }
    }
    Place::value(at)
}

/// Markdown texts in document order: descriptions, summaries and titles.
fn prose(api: &Api) -> Vec<At> {
    let mut found = Vec::new();
    let mut take = |map: At| {
        for entry in api.view.children(map) {
            if matches!(api.view.key(entry), Some("description" | "summary" | "title")) {
                let value = api.view.resolve(entry);
                if api.view.kind(value) == NodeKind::Str {
                    found.push(value);
                }
            }
        }
    };
    for object in &api.walk.objects {
        // Keys of these are names.
        if matches!(object.object, Object::Paths | Object::Responses | Object::Callback) {
            continue;
        }
        if object.object != Object::Components {
            take(object.at);
        }
        for entry in api.view.children(object.at) {
            match api.view.key(entry) {
                Some("externalDocs") => take(api.view.resolve(entry)),
                Some("examples") if object.object != Object::Schema => {
                    api.view.children(api.view.resolve(entry)).for_each(&mut take);
                }
                _ => {}
            }
        }
    }
    found.sort_by_key(|&at| super::walk::order(&api.walk, at));
    found.dedup();
    found
}

fn shown(api: &Api) -> Vec<Shown> {
    let mut collector = Collector { api, found: Vec::new(), names: HashMap::new() };
    for (number, object) in api.walk.objects.iter().enumerate() {
        if matches!(object.object, Object::Paths | Object::Responses | Object::Callback) {
            continue;
        }
        for entry in api.view.children(object.at) {
            collector.entry(number as u32, object.object, entry);
        }
    }
    let mut found = collector.found;
    found.sort_by_key(|shown| (super::walk::order(&api.walk, shown.at), shown.name.is_none()));
    found.dedup_by_key(|shown| shown.at);
    found
}

struct Collector<'a> {
    api: &'a Api,
    found: Vec<Shown>,
    /// By object: what its values are shown for.
    names: HashMap<u32, Option<String>>,
}

impl Collector<'_> {
    fn entry(&mut self, number: u32, object: Object, entry: At) {
        let view = &self.api.view;
        let value = view.resolve(entry);
        let number_of_key = view.number(entry);
        if number_of_key == K::Default as u8 {
            let name = self.name(number);
            self.below(value, name.as_deref(), Origin::Default);
        } else if number_of_key == K::Example as u8 {
            let name = self.name(number);
            self.below(value, name.as_deref(), Origin::Example);
        } else if number_of_key == K::Examples as u8 {
            let name = self.name(number);
            match view.kind(value) {
                // Example Objects by name; in 2.0 the values themselves by media type.
                NodeKind::Map if object != Object::Schema => {
                    for one in view.children(value) {
                        let Some(one) = view.follow(one) else { continue };
                        let held = [K::Value].into_iter().filter_map(|key| view.get(one, key)).next();
                        self.below(held.unwrap_or(one), name.as_deref(), Origin::Example);
                    }
                }
                _ => self.below(value, name.as_deref(), Origin::Example),
            }
        } else if view.key(entry).is_some_and(|key| key.starts_with("x-")) && number_of_key != K::XIgnore as u8 {
            let key = view.key(entry).map(str::to_owned);
            self.below(value, key.as_deref(), Origin::Extension);
        }
    }

    /// All texts in a value; a key on the way is a better name. Aliases are not followed: a web of them is endless.
    fn below(&mut self, value: At, name: Option<&str>, origin: Origin) {
        let tree = self.api.view.tree(value.file);
        for node in tree.subtree(value.node).map(NodeId) {
            if tree.kind(node) != NodeKind::Str {
                continue;
            }
            let mut step = node;
            let own = loop {
                match tree.key(step) {
                    _ if step == value.node => break None,
                    Some(key) => break Some(key),
                    None => match tree.parent(step) {
                        Some(parent) => step = parent,
                        None => break None,
                    },
                }
            };
            let name = own.or(name).map(str::to_owned);
            self.found.push(Shown { at: At { node, ..value }, name, origin });
        }
    }

    /// The property, parameter or header that an object is or describes.
    fn name(&mut self, number: u32) -> Option<String> {
        if let Some(known) = self.names.get(&number) {
            return known.clone();
        }
        let name = self.find_name(number);
        self.names.insert(number, name.clone());
        name
    }

    fn find_name(&self, number: u32) -> Option<String> {
        let (api, view) = (self.api, &self.api.view);
        let object = api.graph.objects.get(number as usize)?;
        match object.object {
            Object::Parameter => view.scalar(object.at, K::Name).map(str::to_owned),
            Object::Header => view.key(object.at).map(str::to_owned),
            Object::Schema | Object::SimpleSchema => {
                if let Some(property) = api.property_at(object.at) {
                    return Some(api.names.text(property.name).to_owned());
                }
                let parent = api.graph.objects.get(object.parent as usize)?;
                let inline = view.parent(object.at) == Some(parent.at);
                let holds = matches!(parent.object, Object::Parameter | Object::Header);
                (inline && holds).then(|| self.find_name(object.parent)).flatten()
            }
            _ => None,
        }
    }
}

fn tokens(api: &Api) -> Vec<Token> {
    let mut files: Vec<FileId> = api.view.sources.files().map(|file| file.id).collect();
    files.retain(|file| api.walk.file_order[file.0 as usize] != u32::MAX);
    files.sort_by_key(|file| api.walk.file_order[file.0 as usize]);
    let mut found = Vec::new();
    for id in files {
        let tree = api.view.tree(id);
        for jwt in find_jwts(tree.source()) {
            if let Some(node) = tree.at_offset(jwt.range.start as u32) {
                let part = Part::Bytes(jwt.range.start as u32, jwt.range.end as u32);
                found.push((
                    super::walk::order(&api.walk, At { file: id, node }),
                    Token::Written(Place { at: At { file: id, node }, part }, jwt),
                ));
            }
        }
    }
    for property in &api.properties {
        if !api.names.text(property.name).eq_ignore_ascii_case("alg") {
            continue;
        }
        let schema = api.graph.objects[property.schema as usize].at;
        for key in [K::Enum, K::Const] {
            let Some(value) = api.view.get(schema, key) else { continue };
            let items: Vec<At> = match api.view.kind(value) {
                NodeKind::Seq => api.view.children(value).map(|item| api.view.resolve(item)).collect(),
                _ => vec![value],
            };
            for item in items.into_iter().filter(|&item| api.view.is_scalar(item)) {
                found.push((super::walk::order(&api.walk, item), Token::Allowed(item)));
            }
        }
    }
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, token)| token).collect()
}

fn logins(api: &Api, shown: &[Shown]) -> Vec<Login> {
    let servers = api.servers.iter().map(|server| (server.place, server.url.as_str()));
    let authorization = api.security.urls.iter().map(|url| {
        let value = api.view.resolve(url.entry);
        (Place::value(value), api.view.text(value))
    });
    let shown = shown.iter().map(|shown| (Place::value(shown.at), api.view.text(shown.at)));
    let mut found: Vec<Login> = servers
        .chain(authorization)
        .chain(shown)
        .filter_map(|(place, url)| {
            let (user, password, host) = login(url)?;
            let at = api.view.resolve(place.at);
            let start = api.view.text(at).find(&format!("{user}:{password}@")).map(|start| start + user.len() + 1);
            let place = start.map_or(place, |start| locate(api, at, start..start + password.len()));
            Some(Login { place, user: user.to_owned(), password: password.to_owned(), host })
        })
        .collect();
    found.sort_by_key(|login| super::walk::order(&api.walk, login.place.at));
    found
}

/// User name, password and host of a URL that has all of them.
fn login(url: &str) -> Option<(&str, &str, String)> {
    let (scheme, rest) = url.trim().split_once("://")?;
    let is_scheme =
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let authority = rest.split(['/', '?', '#']).next()?;
    let (login, host) = authority.rsplit_once('@')?;
    let (user, password) = login.split_once(':')?;
    let host = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(host, |(host, _)| host);
    let is_one = is_scheme && !password.is_empty() && !host.is_empty() && !authority.contains(char::is_whitespace);
    is_one.then(|| (user, password, host.to_ascii_lowercase()))
}

/// The class of the host that a URL, or a bare host name with a dot, names.
pub fn host_of(text: &str) -> Option<HostClass> {
    let named = net::parse(text).class();
    let bare = || (text.contains('.') && !text.contains(['/', ' ', '@'])).then(|| net::host_class(text));
    named.or_else(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_has_a_user_and_a_password() {
        assert_eq!(login("postgres://app:s3cr3t@db.acme.io:5432/x"), Some(("app", "s3cr3t", "db.acme.io".to_owned())));
        assert_eq!(login("https://:pw@a.b"), Some(("", "pw", "a.b".to_owned())));
        for url in [
            "https://a.b",
            "https://user@a.b",
            "https://user:@a.b",
            "https://a.b/x:y@z",
            "mailto:a:b@c",
            "see https://u:p@h now x",
            "https://u:p@",
        ] {
            assert_eq!(login(url), None, "{url}");
        }
    }
}

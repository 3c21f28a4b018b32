//! What tells the gateway formats apart: one row per format, each in a file of
//! its own. A row knows byte strings that no file of the format is without, and
//! how to tell the format in a parsed document. Nothing here reads what a
//! configuration means.

mod aws;
mod compose;
mod doc;
mod envoy;
mod gateway_api;
mod ingress;
mod istio;
mod kong;
mod krakend;
mod kubernetes;
mod nginx;
mod traefik;

use super::format::{Format, Formats};
use super::sniff;
use crate::source::{NodeKind, SourceFile, Syntax, syntax_of};
use crate::span::NodeId;
use doc::Doc;
pub(super) use kubernetes::SUPPORT;
use kubernetes::{Group, Object};

/// How one format is told.
pub(super) struct Row {
    format: Format,
    /// Sets of byte strings: a file that has not all strings of one of them is
    /// not of this format. Says yes too often; what is parsed has the last word.
    pub(super) markers: &'static [&'static [&'static str]],
    /// Its custom resources.
    groups: &'static [Group],
    /// Whether a document that is no object of Kubernetes is of the format.
    claims: fn(Doc<'_>) -> bool,
    /// Whether an OpenAPI document carries the format; it is of no other one.
    claims_openapi: fn(Doc<'_>) -> bool,
    /// Whether an object of Kubernetes that is none of `groups` carries the format.
    claims_object: fn(&Object<'_>) -> bool,
    /// Whether a text that could not be parsed is meant to be of the format.
    claims_text: fn(&str) -> bool,
}

/// All rows, in the order of [`Format::ALL`].
pub(super) static ROWS: [Row; 9] = [
    kong::ROW,
    nginx::ROW,
    ingress::ROW,
    gateway_api::ROW,
    istio::ROW,
    envoy::ROW,
    traefik::ROW,
    aws::ROW,
    krakend::ROW,
];

/// Of rows that know no such thing.
const fn no_doc(_: Doc<'_>) -> bool {
    false
}

const fn no_object(_: &Object<'_>) -> bool {
    false
}

const fn no_text(_: &str) -> bool {
    false
}

/// Whether the file of this name may be one of nginx, for which no few byte strings stand.
pub(super) fn may_be_nginx(path: &str, bytes: &[u8]) -> bool {
    // Most names leave no choice of syntax, whatever stands in the file.
    let content_decides = syntax_of(path, "server { listen 80; }") == Syntax::Nginx;
    content_decides && syntax_of(path, &String::from_utf8_lossy(bytes)) == Syntax::Nginx
}

/// The gateway formats of a file: what was parsed of it says so or, if it could
/// not be parsed as a whole and what was says nothing, its text.
pub fn formats_of(file: &SourceFile) -> Formats {
    let found = in_file(file);
    if found.is_empty() && !file.problems.is_empty() { in_text(&file.text) } else { found }
}

/// The strings of a file that hold files which may be gateway configurations, with their names.
pub(super) fn files_in(file: &SourceFile) -> impl Iterator<Item = (&str, NodeId)> {
    kubernetes::objects(file).flat_map(|object| object.files().collect::<Vec<_>>()).map(|(name, doc)| (name, doc.node))
}

/// Whether a file is a gateway configuration and no list of objects of Kubernetes.
pub(super) fn is_configuration(file: &SourceFile) -> bool {
    let mut docs = Doc::all_of(file).filter(|doc| doc.kind() == NodeKind::Map);
    docs.any(|doc| !kubernetes::is_object(doc) && !in_doc(doc).is_empty())
}

/// Whether a file holds what others are joined with: services, configuration, workloads and namespaces of
/// Kubernetes, containers of compose files. On its own it is nothing to judge.
pub fn is_support(file: &SourceFile) -> bool {
    kubernetes::objects(file).any(|object| object.is_support()) || compose::starts(file)
}

/// Whether a run that judges these formats needs what [`is_support`] tells of. What runs as a service of a cloud
/// does not.
pub fn need_support(formats: Formats) -> bool {
    formats.iter().any(|format| format != Format::Aws)
}

/// Whether the bytes of a file of this name may hold what gateways are joined with.
pub(super) fn may_be_compose(path: &str, bytes: &[u8]) -> bool {
    compose::may_be(path, bytes)
}

/// The kind of the first object of Kubernetes in a file.
pub(super) fn kubernetes_kind(file: &SourceFile) -> Option<&str> {
    kubernetes::objects(file).next().map(|object| object.kind)
}

fn in_file(file: &SourceFile) -> Formats {
    Doc::all_of(file)
        .filter(|doc| doc.kind() == NodeKind::Map || doc.kind() == NodeKind::Seq)
        .map(|doc| if kubernetes::is_object(doc) { in_objects(doc) } else { in_doc(doc) })
        .fold(Formats::NONE, Formats::union)
}

fn in_doc(doc: Doc<'_>) -> Formats {
    let is_openapi = sniff::ROOT_KEYS.iter().any(|key| doc.has(key));
    let claims = |row: &Row| if is_openapi { (row.claims_openapi)(doc) } else { (row.claims)(doc) };
    ROWS.iter().filter(|row| claims(row)).map(|row| row.format).collect()
}

fn in_objects(doc: Doc<'_>) -> Formats {
    let mut found = Formats::NONE;
    for object in kubernetes::objects_in(doc) {
        let own = ROWS.iter().find(|row| object.is_of(row.groups));
        found = match own {
            Some(row) => found.union(row.format.into()),
            None => {
                ROWS.iter().filter(|row| (row.claims_object)(&object)).map(|row| row.format).fold(found, with_format)
            }
        };
    }
    found
}

fn with_format(set: Formats, format: Format) -> Formats {
    set.union(format.into())
}

fn in_text(text: &str) -> Formats {
    let objects = ROWS.iter().filter(|row| kubernetes::text_has(text, row.groups));
    objects.chain(ROWS.iter().filter(|row| (row.claims_text)(text))).map(|row| row.format).collect()
}

/// Whether a line of `text` begins with the key `name` of YAML, not indented.
fn has_root_key(text: &str, name: &str) -> bool {
    text.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))
}

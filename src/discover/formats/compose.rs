//! Compose files, in which gateways are set by labels, arguments and variables.

use super::doc::Doc;
use crate::source::{NodeKind, SourceFile};

/// Whether the file of this name may be a compose file, told from its bytes.
pub(super) fn may_be(path: &str, bytes: &[u8]) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.contains("compose")
        && (name.ends_with(".yml") || name.ends_with(".yaml"))
        && memchr::memmem::find(bytes, b"image").is_some()
}

/// Whether a file starts containers.
pub(super) fn starts(file: &SourceFile) -> bool {
    may_be(&file.path, file.text.as_bytes())
        && Doc::all_of(file).any(|doc| services(doc).any(|service| service.has("image")))
}

/// The services of a compose file; none if `doc` is none.
pub(super) fn services(doc: Doc<'_>) -> impl Iterator<Item = Doc<'_>> {
    let services = doc.map("services").into_iter().flat_map(Doc::values);
    services.filter(|service| service.kind() == NodeKind::Map)
}

/// Names and values of variables or labels: a map, or a list of `NAME=VALUE`.
pub(super) fn pairs(doc: Doc<'_>) -> impl Iterator<Item = (&str, &str)> {
    let listed = doc.items().map(|item| item.text().split_once('=').unwrap_or((item.text(), "")));
    doc.entries().map(|(name, value)| (name, value.text())).chain(listed)
}

/// The arguments of a command: a list, or one text with blanks between them.
pub(super) fn arguments(doc: Doc<'_>) -> impl Iterator<Item = &str> {
    doc.items().map(Doc::text).chain(doc.text().split_ascii_whitespace())
}

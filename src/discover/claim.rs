//! What the files of a run turn out to be, once they are parsed.

use std::collections::HashSet;

use super::{Formats, formats_of, is_root, is_support, may_be_openapi, need_support};
use crate::source::{SourceFile, SourceMap};
use crate::span::FileId;

/// The files of a run by what they are. One may be an OpenAPI document and of
/// gateway formats as well.
#[derive(Clone, Debug, Default)]
pub struct Claimed {
    /// OpenAPI documents, also those that could not be read.
    pub openapi: Vec<FileId>,
    /// Gateway configurations, with their formats.
    pub gateways: Vec<(FileId, Formats)>,
    /// What objects of Kubernetes among `gateways` are joined with; empty if there are none.
    pub support: Vec<FileId>,
    /// Files of no kind.
    pub others: Vec<FileId>,
}

impl Claimed {
    /// Tells the files at `paths` apart, in this order.
    pub fn of(sources: &SourceMap, paths: &[String]) -> Self {
        let mut claimed = Self::default();
        for id in paths.iter().filter_map(|path| sources.find(path)) {
            let file = sources.file(id);
            let formats = formats_of(file);
            if is_openapi(file) {
                claimed.openapi.push(id);
            } else if formats.is_empty() {
                let list = if is_support(file) { &mut claimed.support } else { &mut claimed.others };
                list.push(id);
            }
            if !formats.is_empty() {
                claimed.gateways.push((id, formats));
            }
        }
        let inside = sources.files().filter(|file| file.host.is_some());
        claimed.gateways.extend(inside.map(|file| (file.id, formats_of(file))));
        let homes: HashSet<FileId> = claimed.gateways.iter().map(|&(id, _)| sources.home(id)).collect();
        claimed.others.retain(|id| !homes.contains(id));
        if !claimed.gateways.iter().any(|&(_, formats)| need_support(formats)) {
            claimed.others.append(&mut claimed.support);
        }
        claimed
    }
}

/// Whether a file is an OpenAPI document, or looks like one and cannot be read:
/// that must not be passed over. In another encoding, that its bytes looked so
/// is all there is.
fn is_openapi(file: &SourceFile) -> bool {
    let looks_so = || file.text.is_empty() || may_be_openapi(file.text.as_bytes());
    is_root(&file.tree).is_some() || !file.problems.is_empty() && looks_so()
}

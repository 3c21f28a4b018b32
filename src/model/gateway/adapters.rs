//! The table of adapters: which formats there are, how their files group into gateways, and what reads them. A new
//! format is a folder beside this file and a row in it.

use super::{Gateway, Objects};
use crate::discover::Format;
use crate::source::SourceMap;
use crate::span::FileId;

/// What an adapter reads.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// All files of the run.
    pub sources: &'a SourceMap,
    /// The files of the gateway, in the order of their paths.
    pub files: &'a [FileId],
    /// The Kubernetes objects of the run.
    pub objects: &'a Objects,
}

/// How the files of a format group into gateways.
#[derive(Clone, Copy)]
pub enum Grouping {
    /// Each file is one.
    File,
    /// All files of the run are one: Kubernetes objects meet in the cluster.
    Run,
    /// The files of a folder are one, unless two of them define the same thing.
    Folder {
        /// What a file defines, by kind and name.
        defines: fn(&SourceMap, FileId) -> Vec<String>,
    },
    /// As the format says: files that include each other.
    Own {
        /// Groups the files, which come in the order of their paths.
        group: fn(&SourceMap, Vec<FileId>) -> Vec<Vec<FileId>>,
    },
}

/// A row of the table.
pub struct Adapter {
    /// The format.
    pub format: Format,
    /// How its files group.
    pub grouping: Grouping,
    /// Names of the images that read its files.
    pub images: &'static [&'static str],
    /// Fills in what the files say.
    pub lower: fn(Input<'_>, &mut Gateway),
}

/// All adapters.
#[rustfmt::skip] // A row per line.
pub const ALL: &[Adapter] = &[
    super::kong::ADAPTER,
    super::ingress::ADAPTER,
    super::traefik::ADAPTER,
    super::gateway_api::ADAPTER,
    super::krakend::ADAPTER,
    super::nginx::ADAPTER,
    super::envoy::ADAPTER,
    super::aws::ADAPTER,
    super::istio::ADAPTER,
];

/// The adapter of a format; `None` for one that is told apart and not read yet.
pub fn of(format: Format) -> Option<&'static Adapter> {
    ALL.iter().find(|adapter| adapter.format == format)
}

//! From what discovery found to what a run judges: files are read and told apart, and gateways put together. Knows
//! kinds of files, not what is in them.

use std::collections::BTreeSet;

use crate::discover::{self, Changed, Claimed, Found};
use crate::error::Problem;
use crate::model::gateway::{self, Unit};
use crate::resolve::{self, Loader};
use crate::settings::Settings;
use crate::source::SourceMap;
use crate::span::FileId;

/// What a run judges.
#[derive(Debug)]
pub(crate) struct Intake {
    /// OpenAPI documents.
    pub(crate) roots: Vec<FileId>,
    /// Gateways.
    pub(crate) units: Vec<Unit>,
    /// Files whose problems are told.
    pub(crate) claimed: BTreeSet<FileId>,
    /// Files that are something, whether they are judged or only joined with others.
    pub(crate) known: BTreeSet<FileId>,
    /// What could not be read of files inside other files.
    pub(crate) problems: Vec<Problem>,
    /// Walked files of no kind.
    pub(crate) ignored_files: u32,
}

impl Intake {
    /// Reads the files that discovery found, with all that they refer to.
    pub(crate) fn load(found: &mut Found, loader: &dyn Loader, settings: &Settings) -> (SourceMap, Self) {
        let files = found.take_files();
        let seeds: Vec<String> = files.iter().map(|(path, _)| path.clone()).collect();
        let mut sources = resolve::load(files, loader, &settings.limits, &settings.refs);
        let problems = discover::embed(&mut sources, &settings.limits);
        let Claimed { openapi: mut roots, gateways, support, others } = Claimed::of(&sources, &seeds);
        let walked = others.iter().filter(|&&id| !found.named.contains(&sources.file(id).path)).count() as u32;
        let mut units = gateway::units(&sources, &gateways);
        if let Some(Changed::Files(changed)) = &found.changed {
            let changed: BTreeSet<FileId> = changed.iter().filter_map(|path| sources.find(path)).collect();
            roots.retain(|&root| !changed.is_disjoint(&resolve::reach(&sources, root)));
            units.retain(|unit| unit.files.iter().any(|&file| changed.contains(&sources.home(file))));
        }
        let mut claimed: BTreeSet<FileId> = units.iter().flat_map(|unit| unit.files.iter().copied()).collect();
        if !matches!(found.changed, Some(Changed::Files(_))) {
            claimed.extend(gateways.iter().map(|&(id, _)| id));
        }
        claimed.extend(&roots);
        let mut known: BTreeSet<FileId> = gateways.iter().map(|&(id, _)| id).chain(support).collect();
        known.extend(gateways.iter().map(|&(id, _)| sources.home(id)));
        known.extend(problems.iter().map(|problem| problem.span.file));
        known.extend(roots.iter().flat_map(|&root| resolve::reach(&sources, root)));
        let ignored_files = found.ignored_files + walked;
        (sources, Self { roots, units, claimed, known, problems, ignored_files })
    }
}

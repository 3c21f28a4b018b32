//! `gatelint routes`: the inventory of gateways, for people or for programs.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use crate::cli::{ConfigArgs, RoutesFormat};
use crate::discover::{self, Selection};
use crate::settings::Flags;
use crate::{Inputs, gateways};

use super::failure::Failure;
use super::setup::{Disk, Setup};
use super::{ended, print};

/// Prints what the gateways at `paths` serve.
pub fn run(paths: &[PathBuf], format: RoutesFormat, config: &ConfigArgs) -> Result<(), Failure> {
    let setup = Setup::new(paths, config, Flags::default())?;
    let here = [setup.cwd.clone()];
    let paths = if paths.is_empty() { &here[..] } else { &setup.paths[..] };
    let found = discover::inputs(&setup.project, &setup.settings, &Selection { paths, force_exclude: false });
    if let Some(unread) = found.unread.first() {
        return Err(Failure::new(format!("`{}`: {}", unread.path, unread.message)));
    }
    let disk = Disk { project: &setup.project, limit: setup.settings.limits.bytes };
    let inputs = Inputs { found, loader: &disk, baseline: None, whole_project: false, progress: &|_, _| {} };
    let inventory = gateways(inputs, &setup.settings);
    match format {
        RoutesFormat::Table => print(&inventory.table()),
        RoutesFormat::Json => {
            let mut out = BufWriter::new(io::stdout().lock());
            ended(inventory.write_json(&mut out).and_then(|()| out.flush()))
        }
    }
}

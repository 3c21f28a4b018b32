//! `gatelint test`: do rules say what their examples say?

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use crate::cli::ConfigArgs;
use crate::report::inert;
use crate::rule::Catalog;
use crate::settings::Flags;
use crate::testing;
use crate::words::WordLists;

use super::failure::Failure;
use super::print;
use super::setup::Setup;

/// Runs examples and mutants, and gives 1 if any of them fails.
pub fn run(dir: Option<&Path>, config: &ConfigArgs) -> Result<u8, Failure> {
    let named: Vec<_> = dir.map(Path::to_owned).into_iter().collect();
    let setup = Setup::new(&named, config, Flags::default())?;
    let builtin = Catalog::builtin_sources();
    let mut catalog = builtin.map_err(|errors| Failure::all(errors.iter().map(|e| Failure::new(e.to_string()))))?;
    let own = match setup.paths.first() {
        Some(path) => {
            let files = setup.read_rules(path);
            files.map_err(|error| Failure::new(format!("cannot read `{}`: {error}", path.display())))?
        }
        None => Vec::new(),
    };
    let is_own = dir.is_some() || !setup.settings.rule_files.is_empty();
    let wanted: BTreeSet<String> = if is_own {
        let before = catalog.sources().next_id();
        match dir {
            Some(_) => setup.add_rules(&mut catalog, own)?,
            None => catalog = setup.catalog(catalog)?,
        }
        catalog.files().filter(|file| file.id.span.file >= before).map(|file| file.id.value.clone()).collect()
    } else {
        catalog.files().map(|file| file.id.value.clone()).collect()
    };
    if wanted.is_empty() {
        return Err(Failure::new("there are no rule files to test"));
    }
    let summary = testing::run(&catalog, &WordLists::builtin(), &|file| wanted.contains(&file.id.value));
    let mut text = String::new();
    for failure in &summary.failures {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", inert::visible(&failure.to_string()));
    }
    let testing::Summary { rules, examples, documents, mutants, failures } = &summary;
    let _ = writeln!(
        text,
        "{rules} rules, {examples} examples in {documents} documents, {mutants} mutants: {} failed",
        failures.len()
    );
    print(&inert::defused(&text))?;
    Ok(u8::from(!failures.is_empty()))
}

//! What every command needs first: the project, its settings, its rules. Anything
//! wrong with them ends the run with its line shown.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::ConfigArgs;
use crate::discover::{self, Project};
use crate::error::{LoadError, ProblemCode};
use crate::resolve::Loader;
use crate::rule::{Catalog, RuleError};
use crate::settings::{self, Flags, Rooted, RuleFiles, Settings, SettingsError};
use crate::source;
use crate::span::Part;
use crate::{Rules, RulesError};

use super::failure::Failure;

/// The project of a run and its settings.
pub struct Setup {
    /// The folder the run was started in.
    pub cwd: PathBuf,
    /// The files and folders that were named, absolute.
    pub paths: Vec<PathBuf>,
    /// The project they belong to.
    pub project: Project,
    /// Settings and flags.
    pub settings: Settings,
}

/// Files larger than this are no settings and no rules.
const OWN_FILE_LIMIT: usize = 4 << 20;

impl Setup {
    /// Finds the project around `paths` and reads its settings.
    pub fn new(paths: &[PathBuf], config: &ConfigArgs, flags: Flags) -> Result<Self, Failure> {
        let cwd = env::current_dir().and_then(fs::canonicalize);
        let cwd = cwd.map_err(|error| Failure::new(format!("the current folder cannot be told: {error}")))?;
        let paths: Vec<PathBuf> = paths.iter().map(|path| absolute(&cwd, path)).collect();
        let common = discover::common_folder(&paths).unwrap_or_else(|| cwd.clone());
        let file = match &config.config {
            _ if config.no_config => None,
            Some(given) => Some(fs::canonicalize(cwd.join(given)).map_err(|error| {
                Failure::new(format!("the settings file `{}` cannot be read: {error}", given.display()))
            })?),
            None => discover::find_settings(&common).map_err(|error| Failure::new(error.to_string()))?,
        };
        let project = Project::around(&common, file.as_deref());
        let settings = match &file {
            None => Settings::default(),
            Some(file) => {
                let read = |path: &Path| read_own(&project, file, path);
                settings::load(Rooted { root: project.root(), file }, &read)?
            }
        };
        Ok(Self { cwd, paths, project, settings: settings.with(flags) })
    }

    /// Adds the rules of the settings' `rule-files` to the built-in ones.
    pub fn catalog(&self, mut catalog: Catalog) -> Result<Catalog, Failure> {
        for RuleFiles { path, origin } in &self.settings.rule_files {
            let files = self.read_rules(path).map_err(|error| {
                let message = format!("cannot read `{}`: {error}", path.display());
                Failure::from(self.settings.error(origin, Part::Value, message))
            })?;
            self.add_rules(&mut catalog, files)?;
        }
        Ok(catalog)
    }

    /// Adds rule files: path and bytes.
    pub fn add_rules(&self, catalog: &mut Catalog, files: Vec<(String, Vec<u8>)>) -> Result<(), Failure> {
        let mut failures = Vec::new();
        for (path, bytes) in files {
            if let Err(errors) = catalog.add(&path, bytes) {
                failures.extend(errors.iter().map(|error| self.rule_failure(catalog, error)));
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(Failure::all(failures)) }
    }

    /// The rule files at `path`, a file or a folder, in the order of their paths.
    pub fn read_rules(&self, path: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut paths = BTreeSet::new();
        list_rules(path, &mut paths, 0)?;
        let main = self.settings.sources.last().map(|source| source.path.clone()).unwrap_or_default();
        let shown = |path: &Path| self.project.relative(path).unwrap_or_else(|| path.to_string_lossy().into_owned());
        paths.into_iter().map(|path| Ok((shown(&path), read_own(&self.project, &main, &path)?))).collect()
    }

    /// Compiles the rules under the settings, which must name only rules that exist.
    pub fn rules(&self, catalog: &Catalog) -> Result<Rules, Failure> {
        let ids: Vec<&str> = catalog.files().map(|file| file.id.value.as_str()).collect();
        let codes: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
        let unknown = |id: &str| {
            let help = source::de::nearest(id, &ids).map(|near| format!("did you mean `{near}`?"));
            (format!("there is no rule `{id}`"), help.unwrap_or_else(|| "`gatelint rules` lists all rules".to_owned()))
        };
        let mut failures = Vec::new();
        for (id, origin) in self.settings.named_rules() {
            let is_ignore = origin.pointer.starts_with("/ignore/");
            let known = ids.contains(&id) || (is_ignore && codes.contains(&id));
            if !known {
                let (message, help) = unknown(id);
                let part = if is_ignore { Part::Value } else { Part::Key };
                let error = self.settings.error(&origin, part, message);
                failures.push(Failure::from(SettingsError { help: Some(help), ..error }));
            }
        }
        for id in self.settings.select.iter().chain(&self.settings.deselect) {
            if !ids.contains(&id.as_str()) {
                let (message, help) = unknown(id);
                failures.push(Failure::with_help(message, help));
            }
        }
        if !failures.is_empty() {
            return Err(Failure::all(failures));
        }
        Rules::compile(catalog, &self.settings).map_err(|error| match error {
            RulesError::Rules(errors) => Failure::all(errors.iter().map(|error| self.rule_failure(catalog, error))),
            RulesError::Words(error) => match self.settings.origin_of(&["/words"]) {
                Some(origin) => self.settings.error(&origin, Part::Key, error.to_string()).into(),
                None => Failure::new(error.to_string()),
            },
        })
    }

    /// A rule file's error at its line, or an error of what the settings say of a rule at theirs.
    pub fn rule_failure(&self, catalog: &Catalog, error: &RuleError) -> Failure {
        if let Some(span) = error.span {
            let file = catalog.sources().file(span.file);
            return Failure::from(SettingsError {
                name: file.path.clone(),
                text: file.text.clone(),
                span: span.start as usize..span.end as usize,
                message: error.message.clone(),
                help: None,
            });
        }
        let rule = error.rule.replace('~', "~0").replace('/', "~1");
        let pointers = [format!("/rules/{rule}/options"), format!("/rules/{rule}")];
        match self.settings.origin_of(&pointers.each_ref().map(String::as_str)) {
            Some(origin) => self.settings.error(&origin, Part::Key, error.message.clone()).into(),
            None => Failure::new(error.to_string()),
        }
    }
}

/// Rule files at `path`: itself, or those in it if it is a folder.
fn list_rules(path: &Path, found: &mut BTreeSet<PathBuf>, depth: usize) -> io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        found.insert(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let is_folder = entry.file_type()?.is_dir();
        let is_rule = entry.path().extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if is_folder && depth < 16 {
            list_rules(&entry.path(), found, depth + 1)?;
        } else if !is_folder && is_rule {
            found.insert(entry.path());
        }
    }
    Ok(())
}

/// Reads a file of ours. No symbolic link may lead it out of the project, or of the folder of a settings file elsewhere.
fn read_own(project: &Project, settings: &Path, path: &Path) -> io::Result<Vec<u8>> {
    let real = fs::canonicalize(path)?;
    let own = settings.parent().filter(|_| !settings.starts_with(project.root()));
    if !real.starts_with(project.root()) && !own.is_some_and(|own| real.starts_with(own)) {
        return Err(io::Error::other(LoadError::Outside.to_string()));
    }
    let size = fs::metadata(&real)?;
    if !size.is_file() || size.len() > OWN_FILE_LIMIT as u64 {
        return Err(io::Error::other("it is no file of a sensible size"));
    }
    fs::read(real)
}

/// An absolute path whose folder has no symbolic links. The file itself may be one: where it leads is judged later.
fn absolute(cwd: &Path, path: &Path) -> PathBuf {
    let joined = cwd.join(path);
    match (joined.parent().map(fs::canonicalize), joined.file_name()) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => fs::canonicalize(&joined).unwrap_or(joined),
    }
}

/// Reads what `$ref`s name from the project.
pub struct Disk<'a> {
    /// The project no reference leads out of.
    pub project: &'a Project,
    /// The size of a file in bytes that is not exceeded.
    pub limit: usize,
}

impl Loader for Disk<'_> {
    fn load(&self, path: &str) -> Result<Vec<u8>, LoadError> {
        self.project.read(path, self.limit)
    }
}

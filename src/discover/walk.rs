//! The files of a run: those that were named, and those a walk finds. Ignore
//! files of the project are respected; those of the user are not, so that a run
//! says the same on every machine.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use rayon::prelude::*;

use super::markers::{self, Looks};
use super::{Changed, Found, Project, Unread};
use crate::error::{LoadError, ProblemCode};
use crate::settings::Settings;

/// Which files a run is about.
#[derive(Clone, Debug)]
pub struct Selection<'a> {
    /// Absolute paths of files and folders, as they were given.
    pub paths: &'a [PathBuf],
    /// Whether `exclude` holds for named files, too.
    pub force_exclude: bool,
}

/// Files a walk looks at unless the settings say which.
const USUAL_EXTENSIONS: [&str; 6] = ["yaml", "yml", "json", "toml", "conf", "nginx"];

/// What is put behind the name of a file of which it is a template or a sample.
const TEMPLATE_EXTENSIONS: [&str; 7] = ["template", "tmpl", "tpl", "ctmpl", "j2", "erb", "default"];

/// Folders of nginx, in which files are named for what they serve.
const NGINX_FOLDERS: [&str; 5] = ["sites-available", "sites-enabled", "conf.d", "vhost.d", "snippets"];

/// Folders no document of one's own lies in.
const FOREIGN_FOLDERS: [&str; 6] = [".git", ".hg", ".svn", ".jj", "node_modules", ".venv"];

/// What is read of a file that is too large, to tell whether it is a document.
const HEAD: usize = 64 << 10;

/// Finds the documents among `selection`: folders are walked, files are taken as they are.
pub fn inputs(project: &Project, settings: &Settings, selection: &Selection<'_>) -> Found {
    let mut found = Found::default();
    let mut files = BTreeSet::new();
    let mut named = BTreeSet::new();
    for path in selection.paths {
        match resolve(project, path) {
            Err(unread) => found.unread.push(unread),
            Ok((real, _)) if real.is_dir() => files.extend(walk(project, settings, &real, &mut found)),
            Ok((_, relative)) if selection.force_exclude && settings.exclude.is_match(&relative) => {}
            Ok((_, relative)) => {
                named.insert(relative);
            }
        }
    }
    files.retain(|path| !named.contains(path));
    read_all(project, settings, files.into_iter().collect(), false, &mut found);
    read_all(project, settings, named.into_iter().collect(), true, &mut found);
    found
}

/// Finds all documents of the project, for a run about `changes`: absolute paths as they were given.
pub fn project_documents(project: &Project, settings: &Settings, changes: &Selection<'_>) -> Found {
    let mut found = Found::default();
    let mut changed = BTreeSet::new();
    let mut everything = false;
    for path in changes.paths {
        match resolve(project, path) {
            // Which documents reached a file that is gone, nobody can tell any more.
            Err(unread) if unread.code == ProblemCode::Unreadable && !path.exists() => everything = true,
            Err(unread) => found.unread.push(unread),
            Ok((_, relative)) if changes.force_exclude && settings.exclude.is_match(&relative) => {}
            Ok((real, relative)) => {
                let concerns_all = |rules: &crate::settings::RuleFiles| real.starts_with(&rules.path);
                everything |= settings.sources.iter().any(|source| source.path == real);
                everything |= settings.rule_files.iter().any(concerns_all) || real.is_dir();
                changed.insert(relative);
            }
        }
    }
    // No change, or none that counts: then no document needs to be looked for.
    if everything || !changed.is_empty() {
        let mut files = walk(project, settings, project.root(), &mut found);
        files.extend(changed.iter().filter(|path| project.root().join(path).is_file()).cloned());
        read_all(project, settings, files.into_iter().collect(), false, &mut found);
    }
    found.changed = Some(if everything { Changed::Everything } else { Changed::Files(changed) });
    found
}

/// The real path of a named file or folder, and its path from the root.
fn resolve(project: &Project, path: &Path) -> Result<(PathBuf, String), Unread> {
    let shown = || project.relative(path).unwrap_or_else(|| path.to_string_lossy().into_owned());
    let unreadable = |message: String| Unread { path: shown(), code: ProblemCode::Unreadable, message };
    let real = fs::canonicalize(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => unreadable("there is no such file".to_owned()),
        _ => unreadable(format!("it cannot be read: {error}")),
    })?;
    match project.relative(&real) {
        Some(relative) => Ok((real, relative)),
        None => Err(unreadable("it leads out of the project root".to_owned())),
    }
}

/// Paths of the files below `folder` that a run looks at, from the project root.
fn walk(project: &Project, settings: &Settings, folder: &Path, found: &mut Found) -> BTreeSet<String> {
    let (root, exclude) = (project.clone(), settings.exclude.clone());
    let walk = WalkBuilder::new(folder)
        .hidden(false)
        .git_global(false)
        .git_exclude(false)
        .follow_links(false)
        .filter_entry(move |entry| {
            let foreign = entry.depth() > 0 && entry.file_name().to_str().is_some_and(|n| FOREIGN_FOLDERS.contains(&n));
            let excluded = entry.depth() > 0 && root.relative(entry.path()).is_some_and(|path| exclude.is_match(&path));
            !foreign && !excluded
        })
        .build();
    let mut files = BTreeSet::new();
    for entry in walk {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                if let Some(path) = project.relative(entry.path()).filter(|path| is_candidate(settings, path)) {
                    files.insert(path);
                }
            }
            Ok(_) => {}
            Err(error) => found.unread.push(Unread {
                path: project.relative(folder).unwrap_or_default(),
                code: ProblemCode::Unreadable,
                message: error.to_string(),
            }),
        }
    }
    files
}

fn is_candidate(settings: &Settings, path: &str) -> bool {
    if !settings.include.is_empty() {
        return settings.include.is_match(path);
    }
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let in_nginx_folder = NGINX_FOLDERS.contains(&folder.rsplit('/').next().unwrap_or_default());
    let is_one_of = |extension: &str, known: &[&str]| known.iter().any(|known| known.eq_ignore_ascii_case(extension));
    let Some((stem, extension)) = name.rsplit_once('.') else { return in_nginx_folder };
    let is_template = is_one_of(extension, &TEMPLATE_EXTENSIONS);
    // `traefik.yml.tmpl` is for what renders it; `default.conf.template` is what a container of nginx is given.
    is_one_of(extension, &USUAL_EXTENSIONS)
        || is_template && (is_one_of(stem.rsplit('.').next().unwrap_or_default(), &["conf"]) || stem == "nginx")
        || name.starts_with("nginx.conf")
        || in_nginx_folder && !stem.is_empty()
}

/// Reads files and sorts them by what they may be.
fn read_all(project: &Project, settings: &Settings, paths: Vec<String>, named: bool, found: &mut Found) {
    enum Outcome {
        Read(Vec<u8>, Looks),
        Ignored,
        Failed(ProblemCode, String),
    }
    let limit = settings.limits.bytes;
    let read = |path: &str| match project.read(path, limit) {
        Ok(bytes) => {
            let looks = markers::in_file(path, &bytes);
            // What is ignored must not pile up.
            let is_wanted = looks.is_document() || looks.is_support;
            if is_wanted { Outcome::Read(bytes, looks) } else { Outcome::Ignored }
        }
        Err(error @ LoadError::TooLarge(_)) => {
            let head = project.read_head(path, HEAD);
            // A named file is too large whatever it holds.
            let concerns_us = named || markers::in_file(path, &head).is_document();
            if concerns_us { Outcome::Failed(ProblemCode::TooLarge, error.to_string()) } else { Outcome::Ignored }
        }
        Err(error) => Outcome::Failed(ProblemCode::Unreadable, error.to_string()),
    };
    let outcomes: Vec<(String, Outcome)> =
        paths.into_par_iter().map(|path| (read(&path), path)).map(|(o, p)| (p, o)).collect();
    for (path, outcome) in outcomes {
        if named && !matches!(outcome, Outcome::Failed(..)) {
            found.named.insert(path.clone());
        }
        match outcome {
            Outcome::Read(bytes, looks) => found.put(path, bytes, looks),
            Outcome::Ignored if named => {}
            Outcome::Ignored => found.ignored_files += 1,
            Outcome::Failed(code, message) => found.unread.push(Unread { path, code, message }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_looks_at_what_may_be_a_document_by_its_name() {
        let settings = Settings::default();
        for path in [
            "api.YAML",
            "a/docker-compose.yml",
            "traefik.toml",
            "a/proxy.conf",
            "site.nginx",
            "nginx.conf.bak",
            "nginx.tmpl",
            "templates/default.conf.template",
            "kong.conf.default",
            "etc/nginx/sites-enabled/example.com",
            "conf.d/api",
        ] {
            assert!(is_candidate(&settings, path), "{path}");
        }
        for path in
            ["README.md", "Makefile", "a.tmpl", "values.yaml.tmpl", "sites-enabled/.htaccess", "conf.dx/a", "conf"]
        {
            assert!(!is_candidate(&settings, path), "{path}");
        }
    }
}

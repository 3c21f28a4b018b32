//! Where a project begins, which settings file governs it, and reading files
//! without leaving it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::LoadError;
use crate::settings::FILE_NAMES;

/// A project: a folder that no path of a run leads out of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    root: PathBuf,
}

/// Two settings files that govern one folder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` and `{}` govern the same folder: keep one of them", .0.display(), .1.display())]
pub struct TwoSettingsFiles(pub PathBuf, pub PathBuf);

/// The settings file that governs `folder`: the nearest one up to the git root.
///
/// # Errors
/// If a folder on the way has two.
pub fn find_settings(folder: &Path) -> Result<Option<PathBuf>, TwoSettingsFiles> {
    let git = git_root(folder);
    for folder in folder.ancestors() {
        let mut found = FILE_NAMES.iter().map(|name| folder.join(name)).filter(|path| path.is_file());
        if let Some(first) = found.next() {
            return match found.next() {
                Some(second) => Err(TwoSettingsFiles(first, second)),
                None => Ok(Some(first)),
            };
        }
        if git.as_deref() == Some(folder) {
            break;
        }
    }
    Ok(None)
}

/// The nearest folder from `folder` up that is the root of a git work tree.
fn git_root(folder: &Path) -> Option<PathBuf> {
    // A file in work trees and submodules, a folder elsewhere.
    folder.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned)
}

/// The folder that `settings` governs.
fn governed(settings: &Path) -> Option<&Path> {
    let folder = settings.parent()?;
    if settings.ends_with(FILE_NAMES[2]) { folder.parent() } else { Some(folder) }
}

/// The deepest folder that holds all `paths`, which are absolute. A path that is a folder holds itself.
pub fn common_folder(paths: &[PathBuf]) -> Option<PathBuf> {
    let folder = |path: &PathBuf| if path.is_dir() { path.clone() } else { path.parent().unwrap_or(path).to_owned() };
    let mut folders = paths.iter().map(folder);
    let first = folders.next()?;
    Some(folders.fold(first, |common, other| {
        common.ancestors().find(|folder| other.starts_with(folder)).unwrap_or(Path::new("/")).to_owned()
    }))
}

impl Project {
    /// The project that `inputs` (an absolute folder that holds them all) belong
    /// to: the git root, else the folder the settings file governs, else that folder.
    pub fn around(inputs: &Path, settings: Option<&Path>) -> Self {
        let governed = settings.and_then(governed).filter(|folder| inputs.starts_with(folder));
        let root = git_root(inputs).or_else(|| governed.map(Path::to_owned)).unwrap_or_else(|| inputs.to_owned());
        Self { root }
    }

    /// The root folder, absolute and without symbolic links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path of a file from the root, `/`-separated. `None` if it lies outside.
    pub fn relative(&self, path: &Path) -> Option<String> {
        let inside = path.strip_prefix(&self.root).ok()?;
        Some(inside.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"))
    }

    /// The first `len` bytes of the file at `path`, relative to the root; nothing if it cannot be read.
    pub fn read_head(&self, path: &str, len: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let read = File::open(self.root.join(path)).and_then(|file| file.take(len as u64).read_to_end(&mut bytes));
        read.map(|_| bytes).unwrap_or_default()
    }

    /// Reads the file at `path`, relative to the root.
    ///
    /// # Errors
    /// If it does not exist, leads out of the root, has more than `limit` bytes or cannot be read.
    pub fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, LoadError> {
        let real = fs::canonicalize(self.root.join(path)).map_err(|error| load_error(&error))?;
        if !real.starts_with(&self.root) {
            return Err(LoadError::Outside);
        }
        read_file(&real, limit)
    }
}

/// Reads a file of at most `limit` bytes. Anything but a file (a pipe, a device) is refused: it may never end.
fn read_file(path: &Path, limit: usize) -> Result<Vec<u8>, LoadError> {
    let kind = fs::metadata(path).map_err(|error| load_error(&error))?;
    if !kind.is_file() {
        return Err(LoadError::Unreadable("it is no file".to_owned()));
    }
    if kind.len() > limit as u64 {
        return Err(LoadError::TooLarge(kind.len()));
    }
    let file = File::open(path).map_err(|error| load_error(&error))?;
    let mut bytes = Vec::with_capacity(kind.len() as usize + 1);
    // It may have grown since.
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|error| load_error(&error))?;
    if bytes.len() > limit { Err(LoadError::TooLarge(bytes.len() as u64)) } else { Ok(bytes) }
}

fn load_error(error: &io::Error) -> LoadError {
    match error.kind() {
        io::ErrorKind::NotFound => LoadError::NotFound,
        _ => LoadError::Unreadable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        for file in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x: 1\n").unwrap();
        }
        (dir, root)
    }

    #[test]
    fn the_git_root_is_the_project_root() {
        let (_dir, root) = project(&[".git/HEAD", "apis/gatelint.yaml", "apis/v1/api.yaml"]);
        let settings = find_settings(&root.join("apis/v1")).unwrap();
        assert_eq!(settings.as_deref(), Some(&*root.join("apis/gatelint.yaml")));
        assert_eq!(Project::around(&root.join("apis/v1"), settings.as_deref()).root(), root);
    }

    #[test]
    fn without_git_the_settings_file_marks_the_root() {
        let (_dir, root) = project(&[".github/gatelint.yaml", "apis/v1/api.yaml"]);
        let settings = find_settings(&root.join("apis/v1")).unwrap();
        assert_eq!(Project::around(&root.join("apis/v1"), settings.as_deref()).root(), root);
        assert_eq!(Project::around(&root.join("apis"), None).root(), root.join("apis"));
    }

    #[test]
    fn settings_above_the_git_root_do_not_count() {
        let (_dir, root) = project(&["gatelint.yaml", "repo/.git/HEAD", "repo/api.yaml"]);
        assert_eq!(find_settings(&root.join("repo")), Ok(None));
    }

    #[test]
    fn two_settings_files_in_one_folder_are_an_error() {
        let (_dir, root) = project(&["gatelint.yaml", ".gatelint.yaml"]);
        assert!(find_settings(&root).is_err());
    }

    #[test]
    fn the_common_folder_holds_all_inputs() {
        let (_dir, root) = project(&["a/b/x.yaml", "a/c/y.yaml"]);
        assert_eq!(common_folder(&[root.join("a/b/x.yaml"), root.join("a/c")]), Some(root.join("a")));
        assert_eq!(common_folder(&[root.join("a/b/x.yaml")]), Some(root.join("a/b")));
    }

    #[cfg(unix)]
    #[test]
    fn no_symbolic_link_leads_out() {
        let (_dir, root) = project(&["in/a.yaml", "secret.yaml"]);
        std::os::unix::fs::symlink(root.join("secret.yaml"), root.join("in/link.yaml")).unwrap();
        std::os::unix::fs::symlink(root.join("in/a.yaml"), root.join("in/own.yaml")).unwrap();
        let project = Project { root: root.join("in") };
        assert_eq!(project.read("link.yaml", 100), Err(LoadError::Outside));
        assert_eq!(project.read("../secret.yaml", 100), Err(LoadError::Outside));
        assert!(project.read("own.yaml", 100).is_ok());
    }

    #[test]
    fn what_is_too_large_or_no_file_is_not_read() {
        let (_dir, root) = project(&["a.yaml", "folder/b.yaml"]);
        let project = Project { root };
        assert_eq!(project.read("a.yaml", 3), Err(LoadError::TooLarge(5)));
        assert_eq!(project.read("none.yaml", 3), Err(LoadError::NotFound));
        assert!(matches!(project.read("folder", 100), Err(LoadError::Unreadable(_))));
    }
}

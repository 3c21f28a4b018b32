//! From the text of a settings file, and those it extends, to [`Settings`].
//! Opens no file itself.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::file::{OverrideEntry, RuleEntry, SettingsFile};
use super::{Globs, Ignore, Level, Origin, Override, PointerPattern, RuleFiles, Settings, SettingsError, Source};
use crate::source::{self, Limits, de};
use crate::span::{FileId, Part};

/// Reads a file of the project.
pub type Read<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// Where the project lies: settings show paths from its root, and lead nowhere outside it.
#[derive(Clone, Copy, Debug)]
pub struct Rooted<'a> {
    /// The project root.
    pub root: &'a Path,
    /// The settings file the run begins with.
    pub file: &'a Path,
}

/// How many files may extend one another in a row.
const MAX_CHAIN: usize = 16;

/// Reads the settings file of a project and those it extends.
///
/// # Errors
/// At the first thing that is wrong in any of them.
pub fn load(rooted: Rooted<'_>, read: Read<'_>) -> Result<Settings, SettingsError> {
    let mut settings = Settings::default();
    let bytes = read(rooted.file).map_err(|error| SettingsError {
        name: shown(rooted.root, rooted.file),
        text: Arc::from(""),
        span: 0..0,
        message: format!("cannot read the settings file: {error}"),
        help: None,
    })?;
    add(&mut settings, rooted, read, &mut Vec::new(), rooted.file, &bytes)?;
    Ok(settings)
}

/// A path as it is shown: from the project root if it lies below it, `/`-separated.
fn shown(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

/// Adds one file after those it extends, so that what it says wins.
fn add(
    settings: &mut Settings,
    rooted: Rooted<'_>,
    read: Read<'_>,
    chain: &mut Vec<PathBuf>,
    path: &Path,
    bytes: &[u8],
) -> Result<(), SettingsError> {
    let (source, file) = parse(shown(rooted.root, path), path, bytes)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    chain.push(path.to_owned());
    for (index, base) in file.extends.0.iter().enumerate() {
        let pointer = if source.points_to(&format!("/extends/{index}")) {
            format!("/extends/{index}")
        } else {
            "/extends".into()
        };
        let fail = |message: String| source.error(&pointer, Part::Value, message);
        if base.contains("://") {
            return Err(fail(format!("`{base}` is remote: settings extend local files only")));
        }
        let target = normalise(&folder.join(base));
        if !is_inside(&target, rooted) {
            return Err(fail(format!("`{base}` lies outside the project")));
        }
        if chain.contains(&target) || chain.len() > MAX_CHAIN {
            return Err(fail(format!("`{base}` extends itself")));
        }
        let bytes = read(&target).map_err(|error| fail(format!("cannot read `{base}`: {error}")))?;
        add(settings, rooted, read, chain, &target, &bytes)?;
    }
    chain.pop();
    settings.sources.push(source);
    merge(settings, file, rooted, folder)
}

fn parse(name: String, path: &Path, bytes: &[u8]) -> Result<(Source, SettingsFile), SettingsError> {
    let file = source::read(FileId(0), &name, bytes.to_vec(), &Limits::default());
    let source = Source { path: path.to_owned(), name, text: file.text.clone() };
    let fail = |span: crate::span::Span, message: String, help: Option<String>| SettingsError {
        name: source.name.clone(),
        text: source.text.clone(),
        span: span.start as usize..span.end as usize,
        message,
        help,
    };
    if let Some(problem) = file.problems.first() {
        return Err(fail(problem.span, problem.message.clone(), None));
    }
    if let Some(twice) = file.tree.duplicates.first() {
        let span = file.tree.key_span(twice.second).unwrap_or_else(|| file.tree.span(twice.second));
        let key = file.tree.key(twice.second).unwrap_or_default();
        return Err(fail(span, format!("`{key}` is given twice"), None));
    }
    let [root] = *file.tree.roots() else {
        return match file.tree.roots().get(1) {
            Some(&second) => Err(fail(file.tree.span(second), "a settings file is one document".into(), None)),
            None => Ok((source, SettingsFile::default())),
        };
    };
    if file.tree.kind(root) == source::NodeKind::Null {
        return Ok((source, SettingsFile::default()));
    }
    let read: Result<SettingsFile, de::DeError> = de::from_tree(&file.tree, root);
    match read {
        Ok(settings) => Ok((source, settings)),
        Err(error) => Err(fail(error.span, error.message, error.help)),
    }
}

/// Lays `file` over what is there; it is the last of `settings.sources`.
fn merge(settings: &mut Settings, file: SettingsFile, rooted: Rooted<'_>, folder: &Path) -> Result<(), SettingsError> {
    let here = Origin { source: settings.sources.len() - 1, pointer: String::new() };
    if file.pairs.is_some() {
        let message = "`pairs` is reserved: this version of gatelint reads no gateway configurations";
        return Err(settings.error(&here.child("pairs"), Part::Key, message));
    }
    settings.profile = file.profile.unwrap_or(settings.profile);
    settings.fail_on = file.fail_on.unwrap_or(settings.fail_on);
    if let Some(include) = file.include {
        settings.include = globs(settings, &here.child("include"), &include)?;
    }
    let exclude = [settings.exclude.written(), &file.exclude].concat();
    let inherited = exclude.len() - file.exclude.len();
    settings.exclude = Globs::new(&exclude).map_err(|(index, why)| {
        let origin = here.child("exclude").child(&index.saturating_sub(inherited).to_string());
        settings.error(&origin, Part::Value, format!("not a glob: {why}"))
    })?;
    for (id, entry) in file.rules {
        let origin = here.child("rules").child(&id);
        let setting = settings.rules.entry(id).or_default();
        setting.level = entry.level().or(setting.level);
        setting.options.extend(entry.options().cloned().unwrap_or_default());
        setting.origin = origin;
    }
    for (index, entry) in file.overrides.into_iter().enumerate() {
        let origin = here.child("overrides").child(&index.to_string());
        let entry = over(settings, entry, origin)?;
        settings.overrides.push(entry);
    }
    for (list, change) in file.words {
        let words = settings.words.entry(list).or_default();
        words.add.extend(change.add);
        words.remove.extend(change.remove);
    }
    for (index, entry) in file.ignore.into_iter().enumerate() {
        let origin = here.child("ignore").child(&index.to_string());
        let pattern = entry.pointer.as_deref().map(PointerPattern::new).transpose();
        let pointer = pattern.map_err(|why| settings.error(&origin.child("pointer"), Part::Value, why))?;
        let written: Vec<String> = entry.file.into_iter().collect();
        let file = Globs::new(&written)
            .map_err(|(_, why)| settings.error(&origin.child("file"), Part::Value, format!("not a glob: {why}")))?;
        settings.ignores.push(Ignore {
            rule: entry.rule,
            file,
            pointer,
            reason: entry.reason,
            until: entry.until,
            origin,
        });
    }
    for (url, path) in file.refs {
        let origin = here.child("refs").child(&url);
        let path = vendored(rooted, folder, &url, &path).map_err(|why| settings.error(&origin, Part::Value, why))?;
        settings.refs.insert(url, path);
    }
    for (index, path) in file.rule_files.iter().enumerate() {
        let origin = here.child("rule-files").child(&index.to_string());
        let target = normalise(&folder.join(path));
        if !is_inside(&target, rooted) {
            return Err(settings.error(&origin, Part::Value, format!("`{path}` lies outside the project")));
        }
        settings.rule_files.push(RuleFiles { path: target, origin });
    }
    Ok(())
}

fn globs(settings: &Settings, origin: &Origin, written: &[String]) -> Result<Globs, SettingsError> {
    Globs::new(written).map_err(|(index, why)| {
        settings.error(&origin.child(&index.to_string()), Part::Value, format!("not a glob: {why}"))
    })
}

fn over(settings: &Settings, entry: OverrideEntry, origin: Origin) -> Result<Override, SettingsError> {
    let files = globs(settings, &origin.child("files"), &entry.files)?;
    let mut rules = BTreeMap::new();
    for (id, entry) in entry.rules {
        let level = match &entry {
            RuleEntry::Level(level) => *level,
            RuleEntry::Full(full) if full.options.is_empty() => full.severity.map_or(Level::On, Level::At),
            RuleEntry::Full(_) => {
                let origin = origin.child("rules").child(&id).child("options");
                let message = "options cannot differ by file: set them under `rules`";
                return Err(settings.error(&origin, Part::Key, message));
            }
        };
        rules.insert(id, level);
    }
    Ok(Override { files, rules, origin })
}

/// The project path of a vendored document.
fn vendored(rooted: Rooted<'_>, folder: &Path, url: &str, path: &str) -> Result<String, String> {
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return Err(format!("`{url}` is no URL: it begins with `https://` or `http://`"));
    }
    let target = normalise(&folder.join(path));
    let inside = target.strip_prefix(rooted.root).map_err(|_| format!("`{path}` lies outside the project"))?;
    let mut inside = inside.to_string_lossy().replace('\\', "/");
    // The rest of the URL is appended: a folder keeps its slash.
    if path.ends_with('/') && !inside.is_empty() {
        inside.push('/');
    }
    Ok(inside)
}

/// Whether a path lies below the project root, or below the settings file's own folder where that is elsewhere.
fn is_inside(path: &Path, rooted: Rooted<'_>) -> bool {
    let own = rooted.file.parent().filter(|_| !rooted.file.starts_with(rooted.root));
    path.starts_with(rooted.root) || own.is_some_and(|own| path.starts_with(own))
}

/// Removes `.` and `..` without looking at the disk.
fn normalise(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::settings::{Date, Profile};

    fn load_all(files: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let files: BTreeMap<PathBuf, &str> =
            files.iter().map(|&(path, text)| (Path::new("/project").join(path), text)).collect();
        let read = |path: &Path| {
            files.get(path).map(|text| text.as_bytes().to_vec()).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
        };
        load(Rooted { root: Path::new("/project"), file: Path::new("/project/gatelint.yaml") }, &read)
    }

    fn load_one(text: &str) -> Result<Settings, SettingsError> {
        load_all(&[("gatelint.yaml", text)])
    }

    fn marked(error: &SettingsError) -> &str {
        &error.text[error.span.clone()]
    }

    #[test]
    fn an_empty_file_changes_nothing() {
        for text in ["", "# only a comment\n", "{}\n", "---\n"] {
            let settings = load_one(text).unwrap();
            assert_eq!((settings.profile, settings.fail_on), (Profile::Default, Severity::High), "{text:?}");
        }
    }

    #[test]
    fn every_key_is_read() {
        let text = "
profile: strict
fail-on: medium
include: ['specs/**']
exclude: [generated]
rules:
  missing-429: off
  cleartext-server: critical
  page-size-unbounded: { severity: low, options: { max: 100 } }
overrides:
  - files: ['internal/**']
    rules: { cleartext-server: off }
words: { credential: { add: [token sauce], remove: [key] } }
ignore:
  - { rule: missing-429, file: a.yaml, pointer: /paths, reason: known, until: 2027-01-31 }
refs: { 'https://example.com/schemas/': ./vendored/ }
rule-files: [./my-rules]
";
        let settings = load_one(text).unwrap();
        assert_eq!(settings.profile, Profile::Strict);
        assert_eq!(settings.fail_on, Severity::Medium);
        assert!(settings.include.is_match("specs/a/b.yaml") && settings.exclude.is_match("x/generated/y.yaml"));
        assert_eq!(settings.rules["missing-429"].level, Some(Level::Off));
        assert_eq!(settings.rules["page-size-unbounded"].options["max"], 100);
        assert_eq!(settings.level("cleartext-server", "internal/a.yaml"), Some(Level::Off));
        assert_eq!(settings.level("cleartext-server", "a.yaml"), Some(Level::At(Severity::Critical)));
        assert_eq!(settings.words["credential"].add, ["token sauce"]);
        assert_eq!(settings.ignores[0].until, Some("2027-01-31".parse::<Date>().unwrap()));
        assert!(settings.ignores[0].covers("a.yaml", "/paths/~1x") && !settings.ignores[0].covers("b.yaml", "/paths"));
        assert_eq!(settings.refs["https://example.com/schemas/"], "vendored/");
        assert_eq!(settings.rule_files[0].path, Path::new("/project/my-rules"));
    }

    #[test]
    fn an_unknown_key_is_marked_with_what_was_meant() {
        let error = load_one("profile: strict\nfail_on: high\n").unwrap_err();
        assert_eq!(marked(&error), "fail_on");
        assert!(format!("{error} {:?}", error.help).contains("fail-on"), "{error:?}");
    }

    #[test]
    fn a_wrong_value_is_marked() {
        let error = load_one("rules:\n  missing-429: lowish\n").unwrap_err();
        assert_eq!(marked(&error), "lowish");
        let error = load_one("ignore:\n  - { rule: x, until: soon }\n").unwrap_err();
        assert_eq!(marked(&error), "soon");
        let error = load_one("exclude: ['a', 'b[']\n").unwrap_err();
        assert_eq!(marked(&error), "'b['");
    }

    #[test]
    fn a_key_given_twice_is_an_error() {
        assert_eq!(load_one("profile: strict\nprofile: default\n").unwrap_err().message, "`profile` is given twice");
    }

    #[test]
    fn what_a_file_says_wins_over_what_it_extends() {
        let base = "fail-on: low\nexclude: [a]\nrules: { one: off, two: { options: { x: 1, y: 1 } } }\n";
        let own = "extends: base/gate.yaml\nexclude: [b]\nrules: { one: high, two: { options: { y: 2 } } }\n";
        let settings = load_all(&[("gatelint.yaml", own), ("base/gate.yaml", base)]).unwrap();
        assert_eq!(settings.fail_on, Severity::Low);
        assert!(settings.exclude.is_match("a/x") && settings.exclude.is_match("b/x"));
        assert_eq!(settings.rules["one"].level, Some(Level::At(Severity::High)));
        assert_eq!(settings.rules["two"].options, BTreeMap::from([("x".into(), 1.into()), ("y".into(), 2.into())]));
        assert_eq!(settings.sources.len(), 2);
    }

    #[test]
    fn paths_of_an_extended_file_count_from_its_own_folder() {
        let base = "rule-files: [rules]\n";
        let settings = load_all(&[("gatelint.yaml", "extends: [base/gate.yaml]"), ("base/gate.yaml", base)]).unwrap();
        assert_eq!(settings.rule_files[0].path, Path::new("/project/base/rules"));
    }

    #[test]
    fn files_that_extend_each_other_are_an_error() {
        let error =
            load_all(&[("gatelint.yaml", "extends: b.yaml"), ("b.yaml", "extends: [gatelint.yaml]")]).unwrap_err();
        assert_eq!((error.name.as_str(), marked(&error)), ("b.yaml", "gatelint.yaml"));
    }

    #[test]
    fn settings_lead_neither_out_of_the_project_nor_to_the_network() {
        for text in [
            "extends: ../other.yaml",
            "extends: /etc/passwd",
            "extends: https://example.com/x.yaml",
            "rule-files: [../rules]",
            "refs: { 'https://a/': ../x }",
            "refs: { 'a/': ./x }",
        ] {
            assert!(load_one(text).is_err(), "{text}");
        }
    }

    #[test]
    fn pairs_are_refused_and_not_passed_over() {
        assert_eq!(marked(&load_one("pairs: []\n").unwrap_err()), "pairs");
    }

    #[test]
    fn options_by_file_are_refused() {
        let text = "overrides:\n  - files: [a]\n    rules: { x: { options: { y: 1 } } }\n";
        assert_eq!(marked(&load_one(text).unwrap_err()), "options");
    }
}

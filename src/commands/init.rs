//! `gatelint init`: a settings file to begin with.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use crate::settings::FILE_NAMES;

use super::failure::Failure;
use super::terminal;

/// The file that is written; as it stands it changes nothing.
const TEMPLATE: &str = include_str!("init.yaml");

/// Writes `gatelint.yaml` into `dir`, unless settings are there.
pub fn run(dir: &Path) -> Result<(), Failure> {
    if let Some(name) = FILE_NAMES.iter().find(|name| dir.join(name).exists()) {
        return Err(Failure::new(format!("`{}` is there already", dir.join(name).display())));
    }
    let path = dir.join(FILE_NAMES[0]);
    let create = OpenOptions::new().write(true).create_new(true).open(&path);
    let written: io::Result<()> = create.and_then(|mut file| file.write_all(TEMPLATE.as_bytes()));
    written.map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))?;
    terminal::say(&format!("wrote `{}`", path.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Rooted, load};

    fn loads(text: &str) -> bool {
        let read = |_: &Path| Ok(text.as_bytes().to_vec());
        load(Rooted { root: Path::new("/p"), file: Path::new("/p/gatelint.yaml") }, &read).is_ok()
    }

    #[test]
    fn the_file_is_right_as_it_stands_and_with_every_line_in_force() {
        assert!(loads(TEMPLATE));
        let in_force =
            |line: &str| line.strip_prefix("#-").map_or_else(|| line.to_owned(), |rest| rest[1..].to_owned());
        let all: Vec<String> = TEMPLATE.lines().map(in_force).collect();
        assert!(loads(&all.join("\n")), "{}", all.join("\n"));
    }
}

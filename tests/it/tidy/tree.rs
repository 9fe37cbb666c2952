//! The files of the repository, and how faults in them are told.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

/// The contexts, which are folders of the same name everywhere.
pub(super) const CONTEXTS: [&str; 3] = ["core", "links", "media"];

/// A file's path from the root, and its text.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    /// A file that is only thought of.
    pub(super) fn sample(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The folder or file right below `src`, if it is in one.
    pub(super) fn room(&self) -> Option<&str> {
        self.path.split('/').skip_while(|it| *it != "src").nth(1)
    }

    /// Its lines with their numbers, without those that are comments.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.text.lines().enumerate();
        numbered.filter_map(|(at, line)| {
            let code = line.split("// ").next().unwrap_or_default();
            let is_comment = line.trim_start().starts_with("//");
            (!is_comment).then_some((at + 1, code))
        })
    }
}

/// The root of the repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// One file by its path from the root.
pub(super) fn file(path: &str) -> anyhow::Result<File> {
    let text = fs::read_to_string(root().join(path)).with_context(|| path.to_owned())?;
    Ok(File::sample(path, &text))
}

/// All files with one of these endings that are written by hand, in the order of their paths.
pub(super) fn files(endings: &[&str]) -> anyhow::Result<Vec<File>> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{folder}{name}");
            if name.starts_with('.') || path == "target" {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(format!("{path}/"));
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(file(&path)?);
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    ensure!(!found.is_empty(), "no file ends with {endings:?}");
    Ok(found)
}

/// Holds every file to a rule; all faults are told at once.
pub(super) fn hold(files: &[File], rule: impl Fn(&File) -> Vec<String>) -> anyhow::Result<()> {
    ensure!(!files.is_empty(), "there is no file to hold to the rule");
    let told = files.iter().flat_map(|file| {
        let faults = rule(file).into_iter();
        faults.map(|fault| format!("{}: {fault}", file.path))
    });
    none(&told.collect::<Vec<_>>())
}

/// Fails with all faults, if there is one.
pub(super) fn none(faults: &[String]) -> anyhow::Result<()> {
    ensure!(faults.is_empty(), "\n{}", faults.join("\n"));
    Ok(())
}

/// The words of a text: letters, digits and underscores.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !(it.is_alphanumeric() || it == '_'))
        .filter(|word| !word.is_empty())
}

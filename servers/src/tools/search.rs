//! Looking along the PATH for a program that is new enough.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time::timeout};

use super::{Program, Tool, Version};

/// How long a program may take to tell its version; the first run of a large one on a cold disk takes a second.
const VERSION_WITHIN: Duration = Duration::from_secs(15);

/// Where programs are looked for, in the form of the PATH variable.
#[derive(Debug, Clone)]
pub struct SearchPath(OsString);

impl SearchPath {
    /// Looks along `path` and nowhere else.
    pub fn new(path: impl Into<OsString>) -> Self {
        Self(path.into())
    }

    /// The PATH of this process.
    pub fn of_process() -> Self {
        Self(env::var_os("PATH").unwrap_or_default())
    }

    pub(crate) fn as_os_str(&self) -> &OsStr {
        &self.0
    }

    /// The first file of that name.
    pub(super) fn which(&self, program: &str) -> Option<PathBuf> {
        env::split_paths(&self.0)
            .map(|folder| folder.join(program))
            .find(|path| path.is_file())
    }

    /// The tool, if it is there in a good version with all that belongs to it.
    pub(super) async fn find(
        &self,
        tool: Tool,
        report: &(impl Fn(&str) + Sync),
    ) -> Option<Program> {
        let found = self.which(tool.program())?;
        let pass_over = |why: &str| {
            report(&format!(
                "passing over {} on the PATH: {why}",
                found.display()
            ));
            None
        };
        let Some(path) = with_companions(tool, &found) else {
            return pass_over(&format!(
                "{} must lie beside it",
                tool.companions().join(" and ")
            ));
        };
        match version_of(tool, &path, self).await {
            Ok(version) if version >= tool.minimum() => Some(Program { path, version }),
            Ok(version) => pass_over(&format!(
                "its version is {version}, and {} is needed",
                tool.minimum()
            )),
            Err(said) => pass_over(&format!("it does not tell its version, but: {said}")),
        }
    }
}

/// The program's own folder, or the one that a link to it leads to, whichever has all that is needed.
fn with_companions(tool: Tool, found: &Path) -> Option<PathBuf> {
    let real = found.canonicalize().ok();
    let is_whole = |path: &PathBuf| {
        tool.companions()
            .iter()
            .all(|companion| path.with_file_name(companion).is_file())
    };
    real.into_iter().chain([found.to_owned()]).find(is_whole)
}

/// Asks a program for its version; the error is what it said instead.
pub(super) async fn version_of(
    tool: Tool,
    program: &Path,
    search: &SearchPath,
) -> Result<Version, String> {
    let mut command = Command::new(program);
    command
        .arg(tool.version_argument())
        .env_clear()
        .env("PATH", search.as_os_str());
    command.stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(VERSION_WITHIN, command.output())
        .await
        .map_err(|_| "nothing for too long".to_owned())?
        .map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    parse_version(&said).ok_or_else(|| {
        let complaint = String::from_utf8_lossy(&output.stderr);
        format!("{} {}", said.trim(), complaint.trim())
            .trim()
            .to_owned()
    })
}

/// The first word that reads like a version.
fn parse_version(text: &str) -> Option<Version> {
    text.split_whitespace().find_map(|word| {
        let (major, rest) = word.strip_prefix('v').unwrap_or(word).split_once('.')?;
        let minor = rest
            .split(|character: char| !character.is_ascii_digit())
            .next()?;
        Some(Version {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_each_tool_says() {
        let cases = [
            ("nats-server: v2.15.1\n", 2, 15),
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n",
                15,
                18,
            ),
            ("version 8000GB 4.48 pypi linux amd64\n", 4, 48),
            ("nats-server: v2.15.0-preview.1", 2, 15),
        ];
        for (text, major, minor) in cases {
            assert_eq!(
                parse_version(text),
                Some(Version { major, minor }),
                "{text}"
            );
        }
        assert_eq!(parse_version("command not found"), None);
    }
}

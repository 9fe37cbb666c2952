//! Starting a server and waiting until it is ready; running a program to its end.

use std::{
    ffi::{OsStr, OsString},
    io::{self, PipeWriter},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;
use tokio::time::timeout;

use super::{
    child::Child,
    log::{Log, last_lines},
    spawner::spawn,
};
use crate::{SearchPath, StartError, folder::at};

/// How long a server may take to be ready: a broker that reads a large log again, on a slow disk.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// How long a program that prepares or asks a server may take.
const RUN_WITHIN: Duration = Duration::from_mins(1);
/// How long the last words of a server that ended may take to reach its log.
const LAST_WORDS_WITHIN: Duration = Duration::from_millis(500);
/// A start is tried again when the server ends at once: its port was taken meanwhile, or what was left of a killed
/// one still held its memory.
const STARTS_MAX: u32 = 4;
const START_PAUSE: Duration = Duration::from_millis(250);

/// What to start, and how to know that it is ready.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) server: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// What `setpriv` shall do besides.
    pub(crate) privileges: Vec<OsString>,
    /// What its environment tells it besides what every program's does.
    pub(crate) environment: &'static [(&'static str, &'static str)],
    pub(crate) search: SearchPath,
    /// The working folder, and where the log is.
    pub(crate) folder: PathBuf,
    pub(crate) log: PathBuf,
    /// What the server writes when it is ready.
    pub(crate) marker: &'static str,
    /// What is done in the folder before each start.
    pub(crate) before: fn(&Path),
}

impl Launch {
    /// Starts the server and waits until it has said that it is ready.
    pub(crate) async fn start(&self) -> Result<Child, StartError> {
        for _ in 1..STARTS_MAX {
            match self.start_once().await {
                Err(StartError::Ended { .. }) => tokio::time::sleep(START_PAUSE).await,
                done => return done,
            }
        }
        self.start_once().await
    }

    async fn start_once(&self) -> Result<Child, StartError> {
        (self.before)(&self.folder);
        let (output, log) = Log::begin(&self.log, self.marker).map_err(at(&self.log))?;
        let child = self
            .spawn(output)
            .await
            .map_err(|source| StartError::Spawn {
                program: "setpriv".to_owned(),
                source,
            })?;
        let mut exited = child.exited();
        let ready = timeout(READY_WITHIN, async {
            tokio::select! {
                exit = exited.wait() => Err(exit),
                () = log.marker() => Ok(()),
            }
        });
        match ready.await {
            Ok(Ok(())) => Ok(child),
            Ok(Err(exit)) => {
                timeout(LAST_WORDS_WITHIN, log.closed()).await.ok();
                Err(StartError::Ended {
                    server: self.server,
                    how: exit.map(|exit| exit.to_string()).unwrap_or_default(),
                    log: self.log.clone(),
                    tail: log.tail(),
                })
            }
            Err(_) => {
                child.end(Signal::KILL, Duration::ZERO).await;
                Err(StartError::TooSlow {
                    server: self.server,
                    seconds: READY_WITHIN.as_secs(),
                    log: self.log.clone(),
                    tail: log.tail(),
                })
            }
        }
    }

    async fn spawn(&self, output: PipeWriter) -> io::Result<Child> {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL"])
            .args(&self.privileges)
            .arg("--")
            .arg(&self.program)
            .args(&self.arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        // Ctrl-C in a terminal reaches the whole group: the servers end when they are told to, after their users.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        clean(&mut command, &self.search, &self.folder);
        command.envs(self.environment.iter().copied());
        Child::watch(spawn(command).await?)
    }
}

/// Gives a program an environment in which nothing of the user's changes what it does or says.
fn clean(command: &mut Command, search: &SearchPath, home: &Path) {
    command
        .env_clear()
        .env("PATH", search.as_os_str())
        .env("HOME", home)
        .env("LC_ALL", "C")
        .env("TZ", "UTC");
}

/// Runs a program to its end and returns what it wrote, or how it failed.
pub(crate) async fn run(
    program: &Path,
    arguments: &[OsString],
    environment: &[(&str, &str)],
    search: &SearchPath,
    folder: &Path,
) -> Result<String, StartError> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    clean(&mut command, search, folder);
    command.envs(environment.iter().copied());
    let mut command = tokio::process::Command::from(command);
    let name = || {
        program
            .file_name()
            .map(OsStr::to_string_lossy)
            .unwrap_or_default()
            .into_owned()
    };
    let output = timeout(RUN_WITHIN, command.kill_on_drop(true).output())
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .map_err(|source| StartError::Spawn {
            program: name(),
            source,
        })?;
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    if output.status.success() {
        Ok(said)
    } else {
        Err(StartError::Failed {
            program: name(),
            said: last_lines(&said),
        })
    }
}

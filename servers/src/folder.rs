//! A server's data folder: held by one process at a time, with the server's secret and ports in it.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{StartError, ports};

/// Where the settings are kept.
const SETTINGS: &str = "server.json";
/// A lock may be inherited for an instant by a child that another thread is starting, so it is tried more than once.
const LOCK_TRIES: u32 = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(30);

/// A data folder that this process holds; it is free again when this is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// What a server must find again at its next start.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) ports: Vec<u16>,
    pub(crate) secret: String,
}

impl Settings {
    /// What the last start in the folder `data` kept.
    pub(crate) fn kept(data: &Path) -> Option<Self> {
        let text = fs::read(data.join(SETTINGS)).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

impl DataFolder {
    /// Creates the folder if need be and takes its lock.
    pub(crate) fn hold(path: &Path) -> Result<Self, StartError> {
        fs::create_dir_all(path).map_err(at(path))?;
        let path = fs::canonicalize(path).map_err(at(path))?;
        // The unprivileged user that Postgres runs as passes through, but reads nothing here.
        let mode = if rustix::process::geteuid().is_root() {
            0o711
        } else {
            0o700
        };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(at(&path))?;
        let lock = Self::lock(&path)?;
        Ok(Self { path, _lock: lock })
    }

    fn lock(path: &Path) -> Result<File, StartError> {
        let file = path.join("lock");
        let lock = File::create(&file).map_err(at(&file))?;
        for _ in 0..LOCK_TRIES {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(source)) => return Err(at(&file)(source)),
            }
        }
        Err(StartError::InUse(path.to_owned()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("server.log")
    }

    /// The settings of the last start, with other ports if one of them has been taken meanwhile; new ones at first.
    pub(crate) fn settings(&self, ports_wanted: usize) -> Result<Settings, StartError> {
        let file = self.path.join(SETTINGS);
        let kept = Settings::kept(&self.path);
        let mut settings = kept.unwrap_or_else(|| Settings {
            ports: Vec::new(),
            secret: secret(),
        });
        let is_usable = settings.ports.len() == ports_wanted
            && settings.ports.iter().all(|&port| ports::is_free_pair(port));
        if !is_usable {
            settings.ports = ports::choose(ports_wanted);
            let text = serde_json::to_vec(&settings)
                .map_err(io::Error::from)
                .map_err(at(&file))?;
            write_private(&file, &text)?;
        }
        Ok(settings)
    }
}

/// 128 random bits in hexadecimal.
pub(crate) fn secret() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(path: &Path, text: &[u8]) -> Result<(), StartError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    // Whole or not at all: a secret cut short by a crash would lock its owner out.
    let new = path.with_extension("new");
    let written = options.open(&new).and_then(|mut file| {
        file.write_all(text)?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&new, path))
        .map_err(at(path))
}

/// Says which path an error was about.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> StartError {
    let path = path.to_owned();
    move |source| StartError::Folder { path, source }
}

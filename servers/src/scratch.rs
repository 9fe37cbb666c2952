//! Folders that are gone when they are no longer needed, even if their process was killed.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process,
};

use crate::{postgres, storage};

/// A folder that is removed when this is dropped, or, if the process was killed, by the next that needs one.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    lock: PathBuf,
    _held: File,
}

impl Scratch {
    /// Makes a new folder below `root`, after removing those whose process has ended.
    pub fn below(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        // While this is held nobody else makes or sweeps folders, so none is swept before its lock is taken.
        let turn = File::create(root.join("turn"))?;
        turn.lock()?;
        sweep(root)?;
        let name = format!("{}-{:08x}", process::id(), rand::random::<u32>());
        let lock = root.join(format!("{name}.lock"));
        let held = File::create(&lock)?;
        held.lock()?;
        let path = root.join(name);
        fs::create_dir(&path)?;
        Ok(Self {
            path: fs::canonicalize(path)?,
            lock,
            _held: held,
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(&self.path, &self.lock);
    }
}

/// Removes the folders whose lock nobody holds.
fn sweep(root: &Path) -> io::Result<()> {
    for entry in fs::read_dir(root)? {
        let lock = entry?.path();
        let is_lock = lock
            .extension()
            .is_some_and(|extension| extension == "lock");
        // Its owner may be removing it at this moment.
        let is_free = || File::open(&lock).is_ok_and(|file| file.try_lock().is_ok());
        if is_lock && is_free() {
            remove(&lock.with_extension(""), &lock);
        }
    }
    Ok(())
}

/// Removes a folder, then its lock; what is still in use by a dying server is left to the next sweep.
fn remove(folder: &Path, lock: &Path) {
    for server in fs::read_dir(folder).into_iter().flatten().flatten() {
        postgres::clear(&server.path());
        storage::clear(&server.path());
        if postgres::is_held(&server.path()) {
            return;
        }
    }
    let removed = fs::remove_dir_all(folder);
    if removed.is_ok() || !folder.exists() {
        fs::remove_file(lock).ok();
    }
}

//! Clearing away what a killed Postgres leaves: its shared memory and its claim on the data.
//!
//! A machine has 4,096 System V segments, so tests that kill servers would use them up one day.
//! And where nobody collects dead processes (a container without an init), the claim in `postmaster.pid` seems to be
//! that of a live server for ever.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The line of `postmaster.pid` that names the segment by key and id.
const SEGMENT_LINE: usize = 6;

/// A segment of shared memory, as the kernel lists it.
struct Segment {
    id: String,
    is_used: bool,
}

/// Clears away what is left of a server in the data folder `data`, if neither it nor a child of it lives.
/// To be called by whoever holds the data folder.
pub(crate) fn clear(data: &Path) {
    let Some(left) = Left::of(data) else { return };
    match left.segment() {
        Some(segment) if segment.is_used => return,
        // What cannot be released now is released by the next start of the same cluster.
        Some(segment) => drop(
            Command::new("ipcrm")
                .args(["--shmem-id", &segment.id])
                .output(),
        ),
        None => {}
    }
    if !left.is_running() {
        fs::remove_file(&left.file).ok();
    }
}

/// Whether a process of the server in the data folder `data` still holds its memory.
pub(crate) fn is_held(data: &Path) -> bool {
    Left::of(data)
        .and_then(|left| left.segment())
        .is_some_and(|segment| segment.is_used)
}

/// What `postmaster.pid` says.
struct Left {
    file: PathBuf,
    text: String,
}

impl Left {
    fn of(data: &Path) -> Option<Self> {
        let file = data.join("cluster/postmaster.pid");
        let text = fs::read_to_string(&file).ok()?;
        Some(Self { file, text })
    }

    fn segment(&self) -> Option<Segment> {
        let mut words = self.text.lines().nth(SEGMENT_LINE)?.split_whitespace();
        let (key, id) = (words.next()?, words.next()?);
        let listed = fs::read_to_string("/proc/sysvipc/shm").ok()?;
        listed.lines().find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // key shmid perms size cpid lpid nattch …
            match fields.as_slice() {
                [a, b, _, _, _, _, attached, ..] if *a == key && *b == id => Some(Segment {
                    id: id.to_owned(),
                    is_used: *attached != "0",
                }),
                _ => None,
            }
        })
    }

    /// Whether the server itself runs; a dead process that nobody has collected works in no folder.
    fn is_running(&self) -> bool {
        let pid = self.text.lines().next().unwrap_or_default();
        let works_in = fs::read_link(format!("/proc/{pid}/cwd"));
        works_in.is_ok_and(|folder| self.file.parent() == Some(&folder))
    }
}

//! Who Postgres runs as: this user, or, since it refuses root, an unprivileged one.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::Path,
};

use crate::{StartError, folder::at};

/// Debian's `nobody` and `nogroup`.
const NOBODY: u32 = 65_534;
/// Bits of the kernel's capability sets (capabilities(7)).
const DAC_OVERRIDE: u32 = 1;
const DAC_READ_SEARCH: u32 = 2;
const SETPCAP: u32 = 8;

/// The user that Postgres runs as.
#[derive(Debug, Clone)]
pub(super) enum User {
    /// The one that this process runs as.
    Same,
    /// Another, since this process runs as root.
    Other {
        user: u32,
        group: u32,
        capability: Option<&'static str>,
    },
}

impl User {
    /// Chooses the user for a cluster: the one who owns it, if it exists already.
    pub(super) fn choose(cluster: &Path, reached: &[&Path]) -> Result<Self, StartError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Same);
        }
        let owner = fs::metadata(cluster)
            .map(|found| (found.uid(), found.gid()))
            .ok();
        let (user, group) = owner
            .filter(|(user, _)| *user != 0)
            .unwrap_or((NOBODY, NOBODY));
        let closed = reached.iter().find_map(|path| closed_ancestor(path));
        let capability = match closed {
            None => None,
            Some(folder) => match capability() {
                None => return Err(StartError::Unreachable(folder.to_owned())),
                some => some,
            },
        };
        Ok(Self::Other {
            user,
            group,
            capability,
        })
    }

    /// Makes a file or folder the user's own.
    pub(super) fn own(&self, path: &Path) -> Result<(), StartError> {
        match *self {
            Self::Same => Ok(()),
            Self::Other { user, group, .. } => {
                chown(path, Some(user), Some(group)).map_err(at(path))
            }
        }
    }

    /// The arguments of `setpriv` that make a program run as this user.
    pub(super) fn privileges(&self) -> Vec<OsString> {
        let Self::Other {
            user,
            group,
            capability,
        } = self
        else {
            return Vec::new();
        };
        let mut arguments = vec![
            format!("--reuid={user}"),
            format!("--regid={group}"),
            "--clear-groups".to_owned(),
        ];
        if let Some(capability) = capability {
            arguments.push(format!("--inh-caps=+{capability}"));
            arguments.push(format!("--ambient-caps=+{capability}"));
            // Without it access(2), with which Postgres looks for its own parts, disregards the capability.
            arguments.push("--securebits=+no_setuid_fixup".to_owned());
        }
        arguments.into_iter().map(OsString::from).collect()
    }
}

/// The folder on the way to `path` that strangers may not enter: a checkout in /root, say.
fn closed_ancestor(path: &Path) -> Option<&Path> {
    path.ancestors().skip(1).find(|folder| {
        fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o001 == 0)
    })
}

/// The least capability with which a user enters any folder, if this process may hand it on.
/// Containers often keep the larger one and drop the smaller.
fn capability() -> Option<&'static str> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let set = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        u64::from_str_radix(line.trim(), 16).ok()
    };
    let usable = set("CapEff:")? & set("CapBnd:")?;
    let has = |bit: u32| usable & (1 << bit) != 0;
    match () {
        () if !has(SETPCAP) => None,
        () if has(DAC_READ_SEARCH) => Some("dac_read_search"),
        () if has(DAC_OVERRIDE) => Some("dac_override"),
        () => None,
    }
}

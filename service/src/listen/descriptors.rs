//! How many files and sockets the system lets this process open, and what is left for connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::CONNECTIONS_MAX;

/// Kept for everything else: the database, the broker, object storage, files, timers.
const RESERVE: u64 = 512;

/// Raises the soft limit of open files to the hard one, and returns what holds then.
///
/// A system's default is often 1,024, for the sake of programs that still use `select`.
pub fn raise_descriptor_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the limit of open files cannot be raised");
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// The connections that may be served under a limit of open files.
/// Where few are allowed, half of them are.
pub(super) fn connections_max(limit: u64) -> usize {
    let room = limit.saturating_sub(RESERVE).max(limit / 2);
    usize::try_from(room).map_or(CONNECTIONS_MAX, |room| room.min(CONNECTIONS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_everything_else() {
        assert_eq!(connections_max(u64::MAX), CONNECTIONS_MAX);
        assert_eq!(connections_max(1_048_576), CONNECTIONS_MAX);
        assert_eq!(connections_max(20_512), CONNECTIONS_MAX);
        assert_eq!(connections_max(20_511), CONNECTIONS_MAX - 1);
        assert_eq!(connections_max(4_096), 3_584);
        assert_eq!(connections_max(1_024), 512);
        assert_eq!(connections_max(256), 128);
    }

    #[test]
    fn the_soft_limit_is_raised_to_the_hard_one() {
        let raised = raise_descriptor_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
        assert_eq!(raised, limit.current.unwrap_or(u64::MAX));
    }
}

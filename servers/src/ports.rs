//! Free ports on loopback.

use std::{
    net::{Ipv4Addr, TcpListener},
    ops::Range,
};

/// Below the range from which Linux takes ports for outgoing connections (32,768 and up), so that a server that is
/// stopped for a moment finds its port free again.
const PORTS: Range<u16> = 12_000..22_000;
/// How far above a port its companion lies: `SeaweedFS` serves gRPC there.
const COMPANION: u16 = 10_000;
/// Ports tried before the system is asked for any.
const TRIES_MAX: usize = 200;

/// Whether nobody listens on `port`.
fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The port that belongs to `port`.
pub(crate) fn companion(port: u16) -> u16 {
    port.saturating_add(COMPANION)
}

/// Whether `port` and its companion are free.
pub(crate) fn is_free_pair(port: u16) -> bool {
    is_free(port) && is_free(companion(port))
}

/// `count` different free ports, each with a free companion.
/// If this machine is so busy that none is found, some are returned all the same, and the start says why it failed.
pub(crate) fn choose(count: usize) -> Vec<u16> {
    let mut chosen = Vec::with_capacity(count);
    for attempt in 0.. {
        if chosen.len() == count {
            break;
        }
        let port = rand::random_range(PORTS);
        if !chosen.contains(&port) && (attempt > TRIES_MAX || is_free_pair(port)) {
            chosen.push(port);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_different_and_free_with_their_companions() {
        let ports = choose(8);
        let different: std::collections::HashSet<_> = ports.iter().collect();
        assert_eq!(different.len(), 8);
        assert!(ports.iter().all(|&port| is_free_pair(port)));
    }

    #[test]
    fn a_port_is_not_free_while_its_companion_is_taken() {
        let port = choose(1).first().copied().unwrap_or_default();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, companion(port)));
        assert!(taken.is_ok() && !is_free_pair(port));
    }
}

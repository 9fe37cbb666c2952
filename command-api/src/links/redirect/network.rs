//! Telling the networks of one day apart, so that spam from one of them can be named, and without keeping an address.

use std::net::{IpAddr, Ipv6Addr};

use events::{Timestamp, WorkspaceId};

use super::salts::Salts;
use super::visitor::{Digits, SeenBy, in_ipv6};

/// The bytes that all addresses of a /24 of IPv4 share, within IPv6.
const IPV4_BYTES: usize = 15;
/// The bytes that all addresses of a /48 of IPv6 share: the usual share of one site (RFC 6177).
const IPV6_BYTES: usize = 6;

/// The same for all addresses of one range on one day in one workspace: a keyed hash of the range.
///
/// Its key is the day's salt, as a visitor's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::links) struct Network(Digits);

impl Network {
    /// `None` if the day has no salt.
    pub(in crate::links) fn of(
        salts: &Salts,
        time: Timestamp,
        workspace: WorkspaceId,
        address: IpAddr,
        seen_by: SeenBy,
    ) -> Option<Self> {
        let (workspace, range) = (workspace.uuid(), range(address).octets());
        // Another byte than any visitor has here, so that no network is taken for one.
        let by = match seen_by {
            SeenBy::Redirect => [2],
            SeenBy::Report => [3],
        };
        let number = salts.sign(time, [workspace.as_bytes(), &range, &by, &[]])?;
        Some(Self(Digits::of(number)))
    }

    /// 16 hexadecimal digits.
    pub(in crate::links) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// The first address of the range.
fn range(address: IpAddr) -> Ipv6Addr {
    let kept = match address.to_canonical() {
        IpAddr::V4(_) => IPV4_BYTES,
        IpAddr::V6(_) => IPV6_BYTES,
    };
    let mut octets = in_ipv6(address).octets();
    octets.iter_mut().skip(kept).for_each(|it| *it = 0);
    octets.into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use events::WorkspaceId;
    use uuid::Uuid;

    use super::super::salts::tests::of_day;
    use super::{Network, SeenBy, range};

    fn of(salt: u8, workspace: u128, address: &str, seen_by: SeenBy) -> String {
        let time = "2026-11-21T10:00:00Z";
        let network = Network::of(
            &of_day(time, [salt; 32]),
            time.parse().unwrap(),
            WorkspaceId::new(Uuid::from_u128(workspace)),
            address.parse().unwrap(),
            seen_by,
        );
        network.unwrap().as_str().to_owned()
    }

    #[test]
    fn a_range_is_24_bits_of_ipv4_and_48_of_ipv6() {
        for (address, first) in [
            ("192.0.2.255", "::ffff:192.0.2.0"),
            ("::ffff:192.0.2.7", "::ffff:192.0.2.0"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ] {
            let expected: std::net::Ipv6Addr = first.parse().unwrap();
            assert_eq!(range(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn a_network_is_told_by_salt_workspace_range_and_who_saw_it() {
        let somewhere = of(1, 1, "192.0.2.1", SeenBy::Redirect);
        assert_eq!(of(1, 1, "192.0.2.254", SeenBy::Redirect), somewhere);
        assert_eq!(somewhere.len(), 16);
        let others = [
            of(2, 1, "192.0.2.1", SeenBy::Redirect),
            of(1, 2, "192.0.2.1", SeenBy::Redirect),
            of(1, 1, "192.0.3.1", SeenBy::Redirect),
            of(1, 1, "2001:db8::1", SeenBy::Redirect),
            of(1, 1, "192.0.2.1", SeenBy::Report),
        ];
        let all: HashSet<_> = others.into_iter().chain([somewhere]).collect();
        assert_eq!(all.len(), 6);
    }

    #[test]
    fn a_hash_is_what_anybody_else_would_make_of_it() {
        // SipHash-2-4 with 16 times 01, of a UUID, the range within IPv6 and a byte 2, by another implementation.
        assert_eq!(of(1, 1, "192.0.2.1", SeenBy::Redirect), "000b563e98130b45");
    }
}

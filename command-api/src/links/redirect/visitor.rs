//! Telling visitors of one day apart, without knowing who they are.

use std::net::{IpAddr, Ipv6Addr};
use std::str;

use axum::http::{HeaderMap, HeaderName};
use events::{LinkId, Timestamp, WorkspaceId};

use super::salts::Salts;

static DNT: HeaderName = HeaderName::from_static("dnt");
static SEC_GPC: HeaderName = HeaderName::from_static("sec-gpc");

/// The same for one visitor on one day in one workspace: a keyed hash of address and user agent.
///
/// Its key is the day's salt, which is gone soon after: then nobody can tell of an address whether it was here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::links) struct Visitor {
    number: u64,
    digits: Digits,
}

/// 64 bits as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digits([u8; 16]);

/// Who saw a visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::links) enum SeenBy {
    /// We.
    Redirect,
    /// Another server, as it says: who reports guesses must not find out of whom the redirect's hashes are.
    Report,
}

impl Visitor {
    /// `None` if the day has no salt.
    pub(in crate::links) fn of(
        salts: &Salts,
        time: Timestamp,
        workspace: WorkspaceId,
        address: IpAddr,
        agent: &[u8],
        seen_by: SeenBy,
    ) -> Option<Self> {
        let (workspace, address) = (workspace.uuid(), in_ipv6(address).octets());
        let by = [seen_by as u8];
        let number = salts.sign(time, [workspace.as_bytes(), &address, &by, agent])?;
        Some(Self::new(number))
    }

    fn new(number: u64) -> Self {
        Self {
            number,
            digits: Digits::of(number),
        }
    }

    /// 16 hexadecimal digits.
    pub(in crate::links) fn as_str(&self) -> &str {
        self.digits.as_str()
    }

    /// What one visitor draws at one link, all day long: spread evenly, and of each link another.
    pub(in crate::links) fn lot(&self, link: LinkId) -> u64 {
        let (high, low) = link.uuid().as_u64_pair();
        mixed(self.number ^ mixed(high ^ mixed(low)))
    }
}

impl Digits {
    pub(super) fn of(number: u64) -> Self {
        let mut digits = [0; 16];
        for (place, byte) in digits.chunks_exact_mut(2).zip(number.to_be_bytes()) {
            place.copy_from_slice(&[byte >> 4, byte & 0xf].map(digit));
        }
        Self(digits)
    }

    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// All addresses in one length; those of IPv4 stand in a range of their own (RFC 4291, section 2.5.5.2).
pub(super) const fn in_ipv6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

const fn digit(half: u8) -> u8 {
    if half < 10 {
        b'0' + half
    } else {
        b'a' - 10 + half
    }
}

/// Whether the browser says that its user wants to be left alone (Global Privacy Control, or Do Not Track).
pub(in crate::links) fn is_shy(headers: &HeaderMap) -> bool {
    let says_so = |name: &HeaderName| headers.get(name).is_some_and(|it| it == "1");
    says_so(&SEC_GPC) || says_so(&DNT)
}

/// `SplitMix64`'s finish: each bit of the answer hangs on every bit that goes in.
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use axum::http::{HeaderMap, HeaderValue};
    use events::{LinkId, WorkspaceId};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::super::salts::tests::of_day;
    use super::{SeenBy, Visitor, is_shy};

    const TIME: &str = "2026-11-21T10:00:00Z";

    fn of(salt: u8, workspace: u128, address: &str, agent: &'static str) -> Option<String> {
        let visitor = Visitor::of(
            &of_day(TIME, [salt; 32]),
            "2026-11-21T23:59:59Z".parse().unwrap(),
            WorkspaceId::new(Uuid::from_u128(workspace)),
            address.parse().unwrap(),
            agent.as_bytes(),
            SeenBy::Redirect,
        );
        visitor.map(|it| it.as_str().to_owned())
    }

    #[test]
    fn a_visitor_is_told_by_salt_workspace_address_and_user_agent() {
        let somebody = of(1, 1, "192.0.2.1", "a").unwrap();
        assert_eq!(of(1, 1, "192.0.2.1", "a").unwrap(), somebody);
        assert_eq!(somebody.len(), 16);
        let others = [
            of(2, 1, "192.0.2.1", "a"),
            of(1, 2, "192.0.2.1", "a"),
            of(1, 1, "192.0.2.2", "a"),
            of(1, 1, "2001:db8::1", "a"),
            of(1, 1, "192.0.2.1", "b"),
            of(1, 1, "192.0.2.1", ""),
        ];
        let all: HashSet<_> = others.into_iter().flatten().chain([somebody]).collect();
        assert_eq!(all.len(), 7);
    }

    #[test]
    fn a_hash_is_what_anybody_else_would_make_of_it() {
        // SipHash-2-4 with 16 times 01, of a UUID, an IPv4 address within IPv6, a zero byte, and `a`, by another
        // implementation, which makes of the test vector of its authors what they do.
        assert_eq!(of(1, 1, "192.0.2.1", "a").unwrap(), "cb7ad621162f713e");
    }

    #[test]
    fn on_a_day_without_a_salt_there_is_no_visitor() {
        let salts = of_day("2026-11-20T10:00:00Z", [1; 32]);
        let workspace = WorkspaceId::new(Uuid::nil());
        let address = "192.0.2.1".parse().unwrap();
        let time = TIME.parse().unwrap();
        let visitor = Visitor::of(&salts, time, workspace, address, b"", SeenBy::Redirect);
        assert_eq!(visitor, None);
    }

    #[test]
    fn who_wants_to_be_left_alone_says_so_with_a_one() {
        for (name, value, is_so) in [
            ("dnt", "1", true),
            ("sec-gpc", "1", true),
            ("dnt", "0", false),
            ("sec-gpc", "", false),
            ("x-dnt", "1", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(is_shy(&headers), is_so, "{name}: {value}");
        }
    }

    #[test]
    fn lots_are_spread_evenly_and_each_links_apart() {
        let link = |number| LinkId::new(Uuid::from_u128(number));
        let mut both = [0_u32; 4];
        for number in 0..4_000 {
            let visitor = Visitor::new(number);
            assert_eq!(visitor.lot(link(1)), visitor.lot(link(1)));
            let sides = [link(1), link(2)].map(|it| visitor.lot(it) % 2);
            both[usize::try_from(sides[0] * 2 + sides[1]).unwrap()] += 1;
        }
        // 1,000 are expected of each pair of sides; five standard deviations are 137.
        assert!(both.iter().all(|it| it.abs_diff(1_000) < 137), "{both:?}");
    }

    proptest! {
        #[test]
        fn the_digits_are_the_number(number: u64) {
            let visitor = Visitor::new(number);
            prop_assert_eq!(visitor.as_str(), format!("{number:016x}"));
        }
    }
}

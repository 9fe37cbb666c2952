//! Addresses that are not everybody's: of this machine, of a network of somebody's own, or of nobody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// What the IANA registry of special addresses (RFC 6890) doesn't call globally reachable, and multicast.
const PRIVATE_V4: [Ipv4Net; 16] = [
    v4([0, 0, 0, 0], 8),        // this host
    v4([10, 0, 0, 0], 8),       // private
    v4([100, 64, 0, 0], 10),    // behind a carrier's NAT; Alibaba's metadata
    v4([127, 0, 0, 0], 8),      // loopback
    v4([168, 63, 129, 16], 32), // Azure's metadata and agents
    v4([169, 254, 0, 0], 16),   // link-local; most clouds' metadata
    v4([172, 16, 0, 0], 12),    // private
    v4([192, 0, 0, 0], 24),     // protocol assignments; Oracle's metadata
    v4([192, 0, 2, 0], 24),     // documentation
    v4([192, 88, 99, 0], 24),   // relays to IPv6
    v4([192, 168, 0, 0], 16),   // private
    v4([198, 18, 0, 0], 15),    // benchmarks
    v4([198, 51, 100, 0], 24),  // documentation
    v4([203, 0, 113, 0], 24),   // documentation
    v4([224, 0, 0, 0], 4),      // multicast
    v4([240, 0, 0, 0], 4),      // reserved, and broadcast
];

/// All that is assigned for the internet; unique-local, link-local, multicast and loopback lie outside.
const PUBLIC_V6: Ipv6Net = v6(0x2000 << 112, 3);
/// What of it isn't for everybody.
const PRIVATE_V6: [Ipv6Net; 3] = [
    v6(0x2001 << 112, 23),     // protocol assignments, Teredo
    v6(0x2001_0db8 << 96, 32), // documentation
    v6(0x3fff << 112, 20),     // documentation
];
/// IPv4 over IPv6: the last four bytes (RFC 4291, RFC 6052), or those after the prefix (RFC 3056).
const MAPPED: Ipv6Net = v6(0xffff << 32, 96);
const TRANSLATED: Ipv6Net = v6(0x0064_ff9b << 96, 96);
const SIX_TO_FOUR: Ipv6Net = v6(0x2002 << 112, 16);

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(bits: u128, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::from_bits(bits), prefix)
}

pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    PRIVATE_V4.iter().any(|net| net.contains(&address))
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    if let Some(address) = within(address) {
        return is_private_v4(address);
    }
    !PUBLIC_V6.contains(&address) || PRIVATE_V6.iter().any(|net| net.contains(&address))
}

/// The IPv4 address that an IPv6 address stands for.
pub(super) fn within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    let after_prefix = if MAPPED.contains(&address) || TRANSLATED.contains(&address) {
        bits
    } else if SIX_TO_FOUR.contains(&address) {
        bits >> 80
    } else {
        return None;
    };
    u32::try_from(after_prefix & u128::from(u32::MAX))
        .ok()
        .map(Ipv4Addr::from_bits)
}

#[cfg(test)]
mod tests {
    use super::is_private;

    #[test]
    fn addresses_of_the_internet_are_public() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "168.63.129.17",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ] {
            assert!(!is_private(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn addresses_of_ones_own_or_of_nobody_are_private() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.255.255",
            "198.19.0.1",
            "224.0.0.1",
            "239.255.255.255",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(is_private(address.parse().unwrap()), "{address}");
        }
    }
}

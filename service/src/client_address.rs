//! Who the client is: the peer, or whom the proxies that are trusted say they speak for.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::ConnectInfo;
use http::Request;
use http::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose forwarding headers are believed, as `TRUSTED_PROXIES` names them. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl From<Vec<IpNet>> for TrustedProxies {
    fn from(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }
}

impl TrustedProxies {
    /// Whether the address is one of theirs.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address of a request's client; `None` if it came over no connection.
    ///
    /// IPv4 within IPv6 is told as IPv4.
    pub fn client<B>(&self, request: &Request<B>) -> Option<IpAddr> {
        let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
        Some(self.client_behind(peer.ip(), request.headers()))
    }

    /// As [`TrustedProxies::client`], of a peer's request that was taken apart.
    ///
    /// The rightmost address of `X-Forwarded-For` that is no proxy's: what stands left of it, anybody may have written.
    ///
    /// Each hop is only believed because the one right of it is trusted, so garbage ends the way there.
    pub fn client_behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        for line in headers.get_all(X_FORWARDED_FOR).iter().rev() {
            // A line that is not ASCII is garbage as a whole: there is no telling what its proxy meant.
            let Ok(line) = line.to_str() else {
                return client;
            };
            for hop in line.rsplit(',').map(str::trim).filter(|it| !it.is_empty()) {
                if !self.contains(client) {
                    return client;
                }
                let Some(address) = address(hop) else {
                    return client;
                };
                client = address;
            }
        }
        client
    }
}

/// An address, which some proxies tell with its port, or in brackets.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let with_port = || hop.parse().ok().map(|it: SocketAddr| it.ip());
    let address = bare.unwrap_or(hop).parse().ok().or_else(with_port);
    address.map(|it: IpAddr| it.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proxies() -> TrustedProxies {
        let networks = ["10.0.0.0/8", "fd00::/8"].map(|it| it.parse().unwrap());
        TrustedProxies::from(networks.to_vec())
    }

    fn client(peer: &str, lines: &[&str]) -> String {
        let mut request = Request::new(());
        let peer = SocketAddr::new(peer.parse().unwrap(), 4_711);
        request.extensions_mut().insert(ConnectInfo(peer));
        for line in lines {
            let value = line.parse().unwrap();
            request.headers_mut().append(X_FORWARDED_FOR, value);
        }
        proxies().client(&request).unwrap().to_string()
    }

    #[test]
    fn without_a_proxy_the_client_is_the_peer_whatever_it_says() {
        assert_eq!(client("203.0.113.9", &[]), "203.0.113.9");
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert!(proxies().client(&Request::new(())).is_none());
    }

    #[test]
    fn behind_a_proxy_the_client_is_whom_it_names_last() {
        for (lines, who) in [
            (&["198.51.100.1"][..], "198.51.100.1"),
            (&["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            (&["1.2.3.4", "198.51.100.1"], "198.51.100.1"),
            (&["1.2.3.4, 198.51.100.1, 10.9.9.9"], "198.51.100.1"),
            (&["1.2.3.4,198.51.100.1", "10.9.9.9"], "198.51.100.1"),
            (&["10.1.1.1, 198.51.100.1"], "198.51.100.1"),
            (&["2001:db8::7, fd00::1"], "2001:db8::7"),
        ] {
            assert_eq!(client("10.0.0.1", lines), who, "{lines:?}");
        }
    }

    #[test]
    fn where_all_are_proxies_the_client_is_the_farthest() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
    }

    #[test]
    fn garbage_ends_the_way_at_the_last_good_hop() {
        for (line, who) in [
            ("unknown", "10.0.0.1"),
            ("198.51.100.1, unknown", "10.0.0.1"),
            ("198.51.100.1, _hidden, 10.0.0.2", "10.0.0.2"),
            ("198.51.100.1, \u{fc}", "10.0.0.1"),
            (" , ,", "10.0.0.1"),
            ("198.51.100.1, ,", "198.51.100.1"),
        ] {
            assert_eq!(client("10.0.0.1", &[line]), who, "{line}");
        }
    }

    #[test]
    fn ports_brackets_and_ipv4_within_ipv6_are_understood() {
        for (line, who) in [
            ("198.51.100.1:1234", "198.51.100.1"),
            ("[2001:db8::7]:1234", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
        ] {
            assert_eq!(client("::ffff:10.0.0.1", &[line]), who, "{line}");
        }
    }

    proptest! {
        #[test]
        fn nobody_is_taken_for_another_by_what_he_writes_himself(written in "[ -~]{0,60}") {
            let line = format!("{written}, 198.51.100.1, 10.0.0.2");
            prop_assert_eq!(client("10.0.0.1", &[&line]), "198.51.100.1");
            prop_assert_eq!(client("198.51.100.1", &[&written]), "198.51.100.1");
        }

        #[test]
        fn no_header_makes_it_fall_over(lines in prop::collection::vec("[ -~]{0,40}", 0..4)) {
            let lines: Vec<_> = lines.iter().map(String::as_str).collect();
            client("10.0.0.1", &lines);
        }
    }
}

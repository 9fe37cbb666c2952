//! The limits by name: what is counted, and by what.

use std::net::IpAddr;

/// Requests of one kind by one client, or for one account, within fixed windows of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Logins by client address.
    LoginAddress,
    /// Logins by account.
    LoginAccount,
    /// Registrations by client address.
    RegistrationAddress,
    /// Registrations by account.
    RegistrationAccount,
    /// Refreshes of a session by client address.
    RefreshAddress,
    /// Refreshes of a session by account.
    RefreshAccount,
    /// Tries of links' passwords by client address.
    LinkPasswordAddress,
    /// Tries of one link's password.
    LinkPasswordLink,
    /// New links, and new passwords of those that are there, by workspace.
    CreationWorkspace,
    /// Clicks reported by workspace.
    ReportWorkspace,
    /// Looks for the records of domains, by workspace.
    VerificationWorkspace,
    /// Exclusions of clicks made and removed, by workspace.
    ExclusionWorkspace,
    /// Memberships given, changed and taken by one account: each makes the workspace's history longer, which every login
    /// into it reads, and those given and taken the other's history, too.
    MembershipAccount,
    /// Other addresses asked for by one account: each answer tells whether somebody has the address.
    EmailAccount,
    /// API keys made and revoked by one account: each key is a history of its own, and stays in the list for ever.
    ApiKeyAccount,
}

/// How often something may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// So often in each window.
    pub quota: u32,
    /// How long a window is, in seconds.
    pub window_s: u32,
}

impl Limit {
    /// Every limit.
    pub const ALL: [Self; 15] = [
        Self::LoginAddress,
        Self::LoginAccount,
        Self::RegistrationAddress,
        Self::RegistrationAccount,
        Self::RefreshAddress,
        Self::RefreshAccount,
        Self::LinkPasswordAddress,
        Self::LinkPasswordLink,
        Self::CreationWorkspace,
        Self::ReportWorkspace,
        Self::VerificationWorkspace,
        Self::ExclusionWorkspace,
        Self::MembershipAccount,
        Self::EmailAccount,
        Self::ApiKeyAccount,
    ];

    /// Its name in `RATE_LIMITS`, in the headers and in the broker.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoginAddress => "login-address",
            Self::LoginAccount => "login-account",
            Self::RegistrationAddress => "registration-address",
            Self::RegistrationAccount => "registration-account",
            Self::RefreshAddress => "refresh-address",
            Self::RefreshAccount => "refresh-account",
            Self::LinkPasswordAddress => "link-password-address",
            Self::LinkPasswordLink => "link-password-link",
            Self::CreationWorkspace => "creation-workspace",
            Self::ReportWorkspace => "report-workspace",
            Self::VerificationWorkspace => "verification-workspace",
            Self::ExclusionWorkspace => "exclusion-workspace",
            Self::MembershipAccount => "membership-account",
            Self::EmailAccount => "email-account",
            Self::ApiKeyAccount => "api-key-account",
        }
    }

    /// Unless the setting says otherwise: an office behind one address may log in, a guesser of passwords gets nowhere,
    /// and an import makes twelve full bulks a minute while a stolen key cannot fill the log.
    pub(super) const fn default_policy(self) -> Policy {
        let quota = match self {
            Self::LoginAddress | Self::LinkPasswordLink | Self::MembershipAccount => 60,
            Self::LoginAccount | Self::LinkPasswordAddress | Self::ExclusionWorkspace => 10,
            Self::RegistrationAddress => 20,
            Self::RegistrationAccount | Self::EmailAccount => 5,
            Self::RefreshAddress => 120,
            Self::RefreshAccount | Self::VerificationWorkspace | Self::ApiKeyAccount => 30,
            Self::CreationWorkspace => 6_000,
            Self::ReportWorkspace => 600_000,
        };
        Policy {
            quota,
            window_s: 60,
        }
    }
}

impl Policy {
    /// The number of the window that holds a second since 1970, and the seconds until that window ends, at least 1.
    pub(super) fn window(self, second: i64) -> (u64, u32) {
        let (second, length) = (
            second.max(0).unsigned_abs(),
            u64::from(self.window_s.max(1)),
        );
        let left = length - second % length;
        // Never longer than the window, which is a `u32`.
        (second / length, u32::try_from(left).unwrap_or(u32::MAX))
    }
}

/// What an address counts as: IPv6 by its /64, since one client has all of that.
pub(super) fn counted_as(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_ipv6_client_is_its_network_and_an_ipv4_client_its_address() {
        for (address, counted) in [
            ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("198.51.100.1", "198.51.100.1"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
        ] {
            assert_eq!(counted_as(address.parse().unwrap()), counted);
        }
    }

    #[test]
    fn a_window_ends_where_the_next_begins() {
        let policy = Policy {
            quota: 1,
            window_s: 60,
        };
        assert_eq!(policy.window(0), (0, 60));
        assert_eq!(policy.window(59), (0, 1));
        assert_eq!(policy.window(60), (1, 60));
        assert_eq!(policy.window(-1), (0, 60));
    }

    proptest! {
        #[test]
        fn behind_the_seconds_left_the_next_window_begins(
            second in 0..4_000_000_000_i64,
            window_s in 1..=3_600_u32,
        ) {
            let policy = Policy { quota: 1, window_s };
            let (window, left_s) = policy.window(second);
            prop_assert!((1..=window_s).contains(&left_s));
            let next = second + i64::from(left_s);
            prop_assert_eq!(policy.window(next - 1).0, window);
            prop_assert_eq!(policy.window(next).0, window + 1);
        }
    }
}

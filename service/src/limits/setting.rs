//! The setting `RATE_LIMITS`.

use std::fmt;

use nats::COUNT_WINDOW_S_MAX;

use super::{Limit, Policy};

/// A larger quota limits nobody.
const QUOTA_MAX: u32 = 1_000_000;

/// How often what may be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits(Vec<(Limit, Policy)>);

/// The text is no list of limits.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}; write `off`, or comma-separated parts such as login-address=60/60: a limit's name, and how often in how many seconds",
    .0.join(", ")
)]
pub struct ParseLimitsError(Vec<String>);

impl Default for Limits {
    /// Every limit as it is unless the setting says otherwise.
    fn default() -> Self {
        Self(Limit::ALL.map(|it| (it, it.default_policy())).to_vec())
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("off");
        }
        let part = |(limit, policy): &(Limit, Policy)| {
            format!("{}={}/{}", limit.as_str(), policy.quota, policy.window_s)
        };
        f.write_str(&self.0.iter().map(part).collect::<Vec<_>>().join(","))
    }
}

impl Limits {
    /// No limits at all.
    pub const fn off() -> Self {
        Self(Vec::new())
    }

    /// Reads `off`, or the limits that differ from the default, such as `login-address=60/60,login-account=10/60`.
    pub fn parse(text: &str) -> Result<Self, ParseLimitsError> {
        if text.trim() == "off" {
            return Ok(Self::off());
        }
        let (mut limits, mut seen, mut faults) = (Self::default(), Vec::new(), Vec::new());
        for part in text.split(',').map(str::trim) {
            match parse_part(part) {
                Ok((limit, _)) if seen.contains(&limit) => {
                    faults.push(format!("names {} twice", limit.as_str()));
                }
                Ok((limit, policy)) => {
                    seen.push(limit);
                    limits.set(limit, policy);
                }
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            Ok(limits)
        } else {
            Err(ParseLimitsError(faults))
        }
    }

    /// How often this may be done; `None` if it is not limited.
    pub fn policy(&self, limit: Limit) -> Option<Policy> {
        let found = self.0.iter().find(|(known, _)| *known == limit);
        found.map(|(_, policy)| *policy)
    }

    fn set(&mut self, limit: Limit, policy: Policy) {
        for entry in self.0.iter_mut().filter(|(known, _)| *known == limit) {
            entry.1 = policy;
        }
    }
}

fn parse_part(part: &str) -> Result<(Limit, Policy), String> {
    let (name, policy) = part
        .split_once('=')
        .ok_or_else(|| format!("has `{part}`"))?;
    let limit = Limit::ALL.into_iter().find(|it| it.as_str() == name.trim());
    let limit = limit.ok_or_else(|| {
        let known = Limit::ALL.map(Limit::as_str).join(", ");
        format!("names `{}`, which is none of {known}", name.trim())
    })?;
    let number = |text: &str, max| {
        let number = text.trim().parse().ok();
        number.filter(|it| (1..=max).contains(it))
    };
    let policy = policy.split_once('/').and_then(|(quota, window)| {
        Some(Policy {
            quota: number(quota, QUOTA_MAX)?,
            window_s: number(window, COUNT_WINDOW_S_MAX)?,
        })
    });
    let policy = policy.ok_or_else(|| {
        format!(
            "has `{part}`, which is not 1 to {QUOTA_MAX} times in 1 to {COUNT_WINDOW_S_MAX} seconds"
        )
    })?;
    Ok((limit, policy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_stays_as_it_is() {
        let limits = Limits::parse("login-address=5/10, refresh-account=1/3600").unwrap();
        let policy = |quota, window_s| Some(Policy { quota, window_s });
        assert_eq!(limits.policy(Limit::LoginAddress), policy(5, 10));
        assert_eq!(limits.policy(Limit::RefreshAccount), policy(1, 3_600));
        assert_eq!(limits.policy(Limit::LoginAccount), policy(10, 60));
    }

    #[test]
    fn off_limits_nothing() {
        let limits = Limits::parse("off").unwrap();
        assert!(Limit::ALL.iter().all(|it| limits.policy(*it).is_none()));
    }

    #[test]
    fn limits_are_read_as_they_are_written() {
        for limits in [Limits::off(), Limits::default()] {
            assert_eq!(Limits::parse(&limits.to_string()), Ok(limits));
        }
    }

    #[test]
    fn every_part_that_is_wrong_is_named() {
        let text = "login=1/60,login-address,login-account=0/60,refresh-address=1/3601,\
                    refresh-account=1/60,refresh-account=2/60,registration-account=x/60";
        let error = Limits::parse(text).unwrap_err().to_string();
        for part in [
            "`login`, which is none of login-address,",
            "has `login-address`,",
            "`login-account=0/60`",
            "`refresh-address=1/3601`",
            "names refresh-account twice",
            "`registration-account=x/60`",
        ] {
            assert!(error.contains(part), "{part} in {error}");
        }
        assert!(Limits::parse("").is_err());
    }
}

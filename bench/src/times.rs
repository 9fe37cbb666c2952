//! How long many of the same took.

use std::time::Duration;

use anyhow::Context;

/// How long they took, at the median and for the slowest of a hundred.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Times {
    pub(crate) fn of(mut all: Vec<Duration>) -> anyhow::Result<Self> {
        all.sort_unstable();
        let at = |hundredths: usize| {
            let found = all.get(all.len() * hundredths / 100).copied();
            found.context("nothing was measured")
        };
        Ok(Self {
            p50: at(50)?,
            p99: at(99)?,
        })
    }

    /// Of several rounds, the one in the middle by what is picked.
    pub(crate) fn median(
        rounds: &[Self],
        pick: impl Fn(&Self) -> Duration,
    ) -> anyhow::Result<Duration> {
        let mut all: Vec<_> = rounds.iter().map(pick).collect();
        all.sort_unstable();
        let middle = all.get(all.len() / 2).copied();
        middle.context("no round was measured")
    }
}

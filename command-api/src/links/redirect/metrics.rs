//! What the redirect counts about itself.

use prometheus_client::metrics::counter::Counter;
use service::metrics::Metrics;

use super::refusal::Refusal;

/// Counters of redirects by what came of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct RedirectMetrics {
    /// Answered, their click kept.
    pub(crate) counted: Counter,
    /// Answered, with no click: HEAD and fetching ahead.
    pub(crate) uncounted: Counter,
    /// No such slug.
    pub(crate) unknown: Counter,
    /// The link is archived, blocked, expired, used up, or asks for a password.
    pub(crate) ended: Counter,
    /// Refused, since neither the broker nor the spool took the click.
    pub(crate) refused: Counter,
}

impl RedirectMetrics {
    pub(crate) fn registered(metrics: &Metrics) -> Self {
        let these = Self::default();
        metrics.register(|registry| {
            for (name, help, counter) in [
                (
                    "redirects_counted",
                    "Redirects answered, their click in the log or in the spool",
                    &these.counted,
                ),
                (
                    "redirects_uncounted",
                    "Redirects answered that are no visits",
                    &these.uncounted,
                ),
                (
                    "redirects_unknown",
                    "Requests for slugs that lead nowhere",
                    &these.unknown,
                ),
                (
                    "redirects_ended",
                    "Requests for links that are archived, blocked, expired, used up or locked",
                    &these.ended,
                ),
                (
                    "redirects_refused",
                    "Redirects refused, their click neither stored nor spooled",
                    &these.refused,
                ),
            ] {
                registry.register(name, help, counter.clone());
            }
        });
        these
    }

    pub(super) fn note(&self, refusal: &Refusal) {
        let counter = match refusal {
            Refusal::Unknown => &self.unknown,
            Refusal::Archived
            | Refusal::Blocked
            | Refusal::Expired
            | Refusal::UsedUp
            | Refusal::Unshown
            | Refusal::Locked
            | Refusal::Mistaken => &self.ended,
            Refusal::Unrecorded(_) => &self.refused,
            Refusal::Failed(_) => return,
        };
        counter.inc();
    }
}

//! Links that lead only so many visitors: counted in the broker, exactly, over all replicas.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nats::RequestError;
use service::problem::Problem;
use tokio::time::Instant;

use super::Destination;
use crate::app::App;
use crate::problem::unavailable;

/// How long a link is taken for used up before its visits are asked for again: one of them may be given back elsewhere.
const USED_UP_FOR: Duration = Duration::from_secs(1);

/// Since when a link has led as many as it may, as far as this process has heard.
///
/// It is known with the destination, and forgotten with it when the owner changes the link.
#[derive(Debug, Default)]
pub(super) struct UsedUp(Mutex<Option<Instant>>);

impl UsedUp {
    fn set(&self, at: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    fn is_set(&self, at: Instant) -> bool {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| at < since + USED_UP_FOR)
    }
}

/// What came of a visit to a link with a limit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Quota {
    /// It may be led.
    Left,
    UsedUp,
}

/// Counts a visit, if the link has a limit.
///
/// While the broker is away nobody is led: exactness is what the link's owner asked for.
pub(super) async fn take(app: &App, destination: &Destination) -> Result<Quota, Problem> {
    let Some(max) = destination.max_clicks else {
        return Ok(Quota::Left);
    };
    if destination.used_up.is_set(Instant::now()) {
        return Ok(Quota::UsedUp);
    }
    let (workspace, link) = (destination.workspace, destination.link);
    // In a box, as below: few links have a limit, and the others need not bring room for it.
    let counted = Box::pin(app.broker.count_visit(workspace, link)).await;
    if counted.map_err(uncounted)? <= max {
        return Ok(Quota::Left);
    }
    destination.used_up.set(Instant::now());
    give_back(app, destination).await;
    Ok(Quota::UsedUp)
}

/// A visit that was counted led nowhere: if its owner raises the limit, it must not be missing.
pub(super) async fn give_back(app: &App, destination: &Destination) {
    if destination.max_clicks.is_none() {
        return;
    }
    let (workspace, link) = (destination.workspace, destination.link);
    if let Err(error) = Box::pin(app.broker.take_back_visit(workspace, link)).await {
        tracing::warn!(%error, %link, "a visit that led nowhere stays counted");
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn uncounted(error: RequestError) -> Problem {
    unavailable(&error)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::UsedUp;
    use tokio::time::Instant;

    #[test]
    fn a_link_is_taken_for_used_up_for_a_second_each_time_that_it_seems_so() {
        let (used_up, start) = (UsedUp::default(), Instant::now());
        let after = |millis| start + Duration::from_millis(millis);
        assert!(!used_up.is_set(start));
        used_up.set(start);
        assert!(used_up.is_set(start) && used_up.is_set(after(999)));
        assert!(!used_up.is_set(after(1_000)));
        used_up.set(after(1_500));
        assert!(used_up.is_set(after(2_499)) && !used_up.is_set(after(2_500)));
    }
}

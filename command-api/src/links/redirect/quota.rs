//! Links that lead only so many visitors: counted in the broker, exactly, over all replicas.

use std::sync::atomic::{AtomicBool, Ordering};

use nats::RequestError;
use service::problem::Problem;

use super::Destination;
use crate::app::App;
use crate::problem::unavailable;

/// Whether a link has led as many as it may, as far as this process has heard.
///
/// It is known with the destination, and forgotten with it when the owner changes the link.
#[derive(Debug, Default)]
pub(super) struct UsedUp(AtomicBool);

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
    if destination.used_up.0.load(Ordering::Relaxed) {
        return Ok(Quota::UsedUp);
    }
    let (workspace, link) = (destination.workspace, destination.link);
    // In a box, as below: few links have a limit, and the others need not bring room for it.
    let counted = Box::pin(app.broker.count_visit(workspace, link)).await;
    if counted.map_err(uncounted)? <= max {
        return Ok(Quota::Left);
    }
    destination.used_up.0.store(true, Ordering::Relaxed);
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

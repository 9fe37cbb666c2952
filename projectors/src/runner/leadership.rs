//! One worker of a projection is active at a time; the others stand by.

use std::time::Duration;

use sqlx::PgConnection;

/// How often a standby asks whether the leader is gone.
const STANDBY_INTERVAL: Duration = Duration::from_secs(1);

/// Whether another that leads for so long fares well: it has applied something, or has nothing to apply.
///
/// A session that failed gives the lead away at the timeout at the latest, since Postgres ends its statement then.
pub(crate) fn fares_well(leads: Duration, timeout: Duration) -> bool {
    leads >= timeout + Duration::from_secs(10)
}

/// Whether this session leads from now on.
///
/// The lock lives as long as the session, and the session that holds it is the one that writes:
/// a worker that has lost its lock has nothing left to write with.
/// It only saves work: what counts each event once is the position's compare-and-set.
pub(crate) async fn try_lead(
    connection: &mut PgConnection,
    projection: &str,
) -> Result<bool, sqlx::Error> {
    // Keyed by the schema too, so that a rebuild in another schema goes on beside the live projection.
    sqlx::query_scalar!(
        r#"select pg_try_advisory_lock(hashtextextended(current_schema() || '.' || $1, 0)) as "leads!""#,
        projection
    )
    .fetch_one(connection)
    .await
}

/// Waits until it is worth asking again.
pub(crate) async fn stand_by() {
    tokio::time::sleep(STANDBY_INTERVAL).await;
}

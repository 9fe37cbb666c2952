//! The position that a projection has reached, stored with its rows.

use events::EventId;
use nats::{Checkpoint, Incarnation};
use sqlx::PgConnection;

/// The stored position; none before the first batch.
pub(crate) async fn load(
    connection: &mut PgConnection,
    projection: &str,
) -> Result<Option<Checkpoint>, sqlx::Error> {
    let row = sqlx::query!(
        "select incarnation, position, event_position, event_id
         from projection_position where projection = $1",
        projection
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Checkpoint {
        incarnation: Incarnation::new(row.incarnation),
        sequence: row.position.cast_unsigned(),
        event_sequence: row.event_position.cast_unsigned(),
        event_id: row.event_id.map(EventId::new),
    }))
}

/// Goes on from one position to another; `false` when the projection isn't (or no longer) at `from`.
///
/// Comes first in a transaction: a second worker then waits here for the first, before it has done any work.
pub(crate) async fn advance(
    tx: &mut PgConnection,
    projection: &str,
    from: Option<&Checkpoint>,
    to: &Checkpoint,
) -> Result<bool, sqlx::Error> {
    let (incarnation, position) = (to.incarnation.uuid(), to.sequence.cast_signed());
    let (event_position, event_id) = (
        to.event_sequence.cast_signed(),
        to.event_id.map(EventId::uuid),
    );
    let touched = match from {
        None => sqlx::query!(
            "insert into projection_position (projection, incarnation, position, event_position, event_id)
             values ($1, $2, $3, $4, $5) on conflict do nothing",
            projection,
            incarnation,
            position,
            event_position,
            event_id
        )
        .execute(tx)
        .await?,
        Some(from) => sqlx::query!(
            "update projection_position set position = $3, event_position = $4, event_id = $5
             where projection = $1 and incarnation = $2 and position = $6",
            projection,
            incarnation,
            position,
            event_position,
            event_id,
            from.sequence.cast_signed()
        )
        .execute(tx)
        .await?,
    };
    Ok(touched.rows_affected() == 1)
}

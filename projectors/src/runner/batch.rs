//! One batch in one transaction: the rows and the position, or neither.

use events::{EVENT_TYPE_HEADER, TRACEPARENT_HEADER};
use nats::{Checkpoint, StoredMessage};
use sqlx::{Connection, PgConnection};
use tracing::Span;

use super::decode::Decoded;
use super::interruption::Interruption;
use super::parking::{self, SubjectIsParked};
use super::position;
use crate::projection::{ApplyError, Projection};

/// Messages, and the positions before and after them.
pub(crate) struct Batch<'b> {
    pub(crate) from: Option<&'b Checkpoint>,
    pub(crate) to: &'b Checkpoint,
    pub(crate) messages: &'b [StoredMessage],
}

/// Applies all events of a batch at once; what comes after parked events is parked.
pub(crate) async fn together<P: Projection>(
    projection: &mut P,
    connection: &mut PgConnection,
    batch: &Batch<'_>,
    decoded: Vec<Decoded<'_, P>>,
) -> Result<(), Interruption> {
    let mut tx = connection.begin().await?;
    advance::<P>(&mut tx, batch).await?;
    let parked = parking::parked_subjects(&mut tx, P::NAME, batch.messages).await?;
    let (mut events, mut spans) = (Vec::with_capacity(decoded.len()), Vec::new());
    for (message, event) in batch.messages.iter().zip(decoded) {
        if parked.contains(message.raw_subject()) {
            parking::park(&mut tx, P::NAME, message, &SubjectIsParked).await?;
        } else if let Some(event) = event.map_err(ApplyError::from)? {
            spans.extend(span::<P>(message));
            events.push(event);
        }
    }
    if !events.is_empty() {
        projection.apply(&mut tx, &events).await?;
    }
    Ok(tx.commit().await?)
}

/// Applies a batch event by event, and parks those that cannot be applied.
pub(crate) async fn one_by_one<P: Projection>(
    projection: &mut P,
    connection: &mut PgConnection,
    batch: &Batch<'_>,
) -> Result<(), Interruption> {
    let mut tx = connection.begin().await?;
    advance::<P>(&mut tx, batch).await?;
    let mut parked = parking::parked_subjects(&mut tx, P::NAME, batch.messages).await?;
    let mut spans = Vec::new();
    for message in batch.messages {
        if parked.contains(message.raw_subject()) {
            parking::park(&mut tx, P::NAME, message, &SubjectIsParked).await?;
            continue;
        }
        spans.extend(span::<P>(message));
        match alone(projection, &mut tx, message).await {
            Err(error) if error.is_of_the_event() => {
                parking::park(&mut tx, P::NAME, message, &error).await?;
                parked.insert(message.raw_subject().to_owned());
            }
            done => done?,
        }
    }
    Ok(tx.commit().await?)
}

/// Applies one event in a savepoint, so that its failure leaves no trace.
async fn alone<P: Projection>(
    projection: &mut P,
    tx: &mut PgConnection,
    message: &StoredMessage,
) -> Result<(), ApplyError> {
    let Some(event) = P::read(message)? else {
        return Ok(());
    };
    let mut savepoint = tx.begin().await?;
    match projection.apply(&mut savepoint, &[event]).await {
        Ok(()) => Ok(savepoint.commit().await?),
        Err(error) => {
            savepoint.rollback().await?;
            Err(error)
        }
    }
}

async fn advance<P: Projection>(
    tx: &mut PgConnection,
    batch: &Batch<'_>,
) -> Result<(), Interruption> {
    let is_ours = position::advance(tx, P::NAME, batch.from, batch.to).await?;
    is_ours.then_some(()).ok_or(Interruption::Outrun)
}

/// Continues the trace of the request that the event comes from, until the commit.
fn span<P: Projection>(message: &StoredMessage) -> Option<Span> {
    let traceparent = message.header(TRACEPARENT_HEADER)?;
    let event_type = message.header(EVENT_TYPE_HEADER)?;
    let span = tracing::info_span!(
        "project",
        otel.name = format!("project {event_type}"),
        otel.kind = "consumer",
        projection = P::NAME,
        position = %message.position,
    );
    service::telemetry::set_parent(&span, traceparent);
    Some(span)
}

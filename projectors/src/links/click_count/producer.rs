//! Which messages of which producer are counted, so that one that was sent twice counts once.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use time::{Duration, OffsetDateTime, Time};
use uuid::Uuid;

use super::message::ClickMessage;

/// A producer sends a message again for as long as it lives, and a spool may come back after months.
const KEPT: Duration = Duration::days(90);

/// The last message that was counted, by producer and workspace.
type Marks = HashMap<(Uuid, Uuid), Mark>;

/// Its number, and when the broker stored it.
#[derive(Clone, Copy)]
struct Mark {
    batch: u64,
    stored_at: OffsetDateTime,
}

/// The messages that are not counted yet, and from now on are.
pub(super) async fn uncounted<'b, 'm>(
    tx: &mut PgConnection,
    batch: &[&'b ClickMessage<'m>],
) -> Result<Vec<&'b ClickMessage<'m>>, sqlx::Error> {
    let mut marks = load(tx, batch).await?;
    let new: Vec<_> = batch
        .iter()
        .copied()
        .filter(|message| is_new(&mut marks, message))
        .collect();
    if !new.is_empty() {
        store(tx, &marks).await?;
    }
    Ok(new)
}

/// A producer's numbers grow, with gaps.
///
/// What is forgotten is not heeded where it still stands, so the log alone says what counts.
fn is_new(marks: &mut Marks, message: &ClickMessage<'_>) -> bool {
    let Some((producer, batch)) = message.mark else {
        return true;
    };
    let (key, stored_at) = ((producer, message.workspace.uuid()), message.stored_at);
    let kept_since = kept_since(stored_at);
    let is_counted = |it: &Mark| it.stored_at >= kept_since && it.batch >= batch;
    if marks.get(&key).is_some_and(is_counted) {
        return false;
    }
    marks.insert(key, Mark { batch, stored_at });
    true
}

/// The beginning of the day so long before.
fn kept_since(reached: OffsetDateTime) -> OffsetDateTime {
    (reached - KEPT).replace_time(Time::MIDNIGHT)
}

fn key(message: &ClickMessage<'_>) -> Option<(Uuid, Uuid)> {
    let (producer, _) = message.mark?;
    Some((producer, message.workspace.uuid()))
}

async fn load(tx: &mut PgConnection, batch: &[&ClickMessage<'_>]) -> Result<Marks, sqlx::Error> {
    let keys: HashSet<_> = batch.iter().copied().filter_map(key).collect();
    let (producers, workspaces): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    let rows = sqlx::query!(
        "select producer, workspace_id, batch, stored_at from click_count_producer
         where (producer, workspace_id) in (select * from unnest($1::uuid[], $2::uuid[]))",
        &producers,
        &workspaces
    )
    .fetch_all(tx)
    .await?;
    let marks = rows.into_iter().map(|row| {
        let (batch, stored_at) = (row.batch.cast_unsigned(), row.stored_at);
        ((row.producer, row.workspace_id), Mark { batch, stored_at })
    });
    Ok(marks.collect())
}

async fn store(tx: &mut PgConnection, marks: &Marks) -> Result<(), sqlx::Error> {
    let (mut producers, mut workspaces) = (Vec::new(), Vec::new());
    let (mut batches, mut times) = (Vec::new(), Vec::new());
    for ((producer, workspace), mark) in marks {
        producers.push(*producer);
        workspaces.push(*workspace);
        batches.push(mark.batch.cast_signed());
        times.push(mark.stored_at);
    }
    sqlx::query!(
        "insert into click_count_producer (producer, workspace_id, batch, stored_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[])
         on conflict (producer, workspace_id) do update
             set batch = excluded.batch, stored_at = excluded.stored_at",
        &producers,
        &workspaces,
        &batches,
        &times
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets producers that have long been silent: a process that starts is a new one.
///
/// Silence is judged by the time that the log has `reached`: projections that were away for long find the repeats that wait for them.
pub(super) async fn forget_silent(
    tx: &mut PgConnection,
    reached: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from click_count_producer where stored_at < $1",
        kept_since(reached)
    )
    .execute(tx)
    .await?;
    Ok(())
}

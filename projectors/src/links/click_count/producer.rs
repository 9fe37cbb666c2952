//! Which messages of which producer are counted, so that one that was sent twice counts once.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::message::ClickMessage;

/// A producer sends a message again for as long as it lives, but not after a week without the broker.
const SILENCE: Duration = Duration::from_hours(7 * 24);

/// The last number counted, by producer and workspace.
type Marks = HashMap<(Uuid, Uuid), u64>;

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
    if let Some(stored_at) = new.iter().map(|message| message.stored_at).max() {
        store(tx, &marks, stored_at).await?;
    }
    Ok(new)
}

/// A producer's numbers grow, with gaps.
fn is_new(marks: &mut Marks, message: &ClickMessage<'_>) -> bool {
    let Some((producer, batch)) = message.mark else {
        return true;
    };
    let mark = marks.entry((producer, message.workspace.uuid()));
    let mark = mark.or_default();
    let is_new = batch > *mark;
    *mark = batch.max(*mark);
    is_new
}

fn key(message: &ClickMessage<'_>) -> Option<(Uuid, Uuid)> {
    let (producer, _) = message.mark?;
    Some((producer, message.workspace.uuid()))
}

async fn load(tx: &mut PgConnection, batch: &[&ClickMessage<'_>]) -> Result<Marks, sqlx::Error> {
    let keys: HashSet<_> = batch.iter().copied().filter_map(key).collect();
    let (producers, workspaces): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    let rows = sqlx::query!(
        "select producer, workspace_id, batch from click_count_producer
         where (producer, workspace_id) in (select * from unnest($1::uuid[], $2::uuid[]))",
        &producers,
        &workspaces
    )
    .fetch_all(tx)
    .await?;
    let mark = |it: i64| it.cast_unsigned();
    Ok(rows
        .into_iter()
        .map(|row| ((row.producer, row.workspace_id), mark(row.batch)))
        .collect())
}

async fn store(
    tx: &mut PgConnection,
    marks: &Marks,
    stored_at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let (mut producers, mut workspaces, mut batches) = (Vec::new(), Vec::new(), Vec::new());
    for ((producer, workspace), batch) in marks {
        producers.push(*producer);
        workspaces.push(*workspace);
        batches.push(batch.cast_signed());
    }
    sqlx::query!(
        "insert into click_count_producer (producer, workspace_id, batch, stored_at)
         select *, $4 from unnest($1::uuid[], $2::uuid[], $3::bigint[])
         on conflict (producer, workspace_id) do update
             set batch = excluded.batch, stored_at = excluded.stored_at",
        &producers,
        &workspaces,
        &batches,
        stored_at
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
    let silent_since = reached - SILENCE;
    sqlx::query!(
        "delete from click_count_producer where stored_at < $1",
        silent_since
    )
    .execute(tx)
    .await?;
    Ok(())
}

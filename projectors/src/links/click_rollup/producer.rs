//! Which messages of which producer are counted, so that one that was sent twice counts once.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::message::ClickMessage;

/// The last number counted, by producer and workspace.
type Marks = HashMap<(Uuid, Uuid), u64>;

/// The messages that are not counted yet, and from now on are.
pub(super) async fn uncounted<'b, 'm>(
    tx: &mut PgConnection,
    batch: &'b [ClickMessage<'m>],
) -> Result<Vec<&'b ClickMessage<'m>>, sqlx::Error> {
    let mut marks = load(tx, batch).await?;
    let new: Vec<_> = batch
        .iter()
        .filter(|message| is_new(&mut marks, message))
        .collect();
    if !new.is_empty() {
        store(tx, &marks).await?;
    }
    Ok(new)
}

/// A producer's numbers grow, with gaps.
fn is_new(marks: &mut Marks, message: &ClickMessage<'_>) -> bool {
    let mark = marks.entry(key(message)).or_default();
    let is_new = message.batch > *mark;
    *mark = message.batch.max(*mark);
    is_new
}

fn key(message: &ClickMessage<'_>) -> (Uuid, Uuid) {
    (message.producer, message.workspace.uuid())
}

async fn load(tx: &mut PgConnection, batch: &[ClickMessage<'_>]) -> Result<Marks, sqlx::Error> {
    let keys: HashSet<_> = batch.iter().map(key).collect();
    let (producers, workspaces): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    let rows = sqlx::query!(
        "select producer, workspace_id, batch from click_producer
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

async fn store(tx: &mut PgConnection, marks: &Marks) -> Result<(), sqlx::Error> {
    let (mut producers, mut workspaces, mut batches) = (Vec::new(), Vec::new(), Vec::new());
    for ((producer, workspace), batch) in marks {
        producers.push(*producer);
        workspaces.push(*workspace);
        batches.push(batch.cast_signed());
    }
    sqlx::query!(
        "insert into click_producer (producer, workspace_id, batch)
         select * from unnest($1::uuid[], $2::uuid[], $3::bigint[])
         on conflict (producer, workspace_id) do update
             set batch = excluded.batch, touched_at = excluded.touched_at",
        &producers,
        &workspaces,
        &batches
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets producers that have long been silent: a process that starts is a new one.
pub(super) async fn forget_silent(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from click_producer where touched_at < now() - interval '7 days'")
        .execute(tx)
        .await?;
    Ok(())
}

//! Entries become rows, a batch in one statement.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::entry::Entry;

/// A subject whose first row is in the table already lends its workspace to those that tell none.
pub(super) async fn all(tx: &mut PgConnection, batch: &[Entry]) -> sqlx::Result<()> {
    let columns = Columns::of(batch);
    sqlx::query!(
        r#"insert into audit_trail (stream, sequence, event_id, workspace_id, event_type,
               subject_kind, subject_id, actor_kind, actor_id, occurred_at, request_id)
           select it.stream, it.sequence, it.event_id,
                  coalesce(it.workspace_id, (
                      select earlier.workspace_id from audit_trail as earlier
                       where earlier.subject_id = it.subject_id and earlier.stream = it.stream
                         and earlier.subject_kind = it.subject_kind and earlier.workspace_id is not null
                       order by earlier.sequence limit 1)),
                  it.event_type, it.subject_kind, it.subject_id, it.actor_kind, it.actor_id,
                  it.occurred_at, it.request_id
             from unnest($1::text[], $2::bigint[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],
                         $7::uuid[], $8::text[], $9::uuid[], $10::timestamptz[], $11::text[])
               as it (stream, sequence, event_id, workspace_id, event_type, subject_kind,
                      subject_id, actor_kind, actor_id, occurred_at, request_id)
           on conflict (stream, sequence) do nothing"#,
        &columns.streams as &[&str],
        &columns.sequences,
        &columns.event_ids,
        &columns.workspaces as &[Option<Uuid>],
        &columns.event_types as &[&str],
        &columns.subject_kinds as &[&str],
        &columns.subject_ids,
        &columns.actor_kinds as &[&str],
        &columns.actor_ids as &[Option<Uuid>],
        &columns.times,
        &columns.request_ids as &[Option<&str>]
    )
    .execute(tx)
    .await?;
    Ok(())
}

#[derive(Default)]
struct Columns<'b> {
    streams: Vec<&'static str>,
    sequences: Vec<i64>,
    event_ids: Vec<Uuid>,
    workspaces: Vec<Option<Uuid>>,
    event_types: Vec<&'b str>,
    subject_kinds: Vec<&'static str>,
    subject_ids: Vec<Uuid>,
    actor_kinds: Vec<&'static str>,
    actor_ids: Vec<Option<Uuid>>,
    times: Vec<time::OffsetDateTime>,
    request_ids: Vec<Option<&'b str>>,
}

impl<'b> Columns<'b> {
    fn of(batch: &'b [Entry]) -> Self {
        let mut columns = Self::default();
        // A statement does not see its own rows.
        let mut first = HashMap::new();
        for entry in batch {
            let subject = (entry.subject_kind, entry.subject_id);
            if let Some(workspace) = entry.workspace {
                first.entry(subject).or_insert(workspace);
            }
            let workspace = entry.workspace.or(first.get(&subject).copied());
            columns.streams.push(entry.position.stream.as_str());
            columns
                .sequences
                .push(entry.position.sequence.cast_signed());
            columns.event_ids.push(entry.metadata.id.uuid());
            columns
                .workspaces
                .push(workspace.map(events::WorkspaceId::uuid));
            columns.event_types.push(&entry.event_type);
            columns.subject_kinds.push(entry.subject_kind);
            columns.subject_ids.push(entry.subject_id);
            columns.actor_kinds.push(entry.actor_kind());
            columns.actor_ids.push(entry.actor_id());
            columns.times.push(entry.metadata.time.odt());
            columns
                .request_ids
                .push(entry.metadata.correlation.as_deref());
        }
        columns
    }
}

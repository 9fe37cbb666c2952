//! Clicks that do not count: spam and mistakes, by the rules of their workspace (ADR 21).
//!
//! A change of the rules stands on CLICKS among the clicks. What it turns is marked among the raw clicks, and
//! the days that it touches are counted anew from those that are left, in the same transaction.

mod excluded;
mod mark;
mod recount;
mod rule;
#[cfg(test)]
mod tests;

use std::time::Duration;

use events::links::{ExclusionEvent, ExclusionRule};
use events::{DecodeError, ExclusionId, Recorded, Subject, Timestamp, WorkspaceId};
use nats::StoredMessage;
use service::click_count::visitor;
use sqlx::PgConnection;
use time::OffsetDateTime;

pub(super) use self::excluded::Excluded;
use self::mark::{Change, Turn};
use super::partition;
use crate::projection::{ApplyError, Steps};

/// A change of what a workspace excludes.
pub(crate) struct ExclusionMessage {
    workspace: WorkspaceId,
    /// When the broker stored it.
    pub(super) stored_at: OffsetDateTime,
    recorded: Recorded<ExclusionEvent>,
}

impl ExclusionMessage {
    /// `None` for another subject.
    pub(super) fn read(message: &StoredMessage) -> Result<Option<Self>, DecodeError> {
        let Some(Subject::Exclusions(workspace)) = message.subject else {
            return Ok(None);
        };
        Ok(Some(Self {
            workspace,
            stored_at: message.stored_at.odt(),
            recorded: message.decode()?,
        }))
    }

    /// Turns the clicks of before it; those that come are held against what stands in `click_exclusion`.
    ///
    /// Of days whose raw clicks need not be kept any more nothing is turned.
    pub(super) async fn apply(
        &self,
        tx: &mut PgConnection,
        retention: Option<Duration>,
        steps: &Steps,
    ) -> Result<(), ApplyError> {
        let kept_since = retention.map(|it| partition::kept_since(self.stored_at, it));
        let change = |id, turn| Change {
            id,
            workspace: self.workspace,
            turn,
            kept_since,
            steps,
        };
        match &self.recorded.event {
            ExclusionEvent::Added {
                exclusion_id,
                rule,
                reason,
            } => {
                // Who reads the log again finds it there.
                if self
                    .insert(tx, *exclusion_id, rule, reason.as_deref())
                    .await?
                {
                    let change = change(*exclusion_id, Turn::Exclude);
                    let fitting = change.make(tx).await?;
                    add_fitting(tx, &[(*exclusion_id, fitting)]).await?;
                }
            }
            ExclusionEvent::Removed { exclusion_id } => {
                change(*exclusion_id, Turn::Include).make(tx).await?;
                self.delete(tx, *exclusion_id).await?;
            }
        }
        Ok(())
    }

    /// Whether it is new.
    async fn insert(
        &self,
        tx: &mut PgConnection,
        id: ExclusionId,
        rule: &ExclusionRule,
        reason: Option<&str>,
    ) -> Result<bool, sqlx::Error> {
        let network = rule.network.as_deref().and_then(visitor);
        let done = sqlx::query!(
            "insert into click_exclusion (exclusion_id, workspace_id, link_id, from_at, to_at, network,
                 browser, os, device, is_bot, reason, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing",
            id.uuid(),
            self.workspace.uuid(),
            rule.link_id.map(events::LinkId::uuid),
            rule.from.map(Timestamp::odt),
            rule.to.map(Timestamp::odt),
            network.map(u64::cast_signed),
            rule.browser,
            rule.os,
            rule.device,
            rule.is_bot,
            reason,
            self.recorded.metadata.time.odt(),
        )
        .execute(tx)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn delete(&self, tx: &mut PgConnection, id: ExclusionId) -> Result<(), ApplyError> {
        let done = sqlx::query!(
            "delete from click_exclusion where exclusion_id = $1",
            id.uuid()
        )
        .execute(tx)
        .await?;
        ApplyError::unless_touched(&done, &self.recorded.subject)
    }
}

/// Adds to how many clicks fit the exclusions.
async fn add_fitting(
    tx: &mut PgConnection,
    fitting: &[(ExclusionId, i64)],
) -> Result<(), sqlx::Error> {
    let (ids, clicks): (Vec<_>, Vec<_>) = fitting.iter().map(|(id, it)| (id.uuid(), it)).unzip();
    sqlx::query!(
        "update click_exclusion it set clicks = it.clicks + more.clicks
           from unnest($1::uuid[], $2::bigint[]) as more (exclusion_id, clicks)
          where it.exclusion_id = more.exclusion_id",
        &ids,
        &clicks,
    )
    .execute(tx)
    .await?;
    Ok(())
}

//! API keys, looked up in the log once and remembered.

use std::sync::Arc;
use std::time::Duration;

use events::core::{ApiKeyEvent, UserEvent, WorkspaceEvent};
use events::{ApiKeyId, Subject, Timestamp, WorkspaceId};
use moka::sync::Cache;
use nats::{Broker, ReadError};
use tokio::sync::Semaphore;

use super::super::{ApiKey, Membership};
use super::Refusal;
use super::standing::Standing;

/// How long a key is remembered before the log is asked again.
const REMEMBERED: Duration = Duration::from_mins(10);
/// How long after its revocation a key may be remembered as good, if it was just being looked up.
pub(super) const BELIEVED_MAX: Duration = REMEMBERED.saturating_add(Duration::from_mins(1));
/// Keys that are remembered, unknown ones too.
const KEYS_MAX: u64 = 10_000;
/// Keys that are looked up at once: somebody who guesses keys must not keep the broker busy.
const LOOK_UPS_MAX: usize = 16;

pub(super) struct Keys {
    broker: Broker,
    /// By the workspace, too: else whoever knows a key's id could have it looked up, and remembered, in another.
    known: Cache<(WorkspaceId, ApiKeyId), Arc<Standing>>,
    look_ups: Semaphore,
}

impl Keys {
    pub(super) fn new(broker: Broker) -> Self {
        Self::remembering(broker, KEYS_MAX)
    }

    pub(super) fn remembering(broker: Broker, keys_max: u64) -> Self {
        Self {
            broker,
            known: Cache::builder()
                .max_capacity(keys_max)
                .time_to_live(REMEMBERED)
                .build(),
            look_ups: Semaphore::new(LOOK_UPS_MAX),
        }
    }

    pub(super) async fn standing(
        &self,
        key: &ApiKey,
        now: Timestamp,
    ) -> Result<Arc<Standing>, Refusal> {
        let name = (key.workspace, key.id);
        if let Some(known) = self.known.get(&name) {
            return Ok(known);
        }
        let _turn = self.look_ups.acquire().await;
        // Somebody else may have looked it up meanwhile.
        if let Some(known) = self.known.get(&name) {
            return Ok(known);
        }
        let standing = Arc::new(self.look_up(key, now).await?);
        self.known.insert(name, Arc::clone(&standing));
        Ok(standing)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> u64 {
        self.known.run_pending_tasks();
        self.known.entry_count()
    }

    pub(super) fn forget(&self, key: &ApiKey) {
        self.known.invalidate(&(key.workspace, key.id));
    }

    async fn look_up(&self, key: &ApiKey, now: Timestamp) -> Result<Standing, ReadError> {
        let subject = Subject::ApiKey(key.workspace, key.id);
        let history = self
            .broker
            .history_from_leader::<ApiKeyEvent>(&subject)
            .await?;
        let mut standing = Standing::unknown(key, now);
        for recorded in history {
            standing.evolve(recorded.event);
        }
        if !standing.is_final() {
            self.look_up_maker(&mut standing).await?;
        }
        Ok(standing)
    }

    /// A key does no more than its maker may, and nothing once its maker may do nothing.
    async fn look_up_maker(&self, standing: &mut Standing) -> Result<(), ReadError> {
        let user = standing.caller.user;
        let last = self.broker.last_from_leader(&Subject::User(user)).await?;
        if let Some(last) = last {
            standing.caller.seen.user = last.position.sequence;
            let last = last.decode::<UserEvent>();
            if last.is_ok_and(|last| matches!(last.event, UserEvent::Erased { .. })) {
                standing.revoke();
                return Ok(());
            }
        }
        let subject = Subject::Workspace(standing.caller.workspace);
        let history = self
            .broker
            .history_from_leader::<WorkspaceEvent>(&subject)
            .await?;
        let last = history.last();
        standing.caller.seen.workspace = last.map_or(0, |last| last.position.sequence);
        standing.limit(Membership::of(user, history.iter().map(|it| &it.event)));
        Ok(())
    }

    /// Tells command-api, now and then, that the key is in use; a lost notice costs precision only.
    pub(super) async fn tell_of_use(&self, standing: &Standing, key: &ApiKey, now: Timestamp) {
        if standing.is_to_be_told_of(now)
            && let Err(error) = self.broker.publish_used(key.workspace, key.id).await
        {
            tracing::debug!(%error, "not told of a key's use");
        }
    }
}

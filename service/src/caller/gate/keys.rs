//! API keys, looked up in the log once and remembered.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use events::core::{ApiKeyEvent, Scope, WorkspaceEvent};
use events::{ApiKeyId, Subject, Timestamp};
use moka::sync::Cache;
use nats::Broker;
use tokio::sync::Semaphore;

use super::super::{ApiKey, Caller, Credential, Membership, Seen};
use super::Refusal;

/// How long a key is remembered before the log is asked again.
pub(super) const REMEMBERED: Duration = Duration::from_mins(10);
/// Keys that are remembered, unknown ones too.
const KEYS_MAX: u64 = 10_000;
/// Keys that are looked up at once: somebody who guesses keys must not keep the broker busy.
const LOOK_UPS_MAX: usize = 16;
/// How often a process tells of a key's use.
const USE_TOLD_EVERY_S: i64 = 60;

pub(super) struct Keys {
    broker: Broker,
    known: Cache<ApiKeyId, Arc<Standing>>,
    look_ups: Semaphore,
}

/// What the log says of a key.
pub(super) struct Standing {
    /// Whom the key admits, if the rest is right.
    pub(super) caller: Caller,
    state: State,
    scopes: Vec<Scope>,
    secret_hash: String,
    /// When its use was last told of, in seconds since 1970.
    told_at: AtomicI64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unknown,
    Good,
    Revoked,
}

impl Keys {
    pub(super) fn new(broker: Broker) -> Self {
        Self {
            broker,
            known: Cache::builder()
                .max_capacity(KEYS_MAX)
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
        if let Some(known) = self.known.get(&key.id) {
            return Ok(known);
        }
        let turn = self.look_ups.acquire().await;
        let standing = Arc::new(self.look_up(key, now).await?);
        drop(turn);
        self.known.insert(key.id, Arc::clone(&standing));
        Ok(standing)
    }

    pub(super) fn forget(&self, key: &ApiKey) {
        self.known.invalidate(&key.id);
    }

    async fn look_up(&self, key: &ApiKey, now: Timestamp) -> Result<Standing, Refusal> {
        let subject = Subject::ApiKey(key.workspace, key.id);
        let history = self
            .broker
            .history_from_leader::<ApiKeyEvent>(&subject)
            .await?;
        let mut standing = Standing::unknown(key, now);
        for recorded in history {
            standing.evolve(recorded.event);
        }
        if standing.state == State::Good {
            self.look_up_maker(&mut standing.caller, &mut standing.state)
                .await?;
        }
        Ok(standing)
    }

    /// A key does no more than its maker may, and nothing once its maker may do nothing.
    async fn look_up_maker(&self, caller: &mut Caller, state: &mut State) -> Result<(), Refusal> {
        let subject = Subject::Workspace(caller.workspace);
        let history = self
            .broker
            .history_from_leader::<WorkspaceEvent>(&subject)
            .await?;
        caller.seen.workspace = history.last().map_or(0, |last| last.position.sequence);
        let membership = Membership::of(caller.user, history.iter().map(|it| &it.event));
        match membership.role() {
            Some(role) => caller.role = role,
            None => *state = State::Revoked,
        }
        Ok(())
    }

    /// Tells command-api, now and then, that the key is in use; a lost notice costs precision only.
    pub(super) async fn tell_of_use(&self, standing: &Standing, key: &ApiKey, now: Timestamp) {
        let now_s = now.odt().unix_timestamp();
        let told_at = standing.told_at.load(Ordering::Relaxed);
        let is_due = now_s.saturating_sub(told_at) >= USE_TOLD_EVERY_S;
        let exchanged = || {
            standing
                .told_at
                .compare_exchange(told_at, now_s, Ordering::Relaxed, Ordering::Relaxed)
        };
        if is_due
            && exchanged().is_ok()
            && let Err(error) = self.broker.publish_used(key.workspace, key.id).await
        {
            tracing::debug!(%error, "not told of a key's use");
        }
    }
}

impl Standing {
    fn unknown(key: &ApiKey, now: Timestamp) -> Self {
        Self {
            caller: Caller {
                user: events::UserId::new(uuid::Uuid::nil()),
                workspace: key.workspace,
                role: events::core::Role::Viewer,
                credential: Credential::ApiKey(key.id),
                issued_at: now,
                expires_at: None,
                seen: Seen::default(),
            },
            state: State::Unknown,
            scopes: Vec::new(),
            secret_hash: String::new(),
            told_at: AtomicI64::new(0),
        }
    }

    fn evolve(&mut self, event: ApiKeyEvent) {
        match event {
            ApiKeyEvent::Issued {
                user,
                name: _,
                scopes,
                secret_hash,
                expires_at,
            } => {
                self.caller.user = user;
                self.caller.expires_at = expires_at;
                self.state = State::Good;
                self.scopes = scopes;
                self.secret_hash = secret_hash;
            }
            ApiKeyEvent::Used { .. } => {}
            ApiKeyEvent::Revoked { .. } => self.state = State::Revoked,
        }
    }

    /// The caller, if the key's secret is right, the key good at `now`, and meant for `scope`.
    pub(super) fn admit(
        &self,
        key: &ApiKey,
        scope: Option<Scope>,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        // The secret first: who hasn't got it learns nothing of the key.
        if self.state == State::Unknown || !key.has_hash(&self.secret_hash) {
            return Err(Refusal::UnknownKey);
        }
        if self.state == State::Revoked {
            return Err(Refusal::Revoked);
        }
        if self.caller.expires_at.is_some_and(|at| at <= now) {
            return Err(Refusal::ExpiredKey);
        }
        let scope = scope.ok_or(Refusal::NoKeys)?;
        if !self.scopes.contains(&scope) {
            return Err(Refusal::Scope(scope));
        }
        Ok(self.caller.clone())
    }
}

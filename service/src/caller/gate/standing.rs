//! What the log says of an API key.

use std::sync::atomic::{AtomicI64, Ordering};

use events::core::{ApiKeyEvent, Role, Scope};
use events::{Timestamp, UserId};
use uuid::Uuid;

use super::super::{ApiKey, Caller, Credential, Membership, Seen};
use super::Refusal;

/// How often a process tells of a key's use.
const USE_TOLD_EVERY_S: i64 = 60;

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
    /// Its maker may do nothing at the moment.
    Idle,
    Revoked,
}

impl Standing {
    /// Of a key without a history.
    pub(super) const fn unknown(key: &ApiKey, now: Timestamp) -> Self {
        Self {
            caller: Caller {
                user: UserId::new(Uuid::nil()),
                workspace: key.workspace,
                role: Role::Viewer,
                credential: Credential::ApiKey(key.id),
                issued_at: now,
                expires_at: None,
                seen: Seen {
                    user: 0,
                    workspace: 0,
                },
            },
            state: State::Unknown,
            scopes: Vec::new(),
            secret_hash: String::new(),
            told_at: AtomicI64::new(0),
        }
    }

    /// Takes in one thing that happened to the key.
    pub(super) fn evolve(&mut self, event: ApiKeyEvent) {
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
            ApiKeyEvent::Revoked { .. } => self.revoke(),
        }
    }

    /// Takes in what the key's maker may do.
    pub(super) const fn limit(&mut self, maker: Membership) {
        match maker.role() {
            Some(role) => self.caller.role = role,
            None => self.state = State::Idle,
        }
    }

    pub(super) const fn revoke(&mut self) {
        self.state = State::Revoked;
    }

    /// Whether nothing that may still happen makes it another.
    pub(super) const fn is_final(&self) -> bool {
        match self.state {
            State::Unknown | State::Revoked => true,
            State::Good | State::Idle => false,
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
        if self.state != State::Good {
            return Err(Refusal::RevokedKey);
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

    /// Whether its use at `now` is worth a notice; says so once.
    pub(super) fn is_to_be_told_of(&self, now: Timestamp) -> bool {
        let now_s = now.odt().unix_timestamp();
        let told_at = self.told_at.load(Ordering::Relaxed);
        let is_due = now_s.saturating_sub(told_at) >= USE_TOLD_EVERY_S;
        let (order, failed) = (Ordering::Relaxed, Ordering::Relaxed);
        is_due
            && self
                .told_at
                .compare_exchange(told_at, now_s, order, failed)
                .is_ok()
    }
}

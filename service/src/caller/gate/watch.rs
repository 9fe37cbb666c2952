//! Those who are served for longer than a request, and must hear when their credential is revoked.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use events::UserId;
use tokio_util::sync::CancellationToken;

use super::super::revocations::Revocations;
use super::{Caller, Gate};

/// All who are watched, by user, since each revocation is about one.
#[derive(Default)]
pub(super) struct Watchers(Mutex<State>);

#[derive(Default)]
struct State {
    next: u64,
    by_user: HashMap<UserId, OfUser>,
}

type OfUser = HashMap<u64, (Caller, CancellationToken)>;

/// A caller whose credential is watched, until this is dropped.
pub struct Watched {
    gate: Gate,
    user: UserId,
    number: u64,
    revoked: CancellationToken,
}

impl Watchers {
    pub(super) fn watch(&self, gate: Gate, caller: Caller) -> Watched {
        let (user, revoked) = (caller.user, CancellationToken::new());
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        let of_user = state.by_user.entry(user).or_default();
        of_user.insert(number, (caller, revoked.clone()));
        Watched {
            gate,
            user,
            number,
            revoked,
        }
    }

    /// Tells those of the users whose credentials are no longer good.
    pub(super) fn look_at(&self, users: &[UserId], revocations: &Revocations) {
        let state = self.state();
        let watched = users.iter().filter_map(|user| state.by_user.get(user));
        tell(watched, revocations);
    }

    /// Tells all whose credentials are no longer good.
    pub(super) fn look_at_all(&self, revocations: &Revocations) {
        tell(self.state().by_user.values(), revocations);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.state().by_user.values().map(HashMap::len).sum()
    }

    fn forget(&self, user: UserId, number: u64) {
        let mut state = self.state();
        if let Some(of_user) = state.by_user.get_mut(&user) {
            of_user.remove(&number);
            if of_user.is_empty() {
                state.by_user.remove(&user);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell<'w>(watched: impl Iterator<Item = &'w OfUser>, revocations: &Revocations) {
    for (caller, revoked) in watched.flat_map(HashMap::values) {
        if revocations.has_revoked(caller) {
            revoked.cancel();
        }
    }
}

impl Watched {
    /// Ends when the credential is revoked.
    pub async fn revoked(&self) {
        self.revoked.cancelled().await;
    }

    pub(super) fn revoke(&self) {
        self.revoked.cancel();
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.gate.0.watchers.forget(self.user, self.number);
    }
}

//! What credentials are no longer good, remembered for as long as they would have been.

use std::collections::HashMap;
use std::hash::Hash;

use events::core::{ApiKeyEvent, SessionEvent, UserEvent, WorkspaceEvent};
use events::{ApiKeyId, SessionId, Subject, Timestamp, UserId, WorkspaceId};
use nats::StoredMessage;
use time::Duration;

use super::membership::user_of;
use super::{Caller, Credential};

/// More are never remembered, some 100 MB: beyond, everything that was issued before is refused instead.
const REVOCATIONS_MAX: usize = 1_000_000;
/// How often what is over is forgotten.
const FORGET_EVERY: Duration = Duration::MINUTE;

/// What was revoked lately.
pub(super) struct Revocations {
    /// How long a credential may be good that was issued before its revocation.
    memory: Duration,
    sessions: HashMap<SessionId, Timestamp>,
    /// A change of password, or an erasure: ends all sessions of before, but for one.
    users: HashMap<UserId, (Cutoff, Option<SessionId>)>,
    /// A change of role, a suspension or a removal: ends what was issued before.
    members: HashMap<(WorkspaceId, UserId), Cutoff>,
    keys: HashMap<ApiKeyId, Timestamp>,
    /// Everything that was issued before is refused: there was no room to remember what of it was revoked.
    none_before: Option<Timestamp>,
    forget_next: Option<Timestamp>,
    remembered_max: usize,
}

#[derive(Clone, Copy)]
struct Cutoff {
    sequence: u64,
    at: Timestamp,
}

impl Revocations {
    /// Remembers revocations of credentials that are good for `lifetime`.
    pub(super) fn new(lifetime: Duration) -> Self {
        Self {
            memory: lifetime,
            sessions: HashMap::new(),
            users: HashMap::new(),
            members: HashMap::new(),
            keys: HashMap::new(),
            none_before: None,
            forget_next: None,
            remembered_max: REVOCATIONS_MAX,
        }
    }

    /// Whether the caller's credential was revoked after it was issued.
    pub(super) fn has_revoked(&self, caller: &Caller) -> bool {
        let is_ended = match caller.credential {
            Credential::Session(session) => {
                self.sessions.contains_key(&session) || self.has_cut_off(caller, session)
            }
            Credential::ApiKey(key) => self.keys.contains_key(&key),
        };
        let membership = self.members.get(&(caller.workspace, caller.user));
        is_ended
            || membership.is_some_and(|cutoff| cutoff.sequence > caller.seen.workspace)
            || self.none_before.is_some_and(|it| caller.issued_at < it)
    }

    fn has_cut_off(&self, caller: &Caller, session: SessionId) -> bool {
        let cutoff = self.users.get(&caller.user);
        cutoff.is_some_and(|(cutoff, kept)| {
            cutoff.sequence > caller.seen.user && *kept != Some(session)
        })
    }

    /// Takes in what happened, and answers whose credentials may no longer be good.
    ///
    /// A message that cannot be read revokes nothing: whoever wrote it was no Millrace of this version.
    pub(super) fn hear(&mut self, message: &StoredMessage) -> Option<UserId> {
        let at = message.stored_at;
        let cutoff = Cutoff {
            sequence: message.position.sequence,
            at,
        };
        let user = match *message.subject.as_ref()? {
            Subject::Session(session) => self.hear_of_session(session, message),
            Subject::User(user) => self.hear_of_user(user, cutoff, message),
            Subject::Workspace(workspace) => self.hear_of_workspace(workspace, cutoff, message),
            Subject::ApiKey(_, key) => self.hear_of_key(key, message),
            Subject::Asset(..) | Subject::Link(..) | Subject::Clicks(_) | Subject::Claim(..) => {
                None
            }
        }?;
        self.forget(at);
        Some(user)
    }

    fn hear_of_session(&mut self, session: SessionId, message: &StoredMessage) -> Option<UserId> {
        match message.decode::<SessionEvent>().ok()?.event {
            SessionEvent::Closed { user, .. } => {
                self.sessions.insert(session, message.stored_at);
                Some(user)
            }
            SessionEvent::Opened { .. } | SessionEvent::Refreshed { .. } => None,
        }
    }

    fn hear_of_user(
        &mut self,
        user: UserId,
        cutoff: Cutoff,
        message: &StoredMessage,
    ) -> Option<UserId> {
        let kept = match message.decode::<UserEvent>().ok()?.event {
            UserEvent::PasswordChanged { kept, .. } => Some(kept),
            UserEvent::Erased { .. } => None,
            UserEvent::Registered { .. }
            | UserEvent::Renamed { .. }
            | UserEvent::EmailChanged { .. }
            | UserEvent::Joined { .. }
            | UserEvent::Left { .. } => return None,
        };
        self.users.insert(user, (cutoff, kept));
        Some(user)
    }

    fn hear_of_workspace(
        &mut self,
        workspace: WorkspaceId,
        cutoff: Cutoff,
        message: &StoredMessage,
    ) -> Option<UserId> {
        let event = message.decode::<WorkspaceEvent>().ok()?.event;
        match event {
            WorkspaceEvent::RoleChanged { .. }
            | WorkspaceEvent::MemberSuspended { .. }
            | WorkspaceEvent::MemberReinstated { .. }
            | WorkspaceEvent::MemberRemoved { .. } => {
                let user = user_of(&event);
                self.members.insert((workspace, user), cutoff);
                Some(user)
            }
            // Who was not a member has no credential that could be out of date.
            WorkspaceEvent::Opened { .. }
            | WorkspaceEvent::Founded { .. }
            | WorkspaceEvent::MemberAdded { .. } => None,
        }
    }

    fn hear_of_key(&mut self, key: ApiKeyId, message: &StoredMessage) -> Option<UserId> {
        match message.decode::<ApiKeyEvent>().ok()?.event {
            ApiKeyEvent::Revoked { user } => {
                self.keys.insert(key, message.stored_at);
                Some(user)
            }
            ApiKeyEvent::Issued { .. } | ApiKeyEvent::Used { .. } => None,
        }
    }

    fn forget(&mut self, now: Timestamp) {
        let is_due = self.forget_next.is_none_or(|due| now >= due);
        if is_due {
            self.forget_next = Some(Timestamp::new(now.odt() + FORGET_EVERY));
            let oldest = Timestamp::new(now.odt() - self.memory);
            keep(&mut self.sessions, oldest, |at| *at);
            keep(&mut self.users, oldest, |(cutoff, _)| cutoff.at);
            keep(&mut self.members, oldest, |cutoff| cutoff.at);
            keep(&mut self.keys, oldest, |at| *at);
            self.none_before = self.none_before.filter(|it| *it >= oldest);
        }
        if self.len() > self.remembered_max {
            tracing::error!("too many revocations to remember; what was issued before is refused");
            self.none_before = Some(now);
            self.sessions.clear();
            self.users.clear();
            self.members.clear();
            self.keys.clear();
        }
    }

    fn len(&self) -> usize {
        self.sessions.len() + self.users.len() + self.members.len() + self.keys.len()
    }
}

fn keep<K: Eq + Hash, V>(map: &mut HashMap<K, V>, oldest: Timestamp, at: impl Fn(&V) -> Timestamp) {
    map.retain(|_, value| at(value) >= oldest);
}

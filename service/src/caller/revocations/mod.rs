//! What credentials are no longer good, remembered for as long as they would have been.

use std::collections::HashMap;
use std::hash::Hash;

use events::core::{ApiKeyEvent, SessionEvent, UserEvent, WorkspaceEvent};
use events::{ApiKeyId, DomainEvent, SessionId, Subject, Timestamp, UserId, WorkspaceId};
use nats::StoredMessage;
use time::Duration;

use super::membership::user_of;
use super::{Caller, Credential};
use crate::problem::Chain;

/// More are never remembered, some 100 MB: beyond, everything is refused that was issued before the later half of them.
const REVOCATIONS_MAX: usize = 1_000_000;
/// How often what is over is forgotten.
const FORGET_EVERY: Duration = Duration::MINUTE;

/// What was revoked lately.
pub(super) struct Revocations {
    /// How long a credential may be good that was issued before its revocation.
    memory: Duration,
    sessions: HashMap<SessionId, Timestamp>,
    /// A change of password, or an erasure.
    users: HashMap<UserId, UserCutoff>,
    /// What changed a member: ends what was issued before.
    members: HashMap<(WorkspaceId, UserId), Cutoff>,
    keys: HashMap<ApiKeyId, Timestamp>,
    /// Everything that was issued before is refused: what of it was revoked is no longer known.
    none_before: Option<Timestamp>,
    forget_next: Option<Timestamp>,
    remembered_max: usize,
    /// Of an event that cannot be read; during an upgrade there may be many.
    has_warned: bool,
}

/// What was issued to whom only knew what happened before `sequence` is refused.
#[derive(Clone, Copy)]
struct Cutoff {
    sequence: u64,
    at: Timestamp,
}

#[derive(Clone, Copy)]
struct UserCutoff {
    all: Cutoff,
    /// The session that went on when the password changed, and the sequence of the earlier change that ended it, if any.
    kept: Option<(SessionId, u64)>,
    /// Whether the user's API keys have ended, too.
    is_erased: bool,
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
            has_warned: false,
        }
    }

    /// As if nothing that was issued before `now` were good.
    pub(super) fn start_over(&mut self, now: Timestamp) {
        let remembered_max = self.remembered_max;
        *self = Self::new(self.memory);
        (self.remembered_max, self.none_before) = (remembered_max, Some(now));
    }

    /// Whether the caller's credential was revoked after it was issued.
    pub(super) fn has_revoked(&self, caller: &Caller) -> bool {
        let is_ended = match caller.credential {
            Credential::Session(session) => self.sessions.contains_key(&session),
            Credential::ApiKey(key) => self.keys.contains_key(&key),
        };
        let user = self.users.get(&caller.user);
        let member = self.members.get(&(caller.workspace, caller.user));
        is_ended
            || user.is_some_and(|cutoff| cutoff.ends(caller))
            || member.is_some_and(|cutoff| cutoff.sequence > caller.seen.workspace)
            || self.none_before.is_some_and(|it| caller.issued_at < it)
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
            Subject::Asset(..)
            | Subject::Link(..)
            | Subject::OwnDomains(_)
            | Subject::Clicks(_)
            | Subject::Exclusions(_)
            | Subject::ReportClaim(_)
            | Subject::Claim(..) => None,
        }?;
        self.forget(at);
        Some(user)
    }

    /// What happened; `None` if this version does not know it, and a warning for the first such.
    fn read<E: DomainEvent>(&mut self, message: &StoredMessage) -> Option<E> {
        let read = message.decode::<E>();
        if let Err(error) = &read
            && !std::mem::replace(&mut self.has_warned, true)
        {
            let (position, error) = (message.position, Chain(error));
            tracing::warn!(%position, %error, "what this event and its like revoke, if anything, stays good here");
        }
        Some(read.ok()?.event)
    }

    fn hear_of_session(&mut self, session: SessionId, message: &StoredMessage) -> Option<UserId> {
        match self.read::<SessionEvent>(message)? {
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
        all: Cutoff,
        message: &StoredMessage,
    ) -> Option<UserId> {
        let kept = match self.read::<UserEvent>(message)? {
            UserEvent::PasswordChanged { kept, .. } => Some(kept),
            UserEvent::Erased { .. } => None,
            UserEvent::Registered { .. }
            | UserEvent::Renamed { .. }
            | UserEvent::EmailChanged { .. }
            | UserEvent::Joined { .. }
            | UserEvent::Left { .. } => return None,
        };
        let before = self.users.get(&user);
        let ended_by = |session| before.map_or(0, |it| it.sequence_for(session));
        let cutoff = UserCutoff {
            all,
            kept: kept.map(|session| (session, ended_by(session))),
            is_erased: kept.is_none(),
        };
        self.users.insert(user, cutoff);
        Some(user)
    }

    /// Whoever is added or reinstated had nothing that was good; but an API key that wasn't may be good again.
    fn hear_of_workspace(
        &mut self,
        workspace: WorkspaceId,
        cutoff: Cutoff,
        message: &StoredMessage,
    ) -> Option<UserId> {
        let event = self.read::<WorkspaceEvent>(message)?;
        match event {
            WorkspaceEvent::MemberAdded { .. }
            | WorkspaceEvent::RoleChanged { .. }
            | WorkspaceEvent::MemberSuspended { .. }
            | WorkspaceEvent::MemberReinstated { .. }
            | WorkspaceEvent::MemberRemoved { .. } => {
                let user = user_of(&event);
                self.members.insert((workspace, user), cutoff);
                Some(user)
            }
            WorkspaceEvent::Opened { .. } | WorkspaceEvent::Founded { .. } => None,
        }
    }

    fn hear_of_key(&mut self, key: ApiKeyId, message: &StoredMessage) -> Option<UserId> {
        match self.read::<ApiKeyEvent>(message)? {
            ApiKeyEvent::Revoked { user } => {
                self.keys.insert(key, message.stored_at);
                Some(user)
            }
            ApiKeyEvent::Issued { .. } | ApiKeyEvent::Used { .. } => None,
        }
    }

    fn forget(&mut self, now: Timestamp) {
        if self.forget_next.is_none_or(|due| now >= due) {
            self.forget_next = Some(Timestamp::new(now.odt() + FORGET_EVERY));
            self.forget_before(Timestamp::new(now.odt() - self.memory));
        }
        if self.len() > self.remembered_max {
            tracing::error!("too many revocations to remember; what was issued before is refused");
            let middle = self.middle();
            self.none_before = self.none_before.max(middle);
            self.forget_before(middle.unwrap_or(now));
        }
    }

    fn forget_before(&mut self, oldest: Timestamp) {
        keep(&mut self.sessions, oldest, |at| *at);
        keep(&mut self.users, oldest, |cutoff| cutoff.all.at);
        keep(&mut self.members, oldest, |cutoff| cutoff.at);
        keep(&mut self.keys, oldest, |at| *at);
        self.none_before = self.none_before.filter(|it| *it >= oldest);
    }

    /// When half of what is remembered had been revoked.
    fn middle(&self) -> Option<Timestamp> {
        let sessions = self.sessions.values().chain(self.keys.values()).copied();
        let users = self.users.values().map(|cutoff| cutoff.all.at);
        let members = self.members.values().map(|cutoff| cutoff.at);
        let mut times: Vec<_> = sessions.chain(users).chain(members).collect();
        let middle = times.len() / 2;
        (middle < times.len()).then(|| *times.select_nth_unstable(middle).1)
    }

    fn len(&self) -> usize {
        self.sessions.len() + self.users.len() + self.members.len() + self.keys.len()
    }
}

impl UserCutoff {
    fn ends(&self, caller: &Caller) -> bool {
        match caller.credential {
            Credential::Session(session) => self.sequence_for(session) > caller.seen.user,
            Credential::ApiKey(_) => self.is_erased && self.all.sequence > caller.seen.user,
        }
    }

    /// What was issued in the session before is refused.
    fn sequence_for(&self, session: SessionId) -> u64 {
        let kept = self.kept.filter(|(kept, _)| *kept == session);
        kept.map_or(self.all.sequence, |(_, ended_by)| ended_by)
    }
}

fn keep<K: Eq + Hash, V>(map: &mut HashMap<K, V>, oldest: Timestamp, at: impl Fn(&V) -> Timestamp) {
    map.retain(|_, value| at(value) >= oldest);
}

#[cfg(test)]
mod tests;

//! Each kind of revocation, and what is remembered of them for how long.

use std::sync::atomic::{AtomicU64, Ordering};

use events::core::{CloseReason, Role, Scope};
use events::{DomainEvent, Sealed};

use super::super::Seen;
use super::super::testing::{ada, later, message};
use super::*;
use crate::world;

const HOUR: Duration = Duration::HOUR;

/// Hears events, each at the next sequence behind what `ada` has seen.
struct Log {
    revocations: Revocations,
    last: AtomicU64,
    begun: Timestamp,
}

impl Log {
    fn new() -> Self {
        Self {
            revocations: Revocations::new(HOUR),
            last: AtomicU64::new(10),
            begun: world::now(),
        }
    }

    fn hear(&mut self, subject: Subject, event: &impl DomainEvent) -> Option<UserId> {
        self.hear_at(0, subject, event)
    }

    fn hear_at(
        &mut self,
        seconds: i64,
        subject: Subject,
        event: &impl DomainEvent,
    ) -> Option<UserId> {
        let sequence = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let message = message(subject, event).as_stored(sequence, later(self.begun, seconds));
        self.revocations.hear(&message)
    }

    fn has_revoked(&self, caller: &Caller) -> bool {
        self.revocations.has_revoked(caller)
    }

    /// The caller as a token would name it that is issued now.
    fn anew(&self, caller: &Caller) -> Caller {
        let last = self.last.load(Ordering::Relaxed);
        let seen = Seen {
            user: last,
            workspace: last,
        };
        Caller {
            seen,
            ..caller.clone()
        }
    }
}

fn session(caller: &Caller) -> SessionId {
    caller.session().unwrap()
}

/// Another session of the same user.
fn elsewhere(caller: &Caller) -> Caller {
    Caller {
        credential: Credential::Session(SessionId::new(world::new_id())),
        ..caller.clone()
    }
}

fn with_key(caller: &Caller) -> (Caller, ApiKeyId) {
    let key = ApiKeyId::new(world::new_id());
    let credential = Credential::ApiKey(key);
    let caller = Caller {
        credential,
        ..caller.clone()
    };
    (caller, key)
}

fn closed(user: UserId) -> SessionEvent {
    let reason = CloseReason::LoggedOut;
    SessionEvent::Closed { user, reason }
}

fn password_changed(kept: SessionId) -> UserEvent {
    UserEvent::PasswordChanged {
        password_hash: Sealed::new("…".to_owned()),
        kept,
    }
}

#[test]
fn a_session_that_was_closed_is_over_and_the_users_others_are_not() {
    let (mut log, ada) = (Log::new(), ada());
    let heard = log.hear(Subject::Session(session(&ada)), &closed(ada.user));
    assert_eq!(heard, Some(ada.user));
    assert!(log.has_revoked(&ada));
    assert!(!log.has_revoked(&elsewhere(&ada)));
    assert!(!log.has_revoked(&with_key(&ada).0));
}

#[test]
fn a_change_of_password_ends_what_was_issued_before_but_for_the_session_it_was_made_in() {
    let (mut log, ada) = (Log::new(), ada());
    let (other, key) = (elsewhere(&ada), with_key(&ada).0);
    log.hear(Subject::User(ada.user), &password_changed(session(&ada)));
    assert!(log.has_revoked(&other));
    assert!(!log.has_revoked(&ada) && !log.has_revoked(&key));
    assert!(!log.has_revoked(&log.anew(&elsewhere(&ada))));
}

#[test]
fn a_session_that_one_change_of_password_ended_is_not_brought_back_by_the_next() {
    let (mut log, ada) = (Log::new(), ada());
    let other = elsewhere(&ada);
    let subject = || Subject::User(ada.user);
    log.hear(subject(), &password_changed(session(&ada)));
    log.hear(subject(), &password_changed(session(&other)));
    assert!(log.has_revoked(&other) && log.has_revoked(&ada));
    let (mut log, later) = (Log::new(), elsewhere(&ada));
    log.hear(subject(), &password_changed(session(&ada)));
    let later = log.anew(&later);
    log.hear(subject(), &password_changed(session(&later)));
    assert!(!log.has_revoked(&later) && log.has_revoked(&ada));
    log.hear(subject(), &password_changed(session(&later)));
    assert!(!log.has_revoked(&later));
}

#[test]
fn an_erasure_ends_every_session_and_every_key() {
    let (mut log, ada) = (Log::new(), ada());
    let workspace = ada.workspace;
    let heard = log.hear(Subject::User(ada.user), &UserEvent::Erased { workspace });
    assert_eq!(heard, Some(ada.user));
    assert!(log.has_revoked(&ada) && log.has_revoked(&with_key(&ada).0));
}

#[test]
fn whatever_changes_a_member_ends_what_was_issued_before_in_that_workspace() {
    let user = ada().user;
    let role = Role::Viewer;
    for event in [
        WorkspaceEvent::MemberAdded { user, role },
        WorkspaceEvent::RoleChanged { user, role },
        WorkspaceEvent::MemberSuspended { user },
        WorkspaceEvent::MemberReinstated { user },
        WorkspaceEvent::MemberRemoved { user },
    ] {
        let (mut log, ada) = (Log::new(), Caller { user, ..ada() });
        let heard = log.hear(Subject::Workspace(ada.workspace), &event);
        assert_eq!(heard, Some(user));
        assert!(log.has_revoked(&ada), "{event:?}");
        assert!(log.has_revoked(&with_key(&ada).0), "{event:?}");
        assert!(!log.has_revoked(&log.anew(&ada)), "{event:?}");
        let workspace = WorkspaceId::new(world::new_id());
        assert!(!log.has_revoked(&Caller {
            workspace,
            ..ada.clone()
        }));
        let user = UserId::new(world::new_id());
        assert!(!log.has_revoked(&Caller { user, ..ada }));
    }
}

#[test]
fn a_key_that_was_revoked_is_over_and_its_makers_sessions_are_not() {
    let (mut log, ada) = (Log::new(), ada());
    let (by_key, key) = with_key(&ada);
    let revoked = ApiKeyEvent::Revoked { user: ada.user };
    let heard = log.hear(Subject::ApiKey(ada.workspace, key), &revoked);
    assert_eq!(heard, Some(ada.user));
    assert!(log.has_revoked(&by_key) && !log.has_revoked(&ada));
    assert!(!log.has_revoked(&with_key(&ada).0));
}

#[test]
fn what_else_happens_revokes_nothing() {
    let (mut log, ada) = (Log::new(), ada());
    let (by_key, key) = with_key(&ada);
    let (user, workspace) = (ada.user, ada.workspace);
    let name = || Sealed::new("…".to_owned());
    let heard = [
        log.hear(Subject::User(user), &UserEvent::Renamed { name: name() }),
        log.hear(
            Subject::User(user),
            &UserEvent::EmailChanged { email: name() },
        ),
        log.hear(Subject::User(user), &UserEvent::Joined { workspace }),
        log.hear(Subject::User(user), &UserEvent::Left { workspace }),
        log.hear(
            Subject::Workspace(workspace),
            &WorkspaceEvent::Opened { owner: user },
        ),
        log.hear(
            Subject::ApiKey(workspace, key),
            &ApiKeyEvent::Used { at: world::now() },
        ),
        log.hear(
            Subject::ApiKey(workspace, key),
            &ApiKeyEvent::Issued {
                user,
                name: "ci".to_owned(),
                scopes: Scope::ALL.to_vec(),
                secret_hash: String::new(),
                expires_at: None,
            },
        ),
    ];
    assert!(heard.iter().all(Option::is_none));
    assert!(!log.has_revoked(&ada) && !log.has_revoked(&by_key));
}

#[test]
fn what_cannot_be_read_revokes_nothing_and_does_no_harm() {
    let (mut log, ada) = (Log::new(), ada());
    let heard = log.hear(
        Subject::Session(session(&ada)),
        &password_changed(session(&ada)),
    );
    assert_eq!(heard, None);
    assert!(!log.has_revoked(&ada));
}

#[test]
fn a_revocation_is_forgotten_when_no_credential_of_before_is_good_any_more() {
    let (mut log, ada) = (Log::new(), ada());
    let others = || Subject::Session(SessionId::new(world::new_id()));
    log.hear(Subject::Session(session(&ada)), &closed(ada.user));
    log.hear_at(3_599, others(), &closed(ada.user));
    assert_eq!(log.revocations.len(), 2);
    log.hear_at(3_700, others(), &closed(ada.user));
    assert_eq!(log.revocations.len(), 2);
    assert!(!log.has_revoked(&ada));
}

#[test]
fn beyond_the_bound_the_older_half_is_forgotten_and_what_was_issued_before_is_refused() {
    let mut log = Log::new();
    log.revocations.remembered_max = 100;
    let issued = |seconds| Caller {
        issued_at: later(log.begun, seconds),
        ..ada()
    };
    let [old, young, revoked] = [issued(-1), issued(99), issued(99)];
    let user = revoked.user;
    for second in 0..100 {
        let session = SessionId::new(world::new_id());
        log.hear_at(second, Subject::Session(session), &closed(user));
    }
    assert!(!log.has_revoked(&old));
    log.hear_at(100, Subject::Session(session(&revoked)), &closed(user));
    assert!(log.revocations.len() <= 51);
    assert!(log.has_revoked(&old) && log.has_revoked(&revoked));
    assert!(!log.has_revoked(&young));
}

#[test]
fn over_another_log_nothing_is_believed_that_was_issued_before() {
    let (mut log, ada) = (Log::new(), ada());
    log.revocations.start_over(later(ada.issued_at, 1));
    assert!(log.has_revoked(&ada));
    let issued_at = later(ada.issued_at, 2);
    assert!(!log.has_revoked(&Caller { issued_at, ..ada }));
}

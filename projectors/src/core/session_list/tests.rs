//! Sessions from their opening to their end.

use events::core::{CloseReason, SessionEvent, UserEvent};
use events::{Context, SessionId, Subject, Timestamp, UserId};
use service::world;

use crate::testing::{Log, Running, one, opened, opened_at, session, user, workspace};

async fn refreshed(log: &Log, user: UserId, session: SessionId, expires_at: Timestamp) {
    let refreshed = SessionEvent::Refreshed {
        user,
        workspace: workspace(),
        token_hash: "cd".repeat(32),
        grace_until: world::now(),
        expires_at,
    };
    log.append(&Subject::Session(session), &refreshed).await;
}

fn in_a_day() -> Timestamp {
    Timestamp::new(world::now().odt() + time::Duration::days(1))
}

/// Something that the projection reads and that changes nothing, to wait for.
async fn sessions(log: &Log, running: &Running) -> String {
    let workspace = workspace();
    let position = log
        .append(&Subject::User(user()), &UserEvent::Joined { workspace })
        .await;
    running.reach("session_list", position).await;
    let rows = "select coalesce(string_agg(concat_ws(' ', session_id, browser, os,
                    last_refreshed_at is not null), ', ' order by opened_position), '') from session_list";
    let rows = one::<String>(&running.database, Context::Core, rows).await;
    rows.unwrap()
}

#[tokio::test]
async fn a_session_is_listed_from_login_to_logout() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let (ada, phone, laptop) = (user(), session(), session());
    for it in [phone, laptop] {
        log.append(&Subject::Session(it), &opened(ada, in_a_day()))
            .await;
    }
    refreshed(&log, ada, phone, in_a_day()).await;
    let both = format!("{phone} Firefox Linux t, {laptop} Firefox Linux f");
    assert_eq!(sessions(&log, &running).await, both);

    let closed = SessionEvent::Closed {
        user: ada,
        reason: CloseReason::LoggedOut,
    };
    log.append(&Subject::Session(phone), &closed).await;
    // Decided before the end was known; it is no reason to park anything.
    refreshed(&log, ada, phone, in_a_day()).await;
    let one_of_them = format!("{laptop} Firefox Linux f");
    assert_eq!(sessions(&log, &running).await, one_of_them);
    running.stop().await;
}

#[tokio::test]
async fn a_new_password_ends_the_earlier_sessions_but_for_one_and_erasing_all() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let (ada, bob) = (user(), user());
    let [early, kept, late, of_bob] = [session(), session(), session(), session()];
    for (it, whose) in [(early, ada), (kept, ada), (of_bob, bob)] {
        log.append(&Subject::Session(it), &opened(whose, in_a_day()))
            .await;
    }
    let key = crate::testing::person(&log, ada).await;
    let changed = UserEvent::PasswordChanged {
        password_hash: key.seal(UserEvent::PASSWORD_HASH_SEAL, "x").unwrap(),
        kept,
    };
    let changed = log.append(&Subject::User(ada), &changed).await;
    let opened = opened_at(changed.sequence, ada, in_a_day());
    log.append(&Subject::Session(late), &opened).await;
    let left = [kept, of_bob, late].map(|it| format!("{it} Firefox Linux f"));
    assert_eq!(sessions(&log, &running).await, left.join(", "));

    let workspace = workspace();
    log.append(&Subject::User(ada), &UserEvent::Erased { workspace })
        .await;
    let left = format!("{of_bob} Firefox Linux f");
    assert_eq!(sessions(&log, &running).await, left);
    running.stop().await;
}

/// The log as it may be when somebody logs in with a password while it is changed elsewhere, or the account erased.
async fn race(log: &Log, ended: &UserEvent, is_login_first: bool) -> SessionId {
    let (ada, raced) = (user(), session());
    let before = log
        .append(
            &Subject::User(ada),
            &UserEvent::Joined {
                workspace: workspace(),
            },
        )
        .await;
    let opened = opened_at(before.sequence, ada, in_a_day());
    let ended = if is_login_first {
        log.append(&Subject::Session(raced), &opened).await;
        log.append(&Subject::User(ada), ended).await
    } else {
        let ended = log.append(&Subject::User(ada), ended).await;
        log.append(&Subject::Session(raced), &opened).await;
        refreshed(log, ada, raced, in_a_day()).await;
        ended
    };
    let (later, opened) = (session(), opened_at(ended.sequence, ada, in_a_day()));
    log.append(&Subject::Session(later), &opened).await;
    later
}

#[tokio::test]
async fn a_login_that_raced_what_ends_its_session_is_not_listed_whichever_came_first() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let key = crate::testing::person(&log, user()).await;
    let changed = UserEvent::PasswordChanged {
        password_hash: key.seal(UserEvent::PASSWORD_HASH_SEAL, "x").unwrap(),
        kept: session(),
    };
    let erased = UserEvent::Erased {
        workspace: workspace(),
    };
    let mut left = Vec::new();
    for ended in [&changed, &erased] {
        for is_login_first in [true, false] {
            let later = race(&log, ended, is_login_first).await;
            left.push(format!("{later} Firefox Linux f"));
        }
    }
    assert_eq!(sessions(&log, &running).await, left.join(", "));
    running.stop().await;
}

#[tokio::test]
async fn a_session_that_expired_is_forgotten() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let long_ago = Timestamp::new(world::now().odt() - time::Duration::hours(2));
    let just_now = Timestamp::new(world::now().odt() - time::Duration::minutes(2));
    let (gone, going) = (session(), session());
    for (it, expires_at) in [(gone, long_ago), (going, just_now)] {
        log.append(&Subject::Session(it), &opened(user(), expires_at))
            .await;
    }
    let left = format!("{going} Firefox Linux f");
    assert_eq!(sessions(&log, &running).await, left);
    running.stop().await;
}

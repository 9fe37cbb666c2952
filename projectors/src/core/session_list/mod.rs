//! Which sessions go on.

#[cfg(test)]
mod tests;

use events::core::{SessionEvent, UserEvent};
use events::{
    Context, DecodeError, Recorded, SessionId, StreamName, Subject, Timestamp, UserId, WorkspaceId,
};
use nats::StoredMessage;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::projection::{ApplyError, Projection};

/// How long after its time a session is kept: whoever refreshes it at the last moment still finds it.
const GRACE: Duration = Duration::hours(1);

/// Keeps `session_list`.
pub(crate) struct SessionList;

/// Something that happened to a session, or to the sessions of a user.
pub(crate) struct OfSession {
    what: What,
    /// When the broker stored it.
    stored_at: OffsetDateTime,
}

enum What {
    Session(SessionId, Recorded<SessionEvent>),
    User(UserId, Recorded<UserEvent>),
}

impl Projection for SessionList {
    const NAME: &'static str = "session_list";
    const CONTEXT: Context = Context::Core;
    const STREAM: StreamName = StreamName::Core;
    type Event<'m> = OfSession;

    fn read(message: &StoredMessage) -> Result<Option<OfSession>, DecodeError> {
        let what = match message.subject {
            Some(Subject::Session(session)) => What::Session(session, message.decode()?),
            Some(Subject::User(user)) => What::User(user, message.decode()?),
            Some(
                Subject::Workspace(_)
                | Subject::ApiKey(..)
                | Subject::Asset(..)
                | Subject::Link(..)
                | Subject::OwnDomains(_)
                | Subject::Clicks(_)
                | Subject::Exclusions(_)
                | Subject::ReportClaim(_)
                | Subject::Claim(..),
            )
            | None => return Ok(None),
        };
        let stored_at = message.stored_at.odt();
        Ok(Some(OfSession { what, stored_at }))
    }

    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        batch: &[Self::Event<'_>],
    ) -> Result<(), ApplyError> {
        for event in batch {
            match &event.what {
                What::Session(session, recorded) => of_session(tx, *session, recorded).await?,
                What::User(user, recorded) => of_user(tx, *user, recorded).await?,
            }
        }
        forget_expired(tx, batch).await
    }
}

/// What comes for a session without a row comes too late: a new password has ended it meanwhile.
///
/// So it may be with its opening, too, if the login was slower than a change of the password that it has proven.
/// Then none of its tokens is admitted anywhere: the user's version in it is the one that the tokens carry.
async fn of_session(
    tx: &mut PgConnection,
    session: SessionId,
    recorded: &Recorded<SessionEvent>,
) -> Result<(), ApplyError> {
    match &recorded.event {
        SessionEvent::Opened {
            user,
            workspace,
            user_version,
            token_hash: _,
            expires_at,
            browser,
            os,
        } => {
            sqlx::query!(
                "insert into session_list (session_id, user_id, workspace_id, browser, os, created_at,
                     expires_at, opened_position)
                 select $1, $2, $3, $4, $5, $6, $7, $8
                  where not exists (
                      select from session_list_cutoff where user_id = $2 and position > $9
                  )
                 on conflict (session_id) do nothing",
                session.uuid(),
                user.uuid(),
                workspace.uuid(),
                browser.as_deref(),
                os.as_deref(),
                recorded.metadata.time.odt(),
                expires_at.odt(),
                recorded.position.sequence.cast_signed(),
                user_version.cast_signed()
            )
            .execute(tx)
            .await?;
        }
        SessionEvent::Refreshed {
            user: _,
            workspace,
            token_hash: _,
            grace_until: _,
            expires_at,
        } => refresh(tx, session, *workspace, *expires_at, recorded.metadata.time).await?,
        SessionEvent::Closed { user: _, reason: _ } => {
            sqlx::query!(
                "delete from session_list where session_id = $1",
                session.uuid()
            )
            .execute(tx)
            .await?;
        }
    }
    Ok(())
}

async fn refresh(
    tx: &mut PgConnection,
    session: SessionId,
    workspace: WorkspaceId,
    expires_at: Timestamp,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update session_list set workspace_id = $2, expires_at = $3, last_refreshed_at = $4
          where session_id = $1",
        session.uuid(),
        workspace.uuid(),
        expires_at.odt(),
        at.odt()
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn of_user(
    tx: &mut PgConnection,
    user: UserId,
    recorded: &Recorded<UserEvent>,
) -> Result<(), ApplyError> {
    let kept = match &recorded.event {
        UserEvent::PasswordChanged {
            password_hash: _,
            kept,
        } => Some(kept.uuid()),
        UserEvent::Erased { workspace: _ } => None,
        UserEvent::Registered {
            email: _,
            name: _,
            password_hash: _,
            workspace: _,
        }
        | UserEvent::Renamed { name: _ }
        | UserEvent::EmailChanged { email: _ }
        | UserEvent::Joined { workspace: _ }
        | UserEvent::Left { workspace: _ } => return Ok(()),
    };
    let ended_by = recorded.position.sequence.cast_signed();
    sqlx::query!(
        "insert into session_list_cutoff as it (user_id, position) values ($1, $2)
         on conflict (user_id) do update set position = greatest(it.position, excluded.position)",
        user.uuid(),
        ended_by
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from session_list
          where user_id = $1 and opened_position < $2 and session_id is distinct from $3",
        user.uuid(),
        ended_by,
        kept
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Time is told by the log, so that the same rows are left whenever it is read.
async fn forget_expired(tx: &mut PgConnection, batch: &[OfSession]) -> Result<(), ApplyError> {
    let Some(reached) = batch.iter().map(|event| event.stored_at).max() else {
        return Ok(());
    };
    sqlx::query!(
        "delete from session_list where expires_at < $1",
        reached - GRACE
    )
    .execute(tx)
    .await?;
    Ok(())
}

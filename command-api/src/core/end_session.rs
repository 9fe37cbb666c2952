//! Ending a session: the caller's own, or another one from afar.

use axum::http::StatusCode;
use events::core::CloseReason;
use events::{SessionId, Subject};
use service::caller::Caller;
use service::problem::Problem;

use super::session::{Close, Session};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::{Source, Wish};
use crate::origin::Origin;
use crate::problem::unread;

/// Ends the session in which it is asked.
pub(crate) async fn logout(app: &App, caller: &Caller) -> Result<Accepted, Problem> {
    close(app, caller, caller.session()?, CloseReason::LoggedOut).await
}

/// Ends any session of the caller's; another user's is not found.
pub(crate) async fn end(
    app: &App,
    caller: &Caller,
    session: SessionId,
) -> Result<Accepted, Problem> {
    let subject = Subject::Session(session);
    let loaded = app.commands.load::<Session>(&subject, Source::Leader).await;
    if loaded.map_err(unread)?.0.user() != Some(caller.user) {
        return Err(Problem::not_found());
    }
    close(app, caller, session, CloseReason::Ended).await
}

async fn close(
    app: &App,
    caller: &Caller,
    session: SessionId,
    reason: CloseReason,
) -> Result<Accepted, Problem> {
    let origin = Origin::of(caller.actor());
    let command = Close { reason };
    let wish = Wish::on(Subject::Session(session), &command);
    let done = app.commands.carry_out::<Session, _>(&origin, wish).await?;
    let answer = Answer::empty(StatusCode::NO_CONTENT);
    Ok(Accepted::first(answer, done.version, done.position))
}

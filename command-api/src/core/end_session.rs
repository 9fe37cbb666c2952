//! Ending a session: the caller's own, or another one from afar.

use axum::http::StatusCode;
use events::core::CloseReason;
use events::{SessionId, Subject};
use service::caller::Caller;
use service::headers::IfMatch;
use service::problem::Problem;

use super::meant::Meant;
use super::session::{Close, Session};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::{Outcome, Wish};
use crate::origin::Origin;

/// Ends the session in which it is asked.
pub(crate) async fn logout(app: &App, caller: &Caller) -> Result<Accepted, Problem> {
    let origin = Origin::of(caller.actor());
    let command = Close {
        reason: CloseReason::LoggedOut,
    };
    let wish = Wish::on(Subject::Session(caller.session()?), &command);
    let done = app.commands.carry_out::<Session, _>(&origin, wish).await?;
    Ok(ended(&done))
}

/// Ends any session of the caller's; another user's is not found.
pub(crate) async fn end(
    app: &App,
    caller: &Caller,
    session: SessionId,
    if_match: &IfMatch,
) -> Result<Accepted, Problem> {
    let origin = Origin::of(caller.actor());
    let command = Close {
        reason: CloseReason::Ended,
    };
    let meant = Meant {
        subject: Subject::Session(session),
        if_match,
        companions: Vec::new(),
    };
    let find = |session: &Session| {
        let is_own = session.user() == Some(caller.user);
        is_own.then_some(()).ok_or_else(Problem::not_found)
    };
    let done = meant.carry_out(app, &origin, &command, find).await?;
    Ok(ended(&done))
}

fn ended(done: &Outcome<Session>) -> Accepted {
    let answer = Answer::empty(StatusCode::NO_CONTENT);
    Accepted::first(answer, done.version, done.position)
}

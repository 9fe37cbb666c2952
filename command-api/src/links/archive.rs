//! Archiving a link, and taking it back.

use axum::http::StatusCode;
use events::LinkId;
use service::caller::Caller;
use service::headers::{ETag, IfMatch};
use service::problem::Problem;

use super::answer;
use super::known::Known;
use super::link::{Archive, Link, Restore};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::{ATTEMPTS_MAX, HandleError, Wish};
use crate::origin::Origin;
use crate::problem::contended;

/// Archives the link if it is at the version that is meant.
pub(crate) async fn archive(
    app: &App,
    caller: &Caller,
    id: LinkId,
    if_match: &IfMatch,
) -> Result<Accepted, Problem> {
    let origin = Origin::of(caller.actor());
    for _ in 0..ATTEMPTS_MAX {
        let known = Known::find(app, caller.workspace, id).await?;
        if_match.check(&ETag::version(known.version))?;
        let wish = Wish::at(known.subject, known.version, &Archive);
        match app.commands.carry_out::<Link, _>(&origin, wish).await {
            Err(HandleError::Moved) => {}
            done => {
                let done = done?;
                let answer = Answer::empty(StatusCode::NO_CONTENT);
                return Ok(Accepted::first(answer, done.version, done.position));
            }
        }
    }
    Err(contended())
}

/// Restores the link.
pub(crate) async fn restore(
    app: &App,
    caller: &Caller,
    origin: &Origin,
    id: LinkId,
) -> Result<Accepted, Problem> {
    let known = Known::find(app, caller.workspace, id).await?;
    known.may_change()?;
    let wish = Wish::on(known.subject, &Restore);
    let at = known.created_at;
    let answer = |link: &Link| answer::of(app, StatusCode::OK, id, link, at);
    Ok(app.commands.handle(origin, wish, answer).await?)
}

//! The workspace's default: where links are made that name no domain.

use axum::http::StatusCode;
use events::DomainId;
use service::caller::Caller;
use service::headers::{ETag, IfMatch};
use service::problem::Problem;

use super::known::{Known, Times};
use super::own::{ClearDefault, MakeDefault};
use super::{OwnDomainRejection, OwnDomains, body};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::decider::Decide;
use crate::handle::{ATTEMPTS_MAX, HandleError, Outcome, Wish};
use crate::origin::Origin;
use crate::problem::{contended, internal};

/// Makes the domain the default, and answers it.
pub(super) async fn make(
    app: &App,
    caller: &Caller,
    id: DomainId,
    if_match: &IfMatch,
) -> Result<Accepted, Problem> {
    let (done, times) = change(app, caller, id, if_match, &MakeDefault { id }).await?;
    let answer = body::answer(StatusCode::OK, &done.state, id, times).map_err(internal)?;
    Ok(Accepted::first(answer, done.version, done.position))
}

/// Makes the installation's domain the default, if this one was.
pub(super) async fn clear(
    app: &App,
    caller: &Caller,
    id: DomainId,
    if_match: &IfMatch,
) -> Result<Accepted, Problem> {
    let (done, _) = change(app, caller, id, if_match, &ClearDefault { id }).await?;
    let answer = Answer::empty(StatusCode::NO_CONTENT);
    Ok(Accepted::first(answer, done.version, done.position))
}

async fn change<C>(
    app: &App,
    caller: &Caller,
    id: DomainId,
    if_match: &IfMatch,
    command: &C,
) -> Result<(Outcome<OwnDomains>, Times), Problem>
where
    C: Decide<OwnDomains, Rejection = OwnDomainRejection>,
{
    let origin = Origin::of(caller.actor());
    for _ in 0..ATTEMPTS_MAX {
        let known = Known::find(app, caller.workspace, id).await?;
        if_match.check(&ETag::version(known.version))?;
        let wish = Wish::at(known.subject, known.version, command);
        match app.commands.carry_out(&origin, wish).await {
            // Something happened to another of the workspace's domains in between.
            Err(HandleError::Moved) => {}
            done => return Ok((done?, known.times)),
        }
    }
    Err(contended())
}

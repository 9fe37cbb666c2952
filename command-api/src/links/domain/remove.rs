//! Removing a domain: no link on it leads anywhere from then on.

use axum::http::StatusCode;
use events::DomainId;
use service::caller::Caller;
use service::headers::{ETag, IfMatch};
use service::problem::Problem;

use super::known::Known;
use super::own::Remove;
use super::{OwnDomains, claim_on};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::{ATTEMPTS_MAX, HandleError, Wish};
use crate::origin::Origin;
use crate::problem::contended;

/// Removes the domain; if it was verified, others may have it.
pub(super) async fn remove(
    app: &App,
    caller: &Caller,
    id: DomainId,
    if_match: &IfMatch,
) -> Result<Accepted, Problem> {
    let origin = Origin::of(caller.actor());
    for _ in 0..ATTEMPTS_MAX {
        let known = Known::find(app, caller.workspace, id).await?;
        if_match.check(&ETag::version(known.version))?;
        let command = Remove { id };
        let wish = Wish {
            releases: vec![claim_on(&known.brought.name)],
            ..Wish::at(known.subject, known.version, &command)
        };
        match app.commands.carry_out::<OwnDomains, _>(&origin, wish).await {
            // Something happened to another of the workspace's domains in between.
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

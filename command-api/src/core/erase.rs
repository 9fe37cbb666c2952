//! Erasing a person: the key is destroyed, so that in every copy of the log nothing is left to read.

use axum::http::StatusCode;
use events::{Subject, UserId, WorkspaceId};
use nats::{Expected, NewMessage};
use service::caller::Caller;
use service::headers::{ETag, IfMatch};
use service::problem::Problem;

use super::account::Account;
use super::email_address::EmailAddress;
use super::govern;
use super::user::{Erase, User};
use super::workspace::{ForgetMember, Workspace};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::decider::Decide;
use crate::handle::{ATTEMPTS_MAX, HandleError, Source, Wish};
use crate::origin::Origin;
use crate::problem::{contended, internal, unread};

/// Erases an account: memberships, claim and sessions end in one step, and then the key is destroyed.
pub(crate) async fn erase(
    app: &App,
    caller: &Caller,
    id: UserId,
    if_match: &IfMatch,
) -> Result<Accepted, Problem> {
    let origin = Origin::of(caller.actor());
    for _ in 0..ATTEMPTS_MAX {
        let account = govern::account(app, caller, id).await?;
        if_match.check(&ETag::version(account.version))?;
        if let Some(accepted) = forget(app, &origin, &account).await? {
            return Ok(accepted);
        }
    }
    Err(contended())
}

async fn forget(
    app: &App,
    origin: &Origin,
    account: &Account,
) -> Result<Option<Accepted>, Problem> {
    let email = account.profile()?.email;
    let address = EmailAddress::parse(&email).map_err(internal)?;
    let mut companions = Vec::new();
    for workspace in account.joined.iter().chain([&account.workspace]) {
        companions.extend(leave(app, origin, account.id, *workspace).await?);
    }
    let wish = Wish {
        releases: vec![app.identities.claim(&address)],
        companions,
        ..Wish::at(Subject::User(account.id), account.version, &Erase)
    };
    let done = match app.commands.carry_out::<User, _>(origin, wish).await {
        Err(HandleError::Moved) => return Ok(None),
        done => done?,
    };
    // Should this process end here, the projectors destroy the key when they come to the event.
    app.identities.destroy_key(account.id).await;
    let answer = Answer::empty(StatusCode::NO_CONTENT);
    Ok(Some(Accepted::first(answer, done.version, done.position)))
}

async fn leave(
    app: &App,
    origin: &Origin,
    user: UserId,
    workspace: WorkspaceId,
) -> Result<Vec<NewMessage>, Problem> {
    let subject = Subject::Workspace(workspace);
    let loaded = app
        .commands
        .load::<Workspace>(&subject, Source::Leader)
        .await;
    let (state, version) = loaded.map_err(unread)?;
    let left = ForgetMember { user }.decide(&state)?;
    let message = |event| {
        let expected = Expected::LastSequence(version);
        NewMessage::event(subject.clone(), &origin.metadata(), event, expected)
    };
    let messages: Result<_, _> = left.iter().map(message).collect();
    messages.map_err(internal)
}

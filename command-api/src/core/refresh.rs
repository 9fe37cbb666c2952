//! Refreshing: a refresh token is spent for new tokens, perhaps in another workspace.

use std::time::Duration;

use events::core::SessionEvent;
use events::{Actor, Subject, WorkspaceId};
use serde::Deserialize;
use service::limits::Limit;
use service::problem::Problem;
use utoipa::ToSchema;

use super::account::Account;
use super::login::{LoggedInBody, SESSION_LIFETIME, admit, later};
use super::place::Place;
use super::refresh_token::RefreshToken;
use super::session::{Refresh, Session};
use crate::app::App;
use crate::decider::Decide;
use crate::handle::{HandleError, Source, Wish};
use crate::origin::Origin;
use crate::problem::unread;

/// How long a spent token is answered with its child again: two tabs don't log each other out (docs/api.md, "Sessions").
const GRACE: Duration = Duration::from_secs(10);

/// What somebody sends whose access token is about to expire.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshBody {
    /// The newest one.
    refresh_token: String,
    /// The workspace to work in from now on; the one of before when left out.
    #[schema(value_type = Option<uuid::Uuid>)]
    workspace_id: Option<WorkspaceId>,
}

/// Refreshes; the token is spent only if its user may act where it is refreshed for.
pub(crate) async fn refresh(app: &App, body: RefreshBody) -> Result<LoggedInBody, Problem> {
    let token: RefreshToken = body.refresh_token.parse().map_err(|_| unknown())?;
    let subject = Subject::Session(token.session);
    let loaded = app.commands.load::<Session>(&subject, Source::Leader).await;
    let (session, _) = loaded.map_err(unread)?;
    let Session::Open {
        user,
        workspace,
        user_version,
        ..
    } = session
    else {
        return Err(unknown());
    };
    let origin = Origin::of(Actor::User(user));
    let child = token.child(&app.keyring);
    let command = Refresh {
        token_hash: token.hash(),
        child_hash: child.hash(),
        at: origin.time,
        grace_until: later(origin.time, GRACE),
        workspace: body.workspace_id,
        expires_at: later(origin.time, SESSION_LIFETIME),
    };
    // A session's id is no secret: to who has no token of it nothing is told, and nothing is used up in its user's name.
    let proven = command.decide(&session).map_err(|_| unknown())?;
    if proven.iter().any(closes) {
        // Whatever the thief asks for, and before it is looked at: the session is closed.
        spend(app, &origin, subject, &command).await?;
        return Err(reused());
    }
    let limit = Limit::RefreshAccount;
    app.limiter.spend(limit, &user.to_string()).await?;
    let account = Account::of(app, user).await?;
    let account = account.filter(|it| !it.has_ended(token.session, user_version));
    let account = account.ok_or_else(unknown)?;
    // Before anything happens, so that a token isn't spent in vain.
    let workspace = body.workspace_id.unwrap_or(workspace);
    let place = Place::of(app, user, workspace).await?;
    spend(app, &origin, subject, &command).await?;
    admit(app, &account, place, &child)
}

const fn closes(event: &SessionEvent) -> bool {
    matches!(event, SessionEvent::Closed { .. })
}

/// Spends the token, or tells its child again; one that was spent too long ago closes its session.
async fn spend(
    app: &App,
    origin: &Origin,
    subject: Subject,
    command: &Refresh,
) -> Result<(), Problem> {
    let wish = Wish::on(subject, command);
    match app.commands.carry_out::<Session, _>(origin, wish).await {
        Ok(outcome) if matches!(outcome.state, Session::Open { .. }) => Ok(()),
        Ok(_) => Err(reused()),
        Err(HandleError::Rejected(_)) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}

fn unknown() -> Problem {
    Problem::unauthorized(
        "invalid_refresh_token",
        "the refresh token is not one of ours, or its session has ended: log in",
        "Bearer",
    )
}

fn reused() -> Problem {
    Problem::unauthorized(
        "refresh_token_reused",
        "the refresh token was spent already, so somebody else may have it: the session is closed, log in",
        "Bearer",
    )
}

//! Logging in: the log knows who has the address and whether the password is right; no database is asked.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use events::{Actor, SessionId, Subject, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use service::caller::{Grant, Seen};
use service::limits::Limit;
use service::problem::Problem;
use service::world;
use utoipa::ToSchema;

use super::account::Account;
use super::body::UserBody;
use super::email_address::EmailAddress;
use super::password::Password;
use super::place::Place;
use super::refresh_token::RefreshToken;
use super::session::{Open, Session};
use crate::app::App;
use crate::handle::Wish;
use crate::origin::Origin;
use crate::problem::internal;

/// How long a session goes on without being refreshed.
pub(super) const SESSION_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// What somebody who has an account sends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginBody {
    #[schema(format = Email)]
    email: String,
    #[schema(format = Password)]
    password: String,
    /// The workspace to work in; the user's own when left out.
    #[schema(value_type = Option<uuid::Uuid>)]
    workspace_id: Option<WorkspaceId>,
}

/// The way in.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoggedInBody {
    /// Goes into `Authorization: Bearer …`.
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the token is no longer good.
    expires_in: u64,
    /// Good for one use: refreshing gives the next one.
    refresh_token: String,
    user: UserBody,
    /// The workspace that the access token speaks for.
    #[schema(value_type = uuid::Uuid)]
    workspace_id: WorkspaceId,
}

/// Logs in; a wrong address and a wrong password get the same answer after the same time.
pub(crate) async fn login(
    app: &App,
    headers: &HeaderMap,
    body: LoginBody,
) -> Result<LoggedInBody, Problem> {
    let address = EmailAddress::parse(&body.email).ok();
    // What is no address counts as it was sent: it must not be the way round the limit.
    let name = address.as_ref().map_or(&*body.email, EmailAddress::as_str);
    app.limiter.spend(Limit::LoginAccount, name).await?;
    let account = Account::of_address(app, address.as_ref()).await?;
    let phc = account.as_ref().map(Account::password_hash).transpose()?;
    let password = Password::parse(body.password);
    // A password that can be no one's is still hashed, so that its length isn't told by the time.
    let is_possible = password.is_ok();
    let password = password.unwrap_or_else(|_| Password::impossible());
    let is_right = app.hashing.is_right(password, phc).await? && is_possible;
    let Some(account) = account.filter(|_| is_right) else {
        return Err(Problem::unauthorized(
            "invalid_credentials",
            "No account has this address and password.",
            "Bearer",
        ));
    };
    let workspace = body.workspace_id.unwrap_or(account.workspace);
    let place = Place::of(app, account.id, workspace).await?;
    let token = open_session(app, headers, &account, place).await?;
    admit(app, &account, place, &token)
}

async fn open_session(
    app: &App,
    headers: &HeaderMap,
    account: &Account,
    place: Place,
) -> Result<RefreshToken, Problem> {
    let origin = Origin::of(Actor::User(account.id));
    let token = RefreshToken::first(SessionId::new(world::new_id()));
    let agent = app.agents.know(headers.get(USER_AGENT));
    let command = Open {
        user: account.id,
        workspace: place.workspace,
        user_version: account.version,
        token_hash: token.hash(),
        expires_at: later(origin.time, SESSION_LIFETIME),
        browser: agent.browser.as_deref().map(str::to_owned),
        os: agent.os.as_deref().map(str::to_owned),
    };
    let wish = Wish::of_new(Subject::Session(token.session), &command);
    app.commands.carry_out::<Session, _>(&origin, wish).await?;
    Ok(token)
}

/// The tokens of somebody who has proven to be there.
pub(super) fn admit(
    app: &App,
    account: &Account,
    place: Place,
    token: &RefreshToken,
) -> Result<LoggedInBody, Problem> {
    let user = account.body(place.role)?;
    let grant = Grant {
        user: account.id,
        email: &user.email,
        workspace: place.workspace,
        role: place.role,
        session: token.session,
        seen: Seen {
            user: account.version,
            workspace: place.version,
        },
    };
    let tokens = app.gate.tokens();
    let access_token = tokens.issue(&grant, world::now(), world::new_id());
    Ok(LoggedInBody {
        access_token: access_token.map_err(internal)?,
        token_type: "Bearer",
        expires_in: tokens.lifetime().as_secs(),
        refresh_token: token.reveal(),
        user,
        workspace_id: place.workspace,
    })
}

pub(super) fn later(time: Timestamp, duration: Duration) -> Timestamp {
    Timestamp::new(time.odt() + duration)
}

//! Logging in: the log knows who has the address and whether the password is right; no database is asked.

use events::core::{Role, UserEvent};
use events::{SessionId, Subject, Timestamp, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};
use service::caller::Caller;
use service::problem::Problem;
use service::sealed::SealingKey;
use service::world;
use utoipa::ToSchema;

use super::email_address::EmailAddress;
use super::identity::Profile;
use super::password::Password;
use super::register::UserBody;
use super::user::User;
use crate::app::App;
use crate::decider::Aggregate;
use crate::problem::{internal, unread};

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
    user: UserBody,
    #[schema(value_type = uuid::Uuid)]
    workspace_id: WorkspaceId,
}

/// A user as the log tells, with the key to what is sealed.
struct Known {
    id: UserId,
    key: SealingKey,
    user: User,
    registered_at: Timestamp,
}

/// Logs in; a wrong address and a wrong password get the same answer after the same time.
pub(crate) async fn login(app: &App, body: LoginBody) -> Result<LoggedInBody, Problem> {
    let known = match EmailAddress::parse(&body.email) {
        Ok(address) => find(app, &address).await?,
        Err(_) => None,
    };
    let phc = known.as_ref().map(password_hash).transpose()?.flatten();
    let password = Password::parse(body.password);
    // A password that can be no one's is still hashed, so that its length isn't told by the time.
    let is_possible = password.is_ok();
    let password = password.unwrap_or_else(|_| Password::impossible());
    let is_right = app.hashing.is_right(password, phc).await? && is_possible;
    match known {
        Some(Known {
            id,
            key,
            user:
                User::Registered {
                    email,
                    name,
                    workspace,
                    ..
                },
            registered_at,
        }) if is_right && body.workspace_id.is_none_or(|asked| asked == workspace) => {
            let profile = Profile::open(&key, &email, &name).map_err(internal)?;
            admit(app, UserBody::new(id, profile, workspace, registered_at))
        }
        Some(_) | None => Err(Problem::unauthorized(
            "invalid_credentials",
            "No account has this address, password and workspace.",
            "Bearer",
        )),
    }
}

async fn find(app: &App, address: &EmailAddress) -> Result<Option<Known>, Problem> {
    let claim = app
        .broker
        .last_from_leader(&app.identities.claim(address))
        .await
        .map_err(unread)?;
    let holder = claim.as_ref().and_then(crate::claim::holder);
    let Some(Subject::User(id)) = holder else {
        return Ok(None);
    };
    let history = app
        .broker
        // The claim says that there is one, which a replica may not have heard of yet.
        .history_from_leader::<UserEvent>(&Subject::User(id))
        .await
        .map_err(unread)?;
    let key = app.identities.key(id).await?;
    let (Some(first), Some(key)) = (history.first(), key) else {
        return Ok(None);
    };
    let registered_at = first.metadata.time;
    let user = history
        .iter()
        .fold(User::default(), |user, it| user.evolve(&it.event));
    Ok(Some(Known {
        id,
        key,
        user,
        registered_at,
    }))
}

fn password_hash(known: &Known) -> Result<Option<String>, Problem> {
    match &known.user {
        User::Unknown => Ok(None),
        User::Registered { password_hash, .. } => {
            let opened = known.key.open(UserEvent::PASSWORD_HASH_SEAL, password_hash);
            opened.map(Some).map_err(internal)
        }
    }
}

fn admit(app: &App, user: UserBody) -> Result<LoggedInBody, Problem> {
    let caller = Caller {
        user: user.id,
        workspace: user.workspace_id,
        role: Role::Admin,
        session: SessionId::new(world::new_id()),
        email: user.email.clone(),
    };
    let issued = app.tokens.issue(&caller, world::now(), world::new_id());
    Ok(LoggedInBody {
        access_token: issued.map_err(internal)?,
        token_type: "Bearer",
        expires_in: app.tokens.lifetime().as_secs(),
        workspace_id: user.workspace_id,
        user,
    })
}

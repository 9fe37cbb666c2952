//! Registering: a user, the claim on the address, and the user's own workspace, in one step.

use axum::http::StatusCode;
use events::core::{Role, UserEvent, WorkspaceEvent};
use events::{Subject, Timestamp, UserId, WorkspaceId};
use nats::{Expected, NewMessage};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::problem::Problem;
use service::world;
use utoipa::ToSchema;

use super::email_address::EmailAddress;
use super::identity::Profile;
use super::name::Name;
use super::password::Password;
use super::user::{Register, User};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::{HandleError, Wish};
use crate::origin::Origin;
use crate::problem::internal;

/// What somebody who wants an account sends.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterBody {
    /// Compared without regard to case.
    #[schema(format = Email, max_length = 254)]
    pub(crate) email: String,
    /// 12 to 128 characters.
    #[schema(format = Password, min_length = 12, max_length = 128)]
    password: String,
    /// What the person wants to be called.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// A user, as the user sees itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserBody {
    #[schema(value_type = uuid::Uuid)]
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) name: String,
    /// The workspace that was opened for the user.
    #[schema(value_type = uuid::Uuid)]
    pub(crate) workspace_id: WorkspaceId,
    #[schema(value_type = String, example = "admin")]
    pub(crate) role: Role,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Timestamp,
}

impl UserBody {
    pub(crate) fn new(
        id: UserId,
        profile: Profile,
        workspace_id: WorkspaceId,
        created_at: Timestamp,
    ) -> Self {
        let Profile { email, name } = profile;
        Self {
            id,
            email,
            name,
            workspace_id,
            role: Role::Admin,
            created_at,
        }
    }
}

struct Registration {
    email: EmailAddress,
    password: Password,
    name: Name,
}

fn parse(body: RegisterBody) -> Result<Registration, Problem> {
    let mut faults = Faults::default();
    let email = faults.take("/email", EmailAddress::parse(&body.email));
    let password = faults.take("/password", Password::parse(body.password));
    let name = faults.take("/name", Name::parse(&body.name));
    let (Some(email), Some(password), Some(name)) = (email, password, name) else {
        return Err(faults.into());
    };
    Ok(Registration {
        email,
        password,
        name,
    })
}

/// Registers; the answer holds what was sent in clear, the log only what is sealed.
pub(crate) async fn register(
    app: &App,
    origin: &Origin,
    body: RegisterBody,
) -> Result<Accepted, Problem> {
    let Registration {
        email,
        password,
        name,
    } = parse(body)?;
    let password_hash = app.hashing.hash(password).await?;
    let (user, workspace) = (
        UserId::new(world::new_id()),
        WorkspaceId::new(world::new_id()),
    );
    let key = app.identities.make_key(user).await?;
    let command = Register {
        email: key
            .seal(UserEvent::EMAIL_SEAL, email.as_str())
            .map_err(internal)?,
        name: key
            .seal(UserEvent::NAME_SEAL, name.as_str())
            .map_err(internal)?,
        password_hash: key
            .seal(UserEvent::PASSWORD_HASH_SEAL, &password_hash)
            .map_err(internal)?,
        workspace,
    };
    let wish = Wish {
        subject: Subject::User(user),
        is_new: true,
        command: &command,
        claims: vec![app.identities.claim(&email)],
        companions: vec![opening(origin, workspace, user).map_err(internal)?],
    };
    let created_at = origin.time;
    let answer = |_: &User| {
        let profile = Profile {
            email: email.as_str().to_owned(),
            name: name.as_str().to_owned(),
        };
        let body = serde_json::to_string(&UserBody::new(user, profile, workspace, created_at))?;
        Ok(Answer {
            status: StatusCode::CREATED,
            body,
        })
    };
    let accepted = app.commands.handle(origin, wish, answer).await;
    if matches!(
        &accepted,
        Err(HandleError::Taken(_))
            | Ok(Accepted {
                is_replayed: true,
                ..
            })
    ) {
        app.identities.drop_key(user).await;
    }
    Ok(accepted?)
}

fn opening(
    origin: &Origin,
    workspace: WorkspaceId,
    owner: UserId,
) -> Result<NewMessage, serde_json::Error> {
    let subject = Subject::Workspace(workspace);
    let opened = WorkspaceEvent::Opened { owner };
    NewMessage::event(
        subject,
        &origin.metadata(),
        &opened,
        Expected::LastSequence(0),
    )
}

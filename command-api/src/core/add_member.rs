//! Taking somebody in by address: at once who has an account, by an invitation who has none.

use axum::http::StatusCode;
use events::core::Role;
use events::{StreamName, Subject, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::caller::Caller;
use service::problem::Problem;
use service::world;
use utoipa::ToSchema;
use uuid::Uuid;

use super::account::{Account, holder};
use super::email_address::EmailAddress;
use super::found_workspace::{joined, may_join_another};
use super::invitation::{self, Invitation};
use super::login::later;
use super::members;
use super::workspace::{AddMember, Invite, Workspace, WorkspaceRejection};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::{ATTEMPTS_MAX, HandleError, Wish};
use crate::origin::Origin;
use crate::problem::{contended, internal};

/// Who is to become a member, and as what.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddMemberBody {
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// `admin`, `editor` or `viewer`.
    #[schema(value_type = String, example = "editor")]
    role: Role,
}

/// Who has become a member, or was invited to.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedBody {
    /// Nobody yet, if the address has no account.
    #[schema(value_type = Option<uuid::Uuid>)]
    user_id: Option<UserId>,
    email: String,
    #[schema(value_type = String, example = "editor")]
    role: Role,
    /// `active`, or `invited` if the address has no account.
    state: &'static str,
    /// To be handed to the person, who registers with it; Millrace sends no mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<String>,
    /// When the invitation ceases to be good.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// What of an answer is kept for an `Idempotency-Key`, and follows from nothing else.
#[derive(Deserialize)]
struct Kept {
    /// The id of an invitation.
    invitation: Option<Uuid>,
    expires_at: Option<Timestamp>,
}

/// Takes in whoever has the address, or invites whoever will register with it.
pub(crate) async fn add_member(
    app: &App,
    caller: &Caller,
    origin: &Origin,
    body: &AddMemberBody,
) -> Result<Accepted, Problem> {
    let mut faults = Faults::default();
    let email = faults.take("/email", EmailAddress::parse(&body.email));
    let Some(email) = email else {
        return Err(faults.into());
    };
    // Before anything that time may have changed: it was answered once.
    let once = origin.once.as_ref();
    let earlier = app
        .commands
        .earlier::<WorkspaceRejection>(StreamName::Core, once);
    let accepted = match earlier.await? {
        Some(earlier) => earlier,
        None => take_in(app, caller, origin, &email, body.role).await?,
    };
    told(app, caller, accepted, &email, body.role)
}

async fn take_in(
    app: &App,
    caller: &Caller,
    origin: &Origin,
    email: &EmailAddress,
    role: Role,
) -> Result<Accepted, Problem> {
    members::spend(app, caller).await?;
    for _ in 0..ATTEMPTS_MAX {
        let account = match holder(app, email).await? {
            Some(user) => Account::of(app, user).await?,
            None => None,
        };
        let Some(account) = account else {
            return invite(app, caller, origin, role).await;
        };
        // None: the account has changed since it was read, and may be erased.
        if let Some(accepted) = add(app, caller, origin, &account, role).await? {
            return Ok(accepted);
        }
    }
    Err(contended())
}

async fn add(
    app: &App,
    caller: &Caller,
    origin: &Origin,
    account: &Account,
    role: Role,
) -> Result<Option<Accepted>, Problem> {
    may_join_another(account)?;
    let user = account.id;
    let command = AddMember { user, role };
    let wish = Wish {
        // Nobody joins who is erased meanwhile.
        companions: vec![joined(origin, account, caller.workspace)?],
        ..Wish::on(Subject::Workspace(caller.workspace), &command)
    };
    let added = AddedBody {
        user_id: Some(user),
        email: String::new(),
        role,
        state: "active",
        invitation: None,
        expires_at: None,
    };
    let answer = |_: &Workspace| added.answer();
    match app.commands.handle(origin, wish, answer).await {
        Err(HandleError::Moved) => Ok(None),
        accepted => Ok(Some(accepted?)),
    }
}

/// Nothing happens to the workspace, so the answer stands where it stands; a record of the request is kept nevertheless.
async fn invite(
    app: &App,
    caller: &Caller,
    origin: &Origin,
    role: Role,
) -> Result<Accepted, Problem> {
    let added = AddedBody {
        user_id: None,
        email: String::new(),
        role,
        state: "invited",
        invitation: Some(world::new_id().to_string()),
        expires_at: Some(later(origin.time, invitation::LIFETIME)),
    };
    let wish = Wish::on(Subject::Workspace(caller.workspace), &Invite);
    let answer = |_: &Workspace| added.answer();
    Ok(app.commands.handle(origin, wish, answer).await?)
}

impl AddedBody {
    /// Without the address, and of an invitation with the id alone: what is kept must let nobody in, and name nobody.
    fn answer(&self) -> Result<Answer, serde_json::Error> {
        Ok(Answer {
            status: StatusCode::CREATED,
            body: serde_json::to_string(self)?,
        })
    }
}

/// Tells what is not kept: the address, which the request says, and the invitation, which follows from its id.
fn told(
    app: &App,
    caller: &Caller,
    accepted: Accepted,
    email: &EmailAddress,
    role: Role,
) -> Result<Accepted, Problem> {
    let email = email.as_str();
    let kept: Kept = serde_json::from_str(&accepted.answer.body).map_err(internal)?;
    let (Some(id), Some(expires_at)) = (kept.invitation, kept.expires_at) else {
        return accepted.telling(&[("email", email)]).map_err(internal);
    };
    let invitation = Invitation {
        id,
        workspace: caller.workspace,
        role,
        email: email.to_owned(),
        by: caller.user,
        expires_at,
    };
    let text = invitation.seal(&app.keyring).map_err(internal)?;
    let said = [("email", email), ("invitation", text.as_str())];
    accepted.telling(&said).map_err(internal)
}

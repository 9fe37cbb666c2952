//! Taking somebody in by address: at once who has an account, by an invitation who has none.

use axum::http::StatusCode;
use events::core::Role;
use events::{Subject, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::caller::Caller;
use service::limits::Limit;
use service::problem::Problem;
use service::world;
use utoipa::ToSchema;

use super::account::{Account, holder};
use super::email_address::EmailAddress;
use super::found_workspace::{joined, may_join_another};
use super::invitation::{self, Invitation};
use super::login::later;
use super::workspace::{AddMember, Workspace};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::{ATTEMPTS_MAX, HandleError, Wish};
use crate::origin::Origin;
use crate::problem::{contended, internal, unread};

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
    let limit = Limit::MembershipAccount;
    app.limiter.spend(limit, &caller.user.to_string()).await?;
    for _ in 0..ATTEMPTS_MAX {
        let account = match holder(app, &email).await? {
            Some(user) => Account::of(app, user).await?,
            None => None,
        };
        let Some(account) = account else {
            return invite(app, caller, origin, &email, body.role).await;
        };
        // None: the account has changed since it was read, and may be erased.
        if let Some(accepted) = add(app, caller, origin, &account, &email, body.role).await? {
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
    email: &EmailAddress,
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
    let answer = |_: &Workspace| {
        let added = AddedBody {
            user_id: Some(user),
            // Told from the request each time.
            email: String::new(),
            role,
            state: "active",
            invitation: None,
            expires_at: None,
        };
        Ok(Answer {
            status: StatusCode::CREATED,
            body: serde_json::to_string(&added)?,
        })
    };
    let accepted = match app.commands.handle(origin, wish, answer).await {
        Err(HandleError::Moved) => return Ok(None),
        accepted => accepted?,
    };
    let said = [("email", email.as_str())];
    accepted.telling(&said).map(Some).map_err(internal)
}

/// Nothing is stored of it, so the answer stands where the workspace stands.
async fn invite(
    app: &App,
    caller: &Caller,
    origin: &Origin,
    email: &EmailAddress,
    role: Role,
) -> Result<Accepted, Problem> {
    let expires_at = later(origin.time, invitation::LIFETIME);
    let invitation = Invitation {
        id: world::new_id(),
        workspace: caller.workspace,
        role,
        email: email.as_str().to_owned(),
        by: caller.user,
        expires_at,
    };
    let added = AddedBody {
        user_id: None,
        email: email.as_str().to_owned(),
        role,
        state: "invited",
        invitation: Some(invitation.seal(&app.keyring).map_err(internal)?),
        expires_at: Some(expires_at),
    };
    let answer = Answer {
        status: StatusCode::CREATED,
        body: serde_json::to_string(&added).map_err(internal)?,
    };
    let subject = Subject::Workspace(caller.workspace);
    let last = app.broker.last_from_leader(&subject).await;
    let last = last.map_err(unread)?;
    let position = last.ok_or_else(Problem::not_found)?.position;
    Ok(Accepted::first(answer, position.sequence, position))
}

//! Founding a workspace beside one's own.

use axum::http::StatusCode;
use events::core::{Role, UserEvent};
use events::{StreamName, Subject, Timestamp, UserId, WorkspaceId};
use nats::{Expected, NewMessage};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::caller::Caller;
use service::problem::Problem;
use service::world;
use utoipa::ToSchema;

use super::account::Account;
use super::workspace::{Found, Workspace, WorkspaceRejection};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::Wish;
use crate::origin::Origin;
use crate::problem::internal;
use crate::text;

/// The longest name of a workspace, in characters.
const NAME_CHARS_MAX: usize = 100;
/// Workspaces that one user may belong to: to erase the user, all of them change in one batch.
pub(super) const WORKSPACES_MAX: usize = 100;
/// Others may take a user in and let the user go again, and each time is told in the user's own history: beyond so many
/// events nobody may any more, so that it can always be read.
const EVENTS_MAX: usize = 10_000;

/// What somebody who wants a further workspace sends.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FoundBody {
    /// What it is called; it stands in clear on the log.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// A workspace, as its member sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkspaceBody {
    #[schema(value_type = uuid::Uuid)]
    id: WorkspaceId,
    name: String,
    /// What the caller may do there.
    #[schema(value_type = String, example = "admin")]
    role: Role,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Founds a workspace, whose first admin the caller is; to work in it, refresh with its id.
pub(crate) async fn found(
    app: &App,
    caller: &Caller,
    origin: &Origin,
    body: FoundBody,
) -> Result<Accepted, Problem> {
    // Before anything that time may have changed: it was answered once.
    let once = origin.once.as_ref();
    let earlier = app
        .commands
        .earlier::<WorkspaceRejection>(StreamName::Core, once);
    if let Some(earlier) = earlier.await? {
        return Ok(earlier);
    }
    let mut faults = Faults::default();
    let name = faults.take("/name", text::line(&body.name, NAME_CHARS_MAX));
    let Some(name) = name else {
        return Err(faults.into());
    };
    let account = Account::of(app, caller.user).await?;
    let account = account.ok_or_else(Problem::not_found)?;
    may_join_another(&account)?;
    let id = WorkspaceId::new(world::new_id());
    let command = Found {
        founder: caller.user,
        name,
    };
    let wish = Wish {
        companions: vec![joined(origin, &account, id)?],
        ..Wish::of_new(Subject::Workspace(id), &command)
    };
    let created_at = origin.time;
    let answer = |_: &Workspace| {
        let body = serde_json::to_string(&WorkspaceBody {
            id,
            name: command.name.clone(),
            role: Role::Admin,
            created_at,
        })?;
        Ok(Answer {
            status: StatusCode::CREATED,
            body,
        })
    };
    Ok(app.commands.handle(origin, wish, answer).await?)
}

pub(super) fn may_join_another(account: &Account) -> Result<(), Problem> {
    if account.events >= EVENTS_MAX {
        return Err(Problem::conflict(
            "too_many_changes",
            "The user has joined and left workspaces too often",
        ));
    }
    if account.joined.len() < WORKSPACES_MAX {
        return Ok(());
    }
    Err(Problem::conflict(
        "too_many_workspaces",
        "A user belongs to 100 workspaces at most",
    ))
}

/// Tells the user's own history of a workspace, if nothing else has happened to the user since it was read.
pub(super) fn joined(
    origin: &Origin,
    account: &Account,
    workspace: WorkspaceId,
) -> Result<NewMessage, Problem> {
    let event = UserEvent::Joined { workspace };
    let expected = Expected::LastSequence(account.version);
    of_user(origin, account.id, &event, expected)
}

/// The same when it ends, whatever else has happened to the user.
pub(super) fn left(
    origin: &Origin,
    user: UserId,
    workspace: WorkspaceId,
) -> Result<NewMessage, Problem> {
    let event = UserEvent::Left { workspace };
    of_user(origin, user, &event, Expected::Any)
}

fn of_user(
    origin: &Origin,
    user: UserId,
    event: &UserEvent,
    expected: Expected,
) -> Result<NewMessage, Problem> {
    let (subject, metadata) = (Subject::User(user), origin.metadata());
    NewMessage::event(subject, &metadata, event, expected).map_err(internal)
}

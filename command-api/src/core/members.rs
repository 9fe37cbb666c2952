//! The members of a workspace: taking in, changing roles, suspending, reinstating, removing.

use axum::http::StatusCode;
use events::core::Role;
use events::{StreamName, Subject, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};
use service::caller::Caller;
use service::headers::IfMatch;
use service::limits::Limit;
use service::problem::Problem;
use utoipa::ToSchema;

use super::found_workspace::left;
use super::meant::Meant;
use super::workspace::{
    ChangeRole, Member, ReinstateMember, RemoveMember, SuspendMember, Workspace, WorkspaceRejection,
};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::decider::Decide;
use crate::handle::Wish;
use crate::origin::Origin;
use crate::problem::internal;

/// The role that a member is to have.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleBody {
    /// `admin`, `editor` or `viewer`.
    #[schema(value_type = String, example = "editor")]
    role: Role,
}

/// A member, as the workspace's admins see it.
#[derive(Serialize, ToSchema)]
pub(crate) struct MemberBody {
    #[schema(value_type = uuid::Uuid)]
    pub(super) user_id: UserId,
    #[schema(value_type = String, example = "editor")]
    pub(super) role: Role,
    /// `active` or `suspended`.
    pub(super) state: &'static str,
}

/// Another's workspace is not there: who wants to govern it refreshes into it first.
pub(super) fn must_be_here(caller: &Caller, workspace: WorkspaceId) -> Result<(), Problem> {
    let is_here = caller.workspace == workspace;
    is_here.then_some(()).ok_or_else(Problem::not_found)
}

/// Counts one change of a membership against what the caller may do.
pub(super) async fn spend(app: &App, caller: &Caller) -> Result<(), Problem> {
    let limit = Limit::MembershipAccount;
    app.limiter.spend(limit, &caller.user.to_string()).await
}

/// Gives a member another role.
pub(crate) async fn change_role(
    app: &App,
    caller: &Caller,
    user: UserId,
    if_match: &IfMatch,
    body: &RoleBody,
) -> Result<Accepted, Problem> {
    spend(app, caller).await?;
    let command = ChangeRole {
        user,
        role: body.role,
    };
    let origin = Origin::of(caller.actor());
    let meant = Meant {
        subject: Subject::Workspace(caller.workspace),
        if_match,
        companions: Vec::new(),
    };
    let find = |workspace: &Workspace| must_be_member(workspace, user);
    let done = meant.carry_out(app, &origin, &command, find).await?;
    let answer = member_answer(&done.state, user).map_err(internal)?;
    Ok(Accepted::first(answer, done.version, done.position))
}

/// Suspends a member: what it holds is refused within a second, here and nowhere else.
pub(crate) async fn suspend(
    app: &App,
    caller: &Caller,
    origin: &Origin,
    user: UserId,
) -> Result<Accepted, Problem> {
    govern(app, caller, origin, user, &SuspendMember { user }).await
}

/// Lets a suspended member act again.
pub(crate) async fn reinstate(
    app: &App,
    caller: &Caller,
    origin: &Origin,
    user: UserId,
) -> Result<Accepted, Problem> {
    govern(app, caller, origin, user, &ReinstateMember { user }).await
}

async fn govern<C>(
    app: &App,
    caller: &Caller,
    origin: &Origin,
    user: UserId,
    command: &C,
) -> Result<Accepted, Problem>
where
    C: Decide<Workspace, Rejection = WorkspaceRejection>,
{
    // Before it is counted: it was answered once.
    let once = origin.once.as_ref();
    let earlier = app
        .commands
        .earlier::<WorkspaceRejection>(StreamName::Core, once);
    if let Some(earlier) = earlier.await? {
        return Ok(earlier);
    }
    spend(app, caller).await?;
    let wish = Wish::on(Subject::Workspace(caller.workspace), command);
    let answer = |workspace: &Workspace| member_answer(workspace, user);
    Ok(app.commands.handle(origin, wish, answer).await?)
}

fn member_answer(workspace: &Workspace, user: UserId) -> Result<Answer, serde_json::Error> {
    let body = workspace
        .member(user)
        .map(|Member { role, is_suspended }| MemberBody {
            user_id: user,
            role,
            state: if is_suspended { "suspended" } else { "active" },
        });
    Ok(Answer {
        status: StatusCode::OK,
        body: serde_json::to_string(&body)?,
    })
}

/// Removes a member, who may be the caller: then the caller leaves.
pub(crate) async fn remove(
    app: &App,
    caller: &Caller,
    user: UserId,
    if_match: &IfMatch,
) -> Result<Accepted, Problem> {
    spend(app, caller).await?;
    let origin = Origin::of(caller.actor());
    let meant = Meant {
        subject: Subject::Workspace(caller.workspace),
        if_match,
        companions: vec![left(&origin, user, caller.workspace)?],
    };
    let command = RemoveMember { user };
    let find = |workspace: &Workspace| must_be_member(workspace, user);
    let done = meant.carry_out(app, &origin, &command, find).await?;
    let answer = Answer::empty(StatusCode::NO_CONTENT);
    Ok(Accepted::first(answer, done.version, done.position))
}

/// Who is no member is not there.
pub(super) fn must_be_member(workspace: &Workspace, user: UserId) -> Result<(), Problem> {
    let member = workspace.member(user);
    member.map(|_| ()).ok_or_else(Problem::not_found)
}

//! Whose account a caller may change: the caller's own, and those whose own workspace the caller governs.

use events::{Subject, UserId};
use service::caller::Caller;
use service::problem::Problem;

use super::account::Account;
use super::members;
use super::workspace::Workspace;
use crate::app::App;
use crate::handle::Source;
use crate::problem::unread;

/// The account, if the caller may change it.
///
/// Anybody may found a workspace and take others in, so an admin's word counts only in the workspace that was opened
/// for the account (ADR 12); who isn't a member of the caller's workspace isn't there at all.
pub(super) async fn account(app: &App, caller: &Caller, id: UserId) -> Result<Account, Problem> {
    if caller.user != id {
        must_be_member(app, caller, id).await?;
    }
    let account = Account::of(app, id).await?;
    let account = account.ok_or_else(Problem::not_found)?;
    if caller.user != id && caller.workspace != account.workspace {
        return Err(Problem::forbidden(
            "the account belongs to its user, and to the admins of the workspace that was opened for it; \
             you may suspend the member, or remove it from your workspace",
        ));
    }
    Ok(account)
}

async fn must_be_member(app: &App, caller: &Caller, id: UserId) -> Result<(), Problem> {
    let subject = Subject::Workspace(caller.workspace);
    let loaded = app
        .commands
        .load::<Workspace>(&subject, Source::Leader)
        .await;
    let (workspace, _) = loaded.map_err(unread)?;
    members::must_be_member(&workspace, id)
}

//! Choosing another password, which ends the user's other sessions.

use axum::http::StatusCode;
use events::Subject;
use events::core::UserEvent;
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::caller::Caller;
use service::headers::{ETag, IfMatch};
use service::limits::Limit;
use service::problem::Problem;
use utoipa::ToSchema;

use super::account::Account;
use super::identity::Profile;
use super::password::Password;
use super::user::{ChangePassword, User};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::{HandleError, Wish};
use crate::origin::Origin;
use crate::problem::{contended, internal};

/// The old password, and the new one.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePasswordBody {
    #[schema(format = Password)]
    current_password: String,
    /// 12 to 128 characters, and none of the common ones.
    #[schema(format = Password, min_length = 12, max_length = 128)]
    new_password: String,
}

/// Changes the caller's password; the session in which it is asked goes on.
pub(crate) async fn change_password(
    app: &App,
    caller: &Caller,
    if_match: &IfMatch,
    body: ChangePasswordBody,
) -> Result<Accepted, Problem> {
    let kept = caller.session()?;
    let mut faults = Faults::default();
    let new = faults.take("/new_password", Password::choose(body.new_password));
    let Some(new) = new else {
        return Err(faults.into());
    };
    let account = Account::of(app, caller.user).await?;
    let account = account.ok_or_else(Problem::not_found)?;
    if_match.check(&ETag::version(account.version))?;
    prove(app, &account, body.current_password).await?;

    let hash = app.hashing.hash(new).await?;
    let sealed = account.key.seal(UserEvent::PASSWORD_HASH_SEAL, &hash);
    let command = ChangePassword {
        password_hash: sealed.map_err(internal)?,
        kept,
    };
    let origin = Origin::of(caller.actor());
    // At this version only: the password that was proven must still be the account's.
    let wish = Wish::at(Subject::User(account.id), account.version, &command);
    match app.commands.carry_out::<User, _>(&origin, wish).await {
        Err(HandleError::Moved) => Err(contended()),
        changed => {
            let done = changed?;
            let answer = Answer::empty(StatusCode::NO_CONTENT);
            Ok(Accepted::first(answer, done.version, done.position))
        }
    }
}

async fn prove(app: &App, account: &Account, current: String) -> Result<(), Problem> {
    // One limit for all ways to try a password.
    let Profile { email, .. } = account.profile()?;
    app.limiter.spend(Limit::LoginAccount, &email).await?;
    let password = Password::parse(current);
    let is_possible = password.is_ok();
    let password = password.unwrap_or_else(|_| Password::impossible());
    let phc = Some(account.password_hash()?);
    if app.hashing.is_right(password, phc).await? && is_possible {
        return Ok(());
    }
    let mut faults = Faults::default();
    faults.add("/current_password", "is not your password");
    Err(faults.into())
}

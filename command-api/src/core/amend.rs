//! Changing a name or an address: the old address is given up and the new one taken in one step.

use axum::http::StatusCode;
use events::core::{Role, UserEvent};
use events::{Subject, UserId};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::caller::Caller;
use service::headers::{ETag, IfMatch};
use service::limits::Limit;
use service::problem::Problem;
use utoipa::ToSchema;

use super::account::Account;
use super::body::UserBody;
use super::email_address::EmailAddress;
use super::govern;
use super::identity::Profile;
use super::name::Name;
use super::user::{Amend, User};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::{ATTEMPTS_MAX, HandleError, Wish};
use crate::origin::Origin;
use crate::problem::{contended, internal};

/// What is to be changed; what is left out stays.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendBody {
    /// What the person wants to be called.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Compared without regard to case.
    #[schema(format = Email, max_length = 254)]
    email: Option<String>,
}

/// What is wanted, as far as it is wanted.
struct Wanted {
    name: Option<Name>,
    email: Option<EmailAddress>,
}

fn parse(body: &AmendBody) -> Result<Wanted, Problem> {
    let mut faults = Faults::default();
    let name = body.name.as_deref().map(Name::parse);
    let name = name.and_then(|name| faults.take("/name", name));
    let email = body.email.as_deref().map(EmailAddress::parse);
    let email = email.and_then(|email| faults.take("/email", email));
    faults.finish()?;
    Ok(Wanted { name, email })
}

/// Changes what is said, and answers the whole account.
pub(crate) async fn amend(
    app: &App,
    caller: &Caller,
    id: UserId,
    if_match: &IfMatch,
    body: &AmendBody,
) -> Result<Accepted, Problem> {
    let wanted = parse(body)?;
    if wanted.email.is_some() {
        // Else whoever has an account could ask of any address whether it has one, too.
        let limit = Limit::EmailAccount;
        app.limiter.spend(limit, &caller.user.to_string()).await?;
    }
    let origin = Origin::of(caller.actor());
    for _ in 0..ATTEMPTS_MAX {
        let account = govern::account(app, caller, id).await?;
        if_match.check(&ETag::version(account.version))?;
        // None: somebody changed the account in between, and which address to give up must be looked up again.
        if let Some(accepted) = change(app, caller, &origin, &account, &wanted).await? {
            return Ok(accepted);
        }
    }
    Err(contended())
}

async fn change(
    app: &App,
    caller: &Caller,
    origin: &Origin,
    account: &Account,
    wanted: &Wanted,
) -> Result<Option<Accepted>, Problem> {
    let Profile { email, name } = account.profile()?;
    let new_name = wanted.name.as_ref().filter(|it| it.as_str() != name);
    let new_email = wanted.email.as_ref().filter(|it| it.as_str() != email);
    let seal = |context, text: Option<&str>| {
        let sealed = text.map(|text| account.key.seal(context, text));
        sealed.transpose().map_err(internal)
    };
    let command = Amend {
        name: seal(UserEvent::NAME_SEAL, new_name.map(Name::as_str))?,
        email: seal(UserEvent::EMAIL_SEAL, new_email.map(EmailAddress::as_str))?,
    };
    let old = EmailAddress::parse(&email).map_err(internal)?;
    let claim = |address| app.identities.claim(address);
    let wish = Wish {
        releases: new_email.map(|_| claim(&old)).into_iter().collect(),
        ..Wish::at(Subject::User(account.id), account.version, &command)
            .claiming(new_email.map(claim))
    };
    let changed = app.commands.carry_out::<User, _>(origin, wish).await;
    let done = match changed {
        Err(HandleError::Moved) => return Ok(None),
        changed => changed?,
    };
    let profile = Profile {
        name: new_name.map_or(name, |it| it.as_str().to_owned()),
        email: new_email.map_or(email, |it| it.as_str().to_owned()),
    };
    let user = answer(account, profile, caller)?;
    Ok(Some(Accepted::first(user, done.version, done.position)))
}

fn answer(account: &Account, profile: Profile, caller: &Caller) -> Result<Answer, Problem> {
    // Whoever else may do this does it in the user's own workspace, where the user is an admin.
    let is_oneself = caller.user == account.id;
    let role = if is_oneself { caller.role } else { Role::Admin };
    let body = UserBody {
        email: profile.email,
        name: profile.name,
        ..account.body(role)?
    };
    let body = serde_json::to_string(&body).map_err(internal)?;
    Ok(Answer {
        status: StatusCode::OK,
        body,
    })
}

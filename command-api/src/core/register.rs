//! Registering: a user, the claim on the address, and the user's own workspace, in one step.

use axum::http::StatusCode;
use events::core::{Role, UserEvent, WorkspaceEvent};
use events::{StreamName, Subject, UserId, WorkspaceId};
use nats::{Expected, NewMessage};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::limits::Limit;
use service::problem::Problem;
use service::sealed::SealingKey;
use service::world;
use utoipa::ToSchema;

use super::body::UserBody;
use super::email_address::EmailAddress;
use super::identity::Profile;
use super::invitation::{Invitation, InvitationError};
use super::name::Name;
use super::password::Password;
use super::user::{Register, User, UserRejection};
use super::workspace::{AddMember, Workspace};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::decider::Decide;
use crate::handle::{ATTEMPTS_MAX, HandleError, Source, Wish};
use crate::origin::Origin;
use crate::problem::{contended, internal, unread};

/// What somebody who wants an account sends.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterBody {
    /// Compared without regard to case.
    #[schema(format = Email, max_length = 254)]
    pub(crate) email: String,
    /// 12 to 128 characters, and none of the common ones.
    #[schema(format = Password, min_length = 12, max_length = 128)]
    password: String,
    /// What the person wants to be called.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What an admin of a workspace has handed over: makes the person a member of it, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<String>,
}

struct Registration {
    email: EmailAddress,
    password: Password,
    name: Name,
    /// Whoever sends the same again is answered as the first time, though the invitation has expired since.
    invitation: Result<Option<Invitation>, InvitationError>,
}

/// Somebody who is about to have an account.
struct Newcomer {
    user: UserId,
    key: SealingKey,
    email: EmailAddress,
    name: Name,
    invitation: Option<Invitation>,
}

fn parse(app: &App, origin: &Origin, body: RegisterBody) -> Result<Registration, Problem> {
    let mut faults = Faults::default();
    let email = faults.take("/email", EmailAddress::parse(&body.email));
    let password = faults.take("/password", Password::choose(body.password));
    let name = faults.take("/name", Name::parse(&body.name));
    let invitation = match (&body.invitation, &email) {
        (Some(text), Some(address)) => {
            Invitation::open(text, address, &app.keyring, origin.time).map(Some)
        }
        _ => Ok(None),
    };
    let (Some(email), Some(password), Some(name)) = (email, password, name) else {
        faults.take("/invitation", invitation);
        return Err(faults.into());
    };
    Ok(Registration {
        email,
        password,
        name,
        invitation,
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
        invitation,
    } = parse(app, origin, body)?;
    let limit = Limit::RegistrationAccount;
    app.limiter.spend(limit, email.as_str()).await?;
    // Behind the limit, or passwords could be tried with a key that somebody else has sent.
    let once = origin.once.as_ref();
    let earlier = app
        .commands
        .earlier::<UserRejection>(StreamName::Core, once);
    if let Some(earlier) = earlier.await? {
        return told(earlier, &email, &name);
    }
    let mut faults = Faults::default();
    let invitation = faults.take("/invitation", invitation);
    faults.finish()?;
    let password_hash = app.hashing.hash(password).await?;
    let user = UserId::new(world::new_id());
    let newcomer = Newcomer {
        user,
        key: app.identities.make_key(user).await?,
        email,
        name,
        invitation: invitation.flatten(),
    };
    let accepted = newcomer.register(app, origin, &password_hash).await;
    // After a failure the user may be stored all the same, and could never be read without the key.
    let is_unused = match &accepted {
        Ok(accepted) => accepted.is_replayed,
        Err(problem) => problem.status().is_client_error(),
    };
    if is_unused {
        app.identities.destroy_key(user).await;
    }
    accepted
}

impl Newcomer {
    async fn register(
        &self,
        app: &App,
        origin: &Origin,
        password_hash: &str,
    ) -> Result<Accepted, Problem> {
        let workspace = WorkspaceId::new(world::new_id());
        let seal = |context, text| self.key.seal(context, text).map_err(internal);
        let command = Register {
            email: seal(UserEvent::EMAIL_SEAL, self.email.as_str())?,
            name: seal(UserEvent::NAME_SEAL, self.name.as_str())?,
            password_hash: seal(UserEvent::PASSWORD_HASH_SEAL, password_hash)?,
            workspace,
            joins: self.invitation.as_ref().map(|it| it.workspace),
        };
        for _ in 0..ATTEMPTS_MAX {
            let opened = WorkspaceEvent::Opened { owner: self.user };
            let mut companions = vec![companion(origin, workspace, &opened, 0)?];
            if let Some(invitation) = &self.invitation {
                companions.extend(self.accept(app, origin, invitation).await?);
            }
            let wish = Wish {
                companions,
                ..Wish::of_new(Subject::User(self.user), &command).claiming(self.claims(app))
            };
            let answer = |_: &User| self.answer(origin, workspace);
            match app.commands.handle(origin, wish, answer).await {
                Err(HandleError::Moved) => {}
                done => return told(done?, &self.email, &self.name),
            }
        }
        Err(contended())
    }

    fn claims(&self, app: &App) -> Vec<Subject> {
        let invitation = self.invitation.as_ref().map(Invitation::claim);
        let address = app.identities.claim(&self.email);
        [address].into_iter().chain(invitation).collect()
    }

    /// Without the address and the name, which are told from the request each time.
    fn answer(&self, origin: &Origin, workspace: WorkspaceId) -> Result<Answer, serde_json::Error> {
        let profile = Profile {
            email: String::new(),
            name: String::new(),
        };
        let user = UserBody::new(self.user, profile, workspace, Role::Admin, origin.time);
        Ok(Answer {
            status: StatusCode::CREATED,
            body: serde_json::to_string(&user)?,
        })
    }

    /// What makes the newcomer a member of the workspace that invited, as long as its admin may invite.
    async fn accept(
        &self,
        app: &App,
        origin: &Origin,
        invitation: &Invitation,
    ) -> Result<Vec<NewMessage>, Problem> {
        let subject = Subject::Workspace(invitation.workspace);
        let loaded = app
            .commands
            .load::<Workspace>(&subject, Source::Leader)
            .await;
        let (state, version) = loaded.map_err(unread)?;
        let inviter = state.member(invitation.by);
        if !inviter.is_some_and(|it| it.role == Role::Admin && !it.is_suspended) {
            let mut faults = Faults::default();
            faults.add(
                "/invitation",
                "was given by somebody who is no admin any more",
            );
            return Err(faults.into());
        }
        let command = AddMember {
            user: self.user,
            role: invitation.role,
        };
        let added = command.decide(&state)?;
        let messages = added
            .iter()
            .map(|event| companion(origin, invitation.workspace, event, version));
        messages.collect()
    }
}

/// Tells what is not kept for an `Idempotency-Key`.
fn told(accepted: Accepted, email: &EmailAddress, name: &Name) -> Result<Accepted, Problem> {
    let said = [("email", email.as_str()), ("name", name.as_str())];
    accepted.telling(&said).map_err(internal)
}

fn companion(
    origin: &Origin,
    workspace: WorkspaceId,
    event: &WorkspaceEvent,
    version: u64,
) -> Result<NewMessage, Problem> {
    let (subject, expected) = (
        Subject::Workspace(workspace),
        Expected::LastSequence(version),
    );
    NewMessage::event(subject, &origin.metadata(), event, expected).map_err(internal)
}

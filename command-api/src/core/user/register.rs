//! Making an account.

use events::core::UserEvent;
use events::{Sealed, WorkspaceId};

use super::User;
use crate::decider::Decide;

/// Somebody wants an account.
pub(crate) struct Register {
    pub(crate) email: Sealed,
    pub(crate) name: Sealed,
    pub(crate) password_hash: Sealed,
    /// The workspace to open for the person.
    pub(crate) workspace: WorkspaceId,
}

/// Why nothing came of a wish about a user.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UserRejection {
    #[error("the user is registered already")]
    AlreadyRegistered,
}

impl Decide<User> for Register {
    type Rejection = UserRejection;

    fn decide(&self, state: &User) -> Result<Vec<UserEvent>, UserRejection> {
        match state {
            User::Unknown => Ok(vec![UserEvent::Registered {
                email: self.email.clone(),
                name: self.name.clone(),
                password_hash: self.password_hash.clone(),
                workspace: self.workspace,
            }]),
            User::Registered { .. } => Err(UserRejection::AlreadyRegistered),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Register, User, UserRejection};
    use crate::spec::given;
    use events::core::UserEvent;
    use events::{Sealed, WorkspaceId};
    use uuid::Uuid;

    fn sealed(text: &str) -> Sealed {
        Sealed::new(text.to_owned())
    }

    fn register() -> Register {
        let workspace = WorkspaceId::new(Uuid::from_u128(1));
        Register {
            email: sealed("e"),
            name: sealed("n"),
            password_hash: sealed("p"),
            workspace,
        }
    }

    fn registered() -> UserEvent {
        let Register {
            email,
            name,
            password_hash,
            workspace,
        } = register();
        UserEvent::Registered {
            email,
            name,
            password_hash,
            workspace,
        }
    }

    #[test]
    fn a_stranger_gets_an_account() {
        given::<User>(&[]).when(&register()).then([registered()]);
    }

    #[test]
    fn a_user_gets_no_second_account() {
        given::<User>(&[registered()])
            .when(&register())
            .then_rejected(|it| *it == UserRejection::AlreadyRegistered);
    }
}

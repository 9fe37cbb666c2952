//! Making an account.

use events::core::UserEvent;
use events::{Sealed, WorkspaceId};

use super::{User, UserRejection};
use crate::decider::Decide;

/// Somebody wants an account.
pub(crate) struct Register {
    pub(crate) email: Sealed,
    pub(crate) name: Sealed,
    pub(crate) password_hash: Sealed,
    /// The workspace to open for the person.
    pub(crate) workspace: WorkspaceId,
    /// The workspace that the person was invited to.
    pub(crate) joins: Option<WorkspaceId>,
}

impl Decide<User> for Register {
    type Rejection = UserRejection;

    fn decide(&self, state: &User) -> Result<Vec<UserEvent>, UserRejection> {
        match state {
            User::Unknown => {
                let registered = UserEvent::Registered {
                    email: self.email.clone(),
                    name: self.name.clone(),
                    password_hash: self.password_hash.clone(),
                    workspace: self.workspace,
                };
                let joined = self.joins.map(|workspace| UserEvent::Joined { workspace });
                Ok(std::iter::once(registered).chain(joined).collect())
            }
            User::Registered { .. } | User::Erased => Err(UserRejection::AlreadyRegistered),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Register, User, UserRejection};
    use crate::core::user::samples::{erased, registered, sealed, workspace};
    use crate::spec::given;
    use events::WorkspaceId;
    use events::core::UserEvent;
    use uuid::Uuid;

    fn register() -> Register {
        Register {
            email: sealed("e"),
            name: sealed("n"),
            password_hash: sealed("p"),
            workspace: workspace(),
            joins: None,
        }
    }

    #[test]
    fn a_stranger_gets_an_account() {
        given::<User>(&[]).when(&register()).then([registered()]);
    }

    #[test]
    fn who_was_invited_joins_in_the_same_step() {
        let workspace = WorkspaceId::new(Uuid::from_u128(2));
        let invited = Register {
            joins: Some(workspace),
            ..register()
        };
        given::<User>(&[])
            .when(&invited)
            .then([registered(), UserEvent::Joined { workspace }]);
    }

    #[test]
    fn a_user_gets_no_second_account() {
        for history in [vec![registered()], vec![registered(), erased()]] {
            given::<User>(&history)
                .when(&register())
                .then_rejected(|it| *it == UserRejection::AlreadyRegistered);
        }
    }
}

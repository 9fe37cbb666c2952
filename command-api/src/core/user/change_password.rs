//! Choosing another password.

use events::core::UserEvent;
use events::{Sealed, SessionId};

use super::{User, UserRejection};
use crate::decider::Decide;

/// A user who has proven to know the old password wants another.
pub(crate) struct ChangePassword {
    pub(crate) password_hash: Sealed,
    /// The session in which it is changed: it goes on, the others end.
    pub(crate) kept: SessionId,
}

impl Decide<User> for ChangePassword {
    type Rejection = UserRejection;

    fn decide(&self, state: &User) -> Result<Vec<UserEvent>, UserRejection> {
        state.may_change()?;
        Ok(vec![UserEvent::PasswordChanged {
            password_hash: self.password_hash.clone(),
            kept: self.kept,
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::{ChangePassword, User, UserRejection};
    use crate::core::user::CHANGES_MAX;
    use crate::core::user::samples::{changed, erased, registered, sealed};
    use crate::spec::given;
    use events::SessionId;
    use events::core::UserEvent;
    use uuid::Uuid;

    fn change() -> ChangePassword {
        ChangePassword {
            password_hash: sealed("q"),
            kept: SessionId::new(Uuid::from_u128(3)),
        }
    }

    #[test]
    fn a_user_gets_the_new_password_and_keeps_one_session() {
        let ChangePassword {
            password_hash,
            kept,
        } = change();
        let changed = UserEvent::PasswordChanged {
            password_hash,
            kept,
        };
        given::<User>(&[registered()])
            .when(&change())
            .then([changed]);
    }

    #[test]
    fn a_password_is_changed_only_so_often() {
        let ChangePassword {
            password_hash,
            kept,
        } = change();
        let last = UserEvent::PasswordChanged {
            password_hash,
            kept,
        };
        let mut history = changed(CHANGES_MAX - 1);
        given::<User>(&history).when(&change()).then([last.clone()]);
        history.push(last);
        given::<User>(&history)
            .when(&change())
            .then_rejected(|it| *it == UserRejection::ChangedTooOften);
    }

    #[test]
    fn who_is_not_there_has_no_password() {
        for history in [vec![], vec![registered(), erased()]] {
            given::<User>(&history)
                .when(&change())
                .then_rejected(|it| *it == UserRejection::Unknown);
        }
    }
}

//! Forgetting a person.

use events::core::UserEvent;

use super::{User, UserRejection};
use crate::decider::Decide;

/// A person wants to be forgotten.
pub(crate) struct Erase;

impl Decide<User> for Erase {
    type Rejection = UserRejection;

    fn decide(&self, state: &User) -> Result<Vec<UserEvent>, UserRejection> {
        match state {
            User::Registered { workspace, .. } => Ok(vec![UserEvent::Erased {
                workspace: *workspace,
            }]),
            User::Erased => Ok(Vec::new()),
            User::Unknown => Err(UserRejection::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Erase, User, UserRejection};
    use crate::core::user::samples::{erased, registered};
    use crate::spec::given;

    #[test]
    fn a_user_is_forgotten_once() {
        given::<User>(&[registered()]).when(&Erase).then([erased()]);
        given::<User>(&[registered(), erased()])
            .when(&Erase)
            .then([]);
    }

    #[test]
    fn who_was_never_there_cannot_be_forgotten() {
        given::<User>(&[])
            .when(&Erase)
            .then_rejected(|it| *it == UserRejection::Unknown);
    }
}

//! Changing what a person is called, and the person's address.

use events::Sealed;
use events::core::UserEvent;

use super::{User, UserRejection};
use crate::decider::Decide;

/// A user wants another name, another address, or both; what stays as it is is left out.
pub(crate) struct Amend {
    pub(crate) name: Option<Sealed>,
    pub(crate) email: Option<Sealed>,
}

impl Decide<User> for Amend {
    type Rejection = UserRejection;

    fn decide(&self, state: &User) -> Result<Vec<UserEvent>, UserRejection> {
        match state {
            User::Registered { .. } => {
                let renamed = self.name.clone().map(|name| UserEvent::Renamed { name });
                let email = self.email.clone();
                let changed = email.map(|email| UserEvent::EmailChanged { email });
                let events: Vec<_> = renamed.into_iter().chain(changed).collect();
                if !events.is_empty() {
                    state.may_change()?;
                }
                Ok(events)
            }
            User::Unknown | User::Erased => Err(UserRejection::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Amend, User, UserRejection};
    use crate::core::user::CHANGES_MAX;
    use crate::core::user::samples::{changed, erased, joined_and_left, registered, sealed};
    use crate::spec::given;
    use events::core::UserEvent;

    #[test]
    fn only_what_changes_is_told() {
        let amend = |name: Option<&str>, email: Option<&str>| Amend {
            name: name.map(sealed),
            email: email.map(sealed),
        };
        let renamed = UserEvent::Renamed { name: sealed("m") };
        let changed = UserEvent::EmailChanged { email: sealed("f") };
        let given = || given::<User>(&[registered()]);
        given().when(&amend(None, None)).then([]);
        given()
            .when(&amend(Some("m"), None))
            .then([renamed.clone()]);
        given()
            .when(&amend(Some("m"), Some("f")))
            .then([renamed, changed]);
    }

    #[test]
    fn a_history_that_is_read_for_each_login_does_not_grow_for_ever() {
        let rename = Amend {
            name: Some(sealed("m")),
            email: None,
        };
        let renamed = UserEvent::Renamed { name: sealed("m") };
        let mut history = changed(CHANGES_MAX - 1);
        given::<User>(&history)
            .when(&rename)
            .then([renamed.clone()]);
        history.push(renamed);
        given::<User>(&history)
            .when(&rename)
            .then_rejected(|it| *it == UserRejection::ChangedTooOften);
        let nothing = Amend {
            name: None,
            email: None,
        };
        given::<User>(&history).when(&nothing).then([]);
    }

    #[test]
    fn what_others_do_uses_up_nobodys_own_changes() {
        let rename = Amend {
            name: Some(sealed("m")),
            email: None,
        };
        given::<User>(&joined_and_left(CHANGES_MAX))
            .when(&rename)
            .then([UserEvent::Renamed { name: sealed("m") }]);
    }

    #[test]
    fn who_is_not_there_cannot_change() {
        for history in [vec![], vec![registered(), erased()]] {
            let amend = Amend {
                name: Some(sealed("m")),
                email: None,
            };
            given::<User>(&history)
                .when(&amend)
                .then_rejected(|it| *it == UserRejection::Unknown);
        }
    }
}

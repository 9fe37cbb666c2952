//! Opening a session: somebody has proven to know the password.

use events::core::SessionEvent;
use events::{Timestamp, UserId, WorkspaceId};

use super::{Session, SessionRejection};
use crate::decider::Decide;

/// Somebody logs in.
pub(crate) struct Open {
    pub(crate) user: UserId,
    pub(crate) workspace: WorkspaceId,
    /// The sequence of the user's last event when the password was found right.
    pub(crate) user_version: u64,
    /// SHA-256 of the first refresh token.
    pub(crate) token_hash: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) browser: Option<String>,
    pub(crate) os: Option<String>,
}

impl Decide<Session> for Open {
    type Rejection = SessionRejection;

    fn decide(&self, state: &Session) -> Result<Vec<SessionEvent>, SessionRejection> {
        match state {
            Session::Unknown => Ok(vec![SessionEvent::Opened {
                user: self.user,
                workspace: self.workspace,
                user_version: self.user_version,
                token_hash: self.token_hash.clone(),
                expires_at: self.expires_at,
                browser: self.browser.clone(),
                os: self.os.clone(),
            }]),
            Session::Open { .. } | Session::Closed { .. } => Err(SessionRejection::AlreadyOpen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Open, Session, SessionRejection};
    use crate::core::session::samples::{at, closed, opened, user, workspace};
    use crate::spec::given;
    use events::core::CloseReason;

    fn open() -> Open {
        Open {
            user: user(),
            workspace: workspace(),
            user_version: 7,
            token_hash: "a".to_owned(),
            expires_at: at(1_000),
            browser: None,
            os: None,
        }
    }

    #[test]
    fn a_login_opens_a_session() {
        given::<Session>(&[]).when(&open()).then([opened("a")]);
    }

    #[test]
    fn a_session_is_opened_once() {
        let ended = vec![opened("a"), closed(CloseReason::LoggedOut)];
        for history in [vec![opened("a")], ended] {
            given::<Session>(&history)
                .when(&open())
                .then_rejected(|it| *it == SessionRejection::AlreadyOpen);
        }
    }
}

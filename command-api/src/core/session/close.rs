//! Ending a session before its time.

use events::core::{CloseReason, SessionEvent};

use super::{Session, SessionRejection};
use crate::decider::Decide;

/// A user ends one of its sessions.
pub(crate) struct Close {
    pub(crate) reason: CloseReason,
}

impl Decide<Session> for Close {
    type Rejection = SessionRejection;

    fn decide(&self, state: &Session) -> Result<Vec<SessionEvent>, SessionRejection> {
        match state {
            Session::Open { user, .. } => Ok(vec![SessionEvent::Closed {
                user: *user,
                reason: self.reason,
            }]),
            Session::Closed { .. } => Ok(Vec::new()),
            Session::Unknown => Err(SessionRejection::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Close, Session, SessionRejection};
    use crate::core::session::samples::{closed, opened};
    use crate::spec::given;
    use events::core::CloseReason;

    const LOG_OUT: Close = Close {
        reason: CloseReason::LoggedOut,
    };

    #[test]
    fn a_session_ends_once() {
        let ended = closed(CloseReason::LoggedOut);
        given::<Session>(&[opened("a")])
            .when(&LOG_OUT)
            .then([ended.clone()]);
        given::<Session>(&[opened("a"), ended])
            .when(&LOG_OUT)
            .then([]);
    }

    #[test]
    fn what_was_never_open_cannot_end() {
        given::<Session>(&[])
            .when(&LOG_OUT)
            .then_rejected(|it| *it == SessionRejection::Unknown);
    }
}

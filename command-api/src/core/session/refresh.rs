//! Refreshing a session: its newest token is spent for a child; an older one may betray a thief.

use events::core::{CloseReason, SessionEvent};
use events::{Timestamp, WorkspaceId};

use super::{Session, SessionRejection, Spent};
use crate::decider::Decide;

/// Refreshes of one session: at one an hour, more than a year of them.
const REFRESHES_MAX: usize = 10_000;

/// Somebody shows a refresh token.
pub(crate) struct Refresh {
    /// SHA-256 of the token.
    pub(crate) token_hash: String,
    /// SHA-256 of its child, which follows from the token.
    pub(crate) child_hash: String,
    /// When it is shown.
    pub(crate) at: Timestamp,
    /// Until when the token is answered with the same child again.
    pub(crate) grace_until: Timestamp,
    /// The workspace to speak for; the one of before when left out.
    pub(crate) workspace: Option<WorkspaceId>,
    pub(crate) expires_at: Timestamp,
}

impl Decide<Session> for Refresh {
    type Rejection = SessionRejection;

    /// Nothing happens to a token that was spent a moment ago: its child is told again.
    fn decide(&self, state: &Session) -> Result<Vec<SessionEvent>, SessionRejection> {
        let Session::Open {
            user,
            workspace,
            user_version: _,
            spent,
            newest,
            expires_at,
        } = state
        else {
            return Err(match state {
                Session::Closed { .. } => SessionRejection::Closed,
                Session::Unknown | Session::Open { .. } => SessionRejection::Unknown,
            });
        };
        if *expires_at <= self.at {
            return Err(SessionRejection::Expired);
        }
        if *newest != self.token_hash {
            return self.again(spent).map(|is_stolen| {
                let closed = SessionEvent::Closed {
                    user: *user,
                    reason: CloseReason::TokenReused,
                };
                is_stolen.then_some(closed).into_iter().collect()
            });
        }
        if spent.len() >= REFRESHES_MAX {
            return Err(SessionRejection::Exhausted);
        }
        Ok(vec![SessionEvent::Refreshed {
            user: *user,
            workspace: self.workspace.unwrap_or(*workspace),
            token_hash: self.child_hash.clone(),
            grace_until: self.grace_until,
            expires_at: self.expires_at,
        }])
    }
}

impl Refresh {
    /// Whether a token that isn't the newest was spent too long ago to come from the tab beside.
    fn again(&self, spent: &[Spent]) -> Result<bool, SessionRejection> {
        let earlier = spent.iter().find(|it| it.token_hash == self.token_hash);
        let earlier = earlier.ok_or(SessionRejection::Stranger)?;
        Ok(earlier.grace_until <= self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::{Refresh, Session, SessionRejection};
    use crate::core::session::samples::{at, closed, opened, refreshed, workspace};
    use crate::spec::given;
    use events::core::CloseReason;

    fn refresh(token: &str, seconds: i64) -> Refresh {
        Refresh {
            token_hash: token.to_owned(),
            child_hash: format!("{token}'"),
            at: at(seconds),
            grace_until: at(seconds + 10),
            workspace: Some(workspace()),
            expires_at: at(1_000),
        }
    }

    #[test]
    fn the_newest_token_gets_a_child() {
        given::<Session>(&[opened("a")])
            .when(&refresh("a", 5))
            .then([refreshed("a'", 15)]);
    }

    #[test]
    fn two_tabs_get_the_same_child() {
        given::<Session>(&[opened("a"), refreshed("a'", 15)])
            .when(&refresh("a", 14))
            .then([]);
        let long_line = [opened("a"), refreshed("a'", 15), refreshed("a''", 16)];
        given::<Session>(&long_line)
            .when(&refresh("a", 14))
            .then([]);
    }

    #[test]
    fn a_spent_token_closes_the_session() {
        given::<Session>(&[opened("a"), refreshed("a'", 15)])
            .when(&refresh("a", 15))
            .then([closed(CloseReason::TokenReused)]);
    }

    #[test]
    fn a_token_that_was_never_given_out_closes_nothing() {
        given::<Session>(&[opened("a")])
            .when(&refresh("x", 5))
            .then_rejected(|it| *it == SessionRejection::Stranger);
    }

    #[test]
    fn what_has_ended_is_not_refreshed() {
        let ended = [opened("a"), closed(CloseReason::Ended)];
        given::<Session>(&ended)
            .when(&refresh("a", 5))
            .then_rejected(|it| *it == SessionRejection::Closed);
        given::<Session>(&[opened("a")])
            .when(&refresh("a", 1_000))
            .then_rejected(|it| *it == SessionRejection::Expired);
        given::<Session>(&[])
            .when(&refresh("a", 5))
            .then_rejected(|it| *it == SessionRejection::Unknown);
    }

    #[test]
    fn a_line_has_an_end() {
        let begin = [opened("0")];
        let line = (1..=super::REFRESHES_MAX).map(|it| refreshed(&it.to_string(), 1));
        let history: Vec<_> = begin.into_iter().chain(line).collect();
        given::<Session>(&history)
            .when(&refresh(&super::REFRESHES_MAX.to_string(), 5))
            .then_rejected(|it| *it == SessionRejection::Exhausted);
    }
}

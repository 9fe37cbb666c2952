//! The law of refresh tokens: whoever uses which of a family, in whatever order, at most one line stays alive.

use std::collections::BTreeSet;

use events::core::SessionEvent;
use proptest::prelude::*;

use super::samples::{at, opened, workspace};
use super::{Refresh, Session};
use crate::decider::{Aggregate, Decide};

/// A use of a token that is known to its user: the one that was given out `back` before the newest, `later` seconds on.
#[derive(Clone, Debug)]
struct Use {
    back: usize,
    later: i64,
}

fn uses() -> impl Strategy<Value = Vec<Use>> {
    let one = (0..4_usize, 0..15_i64).prop_map(|(back, later)| Use { back, later });
    prop::collection::vec(one, 1..40)
}

/// The child that follows from a token, as the keyring would derive it.
fn child_of(token: &str) -> String {
    format!("{token}'")
}

fn refresh(token: &str, moment: i64) -> Refresh {
    Refresh {
        token_hash: token.to_owned(),
        child_hash: child_of(token),
        at: at(moment),
        grace_until: at(moment + 10),
        workspace: Some(workspace()),
        expires_at: at(100_000),
    }
}

fn is_alive(session: &Session, token: &str, moment: i64) -> bool {
    let Ok(events) = refresh(token, moment).decide(session) else {
        return false;
    };
    let has_ended = |event: &SessionEvent| matches!(event, SessionEvent::Closed { .. });
    !events.iter().any(has_ended)
}

proptest! {
    #[test]
    fn at_most_one_line_stays_alive(uses in uses()) {
        let mut session = Session::default().evolve(&opened("t"));
        // All tokens that anybody was ever given.
        let mut given_out = vec!["t".to_owned()];
        let (mut moment, mut has_closed) = (0, false);
        for Use { back, later } in uses {
            moment += later;
            let token = given_out[given_out.len().saturating_sub(1 + back)].clone();
            match refresh(&token, moment).decide(&session) {
                Ok(events) => {
                    has_closed |= matches!(events.as_slice(), [SessionEvent::Closed { .. }]);
                    session = events.iter().fold(session, Session::evolve);
                    let child = child_of(&token);
                    if !has_closed && !given_out.contains(&child) {
                        given_out.push(child);
                    }
                }
                Err(_) => prop_assert!(has_closed, "only an ended session refuses its own tokens"),
            }
            // Once nobody is in a grace period any more, whoever is alive holds the newest token of one line.
            let much_later = moment + 10;
            let alive: BTreeSet<_> = given_out.iter().filter(|it| is_alive(&session, it, much_later)).collect();
            prop_assert!(alive.len() <= 1, "{:?}", alive);
            prop_assert_eq!(alive.is_empty(), has_closed);
            // Each token has one child, so a line never forks.
            let children: BTreeSet<_> = given_out.iter().map(|it| child_of(it)).collect();
            prop_assert_eq!(children.len(), given_out.len());
        }
    }
}

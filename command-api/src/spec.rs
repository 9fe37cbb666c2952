//! How a decision is specified: given what happened, when somebody wishes this, then that happens.

use std::fmt::Debug;

use crate::decider::{Aggregate, Decide};

/// A state made from history, waiting for a command.
pub(crate) struct Given<A>(A);

/// What a command's decision came to.
pub(crate) struct Decided<E, R>(Result<Vec<E>, R>);

/// Replays what happened.
pub(crate) fn given<A: Aggregate>(history: &[A::Event]) -> Given<A> {
    Given(history.iter().fold(A::default(), A::evolve))
}

impl<A: Aggregate> Given<A> {
    /// Decides the command.
    pub(crate) fn when<C: Decide<A>>(self, command: &C) -> Decided<A::Event, C::Rejection> {
        Decided(command.decide(&self.0))
    }
}

impl<E: Debug + PartialEq, R: Debug> Decided<E, R> {
    /// Exactly these events come of it.
    #[track_caller]
    pub(crate) fn then(self, events: impl Into<Vec<E>>) {
        assert_eq!(self.0.expect("the command was rejected"), events.into());
    }

    /// It is rejected, and so.
    #[track_caller]
    pub(crate) fn then_rejected(self, is_it: impl FnOnce(&R) -> bool) {
        let rejection = self.0.expect_err("the command was accepted");
        assert!(is_it(&rejection), "rejected, but otherwise: {rejection:?}");
    }
}

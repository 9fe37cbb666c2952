//! Deciding, without touching the world.

use std::error::Error;

use events::DomainEvent;

/// A consistency boundary: one subject, one history, one decision at a time.
pub(crate) trait Aggregate: Default + Send + Sync {
    /// What can happen to it.
    type Event: DomainEvent;

    /// Takes in one thing that happened. History cannot be argued with, so this cannot fail.
    #[must_use]
    fn evolve(self, event: &Self::Event) -> Self;
}

/// Something a caller wants to happen to an `A`.
pub(crate) trait Decide<A: Aggregate>: Sync {
    /// What the domain may say instead of yes.
    type Rejection: Error + Send;

    /// What happens if this command meets `state`. An empty answer means the wish is already true.
    fn decide(&self, state: &A) -> Result<Vec<A::Event>, Self::Rejection>;
}

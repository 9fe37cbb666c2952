//! Replaying: what an aggregate is, from all that happened to it.

use events::Subject;
use nats::ReadError;

use super::wish::{Known, Wish};
use super::{Commands, HandleError};
use crate::decider::{Aggregate, Decide};

/// Who is asked for a history.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Any replica: fast, and perhaps a moment behind.
    Nearest,
    /// The leader, which has everything that was acknowledged.
    Leader,
}

/// An aggregate as its history left it.
pub(super) struct Past<A> {
    pub(super) state: A,
    /// The sequence of its last event; 0 when nothing happened yet.
    pub(super) version: u64,
}

impl Commands {
    /// Replays an aggregate's history; its version is 0 when it has none.
    ///
    /// A replica that is behind may answer: then the append is refused, or nothing is appended, and the leader is asked.
    pub(crate) async fn load<A: Aggregate>(
        &self,
        subject: &Subject,
        source: Source,
    ) -> Result<(A, u64), ReadError> {
        let history = match source {
            Source::Nearest => self.broker.history::<A::Event>(subject).await?,
            Source::Leader => self.broker.history_from_leader::<A::Event>(subject).await?,
        };
        let version = history.last().map_or(0, |last| last.position.sequence);
        let state = history
            .iter()
            .fold(A::default(), |state, it| state.evolve(&it.event));
        Ok((state, version))
    }

    /// What the wish is decided on.
    pub(super) async fn past<A: Aggregate, C: Decide<A>>(
        &self,
        wish: &Wish<'_, C>,
        source: Source,
    ) -> Result<Past<A>, HandleError<C::Rejection>> {
        let source = match wish.known {
            Known::New => {
                return Ok(Past {
                    state: A::default(),
                    version: 0,
                });
            }
            Known::Nothing => source,
            Known::Version(_) => Source::Leader,
        };
        let (state, version) = self.load(&wish.subject, source).await?;
        if let Known::Version(expected) = wish.known
            && expected != version
        {
            return Err(HandleError::Moved);
        }
        Ok(Past { state, version })
    }
}

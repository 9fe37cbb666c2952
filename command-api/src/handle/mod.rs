//! Handling a command: history, replay, decision, append; again when somebody else was faster.

mod error;
mod message;

use std::error::Error;

use events::{ClaimKind, Context, DomainEvent, Position, Subject};
use nats::{AppendError, Broker, NewMessage, ReadError};
use service::keys::DataKey;

use crate::accepted::{Accepted, Answer};
use crate::decider::{Aggregate, Decide};
use crate::idempotency::Record;
use crate::origin::{Once, Origin};

pub(crate) use error::HandleError;

/// How often a decision is made anew because somebody else wrote in between.
const ATTEMPTS_MAX: usize = 8;

/// Carries commands out.
#[derive(Clone)]
pub(crate) struct Commands {
    broker: Broker,
    data_key: DataKey,
}

/// A command, its aggregate, and what must be stored together with what comes of it.
pub(crate) struct Wish<'a, C> {
    /// The aggregate's history.
    pub(crate) subject: Subject,
    /// Whether the aggregate's id was made for this very wish, so that it has no history to read.
    pub(crate) is_new: bool,
    pub(crate) command: &'a C,
    /// Values that this aggregate takes, so that no other can have them.
    pub(crate) claims: Vec<Subject>,
    /// The first events of other aggregates that begin with this one.
    pub(crate) companions: Vec<NewMessage>,
}

/// What a command's decision came to.
struct Decided<E> {
    events: Vec<E>,
    answer: Answer,
    /// The aggregate's version before.
    version: u64,
}

/// What became of a decision.
enum Stored {
    Done(Accepted),
    /// A value that must be unique is another's.
    Taken(ClaimKind),
    /// Somebody else wrote in between: another request with the same key, or on the same aggregate.
    Outrun,
}

/// Who is asked for a history.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    /// Any replica: fast, and perhaps a moment behind.
    Nearest,
    /// The leader, which has everything that was acknowledged.
    Leader,
}

/// An aggregate as its history left it.
struct Past<A> {
    state: A,
    /// The sequence of its last event; 0 when nothing happened yet.
    version: u64,
}

impl Commands {
    pub(crate) const fn new(broker: Broker, data_key: DataKey) -> Self {
        Self { broker, data_key }
    }

    /// Replays an aggregate's history; its version is 0 when it has none.
    ///
    /// A replica that is behind may answer: then the append is refused, and what is read next comes from the leader.
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

    /// Makes the wish come true, once, and answers; `answer` tells the caller of the state that came of it.
    pub(crate) async fn handle<A, C>(
        &self,
        origin: &Origin,
        wish: Wish<'_, C>,
        answer: impl Fn(&A) -> Result<Answer, serde_json::Error> + Send,
    ) -> Result<Accepted, HandleError<C::Rejection>>
    where
        A: Aggregate,
        C: Decide<A>,
    {
        let context = wish.subject.context();
        let mut source = Source::Nearest;
        for _ in 0..ATTEMPTS_MAX {
            if let Some(earlier) = self.earlier(context, origin.once.as_ref()).await? {
                return Ok(earlier);
            }
            let past = self.past::<A>(&wish, source).await?;
            let decided = decide(past, wish.command, &answer)?;
            match self.store(origin, &wish, decided).await? {
                Stored::Done(accepted) => return Ok(accepted),
                Stored::Taken(kind) => return self.taken(context, origin, kind).await,
                Stored::Outrun => source = Source::Leader,
            }
        }
        Err(HandleError::Contended)
    }

    /// Stores what was decided, unless somebody else was faster.
    async fn store<E: DomainEvent, R: Error>(
        &self,
        origin: &Origin,
        wish: &Wish<'_, impl Sync>,
        decided: Decided<E>,
    ) -> Result<Stored, HandleError<R>> {
        let messages =
            message::all(&self.data_key, origin, wish, &decided).map_err(HandleError::Form)?;
        let Decided {
            events,
            answer,
            version,
        } = decided;
        if messages.is_empty() {
            let stream = wish.subject.stream();
            let position = Position {
                stream,
                sequence: version,
            };
            return Ok(Stored::Done(Accepted::first(answer, version, position)));
        }
        match self.broker.append(&messages).await {
            Ok(appended) => {
                let position = appended.position;
                let version = if events.is_empty() {
                    version
                } else {
                    position.sequence
                };
                Ok(Stored::Done(Accepted::first(answer, version, position)))
            }
            Err(AppendError::Conflict(conflict)) => Ok(lost_to(&conflict.subject)),
            Err(error) => Err(HandleError::Append(error)),
        }
    }

    /// A claim is taken; but if it is so by the same wish, sent twice at once, the first answer is due.
    async fn taken<R: Error>(
        &self,
        context: Context,
        origin: &Origin,
        kind: ClaimKind,
    ) -> Result<Accepted, HandleError<R>> {
        self.earlier(context, origin.once.as_ref())
            .await?
            .ok_or(HandleError::Taken(kind))
    }

    /// The answer of an earlier request with the same key, if there was one.
    async fn earlier<R: Error>(
        &self,
        context: Context,
        once: Option<&Once>,
    ) -> Result<Option<Accepted>, HandleError<R>> {
        let Some(once) = once else { return Ok(None) };
        let Some(stored) = self.broker.last_from_leader(&once.subject(context)).await? else {
            return Ok(None);
        };
        let record = Record::read(&stored.body).map_err(form)?;
        if record.fingerprint != once.fingerprint {
            return Err(HandleError::Mismatch);
        }
        record
            .accepted(&self.data_key, stored.position)
            .map(Some)
            .map_err(form)
    }

    async fn past<A: Aggregate>(
        &self,
        wish: &Wish<'_, impl Sync>,
        source: Source,
    ) -> Result<Past<A>, ReadError> {
        if wish.is_new {
            return Ok(Past {
                state: A::default(),
                version: 0,
            });
        }
        let (state, version) = self.load(&wish.subject, source).await?;
        Ok(Past { state, version })
    }
}

fn decide<A: Aggregate, C: Decide<A>>(
    past: Past<A>,
    command: &C,
    answer: impl Fn(&A) -> Result<Answer, serde_json::Error>,
) -> Result<Decided<A::Event>, HandleError<C::Rejection>> {
    let Past { state, version } = past;
    let events = command.decide(&state).map_err(HandleError::Rejected)?;
    let state = events.iter().fold(state, A::evolve);
    Ok(Decided {
        events,
        answer: answer(&state).map_err(form)?,
        version,
    })
}

const fn lost_to(subject: &Subject) -> Stored {
    match subject {
        Subject::Claim(_, kind @ (ClaimKind::Email | ClaimKind::Slug), _) => Stored::Taken(*kind),
        Subject::Claim(_, ClaimKind::Idempotency, _)
        | Subject::User(_)
        | Subject::Workspace(_)
        | Subject::Asset(..)
        | Subject::Link(..)
        | Subject::Clicks(_) => Stored::Outrun,
    }
}

fn form<R: Error>(error: impl Into<Box<dyn Error + Send + Sync>>) -> HandleError<R> {
    HandleError::Form(error.into())
}

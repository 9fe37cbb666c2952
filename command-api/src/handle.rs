//! Handling a command: history, replay, decision, append; again when somebody else was faster.

use std::error::Error;

use events::{ClaimKind, Context, Metadata, Position, Subject};
use nats::{AppendError, Broker, Expected, NewMessage, ReadError};
use service::keys::DataKey;

use crate::accepted::{Accepted, Answer};
use crate::claim::Claim;
use crate::decider::{Aggregate, Decide};
use crate::idempotency::{self, Record};
use crate::origin::{Once, Origin};

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

/// Why a command did not come true.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandleError<R: Error> {
    /// The domain says no.
    #[error("the command was rejected")]
    Rejected(#[source] R),
    /// A value that must be unique is another's.
    #[error("the {} is taken", .0.as_str())]
    Taken(ClaimKind),
    /// The `Idempotency-Key` was used for another request.
    #[error("the idempotency key was used for another request")]
    Mismatch,
    /// Too many writers at once on one aggregate.
    #[error("the aggregate changed {ATTEMPTS_MAX} times while the command was decided")]
    Contended,
    /// The log could not be read.
    #[error("the log could not be read")]
    Read(#[from] ReadError),
    /// The log could not be written; nothing is known to be stored.
    #[error("the log could not be written")]
    Append(#[source] AppendError),
    /// What was to be written, or what was read, has no form that fits.
    #[error("an event or a record has no form that fits")]
    Form(#[source] Box<dyn Error + Send + Sync>),
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
        let context = context_of(&wish.subject);
        let mut source = Source::Nearest;
        for _ in 0..ATTEMPTS_MAX {
            if let Some(earlier) = self.earlier(context, origin.once.as_ref()).await? {
                return Ok(earlier);
            }
            let past = self.past::<A>(&wish, source).await?;
            let events = wish
                .command
                .decide(&past.state)
                .map_err(HandleError::Rejected)?;
            let state = events.iter().fold(past.state, A::evolve);
            let answer = answer(&state).map_err(form)?;
            let event_messages =
                event_messages(origin, &wish.subject, past.version, &events).map_err(form)?;
            let messages = self.messages(origin, &wish, past.version, &answer, event_messages)?;
            if messages.is_empty() {
                let position = Position {
                    stream: context.stream(),
                    sequence: past.version,
                };
                return Ok(Accepted {
                    answer,
                    version: past.version,
                    position,
                    is_replayed: false,
                });
            }
            match self.broker.append(&messages).await {
                Ok(appended) => {
                    let position = appended.position;
                    let version = if events.is_empty() {
                        past.version
                    } else {
                        position.sequence
                    };
                    return Ok(Accepted {
                        answer,
                        version,
                        position,
                        is_replayed: false,
                    });
                }
                Err(AppendError::Conflict(conflict)) => match conflict.subject {
                    Subject::Claim(_, kind @ (ClaimKind::Email | ClaimKind::Slug), _) => {
                        return self.taken(context, origin, kind).await;
                    }
                    // Another request with the same key, or another writer on the aggregate: look again.
                    Subject::Claim(_, ClaimKind::Idempotency, _)
                    | Subject::User(_)
                    | Subject::Workspace(_)
                    | Subject::Asset(..)
                    | Subject::Link(..)
                    | Subject::Clicks(_) => source = Source::Leader,
                },
                Err(error) => return Err(HandleError::Append(error)),
            }
        }
        Err(HandleError::Contended)
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

    /// Everything that is stored in one step; the aggregate's own events come last.
    fn messages<R: Error>(
        &self,
        origin: &Origin,
        wish: &Wish<'_, impl Sync>,
        version: u64,
        answer: &Answer,
        events: Vec<NewMessage>,
    ) -> Result<Vec<NewMessage>, HandleError<R>> {
        let mut messages =
            Vec::with_capacity(wish.claims.len() + wish.companions.len() + events.len() + 1);
        if !events.is_empty() {
            for claim in &wish.claims {
                let holder = serde_json::json!(Claim {
                    holder: wish.subject.to_string()
                });
                messages.push(claim_message(origin, claim.clone(), &holder));
            }
        }
        if let Some(once) = &origin.once {
            let companions = if events.is_empty() {
                0
            } else {
                wish.companions.len()
            };
            let record = Record::new(
                &self.data_key,
                &once.fingerprint,
                answer,
                u64::try_from(companions + events.len()).unwrap_or(u64::MAX),
                version,
            )
            .map_err(form)?;
            let subject = once.subject(context_of(&wish.subject));
            let message = claim_message(origin, subject, &record.to_json());
            messages.push(message.with_ttl(idempotency::KEPT));
        }
        if !events.is_empty() {
            messages.extend(wish.companions.iter().cloned());
        }
        messages.extend(events);
        Ok(messages)
    }
}

/// The events as messages: the first is only stored if nobody wrote to the subject since it was read.
fn event_messages<E: events::DomainEvent>(
    origin: &Origin,
    subject: &Subject,
    version: u64,
    events: &[E],
) -> Result<Vec<NewMessage>, serde_json::Error> {
    let expected = |index| {
        if index == 0 {
            Expected::LastSequence(version)
        } else {
            Expected::Any
        }
    };
    let message = |(index, event)| {
        NewMessage::event(subject.clone(), &origin.metadata(), event, expected(index))
    };
    events.iter().enumerate().map(message).collect()
}

fn claim_message(origin: &Origin, subject: Subject, body: &serde_json::Value) -> NewMessage {
    let Metadata { id, .. } = origin.metadata();
    NewMessage::claim(subject, id, body.to_string())
}

const fn context_of(subject: &Subject) -> Context {
    match subject {
        Subject::User(_) | Subject::Workspace(_) => Context::Core,
        Subject::Asset(..) => Context::Media,
        Subject::Link(..) | Subject::Clicks(_) => Context::Links,
        Subject::Claim(context, ..) => *context,
    }
}

fn form<R: Error>(error: impl Into<Box<dyn Error + Send + Sync>>) -> HandleError<R> {
    HandleError::Form(error.into())
}

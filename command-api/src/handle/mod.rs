//! Handling a command: history, replay, decision, append; again when somebody else was faster.

mod error;
mod message;
mod replay;
mod wish;

use std::error::Error;

use events::{ClaimKind, Position, StreamName, Subject};
use nats::{AppendError, Broker, NewMessage, ReadError};
use service::keys::Keyring;

use crate::accepted::{Accepted, Answer};
use crate::claim::{Standing, look, standing};
use crate::decider::{Aggregate, Decide};
use crate::idempotency::Record;
use crate::origin::{Once, Origin};

pub(crate) use error::HandleError;
use message::Before;
use replay::Past;
pub(crate) use replay::Source;
use wish::Known;
pub(crate) use wish::{Claiming, Wish};

/// How often a decision is made anew because somebody else wrote in between.
pub(crate) const ATTEMPTS_MAX: usize = 8;

/// Carries commands out.
#[derive(Clone)]
pub(crate) struct Commands {
    broker: Broker,
    keyring: Keyring,
}

/// An aggregate after a command.
pub(crate) struct Outcome<A> {
    pub(crate) state: A,
    /// The aggregate's version: the sequence of its last event.
    pub(crate) version: u64,
    /// A read that waits for this position sees the write.
    pub(crate) position: Position,
}

/// What a command's decision came to.
struct Decided<A: Aggregate> {
    events: Vec<A::Event>,
    /// The aggregate after them.
    state: A,
    /// The aggregate's version before.
    version: u64,
}

/// What became of a decision.
enum Stored {
    Done(Position),
    /// A value that must be unique is another's, or so it seems.
    Claimed(Subject),
    /// Somebody else wrote in between: another request with the same key, or on the same aggregate.
    Outrun,
    /// Somebody else wrote to a companion's aggregate.
    Moved,
}

/// How a wish ended.
enum Ended<A> {
    /// It came true before, by an earlier request with the same key.
    Replayed(Accepted),
    Done(Outcome<A>, Option<Answer>),
}

/// What a caller with an `Idempotency-Key` is answered, by the aggregate after the command.
type Answering<'a, A> = &'a (dyn Fn(&A) -> Result<Answer, serde_json::Error> + Send + Sync);

impl Commands {
    pub(crate) const fn new(broker: Broker, keyring: Keyring) -> Self {
        Self { broker, keyring }
    }

    /// Makes the wish come true, once, and answers; `answer` tells the caller of the state that came of it.
    pub(crate) async fn handle<A, C>(
        &self,
        origin: &Origin,
        wish: Wish<'_, C>,
        answer: impl Fn(&A) -> Result<Answer, serde_json::Error> + Send + Sync,
    ) -> Result<Accepted, HandleError<C::Rejection>>
    where
        A: Aggregate,
        C: Decide<A>,
    {
        match self.attempt(origin, &wish, Some(&answer)).await? {
            Ended::Replayed(accepted) => Ok(accepted),
            Ended::Done(outcome, given) => {
                let answer = given
                    .map_or_else(|| answer(&outcome.state), Ok)
                    .map_err(form)?;
                Ok(Accepted::first(answer, outcome.version, outcome.position))
            }
        }
    }

    /// Makes the wish come true, for a caller that is answered otherwise: it keeps no record of an `Idempotency-Key`.
    pub(crate) async fn carry_out<A, C>(
        &self,
        origin: &Origin,
        wish: Wish<'_, C>,
    ) -> Result<Outcome<A>, HandleError<C::Rejection>>
    where
        A: Aggregate,
        C: Decide<A>,
    {
        match self.attempt(origin, &wish, None).await? {
            Ended::Done(outcome, _) => Ok(outcome),
            Ended::Replayed(_) => Err(HandleError::Mismatch),
        }
    }

    async fn attempt<A, C>(
        &self,
        origin: &Origin,
        wish: &Wish<'_, C>,
        answer: Option<Answering<'_, A>>,
    ) -> Result<Ended<A>, HandleError<C::Rejection>>
    where
        A: Aggregate,
        C: Decide<A>,
    {
        let stream = wish.subject.stream();
        let once = answer.and(origin.once.as_ref());
        let mut claims = wish.claims.clone();
        let mut source = Source::Nearest;
        for _ in 0..ATTEMPTS_MAX {
            if let Some(earlier) = self.earlier(stream, once).await? {
                return Ok(Ended::Replayed(earlier));
            }
            let past = self.past::<A, C>(wish, source).await?;
            let decided = decide(past, wish.command);
            let changes_nothing = decided.as_ref().map_or(true, |it| it.events.is_empty());
            if changes_nothing && wish.known == Known::Nothing && source == Source::Nearest {
                // Nothing is appended that would be refused if the replica is behind.
                source = Source::Leader;
                continue;
            }
            let decided = decided?;
            let answer = once.and(answer);
            let answer = answer.map(|answer| answer(&decided.state)).transpose();
            let answer = answer.map_err(form)?;
            let releases = self.held(wish).await?;
            let before = Before {
                subject: &wish.subject,
                claims: &claims,
                releases: &releases,
                companions: &wish.companions,
                answer: answer.as_ref(),
            };
            match self.store(origin, &before, &decided).await? {
                Stored::Done(position) => {
                    return Ok(Ended::Done(decided.outcome(position), answer));
                }
                Stored::Claimed(subject) => {
                    // A claim may be taken by the same wish, sent twice at once: then the first answer is due.
                    if let Some(earlier) = self.earlier(stream, once).await? {
                        return Ok(Ended::Replayed(earlier));
                    }
                    self.behind_releases(&mut claims, &subject).await?;
                }
                Stored::Outrun => source = Source::Leader,
                Stored::Moved => return Err(HandleError::Moved),
            }
        }
        Err(HandleError::Contended)
    }

    /// Stores what was decided, unless somebody else was faster.
    async fn store<A: Aggregate, R: Error>(
        &self,
        origin: &Origin,
        before: &Before<'_>,
        decided: &Decided<A>,
    ) -> Result<Stored, HandleError<R>> {
        let messages =
            message::all(&self.keyring, origin, before, decided).map_err(HandleError::Form)?;
        if messages.is_empty() {
            return Ok(Stored::Done(Position {
                stream: before.subject.stream(),
                sequence: decided.version,
            }));
        }
        match self.broker.append(&messages).await {
            Ok(appended) => Ok(Stored::Done(appended.position)),
            Err(AppendError::Conflict(conflict)) => Ok(lost_to(before.subject, conflict.subject)),
            Err(error) => Err(HandleError::Append(error)),
        }
    }

    /// A claim met another: it may stand behind one that was given up, else the value is taken.
    ///
    /// All are looked up, since the broker tells of the first alone, and many may have been given up.
    async fn behind_releases<R: Error>(
        &self,
        claims: &mut [Claiming],
        subject: &Subject,
    ) -> Result<(), HandleError<R>> {
        if !claims.iter().any(|it| it.value == *subject) {
            // A release that met another write: what is held is looked up again.
            return Ok(());
        }
        let values = claims.iter().map(|it| it.value.clone()).collect();
        let looked = look(&self.broker, values).await?;
        for (claim, last) in claims.iter_mut().zip(&looked) {
            match (standing(last.as_ref()), &claim.value) {
                (Standing::Free { sequence }, _) => claim.behind = sequence,
                (Standing::Held { .. }, Subject::Claim(_, kind, _)) => {
                    return Err(HandleError::Taken(*kind));
                }
                // Nothing else is ever claimed.
                (Standing::Held { .. }, _) => {}
            }
        }
        Ok(())
    }

    /// The values to give up that the aggregate holds, each with its claim's sequence.
    async fn held<C>(&self, wish: &Wish<'_, C>) -> Result<Vec<(Subject, u64)>, ReadError>
    where
        C: Sync,
    {
        let mut held = Vec::with_capacity(wish.releases.len());
        for subject in &wish.releases {
            let last = self.broker.last_from_leader(subject).await?;
            if let Standing::Held { holder, sequence } = standing(last.as_ref())
                && holder.as_ref() == Some(&wish.subject)
            {
                held.push((subject.clone(), sequence));
            }
        }
        Ok(held)
    }

    /// The answer of an earlier request with the same key, if there was one.
    pub(crate) async fn earlier<R: Error>(
        &self,
        stream: StreamName,
        once: Option<&Once>,
    ) -> Result<Option<Accepted>, HandleError<R>> {
        match once {
            Some(once) => self.recorded(&once.subject(stream), once).await,
            None => Ok(None),
        }
    }

    /// Stores messages that nothing is decided about, once, and answers; `record` is where the record stands.
    pub(crate) async fn store_once<R: Error>(
        &self,
        origin: &Origin,
        once: &Once,
        record: &Subject,
        messages: &[NewMessage],
        answer: Answer,
    ) -> Result<Accepted, HandleError<R>> {
        for _ in 0..ATTEMPTS_MAX {
            if let Some(earlier) = self.recorded(record, once).await? {
                return Ok(earlier);
            }
            let claim = message::record(&self.keyring, origin, once, record, &answer, messages);
            let mut all = vec![claim.map_err(HandleError::Form)?];
            all.extend_from_slice(messages);
            match self.broker.append(&all).await {
                Ok(appended) => {
                    let position = appended.position;
                    return Ok(Accepted::first(answer, position.sequence, position));
                }
                // The same wish, sent twice at once.
                Err(AppendError::Conflict(_)) => {}
                Err(error) => return Err(HandleError::Append(error)),
            }
        }
        Err(HandleError::Contended)
    }

    /// The answer of an earlier request, whose record would stand there.
    pub(crate) async fn recorded<R: Error>(
        &self,
        record: &Subject,
        once: &Once,
    ) -> Result<Option<Accepted>, HandleError<R>> {
        let Some(stored) = self.broker.last_from_leader(record).await? else {
            return Ok(None);
        };
        let record = Record::read(&stored.body).map_err(form)?;
        if record.fingerprint != once.fingerprint {
            return Err(HandleError::Mismatch);
        }
        record
            .accepted(&self.keyring, stored.position)
            .map(Some)
            .map_err(form)
    }
}

impl<A: Aggregate> Decided<A> {
    fn outcome(self, position: Position) -> Outcome<A> {
        let has_changed = !self.events.is_empty();
        Outcome {
            state: self.state,
            version: if has_changed {
                position.sequence
            } else {
                self.version
            },
            position,
        }
    }
}

fn decide<A: Aggregate, C: Decide<A>>(
    past: Past<A>,
    command: &C,
) -> Result<Decided<A>, HandleError<C::Rejection>> {
    let Past { state, version } = past;
    let events = command.decide(&state).map_err(HandleError::Rejected)?;
    Ok(Decided {
        state: events.iter().fold(state, A::evolve),
        events,
        version,
    })
}

fn lost_to(ours: &Subject, subject: Subject) -> Stored {
    match subject {
        Subject::Claim(
            _,
            ClaimKind::Email | ClaimKind::Slug | ClaimKind::Domain | ClaimKind::Invitation,
            _,
        ) => Stored::Claimed(subject),
        Subject::Claim(_, ClaimKind::Idempotency, _) | Subject::ReportClaim(_) => Stored::Outrun,
        Subject::User(_)
        | Subject::Session(_)
        | Subject::Workspace(_)
        | Subject::ApiKey(..)
        | Subject::Asset(..)
        | Subject::Link(..)
        | Subject::OwnDomains(_)
        | Subject::Clicks(_)
        | Subject::Exclusions(_) => {
            if subject == *ours {
                Stored::Outrun
            } else {
                Stored::Moved
            }
        }
    }
}

fn form<R: Error>(error: impl Into<Box<dyn Error + Send + Sync>>) -> HandleError<R> {
    HandleError::Form(error.into())
}

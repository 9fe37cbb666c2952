//! Everything that one wish stores, as the messages of one atomic batch.

use std::error::Error;

use events::Subject;
use nats::{Expected, NewMessage};
use service::keys::Keyring;

use super::{Claiming, Decided};
use crate::accepted::Answer;
use crate::claim::Claim;
use crate::decider::Aggregate;
use crate::idempotency::{self, Record};
use crate::origin::{Once, Origin};

type AnyError = Box<dyn Error + Send + Sync>;

/// What goes before the aggregate's own events.
pub(super) struct Before<'b> {
    /// Whose events they are.
    pub(super) subject: &'b Subject,
    pub(super) claims: &'b [Claiming],
    /// Values to give up, each behind the message of its subject that has that sequence.
    pub(super) releases: &'b [(Subject, u64)],
    pub(super) companions: &'b [NewMessage],
    /// What a request with an `Idempotency-Key` is answered.
    pub(super) answer: Option<&'b Answer>,
}

/// The claims, the record of the request, the companions, and last the aggregate's own events.
///
/// Empty when nothing happened and the request need not be remembered.
pub(super) fn all<A: Aggregate>(
    keyring: &Keyring,
    origin: &Origin,
    before: &Before<'_>,
    decided: &Decided<A>,
) -> Result<Vec<NewMessage>, AnyError> {
    let mut following = Vec::new();
    let mut messages = Vec::new();
    if !decided.events.is_empty() {
        messages.extend(claims(origin, before)?);
        following.extend(before.companions.iter().cloned());
        following.extend(events(origin, before.subject, decided)?);
    }
    if let (Some(once), Some(answer)) = (&origin.once, before.answer) {
        let following = u64::try_from(following.len())?;
        let version = decided.version;
        let record = Record::new(keyring, &once.fingerprint, answer, following, version)?;
        messages.push(claim_of(origin, before.subject, once, &record)?);
    }
    messages.append(&mut following);
    Ok(messages)
}

fn claims(origin: &Origin, before: &Before<'_>) -> Result<Vec<NewMessage>, AnyError> {
    let message = |value: &Subject, holder: Option<&Subject>, behind| {
        let holder = holder.map(Subject::to_string);
        let body = serde_json::to_string(&Claim { holder })?;
        let id = origin.metadata().id;
        Ok(NewMessage::claim_after(value.clone(), id, body, behind))
    };
    let releases = before.releases.iter();
    let releases = releases.map(|(value, behind)| message(value, None, *behind));
    let claims = before.claims.iter();
    let claims = claims.map(|it| message(&it.value, Some(&it.holder), it.behind));
    releases.chain(claims).collect()
}

fn claim_of(
    origin: &Origin,
    aggregate: &Subject,
    once: &Once,
    record: &Record,
) -> Result<NewMessage, AnyError> {
    claim_at(origin, once.subject(aggregate.stream()), record)
}

fn claim_at(origin: &Origin, subject: Subject, record: &Record) -> Result<NewMessage, AnyError> {
    let body = serde_json::to_string(record)?;
    Ok(NewMessage::claim(subject, origin.metadata().id, body).with_ttl(idempotency::KEPT))
}

/// The record of a request that nothing was decided about, which the messages follow.
pub(super) fn record(
    keyring: &Keyring,
    origin: &Origin,
    once: &Once,
    subject: &Subject,
    answer: &Answer,
    messages: &[NewMessage],
) -> Result<NewMessage, AnyError> {
    let following = u64::try_from(messages.len())?;
    let record = Record::new(keyring, &once.fingerprint, answer, following, 0)?;
    claim_at(origin, subject.clone(), &record)
}

/// The first event is only stored if nobody wrote to the subject since it was read.
fn events<A: Aggregate>(
    origin: &Origin,
    subject: &Subject,
    decided: &Decided<A>,
) -> Result<Vec<NewMessage>, serde_json::Error> {
    let first = std::iter::once(Expected::LastSequence(decided.version));
    let expected = first.chain(std::iter::repeat(Expected::Any));
    let message = |(event, expected): (&A::Event, Expected)| {
        NewMessage::event(subject.clone(), &origin.metadata(), event, expected)
    };
    decided.events.iter().zip(expected).map(message).collect()
}

//! Everything that one wish stores, as the messages of one atomic batch.

use std::error::Error;

use events::{DomainEvent, Subject};
use nats::{Expected, NewMessage};
use service::keys::DataKey;

use super::{Decided, Wish};
use crate::claim::Claim;
use crate::idempotency::{self, Record};
use crate::origin::{Once, Origin};

type AnyError = Box<dyn Error + Send + Sync>;

/// The claims, the record of the request, the companions, and last the aggregate's own events.
///
/// Empty when nothing happened and the request need not be remembered.
pub(super) fn all<E: DomainEvent, C>(
    data_key: &DataKey,
    origin: &Origin,
    wish: &Wish<'_, C>,
    decided: &Decided<E>,
) -> Result<Vec<NewMessage>, AnyError> {
    let mut following = Vec::new();
    let mut messages = Vec::new();
    if !decided.events.is_empty() {
        messages.extend(claims(origin, wish)?);
        following.extend(wish.companions.iter().cloned());
        following.extend(events(origin, &wish.subject, decided)?);
    }
    if let Some(once) = &origin.once {
        messages.push(record(
            data_key,
            origin,
            once,
            wish,
            decided,
            following.len(),
        )?);
    }
    messages.append(&mut following);
    Ok(messages)
}

fn claims<C>(origin: &Origin, wish: &Wish<'_, C>) -> Result<Vec<NewMessage>, AnyError> {
    let holder = wish.subject.to_string();
    let body = serde_json::to_string(&Claim { holder })?;
    let claim = |it: &Subject| NewMessage::claim(it.clone(), origin.metadata().id, body.clone());
    Ok(wish.claims.iter().map(claim).collect())
}

fn record<E, C>(
    data_key: &DataKey,
    origin: &Origin,
    once: &Once,
    wish: &Wish<'_, C>,
    decided: &Decided<E>,
    following: usize,
) -> Result<NewMessage, AnyError> {
    let following = u64::try_from(following)?;
    let Decided {
        answer, version, ..
    } = decided;
    let record = Record::new(data_key, &once.fingerprint, answer, following, *version)?;
    let subject = once.subject(wish.subject.context());
    let claim = NewMessage::claim(
        subject,
        origin.metadata().id,
        serde_json::to_string(&record)?,
    );
    Ok(claim.with_ttl(idempotency::KEPT))
}

/// The first event is only stored if nobody wrote to the subject since it was read.
fn events<E: DomainEvent>(
    origin: &Origin,
    subject: &Subject,
    decided: &Decided<E>,
) -> Result<Vec<NewMessage>, serde_json::Error> {
    let first = std::iter::once(Expected::LastSequence(decided.version));
    let expected = first.chain(std::iter::repeat(Expected::Any));
    let message =
        |(event, expected)| NewMessage::event(subject.clone(), &origin.metadata(), event, expected);
    decided.events.iter().zip(expected).map(message).collect()
}

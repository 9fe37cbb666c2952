//! A message of the click stream, in the shape in which Postgres takes it.

use std::borrow::Cow;

use events::links::ClickEvent;
use events::{DecodeError, Subject, WorkspaceId};
use nats::{BATCH_HEADER, PRODUCER_HEADER, StoredMessage};
use time::OffsetDateTime;
use uuid::Uuid;

use super::exclusion::ExclusionMessage;

/// The longest text of a click that is kept, in bytes; with the rest of its key it fits well into an index entry.
const TEXT_BYTES_MAX: usize = 255;

/// What is taken from a message of CLICKS.
pub(crate) enum OfClicks<'m> {
    Clicks(ClickMessage<'m>),
    Exclusion(Box<ExclusionMessage>),
}

/// All clicks of one workspace that were packed together.
pub(crate) struct ClickMessage<'m> {
    pub(super) workspace: WorkspaceId,
    pub(super) sequence: u64,
    /// Who sent it, and its number there, which a repeat has too; none of what nobody sends again.
    pub(super) mark: Option<(Uuid, u64)>,
    /// When the broker stored it.
    pub(super) stored_at: OffsetDateTime,
    pub(super) clicks: Vec<ClickEvent<'m>>,
}

impl<'m> OfClicks<'m> {
    /// `None` for a stranger's subject.
    pub(super) fn read(message: &'m StoredMessage) -> Result<Option<Self>, DecodeError> {
        if let Some(clicks) = ClickMessage::read(message)? {
            return Ok(Some(Self::Clicks(clicks)));
        }
        let exclusion = ExclusionMessage::read(message)?;
        Ok(exclusion.map(|it| Self::Exclusion(Box::new(it))))
    }

    /// When the broker stored it.
    pub(super) fn stored_at(&self) -> OffsetDateTime {
        match self {
            Self::Clicks(it) => it.stored_at,
            Self::Exclusion(it) => it.stored_at,
        }
    }
}

impl<'m> ClickMessage<'m> {
    /// `None` for another subject.
    fn read(message: &'m StoredMessage) -> Result<Option<Self>, DecodeError> {
        let Some(Subject::Clicks(workspace)) = message.subject else {
            return Ok(None);
        };
        let mut clicks = ClickEvent::decode_batch(&message.body)?;
        clicks.iter_mut().for_each(make_storable);
        Ok(Some(Self {
            workspace,
            sequence: message.position.sequence,
            mark: mark(message)?,
            stored_at: message.stored_at.odt(),
            clicks,
        }))
    }
}

/// Clicks that were reported once have neither header.
fn mark(message: &StoredMessage) -> Result<Option<(Uuid, u64)>, DecodeError> {
    let is_marked = |name| message.header(name).is_some();
    if !is_marked(PRODUCER_HEADER) && !is_marked(BATCH_HEADER) {
        return Ok(None);
    }
    let producer = header(message, PRODUCER_HEADER)?;
    Ok(Some((producer, header(message, BATCH_HEADER)?)))
}

fn header<T: std::str::FromStr>(
    message: &StoredMessage,
    header: &'static str,
) -> Result<T, DecodeError> {
    let value = message.header(header).and_then(|value| value.parse().ok());
    value.ok_or(DecodeError::Header { header })
}

/// One visitor's odd text must not hold up everybody's clicks.
fn make_storable(click: &mut ClickEvent<'_>) {
    let data = &mut click.data;
    let optional = [
        &mut data.country,
        &mut data.city,
        &mut data.referrer,
        &mut data.browser,
        &mut data.os,
        &mut data.device,
        &mut data.utm_source,
        &mut data.utm_medium,
        &mut data.utm_campaign,
        &mut data.rule,
    ];
    for text in optional.into_iter().flatten().chain([&mut data.slug]) {
        if let Some(kept) = storable(text) {
            *text = Cow::Owned(kept);
        }
    }
}

/// The text without NUL, which Postgres cannot keep, and cut to its limit; `None` when it is fine.
fn storable(text: &str) -> Option<String> {
    if text.len() <= TEXT_BYTES_MAX && !text.as_bytes().contains(&0) {
        return None;
    }
    let mut kept = text.replace('\0', "");
    kept.truncate(kept.floor_char_boundary(TEXT_BYTES_MAX));
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::{TEXT_BYTES_MAX, storable};

    #[test]
    fn a_plain_text_is_left_alone() {
        assert_eq!(storable("news.example"), None);
        assert_eq!(storable(&"a".repeat(TEXT_BYTES_MAX)), None);
    }

    #[test]
    fn what_postgres_cannot_keep_is_cut_out_and_the_rest_stays() {
        assert_eq!(storable("ne\0ws"), Some("news".to_owned()));
        assert_eq!(storable(&"é".repeat(200)), Some("é".repeat(127)));
    }
}

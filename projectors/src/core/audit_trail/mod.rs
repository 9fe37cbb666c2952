//! Who did what to what, when, and in which request: one table, made from three streams.
//!
//! Nothing here knows what the events say, but for those that first tell whose a user or a session is.
//! A projection reads one stream, so there are three of them, which differ in nothing else.

mod entry;
#[cfg(test)]
mod tests;
mod write;

use events::{Context, DecodeError, StreamName};
use nats::StoredMessage;
use sqlx::PgConnection;

use self::entry::Entry;
use crate::projection::{ApplyError, Projection};

/// Keeps the rows of `audit_trail` that come from CORE.
pub(crate) struct AuditTrail;

/// Keeps the rows of `audit_trail` that come from MEDIA.
pub(crate) struct AuditTrailMedia;

/// Keeps the rows of `audit_trail` that come from LINKS.
pub(crate) struct AuditTrailLinks;

impl Projection for AuditTrail {
    const NAME: &'static str = "audit_trail";
    const CONTEXT: Context = Context::Core;
    const STREAM: StreamName = StreamName::Core;
    type Event<'m> = Entry;

    fn read(message: &StoredMessage) -> Result<Option<Entry>, DecodeError> {
        Entry::read(message)
    }

    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        batch: &[Self::Event<'_>],
    ) -> Result<(), ApplyError> {
        Ok(write::all(tx, batch).await?)
    }
}

impl Projection for AuditTrailMedia {
    const NAME: &'static str = "audit_trail_media";
    const CONTEXT: Context = Context::Core;
    const STREAM: StreamName = StreamName::Media;
    type Event<'m> = Entry;

    fn read(message: &StoredMessage) -> Result<Option<Entry>, DecodeError> {
        Entry::read(message)
    }

    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        batch: &[Self::Event<'_>],
    ) -> Result<(), ApplyError> {
        Ok(write::all(tx, batch).await?)
    }
}

impl Projection for AuditTrailLinks {
    const NAME: &'static str = "audit_trail_links";
    const CONTEXT: Context = Context::Core;
    const STREAM: StreamName = StreamName::Links;
    type Event<'m> = Entry;

    fn read(message: &StoredMessage) -> Result<Option<Entry>, DecodeError> {
        Entry::read(message)
    }

    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        batch: &[Self::Event<'_>],
    ) -> Result<(), ApplyError> {
        Ok(write::all(tx, batch).await?)
    }
}

//! All wrapped keys, page by page, for who wraps them anew.

use async_nats::jetstream::message::StreamMessage;
use bytes::Bytes;
use events::UserId;

use super::entry::unless_marker;
use super::{PREFIX, STREAM};
use crate::{Broker, ReadError, RequestError};

const ALL: &str = "$KV.user_keys.*";

/// A user's wrapped key as the bucket holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// Whose it is.
    pub user: UserId,
    /// The wrapped bytes.
    pub wrapped: Bytes,
    /// Its sequence, for [`Broker::replace_key`].
    pub sequence: u64,
}

/// The keys that the bucket held when their reading began, in the order in which they were stored.
#[derive(Debug)]
pub struct WrappedKeys {
    broker: Broker,
    next: u64,
    /// The bucket's last sequence when the reading began: what is replaced meanwhile is not met again.
    end: u64,
    /// Whether a replica has no more, and only the leader may.
    is_leaders: bool,
}

impl Broker {
    /// Begins to read every wrapped key.
    ///
    /// Each that stands unchanged from the beginning to the end of the reading is among them.
    pub async fn wrapped_keys(&self) -> Result<WrappedKeys, ReadError> {
        self.must_be_connected()?;
        let state = self.info(STREAM).await?.state;
        Ok(WrappedKeys {
            broker: self.clone(),
            next: 1,
            end: state.last_sequence,
            is_leaders: false,
        })
    }
}

impl WrappedKeys {
    /// The next keys, at most 512; none at the end.
    ///
    /// A key may be given that was replaced or destroyed meanwhile: [`Broker::replace_key`] notices.
    /// After an error the same page can be asked for again.
    pub async fn next_page(&mut self) -> Result<Vec<WrappedKey>, ReadError> {
        while self.next <= self.end {
            self.broker.must_be_connected()?;
            let messages = self.messages().await?;
            let keys: Vec<_> = messages.into_iter().filter_map(|it| self.key(it)).collect();
            if !keys.is_empty() {
                return Ok(keys);
            }
        }
        Ok(Vec::new())
    }

    /// What comes next, from any replica, and where that one ends from the leader, one by one.
    ///
    /// A replica holds all that the leader holds of the beginning that it knows.
    async fn messages(&mut self) -> Result<Vec<StreamMessage>, RequestError> {
        if self.is_leaders {
            let found = self.broker.entry_from(ALL, self.next).await?;
            self.next = found.as_ref().map_or(self.end, |found| found.sequence) + 1;
            return Ok(Vec::from_iter(found));
        }
        let page = self.broker.page(STREAM, ALL, self.next).await?;
        self.is_leaders = page.is_last || page.messages.is_empty();
        self.next = page
            .messages
            .last()
            .map_or(self.next, |last| last.sequence + 1);
        Ok(page.messages)
    }

    fn key(&self, message: StreamMessage) -> Option<WrappedKey> {
        let sequence = message.sequence;
        // What else is kept there has a name that is no UUID.
        let user = message.subject.strip_prefix(PREFIX)?.parse().ok()?;
        let wrapped = unless_marker(message)?;
        (sequence <= self.end).then_some(WrappedKey {
            user,
            wrapped,
            sequence,
        })
    }
}

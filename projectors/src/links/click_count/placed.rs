//! Clicks, each with its place on the log.

use events::links::{Click, ClickEvent};
use service::click_count::visitor;

use super::exclusion::Excluded;
use super::message::ClickMessage;

/// A click, and where it stands.
pub(super) struct Placed<'m> {
    pub(super) message: &'m ClickMessage<'m>,
    /// Its place in the message.
    pub(super) ordinal: i32,
    pub(super) click: &'m ClickEvent<'m>,
    pub(super) is_excluded: bool,
}

impl<'m> Placed<'m> {
    /// The clicks of all messages, in their order.
    pub(super) fn all(messages: &[&'m ClickMessage<'m>], excluded: &Excluded) -> Vec<Self> {
        let each = messages.iter().flat_map(|message| {
            let clicks = (0_i32..).zip(message.clicks.iter().enumerate());
            clicks.map(|(ordinal, (place, click))| Self {
                message,
                ordinal,
                click,
                is_excluded: excluded.has(message, place),
            })
        });
        each.collect()
    }

    pub(super) const fn data(&self) -> &'m Click<'m> {
        &self.click.data
    }

    /// The visitor's hash of the day as a number.
    pub(super) fn visitor(&self) -> Option<i64> {
        number(self.data().visitor.as_deref())
    }

    /// The network's hash of the day as a number.
    pub(super) fn network(&self) -> Option<i64> {
        number(self.data().network.as_deref())
    }
}

fn number(hash: Option<&str>) -> Option<i64> {
    hash.and_then(visitor).map(u64::cast_signed)
}

//! Reading what a subscriber missed from the log, page by page, until the hub goes on.

use std::sync::Arc;
use std::time::Duration;

use events::{LinkId, WorkspaceId};
use futures::FutureExt;
use futures::future::BoxFuture;
use nats::{ReadError, StoredMessage};
use service::problem::Chain;
use tokio::time::sleep;

use crate::live::cursor::Cursor;
use crate::live::hub::Subscription;
use crate::live::message::Message;
use crate::live::past::{Holding, Past, Slot};
use crate::live::repeats::{Repeats, Verdict};
use crate::live::told::Told;

/// Between two attempts to read, while the broker is away or a replica lags.
const RETRY_DELAY: Duration = Duration::from_millis(250);

/// A part of what was missed.
pub(super) struct Page {
    pub(super) frames: Vec<Told>,
    /// How far it reaches.
    pub(super) at: Cursor,
    /// Whether all has been read that stood there when the reading began, so that the hub can go on.
    pub(super) is_last: bool,
}

/// A subscriber who has yet to catch up.
pub(super) struct Behind {
    /// What came before; `None` until a message tells when the reading began.
    repeats: Option<Repeats>,
    /// How far the log must be read; `None` until it was asked.
    end: Option<u64>,
    /// While the last page is handed on.
    holding: Option<Holding>,
    /// The page that is being read.
    reading: Option<BoxFuture<'static, (Reading, Option<Page>)>>,
}

/// What came of reading.
enum Read {
    Page(Page),
    /// The replica that answered lags behind: what must be there will come.
    Late,
    /// The log was made anew or cut short: what was there will not come.
    Gone,
}

/// What it takes to read a page.
struct Reading {
    past: Arc<Past>,
    workspace: WorkspaceId,
    link: Option<LinkId>,
    at: Cursor,
    /// Where the hub goes on.
    joined: u64,
    end: Option<u64>,
    repeats: Option<Repeats>,
    slot: Option<Slot>,
}

impl Behind {
    /// `is_whole` if the log is read from its beginning.
    pub(super) fn new(is_whole: bool) -> Self {
        Self {
            repeats: is_whole.then(Repeats::default),
            end: None,
            holding: None,
            reading: None,
        }
    }

    /// One whose page is being handed on.
    #[cfg(test)]
    pub(super) fn handing_on(holding: Holding) -> Self {
        Self {
            holding: Some(holding),
            ..Self::new(true)
        }
    }

    /// Reads on behind `at`; `None` if it took too long to hand on the page before, or what is to be read is gone.
    ///
    /// Who gives up and calls again goes on with the same page.
    pub(super) async fn page(
        &mut self,
        past: &Arc<Past>,
        subscription: &Subscription,
        at: Cursor,
    ) -> Option<Page> {
        if self.holding.take().is_some_and(|it| it.is_overdue()) {
            return None;
        }
        let reading = self.reading.get_or_insert_with(|| {
            let (workspace, link) = subscription.listens_to();
            let reading = Reading {
                past: Arc::clone(past),
                workspace,
                link,
                at,
                joined: subscription.start.sequence,
                end: self.end,
                repeats: self.repeats.take(),
                slot: None,
            };
            reading.page().boxed()
        });
        let (read, page) = reading.await;
        self.reading = None;
        self.repeats = read.repeats;
        self.end = read.end;
        self.holding = read.slot.map(|slot| past.hold(slot));
        page
    }

    /// The hub goes on further on.
    pub(super) const fn read_on(&mut self) {
        self.end = None;
    }
}

impl Reading {
    /// `None` if what is to be read is gone.
    async fn page(mut self) -> (Self, Option<Page>) {
        loop {
            self.slot = self.past.slot(self.workspace).await;
            match self.read().await {
                Ok(Read::Page(page)) => return (self, Some(page)),
                Ok(Read::Gone) | Err(ReadError::Diverged(_)) => return (self, None),
                Ok(Read::Late) => {}
                // The tail tells of it once for all.
                Err(error) => {
                    tracing::debug!(error = %Chain(&error), "cannot read what was missed");
                }
            }
            self.slot = None;
            sleep(RETRY_DELAY).await;
        }
    }

    async fn read(&mut self) -> Result<Read, ReadError> {
        // Asked after joining, so the workspace has nothing between there and where the hub goes on.
        let end = match self.end {
            Some(end) => end,
            None => *self.end.insert(self.past.last(self.workspace).await?),
        };
        let mut page = Page {
            frames: Vec::new(),
            at: self.at,
            is_last: false,
        };
        if self.at.next_sequence() <= end {
            let from = self.at.next_sequence();
            let messages = self.past.page(self.workspace, from).await?;
            if messages.is_empty() {
                return self.lacks(end).await;
            }
            for stored in &messages {
                let sequence = stored.position.sequence;
                if sequence <= end
                    && let Err(error) = self.take(stored, &mut page).await
                {
                    // What was taken is marked, and so must be handed on.
                    return if page.at == self.at {
                        Err(error)
                    } else {
                        Ok(Read::Page(page))
                    };
                }
                page.is_last = sequence >= end;
                if page.is_last {
                    break;
                }
            }
        } else {
            page.is_last = true;
        }
        let joined = Cursor::behind(self.at.log, self.joined);
        if page.is_last && !page.at.covers(joined) {
            page.at = joined;
        }
        Ok(Read::Page(page))
    }

    /// Why nothing is there up to `end`, where something was. The leader lags behind nobody.
    async fn lacks(&self, end: u64) -> Result<Read, ReadError> {
        let is_there = self.past.last(self.workspace).await? >= end;
        Ok(if is_there { Read::Late } else { Read::Gone })
    }

    async fn take(&mut self, stored: &StoredMessage, page: &mut Page) -> Result<(), ReadError> {
        let Some(message) = Message::of(stored) else {
            return Ok(());
        };
        // The subscriber has seen a part of the message, so it is no repeat.
        let is_seen = self.at.sequence == message.sequence;
        let fresh = || Repeats::since(message.stored_at);
        let repeats = self.repeats.get_or_insert_with(fresh);
        let is_repeat = if is_seen {
            message.settle(repeats, None)
        } else {
            match message.judge(repeats) {
                Verdict::New => false,
                Verdict::Repeat => true,
                Verdict::Doubtful { since } => {
                    let largest = self.past.largest_before(&message, since).await?;
                    message.settle(repeats, largest)
                }
            }
        };
        if !is_repeat {
            self.show(&message, page);
        }
        page.at = Cursor::behind(self.at.log, message.sequence);
        Ok(())
    }

    fn show(&self, message: &Message<'_>, page: &mut Page) {
        let clicks = message.clicks();
        let of_link = clicks
            .iter()
            .enumerate()
            .filter(|(_, click)| self.link.is_none_or(|link| link == click.data.link_id));
        for (index, click) in of_link {
            let cursor = Cursor::at(self.at.log, message.sequence, index);
            if !self.at.covers(cursor) {
                page.frames.extend(Told::click(cursor, click));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use events::ClickId;
    use events::links::{Click, ClickEvent};
    use nats::{Broker, NewMessage};
    use service::world;
    use tokio::time::timeout;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::live::cursor::Log;
    use crate::live::hub::tests::{HERE, SPRING, THERE, hub};

    const SOON: Duration = Duration::from_secs(10);

    /// Whether there is a page behind `at`, where one reads up to `end`.
    async fn has_page(past: &Arc<Past>, at: Cursor, end: u64) -> bool {
        let subscription = hub().join(HERE, None).unwrap();
        let mut behind = Behind {
            end: Some(end),
            ..Behind::new(true)
        };
        let page = timeout(SOON, behind.page(past, &subscription, at)).await;
        page.expect("a page or none").is_some()
    }

    #[tokio::test]
    async fn what_was_there_and_is_gone_is_not_waited_for() {
        let nats = servers::testing::nats().await;
        let broker = Broker::connect(&nats.url(), "test").await.unwrap();
        broker.apply_streams().await.unwrap();
        for workspace in [HERE, THERE] {
            let id = ClickId::new(world::new_id());
            let click = ClickEvent::new(id, world::now(), Click::of(SPRING, "spring"));
            let messages = NewMessage::clicks(workspace, &[click]).unwrap();
            broker.append(&messages).await.unwrap();
        }
        let past = Arc::new(Past::new(Some(broker), TaskTracker::new(), SOON));
        let log = Log::of(past.state().await.unwrap().incarnation);
        assert!(has_page(&past, Cursor::behind(log, 0), 1).await);
        // Another workspace's click stands there, or none: the log was cut short since one asked for its end.
        assert!(!has_page(&past, Cursor::behind(log, 1), 2).await);
        assert!(!has_page(&past, Cursor::behind(log, 1), 7).await);
    }
}

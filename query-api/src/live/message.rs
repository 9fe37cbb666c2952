//! A message of CLICKS as it is read, not looked into before somebody wants it.

use events::links::ClickEvent;
use events::{Subject, Timestamp, WorkspaceId};
use nats::{BATCH_HEADER, PRODUCER_HEADER, StoredMessage};
use time::OffsetDateTime;

use super::repeats::{Batch, Repeats, Verdict};

pub(super) struct Message<'a> {
    pub(super) sequence: u64,
    pub(super) workspace: WorkspaceId,
    pub(super) stored_at: Timestamp,
    /// It was stored after this, each time that it was: its id was made when its first click came.
    pub(super) packed_at: Timestamp,
    pub(super) batch: Option<Batch>,
    pub(super) body: &'a [u8],
}

impl<'a> Message<'a> {
    /// `None` if it holds no clicks.
    pub(super) fn of(stored: &'a StoredMessage) -> Option<Self> {
        let Some(Subject::Clicks(workspace)) = stored.subject else {
            return None;
        };
        Some(Self {
            sequence: stored.position.sequence,
            workspace,
            stored_at: stored.stored_at,
            packed_at: packed_at(stored),
            batch: batch(stored),
            body: &stored.body,
        })
    }

    /// Its clicks; none if they cannot be read, which is logged.
    pub(super) fn clicks(&self) -> Vec<ClickEvent<'a>> {
        ClickEvent::decode_batch(self.body).unwrap_or_else(|error| {
            tracing::error!(sequence = self.sequence, %error, "clicks that cannot be read");
            Vec::new()
        })
    }

    /// Whether it came before; without a number it counts as new.
    pub(super) fn judge(&self, repeats: &mut Repeats) -> Verdict {
        self.batch.map_or(Verdict::New, |batch| {
            repeats.judge(self.workspace, batch, self.stored_at, self.packed_at)
        })
    }

    /// Whether it came before, given its producer's largest number before it.
    pub(super) fn settle(&self, repeats: &mut Repeats, largest: Option<u64>) -> bool {
        self.batch
            .is_some_and(|batch| repeats.settle(self.workspace, batch, self.stored_at, largest))
    }

    /// Takes in its number, without looking into it.
    pub(super) fn note(&self, repeats: &mut Repeats) {
        if let Some(batch) = self.batch {
            repeats.note(self.workspace, batch, self.stored_at);
        }
    }
}

/// Long ago, if the id tells no time.
fn packed_at(stored: &StoredMessage) -> Timestamp {
    let made = stored.id().and_then(|id| id.uuid().get_timestamp());
    let (seconds, nanos) = made.map_or((0, 0), |made| made.to_unix());
    let made = i64::try_from(seconds).ok().and_then(|seconds| {
        let made = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
        made.replace_nanosecond(nanos).ok()
    });
    Timestamp::new(made.unwrap_or(OffsetDateTime::UNIX_EPOCH))
}

fn batch(stored: &StoredMessage) -> Option<Batch> {
    Some(Batch {
        producer: stored.header(PRODUCER_HEADER)?.parse().ok()?,
        number: stored.header(BATCH_HEADER)?.parse().ok()?,
    })
}

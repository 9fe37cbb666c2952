//! Adding clicks to what is counted: packed while they are few, and added up for every 512.
//!
//! What is stored depends on the clicks and their order alone, and not on the batches in which they come:
//! whoever reads the log again ends at the same rows.

use events::WorkspaceId;
use events::links::ClickEvent;
use foldhash::HashMap;
use service::click_count::{Dimension, PackedDay, PackedError, pack, unpack, visitor};
use sqlx::PgConnection;

use super::breath::Breath;
use super::click::{Click, Texts, quarter};
use super::day::{DayClicks, PartRow, ScopeDay, Stored};
use super::exclusion::Excluded;
use super::message::ClickMessage;
use super::part::{self, PACKED_MAX, PART_CLICKS};
use super::sketches::Sketches;
use super::tally::Tally;
use super::{raw, write};
use crate::projection::{ApplyError, Steps};

/// Keeps the clicks of all messages as they came, and adds those that count.
pub(super) async fn take_in(
    tx: &mut PgConnection,
    messages: &[&ClickMessage<'_>],
    excluded: &Excluded,
    steps: &Steps,
) -> Result<(), ApplyError> {
    // Postgres takes in the clicks as they came while they are counted here: a third beside each part of the counting.
    let [first, second, third] = raw::parts(messages);
    let mut texts = Texts::default();
    let counting = async { Ok(by_day(messages, excluded, &mut texts).await) };
    let raw = async { Ok::<_, ApplyError>(raw::write_all(&mut *tx, first, excluded).await?) };
    let (days, ()) = tokio::try_join!(counting, raw)?;
    steps.done();
    let stored = write::stored(tx, &days).await?;
    let raw = async { Ok(raw::write_all(&mut *tx, second, excluded).await?) };
    let (sums, ()) = tokio::try_join!(Sums::of(&days, &stored, &mut texts), raw)?;
    steps.done();
    let sketches = Sketches::stored(tx, &sums.tally).await?;
    let raw = async { Ok(raw::write_all(&mut *tx, third, excluded).await?) };
    let (sketches, ()) = tokio::try_join!(sketches.with(&sums.tally), raw)?;
    steps.done();
    sums.write(tx, &sketches).await?;
    steps.done();
    Ok(())
}

/// Adds the clicks of each day, in their order.
pub(super) async fn add(
    tx: &mut PgConnection,
    days: &[DayClicks],
    mut texts: Texts<'_>,
) -> Result<(), ApplyError> {
    let stored = write::stored(tx, days).await?;
    let sums = Sums::of(days, &stored, &mut texts).await?;
    let sketches = Sketches::stored(tx, &sums.tally).await?;
    let sketches = sketches.with(&sums.tally).await?;
    sums.write(tx, &sketches).await
}

/// What days have, with what is new.
#[derive(Default)]
struct Sums<'c> {
    parts: Vec<PartRow>,
    tally: Tally<'c>,
}

impl<'c> Sums<'c> {
    async fn of(
        days: &[DayClicks],
        stored: &'c [Stored],
        texts: &mut Texts<'c>,
    ) -> Result<Self, ApplyError> {
        let (mut sums, mut breath) = (Self::default(), Breath::default());
        for ((key, new), stored) in days.iter().zip(stored) {
            sums.add(*key, stored, new, texts, &mut breath).await?;
        }
        Ok(sums)
    }

    /// Adds the clicks of a day to those that are packed; all of them up, as far as they are many.
    async fn add(
        &mut self,
        key: ScopeDay,
        stored: &'c Stored,
        new: &[Click],
        texts: &mut Texts<'c>,
        breath: &mut Breath,
    ) -> Result<(), ApplyError> {
        let clicks = stored.clicks;
        let packed = part::packed(clicks);
        breath.after(packed + new.len()).await;
        if packed + new.len() < PACKED_MAX {
            return self.pack(key, stored, new, texts);
        }
        let mut all = Vec::with_capacity(packed + new.len());
        for bytes in &stored.packed {
            all.extend(unpack(bytes)?.iter().map(|it| texts.click(it)));
        }
        if all.len() != packed {
            return Err(PackedError.into());
        }
        all.extend_from_slice(new);
        let kept = all.split_off(all.len() - part::packed(all.len()));
        self.tally.add(key, &all, texts, breath).await;
        let mut kept = kept.chunks(PART_CLICKS);
        for part in part::all() {
            let packed = kept.next().unwrap_or_default();
            let packed = pack(packed.iter().map(|it| texts.packed(it)));
            self.put(key, part, [clicks, clicks + new.len()], packed);
        }
        Ok(())
    }

    /// Adds clicks to the part in which they go on, and to those after it.
    fn pack(
        &mut self,
        key: ScopeDay,
        stored: &'c Stored,
        new: &[Click],
        texts: &Texts<'c>,
    ) -> Result<(), ApplyError> {
        let clicks = stored.clicks;
        let (first, room) = part::next(clicks);
        let (here, behind) = new.split_at(room.min(new.len()));
        let bytes = stored.packed.first().map_or(&[][..], Vec::as_slice);
        let mut open = PackedDay::read(bytes)?;
        // It has fewer where the clicks before are packed as a whole, as they were before there were parts.
        if open.count() + room > PART_CLICKS {
            return Err(PackedError.into());
        }
        let pieces = std::iter::once(here).chain(behind.chunks(PART_CLICKS));
        for (part, piece) in (first..).zip(pieces) {
            let packed = std::mem::take(&mut open).with(piece.iter().map(|it| texts.packed(it)));
            self.put(key, part, [clicks, clicks + new.len()], packed);
        }
        Ok(())
    }

    /// What a part has in future, of a day that had so many clicks and has so many.
    fn put(&mut self, key: ScopeDay, part: usize, clicks: [usize; 2], packed: Vec<u8>) {
        let [before, after] = clicks.map(|it| part::share(it, part));
        self.parts.push(PartRow {
            key,
            part: i16::try_from(part).unwrap_or_default(),
            clicks: i64::try_from(after - before).unwrap_or(i64::MAX),
            packed,
        });
    }

    async fn write(&self, tx: &mut PgConnection, sketches: &Sketches) -> Result<(), ApplyError> {
        write::parts(tx, &self.parts).await?;
        write::quarters(tx, &self.tally.quarters, &sketches.quarters).await?;
        write::values(tx, &self.tally.values, &sketches.values).await?;
        Ok(())
    }
}

/// The clicks that count, of each day in their order, and the days in that of the tables' indexes.
async fn by_day<'c>(
    messages: &[&'c ClickMessage<'_>],
    excluded: &Excluded,
    texts: &mut Texts<'c>,
) -> Vec<DayClicks> {
    let (mut days, mut breath) = (HashMap::default(), Breath::default());
    for message in messages {
        for (place, event) in message.clicks.iter().enumerate() {
            if !excluded.has(message, place) {
                add_to_days(&mut days, message.workspace, event, texts);
            }
        }
        breath.after(message.clicks.len()).await;
    }
    let mut days: Vec<_> = days.into_iter().collect();
    days.sort_unstable_by_key(|(key, _)| *key);
    days
}

/// Adds a click to its link's day and to its workspace's.
fn add_to_days<'c>(
    days: &mut HashMap<ScopeDay, Vec<Click>>,
    workspace: WorkspaceId,
    event: &'c ClickEvent<'_>,
    texts: &mut Texts<'c>,
) {
    let (data, time, workspace) = (&event.data, event.time.odt(), workspace.uuid());
    let click = Click {
        quarter: quarter(time),
        is_bot: data.is_bot,
        visitor: data.visitor.as_deref().and_then(visitor),
        texts: texts.numbers(Dimension::values(data)),
    };
    for scope in [data.link_id.uuid(), workspace] {
        let key = ScopeDay {
            scope,
            day: time.date(),
            workspace,
        };
        days.entry(key).or_default().push(click);
    }
}

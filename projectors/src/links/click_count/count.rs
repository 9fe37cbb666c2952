//! Adding clicks to what is counted: packed while they are few, and added up for every 512.
//!
//! What is stored depends on the clicks and their order alone, and not on the batches in which they come:
//! whoever reads the log again ends at the same rows.

use events::WorkspaceId;
use events::links::ClickEvent;
use foldhash::HashMap;
use service::click_count::{Dimension, PackedDay, pack, unpack, visitor};
use sqlx::PgConnection;

use super::breath::Breath;
use super::click::{Click, Texts, quarter};
use super::day::{DayClicks, DayRow, ScopeDay};
use super::exclusion::Excluded;
use super::message::ClickMessage;
use super::sketches::Sketches;
use super::tally::Tally;
use super::{raw, write};
use crate::projection::{ApplyError, Steps};

/// How many clicks of a day are packed before they are added up: many enough that adding up is rare,
/// few enough that a row which is written anew with every click stays below 16 KiB.
pub(super) const PACKED_MAX: usize = 512;

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
    let stored = write::packed(tx, &days).await?;
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
    let stored = write::packed(tx, days).await?;
    let sums = Sums::of(days, &stored, &mut texts).await?;
    let sketches = Sketches::stored(tx, &sums.tally).await?;
    let sketches = sketches.with(&sums.tally).await?;
    sums.write(tx, &sketches).await
}

/// What days have, with what is new.
#[derive(Default)]
struct Sums<'c> {
    days: Vec<DayRow>,
    tally: Tally<'c>,
}

impl<'c> Sums<'c> {
    async fn of(
        days: &[DayClicks],
        stored: &'c HashMap<ScopeDay, Vec<u8>>,
        texts: &mut Texts<'c>,
    ) -> Result<Self, ApplyError> {
        let (mut sums, mut breath) = (Self::default(), Breath::default());
        for (key, new) in days {
            let stored = stored.get(key).map_or(&[][..], Vec::as_slice);
            let packed = sums.add(*key, new, stored, texts, &mut breath).await?;
            sums.days.push(DayRow {
                key: *key,
                clicks: i64::try_from(new.len()).unwrap_or(i64::MAX),
                packed,
            });
        }
        Ok(sums)
    }

    /// Adds the clicks of a day up, as far as they are many; what stays packed.
    async fn add(
        &mut self,
        key: ScopeDay,
        new: &[Click],
        stored: &'c [u8],
        texts: &mut Texts<'c>,
        breath: &mut Breath,
    ) -> Result<Vec<u8>, ApplyError> {
        let day = PackedDay::read(stored)?;
        breath.after(day.count() + new.len()).await;
        if day.count() + new.len() < PACKED_MAX {
            return Ok(day.with(new.iter().map(|it| texts.packed(it))));
        }
        let mut all = Vec::with_capacity(day.count() + new.len());
        all.extend(unpack(stored)?.iter().map(|it| texts.click(it)));
        all.extend_from_slice(new);
        let kept = all.split_off(all.len() - all.len() % PACKED_MAX);
        self.tally.add(key, &all, texts, breath).await;
        Ok(pack(kept.iter().map(|it| texts.packed(it))))
    }

    async fn write(&self, tx: &mut PgConnection, sketches: &Sketches) -> Result<(), ApplyError> {
        write::days(tx, &self.days).await?;
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

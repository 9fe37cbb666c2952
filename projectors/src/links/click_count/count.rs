//! Adding clicks to what is counted: packed while they are few, and added up for every 512.
//!
//! What is stored depends on the clicks and their order alone, and not on the batches in which they come:
//! whoever reads the log again ends at the same rows.

use std::collections::HashMap;

use service::click_count::{Dimension, PackedClick, pack, unpack, visitor};
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::exclusion::Excluded;
use super::message::ClickMessage;
use super::sketches::Sketches;
use super::tally::Tally;
use super::{raw, write};
use crate::projection::ApplyError;

/// How many clicks of a day are packed before they are added up: many enough that adding up is rare,
/// few enough that a row which is written anew with every click stays below 16 KiB.
pub(super) const PACKED_MAX: usize = 512;

/// Rows that are made in one go: a few milliseconds of work at most.
const AT_A_TIME: usize = 16;

const QUARTER_MINUTES: u8 = 15;

/// A day of a link, or of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ScopeDay {
    /// The link, or the workspace itself.
    pub(super) scope: Uuid,
    pub(super) day: Date,
    pub(super) workspace: Uuid,
}

/// A day's row, as it is written.
pub(super) struct DayRow {
    pub(super) key: ScopeDay,
    pub(super) clicks: i64,
    pub(super) packed: Vec<u8>,
}

/// Keeps the clicks of all messages as they came, and adds those that count.
pub(super) async fn take_in(
    tx: &mut PgConnection,
    messages: &[&ClickMessage<'_>],
    excluded: &Excluded,
) -> Result<(), ApplyError> {
    let clicks = messages.iter().flat_map(|it| of_message(it, excluded));
    let clicks: Vec<_> = clicks.collect();
    let days = by_day(&clicks);
    let stored = write::packed(tx, &days).await?;
    let sums = Sums::of(&days, &stored)?;
    let sketches = Sketches::stored(tx, &sums.tally).await?;
    // Postgres takes in the clicks as they came while the others are packed and sketched here.
    let raw = async { Ok(raw::write_all(tx, messages, excluded).await?) };
    let (rows, ()) = tokio::try_join!(sums.rows(sketches), raw)?;
    sums.write(tx, &rows).await
}

/// Adds the clicks of each day, in their order.
pub(super) async fn add(
    tx: &mut PgConnection,
    days: &[(ScopeDay, Vec<&PackedClick<'_>>)],
) -> Result<(), ApplyError> {
    let stored = write::packed(tx, days).await?;
    let sums = Sums::of(days, &stored)?;
    let sketches = Sketches::stored(tx, &sums.tally).await?;
    let rows = sums.rows(sketches).await?;
    sums.write(tx, &rows).await
}

/// What days have, with what is new.
#[derive(Default)]
struct Sums<'c> {
    /// How many clicks are new, and those that stay packed.
    days: Vec<(ScopeDay, usize, Vec<PackedClick<'c>>)>,
    tally: Tally<'c>,
}

/// The rows of it that take long to make.
struct Rows {
    days: Vec<DayRow>,
    sketches: Sketches,
}

impl<'c> Sums<'c> {
    fn of(
        days: &[(ScopeDay, Vec<&PackedClick<'c>>)],
        stored: &'c HashMap<ScopeDay, Vec<u8>>,
    ) -> Result<Self, ApplyError> {
        let mut sums = Self::default();
        for (key, new) in days {
            let mut all = unpack(stored.get(key).map_or(&[], Vec::as_slice))?;
            all.extend(new.iter().copied());
            let kept = all.split_off(all.len() - all.len() % PACKED_MAX);
            sums.tally.add(*key, &all);
            sums.days.push((*key, new.len(), kept));
        }
        Ok(sums)
    }

    /// Makes them a few at a time, and lets others go on in between.
    async fn rows(&self, stored: Sketches) -> Result<Rows, ApplyError> {
        let mut days = Vec::with_capacity(self.days.len());
        for some in self.days.chunks(AT_A_TIME) {
            days.extend(some.iter().map(|(key, new, kept)| DayRow {
                key: *key,
                clicks: i64::try_from(*new).unwrap_or(i64::MAX),
                packed: pack(kept.iter()),
            }));
            tokio::task::yield_now().await;
        }
        let sketches = stored.with(&self.tally, AT_A_TIME).await?;
        Ok(Rows { days, sketches })
    }

    async fn write(&self, tx: &mut PgConnection, rows: &Rows) -> Result<(), ApplyError> {
        write::days(tx, &rows.days).await?;
        write::quarters(tx, &self.tally.quarters, &rows.sketches.quarters).await?;
        write::values(tx, &self.tally.values, &rows.sketches.values).await?;
        Ok(())
    }
}

/// A click, with its link's day and its workspace's.
struct Counted<'c> {
    days: [ScopeDay; 2],
    click: PackedClick<'c>,
}

fn of_message<'c>(
    message: &'c ClickMessage<'_>,
    excluded: &'c Excluded,
) -> impl Iterator<Item = Counted<'c>> {
    let workspace = message.workspace.uuid();
    let clicks = message.clicks.iter().enumerate();
    let counting = clicks.filter(move |(place, _)| !excluded.has(message, *place));
    counting.map(move |(_, event)| {
        let (data, time) = (&event.data, event.time.odt());
        let day = |scope| ScopeDay {
            scope,
            day: time.date(),
            workspace,
        };
        Counted {
            days: [day(data.link_id.uuid()), day(workspace)],
            click: PackedClick {
                quarter: quarter(time),
                is_bot: data.is_bot,
                visitor: data.visitor.as_deref().and_then(visitor),
                values: Dimension::values(data),
            },
        }
    })
}

/// Which quarter of an hour of its day.
pub(super) fn quarter(time: OffsetDateTime) -> u8 {
    time.hour() * 4 + time.minute() / QUARTER_MINUTES
}

/// The clicks of each day in their order, and the days in that of the tables' indexes.
fn by_day<'c>(clicks: &'c [Counted<'c>]) -> Vec<(ScopeDay, Vec<&'c PackedClick<'c>>)> {
    let mut days: HashMap<ScopeDay, Vec<&PackedClick<'_>>> = HashMap::new();
    for counted in clicks {
        for day in counted.days {
            days.entry(day).or_default().push(&counted.click);
        }
    }
    let mut days: Vec<_> = days.into_iter().collect();
    days.sort_unstable_by_key(|(key, _)| *key);
    days
}

#[cfg(test)]
mod tests {
    use super::quarter;
    use time::macros::datetime;

    #[test]
    fn a_day_has_ninety_six_quarters() {
        assert_eq!(quarter(datetime!(2026-11-21 0:00 UTC)), 0);
        assert_eq!(quarter(datetime!(2026-11-21 0:14:59.999999 UTC)), 0);
        assert_eq!(quarter(datetime!(2026-11-21 0:15 UTC)), 1);
        assert_eq!(quarter(datetime!(2026-11-21 23:59:59 UTC)), 95);
    }
}

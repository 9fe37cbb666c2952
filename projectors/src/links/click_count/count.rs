//! Adding clicks to what is counted: packed while they are few, and added up for every 512.
//!
//! What is stored depends on the clicks and their order alone, and not on the batches in which they come:
//! whoever reads the log again ends at the same rows.

use foldhash::{HashMap, HashSet};
use service::click_count::{Dimension, PackedClick, PackedDay, pack, unpack, visitor};
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::breath::Breath;
use super::exclusion::Excluded;
use super::message::ClickMessage;
use super::sketches::Sketches;
use super::tally::Tally;
use super::{raw, write};
use crate::projection::ApplyError;

/// How many clicks of a day are packed before they are added up: many enough that adding up is rare,
/// few enough that a row which is written anew with every click stays below 16 KiB.
pub(super) const PACKED_MAX: usize = 512;

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
    let clicks = counted(messages, excluded);
    let days = by_day(&clicks);
    let stored = write::packed(tx, &days).await?;
    // Postgres takes in one half of the clicks as they came while the counts are made here, and the other half
    // while the sketches are.
    let (first, second) = raw::halves(messages);
    let raw = async { Ok(raw::write_all(&mut *tx, first, excluded).await?) };
    let (sums, ()) = tokio::try_join!(Sums::of(&days, &stored), raw)?;
    let sketches = Sketches::stored(tx, &sums.tally).await?;
    let raw = async { Ok(raw::write_all(&mut *tx, second, excluded).await?) };
    let (sketches, ()) = tokio::try_join!(sketches.with(&sums.tally), raw)?;
    sums.write(tx, &sketches).await
}

/// Adds the clicks of each day, in their order.
pub(super) async fn add(
    tx: &mut PgConnection,
    days: &[(ScopeDay, Vec<&PackedClick<'_>>)],
) -> Result<(), ApplyError> {
    let stored = write::packed(tx, days).await?;
    let sums = Sums::of(days, &stored).await?;
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
        days: &[(ScopeDay, Vec<&PackedClick<'c>>)],
        stored: &'c HashMap<ScopeDay, Vec<u8>>,
    ) -> Result<Self, ApplyError> {
        let (mut sums, mut breath) = (Self::default(), Breath::default());
        for (key, new) in days {
            let stored = stored.get(key).map_or(&[][..], Vec::as_slice);
            let packed = sums.add(*key, new, stored, &mut breath).await?;
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
        new: &[&PackedClick<'c>],
        stored: &'c [u8],
        breath: &mut Breath,
    ) -> Result<Vec<u8>, ApplyError> {
        let day = PackedDay::read(stored)?;
        breath.after(day.count() + new.len()).await;
        if day.count() + new.len() < PACKED_MAX {
            return Ok(day.with(new.iter().copied()));
        }
        let mut all = unpack(stored)?;
        all.extend(new.iter().copied());
        let kept = all.split_off(all.len() - all.len() % PACKED_MAX);
        self.tally.add(key, &all, breath).await;
        Ok(pack(kept.iter()))
    }

    async fn write(&self, tx: &mut PgConnection, sketches: &Sketches) -> Result<(), ApplyError> {
        write::days(tx, &self.days).await?;
        write::quarters(tx, &self.tally.quarters, &sketches.quarters).await?;
        write::values(tx, &self.tally.values, &sketches.values).await?;
        Ok(())
    }
}

/// A click, with its link's day and its workspace's.
struct Counted<'c> {
    days: [ScopeDay; 2],
    click: PackedClick<'c>,
}

/// Each text once. In the messages those that are alike lie far apart, and to compare them there is to wait for memory.
#[derive(Default)]
struct Texts<'c>(HashSet<&'c str>);

impl<'c> Texts<'c> {
    /// The first that came of those that are alike.
    fn one(&mut self, text: &'c str) -> &'c str {
        if text.is_empty() {
            return "";
        }
        let known = self.0.get(text).copied();
        known.unwrap_or_else(|| {
            self.0.insert(text);
            text
        })
    }
}

fn counted<'c>(messages: &[&'c ClickMessage<'_>], excluded: &'c Excluded) -> Vec<Counted<'c>> {
    let (mut clicks, mut texts) = (Vec::new(), Texts::default());
    for message in messages {
        clicks.extend(of_message(message, excluded, &mut texts));
    }
    clicks
}

fn of_message<'c>(
    message: &'c ClickMessage<'_>,
    excluded: &'c Excluded,
    texts: &mut Texts<'c>,
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
                values: Dimension::values(data).map(|it| texts.one(it)),
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
    let mut days: HashMap<ScopeDay, Vec<&PackedClick<'_>>> = HashMap::default();
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
    use super::{Texts, quarter};
    use time::macros::datetime;

    #[test]
    fn texts_that_are_alike_are_one() {
        let all = "news.example news.example";
        let (first, second) = all.split_once(' ').unwrap();
        let mut texts = Texts::default();
        for text in [first, second] {
            let found = texts.one(text);
            assert_eq!((found, found.as_ptr()), (text, first.as_ptr()));
        }
        assert_eq!(texts.one("news"), "news");
        assert_eq!(texts.one(""), "");
    }

    #[test]
    fn a_day_has_ninety_six_quarters() {
        assert_eq!(quarter(datetime!(2026-11-21 0:00 UTC)), 0);
        assert_eq!(quarter(datetime!(2026-11-21 0:14:59.999999 UTC)), 0);
        assert_eq!(quarter(datetime!(2026-11-21 0:15 UTC)), 1);
        assert_eq!(quarter(datetime!(2026-11-21 23:59:59 UTC)), 95);
    }
}

//! The visitors of rows as sketches: those that are stored, and then those with what is added.

use std::collections::HashMap;

use service::click_count::{SketchError, Visitors};
use sqlx::PgConnection;

use super::tally::{Added, Tally};
use super::write;

/// A sketch, or none, for each row of a tally.
pub(super) struct Sketches {
    pub(super) quarters: Vec<Option<Vec<u8>>>,
    pub(super) values: Vec<Option<Vec<u8>>>,
}

impl Sketches {
    /// What is stored.
    pub(super) async fn stored(
        tx: &mut PgConnection,
        tally: &Tally<'_>,
    ) -> Result<Self, sqlx::Error> {
        let quarters = write::quarters_sketched(tx, &tally.quarters).await?;
        let values = write::values_sketched(tx, &tally.values).await?;
        Ok(Self {
            quarters: in_order(quarters, tally.quarters.len()),
            values: in_order(values, tally.values.len()),
        })
    }

    /// With what is added; none where nothing changes, so that a large one is not written for nothing.
    ///
    /// It makes so many at a time, and lets others go on in between.
    pub(super) async fn with(
        self,
        tally: &Tally<'_>,
        at_a_time: usize,
    ) -> Result<Self, SketchError> {
        let quarters = tally.quarters.iter().map(|(_, added)| added);
        let values = tally.values.iter().map(|(_, added)| added);
        Ok(Self {
            quarters: all(quarters, self.quarters, at_a_time).await?,
            values: all(values, self.values, at_a_time).await?,
        })
    }
}

/// Places are counted from 1.
fn in_order(mut stored: HashMap<i64, Vec<u8>>, rows: usize) -> Vec<Option<Vec<u8>>> {
    (1..).take(rows).map(|at| stored.remove(&at)).collect()
}

async fn all<'r>(
    rows: impl Iterator<Item = &'r Added>,
    stored: Vec<Option<Vec<u8>>>,
    at_a_time: usize,
) -> Result<Vec<Option<Vec<u8>>>, SketchError> {
    let mut sketches = Vec::with_capacity(stored.len());
    for (added, stored) in rows.zip(&stored) {
        if sketches.len() % at_a_time == 0 {
            tokio::task::yield_now().await;
        }
        sketches.push(sketch(added, stored.as_deref())?);
    }
    Ok(sketches)
}

fn sketch(added: &Added, stored: Option<&[u8]>) -> Result<Option<Vec<u8>>, SketchError> {
    if added.visitors.is_empty() {
        return Ok(None);
    }
    let mut visitors = Visitors::default();
    stored.map_or(Ok(()), |it| visitors.merge(it))?;
    added.visitors.iter().for_each(|it| visitors.add(*it));
    let bytes = visitors.to_bytes();
    Ok((stored != Some(bytes.as_slice())).then_some(bytes))
}

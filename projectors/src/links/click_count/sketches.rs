//! The visitors of rows as sketches: those that are stored, and then those with what is added.

use foldhash::HashMap;
use service::click_count::{Sketch, SketchError};
use sqlx::PgConnection;

use super::breath::Breath;
use super::tally::{Added, Tally};
use super::write;
use crate::projection::ApplyError;

/// To read and write a sketch is as much work as to add so many clicks.
const SKETCH_CLICKS: usize = 256;

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
    pub(super) async fn with(self, tally: &Tally<'_>) -> Result<Self, ApplyError> {
        let quarters = tally.quarters.iter().map(|(_, added)| added);
        let values = tally.values.iter().map(|(_, added)| added);
        Ok(Self {
            quarters: all(quarters, self.quarters).await?,
            values: all(values, self.values).await?,
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
) -> Result<Vec<Option<Vec<u8>>>, SketchError> {
    let (mut sketches, mut breath) = (Vec::with_capacity(stored.len()), Breath::default());
    for (added, stored) in rows.zip(&stored) {
        sketches.push(sketch(added, stored.as_deref())?);
        breath.after(added.visitors.len() + SKETCH_CLICKS).await;
    }
    Ok(sketches)
}

fn sketch(added: &Added, stored: Option<&[u8]>) -> Result<Option<Vec<u8>>, SketchError> {
    if added.visitors.is_empty() {
        return Ok(None);
    }
    let mut sketch = stored.map_or(Ok(Sketch::default()), Sketch::read)?;
    added.visitors.iter().for_each(|it| sketch.add(*it));
    let bytes = sketch.to_bytes();
    Ok((stored != Some(bytes.as_slice())).then_some(bytes))
}

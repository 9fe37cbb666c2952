//! Clicks and visitors, interval by interval.

use service::click_count::Visitors;
use service::problem::Problem;
use time::OffsetDateTime;

use super::span::Span;

/// A series under way.
pub(super) struct Series {
    /// The start of every interval, in order.
    starts: Vec<OffsetDateTime>,
    intervals: Vec<Counted>,
}

/// What is counted of an interval, or of a value.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) clicks: i64,
    pub(super) visitors: Visitors,
}

impl Counted {
    pub(super) fn add(&mut self, visitor: Option<u64>) {
        self.clicks += 1;
        if let Some(visitor) = visitor {
            self.visitors.add(visitor);
        }
    }

    pub(super) fn merge(&mut self, clicks: i64, visitors: Option<&[u8]>) -> Result<(), Problem> {
        self.clicks += clicks;
        let merged = visitors.map_or(Ok(()), |sketch| self.visitors.merge(sketch));
        merged.map_err(|error| Problem::internal(&error))
    }
}

impl Series {
    pub(super) fn of(starts: Vec<OffsetDateTime>) -> Self {
        let intervals = starts.iter().map(|_| Counted::default()).collect();
        Self { starts, intervals }
    }

    /// The interval that the time falls into; the last one if it is behind them all.
    pub(super) fn at(&mut self, time: OffsetDateTime) -> Option<&mut Counted> {
        let behind = self.starts.partition_point(|start| *start <= time);
        self.intervals.get_mut(behind.checked_sub(1)?)
    }

    /// The intervals, as far as they lie in `span`.
    pub(super) fn cut(&self, span: Span) -> impl Iterator<Item = Span> {
        let ends = self.starts.iter().skip(1).copied().chain([span.to]);
        let cut = self.starts.iter().zip(ends).map(move |(start, end)| Span {
            from: span.from.max(*start),
            to: span.to.min(end),
            ..span
        });
        cut.filter(|it| it.from < it.to)
    }

    /// All intervals as one.
    pub(super) fn total(&self) -> Counted {
        let mut total = Counted::default();
        for interval in &self.intervals {
            total.clicks += interval.clicks;
            total.visitors.merge_all(&interval.visitors);
        }
        total
    }

    pub(super) fn into_intervals(self) -> impl Iterator<Item = Counted> {
        self.intervals.into_iter()
    }
}

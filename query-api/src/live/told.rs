//! Frames on their way, written once for all who get them.

use std::ops::Range;
use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use events::links::ClickEvent;

use super::cursor::Cursor;
use super::frame::Frame;

/// A frame on its way. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// Where the subscriber is then; as before, if none.
    pub(super) cursor: Option<Cursor>,
    pub(super) text: Utf8Bytes,
}

/// Frames of one message or page, or some of them, shared by all who want the same. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Frames {
    all: Arc<[Told]>,
    /// Which of them.
    places: Range<usize>,
    /// Of their texts.
    bytes: usize,
}

impl Told {
    /// `None` if it cannot be written, which is logged.
    pub(super) fn of(frame: &Frame<'_>, cursor: Option<Cursor>) -> Option<Self> {
        let text = frame.text();
        let text =
            text.inspect_err(|error| tracing::error!(?cursor, %error, "a frame cannot be written"));
        Some(Self {
            cursor,
            text: text.ok()?,
        })
    }

    /// A click; as [`Told::of`].
    pub(super) fn click(cursor: Cursor, event: &ClickEvent<'_>) -> Option<Self> {
        let click = event.into();
        Self::of(&Frame::Click { cursor, click }, Some(cursor))
    }
}

impl Frames {
    pub(super) fn new(frames: Vec<Told>) -> Self {
        Self {
            places: 0..frames.len(),
            bytes: bytes(&frames),
            all: frames.into(),
        }
    }

    pub(super) fn as_slice(&self) -> &[Told] {
        self.all.get(self.places.clone()).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// How long their texts are.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where a subscriber is who was told all of them; as before, if none.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        self.as_slice().iter().rev().find_map(|it| it.cursor)
    }

    /// Takes the first of them out, so many at most.
    pub(super) fn take_first(&mut self, count: usize) -> Self {
        if count >= self.len() {
            return std::mem::take(self);
        }
        let mut first = self.clone();
        first.places.end = first.places.start + count;
        first.bytes = bytes(first.as_slice());
        self.places.start = first.places.end;
        self.bytes -= first.bytes;
        first
    }

    /// Leaves out those that a subscriber has seen who is at `at`; all are clicks, in the order of their cursors.
    pub(super) fn leave_out(&mut self, at: Cursor) {
        let is_seen = |it: &Told| it.cursor.is_some_and(|it| at.covers(it));
        let seen = self.as_slice().partition_point(is_seen);
        if seen > 0 {
            drop(self.take_first(seen));
        }
    }
}

fn bytes(frames: &[Told]) -> usize {
    frames.iter().map(|it| it.text.len()).sum()
}

#[cfg(test)]
mod tests {
    use axum::extract::ws::Utf8Bytes;
    use nats::Incarnation;
    use uuid::Uuid;

    use super::{Frames, Told};
    use crate::live::cursor::{Cursor, Log};

    fn at(index: usize) -> Cursor {
        let log = Log::of(Incarnation::new(Uuid::from_u128(7)));
        Cursor::at(log, 2, index)
    }

    /// Frames of as many bytes as their place tells.
    fn frames(count: usize) -> Frames {
        let told = (0..count).map(|index| Told {
            cursor: Some(at(index)),
            text: Utf8Bytes::from("x".repeat(index)),
        });
        Frames::new(told.collect())
    }

    fn lengths(frames: &Frames) -> Vec<usize> {
        let lengths: Vec<_> = frames.as_slice().iter().map(|it| it.text.len()).collect();
        assert_eq!(frames.bytes(), lengths.iter().sum::<usize>());
        assert_eq!(frames.len(), lengths.len());
        lengths
    }

    #[test]
    fn frames_are_taken_from_the_first_on() {
        let mut rest = frames(5);
        assert_eq!(lengths(&rest.take_first(2)), [0, 1]);
        assert_eq!(lengths(&rest), [2, 3, 4]);
        assert_eq!(lengths(&rest.take_first(9)), [2, 3, 4]);
        assert!(rest.is_empty() && rest.cursor().is_none());
    }

    #[test]
    fn what_was_seen_is_left_out() {
        let mut new = frames(4);
        new.leave_out(at(1));
        assert_eq!(lengths(&new), [2, 3]);
        assert_eq!(new.cursor(), Some(at(3)));
        new.leave_out(at(3));
        assert_eq!(lengths(&new), [0_usize; 0]);
    }
}

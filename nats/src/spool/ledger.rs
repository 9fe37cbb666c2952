//! What the spool's writer and its reader know together: the segments, and how much waits in them.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::figures::SpoolFigures;
use super::mark::Mark;
use super::record::Entry;
use super::segment::HEADER_BYTES;

/// The largest segment.
const SEGMENT_BYTES_MAX: u64 = 64 << 20;
/// Room comes back a segment at a time, so that a full spool should have several.
const SEGMENTS_MIN: u64 = 16;

/// A file of the spool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) id: u64,
    /// How far it may be read.
    pub(super) length: u64,
    /// What it takes on the disk.
    pub(super) file_bytes: u64,
    /// Messages and clicks in it that wait.
    pub(super) messages: u64,
    pub(super) clicks: u64,
    /// Whether there was more in it, which cannot be read.
    pub(super) is_damaged: bool,
}

/// What is found in the folder at a start.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    pub(super) segments: VecDeque<Segment>,
    /// Where the drain goes on in the first segment.
    pub(super) offset: u64,
    /// What damaged segments take that were set aside.
    pub(super) bytes_aside: u64,
    pub(super) next_id: u64,
    pub(super) damaged: u64,
}

#[derive(Debug)]
struct State {
    segments: VecDeque<Segment>,
    offset: u64,
    bytes_aside: u64,
    next_id: u64,
    /// Segments from here on have what must not be overtaken.
    first_own_id: u64,
    /// The last segment is written to at this moment.
    is_appending: bool,
    figures: Counted,
}

/// What is counted since the start.
#[derive(Debug, Default)]
struct Counted {
    drained_clicks: u64,
    dropped_clicks: u64,
    damaged_segments: u64,
    oldest_ms: Option<u64>,
}

/// A segment that nothing is to be read from any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    pub(super) segment: Segment,
    /// Where the drain stands then.
    pub(super) mark: Mark,
}

/// Where the reader reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) segment: u64,
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// The bookkeeping of one spool.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(super) folder: PathBuf,
    pub(super) segment_bytes_max: u64,
    bytes_max: u64,
    state: Mutex<State>,
    /// Whether nothing waits that must not be overtaken.
    is_passed: AtomicBool,
    /// Something was put in.
    grown: Notify,
}

impl Ledger {
    pub(super) fn new(folder: PathBuf, bytes_max: u64, found: Recovered) -> Self {
        Self {
            folder,
            bytes_max,
            segment_bytes_max: (bytes_max / SEGMENTS_MIN).min(SEGMENT_BYTES_MAX),
            state: Mutex::new(State {
                segments: found.segments,
                offset: found.offset,
                bytes_aside: found.bytes_aside,
                next_id: found.next_id,
                first_own_id: found.next_id,
                is_appending: false,
                figures: Counted {
                    damaged_segments: found.damaged,
                    ..Counted::default()
                },
            }),
            is_passed: AtomicBool::new(true),
            grown: Notify::new(),
        }
    }

    /// Each change is whole before the next step that could panic, so a poisoned state is sound.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing waits that was put in since the start, or since [`Ledger::pass`]: what is sent now overtakes
    /// nothing.
    ///
    /// What was there before has producers of its own, and may be overtaken.
    pub(crate) fn is_passed(&self) -> bool {
        self.is_passed.load(Ordering::Acquire)
    }

    /// From now on what waits may be overtaken; what is put in later stands in segments of its own.
    pub(crate) fn pass(&self) {
        let mut state = self.state();
        state.first_own_id = state.next_id;
        self.look_passed(&state);
    }

    /// Whether half of the room is taken.
    pub(crate) fn is_half_full(&self) -> bool {
        self.state().bytes() >= self.bytes_max / 2
    }

    /// Waits until something was put in.
    pub(crate) async fn grown(&self) {
        self.grown.notified().await;
    }

    /// How it stands.
    pub(crate) fn figures(&self) -> SpoolFigures {
        let state = self.state();
        let (messages, clicks) = state.waiting(0);
        SpoolFigures {
            bytes: state.bytes(),
            bytes_max: self.bytes_max,
            messages,
            clicks,
            oldest_ms: state.figures.oldest_ms.filter(|_| messages > 0),
            drained_clicks: state.figures.drained_clicks,
            dropped_clicks: state.figures.dropped_clicks,
            damaged_segments: state.figures.damaged_segments,
        }
    }

    /// Something is going to be put in: how many bytes there is room for, and the last segment if it may be written to.
    pub(super) fn begin_append(&self) -> (u64, Option<u64>) {
        let mut state = self.state();
        state.is_appending = true;
        let first_own_id = state.first_own_id;
        let last = state.segments.back();
        let last = last.filter(|it| it.id >= first_own_id && !it.is_damaged);
        let last_id = last.map(|it| it.id);
        (self.bytes_max.saturating_sub(state.bytes()), last_id)
    }

    pub(super) fn next_id(&self) -> u64 {
        let mut state = self.state();
        let id = state.next_id;
        state.next_id += 1;
        id
    }

    pub(super) fn add_segment(&self, id: u64) {
        let mut state = self.state();
        if state.segments.is_empty() {
            state.offset = HEADER_BYTES;
        }
        state.segments.push_back(Segment {
            id,
            length: HEADER_BYTES,
            file_bytes: HEADER_BYTES,
            messages: 0,
            clicks: 0,
            is_damaged: false,
        });
    }

    /// These are in the last segment now, which has this length, and the reader may have them.
    pub(super) fn publish(&self, length: u64, entries: &[Entry]) {
        let mut state = self.state();
        if let Some(last) = state.segments.back_mut() {
            last.length = length;
            last.file_bytes = length;
            last.messages += entries.len() as u64;
            last.clicks += clicks(entries);
            self.is_passed.store(false, Ordering::Release);
        }
    }

    /// Nothing more is put in for now, and these found no place.
    pub(super) fn end_append(&self, dropped: &[Entry]) {
        let mut state = self.state();
        state.is_appending = false;
        state.figures.dropped_clicks += clicks(dropped);
        drop(state);
        self.grown.notify_one();
    }

    /// Takes the first segment out if nothing in it waits and nothing is being written to it.
    pub(super) fn take_done(&self) -> Option<Done> {
        let mut state = self.state();
        let first = *state.segments.front()?;
        let is_written_to = state.is_appending && state.segments.len() == 1;
        if state.offset < first.length || is_written_to {
            return None;
        }
        state.segments.pop_front();
        state.offset = HEADER_BYTES;
        if first.is_damaged {
            state.bytes_aside += first.file_bytes;
        }
        Some(Done {
            segment: first,
            mark: Mark {
                segment: first.id,
                offset: first.length,
            },
        })
    }

    /// Where something waits.
    pub(super) fn head(&self) -> Option<Head> {
        let state = self.state();
        let first = state.segments.front()?;
        (state.offset < first.length).then_some(Head {
            segment: first.id,
            offset: state.offset,
            length: first.length,
        })
    }

    /// This one waits longest.
    pub(super) fn is_oldest(&self, entry: &Entry) {
        let time = entry.id.uuid().get_timestamp();
        let ms = time
            .map(|it| it.to_unix())
            .map(|(seconds, nanos)| seconds.saturating_mul(1_000) + u64::from(nanos / 1_000_000));
        self.state().figures.oldest_ms = ms;
    }

    /// So many messages of the first segment are in the log; the next one begins at `offset`.
    pub(super) fn advance(&self, offset: u64, messages: u64, clicks: u64) -> Option<Mark> {
        let mut state = self.state();
        state.offset = offset;
        state.figures.drained_clicks += clicks;
        let first = state.segments.front_mut()?;
        first.messages = first.messages.saturating_sub(messages);
        first.clicks = first.clicks.saturating_sub(clicks);
        let segment = first.id;
        self.look_passed(&state);
        Some(Mark { segment, offset })
    }

    /// The rest of the first segment cannot be read; answers how many clicks were in it.
    pub(super) fn lose_rest(&self) -> u64 {
        let mut state = self.state();
        state.figures.damaged_segments += 1;
        let offset = state.offset;
        let Some(first) = state.segments.front_mut() else {
            return 0;
        };
        let lost = first.clicks;
        first.length = offset;
        first.messages = 0;
        first.clicks = 0;
        first.is_damaged = true;
        self.look_passed(&state);
        lost
    }

    fn look_passed(&self, state: &State) {
        let (own, _) = state.waiting(state.first_own_id);
        self.is_passed.store(own == 0, Ordering::Release);
    }
}

impl State {
    /// Messages and clicks that wait in segments from this one on.
    fn waiting(&self, first_id: u64) -> (u64, u64) {
        let those = self.segments.iter().filter(|it| it.id >= first_id);
        those.fold((0, 0), |(messages, clicks), it| {
            (messages + it.messages, clicks + it.clicks)
        })
    }

    /// What the files take.
    fn bytes(&self) -> u64 {
        let segments = self.segments.iter().map(|it| it.file_bytes);
        segments.sum::<u64>() + self.bytes_aside
    }
}

pub(super) fn clicks(entries: &[Entry]) -> u64 {
    entries.iter().map(|it| u64::from(it.clicks)).sum()
}

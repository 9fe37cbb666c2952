//! The way of clicks to one listener: a buffer that is bounded in clicks and in bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nats::MESSAGE_CLICKS_MAX;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::live::told::Frames;

/// Clicks that may wait for one listener; a message holds up to 1,000.
pub(in crate::live) const FRAMES_MAX: usize = 2_048;
/// Bytes that may, and the message that exceeds them, besides the one that is being sent; listeners of the same clicks
/// share them.
const BYTES_MAX: usize = 1 << 20;
const _: () = assert!(MESSAGE_CLICKS_MAX <= FRAMES_MAX, "a message has room");
/// What is taken at once: as many as may come at once.
const FRAMES_AT_ONCE_MAX: usize = MESSAGE_CLICKS_MAX;

/// The hub's end.
pub(super) struct Line {
    frames: UnboundedSender<Frames>,
    waiting: Arc<Waiting>,
}

/// The listener's end.
pub(super) struct Receiver {
    frames: UnboundedReceiver<Frames>,
    waiting: Arc<Waiting>,
    /// What was received and not yet taken.
    rest: Frames,
}

/// What the hub has handed over and the listener has not taken.
#[derive(Default)]
struct Waiting {
    frames: AtomicUsize,
    bytes: AtomicUsize,
}

impl Line {
    pub(super) fn new() -> (Self, Receiver) {
        let (sender, receiver) = unbounded_channel();
        let waiting = Arc::<Waiting>::default();
        let line = Self {
            frames: sender,
            waiting: Arc::clone(&waiting),
        };
        let receiver = Receiver {
            frames: receiver,
            waiting,
            rest: Frames::default(),
        };
        (line, receiver)
    }

    /// Whether there was room.
    pub(super) fn take(&self, frames: &Frames) -> bool {
        let waiting = &self.waiting;
        let before = waiting.frames.fetch_add(frames.len(), Ordering::Relaxed);
        let bytes_before = waiting.bytes.fetch_add(frames.bytes(), Ordering::Relaxed);
        let has_room = before + frames.len() <= FRAMES_MAX && bytes_before < BYTES_MAX;
        has_room && self.frames.send(frames.clone()).is_ok()
    }
}

impl Receiver {
    pub(super) async fn next(&mut self) -> Option<Vec<Frames>> {
        if self.rest.is_empty() {
            self.rest = self.frames.recv().await?;
        }
        let (mut taken, mut room) = (Vec::new(), FRAMES_AT_ONCE_MAX);
        loop {
            let first = self.rest.take_first(room);
            room -= first.len();
            taken.push(first);
            if room == 0 {
                break;
            }
            let Ok(next) = self.frames.try_recv() else {
                break;
            };
            self.rest = next;
        }
        let count = FRAMES_AT_ONCE_MAX - room;
        let bytes = taken.iter().map(Frames::bytes).sum();
        self.waiting.frames.fetch_sub(count, Ordering::Relaxed);
        self.waiting.bytes.fetch_sub(bytes, Ordering::Relaxed);
        Some(taken)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty() && self.frames.is_empty()
    }

    /// The hub lets go of a line that took not everything.
    pub(super) fn is_cut_off(&self) -> bool {
        self.frames.is_closed()
    }
}

//! The way of clicks to one listener: a buffer that is bounded in clicks and in bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;

use super::ClickFrame;

/// Clicks that may wait for one listener; a message holds up to 1,000.
pub(in crate::live) const FRAMES_MAX: usize = 2_048;
/// Bytes that may; listeners of the same clicks share them.
const BYTES_MAX: usize = 1 << 20;
/// What is taken at once.
const FRAMES_AT_ONCE_MAX: usize = 256;

/// The hub's end.
pub(super) struct Line {
    frames: mpsc::Sender<ClickFrame>,
    waiting_bytes: Arc<AtomicUsize>,
}

/// The listener's end.
pub(super) struct Receiver {
    frames: mpsc::Receiver<ClickFrame>,
    waiting_bytes: Arc<AtomicUsize>,
}

impl Line {
    pub(super) fn new() -> (Self, Receiver) {
        let (sender, receiver) = mpsc::channel(FRAMES_MAX);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let line = Self {
            frames: sender,
            waiting_bytes: Arc::clone(&waiting_bytes),
        };
        let receiver = Receiver {
            frames: receiver,
            waiting_bytes,
        };
        (line, receiver)
    }

    /// Whether there was room.
    pub(super) fn take(&self, frame: &ClickFrame) -> bool {
        let bytes = frame.text.len();
        let waiting = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        waiting < BYTES_MAX && self.frames.try_send(frame.clone()).is_ok()
    }
}

impl Receiver {
    pub(super) async fn next(&mut self) -> Option<Vec<ClickFrame>> {
        let mut frames = Vec::new();
        let count = self.frames.recv_many(&mut frames, FRAMES_AT_ONCE_MAX);
        if count.await == 0 {
            return None;
        }
        let bytes = frames.iter().map(|it| it.text.len()).sum();
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        Some(frames)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The hub lets go of a line that took not everything.
    pub(super) fn is_cut_off(&self) -> bool {
        self.frames.is_closed()
    }
}

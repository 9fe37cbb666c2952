//! What one subscriber is told, in order: where it begins, what it missed, what happens now.

mod behind;
mod resume;

use std::sync::Arc;

use self::behind::{Behind, Page};
pub(super) use self::resume::Resume;
use super::cursor::Cursor;
use super::frame::Frame;
use super::hub::Subscription;
use super::past::Past;
use super::told::{Frames, Told};

/// The frames of one subscriber.
pub(super) struct Feed {
    subscription: Subscription,
    past: Arc<Past>,
    /// How far what was given out reaches.
    at: Cursor,
    /// The last cursor that the subscriber was told; the one that it came with, at first.
    known: Cursor,
    stage: Stage,
}

enum Stage {
    /// Nothing has been given out.
    Begins {
        /// From where on what came cannot be had.
        gap_from: Option<Cursor>,
        behind: Option<Box<Behind>>,
    },
    /// What it missed is read from the log.
    Behind(Box<Behind>),
    Live,
}

impl Feed {
    /// The next frames; `None` once those before them waited for too long.
    ///
    /// A call that is given up has taken nothing.
    pub(super) async fn next(&mut self) -> Option<Vec<Frames>> {
        let frames = self.more().await?;
        let told = frames.last().and_then(Frames::cursor);
        self.known = told.unwrap_or(self.known);
        Some(frames)
    }

    async fn more(&mut self) -> Option<Vec<Frames>> {
        loop {
            match &mut self.stage {
                Stage::Begins { gap_from, behind } => {
                    let (gap_from, behind) = (*gap_from, behind.take());
                    let told = self.greeting(gap_from, behind.is_none());
                    self.stage = behind.map_or(Stage::Live, Stage::Behind);
                    return Some(vec![Frames::new(told)]);
                }
                Stage::Behind(behind) => {
                    let page = behind.page(&self.past, &self.subscription, self.at);
                    let page = page.await?;
                    let told = self.take(page)?;
                    if !told.is_empty() {
                        return Some(vec![Frames::new(told)]);
                    }
                }
                Stage::Live => {
                    let mut frames = self.subscription.next().await?;
                    for it in &mut frames {
                        it.leave_out(self.at);
                    }
                    frames.retain(|it| !it.is_empty());
                    if let Some(last) = frames.last() {
                        self.at = last.cursor().unwrap_or(self.at);
                        return Some(frames);
                    }
                }
            }
        }
    }

    /// Where a subscriber is who has been told all that was given out.
    pub(super) fn cursor(&self) -> Cursor {
        let position = match self.stage {
            // Nobody has told it of the gap.
            Stage::Begins { gap_from, .. } => return gap_from.unwrap_or(self.at),
            Stage::Behind(_) => None,
            Stage::Live => self.subscription.position(),
        };
        let position = position.filter(|it| it.log == self.at.log && it.covers(self.at));
        position.unwrap_or(self.at)
    }

    /// The same, unless the subscriber knows it already; from then on it does.
    pub(super) fn moved(&mut self) -> Option<Cursor> {
        let cursor = self.cursor();
        if cursor == self.known {
            return None;
        }
        (self.at, self.known) = (cursor, cursor);
        Some(cursor)
    }

    /// How far what was given out reaches.
    pub(super) const fn at(&self) -> Cursor {
        self.at
    }

    fn greeting(&self, gap_from: Option<Cursor>, is_live: bool) -> Vec<Told> {
        let cursor = self.at;
        let ready = Told::of(&Frame::Ready { cursor }, Some(cursor));
        let gap = gap_from.and_then(|from| {
            let gap = Frame::Gap { from, to: cursor };
            Told::of(&gap, None)
        });
        let caught_up = is_live.then(|| caught_up(cursor)).flatten();
        [ready, gap, caught_up].into_iter().flatten().collect()
    }

    /// Takes in a page; `None` if the log is another one by now, and then nothing of the page counts as given out.
    fn take(&mut self, page: Page) -> Option<Vec<Told>> {
        let is_cut_off = page.is_last && self.subscription.is_cut_off();
        if is_cut_off {
            // More came than could wait: there is more to read.
            self.subscription.again().ok()?;
        }
        if page.is_last && self.subscription.start.log != self.at.log {
            return None;
        }
        let mut told = page.frames;
        self.at = page.at;
        if is_cut_off {
            if let Stage::Behind(behind) = &mut self.stage {
                behind.read_on();
            }
        } else if page.is_last {
            told.extend(caught_up(self.at));
            self.stage = Stage::Live;
        }
        Some(told)
    }
}

fn caught_up(cursor: Cursor) -> Option<Told> {
    Told::of(&Frame::CaughtUp { cursor }, Some(cursor))
}

#[cfg(test)]
mod tests;

//! Those who listen to one workspace.

use std::collections::HashMap;

use events::{LinkId, WorkspaceId};

use super::{Line, LiveMetrics};
use crate::live::told::{Frames, Told};

/// Where a listener sits.
pub(super) struct Place {
    pub(super) workspace: WorkspaceId,
    /// The one link it listens to; all if none.
    pub(super) link: Option<LinkId>,
    pub(super) listener: u64,
}

type Listeners = HashMap<u64, Line>;

#[derive(Default)]
pub(super) struct Audience {
    of_all: Listeners,
    of_link: HashMap<LinkId, Listeners>,
}

impl Audience {
    pub(super) fn seat(&mut self, place: &Place, line: Line) {
        let listeners = match place.link {
            Some(link) => self.of_link.entry(link).or_default(),
            None => &mut self.of_all,
        };
        listeners.insert(place.listener, line);
    }

    pub(super) fn vacate(&mut self, place: &Place) {
        let Some(link) = place.link else {
            self.of_all.remove(&place.listener);
            return;
        };
        if let Some(listeners) = self.of_link.get_mut(&link) {
            listeners.remove(&place.listener);
            if listeners.is_empty() {
                self.of_link.remove(&link);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.of_all.is_empty() && self.of_link.is_empty()
    }

    pub(super) fn wants(&self, link: LinkId) -> bool {
        !self.of_all.is_empty() || self.of_link.contains_key(&link)
    }

    /// Hands a message's clicks out, to each listener those that it wants.
    pub(super) fn tell(&mut self, clicks: Vec<(LinkId, Told)>, metrics: &LiveMetrics) {
        if clicks.is_empty() {
            return;
        }
        let mut of_link: HashMap<LinkId, Vec<Told>> = HashMap::new();
        for (link, frame) in &clicks {
            if self.of_link.contains_key(link) {
                of_link.entry(*link).or_default().push(frame.clone());
            }
        }
        for (link, frames) in of_link {
            if let Some(listeners) = self.of_link.get_mut(&link) {
                tell(listeners, &Frames::new(frames), metrics);
            }
        }
        if !self.of_all.is_empty() {
            let frames = clicks.into_iter().map(|(_, frame)| frame).collect();
            tell(&mut self.of_all, &Frames::new(frames), metrics);
        }
    }
}

/// A listener whose buffer is full loses its line: it gets what is in the buffer, then hears that it was cut off.
fn tell(listeners: &mut Listeners, frames: &Frames, metrics: &LiveMetrics) {
    let before = listeners.len();
    listeners.retain(|_, line| line.take(frames));
    let told = frames.len() * listeners.len();
    metrics
        .frames
        .inc_by(u64::try_from(told).unwrap_or_default());
    let cut_off = before - listeners.len();
    metrics
        .lagged
        .inc_by(u64::try_from(cut_off).unwrap_or_default());
}

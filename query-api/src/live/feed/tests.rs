//! What a subscriber is told once, and where it is then.

use std::time::Duration;

use nats::Incarnation;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::*;
use crate::live::cursor::Log;
use crate::live::hub::Hub;
use crate::live::hub::tests::{HERE, LOG, SPRING, THERE, deliver, hub};
use crate::live::repeats::Repeats;
use crate::live::words::Words;

const SOON: Duration = Duration::from_secs(10);
const OTHER_LOG: Log = Log::of(Incarnation::new(Uuid::from_u128(8)));

/// Of a subscriber who knows that it is at `at`.
fn feed(hub: &Arc<Hub>, at: Cursor, stage: Stage) -> Feed {
    Feed {
        subscription: hub.join(HERE, None).unwrap(),
        past: Arc::new(Past::new(None, TaskTracker::new(), SOON)),
        at,
        known: at,
        stage,
    }
}

/// Of a subscriber who reads what it missed behind 20.
fn feed_behind(hub: &Arc<Hub>) -> Feed {
    let stage = Stage::Behind(Box::new(Behind::new(true)));
    feed(hub, Cursor::behind(LOG, 20), stage)
}

/// The cursors of what comes next.
async fn cursors(feed: &mut Feed) -> Vec<Cursor> {
    let told = timeout(SOON, feed.next()).await.expect("frames").unwrap();
    let told = told.iter().flat_map(Frames::as_slice);
    told.filter_map(|it| it.cursor).collect()
}

fn nothing_up_to(sequence: u64, is_last: bool) -> Page {
    Page {
        frames: Vec::new(),
        at: Cursor::behind(LOG, sequence),
        is_last,
    }
}

#[tokio::test]
async fn what_was_read_from_the_log_is_not_told_again() {
    let hub = hub();
    let mut feed = feed(&hub, Cursor::at(LOG, 102, 0), Stage::Live);
    for (sequence, clicks) in [(101, 2), (102, 3), (103, 1)] {
        deliver(&hub, sequence, HERE, &vec![SPRING; clicks]);
    }
    let new = [(102, 1), (102, 2), (103, 0)];
    assert_eq!(
        cursors(&mut feed).await,
        new.map(|(sequence, index)| Cursor::at(LOG, sequence, index))
    );
    assert_eq!(feed.at(), Cursor::at(LOG, 103, 0));
}

#[tokio::test]
async fn who_takes_too_long_over_a_page_lags_where_it_ends() {
    let hub = hub();
    let holding_max = Duration::from_millis(50);
    let past = Arc::new(Past::new(None, TaskTracker::new(), holding_max));
    let slot = past.slot(HERE).await.unwrap();
    let stage = Stage::Behind(Box::new(Behind::handing_on(past.hold(slot))));
    let mut feed = Feed {
        past: Arc::clone(&past),
        ..feed(&hub, Cursor::behind(LOG, 20), stage)
    };
    tokio::time::sleep(holding_max * 4).await;
    let next = timeout(SOON, feed.next()).await.expect("an end");
    assert!(next.is_none());
    let end = Words::end(&feed);
    assert_eq!(
        (end.code(), end.cursor()),
        (Some(4008), Some(Cursor::behind(LOG, 20)))
    );
}

#[tokio::test]
async fn who_hears_nothing_is_told_once_where_it_is_and_never_past_a_click() {
    let hub = hub();
    let mut feed = feed(&hub, Cursor::behind(LOG, 100), Stage::Live);
    assert_eq!(feed.moved(), None);
    deliver(&hub, 101, THERE, &[SPRING]);
    assert_eq!(feed.moved(), Some(Cursor::behind(LOG, 101)));
    assert_eq!(feed.moved(), None);
    deliver(&hub, 102, HERE, &[SPRING]);
    deliver(&hub, 103, THERE, &[SPRING]);
    assert_eq!(feed.moved(), None, "a click waits");
    assert_eq!(cursors(&mut feed).await, [Cursor::at(LOG, 102, 0)]);
    assert_eq!(feed.moved(), Some(Cursor::behind(LOG, 103)));
    hub.begin(Cursor::behind(OTHER_LOG, 200), Repeats::default());
    assert_eq!(feed.moved(), None, "clicks may have got lost");
    assert!(feed.next().await.is_none());
    assert_eq!(
        Words::end(&feed).cursor(),
        Some(Cursor::behind(LOG, 103)),
        "it was told so"
    );
}

#[tokio::test]
async fn a_greeting_tells_where_one_is() {
    let hub = hub();
    let (at, behind) = (Cursor::behind(LOG, 100), None);
    let gap_from = None;
    let mut feed = feed(&hub, at, Stage::Begins { gap_from, behind });
    assert_eq!(cursors(&mut feed).await, [at, at], "ready, and caught up");
    assert_eq!(feed.moved(), None);
}

#[tokio::test]
async fn who_reads_what_it_missed_is_told_how_far_it_is() {
    let hub = hub();
    let mut feed = feed_behind(&hub);
    let told = feed.take(nothing_up_to(60, false)).unwrap();
    assert!(told.is_empty());
    assert_eq!(feed.moved(), Some(Cursor::behind(LOG, 60)));
    assert_eq!(feed.moved(), None);
    let told = feed.take(nothing_up_to(100, true)).unwrap();
    let caught_up = told.last().unwrap();
    assert_eq!(caught_up.cursor, Some(Cursor::behind(LOG, 100)));
    assert!(caught_up.text.contains("caught_up"));
}

#[tokio::test]
async fn who_was_not_told_of_a_gap_is_still_before_it() {
    let hub = hub();
    let (before, behind) = (Cursor::behind(OTHER_LOG, 3), None);
    let gap_from = Some(before);
    let at = Cursor::behind(LOG, 100);
    let mut feed = Feed {
        known: before,
        ..feed(&hub, at, Stage::Begins { gap_from, behind })
    };
    assert_eq!((feed.cursor(), feed.moved()), (before, None));
    cursors(&mut feed).await;
    assert_eq!((feed.cursor(), feed.moved()), (at, None));
}

#[tokio::test]
async fn who_is_told_nothing_of_a_page_is_where_it_was() {
    let hub = hub();
    let mut feed = feed_behind(&hub);
    hub.begin(Cursor::behind(OTHER_LOG, 3), Repeats::default());
    assert!(feed.take(nothing_up_to(60, true)).is_none());
    assert_eq!(feed.at(), Cursor::behind(LOG, 20));
}

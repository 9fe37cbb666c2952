//! The spool of clicks: the broker is away, slow or hangs, and every click that was kept counts once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use events::StreamName;
use nats::{Kept, LaneError};

use crate::clicks::{Counted, Open, are_counted_once, click, counted, open, workspaces};
use crate::world::World;

/// What a visitor may notice; far more than the lane takes, since others use the machine.
const SOON: Duration = Duration::from_secs(2);
/// The broker is tried again after a second, and after two more.
const PAST_WITHIN: Duration = Duration::from_secs(4);

/// Clicks one after the other, all of which must be kept, in the spool alone.
async fn spools(open: &Open, count: usize) -> Vec<Counted> {
    let workspaces = workspaces(2);
    let mut kept = Vec::new();
    for &workspace in workspaces.iter().cycle().take(count) {
        let asked = Instant::now();
        let (click, outcome) = open.click(workspace).await;
        assert_eq!(outcome.unwrap(), Kept::InSpool);
        assert!(asked.elapsed() < SOON, "after {:?}", asked.elapsed());
        kept.push(click);
    }
    kept
}

#[tokio::test]
async fn while_the_broker_is_away_clicks_are_kept_and_afterwards_they_count_once() {
    let mut world = World::new().await;
    let (open, _folder) = open(&world.broker);
    world.nats.kill().await;
    let mut kept = spools(&open, 100).await;
    let figures = open.lane.spool();
    assert_eq!((figures.messages, figures.clicks), (100, 100));
    assert!(figures.bytes > 0 && figures.oldest_ms.is_some());
    world.nats.start_again().await.unwrap();
    open.has_drained().await;
    assert_eq!(open.lane.spool().drained_clicks, 100);
    let (click, outcome) = open.click(workspaces(1)[0]).await;
    outcome.unwrap();
    kept.push(click);
    open.end().await;
    are_counted_once(&world.broker, &kept).await;
}

#[tokio::test]
async fn what_a_hanging_broker_took_without_a_word_is_sent_again_and_counts_once() {
    let world = World::new().await;
    let (open, _folder) = open(&world.broker);
    open.click(workspaces(1)[0]).await.1.unwrap();
    open.has_drained().await;
    let before = counted(&world.broker).await;
    world.nats.pause();
    let kept = spools(&open, 20).await;
    world.nats.resume();
    open.has_drained().await;
    are_counted_once(&world.broker, &[before, kept].concat()).await;
    let state = world.broker.stream_state(StreamName::Clicks).await.unwrap();
    assert!(state.messages > 21, "nothing was sent twice");
}

/// How many clicks that came while others waited in the spool were in the log before them; all count once.
async fn go_past_the_spool() -> usize {
    let mut world = World::new().await;
    let (open, _folder) = open(&world.broker);
    world.nats.kill().await;
    let mut large = click();
    large.data.referrer = Some("r".repeat(4_000).into());
    let mut kept = Vec::new();
    // More than a hundred megabytes: to drain them takes seconds.
    for &workspace in workspaces(2).iter().cycle().take(300) {
        kept.extend(open.report(workspace, &large, 100).await.unwrap());
    }
    world.nats.start_again().await.unwrap();
    let (mut went_past, began) = (0, Instant::now());
    for &workspace in workspaces(2).iter().cycle() {
        if open.lane.spool().messages == 0 || began.elapsed() > PAST_WITHIN {
            break;
        }
        let (click, outcome) = open.click(workspace).await;
        kept.push(click);
        let is_in_log = matches!(outcome.unwrap(), Kept::InLog(_));
        went_past += usize::from(is_in_log && open.lane.spool().messages > 0);
    }
    open.has_drained().await;
    are_counted_once(&world.broker, &kept).await;
    went_past
}

#[tokio::test]
async fn clicks_go_straight_to_the_log_again_past_those_that_still_wait() {
    // On a machine that is busy the broker may be too slow for it.
    let mut tries = 0..3;
    // A few would only have been tries.
    while go_past_the_spool().await < 10 {
        assert!(tries.next().is_some());
    }
}

#[tokio::test]
async fn reports_leave_half_of_the_spool_to_visitors() {
    let mut world = World::new().await;
    let folder = servers::testing::scratch();
    let open = Open::at(&world.broker, folder.path(), 1 << 20);
    world.nats.kill().await;
    let mut kept = Vec::new();
    let refused = loop {
        match open.report(workspaces(1)[0], &click(), 100).await {
            Ok(clicks) => kept.extend(clicks),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, LaneError::Full), "{refused}");
    let bytes = open.lane.spool().bytes;
    assert!((1 << 19..3 << 18).contains(&bytes), "{bytes} bytes");
    kept.extend(spools(&open, 100).await);
    world.nats.start_again().await.unwrap();
    open.has_drained().await;
    kept.extend(open.report(workspaces(1)[0], &click(), 100).await.unwrap());
    open.has_drained().await;
    are_counted_once(&world.broker, &kept).await;
}

#[tokio::test]
async fn a_lane_that_crashed_leaves_its_clicks_to_the_next() {
    let mut world = World::new().await;
    let (crashed, folder) = open(&world.broker);
    world.nats.kill().await;
    let mut kept = spools(&crashed, 50).await;
    crashed.crash().await;
    // Crashed once more, before the broker is back.
    let crashed = Open::again(&world.broker, folder.path());
    assert_eq!(crashed.lane.spool().messages, 50);
    kept.extend(spools(&crashed, 50).await);
    crashed.crash().await;
    world.nats.start_again().await.unwrap();
    let open = Open::again(&world.broker, folder.path());
    let (click, outcome) = open.click(workspaces(1)[0]).await;
    outcome.unwrap();
    kept.push(click);
    open.has_drained().await;
    are_counted_once(&world.broker, &kept).await;
}

#[tokio::test]
async fn a_full_spool_keeps_the_oldest_and_each_click_that_is_dropped_is_counted() {
    let mut world = World::new().await;
    let folder = servers::testing::scratch();
    let open = Open::at(&world.broker, folder.path(), 16 << 10);
    world.nats.kill().await;
    let (mut kept, mut dropped) = (Vec::new(), 0);
    for _ in 0..100 {
        let (click, outcome) = open.click(workspaces(1)[0]).await;
        match outcome {
            Ok(place) => {
                assert_eq!((place, dropped), (Kept::InSpool, 0), "a newer one is kept");
                kept.push(click);
            }
            Err(error) => {
                assert!(matches!(error, LaneError::Dropped), "{error}");
                dropped += 1;
            }
        }
    }
    assert!(
        kept.len() > 10 && dropped > 10,
        "{} and {dropped}",
        kept.len()
    );
    let figures = open.lane.spool();
    assert_eq!(
        (figures.dropped_clicks, figures.clicks),
        (dropped, kept.len() as u64)
    );
    world.nats.start_again().await.unwrap();
    open.has_drained().await;
    let (click, outcome) = open.click(workspaces(1)[0]).await;
    outcome.unwrap();
    kept.push(click);
    open.has_drained().await;
    assert_eq!(open.lane.spool().dropped_clicks, dropped);
    are_counted_once(&world.broker, &kept).await;
}

#[tokio::test]
async fn the_drain_is_faster_than_the_spool_fills() {
    let mut world = World::new().await;
    let (open, _folder) = open(&world.broker);
    world.nats.kill().await;
    let began = Instant::now();
    let kept = spools(&open, 2_000).await;
    let filled_in = began.elapsed();
    world.nats.start_again().await.unwrap();
    let mut connection = world.broker.connection();
    connection.wait_for(|it| it.is_up).await.unwrap();
    let began = Instant::now();
    open.has_drained().await;
    let drained_in = began.elapsed();
    assert!(drained_in < filled_in, "{drained_in:?} after {filled_in:?}");
    are_counted_once(&world.broker, &kept).await;
}

#[tokio::test]
async fn a_lane_ends_soon_while_the_broker_is_away() {
    let mut world = World::new().await;
    let (ending, folder) = open(&world.broker);
    world.nats.kill().await;
    let kept = spools(&ending, 10).await;
    let began = Instant::now();
    ending.end().await;
    assert!(began.elapsed() < SOON, "after {:?}", began.elapsed());
    world.nats.start_again().await.unwrap();
    let open = Open::again(&world.broker, folder.path());
    open.has_drained().await;
    are_counted_once(&world.broker, &kept).await;
}

/// What happens to the broker while many click.
#[derive(Clone, Copy)]
enum Trouble {
    Kill,
    /// Shorter and longer than a click waits for it.
    Hang(u64),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_crashes_and_hangs_under_load_every_click_is_kept_and_counts_once() {
    let mut world = World::new().await;
    let (open, _folder) = open(&world.broker);
    let (open, goes_on) = (Arc::new(open), Arc::new(AtomicBool::new(true)));
    let tasks: Vec<_> = (0..32_usize)
        .map(|task| {
            let (open, goes_on) = (Arc::clone(&open), Arc::clone(&goes_on));
            tokio::spawn(async move {
                let (workspaces, mut kept) = (workspaces(3), Vec::new());
                for round in 0.. {
                    if !goes_on.load(Ordering::Relaxed) {
                        break;
                    }
                    let (click, outcome) = open.click(workspaces[(task + round) % 3]).await;
                    outcome.unwrap();
                    kept.push(click);
                }
                kept
            })
        })
        .collect();
    let troubles = [30, 60, 100, 300, 1_000].map(Trouble::Hang);
    for trouble in [Trouble::Kill, Trouble::Kill].into_iter().chain(troubles) {
        match trouble {
            Trouble::Kill => {
                world.nats.kill().await;
                world.nats.start_again().await.unwrap();
            }
            Trouble::Hang(ms) => {
                world.nats.pause();
                tokio::time::sleep(Duration::from_millis(ms)).await;
                world.nats.resume();
            }
        }
        // Some go straight to the log again, or are on their way from the spool there.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    goes_on.store(false, Ordering::Relaxed);
    let mut kept = Vec::new();
    for task in tasks {
        kept.extend(task.await.unwrap());
    }
    open.has_drained().await;
    assert!(kept.len() > 1_000, "{}", kept.len());
    assert!(open.lane.spool().drained_clicks > 0, "nothing was spooled");
    are_counted_once(&world.broker, &kept).await;
}

//! Who hears which click, and what becomes of those who are too slow.

use events::links::{Click, ClickEvent};
use events::{ClickId, LinkId, WorkspaceId};
use futures::FutureExt;
use nats::Incarnation;
use tokio::task::coop::unconstrained;
use uuid::Uuid;

use super::line::FRAMES_MAX;
use super::*;
use crate::live::cursor::Log;
use crate::live::repeats::Batch;

pub(in crate::live) const LOG: Log = Log::of(Incarnation::new(Uuid::from_u128(7)));

pub(in crate::live) const HERE: WorkspaceId = WorkspaceId::new(Uuid::from_u128(1));
pub(in crate::live) const THERE: WorkspaceId = WorkspaceId::new(Uuid::from_u128(2));
pub(in crate::live) const SPRING: LinkId = LinkId::new(Uuid::from_u128(11));
const AUTUMN: LinkId = LinkId::new(Uuid::from_u128(12));

fn click(link: LinkId) -> ClickEvent<'static> {
    let data = Click {
        country: Some("NP".into()),
        utm_source: Some("mail".into()),
        ..Click::of(link, "spring")
    };
    ClickEvent::new(ClickId::new(Uuid::from_u128(5)), noon(), data)
}

fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// A hub that has come to 100.
pub(in crate::live) fn hub() -> Arc<Hub> {
    let hub = Arc::new(Hub::default());
    hub.begin(Cursor::behind(LOG, 100), Repeats::default());
    hub
}

fn message(sequence: u64, workspace: WorkspaceId, body: &[u8]) -> Message<'_> {
    Message {
        sequence,
        workspace,
        stored_at: noon(),
        packed_at: noon(),
        batch: None,
        body,
    }
}

/// Hands out a message that has a click on each of the links.
pub(in crate::live) fn deliver(hub: &Hub, sequence: u64, workspace: WorkspaceId, links: &[LinkId]) {
    let clicks: Vec<_> = links.iter().copied().map(click).collect();
    let body = serde_json::to_vec(&clicks).unwrap();
    hub.deliver(&message(sequence, workspace, &body)).unwrap();
}

/// What waits, at once.
fn waiting(subscription: &mut Subscription) -> Vec<Told> {
    let mut frames = Vec::new();
    // Outside of tokio's budget, which would feign that nothing waits.
    while let Some(Some(more)) = unconstrained(subscription.next()).now_or_never() {
        frames.extend(more.iter().flat_map(Frames::as_slice).cloned());
    }
    frames
}

/// The places of what waits.
fn cursors(subscription: &mut Subscription) -> Vec<String> {
    let frames = waiting(subscription).into_iter();
    frames.map(|it| place(it.cursor.unwrap())).collect()
}

/// A cursor without its log.
fn place(cursor: Cursor) -> String {
    assert_eq!(cursor.log, LOG);
    let text = cursor.to_string();
    text.split_once('-').unwrap().0.to_owned()
}

#[test]
fn nobody_joins_before_the_tail_has_begun() {
    let hub = Arc::new(Hub::default());
    assert_eq!(hub.join(HERE, None).err(), Some(JoinError::NotFollowing));
}

#[test]
fn each_gets_the_clicks_of_its_link_or_of_its_workspace() {
    let hub = hub();
    let mut all = hub.join(HERE, None).unwrap();
    let mut spring = hub.join(HERE, Some(SPRING)).unwrap();
    let mut elsewhere = hub.join(THERE, None).unwrap();
    deliver(&hub, 101, HERE, &[AUTUMN, SPRING]);
    deliver(&hub, 102, HERE, &[SPRING]);
    assert_eq!(cursors(&mut all), ["101.0", "101.1", "102.0"]);
    assert_eq!(cursors(&mut spring), ["101.1", "102.0"]);
    assert_eq!(cursors(&mut elsewhere), [""; 0]);
}

#[test]
fn a_frame_is_what_the_contract_says() {
    let hub = hub();
    let mut all = hub.join(HERE, None).unwrap();
    deliver(&hub, 101, HERE, &[SPRING]);
    assert_eq!(
        waiting(&mut all)[0].text.as_str(),
        concat!(
            r#"{"type":"click","cursor":"101.0-00000007","click":{"id":"00000000-0000-0000-0000-000000000005","#,
            r#""link_id":"00000000-0000-0000-0000-00000000000b","slug":"spring","#,
            r#""occurred_at":"2026-11-21T12:00:00Z","country":"NP","referrer":null,"#,
            r#""browser":null,"os":null,"device":null,"is_bot":false}}"#,
        )
    );
}

#[test]
fn a_workspace_that_nobody_listens_to_is_not_decoded_but_counts() {
    let hub = hub();
    let listener = hub.join(THERE, None).unwrap();
    hub.deliver(&message(101, HERE, b"nonsense")).unwrap();
    drop(listener);
    assert_eq!(place(hub.join(HERE, None).unwrap().start), "101");
}

#[test]
fn a_message_that_cannot_be_read_holds_up_nobody() {
    let hub = hub();
    let mut all = hub.join(HERE, None).unwrap();
    hub.deliver(&message(101, HERE, b"nonsense")).unwrap();
    deliver(&hub, 102, HERE, &[SPRING]);
    assert_eq!(cursors(&mut all), ["102.0"]);
}

#[test]
fn a_repeat_is_shown_once_also_to_who_joins_in_between() {
    let hub = hub();
    let mut early = hub.join(HERE, None).unwrap();
    let body = serde_json::to_vec(&[click(SPRING)]).unwrap();
    let sent = |sequence| Message {
        batch: Some(Batch {
            producer: Uuid::from_u128(9),
            number: 1,
        }),
        ..message(sequence, HERE, &body)
    };
    hub.deliver(&sent(101)).unwrap();
    let mut late = hub.join(HERE, None).unwrap();
    hub.deliver(&sent(102)).unwrap();
    assert_eq!(cursors(&mut early), ["101.0"]);
    assert_eq!(place(late.start), "101");
    assert_eq!(cursors(&mut late), [""; 0]);
}

#[test]
fn a_message_that_may_have_come_before_waits_for_the_log_to_say() {
    let hub = Arc::new(Hub::default());
    hub.begin(Cursor::behind(LOG, 100), Repeats::since(noon()));
    let body = serde_json::to_vec(&[click(SPRING)]).unwrap();
    let sent = |sequence, number| Message {
        batch: Some(Batch {
            producer: Uuid::from_u128(9),
            number,
        }),
        ..message(sequence, HERE, &body)
    };
    hub.deliver(&sent(101, 1)).unwrap();
    assert!(cursors(&mut hub.join(HERE, None).unwrap()).is_empty());
    let mut all = hub.join(HERE, None).unwrap();
    assert_eq!(place(all.start), "101", "nobody was there to wait for it");
    let doubtful = sent(102, 2);
    let since = "2026-11-21T11:59:30Z".parse().unwrap();
    assert_eq!(hub.deliver(&doubtful), Err(Doubt { since }));
    assert_eq!(place(hub.join(HERE, None).unwrap().start), "101");
    hub.settle(&doubtful, Some(2));
    assert_eq!(place(hub.join(HERE, None).unwrap().start), "102");
    hub.deliver(&sent(103, 3)).unwrap();
    assert_eq!(cursors(&mut all), ["103.0"]);
}

#[tokio::test]
async fn who_is_too_slow_gets_what_is_kept_and_then_the_end_and_nobody_else_suffers() {
    let hub = hub();
    let mut slow = hub.join(HERE, None).unwrap();
    let mut quick = hub.join(HERE, Some(SPRING)).unwrap();
    for sequence in 101..=101 + FRAMES_MAX as u64 {
        assert!(!slow.is_cut_off());
        deliver(&hub, sequence, HERE, &[SPRING]);
        assert_eq!(cursors(&mut quick).len(), 1);
    }
    assert!(slow.is_cut_off() && slow.position().is_none());
    assert_eq!(cursors(&mut slow).len(), FRAMES_MAX);
    assert!(slow.next().await.is_none());

    slow.again().unwrap();
    deliver(&hub, 5_000, HERE, &[SPRING]);
    assert_eq!(place(slow.start), (101 + FRAMES_MAX).to_string());
    assert_eq!(cursors(&mut slow), ["5000.0"]);
}

#[test]
fn what_waits_is_bounded_in_bytes_too() {
    let hub = hub();
    let mut slow = hub.join(HERE, None).unwrap();
    let mut long = click(SPRING);
    long.data.referrer = Some("a".repeat(100_000).into());
    let body = serde_json::to_vec(&[long]).unwrap();
    for sequence in 101..=111 {
        hub.deliver(&message(sequence, HERE, &body)).unwrap();
        assert!(!slow.is_cut_off(), "{sequence}");
    }
    hub.deliver(&message(112, HERE, &body)).unwrap();
    assert!(slow.is_cut_off());
    assert_eq!(cursors(&mut slow).len(), 11);
}

#[test]
fn who_has_taken_all_is_where_the_hub_is() {
    let hub = hub();
    let mut spring = hub.join(HERE, Some(SPRING)).unwrap();
    deliver(&hub, 101, HERE, &[AUTUMN]);
    assert_eq!(spring.position().map(place), Some("101".to_owned()));
    deliver(&hub, 102, HERE, &[SPRING]);
    assert_eq!(spring.position(), None);
    assert_eq!(cursors(&mut spring), ["102.0"]);
    assert_eq!(spring.position().map(place), Some("102".to_owned()));
}

#[test]
fn who_leaves_makes_room_and_leaves_nothing_behind() {
    let hub = hub();
    let mut all: Vec<_> = (0..LISTENERS_OF_WORKSPACE_MAX)
        .map(|_| hub.join(HERE, Some(SPRING)).unwrap())
        .collect();
    assert_eq!(hub.join(HERE, None).err(), Some(JoinError::WorkspaceFull));
    for listener in all.len()..LISTENERS_MAX {
        let workspace = WorkspaceId::new(Uuid::from_u128(100 + listener as u128));
        all.push(hub.join(workspace, None).unwrap());
    }
    assert_eq!(hub.join(THERE, None).err(), Some(JoinError::Full));
    drop(all);
    assert!(hub.join(HERE, None).is_ok());
    let state = hub.state();
    assert!(state.audiences.is_empty() && state.of_workspace.is_empty());
    assert_eq!(state.listeners, 0);
}

#[tokio::test]
async fn a_tail_that_begins_anew_cuts_the_old_listeners_off() {
    let hub = hub();
    let mut old = hub.join(HERE, None).unwrap();
    hub.begin(Cursor::behind(LOG, 7), Repeats::default());
    assert!(old.next().await.is_none());
    drop(old);
    let mut new = hub.join(HERE, None).unwrap();
    deliver(&hub, 8, HERE, &[SPRING]);
    assert_eq!(place(new.start), "7");
    assert_eq!(cursors(&mut new), ["8.0"]);
}

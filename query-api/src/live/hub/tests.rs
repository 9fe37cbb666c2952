//! Who hears which click, and what becomes of those who are too slow.

use events::links::Click;
use events::{ClickId, LinkId, WorkspaceId};
use uuid::Uuid;

use super::*;

const HERE: WorkspaceId = WorkspaceId::new(Uuid::from_u128(1));
const THERE: WorkspaceId = WorkspaceId::new(Uuid::from_u128(2));
const SPRING: LinkId = LinkId::new(Uuid::from_u128(11));
const AUTUMN: LinkId = LinkId::new(Uuid::from_u128(12));

fn click(link: LinkId) -> ClickEvent<'static> {
    let data = Click {
        link_id: link,
        slug: "spring".into(),
        country: Some("NP".into()),
        referrer: None,
        browser: None,
        os: None,
        device: None,
        is_bot: false,
        city: None,
        visitor: None,
        rule: None,
        variant: None,
        utm_source: Some("mail".into()),
        utm_medium: None,
        utm_campaign: None,
    };
    let time = "2026-11-21T10:00:00Z".parse().unwrap();
    ClickEvent::new(ClickId::new(Uuid::from_u128(5)), time, data)
}

fn hub() -> Arc<Hub> {
    let hub = Arc::new(Hub::default());
    hub.begin(100);
    hub
}

fn deliver(hub: &Hub, sequence: u64, workspace: WorkspaceId, links: &[LinkId]) {
    let clicks: Vec<_> = links.iter().copied().map(click).collect();
    let body = serde_json::to_vec(&clicks).unwrap();
    hub.deliver(&Message {
        sequence,
        workspace,
        batch: None,
        body: &body,
    });
}

fn cursors(subscription: &mut Subscription) -> Vec<String> {
    std::iter::from_fn(|| subscription.next_waiting())
        .map(|it| it.cursor.to_string())
        .collect()
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
        all.next_waiting().unwrap().text.as_str(),
        concat!(
            r#"{"type":"click","cursor":"101.0","click":{"id":"00000000-0000-0000-0000-000000000005","#,
            r#""link_id":"00000000-0000-0000-0000-00000000000b","slug":"spring","#,
            r#""occurred_at":"2026-11-21T10:00:00Z","country":"NP","referrer":null,"#,
            r#""browser":null,"os":null,"device":null,"is_bot":false}}"#,
        )
    );
}

#[test]
fn a_workspace_that_nobody_listens_to_is_not_decoded_but_counts() {
    let hub = hub();
    let listener = hub.join(THERE, None).unwrap();
    let nonsense = Message {
        sequence: 101,
        workspace: HERE,
        batch: None,
        body: b"nonsense",
    };
    assert!(hub.skip(&nonsense));
    drop(listener);
    assert_eq!(hub.join(HERE, None).unwrap().start, Cursor::Message(101));
}

#[test]
fn a_message_that_cannot_be_read_holds_up_nobody() {
    let hub = hub();
    let mut all = hub.join(HERE, None).unwrap();
    hub.deliver(&Message {
        sequence: 101,
        workspace: HERE,
        batch: None,
        body: b"nonsense",
    });
    deliver(&hub, 102, HERE, &[SPRING]);
    assert_eq!(cursors(&mut all), ["102.0"]);
}

#[test]
fn a_repeat_is_shown_once_also_to_who_joins_in_between() {
    let hub = hub();
    let mut early = hub.join(HERE, None).unwrap();
    let body = serde_json::to_vec(&[click(SPRING)]).unwrap();
    let batch = Some(Batch {
        producer: Uuid::from_u128(9),
        number: 1,
    });
    hub.deliver(&Message {
        sequence: 101,
        workspace: HERE,
        batch,
        body: &body,
    });
    let mut late = hub.join(HERE, None).unwrap();
    hub.deliver(&Message {
        sequence: 102,
        workspace: HERE,
        batch,
        body: &body,
    });
    assert_eq!(cursors(&mut early), ["101.0"]);
    assert_eq!(
        (late.start, cursors(&mut late)),
        (Cursor::Message(101), Vec::new())
    );
}

#[tokio::test]
async fn who_is_too_slow_gets_what_is_kept_and_then_the_end_and_nobody_else_suffers() {
    let hub = hub();
    let mut slow = hub.join(HERE, None).unwrap();
    let mut quick = hub.join(HERE, Some(SPRING)).unwrap();
    for sequence in 101..=101 + FRAMES_MAX as u64 {
        deliver(&hub, sequence, HERE, &[SPRING]);
        assert_eq!(cursors(&mut quick).len(), 1);
    }
    assert_eq!(cursors(&mut slow).len(), FRAMES_MAX);
    assert!(slow.next().await.is_none());
}

#[test]
fn who_leaves_makes_room_and_leaves_nothing_behind() {
    let hub = hub();
    let all: Vec<_> = (0..LISTENERS_MAX)
        .map(|_| hub.join(HERE, Some(SPRING)).unwrap())
        .collect();
    assert_eq!(hub.join(THERE, None).err(), Some(JoinError::Full));
    drop(all);
    assert!(hub.join(THERE, None).is_ok());
    let state = hub.state();
    assert!(state.audiences.is_empty() && state.listeners == 0);
}

#[tokio::test]
async fn a_tail_that_begins_anew_cuts_the_old_listeners_off() {
    let hub = hub();
    let mut old = hub.join(HERE, None).unwrap();
    hub.begin(7);
    assert!(old.next().await.is_none());
    drop(old);
    let mut new = hub.join(HERE, None).unwrap();
    deliver(&hub, 8, HERE, &[SPRING]);
    assert_eq!(
        (new.start, cursors(&mut new)),
        (Cursor::Message(7), vec!["8.0".to_owned()])
    );
}

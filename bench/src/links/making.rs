//! Making links, beside the bare writes that each of them needs: the claim on its slug, and the event.

use std::sync::atomic::{AtomicUsize, Ordering};

use events::links::{LinkEvent, Route, Utm};
use events::{Actor, ClaimKind, Context, EventId, LinkId, Metadata, Subject, WorkspaceId};
use nats::{Broker, Expected, NewMessage};
use servers::Nats;
use service::world;

use crate::account::{BULK, BULKS_AT_ONCE, TARGET};
use crate::figure::Figure;
use crate::ground::Rounds;
use crate::pace::{median, rate};
use crate::subject;

/// Callers at once who make one link each.
const AT_ONCE: usize = 64;

pub(super) async fn measure(broker: &Nats, rounds: Rounds) -> anyhow::Result<Vec<Figure>> {
    let subject = subject::Subject::start(broker).await?;
    let account = subject.account("making").await?;
    let bare = Broker::connect(&broker.url(), "bench").await?;
    let made = AtomicUsize::new(0);
    let mut figures = Vec::new();
    for (name, links, at_once, wanted) in [
        ("links one by one", 1, AT_ONCE, "500/s or more"),
        ("links in bulk", BULK, BULKS_AT_ONCE, "20000/s or more"),
    ] {
        let make = async |_| {
            let first = made.fetch_add(links, Ordering::Relaxed);
            if links == 1 {
                return account.shortens(&format!("x{first}")).await.map(drop);
            }
            account.shortens_all("x", first..first + links).await
        };
        let write = async |_| {
            bare.append(&messages(links)?).await?;
            anyhow::Ok(())
        };
        let (mut bares, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..rounds.count {
            bares.push(rate(rounds.seconds, at_once, write).await?);
            ours.push(rate(rounds.seconds, at_once, make).await?);
        }
        let times = f64::from(u32::try_from(links)?);
        let (bare, ours) = (median(bares)? * times, median(ours)? * times);
        figures.push(Figure {
            name: name.to_owned(),
            measured: format!("{ours:.0}/s"),
            bound: format!("{bare:.0}/s bare writes"),
            ratio: ours / bare,
            wanted,
        });
    }
    subject.stop().await?;
    Ok(figures)
}

/// What the broker must store of so many links.
fn messages(links: usize) -> Result<Vec<NewMessage>, serde_json::Error> {
    let workspace = WorkspaceId::new(world::new_id());
    let mut messages = Vec::with_capacity(2 * links);
    for _ in 0..links {
        let id = world::new_id();
        let claim = Subject::Claim(Context::Links, ClaimKind::Slug, id.simple().to_string());
        let subject = Subject::Link(workspace, LinkId::new(id));
        messages.push(NewMessage::claim(
            claim,
            EventId::new(world::new_id()),
            subject.to_string(),
        ));
        let metadata = Metadata {
            id: EventId::new(world::new_id()),
            time: world::now(),
            actor: Actor::Anonymous,
            correlation: None,
            causation: None,
            traceparent: None,
        };
        let expected = Expected::LastSequence(0);
        messages.push(NewMessage::event(subject, &metadata, &led(), expected)?);
    }
    Ok(messages)
}

/// An event of about the size of a link's first.
fn led() -> LinkEvent {
    LinkEvent::Retargeted {
        route: Route {
            target: TARGET.to_owned(),
            status: 302,
            forward_query: false,
            utm: Utm::default(),
            rules: Vec::new(),
            expires_at: None,
            expired_target: None,
            max_clicks: None,
            password_hash: None,
        },
    }
}

//! Clicks of ten links to a thousand sockets that listen to one link each, beside a bare broadcast of the same frames.
//!
//! They come over the bus, and nothing is projected meanwhile: a broadcast neither takes clicks in nor counts them.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::extract::ws::Utf8Bytes;
use events::links::{Click, ClickEvent};
use events::{ClickId, LinkId};
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt, stream};
use nats::{Broker, NewMessage};
use service::world;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::bare::Bare;
use super::socket::Socket;
use crate::account::{Account, Link};
use crate::figure::Figure;
use crate::ground::Rounds;
use crate::pace::median;
use crate::subject::{Settings, Subject, ready};

const GROUPS: usize = 10;
/// Sockets of each group.
const LISTENERS: u32 = 100;
/// Frames that go to a group at once, and how often before the slowest of it has heard the first.
const FRAMES: usize = 200;
const AHEAD: u32 = 4;
const OPENED_AT_ONCE: usize = 8;
/// How long frames may be on their way.
const PATIENCE: Duration = Duration::from_secs(10);

/// A thousand sockets, in groups.
struct Audience {
    groups: Vec<Group>,
    _listening: JoinSet<anyhow::Result<()>>,
}

/// A permit for each time that a socket has heard as many frames as go at once: of each socket on its own, since a
/// quick one must not stand for a slow one.
#[derive(Default)]
struct Group(Vec<Arc<Semaphore>>);

pub(super) async fn measure(
    broker: &str,
    database: &str,
    rounds: Rounds,
) -> anyhow::Result<Figure> {
    let (account, links) = prepare(broker, database).await?;
    let settings = Settings {
        database: Some(database),
        is_projecting: false,
        ..Settings::default()
    };
    let subject = Subject::start_as(broker, settings).await?;
    ready(&subject.url).await?;
    let address = subject.url.strip_prefix("http://").context("no address")?;
    let address: SocketAddr = address.parse()?;
    let bus = Broker::connect(broker, "bench").await?;
    let clicks = links.iter().map(|link| clicks(&account, link));
    let clicks = clicks.collect::<anyhow::Result<Vec<_>>>()?;
    let mut told = Vec::with_capacity(GROUPS);
    for (link, clicks) in links.iter().zip(&clicks) {
        told.push(frames(address, &account, &bus, link, clicks).await?);
    }
    let join = async |group: usize| {
        let link = links.get(group).context("no such group")?;
        Socket::open(address, &link.live(), &account.token).await
    };
    let ours = Audience::open(join).await?;
    let (bare, bare_address) = Bare::start(GROUPS).await?;
    let join =
        async |group: usize| Socket::connect(bare_address, &format!("/{group}"), "none").await;
    let bares = Audience::open(join).await?;
    let (mut bare_rates, mut our_rates) = (Vec::new(), Vec::new());
    for _ in 0..rounds.count {
        let broadcast = async |group: usize| {
            bare.send(group, told.get(group).context("no such group")?);
            anyhow::Ok(())
        };
        bare_rates.push(bares.frames_per_s(rounds.seconds, broadcast).await?);
        let send = async |group: usize| {
            let clicks = clicks.get(group).context("no such group")?;
            bus.append(std::slice::from_ref(clicks)).await?;
            anyhow::Ok(())
        };
        our_rates.push(ours.frames_per_s(rounds.seconds, send).await?);
    }
    drop(ours);
    subject.stop().await?;
    let (bare, ours) = (median(bare_rates)?, median(our_rates)?);
    Ok(Figure {
        name: format!("fan-out to {GROUPS} times {LISTENERS} sockets"),
        measured: format!("{ours:.0} frames/s"),
        bound: format!("{bare:.0} frames/s broadcast"),
        ratio: ours / bare,
        wanted: "0.80 or more",
    })
}

impl Audience {
    /// Opens them all; who opens is told the group.
    async fn open<F>(open: impl Fn(usize) -> F + Send + Sync) -> anyhow::Result<Self>
    where
        F: Future<Output = anyhow::Result<Socket>> + Send,
    {
        let (mut groups, mut listening) = (Vec::with_capacity(GROUPS), JoinSet::new());
        for number in 0..GROUPS {
            let mut group = Group::default();
            let opening = stream::iter(0..LISTENERS).map(|_| open(number));
            let mut opened = opening.buffer_unordered(OPENED_AT_ONCE);
            while let Some(socket) = opened.try_next().await? {
                let heard = Arc::new(Semaphore::new(0));
                listening.spawn(listen(socket, Arc::clone(&heard)));
                group.0.push(heard);
            }
            groups.push(group);
        }
        Ok(Self {
            groups,
            _listening: listening,
        })
    }

    /// Sends again and again to every group; how many frames came in a second.
    async fn frames_per_s<F>(
        &self,
        seconds: u64,
        send: impl Fn(usize) -> F + Send + Sync,
    ) -> anyhow::Result<f64>
    where
        F: Future<Output = anyhow::Result<()>> + Send,
    {
        let (started, length) = (Instant::now(), Duration::from_secs(seconds));
        let send = &send;
        let groups = self.groups.iter().enumerate();
        let groups = groups.map(|(number, group)| async move {
            let (mut sent, mut heard) = (0_u32, 0_u32);
            loop {
                let goes_on = started.elapsed() < length;
                if goes_on && sent < heard + AHEAD {
                    send(number).await?;
                    sent += 1;
                } else if heard < sent {
                    let all = timeout(PATIENCE, group.heard()).await;
                    all.context("not every frame was heard")??;
                    heard += 1;
                } else {
                    return anyhow::Ok(f64::from(heard));
                }
            }
        });
        let sent = try_join_all(groups).await?.into_iter().sum::<f64>();
        let frames = f64::from(u32::try_from(FRAMES)?) * f64::from(LISTENERS);
        Ok(sent * frames / started.elapsed().as_secs_f64())
    }
}

impl Group {
    /// Waits until every socket has heard as many frames as go at once.
    async fn heard(&self) -> anyhow::Result<()> {
        for socket in &self.0 {
            socket.acquire().await?.forget();
        }
        Ok(())
    }
}

async fn listen(mut socket: Socket, heard: Arc<Semaphore>) -> anyhow::Result<()> {
    loop {
        for _ in 0..FRAMES {
            socket.frame().await?;
        }
        heard.add_permits(1);
    }
}

/// Makes the links, and waits until they are in the read model.
async fn prepare(broker: &str, database: &str) -> anyhow::Result<(Account, Vec<Link>)> {
    let settings = Settings {
        database: Some(database),
        ..Settings::default()
    };
    let subject = Subject::start_as(broker, settings).await?;
    ready(&subject.url).await?;
    let account = subject.account("fan-out").await?;
    let mut links = Vec::with_capacity(GROUPS);
    for number in 0..GROUPS {
        let link = account.makes(&format!("fan-out{number}")).await?;
        account
            .reads(&format!("/v1/links/{}", link.id), &link.position)
            .await?;
        links.push(link);
    }
    subject.stop().await?;
    Ok((account, links))
}

/// The frames that the clicks make: what is broadcast are texts as many and as various as ours.
async fn frames(
    address: SocketAddr,
    account: &Account,
    bus: &Broker,
    link: &Link,
    clicks: &NewMessage,
) -> anyhow::Result<Vec<Utf8Bytes>> {
    let mut socket = Socket::open(address, &link.live(), &account.token).await?;
    bus.append(std::slice::from_ref(clicks)).await?;
    let mut frames = Vec::with_capacity(FRAMES);
    for _ in 0..FRAMES {
        let frame = timeout(PATIENCE, socket.frame()).await??;
        frames.push(Utf8Bytes::from(frame.as_str()));
    }
    Ok(frames)
}

/// As many clicks on a link as go at once, in the message that the lane packs of them.
fn clicks(account: &Account, link: &Link) -> anyhow::Result<NewMessage> {
    let link_id: LinkId = link.id.parse()?;
    let clicks: Vec<_> = (0..FRAMES).map(|_| click(link_id)).collect();
    let messages = NewMessage::clicks(account.workspace, &clicks)?;
    messages.into_iter().next().context("no message")
}

fn click(link: LinkId) -> ClickEvent<'static> {
    let data = Click {
        country: Some(Cow::Borrowed("NP")),
        referrer: Some(Cow::Borrowed("https://news.example/")),
        utm_source: Some(Cow::Borrowed("mail")),
        ..Click::of(link, Cow::Borrowed("fan-out"))
    };
    ClickEvent::new(ClickId::new(world::new_id()), world::now(), data)
}

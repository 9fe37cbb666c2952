//! Ten thousand sockets on a hundred links, each of which is opened once a second.

use std::ops::Range;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use service::world;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::socket::{Frame, Socket};
use super::stage::{LINKS, Stage};
use crate::figure::Figure;
use crate::ground::Rounds;
use crate::pace::steadily;
use crate::times::Times;

pub(super) const SOCKETS: u32 = 10_000;
/// Sockets that are opened at once: each asks Postgres once, and there are more connections than that.
const OPENED_AT_ONCE: usize = 8;
const REPORTS_AT_ONCE: usize = 64;
/// How long the last frames may be on their way.
const PATIENCE: Duration = Duration::from_secs(30);
const LATE: Duration = Duration::from_millis(250);

/// Those who listen.
pub(super) struct Crowd {
    listening: JoinSet<anyhow::Result<Vec<Duration>>>,
    rounds: Rounds,
    /// What each of them hears in all: a click a second.
    clicks: usize,
}

impl Crowd {
    pub(super) fn new(rounds: Rounds) -> anyhow::Result<Self> {
        let clicks = rounds.count * usize::try_from(rounds.seconds)?;
        ensure!(clicks > 0, "there is no round to measure");
        Ok(Self {
            listening: JoinSet::new(),
            rounds,
            clicks,
        })
    }

    /// So many more listen, to every link in turn.
    pub(super) async fn join(&mut self, stage: &Stage, numbers: Range<u32>) -> anyhow::Result<()> {
        let address = stage.apart.address()?;
        let links = stage.links.iter().cycle().take(numbers.len());
        let opening = stream::iter(links).map(async |owned| {
            Socket::open(address, &owned.link.live(), &owned.account.token).await
        });
        let mut opened = opening.buffer_unordered(OPENED_AT_ONCE);
        while let Some(socket) = opened.try_next().await? {
            self.listening.spawn(listen(socket, self.clicks));
        }
        Ok(())
    }
}

/// Hears so many clicks, and answers how long ago each was when it was heard.
async fn listen(mut socket: Socket, clicks: usize) -> anyhow::Result<Vec<Duration>> {
    let mut late = Vec::with_capacity(clicks);
    while late.len() < clicks {
        let text = socket.frame().await?;
        let age = world::now().odt() - Frame::read(&text)?.click.occurred_at.odt();
        late.push(Duration::try_from(age).unwrap_or_default());
    }
    Ok(late)
}

/// Opens each link once a second, evenly, and asks the listeners how late they heard of it.
pub(super) async fn measure(stage: &Stage, crowd: Crowd) -> anyhow::Result<Figure> {
    let Crowd {
        listening,
        rounds,
        clicks,
    } = crowd;
    let per_s = u32::try_from(LINKS)?;
    let count = per_s * u32::try_from(clicks)?;
    let click = json!({ "country": "NP", "utm_source": "mail" });
    let report = async |number: u32| -> anyhow::Result<()> {
        let turn = usize::try_from(number)? % LINKS;
        let owned = stage.links.get(turn).context("it has no turn")?;
        owned.account.reports(&owned.link.id, &click).await?;
        Ok(())
    };
    steadily(per_s, count, REPORTS_AT_ONCE, report).await?;
    let heard = timeout(PATIENCE, listening.join_all()).await;
    let heard = heard.context("not every click was heard")?;
    let heard = heard.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let mut times = Vec::new();
    for round in 0..rounds.count {
        let of_round = heard.iter().flat_map(|late| {
            let rounds = late.chunks(clicks / rounds.count);
            rounds.skip(round).take(1).flatten().copied()
        });
        times.push(Times::of(of_round.collect())?);
    }
    let (p50, p99) = (
        Times::median(&times, |it| it.p50)?,
        Times::median(&times, |it| it.p99)?,
    );
    Ok(Figure {
        name: format!("p99 of {SOCKETS} sockets, a message a second each"),
        measured: format!("from the click on p50 {p50:.1?}, p99 {p99:.1?}"),
        bound: format!("{LATE:?}"),
        ratio: p99.as_secs_f64() / LATE.as_secs_f64(),
        wanted: "1.00 or less",
    })
}

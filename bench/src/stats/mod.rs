//! Statistics: series and top lists of one link, and of a workspace with ten million clicks.

use std::time::{Duration, Instant};

use events::{LinkId, Position, Timestamp};
use futures::{StreamExt, TryStreamExt, stream};
use nats::Broker;
use servers::Tool;
use service::world;

use crate::account::{Account, BULK};
use crate::clicks::{Spread, fill};
use crate::database::Database;
use crate::figure::Figure;
use crate::ground::{Ground, Plan};
use crate::project::reached;
use crate::subject::{Settings, Subject, ready};
use crate::times::Times;

const CLICKS: usize = 10_000_000;
const LINKS: usize = 10_000;
const DAYS: usize = 90;
/// Who asks at once.
const AT_ONCE: usize = 2;
/// The questions of one kind in a round; one in a hundred is slower than the 99th percentile.
const QUESTIONS: usize = 500;
/// Links that are asked for one after the other lie so far apart.
const STRIDE: usize = 7_919;
const LINK_MAX: Duration = Duration::from_millis(30);
const WORKSPACE_MAX: Duration = Duration::from_millis(300);

/// Measures what is asked for, against what it may take.
pub(crate) async fn run(plan: Plan) -> anyhow::Result<()> {
    let ground = Ground::prepare(plan, &[Tool::Nats, Tool::Postgres]).await?;
    let mut nats = ground.broker("nats").await?;
    let database = Database::start(&ground).await?;
    let url = database.make("millrace").await?;
    let settings = Settings {
        database: Some(&url),
        ..Settings::default()
    };
    let subject = Subject::start_as(&nats.url(), settings).await?;
    ready(&subject.url).await?;
    let asked = Asked::of(subject.account("stats").await?, &nats.url()).await?;
    let figures = asked.measure(ground.rounds.count).await?;
    subject.stop().await?;
    nats.stop().await;
    let about = format!(
        "{CLICKS} clicks on {LINKS} links over {DAYS} days; {AT_ONCE} ask at once, {QUESTIONS} questions of a kind in a round."
    );
    ground.report("stats", &about, &figures);
    Ok(())
}

/// Whose clicks are asked for.
#[derive(Clone, Copy)]
enum Scope {
    Link,
    Workspace,
}

/// What is asked, and by whom.
struct Asked {
    account: Account,
    links: Vec<LinkId>,
    /// Everything is counted as far as this.
    position: Position,
    /// From when on it is asked.
    from: Timestamp,
}

impl Asked {
    /// Makes the links, and their clicks, and waits until all are counted.
    async fn of(account: Account, nats: &str) -> anyhow::Result<Self> {
        let mut links = Vec::with_capacity(LINKS);
        for first in (0..LINKS).step_by(BULK) {
            links.extend(account.makes_all("s", first..first + BULK).await?);
        }
        let broker = Broker::connect(nats, "bench").await?;
        let changes = broker.changes().await?;
        let spread = Spread {
            workspace: account.workspace,
            links: &links,
            days: DAYS,
        };
        let position = fill(&broker, spread, CLICKS).await?;
        reached(changes, position).await?;
        let days = time::Duration::days(i64::try_from(DAYS)?);
        Ok(Self {
            account,
            links,
            position,
            from: Timestamp::new(world::now().odt() - days),
        })
    }

    async fn measure(&self, rounds: usize) -> anyhow::Result<Vec<Figure>> {
        let from = self.from;
        let series = format!("stats?interval=day&from={from}");
        let top = format!("stats/referrer?from={from}");
        let mut figures = Vec::new();
        for (name, question, scope, max) in [
            ("a link's series", &series, Scope::Link, LINK_MAX),
            ("a link's top list", &top, Scope::Link, LINK_MAX),
            (
                "a workspace's series",
                &series,
                Scope::Workspace,
                WORKSPACE_MAX,
            ),
            (
                "a workspace's top list",
                &top,
                Scope::Workspace,
                WORKSPACE_MAX,
            ),
        ] {
            let mut times = Vec::new();
            for _ in 0..rounds {
                times.push(self.asks(question, scope).await?);
            }
            let p50 = Times::median(&times, |it| it.p50)?;
            let p99 = Times::median(&times, |it| it.p99)?;
            figures.push(Figure {
                name: name.to_owned(),
                measured: format!("p50 {p50:.1?}, p99 {p99:.1?}"),
                bound: format!("{max:?}"),
                ratio: p99.as_secs_f64() / max.as_secs_f64(),
                wanted: "1.00 or less",
            });
        }
        Ok(figures)
    }

    async fn asks(&self, question: &str, scope: Scope) -> anyhow::Result<Times> {
        let position = self.position.to_string();
        let links = self.links.iter().cycle().step_by(STRIDE).take(QUESTIONS);
        let paths = links.map(|link| match scope {
            Scope::Link => format!("/v1/links/{link}/{question}"),
            Scope::Workspace => format!("/v1/links/{question}"),
        });
        let asking = paths.map(async |path| {
            let started = Instant::now();
            self.account.reads(&path, &position).await?;
            anyhow::Ok(started.elapsed())
        });
        let asking = stream::iter(asking).buffer_unordered(AT_ONCE);
        Times::of(asking.try_collect().await?)
    }
}

//! Clicks that other servers report in hundreds, against a bare publisher of the same messages.

mod bare;
mod report;

use servers::{Nats, Tool};

use crate::figure::Figure;
use crate::ground::{Ground, Plan, Rounds};
use crate::load::measure_reports as load;
use crate::pace::median;
use crate::subject::Subject;

/// What is to be acknowledged in a second.
const WANTED_PER_S: f64 = 100_000.0;
/// A workspace has one message under way at a time: one, and as many as a shared installation has at work;
/// and how many reports are sent at once, each of which waits for its answer.
const WORKSPACES: [(usize, u32, &str); 2] = [
    (1, 64, "one workspace, 64 reports at once"),
    (16, 256, "16 workspaces, 256 reports at once"),
];

/// Measures what is ours and what bounds it.
pub(crate) async fn run(plan: Plan) -> anyhow::Result<()> {
    let ground = Ground::prepare(plan, &[Tool::Nats]).await?;
    let mut figures = Vec::new();
    for (workspaces, at_once, name) in WORKSPACES {
        let mut broker = ground.broker(&format!("nats-{workspaces}")).await?;
        figures.extend(measure(&broker, ground.rounds, workspaces, at_once, name).await?);
        broker.stop().await;
    }
    // wrk works with two threads, the subject and the broker with as many as there are cores.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let about = format!(
        "Clicks reported in hundreds, on a broker that syncs always; \
         wrk, the subject and the broker share {cores} cores, the bare publisher and the broker the same."
    );
    ground.report("ingest", &about, &figures);
    Ok(())
}

async fn measure(
    broker: &Nats,
    rounds: Rounds,
    workspaces: usize,
    at_once: u32,
    name: &str,
) -> anyhow::Result<[Figure; 2]> {
    let subject = Subject::start(broker).await?;
    let mut reports = Vec::new();
    for number in 0..workspaces {
        let account = subject.account(&format!("ingest{number}")).await?;
        let link = account.makes(&format!("ingest{number}")).await?;
        reports.push(report::of(&link.id, &account.token)?);
    }
    let publisher = bare::Publisher::connect(broker).await?;
    let clicks = f64::from(report::CLICKS);
    let (mut bares, mut ours, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds.count {
        let before = publisher.last_sequence().await?;
        let outcome = load(&subject.url, at_once, rounds.seconds, &reports).await?;
        ours.push(outcome.requests_per_s * clicks);
        subject.drains().await?;
        let packed = publisher.packed_since(before).await?;
        sizes.push(packed.bytes);
        bares.push(publisher.rate(&packed, rounds.seconds, workspaces).await?);
    }
    subject.stop().await?;
    let (bare, ours, size) = (median(bares)?, median(ours)?, median(sizes)?);
    let measured = format!(
        "{ours:.0} clicks/s, in messages of {:.0} KiB",
        size / 1_024.0
    );
    Ok([
        Figure {
            name: format!("{name}, to the limit"),
            measured: measured.clone(),
            bound: format!("{WANTED_PER_S:.0} clicks/s"),
            ratio: ours / WANTED_PER_S,
            wanted: "1.00 or more",
        },
        Figure {
            name: format!("{name}, to a publisher"),
            measured,
            bound: format!("{bare:.0} clicks/s published in the same messages"),
            ratio: ours / bare,
            wanted: "0.85 or more",
        },
    ])
}

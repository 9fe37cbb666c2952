//! Links: making them one by one and many at once, and serving a million.

mod making;
mod million;

use servers::Tool;

use crate::ground::{Ground, Plan};

/// Measures what is ours and what bounds it.
pub(crate) async fn run(plan: Plan) -> anyhow::Result<()> {
    let ground = Ground::prepare(plan, &[Tool::Nats]).await?;
    let mut broker = ground.broker("nats").await?;
    let mut figures = making::measure(&broker, ground.rounds).await?;
    figures.extend(million::measure(&broker).await?);
    broker.stop().await;
    let about = "Links, on a broker that syncs always, each figure beside what bounds it.";
    ground.report("links", about, &figures);
    Ok(())
}

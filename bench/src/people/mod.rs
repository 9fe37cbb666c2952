//! People: logging in, registering, and being recognised with every request.

mod admission;
mod logins;
mod registrations;

use servers::Tool;

use crate::ground::{Ground, Plan};

/// Measures what is ours and what bounds it.
pub(crate) async fn run(plan: Plan) -> anyhow::Result<()> {
    let ground = Ground::prepare(plan, &[Tool::Nats]).await?;
    let mut figures = Vec::new();
    let mut broker = ground.broker("logins").await?;
    figures.push(logins::measure(&broker, ground.rounds).await?);
    broker.stop().await;
    let mut broker = ground.broker("registrations").await?;
    figures.push(registrations::measure(&broker, ground.rounds).await?);
    broker.stop().await;
    let mut broker = ground.broker("admission").await?;
    figures.extend(admission::measure(&broker).await?);
    broker.stop().await;
    let about = "People, on a broker that syncs always, each figure beside what bounds it.";
    ground.report("people", about, &figures);
    Ok(())
}

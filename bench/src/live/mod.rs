//! Live clicks over WebSocket: idle sockets, a crowd of them, how fresh everything is, and a fan-out beside a bare one.

mod bare;
mod crowd;
mod fan_out;
mod fresh;
mod idle;
mod socket;
mod stage;

use servers::Tool;
use service::listen::raise_descriptor_limit;

use self::stage::Stage;
use crate::ground::{Ground, Plan};

/// Measures what is ours and what bounds it.
pub(crate) async fn run(plan: Plan) -> anyhow::Result<()> {
    let ground = Ground::prepare(plan, &[Tool::Nats, Tool::Postgres]).await?;
    raise_descriptor_limit();
    let stage = Stage::set(&ground).await?;
    let (crowd, mut figures) = idle::measure(&stage, ground.rounds).await?;
    figures.push(crowd::measure(&stage, crowd).await?);
    figures.extend(fresh::measure(&stage, ground.rounds).await?);
    let (broker, _database, database_url) = stage.strike().await?;
    let broker_url = broker.url();
    let fan_out = fan_out::measure(&broker_url, &database_url, ground.rounds);
    figures.push(Box::pin(fan_out).await?);
    let about = "Live clicks of the whole system in one process, on a broker that syncs always and a Postgres that syncs too; \
                 the sockets' other ends are on the same cores. \
                 The fan-out's clicks come over the bus, and nothing is projected meanwhile.";
    ground.report("live", about, &figures);
    Ok(())
}

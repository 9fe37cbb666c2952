//! Hearing of the use of API keys, from all processes, and remembering it now and then.

use std::time::Duration;

use events::{Actor, Subject};
use nats::Used;
use service::problem::Chain;

use super::api_key::{Key, RecordUse};
use crate::app::App;
use crate::handle::Wish;
use crate::origin::Origin;

/// Between two attempts to listen.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Listens for ever. A notice that is lost costs precision only: the next use is told of again.
#[expect(clippy::infinite_loop, reason = "runs until it is dropped")]
pub(crate) async fn follow(app: App) {
    loop {
        match app.broker.uses().await {
            Ok(mut uses) => {
                while let Some(used) = uses.next().await {
                    record(&app, used).await;
                }
            }
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "cannot hear of the use of API keys");
            }
        }
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

async fn record(app: &App, used: Used) {
    let origin = Origin::of(Actor::System);
    let command = RecordUse { at: origin.time };
    let wish = Wish::on(Subject::ApiKey(used.workspace, used.key), &command);
    if let Err(error) = app.commands.carry_out::<Key, _>(&origin, wish).await {
        tracing::debug!(error = %Chain(&error), "a use was not remembered");
    }
}

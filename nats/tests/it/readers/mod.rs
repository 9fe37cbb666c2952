//! Readers of the bus, each with a login of its own, at a broker configured as every broker is.

mod guest;
mod life;
mod reading;
mod refused;

use std::collections::BTreeMap;
use std::time::Duration;

use events::{StreamName, WorkspaceId};
use nats::{
    Login, READER_IN_FLIGHT_MAX, Reach, ReaderAccount, ReaderName, ReaderStart, Reading, can_read,
};
use serde_json::Value;
use servers::NeighbourNats;

use self::guest::Guest;
use crate::world::{World, uuid};

/// What the tests read; CLICKS is as the others.
const STREAM: StreamName = StreamName::Links;

fn name(text: &str) -> ReaderName {
    text.parse().unwrap()
}

fn reading(reach: Reach, start: ReaderStart) -> Reading {
    Reading {
        reach,
        start,
        in_flight: READER_IN_FLIGHT_MAX,
    }
}

/// Makes the consumer, gives the account, and logs in, as `millrace consumers add` does.
async fn admit(world: &World, text: &str, reach: Reach) -> Guest {
    let reader = name(text);
    let broker = &world.broker;
    let made = broker.make_reader(&reader, STREAM, reading(reach, ReaderStart::First));
    made.await.unwrap();
    let login = Login::new(reader);
    let owner = broker.account().await.unwrap();
    let account = ReaderAccount::new(&login, &owner, &[STREAM]).unwrap();
    let neighbour = NeighbourNats::find(world.nats.data()).unwrap();
    let mut accounts = accounts(&neighbour);
    accounts.insert(account.name, account.config);
    set_accounts(&neighbour, &accounts);
    let admitted = async {
        // The broker hears the imports of an account that is new from the second time on.
        while let Err(error) = can_read(&world.nats.url(), &login, &[STREAM]).await {
            neighbour.reload().unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
            drop(error);
        }
    };
    let patience = Duration::from_secs(10);
    tokio::time::timeout(patience, admitted).await.unwrap();
    Guest::enter(&world.nats, &login).await
}

fn accounts(neighbour: &NeighbourNats) -> BTreeMap<String, Value> {
    let text = neighbour.consumers().unwrap();
    serde_json::from_str(&text).unwrap_or_default()
}

fn set_accounts(neighbour: &NeighbourNats, accounts: &BTreeMap<String, Value>) {
    let text = serde_json::to_string(accounts).unwrap();
    neighbour.set_consumers(&text).unwrap();
}

fn workspace() -> WorkspaceId {
    WorkspaceId::new(uuid())
}

fn link_of(workspace: WorkspaceId) -> String {
    format!("links.{workspace}.link.{}", uuid())
}

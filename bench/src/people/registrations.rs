//! Registrations whose passwords cost nothing, beside the bare writes that each of them makes.

use command_api::PasswordCost;
use events::core::WorkspaceEvent;
use events::{Actor, EventId, Metadata, Subject, UserId, WorkspaceId};
use nats::{Broker, Expected, NewMessage};
use serde_json::json;
use servers::Nats;
use service::world;

use crate::figure::Figure;
use crate::ground::Rounds;
use crate::pace::{median, rate};
use crate::subject::{self, Settings};

/// Callers at once.
const AT_ONCE: usize = 64;
/// What a registration stores in one step: the claim on the address, the user, and the user's workspace.
const MESSAGES: usize = 3;
/// About as long as a wrapped key.
const KEY: [u8; 80] = [b'k'; 80];

pub(super) async fn measure(broker: &Nats, rounds: Rounds) -> anyhow::Result<Figure> {
    let subject = subject::Subject::start_as(
        &broker.url(),
        Settings {
            password_cost: PasswordCost::Nothing,
            ..Settings::default()
        },
    )
    .await?;
    let client = reqwest::Client::new();
    let url = format!("{}/v1/core/users", subject.url);
    let register = async |_| -> anyhow::Result<()> {
        let email = format!("{}@example.com", world::new_id());
        let account = json!({ "email": email, "password": "correct horse battery", "name": "Ada" });
        let answer = client.post(&url).json(&account).send().await?;
        answer.error_for_status()?.bytes().await?;
        Ok(())
    };
    let bare = Broker::connect(&broker.url(), "bench").await?;
    let write = async |_| -> anyhow::Result<()> {
        let user = UserId::new(world::new_id());
        bare.put_key(user, KEY.to_vec().into()).await?;
        let messages: Result<Vec<_>, _> = (0..MESSAGES).map(|_| message(user)).collect();
        bare.append(&messages?).await?;
        Ok(())
    };
    let (mut bares, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..rounds.count {
        bares.push(rate(rounds.seconds, AT_ONCE, write).await?);
        ours.push(rate(rounds.seconds, AT_ONCE, register).await?);
    }
    subject.stop().await?;
    let (bare, ours) = (median(bares)?, median(ours)?);
    Ok(Figure {
        name: "registrations".to_owned(),
        measured: format!("{ours:.0}/s"),
        bound: format!("{bare:.0}/s bare writes"),
        ratio: ours / bare,
        wanted: "500/s or more",
    })
}

/// An event that begins a history, as all three do.
fn message(owner: UserId) -> Result<NewMessage, serde_json::Error> {
    let metadata = Metadata {
        id: EventId::new(world::new_id()),
        time: world::now(),
        actor: Actor::Anonymous,
        correlation: None,
        causation: None,
        traceparent: None,
    };
    let subject = Subject::Workspace(WorkspaceId::new(world::new_id()));
    let opened = WorkspaceEvent::Opened { owner };
    NewMessage::event(subject, &metadata, &opened, Expected::LastSequence(0))
}

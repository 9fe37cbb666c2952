//! One link that everybody opens.

use servers::Nats;

use super::{median, told};
use crate::figure::Figure;
use crate::ground::Rounds;
use crate::load::measure as load;
use crate::subject::{Subject, bare_redirect};

const CONNECTIONS: [(u32, &str); 3] = [
    (1, "what a sync takes"),
    (64, "0.45 or more"),
    (512, "0.45 or more"),
];

pub(super) async fn measure(broker: &Nats, rounds: Rounds) -> anyhow::Result<Vec<Figure>> {
    let subject = Subject::start(broker).await?;
    let short_url = subject.account("hot").await?.shortens("spring").await?;
    let bare = format!("{}/spring", bare_redirect().await?);
    let mut figures = Vec::new();
    for (connections, wanted) in CONNECTIONS {
        let (mut bares, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..rounds.count {
            bares.push(load(&bare, connections, rounds.seconds).await?);
            ours.push(load(&short_url, connections, rounds.seconds).await?);
        }
        let (bare, ours) = (median(bares)?, median(ours)?);
        figures.push(Figure {
            name: format!("hot, {connections} connections"),
            measured: told(ours),
            bound: format!("{:.0}/s bare axum", bare.requests_per_s),
            ratio: ours.requests_per_s / bare.requests_per_s,
            wanted,
        });
    }
    subject.stop().await?;
    Ok(figures)
}

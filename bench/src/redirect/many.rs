//! Many links: known, at half the load, and unknown to the cache.

use servers::Nats;

use super::{median, told};
use crate::account::Account;
use crate::figure::Figure;
use crate::ground::Rounds;
use crate::load::{Many, measure_many as load};
use crate::subject::{Settings, Subject, bare_redirect, open_all};

/// Links that are opened in turn.
const LINKS: usize = 100_000;
/// A cache that holds them all: it is parted, and no part is quite as full as another.
const CACHE: u64 = 110_000;
const PREFIX: &str = "m";
const CONNECTIONS: u32 = 64;
/// Connections that rest between their requests.
const RESTING: u32 = 256;
/// A cache so small that hardly a link is found in it.
const CACHE_MIN: u64 = 100;
/// Who waits for misses: more would measure the broker's queue.
const MISSING: u32 = 2;
/// What a miss may take, in seconds.
const MISS_MAX_S: f64 = 0.002;
/// What the slowest of a hundred may take at half the load, in seconds.
const HALF_MAX_S: f64 = 0.005;

pub(super) async fn measure(broker: &Nats, rounds: Rounds) -> anyhow::Result<Vec<Figure>> {
    let settings = Settings {
        link_cache_max: CACHE,
        ..Settings::default()
    };
    let subject = Subject::start_as(&broker.url(), settings).await?;
    let account = subject.account("many").await?;
    account.makes_links(PREFIX, 0..LINKS).await?;
    let bare_url = bare_redirect().await?;
    let many = Many {
        prefix: PREFIX,
        count: LINKS,
        rest_ms: 0,
    };
    open_all(&subject.url, PREFIX, 0..LINKS).await?;
    let (mut bares, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..rounds.count {
        bares.push(load(&bare_url, CONNECTIONS, rounds.seconds, many).await?);
        ours.push(load(&subject.url, CONNECTIONS, rounds.seconds, many).await?);
    }
    let (bare, ours) = (median(bares)?, median(ours)?);
    let mut figures = vec![Figure {
        name: format!("{LINKS} links, {CONNECTIONS} connections"),
        measured: told(ours),
        bound: format!("{:.0}/s bare axum", bare.requests_per_s),
        ratio: ours.requests_per_s / bare.requests_per_s,
        wanted: "0.40 or more",
    }];
    figures.push(at_half(&subject, &bare_url, rounds, ours.requests_per_s).await?);
    subject.stop().await?;
    figures.push(missed(broker, &bare_url, rounds, &account).await?);
    Ok(figures)
}

/// Connections rest so long that about half of what could be answered is asked for; of the bare redirect as much.
async fn at_half(
    subject: &Subject,
    bare_url: &str,
    rounds: Rounds,
    whole: f64,
) -> anyhow::Result<Figure> {
    let rest_s = f64::from(RESTING) / (whole / 2.0);
    let many = Many {
        prefix: PREFIX,
        count: LINKS,
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "some milliseconds"
        )]
        rest_ms: (rest_s * 1e3).round().max(1.0) as u64,
    };
    let (mut bares, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..rounds.count {
        bares.push(load(bare_url, RESTING, rounds.seconds, many).await?);
        ours.push(load(&subject.url, RESTING, rounds.seconds, many).await?);
    }
    let (bare, ours) = (median(bares)?, median(ours)?);
    let share = ours.requests_per_s / whole;
    Ok(Figure {
        name: "p99 at half the load".to_owned(),
        measured: format!("{} ({share:.2} of the load)", told(ours)),
        bound: format!("5 ms; bare axum's {:?}", bare.p99),
        ratio: ours.p99.as_secs_f64() / HALF_MAX_S,
        wanted: "1.00 or less",
    })
}

/// Links that hardly ever are in memory; the bare redirect shows what the machine lets wait.
async fn missed(
    broker: &Nats,
    bare_url: &str,
    rounds: Rounds,
    account: &Account,
) -> anyhow::Result<Figure> {
    let subject = Subject::start_as(
        &broker.url(),
        Settings {
            link_cache_max: CACHE_MIN,
            like: Some(&account.url),
            ..Settings::default()
        },
    )
    .await?;
    let many = Many {
        prefix: PREFIX,
        count: LINKS,
        rest_ms: 0,
    };
    let (mut bares, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..rounds.count {
        bares.push(load(bare_url, MISSING, rounds.seconds, many).await?);
        ours.push(load(&subject.url, MISSING, rounds.seconds, many).await?);
    }
    subject.stop().await?;
    let (bare, ours) = (median(bares)?, median(ours)?);
    Ok(Figure {
        name: "p99 of a miss".to_owned(),
        measured: told(ours),
        bound: format!("2 ms; bare axum's {:?}", bare.p99),
        ratio: ours.p99.as_secs_f64() / MISS_MAX_S,
        wanted: "1.00 or less",
    })
}

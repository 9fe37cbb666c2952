//! A log with more than a batch: while one is written, the next is read.

use std::convert::Infallible;
use std::time::Duration;

use events::links::LinkEvent;
use events::{Context, DecodeError, StreamName};
use nats::StoredMessage;
use service::health::Readiness;
use service::metrics::Metrics;
use sqlx::PgConnection;
use tokio::sync::Mutex;
use tokio::time::{interval, sleep};

use crate::Database;
use crate::metrics::ProjectionMetrics;
use crate::projection::{ApplyError, Projection};
use crate::runner::interruption::Interruption;
use crate::runner::pipeline::{Pipeline, Reading, Writing};
use crate::runner::watch::Watch;
use crate::runner::{Backoff, position};
use crate::testing::{Log, link, migrated, shortened, workspace};

const EVENTS: u64 = 12;
/// More than is decoded in one go.
const LONG_BYTES: usize = 300 * 1024;
/// Long enough for the other hand to have read what comes next.
const A_WHILE: Duration = Duration::from_millis(300);

/// Writes nothing, and notes what it is given.
#[derive(Default)]
struct Noted {
    sequences: Vec<u64>,
    /// It fails once, here.
    fails_at: Option<u64>,
}

impl Projection for Noted {
    const NAME: &'static str = "noted";
    const CONTEXT: Context = Context::Links;
    const STREAM: StreamName = StreamName::Links;
    const BATCH_MESSAGES_MAX: usize = 1;
    type Event<'m> = u64;

    fn read(message: &StoredMessage) -> Result<Option<u64>, DecodeError> {
        Ok(Some(message.position.sequence))
    }

    async fn apply(
        &mut self,
        _: &mut PgConnection,
        batch: &[Self::Event<'_>],
    ) -> Result<(), ApplyError> {
        if self.fails_at.is_some_and(|it| batch.contains(&it)) {
            self.fails_at = None;
            sleep(A_WHILE).await;
            return Err(sqlx::Error::PoolClosed.into());
        }
        self.sequences.extend(batch);
        Ok(())
    }
}

/// A log of which every other event takes long to decode.
async fn backlog() -> Log {
    let (log, workspace) = (Log::new().await, workspace());
    for number in 0..EVENTS {
        let mut event = shortened("spring");
        if let LinkEvent::Shortened { label, .. } = &mut event {
            let is_long = number.is_multiple_of(2);
            label.notes = is_long.then(|| "x".repeat(LONG_BYTES));
        }
        log.append(&link(workspace), &event).await;
    }
    log
}

async fn stored(database: &Database) -> u64 {
    let mut connection = database.connect(Context::Links).await.unwrap();
    let stored = position::load(&mut connection, Noted::NAME).await.unwrap();
    stored.map_or(0, |it| it.sequence)
}

/// Projects from the stored position to the end of the log, unless something interrupts it.
async fn project(noted: &mut Noted, log: &Log, database: &Database) -> Result<(), Interruption> {
    let mut connection = database.connect(Context::Links).await?;
    let reached = position::load(&mut connection, Noted::NAME).await?;
    let tail = log.broker.resume(Noted::STREAM, reached.as_ref()).await?;
    let mut backoff = Backoff::new();
    let pipeline = Pipeline {
        broker: &log.broker,
        database,
        gauges: &ProjectionMetrics::registered(&Metrics::default()).of(Noted::NAME),
        component: &Readiness::default().component(Noted::NAME),
        writing: Mutex::new(Writing {
            projection: noted,
            connection,
            watch: Watch::over(&tail, &mut backoff),
        }),
        reading: Mutex::new(Reading { tail, reached }),
    };
    let at_the_end = async {
        let mut looks = interval(Duration::from_millis(20));
        while stored(database).await < EVENTS {
            looks.tick().await;
        }
    };
    tokio::select! {
        interrupted = pipeline.run() => interrupted.map(|never: Infallible| match never {}),
        () = at_the_end => Ok(()),
    }
}

#[tokio::test]
async fn batches_are_written_in_the_order_of_the_log_though_the_next_is_sooner_read() {
    let (log, database) = (backlog().await, migrated().await);
    let mut noted = Noted::default();
    project(&mut noted, &log, &database).await.unwrap();
    assert!(noted.sequences.iter().copied().eq(1..=EVENTS));
}

#[tokio::test]
async fn what_was_read_behind_a_batch_that_fails_is_not_written_before_it() {
    let (log, database) = (backlog().await, migrated().await);
    let mut noted = Noted {
        fails_at: Some(5),
        ..Noted::default()
    };
    let failed = project(&mut noted, &log, &database).await.unwrap_err();
    assert!(matches!(failed, Interruption::Apply(_)), "{failed}");
    assert_eq!(stored(&database).await, 4);
    project(&mut noted, &log, &database).await.unwrap();
    assert!(noted.sequences.iter().copied().eq(1..=EVENTS));
}

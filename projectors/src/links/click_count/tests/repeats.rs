//! Messages that come again long after: the log's times are made up, since no test can wait for months.

use events::links::ClickEvent;
use events::{Context, WorkspaceId};
use service::world;
use sqlx::{Connection, PgConnection};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::super::ClickCount;
use super::super::message::{ClickMessage, OfClicks};
use super::{DIFFERENCE, new_link};
use crate::Database;
use crate::projection::Projection;
use crate::testing::{Rows, click, migrated, one, workspace};

/// When the logs of these tests begin: at no day's beginning.
const BEGINNING: OffsetDateTime = datetime!(2026-03-10 10:00 UTC);
const COUNTED: &str = "select sum(clicks)::bigint from click_count where scope_id = workspace_id";
const MARKS: &str = "select count(*) from click_count_producer";

/// A log of one workspace, of messages with one click each.
struct Log {
    workspace: WorkspaceId,
    messages: Vec<(Message, ClickEvent<'static>)>,
}

/// On that day, of that producer, with that number.
type Message = (i64, Uuid, u64);

impl Log {
    fn of(messages: &[Message]) -> Self {
        let link = new_link();
        let with_click = |message: &Message| {
            let mut click = click(link);
            click.time = "2026-03-10T10:00:00Z".parse().unwrap();
            (*message, click)
        };
        Self {
            workspace: workspace(),
            messages: messages.iter().map(with_click).collect(),
        }
    }

    fn message(&self, place: usize) -> OfClicks<'static> {
        let ((day, producer, batch), click) = self.messages[place].clone();
        OfClicks::Clicks(ClickMessage {
            workspace: self.workspace,
            sequence: place as u64 + 1,
            mark: Some((producer, batch)),
            stored_at: BEGINNING + Duration::days(day),
            clicks: vec![click],
        })
    }

    /// Takes the log in, so many messages at once, by processes that end after each or go on.
    async fn projected(&self, at_once: usize, is_one_process: bool) -> Database {
        let database = migrated().await;
        let mut connection = database.connect(Context::Links).await.unwrap();
        let mut projection = ClickCount::default();
        let places: Vec<_> = (0..self.messages.len()).collect();
        for some in places.chunks(at_once) {
            if !is_one_process {
                projection = ClickCount::default();
            }
            let batch: Vec<_> = some.iter().map(|it| self.message(*it)).collect();
            take(&mut connection, &mut projection, &batch).await;
        }
        database
    }
}

async fn take(connection: &mut PgConnection, projection: &mut ClickCount, batch: &[OfClicks<'_>]) {
    let mut tx = connection.begin().await.unwrap();
    projection.apply(&mut tx, batch).await.unwrap();
    tx.commit().await.unwrap();
}

async fn number(database: &Database, sql: &str) -> i64 {
    one(database, Context::Links, sql).await.unwrap()
}

#[tokio::test]
async fn a_repeat_after_eight_days_counts_once_and_so_does_one_after_ninety() {
    let (away, other) = (world::new_id(), world::new_id());
    for day in [8, 90] {
        // Somebody else's message makes the projection look at what is old.
        let log = Log::of(&[
            (0, away, 1),
            (day, other, 1),
            (day, away, 1),
            (day, away, 2),
        ]);
        let database = log.projected(1, false).await;
        assert_eq!(number(&database, COUNTED).await, 3, "after {day} days");
        assert_eq!(number(&database, DIFFERENCE).await, 0);
    }
}

#[tokio::test]
async fn a_producer_that_is_silent_for_longer_is_forgotten() {
    let (gone, other) = (world::new_id(), world::new_id());
    let log = Log::of(&[(0, gone, 1), (91, other, 1)]);
    let database = log.projected(1, true).await;
    assert_eq!(number(&database, MARKS).await, 1);
}

#[tokio::test]
async fn what_counts_depends_on_the_log_alone_and_not_on_batches_or_restarts() {
    let [first, second, third] = [(); 3].map(|()| world::new_id());
    let log = Log::of(&[
        (0, first, 1),
        (0, second, 1),
        (7, first, 1),
        (8, third, 4),
        (60, second, 1),
        (60, second, 2),
        (91, first, 1),
        (91, third, 4),
        (91, first, 1),
        (99, third, 5),
        (151, second, 2),
        (240, second, 3),
    ]);
    let expected = log.projected(1, true).await;
    // Beyond ninety days a repeat counts again: the first's on day 91, and the second's on day 151.
    assert_eq!(number(&expected, COUNTED).await, 8);
    let expected = Rows::of(&expected).await;
    for (at_once, is_one_process) in [(1, false), (2, true), (5, false), (12, true)] {
        let rows = Rows::of(&log.projected(at_once, is_one_process).await).await;
        assert_eq!(rows, expected, "{at_once} at once");
    }
}

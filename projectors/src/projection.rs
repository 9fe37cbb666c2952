//! What a projection is, and what it means when one cannot apply an event.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use events::{Context, DecodeError, StreamName, Subject};
use nats::{ReadError, StoredMessage};
use service::click_count::{PackedError, SketchError};
use service::sealed::OpenError;
use sqlx::PgConnection;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgQueryResult;

/// A read model: tables of one schema, made from one stream and from nothing else.
pub(crate) trait Projection: Send + Sync {
    /// The projection's name, in the database and everywhere else.
    const NAME: &'static str;
    /// Whose schema holds the tables.
    const CONTEXT: Context;
    /// The stream that it reads.
    const STREAM: StreamName;
    /// The most messages that one transaction takes in; those that wait are taken at once, and a lone one alone.
    const BATCH_MESSAGES_MAX: usize = 1_000;
    /// The most bytes of messages that one transaction takes in, but for the last message.
    const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
    /// What it takes from a message.
    type Event<'m>: Send + Sync;

    /// Reads a message; `None` when the message's subject is nothing to this projection.
    fn read(message: &StoredMessage) -> Result<Option<Self::Event<'_>>, DecodeError>;

    /// How far `apply` has come with what may take long: see [`Steps`].
    fn steps(&self) -> Steps {
        Steps::default()
    }

    /// Writes what the events say.
    ///
    /// It may be called again with the same events, after its transaction or savepoint was rolled back.
    fn apply(
        &mut self,
        tx: &mut PgConnection,
        batch: &[Self::Event<'_>],
    ) -> impl Future<Output = Result<(), ApplyError>> + Send;
}

/// What is done of a long work: the database has its whole timeout for each step. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps(Arc<AtomicU64>);

impl Steps {
    /// A step is done.
    pub(crate) fn done(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many are done.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why events could not be applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    #[error("the event cannot be read")]
    Decode(#[from] DecodeError),
    #[error("the database refuses")]
    Database(#[from] sqlx::Error),
    #[error("the user's key cannot be read")]
    Key(#[from] ReadError),
    #[error("DATA_KEY does not open the users' keys")]
    Keyring(#[source] OpenError),
    #[error("the personal data cannot be opened")]
    Open(#[from] OpenError),
    #[error("the clicks that were counted cannot be read")]
    Packed(#[from] PackedError),
    #[error("the visitors that were counted cannot be read")]
    Sketch(#[from] SketchError),
    #[error("nothing is known of {0}, which the event continues")]
    Unknown(Subject),
}

impl ApplyError {
    /// Refuses an event that continues what has no row.
    pub(crate) fn unless_touched(done: &PgQueryResult, subject: &Subject) -> Result<(), Self> {
        if done.rows_affected() == 0 {
            return Err(Self::Unknown(subject.clone()));
        }
        Ok(())
    }

    /// Whether another event would have been applied, so that this one is parked.
    /// Everything else is tried again until it goes.
    pub(crate) fn is_of_the_event(&self) -> bool {
        match self {
            Self::Decode(_) | Self::Open(_) | Self::Unknown(_) => true,
            Self::Database(error) => is_of_the_values(error),
            // With a wrong DATA_KEY no user's event can be applied, and with the right one all can.
            // Where what was counted is damaged, no click of that day can be.
            Self::Key(_) | Self::Keyring(_) | Self::Packed(_) | Self::Sketch(_) => false,
        }
    }
}

/// Whether the statement's values are at fault.
///
/// A list of what is parked, not of what is tried again: should a table be missing or the disk be full,
/// then to wait costs a delay, where to park would set every event aside.
fn is_of_the_values(error: &sqlx::Error) -> bool {
    // Classes of SQLSTATE (PostgreSQL, appendix A).
    const CARDINALITY_VIOLATION: &str = "21";
    const DATA_EXCEPTION: &str = "22";
    const INTEGRITY_CONSTRAINT_VIOLATION: &str = "23";
    const PROGRAM_LIMIT_EXCEEDED: &str = "54";
    const RAISED_BY_A_FUNCTION: &str = "P0";

    let code = error.as_database_error().and_then(DatabaseError::code);
    let class = code.as_deref().and_then(|code| code.get(..2));
    class.is_some_and(|class| {
        [
            CARDINALITY_VIOLATION,
            DATA_EXCEPTION,
            INTEGRITY_CONSTRAINT_VIOLATION,
            PROGRAM_LIMIT_EXCEEDED,
            RAISED_BY_A_FUNCTION,
        ]
        .contains(&class)
    })
}

//! Which database, and how long an answer of it is waited for.

use std::io;
use std::time::Duration;

use events::Context;
use service::config::Secret;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};

use crate::roles;

/// The database of the read models. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    options: PgConnectOptions,
    timeout: Duration,
}

/// The text is no URL of a Postgres database.
#[derive(Debug, thiserror::Error)]
#[error("DATABASE_URL is no URL of a Postgres database")]
pub struct DatabaseUrlError(#[source] sqlx::Error);

impl Database {
    /// The database at `url`; nothing it is asked for may take longer than `timeout`.
    pub fn new(url: &Secret, timeout: Duration) -> Result<Self, DatabaseUrlError> {
        let options = url.expose().parse().map_err(DatabaseUrlError)?;
        Ok(Self { options, timeout })
    }

    /// A connection that sees one context's schema, as the role that owns it: SQL names its tables without it.
    pub(crate) async fn connect(&self, context: Context) -> Result<PgConnection, sqlx::Error> {
        let options = self.login().options([
            ("search_path", context.as_str()),
            ("role", roles::PROJECTORS),
        ]);
        self.within(options.connect()).await
    }

    /// A connection with what the login itself may do: more than any projection needs.
    pub(crate) async fn connect_as_login(&self) -> Result<PgConnection, sqlx::Error> {
        self.within(self.login().connect()).await
    }

    fn login(&self) -> PgConnectOptions {
        self.options.clone().application_name("millrace projectors")
    }

    /// Gives `work` up at the timeout; its connection must not be used again then.
    pub(crate) async fn within<T, E: From<sqlx::Error>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match tokio::time::timeout(self.timeout, work).await {
            Ok(done) => done,
            Err(_) => Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into()).into()),
        }
    }
}

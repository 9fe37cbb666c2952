//! Which database, and how long an answer of it is waited for.

use std::io;
use std::pin::pin;
use std::time::Duration;

use events::Context;
use service::config::Secret;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgConnection};

use crate::projection::Steps;
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

    /// How long it is waited for an answer.
    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// A connection that sees one context's schema, as the role that owns it: SQL names its tables without it.
    ///
    /// Postgres gives a statement up at the timeout too: it would not notice that nobody waits any more, and its
    /// session would go on holding its locks, and the lead.
    pub(crate) async fn connect(&self, context: Context) -> Result<PgConnection, sqlx::Error> {
        let timeout = self.timeout.as_millis().to_string();
        let options = self.login().options([
            ("search_path", context.as_str()),
            ("role", roles::PROJECTORS),
            ("statement_timeout", &timeout),
        ]);
        self.within(options.connect()).await
    }

    /// A connection that changes tables, of whose locks it waits a sixth of the timeout for each.
    ///
    /// Everybody who comes later queues behind who waits for a table.
    pub(crate) async fn connect_to_change(
        &self,
        context: Context,
    ) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.connect(context).await?;
        let wait = format!("set lock_timeout = {}", (self.timeout / 6).as_millis());
        self.within(connection.execute(AssertSqlSafe(wait))).await?;
        Ok(connection)
    }

    /// A connection with what the login itself may do: more than any projection needs.
    pub(crate) async fn connect_as_login(&self) -> Result<PgConnection, sqlx::Error> {
        self.within(self.login().connect()).await
    }

    fn login(&self) -> PgConnectOptions {
        self.options.clone().application_name("millrace projectors")
    }

    /// As [`Database::within`], but the timeout is that of each step of the work.
    pub(crate) async fn within_each<T, E: From<sqlx::Error>>(
        &self,
        steps: &Steps,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let mut work = pin!(work);
        loop {
            let done_before = steps.count();
            match tokio::time::timeout(self.timeout, &mut work).await {
                Ok(done) => return done,
                Err(_) if steps.count() > done_before => {}
                Err(_) => return Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into()).into()),
            }
        }
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

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use service::config::Secret;
    use tokio::time::timeout;

    use super::{Database, Steps};

    const TIMEOUT: Duration = Duration::from_millis(400);

    fn database() -> Database {
        Database::new(&Secret::new("postgres://nobody@localhost/none"), TIMEOUT).unwrap()
    }

    #[tokio::test]
    async fn a_work_may_take_longer_than_the_timeout_while_its_steps_do_not() {
        let steps = Steps::default();
        let work = async {
            for _ in 0..4 {
                timeout(TIMEOUT / 2, pending::<()>()).await.unwrap_err();
                steps.done();
            }
            Ok::<_, sqlx::Error>(7)
        };
        assert_eq!(database().within_each(&steps, work).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_step_that_does_not_end_is_given_up() {
        let steps = Steps::default();
        steps.done();
        let work = pending::<Result<(), sqlx::Error>>();
        let given_up = database().within_each(&steps, work).await.unwrap_err();
        assert!(matches!(given_up, sqlx::Error::Io(_)), "{given_up}");
    }
}

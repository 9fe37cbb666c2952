//! Connections to the read models, one pool for each context, and what their failures mean to a client.

use std::time::Duration;

use events::Context;
use service::caller::Caller;
use service::config::Secret;
use service::health::Component;
use service::problem::Problem;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};

/// A question that waits longer for a connection is better refused: the client may try elsewhere.
const ACQUIRE_MAX: Duration = Duration::from_secs(2);
/// A request ends after 30 s; no statement may hold a connection for nearly as long.
const STATEMENT_MAX: Duration = Duration::from_secs(10);
/// How often readiness looks at Postgres while it is there.
const WATCH_INTERVAL: Duration = Duration::from_secs(5);
/// How often while it is not, or not ready: others wait for it.
const RETRY_INTERVAL: Duration = Duration::from_millis(250);
/// For a statement that was given up at its timeout (PostgreSQL, appendix A).
const QUERY_CANCELED: &str = "57014";
/// What a client that finds Postgres away is told to wait.
const RETRY_AFTER_SECONDS: u32 = 1;

/// The role that every connection takes on: it may select what a view's policy shows it, and nothing else.
const ROLE: &str = "millrace_query";

/// How to reach the read models.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// The database; its user must be a member of the role `millrace_query`, and needs nothing else.
    pub url: Secret,
    /// Connections over all contexts, of which each has at least one.
    pub pool_size: u32,
    /// The longest that a question may wait for a connection, or a statement may run.
    /// Both give up sooner, after 2 s and 10 s, since a request as a whole ends after 30 s.
    pub timeout: Duration,
}

/// A pool for each context's schema.
#[derive(Clone)]
pub(crate) struct Databases {
    pub(crate) core: Schema,
    pub(crate) media: Schema,
    pub(crate) links: Schema,
}

/// The views of one context.
#[derive(Clone)]
pub(crate) struct Schema(PgPool);

impl Schema {
    /// A transaction that sees what is the caller's, and of one moment.
    ///
    /// Dropped when all is read: there is nothing to commit.
    pub(crate) async fn of(
        &self,
        caller: &Caller,
    ) -> Result<Transaction<'static, Postgres>, Problem> {
        // One round trip; identifiers are digits and hyphens, so they may stand in it as they are.
        let begin = format!(
            "begin isolation level repeatable read read only; \
             set local app.workspace = '{}'; set local app.\"user\" = '{}'",
            caller.workspace, caller.user
        );
        self.0
            .begin_with(AssertSqlSafe(begin))
            .await
            .map_err(unreached)
    }

    /// For what is the same whoever asks.
    pub(crate) const fn of_anybody(&self) -> &PgPool {
        &self.0
    }
}

impl Databases {
    /// Connects when the first question comes, so Postgres may be away now.
    pub(crate) fn open(settings: &DatabaseSettings) -> sqlx::Result<Self> {
        let url: PgConnectOptions = settings.url.expose().parse()?;
        let timeout_ms = settings.timeout.min(STATEMENT_MAX).as_millis().to_string();
        let open = |context: Context, connections: u32| {
            let options = url.clone().application_name("millrace-query-api").options([
                ("search_path", context.as_str()),
                ("role", ROLE),
                ("default_transaction_read_only", "on"),
                ("statement_timeout", &timeout_ms),
                // One plan for whatever is asked for would serve no question well that leaves something out.
                ("plan_cache_mode", "force_custom_plan"),
            ]);
            let pool = PgPoolOptions::new()
                .max_connections(connections.max(1))
                .acquire_timeout(settings.timeout.min(ACQUIRE_MAX))
                .connect_lazy_with(options);
            Schema(pool)
        };
        // Links, with their statistics, are asked for far more often than the others.
        let share = settings.pool_size / 5;
        Ok(Self {
            core: open(Context::Core, share),
            media: open(Context::Media, share),
            links: open(Context::Links, settings.pool_size - 2 * share),
        })
    }

    pub(crate) const fn of(&self, context: Context) -> &Schema {
        match context {
            Context::Core => &self.core,
            Context::Media => &self.media,
            Context::Links => &self.links,
        }
    }

    /// Keeps readiness true: whether every schema answers and has been migrated.
    pub(crate) async fn watch(self, component: Component) -> ! {
        loop {
            let delay = match self.check().await {
                Ok(()) => {
                    component.up();
                    WATCH_INTERVAL
                }
                Err(error) => {
                    component.down(reason(&error));
                    RETRY_INTERVAL
                }
            };
            tokio::time::sleep(delay).await;
        }
    }

    async fn check(&self) -> sqlx::Result<()> {
        for context in Context::ALL {
            sqlx::query_scalar!("select count(*) from projection_position")
                .fetch_one(self.of(context).of_anybody())
                .await?;
        }
        Ok(())
    }
}

/// Why nothing can be asked, in words for anyone.
fn reason(error: &sqlx::Error) -> &'static str {
    if is_unmigrated(error) || is_unprepared(error) {
        "the schema is not there yet"
    } else if lacks_role(error) {
        "the login is no member of the role that may read"
    } else {
        "Postgres does not answer"
    }
}

/// What a client is told when the first word to the database fails.
pub(crate) fn unreached(error: sqlx::Error) -> Problem {
    if is_unprepared(&error) || lacks_role(&error) {
        tracing::warn!(%error, "the read models cannot be asked");
        return Problem::unavailable(RETRY_AFTER_SECONDS);
    }
    problem(error)
}

/// What a client is told: 503 when Postgres is away or overloaded, 500 when it is our fault.
#[expect(
    clippy::needless_pass_by_value,
    reason = "`map_err` hands the error over"
)]
pub(crate) fn problem(error: sqlx::Error) -> Problem {
    if is_passing(&error) {
        tracing::warn!(%error, "the read models cannot be asked");
        let problem = Problem::unavailable(RETRY_AFTER_SECONDS);
        if code(&error).is_some_and(|it| it == QUERY_CANCELED) {
            return problem.detail("it took too long: ask again, or for a shorter time");
        }
        problem
    } else {
        Problem::internal(&error)
    }
}

fn is_passing(error: &sqlx::Error) -> bool {
    let is_away = matches!(
        error,
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed
    );
    // Connection exceptions, insufficient resources, operator intervention (a statement's timeout too).
    let is_passing_code = |code: &str| {
        ["08", "53", "57"]
            .iter()
            .any(|class| code.starts_with(class))
    };
    is_away || is_unmigrated(error) || code(error).as_deref().is_some_and(is_passing_code)
}

/// A fresh system serves before its projectors have made the tables (undefined table or schema).
fn is_unmigrated(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code == "42P01" || code == "3F000")
}

/// A connection was refused since nobody has made its role yet (invalid parameter value).
fn is_unprepared(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code == "22023")
}

/// A connection was refused since its role is not for this login (insufficient privilege).
fn lacks_role(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code == "42501")
}

/// The error's SQLSTATE.
pub(crate) fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

#[cfg(test)]
mod tests;

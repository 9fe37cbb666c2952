//! Bringing the database's schemas up to date.

use events::Context;
use sqlx::Connection;
use sqlx::migrate::{MigrateError, Migrator};

use crate::database::Database;
use crate::roles::{Refusal, RolesError};
use crate::schema;

/// A schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database has a migration that is not one of this program's.
    #[error(
        "schema {schema} has migration {version}, which this program does not know: it is older than the database"
    )]
    Unknown {
        /// The schema.
        schema: &'static str,
        /// The migration's number.
        version: i64,
    },
    /// A migration was changed after it had been applied.
    #[error("migration {version} of schema {schema} is not the one that the database has")]
    Changed {
        /// The schema.
        schema: &'static str,
        /// The migration's number.
        version: i64,
    },
    /// The roles that own and read the tables are missing, and the login may not make them.
    #[error(transparent)]
    Roles(Refusal),
    /// The database cannot be reached, or a statement failed.
    #[error("schema {schema} cannot be migrated")]
    Failed {
        /// The schema.
        schema: &'static str,
        /// What went wrong.
        #[source]
        source: MigrateError,
    },
}

impl MigrationError {
    /// What readiness says of it: nothing of who logs in, or how.
    pub(crate) fn reason(&self) -> String {
        if let Self::Roles(_) = self {
            return "the roles of the database are missing, and the login may not make them"
                .to_owned();
        }
        self.to_string()
    }

    fn of(schema: &'static str, source: MigrateError) -> Self {
        if let MigrateError::VersionMissing(version) = source {
            Self::Unknown { schema, version }
        } else if let MigrateError::VersionMismatch(version) = source {
            Self::Changed { schema, version }
        } else {
            Self::Failed { schema, source }
        }
    }
}

/// Makes the roles and the contexts' schemas where they are missing, and applies the schemas' migrations.
///
/// Migrations only expand, so that an older program goes on beside a newer one.
/// Two callers at once do it in turn.
pub async fn migrate(database: &Database, contexts: &[Context]) -> Result<(), MigrationError> {
    for &context in contexts {
        let failed = |error| MigrationError::of(context.as_str(), error);
        match database.within(schema::provide(database, context)).await {
            Err(RolesError::Refused(refusal)) => return Err(MigrationError::Roles(refusal)),
            Err(RolesError::Database(error)) => return Err(failed(error.into())),
            Ok(()) => {}
        }
        let migrated = database.within(migrate_one(database, context)).await;
        migrated.map_err(failed)?;
    }
    Ok(())
}

async fn migrate_one(database: &Database, context: Context) -> Result<(), MigrateError> {
    let mut connection = database.connect_to_change(context).await?;
    let migrator = migrations(context);
    migrator.run_direct(None, &mut connection, false).await?;
    schema::close_ledger(&mut connection).await?;
    Ok(connection.close().await?)
}

fn migrations(context: Context) -> Migrator {
    match context {
        Context::Core => sqlx::migrate!("../migrations/core"),
        Context::Media => sqlx::migrate!("../migrations/media"),
        Context::Links => sqlx::migrate!("../migrations/links"),
    }
}

#[cfg(test)]
mod tests {
    use events::Context;

    use super::{MigrationError, migrate};
    use crate::testing::{database, migrated, one};

    #[tokio::test]
    async fn ten_at_once_and_again_later_make_each_schema_once() {
        let database = database(&servers::testing::fresh_database().await);
        let all = (0..10).map(|_| migrate(&database, &Context::ALL));
        futures::future::try_join_all(all).await.unwrap();
        migrate(&database, &Context::ALL).await.unwrap();
        for context in Context::ALL {
            let own = "select to_regclass('_sqlx_migrations')::text";
            let table = one::<String>(&database, context, own).await;
            assert_eq!(table.as_deref(), Some("_sqlx_migrations"), "{context:?}");
        }
    }

    async fn spoiled(sql: &'static str) -> MigrationError {
        let database = migrated().await;
        let mut connection = database.connect(Context::Media).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        migrate(&database, &Context::ALL).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_database_of_a_newer_program_is_refused() {
        let newer =
            "insert into _sqlx_migrations select 9999, description, now(), true, checksum, 0
                     from _sqlx_migrations where version = 1";
        assert_eq!(
            spoiled(newer).await.to_string(),
            "schema media has migration 9999, which this program does not know: it is older than the database"
        );
    }

    #[tokio::test]
    async fn a_migration_that_was_changed_is_named() {
        let changed = "update _sqlx_migrations set checksum = 'x' where version = 2";
        assert_eq!(
            spoiled(changed).await.to_string(),
            "migration 2 of schema media is not the one that the database has"
        );
    }
}

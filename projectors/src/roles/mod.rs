//! The two roles of Postgres: who owns the read models, and who may only ask them.
//!
//! They belong to the whole cluster, so several databases and several starts at once may meet here.

use sqlx::error::DatabaseError;
use sqlx::{AssertSqlSafe, PgConnection};

/// Owns the schemas and their tables, and nothing else.
pub(crate) const PROJECTORS: &str = "millrace_projectors";
/// May select what a view's policy shows it.
pub(crate) const QUERY: &str = "millrace_query";

/// The roles are not there as they must be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RolesError {
    /// The login may not make them.
    #[error("{0}")]
    Refused(Refusal),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// What an administrator must do, who may do what the login may not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the login {login} may not make the roles that own and read the tables: an administrator must run\n\
     {}",
    self.sql()
)]
pub struct Refusal {
    login: String,
    missing: Vec<&'static str>,
}

impl Refusal {
    async fn of(connection: &mut PgConnection) -> sqlx::Result<Self> {
        let found = sqlx::query!(
            r#"select current_user::text as "login!",
                      array(select rolname::text from pg_roles where rolname = any($1)) as "roles!""#,
            &[PROJECTORS, QUERY] as &[&str]
        )
        .fetch_one(connection)
        .await?;
        let mut missing = vec![PROJECTORS, QUERY];
        missing.retain(|role| !found.roles.iter().any(|it| it == role));
        Ok(Self {
            login: found.login,
            missing,
        })
    }

    /// The statements, for any database of the cluster.
    pub fn sql(&self) -> String {
        let create = |role: &&str| format!("create role {role} nologin;\n");
        let created: String = self.missing.iter().map(create).collect();
        let login = self.login.replace('"', "\"\"");
        format!("{created}grant {PROJECTORS}, {QUERY} to \"{login}\";")
    }
}

/// Makes the roles where they are missing, and lets the login act as them.
pub(crate) async fn provide(connection: &mut PgConnection) -> Result<(), RolesError> {
    for role in [PROJECTORS, QUERY] {
        let is_there = sqlx::query_scalar!(
            r#"select exists (select from pg_roles where rolname = $1) as "is_there!""#,
            role
        )
        .fetch_one(&mut *connection)
        .await?;
        if !is_there {
            tell(connection, format!("create role {role} nologin")).await?;
        }
        if !may_act_as(connection, role).await? {
            let granted = tell(connection, format!("grant {role} to current_user")).await;
            // A login that only projects need not read.
            if role == PROJECTORS || !is_there {
                granted?;
            }
        }
    }
    Ok(())
}

/// Whether the login may take the role on.
async fn may_act_as(connection: &mut PgConnection, role: &str) -> sqlx::Result<bool> {
    // Before Postgres 16, every member could.
    sqlx::query_scalar!(
        r#"select case when current_setting('server_version_num')::int >= 160000
                       then pg_has_role(current_user, $1::name, 'set')
                       else pg_has_role(current_user, $1::name, 'member') end as "may!""#,
        role as _
    )
    .fetch_one(connection)
    .await
}

async fn tell(connection: &mut PgConnection, sql: String) -> Result<(), RolesError> {
    // SQLSTATE: another start was faster, and found at once or at the commit.
    const DUPLICATE_OBJECT: &str = "42710";
    const UNIQUE_VIOLATION: &str = "23505";
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    const INVALID_GRANT_OPERATION: &str = "0LP01";

    let told = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection);
    let Err(error) = told.await else {
        return Ok(());
    };
    let code = error.as_database_error().and_then(DatabaseError::code);
    match code.as_deref() {
        Some(DUPLICATE_OBJECT | UNIQUE_VIOLATION) => Ok(()),
        Some(INSUFFICIENT_PRIVILEGE | INVALID_GRANT_OPERATION) => {
            Err(RolesError::Refused(Refusal::of(connection).await?))
        }
        Some(_) | None => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;

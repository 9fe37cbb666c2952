//! Events that are set aside, so that everything else goes on.

use std::collections::HashSet;
use std::error::Error;

use nats::StoredMessage;
use service::problem::Chain;
use sqlx::PgConnection;

/// Why a message is parked that itself may be sound.
#[derive(Debug, thiserror::Error)]
#[error("an earlier event of its subject is parked")]
pub(crate) struct SubjectIsParked;

/// How much is kept of an error, in bytes.
const ERROR_BYTES_MAX: usize = 2_000;

/// Which subjects of the messages have parked events: what follows must wait behind those.
pub(crate) async fn parked_subjects(
    tx: &mut PgConnection,
    projection: &str,
    messages: &[StoredMessage],
) -> Result<HashSet<String>, sqlx::Error> {
    let subjects: HashSet<&str> = messages.iter().map(StoredMessage::raw_subject).collect();
    let subjects: Vec<&str> = subjects.into_iter().collect();
    let parked = sqlx::query_scalar!(
        "select distinct subject from parked_event where projection = $1 and subject = any($2)",
        projection,
        &subjects as &[&str]
    )
    .fetch_all(tx)
    .await?;
    Ok(parked.into_iter().collect())
}

/// Sets a message aside.
pub(crate) async fn park(
    tx: &mut PgConnection,
    projection: &str,
    message: &StoredMessage,
    error: &(dyn Error + Send + Sync + 'static),
) -> Result<(), sqlx::Error> {
    tracing::warn!(projection, position = %message.position, subject = message.raw_subject(), error = %Chain(error), "parked");
    sqlx::query!(
        "insert into parked_event (projection, position, subject, error)
         values ($1, $2, $3, $4) on conflict do nothing",
        projection,
        message.position.sequence.cast_signed(),
        message.raw_subject(),
        chain(error)
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// How many events of the projection are parked.
pub(crate) async fn count(
    connection: &mut PgConnection,
    projection: &str,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from parked_event where projection = $1"#,
        projection
    )
    .fetch_one(connection)
    .await
}

/// The error and what it comes from, as a text that Postgres can keep.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = Chain(error).to_string();
    text.retain(|char| char != '\0');
    text.truncate(text.floor_char_boundary(ERROR_BYTES_MAX));
    text
}

#[cfg(test)]
mod tests {
    use super::{ERROR_BYTES_MAX, chain};

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn an_error_is_kept_with_its_causes_in_a_bounded_text() {
        assert_eq!(
            chain(&Outer(std::io::Error::other("in\0ner"))),
            "outer: inner"
        );
        let long = Outer(std::io::Error::other("é".repeat(ERROR_BYTES_MAX)));
        assert!(chain(&long).len() <= ERROR_BYTES_MAX);
    }
}

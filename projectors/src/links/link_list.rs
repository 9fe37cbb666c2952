//! Which links a workspace has.

use events::links::LinkEvent;
use events::{Context, DecodeError, LinkId, Recorded, StreamName, Subject, WorkspaceId};
use nats::StoredMessage;
use sqlx::PgConnection;

use crate::projection::{ApplyError, Projection};

/// Keeps `link_list`.
pub(crate) struct LinkList;

/// Something that happened to a link.
pub(crate) struct OfLink {
    workspace: WorkspaceId,
    link: LinkId,
    recorded: Recorded<LinkEvent>,
}

impl Projection for LinkList {
    const NAME: &'static str = "link_list";
    const CONTEXT: Context = Context::Links;
    const STREAM: StreamName = StreamName::Links;
    type Event<'m> = OfLink;

    fn read(message: &StoredMessage) -> Result<Option<OfLink>, DecodeError> {
        let Some(Subject::Link(workspace, link)) = message.subject else {
            return Ok(None);
        };
        Ok(Some(OfLink {
            workspace,
            link,
            recorded: message.decode()?,
        }))
    }

    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        batch: &[Self::Event<'_>],
    ) -> Result<(), ApplyError> {
        for OfLink {
            workspace,
            link,
            recorded,
        } in batch
        {
            match &recorded.event {
                LinkEvent::Shortened {
                    domain,
                    slug,
                    target,
                    status,
                    forward_query,
                    title,
                    tags,
                } => {
                    sqlx::query!(
                        "insert into link_list (link_id, workspace_id, domain, slug, target, status,
                             forward_query, title, tags, created_at, version)
                         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                         on conflict (link_id) do nothing",
                        link.uuid(),
                        workspace.uuid(),
                        domain,
                        slug,
                        target,
                        status.cast_signed(),
                        forward_query,
                        title.as_deref(),
                        tags,
                        recorded.metadata.time.odt(),
                        recorded.position.sequence.cast_signed()
                    )
                    .execute(&mut *tx)
                    .await?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use events::Context;

    use crate::testing::{Log, link, one, shortened, workspace};

    #[tokio::test]
    async fn a_link_is_listed_as_it_was_shortened() {
        let log = Log::new().await;
        let running = log.project_into(&servers::testing::fresh_database().await);
        let workspace = workspace();
        let position = log.append(&link(workspace), &shortened("spring")).await;
        running.reach("link_list", position).await;

        let row = "select workspace_id || ' ' || domain || ' ' || slug || ' ' || target || ' ' || status
                       || ' ' || forward_query || ' ' || (title is null) || ' ' || tags[1] || ' ' || version
                   from link_list";
        let expected = format!(
            "{workspace} go.example spring https://shop.example/ 302 false true mail {}",
            position.sequence
        );
        assert_eq!(
            one::<String>(&running.database, Context::Links, row).await,
            Some(expected)
        );
        running.stop().await;
    }
}

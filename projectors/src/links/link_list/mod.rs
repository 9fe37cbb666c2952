//! Which links a workspace has.

mod write;

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
        for of_link in batch {
            match &of_link.recorded.event {
                LinkEvent::Shortened {
                    domain,
                    own_domain: _,
                    slug,
                    route,
                    label,
                } => of_link.shortened(tx, domain, slug, route, label).await?,
                LinkEvent::Retargeted { route } => of_link.retargeted(tx, route).await?,
                LinkEvent::Relabelled { label } => of_link.relabelled(tx, label).await?,
                LinkEvent::Renamed { slug, former_slugs } => {
                    of_link.renamed(tx, slug, former_slugs).await?;
                }
                LinkEvent::Archived { .. } => of_link.archived(tx, true).await?,
                LinkEvent::Restored { .. } => of_link.archived(tx, false).await?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

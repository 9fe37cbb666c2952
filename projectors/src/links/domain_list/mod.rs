//! Which domains a workspace has brought.

mod write;

use events::links::OwnDomainEvent;
use events::{Context, DecodeError, Recorded, StreamName, Subject, WorkspaceId};
use nats::StoredMessage;
use sqlx::PgConnection;

use crate::projection::{ApplyError, Projection};

/// Keeps `domain_list`.
pub(crate) struct DomainList;

/// Something that happened to a workspace's domains.
pub(crate) struct OfDomains {
    workspace: WorkspaceId,
    recorded: Recorded<OwnDomainEvent>,
}

impl Projection for DomainList {
    const NAME: &'static str = "domain_list";
    const CONTEXT: Context = Context::Links;
    const STREAM: StreamName = StreamName::Links;
    type Event<'m> = OfDomains;

    fn read(message: &StoredMessage) -> Result<Option<OfDomains>, DecodeError> {
        let Some(Subject::OwnDomains(workspace)) = message.subject else {
            return Ok(None);
        };
        Ok(Some(OfDomains {
            workspace,
            recorded: message.decode()?,
        }))
    }

    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        batch: &[Self::Event<'_>],
    ) -> Result<(), ApplyError> {
        for of_domains in batch {
            match &of_domains.recorded.event {
                OwnDomainEvent::Added {
                    domain_id,
                    domain,
                    is_case_sensitive,
                    record_name,
                    record_value,
                } => {
                    let record = (record_name.as_str(), record_value.as_str());
                    of_domains
                        .added(tx, *domain_id, domain, *is_case_sensitive, record)
                        .await?;
                }
                OwnDomainEvent::Verified { domain_id, .. } => {
                    of_domains.verified(tx, *domain_id).await?;
                }
                OwnDomainEvent::MadeDefault { domain_id, .. } => {
                    of_domains.made_default(tx, *domain_id).await?;
                }
                OwnDomainEvent::DefaultCleared { domain_id, .. } => {
                    of_domains.default_cleared(tx, *domain_id).await?;
                }
                OwnDomainEvent::Removed { domain_id, .. } => {
                    of_domains.removed(tx, *domain_id).await?;
                }
            }
            of_domains.changed(tx).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

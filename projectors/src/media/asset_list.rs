//! Which assets a workspace has.

use events::media::AssetEvent;
use events::{AssetId, Context, DecodeError, Recorded, StreamName, Subject, WorkspaceId};
use nats::StoredMessage;
use sqlx::PgConnection;

use crate::projection::{ApplyError, Projection};

/// Keeps `asset_list`.
pub(crate) struct AssetList;

/// Something that happened to an asset.
pub(crate) struct OfAsset {
    workspace: WorkspaceId,
    asset: AssetId,
    recorded: Recorded<AssetEvent>,
}

impl Projection for AssetList {
    const NAME: &'static str = "asset_list";
    const CONTEXT: Context = Context::Media;
    const STREAM: StreamName = StreamName::Media;
    type Event<'m> = OfAsset;

    fn read(message: &StoredMessage) -> Result<Option<OfAsset>, DecodeError> {
        let Some(Subject::Asset(workspace, asset)) = message.subject else {
            return Ok(None);
        };
        Ok(Some(OfAsset {
            workspace,
            asset,
            recorded: message.decode()?,
        }))
    }

    async fn apply(
        &mut self,
        tx: &mut PgConnection,
        batch: &[Self::Event<'_>],
    ) -> Result<(), ApplyError> {
        for event in batch {
            apply_one(tx, event).await?;
        }
        Ok(())
    }
}

async fn apply_one(tx: &mut PgConnection, event: &OfAsset) -> Result<(), ApplyError> {
    let OfAsset {
        workspace,
        asset,
        recorded,
    } = event;
    let (time, version) = (
        recorded.metadata.time.odt(),
        recorded.position.sequence.cast_signed(),
    );
    match &recorded.event {
        AssetEvent::Announced {
            filename,
            content_type,
            size_bytes,
            sha256,
            visibility,
            object_key,
        } => {
            sqlx::query!(
                "insert into asset_list (asset_id, workspace_id, filename, content_type, size_bytes,
                     sha256, visibility, state, object_key, created_at, version)
                 values ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10)
                 on conflict (asset_id) do nothing",
                asset.uuid(),
                workspace.uuid(),
                filename,
                content_type,
                size_bytes.cast_signed(),
                sha256.as_deref(),
                visibility.as_str(),
                object_key,
                time,
                version
            )
            .execute(tx)
            .await?;
        }
        AssetEvent::Stored { object_etag: _ } => {
            let stored = sqlx::query!(
                "update asset_list set state = 'stored', stored_at = $2, version = $3 where asset_id = $1",
                asset.uuid(),
                time,
                version
            )
            .execute(tx)
            .await?;
            ApplyError::unless_touched(&stored, &recorded.subject)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use events::Context;

    use crate::testing::{Log, announced, asset, one, stored, workspace};

    const STATES: &str = "select string_agg(
        state || ' ' || (stored_at is not null) || ' ' || version, ', ' order by version) from asset_list";

    #[tokio::test]
    async fn an_asset_is_pending_until_it_is_stored() {
        let log = Log::new().await;
        let running = log.project_into(&servers::testing::fresh_database().await);
        let (first, second) = (asset(workspace()), asset(workspace()));
        log.append(&first, &announced()).await;
        log.append(&second, &announced()).await;
        let position = log.append(&first, &stored()).await;
        running.reach("asset_list", position).await;

        let states = one::<String>(&running.database, Context::Media, STATES).await;
        assert_eq!(states.as_deref(), Some("pending false 2, stored true 3"));
        running.stop().await;
    }

    #[tokio::test]
    async fn an_asset_that_was_never_announced_cannot_be_stored() {
        let log = Log::new().await;
        let running = log.project_into(&servers::testing::fresh_database().await);
        let position = log.append(&asset(workspace()), &stored()).await;
        running.reach("asset_list", position).await;

        let parked = "select error from parked_event";
        let error = one::<String>(&running.database, Context::Media, parked)
            .await
            .unwrap();
        assert!(error.starts_with("nothing is known of media."), "{error}");
        running.stop().await;
    }
}

//! Completing an upload: the object is looked at, and only then is the asset stored.

use axum::http::StatusCode;
use events::{AssetId, Subject, WorkspaceId};
use serde::{Deserialize, Serialize};
use service::problem::Problem;
use utoipa::ToSchema;

use super::announce::AssetBody;
use super::asset::{Asset, Complete};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::{Source, Wish};
use crate::origin::Origin;
use crate::problem::{unavailable, unread};

/// Nothing is sent with it: `{}`.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompleteBody {}

/// Looks at the object, and stores the asset if it is what was announced.
pub(crate) async fn complete(
    app: &App,
    workspace: WorkspaceId,
    origin: &Origin,
    id: AssetId,
) -> Result<Accepted, Problem> {
    let subject = Subject::Asset(workspace, id);
    let (asset, _) = app
        .commands
        .load::<Asset>(&subject, Source::Leader)
        .await
        .map_err(unread)?;
    let announcement = asset.announcement().ok_or_else(Problem::not_found)?;
    let found = app.storage.look(&announcement.object_key).await;
    let command = Complete {
        found: found.map_err(|error| unavailable(&error))?,
    };
    let wish = Wish::on(subject, &command);
    let answer = |_: &Asset| {
        let body = serde_json::to_string(&AssetBody::new(id, announcement, "stored"))?;
        Ok(Answer {
            status: StatusCode::OK,
            body,
        })
    };
    Ok(app.commands.handle(origin, wish, answer).await?)
}

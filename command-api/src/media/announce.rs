//! Announcing an upload: the edge of the command, and the permission to upload.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use events::media::Visibility;
use events::{AssetId, Subject, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::problem::Problem;
use service::world;
use utoipa::ToSchema;

use super::asset::{Announce, Announcement, Asset};
use super::filename::Filename;
use super::media_type::MediaType;
use super::sha256::Sha256;
use super::storage::PRESIGNED_FOR;
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::Wish;
use crate::origin::Origin;
use crate::problem::internal;

/// The largest upload in one request.
const SIZE_BYTES_MAX: u64 = 100 << 20;

/// What somebody who wants to upload sends.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PresignBody {
    #[schema(min_length = 1, max_length = 255)]
    filename: String,
    /// A media type without parameters.
    #[schema(example = "image/png")]
    content_type: String,
    /// Bytes.
    #[schema(minimum = 1, maximum = 104_857_600)]
    size: u64,
    /// 64 hexadecimal digits; when given, the upload must have it.
    sha256: Option<String>,
    #[schema(value_type = String, example = "private")]
    visibility: Visibility,
}

/// An asset, as its owner sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetBody {
    #[schema(value_type = uuid::Uuid)]
    id: AssetId,
    filename: String,
    content_type: String,
    /// Bytes.
    size: u64,
    sha256: Option<String>,
    #[schema(value_type = String, example = "private")]
    visibility: Visibility,
    /// `pending` or `stored`.
    state: &'static str,
}

/// The permission to upload what was announced, for a quarter of an hour.
#[derive(Serialize, ToSchema)]
pub(crate) struct UploadBody {
    #[schema(example = "PUT")]
    method: String,
    url: String,
    /// Headers that the upload must have; they are part of the signature.
    headers: BTreeMap<String, String>,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// An asset that waits for its upload.
#[derive(Serialize, ToSchema)]
pub(crate) struct PresignedBody {
    asset: AssetBody,
    upload: UploadBody,
}

#[derive(Debug, thiserror::Error)]
#[error("must be 1 to {SIZE_BYTES_MAX} bytes")]
struct SizeError;

impl AssetBody {
    pub(super) fn new(id: AssetId, announced: &Announcement, state: &'static str) -> Self {
        let Announcement {
            filename,
            content_type,
            size_bytes,
            sha256,
            visibility,
            ..
        } = announced.clone();
        Self {
            id,
            filename,
            content_type,
            size: size_bytes,
            sha256,
            visibility,
            state,
        }
    }
}

/// Announces, and permits the upload.
pub(crate) async fn announce(
    app: &App,
    workspace: WorkspaceId,
    origin: &Origin,
    body: PresignBody,
) -> Result<Accepted, Problem> {
    let id = AssetId::new(world::new_id());
    let announcement = parse(body, format!("{workspace}/{id}"))?;
    let upload = presign(app, &announcement).await?;
    let command = Announce(announcement);
    let wish = Wish::of_new(Subject::Asset(workspace, id), &command);
    let presigned = PresignedBody {
        asset: AssetBody::new(id, &command.0, "pending"),
        upload,
    };
    let answer = |_: &Asset| {
        Ok(Answer {
            status: StatusCode::CREATED,
            body: serde_json::to_string(&presigned)?,
        })
    };
    Ok(app.commands.handle(origin, wish, answer).await?)
}

fn parse(body: PresignBody, object_key: String) -> Result<Announcement, Problem> {
    let mut faults = Faults::default();
    let filename = faults.take("/filename", Filename::parse(&body.filename));
    let content_type = faults.take("/content_type", MediaType::parse(&body.content_type));
    let is_size = (1..=SIZE_BYTES_MAX).contains(&body.size);
    let size = faults.take(
        "/size",
        if is_size {
            Ok(body.size)
        } else {
            Err(SizeError)
        },
    );
    let sha256 = body
        .sha256
        .map(|text| faults.take("/sha256", Sha256::parse(&text)));
    let (Some(filename), Some(content_type), Some(size_bytes)) = (filename, content_type, size)
    else {
        return Err(faults.into());
    };
    faults.finish()?;
    Ok(Announcement {
        filename: filename.into_string(),
        content_type: content_type.into_string(),
        size_bytes,
        sha256: sha256.flatten().map(Sha256::into_string),
        visibility: body.visibility,
        object_key,
    })
}

async fn presign(app: &App, announcement: &Announcement) -> Result<UploadBody, Problem> {
    let expires_at = Timestamp::new(world::now().odt() + PRESIGNED_FOR);
    let presigned = app
        .storage
        .presign_put(announcement)
        .await
        .map_err(internal)?;
    let header = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Ok(UploadBody {
        method: presigned.method().to_owned(),
        url: presigned.uri().to_owned(),
        headers: presigned.headers().map(header).collect(),
        expires_at,
    })
}

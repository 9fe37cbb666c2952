//! An exclusion, as the workspace is told of it.

use axum::http::StatusCode;
use events::{ExclusionId, LinkId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::exclusions::Exclusions;
use crate::accepted::Answer;

/// Clicks that do not count: those that fit all that is given.
#[derive(Serialize, ToSchema)]
#[schema(as = AddedExclusion)]
pub(super) struct ExclusionBody {
    #[schema(value_type = uuid::Uuid)]
    id: ExclusionId,
    #[schema(value_type = Option<uuid::Uuid>)]
    link_id: Option<LinkId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    network: Option<String>,
    browser: Option<String>,
    os: Option<String>,
    device: Option<String>,
    is_bot: Option<bool>,
    reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// What is answered to who excludes clicks.
pub(super) fn answer(
    exclusions: &Exclusions,
    id: ExclusionId,
    created_at: Timestamp,
) -> Result<Answer, serde_json::Error> {
    let body = exclusions.find(id).cloned().map(|it| ExclusionBody {
        id,
        link_id: it.rule.link_id,
        from: it.rule.from,
        to: it.rule.to,
        network: it.rule.network,
        browser: it.rule.browser,
        os: it.rule.os,
        device: it.rule.device,
        is_bot: it.rule.is_bot,
        reason: it.reason,
        created_at,
    });
    Ok(Answer {
        status: StatusCode::CREATED,
        body: serde_json::to_string(&body)?,
    })
}

//! Making and revoking API keys; the key itself is told once.

use axum::http::StatusCode;
use events::core::Scope;
use events::{ApiKeyId, StreamName, Subject, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::body::Faults;
use service::caller::{ApiKey, Caller};
use service::headers::IfMatch;
use service::limits::Limit;
use service::problem::Problem;
use service::world;
use utoipa::ToSchema;

use super::api_key::{Issue, Key, KeyRejection, Revoke};
use super::meant::Meant;
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::Wish;
use crate::origin::Origin;
use crate::problem::internal;
use crate::text;

/// The longest name of a key, in characters.
const NAME_CHARS_MAX: usize = 100;
/// What a key's secret is derived as, where the request can be sent again.
const SECRET: &str = "api-key-secret";

/// What somebody who wants a key sends.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueBody {
    /// What it is called; it stands in clear on the log.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it may be used for: at least one of `links:read`, `links:write`, `clicks:read`, `clicks:write`, `media:read`, `media:write`.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 6)]
    scopes: Vec<Scope>,
    /// When it ceases to be good; never if left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// A new key.
#[derive(Serialize, ToSchema)]
pub(crate) struct IssuedBody {
    #[schema(value_type = uuid::Uuid)]
    id: ApiKeyId,
    name: String,
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Goes into `Authorization: Bearer …`; it is told here and nowhere else.
    key: Option<String>,
}

/// Issues a key that may do no more than its scopes, and no more than its maker.
///
/// What is kept for an `Idempotency-Key` lacks the secret: it follows from the key that the client sent, and is told again.
pub(crate) async fn issue(
    app: &App,
    caller: &Caller,
    origin: &Origin,
    body: IssueBody,
) -> Result<Accepted, Problem> {
    let fresh = rand::random();
    let secret = |id: ApiKeyId| secret(app, origin, id, fresh);
    // Before anything that time may have changed: it was answered once.
    let once = origin.once.as_ref();
    let earlier = app.commands.earlier::<KeyRejection>(StreamName::Core, once);
    if let Some(earlier) = earlier.await? {
        return told(earlier, caller.workspace, secret);
    }
    let id = ApiKeyId::new(world::new_id());
    let secret_hash = ApiKey::new(caller.workspace, id, secret(id)).secret_hash();
    let command = parse(caller, origin, body, secret_hash)?;
    spend(app, caller).await?;
    let wish = Wish::of_new(Subject::ApiKey(caller.workspace, id), &command);
    let answer = |_: &Key| {
        let issued = IssuedBody {
            id,
            name: command.name.clone(),
            scopes: command.scopes.clone(),
            expires_at: command.expires_at,
            created_at: origin.time,
            key: None,
        };
        Ok(Answer {
            status: StatusCode::CREATED,
            body: serde_json::to_string(&issued)?,
        })
    };
    let accepted = app.commands.handle(origin, wish, answer).await?;
    told(accepted, caller.workspace, secret)
}

/// Counts one key that is made or revoked against what the caller may do.
async fn spend(app: &App, caller: &Caller) -> Result<(), Problem> {
    let limit = Limit::ApiKeyAccount;
    app.limiter.spend(limit, &caller.user.to_string()).await
}

/// What follows from the client's key is another secret for another API key.
fn secret(app: &App, origin: &Origin, id: ApiKeyId, fresh: [u8; 32]) -> [u8; 32] {
    let once = origin.once.as_ref();
    once.map_or(fresh, |once| {
        once.secret(&app.keyring, &format!("{SECRET} {id}"))
    })
}

fn parse(
    caller: &Caller,
    origin: &Origin,
    body: IssueBody,
    secret_hash: String,
) -> Result<Issue, Problem> {
    let mut faults = Faults::default();
    let name = faults.take("/name", text::line(&body.name, NAME_CHARS_MAX));
    let mut scopes = body.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        faults.add("/scopes", "must name at least one scope");
    }
    if body.expires_at.is_some_and(|at| at <= origin.time) {
        faults.add("/expires_at", "must be in the future");
    }
    faults.finish()?;
    Ok(Issue {
        user: caller.user,
        name: name.unwrap_or_default(),
        scopes,
        secret_hash,
        expires_at: body.expires_at,
    })
}

/// The answer with the key in it.
fn told(
    mut accepted: Accepted,
    workspace: WorkspaceId,
    secret: impl Fn(ApiKeyId) -> [u8; 32],
) -> Result<Accepted, Problem> {
    let mut told: Value = serde_json::from_str(&accepted.answer.body).map_err(internal)?;
    let id = told.get("id").cloned().unwrap_or_default();
    let id: ApiKeyId = serde_json::from_value(id).map_err(internal)?;
    if let Some(key) = told.get_mut("key") {
        *key = ApiKey::new(workspace, id, secret(id)).reveal().into();
    }
    accepted.answer.body = told.to_string();
    Ok(accepted)
}

/// Revokes a key of the workspace: it is refused within a second.
pub(crate) async fn revoke(
    app: &App,
    caller: &Caller,
    id: ApiKeyId,
    if_match: &IfMatch,
) -> Result<Accepted, Problem> {
    spend(app, caller).await?;
    let origin = Origin::of(caller.actor());
    let meant = Meant {
        subject: Subject::ApiKey(caller.workspace, id),
        if_match,
        companions: Vec::new(),
    };
    let find = |key: &Key| match key {
        Key::Unknown => Err(Problem::not_found()),
        Key::Issued { .. } | Key::Revoked => Ok(()),
    };
    let done = meant.carry_out(app, &origin, &Revoke, find).await?;
    let answer = Answer::empty(StatusCode::NO_CONTENT);
    Ok(Accepted::first(answer, done.version, done.position))
}
